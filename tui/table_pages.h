/*
 * A table source for rows that come from elsewhere, a page at a time: a question to a reader
 * thread, a remote file. It says which page is needed next, keeps the pages near the screen, and
 * drops answers that are no longer wanted. Everything runs on the screen's thread; the view carries
 * requests to its tasks and puts the answers back.
 */
#ifndef ATRIUM_TUI_TABLE_PAGES_H
#define ATRIUM_TUI_TABLE_PAGES_H

#include "tui/table.h"

enum { TABLE_PAGE_ROWS = 256 };

/* A request for one page. Texts live until the request is answered. */
struct table_page_request {
    struct table_query query; /* its texts and arrays are owned by the request */
    int64_t first;            /* row */
    int64_t n;                /* rows wanted; 0: only the count */
    bool count;               /* the number of rows is wanted, too */
};

struct table_pages_ops {
    /* Starts fetching; the answer is table_page_put() or table_page_failed() with the same request,
     * exactly once. */
    void (*fetch)(void *context, struct table_page_request *request);
    /* The answer is no longer wanted; it must still be given. May be NULL. */
    void (*cancel)(void *context, struct table_page_request *request);
    /* The row of a key, as in struct table_source_ops; may be NULL. */
    int64_t (*find)(void *context, const struct table_query *query, uint64_t key);
    bool (*total)(void *context, int column, struct table_cell *cell); /* may be NULL */
};

struct table_pages;
struct table_pages *table_pages_new(const struct table_pages_ops *ops, void *context,
                                    const struct table_column *columns, int n_columns);
/* Free the table first, which cancels what is under way; every request must have been answered. */
void table_pages_free(struct table_pages *pages);
struct table_source table_pages_source(struct table_pages *pages);

/* Rows of an answer are put into a page by the thread that fetches: */
struct table_page;
struct table_page *table_page_new(int n_columns);
void table_page_free(struct table_page *page); /* for an answer that is not put */
/* Starts a row; its cells follow in the order of the columns, all of them. Texts are copied. */
void table_page_row(struct table_page *page, uint64_t key);
void table_page_cell(struct table_page *page, const struct table_cell *cell);
/* A cell of text; NULL = unknown. */
void table_page_text(struct table_page *page, const char *text, enum role role);
/* A number: `text` for people, `value` to order and export. */
void table_page_number(struct table_page *page, double value, const char *text, enum role role);

/* The answer: takes the page (NULL where n was 0) and frees the request. `rows` is the number of
 * rows that pass (TABLE_UNKNOWN: not counted), `of` the number looked at. */
void table_page_put(struct table_pages *pages, struct table_page_request *request,
                    struct table_page *page, int64_t rows, int64_t of);
/* It failed or was cancelled (sentence NULL). Frees the request. */
void table_page_failed(struct table_pages *pages, struct table_page_request *request,
                       const char *sentence);

size_t table_pages_busy(const struct table_pages *pages); /* requests not yet answered */

#endif
