#include "model/sync/edit.h"

#include "model/base/text.h"
#include "model/store/column.h"
#include "model/store/sqlite.h"
#include "model/sync/outbox.h"
#include "model/sync/policy.h"

#include <stdlib.h>
#include <string.h>

struct editing {
    struct writer *writer;
    const struct access *access;
    struct arena *arena;
    const char *id, *verb, *entity, *target, *after;
    int64_t base;
    const json_t *detail;
    json_t *answer;
};

static bool text_of(const json_t *json, const char *name, const char **text)
{
    *text = json_string_value(json_object_get(json, name));
    return *text != NULL;
}

static void answer_set(struct editing *e, const char *state)
{
    json_object_set_new(e->answer, "state", json_string(state));
}

static enum status number_of(struct editing *e, const char *sql, const char *text, int64_t number,
                             int64_t *value, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(e->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    if (text)
        sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_int64(stmt, 1, number);
    *value = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
    sqlite3_reset(stmt);
    return ST_OK;
}

/* ---- Cards as the role's replica has them ---- */

static const char *card_here(struct editing *e, const char *card)
{
    uint32_t person = policy_person_of_card(card);
    sqlite3_stmt *stmt;
    if (e->access->mask == MASK_PSEUDONYM)
        pseudonym_read(e->access->key, card, &person);
    if (!person || writer_prepare(e->writer, "select card from member where person = ?1", &stmt,
                                  NULL) != ST_OK)
        return card;
    sqlite3_bind_int64(stmt, 1, person);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        card = arena_strdup(e->arena, column_text(stmt, 0));
    sqlite3_reset(stmt);
    return card;
}

static json_t *fields_here(struct editing *e, const struct entity *entity, const json_t *fields)
{
    json_t *here = json_object(), *value;
    const char *name;
    json_object_foreach((json_t *)fields, name, value)
    {
        const struct entity_field *field = entity_field_find(entity, name);
        size_t i;
        json_t *card, *cards;
        if (!field || field->type != FIELD_PEOPLE || !json_is_array(value)) {
            json_object_set(here, name, value);
            continue;
        }
        cards = json_array();
        json_array_foreach(value, i, card)
        {
            if (json_is_string(card))
                json_array_append_new(cards, json_string(card_here(e, json_string_value(card))));
            else
                json_array_append(cards, card);
        }
        json_object_set_new(here, name, cards);
    }
    return here;
}

/* ---- What stands against it ---- */

/* Of a column that the role sees masked nothing is told. */
static bool told(const struct editing *e, const struct entity *entity, const char *column)
{
    for (size_t i = 0; i < n_policy_columns; i++)
        if (strcmp(policy_columns[i].table, entity->table) == 0 &&
            strcmp(policy_columns[i].column, column) == 0)
            return policy_columns[i].rules[e->access->role] == POLICY_KEEP;
    return false;
}

/* The fields of the edit as they are on the hub, who set them last and when. */
static enum status theirs_read(struct editing *e, const struct entity *entity, const char *target,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    json_t *now = NULL, *theirs = json_object();
    const char *name;
    json_t *value;
    int64_t version;
    enum status status = operation_read(e->writer, entity->name, target, &now, &version, err);
    if (status != ST_OK) {
        json_decref(theirs);
        return status;
    }
    json_object_foreach(json_object_get(e->detail, "fields"), name, value)
    {
        if (json_object_get(now, name) && told(e, entity, name))
            json_object_set(theirs, name, json_object_get(now, name));
    }
    json_object_set_new(e->answer, "theirs", theirs);
    json_object_set_new(e->answer, "version", json_integer(version));
    json_decref(now);
    status = writer_prepare(e->writer,
                            "select a.actor, a.time from operation o join audit a on a.seq = o.seq "
                            "where o.entity = ?1 and o.target = ?2 order by o.seq desc limit 1",
                            &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, entity->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, target, -1, SQLITE_STATIC);
    bool row = sqlite3_step(stmt) == SQLITE_ROW;
    json_object_set_new(e->answer, "by", json_string(row ? column_text(stmt, 0) : ""));
    json_object_set_new(e->answer, "at", json_integer(row ? sqlite3_column_int64(stmt, 1) : 0));
    sqlite3_reset(stmt);
    return ST_OK;
}

/* ---- Operations ---- */

/* The version that the edit before it left, where it was made on top of one. *waits: that one did
 * not go through. */
static enum status base_find(struct editing *e, bool *waits, struct error *err)
{
    int64_t version;
    *waits = false;
    if (!e->after || !*e->after)
        return ST_OK;
    enum status status = number_of(e, "select result_version from operation where id = ?1",
                                   e->after, 0, &version, err);
    *waits = version < 0;
    /* Made on a later version than that one left, it is against what was seen. */
    if (e->base >= 0 && version > e->base)
        e->base = version;
    return status;
}

static enum status done(struct editing *e, int64_t version, struct error *err)
{
    int64_t seq;
    enum status status = number_of(
        e, "select cast(value as integer) from sync where name = 'seq' and ?1", NULL, 1, &seq, err);
    answer_set(e, "done");
    json_object_set_new(e->answer, "version", json_integer(version));
    json_object_set_new(e->answer, "seq", json_integer(seq));
    return status;
}

static enum status refused(struct editing *e, const struct error *why)
{
    answer_set(e, "refused");
    json_object_set_new(e->answer, "reason", json_string(error_text(why)));
    return ST_OK;
}

static bool is_answer(enum status status)
{
    return status == ST_REFUSED || status == ST_DENIED || status == ST_CONFLICT;
}

static enum status operation_edit(struct editing *e, struct error *err)
{
    static const char *const verbs[] = {"set", "create", "delete"};
    const struct entity *entity = entity_find(e->entity);
    const char *verb = json_string_value(json_object_get(e->detail, "verb"));
    const char *reason = json_string_value(json_object_get(e->detail, "reason"));
    struct error why = {0};
    struct operation_result result;
    bool waits;
    int v = 0;
    while (verb && v < 3 && strcmp(verb, verbs[v]) != 0)
        v++;
    if (!entity || !verb || v == 3) {
        error_set(&why, ST_REFUSED, "the hub knows no such edit: install the same version on both");
        enum status status = refused(e, &why);
        error_clear(&why);
        return status;
    }
    enum status status = base_find(e, &waits, err);
    if (status != ST_OK)
        return status;
    if (waits) {
        answer_set(e, "waiting");
        return ST_OK;
    }
    const char *target = strcmp(e->entity, "member") == 0 ? card_here(e, e->target) : e->target;
    json_t *fields = fields_here(e, entity, json_object_get(e->detail, "fields"));
    struct operation op = {.id = e->id,
                           .actor = e->access->principal,
                           .rights = e->access->rights,
                           .entity = e->entity,
                           .target = target,
                           .verb = (enum operation_verb)v,
                           .base_version = e->base,
                           .set = fields,
                           .reason = reason && *reason ? reason : NULL};
    /* That others are writing for too long is the hub's trouble, not a conflict. */
    status = writer_begin(e->writer, err);
    if (status != ST_OK) {
        json_decref(fields);
        return status;
    }
    status = operation_apply(e->writer, &op, &result, &why);
    if (status == ST_OK)
        status = writer_commit(e->writer, &why);
    writer_rollback(e->writer);
    json_decref(fields);
    if (status == ST_OK)
        status = done(e, result.version, err);
    else if (status == ST_CONFLICT) {
        answer_set(e, "conflict");
        json_object_set_new(e->answer, "reason", json_string(error_text(&why)));
        status = theirs_read(e, entity, target, err);
    } else if (is_answer(status)) {
        status = refused(e, &why);
    } else if (err) {
        error_clear(err);
        *err = why;
        why = (struct error){0};
    }
    error_clear(&why);
    return status;
}

/* ---- Other verbs ---- */

static enum status verb_edit(struct editing *e, struct error *err)
{
    const struct outbox_verb *verb = outbox_verb_find(e->verb);
    struct error why = {0};
    enum status status = ST_REFUSED;
    if (!verb) {
        error_set(&why, ST_REFUSED, "the hub knows no such edit: install the same version on both");
    } else {
        status = writer_begin(e->writer, err);
        if (status != ST_OK)
            return status;
        const char *target = card_here(e, e->target);
        status = verb->apply(e->writer, e->access, e->id, target, e->detail, &why);
        if (status == ST_OK)
            status = writer_commit(e->writer, &why);
        writer_rollback(e->writer);
    }
    if (status == ST_OK)
        status = done(e, 0, err);
    else if (is_answer(status))
        status = refused(e, &why);
    else if (err) {
        error_clear(err);
        *err = why;
        why = (struct error){0};
    }
    error_clear(&why);
    return status;
}

enum status edit_apply(struct writer *writer, const struct access *access, const json_t *edit,
                       json_t **answer, struct error *err)
{
    struct editing e = {.writer = writer, .access = access, .arena = arena_new()};
    e.detail = json_object_get(edit, "detail");
    e.base = json_integer_value(json_object_get(edit, "base"));
    e.after = json_string_value(json_object_get(edit, "after"));
    enum status status = ST_OK;
    *answer = NULL;
    if (!text_of(edit, "id", &e.id) || strlen(e.id) > 64 || !text_of(edit, "verb", &e.verb) ||
        !text_of(edit, "entity", &e.entity) || !text_of(edit, "target", &e.target) ||
        !json_is_object(e.detail))
        status = error_set(err, ST_REFUSED, "the replica sent an edit that lacks its parts");
    e.answer = json_object();
    if (status == ST_OK) {
        json_object_set_new(e.answer, "id", json_string(e.id));
        status = strcmp(e.verb, "operation") == 0 ? operation_edit(&e, err) : verb_edit(&e, err);
    }
    if (status == ST_OK)
        *answer = json_incref(e.answer);
    json_decref(e.answer);
    arena_free(e.arena);
    return status;
}
