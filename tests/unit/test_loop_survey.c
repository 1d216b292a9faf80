/* Figures, dashboards' cells and drill-downs against a plain reference over random histories: every
 * metric by every dimension, and every count against the list behind it. */
#include "model/base/arena.h"
#include "model/base/hash.h"
#include "model/loop/alert.h"
#include "model/loop/drill.h"
#include "model/loop/stages.h"
#include "model/loop/survey.h"
#include "model/loop/visits.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    PEOPLE = 60,
    TENANTS = 5,
    ZONES = 3,
    CHANNELS = 3,
    CAMPAIGNS = 2,
    CROWDS = 3,
    TOPICS = 2,
    RELATIONS = 30,
    DAYS = 75,
    MOST_EVENTS = 4000,
    MALLS = 15,
};

/* ---- A random mall ---- */

struct story {
    uint64_t seed;
    struct arena *arena;
    char *folder, *path;
    struct mall *mall;
    struct reader *reader;
    struct writer *writer;
    int64_t start;
    size_t n;
    struct event events[MOST_EVENTS];
    uint32_t relation[RELATIONS][2];
    int relation_kind[RELATIONS];
    bool in_crowd[CROWDS + 1][PEOPLE + 1], likes[TOPICS][PEOPLE + 1];
    uint32_t tenant_zone[TENANTS + 1], tenant_category[TENANTS + 1]; /* category 0: none */
    bool smart[TENANTS + 1];
    bool reachable[PEOPLE + 1];
};

static uint64_t draw(struct story *s, uint64_t n)
{
    return hash_mix(++s->seed) % n;
}

static void sql(struct story *s, const char *text)
{
    char *problem = NULL;

    if (sqlite3_exec(writer_db(s->writer), text, NULL, NULL, &problem) != SQLITE_OK)
        fail_msg("%s: %s", text, problem);
}

static void rows_make(struct story *s)
{
    static const char *const kinds_of_relation[] = {"family", "friend"};
    static const char *const topics[] = {"coffee", "sport"};
    static const char *const categories[] = {"", "fashion", "food"};
    struct error err = {0};
    uint32_t id;

    assert_ok(writer_begin(s->writer, &err));
    for (uint32_t i = 1; i <= ZONES; i++)
        assert_ok(
            dict_intern(s->writer, DICT_ZONE, arena_printf(s->arena, "Z%u", i), 2, &id, &err));
    assert_ok(dict_intern(s->writer, DICT_CHANNEL, "pos", 3, &id, &err));
    assert_int_equal(id, 1);
    assert_ok(dict_intern(s->writer, DICT_CHANNEL, "app", 3, &id, &err));
    assert_ok(dict_intern(s->writer, DICT_CHANNEL, "sms", 3, &id, &err));
    for (uint32_t i = 1; i <= CAMPAIGNS; i++)
        assert_ok(
            dict_intern(s->writer, DICT_CAMPAIGN, arena_printf(s->arena, "K%u", i), 2, &id, &err));
    for (uint32_t i = 1; i <= TENANTS; i++) {
        assert_ok(
            dict_intern(s->writer, DICT_TENANT, arena_printf(s->arena, "T%u", i), 2, &id, &err));
        s->tenant_zone[i] = (uint32_t)draw(s, ZONES + 1);
        s->tenant_category[i] = i < 3 ? i : (uint32_t)draw(s, 3); /* each is there */
        s->smart[i] = draw(s, 2);
        sql(s, arena_printf(s->arena,
                            "update tenant set zone = %u, category = '%s', smart_pos = %d"
                            " where id = %u",
                            s->tenant_zone[i], categories[s->tenant_category[i]], s->smart[i], i));
    }
    for (uint32_t p = 1; p <= PEOPLE; p++) {
        int sms = (int)draw(s, 2), app = (int)draw(s, 2), wifi = (int)draw(s, 2);
        int has_phone = (int)draw(s, 2), has_app = (int)draw(s, 2), has_wifi = (int)draw(s, 2);
        s->reachable[p] = (sms && has_phone) || (app && has_app) || (wifi && has_wifi);
        sql(s, arena_printf(s->arena,
                            "insert into member (person, card, phone, consent_sms, consent_app,"
                            " consent_wifi, app) values (%u, 'C%u', '%s', %d, %d, %d, %d)",
                            p, p, has_phone ? arena_printf(s->arena, "1%u", p) : "", sms, app, wifi,
                            has_app));
        if (has_wifi)
            sql(s, arena_printf(s->arena, "insert into identity values ('wifi', 'w%u', %u)", p, p));
    }
    for (int i = 0; i < RELATIONS; i++) {
        uint32_t a = 1 + (uint32_t)draw(s, PEOPLE), b = 1 + (uint32_t)draw(s, PEOPLE);
        s->relation[i][0] = a;
        s->relation[i][1] = b;
        s->relation_kind[i] = (int)draw(s, 2);
        sql(s, arena_printf(s->arena, "insert or ignore into relation values (%u, %u, '%s', null)",
                            a, b, kinds_of_relation[s->relation_kind[i]]));
    }
    for (int c = 1; c <= CROWDS; c++) {
        sql(s, arena_printf(s->arena, "insert into crowd (id, code) values (%d, 'G%d')", c, c));
        for (uint32_t p = 1; p <= PEOPLE && c < CROWDS; p++)
            if ((s->in_crowd[c][p] = draw(s, 4) == 0))
                sql(s,
                    arena_printf(s->arena,
                                 "insert into crowd_member (crowd, person) values (%d, %u)", c, p));
    }
    for (int t = 0; t < TOPICS; t++)
        for (uint32_t p = 1; p <= PEOPLE; p++)
            if ((s->likes[t][p] = draw(s, 3) == 0))
                sql(s,
                    arena_printf(s->arena, "insert into interest (person, topic) values (%u, '%s')",
                                 p, topics[t]));
    sql(s, arena_printf(s->arena, "update counter set value = %d where name = 'person'", PEOPLE));
    assert_ok(writer_touch_rows(s->writer, &err));
    assert_ok(writer_commit(s->writer, &err));
}

/* Events come in bursts, so that some lie within a visit's gap and some just beside it. */
static struct event event_draw(struct story *s, uint32_t person, int64_t time)
{
    static const uint16_t common[] = {KIND_SIGHTING, KIND_SIGHTING, KIND_PURCHASE, KIND_DOOR,
                                      KIND_POINTS_EARN};
    struct event e = {.time = time, .person = person};

    e.kind = draw(s, 2) ? common[draw(s, 5)] : (uint16_t)(1 + draw(s, KIND_BUILT_IN_END - 1));
    if (draw(s, 3))
        e.tenant = (uint32_t)draw(s, TENANTS + 1);
    if (e.kind == KIND_SIGHTING || draw(s, 3) == 0)
        e.zone = (uint32_t)draw(s, ZONES + 1);
    e.channel = (uint16_t)draw(s, CHANNELS + 1);
    e.campaign = (uint32_t)draw(s, CAMPAIGNS + 1);
    if (kind_unit(e.kind) != UNIT_NONE)
        e.amount = (int64_t)draw(s, 50000);
    if (e.kind == KIND_POINTS_ADJUST && draw(s, 2))
        e.amount = -e.amount;
    if (!person && e.kind == KIND_SIGHTING)
        e.address = 1 + draw(s, 40);
    return e;
}

static void events_make(struct story *s)
{
    static const int64_t steps[] = {0, 1, 60, 599, 600, 601, 1799, 1800, 1801, 7200};
    struct error err = {0};
    size_t added;

    while (s->n + 12 < MOST_EVENTS) {
        uint32_t person = draw(s, 5) ? 1 + (uint32_t)draw(s, PEOPLE) : 0;
        int64_t time = s->start + (int64_t)draw(s, DAYS * 86400);
        for (uint64_t i = 1 + draw(s, 10); i > 0; i--) {
            s->events[s->n++] = event_draw(s, person, time);
            time += steps[draw(s, 10)];
        }
    }
    size_t half = s->n / 2;
    assert_ok(writer_begin(s->writer, &err));
    assert_ok(event_append(s->writer, s->events, half, &added, NULL, &err));
    assert_ok(writer_commit(s->writer, &err));
    if (draw(s, 2))
        assert_ok(event_fold(s->writer, 0, &err));
    assert_ok(writer_begin(s->writer, &err));
    assert_ok(event_append(s->writer, s->events + half, s->n - half, &added, NULL, &err));
    assert_ok(writer_commit(s->writer, &err));
}

static struct story *story_new(uint64_t seed)
{
    static const char *const zones[] = {"Asia/Shanghai", "America/New_York", "Europe/Berlin"};
    struct mall_options options = {.name = "test", .timezone = zones[seed % 3]};
    struct story *s = mem_zero(1, sizeof *s);
    struct error err = {0};

    s->seed = seed << 32;
    s->arena = arena_new();
    s->folder = temp_folder();
    s->path = temp_path(s->folder, "test.mall");
    assert_ok(mall_create(s->path, &options, &err));
    assert_ok(mall_open(s->path, &s->mall, &err));
    assert_ok(writer_open(s->mall, &s->writer, &err));
    /* From the middle of September: the clocks of two of the zones change on the way. */
    s->start = zone_utc(s->mall->zone, 2023, 9, 15, 0, 0, 0);
    rows_make(s);
    events_make(s);
    assert_ok(reader_open(s->mall, &s->reader, &err));
    return s;
}

static void story_free(struct story *s)
{
    reader_close(s->reader);
    writer_close(s->writer);
    mall_close(s->mall);
    free(s->path);
    temp_folder_remove(s->folder);
    arena_free(s->arena);
    free(s);
}

/* ---- The reference ---- */

enum { KEYS = DAYS * 24 + 200 };

struct reference {
    const struct story *story;
    int64_t from, to;
    int32_t first_day;
    struct sum sums[METRIC_END][DIM_COUNT][KEYS];
    int64_t first_presence[PEOPLE + 1], registered[PEOPLE + 1];
    bool active[PEOPLE + 1], acted[PEOPLE + 1], together[PEOPLE + 1], visitor[PEOPLE + 1];
    bool addressed[PEOPLE + 1], answered[PEOPLE + 1];
    bool active_on[PEOPLE + 1][DAYS + 3], engaged_on[PEOPLE + 1][DAYS + 3];
    size_t n_visits;
    struct naive_visit {
        uint32_t person;
        int64_t start, end;
    } visits[MOST_EVENTS];
};

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

static void reference_event(struct reference *r, const struct event *e)
{
    bool member = e->person && r->registered[e->person] <= e->time;
    int64_t signed_amount = e->kind == KIND_REFUND ? -e->amount : e->amount;

    switch (e->kind) {
    case KIND_SIGHTING:
        count_in_time(r, METRIC_DETECTIONS, e->time, 0);
        count(r, METRIC_DETECTIONS, DIM_ZONE, e->zone, 0);
        if (!e->person) {
            count_in_time(r, METRIC_RANDOM_DETECTIONS, e->time, 0);
            count(r, METRIC_RANDOM_DETECTIONS, DIM_ZONE, e->zone, 0);
        }
        break;
    case KIND_REGISTER:
        count_at_shop(r, METRIC_REGISTRATIONS, e, 0);
        if (e->channel == 1)
            count_at_shop(r, METRIC_REGISTRATIONS_POS, e, 0);
        if (e->channel == 2)
            count_at_shop(r, METRIC_REGISTRATIONS_APP, e, 0);
        break;
    case KIND_PURCHASE:
        count_at_shop(r, METRIC_RECEIPTS, e, e->amount);
        /* fall through */
    case KIND_REFUND:
        count_at_shop(r, METRIC_SALES, e, signed_amount);
        count_at_shop(r,
                      !e->person ? METRIC_ANONYMOUS_SALES
                      : member   ? METRIC_MEMBER_SALES
                                 : METRIC_VISITOR_SALES,
                      e, signed_amount);
        break;
    case KIND_POINTS_EARN:
        count_at_shop(r, METRIC_POINTS_EARNED, e, e->amount);
        break;
    case KIND_POINTS_BURN:
        count_at_shop(r, METRIC_POINTS_BURNED, e, e->amount);
        break;
    case KIND_GROUP_POST:
        count_at_shop(r, METRIC_GROUP_POSTS, e, 0);
        break;
    case KIND_GROUP_EVENT:
        count_at_shop(r, METRIC_GROUP_EVENTS, e, 0);
        break;
    case KIND_REFERRAL:
        count_at_shop(r, METRIC_REFERRALS, e, 0);
        break;
    case KIND_REVIEW:
        count_at_shop(r, METRIC_REVIEWS, e, 0);
        break;
    case KIND_MESSAGE_SENT:
        count_at_shop(r, METRIC_MESSAGES_SENT, e, 0);
        break;
    case KIND_MESSAGE_OPENED:
        count_at_shop(r, METRIC_MESSAGES_OPENED, e, 0);
        break;
    case KIND_MESSAGE_CLICKED:
        count_at_shop(r, METRIC_MESSAGES_CLICKED, e, 0);
        break;
    case KIND_COUPON_ISSUE:
        count_at_shop(r, METRIC_COUPONS_ISSUED, e, 0);
        break;
    case KIND_COUPON_REDEEM:
        count_at_shop(r, METRIC_COUPONS_REDEEMED, e, 0);
        break;
    case KIND_BENEFIT:
        count_at_shop(r, METRIC_BENEFITS, e, 0);
        break;
    }
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

static void reference_together(struct reference *r)
{
    const struct story *s = r->story;
    bool by_kind[2][PEOPLE + 1] = {0};

    for (int k = 0; k < RELATIONS; k++)
        for (size_t i = 0; i < r->n_visits; i++)
            for (size_t j = 0; r->visits[i].person == s->relation[k][0] && j < r->n_visits; j++) {
                const struct naive_visit *x = &r->visits[i], *y = &r->visits[j];
                if (x->person != s->relation[k][0] || y->person != s->relation[k][1] ||
                    x->person == y->person || x->start > y->end || y->start > x->end)
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
        if (a == b || (a != person && b != person))
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
        points += e->kind == KIND_POINTS_EARN || e->kind == KIND_POINTS_ADJUST   ? e->amount
                  : e->kind == KIND_POINTS_BURN || e->kind == KIND_POINTS_EXPIRE ? -e->amount
                                                                                 : 0;
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
        if (seen[a])
            count(r, METRIC_RANDOM_DEVICES, DIM_NONE, 0, 0);
    for (uint32_t p = 1; p <= PEOPLE; p++)
        if (sighted[p])
            count(r, METRIC_DEVICES, DIM_NONE, 0, 0);
}

static struct reference *reference_new(const struct story *s, int64_t from, int64_t to)
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

/* ---- Comparison ---- */

static const enum dimension all_dims[] = {DIM_NONE,     DIM_DAY,     DIM_HOUR,     DIM_WEEK_HOUR,
                                          DIM_DAY_HOUR, DIM_ZONE,    DIM_AREA,     DIM_TENANT,
                                          DIM_CATEGORY, DIM_CHANNEL, DIM_CAMPAIGN, DIM_DELAY,
                                          DIM_GROUP,    DIM_TOPIC,   DIM_RELATION, DIM_CONNECTIONS};

static int64_t key_base(const struct reference *r, enum dimension dim)
{
    return dim == DIM_DAY ? r->first_day : dim == DIM_DAY_HOUR ? (int64_t)r->first_day * 24 : 0;
}

static void assert_list(const struct reference *r, struct arena *arena, enum metric_id metric,
                        enum dimension dim, int64_t key)
{
    const struct sum *want = &r->sums[metric][dim][key];
    struct drill_query query = {.metric = metric,
                                .period = period_of(&r->story->mall->clock, r->to, r->from, r->to),
                                .dim = dim,
                                .key = key + key_base(r, dim)};
    struct drill drill;
    struct error err = {0};
    int64_t amount = 0;

    assert_ok(drill_run(r->story->reader, arena, &query, &drill, &err));
    if (drill.count != want->n)
        fail_msg("list of %s by %s %ld: %ld, not %ld", metrics[metric].name, dimension_name(dim),
                 (long)key, (long)drill.count, (long)want->n);
    if (metrics[metric].sum == SUM_AMOUNT)
        assert_int_equal(drill.amount, want->amount);
    if (drill.ids)
        for (int64_t i = 1; i < drill.count; i++)
            assert_true(drill.ids[i - 1] < drill.ids[i]);
    if (drill.behind == BEHIND_VISITS || drill.behind == BEHIND_EVENTS) {
        assert_int_equal(drill.n_rows, drill.count);
        for (size_t i = 0; i < drill.n_rows; i++) {
            amount += drill.rows[i].amount;
            assert_true(i == 0 || drill.rows[i - 1].time >= drill.rows[i].time);
        }
        assert_int_equal(amount, drill.amount);
    }
}

static bool is_derived(enum metric_id metric)
{
    return metrics[metric].part != METRIC_END || metric == METRIC_POINTS_LIABILITY;
}

/* All cells of all metrics from one survey; a list here and there, each dimension's first. */
static void assert_everything(struct story *s, struct reference *r, uint64_t lists)
{
    struct survey_plan plan = survey_plan_of(r->from, r->to);
    struct survey_ground ground;
    struct survey *survey;
    struct error err = {0};
    struct arena *arena = arena_new(), *list_arena = arena_new();

    for (int m = 0; m < METRIC_END; m++)
        for (size_t d = 0; d < sizeof all_dims / sizeof *all_dims; d++)
            if (metric_has((enum metric_id)m, all_dims[d]))
                survey_plan_add(&plan, (enum metric_id)m, all_dims[d]);
    assert_ok(reader_begin(s->reader, &err));
    assert_ok(survey_ground_read(&ground, s->reader, arena, &err));
    assert_int_equal(ground.places.n_categories, 3);
    assert_ok(survey_run(&ground, &plan, &survey, &err));
    /* The count of devices has random ones beside its list. */
    survey->lanes[0].total[METRIC_DEVICES].n -= survey->lanes[0].total[METRIC_RANDOM_DEVICES].n;
    for (int m = 0; m < METRIC_END; m++)
        for (size_t d = 0; d < sizeof all_dims / sizeof *all_dims; d++) {
            enum dimension dim = all_dims[d];
            if (is_derived((enum metric_id)m) || !metric_has((enum metric_id)m, dim))
                continue;
            const struct sum *sums =
                dim == DIM_NONE ? &survey->lanes[0].total[m] : survey->lanes[0].by[dim][m];
            for (size_t key = 0; key < (dim == DIM_NONE ? 1 : survey->sizes[dim]); key++) {
                const struct sum *want = &r->sums[m][dim][key];
                if (sums[key].n != want->n ||
                    (metrics[m].sum == SUM_AMOUNT && sums[key].amount != want->amount))
                    fail_msg("%s by %s %zu: %ld (%ld), not %ld (%ld)", metrics[m].name,
                             dimension_name(dim), key, (long)sums[key].n, (long)sums[key].amount,
                             (long)want->n, (long)want->amount);
                if (draw(s, lists) == 0) {
                    assert_list(r, list_arena, (enum metric_id)m, dim, (int64_t)key);
                    arena_reset(list_arena);
                }
            }
        }
    survey_end(survey);
    reader_end(s->reader);
    arena_free(arena);
    arena_free(list_arena);
}

static void random_malls(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= MALLS; seed++) {
        struct story *s = story_new(seed);
        for (int i = 0; i < 2; i++) {
            int64_t from = s->start + (int64_t)draw(s, 30 * 86400);
            int64_t to = from + 1 + (int64_t)draw(s, 40 * 86400);
            if (i) {
                from = clock_day_start(&s->mall->clock, clock_day(&s->mall->clock, from));
                to = clock_day_start(&s->mall->clock, clock_day(&s->mall->clock, to) + 1);
            }
            struct reference *r = reference_new(s, from, to);
            assert_everything(s, r, 60);
            free(r);
        }
        story_free(s);
    }
}

/* `loop` itself: the figures and series are those of the survey; rates are what they say. */
static void figures_of_the_stages(void **state)
{
    (void)state;
    struct story *s = story_new(77);
    const struct clock *clock = &s->mall->clock;
    int64_t present = s->start + 50 * 86400;
    struct loop_query query = {.period = period_named(clock, present, PERIOD_30_DAYS),
                               .compare = COMPARE_BEFORE,
                               .slow = true};
    struct reference *now = reference_new(s, query.period.from, query.period.to);
    struct stages *stages, *quick;
    struct error err = {0};

    assert_ok(stages_run(s->reader, s->arena, &query, &stages, &err));
    assert_ok(stages_quick(s->reader, s->arena, &query, &quick, &err));
    struct reference *before = reference_new(s, stages->against.from, stages->against.to);
    assert_true(stages->exact && !quick->exact);
    for (int m = 0; m < METRIC_END; m++) {
        const struct metric *metric = &metrics[m];
        bool amount = metric->sum == SUM_AMOUNT;
        if (metric->sum == SUM_RATIO) {
            const struct sum *part = &now->sums[metric->part][DIM_NONE][0];
            const struct sum *whole = &now->sums[metric->whole][DIM_NONE][0];
            double p = (double)(metrics[metric->part].sum == SUM_AMOUNT ? part->amount : part->n);
            double w =
                (double)(metrics[metric->whole].sum == SUM_AMOUNT ? whole->amount : whole->n);
            assert_int_equal(stages->now[m].known, w != 0);
            assert_true(w == 0 || stages->now[m].real == p / w);
            assert_int_equal(stages->now[m].small, whole->n < 30);
        } else if (!is_derived((enum metric_id)m) && m != METRIC_DEVICES) {
            const struct sum *a = &now->sums[m][DIM_NONE][0], *b = &before->sums[m][DIM_NONE][0];
            assert_int_equal(stages->now[m].integer, amount ? a->amount : a->n);
            if (stages->before[m].asked)
                assert_int_equal(stages->before[m].integer, amount ? b->amount : b->n);
            assert_int_equal(!stages->before[m].asked, metric_is_slow((enum metric_id)m));
        }
        if (quick->now[m].known) /* whole mall days: what roll-ups know is exact */
            assert_true(quick->now[m].real == stages->now[m].real);
        for (size_t d = 0; stages->series[m] && d < stages->n_days; d++) {
            const struct sum *a = &now->sums[m][DIM_DAY][d];
            assert_int_equal(stages->series[m][d], amount ? a->amount : a->n);
            if (quick->series[m])
                assert_int_equal(quick->series[m][d], stages->series[m][d]);
        }
    }
    assert_int_equal(stages->n_days, 30);
    free(now);
    free(before);
    story_free(s);
}

static void visits_by_group(void **state)
{
    (void)state;
    static const enum dimension dims[] = {DIM_NONE, DIM_ZONE, DIM_DAY, DIM_HOUR};
    struct story *s = story_new(5);
    int64_t from = s->start + 86400, to = s->start + 40 * 86400;
    struct reference *r = reference_new(s, from, to);

    for (int by = 1; by <= VISITS_BY_HOUR; by++) {
        struct visit_query query = {from, to, (enum visit_by)by};
        struct visit_answer answer;
        struct error err = {0};
        int64_t visits = 0;
        assert_ok(visits_run(s->reader, s->arena, &query, &answer, &err));
        assert_int_equal(answer.visits, r->sums[METRIC_VISITS][DIM_NONE][0].n);
        assert_int_equal(answer.dwell_total, r->sums[METRIC_VISITS][DIM_NONE][0].amount);
        assert_int_equal(answer.devices, r->sums[METRIC_DEVICES][DIM_NONE][0].n +
                                             r->sums[METRIC_RANDOM_DEVICES][DIM_NONE][0].n);
        for (size_t i = 0; i < answer.n_groups; i++) {
            const struct visit_group *group = &answer.groups[i];
            int64_t key = group->key - key_base(r, dims[by]);
            visits += group->visits;
            assert_int_equal(group->visits, r->sums[METRIC_VISITS][dims[by]][key].n);
            assert_int_equal(group->people, r->sums[METRIC_PEOPLE_SEEN][dims[by]][key].n);
            assert_int_equal(group->dwell, r->sums[METRIC_DWELL_TOTAL][dims[by]][key].amount);
        }
        if (by != VISITS_BY_ZONE)
            assert_int_equal(visits, answer.visits);
    }
    free(r);
    story_free(s);
}

/* The value of a cell against what opens behind it. */
static void assert_cell(struct story *s, struct arena *arena, const struct board_table *table,
                        size_t row, size_t column, const struct period *period)
{
    const struct metric *metric = &metrics[table->cell_metric[column]];
    const struct cell *cell = &sheet_row(table->sheet, row)[column];
    struct drill_query query = {
        .metric = metric->id, .period = *period, .dim = table->dim, .key = table->keys[row]};
    struct drill drill;
    struct error err = {0};

    if (metric->sum == SUM_RATIO)
        return;
    assert_ok(drill_run(s->reader, arena, &query, &drill, &err));
    assert_true(cell->known);
    if (cell->integer != (metric->sum == SUM_AMOUNT ? drill.amount : drill.count))
        fail_msg("%s of table %s: %ld, behind it %ld", metric->name, table->id, (long)cell->integer,
                 (long)drill.count);
}

static void every_number_of_a_dashboard_opens_its_list(void **state)
{
    (void)state;
    static const size_t tables[STAGE_COUNT] = {4, 5, 4, 7};
    struct story *s = story_new(12);
    struct loop_query query = {
        .period = period_named(&s->mall->clock, s->start + 50 * 86400, PERIOD_30_DAYS),
        .compare = COMPARE_YEAR};
    struct arena *arena = arena_new();

    for (int stage = 0; stage < STAGE_COUNT; stage++) {
        struct board *board;
        struct error err = {0};
        assert_ok(board_run(s->reader, s->arena, (enum stage)stage, &query, &board, &err));
        assert_int_equal(board->n_tables, tables[stage]);
        for (size_t t = 0; t < board->n_tables; t++) {
            const struct board_table *table = &board->tables[t];
            assert_ptr_equal(board_table(board, table->id), table);
            for (size_t row = 0; row < table->sheet->n_rows; row++)
                for (size_t column = 0; column < table->sheet->n_columns; column++)
                    if (table->cell_metric[column] != METRIC_END && draw(s, 12) == 0) {
                        assert_cell(s, arena, table, row, column, &query.period);
                        arena_reset(arena);
                    }
        }
        assert_true(board->loop->exact);
        if (stage == STAGE_ACTIVATE)
            for (int step = 1; step < WHEEL_STEPS; step++)
                assert_true(board->wheel[step].people <= board->wheel[step - 1].people);
    }
    arena_free(arena);
    story_free(s);
}

static void people_in_the_mall_by_hour(void **state)
{
    (void)state;
    struct story *s = story_new(21);
    const struct clock *clock = &s->mall->clock;
    struct presence_hours hours;
    struct error err = {0};
    int64_t as_of, present;

    assert_ok(presence_run(s->reader, s->arena, &hours, &err));
    assert_ok(reader_present(s->reader, &as_of, &present, &err));
    int32_t today = clock_day(clock, present);
    struct reference *r = reference_new(s, clock_day_start(clock, today - 56), present + 1);
    double usual[24] = {0};
    int days = 0;
    for (int32_t day = today - 7; day >= today - 56; day -= 7) {
        int64_t all = 0;
        for (int hour = 0; hour < 24; hour++) {
            int64_t n = r->sums[METRIC_PRESENT][DIM_DAY_HOUR][(day - r->first_day) * 24 + hour].n;
            usual[hour] += (double)n;
            all += n;
        }
        days += all > 0;
    }
    assert_int_equal(hours.usual_days, days);
    for (int hour = 0; hour < 24; hour++) {
        assert_int_equal(
            hours.today[hour],
            r->sums[METRIC_PRESENT][DIM_DAY_HOUR][(today - r->first_day) * 24 + hour].n);
        assert_true(days == 0 || hours.usual[hour] == usual[hour] / days);
    }
    free(r);
    story_free(s);
}

static bool alert_is_there(const struct alert *alerts, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(alerts[i].rule->id, id) == 0)
            return true;
    return false;
}

/* A mall that was quiet for two days, then lost a category's POS cards and a zone's probes. */
static void what_needs_a_look(void **state)
{
    (void)state;
    struct story *s = story_new(30);
    const struct clock *clock = &s->mall->clock;
    int64_t end = clock_day_start(clock, clock_day(clock, s->start) + 200) + 12 * 3600;
    struct error err = {0};
    const struct alert *alerts;
    size_t n, added;

    assert_ok(writer_begin(s->writer, &err));
    for (int day = -35; day <= 0; day++)
        for (int i = 0; i < 40; i++) {
            int64_t time = end + day * 86400 - i * 300;
            struct event sighting = {.time = time, .person = 1, .kind = KIND_SIGHTING, .zone = 2};
            struct event card = {
                .time = time, .person = 1, .kind = KIND_REGISTER, .channel = 1, .tenant = 1};
            struct event sale = {
                .time = time, .person = 1, .kind = KIND_PURCHASE, .tenant = 2, .amount = 10000};
            if (day < 0)
                assert_ok(event_append(s->writer, &sighting, 1, &added, NULL, &err));
            if (day < -7 || i == 0)
                assert_ok(event_append(s->writer, &card, 1, &added, NULL, &err));
            assert_ok(event_append(s->writer, &sale, 1, &added, NULL, &err));
        }
    assert_ok(writer_commit(s->writer, &err));
    char *now = arena_printf(s->arena, "%lld", (long long)end + 3600);
    setenv("ATRIUM_NOW", now, 1);
    assert_ok(alerts_run(s->reader, s->arena, &alerts, &n, &err));
    assert_true(alert_is_there(alerts, n, "probes-silent"));
    assert_true(alert_is_there(alerts, n, "pos-down"));
    assert_false(alert_is_there(alerts, n, "stale"));
    assert_false(alert_is_there(alerts, n, "category-down"));
    for (size_t i = 1; i < n; i++)
        assert_true(alerts[i - 1].rule->level >= alerts[i].rule->level);
    setenv("ATRIUM_NOW", arena_printf(s->arena, "%lld", (long long)end + 3 * 86400), 1);
    assert_ok(alerts_run(s->reader, s->arena, &alerts, &n, &err));
    assert_true(alert_is_there(alerts, n, "stale"));
    unsetenv("ATRIUM_NOW");
    story_free(s);
}

/* A list that is longer than its limit keeps the latest rows and the whole count. */
static void long_lists_keep_the_latest(void **state)
{
    (void)state;
    struct story *s = story_new(9);
    struct drill_query query = {
        .metric = METRIC_DETECTIONS,
        .period = period_of(&s->mall->clock, INT64_MAX - 1, s->start, s->start + DAYS * 86400)};
    struct drill whole, cut;
    struct error err = {0};

    assert_ok(drill_run(s->reader, s->arena, &query, &whole, &err));
    query.limit = 7;
    assert_ok(drill_run(s->reader, s->arena, &query, &cut, &err));
    assert_int_equal(cut.count, whole.count);
    assert_int_equal(cut.n_rows, 7);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(cut.rows[i].time, whole.rows[i].time);
    query.dim = DIM_TOPIC;
    assert_int_equal(drill_run(s->reader, s->arena, &query, &cut, &err), ST_USAGE);
    error_clear(&err);
    story_free(s);
}

static void a_question_can_be_cancelled(void **state)
{
    (void)state;
    struct story *s = story_new(3);
    struct loop_query query = {
        .period = period_named(&s->mall->clock, s->start + 40 * 86400, PERIOD_30_DAYS),
        .compare = COMPARE_BEFORE};
    atomic_bool cancel = true;
    struct stages *stages;
    struct error err = {0};

    reader_watch(s->reader, &cancel, NULL);
    assert_int_equal(stages_run(s->reader, s->arena, &query, &stages, &err), ST_CANCELLED);
    error_clear(&err);
    cancel = false;
    assert_ok(stages_run(s->reader, s->arena, &query, &stages, &err));
    reader_watch(s->reader, NULL, NULL);
    story_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_malls),
        cmocka_unit_test(figures_of_the_stages),
        cmocka_unit_test(visits_by_group),
        cmocka_unit_test(every_number_of_a_dashboard_opens_its_list),
        cmocka_unit_test(people_in_the_mall_by_hour),
        cmocka_unit_test(what_needs_a_look),
        cmocka_unit_test(long_lists_keep_the_latest),
        cmocka_unit_test(a_question_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
