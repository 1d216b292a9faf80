#include "model/fleet/collect_keep.h"

#include "model/base/hash.h"
#include "model/base/time.h"
#include "model/store/column.h"

#include <stdio.h>
#include <string.h>

enum { REFUSED_MOST = 10000 }; /* of a spool and day that are kept */

/* ---- Offsets ---- */

enum status collect_offset(struct writer *writer, uint32_t device, const char *spool,
                           int64_t *offset, int64_t *marked, char mark[SHA256_HEX],
                           struct error *err)
{
    sqlite3_stmt *stmt;
    *offset = *marked = 0;
    *mark = '\0';
    enum status status = writer_prepare(
        writer, "select offset, marked, mark from collect where device = ?1 and spool = ?2", &stmt,
        err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, device);
    sqlite3_bind_text(stmt, 2, spool, -1, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        const char *text = column_text(stmt, 2);
        *offset = sqlite3_column_int64(stmt, 0);
        *marked = sqlite3_column_int64(stmt, 1);
        if (strlen(text) == SHA256_HEX - 1 && strspn(text, "0123456789abcdef") == SHA256_HEX - 1 &&
            *marked > 0 && *marked <= *offset)
            memcpy(mark, text, SHA256_HEX);
    } else if (code != SQLITE_DONE) {
        status = sqlite_status(writer_db(writer), "reading how far devices were collected", err);
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status offset_put(struct writer *writer, const struct collect_piece *piece, int64_t now,
                              struct error *err)
{
    const struct feed_piece *feed = &piece->feed;
    unsigned char digest[SHA256_SIZE];
    char mark[SHA256_HEX] = "";
    size_t marked = feed->n < STREAM_MARK ? feed->n : STREAM_MARK;
    if (marked) {
        sha256(feed->bytes + feed->n - marked, marked, digest);
        sha256_hex(digest, mark);
    }
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "insert into collect (device, spool, offset, marked, mark, size, resets, time)"
        " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict do update set offset = ?3,"
        " marked = ?4, mark = ?5, size = ?6, resets = resets + ?7, time = ?8",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, feed->source.device);
    sqlite3_bind_text(stmt, 2, piece->spool, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, feed->offset + (int64_t)feed->n + piece->skipped);
    sqlite3_bind_int64(stmt, 4, (int64_t)marked);
    sqlite3_bind_text(stmt, 5, mark, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(stmt, 6, piece->size);
    sqlite3_bind_int64(stmt, 7, piece->reset);
    sqlite3_bind_int64(stmt, 8, now);
    return writer_run(writer, stmt, err);
}

/* Another console or a restored file may have gone on meanwhile. */
static enum status piece_due(struct writer *writer, struct collect_piece *piece, struct error *err)
{
    int64_t offset, marked;
    char mark[SHA256_HEX];
    enum status status = collect_offset(writer, piece->feed.source.device, piece->spool, &offset,
                                        &marked, mark, err);
    piece->gone = !piece->reset && offset != piece->feed.offset;
    return status;
}

/* ---- Days ---- */

struct day_counts {
    uint32_t device;
    int32_t day;
    int64_t receipts, amount, card_receipts, card_amount, sightings, random;
    int64_t duplicates, refused, clocked;
};

struct keeping {
    const struct clock *clock;
    VEC(struct day_counts) days;
};

static struct day_counts *day_of(struct keeping *keeping, uint32_t device, int64_t time)
{
    int32_t day = clock_day(keeping->clock, time);
    for (size_t i = keeping->days.n; i-- > 0;)
        if (keeping->days.at[i].device == device && keeping->days.at[i].day == day)
            return &keeping->days.at[i];
    vec_push(&keeping->days, (struct day_counts){.device = device, .day = day});
    return &keeping->days.at[keeping->days.n - 1];
}

static void on_fact(void *context, const struct event *event)
{
    struct day_counts *day = day_of(context, event->device, event->time);
    if (event->kind == KIND_SIGHTING) {
        day->sightings++;
        day->random += event->person == 0;
        return;
    }
    int64_t amount = event->kind == KIND_REFUND ? -event->amount : event->amount;
    day->receipts++;
    day->amount += amount;
    if (event->person) {
        day->card_receipts++;
        day->card_amount += amount;
    }
}

static enum status day_put(struct writer *writer, const struct day_counts *day, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "insert into collect_day (device, day, receipts, amount, card_receipts, card_amount,"
        " sightings, random, duplicates, refused, clocked)"
        " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) on conflict do update set"
        " receipts = receipts + ?3, amount = amount + ?4, card_receipts = card_receipts + ?5,"
        " card_amount = card_amount + ?6, sightings = sightings + ?7, random = random + ?8,"
        " duplicates = duplicates + ?9, refused = refused + ?10, clocked = clocked + ?11",
        &stmt, err);
    if (status != ST_OK)
        return status;
    const int64_t numbers[] = {day->device,        day->day,         day->receipts,  day->amount,
                               day->card_receipts, day->card_amount, day->sightings, day->random,
                               day->duplicates,    day->refused,     day->clocked};
    for (int i = 0; i < (int)(sizeof numbers / sizeof *numbers); i++)
        sqlite3_bind_int64(stmt, i + 1, numbers[i]);
    return writer_run(writer, stmt, err);
}

/* ---- Refusals ---- */

/* One record of an import for a spool and a day; made with the first refusal of the day. */
static enum status record_find(struct writer *writer, const char *actor,
                               const struct collect_piece *piece, int64_t now, int64_t *record,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    char source[192];
    const struct clock *clock = &writer_mall(writer)->clock;
    snprintf(source, sizeof source, "device %.150s", piece->feed.source.code);
    *record = 0;
    enum status status = writer_prepare(writer,
                                        "select max(id) from import where kind = ?1 and source ="
                                        " ?2 and time >= ?3",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, piece->spool, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, source, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, clock_day_start(clock, clock_day(clock, now)));
    if (sqlite3_step(stmt) == SQLITE_ROW)
        *record = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    if (*record)
        return ST_OK;
    status = writer_prepare(writer,
                            "insert into import (kind, source, actor, time, rows, imported,"
                            " duplicates, refused, milliseconds) values (?1, ?2, ?3, ?4, 0, 0, 0,"
                            " 0, 0)",
                            &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, piece->spool, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, source, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 3, actor, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 4, now);
    status = writer_run(writer, stmt, err);
    *record = sqlite3_last_insert_rowid(writer_db(writer));
    return status;
}

static enum status refusal_put(struct writer *writer, int64_t record, int64_t offset,
                               const char *message, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer,
                       "insert or replace into refused (import, line, message) select ?1, ?2, ?3"
                       " where (select refused from import where id = ?1) <= ?4",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, record);
    sqlite3_bind_int64(stmt, 2, offset);
    sqlite3_bind_text(stmt, 3, message, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 4, REFUSED_MOST);
    return writer_run(writer, stmt, err);
}

static enum status refusals_keep(struct writer *writer, const char *actor,
                                 const struct collect_piece *piece, int64_t now, struct error *err)
{
    const struct feed_piece *feed = &piece->feed;
    int64_t record;
    sqlite3_stmt *stmt;
    if (!feed->refused)
        return ST_OK;
    enum status status = record_find(writer, actor, piece, now, &record, err);
    for (int64_t i = 0; i < feed->refused && status == ST_OK; i++)
        status =
            refusal_put(writer, record, feed->refusals[i].line, feed->refusals[i].message, err);
    if (status == ST_OK)
        status = writer_prepare(
            writer, "update import set rows = rows + ?2, refused = refused + ?2 where id = ?1",
            &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, record);
    sqlite3_bind_int64(stmt, 2, feed->refused);
    status = writer_run(writer, stmt, err);
    return status == ST_OK ? writer_touch_rows(writer, err) : status;
}

/* ---- The transaction ---- */

/* A line that was not sent, as it was too long, is refused like any other. */
static void skipped_refuse(struct arena *arena, struct collect_piece *piece, const char *reason)
{
    struct page_refusal *refusal = arena_new_of(arena, struct page_refusal);
    *refusal = (struct page_refusal){.line = piece->feed.offset, .column = 1, .message = reason};
    piece->feed.rows = piece->feed.refused = 1;
    piece->feed.refusals = refusal;
}

static enum status kind_take(struct writer *writer, struct arena *arena, enum import_kind kind,
                             struct collect_piece *pieces, size_t n, int64_t now,
                             struct keeping *keeping, struct error *err)
{
    struct feed_piece *feeds = arena_array(arena, struct feed_piece, n + 1);
    size_t m = 0, k = 0;
    for (size_t i = 0; i < n; i++)
        if (pieces[i].kind == kind && !pieces[i].gone && pieces[i].feed.n)
            feeds[m++] = pieces[i].feed;
    if (!m)
        return ST_OK;
    enum status status = feed_take(writer, kind, arena, feeds, m, now, on_fact, keeping, err);
    for (size_t i = 0; i < n && status == ST_OK; i++)
        if (pieces[i].kind == kind && !pieces[i].gone && pieces[i].feed.n)
            pieces[i].feed = feeds[k++];
    return status;
}

static enum status pieces_note(struct writer *writer, struct arena *arena, const char *actor,
                               struct collect_piece *pieces, size_t n, int64_t now,
                               struct keeping *keeping, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        struct collect_piece *piece = &pieces[i];
        if (piece->gone)
            continue;
        if (piece->skipped)
            skipped_refuse(arena, piece,
                           arena_printf(arena, "1: found a line of %lld bytes, expected at most %d",
                                        (long long)piece->skipped, STREAM_PIECE));
        struct day_counts *day = day_of(keeping, piece->feed.source.device, now);
        day->duplicates += piece->feed.duplicates;
        day->refused += piece->feed.refused;
        day->clocked += piece->feed.clocked;
        status = offset_put(writer, piece, now, err);
        if (status == ST_OK)
            status = refusals_keep(writer, actor, piece, now, err);
    }
    return status;
}

static enum status pieces_take(struct writer *writer, struct arena *arena, const char *actor,
                               struct collect_piece *pieces, size_t n, int64_t now,
                               struct error *err)
{
    struct keeping keeping = {.clock = &writer_mall(writer)->clock};
    enum status status = ST_OK;
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = piece_due(writer, &pieces[i], err);
    if (status == ST_OK)
        status = kind_take(writer, arena, IMPORT_RECEIPTS, pieces, n, now, &keeping, err);
    if (status == ST_OK)
        status = kind_take(writer, arena, IMPORT_SIGHTINGS, pieces, n, now, &keeping, err);
    if (status == ST_OK)
        status = pieces_note(writer, arena, actor, pieces, n, now, &keeping, err);
    for (size_t i = 0; i < keeping.days.n && status == ST_OK; i++)
        status = day_put(writer, &keeping.days.at[i], err);
    vec_free(&keeping.days);
    return status;
}

enum status collect_keep(struct writer *writer, struct arena *arena, const char *actor,
                         struct collect_piece *pieces, size_t n, int64_t now, struct error *err)
{
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = pieces_take(writer, arena, actor, pieces, n, now, err);
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

enum status collect_refuse(struct writer *writer, const char *actor, struct collect_piece *piece,
                           const char *reason, int64_t now, struct error *err)
{
    struct arena *arena = arena_new();
    struct keeping keeping = {.clock = &writer_mall(writer)->clock};
    enum status status = writer_begin(writer, err);
    if (status == ST_OK) {
        skipped_refuse(arena, piece, reason);
        status = piece_due(writer, piece, err);
        if (status == ST_OK)
            status = pieces_note(writer, arena, actor, piece, 1, now, &keeping, err);
        for (size_t i = 0; i < keeping.days.n && status == ST_OK; i++)
            status = day_put(writer, &keeping.days.at[i], err);
        if (status == ST_OK)
            status = writer_commit(writer, err);
        else
            writer_rollback(writer);
    }
    vec_free(&keeping.days);
    arena_free(arena);
    return status;
}
