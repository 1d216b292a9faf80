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
};

/* A comparable day. */
struct past_day {
    int32_t day;
    int64_t stops, burns; /* receipts of people who could burn; of them with a burn */
    int64_t named;        /* burns in a points campaign */
    size_t first, n;      /* its stops */
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
    struct past_day *days;   /* rising */
    VEC(struct stop) stops;  /* by day, then person */
    VEC(float) parts;        /* of what could be burned, what was: rising */
    int64_t receipts, burns; /* of all habits */
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
void history_free(struct history *history);

/* Plays the draws into the ranges and the groups' means. */
enum status draws_play(struct simulate_job *job, struct error *err);

/* Coupons: from how earlier ones were redeemed. */
enum status coupons_play(struct simulate_job *job, struct error *err);

struct simulate_range range_of(double *values, size_t n);

#endif
