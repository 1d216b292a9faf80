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

static void layout_areas(struct area area, const struct layout_part *parts, int n, int gap,
                         bool down, struct area *areas)
{
    int sizes[LAYOUT_PARTS_MAX], at = 0;

    if (n > LAYOUT_PARTS_MAX)
        n = LAYOUT_PARTS_MAX;
    layout_split(parts, n, down ? area.rows : area.cols, gap, sizes);
    for (int i = 0; i < n; i++) {
        areas[i] = down ? (struct area){area.row + at, area.col, sizes[i], area.cols}
                        : (struct area){area.row, area.col + at, area.rows, sizes[i]};
        if (sizes[i])
            at += sizes[i] + gap;
    }
}

void layout_rows(struct area area, const struct layout_part *parts, int n, int gap,
                 struct area *areas)
{
    layout_areas(area, parts, n, gap, true, areas);
}

void layout_columns(struct area area, const struct layout_part *parts, int n, int gap,
                    struct area *areas)
{
    layout_areas(area, parts, n, gap, false, areas);
}

/* Tiles side by side in `cols`, and the same number spread evenly: 4 tiles where 3 fit become 2 and
 * 2 rather than 3 and 1. */
static int tiles_in_line(int cols, int n, int min_cols, int gap)
{
    int most, lines;

    if (min_cols < 1)
        min_cols = 1;
    most = (cols + gap) / (min_cols + gap);
    if (most < 1)
        most = 1;
    if (most > n)
        most = n;
    lines = n > 0 ? (n + most - 1) / most : 0;
    return lines > 0 ? (n + lines - 1) / lines : 1;
}

int layout_tiles_rows(int cols, int n, int min_cols, int rows, int gap)
{
    int line = tiles_in_line(cols, n, min_cols, gap);

    return (n + line - 1) / line * rows;
}

int layout_tiles(struct area area, int n, int min_cols, int min_rows, int gap, struct area *areas)
{
    int line = tiles_in_line(area.cols, n, min_cols, gap);
    int lines = (n + line - 1) / line, fit, each;

    if (min_rows < 1)
        min_rows = 1;
    fit = area.rows / min_rows;
    if (fit < lines)
        lines = fit > 0 ? fit : 0;
    each = lines > 0 ? area.rows / lines : 0;
    for (int i = 0; i < n; i++) {
        int row = i / line, extra = lines > 0 ? area.rows % lines : 0;
        int from = row * each + (row < extra ? row : extra);

        areas[i] = (struct area){area.row, area.col, 0, 0};
        if (row >= lines)
            continue;
        struct area strip = {area.row + from, area.col, each + (row < extra), area.cols};
        areas[i] = area_column(strip, i % line, line, gap);
    }
    return line;
}
