/* The people language: random expressions over random malls against a plain reference; what is
 * refused, and where; saved segments. */
#include "model/base/text.h"
#include "model/segment/compare.h"
#include "model/segment/label.h"
#include "model/segment/saved.h"
#include "tests/support/people_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

/* ---- Checks ---- */

static void text_check(struct world *w, struct arena *arena, const char *text)
{
    const struct people_expr *expr;
    const struct segment_plan *plan;
    struct segment_answer answer;
    struct set *one;
    bool anyone = strstr(text, "anyone") != NULL;
    assert_ok(people_parse(arena, text, strlen(text), &expr, &err));
    assert_ok(segment_run(w->mall.reader, arena, NULL, text, &answer, &err));
    struct world_plain c = {.w = w, .clock = &w->mall.mall->clock, .present = answer.present};
    uint32_t count = 0;
    for (int i = 0; i < WORLD_PEOPLE; i++) {
        c.p = &w->people[i];
        bool wanted = (c.p->member || anyone) && world_plain_is(&c, expr);
        count += wanted;
        if (set_has(answer.people, c.p->number) != wanted)
            fail_msg("%s\nperson %u: found %d, expected %d", text, c.p->number, !wanted, wanted);
    }
    if (!anyone)
        assert_int_equal(answer.count, count);
    assert_ok(segment_bind(w->mall.reader, arena, NULL, text, &plan, &err));
    assert_ok(segment_evaluate(w->mall.reader, arena, &plan, 1, NULL, 1, &one, &err));
    assert_memory_equal(one->words, answer.people->words, set_words(one->n) * 8);
}

static void test_random_expressions(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 18; seed++) {
        struct world *w = world_new(seed);
        char now[32];
        /* At times the clock is behind the latest events, so that spans end before them. */
        snprintf(now, sizeof now, "%lld", (long long)w->begin + (seed % 3 ? 200 : 100) * WORLD_DAY);
        setenv("ATRIUM_NOW", now, 1);
        for (int i = 0; i < 160; i++) {
            struct arena *arena = arena_new();
            const char *text = world_text(w, arena, 3);
            if (world_below(w, 4) == 0)
                text = arena_printf(arena, "anyone and (%s)", text);
            text_check(w, arena, text);
            arena_free(arena);
        }
        world_free(w);
    }
    unsetenv("ATRIUM_NOW");
}

/* Several expressions at once, and among some people only, are what each is alone. */
static void test_together(void **state)
{
    (void)state;
    struct world *w = world_new(3);
    for (int round = 0; round < 60; round++) {
        enum { N = 8 };
        struct arena *arena = arena_new();
        const struct segment_plan *plans[N];
        struct set *sets[N], *alone, *part[1];
        for (int i = 0; i < N; i++)
            assert_ok(segment_bind(w->mall.reader, arena, NULL, world_text(w, arena, 2), &plans[i],
                                   &err));
        assert_ok(segment_evaluate(w->mall.reader, arena, plans, N, NULL, 2, sets, &err));
        struct set *among = set_new(arena, EVENT_BLOCK * 2);
        for (int i = 0; i < WORLD_PEOPLE; i++)
            if (world_below(w, 2))
                set_add(among, w->people[i].number);
        for (int i = 0; i < N; i++) {
            assert_ok(segment_evaluate(w->mall.reader, arena, &plans[i], 1, NULL, 0, &alone, &err));
            assert_memory_equal(alone->words, sets[i]->words, set_words(alone->n) * 8);
            assert_ok(segment_evaluate(w->mall.reader, arena, &plans[i], 1, among, 0, part, &err));
            set_and(alone, among);
            assert_memory_equal(alone->words, part[0]->words, set_words(alone->n) * 8);
        }
        arena_free(arena);
    }
    world_free(w);
}

/* Labels come in rows: one figure compared with many bounds, whether there was any event of a shop,
 * in one run. */
static const char *row_text(struct world *w, struct arena *arena)
{
    static const char *const figures[] = {"spent(%dd)", "bought(%dd)", "did(%dd, app_open)",
                                          "visits(%dd)", "bought(%dd, tenant=T1)"};
    static const char *const ops[] = {">=", ">", "<", "<=", "=", "!="};
    static const char *const any[] = {
        "did(%dd, purchase and tenant=T%d)",
        "did(%dd, purchase and tenant in (T1, T%d))",
        "bought(%dd, not tenant=T%d)>=1",
        "bought(%dd, tenant=T%d)>0",
        "did(%dd, (purchase or refund) and tenant=T%d)",
        "did(%dd, purchase and (tenant=T%d or channel=pos))",
    };
    static const int spans[] = {20, 90, 400};
    int span = spans[world_below(w, 3)];
    char text[128];
    if (world_below(w, 3) == 0) {
        snprintf(text, sizeof text, any[world_below(w, 6)], span, 1 + (int)world_below(w, 3));
        return arena_strdup(arena, text);
    }
    size_t figure = world_below(w, 5);
    snprintf(text, sizeof text, figures[figure], span);
    return arena_printf(arena, "%s %s %d", text, ops[world_below(w, 6)],
                        (int)world_below(w, figure ? 6 : 60) * (figure ? 1 : 50));
}

static void test_rows_of_bounds(void **state)
{
    (void)state;
    struct world *w = world_new(5);
    for (int round = 0; round < 6; round++) {
        enum { N = 160 };
        struct arena *arena = arena_new();
        const struct segment_plan *plans[N];
        const char *texts[N];
        struct set *sets[N], *single[N];
        for (int i = 0; i < N; i++) {
            /* Of the first figure more bounds than are looked at together. */
            texts[i] = i < 48 ? arena_printf(arena, "spent(90d) %s %d", i % 3 ? ">=" : "<", i * 40)
                              : row_text(w, arena);
            assert_ok(segment_bind(w->mall.reader, arena, NULL, texts[i], &plans[i], &err));
        }
        assert_ok(segment_evaluate(w->mall.reader, arena, plans, N, NULL, 2, sets, &err));
        assert_ok(segment_evaluate(w->mall.reader, arena, plans, N, NULL, 1, single, &err));
        for (int i = 0; i < N; i++) {
            struct segment_answer answer;
            text_check(w, arena, texts[i]); /* beside the plain reference */
            assert_ok(segment_run(w->mall.reader, arena, NULL, texts[i], &answer, &err));
            if (set_count(sets[i]) != answer.count)
                fail_msg("%s: %u together, %u alone", texts[i], set_count(sets[i]), answer.count);
            assert_memory_equal(answer.people->words, sets[i]->words, set_words(sets[i]->n) * 8);
            assert_memory_equal(single[i]->words, sets[i]->words, set_words(sets[i]->n) * 8);
        }
        arena_free(arena);
    }
    world_free(w);
}

/* ---- What is refused, and where ---- */

static void refused(struct world *w, const char *text, const char *message)
{
    struct arena *arena = arena_new();
    const struct segment_plan *plan;
    enum status status = segment_bind(w->mall.reader, arena, NULL, text, &plan, &err);
    if (status != ST_USAGE || !strstr(error_text(&err), message))
        fail_msg("%s: found %s: %s, expected %s", text, status_name(status), error_text(&err),
                 message);
    error_clear(&err);
    arena_free(arena);
}

static void test_refused(void **state)
{
    (void)state;
    struct world *w = world_new(1);
    refused(w, "", "1:1: found the end");
    refused(w, "member and", "1:11: found the end, expected a label");
    refused(w, "member xor gender=f", "1:8: found 'xor', expected and, or, or the end");
    refused(w, "spnt(90d)>3", "1:1: found 'spnt'");
    refused(w, "spnt(90d)>3", "did you mean spent?");
    refused(w, "spent(90x)>3", "1:7: found '90x', expected a span");
    refused(w, "spent(90d)>ten", "1:12: found 'ten', expected an amount");
    refused(w, "did(90d)", "1:8: found ')', expected ',' and an expression over events");
    refused(w, "did(90d, tenent=T1)", "1:10: found 'tenent'");
    refused(w, "did(90d, \"tenent=T1\")", "1:11: found 'tenent'");
    refused(w, "last(purchase)<soon", "1:16: found 'soon', expected a day");
    refused(w, "tier>=godl", "did you mean gold?");
    refused(w, "label:vpi", "1:7: found 'vpi', expected the name of a label; did you mean 'vip'?");
    refused(w, "label:", "expected a name right after ':'");
    refused(w, "labl:vip", "did you mean label?");
    refused(w, "member=1", "expected and, or, or the end: this is true or not by itself");
    refused(w, "gender>f", "1:7: found '>', expected =, !=, ~, !~ or in");
    refused(w, "tier~\"(\"", "1:6");
    refused(w, "age>=30\nand hous=x", "2:5: found 'hous'");
    refused(w, "(member", "expected and, or, or ')'");
    refused(w, "name~\"", "a text with a quotation mark at its end");
    char deep[400];
    memset(deep, '(', 200);
    snprintf(deep + 200, 100, "member");
    refused(w, deep, "fewer parentheses");
    char *many = calloc(1, 20000);
    for (int i = 0; i < 600; i++)
        strcat(many, "tier=x or "); /* lint: bounded */
    strcat(many, "member");         /* lint: bounded */
    refused(w, many, "too many parts");
    memset(many, ' ', 9000);
    refused(w, many, "at most 8192 bytes");
    free(many);
    world_free(w);
}

/* A rule that is built from itself is refused by name, also through a segment. */
static void test_circles(void **state)
{
    (void)state;
    struct world *w = world_new(2);
    struct access admin = test_access(ACCESS_ADMIN);
    assert_ok(label_save(w->mall.writer, &admin, "a", "tier=gold", NULL, NULL, &err));
    assert_ok(label_save(w->mall.writer, &admin, "b", "label:a and member", NULL, NULL, &err));
    struct segment_save save = {.name = "s", .expression = "label:b", .base_version = -1};
    assert_ok(segment_save(w->mall.writer, &admin, &save, NULL, NULL, &err));
    assert_int_equal(label_save(w->mall.writer, &admin, "a", "label:b", NULL, NULL, &err),
                     ST_USAGE);
    assert_non_null(
        strstr(error_text(&err), "label:a is built from label:b, which is built from label:a"));
    assert_int_equal(label_save(w->mall.writer, &admin, "a", "segment:s", NULL, NULL, &err),
                     ST_USAGE);
    assert_int_equal(label_drop(w->mall.writer, &admin, "a", NULL, &err), ST_CONFLICT);
    assert_non_null(strstr(error_text(&err), "'b'"));
    error_clear(&err);
    world_free(w);
}

/* Who may ask what; a frozen segment stays what it was; undo takes a freeze back. */
static void test_saved(void **state)
{
    (void)state;
    struct world *w = world_new(4);
    struct arena *arena = arena_new();
    struct access admin = test_access(ACCESS_ADMIN), analyst = test_access(ACCESS_ANALYST);
    struct access technician = test_access(ACCESS_TECHNICIAN);
    struct segment_answer before, after;
    struct operation_result result;
    const struct saved_segment *found;
    uint32_t people;
    assert_int_equal(segment_run(w->mall.reader, arena, &analyst, "name~\"^N\"", &after, &err),
                     ST_DENIED);
    assert_int_equal(segment_run(w->mall.reader, arena, &technician, "member", &after, &err),
                     ST_DENIED);
    error_clear(&err);
    assert_ok(segment_run(w->mall.reader, arena, &admin, "name~\"^N[12]$\"", &after, &err));
    assert_true(after.count > 0);
    struct segment_save save = {
        .name = "my people", .expression = "tier>=gold", .freeze = true, .base_version = -1};
    assert_ok(segment_run(w->mall.reader, arena, &admin, "tier>=gold", &before, &err));
    assert_ok(segment_save(w->mall.writer, &analyst, &save, &result, &people, &err));
    assert_int_equal(people, before.count);
    test_run(&w->mall, "update member set tier = 'basic'");
    assert_ok(segment_run(w->mall.reader, arena, &admin, "tier>=gold", &after, &err));
    assert_int_equal(after.count, 0);
    assert_ok(segment_run(w->mall.reader, arena, &admin, "segment:\"my people\"", &after, &err));
    assert_int_equal(after.count, before.count);
    save.expression = "tier>=basic";
    assert_ok(segment_save(w->mall.writer, &analyst, &save, &result, &people, &err));
    assert_true(people > before.count);
    assert_ok(operation_undo(w->mall.writer, result.id, "x", admin.rights, NULL, &err));
    assert_ok(saved_segment_find(w->mall.reader, arena, "my people", &found, &err));
    assert_int_equal(found->people, before.count);
    assert_string_equal(found->expression, "tier>=gold");
    arena_free(arena);
    world_free(w);
}

/* A year are 365 mall days, the present's the last of them. */
static void test_a_year(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    struct arena *arena = arena_new();
    struct segment_answer answer;
    int64_t now = test_time(2026, 3, 20, 12, 0);
    const struct test_event events[] = {
        {.time = now, .person = 1, .kind = "app_open"},
        {.time = now - 364 * (int64_t)WORLD_DAY, .person = 1, .kind = "purchase", .amount = 1},
        {.time = now - 365 * (int64_t)WORLD_DAY, .person = 2, .kind = "purchase", .amount = 1}};
    test_events_add(&t, events, 3);
    test_run(&t, "update counter set value = 2 where name = 'person'");
    assert_ok(segment_run(t.reader, arena, NULL, "anyone and bought(1y)", &answer, &err));
    assert_int_equal(answer.count, 1);
    assert_true(set_has(answer.people, 1));
    arena_free(arena);
    temp_mall_free(&t);
}

/* What sets two apart: every tier and sex there is, with as many people as the language finds. */
static void test_compared(void **state)
{
    (void)state;
    static const char *const a = "member and bought(ever)", *const b = "member";
    struct access admin = test_access(ACCESS_ADMIN);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct world *w = world_new(seed);
        struct arena *arena = arena_new();
        struct segment_comparison comparison;
        struct segment_answer answer;
        uint32_t told = 0, known;
        assert_ok(segment_compare(w->mall.reader, arena, &admin, a, b, &comparison, &err));
        for (size_t i = 0; i < comparison.n_traits; i++) {
            const struct segment_trait *trait = &comparison.traits[i];
            if (strcmp(trait->kind, "tier") != 0 && strcmp(trait->kind, "gender") != 0)
                continue;
            const char *text = arena_printf(arena, "%s and %s=%s", a, trait->kind, trait->name);
            assert_ok(segment_run(w->mall.reader, arena, &admin, text, &answer, &err));
            assert_int_equal(trait->n_a, answer.count);
            text = arena_printf(arena, "%s and %s=%s", b, trait->kind, trait->name);
            assert_ok(segment_run(w->mall.reader, arena, &admin, text, &answer, &err));
            assert_int_equal(trait->n_b, answer.count);
            told += answer.count;
        }
        assert_ok(segment_run(w->mall.reader, arena, &admin, "not tier=\"\"", &answer, &err));
        known = answer.count;
        assert_ok(segment_run(w->mall.reader, arena, &admin, "not gender=\"\"", &answer, &err));
        assert_int_equal(told, known + answer.count);
        arena_free(arena);
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_expressions),
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_rows_of_bounds),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_circles),
        cmocka_unit_test(test_saved),
        cmocka_unit_test(test_a_year),
        cmocka_unit_test(test_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
