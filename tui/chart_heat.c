#include "tui/chart_parts.h"

#include <libintl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define _(s) gettext(s)

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

struct chart_heat_scale chart_heat_scale(const double *values, size_t n)
{
    struct chart_heat_scale scale = {0};
    double *some = tui_zero(n, sizeof *some);

    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i]) && values[i] > 0)
            some[scale.n++] = values[i];
    qsort(some, scale.n, sizeof *some, ascending);
    /* Nearest rank: the quantile q of m values is the ceil(q·m)-th smallest. */
    for (size_t i = 0; i < 4 && scale.n; i++)
        scale.limits[i] = some[((i + 1) * scale.n + 3) / 4 - 1];
    free(some);
    return scale;
}

int chart_heat_level(const struct chart_heat_scale *scale, double value)
{
    if (!isfinite(value) || value <= 0)
        return 0;
    for (int i = 0; i < 3; i++)
        if (value <= scale->limits[i])
            return i + 1;
    return 4;
}

static const char *heat_glyph(double value, int level, bool ascii)
{
    static const char *const blocks[5] = {" ", "░", "▒", "▓", "█"};
    static const char *const letters[5] = {" ", ".", ":", "*", "#"};

    if (!isfinite(value))
        return ascii ? "?" : "·";
    return (ascii ? letters : blocks)[level];
}

static double heat_value(const struct chart_heat *heat, int row, int col)
{
    return heat->values[(size_t)row * (size_t)heat->cols + (size_t)col];
}

void chart_heat_cells(struct buffer *out, const struct chart_heat *heat, int width, bool ascii)
{
    struct chart_heat_scale scale =
        chart_heat_scale(heat->values, (size_t)heat->rows * (size_t)heat->cols);

    for (int row = 0; row < heat->rows; row++) {
        for (int col = 0; col < heat->cols; col++) {
            double value = heat_value(heat, row, col);
            const char *glyph = heat_glyph(value, chart_heat_level(&scale, value), ascii);

            for (int k = 0; k < width; k++)
                buffer_puts(out, glyph);
        }
        buffer_puts(out, "\n");
    }
}

/* Calls each with the parts of the legend: a glyph and the values it stands for. Levels that hold
 * no value (equal limits) are left out. */
static void legend_each(const struct chart_heat *heat, bool ascii,
                        void (*each)(void *to, int level, const char *text), void *to)
{
    struct chart_heat_scale scale =
        chart_heat_scale(heat->values, (size_t)heat->rows * (size_t)heat->cols);
    char number[64], part[128];

    for (int level = 1; level <= 4 && scale.n; level++) {
        if (level > 1 && scale.limits[level - 1] <= scale.limits[level - 2])
            continue;
        (heat->format ? heat->format : chart_number)(scale.limits[level - 1], number,
                                                     sizeof number);
        snprintf(part, sizeof part, "%s %s%s", heat_glyph(1, level, ascii), ascii ? "<=" : "≤",
                 number);
        each(to, level, part);
    }
}

static void legend_text(void *to, int level, const char *text)
{
    (void)level;
    if (((struct buffer *)to)->n)
        buffer_puts(to, "  ");
    buffer_puts(to, text);
}

void chart_heat_legend(struct buffer *out, const struct chart_heat *heat, bool ascii)
{
    struct buffer parts = {0};

    if (heat->unit)
        buffer_puts(&parts, heat->unit);
    legend_each(heat, ascii, legend_text, &parts);
    buffer_puts(out, buffer_text(&parts));
    buffer_free(&parts);
}

/* On a screen with colours the level is the background and the cell is empty: shades over it would
 * only blur it. */
static const char *screen_glyph(double value, int level)
{
    if (theme_colors() > 0 && isfinite(value))
        return " ";
    return heat_glyph(value, level, theme_ascii());
}

struct legend_at {
    struct area area;
    int col;
};

static void legend_draw(void *to, int level, const char *text)
{
    struct legend_at *at = to;

    if (at->col + text_cells(text) > at->area.cols)
        return;
    draw_text(at->area, 0, at->col, ROLE_DIM, text);
    draw_text(at->area, 0, at->col, (enum role)(ROLE_HEAT_0 + level), screen_glyph(1, level));
    at->col += text_cells(text) + 2;
}

struct heat_frame {
    struct area area; /* the grid */
    int width, first_row, first_col, rows, cols;
    struct chart_heat_scale scale;
};

static void heat_draw_row(const struct heat_frame *frame, const struct chart_heat *heat, int row)
{
    for (int i = 0; i < frame->cols; i++) {
        double value = heat_value(heat, frame->first_row + row, frame->first_col + i);
        int level = chart_heat_level(&frame->scale, value);
        enum role role = isfinite(value) ? (enum role)(ROLE_HEAT_0 + level) : ROLE_DIM;

        for (int k = 0; k < frame->width; k++)
            draw_text(frame->area, row, i * frame->width + k, role, screen_glyph(value, level));
    }
}

static void heat_draw_titles(struct area area, const struct heat_frame *frame,
                             const struct chart_heat *heat)
{
    int free_from = 0;

    for (int i = 0; i < frame->cols; i++) {
        const char *label = heat->col_labels[frame->first_col + i];
        int cells = label ? text_cells(label) : 0;

        if (!cells || i * frame->width < free_from || i * frame->width + cells > area.cols)
            continue;
        draw_text(area, 0, i * frame->width, ROLE_DIM, label);
        free_from = i * frame->width + cells + 1;
    }
}

static void heat_draw_selected(const struct heat_frame *frame, const struct chart_heat *heat)
{
    int row = heat->selected_row - frame->first_row, col = heat->selected_col - frame->first_col;

    if (heat->selected_row < 0 || heat->selected_col < 0 || row >= frame->rows ||
        col >= frame->cols)
        return;
    draw_mark(frame->area, row, col * frame->width, frame->width, ROLE_SELECTED);
    draw_cursor(frame->area, row, col * frame->width);
}

static int label_cells(const struct chart_heat *heat, int most)
{
    int cells = 0;

    for (int i = 0; heat->row_labels && i < heat->rows; i++) {
        int n = heat->row_labels[i] ? text_cells(heat->row_labels[i]) : 0;
        cells = n > cells ? n : cells;
    }
    return cells > most ? most : cells;
}

void chart_heat_draw(struct area area, const struct chart_heat *heat)
{
    struct heat_frame frame = {
        .scale = chart_heat_scale(heat->values, (size_t)heat->rows * (size_t)heat->cols)};
    struct area titles = {0}, legend = {0}, labels;
    int names = label_cells(heat, area.cols / 3);

    if (heat->rows <= 0 || heat->cols <= 0 || area.cols - names - 1 < 1)
        return;
    if (heat->col_labels && area.rows > 1)
        titles = area_cut_top(&area, 1);
    if (area.rows > heat->rows || (area.rows > 4 && area.rows - 1 >= heat->rows / 2))
        legend = area_cut_bottom(&area, 1);
    labels = area_cut_left(&area, names ? names + 1 : 0);
    area_cut_left(&titles, labels.cols);
    frame.area = area;
    frame.width = area.cols / heat->cols;
    frame.width = frame.width < 1 ? 1 : frame.width > 4 ? 4 : frame.width;
    frame.cols = heat->cols < area.cols / frame.width ? heat->cols : area.cols / frame.width;
    frame.rows = heat->rows < area.rows ? heat->rows : area.rows;
    frame.first_row = chart_scroll((size_t)heat->rows, frame.rows, heat->selected_row);
    frame.first_col = chart_scroll((size_t)heat->cols, frame.cols, heat->selected_col);
    for (int row = 0; row < frame.rows; row++) {
        if (heat->row_labels && heat->row_labels[frame.first_row + row])
            draw_field(labels, row, 0, names, -1, ROLE_DIM,
                       heat->row_labels[frame.first_row + row]);
        heat_draw_row(&frame, heat, row);
    }
    if (heat->col_labels)
        heat_draw_titles(titles, &frame, heat);
    if (frame.rows < legend.row - area.row)
        legend.row = area.row + frame.rows;
    struct legend_at at = {legend,
                           heat->unit ? draw_text(legend, 0, 0, ROLE_DIM, heat->unit) + 2 : 0};
    legend_each(heat, theme_ascii(), legend_draw, &at);
    heat_draw_selected(&frame, heat);
}

void chart_week_draw(struct area area, const double values[7][24], int first_hour, const char *unit,
                     int selected_day, int selected_hour)
{
    const char *days[7] = {_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")};
    const char *hours[24];
    char names[24][16];
    double turned[7 * 24];

    for (int i = 0; i < 24; i++) {
        int hour = (first_hour + i) % 24;

        snprintf(names[i], sizeof names[i], "%d", hour);
        hours[i] = hour % 2 == 0 ? names[i] : NULL;
        for (int day = 0; day < 7; day++)
            turned[day * 24 + i] = values[day][hour];
    }
    struct chart_heat heat = {
        .values = turned,
        .rows = 7,
        .cols = 24,
        .row_labels = days,
        .col_labels = hours,
        .unit = unit,
        .selected_row = selected_day,
        .selected_col = selected_hour < 0 ? -1 : (selected_hour - first_hour + 24) % 24,
    };
    chart_heat_draw(area, &heat);
}
