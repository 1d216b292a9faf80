/* atrium message: what campaigns sent, what they did not and why. */
#include "model/campaign/message.h"

#include "model/base/text.h"
#include "model/campaign/template.h"
#include "model/people/member_list.h"
#include "views/cli/commands.h"

#include <string.h>

enum { MOST = 100000000 };

static const struct cli_option options[] = {
    {"contact", "CONTACT", 0, "list: only by this contact (pos, app, sms, wifi, screen, staff)"},
    {"state", "STATE", 0,
     "list: only waiting, 'on its way', sent, suppressed, failed or unknown ones"},
    {"reason", "REASON", 0,
     "list: only suppressed for this reason (consent, opt-out, address, cap, …)"},
    {"limit", "N", 0, "list: so many people (default 10; 0: everybody)"},
    {0},
};

static enum status campaign_get(struct cli *cli, struct reader *reader, const char *code,
                                const struct campaign **campaign, struct error *err)
{
    enum status status = campaign_find(reader, cli->arena, code, campaign, err);
    if (status == ST_OK && !*campaign)
        status =
            error_set(err, ST_REFUSED, "there is no campaign %s; atrium campaign list shows them",
                      text_quote(cli->arena, code, strlen(code)));
    return status;
}

static enum status summary(struct cli *cli, struct reader *reader, const struct access *access,
                           struct error *err)
{
    const struct campaign *campaign = NULL;
    struct sheet *sheet;
    uint32_t treated = 0, untouched = 0;
    enum status status =
        cli->n_args > 1 ? campaign_get(cli, reader, cli->args[1], &campaign, err) : ST_OK;
    if (status == ST_OK)
        status =
            message_summary(reader, cli->arena, access, campaign ? campaign->id : 0, &sheet, err);
    if (status == ST_OK && campaign)
        status = message_untouched(reader, cli->arena, campaign, &treated, &untouched, err);
    if (status != ST_OK)
        return status;
    if (!cli->json || !campaign)
        return cli_print_sheet(cli, "messages", sheet, err);
    json_t *document = json_object();
    json_object_set_new(document, "campaign", json_string(campaign->code));
    json_object_set_new(document, "treated", json_integer(treated));
    json_object_set_new(document, "to_come", json_integer(untouched));
    json_object_set_new(document, "messages", cli_sheet_json(cli, sheet));
    return cli_print_json(cli, document, err);
}

static enum status word_read(struct cli *cli, const char *option, int (*named)(const char *),
                             int any, int *number, struct error *err)
{
    const char *word = cli_value(cli, option);
    *number = word ? named(word) : any;
    if (*number < 0)
        return error_set(err, ST_USAGE, "--%s: found %s; atrium message summary shows the words",
                         option, text_quote(cli->arena, word, strlen(word)));
    return ST_OK;
}

static enum status list(struct cli *cli, struct reader *reader, const struct access *access,
                        struct error *err)
{
    const struct campaign *campaign;
    struct sheet *sheet;
    uint32_t *people = NULL;
    size_t n = 0;
    int64_t limit;
    int contact, state, reason;
    enum status status = cli_integer(cli, "limit", 0, MOST, 10, &limit, err);
    if (status == ST_OK)
        status = word_read(cli, "contact", contact_named, CONTACT_COUNT, &contact, err);
    if (status == ST_OK)
        status = word_read(cli, "state", message_state_named, MESSAGE_STATES, &state, err);
    if (status == ST_OK)
        status = word_read(cli, "reason", suppression_named, SUPPRESSIONS, &reason, err);
    if (status == ST_OK)
        status = access_require(access, RIGHT_PEOPLE_SEE, "list people", err);
    if (status == ST_OK)
        status = campaign_get(cli, reader, cli->args[1], &campaign, err);
    if (status == ST_OK)
        status =
            message_people(reader, cli->arena, campaign->id, (enum contact)contact,
                           (enum message_state)state, (enum suppression)reason, &people, &n, err);
    if (status == ST_OK)
        status = small_group_check(access, (int64_t)n, err);
    if (status != ST_OK)
        return status;
    struct member_list found = {.n = limit && n > (size_t)limit ? (size_t)limit : n,
                                .people = people};
    status =
        member_list_rows(NULL, reader, access, &found, 0, found.n, false, cli->arena, &sheet, err);
    if (status != ST_OK)
        return status;
    sheet->total = (int64_t)n;
    sheet->truncated = n > found.n;
    if (!cli->json)
        return cli_print_sheet(cli, "people", sheet, err);
    json_t *document = json_object();
    json_object_set_new(document, "count", json_integer((json_int_t)n));
    json_object_set_new(document, "people", cli_sheet_json(cli, sheet));
    return cli_print_json(cli, document, err);
}

/* How a text counts as an SMS. */
static enum status measure(struct cli *cli, struct reader *reader, const struct access *access,
                           struct error *err)
{
    struct campaign campaign = campaign_empty();
    struct sms_count count;
    const char *problem;
    (void)reader;
    (void)access;
    campaign.message = cli->args[1];
    const char *text = template_example(cli->arena, &campaign, &count, &problem);
    if (!text)
        return error_set(err, ST_REFUSED, "message: %s", problem);
    if (cli->json)
        return cli_print_json(cli,
                              json_pack("{s:s s:s s:i s:i s:i}", "example", text, "alphabet",
                                        count.ucs2 ? "UCS-2" : "GSM 7-bit", "units", count.units,
                                        "parts", count.parts, "left", count.left),
                              err);
    cli_say(cli, "%s", text);
    cli_say(cli, "%d SMS (%s%s%s, %d units, %d left)", count.parts,
            count.ucs2 ? "UCS-2 for " : "GSM 7-bit", count.ucs2 ? count.why : "", "", count.units,
            count.left);
    return ST_OK;
}

static enum status run(struct cli *cli, struct error *err)
{
    static const struct {
        const char *name;
        int least, most;
        enum status (*run)(struct cli *, struct reader *, const struct access *, struct error *);
    } verbs[] = {{"summary", 1, 2, summary}, {"list", 2, 2, list}, {"measure", 2, 2, measure}};
    struct reader *reader;
    struct access access;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = access_lookup(reader, cli->principal, &access, err);
    if (status == ST_OK)
        status = access_require(&access, RIGHT_QUESTIONS, "look at messages", err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(cli->args[0], verbs[i].name) == 0 && cli->n_args >= verbs[i].least &&
            cli->n_args <= verbs[i].most)
            return verbs[i].run(cli, reader, &access, err);
    return error_set(err, ST_USAGE,
                     "atrium message: expected summary [CAMPAIGN], list CAMPAIGN or measure TEXT");
}

const struct cli_command cli_message = {
    .name = "message",
    .arguments = "summary [CAMPAIGN] | list CAMPAIGN | measure TEXT",
    .summary = "messages of campaigns: sent, on their way, suppressed and why",
    .help = "summary counts people by contact, state and reason; list shows whom a count means, "
            "with --contact, --state and --reason. measure fills a template with examples and "
            "counts it as SMS.",
    .options = options,
    .least_args = 1,
    .most_args = 2,
    .run = run,
};
