/* Frames, their bytes, sizes, keys and a terminal that stops taking output. */
#include "tests/support/vterm.h"
#include "tui/locale.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A list with a cursor, as small as a program can be. */
struct list {
    struct vt *vt;
    struct loop *loop;
    int at, rows, quit_signal, n_keys;
    uint32_t last_key;
    char *pasted;
    int draws;
};

static void list_key(void *context, uint32_t key)
{
    struct list *list = context;
    list->last_key = key;
    list->n_keys++;
    if (key == 'j' || key == KEYS_DOWN)
        list->at++;
    if (key == 'k' || key == KEYS_UP)
        list->at--;
    if (key == 'q')
        loop_stop(list->loop);
    if (key == KEYS_PASTE) {
        free(list->pasted);
        list->pasted = strdup(loop_paste(list->loop));
    }
}

static void list_draw(void *context)
{
    struct list *list = context;
    struct area area = screen_area();
    list->draws++;
    for (int row = 0; row < area.rows; row++) {
        draw_printf(area, row, 0, ROLE_PLAIN, "%4d  王小明 星巴克  %d", row, row * 7919);
        draw_text(area, row, 40, ROLE_UP, "▲ 4.1%");
        if (row == list->at) {
            draw_mark(area, row, 0, area.cols, ROLE_SELECTED);
            draw_cursor(area, row, 0);
        }
    }
}

static void list_quit(void *context, int number)
{
    ((struct list *)context)->quit_signal = number;
}

static void list_start(struct list *list, int rows, int cols)
{
    static const struct loop_ops ops = {.key = list_key, .draw = list_draw, .quit = list_quit};
    memset(list, 0, sizeof *list);
    list->vt = vt_new(rows, cols);
    struct screen_options options = {.input = vt_fd(list->vt),
                                     .output = vt_fd(list->vt),
                                     .theme = {.colors = 256},
                                     .mouse = true};
    const char *wrong = screen_start(&options);
    assert_null(wrong);
    list->loop = loop_new(&ops, list);
    vt_attach(list->vt, list->loop, NULL, NULL);
    vt_settle(list->vt);
}

static void list_end(struct list *list)
{
    loop_free(list->loop);
    screen_end();
    vt_free(list->vt);
    free(list->pasted);
}

static void test_first_frame(void **state)
{
    (void)state;
    struct list list;
    list_start(&list, 24, 80);
    assert_string_equal(vt_row(list.vt, 3), "   3  王小明 星巴克  23757              ▲ 4.1%");
    assert_true(vt_alternate(list.vt));
    int row, col;
    assert_true(vt_cursor(list.vt, &row, &col));
    assert_int_equal(row, 0);
    assert_int_equal(vt_look(list.vt, 0, 0).bg, 24);
    assert_int_equal(vt_look(list.vt, 3, 40).fg, 28);
    assert_int_equal(vt_look(list.vt, 3, 6).cells, 2);
    assert_int_equal(vt_frames(list.vt), 1);
    list_end(&list);
}

static void test_idle_costs_nothing(void **state)
{
    (void)state;
    struct list list;
    list_start(&list, 24, 80);
    vt_mark(list.vt);
    for (int i = 0; i < 5; i++) {
        loop_redraw(list.loop);
        vt_settle(list.vt);
    }
    assert_int_equal(list.draws, 6);
    assert_int_equal(vt_bytes(list.vt), 0);
    list_end(&list);
}

/* The cursor line marked in its first cells, as tables do: what a move may cost on a line. */
static void draw_narrow_mark(void *context)
{
    struct list *list = context;
    struct area area = screen_area();
    for (int row = 0; row < area.rows; row++) {
        draw_printf(area, row, 0, ROLE_PLAIN, "  member %06d  gold  %8d", row * 31, row * 7919);
        if (row == list->at) {
            draw_mark(area, row, 0, 16, ROLE_SELECTED);
            draw_cursor(area, row, 0);
        }
    }
}

static void test_cursor_move_is_small(void **state)
{
    (void)state;
    struct list list;
    list_start(&list, 24, 80);
    loop_free(list.loop);
    static const struct loop_ops ops = {.key = list_key, .draw = draw_narrow_mark};
    list.loop = loop_new(&ops, &list);
    vt_attach(list.vt, list.loop, NULL, NULL);
    vt_settle(list.vt);
    for (int i = 0; i < 20; i++) {
        vt_mark(list.vt);
        vt_keys(list.vt, i < 12 ? "Down" : "k");
        assert_in_range(vt_bytes(list.vt), 1, 120);
        assert_int_equal(vt_frames(list.vt), 1);
        int row, col;
        assert_true(vt_cursor(list.vt, &row, &col));
        assert_int_equal(row, list.at);
    }
    print_message("a cursor move: %zu bytes\n", vt_bytes(list.vt));
    list_end(&list);
}

/* Sizes of all kinds, each frame compared with what was drawn. */
static void test_resize(void **state)
{
    (void)state;
    static const int sizes[][2] = {{12, 40}, {60, 200}, {1, 1}, {2, 7}, {24, 80}, {100, 300}};
    struct list list;
    list_start(&list, 24, 80);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        vt_resize(list.vt, sizes[i][0], sizes[i][1]);
        struct area area = screen_area();
        assert_int_equal(area.rows, sizes[i][0]);
        assert_int_equal(area.cols, sizes[i][1]);
        char *drawn = screen_text();
        assert_string_equal(vt_text(list.vt), drawn);
        free(drawn);
    }
    list_end(&list);
}

/* Margins are the terminal's, not the alternate screen's: what is set stays after the end. */
static void test_margins_are_the_whole_screen(void **state)
{
    (void)state;
    struct list list;
    list_start(&list, 60, 200);
    size_t n;
    assert_null(strstr(vt_raw(list.vt, &n), ";24r"));
    assert_non_null(strstr(vt_raw(list.vt, &n), "\033[1;60r"));
    vt_mark(list.vt);
    vt_resize(list.vt, 70, 200);
    assert_ptr_equal(strstr(vt_raw(list.vt, &n), "\033[?2026h\033[r"), vt_raw(list.vt, &n));
    list_end(&list);
}

static void test_keys_arrive(void **state)
{
    (void)state;
    static const char *const names[] = {
        "a",     "Z",         "Space",      "中",     "Up",        "Down",  "Left",
        "Right", "Home",      "End",        "PgUp",   "PgDn",      "Enter", "Esc",
        "Tab",   "Shift-Tab", "Delete",     "Insert", "F1",        "F4",    "F5",
        "F12",   "Ctrl-a",    "Ctrl-r",     "Ctrl-z", "Ctrl-Left", "Alt-x", "Ctrl-Alt-b",
        "Alt-X", "Backspace", "Ctrl-Space", "Alt-["};
    struct list list;
    list_start(&list, 24, 80);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int before = list.n_keys;
        char name[32];
        list.last_key = 0;
        vt_keys(list.vt, names[i]);
        assert_string_equal(key_name(list.last_key, name), names[i]);
        assert_int_equal(list.n_keys, before + 1);
    }
    vt_type(list.vt, "\x1b中");
    assert_int_equal(list.last_key, KEYS_ALT | 0x4E2D);
    list_end(&list);
}

static void test_paste_is_one_key(void **state)
{
    (void)state;
    struct list list;
    list_start(&list, 24, 80);
    int before = list.n_keys;
    vt_paste(list.vt, "q\r\nj\x1b[31m中\x80 \x7f");
    assert_int_equal(list.n_keys, before + 1);
    assert_int_equal(list.last_key, KEYS_PASTE);
    assert_string_equal(list.pasted, "q\nj[31m中 ");
    char *big = malloc(300001);
    memset(big, 'x', 300000);
    big[300000] = '\0';
    vt_paste(list.vt, big);
    assert_int_equal(list.n_keys, before + 2);
    assert_int_equal(strlen(list.pasted), 300000);
    free(big);
    list_end(&list);
}

static void test_mouse(void **state)
{
    (void)state;
    struct list list;
    list_start(&list, 24, 80);
    vt_click(list.vt, 5, 70, 1);
    assert_int_equal(list.last_key, KEYS_MOUSE);
    const struct loop_mouse *mouse = loop_mouse(list.loop);
    assert_int_equal(mouse->row, 5);
    assert_int_equal(mouse->col, 70);
    assert_true(mouse->pressed && mouse->button == 1 && !mouse->double_click);
    vt_click(list.vt, 5, 70, 1);
    assert_true(loop_mouse(list.loop)->double_click);
    vt_click(list.vt, 5, 70, 5);
    assert_int_equal(loop_mouse(list.loop)->button, 5);
    list_end(&list);
}

/* A terminal that takes nothing: keys go on working, frames between are left out, and once it takes
 * output again the screen is right. */
static void test_stopped_terminal(void **state)
{
    (void)state;
    struct list list;
    list_start(&list, 60, 200);
    vt_stall(list.vt, true);
    for (int i = 0; i < 400; i++) {
        screen_redraw(); /* whole screens, to fill whatever buffers there are */
        vt_keys(list.vt, i % 3 ? "j" : "k");
    }
    assert_int_equal(list.n_keys, 400);
    assert_true(screen_pending());
    assert_true(list.draws < 100);
    vt_stall(list.vt, false);
    vt_settle(list.vt);
    assert_false(screen_pending());
    char *drawn = screen_text();
    assert_string_equal(vt_text(list.vt), drawn);
    free(drawn);
    assert_int_equal(vt_look(list.vt, list.at > 59 ? 59 : list.at, 0).bg, list.at > 59 ? -1 : 24);
    list_end(&list);
}

/* Whoever draws without the loop cannot pile up frames either. */
static void test_no_frame_is_made_while_one_is_pending(void **state)
{
    (void)state;
    struct list list;
    list_start(&list, 60, 200);
    vt_stall(list.vt, true);
    uint64_t before = screen_bytes();
    for (int i = 0; i < 500; i++) {
        screen_redraw();
        screen_frame_begin();
        list_draw(&list);
        screen_frame_end();
    }
    assert_true(screen_pending());
    vt_stall(list.vt, false);
    vt_settle(list.vt);
    assert_true(screen_bytes() - before < 50 * screen_frame_bytes());
    list_end(&list);
}

static void test_leaving_restores(void **state)
{
    (void)state;
    struct list list;
    list_start(&list, 24, 80);
    assert_true(vt_alternate(list.vt));
    loop_free(list.loop);
    screen_end();
    vt_drain(list.vt);
    assert_false(vt_alternate(list.vt));
    int row, col;
    assert_true(vt_cursor(list.vt, &row, &col));
    size_t n;
    assert_non_null(strstr(vt_raw(list.vt, &n), "\033[?2004l"));
    vt_free(list.vt);
    free(list.pasted);
}

/* With a terminal that is stopped for good the way out still takes no more than a moment. */
static void test_leaving_a_stopped_terminal(void **state)
{
    (void)state;
    struct list list;
    list_start(&list, 60, 200);
    vt_stall(list.vt, true);
    for (int i = 0; i < 200; i++) {
        screen_redraw();
        vt_keys(list.vt, "j");
    }
    assert_true(screen_pending());
    list_end(&list);
}

static void test_hang_up(void **state)
{
    (void)state;
    struct list list;
    list_start(&list, 24, 80);
    raise(SIGHUP);
    loop_step(list.loop, 0);
    assert_int_equal(list.quit_signal, SIGHUP);
    assert_true(loop_stopped(list.loop));
    list_end(&list);
}

static void test_refusals(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    struct vt *vt = vt_new(24, 80);
    struct screen_options options = {.input = fds[0], .output = vt_fd(vt)};
    assert_non_null(strstr(screen_start(&options), "standard input is not a terminal"));
    options = (struct screen_options){.input = vt_fd(vt), .output = fds[1]};
    assert_non_null(strstr(screen_start(&options), "standard output is not a terminal"));
    options = (struct screen_options){.input = vt_fd(vt), .output = vt_fd(vt), .term = "nonsense"};
    assert_non_null(strstr(screen_start(&options), "TERM"));
    options.term = "dumb";
    assert_non_null(strstr(screen_start(&options), "cursor"));
    options.term = "";
    assert_non_null(strstr(screen_start(&options), "TERM is not set"));
    options.term = "xterm-nobody-has-this"; /* taken for an xterm */
    assert_null(screen_start(&options));
    screen_end();
    close(fds[0]);
    close(fds[1]);
    vt_drain(vt);
    assert_int_equal(vt_bytes(vt) > 0, true);
    vt_free(vt);
}

static void test_colours(void **state)
{
    (void)state;
    static const struct {
        int colors;
        const char *none;
        int expected;
    } cases[] = {{-1, NULL, 256}, {-1, "1", 0}, {256, "1", 256},
                 {16, NULL, 16},  {8, NULL, 8}, {0, NULL, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vt *vt = vt_new(3, 20);
        struct screen_options options = {
            .input = vt_fd(vt), .output = vt_fd(vt), .theme.colors = cases[i].colors};
        if (cases[i].none)
            setenv("NO_COLOR", cases[i].none, 1);
        assert_null(screen_start(&options));
        unsetenv("NO_COLOR");
        assert_int_equal(theme_colors(), cases[i].expected);
        screen_frame_begin();
        for (enum role role = 0; role < ROLE_COUNT; role++)
            draw_text(screen_area(), 0, (int)role % 20, role, "x");
        draw_text(screen_area(), 1, 0, ROLE_SELECTED, "selected");
        draw_text(screen_area(), 2, 0, ROLE_UP, "up");
        screen_frame_end();
        vt_drain(vt);
        assert_int_equal(vt_look(vt, 1, 0).reverse, cases[i].expected < 256);
        int up[] = {-1, 2, 28};
        assert_int_equal(vt_look(vt, 2, 0).fg,
                         up[(cases[i].expected > 0) + (cases[i].expected > 16)]);
        if (cases[i].expected == 0)
            for (int col = 0; col < 20; col++)
                assert_true(vt_look(vt, 0, col).fg < 0 && vt_look(vt, 0, col).bg < 0);
        screen_end();
        vt_drain(vt);
        vt_free(vt);
    }
}

static void test_clipboard(void **state)
{
    (void)state;
    struct list list;
    list_start(&list, 24, 80);
    vt_mark(list.vt);
    screen_copy("王\x1b\t1\xff\n", 9);
    vt_settle(list.vt);
    size_t n;
    assert_string_equal(vt_raw(list.vt, &n), "\033]52;c;546LCTEK\033\\");
    list_end(&list);
}

static void count_up(void *context)
{
    ++*(int *)context;
}

static void test_timers_and_watches(void **state)
{
    (void)state;
    struct list list;
    list_start(&list, 24, 80);
    int once = 0, again = 0, never = 0, read_ready = 0, fds[2];
    loop_timer(list.loop, 0, false, count_up, &once);
    int id = loop_timer(list.loop, 1, true, count_up, &again);
    loop_timer_stop(list.loop, loop_timer(list.loop, 0, false, count_up, &never));
    while (again < 3)
        loop_step(list.loop, -1);
    loop_timer_stop(list.loop, id);
    assert_int_equal(once, 1);
    assert_int_equal(never, 0);
    assert_int_equal(pipe(fds), 0);
    loop_watch(list.loop, fds[0], count_up, &read_ready);
    loop_step(list.loop, 0);
    assert_int_equal(read_ready, 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    loop_step(list.loop, -1);
    assert_int_equal(read_ready, 1);
    loop_unwatch(list.loop, fds[0]);
    loop_step(list.loop, 0);
    assert_int_equal(read_ready, 1);
    close(fds[0]);
    close(fds[1]);
    list_end(&list);
}

static void test_fed_keys_without_a_terminal(void **state)
{
    (void)state;
    static const struct loop_ops ops = {.key = list_key, .draw = list_draw};
    struct list list = {0};
    struct theme_options theme = {0};
    screen_start_plain(5, 40, &theme);
    list.loop = loop_new(&ops, &list);
    loop_feed(list.loop, 'j');
    loop_feed(list.loop, 'j');
    loop_feed_paste(list.loop, "pasted");
    loop_step(list.loop, 0);
    assert_int_equal(list.at, 2);
    assert_string_equal(list.pasted, "pasted");
    char *text = screen_text();
    assert_non_null(strstr(text, "   2  王小明 星巴克  15838\n"));
    free(text);
    loop_free(list.loop);
    screen_end();
    free(list.pasted);
}

/* A test that failed must not fail the next ones. */
static int end_screen(void **state)
{
    (void)state;
    screen_end();
    return 0;
}

int main(void)
{
    locale_start("atrium", NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_first_frame, end_screen),
        cmocka_unit_test_teardown(test_idle_costs_nothing, end_screen),
        cmocka_unit_test_teardown(test_cursor_move_is_small, end_screen),
        cmocka_unit_test_teardown(test_resize, end_screen),
        cmocka_unit_test_teardown(test_margins_are_the_whole_screen, end_screen),
        cmocka_unit_test_teardown(test_keys_arrive, end_screen),
        cmocka_unit_test_teardown(test_paste_is_one_key, end_screen),
        cmocka_unit_test_teardown(test_mouse, end_screen),
        cmocka_unit_test_teardown(test_stopped_terminal, end_screen),
        cmocka_unit_test_teardown(test_no_frame_is_made_while_one_is_pending, end_screen),
        cmocka_unit_test_teardown(test_leaving_restores, end_screen),
        cmocka_unit_test_teardown(test_leaving_a_stopped_terminal, end_screen),
        cmocka_unit_test_teardown(test_hang_up, end_screen),
        cmocka_unit_test_teardown(test_refusals, end_screen),
        cmocka_unit_test_teardown(test_colours, end_screen),
        cmocka_unit_test_teardown(test_clipboard, end_screen),
        cmocka_unit_test_teardown(test_timers_and_watches, end_screen),
        cmocka_unit_test_teardown(test_fed_keys_without_a_terminal, end_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
