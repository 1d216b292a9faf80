/*
 * What a transaction changes of tables beside which columns and sets are kept: blocks of members
 * (model/people/profile.h) and blocks of labels kept by hand (model/people/label_list.h). Those are
 * made anew for what changed; so that no change can be forgotten, the writer's connection itself
 * notes every row of `member` and `label_member` that is written, whoever writes it. Inside the
 * module.
 */
#ifndef ATRIUM_STORE_STALE_H
#define ATRIUM_STORE_STALE_H

#include "model/base/vec.h"
#include "model/store/writer.h"

#include <stdbool.h>

enum { STALE_BLOCK_BITS = 14, STALE_BLOCKS = 1 << (31 - STALE_BLOCK_BITS) };

struct stale {
    bool any; /* of members */
    uint64_t blocks[STALE_BLOCKS / 64];
    VEC(uint64_t) lists; /* label << 17 | block, some more than once */
};

/* One row of the preupdate hook. */
void stale_row(struct stale *stale, sqlite3 *db, int what, const char *table, sqlite3_int64 before,
               sqlite3_int64 after);

/* Before the transaction's commit: into the tables profile_stale and label_stale. */
enum status stale_write(struct stale *stale, struct writer *writer, struct error *err);

/* After a rollback. */
void stale_forget(struct stale *stale);

/* What it owns. */
void stale_free(struct stale *stale);

#endif
