#include "model/base/sheet.h"

#include <string.h>

struct sheet *sheet_new(struct arena *arena, const struct sheet_column *columns, size_t n_columns)
{
    struct sheet *sheet = arena_new_of(arena, struct sheet);
    sheet->arena = arena;
    sheet->columns = columns;
    sheet->n_columns = n_columns;
    sheet->total = -1;
    return sheet;
}

struct cell *sheet_row_add(struct sheet *sheet)
{
    if (sheet->n_rows == sheet->cap) {
        size_t cap = sheet->cap ? sheet->cap * 2 : 64;
        struct cell *cells = arena_array(sheet->arena, struct cell, cap * sheet->n_columns);
        if (sheet->n_rows)
            memcpy(cells, sheet->cells, sheet->n_rows * sheet->n_columns * sizeof *cells);
        sheet->cells = cells;
        sheet->cap = cap;
    }
    return sheet->cells + sheet->n_columns * sheet->n_rows++;
}

const struct cell *sheet_row(const struct sheet *sheet, size_t row)
{
    return sheet->cells + sheet->n_columns * row;
}
