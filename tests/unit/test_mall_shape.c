/* The demo mall has the shape of life: weekdays, meals, holidays, a few who buy most, made-up
 * addresses, names, ledgers that never go below zero. */
#include "fixtures/mall/live.h"
#include "model/base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MEMBERS = 60000, DAYS = 731 };

static struct demo_plan plan;
static struct demo_batch all; /* everything, people and nobody */

static int life_setup(void **state)
{
    (void)state;
    struct demo_desk desk = {0};
    struct demo_recipe recipe = demo_recipe_default(MEMBERS, DAYS, 1);
    if (demo_plan_make(&plan, &recipe, NULL) != ST_OK)
        return -1;
    demo_live(&plan, &desk, 1, plan.people, &all);
    for (int32_t m = 0; m < plan.n_months; m++)
        demo_nobody(&plan, m, &all);
    demo_desk_free(&desk);
    return 0;
}

static int life_teardown(void **state)
{
    (void)state;
    demo_batch_free(&all);
    demo_plan_free(&plan);
    return 0;
}

static int32_t day_of(const struct event *e)
{
    return (int32_t)((e->time - plan.days[0].midnight) / 86400);
}

static int hour_of(const struct event *e)
{
    return (int)((e->time - plan.days[0].midnight) % 86400 / 3600);
}

static int64_t count_kind(enum kind_id kind)
{
    int64_t n = 0;
    for (size_t i = 0; i < all.events.n; i++)
        n += all.events.at[i].kind == kind;
    return n;
}

/* Receipts on a date, of members and others. */
static int64_t receipts_on(int year, int month, int day)
{
    int32_t wanted = date_number(year, month, day) - plan.recipe.first;
    int64_t n = 0;
    for (size_t i = 0; i < all.events.n; i++)
        n += all.events.at[i].kind == KIND_PURCHASE && day_of(&all.events.at[i]) == wanted;
    return n;
}

static void test_every_kind(void **state)
{
    (void)state;
    for (int kind = KIND_SIGHTING; kind < KIND_BUILT_IN_END; kind++)
        if (kind != KIND_VISIT) /* another system's visits: there is none */
            assert_true(count_kind((enum kind_id)kind) > 0);
    assert_int_equal(count_kind(KIND_REGISTER), MEMBERS);
    int64_t events = (int64_t)all.events.n - count_kind(KIND_LINE);
    assert_in_range(events / MEMBERS, 22, 29);
}

static void test_weekdays(void **state)
{
    (void)state;
    int64_t days[7] = {0}, n[7] = {0};
    for (int32_t d = 0; d < plan.n_days; d++)
        days[plan.days[d].weekday]++;
    for (size_t i = 0; i < all.events.n; i++)
        if (all.events.at[i].kind == KIND_PURCHASE)
            n[plan.days[day_of(&all.events.at[i])].weekday]++;
    double tuesday = (double)n[1] / (double)days[1];
    assert_true((double)n[5] / (double)days[5] > 1.5 * tuesday);
    assert_true((double)n[6] / (double)days[6] > 1.4 * tuesday);
    assert_true((double)n[4] / (double)days[4] > 1.2 * tuesday);
}

static void test_holidays(void **state)
{
    (void)state;
    int64_t plain = receipts_on(2026, 3, 11); /* a Wednesday */
    assert_true(receipts_on(2026, 5, 2) > 2 * plain);
    assert_true(receipts_on(2025, 10, 3) > 3 * receipts_on(2025, 9, 10) / 2);
    assert_true(receipts_on(2025, 11, 11) > 13 * receipts_on(2025, 11, 18) / 10);
    assert_true(receipts_on(2026, 2, 17) < plain); /* New Year's Day of the lunar calendar */
    assert_true(receipts_on(2026, 2, 12) > plain);
}

/* Lunch and dinner are the tops of a working day's meals; nothing is sold at night. */
static void test_hours(void **state)
{
    (void)state;
    int64_t meals[24] = {0};
    for (size_t i = 0; i < all.events.n; i++) {
        const struct event *e = &all.events.at[i];
        if (e->kind != KIND_PURCHASE)
            continue;
        assert_in_range(hour_of(e), 10, 21);
        bool food = plan.building.shops[e->tenant - 1].category == SHOP_FOOD;
        if (food && !plan.days[day_of(e)].free)
            meals[hour_of(e)]++;
    }
    assert_true(meals[13] > meals[15] && meals[12] > meals[10]);
    assert_true(meals[19] > meals[16] && meals[19] > meals[15]);
}

static int falling(const void *a, const void *b)
{
    int64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x > y ? -1 : x < y;
}

/* The Lorenz curve: few buy most. */
static void test_heavy_buyers(void **state)
{
    (void)state;
    int64_t *spent = mem_zero(MEMBERS + 1, sizeof *spent), sum = 0, top = 0, members = 0;
    for (size_t i = 0; i < all.events.n; i++)
        if (all.events.at[i].kind == KIND_PURCHASE) {
            spent[all.events.at[i].person] += all.events.at[i].amount;
            sum += all.events.at[i].amount;
        }
    members = sum - spent[0];
    spent[0] = 0;
    qsort(spent, MEMBERS + 1, sizeof *spent, falling);
    for (int i = 0; i < MEMBERS / 20; i++)
        top += spent[i];
    assert_in_range(top * 100 / members, 50, 72); /* 5 % of the members */
    assert_in_range(members * 100 / sum, 70, 85);
    free(spent);
}

/* Few shops are large, many small. */
static void test_shops(void **state)
{
    (void)state;
    int64_t *n = mem_zero(plan.building.n_shops, sizeof *n), sum = 0, top = 0;
    for (size_t i = 0; i < all.events.n; i++)
        if (all.events.at[i].kind == KIND_PURCHASE) {
            n[all.events.at[i].tenant - 1]++;
            sum++;
        }
    qsort(n, plan.building.n_shops, sizeof *n, falling);
    for (int i = 0; i < 30; i++)
        top += n[i];
    assert_in_range(top * 100 / sum, 35, 70);
    assert_true(n[plan.building.n_shops - 1] > 0);
    free(n);
}

static void test_random_addresses(void **state)
{
    (void)state;
    int64_t made_up = 0, known = 0;
    for (size_t i = 0; i < all.events.n; i++) {
        const struct event *e = &all.events.at[i];
        if (e->kind != KIND_SIGHTING)
            continue;
        assert_int_equal(e->person == 0, e->address != 0);
        made_up += e->person == 0;
        known += e->person != 0;
    }
    assert_in_range(made_up * 100 / (made_up + known), 67, 73);
}

static void test_late_and_doubled(void **state)
{
    (void)state;
    assert_in_range(all.late.n, 20, 600);
    assert_in_range(all.doubled.n, MEMBERS / 500, MEMBERS / 50);
    for (size_t i = 0; i < all.doubled.n; i++)
        assert_true(all.doubled.at[i].ref_size > 0);
}

static int ref_compare(const void *a, const void *b)
{
    const struct event *x = *(const struct event *const *)a, *y = *(const struct event *const *)b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->ref_size != y->ref_size)
        return x->ref_size < y->ref_size ? -1 : 1;
    return memcmp(x->ref, y->ref, x->ref_size);
}

/* (kind, ref) stands once, apart from the rows that are doubled on purpose. */
static void test_refs(void **state)
{
    (void)state;
    const struct event **refs = mem_alloc(all.events.n * sizeof(struct event *));
    size_t n = 0;
    for (size_t i = 0; i < all.events.n; i++)
        if (all.events.at[i].ref_size)
            refs[n++] = &all.events.at[i];
    qsort(refs, n, sizeof *refs, ref_compare);
    for (size_t i = 1; i < n; i++)
        assert_true(ref_compare(&refs[i - 1], &refs[i]) != 0);
    free(refs);
}

static int ledger_compare(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->kind != KIND_POINTS_EARN) - (y->kind != KIND_POINTS_EARN);
}

/* Points never run below zero, in the order of time. */
static void test_ledger(void **state)
{
    (void)state;
    VEC(struct event) ledger = {0};
    for (size_t i = 0; i < all.events.n; i++)
        if (kind_unit(all.events.at[i].kind) == UNIT_POINTS)
            vec_push(&ledger, all.events.at[i]);
    qsort(ledger.at, ledger.n, sizeof *ledger.at, ledger_compare);
    int64_t balance = 0, burned = 0;
    for (size_t i = 0; i < ledger.n; i++) {
        const struct event *e = &ledger.at[i];
        if (i && ledger.at[i - 1].person != e->person)
            balance = 0;
        balance += kind_points_sign(e->kind) * e->amount;
        burned += e->kind == KIND_POINTS_BURN;
        assert_true(balance >= 0);
    }
    assert_true(burned > 1000);
    vec_free(&ledger);
}

/* A redeemed coupon was issued, has not run out, and is used once (refs are unique). */
static void test_coupons(void **state)
{
    (void)state;
    int64_t issued = count_kind(KIND_COUPON_ISSUE), claimed = count_kind(KIND_COUPON_CLAIM);
    int64_t redeemed = count_kind(KIND_COUPON_REDEEM), expired = count_kind(KIND_COUPON_EXPIRE);
    assert_true(issued > claimed && claimed > redeemed && redeemed > claimed / 8);
    assert_true(expired + redeemed <= claimed && expired + redeemed >= claimed * 9 / 10);
}

static void test_registrations(void **state)
{
    (void)state;
    int64_t channels[DEMO_CHANNELS + 1] = {0}, late_pos = 0, late = 0;
    for (size_t i = 0; i < all.events.n; i++) {
        const struct event *e = &all.events.at[i];
        if (e->kind != KIND_REGISTER)
            continue;
        channels[e->channel]++;
        assert_int_equal(e->channel == CHANNEL_POS, e->tenant != 0);
        if (day_of(e) >= plan.n_days - 90) {
            late++;
            late_pos += e->channel == CHANNEL_POS;
        }
    }
    static const enum demo_channel used[] = {CHANNEL_POS,  CHANNEL_APP, CHANNEL_DESK,
                                             CHANNEL_WIFI, CHANNEL_WEB, CHANNEL_REFERRAL};
    for (size_t i = 0; i < sizeof used / sizeof *used; i++)
        assert_true(channels[used[i]] * 100 > 4 * MEMBERS);
    assert_true(late_pos * 100 > late * 40);
}

static void test_names(void **state)
{
    (void)state;
    int latin = 0, wang = 0, two = 0, same = 0;
    char name[DEMO_NAME];
    for (uint32_t person = 1; person <= 20000; person++) {
        struct demo_person p;
        demo_person_make(&plan, person, &p);
        demo_name(&plan, &p, name);
        latin += (signed char)name[0] > 0;
        wang += strncmp(name, "王", 3) == 0;
        two += strncmp(name, "欧阳", 6) == 0;
        same += !p.latin && strcmp(name, "王伟") == 0;
    }
    assert_in_range(latin, 200, 900);
    assert_in_range(wang * 100 / 20000, 6, 12);
    assert_true(two > 0 && same > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_weekdays),
        cmocka_unit_test(test_holidays),
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_heavy_buyers),
        cmocka_unit_test(test_shops),
        cmocka_unit_test(test_random_addresses),
        cmocka_unit_test(test_late_and_doubled),
        cmocka_unit_test(test_refs),
        cmocka_unit_test(test_ledger),
        cmocka_unit_test(test_coupons),
        cmocka_unit_test(test_registrations),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, life_setup, life_teardown);
}
