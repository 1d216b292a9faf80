/* The hook that also sees tables without row numbers. */
#define SQLITE_ENABLE_PREUPDATE_HOOK

#include "model/store/writer_parts.h"

#include "model/base/arena.h"
#include "model/store/change_parts.h"
#include "model/store/lock.h"
#include "model/store/reader.h"
#include "model/store/schema.h"
#include "model/store/sqlite.h"
#include "model/store/stale.h"

#include <stdlib.h>

enum { CACHE_KIB = 32768, RELAXED_PAGES = 16384 /* 64 MB of log */ };

struct writer {
    struct mall *mall;
    sqlite3 *db;
    struct file_lock lock;
    struct statements statements;
    struct attachments kept;
    bool in_transaction, has_bulk;
    int log_pages; /* in the write-ahead log after the last commit */
    int relaxed;   /* how many want the disk waited for seldom */
    uint64_t epoch;
    int64_t data_version;
    struct stale stale;
    struct change_log changes;
};

struct change_log *writer_changes(struct writer *writer)
{
    return &writer->changes;
}

static int log_grown(void *context, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((struct writer *)context)->log_pages = pages;
    return SQLITE_OK;
}

/* Every row that is written, for all who must not miss one. */
static void row_changes(void *context, sqlite3 *db, int what, const char *database,
                        const char *table, sqlite3_int64 before, sqlite3_int64 after)
{
    struct writer *writer = context;
    (void)database;
    stale_row(&writer->stale, db, what, table, before, after);
    change_log_row(&writer->changes, db, what, table, before, after);
}

static enum status connection_prepare(struct writer *writer, struct error *err)
{
    char *pragmas = mem_printf("pragma wal_autocheckpoint = 0; pragma synchronous = full;"
                               "pragma cache_size = -%d; pragma journal_size_limit = %d;"
                               "pragma temp_store = memory",
                               CACHE_KIB, WRITER_LOG_BYTES);
    enum status status = sqlite_run(writer->db, pragmas, "opening the writer", err);
    free(pragmas);
    sqlite3_wal_hook(writer->db, log_grown, writer);
    sqlite3_preupdate_hook(writer->db, row_changes, writer);
    return status;
}

enum status writer_open(struct mall *mall, struct writer **out, struct error *err)
{
    *out = NULL;
    if (mall->read_only)
        return error_set(err, ST_DENIED, "'%s' is open for reading only: %s", mall->path,
                         mall->why_read_only ? mall->why_read_only : "it may not be changed");
    struct writer *writer = mem_zero(1, sizeof *writer);
    writer->mall = mall;
    enum status status = lock_open(&writer->lock, mall->path, err);
    if (status == ST_OK)
        status = sqlite_connect(mall->path, mall->path, SQLITE_OPEN_READWRITE, &writer->db, err);
    if (status == ST_OK)
        status = connection_prepare(writer, err);
    if (status != ST_OK) {
        writer_close(writer);
        return status;
    }
    *out = writer;
    return ST_OK;
}

/* The last connection to a mall file moves the log into it and removes the log, under the lock, so
 * that a mall at rest is one file. With other connections open SQLite leaves it alone. */
static void connection_close(struct writer *writer)
{
    if (!writer->db)
        return;
    bool locked = writer->lock.fd >= 0 && lock_take(&writer->lock, LOCK_WRITER, 0, NULL) == ST_OK;
    if (locked)
        sqlite3_db_config(writer->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    sqlite3_close(writer->db);
    if (locked)
        lock_release(&writer->lock, LOCK_WRITER);
}

void writer_close(struct writer *writer)
{
    if (!writer)
        return;
    writer_rollback(writer);
    writer_bulk_end(writer);
    attachments_free(&writer->kept);
    statements_free(&writer->statements);
    connection_close(writer);
    lock_close(&writer->lock);
    stale_free(&writer->stale);
    change_log_free(&writer->changes);
    free(writer);
}

struct mall *writer_mall(const struct writer *writer)
{
    return writer->mall;
}

sqlite3 *writer_db(struct writer *writer)
{
    return writer->db;
}

void *writer_kept(const struct writer *writer, const void *key)
{
    return attachments_find(&writer->kept, key);
}

void writer_keep(struct writer *writer, const void *key, void *value, void (*release)(void *value))
{
    attachments_put(&writer->kept, key, value, release);
}

uint64_t writer_epoch(const struct writer *writer)
{
    return writer->epoch;
}

enum status writer_prepare(struct writer *writer, const char *sql, sqlite3_stmt **stmt,
                           struct error *err)
{
    return statements_get(&writer->statements, writer->db, sql, stmt, err);
}

enum status writer_run(struct writer *writer, sqlite3_stmt *stmt, struct error *err)
{
    int code;
    do
        code = sqlite3_step(stmt);
    while (code == SQLITE_ROW);
    enum status status = code == SQLITE_DONE ? ST_OK : sqlite_status(writer->db, "writing", err);
    sqlite3_reset(stmt);
    return status;
}

static enum status prepare_with(struct writer *writer, const char *sql, const int64_t *numbers,
                                int n, sqlite3_stmt **stmt, struct error *err)
{
    enum status status = writer_prepare(writer, sql, stmt, err);
    for (int i = 0; status == ST_OK && i < n; i++)
        sqlite3_bind_int64(*stmt, i + 1, numbers[i]);
    return status;
}

enum status writer_run_with(struct writer *writer, const char *sql, const int64_t *numbers, int n,
                            struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = prepare_with(writer, sql, numbers, n, &stmt, err);
    return status == ST_OK ? writer_run(writer, stmt, err) : status;
}

enum status writer_ask_with(struct writer *writer, const char *sql, const int64_t *numbers, int n,
                            int64_t fallback, int64_t *value, struct error *err)
{
    sqlite3_stmt *stmt;
    *value = fallback;
    enum status status = prepare_with(writer, sql, numbers, n, &stmt, err);
    if (status != ST_OK)
        return status;
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *value = sqlite3_column_int64(stmt, 0);
    else if (code != SQLITE_DONE)
        status = sqlite_status(writer->db, "reading", err);
    sqlite3_reset(stmt);
    return status;
}

/* ---- Transactions ---- */

/* Others may have replaced the file, or a newer program may have migrated it. */
static enum status file_check(struct writer *writer, struct error *err)
{
    int moved = 0;
    sqlite3_file_control(writer->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved)
        return error_set(err, ST_UNUSABLE,
                         "'%s' was moved, removed or replaced while it was open: nothing was "
                         "saved; open the mall again",
                         writer->mall->path);
    return ST_OK;
}

static enum status state_check(struct writer *writer, struct error *err)
{
    int64_t version, data_version;
    enum status status = sqlite_integer(writer->db, "pragma user_version", 0, &version, err);
    if (status == ST_OK)
        status = sqlite_integer(writer->db, "pragma data_version", 0, &data_version, err);
    if (status != ST_OK)
        return status;
    if (version != schema_version)
        return error_set(err, ST_UNUSABLE,
                         "'%s' was changed to version %lld by another atrium while it was open: "
                         "end this program and start the newer one",
                         writer->mall->path, (long long)version);
    if (data_version == writer->data_version)
        return ST_OK;
    writer->epoch++;
    writer->data_version = data_version;
    return change_log_look(&writer->changes, writer->db, err);
}

enum status writer_begin(struct writer *writer, struct error *err)
{
    if (writer->in_transaction)
        return error_set(err, ST_REFUSED, "a change is already being written by this writer");
    enum status status = lock_take(&writer->lock, LOCK_WRITER, WRITER_WAIT_MS, err);
    if (status != ST_OK)
        return status;
    writer->in_transaction = true;
    status = file_check(writer, err);
    if (status == ST_OK)
        status = sqlite_run(writer->db, "begin immediate", "beginning a change", err);
    if (status == ST_OK)
        status = state_check(writer, err);
    if (status != ST_OK)
        writer_rollback(writer);
    return status;
}

static void checkpoint_passive(struct writer *writer)
{
    int log = 0, moved = 0;
    int code = sqlite3_wal_checkpoint_v2(writer->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &moved);
    if (code == SQLITE_OK && log == moved)
        writer->log_pages = 0;
}

enum status writer_commit(struct writer *writer, struct error *err)
{
    if (!writer->in_transaction)
        return error_set(err, ST_REFUSED, "there is no change to save");
    enum status status = stale_write(&writer->stale, writer, err);
    if (status == ST_OK)
        status = change_log_write(&writer->changes, writer, err);
    statements_reset(&writer->statements);
    if (status == ST_OK)
        status = sqlite_run(writer->db, "commit", "saving", err);
    if (status != ST_OK) {
        writer_rollback(writer);
        return status;
    }
    /* The change is safe now. That the log cannot be moved (a full disk) must not deny that. */
    if (writer->log_pages >= (writer->relaxed ? RELAXED_PAGES : WRITER_CHECKPOINT_PAGES))
        checkpoint_passive(writer);
    writer->in_transaction = false;
    lock_release(&writer->lock, LOCK_WRITER);
    return ST_OK;
}

void writer_rollback(struct writer *writer)
{
    if (!writer->in_transaction)
        return;
    statements_reset(&writer->statements);
    if (!sqlite3_get_autocommit(writer->db))
        sqlite3_exec(writer->db, "rollback", NULL, NULL, NULL);
    stale_forget(&writer->stale);
    change_log_forget(&writer->changes);
    writer->epoch++;
    writer->in_transaction = false;
    lock_release(&writer->lock, LOCK_WRITER);
}

bool writer_in_transaction(const struct writer *writer)
{
    return writer->in_transaction;
}

/* ---- Long work and the log ---- */

enum status writer_bulk_begin(struct writer *writer, struct error *err)
{
    if (writer->has_bulk)
        return error_set(err, ST_REFUSED, "this writer is already doing long work");
    enum status status = lock_take(&writer->lock, LOCK_BULK, 0, err);
    writer->has_bulk = status == ST_OK;
    return status;
}

void writer_bulk_end(struct writer *writer)
{
    if (writer->has_bulk)
        lock_release(&writer->lock, LOCK_BULK);
    writer->has_bulk = false;
}

enum status writer_checkpoint(struct writer *writer, struct error *err)
{
    if (writer->in_transaction)
        return error_set(err, ST_REFUSED, "the log cannot be moved inside a change");
    enum status status = lock_take(&writer->lock, LOCK_WRITER, WRITER_WAIT_MS, err);
    if (status != ST_OK)
        return status;
    int log = 0, moved = 0;
    int code = sqlite3_wal_checkpoint_v2(writer->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &log, &moved);
    if (code != SQLITE_OK && code != SQLITE_BUSY)
        status = sqlite_status(writer->db, "moving the log into the mall file", err);
    if (code == SQLITE_OK && log == moved) {
        /* Cutting the log waits for readers of it; they are not waited for. */
        sqlite3_busy_timeout(writer->db, 0);
        sqlite3_wal_checkpoint_v2(writer->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        sqlite3_busy_timeout(writer->db, SQLITE_WAIT_MS);
        writer->log_pages = 0;
    }
    lock_release(&writer->lock, LOCK_WRITER);
    return status;
}

enum status writer_relax(struct writer *writer, bool on, struct error *err)
{
    writer->relaxed += on ? 1 : -1;
    return sqlite_run(writer->db,
                      writer->relaxed ? "pragma synchronous = normal" : "pragma synchronous = full",
                      "opening the writer", err);
}

enum status writer_quiet_begin(struct writer *writer, struct error *err)
{
    if (writer->in_transaction)
        return error_set(err, ST_REFUSED, "the file cannot be rewritten inside a change");
    enum status status = lock_take(&writer->lock, LOCK_WRITER, WRITER_WAIT_MS, err);
    if (status == ST_OK)
        statements_reset(&writer->statements);
    return status;
}

void writer_quiet_end(struct writer *writer)
{
    writer->epoch++;
    lock_release(&writer->lock, LOCK_WRITER);
}

/* ---- What questions compare ---- */

static enum status counter_raise(struct writer *writer, const char *name, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "update counter set value = value + 1 where name = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
}

enum status writer_touch_rows(struct writer *writer, struct error *err)
{
    return counter_raise(writer, "rows", err);
}

enum status writer_touch_events(struct writer *writer, struct error *err)
{
    return counter_raise(writer, "events", err);
}
