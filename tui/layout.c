#include "tui/layout.h"

#include <stdbool.h>

static int part_min(const struct layout_part *part)
{
    return part->min > 0 ? part->min : 1;
}

/* The least important part that is still shown, the last of equals; -1: none. */
static int part_to_drop(const struct layout_part *parts, int n, const int *sizes)
{
    int drop = -1;

    for (int i = 0; i < n; i++)
        if (sizes[i] && (drop < 0 || parts[i].importance <= parts[drop].importance))
            drop = i;
    return drop;
}

/* Gives everyone the least size and leaves parts out until that fits; returns the room left. */
static int split_least(const struct layout_part *parts, int n, int space, int gap, int *sizes)
{
    int used = 0, shown = n;

    for (int i = 0; i < n; i++)
        used += sizes[i] = part_min(&parts[i]);
    while (shown > 0 && used + gap * (shown - 1) > space) {
        int drop = part_to_drop(parts, n, sizes);
        used -= sizes[drop];
        sizes[drop] = 0;
        shown--;
    }
    return shown > 0 ? space - used - gap * (shown - 1) : 0;
}

static int split_preferred(const struct layout_part *parts, int n, int left, int *sizes)
{
    bool grew = true;

    while (left > 0 && grew) {
        grew = false;
        for (int i = 0; i < n && left > 0; i++) {
            if (!sizes[i] || sizes[i] >= parts[i].preferred)
                continue;
            sizes[i]++;
            left--;
            grew = true;
        }
    }
    return left;
}

static void split_weights(const struct layout_part *parts, int n, int left, int *sizes)
{
    int weights = 0, given = 0;

    for (int i = 0; i < n; i++)
        weights += sizes[i] && parts[i].weight > 0 ? parts[i].weight : 0;
    if (!weights || left <= 0)
        return;
    int rest = left;
    for (int i = 0; i < n; i++) {
        if (!sizes[i] || parts[i].weight <= 0)
            continue;
        given = (int)((long long)left * parts[i].weight / weights);
        sizes[i] += given;
        rest -= given;
    }
    for (int i = 0; i < n && rest > 0; i++)
        if (sizes[i] && parts[i].weight > 0) {
            sizes[i]++;
            rest--;
        }
}

void layout_split(const struct layout_part *parts, int n, int space, int gap, int *sizes)
{
    int left = split_least(parts, n, space, gap, sizes);

    left = split_preferred(parts, n, left, sizes);
    split_weights(parts, n, left, sizes);
}
