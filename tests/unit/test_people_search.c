/* Search by name, card and phone, against a naive look at every row. */
#include "model/people/search.h"

#include "model/base/text.h"
#include "tests/support/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static const struct test_member people[] = {
    {1, "C0000001", "王小明", "13812341234", "gold", "m", 100},
    {2, "C0000002", "王芳", "13900005678", "", "f", 100},
    {3, "C0000003", "李小明", "13712341299", "", "m", 100},
    {4, "A-77-x9", "Anna Wang", "", "", "f", 100},
    {7, "C0000007", "ＪＯＨＮ Ó Brien", "", "", "m", 100},
    {9, "C0000009", "欧阳娜娜", "+86 188-7777-0001", "", "f", 100},
    {300000, "C0300000", "小王", "13812349999", "", "m", 100},
};

static struct search_result find(struct temp_mall *t, struct arena *arena, const char *text)
{
    struct access access = test_access(ACCESS_ADMIN);
    struct search_result result;
    assert_ok(search_people(t->reader, &access, text, 0, arena, &result, &err));
    return result;
}

static void expect(struct temp_mall *t, const char *text, const char *found)
{
    struct arena *arena = arena_new();
    struct search_result result = find(t, arena, text);
    char *got = arena_strdup(arena, "");
    for (size_t i = 0; i < result.n; i++)
        got = arena_printf(arena, "%s%s%u", got, i ? " " : "", result.people[i]);
    if (strcmp(got, found) != 0)
        fail_msg("'%s' found '%s', expected '%s'", text, got, found);
    arena_free(arena);
}

static void expect_all(struct temp_mall *t)
{
    expect(t, "王", "1 2 300000");
    expect(t, "小", "1 3 300000");
    expect(t, "小明", "1 3");
    expect(t, "王小明", "1");
    expect(t, "明小", "");
    expect(t, "娜娜", "9");
    expect(t, "w", "4");
    expect(t, "wang", "4");
    expect(t, "ANNAW", "4");
    expect(t, "n", "");
    expect(t, "john o b", "7");
    expect(t, "ohn", "7");
    expect(t, "C0000002", "2");
    expect(t, "c0000002", "2");
    expect(t, "a77", "");
    expect(t, "a-7", "4");
    expect(t, "A-77", "4");
    expect(t, "7X9", "");
    expect(t, "7-x9", "");
    expect(t, "77x9", "4");
    expect(t, "1234", "1 3 300000");
    expect(t, "138", "1 300000");
    expect(t, "13812341234", "1");
    expect(t, "138-1234-1234", "1");
    expect(t, "8618877770001", "9");
    expect(t, "7777", "9");
    expect(t, "99", "3 300000");
    expect(t, "", "");
    expect(t, "  ", "");
    expect(t, "nobody", "");
}

static void test_found(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    test_members_add(&t, people, sizeof people / sizeof *people);
    expect_all(&t); /* from the tail alone */
    assert_ok(search_build(t.writer, NULL, NULL, &err));
    int64_t left;
    assert_ok(reader_integer(t.reader, "select count(*) from search_tail", -1, &left, &err));
    assert_int_equal(left, 0);
    expect_all(&t); /* from the lists */
    assert_ok(search_build(t.writer, NULL, NULL, &err));
    expect_all(&t); /* from lists that replaced others */
    assert_ok(reader_integer(t.reader,
                             "select count(*) from search_part where (key >> 60) <> (select value"
                             " & 1 from counter where name = 'search')",
                             -1, &left, &err));
    assert_int_equal(left, 0);
    temp_mall_free(&t);
}

static void test_changes(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    test_members_add(&t, people, sizeof people / sizeof *people);
    assert_ok(search_build(t.writer, NULL, NULL, &err));
    test_run(&t, "update member set name = '赵丽', phone = '13055554444' where person = 1");
    test_run(&t, "delete from member where person = 2");
    assert_ok(writer_begin(t.writer, &err));
    assert_ok(search_touch(t.writer, 1, &err));
    assert_ok(writer_commit(t.writer, &err));
    expect(&t, "王", "300000");
    expect(&t, "赵丽", "1");
    expect(&t, "5555", "1");
    expect(&t, "12341234", "");
    test_run(&t, "insert into member (person, card, name) values (300008, 'N8', '王新')");
    expect(&t, "王", "300000 300008");
    test_run(&t, "update member set name = '孙新' where person = 300000");
    test_run(&t,
             "insert into audit (seq, time, actor, act, entity, target, hash) values (9, 0, 'x',"
             " 'set', 'member', 'C0300000', x'00')");
    expect(&t, "孙", "300000");
    expect(&t, "王", "300008");
    assert_ok(search_build(t.writer, NULL, NULL, &err));
    expect(&t, "王", "300008");
    expect(&t, "孙", "300000");
    expect(&t, "赵", "1");
    temp_mall_free(&t);
}

static void test_folded(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    int64_t build;
    const char *builds = "select value from counter where name = 'search'";
    test_members_add(&t, people, sizeof people / sizeof *people);
    assert_ok(search_fold(t.writer, &err)); /* few: nothing to do */
    assert_ok(reader_integer(t.reader, builds, -1, &build, &err));
    assert_int_equal(build, 0);
    test_run(&t, "with recursive n(i) as (select 1000 union all select i + 1 from n where i < 6000)"
                 " insert into member (person, card) select i, 'F' || i from n");
    assert_ok(search_fold(t.writer, &err));
    assert_ok(reader_integer(t.reader, builds, -1, &build, &err));
    assert_int_equal(build, 1);
    expect(&t, "小明", "1 3");
    expect(&t, "F5432", "5432");
    temp_mall_free(&t);
}

static void test_rights(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    test_members_add(&t, people, sizeof people / sizeof *people);
    struct arena *arena = arena_new();
    struct search_result result;
    struct access analyst = test_access(ACCESS_ANALYST);
    char pseudonym[PSEUDONYM_SIZE];
    pseudonym_write(analyst.key, 3, pseudonym);
    assert_ok(search_people(t.reader, &analyst, pseudonym, 0, arena, &result, &err));
    assert_int_equal(result.n, 1);
    assert_int_equal(result.people[0], 3);
    const char *const personal[] = {"王小明", "13812341234", "C0000001", "王", "138"};
    for (size_t i = 0; i < 5; i++) {
        assert_ok(search_people(t.reader, &analyst, personal[i], 0, arena, &result, &err));
        assert_int_equal(result.n, 0);
    }
    struct access technician = test_access(ACCESS_TECHNICIAN);
    assert_int_equal(search_people(t.reader, &technician, "王", 0, arena, &result, &err),
                     ST_DENIED);
    error_clear(&err);
    struct access operator= test_access(ACCESS_OPERATOR);
    assert_ok(search_people(t.reader, &operator, "王", 2, arena, &result, &err));
    assert_int_equal(result.n, 2);
    assert_true(result.more);
    arena_free(arena);
    temp_mall_free(&t);
}

/* ---- Against a look at every row ---- */

static const char *const syllables[] = {"王", "李", "小", "明", "芳", "娜", "an", "na",
                                        "Wa", "ng", " ",  "ó",  "欧", "阳", "b",  "o"};

static char *random_name(struct arena *arena, unsigned *seed)
{
    char *name = arena_strdup(arena, "");
    int n = 1 + rand_r(seed) % 4;
    for (int i = 0; i < n; i++)
        name = arena_printf(arena, "%s%s", name, syllables[rand_r(seed) % 16]);
    return name;
}

static char *digits_of(struct arena *arena, const char *text)
{
    char *out = arena_strdup(arena, text), *to = out;
    for (const char *c = text; *c; c++)
        if (*c >= '0' && *c <= '9')
            *to++ = *c;
    *to = '\0';
    return out;
}

static void test_like_naive(void **state)
{
    (void)state;
    enum { N = 600 };
    struct temp_mall t = temp_mall_new();
    struct arena *arena = arena_new();
    unsigned seed = 7;
    struct test_member members[N];
    for (int i = 0; i < N; i++)
        members[i] = (struct test_member){
            .person = (uint32_t)(1 + i * 1000),
            .card = arena_printf(arena, "%08d", rand_r(&seed) % 1000 * 1000 + i),
            .name = random_name(arena, &seed),
            .phone = i % 3 ? arena_printf(arena, "13%09d", rand_r(&seed) % 1000000000) : ""};
    test_members_add(&t, members, N);
    assert_ok(search_build(t.writer, NULL, NULL, &err));
    for (int round = 0; round < 300; round++) {
        bool by_name = round % 2;
        char *text = by_name ? random_name(arena, &seed)
                             : arena_printf(arena, "%d", rand_r(&seed) % (round % 4 ? 9999 : 99));
        char *folded = search_fold_text(arena, text, strlen(text));
        uint32_t rune;
        bool one_letter =
            by_name && *folded && text_rune(folded, strlen(folded), &rune) == 1 && !folded[1];
        if (one_letter)
            continue; /* the start of a word: tested by hand above */
        struct search_result result = find(&t, arena, text);
        size_t at = 0;
        for (int i = 0; *folded && i < N; i++) {
            char *name = search_fold_text(arena, members[i].name, strlen(members[i].name));
            char *code = digits_of(arena, text);
            bool hit = strstr(name, folded) ||
                       (*code && (strstr(members[i].card, code) || strstr(members[i].phone, code)));
            bool got = at < result.n && result.people[at] == members[i].person;
            if (got != hit)
                fail_msg("'%s': %s/%s/%s %s", text, members[i].name, members[i].card,
                         members[i].phone, got ? "should not be found" : "was not found");
            at += got;
        }
        assert_int_equal(at, result.n);
    }
    arena_free(arena);
    temp_mall_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),      cmocka_unit_test(test_changes),
        cmocka_unit_test(test_folded),     cmocka_unit_test(test_rights),
        cmocka_unit_test(test_like_naive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
