/* Reads the columns by person, a block at a time. */
#include "model/event/person.h"

#include "model/event/blob.h"
#include "model/event/catalog.h"
#include "model/event/sample.h"

#include <stdlib.h>

/* ---- The tail ---- */

static int tail_compare(const void *a, const void *b)
{
    const struct person_tail *x = a, *y = b;
    return (x->person > y->person) - (x->person < y->person);
}

static void earlier(int64_t *time, int64_t than)
{
    *time = than < *time ? than : *time;
}

/* Everybody once. */
static void tail_tidy(struct person_source *source)
{
    size_t n = 0;
    if (source->tail.n)
        qsort(source->tail.at, source->tail.n, sizeof *source->tail.at, tail_compare);
    for (size_t i = 0; i < source->tail.n; i++) {
        const struct person_tail *row = &source->tail.at[i];
        if (n && source->tail.at[n - 1].person == row->person) {
            earlier(&source->tail.at[n - 1].first_presence, row->first_presence);
            earlier(&source->tail.at[n - 1].registered, row->registered);
        } else {
            source->tail.at[n++] = *row;
        }
    }
    source->tail.n = n;
}

static enum status tail_read(struct person_source *source, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(
        source->reader, "select person, kind, time from tail where person > 0", &stmt, err);
    while (status == ST_OK && (status = reader_step(source->reader, stmt, &row, err)) == ST_OK &&
           row) {
        struct person_tail one = {(uint32_t)sqlite3_column_int64(stmt, 0), INT64_MAX, INT64_MAX};
        uint16_t kind = (uint16_t)sqlite3_column_int(stmt, 1);
        int64_t time = sqlite3_column_int64(stmt, 2);
        if (kind == KIND_REGISTER)
            one.registered = time;
        if (kind_flags(kind) & KIND_PRESENCE)
            one.first_presence = time;
        if (one.person < source->n)
            vec_push(&source->tail, one);
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    tail_tidy(source);
    return status;
}

/* ---- How many ---- */

enum { PERSON_MOST = INT32_MAX };

enum status people_end(struct reader *reader, uint32_t *n, struct error *err)
{
    int64_t highest = 0, tail = 0, blocks = 0;
    enum status status =
        reader_integer(reader, "select value from counter where name = 'person'", 0, &highest, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select max(person) from tail", 0, &tail, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select max(block) + 1 from chunk indexed by chunk_place",
                                0, &blocks, err);
    if (status != ST_OK)
        return status;
    highest = tail > highest ? tail : highest;
    if (highest < 0 || highest > PERSON_MOST || blocks < 0 ||
        blocks > (PERSON_MOST >> EVENT_BLOCK_BITS) + 1)
        return error_set(err, ST_UNUSABLE,
                         "the counter of people is damaged: restore a copy of the mall file, or "
                         "run `atrium verify`");
    /* The events of a damaged file may know more blocks than the counter does. */
    *n = blocks > (highest >> EVENT_BLOCK_BITS) + 1 ? (uint32_t)blocks << EVENT_BLOCK_BITS
                                                    : (uint32_t)highest + 1;
    return ST_OK;
}

/* ---- A block ---- */

enum status person_source_begin(struct person_source *source, struct reader *reader,
                                struct error *err)
{
    *source = (struct person_source){.reader = reader};
    enum status status = people_end(reader, &source->n, err);
    return status == ST_OK ? tail_read(source, err) : status;
}

void person_source_end(struct person_source *source)
{
    vec_free(&source->tail);
}

enum status person_source_fetch(struct person_source *source, int32_t block, struct bytes *stored,
                                struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    stored->n = 0;
    enum status status =
        reader_prepare(source->reader,
                       "select columns from person_block where block = ?1"
                       " and batch in " BATCHES_DONE " order by batch desc limit 1",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, block);
    status = reader_step(source->reader, stmt, &row, err);
    if (status == ST_OK && row) {
        const void *at = sqlite3_column_blob(stmt, 0);
        bytes_put(stored, at, (size_t)sqlite3_column_bytes(stmt, 0));
        if (!stored->n) /* a block of nothing is damage, and none at all is fine */
            bytes_put_u8(stored, 0);
    }
    sqlite3_reset(stmt);
    return status;
}

enum status person_source_decode(const struct person_source *source, int32_t block,
                                 const struct bytes *stored, int64_t *first_presence,
                                 int64_t *registered, struct error *err)
{
    uint32_t first = block_first_person(block);
    size_t low = 0, high = source->tail.n;
    for (size_t i = 0; i < EVENT_BLOCK; i++)
        first_presence[i] = registered[i] = INT64_MAX;
    if (stored->n &&
        !person_block_decode(blob_view(stored->at, stored->n), first_presence, registered))
        return error_set(err, ST_UNUSABLE,
                         "the columns of the people of block %d are damaged: restore a copy of "
                         "the mall file, or run `atrium verify`",
                         block);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (source->tail.at[middle].person < first)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < source->tail.n && source->tail.at[low].person - first < EVENT_BLOCK; low++) {
        const struct person_tail *row = &source->tail.at[low];
        earlier(&first_presence[row->person - first], row->first_presence);
        earlier(&registered[row->person - first], row->registered);
    }
    return ST_OK;
}

/* ---- All of them ---- */

static enum status times_each(struct person_source *source, person_times_fn *fn, void *context,
                              struct error *err)
{
    int64_t *room = mem_alloc(2 * EVENT_BLOCK * sizeof *room);
    struct bytes stored = {0};
    enum status status = ST_OK;
    for (uint32_t first = 0; first < source->n && status == ST_OK; first += EVENT_BLOCK) {
        int32_t block = (int32_t)(first >> EVENT_BLOCK_BITS);
        if (!sample_has_block(sample_of(source->reader), block))
            continue;
        struct person_times times = {
            .first_person = first,
            .n = source->n - first < EVENT_BLOCK ? source->n - first : EVENT_BLOCK,
            .first_presence = room,
            .registered = room + EVENT_BLOCK,
        };
        status = person_source_fetch(source, block, &stored, err);
        if (status == ST_OK)
            status = person_source_decode(source, block, &stored, room, room + EVENT_BLOCK, err);
        if (status == ST_OK && reader_cancelled(source->reader))
            status = error_set(err, ST_CANCELLED, "the question was cancelled");
        if (status == ST_OK)
            status = fn(context, &times, err);
    }
    vec_free(&stored);
    free(room);
    return status;
}

enum status person_times_each(struct reader *reader, person_times_fn *fn, void *context,
                              struct error *err)
{
    struct person_source source;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = person_source_begin(&source, reader, err);
    if (status == ST_OK)
        status = times_each(&source, fn, context, err);
    person_source_end(&source);
    reader_end(reader);
    return status;
}
