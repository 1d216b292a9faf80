/*
 * The least value of a smooth function of a few variables, by BFGS: steps along an estimate of the
 * inverse second derivatives that is improved from each step's gradients (Nocedal and Wright,
 * Numerical Optimization, 2nd ed., algorithm 6.1), halved until the function falls enough (Armijo).
 */
#ifndef ATRIUM_INSIGHT_MINIMIZE_H
#define ATRIUM_INSIGHT_MINIMIZE_H

#include <stdbool.h>
#include <stddef.h>

enum { MINIMIZE_MOST = 8 };

/* The value at a point, with the gradient there. NaN or infinity: not a point to go to. */
typedef double minimize_fn(void *context, const double *at, double *gradient);

struct minimum {
    double value;
    int evaluations;
    bool converged; /* flat: nothing is to be gained beyond rounding */
    bool bound;     /* a variable stands at -bound or bound: the least value lies beyond */
};

/* From `at`, which becomes the best point found. Variables stay in [-bound, bound]. Stops early
 * where `stop` (may be NULL) says so. */
struct minimum minimize(minimize_fn *fn, void *context, bool (*stop)(void *context), size_t n,
                        double *at, double bound);

#endif
