/*
 * A dashboard is a set of panels of figures, lists, series and heat maps, laid out in a grid that
 * folds to one column on a narrow terminal. A screen fills the panels from its answer; this module
 * draws them, moves the focus, and says which figure is meant when `Enter`, `i` or `t` is pressed.
 */
#ifndef ATRIUM_VIEWS_PANELS_H
#define ATRIUM_VIEWS_PANELS_H

#include "model/base/arena.h"
#include "tui/draw.h"

#include <stdbool.h>
#include <stdint.h>

/* One number. Texts live as long as the arena of its panels; NULL texts are not drawn. */
struct panel_value {
    const char *label;
    const char *text;
    const char *change; /* "▲ 4.1%", signed; its colour is change_role */
    enum role change_role;
    bool dim;           /* too few people behind it */
    double bar;         /* 0..1 of the row's width; negative: no bar */
    double mark;        /* a place in the bar to compare with, 0..1; negative: none */
    const char *detail; /* what a screen with its own `i` says of it; NULL: nothing */
    int metric;         /* enum metric_id, for `i`; negative: not a figure */
    const char *screen; /* what Enter opens, with this argument; NULL: nothing behind it */
    const char *argument;
};

enum panel_kind {
    PANEL_TILE,   /* values[0] large with its change and the series under it, the rest small */
    PANEL_FACTS,  /* label and value pairs */
    PANEL_LIST,   /* one row a value: label, bar, text, change */
    PANEL_SERIES, /* a column chart of `series`; values[i] belongs to point i */
    PANEL_HEAT,   /* heat_rows × heat_cols values, row by row, shaded by `heat` */
    PANEL_ALERTS, /* one line a value: label, and where it leads at the right (text) */
};

struct panel {
    enum panel_kind kind;
    const char *title;
    const char *note;  /* dim, at the title's right */
    const char *empty; /* said when there are no values; NULL: nothing in this period */
    struct panel_value *values;
    size_t n_values;
    const double *series; /* NaN: unknown */
    const double *usual;  /* drawn dim beside the series, or NULL */
    size_t n_series;
    const char *const *labels; /* under a series' columns or a heat map's; NULL entries: none */
    const double *heat;
    size_t heat_rows, heat_cols;
    const char *const *heat_row_labels;
    const char *flow; /* PANEL_TILE: the rate to the next tile, drawn at its right */
    bool flow_dim;
    const char *table;        /* what `t` opens: the argument of table_screen; NULL: none */
    const char *table_screen; /* NULL: "chart" */
    int span;                 /* columns of the 12-column grid on a wide screen */
    int span_medium; /* below 96 columns; 0: as wide. Below 60 every panel has the row alone */
    int rows;        /* height wanted at least, title included; 0: all its values */
};

struct grid_row;

struct panels {
    struct arena *arena; /* of the panels in force; owned by whoever fills them */
    struct panel *at;
    size_t n;
    /* Kept when the panels are filled anew. */
    size_t focus; /* panel */
    size_t item;  /* value of it */
    int scroll;   /* rows above the area */
    struct panel_place {
        int row, col, rows, cols;
    } * places;            /* of the last layout, in the arena */
    struct grid_row *grid; /* where a layout is worked out, in the arena */
    int height, seen_rows;
};

/* Empties the set for new panels in this arena; the focus stays where it is. */
void panels_begin(struct panels *panels, struct arena *arena, size_t most);

/* The next panel with `n_values` empty values, to be filled in place. */
struct panel *panels_add(struct panels *panels, enum panel_kind kind, const char *title,
                         size_t n_values);

void panels_draw(struct panels *panels, struct area area);

enum panels_move {
    PANELS_UP,
    PANELS_DOWN,
    PANELS_LEFT,
    PANELS_RIGHT,
    PANELS_NEXT,
    PANELS_BACK,
    PANELS_FIRST,
    PANELS_LAST,
    PANELS_PAGE_UP,
    PANELS_PAGE_DOWN,
};

/* Moves the focus; false when there is nothing in that direction. */
bool panels_move(struct panels *panels, enum panels_move move);

/* The panel and the value with the focus, NULL for none. */
const struct panel *panels_panel(const struct panels *panels);
const struct panel_value *panels_value(const struct panels *panels);

#endif
