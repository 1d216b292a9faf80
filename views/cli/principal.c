/* `atrium principal`: who may do what in this mall. */
#include "model/access/access.h"
#include "model/base/text.h"
#include "model/store/column.h"
#include "model/store/operation.h"
#include "views/cli/commands.h"

#include <string.h>

static const struct sheet_column columns[] = {
    {"name", NULL, CELL_TEXT},
    {"role", NULL, CELL_TEXT},
    {"may", NULL, CELL_TEXT},
};

static enum status list(struct cli *cli, struct error *err)
{
    struct reader *reader;
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status =
            reader_prepare(reader, "select name, role from principal order by name", &stmt, err);
    if (status != ST_OK)
        return status;
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct cell *cells = sheet_row_add(sheet);
        const char *role = column_text(stmt, 1);
        const struct role_info *info = role_by_name(role);
        cells[0] = cell_text(arena_strdup(cli->arena, column_text(stmt, 0)));
        cells[1] = cell_text(arena_strdup(cli->arena, role));
        cells[2] = cell_text(info ? info->summary : NULL);
    }
    return status == ST_OK ? cli_print_sheet(cli, "principals", sheet, err) : status;
}

static enum status change(struct cli *cli, enum operation_verb verb, const char *role,
                          struct error *err)
{
    struct reader *reader;
    struct writer *writer;
    struct access access;
    struct operation_result result;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = access_lookup(reader, cli->principal, &access, err);
    if (status == ST_OK)
        status = cli_writer(cli, &writer, err);
    if (status != ST_OK)
        return status;
    json_t *set = role ? json_pack("{s:s}", "role", role) : json_object();
    struct operation op = {
        .actor = cli->principal,
        .rights = access.rights,
        .entity = "principal",
        .target = cli->args[1],
        .verb = verb,
        .base_version = -1,
        .set = set,
    };
    status = operation_apply(writer, &op, &result, err);
    json_decref(set);
    if (status == ST_OK && cli->json)
        return cli_print_json(cli, json_pack("{s:s, s:s?}", "name", cli->args[1], "role", role),
                              err);
    return status;
}

static enum status run(struct cli *cli, struct error *err)
{
    const char *verb = cli->args[0];
    if (strcmp(verb, "list") == 0 && cli->n_args == 1)
        return list(cli, err);
    if (strcmp(verb, "add") == 0 && cli->n_args == 3)
        return change(cli, OPERATION_CREATE, cli->args[2], err);
    if (strcmp(verb, "remove") == 0 && cli->n_args == 2)
        return change(cli, OPERATION_DELETE, NULL, err);
    return error_set(err, ST_USAGE,
                     "principal: found %s with %d arguments, expected list, add NAME ROLE or "
                     "remove NAME",
                     text_quote(cli->arena, verb, strlen(verb)), cli->n_args - 1);
}

const struct cli_command cli_principal = {
    .name = "principal",
    .arguments = "list|add|remove [NAME [ROLE]]",
    .summary = "who may do what: list, add NAME ROLE, remove NAME",
    .help =
        "Roles are operator, manager, analyst, technician and admin. The login user who owns the\n"
        "mall file is admin without being listed; everyone else needs a row. Each change is an\n"
        "operation and stands in the audit.",
    .least_args = 1,
    .most_args = 3,
    .run = run,
};
