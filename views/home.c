/* Loop, the first screen: the four stages with the rates between them, what needs a look, and who
 * is in the mall today. */
#include "model/base/text.h"
#include "model/loop/alert.h"
#include "views/dashboard.h"
#include "views/figures.h"
#include "views/screens.h"

#include <math.h>

enum { SLOT_QUICK, SLOT_EXACT, SLOT_ALERTS, SLOT_HOURS };

struct home_state {
    struct dashboard dashboard; /* first */
};

/* One tile a stage: headline, change, series, two facts, and the rate to the next stage. */
static const struct home_tile {
    const char *title, *screen;
    enum metric_id figures[4];
    const char *labels[4]; /* NULL: the metric's own */
    size_t n;
    enum metric_id note, rate; /* METRIC_END: none */
} home_tiles[STAGE_COUNT] = {
    {N_("PERCEIVE"),
     "perceive",
     {METRIC_VISITS, METRIC_DWELL_MEAN, METRIC_RANDOM_MAC_SHARE},
     {N_("visits"), N_("dwell"), N_("random MACs")},
     3,
     METRIC_PEOPLE_SEEN,
     METRIC_VISITOR_TO_MEMBER},
    {N_("CONVERT"),
     "convert",
     {METRIC_REGISTRATIONS, METRIC_POS_SHARE, METRIC_TIME_TO_CONVERT_MEDIAN},
     {N_("new members"), N_("POS"), N_("to member")},
     3,
     METRIC_END,
     METRIC_ACTIVATION_RATE},
    {N_("ACTIVATE"),
     "activate",
     {METRIC_ACTIVE, METRIC_MEMBER_SHARE, METRIC_WHEEL_TURNS},
     {N_("active"), N_("member share"), N_("wheel turned")},
     3,
     METRIC_END,
     METRIC_ENGAGED_RATE},
    {N_("COMMUNITY"),
     "community",
     {METRIC_ENGAGED, METRIC_GROUPS, METRIC_REFERRALS},
     {N_("engaged"), N_("groups"), N_("referrals")},
     3,
     METRIC_END,
     METRIC_END},
};

static void tile_fill(struct panels *panels, const struct stages *loop,
                      const struct home_tile *tile)
{
    const char *labels[4];
    for (size_t i = 0; i < tile->n; i++)
        labels[i] = tile->labels[i] ? _(tile->labels[i]) : NULL;
    struct panel *panel = figure_tile(panels, loop, _(tile->title), tile->figures, tile->n, labels);
    panel->values[0].screen = tile->screen;
    panel->values[0].argument = "";
    panel->span = 3;
    panel->span_medium = 6;
    if (tile->note != METRIC_END && loop->now[tile->note].known)
        panel->note =
            arena_printf(panels->arena, _("%s people"),
                         figure_text(panels->arena, &metrics[tile->note], &loop->now[tile->note]));
    if (tile->rate != METRIC_END && loop->now[tile->rate].known) {
        panel->flow = figure_text(panels->arena, &metrics[tile->rate], &loop->now[tile->rate]);
        panel->flow_dim = loop->now[tile->rate].small;
    }
}

/* Under the tiles, for those who scroll or have a large screen: how each stage went day by day. */
static const struct {
    const char *title;
    enum metric_id metric;
} home_days[STAGE_COUNT] = {
    {N_("Visits by day"), METRIC_VISITS},
    {N_("Registrations by day"), METRIC_REGISTRATIONS},
    {N_("Sales by day"), METRIC_SALES},
    {N_("Engaged members by day"), METRIC_ENGAGED},
};

struct home_alerts {
    const struct alert *at;
    size_t n;
};

static const struct {
    const char *screen, *title, *argument;
} alert_places[] = {
    [ALERT_TO_PERCEIVE] = {"perceive", N_("Perceive")},
    [ALERT_TO_CONVERT] = {"convert", N_("Convert")},
    [ALERT_TO_ACTIVATE] = {"activate", N_("Activate")},
    [ALERT_TO_COMMUNITY] = {"community", N_("Community")},
    [ALERT_TO_SHOPS] = {"shops", N_("Shops")},
    [ALERT_TO_DATA] = {"data", N_("Data")},
    [ALERT_TO_FLEET] = {"fleet", N_("Fleet"), "drift=yes"},
};

/* Edits that came back: what a replica's holder has to look at first. */
static size_t came_back(const struct console *console, struct arena *arena, const char *texts[2])
{
    const struct sync_known *known = &console->sync_known;
    size_t n = 0;
    if (known->conflicts)
        texts[n++] = arena_printf(arena,
                                  ngettext("%lld edit came back as a conflict",
                                           "%lld edits came back as conflicts",
                                           (unsigned long)known->conflicts),
                                  (long long)known->conflicts);
    if (known->refused)
        texts[n++] = arena_printf(arena,
                                  ngettext("%lld edit was refused", "%lld edits were refused",
                                           (unsigned long)known->refused),
                                  (long long)known->refused);
    return n;
}

static void alerts_fill(struct console *console, struct panels *panels,
                        const struct home_alerts *alerts)
{
    const char *back[2];
    size_t n_back = came_back(console, panels->arena, back);
    size_t n = (alerts ? alerts->n : 0) + n_back;
    struct panel *panel = panels_add(panels, PANEL_ALERTS, _("Needs a look"), n);
    panel->span = 7;
    panel->span_medium = 12;
    panel->rows = 7;
    if (!alerts)
        panel->note = _("looking …");
    else if (!n)
        panel->note = _("nothing today");
    for (size_t i = 0; i < n_back; i++)
        panel->values[i] = (struct panel_value){
            .change = symbol(SYMBOL_ALERT),
            .change_role = ROLE_WARN,
            .label = back[i],
            .text = arena_printf(panels->arena, "%s %s", _("Outbox"), symbol(SYMBOL_OPEN)),
            .screen = "outbox",
            .argument = "",
        };
    for (size_t i = n_back; i < n; i++) {
        const struct alert *alert = &alerts->at[i - n_back];
        struct panel_value *value = &panel->values[i];
        static const struct {
            enum symbol symbol;
            enum role role;
        } levels[] = {[ALERT_NOTE] = {SYMBOL_BULLET, ROLE_DIM},
                      [ALERT_CHANGE] = {SYMBOL_DOWN, ROLE_DOWN},
                      [ALERT_TROUBLE] = {SYMBOL_ALERT, ROLE_ERROR}};
        value->change = symbol(levels[alert->rule->level].symbol);
        value->change_role = levels[alert->rule->level].role;
        value->label = alert->text;
        value->text = arena_printf(panels->arena, "%s %s",
                                   _(alert_places[alert->rule->place].title), symbol(SYMBOL_OPEN));
        value->screen = alert_places[alert->rule->place].screen;
        const char *argument =
            alert->argument ? alert->argument : alert_places[alert->rule->place].argument;
        value->argument = argument ? argument : "";
    }
}

/* Hours from the one at which the mall's day starts, without those before anybody came. */
static void hours_fill(struct panels *panels, const struct presence_hours *hours)
{
    struct arena *arena = panels->arena;
    int first = 0, last = 23;
    while (first < 23 && hours->today[(hours->first_hour + first) % 24] == 0 &&
           hours->usual[(hours->first_hour + first) % 24] < 1)
        first++;
    while (last > first && hours->today[(hours->first_hour + last) % 24] == 0 &&
           hours->usual[(hours->first_hour + last) % 24] < 1)
        last--;
    size_t n = (size_t)(last - first + 1);
    struct panel *panel = panels_add(panels, PANEL_SERIES, _("People in the mall, by hour"), n);
    double *today = arena_array(arena, double, n), *usual = arena_array(arena, double, n);
    const char **labels = arena_array(arena, const char *, n);
    bool over = false;
    for (size_t i = 0; i < n; i++) {
        int hour = (hours->first_hour + first + (int)i) % 24;
        today[i] = over ? NAN : (double)hours->today[hour];
        over |= hour == hours->last_hour;
        usual[i] = hours->usual[hour];
        labels[i] = hour % 2 == 0 ? arena_printf(arena, "%d", hour) : NULL;
        panel->values[i].label = arena_printf(arena, "%d:00", hour);
        panel->values[i].text =
            isnan(today[i]) ? arena_printf(arena, _("usually %.0f"), usual[i])
                            : arena_printf(arena, _("%.0f, usually %.0f"), today[i], usual[i]);
    }
    panel->series = today;
    panel->usual = hours->usual_days ? usual : NULL;
    panel->n_series = n;
    panel->labels = labels;
    panel->note = date_text(arena, hours->day);
    panel->span = 5;
    panel->span_medium = 12;
    panel->rows = 7;
}

static void *quick_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    struct stages *loop = NULL;
    return stages_quick(reader, arena, parameters, &loop, err) == ST_OK ? loop : NULL;
}

static void *exact_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    struct stages *loop = NULL;
    return stages_run(reader, arena, parameters, &loop, err) == ST_OK ? loop : NULL;
}

static void *alerts_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    (void)parameters;
    struct home_alerts *alerts = arena_new_of(arena, struct home_alerts);
    return alerts_run(reader, arena, &alerts->at, &alerts->n, err) == ST_OK ? alerts : NULL;
}

static void *hours_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    (void)parameters;
    struct presence_hours *hours = arena_new_of(arena, struct presence_hours);
    return presence_run(reader, arena, hours, err) == ST_OK ? hours : NULL;
}

static void home_refresh(struct view *view)
{
    struct loop_query query = dashboard_query(view->console, 0);
    if (!dashboard_fits(view->console, view_answer(view, SLOT_EXACT)))
        view_ask(view, SLOT_QUICK, _("roll-ups"), quick_ask, &query, sizeof query);
    view_ask(view, SLOT_EXACT, _("the loop"), exact_ask, &query, sizeof query);
    view_ask(view, SLOT_HOURS, _("today"), hours_ask, NULL, 0);
    view_ask(view, SLOT_ALERTS, _("alerts"), alerts_ask, NULL, 0);
}

static void home_open(struct view *view)
{
    view->scopes[view->n_scopes++] = "panels";
    home_refresh(view);
}

static void home_close(struct view *view)
{
    dashboard_end(view->state);
}

static void home_answered(struct view *view, int slot)
{
    struct home_state *state = view->state;
    const struct stages *exact = view_answer(view, SLOT_EXACT);
    bool fits = dashboard_fits(view->console, exact);
    const struct stages *loop = fits ? exact : view_answer(view, SLOT_QUICK);
    if ((slot == SLOT_QUICK && fits) || !dashboard_fits(view->console, loop))
        return;
    struct panels *panels = dashboard_begin(&state->dashboard);
    for (size_t i = 0; i < STAGE_COUNT; i++)
        tile_fill(panels, loop, &home_tiles[i]);
    alerts_fill(view->console, panels, view_answer(view, SLOT_ALERTS));
    const struct presence_hours *hours = view_answer(view, SLOT_HOURS);
    if (hours)
        hours_fill(panels, hours);
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        struct panel *days =
            figure_days(panels, loop, _(home_days[i].title), home_days[i].metric, (enum stage)i);
        days->span = 6;
        days->span_medium = 12;
        /* Roll-ups have no such series: that is no answer yet. */
        if (!fits && !days->n_series)
            days->empty = view_asking(view, SLOT_EXACT) ? _("counting …") : symbol(SYMBOL_NONE);
    }
}

static void home_draw(struct view *view, struct area area)
{
    dashboard_draw(view, area, SLOT_EXACT);
}

static bool home_action(struct view *view, int id, const char *argument)
{
    (void)argument;
    return dashboard_action(view, SLOT_EXACT, id);
}

const struct view_ops view_loop = {
    .name = "loop",
    .title = N_("Loop"),
    .number = 1,
    .size = sizeof(struct home_state),
    .open = home_open,
    .close = home_close,
    .refresh = home_refresh,
    .draw = home_draw,
    .action = home_action,
    .answered = home_answered,
};
