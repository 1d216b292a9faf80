/*
 * BG/NBD: how often people go on buying, and whether they still do. P. S. Fader, B. G. S. Hardie,
 * K. L. Lee, "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model,
 * Marketing Science 24 (2005), 275-284. The equation numbers below are that paper's.
 *
 * While alive, a person buys at random with a rate of their own, gamma distributed (r, alpha);
 * after each purchase they leave for good with a chance of their own, beta distributed (a, b). Of a
 * person's history only three numbers matter: x repeat purchases, the last of them at tx, watched
 * until T, times counted from the first purchase, in any unit.
 */
#ifndef ATRIUM_INSIGHT_BGNBD_H
#define ATRIUM_INSIGHT_BGNBD_H

#include "model/base/arena.h"
#include "model/insight/minimize.h"

#include <stdint.h>

struct reader;

struct bgnbd {
    double r, alpha, a, b;
};

/* People with equal histories; times are indices of bgnbd_data.times. */
struct bgnbd_row {
    uint32_t x, last, until;
    uint32_t people;
};

struct bgnbd_data {
    size_t n_rows, n_times;
    const struct bgnbd_row *rows;
    const double *times; /* in units, rising */
    uint32_t most_x;
    int64_t people;
};

enum { BGNBD_MOST_X = 1 << 20 };

/* The log likelihood of all rows (eq. 6), the same on any number of threads; with its derivatives
 * by ln r, ln alpha, ln a, ln b where `slope` is not NULL. */
double bgnbd_log_likelihood(const struct bgnbd *model, const struct bgnbd_data *data, int threads,
                            double slope[4]);

struct bgnbd_fit {
    struct bgnbd model;
    double log_likelihood;
    int evaluations;
    bool converged;
    bool bound; /* a parameter ran away: the data do not tell */
};

/* The most likely parameters. `reader` (may be NULL) is asked whether the question was cancelled:
 * the fit is then not converged and not to be used. */
struct bgnbd_fit bgnbd_fit(const struct bgnbd_data *data, int threads, const struct reader *reader);

/* The chance that a person is still alive at T (of the same paper's note "Computing P(alive)"):
 * 1 / (1 + (x > 0) a/(b+x-1) ((alpha+T)/(alpha+tx))^(r+x)). */
double bgnbd_alive(const struct bgnbd *model, double x, double tx, double until);

/* Purchases that anybody makes within t of their first one, it not counted (eq. 9), and those a
 * person with this history makes within t after T (eq. 10). Evaluated with Euler's transformation
 * of 2F1, which needs no large cancelling factors. */
double bgnbd_expected(const struct bgnbd *model, double t);
double bgnbd_expected_after(const struct bgnbd *model, double x, double tx, double until, double t);

/* Gauss' hypergeometric function for 0 <= z < 1 by its series. */
double hypergeometric(double a, double b, double c, double z);

#endif
