/*
 * Expressions over rows of one table - shops, devices -: `kind=pos and floor=2 and version<2.4`,
 * `state in (failed, offline)`, `name~"^Uni"`, `not smart_pos`. The caller brings a table of
 * fields and a function that gives a row's value; the grammar is that of expr.h.
 *
 * A bare word is a flag of the table or, where no flag has that name, a value of one of the fields
 * that are marked `bare`.
 */
#ifndef ATRIUM_QUESTION_FILTER_H
#define ATRIUM_QUESTION_FILTER_H

#include "model/base/arena.h"
#include "model/base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum filter_type {
    FILTER_TEXT,     /* = != ~ !~ in; case is ignored */
    FILTER_NUMBER,   /* a whole number; all operators but ~ */
    FILTER_DECIMAL,  /* up to two decimals; the row's value is in hundredths */
    FILTER_DURATION, /* 30s 5m 12h 14d; the row's value is in seconds */
    FILTER_VERSION,  /* "2.10" > "2.9": parts of digits as numbers, the rest as text */
    FILTER_FLAG,     /* yes or no; also bare */
};

struct filter_field {
    const char *name;
    enum filter_type type;
    bool bare;           /* a bare word may be a value of this field */
    const char *summary; /* for help and messages */
};

/* What a row has: `text` for texts and versions, `number` for the others. Unknown matches only !=
 * and not. */
struct filter_value {
    bool unknown;
    const char *text;
    int64_t number;
};
typedef struct filter_value filter_get(const void *row, size_t field);

struct filter;

/* ST_USAGE with "line:column: found …, expected …". An empty text matches every row. Free with
 * filter_free (NULL is fine). */
enum status filter_new(const char *text, const struct filter_field *fields, size_t n_fields,
                       struct filter **filter, struct error *err);
void filter_free(struct filter *filter);

/* The i-th bare value of the text, for who knows what may stand there; false: there are no more. */
struct filter_word {
    const char *text;
    size_t at, size; /* where it stands */
};
bool filter_bare(const struct filter *filter, size_t i, struct filter_word *word);

/* For one thread at a time. ST_USAGE where a pattern takes too many steps. */
enum status filter_match(struct filter *filter, const void *row, filter_get *get, bool *matches,
                         struct error *err);

/* Below 0, 0, above 0 as a is an earlier, the same or a later version than b. */
int version_compare(const char *a, const char *b);

#endif
