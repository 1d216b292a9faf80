/* `atrium import`: a file into the mall. */
#include "model/import/import.h"

#include "model/access/access.h"
#include "model/base/text.h"
#include "views/cli/commands.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Ctrl-C ends an import in good order: nothing of it stays. */
static atomic_bool cancelled;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    atomic_store(&cancelled, true);
}

static void on_progress(void *context, int64_t done, int64_t total)
{
    cli_progress(context, "importing", done, total);
}

static enum status table_of(struct cli *cli, const char *word, const struct import_table **table,
                            struct error *err)
{
    *table = import_table_find(word);
    if (*table)
        return ST_OK;
    return error_set(err, ST_USAGE, "found %s, expected one of %s",
                     text_quote(cli->arena, word, strlen(word)), import_table_names(cli->arena));
}

static enum status allowed(struct cli *cli, struct error *err)
{
    struct reader *reader;
    struct access access;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = access_lookup(reader, cli->principal, &access, err);
    if (status == ST_OK)
        status = access_require(&access, RIGHT_IMPORT, "import files", err);
    return status;
}

/* What was left out, one line each as compilers write them. */
static void refusals_say(const char *source, const struct import_result *result)
{
    for (size_t i = 0; i < result->n_refusals; i++)
        fprintf(stderr, "atrium: %s:%s\n", source, result->refusals[i].message);
    if (result->refused > (int64_t)result->n_refusals)
        fprintf(stderr, "atrium: and %lld more refused rows; the mall's table `refused` has them\n",
                (long long)(result->refused - (int64_t)result->n_refusals));
}

static enum status result_print(struct cli *cli, const struct import_result *result,
                                struct error *err)
{
    if (cli->json)
        return cli_print_json(
            cli,
            json_pack("{s:I, s:I, s:I, s:I, s:I, s:f}", "rows", (json_int_t)result->rows,
                      "imported", (json_int_t)result->imported, "duplicates",
                      (json_int_t)result->duplicates, "refused", (json_int_t)result->refused,
                      "erased", (json_int_t)result->erased, "seconds", result->seconds),
            err);
    cli_say(cli, "%s rows: %s imported, %s duplicates, %s refused, in %.2f s",
            text_count(cli->arena, result->rows), text_count(cli->arena, result->imported),
            text_count(cli->arena, result->duplicates), text_count(cli->arena, result->refused),
            result->seconds);
    if (result->erased)
        cli_say(cli, "%s rows of people who were erased were left out",
                text_count(cli->arena, result->erased));
    return ST_OK;
}

/* What a file of this kind holds, from the table that checks it. */
static enum status columns_print(struct cli *cli, const struct import_table *table,
                                 struct error *err)
{
    static const struct sheet_column columns[] = {{"column", NULL, CELL_TEXT},
                                                  {"needed", NULL, CELL_TEXT},
                                                  {"holds", NULL, CELL_TEXT},
                                                  {"expected", NULL, CELL_TEXT}};
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < table->n_columns; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(table->columns[i].name);
        cells[1] = cell_text(table->columns[i].needed ? "yes" : "");
        cells[2] = cell_text(table->columns[i].summary);
        cells[3] = cell_text(import_type_text(table->columns[i].type));
    }
    static const char *const families[][2] = {{"attr:NAME", "any attribute of the person"},
                                              {"label:NAME", "on that label's list: yes or no"}};
    for (size_t i = 0; table->families && i < 2; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(families[i][0]);
        cells[1] = cell_text("");
        cells[2] = cell_text(families[i][1]);
        cells[3] = cell_text(import_type_text(i == 0 ? IMPORT_TEXT : IMPORT_BOOL));
    }
    return cli_print_sheet(cli, "columns", sheet, err);
}

static enum status import_command(struct cli *cli, struct error *err)
{
    const char *path = cli->n_args > 1 ? cli->args[1] : NULL, *map_name = cli_value(cli, "map"),
               *map_path;
    struct import_options options = {.skip_bad = cli_switch(cli, "skip-bad"),
                                     .actor = cli->principal,
                                     .cancel = &cancelled,
                                     .progress = on_progress,
                                     .context = cli};
    struct import_map *map = NULL;
    enum status status = table_of(cli, cli->args[0], &options.table, err);
    if (status == ST_OK && cli_switch(cli, "columns"))
        return columns_print(cli, options.table, err);
    if (status == ST_OK && !path)
        return error_set(err, ST_USAGE, "import %s needs a FILE, or - for the standard input",
                         options.table->name);
    if (status == ST_OK && map_name) {
        status = import_map_find(cli->arena, map_name, &map_path, err);
        if (status == ST_OK)
            status = import_map_load(map_path, &map, err);
        options.map = map;
    }
    struct writer *writer;
    if (status == ST_OK)
        status = allowed(cli, err);
    if (status == ST_OK)
        status = cli_writer(cli, &writer, err);
    if (status == ST_OK) {
        struct import_result result;
        signal(SIGINT, on_interrupt);
        status = import_run(writer, path, &options, &result, err);
        signal(SIGINT, SIG_DFL);
        cli_progress(cli, "", -1, 0);
        if (status == ST_PARTIAL)
            refusals_say(strcmp(path, "-") == 0 ? "stdin" : path, &result);
        if (status == ST_OK || status == ST_PARTIAL) {
            enum status printed = result_print(cli, &result, err);
            status = printed == ST_OK ? status : printed;
        }
        import_result_free(&result);
    }
    import_map_free(map);
    return status;
}

static const struct cli_option options[] = {
    {"map", "MAP", 0, "how a foreign file is read: a file, or the name of a map"},
    {"skip-bad", NULL, 0, "leave out the rows that are refused, and say which"},
    {"columns", NULL, 0, "only say which columns such a file has"},
    {0},
};

const struct cli_command cli_import = {
    .name = "import",
    .arguments = "members|tenants|events|receipts|sightings|devices|labels FILE",
    .summary = "read a file into the mall",
    .help =
        "FILE is CSV with a header, - reads the standard input. All of it is imported or "
        "nothing; with --skip-bad all but the rows that are refused. A row whose ref (of a "
        "receipt: number) is known already is a duplicate and changes nothing, so an import can "
        "be repeated.\n"
        "A map renames columns, sets constants, delimiter, date format, encoding and time zone "
        "of a foreign file; see doc/import.md.",
    .options = options,
    .least_args = 1,
    .most_args = 2,
    .run = import_command,
};
