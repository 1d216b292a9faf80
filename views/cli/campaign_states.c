/* atrium campaign list, show, the moves, calendar, occasions: what there is and where it stands. */
#include "model/base/intl.h"
#include "model/campaign/occasion.h"
#include "model/campaign/overview.h"
#include "model/campaign/plan.h"
#include "views/cli/campaign.h"

#include <math.h>
#include <string.h>

/* ---- What there is ---- */

static enum status list(struct cli *cli, struct reader *reader, struct access *access,
                        struct error *err)
{
    const struct campaign_row *rows;
    size_t n;
    unsigned states = 0;
    if (cli->n_args > 1) {
        enum campaign_state state = campaign_state_find(cli->args[1]);
        const char *known = "";
        for (int i = 1; i < CAMPAIGN_STATES; i++)
            known = arena_printf(cli->arena, "%s%s%s", known, i > 1 ? ", " : "",
                                 campaign_state_names[i]);
        if (state == STATE_NONE)
            return error_set(err, ST_USAGE, "campaign list: expected one of: %s", known);
        states = 1u << state;
    }
    enum status status = access_require(access, RIGHT_QUESTIONS, "look at campaigns", err);
    if (status == ST_OK)
        status = campaign_rows(reader, cli->arena, access, states, &rows, &n, err);
    return status == ST_OK
               ? cli_print_sheet(cli, "campaigns", campaign_rows_sheet(cli->arena, rows, n), err)
               : status;
}

static json_t *definition_json(struct cli *cli, const struct campaign *campaign)
{
    json_t *document = json_object(), *part = NULL;
    const char *section = "";
    for (size_t i = 0; i < n_campaign_keys; i++) {
        const struct campaign_key *key = &campaign_keys[i];
        const char *value = campaign_value(cli->arena, campaign, key);
        if (strcmp(section, key->section) != 0) {
            part = json_object();
            json_object_set_new(document, key->section, part);
        }
        section = key->section;
        if (*value && campaign_kind_has(campaign->kind, key))
            json_object_set_new(part, key->name, json_string(value));
    }
    return document;
}

static json_t *verbs_json(const struct campaign *campaign)
{
    json_t *verbs = json_array();
    const char *last = "";
    for (size_t i = 0; i < n_campaign_moves; i++) {
        const struct campaign_move_row *move = &campaign_moves[i];
        if (move->from >> campaign->state & 1 && move->verb != VERB_RUN &&
            strcmp(move->name, last) != 0)
            json_array_append_new(verbs, json_string(last = move->name));
    }
    return verbs;
}

static struct sheet *history_sheet(struct cli *cli, const struct campaign_deed *deeds, size_t n)
{
    static const struct sheet_column columns[] = {
        {"time", N_("time"), CELL_TIME},       {"actor", N_("who"), CELL_TEXT},
        {"act", N_("what"), CELL_TEXT},        {"state", N_("state"), CELL_TEXT},
        {"changed", N_("changed"), CELL_TEXT}, {"reason", N_("reason"), CELL_TEXT},
    };
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_integer(deeds[i].time);
        cells[1] = cell_text(deeds[i].actor);
        cells[2] = cell_text(deeds[i].act);
        cells[3] = cell_text(deeds[i].state);
        cells[4] = cell_text(deeds[i].changed);
        cells[5] = cell_text(deeds[i].reason);
    }
    return sheet;
}

/* What differs from what was approved; NULL: nothing, or it never was. */
static enum status changes_sheet(struct cli *cli, struct reader *reader,
                                 const struct campaign *campaign, struct sheet **sheet,
                                 struct error *err)
{
    const struct campaign *approved;
    enum status status = campaign_approved(reader, cli->arena, campaign, &approved, err);
    *sheet = NULL;
    if (status == ST_OK && approved)
        *sheet = campaign_difference(cli->arena, approved, campaign);
    return status;
}

static enum status show(struct cli *cli, struct reader *reader, struct access *access,
                        struct error *err)
{
    const struct campaign *c;
    const struct campaign_deed *deeds;
    struct sheet *changes;
    size_t n;
    enum status status = access_require(access, RIGHT_QUESTIONS, "look at campaigns", err);
    if (status == ST_OK)
        status = cli_campaign_take(cli, reader, &c, err);
    if (status == ST_OK)
        status = campaign_history(reader, cli->arena, c->code, &deeds, &n, err);
    if (status == ST_OK)
        status = changes_sheet(cli, reader, c, &changes, err);
    if (status != ST_OK)
        return status;
    if (cli->json) {
        json_t *document =
            json_pack("{s:s s:I s:s s:s s:s s:s}", "id", c->code, "number", (json_int_t)c->id,
                      "name", c->name, "state", campaign_state_names[c->state], "author", c->author,
                      "approved_by", c->approved_by);
        json_object_set_new(document, "definition", definition_json(cli, c));
        json_object_set_new(document, "can", verbs_json(c));
        json_object_set_new(document, "changes",
                            changes ? cli_sheet_json(cli, changes) : json_array());
        json_object_set_new(document, "history", cli_sheet_json(cli, history_sheet(cli, deeds, n)));
        return cli_print_json(cli, document, err);
    }
    cli_say(cli, "; %s, by %s", campaign_state_names[c->state], *c->author ? c->author : "-");
    for (const char *at = campaign_write(cli->arena, c); *at;) {
        int length = (int)strcspn(at, "\n");
        cli_say(cli, "%.*s", length, at);
        at += length + (at[length] == '\n');
    }
    if (changes && changes->n_rows) {
        cli_say(cli, "%s", "");
        cli_say(cli, "%s", "changed since it was approved:");
        cli_print_sheet(cli, "changes", changes, err);
    }
    cli_say(cli, "%s", "");
    return cli_print_sheet(cli, "history", history_sheet(cli, deeds, n), err);
}

/* ---- Moves ---- */

static enum status move(struct cli *cli, struct reader *reader, struct access *access,
                        struct error *err)
{
    const struct campaign *campaign;
    enum campaign_state state;
    struct writer *writer;
    enum campaign_verb verb = VERB_SUBMIT;
    for (size_t i = 0; i < n_campaign_moves; i++)
        if (strcmp(campaign_moves[i].name, cli->args[0]) == 0)
            verb = campaign_moves[i].verb;
    enum status status = cli_campaign_take(cli, reader, &campaign, err);
    if (status == ST_OK)
        status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status = campaign_move(writer, access, campaign->code, verb, cli_value(cli, "reason"),
                               &state, err);
    return status == ST_OK ? cli_campaign_state(cli, campaign->code, state, err) : status;
}

/* ---- By day ---- */

static enum status days_take(struct cli *cli, struct reader *reader, int32_t most, int32_t *from,
                             int32_t *to, struct error *err)
{
    const struct clock *clock = &reader_mall(reader)->clock;
    int64_t first, last;
    enum status status = cli_time(cli, "from", time_now(), &first, err);
    if (status != ST_OK)
        return status;
    struct civil civil = zone_civil(clock->zone, first);
    *from = date_number(civil.year, civil.month, civil.day);
    status = cli_time(cli, "to", INT64_MIN, &last, err);
    if (status == ST_OK && last == INT64_MIN) {
        *to = *from + most;
    } else if (status == ST_OK) {
        civil = zone_civil(clock->zone, last);
        *to = date_number(civil.year, civil.month, civil.day);
    }
    if (status == ST_OK && (*to < *from || *to - *from > 3660))
        return error_set(err, ST_USAGE, "--to: expected a day within ten years after --from");
    return status;
}

static enum status calendar(struct cli *cli, struct reader *reader, struct access *access,
                            struct error *err)
{
    static const struct sheet_column columns[] = {{"day", N_("day"), CELL_DAY},
                                                  {"id", N_("campaign"), CELL_TEXT},
                                                  {"name", N_("name"), CELL_TEXT},
                                                  {"state", N_("state"), CELL_TEXT}};
    const struct campaign_day *days;
    int32_t from, to;
    size_t n;
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    enum status status = access_require(access, RIGHT_QUESTIONS, "look at campaigns", err);
    if (status == ST_OK)
        status = days_take(cli, reader, 30, &from, &to, err);
    if (status == ST_OK)
        status = campaign_days(reader, cli->arena, from, to, &days, &n, err);
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_integer(days[i].day);
        cells[1] = cell_text(days[i].campaign->code);
        cells[2] = cell_text(days[i].campaign->name);
        cells[3] = cell_text(campaign_state_names[days[i].campaign->state]);
    }
    return status == ST_OK ? cli_print_sheet(cli, "days", sheet, err) : status;
}

static enum status rank(struct cli *cli, struct reader *reader, struct access *access,
                        struct error *err)
{
    const struct occasion_fit *fits;
    int32_t from, to;
    size_t n;
    enum status status = access_require(access, RIGHT_QUESTIONS, "look at campaigns", err);
    if (status == ST_OK)
        status = days_take(cli, reader, 365, &from, &to, err);
    if (status == ST_OK)
        status = occasions_rank(reader, cli->arena, access, from, to, &fits, &n, err);
    return status == ST_OK
               ? cli_print_sheet(cli, "occasions", occasions_sheet(cli->arena, fits, n), err)
               : status;
}

const struct cli_verb campaign_state_verbs[] = {
    {"list", 0, 1, list},      {"show", 1, 1, show},
    {"submit", 1, 1, move},    {"approve", 1, 1, move},
    {"reject", 1, 1, move},    {"start", 1, 1, move},
    {"pause", 1, 1, move},     {"resume", 1, 1, move},
    {"end", 1, 1, move},       {"cancel", 1, 1, move},
    {"archive", 1, 1, move},   {"calendar", 0, 0, calendar},
    {"occasions", 0, 0, rank}, {0},
};
