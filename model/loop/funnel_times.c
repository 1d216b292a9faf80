/* How long the steps took, as distributions. */
#include "model/base/intl.h"
#include "model/loop/funnel_parts.h"

#include <math.h>
#include <stdlib.h>

const int64_t funnel_bucket_ends[FUNNEL_BUCKETS] = {
    1,         60,        300,        900,        3600,       4 * 3600, 86400,
    3 * 86400, 7 * 86400, 14 * 86400, 30 * 86400, 90 * 86400, INT64_MAX};

const char *const funnel_bucket_names[FUNNEL_BUCKETS] = {
    N_("at once"),    N_("under 1 min"), N_("under 5 min"),  N_("under 15 min"), N_("under 1 h"),
    N_("under 4 h"),  N_("under 1 d"),   N_("under 3 d"),    N_("under 7 d"),    N_("under 14 d"),
    N_("under 30 d"), N_("under 90 d"),  N_("90 d and more")};

static int number_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Type 7 of Hyndman and Fan: at (n - 1) q of the sorted values, linear between neighbours. */
static double quantile(const uint32_t *sorted, size_t n, double q)
{
    double place = (double)(n - 1) * q;
    size_t low = (size_t)floor(place);
    double rest = place - (double)low;
    return low + 1 < n ? sorted[low] + rest * ((double)sorted[low + 1] - sorted[low]) : sorted[low];
}

struct funnel_times funnel_times_of(uint32_t *seconds, size_t n)
{
    struct funnel_times times = {.n = (int64_t)n};
    size_t bucket = 0;
    if (!n)
        return times;
    qsort(seconds, n, sizeof *seconds, number_compare);
    for (size_t i = 0; i < n; i++) {
        while (seconds[i] >= funnel_bucket_ends[bucket])
            bucket++;
        times.counts[bucket]++;
    }
    for (int q = 0; q <= 4; q++)
        times.quartiles[q] = quantile(seconds, n, q / 4.0);
    return times;
}
