/* One function a kind of panel; panel_paint picks it. */
#include "views/panels_draw.h"

#include "tui/chart.h"
#include "tui/intl.h"

#include <string.h>

enum { TILE_SPARK_ROW = 3, LONGEST_BAR = 48 };
enum { NARROW = 60, WIDEST_GAP = 12 }; /* in narrower panels values stand at the edge */

/* Facts beside the headline of a tile: values from the second on, one a row. */
static int tile_rows(const struct panel *panel)
{
    int rest = panel->n_values > 1 ? (int)panel->n_values - 1 : 0;
    return 3 + (panel->n_series ? 1 : 0) + rest;
}

int panel_rows(const struct panel *panel)
{
    switch (panel->kind) {
    case PANEL_TILE:
        return tile_rows(panel);
    case PANEL_SERIES:
        return 8;
    case PANEL_HEAT:
        return 1 + (int)panel->heat_rows + 2;
    case PANEL_FACTS:
    case PANEL_LIST:
    case PANEL_ALERTS:
        break;
    }
    return 1 + (panel->n_values ? (int)panel->n_values : 1);
}

int panel_value_row(const struct panel *panel, size_t item)
{
    if (panel->kind == PANEL_HEAT)
        return panel->heat_cols ? 2 + (int)(item / panel->heat_cols) : 1;
    if (panel->kind == PANEL_SERIES)
        return 1;
    if (panel->kind == PANEL_TILE && item > 0)
        return TILE_SPARK_ROW + (panel->n_series ? 1 : 0) + (int)item - 1;
    return 1 + (int)item;
}

/* The rows of the panel's area that are inside the clip. */
static struct area visible(const struct panel_paint *paint)
{
    struct area a = paint->area, c = paint->clip;
    int top = a.row < c.row ? c.row : a.row;
    int bottom = a.row + a.rows < c.row + c.rows ? a.row + a.rows : c.row + c.rows;
    return (struct area){top, a.col, bottom - top, a.cols};
}

/* One row of the panel as an area; empty when it is scrolled away. */
static struct area panel_row(const struct panel_paint *paint, int row)
{
    struct area a = {paint->area.row + row, paint->area.col, 1, paint->area.cols};
    bool seen = row < paint->area.rows && a.row >= paint->clip.row &&
                a.row < paint->clip.row + paint->clip.rows;
    if (!seen)
        a.rows = 0;
    return a;
}

static void title_draw(const struct panel_paint *paint)
{
    const struct panel *panel = paint->panel;
    struct area row = panel_row(paint, 0);
    int used = draw_text(row, 0, 0, ROLE_TITLE, panel->title);
    const char *right = panel->kind == PANEL_TILE ? NULL : panel->note;
    if (right && used + 2 + text_cells(right) <= row.cols)
        draw_text(row, 0, row.cols - text_cells(right), ROLE_DIM, right);
}

static enum role value_role(const struct panel_value *value, enum role role)
{
    return value->dim ? ROLE_DIM : role;
}

/* Marks the focused row and puts the hardware cursor on it. */
static void focus_mark(const struct panel_paint *paint, int row, int col, int cells)
{
    struct area a = panel_row(paint, row);
    if (a.rows <= 0)
        return;
    draw_mark(a, 0, col, cells, ROLE_SELECTED);
    draw_cursor(a, 0, col);
}

/* "text label" with the text strong, then its change. Returns the cells used. */
static int headline_draw(struct area row, int col, const struct panel_value *value, enum role role)
{
    int at = col;
    at += draw_text(row, 0, at, value_role(value, role), value->text);
    if (value->label) {
        at += draw_text(row, 0, at, ROLE_PLAIN, " ");
        at += draw_printf(row, 0, at, value_role(value, ROLE_PLAIN), "%s", value->label);
    }
    return at - col;
}

/* The rate to the next stage, above an arrow at the tile's right edge. */
static void flow_draw(const struct panel_paint *paint)
{
    const struct panel *panel = paint->panel;
    if (!panel->flow)
        return;
    enum role role = panel->flow_dim ? ROLE_DIM : ROLE_ACCENT;
    int cells = text_cells(panel->flow);
    struct area top = panel_row(paint, 0), under = panel_row(paint, 1);
    draw_text(top, 0, top.cols - cells, role, panel->flow);
    const char *arrow = symbol(SYMBOL_FLOW);
    draw_text(under, 0, under.cols - text_cells(arrow), ROLE_DIM, arrow);
}

static void tile_draw(const struct panel_paint *paint)
{
    const struct panel *panel = paint->panel;
    if (!panel->n_values)
        return;
    const struct panel_value *head = &panel->values[0];
    struct area row = panel_row(paint, 1);
    row.cols -= panel->flow ? text_cells(symbol(SYMBOL_FLOW)) + 1 : 0;
    int used = headline_draw(row, 0, head, ROLE_STRONG);
    if (paint->item == 0)
        focus_mark(paint, 1, 0, used < row.cols ? used : row.cols);
    struct area change = panel_row(paint, 2);
    int at = 0;
    if (head->change)
        at += draw_text(change, 0, 0, head->change_role, head->change) + 2;
    if (panel->note)
        draw_text(change, 0, at, ROLE_DIM, panel->note);
    int next = TILE_SPARK_ROW;
    if (panel->n_series) {
        struct area spark = panel_row(paint, next++);
        int cells = spark.cols - (paint->last_in_row ? 0 : 1);
        chart_spark_draw(spark, 0, 0, cells < (int)panel->n_series ? cells : (int)panel->n_series,
                         ROLE_BAR, panel->series, panel->n_series);
    }
    for (size_t i = 1; i < panel->n_values; i++, next++) {
        const struct panel_value *value = &panel->values[i];
        struct area fact = panel_row(paint, next);
        int text = text_cells(value->text), room = fact.cols - text - 1;
        int label = text_cells(value->label);
        label = label < room ? label : room;
        draw_field(fact, 0, 0, label, -1, value_role(value, ROLE_DIM), value->label);
        draw_text(fact, 0, label + 1, value_role(value, ROLE_PLAIN), value->text);
        int col = label + 1 + text;
        if (value->change && col + 1 + text_cells(value->change) <= fact.cols)
            col += 1 + draw_text(fact, 0, col + 1, value->change_role, value->change);
        if (paint->item == (int)i)
            focus_mark(paint, next, 0, col < fact.cols ? col : fact.cols);
    }
}

static int cells_of(const char *text)
{
    return text ? text_cells(text) : 0;
}

/* On a wide screen no fact is further from its name than an eye follows. */
static int facts_cols(const struct panel *panel, int cols)
{
    int label = 0, text = 0;
    for (size_t i = 0; i < panel->n_values; i++) {
        const struct panel_value *v = &panel->values[i];
        int own = cells_of(v->text) + (v->change ? cells_of(v->change) + 1 : 0);
        label = cells_of(v->label) > label ? cells_of(v->label) : label;
        text = own > text ? own : text;
    }
    int wanted = label + WIDEST_GAP + text;
    return cols < NARROW || wanted > cols ? cols : wanted;
}

static void facts_draw(const struct panel_paint *paint)
{
    const struct panel *panel = paint->panel;
    int cols = facts_cols(panel, paint->area.cols);
    for (size_t i = 0; i < panel->n_values; i++) {
        const struct panel_value *value = &panel->values[i];
        struct area row = panel_row(paint, 1 + (int)i);
        row.cols = cols;
        int change = value->change ? cells_of(value->change) + 1 : 0;
        int text = cells_of(value->text);
        int label = row.cols - text - change - 1;
        draw_field(row, 0, 0, label, -1, value_role(value, ROLE_DIM),
                   value->label ? value->label : "");
        draw_text(row, 0, label + 1, value_role(value, ROLE_PLAIN), value->text ? value->text : "");
        if (value->change)
            draw_text(row, 0, row.cols - change + 1, value->change_role, value->change);
        if (paint->item == (int)i)
            focus_mark(paint, 1 + (int)i, 0, row.cols);
    }
}

/* Widths of the columns of a list: label, bar, text, change. */
struct list_columns {
    int label, bar, text, change;
};

static struct list_columns list_columns(const struct panel *panel, int cols)
{
    struct list_columns c = {0};
    bool bars = false;
    for (size_t i = 0; i < panel->n_values; i++) {
        const struct panel_value *v = &panel->values[i];
        int label = cells_of(v->label), text = cells_of(v->text);
        int change = cells_of(v->change);
        c.label = label > c.label ? label : c.label;
        c.text = text > c.text ? text : c.text;
        c.change = change > c.change ? change : c.change;
        bars |= v->bar >= 0;
    }
    int rest = cols - c.label - c.text - 2 - (c.change ? c.change + 1 : 0);
    if (bars && rest > 5)
        c.bar = rest - 1 < LONGEST_BAR ? rest - 1 : LONGEST_BAR;
    else if (bars || rest < WIDEST_GAP || c.label + rest < NARROW)
        c.label += rest;
    else
        c.label += WIDEST_GAP; /* on a wide screen the number stays near its label */
    if (c.label < 4)
        c.label = 4;
    return c;
}

/* The first row shown, so that the focused one is in sight. */
static size_t list_first(const struct panel_paint *paint, int rows)
{
    size_t n = paint->panel->n_values;
    if ((int)n <= rows || paint->item < rows)
        return 0;
    size_t first = (size_t)(paint->item - rows + 1);
    return first + (size_t)rows > n ? n - (size_t)rows : first;
}

/* There are more rows than the panel has room for. */
static void more_draw(const struct panel_paint *paint, size_t first, int rows)
{
    if (first + (size_t)rows >= paint->panel->n_values || rows <= 0)
        return;
    draw_below(panel_row(paint, rows), ROLE_DIM);
}

/* A thin line where the value compared with would end. */
static void bar_mark_draw(struct area row, int at, int cells, double mark)
{
    int place = (int)(mark * cells + 0.5);
    place = place < 0 ? 0 : place >= cells ? cells - 1 : place;
    draw_text(row, 0, at + place, ROLE_ACCENT, symbol(SYMBOL_VLINE));
}

static void list_draw(const struct panel_paint *paint)
{
    const struct panel *panel = paint->panel;
    struct list_columns c = list_columns(panel, paint->area.cols);
    int rows = paint->area.rows - 1;
    size_t first = list_first(paint, rows);
    for (int i = 0; i < rows && first + (size_t)i < panel->n_values; i++) {
        const struct panel_value *v = &panel->values[first + (size_t)i];
        struct area row = panel_row(paint, 1 + i);
        draw_field(row, 0, 0, c.label, -1, value_role(v, ROLE_PLAIN), v->label ? v->label : "");
        int at = c.label + 1;
        if (c.bar && v->bar >= 0)
            chart_bar_draw(row, 0, at, c.bar, ROLE_BAR, v->bar, 1);
        if (c.bar && v->mark >= 0)
            bar_mark_draw(row, at, c.bar, v->mark);
        at += c.bar ? c.bar + 1 : 0;
        draw_field(row, 0, at, c.text, 1, value_role(v, ROLE_PLAIN), v->text ? v->text : "");
        if (v->change)
            draw_field(row, 0, at + c.text + 1, c.change, 1, v->change_role, v->change);
        if (paint->item == (int)first + i)
            focus_mark(paint, 1 + i, 0, row.cols);
    }
    more_draw(paint, first, rows);
}

static void alerts_draw(const struct panel_paint *paint)
{
    const struct panel *panel = paint->panel;
    int rows = paint->area.rows - 1;
    size_t first = list_first(paint, rows);
    for (int i = 0; i < rows && first + (size_t)i < panel->n_values; i++) {
        const struct panel_value *v = &panel->values[first + (size_t)i];
        struct area row = panel_row(paint, 1 + i);
        int right = v->text ? text_cells(v->text) : 0;
        int at = draw_text(row, 0, 0, v->change_role, v->change ? v->change : "") + 1;
        draw_field(row, 0, at, row.cols - at - right - 3, -1, ROLE_PLAIN, v->label);
        if (v->text)
            draw_text(row, 0, row.cols - right - 2, ROLE_ACCENT, v->text);
        if (paint->item == (int)first + i)
            focus_mark(paint, 1 + i, 0, row.cols - 2);
    }
    more_draw(paint, first, rows);
}

/* What the focused point or cell says, under the chart. */
static void reading_draw(const struct panel_paint *paint, int row)
{
    const struct panel *panel = paint->panel;
    if (paint->item < 0 || (size_t)paint->item >= panel->n_values)
        return;
    const struct panel_value *v = &panel->values[paint->item];
    struct area a = panel_row(paint, row);
    if (a.rows <= 0)
        return;
    int title = text_cells(panel->title) + 2;
    int used = 1 + text_cells(v->label ? v->label : "") + text_cells(v->text ? v->text : "");
    int col = a.cols - used > title ? a.cols - used : title;
    int at = col + draw_text(a, 0, col, ROLE_ACCENT, v->label ? v->label : "");
    draw_text(a, 0, at + 1, ROLE_STRONG, v->text ? v->text : "");
}

static void series_draw(const struct panel_paint *paint)
{
    const struct panel *panel = paint->panel;
    struct area area = visible(paint);
    if (area.row > paint->area.row) /* its head is scrolled away: what is left says nothing */
        return;
    area_cut_top(&area, 1);
    struct chart_series series = {
        .values = panel->series,
        .before = panel->usual,
        .n = panel->n_series,
        .labels = panel->labels,
        .selected = paint->item,
    };
    chart_series_draw(area, &series);
    reading_draw(paint, 0);
}

static void heat_draw(const struct panel_paint *paint)
{
    const struct panel *panel = paint->panel;
    struct area area = visible(paint);
    if (area.row > paint->area.row)
        return;
    area_cut_top(&area, 1);
    struct chart_heat heat = {
        .values = panel->heat,
        .rows = (int)panel->heat_rows,
        .cols = (int)panel->heat_cols,
        .row_labels = panel->heat_row_labels,
        .col_labels = panel->labels,
        .selected_row = paint->item < 0 ? -1 : paint->item / (int)panel->heat_cols,
        .selected_col = paint->item < 0 ? -1 : paint->item % (int)panel->heat_cols,
    };
    chart_heat_draw(area, &heat);
    reading_draw(paint, 0);
}

void panel_paint(const struct panel_paint *paint)
{
    static void (*const kinds[])(const struct panel_paint *) = {
        [PANEL_TILE] = tile_draw,     [PANEL_FACTS] = facts_draw, [PANEL_LIST] = list_draw,
        [PANEL_SERIES] = series_draw, [PANEL_HEAT] = heat_draw,   [PANEL_ALERTS] = alerts_draw,
    };
    title_draw(paint);
    if (paint->panel->kind == PANEL_TILE)
        flow_draw(paint);
    if (!paint->panel->n_values && !paint->panel->n_series && paint->panel->kind != PANEL_ALERTS)
        draw_text(panel_row(paint, 1), 0, 0, ROLE_DIM,
                  paint->panel->empty ? paint->panel->empty : _("nothing in this period"));
    else
        kinds[paint->panel->kind](paint);
}
