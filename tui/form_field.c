#include "tui/form_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char sentence_space[256];

static const struct {
    char letter;
    int64_t seconds;
} units[] = {{'w', 7 * 86400}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

/* --- Texts of amounts --- */

static void put_hundredths(struct buffer *out, int64_t value)
{
    buffer_printf(out, "%s%lld.%02lld", value < 0 ? "-" : "", llabs(value / 100),
                  llabs(value % 100));
}

/* In the largest units that give whole numbers: "1h 30m". Weeks are read but written as days. */
static void put_duration(struct buffer *out, int64_t seconds)
{
    size_t before = out->n;

    for (size_t i = 1; i < sizeof units / sizeof *units; i++) {
        int64_t n = seconds / units[i].seconds;

        if (n)
            buffer_printf(out, "%s%lld%c", out->n > before ? " " : "", (long long)n,
                          units[i].letter);
        seconds -= n * units[i].seconds;
    }
    if (out->n == before)
        buffer_puts(out, "0s");
}

static void put_limit(struct buffer *out, const struct field *field, int64_t value)
{
    if (field->type == FIELD_MONEY)
        put_hundredths(out, value);
    else if (field->type == FIELD_DURATION)
        put_duration(out, value);
    else
        buffer_printf(out, "%lld", (long long)value);
}

static const char *say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(sentence_space, sizeof sentence_space, format, args);
    va_end(args);
    return sentence_space;
}

/* A sentence where the value is outside min..max; both 0 = no limit. */
static const char *range_error(const struct field *field, int64_t value)
{
    struct buffer low = {0}, high = {0};
    const char *sentence = NULL;

    if ((!field->min && !field->max) || (value >= field->min && value <= field->max))
        return NULL;
    put_limit(&low, field, field->min);
    put_limit(&high, field, field->max);
    if (field->max == INT64_MAX)
        sentence = say(_("At least %s"), buffer_text(&low));
    else
        sentence = say(_("From %s to %s"), buffer_text(&low), buffer_text(&high));
    buffer_free(&low);
    buffer_free(&high);
    return sentence;
}

/* --- Reading --- */

/* Digits with or without separators, and up to `decimals` decimals; scaled to an integer. */
static bool read_decimal(const char *text, int decimals, int64_t *value)
{
    bool minus = *text == '-', point = false;
    int after = 0, digits = 0;
    int64_t n = 0;

    for (text += minus; *text; text++) {
        if (*text == '.' && decimals > 0 && !point) {
            point = true;
            continue;
        }
        if (*text == ',' && !point && digits)
            continue;
        if (*text < '0' || *text > '9' || n > INT64_MAX / 10 - 10 || (point && ++after > decimals))
            return false;
        n = n * 10 + (*text - '0');
        digits++;
    }
    for (; after < decimals; after++) {
        if (n > INT64_MAX / 10 - 10)
            return false;
        n *= 10;
    }
    *value = minus ? -n : n;
    return digits > 0;
}

static bool read_duration(const char *text, int64_t *seconds)
{
    int64_t total = 0;
    bool any = false;

    while (*(text += strspn(text, " "))) {
        char *end;
        long long n = strtoll(text, &end, 10);
        size_t i = 0;

        if (end == text || n < 0 || n > 1000000)
            return false;
        while (i < sizeof units / sizeof *units && units[i].letter != *end)
            i++;
        if (i == sizeof units / sizeof *units)
            return false;
        total += n * units[i].seconds;
        text = end + 1;
        any = true;
    }
    *seconds = total;
    return any;
}

/* "2017-10-01 09:30", or "09:30" of today; as seconds from 1970-01-01 00:00 of that clock. */
static bool read_time(const char *text, int32_t today, int64_t *seconds)
{
    const char *clock = strrchr(text, ' ');
    int hour = 0, minute = 0, end = 0;
    int32_t day = today;
    char *date;
    bool good;

    if (sscanf(clock ? clock + 1 : text, "%2d:%2d%n", &hour, &minute, &end) == 2 &&
        !(clock ? clock + 1 : text)[end]) {
        date = tui_strndup(text, clock ? (size_t)(clock - text) : 0);
    } else {
        hour = minute = 0;
        date = tui_strdup(text);
    }
    good = (!*date || picker_date_parse(date, today, &day)) && hour >= 0 && hour < 24 &&
           minute >= 0 && minute < 60;
    free(date);
    *seconds = (int64_t)day * 86400 + hour * 3600 + minute * 60;
    return good;
}

static void put_date(struct buffer *out, int32_t number)
{
    int year, month, day;

    picker_date_civil(number, &year, &month, &day);
    buffer_printf(out, "%04d-%02d-%02d", year, month, day);
}

/* --- A type each: the canonical form into `out`, or a sentence --- */

static const char *parse_text(const struct field *field, const char *typed, int32_t today,
                              struct buffer *out)
{
    long long characters = 0;

    (void)today;
    for (const char *c = typed; *c; c++)
        characters += ((unsigned char)*c & 0xC0) != 0x80;
    buffer_puts(out, typed);
    if (field->max && characters > field->max)
        return say(_("At most %lld characters; these are %lld"), (long long)field->max, characters);
    if (characters < field->min)
        return say(_("At least %lld characters"), (long long)field->min);
    return NULL;
}

static const char *parse_number(const struct field *field, const char *typed, int32_t today,
                                struct buffer *out)
{
    int64_t value;

    (void)today;
    if (!read_decimal(typed, 0, &value))
        return _("A whole number, such as 12");
    buffer_printf(out, "%lld", (long long)value);
    return range_error(field, value);
}

static const char *parse_money(const struct field *field, const char *typed, int32_t today,
                               struct buffer *out)
{
    int64_t value;

    (void)today;
    if (!read_decimal(typed, 2, &value))
        return _("An amount, such as 12 or 12.50");
    put_hundredths(out, value);
    return range_error(field, value);
}

static const struct field_choice *choice_of(const struct field *field, const char *text, size_t n)
{
    for (const struct field_choice *c = field->choices; c && c->name; c++)
        if ((strlen(c->name) == n && !strncasecmp(c->name, text, n)) ||
            (c->title && strlen(c->title) == n && !strncasecmp(c->title, text, n)))
            return c;
    return NULL;
}

static const char *parse_choice(const struct field *field, const char *typed, int32_t today,
                                struct buffer *out)
{
    const struct field_choice *choice = choice_of(field, typed, strlen(typed));

    (void)today;
    if (!choice)
        return _("Not one of the choices");
    buffer_puts(out, choice->name);
    return NULL;
}

static const char *parse_flags(const struct field *field, const char *typed, int32_t today,
                               struct buffer *out)
{
    uint64_t on = 0;

    (void)today;
    while (*(typed += strspn(typed, " ,"))) {
        size_t n = strcspn(typed, " ,");
        const struct field_choice *choice = choice_of(field, typed, n);

        if (!choice)
            return say(_("'%.*s' is not one of the choices"), (int)(n < 60 ? n : 60), typed);
        on |= (uint64_t)1 << (choice - field->choices);
        typed += n;
    }
    for (int i = 0; field->choices && field->choices[i].name && i < 64; i++)
        if (on >> i & 1)
            buffer_printf(out, "%s%s", out->n ? " " : "", field->choices[i].name);
    return NULL;
}

static const char *parse_date(const struct field *field, const char *typed, int32_t today,
                              struct buffer *out)
{
    int32_t number;

    (void)field;
    if (!picker_date_parse(typed, today, &number))
        return _("A date, such as 2017-10-01, today or -7");
    put_date(out, number);
    return NULL;
}

static const char *parse_time(const struct field *field, const char *typed, int32_t today,
                              struct buffer *out)
{
    int64_t seconds;

    (void)field;
    if (!read_time(typed, today, &seconds))
        return _("A date and a time, such as 2017-10-01 09:30");
    put_date(out, (int32_t)(seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400));
    seconds = (seconds % 86400 + 86400) % 86400;
    buffer_printf(out, " %02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60));
    return NULL;
}

static const char *parse_duration(const struct field *field, const char *typed, int32_t today,
                                  struct buffer *out)
{
    int64_t seconds;

    (void)today;
    if (!read_duration(typed, &seconds))
        return _("A duration, such as 30s, 5m, 12h or 14d");
    put_duration(out, seconds);
    return range_error(field, seconds);
}

typedef const char *parser(const struct field *, const char *, int32_t, struct buffer *);
static parser *const parsers[] = {
    [FIELD_TEXT] = parse_text,     [FIELD_NUMBER] = parse_number,     [FIELD_MONEY] = parse_money,
    [FIELD_CHOICE] = parse_choice, [FIELD_FLAGS] = parse_flags,       [FIELD_DATE] = parse_date,
    [FIELD_TIME] = parse_time,     [FIELD_DURATION] = parse_duration, [FIELD_LINES] = parse_text,
    [FIELD_SECRET] = parse_text,
};

char *field_parse(const struct field *field, const char *typed, int32_t today,
                  const char **sentence)
{
    struct buffer out = {0};
    size_t n = strlen(typed);
    char *trimmed;

    while (n && strchr(" \n", typed[n - 1]))
        n--;
    while (n && *typed == ' ') {
        typed++;
        n--;
    }
    trimmed = tui_strndup(typed, n);
    if (!*trimmed)
        *sentence = field->flags & FIELD_REQUIRED ? _("This is needed") : NULL;
    else
        *sentence = parsers[field->type](field, trimmed, today, &out);
    free(trimmed);
    if (!*sentence)
        return out.at ? out.at : tui_strdup("");
    buffer_free(&out);
    return NULL;
}

bool field_number(const struct field *field, const char *value, int64_t *number)
{
    int32_t day;

    switch (field->type) {
    case FIELD_NUMBER:
        return read_decimal(value, 0, number);
    case FIELD_MONEY:
        return read_decimal(value, 2, number);
    case FIELD_DURATION:
        return read_duration(value, number);
    case FIELD_DATE:
        if (!picker_date_parse(value, 0, &day))
            return false;
        *number = day;
        return true;
    case FIELD_TIME:
        return *value && read_time(value, 0, number);
    default:
        return false;
    }
}

/* --- For people --- */

static void show_choices(struct buffer *out, const struct field *field, const char *value)
{
    size_t before = out->n;

    while (*(value += strspn(value, " "))) {
        size_t n = strcspn(value, " ");
        const struct field_choice *choice = choice_of(field, value, n);

        if (out->n > before)
            buffer_puts(out, ", ");
        if (choice)
            buffer_puts(out, choice->title ? text_translated(choice->title) : choice->name);
        else
            buffer_add(out, value, n);
        value += n;
    }
}

void field_show(struct buffer *out, const struct field *field, const char *value)
{
    if (field->type == FIELD_SECRET) {
        for (const char *c = value; *c; c++)
            if (((unsigned char)*c & 0xC0) != 0x80)
                buffer_puts(out, theme_ascii() ? "*" : "•");
    } else if (field->type == FIELD_CHOICE || field->type == FIELD_FLAGS) {
        show_choices(out, field, value);
    } else {
        buffer_puts(out, value);
    }
}
