/* Looking at the outbox, and dealing with what came back. */
#include "model/sync/outbox_parts.h"

#include "model/base/random.h"
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/store/change.h"
#include "model/store/column.h"
#include "model/store/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum outbox_state state_of(const char *name)
{
    for (int i = 0; i < OUTBOX_STATES; i++)
        if (strcmp(outbox_state_names[i], name) == 0)
            return (enum outbox_state)i;
    return OUTBOX_PENDING;
}

/* What the file says is shown to people: no control characters. */
static const char *clean(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);
    for (char *at = copy; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    return text_valid(copy, strlen(copy)) ? copy : text_quote(arena, text, strlen(text));
}

/* The objects of the last look; the reader keeps them. */
struct objects {
    VEC(json_t *) all;
};
static const char objects_key;

static void objects_free(void *value)
{
    struct objects *objects = value;
    for (size_t i = 0; i < objects->all.n; i++)
        json_decref(objects->all.at[i]);
    vec_free(&objects->all);
    free(objects);
}

static const json_t *json_of(struct objects *objects, const char *text)
{
    json_t *json = *text ? json_loads(text, 0, NULL) : NULL;
    if (json)
        vec_push(&objects->all, json);
    return json;
}

/* Of a move, the state it leads to, and of what it went by that which is another at the hub. */
static const json_t *move_mine(struct objects *objects, const json_t *detail, const json_t *seen,
                               const json_t *theirs)
{
    json_t *mine = json_object(), *value;
    const char *name;
    json_object_set(mine, "state", json_object_get(json_object_get(detail, "fields"), "state"));
    json_object_foreach((json_t *)theirs, name, value)
    {
        if (!json_object_get(mine, name) && json_object_get(seen, name))
            json_object_set(mine, name, json_object_get(seen, name));
    }
    vec_push(&objects->all, mine);
    return mine;
}

static void entry_take(struct arena *arena, struct objects *objects, sqlite3_stmt *stmt,
                       struct outbox_entry *e)
{
    const json_t *detail = json_of(objects, column_text(stmt, 6));
    const json_t *fields = json_object_get(detail, "fields");
    *e = (struct outbox_entry){.id = clean(arena, column_text(stmt, 0)),
                               .verb = clean(arena, column_text(stmt, 1)),
                               .entity = clean(arena, column_text(stmt, 2)),
                               .target = clean(arena, column_text(stmt, 3)),
                               .actor = clean(arena, column_text(stmt, 4)),
                               .made = sqlite3_column_int64(stmt, 5),
                               .mine = fields ? fields : detail,
                               .base = json_of(objects, column_text(stmt, 7)),
                               .state = state_of(column_text(stmt, 8)),
                               .reason = clean(arena, column_text(stmt, 9)),
                               .theirs = json_of(objects, column_text(stmt, 10)),
                               .by = clean(arena, column_text(stmt, 11)),
                               .at = sqlite3_column_int64(stmt, 12),
                               .base_version = sqlite3_column_int64(stmt, 13)};
    const char *move = json_string_value(json_object_get(detail, "move"));
    e->move = clean(arena, move ? move : "");
    if (move) {
        e->base = json_object_get(detail, "seen");
        e->mine = move_mine(objects, detail, e->base, e->theirs);
    }
    if (!e->mine)
        e->mine = json_of(objects, "{}");
    if (!e->base)
        e->base = json_of(objects, "{}");
}

enum status outbox_read(struct reader *reader, const struct access *access, struct arena *arena,
                        bool done, const struct outbox_entry **entries, size_t *n,
                        struct error *err)
{
    VEC(struct outbox_entry) all = {0};
    struct objects *objects = mem_zero(1, sizeof *objects);
    sqlite3_stmt *stmt;
    bool row = true;
    reader_keep(reader, &objects_key, objects, objects_free);
    (void)access; /* a replica is one person's: what was edited there is that person's own */
    enum status status = reader_prepare(
        reader,
        "select id, verb, entity, target, actor, made, detail, before, state, reason, theirs, by,"
        " at, base from outbox where ?1 or state not in ('done', 'dropped') order by number",
        &stmt, err);
    if (status == ST_OK)
        sqlite3_bind_int(stmt, 1, done);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct outbox_entry entry;
        entry_take(arena, objects, stmt, &entry);
        vec_push(&all, entry);
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    *entries = vec_copy(arena, &all);
    *n = status == ST_OK ? all.n : 0;
    vec_free(&all);
    return status;
}

/* ---- Dealing with one ---- */

struct found {
    char *entity, *target, *verb, *detail, *state, *theirs;
    int64_t number, version; /* the hub's, of a conflict */
};

static enum status entry_find(struct writer *writer, const char *id, struct arena *arena,
                              struct found *found, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer,
                       "select number, entity, target, verb, detail, state, version, theirs"
                       " from outbox where id = ?1",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        *found = (struct found){.number = sqlite3_column_int64(stmt, 0),
                                .entity = arena_strdup(arena, column_text(stmt, 1)),
                                .target = arena_strdup(arena, column_text(stmt, 2)),
                                .verb = arena_strdup(arena, column_text(stmt, 3)),
                                .detail = arena_strdup(arena, column_text(stmt, 4)),
                                .state = arena_strdup(arena, column_text(stmt, 5)),
                                .version = sqlite3_column_int64(stmt, 6),
                                .theirs = arena_strdup(arena, column_text(stmt, 7))};
    else
        status = error_set(err, ST_REFUSED, "there is no edit %s in the outbox",
                           text_quote(arena, id, strlen(id)));
    sqlite3_reset(stmt);
    return status;
}

static enum status entry_remove(struct writer *writer, int64_t number, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, "delete from outbox where number = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, number);
    return writer_run(writer, stmt, err);
}

/* The edit as it is to be made now: with another id, against the hub's version, in its old place,
 * so that those behind it stay behind it. */
static enum status entry_again(struct writer *writer, const struct found *found,
                               const json_t *detail, struct error *err)
{
    char id[33];
    sqlite3_stmt *stmt;
    random_hex(id, 16);
    char *text = json_dumps(detail, JSON_COMPACT | JSON_SORT_KEYS);
    enum status status = writer_prepare(
        writer,
        "update outbox set id = ?2, base = ?3, detail = ?4, before = theirs, state = 'pending',"
        " theirs = '', reason = '', by = '', at = 0 where number = ?1",
        &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, found->number);
        sqlite3_bind_text(stmt, 2, id, -1, SQLITE_STATIC);
        sqlite3_bind_int64(stmt, 3, found->version);
        sqlite3_bind_text(stmt, 4, text, -1, SQLITE_STATIC);
        status = writer_run(writer, stmt, err);
    }
    free(text);
    return status;
}

/* Of the fields that others may not set. */
static enum status fields_check(const struct found *found, const json_t *fields, struct error *err)
{
    const struct entity *entity = entity_find(found->entity);
    const char *name;
    json_t *value;
    if (!entity || json_object_size(fields) == 0)
        return error_set(err, ST_REFUSED, "there is nothing to set: take theirs instead");
    json_object_foreach((json_t *)fields, name, value)
    {
        if (!entity_field_find(entity, name))
            return error_set(err, ST_REFUSED, "a %s has no such field", entity->name);
    }
    return ST_OK;
}

/* A verb that is tried once more, against what the hub has. */
static enum status verb_again(struct writer *writer, const struct found *found, struct error *err)
{
    const struct outbox_verb *verb = outbox_verb_find(found->verb);
    json_t *detail = json_loads(found->detail, 0, NULL);
    json_t *theirs = json_loads(found->theirs, 0, NULL);
    enum status status =
        verb && verb->again
            ? verb->again(found->target, detail, theirs, err)
            : error_set(err, ST_REFUSED, "this cannot be set over the hub's: take theirs");
    if (status == ST_OK)
        status = entry_again(writer, found, detail, err);
    json_decref(detail);
    json_decref(theirs);
    return status;
}

static enum status fields_again(struct writer *writer, const struct found *found,
                                const json_t *fields, struct error *err)
{
    enum status status = fields_check(found, fields, err);
    json_t *detail = json_loads(found->detail, 0, NULL);
    json_object_set(detail, "fields", (json_t *)fields);
    if (status == ST_OK)
        status = entry_again(writer, found, detail, err);
    json_decref(detail);
    return status;
}

static enum status resolve(struct writer *writer, const char *id, bool take, const json_t *fields,
                           struct arena *arena, struct error *err)
{
    struct found found;
    enum status status = entry_find(writer, id, arena, &found, err);
    if (status == ST_OK && strcmp(found.state, "conflict") != 0)
        status = error_set(err, ST_CONFLICT, "this edit is no conflict, or no longer one");
    if (status != ST_OK)
        return status;
    status = take                                   ? entry_remove(writer, found.number, err)
             : strcmp(found.verb, "operation") == 0 ? fields_again(writer, &found, fields, err)
                                                    : verb_again(writer, &found, err);
    return status == ST_OK ? outbox_lay_again(writer, err) : status;
}

static enum status drop(struct writer *writer, const char *id, struct arena *arena,
                        struct error *err)
{
    struct found found;
    enum status status = entry_find(writer, id, arena, &found, err);
    if (status == ST_OK && strcmp(found.state, "done") == 0)
        status = error_set(err, ST_CONFLICT, "the hub has this edit already: change it back there");
    if (status == ST_OK)
        status = entry_remove(writer, found.number, err);
    if (status == ST_OK)
        status = outbox_events_remove(writer, id, err);
    return status == ST_OK ? outbox_lay_again(writer, err) : status;
}

enum status outbox_resolve(struct writer *writer, const struct access *access, const char *id,
                           bool take, const json_t *fields, struct error *err)
{
    struct arena *arena = arena_new();
    (void)access;
    enum status status = writer_begin(writer, err);
    if (status == ST_OK) {
        change_capture(writer, false);
        status = resolve(writer, id, take, fields, arena, err);
        change_capture(writer, true);
        if (status == ST_OK)
            status = writer_commit(writer, err);
        writer_rollback(writer);
    }
    arena_free(arena);
    return status;
}

enum status outbox_drop(struct writer *writer, const struct access *access, const char *id,
                        struct error *err)
{
    struct arena *arena = arena_new();
    (void)access;
    enum status status = writer_begin(writer, err);
    if (status == ST_OK) {
        change_capture(writer, false);
        status = drop(writer, id, arena, err);
        change_capture(writer, true);
        if (status == ST_OK)
            status = writer_commit(writer, err);
        writer_rollback(writer);
    }
    arena_free(arena);
    return status;
}
