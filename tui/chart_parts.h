/* What the charts share among themselves. */
#ifndef ATRIUM_TUI_CHART_PARTS_H
#define ATRIUM_TUI_CHART_PARTS_H

#include "tui/chart.h"

/* A column of eighths: " ▁▂▃▄▅▆▇█", or the ASCII ramp. */
const char *chart_column_cell(int eighths, bool ascii);

/* The value of cell i of `cells`: see chart_spark_cells. NaN where nothing is known. */
double chart_bucket(const double *values, size_t n, int cell, int cells);

/* The first row shown so that `selected` is in sight. */
int chart_scroll(size_t n, int rows, int selected);

/* Widths of the columns of a list of bars; 0 = left out. */
struct chart_columns {
    int label, bar, text, share, note;
};
/* Gives the bar what is left in `cells`; note, share and text go, in this order, where it would be
 * too short to say anything. */
struct chart_columns chart_columns_fit(struct chart_columns want, int cells);

#endif
