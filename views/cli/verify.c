/* atrium verify: every invariant of the mall file. */
#include "model/store/verify.h"
#include "views/cli/commands.h"

static const struct sheet_column columns[] = {{"check", "check", CELL_TEXT},
                                              {"result", "result", CELL_TEXT},
                                              {"finding", "finding", CELL_TEXT}};

struct report {
    struct cli *cli;
    struct sheet *sheet;
};

static void take(void *context, const struct verify_result *result)
{
    struct report *report = context;
    struct cell *cells = sheet_row_add(report->sheet);

    cells[0] = cell_text(result->check);
    cells[1] = cell_text(result->left_out ? "left out" : result->good ? "good" : "BAD");
    cells[2] = cell_text(result->finding);
    cli_progress(report->cli, "checks", (int64_t)report->sheet->n_rows, 0);
}

static enum status print_json(struct cli *cli, const struct sheet *sheet, int bad,
                              struct error *err)
{
    json_t *document = json_object();

    json_object_set_new(document, "good", json_boolean(bad == 0));
    json_object_set_new(document, "bad", json_integer(bad));
    json_object_set_new(document, "checks", cli_sheet_json(cli, sheet));
    return cli_print_json(cli, document, err);
}

static enum status run(struct cli *cli, struct error *err)
{
    struct report report = {cli, sheet_new(cli->arena, columns, 3)};
    struct reader *reader;
    int bad = 0;

    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = verify_run(reader, cli->arena, take, &report, &bad, err);
    cli_progress(cli, "checks", -1, 0);
    if (status != ST_OK)
        return status;
    status = cli->json ? print_json(cli, report.sheet, bad, err)
                       : cli_print_sheet(cli, "checks", report.sheet, err);
    if (status == ST_OK && bad)
        return error_set(err, ST_UNUSABLE,
                         "%d of %d checks failed: keep the file as it is, restore the latest copy, "
                         "and import again what came after it",
                         bad, (int)report.sheet->n_rows);
    return status;
}

static const struct cli_option options[] = {{0}};

const struct cli_command cli_verify = {
    .name = "verify",
    .arguments = "",
    .summary = "checks every invariant of the mall file",
    .help = "Reads the whole file: SQLite's own checks, chunks, roll-ups, references, the chain of "
            "the audit. Exit status 0 when all of it is good, 6 when the file is damaged.",
    .options = options,
    .run = run,
};
