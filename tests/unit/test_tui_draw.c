/* Drawing: clipping, halves of wide characters, and random text at random places against a model
 * of a terminal. */
#include "tests/support/vterm.h"
#include "tui/grid.h"
#include "tui/locale.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct theme_options plain = {0};

static void begin(int rows, int cols)
{
    screen_start_plain(rows, cols, &plain);
    screen_frame_begin();
}

static int end_screen(void **state)
{
    (void)state;
    screen_end();
    return 0;
}

static void assert_frame(const char *expected)
{
    char *text = screen_text();
    assert_string_equal(text, expected);
    free(text);
}

static void test_clipping(void **state)
{
    (void)state;
    begin(3, 10);
    struct area area = {1, 2, 1, 5};
    assert_int_equal(draw_text(area, 0, 0, ROLE_PLAIN, "abcdefgh"), 5);
    assert_int_equal(draw_text(area, 1, 0, ROLE_PLAIN, "below"), 0);
    assert_int_equal(draw_text(area, -1, 0, ROLE_PLAIN, "above"), 0);
    assert_int_equal(draw_text(area, 0, 7, ROLE_PLAIN, "right"), 0);
    assert_frame("\n  abcde\n\n");
    assert_int_equal(draw_text(area, 0, 0, ROLE_PLAIN, "王小明"), 4);
    assert_frame("\n  王小e\n\n");
    draw_text(area, 0, -1, ROLE_PLAIN, "王xyz");
    assert_frame("\n   xyze\n\n");
}

static void test_halves(void **state)
{
    (void)state;
    begin(1, 8);
    struct area area = {0, 0, 1, 8};
    draw_text(area, 0, 0, ROLE_PLAIN, "王小明星");
    draw_text(area, 0, 1, ROLE_PLAIN, "x");
    assert_frame(" x小明星\n");
    draw_text(area, 0, 3, ROLE_PLAIN, "中");
    assert_frame(" x 中 星\n");
    draw_text(area, 0, 7, ROLE_PLAIN, "中"); /* does not fit: left out */
    assert_frame(" x 中 星\n");
    draw_text((struct area){0, 7, 1, 2}, 0, 0, ROLE_PLAIN, "中"); /* over the edge */
    assert_frame(" x 中\n");
}

static void test_fields(void **state)
{
    (void)state;
    static const struct {
        int cells, align;
        const char *text, *expected;
    } cases[] = {
        {6, -1, "ab", "[ab    ]"},   {6, 1, "ab", "[    ab]"},   {6, 0, "ab", "[  ab  ]"},
        {4, -1, "abcdef", "[abc…]"}, {4, 1, "abcdef", "[abc…]"}, {5, -1, "王小明", "[王小…]"},
        {4, -1, "王小明", "[王… ]"}, {4, 1, "王小明", "[ 王…]"}, {1, -1, "王", "[…]"},
        {0, -1, "x", "[]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(1, 12);
        struct area area = screen_area();
        draw_text(area, 0, 0, ROLE_PLAIN, "[");
        draw_field(area, 0, 1, cases[i].cells, cases[i].align, ROLE_PLAIN, cases[i].text);
        draw_text(area, 0, 1 + cases[i].cells, ROLE_PLAIN, "]");
        char expected[40];
        snprintf(expected, sizeof expected, "%s\n", cases[i].expected);
        assert_frame(expected);
        screen_end();
    }
}

static void test_matches(void **state)
{
    (void)state;
    begin(1, 10);
    static const struct draw_match matches[] = {{1, 2}, {3, 6}};
    draw_field_matches(screen_area(), 0, 0, 10, -1, ROLE_DIM, "abc王d", matches, 2);
    const struct cell *row = grid_row(0);
    static const enum role roles[] = {ROLE_DIM,   ROLE_MATCH, ROLE_DIM, ROLE_MATCH,
                                      ROLE_MATCH, ROLE_DIM,   ROLE_DIM};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        assert_int_equal(row[i].role, roles[i]);
}

static void test_areas(void **state)
{
    (void)state;
    struct area area = {2, 3, 10, 20};
    struct area part = area_part(area, 5, 15, 10, 10);
    assert_true(part.row == 7 && part.col == 18 && part.rows == 5 && part.cols == 5);
    part = area_part(area, -1, -2, 3, 5);
    assert_true(part.row == 2 && part.col == 3 && part.rows == 2 && part.cols == 3);
    part = area_part(area, 30, 30, 3, 5);
    assert_true(part.rows == 0 && part.cols == 0);
    struct area top = area_cut_top(&area, 3), right = area_cut_right(&area, 50);
    assert_true(top.rows == 3 && area.row == 5 && area.rows == 7);
    assert_true(right.cols == 20 && area.cols == 0);
    area = (struct area){0, 0, 1, 31};
    int sum = 0;
    for (int i = 0; i < 4; i++)
        sum += area_column(area, i, 4, 2).cols;
    assert_int_equal(sum, 31 - 3 * 2);
    struct area last = area_column(area, 3, 4, 2);
    assert_int_equal(last.col + last.cols, 31);
}

static void test_frames_and_wrapping(void **state)
{
    (void)state;
    begin(5, 14);
    draw_frame(screen_area(), ROLE_RULE, "标题");
    int rows = draw_wrapped(area_part(screen_area(), 1, 1, 3, 12), 0, ROLE_PLAIN,
                            "one two three four five six seven");
    assert_int_equal(rows, 3);
    assert_frame(
        "┌─ 标题 ─────┐\n│one two     │\n│three four  │\n│five six    │\n└────────────┘\n");
}

/* Text that a hostile or merely unlucky row may hold. */
static size_t random_text(char *text, size_t room)
{
    static const char *const pieces[] = {"a",
                                         "Z",
                                         " ",
                                         "0",
                                         "王",
                                         "小",
                                         "한",
                                         "é",
                                         "e\xcc\x81",
                                         "\xcc\x81",
                                         "\x1b[2J",
                                         "\n",
                                         "\t",
                                         "\x7f",
                                         "\xc2\x9b"
                                         "31m",
                                         "\xff",
                                         "\xe4\xb8",
                                         "\xf0\x9f",
                                         "👍",
                                         "👨‍👩‍👧",
                                         "🇨🇳",
                                         "\xe2\x80\xae",
                                         "\xe2\x81\xa9",
                                         "\xe2\x80\x8d",
                                         "▲",
                                         "─",
                                         "…",
                                         "１",
                                         "\xe3\x80\x80",
                                         "\x0e",
                                         "\x9b"};
    size_t n = 0, want = (size_t)random() % 24;
    for (size_t i = 0; i < want; i++) {
        const char *piece = pieces[(size_t)random() % (sizeof pieces / sizeof *pieces)];
        size_t length = strlen(piece);
        if (n + length >= room)
            break;
        memcpy(text + n, piece, length);
        n += length;
    }
    text[n] = '\0';
    return n;
}

static void random_draw(struct area area)
{
    char text[256];
    random_text(text, sizeof text);
    int row = (int)(random() % (area.rows + 2)) - 1, col = (int)(random() % (area.cols + 12)) - 8;
    enum role role = (enum role)(random() % ROLE_COUNT);
    switch (random() % 6) {
    case 0:
        draw_field(area, row, col, (int)(random() % 30), (int)(random() % 3) - 1, role, text);
        break;
    case 1:
        draw_mark(area, row, col, (int)(random() % 30), role);
        break;
    case 2:
        draw_wrapped(area, row, role, text);
        break;
    case 3:
        draw_frame(area_part(area, row, col, 4, 14), role, text);
        break;
    default:
        draw_text(area, row, col, role, text);
    }
}

/* Nothing outside the area changes, apart from the other half of a wide character on its edge. */
static void test_random_text_stays_inside(void **state)
{
    (void)state;
    enum { HIGH = 8, WIDE = 30 };
    static struct cell before[HIGH][WIDE];
    srandom(11);
    begin(HIGH, WIDE);
    for (int round = 0; round < 20000; round++) {
        struct area area = {(int)(random() % HIGH), (int)(random() % WIDE), (int)(random() % HIGH),
                            (int)(random() % WIDE)};
        for (int row = 0; row < HIGH; row++)
            memcpy(before[row], grid_row(row), sizeof before[row]);
        random_draw(area);
        for (int row = 0; row < HIGH; row++)
            for (int col = 0; col < WIDE; col++) {
                const struct cell *now = &grid_row(row)[col];
                bool inside = row >= area.row && row < area.row + area.rows && col >= area.col &&
                              col < area.col + area.cols;
                bool edge = (col == area.col - 1 && before[row][col].cells == 2) ||
                            (col == area.col + area.cols && before[row][col].n == 0);
                if (!inside && !edge)
                    assert_memory_equal(now, &before[row][col], sizeof *now);
                assert_int_equal(now->n == 0, now->cells == 0);
                if (now->cells == 2)
                    assert_true(col + 1 < WIDE && now[1].n == 0);
                if (now->n == 0)
                    assert_true(col > 0 && now[-1].cells == 2);
            }
    }
}

enum { ROWS = 10, COLS = 40 };

static void assert_terminal_shows_the_grid(struct vt *vt)
{
    char *drawn = screen_text();
    assert_string_equal(vt_text(vt), drawn);
    free(drawn);
    for (int row = 0; row < ROWS; row++)
        for (int col = 0; col < COLS; col++)
            assert_int_equal(vt_look(vt, row, col).cells, grid_row(row)[col].cells);
}

static void random_frames(const char *term, int rounds)
{
    struct vt *vt = vt_new(ROWS, COLS);
    struct screen_options options = {
        .input = vt_fd(vt), .output = vt_fd(vt), .term = term, .theme.colors = -1};
    assert_null(screen_start(&options));
    for (int round = 0; round < rounds; round++) {
        screen_frame_begin();
        for (int i = 0; i < 20; i++)
            random_draw((struct area){(int)(random() % ROWS), (int)(random() % COLS),
                                      (int)(random() % ROWS) + 1, (int)(random() % COLS) + 1});
        screen_frame_end();
        vt_drain(vt);
        assert_terminal_shows_the_grid(vt);
    }
    screen_end();
    vt_drain(vt);
    vt_free(vt);
}

/* Frames of random text as a terminal shows them: the same text in the same cells. */
static void test_random_frames_on_a_terminal(void **state)
{
    (void)state;
    srandom(13);
    random_frames("xterm-256color", 400);
}

/* What other descriptions make curses write is understood by every terminal of that family. */
static void test_other_terminals(void **state)
{
    (void)state;
    static const char *const terms[] = {"xterm",         "xterm-color", "screen", "screen-256color",
                                        "tmux-256color", "linux",       "vt220",  "vt100",
                                        "rxvt-256color", "xterm-kitty"};
    srandom(19);
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++)
        random_frames(terms[i], 25);
}

/* Every colour of text reads on black and on white (WCAG's formula), every pair on itself. */
static double luminance(int colour)
{
    static const int levels[] = {0, 95, 135, 175, 215, 255};
    int at = colour - 16;
    double sum = 0, weights[] = {0.2126, 0.7152, 0.0722};
    int parts[] = {levels[at / 36 % 6], levels[at / 6 % 6], levels[at % 6]};
    for (int i = 0; i < 3; i++) {
        double c = (colour >= 232 ? 8 + 10 * (colour - 232) : parts[i]) / 255.0;
        c = c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
        sum += c * weights[i];
    }
    return sum;
}

static double contrast(double a, double b)
{
    return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05);
}

static void test_contrast(void **state)
{
    (void)state;
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        int fg, bg;
        theme_colors_256(role, &fg, &bg);
        if (bg >= 0)
            assert_true(fg >= 0 && contrast(luminance(fg), luminance(bg)) >= 4.5);
        else if (fg >= 0)
            assert_true(contrast(luminance(fg), 0) >= 3.5 && contrast(luminance(fg), 1) >= 3.5);
    }
}

static void test_ascii(void **state)
{
    (void)state;
    static const struct theme_options ascii = {.ascii = true};
    screen_start_plain(2, 10, &ascii);
    for (enum symbol s = 0; s < SYMBOL_COUNT; s++)
        for (const char *at = symbol(s); *at; at++)
            assert_in_range(*at, 0x20, 0x7E);
    screen_end();
    screen_start_plain(2, 10, &plain);
    for (enum symbol s = 0; s < SYMBOL_COUNT; s++)
        assert_int_equal(text_cells(symbol(s)), s == SYMBOL_FLOW ? 3 : 1);
}

int main(void)
{
    locale_start("atrium", NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_clipping, end_screen),
        cmocka_unit_test_teardown(test_halves, end_screen),
        cmocka_unit_test_teardown(test_fields, end_screen),
        cmocka_unit_test_teardown(test_matches, end_screen),
        cmocka_unit_test(test_areas),
        cmocka_unit_test_teardown(test_frames_and_wrapping, end_screen),
        cmocka_unit_test_teardown(test_random_text_stays_inside, end_screen),
        cmocka_unit_test_teardown(test_random_frames_on_a_terminal, end_screen),
        cmocka_unit_test_teardown(test_other_terminals, end_screen),
        cmocka_unit_test(test_contrast),
        cmocka_unit_test_teardown(test_ascii, end_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
