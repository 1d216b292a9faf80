/* A calendar is a stretch of mall days laid out once, so that a scan can tell the day and the hour
 * of each event without asking the time zone. */
#ifndef ATRIUM_LOOP_CALENDAR_H
#define ATRIUM_LOOP_CALENDAR_H

#include "model/base/arena.h"
#include "model/base/time.h"

struct calendar_day {
    int64_t start;
    int32_t offset; /* seconds to add to UTC */
    bool changes;   /* the clock is changed on this day */
};

struct calendar {
    const struct clock *clock;
    int32_t first_day;
    int32_t n;
    const struct calendar_day *days; /* n + 1: the last is the end */
};

/* Mall days that [from, to) touches. Owned by the arena. */
struct calendar calendar_make(struct arena *arena, const struct clock *clock, int64_t from,
                              int64_t to);

/* The day of a moment inside the calendar, as an index from 0. */
static inline int32_t calendar_at(const struct calendar *calendar, int64_t utc)
{
    int64_t guess = (utc - calendar->days[0].start) / 86400;
    int32_t at = guess >= calendar->n ? calendar->n - 1 : guess < 0 ? 0 : (int32_t)guess;

    while (at > 0 && utc < calendar->days[at].start)
        at--;
    while (at + 1 < calendar->n && utc >= calendar->days[at + 1].start)
        at++;
    return at;
}

/* The hour of the clock of a moment on the day at that index. */
static inline int calendar_hour(const struct calendar *calendar, int32_t at, int64_t utc)
{
    const struct calendar_day *day = &calendar->days[at];

    if (day->changes)
        return clock_hour(calendar->clock, utc);
    int64_t second = (utc + day->offset) % 86400;
    return (int)((second < 0 ? second + 86400 : second) / 3600);
}

#endif
