/* Facts that one event states by itself or together with the person's events of the same kind: a
 * block is read kind by kind, column by column. */
#include "model/loop/survey.h"

#include <string.h>

/* What handles the events of a kind. */
typedef void take_fn(struct lane *lane, const struct event_run *run, bool nobody);

static struct drill_row row_of(const struct event_run *run, size_t i, bool nobody)
{
    return (struct drill_row){
        .time = run->time[i],
        .amount = run->amount ? run->amount[i] : 0,
        .address = run->address ? run->address[i] : 0,
        .person = nobody ? 0 : run->person[i],
        .tenant = run->tenant ? run->tenant[i] : 0,
        .zone = run->zone ? run->zone[i] : 0,
        .device = run->device ? run->device[i] : 0,
        .campaign = run->campaign ? run->campaign[i] : 0,
        .kind = run->kind,
        .channel = run->channel ? run->channel[i] : 0,
    };
}

static size_t day_of(const struct lane *lane, const struct drill_row *row)
{
    return (size_t)daybook_at(&lane->survey->daybook, row->time);
}

static size_t category_of(const struct lane *lane, const struct drill_row *row)
{
    const struct places *places = &lane->survey->ground->places;

    return row->tenant < places->n_tenants ? places->tenant_category[row->tenant] : 0;
}

static bool is_member(const struct lane *lane, const struct drill_row *row)
{
    return row->person && lane->registered[row->person - lane->first_person] <= row->time;
}

/* The whole, the day, the shop and its category. */
static void fact_of_shop(struct lane *lane, enum metric_id metric, const struct drill_row *row)
{
    fact(lane, metric, row);
    if (lane->by_time[metric])
        fact_by(lane, metric, DIM_DAY, day_of(lane, row), row);
    fact_by(lane, metric, DIM_TENANT, row->tenant, row);
    if (lane->by[DIM_CATEGORY][metric])
        fact_by(lane, metric, DIM_CATEGORY, category_of(lane, row), row);
}

static void flag_set(struct lane *lane, const struct drill_row *row, enum person_flag flag)
{
    if (row->person)
        lane->survey->flags[row->person] |= (uint8_t)flag;
}

/* ---- Sightings ---- */

static void sighting_state(struct lane *lane, enum metric_id metric, const struct drill_row *row)
{
    const struct daybook *daybook = &lane->survey->daybook;

    fact(lane, metric, row);
    if (lane->by[DIM_ZONE][metric]) {
        const struct places *places = &lane->survey->ground->places;
        uint32_t zone = row->zone;
        if (!zone && row->device < places->n_devices)
            zone = places->device_zone[row->device];
        fact_by(lane, metric, DIM_ZONE, zone, row);
    }
    if (!lane->by_time[metric])
        return;
    int32_t day = daybook_at(daybook, row->time);
    int hour = daybook_hour(daybook, day, row->time);
    int weekday = date_weekday(daybook->first_day + day);
    fact_by(lane, metric, DIM_DAY, (size_t)day, row);
    fact_by(lane, metric, DIM_HOUR, (size_t)hour, row);
    fact_by(lane, metric, DIM_WEEK_HOUR, (size_t)(weekday * 24 + hour), row);
    fact_by(lane, metric, DIM_DAY_HOUR, (size_t)day * 24 + (size_t)hour, row);
}

static bool sightings_are_detailed(const struct lane *lane)
{
    static const enum metric_id both[] = {METRIC_DETECTIONS, METRIC_RANDOM_DETECTIONS};

    for (size_t m = 0; m < 2; m++) {
        if (lane->survey->plan->target == both[m])
            return true;
        for (size_t dim = 0; dim < DIM_COUNT; dim++)
            if (lane->by[dim][both[m]])
                return true;
    }
    return false;
}

static void take_sightings(struct lane *lane, const struct event_run *run, bool nobody)
{
    const struct survey_plan *plan = lane->survey->plan;

    if (sightings_are_detailed(lane)) {
        for (size_t i = 0; i < run->n; i++) {
            struct drill_row row = row_of(run, i, nobody);
            row.amount = 0;
            sighting_state(lane, METRIC_DETECTIONS, &row);
            if (nobody)
                sighting_state(lane, METRIC_RANDOM_DETECTIONS, &row);
        }
    } else {
        lane->total[METRIC_DETECTIONS].n += (int64_t)run->n;
        if (nobody)
            lane->total[METRIC_RANDOM_DETECTIONS].n += (int64_t)run->n;
    }
    if (nobody && run->address && (plan->needs & NEED_ADDRESSES))
        for (size_t i = 0; i < run->n; i++)
            addresses_add(&lane->addresses, run->address[i]);
    if (!nobody)
        for (size_t i = 0; i < run->n; i++)
            lane->survey->flags[run->person[i]] |= PERSON_SIGHTED;
}

/* ---- Registrations ---- */

static void take_registers(struct lane *lane, const struct event_run *run, bool nobody)
{
    const struct survey_ground *ground = lane->survey->ground;

    for (size_t i = 0; i < run->n; i++) {
        struct drill_row row = row_of(run, i, nobody);
        fact_of_shop(lane, METRIC_REGISTRATIONS, &row);
        fact_by(lane, METRIC_REGISTRATIONS, DIM_CHANNEL, row.channel, &row);
        if (row.channel && row.channel == ground->pos)
            fact_of_shop(lane, METRIC_REGISTRATIONS_POS, &row);
        if (row.channel && row.channel == ground->app)
            fact_of_shop(lane, METRIC_REGISTRATIONS_APP, &row);
    }
}

/* ---- Sales ---- */

static void sale_state(struct lane *lane, const struct drill_row *row)
{
    fact_of_shop(lane, METRIC_SALES, row);
    fact_of_shop(lane,
                 !row->person           ? METRIC_ANONYMOUS_SALES
                 : is_member(lane, row) ? METRIC_MEMBER_SALES
                                        : METRIC_VISITOR_SALES,
                 row);
}

/* Buyers, and those of them who came on another day again: a run holds one person's purchases one
 * after the other, in order of time. */
struct buyer {
    uint32_t person;
    int32_t first_day;
    bool repeated;
};

static void buyer_state(struct lane *lane, struct buyer *buyer, const struct drill_row *row)
{
    int32_t day = (int32_t)day_of(lane, row);

    if (row->person != buyer->person) {
        *buyer = (struct buyer){.person = row->person, .first_day = day};
        fact(lane, METRIC_BUYERS, row);
    } else if (day != buyer->first_day && !buyer->repeated) {
        buyer->repeated = true;
        fact(lane, METRIC_REPEAT_BUYERS, row);
    }
    fact_once(lane, METRIC_BUYERS, DIM_DAY, (size_t)day, row);
    fact_once(lane, METRIC_BUYERS, DIM_TENANT, row->tenant, row);
    if (lane->by[DIM_CATEGORY][METRIC_BUYERS])
        fact_once(lane, METRIC_BUYERS, DIM_CATEGORY, category_of(lane, row), row);
}

static void take_purchases(struct lane *lane, const struct event_run *run, bool nobody)
{
    struct buyer buyer = {0};

    for (size_t i = 0; i < run->n; i++) {
        struct drill_row row = row_of(run, i, nobody);
        fact_of_shop(lane, METRIC_RECEIPTS, &row);
        sale_state(lane, &row);
        if (!nobody)
            buyer_state(lane, &buyer, &row);
    }
}

static void take_refunds(struct lane *lane, const struct event_run *run, bool nobody)
{
    for (size_t i = 0; i < run->n; i++) {
        struct drill_row row = row_of(run, i, nobody);
        row.amount = -row.amount;
        sale_state(lane, &row);
    }
}

/* ---- Activity ---- */

static void take_earned(struct lane *lane, const struct event_run *run, bool nobody)
{
    for (size_t i = 0; i < run->n; i++) {
        struct drill_row row = row_of(run, i, nobody);
        fact_of_shop(lane, METRIC_POINTS_EARNED, &row);
    }
}

static void take_burned(struct lane *lane, const struct event_run *run, bool nobody)
{
    for (size_t i = 0; i < run->n; i++) {
        struct drill_row row = row_of(run, i, nobody);
        fact_of_shop(lane, METRIC_POINTS_BURNED, &row);
    }
}

static void activity_note(struct lane *lane, const struct event_block *block,
                          const struct event_run *run)
{
    const struct survey *survey = lane->survey;

    for (size_t i = 0; i < run->n; i++) {
        uint32_t person = run->person[i];
        if (lane->registered[person - block->first_person] > run->time[i])
            continue;
        survey->flags[person] |= PERSON_ACTIVE;
        if (lane->active_days) {
            size_t day = (size_t)daybook_at(&survey->daybook, run->time[i]);
            bit_set(lane->active_days, day * EVENT_BLOCK + (person - block->first_person));
        }
    }
}

/* Members active on each day, once all kinds of the block were seen. */
static void active_days_state(struct lane *lane, const struct event_block *block)
{
    const struct survey *survey = lane->survey;
    size_t words = EVENT_BLOCK / 64;

    for (int32_t day = 0; day < survey->daybook.n; day++) {
        uint64_t *bits = lane->active_days + (size_t)day * words;
        for (size_t w = 0; w < words; w++)
            for (uint64_t left = bits[w]; left; left &= left - 1) {
                uint32_t place = (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(left);
                struct drill_row row = {.time = survey->daybook.days[day].start,
                                        .person = block->first_person + place};
                fact_by(lane, METRIC_ACTIVE, DIM_DAY, (size_t)day, &row);
            }
    }
    memset(lane->active_days, 0, (size_t)survey->daybook.n * words * sizeof(uint64_t));
}

/* ---- Community ---- */

static void act_state(struct lane *lane, enum metric_id metric, const struct event_run *run,
                      bool nobody)
{
    for (size_t i = 0; i < run->n; i++) {
        struct drill_row row = row_of(run, i, nobody);
        fact_of_shop(lane, metric, &row);
        fact_by(lane, metric, DIM_CHANNEL, row.channel, &row);
        flag_set(lane, &row, PERSON_ACTED);
        if (row.person && lane->by[DIM_DAY][METRIC_ENGAGED])
            vec_push(&lane->acts, note_of(row.person, (uint32_t)day_of(lane, &row)));
    }
}

static void take_posts(struct lane *lane, const struct event_run *run, bool nobody)
{
    act_state(lane, METRIC_GROUP_POSTS, run, nobody);
}

static void take_group_events(struct lane *lane, const struct event_run *run, bool nobody)
{
    act_state(lane, METRIC_GROUP_EVENTS, run, nobody);
}

static void take_referrals(struct lane *lane, const struct event_run *run, bool nobody)
{
    act_state(lane, METRIC_REFERRALS, run, nobody);
}

static void take_reviews(struct lane *lane, const struct event_run *run, bool nobody)
{
    act_state(lane, METRIC_REVIEWS, run, nobody);
}

/* Messages and coupons: counted by what they came through, and noted of the person. */
static void contact_state(struct lane *lane, enum metric_id metric, const struct event_run *run,
                          bool nobody, enum person_flag flag)
{
    for (size_t i = 0; i < run->n; i++) {
        struct drill_row row = row_of(run, i, nobody);
        fact_of_shop(lane, metric, &row);
        fact_by(lane, metric, DIM_CHANNEL, row.channel, &row);
        fact_by(lane, metric, DIM_CAMPAIGN, row.campaign, &row);
        flag_set(lane, &row, flag);
    }
}

static void take_sent(struct lane *lane, const struct event_run *run, bool nobody)
{
    contact_state(lane, METRIC_MESSAGES_SENT, run, nobody, PERSON_ADDRESSED);
}

static void take_opened(struct lane *lane, const struct event_run *run, bool nobody)
{
    contact_state(lane, METRIC_MESSAGES_OPENED, run, nobody, 0);
}

static void take_clicked(struct lane *lane, const struct event_run *run, bool nobody)
{
    contact_state(lane, METRIC_MESSAGES_CLICKED, run, nobody, PERSON_ANSWERED);
}

static void take_issued(struct lane *lane, const struct event_run *run, bool nobody)
{
    contact_state(lane, METRIC_COUPONS_ISSUED, run, nobody, PERSON_ADDRESSED);
}

static void take_redeemed(struct lane *lane, const struct event_run *run, bool nobody)
{
    contact_state(lane, METRIC_COUPONS_REDEEMED, run, nobody, PERSON_ANSWERED);
}

static void take_benefits(struct lane *lane, const struct event_run *run, bool nobody)
{
    contact_state(lane, METRIC_BENEFITS, run, nobody, 0);
}

/* ---- All of them ---- */

static const struct {
    uint16_t kind;
    unsigned needs; /* taken when one of these is needed */
    take_fn *take;
} takers[] = {
    {KIND_SIGHTING, NEED_SIGHTINGS, take_sightings},
    {KIND_REGISTER, NEED_REGISTERS, take_registers},
    {KIND_PURCHASE, NEED_SALES, take_purchases},
    {KIND_REFUND, NEED_SALES, take_refunds},
    {KIND_POINTS_EARN, NEED_ACTIVITY, take_earned},
    {KIND_POINTS_BURN, NEED_ACTIVITY, take_burned},
    {KIND_GROUP_POST, NEED_ACTS, take_posts},
    {KIND_GROUP_EVENT, NEED_ACTS, take_group_events},
    {KIND_REFERRAL, NEED_ACTS, take_referrals},
    {KIND_REVIEW, NEED_ACTS, take_reviews},
    {KIND_MESSAGE_SENT, NEED_MESSAGES, take_sent},
    {KIND_MESSAGE_OPENED, NEED_MESSAGES, take_opened},
    {KIND_MESSAGE_CLICKED, NEED_MESSAGES, take_clicked},
    {KIND_COUPON_ISSUE, NEED_MESSAGES, take_issued},
    {KIND_COUPON_REDEEM, NEED_MESSAGES, take_redeemed},
    {KIND_BENEFIT, NEED_MESSAGES, take_benefits},
};

void survey_events(struct lane *lane, const struct event_block *block)
{
    unsigned needs = lane->survey->plan->needs;
    bool nobody = block->block == EVENT_NOBODY;

    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t t = 0; t < sizeof takers / sizeof *takers; t++)
            if (takers[t].kind == run->kind && (takers[t].needs & needs))
                takers[t].take(lane, run, nobody);
        if (!nobody && (needs & NEED_ACTIVITY) && (kind_flags(run->kind) & KIND_ACTIVE))
            activity_note(lane, block, run);
    }
    if (!nobody && lane->active_days)
        active_days_state(lane, block);
}
