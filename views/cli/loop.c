/* atrium loop: the figures of the four stages. */
#include "model/loop/loop.h"
#include "model/store/operation.h"
#include "views/cli/commands.h"
#include "views/cli/period.h"

#include <string.h>

static const struct cli_option options[] = {
    {"from", "TIME", 0, "start of the period (default: the first event)"},
    {"to", "TIME", 0, "end of the period, not included (default: after the last event)"},
    {"period", "PERIOD", 0,
     "a named period: today, 7d, 30d, month, 2017-10, 2017-10-01..2017-10-07"},
    {"compare", "WITH", 0, "before, year, year-weekday: adds that period's figures"},
    {0},
};

/* Names of the command line's own for figures of the table. */
static const struct {
    enum metric_id metric;
    const char *name;
} aliases[] = {
    {METRIC_PEOPLE_SEEN, "subjects"},
    {METRIC_MEMBERS_SEEN, "members"},
    {METRIC_VISITOR_TO_MEMBER, "rate"},
};

enum status cli_period(struct cli *cli, struct period *period, struct error *err)
{
    const char *named = cli_value(cli, "period");
    struct event_totals totals;
    struct reader *reader;
    int64_t as_of, present, from, to;

    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = reader_present(reader, &as_of, &present, err);
    if (status == ST_OK)
        status = event_totals(reader, &totals, err);
    if (status != ST_OK)
        return status;
    if (named) {
        if (cli_value(cli, "from") || cli_value(cli, "to"))
            return error_set(err, ST_USAGE, "--period stands in place of --from and --to");
        return period_parse(&cli->mall->clock, present, named, period, err);
    }
    status = cli_time(cli, "from", totals.events ? totals.first : present, &from, err);
    if (status == ST_OK)
        status = cli_time(cli, "to", totals.events ? totals.last + 1 : present + 1, &to, err);
    if (status != ST_OK)
        return status;
    if (from >= to) {
        if (!cli_value(cli, "from") || !cli_value(cli, "to"))
            to = from + 1; /* all of the events lie on the other side of the one given */
        else
            return error_set(err, ST_USAGE, "--from %s is not before --to %s",
                             time_local(cli->arena, cli->mall->zone, from),
                             time_local(cli->arena, cli->mall->zone, to));
    }
    *period = period_of(&cli->mall->clock, present, from, to);
    return ST_OK;
}

static enum status compare_option(struct cli *cli, enum compare *compare, struct error *err)
{
    const char *text = cli_value(cli, "compare");

    *compare = COMPARE_NONE;
    for (size_t i = 0; text && i < n_compare_choices; i++)
        if (strcmp(text, compare_choices[i].id) == 0) {
            *compare = compare_choices[i].compare;
            return ST_OK;
        }
    return text ? error_set(err, ST_USAGE, "--compare: expected before, year, year-weekday or none")
                : ST_OK;
}

/* ---- JSON ---- */

static json_t *figure_json(const struct metric *metric, const struct figure *figure)
{
    if (!figure->known)
        return json_null();
    switch (metric->unit) {
    case METRIC_UNIT_MONEY:
        return json_real((double)figure->integer / 100);
    case METRIC_UNIT_SHARE:
    case METRIC_UNIT_REAL:
        return json_real(figure->real);
    case METRIC_UNIT_DURATION:
        return metric->sum == SUM_RATIO ? json_real(figure->real) : json_integer(figure->integer);
    default:
        return json_integer(figure->integer);
    }
}

static json_t *stage_json(const struct figure *figures, enum stage stage)
{
    json_t *object = json_object();

    for (size_t m = 0; m < METRIC_END; m++)
        if (metrics[m].stage == stage && figures[m].asked)
            json_object_set_new(object, metrics[m].name, figure_json(&metrics[m], &figures[m]));
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        enum metric_id m = aliases[i].metric;
        if (metrics[m].stage == stage)
            json_object_set_new(object, aliases[i].name, figure_json(&metrics[m], &figures[m]));
    }
    return object;
}

static json_t *period_json(struct cli *cli, const struct period *period,
                           const struct figure *figures)
{
    json_t *object = json_object();

    json_object_set_new(object, "from",
                        json_string(time_rfc3339(cli->arena, cli->mall->zone, period->from)));
    json_object_set_new(object, "to",
                        json_string(time_rfc3339(cli->arena, cli->mall->zone, period->to)));
    for (size_t stage = 0; stage < STAGE_COUNT; stage++)
        json_object_set_new(object, stage_names[stage], stage_json(figures, (enum stage)stage));
    return object;
}

static enum status print_json(struct cli *cli, const struct stages *stages, struct error *err)
{
    json_t *document = period_json(cli, &stages->period, stages->now);
    json_t *channels = json_object();

    for (size_t i = 0; i < stages->n_channels; i++)
        json_object_set_new(channels, stages->channels[i].name,
                            json_integer(stages->channels[i].registrations));
    json_object_set_new(json_object_get(document, "convert"), "by_channel", channels);
    if (stages->compared)
        json_object_set_new(document, "before", period_json(cli, &stages->against, stages->before));
    return cli_print_json(cli, document, err);
}

/* ---- For people ---- */

static const char *change_text(struct arena *arena, const struct metric *metric,
                               const struct stages *stages)
{
    double change;
    bool points;

    if (!figure_change(metric, &stages->now[metric->id], &stages->before[metric->id], &change,
                       &points))
        return NULL;
    return arena_printf(arena, "%s %.1f %s",
                        change < 0   ? "▼"
                        : change > 0 ? "▲"
                                     : "=",
                        (change < 0 ? -change : change) * 100, points ? "pt" : "%");
}

static struct sheet *figures_sheet(struct cli *cli, const struct stages *stages)
{
    static const struct sheet_column columns[] = {{"stage", "stage", CELL_TEXT},
                                                  {"figure", "figure", CELL_TEXT},
                                                  {"value", "value", CELL_TEXT},
                                                  {"before", "before", CELL_TEXT},
                                                  {"change", "change", CELL_TEXT}};
    struct sheet *sheet = sheet_new(cli->arena, columns, stages->compared ? 5 : 3);

    for (size_t m = 0; m < METRIC_END; m++) {
        const struct metric *metric = &metrics[m];
        if (!stages->now[m].asked)
            continue;
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(stage_names[metric->stage]);
        cells[1] = cell_text(metric->title);
        cells[2] = cell_text(figure_text(cli->arena, metric, &stages->now[m]));
        if (!stages->compared)
            continue;
        cells[3] = cell_text(figure_text(cli->arena, metric, &stages->before[m]));
        cells[4] = cell_text(change_text(cli->arena, metric, stages));
    }
    return sheet;
}

static enum status run(struct cli *cli, struct error *err)
{
    struct loop_query query = {.slow = true};
    struct stages *stages;
    struct reader *reader;

    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = cli_period(cli, &query.period, err);
    if (status == ST_OK)
        status = compare_option(cli, &query.compare, err);
    if (status == ST_OK)
        status = stages_run(reader, cli->arena, &query, &stages, err);
    if (status != ST_OK)
        return status;
    if (cli->json)
        return print_json(cli, stages, err);
    if (!cli->csv)
        cli_say(cli, "%s: %s", cli->mall->name,
                period_title(cli->arena, &cli->mall->clock, &query.period));
    return cli_print_sheet(cli, "figures", figures_sheet(cli, stages), err);
}

const struct cli_command cli_loop = {
    .name = "loop",
    .arguments = "",
    .summary = "the four stages: perceive, convert, activate, community",
    .help = "Every figure of the membership loop over a period, half open. Without a period, over "
            "all events. What each figure means is in the manual's table of figures; a figure that "
            "would be divided by zero is null.",
    .options = options,
    .run = run,
    .rights = RIGHT_QUESTIONS,
};
