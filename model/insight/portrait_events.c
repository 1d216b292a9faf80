/* What events say of people: one parallel pass, person by person, for the group and the mall at
 * once. All sums are whole numbers, so that the number of threads changes nothing. */
#include "model/insight/portrait_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LANES = 16, PRESENCE_RUNS = 16 };
static const double usual_share = 0.8; /* of the dwell: see doc/metrics */

/* The parts that events count, each with a tally and a stamp by key. */
static const enum portrait_part counted[] = {PART_CATEGORY, PART_GOODS,   PART_BRAND,
                                             PART_COLOR,    PART_SHOP,    PART_ZONE,
                                             PART_WEEKDAY,  PART_DAYTIME, PART_RESPONSE};
enum { COUNTED = sizeof counted / sizeof *counted };

/* One thread's counts. */
struct portrait_lane {
    const struct portrait_job *job;
    struct tally *counts[PART_COUNT];
    uint32_t *stamp[PART_COUNT]; /* the last person counted */
    uint32_t *addressed;         /* the same for messages sent, by channel */
    struct sums sums;
    int64_t hours[SIDES][7][24];
    int64_t *spans[SIDES];
    int64_t *dwell;      /* of the person, by zone */
    VEC(uint32_t) zones; /* that have some */
    /* The person looked at */
    uint32_t person;
    bool in, member;
    int64_t net, days, last_day;
    bool refunded, answered, sent;
};

static void add(const struct portrait_lane *lane, int64_t sums[SIDES], int64_t by)
{
    sums[MALL] += by;
    if (lane->in)
        sums[GROUP] += by;
}

static void add_square(const struct portrait_lane *lane, uint64_t sums[SIDES], int64_t value)
{
    enum { MOST = 100000000 };
    int64_t held = value > MOST ? MOST : value < -MOST ? -MOST : value;
    sums[MALL] += (uint64_t)(held * held);
    if (lane->in)
        sums[GROUP] += (uint64_t)(held * held);
}

/* The tally of a key; the person counts there once. NULL for a number that no dictionary knows. */
static struct tally *touch(struct portrait_lane *lane, enum portrait_part part, size_t key)
{
    if (key >= lane->job->keys[part].n)
        return NULL;
    struct tally *tally = &lane->counts[part][key];
    if (lane->stamp[part][key] != lane->person) {
        lane->stamp[part][key] = lane->person;
        add(lane, tally->people, 1);
        portrait_list_add(lane->job, part, lane->job->keys[part].key[key], lane->person);
    }
    return tally;
}

/* A price: money for so many things. */
static void price_add(struct portrait_lane *lane, struct tally *tally, int64_t money, int64_t n)
{
    enum { MOST = 100000000 };
    int64_t tenths = money / 10;
    tenths = tenths > MOST ? MOST : tenths < -MOST ? -MOST : tenths;
    uint64_t square = (uint64_t)(tenths * tenths / n);
    add(lane, tally->gross, money);
    add(lane, tally->n, n);
    tally->squares[MALL] += square;
    if (lane->in)
        tally->squares[GROUP] += square;
}

/* ---- Money ---- */

static void span_add(struct portrait_lane *lane, int64_t time, int64_t money)
{
    const struct portrait_job *job = lane->job;
    if (!job->n_spans)
        return;
    size_t at = (size_t)((time - job->from) * (int64_t)job->n_spans / (job->to - job->from));
    lane->spans[MALL][at] += money;
    if (lane->in)
        lane->spans[GROUP][at] += money;
}

static void shop_money(struct portrait_lane *lane, const struct event_run *run, size_t i,
                       int64_t money, bool bought)
{
    const struct portrait_job *job = lane->job;
    const struct places *places = &job->ground.places;
    size_t tenant = run->tenant ? run->tenant[i] : 0;
    size_t category = tenant < places->n_tenants ? places->tenant_category[tenant] : 0;
    struct tally *shop = NULL, *kind = NULL;
    if (bought) {
        shop = tenant ? touch(lane, PART_SHOP, tenant) : NULL;
        kind = category ? touch(lane, PART_CATEGORY, category) : NULL;
        if (tenant < places->n_tenants && job->tenant_brand[tenant])
            touch(lane, PART_BRAND, job->tenant_brand[tenant] - 1);
        if (kind)
            price_add(lane, kind, money, 1);
    } else {
        shop = tenant && tenant < job->keys[PART_SHOP].n ? &lane->counts[PART_SHOP][tenant] : NULL;
        kind = category && category < job->keys[PART_CATEGORY].n
                   ? &lane->counts[PART_CATEGORY][category]
                   : NULL;
    }
    if (shop)
        add(lane, shop->money, money);
    if (kind)
        add(lane, kind->money, money);
}

static void purchases_take(struct portrait_lane *lane, const struct event_run *run, size_t from,
                           size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (run->time[i] < lane->job->from)
            continue;
        int64_t money = run->amount ? run->amount[i] : 0;
        int64_t day = daybook_at(&lane->job->daybook, run->time[i]);
        lane->days += day != lane->last_day;
        lane->last_day = day;
        lane->net += money;
        add(lane, lane->sums.receipts, 1);
        add(lane, lane->sums.gross, money);
        add_square(lane, lane->sums.receipt_squares, money / 10);
        shop_money(lane, run, i, money, true);
        span_add(lane, run->time[i], money);
    }
}

static void refunds_take(struct portrait_lane *lane, const struct event_run *run, size_t from,
                         size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (run->time[i] < lane->job->from)
            continue;
        int64_t money = run->amount ? run->amount[i] : 0;
        lane->net -= money;
        lane->refunded = true;
        shop_money(lane, run, i, -money, false);
        span_add(lane, run->time[i], -money);
    }
}

/* Lines of one receipt have its time and its shop. */
static void lines_take(struct portrait_lane *lane, const struct event_run *run, size_t from,
                       size_t to)
{
    const struct portrait_job *job = lane->job;
    int64_t time = INT64_MIN, pieces = 0;
    uint32_t tenant = 0;
    bool any = false;
    for (size_t i = from; i < to; i++) {
        if (run->time[i] < job->from)
            continue;
        int64_t money = run->amount ? run->amount[i] : 0;
        int64_t n = run->value && run->value[i] > 0 ? run->value[i] : 1;
        uint32_t item = run->item && run->item[i] < job->n_items ? run->item[i] : 0;
        uint32_t shop = run->tenant ? run->tenant[i] : 0;
        if (run->time[i] != time || shop != tenant) {
            add_square(lane, lane->sums.piece_squares, pieces);
            add(lane, lane->sums.lined, 1);
            pieces = 0;
        }
        time = run->time[i];
        tenant = shop;
        pieces += n;
        any = true;
        add(lane, lane->sums.pieces, n);
        if (job->item_brand[item] && lane->days) /* brands are of buyers */
            touch(lane, PART_BRAND, job->item_brand[item] - 1);
        if (job->item_color[item])
            touch(lane, PART_COLOR, job->item_color[item] - 1);
        struct tally *goods =
            job->item_goods[item] ? touch(lane, PART_GOODS, job->item_goods[item] - 1) : NULL;
        if (!goods)
            continue;
        price_add(lane, goods, money, n);
        add(lane, goods->money, money);
    }
    add_square(lane, lane->sums.piece_squares, pieces);
    add(lane, lane->sums.line_people, any);
}

/* ---- Messages: runs come in order of kind, so what was sent is known before the answers ---- */

static void messages_take(struct portrait_lane *lane, const struct event_run *run, size_t from,
                          size_t to)
{
    const struct portrait_job *job = lane->job;
    for (size_t i = from; i < to; i++) {
        size_t channel = run->channel ? run->channel[i] : 0;
        if (run->time[i] < job->from || channel >= job->keys[PART_RESPONSE].n)
            continue;
        if (run->kind == KIND_MESSAGE_SENT) {
            lane->sent = true;
            if (lane->addressed[channel] != lane->person)
                add(lane, lane->counts[PART_RESPONSE][channel].of, 1);
            lane->addressed[channel] = lane->person;
        } else if (lane->addressed[channel] == lane->person) {
            lane->answered = true;
            touch(lane, PART_RESPONSE, channel);
        }
    }
}

/* ---- Visits and areas ---- */

struct presence {
    size_t n;
    const struct event_run *run[PRESENCE_RUNS];
    size_t at[PRESENCE_RUNS], end[PRESENCE_RUNS];
};

static uint32_t zone_of(const struct places *places, const struct event_run *run, size_t i)
{
    uint32_t tenant = run->tenant ? run->tenant[i] : 0, device = run->device ? run->device[i] : 0;
    if (run->zone && run->zone[i])
        return run->zone[i] < places->n_zones ? run->zone[i] : 0;
    if (tenant && tenant < places->n_tenants && places->tenant_zone[tenant])
        return places->tenant_zone[tenant];
    return device < places->n_devices ? places->device_zone[device] : 0;
}

static void visit_close(struct portrait_lane *lane, int64_t start, int64_t last, int64_t *visits)
{
    const struct daybook *daybook = &lane->job->daybook;
    int32_t day = daybook_at(daybook, start);
    int hour = daybook_hour(daybook, day, start);
    int weekday = date_weekday(daybook->first_day + day);
    ++*visits;
    add(lane, lane->sums.visits, 1);
    add(lane, lane->sums.dwell, last - start);
    add(lane, lane->sums.dwelt, last > start);
    add_square(lane, lane->sums.dwell_squares, last - start);
    add(lane, lane->counts[PART_WEEKDAY][weekday].people, 1);
    add(lane, lane->counts[PART_DAYTIME][daytime_of_hour(hour)].people, 1);
    lane->hours[MALL][weekday][hour]++;
    if (lane->in)
        lane->hours[GROUP][weekday][hour]++;
}

/* The zones with the most dwell that hold 80 % of it; ties by number. */
static void areas_state(struct portrait_lane *lane)
{
    int64_t total = 0, before = 0;
    for (size_t i = 0; i < lane->zones.n; i++)
        total += lane->dwell[lane->zones.at[i]];
    if (total > 0)
        add(lane, lane->sums.dwellers, 1);
    for (size_t placed = 0; placed < lane->zones.n; placed++) {
        size_t best = placed;
        for (size_t i = placed + 1; i < lane->zones.n; i++) {
            uint32_t a = lane->zones.at[i], b = lane->zones.at[best];
            if (lane->dwell[a] > lane->dwell[b] || (lane->dwell[a] == lane->dwell[b] && a < b))
                best = i;
        }
        uint32_t zone = lane->zones.at[best];
        lane->zones.at[best] = lane->zones.at[placed];
        lane->zones.at[placed] = zone;
        if (lane->dwell[zone] > 0 && (double)before < usual_share * (double)total)
            touch(lane, PART_ZONE, zone);
        before += lane->dwell[zone];
        add(lane, lane->counts[PART_ZONE][zone].money, lane->dwell[zone]);
        lane->dwell[zone] = 0;
    }
    lane->zones.n = 0;
}

static void presence_take(struct portrait_lane *lane, struct presence *presence)
{
    const struct portrait_job *job = lane->job;
    int64_t gap = job->ground.mall->visit_gap, visits = 0;
    int64_t start = INT64_MIN, last = INT64_MIN, area_last = INT64_MIN;
    uint32_t area_zone = 0;
    for (;;) {
        size_t best = PRESENCE_RUNS;
        for (size_t r = 0; r < presence->n; r++)
            if (presence->at[r] < presence->end[r] &&
                (best == PRESENCE_RUNS || presence->run[r]->time[presence->at[r]] <
                                              presence->run[best]->time[presence->at[best]]))
                best = r;
        if (best == PRESENCE_RUNS)
            break;
        const struct event_run *run = presence->run[best];
        size_t i = presence->at[best]++;
        int64_t time = run->time[i];
        if (time >= job->from) {
            if (start != INT64_MIN && time - last > gap) {
                visit_close(lane, start, last, &visits);
                start = INT64_MIN;
            }
            start = start == INT64_MIN ? time : start;
            last = time;
        }
        if (time < job->area_from)
            continue;
        if (area_zone && time > area_last && time - area_last <= gap) {
            if (!lane->dwell[area_zone])
                vec_push(&lane->zones, area_zone);
            lane->dwell[area_zone] += time - area_last;
        }
        area_zone = zone_of(&job->ground.places, run, i);
        area_last = time;
    }
    if (start != INT64_MIN)
        visit_close(lane, start, last, &visits);
    areas_state(lane);
    if (!visits)
        return;
    add(lane, lane->sums.seen, 1);
    add(lane, lane->sums.members_seen, lane->member);
    add_square(lane, lane->sums.visit_squares, visits);
}

/* ---- Person by person ---- */

static void person_begin(struct portrait_lane *lane, uint32_t person)
{
    lane->person = person;
    lane->in = set_has(lane->job->group, person);
    lane->member = set_has(lane->job->members, person);
    lane->net = lane->days = 0;
    lane->last_day = -1;
    lane->refunded = lane->answered = lane->sent = false;
}

static void person_end(struct portrait_lane *lane)
{
    add(lane, lane->sums.net, lane->net);
    if (lane->days) {
        add(lane, lane->sums.buyers, 1);
        add(lane, lane->sums.members_buying, lane->member);
        add(lane, lane->sums.days, lane->days);
        add_square(lane, lane->sums.day_squares, lane->days);
        add_square(lane, lane->sums.net_squares, lane->net / 10);
        add(lane, lane->sums.refunders, lane->refunded);
    }
    add(lane, lane->sums.addressed, lane->sent);
    add(lane, lane->sums.responded, lane->answered);
}

static void person_take(struct portrait_lane *lane, const struct event_block *block,
                        const struct event_cursor *cursor, uint32_t person)
{
    struct presence presence = {0};
    person_begin(lane, person);
    for (uint32_t k = 0; k < cursor->n; k++) {
        uint8_t r = cursor->active[k];
        const struct event_run *run = &block->runs[r];
        size_t from = cursor->at[r], to = cursor->end[r];
        if (kind_flags(run->kind) & KIND_PRESENCE && presence.n < PRESENCE_RUNS) {
            presence.run[presence.n] = run;
            presence.at[presence.n] = from;
            presence.end[presence.n++] = to;
        }
        if (run->kind == KIND_PURCHASE)
            purchases_take(lane, run, from, to);
        else if (run->kind == KIND_REFUND)
            refunds_take(lane, run, from, to);
        else if (run->kind == KIND_LINE)
            lines_take(lane, run, from, to);
        else if (run->kind >= KIND_MESSAGE_SENT && run->kind <= KIND_MESSAGE_CLICKED)
            messages_take(lane, run, from, to);
    }
    if (presence.n)
        presence_take(lane, &presence);
    person_end(lane);
}

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct portrait_lane *lane = context;
    struct event_cursor cursor;
    uint32_t person;
    (void)err;
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person))
        person_take(lane, block, &cursor, person);
    return ST_OK;
}

/* ---- Lanes ---- */

static void lane_make(struct portrait_lane *lane, const struct portrait_job *job)
{
    *lane = (struct portrait_lane){.job = job};
    for (int i = 0; i < COUNTED; i++) {
        size_t n = job->keys[counted[i]].n;
        lane->counts[counted[i]] = mem_zero(n, sizeof(struct tally));
        lane->stamp[counted[i]] = mem_zero(n, sizeof(uint32_t));
    }
    lane->addressed = mem_zero(job->keys[PART_RESPONSE].n, sizeof(uint32_t));
    lane->dwell = mem_zero(job->ground.places.n_zones, sizeof(int64_t));
    for (int side = 0; side < SIDES; side++)
        lane->spans[side] = mem_zero(job->n_spans, sizeof(int64_t));
}

static void lane_free(struct portrait_lane *lane)
{
    for (int i = 0; i < COUNTED; i++) {
        free(lane->counts[counted[i]]);
        free(lane->stamp[counted[i]]);
    }
    free(lane->addressed);
    free(lane->dwell);
    vec_free(&lane->zones);
    for (int side = 0; side < SIDES; side++)
        free(lane->spans[side]);
}

/* Everything counted is an array of whole numbers: they add up. */
static void add_up(void *into, const void *from, size_t bytes)
{
    uint64_t *a = into;
    const uint64_t *b = from;
    for (size_t i = 0; i < bytes / sizeof *a; i++)
        a[i] += b[i];
}

static void lanes_sum(struct portrait_job *job, struct portrait_lane *lanes, int n)
{
    for (int i = 0; i < COUNTED; i++)
        job->counts[counted[i]] = arena_array(job->arena, struct tally, job->keys[counted[i]].n);
    for (int side = 0; side < SIDES; side++)
        job->spans[side] = arena_array(job->arena, int64_t, job->n_spans);
    for (int l = 0; l < n; l++) {
        for (int i = 0; i < COUNTED; i++)
            add_up(job->counts[counted[i]], lanes[l].counts[counted[i]],
                   job->keys[counted[i]].n * sizeof(struct tally));
        add_up(&job->sums, &lanes[l].sums, sizeof job->sums);
        add_up(job->hours, lanes[l].hours, sizeof job->hours);
        for (int side = 0; side < SIDES; side++)
            add_up(job->spans[side], lanes[l].spans[side], job->n_spans * sizeof(int64_t));
    }
}

enum status portrait_events(struct portrait_job *job, struct error *err)
{
    static const uint16_t wanted[] = {
        KIND_SIGHTING,     KIND_DOOR,           KIND_VISIT,           KIND_PURCHASE,
        KIND_REFUND,       KIND_LINE,           KIND_POINTS_BURN,     KIND_COUPON_REDEEM,
        KIND_MESSAGE_SENT, KIND_MESSAGE_OPENED, KIND_MESSAGE_CLICKED,
    };
    struct event_query scan = {
        .from = job->from < job->area_from ? job->from : job->area_from,
        .to = job->to,
        .kinds = wanted,
        .n_kinds = sizeof wanted / sizeof *wanted,
        .columns = EVENT_TIME | EVENT_TENANT | EVENT_ZONE | EVENT_CHANNEL | EVENT_DEVICE |
                   EVENT_AMOUNT | EVENT_ITEM | EVENT_VALUE,
        .people = true,
    };
    struct portrait_lane lanes[LANES];
    void *contexts[LANES];
    long most = job->query->threads ? job->query->threads : sysconf(_SC_NPROCESSORS_ONLN);
    int n = most < 1 ? 1 : most > LANES ? LANES : (int)most;
    for (int i = 0; i < n; i++) {
        lane_make(&lanes[i], job);
        contexts[i] = &lanes[i];
    }
    enum status status = event_scan_parallel(job->reader, &scan, block_take, contexts, n, err);
    if (status == ST_OK)
        lanes_sum(job, lanes, n);
    for (int i = 0; i < n; i++)
        lane_free(&lanes[i]);
    return status;
}
