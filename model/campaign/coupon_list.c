#include "model/campaign/coupon_list.h"

#include "model/base/intl.h"
#include "model/base/vec.h"
#include "model/campaign/coupon_rows.h"
#include "model/store/column.h"

#include <stdlib.h>

const char *coupon_code_shown(struct arena *arena, const struct access *access, const char *code)
{
    return access_may(access, RIGHT_CAMPAIGN_EDIT) ? coupon_code_print(arena, code)
                                                   : coupon_code_mask(arena, code);
}

static enum status figures_allowed(const struct access *access, struct error *err)
{
    if (access_may(access, RIGHT_CAMPAIGN_EDIT))
        return ST_OK;
    return access_require(access, RIGHT_QUESTIONS, "look at coupons", err);
}

/* ---- By campaign ---- */

const struct sheet_column coupon_sums_columns[COUPONS_COLUMNS] = {
    [COUPONS_CAMPAIGN] = {"campaign", N_("campaign"), CELL_TEXT},
    [COUPONS_NAME] = {"name", N_("campaign name"), CELL_TEXT},
    [COUPONS_STATE] = {"state", N_("state"), CELL_TEXT},
    [COUPONS_ISSUED] = {"issued", N_("issued"), CELL_COUNT},
    [COUPONS_CLAIMED] = {"claimed", N_("claimed"), CELL_COUNT},
    [COUPONS_REDEEMED] = {"redeemed", N_("redeemed"), CELL_COUNT},
    [COUPONS_EXPIRED] = {"expired", N_("expired"), CELL_COUNT},
    [COUPONS_VOID] = {"void", N_("void"), CELL_COUNT},
    [COUPONS_OPEN] = {"open", N_("not used"), CELL_COUNT},
    [COUPONS_RATE] = {"rate", N_("rate"), CELL_SHARE},
    [COUPONS_LOW] = {"rate_low", N_("at least"), CELL_SHARE},
    [COUPONS_HIGH] = {"rate_high", N_("at most"), CELL_SHARE},
    [COUPONS_GIVEN] = {"given", N_("value given"), CELL_MONEY},
    [COUPONS_TOUCHED] = {"touched", N_("sales touched"), CELL_MONEY},
    [COUPONS_DISPUTES] = {"disputes", N_("disputes"), CELL_COUNT},
};

static struct cell count_cell(const struct access *access, int64_t n)
{
    return small_group_cell(access, n, false, cell_integer(n));
}

void coupon_sums_cells(const struct access *access, const struct coupon_sums *sums,
                       struct cell *cells)
{
    const struct {
        enum coupon_sums_column column;
        int64_t n;
    } counts[] = {
        {COUPONS_ISSUED, sums->issued},     {COUPONS_CLAIMED, sums->claimed},
        {COUPONS_REDEEMED, sums->redeemed}, {COUPONS_EXPIRED, sums->expired},
        {COUPONS_VOID, sums->voided},       {COUPONS_OPEN, sums->open},
        {COUPONS_DISPUTES, sums->disputes},
    };
    double issued = (double)sums->issued, redeemed = (double)sums->redeemed;
    struct interval rate = stat_wilson(redeemed, issued, STAT_Z95);
    cells[COUPONS_CAMPAIGN] = cell_text(sums->code);
    cells[COUPONS_NAME] = cell_text(sums->name);
    cells[COUPONS_STATE] = cell_text(sums->state);
    bool hidden = false;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        cells[counts[i].column] = count_cell(access, counts[i].n);
        hidden |= small_group(access, counts[i].n);
    }
    cells[COUPONS_RATE] = cell_share(redeemed, issued);
    cells[COUPONS_LOW] = cell_share(rate.low * issued, issued);
    cells[COUPONS_HIGH] = cell_share(rate.high * issued, issued);
    cells[COUPONS_GIVEN] = cell_integer(sums->given);
    cells[COUPONS_TOUCHED] = cell_integer(sums->touched);
    /* What a small count follows from is kept back with it. */
    for (int i = COUPONS_RATE; hidden && i <= COUPONS_TOUCHED; i++)
        cells[i] = cell_hidden(0);
}

static enum status disputes_count(struct reader *reader, struct coupon_sums *sums, size_t n,
                                  struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(
        reader, "select campaign, count(*) from coupon_dispute group by campaign", &stmt, err);
    if (status != ST_OK)
        return status;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        for (size_t i = 0; i < n; i++)
            if (sums[i].campaign == (uint32_t)sqlite3_column_int64(stmt, 0))
                sums[i].disputes = sqlite3_column_int64(stmt, 1);
    sqlite3_reset(stmt);
    return status;
}

static void sums_add(struct coupon_sums *all, const struct coupon_sums *one)
{
    all->issued += one->issued;
    all->claimed += one->claimed;
    all->redeemed += one->redeemed;
    all->expired += one->expired;
    all->voided += one->voided;
    all->open += one->open;
    all->disputes += one->disputes;
    all->given += one->given;
    all->touched += one->touched;
}

enum status coupon_sums_read(struct reader *reader, const struct access *access,
                             struct arena *arena, const struct coupon_sums **sums, size_t *n,
                             struct coupon_sums *all, struct error *err)
{
    VEC(struct coupon_sums) found = {0};
    sqlite3_stmt *stmt;
    bool row;
    *sums = NULL;
    *n = 0;
    *all = (struct coupon_sums){.code = "", .name = "", .state = ""};
    enum status status = figures_allowed(access, err);
    if (status == ST_OK)
        status = reader_prepare(
            reader,
            "select s.campaign, coalesce(g.code, ''), coalesce(g.name, ''), coalesce(g.state, ''),"
            " s.issued, s.claimed, s.redeemed, s.expired, s.void, s.given, s.touched from (select"
            " campaign, count(*) as issued, sum(claimed <> 0) as claimed, sum(state = 3) as"
            " redeemed, sum(state = 4) as expired, sum(state = 5) as void, sum(given) as given,"
            " sum(touched) as touched from coupon group by campaign) s left join campaign g on"
            " g.id = s.campaign order by s.campaign desc",
            &stmt, err);
    if (status != ST_OK)
        return status;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct coupon_sums one = {.campaign = (uint32_t)sqlite3_column_int64(stmt, 0),
                                  .code = arena_strdup(arena, column_text(stmt, 1)),
                                  .name = arena_strdup(arena, column_text(stmt, 2)),
                                  .state = arena_strdup(arena, column_text(stmt, 3)),
                                  .issued = sqlite3_column_int64(stmt, 4),
                                  .claimed = sqlite3_column_int64(stmt, 5),
                                  .redeemed = sqlite3_column_int64(stmt, 6),
                                  .expired = sqlite3_column_int64(stmt, 7),
                                  .voided = sqlite3_column_int64(stmt, 8),
                                  .given = sqlite3_column_int64(stmt, 9),
                                  .touched = sqlite3_column_int64(stmt, 10)};
        one.open = one.issued - one.redeemed - one.expired - one.voided;
        vec_push(&found, one);
    }
    sqlite3_reset(stmt);
    if (status == ST_OK)
        status = disputes_count(reader, found.at, found.n, err);
    struct coupon_sums *copy = arena_array(arena, struct coupon_sums, found.n);
    for (size_t i = 0; i < found.n; i++) {
        copy[i] = found.at[i];
        sums_add(all, &found.at[i]);
    }
    *sums = copy;
    *n = found.n;
    vec_free(&found);
    return status;
}

/* ---- One by one ---- */

const char *const coupon_whats[COUPONS_WHATS] = {"all",     "claimed", "redeemed",
                                                 "expired", "void",    "open"};
const char *const coupon_what_titles[COUPONS_WHATS] = {
    N_("all"), N_("claimed"), N_("redeemed"), N_("expired"), N_("void"), N_("not used")};

static const char *const conditions[COUPONS_WHATS] = {
    [COUPONS_ALL] = "1",
    [COUPONS_ARE_CLAIMED] = "c.claimed <> 0",
    [COUPONS_ARE_REDEEMED] = "c.state = 3",
    [COUPONS_ARE_EXPIRED] = "c.state = 4",
    [COUPONS_ARE_VOID] = "c.state = 5",
    [COUPONS_ARE_OPEN] = "c.state in (1, 2)",
};

const struct sheet_column coupon_list_columns[COUPON_COLUMNS_SHOWN] = {
    [COUPON_COLUMN_CODE] = {"code", N_("coupon code"), CELL_TEXT},
    [COUPON_COLUMN_CAMPAIGN] = {"campaign", N_("campaign"), CELL_TEXT},
    [COUPON_COLUMN_CARD] = {"card", N_("card"), CELL_TEXT},
    [COUPON_COLUMN_NAME] = {"name", N_("name"), CELL_TEXT},
    [COUPON_COLUMN_STATE] = {"state", N_("state"), CELL_TEXT},
    [COUPON_COLUMN_VALUE] = {"value", N_("worth"), CELL_MONEY},
    [COUPON_COLUMN_MINIMUM] = {"minimum", N_("minimum"), CELL_MONEY},
    [COUPON_COLUMN_ISSUED] = {"issued", N_("issued"), CELL_TIME},
    [COUPON_COLUMN_CLAIMED] = {"claimed", N_("claimed"), CELL_TIME},
    [COUPON_COLUMN_EXPIRES] = {"expires", N_("expires"), CELL_TIME},
    [COUPON_COLUMN_USED] = {"used", N_("used"), CELL_TIME},
    [COUPON_COLUMN_TENANT] = {"tenant", N_("shop"), CELL_TEXT},
    [COUPON_COLUMN_AMOUNT] = {"amount", N_("receipt amount"), CELL_MONEY},
    [COUPON_COLUMN_GIVEN] = {"given", N_("given"), CELL_MONEY},
};

static void coupon_cells(struct arena *arena, const struct access *access, sqlite3_stmt *stmt,
                         const struct coupon *coupon, struct cell *cells)
{
    int at = COUPON_COLUMN_COUNT;
    const char *card = arena_strdup(arena, column_text(stmt, at + 2));
    const char *name = arena_strdup(arena, column_text(stmt, at + 3));
    const struct {
        enum coupon_column column;
        int64_t time;
    } times[] = {{COUPON_COLUMN_CLAIMED, coupon->claimed},
                 {COUPON_COLUMN_EXPIRES, coupon->expires},
                 {COUPON_COLUMN_USED, coupon->used}};
    cells[COUPON_COLUMN_CODE] = cell_text(coupon_code_shown(arena, access, coupon->code));
    cells[COUPON_COLUMN_CAMPAIGN] = cell_text(arena_strdup(arena, column_text(stmt, at)));
    if (coupon->person && *card) {
        cells[COUPON_COLUMN_CARD] =
            cell_text(access_text(access, arena, PERSONAL_CARD, coupon->person, card));
        cells[COUPON_COLUMN_NAME] =
            cell_text(access_text(access, arena, PERSONAL_NAME, coupon->person, name));
    }
    cells[COUPON_COLUMN_STATE] = cell_text(coupon_state_names[coupon->state]);
    cells[COUPON_COLUMN_VALUE] = cell_integer(coupon->value);
    cells[COUPON_COLUMN_MINIMUM] = cell_integer(coupon->minimum);
    cells[COUPON_COLUMN_ISSUED] = cell_integer(coupon->issued);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (times[i].time)
            cells[times[i].column] = cell_integer(times[i].time);
    if (coupon->state != COUPON_REDEEMED)
        return;
    const char *tenant = column_text(stmt, at + 1);
    if (*tenant)
        cells[COUPON_COLUMN_TENANT] = cell_text(arena_strdup(arena, tenant));
    if (coupon->amount)
        cells[COUPON_COLUMN_AMOUNT] = cell_integer(coupon->amount);
    cells[COUPON_COLUMN_GIVEN] = cell_integer(coupon->given);
}

static const char *query_where(struct arena *arena, const struct coupon_query *query)
{
    return arena_printf(arena, "where %s and %s and %s", conditions[query->what],
                        query->campaign ? "c.campaign = ?1" : "?1 = 0",
                        query->person ? "c.person = ?2" : "?2 = 0");
}

static enum status query_total(struct reader *reader, struct arena *arena,
                               const struct coupon_query *query, int64_t *total, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    const char *sql =
        arena_printf(arena, "select count(*) from coupon c %s", query_where(arena, query));
    enum status status = reader_prepare(reader, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, query->campaign);
    sqlite3_bind_int64(stmt, 2, query->person);
    status = reader_step(reader, stmt, &row, err);
    *total = status == ST_OK && row ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return status;
}

enum status coupon_list(struct reader *reader, const struct access *access,
                        const struct coupon_query *query, struct arena *arena, struct sheet **sheet,
                        const struct coupon **coupons, struct error *err)
{
    VEC(struct coupon) found = {0};
    sqlite3_stmt *stmt;
    bool row;
    *sheet = sheet_new(arena, coupon_list_columns, COUPON_COLUMNS_SHOWN);
    enum status status = access_require(access, RIGHT_PEOPLE_SEE, "list coupons", err);
    if (status == ST_OK)
        status = query_total(reader, arena, query, &(*sheet)->total, err);
    if (status == ST_OK && !query->person)
        status = small_group_check(access, (*sheet)->total, err);
    const char *sql = arena_printf(
        arena,
        "select c.code, c.own, c.campaign, c.person, c.state, c.value, c.minimum, c.issued,"
        " c.expires, c.claimed, c.expired, c.used, c.tenant, c.amount, c.given, c.touched,"
        " g.code, t.code, m.card, m.name from coupon c left join campaign g on g.id = c.campaign"
        " left join tenant t on t.id = c.tenant left join member m on m.person = c.person %s"
        " order by c.issued desc, c.code limit ?3",
        query_where(arena, query));
    if (status == ST_OK)
        status = reader_prepare(reader, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, query->campaign);
    sqlite3_bind_int64(stmt, 2, query->person);
    sqlite3_bind_int64(stmt, 3, query->limit ? query->limit : -1);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct coupon coupon;
        coupon_row_take(stmt, 0, &coupon);
        coupon_cells(arena, access, stmt, &coupon, sheet_row_add(*sheet));
        if (coupons)
            vec_push(&found, coupon);
    }
    sqlite3_reset(stmt);
    (*sheet)->truncated = (int64_t)(*sheet)->n_rows < (*sheet)->total;
    if (coupons) {
        *coupons = vec_copy(arena, &found);
    }
    vec_free(&found);
    return status;
}

/* ---- Disputes ---- */

enum status coupon_disputes(struct reader *reader, const struct access *access, uint32_t campaign,
                            struct arena *arena, struct sheet **sheet, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"time", N_("time"), CELL_TIME},         {"code", N_("coupon code"), CELL_TEXT},
        {"campaign", N_("campaign"), CELL_TEXT}, {"reason", N_("reason"), CELL_TEXT},
        {"tenant", N_("shop"), CELL_TEXT},       {"value", N_("worth"), CELL_MONEY},
        {"holds", N_("holds since"), CELL_TIME}, {"holder", N_("redeemed at"), CELL_TEXT},
        {"ref", N_("reference"), CELL_TEXT},
    };
    sqlite3_stmt *stmt;
    bool row;
    *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    enum status status = access_require(access, RIGHT_CAMPAIGN_EDIT, "look at disputes", err);
    if (status == ST_OK)
        status = reader_prepare(
            reader,
            "select d.time, d.code, coalesce(g.code, ''), d.reason, coalesce(t.code, ''), d.value,"
            " case when c.state = 3 then c.used end, coalesce(h.code, ''), d.ref from"
            " coupon_dispute d left join campaign g on g.id = d.campaign left join tenant t on"
            " t.id = d.tenant left join coupon c on c.code = d.code left join tenant h on"
            " h.id = c.tenant where ?1 in (0, d.campaign) order by d.time desc, d.ref",
            &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, campaign);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct cell *cells = sheet_row_add(*sheet);
        cells[0] = cell_integer(sqlite3_column_int64(stmt, 0));
        cells[1] = cell_text(coupon_code_shown(arena, access, column_text(stmt, 1)));
        for (int i = 2; i < 5; i++)
            cells[i] = cell_text(arena_strdup(arena, column_text(stmt, i)));
        cells[5] = cell_integer(sqlite3_column_int64(stmt, 5));
        if (sqlite3_column_type(stmt, 6) != SQLITE_NULL)
            cells[6] = cell_integer(sqlite3_column_int64(stmt, 6));
        cells[7] = cell_text(arena_strdup(arena, column_text(stmt, 7)));
        cells[8] = cell_text(arena_strdup(arena, column_text(stmt, 8)));
    }
    sqlite3_reset(stmt);
    (*sheet)->total = (int64_t)(*sheet)->n_rows;
    return status;
}

enum status coupon_card(struct reader *reader, const struct access *access, struct arena *arena,
                        uint32_t person, const char **card, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    *card = NULL;
    enum status status =
        reader_prepare(reader, "select card from member where person = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    status = reader_step(reader, stmt, &row, err);
    if (status == ST_OK && row)
        *card = access_text(access, arena, PERSONAL_CARD, person,
                            arena_strdup(arena, column_text(stmt, 0)));
    sqlite3_reset(stmt);
    return status;
}
