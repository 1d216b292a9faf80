/* Keys and their names, the keys in force, and how names are found. */
#include "tui/action.h"
#include "tui/keysline.h"
#include "tui/locale.h"
#include "tui/palette.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

enum { OPEN, BACK, QUIT, FILTER, UP, DOWN, LIST_DOWN, MARK };

static const struct action actions[] = {
    {OPEN, "member-open", "members", "Enter l", ACTION_LINE, "open"},
    {BACK, "back", "", "Esc", ACTION_LINE, "back"},
    {QUIT, "quit", "", "q Ctrl-q", 0, "leave"},
    {FILTER, "filter", "members", "/", ACTION_LINE, "filter"},
    {UP, "up", "", "Up k", ACTION_HIDDEN, "up"},
    {DOWN, "down", "", "Down j", ACTION_HIDDEN, "down"},
    {LIST_DOWN, "down", "members", "Down j", ACTION_HIDDEN, "down the list"},
    {MARK, "mark", "members", "Space", 0, "mark"},
};
enum { N = sizeof actions / sizeof *actions };
static const char *const members[] = {"members"};

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t key;
        const char *shown;
    } cases[] = {
        {"q", 'q', "q"},
        {"Q", 'Q', "Q"},
        {"ctrl-R", KEYS_CTRL | 'r', "Ctrl-r"},
        {"Ctrl-i", KEYS_TAB, "Tab"},
        {"Ctrl-m", KEYS_ENTER, "Enter"},
        {"pgdn", KEYS_PAGE_DOWN, "PgDn"},
        {"PageDown", KEYS_PAGE_DOWN, "PgDn"},
        {"Space", ' ', "Space"},
        {"Ctrl-Space", KEYS_CTRL | ' ', "Ctrl-Space"},
        {"-", '-', "-"},
        {"Ctrl--", KEYS_CTRL | '-', "Ctrl--"},
        {"Alt-Ctrl-Left", KEYS_ALT | KEYS_CTRL | KEYS_LEFT, "Ctrl-Alt-Left"},
        {"中", 0x4E2D, "中"},
        {"", 0, NULL},
        {"Ctrl-", 0, NULL},
        {"Foo", 0, NULL},
        {"ab", 0, NULL},
        {"\xff", 0, NULL},
        {"\x1b", 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[32];
        assert_int_equal(key_by_name(cases[i].name), cases[i].key);
        if (cases[i].key)
            assert_string_equal(key_name(cases[i].key, name), cases[i].shown);
    }
}

static void test_every_key_has_a_name_that_reads_back(void **state)
{
    (void)state;
    static const uint32_t modifiers[] = {0, KEYS_CTRL, KEYS_ALT, KEYS_CTRL | KEYS_ALT};
    char name[32];
    for (size_t m = 0; m < 4; m++) {
        for (uint32_t key = KEYS_BASE + 1; key < KEYS_END_OF_KEYS; key++)
            assert_int_equal(key_by_name(key_name(key | modifiers[m], name)), key | modifiers[m]);
        for (uint32_t key = 'n'; key <= 'z'; key++)
            assert_int_equal(key_by_name(key_name(key | modifiers[m], name)), key | modifiers[m]);
    }
}

static void test_find(void **state)
{
    (void)state;
    struct keymap *keymap = keymap_new(actions, N);
    assert_int_equal(keymap_find(keymap, 'j', members, 1)->id, LIST_DOWN);
    assert_int_equal(keymap_find(keymap, 'j', NULL, 0)->id, DOWN);
    assert_int_equal(keymap_find(keymap, 'k', members, 1)->id, UP);
    assert_int_equal(keymap_find(keymap, 'l', members, 1)->id, OPEN);
    assert_null(keymap_find(keymap, 'l', NULL, 0));
    assert_null(keymap_find(keymap, 'x', members, 1));
    assert_string_equal(keymap_keys(keymap, QUIT), "q Ctrl-q");
    assert_int_equal(keymap_first_key(keymap, OPEN), KEYS_ENTER);
    assert_ptr_equal(keymap_action(keymap, "down", members, 1), &actions[LIST_DOWN]);
    assert_null(keymap_action(keymap, "mark", NULL, 0));
    const char *const *sentences;
    assert_int_equal(keymap_conflicts(keymap, &sentences), 0);
    keymap_free(keymap);
}

static void test_bind(void **state)
{
    (void)state;
    struct keymap *keymap = keymap_new(actions, N);
    assert_null(keymap_bind(keymap, "quit", "F10 x"));
    assert_int_equal(keymap_find(keymap, KEYS_F10, members, 1)->id, QUIT);
    assert_null(keymap_find(keymap, 'q', members, 1));
    assert_string_equal(keymap_keys(keymap, QUIT), "F10 x");
    assert_null(keymap_bind(keymap, "mark", ""));
    assert_string_equal(keymap_keys(keymap, MARK), "");
    assert_null(keymap_bind(keymap, "down", "n")); /* in both scopes */
    assert_int_equal(keymap_find(keymap, 'n', members, 1)->id, LIST_DOWN);
    assert_null(keymap_bind(keymap, "members.down", "m"));
    assert_int_equal(keymap_find(keymap, 'n', members, 1)->id, DOWN);
    assert_null(keymap_bind(keymap, "filter", "x")); /* another scope than quit's x */

    assert_non_null(strstr(keymap_bind(keymap, "nothing", "x"), "'nothing'"));
    assert_non_null(strstr(keymap_bind(keymap, "quit", "Ctrl-"), "'Ctrl-' for quit is not a key"));
    assert_non_null(strstr(keymap_bind(keymap, "quit", "z Esc"), "Esc is already the key of back"));
    assert_non_null(strstr(keymap_bind(keymap, "a\x1b[2J", ""), "a\xef\xbf\xbd[2J"));
    assert_string_equal(keymap_keys(keymap, QUIT), "F10 x"); /* nothing was changed */
    keymap_free(keymap);
}

static void test_conflicts(void **state)
{
    (void)state;
    static const struct action bad[] = {{1, "one", "", "a b", 0, ""},
                                        {2, "two", "", "c b", 0, ""},
                                        {3, "three", "x", "a Foo", 0, ""}};
    struct keymap *keymap = keymap_new(bad, 3);
    const char *const *sentences;
    assert_int_equal(keymap_conflicts(keymap, &sentences), 2);
    assert_string_equal(sentences[0], "b is the key of both one and two");
    assert_string_equal(sentences[1], "'Foo' for three is not a key");
    keymap_free(keymap);
}

static void test_fit(void **state)
{
    (void)state;
    size_t at[8];
    assert_int_equal(palette_fit("x", "member-open", NULL), 0);
    assert_int_equal(palette_fit("om", "member-open", NULL), 0);
    assert_true(palette_fit("mo", "member-open", at) > 0);
    assert_int_equal(at[0], 0);
    assert_int_equal(at[1], 7);
    assert_true(palette_fit("mo", "member-open", NULL) > palette_fit("mo", "remove", NULL));
    assert_true(palette_fit("per", "period", NULL) > palette_fit("per", "peer-view", NULL));
    assert_true(palette_fit("data", "data", NULL) > palette_fit("data", "data-check", NULL));
    assert_true(palette_fit("DA", "data", NULL) > 0);
}

struct chosen {
    const struct action *action;
    char argument[40];
    int times;
    bool accepted;
};

static void chose(void *context, struct palette *palette, bool accepted)
{
    struct chosen *chosen = context;
    chosen->action = palette_action(palette);
    strncpy(chosen->argument, palette_argument(palette), sizeof chosen->argument - 1);
    chosen->times++;
    chosen->accepted = accepted;
}

/* Keys between spaces into a new palette; what was chosen. */
static struct chosen run(const char *keys)
{
    static const char *const recent[] = {"filter gold", "gone-since"};
    struct keymap *keymap = keymap_new(actions, N);
    struct chosen chosen = {0};
    struct palette_options options = {.keymap = keymap,
                                      .scopes = members,
                                      .n_scopes = 1,
                                      .recent = recent,
                                      .n_recent = 2,
                                      .done = chose,
                                      .context = &chosen};
    struct palette *palette = palette_new(&options);
    char *copy = strdup(keys), *rest = NULL;
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        palette_key(palette, key_by_name(name));
    free(copy);
    assert_int_equal(palette_open(palette), chosen.times == 0);
    palette_free(palette);
    keymap_free(keymap);
    return chosen;
}

static void test_palette(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        int id; /* -1: closed, -2: still open */
        const char *argument;
    } cases[] = {
        {"m o Enter", OPEN, ""},
        {"Enter", FILTER, "gold"}, /* what was run last comes first */
        {"Down Enter", OPEN, ""},
        {"f i l t e r Space s i l v e r Space Enter", FILTER, "silver"},
        {"f i l Down Tab x Enter", FILTER, "x"},
        {"f i l Tab Backspace Backspace Enter", FILTER, "go"},
        {"l e a v e Enter", QUIT, ""}, /* found by its summary */
        {"z z z Enter", -2, ""},
        {"d o w n Enter", -2, ""}, /* hidden ones are not offered */
        {"q Esc", -1, ""},
        {"q Backspace Backspace", -1, ""},
        {"Ctrl-c", -1, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct chosen chosen = run(cases[i].keys);
        assert_int_equal(chosen.times, cases[i].id != -2);
        assert_int_equal(chosen.accepted, cases[i].id >= 0);
        assert_string_equal(chosen.argument, cases[i].argument);
        if (cases[i].id >= 0)
            assert_int_equal(chosen.action->id, cases[i].id);
    }
}

static void test_line_of_keys(void **state)
{
    (void)state;
    static const struct {
        int cols;
        const char *expected;
    } cases[] = {{40, "⏎ open  / filter  Esc back\n"},
                 {24, "⏎ open  / filter\n"},
                 {18, "⏎ open  / filter\n"},
                 {16, "⏎ open  / filter\n"},
                 {15, "⏎ open\n"},
                 {3, "\n"}};
    static const struct theme_options plain = {0};
    struct keymap *keymap = keymap_new(actions, N);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        screen_start_plain(1, cases[i].cols, &plain);
        keysline_draw(screen_area(), keymap, members, 1);
        char *text = screen_text();
        assert_string_equal(text, cases[i].expected);
        free(text);
        screen_end();
    }
    keymap_free(keymap);
}

int main(void)
{
    locale_start("atrium", NULL, NULL);
    locale_set_language("en");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_every_key_has_a_name_that_reads_back),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_bind),
        cmocka_unit_test(test_conflicts),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_palette),
        cmocka_unit_test(test_line_of_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
