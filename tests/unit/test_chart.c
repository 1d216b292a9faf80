#include "tests/support/plain.h"
#include "tui/chart.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_text(struct buffer *out, const char *expected)
{
    assert_string_equal(buffer_text(out), expected);
    buffer_free(out);
}

static void test_eighths(void **state)
{
    (void)state;
    assert_int_equal(chart_eighths(0, 100, 10), 0);
    assert_int_equal(chart_eighths(100, 100, 10), 80);
    assert_int_equal(chart_eighths(50, 100, 10), 40);
    assert_int_equal(chart_eighths(0.0001, 100, 10), 1); /* something is never nothing */
    assert_int_equal(chart_eighths(200, 100, 10), 80);   /* never more than the room */
    assert_int_equal(chart_eighths(-5, 100, 10), 0);
    assert_int_equal(chart_eighths(NAN, 100, 10), 0);
    assert_int_equal(chart_eighths(5, 0, 10), 0);
    assert_int_equal(chart_eighths(INFINITY, 100, 10), 0);
    /* A half goes up: 1/16 of one cell is half an eighth. */
    assert_int_equal(chart_eighths(3, 16, 1), 2);
    assert_int_equal(chart_eighths(2.9, 16, 1), 1);
}

static void test_bar(void **state)
{
    struct buffer out = {0};

    (void)state;
    chart_bar_cells(&out, 27004, 48210, 8, false);
    assert_text(&out, "████▌   "); /* 35.85 eighths: 36 */
    chart_bar_cells(&out, 27004, 48210, 8, true);
    assert_text(&out, "#####   "); /* half a cell on */
    chart_bar_cells(&out, 48210, 48210, 3, false);
    assert_text(&out, "███");
    chart_bar_cells(&out, 1, 48210, 3, false);
    assert_text(&out, "▏  ");
    chart_bar_cells(&out, 1, 48210, 3, true);
    assert_text(&out, "-  ");
    chart_bar_cells(&out, NAN, 10, 3, false);
    assert_text(&out, "·  ");
    chart_bar_cells(&out, 5, 10, 0, false);
    assert_text(&out, "");
}

static void test_bar_is_exact_at_every_width(void **state)
{
    (void)state;
    for (int cells = 0; cells < 120; cells += 7)
        for (int value = 0; value <= 1000; value += 13) {
            struct buffer out = {0};

            chart_bar_cells(&out, value, 1000, cells, false);
            assert_int_equal(text_cells(buffer_text(&out)), cells);
            buffer_free(&out);
            chart_spark_cells(&out, (double[]){value, 2, NAN, 4}, 4, cells, false);
            assert_int_equal(text_cells(buffer_text(&out)), cells);
            buffer_free(&out);
        }
}

static void test_spark(void **state)
{
    const double values[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    struct buffer out = {0};

    (void)state;
    chart_spark_cells(&out, values, 9, 9, false);
    assert_text(&out, " ▁▂▃▄▅▆▇█");
    chart_spark_cells(&out, values, 9, 9, true);
    assert_text(&out, " .:-=+*#@");
    chart_spark_cells(&out, values, 9, 11, false); /* fewer values stand at the right */
    assert_text(&out, "   ▁▂▃▄▅▆▇█");
    chart_spark_cells(&out, (double[]){1, NAN, 3}, 3, 3, false);
    assert_text(&out, "▃·█");
    /* Means of [0,3) [3,6) [6,9): 1, 4, 7, to the scale of 7. */
    chart_spark_cells(&out, values, 9, 3, false);
    assert_text(&out, "▁▅█");
    chart_spark_cells(&out, NULL, 0, 4, false);
    assert_text(&out, "    ");
}

static void test_columns(void **state)
{
    const double values[] = {0, 8, 16, NAN, 1};
    struct buffer out = {0};

    (void)state;
    chart_columns_cells(&out, values, 5, 16, 2, 12, 2, false);
    assert_text(&out, "    █       \n  █ █ · ▁   \n");
    chart_columns_cells(&out, values, 5, 16, 2, 5, 1, true);
    assert_text(&out, "  @  \n @@?.\n");
    /* More values than columns: means of pairs. */
    chart_columns_cells(&out, (double[]){2, 4, 8, 8}, 4, 8, 1, 2, 1, false);
    assert_text(&out, "▃█\n");
}

static void test_nice_top(void **state)
{
    (void)state;
    assert_true(chart_nice_top(0) == 1);
    assert_true(chart_nice_top(1) == 1);
    assert_true(chart_nice_top(1.1) == 2);
    assert_true(chart_nice_top(2) == 2);
    assert_true(chart_nice_top(3) == 5);
    assert_true(chart_nice_top(5.01) == 10);
    assert_true(chart_nice_top(412000) == 500000);
    assert_true(fabs(chart_nice_top(0.03) - 0.05) < 1e-12);
}

static void test_number(void **state)
{
    char text[32];

    (void)state;
    chart_number(1284930, text, sizeof text);
    assert_string_equal(text, "1,284,930");
    chart_number(12.5, text, sizeof text);
    assert_string_equal(text, "12.5");
    chart_number(12, text, sizeof text);
    assert_string_equal(text, "12");
    chart_number(-1234, text, sizeof text);
    assert_string_equal(text, "-1,234");
    chart_number(123, text, sizeof text);
    assert_string_equal(text, "123");
    chart_number(-0.01, text, sizeof text);
    assert_string_equal(text, "0");
}

static void test_heat_scale(void **state)
{
    double values[100];
    struct chart_heat_scale scale;

    (void)state;
    for (int i = 0; i < 100; i++)
        values[99 - i] = i + 1;
    scale = chart_heat_scale(values, 100);
    assert_true(scale.limits[0] == 25 && scale.limits[1] == 50);
    assert_true(scale.limits[2] == 75 && scale.limits[3] == 100);
    assert_int_equal(chart_heat_level(&scale, 0), 0);
    assert_int_equal(chart_heat_level(&scale, NAN), 0);
    assert_int_equal(chart_heat_level(&scale, 1), 1);
    assert_int_equal(chart_heat_level(&scale, 25), 1);
    assert_int_equal(chart_heat_level(&scale, 26), 2);
    assert_int_equal(chart_heat_level(&scale, 75), 3);
    assert_int_equal(chart_heat_level(&scale, 76), 4);
    /* Zeros have no part in the quantiles. */
    scale = chart_heat_scale((double[]){0, 0, 0, 10, 20, 30, 40}, 7);
    assert_int_equal(scale.n, 4);
    assert_true(scale.limits[0] == 10 && scale.limits[3] == 40);
    scale = chart_heat_scale((double[]){0, NAN}, 2);
    assert_int_equal(scale.n, 0);
    assert_int_equal(chart_heat_level(&scale, 0), 0);
}

static const double grid[] = {0, 10, 20, 30, 40, NAN};
static const char *const shops[] = {"星巴克", "Uniqlo"};
static const char *const hours[] = {"10", NULL, "12"};
static const struct chart_heat heat = {.values = grid,
                                       .rows = 2,
                                       .cols = 3,
                                       .row_labels = shops,
                                       .col_labels = hours,
                                       .unit = "visits",
                                       .selected_row = 1,
                                       .selected_col = 0};

static void test_heat_cells(void **state)
{
    struct buffer out = {0};

    (void)state;
    chart_heat_cells(&out, &heat, 2, false);
    assert_text(&out, "  ░░▒▒\n▓▓██··\n");
    chart_heat_cells(&out, &heat, 1, true);
    assert_text(&out, " .:\n*#?\n");
    chart_heat_legend(&out, &heat, false);
    assert_text(&out, "visits  ░ ≤10  ▒ ≤20  ▓ ≤30  █ ≤40");
    chart_heat_legend(&out, &heat, true);
    assert_text(&out, "visits  . <=10  : <=20  * <=30  # <=40");
}

static void draw_heat(void *context, struct area area)
{
    chart_heat_draw(area, context);
}

static void test_heat_drawn(void **state)
{
    int row, col;

    (void)state;
    plain_start(5, 60, false);
    plain_frame(draw_heat, (void *)&heat);
    assert_string_equal(plain_row(0), "       10      12");
    assert_string_equal(plain_row(1), "星巴克     ░░░░▒▒▒▒");
    assert_string_equal(plain_row(2), "Uniqlo ▓▓▓▓████····");
    assert_string_equal(plain_row(3), "visits  ░ ≤10  ▒ ≤20  ▓ ≤30  █ ≤40");
    assert_true(plain_cursor(&row, &col));
    assert_int_equal(row, 2);
    assert_int_equal(col, 7);
    assert_int_equal(plain_role(1, 11), ROLE_HEAT_1);
    assert_int_equal(plain_role(2, 11), ROLE_HEAT_4);
    plain_end();
}

static void draw_week(void *context, struct area area)
{
    chart_week_draw(area, context, 4, "people", 6, 3);
}

static void test_week(void **state)
{
    double values[7][24] = {{0}};
    int row, col;

    (void)state;
    values[0][4] = 1;  /* Monday at 4 is the first cell */
    values[6][3] = 10; /* Sunday at 3 the last */
    plain_start(10, 60, true);
    plain_frame(draw_week, values);
    assert_string_equal(plain_row(0), "    4   6   8   10  12  14  16  18  20  22  0   2");
    assert_string_equal(plain_row(1), "Mon ..");
    assert_true(plain_cursor(&row, &col));
    assert_int_equal(row, 7);
    assert_int_equal(col, 4 + 23 * 2);
    for (int cols = 1; cols < 130; cols += 3) { /* any room, also none */
        plain_start(cols % 11 + 1, cols, true);
        plain_frame(draw_week, values);
    }
    plain_end();
}

static const struct chart_step steps[] = {
    {"card", 48210, "48,210", NULL, NULL, false},
    {"purchase", 27004, "27,004", "56.0%", "median 2.1 d", false},
    {"积分", 26117, "26,117", "96.7%", "median 0 s", false},
    {"purchase again", 12004, "12,004", "46.0%", "median 5.4 d", true},
};

static void test_funnel(void **state)
{
    struct buffer out = {0};
    const char *at;

    (void)state;
    for (int cells = 1; cells < 140; cells++) {
        chart_funnel_cells(&out, steps, 4, cells, false);
        at = buffer_text(&out);
        for (int i = 0; i < 4; i++) {
            const char *end = strchr(at, '\n');
            char *line = tui_strndup(at, (size_t)(end - at));

            assert_int_equal(text_cells(line), cells);
            free(line);
            at = end + 1;
        }
        assert_string_equal(at, "");
        buffer_free(&out);
    }
    chart_funnel_cells(&out, steps, 4, 70, true);
    assert_text(&out, "1 card           ######################### 48,210                     \n"
                      "2 purchase       ##############            27,004  56.0%  median 2.1 d\n"
                      "3 积分           ##############            26,117  96.7%  median 0 s  \n"
                      "4 purchase again ######-                   12,004  46.0%  median 5.4 d\n");
}

static void draw_funnel(void *context, struct area area)
{
    (void)context;
    chart_funnel_draw(area, steps, 4, 3);
}

static void test_funnel_drawn(void **state)
{
    (void)state;
    plain_start(4, 80, false);
    plain_frame(draw_funnel, NULL);
    assert_true(plain_has("3 积分"));
    assert_true(plain_has("96.7%"));
    plain_start(2, 40, false); /* scrolls to the selected step, leaves the note out */
    plain_frame(draw_funnel, NULL);
    assert_true(plain_has("4 purchase"));
    assert_false(plain_has("median"));
    assert_true(plain_has("12,004"));
    plain_end();
}

static const struct chart_bar bars[] = {
    {"中关村购物中心", 100, "100", "▲ 4.1%", ROLE_PLAIN, ROLE_UP},
    {"Uniqlo", 50, "50", NULL, ROLE_PLAIN, ROLE_PLAIN},
};

static void draw_bars(void *context, struct area area)
{
    (void)context;
    chart_bars_draw(area, bars, 2, 0, -1);
}

static void test_bars(void **state)
{
    (void)state;
    plain_start(2, 45, false);
    plain_frame(draw_bars, NULL);
    assert_string_equal(plain_row(0), "中关村购物中心 ██████████████████ 100  ▲ 4.1%");
    assert_string_equal(plain_row(1), "Uniqlo         █████████           50");
    for (int cols = 1; cols < 60; cols++) {
        plain_start(2, cols, false);
        plain_frame(draw_bars, NULL);
    }
    plain_end();
}

static const double now[] = {10, 20, 30, 40};
static const double before[] = {20, 20, 20, NAN};
static const char *const days[] = {"Mon", "Tue", "周三", "Thu"};

static void draw_series(void *context, struct area area)
{
    struct chart_series series = {.values = now,
                                  .before = before,
                                  .n = 4,
                                  .labels = days,
                                  .unit = "visits",
                                  .selected = *(int *)context};
    chart_series_draw(area, &series);
}

static void test_series(void **state)
{
    int selected = 3, row, col;

    (void)state;
    plain_start(7, 27, false);
    plain_frame(draw_series, &selected);
    assert_string_equal(plain_row(0), "visits");
    assert_string_equal(plain_row(1), "50");
    assert_string_equal(plain_row(2), "                     █████");
    assert_string_equal(plain_row(4), "   ┈┈┈┈┈ ┈┈┈┈┈ ┈┈┈┈┈ █████");
    assert_string_equal(plain_row(5), " 0 █████ █████ █████ █████");
    assert_string_equal(plain_row(6), "   Mon   Tue   周三  Thu");
    assert_true(plain_cursor(&row, &col));
    assert_int_equal(col, 3 + 3 * 6);
    for (int cols = 1; cols < 90; cols += 2) {
        plain_start(cols % 9 + 1, cols, false);
        plain_frame(draw_series, &selected);
    }
    plain_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eighths),
        cmocka_unit_test(test_bar),
        cmocka_unit_test(test_bar_is_exact_at_every_width),
        cmocka_unit_test(test_spark),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_nice_top),
        cmocka_unit_test(test_number),
        cmocka_unit_test(test_heat_scale),
        cmocka_unit_test(test_heat_cells),
        cmocka_unit_test(test_heat_drawn),
        cmocka_unit_test(test_week),
        cmocka_unit_test(test_funnel),
        cmocka_unit_test(test_funnel_drawn),
        cmocka_unit_test(test_bars),
        cmocka_unit_test(test_series),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
