#include "tui/table_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many cells of the selected row are shown as selected: enough to see it at once, few enough
 * that a move of the cursor stays a handful of bytes on a slow line. */
enum { SELECTED_CELLS = 8, MATCHES_MAX = 32 };

static void put_count(struct buffer *out, int64_t n)
{
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)n);

    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            buffer_puts(out, ",");
        buffer_add(out, &digits[i], 1);
    }
}

static char *count_text(int64_t n)
{
    struct buffer out = {0};

    put_count(&out, n);
    return out.at;
}

/* --- Cells --- */

static void draw_cell(const struct table *table, int row, int64_t at, const struct table_slot *slot)
{
    int index = table->places[slot->place].column;
    const struct table_column *column = &table->source.columns[index];
    struct draw_match matches[MATCHES_MAX];
    int align = column->align > 0 ? 1 : -1;
    struct table_cell cell;
    size_t n = 0;

    memset(&cell, 0, offsetof(struct table_cell, space));
    if (!table->source.ops->cell(table->source.state, at, index, &cell)) {
        draw_field(table->body, row, slot->col, slot->cells, align, ROLE_DIM, symbol(SYMBOL_MORE));
        return;
    }
    if (!cell.text) {
        draw_field(table->body, row, slot->col, slot->cells, align, ROLE_DIM, symbol(SYMBOL_NONE));
        return;
    }
    if (table->pattern && !(column->flags & TABLE_NO_FILTER))
        n = pattern_ranges(table->pattern, cell.text, matches, MATCHES_MAX);
    draw_field_matches(table->body, row, slot->col, slot->cells, align, cell.role, cell.text,
                       matches, n);
}

static void draw_selection(const struct table *table, int row, const struct table_slot *slots,
                           int n)
{
    int cells = n ? slots[0].cells : 0;

    draw_text(table->body, row, 1, ROLE_PLAIN, theme_ascii() ? ">" : "▌");
    if (cells > SELECTED_CELLS)
        cells = SELECTED_CELLS;
    draw_mark(table->body, row, 1, TABLE_GUTTER - 1 + cells, ROLE_SELECTED);
    if (table->focus && table->typing == TYPING_NOTHING)
        draw_cursor(table->body, row, TABLE_GUTTER);
}

static void draw_row(const struct table *table, int row, int64_t at, const struct table_slot *slots,
                     int n)
{
    uint64_t key;
    bool marked = table->marks.n && table->source.ops->key(table->source.state, at, &key) &&
                  table_is_marked(table, key);

    if (marked)
        draw_text(table->body, row, 0, ROLE_MARKED, symbol(SYMBOL_MARK));
    for (int i = 0; i < n; i++)
        draw_cell(table, row, at, &slots[i]);
    if (at == table->selected)
        draw_selection(table, row, slots, n);
}

static void draw_totals(const struct table *table, struct area area, const struct table_slot *slots,
                        int n)
{
    for (int i = 0; i < n; i++) {
        int index = table->places[slots[i].place].column;
        struct table_cell cell;

        memset(&cell, 0, offsetof(struct table_cell, space));
        if (table->source.ops->total(table->source.state, index, &cell) && cell.text)
            draw_field(area, 0, slots[i].col, slots[i].cells,
                       table->source.columns[index].align > 0 ? 1 : -1,
                       cell.role == ROLE_PLAIN ? ROLE_STRONG : cell.role, cell.text);
    }
}

/* --- Titles --- */

static void draw_title(const struct table *table, struct area area, const struct table_slot *slot)
{
    const struct table_column *column = table_column_at(table, slot->place);
    bool current = table->focus && slot->place == table->current;
    const char *mark = "";

    if (table->n_orders && table->orders[0].column == table->places[slot->place].column)
        mark = symbol(table->orders[0].descending ? SYMBOL_SORT_DOWN : SYMBOL_SORT_UP);
    int room = slot->cells - text_cells(mark);
    char *title = text_clean(column->title ? text_translated(column->title) : column->name, room);
    char *text =
        column->align > 0 ? tui_printf("%s%s", mark, title) : tui_printf("%s%s", title, mark);

    draw_field(area, 0, slot->col, slot->cells, column->align > 0 ? 1 : -1,
               current ? ROLE_ACCENT : ROLE_TITLE, text);
    free(text);
    free(title);
}

static void draw_titles(const struct table *table, struct area area, const struct table_slot *slots,
                        int n, bool left, bool right)
{
    for (int i = 0; i < n; i++)
        draw_title(table, area, &slots[i]);
    if (left)
        draw_text(area, 0, 0, ROLE_ACCENT, theme_ascii() ? "<" : "‹");
    if (right)
        draw_text(area, 0, area.cols - 1, ROLE_ACCENT, theme_ascii() ? ">" : "›");
}

/* --- Footer --- */

/* The number of the selected row, as wide as the number of rows, so that a move of the cursor
 * shifts nothing; appended. */
static void footer_row(const struct table *table, struct buffer *out)
{
    char *rows = count_text(table->rows), *at = count_text(table->selected + 1);
    int pad = (int)strlen(rows) - (int)strlen(at);

    if (table->selected >= 0 && table->rows > 0)
        buffer_printf(out, "%*s%s", pad > 0 ? pad : 0, "", at);
    free(rows);
    free(at);
}

/* What stands behind the row's number. */
static void footer_rows(const struct table *table, struct buffer *out)
{
    char *rows = count_text(table->rows < 0 ? 0 : table->rows), *of = count_text(table->of);

    if (table->selected < 0 || table->rows <= 0)
        buffer_printf(out, "%s %s", rows, table->noun);
    else
        buffer_printf(out, _(" of %s%s %s"), rows, table->final ? "" : "+", table->noun);
    if (*table->filter && table->of >= 0)
        buffer_printf(out, _(" · matched %s of %s"), rows, of);
    free(rows);
    free(of);
}

static void footer_work(const struct table *table, struct buffer *out)
{
    if (table->walk.kind != WALK_NONE) {
        char *at = count_text(table->walk.at), *of = count_text(table->rows);

        buffer_printf(out,
                      table->walk.kind == WALK_EXPORT ? _(" · writing %s of %s")
                                                      : _(" · marking %s of %s"),
                      at, of);
        free(at);
        free(of);
    }
    if (table->progress_rows >= 0) {
        char *rows = count_text(table->progress_rows), *of = count_text(table->progress_of);

        buffer_printf(out, _(" · matched %s of %s so far"), rows, of);
        free(rows);
        free(of);
    }
}

static void footer_rest(const struct table *table, struct buffer *out)
{
    footer_rows(table, out);
    if (*table->filter)
        buffer_printf(out, " · /%s", table->filter);
    if (table->n_orders) {
        const struct table_column *column = &table->source.columns[table->orders[0].column];

        buffer_printf(out, _(" · by %s %s"),
                      column->title ? text_translated(column->title) : column->name,
                      symbol(table->orders[0].descending ? SYMBOL_SORT_DOWN : SYMBOL_SORT_UP));
    }
    if (table->marks.n) {
        char *marked = count_text((int64_t)table->marks.n);

        buffer_printf(out, _(" · %s marked"), marked);
        free(marked);
    }
    footer_work(table, out);
}

/* What is typed, with the number of matches or what is wrong, instead of the footer. */
static void draw_typing(struct table *table, struct area area)
{
    struct buffer right = {0};
    int cells;

    draw_text(area, 0, 0, ROLE_ACCENT, table->typing == TYPING_FILTER ? "/" : "#");
    if (table->error) {
        buffer_puts(&right, table->error);
    } else if (table->typing == TYPING_ROW) {
        buffer_puts(&right, _("row number"));
    } else if (table->progress_rows >= 0 || table->rows >= 0) {
        bool way = table->progress_rows >= 0;
        char *rows = count_text(way ? table->progress_rows : table->rows);
        char *of = count_text(way ? table->progress_of : table->of);

        buffer_printf(&right, _("matched %s of %s"), rows, of);
        free(rows);
        free(of);
    }
    cells = text_cells(buffer_text(&right));
    if (cells > area.cols * 2 / 3)
        cells = area.cols * 2 / 3;
    draw_field(area, 0, area.cols - cells, cells, 1, table->error ? ROLE_ERROR : ROLE_DIM,
               buffer_text(&right));
    table_typing_draw(table, area_part(area, 0, 1, 1, area.cols - cells - 2));
    buffer_free(&right);
}

static void draw_footer(struct table *table, struct area area)
{
    struct buffer out = {0};

    if (table->typing != TYPING_NOTHING) {
        draw_typing(table, area);
        return;
    }
    if (table->failed) {
        draw_field(area, 0, 0, area.cols, -1, ROLE_ERROR, table->failed);
        return;
    }
    /* The number of the row, the only part that every move changes, has no colour to switch to. */
    footer_row(table, &out);
    int col = draw_text(area, 0, 0, ROLE_PLAIN, buffer_text(&out));
    buffer_clear(&out);
    footer_rest(table, &out);
    draw_field(area, 0, col, area.cols - col, -1, ROLE_DIM, buffer_text(&out));
    buffer_free(&out);
}

/* --- All of it --- */

static void draw_empty(const struct table *table)
{
    char *text;

    if (table->rows < 0 || table->answered != table->generation)
        text = tui_strdup(symbol(SYMBOL_MORE));
    else if (*table->filter)
        text =
            tui_printf(_("No %s match '%s' - Esc clears the filter"), table->noun, table->filter);
    else
        text = tui_strdup(text_translated(table->empty));
    draw_wrapped(area_part(table->body, 1, TABLE_GUTTER, table->body.rows - 1,
                           table->body.cols - 2 * TABLE_GUTTER),
                 0, ROLE_DIM, text);
    free(text);
}

/* The rows on the screen changed their number: the selection stays in sight. */
static void fit_page(struct table *table, int rows)
{
    int64_t most;

    table->page = rows > 0 ? rows : 1;
    if (table->selected >= table->top + table->page)
        table->top = table->selected - table->page + 1;
    most = table->rows > table->page ? table->rows - table->page : 0;
    if (table->top > most)
        table->top = most;
    if (table->top < 0)
        table->top = 0;
}

void table_draw(struct table *table, struct area area, bool focus)
{
    struct table_slot *slots = tui_zero((size_t)table->source.n_columns, sizeof *slots);
    struct area titles = {0}, totals = {0}, footer = {0};
    bool left, right;
    int n = table_slots(table, area.cols, slots, &left, &right);

    table->area = area;
    table->focus = focus;
    if (area.rows > 1)
        titles = area_cut_top(&area, 1);
    if ((!table->no_footer && area.rows > 1) || (table->typing != TYPING_NOTHING && area.rows > 0))
        footer = area_cut_bottom(&area, 1);
    if (table->totals && area.rows > 2)
        totals = area_cut_bottom(&area, 1);
    table->body = area;
    fit_page(table, area.rows);
    if (table->source.ops->window && table->rows > 0) {
        int64_t last =
            table->top + table->page < table->rows ? table->top + table->page : table->rows;
        table->source.ops->window(table->source.state, table, table->top, last - table->top);
    }
    draw_titles(table, titles, slots, n, left, right);
    for (int row = 0; row < area.rows && table->top + row < table->rows; row++)
        draw_row(table, row, table->top + row, slots, n);
    if (table->rows <= 0)
        draw_empty(table);
    draw_totals(table, totals, slots, totals.rows > 0 ? n : 0);
    draw_footer(table, footer);
    free(slots);
}
