/* Rows of facts: what page.c calls for each record, and what row.c asks of page.c. */
#ifndef ATRIUM_IMPORT_ROW_H
#define ATRIUM_IMPORT_ROW_H

#include "model/import/page.h"

/* Short names met lately: their number by their bytes. */
enum { NAME_CACHE_BITS = 9, NAME_CACHE = 1 << NAME_CACHE_BITS };
struct cached_name {
    uint64_t head, tail; /* first and last eight bytes */
    uint32_t n, number;
};

struct parser {
    const struct parse_shared *shared;
    struct csv_reader csv;
    struct value_times times;
    struct row_cell *cells; /* of the row at hand */
    struct page *page;
    bool plain; /* no text of the page needs a check */
    void (*row)(struct parser *parser);
    struct cached_name cached[NAMES_OF][NAME_CACHE];
};

/* One row each: an event of the page, or a refusal. */
void event_row(struct parser *parser);
void receipt_row(struct parser *parser);
void sighting_row(struct parser *parser);

/* The number within the page of a new name; `at` must last as long as the page. */
uint32_t fresh_add(struct fresh *fresh, const char *at, uint32_t n, uint64_t hash);

/* "found 'x', expected … (column 'amount')" at a cell. */
void cell_refuse(struct page *page, const struct import_table *table, size_t column,
                 const struct row_cell *cell, const char *expected);

#endif
