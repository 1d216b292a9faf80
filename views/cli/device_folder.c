/* atrium device ls: what lies in a folder of devices. */
#include "model/fleet/folder.h"
#include "views/cli/device.h"

#include <stdio.h>
#include <string.h>

struct looked {
    const struct fleet_result *result;
    struct folder folder;
    const char *reason; /* NULL: the folder was read */
};

static const struct sheet_column columns[] = {
    {"device", NULL, CELL_TEXT}, {"kind", NULL, CELL_TEXT}, {"mode", NULL, CELL_TEXT},
    {"size", NULL, CELL_COUNT},  {"time", NULL, CELL_TIME}, {"name", NULL, CELL_TEXT},
    {"bytes", NULL, CELL_TEXT},
};
enum { ENTRY_COLUMNS = sizeof columns / sizeof *columns };

/* Where a name is not fit to be shown, its bytes in hex say what it is. */
static const char *bytes_text(struct arena *arena, const struct folder_entry *entry)
{
    static const char digits[] = "0123456789abcdef";
    if (strlen(entry->shown) == entry->n && memcmp(entry->shown, entry->name, entry->n) == 0)
        return NULL;
    char *hex = arena_alloc(arena, 2 * entry->n + 1);
    for (size_t i = 0; i < entry->n; i++) {
        hex[2 * i] = digits[(unsigned char)entry->name[i] >> 4];
        hex[2 * i + 1] = digits[(unsigned char)entry->name[i] & 15];
    }
    return hex;
}

static void entry_row(struct sheet *sheet, const char *code, const struct folder_entry *entry)
{
    struct cell *cells = sheet_row_add(sheet);
    cells[0] = cell_text(code);
    cells[1] = cell_text(folder_kind_names[entry->kind]);
    cells[2] = cell_text(arena_printf(sheet->arena, "%04o", (unsigned)entry->mode));
    cells[3] = cell_integer(entry->size);
    cells[4] = cell_integer(entry->time);
    cells[5] = cell_text(entry->shown);
    cells[6] = cell_text(bytes_text(sheet->arena, entry));
}

static struct looked look(struct arena *arena, const struct fleet_result *result)
{
    const struct fleet_job *job = &result->job;
    struct looked looked = {.result = result};
    struct error err = {0};
    if (job->state != DEVICE_OK)
        looked.reason = arena_strdup(arena, job->reason);
    else if (job->exit_status == 0 && folder_read(arena, result->output.bytes, result->output.n,
                                                  &looked.folder, &err) == ST_OK)
        return looked;
    else if (job->exit_status == 0)
        looked.reason = arena_strdup(arena, error_text(&err));
    else
        looked.reason =
            folder_refusal(arena, job->exit_status, result->output.bytes, result->output.n);
    error_clear(&err);
    return looked;
}

static json_t *looked_json(struct cli *cli, const struct looked *looked)
{
    const struct fleet_job *job = &looked->result->job;
    bool ok = !looked->reason;
    enum device_condition state = ok                        ? DEVICE_OK
                                  : job->state == DEVICE_OK ? DEVICE_FAILED
                                                            : job->state;
    struct sheet *sheet = sheet_new(cli->arena, columns, ENTRY_COLUMNS);
    for (size_t i = 0; i < looked->folder.n; i++)
        entry_row(sheet, looked->result->device->code, &looked->folder.entries[i]);
    json_t *o = json_object();
    json_object_set_new(o, "device", json_string(looked->result->device->code));
    json_object_set_new(o, "state", json_string(device_condition_names[state]));
    json_object_set_new(o, "phase", ok ? json_null() : json_string(fleet_phase_names[job->phase]));
    json_object_set_new(o, "reason", ok ? json_null() : json_string(looked->reason));
    json_object_set_new(o, "path", ok ? json_string(looked->folder.path) : json_null());
    json_object_set_new(o, "more", json_boolean(looked->folder.more));
    json_object_set_new(o, "entries", cli_sheet_json(cli, sheet));
    return o;
}

static enum status rows_print(struct cli *cli, const struct looked *looked, size_t n,
                              struct error *err)
{
    struct sheet *sheet = sheet_new(cli->arena, columns, ENTRY_COLUMNS);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < looked[i].folder.n; k++)
            entry_row(sheet, looked[i].result->device->code, &looked[i].folder.entries[k]);
    enum status status = cli_print_sheet(cli, "entries", sheet, err);
    for (size_t i = 0; i < n; i++) {
        const struct fleet_job *job = &looked[i].result->job;
        if (looked[i].folder.more)
            fprintf(stderr, "%s has more in this folder: these are the first %zu\n",
                    looked[i].result->device->code, looked[i].folder.n);
        if (looked[i].reason)
            fprintf(stderr, "%s: %s in %s: %s\n", looked[i].result->device->code,
                    device_condition_names[job->state == DEVICE_OK ? DEVICE_FAILED : job->state],
                    fleet_phase_names[job->phase], looked[i].reason);
    }
    return status;
}

static enum status json_print(struct cli *cli, const struct looked *looked, size_t n,
                              struct error *err)
{
    json_t *devices = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(devices, looked_json(cli, &looked[i]));
    return cli_print_json(cli, json_pack("{s:o}", "devices", devices), err);
}

enum status device_ls(struct device_request *request, struct error *err)
{
    struct cli *cli = request->cli;
    struct fleet_engine *engine;
    struct fleet_work *work;
    const char *verb;
    if (cli->n_args > 2)
        return error_set(err, ST_USAGE, "device ls: found %d words, expected PATH or none",
                         cli->n_args - 1);
    enum status status = folder_verb(cli->arena, cli->n_args > 1 ? cli->args[1] : "", &verb, err);
    struct fleet_work_options how = {.verb = verb, .most = FOLDER_ANSWER};
    if (status == ST_OK)
        status = device_work(request, &how, &engine, &work, err);
    if (status != ST_OK)
        return status;
    size_t n, failed = 0;
    const struct fleet_result *results = fleet_work_results(work, &n);
    struct looked *looked = arena_array(cli->arena, struct looked, n + 1);
    for (size_t i = 0; i < n; i++) {
        looked[i] = look(cli->arena, &results[i]);
        failed += looked[i].reason != NULL;
    }
    status = cli->json ? json_print(cli, looked, n, err) : rows_print(cli, looked, n, err);
    device_work_end(engine, work);
    if (status == ST_OK && failed)
        status = error_set(err, ST_PARTIAL, "%zu of %zu devices are not ok", failed, n);
    return status;
}
