#include "model/loop/estimate.h"

#include "model/event/sample.h"

static const struct funnel_step *steps_estimate(struct arena *arena, double share,
                                                const struct funnel_step *steps, size_t n)
{
    struct funnel_step *of_all = arena_array(arena, struct funnel_step, n + 1);
    for (size_t i = 0; i < n; i++) {
        of_all[i] = steps[i];
        of_all[i].count = sample_estimate(share, steps[i].count);
        of_all[i].amount = sample_estimate_sum(share, steps[i].amount, steps[i].count);
        of_all[i].below = 0;
    }
    return of_all;
}

static const struct funnel_times *times_estimate(struct arena *arena, double share,
                                                 const struct funnel_times *times, size_t n)
{
    struct funnel_times *of_all = arena_array(arena, struct funnel_times, n + 1);
    for (size_t i = 0; i < n; i++) {
        of_all[i] = times[i];
        of_all[i].n = sample_estimate(share, times[i].n);
        of_all[i].below = 0;
        for (size_t b = 0; b < FUNNEL_BUCKETS; b++)
            of_all[i].counts[b] = sample_estimate(share, times[i].counts[b]);
    }
    return of_all;
}

void funnel_estimate(struct arena *arena, double share, struct funnel *funnel)
{
    if (share >= 1)
        return;
    struct funnel_group *groups = arena_array(arena, struct funnel_group, funnel->n_groups + 1);
    for (size_t g = 0; g < funnel->n_groups; g++) {
        groups[g] = funnel->groups[g];
        groups[g].steps = steps_estimate(arena, share, groups[g].steps, funnel->n_steps);
    }
    funnel->groups = groups;
    funnel->steps = steps_estimate(arena, share, funnel->steps, funnel->n_steps);
    funnel->subjects = sample_estimate(share, funnel->subjects);
    funnel->excluded = sample_estimate(share, funnel->excluded);
    if (funnel->times)
        funnel->times = times_estimate(arena, share, funnel->times, funnel->n_steps);
}

static const int64_t *counts_estimate(struct arena *arena, double share, const int64_t *counts,
                                      size_t n)
{
    int64_t *of_all = arena_array(arena, int64_t, n + 1);
    for (size_t i = 0; i < n; i++)
        of_all[i] = sample_estimate(share, counts[i]);
    return of_all;
}

/* What is kept back stays so. */
static struct retention_row *rows_estimate(struct arena *arena, double share,
                                           const struct retention *retention,
                                           const struct retention_row *from)
{
    size_t periods = (size_t)retention->periods;
    struct retention_row *rows = arena_array(arena, struct retention_row, retention->n_rows + 1);
    for (size_t i = 0; i < retention->n_rows; i++) {
        int64_t *revenue = arena_array(arena, int64_t, periods + 1);
        int64_t *values = arena_array(arena, int64_t, periods + 1);
        for (size_t k = 0; k < periods; k++) {
            values[k] = from[i].values[k];
            if (values[k] == RETENTION_HIDDEN)
                continue;
            revenue[k] = sample_estimate_sum(share, from[i].revenue[k], values[k]);
            values[k] = sample_estimate(share, values[k]);
        }
        rows[i] = from[i];
        rows[i].values = values;
        rows[i].revenue = revenue;
    }
    return rows;
}

void retention_estimate(struct arena *arena, double share, struct retention *retention)
{
    if (share >= 1)
        return;
    struct retention_group *groups =
        arena_array(arena, struct retention_group, retention->n_groups + 1);
    for (size_t g = 0; g < retention->n_groups; g++)
        groups[g] = (struct retention_group){
            retention->groups[g].name,
            rows_estimate(arena, share, retention, retention->groups[g].rows)};
    retention->rows = rows_estimate(arena, share, retention, retention->rows);
    retention->groups = groups;
}

void lifecycle_estimate(struct arena *arena, double share, struct lifecycle *lifecycle)
{
    size_t n = lifecycle->periods.n;
    if (share >= 1)
        return;
    lifecycle->fresh = counts_estimate(arena, share, lifecycle->fresh, n);
    lifecycle->returning = counts_estimate(arena, share, lifecycle->returning, n);
    lifecycle->resurrecting = counts_estimate(arena, share, lifecycle->resurrecting, n);
    lifecycle->dormant = counts_estimate(arena, share, lifecycle->dormant, n);
}
