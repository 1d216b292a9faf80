#define PCRE2_CODE_UNIT_WIDTH 8
#include "model/people/regex.h"

#include "model/base/arena.h"
#include "model/base/text.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 200000, DEPTH = 2000, LONGEST = 1000 };

struct regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

/* Escapes such as \W or \P are no upper-case letters. */
static bool has_upper(const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' && text[1])
            text++;
        else if (*text >= 'A' && *text <= 'Z')
            return true;
    }
    return false;
}

enum status regex_new(const char *text, struct regex **out, struct error *err)
{
    int number;
    PCRE2_SIZE at;
    *out = NULL;
    size_t n = strlen(text);
    if (n > LONGEST)
        return error_set(err, ST_USAGE, "a pattern has at most %d bytes, this one has %zu", LONGEST,
                         n);
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    if (!has_upper(text))
        options |= PCRE2_CASELESS;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, n, options, &number, &at, NULL);
    if (!code) {
        struct arena *arena = arena_new();
        char why[256];
        pcre2_get_error_message(number, (PCRE2_UCHAR *)why, sizeof why);
        enum status status =
            error_set(err, ST_USAGE, "the pattern %s cannot be read at character %zu: %s",
                      text_quote(arena, text, n), at + 1, why);
        arena_free(arena);
        return status;
    }
    struct regex *pattern = mem_zero(1, sizeof *pattern);
    pattern->code = code;
    pattern->data = pcre2_match_data_create(1, NULL);
    pattern->limits = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(pattern->limits, STEPS);
    pcre2_set_depth_limit(pattern->limits, DEPTH);
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    *out = pattern;
    return ST_OK;
}

void regex_free(struct regex *pattern)
{
    if (!pattern)
        return;
    pcre2_match_context_free(pattern->limits);
    pcre2_match_data_free(pattern->data);
    pcre2_code_free(pattern->code);
    free(pattern);
}

enum status regex_match(struct regex *pattern, const char *text, bool *matches, struct error *err)
{
    int found = pcre2_match(pattern->code, (PCRE2_SPTR)text, strlen(text), 0, 0, pattern->data,
                            pattern->limits);
    *matches = found >= 0;
    if (found >= 0 || found == PCRE2_ERROR_NOMATCH)
        return ST_OK;
    return error_set(err, ST_USAGE,
                     "the pattern takes too many steps; one with fewer nested repeats would do");
}
