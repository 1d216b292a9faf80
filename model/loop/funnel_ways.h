/* One person's ways through a funnel where more is asked than how far: a property held constant,
 * every turn and not only the best way. Inside the module; doc/funnel.md defines both. */
#ifndef ATRIUM_LOOP_FUNNEL_WAYS_H
#define ATRIUM_LOOP_FUNNEL_WAYS_H

#include "model/loop/funnel_path.h"

/* Memory that is used again from person to person. Zeroed is empty; funnel_ways_free. */
struct funnel_ways {
    /* Filled by the caller: in order of time, and what each event has of the property that is held
     * (0: nothing); `values` is left empty where none is. */
    VEC(struct funnel_event) events;
    VEC(uint64_t) values;
    /* The answer: ways with their events' places in `events`. People: the best way or none; totals:
     * every turn, those of one value together. `level` is the deepest of them. */
    VEC(struct funnel_path) ways;
    int level;
    bool excluded; /* and no way is left */
    /* At work: the events of one value, and where they stand in `events`. */
    VEC(struct funnel_event) part;
    VEC(uint32_t) places;
    struct funnel_scratch scratch;
};

void funnel_ways_free(struct funnel_ways *ways);

/* Forgets the person before. */
void funnel_ways_begin(struct funnel_ways *ways);

void funnel_ways_follow(const struct funnel_rule *rule, enum funnel_measure measure,
                        struct funnel_ways *ways);

/* The turns of one history, in order of time: each call finds the next one among the events from
 * *at on and moves *at behind it. False: there is none. A turn that an exclusion removes has level
 * 0 and is excluded; its events are places in `events`. */
bool funnel_turn_next(const struct funnel_rule *rule, const struct funnel_event *events, size_t n,
                      struct funnel_scratch *scratch, size_t *at, struct funnel_path *turn);

/* What an event has of a property: 0 for nothing. Two texts have one number as two equal ones do.
 * `of_tenant` gives categories by shop. */
uint64_t funnel_hold_value(enum funnel_hold hold, const struct event_run *run, size_t row,
                           const uint32_t *of_tenant, size_t n_tenants);

/* The columns that it looks at. */
unsigned funnel_hold_columns(enum funnel_hold hold);

#endif
