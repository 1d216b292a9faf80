#include "model/base/intl.h"
#include "model/loop/retention.h"
#include "model/question/marks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LANES = 16 };

const char *const lifecycle_names[LIFECYCLE_STATES] = {N_("new"), N_("returning"),
                                                       N_("resurrecting"), N_("dormant")};

struct lane {
    const struct matcher *matcher;
    const struct buckets *buckets; /* one more in front: the period before the first */
    struct marks marks;
    int64_t *counts[LIFECYCLE_STATES]; /* by bucket, one more at the end */
    const struct lifecycle_query *query;
    uint32_t person;
    VEC(int64_t) active;  /* the person's buckets, rising; -1: before the first */
    VEC(uint32_t) people; /* of the state and period asked for */
};

static void state_in(struct lane *lane, enum lifecycle_state state, int64_t bucket)
{
    const struct lifecycle_query *query = lane->query;
    lane->counts[state][bucket] += state == LIFECYCLE_DORMANT ? -1 : 1;
    if (query->list && state == query->list_state && (size_t)bucket == query->list_period + 1)
        vec_push(&lane->people, lane->person);
}

/* What a person's next active bucket says; -1 stands for anything before the first one. */
static void active_in(struct lane *lane, int64_t bucket, int64_t before, bool ever)
{
    if (bucket < 0)
        return;
    if (!ever)
        state_in(lane, LIFECYCLE_NEW, bucket);
    else if (before == bucket - 1 && before >= 0)
        state_in(lane, LIFECYCLE_RETURNING, bucket);
    else
        state_in(lane, LIFECYCLE_RESURRECTING, bucket);
    if (ever && before >= 0 && before < bucket - 1)
        state_in(lane, LIFECYCLE_DORMANT, before + 1);
}

/* Buckets come in order but for events at midnight, which may be ahead by one. */
static void active_add(struct lane *lane, int64_t bucket)
{
    size_t at = lane->active.n;
    while (at > 0 && lane->active.at[at - 1] > bucket)
        at--;
    if (at > 0 && lane->active.at[at - 1] == bucket)
        return;
    vec_push(&lane->active, bucket);
    for (size_t i = lane->active.n - 1; i > at; i--)
        lane->active.at[i] = lane->active.at[i - 1];
    lane->active.at[at] = bucket;
}

static void person_state(struct lane *lane)
{
    int64_t before = -1;
    for (size_t i = 0; i < lane->active.n; i++) {
        active_in(lane, lane->active.at[i], before, i > 0);
        before = lane->active.at[i];
    }
    if (before >= 0)
        state_in(lane, LIFECYCLE_DORMANT, before + 1);
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
        int64_t near = -1;
        if (lane->query->among && !set_has(lane->query->among, person))
            continue;
        lane->person = person;
        lane->active.n = 0;
        while (event_cursor_next(&cursor, &run, &row))
            if (lane->marks.of[run - block->runs][row]) {
                near = bucket_at(lane->buckets, run->time[row], near);
                active_add(lane, near);
            }
        person_state(lane);
    }
    return ST_OK;
}

static void lane_make(struct lane *lane, const struct lifecycle_query *query,
                      const struct matcher *matcher, const struct buckets *buckets)
{
    *lane = (struct lane){.query = query, .matcher = matcher, .buckets = buckets};
    for (int state = 0; state < LIFECYCLE_STATES; state++)
        lane->counts[state] = mem_zero(buckets->n + 2, sizeof(int64_t));
}

static void lane_free(struct lane *lane)
{
    for (int state = 0; state < LIFECYCLE_STATES; state++)
        free(lane->counts[state]);
    vec_free(&lane->marks.all);
    vec_free(&lane->people);
    vec_free(&lane->active);
}

static int person_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void people_merge(struct arena *arena, struct lane *lanes, int n,
                         struct lifecycle *lifecycle)
{
    size_t all = 0;
    for (int l = 0; l < n; l++)
        all += lanes[l].people.n;
    uint32_t *people = arena_array(arena, uint32_t, all);
    for (int l = 0; l < n; l++)
        for (size_t i = 0; i < lanes[l].people.n; i++)
            people[lifecycle->n_people++] = lanes[l].people.at[i];
    qsort(people, all, sizeof *people, person_compare);
    lifecycle->people = people;
}

/* All lanes' counts of the periods asked for, without the one in front. */
static void lanes_sum(struct arena *arena, struct lane *lanes, int n, struct lifecycle *lifecycle)
{
    size_t periods = lifecycle->periods.n;
    int64_t *sums[LIFECYCLE_STATES];
    for (int state = 0; state < LIFECYCLE_STATES; state++) {
        sums[state] = arena_array(arena, int64_t, periods);
        for (int l = 0; l < n; l++)
            for (size_t i = 0; i < periods; i++)
                sums[state][i] += lanes[l].counts[state][i + 1];
    }
    lifecycle->fresh = sums[LIFECYCLE_NEW];
    lifecycle->returning = sums[LIFECYCLE_RETURNING];
    lifecycle->resurrecting = sums[LIFECYCLE_RESURRECTING];
    lifecycle->dormant = sums[LIFECYCLE_DORMANT];
}

static int open_at(const struct buckets *periods, int64_t present)
{
    size_t i = 0;
    while (i < periods->n && periods->start[i + 1] <= present)
        i++;
    return (int)i;
}

static enum status lifecycle_ask(struct reader *reader, struct arena *arena,
                                 const struct lifecycle_query *query, struct lifecycle *lifecycle,
                                 struct error *err)
{
    struct lane lanes[LANES];
    void *contexts[LANES];
    const struct matcher *matcher;
    size_t n_wanted;
    int64_t as_of, present;
    const struct clock *clock = &reader_mall(reader)->clock;
    long threads = query->threads ? query->threads : sysconf(_SC_NPROCESSORS_ONLN);
    int n = threads < 1 ? 1 : threads > LANES ? LANES : (int)threads;
    enum status status = matcher_new(reader, arena, query->event, &matcher, err);
    if (status != ST_OK)
        return error_wrap(err, "event");
    status = reader_present(reader, &as_of, &present, err);
    if (status != ST_OK)
        return status;
    struct buckets periods = buckets_make(arena, clock, query->period, query->from, query->to);
    if (periods.n >= BUCKETS_MOST)
        return error_set(err, ST_USAGE, "the stretch holds more than %d %ss", BUCKETS_MOST - 1,
                         bucket_names[query->period]);
    if (query->list && query->list_period >= periods.n)
        return error_set(err, ST_USAGE, "there is no period %zu; they are 0 to %zu",
                         query->list_period, periods.n - 1);
    lifecycle->periods = periods;
    lifecycle->open = open_at(&periods, present);
    struct buckets longer =
        buckets_from(arena, clock, query->period, periods.first - 1, periods.n + 1);
    struct event_query scan = {.from = INT64_MIN,
                               .to = longer.start[longer.n],
                               .kinds = matchers_kinds(arena, &matcher, 1, &n_wanted),
                               .columns = matcher->columns,
                               .people = true};
    scan.n_kinds = n_wanted;
    for (int i = 0; i < n; i++) {
        lane_make(&lanes[i], query, matcher, &longer);
        contexts[i] = &lanes[i];
    }
    if (n_wanted)
        status = event_scan_parallel(reader, &scan, block_take, contexts, n, err);
    if (status == ST_OK)
        lanes_sum(arena, lanes, n, lifecycle);
    if (status == ST_OK)
        people_merge(arena, lanes, n, lifecycle);
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
