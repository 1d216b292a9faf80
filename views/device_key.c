/* The host key a device shows just now, beside the pin it is known by. */
#include "views/actions.h"
#include "views/device_find.h"
#include "views/fleet_acts.h"
#include "views/fleet_desk.h"
#include "views/screens.h"

#include <string.h>

struct key_state {
    struct desk_work *work; /* NULL: none yet */
    bool begun;
};

static const struct fleet_job *key_job(const struct key_state *state)
{
    size_t n;
    return state->work && !fleet_work_left(desk_work_of(state->work))
               ? &fleet_work_results(desk_work_of(state->work), &n)->job
               : NULL;
}

/* What was shown; NULL: nothing yet, or it did not come so far. */
static const char *key_shown(const struct key_state *state)
{
    const struct fleet_job *job = key_job(state);
    return job && *job->offered ? job->offered : NULL;
}

static void work_changed(void *context, bool kept)
{
    (void)kept;
    console_redraw(((struct view *)context)->console);
}

static void key_begin(struct view *view)
{
    struct key_state *state = view->state;
    const struct device *device = view_answer(view, 0);
    if (!device || (state->work && !key_job(state)))
        return;
    desk_work_leave(state->work);
    struct fleet_work_options how = {.scan = true};
    state->work = desk_work_begin(view->console->desk, device, 1, &how, work_changed, view);
}

static void key_open(struct view *view)
{
    device_find(view);
}

static void key_close(struct view *view)
{
    desk_work_leave(((struct key_state *)view->state)->work);
}

static void key_answered(struct view *view, int slot)
{
    struct key_state *state = view->state;
    if (!view_answer(view, slot) || state->begun)
        return;
    state->begun = true;
    key_begin(view);
}

/* ---- Drawing ---- */

struct verdict {
    enum role role;
    const char *text;
};

static struct verdict verdict_of(const struct key_state *state, const struct device *device)
{
    const char *shown = key_shown(state);
    if (!state->work)
        return (struct verdict){ROLE_DIM, _("It was not asked.")};
    if (!key_job(state))
        return (struct verdict){ROLE_DIM, _("asking the device …")};
    if (!shown)
        return (struct verdict){ROLE_ERROR, key_job(state)->reason};
    if (!*device->pin)
        return (struct verdict){
            ROLE_WARN, _("It has no pin yet. Compare the key with what the device says on its own "
                         "screen (ssh-keygen -lf), then a accepts it.")};
    if (strcmp(device->pin, shown) == 0)
        return (struct verdict){ROLE_UP, _("The key is the pin's.")};
    return (struct verdict){
        ROLE_ERROR,
        _("This is another key than its pin. The device was set up anew, or something else answers "
          "in its place. Nothing is sent to it until somebody who stood in front of it says that "
          "the key is its own: a, and then its code.")};
}

/* Both keys in one column, so that the eye can go down letter by letter where they differ. */
static void key_row(struct area row, int label, const char *name, const char *key,
                    const char *other)
{
    draw_field(row, 0, 0, label, -1, ROLE_DIM, name);
    if (!key || !*key) {
        draw_text(row, 0, label, ROLE_DIM, symbol(SYMBOL_NONE));
        return;
    }
    for (int i = 0; key[i]; i++) {
        char letter[2] = {key[i], 0};
        bool same = !other || !*other || (i < (int)strlen(other) && other[i] == key[i]);
        draw_text(row, 0, label + i, same ? ROLE_PLAIN : ROLE_ERROR, letter);
    }
}

static void key_draw(struct view *view, struct area area)
{
    const struct key_state *state = view->state;
    const struct device *device = view_answer(view, 0);
    if (view_problem(view, 0)) {
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, 0));
        return;
    }
    if (!device)
        return;
    const char *shown = key_shown(state);
    bool narrow = area.cols < 64;
    int shown_cells = text_cells(_("shown")), pin_cells = text_cells(_("pin"));
    int label = (shown_cells > pin_cells ? shown_cells : pin_cells) + 2;
    if (area.rows > 14) {
        draw_text(area_cut_top(&area, 2), 0, 0, ROLE_STRONG, device->code);
    }
    if (narrow) { /* a fingerprint has 50 letters: in two rows each */
        for (int part = 0; part < 2; part++) {
            const char *texts[] = {shown ? shown : "", device->pin};
            for (int k = 0; k < 2; k++) {
                char half[32] = "", against[32] = "";
                size_t from = part * 25;
                if (strlen(texts[k]) > from)
                    snprintf(half, sizeof half, "%.25s", texts[k] + from);
                if (strlen(texts[!k]) > from)
                    snprintf(against, sizeof against, "%.25s", texts[!k] + from);
                key_row(area_cut_top(&area, 1), label, k ? _("pin") : _("shown"), half, against);
            }
        }
    } else {
        key_row(area_cut_top(&area, 1), label, _("shown"), shown, device->pin);
        key_row(area_cut_top(&area, 1), label, _("pin"), device->pin, shown);
    }
    if (area.rows > 3)
        area_cut_top(&area, 1);
    struct verdict verdict = verdict_of(state, device);
    draw_wrapped(area, 0, verdict.role, verdict.text);
}

static bool key_action(struct view *view, int id, const char *argument)
{
    struct key_state *state = view->state;
    const struct device *device = view_answer(view, 0);
    (void)argument;
    if (id == ACTION_REFRESH)
        key_begin(view);
    if (id != ACTION_KEY_ACCEPT)
        return false;
    const char *shown = key_shown(state);
    if (device && shown)
        device_pin_ask(view->console, device, shown);
    else
        console_say(view->console, "%s", _("no key was shown yet"));
    return true;
}

static const char *key_subtitle(struct view *view)
{
    return view->argument;
}

const struct view_ops view_device_key = {
    .name = "device-key",
    .title = N_("Host key"),
    .about = N_("The key that the device shows now, and the pin: the key it is known by. Without a "
                "pin, or with another key, a device is given no credential. a accepts what is "
                "shown; a changed key only against the device's code."),
    .rights = RIGHT_DEVICES | RIGHT_DEVICES_EDIT,
    .size = sizeof(struct key_state),
    .open = key_open,
    .close = key_close,
    .refresh = device_find,
    .draw = key_draw,
    .action = key_action,
    .answered = key_answered,
    .subtitle = key_subtitle,
};
