/* Rules by which points are earned, and terms of how long they live: a list to edit. */
#include "model/campaign/points_rules.h"

#include "tui/dialog.h"
#include "views/actions.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMN_WHAT, COLUMN_NAME, RULE_COLUMNS = 9 };

static const struct sheet_column columns[] = {
    {.name = "what", .title = N_("what"), .type = CELL_TEXT},
    {.name = "name", .title = N_("name"), .type = CELL_TEXT},
    {.name = "points", .title = N_("points for 100 yuan"), .type = CELL_COUNT},
    {.name = "factor", .title = N_("times"), .type = CELL_REAL},
    {.name = "shops", .title = N_("shops"), .type = CELL_TEXT},
    {.name = "tier", .title = N_("tier"), .type = CELL_TEXT},
    {.name = "weekdays", .title = N_("weekdays"), .type = CELL_TEXT},
    {.name = "from", .title = N_("from"), .type = CELL_DAY},
    {.name = "to", .title = N_("to"), .type = CELL_DAY},
    {.name = "priority", .title = N_("priority"), .type = CELL_COUNT},
    {.name = "months", .title = N_("months good"), .type = CELL_COUNT},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void *rules_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    const struct sheet *rules = points_rules_sheet(reader, arena, err);
    const struct sheet *terms = rules ? points_terms_sheet(reader, arena, err) : NULL;
    (void)parameters;
    if (!terms)
        return NULL;
    struct sheet *sheet = answer->sheet = sheet_new(arena, columns, COLUMNS);
    for (size_t i = 0; i < rules->n_rows; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[COLUMN_WHAT] = cell_text(_("rule"));
        memcpy(cells + COLUMN_NAME, sheet_row(rules, i), RULE_COLUMNS * sizeof *cells);
    }
    for (size_t i = 0; i < terms->n_rows; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[COLUMN_WHAT] = cell_text(_("terms"));
        cells[COLUMN_NAME] = sheet_row(terms, i)[0];
        cells[COLUMNS - 1] = sheet_row(terms, i)[1];
    }
    answer->screen = "points-rule";
    answer->open = arena_array(arena, const char *, sheet->n_rows + 1);
    for (size_t i = 0; i < sheet->n_rows; i++)
        answer->open[i] = arena_printf(arena, "%s %s", i < rules->n_rows ? "rule" : "terms",
                                       sheet_row(sheet, i)[COLUMN_NAME].text);
    answer->metric = -1;
    return answer;
}

static void rules_refresh(struct view *view)
{
    view_ask(view, 0, _("rules"), rules_ask, NULL, 0);
}

static void rules_open(struct view *view)
{
    sheet_view_open(view, "points-rules", _("rules"));
}

static void rules_draw(struct view *view, struct area area)
{
    const struct sheet_answer *answer = view_answer(view, 0);
    if (answer && !answer->sheet->n_rows && !view_problem(view, 0))
        draw_wrapped(area, 0, ROLE_DIM,
                     _("Points are earned by no rule yet, and live for ever. a writes a rule, m "
                       "terms of how long points live."));
    else
        sheet_view_draw(view, area);
}

/* ---- Removing ---- */

struct removal {
    struct console *console;
    char *line; /* "rule NAME" */
};

static void removal_done(void *context, struct dialog *dialog, bool accepted)
{
    struct removal *r = context;
    bool rule = strncmp(r->line, "rule ", 5) == 0;
    (void)dialog;
    if (accepted)
        console_change(r->console, rule ? "points_rule" : "points_terms", strchr(r->line, ' ') + 1,
                       OPERATION_DELETE, -1, NULL, NULL);
    free(r->line);
    free(r);
}

static void removal_ask(struct view *view)
{
    const struct sheet_answer *answer = view_answer(view, 0);
    const struct list *list = &((struct sheet_state *)view->state)->list;
    int64_t row = answer && list->table ? list_selected(list) : -1;
    if (row < 0 || !console_may(view->console, RIGHT_CAMPAIGN_APPROVE))
        return;
    struct removal *r = mem_zero(1, sizeof *r);
    *r = (struct removal){view->console, mem_strdup(answer->open[row])};
    console_dialog(view->console, dialog_confirm(_("Remove"), strchr(r->line, ' ') + 1, _("Remove"),
                                                 removal_done, r));
}

static bool rules_action(struct view *view, int id, const char *argument)
{
    if (id == ACTION_POINTS_RULE_NEW || id == ACTION_POINTS_TERMS_NEW) {
        if (console_may(view->console, RIGHT_CAMPAIGN_APPROVE))
            console_open(view->console, "points-rule",
                         id == ACTION_POINTS_RULE_NEW ? "rule " : "terms ");
        return true;
    }
    if (id == ACTION_POINTS_RULE_DROP) {
        removal_ask(view);
        return true;
    }
    return sheet_view_action(view, id, argument);
}

static bool rules_key(struct view *view, uint32_t key)
{
    const struct list *list = &((struct sheet_state *)view->state)->list;
    return list->table ? sheet_view_key(view, key) : false;
}

const struct view_ops view_points_rules = {
    .name = "points-rules",
    .title = N_("Rules of points"),
    .about =
        N_("How points are earned and how long they live. Of the rules that give points and fit a "
           "receipt the one with the highest priority counts; of the factors of other rules and "
           "running campaigns only the largest. Points expire by the terms that were in force "
           "when they were earned. Enter edits, a writes a rule, m terms, d removes."),
    .rights = RIGHT_PEOPLE_SEE,
    .size = sizeof(struct sheet_state),
    .open = rules_open,
    .close = sheet_view_close,
    .refresh = rules_refresh,
    .draw = rules_draw,
    .action = rules_action,
    .key = rules_key,
    .answered = sheet_view_answered,
};
