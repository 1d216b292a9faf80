/* What the files of simulating share. Inside the module. */
#ifndef ATRIUM_CAMPAIGN_SIMULATE_PARTS_H
#define ATRIUM_CAMPAIGN_SIMULATE_PARTS_H

#include "model/base/vec.h"
#include "model/campaign/result_parts.h"
#include "model/campaign/simulate.h"

/* A receipt of a treated person on a comparable day. */
struct stop {
    uint32_t person, amount; /* fen, cut at 2^32 */
    uint32_t earned;         /* points */
    uint16_t day;            /* of the comparable days */
    uint8_t size;            /* of what points could be burned then; SIZES: none */
    float chance;            /* of a burn on it, by the person's habit */
};

/* Receipts by how many yuan of points they could take: 1, 2 to 3, 4 to 7 … Much is burned in other
 * shares, and other often, than little. */
enum { SIZES = 12 };
static inline int size_of(int64_t points, int64_t rate)
{
    int size = 0;
    for (int64_t yuan = points / rate; yuan > 1 && size < SIZES - 1; yuan /= 2)
        size++;
    return points >= rate ? size : SIZES;
}

/* A burn on a receipt: of what could be burned, what was. */
struct part {
    float part;
    int16_t day; /* of the comparable days; -1: another */
    uint8_t size;
};

/* A comparable day. */
struct past_day {
    int32_t day;
    int64_t burns[SIZES];   /* receipts with a burn */
    int64_t named;          /* of them in a points campaign */
    double expected[SIZES]; /* as many as the habits of those who came would make */
    size_t first, n;        /* its stops */
};

/* What people did, by person number. */
struct habit {
    uint32_t receipts, burns; /* in the history; receipts on which they could */
};

struct history {
    uint32_t n_people;
    int64_t *balance; /* at the moment */
    struct habit *habits;
    size_t n_days;
    struct past_day *days;                    /* rising */
    VEC(struct stop) stops;                   /* by day, then person */
    VEC(struct part) parts;                   /* by size, then rising */
    size_t parts_from[SIZES], parts_n[SIZES]; /* whose parts a size draws from */
    int64_t receipts, burns;                  /* of all habits */
};

struct simulate_job {
    struct reader *reader;
    struct arena *arena;
    const struct access *access;
    const struct campaign *campaign;
    const struct simulate_query *query;
    struct simulation *out;
    const struct clock *clock;
    const struct set *shops, *treated;
    int64_t rate; /* points that are a yuan */
    int threads;
    struct history history;
    uint8_t *group_of; /* by person: of out->groups */
    struct simulate_group *groups;
};

/* The comparable days, and what people did before. */
enum status history_read(struct simulate_job *job, struct error *err);
void simulate_history_free(struct history *history);

/* Plays the draws into the ranges and the groups' means. */
enum status draws_play(struct simulate_job *job, struct error *err);

/* Coupons: from how earlier ones were redeemed. */
enum status coupons_play(struct simulate_job *job, struct error *err);

struct simulate_range range_of(double *values, size_t n);

#endif
