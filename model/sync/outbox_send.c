/* The outbox in a session: what goes to the hub, what it says, and the way into a new copy. */
#include "model/sync/outbox_parts.h"

#include "model/base/text.h"
#include "model/store/change.h"
#include "model/store/column.h"
#include "model/store/sqlite.h"
#include "model/sync/forget.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Going out ---- */

/* Edits of the same thing before one. A set or a create leaves a version that the next one is made
 * against ("after"). What fits any version - lists of people, moves, consents - raises it ("over"),
 * and nothing but a list or a consent goes before a set or a move that did not go through
 * ("behind").
 */
#define SAME                                                                                       \
    "from outbox b where b.entity = o.entity and b.target = o.target and b.number < o.number and"  \
    " b.entity <> '' and b.state <> 'refused'"
#define LEAVES_VERSION "(b.verb = 'operation' and (b.base >= 0 or b.detail ->> 'verb' = 'create'))"
#define LAST " order by b.number desc limit 1), "

static const char next_sql[] =
    "select o.number, o.id, o.verb, o.entity, o.target, o.base, o.detail,"
    " coalesce((select b.id " SAME " and " LEAVES_VERSION LAST "''),"
    " coalesce((select b.id " SAME " and (" LEAVES_VERSION " or b.verb = b.entity)" LAST "''),"
    " (select json_group_array(b.id) " SAME " and not " LEAVES_VERSION " and b.number >"
    " coalesce((select b.number " SAME " and " LEAVES_VERSION LAST "0))"
    " from outbox o where o.state in ('pending', 'waiting') and o.number > ?1"
    " order by o.number limit 1";

enum status outbox_next(struct writer *writer, int64_t *number, json_t **edit, struct error *err)
{
    sqlite3_stmt *stmt;
    *edit = NULL;
    enum status status = writer_prepare(writer, next_sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, *number);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        *number = sqlite3_column_int64(stmt, 0);
        json_t *detail = json_loads(column_text(stmt, 6), 0, NULL);
        json_t *over = json_loads(column_text(stmt, 9), 0, NULL);
        bool consent = strcmp(column_text(stmt, 2), "consent") == 0;
        *edit = json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:s, s:s, s:o}", "id",
                          column_text(stmt, 1), "verb", column_text(stmt, 2), "entity",
                          column_text(stmt, 3), "target", column_text(stmt, 4), "base",
                          (json_int_t)sqlite3_column_int64(stmt, 5), "detail",
                          detail ? detail : json_object(), "after", column_text(stmt, 7), "behind",
                          consent ? "" : column_text(stmt, 8), "over", over ? over : json_array());
    } else if (code != SQLITE_DONE) {
        status = sqlite_status(writer_db(writer), "reading the outbox", err);
    }
    sqlite3_reset(stmt);
    return status;
}

enum status outbox_left(struct writer *writer, int64_t number, int64_t *left, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "select count(*) from outbox where state in ('pending', 'waiting') and number > ?1",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, number);
    *left = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return ST_OK;
}

/* ---- Coming back ---- */

static enum status answer_write(struct writer *writer, const json_t *answer, int64_t now,
                                struct error *err)
{
    const char *id = json_string_value(json_object_get(answer, "id"));
    const char *state = json_string_value(json_object_get(answer, "state"));
    const char *reason = json_string_value(json_object_get(answer, "reason"));
    const char *by = json_string_value(json_object_get(answer, "by"));
    const json_t *theirs = json_object_get(answer, "theirs");
    bool known = false;
    sqlite3_stmt *stmt;
    for (int i = 0; state && i < OUTBOX_STATES; i++)
        known = known || (i != OUTBOX_PENDING && strcmp(state, outbox_state_names[i]) == 0);
    if (!id || !known)
        return error_set(err, ST_REFUSED, "the hub's answer to an edit lacks its parts");
    enum status status = writer_prepare(
        writer,
        "update outbox set state = ?2, version = ?3, reason = ?4, theirs = ?5, by = ?6, at = ?7,"
        " answered = ?8, seq = ?9 where id = ?1 and state in ('pending', 'waiting')",
        &stmt, err);
    if (status != ST_OK)
        return status;
    char *text = json_is_object(theirs) ? json_dumps(theirs, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, state, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, json_integer_value(json_object_get(answer, "version")));
    sqlite3_bind_text(stmt, 4, reason ? reason : "", -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 5, text ? text : "", -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 6, by ? by : "", -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 7, json_integer_value(json_object_get(answer, "at")));
    sqlite3_bind_int64(stmt, 8, now);
    sqlite3_bind_int64(stmt, 9, json_integer_value(json_object_get(answer, "seq")));
    status = writer_run(writer, stmt, err);
    free(text);
    return status;
}

/* The position's number, which says which rows of the hub are here. */
static enum status seq_here(struct writer *writer, int64_t *seq, struct error *err)
{
    return sqlite_integer(
        writer_db(writer),
        "select case when value = '' or value ->> 'copy' then 0 else value ->> 'seq' end"
        " from sync where name = 'position'",
        0, seq, err);
}

enum status outbox_lay_again(struct writer *writer, struct error *err)
{
    int64_t seq;
    enum status status = seq_here(writer, &seq, err);
    if (status == ST_OK)
        status = outbox_restore(writer, err);
    if (status == ST_OK)
        status = outbox_redo(writer, seq, err);
    return status == ST_OK ? writer_touch_rows(writer, err) : status;
}

static enum status finish(struct writer *writer, enum status status, struct error *err)
{
    if (status == ST_OK)
        status = writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

/* What was acknowledged is kept for as long as a backup of the hub may be old. */
static enum status old_remove(struct writer *writer, int64_t now, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "delete from outbox where state = 'done' and answered < ?1 - 86400 * coalesce((select"
        " cast(value as integer) from setting where name = 'sync_keep'), 90)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, now);
    return writer_run(writer, stmt, err);
}

enum status outbox_events_remove(struct writer *writer, const char *id, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "delete from tail where seq < 0 and ref = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC);
    status = writer_run(writer, stmt, err);
    return status == ST_OK ? writer_touch_events(writer, err) : status;
}

enum status outbox_answer(struct writer *writer, const json_t *answer, int64_t now,
                          struct error *err)
{
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    change_capture(writer, false);
    status = answer_write(writer, answer, now, err);
    const char *state = json_string_value(json_object_get(answer, "state"));
    if (status == ST_OK)
        status = old_remove(writer, now, err);
    if (status == ST_OK && strcmp(state, "refused") == 0)
        status =
            outbox_events_remove(writer, json_string_value(json_object_get(answer, "id")), err);
    if (status == ST_OK && strcmp(state, "refused") == 0)
        status = outbox_lay_again(writer, err);
    return finish(writer, status, err);
}

/* ---- Another epoch, another copy ---- */

enum status outbox_again(struct writer *writer, const char *epoch, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    change_capture(writer, false);
    status = writer_prepare(
        writer, "update outbox set state = 'pending', seq = 0 where state = 'done'", &stmt, err);
    if (status == ST_OK)
        status = writer_run(writer, stmt, err);
    if (status == ST_OK)
        status =
            writer_prepare(writer, "update sync set value = ?1 where name = 'epoch'", &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_text(stmt, 1, epoch, -1, SQLITE_STATIC);
        status = writer_run(writer, stmt, err);
    }
    /* What the position says is of the hub that was: it is taken from nobody. */
    if (status == ST_OK)
        status = writer_prepare(writer, "update sync set value = '' where name = 'position'", &stmt,
                                err);
    if (status == ST_OK)
        status = writer_run(writer, stmt, err);
    return finish(writer, status, err);
}

static enum status entry_copy(sqlite3_stmt *from, struct writer *to, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(to,
                       "insert or replace into outbox (number, id, verb, entity, target, actor, "
                       "made, base, detail,"
                       " before, state, version, reason, theirs, by, at, answered, seq) values"
                       " (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    for (int i = 0; i < 18; i++)
        sqlite3_bind_value(stmt, i + 1, sqlite3_column_value(from, i));
    return writer_run(to, stmt, err);
}

/* Who was here, has edits, and is not in the new copy was erased meanwhile: the edits stay behind.
 */
static enum status erased_leave(struct writer *from, struct writer *to, struct error *err)
{
    static const char named[] =
        "select m.person, m.card from member m where m.card in (select target from outbox where"
        " entity = 'member' or verb = 'points' union select j.value from outbox, json_each(detail,"
        " '$.fields.add') j union select j.value from outbox, json_each(detail, '$.fields.remove')"
        " j)";
    int64_t members = 0;
    sqlite3_stmt *stmt, *there;
    int code = SQLITE_DONE;
    enum status status =
        sqlite_integer(writer_db(to), "select exists (select 1 from member)", 0, &members, err);
    if (status == ST_OK)
        status = writer_prepare(from, named, &stmt, err);
    while (status == ST_OK && members && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        status = writer_prepare(to,
                                "select exists (select 1 from member where person = ?1) or exists"
                                " (select 1 from contact where person = ?1)",
                                &there, err);
        if (status != ST_OK)
            break;
        sqlite3_bind_int64(there, 1, sqlite3_column_int64(stmt, 0));
        bool gone = sqlite3_step(there) == SQLITE_ROW && !sqlite3_column_int(there, 0);
        sqlite3_reset(there);
        if (gone)
            status = forget_edits(to, column_text(stmt, 1), err);
    }
    if (status == ST_OK && code != SQLITE_DONE)
        status = sqlite_status(writer_db(from), "reading the outbox", err);
    if (status == ST_OK)
        sqlite3_reset(stmt);
    return status;
}

/* Another role sees people otherwise, or not at all: what the old one called them by, and what an
 * edit replaced, is not for it. All that could be sent was, and its answer is the hub's record. */
static enum status same_role(struct writer *from, struct writer *to, bool *same, struct error *err)
{
    char roles_of[2][32] = {"", ""};
    struct writer *const writers[] = {from, to};
    enum status status = ST_OK;
    for (int i = 0; i < 2 && status == ST_OK; i++) {
        sqlite3_stmt *stmt;
        status =
            writer_prepare(writers[i], "select value from sync where name = 'role'", &stmt, err);
        if (status != ST_OK)
            break;
        if (sqlite3_step(stmt) == SQLITE_ROW)
            snprintf(roles_of[i], sizeof roles_of[i], "%s", column_text(stmt, 0));
        sqlite3_reset(stmt);
    }
    *same = strcmp(roles_of[0], roles_of[1]) == 0;
    return status;
}

enum status outbox_carry(struct writer *from, struct writer *to, struct error *err)
{
    sqlite3_stmt *stmt;
    bool same = true;
    enum status status = writer_begin(to, err);
    if (status != ST_OK)
        return status;
    change_capture(to, false);
    status = same_role(from, to, &same, err);
    if (status == ST_OK)
        status = writer_prepare(
            from,
            "select number, id, verb, entity, target, actor, made, base, detail, before, state,"
            " version, reason, theirs, by, at, answered, seq from outbox o where ?1 or not (entity"
            " = 'member' or verb = 'points' or exists (select 1 from member m where m.card ="
            " o.target) or detail -> '$.fields.add' is not null or detail -> '$.fields.remove' is"
            " not null) order by number",
            &stmt, err);
    if (status == ST_OK)
        sqlite3_bind_int(stmt, 1, same);
    int code = SQLITE_DONE;
    while (status == ST_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        status = entry_copy(stmt, to, err);
    if (status == ST_OK && code != SQLITE_DONE)
        status = sqlite_status(writer_db(from), "reading the outbox", err);
    if (status == ST_OK)
        sqlite3_reset(stmt);
    if (status == ST_OK)
        status = outbox_events_carry(from, to, err);
    if (status == ST_OK)
        status = erased_leave(from, to, err);
    if (status == ST_OK)
        status = outbox_lay_again(to, err);
    return finish(to, status, err);
}
