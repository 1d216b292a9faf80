#include "model/store/lock_clock.h"

#include "model/base/arena.h"
#include "model/store/reader.h"
#include "model/store/sqlite.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int64_t *number_of(struct lock_clock *clock, const char *name)
{
    static const struct {
        const char *name;
        size_t at;
    } all[] = {
        {"heard", offsetof(struct lock_clock, heard)},
        {"lock", offsetof(struct lock_clock, lock)},
        {"seen", offsetof(struct lock_clock, seen)},
        {"skew", offsetof(struct lock_clock, skew)},
    };
    for (size_t i = 0; name && i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].name, name) == 0)
            return (int64_t *)((char *)clock + all[i].at);
    return NULL;
}

enum status lock_clock_read(sqlite3 *db, struct lock_clock *clock, struct error *err)
{
    sqlite3_stmt *stmt;
    int code;
    *clock = (struct lock_clock){0};
    if (sqlite3_prepare_v2(db, "select name, cast(value as integer) from sync", -1, &stmt, NULL) !=
        SQLITE_OK)
        return sqlite_status(db, "reading when this replica is locked", err);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        int64_t *number = number_of(clock, (const char *)sqlite3_column_text(stmt, 0));
        int64_t value = sqlite3_column_int64(stmt, 1);
        if (number && value <= LOCK_CLOCK_MOST && value >= -LOCK_CLOCK_MOST)
            *number = value;
    }
    enum status status =
        code == SQLITE_DONE ? ST_OK : sqlite_status(db, "reading when this replica is locked", err);
    sqlite3_finalize(stmt);
    return status;
}

static int64_t bounded(int64_t time)
{
    return time < 0 ? 0 : time > LOCK_CLOCK_MOST ? LOCK_CLOCK_MOST : time;
}

int64_t lock_clock_now(const struct lock_clock *clock, int64_t local)
{
    int64_t now = bounded(bounded(local) + clock->skew);
    return now > clock->seen ? now : clock->seen;
}

bool lock_clock_locked(const struct lock_clock *clock, int64_t local)
{
    return clock->lock > 0 && lock_clock_now(clock, local) > clock->heard + clock->lock;
}

bool lock_clock_due(const struct lock_clock *clock, int64_t local)
{
    int64_t now = bounded(local) + clock->skew;
    return now >= clock->seen + LOCK_CLOCK_NOTE_S || now < clock->seen - LOCK_CLOCK_NOTE_S / 10;
}

/* ---- What is kept ---- */

static enum status numbers_put(sqlite3 *db, const struct lock_clock *clock, bool heard,
                               struct error *err)
{
    char *sql = mem_printf("insert or replace into sync values ('seen', '%lld'), ('skew', '%lld')",
                           (long long)clock->seen, (long long)clock->skew);
    enum status status = sqlite_run(db, sql, "keeping the time", err);
    free(sql);
    if (status != ST_OK || !heard)
        return status;
    sql =
        mem_printf("insert or replace into sync values ('heard', '%lld')", (long long)clock->heard);
    status = sqlite_run(db, sql, "keeping the time", err);
    free(sql);
    return status;
}

/* A clock that was set back goes on from where it had been. */
enum status lock_clock_see(sqlite3 *db, int64_t local, struct lock_clock *clock, struct error *err)
{
    enum status status = lock_clock_read(db, clock, err);
    if (status != ST_OK || !lock_clock_due(clock, local))
        return status;
    clock->seen = lock_clock_now(clock, local);
    clock->skew = clock->seen - bounded(local);
    return numbers_put(db, clock, false, err);
}

enum status lock_clock_hear(sqlite3 *db, int64_t hub, int64_t local, struct error *err)
{
    struct lock_clock clock = {.heard = bounded(hub), .seen = bounded(hub)};
    clock.skew = clock.seen - bounded(local);
    return numbers_put(db, &clock, true, err);
}

enum status lock_clock_shut(sqlite3 *db, struct error *err)
{
    return sqlite_run(db,
                      "insert or replace into sync values ('lock', '1');"
                      "insert or replace into sync select 'seen', max("
                      " coalesce((select cast(value as integer) from sync where name = 'seen'), 0),"
                      " coalesce((select cast(value as integer) from sync where name = 'heard'), 0)"
                      " + 2)",
                      "locking this replica", err);
}
