/* The table of metrics: complete, consistent, and the same as doc/figures.md. With ATRIUM_WRITE=1
 * the test writes that file from the table. */
#include "model/base/arena.h"
#include "model/loop/metric.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void every_row_is_complete(void **state)
{
    (void)state;
    for (int i = 0; i < METRIC_END; i++) {
        const struct metric *m = &metrics[i];
        assert_int_equal(m->id, i);
        assert_non_null(m->name);
        assert_non_null(m->title);
        assert_true(strlen(m->definition) > 10);
        assert_non_null(m->question);
        assert_true(i == 0 || metrics[i - 1].stage <= m->stage);
        assert_ptr_equal(metric_find(m->name), m);
        assert_int_equal(m->part == METRIC_END, m->whole == METRIC_END);
        if (m->sum == SUM_RATIO) {
            assert_true(m->part < METRIC_END && m->part != m->id);
            assert_true(metrics[m->part].sum != SUM_RATIO && metrics[m->whole].sum != SUM_RATIO);
            for (int dim = 0; dim < DIM_COUNT; dim++)
                if (metric_has(m->id, (enum dimension)dim))
                    assert_true(metric_has(m->part, (enum dimension)dim) &&
                                metric_has(m->whole, (enum dimension)dim));
        }
    }
    assert_null(metric_find("nothing"));
}

static void figures_in_words(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct figure none = {0}, count = {.known = true, .integer = 1284930, .real = 1284930},
                  share = {.known = true, .real = 0.1237};
    struct figure before = {.known = true, .integer = 1000000, .real = 1000000},
                  share_before = {.known = true, .real = 0.1067};
    double change;
    bool points;

    assert_string_equal(figure_text(arena, &metrics[METRIC_VISITS], &none), "–");
    assert_string_equal(figure_text(arena, &metrics[METRIC_VISITS], &count), "1,284,930");
    assert_string_equal(figure_text(arena, &metrics[METRIC_SALES], &count), "12,849.30");
    assert_string_equal(figure_text(arena, &metrics[METRIC_POS_SHARE], &share), "12.4%");
    assert_false(figure_cell(&metrics[METRIC_POS_SHARE], &none).known);
    assert_true(figure_change(&metrics[METRIC_VISITS], &count, &before, &change, &points) &&
                !points);
    assert_true(change > 0.28492 && change < 0.28494);
    assert_true(
        figure_change(&metrics[METRIC_POS_SHARE], &share, &share_before, &change, &points) &&
        points);
    assert_true(change > 0.0169 && change < 0.0171);
    before.integer = 0;
    before.real = 0;
    assert_false(figure_change(&metrics[METRIC_VISITS], &count, &before, &change, &points));
    assert_false(figure_change(&metrics[METRIC_VISITS], &count, &none, &change, &points));
    arena_free(arena);
}

/* ---- doc/figures.md ---- */

static const char path[] = "doc/figures.md";

static const char *const behind_names[] = {
    [BEHIND_PEOPLE] = "people",   [BEHIND_VISITS] = "visits", [BEHIND_EVENTS] = "events",
    [BEHIND_SHOPS] = "shops",     [BEHIND_GROUPS] = "groups", [BEHIND_ADDRESSES] = "addresses",
    [BEHIND_DEVICES] = "devices",
};
static const char *const unit_names[] = {"count", "money", "points", "share", "duration", "number"};

static char *figures_document(struct arena *arena)
{
    char *text = arena_strdup(
        arena,
        "# What each figure means\n\n"
        "Made from the table in `model/loop/metric.c`, from which the console, the command "
        "line and `i` read them, too.\nA period is half open, in the mall's zone; people are "
        "counted once a period; money is net of refunds. A rate with\nfewer than 30 people "
        "behind it is dimmed (setting small_sample), one divided by zero is unknown: `–`, in "
        "JSON `null`.\n");

    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        text = arena_printf(arena,
                            "%s\n## %c%s\n\n| figure | name | unit | opens | definition |\n"
                            "|---|---|---|---|---|\n",
                            text, stage_names[stage][0] - 'a' + 'A', stage_names[stage] + 1);
        for (int i = 0; i < METRIC_END; i++)
            if ((int)metrics[i].stage == stage)
                text = arena_printf(arena, "%s| %s | `%s` | %s | %s | %s |\n", text,
                                    metrics[i].title, metrics[i].name, unit_names[metrics[i].unit],
                                    behind_names[metrics[i].behind], metrics[i].definition);
    }
    return text;
}

static void the_document_is_the_table(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    char *want = figures_document(arena);

    if (getenv("ATRIUM_WRITE"))
        file_write_all(path, want, strlen(want));
    if (access(path, R_OK) != 0)
        fail_msg("%s cannot be read from here; run tests from the top of the checkout", path);
    size_t size;
    char *found = file_read_all(path, &size);
    if (strcmp(found, want) != 0)
        fail_msg("%s is not what the table says: run this test with ATRIUM_WRITE=1", path);
    free(found);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(figures_in_words),
        cmocka_unit_test(the_document_is_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
