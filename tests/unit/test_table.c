#include "tests/support/members.h"
#include "tests/support/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- Drawing --- */

static void test_drawn(void **state)
{
    struct list *list = list_new();
    int row, col;

    (void)state;
    plain_start(9, 40, false);
    plain_frame(list_draw, list);
    assert_string_equal(plain_row(0), "  Name                Tier        Points");
    assert_string_equal(plain_row(1), " ▌王小明              gold         1,200");
    assert_string_equal(plain_row(3), "  张伟                gold             –");
    assert_string_equal(plain_row(7), "                                  21,800");
    assert_string_equal(plain_row(8), "1 of 5 members");
    assert_true(plain_cursor(&row, &col));
    assert_int_equal(row, 1);
    assert_int_equal(plain_role(1, 22), ROLE_ACCENT);
    assert_int_equal(plain_mark(1, 2), ROLE_SELECTED);
    assert_int_equal(plain_mark(2, 2), ROLE_PLAIN);
    list_free(list);
}

static void test_every_size(void **state)
{
    struct list *list = list_new();

    (void)state;
    for (int rows = 1; rows < 14; rows++)
        for (int cols = 1; cols < 90; cols += 3) {
            plain_start(rows, cols, cols % 2);
            plain_frame(list_draw, list);
            table_action(list->table, cols % 2 ? TABLE_RIGHT : TABLE_DOWN);
        }
    list_free(list);
}

static void test_columns_scroll(void **state)
{
    struct list *list = list_new();

    (void)state;
    table_action(list->table, TABLE_COLUMN_SHOW);
    plain_start(4, 20, false);
    plain_frame(list_draw, list);
    assert_true(plain_has("Name"));
    assert_false(plain_has("Card"));
    assert_true(plain_has("›"));
    for (int i = 0; i < 3; i++)
        table_action(list->table, TABLE_RIGHT);
    plain_frame(list_draw, list);
    assert_true(plain_has("Name")); /* pinned */
    assert_true(plain_has("Card"));
    assert_false(plain_has("Tier"));
    assert_true(plain_has("‹"));
    table_action(list->table, TABLE_COLUMN_PIN);
    plain_frame(list_draw, list);
    assert_false(plain_has("Name"));
    list_free(list);
}

/* A number that is cut would say another number: its column goes before that. */
static void test_numbers_are_whole(void **state)
{
    struct list *list = list_new();

    (void)state;
    for (int cols = 20; cols < 60; cols++) {
        plain_start(8, cols, false);
        plain_frame(list_draw, list);
        if (plain_has("20,0"))
            assert_true(plain_has("20,000"));
        for (int i = 0; i < 2; i++)
            table_action(list->table, TABLE_RIGHT);
        plain_frame(list_draw, list);
        assert_true(plain_has("20,000")); /* the column one is on is always shown */
        table_action(list->table, TABLE_LEFT);
        table_action(list->table, TABLE_LEFT);
    }
    list_free(list);
}

/* --- Sorting --- */

static void test_sort(void **state)
{
    struct list *list = list_new();

    (void)state;
    assert_true(table_sort(list->table, "points", false));
    assert_string_equal(list_order(list),
                        "102 104 101 105 103"); /* a tie keeps its order, unknown last */
    assert_true(table_sort(list->table, "points", true));
    assert_string_equal(list_order(list), "105 101 102 104 103");
    assert_int_equal(list_selected_key(list), 101); /* by key, not by place */
    assert_true(table_sort(list->table, "tier", false));
    assert_string_equal(list_order(list), "104 101 103 105 102"); /* points decide inside a tier */
    assert_false(table_sort(list->table, "nothing", false));
    table_action(list->table, TABLE_RIGHT); /* tier */
    assert_true(table_action(list->table, TABLE_SORT));
    assert_true(table_action(list->table, TABLE_SORT)); /* up, down, off */
    assert_string_equal(list_order(list), "101 102 103 104 105");
    assert_true(table_sort(list->table, "name", false));
    assert_string_equal(list_order(list), "102 104 103 105 101"); /* case ignored */
    plain_start(6, 60, false);
    plain_frame(list_draw, list);
    assert_true(plain_has("by Name"));
    assert_true(list->layouts >= 5);
    list_free(list);
}

static int compare_ints(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void number_cell(void *context, int64_t row, int column, struct table_cell *cell)
{
    cell->numeric = true;
    cell->value = column ? (double)row : ((int *)context)[row];
    snprintf(cell->space, sizeof cell->space, "%.0f", cell->value);
    cell->text = cell->space;
}

static void test_sort_many(void **state)
{
    static const struct table_column two[] = {{.name = "value"}, {.name = "row"}};
    static const struct table_rows_ops ops = {.cell = number_cell};
    enum { MANY = 5001 };
    int *values = tui_zero(MANY, sizeof *values);
    struct table_rows *rows;
    struct table *table;
    unsigned seed = 7;

    (void)state;
    for (int i = 0; i < MANY; i++)
        values[i] = (int)((seed = seed * 1103515245 + 12345) >> 16) % 97;
    rows = table_rows_new(&ops, values, two, 2, MANY, NULL);
    table = table_new(&(struct table_options){.source = table_rows_source(rows)});
    for (int n = 0; n < MANY; n = n * 3 + 1) {
        table_rows_changed(rows, n);
        table_refresh(table);
        table_sort(table, "value", false);
        assert_int_equal(table_count(table), n);
        for (int i = 1; i < n; i++) {
            int64_t a = table_rows_at(rows, i - 1), b = table_rows_at(rows, i);
            assert_true(compare_ints(&values[a], &values[b]) < 0 ||
                        (values[a] == values[b] && a < b));
        }
    }
    table_free(table);
    table_rows_free(rows);
    free(values);
}

/* --- Filter --- */

static void test_filter(void **state)
{
    struct list *list = list_new();

    (void)state;
    assert_true(table_filter_set(list->table, "gold"));
    assert_string_equal(list_order(list), "101 103");
    assert_true(table_filter_set(list->table, "!gold"));
    assert_string_equal(list_order(list), "102 104 105");
    assert_true(table_filter_set(list->table, "^(王|李)"));
    assert_string_equal(list_order(list), "101 105");
    assert_true(table_filter_set(list->table, "ANNA")); /* capitals are taken as written */
    assert_int_equal(table_count(list->table), 0);
    assert_true(table_filter_set(list->table, "anna"));
    assert_string_equal(list_order(list), "102");
    assert_true(table_filter_set(list->table, "C101")); /* a hidden column is not looked into */
    assert_int_equal(table_count(list->table), 0);
    table_action(list->table, TABLE_COLUMN_SHOW);
    assert_string_equal(list_order(list), "101");
    assert_true(table_filter_set(list->table, "!"));
    assert_int_equal(table_count(list->table), 5);
    list_free(list);
}

static void test_wrong_pattern_keeps_the_rows(void **state)
{
    struct list *list = list_new();

    (void)state;
    table_filter_set(list->table, "gold");
    assert_false(table_filter_set(list->table, "王(gold"));
    assert_string_equal(list_order(list), "101 103");
    assert_non_null(strstr(table_filter_error(list->table), "character 7"));
    assert_string_equal(table_filter(list->table), "gold");
    assert_true(table_filter_set(list->table, "silver"));
    assert_null(table_filter_error(list->table));
    /* A pattern that would take for ever gives up instead. */
    assert_true(table_filter_set(list->table, "(a+)+(b+)+(a|aa)+$x"));
    assert_int_equal(table_count(list->table), 0);
    list_free(list);
}

static void test_filter_typed(void **state)
{
    struct list *list = list_new();
    int row, col;

    (void)state;
    plain_start(8, 60, false);
    assert_false(table_key(list->table, 'x')); /* not typing: not for the table */
    assert_true(table_action(list->table, TABLE_FILTER));
    assert_true(table_typing(list->table));
    list_type(list, "sil");
    assert_string_equal(list_order(list), "102 105");
    plain_frame(list_draw, list);
    assert_true(plain_has("/sil"));
    assert_true(plain_has("matched 2 of 5"));
    assert_true(plain_cursor(&row, &col));
    assert_int_equal(row, 7);
    assert_int_equal(col, 4);
    assert_int_equal(plain_role(1, 42), ROLE_MATCH); /* "sil" of silver */
    list_type(list, "(");
    assert_string_equal(list_order(list), "102 105");
    plain_frame(list_draw, list);
    assert_true(plain_has("missing closing parenthesis"));
    table_key(list->table, KEYS_BACKSPACE);
    table_key(list->table, KEYS_DOWN); /* the selection moves while typing */
    assert_int_equal(list_selected_key(list), 105);
    table_key(list->table, KEYS_ENTER);
    assert_false(table_typing(list->table));
    plain_frame(list_draw, list);
    assert_true(plain_has("2 of 2 members"));
    assert_true(plain_has("matched 2 of 5"));
    assert_true(plain_has("/sil"));
    table_action(list->table, TABLE_FILTER);
    list_type(list, "xyz");
    assert_int_equal(table_count(list->table), 0);
    table_key(list->table, KEYS_ESC); /* back to what it was */
    assert_string_equal(list_order(list), "102 105");
    assert_true(table_action(list->table, TABLE_FILTER_CLEAR));
    assert_int_equal(table_count(list->table), 5);
    assert_false(table_action(list->table, TABLE_FILTER_CLEAR)); /* Esc now leaves the screen */
    list_free(list);
}

static void test_empty(void **state)
{
    struct list *list = list_new();

    (void)state;
    plain_start(8, 60, false);
    table_filter_set(list->table, "nobody");
    plain_frame(list_draw, list);
    assert_true(plain_has("No members match 'nobody' - Esc clears the filter"));
    assert_int_equal(table_selected(list->table, NULL), -1);
    assert_false(table_action(list->table, TABLE_OPEN));
    assert_false(table_action(list->table, TABLE_DOWN));
    list_free(list);
}

/* --- Moving --- */

static void test_moves(void **state)
{
    struct list *list = list_new();

    (void)state;
    plain_start(6, 40, false); /* three rows */
    plain_frame(list_draw, list);
    table_action(list->table, TABLE_DOWN);
    assert_int_equal(list_selected_key(list), 102);
    table_action(list->table, TABLE_BOTTOM);
    assert_int_equal(list_selected_key(list), 105);
    plain_frame(list_draw, list);
    assert_true(plain_has("李娜"));
    assert_false(plain_has("Anna"));
    table_action(list->table, TABLE_DOWN);
    assert_int_equal(list_selected_key(list), 105);
    table_action(list->table, TABLE_PAGE_UP);
    assert_int_equal(list_selected_key(list), 103);
    table_action(list->table, TABLE_TOP);
    assert_int_equal(list_selected_key(list), 101);
    table_action(list->table, TABLE_OPEN);
    assert_int_equal(list->opened, 101);
    table_action(list->table, TABLE_GOTO);
    list_type(list, "4");
    table_key(list->table, KEYS_ENTER);
    assert_int_equal(list_selected_key(list), 104);
    table_action(list->table, TABLE_GOTO);
    list_type(list, "9,999");
    table_key(list->table, KEYS_ENTER);
    assert_int_equal(list_selected_key(list), 105);
    assert_true(list->moved >= 5);
    list_free(list);
}

static void test_mouse(void **state)
{
    struct list *list = list_new();

    (void)state;
    plain_start(9, 40, false);
    plain_frame(list_draw, list);
    assert_true(table_mouse(list->table, &(struct loop_mouse){2, 5, 1, true, false}));
    assert_int_equal(list_selected_key(list), 102);
    table_mouse(list->table, &(struct loop_mouse){3, 5, 1, true, true});
    assert_int_equal(list->opened, 103);
    table_mouse(list->table, &(struct loop_mouse){0, 38, 1, true, false}); /* title: sort */
    assert_string_equal(list_order(list), "102 104 101 105 103");
    assert_false(table_mouse(list->table, &(struct loop_mouse){30, 5, 1, true, false}));
    list_free(list);
}

static void test_refresh_keeps_the_row(void **state)
{
    struct list *list = list_new();
    int row, col, again;

    (void)state;
    plain_start(9, 40, false);
    table_select_key(list->table, 103);
    plain_frame(list_draw, list);
    plain_cursor(&row, &col);
    /* A member before it goes, one is added in front: the same person stays selected. */
    memmove(&list->members[1], &list->members[0], 3 * sizeof *list->members);
    list->members[0] = (struct member){99, "New", "basic", 1};
    list->n = 5;
    table_rows_changed(list->rows, list->n);
    table_refresh(list->table);
    assert_int_equal(list_selected_key(list), 103);
    /* It goes itself: the row at its place is selected. */
    memmove(&list->members[3], &list->members[4], sizeof *list->members);
    table_rows_changed(list->rows, 4);
    table_refresh(list->table);
    assert_int_equal(list_selected_key(list), 105);
    plain_frame(list_draw, list);
    plain_cursor(&again, &col);
    assert_true(again >= 1 && row >= 1);
    table_rows_changed(list->rows, 0);
    table_refresh(list->table);
    assert_int_equal(table_selected(list->table, NULL), -1);
    plain_frame(list_draw, list);
    assert_true(plain_has("No rows"));
    list_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drawn),
        cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_columns_scroll),
        cmocka_unit_test(test_numbers_are_whole),
        cmocka_unit_test(test_sort),
        cmocka_unit_test(test_sort_many),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_wrong_pattern_keeps_the_rows),
        cmocka_unit_test(test_filter_typed),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_mouse),
        cmocka_unit_test(test_refresh_keeps_the_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
