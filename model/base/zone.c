/* Time zones from TZif files, RFC 8536: a list of transitions, and a POSIX TZ rule for the time
 * after the last of them. */
#include "model/base/text.h"
#include "model/base/time.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct transition {
    int64_t at; /* UTC */
    int32_t offset;
};

/* Day `day` (0 = Sunday) of week `week` (5 = last) of `month`, at `second` of that day: "Mm.w.d".
 */
struct rule_day {
    int month, week, day;
    int32_t second;
};

struct zone {
    char *name;
    int32_t first; /* the offset before the first transition */
    size_t n;
    struct transition *transitions;
    bool has_footer, has_summer;
    int32_t standard, summer; /* offsets after the last transition */
    struct rule_day start, end;
};

void zone_free(struct zone *zone)
{
    if (!zone)
        return;
    free(zone->name);
    free(zone->transitions);
    free(zone);
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

static int32_t rule_date(const struct rule_day *rule, int year)
{
    int32_t first = date_number(year, rule->month, 1);
    int first_weekday = (date_weekday(first) + 1) % 7; /* 0 = Sunday */
    int32_t date = first + (rule->day - first_weekday + 7) % 7 + (rule->week - 1) * 7;
    while (date >= date_number(year, rule->month + 1, 1))
        date -= 7;
    return date;
}

static int32_t footer_offset(const struct zone *zone, int64_t utc)
{
    if (!zone->has_summer)
        return zone->standard;
    int64_t local = utc + zone->standard;
    int year, month, day;
    date_civil((int32_t)(local / 86400 - (local % 86400 < 0)), &year, &month, &day);
    int64_t start =
        (int64_t)rule_date(&zone->start, year) * 86400 + zone->start.second - zone->standard;
    int64_t end = (int64_t)rule_date(&zone->end, year) * 86400 + zone->end.second - zone->summer;
    bool summer = start < end ? utc >= start && utc < end : utc >= start || utc < end;
    return summer ? zone->summer : zone->standard;
}

int32_t zone_offset(const struct zone *zone, int64_t utc)
{
    if (zone->n == 0 || utc >= zone->transitions[zone->n - 1].at) {
        if (zone->has_footer)
            return footer_offset(zone, utc);
        return zone->n ? zone->transitions[zone->n - 1].offset : zone->first;
    }
    if (utc < zone->transitions[0].at)
        return zone->first;
    size_t low = 0, high = zone->n - 1; /* transitions[low].at <= utc < transitions[high].at */
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (zone->transitions[middle].at <= utc)
            low = middle;
        else
            high = middle;
    }
    return zone->transitions[low].offset;
}

static int64_t big_endian(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return bytes == 4 ? (int64_t)(int32_t)value : (int64_t)value;
}

/* "[+-]hh[:mm[:ss]]"; moves *at past it. */
static bool clock_parse(const char **at, int32_t *seconds)
{
    int sign = 1;
    if (**at == '-' || **at == '+')
        sign = *(*at)++ == '-' ? -1 : 1;
    if (!isdigit((unsigned char)**at))
        return false;
    int32_t total = 0, unit = 3600;
    for (;; unit /= 60) {
        int32_t value = 0;
        for (int digits = 0; isdigit((unsigned char)**at) && digits < 3; digits++)
            value = value * 10 + *(*at)++ - '0';
        total += value * unit;
        if (**at != ':' || unit == 1)
            break;
        (*at)++;
    }
    *seconds = sign * total;
    return true;
}

static void name_skip(const char **at)
{
    if (**at == '<') {
        while (**at && **at != '>')
            (*at)++;
        if (**at)
            (*at)++;
        return;
    }
    while (isalpha((unsigned char)**at))
        (*at)++;
}

static bool rule_parse(const char **at, struct rule_day *rule)
{
    int used = 0;
    if (sscanf(*at, ",M%2d.%1d.%1d%n", &rule->month, &rule->week, &rule->day, &used) != 3)
        return false;
    if (rule->month < 1 || rule->month > 12 || rule->week < 1 || rule->week > 5 || rule->day > 6)
        return false;
    *at += used;
    rule->second = 7200;
    if (**at != '/')
        return true;
    (*at)++;
    return clock_parse(at, &rule->second);
}

/* The POSIX TZ string, such as "CST-8" or "CET-1CEST,M3.5.0,M10.5.0/3". Its offsets count west. */
static void footer_parse(struct zone *zone, const char *at)
{
    int32_t west;
    name_skip(&at);
    if (!clock_parse(&at, &west))
        return;
    zone->standard = -west;
    zone->has_footer = true;
    if (!*at)
        return;
    name_skip(&at);
    zone->summer = zone->standard + 3600;
    if (*at && *at != ',') {
        if (!clock_parse(&at, &west))
            return;
        zone->summer = -west;
    }
    zone->has_summer = rule_parse(&at, &zone->start) && rule_parse(&at, &zone->end);
}

enum { HEADER = 44 };

struct tzif_counts {
    size_t isut, isstd, leap, time, type, chars;
};

static bool header_parse(const unsigned char *at, size_t n, struct tzif_counts *counts)
{
    if (n < HEADER || memcmp(at, "TZif", 4) != 0)
        return false;
    size_t *fields[] = {&counts->isut, &counts->isstd, &counts->leap,
                        &counts->time, &counts->type,  &counts->chars};
    for (size_t i = 0; i < 6; i++) {
        *fields[i] = (size_t)big_endian(at + 20 + 4 * i, 4);
        if (*fields[i] > 100000)
            return false;
    }
    return counts->type > 0;
}

static size_t body_size(const struct tzif_counts *c, size_t word)
{
    return c->time * word + c->time + c->type * 6 + c->chars + c->leap * (word + 4) + c->isstd +
           c->isut;
}

static bool body_parse(struct zone *zone, const unsigned char *at, const struct tzif_counts *c)
{
    const unsigned char *indexes = at + c->time * 8, *types = indexes + c->time;
    zone->transitions = mem_zero(c->time, sizeof *zone->transitions);
    zone->first = (int32_t)big_endian(types, 4);
    for (size_t i = 0; i < c->time; i++) {
        if (indexes[i] >= c->type)
            return false;
        zone->transitions[i].at = big_endian(at + 8 * i, 8);
        zone->transitions[i].offset = (int32_t)big_endian(types + 6 * indexes[i], 4);
        if (i && zone->transitions[i].at <= zone->transitions[i - 1].at)
            return false;
    }
    zone->n = c->time;
    return true;
}

/* Version 2 and later: a 32-bit part to skip, the 64-bit part, and the footer between newlines. */
static bool tzif_parse(struct zone *zone, const unsigned char *at, size_t n)
{
    struct tzif_counts counts;
    if (!header_parse(at, n, &counts) || at[4] < '2')
        return false;
    size_t skip = HEADER + body_size(&counts, 4);
    if (skip >= n || !header_parse(at + skip, n - skip, &counts))
        return false;
    size_t start = skip + HEADER, end = start + body_size(&counts, 8);
    if (end >= n || !body_parse(zone, at + start, &counts) || at[end] != '\n')
        return false;
    const unsigned char *last = memchr(at + end + 1, '\n', n - end - 1);
    if (!last)
        return false;
    char *footer = mem_strndup((const char *)at + end + 1, (size_t)(last - at) - end - 1);
    footer_parse(zone, footer);
    free(footer);
    return true;
}

/* "+08:00" */
static bool fixed_offset(const char *name, int32_t *offset)
{
    static const char form[] = "sdd:dd";
    for (size_t i = 0; i < sizeof form; i++) {
        bool good = form[i] == 's'   ? name[i] == '+' || name[i] == '-'
                    : form[i] == 'd' ? isdigit((unsigned char)name[i]) != 0
                                     : name[i] == form[i];
        if (!good)
            return false;
    }
    int hours = (name[1] - '0') * 10 + name[2] - '0',
        minutes = (name[4] - '0') * 10 + name[5] - '0';
    *offset = (hours * 60 + minutes) * 60 * (name[0] == '-' ? -1 : 1);
    return hours <= 18 && minutes <= 59;
}

/* A name is made of letters, digits and "/_+-", so that it cannot leave the folder of zones. */
static bool name_is_plain(const char *name)
{
    return *name && *name != '/' && strlen(name) < 64 && !strstr(name, "..") &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+-") ==
               strlen(name);
}

static bool file_read(const char *name, unsigned char *bytes, size_t size, size_t *n)
{
    char *path = mem_printf("/usr/share/zoneinfo/%s", name);
    FILE *file = fopen(path, "rb");
    free(path);
    if (!file)
        return false;
    *n = fread(bytes, 1, size, file);
    fclose(file);
    return *n > 0;
}

enum status zone_load(const char *name, struct zone **out, struct error *err)
{
    enum { LARGEST = 65536 };
    struct zone *zone = mem_zero(1, sizeof *zone);
    zone->name = mem_strdup(name);
    *out = zone;
    if (strcmp(name, "UTC") == 0 || fixed_offset(name, &zone->first))
        return ST_OK;
    unsigned char *bytes = mem_alloc(LARGEST);
    size_t n = 0;
    bool found = name_is_plain(name) && file_read(name, bytes, LARGEST, &n);
    bool good = found && tzif_parse(zone, bytes, n);
    free(bytes);
    if (good)
        return ST_OK;
    zone_free(zone);
    *out = NULL;
    struct arena *arena = arena_new();
    enum status status =
        error_set(err, ST_REFUSED,
                  "time zone: found %s, expected a name such as Asia/Shanghai, UTC or +08:00%s",
                  text_quote(arena, name, strlen(name)),
                  found ? " (its file cannot be read)" : " (are the zones installed: tzdata?)");
    arena_free(arena);
    return status;
}
