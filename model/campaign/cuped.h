/*
 * CUPED: a comparison of means made sharper by what was known before (A. Deng, Y. Xu, R. Kohavi,
 * T. Walker, "Improving the Sensitivity of Online Controlled Experiments by Utilizing
 * Pre-Experiment Data", WSDM 2013).
 *
 * With Y what a person did during the campaign and X the same before it, Y - θ (X - mean X) has the
 * same difference between the groups on average, as chance alone decided who is in which, and the
 * variance (1 - ρ²) var Y. θ = cov(X, Y) / var X over both groups together.
 */
#ifndef ATRIUM_CAMPAIGN_CUPED_H
#define ATRIUM_CAMPAIGN_CUPED_H

#include "model/base/stat.h"

/* Sums over the people of a group. Add them in a fixed order: doubles do not add up the same in
 * every order. */
struct cuped_sums {
    double n, x, y, xx, yy, xy;
};

static inline void cuped_add(struct cuped_sums *sums, double x, double y)
{
    sums->n += 1;
    sums->x += x;
    sums->y += y;
    sums->xx += x * x;
    sums->yy += y * y;
    sums->xy += x * y;
}

/* Y of a group as a sample. */
struct stat_sample cuped_plain(const struct cuped_sums *sums);

struct cuped {
    double theta;
    double reduction;        /* of the variance: 1 - var(adjusted) / var(Y); 0 to 1 */
    struct stat_welch welch; /* of the adjusted means */
};

/* NaN in everything where X does not vary: nothing is known of before. */
struct cuped cuped_compare(const struct cuped_sums *one, const struct cuped_sums *two);

#endif
