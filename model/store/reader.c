#include "model/store/reader.h"

#include "model/base/arena.h"
#include "model/base/time.h"
#include "model/store/column.h"
#include "model/store/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    CACHE_KIB = 8192,   /* pages kept per reader */
    PASS_KIB = 512,     /* and in a pass over many */
    PROGRESS_OPS = 1000 /* virtual machine steps between looks at the cancel flag */
};

struct reader {
    const struct mall *mall;
    sqlite3 *db;
    struct statements statements;
    struct attachments kept;
    int depth;
    int64_t events, rows; /* the counters, while depth > 0 */
    const atomic_bool *cancel;
    int64_t until; /* monotonic, ns; 0: no end */
    atomic_int *progress;
    int part_from, part_to;      /* thousandths */
    int64_t as_of, as_of_events; /* the latest event under that state of the events */
    bool unlocked;               /* the file is read as unchanging */
    struct stat seen;            /* and was this when it was opened */
};

enum { HOOKS = 16 };
static reader_hook *hooks[HOOKS];
static size_t n_hooks;

void reader_on_open(reader_hook *hook)
{
    for (size_t i = 0; i < n_hooks; i++)
        if (hooks[i] == hook)
            return;
    if (n_hooks < HOOKS)
        hooks[n_hooks++] = hook;
}

static enum status connection_prepare(struct reader *reader, struct error *err)
{
    /* A question never attaches other files. */
    sqlite3_limit(reader->db, SQLITE_LIMIT_ATTACHED, 0);
    char *pragmas = mem_printf("pragma query_only = 1; pragma wal_autocheckpoint = 0;"
                               "pragma cache_size = -%d;"
                               "pragma cell_size_check = %d",
                               CACHE_KIB, reader->mall->damaged);
    enum status status = sqlite_run(reader->db, pragmas, "opening a reader", err);
    free(pragmas);
    return status;
}

enum status reader_open(const struct mall *mall, struct reader **out, struct error *err)
{
    *out = NULL;
    sqlite3 *db;
    bool unlocked;
    struct stat seen = {0};
    if (stat(mall->path, &seen) != 0)
        return error_set(err, ST_UNUSABLE, "'%s' is no longer there", mall->path);
    enum status status = mall_connect(mall, &db, &unlocked, err);
    if (status != ST_OK)
        return status;
    struct reader *reader = mem_zero(1, sizeof *reader);
    reader->mall = mall;
    reader->db = db;
    reader->as_of_events = -1;
    reader->part_to = 1000;
    reader->unlocked = unlocked;
    reader->seen = seen;
    status = connection_prepare(reader, err);
    for (size_t i = 0; status == ST_OK && i < n_hooks; i++)
        status = hooks[i](reader, db, err);
    if (status != ST_OK) {
        reader_close(reader);
        return status;
    }
    *out = reader;
    return ST_OK;
}

void reader_close(struct reader *reader)
{
    if (!reader)
        return;
    statements_free(&reader->statements);
    attachments_free(&reader->kept);
    sqlite3_close_v2(reader->db);
    free(reader);
}

const struct mall *reader_mall(const struct reader *reader)
{
    return reader->mall;
}

sqlite3 *reader_db(struct reader *reader)
{
    return reader->db;
}

void *reader_kept(const struct reader *reader, const void *key)
{
    return attachments_find(&reader->kept, key);
}

void reader_keep(struct reader *reader, const void *key, void *value, void (*release)(void *value))
{
    attachments_put(&reader->kept, key, value, release);
}

enum status reader_prepare(struct reader *reader, const char *sql, sqlite3_stmt **stmt,
                           struct error *err)
{
    return statements_get(&reader->statements, reader->db, sql, stmt, err);
}

enum status reader_step(struct reader *reader, sqlite3_stmt *stmt, bool *row, struct error *err)
{
    int code = sqlite3_step(stmt);
    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return ST_OK;
    enum status status = sqlite_status(reader->db, "reading", err);
    sqlite3_reset(stmt);
    return status;
}

/* ---- One state of the file ---- */

/* Also the read that fixes the state: BEGIN alone does not. */
static enum status counters_read(struct reader *reader, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = reader_prepare(
        reader, "select name, value from counter where name in ('events', 'rows')", &stmt, err);
    bool row = true;
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        const char *name = column_text(stmt, 0);
        int64_t value = sqlite3_column_int64(stmt, 1);
        if (strcmp(name, "events") == 0)
            reader->events = value;
        else
            reader->rows = value;
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    return status;
}

static enum status unchanged_check(const struct reader *reader, struct error *err)
{
    struct stat now;
    const struct stat *seen = &reader->seen;
    if (stat(reader->mall->path, &now) == 0 && now.st_ino == seen->st_ino &&
        now.st_dev == seen->st_dev && now.st_size == seen->st_size &&
        now.st_mtim.tv_sec == seen->st_mtim.tv_sec && now.st_mtim.tv_nsec == seen->st_mtim.tv_nsec)
        return ST_OK;
    return error_set(err, ST_CONFLICT,
                     "'%s' was changed by somebody who may write it: open it again",
                     reader->mall->path);
}

static enum status begin(struct reader *reader, struct error *err)
{
    enum status status = reader->unlocked ? unchanged_check(reader, err) : ST_OK;
    if (status == ST_OK)
        status = sqlite_run(reader->db, "begin", "reading", err);
    if (status != ST_OK)
        return status;
    reader->depth = 1;
    status = counters_read(reader, err);
    if (status != ST_OK)
        reader_end(reader);
    return status;
}

enum status reader_begin(struct reader *reader, struct error *err)
{
    enum status status = reader->depth > 0 ? ST_OK : mall_unlocked(reader->mall, err);
    return status == ST_OK ? reader_begin_locked(reader, err) : status;
}

enum status reader_begin_locked(struct reader *reader, struct error *err)
{
    if (reader->depth == 0)
        return begin(reader, err);
    reader->depth++;
    return ST_OK;
}

void reader_end(struct reader *reader)
{
    if (reader->depth == 0 || --reader->depth > 0)
        return;
    statements_reset(&reader->statements);
    /* Cancelling must not keep the transaction open. */
    sqlite3_progress_handler(reader->db, 0, NULL, NULL);
    if (!sqlite3_get_autocommit(reader->db))
        sqlite3_exec(reader->db, "rollback", NULL, NULL, NULL);
    reader_watch(reader, reader->cancel, reader->progress);
}

static void cache_set(struct reader *reader, int kib)
{
    char pragma[64];
    snprintf(pragma, sizeof pragma, "pragma cache_size = -%d", kib);
    sqlite3_exec(reader->db, pragma, NULL, NULL, NULL); /* only how fast it is depends on it */
}

void reader_pass_begin(struct reader *reader)
{
    cache_set(reader, PASS_KIB);
}

void reader_pass_end(struct reader *reader)
{
    cache_set(reader, CACHE_KIB);
}

/* ---- Cancelling and progress ---- */

static int progress_look(void *context)
{
    return reader_cancelled(context);
}

void reader_watch(struct reader *reader, const atomic_bool *flag, atomic_int *progress)
{
    reader->cancel = flag;
    reader->progress = progress;
    reader_progress_part(reader, 0, 1000);
    sqlite3_progress_handler(reader->db, flag ? PROGRESS_OPS : 0, flag ? progress_look : NULL,
                             reader);
}

bool reader_cancelled(const struct reader *reader)
{
    if (reader->cancel && atomic_load_explicit(reader->cancel, memory_order_relaxed))
        return true;
    return reader->until && time_monotonic_ns() >= reader->until;
}

void reader_until(struct reader *reader, int64_t monotonic_ns)
{
    reader->until = monotonic_ns;
}

void reader_progress(struct reader *reader, int64_t done, int64_t total)
{
    if (!reader->progress || total <= 0)
        return;
    double share = (double)done / (double)total;
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    int thousandths =
        reader->part_from + (int)(share * (double)(reader->part_to - reader->part_from));
    atomic_store_explicit(reader->progress, thousandths, memory_order_relaxed);
}

void reader_progress_part(struct reader *reader, int from, int to)
{
    reader->part_from = from;
    reader->part_to = to;
}

/* ---- Small questions ---- */

enum status reader_integer(struct reader *reader, const char *sql, int64_t fallback, int64_t *value,
                           struct error *err)
{
    *value = fallback;
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(reader, sql, &stmt, err);
    if (status == ST_OK)
        status = reader_step(reader, stmt, &row, err);
    if (status != ST_OK)
        return status;
    if (row && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
        *value = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return ST_OK;
}

enum status reader_versions(struct reader *reader, int64_t *events, int64_t *rows,
                            struct error *err)
{
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    *events = reader->events;
    *rows = reader->rows;
    reader_end(reader);
    return ST_OK;
}

/* Chunks of a batch that is not yet visible do not count. */
static const char latest_chunk[] =
    "select c.last from chunk c indexed by chunk_last join batch b on b.id = c.batch"
    " where b.state = 'done' order by c.last desc limit 1";

static enum status latest_read(struct reader *reader, int64_t *latest, struct error *err)
{
    if (reader->as_of_events == reader->events) {
        *latest = reader->as_of;
        return ST_OK;
    }
    int64_t chunk, tail;
    enum status status = reader_integer(reader, latest_chunk, INT64_MIN, &chunk, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select max(time) from tail", INT64_MIN, &tail, err);
    if (status != ST_OK)
        return status;
    *latest = chunk > tail ? chunk : tail;
    *latest = *latest == INT64_MIN ? 0 : *latest;
    reader->as_of = *latest;
    reader->as_of_events = reader->events;
    return ST_OK;
}

enum status reader_present(struct reader *reader, int64_t *as_of, int64_t *present,
                           struct error *err)
{
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = latest_read(reader, as_of, err);
    reader_end(reader);
    int64_t now = time_now();
    if (status == ST_OK)
        *present = *as_of != 0 && *as_of < now ? *as_of : now;
    return status;
}
