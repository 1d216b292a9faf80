#include "model/loop/bucket.h"

const char *const bucket_names[BUCKET_LENGTHS] = {"day", "week", "month"};

/* Day 0 was a Thursday; week 0 begins on the Monday before it. */
enum { MONDAY = 3 };

int32_t bucket_of_day(enum bucket_length length, int32_t day)
{
    int32_t shifted = day + MONDAY;
    switch (length) {
    case BUCKET_WEEK:
        return shifted >= 0 ? shifted / 7 : -((6 - shifted) / 7);
    case BUCKET_MONTH:
        return month_of_day(day);
    default:
        return day;
    }
}

int32_t bucket_first_day(enum bucket_length length, int32_t number)
{
    return length == BUCKET_WEEK    ? number * 7 - MONDAY
           : length == BUCKET_MONTH ? month_first_day(number)
                                    : number;
}

int32_t bucket_day_named(const struct clock *clock, int64_t time)
{
    struct civil civil = zone_civil(clock->zone, time);
    if (civil.hour == 0 && civil.minute == 0 && civil.second == 0)
        return date_number(civil.year, civil.month, civil.day);
    return clock_day(clock, time);
}

struct buckets buckets_from(struct arena *arena, const struct clock *clock,
                            enum bucket_length length, int32_t first, size_t n)
{
    struct buckets buckets = {.clock = clock, .length = length, .first = first, .n = n};
    int64_t *start = arena_array(arena, int64_t, n + 1);
    for (size_t i = 0; i <= n; i++)
        start[i] = clock_day_start(clock, bucket_first_day(length, first + (int32_t)i));
    buckets.start = start;
    return buckets;
}

struct buckets buckets_make(struct arena *arena, const struct clock *clock,
                            enum bucket_length length, int64_t from, int64_t to)
{
    int32_t first = bucket_of_day(length, bucket_day_named(clock, from));
    int32_t end_day = bucket_day_named(clock, to);
    struct civil civil = zone_civil(clock->zone, to);
    bool midnight = civil.hour == 0 && civil.minute == 0 && civil.second == 0;
    int32_t last = bucket_of_day(length, midnight ? end_day - 1 : clock_day(clock, to - 1));
    int64_t n = last < first ? 1 : (int64_t)last - first + 1;
    return buckets_from(arena, clock, length, first, (size_t)(n > BUCKETS_MOST ? BUCKETS_MOST : n));
}

/* A moment at the very civil midnight stands for its date: files that know only days have it. */
static int64_t date_meant(const struct clock *clock, int64_t time)
{
    enum { QUARTER = 900 }; /* zones are set to quarters of an hour */
    if (time % QUARTER || !clock->boundary || (time + zone_offset(clock->zone, time)) % 86400)
        return time;
    return clock_day_start(clock, bucket_day_named(clock, time));
}

int64_t bucket_at(const struct buckets *buckets, int64_t time, int64_t near)
{
    const int64_t *start = buckets->start;
    int64_t low = 0, high = (int64_t)buckets->n;
    time = date_meant(buckets->clock, time);
    if (time < start[0])
        return -1;
    if (time >= start[high])
        return high;
    for (int64_t i = near < 0 ? 0 : near; i < near + 2 && i < high; i++)
        if (time >= start[i] && time < start[i + 1])
            return i;
    while (high - low > 1) {
        int64_t middle = (low + high) / 2;
        if (time >= start[middle])
            low = middle;
        else
            high = middle;
    }
    return low;
}

const char *bucket_title(struct arena *arena, const struct buckets *buckets, size_t i)
{
    int32_t day = bucket_first_day(buckets->length, buckets->first + (int32_t)i);
    const char *date = date_text(arena, day);
    return buckets->length == BUCKET_MONTH ? arena_strndup(arena, date, 7) : date;
}
