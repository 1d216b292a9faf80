/*
 * Fuzzing the short texts that people type: periods, times, durations, keys, dates, filters, and
 * what a terminal sends. The first byte chooses.
 */
#include "model/base/text.h"
#include "model/loop/period.h"
#include "tests/fuzz/fuzz.h"
#include "tui/input.h"
#include "tui/picker.h"
#include "tui/table_pattern.h"
#include "tui/text.h"

#include <stdlib.h>
#include <string.h>

static void try_period(const char *text)
{
    static struct zone *zone;
    struct error err = {0};
    if (!zone && zone_load("Asia/Shanghai", &zone, &err) != ST_OK)
        abort();
    struct clock clock = {.zone = zone, .boundary = 4 * 3600};
    struct period period, again;
    struct arena *arena = arena_new();
    if (period_parse(&clock, 1793462400, text, &period, &err) == ST_OK) {
        if (period.from >= period.to || period.end_day <= period.first_day)
            abort();
        char *id = period_id(arena, &clock, &period);
        if (period_parse(&clock, 1793462400, id, &again, &err) != ST_OK ||
            again.from != period.from || again.to != period.to)
            abort();
        period_title(arena, &clock, &period);
        period_shift(&clock, 1793462400, &period, -1);
        period_compare(&clock, &period, COMPARE_YEAR);
    }
    int64_t value;
    time_parse(zone, text, strlen(text), &value);
    if (text_to_duration(text, &value))
        text_duration(arena, value);
    text_quote(arena, text, strlen(text));
    error_clear(&err);
    arena_free(arena);
}

static void try_names(const char *text)
{
    char name[32];
    uint32_t key = key_by_name(text);
    if (key && key_by_name(key_name(key, name)) != key)
        abort();
    int32_t day, again;
    int year, month, date;
    if (picker_date_parse(text, 20000, &day)) {
        picker_date_civil(day, &year, &month, &date);
        again = picker_date_number(year, month, date);
        if (again != day)
            abort();
    }
    text_cells(text);
}

static void try_pattern(const char *text)
{
    char *error = NULL;
    size_t at = 0, line = strcspn(text, "\n");
    char *pattern_text = strndup(text, line);
    const char *subject = text[line] ? text + line + 1 : "王小明 Wang Xiaoming 138****1234";
    struct pattern *pattern = table_pattern_new(pattern_text, &error, &at);
    struct draw_match ranges[8];
    if (pattern) {
        pattern_matches(pattern, subject);
        size_t n = pattern_ranges(pattern, subject, ranges, 8);
        for (size_t i = 0; i < n; i++)
            if (ranges[i].from >= ranges[i].to || ranges[i].to > strlen(subject))
                abort();
    } else if (!error || at > line) {
        abort();
    }
    table_pattern_free(pattern);
    free(error);
    free(pattern_text);
}

/* Cut anywhere, the keys are the same. */
static void try_input(const char *bytes, size_t n, size_t cut)
{
    uint32_t sums[2];
    for (int round = 0; round < 2; round++) {
        struct input input = {0};
        uint32_t key, sum = 0;
        for (size_t from = 0; from < n;) {
            size_t piece = round == 0 ? n : from < cut ? cut : n - from;
            piece = piece < n - from ? piece : n - from;
            input_add(&input, bytes + from, piece);
            from += piece;
            while ((key = input_key(&input, false)))
                sum = sum * 31 + key;
        }
        while (input_patience(&input) >= 0 && (key = input_key(&input, true)))
            sum = sum * 31 + key;
        sums[round] = sum;
        input_free(&input);
    }
    if (sums[0] != sums[1])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    char *text = malloc(size);
    if (!text)
        return 0;
    memcpy(text, data + 2, size - 2);
    text[size - 2] = 0;
    if (data[0] % 4 == 0)
        try_period(text);
    else if (data[0] % 4 == 1)
        try_names(text);
    else if (data[0] % 4 == 2)
        try_pattern(text);
    else
        try_input(text, size - 2, (size - 2) * data[1] / 255);
    free(text);
    return 0;
}
