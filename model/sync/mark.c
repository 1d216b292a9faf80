#include "model/sync/mark.h"

#include "model/base/random.h"
#include "model/base/text.h"
#include "model/store/column.h"
#include "model/store/lock.h"
#include "model/store/mall.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 30000 };

struct marks {
    char epoch[33], old[33], new[33];
};

enum status mark_text(struct reader *reader, const char *name, char *text, size_t size,
                      struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    *text = 0;
    enum status status =
        reader_prepare(reader, "select value from sync where name = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    status = reader_step(reader, stmt, &row, err);
    if (status == ST_OK && row)
        snprintf(text, size, "%s", column_text(stmt, 0));
    sqlite3_reset(stmt);
    return status;
}

/* ---- Beside the file ---- */

static char *epoch_path(const struct mall *mall)
{
    return mem_printf("%s.epoch", mall->path);
}

static bool marks_read(const struct mall *mall, struct marks *marks)
{
    char *path = epoch_path(mall);
    FILE *file = fopen(path, "re");
    bool good = file && fscanf(file, "%32s %32s %32s", marks->epoch, marks->old, marks->new) == 3;
    if (file)
        fclose(file);
    free(path);
    return good;
}

static enum status marks_write(const struct mall *mall, const struct marks *marks,
                               struct error *err)
{
    char *path = epoch_path(mall), *beside = mem_printf("%s.new", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    char line[128];
    int n = snprintf(line, sizeof line, "%s %s %s\n", marks->epoch, marks->old, marks->new);
    bool good =
        fd >= 0 && write(fd, line, (size_t)n) == n && fsync(fd) == 0 && rename(beside, path) == 0;
    if (fd >= 0)
        close(fd);
    enum status status = good ? ST_OK
                              : error_set(err, ST_UNUSABLE,
                                          "'%s' cannot be written: without it a hub cannot tell "
                                          "that a backup was put back",
                                          path);
    free(beside);
    free(path);
    return status;
}

/* ---- In it ---- */

static enum status sync_write(struct writer *writer, const char *name, const char *value,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = writer_prepare(writer, "insert or replace into sync values (?1, ?2)", &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 2, value, -1, SQLITE_STATIC);
        status = writer_run(writer, stmt, err);
    }
    if (status == ST_OK)
        status = writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

static enum status turn_take(const struct mall *mall, struct file_lock *turn, struct error *err)
{
    enum status status = lock_open(turn, mall->path, err);
    return status == ST_OK ? lock_take(turn, LOCK_MARK, WAIT_MS, err) : status;
}

static enum status renew(struct reader *reader, struct writer *writer, struct error *err)
{
    struct marks marks;
    const struct mall *mall = writer_mall(writer);
    enum status status = mark_text(reader, "mark", marks.old, sizeof marks.old, err);
    if (status == ST_OK)
        status = mark_text(reader, "epoch", marks.epoch, sizeof marks.epoch, err);
    if (status != ST_OK)
        return status;
    if (!*marks.old)
        snprintf(marks.old, sizeof marks.old, "none");
    random_hex(marks.new, 16);
    status = marks_write(mall, &marks, err);
    if (status == ST_OK)
        status = sync_write(writer, "mark", marks.new, err);
    memcpy(marks.old, marks.new, sizeof marks.old);
    return status == ST_OK ? marks_write(mall, &marks, err) : status;
}

enum status mark_renew(struct reader *reader, struct writer *writer, struct error *err)
{
    struct file_lock turn = {.fd = -1};
    enum status status = turn_take(writer_mall(writer), &turn, err);
    if (status == ST_OK)
        status = renew(reader, writer, err);
    lock_close(&turn);
    return status;
}

static enum status look(struct mall *mall, struct reader *reader, bool *same, struct error *err)
{
    char epoch[33], mark[33];
    struct marks beside;
    enum status status = mark_text(reader, "epoch", epoch, sizeof epoch, err);
    if (status == ST_OK)
        status = mark_text(reader, "mark", mark, sizeof mark, err);
    bool known = marks_read(mall, &beside);
    *same =
        (!known && !*mark) || (known && strcmp(epoch, beside.epoch) == 0 &&
                               (strcmp(mark, beside.new) == 0 || strcmp(mark, beside.old) == 0));
    return status;
}

enum status mark_check(struct mall *mall, struct reader *reader, struct writer **writer,
                       struct error *err)
{
    struct file_lock turn = {.fd = -1};
    char fresh[33];
    bool same = true;
    enum status status = turn_take(mall, &turn, err);
    if (status == ST_OK)
        status = look(mall, reader, &same, err);
    if (status == ST_OK && !same && !*writer)
        status = writer_open(mall, writer, err);
    if (status == ST_OK && !same) {
        random_hex(fresh, 16);
        status = sync_write(*writer, "epoch", fresh, err);
        if (status == ST_OK)
            status = renew(reader, *writer, err);
    }
    lock_close(&turn);
    return status;
}
