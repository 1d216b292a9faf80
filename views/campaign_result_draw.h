/* Shares with their intervals on one scale, and the difference between them beside 0. */
#ifndef ATRIUM_VIEWS_CAMPAIGN_RESULT_DRAW_H
#define ATRIUM_VIEWS_CAMPAIGN_RESULT_DRAW_H

#include "model/base/stat.h"
#include "tui/draw.h"

struct interval_row {
    const char *label, *text;
    double middle; /* NaN: not drawn */
    struct interval interval;
    enum role role;
};

/* A row each, from the top: label, the interval on a scale from `low` to `high`, the text at the
 * right; `zero` marks where 0 is when it is inside. Returns the rows used. */
int intervals_draw(struct area area, const struct interval_row *rows, size_t n, double low,
                   double high);

#endif
