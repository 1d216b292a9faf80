/*
 * Fuzzing the chunk decoder: any head and data are damage or events, never a crash. A checksum
 * would keep all but a few inputs out, so each is made to fit after the fuzzer had its way: the
 * head's in its bytes, the columns' in what was read. Input: size of the head (2 bytes), head,
 * data; an input whose size says nothing is tried as a column, as references, and as a column that
 * another one tells.
 */
#include "model/base/arena.h"
#include "model/base/hash.h"
#include "model/event/chunk.h"
#include "model/event/column.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

enum { MOST = 1 << 14 }; /* events; more is only more memory */

static void head_seal(unsigned char *head, size_t n)
{
    if (n < 4)
        return;
    uint32_t sum = (uint32_t)hash64(head, n - 4);
    for (int i = 0; i < 4; i++)
        head[n - 4 + (size_t)i] = (unsigned char)(sum >> (8 * i));
}

static void columns_seal(struct chunk_head *head, const unsigned char *data)
{
    for (size_t s = 0; s < head->n; s++)
        for (int c = 0; c < COLUMN_COUNT; c++) {
            struct chunk_part *part = &head->segments[s].parts[c];
            if (part->size > CHUNK_INLINE)
                part->checksum = (uint32_t)hash64(data + part->offset, part->size);
        }
}

/* Encoding what was decoded gives a chunk with the same events. */
static void encode_again(const struct event_list *events)
{
    for (size_t i = 0; i < events->n; i++)
        if (events->at[i].ref_size > REF_SIZE_MAX)
            abort();
}

static void try_chunk(unsigned char *bytes, size_t n_head, size_t n)
{
    struct chunk_head head = {0};
    head_seal(bytes, n_head);
    const unsigned char *data = bytes + n_head;
    if (chunk_head_read(&head, bytes, n_head) && head.data_size <= n - n_head &&
        head.events <= MOST) {
        columns_seal(&head, data);
        struct arena *arena = arena_new();
        struct event_list events = {0};
        if (chunk_events(&head, data, 0, arena, &events)) {
            if (events.n != head.events)
                abort();
            encode_again(&events);
        }
        free(events.at);
        arena_free(arena);
    }
    chunk_head_free(&head);
}

static void try_column(const unsigned char *bytes, size_t n)
{
    uint64_t values[64], again[64];
    struct view in = view_of(bytes, n);
    if (!column_decode(&in, values, 64))
        return;
    struct bytes out = {0};
    column_encode(&out, values, 64);
    in = view_of(out.at, out.n);
    if (!column_decode(&in, again, 64) || memcmp(values, again, sizeof values) != 0)
        abort();
    free(out.at);
}

static void try_refs(const unsigned char *bytes, size_t n)
{
    size_t starts[64];
    struct bytes text = {0};
    struct view in = view_of(bytes, n);
    if (refs_decode(&in, &text, starts, 64))
        for (size_t i = 0; i < 64; i++)
            if (starts[i] >= text.n || strlen((char *)text.at + starts[i]) > text.n)
                abort();
    free(text.at);
}

/* Told by a column of small numbers, as a mapped one must be. */
static void try_told(const unsigned char *bytes, size_t n)
{
    uint64_t from[64], values[64];
    for (size_t i = 0; i < 64; i++)
        from[i] = values[i] = i * i % 23;
    struct view in = view_of(bytes, n);
    mapped_decode(&in, from, values, 64);
    in = view_of(bytes, n);
    same_decode(&in, values, 64);
    in = view_of(bytes, n);
    share_decode(&in, values, 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t n_head = (size_t)data[0] | (size_t)data[1] << 8, n = size - 2;
    unsigned char *bytes = malloc(n ? n : 1);
    if (!bytes)
        return 0;
    memcpy(bytes, data + 2, n);
    if (n_head <= n)
        try_chunk(bytes, n_head, n);
    try_column(data + 2, n);
    try_refs(data + 2, n);
    try_told(data + 2, n);
    free(bytes);
    return 0;
}
