/*
 * What a hub sends: batches from the position that a replica is at. Each batch is read from one
 * state of the file and is of bounded size; nothing is kept between batches but the position.
 */
#ifndef ATRIUM_SYNC_PULL_H
#define ATRIUM_SYNC_PULL_H

#include "model/store/writer.h"
#include "model/sync/batch.h"

struct pull {
    struct reader *reader;
    const struct access *access;
    const char *replica; /* which of the principal's */
    struct frame_out *frames;
    struct position at;
    int64_t now;          /* put into the end of each batch */
    bool told;            /* the replica was told that there is no more */
    struct batch_out out; /* room kept from batch to batch */
};

/* Begins a first copy: what it copies is pinned for the replica, in a transaction of the writer.
 * Sends the first batch, which has the tail. */
enum status pull_copy_begin(struct pull *pull, struct writer *writer, struct error *err);

/* Sends one more batch. *more: there is more now. Nothing is sent where there is nothing. */
enum status pull_batch(struct pull *pull, bool *more, struct error *err);

/* Whether the hub can go on from a position: what it needs of the log and of pinned events is
 * there. */
enum status pull_possible(struct reader *reader, const char *principal, const char *replica,
                          const struct position *position, bool *possible, struct error *err);

void pull_free(struct pull *pull);

#endif
