/*
 * Which blocks of members a transaction changes. Columns that are kept beside the member table
 * (model/people/profile.h) are made anew for these blocks; so that no change can be forgotten, the
 * writer's connection itself notes every row of `member` that is written, whoever writes it. Inside
 * the module.
 */
#ifndef ATRIUM_STORE_STALE_H
#define ATRIUM_STORE_STALE_H

#include "model/store/writer.h"

#include <stdbool.h>

enum { STALE_BLOCK_BITS = 14, STALE_BLOCKS = 1 << (31 - STALE_BLOCK_BITS) };

struct stale {
    bool any;
    uint64_t blocks[STALE_BLOCKS / 64];
};

/* From now on. */
void stale_watch(struct stale *stale, sqlite3 *db);

/* Before the transaction's commit: into the table profile_stale. */
enum status stale_write(struct stale *stale, struct writer *writer, struct error *err);

/* After a rollback. */
void stale_forget(struct stale *stale);

#endif
