/* Everybody's accounts: one pass over the entries of the ledger on several threads. */
#ifndef ATRIUM_CAMPAIGN_POINTS_SCAN_H
#define ATRIUM_CAMPAIGN_POINTS_SCAN_H

#include "model/campaign/points_parts.h"

/* A person as the scan comes by: entries up to the moment asked for, in order, and their fold.
 * Valid during the call. */
struct points_seen {
    uint32_t person;
    struct points_fold *fold;
    const struct points_event *events;
    size_t n;
};
typedef void points_seen_fn(void *lane, const struct points_seen *seen);

struct points_scan {
    int64_t at;              /* entries after it do not count */
    uint32_t first, last;    /* people; 0, 0: all */
    const struct set *among; /* NULL: everyone */
    points_seen_fn *fn;      /* called for everyone with an entry, each lane on its own thread */
    void **lanes;
    int n_lanes; /* POINTS_LANES at most */
};
enum { POINTS_LANES = 8 };

enum status points_scan_run(struct reader *reader, const struct points_scan *scan,
                            struct error *err);

/* How many lanes this machine has use for. */
int points_lanes(void);

/* What is held, by rising person. Owned by the arena. */
struct points_held_by {
    uint32_t person;
    int64_t points;
};
struct points_holds {
    size_t n;
    const struct points_held_by *by;
};
enum status points_holds_read(struct reader *reader, struct arena *arena, int64_t at,
                              struct points_holds *holds, struct error *err);
int64_t points_held_of(const struct points_holds *holds, uint32_t person);

#endif
