#include "model/event/person.h"

#include "model/event/blob.h"
#include "model/event/column.h"

#include <stdlib.h>

void person_block_clear(struct person_block *block)
{
    for (size_t i = 0; i < EVENT_BLOCK; i++)
        block->first_presence[i] = block->registered[i] = INT64_MAX;
    block->changed = false;
}

static bool earlier(int64_t *time, int64_t than)
{
    if (than >= *time)
        return false;
    *time = than;
    return true;
}

void person_block_add(struct person_block *block, const struct event *event)
{
    size_t person = event->person & (EVENT_BLOCK - 1);
    if (event->kind == KIND_REGISTER)
        block->changed |= earlier(&block->registered[person], event->time);
    if (kind_flags(event->kind) & KIND_PRESENCE)
        block->changed |= earlier(&block->first_presence[person], event->time);
}

/* ---- Stored: for each column, who has a time, and the times ---- */

static void column_put(struct bytes *out, const int64_t *times, size_t n, uint64_t *words)
{
    size_t n_there = 0;
    for (size_t i = 0; i < n; i++)
        words[i] = times[i] != INT64_MAX;
    column_encode(out, words, n);
    for (size_t i = 0; i < n; i++)
        if (times[i] != INT64_MAX)
            words[n_there++] = (uint64_t)times[i];
    column_encode(out, words, n_there);
}

void person_block_encode(const struct person_block *block, struct bytes *out)
{
    size_t n = EVENT_BLOCK;
    while (n > 0 && block->first_presence[n - 1] == INT64_MAX &&
           block->registered[n - 1] == INT64_MAX)
        n--;
    uint64_t *words = mem_alloc(EVENT_BLOCK * sizeof *words);
    blob_begin(out);
    bytes_put_varint(out, n);
    column_put(out, block->first_presence, n, words);
    column_put(out, block->registered, n, words);
    blob_end(out);
    free(words);
}

static bool column_get(struct view *in, int64_t *times, size_t n, uint64_t *words)
{
    uint64_t *there = words, *values = words + n;
    size_t n_there = 0;
    if (!column_decode(in, there, n))
        return false;
    for (size_t i = 0; i < n; i++)
        n_there += there[i] != 0;
    if (!column_decode(in, values, n_there))
        return false;
    for (size_t i = 0; i < n; i++)
        if (there[i])
            earlier(&times[i], (int64_t)*values++);
    return true;
}

bool person_block_decode(struct view in, int64_t *first_presence, int64_t *registered)
{
    size_t n = view_count(&in, EVENT_BLOCK);
    uint64_t *words = mem_alloc((2 * n + 1) * sizeof *words);
    bool good = !in.bad && column_get(&in, first_presence, n, words) &&
                column_get(&in, registered, n, words) && view_left(&in) == 0;
    free(words);
    return good;
}
