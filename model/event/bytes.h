/*
 * Bytes going out and coming in: a growing buffer for encoders, a bounded view for decoders.
 *
 * What a view reads was written by somebody else, perhaps by a failing disk: every read is checked
 * against the end, and a reader that ran over stays `bad`, so that a decoder may read a whole
 * header and ask once.
 */
#ifndef ATRIUM_EVENT_BYTES_H
#define ATRIUM_EVENT_BYTES_H

#include "model/base/vec.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    unsigned char *at;
    size_t n, cap;
};

static inline unsigned char *bytes_room(struct bytes *out, size_t more)
{
    vec_reserve(out, more);
    return out->at + out->n;
}

static inline void bytes_put(struct bytes *out, const void *from, size_t n)
{
    if (n == 0)
        return;
    memcpy(bytes_room(out, n), from, n);
    out->n += n;
}

static inline void bytes_put_u8(struct bytes *out, unsigned value)
{
    *bytes_room(out, 1) = (unsigned char)value;
    out->n++;
}

static inline void bytes_put_u32(struct bytes *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes_put_u8(out, value >> (8 * i) & 0xff);
}

/* Seven bits a byte, the lowest first; the top bit says that more follow. */
static inline void bytes_put_varint(struct bytes *out, uint64_t value)
{
    unsigned char *at = bytes_room(out, 10);
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        at[n++] = (unsigned char)(value | 0x80);
    at[n++] = (unsigned char)value;
    out->n += n;
}

/* Small numbers of either sign become small unsigned ones: 0, -1, 1, -2, ... */
static inline uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t zigzag_back(uint64_t value)
{
    return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

static inline void bytes_put_signed(struct bytes *out, int64_t value)
{
    bytes_put_varint(out, zigzag(value));
}

struct view {
    const unsigned char *at, *end;
    bool bad;
};

static inline struct view view_of(const void *at, size_t n)
{
    if (!at) /* of nothing: C counts from no null pointer, not even nothing */
        at = "";
    return (struct view){.at = at, .end = (const unsigned char *)at + n};
}

static inline size_t view_left(const struct view *in)
{
    return (size_t)(in->end - in->at);
}

/* The next n bytes, or NULL and `bad` where there are fewer. */
static inline const unsigned char *view_take(struct view *in, size_t n)
{
    if (in->bad || n > view_left(in)) {
        in->bad = true;
        return NULL;
    }
    const unsigned char *at = in->at;
    in->at += n;
    return at;
}

static inline unsigned view_u8(struct view *in)
{
    const unsigned char *at = view_take(in, 1);
    return at ? *at : 0;
}

static inline uint32_t view_u32(struct view *in)
{
    const unsigned char *at = view_take(in, 4);
    return at ? (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
                    (uint32_t)at[3] << 24
              : 0;
}

static inline uint64_t view_varint(struct view *in)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        unsigned byte = view_u8(in);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    in->bad = true;
    return 0;
}

static inline int64_t view_signed(struct view *in)
{
    return zigzag_back(view_varint(in));
}

/* A count that somebody is about to allocate for: more than `most` is damage. */
static inline size_t view_count(struct view *in, size_t most)
{
    uint64_t value = view_varint(in);
    if (value > most) {
        in->bad = true;
        return 0;
    }
    return (size_t)value;
}

#endif
