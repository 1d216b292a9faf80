/*
 * What the store's files share about SQLite: settings of the process and of a connection, the
 * cache of prepared statements, and running SQL that the program itself wrote.
 */
#ifndef ATRIUM_STORE_SQLITE_H
#define ATRIUM_STORE_SQLITE_H

#include "model/base/status.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { SQLITE_PAGE_SIZE = 16384, SQLITE_WAIT_MS = 5000 };

/* Once per process, before the first connection; calling it again costs nothing. */
void sqlite_setup(void);

/* A connection with the settings that every one has. `flags` are SQLite's own; `uri` is the path or
 * a file: URI when SQLITE_OPEN_URI is among them. `path` is for the message. */
enum status sqlite_connect(const char *uri, const char *path, int flags, sqlite3 **db,
                           struct error *err);

/* A read-only connection to an opened mall, as its permissions need it. *unlocked: the file is read
 * as unchanging, without SQLite's locks. */
struct mall;
enum status mall_connect(const struct mall *mall, sqlite3 **db, bool *unlocked, struct error *err);

/* Runs statements without results. */
enum status sqlite_run(sqlite3 *db, const char *sql, const char *doing, struct error *err);

/* One integer; `fallback` where there is no row or it is NULL. */
enum status sqlite_integer(sqlite3 *db, const char *sql, int64_t fallback, int64_t *value,
                           struct error *err);

/* Prepared statements by their text, owned by the cache. */
struct statements {
    struct statement {
        sqlite3_stmt *stmt;
        char *sql;
        uint64_t hash, used;
    } * at;
    size_t n, cap;
    uint64_t clock;
};

/* Reset and without bindings. The least recently used one goes when there are too many. */
enum status statements_get(struct statements *cache, sqlite3 *db, const char *sql,
                           sqlite3_stmt **stmt, struct error *err);
/* Ends what is still being stepped, so that no read transaction stays open. */
void statements_reset(struct statements *cache);
void statements_free(struct statements *cache);

/* Things that other modules keep with a connection, each under the address of something of theirs.
 */
struct attachments {
    struct attachment {
        const void *key;
        void *value;
        void (*release)(void *value);
    } * at;
    size_t n, cap;
};

void *attachments_find(const struct attachments *all, const void *key);
void attachments_put(struct attachments *all, const void *key, void *value,
                     void (*release)(void *value));
void attachments_free(struct attachments *all);

#endif
