/* Layout and focus of panels; panels_draw.c draws each kind. */
#include "views/panels.h"

#include "views/panels_draw.h"

enum { GRID = 12, WIDE = 96, NARROW = 60, GAP = 2 };

/* One row of the grid: panels [from, to), its fewest and fullest height. */
struct grid_row {
    size_t from, to;
    int least, full, rows;
};

void panels_begin(struct panels *panels, struct arena *arena, size_t most)
{
    panels->arena = arena;
    panels->at = arena_array(arena, struct panel, most);
    panels->places = arena_array(arena, struct panel_place, most);
    panels->grid = arena_array(arena, struct grid_row, most);
    panels->n = 0;
}

struct panel *panels_add(struct panels *panels, enum panel_kind kind, const char *title,
                         size_t n_values)
{
    struct panel *panel = &panels->at[panels->n++];
    *panel = (struct panel){
        .kind = kind,
        .title = title,
        .n_values = n_values,
        .values = arena_array(panels->arena, struct panel_value, n_values),
        .span = GRID,
    };
    for (size_t i = 0; i < n_values; i++) {
        panel->values[i].bar = panel->values[i].mark = -1;
        panel->values[i].metric = -1;
    }
    return panel;
}

static int panel_span(const struct panel *panel, int cols)
{
    if (cols < NARROW)
        return GRID;
    return cols < WIDE && panel->span_medium ? panel->span_medium : panel->span;
}

/* The rows that fit everything, and the fewest that are useful. */
static int rows_full(const struct panel *panel)
{
    int full = panel_rows(panel);
    return full > panel->rows ? full : panel->rows;
}

static int rows_least(const struct panel *panel)
{
    int full = rows_full(panel);
    return panel->rows && panel->rows < full ? panel->rows : full;
}

static size_t grid_rows(const struct panels *panels, int cols, struct grid_row *rows)
{
    size_t n = 0;
    int used = GRID + 1;
    for (size_t i = 0; i < panels->n; i++) {
        int span = panel_span(&panels->at[i], cols);
        if (used + span > GRID) {
            rows[n++] = (struct grid_row){.from = i, .to = i};
            used = 0;
        }
        struct grid_row *row = &rows[n - 1];
        int least = rows_least(&panels->at[i]), full = rows_full(&panels->at[i]);
        row->to = i + 1;
        row->least = least > row->least ? least : row->least;
        row->full = full > row->full ? full : row->full;
        used += span;
    }
    return n;
}

/* What is left over of the height goes to the rows that have more to show, a row at a time. */
static void rows_stretch(struct grid_row *rows, size_t n, int height)
{
    for (size_t i = 0; i < n; i++) {
        rows[i].rows = rows[i].least;
        height -= rows[i].least + (i ? 1 : 0);
    }
    for (bool more = true; more && height > 0;) {
        more = false;
        for (size_t i = 0; i < n && height > 0; i++)
            if (rows[i].rows < rows[i].full) {
                rows[i].rows++;
                height--;
                more = true;
            }
    }
}

static void row_place(struct panels *panels, const struct grid_row *row, int top, int cols)
{
    int used = 0, spans = 0;
    for (size_t i = row->from; i < row->to; i++)
        spans += panel_span(&panels->at[i], cols);
    int grid = spans < GRID && cols >= NARROW ? GRID : spans;
    for (size_t i = row->from; i < row->to; i++) {
        int span = panel_span(&panels->at[i], cols);
        int left = (cols + GAP) * used / grid, right = (cols + GAP) * (used + span) / grid - GAP;
        panels->places[i] = (struct panel_place){top, left, row->rows, right - left};
        used += span;
    }
}

static void panels_lay(struct panels *panels, struct area area)
{
    struct grid_row *rows = panels->grid;
    size_t n = grid_rows(panels, area.cols, rows);
    rows_stretch(rows, n, area.rows);
    int top = 0;
    for (size_t i = 0; i < n; i++) {
        row_place(panels, &rows[i], top, area.cols);
        top += rows[i].rows + 1;
    }
    panels->height = top > 0 ? top - 1 : 0;
}

/* The row of the focused value inside its panel. */
static int value_row(const struct panels *panels)
{
    const struct panel *panel = &panels->at[panels->focus];
    return panel_value_row(panel, panels->item);
}

static void scroll_to_focus(struct panels *panels, int rows)
{
    if (panels->n == 0)
        return;
    const struct panel_place *place = &panels->places[panels->focus];
    int top = panels->item == 0 ? place->row : place->row + value_row(panels);
    int bottom = place->row + value_row(panels) + 1;
    if (place->rows <= rows)
        bottom = place->row + place->rows;
    if (panels->scroll + rows < bottom)
        panels->scroll = bottom - rows;
    if (panels->scroll > top)
        panels->scroll = top;
    int most = panels->height - rows;
    panels->scroll = panels->scroll > most ? most : panels->scroll;
    panels->scroll = panels->scroll < 0 ? 0 : panels->scroll;
}

static void focus_clamp(struct panels *panels)
{
    if (panels->focus >= panels->n)
        panels->focus = panels->n ? panels->n - 1 : 0;
    if (!panels->n)
        return;
    size_t n = panels->at[panels->focus].n_values;
    if (panels->item >= n)
        panels->item = n ? n - 1 : 0;
}

void panels_draw(struct panels *panels, struct area area)
{
    if (!area.col)
        area.cols--; /* no margin: one for the mark of what is below */
    focus_clamp(panels);
    panels_lay(panels, area);
    scroll_to_focus(panels, area.rows);
    panels->seen_rows = area.rows;
    for (size_t i = 0; i < panels->n; i++) {
        const struct panel_place *place = &panels->places[i];
        int row = place->row - panels->scroll;
        if (row + place->rows <= 0 || row >= area.rows)
            continue;
        struct panel_paint paint = {
            .panel = &panels->at[i],
            .area = {area.row + row, area.col + place->col, place->rows, place->cols},
            .clip = area,
            .item = i == panels->focus ? (int)panels->item : -1,
            .last_in_row = i + 1 == panels->n || panels->places[i + 1].row != place->row,
        };
        panel_paint(&paint);
    }
    if (panels->scroll + area.rows < panels->height)
        draw_below(area, ROLE_DIM);
}

/* A panel with something to focus. */
static bool focusable(const struct panels *panels, size_t i)
{
    return panels->at[i].n_values > 0;
}

static bool focus_step(struct panels *panels, int by)
{
    for (size_t i = panels->focus + (size_t)by; i < panels->n; i += (size_t)by)
        if (focusable(panels, i)) {
            panels->focus = i;
            panels->item = 0;
            return true;
        }
    return false;
}

/* The nearest panel beside this one: rows overlap, or the nearest in the next row of the grid. */
static bool focus_beside(struct panels *panels, int down, int right)
{
    const struct panel_place *here = &panels->places[panels->focus];
    int x = here->col + here->cols / 2, best = 1 << 30;
    size_t found = panels->n;
    for (size_t i = 0; i < panels->n; i++) {
        const struct panel_place *p = &panels->places[i];
        int dy = p->row - here->row, dx = p->col - here->col;
        bool beside = right ? dy == 0 && dx * right > 0 : dy * down > 0;
        if (!beside || !focusable(panels, i))
            continue;
        int away =
            right ? dx * right : dy * down * 1000 + (p->col <= x && x < p->col + p->cols ? 0 : 500);
        if (away < best) {
            best = away;
            found = i;
        }
    }
    if (found == panels->n)
        return false;
    panels->focus = found;
    panels->item =
        down < 0 && panels->at[found].kind == PANEL_LIST ? panels->at[found].n_values - 1 : 0;
    return true;
}

/* Steps through the values of the focused panel; false at its edge. */
static bool item_step(struct panels *panels, int down, int right)
{
    const struct panel *panel = &panels->at[panels->focus];
    long step = panel->kind == PANEL_HEAT     ? down * (long)panel->heat_cols + right
                : panel->kind == PANEL_SERIES ? right
                                              : down;
    long next = (long)panels->item + step;
    if (!step || next < 0 || next >= (long)panel->n_values)
        return false;
    bool wraps = panel->kind == PANEL_HEAT && right &&
                 next / (long)panel->heat_cols != (long)panels->item / (long)panel->heat_cols;
    if (wraps)
        return false;
    panels->item = (size_t)next;
    return true;
}

static bool page(struct panels *panels, int by)
{
    bool moved = false;
    for (int rows = panels->seen_rows / 2; rows > 0; rows--)
        moved |= item_step(panels, by, 0) || focus_beside(panels, by, 0);
    return moved;
}

bool panels_move(struct panels *panels, enum panels_move move)
{
    if (!panels->n)
        return false;
    switch (move) {
    case PANELS_UP:
        return item_step(panels, -1, 0) || focus_beside(panels, -1, 0);
    case PANELS_DOWN:
        return item_step(panels, 1, 0) || focus_beside(panels, 1, 0);
    case PANELS_LEFT:
        return item_step(panels, 0, -1) || focus_beside(panels, 0, -1) || focus_step(panels, -1);
    case PANELS_RIGHT:
        return item_step(panels, 0, 1) || focus_beside(panels, 0, 1) || focus_step(panels, 1);
    case PANELS_NEXT:
        return focus_step(panels, 1);
    case PANELS_BACK:
        return focus_step(panels, -1);
    case PANELS_FIRST:
        panels->focus = panels->item = 0;
        return true;
    case PANELS_LAST:
        panels->focus = panels->n - 1;
        panels->item = 0;
        return true;
    case PANELS_PAGE_UP:
        return page(panels, -1);
    case PANELS_PAGE_DOWN:
        return page(panels, 1);
    }
    return false;
}

const struct panel *panels_panel(const struct panels *panels)
{
    return panels->focus < panels->n ? &panels->at[panels->focus] : NULL;
}

const struct panel_value *panels_value(const struct panels *panels)
{
    const struct panel *panel = panels_panel(panels);
    return panel && panels->item < panel->n_values ? &panel->values[panels->item] : NULL;
}
