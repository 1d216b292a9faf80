/* One parallel pass over the events: what the people of both arms did, and who used the campaign.
 */
#include "model/campaign/result_parts.h"

#include "model/people/shop_sums.h"

#include <string.h>

struct reached {
    uint32_t person, channel;
};

struct lane {
    struct result_job *job;
    struct day_finder day;
    struct result_last_touch touch;
    int64_t *touch_sales; /* by channel */
    int64_t by_nobody;
    VEC(struct result_use) uses;
    VEC(struct reached) reached;
    VEC(struct result_pair) places;
};

static bool in_arms(const struct result_people *p, uint32_t person)
{
    return set_has(p->arm[ARM_TREATED], person) || set_has(p->arm[ARM_HOLDOUT], person);
}

static bool at_its_shops(const struct result_job *job, const struct event_run *run, size_t row)
{
    return !job->shops || set_has(job->shops, run_tenant(run, row));
}

/* Whether a moment is in its time. */
static bool counts(struct lane *lane, int64_t time)
{
    const struct result_job *job = lane->job;
    return time >= job->result->from && time < job->result->to &&
           job_on_day(job, day_find(&lane->day, time));
}

/* Whether a moment before it is measured like its time. */
static bool counts_before(struct lane *lane, int64_t time)
{
    const struct result_job *job = lane->job;
    const struct campaign *c = job->campaign;
    if (!job->before_from || time < job->before_from)
        return false;
    int32_t day = day_find(&lane->day, time);
    return day < job->first_day && (!result_kinds[c->kind].on_days || !c->schedule.weekdays ||
                                    c->schedule.weekdays >> date_weekday(day) & 1);
}

static void place_add(struct lane *lane, uint32_t person, uint32_t tenant, int64_t time,
                      int64_t amount, bool bought)
{
    struct result_job *job = lane->job;
    enum result_by by = job->query->by;
    uint32_t key;
    if (by == RESULT_BY_DAY)
        key = (uint32_t)(day_find(&lane->day, time) - job->first_day);
    else if (job->place_of)
        key = tenant < job->n_places ? job->place_of[tenant] : 0;
    else
        return;
    vec_push(&lane->places, (struct result_pair){key, person, amount, bought});
}

static void take_sales(struct lane *lane, const struct event_run *run)
{
    struct result_people *p = lane->job->people;
    bool purchase = run->kind == KIND_PURCHASE;
    for (size_t i = 0; i < run->n; i++) {
        uint32_t person = run->person[i];
        if (!in_arms(p, person) || !at_its_shops(lane->job, run, i))
            continue;
        int64_t amount = purchase ? run_amount(run, i) : -run_amount(run, i);
        if (counts(lane, run->time[i])) {
            p->sales[person] += amount;
            if (purchase)
                set_add(p->bought, person);
            place_add(lane, person, run_tenant(run, i), run->time[i], amount, purchase);
        } else if (p->before && counts_before(lane, run->time[i])) {
            p->before[person] += amount;
        }
    }
}

static bool is_use(uint16_t kind)
{
    return kind == KIND_POINTS_BURN || kind == KIND_COUPON_REDEEM || kind == KIND_BENEFIT ||
           kind == KIND_POINTS_EARN || kind == KIND_PURCHASE;
}

static bool is_touch(uint16_t kind)
{
    return kind == KIND_MESSAGE_SENT || kind == KIND_MESSAGE_OPENED ||
           kind == KIND_MESSAGE_CLICKED || kind == KIND_COUPON_ISSUE || kind == KIND_COUPON_CLAIM;
}

/* Events that name the campaign. */
static void take_named(struct lane *lane, const struct event_run *run)
{
    const struct result_job *job = lane->job;
    struct result_people *p = job->people;
    for (size_t i = 0; run->campaign && i < run->n; i++) {
        if (run->campaign[i] != job->campaign->id)
            continue;
        uint32_t person = run_person(run, i);
        if (is_use(run->kind)) {
            vec_push(&lane->uses, (struct result_use){run->time[i], run_amount(run, i), person,
                                                      run_tenant(run, i), run->kind});
            lane->by_nobody += !person && run->kind != KIND_PURCHASE;
            if (person)
                set_add(p->used, person);
        } else if (person && is_touch(run->kind)) {
            uint32_t channel = run->channel ? run->channel[i] : 0;
            set_add(p->reached, person);
            if (run->kind == KIND_MESSAGE_SENT)
                vec_push(&lane->reached, (struct reached){person, channel});
        }
    }
}

static void take_registrations(struct lane *lane, const struct event_run *run)
{
    struct result_people *p = lane->job->people;
    for (size_t i = 0; i < run->n; i++)
        if (in_arms(p, run->person[i]) && counts(lane, run->time[i]))
            set_add(p->registered, run->person[i]);
}

/* ---- Last touch ---- */

/* One person's events in order of time. */
static void touch_person(struct lane *lane, struct event_cursor *cursor)
{
    const struct result_job *job = lane->job;
    int64_t last = INT64_MIN;
    uint32_t campaign = 0, channel = 0;
    const struct event_run *run;
    bool buyer = false;
    size_t row;
    while (event_cursor_next(cursor, &run, &row)) {
        int64_t time = run->time[row];
        if (is_touch(run->kind)) {
            last = time;
            campaign = run->campaign ? run->campaign[row] : 0;
            channel = run->channel ? run->channel[row] : 0;
        } else if (run->kind == KIND_PURCHASE && campaign == job->campaign->id &&
                   time - last <= (int64_t)RESULT_TOUCH_DAYS * 86400 && counts(lane, time) &&
                   at_its_shops(job, run, row)) {
            lane->touch.receipts++;
            lane->touch.sales += run_amount(run, row);
            lane->touch_sales[channel < job->people->n_channels ? channel : 0] +=
                run_amount(run, row);
            buyer = true;
        }
    }
    lane->touch.buyers += buyer;
}

static void take_touches(struct lane *lane, const struct event_block *block)
{
    const struct result_people *p = lane->job->people;
    struct event_cursor cursor;
    uint32_t person;
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person))
        if (set_has(p->arm[ARM_TREATED], person) && set_has(p->reached, person))
            touch_person(lane, &cursor);
}

/* ---- The pass ---- */

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        bool people = block->block != EVENT_NOBODY;
        take_named(lane, run);
        if (people && (run->kind == KIND_PURCHASE || run->kind == KIND_REFUND))
            take_sales(lane, run);
        else if (people && run->kind == KIND_REGISTER)
            take_registrations(lane, run);
    }
    if (block->block != EVENT_NOBODY)
        take_touches(lane, block);
    return reader_cancelled(lane->job->reader)
               ? error_set(err, ST_CANCELLED, "the result was cancelled")
               : ST_OK;
}

static int pair_compare(const void *a, const void *b)
{
    const struct result_pair *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->person < y->person ? -1 : x->person > y->person;
}

static int use_compare(const void *a, const void *b)
{
    const struct result_use *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    return x->kind < y->kind ? -1 : x->kind > y->kind;
}

/* A pair for each place and person. */
static void places_join(struct result_people *p)
{
    size_t n = 0;
    if (p->places.n)
        qsort(p->places.at, p->places.n, sizeof *p->places.at, pair_compare);
    for (size_t i = 0; i < p->places.n; i++) {
        struct result_pair *at = &p->places.at[i];
        if (n && pair_compare(at, &p->places.at[n - 1]) == 0) {
            p->places.at[n - 1].sales += at->sales;
            p->places.at[n - 1].bought |= at->bought;
        } else {
            p->places.at[n++] = *at;
        }
    }
    p->places.n = n;
}

static void lane_merge(struct result_job *job, const struct lane *lane)
{
    struct result_people *p = job->people;
    struct result_last_touch *touch = &job->result->last_touch;
    touch->buyers += lane->touch.buyers;
    touch->receipts += lane->touch.receipts;
    touch->sales += lane->touch.sales;
    job->result->used_by_nobody += lane->by_nobody;
    for (uint32_t c = 0; c < p->n_channels; c++)
        job->last_by[c] += lane->touch_sales[c];
    for (size_t i = 0; i < lane->uses.n; i++)
        vec_push(&job->uses, lane->uses.at[i]);
    for (size_t i = 0; i < lane->places.n; i++)
        vec_push(&p->places, lane->places.at[i]);
    for (size_t i = 0; i < lane->reached.n; i++) {
        const struct reached *at = &lane->reached.at[i];
        uint32_t channel = at->channel < p->n_channels ? at->channel : 0;
        if (!p->by_channel[channel])
            p->by_channel[channel] = set_new(job->arena, p->n);
        set_add(p->by_channel[channel], at->person);
    }
}

static void people_prepare(struct result_job *job)
{
    struct result_people *p = job->people;
    p->bought = set_new(job->arena, p->n);
    p->registered = set_new(job->arena, p->n);
    p->reached = set_new(job->arena, p->n);
    p->used = set_new(job->arena, p->n);
    p->sales = mem_zero(p->n ? p->n : 1, sizeof *p->sales);
    if (job->before_from && job->result->measured)
        p->before = mem_zero(p->n ? p->n : 1, sizeof *p->before);
    p->n_channels = dict_size(job->reader, DICT_CHANNEL) + 1;
    p->by_channel = arena_array(job->arena, struct set *, p->n_channels);
    job->last_by = arena_array(job->arena, int64_t, p->n_channels);
}

static struct event_query query_of(const struct result_job *job)
{
    static const uint16_t wanted[] = {KIND_REGISTER,       KIND_PURCHASE,        KIND_REFUND,
                                      KIND_POINTS_EARN,    KIND_POINTS_BURN,     KIND_COUPON_ISSUE,
                                      KIND_COUPON_CLAIM,   KIND_COUPON_REDEEM,   KIND_MESSAGE_SENT,
                                      KIND_MESSAGE_OPENED, KIND_MESSAGE_CLICKED, KIND_BENEFIT};
    const struct census_row *seen = &job->census->at[job->campaign->id];
    struct event_query query = {.from = job->result->from - (int64_t)RESULT_TOUCH_DAYS * 86400,
                                .to = job->result->to,
                                .kinds = wanted,
                                .n_kinds = sizeof wanted / sizeof *wanted,
                                .columns = EVENT_TIME | EVENT_TENANT | EVENT_CHANNEL |
                                           EVENT_AMOUNT | EVENT_CAMPAIGN,
                                .nobody = true,
                                .people = true};
    if (job->people->before && job->before_from < query.from)
        query.from = job->before_from;
    if (seen->events && seen->first < query.from)
        query.from = seen->first;
    if (seen->events && seen->last >= query.to)
        query.to = seen->last + 1;
    return query;
}

static void responded_find(struct result_job *job)
{
    struct result_people *p = job->people;
    p->responded = set_new(job->arena, p->n);
    if (job->result->response == RESPONSE_REGISTERED)
        set_or(p->responded, p->registered);
    else
        set_or(p->responded, p->used);
    if (job->result->response == RESPONSE_BOUGHT)
        set_or(p->responded, p->bought);
}

enum status result_scan(struct result_job *job, struct error *err)
{
    struct lane lanes[RESULT_LANES];
    void *contexts[RESULT_LANES];
    people_prepare(job);
    for (int i = 0; i < job->threads; i++) {
        lanes[i] = (struct lane){.job = job, .day.clock = job->clock};
        lanes[i].touch_sales = arena_array(job->arena, int64_t, job->people->n_channels);
        contexts[i] = &lanes[i];
    }
    struct event_query query = query_of(job);
    enum status status =
        event_scan_parallel(job->reader, &query, block_take, contexts, job->threads, err);
    for (int i = 0; i < job->threads; i++) {
        if (status == ST_OK)
            lane_merge(job, &lanes[i]);
        vec_free(&lanes[i].uses);
        vec_free(&lanes[i].reached);
        vec_free(&lanes[i].places);
    }
    if (job->uses.n)
        qsort(job->uses.at, job->uses.n, sizeof *job->uses.at, use_compare);
    places_join(job->people);
    responded_find(job);
    return status;
}
