/* atrium retention: who comes back. */
#include "model/base/text.h"
#include "model/loop/funnel_plan.h"
#include "views/cli/cohort.h"
#include "views/cli/commands.h"

#include <string.h>

static const struct cli_option retention_options[] = {
    {"start", "EXPR", CLI_REQUIRED, "what puts a person into a cohort"},
    {"return", "EXPR", CLI_REQUIRED, "what counts as coming back"},
    {"period", "day|week|month", 0, "length of a period (default: month)"},
    {"periods", "N", 0, "values of a row, the cohort included (default: 12)"},
    {"mode", "on|on-or-after", 0, "in that period (default), or in it or any later one"},
    {"first-time", NULL, 0, "only the first start event of a person's life counts"},
    {"rolling", NULL, 0, "periods since the person's own start, not calendar ones"},
    {"min-occurrences", "N", 0, "returns in a period at least (default: 1)"},
    {"measure", "people|revenue", 0, "what the table shows (default: people); JSON has both"},
    {"list", "ROW:COL", 0,
     "the people behind a value: a row's period or number from 0, and the periods since"},
    {"by", "FIELD", 0,
     "also by shop, category, channel, zone, campaign, coupon of the first start event; by tier, "
     "gender, age, income, community, car, house, label, segment of the person"},
    {"group", "NAME", 0, "with --by: the table and the list of this group alone"},
    {"segment", "EXPR", 0, "only the people of this expression of the people language"},
    {"from", "TIME", 0, "start of the cohorts (default: the first event)"},
    {"to", "TIME", 0, "end of the cohorts, not included (default: after the last event)"},
    {0},
};

/* --list ROW:COL */
static enum status cell_option(struct cli *cli, struct retention_query *query, struct error *err)
{
    const char *text = cli_value(cli, "list");
    const char *colon = text ? strrchr(text, ':') : NULL;
    int64_t row = -1, column = -1;
    if (!text)
        return ST_OK;
    const struct clock *clock = &cli->mall->clock;
    struct buckets rows = buckets_make(cli->arena, clock, query->period, query->from, query->to);
    size_t n = rows.n > (size_t)query->periods ? rows.n : (size_t)query->periods;
    rows = buckets_from(cli->arena, clock, query->period, rows.first, n);
    if (colon)
        row = cohort_period(cli, &rows, text, (size_t)(colon - text));
    if (row < 0 || !text_to_int64(colon + 1, strlen(colon + 1), &column) || column < 0 ||
        column >= query->periods)
        return error_set(err, ST_USAGE,
                         "--list: found %s, expected a row and a column of the table, such as %s:1 "
                         "or 0:1",
                         text_quote(cli->arena, text, strlen(text)),
                         bucket_title(cli->arena, &rows, 0));
    query->list = true;
    query->list_row = (int)row;
    query->list_column = (int)column;
    return ST_OK;
}

static enum status measure_option(struct cli *cli, struct retention_query *query, struct error *err)
{
    const char *text = cli_value(cli, "measure");
    query->list_money = text && strcmp(text, "revenue") == 0;
    if (!text || query->list_money || strcmp(text, "people") == 0)
        return ST_OK;
    return error_set(err, ST_USAGE, "--measure: found %s, expected people or revenue",
                     text_quote(cli->arena, text, strlen(text)));
}

static enum status retention_read(struct cli *cli, struct retention_query *query, struct error *err)
{
    const char *mode = cli_value(cli, "mode");
    int64_t periods = 0;
    enum status status = cohort_length(cli, &query->period, err);
    if (status == ST_OK)
        status = cli_integer(cli, "periods", 1, RETENTION_PERIODS, 12, &periods, err);
    if (status == ST_OK)
        status = cli_integer(cli, "min-occurrences", 1, 1000000000, 1, &query->occurrences, err);
    if (status == ST_OK)
        status = cohort_stretch(cli, &query->from, &query->to, err);
    if (status == ST_OK && mode && strcmp(mode, "on") != 0 && strcmp(mode, "on-or-after") != 0)
        return error_set(err, ST_USAGE, "--mode: found %s, expected on or on-or-after",
                         text_quote(cli->arena, mode, strlen(mode)));
    query->start = cli_value(cli, "start");
    query->back = cli_value(cli, "return");
    query->periods = (int)periods;
    query->on_or_after = mode && strcmp(mode, "on-or-after") == 0;
    query->first_time = cli_switch(cli, "first-time");
    query->rolling = cli_switch(cli, "rolling");
    if (status == ST_OK)
        status = cohort_among(cli, &query->among, err);
    if (status == ST_OK)
        status = measure_option(cli, query, err);
    return status == ST_OK ? cell_option(cli, query, err) : status;
}

/* ---- --by and --group ---- */

static enum status groups_option(struct cli *cli, const struct access *access,
                                 struct retention_query *query, struct error *err)
{
    const char *by = cli_value(cli, "by");
    int number = 0;
    query->access = access;
    query->list_group = cli_value(cli, "group");
    if (query->list_group && !by)
        return error_set(err, ST_USAGE, "--group: which groups is said with --by");
    if (!by)
        return ST_OK;
    enum status status =
        funnel_name_parse(cli->arena, "--by", by, funnel_by_names, FUNNEL_BY_COUNT, &number, err);
    query->by = (enum funnel_by)number;
    return status == ST_OK ? retention_bind(cli->reader, cli->arena, access, query, err) : status;
}

/* ---- What is printed ---- */

static json_t *count_json(const struct access *access, int64_t people)
{
    return people == RETENTION_HIDDEN ? json_null() : cohort_count(access, people);
}

static json_t *rows_json(const struct retention *retention, const struct retention_row *shown,
                         const struct access *access)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < retention->n_rows; i++) {
        const struct retention_row *from = &shown[i];
        json_t *row = json_object(), *values = json_array(), *revenue = json_array();
        for (int k = 0; k < retention->periods; k++) {
            json_array_append_new(values, count_json(access, from->values[k]));
            json_array_append_new(revenue, small_group(access, from->values[k]) ||
                                                   from->values[k] == RETENTION_HIDDEN
                                               ? json_null()
                                               : json_real((double)from->revenue[k] / 100));
        }
        json_object_set_new(row, "period", json_string(from->period));
        json_object_set_new(row, "size", count_json(access, from->values[0]));
        json_object_set_new(row, "values", values);
        json_object_set_new(row, "revenue", revenue);
        json_object_set_new(row, "open", json_integer(from->open));
        json_array_append_new(rows, row);
    }
    return rows;
}

static enum status retention_json(struct cli *cli, const struct retention_query *query,
                                  const struct retention *retention, const struct access *access,
                                  const struct sheet *people, struct error *err)
{
    json_t *document = json_object(), *array = json_array();
    json_object_set_new(document, "period", json_string(bucket_names[query->period]));
    json_object_set_new(document, "mode", json_string(query->on_or_after ? "on-or-after" : "on"));
    json_object_set_new(document, "first_time", json_boolean(query->first_time));
    json_object_set_new(document, "rolling", json_boolean(query->rolling));
    json_object_set_new(document, "measure", json_string(query->list_money ? "revenue" : "people"));
    json_object_set_new(document, "rows", rows_json(retention, retention->rows, access));
    for (size_t i = 0; i < retention->n_groups; i++) {
        const struct retention_group *from = &retention->groups[i];
        json_t *group = json_object();
        json_object_set_new(group, funnel_by_names[query->by], json_string(from->name));
        json_object_set_new(group, "rows", rows_json(retention, from->rows, access));
        json_array_append_new(array, group);
    }
    if (query->by)
        json_object_set(document, "groups", array);
    json_decref(array);
    if (people)
        json_object_set_new(document, "people", cli_sheet_json(cli, people));
    return cli_print_json(cli, document, err);
}

/* Counts or money; a value whose time has not fully passed is left out. */
static void rows_add(struct sheet *sheet, const struct retention_query *query,
                     const struct retention *retention, const struct retention_row *shown,
                     const struct access *access, const char *group)
{
    size_t at = group ? 1 : 0, first = query->list_money ? 0 : 1;
    for (size_t i = 0; i < retention->n_rows; i++) {
        const struct retention_row *row = &shown[i];
        if (!row->values[0] && (row->open == 0 || group))
            continue;
        struct cell *cells = sheet_row_add(sheet);
        if (group)
            cells[0] = cell_text(group);
        cells[at] = cell_text(row->period);
        cells[at + 1] = small_group_cell(access, row->values[0], row->values[0] == RETENTION_HIDDEN,
                                         cell_integer(row->values[0]));
        for (int k = (int)first; k < row->open; k++)
            cells[at + 2 + (size_t)k - first] = small_group_cell(
                access, row->values[k], row->values[k] == RETENTION_HIDDEN,
                cell_integer(query->list_money ? row->revenue[k] : row->values[k]));
    }
}

/* The cohort's people are its first value already; its money is not. */
static enum status retention_table(struct cli *cli, const struct retention_query *query,
                                   const struct retention *retention, const struct access *access,
                                   struct error *err)
{
    enum cell_type type = query->list_money ? CELL_MONEY : CELL_COUNT;
    struct sheet_column *columns =
        arena_array(cli->arena, struct sheet_column, (size_t)retention->periods + 3);
    size_t n = 0;
    if (query->by)
        columns[n++] = (struct sheet_column){funnel_by_names[query->by], NULL, CELL_TEXT};
    columns[n++] = (struct sheet_column){"period", NULL, CELL_TEXT};
    columns[n++] = (struct sheet_column){"size", NULL, CELL_COUNT};
    for (int k = query->list_money ? 0 : 1; k < retention->periods; k++)
        columns[n++] = (struct sheet_column){arena_printf(cli->arena, "%d", k), NULL, type};
    struct sheet *sheet = sheet_new(cli->arena, columns, n);
    if (!query->by)
        rows_add(sheet, query, retention, retention->rows, access, NULL);
    for (size_t i = 0; i < retention->n_groups; i++)
        if (!query->list_group || strcmp(query->list_group, retention->groups[i].name) == 0)
            rows_add(sheet, query, retention, retention->groups[i].rows, access,
                     retention->groups[i].name);
    return cli_print_sheet(cli, "rows", sheet, err);
}

static enum status retention(struct cli *cli, struct error *err)
{
    struct retention_query query = {0};
    struct retention answer;
    struct access access;
    enum status status = retention_read(cli, &query, err);
    if (status == ST_OK)
        status = access_lookup(cli->reader, cli->principal, &access, err);
    if (status == ST_OK)
        status = groups_option(cli, &access, &query, err);
    if (status == ST_OK)
        status = retention_run(cli->reader, cli->arena, &query, &answer, err);
    if (status != ST_OK)
        return status;
    cohort_notes(answer.notes, answer.n_notes);
    const struct sheet *people = NULL;
    if (query.list) {
        people = cohort_people(cli, answer.people, answer.money, answer.n_people, err);
        if (!people)
            return err->status;
    }
    if (cli->json)
        return retention_json(cli, &query, &answer, &access, people, err);
    return people ? cli_print_sheet(cli, "people", people, err)
                  : retention_table(cli, &query, &answer, &access, err);
}

const struct cli_command cli_retention = {
    .name = "retention",
    .arguments = "",
    .summary = "of the people of a period, how many came back in each period after it",
    .help = "A row is a cohort: the people with a start event in that calendar period (with "
            "--first-time, their first ever). Its first value is the cohort, the others are "
            "people with a return event in the periods since. Periods are mall days, weeks from "
            "Monday, or months. 'open' is the first value whose time has not fully passed. "
            "--measure revenue shows the money of the return events by period since, column 0 "
            "being that in the cohort's own period. --list 2017-10:1 gives the people behind a "
            "value, as many as it says, each with the money of that period.",
    .options = retention_options,
    .run = retention,
    .rights = RIGHT_QUESTIONS,
};
