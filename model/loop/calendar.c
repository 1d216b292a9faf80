#include "model/loop/calendar.h"

struct calendar calendar_make(struct arena *arena, const struct clock *clock, int64_t from,
                              int64_t to)
{
    struct calendar calendar = {.clock = clock, .first_day = clock_day(clock, from)};
    struct calendar_day *days;

    calendar.n = clock_day(clock, to - 1) + 1 - calendar.first_day;
    days = arena_array(arena, struct calendar_day, (size_t)calendar.n + 1);
    for (int32_t i = 0; i <= calendar.n; i++) {
        days[i].start = clock_day_start(clock, calendar.first_day + i);
        days[i].offset = zone_offset(clock->zone, days[i].start);
    }
    /* Clock changes are more than a day apart, so equal offsets at both ends mean there was none.
     */
    for (int32_t i = 0; i < calendar.n; i++)
        days[i].changes = days[i].offset != zone_offset(clock->zone, days[i + 1].start - 1);
    calendar.days = days;
    return calendar;
}
