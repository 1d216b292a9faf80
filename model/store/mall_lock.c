#include "model/store/mall_lock.h"

#include "model/base/arena.h"
#include "model/base/time.h"
#include "model/store/lock.h"
#include "model/store/sqlite.h"

#include <pthread.h>
#include <stdlib.h>

enum { AGAIN_S = 10 }; /* a note that could not be made is tried again */

struct mall_lock {
    pthread_mutex_t mutex; /* of what follows: every reader asks */
    struct lock_clock clock;
    int64_t tried_ns;
};

void mall_lock_set(struct mall *mall, const struct lock_clock *clock)
{
    if (!mall->lock) {
        mall->lock = mem_zero(1, sizeof *mall->lock);
        pthread_mutex_init(&mall->lock->mutex, NULL);
    }
    pthread_mutex_lock(&mall->lock->mutex);
    mall->lock->clock = *clock;
    pthread_mutex_unlock(&mall->lock->mutex);
}

void mall_lock_free(struct mall *mall)
{
    if (!mall->lock)
        return;
    pthread_mutex_destroy(&mall->lock->mutex);
    free(mall->lock);
}

/* Whether it is this caller who keeps the time in the file. */
static struct lock_clock clock_of(struct mall_lock *lock, int64_t now, bool *due)
{
    int64_t moment = time_monotonic_ns();
    pthread_mutex_lock(&lock->mutex);
    struct lock_clock clock = lock->clock;
    *due = lock_clock_due(&clock, now) &&
           (!lock->tried_ns || moment - lock->tried_ns > AGAIN_S * INT64_C(1000000000));
    if (*due)
        lock->tried_ns = moment;
    pthread_mutex_unlock(&lock->mutex);
    return clock;
}

static void clock_put(struct mall_lock *lock, const struct lock_clock *clock, bool kept)
{
    pthread_mutex_lock(&lock->mutex);
    lock->clock = *clock;
    if (kept)
        lock->tried_ns = 0;
    pthread_mutex_unlock(&lock->mutex);
}

/* Nothing is waited for: who writes now keeps the time at its next pull, and others try again. */
static bool clock_keep(const struct mall *mall, int64_t now, struct lock_clock *clock)
{
    struct file_lock turn;
    sqlite3 *db;
    bool kept = false;
    if (mall->read_only || lock_open(&turn, mall->path, NULL) != ST_OK)
        return false;
    if (lock_take(&turn, LOCK_WRITER, 0, NULL) == ST_OK &&
        sqlite_connect(mall->path, mall->path, SQLITE_OPEN_READWRITE, &db, NULL) == ST_OK) {
        kept = sqlite_run(db, "pragma wal_autocheckpoint = 0; pragma synchronous = normal; begin",
                          "keeping the time", NULL) == ST_OK &&
               lock_clock_see(db, now, clock, NULL) == ST_OK &&
               sqlite_run(db, "commit", "keeping the time", NULL) == ST_OK;
        sqlite3_close(db);
    }
    lock_close(&turn);
    return kept;
}

static enum status clock_ask(const struct mall *mall, struct lock_clock *clock, struct error *err)
{
    sqlite3 *db;
    bool unlocked;
    enum status status = mall_connect(mall, &db, &unlocked, err);
    if (status != ST_OK)
        return status;
    status = lock_clock_read(db, clock, err);
    sqlite3_close(db);
    return status;
}

enum status mall_unlocked(const struct mall *mall, struct error *err)
{
    if (!mall->replica || !mall->lock)
        return ST_OK;
    bool due, kept = false;
    int64_t now = time_now();
    struct lock_clock clock = clock_of(mall->lock, now, &due);
    if (!due && !lock_clock_locked(&clock, now))
        return ST_OK;
    /* It may have been brought up to date since the mall was opened. */
    if (due)
        kept = clock_keep(mall, now, &clock);
    enum status status = kept ? ST_OK : clock_ask(mall, &clock, err);
    if (status != ST_OK)
        return status;
    clock_put(mall->lock, &clock, kept);
    if (!lock_clock_locked(&clock, now))
        return ST_OK;
    return error_set(
        err, ST_DENIED,
        "this replica has not heard of its hub for too long and is locked: bring it up "
        "to date with `atrium sync`, and everything is there again");
}
