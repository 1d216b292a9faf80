/* atrium value: the chance that people still come, and what they will bring. */
#include "views/cli/value.h"

#include "model/base/text.h"
#include "model/people/member_page.h"
#include "views/cli/among.h"
#include "views/cli/commands.h"
#include "views/cli/people_list.h"

#include <math.h>
#include <string.h>

static const struct cli_option options[] = {
    {"at", "TIME", 0, "what is known ends here (default: the present)"},
    {"calibration", "TIME", 0,
     "what the model is fitted to ends here; the rest until --at is held out and compared"},
    {"unit", "day|week|month|DAYS", 0, "unit of the model's times (default week)"},
    {"horizon", "N", 0, "how far to look ahead: units, or 39w, 90d (default 13 weeks)"},
    {"member", "MEMBER", 0, "one person: card, phone, pseudonym or #number"},
    {"top", "N", 0, "so many of those with the most to expect (default 10)"},
    {"segment", "EXPR", 0, "only these people, an expression as in atrium segment"},
    {"csv-file", "FILE", 0, "histories from a file, columns x, tx, T[, mean], in units"},
    {"parameters", "R,ALPHA,A,B", 0, "these in place of a fit"},
    {"spend", "P,Q,V", 0, "the Gamma-Gamma parameters in place of a fit"},
    {"customer", "X,TX,T", 0, "one history, times in units; needs --parameters"},
    {"times", "T,T,…", 0, "purchases that anybody makes within T units; needs --parameters"},
    {0},
};

/* ---- Options ---- */

/* Numbers between commas; how many, -1: something else stands there. */
static int numbers_read(const char *text, size_t most, double least, double *values)
{
    size_t n = 0;
    for (const char *at = text;; at++) {
        size_t length = strcspn(at, ",");
        if (n == most || !text_to_double(at, length, &values[n]) || !isfinite(values[n]) ||
            values[n] < least)
            return -1;
        n++;
        at += length;
        if (!*at)
            return (int)n;
    }
}

enum status cli_numbers(struct cli *cli, const char *option, size_t n, bool zero, double *values,
                        bool *given, struct error *err)
{
    const char *text = cli_value(cli, option);
    *given = text != NULL;
    if (!text || numbers_read(text, n, zero ? 0 : 1e-12, values) == (int)n)
        return ST_OK;
    return error_set(err, ST_USAGE, "--%s: found %s, expected %zu numbers %s 0 between commas",
                     option, text_quote(cli->arena, text, strlen(text)), n,
                     zero ? "not below" : "above");
}

static enum status unit_option(struct cli *cli, double *unit, struct error *err)
{
    static const struct {
        const char *name;
        double days;
    } units[] = {{"day", 1}, {"week", 7}, {"month", 365.25 / 12}, {"year", 365.25}};
    const char *text = cli_value(cli, "unit");
    *unit = 7;
    for (size_t i = 0; text && i < sizeof units / sizeof *units; i++)
        if (strcmp(text, units[i].name) == 0) {
            *unit = units[i].days;
            return ST_OK;
        }
    if (!text || (text_to_double(text, strlen(text), unit) && *unit > 0 && *unit <= 36525))
        return ST_OK;
    return error_set(err, ST_USAGE, "--unit: found %s, expected day, week, month, year or days",
                     text_quote(cli->arena, text, strlen(text)));
}

/* "39" units, "39w", "90d"; 0 where it is not given. */
static enum status horizon_option(struct cli *cli, double unit, double *horizon, struct error *err)
{
    const char *text = cli_value(cli, "horizon");
    *horizon = 0;
    if (!text)
        return ST_OK;
    size_t n = strlen(text);
    double days = n && text[n - 1] == 'w' ? 7 : n && text[n - 1] == 'd' ? 1 : 0;
    if (text_to_double(text, n - (days > 0), horizon) && *horizon > 0 && *horizon <= 1e6) {
        *horizon *= days > 0 ? days / unit : 1;
        return ST_OK;
    }
    return error_set(err, ST_USAGE, "--horizon: found %s, expected units, or 39w or 90d",
                     text_quote(cli->arena, text, n));
}

struct asked {
    struct value_query query;
    struct bgnbd model;
    struct spend spend;
    bool model_given, spend_given;
};

static enum status options_read(struct cli *cli, struct asked *asked, struct error *err)
{
    double model[4], spend[3];
    struct value_query *query = &asked->query;
    enum status status = unit_option(cli, &query->unit, err);
    if (status == ST_OK)
        status = horizon_option(cli, query->unit, &query->horizon, err);
    if (status == ST_OK)
        status = cli_numbers(cli, "parameters", 4, false, model, &asked->model_given, err);
    if (status == ST_OK)
        status = cli_numbers(cli, "spend", 3, false, spend, &asked->spend_given, err);
    if (status != ST_OK)
        return status;
    if (asked->model_given)
        asked->model = (struct bgnbd){model[0], model[1], model[2], model[3]};
    if (asked->spend_given)
        asked->spend = (struct spend){spend[0], spend[1], spend[2]};
    query->model = asked->model_given ? &asked->model : NULL;
    query->spend = asked->spend_given ? &asked->spend : NULL;
    return ST_OK;
}

/* ---- Without a mall: the formulas ---- */

static struct sheet *times_sheet(struct cli *cli, const struct bgnbd *model, const double *times,
                                 int n)
{
    static const struct sheet_column columns[] = {{"t", NULL, CELL_REAL},
                                                  {"purchases", NULL, CELL_REAL}};
    struct sheet *sheet = sheet_new(cli->arena, columns, 2);
    for (int i = 0; i < n; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_real(times[i]);
        cells[1] = cell_real(bgnbd_expected(model, times[i]));
    }
    return sheet;
}

static enum status times_print(struct cli *cli, const struct bgnbd *model, struct error *err)
{
    enum { MOST = 1000 };
    const char *text = cli_value(cli, "times");
    double *times = arena_array(cli->arena, double, MOST);
    int n = numbers_read(text, MOST, 0, times);
    if (n < 1)
        return error_set(err, ST_USAGE, "--times: found %s, expected times between commas",
                         text_quote(cli->arena, text, strlen(text)));
    return cli_print_sheet(cli, "expected", times_sheet(cli, model, times, n), err);
}

static enum status customer_print(struct cli *cli, const struct asked *asked, struct error *err)
{
    double c[3];
    bool given;
    static const struct sheet_column columns[] = {
        {"x", NULL, CELL_REAL},       {"tx", NULL, CELL_REAL},    {"T", NULL, CELL_REAL},
        {"horizon", NULL, CELL_REAL}, {"alive", NULL, CELL_REAL}, {"expected", NULL, CELL_REAL}};
    enum status status = cli_numbers(cli, "customer", 3, true, c, &given, err);
    if (status != ST_OK)
        return status;
    if (c[1] > c[2] || c[0] != floor(c[0]))
        return error_set(err, ST_USAGE, "--customer: expected whole purchases X and TX before T");
    double horizon = asked->query.horizon > 0 ? asked->query.horizon : 91 / asked->query.unit;
    struct sheet *sheet = sheet_new(cli->arena, columns, 6);
    struct cell *cells = sheet_row_add(sheet);
    for (int i = 0; i < 3; i++)
        cells[i] = cell_real(c[i]);
    cells[3] = cell_real(horizon);
    cells[4] = cell_real(bgnbd_alive(&asked->model, c[0], c[1], c[2]));
    cells[5] = cell_real(bgnbd_expected_after(&asked->model, c[0], c[1], c[2], horizon));
    return cli_print_sheet(cli, "customers", sheet, err);
}

/* ---- A file ---- */

static enum status history_read(struct cli *cli, const struct table_file *table,
                                const int columns[4], size_t row, struct value_history *history,
                                struct error *err)
{
    double v[4] = {0, 0, 0, NAN};
    for (int i = 0; i < 4; i++) {
        if (columns[i] < 0)
            continue;
        enum status status = table_file_number(cli->arena, table, row, columns[i], &v[i], err);
        if (status != ST_OK)
            return status;
    }
    if (v[0] < 0 || v[0] != floor(v[0]) || v[0] >= BGNBD_MOST_X || v[1] < 0 || v[1] > v[2])
        return error_set(err, ST_REFUSED,
                         "%s:%lld: expected whole purchases x and times 0 <= tx <= T", table->path,
                         (long long)table->line[row]);
    *history = (struct value_history){v[0], v[1], v[2], v[3] * 100};
    return ST_OK;
}

enum status value_histories_read(struct cli *cli, const char *path,
                                 struct value_history **histories, size_t *n, struct error *err)
{
    static const char *const x[] = {"x", "frequency", NULL};
    static const char *const tx[] = {"tx", "t_x", "t.x", "recency", NULL};
    static const char *const until[] = {"T", "T.cal", NULL};
    static const char *const mean[] = {"mean", "zbar", "monetary", "monetary_value", "m", NULL};
    struct table_file table;
    enum status status = table_file_read(cli->arena, path, &table, err);
    if (status != ST_OK)
        return status;
    int columns[4] = {table_file_column(&table, x), table_file_column(&table, tx),
                      table_file_column(&table, until), table_file_column(&table, mean)};
    if (columns[0] < 0 || columns[1] < 0 || columns[2] < 0)
        return error_set(err, ST_REFUSED,
                         "%s:1:1: expected columns x (or frequency), tx (or recency) and T",
                         table.path);
    *n = table.n_rows;
    *histories = arena_array(cli->arena, struct value_history, table.n_rows + 1);
    for (size_t i = 0; i < table.n_rows && status == ST_OK; i++)
        status = history_read(cli, &table, columns, i, &(*histories)[i], err);
    return status;
}

static enum status file_print(struct cli *cli, const char *path, const struct asked *asked,
                              size_t top, struct error *err)
{
    struct value_history *histories;
    struct value value;
    size_t n;
    enum status status = value_histories_read(cli, path, &histories, &n, err);
    if (status == ST_OK)
        status = value_run_histories(cli->arena, histories, n, &asked->query, &value, err);
    return status == ST_OK ? value_print(cli, &value, NULL, NULL, top, err) : status;
}

/* ---- A mall ---- */

static enum status mall_print(struct cli *cli, struct asked *asked, size_t top, struct error *err)
{
    int64_t as_of, present;
    struct access access;
    struct reader *reader;
    struct value value;
    uint32_t person = 0;
    const char *member = cli_value(cli, "member");
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = cli_people_access(cli, &access, err);
    if (status == ST_OK)
        status = reader_present(reader, &as_of, &present, err);
    if (status == ST_OK)
        status = cli_time(cli, "at", present, &asked->query.at, err);
    if (status == ST_OK)
        status = cli_time(cli, "calibration", 0, &asked->query.calibration, err);
    if (status == ST_OK)
        status = cli_among(cli, reader, &access, &asked->query.among, &asked->query.n_among, err);
    if (status == ST_OK && member)
        status = member_resolve(reader, &access, member, &person, err);
    if (status == ST_OK && member && !person)
        status = error_set(err, ST_REFUSED, "there is no member %s",
                           text_quote(cli->arena, member, strlen(member)));
    if (status == ST_OK)
        status = value_run(reader, cli->arena, &asked->query, &value, err);
    return status == ST_OK ? value_print(cli, &value, &access, member ? &person : NULL, top, err)
                           : status;
}

static enum status run(struct cli *cli, struct error *err)
{
    struct asked asked = {0};
    int64_t top;
    enum status status = options_read(cli, &asked, err);
    if (status == ST_OK)
        status = cli_integer(cli, "top", 0, 1000000, 10, &top, err);
    if (status != ST_OK)
        return status;
    bool formula = cli_value(cli, "times") || cli_value(cli, "customer");
    if (formula && !asked.model_given)
        return error_set(err, ST_USAGE, "--times and --customer need --parameters R,ALPHA,A,B");
    if (cli_value(cli, "times"))
        return times_print(cli, &asked.model, err);
    if (cli_value(cli, "customer"))
        return customer_print(cli, &asked, err);
    if (cli_value(cli, "csv-file"))
        return file_print(cli, cli_value(cli, "csv-file"), &asked, (size_t)top, err);
    return mall_print(cli, &asked, (size_t)top, err);
}

const struct cli_command cli_value_command = {
    .name = "value",
    .arguments = "",
    .summary = "the chance that people still come, and what to expect of them",
    .help =
        "Fits BG/NBD (Fader, Hardie and Lee 2005) to everybody's purchases, for how often people "
        "buy and whether they still do, and Gamma-Gamma for how much they spend. A purchase is a "
        "day with one; x counts those after the first, tx is the time of the last and T the time "
        "watched, from the first, in --unit. Without --calibration all that is known is used; "
        "with it, the purchases until --at are held out, the model looks ahead as far, and both "
        "stand side by side. Deciles are by expected purchases, the tenth with the most first. "
        "Slipping away are those in the top fifth by money whose chance to be alive is below a "
        "half. --customer and --times work out the formulas for one history.",
    .options = options,
    .run = run,
};
