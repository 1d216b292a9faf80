/* Funnels as a line of text, kept under a name, and lists of people that become segments. */
#include "model/loop/funnel_plan.h"
#include "model/segment/keep.h"
#include "model/store/operation.h"
#include "tests/support/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static void test_plan(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    static const char *const same[] = {
        "30d: register -> purchase",
        "36h: channel~\" -> \" -> kind in (a, 'b ; c') ; mode=strict_order,strict_increase",
        "7s: register -> review ; dialect=posthog ; order=strict ; exclude=channel=\"a:b\":0-1 ; "
        "by=age"
        " ; hold=coupon ; measure=amount ; within=label:coffee",
        "30d: register -> purchase ; mode=none ; by=label",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct funnel_plan plan;
        assert_ok(funnel_plan_parse(arena, same[i], &plan, &err));
        assert_string_equal(funnel_plan_text(arena, &plan), same[i]);
    }
    static const char *const wrong[][2] = {
        {"register", "expected a window and steps"},
        {"30d: register -> purchase and amonut>3", "step 2: 1:14: found 'amonut'"},
        {"30d: register ; hold=weather", "hold: found 'weather', expected one of shop, category"},
        {"30d: register ; colour=red", "found 'colour=red', expected one of dialect="},
        {"30d: register ; exclude=refund", "exclude: found 'refund', expected EXPR:FROM-TO"},
        {"30d: register ; mode=strictest", "mode: found 'strictest'"},
        {"30d: register ; order=strict", "belongs to the posthog dialect"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct funnel_plan plan;
        assert_int_equal(funnel_plan_parse(arena, wrong[i][0], &plan, &err), ST_USAGE);
        if (!strstr(error_text(&err), wrong[i][1]))
            fail_msg("%s: %s", wrong[i][0], error_text(&err));
    }
    error_clear(&err);
    arena_free(arena);
}

/* A funnel is kept by an operation, found, changed, and brought back. */
static void test_kept(void **state)
{
    (void)state;
    struct temp_mall mall = temp_mall_new();
    struct arena *arena = arena_new();
    struct funnel_kept kept;
    const struct funnel_kept *all;
    struct operation_result result;
    size_t n;
    json_t *set = json_pack("{s:s, s:s}", "definition", "30d: register", "author", "liu");
    struct operation op = {.actor = "liu",
                           .rights = RIGHT_QUESTIONS,
                           .entity = "funnel",
                           .target = "mine",
                           .verb = OPERATION_CREATE,
                           .base_version = -1,
                           .set = set};
    assert_ok(operation_apply(mall.writer, &op, &result, &err));
    assert_ok(funnels_kept(mall.reader, arena, &all, &n, &err));
    assert_int_equal(n, n_saved_funnels + 1);
    assert_ok(funnel_kept_find(mall.reader, arena, "mine", &kept, &err));
    assert_string_equal(kept.text, "30d: register");
    assert_null(kept.built_in);
    op.verb = OPERATION_DELETE;
    op.set = json_object();
    assert_ok(operation_apply(mall.writer, &op, &result, &err));
    json_decref(op.set);
    assert_int_equal(funnel_kept_find(mall.reader, arena, "mine", &kept, &err), ST_REFUSED);
    assert_ok(operation_undo(mall.writer, result.id, "liu", RIGHT_QUESTIONS, &result, &err));
    assert_ok(funnel_kept_find(mall.reader, arena, "mine", &kept, &err));
    op.rights = RIGHT_PEOPLE_SEE;
    op.set = set;
    op.verb = OPERATION_SET;
    assert_int_equal(operation_apply(mall.writer, &op, &result, &err), ST_DENIED);
    json_decref(set);
    error_clear(&err);
    arena_free(arena);
    temp_mall_free(&mall);
}

/* A list becomes a frozen segment, can be asked as one, and is gone again when that is undone. */
static void test_kept_people(void **state)
{
    (void)state;
    struct temp_mall mall = temp_mall_new();
    struct arena *arena = arena_new();
    const struct test_event events[] = {{.time = 1000, .person = 3, .kind = "register"},
                                        {.time = 1000, .person = 20000, .kind = "register"},
                                        {.time = 1000, .person = 20001, .kind = "register"}};
    test_events_add(&mall, events, 3);
    test_run(&mall, "update counter set value = 20001 where name = 'person'");
    struct access access = test_access(ACCESS_ANALYST);
    struct operation_result result;
    struct funnel_plan plan;
    struct funnel funnel;
    const uint32_t people[] = {3, 20001};
    const struct set *set = set_of(arena, 20002, people, 2);
    assert_ok(segment_keep(mall.writer, &access, "the drop", "after step 1", set, &result, &err));
    assert_int_equal(segment_keep(mall.writer, &access, "the drop", "again", set, &result, &err),
                     ST_CONFLICT);
    assert_ok(funnel_plan_parse(arena, "1d: register ; within=the drop", &plan, &err));
    plan.query.to = 5000;
    assert_ok(funnel_plan_bind(mall.reader, arena, &access, &plan, &err));
    assert_ok(funnel_run(mall.reader, arena, &plan.query, &funnel, &err));
    assert_int_equal(set_count(plan.query.within), 2);
    assert_int_equal(funnel.steps[0].count, 2);
    assert_int_equal(funnel.levels[3], 1);
    assert_int_equal(funnel.levels[20000], FUNNEL_NOBODY);
    assert_ok(operation_undo(mall.writer, result.id, access.principal, access.rights, NULL, &err));
    plan.query.within = NULL;
    assert_int_equal(funnel_plan_bind(mall.reader, arena, &access, &plan, &err), ST_USAGE);
    error_clear(&err);
    arena_free(arena);
    temp_mall_free(&mall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_kept_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
