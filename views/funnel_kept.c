/* Saved funnels of the funnel screen: choosing, saving, deleting. */
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/funnel_view.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_MOST = 200 };

static void kept_open(struct view *view, const struct funnel_kept *kept)
{
    funnel_view_set(view, kept->built_in ? "" : kept->name, kept->text);
}

static void kept_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = context;
    const struct kept_answer *kept = funnel_view_kept(view);
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (kept && choice >= 0 && (size_t)choice < kept->n_funnels)
        kept_open(view, &kept->funnels[choice]);
}

static void kept_choose(struct view *view, const char *argument)
{
    const struct kept_answer *kept = funnel_view_kept(view);
    const char *titles[KEPT_MOST];
    size_t n = kept ? kept->n_funnels : 0;
    for (size_t i = 0; i < n; i++)
        if (strcmp(kept->funnels[i].name, argument) == 0) {
            kept_open(view, &kept->funnels[i]);
            return;
        }
    n = n < KEPT_MOST ? n : KEPT_MOST;
    for (size_t i = 0; i < n; i++)
        titles[i] =
            kept->funnels[i].built_in ? _(kept->funnels[i].built_in->title) : kept->funnels[i].name;
    if (n)
        console_dialog(view->console,
                       dialog_choose(_("Saved funnels"), titles, n, 0, kept_chosen, view));
}

/* The one after the one shown. */
static void kept_next(struct view *view)
{
    const struct kept_answer *kept = funnel_view_kept(view);
    const struct funnel_answer *answer = funnel_view_answer(view);
    size_t next = 0;
    for (size_t i = 0; kept && i < kept->n_funnels; i++) {
        bool own = !kept->funnels[i].built_in &&
                   strcmp(kept->funnels[i].name, funnel_view_name(view)) == 0;
        bool built_in = kept->funnels[i].built_in && !*funnel_view_name(view) && answer &&
                        kept->funnels[i].built_in == answer->built_in;
        if (own || built_in)
            next = (i + 1) % kept->n_funnels;
    }
    if (kept)
        kept_open(view, &kept->funnels[next]);
}

static void save_as(struct view *view, const char *name)
{
    for (size_t i = 0; i < n_saved_funnels; i++)
        if (strcmp(name, saved_funnels[i].id) == 0) {
            console_complain(view->console, _("'%s' is there in every mall; another name would do"),
                             name);
            return;
        }
    json_t *set = json_pack("{s:s, s:s}", "definition", funnel_view_line(view), "author",
                            view->console->access.principal);
    console_change(view->console, "funnel", name,
                   funnel_view_known(view, name) ? OPERATION_SET : OPERATION_CREATE, -1, set, NULL);
    json_decref(set);
    funnel_view_rename(view, name);
}

static const char *name_check(void *context, const char *text)
{
    (void)context;
    return *text ? NULL : _("a funnel needs a name");
}

static void save_named(void *context, struct dialog *dialog, bool accepted)
{
    if (accepted && *dialog_text(dialog))
        save_as(context, dialog_text(dialog));
}

static void delete_answered(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = context;
    (void)dialog;
    if (!accepted)
        return;
    json_t *set = json_object();
    console_change(view->console, "funnel", funnel_view_name(view), OPERATION_DELETE, -1, set,
                   NULL);
    json_decref(set);
    funnel_view_rename(view, "");
}

static void delete_ask(struct view *view)
{
    const char *name = funnel_view_name(view);
    if (!*name) {
        console_say(view->console, "%s", _("only a saved funnel of your own can be deleted"));
        return;
    }
    char *text = mem_printf(_("Delete the saved funnel '%s'? Its steps stay on the screen."), name);
    console_dialog(view->console,
                   dialog_confirm(_("Delete"), text, _("Delete"), delete_answered, view));
    free(text);
}

bool funnel_kept_action(struct view *view, int id, const char *argument)
{
    switch (id) {
    case ACTION_FUNNEL_SAVED:
        kept_next(view);
        return true;
    case ACTION_FUNNEL_LIST:
        kept_choose(view, argument);
        return true;
    case ACTION_FUNNEL_EDIT:
        console_open(view->console, "funnel-edit", "");
        return true;
    case ACTION_FUNNEL_SAVE:
        if (*argument)
            save_as(view, argument);
        else
            console_dialog(view->console,
                           dialog_ask(_("Save this funnel"), _("Name"), funnel_view_name(view),
                                      name_check, save_named, view));
        return true;
    case ACTION_FUNNEL_DELETE:
        delete_ask(view);
        return true;
    default:
        return false;
    }
}
