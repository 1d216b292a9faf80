/*
 * Pickers: a list with a filter, one or many of it; a date or two from a calendar. They draw
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

/* Two dates, the first and the last of a stretch of days, for a custom period. What a period is,
 * what its names are and how it is parsed belongs to the program (its names would clash here). */
struct picker *picker_dates(const char *title, int32_t first, int32_t last, int32_t today,
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
void picker_days(const struct picker *picker, int32_t *first, int32_t *last); /* picker_dates */

/* Days since 1970-01-01 of a civil date and back (proleptic Gregorian); 0 = Monday. */
int32_t picker_date_number(int year, int month, int day);
void picker_date_civil(int32_t number, int *year, int *month, int *day);
int picker_weekday(int32_t number);
/* "2017-10-01"; also "10-01" (this year), "today", "yesterday", "-7"; false: not a date. */
bool picker_date_parse(const char *text, int32_t today, int32_t *number);

#endif
