/*
 * The pump: moves bytes between a wire and one end of a session until the end is over, the wire is
 * cut, or the caller wants it to stop. Knows nothing of what the bytes say.
 */
#ifndef ATRIUM_SYNC_PUMP_H
#define ATRIUM_SYNC_PUMP_H

#include "model/sync/hub.h"
#include "model/sync/replica.h"
#include "model/sync/wire.h"

/* A machine that holds so many bytes is fed no more: a whole frame is among them. During long work
 * of its own (making an index of a first copy) it is given so many ahead. */
enum { PUMP_IN_MOST = (4 << 20) + (1 << 16), PUMP_AHEAD_MOST = 64 << 20 };

/* One end, the hub's or the replica's. */
struct pump_end {
    void *machine;
    void (*feed)(void *machine, const void *bytes, size_t n);
    enum status (*step)(void *machine, bool *more, struct error *err);
    const unsigned char *(*out)(const void *machine, size_t *n);
    void (*sent)(void *machine, size_t n);
    bool (*over)(const void *machine);
    size_t (*held)(const void *machine); /* bytes that were fed and not looked at yet */
    /* A step that takes long calls fn now and then, and ends early where that says false. NULL for
     * a machine that has no such step. */
    void (*meanwhile)(void *machine, bool (*fn)(void *context), void *context);
};
struct pump_end pump_end_of_hub(struct sync_hub *hub);
struct pump_end pump_end_of_replica(struct sync_replica *replica);

struct pump_options {
    const atomic_bool *stop; /* true: end now; may be NULL */
    int wake;                /* readable: look at `stop` and let the end step; -1: none */
    int64_t tick_ms;         /* let it step so often though nothing comes; 0: never */
    int64_t idle_ms;         /* nothing moved for so long: ST_CANCELLED; 0: no limit */
    /* After each round: progress, or "that was all" (sync_replica_leave). May be NULL. */
    void (*round)(void *context);
    void *context;
};

/* ST_OK: the session ended as it should. ST_CANCELLED: stopped, or idle. Else what the machine or
 * the wire said; a wire that was cut is ST_PARTIAL, with what the other side wrote on stderr. */
enum status pump_run(struct wire *wire, const struct pump_end *end,
                     const struct pump_options *options, struct error *err);

#endif
