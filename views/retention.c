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
#include "views/screens.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERIODS = 12, LEFT = 11, SIZE = 10, CELL = 8, EVENTS = 1000 };

/* What is asked; the state begins with it. */
struct retention_choice {
    enum bucket_length length;
    bool on_or_after, rolling, every_time, revenue;
    char events[EVENTS]; /* "start -> return" */
};

struct retention_state {
    struct retention_choice choice;
    int row, column;
    bool moved;
    struct access access; /* as the answer at hand is to be shown */
    char *problem; /* of the line being typed */
    char subtitle[240];
};

struct retention_question {
    struct retention_choice choice;
    int64_t from, to;
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
    };
    events_split(arena, choice->events, &query.start, &query.back);
    if (retention_run(reader, arena, &query, answer, err) != ST_OK)
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
    snprintf(state->choice.events, EVENTS, "%s", *view->argument ? view->argument : "purchase");
    retention_refresh(view);
}

/* The first cohort that holds somebody is selected. */
static void retention_answered(struct view *view, int slot)
{
    struct retention_state *state = view->state;
    const struct retention *answer = view_answer(view, slot);
    state->access = access_of_sample(&view->console->access, view_share(view, slot));
    for (int i = 0; answer && !state->moved && i < PERIODS && i < (int)answer->n_rows; i++)
        if (answer->rows[i].values[0]) {
            state->row = i;
            return;
        }
}

static void retention_close(struct view *view)
{
    free(((struct retention_state *)view->state)->problem);
}

/* ---- Drawing ---- */

/* What a cell is a share of: the cohort, or the money of its own period. */
static double share_of(const struct retention_row *row, int k, bool revenue)
{
    int64_t whole = revenue ? row->revenue[0] : row->values[0];
    int64_t part = revenue ? row->revenue[k] : row->values[k];
    return whole > 0 ? (double)part / (double)whole : -1;
}

/* Darker for more; by fixed steps, so that maps can be compared. */
static const char *shade(double share)
{
    static const char *const shades[] = {" ", "░", "▒", "▓", "█"};
    int level = share <= 0 ? 0 : share < 0.1 ? 1 : share < 0.25 ? 2 : share < 0.5 ? 3 : 4;
    return shades[level];
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
               small_group(access, row->values[0]) ? small_group_text(access, arena, row->values[0])
               : revenue                           ? text_count(arena, row->revenue[0] / 100)
                                                   : text_count(arena, row->values[0]));
    for (int k = first; k < PERIODS; k++) {
        int col = LEFT + SIZE + (k - first) * CELL;
        double share = share_of(row, k, revenue);
        const char *text =
            k >= row->open ? "…"
            : small_group(access, row->values[k]) || small_group(access, row->values[0])
                ? small_group_text(access, arena, row->values[k])
            : share < 0 ? "–"
                        : arena_printf(arena, "%s%5.1f%%", shade(share), 100 * share);
        if (col + CELL <= area.cols)
            draw_field(area, at, col, CELL, 1, cell_role(row, k, here && k == state->column), text);
    }
}

static void selected_draw(struct area row, struct arena *arena, const struct retention *answer,
                          const struct view *view)
{
    const struct retention_state *state = view->state;
    const struct access *access = &state->access;
    const struct retention_row *r = &answer->rows[state->row];
    if (small_group(access, r->values[0]) || small_group(access, r->values[state->column])) {
        draw_text(row, 0, 0, ROLE_DIM, _("too few people to be told apart"));
        return;
    }
    const char *time = state->column >= r->open ? _(", not over yet") : "";
    draw_printf(row, 0, 0, ROLE_PLAIN, _("%s +%d: %s of %s people%s · money %s"), r->period,
                state->column, text_count(arena, r->values[state->column]),
                text_count(arena, r->values[0]), time,
                text_money(arena, r->revenue[state->column]));
}

/* The first column after the cohort that is shown, so that the selected one is in sight. */
static int column_first(const struct retention_state *state, int cols)
{
    int seen = (cols - LEFT - SIZE) / CELL;
    seen = seen < 1 ? 1 : seen;
    return state->column > seen ? state->column - seen + 1 : 1;
}

static void heads_draw(struct area head, struct arena *arena, const struct retention_state *state,
                       int first)
{
    draw_field(head, 0, LEFT, SIZE, 1, ROLE_TITLE,
               state->choice.revenue ? _("money") : _("people"));
    for (int k = first; k < PERIODS && LEFT + SIZE + (k - first + 1) * CELL <= head.cols; k++)
        draw_field(head, 0, LEFT + SIZE + (k - first) * CELL, CELL, 1, ROLE_TITLE,
                   arena_printf(arena, "+%d", k));
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
    struct arena *arena = arena_new();
    struct area whole = area;
    int rows = (int)answer->n_rows < PERIODS ? (int)answer->n_rows : PERIODS;
    int room = area.rows - 3, first = column_first(state, area.cols);
    int top = rows <= room ? 0 : state->row < rows - room ? state->row : rows - room;
    heads_draw(area_cut_top(&area, 1), arena, state, first);
    for (int i = top; i < rows && i - top < room; i++)
        row_draw(area, i - top, arena, &answer->rows[i], view, i == state->row, first);
    area_cut_top(&area, (rows - top < room ? rows - top : room) + (rows < room ? 1 : 0));
    if (state->row < rows)
        selected_draw(area_cut_top(&area, 1), arena, answer, view);
    draw_text(area, 0, 0, ROLE_DIM, _("… its time has not fully passed"));
    for (size_t i = 0; i < answer->n_notes; i++)
        draw_text(area, (int)i + 1, 0, ROLE_WARN, answer->notes[i]);
    if (view_is_partial(view, 0))
        draw_dim(whole);
    arena_free(arena);
}

/* ---- Acting ---- */

/* The people of the selected cell, as views/people_of.h reads them. */
static char *retention_people(struct view *view)
{
    const struct retention_state *state = view->state;
    const struct retention_choice *c = &state->choice;
    const struct retention *answer = view_answer(view, 0);
    struct retention_question question = question_of(view);
    if (!answer || state->row >= (int)answer->n_rows)
        return NULL;
    return mem_printf("retention %d %d %d %d %d %" PRId64 " %" PRId64 " %d %d %s", (int)c->length,
                      c->on_or_after, c->revenue, !c->every_time, c->rolling, question.from,
                      question.to, state->row, state->column, c->events);
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
    if (!state->problem && strlen(text) >= EVENTS)
        state->problem = mem_strdup(_("this is too long"));
    error_clear(&err);
    arena_free(arena);
    return state->problem;
}

static void events_set(struct view *view, const char *text)
{
    struct retention_state *state = view->state;
    snprintf(state->choice.events, EVENTS, "%s", text);
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
    state->moved |= id == ACTION_GRID_UP || id == ACTION_GRID_DOWN;
    switch (id) {
    case ACTION_GRID_UP:
        state->row -= state->row > 0;
        return true;
    case ACTION_GRID_DOWN:
        state->row += state->row < PERIODS - 1;
        return true;
    case ACTION_GRID_LEFT:
        state->column -= state->column > 0;
        return true;
    case ACTION_GRID_RIGHT:
        state->column += state->column < PERIODS - 1;
        return true;
    case ACTION_RETENTION_OPEN:
        people_open(view);
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
    snprintf(state->subtitle, sizeof state->subtitle, "%.80s · %s · %s · %s · %s", c->events,
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
           "24 hours, 7 or 30 days from each one's own start, w the length, a the events. Enter "
           "opens the people of a cell, P their portrait. Rows of fewer than 30 people are dim."),
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
