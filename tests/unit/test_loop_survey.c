/* Figures and drill-downs against a plain reference over random histories: every metric by every
 * dimension, and every count against the list behind it. */
#include "model/base/arena.h"
#include "model/loop/stages.h"
#include "model/loop/visits.h"
#include "tests/support/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MALLS = 15 };

static const enum dimension all_dims[] = {DIM_NONE,     DIM_DAY,     DIM_HOUR,     DIM_WEEK_HOUR,
                                          DIM_DAY_HOUR, DIM_ZONE,    DIM_AREA,     DIM_TENANT,
                                          DIM_CATEGORY, DIM_CHANNEL, DIM_CAMPAIGN, DIM_DELAY,
                                          DIM_GROUP,    DIM_TOPIC,   DIM_RELATION, DIM_CONNECTIONS};

static void assert_list(const struct reference *r, struct arena *arena, enum metric_id metric,
                        enum dimension dim, int64_t key)
{
    const struct sum *want = &r->sums[metric][dim][key];
    struct drill_query query = {.metric = metric,
                                .period = period_of(&r->story->mall->clock, r->to, r->from, r->to),
                                .dim = dim,
                                .key = key + key_base(r, dim)};
    struct drill drill;
    struct error err = {0};
    int64_t amount = 0;

    assert_ok(drill_run(r->story->reader, arena, &query, &drill, &err));
    if (drill.count != want->n)
        fail_msg("list of %s by %s %ld: %ld, not %ld", metrics[metric].name, dimension_name(dim),
                 (long)key, (long)drill.count, (long)want->n);
    if (metrics[metric].sum == SUM_AMOUNT)
        assert_int_equal(drill.amount, want->amount);
    for (size_t i = 1; i < drill.n_ids; i++)
        assert_true(drill.ids[i - 1] < drill.ids[i]);
    for (size_t i = 1; i < drill.n_addresses; i++)
        assert_true(drill.addresses[i - 1] < drill.addresses[i]);
    if (drill.behind == BEHIND_DEVICES || drill.behind == BEHIND_ADDRESSES)
        assert_int_equal(drill.n_ids + drill.n_addresses, drill.count);
    if (drill.behind == BEHIND_VISITS || drill.behind == BEHIND_EVENTS) {
        assert_int_equal(drill.n_rows, drill.count);
        for (size_t i = 0; i < drill.n_rows; i++) {
            amount += drill.rows[i].amount;
            assert_true(i == 0 || drill.rows[i - 1].time >= drill.rows[i].time);
        }
        assert_int_equal(amount, drill.amount);
    }
}

static bool is_derived(enum metric_id metric)
{
    return metrics[metric].part != METRIC_END || metric == METRIC_POINTS_LIABILITY;
}

/* All cells of all metrics from one survey; a list here and there, each dimension's first. */
static void assert_everything(struct story *s, struct reference *r, uint64_t lists)
{
    struct survey_plan plan = survey_plan_of(r->from, r->to);
    if (draw(s, 2))
        plan.addresses_most = 16; /* counted in parts */
    struct survey_ground ground;
    struct survey *survey;
    struct error err = {0};
    struct arena *arena = arena_new(), *list_arena = arena_new();

    for (int m = 0; m < METRIC_END; m++)
        for (size_t d = 0; d < sizeof all_dims / sizeof *all_dims; d++)
            if (metric_has((enum metric_id)m, all_dims[d]))
                survey_plan_add(&plan, (enum metric_id)m, all_dims[d]);
    assert_ok(reader_begin(s->reader, &err));
    assert_ok(survey_ground_read(&ground, s->reader, arena, &err));
    assert_int_equal(ground.places.n_categories, 3);
    assert_ok(survey_run(&ground, &plan, &survey, &err));
    for (int m = 0; m < METRIC_END; m++)
        for (size_t d = 0; d < sizeof all_dims / sizeof *all_dims; d++) {
            enum dimension dim = all_dims[d];
            if (is_derived((enum metric_id)m) || !metric_has((enum metric_id)m, dim))
                continue;
            const struct sum *sums =
                dim == DIM_NONE ? &survey->lanes[0].total[m] : survey->lanes[0].by[dim][m];
            for (size_t key = 0; key < (dim == DIM_NONE ? 1 : survey->sizes[dim]); key++) {
                const struct sum *want = &r->sums[m][dim][key];
                if (sums[key].n != want->n ||
                    (metrics[m].sum == SUM_AMOUNT && sums[key].amount != want->amount))
                    fail_msg("%s by %s %zu: %ld (%ld), not %ld (%ld)", metrics[m].name,
                             dimension_name(dim), key, (long)sums[key].n, (long)sums[key].amount,
                             (long)want->n, (long)want->amount);
                if (draw(s, lists) == 0) {
                    assert_list(r, list_arena, (enum metric_id)m, dim, (int64_t)key);
                    arena_reset(list_arena);
                }
            }
        }
    survey_end(survey);
    survey_ground_end(&ground);
    reader_end(s->reader);
    arena_free(arena);
    arena_free(list_arena);
}

static void random_malls(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= MALLS; seed++) {
        struct story *s = story_new(seed);
        for (int i = 0; i < 2; i++) {
            int64_t from = s->start + (int64_t)draw(s, 30 * 86400);
            int64_t to = from + 1 + (int64_t)draw(s, 40 * 86400);
            if (i) {
                from = clock_day_start(&s->mall->clock, clock_day(&s->mall->clock, from));
                to = clock_day_start(&s->mall->clock, clock_day(&s->mall->clock, to) + 1);
            }
            struct reference *r = reference_new(s, from, to);
            assert_everything(s, r, 60);
            free(r);
        }
        story_free(s);
    }
}

/* `loop` itself: the figures and series are those of the survey; rates are what they say. */
static void figures_of_the_stages(void **state)
{
    (void)state;
    struct story *s = story_new(77);
    const struct clock *clock = &s->mall->clock;
    int64_t present = s->start + 50 * 86400;
    struct loop_query query = {.period = period_named(clock, present, PERIOD_30_DAYS),
                               .compare = COMPARE_BEFORE,
                               .slow = true};
    struct reference *now = reference_new(s, query.period.from, query.period.to);
    struct stages *stages, *quick;
    struct error err = {0};

    assert_ok(stages_run(s->reader, s->arena, &query, &stages, &err));
    assert_ok(stages_quick(s->reader, s->arena, &query, &quick, &err));
    struct reference *before = reference_new(s, stages->against.from, stages->against.to);
    assert_true(stages->exact && !quick->exact);
    for (int m = 0; m < METRIC_END; m++) {
        const struct metric *metric = &metrics[m];
        bool amount = metric->sum == SUM_AMOUNT;
        if (metric->sum == SUM_RATIO) {
            const struct sum *part = &now->sums[metric->part][DIM_NONE][0];
            const struct sum *whole = &now->sums[metric->whole][DIM_NONE][0];
            double p = (double)(metrics[metric->part].sum == SUM_AMOUNT ? part->amount : part->n);
            double w =
                (double)(metrics[metric->whole].sum == SUM_AMOUNT ? whole->amount : whole->n);
            assert_int_equal(stages->now[m].known, w != 0);
            assert_true(w == 0 || stages->now[m].real == p / w);
            assert_int_equal(stages->now[m].small, whole->n < 30);
        } else if (!is_derived((enum metric_id)m)) {
            const struct sum *a = &now->sums[m][DIM_NONE][0], *b = &before->sums[m][DIM_NONE][0];
            assert_int_equal(stages->now[m].integer, amount ? a->amount : a->n);
            if (stages->before[m].asked)
                assert_int_equal(stages->before[m].integer, amount ? b->amount : b->n);
            assert_int_equal(!stages->before[m].asked, metric_is_slow((enum metric_id)m));
        }
        if (quick->now[m].known) /* whole mall days: what roll-ups know is exact */
            assert_true(quick->now[m].real == stages->now[m].real);
        for (size_t d = 0; stages->series[m] && d < stages->n_days; d++) {
            const struct sum *a = &now->sums[m][DIM_DAY][d];
            assert_int_equal(stages->series[m][d], amount ? a->amount : a->n);
            if (quick->series[m])
                assert_int_equal(quick->series[m][d], stages->series[m][d]);
        }
    }
    assert_int_equal(stages->n_days, 30);
    free(now);
    free(before);
    story_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_malls),
        cmocka_unit_test(figures_of_the_stages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
