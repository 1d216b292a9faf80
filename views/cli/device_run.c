/* atrium device run: one command on many devices, equal answers folded. */
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/clean.h"
#include "model/fleet/routine.h"
#include "views/cli/device.h"
#include "views/cli/device_reach.h"

#include <stdlib.h>
#include <string.h>

enum { OUTPUT_MOST = 256 << 10, CODES_SHOWN = 8 };

static const char *command_of(struct cli *cli)
{
    const char *text = "";
    for (int i = 1; i < cli->n_args; i++)
        text = arena_printf(cli->arena, "%s%s%s", text, i > 1 ? " " : "", cli->args[i]);
    return text;
}

struct folded {
    const struct fleet_result *results;
    size_t n, n_ok, n_groups;
    size_t *ok; /* indices of the results whose command ended */
    const struct fleet_group *groups;
};

static void fold(struct arena *arena, struct folded *folded)
{
    struct fleet_output *outputs = arena_array(arena, struct fleet_output, folded->n);
    folded->ok = arena_array(arena, size_t, folded->n);
    for (size_t i = 0; i < folded->n; i++)
        if (folded->results[i].job.state == DEVICE_OK) {
            folded->ok[folded->n_ok] = i;
            outputs[folded->n_ok++] = folded->results[i].output;
        }
    folded->groups = fleet_fold(arena, outputs, folded->n_ok, &folded->n_groups);
}

static const char *member_code(const struct folded *folded, const struct fleet_group *group,
                               size_t i)
{
    return folded->results[folded->ok[group->members[i]]].device->code;
}

static json_t *groups_json(struct arena *arena, const struct folded *folded)
{
    json_t *groups = json_array();
    for (size_t g = 0; g < folded->n_groups; g++) {
        const struct fleet_group *group = &folded->groups[g];
        json_t *codes = json_array();
        for (size_t i = 0; i < group->n; i++)
            json_array_append_new(codes, json_string(member_code(folded, group, i)));
        json_t *o = json_object();
        json_object_set_new(o, "output",
                            json_string(device_clean(arena, group->output->bytes, group->output->n,
                                                     OUTPUT_MOST, true, NULL)));
        json_object_set_new(o, "exit",
                            group->output->exit_status >= 0
                                ? json_integer(group->output->exit_status)
                                : json_null());
        json_object_set_new(o, "devices", codes);
        json_array_append_new(groups, o);
    }
    return groups;
}

static json_t *others_json(const struct folded *folded, bool unknown)
{
    json_t *others = json_array();
    for (size_t i = 0; i < folded->n; i++) {
        const struct fleet_job *job = &folded->results[i].job;
        if (job->state == DEVICE_OK || (job->state == DEVICE_UNKNOWN) != unknown)
            continue;
        json_array_append_new(
            others, json_pack("{s:s, s:s, s:s, s:s}", "device", folded->results[i].device->code,
                              "state", device_condition_names[job->state], "phase",
                              fleet_phase_names[job->phase], "reason", job->reason));
    }
    return others;
}

static void print_groups(struct cli *cli, const struct folded *folded)
{
    for (size_t g = 0; g < folded->n_groups; g++) {
        const struct fleet_group *group = &folded->groups[g];
        const char *codes = "";
        for (size_t i = 0; i < group->n && i < CODES_SHOWN; i++)
            codes = arena_printf(cli->arena, "%s %s", codes, member_code(folded, group, i));
        cli_say(cli, "%zu %s, exit %d:%s%s", group->n, group->n == 1 ? "device" : "devices",
                group->output->exit_status, codes, group->n > CODES_SHOWN ? " …" : "");
        char *text = device_clean(cli->arena, group->output->bytes, group->output->n, OUTPUT_MOST,
                                  true, NULL);
        for (char *line = text, *next; line && *line; line = next) {
            next = strchr(line, '\n');
            if (next)
                *next++ = '\0';
            for (char *tab = line; (tab = strchr(tab, '\t'));)
                *tab = ' ';
            cli_say(cli, "    %s", line);
        }
    }
    for (size_t i = 0; i < folded->n; i++) {
        const struct fleet_job *job = &folded->results[i].job;
        if (job->state != DEVICE_OK)
            cli_say(cli, "%s: %s in %s: %s", folded->results[i].device->code,
                    device_condition_names[job->state], fleet_phase_names[job->phase], job->reason);
    }
}

static enum status outcome(const struct folded *folded, struct error *err)
{
    size_t good = 0;
    for (size_t i = 0; i < folded->n_ok; i++)
        good += folded->results[folded->ok[i]].output.exit_status == 0;
    return good == folded->n ? ST_OK
                             : error_set(err, ST_PARTIAL, "%zu of %zu devices are not ok",
                                         folded->n - good, folded->n);
}

/* ---- Routine commands ---- */

static const struct sheet_column routine_columns[] = {
    {"routine", NULL, CELL_TEXT}, {"kinds", NULL, CELL_TEXT},   {"deed", NULL, CELL_TEXT},
    {"about", NULL, CELL_TEXT},   {"command", NULL, CELL_TEXT},
};

static const char *const deeds[] = {
    [ROUTINE_LOOKS] = "looks", [ROUTINE_CHANGES] = "changes", [ROUTINE_FINAL] = "final"};

enum status device_routines(struct device_request *request, struct error *err)
{
    size_t n;
    const struct routine *routines = routines_all(&n);
    struct sheet *sheet = sheet_new(request->cli->arena, routine_columns,
                                    sizeof routine_columns / sizeof *routine_columns);
    for (size_t i = 0; i < n; i++) {
        const struct routine *routine = &routines[i];
        const char *texts[] = {routine->name, *routine->kinds ? routine->kinds : NULL,
                               deeds[routine->deed], routine->title, routine->command};
        struct cell *cells = sheet_row_add(sheet);
        for (int k = 0; k < 5; k++)
            cells[k] = cell_text(texts[k]);
    }
    return cli_print_sheet(request->cli, "routines", sheet, err);
}

/* What is final is asked for by the number of devices, however few they are. */
static enum status routine_take(struct device_request *request, const char *name,
                                const char **command, struct error *err)
{
    struct cli *cli = request->cli;
    const struct routine *routine = routine_find(name);
    if (!routine)
        return error_set(err, ST_USAGE,
                         "device run: found the routine %s, expected one of those "
                         "that atrium device routines lists",
                         text_quote(cli->arena, name, strlen(name)));
    *command = routine->command;
    request->devices =
        routine_devices(routine, cli->arena, request->devices, request->n, &request->n);
    if (!request->n)
        return error_set(err, ST_USAGE, "device run: %s is for %s, and --on selects none of them",
                         name, routine->kinds);
    if (routine->deed == ROUTINE_LOOKS)
        return ST_OK;
    enum status status = access_require(&request->access, RIGHT_DEVICES_EDIT, "do this", err);
    if (status == ST_OK && routine->deed == ROUTINE_FINAL && !cli_value(cli, "yes"))
        return error_set(err, ST_USAGE,
                         "device run --routine %s cannot be taken back; on %zu %s: if that is "
                         "meant: --yes %zu",
                         name, request->n, request->n == 1 ? "device" : "devices", request->n);
    return status == ST_OK ? device_reach_agree(request, name, true, err) : status;
}

enum status device_run(struct device_request *request, struct error *err)
{
    struct cli *cli = request->cli;
    const char *command = command_of(cli), *name = cli_value(cli, "routine");
    enum status status = ST_OK;
    if (name && *command)
        return error_set(err, ST_USAGE, "device run: --routine and a command at once");
    if (name)
        status = routine_take(request, name, &command, err);
    else
        status = access_require(&request->access, RIGHT_DEVICES_EDIT, "run any command", err);
    if (status != ST_OK)
        return status;
    struct fleet_engine *engine;
    struct fleet_work *work;
    int64_t timeout = 0, started = time_monotonic_ns();
    if (!*command)
        return error_set(err, ST_USAGE, "device run: a command is missing: -- COMMAND");
    status = cli_duration(cli, "timeout", 0, &timeout, err);
    struct fleet_work_options how = {.command = command, .guarded = true, .timeout_s = timeout};
    if (status == ST_OK)
        status = device_act_begin(request, "run", command, err);
    if (status == ST_OK)
        status = device_work(request, &how, &engine, &work, err);
    if (status != ST_OK)
        return status;
    struct folded folded = {0};
    folded.results = fleet_work_results(work, &folded.n);
    fold(cli->arena, &folded);
    status = device_act_keep(request, "run", command, folded.results, folded.n, err);
    if (status == ST_OK && cli->json) {
        json_t *o = json_object();
        json_object_set_new(o, "groups", groups_json(cli->arena, &folded));
        json_object_set_new(o, "failed", others_json(&folded, false));
        json_object_set_new(o, "unknown", others_json(&folded, true));
        json_object_set_new(o, "seconds", json_real((double)(time_monotonic_ns() - started) / 1e9));
        status = cli_print_json(cli, o, err);
    } else if (status == ST_OK) {
        print_groups(cli, &folded);
    }
    if (status == ST_OK)
        status = outcome(&folded, err);
    device_work_end(engine, work);
    return status;
}
