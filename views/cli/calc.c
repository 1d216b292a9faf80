/* atrium calc: the arithmetic behind reports, for figures that are in no mall. */
#include "model/base/stat.h"
#include "model/base/text.h"
#include "model/insight/points_value.h"
#include "views/cli/commands.h"
#include "views/cli/value.h"

#include <math.h>
#include <string.h>

static const struct cli_option options[] = {
    {"points", "N", 0, "campaign: points burned"},
    {"points-per-yuan", "N", 0, "campaign: points for one unit of money (default 100)"},
    {"sales", "MONEY", 0, "campaign: sales of the receipts they were used in"},
    {"allocated", "MONEY", 0, "liability: money taken that belongs to the points"},
    {"redeemed", "N,N,…", 0, "liability: points redeemed so far, at each reporting date"},
    {"expected", "N,N,…", 0, "liability: points expected to be redeemed in all, at each date"},
    {0},
};

/* "48/80" as two whole numbers, 0 <= k <= n, n > 0. */
static enum status proportion_read(struct cli *cli, const char *text, double *k, double *n,
                                   struct error *err)
{
    const char *slash = strchr(text, '/');
    int64_t part = 0, whole = 0;
    if (slash && text_to_int64(text, (size_t)(slash - text), &part) &&
        text_to_int64(slash + 1, strlen(slash + 1), &whole) && part >= 0 && whole > 0 &&
        part <= whole) {
        *k = (double)part;
        *n = (double)whole;
        return ST_OK;
    }
    return error_set(err, ST_USAGE, "found %s, expected a proportion such as 48/80",
                     text_quote(cli->arena, text, strlen(text)));
}

static enum status interval_print(struct cli *cli, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"k", NULL, CELL_REAL},   {"n", NULL, CELL_REAL},    {"share", NULL, CELL_REAL},
        {"low", NULL, CELL_REAL}, {"high", NULL, CELL_REAL},
    };
    struct sheet *sheet = sheet_new(cli->arena, columns, 5);
    for (int i = 1; i < cli->n_args; i++) {
        double k, n;
        enum status status = proportion_read(cli, cli->args[i], &k, &n, err);
        if (status != ST_OK)
            return status;
        struct interval wilson = stat_wilson(k, n, STAT_Z95);
        struct cell *cells = sheet_row_add(sheet);
        const double values[] = {k, n, k / n, wilson.low, wilson.high};
        for (int c = 0; c < 5; c++)
            cells[c] = cell_real(values[c]);
    }
    return cli_print_sheet(cli, "wilson_95", sheet, err);
}

static enum status compare_print(struct cli *cli, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"a", NULL, CELL_REAL},   {"b", NULL, CELL_REAL},    {"difference", NULL, CELL_REAL},
        {"low", NULL, CELL_REAL}, {"high", NULL, CELL_REAL}, {"z", NULL, CELL_REAL},
        {"p", NULL, CELL_REAL},
    };
    double k1, n1, k2, n2;
    if (cli->n_args != 3)
        return error_set(err, ST_USAGE, "calc compare: expected two proportions");
    enum status status = proportion_read(cli, cli->args[1], &k1, &n1, err);
    if (status == ST_OK)
        status = proportion_read(cli, cli->args[2], &k2, &n2, err);
    if (status != ST_OK)
        return status;
    struct interval newcombe = stat_newcombe(k1, n1, k2, n2, STAT_Z95);
    double z = stat_two_proportions_z(k1, n1, k2, n2);
    struct sheet *sheet = sheet_new(cli->arena, columns, 7);
    struct cell *cells = sheet_row_add(sheet);
    const double values[] = {k1 / n1, k2 / n2, k1 / n1 - k2 / n2, newcombe.low, newcombe.high};
    for (int c = 0; c < 5; c++)
        cells[c] = cell_real(values[c]);
    if (isfinite(z)) {
        cells[5] = cell_real(z);
        cells[6] = cell_real(stat_two_sided(z));
    }
    return cli_print_sheet(cli, "newcombe_95", sheet, err);
}

/* ---- Points ---- */

static enum status amount_option(struct cli *cli, const char *option, double fallback,
                                 double *value, struct error *err)
{
    bool given;
    enum status status = cli_numbers(cli, option, 1, true, value, &given, err);
    if (status != ST_OK || given)
        return status;
    *value = fallback;
    return isnan(fallback) ? error_set(err, ST_USAGE, "--%s is missing", option) : ST_OK;
}

static enum status campaign_print(struct cli *cli, struct error *err)
{
    static const struct sheet_column columns[] = {{"cost", NULL, CELL_REAL},
                                                  {"sales", NULL, CELL_REAL},
                                                  {"leverage", NULL, CELL_REAL},
                                                  {"cost_share", "cost share", CELL_SHARE}};
    double points, rate, sales;
    enum status status = amount_option(cli, "points", NAN, &points, err);
    if (status == ST_OK)
        status = amount_option(cli, "points-per-yuan", 100, &rate, err);
    if (status == ST_OK)
        status = amount_option(cli, "sales", NAN, &sales, err);
    if (status == ST_OK && rate <= 0)
        status = error_set(err, ST_USAGE, "--points-per-yuan: expected a number above 0");
    if (status != ST_OK)
        return status;
    double cost = points / rate;
    struct sheet *sheet = sheet_new(cli->arena, columns, 4);
    struct cell *cells = sheet_row_add(sheet);
    cells[0] = cell_real(cost);
    cells[1] = cell_real(sales);
    cells[2] = cell_share(sales, cost);
    cells[3] = cell_share(cost, sales);
    return cli_print_sheet(cli, "campaign", sheet, err);
}

static size_t commas(const char *text)
{
    size_t n = 1;
    for (; text && *text; text++)
        n += *text == ',';
    return n;
}

static enum status liability_print(struct cli *cli, struct error *err)
{
    enum { MOST = 1000 };
    static const struct sheet_column columns[] = {{"date", NULL, CELL_COUNT},
                                                  {"redeemed", NULL, CELL_REAL},
                                                  {"expected", NULL, CELL_REAL},
                                                  {"revenue", NULL, CELL_REAL},
                                                  {"revenue_in_all", "revenue in all", CELL_REAL},
                                                  {"liability", NULL, CELL_REAL}};
    double allocated, *redeemed, *expected, before = 0;
    bool given, also;
    size_t n = commas(cli_value(cli, "redeemed"));
    redeemed = arena_array(cli->arena, double, n);
    expected = arena_array(cli->arena, double, n);
    if (n > MOST)
        return error_set(err, ST_USAGE, "--redeemed: at most %d dates", MOST);
    enum status status = amount_option(cli, "allocated", NAN, &allocated, err);
    if (status == ST_OK)
        status = cli_numbers(cli, "redeemed", n, true, redeemed, &given, err);
    if (status == ST_OK)
        status = cli_numbers(cli, "expected", n, false, expected, &also, err);
    if (status == ST_OK && (!given || !also))
        status = error_set(err, ST_USAGE, "--redeemed and --expected are both needed");
    if (status != ST_OK)
        return status;
    struct sheet *sheet = sheet_new(cli->arena, columns, 6);
    for (size_t i = 0; i < n; i++) {
        double earned = points_revenue(allocated, redeemed[i], expected[i]);
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_integer((int64_t)i + 1);
        const double values[] = {redeemed[i], expected[i], earned - before, earned,
                                 allocated - earned};
        for (int c = 0; c < 5; c++)
            cells[c + 1] = cell_real(values[c]);
        before = earned;
    }
    return cli_print_sheet(cli, "dates", sheet, err);
}

static enum status run(struct cli *cli, struct error *err)
{
    static const struct {
        const char *name;
        enum status (*run)(struct cli *cli, struct error *err);
        int least; /* arguments */
    } what[] = {{"interval", interval_print, 2},
                {"compare", compare_print, 3},
                {"campaign", campaign_print, 1},
                {"liability", liability_print, 1}};
    for (size_t i = 0; i < sizeof what / sizeof *what; i++)
        if (strcmp(cli->args[0], what[i].name) == 0)
            return cli->n_args >= what[i].least
                       ? what[i].run(cli, err)
                       : error_set(err, ST_USAGE, "calc %s: expected proportions such as 48/80",
                                   what[i].name);
    return error_set(err, ST_USAGE, "found %s, expected interval, compare, campaign or liability",
                     text_quote(cli->arena, cli->args[0], strlen(cli->args[0])));
}

const struct cli_command cli_calc = {
    .name = "calc",
    .arguments = "interval|compare|campaign|liability [K/N …]",
    .summary = "the arithmetic behind reports: intervals, tests, points",
    .help =
        "Without a mall. interval K/N …: Wilson's 95 % interval of each share. compare K/N K/N: "
        "the difference of two shares with Newcombe's 95 % interval, the pooled z and its "
        "two-sided p. campaign: what points cost, and how much sales they moved (leverage). "
        "liability: how money that belongs to points becomes revenue as they are redeemed, "
        "allocated × redeemed ÷ expected at each date (IFRS 15), and what remains owed.",
    .options = options,
    .least_args = 1,
    .most_args = 100,
    .run = run,
};
