#include "model/sync/upkeep.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/store/column.h"
#include "model/store/sqlite.h"

#include <stdio.h>
#include <string.h>

enum { PIECE = 20000, SETS = 200 };

/* ---- Replicas ---- */

/* What somebody's machine calls itself is shown to people. */
static const char *name_clean(struct arena *arena, const char *name)
{
    size_t n = strlen(name);
    if (n > 64 || !text_valid(name, n))
        return "?";
    return arena_strdup(arena, name);
}

static enum status met(struct writer *writer, const char *const texts[4], int64_t now, bool *news,
                       struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer,
                                        "select 1 from replica where principal = ?1 and id = ?2 and"
                                        " machine = ?3 and program = ?4 and heard > ?5 - 86400",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    for (int i = 0; i < 4; i++)
        sqlite3_bind_text(stmt, i + 1, texts[i], -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 5, now);
    *news = sqlite3_step(stmt) != SQLITE_ROW;
    sqlite3_reset(stmt);
    return ST_OK;
}

/* Whoever has a key could make up replicas without end. One that was revoked stays so. */
static enum status crowd_out(struct writer *writer, const char *principal, const char *id,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "delete from replica where principal = ?1 and id in (select id from replica where principal"
        " = ?1 and revoked = 0 and id <> ?2 order by heard desc limit -1 offset ?3)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, principal, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, id, -1, SQLITE_STATIC);
    sqlite3_bind_int(stmt, 3, REPLICAS_MOST - 1);
    return writer_run(writer, stmt, err);
}

/* From here on the log is kept for it: from where it was, as far as there is log, or from now. */
static enum status meet(struct writer *writer, const char *const texts[4], int64_t now,
                        struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "insert into replica (principal, id, machine, program, heard, seq) values (?1, ?2, ?3, ?4,"
        " ?5, coalesce((select cast(value as integer) from sync where name = 'seq'), 0)) on "
        "conflict"
        " do update set machine = ?3, program = ?4, heard = ?5, seq = max(seq, coalesce((select"
        " cast(value as integer) from sync where name = 'floor'), 0))",
        &stmt, err);
    if (status != ST_OK)
        return status;
    for (int i = 0; i < 4; i++)
        sqlite3_bind_text(stmt, i + 1, texts[i], -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 5, now);
    status = writer_run(writer, stmt, err);
    return status == ST_OK ? crowd_out(writer, texts[0], texts[1], err) : status;
}

enum status upkeep_meet(struct writer *writer, const char *principal, const char *id,
                        const char *machine, const char *program, int64_t now, struct error *err)
{
    struct arena *arena = arena_new();
    const char *const texts[4] = {principal, id, name_clean(arena, machine),
                                  name_clean(arena, program)};
    bool news = false;
    enum status status = met(writer, texts, now, &news, err);
    if (status == ST_OK && news && (status = writer_begin(writer, err)) == ST_OK) {
        status = meet(writer, texts, now, err);
        if (status == ST_OK)
            status = writer_commit(writer, err);
        writer_rollback(writer);
    }
    arena_free(arena);
    return status;
}

/* ---- The log ---- */

/* The log is kept from the position of the last replica that is still looked for; where there is
 * none, for nobody. A copy that nobody goes on with pins nothing for ever. Replicas of people who
 * may not come in, and those that were forgotten, hold nothing. */
#define LIMIT                                                                                      \
    "(?1 - 86400 * coalesce((select cast(value as integer) from setting where name = 'sync_log')," \
    " 60))"
static const struct {
    const char *sql;
    int piece; /* as many rows at most; 0: it is not of the log */
} steps[] = {
    {"update replica set batch = 0 where batch <> 0 and (heard < ?1 - 7 * 86400 or revoked or"
     " principal not in (select name from principal))",
     0},
    {"delete from replica where heard < " LIMIT
     " and principal not in (select name from principal)",
     0},
    {"insert into sync select 'floor', coalesce((select min(seq) from replica where heard >= " LIMIT
     " and revoked = 0 and principal in (select name from principal)), (select cast(value as"
     " integer) from sync where name = 'seq')) where 1 on conflict do update set value ="
     " max(cast(value as integer), cast(excluded.value as integer))",
     0},
    {"delete from event_log where batch in (select batch from event_log where seq < (select"
     " cast(value as integer) from sync where name = 'floor') limit ?2) and ?1",
     PIECE},
    {"delete from change where (place, key) in (select place, key from change where seq < (select"
     " cast(value as integer) from sync where name = 'floor') order by seq limit ?2) and ?1",
     PIECE},
    {"delete from change_set where (place, block, seq) in (select place, block, seq from change_set"
     " where seq < (select cast(value as integer) from sync where name = 'floor') order by seq "
     "limit"
     " ?2) and ?1",
     SETS},
};

static enum status steps_run(struct writer *writer, int64_t now, bool *more, int64_t *removed,
                             struct error *err)
{
    enum status status = ST_OK;
    *more = false;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && status == ST_OK; i++) {
        sqlite3_stmt *stmt;
        status = writer_prepare(writer, steps[i].sql, &stmt, err);
        if (status != ST_OK)
            break;
        sqlite3_bind_int64(stmt, 1, now);
        if (steps[i].piece)
            sqlite3_bind_int(stmt, 2, steps[i].piece);
        status = writer_run(writer, stmt, err);
        int n = steps[i].piece ? sqlite3_changes(writer_db(writer)) : 0;
        *removed += n;
        *more = *more || (n && n == steps[i].piece);
    }
    return status;
}

enum status upkeep_step(struct writer *writer, int64_t now, bool *more, struct error *err)
{
    int64_t removed = 0;
    return steps_run(writer, now, more, &removed, err);
}

enum status upkeep_run(struct writer *writer, int64_t now, int64_t *removed, struct error *err)
{
    int64_t hub = 0;
    bool more = true;
    *removed = 0;
    enum status status = sqlite_integer(
        writer_db(writer),
        "select exists (select 1 from sync where name = 'seq') and not exists (select"
        " 1 from sync where name = 'principal')",
        0, &hub, err);
    if (status == ST_OK && !hub)
        return error_set(err, ST_REFUSED, "'%s' is no hub", writer_mall(writer)->path);
    while (status == ST_OK && more) {
        status = writer_begin(writer, err);
        if (status == ST_OK)
            status = steps_run(writer, now, &more, removed, err);
        if (status == ST_OK)
            status = writer_commit(writer, err);
        writer_rollback(writer);
    }
    return status;
}

enum status upkeep_log_read(struct reader *reader, struct upkeep_log *log, struct error *err)
{
    const struct {
        const char *sql;
        int64_t *value;
    } all[] = {
        {"select cast(value as integer) from sync where name = 'seq'", &log->seq},
        {"select cast(value as integer) from sync where name = 'floor'", &log->floor},
        {"select (select count(*) from change) + (select count(*) from change_set)", &log->changes},
        {"select count(*) from event_log", &log->events},
    };
    enum status status = ST_OK;
    *log = (struct upkeep_log){0};
    for (size_t i = 0; i < sizeof all / sizeof *all && status == ST_OK; i++)
        status = reader_integer(reader, all[i].sql, 0, all[i].value, err);
    return status;
}

/* ---- Who there is ---- */

static const struct sheet_column columns[UPKEEP_COLUMNS] = {
    [UPKEEP_NAME] = {"name", N_("name"), CELL_TEXT},
    [UPKEEP_ROLE] = {"role", N_("role"), CELL_TEXT},
    [UPKEEP_MACHINE] = {"machine", N_("machine"), CELL_TEXT},
    [UPKEEP_STATE] = {"state", N_("state"), CELL_TEXT},
    [UPKEEP_HEARD] = {"heard", N_("last heard"), CELL_TIME},
    [UPKEEP_BEHIND] = {"behind", N_("behind"), CELL_COUNT},
    [UPKEEP_ERASURES] = {"erasures", N_("erasures to come"), CELL_COUNT},
    [UPKEEP_REPLICA] = {"replica", N_("replica"), CELL_TEXT},
    [UPKEEP_KEY] = {"key", N_("SSH key"), CELL_TEXT},
    [UPKEEP_MAY] = {"may", N_("may"), CELL_TEXT},
};

const char *const upkeep_states[] = {N_("level"),   N_("behind"),   N_("copying"),
                                     N_("revoked"), N_("new copy"), NULL};

/* ?1 is the time. `seq` of an erasure is the hub's number just before it. */
static const char list_sql[] =
    "select p.name, p.role, r.machine, case when r.id is null then '' when r.revoked or p.role = ''"
    " then 'revoked' when r.batch or r.position = '' then 'copying' when r.heard < " LIMIT
    " or r.seq < coalesce((select cast(value as integer) from sync where name = 'floor'), 0) then"
    " 'new copy' when r.seq < s.seq then 'behind' else 'level' end, r.heard, max(0, s.seq - r.seq),"
    " (select count(*) from erasure e where e.seq >= r.seq or r.position = ''), r.id, p.key from"
    " (select name, role, key from principal union all select distinct principal, '', '' from"
    " replica where principal not in (select name from principal)) p left join replica r on"
    " r.principal = p.name, (select coalesce((select cast(value as integer) from sync where name ="
    " 'seq'), 0) as seq) s order by p.name, r.heard desc, r.id";

enum status upkeep_list(struct reader *reader, const struct access *access, int64_t now,
                        struct arena *arena, struct sheet **sheet, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = access_require(access, RIGHT_ADMIN, "see who may come in", err);
    if (status == ST_OK)
        status = reader_prepare(reader, list_sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, now);
    *sheet = sheet_new(arena, columns, UPKEEP_COLUMNS);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct cell *cells = sheet_row_add(*sheet);
        const struct role_info *role = role_by_name(column_text(stmt, UPKEEP_ROLE));
        for (int i = 0; i < UPKEEP_MAY; i++) {
            bool number = i >= UPKEEP_HEARD && i <= UPKEEP_ERASURES;
            if (sqlite3_column_type(stmt, i) == SQLITE_NULL || (number && !*column_text(stmt, 3)))
                continue;
            cells[i] = number ? cell_integer(sqlite3_column_int64(stmt, i))
                              : cell_text(arena_strdup(arena, column_text(stmt, i)));
        }
        cells[UPKEEP_MAY] = cell_text(role ? role->summary : NULL);
    }
    sqlite3_reset(stmt);
    return status;
}

/* ---- One replica may not come in ---- */

static enum status replica_find(struct writer *writer, struct arena *arena, const char *principal,
                                const char *id, char full[REPLICA_ID + 1], struct error *err)
{
    sqlite3_stmt *stmt;
    int n = 0;
    *full = 0;
    enum status status = writer_prepare(
        writer, "select id from replica where principal = ?1 and substr(id, 1, length(?2)) = ?2",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, principal, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, id, -1, SQLITE_STATIC);
    while (sqlite3_step(stmt) == SQLITE_ROW && n++ < 2)
        snprintf(full, REPLICA_ID + 1, "%s", column_text(stmt, 0));
    sqlite3_reset(stmt);
    if (n == 1 && *id)
        return ST_OK;
    return error_set(err, ST_REFUSED, "%s has %s replica %s: `atrium hub list` shows them",
                     text_quote(arena, principal, strlen(principal)), n ? "more than one" : "no",
                     text_quote(arena, id, strlen(id)));
}

static enum status revoke(struct writer *writer, const struct access *access, const char *principal,
                          const char *id, bool back, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "update replica set revoked = ?3 where principal = ?1 and id = ?2", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, principal, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, back ? 0 : time_now());
    status = writer_run(writer, stmt, err);
    json_t *detail = json_pack("{s:s}", "replica", id);
    if (status == ST_OK)
        status = audit_append(writer, access->principal, back ? "readmit" : "revoke", "principal",
                              principal, detail, err);
    json_decref(detail);
    return status;
}

enum status upkeep_revoke(struct writer *writer, const struct access *access, const char *principal,
                          const char *id, bool back, char full[REPLICA_ID + 1], struct error *err)
{
    struct arena *arena = arena_new();
    enum status status = access_require(access, RIGHT_ADMIN, "look after a hub", err);
    if (status == ST_OK)
        status = writer_begin(writer, err);
    if (status == ST_OK) {
        status = replica_find(writer, arena, principal, id, full, err);
        if (status == ST_OK)
            status = revoke(writer, access, principal, full, back, err);
        if (status == ST_OK)
            status = writer_commit(writer, err);
        writer_rollback(writer);
    }
    arena_free(arena);
    return status;
}
