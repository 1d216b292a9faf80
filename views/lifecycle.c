/* Lifecycle: who is new, came back, was gone and came again - stacked above the axis - and who
 * stayed away, below it. Enter opens the people of a bar's state. */
#include "model/base/text.h"
#include "model/event/sample.h"
#include "model/loop/estimate.h"
#include "model/question/expr.h"
#include "tui/dialog.h"
#include "tui/theme.h"
#include "views/actions.h"
#include "views/console.h"
#include "views/screens.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENT = 1000, LEFT = 9, WIDEST = 9 };

struct lifecycle_question {
    char event[EVENT];
    enum bucket_length length;
    int64_t from, to;
};

struct lifecycle_state_of_view {
    enum bucket_length length;
    char event[EVENT];
    int column; /* from the left */
    bool moved; /* else the last period that is over is selected */
    enum lifecycle_state state;
    struct access access; /* as the answer at hand is to be shown */
    char *problem;
    char subtitle[160];
};

/* How many periods are shown, by their length. */
static const int shown[BUCKET_LENGTHS] = {30, 16, 12};

/* Upwards from the axis, then the one below it; as drawn with lines and with letters. */
static const struct layer {
    enum lifecycle_state state;
    const char *cell, *letter;
    enum role role;
} layers[LIFECYCLE_STATES] = {
    {LIFECYCLE_RETURNING, "▓", "=", ROLE_BAR},
    {LIFECYCLE_RESURRECTING, "▒", "+", ROLE_ACCENT},
    {LIFECYCLE_NEW, "█", "#", ROLE_UP},
    {LIFECYCLE_DORMANT, "░", "-", ROLE_DOWN},
};

static void *lifecycle_ask(struct reader *reader, struct arena *arena, const void *parameters,
                           struct error *err)
{
    const struct lifecycle_question *question = parameters;
    struct lifecycle *answer = arena_new_of(arena, struct lifecycle);
    struct lifecycle_query query = {.event = question->event,
                                    .period = question->length,
                                    .from = question->from,
                                    .to = question->to};
    if (lifecycle_run(reader, arena, &query, answer, err) != ST_OK)
        return NULL;
    lifecycle_estimate(arena, sample_share(reader), answer);
    return answer;
}

static struct lifecycle_question question_of(const struct view *view)
{
    const struct lifecycle_state_of_view *state = view->state;
    const struct clock *clock = &view->console->mall->clock;
    int32_t last = bucket_of_day(state->length, clock_day(clock, view->console->period.until - 1));
    struct lifecycle_question question = {
        .length = state->length,
        .from = clock_day_start(clock,
                                bucket_first_day(state->length, last - shown[state->length] + 1)),
        .to = clock_day_start(clock, bucket_first_day(state->length, last + 1)),
    };
    snprintf(question.event, EVENT, "%s", state->event);
    return question;
}

static void lifecycle_refresh(struct view *view)
{
    struct lifecycle_question question = question_of(view);
    view_ask_early(view, 0, _("lifecycle"), lifecycle_ask, &question, sizeof question);
}

static void lifecycle_open(struct view *view)
{
    struct lifecycle_state_of_view *state = view->state;
    view->scopes[view->n_scopes++] = "grid";
    state->length = BUCKET_MONTH;
    snprintf(state->event, EVENT, "%s", *view->argument ? view->argument : "purchase");
    lifecycle_refresh(view);
}

static void lifecycle_close(struct view *view)
{
    free(((struct lifecycle_state_of_view *)view->state)->problem);
}

static void lifecycle_answered(struct view *view, int slot)
{
    struct lifecycle_state_of_view *state = view->state;
    const struct lifecycle *answer = view_answer(view, slot);
    state->access = access_of_sample(&view->console->access, view_share(view, slot));
    if (answer && !state->moved)
        state->column = answer->open > 0 ? answer->open - 1 : 0;
    if (answer && state->column >= (int)answer->periods.n)
        state->column = (int)answer->periods.n - 1;
}

/* ---- Drawing ---- */

/* The chart's measures: people a row, rows above and below the axis, cells a column. */
struct measures {
    double unit;
    int above, below, width, first, columns;
};

static struct measures measure(const struct lifecycle *answer, struct area area, int selected)
{
    struct measures m = {0};
    int64_t up = 0, down = 0;
    for (size_t i = 0; i < answer->periods.n; i++) {
        int64_t sum = answer->fresh[i] + answer->returning[i] + answer->resurrecting[i];
        up = sum > up ? sum : up;
        down = -answer->dormant[i] > down ? -answer->dormant[i] : down;
    }
    int rows = area.rows - 1;
    double all = (double)(up + down);
    m.above = all > 0 ? (int)((double)rows * (double)up / all + 0.5) : rows;
    m.above = up && m.above < 1 ? 1 : m.above;
    m.above = down && m.above > rows - 1 ? rows - 1 : m.above;
    m.below = rows - m.above;
    double unit_up = m.above ? (double)up / m.above : 0;
    double unit_down = m.below ? (double)down / m.below : 0;
    m.unit = unit_up > unit_down ? unit_up : unit_down;
    int n = (int)answer->periods.n, room = area.cols - LEFT;
    m.width = n && room / n > WIDEST ? WIDEST : n ? room / n : 1;
    m.width = m.width < 2 ? 2 : m.width;
    m.columns = room / m.width < n ? room / m.width : n;
    m.first = selected >= m.columns ? selected - m.columns + 1 : 0;
    if (selected < n - m.columns && m.first == 0 && selected < m.columns)
        m.first = 0;
    return m;
}

/* Rows of so many people, at least one where there is anybody. */
static int rows_of(double people, double unit, int most)
{
    int rows = unit > 0 ? (int)(people / unit + 0.5) : 0;
    rows = people > 0 && rows < 1 ? 1 : rows;
    return rows > most ? most : rows;
}

static void bar_draw(struct area area, int col, const struct measures *m,
                     const struct lifecycle *answer, size_t at, bool dim)
{
    int cells = m->width > 2 ? m->width - 1 : 1, row = m->above - 1;
    for (int k = 0; k < LIFECYCLE_STATES; k++) {
        const struct layer *layer = &layers[k];
        bool below = layer->state == LIFECYCLE_DORMANT;
        int64_t n = lifecycle_counts(answer, layer->state)[at];
        int rows = rows_of((double)(below ? -n : n), m->unit, below ? m->below : row + 1);
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < cells; c++)
                draw_text(area, below ? m->above + 1 + r : row - r, col + c,
                          dim ? ROLE_DIM : layer->role,
                          theme_ascii() ? layer->letter : layer->cell);
        row -= below ? 0 : rows;
    }
}

static void axis_draw(struct area area, struct arena *arena, const struct measures *m,
                      const struct lifecycle *answer, int selected)
{
    int before = -1;
    for (int c = LEFT; c < LEFT + m->columns * m->width && c < area.cols; c++)
        draw_text(area, m->above, c, ROLE_DIM, symbol(SYMBOL_HLINE));
    for (int i = 0; i < m->columns; i++) {
        const char *title = bucket_title(arena, &answer->periods, (size_t)(m->first + i));
        const char *text = strlen(title) > 7 ? title + 5 : title + 2; /* "10-05", "17-10" */
        int col = LEFT + i * m->width;
        bool here = m->first + i == selected;
        if (!here && (col <= before || (selected > m->first + i &&
                                        col + 6 > LEFT + (selected - m->first) * m->width)))
            continue;
        before = col + draw_text(area, m->above, col, here ? ROLE_SELECTED : ROLE_DIM, text);
    }
    if (m->above > 0)
        draw_field(area, 0, 0, LEFT - 1, 1, ROLE_DIM,
                   text_count(arena, (int64_t)(m->unit * m->above + 0.5)));
    draw_field(area, m->above, 0, LEFT - 1, 1, ROLE_DIM, "0");
    if (m->below > 0)
        draw_field(area, m->above + m->below, 0, LEFT - 1, 1, ROLE_DIM,
                   text_count(arena, -(int64_t)(m->unit * m->below + 0.5)));
}

/* The states of the selected period with their counts; the selected one is marked. */
static void legend_draw(struct area *area, struct arena *arena, const struct view *view,
                        const struct lifecycle *answer)
{
    const struct lifecycle_state_of_view *state = view->state;
    const struct access *access = &state->access;
    static const enum lifecycle_state order[] = {LIFECYCLE_NEW, LIFECYCLE_RESURRECTING,
                                                 LIFECYCLE_RETURNING, LIFECYCLE_DORMANT};
    struct area row = area_cut_top(area, 1);
    int at = draw_text(row, 0, 0, ROLE_TITLE,
                       bucket_title(arena, &answer->periods, (size_t)state->column)) +
             2;
    for (int i = 0; i < LIFECYCLE_STATES; i++) {
        const struct layer *layer = layers;
        while (layer->state != order[i])
            layer++;
        int64_t n = lifecycle_counts(answer, order[i])[state->column], people = n < 0 ? -n : n;
        const char *text =
            arena_printf(arena, "%s %s", _(lifecycle_names[order[i]]),
                         small_group(access, people) ? small_group_text(access, arena, people)
                                                     : text_count(arena, n));
        if (at + 2 + text_cells(text) > row.cols) {
            row = area_cut_top(area, 1);
            at = 0;
        }
        at += draw_text(row, 0, at, layer->role, theme_ascii() ? layer->letter : layer->cell) + 1;
        at +=
            draw_text(row, 0, at, order[i] == state->state ? ROLE_SELECTED : ROLE_PLAIN, text) + 2;
    }
    if (state->column >= answer->open)
        draw_text(area_cut_top(area, 1), 0, 0, ROLE_DIM, _("this period is not over yet"));
}

static void lifecycle_draw(struct view *view, struct area area)
{
    const struct lifecycle_state_of_view *state = view->state;
    const struct lifecycle *answer = view_answer(view, 0);
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
    legend_draw(&area, arena, view, answer);
    for (size_t i = 0; i < answer->n_notes; i++)
        draw_text(area_cut_top(&area, 1), 0, 0, ROLE_WARN, answer->notes[i]);
    struct measures m = measure(answer, area, state->column);
    for (int i = 0; i < m.columns; i++)
        bar_draw(area, LEFT + i * m.width, &m, answer, (size_t)(m.first + i),
                 m.first + i >= answer->open);
    axis_draw(area, arena, &m, answer, state->column);
    if (view_is_partial(view, 0))
        draw_dim(whole);
    arena_free(arena);
}

/* ---- Acting ---- */

static char *lifecycle_people(struct view *view)
{
    const struct lifecycle_state_of_view *state = view->state;
    struct lifecycle_question question = question_of(view);
    if (!view_answer(view, 0) || state->column >= shown[state->length])
        return NULL;
    return mem_printf("lifecycle %d %" PRId64 " %" PRId64 " %d %d %s", (int)state->length,
                      question.from, question.to, state->column, (int)state->state, state->event);
}

static const char *event_check(void *context, const char *text)
{
    struct lifecycle_state_of_view *state = ((struct view *)context)->state;
    struct error err = {0};
    struct arena *arena = arena_new();
    const struct expr *expr;
    free(state->problem);
    state->problem = NULL;
    if (expr_parse(arena, text, strlen(text), &expr, &err) != ST_OK)
        state->problem = mem_strdup(error_text(&err));
    else if (strlen(text) >= EVENT)
        state->problem = mem_strdup(_("this is too long"));
    error_clear(&err);
    arena_free(arena);
    return state->problem;
}

static void event_set(struct view *view, const char *text)
{
    struct lifecycle_state_of_view *state = view->state;
    snprintf(state->event, EVENT, "%s", text);
    lifecycle_refresh(view);
}

static void event_done(void *context, struct dialog *dialog, bool accepted)
{
    if (accepted)
        event_set(context, dialog_text(dialog));
}

/* From the top of the bar to below the axis. */
static void state_move(struct lifecycle_state_of_view *state, int by)
{
    static const enum lifecycle_state order[] = {LIFECYCLE_NEW, LIFECYCLE_RESURRECTING,
                                                 LIFECYCLE_RETURNING, LIFECYCLE_DORMANT};
    int at = 0;
    while (order[at] != state->state)
        at++;
    at += by;
    if (at >= 0 && at < LIFECYCLE_STATES)
        state->state = order[at];
}

static void column_move(struct view *view, int by)
{
    struct lifecycle_state_of_view *state = view->state;
    const struct lifecycle *answer = view_answer(view, 0);
    int to = state->column + by;
    state->moved = true;
    if (answer && to >= 0 && to < (int)answer->periods.n)
        state->column = to;
}

static bool lifecycle_action(struct view *view, int id, const char *argument)
{
    struct lifecycle_state_of_view *state = view->state;
    char *people;
    switch (id) {
    case ACTION_GRID_UP:
    case ACTION_GRID_DOWN:
        state_move(state, id == ACTION_GRID_UP ? -1 : 1);
        return true;
    case ACTION_GRID_LEFT:
    case ACTION_GRID_RIGHT:
        column_move(view, id == ACTION_GRID_LEFT ? -1 : 1);
        return true;
    case ACTION_LIFECYCLE_OPEN:
        people = console_exact(view->console) ? lifecycle_people(view) : NULL;
        if (people)
            console_open(view->console, "crowd", people);
        free(people);
        return true;
    case ACTION_LIFECYCLE_LENGTH:
        state->length = (state->length + 1) % BUCKET_LENGTHS;
        state->moved = false;
        lifecycle_refresh(view);
        return true;
    case ACTION_LIFECYCLE_EVENT:
        if (*argument)
            event_set(view, argument);
        else
            console_dialog(view->console, dialog_ask(_("Lifecycle"), _("active is who has"),
                                                     state->event, event_check, event_done, view));
        return true;
    default:
        return false;
    }
}

static const char *lifecycle_subtitle(struct view *view)
{
    static const char *const lengths[BUCKET_LENGTHS] = {N_("by day"), N_("by week"),
                                                        N_("by month")};
    struct lifecycle_state_of_view *state = view->state;
    snprintf(state->subtitle, sizeof state->subtitle, "%.80s · %s", state->event,
             _(lengths[state->length]));
    return state->subtitle;
}

const struct view_ops view_lifecycle = {
    .name = "lifecycle",
    .title = N_("Lifecycle"),
    .about =
        N_("Who is active for the first time, who was active in the period before, too, who came "
           "back after a pause, and, below the axis, who was active before and is not now. w "
           "changes between days, weeks and months, a what counts as active. Enter opens the "
           "people of the chosen period and state, P their portrait."),
    .number = 13,
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct lifecycle_state_of_view),
    .open = lifecycle_open,
    .close = lifecycle_close,
    .refresh = lifecycle_refresh,
    .draw = lifecycle_draw,
    .action = lifecycle_action,
    .answered = lifecycle_answered,
    .subtitle = lifecycle_subtitle,
    .people = lifecycle_people,
};
