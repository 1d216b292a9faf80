/* What the files of pulling share. pull.c sends rows and events, pull_log.c reads what changed,
 * pull_copy.c makes a first copy. Inside the module. */
#ifndef ATRIUM_SYNC_PULL_PARTS_H
#define ATRIUM_SYNC_PULL_PARTS_H

#include "model/sync/pull.h"

enum { TAIL_VALUES = 14 /* seq and TAIL_COLUMNS */ };

struct pull_item {
    int64_t seq;
    int place; /* POSITION_EVENTS: key is a batch */
    int64_t key;
    bool going_on; /* a batch of which a part was sent */
};
struct pull_items {
    VEC(struct pull_item) all;
};

/* Some of what comes after the position, in order. *rest: there may be more. */
enum status pull_items_read(struct pull *pull, struct pull_items *items, bool *rest,
                            struct error *err);

/* Sends what a batch did to events, or a part of it: then at.block is not INT32_MAX. */
enum status pull_event_send(struct pull *pull, int64_t batch, bool going_on, struct error *err);

void pull_begin(struct pull *pull, double share);
enum status pull_end(struct pull *pull, bool more, struct error *err);

/* The row of the tail that a statement of seq and TAIL_COLUMNS is at. */
enum status pull_tail(struct pull *pull, sqlite3_stmt *stmt, struct error *err);

/* Rows of a place after at.key until the batch is *full. */
enum status pull_place_copy(struct pull *pull, const struct policy_table *table, bool *full,
                            struct error *err);
enum status pull_copy_batch(struct pull *pull, bool *more, struct error *err);

#endif
