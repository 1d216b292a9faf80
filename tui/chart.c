#include "tui/chart.h"

#include "tui/chart_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const bar_blocks[9] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};

int chart_eighths(double value, double max, int cells)
{
    double eighths;

    if (!isfinite(value) || !isfinite(max) || value <= 0 || max <= 0 || cells <= 0)
        return 0;
    eighths = floor(8.0 * cells * (value / max) + 0.5);
    if (eighths < 1)
        return 1;
    return eighths > 8.0 * cells ? 8 * cells : (int)eighths;
}

double chart_max(const double *values, size_t n)
{
    double max = 0;

    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i]) && values[i] > max)
            max = values[i];
    return max;
}

void chart_number(double value, char *text, size_t size)
{
    char plain[64];
    size_t digits, at = 0;

    if (!isfinite(value)) {
        snprintf(text, size, "%s", symbol(SYMBOL_NONE));
        return;
    }
    if (fabs(value) < 99.95 && fabs(value - round(value)) >= 0.05) {
        snprintf(text, size, "%.1f", value);
        return;
    }
    snprintf(plain, sizeof plain, "%.0f", fabs(value) < 0.5 ? 0 : value);
    if (plain[0] == '-' && size > 1)
        text[at++] = '-';
    digits = strlen(plain + at);
    for (size_t i = 0; i < digits && at + 2 < size; i++) {
        if (i > 0 && (digits - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = plain[(plain[0] == '-') + i];
    }
    text[at] = '\0';
}

/* --- Bars --- */

void chart_bar_cells(struct buffer *out, double value, double max, int cells, bool ascii)
{
    int eighths = chart_eighths(value, max, cells);

    if (isnan(value) && cells > 0) {
        buffer_puts(out, ascii ? "?" : "·");
        for (int i = 1; i < cells; i++)
            buffer_puts(out, " ");
        return;
    }
    for (int i = 0; i < cells; i++) {
        int part = eighths - 8 * i;

        part = part < 0 ? 0 : part > 8 ? 8 : part;
        if (ascii)
            buffer_puts(out, part == 0 ? " " : part < 4 ? "-" : "#");
        else
            buffer_puts(out, bar_blocks[part]);
    }
}

void chart_bar_draw(struct area area, int row, int col, int cells, enum role role, double value,
                    double max)
{
    struct buffer out = {0};

    chart_bar_cells(&out, value, max, cells, theme_ascii());
    draw_text(area, row, col, isnan(value) ? ROLE_DIM : role, buffer_text(&out));
    buffer_free(&out);
}

int chart_scroll(size_t n, int rows, int selected)
{
    if (selected < rows || rows <= 0)
        return 0;
    return (size_t)selected >= n ? (int)n - rows : selected - rows + 1;
}

static void widen(int *cells, const char *text)
{
    int n = text ? text_cells(text) : 0;

    if (n > *cells)
        *cells = n;
}

struct chart_columns chart_columns_fit(struct chart_columns want, int cells)
{
    struct chart_columns fit = want;
    int third = cells / 3;

    if (fit.label > third && fit.label + fit.text + 2 > cells / 2)
        fit.label = third;
    fit.bar = cells;
    for (int keep = 3; keep >= 0; keep--) {
        fit.note = keep > 2 ? want.note : 0;
        fit.share = keep > 1 ? want.share : 0;
        fit.text = keep > 0 ? want.text : 0;
        fit.bar = cells - (fit.label ? fit.label + 1 : 0) - (fit.text ? fit.text + 1 : 0) -
                  (fit.share ? fit.share + 2 : 0) - (fit.note ? fit.note + 2 : 0);
        if (fit.bar >= (keep > 1 ? 10 : 4))
            return fit;
    }
    fit.bar = 0;
    fit.text = want.text + fit.label + 1 <= cells ? want.text : 0;
    return fit;
}

int chart_bars_draw(struct area area, const struct chart_bar *bars, size_t n, double max,
                    int selected)
{
    struct chart_columns want = {0};
    int first = chart_scroll(n, area.rows, selected), row = 0;

    for (size_t i = 0; i < n; i++) {
        widen(&want.label, bars[i].label);
        widen(&want.text, bars[i].text);
        widen(&want.note, bars[i].note);
        if (max <= 0 || (bars[i].value > max && isfinite(bars[i].value)))
            max = isfinite(bars[i].value) ? bars[i].value : max;
    }
    struct chart_columns fit = chart_columns_fit(want, area.cols);
    for (size_t i = (size_t)first; i < n && row < area.rows; i++, row++) {
        const struct chart_bar *bar = &bars[i];
        int col = 0;

        draw_field(area, row, col, fit.label, -1, ROLE_PLAIN, bar->label ? bar->label : "");
        col += fit.label ? fit.label + 1 : 0;
        chart_bar_draw(area, row, col, fit.bar, bar->role == ROLE_PLAIN ? ROLE_BAR : bar->role,
                       bar->value, max);
        col += fit.bar + 1;
        draw_field(area, row, col, fit.text, 1, ROLE_STRONG, bar->text ? bar->text : "");
        col += fit.text + 2;
        draw_field(area, row, col, fit.note, -1, bar->note_role, bar->note ? bar->note : "");
        if ((int)i == selected) {
            draw_mark(area, row, 0, fit.label, ROLE_SELECTED);
            draw_cursor(area, row, 0);
        }
    }
    return row;
}

/* --- Sparkline --- */

const char *chart_column_cell(int eighths, bool ascii)
{
    static const char *const blocks[9] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const letters[9] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};

    return (ascii ? letters : blocks)[eighths < 0 ? 0 : eighths > 8 ? 8 : eighths];
}

double chart_bucket(const double *values, size_t n, int cell, int cells)
{
    size_t from, to, known = 0;
    double sum = 0;

    if (n <= (size_t)cells) {
        int blank = cells - (int)n;
        return cell < blank ? NAN : values[cell - blank];
    }
    from = (size_t)((unsigned long long)cell * n / (unsigned)cells);
    to = (size_t)((unsigned long long)(cell + 1) * n / (unsigned)cells);
    for (size_t i = from; i < to; i++)
        if (isfinite(values[i])) {
            sum += values[i];
            known++;
        }
    return known ? sum / (double)known : NAN;
}

void chart_spark_cells(struct buffer *out, const double *values, size_t n, int cells, bool ascii)
{
    double max = 0;

    for (int i = 0; i < cells; i++) {
        double value = chart_bucket(values, n, i, cells);
        if (isfinite(value) && value > max)
            max = value;
    }
    for (int i = 0; i < cells; i++) {
        double value = chart_bucket(values, n, i, cells);

        if (n < (size_t)cells && i < cells - (int)n)
            buffer_puts(out, " ");
        else if (!isfinite(value))
            buffer_puts(out, ascii ? "?" : "·");
        else
            buffer_puts(out, chart_column_cell(chart_eighths(value, max, 1), ascii));
    }
}

void chart_spark_draw(struct area area, int row, int col, int cells, enum role role,
                      const double *values, size_t n)
{
    struct buffer out = {0};

    chart_spark_cells(&out, values, n, cells, theme_ascii());
    draw_text(area, row, col, role, buffer_text(&out));
    buffer_free(&out);
}
