/*
 * Fuzzing what people and tills give as a code: what is read is bounded and valid text, reading it
 * again changes nothing, printing it in groups reads back, and the check letter of a code with one
 * letter changed does not fit.
 */
#include "model/base/text.h"
#include "model/campaign/coupon_code.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void try_code(const char *code)
{
    char again[COUPON_CODE], changed[COUPON_CODE];
    const char *why;
    struct arena *arena = arena_new();
    size_t n = strlen(code);
    if (n < COUPON_LEAST || n > COUPON_MOST || !text_valid(code, n))
        abort();
    if (!coupon_code_read(code, n, again) || strcmp(again, code) != 0)
        abort();
    char *printed = coupon_code_print(arena, code);
    if (!coupon_code_read(printed, strlen(printed), again) || strcmp(again, code) != 0)
        abort();
    char *masked = coupon_code_mask(arena, code);
    if (!text_valid(masked, strlen(masked)))
        abort();
    if ((coupon_code_form(arena, code, &why) == COUPON_OWN) != coupon_code_fits(code) ||
        (!coupon_code_fits(code) && !*why))
        abort();
    if (coupon_code_fits(code)) {
        memcpy(changed, code, sizeof changed);
        changed[n / 2] = changed[n / 2] == 'Z' ? 'Y' : 'Z';
        if (coupon_code_fits(changed))
            abort();
    }
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char values[COUPON_LETTERS - 1] = {0};
    char code[COUPON_CODE];
    memset(code, '?', sizeof code);
    if (coupon_code_read((const char *)data, size, code))
        try_code(code);
    memcpy(values, data, size < sizeof values ? size : sizeof values);
    coupon_code_of(values, code);
    if (!coupon_code_fits(code))
        abort();
    try_code(code);
    return 0;
}
