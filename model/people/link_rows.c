#include "model/people/link_rows.h"

#include "model/base/intl.h"
#include "model/store/reader.h"

#include <string.h>

const struct person_table person_tables[] = {
    {"contact", "person", N_("contacts")},
    {"attribute", "person", N_("attributes")},
    {"interest", "person", N_("interests")},
    {"relation", "person", N_("relations")},
    {"relation", "other", N_("relations of others")},
    {"crowd_member", "person", N_("memberships of groups")},
    {"label_member", "person", N_("labels")},
    {"consent", "person", N_("consents")},
    {"points_hold", "person", N_("reserved points")},
    {"coupon", "person", N_("coupons"), "code", "issue_ref = null"},
    {"message", "person", N_("messages")},
    {"task", "person", N_("tasks for staff"), "id", "text = '', note = ''"},
    {"device_queue", "person", N_("messages for devices"), "id",
     "payload = '{}', state = iif(state = 'waiting', 'expired', state)"},
};
const size_t n_person_tables = sizeof person_tables / sizeof *person_tables;

char *person_table_place(struct arena *arena, const struct person_table *table)
{
    return arena_printf(arena, "%s.%s", table->table, table->owner);
}

const struct person_table *person_table_find(const char *place)
{
    for (size_t i = 0; i < n_person_tables; i++) {
        size_t n = strlen(person_tables[i].table);
        if (strncmp(place, person_tables[i].table, n) == 0 && place[n] == '.' &&
            strcmp(place + n + 1, person_tables[i].owner) == 0)
            return person_tables + i;
    }
    return NULL;
}

static json_t *column_json(sqlite3_stmt *stmt, int column)
{
    const char *text;
    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_INTEGER:
        return json_integer(sqlite3_column_int64(stmt, column));
    case SQLITE_FLOAT:
        return json_real(sqlite3_column_double(stmt, column));
    case SQLITE_TEXT:
        text = (const char *)sqlite3_column_text(stmt, column);
        /* Bytes that are no UTF-8 must come back as they were, too. */
        return json_stringn_nocheck(text, (size_t)sqlite3_column_bytes(stmt, column));
    default:
        return json_null();
    }
}

static void bind_json(sqlite3_stmt *stmt, int at, const json_t *value)
{
    if (json_is_integer(value))
        sqlite3_bind_int64(stmt, at, json_integer_value(value));
    else if (json_is_real(value))
        sqlite3_bind_double(stmt, at, json_real_value(value));
    else if (json_is_string(value))
        sqlite3_bind_text(stmt, at, json_string_value(value), (int)json_string_length(value),
                          SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt, at);
}

enum status rows_read(struct writer *writer, const struct person_table *table, uint32_t person,
                      json_t **rows, struct error *err)
{
    struct arena *arena = arena_new();
    sqlite3_stmt *stmt;
    *rows = json_array();
    enum status status = writer_prepare(
        writer, arena_printf(arena, "select * from %s where %s = ?1", table->table, table->owner),
        &stmt, err);
    if (status == ST_OK) {
        int code;
        sqlite3_bind_int64(stmt, 1, person);
        while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
            json_t *row = json_object();
            for (int i = 0; i < sqlite3_column_count(stmt); i++)
                json_object_set_new(row, sqlite3_column_name(stmt, i), column_json(stmt, i));
            json_array_append_new(*rows, row);
        }
        if (code != SQLITE_DONE)
            status = sqlite_status(writer_db(writer), "reading about a person", err);
        sqlite3_reset(stmt);
    }
    arena_free(arena);
    return status;
}

/* The columns come from the table itself, never from what was kept. */
static enum status columns_of(struct writer *writer, struct arena *arena,
                              const struct person_table *table, const char **names, int most,
                              int *n, struct error *err)
{
    sqlite3_stmt *stmt;
    *n = 0;
    enum status status = writer_prepare(
        writer, arena_printf(arena, "select * from %s limit 0", table->table), &stmt, err);
    for (int i = 0; status == ST_OK && i < sqlite3_column_count(stmt) && i < most; i++)
        names[(*n)++] = arena_strdup(arena, sqlite3_column_name(stmt, i));
    return status;
}

enum { MOST_COLUMNS = 64 };

static enum status row_run(struct writer *writer, const struct person_table *table,
                           const json_t *row, uint32_t person, bool adds, bool *changed,
                           struct error *err)
{
    struct arena *arena = arena_new();
    const char *names[MOST_COLUMNS];
    const char *left = "", *right = "";
    sqlite3_stmt *stmt;
    int n;
    enum status status = columns_of(writer, arena, table, names, MOST_COLUMNS, &n, err);
    for (int i = 0; i < n && adds; i++) {
        left = arena_printf(arena, "%s%s%s", left, i ? ", " : "", names[i]);
        right = arena_printf(arena, "%s%s?%d", right, i ? ", " : "", i + 1);
    }
    for (int i = 0; i < n && !adds; i++)
        left = arena_printf(arena, "%s%s%s is ?%d", left, i ? " and " : "", names[i], i + 1);
    const char *sql = adds ? arena_printf(arena, "insert or ignore into %s (%s) values (%s)",
                                          table->table, left, right)
                           : arena_printf(arena, "delete from %s where %s", table->table, left);
    if (status == ST_OK)
        status = writer_prepare(writer, sql, &stmt, err);
    if (status == ST_OK) {
        for (int i = 0; i < n; i++)
            bind_json(stmt, i + 1, json_object_get(row, names[i]));
        for (int i = 0; i < n; i++)
            if (strcmp(names[i], table->owner) == 0)
                sqlite3_bind_int64(stmt, i + 1, person);
        status = writer_run(writer, stmt, err);
        *changed = status == ST_OK && sqlite3_changes(writer_db(writer)) > 0;
    }
    arena_free(arena);
    return status;
}

/* "relation": the column that has the person at the other end. */
static const char *other_end(const struct person_table *table)
{
    if (strcmp(table->table, "relation") != 0)
        return NULL;
    return strcmp(table->owner, "person") == 0 ? "other" : "person";
}

enum status row_add(struct writer *writer, const struct person_table *table, const json_t *row,
                    uint32_t person, bool *added, struct error *err)
{
    const char *end = other_end(table);
    *added = false;
    if (end && json_integer_value(json_object_get(row, end)) == person)
        return ST_OK;
    return row_run(writer, table, row, person, true, added, err);
}

enum status row_remove(struct writer *writer, const struct person_table *table, const json_t *row,
                       uint32_t person, bool *removed, struct error *err)
{
    *removed = false;
    return row_run(writer, table, row, person, false, removed, err);
}

enum status rows_remove_all(struct writer *writer, const struct person_table *table,
                            uint32_t person, int64_t *n, struct error *err)
{
    struct arena *arena = arena_new();
    enum status status = writer_run_with(
        writer, arena_printf(arena, "delete from %s where %s = ?1", table->table, table->owner),
        (const int64_t[]){person}, 1, err);
    *n = status == ST_OK ? sqlite3_changes(writer_db(writer)) : 0;
    arena_free(arena);
    return status;
}

enum status row_give(struct writer *writer, const struct person_table *table, const json_t *row,
                     uint32_t from, uint32_t to, struct error *err)
{
    struct arena *arena = arena_new();
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer,
                       arena_printf(arena, "update %s set %s = ?2 where %s = ?3 and %s = ?1",
                                    table->table, table->owner, table->key, table->owner),
                       &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, from);
        sqlite3_bind_int64(stmt, 2, to);
        bind_json(stmt, 3, json_object_get(row, table->key));
        status = writer_run(writer, stmt, err);
    }
    arena_free(arena);
    return status;
}

enum status rows_forget(struct writer *writer, const struct person_table *table, uint32_t person,
                        uint32_t nobody, int64_t *n, struct error *err)
{
    struct arena *arena = arena_new();
    enum status status =
        writer_run_with(writer,
                        arena_printf(arena, "update %s set %s = ?2, %s where %s = ?1", table->table,
                                     table->owner, table->forget, table->owner),
                        (const int64_t[]){person, nobody}, 2, err);
    *n = status == ST_OK ? sqlite3_changes(writer_db(writer)) : 0;
    arena_free(arena);
    return status;
}
