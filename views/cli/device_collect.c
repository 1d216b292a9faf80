/* atrium device collect: receipts and sightings in, offers out. */
#include "model/fleet/collect.h"

#include "model/base/text.h"
#include "views/cli/device.h"
#include "views/cli/stop.h"
#include "views/config.h"

#include <stdatomic.h>
#include <string.h>

struct following {
    struct cli *cli;
    struct collect_numbers numbers;
};

static void committed(void *context)
{
    struct following *following = context;
    cli_progress(following->cli, "rows", atomic_load(&following->numbers.rows), 0);
}

static const struct sheet_column columns[] = {
    {"device", NULL, CELL_TEXT}, {"spool", NULL, CELL_TEXT},       {"state", NULL, CELL_TEXT},
    {"rows", NULL, CELL_COUNT},  {"duplicates", NULL, CELL_COUNT}, {"refused", NULL, CELL_COUNT},
    {"bytes", NULL, CELL_COUNT}, {"offset", NULL, CELL_COUNT},     {"offers", NULL, CELL_COUNT},
    {"reason", NULL, CELL_TEXT},
};

static enum status result_print(struct device_request *request, const struct collect_result *result,
                                struct error *err)
{
    struct sheet *sheet = sheet_new(request->cli->arena, columns, sizeof columns / sizeof *columns);
    bool whole = true;
    for (size_t i = 0; i < result->n; i++) {
        const struct collect_device *d = &result->devices[i];
        struct cell *cells = sheet_row_add(sheet);
        const int64_t numbers[] = {d->rows,  d->duplicates, d->refused,
                                   d->bytes, d->offset,     d->offers};
        cells[0] = cell_text(d->code);
        cells[1] = cell_text(d->spool);
        cells[2] = cell_text(device_condition_names[d->state]);
        for (int k = 0; k < 6; k++)
            cells[3 + k] = cell_integer(numbers[k]);
        cells[9] = cell_text(d->reason);
        whole = whole && d->state == DEVICE_OK && d->refused == 0;
    }
    enum status status = cli_print_sheet(request->cli, "devices", sheet, err);
    return status == ST_OK && !whole ? ST_PARTIAL : status;
}

enum status device_collect(struct device_request *request, struct error *err)
{
    struct config config;
    struct following following = {.cli = request->cli};
    struct collect_result result = {0};
    int64_t timeout = 0;
    const char *identity = cli_value(request->cli, "identity");
    if (cli_switch(request->cli, "once") && cli_switch(request->cli, "follow"))
        return error_set(err, ST_USAGE,
                         "device collect: --once ends, --follow goes on: one of them");
    enum status status = cli_duration(request->cli, "timeout", 0, &timeout, err);
    if (status == ST_OK)
        status = config_read(&config, err);
    if (status != ST_OK)
        return status;
    struct collect_options options = {.mall = request->cli->mall,
                                      .access = &request->access,
                                      .identity = identity ? identity : config.identity,
                                      .identities = config.identities,
                                      .n_identities = identity ? 0 : config.n_identities,
                                      .on = cli_value(request->cli, "on"),
                                      .once = !cli_switch(request->cli, "follow"),
                                      .no_offers = cli_switch(request->cli, "no-offers"),
                                      .limit_ms = timeout * 1000,
                                      .stop = &stop_asked,
                                      .numbers = &following.numbers,
                                      .committed = committed,
                                      .context = &following};
    status = stop_take(err);
    if (status == ST_OK)
        status = collect_run(&options, request->cli->arena, &result, err);
    cli_progress(request->cli, "rows", -1, 0);
    config_free(&config);
    return status == ST_OK ? result_print(request, &result, err) : status;
}
