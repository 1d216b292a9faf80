/* Fuzzing expressions over events: any bytes are read or refused with a message, without a crash
 * and in bounded depth; what is read binds to a mall's names and looks at its rows. */
#include "model/question/expr.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static struct reader *reader;

static void mark(const struct matcher *matcher)
{
    enum { ROWS = 3 };
    static const int64_t time[ROWS] = {1790000000, 1790090000, 1793000000};
    static const int64_t amount[ROWS] = {0, 30000, -100};
    static const uint32_t name[ROWS] = {0, 1, 2}, person[ROWS] = {1, 2, 3};
    static const uint16_t channel[ROWS] = {0, 1, 2};
    static const int32_t value[ROWS] = {0, -70, 3};
    static const uint64_t address[ROWS] = {0};
    static const char *const ref[ROWS] = {"", "R1", "2017-10-01/1"};
    for (uint16_t kind = 0; kind < 40; kind++) {
        struct event_run run = {
            .kind = kind,
            .n = ROWS,
            .time = time,
            .person = person,
            .amount = amount,
            .tenant = name,
            .zone = name,
            .device = name,
            .campaign = name,
            .item = name,
            .channel = channel,
            .value = value,
            .address = address,
            .ref = ref,
        };
        uint32_t masks[ROWS] = {0};
        if (matcher_truth(matcher, kind) == MATCH_DEPENDS)
            matcher_mark(matcher, &run, 2, masks);
        for (int i = 0; i < ROWS; i++)
            if (masks[i] & ~2u)
                abort();
    }
}

static void bind(const char *text)
{
    struct error err = {0};
    const struct matcher *matcher = NULL;
    struct arena *arena = arena_new();
    if (reader_begin(reader, &err) != ST_OK)
        abort();
    enum status status = matcher_new(reader, arena, text, &matcher, &err);
    if (status == ST_OK)
        mark(matcher);
    else if (status != ST_USAGE || !err.message)
        abort();
    reader_end(reader);
    error_clear(&err);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    reader = fuzz_reader();
    struct arena *arena = arena_new();
    struct error err = {0};
    const struct expr *expr = NULL;
    enum status status = expr_parse(arena, (const char *)data, size, &expr, &err);
    if (status != ST_OK && (status != ST_USAGE || !err.message))
        abort();
    if (status == ST_OK && !expr)
        abort();
    error_clear(&err);
    char *text = arena_strndup(arena, (const char *)data, size);
    if (strlen(text) == size)
        bind(text);
    arena_free(arena);
    return 0;
}
