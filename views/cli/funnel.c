/* atrium funnel: how far people come along steps. */
#include "views/cli/funnel.h"
#include "model/loop/funnel_small.h"

#include "model/access/access.h"
#include "model/base/text.h"
#include "model/store/operation.h"
#include "views/cli/commands.h"
#include "views/cli/period.h"

#include <string.h>

static const struct cli_option options[] = {
    {"step", "EXPR", CLI_REPEATED, "a step: an expression over events; in order"},
    {"saved", "NAME", 0,
     "in place of steps: a saved funnel; loop and wheel are there, with strict_once"},
    {"window", "D", 0, "how long the whole way may take, such as 30d"},
    {"dialect", "NAME", 0, "whose rules: clickhouse (default), posthog, mixpanel"},
    {"mode", "M,…", 0,
     "clickhouse: strict_order, strict_deduplication, strict_increase, strict_once; or none"},
    {"order", "ORDER", 0, "posthog: ordered (default), strict, unordered"},
    {"exclude", "EXPR:FROM-TO", CLI_REPEATED,
     "posthog, mixpanel: who does this between two steps (from 0) is removed"},
    {"from", "TIME", 0, "start of the period of entry (default: the first event)"},
    {"to", "TIME", 0, "its end, not included (default: after the last event)"},
    {"period", "PERIOD", 0, "a named period, as in atrium loop"},
    {"segment", "S", 0,
     "only these people: a segment, a label, or an expression such as tier>=gold"},
    {"by", "FIELD", 0,
     "groups: shop, category, channel, zone, campaign, coupon, month of entry; tier, gender, age, "
     "income, "
     "community, car, house, label, segment of the person"},
    {"hold", "FIELD", 0,
     "all steps share the first one's shop, category, zone, channel, campaign or coupon"},
    {"measure", "M", 0, "people (default), totals: every turn, or amount: the turns' money"},
    {"times", NULL, 0, "also how long the steps took, as distributions"},
    {"compare", "WITH", 0,
     "beside it: previous, year, a period FROM..TO, segment:S (as --segment), or rest (those not "
     "in --segment)"},
    {"list", "N|all", 0, "also the people whose deepest step is N, or everyone's"},
    {"why", "MEMBER", 0, "one person's events against the steps: what counted, what did not, why"},
    {"save", "NAME", 0, "keep this funnel under a name, in place of one of that name"},
    {"threads", "N", 0, "threads to use (default: all there are)"},
    {0},
};

/* ---- Reading the options ---- */

static enum status name_option(struct cli *cli, const char *option, const char *const *names, int n,
                               int *value, struct error *err)
{
    const char *text = cli_value(cli, option);
    if (!text)
        return ST_OK;
    return funnel_name_parse(cli->arena, arena_printf(cli->arena, "--%s", option), text, names, n,
                             value, err);
}

static enum status modes_option(struct cli *cli, unsigned *modes, struct error *err)
{
    const char *text = cli_value(cli, "mode");
    if (!text || funnel_modes_parse(cli->arena, text, modes, err) == ST_OK)
        return ST_OK;
    return error_wrap(err, "--mode");
}

static enum status exclusions_option(struct cli *cli, struct funnel_query *query, struct error *err)
{
    size_t n = 0;
    while (cli_value_at(cli, "exclude", n))
        n++;
    if (!n)
        return ST_OK;
    struct funnel_exclusion *exclusions = arena_array(cli->arena, struct funnel_exclusion, n);
    for (size_t i = 0; i < n; i++)
        if (funnel_exclusion_parse(cli->arena, cli_value_at(cli, "exclude", i), &exclusions[i],
                                   err) != ST_OK)
            return error_wrap(err, "--exclude");
    query->exclusions = exclusions;
    query->n_exclusions = n;
    return ST_OK;
}

static enum status saved_option(struct cli *cli, const char *name, struct funnel_plan *plan,
                                struct error *err)
{
    struct funnel_kept kept;
    enum status status = funnel_kept_find(cli->reader, cli->arena, name, &kept, err);
    if (status != ST_OK) {
        error_wrap(err, "--saved");
        return status == ST_REFUSED
                   ? error_set(err, ST_USAGE, "%s", arena_strdup(cli->arena, error_text(err)))
                   : status;
    }
    if (funnel_plan_parse(cli->arena, kept.text, plan, err) != ST_OK)
        return error_wrap(err, "the saved funnel %s", text_quote(cli->arena, name, strlen(name)));
    return ST_OK;
}

static enum status steps_option(struct cli *cli, struct funnel_plan *plan, struct error *err)
{
    const char *saved = cli_value(cli, "saved");
    size_t n = 0;
    while (cli_value_at(cli, "step", n))
        n++;
    if (!n == !saved)
        return error_set(err, ST_USAGE, "expected --step EXPR once or more, or --saved NAME");
    if (saved)
        return saved_option(cli, saved, plan, err);
    if (!cli_value(cli, "window"))
        return error_set(err, ST_USAGE, "--window: expected a duration such as 30d");
    const char **steps = arena_array(cli->arena, const char *, n);
    for (size_t i = 0; i < n; i++)
        steps[i] = cli_value_at(cli, "step", i);
    plan->query.steps = steps;
    plan->query.n_steps = n;
    return ST_OK;
}

/* What the rules leave behind when another dialect is asked for than the saved one. */
static void dialect_set(struct cli *cli, struct funnel_query *query, enum funnel_dialect dialect)
{
    if (cli_value(cli, "dialect") && dialect != query->dialect) {
        query->modes = 0;
        query->order = ORDER_ORDERED;
    }
    query->dialect = dialect;
}

static enum status names_read(struct cli *cli, struct funnel_query *query, struct error *err)
{
    int dialect = (int)query->dialect, order, by, hold, measure = (int)query->measure;
    enum status status = name_option(cli, "dialect", funnel_dialects, DIALECT_COUNT, &dialect, err);
    dialect_set(cli, query, (enum funnel_dialect)dialect);
    order = (int)query->order;
    by = (int)query->by;
    hold = (int)query->hold;
    if (status == ST_OK)
        status = name_option(cli, "order", funnel_orders, ORDER_COUNT, &order, err);
    if (status == ST_OK)
        status = name_option(cli, "by", funnel_by_names, FUNNEL_BY_COUNT, &by, err);
    if (status == ST_OK)
        status = name_option(cli, "hold", funnel_holds, FUNNEL_HOLD_COUNT, &hold, err);
    if (status == ST_OK)
        status = name_option(cli, "measure", funnel_measures, FUNNEL_MEASURE_COUNT, &measure, err);
    query->order = (enum funnel_order)order;
    query->by = (enum funnel_by)by;
    query->hold = (enum funnel_hold)hold;
    query->measure = (enum funnel_measure)measure;
    return status;
}

static enum status plan_read(struct cli *cli, struct funnel_plan *plan, struct error *err)
{
    struct funnel_query *query = &plan->query;
    int64_t threads;
    enum status status = steps_option(cli, plan, err);
    if (status == ST_OK)
        status = cli_duration(cli, "window", query->window, &query->window, err);
    if (status == ST_OK)
        status = names_read(cli, query, err);
    if (status == ST_OK)
        status = modes_option(cli, &query->modes, err);
    if (status == ST_OK)
        status = exclusions_option(cli, query, err);
    if (status == ST_OK)
        status = cli_integer(cli, "threads", 1, 16, 0, &threads, err);
    if (status != ST_OK)
        return status;
    if (cli_value(cli, "segment"))
        plan->within = cli_value(cli, "segment");
    query->threads = (int)threads;
    query->times = cli_switch(cli, "times");
    return ST_OK;
}

/* -1: no list, 0: everyone's, else a step. */
static enum status list_option(struct cli *cli, const struct funnel_query *query, int *list,
                               struct error *err)
{
    const char *text = cli_value(cli, "list");
    int64_t level = text && strcmp(text, "all") == 0 ? 0 : -1;
    if (text && level < 0 &&
        (!text_to_int64(text, strlen(text), &level) || level < 1 ||
         level > (int64_t)query->n_steps))
        return error_set(err, ST_USAGE, "--list: found %s, expected a step from 1 to %zu, or all",
                         text_quote(cli->arena, text, strlen(text)), query->n_steps);
    *list = (int)level;
    return ST_OK;
}

/* ---- Comparing ---- */

/* The other period, or the other people; "rest" is resolved when both are known. */
static enum status compare_option(struct cli *cli, struct funnel_run *run, struct error *err)
{
    static const char segment[] = "segment:";
    const char *with = cli_value(cli, "compare");
    const struct clock *clock = &cli->mall->clock;
    int64_t as_of, present;
    run->with = with;
    run->other_period = run->period;
    run->other_within = run->plan.within;
    if (!with)
        return ST_OK;
    enum status status = reader_present(cli->reader, &as_of, &present, err);
    if (status != ST_OK)
        return status;
    if (strcmp(with, "previous") == 0 || strcmp(with, "year") == 0) {
        run->other_period =
            period_compare(clock, &run->period, *with == 'p' ? COMPARE_BEFORE : COMPARE_YEAR);
        return ST_OK;
    }
    if (strncmp(with, segment, strlen(segment)) == 0 && with[strlen(segment)]) {
        run->other_within = with + strlen(segment);
        return ST_OK;
    }
    if (strcmp(with, "rest") == 0) {
        if (!run->plan.within)
            return error_set(err, ST_USAGE, "--compare rest: the rest of whom? --segment says it");
        return ST_OK;
    }
    if (strstr(with, "..") && period_parse(clock, present, with, &run->other_period, err) == ST_OK)
        return ST_OK;
    return error_set(err, ST_USAGE,
                     "--compare: found %s, expected previous, year, a period such as "
                     "2017-10-01..2017-10-07, segment:S, or rest",
                     text_quote(cli->arena, with, strlen(with)));
}

static enum status other_run(struct cli *cli, const struct access *access, struct funnel_run *run,
                             struct error *err)
{
    struct funnel_plan plan = run->plan;
    plan.within = run->other_within;
    plan.query.by = FUNNEL_BY_NONE;
    plan.query.times = false;
    plan.query.from = run->other_period.from;
    plan.query.to = run->other_period.to;
    enum status status = funnel_plan_bind(cli->reader, cli->arena, access, &plan, err);
    if (status != ST_OK)
        return status;
    if (strcmp(run->with, "rest") == 0) {
        struct set *rest = set_new(cli->arena, run->plan.query.within->n);
        set_flip(rest, 0, rest->n);
        set_minus(rest, run->plan.query.within);
        plan.query.within = rest;
    }
    return funnel_run(cli->reader, cli->arena, &plan.query, &run->other, err);
}

/* ---- Asking ---- */

static enum status ask(struct cli *cli, const struct access *access, struct funnel_run *run,
                       struct error *err)
{
    enum status status = funnel_plan_bind(cli->reader, cli->arena, access, &run->plan, err);
    if (status == ST_OK)
        status = funnel_run(cli->reader, cli->arena, &run->plan.query, &run->funnel, err);
    if (status == ST_OK && run->with)
        status = other_run(cli, access, run, err);
    if (status == ST_OK) {
        funnel_hide_small(cli->arena, access, &run->funnel);
        funnel_hide_small(cli->arena, access, &run->other);
        if (run->with)
            funnel_compare(&run->funnel, &run->other, run->plan.query.measure, &run->changes);
    }
    return status;
}

static enum status run_ask(struct cli *cli, struct funnel_run *run, struct error *err)
{
    struct access access;
    enum status status = access_lookup(cli->reader, cli->principal, &access, err);
    if (status == ST_OK)
        status = cli_period(cli, &run->period, err);
    run->plan.query.from = run->period.from;
    run->plan.query.to = run->period.to;
    if (status == ST_OK)
        status = list_option(cli, &run->plan.query, &run->list, err);
    if (status == ST_OK)
        status = compare_option(cli, run, err);
    if (status == ST_OK)
        status = reader_begin(cli->reader, err);
    if (status != ST_OK)
        return status;
    if (cli_value(cli, "why")) {
        status = funnel_plan_bind(cli->reader, cli->arena, &access, &run->plan, err);
        if (status == ST_OK)
            status = funnel_why_print(cli, &run->plan, cli_value(cli, "why"), err);
        reader_end(cli->reader);
        return status;
    }
    status = ask(cli, &access, run, err);
    reader_end(cli->reader);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < run->funnel.n_notes; i++)
        fprintf(stderr, "atrium: %s\n", run->funnel.notes[i]);
    return cli->json ? funnel_print_json(cli, run, err) : funnel_print_tables(cli, run, err);
}

/* ---- Saved ones ---- */

static enum status kept_change(struct cli *cli, enum operation_verb verb, const char *name,
                               const char *text, struct error *err)
{
    struct writer *writer;
    struct access access;
    struct operation_result result;
    enum status status = access_lookup(cli->reader, cli->principal, &access, err);
    if (status == ST_OK)
        status = cli_writer(cli, &writer, err);
    if (status != ST_OK)
        return status;
    json_t *set = text ? json_pack("{s:s, s:s}", "definition", text, "author", cli->principal)
                       : json_object();
    struct operation op = {.actor = cli->principal,
                           .rights = access.rights,
                           .entity = "funnel",
                           .target = name,
                           .verb = verb,
                           .base_version = -1,
                           .set = set};
    status = operation_apply(writer, &op, &result, err);
    json_decref(set);
    return status;
}

static enum status save(struct cli *cli, const char *name, const struct funnel_plan *plan,
                        struct error *err)
{
    const struct funnel_kept *all;
    size_t n;
    enum operation_verb verb = OPERATION_CREATE;
    const char *text = funnel_plan_text(cli->arena, plan);
    struct funnel_plan again;
    enum status status = funnels_kept(cli->reader, cli->arena, &all, &n, err);
    if (status != ST_OK)
        return status;
    if (funnel_plan_parse(cli->arena, text, &again, err) != ST_OK)
        return error_wrap(err, "--save");
    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i].name, name) != 0)
            continue;
        if (all[i].built_in)
            return error_set(err, ST_USAGE,
                             "--save: '%s' is there in every mall; another name "
                             "would do",
                             all[i].name);
        verb = OPERATION_SET;
    }
    return kept_change(cli, verb, name, text, err);
}

static enum status kept_list(struct cli *cli, const char *only, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"name", NULL, CELL_TEXT}, {"definition", NULL, CELL_TEXT}, {"author", NULL, CELL_TEXT}};
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    const struct funnel_kept *all;
    struct funnel_kept one;
    size_t n = 1;
    enum status status = only ? funnel_kept_find(cli->reader, cli->arena, only, &one, err)
                              : funnels_kept(cli->reader, cli->arena, &all, &n, err);
    all = only ? &one : all;
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(all[i].name);
        cells[1] = cell_text(all[i].text);
        cells[2] = cell_text(all[i].author);
    }
    return status == ST_OK ? cli_print_sheet(cli, "funnels", sheet, err) : status;
}

static enum status kept_delete(struct cli *cli, const char *name, struct error *err)
{
    struct funnel_kept kept;
    enum status status = funnel_kept_find(cli->reader, cli->arena, name, &kept, err);
    if (status == ST_OK && kept.built_in)
        return error_set(err, ST_USAGE, "'%s' is there in every mall and stays", kept.name);
    if (status == ST_OK)
        status = kept_change(cli, OPERATION_DELETE, name, NULL, err);
    if (status == ST_OK && cli->json)
        return cli_print_json(cli, json_pack("{s:s}", "deleted", name), err);
    return status;
}

static enum status verb_run(struct cli *cli, struct error *err)
{
    const char *verb = cli->args[0];
    if (strcmp(verb, "list") == 0 && cli->n_args == 1)
        return kept_list(cli, NULL, err);
    if (strcmp(verb, "show") == 0 && cli->n_args == 2)
        return kept_list(cli, cli->args[1], err);
    if (strcmp(verb, "delete") == 0 && cli->n_args == 2)
        return kept_delete(cli, cli->args[1], err);
    return error_set(err, ST_USAGE,
                     "funnel: found %s, expected list, show NAME, delete NAME, or options that "
                     "ask a funnel",
                     text_quote(cli->arena, verb, strlen(verb)));
}

static enum status run(struct cli *cli, struct error *err)
{
    struct funnel_run run = {.list = -1};
    struct reader *reader;
    enum status status = cli_reader(cli, &reader, err);
    if (status != ST_OK)
        return status;
    if (cli->n_args)
        return verb_run(cli, err);
    status = plan_read(cli, &run.plan, err);
    if (status == ST_OK)
        status = run_ask(cli, &run, err);
    if (status == ST_OK && cli_value(cli, "save"))
        status = save(cli, cli_value(cli, "save"), &run.plan, err);
    return status;
}

const struct cli_command cli_funnel = {
    .name = "funnel",
    .arguments = "[list|show|delete [NAME]]",
    .summary = "how far people come along a row of steps within a window of time",
    .help = "Steps are expressions over events, such as 'kind=purchase and amount>=300'; a bare "
            "word is a kind. A person enters with a first step in the period; what follows may "
            "lie after it, within the window. Three houses answer the same question differently, "
            "and the answer says whose rules it follows: clickhouse lets a later first step begin "
            "a new chain and one event serve several steps; posthog stops at the first "
            "conversion; mixpanel knows the first entry only.\n\n"
            "Funnels are kept under a name with --save and asked again with --saved; list, show "
            "NAME and delete NAME do what they say.",
    .options = options,
    .most_args = 2,
    .run = run,
    .rights = RIGHT_QUESTIONS,
};
