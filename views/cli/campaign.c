/* atrium campaign: which verb is meant. */
#include "views/cli/campaign.h"

#include "model/base/text.h"
#include "views/cli/commands.h"

#include <string.h>

static const struct cli_option options[] = {
    {"reason", "TEXT", 0, "reject, cancel: why"},
    {"code", "CODE", 0, "new, clone: the short name of the new one"},
    {"from", "DATE", 0, "calendar, occasions: the first day (default: today)"},
    {"to", "DATE", 0, "calendar, occasions: the last day (default: a month, a year later)"},
    {"by", "WHAT", 0,
     "result: tier, gender, age, label, segment, attr:NAME, shop, brand, category, contact or day; "
     "simulate: balance or one of the crowds"},
    {"list", "WHO", 0,
     "result: the people: treated or holdout, alone or with -responded, -reached, -used"},
    {"group", "NAME", 0, "result --list: only of this line of --by"},
    {"limit", "N", 0, "result --list: at most so many people (default 50; 0: all)"},
    {"report", NULL, 0, "result: a page of text"},
    {"margin", "SHARE", 0, "result: how much of sales is margin, such as 35%"},
    {"at", "TIME", 0, "simulate: as if it was then (default: the present, or its first day)"},
    {"draws", "N", 0, "simulate: how many (default: as many as are quick)"},
    {"seed", "N", 0, "simulate: of the draws (default 1)"},
    {"threads", "N", 0, "result, simulate: so many (default: the machine's)"},
    {0},
};

static const struct cli_verb *const tables[] = {campaign_definition_verbs, campaign_state_verbs,
                                                campaign_result_verbs};

enum status cli_campaign_take(struct cli *cli, struct reader *reader,
                              const struct campaign **campaign, struct error *err)
{
    const char *code = cli->args[1];
    enum status status = campaign_find(reader, cli->arena, code, campaign, err);
    if (status == ST_OK && !*campaign)
        return error_set(err, ST_REFUSED, "there is no campaign %s (atrium campaign list)",
                         text_quote(cli->arena, code, strlen(code)));
    return status;
}

enum status cli_campaign_state(struct cli *cli, const char *code, enum campaign_state state,
                               struct error *err)
{
    if (cli->json)
        return cli_print_json(
            cli, json_pack("{s:s s:s}", "id", code, "state", campaign_state_names[state]), err);
    cli_say(cli, "%s: %s", code, campaign_state_names[state]);
    return ST_OK;
}

static enum status run(struct cli *cli, struct error *err)
{
    return cli_verb_run(cli, tables, sizeof tables / sizeof *tables, err);
}

const struct cli_command cli_campaign = {
    .name = "campaign",
    .arguments =
        "list [STATE] | show ID | check FILE | new FILE | change ID FILE | clone ID | "
        "compare ID ID | submit ID | approve ID | reject ID | start ID | pause ID | "
        "resume ID | end ID | cancel ID | archive ID | calendar | occasions | result [ID] | "
        "simulate ID",
    .summary = "campaigns: set them up, have them approved, run them",
    .help =
        "A campaign is written as a file in sections (doc/campaign.md). check says everything that "
        "is wrong with it at once and writes nothing; new saves it as a draft; change puts a file "
        "in place of what is there. ID is the campaign's code, or #NUMBER. A draft is submitted, "
        "approved by somebody who had no part in it, and started; its audience is fixed then. "
        "Somebody who changes an approved one puts it back into review. calendar lists what is on "
        "by day, occasions ranks the coming feast days by how well the mall's own members fit "
        "them. result says what a campaign did: the treated against the holdout, with z, p and "
        "intervals, and without a holdout no claim; without ID all campaigns, by contact or crowd. "
        "simulate plays one on the mall's own past days: what it would give, what budget it needs "
        "and how sure that is (doc/results.md).",
    .options = options,
    .least_args = 1,
    .most_args = 8,
    .run = run,
};
