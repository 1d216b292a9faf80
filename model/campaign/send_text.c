/* What is sent: the text with the person's fields, and the JSON around it. */
#include "model/campaign/send_parts.h"

#include "model/base/text.h"
#include "model/campaign/shops.h"
#include "model/store/column.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { SHOPS_NAMED = 3, POPULAR_DAYS = 28 };

/* ---- What is the same for everybody ---- */

static enum status shop_name(struct reader *reader, struct arena *arena, uint32_t tenant,
                             const char **name, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    *name = "";
    enum status status = reader_prepare(
        reader, "select iif(name <> '', name, code) from tenant where id = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, tenant);
    status = reader_step(reader, stmt, &row, err);
    if (status == ST_OK && row)
        *name = arena_strdup(arena, column_text(stmt, 0));
    sqlite3_reset(stmt);
    return status;
}

/* A few shops by name; the mall's where there are many. */
static enum status shops_name(struct sender *sender, struct sending *sending, struct error *err)
{
    const struct campaign *c = sending->campaign;
    const char *names = "", *name;
    struct set *shops;
    sending->values[TEMPLATE_SHOP] = reader_mall(sender->reader)->name;
    if (!*c->offer.shops)
        return ST_OK;
    enum status status =
        shops_of(reader_db(sender->reader), sending->arena, c->offer.shops, &shops, err);
    uint32_t n = status == ST_OK ? set_count(shops) : 0;
    if (status != ST_OK || n == 0 || n > SHOPS_NAMED)
        return status;
    for (uint32_t i = set_next(shops, 0); i != UINT32_MAX && status == ST_OK;
         i = set_next(shops, i + 1)) {
        status = shop_name(sender->reader, sending->arena, i, &name, err);
        if (status == ST_OK)
            names = arena_printf(sending->arena, "%s%s%s", names, *names ? ", " : "", name);
        sending->tenant = n == 1 ? i : 0;
    }
    sending->values[TEMPLATE_SHOP] = names;
    return status;
}

/* The shops with the most receipts of the last four weeks, from the roll-ups. */
static enum status popular_name(struct sender *sender, struct sending *sending, struct error *err)
{
    const struct mall *mall = reader_mall(sender->reader);
    const struct rollup_cell *cells;
    struct arena *arena = arena_new();
    int64_t as_of, present;
    size_t n;
    const char *names = "", *name;
    enum status status = reader_present(sender->reader, &as_of, &present, err);
    int32_t day = status == ST_OK ? clock_day(&mall->clock, present) : 0;
    if (status == ST_OK)
        status = rollup_days(sender->reader, arena, day - POPULAR_DAYS, day + 1, &cells, &n, err);
    if (status == ST_OK) {
        uint32_t size = dict_size(sender->reader, DICT_TENANT) + 1;
        int64_t *counts = arena_array(arena, int64_t, size);
        for (size_t i = 0; i < n; i++)
            if (cells[i].kind == KIND_PURCHASE && cells[i].tenant && cells[i].tenant < size)
                counts[cells[i].tenant] += cells[i].count;
        for (int k = 0; k < SHOPS_NAMED && status == ST_OK; k++) {
            uint32_t best = 0;
            for (uint32_t i = 1; i < size; i++)
                best = counts[i] > counts[best] ? i : best;
            if (!best)
                break;
            counts[best] = 0;
            status = shop_name(sender->reader, sending->arena, best, &name, err);
            if (status == ST_OK)
                names = arena_printf(sending->arena, "%s%s%s", names, *names ? ", " : "", name);
        }
    }
    sending->values[TEMPLATE_POPULAR] = names;
    arena_free(arena);
    return status;
}

enum status sending_texts(struct sender *sender, struct sending *sending, struct error *err)
{
    const struct campaign *c = sending->campaign;
    const struct mall *mall = reader_mall(sender->reader);
    const char *problem;
    struct arena *arena = sending->arena;
    sending->template = template_read(arena, c->message, &problem);
    if (!sending->template)
        return error_set(err, ST_REFUSED, "campaign %s: message: %s",
                         text_quote(arena, c->code, strlen(c->code)), problem);
    if (c->offer.value)
        sending->values[TEMPLATE_VALUE] = text_from_fen(arena, c->offer.value);
    if (c->offer.minimum)
        sending->values[TEMPLATE_MINIMUM] = text_from_fen(arena, c->offer.minimum);
    sending->values[TEMPLATE_GIFT] = c->offer.gift;
    sending->values[TEMPLATE_CAMPAIGN] = c->name;
    sending->values[TEMPLATE_MALL] = mall->name;
    if (c->schedule.to != INT32_MAX) {
        sending->values[TEMPLATE_UNTIL] = date_text(arena, c->schedule.to);
        sending->expires = clock_day_start(&mall->clock, c->schedule.to + 1);
    }
    enum status status = shops_name(sender, sending, err);
    if (status == ST_OK && (template_uses(sending->template) >> TEMPLATE_POPULAR & 1))
        status = popular_name(sender, sending, err);
    return status;
}

/* ---- One person's ---- */

const char *turn_text(struct sender *sender, const struct sending *sending, struct arena *arena,
                      const struct turn *turn, const char *coupon)
{
    const char *values[TEMPLATE_FIELDS];
    unsigned uses = template_uses(sending->template);
    memcpy(values, sending->values, sizeof values);
    values[TEMPLATE_NAME] = turn->recipient.name;
    values[TEMPLATE_CARD] = turn->recipient.card;
    values[TEMPLATE_TIER] = turn->recipient.tier;
    values[TEMPLATE_COUPON] = coupon;
    if (sender->numbers && turn->person && (uses >> TEMPLATE_POINTS & 1))
        values[TEMPLATE_POINTS] =
            text_count(arena, member_figures_of(sender->numbers, turn->person).points);
    if (turn->coupon_until && (uses >> TEMPLATE_UNTIL & 1))
        values[TEMPLATE_UNTIL] = date_text(
            arena, clock_day(&reader_mall(sender->reader)->clock, turn->coupon_until - 1));
    return template_fill(arena, sending->template, values);
}

static json_t *address_json(const struct turn *turn)
{
    return turn->verdict.contact == CONTACT_WIFI ? json_loads(turn->verdict.address, 0, NULL)
                                                 : json_string(turn->verdict.address);
}

const char *turn_body(const struct sending *sending, struct arena *arena, const struct turn *turn)
{
    json_t *json = json_object();
    json_object_set_new(json, "key", json_string(turn->key));
    json_object_set_new(json, "campaign", json_string(sending->campaign->code));
    json_object_set_new(json, "contact", json_string(contact_names[turn->verdict.contact]));
    if (turn->person)
        json_object_set_new(json, "to", address_json(turn));
    json_object_set_new(json, "text", json_string(turn->text));
    if (turn->coupon)
        json_object_set_new(json, "coupon", json_string(turn->coupon));
    if (turn->coupon_until || sending->expires)
        json_object_set_new(
            json, "until",
            json_integer(turn->coupon_until ? turn->coupon_until : sending->expires));
    char *dumped = json_dumps(json, JSON_COMPACT);
    const char *body = arena_strdup(arena, dumped ? dumped : "{}");
    free(dumped);
    json_decref(json);
    return body;
}
