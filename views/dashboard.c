#include "views/dashboard.h"

#include "model/loop/metric.h"
#include "tui/dialog.h"
#include "views/actions.h"

#include <inttypes.h>
#include <stdlib.h>

void dashboard_end(struct dashboard *dashboard)
{
    arena_free(dashboard->arena);
    dashboard->arena = NULL;
}

struct panels *dashboard_begin(struct dashboard *dashboard)
{
    enum { MOST_PANELS = 32 };
    arena_free(dashboard->arena);
    dashboard->arena = arena_new();
    panels_begin(&dashboard->panels, dashboard->arena, MOST_PANELS);
    return &dashboard->panels;
}

void dashboard_draw(struct view *view, struct area area, int slot)
{
    struct dashboard *dashboard = view->state;
    const char *problem = view_problem(view, slot);
    if (problem) {
        struct area line = area_cut_top(&area, 1);
        draw_field(line, 0, 0, line.cols, -1, ROLE_ERROR, problem);
    }
    if (dashboard->panels.n)
        panels_draw(&dashboard->panels, area);
    else if (!problem)
        draw_text(area, 0, 0, ROLE_DIM, _("counting …"));
}

struct loop_query dashboard_query(const struct console *console, unsigned stages)
{
    return (struct loop_query){
        .period = console->period,
        .compare = console->compare,
        .stages = stages,
    };
}

bool dashboard_fits(const struct console *console, const struct stages *stages)
{
    const struct period *period = &console->period;
    if (!stages || stages->period.from != period->from || stages->period.to != period->to ||
        stages->compared != (console->compare != COMPARE_NONE))
        return false;
    if (!stages->compared)
        return true;
    struct period against = period_compare(&console->mall->clock, period, console->compare);
    /* Its end moves with the present where the period is not over: that is still the same. */
    return stages->against.from == against.from;
}

static char *local_time(struct arena *arena, const struct console *console, int64_t time)
{
    return time_local(arena, console->mall->zone, time);
}

void dashboard_explain(struct console *console, int id, const char *label, const char *text)
{
    const struct metric *metric = &metrics[id];
    struct arena *arena = arena_new();
    char *period = period_title(arena, &console->mall->clock, &console->period);
    const char *head = text ? text : "";
    if (label) /* xgettext: a label and its value */
        head = text ? arena_printf(arena, _("%s: %s"), label, text) : label;
    char *body = arena_printf(
        arena, "%s\n\n%s\n\n%s\n%s\n\n%s --from '%s' --to '%s'", head, _(metric->definition),
        arena_printf(arena, _("%s: %s"), _("Period"), period), _("The same on the command line:"),
        metric->question, local_time(arena, console, console->period.from),
        local_time(arena, console, console->period.to));
    console_dialog(console, dialog_message(_(metric->title), body, NULL, NULL));
    arena_free(arena);
}

static bool explain_focused(struct view *view)
{
    const struct dashboard *dashboard = view->state;
    const struct panel_value *value = panels_value(&dashboard->panels);
    if (!value || value->metric < 0) {
        console_say(view->console, "%s", _("no figure here; move to one first"));
        return true;
    }
    dashboard_explain(view->console, value->metric, value->label, value->text);
    return true;
}

static bool open_focused(struct view *view)
{
    const struct dashboard *dashboard = view->state;
    const struct panel_value *value = panels_value(&dashboard->panels);
    if (!value || !value->screen)
        console_say(view->console, "%s", _("nothing is behind this"));
    else if (console_exact(view->console))
        console_open(view->console, value->screen, value->argument ? value->argument : "");
    return true;
}

static bool table_focused(struct view *view)
{
    const struct dashboard *dashboard = view->state;
    const struct panel *panel = panels_panel(&dashboard->panels);
    if (!panel || !panel->table)
        console_say(view->console, "%s", _("this panel is its own table; move to a chart"));
    else
        console_open(view->console, panel->table_screen ? panel->table_screen : "chart",
                     panel->table);
    return true;
}

static bool panels_act(struct view *view, int id)
{
    struct dashboard *dashboard = view->state;
    if (id >= ACTION_PANEL_UP && id <= ACTION_PANEL_PAGE_DOWN)
        return panels_move(&dashboard->panels, (enum panels_move)(id - ACTION_PANEL_UP));
    if (id == ACTION_PANEL_OPEN)
        return open_focused(view);
    if (id == ACTION_PANEL_INFO)
        return explain_focused(view);
    return table_focused(view);
}

bool dashboard_action(struct view *view, int slot, int id)
{
    struct dashboard *dashboard = view->state;
    enum { MOST = sizeof dashboard->waiting / sizeof *dashboard->waiting };
    if (id < ACTION_PANEL_UP || id > ACTION_PANEL_TABLE)
        return false;
    bool early = !view_answer(view, slot) && view_asking(view, slot);
    if ((early && dashboard->n_waiting) || (!panels_act(view, id) && early))
        if (dashboard->n_waiting < MOST)
            dashboard->waiting[dashboard->n_waiting++] = id;
    return true;
}

void dashboard_ready(struct view *view, int slot)
{
    struct dashboard *dashboard = view->state;
    struct console *console = view->console;
    if (!view_answer(view, slot))
        return;
    size_t n = dashboard->n_waiting;
    dashboard->n_waiting = 0;
    for (size_t i = 0; i < n && console_top(console) == view; i++)
        panels_act(view, dashboard->waiting[i]);
}
