#include "views/fleet_acts.h"

#include "views/fleet_desk.h"
#include "views/fleet_rows.h"
#include "views/fleet_run.h"

#include <stdlib.h>
#include <string.h>

enum { WHY_LEAST = 3, WHY_MOST = 200, COMMAND_MOST = 4000 };

bool fleet_may_change(struct console *console)
{
    if (!console_may(console, RIGHT_DEVICES | RIGHT_DEVICES_EDIT))
        return false;
    if (console->mall->read_only)
        console_complain(console, "%s", console->mall->why_read_only);
    return !console->mall->read_only;
}

/* ---- The reach ---- */

static const char *reach_text(struct arena *arena, const struct device *devices, size_t n)
{
    return arena_printf(arena, ngettext("Runs on %zu device: %s.", "Runs on %zu devices: %s.", n),
                        n, fleet_kinds_text(arena, devices, n));
}

void fleet_reach_ask(struct console *console, const char *title, const char *deed,
                     const struct device *devices, size_t n, const char *yes, dialog_done *done,
                     void *context)
{
    struct arena *arena = arena_new();
    const char *reach = arena_printf(
        arena, ngettext("This reaches %zu device: %s.", "This reaches %zu devices: %s.", n), n,
        fleet_kinds_text(arena, devices, n));
    const char *text = arena_printf(arena, "%s\n\n%s", deed, reach);
    console_dialog(console, n > FLEET_TYPED_FROM
                                ? dialog_confirm_number(title, text, (int64_t)n, done, context)
                                : dialog_confirm(title, text, yes, done, context));
    arena_free(arena);
}

/* ---- A command ---- */

struct order {
    struct console *console;
    struct arena *arena;
    struct device *devices;
    size_t n;
    const char *command;
};

static void order_free(struct order *order)
{
    arena_free(order->arena);
    free(order);
}

static void order_agreed(void *context, struct dialog *dialog, bool accepted)
{
    struct order *order = context;
    (void)dialog;
    if (accepted)
        fleet_run_begin(order->console, order->devices, order->n, order->command);
    order_free(order);
}

static void command_given(void *context, struct dialog *dialog, bool accepted)
{
    struct order *order = context;
    if (!accepted) {
        order_free(order);
        return;
    }
    order->command = arena_strdup(order->arena, dialog_text(dialog));
    fleet_reach_ask(order->console, _("Run a command"), order->command, order->devices, order->n,
                    _("Run"), order_agreed, order);
}

static const char *command_check(void *context, const char *text)
{
    (void)context;
    return !text[strspn(text, " ")]      ? _("a command for a shell, such as uptime")
           : strlen(text) > COMMAND_MOST ? _("too long")
                                         : NULL;
}

void fleet_run_ask(struct console *console, const struct device *devices, size_t n)
{
    if (!n || !fleet_may_change(console))
        return;
    if (fleet_run_left(console->run)) {
        console_complain(console, "%s", _("a command still runs; w shows it, c ends it there"));
        return;
    }
    struct order *order = mem_zero(1, sizeof *order);
    order->console = console;
    order->arena = arena_new();
    order->devices = devices_copy(order->arena, devices, n);
    order->n = n;
    console_dialog(console, dialog_ask(_("Run a command"),
                                       reach_text(order->arena, order->devices, order->n), "",
                                       command_check, command_given, order));
}

/* ---- One device ---- */

struct change {
    struct console *console;
    char *code, *pin; /* pin: the new one */
    int64_t version;
    bool release;
};

static struct change *change_new(struct console *console, const struct device *device)
{
    struct change *change = mem_zero(1, sizeof *change);
    change->console = console;
    change->code = mem_strdup(device->code);
    change->version = device->version;
    change->release = *device->quarantine != 0;
    return change;
}

static void change_end(struct change *change)
{
    free(change->code);
    free(change->pin);
    free(change);
}

static void why_given(void *context, struct dialog *dialog, bool accepted)
{
    struct change *change = context;
    if (accepted) {
        const char *why = dialog_text(dialog);
        json_t *set = json_pack("{s:s}", "quarantine", change->release ? "" : why);
        console_change(change->console, "device", change->code, OPERATION_SET, change->version, set,
                       why);
        json_decref(set);
    }
    change_end(change);
}

static const char *why_check(void *context, const char *text)
{
    size_t n = strlen(text);
    (void)context;
    return n < WHY_LEAST ? _("a few words, for the audit") : n > WHY_MOST ? _("too long") : NULL;
}

void device_quarantine_ask(struct console *console, const struct device *device)
{
    if (!fleet_may_change(console))
        return;
    struct change *change = change_new(console, device);
    console_dialog(console,
                   dialog_ask(change->release ? _("Out of quarantine") : _("Into quarantine"),
                              _("Reason, for the audit"), "", why_check, why_given, change));
}

/* ---- Its key ---- */

static void pin_agreed(void *context, struct dialog *dialog, bool accepted)
{
    struct change *change = context;
    (void)dialog;
    if (accepted) {
        json_t *set = json_pack("{s:s, s:s}", "pin", change->pin, "quarantine", "");
        console_change(change->console, "device", change->code, OPERATION_SET, change->version, set,
                       "host key accepted");
        json_decref(set);
    }
    change_end(change);
}

static const char *code_check(void *context, const char *text)
{
    const struct change *change = context;
    return strcmp(text, change->code) == 0 ? NULL : _("the device's code, as it is written above");
}

void device_pin_ask(struct console *console, const struct device *device, const char *shown)
{
    if (!fleet_may_change(console))
        return;
    if (strcmp(device->pin, shown) == 0 && !*device->quarantine) {
        console_say(console, "%s", _("this key is the pin already"));
        return;
    }
    struct change *change = change_new(console, device);
    struct arena *arena = arena_new();
    change->pin = mem_strdup(shown);
    if (*device->pin && strcmp(device->pin, shown) != 0)
        console_dialog(console,
                       dialog_ask(_("Another key than its pin"),
                                  arena_printf(arena, _("Type %s to accept it"), device->code), "",
                                  code_check, pin_agreed, change));
    else
        console_dialog(console,
                       dialog_confirm(_("Accept the key"),
                                      arena_printf(arena, _("From now on %s is known by\n%s"),
                                                   device->code, shown),
                                      _("Accept"), pin_agreed, change));
    arena_free(arena);
}
