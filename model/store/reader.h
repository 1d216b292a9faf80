/*
 * A reader is one read-only connection with its prepared statements, for one thread at a time.
 *
 * The connection is query_only and never checkpoints (SQLite 3.40 can corrupt a file that several
 * connections write or checkpoint at once). A question runs inside reader_begin .. reader_end and
 * sees one state of the file throughout.
 */
#ifndef ATRIUM_STORE_READER_H
#define ATRIUM_STORE_READER_H

#include "model/store/mall.h"

#include <sqlite3.h>
#include <stdatomic.h>

struct reader;

/* What other modules do to each new reader: register virtual tables and SQL functions. Called in
 * order of registration at the end of reader_open; a failure ends the opening. Register at the
 * start of the program, before there are threads; registering one twice does nothing. */
typedef enum status reader_hook(struct reader *reader, sqlite3 *db, struct error *err);
void reader_on_open(reader_hook *hook);

enum status reader_open(const struct mall *mall, struct reader **reader, struct error *err);
void reader_close(struct reader *reader);

const struct mall *reader_mall(const struct reader *reader);
sqlite3 *reader_db(struct reader *reader);

/* Something of another module's (a dictionary, a cache) kept with the reader under the address of
 * `key`: NULL where there is none. `release` (may be NULL) is called when another value replaces it
 * and when the reader closes, before the connection does. */
void *reader_kept(const struct reader *reader, const void *key);
void reader_keep(struct reader *reader, const void *key, void *value, void (*release)(void *value));

/* A statement of this SQL, reset and without bindings; kept by the reader and given again for the
 * same text, so it must not be finalised and not be used twice at once. */
enum status reader_prepare(struct reader *reader, const char *sql, sqlite3_stmt **stmt,
                           struct error *err);

/* Steps: ST_OK with *row true while there are rows. A cancelled question gives ST_CANCELLED. */
enum status reader_step(struct reader *reader, sqlite3_stmt *stmt, bool *row, struct error *err);

/* One state of the file for everything in between, fixed when the outermost pair begins. Pairs may
 * nest. The outermost end resets what was still being stepped. A reader of a file that may not be
 * written and that nobody had open gives ST_CONFLICT once somebody changed it. */
enum status reader_begin(struct reader *reader, struct error *err);
/* Also of a replica that is locked: for its outbox and the way to its hub. */
enum status reader_begin_locked(struct reader *reader, struct error *err);
void reader_end(struct reader *reader);

/* Between them pages are read once, in large numbers: a few are kept, which the processor holds as
 * well, and no memory is filled with what nobody asks for again. Not around anything else. */
void reader_pass_begin(struct reader *reader);
void reader_pass_end(struct reader *reader);

/* Long work ends soon after *flag becomes true: SQLite's progress handler looks at it, and scans do
 * with reader_cancelled. NULL takes the flag away. The progress pointer (0..1000) is for scans to
 * report into and may be NULL. */
void reader_watch(struct reader *reader, const atomic_bool *flag, atomic_int *progress);
bool reader_cancelled(const struct reader *reader);

/* Work that is watched ends soon after this time as well (of time_monotonic_ns), as if it had been
 * cancelled; 0: no such time. It holds until it is set anew. */
void reader_until(struct reader *reader, int64_t monotonic_ns);

void reader_progress(struct reader *reader, int64_t done, int64_t total);

/* What is reported from now on is a part of the whole, from `from` to `to` thousandths of it: for
 * questions of several scans. reader_watch makes it the whole again. */
void reader_progress_part(struct reader *reader, int from, int to);

/* One integer; `fallback` where there is no row or it is NULL. For counts and settings. */
enum status reader_integer(struct reader *reader, const char *sql, int64_t fallback, int64_t *value,
                           struct error *err);

/* A number that changes with every committed change of the events, and one for everything else that
 * questions read: what was computed under the same numbers is still true. */
enum status reader_versions(struct reader *reader, int64_t *events, int64_t *rows,
                            struct error *err);

/* The latest event (0: none), and the present: min(time_now(), as_of), or time_now() for a mall
 * without events. */
enum status reader_present(struct reader *reader, int64_t *as_of, int64_t *present,
                           struct error *err);

/* The error of the connection's last call as a status with what to do about it. Shared with the
 * writer: full disk, no permission, damaged, locked each have a sentence. */
enum status sqlite_status(sqlite3 *db, const char *doing, struct error *err);

#endif
