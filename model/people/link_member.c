/* The member's row in a link: put aside, brought back, and what the one who stays takes from it. */
#include "model/people/link_parts.h"

#include "model/base/text.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

static const struct person_table member_table = {"member", "person", NULL};

enum status member_json(struct writer *writer, uint32_t person, json_t **row, struct error *err)
{
    json_t *rows;
    enum status status = rows_read(writer, &member_table, person, &rows, err);
    *row = status == ST_OK ? json_incref(json_array_get(rows, 0)) : NULL;
    json_decref(rows);
    return status;
}

enum status member_restore(struct writer *writer, const json_t *row, struct error *err)
{
    bool added;
    uint32_t person = (uint32_t)json_integer_value(json_object_get(row, "person"));
    enum status status = row_add(writer, &member_table, row, person, &added, err);
    if (status != ST_OK || added)
        return status;
    return error_set(err, ST_CONFLICT,
                     "the card of person #%u was given to somebody else since they were linked",
                     person);
}

/* ---- What a link keeps ---- */

enum status link_row_keep(struct writer *writer, int64_t link, const char *place, bool moved,
                          const json_t *row, struct error *err)
{
    sqlite3_stmt *stmt;
    char *text = json_dumps(row, JSON_COMPACT);
    if (!text)
        return error_set(err, ST_UNUSABLE, "a row of %s is not readable text: run `atrium verify`",
                         place);
    enum status status = writer_prepare(
        writer, "insert into link_row (link, place, moved, row) values (?1, ?2, ?3, ?4)", &stmt,
        err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, link);
        sqlite3_bind_text(stmt, 2, place, -1, SQLITE_STATIC);
        sqlite3_bind_int(stmt, 3, moved);
        sqlite3_bind_text(stmt, 4, text, -1, SQLITE_STATIC);
        status = writer_run(writer, stmt, err);
    }
    free(text);
    return status;
}

enum status link_rows_kept(struct writer *writer, int64_t link, const char *place, json_t **rows,
                           struct error *err)
{
    sqlite3_stmt *stmt;
    *rows = json_array();
    enum status status = writer_prepare(writer,
                                        "select id, place, moved, row from link_row where link = ?1"
                                        " and (?2 is null or place = ?2) order by id",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, link);
    sqlite3_bind_text(stmt, 2, place, -1, SQLITE_STATIC);
    int code;
    while (status == ST_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *text = column_text(stmt, 3);
        json_t *row = json_loads(text, JSON_ALLOW_NUL, NULL);
        if (!json_is_object(row))
            status = error_set(err, ST_UNUSABLE,
                               "what link %lld keeps is damaged: restore a copy of the mall file",
                               (long long)link);
        json_array_append_new(*rows,
                              json_pack("{s:I, s:s, s:b, s:o}", "id",
                                        (json_int_t)sqlite3_column_int64(stmt, 0), "place",
                                        column_text(stmt, 1), "moved", sqlite3_column_int(stmt, 2),
                                        "row", row ? row : json_null()));
    }
    if (status == ST_OK && code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading what a link keeps", err);
    sqlite3_reset(stmt);
    return status;
}

/* ---- Filling ---- */

static bool empty(const json_t *value)
{
    return !value || json_is_null(value) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_integer(value) && json_integer_value(value) == 0);
}

static void take(json_t *fill, const json_t *to, const char *field, json_t *value)
{
    if (!json_equal(json_object_get(to, field), value))
        json_object_set_new(fill, field, json_pack("[O, O]", json_object_get(to, field), value));
}

/* Whether the last word about a contact was an opt-out. */
static enum status opted_out(struct writer *writer, uint32_t person, const char *contact, bool *out,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    *out = false;
    enum status status = writer_prepare(writer,
                                        "select given from consent where person = ?1 and"
                                        " contact = ?2 order by id desc limit 1",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    sqlite3_bind_text(stmt, 2, contact, -1, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int(stmt, 0) == 0;
    else if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading consents", err);
    sqlite3_reset(stmt);
    return status;
}

/* A consent comes with the address it was given for; the consents of both are with the target when
 * this is asked, so an opt-out of either is found. */
static enum status consents_take(struct writer *writer, uint32_t target, const json_t *to,
                                 const json_t *from, json_t *fill, struct error *err)
{
    static const struct {
        const char *contact, *field, *address;
    } contacts[] = {{"sms", "consent_sms", "phone"},
                    {"app", "consent_app", "app"},
                    {"wifi", "consent_wifi", "consent_wifi"}};
    enum status status = ST_OK;
    json_t *no = json_integer(0);
    for (size_t i = 0; i < 3 && status == ST_OK; i++) {
        bool out;
        status = opted_out(writer, target, contacts[i].contact, &out, err);
        if (status != ST_OK)
            break;
        if (out)
            take(fill, to, contacts[i].field, no);
        else if (empty(json_object_get(to, contacts[i].address)) &&
                 !empty(json_object_get(from, contacts[i].address)))
            take(fill, to, contacts[i].field, json_object_get(from, contacts[i].field));
    }
    json_decref(no);
    return status;
}

static enum status fields_set(struct writer *writer, uint32_t target, const json_t *fields,
                              int which, struct error *err)
{
    const char *name;
    json_t *pair;
    enum status status = ST_OK;
    struct arena *arena = arena_new();
    json_object_foreach((json_t *)fields, name, pair)
    {
        sqlite3_stmt *stmt;
        const json_t *value = json_array_get(pair, (size_t)which);
        if (status != ST_OK)
            break;
        if (strspn(name, "abcdefghijklmnopqrstuvwxyz_") != strlen(name))
            continue;
        status = writer_prepare(
            writer, arena_printf(arena, "update member set %s = ?2 where person = ?1", name), &stmt,
            err);
        if (status != ST_OK)
            break;
        sqlite3_bind_int64(stmt, 1, target);
        if (json_is_integer(value))
            sqlite3_bind_int64(stmt, 2, json_integer_value(value));
        else if (json_is_string(value))
            sqlite3_bind_text(stmt, 2, json_string_value(value), -1, SQLITE_STATIC);
        status = writer_run(writer, stmt, err);
    }
    if (status == ST_OK && json_object_size(fields))
        status =
            writer_run_with(writer, "update member set version = version + 1 where person = ?1",
                            (const int64_t[]){target}, 1, err);
    arena_free(arena);
    return status;
}

enum status member_fill(struct writer *writer, int64_t link, uint32_t target, const json_t *from,
                        struct error *err)
{
    static const char *const fields[] = {"name",   "phone",     "gender", "birth", "tier",
                                         "income", "community", "car",    "house", "app"};
    json_t *to, *fill = json_object();
    enum status status = member_json(writer, target, &to, err);
    for (size_t i = 0; to && i < sizeof fields / sizeof *fields; i++) {
        json_t *value = json_object_get(from, fields[i]);
        if (empty(json_object_get(to, fields[i])) && !empty(value))
            take(fill, to, fields[i], value);
    }
    json_int_t joined = json_integer_value(json_object_get(from, "joined"));
    json_int_t before = json_integer_value(json_object_get(to, "joined"));
    if (to && joined && (!before || joined < before)) {
        take(fill, to, "joined", json_object_get(from, "joined"));
        take(fill, to, "channel", json_object_get(from, "channel"));
    }
    if (to && status == ST_OK)
        status = consents_take(writer, target, to, from, fill, err);
    if (status == ST_OK && json_object_size(fill)) {
        status = fields_set(writer, target, fill, 1, err);
        if (status == ST_OK)
            status = link_row_keep(writer, link, "fill", true, fill, err);
    }
    json_decref(fill);
    json_decref(to);
    return status;
}

enum status member_unfill(struct writer *writer, int64_t link, uint32_t target, struct error *err)
{
    json_t *kept, *to = NULL, *undo = json_object(), *entry;
    size_t i;
    enum status status = link_rows_kept(writer, link, "fill", &kept, err);
    if (status == ST_OK)
        status = member_json(writer, target, &to, err);
    json_array_foreach(kept, i, entry)
    {
        const char *name;
        json_t *pair;
        json_object_foreach(json_object_get(entry, "row"), name, pair)
        {
            if (json_equal(json_object_get(to, name), json_array_get(pair, 1)))
                json_object_set(undo, name, pair);
        }
    }
    if (status == ST_OK && to)
        status = fields_set(writer, target, undo, 0, err);
    if (status == ST_OK)
        status = writer_run_with(writer, "delete from link_row where link = ?1 and place = 'fill'",
                                 (const int64_t[]){link}, 1, err);
    json_decref(undo);
    json_decref(to);
    json_decref(kept);
    return status;
}
