/* Making a roll-out: the archive into the mall file, devices into waves. */
#include "model/fleet/rollout_parts.h"
#include "model/fleet/rollout_preview.h"

#include "model/base/hash.h"
#include "model/base/text.h"
#include "model/store/column.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 20, USTAR_AT = 257, BEGINNING = 512 };

/* ---- The archive ---- */

static enum status whole_read(int fd, char *bytes, size_t size)
{
    size_t at = 0;
    ssize_t n = 1;
    while (at < size && n > 0) {
        n = read(fd, bytes + at, size - at);
        at += n > 0 ? (size_t)n : 0;
    }
    return at == size ? ST_OK : ST_REFUSED;
}

static bool is_archive(const char *bytes, size_t n)
{
    return (n > USTAR_AT + 5 && memcmp(bytes + USTAR_AT, "ustar", 5) == 0) ||
           (n > 18 && memcmp(bytes, "\x1f\x8b", 2) == 0);
}

/* Opens it and looks at its size; *fd is the caller's where it is ST_OK. */
static enum status file_open(struct arena *arena, const char *path, int *fd, int64_t *size,
                             struct error *err)
{
    struct stat info;
    const char *quoted = text_quote(arena, path, strlen(path));
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int cause = *fd < 0 || fstat(*fd, &info) != 0 ? errno : 0;
    enum status status = ST_OK;
    if (cause)
        status = error_set(err, ST_REFUSED, "%s: %s", quoted, strerror(cause));
    else if (!S_ISREG(info.st_mode) || info.st_size < 1 || info.st_size > ROLLOUT_ARCHIVE_MOST)
        status = error_set(err, ST_REFUSED, "%s: found %lld bytes, expected an archive of 1 to %d",
                           quoted, (long long)info.st_size, ROLLOUT_ARCHIVE_MOST);
    if (status != ST_OK && *fd >= 0)
        close(*fd);
    *size = status == ST_OK ? info.st_size : 0;
    return status;
}

/* The first `n` bytes, which tell whether it is an archive; freed where they do not. */
static enum status bytes_read(struct arena *arena, const char *path, int fd, size_t n, char **bytes,
                              struct error *err)
{
    const char *quoted = text_quote(arena, path, strlen(path));
    enum status status = ST_OK;
    *bytes = mem_alloc(n);
    if (whole_read(fd, *bytes, n) != ST_OK)
        status = error_set(err, ST_REFUSED, "%s: cannot be read to its end", quoted);
    else if (!is_archive(*bytes, n))
        status = error_set(err, ST_REFUSED, "%s: expected a tar (or tar.gz) of the whole version",
                           quoted);
    if (status == ST_OK)
        return ST_OK;
    free(*bytes);
    *bytes = NULL;
    return status;
}

enum status rollout_archive_look(const char *path, int64_t *size, struct error *err)
{
    struct arena *arena = arena_new();
    char *bytes = NULL;
    int fd;
    enum status status = *path ? file_open(arena, path, &fd, size, err)
                               : error_set(err, ST_REFUSED, "expected the path of an archive");
    if (status == ST_OK) {
        status = bytes_read(arena, path, fd, (size_t)(*size < BEGINNING ? *size : BEGINNING),
                            &bytes, err);
        close(fd);
    }
    free(bytes);
    arena_free(arena);
    return status;
}

static enum status file_read(const char *path, struct rollout *rollout, struct arena *arena,
                             char **bytes, struct error *err)
{
    unsigned char digest[SHA256_SIZE];
    char *hex = arena_alloc(arena, SHA256_HEX);
    int fd;
    *bytes = NULL;
    enum status status = file_open(arena, path, &fd, &rollout->size, err);
    if (status != ST_OK)
        return status;
    status = bytes_read(arena, path, fd, (size_t)rollout->size, bytes, err);
    close(fd);
    if (status != ST_OK)
        return status;
    sha256(*bytes, (size_t)rollout->size, digest);
    sha256_hex(digest, hex);
    rollout->sha256 = hex;
    return ST_OK;
}

static enum status piece_write(struct writer *writer, const struct rollout *rollout,
                               const char *bytes, int64_t piece, struct error *err)
{
    sqlite3_stmt *stmt;
    int64_t at = piece * PIECE, n = rollout->size - at < PIECE ? rollout->size - at : PIECE;
    enum status status = writer_begin(writer, err);
    if (status == ST_OK)
        status = writer_prepare(writer,
                                "insert or replace into archive (sha256, piece, bytes)"
                                " values (?1, ?2, ?3)",
                                &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_text(stmt, 1, rollout->sha256, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int64(stmt, 2, piece);
        sqlite3_bind_blob(stmt, 3, bytes + at, (int)n, SQLITE_STATIC);
        status = writer_run(writer, stmt, err);
    }
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

static enum status archive_write(struct writer *writer, const struct rollout *rollout,
                                 const char *bytes, struct error *err)
{
    enum status status = ST_OK;
    for (int64_t piece = 0; piece * PIECE < rollout->size && status == ST_OK; piece++)
        status = piece_write(writer, rollout, bytes, piece, err);
    return status;
}

/* Those that no roll-out will send any more go, also what is left of one that was never made. */
static enum status archives_tidy(struct writer *writer, const struct rollout *rollout,
                                 struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer,
                       "delete from archive where sha256 <> ?1 and sha256 not in (select sha256"
                       " from rollout where state in ('planned', 'approved', 'running', 'paused'))",
                       &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_text(stmt, 1, rollout->sha256, -1, SQLITE_TRANSIENT);
        status = writer_run(writer, stmt, err);
    }
    if (status == ST_OK)
        status = writer_prepare(writer,
                                "select coalesce(sum(length(bytes)), 0) from archive where"
                                " sha256 = ?1",
                                &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, rollout->sha256, -1, SQLITE_TRANSIENT);
    int64_t there = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return there == rollout->size
               ? ST_OK
               : error_set(err, ST_CONFLICT, "another roll-out was made just now; try again");
}

enum status rollout_archive_read(struct reader *reader, const struct rollout *rollout, char **bytes,
                                 struct error *err)
{
    sqlite3_stmt *stmt;
    int64_t at = 0;
    bool row = true;
    *bytes = NULL;
    enum status status = reader_prepare(
        reader, "select bytes from archive where sha256 = ?1 order by piece", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, rollout->sha256, -1, SQLITE_TRANSIENT);
    char *all = mem_alloc((size_t)rollout->size + 1);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int n = sqlite3_column_bytes(stmt, 0);
        if (n > 0 && n <= rollout->size - at)
            memcpy(all + at, sqlite3_column_blob(stmt, 0), (size_t)n);
        at += n;
    }
    sqlite3_reset(stmt);
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX] = "";
    if (status == ST_OK && at == rollout->size) {
        sha256(all, (size_t)at, digest);
        sha256_hex(digest, hex);
    }
    if (status == ST_OK && strcmp(hex, rollout->sha256) != 0)
        status = error_set(err, ST_UNUSABLE,
                           "roll-out %s: its archive in the mall file is not"
                           " what it was; cancel it and make another",
                           rollout->code);
    if (status == ST_OK)
        *bytes = all;
    else
        free(all);
    return status;
}

/* ---- Its devices ---- */

static enum status row_insert(struct writer *writer, int64_t rollout, uint32_t device, int wave,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "insert into rollout_device (rollout, device, wave) values (?1, ?2, ?3)", &stmt,
        err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, rollout);
    sqlite3_bind_int64(stmt, 2, device);
    sqlite3_bind_int(stmt, 3, wave);
    return writer_run(writer, stmt, err);
}

static enum status rows_insert(struct writer *writer, const struct rollout *rollout,
                               const struct rollout_place *places, size_t n, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = row_insert(writer, rollout->id, places[i].device->id, places[i].wave, err);
    return status;
}

/* ---- Making it ---- */

static json_t *definition_json(const struct rollout *r, const char *author)
{
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:I, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:i, s:i,"
                     " s:i, s:b, s:s, s:s}",
                     "app", r->app, "file", r->file, "size", (json_int_t)r->size, "sha256",
                     r->sha256, "selection", r->selection, "devices", (json_int_t)r->devices,
                     "canary", (json_int_t)r->canary, "waves", r->waves, "threshold", r->threshold,
                     "coverage", (json_int_t)r->coverage, "soak", (json_int_t)r->soak, "trial",
                     (json_int_t)r->trial, "expires", (json_int_t)r->expires, "window_from",
                     r->window_from, "window_to", r->window_to, "weekdays", r->weekdays, "back",
                     r->back, "state", rollout_state_names[ROLLOUT_PLANNED], "author", author);
}

static enum status number_next(struct writer *writer, int64_t *next, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "select coalesce(max(id), 0) + 1 from rollout", &stmt, err);
    if (status != ST_OK)
        return status;
    *next = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 1;
    sqlite3_reset(stmt);
    return ST_OK;
}

static enum status rollout_insert(struct writer *writer, const struct access *access,
                                  struct rollout *rollout, const struct rollout_place *places,
                                  size_t n, char code[16], struct error *err)
{
    enum status status = number_next(writer, &rollout->id, err);
    if (status == ST_OK)
        status = archives_tidy(writer, rollout, err);
    if (status != ST_OK)
        return status;
    snprintf(code, 16, "R%lld", (long long)(rollout->id % 1000000000));
    json_t *set = definition_json(rollout, access->principal);
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = "rollout",
                           .target = code,
                           .verb = OPERATION_CREATE,
                           .base_version = -1,
                           .set = set};
    status = operation_apply(writer, &op, NULL, err);
    json_decref(set);
    if (status == ST_OK)
        status = number_next(writer, &rollout->id, err);
    rollout->id--;
    return status == ST_OK ? rows_insert(writer, rollout, places, n, err) : status;
}

enum status rollout_make(struct writer *writer, const struct access *access,
                         const struct rollout_draft *draft, const struct device *devices, size_t n,
                         char code[16], struct error *err)
{
    struct arena *arena = arena_new();
    struct rollout rollout;
    struct rollout_place *places;
    size_t kept;
    char *bytes = NULL;
    enum status status =
        access_require(access, RIGHT_DEVICES | RIGHT_DEVICES_EDIT, "roll anything out", err);
    if (status == ST_OK && writer_mall(writer)->replica)
        status =
            error_set(err, ST_DENIED, "a roll-out is made at the hub: the archive stays there");
    if (status == ST_OK)
        status = rollout_places(arena, draft, devices, n, &rollout, &places, &kept, err);
    if (status == ST_OK)
        status = file_read(draft->path, &rollout, arena, &bytes, err);
    if (status == ST_OK)
        status = archive_write(writer, &rollout, bytes, err);
    free(bytes);
    if (status == ST_OK && (status = writer_begin(writer, err)) == ST_OK) {
        status = rollout_insert(writer, access, &rollout, places, kept, code, err);
        if (status == ST_OK)
            status = writer_commit(writer, err);
        else
            writer_rollback(writer);
    }
    arena_free(arena);
    return status;
}
