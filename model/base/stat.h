/*
 * Statistics of counts: intervals and tests for proportions, as campaigns, segments and affinity
 * use them. Every function is plain arithmetic; a count of nothing gives NaN, never a made-up
 * figure.
 */
#ifndef ATRIUM_BASE_STAT_H
#define ATRIUM_BASE_STAT_H

/* The normal quantile of 0.975: two-sided intervals of 95 %. */
#define STAT_Z95 1.959963984540054

struct interval {
    double low, high;
};

/* The share k of n with Wilson's score interval, without continuity correction (E. B. Wilson, JASA
 * 22, 1927; formula as method 3 of R. G. Newcombe, Statistics in Medicine 17, 857-872, 1998). */
struct interval stat_wilson(double k, double n, double z);

/* k1/n1 - k2/n2 with Newcombe's hybrid score interval (method 10 of R. G. Newcombe, Statistics in
 * Medicine 17, 873-890, 1998): Wilson's limits of both shares put together. */
struct interval stat_newcombe(double k1, double n1, double k2, double n2, double z);

/* The z of two proportions with pooled variance; NaN where the variance is 0. */
double stat_two_proportions_z(double k1, double n1, double k2, double n2);

/* The chance that a standard normal variable is further from 0 than z, on both sides. */
double stat_two_sided(double z);

/* Pearson's chi-square of a 2 × 2 table, without continuity correction: of n units k1 have the one
 * thing, k2 the other, both of them `both`. NaN where a margin is 0. Its tail with one degree of
 * freedom is stat_two_sided(sqrt(x)). */
double stat_chi_square(double both, double k1, double k2, double n);

/* The 95 % interval of the lift both · n ÷ (k1 · k2), from the variance of its logarithm by the
 * delta method for a multinomial table: (1/p12 - 1/p1 - 1/p2 + 2 p12 / (p1 p2) - 1) / n. From 0
 * where nobody has both. */
struct interval stat_lift(double both, double k1, double k2, double n, double z);

/* ln Γ(x) for x > 0, safe on any thread; its derivative ψ(x) for x > 0 (recurrence up to 10, then
 * the asymptotic series of Abramowitz and Stegun 6.3.18). */
double stat_log_gamma(double x);
double stat_digamma(double x);

#endif
