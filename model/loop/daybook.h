/* A daybook is a stretch of mall days laid out once, so that a scan can tell the day and the hour
 * of each event without asking the time zone. */
#ifndef ATRIUM_LOOP_DAYBOOK_H
#define ATRIUM_LOOP_DAYBOOK_H

#include "model/base/arena.h"
#include "model/base/time.h"

struct daybook_day {
    int64_t start;
    int32_t offset; /* seconds to add to UTC */
    bool changes;   /* the clock is changed on this day */
};

struct daybook {
    const struct clock *clock;
    int32_t first_day;
    int32_t n;
    const struct daybook_day *days; /* n + 1: the last is the end */
};

/* Mall days that [from, to) touches. Owned by the arena. */
struct daybook daybook_make(struct arena *arena, const struct clock *clock, int64_t from,
                            int64_t to);

/* The day of a moment inside the daybook, as an index from 0. */
static inline int32_t daybook_at(const struct daybook *daybook, int64_t utc)
{
    int64_t guess = (utc - daybook->days[0].start) / 86400;
    int32_t at = guess >= daybook->n ? daybook->n - 1 : guess < 0 ? 0 : (int32_t)guess;

    while (at > 0 && utc < daybook->days[at].start)
        at--;
    while (at + 1 < daybook->n && utc >= daybook->days[at + 1].start)
        at++;
    return at;
}

/* The hour of the clock of a moment on the day at that index. */
static inline int daybook_hour(const struct daybook *daybook, int32_t at, int64_t utc)
{
    const struct daybook_day *day = &daybook->days[at];

    if (day->changes)
        return clock_hour(daybook->clock, utc);
    int64_t second = (utc + day->offset) % 86400;
    return (int)((second < 0 ? second + 86400 : second) / 3600);
}

#endif
