#include "views/list.h"

#include "model/base/arena.h"
#include "tui/table_rows.h"
#include "views/cells.h"
#include "views/list_export.h"
#include "views/session.h"

#include <stdlib.h>
#include <string.h>

void list_begin(struct list *list, struct view *view, const char *name, const char *noun)
{
    *list = (struct list){.view = view, .name = name, .noun = noun, .scratch = arena_new()};
    view->scopes[view->n_scopes++] = "list";
    view->scopes[view->n_scopes++] = "table";
}

static void table_end(struct list *list)
{
    list_export_end(list);
    table_free(list->table);
    if (list->rows)
        table_rows_free(list->rows);
    arena_free(list->own);
    list->table = NULL;
    list->rows = NULL;
    list->own = NULL;
    list->columns = NULL;
}

void list_end(struct list *list)
{
    table_end(list);
    arena_free(list->scratch);
    free(list->export_to);
    list->scratch = NULL;
}

static const struct zone *list_zone(const struct list *list)
{
    return list->view->console->mall->zone;
}

static void sheet_cell(void *context, int64_t row, int column, struct table_cell *cell)
{
    struct list *list = context;
    enum cell_type type = list->sheet->columns[column].type;
    const struct cell *from = &sheet_row(list->sheet, (size_t)row)[column];
    if (!from->known)
        return;
    arena_reset(list->scratch);
    cell->text =
        cell_in_column(list->scratch, list_zone(list), &list->sheet->columns[column], from);
    if (list->dim && list->dim(list->view, row))
        cell->role = ROLE_DIM;
    else if (list->role)
        cell->role = list->role(list->view, row, column);
    cell->numeric = cell_is_number(type);
    cell->value = cell_number(type, from);
    if (type == CELL_TIME || type == CELL_DAY || type == CELL_MONEY)
        cell->raw = cell_for_machines(list->scratch, list_zone(list), type, from);
}

static uint64_t sheet_key(void *context, int64_t row)
{
    const struct list *list = context;
    return list->keys ? list->keys[row] : (uint64_t)row;
}

static const struct table_rows_ops sheet_ops = {.cell = sheet_cell, .key = sheet_key};

static void row_open(void *context, int64_t row, uint64_t key)
{
    struct list *list = context;
    (void)key;
    if (list->open)
        list->open(list->view, list->rows ? table_rows_at(list->rows, row) : row);
}

static void layout_changed(void *context)
{
    struct list *list = context;
    char *layout = table_layout(list->table);
    session_layout_set(list->view->console->session, list->name, layout);
    free(layout);
}

static void message_say(void *context, const char *text)
{
    const struct list *list = context;
    console_say(list->view->console, "%s", text);
}

static const struct table_view_ops table_ops = {
    .open = row_open,
    .layout = layout_changed,
    .message = message_say,
};

static void table_begin(struct list *list, const struct table_source *source, bool free_filter)
{
    struct table_options options = {
        .source = *source,
        .ops = &table_ops,
        .context = list,
        .loop = list->view->console->loop,
        .noun = list->noun,
        .layout = session_layout(list->view->console->session, list->name),
        .free_filter = free_filter,
    };
    list->table = table_new(&options);
}

/* Cells of the widest of the first rows, title included. */
static int cells_needed(struct list *list, const struct sheet *sheet, size_t column,
                        const char *title)
{
    enum { LOOKED_AT = 200 };
    int widest = text_cells(title) + 2; /* room for the mark of the order */
    for (size_t i = 0; i < sheet->n_rows && i < LOOKED_AT; i++) {
        arena_reset(list->scratch);
        int cells = text_cells(cell_in_column(
            list->scratch, list_zone(list), &sheet->columns[column], &sheet_row(sheet, i)[column]));
        widest = cells > widest ? cells : widest;
    }
    int least = sheet->columns[column].cells;
    return widest > least ? widest : least;
}

/* As wide as needed, not wider than a name. What is left of a wide screen goes to the texts that
 * are longer, to each as it lacks; where none is, to all texts alike. */
static void columns_make(struct list *list, const struct sheet *sheet)
{
    enum { WIDEST = 28 };
    bool lacking = false;
    list->own = arena_new();
    list->columns = arena_array(list->own, struct table_column, sheet->n_columns);
    for (size_t k = 0; k < sheet->n_columns; k++) {
        const struct sheet_column *from = &sheet->columns[k];
        const char *title = from->title ? text_translated(from->title) : from->name;
        list->columns[k] = (struct table_column){
            .name = arena_strdup(list->own, from->name),
            .title = arena_strdup(list->own, title),
            .align = cell_is_number(from->type) ? 1 : -1,
            .cells = cells_needed(list, sheet, k, title),
            .min_cells = 12, /* a column goes off the edge before words are cut shorter */
        };
        lacking |= from->type == CELL_TEXT && list->columns[k].cells > WIDEST;
    }
    for (size_t k = 0; k < sheet->n_columns; k++) {
        struct table_column *column = &list->columns[k];
        int lacks = column->cells > WIDEST ? column->cells - WIDEST : 0;
        column->cells -= lacks;
        if (sheet->columns[k].type == CELL_TEXT)
            column->weight = lacking ? lacks : 1;
    }
}

static bool same_columns(const struct list *list, const struct sheet *sheet)
{
    if (!list->rows || list->sheet->n_columns != sheet->n_columns)
        return false;
    for (size_t k = 0; k < sheet->n_columns; k++)
        if (strcmp(list->columns[k].name, sheet->columns[k].name) != 0)
            return false;
    return true;
}

void list_show(struct list *list, const struct sheet *sheet, const uint64_t *keys)
{
    bool same = same_columns(list, sheet);
    if (!same)
        table_end(list);
    list->sheet = sheet;
    list->keys = keys;
    if (same) {
        table_rows_changed(list->rows, (int64_t)sheet->n_rows);
        table_refresh(list->table);
        return;
    }
    columns_make(list, sheet);
    list->rows = table_rows_new(&sheet_ops, list, list->columns, (int)sheet->n_columns,
                                (int64_t)sheet->n_rows, list->view->console->loop);
    struct table_source source = table_rows_source(list->rows);
    table_begin(list, &source, false);
}

void list_source(struct list *list, const struct table_source *source, bool free_filter)
{
    table_end(list);
    table_begin(list, source, free_filter);
}

int64_t list_selected(const struct list *list)
{
    uint64_t key;
    int64_t row = list->table ? table_selected(list->table, &key) : -1;
    return row >= 0 && list->rows ? table_rows_at(list->rows, row) : row;
}

void list_draw(struct list *list, struct area area, bool focus)
{
    if (list->table)
        table_draw(list->table, area, focus);
    else
        draw_text(area, 0, 0, ROLE_DIM, _("counting …"));
}

bool list_key(struct list *list, uint32_t key)
{
    if (!list->table)
        return false;
    if (key == KEYS_MOUSE)
        return table_mouse(list->table, loop_mouse(list->view->console->loop));
    if (key == KEYS_PASTE)
        return table_paste(list->table, loop_paste(list->view->console->loop));
    return table_typing(list->table) && table_key(list->table, key);
}

bool list_action(struct list *list, int id, const char *argument)
{
    if (!list->table)
        return false;
    if (id == TABLE_SAVE || id == TABLE_PIPE)
        return !console_exact(list->view->console) ||
               list_export_start(list, id == TABLE_PIPE, argument);
    return table_action(list->table, id);
}
