#include "model/event/predict.h"
#include "model/event/bits.h"
#include "model/event/column.h"

#include <stdlib.h>

/* The rows of a list, rising, as gaps: the first from 0, each further one from the one before. */
static bool gaps_read(struct view *in, size_t n_gaps, size_t n, uint64_t *rows)
{
    if (!column_decode(in, rows, n_gaps))
        return false;
    uint64_t at = 0;
    for (size_t i = 0; i < n_gaps; i++) {
        if (rows[i] >= n - at || (i > 0 && rows[i] == 0))
            return false;
        rows[i] = at += rows[i];
    }
    return true;
}

/* ---- Mapped ---- */

/* Numbers of a dictionary, which are small. */
enum { FROM_MOST = 1 << 16 };

/* A place for each value of the other column; NULL where there are too many. */
static uint32_t *map_make(const uint64_t *from, size_t n)
{
    uint64_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = from[i] > most ? from[i] : most;
    return most < FROM_MOST ? mem_zero((size_t)most + 1, sizeof(uint32_t)) : NULL;
}

static unsigned span_width(const uint64_t *values, size_t n)
{
    uint64_t low = values[0], high = values[0];
    for (size_t i = 1; i < n; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    return bits_width(high - low);
}

/* A change costs its value and, thereabouts, eight bits to say where it is. */
bool mapped_encode(struct bytes *out, const uint64_t *from, const uint64_t *values, size_t n)
{
    enum { CHANGE_BITS = 8 };
    unsigned width = span_width(values, n);
    uint32_t *map = width ? map_make(from, n) : NULL;
    if (!map)
        return false;
    uint64_t *gaps = mem_alloc(2 * n * sizeof *gaps), *kept = gaps + n;
    size_t n_gaps = 0, n_kept = 0, before = 0, most = n * width - n * width / 4, bits = 0, i = 0;
    for (; i < n && bits <= most; i++) {
        uint32_t *place = &map[from[i]];
        if (*place && kept[*place - 1] == values[i])
            continue;
        if (*place) {
            gaps[n_gaps++] = i - before;
            before = i;
            bits += CHANGE_BITS;
        }
        bits += width;
        kept[n_kept++] = values[i];
        *place = (uint32_t)n_kept;
    }
    bool pays = i == n && bits <= most;
    if (pays) {
        bytes_put_varint(out, n_gaps);
        bytes_put_varint(out, n_kept);
        column_encode(out, gaps, n_gaps);
        column_encode(out, kept, n_kept);
    }
    free(gaps);
    free(map);
    return pays;
}

bool mapped_decode(struct view *in, const uint64_t *from, uint64_t *values, size_t n)
{
    size_t n_changes = view_count(in, n), n_kept = view_count(in, n), at = 0;
    uint32_t *map = in->bad ? NULL : map_make(from, n);
    if (!map)
        return false;
    uint64_t *changes = mem_alloc((n_changes + n_kept + 1) * sizeof *changes);
    uint64_t *kept = changes + n_changes;
    bool good = gaps_read(in, n_changes, n, changes) && column_decode(in, kept + 1, n_kept);
    bool wrong = false;
    kept[0] = 0;
    for (size_t i = 0, change = 0; good && i < n; change++) {
        size_t end = change < n_changes ? (size_t)changes[change] : n;
        for (; i < end; i++) {
            uint32_t *place = &map[from[i]];
            if (!*place && at < n_kept)
                *place = (uint32_t)++at;
            values[i] = kept[*place]; /* the first is not one of them */
            wrong |= !*place;
        }
        if (change < n_changes && i < n && !wrong && at < n_kept)
            map[from[i]] = (uint32_t)++at;
        else
            good = i == n;
        if (good && i < n)
            values[i++] = kept[at];
    }
    free(changes);
    free(map);
    return good && !wrong && at == n_kept;
}

/* ---- The same as the base ---- */

bool same_encode(struct bytes *out, const uint64_t *base, const uint64_t *values, size_t n)
{
    size_t differ = 0, before = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        differ += base[i] != values[i];
    if (differ > n / 4)
        return false;
    uint64_t *gaps = mem_alloc((2 * differ + 1) * sizeof *gaps), *kept = gaps + differ;
    for (size_t i = 0; i < n && at < differ; i++) {
        if (base[i] == values[i])
            continue;
        gaps[at] = i - before;
        kept[at++] = values[i];
        before = i;
    }
    bytes_put_varint(out, differ);
    column_encode(out, gaps, differ);
    column_encode(out, kept, differ);
    free(gaps);
    return true;
}

bool exceptions_read(struct exceptions *exceptions, struct view *in, size_t n)
{
    size_t differ = view_count(in, n);
    *exceptions = (struct exceptions){0};
    if (in->bad || differ == 0)
        return !in->bad;
    exceptions->n = differ;
    exceptions->rows = mem_alloc(2 * differ * sizeof *exceptions->rows);
    exceptions->values = exceptions->rows + differ;
    if (gaps_read(in, differ, n, exceptions->rows) && column_decode(in, exceptions->values, differ))
        return true;
    exceptions_free(exceptions);
    return false;
}

void exceptions_free(struct exceptions *exceptions)
{
    free(exceptions->rows);
    *exceptions = (struct exceptions){0};
}

bool same_decode(struct view *in, uint64_t *values, size_t n)
{
    struct exceptions differ;
    if (!exceptions_read(&differ, in, n))
        return false;
    for (size_t i = 0; i < differ.n; i++)
        values[differ.rows[i]] = differ.values[i];
    exceptions_free(&differ);
    return true;
}

/* ---- A share of the base ---- */

/* Shares are in ten-thousandths; what is added before the division rounds down, to the nearest, or
 * up. Past these values there is no sum without overflow, and no sense. */
enum { WHOLE = 10000, SHARES_MOST = 7, SHARE_MOST = 1 << 20, SAMPLE = 512 };
#define BASE_MOST ((uint64_t)1 << 40)

struct shares {
    uint64_t added;
    size_t n;
    uint64_t share[SHARES_MOST];
};

static uint64_t share_of(uint64_t base, uint64_t share, uint64_t added)
{
    return (base * share + added) / WHOLE;
}

/* The shares that a sample of rows has often. Only large values tell a share exactly. */
static size_t shares_find(struct shares *shares, const uint64_t *base, const uint64_t *values,
                          size_t n)
{
    enum { SEEN = 64 };
    uint64_t seen[SEEN];
    size_t count[SEEN], n_seen = 0, n_sample = 0, covered = 0;
    for (size_t s = 0; s < SAMPLE && s < n; s++) {
        size_t i = n <= SAMPLE ? s : n * s / SAMPLE;
        if (base[i] <= WHOLE || base[i] >= BASE_MOST || values[i] >= BASE_MOST)
            continue;
        uint64_t scaled = values[i] * WHOLE;
        uint64_t share = scaled > shares->added ? (scaled - shares->added - 1) / base[i] + 1 : 0;
        size_t at = 0;
        while (at < n_seen && seen[at] != share)
            at++;
        n_sample++;
        if (at == SEEN || share >= SHARE_MOST ||
            share_of(base[i], share, shares->added) != values[i])
            continue;
        count[at] = at == n_seen ? 1 : count[at] + 1;
        seen[at] = share;
        n_seen += at == n_seen;
    }
    shares->n = 0;
    for (size_t i = 0; i < n_seen; i++)
        if (count[i] * 32 >= n_sample && shares->n < SHARES_MOST) {
            shares->share[shares->n++] = seen[i];
            covered += count[i];
        }
    return n_sample >= SAMPLE / 32 ? covered : 0;
}

/* Which share gives each row's value; *others is how many rows none does. */
static void shares_choose(const struct shares *shares, const uint64_t *base, const uint64_t *values,
                          size_t n, uint64_t *which, size_t *others)
{
    size_t last = 0;
    *others = 0;
    for (size_t i = 0; i < n; i++) {
        /* Neighbours mostly have the same one. */
        size_t at = last;
        for (size_t tried = 0; tried < shares->n; tried++, at = at + 1 == shares->n ? 0 : at + 1)
            if (share_of(base[i], shares->share[at], shares->added) == values[i])
                break;
        bool found =
            base[i] < BASE_MOST && share_of(base[i], shares->share[at], shares->added) == values[i];
        which[i] = found ? at : shares->n;
        last = found ? at : last;
        *others += !found;
    }
}

bool share_encode(struct bytes *out, const uint64_t *base, const uint64_t *values, size_t n)
{
    static const uint64_t roundings[] = {0, WHOLE / 2, WHOLE - 1};
    struct shares shares = {0};
    size_t best = 0, others, at = 0;
    for (size_t r = 0; r < sizeof roundings / sizeof *roundings; r++) {
        struct shares tried = {.added = roundings[r]};
        size_t covered = shares_find(&tried, base, values, n);
        if (tried.n && covered > best) {
            shares = tried;
            best = covered;
        }
    }
    if (!shares.n)
        return false;
    uint64_t *which = mem_alloc(2 * n * sizeof *which), *kept = which + n;
    shares_choose(&shares, base, values, n, which, &others);
    bool pays = others <= n / 4;
    if (pays) {
        for (size_t i = 0; i < n; i++)
            if (which[i] == shares.n)
                kept[at++] = values[i];
        bytes_put_u8(out, (unsigned)shares.n);
        bytes_put_varint(out, shares.added);
        for (size_t i = 0; i < shares.n; i++)
            bytes_put_varint(out, shares.share[i]);
        bytes_put_varint(out, others);
        column_encode(out, which, n);
        column_encode(out, kept, others);
    }
    free(which);
    return pays;
}

bool share_decode(struct view *in, uint64_t *values, size_t n)
{
    struct shares shares = {.n = view_u8(in)};
    shares.added = view_varint(in);
    if (in->bad || shares.n > SHARES_MOST)
        return false;
    for (size_t i = 0; i < shares.n; i++)
        shares.share[i] = view_varint(in);
    size_t others = view_count(in, n), at = 0;
    uint64_t *which = mem_alloc((n + others + 1) * sizeof *which), *kept = which + n;
    bool good = !in->bad && column_decode(in, which, n) && column_decode(in, kept, others);
    for (size_t i = 0; good && i < n; i++) {
        if (which[i] < shares.n)
            values[i] = share_of(values[i], shares.share[which[i]], shares.added);
        else if ((good = which[i] == shares.n && at < others))
            values[i] = kept[at++];
    }
    free(which);
    return good && at == others;
}
