#include "model/store/sqlite.h"

#include "model/base/arena.h"
#include "model/base/hash.h"
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/store/reader.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void setup_once(void)
{
    /* Counting memory takes a lock that all threads share. Refused when SQLite already runs. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_initialize();
}

void sqlite_setup(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, setup_once);
}

/* ---- What went wrong, in a sentence ---- */

static const struct {
    int code;
    enum status status;
    const char *sentence;
} sentences[] = {
    {SQLITE_FULL, ST_UNUSABLE,
     "the disk is full: nothing of this was saved; free some space and try again"},
    {SQLITE_READONLY, ST_DENIED,
     "the mall file or its folder may not be written: check permissions, or that the disk is not "
     "mounted read-only"},
    {SQLITE_PERM, ST_DENIED, "the mall file may not be accessed: check its permissions"},
    {SQLITE_CANTOPEN, ST_UNUSABLE,
     "the mall file or its -wal and -shm files cannot be opened: check that they exist and their "
     "permissions"},
    {SQLITE_CORRUPT, ST_UNUSABLE,
     "the mall file is damaged: run `atrium verify` to see where, and restore a copy"},
    {SQLITE_NOTADB, ST_UNUSABLE, "this is not a mall file, or its first page is damaged"},
    {SQLITE_BUSY, ST_CONFLICT,
     "another program holds the mall file for too long: close it or try again"},
    {SQLITE_LOCKED, ST_CONFLICT, "this mall file is in use in the same program: try again"},
    {SQLITE_INTERRUPT, ST_CANCELLED, "the question was cancelled"},
    {SQLITE_NOMEM, ST_UNUSABLE, "the machine has no memory left for this"},
    {SQLITE_IOERR, ST_UNUSABLE,
     "the disk failed to read or write the mall file: check the disk, then run `atrium verify`"},
    {SQLITE_PROTOCOL, ST_CONFLICT, "the mall file is busy: try again"},
    {SQLITE_TOOBIG, ST_REFUSED, "the value is too large for a mall file"},
    {SQLITE_CONSTRAINT, ST_REFUSED, NULL},
    {SQLITE_AUTH, ST_DENIED, "this statement is not allowed"},
};

static bool is_full(int cause)
{
    return cause == ENOSPC || cause == EDQUOT || cause == EFBIG;
}

static int file_cause(sqlite3 *db, int which)
{
    sqlite3_file *file = NULL;
    int cause = 0;
    if (sqlite3_file_control(db, "main", which, &file) == SQLITE_OK && file && file->pMethods)
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &cause);
    return cause;
}

/* SQLite knows one way of being full; a quota and a limit on file sizes are others. The cause stays
 * with the file that failed, the log or the mall file itself. */
static bool is_disk_full(sqlite3 *db, int code)
{
    return code == SQLITE_IOERR && (is_full(sqlite3_system_errno(db)) ||
                                    is_full(file_cause(db, SQLITE_FCNTL_JOURNAL_POINTER)) ||
                                    is_full(file_cause(db, SQLITE_FCNTL_FILE_POINTER)));
}

enum status sqlite_status(sqlite3 *db, const char *doing, struct error *err)
{
    int code = sqlite3_errcode(db) & 0xff;
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
        return ST_OK;
    if (is_disk_full(db, code))
        code = SQLITE_FULL;
    const char *path = sqlite3_db_filename(db, "main");
    struct arena *arena = arena_new();
    const char *where =
        path && *path ? arena_printf(arena, " %s", text_quote(arena, path, strlen(path))) : "";
    enum status status = ST_REFUSED;
    const char *sentence = NULL;
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if (sentences[i].code == code) {
            status = sentences[i].status;
            sentence = sentences[i].sentence;
        }
    const char *found = sqlite3_errmsg(db);
    if (!sentence)
        error_set(err, status, "%s: %s", doing, found);
    else if (status == ST_CANCELLED)
        error_set(err, status, "%s", sentence);
    else
        error_set(err, status, "%s%s: %s (SQLite: %s)", doing, where, sentence, found);
    arena_free(arena);
    return status;
}

/* ---- Connections ---- */

static void connection_harden(sqlite3 *db)
{
    static const int options[][2] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},   {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1}, {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        sqlite3_db_config(db, options[i][0], options[i][1], NULL);
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, SQLITE_WAIT_MS);
}

enum status sqlite_connect(const char *uri, const char *path, int flags, sqlite3 **out,
                           struct error *err)
{
    sqlite_setup();
    sqlite3 *db = NULL;
    *out = NULL;
    int code = sqlite3_open_v2(uri, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code != SQLITE_OK) {
        enum status status = ST_UNUSABLE;
        if (db)
            status = sqlite_status(db, "opening", err);
        else
            error_set(err, status, "opening '%s': the machine has no memory left", path);
        sqlite3_close(db);
        return status;
    }
    connection_harden(db);
    *out = db;
    return ST_OK;
}

enum status sqlite_run(sqlite3 *db, const char *sql, const char *doing, struct error *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? ST_OK
                                                                : sqlite_status(db, doing, err);
}

enum status sqlite_integer(sqlite3 *db, const char *sql, int64_t fallback, int64_t *value,
                           struct error *err)
{
    *value = fallback;
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        return sqlite_status(db, "reading", err);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
        *value = sqlite3_column_int64(stmt, 0);
    enum status status =
        code == SQLITE_ROW || code == SQLITE_DONE ? ST_OK : sqlite_status(db, "reading", err);
    sqlite3_finalize(stmt);
    return status;
}

/* ---- Statements ---- */

enum { STATEMENTS_KEPT = 256 };

static void statement_drop(struct statement *kept)
{
    sqlite3_finalize(kept->stmt);
    free(kept->sql);
}

static struct statement *statements_oldest(struct statements *cache)
{
    struct statement *oldest = cache->at;
    for (size_t i = 1; i < cache->n; i++)
        if (cache->at[i].used < oldest->used)
            oldest = cache->at + i;
    return oldest;
}

enum status statements_get(struct statements *cache, sqlite3 *db, const char *sql,
                           sqlite3_stmt **stmt, struct error *err)
{
    *stmt = NULL;
    uint64_t hash = hash64(sql, strlen(sql));
    for (size_t i = 0; i < cache->n; i++) {
        struct statement *kept = cache->at + i;
        if (kept->hash == hash && strcmp(kept->sql, sql) == 0) {
            kept->used = ++cache->clock;
            sqlite3_reset(kept->stmt);
            sqlite3_clear_bindings(kept->stmt);
            *stmt = kept->stmt;
            return ST_OK;
        }
    }
    struct statement made = {.sql = NULL, .hash = hash, .used = ++cache->clock};
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &made.stmt, NULL) != SQLITE_OK)
        return sqlite_status(db, "preparing a statement", err);
    if (!made.stmt)
        return error_set(err, ST_REFUSED, "preparing a statement: there is none in the text");
    made.sql = mem_strdup(sql);
    *stmt = made.stmt;
    if (cache->n < STATEMENTS_KEPT) {
        vec_push(cache, made);
        return ST_OK;
    }
    struct statement *oldest = statements_oldest(cache);
    statement_drop(oldest);
    *oldest = made;
    return ST_OK;
}

void statements_reset(struct statements *cache)
{
    for (size_t i = 0; i < cache->n; i++)
        if (sqlite3_stmt_busy(cache->at[i].stmt))
            sqlite3_reset(cache->at[i].stmt);
}

void statements_free(struct statements *cache)
{
    for (size_t i = 0; i < cache->n; i++)
        statement_drop(cache->at + i);
    vec_free(cache);
}

/* ---- Attachments ---- */

void *attachments_find(const struct attachments *all, const void *key)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].key == key)
            return all->at[i].value;
    return NULL;
}

void attachments_put(struct attachments *all, const void *key, void *value,
                     void (*release)(void *value))
{
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].key == key) {
            if (all->at[i].release && all->at[i].value != value)
                all->at[i].release(all->at[i].value);
            all->at[i].value = value;
            all->at[i].release = release;
            return;
        }
    vec_push(all, (struct attachment){key, value, release});
}

void attachments_free(struct attachments *all)
{
    for (size_t i = all->n; i-- > 0;)
        if (all->at[i].release)
            all->at[i].release(all->at[i].value);
    vec_free(all);
}
