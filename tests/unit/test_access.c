/* Who may do what, and how people are masked. */
#include "model/access/access.h"

#include "tests/support/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static void test_masks(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    assert_string_equal(mask_name(a, "王小明"), "王*");
    assert_string_equal(mask_name(a, "王"), "王*");
    assert_string_equal(mask_name(a, "Wang Fang"), "W***");
    assert_string_equal(mask_name(a, "Édith"), "É***");
    assert_string_equal(mask_name(a, ""), "");
    assert_string_equal(mask_phone(a, "13812341234"), "138****1234");
    assert_string_equal(mask_phone(a, "+8613812341234"), "+86138****1234");
    assert_string_equal(mask_phone(a, "62345678"), "62****78");
    assert_string_equal(mask_phone(a, "110"), "****");
    assert_string_equal(mask_card(a, "C0000789"), "*****789");
    assert_string_equal(mask_card(a, "7890"), "*****0");
    assert_string_equal(mask_card(a, "7"), "*****");
    assert_string_equal(mask_address(a, "A4-83-E7-01-02-03"), "a4:83:**:**:**:**");
    assert_string_equal(mask_address(a, "liu@example.com"), "li****om");
    assert_string_equal(mask_address(a, "wx12345"), "****");
    arena_free(a);
}

static void groups_are(const struct access *access, const int64_t *people, size_t n,
                       const char *expected)
{
    bool hidden[8];
    char text[9] = "";
    small_groups(access, people, n, hidden);
    for (size_t i = 0; i < n; i++)
        text[i] = hidden[i] ? 'x' : '.';
    assert_string_equal(text, expected);
}

/* Nothing that is hidden follows from the total: two groups at least, and enough people in them. */
static void test_small_groups(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct access analyst = test_access(ACCESS_ANALYST), admin = test_access(ACCESS_ADMIN);
    analyst.least_people = 10;
    assert_true(small_group(&analyst, 1));
    assert_true(small_group(&analyst, 9));
    assert_false(small_group(&analyst, 10));
    assert_false(small_group(&analyst, 0));
    assert_false(small_group(&admin, 1));
    groups_are(&analyst, (const int64_t[]){50, 9, 30, 12}, 4, ".x.x");
    groups_are(&analyst, (const int64_t[]){50, 9, 30, 5}, 4, ".x.x");
    groups_are(&analyst, (const int64_t[]){50, 4, 30, 5}, 4, ".xxx");
    groups_are(&analyst, (const int64_t[]){50, 4, 0, 0}, 4, "xx..");
    groups_are(&analyst, (const int64_t[]){50, 10, 0, 90}, 4, "....");
    groups_are(&admin, (const int64_t[]){50, 4, 30, 5}, 4, "....");
    assert_string_equal(small_group_text(&analyst, a, 4), "<10");
    assert_string_equal(small_group_text(&analyst, a, 40), "*");
    assert_int_equal(small_group_cell(&analyst, 4, true, cell_integer(4)).integer, 10);
    assert_int_equal(small_group_cell(&analyst, 44, true, cell_integer(44)).integer, 0);
    assert_int_equal(small_group_cell(&analyst, 44, false, cell_integer(44)).integer, 44);
    assert_int_equal(small_group_check(&analyst, 4, &err), ST_DENIED);
    error_clear(&err);
    assert_ok(small_group_check(&admin, 4, &err));
    arena_free(a);
}

static void test_text_by_role(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct access admin = test_access(ACCESS_ADMIN), manager = test_access(ACCESS_MANAGER);
    struct access analyst = test_access(ACCESS_ANALYST);
    struct access technician = test_access(ACCESS_TECHNICIAN);
    assert_string_equal(access_text(&admin, a, PERSONAL_NAME, 5, "王小明"), "王小明");
    assert_string_equal(access_text(&manager, a, PERSONAL_NAME, 5, "王小明"), "王*");
    manager.revealed = 5;
    assert_string_equal(access_text(&manager, a, PERSONAL_NAME, 5, "王小明"), "王小明");
    assert_string_equal(access_text(&manager, a, PERSONAL_NAME, 6, "王小明"), "王*");
    access_conceal(&manager);
    assert_string_equal(access_text(&manager, a, PERSONAL_NAME, 5, "王小明"), "王*");
    assert_null(access_text(&analyst, a, PERSONAL_NAME, 5, "王小明"));
    assert_null(access_text(&analyst, a, PERSONAL_PHONE, 5, "138"));
    char pseudonym[PSEUDONYM_SIZE];
    pseudonym_write(analyst.key, 5, pseudonym);
    assert_string_equal(access_text(&analyst, a, PERSONAL_CARD, 5, "C5"), pseudonym);
    for (int what = PERSONAL_NAME; what <= PERSONAL_ADDRESS; what++)
        assert_null(access_text(&technician, a, (enum personal)what, 5, "C5"));
    arena_free(a);
}

static void test_pseudonyms(void **state)
{
    (void)state;
    const uint64_t key[2] = {1, 2}, other[2] = {1, 3};
    char text[PSEUDONYM_SIZE], again[PSEUDONYM_SIZE];
    uint32_t back, same = 0;
    bool *seen = calloc(1 << 16, 1);
    for (uint32_t person = 0; person < 70000; person++) {
        pseudonym_write(key, person, text);
        assert_int_equal(strlen(text), PSEUDONYM_SIZE - 1);
        assert_true(pseudonym_read(key, text, &back));
        assert_int_equal(back, person);
        pseudonym_write(other, person, again);
        same += strcmp(text, again) == 0;
    }
    assert_int_equal(same, 0);
    /* Neighbours are not neighbours any more. */
    for (uint32_t person = 0; person < 1000; person++) {
        pseudonym_write(key, person, text);
        seen[pseudonym_number(text) >> 16] = true;
    }
    size_t spread = 0;
    for (size_t i = 0; i < 1 << 16; i++)
        spread += seen[i];
    assert_true(spread > 950);
    free(seen);
    assert_false(pseudonym_read(key, "P-000000", &back));
    assert_false(pseudonym_read(key, "P-0000U00", &back));
    assert_false(pseudonym_read(key, "P-ZZZZZZZ", &back)); /* more than 32 bits */
    assert_false(pseudonym_read(key, "C0000001", &back));
}

static void test_lookup(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    struct access access;
    char *login = access_login();
    assert_ok(access_lookup(t.reader, login, &access, &err));
    assert_int_equal(access.role, ACCESS_ADMIN);
    assert_int_equal(access.mask, MASK_NONE);
    assert_int_equal(access_lookup(t.reader, "liu", &access, &err), ST_DENIED);
    assert_non_null(strstr(error_text(&err), "liu"));
    assert_int_equal(access.rights, 0);
    assert_int_equal(access.mask, MASK_PEOPLE);
    error_clear(&err);
    test_run(&t,
             "insert into principal (name, role) values ('liu', 'operator'), ('ann', 'analyst'),"
             " ('bad', 'king')");
    assert_ok(access_lookup(t.reader, "liu", &access, &err));
    assert_int_equal(access.role, ACCESS_OPERATOR);
    assert_int_equal(access_lookup(t.reader, "bad", &access, &err), ST_DENIED);
    error_clear(&err);
    /* No audit record and no setting: nothing to make pseudonyms from. */
    assert_int_equal(access_lookup(t.reader, "ann", &access, &err), ST_UNUSABLE);
    error_clear(&err);
    test_run(&t, "insert into audit (seq, time, actor, act, hash) values (1, 0, 'x', 'y',"
                 " x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')");
    assert_ok(access_lookup(t.reader, "ann", &access, &err));
    uint64_t key = access.key[0];
    assert_true(key != 0);
    test_run(&t, "insert into setting (name, value) values ('pseudonym_key',"
                 " '000102030405060708090a0b0c0d0e0f')");
    assert_ok(access_lookup(t.reader, "ann", &access, &err));
    /* Of the setting, by role: what an administrator looks up is an analyst's word. */
    assert_true(access.key[0] != key && access.key[0] != 0x0001020304050607u);
    key = access.key[0];
    assert_ok(access_lookup(t.reader, "liu", &access, &err));
    assert_true(access.key[0] == key);
    free(login);
    temp_mall_free(&t);
}

static void test_require(void **state)
{
    (void)state;
    struct access technician = test_access(ACCESS_TECHNICIAN);
    assert_int_equal(access_require(&technician, RIGHT_PEOPLE_SEE, "see members", &err), ST_DENIED);
    assert_non_null(strstr(error_text(&err), "see members"));
    assert_non_null(strstr(error_text(&err), "operator"));
    error_clear(&err);
    assert_ok(access_require(&technician, RIGHT_DEVICES, "see devices", &err));
}

static void test_reveal(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    const struct test_member people[] = {{1, "C1", "王小明", "13812341234", "", "", 0}};
    test_members_add(&t, people, 1);
    struct access manager = test_access(ACCESS_MANAGER), operator= test_access(ACCESS_OPERATOR);
    int64_t records;
    const char *count = "select count(*) from audit where act = 'reveal' and target = 'C1'"
                        " and actor = 'test-manager'";
    assert_int_equal(access_reveal(&operator, t.writer, 1, "a complaint", &err), ST_DENIED);
    error_clear(&err);
    assert_int_equal(access_reveal(&manager, t.writer, 1, "", &err), ST_REFUSED);
    error_clear(&err);
    assert_int_equal(access_reveal(&manager, t.writer, 2, "a complaint", &err), ST_REFUSED);
    error_clear(&err);
    assert_int_equal(manager.revealed, 0);
    assert_ok(reader_integer(t.reader, count, -1, &records, &err));
    assert_int_equal(records, 0);
    assert_ok(access_reveal(&manager, t.writer, 1, "a complaint", &err));
    assert_int_equal(manager.revealed, 1);
    assert_ok(reader_integer(t.reader, count, -1, &records, &err));
    assert_int_equal(records, 1);
    temp_mall_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_masks),        cmocka_unit_test(test_small_groups),
        cmocka_unit_test(test_text_by_role), cmocka_unit_test(test_pseudonyms),
        cmocka_unit_test(test_lookup),       cmocka_unit_test(test_require),
        cmocka_unit_test(test_reveal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
