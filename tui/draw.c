#include "tui/draw.h"

#include "tui/grid.h"
#include "tui/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int at_least_0(int n)
{
    return n > 0 ? n : 0;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

struct area area_part(struct area area, int row, int col, int rows, int cols)
{
    int top = row > 0 ? row : 0, left = col > 0 ? col : 0;
    int bottom = least(area.rows, row + rows), right = least(area.cols, col + cols);
    return (struct area){area.row + top, area.col + left, at_least_0(bottom - top),
                         at_least_0(right - left)};
}

struct area area_cut_top(struct area *area, int rows)
{
    rows = least(at_least_0(rows), at_least_0(area->rows));
    struct area part = {area->row, area->col, rows, area->cols};
    area->row += rows;
    area->rows -= rows;
    return part;
}

struct area area_cut_bottom(struct area *area, int rows)
{
    rows = least(at_least_0(rows), at_least_0(area->rows));
    area->rows -= rows;
    return (struct area){area->row + area->rows, area->col, rows, area->cols};
}

struct area area_cut_left(struct area *area, int cols)
{
    cols = least(at_least_0(cols), at_least_0(area->cols));
    struct area part = {area->row, area->col, area->rows, cols};
    area->col += cols;
    area->cols -= cols;
    return part;
}

struct area area_cut_right(struct area *area, int cols)
{
    cols = least(at_least_0(cols), at_least_0(area->cols));
    area->cols -= cols;
    return (struct area){area->row, area->col + area->cols, area->rows, cols};
}

struct area area_column(struct area area, int i, int n, int gap)
{
    if (n < 1 || i < 0 || i >= n)
        return area_part(area, 0, 0, 0, 0);
    int room = at_least_0(area.cols - gap * (n - 1));
    int from = room * i / n, to = room * (i + 1) / n;
    return area_part(area, 0, from + gap * i, area.rows, to - from);
}

static bool row_inside(struct area area, int row)
{
    return row >= 0 && row < area.rows;
}

void draw_clear(struct area area, enum role role)
{
    for (int row = 0; row < area.rows; row++)
        for (int col = 0; col < area.cols; col++)
            grid_space(area.row + row, area.col + col, role);
}

/* Puts a glyph at a column of the area that may lie left of it; false when it no longer fits. */
static bool put(struct area area, int row, int col, enum role role, const struct glyph *glyph)
{
    if (col + glyph->cells > area.cols)
        return false;
    if (col >= 0)
        grid_put(area.row + row, area.col + col, role, glyph);
    else if (col + glyph->cells > 0)
        grid_space(area.row + row, area.col, role); /* the right half of a wide one shows */
    return true;
}

int draw_text(struct area area, int row, int col, enum role role, const char *text)
{
    if (!row_inside(area, row) || col >= area.cols)
        return 0;
    const char *end = text + strlen(text);
    struct glyph glyph;
    int at = col;
    while (at < area.cols && glyph_next(&text, end, &glyph) && put(area, row, at, role, &glyph))
        at += glyph.cells;
    return at - col;
}

void draw_below(struct area area, enum role role)
{
    if (area.rows <= 0)
        return;
    struct area beside = {area.row + area.rows - 1, area.col + area.cols, 1, 1};
    draw_text(beside, 0, 0, role, symbol(SYMBOL_BELOW));
}

int draw_printf(struct area area, int row, int col, enum role role, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        return 0;
    int cells = draw_text(area, row, col, role, text);
    if (row_inside(area, row) && col < area.cols && text_cells(text) > area.cols - col) {
        int more = text_cells(symbol(SYMBOL_MORE));
        draw_text(area, row, area.cols - more, role, symbol(SYMBOL_MORE));
        cells = area.cols - col;
    }
    free(text);
    return cells;
}

void draw_field(struct area area, int row, int col, int cells, int align, enum role role,
                const char *text)
{
    draw_field_matches(area, row, col, cells, align, role, text, NULL, 0);
}

static void put_spaces(struct area area, int row, int from, int to, enum role role)
{
    static const struct glyph space = {{' '}, 1, 1};
    for (int col = from; col < to; col++)
        put(area, row, col, role, &space);
}

void draw_field_matches(struct area area, int row, int col, int cells, int align, enum role role,
                        const char *text, const struct draw_match *matches, size_t n_matches)
{
    if (!row_inside(area, row) || cells <= 0)
        return;
    int used;
    size_t length = strlen(text), fits = text_fit(text, cells, &used);
    bool cut = fits < length;
    if (cut) {
        fits = text_fit(text, cells - 1, &used);
        used++;
    }
    int spare = cells - used, at = col + (align < 0 ? 0 : align == 0 ? spare / 2 : spare);
    put_spaces(area, row, col, at, role);
    struct glyph glyph;
    size_t match = 0;
    for (const char *here = text, *end = text + fits;;) {
        size_t offset = (size_t)(here - text);
        if (!glyph_next(&here, end, &glyph))
            break;
        while (match < n_matches && matches[match].to <= offset)
            match++;
        bool inside = match < n_matches && matches[match].from <= offset;
        if (!put(area, row, at, inside ? ROLE_MATCH : role, &glyph))
            break;
        at += glyph.cells;
    }
    if (cut)
        at += draw_text(area, row, at, role, symbol(SYMBOL_MORE));
    put_spaces(area, row, at, least(col + cells, area.cols), role);
}

int draw_wrapped(struct area area, int row, enum role role, const char *text)
{
    struct text_line *lines;
    size_t n = text_wrap(text, area.cols, &lines);
    int used = 0;
    for (size_t i = 0; i < n && row + used < area.rows; i++, used++) {
        char *line = tui_strndup(text + lines[i].from, lines[i].to - lines[i].from);
        draw_text(area, row + used, 0, role, line);
        free(line);
    }
    free(lines);
    return used;
}

void draw_rule(struct area area, int row, enum role role)
{
    for (int col = 0; col < area.cols; col++)
        draw_text(area, row, col, role, symbol(SYMBOL_HLINE));
}

void draw_frame(struct area area, enum role role, const char *title)
{
    if (area.rows < 2 || area.cols < 2)
        return;
    int bottom = area.rows - 1, right = area.cols - 1;
    draw_rule(area, 0, role);
    draw_rule(area, bottom, role);
    for (int row = 1; row < bottom; row++) {
        draw_text(area, row, 0, role, symbol(SYMBOL_VLINE));
        draw_text(area, row, right, role, symbol(SYMBOL_VLINE));
    }
    draw_text(area, 0, 0, role, symbol(SYMBOL_CORNER_TL));
    draw_text(area, 0, right, role, symbol(SYMBOL_CORNER_TR));
    draw_text(area, bottom, 0, role, symbol(SYMBOL_CORNER_BL));
    draw_text(area, bottom, right, role, symbol(SYMBOL_CORNER_BR));
    if (!title || !*title || area.cols < 8)
        return;
    int cells = least(text_cells(title), area.cols - 6);
    draw_text(area, 0, 2, ROLE_PLAIN, " ");
    draw_field(area, 0, 3, cells, -1, ROLE_ACCENT, title);
    draw_text(area, 0, 3 + cells, ROLE_PLAIN, " ");
}

void draw_mark(struct area area, int row, int col, int cells, enum role role)
{
    if (!row_inside(area, row))
        return;
    int from = at_least_0(col), to = least(col + cells, area.cols);
    for (int at = from; at < to; at++)
        grid_mark(area.row + row, area.col + at, role);
}

static bool role_dims(unsigned char role)
{
    switch (role) {
    case ROLE_PLAIN:
    case ROLE_STRONG:
    case ROLE_ACCENT:
    case ROLE_UP:
    case ROLE_DOWN:
    case ROLE_BAR:
        return true;
    default:
        return false;
    }
}

void draw_dim(struct area area)
{
    for (int row = 0; row < area.rows; row++) {
        const struct cell *cells = area.row + row < grid_rows() ? grid_row(area.row + row) : NULL;
        for (int col = 0; cells && col < area.cols && area.col + col < grid_cols(); col++) {
            const struct cell *cell = &cells[area.col + col];
            if (cell->n && cell->runes[0] != L' ' && !cell->mark && role_dims(cell->role))
                grid_mark(area.row + row, area.col + col, ROLE_DIM);
        }
    }
}

void draw_cursor(struct area area, int row, int col)
{
    if (row_inside(area, row) && area.cols > 0)
        grid_set_cursor(area.row + row, area.col + least(at_least_0(col), area.cols - 1));
}
