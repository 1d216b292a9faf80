/*
 * Fuzzing frames: any bytes are frames or refused with a reason; in pieces they are the same frames
 * as at once, and what was read is read again after it was put. A checksum would keep all but a few
 * inputs out, so unless the first byte is odd each frame's number and checksum are made to fit; the
 * rest of the first byte says how long the pieces are.
 */
#include "model/base/hash.h"
#include "model/sync/frame.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void u32_put(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void seal(uint8_t *at, size_t n)
{
    for (uint32_t number = 0; n >= FRAME_HEAD + FRAME_TAIL; number++) {
        size_t size = (size_t)at[0] | (size_t)at[1] << 8;
        at[2] = at[3] = 0;
        size = size < n - FRAME_HEAD - FRAME_TAIL ? size : n - FRAME_HEAD - FRAME_TAIL;
        u32_put(at, (uint32_t)size);
        u32_put(at + 6, number);
        size += FRAME_HEAD;
        u32_put(at + size, frame_crc(0, at, size));
        at += size + FRAME_TAIL;
        n -= size + FRAME_TAIL;
    }
}

/* One number for all frames, and `again` gets them. */
static uint64_t read_all(const uint8_t *at, size_t n, size_t piece, struct frame_out *again)
{
    struct frame_in in = {0};
    struct error err = {0};
    struct frame frame;
    uint64_t sum = 1;
    bool there = false, over = false;
    while (!over) {
        size_t now = n < piece ? n : piece;
        frame_feed(&in, at, now);
        over = now == 0;
        if (now) /* there may be nothing, and no address */
            at += now;
        n -= now;
        enum status status;
        while ((status = frame_get(&in, &frame, &there, &err)) == ST_OK && there) {
            if (frame.size > FRAME_MOST)
                abort();
            sum = hash64_seed(frame.payload, frame.size, hash_mix(sum + frame.type));
            if (again)
                frame_put(again, frame.type, frame.payload, frame.size);
        }
        if (status != ST_OK && (status != ST_REFUSED || !err.message || there))
            abort();
        over |= status != ST_OK;
    }
    frame_in_free(&in);
    error_clear(&err);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frame_out out = {0};
    if (size < 1)
        return 0;
    uint8_t *bytes = malloc(size);
    if (!bytes)
        return 0;
    memcpy(bytes, data + 1, size - 1);
    if (!(data[0] & 1))
        seal(bytes, size - 1);
    uint64_t whole = read_all(bytes, size - 1, size, &out);
    if (whole != read_all(bytes, size - 1, (size_t)(data[0] >> 1) + 1, NULL))
        abort();
    size_t n;
    const unsigned char *again = frame_next(&out, &n);
    if (whole != read_all(again, n, n ? n : 1, NULL))
        abort();
    frame_out_free(&out);
    free(bytes);
    return 0;
}
