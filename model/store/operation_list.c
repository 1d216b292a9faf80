/* Lists of people (hand-kept labels, crowds) and the rules of single entities. */
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/store/circle.h"
#include "model/store/erased.h"
#include "model/store/operation_parts.h"
#include "model/store/setting.h"

#include <stdlib.h>
#include <string.h>

/* ---- Lists ---- */

static enum status person_of_card(struct change *change, const char *card, int64_t *person,
                                  struct error *err)
{
    sqlite3_stmt *stmt;
    /* On a replica a masked card is the member's row's alone. */
    enum status status = writer_prepare(
        change->writer,
        "select coalesce((select person from identity where kind = 'card' and value = ?1),"
        " (select person from member where card = ?1), 0)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, card, -1, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    *person = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = sqlite_status(writer_db(change->writer), "looking up a card", err);
    sqlite3_reset(stmt);
    if (status == ST_OK && *person == 0)
        status = error_set(err, ST_REFUSED, "%s: found the card %s, expected one of a known person",
                           change_target(change), text_quote(change->arena, card, strlen(card)));
    return status;
}

static json_t *list_of(json_t *object, const char *key)
{
    json_t *list = json_object_get(object, key);
    if (!list) {
        json_object_set_new(object, key, json_array());
        list = json_object_get(object, key);
    }
    return list;
}

enum status list_apply(struct change *change, const struct entity_field *field, struct error *err)
{
    bool joins = strcmp(field->name, "add") == 0;
    const char *name = change->entity->name;
    char *sql =
        joins ? arena_printf(change->arena, "insert or ignore into %s (%s, person) values (?1, ?2)",
                             field->choices, name)
              : arena_printf(change->arena, "delete from %s where %s = ?1 and person = ?2",
                             field->choices, name);
    struct value *value = change->values + (field - change->entity->fields);
    size_t i;
    json_t *card;
    json_array_foreach(value->people, i, card)
    {
        int64_t person;
        sqlite3_stmt *stmt;
        enum status status = person_of_card(change, json_string_value(card), &person, err);
        if (status == ST_OK)
            status = writer_prepare(change->writer, sql, &stmt, err);
        if (status != ST_OK)
            return status;
        sqlite3_bind_int64(stmt, 1, change->row);
        sqlite3_bind_int64(stmt, 2, person);
        status = writer_run(change->writer, stmt, err);
        if (status != ST_OK)
            return status;
        if (sqlite3_changes(writer_db(change->writer)) == 0)
            continue;
        json_array_append(list_of(change->after, field->name), card);
        json_array_append(list_of(change->before, joins ? "remove" : "add"), card);
    }
    return ST_OK;
}

enum status list_read(struct change *change, const char *table, json_t **cards, struct error *err)
{
    sqlite3_stmt *stmt;
    char *sql = arena_printf(change->arena,
                             "select min(i.value) from %s l join identity i on i.person = l.person"
                             " and i.kind = 'card' where l.%s = ?1 group by l.person limit %d",
                             table, change->entity->name, PEOPLE_AT_ONCE + 1);
    *cards = NULL;
    enum status status = writer_prepare(change->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, change->row);
    *cards = json_array();
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        json_array_append_new(*cards, json_string((const char *)sqlite3_column_text(stmt, 0)));
    if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(change->writer), "reading a list", err);
    sqlite3_reset(stmt);
    if (status == ST_OK && json_array_size(*cards) > PEOPLE_AT_ONCE)
        status = error_set(err, ST_REFUSED,
                           "%s has more than %d people, too many to undo: take them out first",
                           change_target(change), PEOPLE_AT_ONCE);
    return status;
}

enum status list_clear(struct change *change, const char *table, struct error *err)
{
    sqlite3_stmt *stmt;
    char *sql =
        arena_printf(change->arena, "delete from %s where %s = ?1", table, change->entity->name);
    enum status status = writer_prepare(change->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, change->row);
    return writer_run(change->writer, stmt, err);
}

/* ---- Rules ---- */

static const struct value *given(const struct change *change, const char *field)
{
    const struct entity_field *found = entity_field_find(change->entity, field);
    const struct value *value = found ? change->values + (found - change->entity->fields) : NULL;
    return value && value->set ? value : NULL;
}

static enum status setting_rule(struct change *change, struct error *err)
{
    const struct setting *setting = setting_find(change->op->target);
    const struct value *value = given(change, "value");
    if (!value)
        return ST_OK;
    enum status status = setting_check(change->op->target, value->text, err);
    if (status != ST_OK || !setting->shapes_events)
        return status;
    sqlite3_stmt *stmt;
    status = writer_prepare(change->writer,
                            "select exists(select 1 from chunk) or exists(select 1 from tail)",
                            &stmt, err);
    if (status != ST_OK)
        return status;
    bool has_events = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int(stmt, 0);
    sqlite3_reset(stmt);
    if (!has_events)
        return ST_OK;
    return error_set(err, ST_CONFLICT,
                     "%s: the events of this mall are counted by it already; make a new mall to "
                     "use another",
                     change_target(change));
}

static enum status phone_run(struct change *change, const char *sql, const char *phone,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(change->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, phone, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, change->row);
    return writer_run(change->writer, stmt, err);
}

/* Every word about a consent is kept with its time and source. */
static enum status consent_rule(struct change *change, struct error *err)
{
    static const char *const contacts[] = {"sms", "app", "wifi"};
    const struct operation *op = change->op;
    enum status status = ST_OK;
    for (size_t i = 0; i < 3 && status == ST_OK; i++) {
        char *field = arena_printf(change->arena, "consent_%s", contacts[i]);
        const struct value *value = given(change, field);
        sqlite3_stmt *stmt;
        if (!value)
            continue;
        status = writer_prepare(change->writer,
                                "insert into consent (person, contact, given, time, source, actor)"
                                " values (?1, ?2, ?3, ?4, ?5, ?6)",
                                &stmt, err);
        if (status != ST_OK)
            break;
        sqlite3_bind_int64(stmt, 1, change->row);
        sqlite3_bind_text(stmt, 2, contacts[i], -1, SQLITE_STATIC);
        sqlite3_bind_int64(stmt, 3, value->integer);
        sqlite3_bind_int64(stmt, 4, time_now());
        sqlite3_bind_text(stmt, 5, op->reason && *op->reason ? op->reason : "atrium", -1,
                          SQLITE_STATIC);
        sqlite3_bind_text(stmt, 6, op->actor, -1, SQLITE_STATIC);
        status = writer_run(change->writer, stmt, err);
    }
    return status;
}

/* A phone identifies whoever had it first; when that person gives it up, the next one who has it.
 */
static enum status phone_rule(struct change *change, struct error *err)
{
    const struct value *phone = given(change, "phone");
    const char *old = json_string_value(json_object_get(change->now, "phone"));
    enum status status = ST_OK;
    if (!phone || (old && strcmp(old, phone->text) == 0))
        return ST_OK;
    if (old && *old) {
        status = phone_run(
            change, "delete from contact where kind = 2 and value = ?1 and person = ?2", old, err);
        if (status == ST_OK)
            status = phone_run(change,
                               "insert or ignore into contact select 2, phone, person from "
                               "member where phone = ?1 and phone <> '' and person <> ?2 "
                               "order by person limit 1",
                               old, err);
    }
    if (status == ST_OK && *phone->text)
        status =
            phone_run(change, "insert or ignore into contact values (2, ?1, ?2)", phone->text, err);
    return status;
}

static enum status erased_check(struct change *change, struct error *err)
{
    struct erased *erased;
    const char *card = change->op->target;
    enum status status = erased_open(change->writer, &erased, err);
    if (status == ST_OK && erased_has(erased, card, strlen(card)))
        status = error_set(err, ST_REFUSED,
                           "%s: its holder was erased; somebody who registers anew gets a new card",
                           change_target(change));
    erased_free(erased);
    return status;
}

static enum status member_rule(struct change *change, struct error *err)
{
    enum status status = phone_rule(change, err);
    return status == ST_OK ? consent_rule(change, err) : status;
}

/* A card that came to a member by a link cannot be another member. */
static enum status joined_check(struct change *change, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(change->writer, "select card from member where person = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, change->row);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *card = (const char *)sqlite3_column_text(stmt, 0);
        status = error_set(err, ST_CONFLICT,
                           "%s: the card was joined with member %s; take them apart first",
                           change_target(change),
                           text_quote(change->arena, card ? card : "", card ? strlen(card) : 0));
    }
    sqlite3_reset(stmt);
    return status;
}

/* A card that events have named already belongs to a person; a new one gets a new person. */
static enum status member_begin(struct change *change, struct error *err)
{
    if (change->op->verb != OPERATION_CREATE)
        return ST_OK;
    enum status status = erased_check(change, err);
    if (status != ST_OK)
        return status;
    if (person_of_card(change, change->op->target, &change->row, NULL) == ST_OK)
        return joined_check(change, err);
    sqlite3_stmt *stmt, *identity;
    status = writer_prepare(
        change->writer,
        "update counter set value = value + 1 where name = 'person' returning value", &stmt, err);
    if (status != ST_OK)
        return status;
    int code = sqlite3_step(stmt);
    change->row = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    if (code == SQLITE_ROW)
        code = sqlite3_step(stmt);
    if (code != SQLITE_DONE || change->row == 0)
        status = sqlite_status(writer_db(change->writer), "giving a person a number", err);
    sqlite3_reset(stmt);
    if (status == ST_OK)
        status = writer_prepare(change->writer, "insert into contact values (1, ?1, ?2)", &identity,
                                err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(identity, 1, change->op->target, -1, SQLITE_STATIC);
    sqlite3_bind_int64(identity, 2, change->row);
    return writer_run(change->writer, identity, err);
}

/* One that is made now is nobody's bastion yet. */
static enum status device_rule(struct change *change, struct error *err)
{
    const struct entity_field *field = entity_field_find(change->entity, "bastion");
    const struct value *bastion = change->values + (field - change->entity->fields);
    if (change->again || !change->exists || !bastion->set || !bastion->integer)
        return ST_OK;
    return circle_check(change->writer, change->row, bastion->integer, err);
}

static const struct {
    const char *entity;
    enum status (*before)(struct change *change, struct error *err);
    enum status (*after)(struct change *change, struct error *err);
} rules[] = {
    {"setting", setting_rule, NULL},
    {"member", member_begin, member_rule},
    {"device", device_rule, NULL},
};

/* Rules of modules above. */
static struct {
    const char *entity;
    operation_rule *rule;
} registered[8];
static size_t n_registered;

void operation_rule_register(const char *entity, operation_rule *rule)
{
    for (size_t i = 0; i < n_registered; i++)
        if (registered[i].rule == rule)
            return;
    if (n_registered == sizeof registered / sizeof *registered)
        abort();
    registered[n_registered].entity = entity;
    registered[n_registered++].rule = rule;
}

static enum status registered_ask(struct change *change, struct error *err)
{
    const struct entity *entity = change->entity;
    bool asked = false;
    enum status status = ST_OK;
    for (size_t i = 0; i < n_registered && status == ST_OK; i++)
        if (strcmp(registered[i].entity, entity->name) == 0) {
            asked = true;
            status = registered[i].rule(change->writer, change->op, change->now, err);
        }
    for (size_t i = 0; i < entity->n_fields && status == ST_OK && !asked; i++)
        if (entity->fields[i].guarded && change->values[i].set)
            status = error_set(err, ST_REFUSED, "%s: its %s cannot be set by itself",
                               change_target(change), entity->fields[i].name);
    return status;
}

enum status rule_before(struct change *change, struct error *err)
{
    enum status status = change->again ? ST_OK : registered_ask(change, err);
    for (size_t i = 0; i < sizeof rules / sizeof *rules && status == ST_OK; i++)
        if (rules[i].before && strcmp(rules[i].entity, change->entity->name) == 0)
            return rules[i].before(change, err);
    return status;
}

enum status rule_after(struct change *change, struct error *err)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].after && strcmp(rules[i].entity, change->entity->name) == 0)
            return rules[i].after(change, err);
    return ST_OK;
}
