/*
 * Expressions over events: `kind=purchase and tenant=T012 and amount>=300`, `kind in (visit,
 * sighting)`, `channel~"^pos"`; a bare word is a kind. doc/funnel.md has the language.
 *
 * expr_parse knows the language alone; matcher_new reads one mall's names and turns every test of a
 * name into a table by number, so that matching looks at numbers only. A matcher is immutable and
 * may be used by several threads at once.
 */
#ifndef ATRIUM_QUESTION_EXPR_H
#define ATRIUM_QUESTION_EXPR_H

#include "model/event/event.h"

enum { EXPR_LONGEST = 8192, EXPR_DEPTH = 64, EXPR_NODES = 2000 };

enum expr_field_type {
    EXPR_FIELD_NAME,   /* one of the mall's names: = != ~ !~ in */
    EXPR_FIELD_AMOUNT, /* currency units with up to 2 decimals, or points, by kind */
    EXPR_FIELD_WHOLE,  /* a whole number */
    EXPR_FIELD_TIME,   /* a moment; a bare date is its midnight */
    EXPR_FIELD_DAY,    /* a mall day */
    EXPR_FIELD_WEEKDAY,
    EXPR_FIELD_TEXT, /* = != in */
};

struct expr_field {
    const char *name;
    enum expr_field_type type;
    unsigned column;     /* of enum event_column, 0: none */
    const char *summary; /* for help and messages */
};
extern const struct expr_field expr_fields[];
extern const size_t n_expr_fields;

enum expr_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_MATCH, OP_UNMATCH, OP_IN };

enum expr_type { EXPR_AND, EXPR_OR, EXPR_NOT, EXPR_LEAF };

struct expr_value {
    const char *text;
    size_t size;
    size_t at;      /* where it stands */
    int64_t number; /* amount in hundredths, whole numbers, 0 = Monday */
};

struct expr {
    enum expr_type type;
    const struct expr *left, *right; /* right NULL for EXPR_NOT */
    const struct expr_field *field;  /* of a leaf */
    enum expr_op op;
    size_t n_values;
    const struct expr_value *values;
};

/* A whole expression. ST_USAGE with "line:column: found …, expected …". Owned by the arena. */
enum status expr_parse(struct arena *arena, const char *text, size_t n, const struct expr **expr,
                       struct error *err);

/* The same for the bytes [from, to) of a longer text: places in messages, and `at` of values, are
 * those of the longer text. */
enum status expr_parse_within(struct arena *arena, const char *text, size_t from, size_t to,
                              const struct expr **expr, struct error *err);

/* "line:column" of a byte of the text, columns in characters from 1. Owned by the arena. */
char *expr_place(struct arena *arena, const char *text, size_t n, size_t at);

/* ---- Matching ---- */

enum match_truth { MATCH_NEVER, MATCH_ALWAYS, MATCH_DEPENDS };

struct matcher {
    unsigned columns; /* of enum event_column: what a scan must read */
    size_t n_kinds;   /* those that can match, rising */
    const uint16_t *kinds;
    const uint8_t *truth; /* enum match_truth by kind, n_truth of them */
    size_t n_truth;
    const struct match_node *root;
    /* Names that this mall does not have: sentences for people. */
    size_t n_notes;
    const char **notes;
};

/* Parses and binds to the names of the reader's state (reader_begin .. reader_end around this and
 * the scan). ST_USAGE as expr_parse, also for patterns. Owned by the arena. */
enum status matcher_new(struct reader *reader, struct arena *arena, const char *text,
                        const struct matcher **matcher, struct error *err);

/* As matcher_new for an expression that is parsed already; `text` (n bytes) is what it was parsed
 * from, for messages. */
enum status matcher_bind(struct reader *reader, struct arena *arena, const struct expr *expr,
                         const char *text, size_t n, const struct matcher **matcher,
                         struct error *err);

static inline enum match_truth matcher_truth(const struct matcher *matcher, uint16_t kind)
{
    return kind < matcher->n_truth ? (enum match_truth)matcher->truth[kind] : MATCH_NEVER;
}

/* Sets `bit` in masks[i] for each row i of the run that matches. */
void matcher_mark(const struct matcher *matcher, const struct event_run *run, uint32_t bit,
                  uint32_t *masks);

/* Where one column decides of the kind's events which match: yes[id] for id < n, others do not.
 * False where more is looked at, or nothing. */
struct matcher_table {
    unsigned column; /* of enum event_column */
    const uint8_t *yes;
    size_t n;
};
bool matcher_table(const struct matcher *matcher, uint16_t kind, struct matcher_table *table);

/* What the tests of names mean as a number: two matchers of one expression with equal numbers match
 * the same events. Of each dictionary only the numbers below upto[i] are looked at, so that names
 * that came later make no difference, as no older event has them; sizes[i] becomes how many there
 * are (it is only ever raised). Dictionaries are counted by the bit of their column in enum
 * event_column, 0 for kinds. */
enum { MATCHER_TABLES = 11 };
uint64_t matcher_meaning(const struct matcher *matcher, const uint32_t upto[MATCHER_TABLES],
                         uint32_t sizes[MATCHER_TABLES]);

/* The kinds of several matchers together, rising, without doubles. Owned by the arena. */
const uint16_t *matchers_kinds(struct arena *arena, const struct matcher *const *matchers, size_t n,
                               size_t *n_found);

#endif
