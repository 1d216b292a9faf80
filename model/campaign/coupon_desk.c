#include "model/campaign/coupon_desk.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/store/column.h"

#include <string.h>

const char *const coupon_state_names[COUPON_STATES] = {"",         "issued",  "claimed",
                                                       "redeemed", "expired", "void"};

const struct coupon_reason coupon_reasons[] = {
    {"unknown", N_("no coupon has this code")},
    {"mistyped", N_("the code is mistyped")},
    {"used", N_("it was redeemed before")},
    {"expired", N_("it has run out")},
    {"void", N_("it was made void")},
    {"shop", N_("it is not for this shop")},
    {"minimum", N_("the receipt is too small")},
    {"day", N_("it is not for this day or hour")},
    {"stacking", N_("it cannot be used together with the receipt's other coupons")},
    {"budget", N_("the campaign's budget is used up")},
    {"stock", N_("the campaign's coupons are all given out")},
    {"campaign", N_("its campaign is not in a state for that")},
    {"person", N_("it is another person's")},
    {"ref", N_("the reference stands for another coupon")},
};
const size_t n_coupon_reasons = sizeof coupon_reasons / sizeof *coupon_reasons;

const char *coupon_reason_text(const char *word)
{
    for (size_t i = 0; i < n_coupon_reasons; i++)
        if (strcmp(coupon_reasons[i].word, word) == 0)
            return coupon_reasons[i].text;
    return word;
}

/* ---- The transaction ---- */

static void desk_start(struct desk *desk, const struct mall *mall, sqlite3 *db)
{
    *desk = (struct desk){.db = db, .mall = mall, .arena = arena_new()};
}

enum status desk_begin(struct desk *desk, struct writer *writer, struct error *err)
{
    desk_start(desk, writer_mall(writer), writer_db(writer));
    desk->writer = writer;
    desk->own = !writer_in_transaction(writer);
    enum status status = desk->own ? writer_begin(writer, err) : ST_OK;
    if (status != ST_OK)
        desk_free(desk);
    return status;
}

void desk_look(struct desk *desk, struct reader *reader)
{
    desk_start(desk, reader_mall(reader), reader_db(reader));
    desk->reader = reader;
}

void desk_free(struct desk *desk)
{
    vec_free(&desk->terms);
    vec_free(&desk->events);
    arena_free(desk->arena);
    *desk = (struct desk){0};
}

static enum status sums_write(struct desk *desk, struct error *err)
{
    enum status status = ST_OK;
    int64_t now;
    for (size_t i = 0; i < desk->terms.n; i++) {
        struct coupon_terms *terms = desk->terms.at[i];
        for (int sum = 0; sum < CAMPAIGN_SUMS && status == ST_OK; sum++)
            if (terms->added[sum])
                status = campaign_sum_add(desk->writer, terms->campaign.id, (enum campaign_sum)sum,
                                          terms->added[sum], &now, err);
    }
    return status;
}

enum status desk_end(struct desk *desk, enum status status, struct error *err)
{
    struct writer *writer = desk->writer;
    int changed = 0;
    if (status == ST_OK && desk->events.n)
        status = event_append(writer, desk->events.at, desk->events.n, NULL, NULL, err);
    if (status == ST_OK)
        status = sums_write(desk, err);
    for (size_t i = 0; i < desk->terms.n; i++)
        for (int sum = 0; sum < CAMPAIGN_SUMS; sum++)
            changed |= desk->terms.at[i]->added[sum] != 0;
    if (status == ST_OK && (changed || desk->events.n))
        status = writer_touch_rows(writer, err);
    if (desk->own && status == ST_OK)
        status = writer_commit(writer, err);
    if (desk->own && status != ST_OK)
        writer_rollback(writer);
    desk_free(desk);
    return status;
}

enum status desk_prepare(struct desk *desk, const char *sql, sqlite3_stmt **stmt, struct error *err)
{
    return desk->writer ? writer_prepare(desk->writer, sql, stmt, err)
                        : reader_prepare(desk->reader, sql, stmt, err);
}

/* ---- Terms ---- */

static enum campaign_state state_named(const char *name)
{
    for (int i = 0; i < CAMPAIGN_STATES; i++)
        if (strcmp(campaign_state_names[i], name) == 0)
            return (enum campaign_state)i;
    return STATE_NONE;
}

static enum campaign_kind kind_named(const char *name)
{
    for (int i = 0; i < CAMPAIGN_KINDS; i++)
        if (strcmp(campaign_kinds[i].name, name) == 0)
            return (enum campaign_kind)i;
    return CAMPAIGN_UNKNOWN;
}

static int32_t day_or(sqlite3_stmt *stmt, int column, int32_t fallback)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? fallback
                                                            : sqlite3_column_int(stmt, column);
}

static void blackouts_read(struct arena *arena, struct campaign *campaign, const char *text)
{
    for (size_t i = 0; i < n_campaign_keys && *text; i++)
        if (campaign_keys[i].column && strcmp(campaign_keys[i].column, "blackout") == 0)
            campaign_set(arena, campaign, &campaign_keys[i], arena_strdup(arena, text));
}

static void terms_take(struct desk *desk, sqlite3_stmt *stmt, struct coupon_terms *terms)
{
    struct campaign *c = &terms->campaign;
    c->code = arena_strdup(desk->arena, column_text(stmt, 0));
    c->kind = kind_named(column_text(stmt, 1));
    c->offer.value = sqlite3_column_int64(stmt, 2);
    c->offer.minimum = sqlite3_column_int64(stmt, 3);
    c->offer.shops = arena_strdup(desk->arena, column_text(stmt, 4));
    c->offer.valid = sqlite3_column_int64(stmt, 5);
    c->offer.stock = sqlite3_column_int64(stmt, 6);
    c->offer.stacking = sqlite3_column_int(stmt, 7) != 0;
    c->schedule.from = day_or(stmt, 8, INT32_MIN);
    c->schedule.to = day_or(stmt, 9, INT32_MAX);
    c->schedule.weekdays = (unsigned)sqlite3_column_int(stmt, 10);
    c->schedule.hour_from = sqlite3_column_int(stmt, 11);
    c->schedule.hour_to = sqlite3_column_int(stmt, 12);
    blackouts_read(desk->arena, c, column_text(stmt, 13));
    c->limits.budget = sqlite3_column_int64(stmt, 14);
    c->state = state_named(column_text(stmt, 15));
    terms->open = *c;
    terms->open.schedule.to = INT32_MAX;
}

static enum status terms_read(struct desk *desk, uint32_t campaign, struct coupon_terms **out,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    *out = NULL;
    enum status status = desk_prepare(
        desk,
        "select code, kind, value, minimum, shops, valid, stock, stacking, from_day, to_day,"
        " weekdays, hour_from, hour_to, blackout, budget, state from campaign where id = ?1",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, campaign);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        struct coupon_terms *terms = arena_new_of(desk->arena, struct coupon_terms);
        terms->campaign = campaign_empty();
        terms->campaign.id = campaign;
        terms_take(desk, stmt, terms);
        *out = terms;
    } else if (code != SQLITE_DONE) {
        status = sqlite_status(desk->db, "reading a campaign", err);
    }
    sqlite3_reset(stmt);
    for (int sum = 0; *out && sum < CAMPAIGN_SUMS && status == ST_OK; sum++)
        status =
            campaign_sum_get(desk->db, campaign, (enum campaign_sum)sum, &(*out)->sums[sum], err);
    if (status == ST_OK && *out)
        vec_push(&desk->terms, *out);
    return status;
}

enum status desk_terms(struct desk *desk, uint32_t campaign, struct coupon_terms **terms,
                       struct error *err)
{
    for (size_t i = 0; i < desk->terms.n; i++)
        if (desk->terms.at[i]->campaign.id == campaign) {
            *terms = desk->terms.at[i];
            return ST_OK;
        }
    return terms_read(desk, campaign, terms, err);
}

void terms_add(struct coupon_terms *terms, enum campaign_sum sum, int64_t by)
{
    terms->sums[sum] += by;
    terms->added[sum] += by;
}

/* ---- Events ---- */

void desk_event(struct desk *desk, uint16_t kind, const struct coupon *coupon, int64_t time,
                int64_t amount, const char *ref)
{
    vec_push(&desk->events, (struct event){.time = time,
                                           .kind = kind,
                                           .person = coupon->person,
                                           .campaign = coupon->campaign,
                                           .tenant = coupon->tenant,
                                           .amount = amount,
                                           .ref = ref,
                                           .ref_size = (uint32_t)strlen(ref)});
}

const char *coupon_event_ref(struct arena *arena, const char *code, const char *ref)
{
    return ref ? arena_printf(arena, "%s/%s", code, ref) : arena_strdup(arena, code);
}

enum status ref_check(const char *ref, struct error *err)
{
    size_t n = ref ? strlen(ref) : 1;
    if (n >= 1 && n <= COUPON_REF_MOST && (!ref || text_valid(ref, n)))
        return ST_OK;
    return error_set(err, ST_REFUSED, "reference: expected a line of 1 to %d bytes",
                     COUPON_REF_MOST);
}
