#include "model/sync/batch.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH_MOST = 512 << 20 /* what a replica holds of a batch */ };

static void hash_take(unsigned char hash[SHA256_SIZE], const void *payload, size_t n)
{
    unsigned char both[2 * SHA256_SIZE];
    memcpy(both, hash, SHA256_SIZE);
    sha256(payload, n, both + SHA256_SIZE);
    sha256(both, sizeof both, hash);
}

/* ---- The hub's ---- */

static void json_put(struct frame_out *frames, enum frame_type type, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    frame_put(frames, type, text, strlen(text));
    free(text);
}

void batch_begin(struct batch_out *batch, struct frame_out *frames, const json_t *head)
{
    batch->frames = frames;
    memset(batch->hash, 0, sizeof batch->hash);
    batch->pending.n = batch->bytes = 0;
    json_put(frames, FRAME_BEGIN, head);
}

/* In pieces that a frame takes, each with its flag. */
static void payload_put(struct batch_out *batch, enum frame_type type, unsigned char *at, size_t n)
{
    enum { PIECE = 1 << 20 };
    batch->bytes += n;
    for (size_t from = 1; from < n || from == 1;) {
        size_t piece = n - from < PIECE ? n - from : PIECE;
        unsigned char *start = at + from - 1; /* the byte before is sent already, or the flag's */
        *start = from + piece < n;
        hash_take(batch->hash, start, piece + 1);
        frame_put(batch->frames, type, start, piece + 1);
        from += piece;
        if (piece == 0)
            break;
    }
}

void batch_flush(struct batch_out *batch)
{
    if (batch->pending.n)
        payload_put(batch, batch->type, batch->pending.at, batch->pending.n);
    batch->pending.n = 0;
}

struct bytes *batch_place(struct batch_out *batch, enum frame_type type, int place)
{
    if (batch->pending.n && (batch->type != type || batch->place != place))
        batch_flush(batch);
    if (!batch->pending.n) {
        batch->type = type;
        batch->place = place;
        bytes_put_u8(&batch->pending, 0);
        bytes_put_varint(&batch->pending, (uint64_t)place);
    }
    return &batch->pending;
}

void batch_item(struct batch_out *batch)
{
    if (batch->pending.n >= BATCH_FRAME)
        batch_flush(batch);
}

void batch_events(struct batch_out *batch, const struct bytes *payload)
{
    batch_flush(batch);
    batch->type = FRAME_EVENTS;
    bytes_put_u8(&batch->pending, 0);
    bytes_put(&batch->pending, payload->at, payload->n);
    batch_flush(batch);
}

void batch_end(struct batch_out *batch, json_t *end)
{
    char hex[SHA256_HEX];
    batch_flush(batch);
    sha256_hex(batch->hash, hex);
    json_object_set_new(end, "sha256", json_string(hex));
    json_put(batch->frames, FRAME_END, end);
}

void batch_out_free(struct batch_out *batch)
{
    free(batch->pending.at);
    *batch = (struct batch_out){0};
}

void value_put(struct bytes *out, const struct policy_value *value)
{
    uint64_t bits;
    switch (value->type) {
    case SQLITE_INTEGER:
        bytes_put_u8(out, VALUE_INTEGER);
        bytes_put_signed(out, value->integer);
        return;
    case SQLITE_FLOAT:
        bytes_put_u8(out, VALUE_REAL);
        memcpy(&bits, &value->real, sizeof bits);
        bytes_put_u32(out, (uint32_t)bits);
        bytes_put_u32(out, (uint32_t)(bits >> 32));
        return;
    case SQLITE_TEXT:
    case SQLITE_BLOB:
        bytes_put_u8(out, value->type == SQLITE_TEXT ? VALUE_TEXT : VALUE_BLOB);
        bytes_put_varint(out, value->size);
        bytes_put(out, value->bytes, value->size);
        return;
    default:
        bytes_put_u8(out, VALUE_NULL);
    }
}

/* ---- The replica's ---- */

void batch_in_begin(struct batch_in *batch)
{
    batch->open = true;
    batch->going_on = false;
    batch->bytes.n = batch->parts.n = 0;
    bytes_room(&batch->bytes, 1); /* parts of nothing have an address */
    memset(batch->hash, 0, sizeof batch->hash);
}

enum status batch_in_add(struct batch_in *batch, const struct frame *frame, struct error *err)
{
    struct batch_part *last = batch->parts.n ? &batch->parts.at[batch->parts.n - 1] : NULL;
    if (!batch->open || frame->size < 1 || frame->payload[0] > 1 ||
        (batch->going_on && last->type != frame->type) || batch->bytes.n + frame->size > BATCH_MOST)
        return error_set(err, ST_REFUSED,
                         "the hub sent a frame '%s' where none can be: nothing of its batch was "
                         "kept",
                         frame_names[frame->type]);
    hash_take(batch->hash, frame->payload, frame->size);
    if (!batch->going_on)
        vec_push(&batch->parts, (struct batch_part){frame->type, batch->bytes.n, 0});
    bytes_put(&batch->bytes, frame->payload + 1, frame->size - 1);
    batch->parts.at[batch->parts.n - 1].to = batch->bytes.n;
    batch->going_on = frame->payload[0];
    return ST_OK;
}

bool batch_in_whole(const struct batch_in *batch, const json_t *end)
{
    char hex[SHA256_HEX];
    const char *said = json_string_value(json_object_get(end, "sha256"));
    sha256_hex(batch->hash, hex);
    return batch->open && !batch->going_on && said && strcmp(said, hex) == 0;
}

void batch_in_free(struct batch_in *batch)
{
    free(batch->bytes.at);
    vec_free(&batch->parts);
    *batch = (struct batch_in){0};
}

bool value_get(struct view *in, struct policy_value *value)
{
    *value = (struct policy_value){.type = SQLITE_NULL};
    unsigned kind = view_u8(in);
    uint64_t bits;
    switch (kind) {
    case VALUE_NULL:
        break;
    case VALUE_INTEGER:
        value->type = SQLITE_INTEGER;
        value->integer = view_signed(in);
        break;
    case VALUE_REAL:
        value->type = SQLITE_FLOAT;
        bits = view_u32(in);
        bits |= (uint64_t)view_u32(in) << 32;
        memcpy(&value->real, &bits, sizeof bits);
        break;
    case VALUE_TEXT:
    case VALUE_BLOB:
        value->type = kind == VALUE_TEXT ? SQLITE_TEXT : SQLITE_BLOB;
        value->size = view_count(in, INT32_MAX);
        value->bytes = view_take(in, value->size);
        break;
    default:
        return false;
    }
    return !in->bad;
}

void value_bind(sqlite3_stmt *stmt, int at, const struct policy_value *value)
{
    switch (value->type) {
    case SQLITE_INTEGER:
        sqlite3_bind_int64(stmt, at, value->integer);
        break;
    case SQLITE_FLOAT:
        sqlite3_bind_double(stmt, at, value->real);
        break;
    case SQLITE_TEXT:
        sqlite3_bind_text(stmt, at, value->size ? value->bytes : "", (int)value->size,
                          SQLITE_STATIC);
        break;
    case SQLITE_BLOB:
        sqlite3_bind_blob(stmt, at, value->size ? value->bytes : "", (int)value->size,
                          SQLITE_STATIC);
        break;
    default:
        sqlite3_bind_null(stmt, at);
    }
}
