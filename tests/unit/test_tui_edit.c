/* The line editor: characters, not bytes; words, cutting, history, completion, long lines. */
#include "tui/edit.h"
#include "tui/locale.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const struct theme_options plain = {0};

static int end_screen(void **state)
{
    (void)state;
    screen_end();
    return 0;
}

/* Keys by name between spaces; anything in quotes is typed. */
static void press(struct edit *edit, const char *keys)
{
    char *copy = strdup(keys), *rest = NULL;
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
        uint32_t key = key_by_name(name);
        assert_int_not_equal(key, 0);
        edit_key(edit, NULL, key);
    }
    free(copy);
}

static void test_editing(void **state)
{
    (void)state;
    static const struct {
        const char *text, *keys, *expected;
        size_t at;
    } cases[] = {
        {"", "a b Space c", "ab c", 4},
        {"王小明", "Backspace", "王小", 6},
        {"王小明", "Home Right Delete", "王明", 3},
        {"王小明", "Left Left x", "王x小明", 4},
        {"e\xcc\x81", "Backspace", "", 0}, /* one character of two code points */
        {"👨‍👩‍👧!", "Home Delete", "!", 0},
        {"one two  ", "Ctrl-w", "one ", 4},
        {"one two", "Ctrl-Left Ctrl-Left x", "xone two", 1},
        {"one two", "Home Ctrl-Right x", "onex two", 4},
        {"one two", "Ctrl-Left Ctrl-k", "one ", 4},
        {"one two", "Ctrl-Left Ctrl-u", "two", 0},
        {"one two", "Ctrl-w Home Ctrl-y", "twoone ", 3},
        {"one two", "Ctrl-a Alt-d", " two", 0},
        {"ab", "Ctrl-b Ctrl-d Ctrl-e c", "ac", 2},
        {"ab", "Left Left Left Delete Delete Delete Delete", "", 0},
        {"", "Backspace Left Ctrl-w Ctrl-u x", "x", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct edit edit = {0};
        edit_set(&edit, cases[i].text);
        press(&edit, cases[i].keys);
        assert_string_equal(edit_text(&edit), cases[i].expected);
        assert_int_equal(edit.at, cases[i].at);
        edit_free(&edit);
    }
}

static void test_what_goes_in_is_clean(void **state)
{
    (void)state;
    struct edit edit = {.most = 12};
    edit_set(&edit, "a\x1b\n\xff b\r\n");
    assert_string_equal(edit_text(&edit), "a  b");
    edit_insert(&edit, "王王王王");
    assert_string_equal(edit_text(&edit), "a  b王王"); /* no more than 12 bytes, none cut */
    assert_int_equal(edit_key(&edit, NULL, KEYS_CTRL | 'x'), EDIT_IGNORED);
    assert_int_equal(edit_key(&edit, NULL, KEYS_F5), EDIT_IGNORED);
    assert_int_equal(edit_key(&edit, NULL, KEYS_TAB), EDIT_IGNORED);
    assert_int_equal(edit_key(&edit, NULL, KEYS_HOME), EDIT_MOVED);
    assert_int_equal(edit_key(&edit, NULL, KEYS_DELETE), EDIT_CHANGED);
    edit_free(&edit);
}

static void test_history(void **state)
{
    (void)state;
    struct edit_history history = {.most = 3};
    struct edit edit = {.history = &history};
    const char *lines[] = {"one", "two", "two", "three", "four"};
    for (size_t i = 0; i < 5; i++) {
        edit_set(&edit, lines[i]);
        edit_remember(&edit);
    }
    assert_int_equal(history.n, 3);
    edit_set(&edit, "");
    press(&edit, "d r Up");
    assert_string_equal(edit_text(&edit), "four");
    press(&edit, "Up Up Up Up");
    assert_string_equal(edit_text(&edit), "two");
    press(&edit, "Down Down Down Down");
    assert_string_equal(edit_text(&edit), "dr");
    struct edit secret = {.history = &history, .secret = true};
    edit_set(&secret, "password");
    assert_false(edit_remember(&secret));
    edit_free(&secret);
    edit_free(&edit);
    edit_history_free(&history);
}

static void candidates(void *context, const char *text, size_t at,
                       struct edit_completions *completions)
{
    static const char *const items[] = {"purchase", "purchase_line", "points"};
    (void)context;
    while (at > 0 && text[at - 1] != ' ')
        at--;
    completions->from = at;
    completions->items = strncmp(text + at, "pu", 2) == 0 ? items : items + 2;
    completions->n = strncmp(text + at, "pu", 2) == 0   ? 2
                     : strncmp(text + at, "po", 2) == 0 ? 1
                                                        : 0;
}

static void test_completion(void **state)
{
    (void)state;
    struct edit edit = {.complete = candidates};
    edit_set(&edit, "from pu");
    press(&edit, "Tab");
    assert_string_equal(edit_text(&edit), "from purchase");
    press(&edit, "Tab Tab");
    assert_string_equal(edit_text(&edit), "from purchase_line");
    press(&edit, "Tab");
    assert_string_equal(edit_text(&edit), "from purchase");
    edit_set(&edit, "po");
    press(&edit, "Tab Space x Tab");
    assert_string_equal(edit_text(&edit), "points x");
    edit_free(&edit);
}

static void assert_shown(struct edit *edit, int cells, const char *expected, int cursor)
{
    int row, col;
    screen_frame_begin();
    draw_text(screen_area(), 0, 0, ROLE_PLAIN, "[");
    edit_draw(edit, screen_area(), 0, 1, cells, ROLE_INPUT, true);
    draw_text(screen_area(), 0, 1 + cells, ROLE_PLAIN, "]");
    char *text = screen_text();
    assert_string_equal(text, expected);
    free(text);
    assert_true(screen_cursor(&row, &col));
    assert_int_equal(col, 1 + cursor);
}

static void test_long_lines_scroll(void **state)
{
    (void)state;
    screen_start_plain(1, 20, &plain);
    struct edit edit = {0};
    edit_set(&edit, "0123456789");
    assert_shown(&edit, 6, "[56789 ]\n", 5);
    press(&edit, "Home");
    assert_shown(&edit, 6, "[012345]\n", 0);
    press(&edit, "Right Right Right Right Right Right");
    assert_shown(&edit, 6, "[123456]\n", 5);
    edit_set(&edit, "王小明星巴克");
    assert_shown(&edit, 6, "[巴克  ]\n", 4);
    press(&edit, "Ctrl-w");
    assert_shown(&edit, 6, "[      ]\n", 0);
    edit.secret = true;
    edit_set(&edit, "pässword");
    assert_shown(&edit, 6, "[●●●●● ]\n", 5);
    edit_free(&edit);
}

static void assert_between_characters(const struct edit *edit)
{
    const char *at = edit_text(edit), *cursor = at + edit->at, *end = at + edit->n;
    struct glyph glyph;
    while (at < cursor)
        assert_true(glyph_next(&at, end, &glyph));
    assert_ptr_equal(at, cursor);
}

/* Random keys: the cursor stays between characters, the text stays well-formed. */
static void test_random_keys(void **state)
{
    (void)state;
    static const uint32_t keys[] = {'a',
                                    ' ',
                                    0x4E2D,
                                    0x301,
                                    0x1F469,
                                    0x200D,
                                    KEYS_LEFT,
                                    KEYS_RIGHT,
                                    KEYS_HOME,
                                    KEYS_END,
                                    KEYS_BACKSPACE,
                                    KEYS_DELETE,
                                    KEYS_CTRL | 'w',
                                    KEYS_CTRL | 'y',
                                    KEYS_CTRL | KEYS_LEFT,
                                    KEYS_UP,
                                    KEYS_TAB};
    struct edit_history history = {0};
    edit_history_add(&history, "王 e\xcc\x81 x");
    struct edit edit = {.history = &history, .complete = candidates, .most = 60};
    screen_start_plain(2, 12, &plain);
    srandom(5);
    for (int i = 0; i < 20000; i++) {
        edit_key(&edit, NULL, keys[(size_t)random() % (sizeof keys / sizeof *keys)]);
        assert_int_equal(edit.n, strlen(edit_text(&edit)));
        assert_true(edit.at <= edit.n && edit.n <= 60);
        assert_between_characters(&edit);
        screen_frame_begin();
        edit_draw(&edit, screen_area(), 0, 2, 1 + i % 10, ROLE_INPUT, true);
    }
    edit_free(&edit);
    edit_history_free(&history);
}

int main(void)
{
    locale_start("atrium", NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_editing),
        cmocka_unit_test(test_what_goes_in_is_clean),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_completion),
        cmocka_unit_test_teardown(test_long_lines_scroll, end_screen),
        cmocka_unit_test_teardown(test_random_keys, end_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
