/* Small groups on dashboards: rows of tables that a few people stand behind. */
#include "model/loop/board_small.h"

#include <stdlib.h>

/* What is the shop's or the building's, whoever was there: sums that anonymous customers and
 * traffic are part of. */
static bool of_the_mall(enum metric_id metric)
{
    static const enum metric_id ids[] = {
        METRIC_SALES,      METRIC_RECEIPTS,          METRIC_ANONYMOUS_SALES,
        METRIC_DETECTIONS, METRIC_RANDOM_DETECTIONS, METRIC_RANDOM_MAC_SHARE};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (ids[i] == metric)
            return true;
    return false;
}

/* The column that says how many people a row is about: the first that counts people, else the first
 * that counts what people did, as fewer deeds are not of more people. */
static size_t people_column(const struct board_table *table)
{
    size_t n = table->sheet->n_columns, found = n;
    for (size_t k = 0; k < n; k++) {
        enum metric_id id = table->cell_metric[k];
        if (id == METRIC_END || of_the_mall(id) || metrics[id].unit != METRIC_UNIT_COUNT)
            continue;
        if (metrics[id].behind == BEHIND_PEOPLE && metrics[id].sum == SUM_COUNT)
            return k;
        found = found == n ? k : found;
    }
    return found;
}

static void row_hide(const struct board_table *table, struct cell *cells, int64_t below)
{
    bool before = false; /* a share stands behind the figure it is of */
    for (size_t k = 0; k < table->sheet->n_columns; k++) {
        enum metric_id id = table->cell_metric[k];
        bool share = id == METRIC_END && table->sheet->columns[k].type == CELL_SHARE;
        bool hide = share ? before : id != METRIC_END && !of_the_mall(id);
        if (hide && cells[k].known)
            cells[k] = cell_hidden(below);
        before = hide;
    }
}

static void table_hide(const struct access *access, const struct board_table *table)
{
    struct sheet *sheet = (struct sheet *)table->sheet;
    size_t n = sheet->n_rows, column = people_column(table);
    if (column == sheet->n_columns || !n)
        return;
    int64_t *people = mem_zero(n, sizeof *people);
    bool *hidden = mem_zero(n, sizeof *hidden);
    for (size_t i = 0; i < n; i++) {
        const struct cell *cell = &sheet_row(sheet, i)[column];
        people[i] = cell->known ? cell->integer : 0;
    }
    small_groups(access, people, n, hidden);
    for (size_t i = 0; i < n; i++)
        if (hidden[i])
            row_hide(table, sheet->cells + i * sheet->n_columns,
                     small_group(access, people[i]) ? access->least_people : 0);
    free(people);
    free(hidden);
}

void board_hide_small(const struct access *access, struct board *board, struct arena *arena)
{
    if (!access->least_people)
        return;
    for (size_t i = 0; i < board->n_tables; i++)
        if (board->tables[i].dim != DIM_NONE)
            table_hide(access, &board->tables[i]);
    if (!board->delays)
        return;
    int64_t *delays = arena_array(arena, int64_t, n_delay_bands);
    bool *hidden = arena_array(arena, bool, n_delay_bands);
    small_groups(access, board->delays, n_delay_bands, hidden);
    for (size_t i = 0; i < n_delay_bands; i++)
        delays[i] = hidden[i] ? DELAY_HIDDEN : board->delays[i];
    board->delays = delays;
}
