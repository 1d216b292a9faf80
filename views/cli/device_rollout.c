/* atrium device rollout: a version of the application in waves. */
#include "views/cli/device_rollout.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/rollout_preview.h"
#include "views/rollout_text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- JSON ---- */

static json_t *time_json(struct device_request *request, int64_t time)
{
    struct arena *arena = request->cli->arena;
    return time ? json_string(time_rfc3339(arena, request->cli->mall->zone, time)) : json_null();
}

static const char *wave_state(const struct rollout *r, const struct rollout_wave *waves, int wave)
{
    if (wave > r->wave || !r->started)
        return "waiting";
    if (wave < r->wave || r->state == ROLLOUT_DONE)
        return "through";
    return r->soaking ? "soaking" : waves[wave].flight ? "switching" : "open";
}

static json_t *waves_json(struct arena *arena, const struct rollout *r,
                          const struct rollout_row *rows, size_t n)
{
    struct rollout_wave waves[ROLLOUT_WAVES];
    json_t *all = json_array();
    int count = rollout_waves(r, rows, n, waves);
    for (int i = 0; i < count; i++)
        json_array_append_new(
            all,
            json_pack("{s:i, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "wave", i, "name",
                      rollout_wave_name(arena, r, i), "size", (json_int_t)waves[i].size, "ok",
                      (json_int_t)waves[i].ok, "failed", (json_int_t)waves[i].faults, "unknown",
                      (json_int_t)waves[i].unknown, "offline", (json_int_t)waves[i].offline, "open",
                      (json_int_t)waves[i].open, "need", (json_int_t)waves[i].need, "limit",
                      (json_int_t)waves[i].limit, "state", wave_state(r, waves, i)));
    return all;
}

static const char *code_of(const struct device_request *request, uint32_t id)
{
    const struct device *device = rollout_device_of(request->devices, request->n, id);
    return device ? device->code : "?";
}

static json_t *steps_json(struct device_request *request, const struct rollout_row *rows, size_t n)
{
    json_t *all = json_array();
    for (size_t i = 0; i < n; i++) {
        const struct rollout_row *row = &rows[i];
        json_t *step = json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:b, s:i}", "device",
                                 code_of(request, row->device), "wave", row->wave, "state",
                                 rollout_row_word(row), "step", rollout_step_names[row->step],
                                 "version", row->app, "was", row->old, "reason", row->reason,
                                 "failed", row->fault, "attempts", row->attempts);
        json_object_set_new(step, "since", time_json(request, row->since));
        json_array_append_new(all, step);
    }
    return all;
}

static json_t *definition_json(struct device_request *request, const struct rollout *r)
{
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:I, s:s, s:s, s:I, s:s}", "id",
                          r->code, "state", rollout_state_names[r->state], "version", r->app,
                          "file", r->file, "size", (json_int_t)r->size, "sha256", r->sha256, "on",
                          r->selection, "devices", (json_int_t)r->devices, "waves_as", r->waves,
                          "threshold", r->threshold, "coverage", (json_int_t)r->coverage, "window",
                          rollout_window_text(request->cli->arena, r));
    json_t *more = json_pack(
        "{s:I, s:I, s:I, s:I, s:b, s:s, s:s, s:s, s:i, s:s}", "canary", (json_int_t)r->canary,
        "soak_s", (json_int_t)r->soak, "trial_s", (json_int_t)r->trial, "expires_s",
        (json_int_t)r->expires, "back", r->back, "author", r->author, "approved_by", r->approved_by,
        "why", r->why, "wave", r->wave, "driver", r->lease > time_now() ? r->driver : "");
    json_object_update(o, more);
    json_decref(more);
    json_object_set_new(o, "started", time_json(request, r->started));
    json_object_set_new(o, "ended", time_json(request, r->ended));
    json_object_set_new(
        o, "soak_until",
        time_json(request, r->soaking && r->state == ROLLOUT_RUNNING ? r->soaking + r->soak : 0));
    return o;
}

enum status rollout_json(struct device_request *request, const char *code, bool steps,
                         json_t **document, struct error *err)
{
    struct arena *arena = request->cli->arena;
    struct rollout *rollout;
    struct rollout_row *rows;
    size_t n;
    enum status status =
        rollout_find(request->reader, &request->access, arena, code, &rollout, err);
    if (status == ST_OK)
        status = rollout_rows(request->reader, arena, rollout->id, &rows, &n, err);
    if (status != ST_OK)
        return status;
    *document = definition_json(request, rollout);
    json_object_set_new(*document, "waves", waves_json(arena, rollout, rows, n));
    if (steps)
        json_object_set_new(*document, "steps", steps_json(request, rows, n));
    return ST_OK;
}

/* ---- list and show ---- */

static const struct sheet_column list_columns[] = {
    {"id", NULL, CELL_TEXT},       {"version", NULL, CELL_TEXT}, {"state", NULL, CELL_TEXT},
    {"devices", NULL, CELL_COUNT}, {"ok", NULL, CELL_COUNT},     {"failed", NULL, CELL_COUNT},
    {"started", NULL, CELL_TIME},  {"author", NULL, CELL_TEXT},  {"why", NULL, CELL_TEXT},
};

static enum status list_print(struct device_request *request, struct error *err)
{
    struct arena *arena = request->cli->arena;
    const struct rollout *rollouts;
    size_t n;
    enum status status = rollout_list(request->reader, &request->access, arena, &rollouts, &n, err);
    if (status != ST_OK)
        return status;
    struct sheet *sheet =
        sheet_new(arena, list_columns, sizeof list_columns / sizeof *list_columns);
    for (size_t i = 0; i < n; i++) {
        const struct rollout *r = &rollouts[i];
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(r->code);
        cells[1] = cell_text(r->app);
        cells[2] = cell_text(rollout_state_names[r->state]);
        cells[3] = cell_integer(r->devices);
        cells[4] = cell_integer(r->ok);
        cells[5] = cell_integer(r->faults);
        if (r->started)
            cells[6] = cell_integer(r->started);
        cells[7] = cell_text(r->author);
        cells[8] = cell_text(*r->why ? r->why : NULL);
    }
    return cli_print_sheet(request->cli, "rollouts", sheet, err);
}

static const struct sheet_column step_columns[] = {
    {"device", NULL, CELL_TEXT},  {"wave", NULL, CELL_TEXT},   {"state", NULL, CELL_TEXT},
    {"version", NULL, CELL_TEXT}, {"reason", NULL, CELL_TEXT},
};

static void head_say(struct device_request *request, const struct rollout *r,
                     const struct rollout_row *rows, size_t n)
{
    struct cli *cli = request->cli;
    struct rollout_wave waves[ROLLOUT_WAVES];
    cli_say(cli, "%s: %s to %lld %s (%s), %s%s%s", r->code, r->app, (long long)r->devices,
            r->devices == 1 ? "device" : "devices", *r->selection ? r->selection : "all",
            rollout_state_names[r->state], *r->why ? ": " : "", r->why);
    int count = rollout_waves(r, rows, n, waves);
    for (int i = 0; i < count; i++)
        cli_say(cli, "  %s: %zu of %zu ok (%zu needed), %zu failed (limit %zu), %zu offline",
                rollout_wave_name(cli->arena, r, i), waves[i].ok, waves[i].size, waves[i].need,
                waves[i].faults, waves[i].limit, waves[i].offline);
    if (r->soaking && r->state == ROLLOUT_RUNNING)
        cli_say(cli, "  soaks until %s",
                time_local(cli->arena, cli->mall->zone, r->soaking + r->soak));
}

static enum status show_print(struct device_request *request, const char *code, struct error *err)
{
    struct cli *cli = request->cli;
    struct rollout *rollout;
    struct rollout_row *rows;
    json_t *document;
    size_t n;
    if (cli->json) {
        enum status status = rollout_json(request, code, true, &document, err);
        return status == ST_OK ? cli_print_json(cli, document, err) : status;
    }
    enum status status =
        rollout_find(request->reader, &request->access, cli->arena, code, &rollout, err);
    if (status == ST_OK)
        status = rollout_rows(request->reader, cli->arena, rollout->id, &rows, &n, err);
    if (status != ST_OK)
        return status;
    struct sheet *sheet =
        sheet_new(cli->arena, step_columns, sizeof step_columns / sizeof *step_columns);
    for (size_t i = 0; i < n; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(code_of(request, rows[i].device));
        cells[1] = cell_text(rollout_wave_name(cli->arena, rollout, rows[i].wave));
        cells[2] = cell_text(rollout_row_word(&rows[i]));
        cells[3] = cell_text(*rows[i].app ? rows[i].app : NULL);
        cells[4] = cell_text(*rows[i].reason ? rows[i].reason : NULL);
    }
    if (!cli->csv)
        head_say(request, rollout, rows, n);
    return cli_print_sheet(cli, "steps", sheet, err);
}

/* ---- new ---- */

static enum status draft_read(struct device_request *request, struct rollout_draft *draft,
                              struct error *err)
{
    struct cli *cli = request->cli;
    *draft = (struct rollout_draft){.app = cli_value(cli, "version"),
                                    .path = cli->n_args > 2 ? cli->args[2] : NULL,
                                    .selection = cli_value(cli, "on"),
                                    .waves = cli_value(cli, "waves"),
                                    .threshold = cli_value(cli, "threshold"),
                                    .window = cli_value(cli, "window"),
                                    .weekdays = cli_value(cli, "weekdays"),
                                    .coverage = -1,
                                    .back = cli_switch(cli, "back")};
    const char *coverage = cli_value(cli, "coverage");
    if (!draft->app || !draft->path || cli->n_args > 3 || !draft->selection)
        return error_set(err, ST_USAGE, "expected device rollout %s --on EXPR --version V FILE",
                         cli->args[1]);
    if (coverage) {
        size_t n = strlen(coverage);
        n -= n && coverage[n - 1] == '%';
        if (!text_to_int64(coverage, n, &draft->coverage) || draft->coverage < 1)
            return error_set(err, ST_USAGE, "--coverage: found %s, expected 1%% to 100%%",
                             text_quote(cli->arena, coverage, strlen(coverage)));
    }
    enum status status = cli_integer(cli, "canary", 0, 100000, -1, &draft->canary, err);
    if (status == ST_OK)
        status = cli_duration(cli, "soak", -1, &draft->soak, err);
    if (status == ST_OK)
        status = cli_duration(cli, "trial", -1, &draft->trial, err);
    return status == ST_OK ? cli_duration(cli, "expires", -1, &draft->expires, err) : status;
}

static enum status plan_run(struct device_request *request, struct error *err)
{
    struct rollout_draft draft;
    enum status status = draft_read(request, &draft, err);
    return status == ST_OK ? device_rollout_plan(request, &draft, err) : status;
}

static enum status made_say(struct device_request *request, const struct rollout *made,
                            struct error *err)
{
    struct cli *cli = request->cli;
    struct rollout_row *rows;
    size_t n, reach;
    int64_t free_devices;
    enum status status = rollout_rows(request->reader, cli->arena, made->id, &rows, &n, err);
    if (status == ST_OK)
        status = rollout_free_devices(request->reader, &free_devices, err);
    if (status != ST_OK)
        return status;
    const struct device *devices = rollout_reach_devices(cli->arena, ROLLOUT_START, rows, n,
                                                         request->devices, request->n, &reach);
    cli_say(cli, "%s is planned: %s on %s", made->code, made->app,
            rollout_reach_text(cli->arena, devices, reach));
    if (n < request->n)
        cli_say(cli, "%zu in quarantine or without a pin are left out", request->n - n);
    if (made->devices > free_devices)
        cli_say(cli, "somebody else approves it: atrium device rollout approve %s", made->code);
    else
        cli_say(cli, "atrium device rollout start %s starts it", made->code);
    return ST_OK;
}

static enum status new_run(struct device_request *request, struct error *err)
{
    struct cli *cli = request->cli;
    struct rollout_draft draft;
    struct writer *writer;
    char code[16];
    json_t *document;
    struct rollout *made;
    enum status status = draft_read(request, &draft, err);
    if (status == ST_OK)
        status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status =
            rollout_make(writer, &request->access, &draft, request->devices, request->n, code, err);
    if (status != ST_OK)
        return status;
    if (cli->json) {
        status = rollout_json(request, code, false, &document, err);
        return status == ST_OK ? cli_print_json(cli, document, err) : status;
    }
    status = rollout_find(request->reader, &request->access, cli->arena, code, &made, err);
    if (status == ST_OK)
        status = made_say(request, made, err);
    return status;
}

/* ---- Moves ---- */

/* At a terminal the number is typed; else --yes has it. */
static enum status number_agree(struct cli *cli, const char *what, size_t n, struct error *err)
{
    int64_t said = -1;
    char line[32] = "";
    enum status status = cli_integer(cli, "yes", 0, INT32_MAX, -1, &said, err);
    if (status != ST_OK)
        return status;
    if (!cli_value(cli, "yes") && isatty(STDIN_FILENO) && isatty(STDERR_FILENO)) {
        fprintf(stderr, "%s\nType %zu to go on: ", what, n);
        if (fgets(line, sizeof line, stdin))
            text_to_int64(line, strcspn(line, "\r\n"), &said);
    }
    if (said == (int64_t)n)
        return ST_OK;
    return said < 0 ? error_set(err, ST_USAGE, "%s; if that is meant: --yes %zu", what, n)
                    : error_set(err, ST_USAGE, "%s, and not %lld; nothing was done", what,
                                (long long)said);
}

static enum status reach_agree(struct device_request *request, const struct rollout_move_row *move,
                               const struct rollout *rollout, struct error *err)
{
    struct arena *arena = request->cli->arena;
    struct rollout_row *rows;
    size_t n, reach;
    enum status status = rollout_rows(request->reader, arena, rollout->id, &rows, &n, err);
    if (status != ST_OK)
        return status;
    const struct device *devices =
        rollout_reach_devices(arena, move->verb, rows, n, request->devices, request->n, &reach);
    return number_agree(request->cli,
                        arena_printf(arena, "%s of %s changes %s", move->name, rollout->code,
                                     rollout_reach_text(arena, devices, reach)),
                        reach, err);
}

static enum status move_run(struct device_request *request, enum rollout_verb verb,
                            const char *code, struct error *err)
{
    struct cli *cli = request->cli;
    struct rollout *rollout;
    struct writer *writer;
    enum rollout_state state;
    enum status status =
        rollout_find(request->reader, &request->access, cli->arena, code, &rollout, err);
    if (status == ST_OK)
        status = access_require(&request->access, RIGHT_DEVICES | RIGHT_DEVICES_EDIT,
                                "change roll-outs", err);
    const struct rollout_move_row *move =
        status == ST_OK ? rollout_move_of(rollout->state, verb) : NULL;
    if (move && move->reaches)
        status = reach_agree(request, move, rollout, err);
    if (status == ST_OK)
        status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status = rollout_move(writer, &request->access, code, verb, cli_value(cli, "reason"),
                              &state, err);
    if (status != ST_OK)
        return status;
    if (cli->json)
        return cli_print_json(cli,
                              json_pack("{s:s, s:s, s:I}", "id", rollout->code, "state",
                                        rollout_state_names[state], "devices",
                                        (json_int_t)rollout->devices),
                              err);
    cli_say(cli, "%s is %s", rollout->code, rollout_state_names[state]);
    return ST_OK;
}

/* ---- The command ---- */

enum status device_rollout(struct device_request *request, struct error *err)
{
    struct cli *cli = request->cli;
    const char *word = cli->n_args > 1 ? cli->args[1] : "";
    const char *code = cli->n_args > 2 ? cli->args[2] : NULL;
    const char *names[32] = {"plan", "new", "list", "show", "run"};
    size_t n = 5;
    if (strcmp(word, "plan") == 0)
        return plan_run(request, err);
    if (strcmp(word, "new") == 0)
        return new_run(request, err);
    if (cli->n_args > 3)
        return error_set(err, ST_USAGE, "device rollout %s: one roll-out at a time", word);
    if (strcmp(word, "list") == 0)
        return list_print(request, err);
    if (strcmp(word, "run") == 0)
        return device_rollout_run(request, code, err);
    for (size_t i = 0; i < n_rollout_moves && rollout_moves[i].verb < ROLLOUT_FINISH; i++) {
        if (code && strcmp(word, rollout_moves[i].name) == 0)
            return move_run(request, rollout_moves[i].verb, code, err);
        names[n++] = rollout_moves[i].name;
    }
    if (strcmp(word, "show") == 0 && code)
        return show_print(request, code, err);
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, names[i]) == 0)
            return error_set(err, ST_USAGE, "device rollout %s: which one? expected an ID", word);
    const char *near = text_nearest(word, names, n), *known = "";
    for (size_t i = 0; i < n; i++)
        known = arena_printf(cli->arena, "%s%s%s", known, i ? ", " : "", names[i]);
    return error_set(err, ST_USAGE, "device rollout: found %s, expected one of %s%s%s%s",
                     text_quote(cli->arena, word, strlen(word)), known,
                     near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}
