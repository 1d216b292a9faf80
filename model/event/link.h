/*
 * Links between segments: many kinds happen together with another one, points with the purchase
 * they were earned by, lines with their receipt. The rows of such a segment follow rows of the
 * other, its base: they have its people and times, and mostly its shop and reference, so that a
 * count for each row of the base says nearly everything.
 *
 * All rows of a person follow or none does: those of a person with one row that does not are left
 * to a plain segment of the same kind beside the linked one, so that both are sorted and nobody is
 * in both.
 */
#ifndef ATRIUM_EVENT_LINK_H
#define ATRIUM_EVENT_LINK_H

#include "model/event/chunk.h"

enum { LINK_NONE = UINT32_MAX };

struct link {
    const struct segment_rows *base; /* NULL: it is nobody's follower */
    uint32_t *rows;                  /* by row: the base's row, rising, or LINK_NONE */
    size_t n;                        /* rows that have one */
    bool refs;                       /* and the base row's reference */
};

/* Looks for the base among n_bases segments; `rows` has room for segment->n numbers. */
void link_find(struct link *link, const struct segment_rows *segment,
               const struct segment_rows *const *bases, size_t n_bases);

#endif
