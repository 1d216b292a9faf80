/*
 * Rows that a device spooled: a JSON object a line, with the columns of `import receipts` or
 * `import sightings`, checked and numbered by the same code as a file's, inside a transaction of
 * the caller.
 *
 * A device speaks for itself alone: receipts of the shop it serves, sightings under its own code.
 * A sighting gets a reference made of what it says, so that a line that is read again is a
 * duplicate, as a receipt is by its number.
 */
#ifndef ATRIUM_IMPORT_FEED_H
#define ATRIUM_IMPORT_FEED_H

#include "model/event/event.h"
#include "model/import/page.h"
#include "model/import/table.h"

enum { FEED_LINE_MOST = 65536 };

struct feed_source {
    uint32_t device;
    const char *code, *shop; /* shop: code of the shop it serves; "": none */
    int64_t clock_s;         /* its clock is so far ahead: taken off its times */
};

struct feed_piece {
    struct feed_source source;
    const char *bytes; /* whole lines; must last as long as the arena */
    size_t n;
    int64_t offset; /* of the first byte */

    /* Filled in. rows = imported + duplicates + refused + erased. */
    int64_t rows, imported, duplicates, refused, erased;
    int64_t clocked;                     /* rows whose time was set right */
    const struct page_refusal *refusals; /* `line` is the offset; owned by the arena */
};

/* Called for each purchase, refund and sighting that was appended. */
typedef void feed_fact(void *context, const struct event *event);

/* IMPORT_RECEIPTS or IMPORT_SIGHTINGS. A bad row is never an error. `now`: what is later is put to
 * this time. On an error the caller rolls back. */
enum status feed_take(struct writer *writer, enum import_kind kind, struct arena *arena,
                      struct feed_piece *pieces, size_t n, int64_t now, feed_fact *fact,
                      void *context, struct error *err);

#endif
