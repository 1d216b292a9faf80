/*
 * Fuzzing delimited text and the values in it: any bytes are read without reading past them, a file
 * cut in two by csv_cut reads as the whole does, and a date written back is the date that was read.
 * The first byte chooses the format, the second where the cut is looked for.
 */
#include "model/base/csv.h"
#include "model/base/hash.h"
#include "model/import/value.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct csv_format formats[] = {
    {',', true}, {';', true}, {'\t', false}, {' ', true}, {',', false}};

/* One number for all that was read: fields with their places, and problems with theirs. */
static uint64_t read_all(const struct csv_format *format, const char *bytes, size_t n, int64_t line,
                         uint64_t sum)
{
    struct csv_reader reader;
    csv_open(&reader, format);
    csv_feed(&reader, bytes, n, line);
    for (enum csv_result result; (result = csv_next(&reader)) != CSV_END;) {
        sum = hash_mix(sum + (uint64_t)result);
        if (result == CSV_BAD) {
            sum = hash_mix(sum ^ (uint64_t)reader.problem.line << 32 ^ reader.problem.column);
            continue;
        }
        for (size_t i = 0; i < reader.n_fields; i++) {
            const struct csv_field *field = &reader.fields[i];
            sum = hash64_seed(field->at, field->n, sum);
            sum =
                hash_mix(sum ^ (uint64_t)(reader.record_line + field->line) << 32 ^ field->column);
        }
    }
    csv_free(&reader);
    return sum;
}

static void read_values(const char *at, size_t n)
{
    static struct zone *zone;
    struct error err = {0};
    if (!zone && zone_load("Europe/Berlin", &zone, &err) != ST_OK)
        abort();
    int64_t value;
    struct value_times times = {.zone = zone};
    if (value_time(&times, at, n, &value) && (value < -2300000000 || value > 253402387200))
        abort();
    value_date(&times, at, n, &value);
    value_bool(at, n, &value);
    value_scaled(at, n, 0.01, &value);
    if (value_money(at, n, &value) && (value > AMOUNT_MOST || value < -AMOUNT_MOST))
        abort();
    if (value_integer(at, n, -5, 5, &value) && (value < -5 || value > 5))
        abort();
    struct arena *arena = arena_new();
    char *text = arena_strndup(arena, at, n);
    const char *bad;
    times.format = date_format_parse(arena, text, &bad);
    if (times.format)
        value_time(&times, at, n, &value);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const struct csv_format *format = &formats[data[0] % (sizeof formats / sizeof *formats)];
    size_t n = size - 2, piece = n * data[1] / 255;
    char *bytes = malloc(n ? n : 1);
    if (!bytes)
        return 0;
    memcpy(bytes, data + 2, n);
    size_t cut = csv_cut(format, bytes, piece);
    uint64_t whole = read_all(format, bytes, n, 1, 7);
    uint64_t parts = read_all(format, bytes, cut, 1, 7);
    parts = read_all(format, bytes + cut, n - cut, 1 + csv_lines(bytes, cut), parts);
    if (cut > piece || whole != parts)
        abort();
    read_values(bytes, n);
    free(bytes);
    return 0;
}
