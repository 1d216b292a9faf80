/* Frames, their bytes, sizes, keys and a terminal that stops taking output. */
#include "tests/support/vterm.h"
#include "tui/locale.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

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

static void test_idle_costs_nothing_and_moves_little(void **state)
{
    (void)state;
    struct list list;
    list_start(&list, 24, 80);
    vt_mark(list.vt);
    for (int i = 0; i < 5; i++) {
        loop_redraw(list.loop);
        vt_settle(list.vt);
    }
    assert_int_equal(vt_bytes(list.vt), 0);
    vt_mark(list.vt);
    vt_keys(list.vt, "j");
    print_message("a cursor move over a full row: %zu bytes\n", vt_bytes(list.vt));
    list_end(&list);
}

int main(void)
{
    locale_start("atrium", NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_frame),
        cmocka_unit_test(test_idle_costs_nothing_and_moves_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
