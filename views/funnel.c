/* Funnel: steps with what is left at each, groups below. Its argument is a saved funnel's name or a
 * line as in funnel_text.h. */
#include "model/base/text.h"
#include "tui/chart.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/console.h"
#include "views/funnel_text.h"
#include "views/screens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 2000 };

struct funnel_question {
    char line[LINE];
    enum funnel_dialect dialect;
    enum funnel_by by;
    int64_t from, to;
};

struct funnel_state {
    struct funnel_question question;
    size_t saved; /* which saved one; n_saved_funnels: none */
    int selected;
    struct arena *scratch; /* of a frame */
    char *problem;         /* of the line being typed */
    char subtitle[160];
};

struct funnel_answer {
    struct funnel_query query;
    struct funnel funnel;
    const char *labels[FUNNEL_STEPS];
    enum funnel_by by;
};

static void *funnel_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    const struct funnel_question *question = parameters;
    struct funnel_answer *answer = arena_new_of(arena, struct funnel_answer);
    struct funnel_query *query = &answer->query;
    if (funnel_text_parse(arena, question->line, query, err) != ST_OK)
        return NULL;
    query->dialect = question->dialect;
    query->modes = question->dialect == DIALECT_CLICKHOUSE ? MODE_STRICT_ONCE : 0;
    query->by = question->by;
    query->from = question->from;
    query->to = question->to;
    answer->by = question->by;
    for (size_t i = 0; i < query->n_steps; i++)
        answer->labels[i] = query->steps[i];
    return funnel_run(reader, arena, query, &answer->funnel, err) == ST_OK ? answer : NULL;
}

static void funnel_refresh(struct view *view)
{
    struct funnel_state *state = view->state;
    state->question.from = view->console->period.from;
    state->question.to = view->console->period.until;
    view_ask(view, 0, _("funnel"), funnel_ask, &state->question, sizeof state->question);
}

static void line_set(struct funnel_state *state, const char *line)
{
    state->saved = n_saved_funnels;
    for (size_t i = 0; i < n_saved_funnels; i++) {
        arena_reset(state->scratch);
        char *text = funnel_text(state->scratch, &saved_funnels[i]);
        if (strcmp(line, saved_funnels[i].id) == 0 || strcmp(line, text) == 0) {
            state->saved = i;
            snprintf(state->question.line, LINE, "%s", text);
            return;
        }
    }
    snprintf(state->question.line, LINE, "%s", line);
}

static void funnel_open(struct view *view)
{
    struct funnel_state *state = view->state;
    state->scratch = arena_new();
    line_set(state, *view->argument ? view->argument : saved_funnels[0].id);
    funnel_refresh(view);
}

static void funnel_close(struct view *view)
{
    struct funnel_state *state = view->state;
    arena_free(state->scratch);
    free(state->problem);
}

/* ---- Drawing ---- */

static const char *step_label(const struct funnel_state *state, const struct funnel_answer *answer,
                              size_t i)
{
    if (state->saved < n_saved_funnels && i < saved_funnels[state->saved].n_steps)
        return _(saved_funnels[state->saved].steps[i].title);
    return answer->labels[i];
}

static const char *share(struct arena *arena, int64_t part, int64_t whole)
{
    return whole ? arena_printf(arena, "%.1f%%", 100.0 * (double)part / (double)whole) : "–";
}

static size_t worst_drop(const struct funnel *funnel)
{
    size_t worst = 0;
    double least = 2;
    for (size_t i = 1; i < funnel->n_steps; i++) {
        double kept = funnel->steps[i - 1].count
                          ? (double)funnel->steps[i].count / (double)funnel->steps[i - 1].count
                          : 2;
        if (kept < least) {
            least = kept;
            worst = i;
        }
    }
    return worst;
}

static int steps_draw(struct funnel_state *state, const struct funnel_answer *answer,
                      struct area area)
{
    const struct funnel *funnel = &answer->funnel;
    struct chart_step steps[FUNNEL_STEPS];
    size_t worst = worst_drop(funnel);
    for (size_t i = 0; i < funnel->n_steps; i++) {
        const struct funnel_step *step = &funnel->steps[i];
        steps[i] = (struct chart_step){
            .label = step_label(state, answer, i),
            .value = (double)step->count,
            .text = text_count(state->scratch, step->count),
            .share = i ? share(state->scratch, step->count, funnel->steps[i - 1].count) : NULL,
            .note = step->timed
                        ? arena_printf(state->scratch, _("median %s"),
                                       text_duration(state->scratch, (int64_t)step->median_s))
                        : NULL,
            .warn = i && i == worst,
        };
    }
    return chart_funnel_draw(area, steps, funnel->n_steps, state->selected);
}

static int group_compare(const void *a, const void *b)
{
    const struct funnel_group *x = *(const struct funnel_group *const *)a;
    const struct funnel_group *y = *(const struct funnel_group *const *)b;
    if (x->steps[0].count != y->steps[0].count)
        return x->steps[0].count > y->steps[0].count ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

/* The largest groups, as many as there are rows; months in their order. */
static void groups_draw(struct funnel_state *state, const struct funnel_answer *answer,
                        struct area area)
{
    enum { NAME = 16, NUMBER = 10 };
    const struct funnel *funnel = &answer->funnel;
    const struct funnel_group **order =
        arena_array(state->scratch, const struct funnel_group *, funnel->n_groups + 1);
    size_t last = funnel->n_steps - 1;
    for (size_t i = 0; i < funnel->n_groups; i++)
        order[i] = &funnel->groups[i];
    if (answer->by != FUNNEL_BY_MONTH && funnel->n_groups)
        qsort(order, funnel->n_groups, sizeof(const struct funnel_group *), group_compare);
    draw_field(area, 0, 1, NAME, -1, ROLE_TITLE, funnel_by_names[answer->by]);
    for (size_t s = 0; s <= funnel->n_steps; s++)
        draw_field(area, 0, 1 + NAME + (int)s * NUMBER, NUMBER, 1, ROLE_TITLE,
                   s > last ? _("whole way") : arena_printf(state->scratch, "%zu", s + 1));
    for (size_t g = 0; g < funnel->n_groups && (int)g + 1 < area.rows; g++) {
        const struct funnel_step *steps = order[g]->steps;
        int row = (int)g + 1;
        draw_field(area, row, 1, NAME, -1, ROLE_PLAIN, *order[g]->name ? order[g]->name : "–");
        for (size_t s = 0; s <= last; s++)
            draw_field(area, row, 1 + NAME + (int)s * NUMBER, NUMBER, 1, ROLE_PLAIN,
                       text_count(state->scratch, steps[s].count));
        draw_field(area, row, 1 + NAME + (int)(last + 1) * NUMBER, NUMBER, 1, ROLE_ACCENT,
                   share(state->scratch, steps[last].count, steps[0].count));
    }
}

static void funnel_draw(struct view *view, struct area area)
{
    struct funnel_state *state = view->state;
    const struct funnel_answer *answer = view_answer(view, 0);
    const char *problem = view_problem(view, 0);
    arena_reset(state->scratch);
    if (problem)
        area_cut_top(&area, draw_wrapped(area, 0, ROLE_ERROR, problem) + 1);
    if (!answer) {
        if (!problem)
            draw_text(area, 0, 0, ROLE_DIM, _("counting … Ctrl-c stops"));
        return;
    }
    const struct funnel *funnel = &answer->funnel;
    area_cut_top(&area, steps_draw(state, answer, area));
    const struct funnel_step *first = &funnel->steps[0],
                             *last = &funnel->steps[funnel->n_steps - 1];
    struct area row = area_cut_top(&area, 1);
    draw_printf(row, 0, 1, ROLE_DIM, _("whole way %s · %s people with an event of a step"),
                share(state->scratch, last->count, first->count),
                text_count(state->scratch, funnel->subjects));
    for (size_t i = 0; i < funnel->n_notes; i++)
        draw_text(area_cut_top(&area, 1), 0, 1, ROLE_WARN, funnel->notes[i]);
    area_cut_top(&area, 1);
    if (answer->by != FUNNEL_BY_NONE)
        groups_draw(state, answer, area);
}

/* ---- Acting ---- */

static const char *line_check(void *context, const char *text)
{
    struct view *view = context;
    struct funnel_state *state = view->state;
    struct funnel_query query;
    struct error err = {0};
    struct arena *arena = arena_new();
    free(state->problem);
    state->problem = NULL;
    if (funnel_text_parse(arena, text, &query, &err) != ST_OK || strlen(text) >= LINE)
        state->problem = mem_strdup(error_text(&err));
    error_clear(&err);
    arena_free(arena);
    return state->problem;
}

static void line_done(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = context;
    if (!accepted)
        return;
    line_set(view->state, dialog_text(dialog));
    ((struct funnel_state *)view->state)->selected = 0;
    funnel_refresh(view);
}

/* The people whose deepest step lies in [least, most]. */
static void people_open(struct view *view, int least, int most)
{
    const struct funnel_state *state = view->state;
    char *argument = mem_printf("funnel %d %d %s %s", least, most,
                                funnel_dialects[state->question.dialect], state->question.line);
    console_open(view->console, "crowd", argument);
    free(argument);
}

static void saved_next(struct view *view)
{
    struct funnel_state *state = view->state;
    size_t next = state->saved < n_saved_funnels ? (state->saved + 1) % n_saved_funnels : 0;
    line_set(state, saved_funnels[next].id);
    state->selected = 0;
    funnel_refresh(view);
}

static bool funnel_action(struct view *view, int id, const char *argument)
{
    struct funnel_state *state = view->state;
    const struct funnel_answer *answer = view_answer(view, 0);
    int n = answer ? (int)answer->funnel.n_steps : 0;
    switch (id) {
    case ACTION_FUNNEL_UP:
        state->selected -= state->selected > 0;
        return true;
    case ACTION_FUNNEL_DOWN:
        state->selected += state->selected + 1 < n;
        return true;
    case ACTION_FUNNEL_OPEN:
        if (n)
            people_open(view, state->selected + 1, FUNNEL_STEPS);
        return true;
    case ACTION_FUNNEL_DROP:
        if (state->selected > 0 && state->selected < n)
            people_open(view, state->selected, state->selected);
        else
            console_say(view->console, "%s", _("nobody drops before the first step"));
        return true;
    case ACTION_FUNNEL_STEPS:
        if (*argument) {
            line_set(state, argument);
            funnel_refresh(view);
        } else {
            console_dialog(view->console,
                           dialog_ask(_("Funnel"), _("window: step -> step"), state->question.line,
                                      line_check, line_done, view));
        }
        return true;
    case ACTION_FUNNEL_SAVED:
        saved_next(view);
        return true;
    case ACTION_FUNNEL_DIALECT:
        state->question.dialect = (state->question.dialect + 1) % DIALECT_COUNT;
        funnel_refresh(view);
        return true;
    case ACTION_FUNNEL_BY:
        state->question.by = (state->question.by + 1) % FUNNEL_BY_COUNT;
        funnel_refresh(view);
        return true;
    default:
        return false;
    }
}

static void funnel_answered(struct view *view, int slot)
{
    struct funnel_state *state = view->state;
    const struct funnel_answer *answer = view_answer(view, slot);
    if (answer && state->selected >= (int)answer->funnel.n_steps)
        state->selected = 0;
}

static const char *funnel_subtitle(struct view *view)
{
    struct funnel_state *state = view->state;
    const struct funnel_answer *answer = view_answer(view, 0);
    if (!answer)
        return NULL;
    struct arena *arena = arena_new();
    const char *title =
        state->saved < n_saved_funnels ? _(saved_funnels[state->saved].title) : _("own steps");
    snprintf(state->subtitle, sizeof state->subtitle, _("%s · %s window · %s%s%s"), title,
             text_duration(arena, answer->query.window),
             answer->query.modes ? _("clickhouse, strict_once")
                                 : funnel_dialects[answer->query.dialect],
             answer->by ? " · " : "", answer->by ? funnel_by_names[answer->by] : "");
    arena_free(arena);
    return state->subtitle;
}

static char *step_people(struct view *view)
{
    const struct funnel_state *state = view->state;
    return mem_printf("funnel %d %d %s %s", state->selected + 1, FUNNEL_STEPS,
                      funnel_dialects[state->question.dialect], state->question.line);
}

const struct view_ops view_funnel = {
    .name = "funnel",
    .title = N_("Funnel"),
    .about =
        N_("Who enters in the period, and how far they come within the window. Enter opens the "
           "people of a step, d those who came to the step before and no further; a writes "
           "the steps, Tab goes to the next saved funnel, b tells groups apart, D chooses "
           "whose rules."),
    .number = 10,
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct funnel_state),
    .open = funnel_open,
    .close = funnel_close,
    .refresh = funnel_refresh,
    .draw = funnel_draw,
    .action = funnel_action,
    .answered = funnel_answered,
    .subtitle = funnel_subtitle,
    .people = step_people,
};
