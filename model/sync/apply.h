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

/* The row a statement of "select *" is at. */
void rows_put(sqlite3_stmt *stmt, struct bytes *out);

/* A name of the table `sync`. */
enum status sync_put(struct writer *writer, const char *name, const char *value, struct error *err);

/* Every row of a key as it is here, all columns; and in place of what is there. For outbox_base. */
enum status rows_keep(struct writer *writer, const struct change_place *place, int64_t key,
                      struct bytes *out, struct error *err);
enum status rows_restore(struct writer *writer, const struct change_place *place, int64_t key,
                         struct view in, struct error *err);

#endif
