#include "model/base/text.h"
#include "model/base/time.h"
#include "model/campaign/coupon_desk.h"
#include "model/campaign/schedule.h"
#include "model/campaign/shops.h"

#include <stdlib.h>
#include <string.h>

/* ---- What stands against it ---- */

static enum status shop_judge(struct desk *desk, struct coupon_terms *terms, uint32_t tenant,
                              bool *allowed, struct error *err)
{
    const char *text = terms->campaign.offer.shops;
    enum status status = ST_OK;
    struct set *shops = NULL;
    if (*text && !terms->shops_read) {
        status = shops_of(desk->db, desk->arena, text, &shops, err);
        if (status != ST_OK) {
            error_wrap(err, "shops of campaign %s", terms->campaign.code);
            return ST_REFUSED;
        }
        terms->shops = shops;
        terms->shops_read = true;
    }
    *allowed = !*text || (tenant && set_has(terms->shops, tenant));
    return status;
}

/* What other coupons took off the same receipt, and whether they stand in the way. */
struct receipt {
    int64_t given;
    int64_t others; /* coupons */
    bool same;      /* one of them is of the same campaign */
    bool alone;     /* one of them may not be used together with others */
};

static enum status receipt_read(struct desk *desk, const struct coupon_use *use,
                                const struct coupon *coupon, struct receipt *receipt,
                                struct error *err)
{
    sqlite3_stmt *stmt;
    *receipt = (struct receipt){0};
    if (!use->ref)
        return ST_OK;
    enum status status = desk_prepare(
        desk,
        "select c.given, c.campaign, coalesce(g.stacking, 0), c.code from coupon c left join"
        " campaign g on g.id = c.campaign where c.redeem_ref = ?1 and c.tenant = ?2"
        " and c.state = 3",
        &stmt, err);
    if (status != ST_OK)
        return status;
    int code;
    sqlite3_bind_text(stmt, 1, use->ref, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, use->tenant);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *other = (const char *)sqlite3_column_text(stmt, 3);
        if (other && strcmp(other, coupon->code) == 0)
            continue;
        receipt->given += sqlite3_column_int64(stmt, 0);
        receipt->others++;
        receipt->same |= (uint32_t)sqlite3_column_int64(stmt, 1) == coupon->campaign;
        receipt->alone |= sqlite3_column_int(stmt, 2) == 0;
    }
    if (code != SQLITE_DONE)
        status = sqlite_status(desk->db, "reading a receipt's coupons", err);
    sqlite3_reset(stmt);
    return status;
}

/* While it runs, is paused (nothing new is given, but what people hold is good) and after it ended.
 */
static bool state_redeems(enum campaign_state state)
{
    return state == STATE_RUNNING || state == STATE_PAUSED || state == STATE_ENDED ||
           state == STATE_ARCHIVED;
}

static const char *terms_judge(const struct desk *desk, const struct coupon_terms *terms,
                               const struct coupon *coupon, int64_t time)
{
    if (coupon->state == COUPON_VOID)
        return "void";
    if (!terms || !state_redeems(terms->campaign.state))
        return "campaign";
    if (coupon->expires && time >= coupon->expires)
        return "expired";
    if (!schedule_on(&terms->open, &desk->mall->clock, time, NULL))
        return "day";
    return NULL;
}

enum status coupon_judge(struct desk *desk, const struct coupon_use *use, int64_t time,
                         struct coupon *coupon, const char **reason, struct error *err)
{
    struct coupon_terms *terms;
    struct receipt receipt = {0};
    bool allowed = false;
    enum status status = desk_terms(desk, coupon->campaign, &terms, err);
    if (status != ST_OK)
        return status;
    *reason = terms_judge(desk, terms, coupon, time);
    if (!*reason)
        status = shop_judge(desk, terms, use->tenant, &allowed, err);
    if (status == ST_OK && !*reason)
        status = receipt_read(desk, use, coupon, &receipt, err);
    if (status != ST_OK || *reason)
        return status;
    int64_t left = use->amount >= 0 ? use->amount - receipt.given : INT64_MAX;
    int64_t given = coupon->value < left ? coupon->value : left;
    const struct campaign *c = &terms->campaign;
    if (!allowed)
        *reason = "shop";
    else if (receipt.others && (receipt.alone || !c->offer.stacking))
        *reason = "stacking";
    else if ((use->amount >= 0 && use->amount < coupon->minimum) || given < (coupon->value > 0))
        *reason = "minimum";
    else if (c->limits.budget && terms->sums[SUM_GIVEN] + given > c->limits.budget)
        *reason = "budget";
    if (*reason)
        return ST_OK;
    coupon->given = given;
    coupon->touched = receipt.same || use->amount < 0 ? 0 : use->amount;
    return ST_OK;
}

/* ---- Doing it ---- */

enum status coupon_take(struct desk *desk, const struct coupon_use *use, int64_t time,
                        struct coupon *coupon, bool event, struct error *err)
{
    struct coupon_terms *terms;
    enum status status = desk_terms(desk, coupon->campaign, &terms, err);
    if (status != ST_OK)
        return status;
    coupon->state = COUPON_REDEEMED;
    coupon->used = time;
    coupon->tenant = use->tenant;
    coupon->amount = use->amount > 0 ? use->amount : 0;
    status = coupon_row_write(desk, coupon, use->ref, err);
    if (status != ST_OK)
        return status;
    terms_add(terms, SUM_REDEEMED, 1);
    terms_add(terms, SUM_GIVEN, coupon->given);
    if (event)
        desk_event(desk, KIND_COUPON_REDEEM, coupon, time, coupon->given,
                   coupon_event_ref(desk->arena, coupon->code, use->ref));
    return ST_OK;
}

static enum status use_check(const struct coupon_use *use, struct error *err)
{
    if (use->amount < -1)
        return error_set(err, ST_REFUSED, "amount: expected what the receipt comes to, 0 or more");
    return ref_check(use->ref, err);
}

/* The coupon of a use, and what it would be refused for. */
static enum status use_judge(struct desk *desk, const struct coupon_use *use, int64_t time,
                             struct coupon_result *result, struct error *err)
{
    const char *ref = NULL;
    enum status status =
        coupon_row_named(desk, use->code, &result->coupon, &ref, &result->reason, err);
    if (status != ST_OK || result->reason)
        return status;
    if (result->coupon.state != COUPON_REDEEMED)
        return coupon_judge(desk, use, time, &result->coupon, &result->reason, err);
    result->repeated =
        use->ref && ref && strcmp(use->ref, ref) == 0 && result->coupon.tenant == use->tenant;
    if (!result->repeated)
        result->reason = "used";
    return ST_OK;
}

/* A refusal is in the result, with the sentence of an unknown code in `err`; other errors end
 * everything. */
static enum status redeem_one(struct desk *desk, const struct coupon_use *use,
                              struct coupon_result *result, struct error *err)
{
    int64_t time = use->time ? use->time : time_now();
    *result = (struct coupon_result){0};
    enum status status = use_check(use, err);
    if (status == ST_OK)
        status = use_judge(desk, use, time, result, err);
    if (status == ST_REFUSED && result->reason) {
        result->status = ST_REFUSED;
        return ST_OK;
    }
    if (status == ST_OK && !result->reason && !result->repeated)
        status = coupon_take(desk, use, time, &result->coupon, true, err);
    result->status = status == ST_OK && result->reason ? ST_CONFLICT : status;
    return status;
}

enum status coupon_redeem_many(struct writer *writer, const struct access *access,
                               const struct coupon_use *uses, size_t n,
                               struct coupon_result *results, struct error *err)
{
    struct desk desk;
    enum status status =
        access ? access_require(access, RIGHT_CAMPAIGN_EDIT, "redeem coupons", err) : ST_OK;
    if (status == ST_OK)
        status = desk_begin(&desk, writer, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = redeem_one(&desk, &uses[i], &results[i], err);
    if (status == ST_OK && n != 1)
        error_clear(err); /* the sentence of the last unknown code */
    return desk_end(&desk, status, err);
}

enum status coupon_refused(struct error *err, enum status status, const struct coupon *coupon,
                           const char *reason, const struct mall *mall)
{
    struct arena *arena = arena_new();
    const char *code = coupon_code_print(arena, coupon->code), *more = "";
    if (strcmp(reason, "used") == 0)
        more = arena_printf(arena, ", at %s", time_local(arena, mall->zone, coupon->used));
    else if (strcmp(reason, "expired") == 0)
        more = arena_printf(arena, ", at %s", time_local(arena, mall->zone, coupon->expires));
    else if (strcmp(reason, "minimum") == 0)
        more = arena_printf(arena, ": it takes at least %s", text_from_fen(arena, coupon->minimum));
    error_set(err, status, "coupon %s: %s%s", code, coupon_reason_text(reason), more);
    arena_free(arena);
    return status;
}

enum status coupon_redeem(struct writer *writer, const struct access *access,
                          const struct coupon_use *use, struct coupon *coupon, const char **reason,
                          bool *repeated, struct error *err)
{
    struct coupon_result result = {0};
    enum status status = coupon_redeem_many(writer, access, use, 1, &result, err);
    *coupon = result.coupon;
    *reason = result.reason;
    *repeated = result.repeated;
    if (status != ST_OK || !result.reason)
        return status;
    if (result.status == ST_REFUSED)
        return ST_REFUSED; /* the sentence is in err */
    return coupon_refused(err, ST_CONFLICT, coupon, result.reason, writer_mall(writer));
}

/* ---- Looking only ---- */

enum status coupon_check(struct reader *reader, const struct access *access,
                         const struct coupon_use *use, struct coupon *coupon, const char **reason,
                         struct error *err)
{
    struct desk desk;
    struct coupon_result result = {0};
    enum status status = access_require(access, RIGHT_CAMPAIGN_EDIT, "redeem coupons", err);
    if (status == ST_OK)
        status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    desk_look(&desk, reader);
    status = use_check(use, err);
    if (status == ST_OK)
        status = use_judge(&desk, use, use->time ? use->time : time_now(), &result, err);
    if (status == ST_REFUSED && result.reason) {
        error_clear(err);
        status = ST_OK;
    }
    *coupon = result.coupon;
    *reason = result.reason;
    desk_free(&desk);
    reader_end(reader);
    return status;
}

enum status coupon_find(struct reader *reader, const char *code, struct coupon *coupon,
                        const char **reason, struct error *err)
{
    struct desk desk;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    desk_look(&desk, reader);
    status = coupon_row_named(&desk, code, coupon, NULL, reason, err);
    desk_free(&desk);
    reader_end(reader);
    return status;
}
