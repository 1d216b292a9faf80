/* atrium points earn by rules, rules, rule, terms. */
#include "views/cli/points_verbs.h"

#include "model/base/text.h"
#include "model/campaign/points_award.h"

#include <string.h>

/* ---- earn ---- */

static void award_progress(void *context, int64_t done, int64_t total)
{
    cli_progress(context, "people", done, total);
}

static enum status award(struct points_call *call, struct error *err)
{
    struct cli *cli = call->cli;
    struct points_awards a;
    int64_t since;
    enum status status = cli_time(cli, "since", INT64_MIN, &since, err);
    if (status == ST_OK)
        status = points_award_run(call->writer, &call->access, since, award_progress, cli, &a, err);
    cli_progress(cli, "people", -1, 0);
    if (status != ST_OK)
        return status;
    static const struct sheet_column columns[] = {
        {.name = "purchases", .type = CELL_COUNT},
        {.name = "points", .type = CELL_COUNT},
        {.name = "gifts", .type = CELL_COUNT},
        {.name = "gift_points", .title = "points of gifts", .type = CELL_COUNT},
        {.name = "refunds", .type = CELL_COUNT},
        {.name = "taken", .title = "taken back", .type = CELL_COUNT},
        {.name = "unmatched_refunds", .title = "other refunds", .type = CELL_COUNT}};
    enum { N = sizeof columns / sizeof *columns };
    const int64_t values[N] = {a.purchases, a.points, a.gifts, a.gift_points,
                               a.refunds,   a.taken,  a.unsaid};
    struct sheet *sheet = sheet_new(cli->arena, columns, N);
    struct cell *cells = sheet_row_add(sheet);
    json_t *document = json_object();
    for (size_t i = 0; i < N; i++) {
        cells[i] = cell_integer(values[i]);
        json_object_set_new(document, columns[i].name, json_integer(values[i]));
    }
    if (cli->json)
        return cli_print_json(cli, document, err);
    json_decref(document);
    return cli_print_sheet(cli, "earned", sheet, err);
}

enum status points_earn_verb(struct points_call *call, struct error *err)
{
    const char *text = cli_value(call->cli, "amount");
    struct points_entry entry = {.act = POINTS_EARN, .ref = cli_value(call->cli, "ref")};
    struct points_posted posted;
    int64_t amount;
    if (call->cli->n_args == 1)
        return award(call, err);
    if (!text)
        return error_set(err, ST_USAGE,
                         "points earn MEMBER: expected a number of points, or the "
                         "receipt's --amount for the rules to say");
    if (!text_to_fen(text, strlen(text), &amount) || amount < 0)
        return error_set(err, ST_USAGE, "--amount: found %s, expected money such as 128.50",
                         text_quote(call->cli->arena, text, strlen(text)));
    enum status status = points_person(call, 1, &entry.person, err);
    if (status == ST_OK)
        status = points_at(call, time_now(), &entry.time, err);
    if (status == ST_OK)
        status = points_named(call, "tenant", DICT_TENANT, &entry.tenant, err);
    if (status == ST_OK)
        status = points_named(call, "channel", DICT_CHANNEL, &entry.channel, err);
    if (status == ST_OK)
        status = points_for_amount(call->reader, call->cli->arena, entry.person, entry.tenant,
                                   entry.time, amount, &entry.points, &entry.campaign, err);
    if (status == ST_OK)
        status = points_post(call->writer, &call->access, &entry, &posted, err);
    return status == ST_OK ? points_posted_print(call, &posted, err) : status;
}

/* ---- Rules and terms ---- */

enum status points_rules_verb(struct points_call *call, struct error *err)
{
    struct cli *cli = call->cli;
    struct sheet *rules = points_rules_sheet(call->reader, cli->arena, err);
    struct sheet *terms = rules ? points_terms_sheet(call->reader, cli->arena, err) : NULL;
    if (!rules || !terms)
        return err ? err->status : ST_UNUSABLE;
    if (cli->json)
        return cli_print_json(cli,
                              json_pack("{s:o, s:o}", "rules", cli_sheet_json(cli, rules), "terms",
                                        cli_sheet_json(cli, terms)),
                              err);
    enum status status = cli_print_sheet(cli, "rules", rules, err);
    return status == ST_OK && !cli->csv ? cli_print_sheet(cli, "terms", terms, err) : status;
}

/* "name=value" arguments of `rule` and `terms` as an operation's fields. */
static enum status fields_read(struct points_call *call, int from, json_t *set, struct error *err)
{
    for (int i = from; i < call->cli->n_args; i++) {
        const char *word = call->cli->args[i], *equals = strchr(word, '=');
        if (!equals || equals == word)
            return error_set(err, ST_USAGE, "found %s, expected FIELD=VALUE",
                             text_quote(call->cli->arena, word, strlen(word)));
        char *name = arena_strndup(call->cli->arena, word, (size_t)(equals - word));
        json_object_set_new(set, name, json_string_nocheck(equals + 1));
    }
    return ST_OK;
}

/* Sets what is named, makes it where it is not there, or removes it with --remove. */
static enum status entity_change(struct points_call *call, const char *entity, const char *table,
                                 const char *key, struct error *err)
{
    struct cli *cli = call->cli;
    const char *target = cli->args[1];
    struct operation op = {.actor = call->access.principal,
                           .rights = call->access.rights,
                           .entity = entity,
                           .target = target,
                           .base_version = -1,
                           .set = json_object(),
                           .reason = cli_value(cli, "reason")};
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(
        call->reader, arena_printf(cli->arena, "select 1 from %s where %s = ?1", table, key), &stmt,
        err);
    if (status == ST_OK) {
        sqlite3_bind_text(stmt, 1, target, -1, SQLITE_STATIC);
        status = reader_step(call->reader, stmt, &row, err);
        sqlite3_reset(stmt);
    }
    op.verb = cli_switch(cli, "remove") ? OPERATION_DELETE : row ? OPERATION_SET : OPERATION_CREATE;
    if (status == ST_OK && op.verb != OPERATION_DELETE)
        status = fields_read(call, 2, op.set, err);
    if (status == ST_OK)
        status = operation_apply(call->writer, &op, NULL, err);
    json_decref(op.set);
    return status == ST_OK ? points_rules_verb(call, err) : status;
}

enum status points_rule_verb(struct points_call *call, struct error *err)
{
    return entity_change(call, "points_rule", "points_rule", "name", err);
}

enum status points_terms_verb(struct points_call *call, struct error *err)
{
    return entity_change(call, "points_terms", "points_terms", "since", err);
}
