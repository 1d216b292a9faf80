#include "model/base/time.h"

#include "model/base/text.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int32_t date_number(int year, int month, int day)
{
    year += (month - 1) / 12;
    month = (month - 1) % 12 + 1;
    if (month < 1) {
        month += 12;
        year--;
    }
    /* Days from civil: years start in March, so that the leap day comes last. */
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int32_t)(era * 146097 + day_of_era - 719468);
}

void date_civil(int32_t number, int *year, int *month, int *day)
{
    int64_t z = (int64_t)number + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

int date_weekday(int32_t number)
{
    return (int)((((int64_t)number + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct civil zone_civil(const struct zone *zone, int64_t utc)
{
    int64_t local = utc + zone_offset(zone, utc);
    int32_t date = (int32_t)floor_div(local, 86400);
    int32_t second = (int32_t)(local - (int64_t)date * 86400);
    struct civil c = {.hour = second / 3600,
                      .minute = second / 60 % 60,
                      .second = second % 60,
                      .weekday = date_weekday(date)};
    date_civil(date, &c.year, &c.month, &c.day);
    return c;
}

/* Of the two offsets around a clock change the one that maps back to the same local time; where
 * both do, the earlier moment; where none does, the time is in the gap and moves forward. */
static int64_t local_to_utc(const struct zone *zone, int64_t local)
{
    int32_t before = zone_offset(zone, local - 86400), after = zone_offset(zone, local + 86400);
    int32_t larger = before > after ? before : after, smaller = before > after ? after : before;
    if (zone_offset(zone, local - larger) == larger)
        return local - larger;
    if (zone_offset(zone, local - smaller) == smaller)
        return local - smaller;
    return local - before;
}

int64_t zone_utc(const struct zone *zone, int year, int month, int day, int hour, int minute,
                 int second)
{
    int64_t local = (int64_t)date_number(year, month, day) * 86400 + (int64_t)hour * 3600 +
                    (int64_t)minute * 60 + second;
    return local_to_utc(zone, local);
}

int32_t clock_day(const struct clock *clock, int64_t utc)
{
    int64_t local = utc + zone_offset(clock->zone, utc);
    return (int32_t)floor_div(local - clock->boundary, 86400);
}

int64_t clock_day_start(const struct clock *clock, int32_t day)
{
    return local_to_utc(clock->zone, (int64_t)day * 86400 + clock->boundary);
}

int clock_hour(const struct clock *clock, int64_t utc)
{
    int64_t local = utc + zone_offset(clock->zone, utc);
    return (int)(floor_div(local, 3600) - floor_div(local, 86400) * 24);
}

int32_t month_of_day(int32_t day)
{
    int year, month, date;
    date_civil(day, &year, &month, &date);
    return year * 12 + month - 1;
}

int32_t clock_month(const struct clock *clock, int64_t utc)
{
    return month_of_day(clock_day(clock, utc));
}

int32_t month_first_day(int32_t month)
{
    return date_number(month / 12, month % 12 + 1, 1);
}

static bool two_digits(const char *at, int least, int most, int *value)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *value = (at[0] - '0') * 10 + at[1] - '0';
    return *value >= least && *value <= most;
}

static int days_in_month(int year, int month)
{
    return date_number(year, month + 1, 1) - date_number(year, month, 1);
}

/* "YYYY-MM-DD" in the first ten bytes. */
static bool date_parse(const char *at, int32_t *date)
{
    int century, rest, month, day;
    if (!two_digits(at, 19, 99, &century) || !two_digits(at + 2, 0, 99, &rest) || at[4] != '-' ||
        !two_digits(at + 5, 1, 12, &month) || at[7] != '-' || !two_digits(at + 8, 1, 31, &day))
        return false;
    int year = century * 100 + rest;
    if (day > days_in_month(year, month))
        return false;
    *date = date_number(year, month, day);
    return true;
}

/* What follows the seconds: nothing, a fraction, "Z" or "+08:00". */
static bool suffix_parse(const char *at, size_t n, bool *has_offset, int32_t *offset)
{
    size_t i = 0;
    *has_offset = false;
    if (i < n && at[i] == '.') {
        size_t digits = 0;
        for (i++; i < n && at[i] >= '0' && at[i] <= '9'; i++)
            digits++;
        if (!digits)
            return false;
    }
    if (i == n)
        return true;
    *has_offset = true;
    *offset = 0;
    if (n - i == 1)
        return at[i] == 'Z' || at[i] == 'z';
    int hours, minutes;
    if (n - i != 6 || (at[i] != '+' && at[i] != '-') || at[i + 3] != ':' ||
        !two_digits(at + i + 1, 0, 18, &hours) || !two_digits(at + i + 4, 0, 59, &minutes))
        return false;
    *offset = (hours * 60 + minutes) * 60 * (at[i] == '-' ? -1 : 1);
    return true;
}

bool time_parse(const struct zone *zone, const char *bytes, size_t n, int64_t *utc)
{
    int32_t date;
    if (n < 10 || bytes[4] != '-' || !date_parse(bytes, &date)) {
        static const int64_t least = -2208988800, most = 253402300799;
        return text_to_int64(bytes, n, utc) && *utc >= least && *utc <= most;
    }
    int64_t local = (int64_t)date * 86400;
    if (n == 10) {
        *utc = local_to_utc(zone, local);
        return true;
    }
    int hour, minute, second = 0;
    if (n < 16 || (bytes[10] != ' ' && bytes[10] != 'T' && bytes[10] != 't') ||
        !two_digits(bytes + 11, 0, 23, &hour) || bytes[13] != ':' ||
        !two_digits(bytes + 14, 0, 59, &minute))
        return false;
    size_t at = 16;
    if (n >= 19 && bytes[16] == ':') {
        if (!two_digits(bytes + 17, 0, 60, &second))
            return false;
        at = 19;
    }
    bool has_offset;
    int32_t offset = 0;
    if (!suffix_parse(bytes + at, n - at, &has_offset, &offset))
        return false;
    local += hour * 3600 + minute * 60 + second;
    *utc = has_offset ? local - offset : local_to_utc(zone, local);
    return true;
}

char *time_local(struct arena *arena, const struct zone *zone, int64_t utc)
{
    struct civil c = zone_civil(zone, utc);
    return arena_printf(arena, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour,
                        c.minute, c.second);
}

char *time_rfc3339(struct arena *arena, const struct zone *zone, int64_t utc)
{
    struct civil c = zone_civil(zone, utc);
    int32_t offset = zone_offset(zone, utc) / 60;
    char *head = arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day,
                              c.hour, c.minute, c.second);
    if (offset == 0)
        return arena_printf(arena, "%sZ", head);
    return arena_printf(arena, "%s%c%02d:%02d", head, offset < 0 ? '-' : '+', abs(offset) / 60,
                        abs(offset) % 60);
}

char *date_text(struct arena *arena, int32_t day)
{
    int year, month, date;
    date_civil(day, &year, &month, &date);
    return arena_printf(arena, "%04d-%02d-%02d", year, month, date);
}

static _Thread_local int64_t time_fixed;
static atomic_llong time_shift;

void time_shift_set(int64_t seconds)
{
    atomic_store(&time_shift, seconds);
}

int64_t time_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return ((int64_t)now.tv_sec + atomic_load(&time_shift)) * 1000 + now.tv_nsec / 1000000;
}

void time_fix(int64_t now)
{
    time_fixed = now;
}

int64_t time_now(void)
{
    if (time_fixed)
        return time_fixed;
    const char *fixed = getenv("ATRIUM_NOW");
    int64_t now;
    if (fixed && text_to_int64(fixed, strlen(fixed), &now))
        return now;
    return (int64_t)time(NULL) + atomic_load(&time_shift);
}

int64_t time_monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
