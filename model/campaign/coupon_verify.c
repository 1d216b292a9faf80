/* What must hold of coupons: rows, sums and events say the same. */
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/campaign/coupon_desk.h"
#include "model/campaign/coupon_rows.h"
#include "model/store/column.h"
#include "model/store/verify.h"

#include <stdlib.h>
#include <string.h>

/* ---- Rows by themselves ---- */

static enum status codes_check(struct verify *verify, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    int64_t n = 0;
    enum status status = reader_prepare(verify->reader, "select code, own from coupon", &stmt, err);
    if (status != ST_OK)
        return status;
    while ((status = reader_step(verify->reader, stmt, &row, err)) == ST_OK && row) {
        char code[COUPON_CODE];
        const char *text = column_text(stmt, 0);
        bool good = coupon_code_read(text, strlen(text), code) && strcmp(code, text) == 0;
        n++;
        if (good && (!sqlite3_column_int(stmt, 1) || coupon_code_fits(code)))
            continue;
        const char *quoted = text_quote(verify->arena, text, strlen(text));
        sqlite3_reset(stmt);
        return verify_bad(verify, "coupon %s: %s", quoted,
                          good ? "its check letter does not fit" : "that is no code");
    }
    sqlite3_reset(stmt);
    return status == ST_OK ? verify_good(verify, _("%lld codes"), (long long)n) : status;
}

static enum status states_check(struct verify *verify, struct error *err)
{
    return verify_none(
        verify,
        "select code from coupon where state not between 1 and 5 or value < 0 or given < 0 or"
        " given > value or touched < 0 or touched > amount or (state <> 3 and (given <> 0 or"
        " tenant <> 0 or redeem_ref is not null)) or (state = 3 and used = 0) or (state = 2 and"
        " claimed = 0) or (state = 4 and expired = 0) or campaign not in (select id from campaign)",
        "select count(*) from coupon", "coupons", err);
}

static enum status sums_check(struct verify *verify, struct error *err)
{
    return verify_none(
        verify,
        "with counted (campaign, name, value) as (select campaign, 'issued', count(*) from coupon"
        " group by campaign union all select campaign, 'redeemed', count(*) from coupon where"
        " state = 3 group by campaign union all select campaign, 'given', sum(given) from coupon"
        " where state = 3 group by campaign), pairs as (select campaign, name from counted union"
        " select campaign, name from campaign_sum where name in ('issued', 'redeemed', 'given'))"
        " select 'campaign ' || coalesce((select code from campaign where id = p.campaign),"
        " p.campaign) || ': ' || p.name || ' is ' || coalesce(s.value, 0) || ', its coupons say '"
        " || coalesce(c.value, 0) from pairs p left join counted c on c.campaign = p.campaign and"
        " c.name = p.name left join campaign_sum s on s.campaign = p.campaign and s.name = p.name"
        " where coalesce(s.value, 0) <> coalesce(c.value, 0) and not (p.name = 'given' and"
        " p.campaign in (select id from campaign where kind = 'points-cash'))",
        "select count(*) from campaign_sum where name in ('issued', 'redeemed', 'given')",
        N_("sums"), err);
}

/* ---- Rows and events ---- */

/* A row for looking up by code, and what was seen of it. */
struct known {
    char code[COUPON_CODE];
    unsigned char owes, seen; /* bits of kinds, from KIND_COUPON_ISSUE on */
    const char *event;        /* the reference of its redemption */
};

struct comparing {
    struct verify *verify;
    VEC(struct known) rows;
    VEC(const char *) disputes;
    int64_t events, waiting;
};

static unsigned char kind_bit(uint16_t kind)
{
    return (unsigned char)(1u << (kind - KIND_COUPON_ISSUE));
}

static int compare_known(const void *key, const void *at)
{
    return strcmp(key, ((const struct known *)at)->code);
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum status rows_load(struct comparing *c, struct error *err)
{
    struct reader *reader = c->verify->reader;
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(
        reader, "select " COUPON_COLUMNS ", redeem_ref from coupon order by code", &stmt, err);
    if (status != ST_OK)
        return status;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct coupon coupon;
        struct known known = {.owes = kind_bit(KIND_COUPON_ISSUE)};
        coupon_row_take(stmt, 0, &coupon);
        memcpy(known.code, coupon.code, sizeof known.code);
        if (coupon.claimed)
            known.owes |= kind_bit(KIND_COUPON_CLAIM);
        if (coupon.expired)
            known.owes |= kind_bit(KIND_COUPON_EXPIRE);
        if (coupon.state == COUPON_REDEEMED) {
            bool bare = sqlite3_column_type(stmt, COUPON_COLUMN_COUNT) == SQLITE_NULL;
            known.owes |= kind_bit(KIND_COUPON_REDEEM);
            known.event = coupon_event_ref(c->verify->arena, coupon.code,
                                           bare ? NULL : column_text(stmt, COUPON_COLUMN_COUNT));
        }
        vec_push(&c->rows, known);
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status disputes_load(struct comparing *c, struct error *err)
{
    struct reader *reader = c->verify->reader;
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(reader, "select ref from coupon_dispute", &stmt, err);
    if (status != ST_OK)
        return status;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&c->disputes, arena_strdup(c->verify->arena, column_text(stmt, 0)));
    sqlite3_reset(stmt);
    if (c->disputes.n)
        qsort(c->disputes.at, c->disputes.n, sizeof *c->disputes.at, compare_text);
    return status;
}

static void event_compare(struct comparing *c, uint16_t kind, const char *ref)
{
    char code[COUPON_CODE];
    const char *slash = kind == KIND_COUPON_REDEEM ? strchr(ref, '/') : NULL;
    if (!coupon_code_read(ref, slash ? (size_t)(slash - ref) : strlen(ref), code) || !c->rows.n)
        return;
    struct known *known = bsearch(code, c->rows.at, c->rows.n, sizeof *c->rows.at, compare_known);
    if (!known)
        return;
    c->events++;
    if (kind != KIND_COUPON_REDEEM && strcmp(ref, known->code) == 0)
        known->seen |= kind_bit(kind);
    else if (known->event && strcmp(ref, known->event) == 0)
        known->seen |= kind_bit(kind);
    else if (!c->disputes.n ||
             !bsearch(&ref, c->disputes.at, c->disputes.n, sizeof *c->disputes.at, compare_text))
        c->waiting++;
}

static enum status block_compare(void *context, const struct event_block *block, struct error *err)
{
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; run->ref && i < run->n; i++)
            if (*run->ref[i])
                event_compare(context, run->kind, run->ref[i]);
    }
    return ST_OK;
}

/* Whether there are events that coupon_settle has not looked at. */
static enum status news_wait(struct reader *reader, bool *wait, struct error *err)
{
    int64_t value = 0;
    enum status status = reader_integer(
        reader,
        "select (select coalesce(max(id), 0) from batch where state = 'done') > (select value from"
        " counter where name = 'coupon_batch') or (select coalesce(max(seq), 0) from tail) >"
        " (select value from counter where name = 'coupon_seq')",
        1, &value, err);
    *wait = value != 0;
    return status;
}

static enum status events_check(struct verify *verify, struct error *err)
{
    const uint16_t kinds_of[] = {KIND_COUPON_ISSUE, KIND_COUPON_CLAIM, KIND_COUPON_REDEEM,
                                 KIND_COUPON_EXPIRE};
    const struct event_query query = {.from = INT64_MIN,
                                      .kinds = kinds_of,
                                      .n_kinds = sizeof kinds_of / sizeof *kinds_of,
                                      .columns = EVENT_REF,
                                      .nobody = true,
                                      .people = true};
    struct comparing c = {.verify = verify};
    const struct known *wrong = NULL;
    bool wait = false;
    enum status status = rows_load(&c, err);
    if (status == ST_OK)
        status = disputes_load(&c, err);
    if (status == ST_OK && c.rows.n)
        status = event_scan(verify->reader, &query, block_compare, &c, err);
    if (status == ST_OK)
        status = news_wait(verify->reader, &wait, err);
    for (size_t i = 0; i < c.rows.n && !wrong; i++)
        if (c.rows.at[i].owes != c.rows.at[i].seen)
            wrong = &c.rows.at[i];
    if (status == ST_OK && wrong)
        status = verify_bad(verify, "coupon %s: its row and its events do not say the same",
                            coupon_code_mask(verify->arena, wrong->code));
    else if (status == ST_OK && c.waiting && !wait)
        status = verify_bad(verify, "%lld redemptions in events were looked at and stand nowhere",
                            (long long)c.waiting);
    else if (status == ST_OK)
        status =
            verify_good(verify, _("%lld events of %zu coupons"), (long long)c.events, c.rows.n);
    vec_free(&c.rows);
    vec_free(&c.disputes);
    return status;
}

void coupon_verify_register(void)
{
    verify_register(N_("codes of coupons"), codes_check);
    verify_register(N_("states of coupons"), states_check);
    verify_register(N_("sums of coupons"), sums_check);
    verify_register(N_("events of coupons"), events_check);
}
