#include "model/event/refs.h"
#include "model/base/hash.h"
#include "model/event/column.h"

#include <stdlib.h>
#include <zstd.h>

/*
 * A pattern is the text with each number replaced by two bytes: SLOT and the number of digits where
 * it is written with leading zeros, else 0. A number has at most 18 digits, so it fits a word.
 */
enum { SLOT = 1, DIGITS_MAX = 18, PATTERN_MAX = 64, PATTERNS_MAX = 255, PATTERN_SLOTS = 1024 };

/* The patterns' table starts with this one, for what is stored as text. */
enum { PATTERN_TEXT = 0 };

struct parsed {
    unsigned char pattern[PATTERN_MAX];
    size_t size;
    uint64_t numbers[REF_NUMBERS];
    unsigned n_numbers;
};

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool parse(const struct ref *ref, struct parsed *parsed)
{
    parsed->size = 0;
    parsed->n_numbers = 0;
    for (uint32_t at = 0; at < ref->size;) {
        unsigned char c = (unsigned char)ref->at[at];
        if (parsed->size + 2 > PATTERN_MAX || c <= SLOT)
            return false;
        if (!is_digit(c)) {
            parsed->pattern[parsed->size++] = c;
            at++;
            continue;
        }
        uint32_t start = at;
        uint64_t number = 0;
        while (at < ref->size && is_digit((unsigned char)ref->at[at]) && at - start <= DIGITS_MAX)
            number = number * 10 + (uint64_t)(ref->at[at++] - '0');
        if (at - start > DIGITS_MAX || parsed->n_numbers == REF_NUMBERS)
            return false;
        parsed->pattern[parsed->size++] = SLOT;
        parsed->pattern[parsed->size++] =
            c == '0' && at - start > 1 ? (unsigned char)(at - start) : 0;
        parsed->numbers[parsed->n_numbers++] = number;
    }
    return true;
}

/* ---- Encoding ---- */

struct pattern {
    unsigned char at[PATTERN_MAX];
    size_t size;
};

struct encoder {
    struct pattern patterns[PATTERNS_MAX + 1];
    size_t n_patterns, last;
    uint8_t slots[PATTERN_SLOTS]; /* index of the pattern; 0: free */
    uint64_t *which;              /* by row */
    uint64_t *numbers[REF_NUMBERS];
    size_t n_numbers[REF_NUMBERS];
    uint64_t *sizes; /* of what is stored as text */
    size_t n_texts;
    struct bytes text;
};

/* The pattern's index, new ones added; PATTERN_TEXT when the table is full. */
static size_t encoder_pattern(struct encoder *encoder, const struct parsed *parsed)
{
    /* Neighbours mostly have the same one. */
    const struct pattern *last = &encoder->patterns[encoder->last];
    if (encoder->last && last->size == parsed->size &&
        memcmp(last->at, parsed->pattern, parsed->size) == 0)
        return encoder->last;
    size_t slot = hash64(parsed->pattern, parsed->size) % PATTERN_SLOTS;
    for (; encoder->slots[slot]; slot = (slot + 1) % PATTERN_SLOTS) {
        const struct pattern *pattern = &encoder->patterns[encoder->slots[slot]];
        if (pattern->size == parsed->size &&
            memcmp(pattern->at, parsed->pattern, parsed->size) == 0)
            return encoder->last = encoder->slots[slot];
    }
    if (encoder->n_patterns > PATTERNS_MAX)
        return PATTERN_TEXT;
    struct pattern *pattern = &encoder->patterns[encoder->n_patterns];
    memcpy(pattern->at, parsed->pattern, parsed->size);
    pattern->size = parsed->size;
    encoder->slots[slot] = (uint8_t)encoder->n_patterns;
    return encoder->last = encoder->n_patterns++;
}

static void encoder_text(struct encoder *encoder, struct bytes *out)
{
    if (encoder->n_texts == 0)
        return;
    column_encode(out, encoder->sizes, encoder->n_texts);
    struct bytes *text = &encoder->text;
    size_t bound = ZSTD_compressBound(text->n);
    unsigned char *packed = mem_alloc(bound);
    size_t size = ZSTD_compress(packed, bound, text->at, text->n, 3);
    bool pays = !ZSTD_isError(size) && size < text->n - text->n / 8;
    bytes_put_varint(out, pays ? size : 0);
    bytes_put(out, pays ? packed : text->at, pays ? size : text->n);
    free(packed);
}

void refs_encode(struct bytes *out, const struct ref *refs, size_t n)
{
    struct encoder *encoder = mem_zero(1, sizeof *encoder);
    encoder->n_patterns = 1; /* the text's, whose pattern is never looked up */
    uint64_t *words = mem_alloc((REF_NUMBERS + 2) * n * sizeof *words);
    encoder->which = words;
    encoder->sizes = words + n;
    for (int i = 0; i < REF_NUMBERS; i++)
        encoder->numbers[i] = words + (size_t)(i + 2) * n;
    for (size_t row = 0; row < n; row++) {
        struct parsed parsed;
        size_t which =
            parse(&refs[row], &parsed) ? encoder_pattern(encoder, &parsed) : PATTERN_TEXT;
        encoder->which[row] = which;
        if (which == PATTERN_TEXT) {
            encoder->sizes[encoder->n_texts++] = refs[row].size;
            bytes_put(&encoder->text, refs[row].at, refs[row].size);
        }
        for (unsigned i = 0; which != PATTERN_TEXT && i < parsed.n_numbers; i++)
            encoder->numbers[i][encoder->n_numbers[i]++] = parsed.numbers[i];
    }
    bytes_put_varint(out, encoder->n_patterns);
    for (size_t i = 1; i < encoder->n_patterns; i++) {
        bytes_put_varint(out, encoder->patterns[i].size);
        bytes_put(out, encoder->patterns[i].at, encoder->patterns[i].size);
    }
    column_encode(out, encoder->which, n);
    for (int i = 0; i < REF_NUMBERS; i++)
        column_encode(out, encoder->numbers[i], encoder->n_numbers[i]);
    encoder_text(encoder, out);
    free(words);
    free(encoder->text.at);
    free(encoder);
}

/* ---- Decoding ---- */

struct decoder {
    const unsigned char *patterns[PATTERNS_MAX + 1];
    size_t sizes[PATTERNS_MAX + 1];
    unsigned n_slots[PATTERNS_MAX + 1];
    size_t n_patterns;
    uint64_t *words, *which, *text_sizes, *numbers[REF_NUMBERS];
    size_t n_numbers[REF_NUMBERS], at[REF_NUMBERS];
    size_t n_texts, text_row, text_at;
    unsigned char *text;
};

static bool decoder_patterns(struct decoder *decoder, struct view *in)
{
    decoder->n_patterns = view_count(in, PATTERNS_MAX + 1);
    for (size_t i = 1; i < decoder->n_patterns; i++) {
        decoder->sizes[i] = view_count(in, PATTERN_MAX);
        decoder->patterns[i] = view_take(in, decoder->sizes[i]);
        if (in->bad)
            return false;
        for (size_t at = 0; at < decoder->sizes[i]; at++) {
            if (decoder->patterns[i][at] != SLOT)
                continue;
            if (++at == decoder->sizes[i] || decoder->patterns[i][at] > DIGITS_MAX ||
                ++decoder->n_slots[i] > REF_NUMBERS)
                return false;
        }
    }
    return !in->bad && decoder->n_patterns > 0;
}

static bool decoder_text(struct decoder *decoder, struct view *in)
{
    if (decoder->n_texts == 0)
        return true;
    decoder->text_sizes = mem_alloc(decoder->n_texts * sizeof *decoder->text_sizes);
    if (!column_decode(in, decoder->text_sizes, decoder->n_texts))
        return false;
    uint64_t size = 0;
    for (size_t i = 0; i < decoder->n_texts; i++) {
        if (decoder->text_sizes[i] > REF_SIZE_MAX)
            return false;
        size += decoder->text_sizes[i];
    }
    size_t packed = view_count(in, view_left(in));
    const unsigned char *at = view_take(in, packed ? packed : size);
    if (!at)
        return false;
    decoder->text = mem_alloc(size + 1);
    if (packed)
        return ZSTD_decompress(decoder->text, size, at, packed) == size;
    memcpy(decoder->text, at, size);
    return true;
}

static bool decoder_begin(struct decoder *decoder, struct view *in, size_t n)
{
    if (!decoder_patterns(decoder, in))
        return false;
    decoder->words = mem_alloc((REF_NUMBERS + 1) * n * sizeof *decoder->words);
    decoder->which = decoder->words;
    if (!column_decode(in, decoder->which, n))
        return false;
    for (size_t row = 0; row < n; row++) {
        if (decoder->which[row] >= decoder->n_patterns)
            return false;
        decoder->n_texts += decoder->which[row] == PATTERN_TEXT;
        for (unsigned i = 0; i < decoder->n_slots[decoder->which[row]]; i++)
            decoder->n_numbers[i]++;
    }
    for (int i = 0; i < REF_NUMBERS; i++) {
        decoder->numbers[i] = decoder->words + (size_t)(i + 1) * n;
        if (!column_decode(in, decoder->numbers[i], decoder->n_numbers[i]))
            return false;
    }
    return decoder_text(decoder, in);
}

static char *put_number(char *at, uint64_t number, unsigned digits)
{
    char reversed[20];
    unsigned n = 0;
    do
        reversed[n++] = (char)('0' + number % 10);
    while (number /= 10);
    for (; n < digits; digits--)
        *at++ = '0';
    while (n)
        *at++ = reversed[--n];
    return at;
}

static void decoder_row(struct decoder *decoder, size_t row, struct bytes *text)
{
    size_t which = decoder->which[row];
    if (which == PATTERN_TEXT) {
        size_t size = (size_t)decoder->text_sizes[decoder->text_row++];
        bytes_put(text, decoder->text + decoder->text_at, size);
        decoder->text_at += size;
        bytes_put_u8(text, 0);
        return;
    }
    char *start = (char *)bytes_room(text, PATTERN_MAX + REF_NUMBERS * 20 + 1), *at = start;
    unsigned slot = 0;
    for (size_t i = 0; i < decoder->sizes[which]; i++) {
        unsigned char c = decoder->patterns[which][i];
        if (c != SLOT) {
            *at++ = (char)c;
            continue;
        }
        at = put_number(at, decoder->numbers[slot][decoder->at[slot]++],
                        decoder->patterns[which][++i]);
        slot++;
    }
    *at++ = '\0';
    text->n += (size_t)(at - start);
}

bool refs_decode(struct view *in, struct bytes *text, size_t *starts, size_t n)
{
    struct decoder *decoder = mem_zero(1, sizeof *decoder);
    bool good = decoder_begin(decoder, in, n);
    for (size_t row = 0; good && row < n; row++) {
        starts[row] = text->n;
        decoder_row(decoder, row, text);
    }
    free(decoder->text);
    free(decoder->text_sizes);
    free(decoder->words);
    free(decoder);
    return good;
}
