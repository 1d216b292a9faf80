/*
 * A mall is a file: everything a console knows is one SQLite file in WAL mode.
 *
 * A `struct mall` is an opened mall's identity and settings. It may be shared by threads; it is
 * immutable until mall_reload. Connections are made from it: any number of readers (one a thread)
 * and one writer for the process. See reader.h and writer.h.
 */
#ifndef ATRIUM_STORE_MALL_H
#define ATRIUM_STORE_MALL_H

#include "model/base/status.h"
#include "model/base/time.h"

#include <stdbool.h>
#include <stdint.h>

enum { MALL_APPLICATION_ID = 0x4154524D }; /* "ATRM", in the SQLite header */

struct mall {
    char *path;
    char *name;     /* "Chaoyang Joy City" */
    char *currency; /* "CNY" */
    struct zone *zone;
    struct clock clock;      /* zone and day boundary, default 04:00 */
    int32_t visit_gap;       /* seconds between events of one visit at most, default 1800 */
    int32_t small_sample;    /* a rate with fewer people behind it is dimmed, default 30 */
    bool read_only;          /* opened without the right or the possibility to write */
    char *why_read_only;     /* a sentence, or NULL */
    bool damaged;            /* read-only because the quick check found damage */
    bool guest;              /* read-only by permission: nothing is left beside the file */
    bool replica;            /* of a hub: see model/sync/replica.h */
    struct mall_lock *lock;  /* of a replica: when nothing of it is shown any more */
    struct retired *retired; /* settings before a reload */
    struct spare *spare;     /* the connection that looked at it, for the first reader */
};

struct mall_options {
    const char *name, *timezone, *currency; /* NULL: the file's base name, "Asia/Shanghai", "CNY" */
};

/* Makes an empty mall. An existing file is never touched: ST_REFUSED. The file appears complete or
 * not at all (written beside, fsynced, moved into place); only its owner may read it (mode 0600).
 * Equal options give equal bytes. The folder must exist, but that of mall_default_path is made. */
enum status mall_create(const char *path, const struct mall_options *options, struct error *err);

/* Opens; migrates an older file (with a backup copy beside it kept until the migration is proved),
 * refuses a newer one, something that is not a mall, and a damaged one whose header cannot be read.
 * Where only reading is possible (permissions, damage found by the quick check) the mall is opened
 * read-only and says why. ST_UNUSABLE otherwise. */
enum status mall_open(const char *path, struct mall **mall, struct error *err);
/* After its readers and writers. The last one to close a mall leaves one file, and its lock file.
 */
void mall_close(struct mall *mall);

/* Reads the settings again after they were changed. What the old ones pointed to stays valid until
 * mall_close, for threads that are still at work with it. */
enum status mall_reload(struct mall *mall, struct error *err);

/* ST_DENIED where the mall is a replica that did not hear of its hub for too long: nothing of it is
 * shown until it has (doc/sync.md). Now and then it keeps in the file how late it is, as far as
 * that can be done at once (lock_clock.h). For any thread but the screen's. */
enum status mall_unlocked(const struct mall *mall, struct error *err);

/* The moment that periods count back from: the wall clock, but never later than the latest event
 * (so that yesterday's file, and a file from 1998, still have a "last 30 days"). `as_of` is the
 * latest event's time, 0 for a mall without events. Needs a reader: see reader_present. */

/* The path to use when none was given: $ATRIUM_MALL, else $XDG_DATA_HOME/atrium/atrium.mall (that
 * folder under ~/.local/share by default). Owned by the caller. */
char *mall_default_path(void);

#endif
