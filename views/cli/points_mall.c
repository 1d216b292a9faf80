/* atrium points balance, survey, expire: the mall as a whole. */
#include "views/cli/points_verbs.h"

#include "model/base/text.h"
#include "model/campaign/points_expire.h"
#include "model/campaign/points_mall.h"

#include <string.h>

static const char *const breakage_names[] = {"none", "history", "setting"};

json_t *points_money_json(struct cli *cli, int64_t fen)
{
    double value = 0;
    const char *text = text_from_fen(cli->arena, fen);
    text_to_double(text, strlen(text), &value);
    return json_real(value);
}

static enum status balance_print(struct points_call *call, const struct points_sums *sums,
                                 const struct points_history *history, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"balance", NULL, CELL_COUNT},   {"earned", NULL, CELL_COUNT},
        {"burned", NULL, CELL_COUNT},    {"expired", NULL, CELL_COUNT},
        {"reversed", NULL, CELL_COUNT},  {"adjusted", NULL, CELL_COUNT},
        {"held", NULL, CELL_COUNT},      {"owed", NULL, CELL_COUNT},
        {"liability", NULL, CELL_MONEY}, {"breakage", NULL, CELL_SHARE},
        {"breakage_by", NULL, CELL_TEXT}};
    struct cli *cli = call->cli;
    int64_t liability = points_liability(history, sums->balance);
    const int64_t values[] = {sums->balance, sums->earned,   sums->burned,
                              sums->expired, sums->reversed, sums->adjusted,
                              sums->held,    sums->owed,     liability};
    if (cli->json) {
        json_t *document = json_object();
        for (size_t i = 0; i < 8; i++)
            json_object_set_new(document, columns[i].name, json_integer(values[i]));
        json_object_set_new(document, "liability", points_money_json(cli, liability));
        json_object_set_new(document, "breakage", json_real(history->breakage));
        json_object_set_new(document, "breakage_by", json_string(breakage_names[history->source]));
        return cli_print_json(cli, document, err);
    }
    struct sheet *sheet = sheet_new(cli->arena, columns, 11);
    struct cell *cells = sheet_row_add(sheet);
    for (size_t i = 0; i < 9; i++)
        cells[i] = cell_integer(values[i]);
    cells[9] = cell_real(history->breakage);
    cells[10] = cell_text(breakage_names[history->source]);
    return cli_print_sheet(cli, "points", sheet, err);
}

enum status points_balance_verb(struct points_call *call, struct error *err)
{
    struct points_mall mall;
    struct points_account account;
    uint32_t person;
    int64_t at;
    enum status status = points_mall(call->reader, call->cli->arena, &mall, err);
    if (status != ST_OK)
        return status;
    if (call->cli->n_args == 1) {
        if (cli_value(call->cli, "at"))
            return error_set(err, ST_USAGE, "--at: of a member only");
        return balance_print(call, &mall.sums, &mall.history, err);
    }
    status = points_person(call, 1, &person, err);
    if (status == ST_OK)
        status = points_at(call, INT64_MAX, &at, err);
    if (status == ST_OK)
        status = points_account(call->reader, call->cli->arena, person, at, &account, err);
    return status == ST_OK ? balance_print(call, &account.sums, &mall.history, err) : status;
}

/* ---- survey ---- */

static struct sheet *months_sheet(struct cli *cli, const struct points_survey *survey)
{
    static const struct sheet_column columns[] = {
        {"month", NULL, CELL_TEXT}, {"points", NULL, CELL_COUNT}, {"people", NULL, CELL_COUNT}};
    struct sheet *sheet = sheet_new(cli->arena, columns, 3);
    for (size_t i = 0; i < survey->n_months; i++) {
        const struct points_expiring *month = &survey->months[i];
        struct cell *cells = sheet_row_add(sheet);
        const char *day = date_text(cli->arena, month_first_day(month->month));
        cells[0] = cell_text(arena_printf(cli->arena, "%.7s", day));
        cells[1] = cell_integer(month->points);
        cells[2] = cell_integer(month->people);
    }
    return sheet;
}

static struct sheet *campaigns_sheet(struct points_call *call, const struct points_survey *survey)
{
    static const struct sheet_column columns[] = {
        {"campaign", NULL, CELL_TEXT}, {"earned", NULL, CELL_COUNT},
        {"burned", NULL, CELL_COUNT},  {"given_back", "given back", CELL_COUNT},
        {"burns", NULL, CELL_COUNT},   {"people", NULL, CELL_COUNT}};
    struct sheet *sheet = sheet_new(call->cli->arena, columns, 6);
    for (size_t i = 0; i < survey->n_campaigns; i++) {
        const struct points_by_campaign *sum = &survey->campaigns[i];
        struct cell *cells = sheet_row_add(sheet);
        const char *name = dict_name(call->reader, DICT_CAMPAIGN, sum->campaign);
        cells[0] = cell_text(arena_strdup(call->cli->arena, name));
        const int64_t values[] = {sum->earned, sum->burned, sum->given_back, sum->burns,
                                  sum->people};
        for (size_t k = 0; k < 5; k++)
            cells[k + 1] = cell_integer(values[k]);
    }
    return sheet;
}

enum status points_survey_verb(struct points_call *call, struct error *err)
{
    struct cli *cli = call->cli;
    struct points_survey survey;
    int64_t at;
    enum status status = points_at(call, time_now(), &at, err);
    if (status == ST_OK)
        status = reader_begin(call->reader, err);
    if (status != ST_OK)
        return status;
    status = points_survey(call->reader, at, cli->arena, &survey, err);
    struct sheet *months = months_sheet(cli, &survey);
    struct sheet *campaigns = campaigns_sheet(call, &survey);
    reader_end(call->reader);
    if (status != ST_OK)
        return status;
    if (cli->csv)
        return cli_print_sheet(cli, "expiring", months, err);
    if (cli->json)
        return cli_print_json(
            cli,
            json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "people",
                      (json_int_t)survey.people, "holders", (json_int_t)survey.holders, "left",
                      (json_int_t)survey.balance, "due", (json_int_t)survey.due, "owed",
                      (json_int_t)survey.owed, "never_expires", (json_int_t)survey.never,
                      "overdrawn_people", (json_int_t)survey.overdrawn, "overdrawn",
                      (json_int_t)survey.shortage, "due_people", (json_int_t)survey.due_people,
                      "expiring", cli_sheet_json(cli, months), "campaigns",
                      cli_sheet_json(cli, campaigns)),
            err);
    cli_say(cli, "%s people hold %s points; %s are past their time, %s never expire",
            text_count(cli->arena, survey.holders), text_count(cli->arena, survey.balance),
            text_count(cli->arena, survey.due), text_count(cli->arena, survey.never));
    if (survey.owed)
        cli_say(cli, "%s are owed by %s people", text_count(cli->arena, survey.owed),
                text_count(cli->arena, survey.owed_people));
    if (survey.overdrawn)
        cli_say(cli, "%s people are overdrawn by imported entries, by %s points",
                text_count(cli->arena, survey.overdrawn), text_count(cli->arena, survey.shortage));
    if (months->n_rows)
        status = cli_print_sheet(cli, "expiring", months, err);
    if (status == ST_OK && campaigns->n_rows)
        status = cli_print_sheet(cli, "campaigns", campaigns, err);
    return status;
}

/* ---- expire ---- */

static void expire_progress(void *context, int64_t done, int64_t total)
{
    cli_progress(context, "people", done, total);
}

static enum status run_print(struct cli *cli, const struct points_run *run, struct error *err)
{
    static const struct sheet_column columns[] = {{"people", NULL, CELL_COUNT},
                                                  {"expired", NULL, CELL_COUNT},
                                                  {"debtors", NULL, CELL_COUNT},
                                                  {"taken", NULL, CELL_COUNT},
                                                  {"holds_ended", "holds ended", CELL_COUNT}};
    const int64_t values[] = {run->people, run->points, run->debtors, run->taken, run->holds};
    struct sheet *sheet = sheet_new(cli->arena, columns, 5);
    struct cell *cells = sheet_row_add(sheet);
    json_t *document = json_object();
    for (size_t i = 0; i < 5; i++) {
        cells[i] = cell_integer(values[i]);
        json_object_set_new(document, columns[i].name, json_integer(values[i]));
    }
    if (cli->json)
        return cli_print_json(cli, document, err);
    json_decref(document);
    return cli_print_sheet(cli, "expired", sheet, err);
}

enum status points_expire_verb(struct points_call *call, struct error *err)
{
    struct cli *cli = call->cli;
    struct points_run run;
    struct points_posted posted;
    uint32_t person;
    int64_t at;
    enum status status = points_at(call, time_now(), &at, err);
    if (status != ST_OK)
        return status;
    if (cli->n_args == 1) {
        if (cli_switch(cli, "preview")) {
            status = points_expire_preview(call->reader, at, &run, err);
        } else {
            status =
                points_expire_run(call->writer, &call->access, at, expire_progress, cli, &run, err);
            cli_progress(cli, "people", -1, 0);
        }
        return status == ST_OK ? run_print(cli, &run, err) : status;
    }
    status = points_person(call, 1, &person, err);
    if (status == ST_OK)
        status = points_expire_person(call->writer, &call->access, person, at, &posted, err);
    return status == ST_OK ? points_posted_print(call, &posted, err) : status;
}
