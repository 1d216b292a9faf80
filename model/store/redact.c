#include "model/store/redact.h"

#include "model/base/arena.h"
#include "model/base/vec.h"
#include "model/store/column.h"
#include "model/store/reader.h"

#include <stdlib.h>
#include <string.h>

static const char gone[] = "(erased)";

static bool is_value(const struct redaction *r, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(r->texts[i], text) == 0)
            return true;
    return false;
}

static bool is_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Where `word` stands in `text`, not as a part of a longer number or word. */
static const char *word_find(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at++) {
        bool before = at > text && is_word((unsigned char)at[-1]) && is_word((unsigned char)*word);
        bool after = is_word((unsigned char)at[n]) && is_word((unsigned char)word[n - 1]);
        if (!before && !after)
            return at;
    }
    return NULL;
}

/* The first of the longer texts, among the first n, that stands in `text`; NULL: none. */
static const char *find_in(const struct redaction *r, size_t n, const char *text, size_t *size)
{
    const char *first = NULL;
    for (size_t i = 0; i < n; i++) {
        if (strlen(r->texts[i]) < REDACT_LEAST || r->texts[i][0] == '#')
            continue;
        const char *at = word_find(text, r->texts[i]);
        if (at && (!first || at < first)) {
            first = at;
            *size = strlen(r->texts[i]);
        }
    }
    return first;
}

char *redact_text(const struct redaction *r, const char *text)
{
    if (is_value(r, r->n, text))
        return mem_strdup(gone);
    char *result = mem_strdup("");
    const char *at;
    size_t n = 0;
    while ((at = find_in(r, r->n, text, &n))) {
        char *more = mem_printf("%s%.*s%s", result, (int)(at - text), text, gone);
        free(result);
        result = more;
        text = at + n;
    }
    char *all = mem_printf("%s%s", result, text);
    free(result);
    return all;
}

/* A copy without them; members of lists go, other texts are replaced. */
static json_t *json_redact(const struct redaction *r, json_t *value)
{
    json_t *copy, *part;
    const char *name;
    size_t i;
    if (json_is_string(value)) {
        char *text = redact_text(r, json_string_value(value));
        copy = json_string(text);
        free(text);
        return copy;
    }
    if (json_is_array(value)) {
        copy = json_array();
        json_array_foreach(value, i, part)
        {
            if (!json_is_string(part) || !is_value(r, r->n, json_string_value(part)))
                json_array_append_new(copy, json_redact(r, part));
        }
        return copy;
    }
    if (!json_is_object(value))
        return json_incref(value);
    copy = json_object();
    json_object_foreach(value, name, part) json_object_set_new(copy, name, json_redact(r, part));
    return copy;
}

/* ---- The audit ---- */

struct record {
    int64_t seq;
    bool own; /* a change of this person: nothing of it stays */
    char *texts[4];
};
enum { TARGET, BEFORE, AFTER, REASON };
typedef VEC(struct record) record_list;

/* A quoted value is met in JSON whatever its length. */
static bool in_json(const struct redaction *r, const char *text)
{
    bool found = false;
    for (size_t i = 0; i < r->n_own && !found; i++) {
        char *quoted = mem_printf("\"%s\"", r->texts[i]);
        found = strstr(text, quoted) != NULL;
        free(quoted);
    }
    return found;
}

static enum status records_find(struct writer *writer, struct redaction *r, struct arena *arena,
                                record_list *records, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "select seq, entity, target, before, after, reason from audit", &stmt, err);
    if (status != ST_OK)
        return status;
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct record record = {.seq = sqlite3_column_int64(stmt, 0)};
        bool found = false;
        for (int i = 0; i < 4; i++) {
            const char *text = column_text(stmt, 2 + i);
            size_t n;
            found |=
                is_value(r, r->n_own, text) || find_in(r, r->n_own, text, &n) || in_json(r, text);
        }
        if (!found)
            continue;
        record.own = strcmp(column_text(stmt, 1), "member") == 0 &&
                     is_value(r, r->n_own, column_text(stmt, 2));
        for (int i = 0; i < 4; i++)
            record.texts[i] = arena_strdup(arena, column_text(stmt, 2 + i));
        vec_push(records, record);
    }
    if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading the audit", err);
    sqlite3_reset(stmt);
    return status;
}

static char *part_redacted(const struct redaction *r, const struct record *record, int part)
{
    const char *text = record->texts[part];
    if (record->own)
        return mem_strdup(part == TARGET ? gone : "");
    json_t *value = part == BEFORE || part == AFTER ? json_loads(text, 0, NULL) : NULL;
    if (!value)
        return redact_text(r, text);
    json_t *copy = json_redact(r, value);
    char *line = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(copy);
    json_decref(value);
    return line ? line : mem_strdup("");
}

static enum status record_redact(struct writer *writer, struct redaction *r,
                                 const struct record *record, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer,
                                        "update audit set target = ?2, before = ?3, after = ?4,"
                                        " reason = ?5, salt = x'' where seq = ?1",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, record->seq);
    for (int i = 0; i < 4; i++) {
        char *text = part_redacted(r, record, i);
        sqlite3_bind_text(stmt, 2 + i, text, -1, SQLITE_TRANSIENT);
        free(text);
    }
    status = writer_run(writer, stmt, err);
    if (status == ST_OK)
        status =
            writer_prepare(writer,
                           record->own ? "delete from operation where seq = ?1"
                                       : "update operation set target = (select target from audit"
                                         " where seq = ?1) where seq = ?1",
                           &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, record->seq);
    status = writer_run(writer, stmt, err);
    r->operations += record->own ? sqlite3_changes(writer_db(writer)) : 0;
    r->audit++;
    json_array_append_new(r->records, json_integer(record->seq));
    return status;
}

/* An operation that undid one that is gone is known no more as such. */
static enum status operations_mend(struct writer *writer, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer,
                                        "update operation set undone_by = '' where undone_by <> ''"
                                        " and undone_by not in (select id from operation)",
                                        &stmt, err);
    return status == ST_OK ? writer_run(writer, stmt, err) : status;
}

/* ---- Other texts ---- */

/* Rows that hold one of the texts: `sql` has the text as ?1. */
static enum status each_text(struct writer *writer, const struct redaction *r, const char *sql,
                             int64_t *n, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < r->n && status == ST_OK; i++) {
        sqlite3_stmt *stmt;
        if (strlen(r->texts[i]) < REDACT_LEAST)
            continue;
        status = writer_prepare(writer, sql, &stmt, err);
        if (status != ST_OK)
            break;
        sqlite3_bind_text(stmt, 1, r->texts[i], -1, SQLITE_STATIC);
        status = writer_run(writer, stmt, err);
        *n += status == ST_OK ? sqlite3_changes(writer_db(writer)) : 0;
    }
    return status;
}

enum status redact_run(struct writer *writer, struct redaction *r, struct error *err)
{
    struct arena *arena = arena_new();
    record_list records = {0};
    r->audit = r->operations = r->refused = r->sessions = 0;
    r->records = json_array();
    enum status status = records_find(writer, r, arena, &records, err);
    for (size_t i = 0; i < records.n && status == ST_OK; i++)
        status = record_redact(writer, r, &records.at[i], err);
    if (status == ST_OK)
        status = operations_mend(writer, err);
    if (status == ST_OK)
        status = each_text(writer, r,
                           "update refused set message = '(erased)' where instr(message, ?1) > 0",
                           &r->refused, err);
    /* What a person searched for or looked at. */
    if (status == ST_OK)
        status = each_text(writer, r, "delete from session where instr(state, ?1) > 0",
                           &r->sessions, err);
    vec_free(&records);
    arena_free(arena);
    return status;
}
