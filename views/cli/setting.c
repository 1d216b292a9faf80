/* atrium setting: how this mall is set up. */
#include "model/store/setting.h"
#include "model/access/access.h"
#include "model/store/operation.h"
#include "views/cli/commands.h"

#include <string.h>

static const struct sheet_column columns[] = {
    {"name", NULL, CELL_TEXT},
    {"value", NULL, CELL_TEXT},
    {"summary", NULL, CELL_TEXT},
};

static enum status list(struct cli *cli, struct reader *reader, struct error *err)
{
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    enum status status = ST_OK;
    for (size_t i = 0; i < n_settings && status == ST_OK; i++) {
        const char *value;
        status = setting_text(reader, cli->arena, settings[i].name, &value, err);
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(settings[i].name);
        cells[1] = cell_text(value);
        cells[2] = cell_text(settings[i].summary);
    }
    return status == ST_OK ? cli_print_sheet(cli, "settings", sheet, err) : status;
}

static enum status set(struct cli *cli, const struct access *access, struct error *err)
{
    struct writer *writer;
    struct operation_result result;
    enum status status = cli_writer(cli, &writer, err);
    if (status != ST_OK)
        return status;
    json_t *fields = json_pack("{s:s}", "value", cli->args[2]);
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = "setting",
                           .target = cli->args[1],
                           .verb = OPERATION_SET,
                           .base_version = -1,
                           .set = fields};
    status = operation_apply(writer, &op, &result, err);
    json_decref(fields);
    if (status == ST_OK && cli->json)
        return cli_print_json(cli,
                              json_pack("{s:s s:s s:I}", "name", cli->args[1], "value",
                                        cli->args[2], "version", (json_int_t)result.version),
                              err);
    return status;
}

static enum status run(struct cli *cli, struct error *err)
{
    struct reader *reader;
    struct access access;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = access_lookup(reader, cli->principal, &access, err);
    if (status != ST_OK)
        return status;
    if (strcmp(cli->args[0], "list") == 0 && cli->n_args == 1)
        return list(cli, reader, err);
    if (strcmp(cli->args[0], "set") == 0 && cli->n_args == 3)
        return set(cli, &access, err);
    return error_set(err, ST_USAGE, "atrium setting: expected list or set NAME VALUE");
}

static const struct cli_option options[] = {{0}};

const struct cli_command cli_setting = {
    .name = "setting",
    .arguments = "list | set NAME VALUE",
    .summary = "how this mall is set up: time zone, limits, addresses of contacts",
    .help =
        "set changes one, checked and recorded in the audit; an administrator may. Where events "
        "are counted by a setting, it is fixed once there are some.",
    .options = options,
    .least_args = 1,
    .most_args = 3,
    .run = run,
};
