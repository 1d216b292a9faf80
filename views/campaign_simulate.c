/* A campaign tried on the mall's own history. Its argument is CODE, or CODE \x1f BY. */
#include "model/campaign/simulate.h"

#include "model/base/text.h"
#include "model/campaign/report.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/campaign_people.h"
#include "views/campaign_result_draw.h"
#include "views/dashboard.h"
#include "views/screens.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct simulate_state {
    struct dashboard dashboard; /* first */
    struct simulate_parameters {
        struct campaign_question question;
        uint64_t seed;
    } asked;
    char *title;
};

struct simulate_answer {
    struct simulation simulation;
    const char *headline;
};

static void *simulate_ask(struct reader *reader, struct arena *arena, const void *parameters,
                          struct error *err)
{
    const struct simulate_parameters *asked = parameters;
    struct simulate_answer *answer = arena_new_of(arena, struct simulate_answer);
    struct simulate_query query = {.seed = asked->seed};
    struct campaign_question plain = asked->question;
    const struct campaign *campaign;
    struct result_query unused;
    plain.by[0] = '\0';
    query.by = *asked->question.by ? arena_strdup(arena, asked->question.by) : NULL;
    if (campaign_question_read(reader, arena, &plain, &campaign, &unused, err) != ST_OK ||
        campaign_simulate(reader, arena, &asked->question.access, campaign, &query,
                          &answer->simulation, err) != ST_OK)
        return NULL;
    answer->headline = simulate_headline(arena, &answer->simulation);
    return answer;
}

static void simulate_refresh(struct view *view)
{
    struct simulate_state *state = view->state;
    state->asked.question.access = view->console->access;
    view_ask(view, 0, _("simulation"), simulate_ask, &state->asked, sizeof state->asked);
}

static void simulate_open(struct view *view)
{
    struct simulate_state *state = view->state;
    state->asked.question = campaign_question_of(view->argument, &view->console->access);
    state->asked.seed = 1;
    view->scopes[view->n_scopes++] = "panels";
    simulate_refresh(view);
}

static void simulate_close(struct view *view)
{
    dashboard_end(view->state);
    free(((struct simulate_state *)view->state)->title);
}

/* ---- Panels ---- */

static void plain_set(struct panel_value *at, const char *label, const char *text)
{
    at->label = label;
    at->text = text;
    at->metric = -1;
    at->bar = at->mark = -1;
}

static void tile_add(struct panels *panels, const char *title, const char *label,
                     const char *median, const char *low, const char *high)
{
    struct panel *panel = panels_add(panels, PANEL_TILE, title, 3);
    plain_set(&panel->values[0], label, median);
    plain_set(&panel->values[1], _("at least (5%)"), low);
    plain_set(&panel->values[2], _("at most (95%)"), high);
    panel->span = panel->span_medium = 4;
}

static void money_tile(struct panels *panels, const char *title, const char *label,
                       const struct simulate_range *range)
{
    struct arena *arena = panels->arena;
    tile_add(panels, title, label, report_money(arena, range->median / 100, false),
             report_money(arena, range->low / 100, false),
             report_money(arena, range->high / 100, false));
}

static void count_tile(struct panels *panels, const char *title, const char *label,
                       const struct simulate_range *range)
{
    struct arena *arena = panels->arena;
    tile_add(panels, title, label, text_count(arena, llround(range->median)),
             text_count(arena, llround(range->low)), text_count(arena, llround(range->high)));
}

static void groups_panel(struct panels *panels, const struct simulation *s,
                         const struct access *access)
{
    struct arena *arena = panels->arena;
    struct panel *panel = panels_add(panels, PANEL_LIST, _("Who would use it"), s->n_groups);
    double most = 0;
    for (size_t i = 0; i < s->n_groups; i++)
        most = s->groups[i].points > most && !s->groups[i].hidden ? s->groups[i].points : most;
    for (size_t i = 0; i < s->n_groups; i++) {
        const struct simulate_group *g = &s->groups[i];
        struct panel_value *v = &panel->values[i];
        plain_set(v, g->name,
                  g->hidden
                      ? small_group_text(access, arena, g->people)
                      : arena_printf(arena, _("%s of %s"), text_count(arena, llround(g->users)),
                                     text_count(arena, g->people)));
        v->bar = most > 0 && !g->hidden ? g->points / most : 0;
        if (!g->hidden)
            v->change = text_count(arena, llround(g->points));
        v->change_role = ROLE_DIM;
    }
    panel->note = _("points");
    panel->span = panel->span_medium = 12;
}

static void rests_panel(struct panels *panels, const struct simulation *s)
{
    struct arena *arena = panels->arena;
    struct panel *panel = panels_add(panels, PANEL_FACTS, _("What it rests on"), 6);
    struct panel_value *v = panel->values;
    plain_set(&v[0], s->basis == BASIS_COUPONS ? _("earlier campaigns") : _("comparable days"),
              text_count(arena, (int64_t)s->comparable));
    plain_set(&v[1], _("days it would be on"), text_count(arena, (int64_t)s->n_days));
    plain_set(&v[2], _("treated"), text_count(arena, s->treated));
    plain_set(&v[3], _("of them came on such days"), text_count(arena, s->shoppers));
    plain_set(&v[4], _("draws"), text_count(arena, s->draws));
    plain_set(&v[5], _("seed"), arena_printf(arena, "%llu", (unsigned long long)s->seed));
    panel->span = panel->span_medium = 12;
}

static void simulate_answered(struct view *view, int slot)
{
    struct simulate_state *state = view->state;
    const struct simulate_answer *answer = view_answer(view, slot);
    if (!answer)
        return;
    const struct simulation *s = &answer->simulation;
    struct panels *panels = dashboard_begin(&state->dashboard);
    bool coupons = s->basis == BASIS_COUPONS;
    free(state->title);
    state->title = mem_strdup(*s->campaign->name ? s->campaign->name : s->campaign->code);
    count_tile(panels, _("USERS"), _("would use it"), &s->users);
    money_tile(panels, _("BUDGET"), _("value given"), &s->value);
    money_tile(panels, _("SALES TOUCHED"), _("of those receipts"), &s->sales);
    if (!coupons) {
        count_tile(panels, _("POINTS"), _("points"), &s->points);
        money_tile(panels, _("LIABILITY"), _("taken off"), &s->liability);
    }
    tile_add(panels, _("LEVERAGE"), _("sales for 1 given"),
             report_times(panels->arena, s->leverage.median),
             report_times(panels->arena, s->leverage.low),
             report_times(panels->arena, s->leverage.high));
    if (s->n_groups)
        groups_panel(panels, s, &view->console->access);
    rests_panel(panels, s);
    dashboard_ready(view, slot);
}

static void simulate_draw(struct view *view, struct area area)
{
    enum { LOW = 16 };
    const struct simulate_answer *answer = view_answer(view, 0);
    if (answer && !view_problem(view, 0)) {
        bool low = area.rows < LOW;
        area_cut_top(&area, draw_wrapped(area, 0, ROLE_STRONG, answer->headline));
        if (!low)
            area_cut_top(&area, draw_wrapped(area, 0, ROLE_DIM, answer->simulation.note));
        if (area.rows > 6)
            area_cut_top(&area, 1);
    }
    dashboard_draw(view, area, 0);
}

/* ---- Acting ---- */

static const char *const bys[] = {"balance", "tier", "gender", "age", "label", "segment"};
static const char *const by_titles[] = {
    N_("points they have"), N_("tier"), N_("gender"), N_("age"), N_("label"), N_("segment")};
enum { BYS = sizeof bys / sizeof *bys };

static void by_set(struct view *view, const char *by)
{
    struct simulate_state *state = view->state;
    snprintf(state->asked.question.by, sizeof state->asked.question.by, "%s", by);
    simulate_refresh(view);
}

static void by_chosen(void *context, struct dialog *dialog, bool accepted)
{
    int choice = dialog_choice(dialog);
    if (accepted && choice >= 0 && choice < BYS)
        by_set(context, bys[choice]);
}

static bool simulate_action(struct view *view, int id, const char *argument)
{
    struct simulate_state *state = view->state;
    const char *titles[BYS];
    switch (id) {
    case ACTION_SIMULATE_BY:
        for (size_t i = 0; i < BYS; i++)
            titles[i] = _(by_titles[i]);
        if (*argument)
            by_set(view, argument);
        else
            console_dialog(view->console, dialog_choose(_("By"), titles, BYS, 0, by_chosen, view));
        return true;
    case ACTION_SIMULATE_SEED:
        state->asked.seed++;
        simulate_refresh(view);
        return true;
    default:
        return dashboard_action(view, 0, id);
    }
}

static const char *simulate_subtitle(struct view *view)
{
    return ((struct simulate_state *)view->state)->title;
}

const struct view_ops view_campaign_simulate = {
    .name = "campaign-simulate",
    .title = N_("Simulation"),
    .about = N_("The campaign played on the mall's own past days: who would use it, what it would "
                "give, what budget it needs, and how sure that is. Each draw takes other days and "
                "other chances; 5 of 100 are below the least, 5 above the most. b tells it by "
                "crowd, n draws anew with another seed: if the figures move much, take the wider "
                "range. What the campaign itself adds is not known before it runs."),
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct simulate_state),
    .open = simulate_open,
    .close = simulate_close,
    .refresh = simulate_refresh,
    .draw = simulate_draw,
    .action = simulate_action,
    .answered = simulate_answered,
    .subtitle = simulate_subtitle,
};
