/* The page of one device; its argument is the device's code. */
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/act.h"
#include "model/fleet/collected.h"
#include "model/fleet/history.h"
#include "views/actions.h"
#include "views/dashboard.h"
#include "views/fleet_acts.h"
#include "views/fleet_config.h"
#include "views/fleet_desk.h"
#include "views/fleet_rows.h"
#include "views/fleet_transfer.h"
#include "views/screens.h"

#include <math.h>
#include <string.h>

enum { ACTS = 8, HOURS = 24 };

struct device_page {
    struct dashboard dashboard; /* first */
};

struct device_question {
    struct access access;
    char code[256];
};

struct device_answer {
    const struct device *device;
    const char *usual; /* configuration of its kind */
    const struct device_act *acts;
    size_t n_acts;
    struct device_collected collected;   /* today */
    struct device_sample samples[HOURS]; /* the last day, oldest first */
};

static void *device_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    const struct device_question *question = parameters;
    struct device_answer *answer = arena_new_of(arena, struct device_answer);
    const struct device *devices;
    size_t n;
    if (device_list(reader, &question->access, arena, NULL, &devices, &n, err) != ST_OK)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (strcmp(devices[i].code, question->code) == 0)
            answer->device = &devices[i];
    if (!answer->device) {
        error_set(err, ST_USAGE, "there is no device %s",
                  text_quote(arena, question->code, strlen(question->code)));
        return NULL;
    }
    answer->usual = fleet_usual_config(devices, n, answer->device->kind);
    int32_t day = clock_day(&reader_mall(reader)->clock, time_now());
    if (device_collected_read(reader, &question->access, answer->device->id, day,
                              &answer->collected, err) != ST_OK)
        return NULL;
    if (device_samples_read(reader, &question->access, answer->device->id, time_now() / 3600,
                            answer->samples, HOURS, err) != ST_OK)
        return NULL;
    return device_acts_read(reader, &question->access, arena, answer->device->id, ACTS,
                            &answer->acts, &answer->n_acts, err) == ST_OK
               ? answer
               : NULL;
}

static void device_refresh(struct view *view)
{
    struct device_question question = {.access = view->console->access};
    snprintf(question.code, sizeof question.code, "%s", view->argument);
    view_ask(view, 0, _("device"), device_ask, &question, sizeof question);
}

/* ---- Panels ---- */

static void fact(struct panel *panel, const char *label, const char *text)
{
    struct panel_value *value = &panel->values[panel->n_values++];
    value->label = label;
    value->text = text && *text ? text : symbol(SYMBOL_NONE);
    value->dim = !text || !*text;
}

static struct panel *facts(struct panels *panels, const char *title, size_t most)
{
    struct panel *panel = panels_add(panels, PANEL_FACTS, title, most);
    panel->n_values = 0;
    panel->span = 6;
    panel->span_medium = 6;
    return panel;
}

static const char *moment(struct arena *arena, const struct console *console, int64_t time)
{
    return time ? time_local(arena, console->mall->zone, time) : "";
}

static const char *asking(struct arena *arena, const struct console *console, uint32_t device)
{
    enum fleet_phase phase;
    int64_t seconds;
    if (!desk_asking(console->desk, device, &phase, &seconds))
        return NULL;
    return seconds >= FLEET_HUNG_S && phase != PHASE_QUEUED
               ? arena_printf(arena, _("hung in %s, %s"),
                              fleet_phase_text(fleet_phase_names[phase]),
                              text_duration(arena, seconds))
               : fleet_phase_text(fleet_phase_names[phase]);
}

static void state_fill(struct panels *panels, const struct console *console, const struct device *d)
{
    struct arena *arena = panels->arena;
    struct panel *panel = facts(panels, _("STATE"), 7);
    const char *now = asking(arena, console, d->id);
    fact(panel, _("state"), fleet_state_text(arena, d->state));
    if (now)
        fact(panel, _("being asked"), now);
    if (*d->quarantine)
        fact(panel, _("quarantine"), d->quarantine);
    if (*d->phase)
        fact(panel, _("it stopped in"), fleet_phase_text(d->phase));
    if (*d->reason)
        fact(panel, _("because"), d->reason);
    fact(panel, _("asked"), moment(arena, console, d->time));
    fact(panel, _("it answered"), moment(arena, console, d->seen));
}

static void said_fill(struct panels *panels, const struct device_answer *answer)
{
    const struct device *d = answer->device;
    struct arena *arena = panels->arena;
    struct panel *panel = facts(panels, _("WHAT IT SAID"), 8);
    bool usual = strcmp(d->config, answer->usual) == 0;
    fact(panel, _("version"), d->app);
    const char *sign = d->drift != DRIFT_NONE ? fleet_drift_text(d->drift)
                       : usual                ? "="
                       : theme_ascii()        ? "x"
                                              : "≠";
    fact(panel, _("config"),
         *d->config || d->drift ? arena_printf(arena, "%s %s", sign, d->config) : "");
    if (d->drift != DRIFT_NONE && d->drift != DRIFT_SAME)
        fact(panel, _("desired"), d->wanted);
    else if (d->drift == DRIFT_NONE && *d->config && !usual)
        fact(panel, _("most of its kind"), answer->usual);
    fact(panel, _("load"), d->load >= 0 ? arena_printf(arena, "%.2f", d->load / 100.0) : "");
    fact(panel, _("disk"), d->disk >= 0 ? arena_printf(arena, "%d%%", d->disk) : "");
    fact(panel, _("clock"),
         d->seen ? arena_printf(arena, "%+.1f s", (double)d->clock_ms / 1000) : "");
    fact(panel, _("spool"), d->spool >= 0 ? text_count(arena, d->spool) : "");
    fact(panel, _("took"),
         d->time ? arena_printf(arena, "%lld ms", (long long)d->milliseconds) : "");
}

/* What came from it today; empty where it reports nothing. */
static void collected_fill(struct panels *panels, const struct console *console,
                           const struct device_answer *answer)
{
    const struct device_collected *c = &answer->collected;
    struct arena *arena = panels->arena;
    if (!c->time && !c->refused)
        return;
    struct panel *panel = facts(panels, _("REPORTED TODAY"), 9);
    if (c->receipts || !c->sightings) {
        fact(panel, _("receipts"), text_count(arena, c->receipts));
        fact(panel, _("sales"), text_money(arena, c->amount));
        fact(panel, _("with a card"),
             c->amount > 0
                 ? arena_printf(arena, "%.1f%%", 100 * (double)c->card_amount / (double)c->amount)
                 : "");
    }
    if (c->sightings) {
        fact(panel, _("sightings"), text_count(arena, c->sightings));
        fact(panel, _("random MACs"),
             arena_printf(arena, "%.1f%%", 100 * (double)c->random / (double)c->sightings));
    }
    if (c->refused)
        fact(panel, _("refused"), text_count(arena, c->refused));
    if (c->clocked)
        fact(panel, _("time set right"), text_count(arena, c->clocked));
    fact(panel, _("last came"), moment(arena, console, c->time));
    fact(panel, _("still there"),
         arena_printf(arena, _("%s bytes"), text_count(arena, c->waiting)));
}

/* ---- The last day ---- */

enum sampled { SAMPLED_LOAD, SAMPLED_DISK, SAMPLED_CLOCK, SAMPLED };

static double sampled_value(const struct device_sample *sample, enum sampled what)
{
    if (!sample->answered)
        return NAN;
    switch (what) {
    case SAMPLED_LOAD:
        return sample->load < 0 ? NAN : sample->load / 100.0;
    case SAMPLED_DISK:
        return sample->disk < 0 ? NAN : sample->disk;
    default:
        return fabs((double)sample->clock_ms) / 1000;
    }
}

static const char *sampled_text(struct arena *arena, const struct device_sample *sample,
                                enum sampled what)
{
    double value = sampled_value(sample, what);
    if (!sample->asked)
        return _("not asked");
    if (!sample->answered)
        return _("no answer");
    if (isnan(value))
        return symbol(SYMBOL_NONE);
    if (what == SAMPLED_LOAD)
        return arena_printf(arena, "%.2f", value);
    if (what == SAMPLED_DISK)
        return arena_printf(arena, "%.0f%%", value);
    return arena_printf(arena, "%+.1f s", (double)sample->clock_ms / 1000);
}

static void sampled_fill(struct panels *panels, const struct console *console,
                         const struct device_sample *samples, enum sampled what, const char *title)
{
    struct arena *arena = panels->arena;
    struct panel *panel = panels_add(panels, PANEL_SERIES, title, HOURS);
    double *series = arena_array(arena, double, HOURS);
    const char **labels = arena_array(arena, const char *, HOURS);
    for (size_t i = 0; i < HOURS; i++) {
        const char *time = time_local(arena, console->mall->zone, samples[i].hour * 3600);
        series[i] = sampled_value(&samples[i], what);
        panel->values[i].label = arena_printf(arena, "%.5s", time + 11);
        panel->values[i].text = sampled_text(arena, &samples[i], what);
        labels[i] = i % 6 == 0 ? arena_printf(arena, "%.2s", time + 11) : NULL;
    }
    panel->series = series;
    panel->n_series = HOURS;
    panel->labels = labels;
    panel->span = 4;
    panel->span_medium = 4;
    panel->rows = 6;
}

/* Nothing where nobody asked for a day. */
static void samples_fill(struct panels *panels, const struct console *console,
                         const struct device_answer *answer)
{
    static const char *const titles[SAMPLED] = {N_("LOAD"), N_("DISK, %"), N_("CLOCK OFF, s")};
    bool asked = false;
    for (size_t i = 0; i < HOURS; i++)
        asked |= answer->samples[i].asked > 0;
    for (int what = 0; asked && what < SAMPLED; what++)
        sampled_fill(panels, console, answer->samples, (enum sampled)what, _(titles[what]));
}

static void facts_fill(struct panels *panels, const struct device *d)
{
    struct arena *arena = panels->arena;
    struct panel *panel = facts(panels, _("WHAT IT IS"), 8);
    fact(panel, _("kind"), d->kind);
    fact(panel, _("model"), d->model);
    fact(panel, _("shop"), *d->shop ? arena_printf(arena, "%s %s", d->tenant, d->shop) : "");
    fact(panel, _("zone"), d->zone);
    fact(panel, _("floor"), d->floor);
    fact(panel, _("address"), *d->host ? arena_printf(arena, "%s:%d", d->host, d->port) : "");
    fact(panel, _("user"), d->user);
    fact(panel, _("note"), d->note);
}

static void key_fill(struct panels *panels, const struct device *d)
{
    struct panel *panel = facts(panels, _("HOST KEY"), 2);
    bool other = *d->offered && strcmp(d->offered, d->pin) != 0;
    panel->span = 12;
    panel->span_medium = 12;
    fact(panel, _("pin"), d->pin);
    if (*d->hop.code)
        fact(panel, _("bastion"), device_way_text(panels->arena, &d->hop));
    if (*d->identity)
        fact(panel, _("user key"), d->identity);
    if (other)
        fact(panel, *d->pin ? _("another was shown") : _("shown"), d->offered);
}

static void acts_fill(struct panels *panels, const struct console *console,
                      const struct device_answer *answer)
{
    struct arena *arena = panels->arena;
    struct panel *panel = panels_add(panels, PANEL_FACTS, _("LAST ACTS"), answer->n_acts);
    panel->span = panel->span_medium = 12;
    panel->empty = _("nothing was done to it yet");
    for (size_t i = 0; i < answer->n_acts; i++) {
        const struct device_act *act = &answer->acts[i];
        const char *exit =
            act->exit_status < 0 ? "" : arena_printf(arena, _(", exit %d"), act->exit_status);
        panel->values[i].label = moment(arena, console, act->time);
        panel->values[i].text = arena_printf(arena, "%s %s: %s%s (%s)", act->act, act->detail,
                                             fleet_state_named(act->state), exit, act->actor);
    }
}

static void panels_make(struct view *view)
{
    const struct device_answer *answer = view_answer(view, 0);
    struct device_page *page = view->state;
    if (!answer)
        return;
    struct panels *panels = dashboard_begin(&page->dashboard);
    state_fill(panels, view->console, answer->device);
    said_fill(panels, answer);
    collected_fill(panels, view->console, answer);
    samples_fill(panels, view->console, answer);
    acts_fill(panels, view->console, answer);
    key_fill(panels, answer->device);
    facts_fill(panels, answer->device);
}

/* ---- The view ---- */

static void device_answered(struct view *view, int slot)
{
    panels_make(view);
    dashboard_ready(view, slot);
}

static void desk_changed_here(void *context, bool kept)
{
    struct view *view = context;
    if (kept)
        device_refresh(view);
    else
        panels_make(view);
    console_redraw(view->console);
}

static void device_open(struct view *view)
{
    view->scopes[view->n_scopes++] = "panels";
    desk_listen(view->console->desk, desk_changed_here, view);
    device_refresh(view);
}

static void device_close(struct view *view)
{
    desk_unlisten(view->console->desk, view);
    dashboard_end(view->state);
}

static void device_draw(struct view *view, struct area area)
{
    dashboard_draw(view, area, 0);
}

static bool device_may_edit(struct view *view)
{
    return console_may(view->console, RIGHT_DEVICES | RIGHT_DEVICES_EDIT);
}

static void device_look(struct view *view, const struct device *device)
{
    if (*device->quarantine)
        console_say(view->console, "%s", _("it is in quarantine: it is given no credential"));
    else
        desk_ask(view->console->desk, device, 1, false);
    panels_make(view);
}

static bool device_act(struct view *view, int id)
{
    const struct device_answer *answer = view_answer(view, 0);
    struct console *console = view->console;
    switch (id) {
    case ACTION_DEVICE_ASK:
        device_look(view, answer->device);
        return true;
    case ACTION_DEVICE_RUN:
        fleet_run_ask(console, answer->device, 1);
        return true;
    case ACTION_DEVICE_ROUTINE:
        fleet_routine_ask(console, answer->device, 1);
        return true;
    case ACTION_DEVICE_LOG:
        console_open(console, "device-log", answer->device->code);
        return true;
    case ACTION_DEVICE_SHELL:
        if (device_may_edit(view))
            console_open(console, "shell", answer->device->code);
        return true;
    case ACTION_DEVICE_FOLDER:
        if (device_may_edit(view))
            console_open(console, "folder", answer->device->code);
        return true;
    case ACTION_DEVICE_RECORDINGS:
        if (device_may_edit(view))
            console_open(console, "recordings", answer->device->code);
        return true;
    case ACTION_DEVICE_KEY:
        if (device_may_edit(view))
            console_open(console, "device-key", answer->device->code);
        return true;
    case ACTION_DEVICE_QUARANTINE:
        device_quarantine_ask(console, answer->device);
        return true;
    case ACTION_DEVICE_PUT:
        fleet_put_ask(console, answer->device, 1);
        return true;
    case ACTION_DEVICE_GET:
        fleet_get_ask(console, answer->device, 1);
        return true;
    case ACTION_DEVICE_CONFIG:
        config_open(console, answer->device, 1);
        return true;
    case ACTION_DEVICE_FILES:
        console_open(console, "files", "");
        return true;
    case ACTION_DEVICE_EDIT:
        if (device_may_edit(view))
            console_open(console, "device-edit", answer->device->code);
        return true;
    default:
        return false;
    }
}

static bool device_action(struct view *view, int id, const char *argument)
{
    const struct device_answer *answer = view_answer(view, 0);
    (void)argument;
    if (id == ACTION_REFRESH && answer) {
        desk_ask(view->console->desk, answer->device, 1, true);
        return false;
    }
    if (answer && device_act(view, id))
        return true;
    return dashboard_action(view, 0, id);
}

static const char *device_subtitle(struct view *view)
{
    return view->argument;
}

const struct view_ops view_device = {
    .name = "device",
    .title = N_("Device"),
    .about = N_(
        "One device: how it is, what it said of itself, the key it is known by, and what "
        "was done to it. a asks it now, r runs a command, m one by name, s opens a shell, "
        "o shows its log, y its host key, z puts it into quarantine, e edits it. c shows what its "
        "configuration should be, p puts a file there, d gets one, f looks into its folders, v "
        "plays recorded shells."),
    .rights = RIGHT_DEVICES,
    .size = sizeof(struct device_page),
    .open = device_open,
    .close = device_close,
    .refresh = device_refresh,
    .draw = device_draw,
    .action = device_action,
    .answered = device_answered,
    .subtitle = device_subtitle,
};
