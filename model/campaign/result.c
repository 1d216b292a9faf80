#include "model/campaign/result_parts.h"

#include "model/base/intl.h"
#include "model/people/shop_sums.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct result_kind result_kinds[CAMPAIGN_KINDS] = {
    [CAMPAIGN_UNKNOWN] = {RESPONSE_USED, false, N_("used it")},
    [CAMPAIGN_COUPON] = {RESPONSE_BOUGHT, false, N_("bought at its shops, or redeemed")},
    [CAMPAIGN_POINTS_CASH] = {RESPONSE_BOUGHT, true, N_("bought at its shops on its days")},
    [CAMPAIGN_POINTS_MULTIPLIER] = {RESPONSE_BOUGHT, true, N_("bought at its shops on its days")},
    [CAMPAIGN_REGISTRATION] = {RESPONSE_REGISTERED, true, N_("registered on its days")},
    [CAMPAIGN_WIN_BACK] = {RESPONSE_BOUGHT, false, N_("came back and bought at its shops")},
    [CAMPAIGN_BENEFIT] = {RESPONSE_BOUGHT, false, N_("bought at its shops in its time")},
    [CAMPAIGN_POPULAR] = {RESPONSE_BOUGHT, false, N_("bought at its shops in its time")},
};
const char *const result_who_names[RESULT_WHO] = {"people", "responded", "reached", "used"};
const char *const result_arm_names[RESULT_ARMS] = {"treated", "holdout"};

/* ---- Comparing ---- */

static void response_choose(struct result_job *job)
{
    const struct campaign *c = job->campaign;
    struct campaign_result *r = job->result;
    r->response = result_kinds[c->kind].response;
    r->response_title = result_kinds[c->kind].title;
    if ((c->kind == CAMPAIGN_UNKNOWN || c->state == STATE_NONE) && !job->census->at[c->id].uses) {
        r->response = RESPONSE_BOUGHT;
        r->response_title = N_("bought in its time");
    }
}

static void arms_count(struct result_job *job)
{
    const struct result_people *p = job->people;
    struct campaign_result *r = job->result;
    result_sums_of(p, NULL, r->sums);
    for (int a = 0; a < RESULT_ARMS; a++) {
        r->reached[a] = set_count_both(p->arm[a], p->reached);
        r->used[a] = set_count_both(p->arm[a], p->used);
    }
    int64_t got = 0;
    for (uint32_t i = set_next(p->arm[ARM_HOLDOUT], 0); i != UINT32_MAX;
         i = set_next(p->arm[ARM_HOLDOUT], i + 1))
        got += set_has(p->reached, i) || set_has(p->used, i);
    if (r->measured && got * 100 > r->sums[ARM_HOLDOUT].people * RESULT_LEAK_SHARE) {
        r->measured = false;
        r->reason = arena_printf(job->arena, _("it reached %lld of %lld people held out"),
                                 (long long)got, (long long)r->sums[ARM_HOLDOUT].people);
    }
}

/* In order of person: sums of doubles depend on their order. */
static void money_compare(struct result_job *job)
{
    const struct result_people *p = job->people;
    struct campaign_result *r = job->result;
    struct cuped_sums sums[RESULT_ARMS] = {{0}};
    for (int a = 0; a < RESULT_ARMS; a++) {
        for (uint32_t i = set_next(p->arm[a], 0); i != UINT32_MAX; i = set_next(p->arm[a], i + 1))
            cuped_add(&sums[a], p->before ? (double)p->before[i] / 100 : 0,
                      (double)p->sales[i] / 100);
        r->per_person[a] = cuped_plain(&sums[a]);
    }
    r->sales_lift = (struct stat_welch){NAN, NAN, NAN, NAN, NAN, {NAN, NAN}};
    r->cuped = (struct cuped){NAN, NAN, r->sales_lift};
    r->margin = NAN;
    if (!r->measured)
        return;
    r->sales_lift = stat_welch(&r->per_person[ARM_TREATED], &r->per_person[ARM_HOLDOUT]);
    if (p->before)
        r->cuped = cuped_compare(&sums[ARM_TREATED], &sums[ARM_HOLDOUT]);
    r->margin = job->query->margin * r->sales_lift.difference -
                (double)r->value_given / 100 / (double)r->sums[ARM_TREATED].people;
}

/* ---- One campaign ---- */

void result_people_release(struct result_people *p)
{
    free(p->sales);
    free(p->before);
    vec_free(&p->places);
}

static enum status job_run(struct result_job *job, struct error *err)
{
    enum status status = result_frame(job, err);
    response_choose(job);
    if (status == ST_OK)
        status = result_places_name(job, err);
    if (status == ST_OK)
        status = result_scan(job, err);
    if (status == ST_OK)
        status = result_touched(job, err);
    if (status == ST_OK)
        status = result_growth_read(job, err);
    if (status == ST_OK)
        status = result_suppressed_read(job, err);
    if (status != ST_OK)
        return status;
    arms_count(job);
    job->result->lift = result_lift_of(job->result->sums, job->result->measured);
    money_compare(job);
    return result_groups_read(job, err);
}

enum status result_one_run(struct reader *reader, struct arena *arena,
                           const struct campaign *campaign, const struct census *census,
                           const struct result_query *query, struct campaign_result *result,
                           struct error *err)
{
    struct event_totals totals;
    struct result_people *people = arena_new_of(arena, struct result_people);
    int64_t as_of;
    *result = (struct campaign_result){.campaign = campaign, .by = query->by, .people = people};
    struct result_job job = {
        .reader = reader,
        .arena = arena,
        .campaign = campaign,
        .query = query,
        .census = census,
        .result = result,
        .people = people,
        .clock = &reader_mall(reader)->clock,
        .threads = query->threads ? query->threads : scan_threads(),
    };
    enum status status = reader_present(reader, &as_of, &job.present, err);
    if (status == ST_OK)
        status = event_totals(reader, &totals, err);
    job.first_event = totals.first;
    if (status == ST_OK && campaign->id >= census->n)
        status = error_set(err, ST_REFUSED, "the campaign is not saved: it has no result");
    if (status == ST_OK)
        status = job_run(&job, err);
    vec_free(&job.uses);
    vec_free(&job.receipts);
    if (status != ST_OK)
        result_people_release(people);
    return status;
}

/* Its columns by person become the arena's: their owner is the answer. */
static void people_keep(struct arena *arena, struct campaign_result *result)
{
    struct result_people *p = (struct result_people *)result->people;
    struct result_pair *places = arena_array(arena, struct result_pair, p->places.n);
    if (p->places.n)
        memcpy(places, p->places.at, p->places.n * sizeof *places);
    size_t n = p->places.n;
    result_people_release(p);
    p->sales = p->before = NULL;
    p->places.at = places;
    p->places.n = p->places.cap = n;
}

enum status campaign_result_run(struct reader *reader, struct arena *arena,
                                const struct access *access, const struct campaign *campaign,
                                const struct result_query *query, struct campaign_result *result,
                                struct error *err)
{
    struct census census;
    enum status status =
        access ? access_require(access, RIGHT_QUESTIONS, "look at results", err) : ST_OK;
    if (status == ST_OK)
        status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = census_read(reader, arena, query->threads, &census, err);
    if (status == ST_OK)
        status = result_one_run(reader, arena, campaign, &census, query, result, err);
    reader_end(reader);
    if (status != ST_OK)
        return status;
    people_keep(arena, result);
    result_hide_small(arena, access, result);
    return ST_OK;
}

/* ---- The people behind a figure ---- */

const uint32_t *result_list(struct arena *arena, const struct campaign_result *result,
                            enum result_arm arm, enum result_who who,
                            const struct result_group *group, size_t *n)
{
    const struct result_people *p = result->people;
    const struct set *of[RESULT_WHO] = {
        [RESULT_RESPONDED] = p->responded, [RESULT_REACHED] = p->reached, [RESULT_USED] = p->used};
    struct set *people = set_new(arena, p->n);
    set_or(people, p->arm[arm]);
    if (group && !group->people && who == RESULT_RESPONDED) {
        struct set *there = set_new(arena, p->n);
        for (size_t i = 0; i < p->places.n; i++)
            if (p->places.at[i].key == group->key && p->places.at[i].bought)
                set_add(there, p->places.at[i].person);
        set_and(people, there);
        return set_list(people, arena, n);
    }
    if (group && group->people)
        set_and(people, group->people);
    if (of[who])
        set_and(people, of[who]);
    return set_list(people, arena, n);
}
