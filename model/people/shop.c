/* The list of shops. One shop's score card is shop_card.c. */
#include "model/people/shop.h"
#include "model/base/intl.h"

#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/people/shop_sums.h"
#include "model/store/column.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct sheet_column shop_columns[SHOP_COLUMN_COUNT] = {
    [SHOP_TENANT] = {"tenant", N_("code"), CELL_TEXT},
    [SHOP_NAME] = {"name", N_("shop"), CELL_TEXT},
    [SHOP_CATEGORY] = {"category", N_("category"), CELL_TEXT},
    [SHOP_FLOOR] = {"floor", N_("floor"), CELL_TEXT},
    [SHOP_SALES] = {"sales", N_("sales"), CELL_MONEY},
    [SHOP_RECEIPTS] = {"receipts", N_("receipts"), CELL_COUNT},
    [SHOP_BUYERS] = {"buyers", N_("buyers"), CELL_COUNT},
    [SHOP_MEMBER_SALES] = {"member_sales", N_("member sales"), CELL_MONEY},
    [SHOP_MEMBER_SHARE] = {"member_share", N_("member share"), CELL_SHARE},
    [SHOP_REGISTRATIONS] = {"registrations", N_("new members"), CELL_COUNT},
    [SHOP_POS_CARDS] = {"pos_cards", N_("POS cards"), CELL_COUNT},
    [SHOP_REPEAT] = {"repeat_rate", N_("repeat rate"), CELL_SHARE},
    [SHOP_BEFORE] = {"before", N_("before"), CELL_MONEY},
    [SHOP_CHANGE] = {"change", N_("change"), CELL_SHARE},
    [SHOP_YEAR] = {"year_before", N_("year before"), CELL_MONEY},
    [SHOP_ON_YEAR] = {"on_year", N_("on the year"), CELL_SHARE},
    [SHOP_SMART] = {"smart_pos", N_("smart POS"), CELL_COUNT},
};

/* ---- The same dates a year before ---- */

static int64_t year_before(const struct zone *zone, int64_t time)
{
    struct civil c = zone_civil(zone, time);
    /* A 29 February has no such date: the 28th. */
    int day = c.month == 2 && c.day == 29 ? 28 : c.day;
    return zone_utc(zone, c.year - 1, c.month, day, c.hour, c.minute, c.second);
}

static int64_t days_before(const struct zone *zone, int64_t time, int days)
{
    struct civil c = zone_civil(zone, time);
    return zone_utc(zone, c.year, c.month, c.day - days, c.hour, c.minute, c.second);
}

void shop_year_before(const struct mall *mall, int64_t from, int64_t to, bool by_weekday,
                      int64_t *year_from, int64_t *year_to)
{
    *year_from = by_weekday ? days_before(mall->zone, from, 364) : year_before(mall->zone, from);
    *year_to = by_weekday ? days_before(mall->zone, to, 364) : year_before(mall->zone, to);
}

/* ---- The list ---- */

struct shop_times {
    struct shop_sums now;
    int64_t *before, *year;
    bool has_before, has_year;
};

static enum status times_read(struct reader *reader, const struct shop_query *query,
                              struct arena *arena, struct shop_times *times, struct error *err)
{
    times->has_before = query->before_from < query->before_to;
    times->has_year = query->year_from < query->year_to;
    enum status status = shop_sums_read(reader, query->from, query->to, arena, &times->now, err);
    if (!status)
        status = shop_sales_read(reader, query->before_from, query->before_to, arena, times->now.n,
                                 &times->before, err);
    if (!status)
        status = shop_sales_read(reader, query->year_from, query->year_to, arena, times->now.n,
                                 &times->year, err);
    return status;
}

static struct cell change_cell(int64_t now, int64_t before)
{
    struct cell cell = cell_share((double)now, (double)before);
    cell.real -= cell.known ? 1 : 0;
    return cell;
}

static void figure_cells(const struct shop_times *times, uint32_t tenant, struct cell *cells)
{
    const struct shop_sum *sum = &times->now.at[tenant];
    cells[SHOP_SALES] = cell_integer(sum->sales);
    cells[SHOP_RECEIPTS] = cell_integer(sum->receipts);
    cells[SHOP_BUYERS] = cell_integer(sum->buyers);
    cells[SHOP_MEMBER_SALES] = cell_integer(sum->member_sales);
    cells[SHOP_MEMBER_SHARE] = cell_share((double)sum->member_sales, (double)sum->sales);
    cells[SHOP_REGISTRATIONS] = cell_integer(sum->registrations);
    cells[SHOP_POS_CARDS] = cell_integer(sum->pos_cards);
    cells[SHOP_REPEAT] = cell_share((double)sum->repeat_buyers, (double)sum->buyers);
    if (times->has_before) {
        cells[SHOP_BEFORE] = cell_integer(times->before[tenant]);
        cells[SHOP_CHANGE] = change_cell(sum->sales, times->before[tenant]);
    }
    if (times->has_year) {
        cells[SHOP_YEAR] = cell_integer(times->year[tenant]);
        if (sum->sales)
            cells[SHOP_ON_YEAR] = change_cell(sum->sales, times->year[tenant]);
    }
}

static struct cell text_cell(struct arena *arena, sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return cell_text(text && *text ? arena_strdup(arena, text) : NULL);
}

static enum status rows_read(struct reader *reader, const struct shop_times *times,
                             struct sheet *sheet, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(
        reader, "select id, code, name, category, floor, smart_pos from tenant", &stmt, err);
    if (status)
        return status;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t tenant = sqlite3_column_int64(stmt, 0);
        struct cell *cells = sheet_row_add(sheet);
        for (int i = 0; i < 4; i++)
            cells[SHOP_TENANT + i] = text_cell(sheet->arena, stmt, 1 + i);
        cells[SHOP_SMART] = cell_integer(sqlite3_column_int64(stmt, 5));
        if (tenant > 0 && tenant < times->now.n)
            figure_cells(times, (uint32_t)tenant, cells);
    }
    sqlite3_reset(stmt);
    return status;
}

static int by_sales(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    if (x[SHOP_SALES].integer != y[SHOP_SALES].integer)
        return x[SHOP_SALES].integer > y[SHOP_SALES].integer ? -1 : 1;
    return strcmp(x[SHOP_TENANT].known ? x[SHOP_TENANT].text : "",
                  y[SHOP_TENANT].known ? y[SHOP_TENANT].text : "");
}

static void year_total(const struct shop_times *times, struct shop_totals *totals)
{
    int64_t now = 0, year = 0;
    for (uint32_t i = 1; times->has_year && i < times->now.n; i++) {
        int64_t here = times->now.at[i].sales, then = times->year[i];
        if (here && then) {
            totals->on_year_shops++;
            now += here;
            year += then;
        } else if (here || then) {
            totals->left_out++;
        }
    }
    totals->on_year = year ? (double)now / (double)year - 1 : NAN;
}

static void totals_fill(const struct shop_times *times, const struct sheet *sheet,
                        struct shop_totals *totals)
{
    const struct shop_sum *all = &times->now.at[times->now.n];
    *totals = (struct shop_totals){.sales = all->sales,
                                   .member_sales = all->member_sales,
                                   .receipts = all->receipts,
                                   .buyers = all->buyers,
                                   .registrations = all->registrations,
                                   .pos_cards = all->pos_cards,
                                   .shops = (int64_t)sheet->n_rows,
                                   .no_shop = times->now.at[0].sales};
    for (uint32_t i = 0; i < times->now.n; i++) {
        totals->before += times->before[i];
        totals->year += times->year[i];
    }
    for (size_t i = 0; i < sheet->n_rows; i++)
        totals->smart += sheet_row(sheet, i)[SHOP_SMART].integer != 0;
    year_total(times, totals);
}

enum status shop_list(struct reader *reader, const struct access *access,
                      const struct shop_query *query, struct arena *arena, struct sheet **sheet,
                      struct shop_totals *totals, struct error *err)
{
    (void)access; /* shops are no secret: no person is in these figures */
    struct shop_times times;
    *sheet = sheet_new(arena, shop_columns, SHOP_COLUMN_COUNT);
    enum status status = reader_begin(reader, err);
    if (status)
        return status;
    status = times_read(reader, query, arena, &times, err);
    if (!status)
        status = rows_read(reader, &times, *sheet, err);
    reader_end(reader);
    if (status)
        return status;
    if ((*sheet)->n_rows)
        qsort((*sheet)->cells, (*sheet)->n_rows, SHOP_COLUMN_COUNT * sizeof(struct cell), by_sales);
    (*sheet)->total = (int64_t)(*sheet)->n_rows;
    if (totals)
        totals_fill(&times, *sheet, totals);
    return ST_OK;
}

/* ---- By name ---- */

static enum status shop_unknown(struct reader *reader, const char *text, struct error *err)
{
    VEC(const char *) names = {0};
    sqlite3_stmt *stmt;
    bool row;
    struct arena *arena = arena_new();
    enum status status =
        reader_prepare(reader, "select code from tenant union select name from tenant", &stmt, err);
    while (!status && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&names, arena_strdup(arena, column_text(stmt, 0)));
    if (!status) {
        sqlite3_reset(stmt);
        const char *near = text_nearest(text, names.at, names.n);
        const char *shown = text_quote(arena, text, strlen(text));
        status = near ? error_set(err, ST_REFUSED, "there is no shop %s; did you mean %s?", shown,
                                  text_quote(arena, near, strlen(near)))
                      : error_set(err, ST_REFUSED,
                                  "there is no shop %s; `atrium tenant list` shows them", shown);
    }
    vec_free(&names);
    arena_free(arena);
    return status;
}

enum status shop_resolve(struct reader *reader, const char *text, uint32_t *tenant,
                         struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    *tenant = 0;
    enum status status = reader_prepare(
        reader, "select id from tenant where code = ?1 or name = ?1 order by code <> ?1 limit 1",
        &stmt, err);
    if (status)
        return status;
    sqlite3_bind_text(stmt, 1, text, -1, SQLITE_TRANSIENT);
    status = reader_step(reader, stmt, &row, err);
    if (!status && row)
        *tenant = (uint32_t)sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return status || *tenant ? status : shop_unknown(reader, text, err);
}
