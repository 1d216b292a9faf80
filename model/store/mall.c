#include "model/store/mall.h"

#include "model/base/text.h"
#include "model/store/column.h"
#include "model/store/inspect.h"
#include "model/store/lock.h"
#include "model/store/mall_lock.h"
#include "model/store/migrate.h"
#include "model/store/reader.h"
#include "model/store/setting.h"
#include "model/store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *mall_default_path(void)
{
    const char *given = getenv("ATRIUM_MALL");
    if (given && *given)
        return mem_strdup(given);
    const char *data = getenv("XDG_DATA_HOME");
    if (data && *data == '/')
        return mem_printf("%s/atrium/atrium.mall", data);
    const char *home = getenv("HOME");
    return mem_printf("%s/.local/share/atrium/atrium.mall", home && *home ? home : ".");
}

/* ---- Where and whether it can be written ---- */

static bool may(const char *path, int what)
{
    return faccessat(AT_FDCWD, path, what, AT_EACCESS) == 0;
}

static enum status path_check(const char *path, struct error *err)
{
    struct stat found;
    if (stat(path, &found) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return error_set(err, ST_UNUSABLE,
                         "no mall file at '%s': make one with `atrium init %s` or `atrium -m %s "
                         "demo`",
                         path, path, path);
    if (!may(path, R_OK))
        return error_set(err, ST_UNUSABLE, "'%s' cannot be read (%s): check its permissions", path,
                         strerror(errno));
    if (!S_ISREG(found.st_mode))
        return error_set(err, ST_UNUSABLE, "'%s' is not a file: a mall is one file", path);
    return ST_OK;
}

static bool has_rest(const char *path, const char *rest, bool filled)
{
    char *name = mem_printf("%s%s", path, rest);
    struct stat found;
    bool there = stat(name, &found) == 0 && (!filled || found.st_size > 0);
    free(name);
    return there;
}

/* Somebody has the mall open. */
static bool has_log(const char *path)
{
    return has_rest(path, "-wal", false) && has_rest(path, "-shm", false);
}

/* Sets read_only, why_read_only and guest from what the system permits. */
static enum status access_find(struct mall *mall, struct error *err)
{
    char *copy = mem_strdup(mall->path);
    bool folder = may(dirname(copy), W_OK);
    free(copy);
    if (folder && may(mall->path, W_OK))
        return ST_OK;
    mall->read_only = true;
    mall->why_read_only =
        mem_printf("%s may not be written by you: what is here can be read, not changed",
                   folder ? "the mall file" : "the mall file's folder");
    mall->guest = true;
    if (has_log(mall->path) || !has_rest(mall->path, "-wal", true))
        return ST_OK;
    return error_set(err, ST_UNUSABLE,
                     "'%s' has unsaved changes beside it (-wal) and may not be written by you: "
                     "open it once as somebody who may write it",
                     mall->path);
}

/* ---- Settings ---- */

struct settings {
    char *name, *timezone, *currency;
    int64_t day_boundary, visit_gap, small_sample, time_shift, replica;
    struct lock_clock lock;
};

static void setting_take(struct settings *s, const char *name, const char *value)
{
    const struct {
        const char *name;
        char **text;
        int64_t *number;
    } all[] = {
        {"name", &s->name, NULL},
        {"timezone", &s->timezone, NULL},
        {"currency", &s->currency, NULL},
        {"day_boundary", NULL, &s->day_boundary},
        {"visit_gap", NULL, &s->visit_gap},
        {"small_sample", NULL, &s->small_sample},
        {"time_shift", NULL, &s->time_shift},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(all[i].name, name) != 0)
            continue;
        /* A number that cannot be used leaves the usual one in place; verify tells. */
        if (all[i].number && setting_check(name, value, NULL) == ST_OK)
            text_to_int64(value, strlen(value), all[i].number);
        if (all[i].text) {
            free(*all[i].text);
            *all[i].text = mem_strdup(value);
        }
    }
}

static enum status settings_read(sqlite3 *db, struct settings *s, struct error *err)
{
    *s = (struct settings){.name = mem_strdup("mall"),
                           .timezone = mem_strdup("UTC"),
                           .currency = mem_strdup("CNY"),
                           .day_boundary = 14400,
                           .visit_gap = 1800,
                           .small_sample = 30};
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(db, "select name, value from setting", -1, &stmt, NULL) != SQLITE_OK)
        return sqlite_status(db, "reading settings", err);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        setting_take(s, column_text(stmt, 0), column_text(stmt, 1));
    enum status status = code == SQLITE_DONE ? ST_OK : sqlite_status(db, "reading settings", err);
    sqlite3_finalize(stmt);
    if (status == ST_OK)
        status = sqlite_integer(db, "select exists (select 1 from sync where name = 'principal')",
                                0, &s->replica, err);
    if (status == ST_OK && s->replica)
        status = lock_clock_read(db, &s->lock, err);
    return status;
}

static void settings_free(struct settings *s)
{
    free(s->name);
    free(s->timezone);
    free(s->currency);
}

/* Settings that were replaced: threads may still be looking at them. */
struct retired {
    struct retired *next;
    char *name, *currency;
    struct zone *zone;
};

static void mall_settings_retire(struct mall *mall)
{
    struct retired *retired = mem_zero(1, sizeof *retired);
    *retired = (struct retired){mall->retired, mall->name, mall->currency, mall->zone};
    mall->retired = retired;
}

static void mall_settings_free(struct mall *mall)
{
    mall_settings_retire(mall);
    for (struct retired *retired = mall->retired, *next; retired; retired = next) {
        next = retired->next;
        free(retired->name);
        free(retired->currency);
        zone_free(retired->zone);
        free(retired);
    }
}

static enum status settings_load(struct mall *mall, sqlite3 *db, struct error *err)
{
    struct settings s;
    struct zone *zone = NULL;
    enum status status = settings_read(db, &s, err);
    if (status == ST_OK && zone_load(s.timezone, &zone, err) != ST_OK) {
        error_wrap(err, "'%s'", mall->path);
        status = ST_UNUSABLE;
    }
    if (status == ST_OK) {
        mall_settings_retire(mall);
        mall->name = s.name;
        mall->currency = s.currency;
        mall->zone = zone;
        mall->clock = (struct clock){.zone = zone, .boundary = (int32_t)s.day_boundary};
        mall->visit_gap = (int32_t)s.visit_gap;
        mall->small_sample = (int32_t)s.small_sample;
        if (s.time_shift)
            time_shift_set(s.time_shift);
        mall->replica = s.replica;
        mall_lock_set(mall, &s.lock);
        s.name = s.currency = NULL;
    }
    settings_free(&s);
    return status;
}

/* ---- Opening ---- */

/* Who looked at the mall has read its tables' names already. */
struct spare {
    _Atomic(sqlite3 *) db;
};

enum status mall_connect(const struct mall *mall, sqlite3 **db, bool *unlocked, struct error *err)
{
    *unlocked = false;
    *db = mall->spare && !mall->guest ? atomic_exchange(&mall->spare->db, NULL) : NULL;
    if (*db)
        return ST_OK;
    /* A log and its index that belong to a guest would shut out those who may write. */
    *unlocked = mall->guest && !has_log(mall->path);
    if (!*unlocked)
        return sqlite_connect(mall->path, mall->path, SQLITE_OPEN_READONLY, db, err);
    struct arena *arena = arena_new();
    size_t n = strlen(mall->path), at = 5;
    char *uri = arena_alloc(arena, n * 3 + 32);
    memcpy(uri, "file:", 5);
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)mall->path[i];
        if (c == '%' || c == '?' || c == '#') {
            uri[at++] = '%';
            uri[at++] = hex[c >> 4];
            uri[at++] = hex[c & 15];
        } else {
            uri[at++] = (char)c;
        }
    }
    memcpy(uri + at, "?immutable=1", 13);
    enum status status =
        sqlite_connect(uri, mall->path, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, db, err);
    arena_free(arena);
    return status;
}

/* Version, damage and settings, on a connection of its own. */
static enum status mall_look(struct mall *mall, int64_t *version, struct error *err)
{
    sqlite3 *db;
    char *why = NULL;
    bool unlocked;
    enum status status = mall_connect(mall, &db, &unlocked, err);
    if (status != ST_OK)
        return status;
    status = inspect_header(db, mall->path, err);
    if (status == ST_OK)
        status = sqlite_integer(db, "pragma user_version", 0, version, err);
    struct migrations built_in = migrations_built_in();
    if (status == ST_OK && *version > built_in.n)
        status = error_set(err, ST_UNUSABLE,
                           "'%s' was made by a newer atrium (version %lld, this program knows %d): "
                           "install the newer program",
                           mall->path, (long long)*version, built_in.n);
    if (status == ST_OK && *version == built_in.n) {
        /* Each page is looked at once. Damage is told by what follows. */
        sqlite3_exec(db, "pragma cache_size = -256", NULL, NULL, NULL);
        status = inspect_roots(db, &why, err);
        if (status == ST_OK)
            status = settings_load(mall, db, err);
    }
    if (why && status == ST_OK) {
        mall->read_only = mall->damaged = true;
        free(mall->why_read_only);
        mall->why_read_only = why;
        why = NULL;
    }
    free(why);
    if (status == ST_OK && *version == built_in.n && !unlocked && !mall->damaged) {
        mall->spare = mem_zero(1, sizeof *mall->spare);
        atomic_init(&mall->spare->db, db);
    } else {
        sqlite3_close(db);
    }
    return status;
}

static enum status mall_migrate(struct mall *mall, int64_t version, struct error *err)
{
    struct migrations built_in = migrations_built_in();
    if (mall->read_only)
        return error_set(
            err, ST_UNUSABLE,
            "'%s' was made by an older atrium (version %lld, this program uses %d) and "
            "may not be written: open it once where it may be written",
            mall->path, (long long)version, built_in.n);
    return migrate_file(mall->path, &built_in, err);
}

enum status mall_open(const char *path, struct mall **out, struct error *err)
{
    *out = NULL;
    enum status status = path_check(path, err);
    if (status != ST_OK)
        return status;
    struct mall *mall = mem_zero(1, sizeof *mall);
    /* The lock and the log go by the file's name: all of its names must come to the same one. */
    mall->path = realpath(path, NULL);
    if (!mall->path)
        status = error_set(err, ST_UNUSABLE, "'%s' cannot be opened (%s)", path, strerror(errno));
    int64_t version = 0;
    if (status == ST_OK)
        status = access_find(mall, err);
    if (status == ST_OK)
        status = mall_look(mall, &version, err);
    if (status == ST_OK && version < migrations_built_in().n) {
        status = mall_migrate(mall, version, err);
        if (status == ST_OK)
            status = mall_look(mall, &version, err);
    }
    if (status != ST_OK) {
        mall_close(mall);
        return status;
    }
    *out = mall;
    return ST_OK;
}

/* Readers leave a log and its index behind, empty or not. The last one to close takes them away,
 * under the lock; while anybody else has the mall open SQLite leaves them. */
static void mall_tidy(const struct mall *mall)
{
    struct file_lock lock;
    if (mall->read_only || !has_rest(mall->path, "-wal", false) ||
        lock_open(&lock, mall->path, NULL) != ST_OK)
        return;
    sqlite3 *db;
    int64_t version;
    if (lock_take(&lock, LOCK_WRITER, 0, NULL) == ST_OK &&
        sqlite_connect(mall->path, mall->path, SQLITE_OPEN_READWRITE, &db, NULL) == ST_OK) {
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
        sqlite_integer(db, "pragma user_version", 0, &version, NULL); /* opens the log */
        sqlite3_close(db);
    }
    lock_close(&lock);
}

void mall_close(struct mall *mall)
{
    if (!mall)
        return;
    if (mall->spare)
        sqlite3_close(atomic_load(&mall->spare->db));
    free(mall->spare);
    if (mall->zone) /* it was opened */
        mall_tidy(mall);
    mall_settings_free(mall);
    mall_lock_free(mall);
    free(mall->why_read_only);
    free(mall->path);
    free(mall);
}

enum status mall_reload(struct mall *mall, struct error *err)
{
    sqlite3 *db;
    bool unlocked;
    enum status status = mall_connect(mall, &db, &unlocked, err);
    if (status != ST_OK)
        return status;
    status = settings_load(mall, db, err);
    sqlite3_close(db);
    return status;
}
