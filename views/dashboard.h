/*
 * What all dashboards share: panels filled anew from each answer, moving about in them, opening
 * what is behind a figure, saying what it means, and showing a chart as its table.
 */
#ifndef ATRIUM_VIEWS_DASHBOARD_H
#define ATRIUM_VIEWS_DASHBOARD_H

#include "model/loop/loop.h"
#include "views/console.h"
#include "views/panels.h"

/* First in the state of every dashboard's view. */
struct dashboard {
    struct panels panels;
    struct arena *arena; /* of the panels in force */
    /* Pressed before the panels they are meant for were there; done when the answer is. */
    int waiting[32];
    size_t n_waiting;
};

/* Frees the panels; for the view's close. */
void dashboard_end(struct dashboard *dashboard);

/* A fresh arena for filling the panels again; the old panels are freed. */
struct panels *dashboard_begin(struct dashboard *dashboard);

/* Draws panels, or what is being waited for, or why there is nothing. `slot` is of the exact
 * answer. */
void dashboard_draw(struct view *view, struct area area, int slot);

/* Actions of the scope "panels". While the exact answer in `slot` is still on its way, a move
 * beyond the panels there are, and what follows it, waits for that answer. */
bool dashboard_action(struct view *view, int slot, int id);

/* The panels were filled from the exact answer: what waited is done. */
void dashboard_ready(struct view *view, int slot);

/* The query that stands for the console's period and comparison. */
struct loop_query dashboard_query(const struct console *console, unsigned stages);

/* Whether an answer is of the console's period and comparison: one of the period before is not
 * shown under the new one's title. */
bool dashboard_fits(const struct console *console, const struct stages *stages);

/* What a metric means, as a dialog: definition, its value, the question that reproduces it. */
void dashboard_explain(struct console *console, int metric, const char *label, const char *text);

#endif
