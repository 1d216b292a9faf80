/* Expected value: who still comes, what to expect of them, and who slips away. Of everybody who
 * bought up to the period's end. */
#include "model/insight/value.h"
#include "model/base/text.h"
#include "model/event/sample.h"
#include "views/actions.h"
#include "views/dashboard.h"
#include "views/insight_people.h"
#include "views/screens.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { HORIZON_DAYS = 91 };

struct value_state {
    struct dashboard dashboard; /* first */
    int64_t days;               /* looked ahead */
    char subtitle[160];
};

struct value_question {
    int64_t at;
    double horizon;
    struct access access;
};

static void *value_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    const struct value_question *question = parameters;
    struct value *value = arena_new_of(arena, struct value);
    struct value_query query = {.at = question->at, .unit = 7, .horizon = question->horizon};
    return value_run(reader, arena, &query, value, err) == ST_OK ? value : NULL;
}

static void value_refresh(struct view *view)
{
    const struct value_state *state = view->state;
    struct value_question question = {view->console->period.until - 1, (double)state->days / 7,
                                      view->console->access};
    view_ask_early(view, 0, _("expected value"), value_ask, &question, sizeof question);
}

static void value_open(struct view *view)
{
    ((struct value_state *)view->state)->days = HORIZON_DAYS;
    view->scopes[view->n_scopes++] = "panels";
    value_refresh(view);
}

static void value_close(struct view *view)
{
    dashboard_end(view->state);
}

/* ---- Panels ---- */

struct filling {
    struct panels *panels;
    const struct value *value;
    const struct access *access; /* for estimates */
    double share;
};

static const char *people_text(const struct filling *f, double people)
{
    return text_count(f->panels->arena, sample_estimate(f->share, llround(people)));
}

/* A figure about so many people that opens their list; kept back where they are too few. */
static void figure_set(const struct filling *f, struct panel_value *at, const char *label,
                       int64_t people, const char *text, const char *what, int n)
{
    struct arena *arena = f->panels->arena;
    bool hidden = small_group(f->access, people);
    at->label = label;
    at->text = hidden ? small_group_text(f->access, arena, people) : text;
    at->metric = -1;
    at->bar = -1;
    if (hidden || !people)
        return;
    at->screen = "value-people";
    at->argument = insight_value(arena, f->value, what, n);
}

static const char *money_text(const struct filling *f, double fen)
{
    if (!f->value->money_known)
        return "–";
    return text_count(f->panels->arena, llround(fen / 100));
}

/* Of all people together, where the figure is from a sample of them. */
static const char *sum_text(const struct filling *f, double fen, int64_t people)
{
    return money_text(f, (double)sample_estimate_sum(f->share, llround(fen), people));
}

static void heads_fill(const struct filling *f)
{
    const struct value *v = f->value;
    struct arena *arena = f->panels->arena;
    struct panel *people = panels_add(f->panels, PANEL_TILE, _("STILL ALIVE"), 3);
    figure_set(f, &people->values[0], C_("counted", "people"), (int64_t)v->n,
               people_text(f, v->all.alive), "all", 0);
    figure_set(f, &people->values[1], _("buyers"), (int64_t)v->n, people_text(f, (double)v->n),
               "all", 0);
    figure_set(f, &people->values[2], _("bought again"), 0, people_text(f, (double)v->repeaters),
               "", 0);
    struct panel *ahead = panels_add(f->panels, PANEL_TILE, _("TO EXPECT"), 3);
    figure_set(f, &ahead->values[0], _("purchases"), 0, people_text(f, v->all.expected), "", 0);
    figure_set(f, &ahead->values[1], _("money"), 0, sum_text(f, v->all.worth, (int64_t)v->n), "",
               0);
    figure_set(f, &ahead->values[2], _("a purchase"), 0,
               money_text(f, v->all.expected > 0 ? v->all.worth / v->all.expected : 0), "", 0);
    struct panel *slipping = panels_add(f->panels, PANEL_TILE, _("SLIPPING AWAY"), 3);
    figure_set(f, &slipping->values[0], _("good customers"), v->slipping,
               people_text(f, (double)v->slipping), "slipping", 0);
    figure_set(f, &slipping->values[1], _("they spent"), 0,
               small_group(f->access, v->slipping)
                   ? "–"
                   : text_count(arena, sample_estimate_sum(f->share, llround(v->slipping_money),
                                                           v->slipping) /
                                           100),
               "", 0);
    figure_set(f, &slipping->values[2], _("each at least"), 0,
               text_count(arena, llround(v->loyal / 100)), "", 0);
    for (size_t i = 0; i < 3; i++) {
        f->panels->at[i].span = 4;
        f->panels->at[i].span_medium = 4;
    }
}

static void bands_fill(const struct filling *f)
{
    struct panel *panel = panels_add(f->panels, PANEL_LIST, _("Chance to be alive"), VALUE_BANDS);
    struct arena *arena = f->panels->arena;
    int64_t most = 1;
    bool hidden[VALUE_BANDS];
    small_groups(f->access, f->value->bands, VALUE_BANDS, hidden);
    for (int i = 0; i < VALUE_BANDS; i++)
        most = f->value->bands[i] > most ? f->value->bands[i] : most;
    for (int i = 0; i < VALUE_BANDS; i++) {
        int band = VALUE_BANDS - 1 - i;
        int64_t n = f->value->bands[band];
        struct panel_value *at = &panel->values[i];
        figure_set(f, at, arena_printf(arena, "%3d–%d%%", band * 10, band * 10 + 10), n,
                   people_text(f, (double)n), "band", band);
        at->bar = hidden[band] ? 0 : (double)n / (double)most;
        if (!hidden[band])
            continue;
        at->text = small_group_text(f->access, arena, n);
        at->screen = NULL;
    }
    panel->note = _("people");
    panel->span = panel->span_medium = 6;
}

static void deciles_fill(const struct filling *f)
{
    struct panel *panel =
        panels_add(f->panels, PANEL_LIST, _("Purchases to expect, by tenths"), VALUE_DECILES);
    struct arena *arena = f->panels->arena;
    double most = f->value->deciles[0].expected;
    for (int i = 0; i < VALUE_DECILES; i++) {
        const struct value_group *group = &f->value->deciles[i];
        struct panel_value *at = &panel->values[i];
        figure_set(f, at, arena_printf(arena, "%2d", i + 1), group->people,
                   people_text(f, group->expected), "decile", i);
        at->bar = most > 0 && at->screen ? group->expected / most : 0;
        if (at->screen && f->value->money_known && f->value->all.worth > 0)
            at->change = arena_printf(arena, "%3.0f%%", 100 * group->worth / f->value->all.worth);
        at->change_role = ROLE_DIM;
    }
    panel->note = _("of the money");
    panel->span = panel->span_medium = 6;
}

static void model_fill(const struct filling *f)
{
    struct panel *panel = panels_add(f->panels, PANEL_FACTS, _("The model"), 4);
    struct arena *arena = f->panels->arena;
    const struct bgnbd *m = &f->value->fit.model;
    const struct spend *s = &f->value->spend.model;
    figure_set(f, &panel->values[0], _("BG/NBD r, alpha, a, b (weeks)"), 0,
               arena_printf(arena, "%.3f  %.3f  %.3f  %.3f", m->r, m->alpha, m->a, m->b), "", 0);
    figure_set(f, &panel->values[1], _("log likelihood"), 0,
               arena_printf(arena, "%.1f", f->value->fit.log_likelihood), "", 0);
    figure_set(f, &panel->values[2], _("Gamma-Gamma p, q, v"), 0,
               s->p > 0 ? arena_printf(arena, "%.3f  %.3f  %.3f", s->p, s->q, s->v) : "–", "", 0);
    figure_set(f, &panel->values[3], _("the fit"), 0,
               f->value->fit.bound       ? _("a parameter ran away: these data do not tell")
               : f->value->fit.converged ? _("converged")
                                         : _("did not converge"),
               "", 0);
    panel->span = panel->span_medium = 12;
}

static void value_answered(struct view *view, int slot)
{
    struct value_state *state = view->state;
    const struct value *value = view_answer(view, slot);
    if (!value)
        return;
    struct access access = view->console->access;
    struct filling f = {dashboard_begin(&state->dashboard), value, &access, view_share(view, slot)};
    access.sampled = view_is_partial(view, slot);
    heads_fill(&f);
    bands_fill(&f);
    deciles_fill(&f);
    model_fill(&f);
    dashboard_ready(view, slot);
}

static void value_draw(struct view *view, struct area area)
{
    dashboard_draw(view, area, 0);
}

static bool value_action(struct view *view, int id, const char *argument)
{
    static const int64_t horizons[] = {30, 91, 182, 365};
    struct value_state *state = view->state;
    (void)argument;
    if (id != ACTION_VALUE_HORIZON)
        return dashboard_action(view, 0, id);
    size_t i = 0;
    while (i < 3 && horizons[i] <= state->days)
        i++;
    state->days = state->days == horizons[3] ? horizons[0] : horizons[i];
    value_refresh(view);
    return true;
}

static const char *value_subtitle(struct view *view)
{
    struct value_state *state = view->state;
    snprintf(state->subtitle, sizeof state->subtitle, _("the next %d days, from the period's end"),
             (int)state->days);
    return state->subtitle;
}

const struct view_ops view_value = {
    .name = "value",
    .title = N_("Expected value"),
    .about =
        N_("BG/NBD fitted to the purchases of everybody who bought up to the period's end: the "
           "chance that a person still comes, and how often; Gamma-Gamma for what a purchase is "
           "worth. Slipping away are those in the top fifth by money whose chance to be alive is "
           "below a half. Enter opens the people; n looks further ahead."),
    .number = ACTION_GO_VALUE - ACTION_GO_LOOP + 1,
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct value_state),
    .open = value_open,
    .close = value_close,
    .refresh = value_refresh,
    .draw = value_draw,
    .action = value_action,
    .answered = value_answered,
    .subtitle = value_subtitle,
};
