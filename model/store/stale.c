#include "model/store/stale.h"

#include <string.h>

static void row_changed(void *context, int what, const char *database, const char *table,
                        sqlite3_int64 row)
{
    struct stale *stale = context;
    (void)what;
    (void)database;
    if (table[0] != 'm' || strcmp(table, "member") != 0 || row < 0 || row > INT32_MAX)
        return;
    uint64_t block = (uint64_t)row >> STALE_BLOCK_BITS;
    stale->any = true;
    stale->blocks[block / 64] |= UINT64_C(1) << (block % 64);
}

void stale_watch(struct stale *stale, sqlite3 *db)
{
    sqlite3_update_hook(db, row_changed, stale);
}

void stale_forget(struct stale *stale)
{
    if (stale->any)
        memset(stale, 0, sizeof *stale);
}

enum status stale_write(struct stale *stale, struct writer *writer, struct error *err)
{
    sqlite3_stmt *stmt;
    if (!stale->any)
        return ST_OK;
    enum status status = writer_prepare(
        writer, "insert or ignore into profile_stale (block) values (?1)", &stmt, err);
    for (int block = 0; block < STALE_BLOCKS && status == ST_OK; block++) {
        if (!(stale->blocks[block / 64] >> (block % 64) & 1))
            continue;
        sqlite3_bind_int64(stmt, 1, block);
        status = writer_run(writer, stmt, err);
    }
    stale_forget(stale);
    return status;
}
