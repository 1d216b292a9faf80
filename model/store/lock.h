/*
 * The locks of FILE.lock beside a mall file. A lock is an open-file-description lock on one byte:
 * the kernel drops it when its holder ends, however it ends, and it works between connections of
 * one process as between processes. After the locked bytes the file holds, for each lock, who took
 * it last, for the message of whoever waits in vain.
 */
#ifndef ATRIUM_STORE_LOCK_H
#define ATRIUM_STORE_LOCK_H

#include "model/base/status.h"

#include <stdbool.h>

enum lock_kind { LOCK_WRITER, LOCK_BULK, LOCK_ENGINE, LOCK_COLLECT, LOCK_SYNC, LOCK_MARK };

struct file_lock {
    int fd; /* -1: not open */
    char *path;
};

/* Opens or makes FILE.lock with the permissions of the mall file. ST_DENIED where that is not
 * allowed. */
enum status lock_open(struct file_lock *lock, const char *mall_path, struct error *err);
void lock_close(struct file_lock *lock);

/* Waits up to wait_ms (0: one try); then ST_CONFLICT with the holder's program and number. */
enum status lock_take(struct file_lock *lock, enum lock_kind kind, int wait_ms, struct error *err);
void lock_release(struct file_lock *lock, enum lock_kind kind);

#endif
