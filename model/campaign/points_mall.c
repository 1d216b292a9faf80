#include "model/campaign/points_mall.h"

#include "model/campaign/points_scan.h"

#include <stdlib.h>
#include <string.h>

enum status points_mall(struct reader *reader, struct arena *arena, struct points_mall *mall,
                        struct error *err)
{
    *mall = (struct points_mall){0};
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = points_history_read(reader, arena, &mall->history, err);
    const struct points_month *all = &mall->history.all;
    mall->sums = (struct points_sums){.earned = all->earned,
                                      .burned = all->burned,
                                      .expired = all->expired,
                                      .reversed = all->reversed,
                                      .adjusted = all->adjusted,
                                      .balance = points_month_balance(all)};
    mall->liability = points_liability(&mall->history, mall->sums.balance);
    if (status == ST_OK)
        status = points_held(reader_db(reader), 0, time_now(), &mall->sums.held, err);
    reader_end(reader);
    return status;
}

/* ---- The pass over everybody ---- */

struct lane {
    const struct clock *clock;
    int64_t at;
    struct points_survey sums;
    VEC(struct points_expiring) months;
    VEC(struct points_by_campaign) campaigns; /* by number */
    VEC(struct points_span) spans;            /* expires: month; where a lot's expiry was met */
};

/* Expiries are starts of months, so there are few: the month before one, by the moment. */
static int32_t month_before(struct lane *lane, int64_t expires)
{
    for (size_t i = 0; i < lane->spans.n; i++)
        if (lane->spans.at[i].from == expires)
            return (int32_t)lane->spans.at[i].to;
    int32_t month = clock_month(lane->clock, expires - 1);
    vec_push(&lane->spans, (struct points_span){.from = expires, .to = month});
    return month;
}

static struct points_expiring *month_at(struct lane *lane, int32_t month)
{
    for (size_t i = lane->months.n; i-- > 0;)
        if (lane->months.at[i].month == month)
            return &lane->months.at[i];
    vec_push(&lane->months, (struct points_expiring){.month = month});
    return &lane->months.at[lane->months.n - 1];
}

static struct points_by_campaign *campaign_at(struct lane *lane, uint32_t campaign)
{
    while (lane->campaigns.n <= campaign) {
        uint32_t next = (uint32_t)lane->campaigns.n;
        vec_push(&lane->campaigns, (struct points_by_campaign){.campaign = next});
    }
    return &lane->campaigns.at[campaign];
}

static void lots_take(struct lane *lane, const struct points_fold *fold)
{
    struct points_survey *sums = &lane->sums;
    int32_t last = INT32_MIN;
    int64_t due = 0;
    for (size_t i = fold->open.n; i-- > 0;) {
        const struct points_lot *lot = &fold->lots.at[fold->open.at[i]];
        sums->balance += lot->left;
        if (lot->expires == POINTS_NEVER) {
            sums->never += lot->left;
        } else if (lot->expires <= lane->at) {
            due += lot->left;
        } else {
            int32_t month = month_before(lane, lot->expires);
            struct points_expiring *expiring = month_at(lane, month);
            expiring->points += lot->left;
            expiring->people += month != last;
            last = month;
        }
    }
    sums->due += due;
    sums->due_people += due > 0;
}

static void campaigns_take(struct lane *lane, const struct points_seen *seen)
{
    enum { NAMES_MOST = 1 << 20 }; /* a damaged number must not fill the memory */
    for (size_t i = 0; i < seen->n; i++) {
        const struct points_event *e = &seen->events[i];
        if (!e->campaign || e->campaign > NAMES_MOST)
            continue;
        struct points_by_campaign *sum = campaign_at(lane, e->campaign);
        if (e->kind == KIND_POINTS_EARN)
            sum->earned += e->amount;
        if (e->kind == KIND_POINTS_REVERSE && e->amount < 0)
            sum->given_back -= e->amount;
        if (e->kind == KIND_POINTS_REVERSE && e->amount < 0 && e->ours)
            sum->ours += e->amount;
        if (e->kind != KIND_POINTS_BURN)
            continue;
        bool again = false;
        for (size_t k = 0; k < i && !again; k++)
            again = seen->events[k].kind == e->kind && seen->events[k].campaign == e->campaign;
        sum->burned += e->amount;
        sum->burns++;
        sum->people += !again;
        sum->ours += e->ours ? e->amount : 0;
    }
}

static void person_take(void *context, const struct points_seen *seen)
{
    struct lane *lane = context;
    lane->sums.people++;
    lane->sums.holders += seen->fold->open.n > 0;
    lane->sums.overdrawn += seen->fold->shortage > 0;
    lane->sums.shortage += seen->fold->shortage;
    lane->sums.owed += seen->fold->sums.owed;
    lane->sums.owed_people += seen->fold->sums.owed > 0;
    lots_take(lane, seen->fold);
    campaigns_take(lane, seen);
}

static void lane_merge(struct lane *into, const struct lane *from)
{
    struct points_survey *a = &into->sums;
    const struct points_survey *b = &from->sums;
    a->people += b->people;
    a->holders += b->holders;
    a->balance += b->balance;
    a->overdrawn += b->overdrawn;
    a->shortage += b->shortage;
    a->due += b->due;
    a->due_people += b->due_people;
    a->owed += b->owed;
    a->owed_people += b->owed_people;
    a->never += b->never;
    for (size_t i = 0; i < from->months.n; i++) {
        struct points_expiring *month = month_at(into, from->months.at[i].month);
        month->points += from->months.at[i].points;
        month->people += from->months.at[i].people;
    }
    for (size_t i = 0; i < from->campaigns.n; i++) {
        const struct points_by_campaign *more = &from->campaigns.at[i];
        struct points_by_campaign *sum = campaign_at(into, more->campaign);
        sum->earned += more->earned;
        sum->burned += more->burned;
        sum->given_back += more->given_back;
        sum->burns += more->burns;
        sum->people += more->people;
        sum->ours += more->ours;
    }
}

static int compare_months(const void *a, const void *b)
{
    const struct points_expiring *x = a, *y = b;
    return (x->month > y->month) - (x->month < y->month);
}

static void survey_finish(struct lane *all, struct arena *arena, struct points_survey *survey)
{
    *survey = all->sums;
    if (all->months.n)
        qsort(all->months.at, all->months.n, sizeof *all->months.at, compare_months);
    struct points_expiring *months = arena_array(arena, struct points_expiring, all->months.n);
    for (size_t i = 0; i < all->months.n; i++)
        months[i] = all->months.at[i];
    struct points_by_campaign *campaigns =
        arena_array(arena, struct points_by_campaign, all->campaigns.n);
    size_t n = 0;
    for (size_t i = 0; i < all->campaigns.n; i++)
        if (all->campaigns.at[i].earned || all->campaigns.at[i].burns ||
            all->campaigns.at[i].given_back)
            campaigns[n++] = all->campaigns.at[i];
    survey->n_months = all->months.n;
    survey->months = months;
    survey->n_campaigns = n;
    survey->campaigns = campaigns;
}

enum status points_survey(struct reader *reader, int64_t at, struct arena *arena,
                          struct points_survey *survey, struct error *err)
{
    struct lane lanes[POINTS_LANES];
    void *contexts[POINTS_LANES];
    struct points_scan scan = {
        .at = INT64_MAX, .fn = person_take, .lanes = contexts, .n_lanes = points_lanes()};
    for (int i = 0; i < scan.n_lanes; i++) {
        lanes[i] = (struct lane){.clock = &reader_mall(reader)->clock, .at = at};
        contexts[i] = &lanes[i];
    }
    enum status status = points_scan_run(reader, &scan, err);
    for (int i = 1; i < scan.n_lanes; i++)
        lane_merge(&lanes[0], &lanes[i]);
    survey_finish(&lanes[0], arena, survey);
    for (int i = 0; i < scan.n_lanes; i++) {
        vec_free(&lanes[i].months);
        vec_free(&lanes[i].campaigns);
        vec_free(&lanes[i].spans);
    }
    return status;
}

/* ---- Who is behind a figure ---- */

struct who_lane {
    struct lane lane; /* for months */
    enum points_who who;
    int64_t number;
    VEC(uint32_t) people;
};

static bool is_among(struct who_lane *w, const struct points_seen *seen)
{
    const struct points_fold *fold = seen->fold;
    switch (w->who) {
    case POINTS_HOLDERS:
        return fold->open.n > 0;
    case POINTS_DUE:
        return points_fold_due(fold, w->lane.at) > 0;
    case POINTS_OWING:
        return fold->sums.owed > 0;
    case POINTS_OVERDRAWN:
        return fold->shortage > 0;
    case POINTS_EXPIRING:
        for (size_t i = 0; i < fold->open.n; i++) {
            const struct points_lot *lot = &fold->lots.at[fold->open.at[i]];
            if (lot->expires != POINTS_NEVER && lot->expires > w->lane.at &&
                month_before(&w->lane, lot->expires) == w->number)
                return true;
        }
        return false;
    case POINTS_BURNERS:
        for (size_t i = 0; i < seen->n; i++)
            if (seen->events[i].kind == KIND_POINTS_BURN && seen->events[i].campaign == w->number)
                return true;
        return false;
    default:
        return false;
    }
}

static void who_take(void *context, const struct points_seen *seen)
{
    struct who_lane *w = context;
    if (is_among(w, seen))
        vec_push(&w->people, seen->person);
}

static enum status holding_read(struct reader *reader, struct set *people, struct error *err)
{
    struct points_holds holds;
    struct arena *arena = arena_new();
    enum status status = points_holds_read(reader, arena, time_now(), &holds, err);
    for (size_t i = 0; i < holds.n; i++)
        if (holds.by[i].person < people->n)
            set_add(people, holds.by[i].person);
    arena_free(arena);
    return status;
}

enum status points_people(struct reader *reader, enum points_who who, int64_t at, int64_t number,
                          struct arena *arena, struct set **people, struct error *err)
{
    struct who_lane lanes[POINTS_LANES];
    void *contexts[POINTS_LANES];
    struct points_scan scan = {
        .at = INT64_MAX, .fn = who_take, .lanes = contexts, .n_lanes = points_lanes()};
    uint32_t end = 0;
    enum status status = people_end(reader, &end, err);
    *people = set_new(arena, end);
    if (status != ST_OK || who == POINTS_HOLDING)
        return status == ST_OK ? holding_read(reader, *people, err) : status;
    for (int i = 0; i < scan.n_lanes; i++) {
        lanes[i] = (struct who_lane){
            .lane = {.clock = &reader_mall(reader)->clock, .at = at}, .who = who, .number = number};
        contexts[i] = &lanes[i];
    }
    status = points_scan_run(reader, &scan, err);
    for (int i = 0; i < scan.n_lanes; i++) {
        for (size_t k = 0; k < lanes[i].people.n; k++)
            if (lanes[i].people.at[k] < end)
                set_add(*people, lanes[i].people.at[k]);
        vec_free(&lanes[i].people);
        vec_free(&lanes[i].lane.spans);
    }
    return status;
}
