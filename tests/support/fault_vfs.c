#include "tests/support/fault_vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct fault_file {
    sqlite3_file base;
    const char *name;   /* SQLite's, as long as it is open; NULL: a temporary one */
    bool counted;       /* the main file or its log */
    bool dirty;         /* written since its last sync */
    sqlite3_file *real; /* follows this struct */
};

static sqlite3_vfs *real_vfs;
static enum fault_kind armed;
static int nth_call, calls, unsynced;
static bool lasts, hit;
static const char *only;

void fault_vfs_only(const char *path)
{
    only = path;
}

void fault_vfs_arm(enum fault_kind kind, int nth, bool lasting)
{
    armed = kind;
    nth_call = nth;
    lasts = lasting;
    calls = 0;
    hit = false;
}

void fault_vfs_disarm(void)
{
    armed = FAULT_NONE;
}

bool fault_vfs_hit(void)
{
    return hit;
}

int fault_vfs_calls(void)
{
    return calls;
}

int fault_vfs_unsynced(void)
{
    return unsynced;
}

enum call { CALL_LOOKS = 1, CALL_OPENS = 2, CALL_CUTS = 4, CALL_SYNCS = 8, CALL_WRITES = 16 };

static const unsigned calls_of[] = {
    [FAULT_NONE] = 0,
    [FAULT_IO] = CALL_LOOKS | CALL_OPENS | CALL_CUTS | CALL_SYNCS | CALL_WRITES,
    [FAULT_FULL] = CALL_WRITES,
    [FAULT_WRITE] = CALL_WRITES,
    [FAULT_SHORT] = CALL_WRITES,
    [FAULT_SYNC] = CALL_SYNCS,
    [FAULT_OPEN] = CALL_OPENS | CALL_CUTS,
    [FAULT_GONE] = CALL_CUTS | CALL_SYNCS | CALL_WRITES,
    [FAULT_KILL] = CALL_CUTS | CALL_SYNCS | CALL_WRITES,
};

/* Counts a call; true when it is this one's turn to fail. */
static bool fails(const char *name, enum call call)
{
    if (!(calls_of[armed] & call) || (only && (!name || strncmp(name, only, strlen(only)) != 0)))
        return false;
    calls++;
    if (calls == nth_call || (lasts && hit)) {
        hit = true;
        return true;
    }
    return false;
}

/* Nothing that was to happen at the end of the program happens. */
static void kill_now(void)
{
    if (armed == FAULT_KILL)
        _exit(FAULT_KILL_STATUS);
}

static int code_of(int io_code)
{
    return armed == FAULT_FULL ? SQLITE_FULL : io_code;
}

/* What SQLite's own file system calls is not the program's. */
static _Thread_local int inside, real_code;
#define REAL(call) (inside++, real_code = (call), inside--, real_code)

static struct fault_file *of(sqlite3_file *file)
{
    return (struct fault_file *)file;
}

static void mark(struct fault_file *file, bool dirty)
{
    if (!file->counted || file->dirty == dirty)
        return;
    file->dirty = dirty;
    unsynced += dirty ? 1 : -1;
}

static int file_close(sqlite3_file *file)
{
    mark(of(file), false);
    return REAL(of(file)->real->pMethods->xClose(of(file)->real));
}

static int file_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    if (fails(of(file)->name, CALL_LOOKS))
        return SQLITE_IOERR_READ;
    return of(file)->real->pMethods->xRead(of(file)->real, to, n, at);
}

static int file_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    if (fails(of(file)->name, CALL_WRITES)) {
        /* Half of it may have reached the disk. */
        if (armed != FAULT_WRITE)
            (void)REAL(of(file)->real->pMethods->xWrite(of(file)->real, from, n / 2, at));
        kill_now();
        mark(of(file), true);
        return code_of(SQLITE_IOERR_WRITE);
    }
    mark(of(file), true);
    return REAL(of(file)->real->pMethods->xWrite(of(file)->real, from, n, at));
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (fails(of(file)->name, CALL_CUTS)) {
        kill_now();
        return SQLITE_IOERR_TRUNCATE;
    }
    return REAL(of(file)->real->pMethods->xTruncate(of(file)->real, size));
}

static int file_sync(sqlite3_file *file, int flags)
{
    if (fails(of(file)->name, CALL_SYNCS)) {
        kill_now();
        return SQLITE_IOERR_FSYNC;
    }
    mark(of(file), false);
    return REAL(of(file)->real->pMethods->xSync(of(file)->real, flags));
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    if (fails(of(file)->name, CALL_LOOKS))
        return SQLITE_IOERR_FSTAT;
    return of(file)->real->pMethods->xFileSize(of(file)->real, size);
}

static int file_lock(sqlite3_file *file, int level)
{
    return of(file)->real->pMethods->xLock(of(file)->real, level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return of(file)->real->pMethods->xUnlock(of(file)->real, level);
}

static int file_reserved(sqlite3_file *file, int *result)
{
    return of(file)->real->pMethods->xCheckReservedLock(of(file)->real, result);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
    return of(file)->real->pMethods->xFileControl(of(file)->real, op, arg);
}

static int file_sector(sqlite3_file *file)
{
    return of(file)->real->pMethods->xSectorSize(of(file)->real);
}

static int file_traits(sqlite3_file *file)
{
    return of(file)->real->pMethods->xDeviceCharacteristics(of(file)->real);
}

static int shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **at)
{
    if (fails(of(file)->name, CALL_LOOKS))
        return SQLITE_IOERR_SHMMAP;
    return REAL(of(file)->real->pMethods->xShmMap(of(file)->real, page, size, extend, at));
}

static int shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return of(file)->real->pMethods->xShmLock(of(file)->real, offset, n, flags);
}

static void shm_barrier(sqlite3_file *file)
{
    of(file)->real->pMethods->xShmBarrier(of(file)->real);
}

static int shm_unmap(sqlite3_file *file, int remove)
{
    return REAL(of(file)->real->pMethods->xShmUnmap(of(file)->real, remove));
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    struct fault_file *fault = of(file);
    *fault = (struct fault_file){.real = (sqlite3_file *)(fault + 1)};
    fault->counted = flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL);
    fault->name = name;
    if (fails(name, CALL_OPENS))
        return SQLITE_CANTOPEN;
    int code = REAL(real_vfs->xOpen(real_vfs, name, fault->real, flags, out));
    if (code == SQLITE_OK)
        fault->base.pMethods = &methods;
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    if (fails(name, CALL_CUTS)) {
        kill_now();
        return SQLITE_IOERR_DELETE;
    }
    return REAL(real_vfs->xDelete(real_vfs, name, sync));
}

void fault_vfs_install(void)
{
    static sqlite3_vfs vfs;
    if (real_vfs)
        return;
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "fault";
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct fault_file) + real_vfs->szOsFile;
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    sqlite3_vfs_register(&vfs, 1);
}

/* ---- What the program does to files itself: these stand before the C library's ---- */

static void (*before_rename)(const char *from, const char *to);

void fault_vfs_before_rename(void (*look)(const char *from, const char *to))
{
    before_rename = look;
}

/* SQLite alone fails with FAULT_IO. */
static bool own_fails(const char *path, enum call call)
{
    if (inside || armed == FAULT_IO || !fails(path, call))
        return false;
    kill_now();
    errno = armed == FAULT_FULL ? ENOSPC : EIO;
    return true;
}

static const char *path_of(int fd)
{
    static _Thread_local char path[4096];
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = 0;
    return path;
}

int rename(const char *from, const char *to)
{
    if (before_rename)
        before_rename(from, to);
    if (own_fails(to, CALL_CUTS))
        return -1;
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path)
{
    if (own_fails(path, CALL_CUTS))
        return -1;
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (own_fails(path, CALL_OPENS))
        return -1;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    if (armed != FAULT_NONE && own_fails(path_of(fd), CALL_WRITES)) {
        int cause = errno;
        if (armed != FAULT_WRITE)
            syscall(SYS_write, fd, bytes, n / 2);
        errno = cause;
        return -1;
    }
    return syscall(SYS_write, fd, bytes, n);
}

int fsync(int fd)
{
    if (armed != FAULT_NONE && own_fails(path_of(fd), CALL_SYNCS))
        return -1;
    return (int)syscall(SYS_fsync, fd);
}
