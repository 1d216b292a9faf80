#include "model/event/bits.h"

void bits_pack(struct bytes *out, const uint64_t *values, size_t n, unsigned width)
{
    if (width == 0)
        return;
    /* Whole words are stored, so there must be room for one more than is used. */
    unsigned char *at = bytes_room(out, bits_size(n, width) + 8);
    uint64_t mask = bits_mask(width), word = 0;
    unsigned used = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t value = values[i] & mask;
        word |= value << used;
        used += width;
        if (used >= 64) {
            memcpy(at, &word, 8);
            at += 8;
            used -= 64;
            word = used ? value >> (width - used) : 0;
        }
    }
    memcpy(at, &word, 8);
    out->n += bits_size(n, width);
}

/* One number at bit `bit`; all the bytes it touches are read one by one. */
uint64_t bits_far(const unsigned char *at, size_t bit, unsigned width)
{
    uint64_t value = 0;
    for (unsigned got = 0; got < width;) {
        unsigned skip = (unsigned)((bit + got) & 7);
        value |= (uint64_t)(at[(bit + got) >> 3] >> skip) << got;
        got += 8 - skip;
    }
    return value & bits_mask(width);
}

bool bits_unpack(struct view *in, uint64_t *values, size_t n, unsigned width, uint64_t base)
{
    size_t size = bits_size(n, width);
    const unsigned char *at = size == SIZE_MAX ? NULL : view_take(in, size);
    if (!at) {
        in->bad = true;
        return false;
    }
    if (width == 0) {
        for (size_t i = 0; i < n; i++)
            values[i] = base;
        return true;
    }
    /* A number of up to 57 bits lies within the eight bytes from the one it starts in; the last
     * few numbers, whose eight bytes would end outside, are read byte by byte. */
    size_t i = 0, fast = 0;
    if (width <= 57 && size >= 8)
        fast = ((size - 8) * 8 + 7) / width + 1;
    if (fast > n)
        fast = n;
    uint64_t mask = bits_mask(width), word;
    size_t bit = 0;
    for (; i < fast; i++, bit += width) {
        memcpy(&word, at + (bit >> 3), 8);
        values[i] = base + (word >> (bit & 7) & mask);
    }
    for (; i < n; i++, bit += width)
        values[i] = base + bits_far(at, bit, width);
    return true;
}
