/* A first copy: every place in order of its keys, then events and what is kept beside them as of
 * the batch that was pinned. Rows may be newer than the copy's number: what changed since is sent
 * again when it catches up. */
#include "model/sync/pull_parts.h"

#include "model/event/catalog.h"
#include "model/event/chunk_drop.h"
#include "model/event/recent.h"
#include "model/store/sqlite.h"

#include <stdlib.h>
#include <string.h>

/* ---- The beginning ---- */

static enum status pin(struct pull *pull, struct writer *writer, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "insert into replica (principal, id, seq, batch, heard) values (?1, ?5, ?2, ?3, ?4) on"
        " conflict do update set seq = ?2, batch = ?3, heard = ?4, position = ''",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, pull->access->principal, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, pull->at.seq);
    sqlite3_bind_int64(stmt, 3, pull->at.batch);
    sqlite3_bind_int64(stmt, 4, pull->now);
    sqlite3_bind_text(stmt, 5, pull->replica, -1, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
}

static enum status copy_tail(struct pull *pull, struct writer *writer, struct error *err)
{
    sqlite3_stmt *stmt;
    int code = SQLITE_DONE;
    if (!policy_events(pull->access->role))
        return ST_OK;
    enum status status =
        writer_prepare(writer, "select seq, " TAIL_COLUMNS " from tail order by seq", &stmt, err);
    if (status != ST_OK)
        return status;
    while (status == ST_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        status = pull_tail(pull, stmt, err);
    if (status == ST_OK && code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading the tail", err);
    sqlite3_reset(stmt);
    return status;
}

static enum status copy_start(struct pull *pull, struct writer *writer, struct error *err)
{
    sqlite3 *db = writer_db(writer);
    struct position *at = &pull->at;
    *at = (struct position){.copy = true, .key = -1, .block = INT32_MIN, .month = INT32_MIN};
    enum status status = sqlite_integer(
        db, "select cast(value as integer) from sync where name = 'seq'", 0, &at->seq, err);
    if (status == ST_OK)
        status = sqlite_integer(db, "select max(id) from batch where state = 'done'", 0, &at->batch,
                                err);
    if (status == ST_OK)
        status = sqlite_integer(
            db, "select coalesce((select seq from sqlite_sequence where name = 'tail'), 0)", 0,
            &at->tail, err);
    if (status == ST_OK)
        status = pin(pull, writer, err);
    if (status == ST_OK) {
        pull_begin(pull, 0);
        status = copy_tail(pull, writer, err);
    }
    return status;
}

enum status pull_copy_begin(struct pull *pull, struct writer *writer, struct error *err)
{
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = copy_start(pull, writer, err);
    if (status == ST_OK)
        status = writer_commit(writer, err);
    if (status != ST_OK) {
        writer_rollback(writer);
        return status;
    }
    return pull_end(pull, true, err);
}

/* ---- What is kept by batch ---- */

/* The key, then the columns; rows of the batch that counted then. */
#define COUNTS(batch, same)                                                                        \
    batch " <= ?2 and " batch " in " BATCHES_DONE " and not exists (select 1 from " same           \
          " and n.batch <= ?2 and n.batch in " BATCHES_DONE ")"
static const struct {
    int place, columns;
    const char *sql;
} copies[] = {
    {COPY_CHUNK, 10,
     "select id, id, batch, block, month, events, lines, first, last, head, data from chunk c"
     " where id > ?1 and " COUNTS("batch", "chunk n where n.block = c.block and n.month = c.month"
                                           " and n.batch > c.batch") " order by id"},
    {COPY_PERSON, 3,
     "select block, block, batch, columns from person_block c where block > ?1 and " COUNTS(
         "batch",
         "person_block n where n.block = c.block and n.batch > c.batch") " order by block"},
    {COPY_RECENT, 3,
     "select place, place, presence, tills from person_recent c where place > ?1 and"
     " (place & 4294967295) <= ?2 and (place & 4294967295) in " BATCHES_DONE
     " and not exists (select 1 from person_recent n where n.place > c.place and n.place <= c.place"
     " | 4294967295 and (n.place & 4294967295) <= ?2 and (n.place & 4294967295) in " BATCHES_DONE
     ") order by place"},
    {COPY_DAY, 3,
     "select rowid, day, batch, cells from rollup_day c where rowid > ?1 and " COUNTS(
         "batch", "rollup_day n where n.day = c.day and n.batch > c.batch") " order by rowid"},
    {COPY_HOUR, 3,
     "select day, day, batch, cells from rollup_hour c where day > ?1 and " COUNTS(
         "batch", "rollup_hour n where n.day = c.day and n.batch > c.batch") " order by day"},
};

static void column_put(struct bytes *out, sqlite3_stmt *stmt, int column)
{
    struct policy_value value = {.type = sqlite3_column_type(stmt, column),
                                 .integer = sqlite3_column_int64(stmt, column)};
    if (value.type == SQLITE_BLOB) {
        value.bytes = sqlite3_column_blob(stmt, column);
        value.size = (size_t)sqlite3_column_bytes(stmt, column);
    }
    value_put(out, &value);
}

/* A chunk with the columns that the role may see. */
static enum status chunk_put(struct pull *pull, struct bytes *out, sqlite3_stmt *stmt,
                             struct error *err)
{
    struct chunk_bytes less = {0};
    for (int i = 0; i < 8; i++)
        column_put(out, stmt, i + 1);
    bool good = chunk_drop(sqlite3_column_blob(stmt, 9), (size_t)sqlite3_column_bytes(stmt, 9),
                           sqlite3_column_blob(stmt, 10), (size_t)sqlite3_column_bytes(stmt, 10),
                           policy_event_columns_out(pull->access->role), &less);
    value_put(out, &(struct policy_value){
                       .type = SQLITE_BLOB, .bytes = less.head.at, .size = less.head.n});
    value_put(out, &(struct policy_value){
                       .type = SQLITE_BLOB, .bytes = less.data.at, .size = less.data.n});
    free(less.head.at);
    free(less.data.at);
    return good ? ST_OK
                : error_set(err, ST_UNUSABLE,
                            "chunk %lld of the hub is damaged: run `atrium verify` there",
                            (long long)sqlite3_column_int64(stmt, 0));
}

static enum status copy_send(struct pull *pull, size_t c, bool *full, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    *full = false;
    enum status status = reader_prepare(pull->reader, copies[c].sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, pull->at.key);
    sqlite3_bind_int64(stmt, 2, pull->at.batch);
    while (status == ST_OK && (status = reader_step(pull->reader, stmt, &row, err)) == ST_OK &&
           row) {
        *full = pull->out.bytes + pull->out.pending.n >= BATCH_BYTES;
        if (*full)
            break;
        struct bytes *out = batch_place(&pull->out, FRAME_ROWS, copies[c].place);
        pull->at.key = sqlite3_column_int64(stmt, 0);
        bytes_put_signed(out, pull->at.key);
        bytes_put_varint(out, 1);
        if (copies[c].place == COPY_CHUNK && policy_event_columns_out(pull->access->role))
            status = chunk_put(pull, out, stmt, err);
        else
            for (int i = 0; i < copies[c].columns; i++)
                column_put(out, stmt, i + 1);
        batch_item(&pull->out);
    }
    sqlite3_reset(stmt);
    return status;
}

/* ---- A batch ---- */

static void next_place(struct position *at)
{
    at->place++;
    at->key = -1;
}

/* How much of the copy is done, by bytes of chunks and keys of places: a guide for a bar. */
static double copy_share(const struct position *at)
{
    return at->place >= COPY_DONE ? 1
           : at->place >= COPY_CHUNK
               ? 0.6 + 0.4 * (at->place - COPY_CHUNK) / (COPY_DONE - COPY_CHUNK)
               : 0.6 * at->place / COPY_CHUNK;
}

enum status pull_copy_batch(struct pull *pull, bool *more, struct error *err)
{
    struct position *at = &pull->at;
    bool full = false, events = policy_events(pull->access->role);
    enum status status = ST_OK;
    pull_begin(pull, copy_share(at));
    while (status == ST_OK && !full && at->place < COPY_DONE) {
        const struct change_place *place = change_place_number(at->place);
        struct policy_table table = {0};
        if (place)
            policy_table(pull->access->role, place, &table);
        if (table.n)
            status = pull_place_copy(pull, &table, &full, err);
        else if (at->place >= COPY_CHUNK && events)
            status = copy_send(pull, (size_t)(at->place - COPY_CHUNK), &full, err);
        if (status == ST_OK && !full)
            next_place(at);
    }
    if (status == ST_OK && at->place >= COPY_DONE) {
        /* From here it catches up. */
        at->copy = false;
        at->batch = 0;
        at->place = POSITION_DONE;
        at->key = 0;
        at->block = at->month = INT32_MAX;
    }
    *more = true;
    return status == ST_OK ? pull_end(pull, true, err) : status;
}
