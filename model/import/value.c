#include "model/import/value.h"

#include "model/base/text.h"

#include <math.h>
#include <string.h>

/* One step of a format: a directive's letter, or 0 and a byte that must stand there. */
struct date_step {
    char letter;
    char literal;
    bool fixed; /* other digits stand directly beside it: exactly two digits */
};

struct date_format {
    size_t n;
    struct date_step steps[64];
};

static const char *composite(char letter)
{
    switch (letter) {
    case 'T':
        return "%H:%M:%S";
    case 'F':
        return "%Y-%m-%d";
    case 'R':
        return "%H:%M";
    case 'D':
        return "%m/%d/%y";
    default:
        return NULL;
    }
}

static const char *steps_add(struct date_format *format, const char *text)
{
    for (const char *at = text; *at; at++) {
        if (format->n == sizeof format->steps / sizeof *format->steps)
            return at;
        if (*at != '%') {
            format->steps[format->n++] = (struct date_step){.literal = *at};
            continue;
        }
        char letter = at[1];
        const char *parts = composite(letter);
        if (letter == '%')
            format->steps[format->n++] = (struct date_step){.literal = '%'};
        else if (parts && steps_add(format, parts))
            return at;
        else if (!parts && letter && strchr("YymdeHIMSfpbzsQ", letter))
            format->steps[format->n++] = (struct date_step){.letter = letter};
        else if (!parts)
            return at;
        at++;
    }
    return NULL;
}

static bool takes_digits(const struct date_step *step)
{
    return step->letter && strchr("YymdHIMSfsQ", step->letter);
}

const struct date_format *date_format_parse(struct arena *arena, const char *text, const char **bad)
{
    struct date_format *format = arena_new_of(arena, struct date_format);
    *bad = steps_add(format, text);
    if (*bad)
        return NULL;
    if (format->n == 0) {
        *bad = text;
        return NULL;
    }
    for (size_t i = 0; i + 1 < format->n; i++)
        if (takes_digits(&format->steps[i]) && takes_digits(&format->steps[i + 1]))
            format->steps[i].fixed = format->steps[i + 1].fixed = true;
    return format;
}

/* What a format has found so far. */
struct date_parts {
    int64_t year, month, day, hour, minute, second, epoch, offset, twelve;
    bool has_epoch, has_offset, has_twelve;
};

static bool digits(const char **at, const char *end, int least, int most, int64_t *value)
{
    int n = 0;
    int64_t sum = 0;
    while (n < most && *at < end && **at >= '0' && **at <= '9') {
        sum = sum * 10 + (**at - '0');
        (*at)++;
        n++;
    }
    *value = sum;
    return n >= least;
}

static bool month_name(const char **at, const char *end, int64_t *month)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (end - *at < 3)
        return false;
    for (int i = 0; i < 12; i++) {
        bool same = true;
        for (int k = 0; k < 3; k++)
            same = same && ((*at)[k] | 0x20) == names[i * 3 + k];
        if (same) {
            *month = i + 1;
            *at += 3;
            return true;
        }
    }
    return false;
}

static bool offset_part(const char **at, const char *end, struct date_parts *parts)
{
    parts->has_offset = true;
    if (*at < end && (**at == 'Z' || **at == 'z')) {
        (*at)++;
        parts->offset = 0;
        return true;
    }
    int64_t hours, minutes = 0;
    if (*at == end || (**at != '+' && **at != '-'))
        return false;
    int sign = *(*at)++ == '-' ? -1 : 1;
    if (!digits(at, end, 2, 2, &hours))
        return false;
    if (*at < end && **at == ':')
        (*at)++;
    if (*at < end && !digits(at, end, 2, 2, &minutes))
        return false;
    parts->offset = sign * (hours * 60 + minutes) * 60;
    return hours <= 18 && minutes <= 59;
}

static bool half_day(const char **at, const char *end, struct date_parts *parts)
{
    if (end - *at < 2 || ((*at)[1] | 0x20) != 'm')
        return false;
    char c = (char)((*at)[0] | 0x20);
    *at += 2;
    parts->has_twelve = true;
    parts->twelve = c == 'p' ? 12 : 0;
    return c == 'a' || c == 'p';
}

static bool step_parse(const struct date_step *step, const char **at, const char *end,
                       struct date_parts *parts)
{
    int64_t ignored;
    int least = step->fixed ? 2 : 1;
    switch (step->letter) {
    case 'Y':
        return digits(at, end, 4, 4, &parts->year);
    case 'y':
        if (!digits(at, end, 2, 2, &parts->year))
            return false;
        parts->year += parts->year < 69 ? 2000 : 1900;
        return true;
    case 'm':
        return digits(at, end, least, 2, &parts->month);
    case 'e':
        while (*at < end && **at == ' ')
            (*at)++;
        return digits(at, end, 1, 2, &parts->day);
    case 'd':
        return digits(at, end, least, 2, &parts->day);
    case 'H':
    case 'I':
        return digits(at, end, least, 2, &parts->hour) &&
               (step->letter == 'H' || (parts->hour >= 1 && parts->hour <= 12));
    case 'M':
        return digits(at, end, least, 2, &parts->minute);
    case 'S':
        return digits(at, end, least, 2, &parts->second);
    case 'f':
        return digits(at, end, 1, 9, &ignored);
    case 'p':
        return half_day(at, end, parts);
    case 'b':
        return month_name(at, end, &parts->month);
    case 'z':
        return offset_part(at, end, parts);
    default: /* s, Q */
        parts->has_epoch = true;
        if (!digits(at, end, 1, 15, &parts->epoch))
            return false;
        parts->epoch /= step->letter == 'Q' ? 1000 : 1;
        return parts->epoch <= 253402300799;
    }
}

static bool parts_to_utc(const struct zone *zone, struct date_parts *p, int64_t *utc)
{
    if (p->has_epoch) {
        *utc = p->epoch;
        return true;
    }
    if (p->has_twelve)
        p->hour = p->hour % 12 + p->twelve;
    if (p->year < 1900 || p->month < 1 || p->month > 12 || p->day < 1 || p->hour > 23 ||
        p->minute > 59 || p->second > 60)
        return false;
    int year = (int)p->year, month = (int)p->month;
    int days = date_number(year, month + 1, 1) - date_number(year, month, 1);
    if (p->day > days)
        return false;
    if (p->has_offset)
        *utc = (int64_t)date_number(year, month, (int)p->day) * 86400 + p->hour * 3600 +
               p->minute * 60 + p->second - p->offset;
    else
        *utc =
            zone_utc(zone, year, month, (int)p->day, (int)p->hour, (int)p->minute, (int)p->second);
    return true;
}

static bool format_parse(const struct date_format *format, const struct zone *zone, const char *at,
                         size_t n, int64_t *utc)
{
    struct date_parts parts = {.year = 1970, .month = 1, .day = 1};
    const char *end = at + n;
    for (size_t i = 0; i < format->n; i++) {
        const struct date_step *step = &format->steps[i];
        if (step->letter) {
            if (!step_parse(step, &at, end, &parts))
                return false;
        } else if (step->literal == ' ') {
            while (at < end && (*at == ' ' || *at == '\t'))
                at++;
        } else if (at == end || *at++ != step->literal) {
            return false;
        }
    }
    return at == end && parts_to_utc(zone, &parts, utc);
}

static bool time_formatted(struct value_times *times, const char *at, size_t n, int64_t *utc)
{
    if (n && n == times->text_n && memcmp(at, times->text, n) == 0) {
        *utc = times->text_utc;
        return true;
    }
    if (!format_parse(times->format, times->zone, at, n, utc))
        return false;
    if (n <= sizeof times->text) {
        memcpy(times->text, at, n);
        times->text_n = n;
        times->text_utc = *utc;
    }
    return true;
}

/* Remembers the day in the first ten bytes, where its local time runs on evenly. */
static void day_learn(struct value_times *times, const char *at)
{
    int64_t first = 0, last = 0;
    char text[19];
    memcpy(text, at, 10);
    memcpy(text + 10, " 23:59:59", 9);
    times->day_known = time_parse(times->zone, text, 10, &first) &&
                       time_parse(times->zone, text, 19, &last) && last - first == 86399;
    memcpy(times->day, at, 10);
    times->midnight = first;
}

static inline bool pair(const char *at, unsigned most, unsigned *value)
{
    unsigned tens = (unsigned char)at[0] - '0', ones = (unsigned char)at[1] - '0';
    *value = tens * 10 + ones;
    return tens <= 9 && ones <= 9 && *value <= most;
}

bool value_time(struct value_times *times, const char *at, size_t n, int64_t *utc)
{
    if (times->format)
        return time_formatted(times, at, n, utc);
    /* "YYYY-MM-DD HH:MM:SS" on a day that was met before. */
    unsigned hour, minute, second;
    if (n != 19 || at[4] != '-' || (at[10] != ' ' && at[10] != 'T') || at[13] != ':' ||
        at[16] != ':' || !pair(at + 11, 23, &hour) || !pair(at + 14, 59, &minute) ||
        !pair(at + 17, 59, &second))
        return time_parse(times->zone, at, n, utc);
    if (memcmp(at, times->day, 10) != 0)
        day_learn(times, at);
    if (!times->day_known)
        return time_parse(times->zone, at, n, utc);
    *utc = times->midnight + hour * 3600 + minute * 60 + second;
    return true;
}

bool value_date(struct value_times *times, const char *at, size_t n, int64_t *day)
{
    int64_t utc;
    if (times->format) {
        if (!format_parse(times->format, times->zone, at, n, &utc))
            return false;
        struct civil c = zone_civil(times->zone, utc);
        *day = date_number(c.year, c.month, c.day);
        return true;
    }
    if (n != 10 || at[4] != '-')
        return false;
    struct civil c;
    if (!time_parse(times->zone, at, n, &utc))
        return false;
    c = zone_civil(times->zone, utc + 43200); /* noon: midnight may not exist that day */
    *day = date_number(c.year, c.month, c.day);
    return true;
}

bool value_money(const char *at, size_t n, int64_t *fen)
{
    /* Nearly every amount is a few digits with none or two decimals. */
    uint64_t sum = 0;
    size_t i = 0;
    while (i < n && i < 10 && (unsigned char)(at[i] - '0') <= 9)
        sum = sum * 10 + (unsigned char)(at[i++] - '0');
    if (i == n && i > 0) {
        *fen = (int64_t)sum * 100;
    } else if (i > 0 && n - i == 3 && at[i] == '.' && (unsigned char)(at[i + 1] - '0') <= 9 &&
               (unsigned char)(at[i + 2] - '0') <= 9) {
        *fen = (int64_t)(sum * 100) + (at[i + 1] - '0') * 10 + (at[i + 2] - '0');
    } else if (!text_to_fen(at, n, fen)) {
        return false;
    }
    return *fen >= -AMOUNT_MOST && *fen <= AMOUNT_MOST;
}

bool value_points(const char *at, size_t n, int64_t *points)
{
    return value_integer(at, n, -AMOUNT_MOST, AMOUNT_MOST, points);
}

bool value_integer(const char *at, size_t n, int64_t least, int64_t most, int64_t *value)
{
    const char *point = memchr(at, '.', n);
    if (point) {
        size_t zeros = (size_t)(at + n - point - 1);
        for (size_t i = 0; i < zeros; i++)
            if (point[1 + i] != '0')
                return false;
        if (!zeros)
            return false;
        n = (size_t)(point - at);
    }
    return text_to_int64(at, n, value) && *value >= least && *value <= most;
}

bool value_bool(const char *at, size_t n, int64_t *value)
{
    static const struct {
        const char *word;
        int value;
    } words[] = {{"", 0},    {"0", 0},   {"1", 1},     {"no", 0},    {"yes", 1},
                 {"n", 0},   {"y", 1},   {"false", 0}, {"true", 1},  {"No", 0},
                 {"Yes", 1}, {"N", 0},   {"Y", 1},     {"False", 0}, {"True", 1},
                 {"NO", 0},  {"YES", 1}, {"FALSE", 0}, {"TRUE", 1}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].word) == n && memcmp(words[i].word, at, n) == 0) {
            *value = words[i].value;
            return true;
        }
    return false;
}

bool value_scaled(const char *at, size_t n, double factor, int64_t *hundredths)
{
    double number;
    if (!text_to_double(at, n, &number))
        return false;
    double scaled = number * factor * 100;
    if (!(fabs(scaled) <= (double)AMOUNT_MOST))
        return false;
    double whole = nearbyint(scaled);
    if (fabs(scaled - whole) > 1e-4)
        return false;
    *hundredths = (int64_t)whole;
    return true;
}
