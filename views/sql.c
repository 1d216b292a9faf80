/* SQL: a read-only prompt over the documented views, and its result in the table. */
#include "model/sql/sql.h"

#include "model/base/text.h"
#include "tui/dialog.h"
#include "tui/edit.h"
#include "views/actions.h"
#include "views/cells.h"
#include "views/list.h"
#include "views/screens.h"
#include "views/session.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_SHOWN = 100000, SECONDS = 600 };

struct sql_state {
    struct list list;
    struct edit prompt;
    struct edit_history history;
    struct arena *completing; /* of the last Tab */
    bool writing;             /* the prompt has the keys */
};

struct sql_question {
    struct access access;
    char query[];
};

struct sql_answer {
    struct sheet *sheet;
    struct sql_summary summary;
};

static void *sql_ask(struct reader *reader, struct arena *arena, const void *parameters,
                     struct error *err)
{
    const struct sql_question *question = parameters;
    struct sql_limits limits = {.rows = ROWS_SHOWN, .seconds = SECONDS, .count_all = true};
    struct sql_answer *answer = arena_new_of(arena, struct sql_answer);
    return sql_sheet(reader, &question->access, question->query, &limits, arena, &answer->sheet,
                     &answer->summary, err) == ST_OK
               ? answer
               : NULL;
}

static void query_run(struct view *view)
{
    struct sql_state *state = view->state;
    const char *query = edit_text(&state->prompt);
    if (!*query)
        return;
    edit_remember(&state->prompt);
    session_history_add(view->console->session, "sql", query);
    size_t size = sizeof(struct sql_question) + strlen(query) + 1;
    struct sql_question *question = mem_zero(1, size);
    question->access = view->console->access;
    memcpy(question->query, query, strlen(query));
    view_ask(view, 0, _("SQL"), sql_ask, question, size);
    free(question);
}

static void complete(void *context, const char *text, size_t at,
                     struct edit_completions *completions)
{
    struct view *view = context;
    struct sql_state *state = view->state;
    const struct sql_candidate *candidates;
    size_t n, start;
    arena_reset(state->completing);
    sql_complete(&view->console->access, text, at, state->completing, &candidates, &n, &start);
    const char **items = arena_array(state->completing, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        items[i] = candidates[i].text;
    *completions = (struct edit_completions){.from = start, .items = items, .n = n};
}

/* The rows's every column, one a line: what does not fit the table is read here. */
static void sql_row_open(struct view *view, int64_t row)
{
    const struct sql_answer *answer = view_answer(view, 0);
    if (!answer || row < 0)
        return;
    const struct sheet *sheet = answer->sheet;
    struct arena *arena = arena_new();
    char *text = arena_strdup(arena, "");
    for (size_t k = 0; k < sheet->n_columns; k++)
        text = arena_printf(arena, "%s%s: %s\n", text, sheet->columns[k].name,
                            cell_for_people(arena, view->console->mall->zone, &sheet->columns[k],
                                            &sheet_row(sheet, (size_t)row)[k]));
    console_dialog(view->console, dialog_message(_("Row"), text, NULL, NULL));
    arena_free(arena);
}

static void sql_open(struct view *view)
{
    struct sql_state *state = view->state;
    enum { MOST = 100 };
    const char *lines[MOST];
    list_begin(&state->list, view, "sql", _("rows"));
    state->list.open = sql_row_open;
    size_t n = session_history(view->console->session, "sql", lines, MOST);
    while (n-- > 0)
        edit_history_add(&state->history, lines[n]);
    state->prompt.history = &state->history;
    state->prompt.complete = complete;
    state->prompt.context = view;
    state->completing = arena_new();
    state->writing = true;
    edit_set(&state->prompt, view->argument);
    if (*view->argument)
        query_run(view);
}

static void sql_close(struct view *view)
{
    struct sql_state *state = view->state;
    list_end(&state->list);
    edit_free(&state->prompt);
    edit_history_free(&state->history);
    arena_free(state->completing);
}

static void sql_answered(struct view *view, int slot)
{
    struct sql_state *state = view->state;
    const struct sql_answer *answer = view_answer(view, slot);
    const char *problem = view_problem(view, slot);
    if (problem || !answer) {
        state->writing = true;
        return;
    }
    list_show(&state->list, answer->sheet, NULL);
    state->writing = answer->sheet->n_rows == 0;
}

/* "23 rows in 0.02 s", or how many there are when not all are shown. */
static void summary_draw(const struct sql_answer *answer, struct area row, bool still)
{
    struct arena *arena = arena_new();
    const struct sql_summary *summary = &answer->summary;
    double seconds = (double)summary->elapsed_ns / 1e9;
    int at = draw_printf(row, 0, 0, ROLE_DIM, _("%s rows"), text_count(arena, summary->rows));
    if (!still)
        at += draw_printf(row, 0, at, ROLE_DIM, _(" in %.3f s"), seconds);
    if (summary->rows > (int64_t)answer->sheet->n_rows)
        at += draw_printf(row, 0, at, ROLE_WARN, _(", the first %s are shown"),
                          text_count(arena, (int64_t)answer->sheet->n_rows));
    if (!summary->complete)
        draw_text(row, 0, at, ROLE_WARN, _(", stopped before the end"));
    arena_free(arena);
}

/* What can be asked, while there is no result yet. */
static void views_draw(const struct console *console, struct area area)
{
    int row = 1;
    draw_text(area, 0, 0, ROLE_TITLE, _("Views to ask (Tab completes, Enter runs)"));
    for (size_t i = 0; i < n_sql_views && row < area.rows; i++) {
        const struct sql_view *sql_view = &sql_views[i];
        if (!access_may(&console->access, sql_view->rights))
            continue;
        draw_field(area, row, 0, 16, -1, ROLE_ACCENT, sql_view->name);
        draw_field(area, row++, 17, area.cols - 17, -1, ROLE_PLAIN, _(sql_view->summary));
        int at = 17;
        for (size_t k = 0; k < sql_view->n_columns && row < area.rows; k++) {
            const char *name = sql_view->columns[k].name;
            if (at + text_cells(name) + 1 > area.cols) {
                at = 17;
                row++;
            }
            at += draw_printf(area, row, at, ROLE_DIM, "%s ", name);
        }
        row++;
    }
}

static void sql_draw(struct view *view, struct area area)
{
    struct sql_state *state = view->state;
    const struct sql_answer *answer = view_answer(view, 0);
    const char *problem = view_problem(view, 0);
    struct area row = area_cut_top(&area, 1);
    int at = draw_text(row, 0, 0, ROLE_ACCENT, "select>") + 1;
    edit_draw(&state->prompt, row, 0, at, row.cols - at, ROLE_INPUT, state->writing);
    if (problem) {
        int used = draw_wrapped(area, 0, ROLE_ERROR, problem);
        area_cut_top(&area, used + 1);
    } else if (answer) {
        summary_draw(answer, area_cut_top(&area, 1), view->console->still);
    }
    if (answer)
        list_draw(&state->list, area, !state->writing);
    else if (view_asking(view, 0))
        draw_text(area, 0, 0, ROLE_DIM, _("counting … Ctrl-c stops"));
    else
        views_draw(view->console, area);
}

/* While the prompt has the keys only Enter, Esc and Down leave it; Ctrl- and function keys go on.
 */
static bool prompt_key(struct view *view, uint32_t key)
{
    struct sql_state *state = view->state;
    bool result = state->list.table != NULL;
    if (key == KEYS_ENTER) {
        query_run(view);
        return true;
    }
    if (key == KEYS_ESC || (key == KEYS_DOWN && result && !*edit_text(&state->prompt))) {
        state->writing = false;
        return key != KEYS_ESC || result;
    }
    if (key == (KEYS_CTRL | 'c') && view_asking(view, 0))
        return false;
    return edit_key(&state->prompt, view->console->loop, key) != EDIT_IGNORED;
}

static bool sql_key(struct view *view, uint32_t key)
{
    struct sql_state *state = view->state;
    return state->writing ? prompt_key(view, key) : list_key(&state->list, key);
}

static bool sql_action(struct view *view, int id, const char *argument)
{
    struct sql_state *state = view->state;
    if (id == ACTION_SQL_EDIT) {
        state->writing = true;
        return true;
    }
    return list_action(&state->list, id, argument);
}

const struct view_ops view_sql = {
    .name = "sql",
    .title = N_("SQL"),
    .about = N_("One SELECT over the documented views. Nothing can be changed here. Esc goes from "
                "the prompt to the result, a back to the prompt."),
    .number = 9,
    .rights = RIGHT_SQL,
    .size = sizeof(struct sql_state),
    .open = sql_open,
    .close = sql_close,
    .draw = sql_draw,
    .action = sql_action,
    .key = sql_key,
    .answered = sql_answered,
};
