/* Rows of a first copy, by the million: a batch's rows are a table to SQLite, which puts all of
 * them into the one they belong to with a single statement. Nothing is bound, and the place behind
 * the last row is not looked for again for each. */
#include "model/sync/rows.h"

#include "model/store/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 64 /* as many as a table may send: policy_table.sent */ };

/* What the table has now: kept with the writer. */
struct source {
    struct view in;
    size_t n; /* values of a row */
    int64_t keys;
    bool bad;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct view in;
    size_t left; /* rows of the key */
    int64_t row;
    bool end;
    struct policy_value values[COLUMNS];
};

struct table {
    sqlite3_vtab base;
    struct source *source;
};

static struct cursor *cursor_of(sqlite3_vtab_cursor *base)
{
    return (struct cursor *)(void *)base;
}

static struct source *source_of(sqlite3_vtab *base)
{
    return ((struct table *)(void *)base)->source;
}

/* ---- As SQLite asks for it ---- */

static int table_connect(sqlite3 *db, void *source, int argc, const char *const *argv,
                         sqlite3_vtab **out, char **message)
{
    char sql[32 + COLUMNS * 5];
    int at = snprintf(sql, sizeof sql, "create table x (c0");
    (void)argc;
    (void)argv;
    (void)message;
    for (int i = 1; i < COLUMNS; i++)
        at += snprintf(sql + at, sizeof sql - (size_t)at, ",c%d", i);
    snprintf(sql + at, sizeof sql - (size_t)at, ")");
    int code = sqlite3_declare_vtab(db, sql);
    if (code != SQLITE_OK)
        return code;
    struct table *table = sqlite3_malloc(sizeof *table);
    if (!table)
        return SQLITE_NOMEM;
    *table = (struct table){.source = source};
    *out = &table->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

static int table_plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedCost = 1;
    return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    struct cursor *cursor = sqlite3_malloc(sizeof *cursor);
    if (!cursor)
        return SQLITE_NOMEM;
    *cursor = (struct cursor){.end = true};
    *out = &cursor->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *cursor)
{
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = cursor_of(base);
    struct source *source = source_of(base->pVtab);
    while (!cursor->left && view_left(&cursor->in) && !cursor->in.bad) {
        view_signed(&cursor->in);
        cursor->left = view_count(&cursor->in, INT32_MAX);
        source->keys++;
    }
    cursor->end = !cursor->left && !cursor->in.bad;
    source->bad = cursor->in.bad;
    for (size_t i = 0; i < source->n && !cursor->end && !source->bad; i++)
        source->bad = !value_get(&cursor->in, &cursor->values[i]);
    cursor->left -= !cursor->end && !source->bad;
    cursor->row++;
    return source->bad ? SQLITE_ERROR : SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int n,
                         sqlite3_value **values)
{
    struct cursor *cursor = cursor_of(base);
    (void)plan;
    (void)text;
    (void)n;
    (void)values;
    cursor->in = source_of(base->pVtab)->in;
    cursor->left = 0;
    cursor->row = 0;
    return cursor_next(base);
}

static int cursor_eof(sqlite3_vtab_cursor *cursor)
{
    return cursor_of(cursor)->end;
}

/* Text and blobs stay in the batch. */
static int cursor_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column)
{
    const struct policy_value *value = &cursor_of(cursor)->values[column];
    switch (value->type) {
    case SQLITE_INTEGER:
        sqlite3_result_int64(context, value->integer);
        break;
    case SQLITE_FLOAT:
        sqlite3_result_double(context, value->real);
        break;
    case SQLITE_TEXT:
        sqlite3_result_text(context, value->size ? value->bytes : "", (int)value->size,
                            SQLITE_STATIC);
        break;
    case SQLITE_BLOB:
        sqlite3_result_blob(context, value->size ? value->bytes : "", (int)value->size,
                            SQLITE_STATIC);
        break;
    default:
        sqlite3_result_null(context);
    }
    return SQLITE_OK;
}

static int cursor_row(sqlite3_vtab_cursor *cursor, sqlite3_int64 *row)
{
    *row = cursor_of(cursor)->row;
    return SQLITE_OK;
}

/* Without xCreate: it is there under its name, and in no schema. */
static const sqlite3_module module = {
    .xConnect = table_connect,
    .xBestIndex = table_plan,
    .xDisconnect = table_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = cursor_next,
    .xEof = cursor_eof,
    .xColumn = cursor_column,
    .xRowid = cursor_row,
};

/* ---- Copying ---- */

static const char source_key;

static enum status source_open(struct writer *writer, struct source **source, struct error *err)
{
    *source = writer_kept(writer, &source_key);
    if (*source)
        return ST_OK;
    struct source *made = mem_zero(1, sizeof *made);
    writer_keep(writer, &source_key, made, free);
    sqlite3 *db = writer_db(writer);
    if (sqlite3_create_module_v2(db, "batch_rows", &module, made, NULL) != SQLITE_OK)
        return sqlite_status(db, "reading a batch", err);
    *source = made;
    return ST_OK;
}

enum status rows_copy(struct writer *writer, const struct policy_table *table, struct view in,
                      int64_t *keys, struct error *err)
{
    struct source *source;
    struct arena *arena = arena_new();
    const char *sql = NULL;
    sqlite3_stmt *stmt;
    enum status status = source_open(writer, &source, err);
    if (status == ST_OK)
        status = rows_insert_sql(writer, arena, table, ROWS_OF_BATCH, &sql, err);
    if (status == ST_OK)
        status = writer_prepare(writer, sql, &stmt, err);
    if (status == ST_OK) {
        *source = (struct source){.in = in, .n = table->n};
        status = writer_run(writer, stmt, err);
        *keys += source->keys;
        if (source->bad)
            status = rows_nonsense(err);
        *source = (struct source){0};
    }
    arena_free(arena);
    return status;
}
