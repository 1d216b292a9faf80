/*
 * Offers for POS terminals and messages for screens, on their way out of the table device_queue.
 *
 * A row is for one device, or for all of its kind that serve a shop (tenant 0: any shop). Each
 * device is served in the order of the rows; up to which one it was is kept by device. A row is
 * 'taken' before any device hears of it and 'done' when those that serve the shop have it. A file
 * on a device has the row's key for a name, so that what is sent again after a kill takes its own
 * place. Inside the module.
 */
#ifndef ATRIUM_FLEET_OFFER_H
#define ATRIUM_FLEET_OFFER_H

#include "model/store/writer.h"

#include <stdbool.h>

enum {
    OFFERS_AT_ONCE = 16,
    OFFER_DAYS = 7, /* rows that say no end */
    OFFER_TRIES = 5 /* of a device that refuses one, which is then passed over */
};

struct offer_out {
    int64_t row, seconds; /* until it expires */
    const char *name, *payload;
};

/* What a device is to get next, at most OFFERS_AT_ONCE, all of it 'taken' and durable. Asked of the
 * file as it is now: whoever took a consent back since, is no member any longer, or whose campaign
 * has ended gets nothing, and the row says why. Owned by the arena. In a transaction of its own. */
enum status offers_take(struct writer *writer, struct arena *arena, uint32_t device, int64_t now,
                        const struct offer_out **out, size_t *n, struct error *err);

/* The first `n` of what was taken are on the device; if `failed`, the next was refused. In a
 * transaction of its own. */
enum status offers_settle(struct writer *writer, const char *actor, uint32_t device,
                          const struct offer_out *out, size_t n, const char *failed,
                          struct error *err);

/* Rows that every device has, that nobody can take, whose time is over. Looks at some hundreds. In
 * a transaction of its own. */
enum status offers_sweep(struct writer *writer, int64_t now, struct error *err);

/* The highest row there is, and how many wait or are under way. */
enum status offers_pending(struct writer *writer, int64_t *highest, int64_t *live,
                           struct error *err);

#endif
