#include "views/campaign_result_draw.h"

#include "tui/text.h"
#include "tui/theme.h"

#include <math.h>

struct scale {
    double low, high;
    int cells;
};

static int place_of(const struct scale *scale, double value)
{
    double part = (value - scale->low) / (scale->high - scale->low);
    int at = (int)floor(part * (scale->cells - 1) + 0.5);
    return at < 0 ? 0 : at >= scale->cells ? scale->cells - 1 : at;
}

/* ├───●───┤ with a dim line where 0 is. */
static void interval_draw(struct area area, int row, int col, const struct scale *scale,
                          const struct interval_row *what)
{
    bool ascii = theme_ascii();
    if (scale->low < 0 && scale->high > 0)
        draw_text(area, row, col + place_of(scale, 0), ROLE_DIM, ascii ? ":" : "┊");
    if (isnan(what->middle))
        return;
    if (!isnan(what->interval.low)) {
        int from = place_of(scale, what->interval.low), to = place_of(scale, what->interval.high);
        for (int c = from; c <= to; c++)
            draw_text(area, row, col + c, what->role,
                      c == from ? (ascii ? "|" : "├")
                      : c == to ? (ascii ? "|" : "┤")
                                : (ascii ? "-" : "─"));
    }
    draw_text(area, row, col + place_of(scale, what->middle), what->role, ascii ? "o" : "●");
}

int intervals_draw(struct area area, const struct interval_row *rows, size_t n, double low,
                   double high)
{
    int label = 0, text = 0, used = 0;
    for (size_t i = 0; i < n; i++) {
        int l = text_cells(rows[i].label), t = text_cells(rows[i].text);
        label = l > label ? l : label;
        text = t > text ? t : text;
    }
    struct scale scale = {low, high > low ? high : low + 1, area.cols - label - text - 4};
    for (size_t i = 0; i < n && used < area.rows; i++, used++) {
        draw_text(area, used, 0, ROLE_PLAIN, rows[i].label);
        if (scale.cells >= 8)
            interval_draw(area, used, label + 2, &scale, &rows[i]);
        draw_text(area, used, area.cols - text_cells(rows[i].text), rows[i].role, rows[i].text);
    }
    return used;
}
