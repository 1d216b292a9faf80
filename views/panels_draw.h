/* How each kind of panel is drawn and measured; used by panels.c. */
#ifndef ATRIUM_VIEWS_PANELS_DRAW_H
#define ATRIUM_VIEWS_PANELS_DRAW_H

#include "views/panels.h"

struct panel_paint {
    const struct panel *panel;
    struct area area; /* may reach beyond `clip` when the dashboard is scrolled */
    struct area clip;
    int item;         /* the focused value, -1: none */
    bool last_in_row; /* no panel at its right */
};

/* Rows that show the whole panel, title included. */
int panel_rows(const struct panel *panel);

/* The row inside the panel on which a value stands. */
int panel_value_row(const struct panel *panel, size_t item);

void panel_paint(const struct panel_paint *paint);

#endif
