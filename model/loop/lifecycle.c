#include "model/loop/retention.h"
#include "model/question/marks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LANES = 16 };

struct lane {
    const struct matcher *matcher;
    const struct buckets *buckets; /* one more in front: the period before the first */
    struct marks marks;
    int64_t *fresh, *returning, *resurrecting, *dormant; /* by bucket, one more at the end */
};

/* What a person's next active bucket says; -1 stands for anything before the first one. */
static void active_in(struct lane *lane, int64_t bucket, int64_t before, bool ever)
{
    if (bucket < 0)
        return;
    if (!ever)
        lane->fresh[bucket]++;
    else if (before == bucket - 1 && before >= 0)
        lane->returning[bucket]++;
    else
        lane->resurrecting[bucket]++;
    if (ever && before >= 0 && before < bucket - 1)
        lane->dormant[before + 1]--;
}

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    struct event_cursor cursor;
    const struct event_run *run;
    uint32_t person;
    size_t row;
    (void)err;
    marks_take(&lane->marks, block, &lane->matcher, 1);
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person)) {
        int64_t before = -1;
        bool ever = false;
        while (event_cursor_next(&cursor, &run, &row)) {
            if (!lane->marks.of[run - block->runs][row])
                continue;
            int64_t bucket = bucket_at(lane->buckets, run->time[row], before);
            if (!ever || bucket > before)
                active_in(lane, bucket, before, ever);
            before = bucket;
            ever = true;
        }
        if (ever && before >= 0)
            lane->dormant[before + 1]--;
    }
    return ST_OK;
}

static void lane_make(struct lane *lane, const struct matcher *matcher,
                      const struct buckets *buckets)
{
    *lane = (struct lane){.matcher = matcher, .buckets = buckets};
    lane->fresh = mem_zero(buckets->n + 2, sizeof(int64_t));
    lane->returning = mem_zero(buckets->n + 2, sizeof(int64_t));
    lane->resurrecting = mem_zero(buckets->n + 2, sizeof(int64_t));
    lane->dormant = mem_zero(buckets->n + 2, sizeof(int64_t));
}

static void lane_free(struct lane *lane)
{
    free(lane->fresh);
    free(lane->returning);
    free(lane->resurrecting);
    free(lane->dormant);
    vec_free(&lane->marks.all);
}

/* All lanes' counts of the periods asked for, without the one in front. */
static void lanes_sum(struct arena *arena, struct lane *lanes, int n, struct lifecycle *lifecycle)
{
    size_t periods = lifecycle->periods.n;
    int64_t *sums[4];
    for (int k = 0; k < 4; k++)
        sums[k] = arena_array(arena, int64_t, periods);
    for (int l = 0; l < n; l++) {
        const int64_t *from[] = {lanes[l].fresh, lanes[l].returning, lanes[l].resurrecting,
                                 lanes[l].dormant};
        for (int k = 0; k < 4; k++)
            for (size_t i = 0; i < periods; i++)
                sums[k][i] += from[k][i + 1];
    }
    lifecycle->fresh = sums[0];
    lifecycle->returning = sums[1];
    lifecycle->resurrecting = sums[2];
    lifecycle->dormant = sums[3];
}

static enum status lifecycle_ask(struct reader *reader, struct arena *arena,
                                 const struct lifecycle_query *query, struct lifecycle *lifecycle,
                                 struct error *err)
{
    struct lane lanes[LANES];
    void *contexts[LANES];
    const struct matcher *matcher;
    size_t n_wanted;
    const struct clock *clock = &reader_mall(reader)->clock;
    long threads = query->threads ? query->threads : sysconf(_SC_NPROCESSORS_ONLN);
    int n = threads < 1 ? 1 : threads > LANES ? LANES : (int)threads;
    enum status status = matcher_new(reader, arena, query->event, &matcher, err);
    if (status != ST_OK)
        return error_wrap(err, "event");
    struct buckets periods = buckets_make(arena, clock, query->period, query->from, query->to);
    if (periods.n >= BUCKETS_MOST)
        return error_set(err, ST_USAGE, "the stretch holds more than %d %ss", BUCKETS_MOST - 1,
                         bucket_names[query->period]);
    lifecycle->periods = periods;
    struct buckets longer =
        buckets_from(arena, clock, query->period, periods.first - 1, periods.n + 1);
    struct event_query scan = {.from = INT64_MIN,
                               .to = longer.start[longer.n],
                               .kinds = matchers_kinds(arena, &matcher, 1, &n_wanted),
                               .columns = matcher->columns,
                               .people = true};
    scan.n_kinds = n_wanted;
    for (int i = 0; i < n; i++) {
        lane_make(&lanes[i], matcher, &longer);
        contexts[i] = &lanes[i];
    }
    if (n_wanted)
        status = event_scan_parallel(reader, &scan, block_take, contexts, n, err);
    if (status == ST_OK)
        lanes_sum(arena, lanes, n, lifecycle);
    for (int i = 0; i < n; i++)
        lane_free(&lanes[i]);
    lifecycle->notes = matchers_notes(arena, &matcher, 1, &lifecycle->n_notes);
    return status;
}

enum status lifecycle_run(struct reader *reader, struct arena *arena,
                          const struct lifecycle_query *query, struct lifecycle *lifecycle,
                          struct error *err)
{
    *lifecycle = (struct lifecycle){0};
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = lifecycle_ask(reader, arena, query, lifecycle, err);
    reader_end(reader);
    return status;
}
