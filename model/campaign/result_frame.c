/* Who is in a campaign's result, when its time is, and whether it can claim anything. */
#include "model/campaign/result_parts.h"

#include "model/base/intl.h"
#include "model/campaign/plan.h"
#include "model/campaign/schedule.h"
#include "model/campaign/shops.h"
#include "model/people/people_set.h"

/* ---- Who ---- */

static enum status audience_read(struct result_job *job, struct set *audience, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = reader_prepare(
        job->reader, "select block, people from people_set where edition = ?1", &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, job->campaign->edition);
        status = people_set_read(job->reader, stmt, audience, err);
        sqlite3_reset(stmt);
    }
    return status;
}

static enum status arms_split(struct result_job *job, struct error *err)
{
    struct result_people *p = job->people;
    struct set *audience = set_new(job->arena, p->n);
    enum status status = audience_read(job, audience, err);
    for (uint32_t i = set_next(audience, 0); status == ST_OK && i != UINT32_MAX;
         i = set_next(audience, i + 1))
        set_add(p->arm[campaign_held_out(job->campaign, i) ? ARM_HOLDOUT : ARM_TREATED], i);
    return status;
}

struct naming {
    struct reader *reader;
    uint32_t campaign;
    struct set *people;
};

static enum status block_named(void *context, const struct event_block *block, struct error *err)
{
    struct naming *naming = context;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; run->campaign && i < run->n; i++)
            if (run->campaign[i] == naming->campaign && run->person[i] < naming->people->n)
                set_add(naming->people, run->person[i]);
    }
    return reader_cancelled(naming->reader)
               ? error_set(err, ST_CANCELLED, "the result was cancelled")
               : ST_OK;
}

/* Without a frozen audience: whom its events name. */
static enum status arms_named(struct result_job *job, struct error *err)
{
    static const uint16_t naming_kinds[] = {
        KIND_REGISTER,      KIND_PURCHASE,     KIND_POINTS_EARN,
        KIND_POINTS_BURN,   KIND_COUPON_ISSUE, KIND_COUPON_CLAIM,
        KIND_COUPON_REDEEM, KIND_MESSAGE_SENT, KIND_BENEFIT};
    const struct census_row *seen = &job->census->at[job->campaign->id];
    struct naming naming = {job->reader, job->campaign->id, job->people->arm[ARM_TREATED]};
    void *contexts[RESULT_LANES];
    struct event_query query = {.from = seen->first,
                                .to = seen->last + 1,
                                .kinds = naming_kinds,
                                .n_kinds = sizeof naming_kinds / sizeof *naming_kinds,
                                .columns = EVENT_TIME | EVENT_CAMPAIGN,
                                .people = true};
    for (int i = 0; i < job->threads; i++)
        contexts[i] = &naming; /* blocks of people share no word of the set */
    if (!seen->events)
        return ST_OK;
    return event_scan_parallel(job->reader, &query, block_named, contexts, job->threads, err);
}

/* ---- When ---- */

static bool gives_coupons(const struct campaign *c)
{
    return c->kind == CAMPAIGN_COUPON || c->kind == CAMPAIGN_WIN_BACK;
}

/* The last moment that counts, before what the present cuts off. */
static int64_t end_of(const struct result_job *job, int32_t last_day)
{
    const struct campaign *c = job->campaign;
    int64_t end = clock_day_start(job->clock, last_day + 1);
    if (c->ended && c->ended < end)
        end = c->ended;
    return gives_coupons(c) ? end + c->offer.valid : end;
}

static void time_frame(struct result_job *job)
{
    const struct campaign *c = job->campaign;
    const struct census_row *seen = &job->census->at[c->id];
    struct campaign_result *result = job->result;
    int32_t today = clock_day(job->clock, job->present);
    int32_t first = c->schedule.from, last = c->schedule.to;
    if (c->state == STATE_NONE || first == INT32_MIN)
        first = seen->events ? clock_day(job->clock, seen->first) : today;
    if (c->state == STATE_NONE || last == INT32_MAX)
        last = seen->events && !c->edition ? clock_day(job->clock, seen->last) : today;
    if (c->edition && c->started && clock_day(job->clock, c->started) > first)
        first = clock_day(job->clock, c->started);
    if (last < first)
        last = first;
    result->from = clock_day_start(job->clock, first);
    if (c->edition && c->started > result->from)
        result->from = c->started;
    result->to = end_of(job, last);
    result->still = result->to > job->present + 1;
    if (result->still)
        result->to = job->present + 1;
    if (result->to < result->from)
        result->to = result->from;
    job->first_day = first;
    job->last_day = result->to > result->from ? clock_day(job->clock, result->to - 1) : first;
    if (job->last_day - first >= RESULT_DAYS_MOST)
        job->last_day = first + RESULT_DAYS_MOST - 1;
}

static void days_mark(struct result_job *job)
{
    const struct campaign *c = job->campaign;
    size_t n = (size_t)(job->last_day - job->first_day) + 1, n_on = 0;
    bool scheduled = result_kinds[c->kind].on_days && c->state != STATE_NONE;
    int32_t *days = arena_array(job->arena, int32_t, n);
    job->on = arena_array(job->arena, uint8_t, n);
    for (size_t i = 0; i < n; i++) {
        int32_t day = job->first_day + (int32_t)i;
        job->on[i] = !scheduled || schedule_has_day(c, day);
        if (job->on[i])
            days[n_on++] = day;
    }
    job->result->days = days;
    job->result->n_days = n_on;
}

/* As long a time before its first day, where the events reach that far. */
static void before_frame(struct result_job *job)
{
    int32_t length = job->last_day - job->first_day + 1;
    int64_t from = clock_day_start(job->clock, job->first_day - length);
    if (job->first_event && job->first_event <= from)
        job->before_from = job->result->history_from = from;
}

/* ---- What can be claimed ---- */

static const char *why_influenced(const struct result_job *job)
{
    const struct campaign *c = job->campaign;
    const struct census_row *seen = &job->census->at[c->id];
    if (c->state == STATE_NONE)
        return _("only its events are known: nobody was held out");
    if (!c->edition)
        return _("it was not started here: nobody was held out");
    if (!c->holdout)
        return _("it has no holdout");
    if (!set_count(job->people->arm[ARM_HOLDOUT]))
        return _("nobody of its audience was held out");
    if (!set_count(job->people->arm[ARM_TREATED]))
        return _("everybody of its audience was held out");
    if (seen->events && seen->first < c->started)
        return _("its events began before it was started here");
    return "";
}

enum status result_frame(struct result_job *job, struct error *err)
{
    struct result_people *p = job->people;
    struct set *shops = NULL;
    enum status status = people_end(job->reader, &p->n, err);
    if (status != ST_OK)
        return status;
    for (int a = 0; a < RESULT_ARMS; a++)
        p->arm[a] = set_new(job->arena, p->n);
    if (*job->campaign->offer.shops)
        status =
            shops_of(reader_db(job->reader), job->arena, job->campaign->offer.shops, &shops, err);
    job->shops = shops;
    if (status == ST_OK)
        status = job->campaign->edition ? arms_split(job, err) : arms_named(job, err);
    if (status != ST_OK)
        return status;
    time_frame(job);
    days_mark(job);
    job->result->reason = why_influenced(job);
    job->result->measured = !*job->result->reason;
    before_frame(job);
    return ST_OK;
}
