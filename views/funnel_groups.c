/* All groups of a funnel as a table; without groups its steps. Its argument is a plan's line. */
#include "model/base/intl.h"
#include "views/funnel_view.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <stdlib.h>

static void row_fill(const struct funnel_query *query, const struct funnel_step *steps,
                     struct cell *cells)
{
    size_t n = query->n_steps;
    bool money = query->measure == FUNNEL_AMOUNT;
    for (size_t i = 0; i < n; i++)
        cells[i] = steps[i].hidden ? cell_hidden(steps[i].below)
                                   : cell_integer(money ? steps[i].amount : steps[i].count);
    if (!steps[0].hidden && !steps[n - 1].hidden)
        cells[n] = cell_share((double)steps[n - 1].count, (double)steps[0].count);
    if (steps[n - 1].timed)
        cells[n + 1] = cell_integer((int64_t)(steps[n - 1].median_s + 0.5));
}

static struct sheet *groups_sheet(struct arena *arena, const struct funnel_answer *answer)
{
    const struct funnel_query *query = &answer->plan.query;
    const struct funnel *funnel = &answer->funnel;
    size_t n = query->n_steps;
    struct sheet_column *columns = arena_array(arena, struct sheet_column, n + 3);
    columns[0] = (struct sheet_column){
        "group", query->by ? funnel_by_names[query->by] : N_("group"), CELL_TEXT};
    for (size_t i = 0; i < n; i++)
        columns[i + 1] = (struct sheet_column){
            arena_printf(arena, "step_%zu", i + 1),
            arena_printf(arena, "%zu %s", i + 1,
                         answer->built_in ? _(answer->labels[i]) : answer->labels[i]),
            query->measure == FUNNEL_AMOUNT ? CELL_MONEY : CELL_COUNT};
    columns[n + 1] = (struct sheet_column){"whole", N_("whole way"), CELL_SHARE};
    columns[n + 2] = (struct sheet_column){"median_s", N_("last step, median"), CELL_DURATION};
    struct sheet *sheet = sheet_new(arena, columns, n + 3);
    struct cell *all = sheet_row_add(sheet);
    all[0] = cell_text(_("all"));
    row_fill(query, funnel->steps, all + 1);
    for (size_t g = 0; g < funnel->n_groups; g++) {
        const struct funnel_group *group = &funnel->groups[g];
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(*group->name ? group->name : NULL);
        row_fill(query, group->steps, cells + 1);
    }
    return sheet;
}

static void *groups_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    struct sheet_answer *rows = arena_new_of(arena, struct sheet_answer);
    const struct funnel_answer *answer = funnel_view_ask(reader, arena, parameters, err);
    if (!answer)
        return NULL;
    const struct funnel_query *query = &answer->plan.query;
    rows->sheet = groups_sheet(arena, answer);
    rows->title =
        arena_printf(arena, "%s · %s", query->by ? _(funnel_by_names[query->by]) : _("no groups"),
                     funnel_view_rules(arena, query));
    rows->metric = -1;
    return rows;
}

static void groups_refresh(struct view *view)
{
    struct funnel_question *question = mem_zero(1, sizeof *question);
    if (funnel_question_make(view->console, view->argument, question))
        view_ask_early(view, 0, _("funnel"), groups_ask, question, sizeof *question);
    free(question);
}

static void groups_open(struct view *view)
{
    sheet_view_open(view, "funnel-groups", _("groups"));
}

const struct view_ops view_funnel_groups = {
    .name = "funnel-groups",
    .title = N_("Groups"),
    .about = N_("Every group of the funnel: how many came to each step, the share that made the "
                "whole way, and how long the last step took. Groups go by the first step's event, "
                "or by the person."),
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct sheet_state),
    .open = groups_open,
    .close = sheet_view_close,
    .refresh = groups_refresh,
    .draw = sheet_view_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
