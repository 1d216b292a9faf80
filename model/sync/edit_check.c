/* What a role may send, whatever the replica says. A replica is in somebody's hands, and so is the
 * program that speaks for it: nothing of an edit is believed but what it wants. */
#include "model/sync/edit_parts.h"

#include "model/base/text.h"
#include "model/store/change.h"
#include "model/store/column.h"
#include "model/store/sqlite.h"
#include "model/sync/outbox_parts.h"
#include "model/sync/policy.h"

#include <string.h>

/* Made at the hub alone: numbers of people are the hub's, and an archive goes with a roll-out. */
static const char *const made_here[] = {"member", "rollout"};

/* Fields that name a kept set of people, which no edit brings along by itself. */
static const char *const of_sets[] = {"edition", "as_of"};

/* Fields that say whose something is. */
static const char *const of_person[] = {"author", "actor"};

enum status edit_unknown(struct error *err)
{
    return error_set(err, ST_REFUSED,
                     "the hub knows no such edit: install the same version on both");
}

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* The rule of a column for the role; POLICY_OUT where there is none. */
static char rule_of(const struct editing *e, const char *table, const char *column)
{
    for (size_t i = 0; i < n_policy_columns; i++)
        if (strcmp(policy_columns[i].table, table) == 0 &&
            strcmp(policy_columns[i].column, column) == 0)
            return policy_columns[i].rules[e->access->role];
    return POLICY_OUT;
}

static enum status no_such(const struct editing *e, const struct entity *entity, const char *field,
                           struct error *err)
{
    return error_set(err, ST_DENIED, "%s may not change %s%s%s: the replica of %s has none",
                     text_quote(e->arena, e->access->principal, strlen(e->access->principal)),
                     field ? "the " : "a ", field ? text_quote(e->arena, field, strlen(field)) : "",
                     field ? arena_printf(e->arena, " of a %s", entity->name) : entity->name,
                     roles[e->access->role].name);
}

/* ---- Rows ---- */

/* A row that the role's replica lacks is none. */
static enum status row_check(const struct editing *e, const struct entity *entity,
                             struct error *err)
{
    const struct change_place *place = change_place_find(entity->table);
    struct policy_table table = {0};
    sqlite3_stmt *stmt;
    if (place)
        policy_table(e->access->role, place, &table);
    if (!table.n || rule_of(e, entity->table, entity->key) == POLICY_OUT)
        return no_such(e, entity, NULL, err);
    if (!table.where)
        return ST_OK;
    const char *sql = arena_printf(e->arena, "select (%s) from %s where %s = ?1 and ?2 is not null",
                                   table.where, entity->table, entity->key);
    enum status status = writer_prepare(e->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, e->target, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, e->access->principal, -1, SQLITE_STATIC);
    bool hidden = sqlite3_step(stmt) == SQLITE_ROW && !sqlite3_column_int(stmt, 0);
    sqlite3_reset(stmt);
    return hidden ? error_set(err, ST_REFUSED, "there is no %s %s", entity->name,
                              text_quote(e->arena, e->target, strlen(e->target)))
                  : ST_OK;
}

/* ---- Fields ---- */

/* What is shown masked comes back masked from whoever sends a form as it was shown. */
static enum status masked_check(const char *field, const char *value, struct error *err)
{
    return strchr(value, '*')
               ? error_set(err, ST_REFUSED, "%s: found it as it is shown masked, expected a value",
                           field)
               : ST_OK;
}

/* Who has made something is who sends it, or whoever it was before. */
static enum status author_check(const struct editing *e, const char *field, const char *now,
                                const char *value, struct error *err)
{
    if (!*value || strcmp(value, e->access->principal) == 0 || strcmp(value, now) == 0)
        return ST_OK;
    return error_set(err, ST_DENIED, "%s: found %s, expected %s, who sends it", field,
                     text_quote(e->arena, value, strlen(value)), e->access->principal);
}

static enum status field_check(const struct editing *e, const struct entity *entity,
                               const json_t *now, const char *name, const json_t *value,
                               struct error *err)
{
    const struct entity_field *field = entity_field_find(entity, name);
    if (!field)
        return ST_OK; /* the operation says what it expects */
    bool list = field->type == FIELD_PEOPLE;
    char rule = rule_of(e, list ? field->choices : entity->table, list ? "person" : name);
    const char *text = json_string_value(value);
    const char *before = json_string_value(json_object_get(now, name));
    enum status status = rule == POLICY_OUT ? no_such(e, entity, name, err) : ST_OK;
    if (status == ST_OK && text && rule != POLICY_KEEP)
        status = masked_check(name, text, err);
    if (status == ST_OK && strcmp(e->verb, "operation") == 0 && json_integer_value(value) != 0 &&
        is_one_of(name, of_sets, sizeof of_sets / sizeof *of_sets))
        status =
            error_set(err, ST_REFUSED, "%s: whoever keeps people as they are sends them", name);
    if (status == ST_OK && text && is_one_of(name, of_person, sizeof of_person / sizeof *of_person))
        status = author_check(e, name, before ? before : "", text, err);
    return status;
}

static enum status fields_check(const struct editing *e, const struct entity *entity,
                                struct error *err)
{
    json_t *now = NULL, *value;
    const char *name;
    int64_t version;
    enum status status = operation_read(e->writer, entity->name, e->target, &now, &version, err);
    json_object_foreach(e->fields, name, value)
    {
        if (status == ST_OK)
            status = field_check(e, entity, now, name, value, err);
    }
    json_decref(now);
    return status;
}

/* ---- All of it ---- */

static enum status operation_check(const struct editing *e, const struct entity *entity,
                                   struct error *err)
{
    const char *verb = json_string_value(json_object_get(e->detail, "verb"));
    if (!verb)
        return edit_unknown(err);
    if (strcmp(verb, "create") == 0 &&
        is_one_of(entity->name, made_here, sizeof made_here / sizeof *made_here))
        return error_set(err, ST_REFUSED, "a %s is made at the hub only", entity->name);
    if (outbox_is_move(entity->name, verb, e->fields))
        return error_set(err, ST_REFUSED,
                         "a %s is moved by its moves: its state cannot be set from elsewhere",
                         entity->name);
    return fields_check(e, entity, err);
}

enum status edit_check(struct editing *e, struct error *err)
{
    const struct entity *entity = entity_find(e->entity);
    const struct outbox_verb *verb = outbox_verb_find(e->verb);
    bool operation = strcmp(e->verb, "operation") == 0;
    if (operation ? !entity : !verb || strcmp(e->entity, verb->entity ? verb->entity : "") != 0)
        return edit_unknown(err);
    if (!entity)
        return ST_OK;
    if ((e->access->rights & (unsigned)entity->right) != (unsigned)entity->right)
        return error_set(err, ST_DENIED, "%s may not change a %s",
                         text_quote(e->arena, e->access->principal, strlen(e->access->principal)),
                         entity->name);
    enum status status = row_check(e, entity, err);
    if (status == ST_OK)
        status = operation ? operation_check(e, entity, err) : fields_check(e, entity, err);
    return status;
}
