/*
 * Trying a campaign on the mall's own history before it is approved.
 *
 * A points-for-cash day is played on past days: each draw takes, for each scheduled day, one of the
 * comparable days (the latest ones on the same weekdays, before the campaign); whoever bought at
 * its shops on that day and is treated burns points with a chance that comes from how often they
 * burned before, and as much of what they could as people did before. Balances are today's and go
 * down within a draw. What is not known enters as chance: which days come (drawn anew), how much
 * people burn on such days (the level is drawn from the days with replacement: B. Efron, Annals of
 * Statistics 7, 1979), and who does. doc/results.md has the formulas and what it cannot know.
 */
#ifndef ATRIUM_CAMPAIGN_SIMULATE_H
#define ATRIUM_CAMPAIGN_SIMULATE_H

#include "model/campaign/result.h"

enum {
    SIMULATE_DAYS = 60,       /* comparable days at most */
    SIMULATE_HISTORY = 364,   /* days they are looked for in */
    SIMULATE_POINTS_DAYS = 3, /* so many earlier points days stand for ordinary ones */
    SIMULATE_PRIOR = 20,      /* receipts that a person's own habit is weighed against */
    SIMULATE_GROUPS = 100,
};

struct simulate_query {
    int64_t at;     /* only what happened before counts; 0: the present, or the first day */
    int draws;      /* 0: as many as are quick, 50 to 1,000 */
    uint64_t seed;  /* the same seed gives the same answer, on any number of threads */
    int threads;    /* 0: the machine's */
    const char *by; /* "balance" (NULL), or a crowd as in result_by_parse: tier, gender, age … */
};

/* Over the draws; low and high are the 5 % and 95 % quantiles. */
struct simulate_range {
    double mean, low, median, high;
};

struct simulate_group {
    const char *name;
    int64_t people;       /* treated in it */
    double users, points; /* a draw's mean */
    int64_t balance;      /* points they have */
    bool hidden;
};

enum simulate_basis {
    BASIS_DAYS,        /* ordinary days: what the campaign adds is not in it */
    BASIS_POINTS_DAYS, /* earlier points days */
    BASIS_COUPONS,     /* earlier coupons */
};

struct simulation {
    const struct campaign *campaign;
    enum simulate_basis basis;
    int64_t at, from; /* history it rests on: [from, at) */
    const int32_t *days;
    size_t n_days;     /* it would be on */
    size_t comparable; /* past days, or past campaigns */
    int draws;
    uint64_t seed;
    int64_t audience, treated;
    int64_t shoppers;             /* treated who bought on a comparable day */
    int64_t balance;              /* points of the treated */
    struct simulate_range users;  /* people; of a multiplier who earns more */
    struct simulate_range points; /* burned; of a multiplier given on top */
    struct simulate_range value;  /* fen given */
    struct simulate_range sales;  /* fen of the receipts */
    struct simulate_range leverage;
    struct simulate_range liability; /* fen it takes off (below 0: adds) */
    int64_t budget;                  /* fen that are enough in 95 of 100 draws */
    double enough; /* share of the draws in which its own budget is; NAN: it has none */
    size_t n_groups;
    const struct simulate_group *groups;
    const char *note; /* what it rests on and cannot know, translated */
};

/* ST_REFUSED for a kind that history says nothing about, and where there is too little of it; the
 * message says what is missing. Owned by the arena. Reports progress and can be cancelled. */
enum status campaign_simulate(struct reader *reader, struct arena *arena,
                              const struct access *access, const struct campaign *campaign,
                              const struct simulate_query *query, struct simulation *simulation,
                              struct error *err);

/* The ranges as a table: name, mean, low, median, high, unit; and the groups. */
struct sheet *simulate_sheet(struct arena *arena, const struct simulation *simulation);
struct sheet *simulate_groups_sheet(struct arena *arena, const struct access *access,
                                    const struct simulation *simulation);

/* In a sentence: what it would do and what budget it needs. */
const char *simulate_headline(struct arena *arena, const struct simulation *simulation);

#endif
