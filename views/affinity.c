/* Affinity: which shops, brands and categories go together, ranked; and a map of the largest
 * categories. Its argument is "OF BY" in the words of model/insight/affinity.h, or "". */
#include "model/insight/affinity.h"
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/event/sample.h"
#include "tui/chart.h"
#include "views/actions.h"
#include "views/insight_people.h"
#include "views/list.h"
#include "views/screens.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 5000, MAP_MOST = 14, MAP_WIDE = 110, SLOT_PAIRS = 0, SLOT_MAP };

struct affinity_question {
    enum affinity_of of;
    enum affinity_by by;
    int64_t from, to;
    struct access access;
};

struct affinity_state {
    struct list list; /* first */
    struct affinity_question question;
    bool map; /* shown in place of the list where there is no room for both */
    char subtitle[200];
};

struct affinity_answer {
    struct affinity affinity;
    struct sheet *sheet;
    const struct affinity_pair **pairs; /* by row */
    int64_t units;
    size_t hidden; /* pairs of groups too small for this role */
};

static const char *const of_titles[AFFINITY_OF_COUNT] = {
    N_("shops"), N_("brands"),          N_("categories"),
    N_("items"), N_("brands of items"), N_("categories of items")};
static const char *const by_titles[AFFINITY_BY_COUNT] = {N_("people"), N_("visits"), N_("baskets")};

static const struct sheet_column columns[] = {
    {"a", N_("those who bought"), CELL_TEXT}, {"b", N_("also bought"), CELL_TEXT},
    {"lift", N_("lift"), CELL_REAL, 2},       {"lift_low", N_("at least"), CELL_REAL, 2},
    {"both", N_("both"), CELL_COUNT},         {"confidence_ab", N_("→"), CELL_SHARE},
    {"confidence_ba", N_("←"), CELL_SHARE},   {"support", N_("of all"), CELL_SHARE},
};

static const char *thing_text(const struct affinity *affinity, uint32_t thing)
{
    const struct affinity_thing *t = &affinity->things[thing];
    enum affinity_of of = affinity->query.of;
    if (of == AFFINITY_CATEGORY || of == AFFINITY_ITEM_CATEGORY)
        return word_translated("category", t->name);
    return *t->name ? t->name : t->code;
}

static void rows_make(struct affinity_answer *answer, struct arena *arena,
                      const struct access *access, double share)
{
    const struct affinity *a = &answer->affinity;
    answer->sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    answer->pairs = arena_array(arena, const struct affinity_pair *, SHOWN);
    for (size_t i = 0; i < a->n_pairs && answer->sheet->n_rows < SHOWN; i++) {
        const struct affinity_pair *pair = &a->pairs[i];
        if (small_group(access, pair->both)) {
            answer->hidden++;
            continue;
        }
        answer->pairs[answer->sheet->n_rows] = pair;
        struct cell *cells = sheet_row_add(answer->sheet);
        cells[0] = cell_text(thing_text(a, pair->a));
        cells[1] = cell_text(thing_text(a, pair->b));
        cells[2] = cell_real(pair->lift);
        cells[3] = cell_real(pair->interval.low);
        cells[4] = cell_integer(sample_estimate(share, pair->both));
        cells[5] = cell_real(affinity_confidence(a, pair, false));
        cells[6] = cell_real(affinity_confidence(a, pair, true));
        cells[7] = cell_share((double)pair->both, (double)a->units);
    }
}

static void *pairs_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    const struct affinity_question *question = parameters;
    struct affinity_answer *answer = arena_new_of(arena, struct affinity_answer);
    struct affinity_query query = {
        .of = question->of, .by = question->by, .from = question->from, .to = question->to};
    if (affinity_run(reader, arena, &query, &answer->affinity, err) != ST_OK)
        return NULL;
    answer->units = sample_estimate(sample_share(reader), answer->affinity.units);
    rows_make(answer, arena, &question->access, sample_share(reader));
    return answer;
}

/* The map is of categories, whatever the list is of. */
static void *map_ask(struct reader *reader, struct arena *arena, const void *parameters,
                     struct error *err)
{
    struct affinity_question question = *(const struct affinity_question *)parameters;
    bool items = question.by == AFFINITY_BASKET;
    question.of = items ? AFFINITY_ITEM_CATEGORY : AFFINITY_CATEGORY;
    return pairs_ask(reader, arena, &question, err);
}

static void affinity_refresh(struct view *view)
{
    struct affinity_state *state = view->state;
    state->question.from = view->console->period.from;
    state->question.to = view->console->period.until;
    state->question.access = view->console->access;
    view_ask_early(view, SLOT_PAIRS, _("affinity"), pairs_ask, &state->question,
                   sizeof state->question);
    view_ask_early(view, SLOT_MAP, _("affinity"), map_ask, &state->question,
                   sizeof state->question);
}

static void row_open(struct view *view, int64_t row)
{
    const struct affinity_answer *answer = view_answer(view, SLOT_PAIRS);
    if (!answer || row < 0 || row >= (int64_t)answer->sheet->n_rows ||
        !console_exact(view->console))
        return;
    const struct affinity *a = &answer->affinity;
    const struct affinity_pair *pair = answer->pairs[row];
    struct arena *arena = arena_new();
    console_open(view->console, "crowd",
                 insight_pair(arena, a->query.of, a->query.by, a->things[pair->a].code,
                              a->things[pair->b].code));
    arena_free(arena);
}

static bool row_dim(struct view *view, int64_t row)
{
    const struct affinity_answer *answer = view_answer(view, SLOT_PAIRS);
    return answer && row < (int64_t)answer->sheet->n_rows &&
           answer->pairs[row]->both < answer->affinity.small;
}

static void affinity_open(struct view *view)
{
    struct affinity_state *state = view->state;
    char of[32] = "", by[32] = "";
    state->question.of = AFFINITY_CATEGORY;
    sscanf(view->argument, "%31s %31s", of, by);
    for (int i = 0; i < AFFINITY_OF_COUNT; i++)
        if (strcmp(of, affinity_of_names[i]) == 0)
            state->question.of = (enum affinity_of)i;
    for (int i = 0; i < AFFINITY_BY_COUNT; i++)
        if (strcmp(by, affinity_by_names[i]) == 0)
            state->question.by = (enum affinity_by)i;
    list_begin(&state->list, view, "affinity", _("pairs"));
    state->list.open = row_open;
    state->list.dim = row_dim;
    affinity_refresh(view);
}

static void affinity_close(struct view *view)
{
    list_end(&((struct affinity_state *)view->state)->list);
}

static void affinity_answered(struct view *view, int slot)
{
    struct affinity_state *state = view->state;
    const struct affinity_answer *answer = view_answer(view, slot);
    if (slot == SLOT_PAIRS && answer)
        list_show(&state->list, answer->sheet, NULL);
}

/* ---- The map ---- */

static void lift_text(double value, char *text, size_t size)
{
    snprintf(text, size, "%.2f", value);
}

static void map_draw(const struct view *view, struct area area)
{
    const struct affinity_answer *answer = view_answer(view, SLOT_MAP);
    const struct access *access = &view->console->access;
    draw_text(area_cut_top(&area, 1), 0, 0, ROLE_TITLE, _("Lift between the largest categories"));
    if (!answer) {
        draw_text(area, 0, 0, ROLE_DIM, _("counting …"));
        return;
    }
    const struct affinity *a = &answer->affinity;
    double values[MAP_MOST * MAP_MOST];
    const char *labels[MAP_MOST], *columns_of[MAP_MOST];
    struct arena *arena = arena_new();
    int n = a->n_things < MAP_MOST ? (int)a->n_things : MAP_MOST;
    n = n < area.rows - 2 ? n : area.rows - 2;
    for (int i = 0; i < n; i++) {
        labels[i] = arena_printf(arena, "%2d %s", i + 1, thing_text(a, (uint32_t)i));
        columns_of[i] = arena_printf(arena, "%d", i + 1);
        for (int j = 0; j < n; j++) {
            double both = a->counts[(size_t)i * a->n_things + (size_t)j];
            double margins = (double)a->things[i].units * (double)a->things[j].units;
            bool told = i != j && both >= (double)a->small && !small_group(access, (int64_t)both);
            values[i * n + j] = told ? both * (double)a->units / margins : NAN;
        }
    }
    struct chart_heat heat = {.values = values,
                              .rows = n > 0 ? n : 0,
                              .cols = n > 0 ? n : 0,
                              .row_labels = labels,
                              .col_labels = columns_of,
                              .unit = _("lift"),
                              .format = lift_text,
                              .selected_row = -1,
                              .selected_col = -1};
    if (n > 0)
        chart_heat_draw(area, &heat);
    else
        draw_text(area, 0, 0, ROLE_DIM, _("nobody bought anything in this period"));
    arena_free(arena);
}

static void affinity_draw(struct view *view, struct area area)
{
    struct affinity_state *state = view->state;
    const struct affinity_answer *answer = view_answer(view, SLOT_PAIRS);
    const char *problem = view_problem(view, SLOT_PAIRS);
    bool wide = area.cols >= MAP_WIDE && area.rows >= 10;
    struct area whole = area;
    if (problem)
        area_cut_top(&area, draw_wrapped(area, 0, ROLE_ERROR, problem) + 1);
    else if (answer && answer->hidden && area.rows > 4 && !view_is_partial(view, SLOT_PAIRS))
        draw_printf(area_cut_bottom(&area, 1), 0, 0, ROLE_DIM,
                    _("%zu pairs of fewer than %d people are not shown to your role"),
                    answer->hidden, (int)view->console->access.least_people);
    if (wide) {
        struct area right = area_cut_right(&area, area.cols * 2 / 5);
        area_cut_left(&right, 2);
        map_draw(view, right);
    }
    if (!wide && state->map)
        map_draw(view, area);
    else if (!problem)
        list_draw(&state->list, area, true);
    if (view_is_partial(view, SLOT_PAIRS))
        draw_dim(whole);
}

/* ---- Acting ---- */

/* The next way to ask that has an answer: a basket is of one shop, and its things are items. */
static void ask_next(struct view *view, int of, int by)
{
    struct affinity_question *q = &((struct affinity_state *)view->state)->question;
    q->by = (enum affinity_by)((q->by + by) % AFFINITY_BY_COUNT);
    if (by && q->by == AFFINITY_BASKET && q->of < AFFINITY_ITEM)
        q->of = AFFINITY_ITEM_CATEGORY;
    q->of = (enum affinity_of)((q->of + of) % AFFINITY_OF_COUNT);
    if (of && q->by == AFFINITY_BASKET && q->of < AFFINITY_ITEM)
        q->of = AFFINITY_ITEM;
    affinity_refresh(view);
}

static bool affinity_action(struct view *view, int id, const char *argument)
{
    struct affinity_state *state = view->state;
    switch (id) {
    case ACTION_AFFINITY_OF:
        ask_next(view, 1, 0);
        return true;
    case ACTION_AFFINITY_BY:
        ask_next(view, 0, 1);
        return true;
    case ACTION_AFFINITY_MAP:
        state->map = !state->map;
        return true;
    default:
        return list_action(&state->list, id, argument);
    }
}

static bool affinity_key(struct view *view, uint32_t key)
{
    return list_key(&((struct affinity_state *)view->state)->list, key);
}

static const char *affinity_subtitle(struct view *view)
{
    struct affinity_state *state = view->state;
    const struct affinity_answer *answer = view_answer(view, SLOT_PAIRS);
    struct arena *arena = arena_new();
    snprintf(state->subtitle, sizeof state->subtitle, _("%s, by %s · %s in all"),
             _(of_titles[state->question.of]), _(by_titles[state->question.by]),
             answer ? text_count(arena, answer->units) : "…");
    arena_free(arena);
    return state->subtitle;
}

const struct view_ops view_affinity = {
    .name = "affinity",
    .title = N_("Affinity"),
    .about =
        N_("What goes together in the period. Lift says how many times more often than if the two "
           "had nothing to do with each other, at least is the lower end of its interval of 95 "
           "percent, by which pairs are ranked; those of fewer than 30 come last and are dim. The "
           "arrows are the share of those with the one who also have the other. Enter opens the "
           "people; o changes what, b in what, m shows a map of the largest categories."),
    .number = ACTION_GO_AFFINITY - ACTION_GO_LOOP + 1,
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct affinity_state),
    .open = affinity_open,
    .close = affinity_close,
    .refresh = affinity_refresh,
    .draw = affinity_draw,
    .action = affinity_action,
    .key = affinity_key,
    .answered = affinity_answered,
    .subtitle = affinity_subtitle,
};
