/* Bytes to cells: what is cleaned, how wide it is, where it is cut and broken. */
#include "tui/locale.h"
#include "tui/memory.h"
#include "tui/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void test_cleaned(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        int cells;
    } cases[] = {
        {"", "", 0},
        {"plain", "plain", 5},
        {"王小明", "王小明", 6},
        {"e\xcc\x81t\xcc\x81", "e\xcc\x81t\xcc\x81", 2}, /* combining marks */
        {"\x1b[31mred\x07", "\xef\xbf\xbd[31mred\xef\xbf\xbd", 9},
        {"a\tb\nc",
         "a\xef\xbf\xbd"
         "b\xef\xbf\xbd"
         "c",
         5},
        {"\xc2\x9b"
         "31m",
         "\xef\xbf\xbd"
         "31m",
         4},                                                         /* C1 CSI */
        {"\xff\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 3}, /* overlong */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 3}, /* a surrogate */
        {"\xe4\xb8", "\xef\xbf\xbd\xef\xbf\xbd", 2},                 /* cut short */
        {"\xe2\x80\xae"
         "abc",
         "\xef\xbf\xbd"
         "abc",
         4},                                   /* U+202E */
        {"a\xe2\x81\xa6", "a\xef\xbf\xbd", 2}, /* U+2066 */
        {"a\xe2\x80\x8f", "a\xef\xbf\xbd", 2}, /* U+200F */
        {"a\xe2\x80\x8b", "a\xef\xbf\xbd", 2}, /* U+200B */
        {"\xcc\x81x", " \xcc\x81x", 2},        /* a mark alone */
        {"👨‍👩‍👧!", "👨!", 3},      /* a family */
        {"👍🏽", "👍", 2},                  /* skin tone */
        {"❤️", "❤", 1},                    /* a selector */
        {"🇨🇳", "CN", 2},                       /* a flag */
        {"한", "한", 2},                       /* conjoining jamo */
        {"co\xc2\xadop", "co-op", 5},          /* soft hyphen */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *clean = text_clean(cases[i].from, -1);
        assert_string_equal(clean, cases[i].to);
        assert_int_equal(text_cells(cases[i].from), cases[i].cells);
        char *again = text_clean(clean, -1);
        assert_string_equal(again, clean);
        free(again);
        free(clean);
    }
}

static void test_unsafe(void **state)
{
    (void)state;
    static const int32_t unsafe[] = {0,      0x1B,   0x7F,   0x80,   0x9B,   0x61C,  0x200E, 0x200F,
                                     0x2028, 0x202A, 0x202E, 0x2066, 0x2069, 0xFFF9, -1};
    static const int32_t safe[] = {0x20, 0x7E, 0xA0, 0x200D, 0x2026, 0x4E2D, 0xFFFD, 0x1F468};
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
        assert_true(rune_unsafe(unsafe[i]));
    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
        assert_false(rune_unsafe(safe[i]));
}

static void test_many_marks_stay_one_cell(void **state)
{
    (void)state;
    char text[4001] = "a";
    for (int i = 0; i < 1999; i++)
        memcpy(text + 1 + 2 * i, "\xcc\x81", 2);
    const char *at = text, *end = text + strlen(text);
    struct glyph glyph;
    assert_true(glyph_next(&at, end, &glyph));
    assert_int_equal(glyph.cells, 1);
    assert_int_equal(glyph.n, 5);
    assert_ptr_equal(at, end);
}

static void test_cut(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        int cells;
        const char *to;
    } cases[] = {
        {"王小明", 6, "王小明"}, {"王小明", 5, "王小…"}, {"王小明", 4, "王…"}, {"王小明", 1, "…"},
        {"王小明", 0, ""},       {"abc", 3, "abc"},      {"abcd", 3, "ab…"},   {"", 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *clean = text_clean(cases[i].from, cases[i].cells);
        assert_string_equal(clean, cases[i].to);
        free(clean);
    }
}

static void test_fit(void **state)
{
    (void)state;
    int used;
    assert_int_equal(text_fit("王小明", 5, &used), 6);
    assert_int_equal(used, 4);
    assert_int_equal(text_fit("a王", 2, &used), 1);
    assert_int_equal(used, 1);
    assert_int_equal(text_fit("abc", -1, &used), 0);
}

static void test_wrap(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int cells;
        const char *lines; /* between bars */
    } cases[] = {
        {"", 10, ""},
        {"one two three", 7, "one two|three"},
        {"one two  three ", 8, "one two|three"},
        {"unbreakable", 4, "unbr|eaka|ble"},
        {"a\n\nb", 5, "a||b"},
        {"一二三四五", 4, "一二|三四|五"},
        {"一二三，四", 6, "一二|三，四"},
        {"see 王小明 now", 8, "see 王小|明 now"},
        {"x 一", 2, "x|一"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text_line *lines;
        size_t n = text_wrap(cases[i].text, cases[i].cells, &lines);
        char joined[200] = "";
        for (size_t k = 0; k < n; k++) {
            strncat(joined, k ? "|" : "", 2);
            strncat(joined, cases[i].text + lines[k].from, lines[k].to - lines[k].from);
        }
        free(lines);
        assert_string_equal(joined, cases[i].lines);
    }
}

/* Random bytes: lines never are too wide, nothing is lost but spaces, nothing unsafe comes out. */
static void test_random_bytes(void **state)
{
    (void)state;
    srandom(7);
    for (int round = 0; round < 3000; round++) {
        char text[64];
        size_t n = (size_t)random() % 60;
        for (size_t i = 0; i < n; i++)
            text[i] = (char)(random() % 255 + 1);
        text[n] = '\0';
        char *clean = text_clean(text, -1);
        assert_int_equal(text_cells(clean), text_cells(text));
        int32_t rune;
        const char *end = clean + strlen(clean);
        for (const char *at = clean; at < end; at += rune_next(at, end, &rune)) {
            rune_next(at, end, &rune);
            assert_false(rune_unsafe(rune));
        }
        free(clean);
        int cells = 2 + (int)(random() % 10);
        struct text_line *lines;
        size_t n_lines = text_wrap(text, cells, &lines), before = 0;
        for (size_t k = 0; k < n_lines; k++) {
            char *line = tui_strndup(text + lines[k].from, lines[k].to - lines[k].from);
            assert_true(text_cells(line) <= cells);
            for (; before < lines[k].from; before++)
                assert_true(text[before] == ' ' || text[before] == '\n');
            before = lines[k].to;
            free(line);
        }
        free(lines);
    }
}

int main(void)
{
    locale_start("atrium", NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cleaned),
        cmocka_unit_test(test_unsafe),
        cmocka_unit_test(test_many_marks_stay_one_cell),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
