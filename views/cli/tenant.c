/* atrium tenant: the shops and one shop's score card. */
#include "model/people/shop.h"
#include "views/cli/commands.h"
#include "views/cli/period.h"

#include <math.h>
#include <string.h>

static const struct cli_option options[] = {
    {"from", "TIME", 0, "start of the period (default: the first event)"},
    {"to", "TIME", 0, "end of the period, not included (default: after the last event)"},
    {"period", "PERIOD", 0, "a named period, as in atrium loop"},
    {"weekdays", NULL, 0, "year on year by weekday: 52 weeks before instead of the same dates"},
    {0},
};

/* Nothing is compared with when all events are asked for. */
static enum status query_read(struct cli *cli, struct shop_query *query, struct error *err)
{
    struct period period;
    enum status status = cli_period(cli, &period, err);
    if (status != ST_OK)
        return status;
    *query = (struct shop_query){.from = period.from, .to = period.to};
    if (!cli_value(cli, "from") && !cli_value(cli, "to") && !cli_value(cli, "period"))
        return ST_OK;
    const struct clock *clock = &cli->mall->clock;
    enum compare compare = cli_switch(cli, "weekdays") ? COMPARE_YEAR_WEEKDAY : COMPARE_YEAR;
    struct period before = period_compare(clock, &period, COMPARE_BEFORE);
    struct period year = period_compare(clock, &period, compare);
    query->before_from = before.from;
    query->before_to = before.to;
    query->year_from = year.from;
    query->year_to = year.to;
    return ST_OK;
}

/* ---- list ---- */

static json_t *totals_json(const struct shop_totals *t)
{
    json_t *o = json_object();
    json_object_set_new(o, "shops", json_integer(t->shops));
    json_object_set_new(o, "smart_pos", json_integer(t->smart));
    json_object_set_new(o, "sales", json_real((double)t->sales / 100));
    json_object_set_new(o, "member_sales", json_real((double)t->member_sales / 100));
    json_object_set_new(o, "member_share",
                        t->sales ? json_real((double)t->member_sales / (double)t->sales)
                                 : json_null());
    json_object_set_new(o, "receipts", json_integer(t->receipts));
    json_object_set_new(o, "buyers", json_integer(t->buyers));
    json_object_set_new(o, "registrations", json_integer(t->registrations));
    json_object_set_new(o, "pos_cards", json_integer(t->pos_cards));
    json_object_set_new(o, "before", json_real((double)t->before / 100));
    json_object_set_new(o, "year_before", json_real((double)t->year / 100));
    json_object_set_new(o, "on_year", isfinite(t->on_year) ? json_real(t->on_year) : json_null());
    json_object_set_new(o, "on_year_shops", json_integer(t->on_year_shops));
    json_object_set_new(o, "left_out", json_integer(t->left_out));
    json_object_set_new(o, "no_shop", json_real((double)t->no_shop / 100));
    return o;
}

static enum status list(struct cli *cli, struct reader *reader, const struct access *access,
                        struct error *err)
{
    struct shop_query query;
    struct shop_totals totals;
    struct sheet *sheet;
    enum status status = query_read(cli, &query, err);
    if (status == ST_OK)
        status = shop_list(reader, access, &query, cli->arena, &sheet, &totals, err);
    if (status != ST_OK)
        return status;
    if (!cli->json)
        return cli_print_sheet(cli, "tenants", sheet, err);
    json_t *document = json_object();
    json_object_set_new(document, "totals", totals_json(&totals));
    json_object_set_new(document, "tenants", cli_sheet_json(cli, sheet));
    return cli_print_json(cli, document, err);
}

/* ---- show ---- */

static const struct {
    const char *name, *title;
    size_t offset;
} parts[] = {
    {"by_day", "By day", offsetof(struct shop_card, by_day)},
    {"by_hour", "By hour", offsetof(struct shop_card, by_hour)},
    {"members", "Best customers", offsetof(struct shop_card, members)},
    {"neighbours", "Where else they buy", offsetof(struct shop_card, neighbours)},
    {"categories", "Categories", offsetof(struct shop_card, categories)},
};

static const struct sheet *part_of(const struct shop_card *card, size_t i)
{
    return *(struct sheet *const *)((const char *)card + parts[i].offset);
}

/* The shop's row of the list alone. */
static struct sheet *row_sheet(struct cli *cli, const struct shop_card *card)
{
    struct sheet *sheet = sheet_new(cli->arena, shop_columns, SHOP_COLUMN_COUNT);
    memcpy(sheet_row_add(sheet), card->row, SHOP_COLUMN_COUNT * sizeof *card->row);
    return sheet;
}

static enum status card_json(struct cli *cli, const struct shop_card *card, struct error *err)
{
    json_t *rows = cli_sheet_json(cli, row_sheet(cli, card));
    json_t *document = json_incref(json_array_get(rows, 0));
    json_decref(rows);
    json_object_set_new(document, "brand", json_string(card->brand));
    json_object_set_new(document, "zone", json_string(card->zone));
    json_object_set_new(document, "rank", json_integer(card->rank));
    json_object_set_new(document, "shops", json_integer(card->shops));
    json_object_set_new(document, "category_rank", json_integer(card->category_rank));
    json_object_set_new(document, "category_shops", json_integer(card->category_shops));
    json_object_set_new(document, "members_known", json_integer(card->members_known));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        json_object_set_new(document, parts[i].name, cli_sheet_json(cli, part_of(card, i)));
    return cli_print_json(cli, document, err);
}

static enum status card_tables(struct cli *cli, const struct shop_card *card, struct error *err)
{
    enum status status = cli_print_sheet(cli, "tenant", row_sheet(cli, card), err);
    if (status == ST_OK && card->rank)
        cli_say(cli, "Rank %d of %d shops, %d of %d in its category", card->rank, card->shops,
                card->category_rank, card->category_shops);
    for (size_t i = 0; status == ST_OK && i < sizeof parts / sizeof *parts; i++) {
        const struct sheet *sheet = part_of(card, i);
        if (!sheet->n_rows)
            continue;
        cli_say(cli, "%s", "");
        cli_say(cli, "%s", parts[i].title);
        status = cli_print_sheet(cli, parts[i].name, sheet, err);
    }
    return status;
}

static enum status show(struct cli *cli, struct reader *reader, const struct access *access,
                        struct error *err)
{
    struct shop_query query;
    struct shop_card card;
    uint32_t tenant;
    enum status status = shop_resolve(reader, cli->args[1], &tenant, err);
    if (status == ST_OK)
        status = query_read(cli, &query, err);
    if (status == ST_OK)
        status = shop_card_read(reader, access, tenant, &query, cli->arena, &card, err);
    if (status != ST_OK)
        return status;
    if (cli->csv)
        return cli_print_sheet(cli, "by_day", card.by_day, err);
    return cli->json ? card_json(cli, &card, err) : card_tables(cli, &card, err);
}

static enum status run(struct cli *cli, struct error *err)
{
    struct reader *reader;
    struct access access;
    bool is_list = strcmp(cli->args[0], "list") == 0 && cli->n_args == 1;
    bool is_show = strcmp(cli->args[0], "show") == 0 && cli->n_args == 2;
    if (!is_list && !is_show)
        return error_set(err, ST_USAGE, "atrium tenant: expected list, or show TENANT");
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = access_lookup(reader, cli->principal, &access, err);
    if (status != ST_OK)
        return status;
    return is_list ? list(cli, reader, &access, err) : show(cli, reader, &access, err);
}

const struct cli_command cli_tenant = {
    .name = "tenant",
    .arguments = "list | show TENANT",
    .summary = "the shops: sales, member share, smart-POS cards, year on year",
    .help =
        "list has one row a shop, in order of sales. show prints one shop's score card: its days "
        "and hours, its best customers, where else they buy, its rank; with --csv the days "
        "alone. With a period, sales are compared with the period before and the year before.",
    .options = options,
    .least_args = 1,
    .most_args = 2,
    .run = run,
};
