#include "model/fleet/recordings.h"

#include "model/base/vec.h"
#include "model/fleet/clean.h"
#include "model/fleet/replay.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TEXT_MOST = 200 };
#define ENDING ".cast"

typedef VEC(struct recorded_shell) shells_t;

/* A name as the recorder gives them, and nothing that leads out of the folder. */
static bool name_ok(const char *name)
{
    size_t n = strlen(name);
    return n > sizeof ENDING - 1 && n <= TEXT_MOST && *name != '.' && *name != '-' &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == n &&
           strcmp(name + n - (sizeof ENDING - 1), ENDING) == 0;
}

static void here_look(struct arena *arena, const char *folder, struct recorded_shell *shell)
{
    struct stat is;
    const char *path = arena_printf(arena, "%s/%s", folder, shell->file);
    if (lstat(path, &is) != 0 || !S_ISREG(is.st_mode))
        return;
    shell->path = path;
    shell->bytes = is.st_size;
}

/* ---- What was written down ---- */

static const char acts_sql[] =
    "select a.time, a.milliseconds, a.detail, a.actor, d.code from device_act a"
    " join device d on d.id = a.device where a.act = 'shell' and (?1 = '' or d.code = ?1)"
    " order by a.id desc limit ?2";

static enum status acts_read(struct reader *reader, struct arena *arena, const char *folder,
                             const char *device, shells_t *shells, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(reader, acts_sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, device, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(stmt, 2, RECORDINGS_MOST);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        const char *detail = device_clean_column(stmt, 2, arena, TEXT_MOST);
        struct recorded_shell shell = {.file = arena_strndup(arena, detail, strcspn(detail, ",")),
                                       .who = device_clean_column(stmt, 3, arena, TEXT_MOST),
                                       .device = device_clean_column(stmt, 4, arena, TEXT_MOST),
                                       .time = sqlite3_column_int64(stmt, 0),
                                       .milliseconds = sqlite3_column_int64(stmt, 1),
                                       .bytes = -1};
        if (!name_ok(shell.file))
            continue; /* nothing was shown */
        here_look(arena, folder, &shell);
        vec_push(shells, shell);
    }
    sqlite3_reset(stmt);
    return status;
}

/* ---- What lies here ---- */

static int name_compare(const void *a, const void *b)
{
    const struct recorded_shell *x = *(const struct recorded_shell *const *)a;
    const struct recorded_shell *y = *(const struct recorded_shell *const *)b;
    return strcmp(x->file, y->file);
}

static int latest_first(const void *a, const void *b)
{
    const struct recorded_shell *x = a, *y = b;
    int order = (y->time > x->time) - (y->time < x->time);
    return order ? order : strcmp(y->file, x->file);
}

static void file_add(struct arena *arena, const char *folder, const char *name, const char *device,
                     shells_t *shells)
{
    struct recorded_shell shell = {.file = arena_strdup(arena, name),
                                   .device = "",
                                   .who = "",
                                   .milliseconds = -1,
                                   .bytes = -1};
    struct replay_head head;
    struct error err = {0};
    here_look(arena, folder, &shell);
    if (shell.path && replay_peek(arena, shell.path, &head, &err) == ST_OK) {
        shell.device = head.title;
        shell.time = head.started;
    }
    error_clear(&err);
    if (shell.path && (!*device || strcmp(shell.device, device) == 0))
        vec_push(shells, shell);
}

static void folder_read_here(struct arena *arena, const char *folder, const char *device,
                             shells_t *shells)
{
    size_t known = shells->n;
    const struct recorded_shell **names =
        arena_array(arena, const struct recorded_shell *, known + 1);
    struct recorded_shell *copies = arena_array(arena, struct recorded_shell, known + 1);
    DIR *dir = opendir(folder);
    for (size_t i = 0; i < known; i++) {
        copies[i] = shells->at[i];
        names[i] = &copies[i];
    }
    if (known)
        qsort(names, known, sizeof *names, name_compare);
    for (struct dirent *entry; dir && shells->n < 2 * RECORDINGS_MOST && (entry = readdir(dir));) {
        struct recorded_shell wanted = {.file = entry->d_name};
        const struct recorded_shell *key = &wanted;
        if (name_ok(entry->d_name) &&
            !(known && bsearch(&key, names, known, sizeof *names, name_compare)))
            file_add(arena, folder, entry->d_name, device, shells);
    }
    if (dir)
        closedir(dir);
}

enum status recordings_read(struct reader *reader, const struct access *access, struct arena *arena,
                            const char *folder, const char *device,
                            const struct recorded_shell **recordings, size_t *n, struct error *err)
{
    shells_t shells = {0};
    enum status status =
        access_require(access, RIGHT_DEVICES | RIGHT_DEVICES_EDIT, "look at recorded shells", err);
    if (status == ST_OK)
        status = acts_read(reader, arena, folder, device, &shells, err);
    if (status == ST_OK)
        folder_read_here(arena, folder, device, &shells);
    if (shells.n)
        qsort(shells.at, shells.n, sizeof *shells.at, latest_first);
    *n = shells.n < RECORDINGS_MOST ? shells.n : RECORDINGS_MOST;
    struct recorded_shell *kept = arena_array(arena, struct recorded_shell, *n + 1);
    if (*n)
        memcpy(kept, shells.at, *n * sizeof *kept);
    *recordings = kept;
    vec_free(&shells);
    return status;
}
