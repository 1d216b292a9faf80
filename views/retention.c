/* Retention: cohorts by period and how many came back in each period after, or how much money they
 * brought; up to the end of the console's period. Cells whose time has not passed are marked. */
#include "model/base/text.h"
#include "model/event/sample.h"
#include "model/loop/estimate.h"
#include "model/question/expr.h"
#include "tui/chart.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/console.h"
#include "views/retention_view.h"
#include "views/screens.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERIODS = RETENTION_SHOWN, LEFT = 11, SIZE = RETENTION_SIZE, CELL = RETENTION_CELL };

struct retention_question {
    struct retention_choice choice;
    int64_t from, to;
    struct access access;
};

static void events_split(struct arena *arena, const char *events, const char **start,
                         const char **back)
{
    const char *arrow = strstr(events, "->");
    *start = arrow ? arena_strndup(arena, events, (size_t)(arrow - events)) : events;
    *back = arrow ? arrow + 2 : events;
}

static void *retention_ask(struct reader *reader, struct arena *arena, const void *parameters,
                           struct error *err)
{
    const struct retention_question *question = parameters;
    const struct retention_choice *choice = &question->choice;
    struct retention *answer = arena_new_of(arena, struct retention);
    struct retention_query query = {
        .period = choice->length,
        .periods = PERIODS,
        .on_or_after = choice->on_or_after,
        .rolling = choice->rolling,
        .first_time = !choice->every_time,
        .from = question->from,
        .to = question->to,
        .by = choice->by,
        .access = &question->access,
    };
    events_split(arena, choice->events, &query.start, &query.back);
    enum status status = retention_bind(reader, arena, &question->access, &query, err);
    if (status == ST_OK)
        status = retention_run(reader, arena, &query, answer, err);
    if (status != ST_OK)
        return NULL;
    retention_estimate(arena, sample_share(reader), answer);
    return answer;
}

/* As many cohorts as periods, the last being that of the console's period's end. */
static struct retention_question question_of(const struct view *view)
{
    const struct retention_state *state = view->state;
    const struct console *console = view->console;
    const struct clock *clock = &console->mall->clock;
    int32_t last = bucket_of_day(state->choice.length, clock_day(clock, console->period.until - 1));
    return (struct retention_question){
        .choice = state->choice,
        .access = console->access,
        .from = clock_day_start(clock, bucket_first_day(state->choice.length, last - PERIODS + 1)),
        .to = clock_day_start(clock, bucket_first_day(state->choice.length, last + 1)),
    };
}

static void retention_refresh(struct view *view)
{
    struct retention_question question = question_of(view);
    view_ask_early(view, 0, _("retention"), retention_ask, &question, sizeof question);
}

static void retention_open(struct view *view)
{
    struct retention_state *state = view->state;
    view->scopes[view->n_scopes++] = "grid";
    state->choice.length = BUCKET_MONTH;
    snprintf(state->choice.events, RETENTION_EVENTS, "%s",
             *view->argument ? view->argument : "purchase");
    retention_refresh(view);
}

/* The first cohort that holds somebody is selected. */
static void retention_answered(struct view *view, int slot)
{
    struct retention_state *state = view->state;
    const struct retention *answer = view_answer(view, slot);
    state->access = access_of_sample(&view->console->access, view_share(view, slot));
    for (int i = 0; answer && !state->moved && !retention_beside(state) && i < PERIODS &&
                    i < (int)answer->n_rows;
         i++)
        if (answer->rows[i].values[0]) {
            state->row = i;
            return;
        }
}

static void retention_close(struct view *view)
{
    struct retention_state *state = view->state;
    free(state->group);
    free(state->problem);
}

/* ---- Drawing ---- */

/* What a cell is a share of: the cohort, or the money of its own period. */
static double share_of(const struct retention_row *row, int k, bool revenue)
{
    int64_t whole = revenue ? row->revenue[0] : row->values[0];
    int64_t part = revenue ? row->revenue[k] : row->values[k];
    return whole > 0 ? (double)part / (double)whole : -1;
}

const char *retention_share_text(struct arena *arena, double share)
{
    static const char *const shades[] = {" ", "░", "▒", "▓", "█"};
    int level = share <= 0 ? 0 : share < 0.1 ? 1 : share < 0.25 ? 2 : share < 0.5 ? 3 : 4;
    return arena_printf(arena, "%s%5.1f%%", shades[level], 100 * share);
}

/* The rows on the screen: of all cohorts, or of a group's. */
static const struct retention_row *rows_shown(const struct retention_state *state,
                                              const struct retention *answer)
{
    for (size_t i = 0; state->group && i < answer->n_groups; i++)
        if (strcmp(answer->groups[i].name, state->group) == 0)
            return answer->groups[i].rows;
    return answer->rows;
}

/* To this role nothing is told of so few people; -1: kept back with them. */
static bool kept_back(const struct access *access, int64_t people)
{
    return people == RETENTION_HIDDEN || small_group(access, people);
}

static enum role cell_role(const struct retention_row *row, int k, bool selected)
{
    enum { FEW = 30 };
    return selected                                 ? ROLE_SELECTED
           : k >= row->open || row->values[0] < FEW ? ROLE_DIM
                                                    : ROLE_PLAIN;
}

static void row_draw(struct area area, int at, struct arena *arena, const struct retention_row *row,
                     const struct view *view, bool here, int first)
{
    const struct retention_state *state = view->state;
    const struct access *access = &state->access;
    bool revenue = state->choice.revenue;
    draw_field(area, at, 0, LEFT - 1, -1, ROLE_TITLE, row->period);
    draw_field(area, at, LEFT, SIZE, 1, here && state->column == 0 ? ROLE_SELECTED : ROLE_PLAIN,
               kept_back(access, row->values[0]) ? small_group_text(access, arena, row->values[0])
               : revenue                         ? text_count(arena, row->revenue[0] / 100)
                                                 : text_count(arena, row->values[0]));
    for (int k = first; k < PERIODS; k++) {
        int col = LEFT + SIZE + (k - first) * CELL;
        double share = share_of(row, k, revenue);
        const char *text = k >= row->open ? "…"
                           : kept_back(access, row->values[k]) || kept_back(access, row->values[0])
                               ? small_group_text(access, arena, row->values[k])
                           : share < 0 ? "–"
                                       : retention_share_text(arena, share);
        if (col + CELL <= area.cols)
            draw_field(area, at, col, CELL, 1, cell_role(row, k, here && k == state->column), text);
    }
}

static void selected_draw(struct area row, struct arena *arena, const struct retention *answer,
                          const struct view *view)
{
    const struct retention_state *state = view->state;
    const struct access *access = &state->access;
    const struct retention_row *r = &rows_shown(state, answer)[state->row];
    if (kept_back(access, r->values[0]) || kept_back(access, r->values[state->column])) {
        draw_text(row, 0, 0, ROLE_DIM, _("too few people to be told apart"));
        return;
    }
    const char *time = state->column >= r->open ? _(", not over yet") : "";
    draw_printf(row, 0, 0, ROLE_PLAIN, _("%s +%d: %s of %s people%s · money %s"), r->period,
                state->column, text_count(arena, r->values[state->column]),
                text_count(arena, r->values[0]), time,
                text_money(arena, r->revenue[state->column]));
}

int retention_column_first(const struct retention_state *state, int cols, int left)
{
    int seen = (cols - left - SIZE) / CELL;
    seen = seen < 1 ? 1 : seen;
    return state->column > seen ? state->column - seen + 1 : 1;
}

void retention_heads_draw(struct area head, struct arena *arena,
                          const struct retention_state *state, int first, int left)
{
    draw_field(head, 0, left, SIZE, 1, ROLE_TITLE,
               state->choice.revenue ? _("money") : _("people"));
    for (int k = first; k < PERIODS && left + SIZE + (k - first + 1) * CELL <= head.cols; k++)
        draw_field(head, 0, left + SIZE + (k - first) * CELL, CELL, 1, ROLE_TITLE,
                   arena_printf(arena, "+%d", k));
}

static void cohorts_draw(const struct view *view, struct area area, const struct retention *answer)
{
    const struct retention_state *state = view->state;
    struct arena *arena = arena_new();
    int rows = (int)answer->n_rows < PERIODS ? (int)answer->n_rows : PERIODS;
    int room = area.rows - 3, first = retention_column_first(state, area.cols, LEFT);
    int top = rows <= room ? 0 : state->row < rows - room ? state->row : rows - room;
    retention_heads_draw(area_cut_top(&area, 1), arena, state, first, LEFT);
    for (int i = top; i < rows && i - top < room; i++)
        row_draw(area, i - top, arena, &rows_shown(state, answer)[i], view, i == state->row, first);
    area_cut_top(&area, (rows - top < room ? rows - top : room) + (rows < room ? 1 : 0));
    if (state->row < rows)
        selected_draw(area_cut_top(&area, 1), arena, answer, view);
    draw_text(area, 0, 0, ROLE_DIM, _("… its time has not fully passed"));
    for (size_t i = 0; i < answer->n_notes; i++)
        draw_text(area, (int)i + 1, 0, ROLE_WARN, answer->notes[i]);
    arena_free(arena);
}

static void retention_draw(struct view *view, struct area area)
{
    const struct retention *answer = view_answer(view, 0);
    const struct retention_state *state = view->state;
    const char *problem = view_problem(view, 0);
    if (problem)
        area_cut_top(&area, draw_wrapped(area, 0, ROLE_ERROR, problem) + 1);
    if (!answer) {
        if (!problem)
            draw_wrapped(area, 0, ROLE_DIM, _("counting … Ctrl-c stops"));
        return;
    }
    struct area whole = area;
    if (retention_beside(state))
        retention_groups_draw(view, area, answer);
    else
        cohorts_draw(view, area, answer);
    if (view_is_partial(view, 0))
        draw_dim(whole);
}

/* ---- Acting ---- */

/* The people of the selected cell, as views/people_of.h reads them; none of all cohorts together.
 */
static char *retention_people(struct view *view)
{
    const struct retention_state *state = view->state;
    const struct retention_choice *c = &state->choice;
    const struct retention *answer = view_answer(view, 0);
    struct retention_question question = question_of(view);
    if (!answer || retention_beside(state) || state->row >= (int)answer->n_rows)
        return NULL;
    return mem_printf("retention %d %d %d %d %d %" PRId64 " %" PRId64 " %d %d %d %d %s%s%s",
                      (int)c->length, c->on_or_after, c->revenue, !c->every_time, c->rolling,
                      question.from, question.to, state->row, state->column, (int)c->by,
                      state->group ? (int)strlen(state->group) : -1,
                      state->group ? state->group : "", state->group ? " " : "", c->events);
}

/* From all groups to the cohorts of one, whose largest is selected; and back. */
static void group_show(struct view *view, const char *name)
{
    struct retention_state *state = view->state;
    free(state->group);
    state->group = name ? mem_strdup(name) : NULL;
    state->row = state->column = 0;
    state->moved = false;
    retention_answered(view, 0);
}

static void by_set(struct view *view, enum funnel_by by)
{
    struct retention_state *state = view->state;
    state->choice.by = by;
    group_show(view, NULL);
    retention_refresh(view);
}

static void by_done(void *context, struct dialog *dialog, bool accepted)
{
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice >= 0)
        by_set(context, (enum funnel_by)choice);
}

static void by_choose(struct view *view, const char *argument)
{
    const struct retention_state *state = view->state;
    for (int i = 1; *argument && i < FUNNEL_BY_COUNT; i++)
        if (strcmp(funnel_by_names[i], argument) == 0) {
            by_set(view, (enum funnel_by)i);
            return;
        }
    console_choose(view->console, _("Groups by"), funnel_by_names, FUNNEL_BY_COUNT,
                   state->choice.by, _("no groups"), by_done, view);
}

static void group_open(struct view *view)
{
    const struct retention_state *state = view->state;
    const struct retention *answer = view_answer(view, 0);
    const struct retention_group *group = answer ? retention_group_at(answer, state->row) : NULL;
    if (group)
        group_show(view, group->name);
    else
        console_say(view->console, "%s", _("b without groups shows the cohorts of all"));
}

static void people_open(struct view *view)
{
    char *argument = console_exact(view->console) ? retention_people(view) : NULL;
    if (argument)
        console_open(view->console, "crowd", argument);
    free(argument);
}

static const char *events_check(void *context, const char *text)
{
    struct retention_state *state = ((struct view *)context)->state;
    struct error err = {0};
    struct arena *arena = arena_new();
    const char *part[2];
    const struct expr *expr;
    free(state->problem);
    state->problem = NULL;
    events_split(arena, text, &part[0], &part[1]);
    for (int i = 0; i < 2 && !state->problem; i++)
        if (expr_parse(arena, part[i], strlen(part[i]), &expr, &err) != ST_OK)
            state->problem = mem_strdup(error_text(&err));
    if (!state->problem && strlen(text) >= RETENTION_EVENTS)
        state->problem = mem_strdup(_("this is too long"));
    error_clear(&err);
    arena_free(arena);
    return state->problem;
}

static void events_set(struct view *view, const char *text)
{
    struct retention_state *state = view->state;
    snprintf(state->choice.events, RETENTION_EVENTS, "%s", text);
    retention_refresh(view);
}

static void events_done(void *context, struct dialog *dialog, bool accepted)
{
    if (accepted)
        events_set(context, dialog_text(dialog));
}

static bool choice_action(struct retention_choice *choice, int id)
{
    switch (id) {
    case ACTION_RETENTION_MODE:
        choice->on_or_after = !choice->on_or_after;
        return true;
    case ACTION_RETENTION_ROLLING:
        choice->rolling = !choice->rolling;
        return true;
    case ACTION_RETENTION_FIRST:
        choice->every_time = !choice->every_time;
        return true;
    case ACTION_RETENTION_MEASURE:
        choice->revenue = !choice->revenue;
        return true;
    case ACTION_RETENTION_LENGTH:
        choice->length = (choice->length + 1) % BUCKET_LENGTHS;
        return true;
    default:
        return false;
    }
}

static bool retention_action(struct view *view, int id, const char *argument)
{
    struct retention_state *state = view->state;
    if (choice_action(&state->choice, id)) {
        if (id != ACTION_RETENTION_MEASURE)
            retention_refresh(view);
        return true;
    }
    const struct retention *answer = view_answer(view, 0);
    int rows = answer && retention_beside(state) ? (int)answer->n_groups + 1 : PERIODS;
    state->moved |= id == ACTION_GRID_UP || id == ACTION_GRID_DOWN;
    switch (id) {
    case ACTION_GRID_UP:
        state->row -= state->row > 0;
        return true;
    case ACTION_GRID_DOWN:
        state->row += state->row < rows - 1;
        return true;
    case ACTION_GRID_LEFT:
        state->column -= state->column > 0;
        return true;
    case ACTION_GRID_RIGHT:
        state->column += state->column < PERIODS - 1;
        return true;
    case ACTION_RETENTION_OPEN:
        if (retention_beside(state))
            group_open(view);
        else
            people_open(view);
        return true;
    case ACTION_RETENTION_BY:
        by_choose(view, argument);
        return true;
    case ACTION_RETENTION_GROUPS:
        if (state->choice.by == FUNNEL_BY_NONE)
            by_choose(view, "");
        else
            group_show(view, NULL);
        return true;
    case ACTION_RETENTION_EVENTS:
        if (*argument)
            events_set(view, argument);
        else
            console_dialog(view->console,
                           dialog_ask(_("Retention"), _("start -> return"), state->choice.events,
                                      events_check, events_done, view));
        return true;
    default:
        return false;
    }
}

static const char *retention_subtitle(struct view *view)
{
    static const char *const lengths[BUCKET_LENGTHS] = {N_("by day"), N_("by week"),
                                                        N_("by month")};
    struct retention_state *state = view->state;
    const struct retention_choice *c = &state->choice;
    char by[120] = "";
    if (c->by)
        snprintf(by, sizeof by, "%s%s%.80s · ", _(funnel_by_names[c->by]), state->group ? " " : "",
                 state->group ? retention_group_title(c->by, state->group) : "");
    snprintf(state->subtitle, sizeof state->subtitle, "%s%.80s · %s · %s · %s · %s", by, c->events,
             _(lengths[c->length]), c->rolling ? _("rolling") : _("calendar"),
             c->every_time ? _("every time") : _("first time"),
             c->revenue       ? _("money in that period")
             : c->on_or_after ? _("in that period or later")
                              : _("in that period"));
    return state->subtitle;
}

const struct view_ops view_retention = {
    .name = "retention",
    .title = N_("Retention"),
    .about =
        N_("A row is the people with a start event in that period - their first ever, unless f "
           "takes every one; the cells say how many of them came back in each period after, or, "
           "with v, what money they brought by the money of the row's own period. m changes "
           "between a period and that period or any later one, r between calendar periods and "
           "24 hours, 7 or 30 days from each one's own start, w the length, a the events. b tells "
           "groups apart: a row is all cohorts of a shop, tier, label … together, of those whose "
           "time has passed; Enter shows one group's cohorts, g all groups again. Enter opens the "
           "people of a cell, P their portrait. Rows of fewer than 30 people are dim."),
    .number = 11,
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct retention_state),
    .open = retention_open,
    .close = retention_close,
    .refresh = retention_refresh,
    .draw = retention_draw,
    .action = retention_action,
    .answered = retention_answered,
    .subtitle = retention_subtitle,
    .people = retention_people,
};
