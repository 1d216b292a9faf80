/* Funnels of a mall that ask for more than how far: a property held, turns and money, people of a
 * set, distributions, comparisons, and why somebody dropped; against each other and by hand. */
#include "model/loop/funnel_compare.h"
#include "model/loop/funnel_parts.h"
#include "model/loop/funnel_why.h"
#include "tests/support/funnel_plain.h"
#include "tests/support/people.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

/* ---- A mall ---- */

enum { PEOPLE = 250, EVENTS = 2500 };
static const char *const kinds_used[] = {"purchase", "register", "app_open", "review"};
static const char *const shops[] = {"T01", "T02", "T03", NULL};

/* The kind's and shop's places in the lists above by event; shop 3 is none. */
struct deed {
    uint8_t kind, shop;
};

static struct test_event *mall_fill(struct temp_mall *mall, struct dice *dice, struct deed *deeds)
{
    struct test_event *events = mem_zero(EVENTS, sizeof *events);
    for (int i = 0; i < EVENTS; i++) {
        deeds[i] = (struct deed){(uint8_t)dice_below(dice, 4), (uint8_t)dice_below(dice, 4)};
        events[i] = (struct test_event){.time = test_time(2017, 10, 1, 12, 0) +
                                                (int64_t)dice_below(dice, 30 * 86400),
                                        .person = 1 + (uint32_t)dice_below(dice, PEOPLE) * 100,
                                        .kind = kinds_used[deeds[i].kind],
                                        .tenant = shops[deeds[i].shop],
                                        .channel = dice_below(dice, 2) ? "pos" : "app",
                                        .amount = (int64_t)dice_below(dice, 500) * 100};
    }
    test_events_add(mall, events, EVENTS);
    test_run(mall, "update counter set value = 30000 where name = 'person'");
    return events;
}

static const char *const steps_used[] = {"register", "purchase and amount>=100",
                                         "kind in (app_open, review) and not channel=pos"};

static struct funnel_query query_used(enum funnel_dialect dialect)
{
    return (struct funnel_query){.steps = steps_used,
                                 .n_steps = 3,
                                 .window = 7 * 86400,
                                 .dialect = dialect,
                                 .from = test_time(2017, 10, 5, 0, 0),
                                 .to = test_time(2017, 10, 25, 0, 0),
                                 .threads = 1};
}

static void funnels_equal(const struct funnel *a, const struct funnel *b)
{
    assert_int_equal(a->subjects, b->subjects);
    assert_int_equal(a->n_groups, b->n_groups);
    assert_memory_equal(a->levels, b->levels, a->n_people);
    for (size_t i = 0; i < a->n_steps; i++) {
        assert_int_equal(a->steps[i].count, b->steps[i].count);
        assert_int_equal(a->steps[i].amount, b->steps[i].amount);
        assert_true(a->steps[i].mean_s == b->steps[i].mean_s);
        assert_true(a->steps[i].median_s == b->steps[i].median_s);
    }
    for (size_t g = 0; g < a->n_groups; g++) {
        assert_int_equal(a->groups[g].key, b->groups[g].key);
        for (size_t i = 0; i < a->n_steps; i++)
            assert_int_equal(a->groups[g].steps[i].count, b->groups[g].steps[i].count);
    }
}

/* What needs no width is answered alike by both ways of asking. */
static void wide_as_quick(struct temp_mall *mall, struct arena *arena)
{
    for (int dialect = 0; dialect < DIALECT_COUNT; dialect++)
        for (unsigned modes = 0; modes < (dialect == DIALECT_CLICKHOUSE ? 16u : 1u); modes++)
            for (int order = 0; order < (dialect == DIALECT_POSTHOG ? ORDER_COUNT : 1); order++) {
                struct funnel_query query = query_used((enum funnel_dialect)dialect);
                struct funnel quick, wide, two;
                query.modes = modes;
                query.order = (enum funnel_order)order;
                query.by = (enum funnel_by)(1 + modes % 3);
                assert_ok(funnel_run(mall->reader, arena, &query, &quick, &err));
                query.times = true;
                assert_ok(funnel_run(mall->reader, arena, &query, &wide, &err));
                funnels_equal(&quick, &wide);
                assert_true(quick.steps[1].count > 0);
                query.threads = 2;
                assert_ok(funnel_run(mall->reader, arena, &query, &two, &err));
                funnels_equal(&wide, &two);
                assert_memory_equal(wide.times, two.times, wide.n_steps * sizeof *wide.times);
            }
}

/* People of a set are asked by themselves, and each is in the groups that have them. */
static void sets_asked(struct temp_mall *mall, struct arena *arena)
{
    struct set *odd = set_new(arena, 30000), *some = set_new(arena, 30000);
    for (uint32_t p = 1; p < 30000; p += 200)
        set_add(odd, p);
    for (uint32_t p = 1; p < 15000; p += 100)
        set_add(some, p);
    struct funnel_set sets[] = {{"odd", odd}, {"some", some}};
    for (int dialect = 0; dialect < DIALECT_COUNT; dialect++) {
        struct funnel_query query = query_used((enum funnel_dialect)dialect);
        struct funnel all, within, groups;
        assert_ok(funnel_run(mall->reader, arena, &query, &all, &err));
        query.within = odd;
        assert_ok(funnel_run(mall->reader, arena, &query, &within, &err));
        int64_t reached[3] = {0}, subjects = 0;
        for (uint32_t p = 0; p < all.n_people; p++) {
            bool in = set_has(odd, p);
            assert_int_equal(within.levels[p], in ? all.levels[p] : FUNNEL_NOBODY);
            subjects += in && all.levels[p] != FUNNEL_NOBODY;
            for (int step = 0; step < 3; step++)
                reached[step] += in && all.levels[p] != FUNNEL_NOBODY && all.levels[p] > step;
        }
        assert_int_equal(within.subjects, subjects);
        for (int step = 0; step < 3; step++)
            assert_int_equal(within.steps[step].count, reached[step]);
        query.within = NULL;
        query.by = FUNNEL_BY_LABEL;
        query.sets = sets;
        query.n_sets = 2;
        assert_ok(funnel_run(mall->reader, arena, &query, &groups, &err));
        assert_int_equal(groups.n_groups, 3);
        assert_string_equal(groups.groups[0].name, "");
        assert_string_equal(groups.groups[1].name, "odd");
        for (int step = 0; step < 3; step++)
            assert_int_equal(groups.groups[1].steps[step].count, reached[step]);
    }
}

/* The same shop held, counted by hand from the events that were appended. */
static void held_by_hand(struct temp_mall *mall, struct arena *arena,
                         const struct test_event *events, const struct deed *deeds)
{
    static const char *const steps[] = {"register", "purchase", "app_open"};
    static const int step_of_kind[] = {1, 0, 2, -1};
    struct funnel_query query = query_used(DIALECT_CLICKHOUSE);
    struct funnel people, totals;
    struct funnel_rule rule = {.dialect = DIALECT_CLICKHOUSE, .n_steps = 3, .window = query.window};
    struct house house = {rule, {1, false, false}, plain_level, false};
    int64_t reached[FUNNEL_STEPS] = {0}, turns[FUNNEL_STEPS] = {0};
    query.steps = steps;
    query.from = 0;
    query.to = test_time(2018, 1, 1, 0, 0);
    query.hold = FUNNEL_HOLD_SHOP;
    for (uint32_t p = 1; p < PEOPLE * 100; p += 100) {
        int best = 0;
        for (int shop = 0; shop < 3; shop++) {
            struct funnel_event e[EVENTS];
            int n = 0;
            for (int i = 0; i < EVENTS; i++)
                if (events[i].person == p && deeds[i].shop == shop &&
                    step_of_kind[deeds[i].kind] >= 0) {
                    struct funnel_event event = {.time = events[i].time,
                                                 .mask = 1u << step_of_kind[deeds[i].kind]};
                    int k = n++;
                    for (; k > 0 && e[k - 1].time > event.time; k--)
                        e[k] = e[k - 1];
                    e[k] = event;
                }
            assert_in_range(n, 0, MOST);
            int level = house_level(&house, &rule, e, n);
            best = level > best ? level : best;
            house_turns(&house, &rule, e, n, turns);
        }
        for (int step = 0; step < best; step++)
            reached[step]++;
    }
    assert_ok(funnel_run(mall->reader, arena, &query, &people, &err));
    query.measure = FUNNEL_TOTALS;
    assert_ok(funnel_run(mall->reader, arena, &query, &totals, &err));
    assert_memory_equal(people.levels, totals.levels, people.n_people);
    for (int step = 0; step < 3; step++) {
        assert_int_equal(people.steps[step].count, reached[step]);
        assert_int_equal(totals.steps[step].count, turns[step]);
    }
    assert_true(reached[2] > 5 && turns[0] > reached[0]);
}

/* Each person's explanation comes to the level that the funnel has. */
static void why_as_levels(struct temp_mall *mall, struct arena *arena)
{
    static const struct funnel_exclusion exclusions[] = {{"review", 0, 2}};
    for (int dialect = 0; dialect < DIALECT_COUNT; dialect++)
        for (int variant = 0; variant < 6; variant++) {
            struct funnel_query query = query_used((enum funnel_dialect)dialect);
            struct funnel funnel;
            int removed = 0;
            query.steps = (const char *const[]){"register", "purchase", "app_open"};
            if (dialect == DIALECT_CLICKHOUSE)
                query.modes = (unsigned[]){0, 1, 2, 4, 8, 9}[variant];
            if (dialect == DIALECT_POSTHOG)
                query.order = (enum funnel_order)(variant % ORDER_COUNT);
            if (dialect != DIALECT_CLICKHOUSE && variant > 2) {
                query.exclusions = exclusions;
                query.n_exclusions = 1;
            }
            query.hold = variant == 4 ? FUNNEL_HOLD_SHOP : FUNNEL_HOLD_NONE;
            assert_ok(funnel_run(mall->reader, arena, &query, &funnel, &err));
            for (uint32_t p = 1; p < PEOPLE * 100; p += 100) {
                struct funnel_why why;
                int counted = 0;
                assert_ok(funnel_why_run(mall->reader, arena, &query, p, &why, &err));
                for (size_t i = 0; i < why.n; i++) {
                    const struct funnel_why_event *e = &why.events[i];
                    counted += e->reason == WHY_COUNTS;
                    assert_in_range(e->reason, 0, WHY_EXCLUDES_NOTHING);
                    assert_true(i == 0 || e->time >= why.events[i - 1].time);
                    if (e->reason == WHY_COUNTS && query.order != ORDER_UNORDERED)
                        assert_true(e->steps >> (e->about - 1) & 1);
                    assert_true(e->reason != WHY_BEFORE_PERIOD || e->time < query.from);
                }
                int level = funnel.levels[p] == FUNNEL_NOBODY ? 0 : funnel.levels[p];
                assert_int_equal(why.excluded ? 0 : why.level, level);
                assert_int_equal(counted, why.level);
                assert_int_equal(why.missing, why.level == 3 ? 0 : why.level + 1);
                removed += why.excluded;
            }
            assert_int_equal(removed, funnel.excluded);
        }
}

static void test_mall(void **state)
{
    (void)state;
    struct temp_mall mall = temp_mall_new();
    struct dice dice = {.state = 3};
    struct arena *arena = arena_new();
    struct deed *deeds = mem_zero(EVENTS, sizeof *deeds);
    struct test_event *events = mall_fill(&mall, &dice, deeds);
    for (int fold = 0; fold < 2; fold++) {
        wide_as_quick(&mall, arena);
        sets_asked(&mall, arena);
        held_by_hand(&mall, arena, events, deeds);
        why_as_levels(&mall, arena);
        assert_ok(event_fold(mall.writer, 0, &err));
    }
    free(events);
    free(deeds);
    arena_free(arena);
    temp_mall_free(&mall);
}

/* ---- One person, told in full ---- */

static struct funnel_why why_of(struct temp_mall *mall, struct arena *arena,
                                const struct funnel_query *query)
{
    struct funnel_why why;
    assert_ok(funnel_why_run(mall->reader, arena, query, 5, &why, &err));
    return why;
}

static void test_why(void **state)
{
    (void)state;
    struct temp_mall mall = temp_mall_new();
    struct arena *arena = arena_new();
    int64_t day = test_time(2017, 10, 1, 12, 0);
    const struct test_event events[] = {
        {.time = day - 5 * 86400, .person = 5, .kind = "register"},
        {.time = day, .person = 5, .kind = "purchase", .tenant = "T01", .amount = 5000},
        {.time = day + 86400, .person = 5, .kind = "register", .tenant = "T01"},
        {.time = day + 2 * 86400, .person = 5, .kind = "review", .tenant = "T01"},
        {.time = day + 3 * 86400, .person = 5, .kind = "purchase", .tenant = "T02", .amount = 700},
        {.time = day + 4 * 86400, .person = 5, .kind = "register", .tenant = "T02"},
        {.time = day + 20 * 86400, .person = 5, .kind = "review", .tenant = "T02"},
    };
    test_events_add(&mall, events, sizeof events / sizeof *events);
    struct funnel_query query = {.steps = (const char *const[]){"register", "purchase", "review"},
                                 .n_steps = 3,
                                 .window = 7 * 86400,
                                 .dialect = DIALECT_MIXPANEL,
                                 .from = day,
                                 .to = day + 30 * 86400};
    struct funnel_why why = why_of(&mall, arena, &query);
    static const enum funnel_reason mixpanel[] = {
        WHY_BEFORE_PERIOD, WHY_BEFORE_ENTRY, WHY_COUNTS,        WHY_TOO_EARLY,
        WHY_COUNTS,        WHY_SECOND_ENTRY, WHY_OUTSIDE_WINDOW};
    assert_int_equal(why.n, 7);
    for (size_t i = 0; i < why.n; i++)
        assert_int_equal(why.events[i].reason, mixpanel[i]);
    assert_int_equal(why.level, 2);
    assert_int_equal(why.missing, 3);
    assert_int_equal(why.until, day + 8 * 86400);
    assert_string_equal(funnel_why_summary(arena, &mall.mall->clock, &query, &why),
                        "came to step 2 of 3; step 3 (review) was missing until "
                        "2017-10-09 12:00:00");
    query.dialect = DIALECT_CLICKHOUSE;
    why = why_of(&mall, arena, &query);
    assert_int_equal(why.n_chains, 2);
    assert_true(why.chains[0].counts && !why.chains[1].counts);
    assert_int_equal(why.events[5].reason, WHY_OTHER_CHAIN);
    assert_int_equal(why.events[5].chain, 2);
    query.hold = FUNNEL_HOLD_SHOP;
    why = why_of(&mall, arena, &query);
    assert_int_equal(why.level, 1);
    assert_int_equal(why.events[4].reason, WHY_OTHER_VALUE);
    assert_int_equal(why.events[0].reason, WHY_BEFORE_PERIOD);
    query.hold = FUNNEL_HOLD_NONE;
    query.dialect = DIALECT_POSTHOG;
    query.exclusions = (const struct funnel_exclusion[]){{"review", 0, 1}};
    query.n_exclusions = 1;
    why = why_of(&mall, arena, &query);
    assert_true(why.excluded);
    assert_int_equal(why.events[3].reason, WHY_EXCLUDES);
    arena_free(arena);
    temp_mall_free(&mall);
}

/* ---- Money, times, comparisons ---- */

static void test_amounts(void **state)
{
    (void)state;
    struct temp_mall mall = temp_mall_new();
    struct arena *arena = arena_new();
    int64_t day = test_time(2017, 10, 1, 12, 0);
    const struct test_event events[] = {
        {.time = day, .person = 5, .kind = "app_open"},
        {.time = day + 60, .person = 5, .kind = "purchase", .amount = 5000},
        {.time = day + 120, .person = 5, .kind = "app_open"},
        {.time = day + 3600, .person = 5, .kind = "purchase", .amount = 700},
        {.time = day + 7200, .person = 5, .kind = "app_open"},
        {.time = day + 9000, .person = 6, .kind = "app_open"},
        {.time = day + 9000 + 86400, .person = 6, .kind = "refund", .amount = 300},
        {.time = day + 9000 + 86401, .person = 6, .kind = "purchase", .amount = 900},
    };
    test_events_add(&mall, events, sizeof events / sizeof *events);
    struct funnel_query query = {
        .steps = (const char *const[]){"app_open", "kind in (purchase, refund)"},
        .n_steps = 2,
        .window = 86400,
        .from = day,
        .to = day + 30 * 86400,
        .measure = FUNNEL_AMOUNT,
        .times = true};
    struct funnel funnel;
    size_t n;
    assert_ok(funnel_run(mall.reader, arena, &query, &funnel, &err));
    assert_int_equal(funnel.steps[0].count, 4); /* 3 of person 5, 1 of person 6 */
    assert_int_equal(funnel.steps[1].count, 3);
    assert_int_equal(funnel.steps[1].amount, 5000 + 700 - 300);
    assert_int_equal(funnel.steps[0].amount, 0);
    funnel_people(arena, &funnel, 2, 2, &n);
    assert_int_equal(n, 2);
    assert_int_equal(funnel.times[1].n, 3);
    assert_int_equal(funnel.times[0].n, 3);
    assert_true(funnel.times[1].quartiles[2] == 3480); /* of 60, 3480, 86400 */
    assert_true(funnel.times[1].quartiles[1] == 1770);
    arena_free(arena);
    temp_mall_free(&mall);
}

static void test_times(void **state)
{
    (void)state;
    uint32_t seconds[] = {86400, 0, 59, 60, 3599, 3600, UINT32_MAX};
    struct funnel_times times = funnel_times_of(seconds, 7);
    static const int64_t want[FUNNEL_BUCKETS] = {1, 1, 1, 0, 1, 1, 0, 1, 0, 0, 0, 0, 1};
    assert_memory_equal(times.counts, want, sizeof want);
    assert_true(times.quartiles[0] == 0 && times.quartiles[4] == UINT32_MAX);
    assert_true(times.quartiles[1] == 59.5 && times.quartiles[2] == 3599);
    assert_int_equal(funnel_times_of(seconds, 0).n, 0);
}

static void test_compare(void **state)
{
    (void)state;
    struct funnel_change change = funnel_change_of(50, 100, 40, 100, true);
    assert_true(change.known && change.tested && !change.few);
    assert_true(fabs(change.z - 1.42133811) < 1e-7); /* R: prop.test(c(50, 40), c(100, 100), */
    assert_true(fabs(change.p - 0.15521849) < 1e-7); /* correct = FALSE): 2.0202, 0.1552 */
    change = funnel_change_of(3, 10, 40, 100, true);
    assert_true(change.few);
    assert_false(funnel_change_of(0, 0, 4, 10, true).known);
    assert_false(funnel_change_of(10, 10, 10, 10, true).tested);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mall),    cmocka_unit_test(test_why),
        cmocka_unit_test(test_amounts), cmocka_unit_test(test_times),
        cmocka_unit_test(test_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
