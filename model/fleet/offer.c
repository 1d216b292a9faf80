#include "model/fleet/offer.h"

#include "model/base/time.h"
#include "model/store/column.h"
#include "model/store/reader.h"

#include <stdio.h>
#include <string.h>

enum { DAY_S = 86400, NAME_MOST = 100, PAYLOAD_MOST = 65536 };

static enum status number_run(struct writer *writer, const char *sql, int64_t a, int64_t b,
                              int64_t c, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    const int64_t numbers[] = {a, b, c};
    for (int i = 0; i < sqlite3_bind_parameter_count(stmt) && i < 3; i++)
        sqlite3_bind_int64(stmt, i + 1, numbers[i]);
    return writer_run(writer, stmt, err);
}

static enum status number_ask(struct writer *writer, const char *sql, int64_t a, int64_t *value,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    *value = 0;
    enum status status = writer_prepare(writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    if (sqlite3_bind_parameter_count(stmt))
        sqlite3_bind_int64(stmt, 1, a);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *value = sqlite3_column_int64(stmt, 0);
    else if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading messages for devices", err);
    sqlite3_reset(stmt);
    return status;
}

/* ---- Taking ---- */

static const char next_sql[] =
    "select q.id, q.key, q.payload, iif(q.expires, q.expires, q.time + ?4), q.state,"
    " case when q.person and not exists (select 1 from member m where m.person = q.person)"
    " then 'gone'"
    " when q.person and exists (select 1 from consent c where c.person = q.person and c.given = 0"
    " and c.time >= q.time) then 'opt-out'"
    " when exists (select 1 from campaign p where p.id = q.campaign and p.state in"
    " ('ended', 'cancelled')) then 'ended' else '' end,"
    " exists (select 1 from campaign p where p.id = q.campaign and p.state = 'paused')"
    " from device d join device_queue q on q.kind = d.kind and q.id > ?2"
    " and q.state in ('waiting', 'taken') and (q.device = d.id or (q.device = 0 and"
    " (q.tenant = 0 or q.tenant = d.tenant))) where d.id = ?1 order by q.id limit ?3";

static bool name_ok(const char *name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-";
    return *name && *name != '.' && *name != '-' && strlen(name) <= NAME_MOST &&
           strspn(name, letters) == strlen(name);
}

struct taken_row {
    struct offer_out out;
    bool waiting;
    const char *reason; /* why it must not leave; "" */
};

/* Rows in order up to the first that is held back; *end: there are no more. */
static enum status rows_read(struct writer *writer, struct arena *arena, uint32_t device,
                             int64_t from, int64_t now, struct taken_row rows[OFFERS_AT_ONCE],
                             size_t *n, bool *end, struct error *err)
{
    sqlite3_stmt *stmt;
    int code = SQLITE_DONE;
    bool held = false;
    *n = 0;
    enum status status = writer_prepare(writer, next_sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, device);
    sqlite3_bind_int64(stmt, 2, from);
    sqlite3_bind_int(stmt, 3, OFFERS_AT_ONCE);
    sqlite3_bind_int64(stmt, 4, (int64_t)OFFER_DAYS * DAY_S);
    while (!held && *n < OFFERS_AT_ONCE && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct taken_row *row = &rows[*n];
        *row = (struct taken_row){
            .out = {.row = sqlite3_column_int64(stmt, 0),
                    .seconds = sqlite3_column_int64(stmt, 3) - now,
                    .name = arena_strdup(arena, column_text(stmt, 1)),
                    .payload = arena_strdup(arena, column_text(stmt, 2))},
            .waiting = strcmp(column_text(stmt, 4), "waiting") == 0,
            .reason = arena_strdup(arena, column_text(stmt, 5)),
        };
        held = sqlite3_column_int(stmt, 6) != 0 && !*row->reason;
        if (!*row->reason && (!name_ok(row->out.name) || strlen(row->out.payload) > PAYLOAD_MOST))
            row->reason = "no device can take it";
        *n += !held;
    }
    *end = code == SQLITE_DONE && !held;
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        status = sqlite_status(writer_db(writer), "reading messages for devices", err);
    sqlite3_reset(stmt);
    return status;
}

static enum status row_state(struct writer *writer, int64_t row, const char *state,
                             const char *reason, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "update device_queue set state = ?2, reason = ?3 where id = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, row);
    sqlite3_bind_text(stmt, 2, state, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 3, reason, -1, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
}

static const char served_sql[] =
    "insert into device_offered (device, row, tries) values (?1, ?2, 0) on conflict do update set"
    " row = max(row, ?2), tries = iif(?2 > row, 0, tries)";

/* Inside the transaction. */
static enum status take(struct writer *writer, struct arena *arena, uint32_t device, int64_t now,
                        struct offer_out *out, size_t *n, struct error *err)
{
    struct taken_row rows[OFFERS_AT_ONCE];
    int64_t from, highest = 0;
    size_t found = 0;
    bool end = false;
    *n = 0;
    enum status status =
        number_ask(writer, "select row from device_offered where device = ?1", device, &from, err);
    if (status == ST_OK)
        status = number_ask(writer, "select max(id) from device_queue", 0, &highest, err);
    if (status == ST_OK)
        status = rows_read(writer, arena, device, from, now, rows, &found, &end, err);
    for (size_t i = 0; i < found && status == ST_OK; i++) {
        const struct taken_row *row = &rows[i];
        if (*row->reason) {
            status = row_state(writer, row->out.row, "failed", row->reason, err);
        } else if (row->out.seconds > 0) { /* else the sweep says so */
            out[(*n)++] = row->out;
            status = row->waiting ? row_state(writer, row->out.row, "taken", "", err) : ST_OK;
        }
    }
    /* Nothing of it is for this device: it begins behind it the next time. */
    if (status == ST_OK && end && !*n && highest > from)
        status = number_run(writer, served_sql, device, highest, 0, err);
    return status;
}

enum status offers_take(struct writer *writer, struct arena *arena, uint32_t device, int64_t now,
                        const struct offer_out **out, size_t *n, struct error *err)
{
    struct offer_out *found = arena_array(arena, struct offer_out, OFFERS_AT_ONCE);
    *out = found;
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = take(writer, arena, device, now, found, n, err);
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

/* ---- Settling ---- */

static enum status act_put(struct writer *writer, const char *actor, uint32_t device, size_t n,
                           const char *failed, struct error *err)
{
    sqlite3_stmt *stmt;
    char detail[160];
    if (failed)
        snprintf(detail, sizeof detail, "%.120s", failed);
    else
        snprintf(detail, sizeof detail, "%zu", n);
    enum status status = writer_prepare(
        writer,
        "insert into device_act (device, time, act, actor, detail, state) values (?1, ?2, 'offer',"
        " ?3, ?4, ?5)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, device);
    sqlite3_bind_int64(stmt, 2, time_now());
    sqlite3_bind_text(stmt, 3, actor, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 4, detail, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 5, failed ? "failed" : "ok", -1, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
}

/* The one it refused: again later, or passed over after so many times. */
static enum status refusal_note(struct writer *writer, uint32_t device, int64_t row,
                                struct error *err)
{
    int64_t tries;
    enum status status =
        number_run(writer,
                   "insert into device_offered (device, row, tries) values (?1, 0, 1) on conflict"
                   " do update set tries = tries + 1",
                   device, 0, 0, err);
    if (status == ST_OK)
        status = number_ask(writer, "select tries from device_offered where device = ?1", device,
                            &tries, err);
    if (status == ST_OK && tries >= OFFER_TRIES)
        status = number_run(writer, served_sql, device, row, 0, err);
    return status;
}

static enum status settle(struct writer *writer, const char *actor, uint32_t device,
                          const struct offer_out *out, size_t n, const char *failed,
                          struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = number_run(writer, "update device_queue set had = had + 1 where id = ?1",
                            out[i].row, 0, 0, err);
    if (status == ST_OK && n)
        status = number_run(writer, served_sql, device, out[n - 1].row, 0, err);
    if (status == ST_OK && n)
        status = act_put(writer, actor, device, n, NULL, err);
    if (status == ST_OK && failed)
        status = refusal_note(writer, device, out[n].row, err);
    if (status == ST_OK && failed)
        status = act_put(writer, actor, device, n, failed, err);
    return status == ST_OK ? writer_touch_rows(writer, err) : status;
}

enum status offers_settle(struct writer *writer, const char *actor, uint32_t device,
                          const struct offer_out *out, size_t n, const char *failed,
                          struct error *err)
{
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = settle(writer, actor, device, out, n, failed, err);
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

/* ---- What is over ---- */

#define SERVES                                                                                     \
    "d.kind = q.kind and (q.device = d.id or (q.device = 0 and (q.tenant = 0 or"                   \
    " d.tenant = q.tenant)))"

enum status offers_sweep(struct writer *writer, int64_t now, struct error *err)
{
    static const char *const sweeps[] = {
        /* Its time is over. */
        "update device_queue set state = iif(had, 'done', 'expired') where state in ('waiting',"
        " 'taken') and iif(expires, expires, time + ?2) <= ?1",
        /* Those that serve the shop have it, or were passed over. */
        "update device_queue as q set state = iif(had, 'done', 'failed'), reason = iif(had, '',"
        " 'no device took it') where id in (select id from device_queue where state = 'taken'"
        " order by id limit 500) and exists (select 1 from device d where " SERVES ") and not"
        " exists (select 1 from device d left join device_offered o on o.device = d.id "
        "where " SERVES " and coalesce(o.row, 0) < q.id and d.pin <> '' and d.quarantine = '')",
        /* There is no such device. */
        "update device_queue as q set state = 'failed', reason = 'no device serves the shop' where"
        " id in (select id from device_queue where state = 'waiting' order by id limit 500) and"
        " not exists (select 1 from device d where " SERVES ")",
    };
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < sizeof sweeps / sizeof *sweeps && status == ST_OK; i++)
        status = number_run(writer, sweeps[i], now, (int64_t)OFFER_DAYS * DAY_S, 0, err);
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

enum status offers_pending(struct writer *writer, int64_t *highest, int64_t *live,
                           struct error *err)
{
    enum status status = number_ask(writer, "select max(id) from device_queue", 0, highest, err);
    return status == ST_OK
               ? number_ask(writer,
                            "select count(*) from device_queue where state in ('waiting', 'taken')",
                            0, live, err)
               : status;
}
