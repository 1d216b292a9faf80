/*
 * RFM: how lately, how often and for how much people bought, each in fifths.
 *
 * Recency is days from the last purchase, frequency the number of distinct days with a purchase,
 * monetary the net money (refunds taken off), of everything up to the moment `at`. Days are mall
 * days. The four cuts are the quantiles 0.2, 0.4, 0.6, 0.8 of type 7 (linear between order
 * statistics); a score is 1 + the number of cuts strictly below the value, recency reversed: equal
 * values always get equal scores, so fifths need not be equal in number.
 */
#ifndef ATRIUM_LOOP_RFM_H
#define ATRIUM_LOOP_RFM_H

#include "model/event/event.h"

enum rfm_part { RFM_RECENCY, RFM_FREQUENCY, RFM_MONETARY, RFM_PARTS };
extern const char *const rfm_names[RFM_PARTS]; /* "recency", … */

struct rfm {
    int64_t at;
    size_t n;                          /* people with a purchase */
    const uint32_t *people;            /* rising */
    const uint8_t (*score)[RFM_PARTS]; /* parallel: 1..5 */
    const int64_t (*value)[RFM_PARTS]; /* parallel: days, days, fen */
    double cuts[RFM_PARTS][4];
    int64_t counts[RFM_PARTS][5]; /* people by score - 1 */
    int64_t cells[5][5][5];       /* by score - 1: recency, frequency, monetary */
    int n_cells;                  /* that hold somebody */
};

/* Events at or before `at`. Exact, one parallel pass over purchases and refunds. Owned by the
 * arena. */
enum status rfm_run(struct reader *reader, struct arena *arena, int64_t at, int threads,
                    struct rfm *rfm, struct error *err);

/* The quantile of type 7 of n > 0 sorted values. */
double quantile_7(const int64_t *sorted, size_t n, double p);

#endif
