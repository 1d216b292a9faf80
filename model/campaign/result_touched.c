/* What was given in a campaign, the receipts it was used in, and how its shops did on the year. */
#include "model/campaign/message.h"
#include "model/campaign/result_parts.h"

#include "model/base/hash.h"
#include "model/people/shop_sums.h"
#include "model/store/setting.h"

#include <math.h>
#include <string.h>

/* ---- Given ---- */

/* Points that are a yuan: the campaign's own rate, else the mall's. */
static enum status rate_read(struct result_job *job, int64_t *rate, struct error *err)
{
    const struct campaign *c = job->campaign;
    if (c->kind == CAMPAIGN_POINTS_CASH && c->offer.points > 0) {
        *rate = c->offer.points;
        return ST_OK;
    }
    return setting_integer(job->reader, "points_per_yuan", rate, err);
}

static enum status given_sum(struct result_job *job, struct error *err)
{
    struct campaign_result *r = job->result;
    int64_t rate, coupons = 0, benefits = 0;
    enum status status = rate_read(job, &rate, err);
    for (size_t i = 0; status == ST_OK && i < job->uses.n; i++) {
        const struct result_use *use = &job->uses.at[i];
        if (use->kind == KIND_POINTS_BURN)
            r->points_burned += use->amount;
        else if (use->kind == KIND_POINTS_EARN)
            r->points_given += use->amount;
        else if (use->kind == KIND_COUPON_REDEEM)
            coupons += use->amount ? use->amount : job->campaign->offer.value;
        else if (use->kind == KIND_BENEFIT)
            benefits += use->amount;
    }
    r->value_given = coupons + benefits;
    if (status == ST_OK)
        r->value_given += (r->points_burned + r->points_given) * 100 / rate;
    job->points_rate = rate;
    return status;
}

/* ---- The receipts ---- */

struct refs {
    struct result_job *job;
    VEC(uint64_t) used, touched; /* of a block: what a receipt is known by */
    VEC(struct result_receipt) receipts;
    int64_t n;
};

/* A receipt is known by its reference, and by its person, shop and moment. */
static uint64_t ref_number(const char *ref, uint32_t person)
{
    return *ref ? hash64_seed(ref, strlen(ref), 1 + (uint64_t)person) : 0;
}

static uint64_t by_ref(const struct event_run *run, size_t row)
{
    return ref_number(run->ref ? run->ref[row] : "", run_person(run, row));
}

/* A redemption is known by its code and, behind a slash, by the receipt's reference. */
static uint64_t by_receipt(const struct event_run *run, size_t row)
{
    const char *ref = run->ref ? run->ref[row] : "", *slash = strchr(ref, '/');
    return run->kind == KIND_COUPON_REDEEM && slash ? ref_number(slash + 1, run_person(run, row))
                                                    : 0;
}

static uint64_t by_moment(const struct event_run *run, size_t row)
{
    uint64_t place[2] = {(uint64_t)run->time[row],
                         (uint64_t)run_person(run, row) << 32 | run_tenant(run, row)};
    return run_person(run, row) ? hash64(place, sizeof place) : 0;
}

static int number_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static bool among(const uint64_t *sorted, size_t n, uint64_t number)
{
    return number && n && bsearch(&number, sorted, n, sizeof number, number_compare);
}

static const struct event_run *run_of(const struct event_block *block, uint16_t kind)
{
    for (size_t r = 0; r < block->n_runs; r++)
        if (block->runs[r].kind == kind)
            return &block->runs[r];
    return NULL;
}

static void uses_note(struct refs *refs, const struct event_run *run)
{
    for (size_t i = 0; run && run->campaign && i < run->n; i++) {
        if (run->campaign[i] != refs->job->campaign->id)
            continue;
        vec_push(&refs->used, by_ref(run, i));
        vec_push(&refs->used, by_receipt(run, i));
        vec_push(&refs->used, by_moment(run, i));
    }
}

static void receipt_note(struct refs *refs, const struct event_run *run, size_t i)
{
    int64_t amount = run->kind == KIND_REFUND ? -run_amount(run, i) : run_amount(run, i);
    refs->n += run->kind == KIND_PURCHASE;
    vec_push(&refs->receipts,
             (struct result_receipt){run->time[i], amount, run_person(run, i), run_tenant(run, i)});
}

static enum status block_refs(void *context, const struct event_block *block, struct error *err)
{
    struct refs *refs = context;
    const struct event_run *run = run_of(block, KIND_PURCHASE);
    refs->used.n = refs->touched.n = 0;
    uses_note(refs, run_of(block, KIND_POINTS_BURN));
    uses_note(refs, run_of(block, KIND_COUPON_REDEEM));
    if (refs->used.n)
        qsort(refs->used.at, refs->used.n, sizeof *refs->used.at, number_compare);
    for (size_t i = 0; run && i < run->n; i++) {
        if (!(run->campaign && run->campaign[i] == refs->job->campaign->id) &&
            !among(refs->used.at, refs->used.n, by_ref(run, i)) &&
            !among(refs->used.at, refs->used.n, by_moment(run, i)))
            continue;
        receipt_note(refs, run, i);
        vec_push(&refs->touched, by_ref(run, i));
    }
    if (refs->touched.n)
        qsort(refs->touched.at, refs->touched.n, sizeof *refs->touched.at, number_compare);
    run = run_of(block, KIND_REFUND);
    for (size_t i = 0; run && i < run->n; i++)
        if (among(refs->touched.at, refs->touched.n, by_ref(run, i)))
            receipt_note(refs, run, i);
    return reader_cancelled(refs->job->reader)
               ? error_set(err, ST_CANCELLED, "the result was cancelled")
               : ST_OK;
}

/* Goods may come back later than the campaign: refunds count to the present. */
static enum status receipts_scan(struct result_job *job, struct error *err)
{
    static const uint16_t wanted[] = {KIND_PURCHASE, KIND_REFUND, KIND_POINTS_BURN,
                                      KIND_COUPON_REDEEM};
    struct refs lanes[RESULT_LANES] = {0};
    void *contexts[RESULT_LANES];
    struct event_query query = {.from = job->census->at[job->campaign->id].first,
                                .kinds = wanted,
                                .n_kinds = 4,
                                .columns = EVENT_TIME | EVENT_TENANT | EVENT_AMOUNT |
                                           EVENT_CAMPAIGN | EVENT_REF,
                                .nobody = job->result->used_by_nobody > 0,
                                .people = true,
                                .among = job->people->used};
    for (int i = 0; i < job->threads; i++) {
        lanes[i].job = job;
        contexts[i] = &lanes[i];
    }
    enum status status =
        event_scan_parallel(job->reader, &query, block_refs, contexts, job->threads, err);
    for (int i = 0; i < job->threads; i++) {
        for (size_t k = 0; status == ST_OK && k < lanes[i].receipts.n; k++)
            vec_push(&job->receipts, lanes[i].receipts.at[k]);
        job->result->receipts_touched += lanes[i].n;
        vec_free(&lanes[i].receipts);
        vec_free(&lanes[i].used);
        vec_free(&lanes[i].touched);
    }
    return status;
}

enum status result_touched(struct result_job *job, struct error *err)
{
    struct campaign_result *r = job->result;
    enum status status = given_sum(job, err);
    if (status == ST_OK && job->uses.n)
        status = receipts_scan(job, err);
    for (size_t i = 0; status == ST_OK && i < job->receipts.n; i++)
        r->sales_touched += job->receipts.at[i].amount;
    r->leverage = r->value_given > 0 ? (double)r->sales_touched / (double)r->value_given : NAN;
    return status;
}

/* ---- On the year ---- */

enum status result_growth_read(struct result_job *job, struct error *err)
{
    struct result_growth *growth = &job->result->growth;
    uint32_t n = dict_size(job->reader, DICT_TENANT) + 1;
    const struct rollup_cell *cells;
    size_t n_cells;
    struct arena *work = arena_new();
    int64_t *sales[2] = {arena_array(work, int64_t, n), arena_array(work, int64_t, n)};
    bool *open[2] = {arena_array(work, bool, n), arena_array(work, bool, n)};
    enum status status = rollup_days(job->reader, work, job->first_day - RESULT_YEAR_DAYS,
                                     job->last_day + 1, &cells, &n_cells, err);
    for (size_t i = 0; status == ST_OK && i < n_cells; i++) {
        const struct rollup_cell *cell = &cells[i];
        bool refund = cell->kind == KIND_REFUND;
        if (!cell->tenant || cell->tenant >= n || (!refund && cell->kind != KIND_PURCHASE) ||
            (job->shops && !set_has(job->shops, cell->tenant)))
            continue;
        for (int then = 0; then < 2; then++) {
            if (!job_on_day(job, cell->day + (then ? RESULT_YEAR_DAYS : 0)))
                continue;
            sales[then][cell->tenant] += refund ? -cell->amount : cell->amount;
            open[then][cell->tenant] |= !refund;
        }
    }
    for (uint32_t t = 1; status == ST_OK && t < n; t++) {
        bool both = open[0][t] && open[1][t];
        growth->shops += both;
        growth->left_out += open[0][t] != open[1][t];
        growth->now += both ? sales[0][t] : 0;
        growth->then += both ? sales[1][t] : 0;
    }
    growth->rate = growth->then > 0 ? (double)growth->now / (double)growth->then - 1 : NAN;
    arena_free(work);
    return status;
}

/* ---- Not sent ---- */

enum status result_suppressed_read(struct result_job *job, struct error *err)
{
    struct result_suppressed *rows =
        arena_array(job->arena, struct result_suppressed, SUPPRESSIONS);
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(job->reader,
                                        "select reason, count(distinct person) from message"
                                        " where campaign = ?1 and state = ?2 group by reason",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, job->campaign->id);
    sqlite3_bind_int64(stmt, 2, MESSAGE_SUPPRESSED);
    while ((status = reader_step(job->reader, stmt, &row, err)) == ST_OK && row) {
        int64_t reason = sqlite3_column_int64(stmt, 0);
        if (reason > 0 && reason < SUPPRESSIONS)
            rows[job->result->n_suppressed++] = (struct result_suppressed){
                suppression_names[reason], sqlite3_column_int64(stmt, 1)};
    }
    sqlite3_reset(stmt);
    job->result->suppressed = rows;
    return status;
}
