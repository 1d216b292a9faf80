/* Spans of time, and moments: what stands in f(…) and what a day is compared with. */
#include "model/segment/span.h"

#include "model/base/text.h"

#include <string.h>

enum { DAYS_MOST = 40000 };

/* "90d": a number and a unit. Days and longer count in mall days, the others in seconds. */
static bool read_count(const char *text, size_t n, int64_t *count, bool *days)
{
    static const struct {
        char unit;
        bool days;
        int64_t size;
    } units[] = {{'s', false, 1}, {'m', false, 60}, {'h', false, 3600},
                 {'d', true, 1},  {'w', true, 7},   {'y', true, 365}};
    if (n < 2 || !text_to_int64(text, n - 1, count) || *count < 0 || *count > 4000000000)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (text[n - 1] == units[i].unit) {
            *count *= units[i].size;
            *days = units[i].days;
            return *count <= (*days ? DAYS_MOST : (int64_t)DAYS_MOST * 86400);
        }
    return false;
}

static bool read_digits(const char *text, size_t n, int *value)
{
    *value = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *value = *value * 10 + (text[i] - '0');
    }
    return n > 0;
}

bool days_read(const char *text, size_t n, int32_t *first, int32_t *end)
{
    int year, month = 1, day = 1, y, m, d;
    if ((n != 4 && n != 7 && n != 10) || !read_digits(text, 4, &year) || year < 1900)
        return false;
    if (n >= 7 && (text[4] != '-' || !read_digits(text + 5, 2, &month) || month < 1 || month > 12))
        return false;
    if (n == 10 && (text[7] != '-' || !read_digits(text + 8, 2, &day)))
        return false;
    *first = date_number(year, month, day);
    date_civil(*first, &y, &m, &d);
    if (y != year || m != month || d != day)
        return false;
    *end = n == 10  ? *first + 1
           : n == 7 ? month_first_day(month_of_day(*first) + 1)
                    : date_number(year + 1, 1, 1);
    return true;
}

bool span_read(const char *text, size_t n, struct people_span *span)
{
    bool days;
    int32_t other;
    *span = (struct people_span){.type = SPAN_EVER};
    if (n == 4 && memcmp(text, "ever", 4) == 0)
        return true;
    if (read_count(text, n, &span->count, &days)) {
        span->type = days ? SPAN_DAYS : SPAN_SECONDS;
        return span->count > 0;
    }
    span->type = SPAN_DATES;
    const char *dots = n > 2 ? memmem(text, n, "..", 2) : NULL;
    if (!dots)
        return days_read(text, n, &span->first_day, &span->end_day);
    size_t before = (size_t)(dots - text), after = n - before - 2;
    span->first_day = INT32_MIN;
    span->end_day = INT32_MAX;
    return (before == 0 || days_read(text, before, &span->first_day, &other)) &&
           (after == 0 || days_read(dots + 2, after, &other, &span->end_day)) &&
           span->first_day < span->end_day;
}

bool moment_read(const char *text, size_t n, struct people_operand *operand)
{
    bool days;
    operand->ago = read_count(text, n, &operand->number, &days);
    operand->exact = operand->ago && !days;
    return operand->ago || days_read(text, n, &operand->first_day, &operand->end_day);
}

bool duration_read(const char *text, size_t n, int64_t *seconds)
{
    bool days;
    if (!read_count(text, n, seconds, &days))
        return false;
    *seconds *= days ? 86400 : 1;
    return true;
}

void span_bounds(const struct people_span *span, const struct clock *clock, int64_t present,
                 int64_t *from, int64_t *to)
{
    int32_t today = clock_day(clock, present);
    *from = INT64_MIN;
    *to = INT64_MAX;
    if (span->type == SPAN_DAYS) {
        *from = clock_day_start(clock, today - (int32_t)span->count + 1);
        *to = clock_day_start(clock, today + 1);
    } else if (span->type == SPAN_SECONDS) {
        *from = present - span->count + 1;
        *to = present + 1;
    } else if (span->type == SPAN_DATES) {
        if (span->first_day != INT32_MIN)
            *from = clock_day_start(clock, span->first_day);
        if (span->end_day != INT32_MAX)
            *to = clock_day_start(clock, span->end_day);
    }
}
