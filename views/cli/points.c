/* atrium points: the ledger of points, of a person and of the mall. */
#include "views/cli/points_verbs.h"

#include "model/base/text.h"
#include "model/people/member_page.h"
#include "views/cli/commands.h"
#include "views/cli/verb.h"

#include <inttypes.h>
#include <string.h>

static const struct cli_option options[] = {
    {"at", "TIME", 0, "when it happened (default now); show, balance: as it stood then"},
    {"ref", "REF", 0, "a reference of your own: the same again changes nothing"},
    {"reason", "TEXT", 0, "adjust, reverse: why; kept in the audit"},
    {"of", "REF", 0, "reverse: the reference of the entry that is taken back"},
    {"what", "earn|burn", 0, "reverse: which, where both have the reference"},
    {"tenant", "T", 0, "earn, burn, reserve: the shop"},
    {"channel", "NAME", 0, "earn, burn: the channel"},
    {"campaign", "CODE", 0, "burn, reserve: the campaign it is for"},
    {"for", "DURATION", 0, "reserve: how long (default 15m)"},
    {"amount", "MONEY", 0, "earn: of the receipt; the rules say how many points that is"},
    {"since", "TIME", 0, "earn: receipts from here on (default: the setting points_since)"},
    {"remove", NULL, 0, "rule, terms: take it away"},
    {"preview", NULL, 0, "expire: only say what would"},
    {0},
};

/* ---- What verbs share ---- */

enum status points_person(struct points_call *call, int at, uint32_t *person, struct error *err)
{
    return member_resolve(call->reader, &call->access, call->cli->args[at], person, err);
}

enum status points_number_at(struct points_call *call, int at, int64_t *number, struct error *err)
{
    const char *text = call->cli->args[at];
    if (text_to_int64(text, strlen(text), number))
        return ST_OK;
    return error_set(err, ST_USAGE, "found %s, expected a whole number of points",
                     text_quote(call->cli->arena, text, strlen(text)));
}

enum status points_at(struct points_call *call, int64_t fallback, int64_t *at, struct error *err)
{
    return cli_time(call->cli, "at", fallback, at, err);
}

enum status points_named(struct points_call *call, const char *option, enum dict dict, uint32_t *id,
                         struct error *err)
{
    const char *name = cli_value(call->cli, option);
    *id = 0;
    if (!name)
        return ST_OK;
    enum status status = reader_begin(call->reader, err);
    if (status != ST_OK)
        return status;
    *id = dict_id(call->reader, dict, name, strlen(name));
    reader_end(call->reader);
    if (*id)
        return ST_OK;
    return error_set(err, ST_REFUSED, "--%s: there is no %s in this mall", option,
                     text_quote(call->cli->arena, name, strlen(name)));
}

enum status points_posted_print(struct points_call *call, const struct points_posted *posted,
                                struct error *err)
{
    struct cli *cli = call->cli;
    const struct points_sums *sums = &posted->sums;
    if (cli->json)
        return cli_print_json(cli,
                              json_pack("{s:I, s:s, s:b, s:I, s:I, s:I, s:I, s:o}", "balance",
                                        (json_int_t)sums->balance, "ref", posted->ref, "repeated",
                                        posted->repeated, "points", (json_int_t)posted->points,
                                        "held", (json_int_t)sums->held, "owed",
                                        (json_int_t)sums->owed, "due", (json_int_t)sums->due,
                                        "value", points_money_json(cli, posted->value)),
                              err);
    cli_say(cli, "%s%s: %s points, balance %s", posted->repeated ? "already posted as " : "",
            *posted->ref ? posted->ref : "nothing to do", text_count(cli->arena, posted->points),
            text_count(cli->arena, sums->balance));
    if (posted->value)
        cli_say(cli, "worth %s", text_money(cli->arena, posted->value));
    if (sums->held)
        cli_say(cli, "reserved %s", text_count(cli->arena, sums->held));
    if (sums->owed)
        cli_say(cli, "owed %s", text_count(cli->arena, sums->owed));
    return ST_OK;
}

/* ---- show ---- */

static enum status show(struct points_call *call, struct error *err)
{
    struct cli *cli = call->cli;
    struct points_page page;
    uint32_t person;
    int64_t at;
    enum status status = points_person(call, 1, &person, err);
    if (status == ST_OK)
        status = points_at(call, INT64_MAX, &at, err);
    if (status == ST_OK)
        status = points_page(call->reader, &call->access, person, at, cli->arena, &page, err);
    if (status != ST_OK)
        return status;
    if (cli->csv)
        return cli_print_sheet(cli, "entries", page.entries, err);
    if (cli->json)
        return cli_print_json(
            cli,
            json_pack("{s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "balance",
                      (json_int_t)page.sums.balance, "held", (json_int_t)page.sums.held, "owed",
                      (json_int_t)page.sums.owed, "due", (json_int_t)page.sums.due, "lots",
                      cli_sheet_json(cli, page.lots), "holds", cli_sheet_json(cli, page.holds),
                      "entries", cli_sheet_json(cli, page.entries)),
            err);
    cli_say(cli, "balance %s", text_count(cli->arena, page.sums.balance));
    if (page.lots->n_rows)
        status = cli_print_sheet(cli, "lots", page.lots, err);
    if (status == ST_OK && page.holds->n_rows)
        status = cli_print_sheet(cli, "holds", page.holds, err);
    return status == ST_OK ? cli_print_sheet(cli, "entries", page.entries, err) : status;
}

/* ---- Posting ---- */

static enum status post(struct points_call *call, enum points_act act, int64_t points,
                        struct error *err)
{
    struct points_entry entry = {.act = act,
                                 .points = points,
                                 .ref = cli_value(call->cli, "ref"),
                                 .of = cli_value(call->cli, "of"),
                                 .what = POINTS_EARN,
                                 .reason = cli_value(call->cli, "reason")};
    struct points_posted posted;
    const char *what = cli_value(call->cli, "what");
    if (what && strcmp(what, "burn") != 0 && strcmp(what, "earn") != 0)
        return error_set(err, ST_USAGE, "--what: expected earn or burn");
    entry.what = what && strcmp(what, "burn") == 0 ? POINTS_BURN : POINTS_EARN;
    enum status status = points_person(call, 1, &entry.person, err);
    if (status == ST_OK)
        status = points_at(call, 0, &entry.time, err);
    if (status == ST_OK)
        status = points_named(call, "tenant", DICT_TENANT, &entry.tenant, err);
    if (status == ST_OK)
        status = points_named(call, "channel", DICT_CHANNEL, &entry.channel, err);
    if (status == ST_OK)
        status = points_named(call, "campaign", DICT_CAMPAIGN, &entry.campaign, err);
    if (status == ST_OK)
        status = points_post(call->writer, &call->access, &entry, &posted, err);
    return status == ST_OK ? points_posted_print(call, &posted, err) : status;
}

static enum status post_number(struct points_call *call, enum points_act act, struct error *err)
{
    int64_t points;
    enum status status = points_number_at(call, 2, &points, err);
    return status == ST_OK ? post(call, act, points, err) : status;
}

static enum status earn(struct points_call *call, struct error *err)
{
    return call->cli->n_args == 3 ? post_number(call, POINTS_EARN, err)
                                  : points_earn_verb(call, err);
}

static enum status burn(struct points_call *call, struct error *err)
{
    return post_number(call, POINTS_BURN, err);
}

static enum status adjust(struct points_call *call, struct error *err)
{
    return post_number(call, POINTS_ADJUST, err);
}

static enum status expire(struct points_call *call, struct error *err)
{
    return call->cli->n_args == 3 ? post_number(call, POINTS_EXPIRE, err)
                                  : points_expire_verb(call, err);
}

static enum status reverse(struct points_call *call, struct error *err)
{
    if (!cli_value(call->cli, "of"))
        return error_set(err, ST_USAGE, "points reverse: --of REF is needed");
    return call->cli->n_args == 3 ? post_number(call, POINTS_REVERSE, err)
                                  : post(call, POINTS_REVERSE, 0, err);
}

/* ---- Reserving ---- */

static enum status reserve(struct points_call *call, struct error *err)
{
    struct points_hold hold = {.ref = cli_value(call->cli, "ref")};
    struct points_posted posted;
    int64_t seconds;
    enum status status = points_person(call, 1, &hold.person, err);
    if (status == ST_OK)
        status = points_number_at(call, 2, &hold.points, err);
    if (status == ST_OK)
        status = points_at(call, 0, &hold.time, err);
    if (status == ST_OK)
        status = cli_duration(call->cli, "for", 0, &seconds, err);
    if (status == ST_OK)
        status = points_named(call, "tenant", DICT_TENANT, &hold.tenant, err);
    if (status == ST_OK)
        status = points_named(call, "campaign", DICT_CAMPAIGN, &hold.campaign, err);
    if (status == ST_OK && seconds)
        hold.expires = (hold.time ? hold.time : time_now()) + seconds;
    if (status == ST_OK)
        status = points_reserve(call->writer, &call->access, &hold, &posted, err);
    return status == ST_OK ? points_posted_print(call, &posted, err) : status;
}

static enum status settle(struct points_call *call, struct error *err)
{
    struct points_posted posted;
    int64_t points = 0, at;
    enum status status = points_at(call, 0, &at, err);
    if (status == ST_OK && call->cli->n_args == 3)
        status = points_number_at(call, 2, &points, err);
    if (status == ST_OK)
        status = points_settle(call->writer, &call->access, call->cli->args[1], points, at, &posted,
                               err);
    return status == ST_OK ? points_posted_print(call, &posted, err) : status;
}

static enum status release(struct points_call *call, struct error *err)
{
    struct points_posted posted;
    enum status status =
        points_release(call->writer, &call->access, call->cli->args[1], &posted, err);
    return status == ST_OK ? points_posted_print(call, &posted, err) : status;
}

/* ---- The verbs ---- */

static const struct {
    const char *name;
    int least, most; /* arguments, the verb among them */
    bool writes;
    enum status (*run)(struct points_call *, struct error *);
} verbs[] = {
    {"show", 2, 2, false, show},
    {"balance", 1, 2, false, points_balance_verb},
    {"survey", 1, 1, false, points_survey_verb},
    {"rules", 1, 1, false, points_rules_verb},
    {"rule", 2, 12, true, points_rule_verb},
    {"terms", 2, 3, true, points_terms_verb},
    {"earn", 1, 3, true, earn},
    {"burn", 3, 3, true, burn},
    {"adjust", 3, 3, true, adjust},
    {"reverse", 2, 3, true, reverse},
    {"expire", 1, 3, true, expire},
    {"reserve", 3, 3, true, reserve},
    {"settle", 2, 3, true, settle},
    {"release", 2, 2, true, release},
};

static enum status run(struct cli *cli, struct error *err)
{
    enum { N = sizeof verbs / sizeof *verbs };
    struct points_call call = {.cli = cli};
    const char *names[N];
    for (size_t i = 0; i < N; i++) {
        int words = cli->n_args;
        names[i] = verbs[i].name;
        if (strcmp(verbs[i].name, cli->args[0]) != 0 || words < verbs[i].least ||
            words > verbs[i].most)
            continue;
        enum status status = cli_reader(cli, &call.reader, err);
        if (status == ST_OK)
            status = access_lookup(call.reader, cli->principal, &call.access, err);
        if (status == ST_OK && verbs[i].writes)
            status = cli_writer(cli, &call.writer, err);
        return status == ST_OK ? verbs[i].run(&call, err) : status;
    }
    return cli_verb_refuse(cli, names, N, err);
}

const struct cli_command cli_points = {
    .name = "points",
    .arguments = "balance [MEMBER] | show MEMBER | earn [MEMBER [N]] | burn MEMBER N |"
                 " adjust MEMBER N | reverse MEMBER [N] | expire [MEMBER [N]] |"
                 " reserve MEMBER N | settle REF [N] | release REF | survey | rules |"
                 " rule NAME [FIELD=VALUE …] | terms DAY [months=N]",
    .summary = "the ledger of points: balances, lots, entries, expiry, rules",
    .help =
        "balance is earned less burned, expired and reversed, with adjustments: of a member, or of "
        "the whole mall with what it will cost. show prints a member's lots in the order they will "
        "be burned, and every entry with the lots it took from. earn, burn and adjust post an "
        "entry; --ref makes that repeatable, and a reference that stands for something else is a "
        "conflict. Too few points: exit status 5. With --campaign points are burned for money, "
        "where and when that campaign says. reverse takes back what was earned, or gives "
        "back what was burned, by the reference of that entry (--of); what was spent meanwhile is "
        "owed and taken from what comes next. reserve keeps points from everything else until "
        "settle burns them, release frees them, or their time is over. earn with --amount lets the "
        "rules say how many points a receipt is; without a member it gives points for all receipts "
        "that came without. expire, without a member, goes through everybody: what is past its "
        "time expires. survey says what will expire in which month, and what campaigns burned. "
        "rules lists how points are earned and how long they live; rule sets one by its fields "
        "shops, tier, per_yuan (points for 100 yuan), factor (hundredths), weekdays, from_day, "
        "to_day and priority; terms 2024-01-01 months=12 makes points earned from that day on good "
        "to the end of the twelfth month after.",
    .options = options,
    .least_args = 1,
    .most_args = 12,
    .run = run,
};
