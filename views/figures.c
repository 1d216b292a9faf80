#include "views/figures.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "tui/intl.h"
#include "views/cells.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *figure_change_text(struct arena *arena, const struct metric *metric,
                               const struct figure *now, const struct figure *before,
                               enum role *role)
{
    double change;
    bool points;
    if (!figure_change(metric, now, before, &change, &points))
        return NULL;
    double shown = fabs(change) * 100;
    *role = ROLE_DIM;
    if (shown < 0.05)
        return "=";
    bool up = change > 0;
    if (metric->better != BETTER_NEITHER)
        *role = up == (metric->better == BETTER_UP) ? ROLE_UP : ROLE_DOWN;
    return arena_printf(arena, "%s %.*f%s", symbol(up ? SYMBOL_UP : SYMBOL_DOWN),
                        shown >= 1000 ? 0 : 1, shown, points ? _(" pt") : "%");
}

const char *figure_screen(enum metric_id metric)
{
    return metrics[metric].behind == BEHIND_PEOPLE ? "members" : "behind";
}

char *figure_behind(struct arena *arena, enum metric_id metric, enum dimension dim, int64_t key)
{
    if (dim == DIM_NONE)
        return arena_strdup(arena, metrics[metric].name);
    return arena_printf(arena, "%s:%s=%" PRId64, metrics[metric].name, dimension_name(dim), key);
}

bool figure_behind_parse(const char *argument, enum metric_id *metric, enum dimension *dim,
                         int64_t *key)
{
    const char *colon = strchr(argument, ':');
    size_t n = colon ? (size_t)(colon - argument) : strlen(argument);
    *metric = METRIC_END;
    *dim = DIM_NONE;
    *key = 0;
    for (int i = 0; i < METRIC_END; i++)
        if (strlen(metrics[i].name) == n && strncmp(metrics[i].name, argument, n) == 0)
            *metric = (enum metric_id)i;
    if (*metric == METRIC_END || !colon)
        return *metric != METRIC_END;
    const char *equals = strchr(colon, '=');
    if (!equals || !text_to_int64(equals + 1, strlen(equals + 1), key))
        return false;
    for (int d = DIM_DAY; d < DIM_COUNT; d++) {
        const char *name = dimension_name((enum dimension)d);
        if (strlen(name) == (size_t)(equals - colon) - 1 &&
            strncmp(name, colon + 1, strlen(name)) == 0)
            *dim = (enum dimension)d;
    }
    return *dim != DIM_NONE;
}

void figure_fill(struct panel_value *value, struct arena *arena, const struct stages *loop,
                 enum metric_id id, const char *label)
{
    const struct metric *metric = &metrics[id];
    const struct figure *now = &loop->now[id];
    value->label = label ? label : _(metric->title);
    value->text = figure_text(arena, metric, now);
    value->dim = now->small || !now->known;
    value->metric = (int)id;
    value->screen = figure_screen(id);
    value->argument = figure_behind(arena, id, DIM_NONE, 0);
    if (loop->compared)
        value->change =
            figure_change_text(arena, metric, now, &loop->before[id], &value->change_role);
}

const double *figure_series(struct arena *arena, const struct stages *loop, enum metric_id metric)
{
    const int64_t *values = loop->series[metric];
    if (!values || !loop->n_days)
        return NULL;
    double scale = metrics[metric].unit == METRIC_UNIT_MONEY ? 0.01 : 1;
    double *series = arena_array(arena, double, loop->n_days);
    for (size_t i = 0; i < loop->n_days; i++)
        series[i] = (double)values[i] * scale;
    return series;
}

struct panel *figure_tile(struct panels *panels, const struct stages *loop, const char *title,
                          const enum metric_id *ids, size_t n, const char *const *labels)
{
    struct panel *panel = panels_add(panels, PANEL_TILE, title, n);
    for (size_t i = 0; i < n; i++)
        figure_fill(&panel->values[i], panels->arena, loop, ids[i], labels ? labels[i] : NULL);
    panel->series = figure_series(panels->arena, loop, ids[0]);
    panel->n_series = panel->series ? loop->n_days : 0;
    if (panel->series)
        panel->table = arena_printf(panels->arena, "%s:days", stage_names[metrics[ids[0]].stage]);
    return panel;
}

/* "1 Oct" under the first of a month and every Monday; the rest unlabelled. */
static const char *day_label(struct arena *arena, int32_t day, bool first)
{
    int year, month, date;
    date_civil(day, &year, &month, &date);
    bool wanted = first || date == 1 || date_weekday(day) == 0;
    return wanted ? arena_printf(arena, "%d/%d", month, date) : NULL;
}

static const char *day_text(struct arena *arena, const struct metric *metric, int64_t value)
{
    struct figure figure = {.known = true, .integer = value, .real = (double)value};
    return figure_text(arena, metric, &figure);
}

struct panel *figure_days(struct panels *panels, const struct stages *loop, const char *title,
                          enum metric_id id, enum stage stage)
{
    struct arena *arena = panels->arena;
    const int64_t *values = loop->series[id];
    size_t n = values ? loop->n_days : 0;
    struct panel *panel = panels_add(panels, PANEL_SERIES, title, n);
    panel->series = figure_series(arena, loop, id);
    panel->n_series = n;
    const char **labels = arena_array(arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        int32_t day = loop->period.first_day + (int32_t)i;
        labels[i] = day_label(arena, day, i == 0);
        panel->values[i].label = date_text(arena, day);
        panel->values[i].text = day_text(arena, &metrics[id], values[i]);
        panel->values[i].metric = (int)id;
        if (metric_has(id, DIM_DAY)) {
            panel->values[i].screen = figure_screen(id);
            panel->values[i].argument = figure_behind(arena, id, DIM_DAY, day);
        }
    }
    panel->labels = labels;
    panel->table = arena_printf(arena, "%s:days", stage_names[stage]);
    panel->rows = 8;
    return panel;
}

/* The column of a table that shows a metric; the table's width when there is none. */
static size_t metric_column(const struct board_table *table, enum metric_id metric)
{
    size_t k = 0;
    while (k < table->sheet->n_columns && table->cell_metric[k] != metric)
        k++;
    return k;
}

static const char *cell_figure(struct arena *arena, const struct metric *metric,
                               enum cell_type type, const struct cell *cell)
{
    if (cell->hidden)
        return cell_for_people(arena, NULL, &(struct sheet_column){.type = type}, cell);
    struct figure figure = {.known = cell->known};
    figure.real = cell_number(type, cell);
    figure.integer = type == CELL_REAL || type == CELL_SHARE ? 0 : cell->integer;
    return figure_text(arena, metric, &figure);
}

static bool is_text(const struct board_table *table, const struct cell *cells, size_t column)
{
    return column < table->sheet->n_columns && table->sheet->columns[column].type == CELL_TEXT &&
           cells[column].known && *cells[column].text;
}

/* A shop's name rather than its code; two words where both tell rows apart (zone and category). */
static const char *row_label(const struct board_table *table, const struct cell *cells)
{
    if (table->dim == DIM_TENANT && is_text(table, cells, 1))
        return cells[1].text;
    return is_text(table, cells, 0) ? word_translated(table->sheet->columns[0].title, cells[0].text)
                                    : _("(none)");
}

static void list_row(struct panel_value *value, struct arena *arena,
                     const struct board_table *table, size_t row, size_t column, double most)
{
    const struct cell *cells = sheet_row(table->sheet, row);
    enum cell_type type = table->sheet->columns[column].type;
    enum metric_id id = table->cell_metric[column];
    value->label = row_label(table, cells);
    value->text = cell_figure(arena, &metrics[id], type, &cells[column]);
    value->bar = cells[column].known && most > 0 ? cell_number(type, &cells[column]) / most : 0;
    value->metric = (int)id;
    if (table->keys && metric_has(id, table->dim)) {
        value->screen = figure_screen(id);
        value->argument = figure_behind(arena, id, table->dim, table->keys[row]);
    }
}

struct panel *figure_list(struct panels *panels, const struct board *board, const char *name,
                          const char *title, enum metric_id metric, size_t most)
{
    const struct board_table *table = board_table(board, name);
    size_t column = table ? metric_column(table, metric) : 0;
    bool found = table && column < table->sheet->n_columns;
    size_t n = 0;
    size_t *rows = arena_array(panels->arena, size_t, most);
    for (size_t i = 0; found && i < table->sheet->n_rows && n < most; i++)
        if (table->dim != DIM_TENANT || !table->keys || table->keys[i]) /* 0: of no shop */
            rows[n++] = i;
    struct panel *panel = panels_add(panels, PANEL_LIST, title, n);
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        const struct cell *cell = &sheet_row(table->sheet, rows[i])[column];
        double value = cell->known ? cell_number(table->sheet->columns[column].type, cell) : 0;
        largest = value > largest ? value : largest;
    }
    for (size_t i = 0; i < n; i++)
        list_row(&panel->values[i], panels->arena, table, rows[i], column, largest);
    panel->note = found ? _(metrics[metric].title) : NULL;
    panel->table = arena_printf(panels->arena, "%s:%s", stage_names[board->stage], name);
    return panel;
}
