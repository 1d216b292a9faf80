#include "model/base/stat.h"

#include <math.h>

struct interval stat_wilson(double k, double n, double z)
{
    if (!(n > 0))
        return (struct interval){NAN, NAN};
    double p = k / n, z2 = z * z;
    double middle = 2 * n * p + z2, half = z * sqrt(z2 + 4 * n * p * (1 - p));
    /* At the ends of the scale rounding must not leave a trace of 1e-17. */
    return (struct interval){k <= 0 ? 0 : (middle - half) / (2 * (n + z2)),
                             k >= n ? 1 : (middle + half) / (2 * (n + z2))};
}

struct interval stat_newcombe(double k1, double n1, double k2, double n2, double z)
{
    struct interval one = stat_wilson(k1, n1, z), two = stat_wilson(k2, n2, z);
    double p1 = k1 / n1, p2 = k2 / n2, d = p1 - p2;
    return (struct interval){d - hypot(p1 - one.low, two.high - p2),
                             d + hypot(one.high - p1, p2 - two.low)};
}

double stat_two_proportions_z(double k1, double n1, double k2, double n2)
{
    double p = (k1 + k2) / (n1 + n2), variance = p * (1 - p) * (1 / n1 + 1 / n2);
    return variance > 0 ? (k1 / n1 - k2 / n2) / sqrt(variance) : NAN;
}

double stat_two_sided(double z)
{
    return erfc(fabs(z) / M_SQRT2);
}

/* ---- Student's t ---- */

/* The continued fraction of I_x(a, b) by Lentz: converges fast where x < (a + 1) / (a + b + 2). */
static double beta_fraction(double x, double a, double b)
{
    enum { MOST = 10000 };
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m <= MOST; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        h *= d * (fabs(c) < tiny ? tiny : c);
        c = fabs(c) < tiny ? tiny : c;
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        if (fabs(d * c - 1) < 1e-15)
            break;
    }
    return h;
}

double stat_beta(double x, double a, double b)
{
    if (!(x > 0))
        return isnan(x) ? NAN : 0;
    if (x >= 1)
        return 1;
    double front = exp(stat_log_gamma(a + b) - stat_log_gamma(a) - stat_log_gamma(b) + a * log(x) +
                       b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(x, a, b) / a
                                     : 1 - front * beta_fraction(1 - x, b, a) / b;
}

double stat_t_two_sided(double t, double df)
{
    return stat_beta(df / (df + t * t), df / 2, 0.5);
}

double stat_t_two_sided_quantile(double p, double df)
{
    double low = 0, high = 1;
    while (stat_t_two_sided(high, df) > p && high < 1e300)
        high *= 2;
    for (int i = 0; i < 200 && high - low > 1e-14 * high; i++) {
        double middle = low + (high - low) / 2;
        if (stat_t_two_sided(middle, df) > p)
            low = middle;
        else
            high = middle;
    }
    return high;
}

struct stat_welch stat_welch(const struct stat_sample *one, const struct stat_sample *two)
{
    double v1 = one->variance / one->n, v2 = two->variance / two->n, v = v1 + v2;
    struct stat_welch w = {
        one->mean - two->mean, NAN, NAN, NAN, NAN, {NAN, NAN},
    };
    if (!(one->n > 1 && two->n > 1 && v > 0))
        return w;
    w.error = sqrt(v);
    w.t = w.difference / w.error;
    w.df = v * v / (v1 * v1 / (one->n - 1) + v2 * v2 / (two->n - 1));
    w.p = stat_t_two_sided(w.t, w.df);
    double half = stat_t_two_sided_quantile(0.05, w.df) * w.error;
    w.interval = (struct interval){w.difference - half, w.difference + half};
    return w;
}

double stat_quantile(const double *sorted, size_t n, double q)
{
    if (!n)
        return NAN;
    double at = q * (double)(n - 1);
    size_t below = (size_t)at;
    return below + 1 < n
               ? sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below])
               : sorted[n - 1];
}

double stat_chi_square(double both, double k1, double k2, double n)
{
    double margins = k1 * (n - k1) * k2 * (n - k2), cross = both * n - k1 * k2;
    return margins > 0 ? cross * cross / margins * n : NAN;
}

struct interval stat_lift(double both, double k1, double k2, double n, double z)
{
    double lift = both * n / (k1 * k2);
    if (!(both > 0) || !isfinite(lift))
        return (struct interval){isnan(lift) ? NAN : 0, isnan(lift) ? NAN : INFINITY};
    double variance = 1 / both - 1 / k1 - 1 / k2 + 2 * both / (k1 * k2) - 1 / n;
    double factor = exp(z * sqrt(variance > 0 ? variance : 0));
    return (struct interval){lift / factor, lift * factor};
}

double stat_log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

double stat_digamma(double x)
{
    double shift = 0;
    for (; x < 10; x++)
        shift -= 1 / x;
    double y = 1 / (x * x);
    double tail = y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y / 132))));
    return shift + log(x) - 0.5 / x - tail;
}
