/* atrium device pin: which host keys devices show, and which of them they are known by from now on.
 */
#include "model/base/text.h"
#include "model/fleet/pins.h"
#include "views/cli/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MOST = 8 << 20 };

static const struct sheet_column columns[] = {
    {"device", NULL, CELL_TEXT}, {"host", NULL, CELL_TEXT},   {"shown", NULL, CELL_TEXT},
    {"pin", NULL, CELL_TEXT},    {"result", NULL, CELL_TEXT}, {"reason", NULL, CELL_TEXT},
};

/* What was shown of one device, by itself or by a file. */
struct shown {
    const struct device *device;
    const char *key, *reason; /* key "": none */
};

struct pinning {
    struct device_request *request;
    struct writer *writer; /* NULL: only shown */
    bool changed;          /* also other keys than the pins */
    struct sheet *sheet;
    size_t failed;
};

static enum status pin_set(struct pinning *pinning, const struct shown *shown, struct error *err)
{
    const struct access *access = &pinning->request->access;
    const char *reason = cli_value(pinning->request->cli, "reason");
    json_t *set = json_pack("{s:s, s:s}", "pin", shown->key, "quarantine", "");
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = "device",
                           .target = shown->device->code,
                           .base_version = shown->device->version,
                           .set = set,
                           .reason = reason ? reason : "host key accepted"};
    enum status status = operation_apply(pinning->writer, &op, NULL, err);
    json_decref(set);
    return status;
}

/* A device in quarantine stays there unless changed keys are accepted: somebody may have put it
 * there for another reason than its key. */
static enum status shown_take(struct pinning *pinning, const struct shown *shown, struct error *err)
{
    const struct device *device = shown->device;
    struct arena *arena = pinning->request->cli->arena;
    bool same = strcmp(device->pin, shown->key) == 0;
    const char *word = !*shown->key ? "failed" : !*device->pin ? "new" : same ? "same" : "changed";
    bool other = *device->pin && !same;
    enum status status = ST_OK;
    if (pinning->writer && *shown->key && !same && (!other || pinning->changed)) {
        status = pin_set(pinning, shown, err);
        word = "pinned";
    }
    pinning->failed += !*shown->key || strcmp(word, "changed") == 0;
    struct cell *cells = sheet_row_add(pinning->sheet);
    cells[0] = cell_text(device->code);
    cells[1] = cell_text(device->host);
    cells[2] = cell_text(*shown->key ? arena_strdup(arena, shown->key) : NULL);
    cells[3] = cell_text(*device->pin ? device->pin : NULL);
    cells[4] = cell_text(word);
    cells[5] = cell_text(*shown->reason ? arena_strdup(arena, shown->reason) : NULL);
    return status;
}

static enum status all_take(struct pinning *pinning, const struct shown *shown, size_t n,
                            struct error *err)
{
    struct cli *cli = pinning->request->cli;
    enum status status = ST_OK;
    pinning->sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    pinning->changed = cli_switch(cli, "changed");
    if (cli_switch(cli, "accept") && (status = cli_writer(cli, &pinning->writer, err)) == ST_OK)
        status = writer_begin(pinning->writer, err);
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = shown_take(pinning, &shown[i], err);
    if (pinning->writer && writer_in_transaction(pinning->writer)) {
        if (status == ST_OK)
            status = writer_commit(pinning->writer, err);
        else
            writer_rollback(pinning->writer);
    }
    if (status == ST_OK)
        status = cli_print_sheet(cli, "devices", pinning->sheet, err);
    if (status == ST_OK && pinning->failed)
        status = error_set(err, ST_PARTIAL,
                           "%zu of %zu devices showed no key, or another one than their pin",
                           pinning->failed, n);
    return status;
}

/* ---- From the devices ---- */

static enum status pin_by_looking(struct device_request *request, struct error *err)
{
    struct fleet_engine *engine;
    struct fleet_work *work;
    struct pinning pinning = {.request = request};
    size_t n;
    enum status status =
        device_work(request, &(struct fleet_work_options){.scan = true}, &engine, &work, err);
    if (status != ST_OK)
        return status;
    const struct fleet_result *results = fleet_work_results(work, &n);
    struct shown *shown = arena_array(request->cli->arena, struct shown, n);
    for (size_t i = 0; i < n; i++) {
        const struct fleet_job *job = &results[i].job;
        bool there = job->state == DEVICE_OK;
        shown[i] = (struct shown){results[i].device, there ? job->offered : "", job->reason};
    }
    status = all_take(&pinning, shown, n, err);
    device_work_end(engine, work);
    return status;
}

/* ---- From a file ---- */

static enum status file_read(struct cli *cli, const char *path, char **text, size_t *n,
                             struct error *err)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!file)
        return error_set(err, ST_USAGE, "%s: %s", path, strerror(errno));
    *text = arena_alloc(cli->arena, FILE_MOST + 1);
    *n = fread(*text, 1, FILE_MOST + 1, file);
    bool bad = ferror(file);
    if (file != stdin)
        fclose(file);
    if (bad)
        return error_set(err, ST_UNUSABLE, "%s: it cannot be read", path);
    return *n > FILE_MOST ? error_set(err, ST_REFUSED, "%s: more than 8 MB", path) : ST_OK;
}

static enum status pin_by_file(struct device_request *request, const char *path, struct error *err)
{
    struct cli *cli = request->cli;
    struct pinning pinning = {.request = request};
    const struct pins *pins;
    char *text = NULL;
    size_t size = 0, skipped;
    enum status status = file_read(cli, path, &text, &size, err);
    if (status == ST_OK)
        status = pins_read(cli->arena, path, text, size, &pins, &skipped, err);
    if (status != ST_OK)
        return status;
    struct shown *shown = arena_array(cli->arena, struct shown, request->n);
    for (size_t i = 0; i < request->n; i++) {
        const char *key = pins_of(pins, &request->devices[i]);
        shown[i] = (struct shown){&request->devices[i], key ? key : "",
                                  key ? "" : "the file has no key for it"};
    }
    if (skipped)
        fprintf(stderr,
                "%zu names or keys of the file were left out: hashed, patterns, revoked, "
                "of authorities or of other kinds\n",
                skipped);
    return all_take(&pinning, shown, request->n, err);
}

enum status device_pin(struct device_request *request, struct error *err)
{
    const char *path = cli_value(request->cli, "import");
    if (cli_switch(request->cli, "changed") && !cli_switch(request->cli, "accept"))
        return error_set(err, ST_USAGE, "device pin: --changed goes with --accept");
    return path ? pin_by_file(request, path, err) : pin_by_looking(request, err);
}
