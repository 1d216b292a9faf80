/* Funnels: each house's rules against a plain reference on thousands of random histories, and a
 * mall's answer against the same reference, on one thread and on two. */
#include "model/loop/funnel.h"
#include "model/loop/funnel_path.h"
#include "tests/support/event_history.h"
#include "tests/support/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

enum { MOST = 14 };

/* ---- The reference: try everything ---- */

struct plain {
    const struct funnel_rule *rule;
    const struct funnel_event *e;
    int n;
    bool own;      /* an event serves one step */
    bool increase; /* times rise strictly */
};

/* The deepest step that can follow `step` steps made, the last of them by entry (time, step) of
 * event `at`. */
static int plain_deepest(const struct plain *p, int step, int at, int64_t first, unsigned used)
{
    int best = step;
    for (int i = 0; step < p->rule->n_steps && i < p->n; i++) {
        int64_t time = p->e[i].time;
        if (!(p->e[i].mask >> step & 1) || time < p->e[at].time || time - first > p->rule->window)
            continue;
        if ((p->own && (used >> i & 1)) || (p->increase && time <= p->e[at].time))
            continue;
        int deep = plain_deepest(p, step + 1, i, first, used | 1u << i);
        best = deep > best ? deep : best;
    }
    return best;
}

static int plain_level(const struct plain *p)
{
    int best = 0;
    for (int i = 0; i < p->n; i++)
        if (p->e[i].mask & 1) {
            int deep = plain_deepest(p, 1, i, p->e[i].time, 1u << i);
            best = deep > best ? deep : best;
        }
    return best;
}

/* The entries (time, step, event) that clickhouse looks at, in its order. */
struct entry {
    int64_t time;
    int step, event; /* step 0: none, else from 1 */
};

static int entry_compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->step != y->step ? x->step - y->step : x->event - y->event;
}

static int entries_make(const struct plain *p, struct entry *entries)
{
    int n = 0;
    for (int i = 0; i < p->n; i++) {
        for (int s = 0; s < p->rule->n_steps; s++)
            if (p->e[i].mask >> s & 1)
                entries[n++] = (struct entry){p->e[i].time, s + 1, i};
        if (!p->e[i].mask)
            entries[n++] = (struct entry){p->e[i].time, 0, i};
    }
    qsort(entries, (size_t)n, sizeof *entries, entry_compare);
    return n;
}

/* All chains kept, as the strict modes with strict_once need; `last` and `first` by chain. */
struct plain_chain {
    int length;
    int64_t first, last;
    unsigned used;
};
enum { CHAINS = 100000 };

static bool chain_of_length(const struct plain_chain *chains, size_t n, int length)
{
    for (size_t i = 0; i < n; i++)
        if (chains[i].length == length)
            return true;
    return false;
}

static int chains_longest(const struct plain_chain *chains, size_t n)
{
    int best = 0;
    for (size_t i = 0; i < n; i++)
        best = chains[i].length > best ? chains[i].length : best;
    return best;
}

/* Without strict_once only the last chain of each length lives. */
static size_t chain_keep(struct plain_chain *chains, size_t n, bool once, struct plain_chain chain)
{
    for (size_t i = 0; !once && i < n; i++)
        if (chains[i].length == chain.length) {
            chains[i] = chain;
            return n;
        }
    assert_true(n < CHAINS);
    chains[n] = chain;
    return n + 1;
}

static int plain_clickhouse(const struct plain *p)
{
    static struct plain_chain chains[CHAINS];
    struct entry entries[MOST * 8];
    size_t n = 0;
    int n_entries = entries_make(p, entries);
    unsigned modes = p->rule->modes;
    for (int i = 0; i < n_entries; i++) {
        struct entry *e = &entries[i];
        bool begun = chain_of_length(chains, n, 1);
        if (e->step == 0) {
            if ((modes & MODE_STRICT_ORDER) && begun)
                break;
            continue;
        }
        if (e->step > 1 && (modes & MODE_STRICT_DEDUPLICATION) &&
            chain_of_length(chains, n, e->step))
            break;
        if (e->step > 1 && (modes & MODE_STRICT_ORDER) && begun &&
            !chain_of_length(chains, n, e->step - 1))
            break;
        if (e->step == 1) {
            n = chain_keep(chains, n, p->own,
                           (struct plain_chain){1, e->time, e->time, 1u << e->event});
            continue;
        }
        for (size_t c = 0, all = n; c < all; c++) {
            struct plain_chain next = chains[c];
            if (next.length != e->step - 1 || e->time - next.first > p->rule->window ||
                (p->own && (next.used >> e->event & 1)) || (p->increase && next.last >= e->time))
                continue;
            next = (struct plain_chain){e->step, next.first, e->time, next.used | 1u << e->event};
            n = chain_keep(chains, n, p->own, next);
        }
        if (chain_of_length(chains, n, p->rule->n_steps))
            return p->rule->n_steps;
    }
    return chains_longest(chains, n);
}

/* The first entry, then the best way from it. */
static int plain_mixpanel(const struct plain *p)
{
    int best = 0;
    int64_t first = INT64_MAX;
    for (int i = 0; i < p->n; i++)
        if ((p->e[i].mask & 1) && p->e[i].time < first)
            first = p->e[i].time;
    for (int i = 0; i < p->n; i++)
        if ((p->e[i].mask & 1) && p->e[i].time == first) {
            int deep = plain_deepest(p, 1, i, first, 1u << i);
            best = deep > best ? deep : best;
        }
    return best;
}

/* Neighbouring events only: each is the next step, or the same one again. */
static int plain_neighbours(const struct plain *p, int i, int made, int64_t first)
{
    int best = made, deep;
    if (made == p->rule->n_steps || i == p->n)
        return best;
    if ((p->e[i].mask >> made & 1) && p->e[i].time - first <= p->rule->window) {
        deep = plain_neighbours(p, i + 1, made + 1, first);
        best = deep > best ? deep : best;
    }
    if (p->e[i].mask >> (made - 1) & 1) {
        deep = plain_neighbours(p, i + 1, made, first);
        best = deep > best ? deep : best;
    }
    return best;
}

static int plain_strict(const struct plain *p)
{
    int best = 0;
    for (int i = 0; i < p->n; i++) {
        int deep = p->e[i].mask & 1 ? plain_neighbours(p, i + 1, 1, p->e[i].time) : 0;
        best = deep > best ? deep : best;
    }
    return best;
}

/* Most steps that have an event each inside any window; of events that match one step alone. */
static int plain_unordered(const struct plain *p)
{
    int best = 0;
    for (int i = 0; i < p->n; i++) {
        uint32_t made = 0;
        for (int k = i; k < p->n && p->e[k].time - p->e[i].time <= p->rule->window; k++)
            made |= p->e[k].mask;
        int n = __builtin_popcount(made & FUNNEL_STEP_MASK);
        best = n > best ? n : best;
    }
    return best;
}

/* ---- Random histories ---- */

struct shape {
    int kinds;     /* of step masks: 1: one step an event */
    bool distinct; /* no two events at one moment */
    bool strangers;
};

static int history_make(struct dice *dice, const struct funnel_rule *rule,
                        const struct shape *shape, struct funnel_event *e)
{
    int n = (int)dice_below(dice, MOST - 4);
    int64_t time = 1000;
    for (int i = 0; i < n; i++) {
        time += shape->distinct + (int64_t)dice_below(dice, 3);
        uint32_t mask = 0;
        for (int k = 0; k < shape->kinds; k++)
            mask |= UINT32_C(1) << dice_below(dice, (uint64_t)rule->n_steps);
        if (shape->strangers && dice_below(dice, 6) == 0)
            mask = 0;
        e[i] = (struct funnel_event){.time = time, .mask = mask, .row = (uint32_t)i};
    }
    return n;
}

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

typedef int plain_fn(const struct plain *p);

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
    struct test_event *events = mem_zero(EVENTS, sizeof *events);
    for (int i = 0; i < EVENTS; i++)
        events[i] = (struct test_event){.time = test_time(2017, 10, 1, 12, 0) +
                                                (int64_t)dice_below(dice, 30 * 86400),
                                        .person = 1 + (uint32_t)dice_below(dice, PEOPLE) * 100,
                                        .kind = kinds_used[dice_below(dice, 4)],
                                        .tenant = dice_below(dice, 2) ? "T01" : "T02",
                                        .channel = dice_below(dice, 2) ? "pos" : "app",
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
            for (int by = 0; by < FUNNEL_BY_COUNT; by++) {
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
