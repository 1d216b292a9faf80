/*
 * Layout: how room is divided. Parts have a least and a preferred size; where there is too little
 * room the least important parts go first, where there is more the parts with weight grow. The same
 * description serves 200×60 and 40×12.
 */
#ifndef ATRIUM_TUI_LAYOUT_H
#define ATRIUM_TUI_LAYOUT_H

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

#endif
