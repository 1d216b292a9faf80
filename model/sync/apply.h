/* What a replica does with a batch: rows, events and position in one transaction. Inside the
 * module. */
#ifndef ATRIUM_SYNC_APPLY_H
#define ATRIUM_SYNC_APPLY_H

#include "model/store/writer.h"
#include "model/sync/batch.h"
#include "model/sync/forget.h"

struct apply {
    struct writer *writer;
    enum access_role role;
    int64_t now;  /* the replica's clock */
    bool copying; /* rows of a first copy: each key comes once, behind all others of its table */
    const struct batch_in *batch;
    const json_t *end;    /* of the batch */
    int64_t rows, events; /* out: taken */
    struct forgetting forgetting;
    VEC(int64_t) own; /* events that were made here and come from the hub now */
    bool settings;    /* out: settings changed, the mall is to be loaded again */
};

/* All or nothing. ST_REFUSED for what a hub cannot have sent. */
enum status apply_batch(struct apply *apply, struct error *err);

/* A name of the table `sync`. */
enum status sync_put(struct writer *writer, const char *name, const char *value, struct error *err);

#endif
