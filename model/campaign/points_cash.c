/* Points for cash: burning under a campaign that turns points into money at its shops. */
#include "model/campaign/points_parts.h"

#include "model/base/text.h"
#include "model/campaign/campaign.h"
#include "model/campaign/schedule.h"
#include "model/campaign/shops.h"

#include <inttypes.h>
#include <string.h>

static enum status campaign_get(const struct points_book *book, uint32_t id,
                                const struct campaign **campaign, struct error *err)
{
    struct reader *reader;
    enum status status = points_reader(book->writer, &reader, err);
    if (status == ST_OK)
        status = campaign_by_id(reader, book->arena, id, campaign, err);
    if (status == ST_OK && !*campaign)
        status = error_set(err, ST_REFUSED, "there is no campaign #%" PRIu32, id);
    return status;
}

static int64_t value_of(const struct campaign *campaign, int64_t points)
{
    return campaign->offer.points > 0 ? points * 100 / campaign->offer.points : 0;
}

static enum status shop_check(const struct points_book *book, const struct campaign *c,
                              uint32_t tenant, struct error *err)
{
    struct set *shops;
    struct reader *reader;
    if (!*c->offer.shops)
        return ST_OK;
    enum status status = points_reader(book->writer, &reader, err);
    if (status == ST_OK)
        status = shops_of(reader_db(reader), book->arena, c->offer.shops, &shops, err);
    if (status != ST_OK || set_has(shops, tenant))
        return status;
    return error_set(err, ST_CONFLICT,
                     tenant ? "campaign %s is not on at this shop; its shops are: %s"
                            : "campaign %s needs the shop; its shops are: %s",
                     c->code, c->offer.shops);
}

enum status points_cash_check(const struct points_book *book, uint32_t id, uint32_t tenant,
                              int64_t time, int64_t points, int64_t *fen, struct error *err)
{
    const struct campaign *c;
    int64_t given;
    enum status status = campaign_get(book, id, &c, err);
    *fen = 0;
    if (status != ST_OK)
        return status;
    if (c->kind != CAMPAIGN_POINTS_CASH)
        return error_set(err, ST_CONFLICT, "campaign %s does not turn points into money", c->code);
    if (c->state != STATE_RUNNING && !(c->ended && time < c->ended && time >= c->started))
        return error_set(err, ST_CONFLICT, "campaign %s is not running: it is in the state %s",
                         c->code, campaign_state_names[c->state]);
    struct reader *reader;
    status = points_reader(book->writer, &reader, err);
    if (status != ST_OK)
        return status;
    if (!schedule_on(c, &reader_mall(reader)->clock, time, NULL))
        return error_set(err, ST_CONFLICT, "campaign %s is not on at that time", c->code);
    status = shop_check(book, c, tenant, err);
    *fen = value_of(c, points);
    if (status == ST_OK && *fen <= 0)
        return error_set(err, ST_CONFLICT,
                         "%" PRId64 " points are worth nothing: a yuan costs %" PRId64, points,
                         c->offer.points);
    if (status == ST_OK)
        status = campaign_sum_get(writer_db(book->writer), id, SUM_GIVEN, &given, err);
    if (status == ST_OK && c->limits.budget > 0 && given + *fen > c->limits.budget)
        return error_set(err, ST_CONFLICT, "campaign %s has %s of its budget left, less than %s",
                         c->code, text_money(book->arena, c->limits.budget - given),
                         text_money(book->arena, *fen));
    return status;
}

enum status points_cash_value(const struct points_book *book, uint32_t id, int64_t points,
                              int64_t *fen, struct error *err)
{
    const struct campaign *c;
    enum status status = campaign_get(book, id, &c, err);
    *fen = status == ST_OK && c->kind == CAMPAIGN_POINTS_CASH ? value_of(c, points) : 0;
    return status;
}

enum status points_cash_sums(const struct points_book *book, uint32_t id, int64_t points,
                             int64_t fen, struct error *err)
{
    enum status status = campaign_sum_add(book->writer, id, SUM_POINTS, points, NULL, err);
    return status == ST_OK && fen ? campaign_sum_add(book->writer, id, SUM_GIVEN, fen, NULL, err)
                                  : status;
}
