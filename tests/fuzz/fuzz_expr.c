/* Fuzzing expressions over events: any bytes are read or refused with a message, without a crash
 * and in bounded depth. */
#include "model/question/expr.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct error err = {0};
    const struct expr *expr;
    enum status status = expr_parse(arena, (const char *)data, size, &expr, &err);
    if (status != ST_OK && (status != ST_USAGE || !err.message))
        abort();
    if (status == ST_OK && !expr)
        abort();
    error_clear(&err);
    arena_free(arena);
    return 0;
}
