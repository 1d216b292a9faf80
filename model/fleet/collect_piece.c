/* Which part of a piece is taken: never a part of a receipt. */
#include "model/fleet/collect_parts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

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

/* The device has more: the last receipt of the piece may go on there. All of the piece where it is
 * of one receipt alone. */
static size_t receipts_whole(const char *bytes, size_t n)
{
    size_t end = line_start(bytes, n);
    char *last = receipt_of(bytes + end, n - end);
    while (last && end) {
        size_t start = line_start(bytes, end);
        char *name = receipt_of(bytes + start, end - start);
        bool same = name && strcmp(name, last) == 0;
        free(name);
        if (!same)
            break;
        end = start;
    }
    free(last);
    return last && end ? end : n;
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

void piece_fill(struct tap *tap, struct collect_piece *piece)
{
    const struct stream *stream = tap->stream;
    int64_t clock = stream->clock_ms;
    size_t n = stream->skipped ? 0 : stream->bytes.n;
    if (n && tap->cut)
        n = lines_within(stream->bytes.at, n, tap->cut);
    if (n && tap->kind->kind == IMPORT_RECEIPTS && stream->offset + (int64_t)n < stream->size)
        n = receipts_whole(stream->bytes.at, n);
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
}
