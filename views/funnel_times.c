/* How long the steps of a funnel took, as distributions. Its argument is a plan's line. */
#include "model/base/text.h"
#include "tui/chart.h"
#include "views/actions.h"
#include "views/cells.h"
#include "views/funnel_view.h"
#include "views/screens.h"

#include <stdio.h>
#include <stdlib.h>

struct times_state {
    int selected; /* a pair of steps; the last is the whole way */
    char subtitle[160];
};

static void times_refresh(struct view *view)
{
    struct funnel_question *question = mem_zero(1, sizeof *question);
    if (funnel_question_make(view->console, view->argument, question)) {
        question->times = true;
        question->groups = false;
        view_ask_early(view, 0, _("funnel"), funnel_view_ask, question, sizeof *question);
    }
    free(question);
}

static void times_answered(struct view *view, int slot)
{
    struct times_state *state = view->state;
    const struct funnel_answer *answer = view_answer(view, slot);
    if (answer && state->selected >= (int)answer->funnel.n_steps)
        state->selected = 0;
}

/* ---- Drawing ---- */

/* Row `at` of the list: the pairs in order, then the whole way. */
static const struct funnel_times *times_at(const struct funnel_answer *answer, size_t at)
{
    return &answer->funnel.times[(at + 1) % answer->funnel.n_steps];
}

static const char *way_name(struct arena *arena, const struct funnel_answer *answer, size_t at)
{
    if (at + 1 == answer->funnel.n_steps)
        return _("whole way");
    const char *label = answer->labels[at + 1];
    return arena_printf(arena, "%zu→%zu %s", at + 1, at + 2, answer->built_in ? _(label) : label);
}

static const char *hidden_text(struct arena *arena, int64_t below)
{
    static const struct sheet_column column = {.type = CELL_COUNT};
    struct cell hidden = cell_hidden(below);
    return cell_for_people(arena, NULL, &column, &hidden);
}

/* The quartiles of every way; the selected row has the cursor. Returns the rows used. */
static int quartiles_draw(struct arena *arena, const struct funnel_answer *answer, struct area area,
                          int selected)
{
    static const char *const titles[] = {N_("least"), "1/4", N_("median"), "3/4", N_("most")};
    bool narrow = area.cols < 70;
    int name = narrow ? 12 : 24, people = narrow ? 7 : 10, number = 10, first = narrow ? 1 : 0;
    int last = narrow ? 2 : 4, n = (int)answer->funnel.n_steps, col = 1 + name + people;
    draw_field(area, 0, 1 + name, people, 1, ROLE_TITLE, _("people"));
    for (int q = first; q <= last; q++)
        draw_field(area, 0, col + number * (q - first), number, 1, ROLE_TITLE, _(titles[q]));
    for (int i = 0; i < n && i + 1 < area.rows; i++) {
        const struct funnel_times *times = times_at(answer, (size_t)i);
        draw_field(area, i + 1, 1, name - 1, -1, ROLE_PLAIN, way_name(arena, answer, (size_t)i));
        draw_field(area, i + 1, 1 + name, people, 1, times->n < FUNNEL_FEW ? ROLE_DIM : ROLE_PLAIN,
                   times->hidden ? hidden_text(arena, times->below) : text_count(arena, times->n));
        for (int q = first; q <= last; q++)
            draw_field(area, i + 1, col + number * (q - first), number, 1,
                       times->n < FUNNEL_FEW ? ROLE_DIM : ROLE_PLAIN,
                       !times->n ? "–"
                       : times->ends_hidden && q % 4 == 0
                           ? "*"
                           : text_duration(arena, (int64_t)(times->quartiles[q] + 0.5)));
        if (i != selected)
            continue;
        draw_mark(area, i + 1, 0, name, ROLE_SELECTED);
        draw_cursor(area, i + 1, 0);
    }
    return n + 1;
}

static void histogram_draw(struct arena *arena, const struct funnel_answer *answer,
                           struct area area, size_t at, bool titled)
{
    struct chart_bar bars[FUNNEL_BUCKETS];
    const struct funnel_times *times = times_at(answer, at);
    if (titled)
        draw_field(area_cut_top(&area, 1), 0, 1, area.cols - 1, -1, ROLE_TITLE,
                   way_name(arena, answer, at));
    for (size_t b = 0; b < FUNNEL_BUCKETS; b++)
        bars[b] = (struct chart_bar){
            .label = _(funnel_bucket_names[b]),
            .value = (double)times->counts[b],
            .text = times->hidden || times->bucket_hidden[b] ? "*"
                                                             : text_count(arena, times->counts[b]),
            .note = times->n && !times->bucket_hidden[b]
                        ? arena_printf(arena, "%.1f%%",
                                       100 * (double)times->counts[b] / (double)times->n)
                        : NULL,
        };
    chart_bars_draw(area, bars, FUNNEL_BUCKETS, 0, -1);
}

static void times_draw(struct view *view, struct area area)
{
    enum { SIDE = 46, GAP = 2 };
    const struct times_state *state = view->state;
    const struct funnel_answer *answer = view_answer(view, 0);
    const char *problem = view_problem(view, 0);
    if (problem || !answer) {
        draw_wrapped(area, 0, problem ? ROLE_ERROR : ROLE_DIM,
                     problem ? problem : _("counting … Ctrl-c stops"));
        return;
    }
    struct arena *arena = arena_new();
    struct area whole = area;
    int n = (int)answer->funnel.n_steps;
    struct area head = area_cut_top(&area, n + 1);
    quartiles_draw(arena, answer, head, state->selected);
    draw_rule(area_cut_top(&area, 1), 0, ROLE_RULE);
    int beside = area.cols / (SIDE + GAP), rows = (n + beside - 1) / (beside ? beside : 1);
    if (beside > 1 && area.rows >= rows * (FUNNEL_BUCKETS + 2)) {
        int columns = beside < n ? beside : n;
        for (int i = 0; i < n; i++) {
            struct area part = area_part(area, i / columns * (FUNNEL_BUCKETS + 2), 0,
                                         FUNNEL_BUCKETS + 1, area.cols);
            histogram_draw(arena, answer, area_column(part, i % columns, columns, GAP), (size_t)i,
                           true);
        }
    } else {
        histogram_draw(arena, answer, area, (size_t)state->selected, area.rows > FUNNEL_BUCKETS);
    }
    if (view_is_partial(view, 0))
        draw_dim(whole);
    arena_free(arena);
}

static bool times_action(struct view *view, int id, const char *argument)
{
    struct times_state *state = view->state;
    const struct funnel_answer *answer = view_answer(view, 0);
    int n = answer ? (int)answer->funnel.n_steps : 1;
    (void)argument;
    switch (id) {
    case ACTION_TIMES_UP:
        state->selected -= state->selected > 0;
        return true;
    case ACTION_TIMES_DOWN:
        state->selected += state->selected + 1 < n;
        return true;
    default:
        return false;
    }
}

static const char *times_subtitle(struct view *view)
{
    struct times_state *state = view->state;
    const struct funnel_answer *answer = view_answer(view, 0);
    if (!answer)
        return NULL;
    struct arena *arena = arena_new();
    snprintf(state->subtitle, sizeof state->subtitle, _("%s window · %s"),
             text_duration(arena, answer->plan.query.window),
             funnel_view_rules(arena, &answer->plan.query));
    arena_free(arena);
    return state->subtitle;
}

const struct view_ops view_funnel_times = {
    .name = "funnel-times",
    .title = N_("How long it took"),
    .about =
        N_("From each step to the next, and for the whole way: the least, the quartiles and the "
           "most, and how many took how long. Up and Down choose which is drawn."),
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct times_state),
    .open = times_refresh,
    .refresh = times_refresh,
    .draw = times_draw,
    .action = times_action,
    .answered = times_answered,
    .subtitle = times_subtitle,
};
