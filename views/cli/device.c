/* atrium device: the fleet from the command line. */
#include "views/cli/device.h"
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/act.h"
#include "model/fleet/clean.h"
#include "model/fleet/status.h"
#include "views/cli/commands.h"
#include "views/cli/device_reach.h"
#include "views/cli/device_rollout.h"
#include "views/config.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 200, END_S = 3, AUDIT_MOST = 65536 };

static const struct cli_option options[] = {
    {"on", "EXPR", 0, "which devices: `kind=pos and floor=2`; all but list need it"},
    {"window", "N", 0, "at most so many at once (default 256); rollout new: hours, 02:00-05:00"},
    {"timeout", "D", 0, "how long a device may take, such as 30s (default 60s)"},
    {"identity", "FILE", 0, "private key to log in with (default: [fleet] identity, the agent)"},
    {"accept", NULL, 0, "pin: the keys shown by devices that have no pin yet are theirs"},
    {"changed", NULL, 0, "pin: with --accept, also keys that are not the pin's"},
    {"import", "FILE", 0, "pin: the keys of a known_hosts, or of lines DEVICE SHA256:…"},
    {"lines", "N", 0, "log: so many of the last lines (default 200)"},
    {"routine", "NAME", 0, "run: a routine command (device routines), on those it is for"},
    {"follow", NULL, 0, "log, collect: go on with what comes, until Ctrl-C"},
    {"filter", "PATTERN", 0, "log: only lines that this regular expression (PCRE2) finds"},
    {"reason", "TEXT", 0, "run, pin, put, get, config: why, for the audit"},
    DEVICE_REACH_OPTION,
    {"kind", "KIND", 0, "config: the text of all devices of this kind, in place of --on"},
    {"key", "KEY=VALUE", CLI_REPEATED, "config set: only this key; \"[SECTION] KEY=VALUE\""},
    {"clear", NULL, 0, "config set: nothing is desired any more"},
    {"queue", "D", 0, "config apply: those that do not answer are kept for so long"},
    {"queued", NULL, 0, "config apply: only those that were kept"},
    {"version", "V", 0, "rollout new: the application's version that the archive holds"},
    {"canary", "N", 0, "rollout new: devices that get it first (default 1)"},
    {"waves", "SIZES", 0, "rollout new: 10%,50%,100% of all, or devices (the default is that)"},
    {"threshold", "N", 0, "rollout new: failures of a wave that stop it: 3 or 5% (default 5%)"},
    {"coverage", "N%", 0, "rollout new: of a wave, before the next begins (default 90%)"},
    {"soak", "D", 0, "rollout new: time after each wave (default 10m)"},
    {"trial", "D", 0, "rollout new: until a device that nobody confirms goes back (default 2m)"},
    {"expires", "D", 0, "rollout new: how long a device that is away is waited for (default 7d)"},
    {"weekdays", "DAYS", 0, "rollout new: only on these, such as 'mon tue'"},
    {"back", NULL, 0, "rollout new: where it stops, what has it goes back"},
    {"wait", NULL, 0, "rollout run: stay until it is over"},
    {"at", "D", 0, "recording show: so long after its beginning"},
    {"once", NULL, 0, "collect: what there is, then end (so it is without --follow)"},
    {"no-offers", NULL, 0, "collect: send nothing out"},
    {0},
};

/* ---- Work on many ---- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted++;
}

enum status device_engine(struct device_request *request, struct fleet_engine **engine,
                          struct error *err)
{
    int64_t window = 0, timeout = 0;
    struct config config;
    enum status status = cli_integer(request->cli, "window", 1, 10000, 0, &window, err);
    if (status == ST_OK)
        status = cli_duration(request->cli, "timeout", 0, &timeout, err);
    if (status != ST_OK)
        return status;
    status = config_read(&config, err);
    if (status == ST_OK) {
        const char *identity = cli_value(request->cli, "identity");
        /* The device itself ends a command in time; the connection waits for that. */
        struct fleet_options fleet = {.window = (int)window,
                                      .total_ms = timeout ? (timeout + END_S) * 1000 : 0,
                                      .identity = identity ? identity : config.identity,
                                      .identities = config.identities,
                                      .n_identities = identity ? 0 : config.n_identities};
        for (int i = 0; timeout && i < PHASE_FIRST; i++)
            fleet.limit_ms[i] = timeout * 1000;
        status = fleet_new(&fleet, engine, err);
    }
    config_free(&config);
    return status;
}

void device_interrupt_begin(struct sigaction *before)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    interrupted = 0;
    sigaction(SIGINT, &action, before);
}

int device_interrupted(void)
{
    return interrupted;
}

void device_interrupt_end(const struct sigaction *before)
{
    sigaction(SIGINT, before, NULL);
}

enum status device_work(struct device_request *request, const struct fleet_work_options *how,
                        struct fleet_engine **engine, struct fleet_work **work, struct error *err)
{
    *work = NULL;
    *engine = NULL;
    enum status status = device_engine(request, engine, err);
    if (status != ST_OK)
        return status;
    struct sigaction before;
    device_interrupt_begin(&before);
    *work = fleet_work_begin(*engine, request->devices, request->n, how);
    bool cancelled = false;
    while (fleet_work_left(*work) && interrupted < 2) {
        fleet_wait(*engine, WAIT_MS);
        cli_progress(request->cli, "devices", (int64_t)(request->n - fleet_work_left(*work)),
                     (int64_t)request->n);
        if (interrupted && !cancelled) {
            cancelled = true;
            fleet_work_cancel(*work);
        }
    }
    cli_progress(request->cli, "devices", -1, 0);
    device_interrupt_end(&before);
    return ST_OK;
}

void device_work_end(struct fleet_engine *engine, struct fleet_work *work)
{
    fleet_free(engine);
    fleet_work_free(work);
}

/* Words of the command line may be any bytes; JSON takes none that are no text. */
static const char *audit_text(struct arena *arena, const char *text)
{
    return text ? device_clean(arena, text, strlen(text), AUDIT_MOST, true, NULL) : "";
}

enum status device_act_begin(struct device_request *request, const char *act, const char *detail,
                             struct error *err)
{
    struct writer *writer;
    enum status status = cli_writer(request->cli, &writer, err);
    if (status == ST_OK)
        status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    const char *on = cli_value(request->cli, "on"), *reason = cli_value(request->cli, "reason");
    struct arena *arena = request->cli->arena;
    json_t *about = json_pack("{s:s, s:s, s:I, s:s}", "on", audit_text(arena, on), "detail",
                              audit_text(arena, detail), "devices", (json_int_t)request->n,
                              "reason", audit_text(arena, reason));
    status = audit_append(writer, request->access.principal, act, "device", "", about, err);
    json_decref(about);
    if (status == ST_OK && (status = writer_commit(writer, err)) == ST_OK)
        request->begun = true;
    else
        writer_rollback(writer);
    return status;
}

enum status device_act_keep(struct device_request *request, const char *act, const char *detail,
                            const struct fleet_result *results, size_t n, struct error *err)
{
    struct writer *writer;
    enum status status = request->begun ? ST_OK : device_act_begin(request, act, detail, err);
    if (status == ST_OK)
        status = cli_writer(request->cli, &writer, err);
    if (status == ST_OK)
        status = device_acts_keep(writer, request->access.principal, act, detail, results, n, err);
    return status;
}

/* ---- list ---- */

static const struct sheet_column list_columns[] = {
    {"device", NULL, CELL_TEXT},  {"kind", NULL, CELL_TEXT},   {"model", NULL, CELL_TEXT},
    {"floor", NULL, CELL_TEXT},   {"tenant", NULL, CELL_TEXT}, {"shop", NULL, CELL_TEXT},
    {"host", NULL, CELL_TEXT},    {"port", NULL, CELL_COUNT},  {"state", NULL, CELL_TEXT},
    {"version", NULL, CELL_TEXT}, {"config", NULL, CELL_TEXT}, {"seen", NULL, CELL_TIME},
};

static enum status device_print_list(struct device_request *request, struct error *err)
{
    struct sheet *sheet =
        sheet_new(request->cli->arena, list_columns, sizeof list_columns / sizeof *list_columns);
    for (size_t i = 0; i < request->n; i++) {
        const struct device *d = &request->devices[i];
        struct cell *cells = sheet_row_add(sheet);
        const char *texts[] = {d->code, d->kind, d->model, d->floor, d->tenant, d->shop, d->host};
        for (int k = 0; k < 7; k++)
            cells[k] = cell_text(texts[k]);
        cells[7] = cell_integer(d->port);
        cells[8] = cell_text(device_condition_names[d->state]);
        cells[9] = cell_text(*d->app ? d->app : NULL);
        cells[10] = cell_text(*d->config ? d->config : NULL);
        if (d->seen)
            cells[11] = cell_integer(d->seen);
    }
    return cli_print_sheet(request->cli, "devices", sheet, err);
}

/* ---- The command ---- */

static const struct {
    const char *name;
    unsigned rights;
    bool on; /* --on must be given */
    enum status (*run)(struct device_request *request, struct error *err);
} verbs[] = {
    {"list", RIGHT_DEVICES, false, device_print_list},
    {"status", RIGHT_DEVICES, true, device_status},
    {"run", RIGHT_DEVICES, true, device_run},
    {"routines", RIGHT_DEVICES, false, device_routines},
    {"log", RIGHT_DEVICES, true, device_logs},
    {"pin", RIGHT_DEVICES | RIGHT_DEVICES_EDIT, true, device_pin},
    {"ls", RIGHT_DEVICES | RIGHT_DEVICES_EDIT, true, device_ls},
    {"put", RIGHT_DEVICES | RIGHT_DEVICES_EDIT, true, device_put},
    {"get", RIGHT_DEVICES | RIGHT_DEVICES_EDIT, true, device_get},
    {"config", RIGHT_DEVICES, false, device_config},
    {"install", RIGHT_DEVICES | RIGHT_DEVICES_EDIT, true, device_install},
    {"rollout", RIGHT_DEVICES, false, device_rollout},
    {"shell", RIGHT_DEVICES | RIGHT_DEVICES_EDIT, true, device_shell},
    {"recording", RIGHT_DEVICES | RIGHT_DEVICES_EDIT, false, device_recording},
    {"collect", RIGHT_DEVICES | RIGHT_DEVICES_EDIT, true, device_collect},
};

/* "list, status or run" */
static const char *verbs_text(struct arena *arena, const char *const *names, size_t n)
{
    const char *text = names[0];
    for (size_t i = 1; i < n; i++)
        text = arena_printf(arena, "%s%s%s", text, i + 1 < n ? ", " : " or ", names[i]);
    return text;
}

static enum status run(struct cli *cli, struct error *err)
{
    struct device_request request = {.cli = cli};
    const char *word = cli->args[0], *on = cli_value(cli, "on");
    const char *names[sizeof verbs / sizeof *verbs];
    size_t verb = 0, n = sizeof verbs / sizeof *verbs;
    for (size_t i = 0; i < n; i++)
        names[i] = verbs[i].name;
    while (verb < n && strcmp(verbs[verb].name, word) != 0)
        verb++;
    if (verb == n) {
        const char *near = text_nearest(word, names, n);
        return error_set(err, ST_USAGE, "device: found %s, expected %s%s%s%s",
                         text_quote(cli->arena, word, strlen(word)),
                         verbs_text(cli->arena, names, n), near ? "; did you mean " : "",
                         near ? near : "", near ? "?" : "");
    }
    if (verbs[verb].on && !on)
        return error_set(err, ST_USAGE, "device %s: --on EXPR says which devices; --on '' all",
                         word);
    enum status status = cli_reader(cli, &request.reader, err);
    if (status == ST_OK)
        status = access_lookup(request.reader, cli->principal, &request.access, err);
    if (status == ST_OK)
        status = access_require(&request.access, verbs[verb].rights, "do this to devices", err);
    if (status == ST_OK)
        status = device_list(request.reader, &request.access, cli->arena, on, &request.devices,
                             &request.n, err);
    return status == ST_OK ? verbs[verb].run(&request, err) : status;
}

const struct cli_command cli_device = {
    .name = "device",
    .arguments = "list|status|run|routines|log|pin|ls|put|get|config|install|rollout|collect|shell|"
                 "recording "
                 "[WORD …]",
    .summary = "POS terminals, probes and screens over SSH",
    .help =
        "list shows the inventory and what was last seen of each device. status asks them: "
        "version,\n"
        "configuration, load, disk, clock. run gives a command to a shell on each and folds equal\n"
        "answers; it runs in a process group of its own, which Ctrl-C ends; --routine names\n"
        "one of the routine commands, which routines lists. log shows the end of\n"
        "the application's log, and with --follow goes on, all devices merged; with --json a line "
        "is an\n"
        "object then. pin shows the host keys of devices, and with --accept keeps them: "
        "a\n"
        "device without a pin, or with another key than its pin, is given no credential. collect\n"
        "brings receipts and sightings from the spools of devices into the mall, each exactly "
        "once,\n"
        "and offers and messages to tills and screens.\n"
        "shell opens a terminal on one device, ~. at the start of a line leaves it; what it shows\n"
        "is recorded. recording list tells the recorded shells, recording play FILE plays one on "
        "a\n"
        "terminal inside the console, which nothing of the file can leave, and recording show "
        "FILE\n"
        "prints what was on its screen, at its end or --at 90s.\n"
        "rollout brings a version of the application to many in waves: new --on EXPR --version V\n"
        "FILE (plan instead of new says who would come when and makes nothing), then approve by\n"
        "somebody else, start and run; list, show, pause, resume, cancel "
        "and\n"
        "rollback. What changes devices wants their number: --yes N.\n"
        "\n"
        "ls [PATH] shows what lies in a folder of each: the device's own without PATH, or another\n"
        "from / on; of one with more than 10,000 entries the first that it has.\n"
        "put LOCAL REMOTE sends a file to each, get LOCAL REMOTE brings it here: LOCAL is a file "
        "for one\n"
        "device, a folder with a file a device for several. Both go on where they were cut, and a\n"
        "name is given only to what has the right SHA-256. A REMOTE without / at its beginning\n"
        "lies in the device's folder. install puts the script that answers all of this there.\n"
        "\n"
        "config set FILE says what devices should have: --kind KIND of all of a kind, --on EXPR\n"
        "what single ones have of their own, whose keys are laid over the kind's; {device} {kind}\n"
        "{model} {tenant} {shop} {floor} {zone} stand for what each is. config show and history\n"
        "tell it, diff asks the devices and folds what differs, apply brings it to them.\n"
        "\n"
        "--on chooses devices by their columns and what is known of them: kind, model, floor, "
        "zone,\n"
        "tenant, shop, host, state, version, config, load, disk, clock, age, spool, pinned,\n"
        "quarantined; a bare word is a code or a kind.",
    .options = options,
    .least_args = 1,
    .most_args = -1,
    .run = run,
    .rights = RIGHT_DEVICES,
};
