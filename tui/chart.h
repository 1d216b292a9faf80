/*
 * Charts, exact to an eighth of a cell. Each chart has a `..._cells` function that gives its cells
 * as text of exact width, without a screen, and a `..._draw` function that puts it into an area.
 *
 * The rounding rule, everywhere: eighths = floor(8 · cells · value ÷ max + ½), held between 0 and
 * 8 · cells, and at least 1 where value > 0: something is never shown as nothing. A value equal to
 * max fills the bar. Values that are not known (NaN) are a dim "·"; negative values count as 0.
 * With ASCII, a cell is '#' from half on ('-' for something less than half, in bars).
 */
#ifndef ATRIUM_TUI_CHART_H
#define ATRIUM_TUI_CHART_H

#include "tui/buffer.h"
#include "tui/draw.h"

#include <stdbool.h>
#include <stddef.h>

/* Eighths of a cell that a bar of `cells` cells fills. */
int chart_eighths(double value, double max, int cells);

/* The largest known value; 0 where there is none. */
double chart_max(const double *values, size_t n);

/* --- Bars ------------------------------------------------------------------------------------ */

/* A horizontal bar: exactly `cells` cells, padded with spaces; appended to `out`. */
void chart_bar_cells(struct buffer *out, double value, double max, int cells, bool ascii);
void chart_bar_draw(struct area area, int row, int col, int cells, enum role role, double value,
                    double max);

/* A list of bars: label, bar, value, note. Label and texts are kept whole before the bar gets what
 * is left; the note goes first where it is narrow. */
struct chart_bar {
    const char *label;
    double value;
    const char *text; /* the value for people: "48,210" */
    const char *note; /* "▲ 4.1%"; NULL = none */
    enum role role;   /* of the bar; ROLE_PLAIN = ROLE_BAR */
    enum role note_role;
};
/* `max` 0 = the largest value. Returns the rows used. `selected`: the row shown as selected or -1;
 * the hardware cursor goes there. Scrolls to keep it in sight. */
int chart_bars_draw(struct area area, const struct chart_bar *bars, size_t n, double max,
                    int selected);

/* --- Funnel ---------------------------------------------------------------------------------- */

struct chart_step {
    const char *label;
    double value;
    const char *text;  /* "27,004" */
    const char *share; /* of the step before: "56.0%"; NULL for the first */
    const char *note;  /* "median 2.1 d"; NULL = none */
    bool warn;         /* the worst drop */
};
/* One row a step, numbered from 1; bars are to the scale of the largest. Returns rows used. */
int chart_funnel_draw(struct area area, const struct chart_step *steps, size_t n, int selected);
/* The same rows as text, each exactly `cells` cells and ended by '\n'. */
void chart_funnel_cells(struct buffer *out, const struct chart_step *steps, size_t n, int cells,
                        bool ascii);

/* --- Sparkline ------------------------------------------------------------------------------- */

/* Exactly `cells` cells. With more values than cells, cell i is the mean of the known values among
 * [i · n ÷ cells, (i + 1) · n ÷ cells); with fewer, values stand at the right and the rest is
 * blank. Scale: 0 to the largest. ASCII: " .:-=+*#@" by eighths. */
void chart_spark_cells(struct buffer *out, const double *values, size_t n, int cells, bool ascii);
void chart_spark_draw(struct area area, int row, int col, int cells, enum role role,
                      const double *values, size_t n);

/* --- Time series ----------------------------------------------------------------------------- */

struct chart_series {
    const double *values; /* one a step of time; NaN = unknown */
    const double *before; /* the period before, drawn as a mark in the same columns; NULL = none */
    size_t n;
    const char *const
        *labels;      /* n labels for the time axis; NULL entries are left out; may be NULL */
    const char *unit; /* said once, above the axis; NULL = none */
    /* The text of a value on the axis; NULL: a plain number with thousands separators. */
    void (*format)(double value, char *text, size_t size);
    int selected; /* the column shown as selected, -1 = none */
};
/* Columns `step` cells wide, `step` − 1 filled (1 where only one fits), rows of eighths upwards, an
 * axis with 0 and the top value rounded up to 1, 2 or 5 · 10^k, labels that do not touch. With more
 * values than columns, means as in the sparkline. At least 3 rows × 12 cells, else a sparkline. */
void chart_series_draw(struct area area, const struct chart_series *series);
/* Only the columns: `rows` lines from the top, each exactly `cells` cells and ended by '\n'. */
void chart_columns_cells(struct buffer *out, const double *values, size_t n, double max, int rows,
                         int cells, int step, bool ascii);
/* 1, 2 or 5 times a power of ten, not less than the value; 1 for 0 and less. */
double chart_nice_top(double value);

/* --- Heat map -------------------------------------------------------------------------------- */

/* Levels 0..4: 0 is nothing (0 or unknown), 1..4 are the quarters of the values above 0: level i +
 * 1 holds values above limits[i - 1] up to limits[i], limits being the quantiles 1/4, 1/2, 3/4 and
 * the largest (nearest rank). */
struct chart_heat_scale {
    double limits[4];
    size_t n; /* values above 0 */
};
struct chart_heat_scale chart_heat_scale(const double *values, size_t n);
int chart_heat_level(const struct chart_heat_scale *scale, double value);

struct chart_heat {
    const double *values; /* rows × cols, row by row; NaN = unknown */
    int rows, cols;
    const char *const *row_labels, *const *col_labels; /* col labels: NULL entries are left out */
    const char *unit;                                  /* in the legend */
    void (*format)(double value, char *text, size_t size); /* as in struct chart_series */
    int selected_row, selected_col;                        /* -1 = none */
};
/* Grid with labels and, where there is room for one more row, a legend with the limits. Cells are 1
 * to 4 wide, all the same; rows and columns that do not fit are left out from the end unless
 * selected. */
void chart_heat_draw(struct area area, const struct chart_heat *heat);
/* The grid's cells only: `rows` lines of cols × width cells, each ended by '\n': " ░▒▓█" by level,
 * or " .:*#" with ASCII; unknown is "·" ("?"). */
void chart_heat_cells(struct buffer *out, const struct chart_heat *heat, int width, bool ascii);
/* "visits  ░ ≤40  ▒ ≤120  ▓ ≤300  █ ≤1,204": the legend. Levels that hold no value are left out. */
void chart_heat_legend(struct buffer *out, const struct chart_heat *heat, bool ascii);

/* The heat map of a week: 7 days from Monday × 24 hours, `first_hour` first (a mall's day may start
 * at 4). Values are [day][hour of the clock]. Day names are translated. */
void chart_week_draw(struct area area, const double values[7][24], int first_hour, const char *unit,
                     int selected_day, int selected_hour);

/* "1,284,930", "12.5": at most one decimal below 100, none above. For axes and legends. */
void chart_number(double value, char *text, size_t size);

#endif
