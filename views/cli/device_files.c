/* atrium device put, get and install: files to and from devices. */
#include "model/base/text.h"
#include "model/fleet/config.h"
#include "views/cli/device.h"
#include "views/cli/device_reach.h"

#include <poll.h>
#include <string.h>
#include <sys/stat.h>

enum { WAIT_MS = 200 };

static const struct sheet_column columns[] = {
    {"device", NULL, CELL_TEXT}, {"state", NULL, CELL_TEXT}, {"phase", NULL, CELL_TEXT},
    {"reason", NULL, CELL_TEXT}, {"ms", NULL, CELL_COUNT},   {"bytes", NULL, CELL_COUNT},
    {"sha256", NULL, CELL_TEXT},
};

static void transfer_watch(struct device_request *request, struct fleet_engine *engine,
                           struct transfer *transfer)
{
    struct sigaction before;
    struct pollfd fds[] = {{.fd = fleet_fd(engine), .events = POLLIN},
                           {.fd = transfer_fd(transfer), .events = POLLIN}};
    bool cancelled = false;
    device_interrupt_begin(&before);
    while (transfer_left(transfer) && device_interrupted() < 2) {
        int64_t moved, total;
        poll(fds, 2, WAIT_MS);
        fleet_collect(engine);
        transfer_step(transfer);
        transfer_progress(transfer, &moved, &total);
        cli_progress(request->cli, "kB", moved / 1000, total / 1000);
        if (device_interrupted() && !cancelled)
            transfer_cancel(transfer);
        cancelled = device_interrupted();
    }
    cli_progress(request->cli, "kB", -1, 0);
    device_interrupt_end(&before);
}

static enum status print_results(struct device_request *request, const struct transfer *transfer,
                                 struct error *err)
{
    struct arena *arena = request->cli->arena;
    struct sheet *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    size_t n, failed = 0;
    const struct transfer_result *results = transfer_results(transfer, &n);
    for (size_t i = 0; i < n; i++) {
        const struct transfer_result *result = &results[i];
        struct cell *cells = sheet_row_add(sheet);
        bool ok = result->finished && result->job.state == DEVICE_OK;
        failed += !ok;
        cells[0] = cell_text(result->device->code);
        cells[1] = cell_text(
            device_condition_names[result->finished ? result->job.state : DEVICE_UNKNOWN]);
        cells[2] = cell_text(ok ? NULL : fleet_phase_names[result->job.phase]);
        cells[3] = cell_text(ok ? NULL : arena_strdup(arena, result->job.reason));
        cells[4] = cell_integer(result->job.total_ns / 1000000);
        cells[5] = cell_integer(result->bytes);
        cells[6] = cell_text(*result->sha256 ? arena_strdup(arena, result->sha256) : NULL);
    }
    enum status status = cli_print_sheet(request->cli, "devices", sheet, err);
    if (status == ST_OK && failed)
        status = error_set(err, ST_PARTIAL, "%zu of %zu devices are not ok", failed, n);
    return status;
}

static enum status outcome_keep(struct device_request *request, const char *act, const char *detail,
                                const struct transfer *transfer, bool config, struct error *err)
{
    struct writer *writer;
    size_t n;
    const struct transfer_result *results = transfer_results(transfer, &n);
    if (!config)
        return device_act_keep(request, act, detail,
                               transfer_outcomes(request->cli->arena, results, n), n, err);
    enum status status = cli_writer(request->cli, &writer, err);
    if (status == ST_OK)
        status = config_applied_keep(writer, request->access.principal, results, n,
                                     request->queue_until, err);
    return status;
}

/* A path that cannot be is found before anything is said in the audit. */
enum status device_transfer(struct device_request *request, const char *act, const char *detail,
                            const struct transfer_options *options, struct error *err)
{
    struct fleet_engine *engine;
    struct transfer *transfer = NULL;
    const char *remote;
    enum status status = ST_OK;
    if (options->remote)
        status = transfer_remote(request->cli->arena, options->remote, &remote, err);
    if (status == ST_OK)
        status = device_engine(request, &engine, err);
    if (status != ST_OK)
        return status;
    status = device_act_begin(request, act, detail, err);
    if (status == ST_OK)
        status = transfer_begin(engine, request->devices, request->n, options, &transfer, err);
    if (status == ST_OK) {
        transfer_watch(request, engine, transfer);
        fleet_free(engine);
        engine = NULL;
        status =
            outcome_keep(request, act, detail, transfer, options->kind == TRANSFER_CONFIG, err);
    }
    if (status == ST_OK)
        status = print_results(request, transfer, err);
    fleet_free(engine);
    transfer_free(transfer);
    return status;
}

static enum status files_do(struct device_request *request, bool get, struct error *err)
{
    struct cli *cli = request->cli;
    const char *act = get ? "get" : "put";
    int64_t idle = 0;
    struct stat is;
    if (cli->n_args != 3)
        return error_set(err, ST_USAGE, "device %s: found %d words, expected LOCAL REMOTE", act,
                         cli->n_args - 1);
    const char *local = cli->args[1], *remote = cli->args[2];
    size_t n = strlen(local);
    struct transfer_options options = {
        .kind = get ? TRANSFER_GET : TRANSFER_PUT,
        .local = local,
        .remote = remote,
        .folder = get && (request->n != 1 || (n && local[n - 1] == '/') ||
                          (stat(local, &is) == 0 && S_ISDIR(is.st_mode))),
    };
    enum status status = cli_duration(cli, "timeout", 0, &idle, err);
    options.idle_ms = idle * 1000;
    if (status == ST_OK)
        status = device_reach_agree(request, get ? "reads a file" : "writes a file", false, err);
    if (status == ST_OK)
        status = device_transfer(request, act, arena_printf(cli->arena, "%s %s", local, remote),
                                 &options, err);
    return status;
}

enum status device_put(struct device_request *request, struct error *err)
{
    return files_do(request, false, err);
}

enum status device_get(struct device_request *request, struct error *err)
{
    return files_do(request, true, err);
}

enum status device_install(struct device_request *request, struct error *err)
{
    enum status status = device_reach_agree(request, "puts atrium-device", true, err);
    if (status == ST_OK)
        status = device_transfer(request, "install", "atrium-device",
                                 &(struct transfer_options){.kind = TRANSFER_INSTALL}, err);
    return status;
}
