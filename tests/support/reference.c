#include "model/base/arena.h"
#include "tests/support/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void count(struct reference *r, enum metric_id metric, enum dimension dim, int64_t key,
                  int64_t amount)
{
    assert_in_range(key, 0, KEYS - 1);
    r->sums[metric][dim][key].n++;
    r->sums[metric][dim][key].amount += amount;
}

static bool in_period(const struct reference *r, const struct event *e)
{
    return e->time >= r->from && e->time < r->to;
}

static int day_at(const struct reference *r, int64_t time)
{
    return clock_day(&r->story->mall->clock, time) - r->first_day;
}

static int64_t day_hour_at(const struct reference *r, int64_t time)
{
    return day_at(r, time) * 24 + clock_hour(&r->story->mall->clock, time);
}

static int64_t week_hour_at(const struct reference *r, int64_t time)
{
    return date_weekday(clock_day(&r->story->mall->clock, time)) * 24 +
           clock_hour(&r->story->mall->clock, time);
}

static uint32_t zone_at(const struct reference *r, const struct event *e)
{
    return e->zone ? e->zone : r->story->tenant_zone[e->tenant];
}

static void count_in_time(struct reference *r, enum metric_id metric, int64_t time, int64_t amount)
{
    count(r, metric, DIM_NONE, 0, amount);
    count(r, metric, DIM_DAY, day_at(r, time), amount);
    count(r, metric, DIM_HOUR, clock_hour(&r->story->mall->clock, time), amount);
    count(r, metric, DIM_WEEK_HOUR, week_hour_at(r, time), amount);
    count(r, metric, DIM_DAY_HOUR, day_hour_at(r, time), amount);
}

static void count_at_shop(struct reference *r, enum metric_id metric, const struct event *e,
                          int64_t amount)
{
    count(r, metric, DIM_NONE, 0, amount);
    count(r, metric, DIM_DAY, day_at(r, e->time), amount);
    count(r, metric, DIM_TENANT, e->tenant, amount);
    count(r, metric, DIM_CATEGORY, r->story->tenant_category[e->tenant], amount);
    count(r, metric, DIM_CHANNEL, e->channel, amount);
    count(r, metric, DIM_CAMPAIGN, e->campaign, amount);
}

static void reference_columns(struct reference *r)
{
    const struct story *s = r->story;

    for (uint32_t p = 0; p <= PEOPLE; p++)
        r->first_presence[p] = r->registered[p] = INT64_MAX;
    for (size_t i = 0; i < s->n; i++) {
        const struct event *e = &s->events[i];
        if ((kind_flags(e->kind) & KIND_PRESENCE) && e->time < r->first_presence[e->person])
            r->first_presence[e->person] = e->time;
        if (e->kind == KIND_REGISTER && e->time < r->registered[e->person])
            r->registered[e->person] = e->time;
    }
}

static int moment_compare(const void *a, const void *b)
{
    const struct event *x = *(struct event *const *)a, *y = *(struct event *const *)b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x > y) - (x < y);
}

/* One person's events of presence in the period, in order. */
static size_t presence_of(const struct reference *r, uint32_t person, const struct event **at)
{
    const struct story *s = r->story;
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        if (s->events[i].person == person && in_period(r, &s->events[i]) &&
            (kind_flags(s->events[i].kind) & KIND_PRESENCE))
            at[n++] = &s->events[i];
    qsort(at, n, sizeof *at, moment_compare);
    return n;
}

static void reference_visit(struct reference *r, const struct event **at, size_t n,
                            bool seen[DIM_COUNT][KEYS], bool present[KEYS], bool present_day[KEYS])
{
    int64_t start = at[0]->time, dwell = at[n - 1]->time - start;
    int64_t zone_dwell[ZONES + 1] = {0};
    bool touched[ZONES + 1] = {0};

    r->visits[r->n_visits++] = (struct naive_visit){at[0]->person, start, at[n - 1]->time};
    for (size_t i = 0; i < n; i++) {
        touched[zone_at(r, at[i])] = true;
        if (i + 1 < n)
            zone_dwell[zone_at(r, at[i])] += at[i + 1]->time - at[i]->time;
    }
    count_in_time(r, METRIC_VISITS, start, dwell);
    count_in_time(r, METRIC_DWELL_TOTAL, start, dwell);
    if (dwell > 0)
        count_in_time(r, METRIC_VISITS_WITH_DWELL, start, dwell);
    if (dwell < 600)
        count_in_time(r, METRIC_VISITS_UNDER_10_MIN, start, dwell);
    for (uint32_t z = 0; z <= ZONES; z++) {
        if (!touched[z])
            continue;
        seen[DIM_ZONE][z] = true;
        count(r, METRIC_VISITS, DIM_ZONE, z, zone_dwell[z]);
        count(r, METRIC_DWELL_TOTAL, DIM_ZONE, z, zone_dwell[z]);
        if (zone_dwell[z] > 0)
            count(r, METRIC_VISITS_WITH_DWELL, DIM_ZONE, z, zone_dwell[z]);
        if (zone_dwell[z] < 600)
            count(r, METRIC_VISITS_UNDER_10_MIN, DIM_ZONE, z, zone_dwell[z]);
    }
    seen[DIM_DAY][day_at(r, start)] = true;
    seen[DIM_HOUR][clock_hour(&r->story->mall->clock, start)] = true;
    seen[DIM_WEEK_HOUR][week_hour_at(r, start)] = true;
    seen[DIM_DAY_HOUR][day_hour_at(r, start)] = true;
    for (int64_t t = start; t <= at[n - 1]->time; t++) {
        present[clock_hour(&r->story->mall->clock, t)] = true;
        present_day[day_hour_at(r, t)] = true;
        /* Nothing changes between the minutes. */
        if (t + 60 <= at[n - 1]->time && t % 60 == 0)
            t += 59;
    }
}

static void reference_areas(struct reference *r, uint32_t person, const bool *zones)
{
    const struct story *s = r->story;
    bool bought[ZONES + 1][3] = {0};

    for (size_t i = 0; i < s->n; i++) {
        const struct event *e = &s->events[i];
        if (e->person != person || !in_period(r, e) ||
            (e->kind != KIND_PURCHASE && e->kind != KIND_REFUND))
            continue;
        uint32_t category = s->tenant_category[e->tenant];
        for (uint32_t z = 0; z <= ZONES; z++) {
            if (!zones[z])
                continue;
            count(r, METRIC_SALES, DIM_AREA, z * 3 + category,
                  e->kind == KIND_REFUND ? -e->amount : e->amount);
            if (e->kind == KIND_REFUND)
                continue;
            count(r, METRIC_RECEIPTS, DIM_AREA, z * 3 + category, e->amount);
            bought[z][category] = true;
        }
    }
    for (uint32_t z = 0; z <= ZONES; z++)
        for (uint32_t c = 0; c < 3; c++)
            if (bought[z][c])
                count(r, METRIC_BUYERS, DIM_AREA, z * 3 + c, 0);
}

static void reference_presence(struct reference *r, uint32_t person)
{
    static bool seen[DIM_COUNT][KEYS], present[KEYS], present_day[KEYS];
    static const struct event *at[MOST_EVENTS];
    size_t n = presence_of(r, person, at), begin = 0;

    memset(seen, 0, sizeof seen);
    memset(present, 0, sizeof present);
    memset(present_day, 0, sizeof present_day);
    if (!n)
        return;
    for (size_t i = 1; i <= n; i++)
        if (i == n || at[i]->time - at[i - 1]->time > 1800) {
            reference_visit(r, at + begin, i - begin, seen, present, present_day);
            begin = i;
        }
    count(r, METRIC_PEOPLE_SEEN, DIM_NONE, 0, 0);
    count(r, METRIC_PRESENT, DIM_NONE, 0, 0);
    for (int dim = 1; dim < DIM_COUNT; dim++)
        for (int64_t key = 0; key < KEYS; key++)
            if (seen[dim][key])
                count(r, METRIC_PEOPLE_SEEN, (enum dimension)dim, key, 0);
    for (int64_t key = 0; key < KEYS; key++) {
        if (present[key])
            count(r, METRIC_PRESENT, DIM_HOUR, key, 0);
        if (present_day[key])
            count(r, METRIC_PRESENT, DIM_DAY_HOUR, key, 0);
    }
    bool old = r->first_presence[person] < r->from, member = r->registered[person] <= at[0]->time;
    count(r, old ? METRIC_RETURNING_PEOPLE : METRIC_NEW_PEOPLE, DIM_NONE, 0, 0);
    count(r, member ? METRIC_MEMBERS_SEEN : METRIC_VISITORS, DIM_NONE, 0, 0);
    r->visitor[person] = !member;
    reference_areas(r, person, seen[DIM_ZONE]);
}

static void reference_sighting(struct reference *r, const struct event *e)
{
    count_in_time(r, METRIC_DETECTIONS, e->time, 0);
    count(r, METRIC_DETECTIONS, DIM_ZONE, e->zone, 0);
    if (e->person)
        return;
    count_in_time(r, METRIC_RANDOM_DETECTIONS, e->time, 0);
    count(r, METRIC_RANDOM_DETECTIONS, DIM_ZONE, e->zone, 0);
}

static void reference_sale(struct reference *r, const struct event *e, bool member)
{
    int64_t signed_amount = e->kind == KIND_REFUND ? -e->amount : e->amount;
    if (e->kind == KIND_PURCHASE)
        count_at_shop(r, METRIC_RECEIPTS, e, e->amount);
    count_at_shop(r, METRIC_SALES, e, signed_amount);
    count_at_shop(r,
                  !e->person ? METRIC_ANONYMOUS_SALES
                  : member   ? METRIC_MEMBER_SALES
                             : METRIC_VISITOR_SALES,
                  e, signed_amount);
}

/* What is merely counted where it was: events, and their amounts in two of them. */
static void reference_plain(struct reference *r, const struct event *e)
{
    static const struct {
        int kind, metric;
        bool amounts;
    } plain[] = {
        {KIND_REGISTER, METRIC_REGISTRATIONS, false},
        {KIND_POINTS_EARN, METRIC_POINTS_EARNED, true},
        {KIND_POINTS_BURN, METRIC_POINTS_BURNED, true},
        {KIND_GROUP_POST, METRIC_GROUP_POSTS, false},
        {KIND_GROUP_EVENT, METRIC_GROUP_EVENTS, false},
        {KIND_REFERRAL, METRIC_REFERRALS, false},
        {KIND_REVIEW, METRIC_REVIEWS, false},
        {KIND_MESSAGE_SENT, METRIC_MESSAGES_SENT, false},
        {KIND_MESSAGE_OPENED, METRIC_MESSAGES_OPENED, false},
        {KIND_MESSAGE_CLICKED, METRIC_MESSAGES_CLICKED, false},
        {KIND_COUPON_ISSUE, METRIC_COUPONS_ISSUED, false},
        {KIND_COUPON_REDEEM, METRIC_COUPONS_REDEEMED, false},
        {KIND_BENEFIT, METRIC_BENEFITS, false},
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (plain[i].kind == (int)e->kind)
            count_at_shop(r, plain[i].metric, e, plain[i].amounts ? e->amount : 0);
    if (e->kind == KIND_REGISTER && e->channel == 1)
        count_at_shop(r, METRIC_REGISTRATIONS_POS, e, 0);
    if (e->kind == KIND_REGISTER && e->channel == 2)
        count_at_shop(r, METRIC_REGISTRATIONS_APP, e, 0);
}

static void reference_event(struct reference *r, const struct event *e)
{
    bool member = e->person && r->registered[e->person] <= e->time;
    if (e->kind == KIND_SIGHTING)
        reference_sighting(r, e);
    else if (e->kind == KIND_PURCHASE || e->kind == KIND_REFUND)
        reference_sale(r, e, member);
    else
        reference_plain(r, e);
    if (!e->person)
        return;
    r->addressed[e->person] |= e->kind == KIND_MESSAGE_SENT || e->kind == KIND_COUPON_ISSUE;
    r->answered[e->person] |= e->kind == KIND_MESSAGE_CLICKED || e->kind == KIND_COUPON_REDEEM;
    if (kind_flags(e->kind) & KIND_ENGAGED) {
        r->acted[e->person] = true;
        r->engaged_on[e->person][day_at(r, e->time)] = true;
    }
    if ((kind_flags(e->kind) & KIND_ACTIVE) && member) {
        r->active[e->person] = true;
        r->active_on[e->person][day_at(r, e->time)] = true;
    }
}

static void reference_buyers(struct reference *r, uint32_t person)
{
    const struct story *s = r->story;
    bool day[DAYS + 3] = {0}, tenant[TENANTS + 1] = {0}, category[3] = {0};
    int days = 0;

    for (size_t i = 0; i < s->n; i++) {
        const struct event *e = &s->events[i];
        if (e->person != person || e->kind != KIND_PURCHASE || !in_period(r, e))
            continue;
        day[day_at(r, e->time)] = tenant[e->tenant] = category[s->tenant_category[e->tenant]] =
            true;
    }
    for (int d = 0; d < DAYS + 3; d++)
        if (day[d]) {
            days++;
            count(r, METRIC_BUYERS, DIM_DAY, d, 0);
        }
    for (int t = 0; t <= TENANTS; t++)
        if (tenant[t])
            count(r, METRIC_BUYERS, DIM_TENANT, t, 0);
    for (int c = 0; c < 3; c++)
        if (category[c])
            count(r, METRIC_BUYERS, DIM_CATEGORY, c, 0);
    if (days)
        count(r, METRIC_BUYERS, DIM_NONE, 0, 0);
    if (days > 1)
        count(r, METRIC_REPEAT_BUYERS, DIM_NONE, 0, 0);
}

/* The first event of a kind at or after a moment, by looking at all. */
static int64_t naive_next(const struct reference *r, uint32_t person, uint16_t kind, int64_t from,
                          int64_t last)
{
    int64_t best = INT64_MAX;

    for (size_t i = 0; i < r->story->n; i++) {
        const struct event *e = &r->story->events[i];
        if (e->person == person && e->kind == kind && e->time >= from && e->time <= last &&
            e->time < best)
            best = e->time;
    }
    return best;
}

static void reference_wheel(struct reference *r, uint32_t person)
{
    const struct story *s = r->story;
    int64_t registered = r->registered[person], last = registered + 30 * 86400;
    bool purchased = false, earned = false, again = false, activated = false;

    /* Every chain is tried. */
    for (size_t i = 0; i < s->n; i++) {
        const struct event *p = &s->events[i];
        if (p->person != person || p->time < registered || p->time > last)
            continue;
        activated |= (kind_flags(p->kind) & KIND_ACTIVE) != 0;
        if (p->kind != KIND_PURCHASE)
            continue;
        purchased = true;
        for (size_t j = 0; j < s->n; j++) {
            const struct event *e = &s->events[j];
            if (e->person != person || e->kind != KIND_POINTS_EARN || e->time < p->time ||
                e->time > last)
                continue;
            earned = true;
            again |= naive_next(r, person, KIND_PURCHASE, e->time + 1, last) != INT64_MAX;
        }
    }
    count(r, METRIC_WHEEL_STARTED, DIM_NONE, 0, 0);
    if (purchased)
        count(r, METRIC_WHEEL_PURCHASED, DIM_NONE, 0, 0);
    if (earned)
        count(r, METRIC_WHEEL_EARNED, DIM_NONE, 0, 0);
    if (again)
        count(r, METRIC_WHEEL_AGAIN, DIM_NONE, 0, 0);
    if (activated)
        count(r, METRIC_ACTIVATED, DIM_NONE, 0, 0);
    for (int64_t at = registered;;) {
        int64_t earn = naive_next(r, person, KIND_POINTS_EARN, at, last);
        at = earn == INT64_MAX ? INT64_MAX : naive_next(r, person, KIND_PURCHASE, earn + 1, last);
        if (at == INT64_MAX)
            break;
        r->sums[METRIC_WHEEL_ROUNDS][DIM_NONE][0].n++;
    }
}

static bool relation_began(const struct reference *r, int k)
{
    return r->story->relation_since[k] < r->to;
}

static void reference_together(struct reference *r)
{
    const struct story *s = r->story;
    bool by_kind[2][PEOPLE + 1] = {0};

    for (int k = 0; k < RELATIONS; k++)
        for (size_t i = 0; i < r->n_visits; i++)
            for (size_t j = 0; r->visits[i].person == s->relation[k][0] && j < r->n_visits; j++) {
                const struct naive_visit *x = &r->visits[i], *y = &r->visits[j];
                if (!relation_began(r, k) || x->person != s->relation[k][0] ||
                    y->person != s->relation[k][1] || x->person == y->person || x->start > y->end ||
                    y->start > x->end)
                    continue;
                r->together[x->person] = r->together[y->person] = true;
                by_kind[s->relation_kind[k]][x->person] = true;
                by_kind[s->relation_kind[k]][y->person] = true;
                r->engaged_on[x->person][day_at(r, x->start)] = true;
                r->engaged_on[y->person][day_at(r, y->start)] = true;
            }
    for (int kind = 0; kind < 2; kind++)
        for (uint32_t p = 1; p <= PEOPLE; p++)
            if (by_kind[kind][p])
                count(r, METRIC_TOGETHER, DIM_RELATION, kind, 0);
}

static void reference_connections(struct reference *r, uint32_t person)
{
    const struct story *s = r->story;
    bool other[PEOPLE + 1] = {0}, kind[2] = {0};
    int others = 0;

    for (int k = 0; k < RELATIONS; k++) {
        uint32_t a = s->relation[k][0], b = s->relation[k][1];
        if (!relation_began(r, k) || a == b || (a != person && b != person))
            continue;
        other[a == person ? b : a] = true;
        kind[s->relation_kind[k]] = true;
    }
    for (uint32_t p = 1; p <= PEOPLE; p++)
        others += other[p];
    if (!others)
        return;
    count(r, METRIC_RELATED, DIM_NONE, 0, 0);
    count(r, METRIC_RELATED, DIM_CONNECTIONS, others < 6 ? others : 6, 0);
    for (int k = 0; k < 2; k++)
        if (kind[k])
            count(r, METRIC_RELATED, DIM_RELATION, k, 0);
}

static void reference_belonging(struct reference *r, uint32_t person, enum metric_id metric,
                                enum dimension dim, int64_t key)
{
    bool engaged = r->active[person] && (r->acted[person] || r->together[person]);

    count(r, metric, dim, key, 0);
    if (r->active[person])
        count(r, METRIC_ACTIVE, dim, key, 0);
    if (engaged)
        count(r, METRIC_ENGAGED, dim, key, 0);
    if (r->addressed[person])
        count(r, METRIC_ADDRESSED, dim, key, 0);
    if (r->addressed[person] && r->answered[person])
        count(r, METRIC_RESPONDED, dim, key, 0);
}

static void reference_person(struct reference *r, uint32_t p)
{
    const struct story *s = r->story;
    bool engaged = r->active[p] && (r->acted[p] || r->together[p]), grouped = false, keen = false;
    int64_t points = 0;

    if (r->active[p])
        count(r, METRIC_ACTIVE, DIM_NONE, 0, 0);
    if (engaged)
        count(r, METRIC_ENGAGED, DIM_NONE, 0, 0);
    if (r->together[p])
        count(r, METRIC_TOGETHER, DIM_NONE, 0, 0);
    if (r->addressed[p])
        count(r, METRIC_ADDRESSED, DIM_NONE, 0, 0);
    if (r->addressed[p] && r->answered[p])
        count(r, METRIC_RESPONDED, DIM_NONE, 0, 0);
    for (int d = 0; d < DAYS + 3; d++) {
        if (r->active_on[p][d])
            count(r, METRIC_ACTIVE, DIM_DAY, d, 0);
        if (engaged && r->engaged_on[p][d])
            count(r, METRIC_ENGAGED, DIM_DAY, d, 0);
    }
    for (int c = 1; c <= CROWDS; c++)
        if (s->in_crowd[c][p]) {
            grouped = true;
            reference_belonging(r, p, METRIC_GROUP_MEMBERS, DIM_GROUP, c);
        }
    for (int t = 0; t < TOPICS; t++)
        if (s->likes[t][p]) {
            keen = true;
            reference_belonging(r, p, METRIC_INTERESTED, DIM_TOPIC, t);
        }
    if (grouped)
        count(r, METRIC_GROUP_MEMBERS, DIM_NONE, 0, 0);
    if (keen)
        count(r, METRIC_INTERESTED, DIM_NONE, 0, 0);
    reference_connections(r, p);
    if (r->registered[p] < r->to) {
        count(r, METRIC_MEMBERS, DIM_NONE, 0, 0);
        if (s->reachable[p])
            count(r, METRIC_REACHABLE, DIM_NONE, 0, 0);
    }
    for (size_t i = 0; i < s->n; i++) {
        const struct event *e = &s->events[i];
        if (e->person != p || e->time >= r->to)
            continue;
        bool more = e->kind == KIND_POINTS_EARN || e->kind == KIND_POINTS_ADJUST;
        bool less = e->kind == KIND_POINTS_BURN || e->kind == KIND_POINTS_EXPIRE ||
                    e->kind == KIND_POINTS_REVERSE;
        points += more ? e->amount : less ? -e->amount : 0;
    }
    if (points)
        count(r, METRIC_POINTS_OUTSTANDING, DIM_NONE, 0, points);
    if (r->registered[p] < r->from || r->registered[p] >= r->to)
        return;
    count(r, METRIC_NEW_MEMBERS, DIM_NONE, 0, 0);
    count(r, METRIC_NEW_MEMBERS, DIM_DAY, day_at(r, r->registered[p]), 0);
    if (r->visitor[p])
        count(r, METRIC_VISITORS_CONVERTED, DIM_NONE, 0, 0);
    reference_wheel(r, p);
    if (r->first_presence[p] > r->registered[p])
        return;
    int64_t delay = r->registered[p] - r->first_presence[p];
    static const int64_t ends[] = {3600,       86400,      3 * 86400,  7 * 86400,
                                   14 * 86400, 30 * 86400, 90 * 86400, INT64_MAX};
    int64_t band = 0;
    while (delay >= ends[band])
        band++;
    count(r, METRIC_CONVERTED_AFTER_VISIT, DIM_NONE, 0, delay);
    count(r, METRIC_CONVERTED_AFTER_VISIT, DIM_DELAY, band, delay);
}

static void reference_shops(struct reference *r)
{
    for (int t = 1; t <= TENANTS; t++) {
        const struct sum *sales = &r->sums[METRIC_SALES][DIM_TENANT][t];
        const struct sum *ours = &r->sums[METRIC_MEMBER_SALES][DIM_TENANT][t];
        if (r->story->smart[t])
            count(r, METRIC_SMART_POS_SHOPS, DIM_NONE, 0, 0);
        if (r->sums[METRIC_REGISTRATIONS][DIM_TENANT][t].n)
            count(r, METRIC_REGISTERING_SHOPS, DIM_NONE, 0, 0);
        if (sales->amount > 0 && (double)ours->amount / (double)sales->amount > 0.8)
            count(r, METRIC_SHOPS_MEMBER_SHARE_80, DIM_NONE, 0, 0);
    }
    for (int c = 1; c <= CROWDS; c++) {
        bool any = false;
        for (uint32_t p = 1; p <= PEOPLE; p++)
            any |= r->story->in_crowd[c][p];
        if (any)
            count(r, METRIC_GROUPS, DIM_NONE, 0, 0);
    }
}

static void reference_addresses(struct reference *r)
{
    bool seen[64] = {0}, sighted[PEOPLE + 1] = {0};

    for (size_t i = 0; i < r->story->n; i++) {
        const struct event *e = &r->story->events[i];
        if (e->kind != KIND_SIGHTING || !in_period(r, e))
            continue;
        seen[e->address] = true;
        sighted[e->person] = true;
    }
    for (int a = 1; a < 64; a++)
        if (seen[a]) {
            count(r, METRIC_RANDOM_DEVICES, DIM_NONE, 0, 0);
            count(r, METRIC_DEVICES, DIM_NONE, 0, 0);
        }
    for (uint32_t p = 1; p <= PEOPLE; p++)
        if (sighted[p])
            count(r, METRIC_DEVICES, DIM_NONE, 0, 0);
}

struct reference *reference_new(const struct story *s, int64_t from, int64_t to)
{
    struct reference *r = mem_zero(1, sizeof *r);

    r->story = s;
    r->from = from;
    r->to = to;
    r->first_day = clock_day(&s->mall->clock, from);
    reference_columns(r);
    for (size_t i = 0; i < s->n; i++)
        if (in_period(r, &s->events[i]))
            reference_event(r, &s->events[i]);
    for (uint32_t p = 1; p <= PEOPLE; p++) {
        reference_presence(r, p);
        reference_buyers(r, p);
    }
    reference_together(r);
    for (uint32_t p = 1; p <= PEOPLE; p++)
        reference_person(r, p);
    reference_shops(r);
    reference_addresses(r);
    return r;
}

int64_t key_base(const struct reference *r, enum dimension dim)
{
    return dim == DIM_DAY ? r->first_day : dim == DIM_DAY_HOUR ? (int64_t)r->first_day * 24 : 0;
}
