/*
 * Affinity: what goes together. Of all units - people of a period, their visits, or baskets - how
 * many have thing A, thing B and both, for every pair of shops, brands or categories: support,
 * confidence, lift (R. Agrawal, T. Imielinski, A. Swami, SIGMOD 1993; lift as in S. Brin et al.,
 * SIGMOD 1997).
 *
 * Counted exactly in one parallel pass. Small counts make large lifts by chance, so pairs are
 * ranked by the lower end of the lift's 95 % interval (stat_lift), and chi-square says how likely
 * it is that two things have nothing to do with each other.
 */
#ifndef ATRIUM_INSIGHT_AFFINITY_H
#define ATRIUM_INSIGHT_AFFINITY_H

#include "model/base/stat.h"
#include "model/store/reader.h"

enum affinity_of {
    AFFINITY_SHOP, /* where people bought */
    AFFINITY_BRAND,
    AFFINITY_CATEGORY,
    AFFINITY_ITEM, /* from here on: what stands on the lines of receipts */
    AFFINITY_ITEM_BRAND,
    AFFINITY_ITEM_CATEGORY,
    AFFINITY_OF_COUNT
};
enum affinity_by { AFFINITY_PERSON, AFFINITY_VISIT, AFFINITY_BASKET, AFFINITY_BY_COUNT };

/* "shop", …, "item-category"; "person", "visit", "basket". */
extern const char *const affinity_of_names[AFFINITY_OF_COUNT];
extern const char *const affinity_by_names[AFFINITY_BY_COUNT];

enum affinity_order { AFFINITY_BY_INTERVAL, AFFINITY_BY_LIFT, AFFINITY_BY_SUPPORT };

/* More different things than this: those with the most units are looked at. */
enum { AFFINITY_THINGS = 2000 };

struct affinity_query {
    enum affinity_of of; /* by basket, brand and category are those of the items */
    enum affinity_by by;
    int64_t from, to;   /* [from, to); to = 0: no end */
    int64_t least;      /* units that must have both; 0: 1 */
    double least_share; /* share of the units that must have both; 0: any */
    const char *with;   /* only pairs with this thing: name or code; NULL: all */
    enum affinity_order order;
    int threads;
    const uint32_t *among; /* rising; NULL: everybody. Then baskets of nobody are left out */
    size_t n_among;
};

struct affinity_thing {
    const char *code, *name; /* code: of a shop, else the name */
    int64_t units;
};

struct affinity_pair {
    uint32_t a, b; /* indices of things; a has as many units as b or more */
    int64_t both;
    double lift;
    struct interval interval; /* of the lift */
};

struct affinity {
    struct affinity_query query;
    int64_t units; /* all of them, also those whose things have no name */
    int64_t small; /* pairs that fewer units have rest on too little (setting small_sample) */
    size_t n_things, left_out;           /* left_out: things beyond AFFINITY_THINGS */
    const struct affinity_thing *things; /* most units first */
    const uint32_t *counts;              /* n_things × n_things, both ways */
    size_t n_pairs;
    const struct affinity_pair *pairs; /* ranked */
};

/* Owned by the arena. ST_USAGE where baskets are asked for shops (a basket is of one), and for a
 * thing that is not there. */
enum status affinity_run(struct reader *reader, struct arena *arena,
                         const struct affinity_query *query, struct affinity *affinity,
                         struct error *err);

/* What else is said of a pair. `back`: from b to a. Conviction is (1 - P(b)) / (1 - confidence),
 * infinite where the confidence is 1. */
double affinity_confidence(const struct affinity *affinity, const struct affinity_pair *pair,
                           bool back);
double affinity_conviction(const struct affinity *affinity, const struct affinity_pair *pair,
                           bool back);
double affinity_chi_square(const struct affinity *affinity, const struct affinity_pair *pair);

/* Everybody with units that have both things (by code), and how many each: `people` rising. Their
 * sum and `nobody` (baskets without a person) are the pair's `both`. */
struct affinity_people {
    size_t n;
    const uint32_t *people, *units;
    int64_t nobody, all;
};
enum status affinity_people_run(struct reader *reader, struct arena *arena,
                                const struct affinity_query *query, const char *a, const char *b,
                                struct affinity_people *people, struct error *err);

#endif
