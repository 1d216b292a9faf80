/* One person's way through a funnel, by the rules of each house. Inside the module. */
#ifndef ATRIUM_LOOP_FUNNEL_PATH_H
#define ATRIUM_LOOP_FUNNEL_PATH_H

#include "model/base/vec.h"
#include "model/loop/funnel.h"

/* An event with the steps that it matches, step i as bit i, and exclusion e as bit FUNNEL_STEPS +
 * e. */
struct funnel_event {
    int64_t time;
    uint32_t mask;
    uint32_t run, row; /* where it came from */
};

enum { FUNNEL_STEP_MASK = (1 << FUNNEL_STEPS) - 1 };

struct funnel_rule {
    enum funnel_dialect dialect;
    unsigned modes;
    enum funnel_order order;
    int n_steps;
    int64_t window;
    size_t n_exclusions;
    struct {
        int from, to;
    } exclusions[FUNNEL_EXCLUSIONS];
};

struct funnel_path {
    int level;                 /* deepest step reached, 0: none */
    bool excluded;             /* then level is 0 */
    uint32_t at[FUNNEL_STEPS]; /* the event of each step reached */
};

/* Memory that is used again from person to person. Zeroed is empty. */
struct funnel_scratch {
    VEC(uint32_t) next;
};

/* Events in order of time. */
void funnel_follow(const struct funnel_rule *rule, const struct funnel_event *events, size_t n,
                   struct funnel_scratch *scratch, struct funnel_path *path);

/* Steps of one moment: gives each of the steps [first, last] an event of [from, to) of its own that
 * matches it; `only`, unless UINT32_MAX, is the one that must serve the last. False where that
 * cannot be. at[step] gets the event. */
bool funnel_assign(const struct funnel_event *events, uint32_t from, uint32_t to, int first,
                   int last, uint32_t only, uint32_t *at);

/* The chain of the first entry, each event for one step: the earliest event that serves the next
 * step is as good as any later one. */
void funnel_follow_entry(const struct funnel_rule *rule, const struct funnel_event *events,
                         uint32_t n, struct funnel_path *path);

void funnel_follow_clickhouse(const struct funnel_rule *rule, const struct funnel_event *events,
                              uint32_t n, struct funnel_path *path);
void funnel_follow_once(const struct funnel_rule *rule, const struct funnel_event *events,
                        uint32_t n, struct funnel_path *path);

#endif
