/*
 * A recording (recording.h) read again: asciicast version 2. The file may be anybody's, so a line
 * is bounded, the number of events is, and each is checked before any is played; what is wrong is
 * said with its line, and what lies before it can be played all the same: the last line of a
 * recording whose console was killed is cut. Only where events lie is kept; each is read again when
 * its turn comes. Nothing here looks at a terminal: views/player.h does, at one of its own.
 */
#ifndef ATRIUM_FLEET_REPLAY_H
#define ATRIUM_FLEET_REPLAY_H

#include "model/base/arena.h"
#include "model/base/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REPLAY_LINE_MOST = 1 << 20,
    REPLAY_EVENTS_MOST = 1000000,
    REPLAY_SIDE_MOST = 1000, /* columns, rows */
    REPLAY_CELLS_MOST = 100000,
    REPLAY_SECONDS_MOST = 31536000
};

struct replay_head {
    int cols, rows;
    int64_t started;     /* UTC seconds; 0: it does not say */
    const char *title;   /* cleaned; of ours the device's code */
    int64_t length_us;   /* of the last event */
    size_t events;       /* of output and of size */
    int64_t bytes;       /* of the file */
    char sha256[65];     /* of all of it */
    const char *problem; /* why what follows is not played: "line 812: …"; NULL: all is */
};

struct replay;

/* Reads and checks all of a file. ST_REFUSED where it is none, with file and line; ST_CANCELLED.
 * Waits for the disk: for a thread of its own. */
enum status replay_open(const char *path, const atomic_bool *cancel, struct replay **replay,
                        struct error *err);
void replay_free(struct replay *replay); /* NULL is fine */

/* Only its first line, for lists: length, events, bytes and hash stay 0. Owned by the arena. */
enum status replay_peek(struct arena *arena, const char *path, struct replay_head *head,
                        struct error *err);

const struct replay_head *replay_head(const struct replay *replay);

/* When the i-th event is, in microseconds from the beginning; the first one that is later. */
int64_t replay_time(const struct replay *replay, size_t i);
size_t replay_after(const struct replay *replay, int64_t us);

struct replay_event {
    bool resize;
    int cols, rows;    /* resize */
    const char *bytes; /* else output: as it came; valid until the next is read */
    size_t n;
};

/* Reads the i-th event; false where the file changed meanwhile and it is none any more. */
bool replay_read(struct replay *replay, size_t i, struct replay_event *event);

#endif
