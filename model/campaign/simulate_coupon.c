/* Simulating coupons: as many are redeemed as of the mall's earlier ones. Which earlier campaign
 * the new one is like is not known: each draw takes one of them, and its rate with what chance
 * adds. */
#include "model/campaign/simulate_parts.h"

#include "model/base/hash.h"
#include "model/people/shop_sums.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST_ISSUED = 30, DRAWS = 1000 };

struct earlier {
    int64_t issued, redeemed;
    int64_t receipts, sales; /* of receipts that name it */
};

struct counting {
    struct reader *reader;
    uint32_t n;
    struct earlier *at;
};

static enum status block_count(void *context, const struct event_block *block, struct error *err)
{
    struct counting *counting = context;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; run->campaign && i < run->n; i++) {
            if (!run->campaign[i] || run->campaign[i] >= counting->n)
                continue;
            struct earlier *e = &counting->at[run->campaign[i]];
            e->issued += run->kind == KIND_COUPON_ISSUE;
            e->redeemed += run->kind == KIND_COUPON_REDEEM;
            e->receipts += run->kind == KIND_PURCHASE;
            e->sales += run->kind == KIND_PURCHASE ? run_amount(run, i) : 0;
        }
    }
    return reader_cancelled(counting->reader)
               ? error_set(err, ST_CANCELLED, "the simulation was cancelled")
               : ST_OK;
}

static enum status earlier_read(struct simulate_job *job, struct earlier **earlier, uint32_t *n,
                                struct error *err)
{
    static const uint16_t wanted[] = {KIND_PURCHASE, KIND_COUPON_ISSUE, KIND_COUPON_REDEEM};
    struct counting lanes[RESULT_LANES];
    void *contexts[RESULT_LANES];
    struct event_query query = {.from = job->out->at - (int64_t)SIMULATE_HISTORY * 86400,
                                .to = job->out->at,
                                .kinds = wanted,
                                .n_kinds = 3,
                                .columns = EVENT_TIME | EVENT_AMOUNT | EVENT_CAMPAIGN,
                                .people = true};
    job->out->from = query.from;
    *n = dict_size(job->reader, DICT_CAMPAIGN) + 1;
    for (int i = 0; i < job->threads; i++) {
        lanes[i] = (struct counting){job->reader, *n, arena_array(job->arena, struct earlier, *n)};
        contexts[i] = &lanes[i];
    }
    enum status status =
        event_scan_parallel(job->reader, &query, block_count, contexts, job->threads, err);
    for (int i = 1; i < job->threads; i++)
        for (uint32_t c = 0; c < *n; c++) {
            lanes[0].at[c].issued += lanes[i].at[c].issued;
            lanes[0].at[c].redeemed += lanes[i].at[c].redeemed;
            lanes[0].at[c].receipts += lanes[i].at[c].receipts;
            lanes[0].at[c].sales += lanes[i].at[c].sales;
        }
    *earlier = lanes[0].at;
    return status;
}

/* Two numbers of a draw that are about standard normal: sums of twelve (Irwin and Hall). */
static double normal_of(uint64_t *state)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        *state += UINT64_C(0x9E3779B97F4A7C15);
        sum += (double)(hash_mix(*state) >> 11) * 0x1p-53;
    }
    return sum;
}

static void draw_play(struct simulate_job *job, const struct earlier *like, uint64_t *state,
                      double values[4])
{
    const struct campaign *c = job->campaign;
    double n = (double)like->issued, rate = (double)like->redeemed / n;
    double treated = (double)job->out->treated;
    double guess = (like->redeemed + 1.0) / (n + 2);
    rate += normal_of(state) * sqrt(guess * (1 - guess) / n);
    rate = rate < 0 ? 0 : rate > 1 ? 1 : rate;
    double users =
        floor(treated * rate + normal_of(state) * sqrt(treated * rate * (1 - rate)) + 0.5);
    users = users < 0 ? 0 : users > treated ? treated : users;
    if (c->offer.stock && users > (double)c->offer.stock)
        users = (double)c->offer.stock;
    double receipt = like->receipts ? (double)like->sales / (double)like->receipts : 0;
    if (receipt < (double)c->offer.minimum)
        receipt = (double)c->offer.minimum;
    values[0] = users;
    values[1] = users * (double)c->offer.value;
    values[2] = floor(users * receipt + 0.5);
    values[3] = values[1] > 0 ? values[2] / values[1] : 0;
}

enum status coupons_play(struct simulate_job *job, struct error *err)
{
    struct simulation *out = job->out;
    struct earlier *earlier;
    uint32_t n, n_good = 0;
    enum status status = earlier_read(job, &earlier, &n, err);
    if (status != ST_OK)
        return status;
    for (uint32_t c = 1; c < n; c++)
        if (earlier[c].issued >= LEAST_ISSUED && c != job->campaign->id)
            earlier[n_good++] = earlier[c];
    if (!n_good)
        return error_set(err, ST_REFUSED,
                         "no earlier campaign of the last %d days gave out %d coupons or more: "
                         "there is nothing to go by",
                         SIMULATE_HISTORY, LEAST_ISSUED);
    out->basis = BASIS_COUPONS;
    out->comparable = n_good;
    out->draws = job->query->draws ? job->query->draws : DRAWS;
    double *values[4], drawn[4];
    size_t enough = 0;
    for (int v = 0; v < 4; v++)
        values[v] = arena_array(job->arena, double, (size_t)out->draws);
    for (int d = 0; d < out->draws; d++) {
        uint64_t state = hash_mix(out->seed ^ hash_mix((uint64_t)d + 1));
        draw_play(job, &earlier[state % n_good], &state, drawn);
        enough += drawn[1] <= (double)job->campaign->limits.budget;
        for (int v = 0; v < 4; v++)
            values[v][d] = drawn[v];
    }
    struct simulate_range *into[4] = {&out->users, &out->value, &out->sales, &out->leverage};
    for (int v = 0; v < 4; v++)
        *into[v] = range_of(values[v], (size_t)out->draws);
    out->budget = (int64_t)ceil(out->value.high / 100) * 100;
    out->enough = job->campaign->limits.budget ? (double)enough / (double)out->draws : NAN;
    return ST_OK;
}
