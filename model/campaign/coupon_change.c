/* Claiming, voiding and running out. */
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/campaign/coupon_desk.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

enum { WHY_LEAST = 3, WHY_MOST = 200 };

/* ---- Claiming ---- */

static const char *claim_judge(const struct coupon *coupon, uint32_t person, int64_t time)
{
    if (coupon->state == COUPON_VOID)
        return "void";
    if (coupon->state == COUPON_REDEEMED)
        return "used";
    if (coupon->state == COUPON_EXPIRED || (coupon->expires && time >= coupon->expires))
        return "expired";
    if (coupon->person && person && coupon->person != person)
        return "person";
    return NULL;
}

static enum status claim_write(struct desk *desk, struct coupon *coupon, uint32_t person,
                               int64_t time, struct error *err)
{
    coupon->state = COUPON_CLAIMED;
    coupon->claimed = time;
    if (person)
        coupon->person = person;
    enum status status = coupon_row_write(desk, coupon, NULL, err);
    if (status == ST_OK)
        desk_event(desk, KIND_COUPON_CLAIM, coupon, time, coupon->value,
                   arena_strdup(desk->arena, coupon->code));
    return status;
}

enum status coupon_claim(struct writer *writer, const struct access *access, const char *code,
                         uint32_t person, int64_t time, struct coupon *coupon, const char **reason,
                         bool *repeated, struct error *err)
{
    struct desk desk;
    *reason = NULL;
    *repeated = false;
    enum status status =
        access ? access_require(access, RIGHT_CAMPAIGN_EDIT, "claim coupons", err) : ST_OK;
    if (status == ST_OK)
        status = desk_begin(&desk, writer, err);
    if (status != ST_OK)
        return status;
    time = time ? time : time_now();
    status = coupon_row_named(&desk, code, coupon, NULL, reason, err);
    if (status == ST_OK)
        *reason = claim_judge(coupon, person, time);
    *repeated = status == ST_OK && !*reason && coupon->state == COUPON_CLAIMED &&
                (!person || coupon->person == person);
    if (status == ST_OK && *reason)
        status = coupon_refused(err, ST_CONFLICT, coupon, *reason, desk.mall);
    else if (status == ST_OK && !*repeated)
        status = claim_write(&desk, coupon, person, time, err);
    return desk_end(&desk, status, err);
}

/* ---- Voiding ---- */

static enum status void_write(struct desk *desk, const struct access *access, const char *why,
                              struct coupon *coupon, struct error *err)
{
    coupon->state = COUPON_VOID;
    coupon->used = time_now();
    enum status status = coupon_row_write(desk, coupon, NULL, err);
    if (status != ST_OK)
        return status;
    json_t *detail = json_pack("{s:s}", "reason", why);
    status = audit_append(desk->writer, access ? access->principal : "engine", "void", "coupon",
                          coupon->code, detail, err);
    json_decref(detail);
    return status == ST_OK ? writer_touch_rows(desk->writer, err) : status;
}

enum status coupon_void(struct writer *writer, const struct access *access, const char *code,
                        const char *why, struct coupon *coupon, const char **reason, bool *repeated,
                        struct error *err)
{
    struct desk desk;
    size_t n = why ? strlen(why) : 0;
    *reason = NULL;
    *repeated = false;
    enum status status =
        access ? access_require(access, RIGHT_CAMPAIGN_EDIT, "void coupons", err) : ST_OK;
    if (status == ST_OK && (n < WHY_LEAST || n > WHY_MOST || !text_valid(why, n)))
        status =
            error_set(err, ST_REFUSED, "voiding needs a reason of %d to %d bytes for the audit",
                      WHY_LEAST, WHY_MOST);
    if (status == ST_OK)
        status = desk_begin(&desk, writer, err);
    if (status != ST_OK)
        return status;
    status = coupon_row_named(&desk, code, coupon, NULL, reason, err);
    if (status == ST_OK && coupon->state == COUPON_VOID)
        *repeated = true;
    else if (status == ST_OK && coupon->state == COUPON_REDEEMED)
        *reason = "used";
    else if (status == ST_OK && coupon->state == COUPON_EXPIRED)
        *reason = "expired";
    if (status == ST_OK && *reason)
        status = coupon_refused(err, ST_CONFLICT, coupon, *reason, desk.mall);
    else if (status == ST_OK && !*repeated)
        status = void_write(&desk, access, why, coupon, err);
    return desk_end(&desk, status, err);
}

/* ---- Running out ---- */

static enum status codes_read(struct desk *desk, int64_t now, const char **codes, size_t *n,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    *n = 0;
    enum status status = desk_prepare(
        desk,
        "select code from coupon where state in (1, 2) and expires <> 0 and expires <= ?1"
        " order by expires limit ?2",
        &stmt, err);
    if (status != ST_OK)
        return status;
    int code;
    sqlite3_bind_int64(stmt, 1, now);
    sqlite3_bind_int(stmt, 2, COUPON_BATCH);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW && *n < COUPON_BATCH)
        codes[(*n)++] = arena_strdup(desk->arena, column_text(stmt, 0));
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        status = sqlite_status(desk->db, "reading coupons", err);
    sqlite3_reset(stmt);
    return status;
}

static enum status expire_one(struct desk *desk, const char *code, struct error *err)
{
    struct coupon coupon;
    bool found;
    enum status status = coupon_row_find(desk, code, &coupon, &found, NULL, err);
    if (status != ST_OK || !found)
        return status;
    coupon.state = COUPON_EXPIRED;
    coupon.expired = coupon.expires;
    desk_event(desk, KIND_COUPON_EXPIRE, &coupon, coupon.expires, coupon.value, code);
    return coupon_row_write(desk, &coupon, NULL, err);
}

enum status coupon_expire(struct writer *writer, int64_t now, int64_t *n, struct error *err)
{
    const char *codes[COUPON_BATCH];
    size_t some = COUPON_BATCH;
    enum status status = ST_OK;
    *n = 0;
    while (status == ST_OK && some == COUPON_BATCH) {
        struct desk desk;
        status = desk_begin(&desk, writer, err);
        if (status != ST_OK)
            break;
        status = codes_read(&desk, now, codes, &some, err);
        for (size_t i = 0; i < some && status == ST_OK; i++)
            status = expire_one(&desk, codes[i], err);
        status = desk_end(&desk, status, err);
        if (status == ST_OK)
            *n += (int64_t)some;
    }
    return status;
}
