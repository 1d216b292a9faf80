/* What earlier campaigns of a kind brought, from the events of their coupons. */
#include "model/base/vec.h"
#include "model/campaign/plan.h"
#include "model/event/event.h"
#include "model/store/column.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* By campaign: whether it counts, and its coupons. */
struct tally {
    uint32_t n;
    const uint8_t *counts;
    int64_t *went, *used, *given;
};

static enum status block_tally(void *context, const struct event_block *block, struct error *err)
{
    struct tally *tally = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; run->campaign && i < run->n; i++) {
            uint32_t campaign = run->campaign[i];
            if (campaign >= tally->n || !tally->counts[campaign])
                continue;
            if (run->kind == KIND_COUPON_ISSUE) {
                tally->went[campaign]++;
            } else {
                tally->used[campaign]++;
                tally->given[campaign] += run->amount ? run->amount[i] : 0;
            }
        }
    }
    return ST_OK;
}

/* Which campaigns of the kind are over. Freed by the caller. */
static enum status over_find(struct reader *reader, enum campaign_kind kind, uint32_t except,
                             uint8_t *over, uint32_t n, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(
        reader,
        "select id from campaign where kind = ?1 and id <> ?2 and state in ('ended', 'archived')",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, campaign_kinds[kind].name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, except);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (id > 0 && id < (int64_t)n)
            over[id] = 1;
    }
    sqlite3_reset(stmt);
    return status;
}

enum status campaign_experience_take(struct reader *reader, enum campaign_kind kind,
                                     uint32_t except, struct campaign_experience *experience,
                                     struct error *err)
{
    static const uint16_t coupons[] = {KIND_COUPON_ISSUE, KIND_COUPON_REDEEM};
    struct arena *arena = arena_new();
    uint32_t n = dict_size(reader, DICT_CAMPAIGN) + 1;
    uint8_t *over = arena_array(arena, uint8_t, n);
    struct tally tally = {n, over, arena_array(arena, int64_t, n), arena_array(arena, int64_t, n),
                          arena_array(arena, int64_t, n)};
    struct event_query query = {.from = INT64_MIN,
                                .kinds = coupons,
                                .n_kinds = 2,
                                .columns = EVENT_CAMPAIGN | EVENT_AMOUNT,
                                .people = true};
    *experience = (struct campaign_experience){.kind = kind};
    enum status status =
        campaign_kinds[kind].gives_coupons ? over_find(reader, kind, except, over, n, err) : ST_OK;
    if (status == ST_OK && memchr(over, 1, n))
        status = event_scan(reader, &query, block_tally, &tally, err);
    for (uint32_t i = 0; i < n && status == ST_OK; i++) {
        experience->campaigns += tally.went[i] > 0;
        experience->went += tally.went[i];
        experience->used += tally.used[i];
        experience->given += tally.given[i];
    }
    arena_free(arena);
    return status;
}

void campaign_expect(const struct campaign *campaign, struct campaign_plan *plan,
                     const struct campaign_experience *experience)
{
    if (experience->kind != campaign->kind || experience->went == 0 ||
        !campaign_gives_coupons(campaign))
        return;
    double coupons = plan->treated;
    if (campaign->offer.stock && (double)campaign->offer.stock < coupons)
        coupons = (double)campaign->offer.stock;
    plan->response_of = experience->campaigns;
    plan->response_expected = (double)experience->used / (double)experience->went;
    /* What each gave is this campaign's own value; the share that uses it is the earlier ones'. */
    plan->cost_expected = llround(plan->response_expected * coupons) * campaign->offer.value;
    if (plan->cost_most && plan->cost_expected > plan->cost_most)
        plan->cost_expected = plan->cost_most;
}
