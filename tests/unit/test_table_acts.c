#include "tests/support/members.h"
#include "tests/support/plain.h"
#include "tui/action.h"
#include "tui/table_export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
    assert_int_equal(list_selected_key(list), 102);
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
    plain_frame(list_draw, list);
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
    plain_frame(list_draw, list);
    table_action(list->table, TABLE_COLUMN_FORWARD); /* name behind tier */
    table_action(list->table, TABLE_COLUMN_WIDEN);
    table_action(list->table, TABLE_RIGHT);
    table_action(list->table, TABLE_COLUMN_HIDE); /* points */
    table_sort(list->table, "tier", true);
    layout = table_layout(list->table);
    assert_string_equal(layout, "*tier name=40 -points -card;-tier");
    table_free(list->table);
    list_table(list, layout);
    free(layout);
    layout = table_layout(list->table);
    assert_string_equal(layout, "*tier name=40 -points -card;-tier");
    free(layout);
    assert_string_equal(list_order(list), "102 105 101 103 104");
    /* Names that are gone are ignored, new ones stand at the end, nonsense does no harm. */
    table_layout_set(list->table, "gone points=5 -name =9 * ;gone,-points");
    layout = table_layout(list->table);
    assert_string_equal(layout, "points=5 -name tier -card;-points");
    free(layout);
    table_layout_set(list->table, "-name -tier -points -card");
    plain_frame(list_draw, list); /* never without any column */
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

/* --- Anything at all --- */

static unsigned seed;

static int any(int below)
{
    seed = seed * 1103515245u + 12345u;
    return (int)((seed >> 16) % (unsigned)below);
}

static void any_step(struct list *list)
{
    static const uint32_t keys[] = {KEYS_ENTER,
                                    KEYS_ESC,
                                    KEYS_BACKSPACE,
                                    KEYS_DOWN,
                                    KEYS_UP,
                                    KEYS_LEFT,
                                    KEYS_PAGE_DOWN,
                                    '!',
                                    '(',
                                    '[',
                                    'a',
                                    'i',
                                    '.',
                                    '*',
                                    0x738b};
    static const char *const layouts[] = {"", "points=3 -tier", "*card name=90;-tier", "=;,", "-"};

    switch (any(8)) {
    case 0:
        table_rows_changed(list->rows, any(6));
        table_refresh(list->table);
        break;
    case 1:
        table_layout_set(list->table, layouts[any(5)]);
        break;
    case 2:
        table_select_key(list->table, (uint64_t)(100 + any(8)));
        break;
    case 3:
        table_mouse(list->table, &(struct loop_mouse){any(12), any(60), any(6), true, any(2)});
        break;
    case 4:
    case 5:
        if (table_typing(list->table))
            table_key(list->table, keys[any(sizeof keys / sizeof *keys)]);
        break;
    default:
        table_action(list->table, TABLE_ACTIONS + any(TABLE_ACTIONS_END - TABLE_ACTIONS));
    }
}

static void test_anything(void **state)
{
    struct list *list = list_new();

    (void)state;
    seed = 20171001;
    plain_start(10, 50, false);
    for (int i = 0; i < 20000; i++) {
        int64_t row;

        any_step(list);
        if (i % 400 == 0)
            plain_start(1 + any(20), 1 + any(90), any(2));
        if (i % 4 == 0)
            plain_frame(list_draw, list);
        row = table_selected(list->table, NULL);
        assert_true(row >= -1 &&
                    row < (table_count(list->table) > 0 ? table_count(list->table) : 1));
    }
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
        cmocka_unit_test(test_marks),     cmocka_unit_test(test_many_marks),
        cmocka_unit_test(test_layout),    cmocka_unit_test(test_export),
        cmocka_unit_test(test_json_text), cmocka_unit_test(test_copy),
        cmocka_unit_test(test_anything),  cmocka_unit_test(test_actions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
