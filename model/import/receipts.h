/*
 * Receipts: lines of a file, which may stand apart, to one purchase a receipt and one line event a
 * line. A receipt that the mall has already is a duplicate with all its lines.
 *
 * A line's reference is the receipt's, '#' and its number within it. A receipt whose lines add up
 * to less than nothing is a refund.
 */
#ifndef ATRIUM_IMPORT_RECEIPTS_H
#define ATRIUM_IMPORT_RECEIPTS_H

#include "model/import/page.h"

struct receipts;

/* Which receipts the mall has is read all at once (`reader`, for a large file) or asked one by one,
 * inside the writer's transaction (`reader` NULL, for a small one). */
enum status receipts_open(struct writer *writer, struct reader *reader, struct receipts **receipts,
                          struct error *err);
void receipts_close(struct receipts *receipts); /* NULL is fine */

/* Looks at a page's lines, numbered already: gives new ones their reference, takes those of known
 * receipts out (counted in *duplicates), refuses those that contradict their receipt. */
enum status receipts_take(struct receipts *receipts, struct page *page, int64_t *duplicates,
                          struct error *err);

/* The purchases (and refunds) of all receipts taken, in the order of their first lines. The array
 * and its references last until receipts_close. */
struct event *receipts_events(struct receipts *receipts, size_t *n);

#endif
