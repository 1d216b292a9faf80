/*
 * Time: UTC seconds everywhere, the mall's time zone and day boundary applied when asked.
 *
 * A zone is read from the system's TZif files (RFC 8536), so that any number of zones can be used
 * from any thread. A *mall day* starts at the mall's day boundary (04:00 unless set) and is named
 * by the civil date on which it starts. Periods are half open: [from, to).
 */
#ifndef ATRIUM_BASE_TIME_H
#define ATRIUM_BASE_TIME_H

#include "model/base/arena.h"
#include "model/base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct zone;

/* "Asia/Shanghai", "UTC", or a fixed offset "+08:00". ST_REFUSED with a sentence for a name that
 * is not known. Free with zone_free. A zone is immutable and may be shared by threads. */
enum status zone_load(const char *name, struct zone **zone, struct error *err);
void zone_free(struct zone *zone);
const char *zone_name(const struct zone *zone);

/* Seconds to add to UTC for local time at that moment. */
int32_t zone_offset(const struct zone *zone, int64_t utc);

/* A civil date and time; month 1..12, day 1..31, weekday 0 = Monday .. 6 = Sunday. */
struct civil {
    int year, month, day, hour, minute, second, weekday;
};
struct civil zone_civil(const struct zone *zone, int64_t utc);

/* UTC of a local time; a time skipped by a clock change is moved forward, a doubled one is the
 * earlier. Fields outside their range are carried over, as in (2024, 14, 1) = 2025-02-01. */
int64_t zone_utc(const struct zone *zone, int year, int month, int day, int hour, int minute,
                 int second);

/* Days since 1970-01-01 of a civil date, and back (proleptic Gregorian calendar). */
int32_t date_number(int year, int month, int day);
void date_civil(int32_t number, int *year, int *month, int *day);
int date_weekday(int32_t number); /* 0 = Monday */

/* A clock for a mall: zone and the seconds after midnight at which its day starts. */
struct clock {
    const struct zone *zone;
    int32_t boundary;
};

/* The mall day of a moment, as a date number; the start of a mall day in UTC; the hour of the
 * clock, 0..23; months since year 0 of the mall day (year * 12 + month - 1). */
int32_t clock_day(const struct clock *clock, int64_t utc);
int64_t clock_day_start(const struct clock *clock, int32_t day);
int clock_hour(const struct clock *clock, int64_t utc);
int32_t clock_month(const struct clock *clock, int64_t utc);
int32_t month_of_day(int32_t day);
int32_t month_first_day(int32_t month);

/* RFC 3339 ("2024-10-17T11:15:49Z", "+08:00", fractions are cut), "YYYY-MM-DD[ HH:MM[:SS]]" in the
 * zone (fractions of a second are cut), or epoch seconds. A bare date is its midnight. True when
 * all n bytes were one time between the years 1900 and 9999. */
bool time_parse(const struct zone *zone, const char *bytes, size_t n, int64_t *utc);

/* "2024-10-17 11:15:49" in the zone; RFC 3339 with offset; "2024-10-17". Owned by the arena. */
char *time_local(struct arena *arena, const struct zone *zone, int64_t utc);
char *time_rfc3339(struct arena *arena, const struct zone *zone, int64_t utc);
char *date_text(struct arena *arena, int32_t day);

/* The wall clock, UTC seconds. ATRIUM_NOW (epoch seconds) overrides it, for tests and replays. */
int64_t time_now(void);

/* From here on time_now() is this moment in the calling thread; 0: the clock again. For a mall that
 * is made as of its last day. */
void time_fix(int64_t now);

/* time_now() and time_now_ms() are so many seconds ahead of the machine's clock from here on, in
 * all threads: a demo mall has a calendar of its own. ATRIUM_NOW goes before it. */
void time_shift_set(int64_t seconds);

/* The wall clock in milliseconds, shifted, but never fixed: to compare with the clocks of others.
 */
int64_t time_now_ms(void);

/* Monotonic nanoseconds, for measuring. */
int64_t time_monotonic_ns(void);

#endif
