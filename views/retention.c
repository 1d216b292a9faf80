/* Retention: cohorts of first purchases by month and how many bought again in each month after. The
 * last year's cohorts up to the period's end; cells whose time has not passed are marked. */
#include "model/loop/retention.h"
#include "model/base/text.h"
#include "views/actions.h"
#include "views/console.h"
#include "views/screens.h"

#include <stdio.h>

enum { PERIODS = 12, LEFT = 9, CELL = 7 };

struct retention_state {
    bool on_or_after;
    int row, column;
    char subtitle[120];
};

static void *retention_ask(struct reader *reader, struct arena *arena, const void *parameters,
                           struct error *err)
{
    struct retention *answer = arena_new_of(arena, struct retention);
    return retention_run(reader, arena, parameters, answer, err) == ST_OK ? answer : NULL;
}

static void retention_refresh(struct view *view)
{
    const struct retention_state *state = view->state;
    const struct console *console = view->console;
    const struct clock *clock = &console->mall->clock;
    int32_t last = clock_month(clock, console->period.until - 1);
    struct retention_query query = {
        .start = "purchase",
        .back = "purchase",
        .period = BUCKET_MONTH,
        .periods = PERIODS,
        .on_or_after = state->on_or_after,
        .first_time = true,
        .from = clock_day_start(clock, month_first_day(last - PERIODS + 1)),
        .to = clock_day_start(clock, month_first_day(last + 1)),
    };
    view_ask(view, 0, _("retention"), retention_ask, &query, sizeof query);
}

static void retention_open(struct view *view)
{
    view->scopes[view->n_scopes++] = "grid";
    retention_refresh(view);
}

/* Darker for more; by fifths of a hundred, so that maps can be compared. */
static const char *shade(double share)
{
    static const char *const shades[] = {" ", "░", "▒", "▓", "█"};
    int level = share <= 0 ? 0 : share < 0.1 ? 1 : share < 0.25 ? 2 : share < 0.5 ? 3 : 4;
    return shades[level];
}

static void row_draw(struct area area, int at, struct arena *arena, const struct retention_row *row,
                     const struct retention_state *state, bool here)
{
    draw_field(area, at, 0, LEFT - 1, -1, ROLE_TITLE, row->period);
    draw_field(area, at, LEFT, CELL + 2, 1, row->open > 0 ? ROLE_PLAIN : ROLE_DIM,
               text_count(arena, row->values[0]));
    for (int k = 1; k < PERIODS; k++) {
        int col = LEFT + CELL + 2 + (k - 1) * CELL;
        double share = row->values[0] ? (double)row->values[k] / (double)row->values[0] : 0;
        bool selected = here && k == state->column;
        const char *text = k >= row->open ? "…"
                           : row->values[0] == 0
                               ? "–"
                               : arena_printf(arena, "%s%4.1f%%", shade(share), 100 * share);
        if (col + CELL <= area.cols)
            draw_field(area, at, col, CELL, 1,
                       selected         ? ROLE_SELECTED
                       : k >= row->open ? ROLE_DIM
                                        : ROLE_PLAIN,
                       text);
    }
}

static void selected_draw(struct area row, struct arena *arena, const struct retention *answer,
                          const struct retention_state *state)
{
    const struct retention_row *r = &answer->rows[state->row];
    draw_printf(row, 0, 0, ROLE_PLAIN, _("%s, %d months later: %s of %s people%s · money %s"),
                r->period, state->column, text_count(arena, r->values[state->column]),
                text_count(arena, r->values[0]),
                state->column >= r->open ? _(", not over yet") : "",
                text_money(arena, r->revenue[state->column]));
}

static void retention_draw(struct view *view, struct area area)
{
    const struct retention *answer = view_answer(view, 0);
    const struct retention_state *state = view->state;
    const char *problem = view_problem(view, 0);
    if (!answer) {
        draw_wrapped(area, 0, problem ? ROLE_ERROR : ROLE_DIM,
                     problem ? problem : _("counting … Ctrl-c stops"));
        return;
    }
    struct arena *arena = arena_new();
    struct area head = area_cut_top(&area, 1);
    draw_field(head, 0, LEFT, CELL + 2, 1, ROLE_TITLE, _("people"));
    for (int k = 1; k < PERIODS && LEFT + CELL + 2 + k * CELL <= head.cols; k++)
        draw_field(head, 0, LEFT + CELL + 2 + (k - 1) * CELL, CELL, 1, ROLE_TITLE,
                   arena_printf(arena, "+%d", k));
    int rows = (int)answer->n_rows < PERIODS ? (int)answer->n_rows : PERIODS;
    for (int i = 0; i < rows && i < area.rows; i++)
        row_draw(area, i, arena, &answer->rows[i], state, i == state->row);
    area_cut_top(&area, rows + 1);
    if (state->row < rows)
        selected_draw(area_cut_top(&area, 1), arena, answer, state);
    draw_text(area, 0, 0, ROLE_DIM, _("… its time has not fully passed"));
    arena_free(arena);
}

static bool retention_action(struct view *view, int id, const char *argument)
{
    struct retention_state *state = view->state;
    (void)argument;
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
    case ACTION_RETENTION_MODE:
        state->on_or_after = !state->on_or_after;
        retention_refresh(view);
        return true;
    default:
        return false;
    }
}

static const char *retention_subtitle(struct view *view)
{
    struct retention_state *state = view->state;
    snprintf(state->subtitle, sizeof state->subtitle, "%s",
             state->on_or_after ? _("first purchase, again in that month or later")
                                : _("first purchase, again in that month"));
    return state->subtitle;
}

const struct view_ops view_retention = {
    .name = "retention",
    .title = N_("Retention"),
    .about = N_("A row is the people whose first purchase ever lies in that month; the cells say "
                "how many of them bought again in each month after. m changes between a month "
                "and that month or any later one."),
    .number = 11,
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct retention_state),
    .open = retention_open,
    .refresh = retention_refresh,
    .draw = retention_draw,
    .action = retention_action,
    .subtitle = retention_subtitle,
};
