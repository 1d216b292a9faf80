/* A plain reference of funnels, which tries every way there is, and random histories for it. */
#ifndef ATRIUM_TESTS_FUNNEL_PLAIN_H
#define ATRIUM_TESTS_FUNNEL_PLAIN_H

#include "model/loop/funnel_path.h"
#include "tests/support/event_history.h"

enum { MOST = 14 }; /* events of a history */

struct plain {
    const struct funnel_rule *rule;
    const struct funnel_event *e;
    int n;
    bool own;      /* an event serves one step */
    bool increase; /* times rise strictly */
};

/* The deepest level. plain_level is clickhouse without strict modes, and posthog in order;
 * plain_strict and plain_unordered are posthog; plain_unordered for events of one step each. */
typedef int plain_fn(const struct plain *p);
plain_fn plain_level, plain_clickhouse, plain_mixpanel, plain_strict, plain_unordered;

struct shape {
    int kinds;     /* of step masks: 1: one step an event */
    bool distinct; /* no two events at one moment */
    bool strangers;
};

/* Up to MOST - 5 events; how many. */
int history_make(struct dice *dice, const struct funnel_rule *rule, const struct shape *shape,
                 struct funnel_event *e);

/* A dialect, mode and order with the reference that knows it. */
struct house {
    struct funnel_rule rule;
    struct shape shape;
    plain_fn *level;
    bool own;
};

int house_level(const struct house *house, const struct funnel_rule *rule,
                const struct funnel_event *e, int n);

/* How many turns came to each step, by the definition alone. */
void house_turns(const struct house *house, const struct funnel_rule *rule,
                 const struct funnel_event *e, int n, int64_t counts[FUNNEL_STEPS]);

#endif
