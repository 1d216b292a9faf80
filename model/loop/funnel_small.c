#include "model/loop/funnel_small.h"

static void step_hide(const struct access *access, struct funnel_step *step)
{
    int64_t below = small_group(access, step->count) ? access->least_people : 0;
    *step = (struct funnel_step){.hidden = true, .below = below};
}

static struct funnel_step *steps_copy(struct arena *arena, const struct funnel_step *steps,
                                      size_t n)
{
    struct funnel_step *copy = arena_array(arena, struct funnel_step, n + 1);
    for (size_t i = 0; i < n; i++)
        copy[i] = steps[i];
    return copy;
}

/* One step over all groups: they add up to the step's count, which is shown. */
static void groups_hide(const struct access *access, struct funnel_step **steps, size_t n_groups,
                        size_t step, int64_t *people, bool *hidden)
{
    for (size_t g = 0; g < n_groups; g++)
        people[g] = steps[g][step].count;
    small_groups(access, people, n_groups, hidden);
    for (size_t g = 0; g < n_groups; g++)
        if (hidden[g])
            step_hide(access, &steps[g][step]);
}

static const struct funnel_times *times_hide(struct arena *arena, const struct access *access,
                                             const struct funnel_times *times, size_t n)
{
    struct funnel_times *copy = arena_array(arena, struct funnel_times, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct funnel_times *t = &copy[i];
        *t = times[i];
        if (small_group(access, t->n)) {
            *t = (struct funnel_times){.hidden = true, .below = access->least_people};
            continue;
        }
        t->ends_hidden = true;
        t->quartiles[0] = t->quartiles[4] = 0;
        small_groups(access, t->counts, FUNNEL_BUCKETS, t->bucket_hidden);
        for (size_t b = 0; b < FUNNEL_BUCKETS; b++)
            t->counts[b] = t->bucket_hidden[b] ? 0 : t->counts[b];
    }
    return copy;
}

void funnel_hide_small(struct arena *arena, const struct access *access, struct funnel *funnel)
{
    size_t n = funnel->n_groups;
    if (!access->least_people)
        return;
    struct funnel_step **steps = arena_array(arena, struct funnel_step *, n + 1);
    struct funnel_group *groups = arena_array(arena, struct funnel_group, n + 1);
    int64_t *people = arena_array(arena, int64_t, n + 1);
    bool *hidden = arena_array(arena, bool, n + 1);
    for (size_t g = 0; g < n; g++) {
        groups[g] = funnel->groups[g];
        groups[g].steps = steps[g] = steps_copy(arena, funnel->groups[g].steps, funnel->n_steps);
    }
    for (size_t s = 0; s < funnel->n_steps; s++)
        groups_hide(access, steps, n, s, people, hidden);
    struct funnel_step *all = steps_copy(arena, funnel->steps, funnel->n_steps);
    for (size_t s = 0; s < funnel->n_steps; s++)
        if (small_group(access, all[s].count))
            step_hide(access, &all[s]);
    funnel->steps = all;
    funnel->groups = groups;
    if (funnel->times)
        funnel->times = times_hide(arena, access, funnel->times, funnel->n_steps);
    if (small_group(access, funnel->excluded))
        funnel->excluded = 0;
    funnel->subjects_hidden = small_group(access, funnel->subjects);
    if (funnel->subjects_hidden)
        funnel->subjects = 0;
}
