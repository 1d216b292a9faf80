#include "tests/support/plain.h"
#include "tui/buffer.h"
#include "tui/table.h"
#include "tui/table_export.h"
#include "tui/table_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A small list with Chinese and Latin names, an unknown number, a tie, and a role. */
struct member {
    uint64_t key;
    const char *name, *tier;
    int points; /* -1: unknown */
};

static const struct member people[] = {
    {101, "王小明", "gold", 1200},     {102, "Anna Li", "silver", 300}, {103, "张伟", "gold", -1},
    {104, "bob, \"B\"", "basic", 300}, {105, "李娜", "silver", 20000},
};

static const struct table_column columns[] = {
    {.name = "name", .title = "Name", .cells = 12, .min_cells = 6, .weight = 1},
    {.name = "tier", .title = "Tier", .cells = 8, .min_cells = 4},
    {.name = "points", .title = "Points", .align = 1, .cells = 8, .min_cells = 6},
    {.name = "card", .title = "Card", .cells = 6, .flags = TABLE_HIDDEN},
};

struct list {
    struct member members[8];
    int64_t n;
    struct table_rows *rows;
    struct table *table;
    struct buffer copied, said;
    int moved, layouts;
    uint64_t opened;
};

static void member_cell(void *context, int64_t row, int column, struct table_cell *cell)
{
    const struct member *m = &((struct list *)context)->members[row];

    switch (column) {
    case 0:
        cell->text = m->name;
        break;
    case 1:
        cell->text = m->tier;
        cell->role = !strcmp(m->tier, "gold") ? ROLE_ACCENT : ROLE_PLAIN;
        break;
    case 2:
        cell->numeric = true;
        cell->value = m->points;
        if (m->points >= 1000)
            snprintf(cell->space, sizeof cell->space, "%d,%03d", m->points / 1000,
                     m->points % 1000);
        else
            snprintf(cell->space, sizeof cell->space, "%d", m->points);
        if (m->points >= 0)
            cell->text = cell->space;
        else
            cell->numeric = false;
        break;
    default:
        snprintf(cell->space, sizeof cell->space, "C%llu", (unsigned long long)m->key);
        cell->text = cell->space;
    }
}

static uint64_t member_key(void *context, int64_t row)
{
    return ((struct list *)context)->members[row].key;
}

static bool member_total(void *context, int column, struct table_cell *cell)
{
    (void)context;
    if (column != 2)
        return false;
    cell->text = "21,800";
    return true;
}

static const struct table_rows_ops member_ops = {member_cell, member_key, member_total};

static void on_copied(void *context, const char *text, size_t n)
{
    struct list *list = context;

    buffer_clear(&list->copied);
    buffer_add(&list->copied, text, n);
}

static void on_message(void *context, const char *text)
{
    struct list *list = context;

    buffer_clear(&list->said);
    buffer_puts(&list->said, text);
}

static void on_moved(void *context)
{
    ((struct list *)context)->moved++;
}

static void on_layout(void *context)
{
    ((struct list *)context)->layouts++;
}

static void on_open(void *context, int64_t row, uint64_t key)
{
    (void)row;
    ((struct list *)context)->opened = key;
}

static const struct table_view_ops view_ops = {on_open, on_moved, on_layout, on_copied, on_message};

static void table_of(struct list *list, const char *layout)
{
    struct table_options options = {
        .source = table_rows_source(list->rows),
        .ops = &view_ops,
        .context = list,
        .noun = "members",
        .layout = layout,
        .totals = true,
    };

    list->table = table_new(&options);
}

static struct list *list_new(void)
{
    struct list *list = tui_zero(1, sizeof *list);

    list->n = 5;
    memcpy(list->members, people, sizeof people);
    list->rows = table_rows_new(&member_ops, list, columns, 4, list->n, NULL);
    table_of(list, NULL);
    return list;
}

static void list_free(struct list *list)
{
    table_free(list->table);
    table_rows_free(list->rows);
    buffer_free(&list->copied);
    buffer_free(&list->said);
    free(list);
    plain_end();
}

/* The keys of the rows in their order, as "101 102 ...". */
static const char *order(struct list *list)
{
    static char text[128];
    size_t at = 0;

    text[0] = '\0';
    for (int64_t row = 0; row < table_count(list->table); row++)
        at +=
            (size_t)snprintf(text + at, sizeof text - at, "%s%llu", row ? " " : "",
                             (unsigned long long)list->members[table_rows_at(list->rows, row)].key);
    return text;
}

static uint64_t selected(struct list *list)
{
    uint64_t key = 0;

    table_selected(list->table, &key);
    return key;
}

static void draw(void *context, struct area area)
{
    table_draw(((struct list *)context)->table, area, true);
}

static void type(struct list *list, const char *text)
{
    for (; *text; text++)
        assert_true(table_key(list->table, (unsigned char)*text));
}

/* --- Drawing --- */

static void test_drawn(void **state)
{
    struct list *list = list_new();
    int row, col;

    (void)state;
    plain_start(9, 40, false);
    plain_frame(draw, list);
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
            plain_frame(draw, list);
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
    plain_frame(draw, list);
    assert_true(plain_has("Name"));
    assert_false(plain_has("Card"));
    assert_true(plain_has("›"));
    for (int i = 0; i < 3; i++)
        table_action(list->table, TABLE_RIGHT);
    plain_frame(draw, list);
    assert_true(plain_has("Name")); /* pinned */
    assert_true(plain_has("Card"));
    assert_false(plain_has("Tier"));
    assert_true(plain_has("‹"));
    table_action(list->table, TABLE_COLUMN_PIN);
    plain_frame(draw, list);
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
        plain_frame(draw, list);
        if (plain_has("20,0"))
            assert_true(plain_has("20,000"));
        for (int i = 0; i < 2; i++)
            table_action(list->table, TABLE_RIGHT);
        plain_frame(draw, list);
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
    assert_string_equal(order(list),
                        "102 104 101 105 103"); /* a tie keeps its order, unknown last */
    assert_true(table_sort(list->table, "points", true));
    assert_string_equal(order(list), "105 101 102 104 103");
    assert_int_equal(selected(list), 101); /* by key, not by place */
    assert_true(table_sort(list->table, "tier", false));
    assert_string_equal(order(list), "104 101 103 105 102"); /* points decide inside a tier */
    assert_false(table_sort(list->table, "nothing", false));
    table_action(list->table, TABLE_RIGHT); /* tier */
    assert_true(table_action(list->table, TABLE_SORT));
    assert_true(table_action(list->table, TABLE_SORT)); /* up, down, off */
    assert_string_equal(order(list), "101 102 103 104 105");
    assert_true(table_sort(list->table, "name", false));
    assert_string_equal(order(list), "102 104 103 105 101"); /* case ignored */
    plain_start(6, 60, false);
    plain_frame(draw, list);
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
    assert_string_equal(order(list), "101 103");
    assert_true(table_filter_set(list->table, "!gold"));
    assert_string_equal(order(list), "102 104 105");
    assert_true(table_filter_set(list->table, "^(王|李)"));
    assert_string_equal(order(list), "101 105");
    assert_true(table_filter_set(list->table, "ANNA")); /* capitals are taken as written */
    assert_int_equal(table_count(list->table), 0);
    assert_true(table_filter_set(list->table, "anna"));
    assert_string_equal(order(list), "102");
    assert_true(table_filter_set(list->table, "C101")); /* a hidden column is not looked into */
    assert_int_equal(table_count(list->table), 0);
    table_action(list->table, TABLE_COLUMN_SHOW);
    assert_string_equal(order(list), "101");
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
    assert_string_equal(order(list), "101 103");
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
    type(list, "sil");
    assert_string_equal(order(list), "102 105");
    plain_frame(draw, list);
    assert_true(plain_has("/sil"));
    assert_true(plain_has("matched 2 of 5"));
    assert_true(plain_cursor(&row, &col));
    assert_int_equal(row, 7);
    assert_int_equal(col, 4);
    assert_int_equal(plain_role(1, 42), ROLE_MATCH); /* "sil" of silver */
    type(list, "(");
    assert_string_equal(order(list), "102 105");
    plain_frame(draw, list);
    assert_true(plain_has("missing closing parenthesis"));
    table_key(list->table, KEYS_BACKSPACE);
    table_key(list->table, KEYS_DOWN); /* the selection moves while typing */
    assert_int_equal(selected(list), 105);
    table_key(list->table, KEYS_ENTER);
    assert_false(table_typing(list->table));
    plain_frame(draw, list);
    assert_true(plain_has("2 of 2 members"));
    assert_true(plain_has("matched 2 of 5"));
    assert_true(plain_has("/sil"));
    table_action(list->table, TABLE_FILTER);
    type(list, "xyz");
    assert_int_equal(table_count(list->table), 0);
    table_key(list->table, KEYS_ESC); /* back to what it was */
    assert_string_equal(order(list), "102 105");
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
    plain_frame(draw, list);
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
    plain_frame(draw, list);
    table_action(list->table, TABLE_DOWN);
    assert_int_equal(selected(list), 102);
    table_action(list->table, TABLE_BOTTOM);
    assert_int_equal(selected(list), 105);
    plain_frame(draw, list);
    assert_true(plain_has("李娜"));
    assert_false(plain_has("Anna"));
    table_action(list->table, TABLE_DOWN);
    assert_int_equal(selected(list), 105);
    table_action(list->table, TABLE_PAGE_UP);
    assert_int_equal(selected(list), 103);
    table_action(list->table, TABLE_TOP);
    assert_int_equal(selected(list), 101);
    table_action(list->table, TABLE_OPEN);
    assert_int_equal(list->opened, 101);
    table_action(list->table, TABLE_GOTO);
    type(list, "4");
    table_key(list->table, KEYS_ENTER);
    assert_int_equal(selected(list), 104);
    table_action(list->table, TABLE_GOTO);
    type(list, "9,999");
    table_key(list->table, KEYS_ENTER);
    assert_int_equal(selected(list), 105);
    assert_true(list->moved >= 5);
    list_free(list);
}

static void test_mouse(void **state)
{
    struct list *list = list_new();

    (void)state;
    plain_start(9, 40, false);
    plain_frame(draw, list);
    assert_true(table_mouse(list->table, &(struct loop_mouse){2, 5, 1, true, false}));
    assert_int_equal(selected(list), 102);
    table_mouse(list->table, &(struct loop_mouse){3, 5, 1, true, true});
    assert_int_equal(list->opened, 103);
    table_mouse(list->table, &(struct loop_mouse){0, 38, 1, true, false}); /* title: sort */
    assert_string_equal(order(list), "102 104 101 105 103");
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
    plain_frame(draw, list);
    plain_cursor(&row, &col);
    /* A member before it goes, one is added in front: the same person stays selected. */
    memmove(&list->members[1], &list->members[0], 3 * sizeof *list->members);
    list->members[0] = (struct member){99, "New", "basic", 1};
    list->n = 5;
    table_rows_changed(list->rows, list->n);
    table_refresh(list->table);
    assert_int_equal(selected(list), 103);
    /* It goes itself: the row at its place is selected. */
    memmove(&list->members[3], &list->members[4], sizeof *list->members);
    table_rows_changed(list->rows, 4);
    table_refresh(list->table);
    assert_int_equal(selected(list), 105);
    plain_frame(draw, list);
    plain_cursor(&again, &col);
    assert_true(again >= 1 && row >= 1);
    table_rows_changed(list->rows, 0);
    table_refresh(list->table);
    assert_int_equal(table_selected(list->table, NULL), -1);
    plain_frame(draw, list);
    assert_true(plain_has("No rows"));
    list_free(list);
}

/* --- Marks --- */

static void test_marks(void **state)
{
    struct list *list = list_new();
    uint64_t *keys;
    size_t n;

    (void)state;
    keys = table_targets(list->table, &n); /* nothing marked: the selected row */
    assert_int_equal(n, 1);
    assert_int_equal(keys[0], 101);
    free(keys);
    table_action(list->table, TABLE_MARK); /* marks and moves on */
    assert_true(table_is_marked(list->table, 101));
    assert_int_equal(selected(list), 102);
    table_select_row(list->table, 3);
    table_action(list->table, TABLE_MARK_RANGE);
    assert_int_equal(table_marked(list->table), 4);
    table_sort(list->table, "points", true);
    table_filter_set(list->table, "silver");
    assert_int_equal(table_marked(list->table), 4); /* kept through sort and filter */
    table_action(list->table, TABLE_MARK_INVERT);   /* of the two shown: 102 off, 105 on */
    assert_false(table_is_marked(list->table, 102));
    assert_true(table_is_marked(list->table, 105));
    table_filter_set(list->table, "");
    table_action(list->table, TABLE_MARK_ALL);
    keys = table_targets(list->table, &n);
    assert_int_equal(n, 5);
    assert_int_equal(keys[0], 101);
    assert_int_equal(keys[4], 105);
    free(keys);
    plain_start(8, 60, false);
    plain_frame(draw, list);
    assert_true(plain_has("5 marked"));
    assert_true(table_action(list->table, TABLE_MARK_CLEAR));
    assert_false(table_action(list->table, TABLE_MARK_CLEAR));
    assert_int_equal(table_marked(list->table), 0);
    list_free(list);
}

static void test_many_marks(void **state)
{
    struct list *list = list_new();
    uint64_t *keys;
    size_t n;

    (void)state;
    for (uint64_t key = 0; key < 3000; key++)
        table_mark(list->table, key * 4096, true);
    for (uint64_t key = 0; key < 3000; key += 3)
        table_mark(list->table, key * 4096, false);
    assert_int_equal(table_marked(list->table), 2000);
    for (uint64_t key = 0; key < 3000; key++)
        assert_int_equal(table_is_marked(list->table, key * 4096), key % 3 != 0);
    keys = table_targets(list->table, &n);
    assert_int_equal(n, 2000);
    for (size_t i = 1; i < n; i++)
        assert_true(keys[i - 1] < keys[i]);
    free(keys);
    list_free(list);
}

/* --- Columns and their layout --- */

static void test_layout(void **state)
{
    struct list *list = list_new();
    char *layout = table_layout(list->table);

    (void)state;
    assert_string_equal(layout, "*name tier points -card");
    free(layout);
    plain_start(8, 60, false);
    plain_frame(draw, list);
    table_action(list->table, TABLE_COLUMN_FORWARD); /* name behind tier */
    table_action(list->table, TABLE_COLUMN_WIDEN);
    table_action(list->table, TABLE_RIGHT);
    table_action(list->table, TABLE_COLUMN_HIDE); /* points */
    table_sort(list->table, "tier", true);
    layout = table_layout(list->table);
    assert_string_equal(layout, "*tier name=40 -points -card;-tier");
    table_free(list->table);
    table_of(list, layout);
    free(layout);
    layout = table_layout(list->table);
    assert_string_equal(layout, "*tier name=40 -points -card;-tier");
    free(layout);
    assert_string_equal(order(list), "102 105 101 103 104");
    /* Names that are gone are ignored, new ones stand at the end, nonsense does no harm. */
    table_layout_set(list->table, "gone points=5 -name =9 * ;gone,-points");
    layout = table_layout(list->table);
    assert_string_equal(layout, "points=5 -name tier -card;-points");
    free(layout);
    table_layout_set(list->table, "-name -tier -points -card");
    plain_frame(draw, list); /* never without any column */
    assert_true(plain_has("Name"));
    assert_false(table_action(list->table, TABLE_COLUMN_HIDE));
    table_action(list->table, TABLE_COLUMN_RESET);
    layout = table_layout(list->table);
    assert_string_equal(layout, "*name tier points -card");
    free(layout);
    list_free(list);
}

/* --- Export --- */

struct sink {
    struct buffer out;
    struct table_export_result result;
    size_t most;
    int done;
};

static bool sink_write(void *context, const char *bytes, size_t n)
{
    struct sink *sink = context;

    if (sink->most && sink->out.n + n > sink->most)
        return false;
    buffer_add(&sink->out, bytes, n);
    return true;
}

static void sink_done(void *context, const struct table_export_result *result)
{
    struct sink *sink = context;

    sink->result = *result;
    sink->done++;
}

static void test_export(void **state)
{
    struct list *list = list_new();
    struct sink sink = {0};
    struct table_writer writer = {sink_write, sink_done, &sink};

    (void)state;
    assert_true(table_export(list->table, TABLE_CSV, false, false, &writer));
    assert_string_equal(buffer_text(&sink.out), "name,tier,points\n"
                                                "王小明,gold,1200\n"
                                                "Anna Li,silver,300\n"
                                                "张伟,gold,\n"
                                                "\"bob, \"\"B\"\"\",basic,300\n"
                                                "李娜,silver,20000\n");
    assert_int_equal(sink.result.rows, 5);
    assert_int_equal(sink.done, 1);
    buffer_clear(&sink.out);
    table_mark(list->table, 103, true);
    table_mark(list->table, 104, true);
    table_filter_set(list->table, "!gold");
    assert_true(table_export(list->table, TABLE_JSON, true, true, &writer));
    assert_string_equal(buffer_text(&sink.out),
                        "[\n{\"name\":\"bob, "
                        "\\\"B\\\"\",\"tier\":\"basic\",\"points\":300,\"card\":\"C104\"}\n]\n");
    assert_int_equal(sink.result.rows, 1);
    assert_int_equal(sink.result.hidden, 1);
    buffer_clear(&sink.out);
    table_filter_set(list->table, "nobody");
    table_export(list->table, TABLE_JSON, false, false, &writer);
    assert_string_equal(buffer_text(&sink.out), "[]\n");
    buffer_clear(&sink.out);
    table_filter_set(list->table, "");
    sink.most = 10; /* a full disk */
    table_export(list->table, TABLE_CSV, false, false, &writer);
    assert_true(sink.result.stopped);
    assert_int_equal(table_export_progress(list->table, NULL), -1);
    buffer_free(&sink.out);
    list_free(list);
}

static void test_json_text(void **state)
{
    struct buffer out = {0};

    (void)state;
    table_put_json(&out, "a\"b\\c\n\x01王\xff");
    assert_string_equal(buffer_text(&out), "\"a\\\"b\\\\c\\n\\u0001王\\ufffd\"");
    buffer_clear(&out);
    table_put_csv(&out, "line\nbreak");
    assert_string_equal(buffer_text(&out), "\"line\nbreak\"");
    buffer_free(&out);
}

static void test_copy(void **state)
{
    struct list *list = list_new();

    (void)state;
    table_action(list->table, TABLE_COPY);
    assert_string_equal(buffer_text(&list->copied), "王小明\tgold\t1,200\n");
    assert_non_null(strstr(buffer_text(&list->said), "1 row"));
    table_mark(list->table, 105, true);
    table_mark(list->table, 102, true);
    table_action(list->table, TABLE_COPY);
    assert_string_equal(buffer_text(&list->copied),
                        "Name\tTier\tPoints\nAnna Li\tsilver\t300\n李娜\tsilver\t20,000\n");
    table_action(list->table, TABLE_COPY_CELL);
    assert_string_equal(buffer_text(&list->copied), "王小明");
    list_free(list);
}

/* --- Actions --- */

static void test_actions(void **state)
{
    struct keymap *keymap = keymap_new(table_actions, table_n_actions);
    const char *const *sentences;

    (void)state;
    assert_int_equal(keymap_conflicts(keymap, &sentences), 0);
    assert_int_equal(table_n_actions, TABLE_ACTIONS_END - TABLE_ACTIONS - 1);
    for (size_t i = 0; i < table_n_actions; i++) {
        char *keys = tui_strdup(table_actions[i].keys), *save = NULL;

        for (char *key = strtok_r(keys, " ", &save); key; key = strtok_r(NULL, " ", &save))
            assert_int_not_equal(key_by_name(key), 0);
        free(keys);
    }
    keymap_free(keymap);
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
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_many_marks),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_export),
        cmocka_unit_test(test_json_text),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_actions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
