/* atrium rfm: how lately, how often and for how much people bought. */
#include "model/loop/rfm.h"
#include "views/cli/commands.h"

static const struct cli_option options[] = {
    {"at", "DATE", 0, "counted up to this moment (default: the present)"},
    {0},
};

/* Money in currency units. */
static double cut_of(const struct rfm *rfm, int part, int k)
{
    return part == RFM_MONETARY ? rfm->cuts[part][k] / 100 : rfm->cuts[part][k];
}

static enum status print_json(struct cli *cli, const struct rfm *rfm, struct error *err)
{
    json_t *document = json_object(), *cuts = json_object(), *scores = json_object();
    json_t *cells = json_object();
    for (int part = 0; part < RFM_PARTS; part++) {
        json_t *array = json_array(), *counts = json_object();
        for (int k = 0; k < 4 && rfm->n; k++)
            json_array_append_new(array, json_real(cut_of(rfm, part, k)));
        for (int k = 0; k < 5; k++)
            if (rfm->counts[part][k])
                json_object_set_new(counts, arena_printf(cli->arena, "%d", k + 1),
                                    json_integer(rfm->counts[part][k]));
        json_object_set_new(cuts, rfm_names[part], array);
        json_object_set_new(scores, rfm_names[part], counts);
    }
    for (int r = 4; r >= 0; r--)
        for (int f = 4; f >= 0; f--)
            for (int m = 4; m >= 0; m--)
                if (rfm->cells[r][f][m])
                    json_object_set_new(cells,
                                        arena_printf(cli->arena, "%d%d%d", r + 1, f + 1, m + 1),
                                        json_integer(rfm->cells[r][f][m]));
    json_object_set_new(document, "at",
                        json_string(time_rfc3339(cli->arena, cli->mall->zone, rfm->at)));
    json_object_set_new(document, "people", json_integer((json_int_t)rfm->n));
    json_object_set_new(document, "cuts", cuts);
    json_object_set_new(document, "scores", scores);
    json_object_set_new(document, "cells", cells);
    return cli_print_json(cli, document, err);
}

/* Recency down, frequency across. */
static enum status print_table(struct cli *cli, const struct rfm *rfm, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"recency", NULL, CELL_COUNT},      {"frequency_1", "f 1", CELL_COUNT},
        {"frequency_2", "f 2", CELL_COUNT}, {"frequency_3", "f 3", CELL_COUNT},
        {"frequency_4", "f 4", CELL_COUNT}, {"frequency_5", "f 5", CELL_COUNT}};
    struct sheet *sheet = sheet_new(cli->arena, columns, 6);
    for (int r = 4; r >= 0; r--) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_integer(r + 1);
        for (int f = 0; f < 5; f++) {
            int64_t n = 0;
            for (int m = 0; m < 5; m++)
                n += rfm->cells[r][f][m];
            cells[f + 1] = cell_integer(n);
        }
    }
    return cli_print_sheet(cli, "grid", sheet, err);
}

static enum status run(struct cli *cli, struct error *err)
{
    int64_t as_of, present, at;
    struct reader *reader;
    struct rfm rfm;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = reader_present(reader, &as_of, &present, err);
    if (status == ST_OK)
        status = cli_time(cli, "at", present, &at, err);
    if (status == ST_OK)
        status = rfm_run(reader, cli->arena, at, 0, &rfm, err);
    if (status != ST_OK)
        return status;
    return cli->json ? print_json(cli, &rfm, err) : print_table(cli, &rfm, err);
}

const struct cli_command cli_rfm = {
    .name = "rfm",
    .arguments = "",
    .summary = "recency, frequency and money of all buyers, in fifths",
    .help = "Recency is days since the last purchase, frequency the number of days with a "
            "purchase, monetary the net money. The cuts are quantiles of type 7; a score is 1 + "
            "the number of cuts strictly below the value, recency reversed, so equal values get "
            "equal scores. The table has recency down and frequency across; --json has all "
            "three.",
    .options = options,
    .run = run,
};
