#include "model/event/link.h"

/* A link must pay for itself: what is shorter is not looked at, all but this part of the rows must
 * have one, and not be few beside the base, all of which is read to read them. */
enum { ROWS_LEAST = 32, SAMPLE = 32, PART = 4, BASE_MOST = 2 };

static int rows_compare(const struct segment_rows *a, size_t i, const struct segment_rows *b,
                        size_t k)
{
    if (a->person[i] != b->person[k])
        return a->person[i] < b->person[k] ? -1 : 1;
    int64_t x = (int64_t)a->column[COLUMN_TIME][i], y = (int64_t)b->column[COLUMN_TIME][k];
    return (x > y) - (x < y);
}

/* Equal, and a text that ends at its NUL, as readers of a base's references take them. */
static bool refs_equal(const struct segment_rows *a, size_t i, const struct segment_rows *b,
                       size_t k)
{
    const struct ref *x = &a->refs[i], *y = &b->refs[k];
    return x->size == y->size &&
           (x->size == 0 || (memcmp(x->at, y->at, x->size) == 0 && !memchr(x->at, 0, x->size)));
}

/* The first row of the base that is not before row i. */
static size_t base_row(const struct segment_rows *base, const struct segment_rows *segment,
                       size_t i)
{
    size_t low = 0, high = base->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows_compare(base, middle, segment, i) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How many of a few rows are found in the base, and how many with the same reference. */
static size_t sample_hits(const struct segment_rows *base, const struct segment_rows *segment,
                          size_t *with_ref)
{
    size_t hits = 0;
    *with_ref = 0;
    for (size_t s = 0; s < SAMPLE; s++) {
        size_t i = segment->n * s / SAMPLE, k = base_row(base, segment, i);
        if (k == base->n || rows_compare(base, k, segment, i) != 0)
            continue;
        hits++;
        *with_ref +=
            segment->refs && base->refs && segment->refs[i].size && refs_equal(segment, i, base, k);
    }
    return hits;
}

static void rows_link(struct link *link, const struct segment_rows *segment)
{
    const struct segment_rows *base = link->base;
    size_t k = 0;
    for (size_t i = 0; i < segment->n; i++) {
        while (k < base->n && rows_compare(base, k, segment, i) < 0)
            k++;
        bool found = k < base->n && rows_compare(base, k, segment, i) == 0;
        /* Of several base rows of the same second the reference tells which. */
        while (found && link->refs && !refs_equal(segment, i, base, k)) {
            found = k + 1 < base->n && rows_compare(base, k + 1, segment, i) == 0;
            k += found;
        }
        link->rows[i] = found ? (uint32_t)k : LINK_NONE;
    }
}

/* Few enough rows follow each of the base's to be counted in a byte. */
static bool rows_few(const struct link *link, size_t n)
{
    size_t same = 0;
    for (size_t i = 0; i < n && same < LINK_FOLLOWERS; i++)
        same = i > 0 && link->rows[i] != LINK_NONE && link->rows[i] == link->rows[i - 1] ? same + 1
                                                                                         : 0;
    return same < LINK_FOLLOWERS;
}

/* A person with a row that has no link has none. */
static void people_link(struct link *link, const struct segment_rows *segment)
{
    link->n = 0;
    for (size_t i = 0, end; i < segment->n; i = end) {
        bool all = true;
        for (end = i; end < segment->n && segment->person[end] == segment->person[i]; end++)
            all = all && link->rows[end] != LINK_NONE;
        for (size_t row = i; row < end && !all; row++)
            link->rows[row] = LINK_NONE;
        link->n += all ? end - i : 0;
    }
}

void link_find(struct link *link, const struct segment_rows *segment,
               const struct segment_rows *const *bases, size_t n_bases)
{
    size_t best = SAMPLE - SAMPLE / PART;
    link->base = NULL;
    link->n = 0;
    if (segment->n < ROWS_LEAST)
        return;
    for (size_t i = 0; i < n_bases; i++) {
        if (bases[i]->n / BASE_MOST > segment->n)
            continue;
        size_t with_ref, hits = sample_hits(bases[i], segment, &with_ref);
        if (hits < best)
            continue;
        best = hits + 1;
        link->base = bases[i];
        link->refs = with_ref >= hits - hits / PART;
    }
    if (!link->base)
        return;
    rows_link(link, segment);
    people_link(link, segment);
    if (link->n < segment->n - segment->n / PART || !rows_few(link, segment->n)) {
        link->base = NULL;
        link->n = 0;
    }
}
