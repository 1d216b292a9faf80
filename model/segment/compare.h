/*
 * Two groups of people side by side: how far they are the same, and what sets them apart - fields
 * of members, labels, interests, categories and shops bought in - each as a share of either group.
 */
#ifndef ATRIUM_SEGMENT_COMPARE_H
#define ATRIUM_SEGMENT_COMPARE_H

#include "model/segment/segment.h"

struct segment_trait {
    const char *kind, *name; /* "tier" "gold"; "shop" "T012 Nike"; "label" "coffee" */
    uint32_t n_a, n_b;       /* how many of either group */
    double share_a, share_b; /* 0 to 1 */
    bool hidden_a, hidden_b; /* kept back from who asks (segment_small.h) */
};

struct segment_comparison {
    uint32_t a, b, both; /* people */
    double jaccard;      /* both / either; 0 where both are empty */
    bool both_hidden;    /* kept back from who asks (segment_small.h), and jaccard with it */
    /* By the difference of the shares, the greatest first; traits that nobody of either has are
     * left out. */
    size_t n_traits;
    const struct segment_trait *traits;
    size_t n_notes;
    const char *const *notes;
};

enum { COMPARE_DAYS = 365 }; /* what was bought, in the last days */

/* How much more often A has it than B, share_a / share_b (Lift); 0 where B never has it. */
static inline double segment_lift(const struct segment_trait *trait)
{
    return trait->share_b > 0 ? trait->share_a / trait->share_b : 0;
}

/* Both expressions in one state of the file. ST_DENIED where A or B is a small group that `access`
 * may not see; ST_USAGE names which one ("A: 1:7: …"). Owned by the
 * arena. */
enum status segment_compare(struct reader *reader, struct arena *arena, const struct access *access,
                            const char *a, const char *b, struct segment_comparison *comparison,
                            struct error *err);

#endif
