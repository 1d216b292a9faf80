/* Which part of a piece is taken: never a part of a receipt. */
#include "model/fleet/collect_parts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { HOLD_MS = 250 };

/* The receipt that a line is of; the caller frees it. NULL: of none. */
static char *receipt_of(const char *line, size_t n)
{
    json_t *object = json_loadb(line, n, 0, NULL);
    const char *name = json_string_value(json_object_get(object, "receipt"));
    char *copy = name ? mem_strdup(name) : NULL;
    json_decref(object);
    return copy;
}

/* Where the last line before `end` begins. */
static size_t line_start(const char *bytes, size_t end)
{
    const char *newline = end > 1 ? memrchr(bytes, '\n', end - 1) : NULL;
    return newline ? (size_t)(newline + 1 - bytes) : 0;
}

/* Where the last receipt begins. */
static size_t last_receipt(const char *bytes, size_t n)
{
    size_t at = line_start(bytes, n);
    char *last = receipt_of(bytes + at, n - at);
    if (!last)
        return n; /* no receipt: nothing belongs to it */
    while (at) {
        size_t start = line_start(bytes, at);
        char *name = receipt_of(bytes + start, at - start);
        bool same = name && strcmp(name, last) == 0;
        free(name);
        if (!same)
            break;
        at = start;
    }
    free(last);
    return at;
}

/* Of a piece that ends where the spool did: all but its last receipt, until that was seen to be
 * the last for a while. */
static size_t receipts_ended(struct tap *tap, const char *bytes, size_t n, int64_t now_ms,
                             bool *again)
{
    size_t last = last_receipt(bytes, n);
    int64_t at = tap->stream->offset + (int64_t)last;
    if (last == n || (tap->held_at == at && tap->held_again))
        return n;
    if (tap->held_at != at) {
        tap->held_at = at;
        tap->held_ms = now_ms;
        tap->held_again = false;
    }
    *again = last == 0 && now_ms - tap->held_ms >= HOLD_MS;
    tap->held_again = tap->held_again || *again;
    return last;
}

/* Whole receipts. Where the piece was cut the last one may go on, unless it is all there is. */
static size_t receipts_whole(struct tap *tap, const char *bytes, size_t n, int64_t now_ms,
                             bool *again)
{
    if (tap->stream->offset + (int64_t)n >= tap->stream->size)
        return receipts_ended(tap, bytes, n, now_ms, again);
    size_t last = last_receipt(bytes, n);
    return last ? last : n;
}

static size_t lines_within(const char *bytes, size_t n, size_t most)
{
    const char *newline = most < n ? memrchr(bytes, '\n', most) : NULL;
    if (most >= n)
        return n;
    if (!newline)
        newline = memchr(bytes, '\n', n);
    return newline ? (size_t)(newline + 1 - bytes) : n;
}

bool piece_fill(struct tap *tap, int64_t now_ms, struct collect_piece *piece, bool *again)
{
    const struct stream *stream = tap->stream;
    int64_t clock = stream->clock_ms;
    size_t n = stream->skipped ? 0 : stream->bytes.n;
    if (n && tap->cut)
        n = lines_within(stream->bytes.at, n, tap->cut);
    if (n && tap->kind->kind == IMPORT_RECEIPTS)
        n = receipts_whole(tap, stream->bytes.at, n, now_ms, again);
    if (!n && !stream->skipped)
        return false;
    *piece = (struct collect_piece){
        .feed = {.source = {.device = stream->device.id,
                            .code = stream->device.code,
                            .shop = stream->device.tenant,
                            .clock_s = (clock + (clock < 0 ? -500 : 500)) / 1000},
                 .bytes = n ? stream->bytes.at : "",
                 .n = n,
                 .offset = stream->offset},
        .kind = tap->kind->kind,
        .spool = stream->spool,
        .skipped = stream->skipped,
        .size = stream->size,
        .reset = stream->reset,
    };
    return true;
}
