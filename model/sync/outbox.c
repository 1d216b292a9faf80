#include "model/sync/outbox.h"

#include "model/base/random.h"
#include "model/base/text.h"
#include "model/store/change.h"
#include "model/store/column.h"
#include "model/store/sqlite.h"
#include "model/sync/outbox_parts.h"
#include "model/sync/rows.h"

#include <stdlib.h>
#include <string.h>

const char *const outbox_state_names[OUTBOX_STATES] = {
    [OUTBOX_PENDING] = "pending", [OUTBOX_WAITING] = "waiting", [OUTBOX_CONFLICT] = "conflict",
    [OUTBOX_REFUSED] = "refused", [OUTBOX_DONE] = "done",
};

static const char *const verb_names[] = {
    [OPERATION_SET] = "set",
    [OPERATION_CREATE] = "create",
    [OPERATION_DELETE] = "delete",
};

/* ---- Verbs ---- */

static const struct outbox_verb *verbs[8];
static size_t n_verbs;

void outbox_verb_register(const struct outbox_verb *verb)
{
    for (size_t i = 0; i < n_verbs; i++)
        if (verbs[i] == verb)
            return;
    if (n_verbs == sizeof verbs / sizeof *verbs)
        abort();
    verbs[n_verbs++] = verb;
}

const struct outbox_verb *outbox_verb_find(const char *name)
{
    for (size_t i = 0; i < n_verbs; i++)
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    return NULL;
}

const struct outbox_verb *outbox_verb_of(const char *entity)
{
    const struct outbox_verb *verb = outbox_verb_find(entity);
    return verb && verb->entity && strcmp(verb->entity, entity) == 0 ? verb : NULL;
}

bool outbox_is_move(const char *entity, const char *verb, const json_t *fields)
{
    const struct entity *known = entity_find(entity);
    const char *name;
    json_t *value;
    /* Who has an author is taken up, which is no move. */
    if (!known || !outbox_verb_of(entity) || strcmp(verb, "set") != 0 ||
        !json_object_size(fields) || json_object_get(fields, "author"))
        return false;
    json_object_foreach((json_t *)fields, name, value)
    {
        const struct entity_field *field = entity_field_find(known, name);
        if (!field || !field->guarded)
            return false;
    }
    return true;
}

/* ---- Taking an edit in ---- */

struct bases {
    struct writer *writer;
    sqlite3 *before; /* the file as it was; NULL: as it is */
};

/* The rows of a key as they are before the edit, unless they lie below one already. */
static enum status base_keep(void *context, const struct change_place *place, int64_t key,
                             struct error *err)
{
    struct bases *bases = context;
    struct bytes rows = {0};
    sqlite3_stmt *stmt;
    struct arena *arena = arena_new();
    enum status status = ST_OK;
    if (bases->before) {
        const char *sql = arena_printf(arena, "select * from %s where %s", place->table,
                                       change_where_sql(arena, place));
        int code = sqlite3_prepare_v2(bases->before, sql, -1, &stmt, NULL);
        if (code == SQLITE_OK) {
            sqlite3_bind_int64(stmt, 1, key);
            while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
                rows_put(stmt, &rows);
        }
        if (code != SQLITE_DONE)
            status = sqlite_status(bases->before, "reading what an edit changes", err);
        sqlite3_finalize(stmt);
    } else {
        status = rows_keep(bases->writer, place, key, &rows, err);
    }
    if (status == ST_OK)
        status = writer_prepare(bases->writer, "insert or ignore into outbox_base values (?, ?, ?)",
                                &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int(stmt, 1, place->number);
        sqlite3_bind_int64(stmt, 2, key);
        sqlite3_bind_blob(stmt, 3, rows.n ? (const void *)rows.at : "", (int)rows.n, SQLITE_STATIC);
        status = writer_run(bases->writer, stmt, err);
    }
    free(rows.at);
    arena_free(arena);
    return status;
}

/* Another connection sees the file as it was before the transaction. */
static enum status bases_save(struct writer *writer, struct error *err)
{
    struct bases bases = {.writer = writer};
    bool unlocked;
    enum status status = mall_connect(writer_mall(writer), &bases.before, &unlocked, err);
    if (status == ST_OK)
        status = change_captured(writer, base_keep, &bases, err);
    sqlite3_close(bases.before);
    return status;
}

struct entry {
    const char *id, *verb, *entity, *target, *actor;
    int64_t base;
    json_t *detail;
    const json_t *before;
};

static enum status entry_insert(struct writer *writer, const struct entry *entry, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "insert into outbox (id, verb, entity, target, actor, made, base, detail, before)"
        " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    char *detail = json_dumps(entry->detail, JSON_COMPACT | JSON_SORT_KEYS);
    char *before =
        entry->before ? json_dumps(entry->before, JSON_COMPACT | JSON_SORT_KEYS) : mem_strdup("{}");
    const char *const texts[] = {entry->id, entry->verb, entry->entity, entry->target,
                                 entry->actor};
    for (int i = 0; i < 5; i++)
        sqlite3_bind_text(stmt, i + 1, texts[i], -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 6, time_now());
    sqlite3_bind_int64(stmt, 7, entry->base);
    sqlite3_bind_text(stmt, 8, detail, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 9, before, -1, SQLITE_STATIC);
    status = writer_run(writer, stmt, err);
    free(detail);
    free(before);
    if (status == ST_OK)
        change_before_commit(writer, bases_save);
    return status;
}

enum status outbox_put(struct writer *writer, const char *verb, const char *id, const char *actor,
                       const char *target, const json_t *detail, struct error *err)
{
    if (!writer_mall(writer)->replica)
        return ST_OK;
    struct entry entry = {id, verb, "", target, actor, -1, (json_t *)detail, NULL};
    return entry_insert(writer, &entry, err);
}

/* Of an operation, its fields as they were. */
static json_t *fields_before(const struct operation_record *record, json_t *fields)
{
    json_t *before = json_object();
    const char *name;
    json_t *value;
    json_object_foreach(fields, name, value) if (json_object_get(record->now, name))
        json_object_set(before, name, json_object_get(record->now, name));
    return before;
}

/* Who overwrites "whatever there is" has seen what is here, which off line is a version: else an
 * edit of yesterday would undo one of today unseen. Joining a list or leaving it fits any version.
 */
static int64_t base_of(const struct operation_record *record)
{
    const struct operation *op = record->op;
    const char *name;
    json_t *value;
    bool lists = json_object_size(op->set) > 0;
    json_object_foreach(op->set, name, value) lists =
        lists && (strcmp(name, "add") == 0 || strcmp(name, "remove") == 0);
    bool any = op->base_version < 0 && (lists || op->verb == OPERATION_CREATE);
    return any ? -1 : record->base;
}

/* The fields of a member that are words about consent, or all others; NULL where there are none. */
static json_t *consents_of(const json_t *set, bool consents)
{
    json_t *part = json_object(), *value;
    const char *name;
    json_object_foreach((json_t *)set, name, value)
    {
        if ((strncmp(name, "consent_", 8) == 0) == consents)
            json_object_set(part, name, value);
    }
    if (json_object_size(part))
        return part;
    json_decref(part);
    return NULL;
}

static enum status follow_fields(struct writer *writer, const struct operation_record *record,
                                 const char *id, const char *verb, int64_t base, json_t *fields,
                                 struct error *err)
{
    const struct operation *op = record->op;
    json_t *detail = json_pack("{s:s, s:O, s:s}", "verb", verb_names[op->verb], "fields", fields,
                               "reason", op->reason ? op->reason : "");
    json_t *before = fields_before(record, fields);
    if (op->move)
        json_object_set_new(detail, "move", json_string(op->move));
    if (op->move || strcmp(verb, "operation") != 0)
        json_object_set_new(detail, "seen", json_deep_copy(op->seen ? op->seen : before));
    struct entry entry = {id, verb, op->entity, op->target, op->actor, base, detail, before};
    enum status status = entry_insert(writer, &entry, err);
    json_decref(detail);
    json_decref(before);
    return status;
}

/* What a member said about consents holds whatever else was changed of the member, so it goes as an
 * edit of its own; what was set with it follows. */
static enum status follow_member(struct writer *writer, const struct operation_record *record,
                                 struct error *err)
{
    json_t *said = consents_of(record->op->set, true);
    json_t *others = consents_of(record->op->set, false);
    char rest[33];
    int64_t base = base_of(record);
    enum status status = ST_OK;
    random_hex(rest, 16);
    if (said)
        status = follow_fields(writer, record, record->id, "consent", base, said, err);
    if (status == ST_OK && others)
        status = follow_fields(writer, record, said ? rest : record->id, "operation",
                               said ? base + 1 : base, others, err);
    json_decref(said);
    json_decref(others);
    return status;
}

static enum status outbox_follow(struct writer *writer, const struct operation_record *record,
                                 struct error *err)
{
    const struct operation *op = record->op;
    bool member = strcmp(op->entity, "member") == 0;
    if (member && op->verb == OPERATION_CREATE)
        return error_set(err, ST_REFUSED,
                         "a new member gets a number, and only the hub gives one: register at the "
                         "hub");
    if (strcmp(op->entity, "segment") == 0 &&
        json_integer_value(json_object_get(op->set, "edition")))
        return error_set(err, ST_REFUSED,
                         "people are kept as they are at the hub: save the segment live here, and "
                         "freeze it there");
    if (member && op->verb == OPERATION_SET)
        return follow_member(writer, record, err);
    if (outbox_is_move(op->entity, verb_names[op->verb], op->set) && !op->move)
        return error_set(err, ST_REFUSED,
                         "a move goes to the hub as a move: make the one that leads back");
    json_t *fields = op->set ? json_deep_copy(op->set) : json_object();
    enum status status =
        follow_fields(writer, record, record->id, op->move ? op->entity : "operation",
                      base_of(record), fields, err);
    json_decref(fields);
    return status;
}

void sync_register(void)
{
    operation_follow_register(outbox_follow);
    outbox_verb_register(&outbox_consent);
    outbox_verb_register(&outbox_rollout);
}

/* ---- Around a batch ---- */

enum status outbox_restore(struct writer *writer, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "select place, key, rows from outbox_base order by place, key", &stmt, err);
    int code = SQLITE_DONE;
    if (status != ST_OK)
        return status;
    while (status == ST_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        const struct change_place *place = change_place_number(sqlite3_column_int(stmt, 0));
        if (place)
            status = rows_restore(
                writer, place, sqlite3_column_int64(stmt, 1),
                view_of(sqlite3_column_blob(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2)), err);
    }
    if (status == ST_OK && code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading the outbox", err);
    sqlite3_reset(stmt);
    if (status == ST_OK)
        status = writer_prepare(writer, "delete from outbox_base", &stmt, err);
    return status == ST_OK ? writer_run(writer, stmt, err) : status;
}

/* Twice: the first time says what it touches. One that can no longer be made is left out; its entry
 * says why in time. */
static enum status entry_redo(struct writer *writer, const struct operation *op, struct error *err)
{
    struct bases bases = {.writer = writer};
    sqlite3 *db = writer_db(writer);
    enum status status = sqlite_run(db, "savepoint redo", "laying edits on top", err);
    if (status != ST_OK)
        return status;
    change_capture(writer, true);
    bool good = operation_redo(writer, op, NULL) == ST_OK;
    status = sqlite_run(db, "rollback to redo", "laying edits on top", err);
    if (status == ST_OK && good)
        status = change_captured(writer, base_keep, &bases, err);
    change_capture(writer, false);
    if (status == ST_OK && good)
        operation_redo(writer, op, NULL);
    if (status == ST_OK)
        status = sqlite_run(db, "release redo", "laying edits on top", err);
    return status;
}

enum status outbox_redo(struct writer *writer, int64_t seq, struct error *err)
{
    struct todo {
        char *entity, *target, *actor;
        enum operation_verb verb;
        json_t *fields;
    };
    VEC(struct todo) todo = {0};
    sqlite3_stmt *stmt;
    struct arena *arena = arena_new();
    enum status status = writer_prepare(
        writer,
        "select entity, target, actor, detail from outbox where entity <> '' and (state in"
        " ('pending', 'waiting', 'conflict') or (state = 'done' and seq > ?1)) order by number",
        &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, seq);
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            json_t *detail = json_loads(column_text(stmt, 3), 0, NULL);
            const char *verb = json_string_value(json_object_get(detail, "verb"));
            struct todo one = {arena_strdup(arena, column_text(stmt, 0)),
                               arena_strdup(arena, column_text(stmt, 1)),
                               arena_strdup(arena, column_text(stmt, 2)), OPERATION_SET,
                               json_incref(json_object_get(detail, "fields"))};
            for (int v = OPERATION_SET; verb && v <= OPERATION_DELETE; v++)
                if (strcmp(verb, verb_names[v]) == 0)
                    one.verb = (enum operation_verb)v;
            vec_push(&todo, one);
            json_decref(detail);
        }
        sqlite3_reset(stmt);
    }
    for (size_t i = 0; i < todo.n; i++) {
        struct operation op = {.actor = todo.at[i].actor,
                               .entity = todo.at[i].entity,
                               .target = todo.at[i].target,
                               .verb = todo.at[i].verb,
                               .base_version = -1,
                               .set = todo.at[i].fields};
        if (status == ST_OK)
            status = entry_redo(writer, &op, err);
        json_decref(todo.at[i].fields);
    }
    vec_free(&todo);
    arena_free(arena);
    return status;
}
