#include "model/fleet/fold.h"

#include "model/base/hash.h"

#include <stdlib.h>
#include <string.h>

struct slot {
    uint64_t hash;
    size_t index;
    const struct fleet_output *output;
};

static int same_compare(const struct slot *a, const struct slot *b)
{
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->output->exit_status != b->output->exit_status)
        return a->output->exit_status < b->output->exit_status ? -1 : 1;
    if (a->output->n != b->output->n)
        return a->output->n < b->output->n ? -1 : 1;
    return a->output->n ? memcmp(a->output->bytes, b->output->bytes, a->output->n) : 0;
}

static int slot_compare(const void *x, const void *y)
{
    const struct slot *a = x, *b = y;
    int order = same_compare(a, b);
    return order ? order : a->index < b->index ? -1 : a->index > b->index;
}

static int group_compare(const void *x, const void *y)
{
    const struct fleet_group *a = x, *b = y;
    if (a->n != b->n)
        return a->n > b->n ? -1 : 1;
    return a->members[0] < b->members[0] ? -1 : 1;
}

const struct fleet_group *fleet_fold(struct arena *arena, const struct fleet_output *outputs,
                                     size_t n, size_t *n_groups)
{
    struct slot *slots = arena_array(arena, struct slot, n);
    for (size_t i = 0; i < n; i++)
        slots[i] = (struct slot){hash64(outputs[i].bytes, outputs[i].n), i, &outputs[i]};
    if (n)
        qsort(slots, n, sizeof *slots, slot_compare);
    struct fleet_group *groups = arena_array(arena, struct fleet_group, n);
    size_t *members = arena_array(arena, size_t, n);
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || same_compare(&slots[i - 1], &slots[i]) != 0)
            groups[found++] = (struct fleet_group){slots[i].output, 0, members + i};
        members[i] = slots[i].index;
        groups[found - 1].n++;
    }
    if (found)
        qsort(groups, found, sizeof *groups, group_compare);
    *n_groups = found;
    return groups;
}
