/* Evaluating again only where something changed. Inside the module. */
#ifndef ATRIUM_SEGMENT_AGAIN_H
#define ATRIUM_SEGMENT_AGAIN_H

#include "model/segment/plan.h"

/* One expression and what is known of it. */
struct again {
    const struct segment_plan *plan;
    /* In: what it was built from when it was last evaluated; all == true: nothing is known. */
    bool all;
    uint64_t spans; /* what its behaviour looks at */
    uint32_t tables[MATCHER_TABLES];
    size_t n_seen;
    const uint64_t *seen; /* by block: a hash of lists, columns and events that it was built from */
    /* Out. `people` is right in the blocks that `dirty` marks. */
    uint64_t spans_now;
    uint32_t tables_now[MATCHER_TABLES];
    uint64_t *seen_now;
    uint8_t *dirty;
    int64_t n_dirty;
    struct set *people;
};

/* Everything out is owned by the arena; *n_blocks is how many blocks there are. */
enum status evaluate_again(struct reader *reader, struct arena *arena, struct again *plans,
                           size_t n, uint32_t *n_blocks, struct error *err);

#endif
