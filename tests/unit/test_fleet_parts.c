/* Parts of the fleet that need no device: cleaning, expressions over rows, versions. */
#include "model/base/text.h"
#include "model/fleet/clean.h"
#include "model/fleet/select.h"
#include "model/question/filter.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

static void clean_is(const char *bytes, size_t n, bool lines, const char *expected)
{
    struct arena *arena = arena_new();
    bool cut;
    assert_string_equal(device_clean(arena, bytes, n, 1000, lines, &cut), expected);
    assert_false(cut);
    arena_free(arena);
}

#define CLEAN(bytes, lines, expected) clean_is(bytes, sizeof(bytes) - 1, lines, expected)

static void test_what_a_terminal_would_obey_is_replaced(void **state)
{
    (void)state;
    CLEAN("plain text", false, "plain text");
    CLEAN("\xE6\xB5\xB7\xE5\xBA\x95", false, "\xE6\xB5\xB7\xE5\xBA\x95");
    CLEAN("a\x1B]0;title\x07z", false, "a\xEF\xBF\xBD]0;title\xEF\xBF\xBDz");
    CLEAN("a\x1B[2Jz", false, "a\xEF\xBF\xBD[2Jz");
    CLEAN("a\xC2\x9B"
          "2Jz",
          false,
          "a\xEF\xBF\xBD"
          "2Jz"); /* C1 as UTF-8 */
    CLEAN("a\x9B"
          "2Jz",
          false,
          "a\xEF\xBF\xBD"
          "2Jz");                                     /* C1 as a byte */
    CLEAN("a\xE2\x80\xAEz", false, "a\xEF\xBF\xBDz"); /* right to left */
    CLEAN("a\0z", false, "a\xEF\xBF\xBDz");
    CLEAN("one\ntwo\tthree\r\nfour\rfive", true,
          "one\ntwo\tthree\nfour\xEF\xBF\xBD"
          "five");
    CLEAN("one\ntwo", false, "one\xEF\xBF\xBDtwo");
    CLEAN("\xED\xA0\x80", false, "\xEF\xBF\xBD");     /* half of a pair */
    CLEAN("\xF4\x90\x80\x80", false, "\xEF\xBF\xBD"); /* past the last */
    CLEAN("\x1B\x1B\x1B", false, "\xEF\xBF\xBD");
}

static void test_random_bytes_come_out_valid_and_bounded(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct arena *arena = arena_new();
    for (int round = 0; round < 20000; round++) {
        char bytes[64];
        size_t n = (size_t)round % sizeof bytes, most = (size_t)round % 40;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            bytes[i] = (char)(seed >> (seed >> 61 ? 56 : 59));
        }
        bool cut;
        char *text = device_clean(arena, bytes, n, most, false, &cut);
        assert_true(strlen(text) <= most);
        assert_true(text_valid(text, strlen(text)));
        assert_null(strpbrk(text, "\t\n\x1B"));
        arena_reset(arena);
    }
    arena_free(arena);
}

static void test_versions_compare_by_their_numbers(void **state)
{
    (void)state;
    static const char *const rising[] = {"",     "1",   "1.0",     "1.2",     "1.2.9", "1.2.10",
                                         "1.10", "2.0", "2.4-rc1", "2.4-rc2", "10.1"};
    for (size_t i = 0; i < sizeof rising / sizeof *rising; i++)
        for (size_t j = 0; j < sizeof rising / sizeof *rising; j++) {
            int order = version_compare(rising[i], rising[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    assert_int_equal(version_compare("1.02", "1.2"), 0);
}

static bool selects(const char *text, const struct device *device)
{
    struct device_select *select;
    struct error err = {0};
    bool selected;
    assert_int_equal(device_select_new(text, &select, &err), ST_OK);
    assert_int_equal(device_selected(select, device, 1000000, &selected, &err), ST_OK);
    device_select_free(select);
    return selected;
}

static const struct device till = {
    .code = "P2-0147",
    .kind = "pos",
    .host = "10.2.0.147",
    .user = "",
    .model = "Sunmi T2",
    .floor = "2",
    .pin = "SHA256:x",
    .quarantine = "",
    .note = "",
    .tenant = "T012",
    .shop = "Uniqlo",
    .zone = "Z2",
    .port = 22,
    .state = DEVICE_OK,
    .phase = "",
    .reason = "",
    .app = "2.3.10",
    .config = "ab12",
    .offered = "",
    .seen = 999400,
    .clock_ms = -2500,
    .load = 35,
    .disk = 41,
    .spool = -1,
};

static void test_expressions_select_devices(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool selected;
    } cases[] = {
        {"", true},
        {"kind=pos and floor=2 and version<2.4", true},
        {"kind=pos and version<2.3.9", false},
        {"pos", true},
        {"P2-0147", true},
        {"p2-0148", false},
        {"not probe", true},
        {"state in (failed, offline)", false},
        {"state not in (failed, offline)", true},
        {"shop~\"^uni\"", true},
        {"shop!~uni", false},
        {"age>9m and age<11m", true},
        {"load>0.3 and load<=0.35", true},
        {"disk>=42", false},
        {"clock>=2s", true},
        {"spool>0", false}, /* unknown */
        {"spool!=0", true},
        {"pinned and not quarantined", true},
        {"pinned=no", false},
        {"(probe or pos) and not (floor=3 or floor=4)", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (selects(cases[i].text, &till) != cases[i].selected)
            fail_msg("%s", cases[i].text);
}

static void test_what_cannot_be_read_points_at_the_word(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place, *word;
    } cases[] = {
        {"kind=", "1:6", "a value"},          {"flor=2", "1:1", "did you mean floor"},
        {"disk=full", "1:6", "whole number"}, {"age>soon", "1:5", "a duration"},
        {"kind<pos", "1:5", "=, !=, ~"},      {"(pos", "1:5", "')'"},
        {"pos and", "1:8", "a field"},        {"shop~\"(\"", "1:6", ""},
        {"pinned=maybe", "1:8", "yes or no"}, {"pos probe", "1:5", "the end"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct device_select *select;
        struct error err = {0};
        assert_int_equal(device_select_new(cases[i].text, &select, &err), ST_USAGE);
        assert_null(select);
        if (!strstr(error_text(&err), cases[i].place) || !strstr(error_text(&err), cases[i].word))
            fail_msg("%s: %s", cases[i].text, error_text(&err));
        error_clear(&err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_terminal_would_obey_is_replaced),
        cmocka_unit_test(test_random_bytes_come_out_valid_and_bounded),
        cmocka_unit_test(test_versions_compare_by_their_numbers),
        cmocka_unit_test(test_expressions_select_devices),
        cmocka_unit_test(test_what_cannot_be_read_points_at_the_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
