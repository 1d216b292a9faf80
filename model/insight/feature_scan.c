#include "model/insight/feature_scan.h"

#include "model/base/set.h"
#include "model/base/vec.h"
#include "model/event/event.h"
#include "model/store/column.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum { LANES = 16, EVENING = 18 };

/* One person, added up. */
struct sums {
    int64_t money;
    int32_t last_day, days, purchases, evenings, weekends;
    double hours;
    int64_t visits, dwell, dwelt;
};

struct lane {
    const struct feature_query *query;
    const struct feature_plan *plan;
    const struct clock *clock;
    const struct set *among;
    const struct event_block *block; /* with first_presence and registered where they are wanted */
    int32_t today;
    int64_t gap;
    bool presence;
    int64_t from, to; /* of the mall day looked at last */
    int32_t day;
    uint32_t serial, *seen; /* by shop: the person that bought there last */
    uint32_t *by_category;
    uint32_t shops;
    VEC(uint32_t) people;
    VEC(int64_t) money;
    VEC(float) rows;
};

static int32_t day_of(struct lane *lane, int64_t time)
{
    if (time < lane->from || time >= lane->to) {
        lane->day = clock_day(lane->clock, time);
        lane->from = clock_day_start(lane->clock, lane->day);
        lane->to = clock_day_start(lane->clock, lane->day + 1);
    }
    return lane->day;
}

static void purchase_add(struct lane *lane, struct sums *sums, const struct event_run *run,
                         size_t row)
{
    int64_t time = run->time[row];
    int32_t day = day_of(lane, time);
    int hour = clock_hour(lane->clock, time);
    uint32_t shop = run->tenant ? run->tenant[row] : 0;
    sums->days += day != sums->last_day;
    sums->last_day = day;
    sums->purchases++;
    sums->evenings += hour >= EVENING || hour * 3600 < lane->clock->boundary;
    sums->weekends += date_weekday(day) >= 5;
    sums->hours += (double)(time - lane->from) / 3600;
    if (shop >= lane->plan->n_tenants)
        return;
    lane->by_category[lane->plan->category[shop]]++;
    lane->shops += shop && lane->seen[shop] != lane->serial;
    lane->seen[shop] = lane->serial;
}

static double person_value(const struct lane *lane, const struct sums *s, uint32_t person,
                           int source)
{
    double n = s->purchases;
    switch (source) {
    case FEATURE_RECENCY:
        return lane->today - s->last_day;
    case FEATURE_FREQUENCY:
        return s->days;
    case FEATURE_MONEY:
        return (double)s->money;
    case FEATURE_BASKET:
        return (double)s->money / s->days;
    case FEATURE_SHOPS:
        return lane->shops;
    case FEATURE_VISITS:
        return (double)s->visits;
    case FEATURE_DWELL:
        return s->dwelt ? (double)s->dwell / 60 / (double)s->dwelt : NAN;
    case FEATURE_HOUR:
        return s->hours / n;
    case FEATURE_EVENING:
        return s->evenings / n;
    case FEATURE_WEEKEND:
        return s->weekends / n;
    case FEATURE_TENURE: {
        const int64_t *registered = lane->block->registered;
        uint32_t at = person - lane->block->first_person;
        int64_t since = INT64_MAX;
        if (registered)
            since = registered[at] != INT64_MAX ? registered[at] : lane->block->first_presence[at];
        return since <= lane->query->at ? (double)(lane->query->at - since) / 86400 : NAN;
    }
    case FEATURE_AGE:
        return NAN; /* from the rows of members, afterwards */
    default:
        return lane->by_category[source - FEATURE_SHARES] / n;
    }
}

static void person_keep(struct lane *lane, const struct sums *sums, uint32_t person)
{
    vec_push(&lane->people, person);
    vec_push(&lane->money, sums->money);
    for (size_t i = 0; i < lane->plan->n; i++)
        vec_push(&lane->rows, (float)person_value(lane, sums, person, lane->plan->source[i]));
}

static void person_take(struct lane *lane, struct event_cursor *cursor, uint32_t person)
{
    struct sums sums = {.last_day = INT32_MIN};
    const struct event_run *run;
    int64_t start = 0, last = INT64_MIN;
    size_t row;
    lane->serial++;
    lane->shops = 0;
    memset(lane->by_category, 0, lane->plan->n_categories * sizeof *lane->by_category);
    while (event_cursor_next(cursor, &run, &row)) {
        int64_t time = run->time[row], amount = run->amount ? run->amount[row] : 0;
        if (last == INT64_MIN || time - last > lane->gap) {
            sums.visits++;
            sums.dwell += last == INT64_MIN ? 0 : last - start;
            sums.dwelt += last != INT64_MIN && last > start;
            start = time;
        }
        last = time;
        if (run->kind == KIND_PURCHASE) {
            purchase_add(lane, &sums, run, row);
            sums.money += amount;
        } else if (run->kind == KIND_REFUND) {
            sums.money -= amount;
        }
    }
    sums.dwell += last == INT64_MIN ? 0 : last - start;
    sums.dwelt += last != INT64_MIN && last > start;
    if (sums.purchases)
        person_keep(lane, &sums, person);
}

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    struct event_cursor cursor;
    uint32_t person;
    (void)err;
    lane->block = block;
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person))
        if (!lane->among || set_has(lane->among, person))
            person_take(lane, &cursor, person);
    return ST_OK;
}

/* ---- Categories, ages ---- */

static enum status categories_read(struct reader *reader, struct arena *arena,
                                   struct feature_plan *plan, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    VEC(const char *) names = {0};
    plan->n_tenants = (size_t)dict_size(reader, DICT_TENANT) + 1;
    uint32_t *category = arena_array(arena, uint32_t, plan->n_tenants);
    vec_push(&names, "");
    enum status status = reader_prepare(
        reader,
        "select t.id, t.category from tenant t join (select category, count(*) as n from tenant "
        "group by category) c on c.category = t.category where t.category <> '' "
        "order by c.n desc, t.category, t.id",
        &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        const char *name = column_text(stmt, 1);
        if (id <= 0 || id >= (int64_t)plan->n_tenants)
            continue;
        if (strcmp(names.at[names.n - 1], name) != 0)
            vec_push(&names, arena_strdup(arena, name));
        category[id] = (uint32_t)names.n - 1;
    }
    plan->n_categories = names.n;
    plan->categories = arena_array(arena, const char *, names.n);
    memcpy(plan->categories, names.at, names.n * sizeof *names.at);
    plan->category = category;
    vec_free(&names);
    return status;
}

static enum status ages_read(struct reader *reader, const struct feature_query *query,
                             size_t column, struct feature_table *table, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    size_t i = 0;
    int32_t today = clock_day(&reader_mall(reader)->clock, query->at);
    enum status status = reader_prepare(
        reader, "select person, birth from member where birth is not null order by person", &stmt,
        err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t person = sqlite3_column_int64(stmt, 0), birth = sqlite3_column_int64(stmt, 1);
        double years = ((double)today - (double)birth) / 365.2425;
        while (i < table->n && table->people[i] < person)
            i++;
        if (i < table->n && table->people[i] == person && years >= 0 && years < 130)
            table->at[i * table->d + column] = (float)years;
    }
    return status;
}

/* ---- The pass ---- */

static size_t kinds_wanted(bool presence, uint16_t *wanted)
{
    size_t n = 0;
    for (size_t i = 0; i < n_kinds; i++)
        if (kinds[i].id == KIND_PURCHASE || kinds[i].id == KIND_REFUND ||
            (presence && kinds[i].flags & KIND_PRESENCE))
            wanted[n++] = kinds[i].id;
    return n;
}

struct place {
    uint32_t person, lane;
    size_t at;
};

static int place_compare(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return x->person < y->person ? -1 : x->person > y->person;
}

static void lanes_merge(struct arena *arena, const struct lane *lanes, int n,
                        const struct feature_plan *plan, struct feature_table *table)
{
    VEC(struct place) places = {0};
    for (int i = 0; i < n; i++)
        for (size_t k = 0; k < lanes[i].people.n; k++)
            vec_push(&places, (struct place){lanes[i].people.at[k], (uint32_t)i, k});
    if (n > 1 && places.n)
        qsort(places.at, places.n, sizeof *places.at, place_compare);
    uint32_t *people = arena_array(arena, uint32_t, places.n + 1);
    int64_t *money = arena_array(arena, int64_t, places.n + 1);
    table->at = arena_alloc_array(arena, places.n * plan->n + 1, sizeof *table->at);
    for (size_t i = 0; i < places.n; i++) {
        const struct lane *lane = &lanes[places.at[i].lane];
        people[i] = places.at[i].person;
        money[i] = lane->money.at[places.at[i].at];
        memcpy(table->at + i * plan->n, lane->rows.at + places.at[i].at * plan->n,
               plan->n * sizeof *table->at);
    }
    table->n = places.n;
    table->d = plan->n;
    table->people = people;
    table->money = money;
    memcpy(table->feature, plan->feature, sizeof table->feature);
    vec_free(&places);
}

static bool wants(const struct feature_plan *plan, int source, size_t *column)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->source[i] == source) {
            *column = i;
            return true;
        }
    return false;
}

static enum status people_scan(struct reader *reader, struct arena *arena,
                               const struct feature_query *query, const struct feature_plan *plan,
                               struct feature_table *table, struct error *err)
{
    uint16_t wanted[KIND_BUILT_IN_END];
    struct lane lanes[LANES];
    void *contexts[LANES];
    const struct set *among = NULL;
    const struct clock *clock = &reader_mall(reader)->clock;
    size_t column;
    long most = query->threads ? query->threads : sysconf(_SC_NPROCESSORS_ONLN);
    int n = most < 1 ? 1 : most > LANES ? LANES : (int)most;
    bool presence = wants(plan, FEATURE_VISITS, &column) || wants(plan, FEATURE_DWELL, &column);
    struct event_query scan = {.from = query->from,
                               .to = query->at + 1,
                               .kinds = wanted,
                               .n_kinds = kinds_wanted(presence, wanted),
                               .columns = EVENT_TIME | EVENT_AMOUNT | EVENT_TENANT,
                               .people = true,
                               .times = wants(plan, FEATURE_TENURE, &column)};
    if (query->among)
        among = set_of(arena, query->n_among ? query->among[query->n_among - 1] + 1 : 1,
                       query->among, query->n_among);
    for (int i = 0; i < n; i++) {
        lanes[i] = (struct lane){.query = query,
                                 .plan = plan,
                                 .clock = clock,
                                 .among = among,
                                 .today = clock_day(clock, query->at),
                                 .gap = reader_mall(reader)->visit_gap,
                                 .presence = presence};
        lanes[i].seen = mem_zero(plan->n_tenants, sizeof *lanes[i].seen);
        lanes[i].by_category = mem_zero(plan->n_categories + 1, sizeof *lanes[i].by_category);
        contexts[i] = &lanes[i];
    }
    enum status status = event_scan_parallel(reader, &scan, block_take, contexts, n, err);
    if (status == ST_OK)
        lanes_merge(arena, lanes, n, plan, table);
    for (int i = 0; i < n; i++) {
        free(lanes[i].seen);
        free(lanes[i].by_category);
        vec_free(&lanes[i].people);
        vec_free(&lanes[i].money);
        vec_free(&lanes[i].rows);
    }
    return status;
}

enum status features_read(struct reader *reader, struct arena *arena,
                          const struct feature_query *query, struct feature_table *table,
                          struct error *err)
{
    struct feature_plan plan = {0};
    size_t column;
    *table = (struct feature_table){0};
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = categories_read(reader, arena, &plan, err);
    if (status == ST_OK)
        status = feature_plan_read(arena, query->names ? query->names : features_usual, &plan, err);
    if (status == ST_OK)
        status = people_scan(reader, arena, query, &plan, table, err);
    if (status == ST_OK && wants(&plan, FEATURE_AGE, &column))
        status = ages_read(reader, query, column, table, err);
    reader_end(reader);
    return status;
}
