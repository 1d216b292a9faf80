/*
 * A batch on the wire, from both ends: BEGIN, payloads, END. The payload of a frame between begins
 * with a byte: 1, the next frame goes on with it; 0, it is whole.
 *
 *     ROWS    varint place, then for each key: signed key, varint rows, their values
 *     GONE    varint place, signed keys
 *     EVENTS  u8 act (enum batch_act) and what it needs
 *
 * A value is u8 kind (enum batch_value) and a signed number, 8 bytes of a real, or varint size and
 * bytes. END says the SHA-256 that begins with zeros and takes in the hash of each payload.
 */
#ifndef ATRIUM_SYNC_BATCH_H
#define ATRIUM_SYNC_BATCH_H

#include "model/base/hash.h"
#include "model/event/bytes.h"
#include "model/sync/frame.h"
#include "model/sync/policy.h"
#include "model/sync/position.h"

enum batch_value { VALUE_NULL, VALUE_INTEGER, VALUE_REAL, VALUE_TEXT, VALUE_BLOB };

enum batch_act {
    ACT_ADD = 1, /* signed block, signed month, varint size of the head, head, data */
    ACT_FOLD,    /* varint: fold the tail up to here */
    ACT_CUT,     /* varint: rows of the tail up to here come as events */
    ACT_MOVE,    /* varint source, varint target, u8 1: only the events that follow, else 0 */
};

enum {
    BATCH_BYTES = 4 << 20,  /* of payloads, and then it ends */
    BATCH_FRAME = 256 << 10 /* a frame is sent when it has so many */
};

/* ---- The hub's ---- */

struct batch_out {
    struct frame_out *frames;
    unsigned char hash[SHA256_SIZE];
    struct bytes pending; /* a frame being filled: its first byte is the flag */
    enum frame_type type;
    int place;
    size_t bytes; /* of payloads so far */
};

void batch_begin(struct batch_out *batch, struct frame_out *frames, const json_t *head);
/* Where ROWS or GONE of that place go on; to be filled by the caller. */
struct bytes *batch_place(struct batch_out *batch, enum frame_type type, int place);
/* An item was put there: sends what has become long. */
void batch_item(struct batch_out *batch);
/* One of events. */
void batch_events(struct batch_out *batch, const struct bytes *payload);
void batch_flush(struct batch_out *batch);
/* `end` gets the hash added. */
void batch_end(struct batch_out *batch, json_t *end);
void batch_out_free(struct batch_out *batch);

void value_put(struct bytes *out, const struct policy_value *value);

/* ---- The replica's ---- */

/* The payloads of one batch as they came, whole. */
struct batch_part {
    enum frame_type type;
    size_t from, to;
};
struct batch_in {
    bool open;
    unsigned char hash[SHA256_SIZE];
    struct bytes bytes;
    VEC(struct batch_part) parts;
    bool going_on;
};
void batch_in_begin(struct batch_in *batch);
/* ST_REFUSED for what cannot be. */
enum status batch_in_add(struct batch_in *batch, const struct frame *frame, struct error *err);
/* Whether the end's hash is that of what came. */
bool batch_in_whole(const struct batch_in *batch, const json_t *end);
void batch_in_free(struct batch_in *batch);

bool value_get(struct view *in, struct policy_value *value);
/* Binds it; text and blobs stay where they are. */
void value_bind(sqlite3_stmt *stmt, int at, const struct policy_value *value);

#endif
