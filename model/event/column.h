/*
 * One column of whole numbers, encoded in the cheapest of a few ways:
 *
 *   constant   the value
 *   packed     base + scale * n, the n bit-packed; the few that need more bits are patched
 *   deltas     the first value and a column of differences
 *   runs       a column of values and a column of how often each repeats
 *   dictionary a column of the distinct values, rising, and bit-packed indices
 *   climbs     a column of bits: the value before plus a step; and a column of the other values
 *
 * Values are 64-bit words; differences wrap around, so signed numbers are stored as they are.
 * doc/events.md has the bytes. The number of values is known from elsewhere.
 */
#ifndef ATRIUM_EVENT_COLUMN_H
#define ATRIUM_EVENT_COLUMN_H

#include "model/event/bytes.h"

void column_encode(struct bytes *out, const uint64_t *values, size_t n);

/* False where the bytes are not a column of n values; `values` is then undefined. Needs no more
 * memory than n words at a time. */
bool column_decode(struct view *in, uint64_t *values, size_t n);

/* Which of many values a table says yes to, without laying them out: of packed columns of a few
 * bits several at a time. Zeroed before the first use; one tester for one table, which must stay as
 * it is. */
struct column_tester {
    const uint8_t *table;
    size_t n_table;
    /* For codes of `width` bits that mean low + scale * code: what several of them together say. */
    bool made;
    uint64_t low, scale;
    unsigned width;
    uint16_t several[1 << 12];
};

/* Bit i of `words` is set where value i is below n_table and table[value] is not 0; n bits rounded
 * up to whole words are written. As column_decode for damage. */
bool column_test(struct column_tester *tester, struct view *in, size_t n, uint64_t *words);

#endif
