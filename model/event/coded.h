/*
 * A row of numbers, each of which is found without the others: codes of one width, and the few
 * numbers that are too far from the rest aside.
 *
 *   signed low, varint scale, u8 w, varint m, u8 p, u8 v, bits(n, w), bits(m, p), bits(m, v)
 *
 * A code c is the number low + scale * c; where w > 0, the code of all ones says that the number
 * stands aside: the m places, rising, and the numbers as signed ones. Inside the module.
 */
#ifndef ATRIUM_EVENT_CODED_H
#define ATRIUM_EVENT_CODED_H

#include "model/event/bits.h"

struct coded {
    uint64_t low, scale;
    unsigned width, place_width, value_width;
    size_t n, n_aside;
    const unsigned char *codes, *places, *values;
    size_t codes_size, places_size, values_size;
};

void coded_put(struct bytes *out, const int64_t *values, size_t n);

/* A view into the bytes; `in->bad` for damage. */
void coded_open(struct view *in, size_t n, struct coded *coded);

/* The number at place i. */
int64_t coded_aside(const struct coded *coded, size_t i);
static inline int64_t coded_at(const struct coded *coded, size_t i)
{
    uint64_t code = bits_at(coded->codes, coded->codes_size, i * coded->width, coded->width);
    if (coded->width && code == bits_mask(coded->width))
        return coded_aside(coded, i);
    return (int64_t)(coded->low + coded->scale * code);
}

#endif
