/*
 * A bulk append from the inside. bulk.c takes events in, bulk_refs.c finds duplicates,
 * bulk_commit.c prepares what was spooled and makes it visible.
 */
#ifndef ATRIUM_EVENT_BULK_H
#define ATRIUM_EVENT_BULK_H

#include "model/event/prepare.h"
#include "model/event/refindex.h"
#include "model/event/reflog.h"
#include "model/event/spool.h"

struct bulk_lane {
    uint64_t arrivals;
    int64_t events;
    struct ref_log refs;
};

/* A block given whole and prepared, waiting for those before it. */
struct bulk_block {
    struct bulk_block *next;
    struct prepared prepared;
};

struct event_bulk {
    struct shared_writer shared;
    struct stage stage;
    const struct clock *clock;
    int threads;
    bool replayed, relaxed; /* relaxed: see writer_relax */
    struct spool *spool;
    size_t portion; /* events that one thread takes at once, unless one place has more */
    struct bulk_lane lanes[EVENT_LANES];

    /* Whole blocks; under the lock. */
    pthread_mutex_t lock;
    VEC(struct preparer *) idle; /* preparers not at work */
    VEC(struct preparer *) preparers;
    struct bulk_block *waiting; /* by block */
    int32_t next_block;         /* all before it are staged */
    struct ref_log block_refs;
    int64_t block_events, block_duplicates;

    /* Found at commit. */
    struct spool_drops drops;
    int64_t dropped;
    int64_t ref_keys;           /* of the layer made */
    VEC(int64_t) layers_merged; /* batches whose layers went into it */
    int64_t tail_seen;          /* the tail up to here was looked at for duplicates */
    int64_t tail_folded;        /* the tail up to here is this batch's own; 0: none */
    struct rollup rollup;
};

/* As event_bulk_begin, leaving the tail alone. */
enum status bulk_begin(struct writer *writer, const struct event_bulk_options *options,
                       struct event_bulk **bulk, struct error *err);

/* Marks duplicates among the spooled events in bulk->drops and stages the layer of new keys. */
enum status bulk_resolve_refs(struct event_bulk *bulk, struct error *err);

/* In the last transaction: rows that came to the tail meanwhile and are in this batch too. */
enum status bulk_resolve_tail(struct event_bulk *bulk, struct error *err);

void bulk_drop(struct event_bulk *bulk, uint64_t arrival);

/* Hands out a preparer, to be given back. */
struct preparer *bulk_preparer(struct event_bulk *bulk);
void bulk_preparer_back(struct event_bulk *bulk, struct preparer *preparer);

/* Stages waiting blocks: those whose turn it is, or all. The lock is held. */
enum status bulk_stage_waiting(struct event_bulk *bulk, bool all, struct error *err);

/* Frees everything; staged rows are removed where it did not commit. */
void bulk_free(struct event_bulk *bulk, bool committed);

#endif
