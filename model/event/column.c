#include "model/event/column.h"
#include "model/event/bits.h"
#include "model/event/column_parts.h"

#include <stdlib.h>

/* Columns within columns (the values of runs, the differences) nest at most this deep. */
enum { DEPTH_MAX = 3, DICTIONARY_MAX = 256, DICTIONARY_SLOTS = 1024 };

/* Shorter and narrower columns are not looked at for climbs. */
enum { CLIMBS_LEAST = 32, CLIMBS_WIDTH = 12 };

/* ---- What a column looks like ---- */

static int compare_signed(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

struct shape {
    uint64_t low, span; /* least value as a signed number; greatest - least */
    uint64_t scale;     /* every value is low + a multiple of scale */
    size_t n_runs;
    size_t widths[65]; /* how many values need so many bits, after base and scale */
};

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* How wide the values are from another base: of a few far below the rest, only they pay. Values
 * below the base wrap around and are patched. */
static void shape_rebase(struct shape *shape, const uint64_t *values, size_t n, uint64_t low)
{
    *shape = (struct shape){.low = low, .span = UINT64_MAX, .scale = 1, .n_runs = shape->n_runs};
    for (size_t i = 0; i < n; i++)
        shape->widths[bits_width(values[i] - low)]++;
}

static void shape_measure(struct shape *shape, const uint64_t *values, size_t n)
{
    int64_t low = (int64_t)values[0], high = low;
    size_t n_runs = 1;
    for (size_t i = 1; i < n; i++) {
        int64_t value = (int64_t)values[i];
        low = value < low ? value : low;
        high = value > high ? value : high;
        n_runs += values[i] != values[i - 1];
    }
    *shape = (struct shape){
        .low = (uint64_t)low, .span = (uint64_t)high - (uint64_t)low, .n_runs = n_runs};
    uint64_t scale = 0;
    for (size_t i = 0; i < n && scale != 1; i++)
        scale = common_divisor(values[i] - shape->low, scale);
    shape->scale = scale ? scale : 1;
    for (size_t i = 0; i < n; i++) {
        uint64_t offset = values[i] - shape->low;
        shape->widths[bits_width(shape->scale == 1 ? offset : offset / shape->scale)]++;
    }
}

/* ---- Packed, with patches ---- */

struct packing {
    unsigned width, patch_width, gap_width;
    size_t n_patches;
    size_t bits;
};

/* The width that makes packed values and patches together smallest. A patch is the gap from the one
 * before and the high bits; gaps are taken to need two bits more than their mean does. */
static struct packing packing_choose(const struct shape *shape, size_t n)
{
    unsigned most = bits_width(shape->span / shape->scale);
    struct packing best = {.width = most, .bits = n * most};
    size_t above = 0;
    for (unsigned width = most; width-- > 0;) {
        above += shape->widths[width + 1];
        if (above > n / 4)
            break;
        unsigned gap = bits_width(n / (above + 1)) + 2;
        size_t bits = n * width + above * (gap + most - width) + 48;
        if (bits < best.bits)
            best = (struct packing){.width = width,
                                    .patch_width = most - width,
                                    .gap_width = gap,
                                    .n_patches = above,
                                    .bits = bits};
    }
    return best;
}

/* A value that few are below, judged by a sample: somewhat less than its twentieth part. */
static uint64_t low_sample(const uint64_t *values, size_t n)
{
    enum { SAMPLE = 200 };
    uint64_t sample[SAMPLE];
    for (size_t i = 0; i < SAMPLE; i++)
        sample[i] = values[(size_t)((unsigned __int128)n * i / SAMPLE)];
    qsort(sample, SAMPLE, sizeof *sample, compare_signed);
    uint64_t low = sample[SAMPLE / 20];
    return low - (sample[SAMPLE / 2] - low) / 4;
}

/* Another base where the least value makes the others wide. */
static void packing_improve(struct packing *packing, struct shape *shape, const uint64_t *values,
                            size_t n)
{
    if (n < 200 || packing->width < 20)
        return;
    struct shape other = *shape;
    shape_rebase(&other, values, n, low_sample(values, n));
    struct packing better = packing_choose(&other, n);
    if (better.bits < packing->bits - packing->bits / 8) {
        *packing = better;
        *shape = other;
    }
}

static void packed_encode(struct bytes *out, const uint64_t *values, size_t n,
                          const struct shape *shape, const struct packing *packing)
{
    uint64_t *packed = mem_alloc((n + 2 * packing->n_patches) * sizeof *packed);
    uint64_t *gaps = packed + n, *highs = gaps + packing->n_patches, widest = 0;
    size_t n_patches = 0, before = 0;
    for (size_t i = 0; i < n; i++) {
        packed[i] = (values[i] - shape->low) / shape->scale;
        if (packing->n_patches && packed[i] > bits_mask(packing->width)) {
            gaps[n_patches] = i - before;
            widest |= gaps[n_patches];
            highs[n_patches++] = packed[i] >> packing->width;
            before = i;
        }
    }
    bytes_put_u8(out, n_patches ? TAG_PATCHED : TAG_PACKED);
    bytes_put_signed(out, (int64_t)shape->low);
    bytes_put_varint(out, shape->scale);
    bytes_put_u8(out, packing->width);
    if (n_patches) {
        bytes_put_varint(out, n_patches);
        bytes_put_u8(out, bits_width(widest));
        bytes_put_u8(out, packing->patch_width);
        bits_pack(out, gaps, n_patches, bits_width(widest));
        bits_pack(out, highs, n_patches, packing->patch_width);
    }
    bits_pack(out, packed, n, packing->width);
    free(packed);
}

/* Lays the high bits over the packed values. */
static bool patches_apply(struct view *gaps, struct view *highs, size_t n_patches,
                          const unsigned widths[3], uint64_t *values, size_t n)
{
    enum { BATCH = 128 };
    uint64_t gap[BATCH], high[BATCH];
    size_t at = 0;
    for (size_t done = 0; done < n_patches; done += BATCH) {
        size_t batch = n_patches - done < BATCH ? n_patches - done : BATCH;
        /* Batches of 128 end on whole bytes, whatever the width. */
        if (!bits_unpack(gaps, gap, batch, widths[0], 0) ||
            !bits_unpack(highs, high, batch, widths[1], 0))
            return false;
        for (size_t i = 0; i < batch; i++) {
            if (gap[i] >= n - at)
                return false;
            at += gap[i];
            values[at] += high[i] << widths[2];
        }
    }
    return true;
}

/* The next n bytes as a view of their own. */
static struct view view_part(struct view *in, size_t n)
{
    const unsigned char *at = view_take(in, n);
    return at ? view_of(at, n) : (struct view){.bad = true};
}

bool packed_open(struct view *in, bool patched, size_t n, struct packed *packed)
{
    *packed = (struct packed){.low = (uint64_t)view_signed(in), .scale = view_varint(in)};
    packed->width = view_u8(in);
    if (patched) {
        packed->n_patches = view_count(in, n);
        packed->gap_width = view_u8(in);
        packed->high_width = view_u8(in);
        packed->gaps = view_part(in, bits_size(packed->n_patches, packed->gap_width));
        packed->highs = view_part(in, bits_size(packed->n_patches, packed->high_width));
    }
    return !in->bad && packed->width <= (patched ? 63u : 64u);
}

static bool packed_decode(struct view *in, bool patched, uint64_t *values, size_t n)
{
    struct packed packed;
    if (!packed_open(in, patched, n, &packed))
        return false;
    uint64_t low = packed.low, scale = packed.scale;
    const unsigned widths[3] = {packed.gap_width, packed.high_width, packed.width};
    if (!bits_unpack(in, values, n, packed.width, scale == 1 ? low : 0))
        return false;
    if (packed.n_patches &&
        !patches_apply(&packed.gaps, &packed.highs, packed.n_patches, widths, values, n))
        return false;
    for (size_t i = 0; scale != 1 && i < n; i++)
        values[i] = values[i] * scale + low;
    return true;
}

/* ---- Dictionary ---- */

struct dictionary {
    uint64_t values[DICTIONARY_MAX];
    uint64_t slot_value[DICTIONARY_SLOTS];
    uint16_t slot_index[DICTIONARY_SLOTS]; /* index + 1; 0: free */
    size_t n;
};

static size_t dictionary_slot(const struct dictionary *dictionary, uint64_t value)
{
    size_t slot = (size_t)(value * UINT64_C(0x9E3779B97F4A7C15) >> 54);
    while (dictionary->slot_index[slot] && dictionary->slot_value[slot] != value)
        slot = (slot + 1) % DICTIONARY_SLOTS;
    return slot;
}

/* False when there are more than `most` distinct values. */
static bool dictionary_make(struct dictionary *dictionary, const uint64_t *values, size_t n,
                            size_t most)
{
    dictionary->n = 0;
    memset(dictionary->slot_index, 0, sizeof dictionary->slot_index);
    for (size_t i = 0; i < n; i++) {
        size_t slot = dictionary_slot(dictionary, values[i]);
        if (dictionary->slot_index[slot])
            continue;
        if (dictionary->n == most)
            return false;
        dictionary->slot_value[slot] = values[i];
        dictionary->values[dictionary->n] = values[i];
        dictionary->slot_index[slot] = (uint16_t)++dictionary->n;
    }
    qsort(dictionary->values, dictionary->n, sizeof *dictionary->values, compare_signed);
    for (size_t i = 0; i < dictionary->n; i++)
        dictionary->slot_index[dictionary_slot(dictionary, dictionary->values[i])] =
            (uint16_t)(i + 1);
    return true;
}

static void encode(struct bytes *out, const uint64_t *values, size_t n, int depth);

static void dictionary_encode(struct bytes *out, const struct dictionary *dictionary,
                              const uint64_t *values, size_t n, int depth)
{
    uint64_t *indices = mem_alloc(n * sizeof *indices);
    for (size_t i = 0; i < n; i++)
        indices[i] = dictionary->slot_index[dictionary_slot(dictionary, values[i])] - 1u;
    bytes_put_u8(out, TAG_DICTIONARY);
    bytes_put_varint(out, dictionary->n);
    encode(out, dictionary->values, dictionary->n, depth + 1);
    bits_pack(out, indices, n, bits_width(dictionary->n - 1));
    free(indices);
}

static bool decode(struct view *in, uint64_t *values, size_t n, int depth);

static bool dictionary_decode(struct view *in, uint64_t *values, size_t n, int depth)
{
    uint64_t distinct[DICTIONARY_MAX];
    size_t n_distinct = view_count(in, DICTIONARY_MAX);
    if (in->bad || n_distinct == 0 || !decode(in, distinct, n_distinct, depth + 1) ||
        !bits_unpack(in, values, n, bits_width(n_distinct - 1), 0))
        return false;
    uint64_t beyond = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t index = values[i] < n_distinct ? values[i] : 0;
        beyond |= values[i] ^ index;
        values[i] = distinct[index];
    }
    return beyond == 0;
}

/* ---- Deltas and runs ---- */

static void deltas_encode(struct bytes *out, const uint64_t *values, size_t n, int depth)
{
    uint64_t *deltas = mem_alloc(n * sizeof *deltas);
    for (size_t i = 1; i < n; i++)
        deltas[i - 1] = values[i] - values[i - 1];
    bytes_put_u8(out, TAG_DELTAS);
    bytes_put_signed(out, (int64_t)values[0]);
    encode(out, deltas, n - 1, depth + 1);
    free(deltas);
}

static bool deltas_decode(struct view *in, uint64_t *values, size_t n, int depth)
{
    uint64_t value = (uint64_t)view_signed(in);
    if (in->bad || !decode(in, values + 1, n - 1, depth + 1))
        return false;
    values[0] = value;
    for (size_t i = 1; i < n; i++)
        values[i] = value += values[i];
    return true;
}

static void runs_encode(struct bytes *out, const uint64_t *values, size_t n, size_t n_runs,
                        int depth)
{
    uint64_t *value = mem_alloc(2 * n_runs * sizeof *value), *more = value + n_runs;
    size_t run = 0;
    value[0] = values[0];
    more[0] = 0;
    for (size_t i = 1; i < n; i++) {
        if (values[i] == values[i - 1]) {
            more[run]++;
        } else {
            value[++run] = values[i];
            more[run] = 0;
        }
    }
    bytes_put_u8(out, TAG_RUNS);
    bytes_put_varint(out, n_runs);
    encode(out, value, n_runs, depth + 1);
    encode(out, more, n_runs, depth + 1);
    free(value);
}

static uint64_t *runs_read(struct view *in, size_t n, size_t *n_runs, int depth)
{
    *n_runs = view_count(in, n);
    if (in->bad || *n_runs == 0)
        return NULL;
    uint64_t *value = mem_alloc(2 * *n_runs * sizeof *value);
    if (decode(in, value, *n_runs, depth + 1) && decode(in, value + *n_runs, *n_runs, depth + 1))
        return value;
    free(value);
    return NULL;
}

uint64_t *runs_open(struct view *in, size_t n, size_t *n_runs)
{
    return runs_read(in, n, n_runs, 0);
}

static bool runs_decode(struct view *in, uint64_t *values, size_t n, int depth)
{
    size_t n_runs = 0, at = 0;
    uint64_t *value = runs_read(in, n, &n_runs, depth), *more = value ? value + n_runs : NULL;
    bool good = value != NULL;
    for (size_t run = 0; good && run < n_runs; run++) {
        good = at < n && more[run] < n - at;
        for (size_t i = 0; good && i <= more[run]; i++)
            values[at++] = value[run];
    }
    free(value);
    return good && at == n;
}

/* ---- Climbs: numbers given out one after another, in several rows at once ---- */

static size_t climbs_count(const uint64_t *values, size_t n, uint64_t step)
{
    size_t count = 0;
    for (size_t i = 1; i < n; i++)
        count += values[i] - values[i - 1] == step;
    return count;
}

/* The difference that a sample has most often. */
static uint64_t climbs_step(const uint64_t *values, size_t n)
{
    enum { SAMPLE = 64 };
    uint64_t seen[SAMPLE], best = 0;
    size_t most = 0;
    for (size_t s = 0; s < SAMPLE; s++) {
        size_t i = 1 + (n - 1) * s / SAMPLE, count = 0;
        seen[s] = values[i] - values[i - 1];
        for (size_t k = 0; k < s; k++)
            count += seen[k] == seen[s];
        if (count > most) {
            most = count;
            best = seen[s];
        }
    }
    return most ? best : 0;
}

static void climbs_encode(struct bytes *out, const uint64_t *values, size_t n, uint64_t step,
                          int depth)
{
    uint64_t *flags = mem_alloc(2 * n * sizeof *flags), *rest = flags + n, before = 0;
    size_t n_rest = 0;
    for (size_t i = 0; i < n; i++) {
        flags[i] = i > 0 && values[i] - before == step;
        if (!flags[i])
            rest[n_rest++] = values[i];
        before = values[i];
    }
    bytes_put_u8(out, TAG_CLIMBS);
    bytes_put_signed(out, (int64_t)step);
    encode(out, flags, n, depth + 1);
    encode(out, rest, n_rest, depth + 1);
    free(flags);
}

static bool climbs_decode(struct view *in, uint64_t *values, size_t n, int depth)
{
    uint64_t step = (uint64_t)view_signed(in), other = 0, value = 0;
    if (in->bad || !decode(in, values, n, depth + 1))
        return false;
    size_t n_rest = 0;
    for (size_t i = 0; i < n; i++) {
        other |= values[i] >> 1;
        n_rest += !values[i];
    }
    uint64_t *rest = mem_alloc((n_rest + 1) * sizeof *rest);
    const uint64_t *next = rest;
    bool good = !other && decode(in, rest, n_rest, depth + 1);
    for (size_t i = 0; good && i < n; i++)
        values[i] = value = values[i] ? value + step : *next++;
    free(rest);
    return good;
}

/* ---- The choice ---- */

/* Bits that the differences would take packed; the most where they are not worth trying. */
static size_t deltas_bits(const uint64_t *values, size_t n)
{
    size_t widths[65] = {0};
    for (size_t i = 1; i < n; i++)
        widths[bits_width(zigzag((int64_t)(values[i] - values[i - 1])))]++;
    size_t best = SIZE_MAX, above = 0;
    for (unsigned width = 65; width-- > 0;) {
        size_t bits = n * width + above * (bits_width(n / (above + 1)) + 2 + 32) + 64;
        best = bits < best ? bits : best;
        above += widths[width];
        if (above > n / 4)
            break;
    }
    return best;
}

static void encode(struct bytes *out, const uint64_t *values, size_t n, int depth)
{
    if (n == 0)
        return;
    struct shape shape;
    shape_measure(&shape, values, n);
    if (shape.span == 0) {
        bytes_put_u8(out, TAG_CONSTANT);
        bytes_put_signed(out, (int64_t)values[0]);
        return;
    }
    struct packing packing = packing_choose(&shape, n);
    packing_improve(&packing, &shape, values, n);
    size_t best = packing.bits, run_bits = SIZE_MAX;
    if (depth < DEPTH_MAX && shape.n_runs <= n / 3)
        run_bits = shape.n_runs *
                       (bits_width(shape.span / shape.scale) + bits_width(n / shape.n_runs) + 2) +
                   128;
    size_t delta_bits = depth < DEPTH_MAX && n > 4 ? deltas_bits(values, n) : SIZE_MAX;
    /* A climb costs a bit and saves its value. */
    if (depth < DEPTH_MAX && n >= CLIMBS_LEAST && best / n >= CLIMBS_WIDTH) {
        uint64_t step = climbs_step(values, n);
        size_t n_rest = n - (step ? climbs_count(values, n, step) : 0);
        size_t bits = n + n_rest * (best / n + 1);
        if (bits < best - best / 16 && bits < run_bits && bits < delta_bits) {
            climbs_encode(out, values, n, step, depth);
            return;
        }
    }
    if (run_bits < best && run_bits <= delta_bits) {
        runs_encode(out, values, n, shape.n_runs, depth);
        return;
    }
    if (delta_bits < best - best / 16) {
        deltas_encode(out, values, n, depth);
        return;
    }
    /* A dictionary is worth its values where it saves two bits and more of each index. */
    unsigned index_width = best / n > 2 ? (unsigned)(best / n) - 2 : 0;
    size_t most = index_width >= 8 ? DICTIONARY_MAX : (size_t)1 << index_width;
    size_t affordable = n / 4;
    most = most < affordable ? most : affordable;
    struct dictionary dictionary;
    if (depth < DEPTH_MAX && most >= 2 && dictionary_make(&dictionary, values, n, most))
        dictionary_encode(out, &dictionary, values, n, depth);
    else
        packed_encode(out, values, n, &shape, &packing);
}

static bool decode(struct view *in, uint64_t *values, size_t n, int depth)
{
    if (n == 0)
        return true;
    if (depth > DEPTH_MAX)
        return false;
    switch (view_u8(in)) {
    case TAG_CONSTANT: {
        uint64_t value = (uint64_t)view_signed(in);
        for (size_t i = 0; i < n; i++)
            values[i] = value;
        return !in->bad;
    }
    case TAG_PACKED:
        return packed_decode(in, false, values, n);
    case TAG_PATCHED:
        return packed_decode(in, true, values, n);
    case TAG_DELTAS:
        return deltas_decode(in, values, n, depth);
    case TAG_RUNS:
        return runs_decode(in, values, n, depth);
    case TAG_DICTIONARY:
        return dictionary_decode(in, values, n, depth);
    case TAG_CLIMBS:
        return climbs_decode(in, values, n, depth);
    default:
        return false;
    }
}

void column_encode(struct bytes *out, const uint64_t *values, size_t n)
{
    encode(out, values, n, 0);
}

bool column_decode(struct view *in, uint64_t *values, size_t n)
{
    return decode(in, values, n, 0) && !in->bad;
}
