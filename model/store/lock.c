#include "model/store/lock.h"

#include "model/base/arena.h"
#include "model/base/text.h"
#include "model/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Byte `kind` is locked; the record of its holder stands at RECORD_AT + kind * RECORD. */
enum { RECORD_AT = 16, RECORD = 64 };

static const char *const lock_names[] = {
    [LOCK_WRITER] = "changing the mall file",
    [LOCK_BULK] = "doing long work (an import, or folding events) on the mall file",
    [LOCK_ENGINE] = "the engine of this mall",
    [LOCK_COLLECT] = "collecting from the devices of this mall",
    [LOCK_SYNC] = "bringing this replica up to date",
    [LOCK_MARK] = "writing what epoch this hub is of",
};

enum status lock_open(struct file_lock *lock, const char *mall_path, struct error *err)
{
    lock->path = mem_printf("%s.lock", mall_path);
    struct stat mall;
    mode_t mode = stat(mall_path, &mall) == 0 ? mall.st_mode & 0666 : 0600;
    lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
    if (lock->fd >= 0) {
        struct stat made;
        /* The umask may have taken bits away that the mall file has. */
        if (fstat(lock->fd, &made) == 0 && made.st_uid == geteuid() &&
            (made.st_mode & 0666) != mode && fchmod(lock->fd, mode) != 0)
            errno = 0;
        return ST_OK;
    }
    int cause = errno;
    enum status status =
        cause == EACCES || cause == EROFS || cause == EPERM ? ST_DENIED : ST_UNUSABLE;
    error_set(err, status, "'%s' cannot be opened (%s): whoever changes a mall needs it",
              lock->path, strerror(cause));
    free(lock->path);
    *lock = (struct file_lock){.fd = -1};
    return status;
}

void lock_close(struct file_lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    free(lock->path);
    *lock = (struct file_lock){.fd = -1};
}

static bool lock_try(struct file_lock *lock, enum lock_kind kind, short type)
{
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = kind, .l_len = 1};
    int code;
    do
        code = fcntl(lock->fd, F_OFD_SETLK, &range);
    while (code != 0 && errno == EINTR);
    return code == 0;
}

/* Who has it is a courtesy for others: a full disk here does no harm. */
static void holder_write(struct file_lock *lock, enum lock_kind kind)
{
    char record[RECORD + 32] = {0};
    snprintf(record, sizeof record, "%ld %s", (long)getpid(), program_invocation_short_name);
    if (pwrite(lock->fd, record, RECORD, RECORD_AT + kind * RECORD) != RECORD)
        errno = 0;
}

static char *holder_read(struct arena *arena, struct file_lock *lock, enum lock_kind kind)
{
    char record[RECORD + 1] = {0}, program[RECORD + 1] = {0};
    long pid = 0;
    ssize_t n = pread(lock->fd, record, RECORD, RECORD_AT + kind * RECORD);
    if (n <= 0 || sscanf(record, "%ld %64[^\n]", &pid, program) != 2 || pid <= 0)
        return arena_strdup(arena, "another program");
    return arena_printf(arena, "program %s (process %ld)",
                        text_quote(arena, program, strlen(program)), pid);
}

static void wait_a_little(int round)
{
    int ms = round < 5 ? 1 : round < 20 ? 5 : 20;
    struct timespec pause = {.tv_nsec = ms * 1000000L};
    nanosleep(&pause, NULL);
}

enum status lock_take(struct file_lock *lock, enum lock_kind kind, int wait_ms, struct error *err)
{
    int64_t end = time_monotonic_ns() + (int64_t)wait_ms * 1000000;
    for (int round = 0;; round++) {
        if (lock_try(lock, kind, F_WRLCK)) {
            holder_write(lock, kind);
            return ST_OK;
        }
        int cause = errno;
        if (cause != EAGAIN && cause != EACCES)
            return error_set(err, ST_UNUSABLE,
                             "'%s' cannot be locked (%s): keep the mall file on a local disk",
                             lock->path, strerror(cause));
        if (time_monotonic_ns() >= end)
            break;
        wait_a_little(round);
    }
    struct arena *arena = arena_new();
    error_set(err, ST_CONFLICT, "%s is %s%s: wait until it is done, or end it, and try again",
              holder_read(arena, lock, kind), lock_names[kind],
              wait_ms ? " and did not finish in time" : "");
    arena_free(arena);
    return ST_CONFLICT;
}

void lock_release(struct file_lock *lock, enum lock_kind kind)
{
    if (lock->fd >= 0)
        lock_try(lock, kind, F_UNLCK);
}
