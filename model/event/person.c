#include "model/event/person.h"

#include "model/event/blob.h"
#include "model/event/catalog.h"
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

/* ---- Reading ---- */

static enum status blocks_read(struct reader *reader, int64_t *first_presence, int64_t *registered,
                               size_t n_blocks, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(reader,
                                        "select block, columns, max(batch) from person_block"
                                        " where batch in " BATCHES_DONE " group by block",
                                        &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t block = sqlite3_column_int64(stmt, 0);
        if (block < 0 || (uint64_t)block >= n_blocks)
            continue;
        size_t first = (size_t)block << EVENT_BLOCK_BITS;
        if (!person_block_decode(blob_column(stmt, 1), first_presence + first, registered + first))
            status =
                error_set(err, ST_UNUSABLE,
                          "the columns of the people of block %lld are damaged: restore a copy "
                          "of the mall file, or run `atrium verify`",
                          (long long)block);
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    return status;
}

static enum status tail_people(struct reader *reader, int64_t *first_presence, int64_t *registered,
                               uint32_t n, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status =
        reader_prepare(reader, "select person, kind, time from tail where person > 0", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        uint32_t person = (uint32_t)sqlite3_column_int64(stmt, 0);
        uint16_t kind = (uint16_t)sqlite3_column_int(stmt, 1);
        int64_t time = sqlite3_column_int64(stmt, 2);
        if (person < n && kind == KIND_REGISTER)
            earlier(&registered[person], time);
        if (person < n && (kind_flags(kind) & KIND_PRESENCE))
            earlier(&first_presence[person], time);
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    return status;
}

enum { PERSON_MOST = INT32_MAX };

/* The highest number given, or that of the tail; and one more than the last block with events. */
static enum status people_known(struct reader *reader, int64_t *highest, int64_t *blocks,
                                struct error *err)
{
    int64_t tail = 0;
    enum status status =
        reader_integer(reader, "select value from counter where name = 'person'", 0, highest, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select max(person) from tail", 0, &tail, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select max(block) + 1 from chunk indexed by chunk_place",
                                0, blocks, err);
    *highest = tail > *highest ? tail : *highest;
    if (status == ST_OK && (*highest < 0 || *highest > PERSON_MOST || *blocks < 0 ||
                            *blocks > (PERSON_MOST >> EVENT_BLOCK_BITS) + 1))
        return error_set(err, ST_UNUSABLE,
                         "the counter of people is damaged: restore a copy of the mall file, or "
                         "run `atrium verify`");
    return status;
}

enum status person_columns_read(struct reader *reader, struct arena *arena,
                                struct person_columns *columns, struct error *err)
{
    int64_t highest = 0, blocks = 0;
    *columns = (struct person_columns){0};
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = people_known(reader, &highest, &blocks, err);
    if (status == ST_OK) {
        int64_t needed = (highest >> EVENT_BLOCK_BITS) + 1;
        size_t n_blocks = (size_t)(blocks > needed ? blocks : needed);
        size_t n = n_blocks << EVENT_BLOCK_BITS;
        int64_t *first_presence = arena_array(arena, int64_t, 2 * n), *registered;
        registered = first_presence + n;
        for (size_t i = 0; i < 2 * n; i++)
            first_presence[i] = INT64_MAX;
        status = blocks_read(reader, first_presence, registered, n_blocks, err);
        if (status == ST_OK)
            status = tail_people(reader, first_presence, registered, (uint32_t)n, err);
        *columns = (struct person_columns){blocks > needed ? (uint32_t)n : (uint32_t)highest + 1,
                                           first_presence, registered};
    }
    reader_end(reader);
    return status;
}
