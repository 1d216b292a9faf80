/* The table on a terminal: what a key costs, and that work in slices leaves keys their turn. */
#include "tests/support/vterm.h"
#include "tui/memory.h"
#include "tui/table.h"
#include "tui/table_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct list {
    struct vt *vt;
    struct loop *loop;
    struct table_rows *rows;
    struct table *table;
    struct keymap *keymap;
    bool busy_seen; /* a key was answered while rows were still being sorted */
};

static const struct table_column columns[] = {
    {.name = "name", .title = "Name", .cells = 20, .weight = 1},
    {.name = "tier", .title = "Tier", .cells = 8},
    {.name = "spent", .title = "Spent", .align = 1, .cells = 12},
    {.name = "seen", .title = "Seen", .align = 1, .cells = 10},
};

static void list_cell(void *context, int64_t row, int column, struct table_cell *cell)
{
    static const char *const names[] = {"王小明", "Alexander Hamilton", "欧阳修文", "李"};
    static const char *const tiers[] = {"gold", "silver", "basic"};

    (void)context;
    cell->text = cell->space;
    if (column == 0)
        snprintf(cell->space, sizeof cell->space, "%s %lld", names[row % 4], (long long)row);
    else if (column == 1)
        cell->text = tiers[row % 3];
    else {
        cell->numeric = true;
        cell->value = (double)(row * 7919 % 100003);
        snprintf(cell->space, sizeof cell->space, "%.0f", cell->value);
    }
}

static void list_key(void *context, uint32_t key)
{
    static const char *const scopes[] = {"table"};
    struct list *list = context;
    const struct action *action;

    list->busy_seen |= table_busy(list->table);
    if (table_key(list->table, key))
        return;
    action = keymap_find(list->keymap, key, scopes, 1);
    if (action)
        table_action(list->table, action->id);
}

static void list_draw(void *context)
{
    table_draw(((struct list *)context)->table, screen_area(), true);
}

static size_t list_busy(void *context)
{
    struct list *list = context;

    return list->table && table_busy(list->table);
}

static void list_start(struct list *list, int64_t n, int rows, int cols)
{
    static const struct loop_ops ops = {.key = list_key, .draw = list_draw};
    static const struct table_rows_ops row_ops = {.cell = list_cell};

    *list = (struct list){.vt = vt_new(rows, cols)};
    struct screen_options options = {
        .input = vt_fd(list->vt), .output = vt_fd(list->vt), .theme = {.colors = 256}};
    assert_null(screen_start(&options));
    list->loop = loop_new(&ops, list);
    list->keymap = keymap_new(table_actions, table_n_actions);
    list->rows = table_rows_new(&row_ops, list, columns, 4, n, list->loop);
    list->table = table_new(
        &(struct table_options){.source = table_rows_source(list->rows), .loop = list->loop});
    vt_attach(list->vt, list->loop, list_busy, list);
    vt_settle(list->vt);
}

static void list_end(struct list *list)
{
    table_free(list->table);
    table_rows_free(list->rows);
    keymap_free(list->keymap);
    loop_free(list->loop);
    screen_end();
    vt_free(list->vt);
}

static void test_cursor_move(void **state)
{
    struct list list;
    size_t most = 0;

    (void)state;
    list_start(&list, 4096, 24, 80);
    for (int i = 0; i < 40; i++) {
        int row, col;

        vt_mark(list.vt);
        vt_keys(list.vt, i < 20 ? "Down" : "k");
        assert_in_range(vt_bytes(list.vt), 1, 120);
        assert_int_equal(vt_frames(list.vt), 1);
        most = vt_bytes(list.vt) > most ? vt_bytes(list.vt) : most;
        assert_true(vt_cursor(list.vt, &row, &col));
        assert_int_equal(row, i < 20 ? i + 2 : 40 - i);
    }
    for (int i = 0; i < 20; i++) { /* also among marked rows, which have a colour of their own */
        vt_keys(list.vt, i < 10 ? "Space" : "Up");
        if (i >= 10)
            assert_in_range(vt_bytes(list.vt), 1, 120);
        most = i >= 10 && vt_bytes(list.vt) > most ? vt_bytes(list.vt) : most;
        vt_mark(list.vt);
    }
    print_message("a cursor move: at most %zu bytes\n", most);
    vt_mark(list.vt);
    vt_settle(list.vt);
    assert_int_equal(vt_bytes(list.vt), 0); /* idle */
    list_end(&list);
}

static void test_sorting_leaves_keys_their_turn(void **state)
{
    struct list list;

    (void)state;
    list_start(&list, 60000, 24, 80);
    loop_feed(list.loop, 'l');
    loop_feed(list.loop, 'l');
    loop_feed(list.loop, 's');
    loop_step(list.loop, 0);
    loop_feed(list.loop, 'j');
    loop_step(list.loop, 0);
    assert_true(list.busy_seen);
    vt_settle(list.vt);
    assert_false(table_busy(list.table));
    assert_true(vt_shows(list.vt, "by Spent"));
    vt_keys(list.vt, "g");
    assert_true(strstr(vt_row(list.vt, 1), " 0 ") != NULL);
    vt_keys(list.vt, "/");
    vt_type(list.vt, "欧阳.*98$");
    assert_true(vt_shows(list.vt, "matched 600 of 60,000"));
    vt_keys(list.vt, "Enter Space Space");
    assert_true(vt_shows(list.vt, "2 marked"));
    vt_keys(list.vt, "Esc");
    assert_true(vt_shows(list.vt, "of 60,000 rows"));
    list_end(&list);
}

static void test_resized(void **state)
{
    struct list list;

    (void)state;
    list_start(&list, 300, 24, 80);
    vt_keys(list.vt, "G");
    vt_resize(list.vt, 12, 40);
    assert_true(vt_shows(list.vt, "300 of 300"));
    vt_resize(list.vt, 60, 200);
    assert_true(vt_shows(list.vt, "300 of 300"));
    assert_true(vt_shows(list.vt, " 299"));
    vt_resize(list.vt, 3, 8);
    vt_keys(list.vt, "k k l l");
    list_end(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cursor_move),
        cmocka_unit_test(test_sorting_leaves_keys_their_turn),
        cmocka_unit_test(test_resized),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
