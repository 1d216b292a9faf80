#include "model/event/coded.h"

#include <stdlib.h>

/* ---- Choosing the codes ---- */

struct choice {
    int64_t low;
    uint64_t scale;
    unsigned width;
    size_t n_aside, bits;
};

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* A number that few are below. */
static int64_t low_sample(const int64_t *values, size_t n)
{
    enum { SAMPLE = 256 };
    int64_t sample[SAMPLE];
    for (size_t i = 0; i < SAMPLE; i++)
        sample[i] = values[n * i / SAMPLE];
    qsort(sample, SAMPLE, sizeof *sample, by_value);
    return sample[SAMPLE / 64];
}

static int64_t low_least(const int64_t *values, size_t n)
{
    int64_t low = values[0];
    for (size_t i = 1; i < n; i++)
        low = values[i] < low ? values[i] : low;
    return low;
}

/* False: the number has no code. */
static inline bool code_of(int64_t value, int64_t low, uint64_t scale, uint64_t *code)
{
    uint64_t offset = (uint64_t)value - (uint64_t)low;
    *code = scale == 1 ? offset : offset / scale;
    return value >= low && (scale == 1 || offset == *code * scale);
}

/* The best width for a base and a scale, if it is better. A number aside costs some 40 bits. */
static void width_choose(const int64_t *values, size_t n, int64_t low, uint64_t scale,
                         struct choice *best)
{
    enum { ASIDE = 40 };
    size_t widths[65] = {0}, fit = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t code;
        if (code_of(values[i], low, scale, &code)) /* room for the code of all ones above it */
            widths[code == UINT64_MAX ? 64 : bits_width(code + 1)]++;
    }
    if (widths[1] == n) /* the code 0 alone */
        widths[0] = n;
    for (unsigned width = 0; width < 64; width++) {
        fit += width == 1 && widths[0] ? 0 : widths[width];
        size_t bits = n * width + (n - fit) * ASIDE;
        if ((width || fit == n) && bits < best->bits)
            *best = (struct choice){low, scale, width, n - fit, bits};
    }
}

static struct choice choose(const int64_t *values, size_t n)
{
    static const uint64_t scales[] = {1, 10, 100, 1000};
    struct choice best = {.scale = 1, .bits = SIZE_MAX};
    if (n == 0)
        return best;
    int64_t lows[] = {low_least(values, n), low_sample(values, n)};
    for (size_t l = 0; l < 2; l++)
        for (size_t s = 0; s < sizeof scales / sizeof *scales; s++) {
            int64_t low = lows[l], rest = low % (int64_t)scales[s];
            /* Below the least number it comes out above: then the scale counts from the low. */
            low =
                (int64_t)((uint64_t)low - (uint64_t)(rest < 0 ? rest + (int64_t)scales[s] : rest));
            width_choose(values, n, low <= lows[l] ? low : lows[l], scales[s], &best);
        }
    return best;
}

/* ---- Bytes ---- */

void coded_put(struct bytes *out, const int64_t *values, size_t n)
{
    struct choice choice = choose(values, n);
    uint64_t *codes = mem_alloc((n + 2 * choice.n_aside + 1) * sizeof *codes);
    uint64_t *places = codes + n, *asides = places + choice.n_aside, widest = 0;
    uint64_t mask = bits_mask(choice.width);
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t code;
        if (code_of(values[i], choice.low, choice.scale, &code) &&
            (code < mask || choice.width == 0)) {
            codes[i] = code;
            continue;
        }
        codes[i] = mask;
        places[m] = i;
        asides[m] = zigzag(values[i]);
        widest |= asides[m++];
    }
    unsigned place_width = m ? bits_width(n) : 0;
    bytes_put_signed(out, choice.low);
    bytes_put_varint(out, choice.scale);
    bytes_put_u8(out, choice.width);
    bytes_put_varint(out, m);
    bytes_put_u8(out, place_width);
    bytes_put_u8(out, bits_width(widest));
    bits_pack(out, codes, n, choice.width);
    bits_pack(out, places, m, place_width);
    bits_pack(out, asides, m, bits_width(widest));
    free(codes);
}

static const unsigned char *bits_take(struct view *in, size_t n, unsigned width, size_t *size)
{
    *size = bits_size(n, width);
    const unsigned char *at = *size == SIZE_MAX ? NULL : view_take(in, *size);
    in->bad = in->bad || !at;
    return at;
}

void coded_open(struct view *in, size_t n, struct coded *coded)
{
    *coded = (struct coded){
        .n = n, .low = (uint64_t)view_signed(in), .scale = view_varint(in), .width = view_u8(in)};
    coded->n_aside = view_count(in, n);
    coded->place_width = view_u8(in);
    coded->value_width = view_u8(in);
    coded->codes = bits_take(in, n, coded->width, &coded->codes_size);
    coded->places = bits_take(in, coded->n_aside, coded->place_width, &coded->places_size);
    coded->values = bits_take(in, coded->n_aside, coded->value_width, &coded->values_size);
}

int64_t coded_aside(const struct coded *coded, size_t i)
{
    size_t low = 0, high = coded->n_aside;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (bits_at(coded->places, coded->places_size, middle * coded->place_width,
                    coded->place_width) < i)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == coded->n_aside) /* damage that the sum did not show */
        return (int64_t)coded->low;
    return zigzag_back(
        bits_at(coded->values, coded->values_size, low * coded->value_width, coded->value_width));
}
