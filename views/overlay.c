#include "views/overlay.h"

#include "tui/dialog.h"
#include "tui/help.h"
#include "tui/palette.h"
#include "tui/picker.h"
#include "views/actions.h"
#include "views/locked.h"
#include "views/screens.h"
#include "views/session.h"

#include <stdlib.h>
#include <string.h>

/* ---- Opening and closing ---- */

void overlay_close(struct console *console)
{
    dialog_free(console->dialog);
    picker_free(console->picker);
    palette_free(console->palette);
    help_free(console->help);
    console->dialog = NULL;
    console->picker = NULL;
    console->palette = NULL;
    console->help = NULL;
}

/* A dialog may be opened from the answer of another one, whose key is still being handled: then the
 * old one is freed after that. */
void console_dialog(struct console *console, struct dialog *dialog)
{
    struct dialog *before = console->dialog;
    console->dialog = dialog;
    if (before && dialog_open(before))
        dialog_free(before);
    console_redraw(console);
}

void console_choose(struct console *console, const char *title, const char *const *names, size_t n,
                    size_t selected, const char *none, dialog_done *done, void *context)
{
    enum { MOST = 32 };
    const char *titles[MOST];
    n = n < MOST ? n : MOST;
    for (size_t i = 0; i < n; i++)
        titles[i] = names[i] ? _(names[i]) : none;
    console_dialog(console, dialog_choose(title, titles, n, selected, done, context));
}

void console_picker(struct console *console, struct picker *picker)
{
    overlay_close(console);
    console->picker = picker;
    console_redraw(console);
}

static bool dialog_take(struct console *console, uint32_t key)
{
    struct dialog *dialog = console->dialog;
    if (!dialog)
        return false;
    if (key == KEYS_MOUSE)
        dialog_mouse(dialog, loop_mouse(console->loop));
    else if (key == KEYS_PASTE)
        dialog_paste(dialog, loop_paste(console->loop));
    else
        dialog_key(dialog, key);
    if (!dialog_open(dialog)) {
        if (console->dialog == dialog)
            console->dialog = NULL;
        dialog_free(dialog);
    }
    return true;
}

static bool picker_take(struct console *console, uint32_t key)
{
    struct picker *picker = console->picker;
    if (!picker)
        return false;
    if (key == KEYS_MOUSE)
        picker_mouse(picker, loop_mouse(console->loop));
    else if (key == KEYS_PASTE)
        picker_paste(picker, loop_paste(console->loop));
    else
        picker_key(picker, key);
    if (!picker_open(picker)) {
        if (console->picker == picker)
            console->picker = NULL;
        picker_free(picker);
    }
    return true;
}

static bool help_take(struct console *console, uint32_t key)
{
    if (!console->help)
        return false;
    if (key == KEYS_MOUSE)
        help_mouse(console->help, loop_mouse(console->loop));
    else if (key == KEYS_PASTE)
        help_paste(console->help, loop_paste(console->loop));
    else
        help_key(console->help, key);
    if (!help_open(console->help)) {
        help_free(console->help);
        console->help = NULL;
    }
    return true;
}

/* The action runs when the palette is gone, so that it may open a dialog. */
static bool palette_take(struct console *console, uint32_t key)
{
    struct palette *palette = console->palette;
    if (!palette)
        return false;
    if (key == KEYS_MOUSE)
        palette_mouse(palette, loop_mouse(console->loop));
    else if (key == KEYS_PASTE)
        palette_paste(palette, loop_paste(console->loop));
    else
        palette_key(palette, key);
    if (palette_open(palette))
        return true;
    console->palette = NULL;
    const struct action *action = palette_action(palette);
    if (action) {
        session_history_add(console->session, "palette", palette_line(palette));
        console_act(console, action->id, palette_argument(palette));
    }
    palette_free(palette);
    return true;
}

bool overlay_key(struct console *console, uint32_t key)
{
    return dialog_take(console, key) || picker_take(console, key) || palette_take(console, key) ||
           help_take(console, key);
}

void overlay_draw(struct console *console, struct area screen)
{
    if (console->dialog)
        dialog_draw(console->dialog, screen);
    else if (console->picker)
        picker_draw(console->picker, screen);
    else if (console->palette)
        palette_draw(console->palette, screen);
    else if (console->help)
        help_draw(console->help, screen);
}

/* ---- What can be opened ---- */

void overlay_palette(struct console *console)
{
    enum { MOST = 50 };
    const char *recent[MOST];
    size_t n;
    const char *const *scopes = console_scopes(console, &n);
    struct palette_options options = {
        .keymap = console->keymap,
        .scopes = scopes,
        .n_scopes = n,
        .recent = recent,
        .n_recent = session_history(console->session, "palette", recent, MOST),
    };
    overlay_close(console);
    console->palette = palette_new(&options);
}

/* Titles of the scopes that are not a screen's own name. */
static const char *scope_title(const struct view *view, const char *scope)
{
    if (strcmp(scope, view->ops->name) == 0)
        return _(view->ops->title);
    if (strcmp(scope, "panels") == 0)
        return _("Figures");
    if (strcmp(scope, "table") == 0)
        return _("Table");
    return strcmp(scope, "list") == 0 ? _("List") : scope;
}

void overlay_help(struct console *console)
{
    const struct view *top = console_top(console);
    struct help_group groups[VIEW_SCOPES + 1];
    size_t n = 0, n_scopes;
    const char *const *scopes = console_scopes(console, &n_scopes);
    for (size_t i = 0; i < n_scopes; i++)
        groups[n++] = (struct help_group){scopes[i], scope_title(top, scopes[i])};
    groups[n++] = (struct help_group){"", _("Everywhere")};
    char *title = mem_printf(_("Keys on %s"), _(top->ops->title));
    struct help_options options = {
        .keymap = console->keymap,
        .groups = groups,
        .n_groups = n,
        .title = title,
        .text = top->ops->about ? _(top->ops->about) : NULL,
    };
    overlay_close(console);
    console->help = help_new(&options);
    free(title);
}

static void period_typed(void *context, struct dialog *dialog, bool accepted)
{
    if (accepted)
        console_period(context, dialog_text(dialog));
}

static void period_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct console *console = context;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice < 0)
        return;
    if (period_choices[choice].name != PERIOD_CUSTOM) {
        console_period(console, period_choices[choice].id);
        return;
    }
    console_dialog(console,
                   dialog_ask(_("Period"), _("2017, 2017-10, 2017-10-05, 14d, or first..last day"),
                              console->period_id, NULL, period_typed, console));
}

void overlay_period(struct console *console)
{
    const char *titles[16];
    size_t n = n_period_choices < 16 ? n_period_choices : 16, selected = n - 1;
    for (size_t i = 0; i < n; i++) {
        titles[i] = _(period_choices[i].title);
        if (strcmp(period_choices[i].id, console->period_id) == 0)
            selected = i;
    }
    overlay_close(console);
    console_dialog(console,
                   dialog_choose(_("Period"), titles, n, selected, period_chosen, console));
}

/* ---- What can be done here ---- */

enum { MENU_MOST = 96 };

/* The actions of the view's own scopes, innermost first; the plain movements are left out. */
static size_t menu_actions(const struct console *console, const struct action **found)
{
    size_t n, n_scopes, count = 0;
    const char *const *scopes = console_scopes(console, &n_scopes);
    const struct action *all = keymap_actions(console->keymap, &n);
    for (size_t scope = 0; scope < n_scopes; scope++)
        for (size_t i = 0; i < n && count < MENU_MOST; i++)
            if (strcmp(all[i].scope, scopes[scope]) == 0 && !(all[i].flags & ACTION_HIDDEN))
                found[count++] = &all[i];
    return count;
}

/* What the open menu lists: an answer that comes meanwhile may add a scope to the view, and what
 * was chosen is what was read. */
static const struct action *menu[MENU_MOST];

static void menu_chosen(void *context, struct dialog *dialog, bool accepted)
{
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice >= 0 && choice < MENU_MOST && menu[choice])
        console_act(context, menu[choice]->id, "");
}

void overlay_menu(struct console *console)
{
    const char *titles[MENU_MOST];
    size_t n = menu_actions(console, menu);
    struct arena *arena = arena_new();
    int widest = 0;
    for (size_t i = 0; i < n; i++) {
        int cells = text_cells(keymap_keys(console->keymap, menu[i]->id));
        widest = cells > widest ? cells : widest;
    }
    for (size_t i = 0; i < n; i++) {
        const char *keys = keymap_keys(console->keymap, menu[i]->id);
        titles[i] = arena_printf(arena, "%s%*s  %s", keys, widest - text_cells(keys), "",
                                 text_translated(menu[i]->summary));
    }
    overlay_close(console);
    if (n)
        console_dialog(
            console, dialog_choose(_("What can be done here"), titles, n, 0, menu_chosen, console));
    arena_free(arena);
}
