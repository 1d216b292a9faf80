/* Funnels: each house's rules against a plain reference on thousands of random histories, and a
 * mall's answer against the same reference, on one thread and on two. */
#include "model/loop/funnel.h"
#include "model/loop/funnel_path.h"
#include "tests/support/event_history.h"
#include "tests/support/funnel_plain.h"
#include "tests/support/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

/* ---- Random histories ---- */

static void path_check(const struct funnel_rule *rule, const struct funnel_event *e, int n,
                       const struct funnel_path *path)
{
    uint32_t steps = 0;
    for (int i = 0; i < path->level; i++) {
        assert_true(path->at[i] < (uint32_t)n);
        steps |= e[path->at[i]].mask;
        if (rule->order != ORDER_UNORDERED)
            assert_true(e[path->at[i]].mask >> i & 1);
        if (i)
            assert_true(e[path->at[i]].time >= e[path->at[i - 1]].time);
    }
    if (path->level)
        assert_true(e[path->at[path->level - 1]].time - e[path->at[0]].time <= rule->window);
    (void)steps;
}

static void compare(const struct funnel_rule *base, const struct shape *shape, plain_fn *fn,
                    bool own, int rounds)
{
    struct dice dice = {.state = 7 + base->modes};
    struct funnel_scratch scratch = {0};
    struct funnel_event e[MOST];
    struct funnel_path path;
    for (int i = 0; i < rounds; i++) {
        struct funnel_rule rule = *base;
        rule.n_steps = 1 + (int)dice_below(&dice, 5);
        rule.window = (int64_t)dice_below(&dice, 12);
        int n = history_make(&dice, &rule, shape, e);
        struct plain p = {&rule, e, n, own, rule.modes & MODE_STRICT_INCREASE};
        funnel_follow(&rule, e, (size_t)n, &scratch, &path);
        int want = fn(&p);
        for (int k = 0; k < n && path.level != want; k++)
            print_message("%lld:%x ", (long long)e[k].time, e[k].mask);
        if (path.level != want)
            fail_msg("dialect %d modes %u order %d, history %d, window %d: level %d, want %d",
                     rule.dialect, rule.modes, rule.order, i, (int)rule.window, path.level, want);
        path_check(&rule, e, n, &path);
    }
    vec_free(&scratch.next);
}

static void test_clickhouse(void **state)
{
    (void)state;
    for (unsigned modes = 0; modes < 16; modes++) {
        struct funnel_rule rule = {.dialect = DIALECT_CLICKHOUSE, .modes = modes};
        bool once = modes & MODE_STRICT_ONCE;
        compare(&rule, &(struct shape){1, false, true}, plain_clickhouse, once, 3000);
        compare(&rule, &(struct shape){2, false, true}, plain_clickhouse, once, 3000);
    }
    struct funnel_rule rule = {.dialect = DIALECT_CLICKHOUSE};
    compare(&rule, &(struct shape){1, true, false}, plain_level, false, 5000);
    rule.modes = MODE_STRICT_ONCE;
    compare(&rule, &(struct shape){2, true, false}, plain_level, true, 5000);
}

static void test_mixpanel(void **state)
{
    (void)state;
    struct funnel_rule rule = {.dialect = DIALECT_MIXPANEL};
    compare(&rule, &(struct shape){1, false, false}, plain_mixpanel, true, 10000);
    compare(&rule, &(struct shape){2, true, false}, plain_mixpanel, true, 10000);
}

static void test_posthog(void **state)
{
    (void)state;
    struct funnel_rule rule = {.dialect = DIALECT_POSTHOG};
    compare(&rule, &(struct shape){1, true, false}, plain_level, true, 10000);
    compare(&rule, &(struct shape){1, false, false}, plain_level, true, 10000);
    rule.order = ORDER_STRICT;
    compare(&rule, &(struct shape){1, true, true}, plain_strict, true, 10000);
    rule.order = ORDER_UNORDERED;
    compare(&rule, &(struct shape){1, false, false}, plain_unordered, true, 10000);
}

/* ---- A mall ---- */

static const char *const kinds_used[] = {"purchase", "register", "app_open", "review"};

/* 300 people in three blocks' reach of each other, a handful of events each. */
static void mall_fill(struct temp_mall *mall, struct dice *dice)
{
    enum { PEOPLE = 300, EVENTS = 2500 };
    static char codes[EVENTS][16];
    for (int i = 0; i < EVENTS; i++)
        snprintf(codes[i], sizeof codes[i], "C%d", i % 7 * 1000 + i / 4);
    struct test_event *events = mem_zero(EVENTS, sizeof *events);
    for (int i = 0; i < EVENTS; i++)
        events[i] = (struct test_event){.time = test_time(2017, 10, 1, 12, 0) +
                                                (int64_t)dice_below(dice, 30 * 86400),
                                        .person = 1 + (uint32_t)dice_below(dice, PEOPLE) * 100,
                                        .kind = kinds_used[dice_below(dice, 4)],
                                        .tenant = dice_below(dice, 2) ? "T01" : "T02",
                                        .channel = dice_below(dice, 2) ? "pos" : "app",
                                        .ref = dice_below(dice, 3) ? codes[i] : NULL,
                                        .amount = (int64_t)dice_below(dice, 500) * 100};
    test_events_add(mall, events, EVENTS);
    test_run(mall, "update counter set value = 30000 where name = 'person'");
    free(events);
}

static void funnels_equal(const struct funnel *a, const struct funnel *b)
{
    assert_int_equal(a->subjects, b->subjects);
    assert_int_equal(a->n_groups, b->n_groups);
    assert_int_equal(a->n_people, b->n_people);
    assert_memory_equal(a->levels, b->levels, a->n_people);
    for (size_t i = 0; i < a->n_steps; i++) {
        assert_int_equal(a->steps[i].count, b->steps[i].count);
        assert_true(a->steps[i].mean_s == b->steps[i].mean_s);
        assert_true(a->steps[i].median_s == b->steps[i].median_s);
    }
}

static void test_mall(void **state)
{
    (void)state;
    static const char *const steps[] = {"register", "purchase and amount>=100 and tenant=T01",
                                        "kind in (app_open, review) and not channel=pos"};
    struct temp_mall mall = temp_mall_new();
    struct dice dice = {.state = 3};
    struct arena *arena = arena_new();
    mall_fill(&mall, &dice);
    struct set *odd = set_new(arena, 1000), *even = set_new(arena, 1000);
    for (uint32_t p = 1; p < 1000; p++)
        set_add(p % 2 ? odd : even, p);
    struct funnel_set sets[] = {{"even", even}, {"odd", odd}};
    for (int fold = 0; fold < 2; fold++) {
        for (int dialect = 0; dialect < DIALECT_COUNT; dialect++)
            for (int by = 0; by < FUNNEL_BY_LABEL; by++) {
                struct funnel_query query = {.steps = steps,
                                             .n_steps = 3,
                                             .window = 7 * 86400,
                                             .dialect = (enum funnel_dialect)dialect,
                                             .from = test_time(2017, 10, 5, 0, 0),
                                             .to = test_time(2017, 10, 25, 0, 0),
                                             .by = (enum funnel_by)by,
                                             .sets = sets,
                                             .n_sets = 2,
                                             .threads = 1};
                struct funnel one, two;
                size_t n;
                int64_t in_groups = 0;
                assert_ok(funnel_run(mall.reader, arena, &query, &one, &err));
                query.threads = 2;
                assert_ok(funnel_run(mall.reader, arena, &query, &two, &err));
                funnels_equal(&one, &two);
                for (int step = 1; step <= 3; step++) {
                    funnel_people(arena, &one, step, FUNNEL_STEPS, &n);
                    assert_int_equal(n, one.steps[step - 1].count);
                }
                assert_true(one.steps[0].count > 50 && one.steps[2].count > 5);
                for (size_t g = 0; g < one.n_groups; g++)
                    in_groups += one.groups[g].steps[0].count;
                if (by)
                    assert_int_equal(in_groups, one.steps[0].count);
            }
        assert_ok(event_fold(mall.writer, 0, &err));
    }
    arena_free(arena);
    temp_mall_free(&mall);
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const steps[] = {"register", "purchase and amonut>3"};
    struct temp_mall mall = temp_mall_new();
    struct arena *arena = arena_new();
    struct funnel funnel;
    struct funnel_query query = {.steps = steps, .n_steps = 2, .window = 10, .to = 100};
    assert_int_equal(funnel_run(mall.reader, arena, &query, &funnel, &err), ST_USAGE);
    assert_non_null(strstr(error_text(&err), "step 2: 1:14: found 'amonut'"));
    assert_non_null(strstr(error_text(&err), "did you mean amount?"));
    query.n_steps = 1;
    query.order = ORDER_STRICT;
    assert_int_equal(funnel_run(mall.reader, arena, &query, &funnel, &err), ST_USAGE);
    error_clear(&err);
    arena_free(arena);
    temp_mall_free(&mall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clickhouse), cmocka_unit_test(test_mixpanel),
        cmocka_unit_test(test_posthog),    cmocka_unit_test(test_mall),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
