/* One shop's score card: its days and hours, its best customers, where else they buy. */
#include "model/base/intl.h"
#include "model/base/vec.h"
#include "model/people/member_row.h"
#include "model/people/shop_sums.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

enum { HOURS = 24, DAYS_MOST = 400 * 366 };

struct tally {
    int64_t sales, member_sales, receipts, registrations, pos_cards;
};

struct buyer {
    uint32_t person;
    uint32_t receipts;
    int64_t spent, last;
};

/* What one thread gathers about the shop. */
struct gather {
    struct reader *reader;
    const struct clock *clock;
    uint32_t tenant, n_tenants, pos;
    int32_t first_day;
    size_t n_days;
    struct tally *days;
    struct tally hours[HOURS];
    VEC(struct buyer) buyers;
    int64_t known;    /* buyers who are members now */
    int64_t *both;    /* by tenant: buyers here who bought there */
    uint32_t *marked; /* by tenant: the person counted there last */
};

/* ---- Gathering ---- */

static void tally_add(struct tally *to, const struct tally *add)
{
    to->sales += add->sales;
    to->member_sales += add->member_sales;
    to->receipts += add->receipts;
    to->registrations += add->registrations;
    to->pos_cards += add->pos_cards;
}

static void gather_row(struct gather *g, const struct event_block *block,
                       const struct event_run *run, size_t row)
{
    struct tally t = {0};
    int64_t time = run->time[row], amount = run_amount(run, row);
    if (run->kind == KIND_REGISTER) {
        t.registrations = 1;
        t.pos_cards = g->pos && run->channel && run->channel[row] == g->pos;
    } else {
        t.sales = run->kind == KIND_PURCHASE ? amount : -amount;
        t.receipts = run->kind == KIND_PURCHASE;
        if (is_member_at(block, run_person(run, row), time))
            t.member_sales = t.sales;
    }
    int64_t day = (int64_t)clock_day(g->clock, time) - g->first_day;
    if (day >= 0 && (size_t)day < g->n_days)
        tally_add(&g->days[day], &t);
    tally_add(&g->hours[clock_hour(g->clock, time) % HOURS], &t);
}

static struct buyer *buyer_of(struct gather *g, uint32_t person)
{
    if (!g->buyers.n || g->buyers.at[g->buyers.n - 1].person != person)
        vec_push(&g->buyers, (struct buyer){.person = person});
    return &g->buyers.at[g->buyers.n - 1];
}

/* The purchases of one person, rows [from, to): was this shop among them, and which others? */
static void gather_person(struct gather *g, const struct event_block *block,
                          const struct event_run *run, size_t from, size_t to)
{
    uint32_t person = run_person(run, from);
    bool here = false;
    for (size_t i = from; i < to; i++) {
        if (run_tenant(run, i) != g->tenant)
            continue;
        struct buyer *buyer = buyer_of(g, person);
        here = true;
        buyer->receipts++;
        buyer->spent += run_amount(run, i);
        buyer->last = run->time[i];
    }
    if (!here || !person)
        return;
    g->known += is_member_at(block, person, INT64_MAX - 1);
    for (size_t i = from; i < to; i++) {
        uint32_t tenant = run_tenant(run, i);
        if (tenant >= g->n_tenants || g->marked[tenant] == person)
            continue;
        g->marked[tenant] = person;
        g->both[tenant]++;
    }
}

static void gather_purchases(struct gather *g, const struct event_block *block,
                             const struct event_run *run)
{
    for (size_t from = 0, to; from < run->n; from = to) {
        uint32_t person = run_person(run, from);
        for (to = from + 1; to < run->n && run_person(run, to) == person; to++)
            ;
        if (person)
            gather_person(g, block, run, from, to);
    }
}

/* Refunds of those who bought here in the period; both are in order of person. */
static void gather_refunds(struct gather *g, const struct event_run *run, size_t first_buyer)
{
    size_t at = first_buyer;
    for (size_t i = 0; i < run->n; i++) {
        while (at < g->buyers.n && g->buyers.at[at].person < run_person(run, i))
            at++;
        if (run_tenant(run, i) == g->tenant && at < g->buyers.n &&
            g->buyers.at[at].person == run_person(run, i))
            g->buyers.at[at].spent -= run_amount(run, i);
    }
}

static enum status gather_block(void *context, const struct event_block *block, struct error *err)
{
    struct gather *g = context;
    size_t first_buyer = g->buyers.n;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; i < run->n; i++)
            if (run_tenant(run, i) == g->tenant)
                gather_row(g, block, run, i);
        if (run->kind == KIND_PURCHASE)
            gather_purchases(g, block, run);
        else if (run->kind == KIND_REFUND)
            gather_refunds(g, run, first_buyer);
    }
    return reader_cancelled(g->reader)
               ? error_set(err, ST_CANCELLED, "the score card was cancelled")
               : ST_OK;
}

static void gather_merge(struct gather *to, const struct gather *from)
{
    for (size_t i = 0; i < to->n_days; i++)
        tally_add(&to->days[i], &from->days[i]);
    for (int i = 0; i < HOURS; i++)
        tally_add(&to->hours[i], &from->hours[i]);
    for (size_t i = 0; i < from->buyers.n; i++)
        vec_push(&to->buyers, from->buyers.at[i]);
    for (uint32_t i = 0; i < to->n_tenants; i++)
        to->both[i] += from->both[i];
    to->known += from->known;
}

static struct gather gather_new(struct reader *reader, uint32_t tenant, int64_t from, int64_t to,
                                struct arena *arena)
{
    const struct clock *clock = &reader_mall(reader)->clock;
    struct gather g = {.reader = reader,
                       .clock = clock,
                       .tenant = tenant,
                       .n_tenants = dict_size(reader, DICT_TENANT) + 1,
                       .pos = dict_id(reader, DICT_CHANNEL, "pos", 3)};
    if (from < to) {
        g.first_day = clock_day(clock, from);
        int64_t n = (int64_t)clock_day(clock, to - 1) - g.first_day + 1;
        g.n_days = n > DAYS_MOST ? DAYS_MOST : (size_t)n;
    }
    g.days = arena_array(arena, struct tally, g.n_days);
    g.both = arena_array(arena, int64_t, g.n_tenants);
    g.marked = arena_array(arena, uint32_t, g.n_tenants);
    return g;
}

/* Everything about the shop into gathers[0]. The period is cut to when there are events. */
static enum status gather_all(struct reader *reader, uint32_t tenant, int64_t from, int64_t to,
                              struct arena *arena, struct gather *gathers, struct error *err)
{
    static const uint16_t kinds_asked[] = {KIND_REGISTER, KIND_PURCHASE, KIND_REFUND};
    struct event_totals totals;
    enum status status = event_totals(reader, &totals, err);
    if (status)
        return status;
    from = from < totals.first ? totals.first : from;
    to = to > totals.last ? totals.last + 1 : to;
    void *contexts[SCAN_THREADS];
    int threads = scan_threads();
    for (int i = 0; i < threads; i++) {
        gathers[i] = gather_new(reader, tenant, from, to, arena);
        contexts[i] = &gathers[i];
    }
    struct event_query query = {.from = from,
                                .to = to,
                                .kinds = kinds_asked,
                                .n_kinds = 3,
                                .columns = EVENT_TIME | EVENT_TENANT | EVENT_CHANNEL | EVENT_AMOUNT,
                                .nobody = true,
                                .people = true,
                                .times = true};
    if (from < to)
        status = event_scan_parallel(reader, &query, gather_block, contexts, threads, err);
    for (int i = 1; i < threads; i++) {
        gather_merge(&gathers[0], &gathers[i]);
        vec_free(&gathers[i].buyers);
    }
    return status;
}

/* ---- Sheets ---- */

static struct sheet *day_sheet(const struct gather *g, struct arena *arena)
{
    static const struct sheet_column columns[] = {
        {"day", N_("day"), CELL_DAY},
        {"sales", N_("sales"), CELL_MONEY},
        {"member_sales", N_("member sales"), CELL_MONEY},
        {"receipts", N_("receipts"), CELL_COUNT},
        {"registrations", N_("new members"), CELL_COUNT},
        {"pos_cards", N_("POS cards"), CELL_COUNT},
    };
    struct sheet *sheet = sheet_new(arena, columns, 6);
    for (size_t i = 0; i < g->n_days; i++) {
        const struct tally *t = &g->days[i];
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_integer(g->first_day + (int64_t)i);
        cells[1] = cell_integer(t->sales);
        cells[2] = cell_integer(t->member_sales);
        cells[3] = cell_integer(t->receipts);
        cells[4] = cell_integer(t->registrations);
        cells[5] = cell_integer(t->pos_cards);
    }
    return sheet;
}

static struct sheet *hour_sheet(const struct gather *g, struct arena *arena)
{
    static const struct sheet_column columns[] = {
        {"hour", N_("hour"), CELL_COUNT},
        {"sales", N_("sales"), CELL_MONEY},
        {"receipts", N_("receipts"), CELL_COUNT},
        {"member_share", N_("member share"), CELL_SHARE},
        {"registrations", N_("new members"), CELL_COUNT},
    };
    struct sheet *sheet = sheet_new(arena, columns, 5);
    for (int i = 0; i < HOURS; i++) {
        const struct tally *t = &g->hours[i];
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_integer(i);
        cells[1] = cell_integer(t->sales);
        cells[2] = cell_integer(t->receipts);
        cells[3] = cell_share((double)t->member_sales, (double)t->sales);
        cells[4] = cell_integer(t->registrations);
    }
    return sheet;
}

static int by_spent(const void *a, const void *b)
{
    const struct buyer *x = a, *y = b;
    if (x->spent != y->spent)
        return x->spent > y->spent ? -1 : 1;
    return x->person < y->person ? -1 : x->person > y->person;
}

static enum status member_sheet(struct reader *reader, const struct access *access,
                                struct gather *g, struct arena *arena, struct sheet **out,
                                struct error *err)
{
    static const struct sheet_column columns[] = {
        {"person", N_("person"), CELL_COUNT},     {"card", N_("card"), CELL_TEXT},
        {"name", N_("name"), CELL_TEXT},          {"tier", N_("tier"), CELL_TEXT},
        {"receipts", N_("receipts"), CELL_COUNT}, {"spent", N_("spent"), CELL_MONEY},
        {"last", N_("last"), CELL_TIME},
    };
    struct sheet *sheet = *out = sheet_new(arena, columns, 7);
    sheet->total = 0;
    if (!access_may(access, RIGHT_PEOPLE_SEE))
        return ST_OK;
    sheet->total = (int64_t)g->buyers.n;
    if (g->buyers.n)
        qsort(g->buyers.at, g->buyers.n, sizeof *g->buyers.at, by_spent);
    enum status status = ST_OK;
    for (size_t i = 0; !status && i < g->buyers.n && i < SHOP_TOP_MEMBERS; i++) {
        const struct buyer *buyer = &g->buyers.at[i];
        struct member_row row;
        struct cell all[MEMBER_COLUMN_COUNT] = {0};
        struct cell *cells = sheet_row_add(sheet);
        bool there;
        status = member_row_read(reader, buyer->person, arena, &row, &there, err);
        if (!status && there)
            member_row_cells(reader, access, arena, &row, 0, all);
        cells[0] = access->mask == MASK_PSEUDONYM ? (struct cell){0} : cell_integer(buyer->person);
        cells[1] = all[MEMBER_CARD];
        cells[2] = all[MEMBER_NAME];
        cells[3] = all[MEMBER_TIER];
        cells[4] = cell_integer(buyer->receipts);
        cells[5] = cell_integer(buyer->spent);
        cells[6] = cell_integer(buyer->last);
    }
    sheet->truncated = g->buyers.n > SHOP_TOP_MEMBERS;
    return status;
}

/* ---- Neighbours ---- */

struct neighbour {
    uint32_t tenant;
    int64_t both;
};

static int by_both(const void *a, const void *b)
{
    const struct neighbour *x = a, *y = b;
    if (x->both != y->both)
        return x->both > y->both ? -1 : 1;
    return x->tenant < y->tenant ? -1 : x->tenant > y->tenant;
}

static enum status tenant_texts(struct reader *reader, uint32_t tenant, struct arena *arena,
                                struct cell *cells, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status =
        reader_prepare(reader, "select code, name, category from tenant where id = ?1", &stmt, err);
    if (status)
        return status;
    sqlite3_bind_int64(stmt, 1, tenant);
    status = reader_step(reader, stmt, &row, err);
    for (int i = 0; !status && row && i < 3; i++) {
        const char *text = (const char *)sqlite3_column_text(stmt, i);
        cells[i] = cell_text(text && *text ? arena_strdup(arena, text) : NULL);
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status neighbour_sheet(struct reader *reader, const struct gather *g,
                                   const struct shop_sums *sums, struct arena *arena,
                                   struct sheet **out, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"tenant", N_("code"), CELL_TEXT},       {"name", N_("shop"), CELL_TEXT},
        {"category", N_("category"), CELL_TEXT}, {"buyers", N_("buyers of both"), CELL_COUNT},
        {"support", N_("support"), CELL_SHARE},  {"confidence", N_("confidence"), CELL_SHARE},
        {"lift", N_("lift"), CELL_REAL},
    };
    struct sheet *sheet = *out = sheet_new(arena, columns, 7);
    VEC(struct neighbour) found = {0};
    for (uint32_t i = 1; i < g->n_tenants && i < sums->n; i++)
        if (i != g->tenant && g->both[i])
            vec_push(&found, (struct neighbour){i, g->both[i]});
    if (found.n)
        qsort(found.at, found.n, sizeof *found.at, by_both);
    double all = (double)sums->at[sums->n].buyers, here = (double)g->buyers.n;
    enum status status = ST_OK;
    for (size_t i = 0; !status && i < found.n && i < SHOP_NEIGHBOURS; i++) {
        double both = (double)found.at[i].both;
        double there = (double)sums->at[found.at[i].tenant].buyers;
        struct cell *cells = sheet_row_add(sheet);
        status = tenant_texts(reader, found.at[i].tenant, arena, cells, err);
        cells[3] = cell_integer(found.at[i].both);
        cells[4] = cell_share(both, all);
        cells[5] = cell_share(both, here);
        cells[6] = cell_share(both * all, here * there);
    }
    sheet->total = (int64_t)found.n;
    sheet->truncated = found.n > SHOP_NEIGHBOURS;
    vec_free(&found);
    return status;
}

/* ---- Ranks ---- */

struct category {
    const char *name;
    int64_t shops, sales;
};

static int by_category_sales(const void *a, const void *b)
{
    const struct category *x = a, *y = b;
    if (x->sales != y->sales)
        return x->sales > y->sales ? -1 : 1;
    return strcmp(x->name, y->name);
}

static const char *text_of(struct cell cell)
{
    return cell.known ? cell.text : "";
}

static void category_sheet(const struct sheet *shops, struct shop_card *card, struct arena *arena)
{
    static const struct sheet_column columns[] = {
        {"category", N_("category"), CELL_TEXT}, {"shops", N_("shops"), CELL_COUNT},
        {"sales", N_("sales"), CELL_MONEY},      {"share", N_("share of sales"), CELL_SHARE},
        {"rank", N_("rank"), CELL_COUNT},        {"own", N_("this shop's"), CELL_COUNT},
    };
    struct category *list = arena_array(arena, struct category, shops->n_rows);
    size_t n = 0;
    int64_t sales = 0;
    for (size_t i = 0; i < shops->n_rows; i++) {
        const struct cell *row = sheet_row(shops, i);
        size_t k = 0;
        while (k < n && strcmp(list[k].name, text_of(row[SHOP_CATEGORY])) != 0)
            k++;
        n += k == n;
        list[k].name = text_of(row[SHOP_CATEGORY]);
        list[k].shops += row[SHOP_RECEIPTS].integer > 0;
        list[k].sales += row[SHOP_SALES].integer;
        sales += row[SHOP_SALES].integer;
    }
    qsort(list, n, sizeof *list, by_category_sales);
    card->categories = sheet_new(arena, columns, 6);
    for (size_t i = 0; i < n; i++) {
        struct cell *cells = sheet_row_add(card->categories);
        cells[0] = cell_text(*list[i].name ? list[i].name : NULL);
        cells[1] = cell_integer(list[i].shops);
        cells[2] = cell_integer(list[i].sales);
        cells[3] = cell_share((double)list[i].sales, (double)sales);
        cells[4] = cell_integer((int64_t)i + 1);
        cells[5] = cell_integer(strcmp(list[i].name, card->category) == 0);
    }
}

/* Shops are in order of sales; those that sold nothing have no rank. */
static void ranks_fill(const struct sheet *shops, struct shop_card *card)
{
    int rank = 0, category_rank = 0;
    for (size_t i = 0; i < shops->n_rows; i++) {
        const struct cell *row = sheet_row(shops, i);
        bool open = row[SHOP_RECEIPTS].integer > 0;
        bool own = strcmp(text_of(row[SHOP_CATEGORY]), card->category) == 0;
        rank += open;
        category_rank += open && own;
        if (strcmp(text_of(row[SHOP_TENANT]), card->code) != 0)
            continue;
        card->row = row;
        card->rank = open ? rank : 0;
        card->category_rank = open ? category_rank : 0;
    }
    card->shops = rank;
    card->category_shops = category_rank;
}

static enum status head_read(struct reader *reader, struct arena *arena, struct shop_card *card,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(
        reader,
        "select t.code, t.name, t.category, t.floor, t.brand, coalesce(z.code, ''), t.smart_pos,"
        " t.version from tenant t left join zone z on z.id = t.zone where t.id = ?1",
        &stmt, err);
    if (status)
        return status;
    sqlite3_bind_int64(stmt, 1, card->tenant);
    status = reader_step(reader, stmt, &row, err);
    if (!status && row) {
        const char **texts[] = {&card->code,  &card->name,  &card->category,
                                &card->floor, &card->brand, &card->zone};
        for (int i = 0; i < 6; i++)
            *texts[i] = arena_strdup(arena, column_text(stmt, i));
        card->smart_pos = sqlite3_column_int(stmt, 6) != 0;
        card->version = sqlite3_column_int64(stmt, 7);
    } else if (!status) {
        status = error_set(err, ST_REFUSED, "there is no shop number %u", card->tenant);
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status card_fill(struct reader *reader, const struct access *access,
                             const struct shop_query *query, struct arena *arena,
                             struct shop_card *card, struct error *err)
{
    struct sheet *shops;
    struct shop_sums sums;
    struct gather gathers[SCAN_THREADS] = {0};
    struct arena *work = arena_new();
    enum status status = head_read(reader, arena, card, err);
    if (!status)
        status = shop_list(reader, access, query, arena, &shops, NULL, err);
    if (!status)
        status = shop_sums_read(reader, query->from, query->to, work, &sums, err);
    if (!status)
        status = gather_all(reader, card->tenant, query->from, query->to, work, gathers, err);
    if (!status) {
        ranks_fill(shops, card);
        category_sheet(shops, card, arena);
        card->members_known = gathers[0].known;
        card->by_day = day_sheet(&gathers[0], arena);
        card->by_hour = hour_sheet(&gathers[0], arena);
        status = neighbour_sheet(reader, &gathers[0], &sums, arena, &card->neighbours, err);
    }
    if (!status)
        status = member_sheet(reader, access, &gathers[0], arena, &card->members, err);
    vec_free(&gathers[0].buyers);
    arena_free(work);
    return status;
}

enum status shop_card_read(struct reader *reader, const struct access *access, uint32_t tenant,
                           const struct shop_query *query, struct arena *arena,
                           struct shop_card *card, struct error *err)
{
    *card = (struct shop_card){.tenant = tenant};
    enum status status = reader_begin(reader, err);
    if (status)
        return status;
    status = card_fill(reader, access, query, arena, card, err);
    reader_end(reader);
    return status;
}
