#include "model/fleet/local_file.h"

#include "model/base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { CHUNK = 256 << 10 };

static bool fail(char reason[LOCAL_REASON], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool fail(char reason[LOCAL_REASON], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reason, LOCAL_REASON, format, args);
    va_end(args);
    return false;
}

bool local_same(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

bool local_hash(int fd, int64_t size, const atomic_bool *cancel, char hex[SHA256_HEX],
                char reason[LOCAL_REASON])
{
    unsigned char digest[SHA256_SIZE];
    char *bytes = mem_zero(CHUNK, 1);
    struct sha256_sum *sum = sha256_begin();
    int64_t at = 0;
    bool ok = true;
    while (ok && at < size) {
        size_t most = size - at < CHUNK ? (size_t)(size - at) : (size_t)CHUNK;
        ssize_t n = pread(fd, bytes, most, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (atomic_load(cancel))
            ok = fail(reason, "cancelled");
        else if (n < 0)
            ok = fail(reason, "it cannot be read: %s", strerror(errno));
        else if (n == 0)
            ok = fail(reason, "it became shorter while it was read");
        else
            sha256_add(sum, bytes, (size_t)n);
        at += n;
    }
    sha256_end(sum, digest);
    sha256_hex(digest, hex);
    free(bytes);
    return ok;
}

static bool room_for(int fd, int64_t bytes, char reason[LOCAL_REASON])
{
    struct statvfs room;
    if (fstatvfs(fd, &room) != 0)
        return true; /* then writing tells */
    int64_t left = room.f_bavail > INT64_MAX / room.f_frsize
                       ? INT64_MAX
                       : (int64_t)room.f_bavail * (int64_t)room.f_frsize;
    return bytes <= left || fail(reason, "no room here: %lld bytes are free, it has %lld more",
                                 (long long)left, (long long)bytes);
}

int local_part_open(const char *path, int64_t at, int64_t size, char reason[LOCAL_REASON])
{
    struct stat is;
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    if (fd < 0) {
        fail(reason, "%s: %s", "its file here cannot be written", strerror(errno));
        return -1;
    }
    bool ok = fstat(fd, &is) == 0 && S_ISREG(is.st_mode)
                  ? true
                  : fail(reason, "its file here is no plain file");
    if (ok && flock(fd, LOCK_EX | LOCK_NB) != 0)
        ok = fail(reason, "its file here is being written by another transfer");
    if (ok && (is.st_size < at || ftruncate(fd, at) != 0))
        ok = fail(reason, "its file here changed, or cannot be written");
    ok = ok && room_for(fd, size - at, reason);
    if (ok)
        return fd;
    close(fd);
    return -1;
}

static bool folder_sync(const char *name)
{
    const char *slash = strrchr(name, '/');
    char *folder = slash ? mem_strdup(name) : mem_strdup(".");
    if (slash)
        folder[slash == name ? 1 : slash - name] = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

bool local_part_finish(const char *part, const char *name, int64_t size, const char *hex,
                       const atomic_bool *cancel, bool *other, char reason[LOCAL_REASON])
{
    char found[SHA256_HEX];
    struct stat is;
    int fd = open(part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    *other = false;
    if (fd < 0)
        return fail(reason, "its file here is gone: %s", strerror(errno));
    bool ok = fstat(fd, &is) == 0 && S_ISREG(is.st_mode) && is.st_size == size
                  ? local_hash(fd, size, cancel, found, reason)
                  : fail(reason, "its file here changed");
    if (ok && strcmp(found, hex) != 0) {
        *other = true;
        unlink(part);
        ok = fail(reason, "what came is not what it said: it changed while it was read");
    }
    if (ok && fsync(fd) != 0)
        ok = fail(reason, "its file here cannot be written: %s", strerror(errno));
    close(fd);
    if (ok && (rename(part, name) != 0 || !folder_sync(name)))
        ok = fail(reason, "its file here cannot be given its name: %s", strerror(errno));
    return ok;
}
