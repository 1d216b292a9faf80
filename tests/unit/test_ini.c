/* Texts laid over one another, against a plain reference on many random texts; words in braces;
 * what is refused. */
#include "model/fleet/ini.h"

#include "model/base/hash.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { ROUNDS = 3000, SECTIONS = 4, KEYS = 5, LINES = 14 };

/* What a text says: the value of each key, 0: none. The first one of several counts in a text
 * below, the last in one above; a text that was laid over has each once, but for those nobody
 * touched. */
struct said {
    int value[SECTIONS][KEYS];
};

struct dice {
    uint64_t seed;
};

static unsigned roll(struct dice *dice, unsigned n)
{
    return (unsigned)(hash_mix(dice->seed++) % n);
}

static const char *const names[SECTIONS] = {"", "a", "screen", "b c"};

/* A random text; *said as the last, or the first, of each key says. */
static const char *text_make(struct arena *arena, struct dice *dice, bool last, struct said *said)
{
    const char *text = "";
    unsigned section = 0, lines = roll(dice, LINES);
    memset(said, 0, sizeof *said);
    for (unsigned i = 0; i < lines; i++) {
        unsigned what = roll(dice, 8), key = roll(dice, KEYS), value = 1 + roll(dice, 9);
        if (what == 0) {
            section = 1 + roll(dice, SECTIONS - 1);
            text = arena_printf(arena, "%s[%s]\n", text, names[section]);
        } else if (what == 1) {
            text = arena_printf(arena, "%s# k%u=7\n", text, key);
        } else if (what == 2) {
            text = arena_printf(arena, "%s\n", text);
        } else {
            text = arena_printf(arena, what == 3 ? "%s  k%u =  %u \n" : "%sk%u=%u\n", text, key,
                                value);
            if (last || !said->value[section][key])
                said->value[section][key] = (int)value;
        }
    }
    return text;
}

/* Reads it in a way of its own. */
static void text_read(const char *text, struct said *said)
{
    int section = 0;
    memset(said, 0, sizeof *said);
    while (*text) {
        char line[256];
        size_t n = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)n, text);
        text += n + (text[n] == '\n');
        int key, value;
        if (line[0] == '[')
            for (int i = 1; i < SECTIONS; i++)
                if (strncmp(line + 1, names[i], strlen(names[i])) == 0 &&
                    line[1 + strlen(names[i])] == ']')
                    section = i;
        if (sscanf(line, " k%d = %d", &key, &value) == 2 && !said->value[section][key])
            said->value[section][key] = value;
    }
}

static void test_overlay(void **state)
{
    struct dice dice = {1};
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct arena *arena = arena_new();
        struct error err = {0};
        struct said below, above, found;
        const char *base = text_make(arena, &dice, false, &below);
        const char *over = text_make(arena, &dice, true, &above);
        const char *laid = ini_overlay(arena, base, over);
        assert_ok(ini_check(laid, &err));
        text_read(laid, &found);
        for (int s = 0; s < SECTIONS; s++)
            for (int k = 0; k < KEYS; k++) {
                int wanted = above.value[s][k] ? above.value[s][k] : below.value[s][k];
                if (found.value[s][k] != wanted)
                    fail_msg("round %d, [%s] k%d: %d and not %d in\n%s--- over\n%s--- is\n%s",
                             round, names[s], k, found.value[s][k], wanted, base, over, laid);
            }
        /* Once more changes nothing, and nothing laid over it either. */
        assert_string_equal(ini_overlay(arena, laid, over), laid);
        assert_string_equal(ini_overlay(arena, base, "# nothing\n"), base);
        arena_free(arena);
    }
}

static void test_lines_stay(void **state)
{
    struct arena *arena = arena_new();
    (void)state;
    assert_string_equal(ini_overlay(arena, "# one\na=1\n\n[s]\n; two\nb = 2\n\n[t]\nc=3\n",
                                    "a = 9\n[s]\nd=4\n[new]\ne=5\n"),
                        "# one\na = 9\n\n[s]\n; two\nb = 2\nd=4\n\n[t]\nc=3\n\n[new]\ne=5\n");
    assert_string_equal(ini_overlay(arena, "[s]\nb=2", "a=1\n"), "a=1\n[s]\nb=2\n");
    assert_string_equal(ini_overlay(arena, "", "[s]\nb=2"), "[s]\nb=2\n");
    assert_string_equal(ini_overlay(arena, "a=1\na=2\n", "a=3\n"), "a=3\n");
    arena_free(arena);
}

static void test_refused(void **state)
{
    static const char *const bad[] = {"no key\n", "a=1\n{\"b\": 2}\n", "[open\n", "[]\n", "= 1\n"};
    struct error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(ini_check(bad[i], &err), ST_REFUSED);
    assert_ok(ini_check("", &err));
    assert_ok(ini_check("# a\r\n\r\n[s]\r\nb=\r\n", &err));
    assert_int_equal(ini_check("a=1\nb\n", &err), ST_REFUSED);
    assert_non_null(strstr(error_text(&err), "line 2"));
    error_clear(&err);
}

static void test_words(void **state)
{
    static const struct ini_word words[] = {{"device", "P1{floor}"}, {"floor", "2"}, {"shop", ""}};
    struct arena *arena = arena_new();
    struct error err = {0};
    (void)state;
    assert_string_equal(
        ini_words_fill(arena, "{device} {floor}{shop} {x1} {} {Floor} {floor", words, 3),
        "P1{floor} 2 {x1} {} {Floor} {floor");
    assert_true(ini_has_words("a {b}"));
    assert_false(ini_has_words("{} {A} { b}"));
    assert_ok(ini_words_check("{floor} {\"json\": {}}", words, 3, &err));
    assert_int_equal(ini_words_check("a\n{flor}", words, 3, &err), ST_REFUSED);
    assert_non_null(strstr(error_text(&err), "line 2: found '{flor}'"));
    error_clear(&err);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overlay),
        cmocka_unit_test(test_lines_stay),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
