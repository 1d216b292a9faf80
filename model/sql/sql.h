/*
 * The SQL question: SELECT over documented views, and nothing else.
 *
 * Each run has a connection of its own with the views its role may see (doc/sql.md is made from the
 * same table), an authorizer that lets a statement read those views only, a row limit, a time limit
 * and the asker's cancel flag. Personal columns come masked, as a pseudonym, or not at all.
 */
#ifndef ATRIUM_SQL_SQL_H
#define ATRIUM_SQL_SQL_H

#include "model/access/access.h"
#include "model/base/sheet.h"
#include "model/store/reader.h"

/* ---- The views ---- */

/* How a column is shown to those who may not see people as they are; see doc/sql.md. */
enum sql_privacy {
    SQL_OPEN, /* to everyone who sees the view */
    SQL_NAME, /* masked as a name, … */
    SQL_PHONE,
    SQL_CARD,      /* a pseudonym for analysts */
    SQL_IDENTITY,  /* masked by the kind in `kind` */
    SQL_ATTRIBUTE, /* masked where the name in `kind` says who it is */
    SQL_PERSON,    /* a person's number; another number for analysts */
    SQL_UNMASKED,  /* only to those without a mask */
};

struct sql_column {
    const char *name;
    const char *expression; /* over the view's tables */
    enum cell_type type;
    enum sql_privacy privacy;
    const char *owner; /* the expression of the person it is about; NULL for SQL_OPEN */
    const char *kind;  /* for SQL_IDENTITY and SQL_ATTRIBUTE */
    const char *summary;
};

struct sql_view {
    const char *name;
    const char *from; /* the FROM clause */
    unsigned rights;  /* needed to see it, besides RIGHT_SQL */
    const char *summary;
    const struct sql_column *columns;
    size_t n_columns;
};

extern const struct sql_view sql_views[];
extern const size_t n_sql_views;

/* Functions beside the usual ones of SQLite, and all that may be called. */
struct sql_function {
    const char *name;
    const char *arguments; /* NULL: one of SQLite's own */
    const char *summary;
};
extern const struct sql_function sql_functions[];
extern const size_t n_sql_functions;

/* NULL for a name that is none. */
const struct sql_view *sql_view_find(const char *name);

/* ---- Running ---- */

struct sql_limits {
    int64_t rows;    /* rows to give to the sink or to keep; 0: no limit */
    int64_t seconds; /* 0: no limit */
    bool count_all;  /* go on to the end (or the time limit) only counting */
};

struct sql_summary {
    int64_t rows;  /* seen; all there are when `complete` */
    bool complete; /* false: a limit or a cancel ended it */
    bool timed_out;
    int64_t elapsed_ns;
    int offset; /* byte in the query an error points at; -1: nowhere */
};

/* Rows as they come. The columns' names and the cells are valid during the call. A cell's type is
 * cells[i].type where known is true: CELL_TEXT, CELL_COUNT or CELL_REAL for computed values, the
 * documented type where a column of a view is given as it is. */
struct sql_cell {
    struct cell cell;
    enum cell_type type;
};
struct sql_sink {
    enum status (*columns)(void *context, const struct sheet_column *columns, size_t n,
                           struct error *err);
    enum status (*row)(void *context, const struct sql_cell *cells, size_t n, struct error *err);
    void *context;
};

/* ST_DENIED without RIGHT_SQL or for what the role may not read; ST_USAGE for what is not one
 * SELECT, with the word it points at, line and column, and what was meant where a name is near. */
enum status sql_run(struct reader *reader, const struct access *access, const char *query,
                    const struct sql_limits *limits, const struct sql_sink *sink,
                    struct sql_summary *summary, struct error *err);

/* The first `limits->rows` rows as a sheet; sheet->total is known when the run was complete. A time
 * limit reached or a cancel while counting is not an error: what there is, is given. */
enum status sql_sheet(struct reader *reader, const struct access *access, const char *query,
                      const struct sql_limits *limits, struct arena *arena, struct sheet **sheet,
                      struct sql_summary *summary, struct error *err);

/* ---- Completion ---- */

enum sql_word { SQL_WORD_KEYWORD, SQL_WORD_VIEW, SQL_WORD_COLUMN, SQL_WORD_FUNCTION };

struct sql_candidate {
    const char *text;
    enum sql_word word;
    const char *summary; /* "" for keywords */
};

/* What may stand at byte `cursor` of the text: views after FROM and JOIN, columns of the views the
 * text names (and after "alias."), functions, keywords; those that begin with the word before the
 * cursor, best first. *start is where that word begins. Owned by the arena. */
void sql_complete(const struct access *access, const char *text, size_t cursor, struct arena *arena,
                  const struct sql_candidate **candidates, size_t *n, size_t *start);

#endif
