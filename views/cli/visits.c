/* atrium visits: the 30-minute rule. */
#include "model/loop/visits.h"
#include "model/store/operation.h"
#include "views/cli/commands.h"
#include "views/cli/period.h"

#include <string.h>

static const struct cli_option options[] = {
    {"from", "TIME", 0, "start of the period (default: the first event)"},
    {"to", "TIME", 0, "end of the period, not included (default: after the last event)"},
    {"period", "PERIOD", 0, "a named period, as in atrium loop"},
    {"by", "zone|day|hour", 0, "groups: where and when"},
    {0},
};

static const char *const by_names[] = {NULL, "zone", "day", "hour"};

static enum status by_option(struct cli *cli, enum visit_by *by, struct error *err)
{
    const char *text = cli_value(cli, "by");

    *by = VISITS_BY_NONE;
    for (size_t i = 1; text && i < sizeof by_names / sizeof *by_names; i++)
        if (strcmp(text, by_names[i]) == 0)
            *by = (enum visit_by)i;
    return text && *by == VISITS_BY_NONE
               ? error_set(err, ST_USAGE, "--by: expected zone, day or hour")
               : ST_OK;
}

static json_t *group_json(const struct visit_group *group, enum visit_by by)
{
    json_t *object = json_object();

    json_object_set_new(object, by_names[by],
                        by == VISITS_BY_HOUR ? json_integer(group->key) : json_string(group->name));
    json_object_set_new(object, "detections", json_integer(group->detections));
    json_object_set_new(object, "visits", json_integer(group->visits));
    json_object_set_new(object, "people", json_integer(group->people));
    json_object_set_new(object, "dwell_total_s", json_integer(group->dwell));
    json_object_set_new(object, "under_10_min", json_integer(group->under_10_min));
    return object;
}

static enum status print_json(struct cli *cli, const struct visit_answer *answer, enum visit_by by,
                              struct error *err)
{
    json_t *document = json_object();

    json_object_set_new(document, "detections", json_integer(answer->detections));
    json_object_set_new(document, "devices", json_integer(answer->devices));
    json_object_set_new(document, "visits", json_integer(answer->visits));
    json_object_set_new(document, "people", json_integer(answer->people));
    json_object_set_new(document, "dwell_total_s", json_integer(answer->dwell_total));
    json_object_set_new(document, "under_10_min", json_integer(answer->under_10_min));
    json_object_set_new(document, "random_detections", json_integer(answer->random_detections));
    json_object_set_new(document, "random_devices", json_integer(answer->random_devices));
    if (by != VISITS_BY_NONE) {
        json_t *groups = json_array();
        for (size_t i = 0; i < answer->n_groups; i++)
            json_array_append_new(groups, group_json(&answer->groups[i], by));
        json_object_set_new(document, "groups", groups);
    }
    return cli_print_json(cli, document, err);
}

static struct sheet *totals_sheet(struct cli *cli, const struct visit_answer *answer)
{
    static const struct sheet_column columns[] = {{"detections", "detections", CELL_COUNT},
                                                  {"devices", "devices", CELL_COUNT},
                                                  {"random_devices", "random MACs", CELL_COUNT},
                                                  {"people", "people", CELL_COUNT},
                                                  {"visits", "visits", CELL_COUNT},
                                                  {"dwell_total_s", "total dwell", CELL_DURATION},
                                                  {"under_10_min", "under 10 min", CELL_COUNT}};
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    struct cell *cells = sheet_row_add(sheet);

    cells[0] = cell_integer(answer->detections);
    cells[1] = cell_integer(answer->devices);
    cells[2] = cell_integer(answer->random_devices);
    cells[3] = cell_integer(answer->people);
    cells[4] = cell_integer(answer->visits);
    cells[5] = cell_integer(answer->dwell_total);
    cells[6] = cell_integer(answer->under_10_min);
    return sheet;
}

static struct sheet *groups_sheet(struct cli *cli, const struct visit_answer *answer,
                                  enum visit_by by)
{
    struct sheet_column *columns = arena_array(cli->arena, struct sheet_column, 6);

    columns[0] = (struct sheet_column){by_names[by], by_names[by], CELL_TEXT};
    columns[1] = (struct sheet_column){"detections", "detections", CELL_COUNT};
    columns[2] = (struct sheet_column){"visits", "visits", CELL_COUNT};
    columns[3] = (struct sheet_column){"people", "people", CELL_COUNT};
    columns[4] = (struct sheet_column){"dwell_total_s", "total dwell", CELL_DURATION};
    columns[5] = (struct sheet_column){"under_10_min", "under 10 min", CELL_COUNT};
    struct sheet *sheet = sheet_new(cli->arena, columns, 6);
    for (size_t i = 0; i < answer->n_groups; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(answer->groups[i].name);
        cells[1] = cell_integer(answer->groups[i].detections);
        cells[2] = cell_integer(answer->groups[i].visits);
        cells[3] = cell_integer(answer->groups[i].people);
        cells[4] = cell_integer(answer->groups[i].dwell);
        cells[5] = cell_integer(answer->groups[i].under_10_min);
    }
    return sheet;
}

static enum status run(struct cli *cli, struct error *err)
{
    struct visit_answer answer;
    struct visit_query query;
    struct reader *reader;
    struct period period;

    enum status status = by_option(cli, &query.by, err);
    if (status == ST_OK)
        status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = cli_period(cli, &period, err);
    if (status != ST_OK)
        return status;
    query.from = period.from;
    query.to = period.to;
    status = visits_run(reader, cli->arena, &query, &answer, err);
    if (status != ST_OK)
        return status;
    if (cli->json)
        return print_json(cli, &answer, query.by, err);
    if (query.by == VISITS_BY_NONE)
        return cli_print_sheet(cli, "visits", totals_sheet(cli, &answer), err);
    if (!cli->csv)
        status = cli_print_sheet(cli, "visits", totals_sheet(cli, &answer), err);
    return status == ST_OK
               ? cli_print_sheet(cli, "groups", groups_sheet(cli, &answer, query.by), err)
               : status;
}

const struct cli_command cli_visits = {
    .name = "visits",
    .arguments = "",
    .summary = "visits and dwell by the 30-minute rule",
    .help = "Sightings, door and till events of one person no more than 30 minutes apart (setting "
            "visit_gap) are one visit; its dwell is the last minus the first. Without a period, "
            "over all events; a visit is cut at the period's border. Random MACs count as devices "
            "and detections, never as visits. By zone, the time between two events of a visit is "
            "the earlier one's zone's, and a visit counts in each zone it touched; by day and hour "
            "it counts where it starts.",
    .options = options,
    .run = run,
    .rights = RIGHT_QUESTIONS,
};
