/*
 * Frames: what hub and replica say to each other, as bytes.
 *
 *     length:u32 type:u8 flags:u8 number:u32 payload crc:u32      (little-endian)
 *
 * length is the payload's. number counts the frames of one direction of a session from 0. The
 * CRC-32C (RFC 3720, appendix B.4) covers all bytes before it. Everything read is hostile: a frame
 * that is too long, damaged, of an unknown type, out of order or cut ends the session with a
 * sentence and nothing of its batch is kept.
 */
#ifndef ATRIUM_SYNC_FRAME_H
#define ATRIUM_SYNC_FRAME_H

#include "model/base/status.h"
#include "model/base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAME_HEAD = 10,
    FRAME_TAIL = 4,
    FRAME_MOST = 4 << 20, /* bytes of a payload, compressed or not */
    FRAME_ZSTD = 1,       /* flag: the payload is a zstd frame that says its content's size */
    SYNC_VERSION = 1,
};

/* Who may send it: r(eplica), h(ub). Numbers are the wire's and never change. */
enum frame_type {
    FRAME_HELLO = 1, /* r: JSON {sync schema epoch policy position program} */
    FRAME_WELCOME,   /* h: JSON, see doc/sync.md */
    FRAME_PULL,      /* r: JSON {bytes position}: payloads that may be sent in all (credit) */
    FRAME_BEGIN,     /* h: JSON {copy share}: a batch (batch.h) */
    FRAME_ROWS,      /* h: rows of one place */
    FRAME_GONE,      /* h: keys of one place that are there no longer */
    FRAME_EVENTS,    /* h: what is done with events */
    FRAME_END,       /* h: JSON {position time more person sha256} */
    FRAME_EDIT,      /* r: JSON: an entry of the outbox (outbox.h) */
    FRAME_ANSWER,    /* h: JSON {id state version reason theirs by at} */
    FRAME_BYE,       /* both: JSON {reason}; "" where all is well. The last frame. */
    FRAME_TYPES
};
extern const char *const frame_names[FRAME_TYPES];

/* Growing output. The owner frees `bytes`. */
struct frame_out {
    VEC(unsigned char) bytes;
    size_t taken;    /* of them, by frame_take */
    uint32_t number; /* of the next frame */
    struct ZSTD_CCtx_s *packer;
};

/* Compresses where that makes it shorter. size <= FRAME_MOST. */
void frame_put(struct frame_out *out, enum frame_type type, const void *payload, size_t size);
/* The bytes to write next; frame_took says how many of them went. */
const unsigned char *frame_next(const struct frame_out *out, size_t *n);
void frame_took(struct frame_out *out, size_t n);

struct frame {
    enum frame_type type;
    const unsigned char *payload; /* valid until the next call */
    size_t size;
};

struct frame_in {
    VEC(unsigned char) bytes;
    size_t at;
    uint32_t number;
    VEC(unsigned char) plain; /* of a compressed payload */
    struct ZSTD_DCtx_s *opener;
    bool ended, broken;
};

/* n = 0: there will be no more, so that a frame that is not whole is a cut one. */
void frame_feed(struct frame_in *in, const void *bytes, size_t n);
/* The next whole frame. *there is false where more bytes are needed. ST_REFUSED says what was
 * found; the session is over then. Holds at most a frame and what was fed at once. */
enum status frame_get(struct frame_in *in, struct frame *frame, bool *there, struct error *err);

/* Bytes that were fed and are in no frame that was got. */
size_t frame_held(const struct frame_in *in);

/* CRC-32C of bytes that continue those `crc` is of; 0 to begin with. */
uint32_t frame_crc(uint32_t crc, const void *bytes, size_t n);

void frame_out_free(struct frame_out *out);
void frame_in_free(struct frame_in *in);

#endif
