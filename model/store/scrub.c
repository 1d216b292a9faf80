/* Looking for texts in the bytes of the mall file, and rewriting it where they stand in pages or
 * parts of pages that nothing uses any more. */
#include "model/base/arena.h"
#include "model/store/reader.h"
#include "model/store/sqlite.h"
#include "model/store/writer.h"
#include "model/store/writer_parts.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW = 1 << 20 };

/* The whole file through SQLite's own descriptor: another one of this process would drop its locks
 * when it is closed. */
static enum status bytes_search(sqlite3 *db, const char *const *texts, size_t n, bool *found,
                                struct error *err)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    size_t longest = 1;
    *found = false;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (!file || !file->pMethods || file->pMethods->xFileSize(file, &size) != SQLITE_OK)
        return error_set(err, ST_UNUSABLE, "the mall file cannot be read");
    for (size_t i = 0; i < n; i++)
        longest = strlen(texts[i]) > longest ? strlen(texts[i]) : longest;
    char *window = mem_alloc(WINDOW + longest);
    enum status status = ST_OK;
    for (sqlite3_int64 at = 0; at < size && !*found; at += WINDOW) {
        sqlite3_int64 left = size - at;
        int much = left < (sqlite3_int64)(WINDOW + longest) ? (int)left : (int)(WINDOW + longest);
        if (file->pMethods->xRead(file, window, much, at) != SQLITE_OK) {
            status = error_set(err, ST_UNUSABLE, "the mall file cannot be read");
            break;
        }
        for (size_t i = 0; i < n && !*found; i++)
            *found = memmem(window, (size_t)much, texts[i], strlen(texts[i])) != NULL;
    }
    free(window);
    return status;
}

static bool log_empty(sqlite3 *db)
{
    int log = 0, moved = 0;
    int code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &log, &moved);
    return code == SQLITE_OK && log <= 0;
}

enum status writer_overwrite(struct writer *writer, bool on, struct error *err)
{
    return sqlite_run(writer_db(writer),
                      on ? "pragma secure_delete = on" : "pragma secure_delete = off",
                      "setting how what is deleted is left", err);
}

enum status writer_scrub(struct writer *writer, const char *const *texts, size_t n,
                         struct writer_scrub *scrub, struct error *err)
{
    *scrub = (struct writer_scrub){0};
    enum status status = writer_quiet_begin(writer, err);
    if (status != ST_OK)
        return status;
    sqlite3 *db = writer_db(writer);
    scrub->log_left = !log_empty(db);
    status = bytes_search(db, texts, n, &scrub->found, err);
    if (status == ST_OK && scrub->found) {
        status = sqlite_run(db, "vacuum", "rewriting the mall file", err);
        scrub->rewritten = status == ST_OK;
        scrub->log_left = !log_empty(db);
    }
    writer_quiet_end(writer);
    return status;
}
