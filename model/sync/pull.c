#include "model/sync/pull.h"

#include "model/event/catalog.h"
#include "model/event/chunk_drop.h"
#include "model/store/sqlite.h"
#include "model/sync/pull_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- Rows of a place ---- */

/* One row's values behind `out`; false where it is left out. */
static bool row_put(const struct policy_table *table, struct policy_row *row, struct bytes *out)
{
    size_t before = out->n;
    for (size_t i = 0; i < table->n; i++) {
        struct policy_value value;
        if (!policy_value(table, row, i, &value)) {
            out->n = before;
            return false;
        }
        value_put(out, &value);
    }
    row->number++;
    return true;
}

/* A key's rows are complete: they go, or the word that there are none. */
static void key_put(struct pull *pull, const struct policy_table *table, int64_t key,
                    const struct bytes *rows, int n)
{
    struct bytes *out = batch_place(&pull->out, n ? FRAME_ROWS : FRAME_GONE, table->place->number);
    bytes_put_signed(out, key);
    if (n) {
        bytes_put_varint(out, (uint64_t)n);
        bytes_put(out, rows->at, rows->n);
    }
    batch_item(&pull->out);
}

static enum status select_open(struct pull *pull, const struct policy_table *table,
                               const char *condition, const char *order, int64_t key,
                               struct arena *arena, sqlite3_stmt **stmt, struct error *err)
{
    enum status status =
        reader_prepare(pull->reader, policy_select(arena, table, condition, order), stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(*stmt, 1, key);
    if (table->where && strstr(table->where, "?2"))
        sqlite3_bind_text(*stmt, 2, pull->access->principal, -1, SQLITE_STATIC);
    return ST_OK;
}

static enum status key_send(struct pull *pull, const struct policy_table *table, int64_t key,
                            struct error *err)
{
    struct arena *arena = arena_new();
    struct bytes rows = {0};
    struct policy_row row = {.access = pull->access, .arena = arena, .key = key};
    bool there = true;
    enum status status = select_open(pull, table, change_where_sql(arena, table->place), NULL, key,
                                     arena, &row.stmt, err);
    while (status == ST_OK &&
           (status = reader_step(pull->reader, row.stmt, &there, err)) == ST_OK && there)
        row_put(table, &row, &rows);
    if (status == ST_OK) {
        sqlite3_reset(row.stmt);
        key_put(pull, table, key, &rows, row.number);
    }
    free(rows.at);
    arena_free(arena);
    return status;
}

/* ---- Events ---- */

static enum status delta_put(struct pull *pull, int32_t block, int32_t month, const void *head,
                             size_t head_size, const void *data, size_t data_size,
                             struct error *err)
{
    unsigned out_columns = policy_event_columns_out(pull->access->role);
    struct chunk_bytes less = {0};
    struct bytes payload = {0};
    enum status status = ST_OK;
    if (out_columns && !chunk_drop(head, head_size, data, data_size, out_columns, &less))
        status = error_set(err, ST_UNUSABLE,
                           "events of block %d are damaged: run `atrium verify` on the hub", block);
    bytes_put_u8(&payload, ACT_ADD);
    bytes_put_signed(&payload, block);
    bytes_put_signed(&payload, month);
    bytes_put_varint(&payload, out_columns ? less.head.n : head_size);
    bytes_put(&payload, out_columns ? less.head.at : head, out_columns ? less.head.n : head_size);
    bytes_put(&payload, out_columns ? less.data.at : data, out_columns ? less.data.n : data_size);
    if (status == ST_OK)
        batch_events(&pull->out, &payload);
    free(payload.at);
    free(less.head.at);
    free(less.data.at);
    return status;
}

struct delta {
    int64_t id;
    int32_t block, month;
    bool kept; /* in event_delta */
};
struct deltas {
    VEC(struct delta) all;
};

/* What a batch brought, place by place, after the position's. */
static enum status deltas_find(struct pull *pull, int64_t batch, struct deltas *deltas,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(
        pull->reader,
        "select block, month, id, 1 from event_delta where batch = ?1 and (block, month) > (?2, ?3)"
        " union all select block, month, id, 0 from chunk c indexed by chunk_place where batch = ?1"
        " and (block, month) > (?2, ?3) and not exists (select 1 from event_delta d where"
        " d.batch = c.batch and d.block = c.block and d.month = c.month) order by 1, 2",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, batch);
    sqlite3_bind_int(stmt, 2, pull->at.block);
    sqlite3_bind_int(stmt, 3, pull->at.month);
    while ((status = reader_step(pull->reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&deltas->all,
                 (struct delta){sqlite3_column_int64(stmt, 2), sqlite3_column_int(stmt, 0),
                                sqlite3_column_int(stmt, 1), sqlite3_column_int(stmt, 3)});
    if (status == ST_OK)
        sqlite3_reset(stmt);
    return status;
}

static enum status delta_send(struct pull *pull, const struct delta *delta, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status =
        reader_prepare(pull->reader,
                       delta->kept ? "select head, data from event_delta where id = ?1"
                                   : "select head, data from chunk where id = ?1",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, delta->id);
    status = reader_step(pull->reader, stmt, &row, err);
    if (status == ST_OK && row)
        status = delta_put(pull, delta->block, delta->month, sqlite3_column_blob(stmt, 0),
                           (size_t)sqlite3_column_bytes(stmt, 0), sqlite3_column_blob(stmt, 1),
                           (size_t)sqlite3_column_bytes(stmt, 1), err);
    sqlite3_reset(stmt);
    return status;
}

/* As many as a batch takes. */
static enum status append_send(struct pull *pull, int64_t batch, struct error *err)
{
    struct deltas deltas = {0};
    size_t i = 0;
    enum status status = deltas_find(pull, batch, &deltas, err);
    for (; i < deltas.all.n && pull->out.bytes < BATCH_BYTES && status == ST_OK; i++) {
        status = delta_send(pull, &deltas.all.at[i], err);
        pull->at.block = deltas.all.at[i].block;
        pull->at.month = deltas.all.at[i].month;
    }
    if (i == deltas.all.n)
        pull->at.block = INT32_MAX;
    vec_free(&deltas.all);
    return status;
}

static void number_send(struct pull *pull, enum batch_act act, int64_t number)
{
    struct bytes payload = {0};
    bytes_put_u8(&payload, act);
    bytes_put_varint(&payload, (uint64_t)number);
    batch_events(&pull->out, &payload);
    free(payload.at);
}

/* The events of a move, with the role's columns. */
static bool packs_put(struct bytes *payload, struct view in, unsigned out_columns)
{
    struct chunk_bytes less = {0};
    bool good = true;
    bytes_put_u8(payload, view_u8(&in));
    while (good && !in.bad && view_left(&in)) {
        int64_t month = view_signed(&in);
        size_t head_size = view_count(&in, INT32_MAX);
        const void *head = view_take(&in, head_size);
        size_t data_size = view_count(&in, INT32_MAX);
        const void *data = view_take(&in, data_size);
        good = !in.bad && chunk_drop(head, head_size, data, data_size, out_columns, &less);
        if (!good)
            break;
        bytes_put_signed(payload, month);
        bytes_put_varint(payload, less.head.n);
        bytes_put(payload, less.head.at, less.head.n);
        bytes_put_varint(payload, less.data.n);
        bytes_put(payload, less.data.at, less.data.n);
    }
    free(less.head.at);
    free(less.data.at);
    return good && !in.bad;
}

static enum status move_send(struct pull *pull, sqlite3_stmt *stmt, struct error *err)
{
    struct bytes payload = {0};
    const void *events = sqlite3_column_blob(stmt, 6);
    size_t size = (size_t)sqlite3_column_bytes(stmt, 6);
    bytes_put_u8(&payload, ACT_MOVE);
    bytes_put_varint(&payload, (uint64_t)sqlite3_column_int64(stmt, 4));
    bytes_put_varint(&payload, (uint64_t)sqlite3_column_int64(stmt, 5));
    bool good = true;
    if (size)
        good = packs_put(&payload, view_of(events, size),
                         policy_event_columns_out(pull->access->role));
    else
        bytes_put_u8(&payload, 0);
    if (good)
        batch_events(&pull->out, &payload);
    free(payload.at);
    return good ? ST_OK
                : error_set(err, ST_UNUSABLE,
                            "the log of events is damaged: run `atrium verify` "
                            "on the hub");
}

/* The batch of the log that the statement is at. */
static enum status act_send(struct pull *pull, sqlite3_stmt *stmt, bool going_on, struct error *err)
{
    int64_t batch = sqlite3_column_int64(stmt, 0), tail = sqlite3_column_int64(stmt, 3);
    const char *act = (const char *)sqlite3_column_text(stmt, 2);
    if (!going_on)
        pull->at.block = pull->at.month = INT32_MIN;
    if (act && strcmp(act, "move") == 0) {
        pull->at.block = INT32_MAX;
        return move_send(pull, stmt, err);
    }
    if (act && strcmp(act, "fold") == 0 && !going_on) {
        if (pull->at.tail >= tail) {
            pull->at.block = INT32_MAX;
            number_send(pull, ACT_FOLD, tail);
            return ST_OK;
        }
        /* It has not seen all of them: they come as events. */
        number_send(pull, ACT_CUT, tail);
        pull->at.tail = tail;
    } else if (act && strcmp(act, "append") != 0 && strcmp(act, "fold") != 0) {
        return error_set(err, ST_CONFLICT,
                         "the hub's events were made anew: this replica takes a first copy again");
    }
    return append_send(pull, batch, err);
}

enum status pull_event_send(struct pull *pull, int64_t batch, bool going_on, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status =
        reader_prepare(pull->reader,
                       "select batch, seq, act, tail, source, target, events from event_log where"
                       " batch = ?1",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, batch);
    status = reader_step(pull->reader, stmt, &row, err);
    if (status == ST_OK && row)
        status = act_send(pull, stmt, going_on, err);
    sqlite3_reset(stmt);
    return status;
}

/* ---- The tail ---- */

/* From a statement of seq and TAIL_COLUMNS. */
static void tail_put(struct pull *pull, sqlite3_stmt *stmt)
{
    unsigned out_columns = policy_event_columns_out(pull->access->role);
    struct bytes *out = batch_place(&pull->out, FRAME_ROWS, CHANGE_TAIL);
    bytes_put_signed(out, sqlite3_column_int64(stmt, 0));
    bytes_put_varint(out, 1);
    for (int i = 0; i < TAIL_VALUES; i++) {
        struct policy_value value = {.type = SQLITE_INTEGER,
                                     .integer = sqlite3_column_int64(stmt, i)};
        if (i == TAIL_VALUES - 1)
            value = (struct policy_value){.type = SQLITE_TEXT,
                                          .bytes = sqlite3_column_text(stmt, i),
                                          .size = (size_t)sqlite3_column_bytes(stmt, i)};
        if (i == TAIL_VALUES - 1 && out_columns >> COLUMN_REF & 1)
            value.size = 0;
        if (i == TAIL_VALUES - 2 && out_columns >> COLUMN_ADDRESS & 1)
            value.integer = 0;
        value_put(out, &value);
    }
    batch_item(&pull->out);
}

static enum status tail_send(struct pull *pull, bool *more, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    *more = false;
    if (!policy_events(pull->access->role))
        return ST_OK;
    enum status status = reader_prepare(
        pull->reader, "select seq, " TAIL_COLUMNS " from tail where seq > ?1 order by seq", &stmt,
        err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, pull->at.tail);
    while ((status = reader_step(pull->reader, stmt, &row, err)) == ST_OK && row) {
        *more = pull->out.bytes + pull->out.pending.n >= BATCH_BYTES;
        if (*more)
            break;
        tail_put(pull, stmt);
        pull->at.tail = sqlite3_column_int64(stmt, 0);
    }
    sqlite3_reset(stmt);
    return status;
}

/* ---- A batch ---- */

void pull_begin(struct pull *pull, double share)
{
    json_t *head = json_pack("{s:b, s:f}", "copy", pull->at.copy, "share", share);
    batch_begin(&pull->out, pull->frames, head);
    json_decref(head);
}

enum status pull_end(struct pull *pull, bool more, struct error *err)
{
    int64_t person;
    enum status status = reader_integer(
        pull->reader, "select value from counter where name = 'person'", 0, &person, err);
    json_t *end = json_pack("{s:o, s:I, s:b, s:I}", "position", position_json(&pull->at), "time",
                            (json_int_t)pull->now, "more", more, "person", (json_int_t)person);
    batch_end(&pull->out, end);
    json_decref(end);
    pull->told = !more;
    return status;
}

static enum status item_send(struct pull *pull, const struct pull_item *item, struct error *err)
{
    const struct change_place *place = change_place_number(item->place);
    struct policy_table table = {0};
    if (item->place == CHANGE_TAIL) {
        if (policy_events(pull->access->role) && item->key <= pull->at.tail)
            bytes_put_signed(batch_place(&pull->out, FRAME_GONE, CHANGE_TAIL), item->key);
        return ST_OK;
    }
    if (place)
        policy_table(pull->access->role, place, &table);
    return table.n ? key_send(pull, &table, item->key, err) : ST_OK;
}

/* The things of the log, up to a batch's size. *rest: there are more. */
static enum status log_send(struct pull *pull, bool *rest, struct error *err)
{
    struct pull_items items = {0};
    enum status status = pull_items_read(pull, &items, rest, err);
    for (size_t i = 0; i < items.all.n && status == ST_OK; i++) {
        const struct pull_item *item = &items.all.at[i];
        size_t sent = pull->out.bytes + pull->out.pending.n;
        bool event = item->place == POSITION_EVENTS && policy_events(pull->access->role);
        /* What is done with events is the first thing of a batch. */
        *rest = *rest || sent >= BATCH_BYTES || (event && sent > 0);
        if (sent >= BATCH_BYTES || (event && sent > 0))
            break;
        pull->at.seq = item->seq;
        pull->at.place = item->place;
        pull->at.key = item->key;
        if (!event) {
            pull->at.block = INT32_MAX;
            status = item_send(pull, item, err);
            continue;
        }
        status = pull_event_send(pull, item->key, item->going_on, err);
        if (pull->at.block != INT32_MAX) {
            *rest = true;
            break;
        }
    }
    vec_free(&items.all);
    return status;
}

/* Whether there is anything after the position. */
static enum status news(struct pull *pull, bool *there, struct error *err)
{
    int64_t seq, tail = 0;
    enum status status = reader_integer(
        pull->reader, "select cast(value as integer) from sync where name = 'seq'", 0, &seq, err);
    if (status == ST_OK && policy_events(pull->access->role))
        status = reader_integer(pull->reader, "select max(seq) from tail", 0, &tail, err);
    *there = seq != pull->at.seq || pull->at.place != POSITION_DONE || tail > pull->at.tail;
    return status;
}

static enum status changes_batch(struct pull *pull, bool *more, struct error *err)
{
    int64_t seq;
    bool there;
    enum status status = news(pull, &there, err);
    if (status != ST_OK || (!there && pull->told))
        return status;
    pull_begin(pull, 1);
    status = log_send(pull, more, err);
    if (status == ST_OK && !*more) {
        status = reader_integer(pull->reader,
                                "select cast(value as integer) from sync where name = 'seq'", 0,
                                &seq, err);
        pull->at.seq = seq;
        pull->at.place = POSITION_DONE;
        pull->at.key = 0;
        pull->at.block = pull->at.month = INT32_MAX;
        if (status == ST_OK)
            status = tail_send(pull, more, err);
    }
    return status == ST_OK ? pull_end(pull, *more, err) : status;
}

enum status pull_batch(struct pull *pull, bool *more, struct error *err)
{
    *more = false;
    enum status status = reader_begin(pull->reader, err);
    if (status != ST_OK)
        return status;
    status = pull->at.copy ? pull_copy_batch(pull, more, err) : changes_batch(pull, more, err);
    reader_end(pull->reader);
    return status;
}

void pull_free(struct pull *pull)
{
    batch_out_free(&pull->out);
}

enum status pull_tail(struct pull *pull, sqlite3_stmt *stmt, struct error *err)
{
    (void)err;
    tail_put(pull, stmt);
    return ST_OK;
}

enum status pull_place_copy(struct pull *pull, const struct policy_table *table, bool *full,
                            struct error *err)
{
    struct arena *arena = arena_new();
    struct bytes rows = {0};
    struct policy_row row = {.access = pull->access, .arena = arena, .key = pull->at.key};
    const struct change_place *place = table->place;
    const char *condition =
        place->key == CHANGE_PAIR
            ? arena_printf(arena, "(%s, %s) > (?1 >> %d, ((?1 & %d) + 1 << %d) - 1)", place->column,
                           place->second, CHANGE_BLOCK_BITS, (1 << CHANGE_BLOCK_BITS) - 1,
                           place->shift)
            : arena_printf(arena, "%s > ?1", change_key_sql(arena, place));
    const char *order = place->key == CHANGE_PAIR
                            ? arena_printf(arena, "%s, %s", place->column, place->second)
                        : place->key == CHANGE_ALL ? NULL
                                                   : change_key_sql(arena, place);
    bool there = true, any = false;
    *full = false;
    enum status status =
        select_open(pull, table, condition, order, pull->at.key, arena, &row.stmt, err);
    struct arena *texts = arena_new();
    row.arena = texts;
    while (status == ST_OK && !*full &&
           (status = reader_step(pull->reader, row.stmt, &there, err)) == ST_OK && there) {
        int64_t key = sqlite3_column_int64(row.stmt, 0);
        if (any && key != row.key) {
            if (row.number)
                key_put(pull, table, row.key, &rows, row.number);
            pull->at.key = row.key;
            rows.n = 0;
            row.number = 0;
            arena_reset(texts);
            *full = pull->out.bytes + pull->out.pending.n >= BATCH_BYTES;
        }
        row.key = key;
        any = true;
        if (!*full)
            row_put(table, &row, &rows);
    }
    if (status == ST_OK && any && !*full) {
        if (row.number)
            key_put(pull, table, row.key, &rows, row.number);
        pull->at.key = row.key;
    }
    if (row.stmt)
        sqlite3_reset(row.stmt);
    free(rows.at);
    arena_free(texts);
    arena_free(arena);
    return status;
}
