/* Asking a column instead of decoding it. */
#include "model/event/column_parts.h"

#include "model/event/bits.h"

#include <stdlib.h>

enum { SEVERAL_BITS = 12, SEVERAL_WIDTH = 6 }; /* wider codes are looked up one by one */

static bool table_says(const struct column_tester *tester, uint64_t value)
{
    return value < tester->n_table && tester->table[value];
}

/* How many codes of a width are looked up together. */
static unsigned together(unsigned width)
{
    return width <= SEVERAL_WIDTH ? SEVERAL_BITS / width : 1;
}

/* The table over codes. They are the same from block to block as long as the words are. */
static void several_make(struct column_tester *tester, const struct packed *packed)
{
    unsigned width = packed->width, n = together(width);
    if (tester->made && tester->low == packed->low && tester->scale == packed->scale &&
        tester->width == width)
        return;
    tester->made = true;
    tester->low = packed->low;
    tester->scale = packed->scale;
    tester->width = width;
    for (uint32_t codes = 0; codes < 1u << (n * width); codes++) {
        uint16_t says = 0;
        for (unsigned i = 0; i < n; i++) {
            uint64_t code = codes >> (i * width) & bits_mask(width);
            says |= (uint16_t)(table_says(tester, packed->low + packed->scale * code) << i);
        }
        tester->several[codes] = says;
    }
}

/* All codes, 64 answers to a word; past n they are zeros, whatever those say. */
static void codes_test(const struct column_tester *tester, const unsigned char *at, size_t size,
                       size_t n, uint64_t *words)
{
    unsigned width = tester->width, step = together(width), filled = 0;
    uint64_t word = 0;
    size_t full = n - n % step, out = 0;
    for (size_t i = 0; i < full; i += step) {
        uint64_t says = tester->several[bits_at(at, size, i * width, step * width)];
        word |= says << filled;
        filled += step;
        if (filled >= 64) {
            words[out++] = word;
            filled -= 64;
            word = filled ? says >> (step - filled) : 0;
        }
    }
    if (filled || full < n)
        words[out] = word;
    for (size_t i = full; i < n; i++) {
        uint64_t says = tester->several[bits_at(at, size, i * width, width)] & 1;
        if (i % 64 == 0)
            words[i / 64] = 0;
        words[i / 64] |= says << (i % 64);
    }
}

static bool patches_test(const struct column_tester *tester, const struct packed *packed,
                         const unsigned char *at, size_t size, size_t n, uint64_t *words)
{
    size_t row = 0;
    const struct view *gaps = &packed->gaps, *highs = &packed->highs;
    for (size_t i = 0; i < packed->n_patches; i++) {
        uint64_t gap = bits_at(gaps->at, view_left(gaps), i * packed->gap_width, packed->gap_width);
        uint64_t high =
            bits_at(highs->at, view_left(highs), i * packed->high_width, packed->high_width);
        if (gap >= n - row)
            return false;
        row += gap;
        uint64_t code = bits_at(at, size, row * packed->width, packed->width);
        uint64_t value = packed->low + packed->scale * (code + (high << packed->width));
        uint64_t bit = UINT64_C(1) << (row % 64);
        words[row / 64] =
            table_says(tester, value) ? words[row / 64] | bit : words[row / 64] & ~bit;
    }
    return true;
}

static bool packed_test(struct column_tester *tester, struct view *in, bool patched, size_t n,
                        uint64_t *words)
{
    struct packed packed;
    if (!packed_open(in, patched, n, &packed))
        return false;
    size_t size = bits_size(n, packed.width);
    const unsigned char *at = size == SIZE_MAX ? NULL : view_take(in, size);
    if (!at)
        return false;
    several_make(tester, &packed);
    codes_test(tester, at, size, n, words);
    return patches_test(tester, &packed, at, size, n, words);
}

/* Sets the bits of [from, to). */
static void bits_set(uint64_t *words, size_t from, size_t to)
{
    while (from < to) {
        size_t n = 64 - from % 64 < to - from ? 64 - from % 64 : to - from;
        words[from / 64] |= bits_mask((unsigned)n) << (from % 64);
        from += n;
    }
}

static bool runs_test(const struct column_tester *tester, struct view *in, size_t n,
                      uint64_t *words)
{
    size_t n_runs, at = 0;
    uint64_t *value = runs_open(in, n, &n_runs), *more = value ? value + n_runs : NULL;
    bool good = value != NULL;
    memset(words, 0, (n + 63) / 64 * sizeof *words);
    for (size_t run = 0; good && run < n_runs; run++) {
        good = at < n && more[run] < n - at;
        if (!good)
            break;
        if (table_says(tester, value[run]))
            bits_set(words, at, at + more[run] + 1);
        at += more[run] + 1;
    }
    free(value);
    return good && at == n;
}

/* Any form, value by value. */
static bool values_test(const struct column_tester *tester, struct view *in, size_t n,
                        uint64_t *words)
{
    uint64_t *values = mem_alloc((n + 1) * sizeof *values);
    bool good = column_decode(in, values, n);
    memset(words, 0, (n + 63) / 64 * sizeof *words);
    for (size_t i = 0; i < n && good; i++)
        words[i / 64] |= (uint64_t)table_says(tester, values[i]) << (i % 64);
    free(values);
    return good;
}

bool column_test(struct column_tester *tester, struct view *in, size_t n, uint64_t *words)
{
    struct view look = *in;
    unsigned tag = view_u8(&look);
    if (tag == TAG_RUNS) {
        *in = look;
        return runs_test(tester, in, n, words);
    }
    view_signed(&look);
    if (tag == TAG_CONSTANT && n && !look.bad) {
        view_u8(in);
        bool says = table_says(tester, (uint64_t)view_signed(in));
        memset(words, says ? 0xFF : 0, (n + 63) / 64 * sizeof *words);
        if (n % 64)
            words[n / 64] &= bits_mask(n % 64);
        return true;
    }
    view_varint(&look);
    unsigned width = view_u8(&look);
    if (look.bad || (tag != TAG_PACKED && tag != TAG_PATCHED) || width < 1 || width > SEVERAL_BITS)
        return values_test(tester, in, n, words);
    view_u8(in);
    return packed_test(tester, in, tag == TAG_PATCHED, n, words) && !in->bad;
}
