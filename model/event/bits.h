/*
 * Bit packing: n numbers of `width` bits one after another, lowest bit first, the last byte filled
 * with zeros. The base of every column encoding.
 */
#ifndef ATRIUM_EVENT_BITS_H
#define ATRIUM_EVENT_BITS_H

#include "model/event/bytes.h"

/* Bits that the number needs; 0 for 0. */
static inline unsigned bits_width(uint64_t value)
{
    return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

static inline uint64_t bits_mask(unsigned width)
{
    return width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

/* Bytes that n numbers take; SIZE_MAX where that cannot be. */
static inline size_t bits_size(size_t n, unsigned width)
{
    return width > 64 || n > SIZE_MAX / 128 ? SIZE_MAX : (n * width + 7) / 8;
}

/* Only the low `width` bits of each value are kept; width is 0..64. */
void bits_pack(struct bytes *out, const uint64_t *values, size_t n, unsigned width);

/* Each number with `base` added. False, and nothing read, where the view is too short or width is
 * over 64. */
bool bits_unpack(struct view *in, uint64_t *values, size_t n, unsigned width, uint64_t base);

/* The number that starts at bit `bit` of `size` bytes; it must lie in them. */
uint64_t bits_far(const unsigned char *at, size_t bit, unsigned width);
static inline uint64_t bits_at(const unsigned char *at, size_t size, size_t bit, unsigned width)
{
    uint64_t word;
    if (width > 57 || (bit >> 3) + 8 > size)
        return bits_far(at, bit, width);
    memcpy(&word, at + (bit >> 3), 8);
    return word >> (bit & 7) & bits_mask(width);
}

#endif
