/* atrium coupon: issuing, claiming, redeeming and voiding codes, and what became of them. */
#include "model/campaign/coupon.h"
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/campaign/coupon_list.h"
#include "model/event/event.h"
#include "model/people/member_page.h"
#include "model/people/shop.h"
#include "views/cli/among.h"
#include "views/cli/commands.h"
#include "views/cli/verb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_LIMIT = 50, MOST = 100000000, LIST_BYTES = 256 << 20 };

static const struct cli_option options[] = {
    {"campaign", "ID", 0, "issue, import, list, disputes: of this campaign"},
    {"member", "MEMBER", 0, "issue, claim, list: a card, a phone, \"#number\""},
    {"segment", "EXPR", 0, "issue: one to everybody whom an expression means; needs --ref"},
    {"ref", "REF", 0, "issue: the same REF gives the same coupon; redeem: of the receipt"},
    {"tenant", "SHOP", 0, "redeem, check: the shop"},
    {"amount", "AMOUNT", 0, "redeem, check: what the receipt comes to"},
    {"at", "TIME", 0, "issue, claim, redeem, check, expire: the moment (default: now)"},
    {"reason", "TEXT", 0, "void: why, for the audit"},
    {"what", "WORD", 0, "list: all, claimed, redeemed, expired, void or open ones (default all)"},
    {"limit", "N", 0, "list: at most so many (default 50; 0: all)"},
    {0},
};

/* ---- What they name ---- */

struct request {
    struct cli *cli;
    struct reader *reader;
    struct access access;
};

static enum status campaign_given(struct request *r, bool needed, const struct campaign **campaign,
                                  struct error *err)
{
    const char *code = cli_value(r->cli, "campaign");
    *campaign = NULL;
    if (!code)
        return needed ? error_set(err, ST_USAGE, "--campaign: expected the code of a campaign")
                      : ST_OK;
    enum status status = campaign_find(r->reader, r->cli->arena, code, campaign, err);
    if (status == ST_OK && !*campaign)
        status = error_set(err, ST_REFUSED,
                           "there is no campaign %s; atrium campaign list shows "
                           "them",
                           text_quote(r->cli->arena, code, strlen(code)));
    return status;
}

static enum status member_given(struct request *r, uint32_t *person, struct error *err)
{
    const char *text = cli_value(r->cli, "member");
    *person = 0;
    return text ? member_resolve(r->reader, &r->access, text, person, err) : ST_OK;
}

static enum status use_given(struct request *r, struct coupon_use *use, struct error *err)
{
    const char *tenant = cli_value(r->cli, "tenant"), *amount = cli_value(r->cli, "amount");
    *use = (struct coupon_use){.code = r->cli->args[1], .ref = cli_value(r->cli, "ref")};
    if (!tenant || !amount)
        return error_set(err, ST_USAGE, "--tenant and --amount say where and on what receipt");
    if (!text_to_fen(amount, strlen(amount), &use->amount) || use->amount < 0)
        return error_set(err, ST_USAGE, "--amount: found %s, expected an amount like 520 or 520.50",
                         text_quote(r->cli->arena, amount, strlen(amount)));
    enum status status = shop_resolve(r->reader, tenant, &use->tenant, err);
    return status == ST_OK ? cli_time(r->cli, "at", 0, &use->time, err) : status;
}

/* ---- What they print ---- */

static json_t *time_json(struct request *r, int64_t time)
{
    return time ? json_string(time_rfc3339(r->cli->arena, r->cli->mall->zone, time)) : json_null();
}

static json_t *money_json(int64_t fen)
{
    return json_real((double)fen / 100);
}

/* The code as it is kept, so that scripts can compare it. */
static json_t *coupon_json(struct request *r, const struct coupon *c, bool repeated)
{
    bool may = access_may(&r->access, RIGHT_CAMPAIGN_EDIT);
    json_t *o = json_object();
    json_object_set_new(o, "code",
                        json_string(may ? c->code : coupon_code_mask(r->cli->arena, c->code)));
    json_object_set_new(o, "state", json_string(coupon_state_names[c->state]));
    json_object_set_new(o, "value", money_json(c->value));
    json_object_set_new(o, "minimum", money_json(c->minimum));
    json_object_set_new(o, "issued", time_json(r, c->issued));
    json_object_set_new(o, "expires", time_json(r, c->expires));
    json_object_set_new(o, "claimed", time_json(r, c->claimed));
    json_object_set_new(o, "used", time_json(r, c->used));
    json_object_set_new(o, "amount", money_json(c->amount));
    json_object_set_new(o, "given", money_json(c->given));
    json_object_set_new(o, "repeated", json_boolean(repeated));
    return o;
}

static enum status done_print(struct request *r, const struct coupon *c, bool repeated,
                              struct error *err)
{
    struct arena *arena = r->cli->arena;
    if (r->cli->json)
        return cli_print_json(r->cli, coupon_json(r, c, repeated), err);
    cli_say(r->cli, "%s  %s  %s%s%s%s", coupon_code_shown(arena, &r->access, c->code),
            coupon_state_names[c->state],
            text_money(arena, c->state == COUPON_REDEEMED ? c->given : c->value),
            c->expires && c->state != COUPON_REDEEMED ? "  until " : "",
            c->expires && c->state != COUPON_REDEEMED
                ? time_local(arena, r->cli->mall->zone, c->expires)
                : "",
            repeated ? "  (as before)" : "");
    return ST_OK;
}

/* A refusal is a document as well, so that scripts get the reason. */
static enum status refusal_print(struct request *r, const struct coupon *c, const char *reason,
                                 enum status status)
{
    if (!r->cli->json || !reason)
        return status;
    json_t *o = *c->code ? coupon_json(r, c, false) : json_object();
    json_object_set_new(o, "reason", json_string(reason));
    cli_print_json(r->cli, o, NULL);
    return status;
}

/* ---- Changing ---- */

static enum status issue_many(struct request *r, struct writer *writer,
                              const struct campaign *campaign, struct error *err)
{
    const uint32_t *people;
    size_t n;
    int64_t done, repeated, held;
    const char *ref = cli_value(r->cli, "ref");
    if (!ref)
        return error_set(err, ST_USAGE,
                         "--segment needs --ref, so that what was cut short can be "
                         "done again without giving anybody two");
    enum status status = cli_among(r->cli, r->reader, &r->access, &people, &n, err);
    if (status != ST_OK)
        return status;
    status = coupon_issue_people(writer, &r->access, campaign, people, n, ref, &done, &repeated,
                                 &held, err);
    if (status != ST_OK && status != ST_CONFLICT)
        return status;
    if (r->cli->json)
        cli_print_json(r->cli,
                       json_pack("{s:I s:I s:I s:I}", "people", (json_int_t)n, "issued",
                                 (json_int_t)done, "repeated", (json_int_t)repeated, "held_out",
                                 (json_int_t)held),
                       NULL);
    else
        cli_say(r->cli, "%lld of %zu issued, %lld had theirs, %lld are held out", (long long)done,
                n, (long long)repeated, (long long)held);
    return status;
}

static enum status issue(struct request *r, struct writer *writer, struct error *err)
{
    const struct campaign *campaign;
    struct coupon coupon;
    bool repeated;
    struct coupon_issue order = {.ref = cli_value(r->cli, "ref")};
    enum status status = campaign_given(r, true, &campaign, err);
    if (status == ST_OK && cli_value(r->cli, "segment"))
        return issue_many(r, writer, campaign, err);
    if (status == ST_OK)
        status = member_given(r, &order.person, err);
    if (status == ST_OK)
        status = cli_time(r->cli, "at", 0, &order.time, err);
    order.campaign = campaign;
    if (status == ST_OK)
        status = coupon_issue(writer, &r->access, &order, &coupon, &repeated, err);
    return status == ST_OK ? done_print(r, &coupon, repeated, err) : status;
}

static enum status claim(struct request *r, struct writer *writer, struct error *err)
{
    struct coupon coupon = {0};
    const char *reason = NULL;
    uint32_t person;
    int64_t at;
    bool repeated;
    enum status status = member_given(r, &person, err);
    if (status == ST_OK)
        status = cli_time(r->cli, "at", 0, &at, err);
    if (status == ST_OK)
        status = coupon_claim(writer, &r->access, r->cli->args[1], person, at, &coupon, &reason,
                              &repeated, err);
    return status == ST_OK ? done_print(r, &coupon, repeated, err)
                           : refusal_print(r, &coupon, reason, status);
}

static enum status redeem(struct request *r, struct writer *writer, struct error *err)
{
    struct coupon_use use;
    struct coupon coupon = {0};
    const char *reason = NULL;
    bool repeated;
    enum status status = use_given(r, &use, err);
    if (status == ST_OK)
        status = coupon_redeem(writer, &r->access, &use, &coupon, &reason, &repeated, err);
    return status == ST_OK ? done_print(r, &coupon, repeated, err)
                           : refusal_print(r, &coupon, reason, status);
}

static enum status make_void(struct request *r, struct writer *writer, struct error *err)
{
    struct coupon coupon = {0};
    const char *reason = NULL;
    bool repeated;
    if (!cli_value(r->cli, "reason"))
        return error_set(err, ST_USAGE, "--reason: expected why the coupon is made void");
    enum status status = coupon_void(writer, &r->access, r->cli->args[1],
                                     cli_value(r->cli, "reason"), &coupon, &reason, &repeated, err);
    return status == ST_OK ? done_print(r, &coupon, repeated, err)
                           : refusal_print(r, &coupon, reason, status);
}

static enum status expire(struct request *r, struct writer *writer, struct error *err)
{
    int64_t at, n;
    enum status status = access_require(&r->access, RIGHT_CAMPAIGN_EDIT, "run coupons out", err);
    if (status == ST_OK)
        status = cli_time(r->cli, "at", time_now(), &at, err);
    if (status == ST_OK)
        status = coupon_expire(writer, at, &n, err);
    if (status != ST_OK)
        return status;
    if (r->cli->json)
        return cli_print_json(r->cli, json_pack("{s:I}", "expired", (json_int_t)n), err);
    cli_say(r->cli, "%lld ran out", (long long)n);
    return ST_OK;
}

static enum status settle(struct request *r, struct writer *writer, struct error *err)
{
    struct coupon_settled s;
    enum status status = access_require(&r->access, RIGHT_CAMPAIGN_EDIT, "settle redemptions", err);
    if (status == ST_OK)
        status = coupon_settle(r->reader, writer, &s, err);
    if (status != ST_OK)
        return status;
    if (r->cli->json)
        return cli_print_json(r->cli,
                              json_pack("{s:I s:I s:I s:I s:I}", "events", (json_int_t)s.events,
                                        "redeemed", (json_int_t)s.redeemed, "known",
                                        (json_int_t)s.known, "disputes", (json_int_t)s.disputes,
                                        "strangers", (json_int_t)s.strangers),
                              err);
    cli_say(r->cli,
            "%lld redemptions looked at: %lld redeemed, %lld known before, %lld disputed, %lld of "
            "codes of others",
            (long long)s.events, (long long)s.redeemed, (long long)s.known, (long long)s.disputes,
            (long long)s.strangers);
    return ST_OK;
}

/* ---- Lists of codes ---- */

static enum status file_bytes(struct cli *cli, const char *path, char **bytes, size_t *size,
                              struct error *err)
{
    bool standard = strcmp(path, "-") == 0;
    const char *name = text_quote(cli->arena, path, strlen(path));
    FILE *file = standard ? stdin : fopen(path, "rb");
    size_t room = 1 << 16, n = 0, got;
    *bytes = NULL;
    if (!file)
        return error_set(err, ST_REFUSED, "%s cannot be read: %s", name, strerror(errno));
    char *at = mem_alloc(room);
    while ((got = fread(at + n, 1, room - n, file)) > 0 && n + got <= LIST_BYTES) {
        n += got;
        if (n == room)
            at = mem_resize(at, room *= 2, 1);
    }
    bool bad = ferror(file) != 0, all = got == 0;
    if (!standard)
        fclose(file);
    if (bad || !all) {
        free(at);
        return error_set(err, ST_REFUSED, bad ? "%s cannot be read" : "%s is too large for a list",
                         name);
    }
    *bytes = at;
    *size = n;
    return ST_OK;
}

static void imported_print(struct request *r, const struct coupon_imported *im)
{
    if (!r->cli->json) {
        for (size_t i = 0; i < im->n_faults; i++)
            fprintf(stderr, "line %lld: %s\n", (long long)im->faults[i].line,
                    im->faults[i].message);
        if (!im->wrong)
            cli_say(r->cli, "%lld codes: %lld new, %lld there before", (long long)im->lines,
                    (long long)im->added, (long long)im->repeated);
        return;
    }
    json_t *errors = json_array();
    for (size_t i = 0; i < im->n_faults; i++)
        json_array_append_new(errors, json_pack("{s:I s:s}", "line", (json_int_t)im->faults[i].line,
                                                "message", im->faults[i].message));
    json_t *o = json_pack("{s:I s:I s:I s:I s:o}", "rows", (json_int_t)im->lines, "imported",
                          (json_int_t)im->added, "duplicates", (json_int_t)im->repeated, "refused",
                          (json_int_t)im->wrong, "errors", errors);
    cli_print_json(r->cli, o, NULL);
}

static enum status import(struct request *r, struct writer *writer, struct error *err)
{
    const struct campaign *campaign;
    struct coupon_imported imported = {0};
    char *bytes = NULL;
    size_t size = 0;
    enum status status = campaign_given(r, true, &campaign, err);
    if (status == ST_OK)
        status = file_bytes(r->cli, r->cli->args[1], &bytes, &size, err);
    if (status != ST_OK)
        return status;
    status = coupon_import(writer, &r->access, r->cli->arena, campaign, bytes, size,
                           r->cli->args[1], &imported, err);
    if (status == ST_OK || imported.n_faults)
        imported_print(r, &imported);
    free(bytes);
    return status;
}

/* ---- Looking ---- */

static enum status check(struct request *r, struct writer *writer, struct error *err)
{
    struct coupon_use use;
    struct coupon coupon = {0};
    const char *reason = NULL;
    (void)writer;
    enum status status = use_given(r, &use, err);
    if (status == ST_OK)
        status = coupon_check(r->reader, &r->access, &use, &coupon, &reason, err);
    if (status != ST_OK)
        return status;
    if (r->cli->json) {
        json_t *o = *coupon.code ? coupon_json(r, &coupon, false) : json_object();
        json_object_set_new(o, "reason", reason ? json_string(reason) : json_null());
        return cli_print_json(r->cli, o, err);
    }
    cli_say(r->cli, "%s", reason ? coupon_reason_text(reason) : "it can be redeemed");
    return ST_OK;
}

/* What the mall knows about one, people as the asker may see them. */
static enum status show(struct request *r, struct writer *writer, struct error *err)
{
    struct coupon coupon;
    const char *reason = NULL, *card = NULL;
    const struct campaign *campaign;
    (void)writer;
    enum status status = access_require(&r->access, RIGHT_CAMPAIGN_EDIT, "look up coupons", err);
    if (status == ST_OK)
        status = coupon_find(r->reader, r->cli->args[1], &coupon, &reason, err);
    if (status != ST_OK)
        return refusal_print(r, &(struct coupon){0}, reason, status);
    status = campaign_by_id(r->reader, r->cli->arena, coupon.campaign, &campaign, err);
    if (status == ST_OK)
        status = coupon_card(r->reader, &r->access, r->cli->arena, coupon.person, &card, err);
    if (status != ST_OK)
        return status;
    const char *shop = dict_name(r->reader, DICT_TENANT, coupon.tenant);
    const char *code = campaign ? campaign->code : "";
    if (!r->cli->json) {
        status = done_print(r, &coupon, false, err);
        cli_say(r->cli, "campaign %s%s%s%s%s", code, card ? ", of " : "", card ? card : "",
                *shop ? ", at " : "", shop);
        return status;
    }
    json_t *o = coupon_json(r, &coupon, false);
    json_object_set_new(o, "campaign", json_string(code));
    json_object_set_new(o, "member", card ? json_string(card) : json_null());
    json_object_set_new(o, "tenant", *shop ? json_string(shop) : json_null());
    json_object_set_new(o, "own", json_boolean(coupon.own));
    return cli_print_json(r->cli, o, err);
}

static enum status list_campaigns(struct request *r, struct error *err)
{
    const struct coupon_sums *sums;
    struct coupon_sums all;
    size_t n;
    enum status status =
        coupon_sums_read(r->reader, &r->access, r->cli->arena, &sums, &n, &all, err);
    if (status != ST_OK)
        return status;
    struct sheet *sheet = sheet_new(r->cli->arena, coupon_sums_columns, COUPONS_COLUMNS);
    for (size_t i = 0; i < n; i++)
        coupon_sums_cells(&r->access, &sums[i], sheet_row_add(sheet));
    return cli_print_sheet(r->cli, "campaigns", sheet, err);
}

static enum status what_given(struct request *r, enum coupon_what *what, struct error *err)
{
    const char *word = cli_value(r->cli, "what");
    *what = COUPONS_ALL;
    for (int i = 0; word && i < COUPONS_WHATS; i++)
        if (strcmp(coupon_whats[i], word) == 0) {
            *what = (enum coupon_what)i;
            return ST_OK;
        }
    if (!word)
        return ST_OK;
    return error_set(err, ST_USAGE,
                     "--what: found %s, expected all, claimed, redeemed, expired, void or open",
                     text_quote(r->cli->arena, word, strlen(word)));
}

static enum status list(struct request *r, struct writer *writer, struct error *err)
{
    const struct campaign *campaign;
    struct coupon_query query = {0};
    struct sheet *sheet;
    (void)writer;
    if (!cli_value(r->cli, "campaign") && !cli_value(r->cli, "member"))
        return list_campaigns(r, err);
    enum status status = campaign_given(r, false, &campaign, err);
    if (status == ST_OK)
        status = member_given(r, &query.person, err);
    if (status == ST_OK)
        status = what_given(r, &query.what, err);
    if (status == ST_OK)
        status = cli_integer(r->cli, "limit", 0, MOST, LIST_LIMIT, &query.limit, err);
    query.campaign = status == ST_OK && campaign ? campaign->id : 0;
    if (status == ST_OK)
        status = coupon_list(r->reader, &r->access, &query, r->cli->arena, &sheet, NULL, err);
    return status == ST_OK ? cli_print_sheet(r->cli, "coupons", sheet, err) : status;
}

static enum status disputes(struct request *r, struct writer *writer, struct error *err)
{
    const struct campaign *campaign;
    struct sheet *sheet;
    (void)writer;
    enum status status = campaign_given(r, false, &campaign, err);
    if (status == ST_OK)
        status = coupon_disputes(r->reader, &r->access, campaign ? campaign->id : 0, r->cli->arena,
                                 &sheet, err);
    return status == ST_OK ? cli_print_sheet(r->cli, "disputes", sheet, err) : status;
}

static enum status run(struct cli *cli, struct error *err)
{
    static const struct {
        const char *name;
        int args;
        bool writes;
        enum status (*run)(struct request *, struct writer *, struct error *);
    } verbs[] = {
        {"issue", 1, true, issue},    {"claim", 2, true, claim},        {"redeem", 2, true, redeem},
        {"void", 2, true, make_void}, {"check", 2, false, check},       {"show", 2, false, show},
        {"list", 1, false, list},     {"import", 2, true, import},      {"expire", 1, true, expire},
        {"settle", 1, true, settle},  {"disputes", 1, false, disputes},
    };
    enum { N = sizeof verbs / sizeof *verbs };
    struct request r = {.cli = cli};
    struct writer *writer = NULL;
    const char *names[N];
    for (size_t i = 0; i < N; i++) {
        names[i] = verbs[i].name;
        if (strcmp(cli->args[0], verbs[i].name) != 0 || cli->n_args != verbs[i].args)
            continue;
        enum status status = cli_reader(cli, &r.reader, err);
        if (status == ST_OK)
            status = access_lookup(r.reader, cli->principal, &r.access, err);
        if (status == ST_OK && verbs[i].writes)
            status = cli_writer(cli, &writer, err);
        return status == ST_OK ? verbs[i].run(&r, writer, err) : status;
    }
    return cli_verb_refuse(cli, names, N, err);
}

const struct cli_command cli_coupon = {
    .name = "coupon",
    .arguments = "issue | claim CODE | redeem CODE | void CODE | check CODE | show CODE | list | "
                 "import FILE | expire | settle | disputes",
    .summary = "coupons: issue, claim, redeem and void codes, and see what became of them",
    .help =
        "issue gives a coupon of a running campaign to a member, to everybody of a segment, or to "
        "whoever bears it; with the same --ref it gives the same one. redeem takes it off a "
        "receipt: unknown and mistyped codes are refused (3), and one that was used, ran out, is "
        "void, or is not for this shop, day or amount gives a conflict (5) and its reason; with "
        "the same --ref it is redeemed once. check says what redeem would. Codes may be typed with "
        "small letters, spaces and dashes. import reads a list of codes of others, a line each: "
        "all of them or none. list shows campaigns, and with --campaign or --member coupons. "
        "expire marks what ran out. settle looks at redemptions that tills reported (events "
        "coupon_redeem whose reference is a code, or a code, / and the receipt's): those that "
        "cannot hold, such as a second one, are listed by disputes. doc/coupons.md says more.",
    .options = options,
    .least_args = 1,
    .most_args = 2,
    .run = run,
};
