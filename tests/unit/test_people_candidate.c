/* Who may be one person, by what they paid; and settling, which can be taken back. */
#include "model/people/candidate.h"
#include "tests/support/people.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAYER = 50, OTHER_PAYER };

static struct error err;

static struct temp_mall mall_with_payers(void)
{
    static const struct test_member members[] = {
        {.person = 1, .card = "M1", .name = "a", .phone = "", .tier = "", .gender = "f"},
        {.person = 2, .card = "M2", .name = "b", .phone = "", .tier = "", .gender = "m"},
        {.person = 3, .card = "M3", .name = "c", .phone = "", .tier = "", .gender = "m"}};
    struct temp_mall t = temp_mall_new();
    test_members_add(&t, members, 3);
    test_run(
        &t,
        "insert into contact (kind, value, person) values (5, 'tok-50', 50), (5, 'tok-51', 51)");
    test_run(&t, "update counter set value = 60 where name = 'person'");
    return t;
}

static struct test_event purchase(int day, int minute, uint32_t person, const char *shop,
                                  int64_t amount)
{
    return (struct test_event){.time = test_time(2026, 3, day, 12, minute),
                               .person = person,
                               .kind = "purchase",
                               .tenant = shop,
                               .amount = amount};
}

static struct sheet *candidates(struct temp_mall *t, struct arena *arena, uint32_t person)
{
    struct access access = test_access(ACCESS_ADMIN);
    struct sheet *sheet;
    assert_ok(candidate_list(t->reader, &access, person, 100, arena, &sheet, &err));
    return sheet;
}

static void test_the_same_payments(void **state)
{
    (void)state;
    const struct test_event events[] = {
        /* Three days of member 1 that the payer paid, one of them twice. */
        purchase(1, 0, 1, "T1", 5000),
        purchase(1, 1, PAYER, "T1", 5000),
        purchase(1, 30, 1, "T1", 7000),
        purchase(1, 30, PAYER, "T1", 7000),
        purchase(2, 0, 1, "T2", 6000),
        purchase(2, 2, PAYER, "T2", 6000),
        purchase(3, 0, 1, "T1", 4500),
        purchase(3, 0, PAYER, "T1", 4500),
        /* Member 2: one day; another shop, another money, too late. */
        purchase(4, 0, 2, "T1", 100),
        purchase(4, 0, PAYER, "T1", 100),
        purchase(5, 0, 2, "T2", 200),
        purchase(5, 0, PAYER, "T1", 200),
        purchase(6, 0, 2, "T1", 300),
        purchase(6, 0, PAYER, "T1", 301),
        purchase(7, 0, 2, "T1", 400),
        purchase(7, 3, PAYER, "T1", 400),
        /* Two members bought for the same money: it says nothing of either. */
        purchase(8, 0, 2, "T1", 900),
        purchase(8, 1, 3, "T1", 900),
        purchase(8, 1, PAYER, "T1", 900),
        purchase(9, 0, 2, "T1", 900),
        purchase(9, 1, 3, "T1", 900),
        purchase(9, 1, PAYER, "T1", 900),
        /* The other payer: two days, the least. */
        purchase(10, 0, 3, "T2", 800),
        purchase(10, 0, OTHER_PAYER, "T2", 800),
        purchase(11, 0, 3, "T2", 850),
        purchase(11, 0, OTHER_PAYER, "T2", 850),
    };
    struct temp_mall t = mall_with_payers();
    struct arena *arena = arena_new();
    test_events_add(&t, events, sizeof events / sizeof *events);
    struct sheet *sheet = candidates(&t, arena, 0);
    assert_int_equal(sheet->n_rows, 2);
    const struct cell *row = sheet_row(sheet, 0);
    assert_int_equal(row[CANDIDATE_ONE].integer, 1);
    assert_int_equal(row[CANDIDATE_OTHER].integer, PAYER);
    assert_true(fabs(row[CANDIDATE_CONFIDENCE].real - 0.97 * (1 - 1.0 / 64)) < 1e-12);
    assert_string_equal(row[CANDIDATE_EVIDENCE].text,
                        "the same payments, to the minute, on 3 days");
    row = sheet_row(sheet, 1);
    assert_int_equal(row[CANDIDATE_ONE].integer, 3);
    assert_int_equal(row[CANDIDATE_OTHER].integer, OTHER_PAYER);
    assert_true(fabs(row[CANDIDATE_CONFIDENCE].real - 0.97 * (1 - 1.0 / 16)) < 1e-12);
    assert_int_equal(candidates(&t, arena, 3)->n_rows, 1);
    assert_int_equal(candidates(&t, arena, PAYER)->n_rows, 1);
    assert_int_equal(candidates(&t, arena, 2)->n_rows, 0);
    arena_free(arena);
    temp_mall_free(&t);
}

/* A payment that goes with two members is half as sure of either: a family's. */
static void test_a_shared_payment(void **state)
{
    (void)state;
    struct test_event events[8];
    for (int i = 0; i < 4; i++) {
        events[2 * i] = purchase(1 + i, 0, i < 2 ? 1 : 2, "T1", 1000 + i);
        events[2 * i + 1] = purchase(1 + i, 0, PAYER, "T1", 1000 + i);
    }
    struct temp_mall t = mall_with_payers();
    struct arena *arena = arena_new();
    test_events_add(&t, events, 8);
    struct sheet *sheet = candidates(&t, arena, 0);
    assert_int_equal(sheet->n_rows, 2);
    for (size_t i = 0; i < 2; i++)
        assert_true(fabs(sheet_row(sheet, i)[CANDIDATE_CONFIDENCE].real -
                         0.97 * (1 - 1.0 / 16) / 2) < 1e-12);
    arena_free(arena);
    temp_mall_free(&t);
}

static void test_settled_and_back(void **state)
{
    (void)state;
    const struct test_event events[] = {
        purchase(1, 0, 1, "T1", 5000), purchase(1, 1, PAYER, "T1", 5000),
        purchase(2, 0, 1, "T2", 6000), purchase(2, 2, PAYER, "T2", 6000)};
    struct temp_mall t = mall_with_payers();
    struct access access = test_access(ACCESS_ADMIN), analyst = test_access(ACCESS_ANALYST);
    struct arena *arena = arena_new();
    test_events_add(&t, events, 4);
    const char *key = sheet_row(candidates(&t, arena, 0), 0)[CANDIDATE_KEY].text;
    assert_string_equal(key, "pair:1,50");
    assert_int_equal(conflict_unsettle(t.writer, &access, key, &err), ST_REFUSED);
    assert_int_equal(conflict_settle(t.writer, &access, "pair;1", "they are two", &err),
                     ST_REFUSED);
    assert_int_equal(conflict_settle(t.writer, &access, key, "no", &err), ST_REFUSED);
    assert_ok(conflict_settle(t.writer, &access, key, "they are two", &err));
    assert_int_equal(candidates(&t, arena, 0)->n_rows, 0);
    assert_int_equal(conflict_unsettle(t.writer, &analyst, key, &err), ST_DENIED);
    assert_ok(conflict_unsettle(t.writer, &access, key, &err));
    assert_int_equal(candidates(&t, arena, 0)->n_rows, 1);
    arena_free(arena);
    temp_mall_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_payments),
        cmocka_unit_test(test_a_shared_payment),
        cmocka_unit_test(test_settled_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
