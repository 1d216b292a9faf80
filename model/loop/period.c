#include "model/loop/period.h"
#include "model/base/intl.h"
#include "model/base/text.h"

#include <stdio.h>
#include <string.h>

const struct period_choice period_choices[] = {
    {PERIOD_TODAY, "today", N_("today")},
    {PERIOD_YESTERDAY, "yesterday", N_("yesterday")},
    {PERIOD_7_DAYS, "7d", N_("last 7 days")},
    {PERIOD_30_DAYS, "30d", N_("last 30 days")},
    {PERIOD_90_DAYS, "90d", N_("last 90 days")},
    {PERIOD_MONTH, "month", N_("this month")},
    {PERIOD_QUARTER, "quarter", N_("this quarter")},
    {PERIOD_YEAR, "year", N_("this year")},
    {PERIOD_CUSTOM, "custom", N_("other days")},
};
const size_t n_period_choices = sizeof period_choices / sizeof *period_choices;

const struct compare_choice compare_choices[] = {
    {COMPARE_BEFORE, "before", N_("the period before")},
    {COMPARE_YEAR, "year", N_("the same dates a year before")},
    {COMPARE_YEAR_WEEKDAY, "year-weekday", N_("a year before, the same weekdays")},
    {COMPARE_NONE, "none", N_("nothing")},
};
const size_t n_compare_choices = sizeof compare_choices / sizeof *compare_choices;

enum { MOST_DAYS = 36525 };

static const char *const month_names[] = {
    N_("January"), N_("February"), N_("March"),     N_("April"),   N_("May"),      N_("June"),
    N_("July"),    N_("August"),   N_("September"), N_("October"), N_("November"), N_("December")};
static const char *const month_marks[] = {N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"),
                                          N_("May"), N_("Jun"), N_("Jul"), N_("Aug"),
                                          N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec")};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

struct period period_of(const struct clock *clock, int64_t present, int64_t from, int64_t to)
{
    struct period p = {.name = PERIOD_CUSTOM, .from = from, .to = to};
    p.until = least(to, present + 1);
    if (p.until < from)
        p.until = from;
    p.first_day = clock_day(clock, from);
    p.end_day = clock_day(clock, to - 1) + 1;
    p.whole =
        from == clock_day_start(clock, p.first_day) && to == clock_day_start(clock, p.end_day);
    return p;
}

static struct period period_of_days(const struct clock *clock, int64_t present, int32_t first,
                                    int32_t end)
{
    return period_of(clock, present, clock_day_start(clock, first), clock_day_start(clock, end));
}

static struct period period_of_months(const struct clock *clock, int64_t present, int32_t first,
                                      int32_t n)
{
    return period_of_days(clock, present, month_first_day(first), month_first_day(first + n));
}

struct period period_named(const struct clock *clock, int64_t present, enum period_name name)
{
    int32_t today = clock_day(clock, present), month = month_of_day(today);
    struct period p;

    switch (name) {
    case PERIOD_YESTERDAY:
        p = period_of_days(clock, present, today - 1, today);
        break;
    case PERIOD_7_DAYS:
        p = period_of_days(clock, present, today - 6, today + 1);
        break;
    case PERIOD_30_DAYS:
        p = period_of_days(clock, present, today - 29, today + 1);
        break;
    case PERIOD_90_DAYS:
        p = period_of_days(clock, present, today - 89, today + 1);
        break;
    case PERIOD_MONTH:
        p = period_of_months(clock, present, month, 1);
        break;
    case PERIOD_QUARTER:
        p = period_of_months(clock, present, month - month % 3, 3);
        break;
    case PERIOD_YEAR:
        p = period_of_months(clock, present, month - month % 12, 12);
        break;
    default:
        p = period_of_days(clock, present, today, today + 1);
    }
    p.name = name == PERIOD_CUSTOM ? PERIOD_TODAY : name;
    return p;
}

/* ---- What a person types ---- */

/* Reads exactly `digits` digits and moves on. */
static bool take_number(const char **at, const char *end, int digits, int *value)
{
    *value = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (*at >= end || **at < '0' || **at > '9')
            return false;
        *value = *value * 10 + (**at - '0');
    }
    return true;
}

/* A year, a month or a day as mall days [*first, *end). */
static bool parse_days(const char *text, size_t n, int32_t *first, int32_t *end)
{
    const char *at = text, *stop = text + n;
    int year, month, day;

    if (!take_number(&at, stop, 4, &year) || year < 1900)
        return false;
    if (at == stop) {
        *first = date_number(year, 1, 1);
        *end = date_number(year + 1, 1, 1);
        return true;
    }
    if (*at++ != '-' || !take_number(&at, stop, 2, &month) || month < 1 || month > 12)
        return false;
    *first = month_first_day(year * 12 + month - 1);
    *end = month_first_day(year * 12 + month);
    if (at == stop)
        return true;
    if (*at++ != '-' || !take_number(&at, stop, 2, &day) || at != stop)
        return false;
    if (day < 1 || day > *end - *first)
        return false;
    *first += day - 1;
    *end = *first + 1;
    return true;
}

/* One side of "..": days, or a moment. */
static bool parse_side(const struct clock *clock, const char *text, size_t n, int64_t *from,
                       int64_t *to)
{
    int32_t first, end;

    while (n && *text == ' ')
        text++, n--;
    while (n && text[n - 1] == ' ')
        n--;
    if (parse_days(text, n, &first, &end)) {
        *from = clock_day_start(clock, first);
        *to = clock_day_start(clock, end);
        return true;
    }
    /* A bare number would be read as epoch seconds: nobody types those into a picker. */
    if (!memchr(text, '-', n) || !time_parse(clock->zone, text, n, from))
        return false;
    *to = *from;
    return true;
}

static bool parse_choice(const struct clock *clock, int64_t present, const char *text,
                         struct period *period)
{
    int64_t days;
    size_t n = strlen(text);

    for (size_t i = 0; i + 1 < n_period_choices; i++)
        if (text_equal_nocase(text, period_choices[i].id) ||
            text_equal_nocase(text, period_choices[i].title)) {
            *period = period_named(clock, present, period_choices[i].name);
            return true;
        }
    if (n < 2 || text[n - 1] != 'd' || !text_to_int64(text, n - 1, &days) || days < 1 ||
        days > MOST_DAYS)
        return false;
    int32_t end = clock_day(clock, present) + 1;
    *period = period_of_days(clock, present, end - (int32_t)days, end);
    return true;
}

static enum status not_understood(const char *text, struct error *err)
{
    const char *ids[sizeof period_choices / sizeof *period_choices];
    struct arena *arena = arena_new();

    for (size_t i = 0; i < n_period_choices; i++)
        ids[i] = period_choices[i].id;
    const char *near = text_nearest(text, ids, n_period_choices - 1);
    error_set(err, ST_USAGE,
              "period: found %s%s%s%s; expected today, yesterday, 7d, 30d, 90d, month, quarter, "
              "year, days back such as 14d, a day 2017-10-05, a month 2017-10, a year 2017, or "
              "days 2017-10-01..2017-10-31",
              text_quote(arena, text, strlen(text)), near ? " (did you mean " : "",
              near ? near : "", near ? "?)" : "");
    arena_free(arena);
    return ST_USAGE;
}

enum status period_parse(const struct clock *clock, int64_t present, const char *text,
                         struct period *period, struct error *err)
{
    const char *dots = strstr(text, "..");
    size_t n = strlen(text);
    int64_t from, to, other;

    if (parse_choice(clock, present, text, period))
        return ST_OK;
    if (!dots) {
        if (!parse_side(clock, text, n, &from, &to) || from == to)
            return not_understood(text, err);
    } else if (!parse_side(clock, text, (size_t)(dots - text), &from, &other) ||
               !parse_side(clock, dots + 2, n - (size_t)(dots - text) - 2, &other, &to)) {
        return not_understood(text, err);
    }
    if (from >= to) {
        struct arena *arena = arena_new();
        error_set(err, ST_USAGE,
                  "period: %s ends before it starts; put the earlier day first, as in "
                  "2017-10-01..2017-10-31",
                  text_quote(arena, text, n));
        arena_free(arena);
        return ST_USAGE;
    }
    *period = period_of(clock, present, from, to);
    return ST_OK;
}

/* ---- How a period is written ---- */

/* 1, 3 or 12 where the period is a whole calendar month, quarter or year, else 0. The last 30 days
 * are days, also when they happen to be those of a month. */
static int calendar_months(const struct period *period)
{
    int32_t first = month_of_day(period->first_day);

    if (period->name < PERIOD_MONTH || !period->whole ||
        month_first_day(first) != period->first_day)
        return 0;
    if (month_first_day(first + 1) == period->end_day)
        return 1;
    if (first % 3 == 0 && month_first_day(first + 3) == period->end_day)
        return 3;
    if (first % 12 == 0 && month_first_day(first + 12) == period->end_day)
        return 12;
    return 0;
}

char *period_id(struct arena *arena, const struct clock *clock, const struct period *period)
{
    int32_t month = month_of_day(period->first_day);

    if (period->name != PERIOD_CUSTOM)
        return arena_strdup(arena, period_choices[period->name].id);
    if (!period->whole)
        return arena_printf(arena, "%s..%s", time_local(arena, clock->zone, period->from),
                            time_local(arena, clock->zone, period->to));
    switch (calendar_months(period)) {
    case 1:
        return arena_printf(arena, "%04d-%02d", month / 12, month % 12 + 1);
    case 12:
        return arena_printf(arena, "%04d", month / 12);
    }
    if (period->end_day - period->first_day == 1)
        return date_text(arena, period->first_day);
    return arena_printf(arena, "%s..%s", date_text(arena, period->first_day),
                        date_text(arena, period->end_day - 1));
}

static char *day_title(struct arena *arena, int32_t number)
{
    int year, month, day;

    date_civil(number, &year, &month, &day);
    /* xgettext: day, month, year */
    return arena_printf(arena, _("%d %s %d"), day, _(month_marks[month - 1]), year);
}

char *period_title(struct arena *arena, const struct clock *clock, const struct period *period)
{
    int32_t month = month_of_day(period->first_day);

    switch (calendar_months(period)) {
    case 1:
        /* xgettext: month, year */
        return arena_printf(arena, _("%s %d"), _(month_names[month % 12]), month / 12);
    case 3:
        return arena_printf(arena, _("quarter %d of %d"), month % 12 / 3 + 1, month / 12);
    case 12:
        /* xgettext: a year */
        return arena_printf(arena, _("%d"), month / 12);
    }
    if (period->name == PERIOD_TODAY || period->name == PERIOD_YESTERDAY)
        return arena_printf(arena, _("%s, %s"), _(period_choices[period->name].title),
                            day_title(arena, period->first_day));
    if (period->name != PERIOD_CUSTOM)
        return arena_printf(arena, _("%s, to %s"), _(period_choices[period->name].title),
                            day_title(arena, period->end_day - 1));
    if (!period->whole)
        return arena_printf(arena, _("%s to %s"), time_local(arena, clock->zone, period->from),
                            time_local(arena, clock->zone, period->to));
    if (period->end_day - period->first_day == 1)
        return day_title(arena, period->first_day);
    return arena_printf(arena, _("%s to %s"), day_title(arena, period->first_day),
                        day_title(arena, period->end_day - 1));
}

/* ---- Other periods ---- */

/* `by` periods on, not cut at the present. */
static struct period moved(const struct clock *clock, int64_t present, const struct period *period,
                           int by)
{
    int months = calendar_months(period);
    int32_t days = (int32_t)period_days(period) * by;

    if (months)
        return period_of_months(clock, present, month_of_day(period->first_day) + months * by,
                                months);
    if (period->whole)
        return period_of_days(clock, present, period->first_day + days, period->end_day + days);
    int64_t span = (period->to - period->from) * by;
    return period_of(clock, present, period->from + span, period->to + span);
}

struct period period_shift(const struct clock *clock, int64_t present, const struct period *period,
                           int by)
{
    return moved(clock, present, period, by);
}

/* The same date a year before; 29 February becomes the 28th. */
static int32_t year_before(int32_t number)
{
    int year, month, day;

    date_civil(number, &year, &month, &day);
    int32_t first = month_first_day((year - 1) * 12 + month - 1);
    int32_t last = month_first_day((year - 1) * 12 + month) - 1;
    return first + day - 1 > last ? last : first + day - 1;
}

/* The moment as far into its mall day as `utc`, on another mall day. */
static int64_t same_moment(const struct clock *clock, int64_t utc, int32_t day)
{
    return clock_day_start(clock, day) + utc - clock_day_start(clock, clock_day(clock, utc));
}

static struct period on_other_days(const struct clock *clock, const struct period *period,
                                   int32_t first, int32_t last)
{
    int64_t from = same_moment(clock, period->from, first);
    int64_t to = period->whole ? clock_day_start(clock, last + 1)
                               : same_moment(clock, period->to - 1, last) + 1;
    return period_of(clock, INT64_MAX - 1, from, to);
}

struct period period_compare(const struct clock *clock, const struct period *period,
                             enum compare compare)
{
    int32_t first = period->first_day, last = period->end_day - 1;
    struct period other;

    if (compare == COMPARE_YEAR)
        other = on_other_days(clock, period, year_before(first), year_before(last));
    else if (compare == COMPARE_YEAR_WEEKDAY)
        other = on_other_days(clock, period, first - 364, last - 364);
    else
        other = moved(clock, INT64_MAX - 1, period, -1);
    if (period->until >= period->to || period->until <= period->from)
        return other;

    /* Not over yet: as far into the other one. */
    int64_t end;
    if (period->whole) {
        int32_t days = clock_day(clock, period->until - 1) - first;
        end = same_moment(clock, period->until - 1, other.first_day + days) + 1;
    } else {
        end = other.from + period->until - period->from;
    }
    return period_of(clock, INT64_MAX - 1, other.from, least(end, other.to));
}
