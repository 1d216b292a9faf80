/*
 * Migrations: a mall file's `user_version` is the number of migrations it has had. Each runs in a
 * transaction of its own together with the new number, so a file is always of one version.
 */
#ifndef ATRIUM_STORE_MIGRATE_H
#define ATRIUM_STORE_MIGRATE_H

#include "model/base/status.h"

#include <sqlite3.h>

/* A list of migrations; the program's own is schema_migrations. Tests bring others. */
struct migrations {
    const char *const *sql;
    int n;
};

struct migrations migrations_built_in(void);

/* Runs the migrations that an opened database lacks, up to `target`. */
enum status migrate_database(sqlite3 *db, const struct migrations *migrations, int target,
                             struct error *err);

/* Brings an older mall file to the newest version: under the writer lock, with a copy beside it
 * (FILE.before-v2) that is removed once the migrated file has passed SQLite's check. Does nothing
 * when another process was faster. */
enum status migrate_file(const char *path, const struct migrations *migrations, struct error *err);

#endif
