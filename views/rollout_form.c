/* Planning a roll-out in steps: which archive, to whom, in which waves, when. What it would come to
 * is worked out while it is written. */
#include "model/base/text.h"
#include "model/fleet/select.h"
#include "views/console.h"
#include "views/fleet_acts.h"
#include "views/rollout_draft.h"
#include "views/screens.h"
#include "views/wizard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_OUTLOOK, SLOT_PACKAGES, WAIT_MS = 150, SHOWN = 4 };
/* Rows of the form below which it scrolls, and of what it comes to. */
enum { FORM_ROWS = 13, FORM_LEAST = 9, OUTLOOK_LEAST = 7 };

struct form_state {
    struct wizard *wizard;
    struct arena *scratch;        /* of messages */
    struct rollout_values values; /* that were asked about last */
    char app[128], kind[128];     /* what the archive's name said */
    int timer;
    bool left;    /* given up: the screen goes after the key */
    bool sends;   /* finished: it is asked about when it is known what it comes to */
    bool waiting; /* it is being asked about, or kept */
};

/* ---- Fields ---- */

static const char *const no_yes[] = {"no", N_("no"), "yes", N_("yes"), NULL};
static const char *const weekdays[] = {"mon",     N_("Mon"), "tue",     N_("Tue"), "wed",
                                       N_("Wed"), "thu",     N_("Thu"), "fri",     N_("Fri"),
                                       "sat",     N_("Sat"), "sun",     N_("Sun"), NULL};

static const struct wizard_field shapes[] = {
    {N_("Version"), "file", N_("archive"), "", "", WIZARD_TEXT, NULL},
    {N_("Version"), "version", N_("version"), N_("as devices will call it, such as 2.4.2"), "",
     WIZARD_TEXT, NULL},
    {N_("Devices"), "kind", N_("kind"), N_("pos, probe, screen, gateway; empty: any"), "",
     WIZARD_TEXT, NULL},
    {N_("Devices"), "on", N_("which"), N_("floor=2 and version<2.4; empty: all of the kind"), "",
     WIZARD_TEXT, NULL},
    {N_("Waves"), "canary", N_("canary"), N_("devices that get it first"), "1", WIZARD_NUMBER,
     NULL},
    {N_("Waves"), "waves", N_("waves"),
     N_("10%: until so many of all have it; 20: so many more; then the rest"), "10%,50%,100%",
     WIZARD_TEXT, NULL},
    {N_("Waves"), "threshold", N_("failures"), N_("of a wave that stop it: 3, or 5%"), "5%",
     WIZARD_TEXT, NULL},
    {N_("Waves"), "coverage", N_("coverage, %"), N_("of a wave, before the next begins"), "90",
     WIZARD_NUMBER, NULL},
    {N_("Waves"), "soak", N_("soak"), N_("after each wave, then another look at all that have it"),
     "10m", WIZARD_DURATION, NULL},
    {N_("When"), "window", N_("hours"), N_("02:00-05:00, when devices are switched; empty: always"),
     "", WIZARD_TEXT, NULL},
    {N_("When"), "weekdays", N_("weekdays"), N_("none: every day"), "", WIZARD_FLAGS, weekdays},
    {N_("When"), "trial", N_("trial"),
     N_("a device that nobody confirms by then goes back by itself"), "2m", WIZARD_DURATION, NULL},
    {N_("When"), "expires", N_("expires"), N_("so long who is away is waited for"), "7d",
     WIZARD_DURATION, NULL},
    {N_("When"), "back", N_("goes back"), N_("where it stops, what has it goes back"), "no",
     WIZARD_CHOICE, no_yes},
};
enum { FIELDS = sizeof shapes / sizeof *shapes };

static int64_t number_at(const struct form_state *state, const char *name)
{
    int64_t value;
    return wizard_integer(state->wizard, name, &value) && value >= 0 ? value : -1;
}

static void values_take(const struct form_state *state, struct rollout_values *values)
{
    const struct {
        const char *name;
        char *to;
        size_t size;
    } texts[] = {
        {"file", values->file, sizeof values->file},
        {"version", values->app, sizeof values->app},
        {"kind", values->kind, sizeof values->kind},
        {"on", values->on, sizeof values->on},
        {"waves", values->waves, sizeof values->waves},
        {"threshold", values->threshold, sizeof values->threshold},
        {"window", values->window, sizeof values->window},
        {"weekdays", values->weekdays, sizeof values->weekdays},
    };
    memset(values, 0, sizeof *values);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        snprintf(texts[i].to, texts[i].size, "%s", wizard_value(state->wizard, texts[i].name));
    values->canary = number_at(state, "canary");
    values->coverage = number_at(state, "coverage");
    values->soak = number_at(state, "soak");
    values->trial = number_at(state, "trial");
    values->expires = number_at(state, "expires");
    values->back = strcmp(wizard_value(state->wizard, "back"), "yes") == 0;
}

/* What is wrong whatever the devices are; the rest is said beside the form. */
static const char *field_check(void *context, const char *name, const char *value)
{
    struct form_state *state = ((struct view *)context)->state;
    struct device_select *select = NULL;
    struct error err = {0};
    int from, to;
    arena_reset(state->scratch);
    if (strcmp(name, "file") == 0 || strcmp(name, "version") == 0)
        return !*value ? _("this is needed") : strlen(value) > 1000 ? _("too long") : NULL;
    if (strcmp(name, "window") == 0 && !rollout_window_parse(value, &from, &to))
        return _("hours such as 02:00-05:00");
    if (strcmp(name, "on") != 0)
        return strlen(value) > 250 ? _("too long") : NULL;
    const char *wrong = NULL;
    if (strlen(value) > 8000)
        wrong = _("too long");
    else if (device_select_new(value, &select, &err) != ST_OK)
        wrong = arena_strdup(state->scratch, error_text(&err));
    device_select_free(select);
    error_clear(&err);
    return wrong;
}

/* ---- What it comes to ---- */

static void outlook_ask(struct view *view)
{
    struct form_state *state = view->state;
    rollout_outlook_ask(view, SLOT_OUTLOOK, &state->values);
}

static void timer_fired(void *context)
{
    struct view *view = context;
    ((struct form_state *)view->state)->timer = 0;
    outlook_ask(view);
}

/* The archive's name says kind and version, until somebody writes others. */
static void name_follow(struct form_state *state)
{
    char kind[128], app[128];
    const char *now_kind = wizard_value(state->wizard, "kind");
    const char *now_app = wizard_value(state->wizard, "version");
    if (!rollout_package_parse(wizard_value(state->wizard, "file"), kind, app))
        return;
    if ((!*now_app || strcmp(now_app, state->app) == 0) && strcmp(now_app, app) != 0)
        wizard_set(state->wizard, "version", app);
    /* Who chose the devices beforehand has chosen their kinds. */
    if ((!*now_kind || strcmp(now_kind, state->kind) == 0) && strcmp(now_kind, kind) != 0 &&
        !*wizard_value(state->wizard, "on"))
        wizard_set(state->wizard, "kind", kind);
    snprintf(state->app, sizeof state->app, "%s", app);
    snprintf(state->kind, sizeof state->kind, "%s", kind);
}

/* Asks again where a value changed, soon after the last key. */
static void outlook_follow(struct view *view)
{
    struct form_state *state = view->state;
    struct rollout_values values;
    name_follow(state);
    values_take(state, &values);
    if (memcmp(&values, &state->values, sizeof values) == 0)
        return;
    state->values = values;
    if (state->timer)
        loop_timer_stop(view->console->loop, state->timer);
    state->timer = 0;
    if (view->console->still)
        outlook_ask(view);
    else
        state->timer = loop_timer(view->console->loop, WAIT_MS, false, timer_fired, view);
}

/* Of the values as they are; NULL: not yet. */
static const struct rollout_outlook *outlook_now(struct view *view)
{
    const struct form_state *state = view->state;
    const struct rollout_outlook *outlook = view_answer(view, SLOT_OUTLOOK);
    bool same = outlook && memcmp(&outlook->values, &state->values, sizeof outlook->values) == 0;
    return same && !view_asking(view, SLOT_OUTLOOK) ? outlook : NULL;
}

/* ---- The form ---- */

static void form_done(void *context, bool sent)
{
    struct form_state *state = ((struct view *)context)->state;
    state->left = !sent;
    state->sends = sent;
}

/* Which archives lie ready, or where they would. */
static const char *file_hint(struct view *view, struct arena *arena)
{
    const struct rollout_packages *packages = view_answer(view, SLOT_PACKAGES);
    const char *text = "";
    if (!packages)
        return _("a tar (or tar.gz) of the whole version");
    if (!packages->n)
        return arena_printf(arena, _("a tar (or tar.gz) of the whole version; %s is looked at"),
                            packages->folder);
    for (size_t i = 0; i < packages->n && i < SHOWN; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? ", " : "", packages->names[i]);
    return arena_printf(arena, packages->n > SHOWN ? _("ready: %s, …") : _("ready: %s"), text);
}

/* With the values at hand; where there is none yet, as the table has them. */
static void wizard_build(struct view *view, const struct rollout_values *values)
{
    struct form_state *state = view->state;
    struct wizard_field fields[FIELDS];
    struct arena *arena = arena_new();
    const char *choices[2][16];
    size_t n_lists = 0;
    struct wizard *before = state->wizard;
    memcpy(fields, shapes, sizeof fields);
    for (size_t i = 0; i < FIELDS; i++) {
        fields[i].page = _(shapes[i].page);
        fields[i].label = _(shapes[i].label);
        fields[i].hint = *shapes[i].hint ? _(shapes[i].hint) : file_hint(view, arena);
        if (before)
            fields[i].value = arena_strdup(arena, wizard_value(before, shapes[i].name));
        else if (values && strcmp(shapes[i].name, "on") == 0)
            fields[i].value = values->on;
        else if (values && strcmp(shapes[i].name, "file") == 0)
            fields[i].value = values->file;
        if (!shapes[i].choices)
            continue;
        const char **list = choices[n_lists++];
        size_t k = 0;
        for (; shapes[i].choices[k]; k++)
            list[k] = k % 2 ? _(shapes[i].choices[k]) : shapes[i].choices[k];
        list[k] = NULL;
        fields[i].choices = list;
    }
    struct wizard_ops ops = {
        .check = field_check, .done = form_done, .context = view, .loop = view->console->loop};
    state->wizard = wizard_new(_("Roll-out"), fields, FIELDS, 0, &ops);
    wizard_free(before);
    arena_free(arena);
    outlook_follow(view);
}

/* It was not made: the form is there again, with what was written. */
static void made_not(struct console *console)
{
    struct view *view = console->depth ? console_top(console) : NULL;
    if (!view || view->ops != &view_rollout_form || console->leaving)
        return;
    struct form_state *state = view->state;
    state->sends = state->waiting = false;
    wizard_build(view, NULL);
    wizard_review(state->wizard);
    outlook_ask(view);
    console_redraw(console);
}

/* As soon as it is known what it comes to. */
static void send_follow(struct view *view)
{
    struct form_state *state = view->state;
    const struct rollout_outlook *outlook = outlook_now(view);
    if (!state->sends || state->waiting || !outlook)
        return;
    if (rollout_outlook_good(outlook)) {
        state->waiting = true;
        rollout_make_ask(view->console, outlook, made_not);
        return;
    }
    console_complain(view->console, "%s",
                     _("it cannot be planned so: what is wrong stands beside"));
    made_not(view->console);
}

/* ---- The view ---- */

static void form_open(struct view *view)
{
    struct form_state *state = view->state;
    struct rollout_values *values = mem_zero(1, sizeof *values);
    state->scratch = arena_new();
    view->scopes[view->n_scopes++] = "form";
    snprintf(values->on, sizeof values->on, "%s", view->argument);
    wizard_build(view, values);
    free(values);
    rollout_packages_ask(view, SLOT_PACKAGES);
}

static void form_close(struct view *view)
{
    struct form_state *state = view->state;
    if (state->timer)
        loop_timer_stop(view->console->loop, state->timer);
    wizard_free(state->wizard);
    arena_free(state->scratch);
}

/* The newest archive that lies ready is what is rolled out most often. */
static void package_take(struct view *view)
{
    struct form_state *state = view->state;
    const struct rollout_packages *packages = view_answer(view, SLOT_PACKAGES);
    if (!packages || state->sends || wizard_changed(state->wizard) ||
        *wizard_value(state->wizard, "file"))
        return;
    wizard_build(view, &state->values);
    if (packages->n)
        wizard_set(state->wizard, "file", packages->names[0]);
    outlook_follow(view);
}

static void form_answered(struct view *view, int slot)
{
    if (slot == SLOT_PACKAGES)
        package_take(view);
    else
        send_follow(view);
}

static void form_refresh(struct view *view)
{
    outlook_ask(view);
}

/* ---- Drawing ---- */

static void outlook_draw(struct view *view, struct area area)
{
    const struct form_state *state = view->state;
    const struct rollout_outlook *outlook = view_answer(view, SLOT_OUTLOOK);
    if (state->sends && state->waiting && !view->console->dialog) {
        draw_text(area, 0, 0, ROLE_DIM, _("keeping the archive …"));
    } else if (view_problem(view, SLOT_OUTLOOK)) {
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, SLOT_OUTLOOK));
    } else if (outlook) {
        if (wizard_reviews(state->wizard) && rollout_outlook_good(outlook))
            draw_field(area_cut_top(&area, 1), 0, 0, area.cols, -1, ROLE_ACCENT,
                       _("Enter plans it, after the number of its devices"));
        rollout_outlook_draw(area, outlook);
        if (view_asking(view, SLOT_OUTLOOK))
            draw_dim(area);
    }
}

/* Where it stands below: as much of it as the form leaves room for. */
static int outlook_height(const struct view *view, struct area area)
{
    const struct form_state *state = view->state;
    const struct rollout_outlook *outlook = view_answer(view, SLOT_OUTLOOK);
    bool review = wizard_reviews(state->wizard);
    int left = area.rows - (review ? FORM_LEAST : FORM_ROWS);
    /* With the rule above it, and with what to press. */
    int wanted = outlook ? rollout_outlook_rows(outlook, area.cols, left - 2) + 2 : left;
    int most = left < wanted ? left : wanted;
    return area.rows < 14 ? 2 : most > OUTLOOK_LEAST ? most : OUTLOOK_LEAST;
}

static void form_draw_view(struct view *view, struct area area)
{
    struct form_state *state = view->state;
    outlook_draw(view, wizard_side(&area, area.cols / 2, outlook_height(view, area)));
    wizard_draw(state->wizard, area);
}

/* ---- Keys ---- */

/* Leaves when it was given up: nothing of the view may be touched afterwards. */
static bool follow(struct view *view, bool taken)
{
    struct form_state *state = view->state;
    if (state->left) {
        console_back(view->console);
        return taken;
    }
    if (!state->sends)
        outlook_follow(view);
    send_follow(view);
    return taken;
}

static bool form_key_view(struct view *view, uint32_t key)
{
    struct form_state *state = view->state;
    return state->sends ? true : follow(view, wizard_key(state->wizard, key));
}

static bool form_action_view(struct view *view, int id, const char *argument)
{
    struct form_state *state = view->state;
    (void)argument;
    return state->sends ? false : follow(view, wizard_action(state->wizard, id));
}

const struct view_ops view_rollout_form = {
    .name = "rollout-form",
    .title = N_("Plan a roll-out"),
    .about = N_("A roll-out in steps: the archive and its version, the devices, the waves, when. "
                "Beside or below stands what it comes to, worked out while you write: how many of "
                "which kind on which floors, who is left out and why, the waves with the devices "
                "in them. Nothing reaches a device before it is started on its page."),
    .rights = RIGHT_DEVICES | RIGHT_DEVICES_EDIT,
    .size = sizeof(struct form_state),
    .open = form_open,
    .close = form_close,
    .refresh = form_refresh,
    .draw = form_draw_view,
    .key = form_key_view,
    .action = form_action_view,
    .answered = form_answered,
};
