#include "model/campaign/schedule.h"

bool schedule_has_day(const struct campaign *campaign, int32_t day)
{
    if (day < campaign->schedule.from || day > campaign->schedule.to)
        return false;
    if (campaign->schedule.weekdays && !(campaign->schedule.weekdays >> date_weekday(day) & 1))
        return false;
    for (size_t i = 0; i < campaign->schedule.n_blackouts; i++)
        if (day >= campaign->schedule.blackouts[i].first &&
            day <= campaign->schedule.blackouts[i].last)
            return false;
    return true;
}

const int32_t *schedule_days(struct arena *arena, const struct campaign *campaign, int32_t from,
                             int32_t to, size_t *n)
{
    int64_t first = from > campaign->schedule.from ? from : campaign->schedule.from;
    int64_t last = to < campaign->schedule.to ? to : campaign->schedule.to;
    *n = 0;
    if (first == INT32_MIN || last == INT32_MAX || last < first)
        return arena_array(arena, int32_t, 1);
    if (last - first > 3 * SCHEDULE_LONGEST)
        last = first + 3 * SCHEDULE_LONGEST;
    int32_t *days = arena_array(arena, int32_t, (size_t)(last - first + 1));
    for (int64_t day = first; day <= last; day++)
        if (schedule_has_day(campaign, (int32_t)day))
            days[(*n)++] = (int32_t)day;
    return days;
}

/* ---- Moments ---- */

/* The moment of so many minutes after midnight of a date. */
static int64_t moment(const struct clock *clock, int32_t day, int minutes)
{
    int year, month, date;
    date_civil(day, &year, &month, &date);
    return zone_utc(clock->zone, year, month, date, 0, minutes, 0);
}

/* When it is on on a day that it has: [*from, *to). */
static void day_span(const struct campaign *campaign, const struct clock *clock, int32_t day,
                     int64_t *from, int64_t *to)
{
    int first = campaign->schedule.hour_from, last = campaign->schedule.hour_to;
    if (first == last) {
        *from = clock_day_start(clock, day);
        *to = clock_day_start(clock, day + 1);
        return;
    }
    *from = moment(clock, day, first);
    *to = moment(clock, last > first ? day : day + 1, last);
}

/* The first day at or after `day` that it has; false where there is none within ten years. */
static bool day_next(const struct campaign *campaign, int64_t day, int32_t *next)
{
    if (day < campaign->schedule.from)
        day = campaign->schedule.from;
    for (int i = 0; i <= SCHEDULE_LONGEST && day + i <= campaign->schedule.to; i++)
        if (schedule_has_day(campaign, (int32_t)(day + i))) {
            *next = (int32_t)(day + i);
            return true;
        }
    return false;
}

bool schedule_on(const struct campaign *campaign, const struct clock *clock, int64_t time,
                 int64_t *next)
{
    /* Days that can touch the moment: that of its date, the one before, for hours past midnight,
     * and the one after, where the day boundary lies after midnight in another zone's terms. */
    int32_t around = clock_day(clock, time), day;
    bool on = false;
    int64_t from, to, until = INT64_MIN;
    for (int64_t at = around - 2; day_next(campaign, at, &day); at = (int64_t)day + 1) {
        day_span(campaign, clock, day, &from, &to);
        if (on && from > until)
            break;
        if (time >= to)
            continue;
        if (time < from && !on) {
            if (next)
                *next = from;
            return false;
        }
        on = true;
        until = to > until ? to : until;
        if (!next)
            break;
        if (day - around > SCHEDULE_LONGEST) {
            until = INT64_MAX;
            break;
        }
    }
    if (next)
        *next = on ? until : INT64_MAX;
    return on;
}

int64_t schedule_end(const struct campaign *campaign, const struct clock *clock)
{
    int64_t from, to;
    int32_t day = campaign->schedule.to;
    if (day == INT32_MAX)
        return INT64_MAX;
    int32_t first = campaign->schedule.from > day - SCHEDULE_LONGEST ? campaign->schedule.from
                                                                     : day - SCHEDULE_LONGEST;
    while (day > first && !schedule_has_day(campaign, day))
        day--;
    day_span(campaign, clock, day, &from, &to);
    return to;
}

int64_t schedule_loud(const struct campaign *campaign, const struct clock *clock, int64_t time)
{
    int from = campaign->limits.quiet_from, to = campaign->limits.quiet_to;
    if (from == to)
        return time;
    struct civil civil = zone_civil(clock->zone, time);
    int32_t date = date_number(civil.year, civil.month, civil.day);
    for (int32_t day = date - 1; day <= date + 1; day++) {
        int64_t first = moment(clock, day, from),
                last = moment(clock, from < to ? day : day + 1, to);
        if (time >= first && time < last)
            time = last;
    }
    return time;
}
