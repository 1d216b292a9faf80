/* The demo mall as a function of its seed: any part, in any order, gives the same; numbers are
 * unique; families are whole. */
#include "fixtures/mall/live.h"
#include "model/base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MEMBERS = 40000 };
static struct demo_plan plan;

static int plan_setup(void **state)
{
    (void)state;
    struct demo_recipe recipe = demo_recipe_default(MEMBERS, 200, 7);
    return demo_plan_make(&plan, &recipe, NULL) == ST_OK ? 0 : -1;
}

static int plan_teardown(void **state)
{
    (void)state;
    demo_plan_free(&plan);
    return 0;
}

static uint64_t event_hash(const struct event *e, uint64_t before)
{
    const int64_t fields[] = {e->time, e->amount,  (int64_t)e->address, e->person, e->tenant,
                              e->zone, e->device,  e->campaign,         e->item,   e->value,
                              e->kind, e->channel, e->ref_size};
    return hash64_seed(fields, sizeof fields, before) ^ hash64(e->ref ? e->ref : "", e->ref_size);
}

static uint64_t batch_hash(const struct demo_batch *batch)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < batch->events.n; i++)
        hash = event_hash(&batch->events.at[i], hash);
    for (size_t i = 0; i < batch->late.n; i++)
        hash = event_hash(&batch->late.at[i], hash);
    for (size_t i = 0; i < batch->doubled.n; i++)
        hash = event_hash(&batch->doubled.at[i], hash);
    return hash;
}

static uint64_t block_hash(const struct demo_plan *p, struct demo_desk *desk,
                           struct demo_batch *batch, uint32_t block)
{
    demo_batch_reset(batch);
    demo_block(p, desk, block, batch);
    return batch_hash(batch);
}

static void test_any_order(void **state)
{
    (void)state;
    struct demo_desk desk = {0}, other_desk = {0};
    struct demo_batch batch = {0};
    uint64_t forth[3], months[3];
    for (uint32_t b = 0; b < 3; b++)
        forth[b] = block_hash(&plan, &desk, &batch, b);
    for (int32_t m = 0; m < 3; m++) {
        demo_batch_reset(&batch);
        demo_nobody(&plan, m, &batch);
        months[m] = batch_hash(&batch);
    }
    struct demo_plan again;
    assert_int_equal(demo_plan_make(&again, &plan.recipe, NULL), ST_OK);
    for (uint32_t b = 3; b-- > 0;)
        assert_true(block_hash(&again, &other_desk, &batch, b) == forth[b]);
    for (int32_t m = 3; m-- > 0;) {
        demo_batch_reset(&batch);
        demo_nobody(&again, m, &batch);
        assert_true(batch_hash(&batch) == months[m]);
    }
    demo_plan_free(&again);
    demo_desk_free(&desk);
    demo_desk_free(&other_desk);
    demo_batch_free(&batch);
}

/* The seed says all: these words were computed once and hold on every machine. */
static void test_known_seed(void **state)
{
    (void)state;
    struct demo_desk desk = {0};
    struct demo_batch batch = {0};
    uint64_t hash = block_hash(&plan, &desk, &batch, 1);
    demo_batch_reset(&batch);
    demo_nobody(&plan, 2, &batch);
    hash ^= batch_hash(&batch);
    demo_desk_free(&desk);
    demo_batch_free(&batch);
    assert_int_equal(hash, 0x8c56d168422e8d3cu);
}

static void test_another_seed(void **state)
{
    (void)state;
    struct demo_desk desk = {0};
    struct demo_batch batch = {0};
    uint64_t mine = block_hash(&plan, &desk, &batch, 0);
    struct demo_recipe recipe = plan.recipe;
    recipe.seed++;
    struct demo_plan other;
    assert_int_equal(demo_plan_make(&other, &recipe, NULL), ST_OK);
    assert_true(block_hash(&other, &desk, &batch, 0) != mine);
    demo_plan_free(&other);
    demo_desk_free(&desk);
    demo_batch_free(&batch);
}

static int word_compare(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

static void assert_unique(uint64_t (*number)(const struct demo_plan *, uint32_t))
{
    uint64_t *all = mem_alloc(plan.people * sizeof *all);
    for (uint32_t p = 1; p <= plan.people; p++)
        all[p - 1] = number(&plan, p);
    qsort(all, plan.people, sizeof *all, word_compare);
    for (uint32_t i = 1; i < plan.people; i++)
        assert_true(all[i - 1] != all[i]);
    free(all);
}

static void test_numbers(void **state)
{
    (void)state;
    assert_unique(demo_phone_number);
    assert_unique(demo_wifi_place);
    assert_unique(demo_payment_token);
    for (uint32_t p = 1; p < 2000; p++) {
        uint64_t phone = demo_phone_number(&plan, p);
        assert_true(phone >= 13000000000 && phone < 20000000000);
        uint64_t mac = demo_wifi_mac(demo_wifi_place(&plan, p));
        assert_int_equal(mac >> 40 & 3, 0);
    }
}

static void test_families(void **state)
{
    (void)state;
    uint32_t together = 0, children = 0;
    for (uint32_t person = 1; person <= plan.members; person++) {
        struct demo_person p, leader;
        demo_person_make(&plan, person, &p);
        assert_in_range(person, p.leader, p.leader + p.family - 1);
        demo_person_make(&plan, p.leader, &leader);
        assert_int_equal(leader.family, p.family);
        assert_int_equal(p.leader / FAMILY_SLOT, (p.leader + p.family - 1) / FAMILY_SLOT);
        together += p.family > 1;
        if (p.role == ROLE_CHILD) {
            children++;
            assert_true(p.birth > leader.birth + 20 * 365);
            char child[DEMO_NAME], father[DEMO_NAME];
            struct demo_person other;
            demo_person_make(&plan, leader.female ? p.leader + 1 : p.leader, &other);
            demo_name(&plan, &p, child);
            demo_name(&plan, &other, father);
            assert_memory_equal(child, father, 3);
        }
    }
    assert_in_range(together * 100 / plan.members, 25, 50);
    assert_true(children > 0);
}

static void test_referrals_both_ways(void **state)
{
    (void)state;
    uint32_t brought = 0, found = 0, list[6];
    for (uint32_t p = 1; p <= plan.members; p++) {
        brought += demo_referrer(&plan, p) > 0;
        size_t n = demo_referred(&plan, p, list, 6);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(demo_referrer(&plan, list[i]), p);
        found += (uint32_t)n;
    }
    assert_int_equal(brought, found);
}

static void test_refusals(void **state)
{
    (void)state;
    struct error err = {0};
    struct demo_plan none;
    struct demo_recipe recipe = demo_recipe_default(0, 10, 1);
    assert_int_equal(demo_plan_make(&none, &recipe, &err), ST_USAGE);
    demo_plan_free(&none);
    recipe = demo_recipe_default(10, DEMO_DAYS_MOST + 1, 1);
    assert_int_equal(demo_plan_make(&none, &recipe, &err), ST_USAGE);
    assert_non_null(strstr(err.message, "expected 1 to 6000"));
    demo_plan_free(&none);
    error_clear(&err);
}

/* Very small malls are malls too. */
static void test_small(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1}, {3, 2}, {17, 40}, {100, 366}, {50, 6000}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct demo_recipe recipe = demo_recipe_default(sizes[i][0], sizes[i][1], i);
        recipe.devices = (uint32_t)i * 20;
        struct demo_plan small;
        struct demo_desk desk = {0};
        struct demo_batch batch = {0};
        assert_int_equal(demo_plan_make(&small, &recipe, NULL), ST_OK);
        demo_live(&small, &desk, 1, small.people, &batch);
        for (int32_t m = 0; m < small.n_months; m++)
            demo_nobody(&small, m, &batch);
        assert_true(batch.events.n >= sizes[i][0]);
        for (size_t e = 0; e < batch.events.n; e++) {
            assert_in_range(batch.events.at[e].device, 0, recipe.devices);
            assert_in_range(batch.events.at[e].time, plan_time(&small, 0, 0),
                            plan_time(&small, small.n_days, 0) - 1);
        }
        demo_batch_free(&batch);
        demo_desk_free(&desk);
        demo_plan_free(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_order),    cmocka_unit_test(test_known_seed),
        cmocka_unit_test(test_another_seed), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_families),     cmocka_unit_test(test_referrals_both_ways),
        cmocka_unit_test(test_refusals),     cmocka_unit_test(test_small),
    };
    return cmocka_run_group_tests(tests, plan_setup, plan_teardown);
}
