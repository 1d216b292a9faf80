#include "tui/chart_parts.h"

#include <math.h>
#include <stdlib.h>

static void widen(int *cells, const char *text)
{
    int n = text ? text_cells(text) : 0;

    if (n > *cells)
        *cells = n;
}

static struct chart_columns funnel_columns(const struct chart_step *steps, size_t n, int cells,
                                           double *max)
{
    struct chart_columns want = {0};

    *max = 0;
    for (size_t i = 0; i < n; i++) {
        widen(&want.label, steps[i].label);
        widen(&want.text, steps[i].text);
        widen(&want.share, steps[i].share);
        widen(&want.note, steps[i].note);
        if (isfinite(steps[i].value) && steps[i].value > *max)
            *max = steps[i].value;
    }
    want.label += n > 9 ? 3 : 2;
    return chart_columns_fit(want, cells);
}

/* A text of exactly `cells` cells, cut with "…" or padded. */
static void put_field(struct buffer *out, const char *text, int cells, int align)
{
    char *clean = text_clean(text ? text : "", cells);
    int pad = cells - text_cells(clean);

    for (int i = 0; align > 0 && i < pad; i++)
        buffer_puts(out, " ");
    buffer_puts(out, clean);
    for (int i = 0; align <= 0 && i < pad; i++)
        buffer_puts(out, " ");
    free(clean);
}

static void step_label(struct buffer *out, const struct chart_step *step, size_t i, size_t n)
{
    buffer_clear(out);
    buffer_printf(out, n > 9 ? "%2zu %s" : "%zu %s", i + 1, step->label ? step->label : "");
}

void chart_funnel_cells(struct buffer *out, const struct chart_step *steps, size_t n, int cells,
                        bool ascii)
{
    double max;
    struct chart_columns fit = funnel_columns(steps, n, cells, &max);
    struct buffer label = {0};

    for (size_t i = 0; i < n; i++) {
        int used = fit.label + (fit.label ? 1 : 0) + fit.bar;

        step_label(&label, &steps[i], i, n);
        put_field(out, buffer_text(&label), fit.label, -1);
        if (fit.label)
            buffer_puts(out, " ");
        chart_bar_cells(out, steps[i].value, max, fit.bar, ascii);
        if (fit.text) {
            buffer_puts(out, fit.bar ? " " : "");
            put_field(out, steps[i].text, fit.text, 1);
            used += fit.text + (fit.bar ? 1 : 0);
        }
        if (fit.share) {
            buffer_puts(out, "  ");
            put_field(out, steps[i].share, fit.share, 1);
            used += fit.share + 2;
        }
        if (fit.note) {
            buffer_puts(out, "  ");
            put_field(out, steps[i].note, fit.note, -1);
            used += fit.note + 2;
        }
        for (; used < cells; used++)
            buffer_puts(out, " ");
        buffer_puts(out, "\n");
    }
    buffer_free(&label);
}

int chart_funnel_draw(struct area area, const struct chart_step *steps, size_t n, int selected)
{
    double max;
    struct chart_columns fit = funnel_columns(steps, n, area.cols, &max);
    int first = chart_scroll(n, area.rows, selected), row = 0;
    struct buffer label = {0};

    for (size_t i = (size_t)first; i < n && row < area.rows; i++, row++) {
        const struct chart_step *step = &steps[i];
        int col = fit.label + (fit.label ? 1 : 0);

        step_label(&label, step, i, n);
        draw_field(area, row, 0, fit.label, -1, ROLE_PLAIN, buffer_text(&label));
        chart_bar_draw(area, row, col, fit.bar, ROLE_BAR, step->value, max);
        col += fit.bar + (fit.bar ? 1 : 0);
        draw_field(area, row, col, fit.text, 1, ROLE_STRONG, step->text ? step->text : "");
        col += fit.text + 2;
        draw_field(area, row, col, fit.share, 1, step->warn ? ROLE_WARN : ROLE_PLAIN,
                   step->share ? step->share : "");
        col += fit.share + (fit.share ? 2 : 0);
        draw_field(area, row, col, fit.note, -1, ROLE_DIM, step->note ? step->note : "");
        if ((int)i == selected) {
            draw_mark(area, row, 0, fit.label, ROLE_SELECTED);
            draw_cursor(area, row, 0);
        }
    }
    buffer_free(&label);
    return row;
}
