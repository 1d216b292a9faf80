/* Frames: the one place where bytes from the other side are taken apart. Lengths are checked before
 * anything is kept or made room for, so that a frame of 14 bytes cannot ask for memory. */
#include "model/sync/frame.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <zstd.h>

enum {
    PACK_LEAST = 96, /* shorter payloads are not worth a zstd header */
    PACK_LEVEL = 3,
    LOOK_SIZE = 8 << 10, /* is packed first, of payloads from here on: */
    LOOK_FROM = 64 << 10,
    KEEP_MOST = 1 << 16, /* bytes already used that may lie before what is not */
};

const char *const frame_names[FRAME_TYPES] = {
    [0] = "nothing",       [FRAME_HELLO] = "hello",   [FRAME_WELCOME] = "welcome",
    [FRAME_PULL] = "pull", [FRAME_BEGIN] = "begin",   [FRAME_ROWS] = "rows",
    [FRAME_GONE] = "gone", [FRAME_EVENTS] = "events", [FRAME_END] = "end",
    [FRAME_EDIT] = "edit", [FRAME_ANSWER] = "answer", [FRAME_BYE] = "bye",
};

/* ---- CRC-32C: eight bytes at a time by tables of what a byte does 0 to 7 bytes later ---- */

static uint32_t crc_tables[8][256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void crc_make(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
        crc_tables[0][i] = crc;
    }
    for (int t = 1; t < 8; t++)
        for (int i = 0; i < 256; i++) {
            uint32_t before = crc_tables[t - 1][i];
            crc_tables[t][i] = before >> 8 ^ crc_tables[0][before & 255];
        }
}

static uint32_t u32_read(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void u32_write(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

uint32_t frame_crc(uint32_t crc, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    pthread_once(&crc_once, crc_make);
    crc = ~crc;
    for (; n >= 8; at += 8, n -= 8) {
        uint32_t low = crc ^ u32_read(at), high = u32_read(at + 4);
        crc = 0;
        for (int i = 0; i < 4; i++)
            crc ^=
                crc_tables[7 - i][low >> (8 * i) & 255] ^ crc_tables[3 - i][high >> (8 * i) & 255];
    }
    for (; n; at++, n--)
        crc = crc >> 8 ^ crc_tables[0][(crc ^ *at) & 255];
    return ~crc;
}

/* ---- Out ---- */

static void out_close_up(struct frame_out *out)
{
    if (out->taken == out->bytes.n) {
        out->taken = out->bytes.n = 0;
    } else if (out->taken > KEEP_MOST && out->taken > out->bytes.n / 2) {
        out->bytes.n -= out->taken;
        memmove(out->bytes.at, out->bytes.at + out->taken, out->bytes.n);
        out->taken = 0;
    }
}

/* Chunks of events are packed already: a piece from the middle tells, and saves the rest. */
static bool worth_packing(struct frame_out *out, unsigned char *at, const unsigned char *payload,
                          size_t size)
{
    if (size < LOOK_FROM)
        return true;
    size_t packed = ZSTD_compressCCtx(out->packer, at, size, payload + (size - LOOK_SIZE) / 2,
                                      LOOK_SIZE, PACK_LEVEL);
    return !ZSTD_isError(packed) && packed < LOOK_SIZE - LOOK_SIZE / 12;
}

/* Packs into `at`, which has room for `size` bytes; 0 where that does not make it shorter. */
static size_t payload_pack(struct frame_out *out, unsigned char *at, const void *payload,
                           size_t size)
{
    if (size < PACK_LEAST || (!out->packer && !(out->packer = ZSTD_createCCtx())))
        return 0;
    if (!worth_packing(out, at, payload, size))
        return 0;
    size_t packed = ZSTD_compressCCtx(out->packer, at, size, payload, size, PACK_LEVEL);
    return ZSTD_isError(packed) || packed >= size ? 0 : packed;
}

void frame_put(struct frame_out *out, enum frame_type type, const void *payload, size_t size)
{
    assert(size <= FRAME_MOST && type > 0 && type < FRAME_TYPES);
    out_close_up(out);
    vec_reserve(&out->bytes, FRAME_HEAD + size + FRAME_TAIL);
    unsigned char *head = out->bytes.at + out->bytes.n, *body = head + FRAME_HEAD;
    size_t packed = payload_pack(out, body, payload, size);
    if (!packed && size)
        memcpy(body, payload, size);
    size_t n = packed ? packed : size;
    u32_write(head, (uint32_t)n);
    head[4] = (unsigned char)type;
    head[5] = packed ? FRAME_ZSTD : 0;
    u32_write(head + 6, out->number++);
    u32_write(body + n, frame_crc(0, head, FRAME_HEAD + n));
    out->bytes.n += FRAME_HEAD + n + FRAME_TAIL;
}

const unsigned char *frame_next(const struct frame_out *out, size_t *n)
{
    *n = out->bytes.n - out->taken;
    return *n ? out->bytes.at + out->taken : NULL;
}

void frame_took(struct frame_out *out, size_t n)
{
    assert(n <= out->bytes.n - out->taken);
    out->taken += n;
    out_close_up(out);
}

void frame_out_free(struct frame_out *out)
{
    vec_free(&out->bytes);
    ZSTD_freeCCtx(out->packer);
    *out = (struct frame_out){0};
}

/* ---- In ---- */

void frame_feed(struct frame_in *in, const void *bytes, size_t n)
{
    if (n == 0) {
        in->ended = true;
        return;
    }
    if (in->broken || in->ended)
        return; /* nothing after a frame that was refused is looked at */
    if (in->at) {
        in->bytes.n -= in->at;
        memmove(in->bytes.at, in->bytes.at + in->at, in->bytes.n);
        in->at = 0;
    }
    vec_reserve(&in->bytes, n);
    memcpy(in->bytes.at + in->bytes.n, bytes, n);
    in->bytes.n += n;
}

size_t frame_held(const struct frame_in *in)
{
    return in->bytes.n - in->at;
}

static enum status frame_refuse(struct frame_in *in, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static enum status frame_refuse(struct frame_in *in, struct error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    error_vset(err, ST_REFUSED, format, args);
    va_end(args);
    in->broken = true;
    error_wrap(err, "frame %lu from the other side", (unsigned long)in->number);
    return ST_REFUSED;
}

/* What can be said of a frame from its head alone, before its payload is waited for. */
static enum status head_check(struct frame_in *in, const unsigned char *head, struct error *err)
{
    uint32_t size = u32_read(head), number = u32_read(head + 6);
    if (size > FRAME_MOST)
        return frame_refuse(in, err, "%lu bytes long, and %d are the most", (unsigned long)size,
                            FRAME_MOST);
    if (head[4] == 0 || head[4] >= FRAME_TYPES)
        return frame_refuse(in, err, "is of a type %d that is unknown here", head[4]);
    if (head[5] & ~FRAME_ZSTD)
        return frame_refuse(in, err, "has flags %d that are unknown here", head[5]);
    if (number < in->number)
        return frame_refuse(in, err, "it says number %lu, which has been: replayed",
                            (unsigned long)number);
    if (number > in->number)
        return frame_refuse(in, err, "it says number %lu: frames are lost or out of order",
                            (unsigned long)number);
    return ST_OK;
}

/* A payload is one zstd frame, says how long it will be, and is that long. */
static enum status payload_open(struct frame_in *in, struct frame *frame, struct error *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(frame->payload, frame->size);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size == 0)
        return frame_refuse(in, err, "its packed payload does not say how long it will be");
    if (size > FRAME_MOST)
        return frame_refuse(in, err, "its payload unpacks to %llu bytes, and %d are the most", size,
                            FRAME_MOST);
    if (ZSTD_findFrameCompressedSize(frame->payload, frame->size) != frame->size)
        return frame_refuse(in, err, "its packed payload is not one whole piece");
    in->plain.n = 0;
    vec_reserve(&in->plain, (size_t)size);
    if (!in->opener && !(in->opener = ZSTD_createDCtx()))
        return error_set(err, ST_UNUSABLE, "no memory to unpack a frame");
    size_t n =
        ZSTD_decompressDCtx(in->opener, in->plain.at, (size_t)size, frame->payload, frame->size);
    if (ZSTD_isError(n) || n != size)
        return frame_refuse(in, err, "its packed payload is damaged");
    in->plain.n = n;
    frame->payload = in->plain.at;
    frame->size = n;
    return ST_OK;
}

enum status frame_get(struct frame_in *in, struct frame *frame, bool *there, struct error *err)
{
    *there = false;
    if (in->broken)
        return error_set(err, ST_REFUSED, "a frame before this one was refused");
    size_t n = in->bytes.n - in->at;
    const unsigned char *head = n ? in->bytes.at + in->at : NULL;
    enum status status = n < FRAME_HEAD ? ST_OK : head_check(in, head, err);
    if (status != ST_OK)
        return status;
    size_t size = n < FRAME_HEAD ? 0 : u32_read(head), whole = FRAME_HEAD + size + FRAME_TAIL;
    if (n < whole) {
        if (in->ended && n)
            return frame_refuse(in, err, "the connection was cut in the middle of it");
        return ST_OK;
    }
    if (u32_read(head + FRAME_HEAD + size) != frame_crc(0, head, FRAME_HEAD + size))
        return frame_refuse(in, err, "its bytes were damaged on the way");
    *frame = (struct frame){(enum frame_type)head[4], head + FRAME_HEAD, size};
    if (head[5] & FRAME_ZSTD && (status = payload_open(in, frame, err)) != ST_OK)
        return status;
    in->at += whole;
    in->number++;
    *there = true;
    return ST_OK;
}

void frame_in_free(struct frame_in *in)
{
    vec_free(&in->bytes);
    vec_free(&in->plain);
    ZSTD_freeDCtx(in->opener);
    *in = (struct frame_in){0};
}
