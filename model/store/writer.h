/*
 * The writer is the process's only writing connection.
 *
 * Processes that share a mall file take turns: a writer holds the file's writer lock (a lock on
 * FILE.lock beside it) for each transaction and each checkpoint, so SQLite never sees two writers
 * or checkpointers. Keep a transaction under 50 ms of work. What takes longer (an import, folding
 * the tail) prepares its rows in several short transactions where no reader sees them, and makes
 * them visible in a last one; it also holds the *bulk lock*, so there is one such worker at a time.
 */
#ifndef ATRIUM_STORE_WRITER_H
#define ATRIUM_STORE_WRITER_H

#include "model/store/mall.h"

#include <sqlite3.h>

struct writer;

enum {
    WRITER_WAIT_MS = 10000,
    WRITER_CHECKPOINT_PAGES = 1024, /* a log longer than this is moved into the file at commit */
    WRITER_LOG_BYTES = 64 << 20,    /* and cut to this when it starts over */
};

/* ST_DENIED when the mall is read-only, with the reason. */
enum status writer_open(struct mall *mall, struct writer **writer, struct error *err);
void writer_close(struct writer *writer);

struct mall *writer_mall(const struct writer *writer);
sqlite3 *writer_db(struct writer *writer);
enum status writer_prepare(struct writer *writer, const char *sql, sqlite3_stmt **stmt,
                           struct error *err);

/* Something of another module's kept with the writer, as reader_keep does. */
void *writer_kept(const struct writer *writer, const void *key);
void writer_keep(struct writer *writer, const void *key, void *value, void (*release)(void *value));

/* A number that changes when what was read in an earlier transaction may no longer be true: after a
 * rollback, and when another connection changed the file. For caches kept with the writer; look at
 * it inside a transaction. */
uint64_t writer_epoch(const struct writer *writer);

/* Runs a statement to its end: for INSERT, UPDATE and DELETE prepared with writer_prepare. */
enum status writer_run(struct writer *writer, sqlite3_stmt *stmt, struct error *err);

/* Prepares and runs one with n whole numbers as ?1 …. */
enum status writer_run_with(struct writer *writer, const char *sql, const int64_t *numbers, int n,
                            struct error *err);

/* The whole number that a question with such numbers answers; `fallback` without a row. */
enum status writer_ask_with(struct writer *writer, const char *sql, const int64_t *numbers, int n,
                            int64_t fallback, int64_t *value, struct error *err);

/* Takes the lock (waiting up to WRITER_WAIT_MS, then ST_CONFLICT naming the holder where that is
 * known) and begins a transaction. writer_commit is durable (fsync) when it returns ST_OK; where it
 * fails everything since writer_begin is undone. writer_rollback is fine without a transaction. */
enum status writer_begin(struct writer *writer, struct error *err);
enum status writer_commit(struct writer *writer, struct error *err);
void writer_rollback(struct writer *writer);
bool writer_in_transaction(const struct writer *writer);

/* The bulk lock, for one long worker per file. Not needed for plain transactions. */
enum status writer_bulk_begin(struct writer *writer, struct error *err);
void writer_bulk_end(struct writer *writer);

/* Moves the WAL into the file, as far as readers allow. Called now and then by writer_commit. */
enum status writer_checkpoint(struct writer *writer, struct error *err);

/* Long work of which nothing counts before its last transaction: from on to off a commit does not
 * wait for the disk, and the log is moved once in 64 MB. A crash of the machine undoes some of the
 * last commits, all of each, and none that is before one that stays. Outside of transactions; may
 * nest. */
enum status writer_relax(struct writer *writer, bool on, struct error *err);

/* Whether what is deleted from now on is overwritten with zeros in the file: for erasures. */
enum status writer_overwrite(struct writer *writer, bool on, struct error *err);

/* Whether the file's bytes hold any of the texts, used or not; what the log has is moved there
 * first, as far as readers allow (*log_left: some stayed). Then, if so, rewrites the file from what
 * is in use. Outside of transactions. */
struct writer_scrub {
    bool found, rewritten, log_left;
};
enum status writer_scrub(struct writer *writer, const char *const *texts, size_t n,
                         struct writer_scrub *scrub, struct error *err);

/* Inside a transaction: says that rows (or events) changed, see reader_versions. */
enum status writer_touch_rows(struct writer *writer, struct error *err);
enum status writer_touch_events(struct writer *writer, struct error *err);

#endif
