/*
 * The replica's sessions with its hub, in the background of the console: on a thread of its own
 * with a connection of its own, after each edit and now and then, with pauses that grow while the
 * hub cannot be reached. The screen's thread only reads what it last said.
 */
#ifndef ATRIUM_VIEWS_SYNC_WORK_H
#define ATRIUM_VIEWS_SYNC_WORK_H

#include "model/sync/uplink.h"
#include "tui/draw.h"

struct console;
struct sync_work;

enum sync_phase {
    SYNC_OFF,     /* no session is wanted, or the hub is not known */
    SYNC_REACHES, /* connecting */
    SYNC_WORKS,   /* pulling and pushing */
    SYNC_LEVEL,   /* connected, and nothing to do */
    SYNC_PAUSES,  /* until next_try */
    SYNC_ASKS,    /* the hub's host key is not known: a person decides */
};

struct sync_glance {
    enum sync_phase phase;
    struct sync_counts counts; /* of this session, or the last one */
    int64_t heard;             /* the last byte from the hub in this console; 0: none */
    int64_t next_try;          /* SYNC_PAUSES; UTC seconds */
    char said[300];            /* why the last session failed; "": it did not */
    char hub[200];
    char offered[WIRE_FINGERPRINT]; /* SYNC_ASKS */
    bool remade;                    /* the replica's file is another one now: open it again */
};

/* What the mall file says about itself, read with the console's other looks at it. */
struct sync_known {
    bool replica, locked;
    char hub[200], principal[64];
    int64_t as_of, heard, lock_at;
    int64_t pending, conflicts, refused;
};
enum status sync_known_read(struct reader *reader, struct sync_known *known, struct error *err);

/* Begins with the first sync_work_now. */
struct sync_work *sync_work_new(struct console *console);
/* Ends the session where a batch ended. */
void sync_work_free(struct sync_work *work); /* NULL is fine */

/* An edit was made, or a person wants a session now. In a still console one session is had, and
 * counted as work in flight until it ended. */
void sync_work_now(struct sync_work *work);
size_t sync_work_busy(const struct sync_work *work);

/* The person says that the key on offer is the hub's. */
void sync_work_accept(struct sync_work *work);

/* What goes on, for people; the role says how well. Owned by the arena. */
const char *sync_phase_text(const struct sync_glance *glance, struct arena *arena, enum role *role);

/* On the screen's thread: what was last said. */
const struct sync_glance *sync_work_glance(struct sync_work *work);

#endif
