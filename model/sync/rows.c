#include "model/sync/rows.h"

#include "model/store/sqlite.h"

#include <string.h>

enum status rows_nonsense(struct error *err)
{
    return error_set(err, ST_REFUSED,
                     "the hub sent rows that this program cannot read: nothing of them was kept; "
                     "install the hub's version");
}

/* ---- Statements over whole tables ---- */

/* Columns that a role lacks get what the schema says, or nothing of their type. */
enum status rows_insert_sql(struct writer *writer, struct arena *arena,
                            const struct policy_table *table, enum rows_from from, const char **sql,
                            struct error *err)
{
    sqlite3_stmt *stmt;
    char *names = arena_strdup(arena, ""), *values = arena_strdup(arena, "");
    size_t n = 0;
    for (; n < table->n; n++) {
        const char *name = table->columns[table->sent[n]].column;
        names = arena_printf(arena, "%s%s%s", names, n ? ", " : "", name);
        values = from == ROWS_BOUND ? arena_printf(arena, "%s%s?%zu", values, n ? ", " : "", n + 1)
                                    : arena_printf(arena, "%s%sc%zu", values, n ? ", " : "", n);
    }
    enum status status = writer_prepare(
        writer,
        "select name, type from pragma_table_info(?1) where \"notnull\" and dflt_value is"
        " null",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, table->place->table, -1, SQLITE_STATIC);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(stmt, 0);
        const char *type = (const char *)sqlite3_column_text(stmt, 1);
        bool sent = false;
        for (size_t i = 0; i < table->n && !sent; i++)
            sent = strcmp(table->columns[table->sent[i]].column, name) == 0;
        if (sent)
            continue;
        names = arena_printf(arena, "%s, %s", names, name);
        values = arena_printf(arena, "%s, %s", values,
                              strcmp(type, "TEXT") == 0   ? "''"
                              : strcmp(type, "BLOB") == 0 ? "x''"
                                                          : "0");
    }
    sqlite3_reset(stmt);
    *sql = arena_printf(arena,
                        from == ROWS_BOUND ? "insert or replace into %s (%s) values (%s)"
                                           : "insert or replace into %s (%s) select %s from"
                                             " batch_rows",
                        table->place->table, names, values);
    return ST_OK;
}

enum status rows_clear(struct writer *writer, const struct change_place *place, int64_t key,
                       struct arena *arena, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer,
                                        arena_printf(arena, "delete from %s where %s", place->table,
                                                     change_where_sql(arena, place)),
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, key);
    return writer_run(writer, stmt, err);
}

/* One row of n values. */
enum status row_write(struct writer *writer, sqlite3_stmt *stmt, struct view *in, size_t n,
                      struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        struct policy_value value;
        if (!value_get(in, &value))
            return rows_nonsense(err);
        value_bind(stmt, (int)i + 1, &value);
    }
    return writer_run(writer, stmt, err);
}

enum status row_insert(struct writer *writer, const char *sql, struct view *in, size_t n,
                       struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, sql, &stmt, err);
    return status == ST_OK ? row_write(writer, stmt, in, n, err) : status;
}

/* ---- Rows as they are here ---- */

enum status rows_keep(struct writer *writer, const struct change_place *place, int64_t key,
                      struct bytes *out, struct error *err)
{
    sqlite3_stmt *stmt;
    struct arena *arena = arena_new();
    enum status status = writer_prepare(writer,
                                        arena_printf(arena, "select * from %s where %s",
                                                     place->table, change_where_sql(arena, place)),
                                        &stmt, err);
    int code = SQLITE_DONE;
    if (status == ST_OK)
        sqlite3_bind_int64(stmt, 1, key);
    while (status == ST_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        rows_put(stmt, out);
    if (status == ST_OK && code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading rows", err);
    if (status == ST_OK)
        sqlite3_reset(stmt);
    arena_free(arena);
    return status;
}

void rows_put(sqlite3_stmt *stmt, struct bytes *out)
{
    int n = sqlite3_column_count(stmt);
    bytes_put_varint(out, (uint64_t)n);
    for (int i = 0; i < n; i++) {
        struct policy_value value = {.type = sqlite3_column_type(stmt, i),
                                     .integer = sqlite3_column_int64(stmt, i),
                                     .real = sqlite3_column_double(stmt, i)};
        if (value.type == SQLITE_TEXT || value.type == SQLITE_BLOB) {
            value.bytes = sqlite3_column_blob(stmt, i);
            value.size = (size_t)sqlite3_column_bytes(stmt, i);
        }
        value_put(out, &value);
    }
}

enum status rows_restore(struct writer *writer, const struct change_place *place, int64_t key,
                         struct view in, struct error *err)
{
    struct arena *arena = arena_new();
    enum status status = rows_clear(writer, place, key, arena, err);
    while (status == ST_OK && view_left(&in)) {
        size_t n = view_count(&in, 64);
        const char *places = "?1";
        for (size_t i = 1; i < n; i++)
            places = arena_printf(arena, "%s, ?%zu", places, i + 1);
        status = in.bad || !n
                     ? rows_nonsense(err)
                     : row_insert(writer,
                                  arena_printf(arena, "insert or replace into %s values (%s)",
                                               place->table, places),
                                  &in, n, err);
    }
    arena_free(arena);
    return status;
}
