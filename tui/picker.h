/*
 * Pickers: a list with a filter, one or many of it; a date from a calendar; a period. They draw
 * into any area and are driven like dialogs.
 */
#ifndef ATRIUM_TUI_PICKER_H
#define ATRIUM_TUI_PICKER_H

#include "tui/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct picker;
typedef void picker_done(void *context, struct picker *picker, bool accepted);

struct picker_item {
    const char *title;
    const char *note; /* dim, at the right; NULL = none */
    bool on;          /* chosen to start with (many), or the cursor (one) */
};

/* Items are copied. With `many`, Space switches an item and Enter takes all that are on. Typing
 * filters by the words typed: all of them must occur, case ignored. */
struct picker *picker_list(const char *title, const struct picker_item *items, size_t n, bool many,
                           picker_done *done, void *context);

/* A date number (days since 1970-01-01): a month's calendar, arrows move by day and week, PgUp and
 * PgDn by month; or typed as "2017-10-01", "10-01", "today", "-7" (days before today). */
struct picker *picker_date(const char *title, int32_t date, int32_t today, picker_done *done,
                           void *context);

enum period_kind {
    PERIOD_TODAY,
    PERIOD_YESTERDAY,
    PERIOD_7_DAYS,
    PERIOD_30_DAYS,
    PERIOD_90_DAYS,
    PERIOD_MONTH, /* this month until today */
    PERIOD_LAST_MONTH,
    PERIOD_YEAR, /* this year until today */
    PERIOD_LAST_YEAR,
    PERIOD_CUSTOM,
    PERIOD_KINDS
};
enum period_compare {
    PERIOD_ALONE,
    PERIOD_BEFORE,       /* the same number of days, right before */
    PERIOD_YEAR_BEFORE,  /* the same dates a year before */
    PERIOD_YEAR_WEEKDAY, /* a year before, aligned by weekday: 364 days */
    PERIOD_COMPARES
};
/* [from, to) in date numbers; from and to are kept for PERIOD_CUSTOM and worked out for the rest.
 */
struct period_choice {
    enum period_kind kind;
    enum period_compare compare;
    int32_t from, to;
};

/* Works out from and to; *before_from and *before_to are those of the comparison (equal: none).
 * "N days" end with today included. */
void period_resolve(struct period_choice *choice, int32_t today, int32_t *before_from,
                    int32_t *before_to);
/* "last 30 days", "2017-10-01 – 2017-10-31 vs 30 days before"; translated; caller frees. */
char *period_text(const struct period_choice *choice);
/* "7d", "30d", "today", "month", "2017-10-01..2017-10-31" (last day included), with "/before",
 * "/year" or "/weekday" after it: for settings and typing; caller frees. Parsing: NULL or a
 * sentence. */
char *period_name(const struct period_choice *choice);
const char *period_parse(const char *text, int32_t today, struct period_choice *choice);

/* The kinds of period, the comparison, and two dates for a custom one. */
struct picker *picker_period(const char *title, const struct period_choice *choice, int32_t today,
                             picker_done *done, void *context);

void picker_free(struct picker *picker);
bool picker_open(const struct picker *picker);
bool picker_key(struct picker *picker, uint32_t key);
bool picker_mouse(struct picker *picker, const struct loop_mouse *mouse);
bool picker_paste(struct picker *picker, const char *text);
/* As a framed window centred on the screen. */
void picker_draw(struct picker *picker, struct area screen);

int picker_choice(const struct picker *picker);           /* picker_list: the item; -1 */
bool picker_is_on(const struct picker *picker, size_t i); /* many */
int32_t picker_day(const struct picker *picker);          /* picker_date */
struct period_choice picker_period_choice(const struct picker *picker);

/* Days since 1970-01-01 of a civil date and back (proleptic Gregorian); 0 = Monday. */
int32_t picker_date_number(int year, int month, int day);
void picker_date_civil(int32_t number, int *year, int *month, int *day);
int picker_weekday(int32_t number);
/* "2017-10-01"; also "10-01" (this year), "today", "yesterday", "-7"; false: not a date. */
bool picker_date_parse(const char *text, int32_t today, int32_t *number);

#endif
