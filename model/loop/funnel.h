/*
 * Funnels: how far people come along a row of steps within a window of time.
 *
 * Three houses answer the same question differently; a result always says whose rules it follows.
 * doc/funnel.md defines them. In short: clickhouse lets a later first step begin a new chain and
 * one event serve several steps; posthog stops at the first conversion; mixpanel knows the first
 * entry only. A person enters with a first step in the period; what follows may lie after it,
 * within the window (unordered funnels lie in the period altogether).
 */
#ifndef ATRIUM_LOOP_FUNNEL_H
#define ATRIUM_LOOP_FUNNEL_H

#include "model/base/set.h"
#include "model/event/event.h"

enum { FUNNEL_STEPS = 20, FUNNEL_EXCLUSIONS = 10, FUNNEL_MONTHS = 1200, FUNNEL_COUPONS = 50000 };

enum funnel_dialect { DIALECT_CLICKHOUSE, DIALECT_POSTHOG, DIALECT_MIXPANEL, DIALECT_COUNT };
enum funnel_order { ORDER_ORDERED, ORDER_STRICT, ORDER_UNORDERED, ORDER_COUNT };
enum funnel_mode {
    MODE_STRICT_ORDER = 1 << 0,         /* nothing that matches no step may lie between */
    MODE_STRICT_DEDUPLICATION = 1 << 1, /* a repeated step stops the chain */
    MODE_STRICT_INCREASE = 1 << 2,      /* times rise strictly */
    MODE_STRICT_ONCE = 1 << 3,          /* an event serves one step */
};

/* Names as on the command line: "clickhouse", "unordered", "strict_order". */
extern const char *const funnel_dialects[DIALECT_COUNT];
extern const char *const funnel_orders[ORDER_COUNT];
extern const struct funnel_mode_name {
    const char *name;
    enum funnel_mode mode;
} funnel_modes[];
extern const size_t n_funnel_modes;

/* What the first step's event, or the person, is told apart by. */
enum funnel_by {
    FUNNEL_BY_NONE,
    FUNNEL_BY_SHOP,
    FUNNEL_BY_CATEGORY,
    FUNNEL_BY_CHANNEL,
    FUNNEL_BY_ZONE,
    FUNNEL_BY_MONTH, /* calendar month of the entry's mall day */
    FUNNEL_BY_TIER,
    FUNNEL_BY_CAMPAIGN,
    FUNNEL_BY_GENDER,
    FUNNEL_BY_AGE, /* stage of life on the entry's mall day: "25-34" */
    FUNNEL_BY_INCOME,
    FUNNEL_BY_COMMUNITY,
    FUNNEL_BY_CAR,
    FUNNEL_BY_HOUSE,
    FUNNEL_BY_COUPON,  /* the entry's reference: the code of a coupon */
    FUNNEL_BY_LABEL,   /* `sets`: a person may be in several groups */
    FUNNEL_BY_SEGMENT, /* `sets`, too */
    FUNNEL_BY_COUNT
};
extern const char *const funnel_by_names[FUNNEL_BY_COUNT]; /* NULL for FUNNEL_BY_NONE */

/* What all steps of one way must share: the value of the first. */
enum funnel_hold {
    FUNNEL_HOLD_NONE,
    FUNNEL_HOLD_SHOP,
    FUNNEL_HOLD_CATEGORY,
    FUNNEL_HOLD_ZONE,
    FUNNEL_HOLD_CHANNEL,
    FUNNEL_HOLD_CAMPAIGN,
    FUNNEL_HOLD_COUPON, /* the event's reference: the code of a coupon */
    FUNNEL_HOLD_COUNT
};
extern const char *const funnel_holds[FUNNEL_HOLD_COUNT]; /* NULL for FUNNEL_HOLD_NONE */

/* What is counted at a step: people, turns, or the money of the turns' events. */
enum funnel_measure { FUNNEL_PEOPLE, FUNNEL_TOTALS, FUNNEL_AMOUNT, FUNNEL_MEASURE_COUNT };
extern const char *const funnel_measures[FUNNEL_MEASURE_COUNT];

/* People under a name: a label, a segment. */
struct funnel_set {
    const char *name;
    const struct set *people;
};

/* Who does this between steps `from` and `to` (from 0, from < to) is removed. */
struct funnel_exclusion {
    const char *expr;
    int from, to;
};

struct funnel_query {
    const char *const *steps; /* expressions over events */
    size_t n_steps;           /* 1 .. FUNNEL_STEPS */
    int64_t window;           /* seconds; the last one counts */
    enum funnel_dialect dialect;
    unsigned modes;                            /* of enum funnel_mode; clickhouse only */
    enum funnel_order order;                   /* posthog only */
    const struct funnel_exclusion *exclusions; /* posthog and mixpanel */
    size_t n_exclusions;
    int64_t from, to; /* [from, to): entries */
    enum funnel_by by;
    int threads;              /* 0: the machine's */
    const struct set *within; /* only these people; NULL: everyone */
    enum funnel_hold hold;
    enum funnel_measure measure;
    bool times;                    /* also how long the steps took, as distributions */
    const struct funnel_set *sets; /* of FUNNEL_BY_LABEL and FUNNEL_BY_SEGMENT */
    size_t n_sets;
};

struct funnel_step {
    int64_t count;           /* people, or turns, that came at least this far */
    int64_t amount;          /* fen, FUNNEL_AMOUNT: money of the turns' events of this step */
    bool timed;              /* there is a step before and somebody made both */
    double mean_s, median_s; /* seconds since the step before */
    bool hidden;             /* kept back from who asks (funnel_small.h): nothing above is told */
    int64_t below;           /* where hidden: fewer people than this; 0: hidden beside others */
};

/* How long people, or turns, took. */
enum { FUNNEL_BUCKETS = 13 };
extern const int64_t funnel_bucket_ends[FUNNEL_BUCKETS]; /* seconds, not included; INT64_MAX last */
extern const char *const funnel_bucket_names[FUNNEL_BUCKETS]; /* marked for translation */
struct funnel_times {
    int64_t n;
    /* Seconds: quantiles 0, 1/4, 1/2, 3/4, 1 of type 7, as the median of a step. */
    double quartiles[5];
    int64_t counts[FUNNEL_BUCKETS];
    /* Kept back from who asks (funnel_small.h): all of it, the least and the most, a bucket. */
    bool hidden, ends_hidden, bucket_hidden[FUNNEL_BUCKETS];
    int64_t below; /* where hidden: as in a step */
};

struct funnel_group {
    int64_t key;      /* shop, category, … as numbered; month as in clock_month */
    const char *name; /* "" for none */
    const struct funnel_step *steps;
};

enum { FUNNEL_NOBODY = 255 }; /* in levels: no event of a step */
struct funnel {
    int64_t subjects;     /* people with an event of any step in the period */
    int64_t excluded;     /* of these, removed by an exclusion */
    bool subjects_hidden; /* too few to be told (funnel_small.h); then 0 */
    size_t n_steps;
    const struct funnel_step *steps;
    size_t n_groups; /* in order of key; those without an entry are left out */
    const struct funnel_group *groups;
    /* By person: the deepest step, 0 for none, FUNNEL_NOBODY for who is no subject. */
    uint32_t n_people;
    const uint8_t *levels;
    /* The steps' distributions, step - 1 to step; [0] is the whole way. NULL unless asked for. */
    const struct funnel_times *times;
    size_t n_notes; /* names in expressions that the mall does not have */
    const char *const *notes;
};

/* Exact, one parallel pass over the kinds that the steps name. ST_USAGE for what cannot be asked,
 * with "step 2: 1:6: …" for expressions. Owned by the arena. */
enum status funnel_run(struct reader *reader, struct arena *arena, const struct funnel_query *query,
                       struct funnel *funnel, struct error *err);

/* The subjects whose level is in [least, most], rising; how many in *n. Owned by the arena. */
const uint32_t *funnel_people(struct arena *arena, const struct funnel *funnel, int least, int most,
                              size_t *n);

/* ---- Saved funnels ---- */

/* They are asked with one step an event, as the wheel's second purchase is another one than its
 * first; posthog and mixpanel do so by themselves. */
struct saved_funnel {
    const char *id, *title; /* title marked for translation */
    size_t n_steps;
    struct {
        const char *expr, *title; /* title marked for translation */
    } steps[6];
    int64_t window;
};
extern const struct saved_funnel saved_funnels[];
extern const size_t n_saved_funnels;

#endif
