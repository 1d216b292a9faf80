/*
 * The table: one widget for every list of the console, from three rows to millions.
 *
 * A table shows a *source*. The source has columns, rows in the order and with the filter the table
 * asked for (`struct table_query`), and cells. It answers now or later: while an answer is under
 * way, the rows shown before stay, and cells that are not there yet are a dim "…". The table never
 * waits and keeps no copy of cells, so its size does not depend on the number of rows.
 *
 * Two ready sources: `table_rows` (tui/table_rows.h) sorts and filters rows that are in memory;
 * `table_pages` (tui/table_pages.h) keeps the pages that were fetched elsewhere.
 *
 * Rows have a key of 64 bits that stays the same when they move. Selection, marks and position go
 * by key, so that fresh data moves nothing that did not change.
 */
#ifndef ATRIUM_TUI_TABLE_H
#define ATRIUM_TUI_TABLE_H

#include "tui/action.h"

#include <stddef.h>
#include <stdint.h>

enum table_column_flag {
    TABLE_HIDDEN = 1 << 0,    /* not shown until asked for */
    TABLE_NO_SORT = 1 << 1,   /* the source cannot order by it */
    TABLE_NO_FILTER = 1 << 2, /* the filter does not look into it */
};

struct table_column {
    const char *name;  /* for exports and the remembered layout, lower case, no spaces */
    const char *title; /* for people, marked with N_(): the table translates it; NULL = name */
    int align;         /* > 0 right (numbers), else left */
    int min_cells; /* texts are narrowed to this before columns fall off the right edge; 0 = 4 */
    int cells;     /* preferred width; 0 = 12 */
    int weight;    /* share of the room that is left over; 0 = keeps its preferred width */
    unsigned flags;
};

/* One cell as the source gives it. Texts may point into `space` or into memory of the source that
 * stays until the next call of the same function. */
struct table_cell {
    const char *text; /* for people, numbers formatted, UTF-8; NULL = unknown, shown as "–" */
    const char *raw;  /* for CSV and JSON; NULL = value where numeric, else text */
    double value;     /* orders rows and is exported where `numeric` */
    bool numeric;
    enum role role; /* ROLE_UP for ▲, ROLE_DIM for what rests on few people, ... */
    char space[96];
};

struct table_order {
    int column; /* index into the source's columns */
    bool descending;
};

/* What the table asks of its source. Lives as long as the call; copy what is kept. */
struct table_query {
    uint64_t generation;              /* answers name it; an answer to an older query is dropped */
    const struct table_order *orders; /* the first decides, the next break ties; then the source's
                                         own order */
    int n_orders;
    const char *filter; /* "" = all rows; a valid pattern, without the leading '!' */
    bool inverse;       /* rows that do not match */
    const bool *shown;  /* by column: shown at present; the filter looks into these */
    int n_columns;
    int64_t near; /* the row that will be looked at first */
};

enum { TABLE_UNKNOWN = -1, TABLE_ASKED = -2 };

struct table;

/* Every function gets the source's `state`. Only `cell`, `key`, and `query` are needed. */
struct table_source_ops {
    /* Orders and filters anew. Answered, now or later, by table_counted(). Until then the functions
     * below go on answering for the query before. */
    void (*query)(void *state, struct table *table, const struct table_query *query);

    /* Rows [first, first + n) will be asked for. Answered by table_rows_ready() for what was not
     * there. May be NULL. */
    void (*window)(void *state, struct table *table, int64_t first, int64_t n);

    /* The cell of a row counted from 0 in the present order; false: not there yet. `cell` comes
     * zeroed but for `space`. */
    bool (*cell)(void *state, int64_t row, int column, struct table_cell *cell);

    /* The key of a row; false: not there yet. */
    bool (*key)(void *state, int64_t row, uint64_t *key);

    /* The row of a key: its number, TABLE_UNKNOWN when it is not among the rows, or TABLE_ASKED
     * when table_found() will tell. NULL: the table looks among the rows on the screen. */
    int64_t (*find)(void *state, struct table *table, uint64_t key);

    /* Cells of a totals row under the table. May be NULL. */
    bool (*total)(void *state, int column, struct table_cell *cell);

    /* The table is about to be freed: no further answer may be given to it. May be NULL. */
    void (*left)(void *state);
};

struct table_source {
    const struct table_source_ops *ops;
    void *state;
    const struct table_column *columns; /* must outlive the table */
    int n_columns;
};

/* What the table tells its view; each may be NULL. */
struct table_view_ops {
    void (*open)(void *context, int64_t row, uint64_t key); /* Enter, double click */
    void (*moved)(void *context);                           /* another row is selected */
    void (*layout)(void *context); /* columns or sort changed: remember table_layout() */
    void (*copied)(void *context, const char *text, size_t n); /* NULL: screen_copy() */
    void (*message)(void *context, const char *text); /* "4 rows copied"; valid during the call */
};

struct table_options {
    struct table_source source;
    const struct table_view_ops *ops; /* may be NULL */
    void *context;
    struct loop *loop;  /* for redraws and work in slices; NULL: all at once (tests) */
    const char *noun;   /* "members", translated; NULL = "rows" */
    const char *empty;  /* said when there are no rows and no filter; NULL = "No rows" */
    const char *layout; /* as table_layout() gave it; NULL = the columns' own */
    bool free_filter;   /* the filter is words for the source, not a pattern */
    bool no_pin;        /* the first column scrolls with the others */
    bool no_footer;
    bool totals; /* ask the source for a totals row */
};

struct table *table_new(const struct table_options *options);
void table_free(struct table *table); /* NULL is fine; the source must still be there, and stays */

/* --- For the source ------------------------------------------------------------------------- */

/* The answer to a query: from now on the source answers for it. `rows` pass (TABLE_UNKNOWN: not
 * known yet), of `of` rows in all; `final` when that will not change. May be said again while rows
 * are still being counted. An old generation is ignored. */
void table_counted(struct table *table, uint64_t generation, int64_t rows, int64_t of, bool final);

/* On the way to the answer: `rows` of `of` looked at match so far; the rows shown are the ones
 * before. */
void table_progress(struct table *table, uint64_t generation, int64_t rows, int64_t of);

/* Rows asked for by window() are there. */
void table_rows_ready(struct table *table, int64_t first, int64_t n);

/* The answer to find(). */
void table_found(struct table *table, uint64_t key, int64_t row);

/* A query or a window failed: the sentence is shown instead of the footer. NULL clears. */
void table_failed(struct table *table, const char *sentence);

/* --- For the view --------------------------------------------------------------------------- */

/* The data changed: asks the query again and keeps the selection by key. */
void table_refresh(struct table *table);

/* Draws; title row, rows, totals, footer, and the hardware cursor when `focus`. */
void table_draw(struct table *table, struct area area, bool focus);

/* While a filter or a row number is typed the table takes every key: give them to table_key first.
 * False: not for the table; look the key up in the keymap (scope "table"). */
bool table_typing(const struct table *table);
bool table_key(struct table *table, uint32_t key);

/* Runs one of enum table_action_id. False: not one of the table's, or nothing to do for it, so that
 * Esc can clear a filter first and leave the screen next. TABLE_SAVE and TABLE_PIPE are always
 * false: the view asks where to and calls table_export(). */
bool table_action(struct table *table, int action_id);
bool table_mouse(struct table *table, const struct loop_mouse *mouse);
bool table_paste(struct table *table, const char *text);

/* The selected row: its number or -1, and its key. */
int64_t table_selected(const struct table *table, uint64_t *key);
bool table_select_row(struct table *table, int64_t row);
/* By key, now or as soon as the source finds it. */
void table_select_key(struct table *table, uint64_t key);

int64_t table_count(const struct table *table); /* rows that pass the filter; -1: not known yet */
bool table_busy(const struct table *table);     /* an answer, a slice of work or an export is due */

/* The filter as typed ("" none); set it as if typed. False where the pattern is wrong: the rows
 * stay as they are and table_filter_error() says where and why. */
const char *table_filter(const struct table *table);
bool table_filter_set(struct table *table, const char *filter);
const char *table_filter_error(const struct table *table); /* NULL: it is right */

/* Sorts by a column of that name; false: no such column or it cannot be sorted. */
bool table_sort(struct table *table, const char *column, bool descending);

/* Columns, widths, order, pin and sort as one line, such as "*name=20 tier -phone
 * joined=10;-spent"; caller frees. Setting ignores names that no longer exist; columns not named
 * keep their place at the end. */
char *table_layout(const struct table *table);
void table_layout_set(struct table *table, const char *layout);

/* --- Marks ----------------------------------------------------------------------------------- */

enum { TABLE_MARKS_MAX = 1000000 };

size_t table_marked(const struct table *table);
bool table_is_marked(const struct table *table, uint64_t key);
void table_mark(struct table *table, uint64_t key, bool on);
void table_marks_clear(struct table *table);
/* The marked keys in ascending order; or, where none is marked, the selected one. Caller frees. */
uint64_t *table_targets(const struct table *table, size_t *n);

/* --- Actions --------------------------------------------------------------------------------- */

enum table_action_id {
    TABLE_ACTIONS = 0x1000,
    TABLE_UP,
    TABLE_DOWN,
    TABLE_PAGE_UP,
    TABLE_PAGE_DOWN,
    TABLE_TOP,
    TABLE_BOTTOM,
    TABLE_LEFT,  /* the column before */
    TABLE_RIGHT, /* the next column */
    TABLE_OPEN,
    TABLE_GOTO,
    TABLE_FILTER,
    TABLE_FILTER_CLEAR,
    TABLE_SORT,      /* by this column: up, down, not */
    TABLE_SORT_BACK, /* other direction */
    TABLE_MARK,
    TABLE_MARK_RANGE, /* from the last mark to here */
    TABLE_MARK_ALL,
    TABLE_MARK_INVERT,
    TABLE_MARK_CLEAR,
    TABLE_COLUMN_HIDE,
    TABLE_COLUMN_SHOW, /* all of them again */
    TABLE_COLUMN_NARROW,
    TABLE_COLUMN_WIDEN,
    TABLE_COLUMN_BACK,    /* moves the column to the left */
    TABLE_COLUMN_FORWARD, /* moves the column to the right */
    TABLE_COLUMN_PIN,
    TABLE_COLUMN_RESET,
    TABLE_COPY,      /* marked rows, or this one */
    TABLE_COPY_CELL, /* this cell */
    TABLE_SAVE,      /* for the view: to a file */
    TABLE_PIPE,      /* for the view: to a command */
    TABLE_ACTIONS_END
};

/* Rows for the program's action table, scope "table". */
extern const struct action table_actions[];
extern const size_t table_n_actions;

#endif
