#include "model/loop/daybook.h"

struct daybook daybook_make(struct arena *arena, const struct clock *clock, int64_t from,
                            int64_t to)
{
    struct daybook daybook = {.clock = clock, .first_day = clock_day(clock, from)};
    struct daybook_day *days;

    daybook.n = clock_day(clock, to - 1) + 1 - daybook.first_day;
    days = arena_array(arena, struct daybook_day, (size_t)daybook.n + 1);
    for (int32_t i = 0; i <= daybook.n; i++) {
        days[i].start = clock_day_start(clock, daybook.first_day + i);
        days[i].offset = zone_offset(clock->zone, days[i].start);
    }
    /* Clock changes are more than a day apart, so equal offsets at both ends mean there was none.
     */
    for (int32_t i = 0; i < daybook.n; i++)
        days[i].changes = days[i].offset != zone_offset(clock->zone, days[i + 1].start - 1);
    daybook.days = days;
    return daybook;
}
