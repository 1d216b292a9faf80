/* Results of campaigns: against a plain count over random histories, and against chance. */
#include "model/campaign/plan.h"
#include "model/campaign/report.h"
#include "model/campaign/schedule.h"
#include "model/campaign/simulate.h"
#include "model/people/people_set.h"
#include "tests/support/event_history.h"
#include "tests/support/people.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static void near(double found, double expected, double by)
{
    if (!(fabs(found - expected) <= by))
        fail_msg("found %.12g, expected %.12g within %g", found, expected, by);
}

/* ---- A random history ---- */

enum { PEOPLE = 400, SPREAD = 97, TENANTS = 5, DAYS = 60, CAMPAIGNS = 3 };

struct world {
    struct temp_mall mall;
    struct arena *arena;
    struct event *events;
    size_t n;
    int32_t first;
    struct campaign campaign;
};

static uint32_t number_of(uint32_t i)
{
    return 1 + i * SPREAD;
}

static struct event *world_event(struct world *w, uint16_t kind, uint32_t person, int64_t time)
{
    struct event *e = &w->events[w->n++];
    *e = (struct event){.kind = kind, .person = person, .time = time};
    return e;
}

static void ref_set(struct world *w, struct event *e, const char *letter, uint64_t number)
{
    e->ref = arena_printf(w->arena, "%s%llu", letter, (unsigned long long)number);
    e->ref_size = (uint32_t)strlen(e->ref);
}

static int64_t moment(struct world *w, struct dice *dice)
{
    int32_t day = w->first + (int32_t)dice_below(dice, DAYS);
    return clock_day_start(&w->mall.mall->clock, day) + 6 * 3600 +
           (int64_t)dice_below(dice, 15 * 3600);
}

static void random_events(struct world *w, struct dice *dice)
{
    static const uint16_t named[] = {KIND_MESSAGE_SENT, KIND_COUPON_ISSUE, KIND_COUPON_CLAIM,
                                     KIND_BENEFIT, KIND_MESSAGE_OPENED};
    w->events = arena_array(w->arena, struct event, 60000);
    for (uint32_t i = 0; i < 6000; i++) {
        uint32_t person = dice_below(dice, 30) ? number_of((uint32_t)dice_below(dice, PEOPLE)) : 0;
        int64_t time = moment(w, dice);
        struct event *e = world_event(w, KIND_PURCHASE, person, time);
        e->tenant = 1 + (uint32_t)dice_below(dice, TENANTS);
        e->amount = 100 * (int64_t)(1 + dice_below(dice, 50000));
        ref_set(w, e, "R", i);
        struct event receipt = *e;
        if (person && !dice_below(dice, 6)) {
            e = world_event(w, KIND_POINTS_BURN, person, time);
            e->tenant = receipt.tenant;
            e->amount = 100 * (int64_t)(1 + dice_below(dice, 90));
            e->campaign = (uint32_t)dice_below(dice, CAMPAIGNS + 1);
            e->ref = receipt.ref;
            e->ref_size = receipt.ref_size;
        } else if (!dice_below(dice, 8)) {
            e = world_event(w, KIND_COUPON_REDEEM, person, time);
            e->tenant = receipt.tenant;
            e->amount = 100 * (int64_t)dice_below(dice, 90);
            e->campaign = (uint32_t)dice_below(dice, CAMPAIGNS + 1);
            ref_set(w, e, "C", i);
        }
        if (person && !dice_below(dice, 9)) {
            e = world_event(w, KIND_REFUND, person, time + 86400 * (int64_t)dice_below(dice, 9));
            e->tenant = receipt.tenant;
            e->amount = receipt.amount / 2;
            e->ref = receipt.ref;
            e->ref_size = receipt.ref_size;
        }
    }
    for (uint32_t i = 0; i < 4000; i++) {
        struct event *e =
            world_event(w, named[dice_below(dice, 5)],
                        number_of((uint32_t)dice_below(dice, PEOPLE)), moment(w, dice));
        e->campaign = (uint32_t)dice_below(dice, CAMPAIGNS + 1);
        e->channel = (uint16_t)(1 + dice_below(dice, 3));
        e->amount = e->kind == KIND_MESSAGE_SENT || e->kind == KIND_MESSAGE_OPENED ? 0 : 500;
    }
    for (uint32_t i = 0; i < PEOPLE; i++)
        world_event(w, KIND_REGISTER, number_of(i), moment(w, dice));
}

static void set_write(struct temp_mall *mall, int64_t edition, const struct set *set)
{
    sqlite3_stmt *stmt;
    assert_ok(writer_begin(mall->writer, &err));
    assert_ok(
        writer_prepare(mall->writer, "insert into people_set values (?1, ?2, ?3)", &stmt, &err));
    for (int32_t b = 0; (uint32_t)b * EVENT_BLOCK < set->n; b++) {
        uint64_t words[PEOPLE_SET_WORDS];
        struct bytes out = {0};
        people_set_block(set, b, words);
        people_set_encode(&out, words);
        sqlite3_bind_int64(stmt, 1, edition);
        sqlite3_bind_int(stmt, 2, b);
        sqlite3_bind_blob(stmt, 3, out.at, (int)out.n, SQLITE_TRANSIENT);
        assert_ok(writer_run(mall->writer, stmt, &err));
        free(out.at);
    }
    assert_ok(writer_commit(mall->writer, &err));
}

static void world_members(struct world *w)
{
    struct test_member members[PEOPLE];
    for (uint32_t i = 0; i < PEOPLE; i++)
        members[i] = (struct test_member){.person = number_of(i),
                                          .card = arena_printf(w->arena, "M%05u", i),
                                          .gender = i % 3 == 0   ? "female"
                                                    : i % 3 == 1 ? "male"
                                                                 : NULL,
                                          .tier = i % 5 ? "silver" : "gold"};
    test_members_add(&w->mall, members, PEOPLE);
    for (uint32_t t = 1; t <= TENANTS; t++)
        test_run(&w->mall, arena_printf(w->arena,
                                        "insert into tenant (id, code, name, smart_pos, brand, "
                                        "category) values (%u, 'T%u', 'Shop %u', %u, 'B%u', 'C')",
                                        t, t, t, t % 2, t / 2));
    test_run(&w->mall,
             "insert into campaign (id, code) values (1, 'one'), (2, 'two'), (3, 'three')");
    test_run(&w->mall,
             "insert or ignore into channel (id, name) values (1,'c1'),(2,'c2'),(3,'c3')");
}

static struct world world_new(uint64_t seed)
{
    struct world w = {.mall = temp_mall_new(), .arena = arena_new()};
    struct dice dice = {seed};
    w.first = date_number(2017, 9, 1);
    world_members(&w);
    random_events(&w, &dice);
    for (size_t done = 0; done < w.n; done += 3000) {
        size_t n = w.n - done < 3000 ? w.n - done : 3000;
        assert_ok(writer_begin(w.mall.writer, &err));
        assert_ok(event_append(w.mall.writer, w.events + done, n, NULL, NULL, &err));
        assert_ok(writer_commit(w.mall.writer, &err));
        if (done < w.n / 2)
            assert_ok(event_fold(w.mall.writer, 0, &err));
    }
    struct set *audience = set_new(w.arena, number_of(PEOPLE));
    for (uint32_t i = 0; i < PEOPLE; i++)
        if (dice_below(&dice, 10))
            set_add(audience, number_of(i));
    set_write(&w.mall, 7, audience);
    w.campaign = campaign_empty();
    w.campaign.id = 2;
    w.campaign.code = "two";
    w.campaign.kind = (enum campaign_kind)(1 + seed % (CAMPAIGN_KINDS - 1));
    w.campaign.holdout = 3000;
    w.campaign.offer.points = 100;
    w.campaign.offer.value = 700;
    w.campaign.offer.shops = seed % 2 ? "smart_pos" : "";
    w.campaign.schedule.from = w.first + 35;
    w.campaign.schedule.to = w.first + 52;
    w.campaign.schedule.weekdays = seed % 3 ? 0x2b : 0;
    w.campaign.state = STATE_ENDED;
    w.campaign.edition = 7;
    return w;
}

static void world_free(struct world *w)
{
    arena_free(w->arena);
    temp_mall_free(&w->mall);
}

/* ---- The plain count ---- */

struct plain {
    int64_t people[2], responded[2], sales[2], reached[2], used[2];
    int64_t burned, given, touched, touch_sales, touch_receipts;
    int64_t by_shop[TENANTS + 1][2], by_gender[3][2];
};

static bool plain_counts(const struct world *w, const struct event *e)
{
    const struct campaign *c = &w->campaign;
    int32_t day = clock_day(&w->mall.mall->clock, e->time);
    bool on = day >= c->schedule.from && day <= c->schedule.to;
    if (result_kinds[c->kind].on_days && c->schedule.weekdays)
        on = on && c->schedule.weekdays >> date_weekday(day) & 1;
    return on;
}

static bool plain_shop(const struct world *w, uint32_t tenant)
{
    return !*w->campaign.offer.shops || tenant % 2;
}

static bool plain_touched(const struct world *w, const struct event *receipt)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct event *e = &w->events[i];
        if (e->campaign != 2 || (e->kind != KIND_POINTS_BURN && e->kind != KIND_COUPON_REDEEM))
            continue;
        bool ref = e->ref_size == receipt->ref_size && e->person == receipt->person &&
                   memcmp(e->ref, receipt->ref, e->ref_size) == 0;
        bool moment_is = e->person && e->person == receipt->person &&
                         e->tenant == receipt->tenant && e->time == receipt->time;
        if (ref || moment_is)
            return true;
    }
    return false;
}

static bool plain_by_last_touch(const struct world *w, const struct event *receipt)
{
    const struct event *last = NULL;
    for (size_t i = 0; i < w->n; i++) {
        const struct event *e = &w->events[i];
        bool touch = e->kind == KIND_MESSAGE_SENT || e->kind == KIND_COUPON_ISSUE ||
                     e->kind == KIND_COUPON_CLAIM || e->kind == KIND_MESSAGE_OPENED;
        if (touch && e->person == receipt->person && e->time < receipt->time &&
            (!last || e->time >= last->time))
            last = e;
    }
    return last && last->campaign == 2 &&
           receipt->time - last->time <= (int64_t)RESULT_TOUCH_DAYS * 86400;
}

static void plain_person(const struct world *w, const struct set *audience, uint32_t i,
                         struct plain *p)
{
    uint32_t person = number_of(i);
    bool bought = false, used = false, reached = false, registered = false;
    bool at[TENANTS + 1] = {false};
    int64_t sales = 0;
    if (!set_has(audience, person))
        return;
    int arm = campaign_held_out(&w->campaign, person);
    for (size_t k = 0; k < w->n; k++) {
        const struct event *e = &w->events[k];
        if (e->person != person)
            continue;
        bool mine = e->campaign == 2;
        used |= mine && (e->kind == KIND_POINTS_BURN || e->kind == KIND_COUPON_REDEEM ||
                         e->kind == KIND_BENEFIT);
        reached |= mine && (e->kind == KIND_MESSAGE_SENT || e->kind == KIND_COUPON_ISSUE ||
                            e->kind == KIND_COUPON_CLAIM || e->kind == KIND_MESSAGE_OPENED);
        registered |= e->kind == KIND_REGISTER && plain_counts(w, e);
        if ((e->kind != KIND_PURCHASE && e->kind != KIND_REFUND) || !plain_shop(w, e->tenant) ||
            !plain_counts(w, e))
            continue;
        sales += e->kind == KIND_PURCHASE ? e->amount : -e->amount;
        bought |= e->kind == KIND_PURCHASE;
        at[e->tenant] |= e->kind == KIND_PURCHASE;
    }
    bool responded = result_kinds[w->campaign.kind].response == RESPONSE_REGISTERED
                         ? registered
                         : bought || used;
    p->people[arm]++;
    p->responded[arm] += responded;
    p->sales[arm] += sales;
    p->reached[arm] += reached;
    p->used[arm] += used;
    p->by_gender[i % 3][arm] += responded;
    for (int t = 1; t <= TENANTS; t++)
        p->by_shop[t][arm] += at[t];
}

static void plain_count(const struct world *w, const struct set *audience, struct plain *p)
{
    *p = (struct plain){0};
    for (uint32_t i = 0; i < PEOPLE; i++)
        plain_person(w, audience, i, p);
    for (size_t k = 0; k < w->n; k++) {
        const struct event *e = &w->events[k];
        if (e->campaign == 2 && e->kind == KIND_POINTS_BURN) {
            p->burned += e->amount;
            p->given += e->amount;
        }
        if (e->campaign == 2 && e->kind == KIND_COUPON_REDEEM)
            p->given += e->amount ? e->amount : 700;
        if (e->campaign == 2 && e->kind == KIND_BENEFIT)
            p->given += e->amount;
        if (e->kind == KIND_PURCHASE && plain_touched(w, e))
            p->touched += e->amount;
        if (e->kind == KIND_REFUND)
            for (size_t i = 0; i < w->n; i++)
                if (w->events[i].kind == KIND_PURCHASE && w->events[i].ref == e->ref &&
                    plain_touched(w, &w->events[i]))
                    p->touched -= e->amount;
        bool treated = e->person && set_has(audience, e->person) &&
                       !campaign_held_out(&w->campaign, e->person);
        if (e->kind == KIND_PURCHASE && treated && plain_counts(w, e) && plain_shop(w, e->tenant) &&
            plain_by_last_touch(w, e)) {
            p->touch_receipts++;
            p->touch_sales += e->amount;
        }
    }
}

static const struct set *world_audience(struct world *w)
{
    struct set *audience = set_new(w->arena, number_of(PEOPLE));
    sqlite3_stmt *stmt;
    assert_ok(reader_begin(w->mall.reader, &err));
    assert_ok(reader_prepare(
        w->mall.reader, "select block, people from people_set where edition = 7", &stmt, &err));
    assert_ok(people_set_read(w->mall.reader, stmt, audience, &err));
    reader_end(w->mall.reader);
    return audience;
}

static void run_by(struct world *w, enum result_by by, int threads, struct campaign_result *r)
{
    struct result_query query = {.by = by, .name = "", .margin = NAN, .threads = threads};
    assert_ok(campaign_result_run(w->mall.reader, w->arena, NULL, &w->campaign, &query, r, &err));
}

static void lists_match(struct world *w, const struct campaign_result *r)
{
    for (int a = 0; a < RESULT_ARMS; a++) {
        const int64_t counts[] = {r->sums[a].people, r->sums[a].responded, r->reached[a],
                                  r->used[a]};
        size_t n;
        for (int who = 0; who < RESULT_WHO; who++) {
            result_list(w->arena, r, (enum result_arm)a, (enum result_who)who, NULL, &n);
            assert_int_equal(n, counts[who]);
        }
        for (size_t g = 0; g < r->n_groups; g++) {
            result_list(w->arena, r, (enum result_arm)a, RESULT_RESPONDED, &r->groups[g], &n);
            assert_int_equal(n, r->groups[g].sums[a].responded);
        }
    }
}

static void same_results(const struct campaign_result *a, const struct campaign_result *b)
{
    assert_memory_equal(a->sums, b->sums, sizeof a->sums);
    assert_memory_equal(&a->sales_lift, &b->sales_lift, sizeof a->sales_lift);
    assert_memory_equal(&a->cuped.welch, &b->cuped.welch, sizeof a->cuped.welch);
    assert_memory_equal(&a->last_touch, &b->last_touch, sizeof a->last_touch);
    assert_int_equal(a->sales_touched, b->sales_touched);
    assert_int_equal(a->n_groups, b->n_groups);
    for (size_t g = 0; g < a->n_groups; g++) {
        assert_string_equal(a->groups[g].name, b->groups[g].name);
        assert_memory_equal(a->groups[g].sums, b->groups[g].sums, sizeof a->groups[g].sums);
    }
}

static void groups_match(const struct world *w, const struct plain *p,
                         const struct campaign_result *shops, const struct campaign_result *genders)
{
    (void)w;
    static const char *const names[] = {"female", "male", "not known"};
    for (int t = 1; t <= TENANTS; t++) {
        char name[32];
        int64_t found[2] = {0};
        snprintf(name, sizeof name, "T%d Shop %d", t, t);
        for (size_t g = 0; g < shops->n_groups; g++)
            for (int a = 0; a < 2 && strcmp(shops->groups[g].name, name) == 0; a++)
                found[a] = shops->groups[g].sums[a].responded;
        assert_int_equal(found[0], p->by_shop[t][0]);
        assert_int_equal(found[1], p->by_shop[t][1]);
    }
    for (int i = 0; i < 3; i++)
        for (size_t g = 0; g < genders->n_groups; g++)
            for (int a = 0; a < 2 && strcmp(genders->groups[g].name, names[i]) == 0; a++)
                assert_int_equal(genders->groups[g].sums[a].responded, p->by_gender[i][a]);
}

static void against_a_plain_count(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 14; seed++) {
        struct world w = world_new(seed);
        struct campaign_result one, two, days, genders;
        struct plain p;
        plain_count(&w, world_audience(&w), &p);
        run_by(&w, RESULT_BY_SHOP, 1, &one);
        run_by(&w, RESULT_BY_SHOP, 2, &two);
        run_by(&w, RESULT_BY_DAY, 2, &days);
        run_by(&w, RESULT_BY_GENDER, 2, &genders);
        for (int a = 0; a < 2; a++) {
            assert_int_equal(one.sums[a].people, p.people[a]);
            assert_int_equal(one.sums[a].responded, p.responded[a]);
            assert_int_equal(one.sums[a].sales, p.sales[a]);
            assert_int_equal(one.reached[a], p.reached[a]);
            assert_int_equal(one.used[a], p.used[a]);
        }
        assert_int_equal(one.points_burned, p.burned);
        assert_int_equal(one.value_given, p.given);
        assert_int_equal(one.sales_touched, p.touched);
        assert_int_equal(one.last_touch.sales, p.touch_sales);
        assert_int_equal(one.last_touch.receipts, p.touch_receipts);
        groups_match(&w, &p, &one, &genders);
        same_results(&one, &two);
        lists_match(&w, &one);
        lists_match(&w, &days);
        lists_match(&w, &genders);
        world_free(&w);
    }
}

/* ---- What can be claimed ---- */

static void claims(void **state)
{
    struct world w = world_new(2);
    struct campaign_result r;
    (void)state;
    run_by(&w, RESULT_BY_NONE, 1, &r);
    /* Messages of all campaigns reached everybody alike: the holdout was none. */
    assert_false(r.measured);
    assert_non_null(strstr(r.reason, "held out"));
    assert_true(isnan(r.lift.lift) && isnan(r.sales_lift.t));
    w.campaign.edition = 0;
    run_by(&w, RESULT_BY_NONE, 1, &r);
    assert_false(r.measured);
    assert_int_equal(r.sums[ARM_HOLDOUT].people, 0);
    assert_true(r.sums[ARM_TREATED].people > 0);
    assert_non_null(strstr(campaign_report(w.arena, NULL, w.mall.mall, &r), "Influenced"));
    world_free(&w);
}

/* ---- Against chance ---- */

enum { CROWD = 1500 };

/* People who buy by habits of their own, before and in the campaign's time; the treated of code
 * `code` buy more often by `effect` of 1,000. */
static struct world market_new(uint64_t seed, const char *code, unsigned effect)
{
    struct world w = {.mall = temp_mall_new(), .arena = arena_new()};
    struct dice dice = {seed};
    struct set *everybody = set_new(w.arena, CROWD + 1);
    w.first = date_number(2017, 9, 1);
    w.events = arena_array(w.arena, struct event, CROWD * 12);
    test_run(&w.mall, "insert into tenant (id, code, name) values (1, 'T1', 'Shop')");
    test_run(&w.mall, "insert into campaign (id, code) values (1, 'one')");
    test_run(&w.mall,
             arena_printf(w.arena, "update counter set value = %d where name = 'person'", CROWD));
    w.campaign = campaign_empty();
    w.campaign.id = 1;
    w.campaign.code = code;
    w.campaign.kind = CAMPAIGN_POPULAR;
    w.campaign.holdout = 3000;
    w.campaign.schedule.from = w.first + 30;
    w.campaign.schedule.to = w.first + 59;
    w.campaign.state = STATE_ENDED;
    w.campaign.edition = 7;
    for (uint32_t person = 1; person <= CROWD; person++) {
        unsigned habit = 20 + (unsigned)dice_below(&dice, 250);
        int64_t purse = 1000 * (int64_t)(1 + dice_below(&dice, 30));
        bool more = effect && !campaign_held_out(&w.campaign, person);
        set_add(everybody, person);
        for (int i = 0; i < 12; i++) {
            bool in_time = i >= 6;
            if (dice_below(&dice, 1000) >= habit + (in_time && more ? effect : 0))
                continue;
            int32_t day = w.first + (in_time ? 30 : 0) + (int32_t)dice_below(&dice, 30);
            struct event *e = world_event(&w, KIND_PURCHASE, person,
                                          clock_day_start(&w.mall.mall->clock, day) + 40000);
            e->tenant = 1;
            e->amount = purse + (int64_t)dice_below(&dice, 5000);
        }
    }
    world_event(&w, KIND_APP_OPEN, 1, clock_day_start(&w.mall.mall->clock, w.first) - 5);
    world_event(&w, KIND_APP_OPEN, 1, clock_day_start(&w.mall.mall->clock, w.first + 60) + 5);
    assert_ok(writer_begin(w.mall.writer, &err));
    assert_ok(event_append(w.mall.writer, w.events, w.n, NULL, NULL, &err));
    assert_ok(writer_commit(w.mall.writer, &err));
    assert_ok(event_fold(w.mall.writer, 0, &err));
    set_write(&w.mall, 7, everybody);
    return w;
}

/* One market, a thousand campaigns that do nothing: each holds out others, and the truth is 0. */
static void nothing_is_found_where_nothing_is(void **state)
{
    enum { DRAWS = 1000 };
    struct world w = market_new(5, "aa", 0);
    int covers[3] = {0}, sharper = 0;
    (void)state;
    for (int i = 0; i < DRAWS; i++) {
        struct campaign_result r;
        struct arena *arena = arena_new();
        struct result_query query = {.name = "", .margin = NAN, .threads = 1};
        w.campaign.code = arena_printf(arena, "aa-%d", i);
        assert_ok(campaign_result_run(w.mall.reader, arena, NULL, &w.campaign, &query, &r, &err));
        assert_true(r.measured);
        covers[0] += r.lift.newcombe.low <= 0 && r.lift.newcombe.high >= 0;
        covers[1] += r.sales_lift.interval.low <= 0 && r.sales_lift.interval.high >= 0;
        covers[2] += r.cuped.welch.interval.low <= 0 && r.cuped.welch.interval.high >= 0;
        sharper += r.cuped.welch.error < r.sales_lift.error;
        arena_free(arena);
    }
    for (int i = 0; i < 3; i++) { /* 950 ± 4 standard deviations of a binomial */
        double off = fabs(covers[i] - 0.95 * DRAWS);
        if (off > 4 * sqrt(DRAWS * 0.95 * 0.05))
            fail_msg("interval %d covers 0 in %d of %d draws", i, covers[i], DRAWS);
    }
    assert_int_equal(sharper, DRAWS);
    world_free(&w);
}

static void a_planted_effect_is_found(void **state)
{
    int found[3] = {0};
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct world w = market_new(seed, "planted", 60);
        struct campaign_result r;
        run_by(&w, RESULT_BY_NONE, 2, &r);
        assert_true(r.measured);
        found[0] += r.lift.newcombe.low > 0;
        found[1] += r.sales_lift.interval.low > 0;
        found[2] += r.cuped.welch.interval.low > 0;
        near(r.lift.z,
             stat_two_proportions_z((double)r.sums[0].responded, (double)r.sums[0].people,
                                    (double)r.sums[1].responded, (double)r.sums[1].people),
             0);
        if (r.lift.newcombe.low > 0)
            assert_non_null(strstr(result_headline(w.arena, NULL, &r), "raised"));
        assert_true(r.cuped.reduction > 0.05 && r.cuped.reduction < 0.9);
        world_free(&w);
    }
    assert_true(found[0] >= 18 && found[1] >= 14 && found[2] >= found[1]);
}

/* ---- Small groups ---- */

static void analysts_see_no_few(void **state)
{
    struct world w = market_new(3, "small", 0);
    struct access analyst = test_access(ACCESS_ANALYST);
    struct result_query query = {.by = RESULT_BY_DAY, .name = "", .margin = NAN, .threads = 1};
    struct campaign_result r, open;
    (void)state;
    analyst.least_people = 10;
    assert_ok(campaign_result_run(w.mall.reader, w.arena, &analyst, &w.campaign, &query, &r, &err));
    run_by(&w, RESULT_BY_DAY, 1, &open);
    size_t hidden = 0;
    for (size_t g = 0; g < r.n_groups; g++)
        for (int a = 0; a < RESULT_ARMS; a++) {
            int64_t n = r.groups[g].sums[a].responded;
            hidden += r.groups[g].hidden[a][1];
            assert_true(r.groups[g].hidden[a][1] || n == 0 || n >= 10);
            assert_false(open.groups[g].hidden[a][1]);
        }
    assert_true(hidden > 0);
    struct sheet *sheet = result_sheet(w.arena, &analyst, &r);
    for (size_t g = 0; g < r.n_groups; g++)
        if (r.groups[g].withheld)
            assert_false(sheet_row(sheet, g)[2].known);
    struct access technician = test_access(ACCESS_TECHNICIAN);
    assert_int_equal(
        campaign_result_run(w.mall.reader, w.arena, &technician, &w.campaign, &query, &r, &err),
        ST_DENIED);
    error_clear(&err);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_a_plain_count),
        cmocka_unit_test(claims),
        cmocka_unit_test(nothing_is_found_where_nothing_is),
        cmocka_unit_test(a_planted_effect_is_found),
        cmocka_unit_test(analysts_see_no_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
