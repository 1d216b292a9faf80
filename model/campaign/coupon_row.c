/* The row of a coupon. */
#include "model/base/text.h"
#include "model/campaign/coupon_desk.h"
#include "model/campaign/coupon_rows.h"
#include "model/store/column.h"

#include <string.h>

enum { TRIES = 16 };

void coupon_row_take(sqlite3_stmt *stmt, int first, struct coupon *coupon)
{
    int state = sqlite3_column_int(stmt, first + 4);
    *coupon = (struct coupon){
        .own = sqlite3_column_int(stmt, first + 1) != 0,
        .campaign = (uint32_t)sqlite3_column_int64(stmt, first + 2),
        .person = (uint32_t)sqlite3_column_int64(stmt, first + 3),
        .state = state > 0 && state < COUPON_STATES ? (enum coupon_state)state : COUPON_NONE,
        .value = sqlite3_column_int64(stmt, first + 5),
        .minimum = sqlite3_column_int64(stmt, first + 6),
        .issued = sqlite3_column_int64(stmt, first + 7),
        .expires = sqlite3_column_int64(stmt, first + 8),
        .claimed = sqlite3_column_int64(stmt, first + 9),
        .expired = sqlite3_column_int64(stmt, first + 10),
        .used = sqlite3_column_int64(stmt, first + 11),
        .tenant = (uint32_t)sqlite3_column_int64(stmt, first + 12),
        .amount = sqlite3_column_int64(stmt, first + 13),
        .given = sqlite3_column_int64(stmt, first + 14),
        .touched = sqlite3_column_int64(stmt, first + 15),
    };
    const char *code = column_text(stmt, first);
    size_t n = strlen(code);
    memcpy(coupon->code, code, n < COUPON_MOST ? n : COUPON_MOST);
}

enum status coupon_row_find(struct desk *desk, const char *code, struct coupon *coupon, bool *found,
                            const char **ref, struct error *err)
{
    sqlite3_stmt *stmt;
    *found = false;
    enum status status = desk_prepare(
        desk, "select " COUPON_COLUMNS ", redeem_ref from coupon where code = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, code, -1, SQLITE_STATIC);
    int result = sqlite3_step(stmt);
    if (result == SQLITE_ROW) {
        *found = true;
        coupon_row_take(stmt, 0, coupon);
        if (ref)
            *ref = sqlite3_column_type(stmt, COUPON_COLUMN_COUNT) == SQLITE_NULL
                       ? NULL
                       : arena_strdup(desk->arena, column_text(stmt, COUPON_COLUMN_COUNT));
    } else if (result != SQLITE_DONE) {
        status = sqlite_status(desk->db, "reading a coupon", err);
    }
    sqlite3_reset(stmt);
    return status;
}

enum status coupon_row_named(struct desk *desk, const char *typed, struct coupon *coupon,
                             const char **ref, const char **reason, struct error *err)
{
    char code[COUPON_CODE];
    const char *why = "a code has 4 to 32 letters and digits";
    bool read = coupon_code_read(typed, strlen(typed), code), found = false;
    *reason = NULL;
    *coupon = (struct coupon){0};
    enum status status = read ? coupon_row_find(desk, code, coupon, &found, ref, err) : ST_OK;
    if (status != ST_OK || found)
        return status;
    bool own = read && coupon_code_form(desk->arena, code, &why) == COUPON_OWN;
    const char *quoted = text_quote(desk->arena, typed, strlen(typed));
    *reason = own ? "unknown" : "mistyped";
    if (own)
        return error_set(err, ST_REFUSED, "there is no coupon %s in this mall", quoted);
    return error_set(err, ST_REFUSED, "%s is mistyped, or on no list: %s", quoted, why);
}

static void row_bind(sqlite3_stmt *stmt, const struct coupon *c)
{
    const int64_t numbers[] = {c->own,     c->campaign, c->person,  c->state,   c->value,
                               c->minimum, c->issued,   c->expires, c->claimed, c->expired,
                               c->used,    c->tenant,   c->amount,  c->given,   c->touched};
    sqlite3_bind_text(stmt, 1, c->code, -1, SQLITE_STATIC);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sqlite3_bind_int64(stmt, (int)i + 2, numbers[i]);
}

enum status coupon_row_insert(struct writer *writer, const struct coupon *coupon, const char *ref,
                              bool *added, struct error *err)
{
    sqlite3_stmt *stmt;
    *added = false;
    enum status status = writer_prepare(
        writer,
        "insert or ignore into coupon (" COUPON_COLUMNS ", issue_ref) values"
        " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    row_bind(stmt, coupon);
    if (ref)
        sqlite3_bind_text(stmt, COUPON_COLUMN_COUNT + 1, ref, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt, COUPON_COLUMN_COUNT + 1);
    status = writer_run(writer, stmt, err);
    *added = status == ST_OK && sqlite3_changes(writer_db(writer)) > 0;
    return status;
}

enum status coupon_row_add(struct desk *desk, struct coupon *coupon, const char *ref,
                           struct error *err)
{
    bool added = false;
    enum status status = ST_OK;
    for (int i = 0; i < TRIES && status == ST_OK && !added; i++) {
        coupon_code_make(coupon->code);
        status = coupon_row_insert(desk->writer, coupon, ref, &added, err);
    }
    if (status == ST_OK && !added)
        status = error_set(err, ST_UNUSABLE,
                           "no new code for a coupon was found in %d tries; "
                           "atrium verify looks for what is wrong with the file",
                           TRIES);
    return status;
}

enum status coupon_row_write(struct desk *desk, const struct coupon *c, const char *ref,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        desk->writer,
        "update coupon set person = ?2, state = ?3, claimed = ?4, expired = ?5, used = ?6,"
        " tenant = ?7, amount = ?8, given = ?9, touched = ?10, redeem_ref = ?11 where code = ?1",
        &stmt, err);
    if (status != ST_OK)
        return status;
    const int64_t numbers[] = {c->person, c->state,  c->claimed, c->expired, c->used,
                               c->tenant, c->amount, c->given,   c->touched};
    int n = (int)(sizeof numbers / sizeof *numbers);
    sqlite3_bind_text(stmt, 1, c->code, -1, SQLITE_STATIC);
    for (int i = 0; i < n; i++)
        sqlite3_bind_int64(stmt, i + 2, numbers[i]);
    if (ref)
        sqlite3_bind_text(stmt, n + 2, ref, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt, n + 2);
    return writer_run(desk->writer, stmt, err);
}
