/*
 * A replica's way to its hub: where it is, which key opens it, how it is known again, and how the
 * last sessions went. Kept beside the replica in FILE.hub (JSON, mode 0600), as it is needed before
 * the replica is there and stays when that is made anew.
 */
#ifndef ATRIUM_SYNC_UPLINK_H
#define ATRIUM_SYNC_UPLINK_H

#include "model/sync/replica.h"
#include "model/sync/wire.h"

#include <jansson.h>

struct uplink;

/* Nothing beside the replica: an empty one. ST_REFUSED for a file that is damaged, or that others
 * may write, as it can name a command. */
enum status uplink_open(const char *replica, struct uplink **uplink, struct error *err);
void uplink_free(struct uplink *uplink); /* NULL is fine */

/* One of the two, checked; another hub than before forgets the pin. NULL leaves a text as it is.
 * Kept in memory until uplink_save. */
enum status uplink_set(struct uplink *uplink, const char *hub, const char *via,
                       const char *identity, struct error *err);
void uplink_pin(struct uplink *uplink, const char *fingerprint);
enum status uplink_save(struct uplink *uplink, struct error *err);

/* "ssh://…", or the command; NULL: not known yet. */
const char *uplink_hub(const struct uplink *uplink);
const char *uplink_via(const struct uplink *uplink);
const char *uplink_pinned(const struct uplink *uplink);

enum { UPLINK_SESSIONS = 20 };
struct uplink_session {
    int64_t began, seconds;
    struct sync_counts counts;
    const char *said; /* why it ended early; "": all is well. Cleaned, lives as the uplink. */
};
/* The last ones, the newest first; returns how many. */
size_t uplink_sessions(const struct uplink *uplink, struct uplink_session *sessions, size_t most);

struct uplink_run {
    const char *replica; /* the file */
    struct uplink *uplink;
    const atomic_bool *stop; /* may be NULL */
    int wake;                /* readable: an edit was made, or `stop` is true; -1: none */
    int64_t idle_ms;         /* a hub that owes an answer for so long is given up; 0: 60 s */
    bool stay;               /* goes on once both are level, until nothing was said for a while */
    /* After each piece of work, on the calling thread; may be NULL. */
    void (*report)(void *context, const struct sync_counts *counts, bool level);
    void *context;

    /* What came of it. */
    struct sync_counts counts;
    char offered[WIRE_FINGERPRINT]; /* the hub's host key, where SSH is spoken */
    bool unknown;                   /* and nobody has said that it is the hub's: ask, then pin */
    bool level;                     /* everything was pulled, everything pushed and answered */
};

/* One session, and its record in FILE.hub. ST_OK once level (or, with `stay`, once it was);
 * ST_PARTIAL where the hub cannot be reached or the connection was cut; ST_DENIED, ST_CONFLICT
 * (somebody else does it), ST_REFUSED, ST_CANCELLED. */
enum status uplink_sync(struct uplink_run *run, struct error *err);

#endif
