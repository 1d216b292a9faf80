/* Funnels over a mall whose people arrive block after block: whatever the scan passes over and
 * whichever way a person is followed, the answer is that of looking at every event. */
#include "model/loop/funnel.h"
#include "model/loop/funnel_path.h"
#include "model/question/expr.h"
#include "tests/support/event_history.h"
#include "tests/support/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

enum { BLOCKS = 4, PEOPLE = 30, EVENTS = 3000, DAY = 86400 };

/* ---- The mall ---- */

static uint32_t person_of(struct dice *dice, uint32_t block)
{
    uint32_t number = (uint32_t)dice_below(dice, PEOPLE) * 540;
    return block * EVENT_BLOCK + (number ? number : 1);
}

/* Most register once when their block arrives, a few twice or never; everything else lies anywhere
 * in 20 months, much of it in the weeks after. */
static void mall_fill(struct temp_mall *mall, struct dice *dice)
{
    static const char *const kinds_used[] = {"purchase", "points_earn", "app_open", "review"};
    struct test_event *events = mem_zero(EVENTS, sizeof *events);
    int64_t begin = test_time(2017, 1, 10, 12, 0);
    for (int i = 0; i < EVENTS; i++) {
        uint32_t block = (uint32_t)dice_below(dice, BLOCKS);
        int64_t arrival = begin + block * 120 * (int64_t)DAY;
        bool enters = dice_below(dice, 25) == 0;
        bool near = dice_below(dice, 3) == 0;
        events[i] = (struct test_event){
            .time = enters || near ? arrival + (int64_t)dice_below(dice, 40) * DAY / 4
                                   : begin + (int64_t)dice_below(dice, 600) * DAY,
            .person = person_of(dice, block),
            .kind = enters ? "register" : kinds_used[dice_below(dice, 4)],
            .tenant = dice_below(dice, 2) ? "T01" : "T02",
            .amount = (int64_t)dice_below(dice, 500) * 100};
    }
    test_events_add(mall, events, EVENTS);
    test_run(mall, "update counter set value = 65000 where name = 'person'");
    free(events);
}

/* ---- The plain answer ---- */

struct seen {
    uint32_t person, tenant;
    size_t order;
    struct funnel_event event;
};

struct plain {
    const struct funnel_query *query;
    struct funnel_rule rule;
    const struct matcher *matchers[8];
    uint32_t bits[8];
    size_t n_matchers;
    VEC(struct seen) seen;
    int64_t subjects, excluded, counts[FUNNEL_STEPS], sums[FUNNEL_STEPS];
    int64_t in_shop[8][FUNNEL_STEPS];
    uint8_t levels[70000];
};

static enum status block_see(void *context, const struct event_block *block, struct error *e)
{
    struct plain *plain = context;
    (void)e;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        uint32_t *masks = mem_zero(run->n, sizeof *masks);
        for (size_t m = 0; m < plain->n_matchers; m++)
            matcher_mark(plain->matchers[m], run, plain->bits[m], masks);
        for (size_t i = 0; i < run->n; i++)
            vec_push(&plain->seen,
                     (struct seen){.person = run->person[i],
                                   .tenant = run->tenant ? run->tenant[i] : 0,
                                   .order = plain->seen.n,
                                   .event = {.time = run->time[i], .mask = masks[i]}});
        free(masks);
    }
    return ST_OK;
}

static int seen_compare(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    if (x->event.time != y->event.time)
        return x->event.time < y->event.time ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

/* Events of one person; those that no rule looks at are left out. */
static void person_plain(struct plain *plain, const struct seen *seen, size_t n)
{
    const struct funnel_query *query = plain->query;
    bool strangers = (query->modes & MODE_STRICT_ORDER) || query->order == ORDER_STRICT;
    bool longer = query->order != ORDER_UNORDERED, subject = false;
    struct funnel_event *events = mem_zero(n + 1, sizeof *events);
    struct funnel_scratch scratch = {0};
    struct funnel_path path;
    size_t taken = 0;
    for (size_t i = 0; i < n; i++) {
        struct funnel_event event = seen[i].event;
        event.row = (uint32_t)i;
        if (event.time >= query->to && (!longer || event.time >= query->to + query->window))
            continue;
        subject |= (event.mask & FUNNEL_STEP_MASK) && event.time < query->to;
        if (event.time >= query->to && (event.mask & 1))
            event.mask = (event.mask & ~UINT32_C(1)) | UINT32_C(1) << 31;
        if (event.mask || strangers)
            events[taken++] = event;
    }
    if (subject) {
        funnel_follow(&plain->rule, events, taken, &scratch, &path);
        plain->subjects++;
        plain->excluded += path.excluded;
        plain->levels[seen->person] = (uint8_t)path.level;
        for (int step = 0; step < path.level; step++) {
            plain->counts[step]++;
            plain->in_shop[seen[events[path.at[0]].row].tenant][step]++;
            if (step)
                plain->sums[step] += events[path.at[step]].time - events[path.at[step - 1]].time;
        }
    }
    vec_free(&scratch.next);
    free(events);
}

static void plain_add(struct plain *plain, struct temp_mall *mall, struct arena *arena,
                      const char *expr, uint32_t bit)
{
    plain->bits[plain->n_matchers] = bit;
    assert_ok(matcher_new(mall->reader, arena, expr, &plain->matchers[plain->n_matchers++], &err));
}

static void plain_run(struct plain *plain, struct temp_mall *mall, struct arena *arena,
                      const struct funnel_query *query)
{
    struct event_query scan = {
        .from = query->from, .columns = EVENT_TENANT | EVENT_AMOUNT, .people = true};
    memset(plain, 0, sizeof *plain);
    memset(plain->levels, FUNNEL_NOBODY, sizeof plain->levels);
    plain->query = query;
    plain->rule = (struct funnel_rule){.dialect = query->dialect,
                                       .modes = query->modes,
                                       .order = query->order,
                                       .n_steps = (int)query->n_steps,
                                       .window = query->window,
                                       .n_exclusions = query->n_exclusions};
    assert_ok(reader_begin(mall->reader, &err));
    for (size_t i = 0; i < query->n_steps; i++)
        plain_add(plain, mall, arena, query->steps[i], UINT32_C(1) << i);
    for (size_t i = 0; i < query->n_exclusions; i++) {
        plain->rule.exclusions[i].from = query->exclusions[i].from;
        plain->rule.exclusions[i].to = query->exclusions[i].to;
        plain_add(plain, mall, arena, query->exclusions[i].expr, UINT32_C(1) << (FUNNEL_STEPS + i));
    }
    assert_ok(event_scan(mall->reader, &scan, block_see, plain, &err));
    reader_end(mall->reader);
    if (plain->seen.n)
        qsort(plain->seen.at, plain->seen.n, sizeof *plain->seen.at, seen_compare);
    for (size_t from = 0, to; from < plain->seen.n; from = to) {
        for (to = from;
             to < plain->seen.n && plain->seen.at[to].person == plain->seen.at[from].person;)
            to++;
        person_plain(plain, plain->seen.at + from, to - from);
    }
    vec_free(&plain->seen);
}

/* ---- Comparing ---- */

static void answers_equal(const struct plain *plain, const struct funnel *funnel)
{
    assert_int_equal(funnel->subjects, plain->subjects);
    assert_int_equal(funnel->excluded, plain->excluded);
    for (uint32_t p = 0; p < funnel->n_people; p++)
        if (funnel->levels[p] != plain->levels[p])
            fail_msg("person %u: level %d, want %d", p, funnel->levels[p], plain->levels[p]);
    for (size_t i = 0; i < funnel->n_steps; i++) {
        assert_int_equal(funnel->steps[i].count, plain->counts[i]);
        if (i && plain->counts[i])
            assert_true(funnel->steps[i].mean_s ==
                        (double)plain->sums[i] / (double)plain->counts[i]);
    }
    for (size_t g = 0; g < funnel->n_groups; g++)
        for (size_t i = 0; i < funnel->n_steps; i++)
            assert_int_equal(funnel->groups[g].steps[i].count,
                             plain->in_shop[funnel->groups[g].key][i]);
}

static void compare(struct temp_mall *mall, struct funnel_query *query)
{
    static struct plain plain;
    struct arena *arena = arena_new();
    struct funnel funnel;
    plain_run(&plain, mall, arena, query);
    for (query->threads = 1; query->threads <= 2; query->threads++) {
        assert_ok(funnel_run(mall->reader, arena, query, &funnel, &err));
        answers_equal(&plain, &funnel);
    }
    arena_free(arena);
}

static const char *const steps_asked[][4] = {
    {"register", "purchase", "points_earn", "purchase"},
    {"purchase", "purchase", "review", "purchase"},
    {"register", "purchase and amount>=250", "points_earn", "review"},
    {"register and tenant=T01", "kind in (purchase, app_open)", "purchase", "app_open"},
    {"kind in (register, review)", "purchase", "not kind=purchase", "points_earn"},
};

static void compare_all(struct temp_mall *mall, struct funnel_query *query)
{
    static const int64_t windows[] = {0, 3 * DAY, 30 * DAY, 400 * (int64_t)DAY};
    for (size_t s = 0; s < sizeof steps_asked / sizeof *steps_asked; s++)
        for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
            query->steps = steps_asked[s];
            query->n_steps = 4;
            query->window = windows[w];
            query->from = w % 2 ? test_time(2017, 3, 17, 0, 0) : test_time(2016, 1, 1, 0, 0);
            query->to = w % 2 ? test_time(2018, 1, 20, 0, 0) : test_time(2019, 1, 1, 0, 0);
            query->by = w % 2 ? FUNNEL_BY_SHOP : FUNNEL_BY_NONE;
            compare(mall, query);
        }
}

static void compare_rules(struct temp_mall *mall)
{
    static const struct funnel_exclusion without[] = {{"app_open", 0, 2}};
    for (unsigned modes = 0; modes < 16; modes++)
        compare_all(mall, &(struct funnel_query){.modes = modes});
    for (int order = 0; order < ORDER_COUNT; order++)
        compare_all(mall, &(struct funnel_query){.dialect = DIALECT_POSTHOG,
                                                 .order = (enum funnel_order)order});
    compare_all(mall, &(struct funnel_query){.dialect = DIALECT_MIXPANEL});
    compare_all(mall, &(struct funnel_query){
                          .dialect = DIALECT_POSTHOG, .exclusions = without, .n_exclusions = 1});
    compare_all(mall, &(struct funnel_query){
                          .dialect = DIALECT_MIXPANEL, .exclusions = without, .n_exclusions = 1});
}

static void test_everything(void **state)
{
    (void)state;
    struct temp_mall mall = temp_mall_new();
    struct dice dice = {.state = 11};
    mall_fill(&mall, &dice);
    compare_all(&mall, &(struct funnel_query){.modes = MODE_STRICT_ONCE}); /* from the tail */
    assert_ok(event_fold(mall.writer, 0, &err));
    compare_rules(&mall);
    temp_mall_free(&mall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_everything)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
