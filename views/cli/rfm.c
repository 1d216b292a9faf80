/* atrium rfm: how lately, how often and for how much people bought. */
#include "model/base/text.h"
#include "model/loop/rfm_group.h"
#include "views/cli/cohort.h"
#include "views/cli/commands.h"
#include "views/cli/people_list.h"

#include <string.h>

static const struct cli_option options[] = {
    {"at", "DATE", 0, "counted up to this moment (default: the present)"},
    {"list", "CELL|GROUP", 0,
     "the people of a cell (555, or 55 with any money) or of a group (champions, at-risk, …)"},
    {0},
};

/* --list: scores, 0 for any, or a group's name. */
struct listed {
    bool asked;
    int score[RFM_PARTS];
    enum rfm_group_id group; /* RFM_GROUPS: any */
};

static enum status list_option(struct cli *cli, struct listed *listed, struct error *err)
{
    const char *text = cli_value(cli, "list");
    *listed = (struct listed){.asked = text != NULL, .group = RFM_GROUPS};
    if (!text)
        return ST_OK;
    size_t n = strlen(text);
    if ((n == 2 || n == 3) && strspn(text, "12345") == n) {
        for (size_t i = 0; i < n; i++)
            listed->score[i] = text[i] - '0';
        return ST_OK;
    }
    listed->group = rfm_group_named(text);
    if (listed->group != RFM_GROUPS)
        return ST_OK;
    const char *names = rfm_groups[0].name;
    for (int i = 1; i < RFM_GROUPS; i++)
        names = arena_printf(cli->arena, "%s, %s", names, rfm_groups[i].name);
    return error_set(err, ST_USAGE, "--list: found %s, expected scores such as 555 or 55, or %s",
                     text_quote(cli->arena, text, n), names);
}

/* Everyone listed: scores and figures. */
static enum status people_sheet(struct cli *cli, const struct rfm *rfm, const struct listed *listed,
                                struct sheet **sheet, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"subject", NULL, CELL_TEXT},    {"cell", NULL, CELL_TEXT},
        {"group", NULL, CELL_TEXT},      {"recency", "days since", CELL_COUNT},
        {"frequency", NULL, CELL_COUNT}, {"monetary", NULL, CELL_MONEY}};
    struct access access;
    size_t n, at = 0;
    enum status status = cli_people_access(cli, &access, err);
    const uint32_t *people = rfm_people(cli->arena, rfm, listed->score, listed->group, &n);
    if (status == ST_OK)
        status = small_group_check(&access, (int64_t)n, err);
    *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        const char *subject;
        while (rfm->people[at] != people[i])
            at++;
        const uint8_t *score = rfm->score[at];
        status = cli_subject(cli, &access, people[i], &subject, err);
        struct cell *cells = sheet_row_add(*sheet);
        cells[0] = cell_text(subject);
        cells[1] = cell_text(arena_printf(cli->arena, "%d%d%d", score[0], score[1], score[2]));
        cells[2] = cell_text(rfm_groups[rfm_group_of(score[0], score[1])].name);
        for (int part = 0; part < RFM_PARTS; part++)
            cells[3 + part] = cell_integer(rfm->value[at][part]);
    }
    return status;
}

static json_t *groups_json(const struct rfm *rfm, const struct access *access)
{
    int64_t people[RFM_GROUPS] = {0}, money[RFM_GROUPS] = {0};
    json_t *groups = json_array();
    for (size_t i = 0; i < rfm->n; i++) {
        enum rfm_group_id id =
            rfm_group_of(rfm->score[i][RFM_RECENCY], rfm->score[i][RFM_FREQUENCY]);
        people[id]++;
        money[id] += rfm->value[i][RFM_MONETARY];
    }
    for (int id = 0; id < RFM_GROUPS; id++) {
        json_t *group = json_object();
        json_object_set_new(group, "name", json_string(rfm_groups[id].name));
        json_object_set_new(group, "people", cohort_count(access, people[id]));
        json_object_set_new(group, "money",
                            small_group(access, people[id]) ? json_null()
                                                            : json_real((double)money[id] / 100));
        json_object_set_new(group, "hint", json_string(rfm_groups[id].hint));
        json_array_append_new(groups, group);
    }
    return groups;
}

/* Money in currency units. */
static double cut_of(const struct rfm *rfm, int part, int k)
{
    return part == RFM_MONETARY ? rfm->cuts[part][k] / 100 : rfm->cuts[part][k];
}

static enum status print_json(struct cli *cli, const struct rfm *rfm, const struct access *access,
                              const struct sheet *people, struct error *err)
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
                                    cohort_count(access, rfm->counts[part][k]));
        json_object_set_new(cuts, rfm_names[part], array);
        json_object_set_new(scores, rfm_names[part], counts);
    }
    for (int r = 4; r >= 0; r--)
        for (int f = 4; f >= 0; f--)
            for (int m = 4; m >= 0; m--)
                if (rfm->cells[r][f][m])
                    json_object_set_new(cells,
                                        arena_printf(cli->arena, "%d%d%d", r + 1, f + 1, m + 1),
                                        cohort_count(access, rfm->cells[r][f][m]));
    json_object_set_new(document, "at",
                        json_string(time_rfc3339(cli->arena, cli->mall->zone, rfm->at)));
    json_object_set_new(document, "people", json_integer((json_int_t)rfm->n));
    json_object_set_new(document, "cuts", cuts);
    json_object_set_new(document, "scores", scores);
    json_object_set_new(document, "cells", cells);
    json_object_set_new(document, "groups", groups_json(rfm, access));
    if (people)
        json_object_set_new(document, "list", cli_sheet_json(cli, people));
    return cli_print_json(cli, document, err);
}

/* Recency down, frequency across. */
static enum status print_table(struct cli *cli, const struct rfm *rfm, const struct access *access,
                               struct error *err)
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
            cells[f + 1] = small_group_cell(access, n, false, cell_integer(n));
        }
    }
    return cli_print_sheet(cli, "grid", sheet, err);
}

static enum status run(struct cli *cli, struct error *err)
{
    int64_t as_of, present, at;
    struct reader *reader;
    struct rfm rfm;
    struct listed listed;
    struct access access;
    struct sheet *people = NULL;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = access_lookup(reader, cli->principal, &access, err);
    if (status == ST_OK)
        status = list_option(cli, &listed, err);
    if (status == ST_OK)
        status = reader_present(reader, &as_of, &present, err);
    if (status == ST_OK)
        status = cli_time(cli, "at", present, &at, err);
    if (status == ST_OK)
        status = rfm_run(reader, cli->arena, at, 0, &rfm, err);
    if (status == ST_OK && listed.asked)
        status = people_sheet(cli, &rfm, &listed, &people, err);
    if (status != ST_OK)
        return status;
    if (cli->json)
        return print_json(cli, &rfm, &access, people, err);
    return people ? cli_print_sheet(cli, "list", people, err)
                  : print_table(cli, &rfm, &access, err);
}

const struct cli_command cli_rfm = {
    .name = "rfm",
    .arguments = "",
    .summary = "recency, frequency and money of all buyers, in fifths",
    .help = "Recency is days since the last purchase, frequency the number of days with a "
            "purchase, monetary the net money. The cuts are quantiles of type 7; a score is 1 + "
            "the number of cuts strictly below the value, recency reversed, so equal values get "
            "equal scores. The table has recency down and frequency across; --json has all "
            "three, and the usual groups (champions, at-risk, …) with what to do about them. "
            "--list gives the people of a cell or a group.",
    .options = options,
    .run = run,
    .rights = RIGHT_QUESTIONS,
};
