/*
 * A sheet is a finished answer with rows: named, typed columns and cells, owned by one arena. It is
 * what lists, SQL and reports return, what a command prints as a table, JSON or CSV, and what the
 * console's table shows when the rows fit in memory.
 */
#ifndef ATRIUM_BASE_SHEET_H
#define ATRIUM_BASE_SHEET_H

#include "model/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum cell_type {
    CELL_TEXT,     /* UTF-8 */
    CELL_COUNT,    /* integer: people, events, points */
    CELL_MONEY,    /* integer fen */
    CELL_REAL,     /* double */
    CELL_SHARE,    /* double, 0..1, shown as a percentage */
    CELL_TIME,     /* integer, UTC seconds */
    CELL_DAY,      /* integer, a date number */
    CELL_DURATION, /* integer seconds */
};

struct cell {
    bool known;  /* false: NULL, shown as "–" */
    bool hidden; /* false for known cells; true: kept back, as cell_hidden says */
    union {
        int64_t integer;
        double real;
        const char *text;
    };
};

struct sheet_column {
    const char *name;  /* the JSON and CSV name, lower case */
    const char *title; /* for people, marked for translation; NULL = name */
    enum cell_type type;
    int decimals; /* CELL_REAL, for people: so many; 0: each value as many as it needs */
    int cells;    /* at least so wide for people, as texts will come that are not there yet */
};

struct sheet {
    struct arena *arena; /* owns everything below and the sheet itself */
    size_t n_columns, n_rows;
    const struct sheet_column *columns;
    struct cell *cells; /* n_rows × n_columns, row by row */
    size_t cap;         /* rows there is room for */
    bool truncated;     /* there were more rows than asked for */
    int64_t total;      /* rows there are in all where that is known, else -1 */
};

/* An empty sheet; `columns` must outlive it or come from the arena given. */
struct sheet *sheet_new(struct arena *arena, const struct sheet_column *columns, size_t n_columns);

/* How many decimals a column of reals wants, 1 to 4, so that each of its values keeps three figures
 * or all it has; 0 where four are not enough, as beside a very small one. */
int sheet_decimals(const struct sheet *sheet, size_t column);

/* A new row of unknown cells, to be filled in. */
struct cell *sheet_row_add(struct sheet *sheet);

/* The cells of a row. */
const struct cell *sheet_row(const struct sheet *sheet, size_t row);

static inline struct cell cell_integer(int64_t value)
{
    return (struct cell){.known = true, .integer = value};
}

static inline struct cell cell_real(double value)
{
    return (struct cell){.known = true, .real = value};
}

/* NULL makes an unknown cell. The text must live as long as the sheet. */
static inline struct cell cell_text(const char *value)
{
    return (struct cell){.known = value != NULL, .text = value};
}

/* A figure about fewer than `below` people that is not shown: "<10"; with 0, one that is kept back
 * because others could be computed from it: "*". NULL in JSON, empty in CSV. */
static inline struct cell cell_hidden(int64_t below)
{
    return (struct cell){.hidden = true, .integer = below};
}

/* The text of a text cell, "" of an unknown one. */
static inline const char *cell_string(const struct cell *cell)
{
    return cell->known ? cell->text : "";
}

/* part ÷ whole; unknown where whole is 0. */
static inline struct cell cell_share(double part, double whole)
{
    return (struct cell){.known = whole != 0, .real = whole != 0 ? part / whole : 0};
}

#endif
