/* Funnel: steps with what is left at each, groups below. Its argument is a saved funnel's name or a
 * plan's line. */
#include "views/funnel_view.h"

#include "model/base/text.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/people_keep.h"
#include "views/person_rows.h"
#include "views/screens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER, OTHER, KEPT, BESIDE };
enum { BESIDE_PEOPLE = 60 };

struct funnel_state {
    char *line, *name; /* the name it is kept under, "" for none */
    char *versus;      /* other people to compare with; NULL: the period's comparison */
    bool asked_other;  /* the answer in OTHER belongs to what is asked now */
    int selected;
    struct arena *scratch; /* of a frame */
    char *problem;         /* of the line being typed */
    char subtitle[240];
};

/* ---- Asking ---- */

static void *kept_ask(struct reader *reader, struct arena *arena, const void *parameters,
                      struct error *err)
{
    struct kept_answer *answer = arena_new_of(arena, struct kept_answer);
    (void)parameters;
    if (funnels_kept(reader, arena, &answer->funnels, &answer->n_funnels, err) != ST_OK ||
        funnel_people_names(reader, arena, &answer->people, &answer->n_people, err) != ST_OK)
        return NULL;
    return answer;
}

struct beside_question {
    struct access access;
    int64_t total;
    size_t n;
    uint32_t people[BESIDE_PEOPLE];
};

static void *beside_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    const struct beside_question *question = parameters;
    struct sheet *sheet;
    if (person_rows(reader, arena, &question->access, question->people, question->n, &sheet, err) !=
        ST_OK)
        return NULL;
    sheet->total = question->total;
    return sheet;
}

/* The people of the selected step, or of the drop before it. */
static const uint32_t *people_selected(const struct funnel_state *state, struct arena *arena,
                                       const struct funnel_answer *answer, size_t *n)
{
    int least, most;
    funnel_levels(state->selected, state->selected > 0, &least, &most);
    return funnel_people(arena, &answer->funnel, least, most, n);
}

static void beside_refresh(struct view *view)
{
    const struct funnel_answer *answer = view_answer(view, ANSWER);
    struct beside_question question = {.access = view->console->access};
    if (!answer || view_is_partial(view, ANSWER) ||
        !access_may(&view->console->access, RIGHT_PEOPLE_SEE))
        return;
    struct arena *arena = arena_new();
    size_t n;
    const uint32_t *people = people_selected(view->state, arena, answer, &n);
    bool few = small_group(&view->console->access, (int64_t)n);
    question.total = few ? -1 : (int64_t)n;
    question.n = few ? 0 : n < BESIDE_PEOPLE ? n : BESIDE_PEOPLE;
    memcpy(question.people, people, question.n * sizeof *people);
    arena_free(arena);
    view_ask(view, BESIDE, _("people"), beside_ask, &question, sizeof question);
}

static void other_refresh(struct view *view, struct funnel_question *question)
{
    struct funnel_state *state = view->state;
    const struct console *console = view->console;
    state->asked_other = state->versus || console->compare != COMPARE_NONE;
    if (!state->asked_other)
        return;
    question->groups = false;
    if (state->versus) {
        snprintf(question->within, sizeof question->within, "%s", state->versus);
    } else {
        question->from = console->against.from;
        question->to = console->against.until;
    }
    view_ask_early(view, OTHER, _("funnel"), funnel_view_ask, question, sizeof *question);
}

static void funnel_refresh(struct view *view)
{
    struct funnel_state *state = view->state;
    struct funnel_question *question = mem_zero(1, sizeof *question);
    view_ask(view, KEPT, _("saved funnels"), kept_ask, NULL, 0);
    if (funnel_question_make(view->console, state->line, question)) {
        view_ask_early(view, ANSWER, _("funnel"), funnel_view_ask, question, sizeof *question);
        other_refresh(view, question);
    }
    free(question);
}

static void funnel_answered(struct view *view, int slot)
{
    struct funnel_state *state = view->state;
    const struct funnel_answer *answer = view_answer(view, slot);
    if (slot != ANSWER || !answer)
        return;
    if (state->selected >= (int)answer->funnel.n_steps)
        state->selected = 0;
    beside_refresh(view);
}

/* ---- What is asked ---- */

static void text_set(char **at, const char *text)
{
    char *copy = text ? mem_strdup(text) : NULL;
    free(*at);
    *at = copy;
}

/* A name of a funnel that every mall has becomes its line; what is kept in the file is opened by
 * its line. */
static void line_set(struct funnel_state *state, const char *name, const char *line)
{
    arena_reset(state->scratch);
    text_set(&state->name, name);
    for (size_t i = 0; i < n_saved_funnels; i++)
        if (strcmp(line, saved_funnels[i].id) == 0)
            line = saved_funnel_text(state->scratch, &saved_funnels[i]);
    text_set(&state->line, line);
}

void funnel_view_set(struct view *view, const char *name, const char *line)
{
    struct funnel_state *state = view->state;
    line_set(state, name, line);
    state->selected = 0;
    funnel_refresh(view);
}

const char *funnel_view_line(const struct view *view)
{
    return ((const struct funnel_state *)view->state)->line;
}

const char *funnel_view_name(const struct view *view)
{
    return ((const struct funnel_state *)view->state)->name;
}

const struct funnel_answer *funnel_view_answer(const struct view *view)
{
    return view_answer(view, ANSWER);
}

const struct kept_answer *funnel_view_kept(const struct view *view)
{
    return view_answer(view, KEPT);
}

void funnel_view_rename(struct view *view, const char *name)
{
    text_set(&((struct funnel_state *)view->state)->name, name);
}

bool funnel_view_known(const struct view *view, const char *name)
{
    const struct kept_answer *kept = funnel_view_kept(view);
    for (size_t i = 0; kept && i < kept->n_funnels; i++)
        if (strcmp(kept->funnels[i].name, name) == 0)
            return true;
    return false;
}

static void funnel_open(struct view *view)
{
    struct funnel_state *state = view->state;
    state->scratch = arena_new();
    line_set(state, "", *view->argument ? view->argument : saved_funnels[0].id);
    funnel_refresh(view);
}

static void funnel_close(struct view *view)
{
    struct funnel_state *state = view->state;
    arena_free(state->scratch);
    free(state->problem);
    free(state->line);
    free(state->name);
    free(state->versus);
}

/* ---- Drawing ---- */

static void funnel_draw(struct view *view, struct area area)
{
    struct funnel_state *state = view->state;
    const struct funnel_answer *answer = view_answer(view, ANSWER);
    const char *problem = view_problem(view, ANSWER);
    arena_reset(state->scratch);
    if (problem)
        area_cut_top(&area, draw_wrapped(area, 0, ROLE_ERROR, problem) + 1);
    if (!answer) {
        if (!problem)
            draw_text(area, 0, 0, ROLE_DIM, _("counting … Ctrl-c stops"));
        return;
    }
    const struct funnel_answer *other = state->asked_other ? view_answer(view, OTHER) : NULL;
    struct funnel_picture picture = {
        .arena = state->scratch,
        .answer = answer,
        .other = other && other->funnel.n_steps == answer->funnel.n_steps ? other : NULL,
        .against = state->versus ? state->versus : _(compare_choices[view->console->compare].title),
        .people = view_is_partial(view, ANSWER) ? NULL : view_answer(view, BESIDE),
        .selected = state->selected,
    };
    picture.partial =
        view_is_partial(view, ANSWER) || (picture.other && view_is_partial(view, OTHER));
    funnel_picture_draw(&picture, area);
    if (picture.partial)
        draw_dim(area);
}

static const char *funnel_subtitle(struct view *view)
{
    struct funnel_state *state = view->state;
    const struct funnel_answer *answer = view_answer(view, ANSWER);
    if (!answer)
        return NULL;
    const struct funnel_query *query = &answer->plan.query;
    const char *title = *state->name       ? state->name
                        : answer->built_in ? _(answer->built_in->title)
                                           : _("own steps");
    snprintf(state->subtitle, sizeof state->subtitle, query->by ? _("%s · by %s") : "%s%s", title,
             query->by ? _(funnel_by_names[query->by]) : "");
    return state->subtitle;
}

/* ---- Changing the question ---- */

/* A change of one thing in the line; the name stays where it says what is changed. */
static void plan_change(struct view *view, void (*change)(struct funnel_plan *, const void *),
                        const void *to)
{
    struct funnel_state *state = view->state;
    struct arena *arena = arena_new();
    struct error err = {0};
    struct funnel_plan plan;
    if (funnel_plan_parse(arena, state->line, &plan, &err) == ST_OK) {
        change(&plan, to);
        text_set(&state->line, funnel_plan_text(arena, &plan));
        funnel_refresh(view);
    } else {
        console_complain(view->console, "%s", error_text(&err));
    }
    error_clear(&err);
    arena_free(arena);
}

static void dialect_next(struct funnel_plan *plan, const void *to)
{
    struct funnel_query *query = &plan->query;
    (void)to;
    query->dialect = (enum funnel_dialect)((query->dialect + 1) % DIALECT_COUNT);
    query->modes = query->dialect == DIALECT_CLICKHOUSE ? MODE_STRICT_ONCE : 0;
    query->order = ORDER_ORDERED;
    if (query->dialect == DIALECT_CLICKHOUSE)
        query->n_exclusions = 0;
}

static void measure_next(struct funnel_plan *plan, const void *to)
{
    (void)to;
    plan->query.measure = (enum funnel_measure)((plan->query.measure + 1) % FUNNEL_MEASURE_COUNT);
}

static void by_change(struct funnel_plan *plan, const void *to)
{
    plan->query.by = (enum funnel_by) * (const int *)to;
}

static void hold_change(struct funnel_plan *plan, const void *to)
{
    plan->query.hold = (enum funnel_hold) * (const int *)to;
}

static void within_change(struct funnel_plan *plan, const void *to)
{
    plan->within = to;
}

static void by_chosen(void *context, struct dialog *dialog, bool accepted)
{
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice >= 0)
        plan_change(context, by_change, &choice);
}

static void hold_chosen(void *context, struct dialog *dialog, bool accepted)
{
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice >= 0)
        plan_change(context, hold_change, &choice);
}

/* A name given with the action ("by shop") or one chosen. */
static void name_change(struct view *view, bool by, const char *argument)
{
    const struct funnel_answer *answer = view_answer(view, ANSWER);
    const char *const *names = by ? funnel_by_names : funnel_holds;
    int n = by ? FUNNEL_BY_COUNT : FUNNEL_HOLD_COUNT;
    for (int i = 0; *argument && i < n; i++)
        if (names[i] && strcmp(names[i], argument) == 0) {
            plan_change(view, by ? by_change : hold_change, &i);
            return;
        }
    size_t now = !answer ? 0 : by ? answer->plan.query.by : answer->plan.query.hold;
    console_choose(view->console, by ? _("Groups by") : _("All steps share"), names, (size_t)n, now,
                   by ? _("no groups") : _("nothing"), by ? by_chosen : hold_chosen, view);
}

/* ---- Names of people: within, and beside whom ---- */

enum { PEOPLE_MOST = 200 };

static const char *person_name(struct view *view, int choice)
{
    const struct kept_answer *kept = view_answer(view, KEPT);
    bool there = kept && choice > 0 && (size_t)choice <= kept->n_people;
    return there ? kept->people[choice - 1] : NULL;
}

static void within_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = context;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice >= 0)
        plan_change(view, within_change, person_name(view, choice));
}

static void versus_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = context;
    struct funnel_state *state = view->state;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice < 0)
        return;
    text_set(&state->versus, person_name(view, choice));
    funnel_refresh(view);
}

static void people_choose(struct view *view, const char *title, const char *none, dialog_done *done)
{
    const struct kept_answer *kept = view_answer(view, KEPT);
    const char *names[PEOPLE_MOST + 1] = {none};
    size_t n = kept ? kept->n_people : 0;
    n = n < PEOPLE_MOST ? n : PEOPLE_MOST;
    for (size_t i = 0; i < n; i++)
        names[i + 1] = kept->people[i];
    if (n)
        console_dialog(view->console, dialog_choose(title, names, n + 1, 0, done, view));
    else
        console_say(view->console, "%s",
                    _("this mall has no segment or label yet; s on a list makes one"));
}

/* ---- The line ---- */

static const char *line_check(void *context, const char *text)
{
    struct view *view = context;
    struct funnel_state *state = view->state;
    struct funnel_plan plan;
    struct error err = {0};
    struct arena *arena = arena_new();
    text_set(&state->problem, NULL);
    if (funnel_plan_parse(arena, text, &plan, &err) != ST_OK)
        text_set(&state->problem, error_text(&err));
    error_clear(&err);
    arena_free(arena);
    return state->problem;
}

static void line_done(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = context;
    if (accepted)
        funnel_view_set(view, funnel_view_name(view), dialog_text(dialog));
}

/* ---- Acting ---- */

static void people_open(struct view *view, bool drop)
{
    const struct funnel_state *state = view->state;
    int least, most;
    if (drop && state->selected == 0) {
        console_say(view->console, "%s", _("nobody drops before the first step"));
        return;
    }
    if (!console_exact(view->console))
        return;
    funnel_levels(state->selected, drop, &least, &most);
    char *argument = mem_printf("funnel %d %d %s", least, most, state->line);
    console_open(view->console, "crowd", argument);
    free(argument);
}

static void people_label(struct view *view)
{
    const struct funnel_answer *answer = view_answer(view, ANSWER);
    if (!answer || !console_exact(view->console))
        return;
    const struct funnel_state *state = view->state;
    struct arena *arena = arena_new();
    size_t n;
    const uint32_t *people = people_selected(state, arena, answer, &n);
    const char *suggestion =
        arena_printf(arena, state->selected ? _("dropped after step %d") : _("made step %d"),
                     state->selected ? state->selected : 1);
    people_keep(view->console, people, n, suggestion);
    arena_free(arena);
}

static void move(struct view *view, int by)
{
    struct funnel_state *state = view->state;
    const struct funnel_answer *answer = view_answer(view, ANSWER);
    int to = state->selected + by;
    if (!answer || to < 0 || to >= (int)answer->funnel.n_steps)
        return;
    state->selected = to;
    beside_refresh(view);
}

static bool action_asked(struct view *view, int id, const char *argument)
{
    switch (id) {
    case ACTION_FUNNEL_DIALECT:
        plan_change(view, dialect_next, NULL);
        return true;
    case ACTION_FUNNEL_MEASURE:
        plan_change(view, measure_next, NULL);
        return true;
    case ACTION_FUNNEL_BY:
    case ACTION_FUNNEL_HOLD:
        name_change(view, id == ACTION_FUNNEL_BY, argument);
        return true;
    case ACTION_FUNNEL_WITHIN:
        if (*argument)
            plan_change(view, within_change, argument);
        else
            people_choose(view, _("Only these people"), _("everyone"), within_chosen);
        return true;
    case ACTION_FUNNEL_VERSUS:
        people_choose(view, _("Beside these people"), _("the period, as elsewhere"), versus_chosen);
        return true;
    case ACTION_FUNNEL_STEPS:
        if (*argument)
            funnel_view_set(view, funnel_view_name(view), argument);
        else
            console_dialog(view->console,
                           dialog_ask(_("Funnel"), _("window: step -> step"),
                                      funnel_view_line(view), line_check, line_done, view));
        return true;
    default:
        return false;
    }
}

static bool funnel_action(struct view *view, int id, const char *argument)
{
    switch (id) {
    case ACTION_FUNNEL_UP:
        move(view, -1);
        return true;
    case ACTION_FUNNEL_DOWN:
        move(view, 1);
        return true;
    case ACTION_FUNNEL_OPEN:
        people_open(view, false);
        return true;
    case ACTION_FUNNEL_DROP:
        people_open(view, true);
        return true;
    case ACTION_FUNNEL_SEGMENT:
        people_label(view);
        return true;
    case ACTION_FUNNEL_TIMES:
        console_open(view->console, "funnel-times", funnel_view_line(view));
        return true;
    case ACTION_FUNNEL_GROUPS:
        console_open(view->console, "funnel-groups", funnel_view_line(view));
        return true;
    default:
        return action_asked(view, id, argument) || funnel_kept_action(view, id, argument);
    }
}

static char *step_people(struct view *view)
{
    const struct funnel_state *state = view->state;
    return mem_printf("funnel %d %d %s", state->selected + 1, FUNNEL_STEPS, state->line);
}

const struct view_ops view_funnel = {
    .name = "funnel",
    .title = N_("Funnel"),
    .about =
        N_("Who enters in the period, and how far they come within the window. Enter opens the "
           "people of a step, d those who came to the step before and no further; in such a list w "
           "says why one of them dropped, and s keeps it under a name. e edits the funnel in a "
           "form, a as a line; S saves it, f and Tab choose a saved one. b tells groups apart, H "
           "holds a property, m counts turns or money, o asks the people of a segment only, v puts "
           "others beside, t shows how long the steps took, D chooses whose rules."),
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
