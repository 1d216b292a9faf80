/*
 * A table source for rows that are in memory: it orders and filters them itself, in slices of a few
 * milliseconds on the loop, so that a key is answered while a million rows are sorted.
 *
 * The view gives the cells; everything else (stable sort by up to three columns, PCRE2 filter over
 * the shown columns, finding rows by key) is here.
 */
#ifndef ATRIUM_TUI_TABLE_ROWS_H
#define ATRIUM_TUI_TABLE_ROWS_H

#include "tui/table.h"

struct table_rows_ops {
    /* As in struct table_source_ops, by the row's number in the view's own order. */
    void (*cell)(void *context, int64_t row, int column, struct table_cell *cell);
    uint64_t (*key)(void *context, int64_t row);                       /* NULL: the row's number */
    bool (*total)(void *context, int column, struct table_cell *cell); /* may be NULL */
};

struct table_rows;

/* `ops` and `columns` must outlive it. */
struct table_rows *table_rows_new(const struct table_rows_ops *ops, void *context,
                                  const struct table_column *columns, int n_columns, int64_t n,
                                  struct loop *loop);
void table_rows_free(struct table_rows *rows); /* free the table first */

/* For struct table_options. */
struct table_source table_rows_source(struct table_rows *rows);

/* The data behind the cells changed and has n rows now; then call table_refresh(). Must be called
 * before cells of the old data are freed or right after, without a draw between. */
void table_rows_changed(struct table_rows *rows, int64_t n);

/* The row in the view's own order that is shown at `row` of the table; -1: none. */
int64_t table_rows_at(const struct table_rows *rows, int64_t row);

#endif
