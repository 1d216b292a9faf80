/* A terminal inside the screen: what a program sends becomes cells and nothing else. */
#include "fixtures/devices/farm.h"
#include "tests/support/temp.h"
#include "tui/emulator.h"
#include "tui/grid.h"
#include "tui/locale.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

static struct {
    char bytes[1 << 16];
    size_t n;
} sent;

static void on_send(void *context, const char *bytes, size_t n)
{
    (void)context;
    if (sent.n + n < sizeof sent.bytes) {
        memcpy(sent.bytes + sent.n, bytes, n);
        sent.n += n;
    }
    sent.bytes[sent.n] = 0;
}

static struct emulator *begin(int rows, int cols)
{
    sent.n = 0;
    grid_resize(rows, cols);
    return emulator_new(rows, cols, on_send, NULL);
}

static void take(struct emulator *e, const char *text)
{
    emulator_take(e, text, strlen(text));
}

static struct area whole(void)
{
    return (struct area){0, 0, grid_rows(), grid_cols()};
}

/* The rules of the grid: whole wide characters, and nothing that a terminal obeys. */
static void grid_check(void)
{
    for (int row = 0; row < grid_rows(); row++) {
        const struct cell *cells = grid_row(row);
        for (int col = 0; col < grid_cols(); col++) {
            for (int i = 0; i < cells[col].n; i++)
                assert_false(rune_unsafe((int32_t)cells[col].runes[i]));
            if (cells[col].cells == 2)
                assert_true(col + 1 < grid_cols() && cells[col + 1].n == 0);
        }
    }
}

static void drawn_has(struct emulator *e, const char *text)
{
    grid_clear();
    emulator_draw(e, whole(), 0);
    grid_check();
    char *drawn = grid_text();
    if (!strstr(drawn, text))
        fail_msg("%s is not in:\n%s", text, drawn);
    free(drawn);
}

static void test_text_and_colours_are_drawn(void **state)
{
    (void)state;
    struct emulator *e = begin(6, 30);
    take(e,
         "one\r\n\x1B[31mred\x1B[m \x1B[38;5;208;1morange\x1B[m \x1B[48;2;0;95;175mblue\x1B[m\r\n"
         "会员 积分");
    drawn_has(e, "会员 积分");
    assert_int_equal(grid_row(1)[0].look.fg, 1);
    assert_int_equal(grid_row(1)[4].look.fg, 208);
    assert_int_equal(grid_row(1)[4].look.bits, LOOK_BOLD);
    assert_int_equal(grid_row(1)[11].look.bg, 25);
    int row, col;
    assert_true(grid_cursor(&row, &col));
    assert_int_equal(row, 2);
    assert_int_equal(col, 9);
    take(e, "\x1B[?25l");
    grid_clear();
    emulator_draw(e, whole(), 0);
    assert_false(grid_cursor(&row, &col));
    emulator_free(e);
}

static void test_the_other_screen_comes_and_goes(void **state)
{
    (void)state;
    struct emulator *e = begin(5, 20);
    for (int i = 0; i < 40; i++) {
        char line[32];
        snprintf(line, sizeof line, "line %d\r\n", i);
        take(e, line);
    }
    assert_int_equal(emulator_past(e), 36);
    grid_clear();
    emulator_draw(e, whole(), 36);
    char *drawn = grid_text();
    assert_true(strncmp(drawn, "line 0\n", 7) == 0);
    free(drawn);
    take(e, "\x1B[?1049h\x1B[Hother");
    drawn_has(e, "other");
    assert_int_equal(emulator_past(e), 0);
    take(e, "\x1B[?1049l");
    drawn_has(e, "line 39");
    emulator_free(e);
}

static void test_the_past_is_bounded(void **state)
{
    (void)state;
    struct emulator *e = begin(4, 20);
    for (int i = 0; i < 20000; i++)
        take(e, "a line\r\n");
    assert_int_equal(emulator_past(e), 5000);
    emulator_free(e);
}

static void test_keys_become_what_programs_expect(void **state)
{
    static const struct {
        uint32_t key;
        const char *bytes;
    } keys[] = {{'a', "a"},
                {KEYS_ENTER, "\r"},
                {KEYS_TAB, "\t"},
                {KEYS_ESC, "\x1B"},
                {KEYS_BACKSPACE, "\x7F"},
                {KEYS_CTRL | 'c', "\x03"},
                {KEYS_CTRL | 'd', "\x04"},
                {KEYS_CTRL | 'z', "\x1A"},
                {KEYS_ALT | 'b', "\x1B"
                                 "b"},
                {KEYS_UP, "\x1B[A"},
                {KEYS_BACK_TAB, "\x1B[Z"},
                {KEYS_DELETE, "\x1B[3~"},
                {KEYS_PAGE_UP, "\x1B[5~"},
                {KEYS_F1, "\x1BOP"},
                {KEYS_CTRL | KEYS_LEFT, "\x1B[1;5D"},
                {0x4F1A, "\xE4\xBC\x9A"}};
    (void)state;
    struct emulator *e = begin(10, 40);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        sent.n = 0;
        emulator_key(e, keys[i].key);
        assert_string_equal(sent.bytes, keys[i].bytes);
    }
    take(e, "\x1B[?1h"); /* a program that wants other arrows */
    sent.n = 0;
    emulator_key(e, KEYS_UP);
    assert_string_equal(sent.bytes, "\x1BOA");
    sent.n = 0;
    emulator_paste(e, "two\nlines");
    assert_string_equal(sent.bytes, "two\rlines");
    take(e, "\x1B[?2004h");
    sent.n = 0;
    emulator_paste(e, "two\nlines");
    assert_string_equal(sent.bytes, "\x1B[200~two\rlines\x1B[201~");
    emulator_free(e);
}

static void test_the_mouse_is_for_those_who_ask(void **state)
{
    (void)state;
    struct emulator *e = begin(10, 40);
    struct loop_mouse mouse = {.row = 2, .col = 3, .button = 1, .pressed = true};
    assert_false(emulator_mouse(e, &mouse));
    take(e, "\x1B[?1000h\x1B[?1006h");
    sent.n = 0;
    assert_true(emulator_mouse(e, &mouse));
    assert_string_equal(sent.bytes, "\x1B[<0;4;3M");
    emulator_free(e);
}

static void test_hostile_text_is_only_cells(void **state)
{
    (void)state;
    for (const struct farm_text *text = farm_corpus; text->name; text++) {
        struct emulator *e = begin(24, 80);
        emulator_take(e, text->bytes, text->n);
        emulator_take(e, "\r\n", 2);
        grid_clear();
        emulator_draw(e, whole(), 0);
        grid_check();
        emulator_free(e);
    }
}

/* A sequence that repeats the character before it: where there is none, or it has no width,
 * libvterm alone would do so for ever. */
static void test_a_repeat_ends(void **state)
{
    static const char *const texts[] = {
        "\x1B[5b",
        "\x1B[b",
        "\xCC\x81\x1B[9b",
        "\xE2\x80\x8B\x1B[2b",
        "\x1B[31m\x1B[9b",
        "\x1B[\n5b",
        "\x1B[5\x1B[5b",
        "\x1B[1;\xFF"
        "5b",
        "\x1B[9 b",
        "a\x1B"
        "c\x1B[9b",
        "\x1B]0;t\x07\x1B[9b",
        "\x1B[4\x18\x1B[4b",
    };
    (void)state;
    alarm(60);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct emulator *e = begin(24, 80);
        for (int slow = 0; slow < 2; slow++)
            for (size_t k = 0; k < (slow ? strlen(texts[i]) : 1); k++)
                emulator_take(e, texts[i] + k, slow ? 1 : strlen(texts[i]));
        emulator_free(e);
    }
    struct emulator *e = begin(24, 80);
    take(e, "a\x1B[4b");
    take(e, "\r\nx");
    take(e, "\x1B[2");
    take(e, "b.");
    char *text = emulator_text(e);
    assert_int_equal(strncmp(text, "aaaaa\nxxx.\n", 11), 0);
    free(text);
    emulator_free(e);
    alarm(0);
}

/* Beginnings of sequences, what goes on in them, and what they meet. */
static const char *const pieces[] = {
    "\x1B[",
    "\x1B]",
    "\x1BP",
    "\x1B#8",
    "\x1B(0",
    "?1049h",
    "?1049l",
    "99999999",
    ";",
    "H",
    "J",
    "K",
    "L",
    "M",
    "P",
    "@",
    "X",
    "b",
    "r",
    "S",
    "T",
    "m",
    "\x07",
    "\r\n",
    "\xE4\xBC\x9A",
    "\xCC\x81",
    "\xF0\x9F\x91\xA9",
    "\x9B",
    "h",
    "4",
    "20",
    "3",
    "\x1B\\",
    "\033c",
    "\033D",
    "\033M",
    "38;5;",
    "48;2;",
    "?3h",
    "?69h",
    "s",
    "\0337",
    "\0338",
    "?1048h",
    "?1048l",
    "?6h",
    "?6l",
};

/* Bytes of every kind, mostly beginnings of sequences, with sizes that change in between. */
static void test_any_bytes_and_sizes(void **state)
{
    (void)state;
    uint64_t random = 42;
    struct emulator *e = begin(24, 80);
    for (int i = 0; i < 60000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        unsigned pick = (unsigned)(random >> 33);
        const char *piece = pieces[pick % (sizeof pieces / sizeof *pieces)];
        char byte = (char)(random >> 50);
        if (pick % 7 == 0)
            emulator_take(e, &byte, 1);
        else
            take(e, piece);
        if (pick % 997 == 0) {
            int rows = 1 + (int)(random >> 40) % 40, cols = 1 + (int)(random >> 48) % 120;
            emulator_resize(e, rows, cols);
            grid_resize(rows, cols);
        }
        if (pick % 211 == 0) {
            grid_clear();
            emulator_draw(e, whole(), (int)(pick % 50));
            grid_check();
        }
        if (pick % 101 == 0)
            emulator_key(e, KEYS_BASE + 1 + pick % 30);
        sent.n = 0;
    }
    free(emulator_text(e));
    emulator_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_and_colours_are_drawn),
        cmocka_unit_test(test_the_other_screen_comes_and_goes),
        cmocka_unit_test(test_the_past_is_bounded),
        cmocka_unit_test(test_keys_become_what_programs_expect),
        cmocka_unit_test(test_the_mouse_is_for_those_who_ask),
        cmocka_unit_test(test_hostile_text_is_only_cells),
        cmocka_unit_test(test_a_repeat_ends),
        cmocka_unit_test(test_any_bytes_and_sizes),
    };
    locale_start("atrium", "build/locale", NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
