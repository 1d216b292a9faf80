/* Files and configurations on their way: what is asked before, and the work. */
#include "views/fleet_transfer_parts.h"

#include "model/base/time.h"
#include "model/fleet/act.h"
#include "model/fleet/config.h"
#include "model/fleet/folder.h"
#include "views/fleet_acts.h"
#include "views/fleet_audit.h"
#include "views/fleet_desk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHOW_MS = 300, QUEUE_S = 86400, PATH_LONGEST = 1000 };

/* ---- The work ---- */

size_t fleet_transfer_left(const struct fleet_transfer *transfer)
{
    return !transfer ? 0 : transfer->transfer ? transfer_left(transfer->transfer) : transfer->asked;
}

static void watches_end(struct fleet_transfer *transfer)
{
    struct console *console = transfer->console;
    if (transfer->timer)
        loop_timer_stop(console->loop, transfer->timer);
    transfer->timer = 0;
    if (transfer->transfer && !transfer->kept) {
        loop_unwatch(console->loop, transfer_fd(transfer->transfer));
        desk_after_collect(console->desk, NULL, NULL);
    }
}

void fleet_transfer_end(struct fleet_transfer *transfer)
{
    if (!transfer)
        return;
    watches_end(transfer);
    transfer->kept = true;
    if (transfer->transfer)
        transfer_cancel(transfer->transfer);
}

void fleet_transfer_free(struct fleet_transfer *transfer)
{
    if (!transfer)
        return;
    transfer_free(transfer->transfer);
    arena_free(transfer->arena);
    free(transfer);
}

struct transfer_outcome {
    const char *act, *detail;
    bool config;
    int64_t queue_until;
    struct transfer_result *results;
    size_t n;
};

static enum status outcome_write(struct writer *writer, const struct fleet_outcome *outcome,
                                 struct error *err)
{
    const struct transfer_outcome *o = outcome->what;
    if (o->config)
        return config_applied_keep(writer, outcome->actor, o->results, o->n, o->queue_until, err);
    return device_acts_keep(writer, outcome->actor, o->act, o->detail,
                            transfer_outcomes(outcome->arena, o->results, o->n), o->n, err);
}

static void outcome_keep(struct fleet_transfer *transfer)
{
    struct fleet_outcome *outcome = fleet_outcome_new(transfer->console);
    struct transfer_outcome *o = arena_new_of(outcome->arena, struct transfer_outcome);
    const struct transfer_result *results = transfer_results(transfer->transfer, &o->n);
    struct device *devices = devices_copy(outcome->arena, transfer->devices, transfer->n);
    o->act = arena_strdup(outcome->arena, transfer->act);
    o->detail = arena_strdup(outcome->arena, transfer->detail);
    o->config = transfer->options.kind == TRANSFER_CONFIG;
    o->queue_until = transfer->waited ? 0 : time_now() + QUEUE_S;
    o->results = arena_copy(outcome->arena, results, o->n, sizeof *results);
    for (size_t i = 0; i < o->n; i++)
        o->results[i].device = &devices[i];
    outcome->keep = outcome_write;
    outcome->what = o;
    fleet_outcome_submit(transfer->console, outcome);
}

static void transfer_look(void *context)
{
    struct fleet_transfer *transfer = context;
    if (transfer->kept)
        return;
    transfer_step(transfer->transfer);
    if (!transfer_left(transfer->transfer)) {
        watches_end(transfer);
        transfer->kept = true;
        outcome_keep(transfer);
    }
    if (transfer->changed)
        transfer->changed(transfer->context);
}

static void work_begin(struct fleet_transfer *transfer)
{
    struct console *console = transfer->console;
    struct fleet_engine *engine = desk_engine(console->desk);
    struct error err = {0};
    if (!engine)
        return;
    if (transfer_begin(engine, transfer->devices, transfer->n, &transfer->options,
                       &transfer->transfer, &err) != ST_OK) {
        console_complain(console, "%s", error_text(&err));
        error_clear(&err);
        return;
    }
    loop_watch(console->loop, transfer_fd(transfer->transfer), transfer_look, transfer);
    desk_after_collect(console->desk, transfer_look, transfer);
    if (!console->still)
        transfer->timer = loop_timer(console->loop, SHOW_MS, true, transfer_look, transfer);
    transfer_look(transfer);
}

/* The audit has it first. */
static void transfer_announced(struct console *console, const void *of, bool good)
{
    struct fleet_transfer *transfer = console->transfer;
    if (!transfer || transfer != of)
        return;
    transfer->asked = false;
    if (good && !console->leaving && !transfer->cancelled)
        work_begin(transfer);
    if (transfer->changed)
        transfer->changed(transfer->context);
}

static void transfer_announce(struct fleet_transfer *transfer, bool shown)
{
    struct console *console = transfer->console;
    fleet_transfer_free(console->transfer);
    console->transfer = transfer;
    transfer->asked = true;
    fleet_announce(console, transfer->act, transfer->detail, transfer->n, transfer_announced,
                   transfer);
    if (shown)
        console_open(console, "files", "");
}

/* ---- Asking ---- */

static bool may_begin(struct console *console)
{
    if (!fleet_may_change(console))
        return false;
    if (fleet_transfer_left(console->transfer)) {
        console_complain(console, "%s", _("files are still on their way; W shows them"));
        return false;
    }
    return true;
}

static struct fleet_transfer *transfer_new(struct console *console, const struct device *devices,
                                           size_t n, enum transfer_kind kind)
{
    struct fleet_transfer *transfer = mem_zero(1, sizeof *transfer);
    transfer->console = console;
    transfer->arena = arena_new();
    transfer->devices = devices_copy(transfer->arena, devices, n);
    transfer->n = n;
    transfer->options.kind = kind;
    return transfer;
}

static void agreed(void *context, struct dialog *dialog, bool accepted)
{
    struct fleet_transfer *transfer = context;
    (void)dialog;
    if (accepted && may_begin(transfer->console))
        transfer_announce(transfer, true);
    else
        fleet_transfer_free(transfer);
}

static void paths_known(struct fleet_transfer *transfer)
{
    struct transfer_options *options = &transfer->options;
    bool get = options->kind == TRANSFER_GET;
    struct stat is;
    bool folder =
        get && (transfer->n > 1 || (stat(options->local, &is) == 0 && S_ISDIR(is.st_mode)));
    options->folder = folder && !transfer->name;
    if (folder && transfer->name)
        options->local = arena_printf(transfer->arena, "%s/%s", options->local, transfer->name);
    transfer->act = get ? "get" : "put";
    transfer->detail = arena_printf(transfer->arena, "%s %s", options->local, options->remote);
    const char *deed =
        get ? arena_printf(transfer->arena, _("%s from there into %s"), options->remote,
                           options->local)
            : arena_printf(transfer->arena, _("%s there as %s"), options->local, options->remote);
    fleet_reach_ask(transfer->console, get ? _("Get a file") : _("Put a file"), deed,
                    transfer->devices, transfer->n, get ? _("Get") : _("Put"), agreed, transfer);
}

/* What was chosen there writes over nothing here by itself. */
static bool name_taken(const char *folder, const char *name)
{
    char *path = mem_printf("%s/%s", folder, name);
    bool taken = access(path, F_OK) == 0;
    free(path);
    return taken;
}

static const char *local_check(void *context, const char *text)
{
    const struct fleet_transfer *transfer = context;
    struct stat is;
    bool there = stat(text, &is) == 0;
    if (!*text || strlen(text) > PATH_LONGEST)
        return _("a path on this machine");
    if (transfer->options.kind == TRANSFER_PUT)
        return there && S_ISREG(is.st_mode) ? NULL : _("there is no such file here");
    if (transfer->name && there && S_ISDIR(is.st_mode) && name_taken(text, transfer->name))
        return _("there is a file of that name in this folder");
    return transfer->n > 1 && there && !S_ISDIR(is.st_mode)
               ? _("a folder: each device's file gets its code for a name")
               : NULL;
}

static const char *remote_check(void *context, const char *text)
{
    const char *remote;
    struct error err = {0};
    struct arena *arena = arena_new();
    (void)context;
    bool good =
        strlen(text) <= PATH_LONGEST && transfer_remote(arena, text, &remote, &err) == ST_OK;
    error_clear(&err);
    arena_free(arena);
    return good ? NULL : _("a path in the device's folder, or from / on, without ..");
}

static void remote_ask(struct fleet_transfer *transfer);
static void local_ask(struct fleet_transfer *transfer, const char *proposed);

static void remote_given(void *context, struct dialog *dialog, bool accepted)
{
    struct fleet_transfer *transfer = context;
    if (!accepted) {
        fleet_transfer_free(transfer);
        return;
    }
    transfer->options.remote = arena_strdup(transfer->arena, dialog_text(dialog));
    if (transfer->options.kind == TRANSFER_PUT) {
        paths_known(transfer);
        return;
    }
    const char *slash = strrchr(transfer->options.remote, '/');
    local_ask(transfer, slash ? slash + 1 : transfer->options.remote);
}

static void local_given(void *context, struct dialog *dialog, bool accepted)
{
    struct fleet_transfer *transfer = context;
    if (!accepted) {
        fleet_transfer_free(transfer);
        return;
    }
    transfer->options.local = arena_strdup(transfer->arena, dialog_text(dialog));
    if (transfer->options.kind == TRANSFER_PUT)
        remote_ask(transfer);
    else
        paths_known(transfer);
}

static void remote_ask(struct fleet_transfer *transfer)
{
    bool put = transfer->options.kind == TRANSFER_PUT;
    const char *slash = put ? strrchr(transfer->options.local, '/') : NULL;
    const char *name = !put ? "" : slash ? slash + 1 : transfer->options.local;
    if (transfer->into)
        name = arena_printf(transfer->arena, "%s/%s", transfer->into, name);
    console_dialog(transfer->console,
                   dialog_ask(put ? _("Put a file") : _("Get a file"), _("Path on the device"),
                              name, remote_check, remote_given, transfer));
}

static void local_ask(struct fleet_transfer *transfer, const char *proposed)
{
    bool put = transfer->options.kind == TRANSFER_PUT;
    console_dialog(transfer->console,
                   dialog_ask(put ? _("Put a file") : _("Get a file"),
                              put                 ? _("File here")
                              : transfer->n > 1   ? _("Folder here, for a file a device")
                              : transfer->renamed ? _("Here under this name, as its own will not "
                                                      "do; or a folder")
                                                  : _("File here, or a folder"),
                              proposed, local_check, local_given, transfer));
}

void fleet_put_ask(struct console *console, const struct device *devices, size_t n)
{
    if (n && may_begin(console))
        local_ask(transfer_new(console, devices, n, TRANSFER_PUT), "");
}

void fleet_get_ask(struct console *console, const struct device *devices, size_t n)
{
    if (n && may_begin(console))
        remote_ask(transfer_new(console, devices, n, TRANSFER_GET));
}

void fleet_put_into(struct console *console, const struct device *device, const char *folder)
{
    if (!may_begin(console))
        return;
    struct fleet_transfer *transfer = transfer_new(console, device, 1, TRANSFER_PUT);
    transfer->into = strcmp(folder, "/") == 0 ? "" : arena_strdup(transfer->arena, folder);
    local_ask(transfer, "");
}

void fleet_get_named(struct console *console, const struct device *device, const char *remote,
                     const char *name, size_t n)
{
    if (!may_begin(console))
        return;
    struct fleet_transfer *transfer = transfer_new(console, device, 1, TRANSFER_GET);
    const char *safe = folder_local_name(transfer->arena, name, n, &transfer->renamed);
    transfer->name = safe;
    for (int again = 2; again < 1000 && name_taken(".", transfer->name); again++)
        transfer->name = arena_printf(transfer->arena, "%s-%d", safe, again);
    transfer->options.remote = arena_strdup(transfer->arena, remote);
    local_ask(transfer, transfer->name);
}

static struct fleet_transfer *apply_new(struct console *console, const struct device *devices,
                                        const struct transfer_text *texts, size_t n)
{
    struct fleet_transfer *transfer = transfer_new(console, devices, n, TRANSFER_CONFIG);
    struct transfer_text *own = arena_array(transfer->arena, struct transfer_text, n);
    for (size_t i = 0; i < n; i++)
        own[i] = (struct transfer_text){arena_strndup(transfer->arena, texts[i].bytes, texts[i].n),
                                        texts[i].n};
    transfer->options.texts = own;
    transfer->act = "config";
    transfer->detail = "the desired configuration";
    return transfer;
}

void fleet_apply_ask(struct console *console, const struct device *devices,
                     const struct transfer_text *texts, size_t n)
{
    if (!n || !may_begin(console))
        return;
    struct fleet_transfer *transfer = apply_new(console, devices, texts, n);
    fleet_reach_ask(console, _("Apply the configuration"),
                    _("Each gets what is desired of it, after its application agreed. Those that "
                      "do not answer wait for it, for a day."),
                    transfer->devices, n, _("Apply"), agreed, transfer);
}

void fleet_apply_waiting(struct console *console, const struct device *devices,
                         const struct transfer_text *texts, size_t n)
{
    bool may = access_may(&console->access, RIGHT_DEVICES | RIGHT_DEVICES_EDIT);
    if (!n || !may || console->mall->read_only || fleet_transfer_left(console->transfer))
        return;
    struct fleet_transfer *transfer = apply_new(console, devices, texts, n);
    transfer->waited = true;
    transfer_announce(transfer, false);
}
