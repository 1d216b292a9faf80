#include "tui/table_parts.h"

#include <stdlib.h>

#define SCOPE "table"

const struct action table_actions[] = {
    {TABLE_UP, "table-up", SCOPE, "Up k", ACTION_HIDDEN, N_("Row above")},
    {TABLE_DOWN, "table-down", SCOPE, "Down j", ACTION_HIDDEN, N_("Row below")},
    {TABLE_PAGE_UP, "table-page-up", SCOPE, "PgUp Ctrl-b", ACTION_HIDDEN, N_("Page up")},
    {TABLE_PAGE_DOWN, "table-page-down", SCOPE, "PgDn Ctrl-f", ACTION_HIDDEN, N_("Page down")},
    {TABLE_TOP, "table-top", SCOPE, "Home g", ACTION_HIDDEN, N_("First row")},
    {TABLE_BOTTOM, "table-bottom", SCOPE, "End G", ACTION_HIDDEN, N_("Last row")},
    {TABLE_LEFT, "table-left", SCOPE, "Left h", ACTION_HIDDEN, N_("Column to the left")},
    {TABLE_RIGHT, "table-right", SCOPE, "Right l", ACTION_HIDDEN, N_("Column to the right")},
    {TABLE_OPEN, "table-open", SCOPE, "Enter", ACTION_LINE, N_("Open the row"), N_("open")},
    {TABLE_GOTO, "table-goto", SCOPE, "#", 0, N_("Go to a row by its number")},
    {TABLE_FILTER, "table-filter", SCOPE, "/", ACTION_LINE,
     N_("Filter by a pattern; ! in front shows the rest"), N_("filter")},
    {TABLE_FILTER_CLEAR, "table-filter-clear", SCOPE, "Esc", ACTION_HIDDEN, N_("Clear the filter")},
    {TABLE_SORT, "table-sort", SCOPE, "s", ACTION_LINE,
     N_("Sort by this column: up, down, as it was"), N_("sort")},
    {TABLE_SORT_BACK, "table-sort-back", SCOPE, "~", 0, N_("Sort the other way round")},
    {TABLE_MARK, "table-mark", SCOPE, "Space", ACTION_LINE, N_("Mark the row, or unmark it"),
     N_("mark")},
    {TABLE_MARK_RANGE, "table-mark-range", SCOPE, "v", 0, N_("Mark from the last mark to here")},
    {TABLE_MARK_ALL, "table-mark-all", SCOPE, "Ctrl-a", 0, N_("Mark all rows of the list")},
    {TABLE_MARK_INVERT, "table-mark-invert", SCOPE, "*", 0, N_("Turn marks round")},
    {TABLE_MARK_CLEAR, "table-mark-clear", SCOPE, "Ctrl-u", 0, N_("Remove all marks")},
    {TABLE_COLUMN_HIDE, "column-hide", SCOPE, "-", 0, N_("Hide this column")},
    {TABLE_COLUMN_SHOW, "column-show", SCOPE, "+", 0, N_("Show all columns")},
    {TABLE_COLUMN_NARROW, "column-narrow", SCOPE, "[", 0, N_("Make the column narrower")},
    {TABLE_COLUMN_WIDEN, "column-widen", SCOPE, "]", 0, N_("Make the column wider")},
    {TABLE_COLUMN_BACK, "column-back", SCOPE, "<", 0, N_("Move the column to the left")},
    {TABLE_COLUMN_FORWARD, "column-forward", SCOPE, ">", 0, N_("Move the column to the right")},
    {TABLE_COLUMN_PIN, "column-pin", SCOPE, "|", 0, N_("Keep the first column in sight, or not")},
    {TABLE_COLUMN_RESET, "column-reset", SCOPE, "=", 0, N_("Columns as they were")},
    {TABLE_COPY, "table-copy", SCOPE, "y", 0, N_("Copy the marked rows, or this one")},
    {TABLE_COPY_CELL, "table-copy-cell", SCOPE, "Ctrl-y", 0, N_("Copy this cell")},
    {TABLE_SAVE, "table-save", SCOPE, "e", 0, N_("Export to a CSV or JSON file")},
    {TABLE_PIPE, "table-pipe", SCOPE, "!", 0, N_("Send the rows to a command")},
};
const size_t table_n_actions = sizeof table_actions / sizeof *table_actions;

static bool move(struct table *table, int64_t row)
{
    if (table->rows <= 0)
        return false;
    table_select(table, row);
    return true;
}

static bool open_row(struct table *table)
{
    if (table->selected < 0 || !table->has_key || !table->ops.open)
        return false;
    table->ops.open(table->context, table->selected, table->key);
    return true;
}

/* Moves a screenful: the selection keeps its place on the screen. */
static bool move_page(struct table *table, int64_t rows)
{
    int64_t most = table->rows > table->page ? table->rows - table->page : 0;

    if (table->rows <= 0)
        return false;
    table->top += rows;
    if (table->top > most)
        table->top = most;
    if (table->top < 0)
        table->top = 0;
    table_select(table, table->selected + rows);
    return true;
}

bool table_action(struct table *table, int action_id)
{
    int64_t page = table->page > 1 ? table->page - 1 : 1;

    switch (action_id) {
    case TABLE_UP:
        return move(table, table->selected - 1);
    case TABLE_DOWN:
        return move(table, table->selected + 1);
    case TABLE_PAGE_UP:
        return move_page(table, -page);
    case TABLE_PAGE_DOWN:
        return move_page(table, page);
    case TABLE_TOP:
        return move(table, 0);
    case TABLE_BOTTOM:
        return move(table, table->rows - 1);
    case TABLE_OPEN:
        return open_row(table);
    case TABLE_GOTO:
        table_goto_open(table);
        return true;
    case TABLE_FILTER:
        table_filter_open(table);
        return true;
    case TABLE_FILTER_CLEAR:
        return table_walk_stop(table) || table_filter_clear(table);
    case TABLE_COPY:
    case TABLE_COPY_CELL:
        return table_copy(table, action_id == TABLE_COPY_CELL);
    default:
        return table_mark_action(table, action_id) || table_column_action(table, action_id);
    }
}

/* --- Mouse --- */

static bool click_title(struct table *table, int col)
{
    struct table_slot *slots = tui_zero((size_t)table->source.n_columns, sizeof *slots);
    bool left, right, done = false;
    int n = table_slots(table, table->area.cols, slots, &left, &right);

    for (int i = 0; i < n && !done; i++)
        if (col >= slots[i].col && col < slots[i].col + slots[i].cells) {
            table->current = slots[i].place;
            done = table_column_sort(table, table->places[slots[i].place].column, 0);
        }
    free(slots);
    return done;
}

static bool click_row(struct table *table, const struct loop_mouse *mouse)
{
    int64_t row = table->top + mouse->row - table->body.row;

    if (row >= table->rows)
        return false;
    table_select(table, row);
    return !mouse->double_click || open_row(table);
}

bool table_mouse(struct table *table, const struct loop_mouse *mouse)
{
    int row = mouse->row - table->area.row, col = mouse->col - table->area.col;

    if (row < 0 || row >= table->area.rows || col < 0 || col >= table->area.cols || !mouse->pressed)
        return false;
    if (mouse->button == 4 || mouse->button == 5)
        return move_page(table, mouse->button == 4 ? -3 : 3);
    if (mouse->button != 1)
        return false;
    if (mouse->row == table->area.row && table->body.row > table->area.row)
        return click_title(table, col);
    if (mouse->row >= table->body.row && mouse->row < table->body.row + table->body.rows)
        return click_row(table, mouse);
    return false;
}
