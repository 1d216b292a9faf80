/* Retention, lifecycle and RFM against plain references over random histories, with every option:
 * each cell's value, money and list; one thread and two. */
#include "model/loop/retention.h"
#include "model/loop/rfm_group.h"
#include "tests/support/event_history.h"
#include "tests/support/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MALLS = 16, CROWD = 40, DAYS = 100, HISTORY = 500, PERIODS = 6, START = 1, BACK = 2 };

static struct error err;

/* What happened; every third event is of a kind that only comes back, a few are refunds. */
struct diary {
    struct temp_mall mall;
    const struct clock *clock;
    size_t n;
    struct test_event events[HISTORY];
};

static int event_order(const void *a, const void *b)
{
    const struct test_event *x = a, *y = b;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    return x->time < y->time ? -1 : x->time > y->time;
}

/* Where an event happened, so that events of one moment are of one shop; NULL: at none. */
static const char *shop_of(uint32_t person, int64_t time)
{
    static const char *const shops[] = {"T01", "T02", NULL};
    return shops[((uint64_t)time / 3600 + person) % 3];
}

static struct diary *diary_new(uint64_t seed)
{
    static const char *const names[] = {"purchase", "purchase", "app_open", "refund"};
    struct diary *d = mem_zero(1, sizeof *d);
    struct dice dice = {.state = seed * 7919 + 1};
    d->mall = temp_mall_new();
    d->clock = &d->mall.mall->clock;
    for (; d->n < HISTORY; d->n++) {
        uint64_t kind = dice_below(&dice, 16);
        int64_t time = test_time(2025, 11, 3, 0, 0) + (int64_t)dice_below(&dice, DAYS * 86400);
        d->events[d->n] = (struct test_event){
            .time = time,
            .person = 1 + (uint32_t)(dice_below(&dice, CROWD) * dice_below(&dice, CROWD) / CROWD),
            .kind = names[kind < 9    ? 0
                          : kind < 15 ? 2
                                      : 3],
            .amount = kind < 9 || kind == 15 ? (int64_t)dice_below(&dice, 100000) : 0};
    }
    /* Some at the very starts of days, where periods end. */
    for (size_t i = 3; i < d->n; i += 9) /* dates without a time of day */
        d->events[i].time = zone_utc(d->clock->zone, 2025, 11, 3 + (int)(i % DAYS), 0, 0, 0);
    for (size_t i = 4; i < d->n; i += 9) /* and what comes just after them */
        d->events[i].time = d->events[i - 1].time + 1 + (int64_t)dice_below(&dice, 7200);
    for (size_t i = 0; i < d->n; i += 9)
        d->events[i].time = clock_day_start(d->clock, clock_day(d->clock, d->events[i].time));
    for (size_t i = 0; i < d->n; i++)
        d->events[i].tenant = shop_of(d->events[i].person, d->events[i].time);
    qsort(d->events, d->n, sizeof *d->events, event_order);
    test_events_add(&d->mall, d->events, d->n);
    return d;
}

static void diary_free(struct diary *d)
{
    temp_mall_free(&d->mall);
    free(d);
}

/* The period of an event; one at midnight is its date's. */
static int32_t period_of_event(const struct diary *d, enum bucket_length length,
                               const struct test_event *e)
{
    return bucket_of_day(length, bucket_day_named(d->clock, e->time));
}

/* ---- Retention ---- */

static int role_of(const struct test_event *e)
{
    return strcmp(e->kind, "purchase") == 0 ? START | BACK : BACK;
}

static int64_t money_of(const struct test_event *e)
{
    return strcmp(e->kind, "refund") == 0 ? -e->amount : e->amount;
}

/* In which period since the cohort an event of a person lies; -1: before it. */
static int64_t since(const struct diary *d, const struct retention_query *q, int32_t cohort,
                     int64_t first, const struct test_event *e)
{
    static const int64_t lengths[BUCKET_LENGTHS] = {86400, 7 * 86400, 30 * 86400};
    if (q->rolling)
        return e->time < first ? -1 : (e->time - first) / lengths[q->period];
    int32_t at = period_of_event(d, q->period, e);
    return at < cohort ? -1 : at - cohort;
}

struct plain_cell {
    int64_t people, money;
    int64_t returned; /* people with any return in the period itself */
};

/* One person's part in a cell; of a group of shops ("": of none) where that is given. */
static void person_cell(const struct diary *d, const struct retention_query *q, int32_t cohort,
                        int64_t k, uint32_t person, const char *shop, struct plain_cell *cell)
{
    if (q->among && !set_has(q->among, person))
        return;
    int64_t first = INT64_MAX, ever = INT64_MAX, returns[DAYS * 2] = {0}, money = 0;
    for (size_t i = 0; i < d->n; i++) {
        const struct test_event *e = &d->events[i];
        if (e->person != person || !(role_of(e) & START))
            continue;
        ever = e->time < ever ? e->time : ever;
        if (period_of_event(d, q->period, e) == cohort && e->time < first)
            first = e->time;
    }
    if (first == INT64_MAX || (q->first_time && first != ever))
        return;
    const char *at_shop = shop_of(person, first);
    if (shop && strcmp(shop, at_shop ? at_shop : "") != 0)
        return;
    for (size_t i = 0; i < d->n; i++) {
        const struct test_event *e = &d->events[i];
        int64_t at = e->person == person ? since(d, q, cohort, first, e) : -1;
        if (at < 0)
            continue;
        assert_in_range(at, 0, DAYS * 2 - 1);
        returns[at]++;
        money += at == k ? money_of(e) : 0;
    }
    bool in = k == 0;
    for (int64_t at = k; k > 0 && at < (q->on_or_after ? DAYS * 2 : k + 1); at++)
        in |= returns[at] >= q->occurrences;
    cell->people += in;
    cell->money += money;
    cell->returned += returns[k] > 0;
}

static void assert_list(const struct diary *d, struct arena *arena, struct retention_query q,
                        int row, int k, const struct plain_cell *want)
{
    struct retention answer;
    int64_t money = 0;
    q.list = true;
    q.list_row = row;
    q.list_column = k;
    for (int by_money = 0; by_money < 2; by_money++) {
        q.list_money = by_money;
        assert_ok(retention_run(d->mall.reader, arena, &q, &answer, &err));
        assert_int_equal(answer.n_people, by_money ? want->returned : want->people);
        for (size_t i = 1; i < answer.n_people; i++)
            assert_true(answer.people[i - 1] < answer.people[i]);
    }
    for (size_t i = 0; i < answer.n_people; i++)
        money += answer.money[i];
    assert_int_equal(money, want->money);
}

static void assert_retention(const struct diary *d, struct arena *arena,
                             const struct retention_query *q, struct dice *dice)
{
    struct retention answer;
    assert_ok(retention_run(d->mall.reader, arena, q, &answer, &err));
    int32_t first = bucket_of_day(q->period, clock_day(d->clock, answer.rows[0].start));
    for (size_t row = 0; row < answer.n_rows; row++)
        for (int k = 0; k < q->periods; k++) {
            struct plain_cell want = {0};
            for (uint32_t p = 1; p <= CROWD; p++)
                person_cell(d, q, first + (int32_t)row, k, p, NULL, &want);
            assert_int_equal(answer.rows[row].values[k], want.people);
            assert_int_equal(answer.rows[row].revenue[k], want.money);
            if (dice_below(dice, 40) == 0)
                assert_list(d, arena, *q, (int)row, k, &want);
        }
}

static void assert_shops(const struct diary *d, struct arena *arena, struct retention_query q,
                         struct dice *dice)
{
    struct retention answer;
    q.by = FUNNEL_BY_SHOP;
    assert_ok(retention_run(d->mall.reader, arena, &q, &answer, &err));
    int32_t first = bucket_of_day(q.period, clock_day(d->clock, answer.rows[0].start));
    for (size_t row = 0; row < answer.n_rows; row++)
        for (int k = 0; k < q.periods; k++) {
            struct plain_cell all = {0};
            for (size_t g = 0; g < answer.n_groups; g++) {
                const struct retention_group *group = &answer.groups[g];
                struct plain_cell want = {0};
                for (uint32_t p = 1; p <= CROWD; p++)
                    person_cell(d, &q, first + (int32_t)row, k, p, group->name, &want);
                assert_int_equal(group->rows[row].values[k], want.people);
                assert_int_equal(group->rows[row].revenue[k], want.money);
                assert_int_equal(group->rows[row].open, answer.rows[row].open);
                all.people += want.people;
                all.money += want.money;
                q.list_group = group->name;
                if (dice_below(dice, 100) == 0)
                    assert_list(d, arena, q, (int)row, k, &want);
                q.list_group = NULL;
            }
            assert_int_equal(answer.rows[row].values[k], all.people);
            assert_int_equal(answer.rows[row].revenue[k], all.money);
        }
}

/* Groups that overlap: each is what its people alone would be. */
static void assert_sets(const struct diary *d, struct arena *arena, struct retention_query q,
                        const struct funnel_set sets[2])
{
    struct retention answer, alone;
    q.among = NULL;
    q.by = FUNNEL_BY_LABEL;
    q.sets = sets;
    q.n_sets = 2;
    assert_ok(retention_run(d->mall.reader, arena, &q, &answer, &err));
    q.by = FUNNEL_BY_NONE;
    for (size_t g = 0; g < answer.n_groups; g++) {
        if (!*answer.groups[g].name)
            continue;
        q.among = sets[strcmp(answer.groups[g].name, "a") ? 1 : 0].people;
        assert_ok(retention_run(d->mall.reader, arena, &q, &alone, &err));
        for (size_t row = 0; row < answer.n_rows; row++)
            for (int k = 0; k < q.periods; k++) {
                assert_int_equal(answer.groups[g].rows[row].values[k], alone.rows[row].values[k]);
                assert_int_equal(answer.groups[g].rows[row].revenue[k], alone.rows[row].revenue[k]);
            }
    }
}

static struct set *some_people(struct arena *arena, struct dice *dice)
{
    struct set *set = set_new(arena, CROWD + 1);
    for (uint32_t p = 1; p <= CROWD; p++)
        if (dice_below(dice, 2))
            set_add(set, p);
    return set;
}

static void test_retention(void **state)
{
    (void)state;
    struct dice dice = {.state = 5};
    for (uint64_t seed = 1; seed <= MALLS; seed++) {
        struct diary *d = diary_new(seed);
        for (int round = 0; round < 8; round++) {
            struct arena *arena = arena_new();
            uint64_t bits = dice_below(&dice, 64);
            int64_t from = test_time(2025, 11, 3, 0, 0) + (int64_t)dice_below(&dice, 20 * 86400);
            struct retention_query q = {.start = "purchase",
                                        .back = "kind in (purchase, app_open, refund)",
                                        .period =
                                            (enum bucket_length)dice_below(&dice, BUCKET_LENGTHS),
                                        .periods = 1 + (int)dice_below(&dice, PERIODS),
                                        .on_or_after = bits & 1,
                                        .first_time = bits & 2,
                                        .rolling = bits & 4,
                                        .occurrences = bits & 8 ? 2 : 1,
                                        .threads = bits & 16 ? 2 : 1,
                                        .among = bits & 32 ? some_people(arena, &dice) : NULL,
                                        .from = from,
                                        .to = from + 86400 * (1 + (int64_t)dice_below(&dice, 40))};
            const struct funnel_set sets[2] = {{"a", some_people(arena, &dice)},
                                               {"b", some_people(arena, &dice)}};
            assert_retention(d, arena, &q, &dice);
            assert_shops(d, arena, q, &dice);
            assert_sets(d, arena, q, sets);
            arena_free(arena);
        }
        diary_free(d);
    }
}

static void test_no_such_cell(void **state)
{
    (void)state;
    struct diary *d = diary_new(99);
    struct arena *arena = arena_new();
    struct retention answer;
    struct retention_query q = {.start = "purchase",
                                .back = "purchase",
                                .period = BUCKET_MONTH,
                                .periods = 3,
                                .list = true,
                                .list_column = 3,
                                .from = test_time(2025, 11, 1, 0, 0),
                                .to = test_time(2026, 2, 1, 0, 0)};
    assert_int_equal(retention_run(d->mall.reader, arena, &q, &answer, &err), ST_USAGE);
    error_clear(&err);
    arena_free(arena);
    diary_free(d);
}

/* To an analyst no group of a few, and no other that would tell it; what is left adds up. */
static void test_small_groups_of_cohorts(void **state)
{
    (void)state;
    struct diary *d = diary_new(5);
    struct arena *arena = arena_new();
    struct access access = {.role = ACCESS_ANALYST, .least_people = 10};
    struct retention answer, all;
    struct retention_query q = {.start = "purchase",
                                .back = "purchase",
                                .period = BUCKET_MONTH,
                                .periods = 3,
                                .by = FUNNEL_BY_SHOP,
                                .from = test_time(2025, 11, 1, 0, 0),
                                .to = test_time(2026, 2, 1, 0, 0)};
    size_t hidden = 0;
    assert_ok(retention_run(d->mall.reader, arena, &q, &all, &err));
    q.access = &access;
    assert_ok(retention_run(d->mall.reader, arena, &q, &answer, &err));
    assert_int_equal(answer.n_groups, all.n_groups);
    for (size_t row = 0; row < answer.n_rows; row++)
        for (int k = 0; k < q.periods; k++) {
            size_t kept = 0;
            for (size_t g = 0; g < answer.n_groups; g++) {
                int64_t seen = answer.groups[g].rows[row].values[k];
                int64_t is = all.groups[g].rows[row].values[k];
                kept += seen == RETENTION_HIDDEN;
                assert_true(seen == RETENTION_HIDDEN ? is > 0 : seen == is && (!is || is >= 10));
            }
            int64_t people = all.rows[row].values[k];
            assert_true(kept != 1 || people < 10);
            hidden += kept;
        }
    assert_true(hidden > 4);
    struct retention_sum sum = retention_sum(all.rows, all.n_rows, 0);
    int64_t people = 0;
    for (size_t row = 0; row < all.n_rows; row++)
        people += all.rows[row].open > 0 ? all.rows[row].values[0] : 0;
    assert_int_equal(sum.people, people);
    assert_int_equal(sum.value, people);
    q.list_group = "T99";
    assert_int_equal(retention_run(d->mall.reader, arena, &q, &answer, &err), ST_USAGE);
    error_clear(&err);
    arena_free(arena);
    diary_free(d);
}

/* ---- Lifecycle ---- */

static bool active_in(const struct diary *d, enum bucket_length length, uint32_t person,
                      int32_t from, int32_t to)
{
    for (size_t i = 0; i < d->n; i++) {
        int32_t at = period_of_event(d, length, &d->events[i]);
        if (d->events[i].person == person && (role_of(&d->events[i]) & START) && at >= from &&
            at < to)
            return true;
    }
    return false;
}

static enum lifecycle_state state_of(const struct diary *d, enum bucket_length length,
                                     uint32_t person, int32_t bucket)
{
    bool now = active_in(d, length, person, bucket, bucket + 1);
    bool before = active_in(d, length, person, bucket - 1, bucket);
    bool ever = active_in(d, length, person, INT32_MIN, bucket);
    return now      ? before ? LIFECYCLE_RETURNING
                      : ever ? LIFECYCLE_RESURRECTING
                             : LIFECYCLE_NEW
           : before ? LIFECYCLE_DORMANT
                    : LIFECYCLE_STATES;
}

static void test_lifecycle(void **state)
{
    (void)state;
    struct dice dice = {.state = 8};
    for (uint64_t seed = 1; seed <= MALLS; seed++) {
        struct diary *d = diary_new(seed + 100);
        struct arena *arena = arena_new();
        int64_t from = test_time(2025, 11, 3, 0, 0) + (int64_t)dice_below(&dice, 30 * 86400);
        struct lifecycle_query q = {.event = "purchase",
                                    .period = (enum bucket_length)(seed % BUCKET_LENGTHS),
                                    .threads = 1 + (int)(seed % 2),
                                    .from = from,
                                    .to = from + 86400 * (1 + (int64_t)dice_below(&dice, 60))};
        struct lifecycle answer, listed;
        assert_ok(lifecycle_run(d->mall.reader, arena, &q, &answer, &err));
        q.list = true;
        for (size_t i = 0; i < answer.periods.n; i++)
            for (int s = 0; s < LIFECYCLE_STATES; s++) {
                int64_t n = lifecycle_counts(&answer, (enum lifecycle_state)s)[i];
                q.list_period = i;
                q.list_state = (enum lifecycle_state)s;
                assert_ok(lifecycle_run(d->mall.reader, arena, &q, &listed, &err));
                assert_int_equal(listed.n_people, n < 0 ? -n : n);
                size_t at = 0;
                for (uint32_t p = 1; p <= CROWD; p++)
                    if ((int)state_of(d, q.period, p, answer.periods.first + (int32_t)i) == s)
                        assert_int_equal(listed.people[at++], p);
                assert_int_equal(at, listed.n_people);
            }
        arena_free(arena);
        diary_free(d);
    }
}

/* ---- RFM: cells and groups ---- */

static void test_groups(void **state)
{
    (void)state;
    struct diary *d = diary_new(7);
    struct arena *arena = arena_new();
    struct rfm rfm;
    size_t n, all = 0, cells = 0;
    static const int any[RFM_PARTS];
    assert_ok(rfm_run(d->mall.reader, arena, test_time(2026, 3, 1, 0, 0), 2, &rfm, &err));
    for (int g = 0; g < RFM_GROUPS; g++) {
        assert_int_equal(rfm_group_named(rfm_groups[g].name), g);
        const uint32_t *people = rfm_people(arena, &rfm, any, (enum rfm_group_id)g, &n);
        for (size_t i = 1; i < n; i++)
            assert_true(people[i - 1] < people[i]);
        all += n;
    }
    assert_int_equal(all, rfm.n); /* every cell is in one group */
    assert_int_equal(rfm_group_named("nobody"), RFM_GROUPS);
    for (int r = 1; r <= 5; r++)
        for (int f = 1; f <= 5; f++)
            for (int m = 1; m <= 5; m++) {
                int score[RFM_PARTS] = {r, f, m};
                rfm_people(arena, &rfm, score, RFM_GROUPS, &n);
                assert_int_equal(n, rfm.cells[r - 1][f - 1][m - 1]);
                cells += n;
            }
    assert_int_equal(cells, rfm.n);
    assert_int_equal(rfm_group_of(5, 5), RFM_CHAMPIONS);
    assert_int_equal(rfm_group_of(1, 5), RFM_CANNOT_LOSE);
    assert_int_equal(rfm_group_of(5, 1), RFM_NEW);
    arena_free(arena);
    diary_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retention),
        cmocka_unit_test(test_no_such_cell),
        cmocka_unit_test(test_small_groups_of_cohorts),
        cmocka_unit_test(test_lifecycle),
        cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
