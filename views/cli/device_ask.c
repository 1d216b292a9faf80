/* atrium device status and log: what devices say. */
#include "model/base/text.h"
#include "model/fleet/clean.h"
#include "model/fleet/status.h"
#include "model/people/regex.h"
#include "views/cli/device.h"

#include <stdlib.h>
#include <string.h>

enum { LOG_LINES = 200, LOG_BYTES = 1 << 20 };

static enum status part_failed(size_t failed, size_t n, struct error *err)
{
    return failed ? error_set(err, ST_PARTIAL, "%zu of %zu devices are not ok", failed, n) : ST_OK;
}

/* ---- status ---- */

static const struct sheet_column status_columns[] = {
    {"device", NULL, CELL_TEXT},   {"state", NULL, CELL_TEXT},   {"phase", NULL, CELL_TEXT},
    {"reason", NULL, CELL_TEXT},   {"ms", NULL, CELL_COUNT},     {"version", NULL, CELL_TEXT},
    {"config", NULL, CELL_TEXT},   {"load", NULL, CELL_REAL, 2}, {"disk", NULL, CELL_SHARE},
    {"clock", NULL, CELL_REAL, 1}, {"spool", NULL, CELL_COUNT},  {"wanted", NULL, CELL_TEXT},
    {"drift", NULL, CELL_TEXT},
};

static struct cell known_text(const char *text)
{
    return cell_text(*text ? text : NULL);
}

/* What was kept of it is older than what it just said. */
static enum device_drift drift_now(const struct device *device, const struct device_sight *sight)
{
    if (!*device->wanted || !*sight->config)
        return device->drift;
    return strcmp(device->wanted, sight->config) == 0 ? DRIFT_SAME
           : device->drift == DRIFT_QUEUED            ? DRIFT_QUEUED
                                                      : DRIFT_OTHER;
}

static void sight_row(struct sheet *sheet, const struct device *device,
                      const struct device_sight *sight)
{
    const char *code = device->code;
    struct cell *cells = sheet_row_add(sheet);
    cells[0] = cell_text(code);
    cells[1] = cell_text(device_condition_names[sight->state]);
    cells[2] = known_text(sight->phase);
    cells[3] = known_text(sight->reason);
    cells[4] = cell_integer(sight->milliseconds);
    cells[5] = known_text(sight->app);
    cells[6] = known_text(sight->config);
    if (sight->load >= 0)
        cells[7] = cell_real(sight->load / 100.0);
    if (sight->disk >= 0)
        cells[8] = cell_share(sight->disk, 100);
    if (sight->seen)
        cells[9] = cell_real((double)sight->clock_ms / 1000);
    if (sight->spool >= 0)
        cells[10] = cell_integer(sight->spool);
    cells[11] = known_text(device->wanted);
    cells[12] = known_text(device_drift_names[drift_now(device, sight)]);
}

enum status device_status(struct device_request *request, struct error *err)
{
    struct fleet_engine *engine;
    struct fleet_work *work;
    struct arena *arena = request->cli->arena;
    struct writer *writer;
    int64_t now_ms = device_now_ms();
    enum status status =
        device_work(request, &(struct fleet_work_options){.verb = "status"}, &engine, &work, err);
    if (status != ST_OK)
        return status;
    size_t n, failed = 0;
    const struct fleet_result *results = fleet_work_results(work, &n);
    struct device_sight *sights = arena_array(arena, struct device_sight, n);
    struct sheet *sheet =
        sheet_new(arena, status_columns, sizeof status_columns / sizeof *status_columns);
    for (size_t i = 0; i < n; i++) {
        device_sight_of(&results[i], arena, now_ms, &sights[i]);
        sight_row(sheet, results[i].device, &sights[i]);
        failed += sights[i].state != DEVICE_OK;
    }
    device_work_end(engine, work);
    status = cli_writer(request->cli, &writer, err);
    if (status == ST_OK)
        status = device_sights_keep(writer, request->access.principal, sights, n, err);
    if (status == ST_OK)
        status = cli_print_sheet(request->cli, "devices", sheet, err);
    return status == ST_OK ? part_failed(failed, n, err) : status;
}

/* ---- log ---- */

static const struct sheet_column log_columns[] = {{"device", NULL, CELL_TEXT},
                                                  {"line", NULL, CELL_TEXT}};

/* Those that the pattern (NULL: none) finds. */
static enum status lines_add(struct sheet *sheet, const char *code, char *text,
                             struct regex *filter, struct error *err)
{
    enum status status = ST_OK;
    for (char *line = text, *next; line && *line && status == ST_OK; line = next) {
        bool found = true;
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (filter)
            status = regex_match(filter, line, &found, err);
        if (status != ST_OK || !found)
            continue;
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(code);
        cells[1] = cell_text(line);
    }
    return status;
}

static enum status log_add(struct device_request *request, struct sheet *sheet,
                           const struct fleet_result *result, struct regex *filter,
                           struct error *err)
{
    struct arena *arena = request->cli->arena;
    const struct fleet_job *job = &result->job;
    const struct fleet_output *output = &result->output;
    if (job->state == DEVICE_OK && output->exit_status == 0)
        return lines_add(sheet, result->device->code,
                         device_clean(arena, output->bytes, output->n, LOG_BYTES, true, NULL),
                         filter, err);
    return lines_add(sheet, result->device->code,
                     arena_printf(arena, "(%s in %s: %s)", device_condition_names[job->state],
                                  fleet_phase_names[job->phase], job->reason),
                     NULL, err);
}

enum status device_logs(struct device_request *request, struct error *err)
{
    struct fleet_engine *engine;
    struct fleet_work *work;
    struct regex *filter = NULL;
    struct arena *arena = request->cli->arena;
    const char *pattern = cli_value(request->cli, "filter");
    int64_t lines;
    if (cli_switch(request->cli, "follow"))
        return device_follow(request, err);
    enum status status = cli_integer(request->cli, "lines", 1, 100000, LOG_LINES, &lines, err);
    if (status == ST_OK && pattern)
        status = regex_new(pattern, &filter, err);
    if (status != ST_OK)
        return status;
    const char *verb = arena_printf(arena, "log %lld", (long long)lines);
    struct fleet_work_options how = {.verb = verb, .most = LOG_BYTES};
    if ((status = device_work(request, &how, &engine, &work, err)) != ST_OK) {
        regex_free(filter);
        return status;
    }
    size_t n, failed = 0;
    const struct fleet_result *results = fleet_work_results(work, &n);
    struct sheet *sheet = sheet_new(arena, log_columns, 2);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        failed += results[i].job.state != DEVICE_OK || results[i].output.exit_status != 0;
        status = log_add(request, sheet, &results[i], filter, err);
    }
    device_work_end(engine, work);
    regex_free(filter);
    if (status == ST_OK)
        status = cli_print_sheet(request->cli, "lines", sheet, err);
    return status == ST_OK ? part_failed(failed, n, err) : status;
}
