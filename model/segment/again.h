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

/* Everything out is owned by the arena; *n_blocks is how many blocks there are. `look`: only finds
 * out what would have to be looked at; `people` stays NULL. */
enum status evaluate_again(struct reader *reader, struct arena *arena, struct again *plans,
                           size_t n, bool look, uint32_t *n_blocks, struct error *err);

/* Labels as their rows and states say; `stale` also where only something changed at all. name NULL:
 * all. Inside reader_begin .. reader_end. */
struct label;
enum status labels_read(struct reader *reader, struct arena *arena, const char *name,
                        struct label **labels, size_t *n, struct error *err);

/* Looks whether what seems stale is. */
enum status labels_settle(struct reader *reader, struct label *labels, size_t n, struct error *err);

#endif
