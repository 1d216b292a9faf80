#include "model/event/prepare.h"

#include "model/event/blob.h"

#include <stdlib.h>

struct preparer *preparer_new(struct shared_writer *shared, const struct clock *clock)
{
    struct preparer *preparer = mem_zero(1, sizeof *preparer);
    preparer->shared = shared;
    preparer->sorter = sorter_new(clock);
    preparer->joiner = sorter_new(clock);
    preparer->rollup = rollup_make(clock);
    preparer->people = mem_alloc(sizeof *preparer->people);
    preparer->recent = mem_zero(1, sizeof *preparer->recent);
    preparer->days = chunk_calendar_make(clock, true);
    preparer->now = time_now();
    preparer->arena = arena_new();
    return preparer;
}

void preparer_free(struct preparer *preparer)
{
    if (!preparer)
        return;
    sorter_free(preparer->sorter);
    sorter_free(preparer->joiner);
    rollup_free(&preparer->rollup);
    chunk_buffer_free(&preparer->buffer);
    vec_free(&preparer->joined);
    arena_free(preparer->arena);
    free(preparer->people);
    recent_free(preparer->recent);
    free(preparer->recent);
    chunk_calendar_free(&preparer->days);
    free(preparer);
}

/* ---- What the file has ---- */

static void column_bytes(sqlite3_stmt *stmt, int column, struct bytes *to)
{
    to->n = 0;
    const void *from = sqlite3_column_blob(stmt, column);
    bytes_put(to, from, (size_t)sqlite3_column_bytes(stmt, column));
}

enum status place_chunk(struct writer *writer, int64_t batch, int32_t block, int32_t month,
                        struct chunk_entry *entry, struct chunk_buffer *buffer, struct error *err)
{
    sqlite3_stmt *stmt;
    *entry = (struct chunk_entry){.block = block, .month = month};
    enum status status = writer_prepare(
        writer,
        "select id, events, lines, first, last, head, data, batch = ?3 from chunk where block = ?1"
        " and month = ?2 and (batch = ?3 or batch in " BATCHES_DONE ") order by batch desc limit 1",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int(stmt, 1, block);
    sqlite3_bind_int(stmt, 2, month);
    sqlite3_bind_int64(stmt, 3, batch);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        entry->id = sqlite3_column_int64(stmt, 0);
        entry->events = sqlite3_column_int64(stmt, 1);
        entry->lines = sqlite3_column_int64(stmt, 2);
        entry->first = sqlite3_column_int64(stmt, 3);
        entry->last = sqlite3_column_int64(stmt, 4);
        column_bytes(stmt, 5, &buffer->head);
        column_bytes(stmt, 6, &buffer->data);
        entry->own = sqlite3_column_int(stmt, 7);
        status = chunk_check(entry, buffer, err);
    } else if (code != SQLITE_DONE) {
        status = sqlite_status(writer_db(writer), "reading events", err);
    }
    sqlite3_reset(stmt);
    return status;
}

enum status person_block_stored(struct writer *writer, int64_t batch, int32_t block,
                                struct person_block *people, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer,
                       "select columns from person_block where block = ?1 and"
                       " (batch = ?2 or batch in " BATCHES_DONE ") order by batch desc limit 1",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int(stmt, 1, block);
    sqlite3_bind_int64(stmt, 2, batch);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW &&
        !person_block_decode(blob_column(stmt, 0), people->first_presence, people->registered))
        status = error_set(err, ST_UNUSABLE,
                           "the columns of the people of block %d are damaged: restore a copy of "
                           "the mall file, or run `atrium verify`",
                           block);
    else if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading columns by person", err);
    sqlite3_reset(stmt);
    return status;
}

enum status clock_refused(struct error *err)
{
    return error_set(err, ST_REFUSED,
                     "the mall's time zone or start of day was changed after events were "
                     "recorded: set it back, or import everything into a new mall");
}

enum status recent_stored(struct writer *writer, int64_t batch, int32_t block,
                          struct recent *recent, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer,
                       "select presence, tills from person_recent where place between ?1 << 32 and"
                       " ?1 << 32 | 4294967295 and (" RECENT_BATCH " = ?2 or " RECENT_BATCH
                       " in " BATCHES_DONE ") order by place desc limit 1",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int(stmt, 1, block);
    sqlite3_bind_int64(stmt, 2, batch);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW && !recent_decode(blob_column(stmt, 0), blob_column(stmt, 1),
                                             &writer_mall(writer)->clock, recent))
        status = error_set(err, ST_UNUSABLE,
                           "what the people of block %d did lately is damaged: restore a copy of "
                           "the mall file, or run `atrium verify`",
                           block);
    else if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading what people did lately", err);
    sqlite3_reset(stmt);
    return status == ST_OK && recent->other_clock ? clock_refused(err) : status;
}

/* ---- Joining and encoding ---- */

/* So many more events than a place has or fewer, and the kinds without new ones stay as they are.
 * Of more, other kinds may come to follow one another (link.h), which is worth encoding all anew.
 */
enum { FEW_PART = 16 };

/* What a place will have: the events to be encoded, and of the stored chunk what stays. */
struct joined {
    const struct event *events;
    size_t n;
    struct chunk_entry entry; /* of the stored chunk; id 0: there is none */
    struct chunk_kept kept;
};

/* The place's events as they will be, where the file has some: those come first, as they arrived
 * first. */
static enum status chunk_join(struct preparer *preparer, int32_t block,
                              const struct place_range *place, const struct event *fresh,
                              size_t n_fresh, struct joined *joined, struct error *err)
{
    struct chunk_buffer *buffer = &preparer->buffer;
    struct event_list *list = &preparer->joined;
    bool few = n_fresh <= (size_t)joined->entry.events / FEW_PART;
    joined->kept = (struct chunk_kept){.head = &buffer->parsed, .data = buffer->data.at};
    for (int kind = 0; kind <= KIND_MAX; kind++)
        joined->kept.changing[kind] = !few;
    for (size_t i = 0; i < n_fresh; i++)
        joined->kept.changing[fresh[i].kind] = true;
    chunk_kinds_changing(&buffer->parsed, joined->kept.changing);
    list->n = 0;
    arena_reset(preparer->arena);
    if (!chunk_events_of(&buffer->parsed, buffer->data.at, block_first_person(block),
                         joined->kept.changing, preparer->arena, list))
        return chunk_damaged(&joined->entry, "its columns do not decode", err);
    for (size_t i = 0; i < n_fresh; i++)
        vec_push(list, fresh[i]);
    sorter_sort(preparer->joiner, block, list->at, list->n);
    if (preparer->joiner->places.n != 1 || joined->entry.first < place->span.start ||
        joined->entry.last >= place->span.end)
        return clock_refused(err);
    joined->n = list->n;
    joined->events = sorter_place(preparer->joiner, preparer->joiner->places.at);
    return ST_OK;
}

static enum status place_join(struct preparer *preparer, int32_t block,
                              const struct place_range *place, const struct event *fresh,
                              struct joined *joined, struct error *err)
{
    struct shared_writer *shared = preparer->shared;
    size_t n_fresh = place->to - place->from;
    *joined = (struct joined){.events = fresh, .n = n_fresh};
    if (shared->fresh)
        return ST_OK;
    pthread_mutex_lock(&shared->lock);
    enum status status = place_chunk(shared->writer, shared->batch, block, place->span.number,
                                     &joined->entry, &preparer->buffer, err);
    pthread_mutex_unlock(&shared->lock);
    return status == ST_OK && joined->entry.id
               ? chunk_join(preparer, block, place, fresh, n_fresh, joined, err)
               : status;
}

/* The new events, over what the row of the stored chunk says. */
static void row_describe(struct chunk_row *row, const struct chunk_entry *entry,
                         const struct event *events, size_t n)
{
    row->first = entry->id ? entry->first : INT64_MAX;
    row->last = entry->id ? entry->last : INT64_MIN;
    row->events = entry->events + (int64_t)n;
    row->lines = entry->lines;
    for (size_t i = 0; i < n; i++) {
        row->first = events[i].time < row->first ? events[i].time : row->first;
        row->last = events[i].time > row->last ? events[i].time : row->last;
        row->lines += events[i].kind == KIND_LINE;
    }
}

static void people_add(struct preparer *preparer, const struct event *fresh, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        person_block_add(preparer->people, &fresh[i]);
        recent_add(preparer->recent, &fresh[i], preparer->now);
    }
}

static enum status place_prepare(struct preparer *preparer, int32_t block,
                                 const struct place_range *place, struct prepared *prepared,
                                 struct error *err)
{
    size_t n_fresh = place->to - place->from;
    const struct event *fresh = sorter_place(preparer->sorter, place);
    struct joined joined;
    enum status status = place_join(preparer, block, place, fresh, &joined, err);
    if (status != ST_OK)
        return status;
    struct chunk_row row = {.block = block, .month = place->span.number};
    bool stored = joined.entry.id != 0;
    row_describe(&row, &joined.entry, fresh, n_fresh);
    if (row.events > CHUNK_EVENTS_MAX)
        return error_set(err, ST_REFUSED,
                         "there are more than %d events of one block of people in one month",
                         CHUNK_EVENTS_MAX);
    if (!sorter_encode_beside(preparer->joiner, joined.events, joined.n,
                              stored ? &joined.kept : NULL, &row.bytes))
        status = chunk_damaged(&joined.entry, "its columns do not match their checksums", err);
    /* Without earlier events the chunk itself says what the batch brought. */
    if (status == ST_OK && preparer->shared->logged && stored && !joined.entry.own)
        sorter_encode(preparer->sorter, fresh, n_fresh, &row.fresh);
    vec_push(&prepared->chunks, row); /* to be freed with the others in any case */
    if (status != ST_OK)
        return status;
    rollup_add_place(&preparer->rollup, place->span.start, fresh, n_fresh);
    if (block >= 0)
        people_add(preparer, fresh, n_fresh);
    return ST_OK;
}

enum status preparer_begin(struct preparer *preparer, int32_t block, struct prepared *prepared,
                           struct error *err)
{
    struct shared_writer *shared = preparer->shared;
    *prepared = (struct prepared){.block = block};
    person_block_clear(preparer->people);
    recent_clear(preparer->recent);
    if (block < 0 || shared->fresh)
        return ST_OK;
    pthread_mutex_lock(&shared->lock);
    enum status status =
        person_block_stored(shared->writer, shared->batch, block, preparer->people, err);
    if (status == ST_OK)
        status = recent_stored(shared->writer, shared->batch, block, preparer->recent, err);
    pthread_mutex_unlock(&shared->lock);
    return status;
}

enum status preparer_add(struct preparer *preparer, const struct event *events, size_t n,
                         struct prepared *prepared, struct error *err)
{
    if (n >= UINT32_MAX)
        return error_set(err, ST_REFUSED, "there are too many events of one block of people");
    prepared->events += (int64_t)n;
    sorter_sort(preparer->sorter, prepared->block, events, n);
    enum status status = ST_OK;
    for (size_t i = 0; i < preparer->sorter->places.n && status == ST_OK; i++)
        status = place_prepare(preparer, prepared->block, &preparer->sorter->places.at[i], prepared,
                               err);
    return status;
}

void preparer_end(struct preparer *preparer, struct prepared *prepared)
{
    if (preparer->people->changed)
        person_block_encode(preparer->people, &prepared->people);
    if (!preparer->recent->changed)
        return;
    recent_move_on(preparer->recent, &preparer->days);
    recent_close(preparer->recent, &preparer->days);
    recent_encode(preparer->recent, preparer->days.clock, &prepared->recent);
}

void prepared_free(struct prepared *prepared)
{
    for (size_t i = 0; i < prepared->chunks.n; i++) {
        free(prepared->chunks.at[i].bytes.head.at);
        free(prepared->chunks.at[i].bytes.data.at);
        free(prepared->chunks.at[i].fresh.head.at);
        free(prepared->chunks.at[i].fresh.data.at);
    }
    vec_free(&prepared->chunks);
    free(prepared->people.at);
    recent_bytes_free(&prepared->recent);
    *prepared = (struct prepared){0};
}

enum status prepared_stage(const struct prepared *prepared, struct stage *stage, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < prepared->chunks.n && status == ST_OK; i++)
        status = stage_chunk(stage, &prepared->chunks.at[i], err);
    if (status == ST_OK && prepared->people.n)
        status = stage_people(stage, prepared->block, &prepared->people, err);
    if (status == ST_OK && prepared->recent.presence.n)
        status = stage_recent(stage, prepared->block, &prepared->recent, err);
    return status;
}
