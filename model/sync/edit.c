#include "model/sync/edit_parts.h"

#include "model/base/text.h"
#include "model/store/column.h"
#include "model/store/sqlite.h"
#include "model/sync/outbox_parts.h"
#include "model/sync/policy.h"

#include <stdlib.h>
#include <string.h>

static bool text_of(const json_t *json, const char *name, const char **text)
{
    *text = json_string_value(json_object_get(json, name));
    return *text != NULL;
}

static void answer_set(struct editing *e, const char *state)
{
    json_object_set_new(e->answer, "state", json_string(state));
}

static enum status number_of(struct editing *e, const char *sql, const char *text, int64_t *value,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(e->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
    *value = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
    sqlite3_reset(stmt);
    return ST_OK;
}

/* ---- Cards as the role's replica has them ---- */

/* Who was joined into somebody else since is that person. */
static uint32_t person_now(struct editing *e, uint32_t person)
{
    sqlite3_stmt *stmt;
    if (writer_prepare(e->writer, "select target from link where person = ?1 and undone = 0", &stmt,
                       NULL) != ST_OK)
        return person;
    for (int steps = 0; steps < 16; steps++) {
        sqlite3_bind_int64(stmt, 1, person);
        uint32_t next =
            sqlite3_step(stmt) == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(stmt, 0) : 0;
        sqlite3_reset(stmt);
        if (!next)
            break;
        person = next;
    }
    return person;
}

static const char *card_here(struct editing *e, const char *card)
{
    uint32_t person = policy_person_of_card(card);
    int64_t number;
    bool plain = *card == '#' && text_to_int64(card + 1, strlen(card + 1), &number) && number > 0 &&
                 number <= UINT32_MAX;
    sqlite3_stmt *stmt;
    if (e->access->mask == MASK_PSEUDONYM)
        pseudonym_read(e->access->key, card, &person);
    if (plain)
        person = (uint32_t)number;
    if (!person || writer_prepare(e->writer, "select card from member where person = ?1", &stmt,
                                  NULL) != ST_OK)
        return card;
    person = person_now(e, person);
    sqlite3_bind_int64(stmt, 1, person);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        card = arena_strdup(e->arena, column_text(stmt, 0));
    else if (plain)
        card = arena_printf(e->arena, "#%u", person);
    sqlite3_reset(stmt);
    return card;
}

/* Cards were somebody's when the replica had them: who was erased since is nobody. */
static bool is_somebody(struct editing *e, const char *card)
{
    sqlite3_stmt *stmt;
    if (writer_prepare(e->writer,
                       "select exists (select 1 from contact where kind = 1 and value = ?1) or"
                       " exists (select 1 from member where card = ?1)",
                       &stmt, NULL) != ST_OK)
        return true;
    sqlite3_bind_text(stmt, 1, card, -1, SQLITE_STATIC);
    bool there = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int(stmt, 0);
    sqlite3_reset(stmt);
    return there;
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
            const char *here_card =
                json_is_string(card) ? card_here(e, json_string_value(card)) : NULL;
            if (here_card && is_somebody(e, here_card))
                json_array_append_new(cards, json_string(here_card));
            else if (!here_card)
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

/* Of a move: what its module shows, but for what is as it was seen. */
static enum status move_theirs(struct editing *e, const struct outbox_verb *verb, json_t *theirs,
                               struct error *err)
{
    const json_t *seen = json_object_get(e->detail, "seen");
    const json_t *fields = json_object_get(e->detail, "fields");
    json_t *shown = json_object(), *value;
    const char *name;
    enum status status = verb->theirs(e->writer, e->target, shown, err);
    json_object_foreach(shown, name, value)
    {
        const json_t *then = json_object_get(seen, name);
        if (json_object_get(fields, name) || (then && !json_equal(then, value)))
            json_object_set(theirs, name, value);
    }
    json_decref(shown);
    return status;
}

static enum status fields_theirs(struct editing *e, const struct entity *entity, const json_t *now,
                                 json_t *theirs)
{
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(e->detail, "fields"), name, value)
    {
        if (json_object_get(now, name) && told(e, entity, name))
            json_object_set(theirs, name, json_object_get(now, name));
    }
    return ST_OK;
}

static enum status who_theirs(struct editing *e, const struct entity *entity, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(e->writer,
                       "select a.actor, a.time from operation o join audit a on a.seq = o.seq "
                       "where o.entity = ?1 and o.target = ?2 order by o.seq desc limit 1",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, entity->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, e->target, -1, SQLITE_STATIC);
    bool row = sqlite3_step(stmt) == SQLITE_ROW;
    json_object_set_new(e->answer, "by", json_string(row ? column_text(stmt, 0) : ""));
    json_object_set_new(e->answer, "at", json_integer(row ? sqlite3_column_int64(stmt, 1) : 0));
    sqlite3_reset(stmt);
    return ST_OK;
}

/* The fields of the edit as they are on the hub, who set them last and when. */
static enum status theirs_read(struct editing *e, const struct entity *entity,
                               const struct outbox_verb *verb, struct error *err)
{
    json_t *now = NULL, *theirs = json_object();
    int64_t version;
    enum status status = operation_read(e->writer, entity->name, e->target, &now, &version, err);
    if (status == ST_OK)
        status = verb && verb->theirs ? move_theirs(e, verb, theirs, err)
                                      : fields_theirs(e, entity, now, theirs);
    json_object_set_new(e->answer, "theirs", theirs);
    json_object_set_new(e->answer, "version", json_integer(version));
    json_decref(now);
    return status == ST_OK ? who_theirs(e, entity, err) : status;
}

/* ---- What came before it ---- */

/* The version that the edits before it left, where it was made on top of some (outbox_send.c).
 * *waits: one of them did not go through. */
static enum status base_find(struct editing *e, bool *waits, struct error *err)
{
    static const char sql[] = "select result_version from operation where id = ?1";
    const char *after = json_string_value(json_object_get(e->edit, "after"));
    const char *behind = json_string_value(json_object_get(e->edit, "behind"));
    const json_t *over = json_object_get(e->edit, "over");
    int64_t version = 0, one;
    enum status status = ST_OK;
    *waits = false;
    if (behind && *behind) {
        status = number_of(e, sql, behind, &one, err);
        *waits = one < 0;
    }
    if (status != ST_OK || *waits || e->base < 0 || !after || !*after)
        return status;
    status = number_of(e, sql, after, &version, err);
    for (size_t i = 0; i < json_array_size(over) && status == ST_OK && version >= 0; i++) {
        const char *id = json_string_value(json_array_get(over, i));
        status = id ? number_of(e, sql, id, &one, err) : ST_OK;
        version += id && one >= 0;
    }
    /* Made on a later version than that one left, it is against what was seen. */
    if (version > e->base)
        e->base = version;
    return status;
}

/* ---- Operations ---- */

static enum status done(struct editing *e, int64_t version, struct error *err)
{
    int64_t seq;
    enum status status =
        number_of(e, "select cast(value as integer) from sync where name = ?1", "seq", &seq, err);
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

/* What was said is the answer; anything else is the hub's own trouble. */
static enum status answer(struct editing *e, enum status status, int64_t version, struct error *why,
                          struct error *err)
{
    const struct entity *entity = entity_find(e->entity);
    const struct outbox_verb *verb = outbox_verb_find(e->verb);
    bool move = verb && verb->entity;
    if (status == ST_OK) {
        status = done(e, version, err);
    } else if (entity &&
               (status == ST_CONFLICT || (move && (status == ST_REFUSED || status == ST_DENIED)))) {
        answer_set(e, "conflict");
        json_object_set_new(e->answer, "reason", json_string(error_text(why)));
        status = theirs_read(e, entity, verb, err);
    } else if (status == ST_REFUSED || status == ST_DENIED || status == ST_CONFLICT) {
        status = refused(e, why);
    } else if (err) {
        error_clear(err);
        *err = *why;
        *why = (struct error){0};
    }
    error_clear(why);
    return status;
}

/* ---- Applying ---- */

static enum status operation_do(struct editing *e, int64_t *version, struct error *err)
{
    static const char *const verbs[] = {"set", "create", "delete"};
    const char *verb = json_string_value(json_object_get(e->detail, "verb"));
    const char *reason = json_string_value(json_object_get(e->detail, "reason"));
    struct operation_result result;
    int v = 0;
    while (verb && v < 3 && strcmp(verb, verbs[v]) != 0)
        v++;
    if (!verb || v == 3)
        return edit_unknown(err);
    struct operation op = {.id = e->id,
                           .actor = e->access->principal,
                           .rights = e->access->rights,
                           .entity = e->entity,
                           .target = e->target,
                           .verb = (enum operation_verb)v,
                           .base_version = e->base,
                           .set = e->fields,
                           .reason = reason && *reason ? reason : NULL};
    enum status status = operation_apply(e->writer, &op, &result, err);
    *version = result.version;
    return status;
}

/* What came before under this id has its operation; *version is -1 where there is none. */
static enum status repeat_find(struct editing *e, int64_t *version, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        e->writer,
        "select result_version from operation where id = ?1 and entity = ?2 and target = ?3", &stmt,
        err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, e->id, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, e->entity, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 3, e->target, -1, SQLITE_STATIC);
    *version = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
    sqlite3_reset(stmt);
    return ST_OK;
}

static enum status verb_do(struct editing *e, const struct outbox_verb *verb, int64_t *version,
                           struct error *err)
{
    const struct outbox_edit edit = {e->id, e->target, e->base, e->detail};
    enum status status = verb->apply(e->writer, e->access, &edit, err);
    if (status == ST_OK && verb->entity)
        status = repeat_find(e, version, err);
    return status;
}

/* In a transaction. *may is false where the role may not even ask, *waits where an edit before it
 * did not go through. */
static enum status edit_write(struct editing *e, int64_t *version, bool *may, bool *waits,
                              struct error *err)
{
    enum status status = repeat_find(e, version, err);
    if (status != ST_OK || *version >= 0)
        return status;
    *version = 0;
    status = base_find(e, waits, err);
    if (status == ST_OK && !*waits)
        status = edit_check(e, err);
    *may = status == ST_OK;
    if (status != ST_OK || *waits)
        return status;
    return strcmp(e->verb, "operation") == 0 ? operation_do(e, version, err)
                                             : verb_do(e, outbox_verb_find(e->verb), version, err);
}

static enum status edit_do(struct editing *e, struct error *err)
{
    bool waits = false, may = true;
    struct error why = {0};
    int64_t version = 0;
    /* That others are writing for too long is the hub's trouble, not a conflict. */
    enum status status = writer_begin(e->writer, err);
    if (status != ST_OK)
        return status;
    status = edit_write(e, &version, &may, &waits, &why);
    if (status == ST_OK)
        status = writer_commit(e->writer, &why);
    writer_rollback(e->writer);
    if (status == ST_OK && waits)
        answer_set(e, "waiting");
    else if (!may && (status == ST_REFUSED || status == ST_DENIED))
        status = refused(e, &why);
    else
        return answer(e, status, version, &why, err);
    error_clear(&why);
    return status;
}

static enum status edit_take(struct editing *e, struct error *err)
{
    const char *entity, *target;
    e->detail = json_object_get(e->edit, "detail");
    e->base = json_integer_value(json_object_get(e->edit, "base"));
    if (!text_of(e->edit, "id", &e->id) || strlen(e->id) > 64 ||
        !text_of(e->edit, "verb", &e->verb) || !text_of(e->edit, "entity", &entity) ||
        !text_of(e->edit, "target", &target) || !json_is_object(e->detail))
        return error_set(err, ST_REFUSED, "the replica sent an edit that lacks its parts");
    const struct entity *known = entity_find(entity);
    bool person = strcmp(entity, "member") == 0 || !known;
    e->entity = entity;
    e->target = person ? card_here(e, target) : target;
    e->fields = known ? fields_here(e, known, json_object_get(e->detail, "fields")) : json_object();
    return ST_OK;
}

enum status edit_apply(struct writer *writer, const struct access *access, const json_t *edit,
                       json_t **answer_out, struct error *err)
{
    struct editing e = {.writer = writer,
                        .access = access,
                        .edit = edit,
                        .arena = arena_new(),
                        .answer = json_object()};
    enum status status = edit_take(&e, err);
    *answer_out = NULL;
    if (status == ST_OK) {
        json_object_set_new(e.answer, "id", json_string(e.id));
        status = edit_do(&e, err);
    }
    if (status == ST_OK)
        *answer_out = json_incref(e.answer);
    json_decref(e.answer);
    json_decref(e.fields);
    arena_free(e.arena);
    return status;
}
