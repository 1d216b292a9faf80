#include "model/event/stage.h"

#include "model/event/blob.h"

#include <stdlib.h>

/* ---- The open transaction ---- */

static enum status stage_begin(struct stage *stage, struct error *err)
{
    return writer_in_transaction(stage->writer) ? ST_OK : writer_begin(stage->writer, err);
}

enum status stage_flush(struct stage *stage, struct error *err)
{
    stage->bytes = stage->rows = 0;
    return writer_in_transaction(stage->writer) ? writer_commit(stage->writer, err) : ST_OK;
}

static enum status stage_put(struct stage *stage, sqlite3_stmt *stmt, size_t bytes,
                             struct error *err)
{
    enum status status = writer_run(stage->writer, stmt, err);
    stage->bytes += bytes;
    if (status == ST_OK && (stage->bytes >= STAGE_BYTES || ++stage->rows >= STAGE_ROWS))
        status = stage_flush(stage, err);
    return status;
}

enum status stage_open(struct stage *stage, struct writer *writer, const char *source, int64_t time,
                       struct error *err)
{
    *stage = (struct stage){.writer = writer};
    sqlite3_stmt *stmt;
    enum status status = writer_begin(writer, err);
    if (status == ST_OK)
        status = writer_prepare(writer, "update counter set value = value + 1 where name = 'batch'",
                                &stmt, err);
    if (status == ST_OK)
        status = writer_run(writer, stmt, err);
    if (status == ST_OK)
        status = writer_prepare(writer,
                                "insert into batch (id, state, source, time) select value,"
                                " 'staged', ?1, ?2 from counter where name = 'batch'",
                                &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_text(stmt, 1, source ? source : "", -1, SQLITE_STATIC);
        sqlite3_bind_int64(stmt, 2, time ? time : time_now());
        status = writer_run(writer, stmt, err);
        stage->batch = sqlite3_last_insert_rowid(writer_db(writer));
    }
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

/* ---- Rows ---- */

static enum status stage_fresh(struct stage *stage, const struct chunk_row *row, struct error *err)
{
    sqlite3_stmt *stmt;
    const struct bytes *head = &row->fresh.head, *data = &row->fresh.data;
    enum status status = stage_begin(stage, err);
    if (status == ST_OK)
        status = writer_prepare(stage->writer,
                                "insert into event_delta (batch, block, month, head, data)"
                                " values (?1, ?2, ?3, ?4, ?5)",
                                &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, stage->batch);
    sqlite3_bind_int(stmt, 2, row->block);
    sqlite3_bind_int(stmt, 3, row->month);
    sqlite3_bind_blob(stmt, 4, head->at, (int)head->n, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 5, data->n ? (const void *)data->at : "", (int)data->n, SQLITE_STATIC);
    return stage_put(stage, stmt, head->n + data->n, err);
}

enum status stage_chunk(struct stage *stage, const struct chunk_row *row, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = stage_begin(stage, err);
    if (status == ST_OK)
        status = writer_prepare(stage->writer,
                                "delete from chunk where block = ?1 and month = ?2 and batch = ?3",
                                &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int(stmt, 1, row->block);
        sqlite3_bind_int(stmt, 2, row->month);
        sqlite3_bind_int64(stmt, 3, stage->batch);
        status = writer_run(stage->writer, stmt, err);
    }
    if (status == ST_OK)
        status = writer_prepare(stage->writer,
                                "insert into chunk (batch, block, month, events, lines, first,"
                                " last, head, data) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                                &stmt, err);
    if (status != ST_OK)
        return status;
    const struct bytes *head = &row->bytes.head, *data = &row->bytes.data;
    sqlite3_bind_int64(stmt, 1, stage->batch);
    sqlite3_bind_int(stmt, 2, row->block);
    sqlite3_bind_int(stmt, 3, row->month);
    sqlite3_bind_int64(stmt, 4, row->events);
    sqlite3_bind_int64(stmt, 5, row->lines);
    sqlite3_bind_int64(stmt, 6, row->first);
    sqlite3_bind_int64(stmt, 7, row->last);
    sqlite3_bind_blob(stmt, 8, head->at, (int)head->n, SQLITE_STATIC);
    /* A chunk of a few events may have all of its columns in the head. */
    sqlite3_bind_blob(stmt, 9, data->n ? (const void *)data->at : "", (int)data->n, SQLITE_STATIC);
    status = stage_put(stage, stmt, head->n + data->n, err);
    return status == ST_OK && row->fresh.head.n ? stage_fresh(stage, row, err) : status;
}

static enum status put_blob(struct stage *stage, const char *sql, int64_t place,
                            const struct bytes *blob, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = stage_begin(stage, err);
    if (status == ST_OK)
        status = writer_prepare(stage->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, place);
    sqlite3_bind_int64(stmt, 2, stage->batch);
    sqlite3_bind_blob(stmt, 3, blob->at, (int)blob->n, SQLITE_STATIC);
    return stage_put(stage, stmt, blob->n, err);
}

enum status stage_people(struct stage *stage, int32_t block, const struct bytes *columns,
                         struct error *err)
{
    return put_blob(stage, "insert or replace into person_block values (?1, ?2, ?3)", block,
                    columns, err);
}

enum status stage_recent(struct stage *stage, int32_t block, const struct recent_bytes *bytes,
                         struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = stage_begin(stage, err);
    if (status == ST_OK)
        status = writer_prepare(
            stage->writer, "insert or replace into person_recent values (?1, ?2, ?3)", &stmt, err);
    if (status != ST_OK)
        return status;
    const struct bytes *presence = &bytes->presence, *tills = &bytes->tills;
    sqlite3_bind_int64(stmt, 1, recent_place(block, stage->batch));
    sqlite3_bind_blob(stmt, 2, presence->at, (int)presence->n, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 3, tills->at, (int)tills->n, SQLITE_STATIC);
    return stage_put(stage, stmt, presence->n + tills->n, err);
}

enum status stage_leaf(struct stage *stage, int64_t family, int64_t first, const struct bytes *leaf,
                       struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = stage_begin(stage, err);
    if (status == ST_OK)
        status = writer_prepare(stage->writer, "insert into ref_leaf values (?1, ?2, ?3, ?4)",
                                &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, stage->batch);
    sqlite3_bind_int64(stmt, 2, family);
    sqlite3_bind_int64(stmt, 3, first);
    sqlite3_bind_blob(stmt, 4, leaf->at, (int)leaf->n, SQLITE_STATIC);
    return stage_put(stage, stmt, leaf->n, err);
}

/* ---- Roll-ups ---- */

/* Lays the stored cells of a day under the sums of it. */
static enum status day_stored(struct writer *writer, const char *sql, int32_t day,
                              struct sums *sums, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int(stmt, 1, day);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW && !rollup_decode(blob_column(stmt, 0), day, NULL, sums))
        status = error_set(err, ST_UNUSABLE,
                           "the roll-up of day %d is damaged: restore a copy of the mall file, or "
                           "run `atrium verify`",
                           day);
    else if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading roll-ups", err);
    sqlite3_reset(stmt);
    return status;
}

static enum status stage_days(struct stage *stage, const struct sums *fresh, const char *select,
                              const char *insert, struct error *err)
{
    struct sum *cells = sums_sorted(fresh);
    struct bytes blob = {0};
    enum status status = ST_OK;
    for (size_t i = 0, end; i < fresh->n && status == ST_OK; i = end) {
        struct sums day = {0};
        for (end = i; end < fresh->n && cells[end].day == cells[i].day; end++)
            sums_add(&day, &cells[end]);
        status = day_stored(stage->writer, select, cells[i].day, &day, err);
        if (status == ST_OK) {
            struct sum *all = sums_sorted(&day);
            rollup_encode(&blob, all, day.n);
            free(all);
            status = put_blob(stage, insert, cells[i].day, &blob, err);
        }
        sums_free(&day);
    }
    free(blob.at);
    free(cells);
    return status;
}

enum status stage_rollup(struct stage *stage, const struct rollup *rollup, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < rollup->months.n && status == ST_OK; i++) {
        const struct rollup_month *month = rollup->months.at[i];
        status = stage_days(stage, &month->days,
                            "select cells from rollup_day where day = ?1 and batch in " BATCHES_DONE
                            " order by batch desc limit 1",
                            "insert into rollup_day values (?1, ?2, ?3)", err);
        if (status == ST_OK)
            status = stage_days(stage, &month->hours,
                                "select cells from rollup_hour where day = ?1 and batch"
                                " in " BATCHES_DONE " order by batch desc limit 1",
                                "insert into rollup_hour values (?1, ?2, ?3)", err);
    }
    return status;
}

/* ---- Removing ---- */

/*
 * Each statement removes a few rows. First what died staged, so that every row left is of a batch
 * that is done; then every row whose place has a later one, and leaves whose layer is gone. A first
 * copy that a replica takes pins what events were as of a batch: a row stays while one pinned lies
 * between it and the next. What a hub's log says a batch brought is kept when its chunk goes.
 */
#define DEAD "(select id from batch where state = 'staged')"
#define PINNED(row)                                                                                \
    " and not exists (select 1 from replica p where p.batch >= " row " and p.batch < n.batch)"
static const char *const removals[] = {
    "delete from chunk where id in (select id from chunk where batch in " DEAD " limit 64)",
    "delete from event_delta where id in (select id from event_delta where batch in " DEAD
    " limit 64)",
    "delete from ref_leaf where (batch, family, first) in"
    " (select batch, family, first from ref_leaf where batch in " DEAD " limit 500)",
    "delete from person_block where (block, batch) in"
    " (select block, batch from person_block where batch in " DEAD " limit 64)",
    "delete from person_recent where place in"
    " (select place from person_recent where " RECENT_BATCH " in " DEAD " limit 64)",
    "delete from rollup_day where (day, batch) in"
    " (select day, batch from rollup_day where batch in " DEAD " limit 200)",
    "delete from rollup_hour where (day, batch) in"
    " (select day, batch from rollup_hour where batch in " DEAD " limit 500)",
    "delete from batch where state = 'staged'",
    "insert into event_delta (batch, block, month, head, data) select c.batch, c.block, c.month,"
    " c.head, c.data from chunk c indexed by chunk_place where c.batch in (select batch from"
    " event_log where act in ('append', 'fold')) and exists (select 1 from chunk n where n.block ="
    " c.block and n.month = c.month and n.batch > c.batch) and not exists (select 1 from"
    " event_delta d where d.batch = c.batch and d.block = c.block and d.month = c.month) limit 64",
    "delete from chunk where id in (select c.id from chunk c indexed by chunk_place where exists"
    " (select 1 from chunk n where n.block = c.block and n.month = c.month and n.batch > "
    "c.batch" PINNED("c.batch") ") limit 64)",
    "delete from person_block where (block, batch) in (select p.block, p.batch from person_block p"
    " where exists (select 1 from person_block n where n.block = p.block and n.batch > p.batch"
    " and not exists (select 1 from replica k where k.batch >= p.batch and k.batch < n.batch)"
    ") limit 64)",
    "delete from person_recent where place in (select p.place from person_recent p where exists"
    " (select 1 from person_recent n where n.place > p.place and n.place <= p.place | 4294967295"
    " and not exists (select 1 from replica k where k.batch >= p.place & 4294967295 and k.batch <"
    " n.place & 4294967295)) limit 64)",
    "delete from rollup_day where (day, batch) in (select r.day, r.batch from rollup_day r where"
    " exists (select 1 from rollup_day n where n.day = r.day and n.batch > r.batch" PINNED(
        "r.batch") ") limit 200)",
    "delete from rollup_hour where (day, batch) in (select r.day, r.batch from rollup_hour r where"
    " exists (select 1 from rollup_hour n where n.day = r.day and n.batch > r.batch" PINNED(
        "r.batch") ") limit 500)",
    "delete from ref_leaf where (batch, family, first) in (select batch, family, first from"
    " ref_leaf where batch not in (select batch from ref_layer) limit 500)",
    "delete from event_delta where id in (select id from event_delta where batch not in (select"
    " batch from event_log) limit 64)",
};

static enum status remove_some(struct writer *writer, const char *sql, int *removed,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = writer_prepare(writer, sql, &stmt, err);
    if (status == ST_OK)
        status = writer_run(writer, stmt, err);
    *removed = sqlite3_changes(writer_db(writer));
    if (status == ST_OK && *removed > 0)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

enum status stage_clean(struct writer *writer, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < sizeof removals / sizeof *removals; i++)
        for (int removed = 1; removed > 0 && status == ST_OK;)
            status = remove_some(writer, removals[i], &removed, err);
    return status;
}
