/*
 * The people language: `label:coffee and tier>=gold and spent(90d)>=300 and not visited(30d)`.
 * doc/segment.md has all of it.
 *
 * people_parse knows the language alone: words, spans, functions, and the expressions over events
 * inside functions. Names of one mall (labels, tiers, shops) are looked up when an expression is
 * bound to a reader (segment.h).
 */
#ifndef ATRIUM_SEGMENT_LANGUAGE_H
#define ATRIUM_SEGMENT_LANGUAGE_H

#include "model/question/expr.h"

enum { PEOPLE_LONGEST = 8192, PEOPLE_DEPTH = 64, PEOPLE_NODES = 1000 };

/* ---- Words of the language: const tables, which help, completion and parser read ---- */

enum people_value {
    PEOPLE_FLAG,    /* bare: true or not */
    PEOPLE_WORD,    /* one of a few words: = != ~ !~ in */
    PEOPLE_RANKED,  /* a word with an order: also < <= > >= */
    PEOPLE_WHOLE,   /* a whole number */
    PEOPLE_DAY,     /* a moment, compared by mall day: 2017-10-01, or 90d for "days ago" */
    PEOPLE_TEXT,    /* free text of the row: = != ~ !~ in; only for who sees people unmasked */
    PEOPLE_LIST,    /* KIND:NAME, a set of people with a name: a label, a segment, a group */
    PEOPLE_VALUE,   /* KIND:NAME with a text: attr:district=Chaoyang; bare: has one */
    PEOPLE_CONTENT, /* what was bought: = != ~ !~ in, by the names of brands and goods */
};

enum people_trait_id {
    TRAIT_MEMBER,
    TRAIT_ANYONE,
    TRAIT_GENDER,
    TRAIT_BIRTH,
    TRAIT_AGE,
    TRAIT_TIER,
    TRAIT_CHANNEL,
    TRAIT_INCOME,
    TRAIT_COMMUNITY,
    TRAIT_CAR,
    TRAIT_HOUSE,
    TRAIT_JOINED,
    TRAIT_CONSENT_SMS,
    TRAIT_CONSENT_APP,
    TRAIT_CONSENT_WIFI,
    TRAIT_APP,
    TRAIT_REACHABLE,
    TRAIT_CARD,
    TRAIT_NAME,
    TRAIT_PHONE,
    TRAIT_LABEL,
    TRAIT_SEGMENT,
    TRAIT_CROWD,
    TRAIT_INTEREST,
    TRAIT_RELATED,
    TRAIT_ATTR,
    TRAIT_SSID,
    TRAIT_BRAND,
    TRAIT_ITEM,
    TRAIT_GOODS, /* category of the goods bought */
    TRAIT_END
};

struct people_field {
    enum people_trait_id id;
    const char *name;
    enum people_value value;
    const char *summary;
};
extern const struct people_field people_fields[]; /* in order of the enum */
extern const size_t n_people_fields;

enum people_function_id {
    DOES_SPENT,
    DOES_BOUGHT,
    DOES_VISITED,
    DOES_VISITS,
    DOES_DWELL,
    DOES_DID,
    DOES_DAYS,
    DOES_SHOPS,
    DOES_EARNED,
    DOES_BURNED,
    DOES_POINTS,
    DOES_LAST,
    DOES_FIRST,
    DOES_END
};

enum people_unit {
    PEOPLE_COUNT,    /* a whole number, points too */
    PEOPLE_MONEY,    /* currency units with up to 2 decimals */
    PEOPLE_DURATION, /* 2h, 30m */
    PEOPLE_MOMENT,   /* a day, or how long ago: 30d */
};

/* What events that are named after the span do. */
enum people_events {
    EVENTS_NARROW,  /* of the function's own kinds only those */
    EVENTS_REPLACE, /* those instead */
    EVENTS_NEEDED,  /* the function has none of its own */
};

struct people_function {
    enum people_function_id id;
    const char *name;
    enum people_unit unit; /* of what it is compared with */
    bool span;             /* takes a span first; else only events */
    enum people_events events;
    const char *kinds; /* an expression: what it looks at by itself; NULL: presence */
    const char *example, *summary;
};
extern const struct people_function people_functions[]; /* in order of the enum */
extern const size_t n_people_functions;

/* ---- Spans ---- */

enum span_type { SPAN_EVER, SPAN_DAYS, SPAN_SECONDS, SPAN_DATES };

/* 90d: the last 90 mall days, the present's day the last of them; 2w the same in weeks; 12h: the
 * last 12 hours; 2017-10-01..2017-10-31, 2017-10, 2017: mall days, both included; ever. */
struct people_span {
    enum span_type type;
    int64_t count;              /* SPAN_DAYS, SPAN_SECONDS */
    int32_t first_day, end_day; /* SPAN_DATES: [first_day, end_day) */
};

/* Whether its borders move with the present. */
static inline bool span_moves(const struct people_span *span)
{
    return span->type == SPAN_DAYS || span->type == SPAN_SECONDS;
}

/* [from, to) at this present. */
void span_bounds(const struct people_span *span, const struct clock *clock, int64_t present,
                 int64_t *from, int64_t *to);

/* ---- The tree ---- */

enum people_type { PEOPLE_AND, PEOPLE_OR, PEOPLE_NOT, PEOPLE_FIELD, PEOPLE_DOES };

struct people_operand {
    const char *text;           /* NUL-terminated */
    size_t size, at;            /* its length, and where it stands in the whole text */
    int64_t number;             /* fen, whole numbers, seconds; where `ago` mall days or seconds */
    bool ago;                   /* PEOPLE_DAY and DOES_… moments: a duration before the present */
    bool exact;                 /* of those: seconds and not mall days, as in 12h */
    int32_t first_day, end_day; /* where not: mall days [first_day, end_day) */
};

struct people_expr {
    enum people_type type;
    const struct people_expr *left, *right; /* right NULL for PEOPLE_NOT */
    size_t at, size;                        /* where its first word stands */

    const struct people_field *field;       /* PEOPLE_FIELD */
    struct people_operand name;             /* PEOPLE_LIST and PEOPLE_VALUE: the name after ':' */
    const struct people_function *function; /* PEOPLE_DOES */
    struct people_span span;                /* also of PEOPLE_CONTENT; without one SPAN_EVER */
    const struct expr *events;              /* NULL: those of the function */
    const char *events_text;                /* what their places refer to */
    size_t events_size;

    bool bare;       /* no comparison */
    enum expr_op op; /* else */
    size_t n_values; /* 1, or several for OP_IN */
    const struct people_operand *values;
};

/* A whole expression. ST_USAGE with "line:column: found …, expected …[; did you mean …?]". Owned
 * by the arena, and so is a copy of the text. */
enum status people_parse(struct arena *arena, const char *text, size_t n,
                         const struct people_expr **expr, struct error *err);

/* A name as it is written after `label:`: bare where that reads as one word, else in quotes. Owned
 * by the arena. */
const char *segment_name_text(struct arena *arena, const char *name);

/* Where a message of people_parse or segment_bind points, line and column from 1; false where the
 * message has no place. For showing the error under its word. */
bool people_error_place(const char *message, size_t *line, size_t *column);

#endif
