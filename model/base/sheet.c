#include "model/base/sheet.h"

#include <math.h>
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

/* Decimals until three figures are shown, or nothing more comes; 5: more than four. */
static int decimals_needed(double value)
{
    static const double power[] = {1, 10, 100, 1000, 10000};
    for (int k = 1; k <= 4; k++) {
        double scaled = fabs(value) * power[k];
        if (scaled >= 100 || fabs(scaled - round(scaled)) < 1e-9 * scaled)
            return k;
    }
    return fabs(value) * power[4] >= 10 ? 4 : 5;
}

int sheet_decimals(const struct sheet *sheet, size_t column)
{
    int most = 1;
    for (size_t row = 0; row < sheet->n_rows; row++) {
        const struct cell *cell = &sheet_row(sheet, row)[column];
        if (!cell->known || !isfinite(cell->real))
            continue;
        int needed = decimals_needed(cell->real);
        most = needed > most ? needed : most;
    }
    return most <= 4 ? most : 0;
}
