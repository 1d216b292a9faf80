/*
 * The inside of a table, shared by its files: table.c (rows and selection), table_view.c (drawing),
 * table_columns.c (columns and their widths), table_filter.c (what is typed), table_marks.c,
 * table_walk.c (work over many rows), table_export.c, table_action.c (keys and mouse).
 */
#ifndef ATRIUM_TUI_TABLE_PARTS_H
#define ATRIUM_TUI_TABLE_PARTS_H

#include "tui/buffer.h"
#include "tui/edit.h"
#include "tui/intl.h"
#include "tui/table.h"
#include "tui/table_export.h"
#include "tui/table_pattern.h"

enum { TABLE_ORDERS = 3, TABLE_GUTTER = 2, TABLE_MIN_CELLS = 4, TABLE_CELLS = 12 };

/* A column in the order of the screen. */
struct table_place {
    int column; /* index into the source's columns */
    int cells;  /* set by hand; 0 = the column's own */
    bool shown;
};

/* A set of keys: open addressing, a power of two of slots. */
struct key_set {
    uint64_t *slots;
    bool *used;
    size_t n, cap;
};

enum table_typing {
    TYPING_NOTHING,
    TYPING_FILTER,
    TYPING_ROW,
};

enum walk_kind {
    WALK_NONE,
    WALK_MARK,   /* marks every row */
    WALK_INVERT, /* turns every mark */
    WALK_EXPORT,
};

/* Something done to rows [at, to), one after another, as far as they are there. */
struct table_walk {
    enum walk_kind kind;
    int64_t at, to, from;
    bool inside, again; /* the source may answer while it is being asked */
};

struct table_exporting {
    enum table_format format;
    bool marked_only, all_columns, stopped;
    struct table_writer writer;
    struct table_export_result result;
    struct buffer out;
    int *columns; /* those written, as they were at the start */
    int n_columns;
};

struct table {
    struct table_source source;
    struct table_view_ops ops;
    void *context;
    struct loop *loop;
    char *noun, *empty, *failed;
    bool free_filter, no_footer, totals, pinned, pin_allowed;

    /* Columns. */
    struct table_place *places;
    bool *shown; /* by the source's index, for the query */
    int current; /* place of the current column */
    int first;   /* place of the first column after the pinned one when columns are scrolled */
    struct table_order orders[TABLE_ORDERS];
    int n_orders;

    /* Rows. */
    uint64_t generation, answered;
    int64_t rows, of;
    bool final;
    int64_t progress_rows, progress_of; /* of the query under way; -1 = none */
    bool to_top;                        /* the answer under way starts at the top */
    bool refresh_due;                   /* a refresh waits for the end of a walk */

    /* Selection. */
    int64_t selected, top;
    uint64_t key;
    bool has_key;
    uint64_t wanted; /* key to select when it is found */
    bool wants_key;
    int64_t wanted_offset; /* its row on the screen, -1: anywhere */
    int page;              /* rows on the screen at the last drawing */

    /* Filter. */
    enum table_typing typing;
    struct edit edit;
    char *filter; /* as typed last that was right */
    char *error;  /* what is wrong with what is typed now */
    size_t error_at;
    struct pattern *pattern; /* of `filter`, for highlighting; NULL: nothing to highlight */
    char *before;            /* the filter when typing began, for Esc */

    /* Marks. */
    struct key_set marks;
    uint64_t anchor;
    int64_t anchor_row;
    bool has_anchor;

    /* Work over many rows. */
    struct table_walk walk;
    struct table_exporting exporting;
    int timer; /* of the next slice; 0 = none */

    /* The last drawing, for the mouse. */
    struct area area, body;
    bool focus;
};

/* table.c */
void table_redraw(struct table *table);
void table_ask(struct table *table, bool to_top);
void table_select(struct table *table, int64_t row);
bool table_row_key(const struct table *table, int64_t row, uint64_t *key);
void table_say(struct table *table, const char *text);
int64_t table_clock_ms(void);

/* table_columns.c */
struct table_slot { /* a column on the screen */
    int place, col, cells;
};
void table_columns_start(struct table *table);
const struct table_column *table_column_at(const struct table *table, int place);
/* The columns that fit into `cells`, in `slots` (room for all); scrolls to the current one.
 * *left, *right: more columns on that side. */
int table_slots(struct table *table, int cells, struct table_slot *slots, bool *left, bool *right);
bool table_column_action(struct table *table, int action_id);
/* 0: the next of up, down, not; 1: up; -1: down. False: this column cannot be sorted by. */
bool table_column_sort(struct table *table, int column, int direction);
void table_layout_changed(struct table *table);

/* table_filter.c */
void table_filter_open(struct table *table);
void table_goto_open(struct table *table);
void table_typing_end(struct table *table, bool keep);
bool table_filter_clear(struct table *table);
void table_typing_draw(struct table *table, struct area area);

/* table_marks.c */
bool key_set_has(const struct key_set *set, uint64_t key);
void key_set_put(struct key_set *set, uint64_t key, bool on);
void key_set_clear(struct key_set *set);
bool table_mark_action(struct table *table, int action_id);

/* table_walk.c */
bool table_walk_start(struct table *table, enum walk_kind kind, int64_t from, int64_t to);
void table_walk_go(struct table *table);   /* as far as rows are there, a slice at most */
bool table_walk_stop(struct table *table); /* false: none was running */

/* table_export.c */
bool table_export_row(struct table *table, int64_t row, uint64_t key); /* false: stop */
void table_export_end(struct table *table, bool stopped);
bool table_copy(struct table *table, bool one_cell);

#endif
