#include "model/event/move.h"

#include "model/event/bulk.h"
#include "model/event/catalog.h"
#include "model/event/person.h"
#include "model/store/change.h"

#include <stdlib.h>
#include <string.h>

/* ---- Which events ---- */

static int ref_compare(const struct event *a, const struct event *b)
{
    if (a->ref_size != b->ref_size)
        return a->ref_size < b->ref_size ? -1 : 1;
    return a->ref_size ? memcmp(a->ref, b->ref, a->ref_size) : 0;
}

/* The order of all that an event says but for whose it is. */
static int event_compare(const struct event *a, const struct event *b)
{
#define BY(field)                                                                                  \
    if (a->field != b->field)                                                                      \
    return a->field < b->field ? -1 : 1
    BY(time);
    BY(kind);
    BY(amount);
    BY(tenant);
    BY(zone);
    BY(channel);
    BY(device);
    BY(campaign);
    BY(item);
    BY(value);
    BY(address);
#undef BY
    return ref_compare(a, b);
}

static int pointer_compare(const void *a, const void *b)
{
    return event_compare(*(const struct event *const *)a, *(const struct event *const *)b);
}

/* The events asked for, in order, and which of them were met. */
struct wanted {
    bool all;
    const struct event **at;
    bool *met;
    size_t n;
};

static struct wanted wanted_make(const struct event_move *move)
{
    struct wanted wanted = {.all = !move->only, .n = move->n_only};
    if (wanted.all || !wanted.n)
        return wanted;
    wanted.at = mem_alloc(wanted.n * sizeof *wanted.at);
    wanted.met = mem_zero(wanted.n, sizeof *wanted.met);
    for (size_t i = 0; i < wanted.n; i++)
        wanted.at[i] = &move->only[i];
    qsort(wanted.at, wanted.n, sizeof *wanted.at, pointer_compare);
    return wanted;
}

static bool wanted_take(struct wanted *wanted, const struct event *event)
{
    if (wanted->all)
        return true;
    size_t low = 0, high = wanted->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (event_compare(wanted->at[middle], event) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (low < wanted->n && wanted->met[low] && event_compare(wanted->at[low], event) == 0)
        low++;
    if (low == wanted->n || event_compare(wanted->at[low], event) != 0)
        return false;
    return wanted->met[low] = true;
}

/* ---- One move ---- */

struct place {
    int32_t block, month;
};

struct mover {
    struct event_move *move;
    struct writer *writer;
    struct stage stage;
    struct sorter *sorter;
    struct wanted wanted;
    struct chunk_buffer buffer;
    struct event_list events; /* of one place */
    struct arena *arena;      /* their references */
    VEC(struct place) emptied;
    struct chunk_calendar days;
    /* Of `from` and `to` as they will be. */
    struct share {
        int64_t presence, registered;
        VEC(struct recent_event) recent;
    } share[2];
};

static void share_note(struct share *share, const struct event *event)
{
    if (event->kind == KIND_REGISTER && event->time < share->registered)
        share->registered = event->time;
    if ((kind_flags(event->kind) & KIND_PRESENCE) && event->time < share->presence)
        share->presence = event->time;
    if (recent_wants(event->kind))
        vec_push(&share->recent, recent_event_of(event));
}

static void keep_moved(struct mover *mover, const struct event *event)
{
    struct event kept = *event;
    if (event->ref_size)
        kept.ref = arena_strndup(mover->move->arena, event->ref, event->ref_size);
    vec_push(&mover->move->moved, kept);
}

/* The months that a block has events in, rising. To be freed. */
static enum status months_read(struct mover *mover, int32_t block, int32_t **months, size_t *n,
                               struct error *err)
{
    VEC(int32_t) found = {0};
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(mover->writer,
                                        "select distinct month from chunk where block = ?1 and"
                                        " batch in " BATCHES_DONE " order by month",
                                        &stmt, err);
    if (status == ST_OK) {
        int code;
        sqlite3_bind_int(stmt, 1, block);
        while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
            vec_push(&found, sqlite3_column_int(stmt, 0));
        if (code != SQLITE_DONE)
            status = sqlite_status(writer_db(mover->writer), "reading events", err);
        sqlite3_reset(stmt);
    }
    *months = found.at;
    *n = found.n;
    return status;
}

/* The events of a place into mover->events; none where there is no chunk. */
static enum status place_load(struct mover *mover, int32_t block, int32_t month, struct error *err)
{
    struct chunk_entry entry;
    mover->events.n = 0;
    arena_reset(mover->arena);
    enum status status =
        place_chunk(mover->writer, mover->stage.batch, block, month, &entry, &mover->buffer, err);
    if (status != ST_OK || entry.id == 0)
        return status;
    if (!chunk_events(&mover->buffer.parsed, mover->buffer.data.at, block_first_person(block),
                      mover->arena, &mover->events))
        return chunk_damaged(&entry, "its columns do not decode", err);
    return ST_OK;
}

/* The place as mover->events have it now. */
static enum status place_store(struct mover *mover, int32_t block, int32_t month, struct error *err)
{
    const struct event_list *events = &mover->events;
    if (events->n == 0) {
        vec_push(&mover->emptied, (struct place){block, month});
        return ST_OK;
    }
    struct chunk_row row = {.block = block, .month = month, .first = INT64_MAX, .last = INT64_MIN};
    row.events = (int64_t)events->n;
    for (size_t i = 0; i < events->n; i++) {
        row.first = events->at[i].time < row.first ? events->at[i].time : row.first;
        row.last = events->at[i].time > row.last ? events->at[i].time : row.last;
        row.lines += events->at[i].kind == KIND_LINE;
    }
    sorter_sort(mover->sorter, block, events->at, events->n);
    if (mover->sorter->places.n != 1 || events->n > CHUNK_EVENTS_MAX)
        return clock_refused(err);
    sorter_encode(mover->sorter, sorter_place(mover->sorter, mover->sorter->places.at), events->n,
                  &row.bytes);
    enum status status = stage_chunk(&mover->stage, &row, err);
    free(row.bytes.head.at);
    free(row.bytes.data.at);
    return status;
}

/* Takes the wanted events of `from` out of a place; in the same block they stay, as those of `to`.
 */
static enum status place_take(struct mover *mover, int32_t block, int32_t month, struct error *err)
{
    const struct event_move *move = mover->move;
    bool stays = person_block(move->to) == block;
    size_t kept = 0, before = move->moved.n;
    enum status status = place_load(mover, block, month, err);
    if (status != ST_OK)
        return status;
    struct event_list *events = &mover->events;
    VEC(struct event) moved = {0};
    for (size_t i = 0; i < events->n; i++) {
        struct event event = events->at[i];
        if (event.person == move->from && wanted_take(&mover->wanted, &event)) {
            keep_moved(mover, &event);
            event.person = move->to;
            vec_push(&moved, event);
            continue;
        }
        if (event.person == move->from)
            share_note(&mover->share[0], &event);
        events->at[kept++] = event;
    }
    events->n = kept;
    for (size_t i = 0; stays && i < moved.n; i++) /* behind those that were there */
        events->at[events->n++] = moved.at[i];
    vec_free(&moved);
    for (size_t i = 0; stays && i < events->n; i++)
        if (events->at[i].person == move->to)
            share_note(&mover->share[1], &events->at[i]);
    return move->moved.n > before ? place_store(mover, block, month, err) : ST_OK;
}

/* Adds what moved to a place of the other block. */
static enum status place_give(struct mover *mover, int32_t block, const struct span *month,
                              struct error *err)
{
    const struct event_move *move = mover->move;
    enum status status = place_load(mover, block, month->number, err);
    size_t before = mover->events.n;
    for (size_t i = 0; i < move->moved.n && status == ST_OK; i++) {
        struct event event = move->moved.at[i];
        if (event.time < month->start || event.time >= month->end)
            continue;
        event.person = move->to;
        vec_push(&mover->events, event);
    }
    for (size_t i = 0; i < mover->events.n && status == ST_OK; i++)
        if (mover->events.at[i].person == move->to)
            share_note(&mover->share[1], &mover->events.at[i]);
    if (status == ST_OK && mover->events.n > before)
        status = place_store(mover, block, month->number, err);
    return status;
}

static enum status blocks_take(struct mover *mover, struct error *err)
{
    int32_t *months, block = person_block(mover->move->from);
    size_t n;
    enum status status = months_read(mover, block, &months, &n, err);
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = place_take(mover, block, months[i], err);
    free(months);
    return status;
}

/* Months that what moved lies in, and those that the block has. */
static enum status blocks_give(struct mover *mover, struct error *err)
{
    const struct event_move *move = mover->move;
    int32_t *months, block = person_block(move->to);
    size_t n;
    if (block == person_block(move->from))
        return ST_OK;
    enum status status = months_read(mover, block, &months, &n, err);
    struct chunk_calendar calendar = chunk_calendar_make(&writer_mall(mover->writer)->clock, false);
    for (size_t i = 0; i < move->moved.n; i++)
        chunk_calendar_find(&calendar, move->moved.at[i].time);
    for (size_t i = 0; i < calendar.spans.n && status == ST_OK; i++)
        status = place_give(mover, block, &calendar.spans.at[i], err);
    for (size_t i = 0, at = 0; i < n && status == ST_OK; i++) {
        while (at < calendar.spans.n && calendar.spans.at[at].number < months[i])
            at++;
        if (at < calendar.spans.n && calendar.spans.at[at].number == months[i])
            continue;
        struct span other = {months[i], 0, 0}; /* nothing moved lies in it */
        status = place_give(mover, block, &other, err);
    }
    chunk_calendar_free(&calendar);
    free(months);
    return status;
}

/* ---- The columns by person ---- */

static enum status recent_store(struct mover *mover, int32_t block, struct error *err)
{
    const uint32_t persons[2] = {mover->move->from, mover->move->to};
    struct recent *recent = mem_zero(1, sizeof *recent);
    struct recent_bytes bytes = {0};
    recent_clear(recent);
    enum status status = recent_stored(mover->writer, mover->stage.batch, block, recent, err);
    for (int i = 0; i < 2 && status == ST_OK; i++)
        if (person_block(persons[i]) == block)
            recent_replace(recent, persons[i] & (EVENT_BLOCK - 1), mover->share[i].recent.at,
                           mover->share[i].recent.n, &mover->days);
    if (status == ST_OK) {
        recent_encode(recent, mover->days.clock, &bytes);
        status = stage_recent(&mover->stage, block, &bytes, err);
    }
    recent_bytes_free(&bytes);
    recent_free(recent);
    free(recent);
    return status;
}

static enum status people_store(struct mover *mover, int32_t block, struct error *err)
{
    const uint32_t persons[2] = {mover->move->from, mover->move->to};
    struct person_block *people = mem_alloc(sizeof *people);
    struct bytes bytes = {0};
    person_block_clear(people);
    enum status status = person_block_stored(mover->writer, mover->stage.batch, block, people, err);
    for (int i = 0; i < 2; i++) {
        size_t at = persons[i] & (EVENT_BLOCK - 1);
        if (person_block(persons[i]) != block)
            continue;
        people->first_presence[at] = mover->share[i].presence;
        people->registered[at] = mover->share[i].registered;
    }
    if (status == ST_OK) {
        person_block_encode(people, &bytes);
        status = stage_people(&mover->stage, block, &bytes, err);
    }
    free(bytes.at);
    free(people);
    return status == ST_OK ? recent_store(mover, block, err) : status;
}

/* ---- The last transaction ---- */

/* What came to the tail since it was folded. */
static enum status tail_move(struct mover *mover, struct error *err)
{
    sqlite3_stmt *stmt;
    if (!mover->wanted.all)
        return ST_OK;
    enum status status = writer_prepare(
        mover->writer, "select " TAIL_COLUMNS " from tail where person = ?1 order by seq", &stmt,
        err);
    if (status != ST_OK)
        return status;
    int code;
    sqlite3_bind_int64(stmt, 1, mover->move->from);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct event event;
        tail_row(stmt, 0, &event);
        keep_moved(mover, &event);
    }
    if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(mover->writer), "reading the tail", err);
    sqlite3_reset(stmt);
    if (status == ST_OK)
        status = writer_prepare(mover->writer, "update tail set person = ?2 where person = ?1",
                                &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, mover->move->from);
    sqlite3_bind_int64(stmt, 2, mover->move->to);
    return writer_run(mover->writer, stmt, err);
}

static enum status emptied_remove(struct mover *mover, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < mover->emptied.n && status == ST_OK; i++) {
        sqlite3_stmt *stmt;
        status = writer_prepare(mover->writer, "delete from chunk where block = ?1 and month = ?2",
                                &stmt, err);
        if (status != ST_OK)
            break;
        sqlite3_bind_int(stmt, 1, mover->emptied.at[i].block);
        sqlite3_bind_int(stmt, 2, mover->emptied.at[i].month);
        status = writer_run(mover->writer, stmt, err);
    }
    return status;
}

/* For the log of a hub: what a replica needs to do the same. */
static enum status note_put(void *context, int32_t month, const struct chunk_bytes *bytes,
                            struct error *err)
{
    struct bytes *out = context;
    (void)err;
    bytes_put_signed(out, month);
    bytes_put_varint(out, bytes->head.n);
    bytes_put(out, bytes->head.at, bytes->head.n);
    bytes_put_varint(out, bytes->data.n);
    bytes_put(out, bytes->data.at, bytes->data.n);
    return ST_OK;
}

static enum status move_note(struct mover *mover, struct error *err)
{
    const struct event_move *move = mover->move;
    struct bytes events = {0};
    enum status status = ST_OK;
    sqlite3_stmt *stmt;
    if (!change_logged(mover->writer))
        return ST_OK;
    if (move->only) {
        bytes_put_u8(&events, 1);
        status = event_pack(&writer_mall(mover->writer)->clock, move->moved.at, move->moved.n,
                            note_put, &events, err);
    }
    if (status == ST_OK)
        status = change_batch_note(mover->writer,
                                   &(struct change_batch){.batch = mover->stage.batch,
                                                          .act = "move",
                                                          .source = move->from,
                                                          .target = move->to,
                                                          .events = events.at,
                                                          .size = events.n},
                                   err);
    free(events.at);
    /* A place that loses its row has it no longer for those who copy: they begin again. */
    if (status == ST_OK && mover->emptied.n)
        status = writer_prepare(mover->writer, "update replica set batch = 0 where batch <> 0",
                                &stmt, err);
    return status == ST_OK && mover->emptied.n ? writer_run(mover->writer, stmt, err) : status;
}

static enum status make_visible(struct mover *mover, struct error *err)
{
    struct event_move *move = mover->move;
    struct writer *writer = mover->writer;
    sqlite3_stmt *stmt;
    enum status status = writer_begin(writer, err);
    if (status == ST_OK)
        status = tail_move(mover, err);
    if (status == ST_OK && move->before_visible)
        status = move->before_visible(writer, move, move->context, err);
    if (status == ST_OK)
        status = emptied_remove(mover, err);
    if (status == ST_OK)
        status = move_note(mover, err);
    if (status == ST_OK)
        status =
            writer_prepare(writer, "update batch set state = 'done' where id = ?1", &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, mover->stage.batch);
        status = writer_run(writer, stmt, err);
    }
    if (status == ST_OK)
        status = writer_touch_events(writer, err);
    return status == ST_OK ? writer_commit(writer, err) : status;
}

static enum status mover_run(struct mover *mover, struct error *err)
{
    int32_t from = person_block(mover->move->from), to = person_block(mover->move->to);
    enum status status = stage_clean(mover->writer, err);
    if (status == ST_OK)
        status = stage_open(&mover->stage, mover->writer, "link", 0, err);
    if (status == ST_OK)
        status = blocks_take(mover, err);
    if (status == ST_OK)
        status = blocks_give(mover, err);
    if (status == ST_OK)
        status = people_store(mover, from, err);
    if (status == ST_OK && to != from)
        status = people_store(mover, to, err);
    if (status == ST_OK)
        status = stage_flush(&mover->stage, err);
    if (status == ST_OK)
        status = make_visible(mover, err);
    if (status != ST_OK)
        writer_rollback(mover->writer);
    /* What was replaced, or staged in vain; what stays behind, the next batch removes. */
    stage_clean(mover->writer, NULL);
    return status;
}

enum status event_move(struct writer *writer, struct event_move *move, struct error *err)
{
    if (writer_mall(writer)->replica && !move->replayed)
        return error_set(err, ST_DENIED,
                         "people are joined, taken apart and erased at the hub: this is a replica, "
                         "which is sent what became of them");
    enum status status = move->replayed ? ST_OK : event_fold(writer, 1, err);
    if (status == ST_OK)
        status = writer_bulk_begin(writer, err);
    if (status != ST_OK)
        return status;
    struct mover mover = {.move = move,
                          .writer = writer,
                          .sorter = sorter_new(&writer_mall(writer)->clock),
                          .wanted = wanted_make(move),
                          .days = chunk_calendar_make(&writer_mall(writer)->clock, true),
                          .arena = arena_new()};
    for (int i = 0; i < 2; i++)
        mover.share[i] = (struct share){.presence = INT64_MAX, .registered = INT64_MAX};
    status = mover_run(&mover, err);
    writer_bulk_end(writer);
    sorter_free(mover.sorter);
    free(mover.wanted.at);
    free(mover.wanted.met);
    chunk_buffer_free(&mover.buffer);
    vec_free(&mover.events);
    vec_free(&mover.emptied);
    for (int i = 0; i < 2; i++)
        vec_free(&mover.share[i].recent);
    chunk_calendar_free(&mover.days);
    arena_free(mover.arena);
    return status;
}

/* ---- Records ---- */

enum status event_pack(const struct clock *clock, const struct event *events, size_t n,
                       event_pack_put *put, void *context, struct error *err)
{
    struct sorter *sorter = sorter_new(clock);
    enum status status = ST_OK;
    if (n)
        sorter_sort(sorter, person_block(events[0].person), events, n);
    for (size_t i = 0; n && i < sorter->places.n && status == ST_OK; i++) {
        const struct place_range *place = &sorter->places.at[i];
        struct chunk_bytes bytes = {0};
        sorter_encode(sorter, sorter_place(sorter, place), place->to - place->from, &bytes);
        status = put(context, place->span.number, &bytes, err);
        free(bytes.head.at);
        free(bytes.data.at);
    }
    sorter_free(sorter);
    return status;
}

enum status link_event_keep(struct writer *writer, int64_t link, int32_t month,
                            const struct chunk_bytes *bytes, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "insert into link_event (link, month, head, data) values (?1, ?2, ?3, ?4)", &stmt,
        err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, link);
    sqlite3_bind_int(stmt, 2, month);
    sqlite3_bind_blob(stmt, 3, bytes->head.at, (int)bytes->head.n, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 4, bytes->data.n ? (const void *)bytes->data.at : "",
                      (int)bytes->data.n, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
}

enum status event_unpack(const void *head, size_t head_size, const void *data, size_t data_size,
                         uint32_t person, struct arena *arena, struct event_list *events,
                         struct error *err)
{
    struct chunk_head parsed = {0};
    bool good =
        chunk_head_read(&parsed, head, head_size) && parsed.data_size == data_size &&
        chunk_events(&parsed, data, block_first_person(person_block(person)), arena, events);
    chunk_head_free(&parsed);
    return good ? ST_OK
                : error_set(err, ST_UNUSABLE,
                            "what a link keeps of person #%u is damaged: restore a copy of the "
                            "mall file, or run `atrium verify`",
                            person);
}
