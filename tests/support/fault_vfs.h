/*
 * A file system for SQLite that fails on demand: the Nth call, and from then on if wanted. For
 * tests that let every single call fail once, until a run has met no failure. What the program does
 * to files without SQLite (rename, unlink, open, write, fsync) fails as well, in every kind but
 * FAULT_IO.
 */
#ifndef ATRIUM_TESTS_FAULT_VFS_H
#define ATRIUM_TESTS_FAULT_VFS_H

#include <stdbool.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_IO,    /* read, write, sync, open, truncate: SQLITE_IOERR_* */
    FAULT_FULL,  /* writes, also the program's own: half of it, then the disk is full */
    FAULT_WRITE, /* the same, nothing is written: EIO */
    FAULT_SHORT, /* the same, half of it is: EIO */
    FAULT_SYNC,  /* syncs, also the program's own */
    FAULT_OPEN,  /* open, truncate, delete, and the program's own open, rename, unlink */
    FAULT_GONE,  /* whatever changes the disk, also a rename or unlink of the program's own */
    FAULT_KILL,  /* the program ends there and then, a write half done, with FAULT_KILL_STATUS */
};
enum { FAULT_KILL_STATUS = 99 };

/* Makes it SQLite's default for connections opened from now on. */
void fault_vfs_install(void);

/* The nth call that can fail so (from 1) does; `lasting`: all later ones too. */
void fault_vfs_arm(enum fault_kind kind, int nth, bool lasting);
void fault_vfs_disarm(void);

/* Only files whose path begins so, from the next arming on; NULL: all. The text is the caller's. */
void fault_vfs_only(const char *path);

/* Runs before each of the program's own renames; NULL: nothing. */
void fault_vfs_before_rename(void (*look)(const char *from, const char *to));

/* Whether a call has failed since arming; how many calls there were that could have. */
bool fault_vfs_hit(void);
int fault_vfs_calls(void);

/* Files with bytes written after their last sync, -shm and temporary ones apart: 0 after a commit
 * means that it survives a loss of power. */
int fault_vfs_unsynced(void);

#endif
