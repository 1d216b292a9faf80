/*
 * Writing what a batch prepared: in short transactions where nobody sees it, and removing what no
 * longer counts. Inside the module; event.h has the bulk append.
 */
#ifndef ATRIUM_EVENT_STAGE_H
#define ATRIUM_EVENT_STAGE_H

#include "model/event/catalog.h"
#include "model/event/recent.h"
#include "model/event/rollup.h"

/* Bytes and rows of one transaction; fixed, so that equal input makes equal files. */
enum { STAGE_BYTES = 4 << 20, STAGE_ROWS = 2000 };

struct stage {
    struct writer *writer;
    int64_t batch;
    size_t bytes, rows; /* in the open transaction */
};

/* Gives the batch its number and its row, staged. */
enum status stage_open(struct stage *stage, struct writer *writer, const char *source, int64_t time,
                       struct error *err);

struct chunk_row {
    int32_t block, month;
    int64_t events, lines, first, last;
    struct chunk_bytes bytes;
    struct chunk_bytes fresh; /* what the batch adds, for the log of a hub; empty: all or none */
};
enum status stage_chunk(struct stage *stage, const struct chunk_row *row, struct error *err);
enum status stage_people(struct stage *stage, int32_t block, const struct bytes *columns,
                         struct error *err);
enum status stage_recent(struct stage *stage, int32_t block, const struct recent_bytes *bytes,
                         struct error *err);
enum status stage_leaf(struct stage *stage, int64_t family, int64_t first, const struct bytes *leaf,
                       struct error *err);

/* The stored days with the sums added to them. */
enum status stage_rollup(struct stage *stage, const struct rollup *rollup, struct error *err);

/* Ends the open transaction. */
enum status stage_flush(struct stage *stage, struct error *err);

/* Removes what batches that died had staged, and what later batches replaced. The bulk lock is
 * held. */
enum status stage_clean(struct writer *writer, struct error *err);

#endif
