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
