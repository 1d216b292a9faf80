#include "model/store/inspect.h"

#include "model/base/arena.h"
#include "model/base/text.h"
#include "model/store/column.h"
#include "model/store/mall.h"
#include "model/store/reader.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { HEADER = 100 };

static uint32_t big_endian(const unsigned char *at, int n)
{
    uint32_t value = 0;
    for (int i = 0; i < n; i++)
        value = value << 8 | at[i];
    return value;
}

static enum status not_a_mall(const char *path, const unsigned char *head, size_t n,
                              struct error *err)
{
    struct arena *arena = arena_new();
    error_set(err, ST_UNUSABLE,
              "'%s' is not a mall file: it starts with %s, expected a file made by `atrium init` "
              "or `atrium demo`",
              path, text_quote(arena, (const char *)head, n < 16 ? n : 16));
    arena_free(arena);
    return ST_UNUSABLE;
}

/* Without a write-ahead log the header says how long the file is. */
static enum status length_check(const char *path, const unsigned char *head, sqlite3_int64 size,
                                struct error *err)
{
    char *wal = mem_printf("%s-wal", path);
    struct stat found;
    bool has_wal = stat(wal, &found) == 0 && found.st_size > 0;
    free(wal);
    sqlite3_int64 page = big_endian(head + 16, 2);
    page = page == 1 ? 65536 : page;
    bool counted = big_endian(head + 24, 4) == big_endian(head + 92, 4);
    sqlite3_int64 expected = page * big_endian(head + 28, 4);
    if (has_wal || !counted || size >= expected)
        return ST_OK;
    return error_set(err, ST_UNUSABLE,
                     "'%s' is damaged: it is cut short, found %lld bytes, expected %lld; restore "
                     "a copy",
                     path, (long long)size, (long long)expected);
}

enum status inspect_header(sqlite3 *db, const char *path, struct error *err)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    unsigned char head[HEADER] = {0};
    int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK || !file || !file->pMethods ||
        file->pMethods->xFileSize(file, &size) != SQLITE_OK)
        return error_set(err, ST_UNUSABLE, "'%s' cannot be read: check the disk", path);
    if (size == 0)
        return error_set(err, ST_UNUSABLE,
                         "'%s' is empty, not a mall file: remove it and make one with `atrium init "
                         "%s`",
                         path, path);
    int n = size < HEADER ? (int)size : HEADER;
    if (file->pMethods->xRead(file, head, n, 0) != SQLITE_OK)
        return error_set(err, ST_UNUSABLE, "'%s' cannot be read: check the disk", path);
    bool ours = big_endian(head + 68, 4) == MALL_APPLICATION_ID;
    bool sqlite = n == HEADER && memcmp(head, "SQLite format 3", 16) == 0;
    if (!sqlite && ours)
        return error_set(err, ST_UNUSABLE,
                         "'%s' is damaged: its first bytes were overwritten; restore a copy", path);
    if (!sqlite)
        return not_a_mall(path, head, (size_t)n, err);
    if (!ours)
        return error_set(err, ST_UNUSABLE,
                         "'%s' is an SQLite file but not a mall file: expected one made by `atrium "
                         "init` or `atrium demo`",
                         path);
    return length_check(path, head, size, err);
}

static bool is_damage(int code)
{
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

static enum status root_read(sqlite3 *db, const char *sql, const char *name, char **why,
                             struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    sqlite3_finalize(stmt);
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return ST_OK;
    if (!is_damage(code))
        return sqlite_status(db, "looking at the tables", err);
    struct arena *arena = arena_new();
    if (!*why)
        *why =
            mem_printf("the mall file is damaged (table %s cannot be read): run `atrium verify`, "
                       "and restore a copy",
                       text_quote(arena, name, strlen(name)));
    arena_free(arena);
    return ST_OK;
}

enum status inspect_roots(sqlite3 *db, char **why, struct error *err)
{
    *why = NULL;
    sqlite3_stmt *stmt;
    static const char tables[] =
        "select name, 'select 1 from \"' || replace(name, '\"', '\"\"') || '\" limit 1'"
        " from sqlite_schema where type = 'table' and rootpage > 0 order by rootpage";
    if (sqlite3_prepare_v2(db, tables, -1, &stmt, NULL) != SQLITE_OK)
        return sqlite_status(db, "looking at the tables", err);
    enum status status = ST_OK;
    int code;
    while (status == ST_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        status = root_read(db, column_text(stmt, 1), column_text(stmt, 0), why, err);
    if (status == ST_OK && code != SQLITE_DONE)
        status = sqlite_status(db, "looking at the tables", err);
    sqlite3_finalize(stmt);
    return status;
}
