/* atrium device rollout plan: who would come in which wave, and nothing is made. */
#include "views/cli/device_rollout.h"

#include "model/fleet/rollout_preview.h"
#include "views/rollout_text.h"

#include <string.h>

static json_t *waves_json(struct arena *arena, const struct rollout_preview *preview)
{
    json_t *waves = json_array();
    for (int w = 0; w < preview->n_waves; w++) {
        const struct rollout_wave *wave = &preview->waves[w];
        json_t *codes = json_array();
        for (size_t i = 0; i < preview->kept; i++)
            if (preview->places[i].wave == w)
                json_array_append_new(codes, json_string(preview->places[i].device->code));
        json_array_append_new(waves,
                              json_pack("{s:i, s:s, s:I, s:I, s:I, s:o}", "wave", w, "name",
                                        rollout_wave_name(arena, &preview->rollout, w), "size",
                                        (json_int_t)wave->size, "need", (json_int_t)wave->need,
                                        "limit", (json_int_t)wave->limit, "devices", codes));
    }
    return waves;
}

/* Those of whom something is to be said; `left_out`: only those that do not come along. */
static json_t *remarks_json(const struct rollout_preview *preview, bool left_out)
{
    json_t *remarks = json_array();
    for (size_t i = 0; i < preview->n; i++) {
        const struct rollout_place *place = &preview->places[i];
        if (!place->remark || (place->wave < 0) != left_out)
            continue;
        json_array_append_new(remarks,
                              json_pack("{s:s, s:s, s:s}", "device", place->device->code, "remark",
                                        rollout_remark_names[place->remark], "more", place->more));
    }
    return remarks;
}

static const struct sheet_column columns[] = {
    {"device", NULL, CELL_TEXT}, {"wave", NULL, CELL_TEXT},    {"kind", NULL, CELL_TEXT},
    {"floor", NULL, CELL_TEXT},  {"version", NULL, CELL_TEXT}, {"remark", NULL, CELL_TEXT},
    {"more", NULL, CELL_TEXT},
};

static struct sheet *places_sheet(struct arena *arena, const struct rollout_preview *preview)
{
    struct sheet *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < preview->n; i++) {
        const struct rollout_place *place = &preview->places[i];
        const struct device *d = place->device;
        const char *remark = rollout_remark_names[place->remark];
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(d->code);
        cells[1] = cell_text(
            place->wave < 0 ? NULL : rollout_wave_name(arena, &preview->rollout, place->wave));
        cells[2] = cell_text(*d->kind ? d->kind : NULL);
        cells[3] = cell_text(*d->floor ? d->floor : NULL);
        cells[4] = cell_text(*d->app ? d->app : NULL);
        cells[5] = cell_text(*remark ? remark : NULL);
        cells[6] = cell_text(*place->more ? place->more : NULL);
    }
    return sheet;
}

static void waves_say(struct cli *cli, const struct rollout_preview *preview)
{
    for (int w = 0; w < preview->n_waves; w++)
        cli_say(cli, "  %s: %zu, %zu must be ok, %zu failed stop it",
                rollout_wave_name(cli->arena, &preview->rollout, w), preview->waves[w].size,
                preview->waves[w].need, preview->waves[w].limit);
}

enum status device_rollout_plan(struct device_request *request, const struct rollout_draft *draft,
                                struct error *err)
{
    struct cli *cli = request->cli;
    struct rollout_preview preview;
    enum status status = rollout_preview(request->reader, &request->access, cli->arena, draft,
                                         request->devices, request->n, &preview, err);
    if (status == ST_OK && preview.problem)
        status = error_set(err, ST_REFUSED, "%s", preview.problem);
    if (status == ST_OK && preview.archive)
        status = error_set(err, ST_REFUSED, "%s", preview.archive);
    if (status != ST_OK)
        return status;
    if (cli->json)
        return cli_print_json(
            cli,
            json_pack("{s:s, s:I, s:I, s:b, s:o, s:o, s:o}", "version", preview.rollout.app, "size",
                      (json_int_t)preview.rollout.size, "devices", (json_int_t)preview.kept,
                      "needs_approval", preview.approval, "waves", waves_json(cli->arena, &preview),
                      "left_out", remarks_json(&preview, true), "remarks",
                      remarks_json(&preview, false)),
            err);
    if (!cli->csv) {
        cli_say(cli, "%s to %zu %s, %zu left out%s", preview.rollout.app, preview.kept,
                preview.kept == 1 ? "device" : "devices", preview.n - preview.kept,
                preview.approval ? "; somebody else approves it first" : "");
        waves_say(cli, &preview);
    }
    return cli_print_sheet(cli, "devices", places_sheet(cli->arena, &preview), err);
}
