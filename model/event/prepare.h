/*
 * The work of a bulk append on one block: events are sorted, joined with those that the file has
 * for the same places, and encoded; roll-ups and the columns by person are added up beside. One
 * preparer a thread; only looking into the file takes the connection's lock.
 */
#ifndef ATRIUM_EVENT_PREPARE_H
#define ATRIUM_EVENT_PREPARE_H

#include "model/event/person.h"
#include "model/event/stage.h"

#include <pthread.h>

/* The writer's connection, shared by the threads of a bulk append. */
struct shared_writer {
    struct writer *writer;
    int64_t batch; /* whose staged rows count as well */
    bool logged;   /* what the batch adds to places with events is kept for replicas */
    bool fresh;    /* the file had no events and this batch has staged none: nothing to join */
    pthread_mutex_t lock;
};

struct preparer {
    struct shared_writer *shared;
    struct sorter *sorter, *joiner;
    struct rollup rollup;
    struct person_block *people;
    struct recent *recent;
    struct chunk_calendar days;
    int64_t now;
    struct event_list joined;
    struct chunk_buffer buffer;
    struct arena *arena;
};

/* What came out for a block. */
struct prepared {
    int32_t block;
    VEC(struct chunk_row) chunks;
    struct bytes people;        /* empty: unchanged */
    struct recent_bytes recent; /* the same */
    int64_t events;
};

struct preparer *preparer_new(struct shared_writer *shared, const struct clock *clock);
void preparer_free(struct preparer *preparer);

/* A block: begun, given its events in one portion or in several with later and later places, and
 * ended. `prepared` is the caller's to free in any case. */
enum status preparer_begin(struct preparer *preparer, int32_t block, struct prepared *prepared,
                           struct error *err);
enum status preparer_add(struct preparer *preparer, const struct event *events, size_t n,
                         struct prepared *prepared, struct error *err);
void preparer_end(struct preparer *preparer, struct prepared *prepared);
void prepared_free(struct prepared *prepared);

/* Writes it; the shared lock is held by the caller. */
enum status prepared_stage(const struct prepared *prepared, struct stage *stage, struct error *err);

/* The chunk that counts at a place, or that this batch has staged there; entry->id 0 for none. The
 * shared lock is held by the caller. */
enum status place_chunk(struct writer *writer, int64_t batch, int32_t block, int32_t month,
                        struct chunk_entry *entry, struct chunk_buffer *buffer, struct error *err);

/* Lays the columns of a block's people, as they count or as this batch has staged them, over
 * `people`. The shared lock is held by the caller. */
enum status person_block_stored(struct writer *writer, int64_t batch, int32_t block,
                                struct person_block *people, struct error *err);

/* The same of what they did lately. ST_REFUSED where it was counted with another clock. */
enum status recent_stored(struct writer *writer, int64_t batch, int32_t block,
                          struct recent *recent, struct error *err);

/* "the mall's time zone or start of day was changed …". */
enum status clock_refused(struct error *err);

#endif
