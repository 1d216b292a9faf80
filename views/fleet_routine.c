/* Routine commands: chosen by name, their reach stated, run like any other command. */
#include "model/fleet/routine.h"

#include "views/fleet_acts.h"
#include "views/fleet_desk.h"
#include "views/fleet_rows.h"
#include "views/fleet_run.h"

#include <stdlib.h>
#include <string.h>

struct choice {
    struct console *console;
    struct arena *arena;
    struct device *devices;
    size_t n;
    const struct routine **offered;
    const struct routine *chosen;
    const struct device *fit; /* of the devices, those it is for */
    size_t n_fit;
};

static void choice_free(struct choice *choice)
{
    arena_free(choice->arena);
    free(choice);
}

static void agreed(void *context, struct dialog *dialog, bool accepted)
{
    struct choice *choice = context;
    (void)dialog;
    if (accepted)
        fleet_run_begin(choice->console, choice->fit, choice->n_fit, choice->chosen->command);
    choice_free(choice);
}

static void chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct choice *choice = context;
    if (!accepted) {
        choice_free(choice);
        return;
    }
    const struct routine *routine = choice->offered[dialog_choice(dialog)];
    choice->chosen = routine;
    choice->fit =
        routine_devices(routine, choice->arena, choice->devices, choice->n, &choice->n_fit);
    if (routine->deed == ROUTINE_LOOKS) {
        agreed(choice, dialog, true);
        return;
    }
    if (!fleet_may_change(choice->console)) {
        choice_free(choice);
        return;
    }
    const char *text = arena_printf(choice->arena, "%s\n%s", _(routine->title), routine->command);
    if (routine->deed == ROUTINE_CHANGES) {
        fleet_reach_ask(choice->console, _("Routine"), text, choice->fit, choice->n_fit, _("Run"),
                        agreed, choice);
        return;
    }
    text = arena_printf(choice->arena, "%s\n\n%s\n%s", text, _("It cannot be taken back."),
                        fleet_kinds_text(choice->arena, choice->fit, choice->n_fit));
    console_dialog(choice->console, dialog_confirm_number(_("Routine"), text,
                                                          (int64_t)choice->n_fit, agreed, choice));
}

/* For at least one of them. */
static bool fits_any(const struct routine *routine, const struct device *devices, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (routine_fits(routine, devices[i].kind))
            return true;
    return false;
}

void fleet_routine_ask(struct console *console, const struct device *devices, size_t n)
{
    if (!n)
        return;
    if (console->mall->read_only) {
        console_complain(console, "%s", console->mall->why_read_only);
        return;
    }
    if (fleet_run_left(console->run)) {
        console_complain(console, "%s", _("a command still runs; w shows it, c ends it there"));
        return;
    }
    struct choice *choice = mem_zero(1, sizeof *choice);
    size_t all, found = 0;
    const struct routine *routines = routines_all(&all);
    choice->console = console;
    choice->arena = arena_new();
    choice->devices = devices_copy(choice->arena, devices, n);
    choice->n = n;
    choice->offered = arena_array(choice->arena, const struct routine *, all);
    const char **titles = arena_array(choice->arena, const char *, all);
    for (size_t i = 0; i < all; i++)
        if (fits_any(&routines[i], devices, n)) {
            titles[found] = routines[i].title;
            choice->offered[found++] = &routines[i];
        }
    console_choose(console, _("Routine"), titles, found, 0, NULL, chosen, choice);
}
