/* Funnels that ask for more than how far: a property held, turns, people of a set, distributions,
 * comparisons and why somebody dropped; against a plain reference and against each other. */
#include "model/loop/funnel_compare.h"
#include "model/loop/funnel_parts.h"
#include "model/loop/funnel_plan.h"
#include "model/loop/funnel_ways.h"
#include "model/loop/funnel_why.h"
#include "model/segment/keep.h"
#include "model/store/operation.h"
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

/* ---- Every dialect, mode and order with the reference that knows it ---- */

struct house {
    struct funnel_rule rule;
    struct shape shape;
    plain_fn *level;
    bool own;
};

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

static int level_of(const struct house *house, const struct funnel_rule *rule,
                    const struct funnel_event *e, int n)
{
    struct plain p = {rule, e, n, house->own, rule->modes & MODE_STRICT_INCREASE};
    return house->level(&p);
}

/* ---- Turns ---- */

/* How many turns came to each step, by the definition alone. */
static void plain_turns(const struct house *house, const struct funnel_rule *rule,
                        const struct funnel_event *e, int n, int64_t counts[FUNNEL_STEPS])
{
    uint32_t opening = rule->order == ORDER_UNORDERED ? FUNNEL_STEP_MASK : 1;
    int64_t behind = INT64_MIN;
    for (;;) {
        struct funnel_event turn[MOST];
        int m = 0, first = 0, level;
        while (first < n && (e[first].time <= behind || !(e[first].mask & opening)))
            first++;
        if (first == n)
            return;
        int64_t last = e[first].time + rule->window;
        for (int round = 0; round < n && rule->dialect != DIALECT_MIXPANEL; round++)
            for (int i = first; i < n; i++)
                if ((e[i].mask & opening) && e[i].time <= last && e[i].time + rule->window > last)
                    last = e[i].time + rule->window;
        for (int i = 0; i < n; i++)
            if (e[i].time >= e[first].time && e[i].time <= last)
                turn[m++] = e[i];
        level = level_of(house, rule, turn, m);
        behind = last;
        /* The turn ends with the first moment at which the whole way has been made. */
        for (int i = m; i-- > 0 && level == rule->n_steps;) {
            int k = 0;
            while (k < m && turn[k].time <= turn[i].time)
                k++;
            if (level_of(house, rule, turn, k) < rule->n_steps)
                break;
            behind = turn[i].time;
        }
        for (int step = 0; step < level; step++)
            counts[step]++;
    }
}

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
            plain_turns(&houses[h], &rule, e, n, want);
            if (memcmp(found, want, sizeof found) != 0)
                fail_msg("house %zu, history %d: turns differ: %d %d against %d %d", h, round,
                         (int)found[0], (int)found[1], (int)want[0], (int)want[1]);
            /* Without strict_order a turn is found for whoever came that far. */
            int people = level_of(&houses[h], &rule, e, n);
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
        int level = level_of(house, &rule, part, m);
        best = level > best ? level : best;
        plain_turns(house, &rule, part, m, want);
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
            int level = level_of(&house, &rule, e, n);
            best = level > best ? level : best;
            plain_turns(&house, &rule, e, n, turns);
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

/* ---- Lines ---- */

static void test_plan(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    static const char *const same[] = {
        "30d: register -> purchase",
        "36h: channel~\" -> \" -> kind in (a, 'b ; c') ; mode=strict_order,strict_increase",
        "7s: register -> review ; dialect=posthog ; order=strict ; exclude=channel=\"a:b\":0-1 ; "
        "by=age"
        " ; hold=coupon ; measure=amount ; within=label:coffee",
        "30d: register -> purchase ; mode=none ; by=label",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct funnel_plan plan;
        assert_ok(funnel_plan_parse(arena, same[i], &plan, &err));
        assert_string_equal(funnel_plan_text(arena, &plan), same[i]);
    }
    static const char *const wrong[][2] = {
        {"register", "expected a window and steps"},
        {"30d: register -> purchase and amonut>3", "step 2: 1:14: found 'amonut'"},
        {"30d: register ; hold=weather", "hold: found 'weather', expected one of shop, category"},
        {"30d: register ; colour=red", "found 'colour=red', expected one of dialect="},
        {"30d: register ; exclude=refund", "exclude: found 'refund', expected EXPR:FROM-TO"},
        {"30d: register ; mode=strictest", "mode: found 'strictest'"},
        {"30d: register ; order=strict", "belongs to the posthog dialect"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct funnel_plan plan;
        assert_int_equal(funnel_plan_parse(arena, wrong[i][0], &plan, &err), ST_USAGE);
        if (!strstr(error_text(&err), wrong[i][1]))
            fail_msg("%s: %s", wrong[i][0], error_text(&err));
    }
    error_clear(&err);
    arena_free(arena);
}

/* A funnel is kept by an operation, found, changed, and brought back. */
static void test_kept(void **state)
{
    (void)state;
    struct temp_mall mall = temp_mall_new();
    struct arena *arena = arena_new();
    struct funnel_kept kept;
    const struct funnel_kept *all;
    struct operation_result result;
    size_t n;
    json_t *set = json_pack("{s:s, s:s}", "definition", "30d: register", "author", "liu");
    struct operation op = {.actor = "liu",
                           .rights = RIGHT_QUESTIONS,
                           .entity = "funnel",
                           .target = "mine",
                           .verb = OPERATION_CREATE,
                           .base_version = -1,
                           .set = set};
    assert_ok(operation_apply(mall.writer, &op, &result, &err));
    assert_ok(funnels_kept(mall.reader, arena, &all, &n, &err));
    assert_int_equal(n, n_saved_funnels + 1);
    assert_ok(funnel_kept_find(mall.reader, arena, "mine", &kept, &err));
    assert_string_equal(kept.text, "30d: register");
    assert_null(kept.built_in);
    op.verb = OPERATION_DELETE;
    op.set = json_object();
    assert_ok(operation_apply(mall.writer, &op, &result, &err));
    json_decref(op.set);
    assert_int_equal(funnel_kept_find(mall.reader, arena, "mine", &kept, &err), ST_REFUSED);
    assert_ok(operation_undo(mall.writer, result.id, "liu", RIGHT_QUESTIONS, &result, &err));
    assert_ok(funnel_kept_find(mall.reader, arena, "mine", &kept, &err));
    op.rights = RIGHT_PEOPLE_SEE;
    op.set = set;
    op.verb = OPERATION_SET;
    assert_int_equal(operation_apply(mall.writer, &op, &result, &err), ST_DENIED);
    json_decref(set);
    error_clear(&err);
    arena_free(arena);
    temp_mall_free(&mall);
}

/* A list becomes a frozen segment, can be asked as one, and is gone again when that is undone. */
static void test_kept_people(void **state)
{
    (void)state;
    struct temp_mall mall = temp_mall_new();
    struct arena *arena = arena_new();
    const struct test_event events[] = {{.time = 1000, .person = 3, .kind = "register"},
                                        {.time = 1000, .person = 20000, .kind = "register"},
                                        {.time = 1000, .person = 20001, .kind = "register"}};
    test_events_add(&mall, events, 3);
    test_run(&mall, "update counter set value = 20001 where name = 'person'");
    struct access access = test_access(ACCESS_ANALYST);
    struct operation_result result;
    struct funnel_plan plan;
    struct funnel funnel;
    const uint32_t people[] = {3, 20001};
    const struct set *set = set_of(arena, 20002, people, 2);
    assert_ok(segment_keep(mall.writer, &access, "the drop", "after step 1", set, &result, &err));
    assert_int_equal(segment_keep(mall.writer, &access, "the drop", "again", set, &result, &err),
                     ST_CONFLICT);
    assert_ok(funnel_plan_parse(arena, "1d: register ; within=the drop", &plan, &err));
    plan.query.to = 5000;
    assert_ok(funnel_plan_bind(mall.reader, arena, &access, &plan, &err));
    assert_ok(funnel_run(mall.reader, arena, &plan.query, &funnel, &err));
    assert_int_equal(set_count(plan.query.within), 2);
    assert_int_equal(funnel.steps[0].count, 2);
    assert_int_equal(funnel.levels[3], 1);
    assert_int_equal(funnel.levels[20000], FUNNEL_NOBODY);
    assert_ok(operation_undo(mall.writer, result.id, access.principal, access.rights, NULL, &err));
    plan.query.within = NULL;
    assert_int_equal(funnel_plan_bind(mall.reader, arena, &access, &plan, &err), ST_USAGE);
    error_clear(&err);
    arena_free(arena);
    temp_mall_free(&mall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns),     cmocka_unit_test(test_held),
        cmocka_unit_test(test_held_ties), cmocka_unit_test(test_mixpanel_exclusions),
        cmocka_unit_test(test_mall),      cmocka_unit_test(test_why),
        cmocka_unit_test(test_amounts),   cmocka_unit_test(test_times),
        cmocka_unit_test(test_compare),   cmocka_unit_test(test_plan),
        cmocka_unit_test(test_kept),      cmocka_unit_test(test_kept_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
