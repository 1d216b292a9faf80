/*
 * The replica's end of one session: a machine without wires (doc/sync.md). It pulls what changed
 * and pushes the outbox, in one session, neither waiting for the other.
 *
 * Runs on a thread of its own with a writing connection of its own in turn with the others' (each
 * batch is a transaction, rows and cursor together). Killed anywhere it goes on where the last
 * batch ended.
 */
#ifndef ATRIUM_SYNC_REPLICA_H
#define ATRIUM_SYNC_REPLICA_H

#include "model/store/mall.h"

struct sync_replica;

struct sync_counts {                    /* of this session */
    int64_t pulled;                     /* rows and events taken */
    int64_t pushed, conflicts, refused; /* edits */
    int64_t bytes_in, bytes_out;
    int64_t as_of; /* the hub's time of the last batch; 0: none */
    double share;  /* of a first copy or a rebuild, 0 to 1; 1 where there is none */
};

struct sync_replica_options {
    int64_t (*now)(void *context); /* UTC seconds; NULL: the wall clock */
    void *context;
    const char *hub; /* URL or command, remembered with the replica; NULL: as it is */
};

/* `path` is the replica's file, which need not be there: a first copy makes it, in `path`.making
 * until it is complete. ST_CONFLICT while another process does the same, ST_REFUSED for a mall that
 * is nobody's replica. */
enum status sync_replica_new(const char *path, const struct sync_replica_options *options,
                             struct sync_replica **replica, struct error *err);
void sync_replica_free(struct sync_replica *replica); /* NULL is fine */

void sync_replica_feed(struct sync_replica *replica, const void *bytes, size_t n); /* 0: the end */
/* Of those, what was not looked at yet: whoever feeds waits where it is more than a frame. */
size_t sync_replica_held(const struct sync_replica *replica);
enum status sync_replica_step(struct sync_replica *replica, bool *more, struct error *err);
/* Making an index of a first copy can take many seconds: `fn` is called all the while, may feed,
 * and says whether to go on (false: ST_CANCELLED, and the index is made the next time). NULL:
 * nobody. */
void sync_replica_meanwhile(struct sync_replica *replica, bool (*fn)(void *context), void *context);

const unsigned char *sync_replica_out(const struct sync_replica *replica, size_t *n);
void sync_replica_sent(struct sync_replica *replica, size_t n);

/* It has everything the hub had, and all edits were answered. A session may then be ended with
 * sync_replica_leave, or left open: the hub sends what comes, edits go as they are made. */
bool sync_replica_level(const struct sync_replica *replica);
void sync_replica_leave(struct sync_replica *replica);
bool sync_replica_over(const struct sync_replica *replica);
struct sync_counts sync_replica_counts(const struct sync_replica *replica);

/* ---- What a screen shows of a replica ---- */

struct sync_state {
    bool replica; /* this mall file is one */
    const char *hub, *principal, *role;
    int64_t as_of;          /* of the hub */
    int64_t heard, lock_at; /* by this computer's clock as it stands (lock_clock.h); 0: never */
    bool locked;
    int64_t pending, sent, conflicts, refused; /* entries of the outbox */
};

struct reader;
struct arena;
/* Texts are owned by the arena. */
enum status sync_state_read(struct reader *reader, struct arena *arena, int64_t now,
                            struct sync_state *state, struct error *err);

#endif
