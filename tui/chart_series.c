#include "tui/chart_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double chart_nice_top(double value)
{
    double power;

    if (!isfinite(value) || value <= 0)
        return 1;
    power = pow(10, floor(log10(value)));
    for (int i = 0; i < 2; i++, power *= 10)
        for (const int *step = (const int[]){1, 2, 5, 0}; *step; step++)
            if (*step * power >= value * (1 - 1e-12))
                return *step * power;
    return power;
}

/* Steps shown in `cells`: all of them, or as many as there are cells. */
static int steps_shown(size_t n, int cells, int step)
{
    int fit = step > 0 ? cells / step : 0;

    return n < (size_t)fit ? (int)n : fit;
}

/* The value of step i of `shown`. */
static double step_value(const double *values, size_t n, int i, int shown)
{
    return n <= (size_t)shown ? values[i] : chart_bucket(values, n, i, shown);
}

/* Eighths of the cell in `row` (0 = top) of a column of `rows` rows. */
static int eighths_in_row(int eighths, int row, int rows)
{
    int part = eighths - 8 * (rows - 1 - row);

    return part < 0 ? 0 : part > 8 ? 8 : part;
}

void chart_columns_cells(struct buffer *out, const double *values, size_t n, double max, int rows,
                         int cells, int step, bool ascii)
{
    int shown = steps_shown(n, cells, step), fill = step > 1 ? step - 1 : 1;

    for (int row = 0; row < rows; row++) {
        int used = 0;

        for (int i = 0; i < shown; i++) {
            double value = step_value(values, n, i, shown);
            int part = eighths_in_row(chart_eighths(value, max, rows), row, rows);
            const char *cell = chart_column_cell(part, ascii);

            if (!isfinite(value))
                cell = row < rows - 1 ? " " : ascii ? "?" : "·";
            for (int k = 0; k < step; k++, used++)
                buffer_puts(out, k < fill ? cell : " ");
        }
        for (; used < cells; used++)
            buffer_puts(out, " ");
        buffer_puts(out, "\n");
    }
}

/* Where things stand in the area of a time series. */
struct frame {
    struct area plot;
    int step, fill, shown;
    double max;
};

static void draw_columns(const struct frame *frame, const struct chart_series *series)
{
    struct buffer out = {0};
    const char *at;

    chart_columns_cells(&out, series->values, series->n, frame->max, frame->plot.rows,
                        frame->plot.cols, frame->step, theme_ascii());
    at = buffer_text(&out);
    for (int row = 0; row < frame->plot.rows; row++) {
        const char *end = strchr(at, '\n');
        char *line = tui_strndup(at, (size_t)(end - at));

        draw_text(frame->plot, row, 0, ROLE_BAR, line);
        free(line);
        at = end + 1;
    }
    buffer_free(&out);
}

/* The period before: a dotted mark at its height, a notch where the column is higher. */
static void draw_before(const struct frame *frame, const struct chart_series *series)
{
    for (int i = 0; i < frame->shown; i++) {
        double value = step_value(series->before, series->n, i, frame->shown);
        int eighths = chart_eighths(value, frame->max, frame->plot.rows);

        if (!isfinite(value) || eighths == 0)
            continue;
        for (int k = 0; k < frame->fill; k++)
            draw_text(frame->plot, frame->plot.rows - 1 - (eighths - 1) / 8, i * frame->step + k,
                      ROLE_DIM, theme_ascii() ? "_" : "┈");
    }
}

static void draw_labels(struct area area, const struct frame *frame,
                        const struct chart_series *series)
{
    int free_from = 0;

    for (int i = 0; series->labels && i < frame->shown; i++) {
        size_t at = series->n <= (size_t)frame->shown
                        ? (size_t)i
                        : (size_t)((unsigned long long)i * series->n / (unsigned)frame->shown);
        const char *label = series->labels[at];
        int col = i * frame->step, cells = label ? text_cells(label) : 0;

        if (!cells || col < free_from || col + cells > area.cols)
            continue;
        draw_text(area, 0, col, ROLE_DIM, label);
        free_from = col + cells + 1;
    }
}

static void draw_selected(const struct frame *frame, const struct chart_series *series)
{
    int i = series->selected;

    if (i < 0 || (size_t)i >= series->n)
        return;
    if (series->n > (size_t)frame->shown)
        i = (int)((unsigned long long)i * (unsigned)frame->shown / series->n);
    for (int row = 0; row < frame->plot.rows; row++)
        draw_mark(frame->plot, row, i * frame->step, frame->fill, ROLE_SELECTED);
    draw_cursor(frame->plot, frame->plot.rows - 1, i * frame->step);
}

static double series_max(const struct chart_series *series)
{
    double max = chart_max(series->values, series->n);
    double before = series->before ? chart_max(series->before, series->n) : 0;

    return chart_nice_top(before > max ? before : max);
}

void chart_series_draw(struct area area, const struct chart_series *series)
{
    struct frame frame = {.max = series_max(series)};
    struct area axis, labels = {0};
    char top[64];

    if (area.rows < 3 || area.cols < 12 || series->n == 0) {
        chart_spark_draw(area, 0, 0, area.cols, ROLE_BAR, series->values, series->n);
        return;
    }
    if (series->unit)
        draw_text(area_cut_top(&area, 1), 0, 0, ROLE_DIM, series->unit);
    if (series->labels && area.rows > 2)
        labels = area_cut_bottom(&area, 1);
    (series->format ? series->format : chart_number)(frame.max, top, sizeof top);
    axis = area_cut_left(&area, text_cells(top) + 1);
    area_cut_left(&labels, axis.cols);
    frame.plot = area;
    frame.step = (int)((size_t)area.cols / series->n);
    frame.step = frame.step < 1 ? 1 : frame.step > 6 ? 6 : frame.step;
    frame.fill = frame.step > 1 ? frame.step - 1 : 1;
    frame.shown = steps_shown(series->n, area.cols, frame.step);
    draw_field(axis, 0, 0, axis.cols - 1, 1, ROLE_DIM, top);
    draw_field(axis, axis.rows - 1, 0, axis.cols - 1, 1, ROLE_DIM, "0");
    draw_columns(&frame, series);
    if (series->before)
        draw_before(&frame, series);
    draw_labels(labels, &frame, series);
    draw_selected(&frame, series);
}
