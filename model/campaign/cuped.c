#include "model/campaign/cuped.h"

#include <math.h>

/* Sums of squares about the means. */
struct spread {
    double xx, yy, xy;
};

static struct spread spread_of(const struct cuped_sums *s)
{
    return (struct spread){s->xx - s->x * s->x / s->n, s->yy - s->y * s->y / s->n,
                           s->xy - s->x * s->y / s->n};
}

static double above_zero(double value)
{
    return value > 0 ? value : 0;
}

struct stat_sample cuped_plain(const struct cuped_sums *sums)
{
    return (struct stat_sample){sums->n, sums->y / sums->n,
                                sums->n > 1 ? above_zero(spread_of(sums).yy) / (sums->n - 1) : NAN};
}

/* Y - θ (X - mean) of a group as a sample. */
static struct stat_sample adjusted(const struct cuped_sums *sums, double theta, double mean)
{
    struct spread s = spread_of(sums);
    double around = s.yy - 2 * theta * s.xy + theta * theta * s.xx;
    return (struct stat_sample){sums->n, sums->y / sums->n - theta * (sums->x / sums->n - mean),
                                sums->n > 1 ? above_zero(around) / (sums->n - 1) : NAN};
}

struct cuped cuped_compare(const struct cuped_sums *one, const struct cuped_sums *two)
{
    struct cuped_sums all = {one->n + two->n,   one->x + two->x,   one->y + two->y,
                             one->xx + two->xx, one->yy + two->yy, one->xy + two->xy};
    struct spread s = spread_of(&all);
    struct cuped cuped = {NAN, NAN, {NAN, NAN, NAN, NAN, NAN, {NAN, NAN}}};
    if (!(one->n > 1 && two->n > 1 && s.xx > 1e-9 * all.xx && s.yy > 0))
        return cuped;
    cuped.theta = s.xy / s.xx;
    cuped.reduction = s.xy / s.yy * (s.xy / s.xx);
    struct stat_sample a = adjusted(one, cuped.theta, all.x / all.n);
    struct stat_sample b = adjusted(two, cuped.theta, all.x / all.n);
    cuped.welch = stat_welch(&a, &b);
    return cuped;
}
