#include "model/sync/forget.h"

#include "model/access/access.h"
#include "model/people/label_list.h"
#include "model/people/profile.h"
#include "model/people/search.h"
#include "model/store/column.h"
#include "model/store/operation.h"
#include "model/store/redact.h"
#include "model/store/sqlite.h"

#include <stdlib.h>
#include <string.h>

/* By place: the texts of a key, and a name that says whether they tell who somebody is. */
static const struct {
    const char *table, *sql;
} telling[] = {
    {"member",
     "select card, '' from member where person = ?1 union all select phone, '' from member"
     " where person = ?1 union all select name, '' from member where person = ?1 union all"
     " select f.value, '' from outbox o join member m on o.target = m.card, json_each(o.detail,"
     " '$.fields') f where m.person = ?1 and f.key in ('name', 'phone')"},
    {"contact", "select value, '' from contact where person = ?1"},
    {"attribute", "select value, name from attribute where person = ?1"},
};

enum status forget_note(struct forgetting *f, struct writer *writer,
                        const struct change_place *place, int64_t key, struct error *err)
{
    const char *sql = NULL;
    sqlite3_stmt *stmt;
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        if (strcmp(telling[i].table, place->table) == 0)
            sql = telling[i].sql;
    if (!sql)
        return ST_OK;
    enum status status = writer_prepare(writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    if (!f->arena)
        f->arena = arena_new();
    sqlite3_bind_int64(stmt, 1, key);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *text = column_text(stmt, 0), *name = column_text(stmt, 1);
        if (*text && (!*name || personal_attribute(name)))
            vec_push(&f->texts, arena_strdup(f->arena, text));
    }
    sqlite3_reset(stmt);
    return ST_OK;
}

/* A contact that only went to somebody else, as when two turn out to be one, is not forgotten. */
static enum status somewhere(struct writer *writer, const char *text, bool *there,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "select exists (select 1 from contact where kind between 1 and 5 and value = ?1) or exists"
        " (select 1 from member where card = ?1) or exists (select 1 from member where phone = ?1"
        " and phone <> '') or exists (select 1 from member where name = ?1) or exists (select 1 "
        "from"
        " attribute where value = ?1)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
    *there = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int(stmt, 0);
    sqlite3_reset(stmt);
    return ST_OK;
}

/* The edit without a card among those that join a list or leave it; NULL: it has others not. */
static char *list_without(const char *text, const char *card)
{
    json_t *detail = json_loads(text, 0, NULL), *fields = json_object_get(detail, "fields");
    static const char *const lists[] = {"add", "remove"};
    size_t left = 0;
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        json_t *cards = json_object_get(fields, lists[l]);
        for (size_t i = json_array_size(cards); i-- > 0;)
            if (json_is_string(json_array_get(cards, i)) &&
                strcmp(json_string_value(json_array_get(cards, i)), card) == 0)
                json_array_remove(cards, i);
        left += json_array_size(cards);
    }
    char *less = left ? json_dumps(detail, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(detail);
    return less;
}

/* Whom else a list is about stays in the edit. */
static enum status lists_forget(struct writer *writer, const char *text, struct error *err)
{
    sqlite3_stmt *stmt, *update;
    enum status status = writer_prepare(
        writer,
        "select number, detail from outbox where verb = 'operation' and instr(detail, ?1) and"
        " (json_type(detail, '$.fields.add') = 'array' or"
        " json_type(detail, '$.fields.remove') = 'array') limit 1",
        &stmt, err);
    if (status == ST_OK)
        status = writer_prepare(
            writer, "update outbox set detail = ?2, before = '{}' where number = ?1", &update, err);
    for (bool more = true; more && status == ST_OK;) {
        sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
        more = sqlite3_step(stmt) == SQLITE_ROW;
        int64_t number = more ? sqlite3_column_int64(stmt, 0) : 0;
        char *less = more ? list_without(column_text(stmt, 1), text) : NULL;
        sqlite3_reset(stmt);
        more = less && !strstr(less, text); /* else it goes as a whole */
        if (more) {
            sqlite3_bind_int64(update, 1, number);
            sqlite3_bind_text(update, 2, less, -1, SQLITE_TRANSIENT);
            status = writer_run(writer, update, err);
        }
        free(less);
    }
    return status;
}

/* Edits that name the person: the hub refuses them now, and what they say goes with the rest, with
 * the events that they made here. */
#define NAMES                                                                                      \
    "(target = ?1 or instr(detail, ?1) or instr(before, ?1) or instr(theirs, ?1) or"               \
    " instr(reason, ?1))"

enum status forget_edits(struct writer *writer, const char *text, struct error *err)
{
    static const char *const steps[] = {
        "delete from tail where seq < 0 and ref in (select id from outbox where " NAMES ")",
        "delete from outbox where " NAMES,
    };
    enum status status = lists_forget(writer, text, err);
    for (size_t i = 0; i < sizeof steps / sizeof *steps && status == ST_OK; i++) {
        sqlite3_stmt *stmt;
        status = writer_prepare(writer, steps[i], &stmt, err);
        if (status != ST_OK)
            break;
        sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
        status = writer_run(writer, stmt, err);
    }
    return status;
}

enum status forget_rows(struct forgetting *f, struct writer *writer, struct error *err)
{
    size_t kept = 0;
    enum status status = ST_OK;
    for (size_t i = 0; i < f->texts.n && status == ST_OK; i++) {
        bool there = true;
        status = somewhere(writer, f->texts.at[i], &there, err);
        if (!there)
            f->texts.at[kept++] = f->texts.at[i];
    }
    f->texts.n = kept;
    for (size_t i = 0; i < f->texts.n && status == ST_OK; i++)
        if (strlen(f->texts.at[i]) >= REDACT_LEAST)
            status = forget_edits(writer, f->texts.at[i], err);
    if (status != ST_OK || !f->texts.n)
        return status;
    struct redaction redaction = {.texts = f->texts.at, .n = f->texts.n, .n_own = f->texts.n};
    status = redact_run(writer, &redaction, err);
    json_t *detail = json_pack("{s:s, s:O}", "reason", "erased on the hub", "redacted",
                               redaction.records ? redaction.records : json_null());
    if (status == ST_OK)
        status = audit_append(writer, "hub", "erase", "member", "", detail, err);
    json_decref(detail);
    json_decref(redaction.records);
    return status;
}

enum status forget_bytes(struct forgetting *f, struct writer *writer, struct error *err)
{
    struct writer_scrub scrub;
    int64_t searched;
    if (!f->texts.n)
        return ST_OK;
    enum status status = sqlite_integer(
        writer_db(writer), "select value from counter where name = 'search'", 0, &searched, err);
    if (status == ST_OK && searched)
        status = search_build(writer, NULL, NULL, err);
    if (status == ST_OK)
        status = profile_fold(writer, err);
    if (status == ST_OK)
        status = label_list_fold(writer, err);
    return status == ST_OK ? writer_scrub(writer, f->texts.at, f->texts.n, &scrub, err) : status;
}

void forgetting_free(struct forgetting *f)
{
    vec_free(&f->texts);
    arena_free(f->arena);
    f->arena = NULL;
}
