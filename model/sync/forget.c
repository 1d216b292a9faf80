#include "model/sync/forget.h"

#include "model/access/access.h"
#include "model/people/label_list.h"
#include "model/people/profile.h"
#include "model/people/search.h"
#include "model/store/column.h"
#include "model/store/operation.h"
#include "model/store/redact.h"
#include "model/store/sqlite.h"

#include <string.h>

/* By place: the texts of a key, and a name that says whether they tell who somebody is. */
static const struct {
    const char *table, *sql;
} telling[] = {
    {"member",
     "select card, '' from member where person = ?1 union all select phone, '' from member"
     " where person = ?1 union all select name, '' from member where person = ?1"},
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

/* Edits that name the person: the hub refuses them now, and what they say goes with the rest. */
static enum status outbox_forget(struct writer *writer, const char *text, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "delete from outbox where target = ?1 or instr(detail, ?1) or instr(before, ?1) or"
        " instr(theirs, ?1) or instr(reason, ?1)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
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
            status = outbox_forget(writer, f->texts.at[i], err);
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
