/* The published case: what the events of the story add up to, computed from nothing but events. */
#include "fixtures/mall/live.h"
#include "fixtures/mall/story.h"
#include "model/base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SHOPS = 400 };

/* Sums of one day's receipts by shop. */
struct day_sums {
    int64_t all[SHOPS], members[SHOPS], total_smart;
};

static struct demo_plan plan;
static struct day_sums anniversary;
static int64_t cards, pos_cards, burned, burns, driven, driven_receipts, now_smart, then_smart;
static int64_t burned_elsewhere;

static int64_t days_of(const struct event *e)
{
    return (e->time - plan.days[0].midnight) / 86400;
}

static bool is_smart(const struct event *e)
{
    return plan.building.shops[e->tenant - 1].smart_from != INT32_MAX;
}

/* The points days as the article dates them: Tuesdays and Fridays of October after the holidays. */
static bool is_points_day(int64_t day)
{
    int year, month, date;
    date_civil(plan.recipe.first + (int32_t)day, &year, &month, &date);
    int weekday = date_weekday(plan.recipe.first + (int32_t)day);
    return year == 2017 && month == 10 && date > 8 && (weekday == 1 || weekday == 4);
}

static void sales_add(const struct event *e, int64_t sign)
{
    int64_t day = days_of(e);
    if (plan.recipe.first + day == date_number(2017, 9, 16) && sign > 0) {
        anniversary.all[e->tenant - 1] += e->amount;
        anniversary.members[e->tenant - 1] += e->person ? e->amount : 0;
    }
    if (is_smart(e) && is_points_day(day))
        now_smart += sign * e->amount;
    if (is_smart(e) && is_points_day(day + 364))
        then_smart += sign * e->amount;
    if (e->campaign == plan_story_campaign(&plan) && sign > 0) {
        driven += e->amount;
        driven_receipts++;
    }
}

static void event_add(const struct event *e)
{
    if (e->kind == KIND_REGISTER && plan.recipe.first + days_of(e) == date_number(2017, 9, 16)) {
        cards++;
        pos_cards += e->channel == CHANNEL_POS;
    } else if (e->kind == KIND_PURCHASE) {
        sales_add(e, 1);
    } else if (e->kind == KIND_REFUND) {
        sales_add(e, -1);
    } else if (e->kind == KIND_POINTS_BURN && is_points_day(days_of(e))) {
        burned += e->amount;
        burns++;
        burned_elsewhere += !is_smart(e);
    }
}

static void batch_add(const struct demo_batch *batch)
{
    for (size_t i = 0; i < batch->events.n; i++)
        event_add(&batch->events.at[i]);
    for (size_t i = 0; i < batch->late.n; i++)
        event_add(&batch->late.at[i]);
}

static int story_setup(void **state)
{
    (void)state;
    struct demo_recipe recipe;
    if (demo_recipe_story("joycity-2017", 1, &recipe, NULL) != ST_OK ||
        demo_plan_make(&plan, &recipe, NULL) != ST_OK || demo_plan_tune(&plan, 2, NULL) != ST_OK)
        return -1;
    struct demo_desk desk = {0};
    struct demo_batch batch = {0};
    for (uint32_t block = 0; block < demo_blocks(&plan); block++) {
        demo_batch_reset(&batch);
        demo_block(&plan, &desk, block, &batch);
        batch_add(&batch);
    }
    for (int32_t m = 0; m < plan.n_months; m++) {
        demo_batch_reset(&batch);
        demo_nobody(&plan, m, &batch);
        batch_add(&batch);
    }
    demo_desk_free(&desk);
    demo_batch_free(&batch);
    return 0;
}

static int story_teardown(void **state)
{
    (void)state;
    demo_plan_free(&plan);
    return 0;
}

static void assert_within(double found, double told, double share)
{
    if (found < told * (1 - share) || found > told * (1 + share))
        fail_msg("found %.4f, told %.4f", found, told);
}

static void test_reachable(void **state)
{
    (void)state;
    int64_t reachable = 0;
    for (uint32_t person = 1; person <= plan.members; person++) {
        struct demo_person p;
        demo_person_make(&plan, person, &p);
        reachable += (p.sms && p.phone) || (p.app_consent && p.app) || (p.wifi_consent && p.wifi);
    }
    assert_true(reachable > 1000000);
}

static void test_anniversary(void **state)
{
    (void)state;
    int smart = 0, before = 0, strong = 0;
    int32_t date = date_number(2017, 9, 16);
    for (uint32_t s = 0; s < plan.building.n_shops; s++) {
        const struct mall_shop *shop = &plan.building.shops[s];
        before += shop->smart_from < date;
        if (shop->smart_from > date)
            continue;
        smart++;
        strong += anniversary.members[s] * 5 > anniversary.all[s] * 4;
    }
    assert_int_equal(smart, 100);
    assert_int_equal(before, 99); /* the first day with a hundred */
    assert_in_range(strong, 76, 92);
    assert_in_range(pos_cards * 1000 / cards, 390, 400);
}

static void test_points_days(void **state)
{
    (void)state;
    assert_int_equal(burned, 11600000);
    assert_int_equal(burned_elsewhere, 0);
    assert_int_equal(burns, driven_receipts);
    assert_within((double)driven / 100, 600000, 0.01);
    assert_within((double)driven / (double)burned, 5.17, 0.01);
    assert_within((double)now_smart / (double)then_smart, 1.10, 0.001);
    /* The days were not bent to make it so. */
    assert_in_range(plan.tune_permillion, 950000, 1050000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reachable),
        cmocka_unit_test(test_anniversary),
        cmocka_unit_test(test_points_days),
    };
    return cmocka_run_group_tests(tests, story_setup, story_teardown);
}
