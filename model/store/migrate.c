#include "model/store/migrate.h"

#include "model/base/arena.h"
#include "model/store/column.h"
#include "model/store/lock.h"
#include "model/store/mall.h"
#include "model/store/reader.h"
#include "model/store/schema.h"
#include "model/store/sqlite.h"
#include "model/store/writer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct migrations migrations_built_in(void)
{
    return (struct migrations){schema_migrations, schema_version};
}

static enum status version_read(sqlite3 *db, int64_t *version, struct error *err)
{
    return sqlite_integer(db, "pragma user_version", 0, version, err);
}

static enum status migrate_once(sqlite3 *db, const char *sql, int version, struct error *err)
{
    char *doing = mem_printf("migrating to version %d", version);
    char *number = mem_printf("pragma user_version = %d", version);
    enum status status = sqlite_run(db, "begin immediate", doing, err);
    if (status == ST_OK)
        status = sqlite_run(db, sql, doing, err);
    if (status == ST_OK)
        status = sqlite_run(db, number, doing, err);
    if (status == ST_OK)
        status = sqlite_run(db, "commit", doing, err);
    if (status != ST_OK && !sqlite3_get_autocommit(db))
        sqlite3_exec(db, "rollback", NULL, NULL, NULL);
    free(number);
    free(doing);
    return status;
}

enum status migrate_database(sqlite3 *db, const struct migrations *migrations, int target,
                             struct error *err)
{
    int64_t version;
    enum status status = version_read(db, &version, err);
    for (int i = (int)version; status == ST_OK && i < target; i++)
        status = migrate_once(db, migrations->sql[i], i + 1, err);
    return status;
}

/* A copy of the whole file in one state, on the disk when this returns ST_OK. */
static enum status backup_write(sqlite3 *db, const char *path, struct error *err)
{
    unlink(path);
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(db, "vacuum main into ?1", -1, &stmt, NULL) != SQLITE_OK)
        return sqlite_status(db, "copying before a migration", err);
    sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
    enum status status = ST_OK;
    if (sqlite3_step(stmt) != SQLITE_DONE) {
        status = sqlite_status(db, "copying before a migration", err);
        unlink(path);
    }
    sqlite3_finalize(stmt);
    int fd = status == ST_OK ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (status == ST_OK && (fd < 0 || fsync(fd) != 0))
        status =
            error_set(err, ST_UNUSABLE, "'%s': the copy before a migration cannot be saved", path);
    if (fd >= 0)
        close(fd);
    return status;
}

/* Not quick_check: SQLite 3.40's finds fault with a table without rowid whose primary key has its
 * columns in another order than the table, as `contact` has. */
static enum status database_proved(sqlite3 *db, struct error *err)
{
    sqlite3_stmt *stmt;
    /* Not the quick one: it misreads tables whose key has another order than their columns. */
    if (sqlite3_prepare_v2(db, "pragma integrity_check(1)", -1, &stmt, NULL) != SQLITE_OK)
        return sqlite_status(db, "checking after a migration", err);
    enum status status = ST_OK;
    if (sqlite3_step(stmt) != SQLITE_ROW)
        status = sqlite_status(db, "checking after a migration", err);
    else if (strcmp(column_text(stmt, 0), "ok") != 0)
        status =
            error_set(err, ST_UNUSABLE, "checking after a migration: %s", column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return status;
}

static enum status migrate_locked(sqlite3 *db, const char *path,
                                  const struct migrations *migrations, struct error *err)
{
    int64_t version;
    enum status status = version_read(db, &version, err);
    if (status != ST_OK || version >= migrations->n)
        return status;
    char *backup = mem_printf("%s.before-v%d", path, migrations->n);
    status = backup_write(db, backup, err);
    if (status == ST_OK)
        status = migrate_database(db, migrations, migrations->n, err);
    if (status == ST_OK)
        status = database_proved(db, err);
    if (status == ST_OK)
        unlink(backup);
    else if (access(backup, F_OK) == 0)
        error_wrap(err, "the mall as it was is kept in '%s'", backup);
    free(backup);
    return status;
}

enum status migrate_file(const char *path, const struct migrations *migrations, struct error *err)
{
    struct file_lock lock;
    enum status status = lock_open(&lock, path, err);
    if (status != ST_OK)
        return status;
    status = lock_take(&lock, LOCK_WRITER, WRITER_WAIT_MS, err);
    sqlite3 *db = NULL;
    if (status == ST_OK)
        status = sqlite_connect(path, path, SQLITE_OPEN_READWRITE, &db, err);
    if (status == ST_OK)
        status = sqlite_run(db, "pragma wal_autocheckpoint = 0; pragma synchronous = full",
                            "migrating", err);
    if (status == ST_OK)
        status = migrate_locked(db, path, migrations, err);
    sqlite3_close(db);
    lock_release(&lock, LOCK_WRITER);
    lock_close(&lock);
    return status;
}
