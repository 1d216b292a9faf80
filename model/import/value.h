/*
 * Fields to values: times (cached by day), dates in foreign formats, money, whole numbers, yes/no.
 * Strict: a field is one value from its first to its last byte.
 */
#ifndef ATRIUM_IMPORT_VALUE_H
#define ATRIUM_IMPORT_VALUE_H

#include "model/base/arena.h"
#include "model/base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A format of dates and times, a subset of strptime's: %Y %y %m %d %e %H %I %M %S %f %p %b %z %s,
 * %Q (epoch milliseconds), %T %F %R %D, %%, a blank for any run of blanks, other bytes for
 * themselves. */
struct date_format;

/* NULL for a format that is not known; *bad is then where it stopped. Owned by the arena. */
const struct date_format *date_format_parse(struct arena *arena, const char *text,
                                            const char **bad);

/* Times of one thread. */
struct value_times {
    const struct zone *zone;
    const struct date_format *format; /* NULL: the forms of time_parse */
    /* The last day met: its text and its midnight in UTC, kept where no clock changes in it. */
    char day[10];
    bool day_known;
    int64_t midnight;
    /* The last text met in a foreign format, and its time. */
    char text[32];
    size_t text_n;
    int64_t text_utc;
};

bool value_time(struct value_times *times, const char *at, size_t n, int64_t *utc);

/* A date number. */
bool value_date(struct value_times *times, const char *at, size_t n, int64_t *day);

/* Hundredths; -AMOUNT_MOST..AMOUNT_MOST. */
#define AMOUNT_MOST INT64_C(1000000000000)
bool value_money(const char *at, size_t n, int64_t *fen);

/* Whole points: no fraction but zeros. */
bool value_points(const char *at, size_t n, int64_t *points);

/* A whole number within least..most; a fraction of zeros is allowed. */
bool value_integer(const char *at, size_t n, int64_t least, int64_t most, int64_t *value);

bool value_bool(const char *at, size_t n, int64_t *value);

/* A decimal times a factor, to hundredths; false where the product is not a whole number of them
 * (to within a ten-thousandth) or out of range. */
bool value_scaled(const char *at, size_t n, double factor, int64_t *hundredths);

#endif
