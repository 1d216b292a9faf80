#include "tui/grid.h"

#include "tui/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    struct cell *cells;
    int rows, cols;
    int cursor_row, cursor_col;
    bool cursor;
} grid;

static struct cell *cell_at(int row, int col)
{
    if (row < 0 || row >= grid.rows || col < 0 || col >= grid.cols)
        return NULL;
    return &grid.cells[(size_t)row * (size_t)grid.cols + (size_t)col];
}

/* Cells are compared with memcmp, so all bytes are set, padding included. */
static void cell_blank(struct cell *cell, enum role role)
{
    memset(cell, 0, sizeof *cell);
    cell->runes[0] = ' ';
    cell->n = cell->cells = 1;
    cell->role = (unsigned char)role;
}

void grid_resize(int rows, int cols)
{
    size_t n = (size_t)rows * (size_t)cols;
    grid.cells = tui_resize(grid.cells, n, sizeof *grid.cells);
    grid.rows = rows;
    grid.cols = cols;
    grid_clear();
}

void grid_free(void)
{
    free(grid.cells);
    memset(&grid, 0, sizeof grid);
}

void grid_clear(void)
{
    size_t n = (size_t)grid.rows * (size_t)grid.cols;
    for (size_t i = 0; i < n; i++)
        cell_blank(&grid.cells[i], ROLE_PLAIN);
    grid.cursor = false;
}

int grid_rows(void)
{
    return grid.rows;
}

int grid_cols(void)
{
    return grid.cols;
}

const struct cell *grid_row(int row)
{
    return cell_at(row, 0);
}

/* Before [col, col + cells) is overwritten: halves that would be left alone become spaces. */
static void free_halves(int row, int col, int cells)
{
    struct cell *first = cell_at(row, col), *last = cell_at(row, col + cells - 1);
    if (first && first->n == 0)
        cell_blank(first - 1, first[-1].role);
    if (last && last->cells == 2)
        cell_blank(last + 1, last->role);
}

void grid_put(int row, int col, enum role role, const struct glyph *glyph)
{
    struct cell *cell = cell_at(row, col), *right = cell_at(row, col + 1);
    if (glyph->cells == 2 && !(cell && right)) {
        grid_space(row, col, role);
        grid_space(row, col + 1, role);
        return;
    }
    if (!cell)
        return;
    free_halves(row, col, glyph->cells);
    cell_blank(cell, role);
    /* In the last column a terminal may have wrapped before the mark comes, and put it on the next
     * row: there the character goes without. */
    bool last = col + glyph->cells == grid.cols;
    cell->n = (unsigned char)(last ? 1 : glyph->n < 5 ? glyph->n : 5);
    for (int i = 0; i < cell->n; i++)
        cell->runes[i] = glyph->runes[i];
    if (glyph->cells == 2) {
        cell->cells = 2;
        memset(right, 0, sizeof *right);
        right->role = (unsigned char)role;
    }
}

void grid_put_look(int row, int col, const struct look *look, const struct glyph *glyph)
{
    grid_put(row, col, ROLE_OTHER, glyph);
    for (int i = 0; i < glyph->cells; i++) {
        struct cell *cell = cell_at(row, col + i);
        if (cell)
            cell->look = *look;
    }
}

void grid_space(int row, int col, enum role role)
{
    struct cell *cell = cell_at(row, col);
    if (cell) {
        free_halves(row, col, 1);
        cell_blank(cell, role);
    }
}

void grid_mark(int row, int col, enum role role)
{
    struct cell *cell = cell_at(row, col);
    if (!cell)
        return;
    cell->mark = (unsigned char)role;
    if (cell->n == 0)
        cell[-1].mark = (unsigned char)role; /* both halves look the same */
    else if (cell->cells == 2)
        cell[1].mark = (unsigned char)role;
}

void grid_set_cursor(int row, int col)
{
    grid.cursor = cell_at(row, col) != NULL;
    grid.cursor_row = row;
    grid.cursor_col = col;
}

bool grid_cursor(int *row, int *col)
{
    *row = grid.cursor_row;
    *col = grid.cursor_col;
    return grid.cursor;
}

char *grid_text(void)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    for (int row = 0; row < grid.rows; row++) {
        const struct cell *cells = grid_row(row);
        int last = grid.cols;
        while (last > 0 && cells[last - 1].n == 1 && cells[last - 1].runes[0] == ' ')
            last--;
        for (int col = 0; col < last; col++)
            for (int i = 0; i < cells[col].n; i++) {
                char bytes[4];
                fwrite(bytes, 1, rune_put((uint32_t)cells[col].runes[i], bytes), out);
            }
        fputc('\n', out);
    }
    fclose(out);
    return text;
}
