/*
 * Statistics of counts: intervals and tests for proportions, as campaigns, segments and affinity
 * use them. Every function is plain arithmetic; a count of nothing gives NaN, never a made-up
 * figure.
 */
#ifndef ATRIUM_BASE_STAT_H
#define ATRIUM_BASE_STAT_H

#include <stddef.h>

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

/* The regularised incomplete beta function I_x(a, b), a, b > 0, 0 <= x <= 1, to about 1e-14: its
 * continued fraction (Abramowitz and Stegun 26.5.8) by Lentz's way. */
double stat_beta(double x, double a, double b);

/* The chance that Student's t with df > 0 degrees of freedom is further from 0 than t, on both
 * sides; and the t whose two-sided chance is p (0 < p < 1). */
double stat_t_two_sided(double t, double df);
double stat_t_two_sided_quantile(double p, double df);

/* What is known of a sample: how many, their mean and their variance (n - 1 below). */
struct stat_sample {
    double n, mean, variance;
};

/* The difference of two means whose variances may differ (B. L. Welch, Biometrika 34, 1947): t with
 * the degrees of freedom of Welch and Satterthwaite, its two-sided p and the 95 % interval. NaN
 * where a sample has fewer than two values or nothing varies. */
struct stat_welch {
    double difference, error, t, df, p;
    struct interval interval;
};
struct stat_welch stat_welch(const struct stat_sample *one, const struct stat_sample *two);

/* The value below which the share q of n sorted values lies, between two of them in proportion
 * (type 7 of R. J. Hyndman, Y. Fan, American Statistician 50, 1996); NaN of none. */
double stat_quantile(const double *sorted, size_t n, double q);

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
