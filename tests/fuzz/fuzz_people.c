/* Fuzzing the people language: any bytes are read or refused with a message, without a crash and in
 * bounded depth; what is read binds to a mall and finds people. */
#include "model/segment/segment.h"
#include "model/segment/sources.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static struct reader *reader;

static void ask(struct arena *arena, const char *text)
{
    struct error err = {0};
    struct segment_answer answer;
    enum status status = segment_run(reader, arena, NULL, text, &answer, &err);
    if (status == ST_OK ? set_count(answer.people) != answer.count
                        : status != ST_USAGE || !err.message)
        abort();
    error_clear(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    reader = fuzz_reader();
    struct arena *arena = arena_new();
    struct error err = {0};
    const struct people_expr *expr = NULL;
    enum status status = people_parse(arena, (const char *)data, size, &expr, &err);
    if (status == ST_OK ? !expr || !people_sources(arena, expr)
                        : status != ST_USAGE || !err.message)
        abort();
    error_clear(&err);
    char *text = arena_strndup(arena, (const char *)data, size);
    if (strlen(text) == size)
        ask(arena, text);
    arena_free(arena);
    return 0;
}
