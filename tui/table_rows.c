#include "tui/table_rows.h"

#include "tui/memory.h"
#include "tui/table_pattern.h"
#include "tui/table_rows_sort.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLICE_MS = 5, LOOK_EVERY = 64 };

enum phase {
    PHASE_IDLE,
    PHASE_FILTER,
    PHASE_SORT,
};

struct table_rows {
    const struct table_rows_ops *ops;
    void *context;
    const struct table_column *columns;
    int n_columns;
    int64_t n;
    struct loop *loop;
    struct table *table;

    uint32_t *view; /* the rows shown, in their order */
    int64_t n_view;

    /* The query under way. */
    enum phase phase;
    uint64_t generation;
    bool inverse, *shown;
    struct pattern *pattern; /* NULL: all rows */
    uint32_t *next;
    int64_t n_next, at;
    struct rows_sort *sort;
    int timer;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct table_rows *table_rows_new(const struct table_rows_ops *ops, void *context,
                                  const struct table_column *columns, int n_columns, int64_t n,
                                  struct loop *loop)
{
    struct table_rows *rows = tui_zero(1, sizeof *rows);

    rows->ops = ops;
    rows->context = context;
    rows->columns = columns;
    rows->n_columns = n_columns;
    rows->n = n;
    rows->loop = loop;
    rows->shown = tui_zero((size_t)n_columns, sizeof *rows->shown);
    return rows;
}

/* Forgets the query under way. */
static void drop(struct table_rows *rows)
{
    if (rows->timer)
        loop_timer_stop(rows->loop, rows->timer);
    rows->timer = 0;
    rows_sort_free(rows->sort);
    rows->sort = NULL;
    table_pattern_free(rows->pattern);
    rows->pattern = NULL;
    free(rows->next);
    rows->next = NULL;
    rows->phase = PHASE_IDLE;
}

void table_rows_free(struct table_rows *rows)
{
    if (!rows)
        return;
    drop(rows);
    free(rows->view);
    free(rows->shown);
    free(rows);
}

void table_rows_changed(struct table_rows *rows, int64_t n)
{
    drop(rows);
    rows->n = n;
}

int64_t table_rows_at(const struct table_rows *rows, int64_t row)
{
    if (row < 0 || row >= rows->n_view || rows->view[row] >= rows->n)
        return -1;
    return rows->view[row];
}

/* --- The query --- */

static bool row_matches(struct table_rows *rows, int64_t row)
{
    struct table_cell cell;

    for (int i = 0; i < rows->n_columns; i++) {
        if (!rows->shown[i] || (rows->columns[i].flags & TABLE_NO_FILTER))
            continue;
        memset(&cell, 0, offsetof(struct table_cell, space));
        rows->ops->cell(rows->context, row, i, &cell);
        if (cell.text && pattern_matches(rows->pattern, cell.text))
            return true;
    }
    return false;
}

/* Each step works until `stop_at` and says whether it is done. */
static bool filter_step(struct table_rows *rows, int64_t stop_at)
{
    for (; rows->at < rows->n; rows->at++) {
        if (!rows->pattern || row_matches(rows, rows->at) != rows->inverse)
            rows->next[rows->n_next++] = (uint32_t)rows->at;
        if (rows->at % LOOK_EVERY == LOOK_EVERY - 1 && now_ms() >= stop_at) {
            rows->at++;
            return rows->at == rows->n;
        }
    }
    return true;
}

static void answer(struct table_rows *rows)
{
    free(rows->view);
    rows->view = rows->next;
    rows->n_view = rows->n_next;
    rows->next = NULL;
    drop(rows);
    table_counted(rows->table, rows->generation, rows->n_view, rows->n, true);
}

static void slice(void *context);

static void work(struct table_rows *rows, bool all)
{
    int64_t stop_at = all ? INT64_MAX : now_ms() + SLICE_MS;
    bool done = false;

    if (rows->phase == PHASE_FILTER && filter_step(rows, stop_at))
        rows->phase = PHASE_SORT;
    if (rows->phase == PHASE_SORT)
        done = rows_sort_step(rows->sort, rows->next, rows->n_next, stop_at);
    if (done) {
        answer(rows);
        return;
    }
    if (rows->phase == PHASE_FILTER && rows->pattern)
        table_progress(rows->table, rows->generation, rows->n_next, rows->at);
    rows->timer = loop_timer(rows->loop, 1, false, slice, rows);
}

static void slice(void *context)
{
    struct table_rows *rows = context;

    rows->timer = 0;
    work(rows, false);
}

static void rows_query(void *state, struct table *table, const struct table_query *query)
{
    struct table_rows *rows = state;
    char *error = NULL;
    size_t at;

    drop(rows);
    rows->table = table;
    rows->generation = query->generation;
    rows->inverse = query->inverse;
    memcpy(rows->shown, query->shown, sizeof *rows->shown * (size_t)rows->n_columns);
    if (*query->filter)
        rows->pattern = table_pattern_new(query->filter, &error, &at);
    free(error);
    rows->next = tui_zero((size_t)rows->n, sizeof *rows->next);
    rows->n_next = rows->at = 0;
    rows->sort = rows_sort_new(rows->ops, rows->context, query->orders, query->n_orders);
    rows->phase = PHASE_FILTER;
    work(rows, !rows->loop);
}

/* --- The rest of a source --- */

static bool rows_cell(void *state, int64_t row, int column, struct table_cell *cell)
{
    struct table_rows *rows = state;
    int64_t at = table_rows_at(rows, row);

    if (at < 0)
        return false;
    rows->ops->cell(rows->context, at, column, cell);
    return true;
}

static uint64_t own_key(struct table_rows *rows, int64_t at)
{
    return rows->ops->key ? rows->ops->key(rows->context, at) : (uint64_t)at;
}

static bool rows_key(void *state, int64_t row, uint64_t *key)
{
    struct table_rows *rows = state;
    int64_t at = table_rows_at(rows, row);

    if (at < 0)
        return false;
    *key = own_key(rows, at);
    return true;
}

static int64_t rows_find(void *state, struct table *table, uint64_t key)
{
    struct table_rows *rows = state;

    (void)table;
    for (int64_t row = 0; row < rows->n_view; row++)
        if (rows->view[row] < rows->n && own_key(rows, rows->view[row]) == key)
            return row;
    return TABLE_UNKNOWN;
}

static bool rows_total(void *state, int column, struct table_cell *cell)
{
    struct table_rows *rows = state;

    return rows->ops->total && rows->ops->total(rows->context, column, cell);
}

static void rows_left(void *state)
{
    drop(state);
}

struct table_source table_rows_source(struct table_rows *rows)
{
    static const struct table_source_ops ops = {
        .query = rows_query,
        .cell = rows_cell,
        .key = rows_key,
        .find = rows_find,
        .total = rows_total,
        .left = rows_left,
    };

    return (struct table_source){&ops, rows, rows->columns, rows->n_columns};
}
