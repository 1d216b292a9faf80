#include "model/base/text.h"

#include "model/base/intl.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { REPLACEMENT = 0xFFFD, QUOTE_RUNES = 60, SENTENCE_RUNES = 600 };

size_t text_rune(const char *at, size_t n, uint32_t *rune)
{
    const unsigned char *b = (const unsigned char *)at;
    *rune = REPLACEMENT;
    if (b[0] < 0x80) {
        *rune = b[0];
        return 1;
    }
    size_t length = b[0] >= 0xF0 ? 4 : b[0] >= 0xE0 ? 3 : 2;
    if (b[0] < 0xC2 || b[0] > 0xF4 || n < length)
        return 1;
    uint32_t value = b[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((b[i] & 0xC0) != 0x80)
            return 1;
        value = value << 6 | (b[i] & 0x3Fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 1;
    *rune = value;
    return length;
}

size_t text_put_rune(uint32_t rune, char out[4])
{
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    if (rune < 0x800) {
        out[0] = (char)(0xC0 | rune >> 6);
        out[1] = (char)(0x80 | (rune & 0x3F));
        return 2;
    }
    if (rune < 0x10000) {
        out[0] = (char)(0xE0 | rune >> 12);
        out[1] = (char)(0x80 | (rune >> 6 & 0x3F));
        out[2] = (char)(0x80 | (rune & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | rune >> 18);
    out[1] = (char)(0x80 | (rune >> 12 & 0x3F));
    out[2] = (char)(0x80 | (rune >> 6 & 0x3F));
    out[3] = (char)(0x80 | (rune & 0x3F));
    return 4;
}

static bool is_control(uint32_t rune)
{
    return rune < 0x20 || (rune >= 0x7F && rune <= 0x9F);
}

bool text_valid(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        unsigned char b = (unsigned char)bytes[i];
        if (b >= 0x20 && b < 0x7F) {
            i++;
            continue;
        }
        uint32_t rune;
        size_t length = text_rune(bytes + i, n - i, &rune);
        if ((b >= 0x80 && length == 1) || (is_control(rune) && rune != '\t'))
            return false;
        i += length;
    }
    return true;
}

/* As far as so many runes, what is no text as \xNN, "…" where there is more. */
static size_t outside_put(char *out, const char *bytes, size_t n, size_t most)
{
    size_t at = 0, runes = 0, i = 0;
    for (; i < n && runes < most; runes++) {
        uint32_t rune;
        size_t length = text_rune(bytes + i, n - i, &rune);
        bool bad = ((unsigned char)bytes[i] >= 0x80 && length == 1) || is_control(rune);
        if (bad) {
            at += (size_t)snprintf(out + at, 5, "\\x%02x", (unsigned char)bytes[i]);
            i++;
            continue;
        }
        memcpy(out + at, bytes + i, length);
        at += length;
        i += length;
    }
    if (i < n) {
        memcpy(out + at, "…", 3);
        at += 3;
    }
    return at;
}

char *text_quote(struct arena *arena, const char *bytes, size_t n)
{
    char *out = arena_alloc(arena, (n < QUOTE_RUNES * 4 ? n : QUOTE_RUNES * 4) * 4 + 8);
    *out = '\'';
    size_t at = 1 + outside_put(out + 1, bytes, n, QUOTE_RUNES);
    out[at++] = '\'';
    out[at] = 0;
    return out;
}

char *text_sentence(struct arena *arena, const char *bytes, size_t n)
{
    char *out = arena_alloc(arena, (n < SENTENCE_RUNES * 4 ? n : SENTENCE_RUNES * 4) * 4 + 8);
    out[outside_put(out, bytes, n, SENTENCE_RUNES)] = 0;
    return out;
}

bool text_to_int64(const char *bytes, size_t n, int64_t *value)
{
    size_t i = n > 0 && (bytes[0] == '-' || bytes[0] == '+');
    bool negative = i && bytes[0] == '-';
    if (i == n)
        return false;
    int64_t sum = 0;
    for (; i < n; i++) {
        if (bytes[i] < '0' || bytes[i] > '9')
            return false;
        int digit = bytes[i] - '0';
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, negative ? -digit : digit, &sum))
            return false;
    }
    *value = sum;
    return true;
}

/* strtod follows the locale's decimal point, which atrium never sets: LC_NUMERIC stays "C". */
bool text_to_double(const char *bytes, size_t n, double *value)
{
    char digits[64];
    if (n == 0 || n >= sizeof digits || isspace((unsigned char)bytes[0]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!strchr("0123456789+-.eE", bytes[i]) || !bytes[i])
            return false;
    memcpy(digits, bytes, n);
    digits[n] = 0;
    char *end;
    *value = strtod(digits, &end);
    return end == digits + n && isfinite(*value);
}

bool text_to_fen(const char *bytes, size_t n, int64_t *fen)
{
    size_t i = n > 0 && (bytes[0] == '-' || bytes[0] == '+');
    bool negative = i && bytes[0] == '-';
    int64_t sum = 0;
    size_t digits = 0;
    for (; i < n && bytes[i] >= '0' && bytes[i] <= '9'; i++, digits++)
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, bytes[i] - '0', &sum))
            return false;
    int cents = 0;
    if (i < n && bytes[i] == '.') {
        i++;
        for (int place = 0; i < n; i++, place++, digits++) {
            if (bytes[i] < '0' || bytes[i] > '9' || (place > 1 && bytes[i] != '0'))
                return false;
            if (place < 2)
                cents += (bytes[i] - '0') * (place ? 1 : 10);
        }
    }
    if (i != n || digits == 0 || __builtin_mul_overflow(sum, 100, &sum) ||
        __builtin_add_overflow(sum, cents, &sum))
        return false;
    *fen = negative ? -sum : sum;
    return true;
}

char *text_from_fen(struct arena *arena, int64_t fen)
{
    uint64_t size = fen < 0 ? -(uint64_t)fen : (uint64_t)fen;
    const char *sign = fen < 0 ? "-" : "";
    if (size % 100 == 0)
        return arena_printf(arena, "%s%llu", sign, (unsigned long long)(size / 100));
    return arena_printf(arena, "%s%llu.%02u", sign, (unsigned long long)(size / 100),
                        (unsigned)(size % 100));
}

static char *grouped(struct arena *arena, bool negative, uint64_t value)
{
    char backwards[40];
    size_t n = 0, digits = 0;
    do {
        if (digits && digits % 3 == 0)
            backwards[n++] = ',';
        backwards[n++] = (char)('0' + value % 10);
        value /= 10;
        digits++;
    } while (value);
    if (negative)
        backwards[n++] = '-';
    char *out = arena_alloc(arena, n + 1);
    for (size_t i = 0; i < n; i++)
        out[i] = backwards[n - 1 - i];
    return out;
}

char *text_count(struct arena *arena, int64_t value)
{
    return grouped(arena, value < 0, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

char *text_money(struct arena *arena, int64_t fen)
{
    uint64_t size = fen < 0 ? -(uint64_t)fen : (uint64_t)fen;
    return arena_printf(arena, "%s.%02u", grouped(arena, fen < 0, size / 100),
                        (unsigned)(size % 100));
}

char *text_duration(struct arena *arena, int64_t s)
{
    if (s < 0)
        return arena_printf(arena, "-%s", text_duration(arena, s == INT64_MIN ? INT64_MAX : -s));
    if (s < 90)
        return arena_printf(arena, _("%lld s"), (long long)s);
    if (s < 90 * 60)
        return arena_printf(arena, _("%lld min"), (long long)((s + 30) / 60));
    if (s < 36 * 3600)
        return arena_printf(arena, _("%lld h %02lld"), (long long)(s / 3600),
                            (long long)(s % 3600 / 60));
    return arena_printf(arena, _("%lld d"), (long long)((s + 43200) / 86400));
}

bool text_to_duration(const char *text, int64_t *seconds)
{
    size_t n = strlen(text);
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    for (size_t i = 0; n > 1 && i < sizeof units / sizeof *units; i++) {
        int64_t count;
        if (text[n - 1] == units[i].unit && text_to_int64(text, n - 1, &count) && count >= 0)
            return !__builtin_mul_overflow(count, units[i].seconds, seconds);
    }
    return false;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool text_to_mac(const char *bytes, size_t n, uint64_t *mac)
{
    size_t step = n == 17 ? 3 : n == 12 ? 2 : 0;
    if (!step)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < 6; i++) {
        int high = hex_digit(bytes[i * step]), low = hex_digit(bytes[i * step + 1]);
        bool separated = step == 2 || i == 5 || bytes[i * 3 + 2] == ':' || bytes[i * 3 + 2] == '-';
        if (high < 0 || low < 0 || !separated)
            return false;
        value = value << 8 | (uint64_t)(high << 4 | low);
    }
    *mac = value;
    return true;
}

bool mac_is_random(uint64_t mac)
{
    return mac >> 41 & 1;
}

bool text_equal_nocase(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

static size_t edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    size_t na = strlen(a), nb = strlen(b), row[LONGEST + 1];
    if (na > LONGEST || nb > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t replace = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            size_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = replace < least ? replace : least;
        }
    }
    return row[nb];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t n)
{
    const char *nearest = NULL;
    size_t least = strlen(word) / 3 + 2;
    for (size_t i = 0; i < n; i++) {
        size_t distance = edit_distance(word, candidates[i]);
        if (distance < least) {
            least = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}

bool text_has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at++)
        if ((at == words || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return n > 0;
    return false;
}
