/* Ways of a funnel, one history at a time: turns, a property held, exclusions; against a plain
 * reference. */
#include "model/loop/funnel_ways.h"
#include "tests/support/funnel_plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Every dialect, mode and order with the reference that knows it ---- */

static size_t houses_make(struct house *houses)
{
    size_t n = 0;
    for (unsigned modes = 0; modes < 16; modes++)
        for (int several = 1; several <= 2; several++)
            houses[n++] = (struct house){{.dialect = DIALECT_CLICKHOUSE, .modes = modes},
                                         {several, false, true},
                                         plain_clickhouse,
                                         modes & MODE_STRICT_ONCE};
    houses[n++] =
        (struct house){{.dialect = DIALECT_MIXPANEL}, {1, false, false}, plain_mixpanel, true};
    houses[n++] =
        (struct house){{.dialect = DIALECT_MIXPANEL}, {2, true, false}, plain_mixpanel, true};
    houses[n++] =
        (struct house){{.dialect = DIALECT_POSTHOG}, {1, false, false}, plain_level, true};
    houses[n++] = (struct house){
        {.dialect = DIALECT_POSTHOG, .order = ORDER_STRICT}, {1, true, true}, plain_strict, true};
    houses[n++] = (struct house){{.dialect = DIALECT_POSTHOG, .order = ORDER_UNORDERED},
                                 {1, false, false},
                                 plain_unordered,
                                 true};
    return n;
}
enum { HOUSES = 40, ROUNDS = 1500 };

/* ---- Turns ---- */

static void ways_fill(struct funnel_ways *ways, const struct funnel_event *e, int n,
                      const uint64_t *values)
{
    funnel_ways_begin(ways);
    for (int i = 0; i < n; i++) {
        vec_push(&ways->events, e[i]);
        if (values)
            vec_push(&ways->values, values[i]);
    }
}

static void counts_of(const struct funnel_ways *ways, int64_t counts[FUNNEL_STEPS])
{
    for (size_t w = 0; w < ways->ways.n; w++)
        for (int step = 0; step < ways->ways.at[w].level; step++)
            counts[step]++;
}

static void test_turns(void **state)
{
    (void)state;
    struct house houses[HOUSES];
    struct dice dice = {.state = 11};
    struct funnel_ways ways = {0};
    size_t n_houses = houses_make(houses);
    for (size_t h = 0; h < n_houses; h++)
        for (int round = 0; round < ROUNDS; round++) {
            struct funnel_rule rule = houses[h].rule;
            struct funnel_event e[MOST];
            int64_t found[FUNNEL_STEPS] = {0}, want[FUNNEL_STEPS] = {0};
            rule.n_steps = 1 + (int)dice_below(&dice, 4);
            rule.window = (int64_t)dice_below(&dice, 6);
            int n = history_make(&dice, &rule, &houses[h].shape, e);
            ways_fill(&ways, e, n, NULL);
            funnel_ways_follow(&rule, FUNNEL_TOTALS, &ways);
            counts_of(&ways, found);
            house_turns(&houses[h], &rule, e, n, want);
            if (memcmp(found, want, sizeof found) != 0)
                fail_msg("house %zu, history %d: turns differ: %d %d against %d %d", h, round,
                         (int)found[0], (int)found[1], (int)want[0], (int)want[1]);
            /* Without strict_order a turn is found for whoever came that far. */
            int people = house_level(&houses[h], &rule, e, n);
            if (!(rule.modes & MODE_STRICT_ORDER))
                assert_in_range(ways.level, people, rule.n_steps);
        }
    funnel_ways_free(&ways);
}

/* ---- A property held ---- */

static void held_check(const struct house *house, struct dice *dice, struct funnel_ways *ways)
{
    enum { VALUES = 4 };
    struct funnel_rule rule = house->rule;
    struct funnel_event e[MOST], part[MOST];
    uint64_t values[MOST];
    int64_t found[FUNNEL_STEPS] = {0}, want[FUNNEL_STEPS] = {0};
    int best = 0;
    rule.n_steps = 1 + (int)dice_below(dice, 4);
    rule.window = (int64_t)dice_below(dice, 12);
    int n = history_make(dice, &rule, &house->shape, e);
    for (int i = 0; i < n; i++)
        values[i] = dice_below(dice, VALUES);
    for (uint64_t value = 1; value < VALUES; value++) {
        int m = 0;
        for (int i = 0; i < n; i++)
            if (values[i] == value)
                part[m++] = e[i];
        int level = house_level(house, &rule, part, m);
        best = level > best ? level : best;
        house_turns(house, &rule, part, m, want);
    }
    ways_fill(ways, e, n, values);
    funnel_ways_follow(&rule, FUNNEL_PEOPLE, ways);
    assert_int_equal(ways->level, best);
    assert_int_equal(ways->ways.n, best > 0);
    for (int step = 1; step < ways->level; step++)
        assert_int_equal(values[ways->ways.at[0].at[step]], values[ways->ways.at[0].at[0]]);
    if (best)
        assert_true(values[ways->ways.at[0].at[0]] > 0);
    funnel_ways_follow(&rule, FUNNEL_TOTALS, ways);
    counts_of(ways, found);
    assert_memory_equal(found, want, sizeof found);
    assert_true(n == 0 || !ways->excluded);
}

static void test_held(void **state)
{
    (void)state;
    struct house houses[HOUSES];
    struct dice dice = {.state = 5};
    struct funnel_ways ways = {0};
    size_t n_houses = houses_make(houses);
    for (size_t h = 0; h < n_houses; h++)
        for (int round = 0; round < ROUNDS; round++)
            held_check(&houses[h], &dice, &ways);
    funnel_ways_free(&ways);
}

/* Of two values that come as far, the one whose first step came first; its events are the way. */
static void test_held_ties(void **state)
{
    (void)state;
    struct funnel_rule rule = {.dialect = DIALECT_CLICKHOUSE, .n_steps = 2, .window = 10};
    const struct funnel_event e[] = {{.time = 1, .mask = 1},
                                     {.time = 2, .mask = 1},
                                     {.time = 3, .mask = 2},
                                     {.time = 4, .mask = 2},
                                     {.time = 5, .mask = 3}};
    const uint64_t values[] = {7, 3, 3, 7, 0};
    struct funnel_ways ways = {0};
    ways_fill(&ways, e, 5, values);
    funnel_ways_follow(&rule, FUNNEL_PEOPLE, &ways);
    assert_int_equal(ways.level, 2);
    assert_int_equal(ways.ways.at[0].at[0], 0);
    assert_int_equal(ways.ways.at[0].at[1], 3);
    funnel_ways_free(&ways);
}

/* ---- Exclusions of mixpanel ---- */

/* When the first entry's way came to `level` steps: the least time by which it had. */
static int64_t plain_reached(const struct funnel_rule *rule, const struct funnel_event *e, int n,
                             int level)
{
    for (int i = 0; i < n; i++) {
        int k = i;
        while (k < n && e[k].time <= e[i].time)
            k++;
        struct plain p = {rule, e, k, true, false};
        if (plain_mixpanel(&p) >= level)
            return e[i].time;
    }
    return INT64_MAX;
}

static bool plain_removed(const struct funnel_rule *rule, const struct funnel_event *e, int n,
                          int level)
{
    for (size_t x = 0; x < rule->n_exclusions; x++) {
        int from = rule->exclusions[x].from, to = rule->exclusions[x].to;
        if (level <= from)
            continue;
        int64_t after = plain_reached(rule, e, n, from + 1);
        int64_t before = level > to ? plain_reached(rule, e, n, to + 1)
                                    : plain_reached(rule, e, n, 1) + rule->window + 1;
        for (int i = 0; i < n; i++)
            if ((e[i].mask >> (FUNNEL_STEPS + x) & 1) && e[i].time > after && e[i].time < before)
                return true;
    }
    return false;
}

static void test_mixpanel_exclusions(void **state)
{
    (void)state;
    struct dice dice = {.state = 99};
    struct funnel_ways ways = {0};
    int removed = 0, turns = 0;
    for (int round = 0; round < 20000; round++) {
        struct funnel_rule rule = {.dialect = DIALECT_MIXPANEL, .n_exclusions = 1};
        struct funnel_event e[MOST];
        rule.n_steps = 2 + (int)dice_below(&dice, 3);
        rule.window = 2 + (int64_t)dice_below(&dice, 10);
        rule.exclusions[0].from = (int)dice_below(&dice, (uint64_t)rule.n_steps - 1);
        rule.exclusions[0].to =
            rule.exclusions[0].from + 1 +
            (int)dice_below(&dice, (uint64_t)(rule.n_steps - 1 - rule.exclusions[0].from));
        int n = history_make(&dice, &rule, &(struct shape){1, false, false}, e);
        for (int i = 0; i < n; i++)
            if (dice_below(&dice, 6) == 0)
                e[i].mask = UINT32_C(1) << FUNNEL_STEPS;
        struct plain p = {&rule, e, n, true, false};
        int level = plain_mixpanel(&p);
        bool out = plain_removed(&rule, e, n, level);
        ways_fill(&ways, e, n, NULL);
        funnel_ways_follow(&rule, FUNNEL_PEOPLE, &ways);
        assert_int_equal(ways.level, out ? 0 : level);
        assert_int_equal(ways.excluded, out);
        removed += out;
        funnel_ways_follow(&rule, FUNNEL_TOTALS, &ways);
        turns += out && ways.ways.n > 0;
    }
    assert_true(removed > 500);
    assert_true(turns > 50); /* after an exclusion one may enter again */
    funnel_ways_free(&ways);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_held),
        cmocka_unit_test(test_held_ties),
        cmocka_unit_test(test_mixpanel_exclusions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
