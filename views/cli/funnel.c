/* atrium funnel: how far people come along steps. */
#include "model/loop/funnel.h"
#include "model/base/text.h"
#include "views/cli/commands.h"
#include "views/cli/people_list.h"
#include "views/cli/period.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"step", "EXPR", CLI_REPEATED, "a step: an expression over events; in order"},
    {"saved", "NAME", 0, "in place of steps: a saved funnel (loop, wheel), with strict_once"},
    {"window", "D", 0, "how long the whole way may take, such as 30d"},
    {"dialect", "NAME", 0, "whose rules: clickhouse (default), posthog, mixpanel"},
    {"mode", "M,…", 0,
     "clickhouse: strict_order, strict_deduplication, strict_increase, strict_once"},
    {"order", "ORDER", 0, "posthog: ordered (default), strict, unordered"},
    {"exclude", "EXPR:FROM-TO", CLI_REPEATED,
     "posthog, mixpanel: who does this between two steps (from 0) is removed"},
    {"from", "TIME", 0, "start of the period of entry (default: the first event)"},
    {"to", "TIME", 0, "its end, not included (default: after the last event)"},
    {"period", "PERIOD", 0, "a named period, as in atrium loop"},
    {"by", "FIELD", 0, "groups: shop, category, channel, zone, month of entry, tier"},
    {"list", "N|all", 0, "also the people whose deepest step is N, or everyone's"},
    {"threads", "N", 0, "threads to use (default: all there are)"},
    {0},
};

/* ---- Reading the options ---- */

static enum status name_option(struct cli *cli, const char *option, const char *const *names, int n,
                               int *value, struct error *err)
{
    const char *text = cli_value(cli, option);
    char *expected = arena_strdup(cli->arena, "");
    *value = 0;
    for (int i = 0; i < n; i++) {
        if (!names[i])
            continue;
        if (text && strcmp(text, names[i]) == 0)
            *value = i;
        expected = arena_printf(cli->arena, "%s%s%s", expected, *expected ? ", " : "", names[i]);
    }
    if (!text || (names[*value] && strcmp(text, names[*value]) == 0))
        return ST_OK;
    return error_set(err, ST_USAGE, "--%s: found %s, expected one of %s", option,
                     text_quote(cli->arena, text, strlen(text)), expected);
}

static enum status modes_option(struct cli *cli, unsigned *modes, struct error *err)
{
    const char *text = cli_value(cli, "mode");
    *modes = 0;
    for (size_t n; text && *text; text += n + (text[n] == ',')) {
        unsigned mode = 0;
        n = strcspn(text, ",");
        for (size_t i = 0; i < n_funnel_modes; i++)
            if (strlen(funnel_modes[i].name) == n && memcmp(funnel_modes[i].name, text, n) == 0)
                mode = funnel_modes[i].mode;
        if (!mode)
            return error_set(err, ST_USAGE,
                             "--mode: found %s, expected strict_order, strict_deduplication, "
                             "strict_increase or strict_once",
                             text_quote(cli->arena, text, n));
        *modes |= mode;
    }
    return ST_OK;
}

/* "EXPR:FROM-TO": the last colon parts them. */
static enum status exclusion_read(struct cli *cli, const char *text, struct funnel_exclusion *x,
                                  struct error *err)
{
    const char *colon = strrchr(text, ':'), *dash = colon ? strchr(colon, '-') : NULL;
    int64_t from, to;
    if (!dash || !text_to_int64(colon + 1, (size_t)(dash - colon - 1), &from) ||
        !text_to_int64(dash + 1, strlen(dash + 1), &to) || from < 0 || from > FUNNEL_STEPS ||
        to < 0 || to > FUNNEL_STEPS)
        return error_set(err, ST_USAGE,
                         "--exclude: found %s, expected EXPR:FROM-TO with two steps counted from "
                         "0, such as kind=refund:0-1",
                         text_quote(cli->arena, text, strlen(text)));
    x->expr = arena_strndup(cli->arena, text, (size_t)(colon - text));
    x->from = (int)from;
    x->to = (int)to;
    return ST_OK;
}

static enum status exclusions_option(struct cli *cli, struct funnel_query *query, struct error *err)
{
    size_t n = 0;
    while (cli_value_at(cli, "exclude", n))
        n++;
    struct funnel_exclusion *exclusions = arena_array(cli->arena, struct funnel_exclusion, n + 1);
    for (size_t i = 0; i < n; i++)
        if (exclusion_read(cli, cli_value_at(cli, "exclude", i), &exclusions[i], err) != ST_OK)
            return ST_USAGE;
    query->exclusions = exclusions;
    query->n_exclusions = n;
    return ST_OK;
}

static enum status steps_option(struct cli *cli, struct funnel_query *query, struct error *err)
{
    const char *saved = cli_value(cli, "saved");
    size_t n = 0;
    while (cli_value_at(cli, "step", n))
        n++;
    if (!n == !saved)
        return error_set(err, ST_USAGE, "expected --step EXPR once or more, or --saved NAME");
    const char **steps = arena_array(cli->arena, const char *, n + 8);
    for (size_t i = 0; i < n; i++)
        steps[i] = cli_value_at(cli, "step", i);
    for (size_t i = 0; saved && i < n_saved_funnels; i++)
        if (strcmp(saved_funnels[i].id, saved) == 0) {
            n = saved_funnels[i].n_steps;
            for (size_t k = 0; k < n; k++)
                steps[k] = saved_funnels[i].steps[k].expr;
            query->window = saved_funnels[i].window;
        }
    if (!n)
        return error_set(err, ST_USAGE, "--saved: found %s, expected loop or wheel",
                         text_quote(cli->arena, saved, strlen(saved)));
    query->steps = steps;
    query->n_steps = n;
    return ST_OK;
}

static enum status query_read(struct cli *cli, struct funnel_query *query, struct error *err)
{
    struct period period;
    int64_t threads;
    int dialect, order, by;
    enum status status = steps_option(cli, query, err);
    if (status == ST_OK && !cli_value(cli, "window") && !cli_value(cli, "saved"))
        return error_set(err, ST_USAGE, "--window: expected a duration such as 30d");
    if (status == ST_OK)
        status = cli_duration(cli, "window", query->window, &query->window, err);
    if (status == ST_OK)
        status = name_option(cli, "dialect", funnel_dialects, DIALECT_COUNT, &dialect, err);
    if (status == ST_OK)
        status = modes_option(cli, &query->modes, err);
    if (status == ST_OK)
        status = name_option(cli, "order", funnel_orders, ORDER_COUNT, &order, err);
    if (status == ST_OK)
        status = name_option(cli, "by", funnel_by_names, FUNNEL_BY_COUNT, &by, err);
    if (status == ST_OK)
        status = exclusions_option(cli, query, err);
    if (status == ST_OK)
        status = cli_integer(cli, "threads", 1, 16, 0, &threads, err);
    if (status == ST_OK)
        status = cli_period(cli, &period, err);
    if (status != ST_OK)
        return status;
    query->dialect = (enum funnel_dialect)dialect;
    query->order = (enum funnel_order)order;
    query->by = (enum funnel_by)by;
    if (cli_value(cli, "saved") && !cli_value(cli, "mode") && dialect == DIALECT_CLICKHOUSE)
        query->modes = MODE_STRICT_ONCE;
    query->threads = (int)threads;
    query->from = period.from;
    query->to = period.to;
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

/* ---- JSON ---- */

static json_t *steps_json(const struct funnel_query *query, const struct funnel_step *steps)
{
    json_t *array = json_array();
    for (size_t i = 0; i < query->n_steps; i++) {
        json_t *step = json_object();
        json_object_set_new(step, "n", json_integer((json_int_t)i + 1));
        json_object_set_new(step, "label", json_string(query->steps[i]));
        json_object_set_new(step, "count", json_integer(steps[i].count));
        json_object_set_new(step, "mean_s",
                            steps[i].timed ? json_real(steps[i].mean_s) : json_null());
        json_object_set_new(step, "median_s",
                            steps[i].timed ? json_real(steps[i].median_s) : json_null());
        json_array_append_new(array, step);
    }
    return array;
}

static json_t *modes_json(const struct funnel_query *query)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n_funnel_modes; i++)
        if (query->modes & funnel_modes[i].mode)
            json_array_append_new(array, json_string(funnel_modes[i].name));
    return array;
}

static enum status people_json(struct cli *cli, const struct funnel *funnel, int list,
                               json_t *document, struct error *err)
{
    struct access access;
    size_t n;
    enum status status = cli_people_access(cli, &access, err);
    if (status != ST_OK)
        return status;
    int most = list ? list : FUNNEL_STEPS;
    const uint32_t *people = funnel_people(cli->arena, funnel, list, most, &n);
    json_t *array = json_array();
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        const char *subject;
        json_t *person = json_object();
        status = cli_subject(cli, &access, people[i], &subject, err);
        json_object_set_new(person, "subject", json_string(subject));
        json_object_set_new(person, "level", json_integer(funnel->levels[people[i]]));
        json_array_append_new(array, person);
    }
    json_object_set_new(document, "people", array);
    return status;
}

static enum status print_json(struct cli *cli, const struct funnel_query *query,
                              const struct funnel *funnel, int list, struct error *err)
{
    json_t *document = json_object();
    json_object_set_new(document, "dialect", json_string(funnel_dialects[query->dialect]));
    json_object_set_new(document, "modes", modes_json(query));
    json_object_set_new(document, "order", json_string(funnel_orders[query->order]));
    json_object_set_new(document, "window_s", json_integer(query->window));
    json_object_set_new(document, "subjects", json_integer(funnel->subjects));
    json_object_set_new(document, "excluded", json_integer(funnel->excluded));
    json_object_set_new(document, "steps", steps_json(query, funnel->steps));
    if (query->by != FUNNEL_BY_NONE) {
        json_t *groups = json_array();
        for (size_t i = 0; i < funnel->n_groups; i++) {
            json_t *group = json_object();
            json_object_set_new(group, funnel_by_names[query->by],
                                json_string(funnel->groups[i].name));
            json_object_set_new(group, "steps", steps_json(query, funnel->groups[i].steps));
            json_array_append_new(groups, group);
        }
        json_object_set_new(document, "groups", groups);
    }
    enum status status = list >= 0 ? people_json(cli, funnel, list, document, err) : ST_OK;
    if (status != ST_OK) {
        json_decref(document);
        return status;
    }
    return cli_print_json(cli, document, err);
}

/* ---- Tables ---- */

static struct sheet *steps_sheet(struct cli *cli, const struct funnel_query *query,
                                 const struct funnel_step *steps)
{
    static const struct sheet_column columns[] = {{"n", "step", CELL_COUNT},
                                                  {"label", NULL, CELL_TEXT},
                                                  {"count", "people", CELL_COUNT},
                                                  {"of_before", "of before", CELL_SHARE},
                                                  {"whole", "whole way", CELL_SHARE},
                                                  {"mean_s", "mean", CELL_DURATION},
                                                  {"median_s", "median", CELL_DURATION}};
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < query->n_steps; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_integer((int64_t)i + 1);
        cells[1] = cell_text(query->steps[i]);
        cells[2] = cell_integer(steps[i].count);
        if (i)
            cells[3] = cell_share((double)steps[i].count, (double)steps[i - 1].count);
        cells[4] = cell_share((double)steps[i].count, (double)steps[0].count);
        if (steps[i].timed) {
            cells[5] = cell_integer((int64_t)(steps[i].mean_s + 0.5));
            cells[6] = cell_integer((int64_t)(steps[i].median_s + 0.5));
        }
    }
    return sheet;
}

static struct sheet *groups_sheet(struct cli *cli, const struct funnel_query *query,
                                  const struct funnel *funnel)
{
    size_t n = query->n_steps;
    struct sheet_column *columns = arena_array(cli->arena, struct sheet_column, n + 2);
    columns[0] = (struct sheet_column){funnel_by_names[query->by], NULL, CELL_TEXT};
    for (size_t i = 0; i < n; i++)
        columns[i + 1] = (struct sheet_column){arena_printf(cli->arena, "step_%zu", i + 1),
                                               arena_printf(cli->arena, "%zu", i + 1), CELL_COUNT};
    columns[n + 1] = (struct sheet_column){"whole", "whole way", CELL_SHARE};
    struct sheet *sheet = sheet_new(cli->arena, columns, n + 2);
    for (size_t g = 0; g < funnel->n_groups; g++) {
        const struct funnel_step *steps = funnel->groups[g].steps;
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(funnel->groups[g].name);
        for (size_t i = 0; i < n; i++)
            cells[i + 1] = cell_integer(steps[i].count);
        cells[n + 1] = cell_share((double)steps[n - 1].count, (double)steps[0].count);
    }
    return sheet;
}

static enum status people_print(struct cli *cli, const struct funnel *funnel, int list,
                                struct error *err)
{
    static const struct sheet_column columns[] = {{"subject", NULL, CELL_TEXT},
                                                  {"level", NULL, CELL_COUNT}};
    struct sheet *sheet = sheet_new(cli->arena, columns, 2);
    struct access access;
    size_t n;
    enum status status = cli_people_access(cli, &access, err);
    const uint32_t *people =
        funnel_people(cli->arena, funnel, list, list ? list : FUNNEL_STEPS, &n);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        const char *subject;
        status = cli_subject(cli, &access, people[i], &subject, err);
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(subject);
        cells[1] = cell_integer(funnel->levels[people[i]]);
    }
    return status == ST_OK ? cli_print_sheet(cli, "people", sheet, err) : status;
}

/* " · strict_once", or "". */
static const char *modes_text(struct cli *cli, const struct funnel_query *query)
{
    const char *text = "";
    for (size_t i = 0; i < n_funnel_modes; i++)
        if (query->modes & funnel_modes[i].mode)
            text = arena_printf(cli->arena, "%s · %s", text, funnel_modes[i].name);
    return text;
}

static enum status print_tables(struct cli *cli, const struct funnel_query *query,
                                const struct funnel *funnel, int list, struct error *err)
{
    enum status status = ST_OK;
    if (cli->csv && list >= 0)
        return people_print(cli, funnel, list, err);
    if (!cli->csv)
        cli_say(cli, "%s%s%s%s · window %s · %s people with an event of a step",
                funnel_dialects[query->dialect], query->order ? " · " : "",
                query->order ? funnel_orders[query->order] : "", modes_text(cli, query),
                text_duration(cli->arena, query->window), text_count(cli->arena, funnel->subjects));
    if (!cli->csv && funnel->excluded)
        cli_say(cli, "%s people removed by an exclusion", text_count(cli->arena, funnel->excluded));
    if (!cli->csv || query->by == FUNNEL_BY_NONE)
        status = cli_print_sheet(cli, "steps", steps_sheet(cli, query, funnel->steps), err);
    if (status == ST_OK && query->by != FUNNEL_BY_NONE)
        status = cli_print_sheet(cli, "groups", groups_sheet(cli, query, funnel), err);
    return status == ST_OK && list >= 0 ? people_print(cli, funnel, list, err) : status;
}

static enum status run(struct cli *cli, struct error *err)
{
    struct funnel_query query = {0};
    struct funnel funnel;
    struct reader *reader;
    int list = -1;

    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = query_read(cli, &query, err);
    if (status == ST_OK)
        status = list_option(cli, &query, &list, err);
    if (status == ST_OK)
        status = funnel_run(reader, cli->arena, &query, &funnel, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < funnel.n_notes; i++)
        fprintf(stderr, "atrium: %s\n", funnel.notes[i]);
    return cli->json ? print_json(cli, &query, &funnel, list, err)
                     : print_tables(cli, &query, &funnel, list, err);
}

const struct cli_command cli_funnel = {
    .name = "funnel",
    .arguments = "",
    .summary = "how far people come along a row of steps within a window of time",
    .help = "Steps are expressions over events, such as 'kind=purchase and amount>=300'; a bare "
            "word is a kind. A person enters with a first step in the period; what follows may "
            "lie after it, within the window. Three houses answer the same question differently, "
            "and the answer says whose rules it follows: clickhouse lets a later first step begin "
            "a new chain and one event serve several steps; posthog stops at the first "
            "conversion; mixpanel knows the first entry only.",
    .options = options,
    .run = run,
};
