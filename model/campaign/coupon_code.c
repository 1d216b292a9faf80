#include "model/campaign/coupon_code.h"

#include "model/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
enum { FIELD = 32, FIELD_POLYNOMIAL = 0x25 /* x^5 + x^2 + 1 */, GROUP = 4 };

/* Damm's step: what was read so far times 2, plus the next. */
static unsigned check_step(unsigned sum, unsigned value)
{
    sum <<= 1;
    if (sum >= FIELD)
        sum ^= FIELD_POLYNOMIAL;
    return sum ^ value;
}

/* -1: no letter of ours. */
static int value_of(char letter)
{
    const char *at = letter ? strchr(letters, letter) : NULL;
    return at ? (int)(at - letters) : -1;
}

void coupon_code_of(const unsigned char values[COUPON_LETTERS - 1], char code[COUPON_CODE])
{
    unsigned sum = 0;
    for (int i = 0; i < COUPON_LETTERS - 1; i++) {
        sum = check_step(sum, values[i] % FIELD);
        code[i] = letters[values[i] % FIELD];
    }
    /* The letter that brings the sum of all to 0. */
    code[COUPON_LETTERS - 1] = letters[check_step(sum, 0)];
    code[COUPON_LETTERS] = 0;
}

void coupon_code_make(char code[COUPON_CODE])
{
    unsigned char values[COUPON_LETTERS - 1];
    if (getrandom(values, sizeof values, 0) != (ssize_t)sizeof values)
        abort();
    coupon_code_of(values, code);
}

/* The plain letter of a wide one (U+FF01 to U+FF5E), and a capital of a small one. */
static uint32_t rune_plain(uint32_t rune)
{
    if (rune >= 0xFF01 && rune <= 0xFF5E)
        rune -= 0xFF01 - '!';
    return rune >= 'a' && rune <= 'z' ? rune - ('a' - 'A') : rune;
}

/* Spaces, dashes and signs, which carry nothing: all of ASCII but letters and digits, Latin-1 signs
 * and General Punctuation (zero-width ones, too), CJK signs, byte order marks. */
static bool rune_is_mark(uint32_t rune)
{
    if (rune < 0x80)
        return !((rune >= '0' && rune <= '9') || (rune >= 'A' && rune <= 'Z'));
    return rune < 0xC0 || (rune >= 0x2000 && rune <= 0x206F) ||
           (rune >= 0x2190 && rune <= 0x2BFF) || (rune >= 0x3000 && rune <= 0x3004) ||
           (rune >= 0x3008 && rune <= 0x3020) || (rune >= 0xE000 && rune <= 0xF8FF) ||
           rune == 0xFEFF || (rune >= 0xFFE0 && rune <= 0xFFFF) || rune >= 0xE0000;
}

bool coupon_code_read(const char *text, size_t n, char code[COUPON_CODE])
{
    size_t used = 0;
    for (size_t i = 0; i < n;) {
        uint32_t rune;
        char bytes[4];
        size_t length = text_rune(text + i, n - i, &rune);
        if ((unsigned char)text[i] >= 0x80 && length == 1)
            return false;
        i += length;
        rune = rune_plain(rune);
        if (rune_is_mark(rune))
            continue;
        size_t size = text_put_rune(rune, bytes);
        if (used + size > COUPON_MOST)
            return false;
        memcpy(code + used, bytes, size);
        used += size;
    }
    code[used] = 0;
    return used >= COUPON_LEAST;
}

bool coupon_code_fits(const char *code)
{
    unsigned sum = 0;
    size_t n = strlen(code);
    for (size_t i = 0; i < n; i++) {
        int value = value_of(code[i]);
        if (value < 0)
            return false;
        sum = check_step(sum, (unsigned)value);
    }
    return n == COUPON_LETTERS && sum == 0;
}

enum coupon_form coupon_code_form(struct arena *arena, const char *code, const char **why)
{
    size_t n = strlen(code), runes = 0;
    *why = "";
    for (size_t i = 0; i < n; runes++) {
        uint32_t rune;
        size_t length = text_rune(code + i, n - i, &rune);
        if (length == 1 && value_of(code[i]) >= 0) {
            i++;
            continue;
        }
        *why = arena_printf(arena, "no code has the letter %s (here as number %zu)",
                            text_quote(arena, code + i, length), runes + 1);
        return COUPON_MISSPELT;
    }
    if (n != COUPON_LETTERS) {
        *why = arena_printf(arena, "a code has %d letters and digits, this one %zu", COUPON_LETTERS,
                            runes);
        return COUPON_MISSPELT;
    }
    if (coupon_code_fits(code))
        return COUPON_OWN;
    *why = "its check letter does not fit: a letter is wrong, or two changed places";
    return COUPON_MISSPELT;
}

/* In groups where it has 12 letters of ASCII, as it is otherwise; all but `shown` bytes as stars.
 */
static char *code_write(struct arena *arena, const char *code, size_t shown)
{
    size_t n = strlen(code), at = 0;
    bool grouped = n == COUPON_LETTERS;
    for (size_t i = 0; i < n; i++)
        grouped = grouped && !((unsigned char)code[i] & 0x80);
    char *out = arena_alloc(arena, n + n / GROUP + 1);
    for (size_t i = 0; i < n; i++) {
        if (grouped && i && i % GROUP == 0)
            out[at++] = '-';
        out[at++] = i < shown ? code[i] : '*';
    }
    return out;
}

char *coupon_code_print(struct arena *arena, const char *code)
{
    return code_write(arena, code, strlen(code));
}

char *coupon_code_mask(struct arena *arena, const char *code)
{
    size_t shown = 0;
    /* Whole characters only. */
    while (shown < GROUP && code[shown] && !((unsigned char)code[shown] & 0x80))
        shown++;
    return code_write(arena, code, shown);
}
