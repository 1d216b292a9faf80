/*
 * Periods: which stretch of time a question is about, and which one it is compared with.
 *
 * A period is half open, [from, to), in the mall's time zone; its days start at the mall's day
 * boundary. Named periods count back from the *present* (reader_present): the last 30 days are 30
 * mall days of which the present's day is the last. A period that is not over yet is compared with
 * the same part of the other one, so that an unfinished day is not held against a whole one.
 */
#ifndef ATRIUM_LOOP_PERIOD_H
#define ATRIUM_LOOP_PERIOD_H

#include "model/base/arena.h"
#include "model/base/status.h"
#include "model/base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum period_name {
    PERIOD_TODAY,
    PERIOD_YESTERDAY,
    PERIOD_7_DAYS,
    PERIOD_30_DAYS,
    PERIOD_90_DAYS,
    PERIOD_MONTH,   /* the present's calendar month */
    PERIOD_QUARTER, /* the present's calendar quarter */
    PERIOD_YEAR,    /* the present's calendar year */
    PERIOD_CUSTOM,  /* anything else; the last */
};

/* What a picker offers, in order, PERIOD_CUSTOM last; indexed by enum period_name. */
struct period_choice {
    enum period_name name;
    const char *id;    /* what a person types and settings keep: "30d", "month" */
    const char *title; /* "last 30 days", marked for translation */
};
extern const struct period_choice period_choices[];
extern const size_t n_period_choices;

struct period {
    enum period_name name;
    int64_t from, to;           /* UTC seconds, [from, to) */
    int64_t until;              /* min(to, present + 1): what can have happened already */
    int32_t first_day, end_day; /* mall days touched: [first_day, end_day) */
    bool whole;                 /* from and to are starts of mall days */
};

/* A named period (not PERIOD_CUSTOM) at this present. */
struct period period_named(const struct clock *clock, int64_t present, enum period_name name);

/* Any [from, to) with from < to. */
struct period period_of(const struct clock *clock, int64_t present, int64_t from, int64_t to);

/* What a person types: an id or title of period_choices, "14d", a year "2017", a month "2017-10", a
 * day "2017-10-05", or days "2017-10-01..2017-10-31" (both included). ST_USAGE with what was found
 * and what is understood. */
enum status period_parse(const struct clock *clock, int64_t present, const char *text,
                         struct period *period, struct error *err);

/* The text that period_parse reads back to the same period: "30d", "2017-10-01..2017-10-31"; for a
 * period that is not of whole days the two times. Owned by the arena. */
char *period_id(struct arena *arena, const struct clock *clock, const struct period *period);

/* "last 30 days, to 31 Oct 2026", "October 2017", "5 Oct 2017", "1 Oct 2017 to 8 Oct 2017". Owned
 * by the arena. */
char *period_title(struct arena *arena, const struct clock *clock, const struct period *period);

enum compare {
    COMPARE_BEFORE,       /* as many days just before; for a month, quarter, year the one before */
    COMPARE_YEAR,         /* the same dates a year before (29 February: 28) */
    COMPARE_YEAR_WEEKDAY, /* 52 weeks before: the same weekdays */
    COMPARE_NONE,
};
struct compare_choice {
    enum compare compare;
    const char *id, *title; /* "before", "the period before"; title marked for translation */
};
extern const struct compare_choice compare_choices[];
extern const size_t n_compare_choices;

/* The period to compare with; where `period` is not over, `to` and `until` of the answer end at the
 * same point of it. Not for COMPARE_NONE. */
struct period period_compare(const struct clock *clock, const struct period *period,
                             enum compare compare);

/* The same choice moved one period back (-1) or on (+1), for the arrow keys of the picker; the
 * answer is PERIOD_CUSTOM. */
struct period period_shift(const struct clock *clock, int64_t present, const struct period *period,
                           int by);

/* Mall days touched. */
static inline size_t period_days(const struct period *period)
{
    return (size_t)(period->end_day - period->first_day);
}

#endif
