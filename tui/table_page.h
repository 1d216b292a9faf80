/* The inside of a page of rows, shared by table_page.c and table_pages.c. */
#ifndef ATRIUM_TUI_TABLE_PAGE_H
#define ATRIUM_TUI_TABLE_PAGE_H

#include "tui/buffer.h"
#include "tui/table_pages.h"

/* A cell as it is kept: texts are offsets into the page's pool, counted from 1; 0 = NULL. */
struct page_cell {
    uint32_t text, raw;
    double value;
    unsigned char role;
    bool numeric;
};

struct table_page {
    int n_columns;
    int64_t n_rows;
    size_t n_cells, cap_cells, cap_rows;
    uint64_t *keys;
    struct page_cell *cells;
    struct buffer pool;
};

#endif
