/* What messages say: templates, and how an SMS of them counts. */
#include "model/campaign/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_template(void **state)
{
    struct arena *arena = arena_new();
    const char *problem, *values[TEMPLATE_FIELDS] = {0};
    (void)state;
    values[TEMPLATE_NAME] = "A\x1b[2J\nB\xff";
    values[TEMPLATE_POINTS] = "1,250";
    const struct template *t = template_read(
        arena, "{{{name}}} has {points|no} points at {shop|the mall} {tier}", &problem);
    assert_non_null(t);
    assert_string_equal(template_fill(arena, t, values), "{A [2J B } has 1,250 points at the mall");
    assert_true(template_uses(t) >> TEMPLATE_SHOP & 1);
    static const char *const wrong[] = {"{nme}", "{name", "a } b", "{}", "{|x}", "{name }"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_null(template_read(arena, wrong[i], &problem));
        assert_non_null(strstr(problem, "character"));
    }
    /* A name never writes over anything, and is never longer than it may be. */
    char *longest = arena_alloc(arena, 4001);
    memset(longest, 'x', 4000);
    values[TEMPLATE_NAME] = longest;
    t = template_read(arena, "{name}", &problem);
    assert_int_equal(strlen(template_fill(arena, t, values)), TEMPLATE_VALUE_MOST);
    values[TEMPLATE_NAME] = "\xe2\x80\xae evil \xe2\x81\xa6";
    assert_string_equal(template_fill(arena, t, values), " evil");
    arena_free(arena);
}

static struct sms_count count_of(const char *piece, int times, const char *more)
{
    struct arena *arena = arena_new();
    size_t n = strlen(piece);
    char *text = arena_alloc(arena, n * (size_t)times + strlen(more) + 1);
    for (int i = 0; i < times; i++)
        memcpy(text + (size_t)i * n, piece, n);
    memcpy(text + n * (size_t)times, more, strlen(more));
    struct sms_count count = sms_count(text);
    arena_free(arena);
    return count;
}

static void test_sms(void **state)
{
    (void)state;
    assert_int_equal(sms_count("").parts, 0);
    assert_int_equal(count_of("a", 160, "").parts, 1);
    assert_int_equal(count_of("a", 161, "").parts, 2);
    assert_int_equal(count_of("a", 306, "").parts, 2);
    assert_int_equal(count_of("a", 307, "").parts, 3);
    assert_int_equal(count_of("a", 158, "€").parts, 1); /* two septets */
    assert_int_equal(count_of("a", 159, "€").parts, 2);
    /* An escaped pair is not split: 152 and a pair leave one septet free. */
    assert_int_equal(count_of("a", 152, "€").units, 154);
    struct sms_count count = count_of("a", 304, "{");
    assert_int_equal(count.units, 306);
    assert_int_equal(count.parts, 2);
    count = count_of("a", 305, "{");
    assert_int_equal(count.parts, 3);
    assert_false(count_of("é", 10, "Δ").ucs2);
    count = count_of("中", 70, "");
    assert_true(count.ucs2);
    assert_string_equal(count.why, "中");
    assert_int_equal(count.parts, 1);
    assert_int_equal(count.left, 0);
    assert_int_equal(count_of("中", 71, "").parts, 2);
    assert_int_equal(count_of("中", 134, "").parts, 2);
    assert_int_equal(count_of("中", 135, "").parts, 3);
    assert_int_equal(count_of("😀", 35, "").parts, 1);
    assert_int_equal(count_of("😀", 36, "").units, 72);
    assert_int_equal(count_of("😀", 67, "").parts, 3); /* 33 pairs in 67 units */
    assert_true(sms_count("`").ucs2);
    assert_true(sms_count("ç").ucs2);
    assert_false(sms_count("Ç").ucs2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_template), cmocka_unit_test(test_sms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
