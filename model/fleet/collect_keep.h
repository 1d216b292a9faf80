/* The transaction of a collection: pieces of spools into events, offsets, days and refusals. Inside
 * the module. */
#ifndef ATRIUM_FLEET_COLLECT_KEEP_H
#define ATRIUM_FLEET_COLLECT_KEEP_H

#include "model/base/hash.h"
#include "model/fleet/stream.h"
#include "model/import/feed.h"

struct collect_piece {
    struct feed_piece feed; /* first; .source and .bytes by the caller */
    enum import_kind kind;  /* of its rows */
    const char *spool;
    int64_t skipped; /* a line of so many bytes that was not sent; 0: none */
    int64_t size;    /* of the spool */
    bool reset;
    bool gone; /* filled in: the file knows another offset, nothing was taken */
};

/* Where a spool goes on: *offset 0 and "" where nothing was collected yet. */
enum status collect_offset(struct writer *writer, uint32_t device, const char *spool,
                           int64_t *offset, int64_t *marked, char mark[SHA256_HEX],
                           struct error *err);

/* In one transaction of its own. ST_REFUSED where some row cannot be kept that no check had found:
 * the caller tries fewer. */
enum status collect_keep(struct writer *writer, struct arena *arena, const char *actor,
                         struct collect_piece *pieces, size_t n, int64_t now, struct error *err);

/* In a transaction of its own: this one line at the piece's beginning is refused by reason. */
enum status collect_refuse(struct writer *writer, const char *actor, struct collect_piece *piece,
                           const char *reason, int64_t now, struct error *err);

#endif
