/* atrium affinity: which shops, brands and categories go together. */
#include "model/insight/affinity.h"

#include "model/base/text.h"
#include "model/store/operation.h"
#include "views/cli/among.h"
#include "views/cli/commands.h"
#include "views/cli/people_list.h"
#include "views/cli/period.h"

#include <math.h>
#include <string.h>

static const struct cli_option options[] = {
    {"of", "shop|brand|category|item|item-brand|item-category", 0,
     "what goes together (default category)"},
    {"by", "person|visit|basket", 0, "in what (default person)"},
    {"from", "TIME", 0, "start of the period (default: the first event)"},
    {"to", "TIME", 0, "end of the period, not included (default: after the last event)"},
    {"period", "PERIOD", 0, "a named period, as in atrium loop"},
    {"min-support", "N", 0,
     "pairs that at least so many have, or a share such as 0.01 (default 1)"},
    {"with", "NAME", 0, "only pairs with this one: code or name"},
    {"segment", "EXPR", 0, "only these people, an expression as in atrium segment"},
    {"shop", "SHOP", 0, "the same for shops: --of shop --with SHOP"},
    {"sort", "interval|lift|support", 0, "order (default: the lower end of the lift's interval)"},
    {"limit", "N", 0, "at most so many pairs (default 50; 0: all)"},
    {0},
};

static enum status name_option(struct cli *cli, const char *option, const char *const *names, int n,
                               int fallback, int *found, struct error *err)
{
    const char *text = cli_value(cli, option);
    *found = text ? -1 : fallback;
    for (int i = 0; text && i < n; i++)
        if (strcmp(text, names[i]) == 0)
            *found = i;
    if (*found >= 0)
        return ST_OK;
    char *expected = arena_strdup(cli->arena, names[0]);
    for (int i = 1; i < n; i++)
        expected =
            arena_printf(cli->arena, "%s%s%s", expected, i + 1 < n ? ", " : " or ", names[i]);
    return error_set(err, ST_USAGE, "--%s: found %s, expected %s", option,
                     text_quote(cli->arena, text, strlen(text)), expected);
}

/* "30" units or "0.01" of them all. */
static enum status support_option(struct cli *cli, double *support, struct error *err)
{
    const char *text = cli_value(cli, "min-support");
    *support = 1;
    if (!text || (text_to_double(text, strlen(text), support) && *support >= 0 && *support < 1e15))
        return ST_OK;
    return error_set(err, ST_USAGE, "--min-support: found %s, expected a number such as 30 or 0.01",
                     text_quote(cli->arena, text, strlen(text)));
}

static enum status query_read(struct cli *cli, struct affinity_query *query, struct error *err)
{
    static const char *const orders[] = {"interval", "lift", "support"};
    struct period period;
    int of = 0, by = 0, order = 0;
    const char *shop = cli_value(cli, "shop");
    enum status status = name_option(cli, "of", affinity_of_names, AFFINITY_OF_COUNT,
                                     shop ? AFFINITY_SHOP : AFFINITY_CATEGORY, &of, err);
    if (status == ST_OK)
        status = name_option(cli, "by", affinity_by_names, AFFINITY_BY_COUNT, 0, &by, err);
    if (status == ST_OK)
        status = name_option(cli, "sort", orders, 3, 0, &order, err);
    if (status == ST_OK)
        status = cli_period(cli, &period, err);
    if (status != ST_OK)
        return status;
    if (shop && of != AFFINITY_SHOP)
        return error_set(err, ST_USAGE, "--shop is for --of shop; --with names others");
    *query = (struct affinity_query){.of = (enum affinity_of)of,
                                     .by = (enum affinity_by)by,
                                     .order = (enum affinity_order)order,
                                     .from = period.from,
                                     .to = period.to,
                                     .with = shop ? shop : cli_value(cli, "with")};
    return ST_OK;
}

/* ---- Output ---- */

static const struct sheet_column columns[] = {
    {"a", NULL, CELL_TEXT},
    {"b", NULL, CELL_TEXT},
    {"both", NULL, CELL_COUNT},
    {"support", NULL, CELL_SHARE},
    {"confidence_ab", "a→b", CELL_SHARE},
    {"confidence_ba", "b→a", CELL_SHARE},
    {"lift", NULL, CELL_REAL, 2},
    {"lift_low", "from", CELL_REAL, 2},
    {"lift_high", "to", CELL_REAL, 2},
    {"chi_square", "chi²", CELL_REAL, 1},
    {"p", NULL, CELL_REAL},
    /* For scripts from here on. */
    {"count_a", NULL, CELL_COUNT},
    {"count_b", NULL, CELL_COUNT},
    {"leverage", NULL, CELL_REAL},
    {"conviction_ab", NULL, CELL_REAL},
    {"conviction_ba", NULL, CELL_REAL},
    {"name_a", NULL, CELL_TEXT},
    {"name_b", NULL, CELL_TEXT},
};
enum { COLUMNS = sizeof columns / sizeof *columns, FOR_PEOPLE = 11 };

static void pair_row(struct cli *cli, const struct affinity *affinity,
                     const struct affinity_pair *pair, struct cell *cells, bool people)
{
    const struct affinity_thing *a = &affinity->things[pair->a], *b = &affinity->things[pair->b];
    double units = (double)affinity->units, both = (double)pair->both;
    double chi = affinity_chi_square(affinity, pair);
    bool named = people && strcmp(a->code, a->name) != 0;
    cells[0] = cell_text(named ? arena_printf(cli->arena, "%s %s", a->code, a->name) : a->code);
    cells[1] = cell_text(named ? arena_printf(cli->arena, "%s %s", b->code, b->name) : b->code);
    cells[2] = cell_integer(pair->both);
    cells[3] = cell_share(both, units);
    cells[4] = cell_real(affinity_confidence(affinity, pair, false));
    cells[5] = cell_real(affinity_confidence(affinity, pair, true));
    cells[6] = cell_real(pair->lift);
    cells[7] = cell_real(pair->interval.low);
    cells[8] = cell_real(pair->interval.high);
    if (isfinite(chi)) {
        cells[9] = cell_real(chi);
        cells[10] = cell_real(stat_two_sided(sqrt(chi)));
    }
    if (people)
        return;
    cells[11] = cell_integer(a->units);
    cells[12] = cell_integer(b->units);
    cells[13] = cell_real(both / units - (double)a->units / units * ((double)b->units / units));
    cells[14] = cell_real(affinity_conviction(affinity, pair, false));
    cells[15] = cell_real(affinity_conviction(affinity, pair, true));
    cells[16] = cell_text(a->name);
    cells[17] = cell_text(b->name);
}

static json_t *things_json(const struct affinity *affinity, const struct access *access)
{
    json_t *things = json_array();
    for (size_t i = 0; i < affinity->n_things; i++) {
        json_t *thing = json_object();
        json_object_set_new(thing, "thing", json_string(affinity->things[i].code));
        json_object_set_new(thing, "name", json_string(affinity->things[i].name));
        json_object_set_new(thing, "count",
                            small_group(access, affinity->things[i].units)
                                ? json_null()
                                : json_integer(affinity->things[i].units));
        json_array_append_new(things, thing);
    }
    return things;
}

static enum status print(struct cli *cli, const struct affinity *affinity,
                         const struct access *access, size_t limit, struct error *err)
{
    bool people = !cli->json && !cli->csv;
    struct sheet *sheet = sheet_new(cli->arena, columns, people ? FOR_PEOPLE : COLUMNS);
    size_t n = limit ? limit : affinity->n_pairs, shown = 0, hidden = 0;
    for (size_t i = 0; i < affinity->n_pairs; i++) {
        if (small_group(access, affinity->pairs[i].both))
            hidden++;
        else if (shown++ < n)
            pair_row(cli, affinity, &affinity->pairs[i], sheet_row_add(sheet), people);
    }
    sheet->total = (int64_t)shown;
    sheet->truncated = n < shown;
    if (!cli->json)
        return cli_print_sheet(cli, "pairs", sheet, err);
    json_t *document = json_object();
    json_object_set_new(document, "of", json_string(affinity_of_names[affinity->query.of]));
    json_object_set_new(document, "by", json_string(affinity_by_names[affinity->query.by]));
    json_object_set_new(document, "units", json_integer(affinity->units));
    json_object_set_new(document, "n_pairs", json_integer((json_int_t)shown));
    json_object_set_new(document, "hidden", json_integer((json_int_t)hidden));
    json_object_set_new(document, "left_out", json_integer((json_int_t)affinity->left_out));
    json_object_set_new(document, "things", things_json(affinity, access));
    json_object_set_new(document, "pairs", cli_sheet_json(cli, sheet));
    return cli_print_json(cli, document, err);
}

static enum status run(struct cli *cli, struct error *err)
{
    struct affinity_query query;
    struct affinity affinity;
    struct access access;
    struct reader *reader;
    double support;
    int64_t limit;
    enum status status = support_option(cli, &support, err);
    if (status == ST_OK)
        status = cli_integer(cli, "limit", 0, 10000000, 50, &limit, err);
    if (status == ST_OK)
        status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = cli_people_access(cli, &access, err);
    if (status == ST_OK)
        status = query_read(cli, &query, err);
    if (status == ST_OK)
        status = cli_among(cli, reader, &access, &query.among, &query.n_among, err);
    if (status != ST_OK)
        return status;
    query.least = support < 1 ? 1 : (int64_t)ceil(support);
    query.least_share = support < 1 ? support : 0;
    status = affinity_run(reader, cli->arena, &query, &affinity, err);
    return status == ST_OK ? print(cli, &affinity, &access, (size_t)limit, err) : status;
}

const struct cli_command cli_affinity = {
    .name = "affinity",
    .arguments = "",
    .summary = "which shops, brands and categories go together",
    .help =
        "Of all people who bought in the period (or of their visits, or of baskets), how many "
        "have a pair: support is the share with both, confidence a→b the share with both of "
        "those with a, lift how many times more often than if the two had nothing to do with each "
        "other. Pairs are ranked by the lower end of the lift's 95 % interval, so that a few "
        "people make no discovery; chi² and p test whether the pair goes together at all (one "
        "pair; among thousands some have a small p by chance). By basket, brands and categories "
        "are those of the items on the receipts' lines; item, item-brand and item-category are so "
        "for people and visits, too.",
    .options = options,
    .run = run,
    .rights = RIGHT_QUESTIONS,
};
