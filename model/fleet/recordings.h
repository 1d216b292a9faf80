/*
 * Which recordings there are: what the journal of acts says of shells, and what lies in the folder
 * where this person's recordings are. A shell that was opened elsewhere is known and its file is
 * not here; a file whose console was killed is here and was never written down.
 */
#ifndef ATRIUM_FLEET_RECORDINGS_H
#define ATRIUM_FLEET_RECORDINGS_H

#include "model/access/access.h"
#include "model/store/reader.h"

enum { RECORDINGS_MOST = 5000 }; /* the latest are told */

/* Texts are cleaned, never NULL, and owned by the arena. */
struct recorded_shell {
    const char *file;     /* its name */
    const char *path;     /* NULL: it is not here */
    const char *device;   /* code; "" where neither says */
    const char *who;      /* "": nobody wrote it down */
    int64_t time;         /* UTC seconds, when it began; 0: not known */
    int64_t milliseconds; /* -1: not known */
    int64_t bytes;        /* of the file here; -1: it is not here */
};

/* The latest first, of the device with this code ("": of all). `folder` may not exist. ST_DENIED
 * without the right to change devices. */
enum status recordings_read(struct reader *reader, const struct access *access, struct arena *arena,
                            const char *folder, const char *device,
                            const struct recorded_shell **recordings, size_t *n, struct error *err);

#endif
