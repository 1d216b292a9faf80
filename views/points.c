/* Points of the whole mall: what there is, what it will cost, what expires when, what campaigns
 * burned, how points are earned. */
#include "model/campaign/points_mall.h"

#include "model/base/text.h"
#include "model/campaign/campaign.h"
#include "model/campaign/points_expire.h"
#include "model/campaign/points_rules.h"
#include "model/store/write_queue.h"
#include "views/actions.h"
#include "views/dashboard.h"
#include "views/points_people.h"
#include "views/screens.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SLOT_MALL, SLOT_SURVEY, MONTHS_AHEAD = 18, MONTHS_BACK = 24, CAMPAIGNS_SHOWN = 12 };

struct points_state {
    struct dashboard dashboard; /* first */
};

/* At once, from roll-ups and rows. */
struct mall_answer {
    struct points_mall mall;
    struct sheet *rules, *terms;
};

struct survey_answer {
    struct points_survey survey;
    const char **campaigns; /* names, by survey.campaigns */
};

static void *mall_ask(struct reader *reader, struct arena *arena, const void *parameters,
                      struct error *err)
{
    struct mall_answer *answer = arena_new_of(arena, struct mall_answer);
    (void)parameters;
    if (points_mall(reader, arena, &answer->mall, err) != ST_OK)
        return NULL;
    answer->rules = points_rules_sheet(reader, arena, err);
    answer->terms = answer->rules ? points_terms_sheet(reader, arena, err) : NULL;
    return answer->terms ? answer : NULL;
}

static void *survey_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    struct survey_answer *answer = arena_new_of(arena, struct survey_answer);
    (void)parameters;
    if (points_survey(reader, time_now(), arena, &answer->survey, err) != ST_OK)
        return NULL;
    answer->campaigns = arena_array(arena, const char *, answer->survey.n_campaigns + 1);
    for (size_t i = 0; i < answer->survey.n_campaigns; i++)
        answer->campaigns[i] = arena_strdup(
            arena, dict_name(reader, DICT_CAMPAIGN, answer->survey.campaigns[i].campaign));
    return answer;
}

static void points_refresh(struct view *view)
{
    view_ask(view, SLOT_MALL, _("points"), mall_ask, NULL, 0);
    view_ask(view, SLOT_SURVEY, _("lots of points"), survey_ask, NULL, 0);
}

static void points_open(struct view *view)
{
    view->scopes[view->n_scopes++] = "panels";
    points_refresh(view);
}

static void points_close(struct view *view)
{
    dashboard_end(view->state);
}

/* ---- Panels ---- */

struct filling {
    struct panels *panels;
    struct arena *arena;
    const struct mall_answer *mall;
    const struct survey_answer *survey; /* NULL: not there yet */
    const struct access *access;
};

static void value_set(struct panel_value *at, const char *label, const char *text)
{
    *at = (struct panel_value){.label = label, .text = text, .metric = -1, .bar = -1, .mark = -1};
}

static void count_set(const struct filling *f, struct panel_value *at, const char *label, int64_t n)
{
    value_set(at, label, text_count(f->arena, n));
}

/* Opens the people behind it, where there are enough of them to be shown. */
static void people_behind(const struct filling *f, struct panel_value *at, int64_t people,
                          enum points_who who, int64_t number)
{
    if (small_group(f->access, people))
        at->text = small_group_text(f->access, f->arena, people);
    else if (people) {
        at->screen = "crowd";
        at->argument = arena_printf(f->arena, "points %s %" PRId64, points_who_names[who], number);
    }
}

static void sums_fill(const struct filling *f)
{
    const struct points_sums *sums = &f->mall->mall.sums;
    struct panel *there = panels_add(f->panels, PANEL_TILE, _("OUTSTANDING"), 6);
    count_set(f, &there->values[0], _("points"), sums->balance);
    count_set(f, &there->values[1], _("earned"), sums->earned);
    count_set(f, &there->values[2], _("burned"), sums->burned);
    count_set(f, &there->values[3], _("expired"), sums->expired);
    count_set(f, &there->values[4], _("reversed"), sums->reversed);
    count_set(f, &there->values[5], _("adjusted"), sums->adjusted);
    there->values[0].screen = "crowd";
    there->values[0].argument = "points holders 0";
    there->span = there->span_medium = 4;
}

static void liability_fill(const struct filling *f)
{
    const struct points_mall *mall = &f->mall->mall;
    struct arena *arena = f->arena;
    struct panel *panel = panels_add(f->panels, PANEL_TILE, _("LIABILITY"), 4);
    value_set(&panel->values[0], _("yuan"), text_money(arena, mall->liability));
    value_set(&panel->values[1], _("breakage"),
              arena_printf(arena, "%.1f%%", 100 * mall->history.breakage));
    value_set(&panel->values[2], _("basis"),
              mall->history.source == BREAKAGE_HISTORY   ? _("24 months' history")
              : mall->history.source == BREAKAGE_SETTING ? _("the setting")
                                                         : _("too little history"));
    value_set(&panel->values[3], _("a yuan is"),
              arena_printf(arena, _("%s points"), text_count(arena, mall->history.per_yuan)));
    for (int i = 0; i < 2; i++)
        panel->values[i].metric = METRIC_POINTS_LIABILITY;
    panel->span = panel->span_medium = 4;
}

static void open_fill(const struct filling *f)
{
    struct panel *panel = panels_add(f->panels, PANEL_TILE, _("NOT FREE"), 4);
    const struct points_survey *s = f->survey ? &f->survey->survey : NULL;
    const char *unknown = "…";
    count_set(f, &panel->values[0], _("reserved"), f->mall->mall.sums.held);
    if (f->mall->mall.sums.held) {
        panel->values[0].screen = "crowd";
        panel->values[0].argument = "points holding 0";
    }
    value_set(&panel->values[1], _("past their time"), unknown);
    value_set(&panel->values[2], _("owed to the mall"), unknown);
    value_set(&panel->values[3], _("overdrawn by imports"), unknown);
    if (s) {
        panel->values[1].text = text_count(f->arena, s->due);
        panel->values[2].text = text_count(f->arena, s->owed);
        panel->values[3].text = text_count(f->arena, s->shortage);
        people_behind(f, &panel->values[1], s->due_people, POINTS_DUE, 0);
        people_behind(f, &panel->values[2], s->owed_people, POINTS_OWING, 0);
        people_behind(f, &panel->values[3], s->overdrawn, POINTS_OVERDRAWN, 0);
    }
    panel->span = panel->span_medium = 4;
}

static const char *month_text(struct arena *arena, int32_t month)
{
    return arena_printf(arena, "%04d-%02d", month / 12, month % 12 + 1);
}

/* Every month from the first with points on, so that a gap is seen as one. */
static void expiring_fill(const struct filling *f)
{
    const struct points_survey *s = &f->survey->survey;
    struct arena *arena = f->arena;
    int32_t first = s->n_months ? s->months[0].month : 0;
    int32_t last = s->n_months ? s->months[s->n_months - 1].month : -1;
    size_t n = (size_t)(last - first + 1);
    n = n > MONTHS_AHEAD ? MONTHS_AHEAD : n;
    struct panel *panel =
        panels_add(f->panels, PANEL_SERIES, _("What expires, by month"), s->n_months ? n : 0);
    double *series = arena_array(arena, double, n + 1);
    const char **labels = arena_array(arena, const char *, n + 1);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t month = first + (int32_t)i;
        const struct points_expiring *is = NULL;
        if (at < s->n_months && s->months[at].month == month)
            is = &s->months[at++];
        series[i] = is ? (double)is->points : 0;
        labels[i] = arena_printf(arena, "%02d", month % 12 + 1);
        count_set(f, &panel->values[i], month_text(arena, month), is ? is->points : 0);
        if (is)
            people_behind(f, &panel->values[i], is->people, POINTS_EXPIRING, month);
    }
    panel->series = series;
    panel->n_series = s->n_months ? n : 0;
    panel->labels = labels;
    panel->note =
        s->never ? arena_printf(arena, _("%s never expire"), text_count(arena, s->never)) : NULL;
    panel->empty = s->never ? _("Nothing: no terms say how long points live.")
                            : _("Nothing: there are no points.");
    panel->span = 6;
    panel->span_medium = 12;
    panel->rows = 9;
}

static void burned_fill(const struct filling *f)
{
    const struct points_history *h = &f->mall->mall.history;
    struct arena *arena = f->arena;
    size_t n = h->n_months < MONTHS_BACK ? h->n_months : MONTHS_BACK;
    const struct points_month *months = h->months + (h->n_months - n);
    struct panel *panel = panels_add(f->panels, PANEL_SERIES, _("Burned, by month"), n);
    double *series = arena_array(arena, double, n + 1);
    double *earned = arena_array(arena, double, n + 1);
    const char **labels = arena_array(arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        series[i] = (double)months[i].burned;
        earned[i] = (double)months[i].earned;
        labels[i] = arena_printf(arena, "%02d", months[i].month % 12 + 1);
        value_set(&panel->values[i], month_text(arena, months[i].month),
                  arena_printf(arena, _("%s · earned %s"), text_count(arena, months[i].burned),
                               text_count(arena, months[i].earned)));
    }
    panel->series = series;
    panel->usual = earned;
    panel->n_series = n;
    panel->labels = labels;
    panel->note = _("beside what was earned");
    panel->span = 6;
    panel->span_medium = 12;
    panel->rows = 9;
}

/* The campaigns with most burned, given back taken off. */
static void campaigns_fill(const struct filling *f)
{
    const struct points_survey *s = &f->survey->survey;
    size_t order[CAMPAIGNS_SHOWN], n = 0;
    for (size_t i = 0; i < s->n_campaigns; i++) {
        int64_t burned = s->campaigns[i].burned - s->campaigns[i].given_back;
        size_t at = n;
        if (burned <= 0)
            continue;
        while (at &&
               s->campaigns[order[at - 1]].burned - s->campaigns[order[at - 1]].given_back < burned)
            at--;
        if (at == CAMPAIGNS_SHOWN)
            continue;
        n += n < CAMPAIGNS_SHOWN;
        memmove(order + at + 1, order + at, (n - 1 - at) * sizeof *order);
        order[at] = i;
    }
    struct panel *panel = panels_add(f->panels, PANEL_LIST, _("Burned under campaigns"), n);
    for (size_t i = 0; i < n; i++) {
        const struct points_by_campaign *c = &s->campaigns[order[i]];
        const struct points_by_campaign *most = &s->campaigns[order[0]];
        struct panel_value *at = &panel->values[i];
        int64_t burned = c->burned - c->given_back;
        count_set(f, at, f->survey->campaigns[order[i]], burned);
        at->bar = (double)burned / (double)(most->burned - most->given_back);
        people_behind(f, at, c->people, POINTS_BURNERS, c->campaign);
        if (!at->screen)
            at->bar = 0;
    }
    panel->empty = _("No points were burned under a campaign.");
    panel->note = _("points");
    panel->span = 6;
    panel->span_medium = 12;
}

static const char *rule_text(struct arena *arena, const struct cell *cells)
{
    const char *text = cells[1].known ? arena_printf(arena, _("%s for 100 yuan"),
                                                     text_count(arena, cells[1].integer))
                                      : arena_printf(arena, "× %.2f", cells[2].real);
    if (cells[1].known && fabs(cells[2].real - 1) > 0.001)
        text = arena_printf(arena, "%s × %.2f", text, cells[2].real);
    return text;
}

static void rules_fill(const struct filling *f)
{
    const struct sheet *rules = f->mall->rules, *terms = f->mall->terms;
    struct panel *panel =
        panels_add(f->panels, PANEL_FACTS, _("Rules and terms"), rules->n_rows + terms->n_rows);
    for (size_t i = 0; i < rules->n_rows; i++) {
        const struct cell *cells = sheet_row(rules, i);
        value_set(&panel->values[i], cells[0].text, rule_text(f->arena, cells));
    }
    for (size_t i = 0; i < terms->n_rows; i++) {
        const struct cell *cells = sheet_row(terms, i);
        value_set(&panel->values[rules->n_rows + i],
                  arena_printf(f->arena, _("earned from %s"), cells[0].text),
                  cells[1].known ? arena_printf(f->arena, _("good %s months"),
                                                text_count(f->arena, cells[1].integer))
                                 : _("good for ever"));
    }
    for (size_t i = 0; i < panel->n_values; i++) {
        panel->values[i].screen = "points-rules";
        panel->values[i].argument = "";
    }
    panel->empty = _("None: r makes the first rule.");
    panel->span = 6;
    panel->span_medium = 12;
}

static void points_answered(struct view *view, int slot)
{
    struct points_state *state = view->state;
    struct filling f = {.mall = view_answer(view, SLOT_MALL),
                        .survey = view_answer(view, SLOT_SURVEY),
                        .access = &view->console->access};
    if (!f.mall)
        return;
    f.panels = dashboard_begin(&state->dashboard);
    f.arena = f.panels->arena;
    sums_fill(&f);
    liability_fill(&f);
    open_fill(&f);
    if (f.survey)
        expiring_fill(&f);
    burned_fill(&f);
    if (f.survey)
        campaigns_fill(&f);
    rules_fill(&f);
    if (slot == SLOT_SURVEY || !view_asking(view, SLOT_SURVEY))
        dashboard_ready(view, SLOT_SURVEY);
}

static void points_draw(struct view *view, struct area area)
{
    dashboard_draw(view, area, view_answer(view, SLOT_MALL) ? SLOT_MALL : SLOT_SURVEY);
}

/* ---- Expiring ---- */

struct expiring {
    struct access access;
    int64_t at;
    struct points_run run;
};

static enum status expire_run(struct writer *writer, void *arguments, struct error *err)
{
    struct expiring *e = arguments;
    return points_expire_run(writer, &e->access, e->at, NULL, NULL, &e->run, err);
}

static void expire_done(void *context, void *arguments, enum status status,
                        const struct error *error)
{
    struct console *console = context;
    const struct expiring *e = arguments;
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
        return;
    }
    struct arena *arena = arena_new();
    console_refresh(console);
    console_say(console, _("%s points of %s people expired"), text_count(arena, e->run.points),
                text_count(arena, e->run.people));
    arena_free(arena);
}

static void expire_answered(void *context, struct dialog *dialog, bool accepted)
{
    struct console *console = context;
    struct expiring e = {.access = console->access, .at = time_now()};
    struct write_request request = {.run = expire_run,
                                    .done = expire_done,
                                    .arguments = &e,
                                    .size = sizeof e,
                                    .context = console};
    (void)dialog;
    if (accepted && console->mall->read_only)
        console_complain(console, "%s", console->mall->why_read_only);
    else if (accepted)
        write_queue_submit(console->writes, &request);
}

/* What cannot be undone says its reach and asks for the number. */
static void expire_ask(struct view *view)
{
    struct console *console = view->console;
    const struct survey_answer *answer = view_answer(view, SLOT_SURVEY);
    if (!console_may(console, RIGHT_CAMPAIGN_APPROVE))
        return;
    if (!answer || view_asking(view, SLOT_SURVEY)) {
        console_say(console, "%s", _("the lots are still being looked at"));
        return;
    }
    const struct points_survey *s = &answer->survey;
    if (!s->due && !s->owed) {
        console_say(console, "%s", _("nothing is past its time, and nothing is owed"));
        return;
    }
    struct arena *arena = arena_new();
    const char *text = arena_printf(
        arena,
        _("Takes %s points past their time from %s people, and what is owed "
          "(%s points) from those who have some. Type the number of points."),
        text_count(arena, s->due), text_count(arena, s->due_people), text_count(arena, s->owed));
    console_dialog(console, dialog_confirm_number(_("Expire"), text, s->due ? s->due : s->owed,
                                                  expire_answered, console));
    arena_free(arena);
}

static bool points_action(struct view *view, int id, const char *argument)
{
    if (id == ACTION_POINTS_RULES) {
        console_open(view->console, "points-rules", "");
        return true;
    }
    if (id == ACTION_POINTS_EXPIRE) {
        expire_ask(view);
        return true;
    }
    if (id == ACTION_POINTS_OF) {
        if (*argument)
            console_open(view->console, "points-member", argument);
        else
            console_act(view->console, ACTION_GO_MEMBERS, "");
        return true;
    }
    return dashboard_action(view, SLOT_SURVEY, id);
}

const struct view_ops view_points = {
    .name = "points",
    .title = N_("Points"),
    .about =
        N_("The ledger of points as a whole. Outstanding is earned less burned, expired and "
           "reversed, with adjustments; the liability is what that will cost once the expected "
           "share is never used. What expires in which month, what is past its time, owed or "
           "overdrawn comes from everybody's lots. Enter opens the people behind a figure, r the "
           "rules and terms, X expires what is past its time. A member's ledger is opened from "
           "the member, with l."),
    .number = ACTION_GO_POINTS - ACTION_GO_LOOP + 1,
    .rights = RIGHT_PEOPLE_SEE,
    .size = sizeof(struct points_state),
    .open = points_open,
    .close = points_close,
    .refresh = points_refresh,
    .draw = points_draw,
    .action = points_action,
    .answered = points_answered,
};
