/* What the files of columns share. Inside the module. */
#ifndef ATRIUM_EVENT_COLUMN_PARTS_H
#define ATRIUM_EVENT_COLUMN_PARTS_H

#include "model/event/column.h"

enum tag {
    TAG_CONSTANT,
    TAG_PACKED,
    TAG_PATCHED,
    TAG_DELTAS,
    TAG_RUNS,
    TAG_DICTIONARY,
    TAG_CLIMBS
};

/* What stands before the bits of a packed column. */
struct packed {
    uint64_t low, scale;
    unsigned width, gap_width, high_width;
    size_t n_patches;
    struct view gaps, highs;
};
/* The values of the runs and, behind them, how many more rows each has; to be freed. NULL for
 * damage. */
uint64_t *runs_open(struct view *in, size_t n, size_t *n_runs);

bool packed_open(struct view *in, bool patched, size_t n, struct packed *packed);

#endif
