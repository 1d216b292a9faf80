/* Text: UTF-8, quoting, numbers, amounts, durations, addresses. */
#include "model/base/text.h"

#include "model/base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(list) (sizeof(list) / sizeof *(list))

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void test_runes(void **state)
{
    (void)state;
    /* Every code point survives; surrogates and what is beyond are refused. */
    for (uint32_t rune = 1; rune < 0x120000; rune += rune < 0x3000 ? 1 : 37) {
        char bytes[4];
        uint32_t back;
        size_t n = text_put_rune(rune, bytes);
        size_t m = text_rune(bytes, n, &back);
        bool good = rune <= 0x10FFFF && (rune < 0xD800 || rune > 0xDFFF);
        assert_int_equal(back, good ? rune : 0xFFFD);
        assert_int_equal(m, good ? n : 1);
    }
    static const char *const bad[] = {"\xc0\x80",
                                      "\xe0\x80\x80",
                                      "\xf0\x80\x80\x80",
                                      "\x80",
                                      "\xc3",
                                      "\xe4\xb8",
                                      "\xff",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xe4\x28\x80",
                                      "\xf8\x88\x80\x80",
                                      "\xc3("};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        uint32_t rune;
        assert_int_equal(text_rune(bad[i], strlen(bad[i]), &rune), 1);
        assert_int_equal(rune, 0xFFFD);
        assert_false(text_valid(bad[i], strlen(bad[i])));
    }
}

static void test_valid(void **state)
{
    (void)state;
    assert_true(text_valid("", 0));
    assert_true(text_valid("朝阳 Joy\tCity é", strlen("朝阳 Joy\tCity é")));
    assert_false(text_valid("a\0b", 3));
    assert_false(text_valid("a\nb", 3));
    assert_false(text_valid("\x1b[2J", 4));
    assert_false(text_valid("\x7f", 1));
    assert_false(text_valid("\xc2\x85", 2)); /* U+0085 */
    assert_true(text_valid("\xc2\xa0", 2));
}

static void test_quote(void **state)
{
    (void)state;
    assert_string_equal(text_quote(arena, "plain", 5), "'plain'");
    assert_string_equal(text_quote(arena, "a\x1b[31m\n\xff\0z", 9), "'a\\x1b[31m\\x0a\\xff\\x00'");
    assert_string_equal(text_quote(arena, "店", 3), "'店'");
    assert_string_equal(text_quote(arena, "", 0), "''");
    assert_string_equal(text_sentence(arena, "a\x1b[31m\n\xff\0z", 9), "a\\x1b[31m\\x0a\\xff\\x00");
    assert_string_equal(text_sentence(arena, "", 0), "");
    char wide[400];
    for (int i = 0; i < 100; i++)
        memcpy(wide + 3 * i, "店", 3);
    char *cut = text_quote(arena, wide, 300);
    assert_int_equal(strlen(cut), 60 * 3 + 3 + 2);
    assert_string_equal(cut + 180 + 1, "…'");
    /* No bytes at all may come out that could move a cursor or break a line. */
    for (uint64_t seed = 0; seed < 2000; seed++) {
        char noise[97];
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (char)hash_mix(seed * 1000 + i);
        char *quoted = text_quote(arena, noise, sizeof noise);
        assert_true(text_valid(quoted, strlen(quoted)));
        arena_reset(arena);
    }
}

static void test_integers(void **state)
{
    (void)state;
    int64_t v;
    assert_true(text_to_int64("9223372036854775807", 19, &v) && v == INT64_MAX);
    assert_true(text_to_int64("-9223372036854775808", 20, &v) && v == INT64_MIN);
    assert_true(text_to_int64("+7", 2, &v) && v == 7);
    assert_true(text_to_int64("007", 3, &v) && v == 7);
    static const char *const bad[] = {
        "", "-", "+", " 1", "1 ", "1.0", "0x1", "1e3", "9223372036854775808", "--1", "一"};
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_false(text_to_int64(bad[i], strlen(bad[i]), &v));
    assert_false(text_to_int64("1\0", 2, &v));
    double d;
    assert_true(text_to_double("-1.5e2", 6, &d) && d == -150);
    static const char *const no[] = {"", "nan", "inf", "1,5", " 1", "1 ", "0x1p3", "1e999", "."};
    for (size_t i = 0; i < LENGTH(no); i++)
        assert_false(text_to_double(no[i], strlen(no[i]), &d));
}

static void test_amounts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t fen;
    } good[] = {{"12", 1200},      {"12.3", 1230},
                {"-12.34", -1234}, {"0.05", 5},
                {".5", 50},        {"5.", 500},
                {"12.3400", 1234}, {"-0.01", -1},
                {"+3", 300},       {"92233720368547758.07", INT64_MAX}};
    for (size_t i = 0; i < LENGTH(good); i++) {
        int64_t fen = 0;
        if (!text_to_fen(good[i].text, strlen(good[i].text), &fen) || fen != good[i].fen)
            fail_msg("%s gave %lld", good[i].text, (long long)fen);
    }
    static const char *const bad[] = {
        "", ".", "-", "1.234", "1,00", "¥1", "1 ", "1e2", "1..2", "92233720368547758.08", "--1"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        int64_t fen;
        if (text_to_fen(bad[i], strlen(bad[i]), &fen))
            fail_msg("'%s' was taken", bad[i]);
    }
    assert_string_equal(text_from_fen(arena, 123450), "1234.50");
    assert_string_equal(text_from_fen(arena, 123400), "1234");
    assert_string_equal(text_from_fen(arena, -5), "-0.05");
    assert_string_equal(text_from_fen(arena, INT64_MIN), "-92233720368547758.08");
    assert_string_equal(text_money(arena, 123456789), "1,234,567.89");
    assert_string_equal(text_money(arena, -5), "-0.05");
    assert_string_equal(text_count(arena, 1284930), "1,284,930");
    assert_string_equal(text_count(arena, 0), "0");
    assert_string_equal(text_count(arena, -999), "-999");
    assert_string_equal(text_count(arena, INT64_MIN), "-9,223,372,036,854,775,808");
    for (uint64_t seed = 0; seed < 5000; seed++) {
        int64_t fen = (int64_t)hash_mix(seed) >> (seed % 60), back;
        char *text = text_from_fen(arena, fen);
        assert_true(text_to_fen(text, strlen(text), &back));
        assert_int_equal(back, fen);
    }
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } facts[] = {{0, "0 s"},       {41, "41 s"},      {89, "89 s"},     {90, "2 min"},
                 {3480, "58 min"}, {5399, "90 min"},  {5400, "1 h 30"}, {11100, "3 h 05"},
                 {129600, "2 d"},  {1036800, "12 d"}, {-41, "-41 s"}};
    for (size_t i = 0; i < LENGTH(facts); i++)
        assert_string_equal(text_duration(arena, facts[i].seconds), facts[i].text);
    int64_t s;
    assert_true(text_to_duration("30s", &s) && s == 30);
    assert_true(text_to_duration("5m", &s) && s == 300);
    assert_true(text_to_duration("12h", &s) && s == 43200);
    assert_true(text_to_duration("14d", &s) && s == 1209600);
    static const char *const bad[] = {"",    "s",  "5",    "-5m",
                                      "5 m", "5M", "1.5h", "9223372036854775807d"};
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_false(text_to_duration(bad[i], &s));
}

static void test_macs(void **state)
{
    (void)state;
    uint64_t mac;
    assert_true(text_to_mac("aa:bb:cc:dd:ee:ff", 17, &mac) && mac == 0xaabbccddeeff);
    assert_true(text_to_mac("AA-BB-CC-DD-EE-FF", 17, &mac) && mac == 0xaabbccddeeff);
    assert_true(text_to_mac("0123456789ab", 12, &mac) && mac == 0x0123456789ab);
    static const char *const bad[] = {"",
                                      "aa:bb:cc:dd:ee",
                                      "aa:bb:cc:dd:ee:fg",
                                      "aa.bb.cc.dd.ee.ff",
                                      "aabbccddeef",
                                      "d41d8cd98f00b204"};
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_false(text_to_mac(bad[i], strlen(bad[i]), &mac));
    assert_true(mac_is_random(0x02a1b2c3d4e5));
    assert_true(mac_is_random(0xdaa1b2c3d4e5));
    assert_false(mac_is_random(0x001122334455));
}

static void test_words(void **state)
{
    (void)state;
    static const char *const words[] = {"import", "export", "status", "loop"};
    assert_string_equal(text_nearest("improt", words, 4), "import");
    assert_string_equal(text_nearest("stauts", words, 4), "status");
    assert_null(text_nearest("funnel", words, 4));
    assert_true(text_has_word("approved_by approved state", "approved"));
    assert_true(text_has_word("approved_by approved state", "state"));
    assert_false(text_has_word("approved_by restate", "approved"));
    assert_false(text_has_word("approved_by restate", "state"));
    assert_false(text_has_word("", "state") || text_has_word("a  b", ""));
    assert_true(text_equal_nocase("AbC", "aBc"));
    assert_false(text_equal_nocase("abc", "abd"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_runes),   TEST(test_valid),     TEST(test_quote), TEST(test_integers),
        TEST(test_amounts), TEST(test_durations), TEST(test_macs),  TEST(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
