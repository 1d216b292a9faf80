/* Applying and undoing operations. All SQL is made from the const table of entities; what comes
 * from outside is bound. */
#include "model/store/operation.h"

#include "model/base/random.h"
#include "model/base/text.h"
#include "model/store/column.h"
#include "model/store/operation_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verbs[] = {
    [OPERATION_SET] = "set",
    [OPERATION_CREATE] = "create",
    [OPERATION_DELETE] = "delete",
};

static const struct {
    enum right right;
    const char *words;
} rights[] = {
    {RIGHT_PEOPLE_EDIT, "to change members"},     {RIGHT_SHOPS_EDIT, "to change shops"},
    {RIGHT_CAMPAIGN_EDIT, "to change campaigns"}, {RIGHT_DEVICES_EDIT, "to change devices"},
    {RIGHT_ADMIN, "of an administrator"},
};

char *change_target(const struct change *change)
{
    const char *target = change->op->target;
    return arena_printf(change->arena, "%s %s", change->entity->name,
                        text_quote(change->arena, target, strlen(target)));
}

/* ---- What is asked for ---- */

static bool name_is_good(const char *text, size_t most)
{
    size_t n = text ? strlen(text) : 0;
    return n >= 1 && n <= most && text_valid(text, n);
}

static enum status right_check(struct change *change, struct error *err)
{
    const struct operation *op = change->op;
    if ((op->rights & (unsigned)change->entity->right) == (unsigned)change->entity->right)
        return ST_OK;
    const char *words = "for this";
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++)
        if (rights[i].right == change->entity->right)
            words = rights[i].words;
    return error_set(err, ST_DENIED, "%s may not change %s: that needs the right %s",
                     text_quote(change->arena, op->actor, strlen(op->actor)), change_target(change),
                     words);
}

static enum status request_check(struct change *change, struct error *err)
{
    const struct operation *op = change->op;
    struct arena *arena = change->arena;
    change->entity = op->entity ? entity_find(op->entity) : NULL;
    if (!change->entity) {
        size_t n;
        const struct entity *all = entity_all(&n);
        const char *known = "";
        for (size_t i = 0; i < n; i++)
            known = arena_printf(arena, "%s%s%s", known, i ? ", " : "", all[i].name);
        const char *found = op->entity ? op->entity : "";
        return error_set(err, ST_REFUSED, "entity: found %s, expected one of: %s",
                         text_quote(arena, found, strlen(found)), known);
    }
    if (!name_is_good(op->target, 200))
        return error_set(err, ST_REFUSED, "%s of a %s: expected 1 to 200 bytes of text on one line",
                         change->entity->key, op->entity);
    if (!name_is_good(op->actor, 200))
        return error_set(err, ST_REFUSED, "an operation needs an actor");
    if (op->id && !name_is_good(op->id, 64))
        return error_set(err, ST_REFUSED, "an operation's id has 1 to 64 bytes of text");
    if (op->reason && *op->reason && !name_is_good(op->reason, 1000))
        return error_set(err, ST_REFUSED, "a reason has at most 1000 bytes of text on one line");
    return right_check(change, err);
}

static char *id_make(struct arena *arena)
{
    char *id = arena_alloc(arena, 33);
    random_hex(id, 16);
    return id;
}

/* ---- What is there ---- */

static enum status json_of_column(struct change *change, const struct entity_field *field,
                                  sqlite3_stmt *stmt, int column)
{
    struct value value = {.null = sqlite3_column_type(stmt, column) == SQLITE_NULL,
                          .integer = sqlite3_column_int64(stmt, column)};
    if (sqlite3_column_type(stmt, column) == SQLITE_TEXT)
        value.text = (const char *)sqlite3_column_text(stmt, column);
    json_object_set_new(change->now, field->name, value_canonical(change, field, &value));
    return ST_OK;
}

/* The number by which lists and identities know the row; 0 where it has none. */
static const char *row_column(const struct entity *entity)
{
    if (strcmp(entity->name, "member") == 0)
        return "person";
    return strcmp(entity->table, "setting") == 0 || strcmp(entity->table, "principal") == 0 ? "0"
                                                                                            : "id";
}

static char *select_sql(struct change *change)
{
    const struct entity *entity = change->entity;
    char *sql = arena_printf(change->arena, "select version, %s", row_column(entity));
    for (size_t i = 0; i < entity->n_fields; i++) {
        const struct entity_field *field = entity->fields + i;
        if (field->type == FIELD_REFERENCE)
            sql = arena_printf(change->arena,
                               "%s, coalesce((select r.%s from %s r where r.id = t.%s), '')", sql,
                               reference_code(field->choices), field->choices, field->name);
        else if (field_is_column(field))
            sql = arena_printf(change->arena, "%s, t.%s", sql, field->name);
    }
    return arena_printf(change->arena, "%s from %s t where t.%s = ?1", sql, entity->table,
                        entity->key);
}

enum status change_read(struct change *change, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(change->writer, select_sql(change), &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, change->op->target, -1, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    change->exists = code == SQLITE_ROW;
    if (code == SQLITE_ROW) {
        change->version = sqlite3_column_int64(stmt, 0);
        change->row = sqlite3_column_int64(stmt, 1);
        int column = 2;
        for (size_t i = 0; i < change->entity->n_fields; i++)
            if (field_is_column(change->entity->fields + i))
                json_of_column(change, change->entity->fields + i, stmt, column++);
    } else if (code != SQLITE_DONE) {
        status = sqlite_status(writer_db(change->writer), "reading what is to be changed", err);
    }
    sqlite3_reset(stmt);
    return status;
}

enum status change_conflict(const struct change *change, const char *what, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(change->writer,
                       "select a.actor, a.time from operation o join audit a on a.seq = o.seq "
                       "where o.entity = ?1 and o.target = ?2 order by o.seq desc limit 1",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, change->entity->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, change->op->target, -1, SQLITE_STATIC);
    const char *who = " by an import";
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *actor = column_text(stmt, 0);
        who = arena_printf(change->arena, " by %s at %s",
                           text_quote(change->arena, actor, strlen(actor)),
                           time_local(change->arena, writer_mall(change->writer)->zone,
                                      sqlite3_column_int64(stmt, 1)));
    }
    sqlite3_reset(stmt);
    return error_set(err, ST_CONFLICT, "%s %s%s: look at it again before you change it",
                     change_target(change), what, who);
}

/* A row that is made again goes on from the version that was removed, so that an operation against
 * the old one still finds a conflict. */
static enum status last_version(struct change *change, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(change->writer,
                                        "select result_version from operation where entity = ?1 "
                                        "and target = ?2 order by seq desc limit 1",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, change->entity->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, change->op->target, -1, SQLITE_STATIC);
    change->version = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return ST_OK;
}

static enum status state_check(struct change *change, struct error *err)
{
    const struct operation *op = change->op;
    enum status status = change_read(change, err);
    if (status == ST_OK && !change->exists)
        status = last_version(change, err);
    if (status != ST_OK)
        return status;
    if (op->verb == OPERATION_CREATE)
        return change->exists ? change_conflict(change, "exists already, changed last", err)
                              : ST_OK;
    if (!change->exists && change->version > 0)
        return change_conflict(change, "was removed", err);
    if (!change->exists)
        return error_set(err, ST_REFUSED, "there is no %s", change_target(change));
    if (op->base_version >= 0 && op->base_version != change->version)
        return change_conflict(change, "was changed", err);
    return ST_OK;
}

/* ---- Doing it ---- */

static enum status fields_parse(struct change *change, struct error *err)
{
    const struct entity *entity = change->entity;
    change->values = arena_array(change->arena, struct value, entity->n_fields);
    const char *name;
    json_t *given;
    json_object_foreach(change->op->set, name, given)
    {
        const struct entity_field *field = entity_field_find(entity, name);
        if (!field) {
            const char *known = "";
            for (size_t i = 0; i < entity->n_fields; i++)
                known = arena_printf(change->arena, "%s%s%s", known, i ? ", " : "",
                                     entity->fields[i].name);
            return error_set(err, ST_REFUSED, "field of a %s: found %s, expected one of: %s",
                             entity->name, text_quote(change->arena, name, strlen(name)), known);
        }
        struct value *value = change->values + (field - entity->fields);
        enum status status = value_parse(change, field, given, value, err);
        if (status != ST_OK)
            return status;
    }
    for (size_t i = 0; change->op->verb == OPERATION_CREATE && i < entity->n_fields; i++)
        if (entity->fields[i].least > 0 && entity->fields[i].type != FIELD_INTEGER &&
            !change->values[i].set)
            return error_set(err, ST_REFUSED, "%s: its %s is missing", change_target(change),
                             entity->fields[i].name);
    return ST_OK;
}

static json_t *field_canonical(struct change *change, size_t i)
{
    const struct entity_field *field = change->entity->fields + i;
    if (field->type == FIELD_REFERENCE) /* the code that was given */
        return json_is_string(json_object_get(change->op->set, field->name))
                   ? json_incref(json_object_get(change->op->set, field->name))
                   : json_string("");
    return value_canonical(change, field, change->values + i);
}

static void bind_value(sqlite3_stmt *stmt, int at, const struct value *value)
{
    if (value->null)
        sqlite3_bind_null(stmt, at);
    else if (value->text)
        sqlite3_bind_text(stmt, at, value->text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_int64(stmt, at, value->integer);
}

static enum status row_run(struct change *change, const char *sql, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(change->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, change->op->target, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, change->version);
    sqlite3_bind_int64(stmt, 3, change->row);
    for (size_t i = 0; i < change->entity->n_fields; i++)
        if (change->values[i].set && field_is_column(change->entity->fields + i))
            bind_value(stmt, (int)i + 4, change->values + i);
    return writer_run(change->writer, stmt, err);
}

static enum status row_update(struct change *change, struct error *err)
{
    char *sql = arena_printf(change->arena, "update %s set version = ?2", change->entity->table);
    for (size_t i = 0; i < change->entity->n_fields; i++) {
        const struct entity_field *field = change->entity->fields + i;
        if (!change->values[i].set || !field_is_column(field))
            continue;
        sql = arena_printf(change->arena, "%s, %s = ?%zu", sql, field->name, i + 4);
        json_object_set(change->before, field->name, json_object_get(change->now, field->name));
        json_object_set_new(change->after, field->name, field_canonical(change, i));
    }
    return row_run(change,
                   arena_printf(change->arena, "%s where %s = ?1", sql, change->entity->key), err);
}

static enum status row_insert(struct change *change, struct error *err)
{
    bool numbered = change->row != 0;
    char *names = arena_printf(change->arena, "%s, version%s%s", change->entity->key,
                               numbered ? ", " : "", numbered ? row_column(change->entity) : "");
    const char *places = numbered ? "?1, ?2, ?3" : "?1, ?2";
    for (size_t i = 0; i < change->entity->n_fields; i++) {
        const struct entity_field *field = change->entity->fields + i;
        if (!change->values[i].set || !field_is_column(field))
            continue;
        names = arena_printf(change->arena, "%s, %s", names, field->name);
        places = arena_printf(change->arena, "%s, ?%zu", places, i + 4);
        json_object_set_new(change->after, field->name, field_canonical(change, i));
    }
    enum status status = row_run(change,
                                 arena_printf(change->arena, "insert into %s (%s) values (%s)",
                                              change->entity->table, names, places),
                                 err);
    if (!numbered)
        change->row = sqlite3_last_insert_rowid(writer_db(change->writer));
    return status;
}

static const char *list_table(const struct entity *entity)
{
    for (size_t i = 0; i < entity->n_fields; i++)
        if (entity->fields[i].type == FIELD_PEOPLE)
            return entity->fields[i].choices;
    return NULL;
}

static enum status row_delete(struct change *change, struct error *err)
{
    json_object_update(change->before, change->now);
    const char *table = list_table(change->entity);
    json_t *cards = NULL;
    enum status status = table ? list_read(change, table, &cards, err) : ST_OK;
    if (status == ST_OK && table)
        status = list_clear(change, table, err);
    if (status == ST_OK && cards && json_array_size(cards) > 0)
        json_object_set(change->before, "add", cards);
    json_decref(cards);
    if (status != ST_OK)
        return status;
    return row_run(change,
                   arena_printf(change->arena, "delete from %s where %s = ?1",
                                change->entity->table, change->entity->key),
                   err);
}

static enum status row_write(struct change *change, struct error *err)
{
    const struct operation *op = change->op;
    const struct entity *entity = change->entity;
    if (op->verb == OPERATION_CREATE && !entity->may_create)
        return error_set(err, ST_REFUSED, "a %s cannot be added", entity->name);
    if (op->verb == OPERATION_DELETE && !entity->may_delete)
        return error_set(err, ST_REFUSED,
                         "%s cannot be removed once it is made: events may refer to it",
                         change_target(change));
    enum status status = fields_parse(change, err);
    if (status == ST_OK)
        status = rule_before(change, err);
    if (status != ST_OK)
        return status;
    change->version++;
    status = op->verb == OPERATION_SET      ? row_update(change, err)
             : op->verb == OPERATION_CREATE ? row_insert(change, err)
                                            : row_delete(change, err);
    for (size_t i = 0; status == ST_OK && i < entity->n_fields; i++)
        if (entity->fields[i].type == FIELD_PEOPLE && change->values[i].set)
            status = list_apply(change, entity->fields + i, err);
    return status == ST_OK ? rule_after(change, err) : status;
}

static enum status record_write(struct change *change, struct error *err)
{
    const struct operation *op = change->op;
    struct audit_record record = {.actor = op->actor,
                                  .act = verbs[op->verb],
                                  .entity = op->entity,
                                  .target = op->target,
                                  .before = json_line(change->arena, change->before),
                                  .after = json_line(change->arena, change->after),
                                  .reason = op->reason ? op->reason : "",
                                  .operation = change->id};
    int64_t seq;
    sqlite3_stmt *stmt;
    enum status status = audit_write(change->writer, &record, &seq, err);
    if (status == ST_OK)
        status = writer_prepare(change->writer,
                                "insert into operation (id, seq, entity, target, result_version) "
                                "values (?1, ?2, ?3, ?4, ?5)",
                                &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, change->id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, seq);
    sqlite3_bind_text(stmt, 3, op->entity, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 4, op->target, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 5, change->version);
    status = writer_run(change->writer, stmt, err);
    return status == ST_OK ? writer_touch_rows(change->writer, err) : status;
}

/* The same id again: the answer is what it was the first time. */
static enum status repeat_find(struct change *change, bool *repeated, struct error *err)
{
    *repeated = false;
    if (!change->op->id)
        return ST_OK;
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        change->writer, "select entity, target, result_version from operation where id = ?1", &stmt,
        err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, change->id, -1, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        *repeated = true;
        change->version = sqlite3_column_int64(stmt, 2);
        if (strcmp(column_text(stmt, 0), change->op->entity) != 0 ||
            strcmp(column_text(stmt, 1), change->op->target) != 0)
            status = error_set(err, ST_CONFLICT,
                               "the operation %s was applied to something else before: give this "
                               "one an id of its own",
                               text_quote(change->arena, change->id, strlen(change->id)));
    } else if (code != SQLITE_DONE) {
        status = sqlite_status(writer_db(change->writer), "looking for the operation", err);
    }
    sqlite3_reset(stmt);
    return status;
}

/* ---- Replicas ---- */

static operation_follow *follow;

void operation_follow_register(operation_follow *fn)
{
    follow = fn;
}

static enum status change_follow(struct change *change, int64_t base, struct error *err)
{
    if (!writer_mall(change->writer)->replica)
        return ST_OK;
    if (!follow)
        return error_set(err, ST_REFUSED, "a replica cannot be changed by this program");
    const struct operation_record record = {.op = change->op,
                                            .id = change->id,
                                            .base = base,
                                            .version = change->version,
                                            .now = change->now};
    return follow(change->writer, &record, err);
}

static enum status change_apply(struct change *change, bool *repeated, struct error *err)
{
    enum status status = repeat_find(change, repeated, err);
    if (status != ST_OK || *repeated)
        return status;
    status = state_check(change, err);
    int64_t base = change->version;
    if (status == ST_OK)
        status = row_write(change, err);
    if (status == ST_OK)
        status = record_write(change, err);
    return status == ST_OK ? change_follow(change, base, err) : status;
}

enum status operation_apply(struct writer *writer, const struct operation *op,
                            struct operation_result *result, struct error *err)
{
    return change_run(writer, op, false, result, err);
}

enum status change_run(struct writer *writer, const struct operation *op, bool restoring,
                       struct operation_result *result, struct error *err)
{
    struct change change = {.writer = writer,
                            .op = op,
                            .restoring = restoring,
                            .arena = arena_new(),
                            .now = json_object(),
                            .before = json_object(),
                            .after = json_object()};
    bool repeated = false, own = !writer_in_transaction(writer);
    enum status status = request_check(&change, err);
    if (status == ST_OK) {
        change.id = op->id ? arena_strdup(change.arena, op->id) : id_make(change.arena);
        status = own ? writer_begin(writer, err) : ST_OK;
    }
    if (status == ST_OK) {
        status = change_apply(&change, &repeated, err);
        if (status == ST_OK && own)
            status = writer_commit(writer, err);
        else if (own)
            writer_rollback(writer);
    }
    if (status == ST_OK && result) {
        *result = (struct operation_result){.version = change.version, .repeated = repeated};
        memcpy(result->id, change.id, strlen(change.id) + 1);
    }
    json_decref(change.now);
    json_decref(change.before);
    json_decref(change.after);
    arena_free(change.arena);
    return status;
}

enum status operation_redo(struct writer *writer, const struct operation *op, struct error *err)
{
    struct operation free_of_version = *op;
    free_of_version.base_version = -1;
    free_of_version.rights = ~0u;
    struct change change = {.writer = writer,
                            .op = &free_of_version,
                            .again = true,
                            .restoring = true,
                            .arena = arena_new(),
                            .now = json_object(),
                            .before = json_object(),
                            .after = json_object()};
    enum status status = request_check(&change, err);
    if (status == ST_OK)
        status = state_check(&change, err);
    if (status == ST_OK)
        status = row_write(&change, err);
    json_decref(change.now);
    json_decref(change.before);
    json_decref(change.after);
    arena_free(change.arena);
    return status;
}

enum status operation_read(struct writer *writer, const char *entity, const char *target,
                           json_t **now, int64_t *version, struct error *err)
{
    struct operation op = {.entity = entity, .target = target};
    struct change change = {.writer = writer,
                            .op = &op,
                            .entity = entity_find(entity),
                            .arena = arena_new(),
                            .now = json_object()};
    enum status status = change.entity ? change_read(&change, err)
                                       : error_set(err, ST_REFUSED, "there is no such entity");
    if (status == ST_OK && !change.exists)
        status = last_version(&change, err);
    *now = change.now;
    *version = change.version;
    arena_free(change.arena);
    return status;
}
