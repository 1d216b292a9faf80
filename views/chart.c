/* A chart of a dashboard as its table; its argument is "perceive:zones". */
#include "model/loop/metric.h"
#include "views/actions.h"
#include "views/dashboard.h"
#include "views/figures.h"
#include "views/list.h"
#include "views/screens.h"

#include <stdlib.h>
#include <string.h>

struct chart_state {
    struct list list;
    const struct board_table *table; /* of the answer in slot 0 */
    uint64_t *keys;
};

struct chart_question {
    enum stage stage;
    struct loop_query query;
};

static bool stage_of(const char *argument, enum stage *stage)
{
    for (int i = 0; i < STAGE_COUNT; i++) {
        size_t n = strlen(stage_names[i]);
        if (strncmp(argument, stage_names[i], n) == 0 && argument[n] == ':') {
            *stage = (enum stage)i;
            return true;
        }
    }
    return false;
}

static void *chart_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    const struct chart_question *question = parameters;
    struct board *board = NULL;
    return board_run(reader, arena, question->stage, &question->query, &board, err) == ST_OK ? board
                                                                                             : NULL;
}

static void chart_refresh(struct view *view)
{
    struct chart_question question = {.query = dashboard_query(view->console, 0)};
    if (stage_of(view->argument, &question.stage))
        view_ask(view, 0, _("counting"), chart_ask, &question, sizeof question);
}

/* The first column that opens by the row's key. */
static enum metric_id metric_to_open(const struct board_table *table)
{
    for (size_t k = 0; table && table->keys && k < table->sheet->n_columns; k++)
        if (table->cell_metric[k] != METRIC_END && metric_has(table->cell_metric[k], table->dim))
            return table->cell_metric[k];
    return METRIC_END;
}

static void chart_row_open(struct view *view, int64_t row)
{
    const struct chart_state *state = view->state;
    enum metric_id metric = metric_to_open(state->table);
    if (metric == METRIC_END || row < 0) {
        console_say(view->console, "%s", _("nothing is behind this row"));
        return;
    }
    struct arena *arena = arena_new();
    console_open(view->console, figure_screen(metric),
                 figure_behind(arena, metric, state->table->dim, state->table->keys[row]));
    arena_free(arena);
}

static void chart_open(struct view *view)
{
    struct chart_state *state = view->state;
    list_begin(&state->list, view, view->argument, _("rows"));
    state->list.open = chart_row_open;
    chart_refresh(view);
}

static void chart_close(struct view *view)
{
    struct chart_state *state = view->state;
    list_end(&state->list);
    free(state->keys);
}

static void chart_answered(struct view *view, int slot)
{
    struct chart_state *state = view->state;
    const struct board *board = view_answer(view, slot);
    const char *id = strchr(view->argument, ':');
    if (!board || !id)
        return;
    state->table = board_table(board, id + 1);
    if (!state->table)
        return;
    size_t n = state->table->sheet->n_rows;
    free(state->keys);
    state->keys = state->table->keys ? mem_zero(n, sizeof *state->keys) : NULL;
    for (size_t i = 0; state->keys && i < n; i++)
        state->keys[i] = (uint64_t)state->table->keys[i];
    list_show(&state->list, state->table->sheet, state->keys);
}

static void chart_draw(struct view *view, struct area area)
{
    struct chart_state *state = view->state;
    const char *problem = view_problem(view, 0);
    if (problem)
        draw_wrapped(area, 0, ROLE_ERROR, problem);
    else
        list_draw(&state->list, area, true);
}

static bool chart_key(struct view *view, uint32_t key)
{
    return list_key(&((struct chart_state *)view->state)->list, key);
}

static bool chart_action(struct view *view, int id, const char *argument)
{
    struct chart_state *state = view->state;
    if (id == ACTION_LIST_INFO && state->table) {
        for (size_t k = 0; k < state->table->sheet->n_columns; k++)
            if (state->table->cell_metric[k] != METRIC_END) {
                dashboard_explain(view->console, (int)state->table->cell_metric[k], NULL, NULL);
                return true;
            }
    }
    return list_action(&state->list, id, argument);
}

static const char *chart_subtitle(struct view *view)
{
    const struct chart_state *state = view->state;
    return state->table ? _(state->table->title) : view->argument;
}

const struct view_ops view_chart = {
    .name = "chart",
    .title = N_("Table"),
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct chart_state),
    .open = chart_open,
    .close = chart_close,
    .refresh = chart_refresh,
    .draw = chart_draw,
    .action = chart_action,
    .key = chart_key,
    .answered = chart_answered,
    .subtitle = chart_subtitle,
};
