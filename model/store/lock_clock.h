/*
 * The clock by which a replica locks itself (doc/sync.md). It is the hub's: a pull says what time
 * it is there, and how far this computer's clock is from it. Between pulls it goes with this
 * computer's clock but never back: the latest moment that was seen is kept in the file, so that a
 * clock that is set back hides nothing but the minutes since the last note.
 */
#ifndef ATRIUM_STORE_LOCK_CLOCK_H
#define ATRIUM_STORE_LOCK_CLOCK_H

#include "model/base/status.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

enum { LOCK_CLOCK_NOTE_S = 600 };             /* so often what was seen is kept, at most */
#define LOCK_CLOCK_MOST INT64_C(253402300799) /* the end of the year 9999: later is no time */

struct lock_clock {
    int64_t heard; /* the hub's clock at the last pull */
    int64_t lock;  /* seconds from there; 0: never locked */
    int64_t seen;  /* the latest moment, by the hub's clock */
    int64_t skew;  /* the hub's clock less this computer's */
};

/* From the table `sync`; zeros for what is not there, or no number of a sensible size. */
enum status lock_clock_read(sqlite3 *db, struct lock_clock *clock, struct error *err);

/* `local` is this computer's clock; what is returned, the hub's. */
int64_t lock_clock_now(const struct lock_clock *clock, int64_t local);
bool lock_clock_locked(const struct lock_clock *clock, int64_t local);
/* Whether there is something to be kept. */
bool lock_clock_due(const struct lock_clock *clock, int64_t local);

/* What is kept after a moment that was seen, and after a word from the hub: SQL texts for `sync`.
 * Inside the caller's transaction. */
enum status lock_clock_see(sqlite3 *db, int64_t local, struct lock_clock *clock, struct error *err);
enum status lock_clock_hear(sqlite3 *db, int64_t hub, int64_t local, struct error *err);
/* Locked from the next second on, until the hub is heard of. */
enum status lock_clock_shut(sqlite3 *db, struct error *err);

#endif
