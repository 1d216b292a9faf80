#define PCRE2_CODE_UNIT_WIDTH 8
#include "tui/table_pattern.h"

#include "tui/memory.h"

#include <ctype.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum { MATCH_LIMIT = 20000, DEPTH_LIMIT = 2000, HEAP_LIMIT_KIB = 2048 };

struct pattern {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
    size_t given_up;
};

/* Capital letters outside escapes such as \S, of any script that has them. */
static bool has_capital(const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' && text[1])
            text++;
        else if (isupper((unsigned char)*text))
            return true;
    }
    return false;
}

static char *compile_error(int code)
{
    PCRE2_UCHAR message[160];

    if (pcre2_get_error_message(code, message, sizeof message) < 0)
        return tui_strdup("?");
    return tui_strdup((const char *)message);
}

struct pattern *table_pattern_new(const char *text, char **error, size_t *at)
{
    struct pattern *pattern = tui_zero(1, sizeof *pattern);
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C |
                       (has_capital(text) ? 0 : PCRE2_CASELESS);
    PCRE2_SIZE where = 0;
    int code = 0;

    pattern->code =
        pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &code, &where, NULL);
    if (!pattern->code) {
        *error = compile_error(code);
        *at = where;
        free(pattern);
        return NULL;
    }
    pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE); /* without JIT it is only slower */
    pattern->data = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    pattern->context = pcre2_match_context_create(NULL);
    if (!pattern->data || !pattern->context)
        abort();
    pcre2_set_match_limit(pattern->context, MATCH_LIMIT);
    pcre2_set_depth_limit(pattern->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(pattern->context, HEAP_LIMIT_KIB);
    return pattern;
}

void table_pattern_free(struct pattern *pattern)
{
    if (!pattern)
        return;
    pcre2_match_context_free(pattern->context);
    pcre2_match_data_free(pattern->data);
    pcre2_code_free(pattern->code);
    free(pattern);
}

/* True when it matches from `from` on; the range is in the match data. */
static bool match_at(struct pattern *pattern, const char *text, size_t n, size_t from)
{
    int found =
        pcre2_match(pattern->code, (PCRE2_SPTR)text, n, from, 0, pattern->data, pattern->context);

    if (found < PCRE2_ERROR_NOMATCH && found != PCRE2_ERROR_PARTIAL)
        pattern->given_up++;
    return found >= 0;
}

bool pattern_matches(struct pattern *pattern, const char *text)
{
    return match_at(pattern, text, strlen(text), 0);
}

size_t pattern_ranges(struct pattern *pattern, const char *text, struct draw_match *ranges,
                      size_t max)
{
    size_t n = strlen(text), from = 0, count = 0;

    while (count < max && from <= n && match_at(pattern, text, n, from)) {
        const PCRE2_SIZE *range = pcre2_get_ovector_pointer(pattern->data);

        if (range[1] > range[0] && range[0] >= from) {
            ranges[count++] = (struct draw_match){range[0], range[1]};
            from = range[1];
            continue;
        }
        from = (range[1] > from ? range[1] : from) + 1; /* empty: go on behind the next character */
        while (from < n && ((unsigned char)text[from] & 0xC0) == 0x80)
            from++;
    }
    return count;
}

size_t pattern_given_up(const struct pattern *pattern)
{
    return pattern->given_up;
}
