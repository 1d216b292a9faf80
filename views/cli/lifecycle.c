/* atrium lifecycle: who is new, comes back, stays away. */
#include "model/base/text.h"
#include "views/cli/cohort.h"
#include "views/cli/commands.h"

#include <string.h>

static const struct cli_option lifecycle_options[] = {
    {"event", "EXPR", CLI_REQUIRED, "what counts as being active"},
    {"period", "day|week|month", 0, "length of a period (default: month)"},
    {"list", "PERIOD:STATE", 0,
     "the people of a state (new, returning, resurrecting, dormant) in a period"},
    {"segment", "EXPR", 0, "only the people of this expression of the people language"},
    {"from", "TIME", 0, "start (default: the first event)"},
    {"to", "TIME", 0, "end, not included (default: after the last event)"},
    {0},
};

/* --list PERIOD:STATE */
static enum status state_option(struct cli *cli, struct lifecycle_query *query, struct error *err)
{
    const char *text = cli_value(cli, "list");
    const char *colon = text ? strrchr(text, ':') : NULL;
    int64_t period = -1;
    if (!text)
        return ST_OK;
    struct buckets periods =
        buckets_make(cli->arena, &cli->mall->clock, query->period, query->from, query->to);
    if (colon)
        period = cohort_period(cli, &periods, text, (size_t)(colon - text));
    for (int state = 0; period >= 0 && state < LIFECYCLE_STATES; state++)
        if (strcmp(colon + 1, lifecycle_names[state]) == 0) {
            query->list = true;
            query->list_period = (size_t)period;
            query->list_state = (enum lifecycle_state)state;
            return ST_OK;
        }
    return error_set(err, ST_USAGE,
                     "--list: found %s, expected a period and a state, such as %s:new, returning, "
                     "resurrecting or dormant",
                     text_quote(cli->arena, text, strlen(text)),
                     bucket_title(cli->arena, &periods, 0));
}

static enum status lifecycle_json(struct cli *cli, const struct lifecycle *lifecycle,
                                  const struct access *access, const struct sheet *people,
                                  struct error *err)
{
    json_t *document = json_object(), *periods = json_array();
    for (size_t i = 0; i < lifecycle->periods.n; i++)
        json_array_append_new(periods,
                              json_string(bucket_title(cli->arena, &lifecycle->periods, i)));
    json_object_set_new(document, "periods", periods);
    for (int state = 0; state < LIFECYCLE_STATES; state++) {
        const int64_t *counts = lifecycle_counts(lifecycle, (enum lifecycle_state)state);
        json_t *array = json_array();
        for (size_t i = 0; i < lifecycle->periods.n; i++)
            json_array_append_new(array, cohort_count(access, counts[i]));
        json_object_set_new(document, lifecycle_names[state], array);
    }
    json_object_set_new(document, "open", json_integer(lifecycle->open));
    if (people)
        json_object_set_new(document, "people", cli_sheet_json(cli, people));
    return cli_print_json(cli, document, err);
}

static enum status lifecycle_table(struct cli *cli, const struct lifecycle *lifecycle,
                                   const struct access *access, struct error *err)
{
    static const struct sheet_column columns[] = {{"period", NULL, CELL_TEXT},
                                                  {"new", NULL, CELL_COUNT},
                                                  {"returning", NULL, CELL_COUNT},
                                                  {"resurrecting", NULL, CELL_COUNT},
                                                  {"dormant", NULL, CELL_COUNT}};
    struct sheet *sheet = sheet_new(cli->arena, columns, 5);
    for (size_t i = 0; i < lifecycle->periods.n; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(bucket_title(cli->arena, &lifecycle->periods, i));
        for (int state = 0; state < LIFECYCLE_STATES; state++) {
            int64_t n = lifecycle_counts(lifecycle, (enum lifecycle_state)state)[i];
            cells[1 + state] = small_group_cell(access, n < 0 ? -n : n, false, cell_integer(n));
        }
    }
    return cli_print_sheet(cli, "periods", sheet, err);
}

static enum status lifecycle(struct cli *cli, struct error *err)
{
    struct lifecycle_query query = {.event = cli_value(cli, "event")};
    struct lifecycle answer;
    struct access access;
    enum status status = cohort_length(cli, &query.period, err);
    if (status == ST_OK)
        status = cohort_stretch(cli, &query.from, &query.to, err);
    if (status == ST_OK)
        status = access_lookup(cli->reader, cli->principal, &access, err);
    if (status == ST_OK)
        status = cohort_among(cli, &query.among, err);
    if (status == ST_OK)
        status = state_option(cli, &query, err);
    if (status == ST_OK)
        status = lifecycle_run(cli->reader, cli->arena, &query, &answer, err);
    if (status != ST_OK)
        return status;
    cohort_notes(answer.notes, answer.n_notes);
    const struct sheet *people = NULL;
    if (query.list) {
        people = cohort_people(cli, answer.people, NULL, answer.n_people, err);
        if (!people)
            return err->status;
    }
    if (cli->json)
        return lifecycle_json(cli, &answer, &access, people, err);
    return people ? cli_print_sheet(cli, "people", people, err)
                  : lifecycle_table(cli, &answer, &access, err);
}

const struct cli_command cli_lifecycle = {
    .name = "lifecycle",
    .arguments = "",
    .summary = "who is new, came back, was gone and came again, stayed away",
    .help = "In each period: people active for the first time ever (new); active in the period "
            "before, too (returning); active earlier but not in the period before "
            "(resurrecting); active in the period before but not in this one (dormant, "
            "negative). 'open' is the first period whose time has not fully passed. --list "
            "2017-10:dormant gives the people behind a count.",
    .options = lifecycle_options,
    .run = lifecycle,
    .rights = RIGHT_QUESTIONS,
};
