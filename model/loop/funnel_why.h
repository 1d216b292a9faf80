/*
 * Why one person came no further: the events that match a step or an exclusion, in order of time,
 * each with what it did and, where it did not count, why. The way that counts is the one that
 * funnel_run finds; the rest is told by chains: the way that each first step would have gone by
 * itself, by the same rules.
 */
#ifndef ATRIUM_LOOP_FUNNEL_WHY_H
#define ATRIUM_LOOP_FUNNEL_WHY_H

#include "model/loop/funnel.h"

enum funnel_reason {
    WHY_COUNTS,          /* serves step `about` of the way that counts */
    WHY_OTHER_CHAIN,     /* serves step `about` of another chain, which came less far or later */
    WHY_BEFORE_PERIOD,   /* before the period */
    WHY_AFTER_PERIOD,    /* a first step after the period, where nobody enters any more */
    WHY_BEFORE_ENTRY,    /* before the first step */
    WHY_TOO_EARLY,       /* step `about` had not been made yet */
    WHY_OUTSIDE_WINDOW,  /* the window had ended (`until`) */
    WHY_ALREADY_MADE,    /* the step had been made */
    WHY_SECOND_ENTRY,    /* a second first step begins nothing (mixpanel) */
    WHY_AFTER_WAY,       /* the whole way had been made */
    WHY_USED,            /* an event serves one step, and this one's place was taken */
    WHY_SAME_MOMENT,     /* not later than the step before (strict_increase) */
    WHY_BETWEEN,         /* of no step, where steps must be neighbours */
    WHY_AFTER_END,       /* the search had ended before (strict modes) */
    WHY_OTHER_VALUE,     /* another shop, zone … than the way's */
    WHY_NO_VALUE,        /* has nothing of the property that is held */
    WHY_EXCLUDES,        /* exclusion `about`: removes the person */
    WHY_EXCLUDES_NOTHING /* an exclusion's event, but not between its steps */
};
extern const char *const funnel_reasons[]; /* "outside-window", for machines */

struct funnel_why_event {
    int64_t time, amount;
    uint32_t tenant, zone, campaign;
    uint16_t kind, channel;
    uint32_t steps;        /* those it matches, step i as bit i */
    uint32_t exclusions;   /* those it matches */
    int chain, chain_step; /* the chain that it serves and which step, from 1; 0: none */
    enum funnel_reason reason;
    bool ends;     /* and ended the search (strict modes) */
    int about;     /* a step or exclusion from 1; 0: none */
    int64_t until; /* WHY_OUTSIDE_WINDOW: when it had ended */
};

struct funnel_chain {
    int64_t began, ends; /* its first step; the last second of its window */
    int level;
    bool counts;
};

struct funnel_why {
    uint32_t person;
    bool within;   /* false: not among the people asked about; the rest is told all the same */
    bool excluded; /* level is how far they would have come */
    int level;
    size_t n_steps;
    int missing;   /* the step that was missing, from 1; 0: none was */
    int64_t until; /* until when it was; of the first step the end of the period */
    uint64_t held; /* the value of the way, as funnel_hold_value has it; 0: none */
    size_t n;
    const struct funnel_why_event *events; /* in order of time */
    size_t n_chains;
    const struct funnel_chain *chains; /* from 1, by when they began */
};

/* Follows the person as FUNNEL_PEOPLE, whatever the query measures. Events before the period are
 * shown as far back as a window reaches. Owned by the arena. */
enum status funnel_why_run(struct reader *reader, struct arena *arena,
                           const struct funnel_query *query, uint32_t person,
                           struct funnel_why *why, struct error *err);

/* What the event did, as a sentence in the user's language: "the window had ended on …". */
char *funnel_why_sentence(struct arena *arena, const struct clock *clock,
                          const struct funnel_query *query, const struct funnel_why_event *event);

/* "came to step 2 of 4; step 3 was missing until 12 Nov 2017 10:15", in the user's language. */
char *funnel_why_summary(struct arena *arena, const struct clock *clock,
                         const struct funnel_query *query, const struct funnel_why *why);

#endif
