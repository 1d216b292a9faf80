/* The people behind a shop's figure. */
#include "model/base/vec.h"
#include "model/people/shop_sums.h"

#include <stdlib.h>
#include <string.h>

struct finder {
    struct reader *reader;
    uint32_t tenant, pos;
    enum shop_people which;
    VEC(uint32_t) people;
};

static enum status find_block(void *context, const struct event_block *block, struct error *err)
{
    struct finder *f = context;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; i < run->n; i++) {
            uint32_t person = run_person(run, i);
            if (!person || run_tenant(run, i) != f->tenant)
                continue;
            if (f->which == SHOP_PEOPLE_POS_CARDS &&
                !(f->pos && run->channel && run->channel[i] == f->pos))
                continue;
            if (!f->people.n || f->people.at[f->people.n - 1] != person)
                vec_push(&f->people, person);
        }
    }
    return reader_cancelled(f->reader) ? error_set(err, ST_CANCELLED, "the list was cancelled")
                                       : ST_OK;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

enum status shop_people_list(struct reader *reader, const struct access *access, uint32_t tenant,
                             enum shop_people which, int64_t from, int64_t to, struct arena *arena,
                             const uint32_t **people, size_t *n, struct error *err)
{
    *people = NULL;
    *n = 0;
    enum status status = access_require(access, RIGHT_PEOPLE_SEE, "see members", err);
    if (!status)
        status = reader_begin(reader, err);
    if (status)
        return status;
    struct finder finder = {.reader = reader,
                            .tenant = tenant,
                            .which = which,
                            .pos = dict_id(reader, DICT_CHANNEL, "pos", 3)};
    const uint16_t kind = which == SHOP_PEOPLE_BUYERS ? KIND_PURCHASE : KIND_REGISTER;
    struct event_query query = {.from = from,
                                .to = to,
                                .kinds = &kind,
                                .n_kinds = 1,
                                .columns = EVENT_TIME | EVENT_TENANT | EVENT_CHANNEL,
                                .people = true};
    if (from < to)
        status = event_scan(reader, &query, find_block, &finder, err);
    reader_end(reader);
    if (!status && finder.people.n) {
        uint32_t *list = arena_array(arena, uint32_t, finder.people.n);
        qsort(finder.people.at, finder.people.n, sizeof *list, by_number);
        for (size_t i = 0; i < finder.people.n; i++)
            if (*n == 0 || list[*n - 1] != finder.people.at[i])
                list[(*n)++] = finder.people.at[i];
        *people = list;
    }
    vec_free(&finder.people);
    return status;
}
