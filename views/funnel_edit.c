/* Editing the funnel of the screen below in a form. */
#include "views/funnel_form.h"
#include "views/funnel_view.h"
#include "views/screens.h"

#include <stdlib.h>
#include <string.h>

struct edit_state {
    struct funnel_form *form;
    bool left; /* the form is finished; the screen goes after the key */
};

/* The funnel screen below; NULL where there is none, as after a dropped line. */
static struct view *funnel_below(const struct view *view)
{
    const struct console *console = view->console;
    for (size_t i = console->depth; i-- > 0;)
        if (console->stack[i] == view)
            return i > 0 && strcmp(console->stack[i - 1]->ops->name, "funnel") == 0
                       ? console->stack[i - 1]
                       : NULL;
    return NULL;
}

static void keep(struct view *below, const char *name, const char *line)
{
    struct console *console = below->console;
    json_t *set = json_pack("{s:s, s:s}", "definition", line, "author", console->access.principal);
    console_change(console, "funnel", name,
                   funnel_view_known(below, name) ? OPERATION_SET : OPERATION_CREATE, -1, set,
                   NULL);
    json_decref(set);
}

static void edited(void *context, const char *name, const char *line)
{
    struct view *view = context;
    struct edit_state *state = view->state;
    struct view *below = funnel_below(view);
    state->left = true;
    if (!line || !below)
        return;
    bool built_in = false;
    for (size_t i = 0; i < n_saved_funnels; i++)
        built_in |= strcmp(saved_funnels[i].id, name) == 0;
    funnel_view_set(below, built_in ? "" : name, line);
    if (built_in)
        console_complain(view->console, _("'%s' is there in every mall; another name would do"),
                         name);
    else if (*name)
        keep(below, name, line);
}

static void edit_open(struct view *view)
{
    struct edit_state *state = view->state;
    const struct view *below = funnel_below(view);
    struct funnel_form_ops ops = {.done = edited, .context = view, .loop = view->console->loop};
    view->scopes[view->n_scopes++] = "form";
    state->form = funnel_form_new(below ? funnel_view_name(below) : "",
                                  below ? funnel_view_line(below) : "", &ops);
}

static void edit_close(struct view *view)
{
    funnel_form_free(((struct edit_state *)view->state)->form);
}

static void edit_draw(struct view *view, struct area area)
{
    funnel_form_draw(((struct edit_state *)view->state)->form, area);
}

/* Leaves when the form is finished: nothing of the view may be touched afterwards. */
static bool leave(struct view *view, bool taken)
{
    if (((struct edit_state *)view->state)->left)
        console_back(view->console);
    return taken;
}

static bool edit_key(struct view *view, uint32_t key)
{
    return leave(view, funnel_form_key(((struct edit_state *)view->state)->form, key));
}

static bool edit_action(struct view *view, int id, const char *argument)
{
    (void)argument;
    return leave(view, funnel_form_action(((struct edit_state *)view->state)->form, id));
}

const struct view_ops view_funnel_edit = {
    .name = "funnel-edit",
    .title = N_("Edit funnel"),
    .about = N_("The funnel as a form: one step a line, each an expression over events, and the "
                "rules. Under a name it is kept in the mall; without one it is only asked."),
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct edit_state),
    .open = edit_open,
    .close = edit_close,
    .draw = edit_draw,
    .key = edit_key,
    .action = edit_action,
};
