#include "model/people/link.h"

#include "model/base/text.h"
#include "model/event/move.h"
#include "model/people/link_parts.h"
#include "model/people/search.h"
#include "model/store/column.h"
#include "model/store/setting.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_LEAST = 3, TEXT_MOST = 500 };

const struct identity_kind identity_kinds[] = {
    {"card", "limit_card"}, {"phone", "limit_phone"},     {"app", "limit_app"},
    {"wifi", "limit_wifi"}, {"payment", "limit_payment"},
};
const size_t n_identity_kinds = sizeof identity_kinds / sizeof *identity_kinds;

/* ---- Checks ---- */

enum status link_text_check(const char *text, const char *what, struct error *err)
{
    size_t n = text ? strlen(text) : 0;
    if (n >= TEXT_LEAST && n <= TEXT_MOST && text_valid(text, n))
        return ST_OK;
    return error_set(err, ST_REFUSED, "%s: expected a line of %d to %d bytes, found %zu bytes",
                     what, TEXT_LEAST, TEXT_MOST, n);
}

/* 2: a member, 1: a visitor, 0: nobody. */
static enum status person_state(struct writer *writer, uint32_t person, int64_t *state,
                                struct error *err)
{
    return writer_ask_with(
        writer,
        "select case when exists (select 1 from member where person = ?1) then 2"
        " when exists (select 1 from identity where person = ?1) then 1 else 0 end",
        (const int64_t[]){person}, 1, 0, state, err);
}

/* Who has a member row stays; of two, the first. */
static enum status sides_choose(struct linking *linking, struct writer *writer, struct error *err)
{
    const struct link_request *request = linking->request;
    int64_t one, other = 0;
    enum status status = person_state(writer, request->one, &one, err);
    if (status == ST_OK)
        status = person_state(writer, request->other, &other, err);
    if (status != ST_OK)
        return status;
    if (!one || !other)
        return error_set(err, ST_REFUSED, "there is no person #%" PRIu32 " in this mall",
                         one ? request->other : request->one);
    if (request->one == request->other)
        return error_set(err, ST_REFUSED, "both are person #%" PRIu32 " already", request->one);
    linking->target = other > one ? request->other : request->one;
    linking->person = other > one ? request->one : request->other;
    return ST_OK;
}

static enum status limit_read(struct writer *writer, const char *name, int64_t *limit,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    const char *initial = setting_find(name)->initial;
    text_to_int64(initial, strlen(initial), limit);
    enum status status =
        writer_prepare(writer, "select value from setting where name = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    if (sqlite3_step(stmt) == SQLITE_ROW &&
        setting_check(name, column_text(stmt, 0), NULL) == ST_OK)
        text_to_int64(column_text(stmt, 0), strlen(column_text(stmt, 0)), limit);
    sqlite3_reset(stmt);
    return ST_OK;
}

static enum status limits_check(const struct linking *linking, struct writer *writer,
                                struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < n_identity_kinds && status == ST_OK; i++) {
        int64_t limit, n = 0;
        sqlite3_stmt *stmt;
        status = limit_read(writer, identity_kinds[i].setting, &limit, err);
        if (status == ST_OK)
            status = writer_prepare(
                writer, "select count(*) from identity where person in (?1, ?2) and kind = ?3",
                &stmt, err);
        if (status != ST_OK)
            return status;
        sqlite3_bind_int64(stmt, 1, linking->person);
        sqlite3_bind_int64(stmt, 2, linking->target);
        sqlite3_bind_text(stmt, 3, identity_kinds[i].name, -1, SQLITE_STATIC);
        if (sqlite3_step(stmt) == SQLITE_ROW)
            n = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
        if (n > limit && !linking->request->beyond_limits)
            status = error_set(err, ST_CONFLICT,
                               "together they would have %" PRId64 " contacts of kind %s, more "
                               "than the %" PRId64 " that one person may have (setting %s); "
                               "--beyond-limits links them all the same",
                               n, identity_kinds[i].name, limit, identity_kinds[i].setting);
    }
    return status;
}

/* A randomised address is traffic and no contact of anybody (H2). */
static enum status random_check(const struct linking *linking, struct writer *writer,
                                struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "select value from identity where person in (?1, ?2) and kind = 'wifi'", &stmt,
        err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, linking->person);
    sqlite3_bind_int64(stmt, 2, linking->target);
    while (status == ST_OK && sqlite3_step(stmt) == SQLITE_ROW) {
        uint64_t mac;
        const char *value = column_text(stmt, 0);
        if (text_to_mac(value, strlen(value), &mac) && mac_is_random(mac))
            status = error_set(err, ST_REFUSED,
                               "one of their Wi-Fi addresses is randomised: it says nothing about "
                               "who somebody is and is never linked");
    }
    sqlite3_reset(stmt);
    return status;
}

/* A message that is on its way belongs to a number until it is known what became of it: moved in
 * between, it could go out twice. */
static enum status messages_check(struct linking *linking, struct writer *writer, struct error *err)
{
    int64_t open;
    enum status status = writer_ask_with(
        writer, "select count(*) from message where person in (?1, ?2) and state in (1, 2)",
        (const int64_t[]){linking->person, linking->target}, 2, 0, &open, err);
    if (status == ST_OK && open)
        status =
            error_set(err, ST_CONFLICT,
                      "a message to one of them is on its way: join them when it is known what "
                      "became of it, or when its campaign has ended");
    return status;
}

static enum status link_check(struct linking *linking, struct writer *writer, struct error *err)
{
    enum status status = sides_choose(linking, writer, err);
    if (status == ST_OK)
        status = messages_check(linking, writer, err);
    if (status == ST_OK)
        status = random_check(linking, writer, err);
    return status == ST_OK ? limits_check(linking, writer, err) : status;
}

/* ---- Moving rows ---- */

static enum status identity_note(struct writer *writer, int64_t link, const json_t *row,
                                 struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "insert or ignore into link_identity values (?1, ?2, ?3)", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, link);
    sqlite3_bind_int64(stmt, 2, json_integer_value(json_object_get(row, "kind")));
    sqlite3_bind_text(stmt, 3, json_string_value(json_object_get(row, "value")), -1, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
}

static enum status table_give(struct linking *linking, struct writer *writer,
                              const struct person_table *table, struct error *err)
{
    json_t *rows, *row;
    size_t i;
    int64_t n;
    enum status status = rows_read(writer, table, linking->person, &rows, err);
    if (status == ST_OK)
        status = rows_remove_all(writer, table, linking->person, &n, err);
    bool identity = strcmp(table->table, "contact") == 0;
    json_array_foreach(rows, i, row)
    {
        bool added;
        if (status == ST_OK)
            status = row_add(writer, table, row, linking->target, &added, err);
        if (status == ST_OK)
            status = link_row_keep(writer, linking->link, person_table_place(linking->arena, table),
                                   added, row, err);
        if (status == ST_OK && identity)
            status = identity_note(writer, linking->link, row, err);
        linking->result->rows += !identity;
        linking->result->identities += identity;
    }
    json_decref(rows);
    return status;
}

static enum status member_give(struct linking *linking, struct writer *writer, struct error *err)
{
    json_t *member;
    enum status status = member_json(writer, linking->person, &member, err);
    if (status == ST_OK && member) {
        status = link_row_keep(writer, linking->link, "member", false, member, err);
        if (status == ST_OK)
            status = writer_run_with(writer, "delete from member where person = ?1",
                                     (const int64_t[]){linking->person}, 1, err);
        if (status == ST_OK)
            status = member_fill(writer, linking->link, linking->target, member, err);
        linking->result->rows++;
    }
    json_decref(member);
    return status;
}

struct pack {
    struct writer *writer;
    int64_t link;
};

static enum status pack_put(void *context, int32_t month, const struct chunk_bytes *bytes,
                            struct error *err)
{
    const struct pack *pack = context;
    return link_event_keep(pack->writer, pack->link, month, bytes, err);
}

static enum status link_insert(struct linking *linking, struct writer *writer, struct error *err)
{
    const struct link_request *request = linking->request;
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer,
                                        "insert into link (person, target, evidence, confidence,"
                                        " actor, time) values (?1, ?2, ?3, ?4, ?5, ?6)",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, linking->person);
    sqlite3_bind_int64(stmt, 2, linking->target);
    sqlite3_bind_text(stmt, 3, request->evidence, -1, SQLITE_STATIC);
    sqlite3_bind_double(stmt, 4, request->confidence);
    sqlite3_bind_text(stmt, 5, linking->access->principal, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 6, time_now());
    status = writer_run(writer, stmt, err);
    linking->link = sqlite3_last_insert_rowid(writer_db(writer));
    return status;
}

/* The card of a person, or "#number", for the audit. */
enum status link_person_name(struct linking *linking, struct writer *writer, uint32_t person,
                             char **name, struct error *err)
{
    sqlite3_stmt *stmt;
    *name = arena_printf(linking->arena, "#%" PRIu32, person);
    enum status status =
        writer_prepare(writer, "select card from member where person = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        *name = arena_strdup(linking->arena, column_text(stmt, 0));
    sqlite3_reset(stmt);
    return ST_OK;
}

/* Under the names of both, so that each one's history has it. */
enum status link_audit(struct linking *linking, struct writer *writer, const char *act,
                       const char *person, const char *target, struct error *err)
{
    json_t *detail = json_pack("{s:I, s:s, s:s}", "link", (json_int_t)linking->link, "person",
                               person, "target", target);
    if (linking->request) {
        json_object_set_new(detail, "evidence", json_string(linking->request->evidence));
        json_object_set_new(detail, "confidence", json_real(linking->request->confidence));
    } else {
        json_object_set_new(detail, "reason", json_string(linking->reason));
    }
    enum status status =
        audit_append(writer, linking->access->principal, act, "member", target, detail, err);
    if (status == ST_OK)
        status =
            audit_append(writer, linking->access->principal, act, "member", person, detail, err);
    json_decref(detail);
    return status;
}

static enum status link_apply(struct writer *writer, struct event_move *move, void *context,
                              struct error *err)
{
    struct linking *linking = context;
    char *person = NULL, *target = NULL;
    uint32_t was[2] = {linking->person, linking->target};
    enum status status = link_check(linking, writer, err);
    if (status == ST_OK && (was[0] != linking->person || was[1] != linking->target))
        status = error_set(err, ST_CONFLICT, "one of them was changed meanwhile: try again");
    if (status == ST_OK)
        status = link_person_name(linking, writer, linking->person, &person, err);
    if (status == ST_OK)
        status = link_person_name(linking, writer, linking->target, &target, err);
    if (status == ST_OK)
        status = link_insert(linking, writer, err);
    for (size_t i = 0; i < n_person_tables && status == ST_OK; i++)
        status = table_give(linking, writer, &person_tables[i], err);
    if (status == ST_OK)
        status = member_give(linking, writer, err);
    struct pack pack = {writer, linking->link};
    if (status == ST_OK)
        status = event_pack(&writer_mall(writer)->clock, move->moved.at, move->moved.n, pack_put,
                            &pack, err);
    if (status == ST_OK)
        status = link_audit(linking, writer, "link", person, target, err);
    if (status == ST_OK)
        status = search_touch(writer, linking->target, err);
    return status == ST_OK ? writer_touch_rows(writer, err) : status;
}

enum status member_link(struct writer *writer, const struct access *access,
                        const struct link_request *request, struct link_result *result,
                        struct error *err)
{
    struct linking linking = {.access = access, .request = request, .result = result};
    *result = (struct link_result){0};
    enum status status = access_require(access, RIGHT_PEOPLE_EDIT, "link members", err);
    if (status == ST_OK)
        status = link_text_check(request->evidence, "evidence", err);
    if (status == ST_OK && !(request->confidence > 0 && request->confidence <= 1))
        status = error_set(err, ST_REFUSED, "confidence: found %g, expected more than 0, up to 1",
                           request->confidence);
    if (status == ST_OK)
        status = link_check(&linking, writer, err);
    if (status != ST_OK)
        return status;
    linking.arena = arena_new();
    struct event_move move = {.from = linking.person,
                              .to = linking.target,
                              .arena = linking.arena,
                              .before_visible = link_apply,
                              .context = &linking};
    status = event_move(writer, &move, err);
    result->id = linking.link;
    result->person = linking.person;
    result->target = linking.target;
    result->events = (int64_t)move.moved.n;
    vec_free(&move.moved);
    arena_free(linking.arena);
    return status;
}
