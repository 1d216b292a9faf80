/* `atrium export`: what the mall holds, as files that `atrium import` reads. */
#include "model/import/export.h"

#include "model/access/access.h"
#include "model/base/text.h"
#include "views/cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct target {
    FILE *file;
    const char *name;
};

static enum status on_bytes(void *context, const char *bytes, size_t n, struct error *err)
{
    struct target *target = context;
    if (fwrite(bytes, 1, n, target->file) == n)
        return ST_OK;
    return error_set(err, ST_PARTIAL, "%s: cannot be written: %s", target->name, strerror(errno));
}

/* Files about people hold them unmasked. */
static enum status allowed(struct cli *cli, const struct import_table *table, struct error *err)
{
    struct reader *reader;
    struct access access;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = access_lookup(reader, cli->principal, &access, err);
    bool people = table->kind != IMPORT_TENANTS && table->kind != IMPORT_DEVICES;
    if (status == ST_OK && people && access.mask != MASK_NONE)
        status =
            error_set(err, ST_DENIED, "%s may not export %s: the file would show people unmasked",
                      cli->principal, table->name);
    return status;
}

/* Says in the audit that people left the mall in a file. A mall that cannot be written is exported
 * all the same: whoever owns it could copy it as well. */
static enum status audited(struct cli *cli, const struct import_table *table, int64_t rows,
                           struct error *err)
{
    struct mall *mall;
    struct writer *writer;
    enum status status = cli_mall(cli, &mall, err);
    if (status != ST_OK || mall->read_only)
        return status;
    status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    json_t *detail = json_pack("{s:I}", "rows", (json_int_t)rows);
    status = audit_append(writer, cli->principal, "export", table->name, "", detail, err);
    json_decref(detail);
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

static enum status export_to(struct cli *cli, const struct export_options *options,
                             struct target *target, int64_t *rows, struct error *err)
{
    struct reader *reader;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = export_run(reader, options, on_bytes, target, rows, err);
    if (status == ST_OK && fflush(target->file) != 0)
        status =
            error_set(err, ST_PARTIAL, "%s: cannot be written: %s", target->name, strerror(errno));
    return status;
}

/* Into a file: written beside and moved into place, so that it is whole or not there. */
static enum status export_file(struct cli *cli, const struct export_options *options,
                               const char *path, int64_t *rows, struct error *err)
{
    char *beside = arena_printf(cli->arena, "%s.part", path);
    struct target target = {.file = fopen(beside, "we"), .name = path};
    if (!target.file)
        return error_set(err, ST_REFUSED, "%s: cannot be made: %s", beside, strerror(errno));
    enum status status = export_to(cli, options, &target, rows, err);
    if (fclose(target.file) != 0 && status == ST_OK)
        status = error_set(err, ST_PARTIAL, "%s: cannot be written: %s", path, strerror(errno));
    if (status == ST_OK && rename(beside, path) != 0)
        status = error_set(err, ST_REFUSED, "%s: cannot be made: %s", path, strerror(errno));
    if (status != ST_OK)
        unlink(beside);
    return status;
}

static enum status export_command(struct cli *cli, struct error *err)
{
    struct export_options options = {.table = import_table_find(cli->args[0])};
    if (!options.table)
        return error_set(err, ST_USAGE, "found %s, expected one of %s",
                         text_quote(cli->arena, cli->args[0], strlen(cli->args[0])),
                         import_table_names(cli->arena));
    enum status status = allowed(cli, options.table, err);
    if (status == ST_OK)
        status = cli_time(cli, "from", INT64_MIN, &options.from, err);
    if (status == ST_OK)
        status = cli_time(cli, "to", 0, &options.to, err);
    if (status != ST_OK)
        return status;
    int64_t rows = 0;
    const char *path = cli->n_args > 1 ? cli->args[1] : "-";
    struct target standard = {.file = stdout, .name = "stdout"};
    bool to_file = strcmp(path, "-") != 0;
    status = to_file ? export_file(cli, &options, path, &rows, err)
                     : export_to(cli, &options, &standard, &rows, err);
    if (status == ST_OK && options.table->kind != IMPORT_TENANTS &&
        options.table->kind != IMPORT_DEVICES)
        status = audited(cli, options.table, rows, err);
    if (status != ST_OK || !to_file)
        return status;
    if (cli->json)
        return cli_print_json(cli, json_pack("{s:I}", "rows", (json_int_t)rows), err);
    cli_say(cli, "%s rows in %s", text_count(cli->arena, rows), path);
    return ST_OK;
}

static const struct cli_option options_of_export[] = {
    {"from", "TIME", 0, "events, receipts, sightings: from this moment on"},
    {"to", "TIME", 0, "and before that one"},
    {0},
};

const struct cli_command cli_export = {
    .name = "export",
    .arguments = "members|tenants|events|receipts|sightings|devices|labels [FILE]",
    .summary = "write a file that import reads",
    .help = "The columns are those that `import` takes. Without FILE, or with -, the file goes to "
            "the standard output. Events that are receipts' lines or sightings of Wi-Fi devices "
            "are in the files of these names. A file about people is noted in the audit.",
    .options = options_of_export,
    .least_args = 1,
    .most_args = 2,
    .run = export_command,
};
