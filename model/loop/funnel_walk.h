/* The walk of a funnel over the people of a block. Inside the module. */
#ifndef ATRIUM_LOOP_FUNNEL_WALK_H
#define ATRIUM_LOOP_FUNNEL_WALK_H

#include "model/loop/funnel_parts.h"

/* What all lanes share. */
struct funnel_job {
    const struct funnel_query *query;
    struct funnel_rule rule;
    const struct matcher *steps[FUNNEL_STEPS], *exclusions[FUNNEL_EXCLUSIONS];
    struct funnel_split split;
    bool strangers; /* events of no step matter */
    bool longer;    /* the scan goes past the period's end */
    bool entered;   /* only events from an entry to the end of its window matter */
    bool direct;    /* every step is all of one kind: see direct_follow */
    int64_t end;    /* entries lie before it */
    uint8_t *levels;
    uint32_t n_people;
};

/* What the rows of a run match: one mask for all where that is known from the kind. */
struct funnel_marks {
    const uint32_t *by_row; /* NULL: `all` */
    uint32_t all;
};

/* What one thread works with. Zeroed is empty but for `job` and `tallies`. */
struct funnel_lane {
    const struct funnel_job *job;
    struct funnel_marks marks[EVENT_RUNS];
    uint64_t passed[EVENT_BLOCK / 64]; /* who is not counted yet: see struct event_block */
    uint32_t run_of[FUNNEL_STEPS];     /* of each step's kind, where `direct`; UINT32_MAX: none */
    int64_t subjects, excluded;
    struct funnel_tally *tallies; /* by group and step; one group where nothing is told apart */
    VEC(uint32_t) masks;
    VEC(struct funnel_event) events;
    struct funnel_scratch scratch;
};

/* Sets what follows from the rule and the steps: entered, direct, end. */
void funnel_walk_prepare(struct funnel_job *job);

/* What the scan may pass over: false where that is nothing. */
bool funnel_walk_lead(struct arena *arena, const struct funnel_job *job,
                      const struct event_query *scan, struct event_lead *lead);

/* Of event_scan_parallel, a lane each. */
enum status funnel_walk_block(void *lane, const struct event_block *block, struct error *err);

#endif
