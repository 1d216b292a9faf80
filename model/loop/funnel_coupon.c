/* Entries told apart by the code they carry, such as a coupon's: the codes are collected first. */
#include "model/loop/funnel_parts.h"
#include "model/loop/names.h"
#include "model/question/marks.h"

#include <stdlib.h>
#include <string.h>

struct collecting {
    const struct matcher *first;
    const struct funnel_query *query;
    struct marks marks;
    struct name_collector names;
};

static enum status block_collect(void *context, const struct event_block *block, struct error *err)
{
    struct collecting *c = context;
    marks_take(&c->marks, block, &c->first, 1);
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; run->ref && i < run->n; i++)
            if (c->marks.of[r][i] && run->time[i] >= c->query->from &&
                run->time[i] < c->query->to && *run->ref[i])
                name_collect(&c->names, run->ref[i], strlen(run->ref[i]));
    }
    if (c->names.texts.n <= FUNNEL_COUPONS)
        return ST_OK;
    return error_set(
        err, ST_USAGE,
        "by coupon: the first step has more than %d different codes; a shorter period, "
        "or by campaign, would do",
        FUNNEL_COUPONS);
}

enum status funnel_coupon_split(struct reader *reader, struct arena *arena,
                                const struct funnel_query *query, struct funnel_split *split,
                                struct error *err)
{
    struct collecting c = {.query = query, .names.arena = arena};
    enum status status = matcher_new(reader, arena, query->steps[0], &c.first, err);
    if (status != ST_OK)
        return status;
    size_t n;
    const uint32_t *place;
    void *lane = &c;
    const uint16_t *wanted = matchers_kinds(arena, &c.first, 1, &n);
    struct event_query scan = {.from = query->from,
                               .to = query->to,
                               .kinds = wanted,
                               .n_kinds = n,
                               .columns = c.first->columns | EVENT_REF,
                               .people = true};
    name_collect(&c.names, "", 0);
    if (n)
        status = event_scan_parallel(reader, &scan, block_collect, &lane, 1, err);
    struct names names = names_finish(&c.names, &place);
    split->columns = EVENT_REF;
    split->n = names.n;
    split->names = (const char **)names.at;
    vec_free(&c.marks.all);
    return status;
}

static int name_compare(const void *key, const void *at)
{
    return strcmp(key, *(const char *const *)at);
}

size_t funnel_coupon_of(const struct funnel_split *split, const struct event_run *run, size_t row)
{
    const char *const *found = run->ref ? bsearch(run->ref[row], split->names, split->n,
                                                  sizeof *split->names, name_compare)
                                        : NULL;
    return found ? (size_t)(found - (const char *const *)split->names) : 0;
}
