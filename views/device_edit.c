/* Editing a device in a form; only what was changed is sent. */
#include "views/device_find.h"
#include "views/device_form.h"
#include "views/screens.h"

#include <stdlib.h>
#include <string.h>

struct edit_state {
    struct device_form *form; /* NULL until the device is known */
    struct arena *arena;      /* of the values it began with */
    const char *before[DEVICE_FORM_FIELDS];
    int64_t version;
    bool left;
};

static void changes_send(struct view *view)
{
    struct edit_state *state = view->state;
    json_t *set = json_object();
    for (int i = 0; i < DEVICE_FORM_FIELDS; i++) {
        const char *value = device_form_value(state->form, (enum device_field)i);
        if (strcmp(value, state->before[i]) != 0)
            json_object_set_new(set, device_form_names[i],
                                json_string(i == DEVICE_FORM_PORT && !*value ? "0" : value));
    }
    if (json_object_size(set))
        console_change(view->console, "device", view->argument, OPERATION_SET, state->version, set,
                       "console");
    else
        console_say(view->console, "%s", _("nothing was changed"));
    json_decref(set);
}

static void form_done(void *context, bool sent)
{
    struct view *view = context;
    ((struct edit_state *)view->state)->left = true;
    if (sent)
        changes_send(view);
}

static void edit_open(struct view *view)
{
    view->scopes[view->n_scopes++] = "form";
    device_find(view);
}

static void edit_close(struct view *view)
{
    struct edit_state *state = view->state;
    device_form_free(state->form);
    arena_free(state->arena);
}

/* The form is of the first answer: what changes meanwhile is told when it is sent. */
static void edit_answered(struct view *view, int slot)
{
    struct edit_state *state = view->state;
    const struct device *d = view_answer(view, slot);
    if (!d || state->form)
        return;
    state->arena = arena_new();
    state->version = d->version;
    const char *values[DEVICE_FORM_FIELDS] = {[DEVICE_FORM_SHOP] = d->tenant,
                                              [DEVICE_FORM_ZONE] = d->zone,
                                              [DEVICE_FORM_FLOOR] = d->floor,
                                              [DEVICE_FORM_KIND] = d->kind,
                                              [DEVICE_FORM_MODEL] = d->model,
                                              [DEVICE_FORM_HOST] = d->host,
                                              [DEVICE_FORM_PORT] =
                                                  arena_printf(state->arena, "%d", d->port),
                                              [DEVICE_FORM_USER] = d->user,
                                              [DEVICE_FORM_IDENTITY] = d->identity,
                                              [DEVICE_FORM_BASTION] = d->hop.code,
                                              [DEVICE_FORM_NOTE] = d->note};
    for (int i = 0; i < DEVICE_FORM_FIELDS; i++)
        state->before[i] = arena_strdup(state->arena, values[i]);
    state->form = device_form_new(state->before, form_done, view, view->console->loop);
}

static void edit_draw(struct view *view, struct area area)
{
    struct edit_state *state = view->state;
    if (view_problem(view, 0))
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, 0));
    else if (state->form)
        device_form_draw(state->form, area);
}

/* Leaves when the form is finished: nothing of the view may be touched afterwards. */
static bool follow(struct view *view, bool taken)
{
    if (((struct edit_state *)view->state)->left)
        console_back(view->console);
    return taken;
}

static bool edit_key(struct view *view, uint32_t key)
{
    struct edit_state *state = view->state;
    return state->form && follow(view, device_form_key(state->form, key));
}

static bool edit_action(struct view *view, int id, const char *argument)
{
    struct edit_state *state = view->state;
    (void)argument;
    return state->form && follow(view, device_form_action(state->form, id));
}

static const char *edit_subtitle(struct view *view)
{
    return view->argument;
}

const struct view_ops view_device_edit = {
    .name = "device-edit",
    .title = N_("Edit"),
    .rights = RIGHT_DEVICES | RIGHT_DEVICES_EDIT,
    .size = sizeof(struct edit_state),
    .open = edit_open,
    .close = edit_close,
    .draw = edit_draw,
    .key = edit_key,
    .action = edit_action,
    .answered = edit_answered,
    .subtitle = edit_subtitle,
};
