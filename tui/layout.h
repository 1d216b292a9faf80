/*
 * Layout: how rooms are divided. Parts have a least and a preferred size; where there is too little
 * room the least important parts go first, where there is more the parts with weight grow. The same
 * description serves 200×60 and 40×12.
 */
#ifndef ATRIUM_TUI_LAYOUT_H
#define ATRIUM_TUI_LAYOUT_H

#include "tui/draw.h"

#include <stddef.h>

struct layout_part {
    int min;        /* cells or rows it needs to be of use; 0 = 1 */
    int preferred;  /* less than min = min */
    int weight;     /* share of what is left over; 0 = never more than preferred */
    int importance; /* the lowest is left out first; among equals the last */
};

enum { LAYOUT_PARTS_MAX = 64 };

/* Sizes for n parts with `gap` between those that are shown, in `space`: 0 = left out. The sum with
 * gaps is never more than `space`. First everyone gets min, then up to preferred in turn (one cell
 * each, in order), then by weight; what division leaves goes to the first parts. */
void layout_split(const struct layout_part *parts, int n, int space, int gap, int *sizes);

/* The same as areas, from top to bottom or from left to right; left out ones have size 0. */
void layout_rows(struct area area, const struct layout_part *parts, int n, int gap,
                 struct area *areas);
void layout_columns(struct area area, const struct layout_part *parts, int n, int gap,
                    struct area *areas);

/* n tiles of at least min_cols × min_rows: as many side by side as fit (at most n), of nearly equal
 * width, in as many lines as needed; lines share the rows. Tiles that do not fit have size 0.
 * Returns the tiles in a line. */
int layout_tiles(struct area area, int n, int min_cols, int min_rows, int gap, struct area *areas);

/* The rows that layout_tiles needs for n tiles in `cols` with lines of `rows`. */
int layout_tiles_rows(int cols, int n, int min_cols, int rows, int gap);

#endif
