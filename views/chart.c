/* A chart of a dashboard as its table; its argument is "perceive:zones". */
#include "model/loop/board_small.h"
#include "model/loop/metric.h"
#include "views/dashboard.h"
#include "views/figures.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <stdio.h>
#include <string.h>

struct chart_question {
    struct access access;
    enum stage stage;
    struct loop_query query;
    char table[32];
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

/* The first column that opens by the row's key. */
static enum metric_id metric_to_open(const struct board_table *table)
{
    for (size_t k = 0; table->keys && k < table->sheet->n_columns; k++)
        if (table->cell_metric[k] != METRIC_END && metric_has(table->cell_metric[k], table->dim))
            return table->cell_metric[k];
    return METRIC_END;
}

static void rows_fill(struct sheet_answer *answer, struct arena *arena,
                      const struct board_table *table)
{
    size_t n = table->sheet->n_rows;
    enum metric_id metric = metric_to_open(table);
    uint64_t *keys = arena_array(arena, uint64_t, n + 1);
    answer->sheet = (struct sheet *)table->sheet;
    answer->title = _(table->title);
    answer->metric = -1;
    for (size_t k = 0; k < table->sheet->n_columns && answer->metric < 0; k++)
        if (table->cell_metric[k] != METRIC_END)
            answer->metric = (int)table->cell_metric[k];
    answer->open = metric == METRIC_END ? NULL : arena_array(arena, const char *, n + 1);
    answer->screen = metric == METRIC_END ? NULL : figure_screen(metric);
    for (size_t i = 0; table->keys && i < n; i++) {
        keys[i] = (uint64_t)table->keys[i];
        if (answer->open)
            answer->open[i] = figure_behind(arena, metric, table->dim, table->keys[i]);
    }
    answer->keys = table->keys ? keys : NULL;
}

static void *chart_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    const struct chart_question *question = parameters;
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    struct board *board = NULL;
    if (board_run(reader, arena, question->stage, &question->query, &board, err) != ST_OK)
        return NULL;
    board_hide_small(&question->access, board, arena);
    const struct board_table *table = board_table(board, question->table);
    if (!table) {
        error_set(err, ST_USAGE, "there is no table '%s'", question->table);
        return NULL;
    }
    rows_fill(answer, arena, table);
    return answer;
}

static void chart_refresh(struct view *view)
{
    struct chart_question question = {.access = view->console->access,
                                      .query = dashboard_query(view->console, 0)};
    const char *table = strchr(view->argument, ':');
    snprintf(question.table, sizeof question.table, "%s", table ? table + 1 : "");
    if (stage_of(view->argument, &question.stage))
        view_ask(view, 0, _("counting"), chart_ask, &question, sizeof question);
}

static void chart_open(struct view *view)
{
    sheet_view_open(view, view->argument, _("rows"));
}

const struct view_ops view_chart = {
    .name = "chart",
    .title = N_("Table"),
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct sheet_state),
    .open = chart_open,
    .close = sheet_view_close,
    .refresh = chart_refresh,
    .draw = sheet_view_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
