/* Retention: one pass by person, cohorts by calendar or from each one's own start, by groups. */
#include "model/loop/retention_parts.h"
#include "model/question/marks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LANES = 16, START = 1, BACK = 2 };

struct job {
    const struct retention_query *query;
    const struct matcher *matchers[2];
    struct buckets buckets; /* of cohorts, then those that only returns fall into */
    size_t n_rows;
    int64_t length; /* of a rolling period, seconds */
    size_t n_steps; /* rolling periods that any return can fall into */
    struct funnel_split split;
    size_t n_groups;   /* 0: not by groups */
    size_t list_group; /* n_groups: of all */
};

struct back {
    int64_t time, amount;
};

/* A person of the cell asked for. */
struct behind {
    uint32_t person;
    int64_t money;
};

/* One person's events, by bucket; what was touched is cleared for the next person. */
struct lane {
    const struct job *job;
    struct marks marks;
    int64_t *values, *revenue;       /* (everyone, then by group) × rows × periods */
    uint32_t *group;                 /* by bucket: of the first start in it */
    int64_t *own, *own_revenue;      /* one person's row, where there are groups */
    int64_t *first;                  /* by bucket: time of the first start in it; INT64_MAX: none */
    int64_t *returns, *money;        /* by bucket */
    int64_t *steps;                  /* of a rolling cohort: returns by period since */
    VEC(uint32_t) started, returned; /* buckets touched */
    VEC(struct back) backs;
    int64_t first_ever;
    uint32_t person;
    VEC(struct behind) behind; /* the cell that a list was asked of */
};

static int64_t net_money(const struct event_run *run, size_t row)
{
    if (kind_unit(run->kind) != UNIT_MONEY || !run->amount)
        return 0;
    return run->kind == KIND_REFUND ? -run->amount[row] : run->amount[row];
}

static void take_start(struct lane *lane, int64_t bucket, const struct event_run *run, size_t row)
{
    int64_t time = run->time[row];
    if (time < lane->first_ever)
        lane->first_ever = time;
    if (bucket < 0 || bucket >= (int64_t)lane->job->n_rows)
        return;
    if (lane->first[bucket] == INT64_MAX)
        vec_push(&lane->started, (uint32_t)bucket);
    if (time >= lane->first[bucket])
        return;
    lane->first[bucket] = time;
    if (lane->job->n_groups && !lane->job->split.sets)
        lane->group[bucket] = (uint32_t)funnel_split_of(&lane->job->split, run, row);
}

static void take_back(struct lane *lane, int64_t bucket, int64_t time, int64_t amount)
{
    if (lane->job->query->rolling)
        vec_push(&lane->backs, (struct back){time, amount});
    if (bucket < 0 || bucket >= (int64_t)lane->job->buckets.n)
        return;
    if (!lane->returns[bucket])
        vec_push(&lane->returned, (uint32_t)bucket);
    lane->returns[bucket]++;
    lane->money[bucket] += amount;
}

static void take_rows(struct lane *lane, const struct event_run *run, const uint32_t *masks,
                      size_t from, size_t to)
{
    int64_t bucket = 0;
    for (size_t i = from; i < to; i++) {
        if (!masks[i])
            continue;
        bucket = bucket_at(&lane->job->buckets, run->time[i], bucket);
        if (masks[i] & START)
            take_start(lane, bucket, run, i);
        if (masks[i] & BACK)
            take_back(lane, bucket, run->time[i], net_money(run, i));
    }
}

/* ---- Cohorts ---- */

static int64_t needed(const struct job *job)
{
    return job->query->occurrences > 1 ? job->query->occurrences : 1;
}

/* Whether the person is of the group in this cohort: of labels and segments in several. */
static bool in_group(const struct lane *lane, uint32_t cohort, size_t group)
{
    const struct funnel_split *split = &lane->job->split;
    return split->sets ? funnel_split_has(split, lane->person, group)
                       : lane->group[cohort] == group;
}

/* Whether the list is of this cohort, and of which period of it; -1: not. */
static int64_t listed(const struct lane *lane, uint32_t cohort)
{
    const struct job *job = lane->job;
    const struct retention_query *query = job->query;
    if (!query->list || query->list_row != (int)cohort ||
        (job->list_group < job->n_groups && !in_group(lane, cohort, job->list_group)))
        return -1;
    return query->list_column;
}

/* The cell's person; `counted` in its value, with so many returns in the period alone. */
static void behind_add(struct lane *lane, bool counted, int64_t returns, int64_t money)
{
    if (lane->job->query->list_money ? returns > 0 : counted)
        vec_push(&lane->behind, (struct behind){lane->person, money});
}

static void cohort_calendar(struct lane *lane, uint32_t cohort, int64_t *values, int64_t *revenue)
{
    const struct job *job = lane->job;
    int64_t periods = job->query->periods, last = 0;
    values[0]++;
    for (size_t i = 0; i < lane->returned.n; i++) {
        uint32_t bucket = lane->returned.at[i];
        int64_t since = (int64_t)bucket - cohort;
        bool enough = lane->returns[bucket] >= needed(job);
        if (since >= 0 && since < periods)
            revenue[since] += lane->money[bucket];
        if (since > 0 && since < periods && enough && !job->query->on_or_after)
            values[since]++;
        if (enough && since > last)
            last = since;
    }
    for (int64_t k = 1; job->query->on_or_after && k <= last && k < periods; k++)
        values[k]++;
    int64_t k = listed(lane, cohort);
    if (k < 0)
        return;
    int64_t returns = lane->returns[cohort + k];
    bool counted = k == 0 || (job->query->on_or_after ? k <= last : returns >= needed(job));
    behind_add(lane, counted, returns, lane->money[cohort + k]);
}

/* The money of returns in one rolling period. */
static int64_t step_money(const struct lane *lane, int64_t start, int64_t step)
{
    int64_t money = 0;
    for (size_t i = 0; i < lane->backs.n; i++)
        if (lane->backs.at[i].time >= start &&
            (lane->backs.at[i].time - start) / lane->job->length == step)
            money += lane->backs.at[i].amount;
    return money;
}

static void cohort_rolling(struct lane *lane, uint32_t cohort, int64_t *values, int64_t *revenue)
{
    const struct job *job = lane->job;
    int64_t periods = job->query->periods, start = lane->first[cohort], end = periods;
    int64_t asked = listed(lane, cohort);
    bool later = false;
    values[0]++;
    for (size_t i = 0; i < lane->backs.n; i++) {
        const struct back *back = &lane->backs.at[i];
        int64_t since = back->time < start ? -1 : (back->time - start) / job->length;
        if (since < 0 || since >= (int64_t)job->n_steps)
            continue;
        lane->steps[since]++;
        end = since >= end ? since + 1 : end;
        if (since < periods)
            revenue[since] += back->amount;
    }
    for (int64_t k = end - 1; k > 0; k--) {
        bool enough = lane->steps[k] >= needed(job);
        later = job->query->on_or_after && (later || enough);
        if (k < periods)
            values[k] += enough || later;
        if (k == asked)
            behind_add(lane, enough || later, lane->steps[k], step_money(lane, start, k));
    }
    if (asked == 0)
        behind_add(lane, true, lane->steps[0], step_money(lane, start, 0));
    memset(lane->steps, 0, (size_t)end * sizeof *lane->steps);
}

static void person_begin(struct lane *lane)
{
    for (size_t i = 0; i < lane->started.n; i++)
        lane->first[lane->started.at[i]] = INT64_MAX;
    for (size_t i = 0; i < lane->returned.n; i++)
        lane->returns[lane->returned.at[i]] = lane->money[lane->returned.at[i]] = 0;
    lane->started.n = lane->returned.n = lane->backs.n = 0;
    lane->first_ever = INT64_MAX;
}

static void row_add(struct lane *lane, size_t table, uint32_t cohort)
{
    size_t periods = (size_t)lane->job->query->periods;
    size_t at = (table * lane->job->n_rows + cohort) * periods;
    for (size_t k = 0; k < periods; k++) {
        lane->values[at + k] += lane->own[k];
        lane->revenue[at + k] += lane->own_revenue[k];
    }
}

/* Into the table of everyone, and of each group that has the person. */
static void cohort_add(struct lane *lane, uint32_t cohort)
{
    const struct job *job = lane->job;
    size_t periods = (size_t)job->query->periods;
    bool groups = job->n_groups > 0;
    int64_t *values = groups ? lane->own : lane->values + cohort * periods;
    int64_t *revenue = groups ? lane->own_revenue : lane->revenue + cohort * periods;
    if (groups) {
        memset(values, 0, periods * sizeof *values);
        memset(revenue, 0, periods * sizeof *revenue);
    }
    if (job->query->rolling)
        cohort_rolling(lane, cohort, values, revenue);
    else
        cohort_calendar(lane, cohort, values, revenue);
    if (!groups)
        return;
    row_add(lane, 0, cohort);
    for (size_t g = 0; job->split.sets && g < job->n_groups; g++)
        if (in_group(lane, cohort, g))
            row_add(lane, g + 1, cohort);
    if (!job->split.sets)
        row_add(lane, lane->group[cohort] + 1, cohort);
}

static void person_end(struct lane *lane)
{
    for (size_t i = 0; i < lane->started.n; i++) {
        uint32_t cohort = lane->started.at[i];
        if (lane->job->query->first_time && lane->first[cohort] != lane->first_ever)
            continue;
        cohort_add(lane, cohort);
    }
}

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    struct event_cursor cursor;
    uint32_t person;
    (void)err;
    marks_take(&lane->marks, block, lane->job->matchers, 2);
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person)) {
        if (lane->job->query->among && !set_has(lane->job->query->among, person))
            continue;
        person_begin(lane);
        lane->person = person;
        for (uint32_t i = 0; i < cursor.n; i++) {
            uint8_t r = cursor.active[i];
            take_rows(lane, &block->runs[r], lane->marks.of[r], cursor.at[r], cursor.end[r]);
        }
        person_end(lane);
    }
    return ST_OK;
}

/* ---- All of it ---- */

static void lane_make(struct lane *lane, const struct job *job)
{
    size_t periods = (size_t)job->query->periods;
    size_t cells = job->n_rows * periods * (job->n_groups + 1);
    *lane = (struct lane){.job = job, .first_ever = INT64_MAX};
    lane->values = mem_zero(cells, sizeof *lane->values);
    lane->revenue = mem_zero(cells, sizeof *lane->revenue);
    lane->first = mem_zero(job->n_rows, sizeof *lane->first);
    lane->group = mem_zero(job->n_rows, sizeof *lane->group);
    lane->own = mem_zero(periods, sizeof *lane->own);
    lane->own_revenue = mem_zero(periods, sizeof *lane->own_revenue);
    lane->returns = mem_zero(job->buckets.n, sizeof *lane->returns);
    lane->money = mem_zero(job->buckets.n, sizeof *lane->money);
    lane->steps = mem_zero(job->n_steps, sizeof *lane->steps);
    for (size_t i = 0; i < job->n_rows; i++)
        lane->first[i] = INT64_MAX;
}

static void lane_free(struct lane *lane)
{
    free(lane->values);
    free(lane->revenue);
    free(lane->first);
    free(lane->group);
    free(lane->own);
    free(lane->own_revenue);
    free(lane->returns);
    free(lane->money);
    free(lane->steps);
    vec_free(&lane->marks.all);
    vec_free(&lane->started);
    vec_free(&lane->returned);
    vec_free(&lane->backs);
    vec_free(&lane->behind);
}

/* The first index of a row whose time has not fully passed. */
static int open_at(const struct job *job, size_t row, int64_t present)
{
    const int64_t *start = job->buckets.start;
    int k = 0;
    for (; k < job->query->periods; k++) {
        int64_t end = job->query->rolling && k > 0 ? start[row + 1] + (k + 1) * job->length
                                                   : start[row + (size_t)k + 1];
        if (end > present)
            break;
    }
    return k;
}

/* The rows of a table: 0 of everyone, then of the groups. */
static struct retention_table rows_sum(struct arena *arena, const struct job *job,
                                       const struct lane *lanes, int n_lanes, int64_t present,
                                       size_t table)
{
    size_t periods = (size_t)job->query->periods, cells = job->n_rows * periods;
    size_t from = table * cells;
    struct retention_row *rows = arena_array(arena, struct retention_row, job->n_rows);
    int64_t *values = arena_array(arena, int64_t, cells);
    int64_t *revenue = arena_array(arena, int64_t, cells);
    for (int l = 0; l < n_lanes; l++)
        for (size_t i = 0; i < cells; i++) {
            values[i] += lanes[l].values[from + i];
            revenue[i] += lanes[l].revenue[from + i];
        }
    for (size_t row = 0; row < job->n_rows; row++)
        rows[row] = (struct retention_row){.period = bucket_title(arena, &job->buckets, row),
                                           .start = job->buckets.start[row],
                                           .values = values + row * periods,
                                           .revenue = revenue + row * periods,
                                           .open = open_at(job, row, present)};
    return (struct retention_table){.rows = rows, .values = values, .revenue = revenue};
}

static void tables_sum(struct arena *arena, const struct job *job, const struct lane *lanes,
                       int n_lanes, int64_t present, struct retention *retention)
{
    struct retention_table *tables = arena_array(arena, struct retention_table, job->n_groups + 1);
    retention->periods = job->query->periods;
    retention->n_rows = job->n_rows;
    retention->rows = rows_sum(arena, job, lanes, n_lanes, present, 0).rows;
    for (size_t g = 0; g < job->n_groups; g++) {
        tables[g] = rows_sum(arena, job, lanes, n_lanes, present, g + 1);
        tables[g].name = job->split.names[g];
    }
    retention_groups_order(arena, job->query->access, tables, job->n_groups, retention);
}

static int behind_compare(const void *a, const void *b)
{
    const struct behind *x = a, *y = b;
    return x->person < y->person ? -1 : x->person > y->person;
}

static void behind_merge(struct arena *arena, struct lane *lanes, int n_lanes,
                         struct retention *retention)
{
    VEC(struct behind) all = {0};
    for (int l = 0; l < n_lanes; l++)
        for (size_t i = 0; i < lanes[l].behind.n; i++)
            vec_push(&all, lanes[l].behind.at[i]);
    if (all.n)
        qsort(all.at, all.n, sizeof *all.at, behind_compare);
    uint32_t *people = arena_array(arena, uint32_t, all.n);
    int64_t *money = arena_array(arena, int64_t, all.n);
    for (size_t i = 0; i < all.n; i++) {
        people[i] = all.at[i].person;
        money[i] = all.at[i].money;
    }
    retention->n_people = all.n;
    retention->people = people;
    retention->money = money;
    vec_free(&all);
}

/* From a day before the cohorts: an event at midnight belongs to the mall day after. */
static enum status job_scan(struct reader *reader, struct arena *arena, const struct job *job,
                            struct lane *lanes, int n_lanes, struct error *err)
{
    void *contexts[LANES];
    size_t n;
    const uint16_t *wanted = matchers_kinds(arena, job->matchers, 2, &n);
    struct event_query scan = {
        .from = job->query->first_time ? INT64_MIN : job->buckets.start[0] - 86400,
        .to = job->query->rolling ? 0 : job->buckets.start[job->buckets.n],
        .kinds = wanted,
        .n_kinds = n,
        .columns = job->matchers[0]->columns | job->matchers[1]->columns | EVENT_AMOUNT |
                   job->split.columns,
        .people = true,
    };
    for (int i = 0; i < n_lanes; i++)
        contexts[i] = &lanes[i];
    return n ? event_scan_parallel(reader, &scan, block_take, contexts, n_lanes, err) : ST_OK;
}

/* Buckets of the cohorts, and on to the last that a return can fall into. */
static enum status buckets_lay(struct reader *reader, struct arena *arena, struct job *job,
                               struct error *err)
{
    const struct retention_query *query = job->query;
    const struct clock *clock = &reader_mall(reader)->clock;
    struct event_totals totals;
    enum status status = event_totals(reader, &totals, err);
    if (status != ST_OK)
        return status;
    job->buckets = buckets_make(arena, clock, query->period, query->from, query->to);
    if (job->buckets.n >= BUCKETS_MOST)
        return error_set(err, ST_USAGE,
                         "the period holds more than %d %ss; a longer --period or a shorter "
                         "stretch would do",
                         BUCKETS_MOST - 1, bucket_names[query->period]);
    size_t rows = job->buckets.n, least = (size_t)query->periods;
    job->n_rows = rows > least ? rows : least;
    int32_t last = bucket_of_day(query->period, clock_day(clock, totals.last));
    int64_t all = (int64_t)job->n_rows + query->periods;
    if ((int64_t)last - job->buckets.first + 1 > all)
        all = (int64_t)last - job->buckets.first + 1;
    job->buckets = buckets_from(arena, clock, query->period, job->buckets.first, (size_t)all);
    job->n_steps = (size_t)((job->buckets.start[all] - job->buckets.start[0]) / job->length + 2);
    return ST_OK;
}

static enum status groups_make(struct reader *reader, struct arena *arena, struct job *job,
                               struct error *err)
{
    const struct retention_query *query = job->query;
    if (query->by == FUNNEL_BY_NONE)
        return ST_OK;
    enum status status =
        retention_split(reader, arena, query, job->buckets.start[0] - 86400,
                        job->buckets.start[job->n_rows], &job->split, &job->list_group, err);
    job->n_groups = job->split.n;
    if (status == ST_OK &&
        (job->n_groups + 1) * job->n_rows * (size_t)query->periods > RETENTION_CELLS)
        status = error_set(err, ST_USAGE,
                           "%zu groups of %zu cohorts with %d values each are too many; fewer "
                           "periods would do",
                           job->n_groups, job->n_rows, query->periods);
    return status;
}

static enum status retention_ask(struct reader *reader, struct arena *arena, struct job *job,
                                 struct retention *retention, struct error *err)
{
    struct lane lanes[LANES];
    int64_t as_of, present;
    long threads = job->query->threads ? job->query->threads : sysconf(_SC_NPROCESSORS_ONLN);
    int n = threads < 1 ? 1 : threads > LANES ? LANES : (int)threads;
    enum status status = matcher_new(reader, arena, job->query->start, &job->matchers[0], err);
    if (status != ST_OK)
        return error_wrap(err, "start");
    status = matcher_new(reader, arena, job->query->back, &job->matchers[1], err);
    if (status != ST_OK)
        return error_wrap(err, "return");
    status = reader_present(reader, &as_of, &present, err);
    if (status == ST_OK)
        status = buckets_lay(reader, arena, job, err);
    if (status == ST_OK)
        status = groups_make(reader, arena, job, err);
    if (status == ST_OK && job->query->list &&
        (job->query->list_row < 0 || (size_t)job->query->list_row >= job->n_rows ||
         job->query->list_column < 0 || job->query->list_column >= job->query->periods))
        status = error_set(err, ST_USAGE,
                           "there is no cell %d:%d; rows are 0 to %zu, columns 0 to "
                           "%d",
                           job->query->list_row, job->query->list_column, job->n_rows - 1,
                           job->query->periods - 1);
    if (status != ST_OK)
        return status;
    for (int i = 0; i < n; i++)
        lane_make(&lanes[i], job);
    status = job_scan(reader, arena, job, lanes, n, err);
    if (status == ST_OK)
        tables_sum(arena, job, lanes, n, present, retention);
    if (status == ST_OK && job->query->list)
        behind_merge(arena, lanes, n, retention);
    for (int i = 0; i < n; i++)
        lane_free(&lanes[i]);
    retention->notes = matchers_notes(arena, job->matchers, 2, &retention->n_notes);
    return status;
}

enum status retention_run(struct reader *reader, struct arena *arena,
                          const struct retention_query *query, struct retention *retention,
                          struct error *err)
{
    static const int64_t lengths[BUCKET_LENGTHS] = {86400, 7 * 86400, 30 * 86400};
    struct job job = {.query = query, .length = lengths[query->period]};
    *retention = (struct retention){0};
    if (query->periods < 1 || query->periods > RETENTION_PERIODS)
        return error_set(err, ST_USAGE, "a row has 1 to %d periods, found %d", RETENTION_PERIODS,
                         query->periods);
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = retention_ask(reader, arena, &job, retention, err);
    reader_end(reader);
    return status;
}
