#include "model/sync/apply.h"

#include "model/event/append.h"
#include "model/event/catalog.h"
#include "model/event/move.h"
#include "model/people/search.h"
#include "model/store/lock_clock.h"
#include "model/store/sqlite.h"
#include "model/sync/outbox_parts.h"
#include "model/sync/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Rows of places ---- */

static enum status person_note(struct apply *apply, const struct change_place *place, int64_t key,
                               struct error *err)
{
    if (strcmp(place->table, "member") != 0 || key < 1 || key > UINT32_MAX)
        return ST_OK;
    return search_touch(apply->writer, (uint32_t)key, err);
}

/* In place of what is there under their keys. */
static enum status rows_replace(struct apply *apply, const struct policy_table *table,
                                struct view *in, bool gone, struct error *err)
{
    struct arena *arena = arena_new();
    const struct change_place *place = table->place;
    const char *sql = NULL;
    enum status status = rows_insert_sql(apply->writer, arena, table, ROWS_BOUND, &sql, err);
    while (status == ST_OK && view_left(in)) {
        int64_t key = view_signed(in);
        size_t n = gone ? 0 : view_count(in, INT32_MAX);
        if (in->bad)
            status = rows_nonsense(err);
        if (status == ST_OK && !n)
            status = forget_note(&apply->forgetting, apply->writer, place, key, err);
        if (status == ST_OK)
            status = rows_clear(apply->writer, place, key, arena, err);
        for (size_t i = 0; i < n && status == ST_OK; i++)
            status = row_insert(apply->writer, sql, in, table->n, err);
        if (status == ST_OK)
            status = person_note(apply, place, key, err);
        apply->rows++;
    }
    arena_free(arena);
    return status;
}

static enum status place_rows(struct apply *apply, const struct change_place *place,
                              struct view *in, bool gone, struct error *err)
{
    struct policy_table table;
    policy_table(apply->role, place, &table);
    if (!table.n)
        return rows_nonsense(err);
    apply->settings |= strcmp(place->table, "setting") == 0;
    bool whole = place->key == CHANGE_ALL; /* a new mall's own settings are not the hub's */
    return apply->copying && !gone && !whole
               ? rows_copy(apply->writer, &table, *in, &apply->rows, err)
               : rows_replace(apply, &table, in, gone, err);
}

/* ---- The tail and what is kept by batch ---- */

static const struct {
    int place;
    size_t columns;
    const char *sql;
    int batch; /* its column; -1: in the number of the place */
} copies[] = {
    {COPY_CHUNK, 10,
     "insert or replace into chunk (id, batch, block, month, events, lines, first, last, head,"
     " data) values (?,?,?,?,?,?,?,?,?,?)",
     1},
    {COPY_PERSON, 3, "insert or replace into person_block (block, batch, columns) values (?,?,?)",
     1},
    {COPY_RECENT, 3, "insert or replace into person_recent (place, presence, tills) values (?,?,?)",
     -1},
    {COPY_DAY, 3, "insert or replace into rollup_day (day, batch, cells) values (?,?,?)", 1},
    {COPY_HOUR, 3, "insert or replace into rollup_hour (day, batch, cells) values (?,?,?)", 1},
    {CHANGE_TAIL, 14,
     "insert or replace into tail (seq, " TAIL_COLUMNS ") values (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
     -2},
};

static enum status run_number(struct writer *writer, const char *sql, int64_t number,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, number);
    return writer_run(writer, stmt, err);
}

/* The row's batch counts here as it does on the hub. */
static enum status batch_count(struct apply *apply, int c, struct view in, struct error *err)
{
    struct policy_value value = {0};
    int column = copies[c].batch < 0 ? 0 : copies[c].batch;
    if (copies[c].batch == -2)
        return ST_OK;
    for (int i = 0; i <= column; i++)
        if (!value_get(&in, &value))
            return rows_nonsense(err);
    return run_number(apply->writer, "insert or ignore into batch (id, state) values (?1, 'done')",
                      copies[c].batch < 0 ? value.integer & UINT32_MAX : value.integer, err);
}

/* An event that was made here and now comes from the hub. */
static enum status own_remove(struct apply *apply, struct view in, struct error *err)
{
    sqlite3_stmt *stmt;
    struct policy_value value, kind = {0};
    for (size_t i = 0; i < 14; i++) {
        if (!value_get(&in, &value))
            return rows_nonsense(err);
        if (i == 3)
            kind = value;
    }
    if (value.type != SQLITE_TEXT || value.size == 0)
        return ST_OK;
    enum status status = writer_prepare(
        apply->writer, "delete from tail where kind = ?1 and ref = ?2 and ref <> '' and seq < 0",
        &stmt, err);
    if (status != ST_OK)
        return status;
    value_bind(stmt, 1, &kind);
    value_bind(stmt, 2, &value);
    return writer_run(apply->writer, stmt, err);
}

static enum status copy_rows(struct apply *apply, int place, struct view *in, struct error *err)
{
    int c = 0, n = (int)(sizeof copies / sizeof *copies);
    enum status status = ST_OK;
    while (c < n && copies[c].place != place)
        c++;
    if (c == n || !policy_events(apply->role))
        return rows_nonsense(err);
    while (status == ST_OK && view_left(in)) {
        view_signed(in);
        if (view_varint(in) != 1)
            return rows_nonsense(err);
        status =
            place == CHANGE_TAIL ? own_remove(apply, *in, err) : batch_count(apply, c, *in, err);
        if (status == ST_OK)
            status = row_insert(apply->writer, copies[c].sql, in, copies[c].columns, err);
        apply->events++;
    }
    return status;
}

static enum status tail_gone(struct apply *apply, struct view *in, struct error *err)
{
    enum status status = ST_OK;
    while (status == ST_OK && view_left(in)) {
        int64_t key = view_signed(in);
        status = in->bad ? rows_nonsense(err)
                         : run_number(apply->writer, "delete from tail where seq = ?1", key, err);
    }
    return status;
}

static enum status part_rows(struct apply *apply, const struct batch_part *part, struct error *err)
{
    struct view in = view_of(apply->batch->bytes.at + part->from, part->to - part->from);
    uint64_t number = view_varint(&in);
    if (in.bad || number > COPY_DONE)
        return rows_nonsense(err);
    const struct change_place *place = change_place_number((int)number);
    if (place)
        return place_rows(apply, place, &in, part->type == FRAME_GONE, err);
    return part->type == FRAME_GONE && number == CHANGE_TAIL
               ? tail_gone(apply, &in, err)
               : copy_rows(apply, (int)number, &in, err);
}

/* ---- The transaction ---- */

enum status sync_put(struct writer *writer, const char *name, const char *value, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "insert or replace into sync values (?1, ?2)", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, value, -1, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
}

static enum status number_put(struct writer *writer, const char *name, int64_t value,
                              struct error *err)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return sync_put(writer, name, text, err);
}

static enum status position_put(struct apply *apply, struct position *position, struct error *err)
{
    const json_t *end = apply->end;
    if (!position_read(json_object_get(end, "position"), position))
        return rows_nonsense(err);
    char *text = position_text(position);
    enum status status = sync_put(apply->writer, "position", text, err);
    free(text);
    if (status == ST_OK && !position->copy)
        status = number_put(apply->writer, "as_of",
                            json_integer_value(json_object_get(end, "time")), err);
    if (status == ST_OK)
        status = lock_clock_hear(writer_db(apply->writer),
                                 json_integer_value(json_object_get(end, "time")), apply->now, err);
    if (status == ST_OK)
        status = run_number(apply->writer,
                            "update counter set value = max(value, ?1) where name = 'person'",
                            json_integer_value(json_object_get(end, "person")), err);
    if (status == ST_OK)
        status = run_number(apply->writer,
                            "update counter set value = max(value, coalesce((select max(id) from"
                            " batch), 0)) where name = 'batch' and ?1",
                            1, err);
    return status;
}

static enum status acts_first(struct apply *apply, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < apply->batch->parts.n && status == ST_OK; i++) {
        const struct batch_part *part = &apply->batch->parts.at[i];
        struct view in = view_of(apply->batch->bytes.at + part->from, part->to - part->from);
        if (part->type == FRAME_EVENTS && view_u8(&in) == ACT_CUT)
            status = run_number(apply->writer, "delete from tail where seq between 1 and ?1",
                                (int64_t)view_varint(&in), err);
    }
    return status;
}

static enum status rows_write(struct writer *writer, void *context, struct error *err)
{
    struct apply *apply = context;
    struct position position = {0};
    change_capture(writer, false);
    enum status status = outbox_restore(writer, err);
    if (status == ST_OK)
        status = acts_first(apply, err);
    for (size_t i = 0; i < apply->own.n && status == ST_OK; i++)
        status = run_number(writer, "delete from tail where seq = ?1 and seq < 0", apply->own.at[i],
                            err);
    for (size_t i = 0; i < apply->batch->parts.n && status == ST_OK; i++)
        if (apply->batch->parts.at[i].type != FRAME_EVENTS)
            status = part_rows(apply, &apply->batch->parts.at[i], err);
    if (status == ST_OK)
        status = forget_rows(&apply->forgetting, writer, err);
    if (status == ST_OK)
        status = position_put(apply, &position, err);
    if (status == ST_OK)
        status = outbox_redo(writer, position.copy ? 0 : position.seq, err);
    if (status == ST_OK)
        status = writer_touch_rows(writer, err);
    return status == ST_OK ? writer_touch_events(writer, err) : status;
}

/* ---- Events ---- */

/* An event that was made on this replica (event_append_pending). */
struct own_event {
    int64_t seq, kind;
    const char *ref;
};

struct adding {
    struct event_bulk *bulk;
    VEC(struct own_event) own;
    struct arena *own_texts;
    struct arena *arena;
    struct chunk_head head;
    struct event_list events;
};

static enum status own_read(struct apply *apply, struct adding *adding, struct error *err)
{
    sqlite3_stmt *stmt;
    int code;
    enum status status = writer_prepare(
        apply->writer, "select seq, kind, ref from tail where seq < 0 and ref <> ''", &stmt, err);
    if (status != ST_OK)
        return status;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        vec_push(&adding->own,
                 (struct own_event){
                     sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
                     arena_strdup(adding->own_texts, (const char *)sqlite3_column_text(stmt, 2))});
    if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(apply->writer), "reading the tail", err);
    sqlite3_reset(stmt);
    return status;
}

static void own_note(struct apply *apply, const struct adding *adding)
{
    for (size_t o = 0; o < adding->own.n; o++)
        for (size_t i = 0; i < adding->events.n; i++) {
            const struct event *event = &adding->events.at[i];
            if (event->kind == adding->own.at[o].kind && event->ref_size &&
                strlen(adding->own.at[o].ref) == event->ref_size &&
                memcmp(adding->own.at[o].ref, event->ref, event->ref_size) == 0)
                vec_push(&apply->own, adding->own.at[o].seq);
        }
}

static enum status chunk_add(struct apply *apply, struct adding *adding, struct view in,
                             struct error *err)
{
    int64_t block = view_signed(&in), month = view_signed(&in);
    size_t head_size = view_count(&in, INT32_MAX);
    const unsigned char *head = view_take(&in, head_size);
    (void)month;
    adding->events.n = 0;
    arena_reset(adding->arena);
    if (in.bad || block < EVENT_NOBODY || block > UINT32_MAX >> EVENT_BLOCK_BITS ||
        !chunk_head_read(&adding->head, head, head_size) ||
        adding->head.data_size != view_left(&in) ||
        !chunk_events(&adding->head, in.at, block_first_person((int32_t)block), adding->arena,
                      &adding->events))
        return rows_nonsense(err);
    apply->events += (int64_t)adding->events.n;
    own_note(apply, adding);
    return event_bulk_add(adding->bulk, 0, adding->events.at, adding->events.n, err);
}

static enum status events_add(struct apply *apply, struct error *err)
{
    struct adding adding = {.arena = arena_new(), .own_texts = arena_new()};
    struct event_bulk_options options = {
        .memory = (size_t)256 << 20, .threads = 2, .source = "hub", .replayed = true};
    enum status status = own_read(apply, &adding, err);
    if (status == ST_OK)
        status = event_bulk_begin(apply->writer, &options, &adding.bulk, err);
    for (size_t i = 0; i < apply->batch->parts.n && status == ST_OK; i++) {
        const struct batch_part *part = &apply->batch->parts.at[i];
        struct view in = view_of(apply->batch->bytes.at + part->from, part->to - part->from);
        if (part->type == FRAME_EVENTS && view_u8(&in) == ACT_ADD)
            status = chunk_add(apply, &adding, in, err);
    }
    if (status == ST_OK)
        status = event_bulk_commit(adding.bulk, rows_write, apply, NULL, err);
    else
        event_bulk_cancel(adding.bulk);
    chunk_head_free(&adding.head);
    vec_free(&adding.events);
    vec_free(&adding.own);
    arena_free(adding.own_texts);
    arena_free(adding.arena);
    return status;
}

static enum status move_rows(struct writer *writer, struct event_move *move, void *context,
                             struct error *err)
{
    (void)move;
    return rows_write(writer, context, err);
}

static enum status events_unpack(struct view in, uint32_t person, struct arena *arena,
                                 struct event_list *events, struct error *err)
{
    enum status status = ST_OK;
    while (status == ST_OK && view_left(&in)) {
        view_signed(&in);
        size_t head_size = view_count(&in, INT32_MAX);
        const void *head = view_take(&in, head_size);
        size_t data_size = view_count(&in, INT32_MAX);
        const void *data = view_take(&in, data_size);
        status = in.bad
                     ? rows_nonsense(err)
                     : event_unpack(head, head_size, data, data_size, person, arena, events, err);
    }
    return status;
}

static enum status events_move(struct apply *apply, struct view in, struct error *err)
{
    struct event_list only = {0};
    struct arena *arena = arena_new();
    static const struct event none;
    uint64_t from = view_varint(&in), to = view_varint(&in);
    bool some = view_u8(&in) == 1;
    struct event_move move = {.from = (uint32_t)from,
                              .to = (uint32_t)to,
                              .arena = arena,
                              .before_visible = move_rows,
                              .context = apply,
                              .replayed = true};
    enum status status =
        in.bad || !from || !to || from == to || from > UINT32_MAX || to > UINT32_MAX
            ? rows_nonsense(err)
            : ST_OK;
    if (status == ST_OK && some)
        status = events_unpack(in, (uint32_t)from, arena, &only, err);
    if (some) {
        move.only = only.n ? only.at : &none;
        move.n_only = only.n;
    }
    if (status == ST_OK)
        status = event_move(apply->writer, &move, err);
    apply->events += (int64_t)move.moved.n;
    vec_free(&move.moved);
    vec_free(&only);
    arena_free(arena);
    return status;
}

static enum status plain(struct apply *apply, struct error *err)
{
    enum status status = writer_begin(apply->writer, err);
    if (status == ST_OK)
        status = rows_write(apply->writer, apply, err);
    if (status == ST_OK)
        status = writer_commit(apply->writer, err);
    writer_rollback(apply->writer);
    return status;
}

static enum status batch_write(struct apply *apply, struct error *err)
{
    for (size_t i = 0; i < apply->batch->parts.n; i++) {
        const struct batch_part *part = &apply->batch->parts.at[i];
        struct view in = view_of(apply->batch->bytes.at + part->from, part->to - part->from);
        if (part->type != FRAME_EVENTS)
            continue;
        if (!policy_events(apply->role))
            return rows_nonsense(err);
        switch (view_u8(&in)) {
        case ACT_ADD:
            return events_add(apply, err);
        case ACT_CUT:
            continue; /* what was cut follows, or was nothing */
        case ACT_FOLD:
            return event_fold_to(apply->writer, (int64_t)view_varint(&in), rows_write, apply, err);
        case ACT_MOVE:
            return events_move(apply, in, err);
        default:
            return rows_nonsense(err);
        }
    }
    return plain(apply, err);
}

enum status apply_batch(struct apply *apply, struct error *err)
{
    enum status status = batch_write(apply, err);
    if (status == ST_OK)
        status = forget_bytes(&apply->forgetting, apply->writer, err);
    forgetting_free(&apply->forgetting);
    vec_free(&apply->own);
    return status;
}
