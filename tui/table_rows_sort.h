/*
 * Sorting the rows of a table in slices: the cells to sort by are read once into keys, then a merge
 * sort, stable and interruptible at any comparison.
 */
#ifndef ATRIUM_TUI_TABLE_ROWS_SORT_H
#define ATRIUM_TUI_TABLE_ROWS_SORT_H

#include "tui/table_rows.h"

struct rows_sort;
struct rows_sort *rows_sort_new(const struct table_rows_ops *ops, void *context,
                                const struct table_order *orders, int n_orders);
void rows_sort_free(struct rows_sort *sort); /* NULL is fine */

/* Sorts until done (true) or until the monotonic clock says `stop_at` ms; call it again with the
 * same rows then. Numbers come before texts, texts in the order of the user's language without
 * regard to case, unknown cells last in both directions. */
bool rows_sort_step(struct rows_sort *sort, uint32_t *rows, int64_t n, int64_t stop_at);

#endif
