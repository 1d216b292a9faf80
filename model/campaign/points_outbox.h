/* Adjustments of points on a replica: posted there at once and once more on the hub, by reference.
 * The other entries of the ledger belong to tills and engines, which are the hub's. */
#ifndef ATRIUM_CAMPAIGN_POINTS_OUTBOX_H
#define ATRIUM_CAMPAIGN_POINTS_OUTBOX_H

#include "model/campaign/ledger.h"

/* Lets a hub take adjustments in; at the start of the program. */
void points_outbox_register(void);

/* In the transaction of an entry, before and after it is posted; on any other mall than a replica
 * they do nothing. ST_REFUSED for what a replica cannot post. */
enum status points_outbox_begin(struct writer *writer, const struct points_entry *entry,
                                struct error *err);
enum status points_outbox_put(struct writer *writer, const struct access *access,
                              const struct points_entry *entry, const char *ref, struct error *err);

#endif
