/* Small groups of a result: what is kept back from who sees pseudonyms. */
#include "model/campaign/result_parts.h"

#include <math.h>

/* Hides figures in one column of all groups, so that none follows from the total. */
static void column_hide(const struct access *access, struct result_group *groups, size_t n,
                        int64_t *counts, bool *hidden, int arm, int what)
{
    for (size_t i = 0; i < n; i++)
        counts[i] = what ? groups[i].sums[arm].responded : groups[i].sums[arm].people;
    small_groups(access, counts, n, hidden);
    for (size_t i = 0; i < n; i++)
        groups[i].hidden[arm][what] |= hidden[i];
}

static bool group_has_small(const struct access *access, const struct result_group *group)
{
    bool small = false;
    for (int a = 0; a < RESULT_ARMS; a++) {
        const struct result_sums *s = &group->sums[a];
        int64_t others = s->people - s->responded; /* who did not are told apart as well */
        small |= group->hidden[a][0] || group->hidden[a][1] || small_group(access, others);
    }
    return small;
}

void groups_hide_small(struct arena *arena, const struct access *access,
                       struct result_group *groups, size_t n)
{
    if (!access || !access->least_people || !n)
        return;
    int64_t *counts = arena_array(arena, int64_t, n);
    bool *hidden = arena_array(arena, bool, n);
    for (int a = 0; a < RESULT_ARMS; a++)
        for (int what = 0; what < 2; what++)
            column_hide(access, groups, n, counts, hidden, a, what);
    for (size_t i = 0; i < n; i++) {
        struct result_group *g = &groups[i];
        g->withheld = group_has_small(access, g);
        for (int a = 0; a < RESULT_ARMS; a++)
            g->hidden[a][1] |= g->hidden[a][0] || g->withheld;
        g->people = g->withheld ? NULL : g->people;
    }
}

void result_hide_small(struct arena *arena, const struct access *access,
                       struct campaign_result *result)
{
    if (!access || !access->least_people)
        return;
    groups_hide_small(arena, access, (struct result_group *)result->groups, result->n_groups);
    for (int a = 0; a < RESULT_ARMS; a++) {
        const struct result_sums *s = &result->sums[a];
        int64_t counts[4] = {s->people, s->responded, result->reached[a], result->used[a]};
        for (int i = 0; i < 4; i++)
            result->hidden[a][i] =
                small_group(access, counts[i]) || (i && small_group(access, s->people - counts[i]));
        result->withheld |= result->hidden[a][0] || result->hidden[a][1];
    }
}
