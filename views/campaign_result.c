/* What a campaign did: the claim in words, the treated beside the holdout, and breakdowns whose
 * counts open into lists. Its argument is CODE, or CODE \x1f BY. */
#include "model/campaign/report.h"

#include "model/base/text.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/campaign_people.h"
#include "views/campaign_result_draw.h"
#include "views/dashboard.h"
#include "views/list_export.h"
#include "views/screens.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_GROUPS = 60 };

struct result_state {
    struct dashboard dashboard; /* first */
    struct campaign_question question;
    char *title;
};

struct result_answer {
    struct campaign_result result;
    const char *headline, *report;
};

static void *result_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    const struct campaign_question *question = parameters;
    struct result_answer *answer = arena_new_of(arena, struct result_answer);
    struct campaign_result *result = &answer->result;
    const struct campaign *campaign;
    struct result_query query;
    if (campaign_question_read(reader, arena, question, &campaign, &query, err) != ST_OK)
        return NULL;
    if (!*question->by)
        query.by = result_kinds[campaign->kind].on_days ? RESULT_BY_DAY : RESULT_BY_TIER;
    if (campaign_result_run(reader, arena, &question->access, campaign, &query, result, err) !=
        ST_OK)
        return NULL;
    answer->headline = result_headline(arena, &question->access, result);
    answer->report = campaign_report(arena, &question->access, reader_mall(reader), result);
    return answer;
}

static void result_refresh(struct view *view)
{
    struct result_state *state = view->state;
    state->question.access = view->console->access;
    view_ask(view, 0, _("result"), result_ask, &state->question, sizeof state->question);
}

static void result_open(struct view *view)
{
    struct result_state *state = view->state;
    state->question = campaign_question_of(view->argument, &view->console->access);
    view->scopes[view->n_scopes++] = "panels";
    result_refresh(view);
}

static void result_close(struct view *view)
{
    struct result_state *state = view->state;
    dashboard_end(view->state);
    free(state->title);
}

/* ---- Panels ---- */

struct filling {
    struct panels *panels;
    const struct campaign_result *r;
    const struct access *access;
    const char *by; /* as it is asked again */
};

static void plain_set(struct panel_value *at, const char *label, const char *text)
{
    at->label = label;
    at->text = text;
    at->metric = -1;
    at->bar = at->mark = -1;
}

/* A figure about so many people, that opens their list. */
static void people_set(const struct filling *f, struct panel_value *at, const char *label,
                       enum result_arm arm, enum result_who who, const char *text)
{
    const struct campaign_result *r = f->r;
    const int64_t counts[RESULT_WHO] = {r->sums[arm].people, r->sums[arm].responded,
                                        r->reached[arm], r->used[arm]};
    bool hidden = r->hidden[arm][who];
    struct arena *arena = f->panels->arena;
    plain_set(at, label,
              hidden ? small_group_text(f->access, arena, counts[who])
              : text ? text
                     : text_count(arena, counts[who]));
    if (hidden || !counts[who])
        return;
    at->screen = "crowd";
    at->argument = campaign_people_line(arena, r->campaign->code, "", arm, who, "");
}

static const char *rate_text(const struct filling *f, const struct result_sums *sums)
{
    return report_share(f->panels->arena,
                        sums->people ? (double)sums->responded / (double)sums->people : NAN);
}

static void response_tile(const struct filling *f)
{
    const struct campaign_result *r = f->r;
    struct panel *panel = panels_add(f->panels, PANEL_TILE, _("RESPONSE"), 3);
    struct panel_value *v = panel->values;
    bool told = r->measured && !r->withheld;
    if (told)
        plain_set(&v[0], _("lift"), report_points(f->panels->arena, r->lift.lift));
    else
        plain_set(&v[0], r->measured ? _("lift") : _("no claim"), "–");
    people_set(f, &v[1], _("treated"), ARM_TREATED, RESULT_RESPONDED,
               rate_text(f, &r->sums[ARM_TREATED]));
    people_set(f, &v[2], _("holdout"), ARM_HOLDOUT, RESULT_RESPONDED,
               rate_text(f, &r->sums[ARM_HOLDOUT]));
    v[0].detail = _(r->response_title);
    panel->span = panel->span_medium = 4;
}

static void sales_tile(const struct filling *f)
{
    const struct campaign_result *r = f->r;
    struct arena *arena = f->panels->arena;
    struct panel *panel = panels_add(f->panels, PANEL_TILE, _("SALES A PERSON"), 3);
    bool told = r->measured && !r->withheld;
    plain_set(&panel->values[0], told ? _("more") : _("no claim"),
              told ? report_money(arena, r->sales_lift.difference, true) : "–");
    for (int a = 0; a < RESULT_ARMS; a++)
        plain_set(&panel->values[1 + a], a ? _("holdout") : _("treated"),
                  r->hidden[a][1] ? "–" : report_money(arena, r->per_person[a].mean, false));
    panel->span = panel->span_medium = 4;
}

static void leverage_tile(const struct filling *f)
{
    const struct campaign_result *r = f->r;
    struct arena *arena = f->panels->arena;
    struct panel *panel = panels_add(f->panels, PANEL_TILE, _("LEVERAGE"), 3);
    plain_set(&panel->values[0], _("sales for 1 given"), report_times(arena, r->leverage));
    plain_set(&panel->values[1], _("value given"), text_money(arena, r->value_given));
    plain_set(&panel->values[2], _("sales touched"), text_money(arena, r->sales_touched));
    panel->span = panel->span_medium = 4;
}

static void people_panel(const struct filling *f)
{
    struct panel *panel = panels_add(f->panels, PANEL_FACTS, _("People"), 5 + f->r->n_suppressed);
    struct panel_value *v = panel->values;
    people_set(f, &v[0], _("treated"), ARM_TREATED, RESULT_PEOPLE, NULL);
    people_set(f, &v[1], _("reached"), ARM_TREATED, RESULT_REACHED, NULL);
    people_set(f, &v[2], _("used it"), ARM_TREATED, RESULT_USED, NULL);
    people_set(f, &v[3], _("holdout"), ARM_HOLDOUT, RESULT_PEOPLE, NULL);
    people_set(f, &v[4], _("holdout reached"), ARM_HOLDOUT, RESULT_REACHED, NULL);
    for (size_t i = 0; i < f->r->n_suppressed; i++) {
        const struct result_suppressed *s = &f->r->suppressed[i];
        struct arena *arena = f->panels->arena;
        plain_set(&v[5 + i], arena_printf(arena, _("not sent: %s"), _(s->reason)),
                  small_group(f->access, s->people) ? small_group_text(f->access, arena, s->people)
                                                    : text_count(arena, s->people));
    }
    panel->span = panel->span_medium = 4;
}

static void money_panel(const struct filling *f)
{
    const struct campaign_result *r = f->r;
    struct arena *arena = f->panels->arena;
    struct panel *panel = panels_add(f->panels, PANEL_FACTS, _("Beside it"), 5);
    struct panel_value *v = panel->values;
    bool told = r->measured && !r->withheld;
    plain_set(&v[0], _("points burned"), text_count(arena, r->points_burned));
    plain_set(&v[1], _("its shops on the year"),
              isfinite(r->growth.rate) ? arena_printf(arena, "%+.1f%%", r->growth.rate * 100)
                                       : "–");
    v[1].detail = _("Sales of its shops in its time against the same weekdays 52 weeks before; "
                    "shops not open in both are left out.");
    plain_set(&v[2], _("by last touch"),
              r->withheld ? "–" : text_money(arena, r->last_touch.sales));
    v[2].detail = _("Receipts whose buyer's last message or coupon in the 7 days before was this "
                    "campaign's. For comparison only: who gets messages buys more anyway.");
    plain_set(&v[3], _("adjusted for before"),
              told && isfinite(r->cuped.reduction)
                  ? report_money(arena, r->cuped.welch.difference, true)
                  : "–");
    v[3].detail = _("Sales a person with what people spent before it taken into account (CUPED).");
    plain_set(&v[4], _("variance it takes off"),
              told ? report_share(arena, r->cuped.reduction) : "–");
    panel->span = panel->span_medium = 8;
}

static void group_set(const struct filling *f, struct panel_value *v, const struct result_group *g,
                      double most)
{
    struct arena *arena = f->panels->arena;
    const struct result_sums *t = &g->sums[ARM_TREATED], *h = &g->sums[ARM_HOLDOUT];
    bool hidden = g->hidden[ARM_TREATED][1];
    double rate = t->people ? (double)t->responded / (double)t->people : 0;
    plain_set(v, g->name,
              hidden ? small_group_text(f->access, arena, t->responded)
                     : arena_printf(arena, "%s  %s", text_count(arena, t->responded),
                                    report_share(arena, t->people ? rate : NAN)));
    v->bar = hidden || most <= 0 ? 0 : rate / most;
    if (h->people && !hidden && !g->hidden[ARM_HOLDOUT][1] && most > 0)
        v->mark = (double)h->responded / (double)h->people / most;
    v->dim = t->people < 30;
    if (g->withheld)
        return;
    if (isfinite(g->lift.lift)) {
        v->change = report_points(arena, g->lift.lift);
        v->change_role = g->lift.newcombe.low > 0    ? ROLE_UP
                         : g->lift.newcombe.high < 0 ? ROLE_DOWN
                                                     : ROLE_DIM;
    }
    v->screen = "crowd";
    v->argument = campaign_people_line(arena, f->r->campaign->code, f->by, ARM_TREATED,
                                       RESULT_RESPONDED, g->name);
}

static void groups_panel(const struct filling *f)
{
    const struct campaign_result *r = f->r;
    struct arena *arena = f->panels->arena;
    size_t n = r->n_groups < MOST_GROUPS ? r->n_groups : MOST_GROUPS;
    struct panel *panel =
        panels_add(f->panels, PANEL_LIST,
                   arena_printf(arena, _("Responded, by %s"), _(result_bys[r->by].title)), n);
    double most = 0;
    for (size_t i = 0; i < r->n_groups; i++)
        for (int a = 0; a < RESULT_ARMS; a++) {
            const struct result_sums *s = &r->groups[i].sums[a];
            double rate = s->people && !r->groups[i].hidden[a][1]
                              ? (double)s->responded / (double)s->people
                              : 0;
            most = rate > most ? rate : most;
        }
    for (size_t i = 0; i < n; i++)
        group_set(f, &panel->values[i], &r->groups[i], most);
    panel->note = r->measured ? _("mark: holdout") : NULL;
    panel->table_screen = "campaign-groups";
    panel->table = campaign_argument(arena, r->campaign->code, f->by);
    panel->span = panel->span_medium = 12;
}

static void result_answered(struct view *view, int slot)
{
    struct result_state *state = view->state;
    const struct result_answer *answer = view_answer(view, slot);
    if (!answer)
        return;
    const struct campaign_result *r = &answer->result;
    struct panels *panels = dashboard_begin(&state->dashboard);
    const char *by = *state->question.by ? state->question.by : result_bys[r->by].name;
    struct filling f = {panels, r, &view->console->access, arena_strdup(panels->arena, by)};
    free(state->title);
    state->title = mem_strdup(*r->campaign->name ? r->campaign->name : r->campaign->code);
    response_tile(&f);
    sales_tile(&f);
    leverage_tile(&f);
    groups_panel(&f);
    people_panel(&f);
    money_panel(&f);
    dashboard_ready(view, slot);
}

/* ---- Drawing ---- */

static const char *interval_text(struct arena *arena, double middle, struct interval i, bool points)
{
    if (isnan(middle))
        return "–";
    const char *(*text)(struct arena *, double) = points ? report_points : report_share;
    return arena_printf(arena, "%s  %s … %s", text(arena, middle), text(arena, i.low),
                        text(arena, i.high));
}

/* Both rates on one scale; the difference on its own, around 0. */
static int rates_draw(struct area area, const struct campaign_result *r)
{
    struct arena *arena = arena_new();
    struct interval_row rows[3] = {{.label = _("treated"), .role = ROLE_BAR},
                                   {.label = _("holdout"), .role = ROLE_PLAIN},
                                   {.label = _("difference"), .role = ROLE_DIM}};
    double high = 0;
    for (int a = 0; a < RESULT_ARMS; a++) {
        const struct result_sums *s = &r->sums[a];
        bool told = s->people && !r->hidden[a][0] && !r->hidden[a][1];
        rows[a].middle = told ? (double)s->responded / (double)s->people : NAN;
        rows[a].interval = told ? stat_wilson((double)s->responded, (double)s->people, STAT_Z95)
                                : (struct interval){NAN, NAN};
        rows[a].text = interval_text(arena, rows[a].middle, rows[a].interval, false);
        high = told && rows[a].interval.high > high ? rows[a].interval.high : high;
    }
    bool told = r->measured && !r->withheld;
    double lift = told ? r->lift.lift : NAN;
    struct interval i = r->lift.newcombe;
    rows[2].middle = lift;
    rows[2].interval = i;
    rows[2].role = i.low > 0 ? ROLE_UP : i.high < 0 ? ROLE_DOWN : ROLE_PLAIN;
    rows[2].text = interval_text(arena, lift, i, true);
    double reach = told ? fmax(fabs(i.low), fabs(i.high)) : 1;
    int used = intervals_draw(area, rows, r->sums[ARM_HOLDOUT].people ? 2 : 1, 0, high);
    if (told) {
        area_cut_top(&area, used);
        used += intervals_draw(area, &rows[2], 1, -reach, reach);
    }
    arena_free(arena);
    return used;
}

static void result_draw(struct view *view, struct area area)
{
    enum { LOW = 16 };
    const struct result_answer *answer = view_answer(view, 0);
    if (answer && !view_problem(view, 0)) {
        area_cut_top(&area, draw_wrapped(area, 0, answer->result.measured ? ROLE_STRONG : ROLE_WARN,
                                         answer->headline));
        if (area.rows >= LOW) {
            area_cut_top(&area, 1);
            area_cut_top(&area, rates_draw(area, &answer->result));
        }
        if (area.rows > 6)
            area_cut_top(&area, 1);
    }
    dashboard_draw(view, area, 0);
}

/* ---- Acting ---- */

static void by_set(struct view *view, const char *by)
{
    struct result_state *state = view->state;
    enum result_by parsed;
    const char *name;
    struct error err = {0};
    if (result_by_parse(by, &parsed, &name, &err) != ST_OK) {
        console_complain(view->console, "%s", error_text(&err));
        error_clear(&err);
        return;
    }
    snprintf(state->question.by, sizeof state->question.by, "%s", by);
    result_refresh(view);
}

static const enum result_by offered[] = {
    RESULT_BY_TIER, RESULT_BY_GENDER, RESULT_BY_AGE,      RESULT_BY_LABEL,   RESULT_BY_SEGMENT,
    RESULT_BY_SHOP, RESULT_BY_BRAND,  RESULT_BY_CATEGORY, RESULT_BY_CONTACT, RESULT_BY_DAY};
enum { OFFERED = sizeof offered / sizeof *offered };

static void by_chosen(void *context, struct dialog *dialog, bool accepted)
{
    int choice = dialog_choice(dialog);
    if (accepted && choice >= 0 && choice < OFFERED)
        by_set(context, result_bys[offered[choice]].name);
}

static void by_choose(struct view *view)
{
    const struct result_answer *answer = view_answer(view, 0);
    const char *titles[OFFERED];
    size_t selected = 0;
    for (size_t i = 0; i < OFFERED; i++) {
        titles[i] = _(result_bys[offered[i]].title);
        if (answer && answer->result.by == offered[i])
            selected = i;
    }
    console_dialog(view->console,
                   dialog_choose(_("By"), titles, OFFERED, selected, by_chosen, view));
}

static void save_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = context;
    const struct result_answer *answer = view_answer(view, 0);
    if (accepted && answer)
        text_export(view->console, dialog_text(dialog), answer->report);
}

static void report_shown(void *context, struct dialog *dialog, bool accepted)
{
    (void)context;
    (void)dialog;
    (void)accepted;
}

static bool result_action(struct view *view, int id, const char *argument)
{
    struct result_state *state = view->state;
    const struct result_answer *answer = view_answer(view, 0);
    switch (id) {
    case ACTION_RESULT_BY:
        if (*argument)
            by_set(view, argument);
        else
            by_choose(view);
        return true;
    case ACTION_RESULT_REPORT:
        if (answer)
            console_dialog(view->console,
                           dialog_message(_("Report"), answer->report, report_shown, view));
        return true;
    case ACTION_RESULT_SAVE:
        if (answer && *argument)
            text_export(view->console, argument, answer->report);
        else if (answer)
            console_dialog(view->console, dialog_ask(_("Save the report"), _("File"), "", NULL,
                                                     save_chosen, view));
        return true;
    case ACTION_RESULT_SIMULATE:
        console_open(view->console, "campaign-simulate", state->question.code);
        return true;
    default:
        return dashboard_action(view, 0, id);
    }
}

static const char *result_subtitle(struct view *view)
{
    return ((struct result_state *)view->state)->title;
}

static char *result_people(struct view *view)
{
    const struct result_state *state = view->state;
    const struct panel_value *value = panels_value(&state->dashboard.panels);
    if (!value || !value->screen || strcmp(value->screen, "crowd") != 0)
        return NULL;
    return mem_strdup(value->argument);
}

const struct view_ops view_campaign_result = {
    .name = "campaign-result",
    .title = N_("Result"),
    .about = N_("What the campaign did: everybody treated against everybody held out, whoever a "
                "message reached. The line is the interval of 95 percent, the dot the share "
                "itself. Without a holdout nothing is claimed. b tells it by crowd, shop, brand, "
                "contact or day, t shows that as a table; a mark in a bar is the holdout, a "
                "lift in colour is one whose interval leaves out 0. Enter opens the people. r "
                "shows the report, w writes it to a file."),
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct result_state),
    .open = result_open,
    .close = result_close,
    .refresh = result_refresh,
    .draw = result_draw,
    .action = result_action,
    .answered = result_answered,
    .subtitle = result_subtitle,
    .people = result_people,
};
