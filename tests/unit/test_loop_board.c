/* Visits by group, dashboards, presence, alerts, long lists and cancelling. */
#include "model/base/arena.h"
#include "model/base/time.h"
#include "model/loop/alert.h"
#include "model/loop/visits.h"
#include "tests/support/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void visits_by_group(void **state)
{
    (void)state;
    static const enum dimension dims[] = {DIM_NONE, DIM_ZONE, DIM_DAY, DIM_HOUR};
    struct story *s = story_new(5);
    int64_t from = s->start + 86400, to = s->start + 40 * 86400;
    struct reference *r = reference_new(s, from, to);

    for (int by = 1; by <= VISITS_BY_HOUR; by++) {
        struct visit_query query = {from, to, (enum visit_by)by};
        struct visit_answer answer;
        struct error err = {0};
        int64_t visits = 0;
        assert_ok(visits_run(s->reader, s->arena, &query, &answer, &err));
        assert_int_equal(answer.visits, r->sums[METRIC_VISITS][DIM_NONE][0].n);
        assert_int_equal(answer.dwell_total, r->sums[METRIC_VISITS][DIM_NONE][0].amount);
        assert_int_equal(answer.devices, r->sums[METRIC_DEVICES][DIM_NONE][0].n);
        for (size_t i = 0; i < answer.n_groups; i++) {
            const struct visit_group *group = &answer.groups[i];
            int64_t key = group->key - key_base(r, dims[by]);
            visits += group->visits;
            assert_int_equal(group->visits, r->sums[METRIC_VISITS][dims[by]][key].n);
            assert_int_equal(group->people, r->sums[METRIC_PEOPLE_SEEN][dims[by]][key].n);
            assert_int_equal(group->dwell, r->sums[METRIC_DWELL_TOTAL][dims[by]][key].amount);
        }
        if (by != VISITS_BY_ZONE)
            assert_int_equal(visits, answer.visits);
    }
    free(r);
    story_free(s);
}

/* The value of a cell against what opens behind it. */
static void assert_cell(struct story *s, struct arena *arena, const struct board_table *table,
                        size_t row, size_t column, const struct period *period)
{
    const struct metric *metric = &metrics[table->cell_metric[column]];
    const struct cell *cell = &sheet_row(table->sheet, row)[column];
    struct drill_query query = {
        .metric = metric->id, .period = *period, .dim = table->dim, .key = table->keys[row]};
    struct drill drill;
    struct error err = {0};

    if (metric->sum == SUM_RATIO)
        return;
    assert_ok(drill_run(s->reader, arena, &query, &drill, &err));
    assert_true(cell->known);
    if (cell->integer != (metric->sum == SUM_AMOUNT ? drill.amount : drill.count))
        fail_msg("%s of table %s: %ld, behind it %ld", metric->name, table->id, (long)cell->integer,
                 (long)drill.count);
}

static void every_number_of_a_dashboard_opens_its_list(void **state)
{
    (void)state;
    static const size_t tables[STAGE_COUNT] = {4, 5, 4, 7};
    struct story *s = story_new(12);
    struct loop_query query = {
        .period = period_named(&s->mall->clock, s->start + 50 * 86400, PERIOD_30_DAYS),
        .compare = COMPARE_YEAR};
    struct arena *arena = arena_new();

    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        struct board *board;
        struct error err = {0};
        assert_ok(board_run(s->reader, s->arena, (enum stage)stage, &query, &board, &err));
        assert_int_equal(board->n_tables, tables[stage]);
        for (size_t t = 0; t < board->n_tables; t++) {
            const struct board_table *table = &board->tables[t];
            assert_ptr_equal(board_table(board, table->id), table);
            for (size_t row = 0; row < table->sheet->n_rows; row++)
                for (size_t column = 0; column < table->sheet->n_columns; column++)
                    if (table->cell_metric[column] != METRIC_END && draw(s, 12) == 0) {
                        assert_cell(s, arena, table, row, column, &query.period);
                        arena_reset(arena);
                    }
        }
        assert_true(board->loop->exact);
        if (stage == STAGE_ACTIVATE)
            for (int step = 1; step < WHEEL_STEPS; step++)
                assert_true(board->wheel[step].people <= board->wheel[step - 1].people);
    }
    arena_free(arena);
    story_free(s);
}

static void people_in_the_mall_by_hour(void **state)
{
    (void)state;
    struct story *s = story_new(21);
    const struct clock *clock = &s->mall->clock;
    struct presence_hours hours;
    struct error err = {0};
    int64_t as_of, present;

    assert_ok(presence_run(s->reader, s->arena, &hours, &err));
    assert_ok(reader_present(s->reader, &as_of, &present, &err));
    int32_t today = clock_day(clock, present);
    struct reference *r = reference_new(s, clock_day_start(clock, today - 56), present + 1);
    double usual[24] = {0};
    int days = 0;
    for (int32_t day = today - 7; day >= today - 56; day -= 7) {
        int64_t all = 0;
        for (int hour = 0; hour < 24; hour++) {
            int64_t n = r->sums[METRIC_PRESENT][DIM_DAY_HOUR][(day - r->first_day) * 24 + hour].n;
            usual[hour] += (double)n;
            all += n;
        }
        days += all > 0;
    }
    assert_int_equal(hours.usual_days, days);
    for (int hour = 0; hour < 24; hour++) {
        assert_int_equal(
            hours.today[hour],
            r->sums[METRIC_PRESENT][DIM_DAY_HOUR][(today - r->first_day) * 24 + hour].n);
        assert_true(days == 0 || hours.usual[hour] == usual[hour] / days);
    }
    free(r);
    story_free(s);
}

static bool alert_is_there(const struct alert *alerts, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(alerts[i].rule->id, id) == 0)
            return true;
    return false;
}

/* A mall that was quiet for two days, then lost a category's POS cards and a zone's probes. */
static void what_needs_a_look(void **state)
{
    (void)state;
    struct story *s = story_new(30);
    const struct clock *clock = &s->mall->clock;
    int64_t end = clock_day_start(clock, clock_day(clock, s->start) + 200) + 12 * 3600;
    struct error err = {0};
    const struct alert *alerts;
    size_t n, added;

    assert_ok(writer_begin(s->writer, &err));
    for (int day = -35; day <= 0; day++)
        for (int i = 0; i < 40; i++) {
            int64_t time = end + day * 86400 - i * 300;
            struct event sighting = {.time = time, .person = 1, .kind = KIND_SIGHTING, .zone = 2};
            struct event card = {
                .time = time, .person = 1, .kind = KIND_REGISTER, .channel = 1, .tenant = 1};
            struct event sale = {
                .time = time, .person = 1, .kind = KIND_PURCHASE, .tenant = 2, .amount = 10000};
            if (day < 0)
                assert_ok(event_append(s->writer, &sighting, 1, &added, NULL, &err));
            if (day < -7 || i == 0)
                assert_ok(event_append(s->writer, &card, 1, &added, NULL, &err));
            assert_ok(event_append(s->writer, &sale, 1, &added, NULL, &err));
        }
    assert_ok(writer_commit(s->writer, &err));
    char *now = arena_printf(s->arena, "%lld", (long long)end + 3600);
    setenv("ATRIUM_NOW", now, 1);
    assert_ok(alerts_run(s->reader, s->arena, &alerts, &n, &err));
    assert_true(alert_is_there(alerts, n, "probes-silent"));
    assert_true(alert_is_there(alerts, n, "pos-down"));
    assert_false(alert_is_there(alerts, n, "stale"));
    assert_false(alert_is_there(alerts, n, "category-down"));
    for (size_t i = 1; i < n; i++)
        assert_true(alerts[i - 1].rule->level >= alerts[i].rule->level);
    setenv("ATRIUM_NOW", arena_printf(s->arena, "%lld", (long long)end + 3 * 86400), 1);
    assert_ok(alerts_run(s->reader, s->arena, &alerts, &n, &err));
    assert_true(alert_is_there(alerts, n, "stale"));
    unsetenv("ATRIUM_NOW");
    story_free(s);
}

/* A list that is longer than its limit keeps the latest rows and the whole count. */
static void long_lists_keep_the_latest(void **state)
{
    (void)state;
    struct story *s = story_new(9);
    struct drill_query query = {
        .metric = METRIC_DETECTIONS,
        .period = period_of(&s->mall->clock, INT64_MAX - 1, s->start, s->start + DAYS * 86400)};
    struct drill whole, cut;
    struct error err = {0};

    assert_ok(drill_run(s->reader, s->arena, &query, &whole, &err));
    query.limit = 7;
    assert_ok(drill_run(s->reader, s->arena, &query, &cut, &err));
    assert_int_equal(cut.count, whole.count);
    assert_int_equal(cut.n_rows, 7);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(cut.rows[i].time, whole.rows[i].time);
    query.dim = DIM_TOPIC;
    assert_int_equal(drill_run(s->reader, s->arena, &query, &cut, &err), ST_USAGE);
    error_clear(&err);
    story_free(s);
}

static void a_question_can_be_cancelled_or_has_its_time(void **state)
{
    (void)state;
    struct story *s = story_new(3);
    struct loop_query query = {
        .period = period_named(&s->mall->clock, s->start + 40 * 86400, PERIOD_30_DAYS),
        .compare = COMPARE_BEFORE};
    atomic_bool cancel = true;
    struct stages *stages;
    struct error err = {0};

    reader_watch(s->reader, &cancel, NULL);
    assert_int_equal(stages_run(s->reader, s->arena, &query, &stages, &err), ST_CANCELLED);
    error_clear(&err);
    cancel = false;
    reader_until(s->reader, time_monotonic_ns());
    assert_int_equal(stages_run(s->reader, s->arena, &query, &stages, &err), ST_CANCELLED);
    error_clear(&err);
    reader_until(s->reader, time_monotonic_ns() + (int64_t)3600 * 1000000000);
    assert_ok(stages_run(s->reader, s->arena, &query, &stages, &err));
    reader_until(s->reader, 0);
    reader_watch(s->reader, NULL, NULL);
    story_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(visits_by_group),
        cmocka_unit_test(every_number_of_a_dashboard_opens_its_list),
        cmocka_unit_test(people_in_the_mall_by_hour),
        cmocka_unit_test(what_needs_a_look),
        cmocka_unit_test(long_lists_keep_the_latest),
        cmocka_unit_test(a_question_can_be_cancelled_or_has_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
