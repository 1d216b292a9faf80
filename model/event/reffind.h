/* Finding references in the events themselves: what settles whether a hit of a hash in the index is
 * a duplicate. */
#ifndef ATRIUM_EVENT_REFFIND_H
#define ATRIUM_EVENT_REFFIND_H

#include "model/event/place.h"
#include "model/store/writer.h"

struct ref_wanted {
    uint16_t kind;
    int32_t block; /* where it is most likely to be found: that of the event that asks */
    const char *ref;
    uint32_t size;
    uint64_t mark; /* the caller's */
    bool found;
};

/* Sets `found` where the reference is in a chunk. Sorts the array. Looks into the blocks named
 * first, then everywhere for what is left. Batch: whose staged chunks count as well, or 0. */
enum status ref_find(struct writer *writer, int64_t batch, struct ref_wanted *wanted, size_t n,
                     struct error *err);

#endif
