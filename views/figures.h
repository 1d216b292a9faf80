/*
 * Figures on panels: a metric's value, its change, what it opens, and tables of a dashboard as
 * lists and charts. Everything comes from the table of metrics, so a figure reads the same wherever
 * it stands.
 */
#ifndef ATRIUM_VIEWS_FIGURES_H
#define ATRIUM_VIEWS_FIGURES_H

#include "model/loop/drill.h"
#include "model/loop/loop.h"
#include "views/panels.h"

/* "▲ 4.1%", "▼ 1.7 pt", "=": the change and its colour; NULL where it cannot be said. */
const char *figure_change_text(struct arena *arena, const struct metric *metric,
                               const struct figure *now, const struct figure *before,
                               enum role *role);

/* Fills a value from a figure of the loop. `label` NULL: the metric's title. */
void figure_fill(struct panel_value *value, struct arena *arena, const struct stages *loop,
                 enum metric_id metric, const char *label);

/* The screen that shows what is behind a metric: "members" for people, else "behind". */
const char *figure_screen(enum metric_id metric);

/* The argument of that screen for a figure, or for its part in a dimension. */
char *figure_behind(struct arena *arena, enum metric_id metric, enum dimension dim, int64_t key);

/* Reads it back; false: not such an argument. */
bool figure_behind_parse(const char *argument, enum metric_id *metric, enum dimension *dim,
                         int64_t *key);

/* A metric's series by day as doubles, n = loop->n_days; NULL where there is none. */
const double *figure_series(struct arena *arena, const struct stages *loop, enum metric_id metric);

/* A tile: headline, its change and sparkline, and facts under it. */
struct panel *figure_tile(struct panels *panels, const struct stages *loop, const char *title,
                          const enum metric_id *metrics, size_t n, const char *const *labels);

/* A series by day as a column chart whose points open. */
struct panel *figure_days(struct panels *panels, const struct stages *loop, const char *title,
                          enum metric_id metric, enum stage stage);

/* The first `most` rows of a dashboard's table as a list: its first text column as label, the
 * column of `metric` as value and bar; `t` opens all of it. */
struct panel *figure_list(struct panels *panels, const struct board *board, const char *table,
                          const char *title, enum metric_id metric, size_t most);

#endif
