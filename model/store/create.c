/* Making an empty mall file: beside its place, complete, and only then moved there. */
#include "model/base/text.h"
#include "model/store/mall.h"
#include "model/store/migrate.h"
#include "model/store/reader.h"
#include "model/store/setting.h"
#include "model/store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A write-ahead log that stayed behind from another file would be played into the new one. */
static enum status place_check(const char *path, struct error *err)
{
    struct stat found;
    if (lstat(path, &found) == 0)
        return error_set(err, ST_REFUSED,
                         "'%s' exists already and is left as it is: choose another name", path);
    static const char *const rests[] = {"-wal", "-journal"};
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        char *rest = mem_printf("%s%s", path, rests[i]);
        bool there = lstat(rest, &found) == 0 && found.st_size > 0;
        if (there)
            error_set(err, ST_REFUSED,
                      "'%s' is left from another mall file: move it away, or choose another name",
                      rest);
        free(rest);
        if (there)
            return ST_REFUSED;
    }
    return ST_OK;
}

static enum status setting_add(sqlite3 *db, const char *name, const char *value, struct error *err)
{
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(db, "insert into setting (name, value) values (?1, ?2)", -1, &stmt,
                           NULL) != SQLITE_OK)
        return sqlite_status(db, "writing settings", err);
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, value, -1, SQLITE_STATIC);
    enum status status =
        sqlite3_step(stmt) == SQLITE_DONE ? ST_OK : sqlite_status(db, "writing settings", err);
    sqlite3_finalize(stmt);
    return status;
}

static enum status database_fill(sqlite3 *db, const struct mall_options *o, struct error *err)
{
    char *pragmas = mem_printf("pragma page_size = %d; pragma auto_vacuum = none;"
                               "pragma encoding = 'UTF-8'; pragma journal_mode = off;"
                               "pragma synchronous = off; pragma application_id = %d",
                               SQLITE_PAGE_SIZE, MALL_APPLICATION_ID);
    enum status status = sqlite_run(db, pragmas, "making a mall", err);
    free(pragmas);
    struct migrations built_in = migrations_built_in();
    if (status == ST_OK)
        status = migrate_database(db, &built_in, built_in.n, err);
    const char *const given[] = {o->name, o->timezone, o->currency};
    size_t n_given = 0;
    if (status == ST_OK)
        status = sqlite_run(db, "begin", "writing settings", err);
    /* Those without an initial value come first in the table, in this order. */
    for (size_t i = 0; status == ST_OK && i < n_settings; i++)
        status = setting_add(db, settings[i].name,
                             settings[i].initial ? settings[i].initial : given[n_given++], err);
    if (status == ST_OK)
        status = sqlite_run(db, "commit; pragma journal_mode = wal", "writing settings", err);
    return status;
}

static enum status file_fill(const char *path, const struct mall_options *o, struct error *err)
{
    sqlite3 *db;
    enum status status = sqlite_connect(path, path, SQLITE_OPEN_READWRITE, &db, err);
    if (status != ST_OK)
        return status;
    status = database_fill(db, o, err);
    /* The last connection takes the -wal and -shm files away. */
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    if (sqlite3_close(db) != SQLITE_OK && status == ST_OK)
        status = error_set(err, ST_UNUSABLE, "'%s' could not be closed", path);
    return status;
}

static bool path_sync(const char *path, int flags)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

/* Never replaces a file that came to be there meanwhile. */
static bool file_place(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    return link(from, to) == 0 && unlink(from) == 0;
}

/* SQLite may leave its own files behind when the disk fails. */
static void beside_remove(const char *beside)
{
    static const char *const rests[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        char *name = mem_printf("%s%s", beside, rests[i]);
        unlink(name);
        free(name);
    }
}

static enum status create_beside(const char *path, const char *folder, const struct mall_options *o,
                                 struct error *err)
{
    char *beside = mem_printf("%s.new-XXXXXX", path);
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0) {
        enum status status =
            error_set(err, errno == EACCES || errno == EROFS ? ST_DENIED : ST_UNUSABLE,
                      "a mall file cannot be made in '%s' (%s): choose a folder that may be "
                      "written",
                      folder, strerror(errno));
        free(beside);
        return status;
    }
    close(fd);
    enum status status = file_fill(beside, o, err);
    if (status == ST_OK && !path_sync(beside, 0))
        status = error_set(err, ST_UNUSABLE, "'%s' cannot be saved (%s): is the disk full?", path,
                           strerror(errno));
    if (status == ST_OK && !file_place(beside, path))
        status =
            errno == EEXIST
                ? error_set(err, ST_REFUSED,
                            "'%s' exists already and is left as it is: choose another name", path)
                : error_set(err, ST_UNUSABLE, "'%s' cannot be made (%s)", path, strerror(errno));
    if (status == ST_OK)
        path_sync(folder, O_DIRECTORY);
    else
        beside_remove(beside);
    free(beside);
    return status;
}

/* The user's data folder does not exist on a fresh machine. */
static void default_folder_make(const char *path)
{
    char *standard = mall_default_path();
    for (char *at = standard + 1; strcmp(path, standard) == 0 && (at = strchr(at, '/')); at++) {
        *at = 0;
        mkdir(standard, 0700);
        *at = '/';
    }
    free(standard);
}

static char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = mem_strdup(slash ? slash + 1 : path);
    size_t n = strlen(name);
    if (n > 5 && strcmp(name + n - 5, ".mall") == 0)
        name[n - 5] = 0;
    return name;
}

enum status mall_create(const char *path, const struct mall_options *options, struct error *err)
{
    char *base = base_name(path), *copy = mem_strdup(path);
    const char *folder = dirname(copy);
    struct mall_options o = options ? *options : (struct mall_options){0};
    o.name = o.name ? o.name : base;
    o.timezone = o.timezone ? o.timezone : "Asia/Shanghai";
    o.currency = o.currency ? o.currency : "CNY";
    enum status status = setting_check("name", o.name, err);
    if (status == ST_OK)
        status = setting_check("timezone", o.timezone, err);
    if (status == ST_OK)
        status = setting_check("currency", o.currency, err);
    if (status == ST_OK)
        status = place_check(path, err);
    if (status == ST_OK) {
        default_folder_make(path);
        status = create_beside(path, folder, &o, err);
    }
    free(copy);
    free(base);
    return status;
}
