/*
 * The expected value of people: how many purchases, and how much money, each will still bring, and
 * the chance that they come at all (bgnbd.h, spend.h), fitted to the mall's own purchases.
 *
 * Everybody counts who bought at or before `calibration`. A purchase is a mall day with one, as in
 * RFM; x counts those after the first, money is net of refunds and by day. What happened between
 * calibration and `at` is held out and stands beside what the model expects.
 */
#ifndef ATRIUM_INSIGHT_VALUE_H
#define ATRIUM_INSIGHT_VALUE_H

#include "model/insight/bgnbd.h"
#include "model/insight/spend.h"
#include "model/store/reader.h"

enum { VALUE_BANDS = 10, VALUE_DECILES = 10 };

struct value_query {
    int64_t at;          /* what is known ends here */
    int64_t calibration; /* what the model is fitted to ends here; 0: at */
    double unit;         /* days in a unit of time; 0: 7 */
    double horizon;      /* units to look ahead; 0: until `at` where there is a calibration, else 13
                            weeks */
    int threads;
    const struct bgnbd *model; /* NULL: fitted */
    const struct spend *spend; /* NULL: fitted */
    const uint32_t *among;     /* rising; NULL: everybody */
    size_t n_among;
};

struct value_person {
    uint32_t person, x;
    int32_t last, until;  /* days after the first purchase: tx and T */
    int64_t money, again; /* fen, all and of repeat days */
    uint32_t held;        /* purchases held out */
    int64_t held_money;
    double alive, expected, worth; /* worth in fen, NaN: not known */
};

struct value_group {
    int64_t people;
    double alive, expected, worth;
    int64_t money;
    int64_t held, held_money;
};

struct value {
    struct value_query query; /* with what stood for 0 */
    size_t n;
    const struct value_person *people; /* rising; borrowed from the arena */
    int64_t repeaters;
    bool fitted, money_known; /* money_known: the spend model has a mean */
    struct bgnbd_fit fit;
    struct spend_fit spend;
    int64_t paying;                                 /* people the spend model rests on */
    struct value_group all, deciles[VALUE_DECILES]; /* by expected purchases, most first */
    int64_t bands[VALUE_BANDS];                     /* people by chance to be alive, 0 to 1 */
    double loyal;     /* money from which on a person is among the top fifth, fen */
    int64_t slipping; /* in the top fifth by money, alive below a half */
    double slipping_money;
    const uint32_t *order; /* indices into people, by expected purchases, most first */
};

/* Owned by the arena. ST_REFUSED where too few people bought to fit anything. */
enum status value_run(struct reader *reader, struct arena *arena, const struct value_query *query,
                      struct value *value, struct error *err);

/* The same from histories that come from elsewhere: x, tx, T in units, mean money of the repeat
 * purchases in fen (NaN: not known). `people` of the answer are numbered from 1; last and until are
 * not given. */
struct value_history {
    double x, last, until, mean;
};
enum status value_run_histories(struct arena *arena, const struct value_history *histories,
                                size_t n, const struct value_query *query, struct value *value,
                                struct error *err);

/* Whether a person is slipping away: spent much, and is likely gone. */
bool value_slipping(const struct value *value, const struct value_person *person);

/* 0 .. VALUE_BANDS - 1. */
int value_band(double alive);

#endif
