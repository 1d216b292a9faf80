/* Every way out of the console leaves the terminal as it was: a program on a terminal of its own,
 * ended by signals, faults, stops and the loss of the line. */
#include "tests/support/vterm.h"
#include "tui/locale.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static struct loop *loop;
static volatile int *nowhere;

static void on_key(void *context, uint32_t key)
{
    (void)context;
    if (key == 'q')
        loop_stop(loop);
    if (key == 'f')
        *nowhere = 1;
    if (key == 'a')
        abort();
    if (key == 'z')
        loop_suspend(loop);
    if (key == 'h') {
        screen_frame_begin();
        draw_text(screen_area(), 5, 3, ROLE_PLAIN, "stuck");
        screen_frame_end();
        for (;;) /* a handler that never comes back */
            pause();
    }
}

static void on_draw(void *context)
{
    draw_text(screen_area(), 2, 3, ROLE_ACCENT, *(int *)context ? "leaving" : "running");
    draw_printf(screen_area(), 3, 3, ROLE_PLAIN, "%d x %d", screen_area().rows, screen_area().cols);
}

static void on_quit(void *context, int number)
{
    *(int *)context = number;
}

/* Exit status 40 + the signal that quit was called with. */
static int program(int fd, void *context)
{
    static const struct loop_ops ops = {.key = on_key, .draw = on_draw, .quit = on_quit};
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        signal(faults[i], SIG_DFL); /* cmocka's own */
    (void)context;
    int number = 0;
    struct screen_options options = {.input = fd, .output = fd, .theme.colors = -1, .mouse = true};
    if (screen_start(&options))
        return 9;
    loop = loop_new(&ops, &number);
    loop_run(loop);
    loop_free(loop);
    screen_end();
    return number ? 40 + number : 0;
}

static struct vt *start(struct termios *before)
{
    struct vt *vt = vt_new(24, 80);
    tcgetattr(vt_fd(vt), before);
    vt_spawn(vt, program, NULL);
    vt_wait_for(vt, "running");
    assert_true(vt_alternate(vt));
    return vt;
}

static void assert_restored(struct vt *vt, const struct termios *before)
{
    struct termios now;
    int row, col;
    assert_false(vt_alternate(vt));
    assert_true(vt_cursor(vt, &row, &col));
    size_t n;
    const char *raw = vt_raw(vt, &n);
    assert_non_null(memmem(raw, n, "\033[?2004l", 8));
    assert_non_null(memmem(raw, n, "\033[?1000l", 8));
    tcgetattr(vt_master(vt), &now);
    assert_int_equal(now.c_lflag, before->c_lflag);
    assert_int_equal(now.c_iflag, before->c_iflag);
    assert_int_equal(now.c_oflag, before->c_oflag);
    vt_free(vt);
}

static void test_ending(void **state)
{
    (void)state;
    static const struct {
        const char *keys; /* typed, or a signal is sent */
        int number, exit_status, killed_by;
    } cases[] = {
        {"q", 0, 0, 0},
        {NULL, SIGTERM, 40 + SIGTERM, 0},
        {NULL, SIGHUP, 40 + SIGHUP, 0},
        {NULL, SIGINT, 40 + SIGINT, 0},
        {NULL, SIGSEGV, 0, SIGSEGV},
        {NULL, SIGBUS, 0, SIGBUS},
        {NULL, SIGABRT, 0, SIGABRT},
#ifndef __SANITIZE_ADDRESS__ /* which reports faults in its own way and exits */
        {"f", 0, 0, SIGSEGV},
#endif
        {"a", 0, 0, SIGABRT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct termios before;
        struct vt *vt = start(&before);
        pid_t child = vt_child(vt);
        if (cases[i].keys)
            vt_write(vt, cases[i].keys, strlen(cases[i].keys));
        else
            kill(child, cases[i].number);
        int status = vt_wait_exit(vt);
        if (cases[i].killed_by) {
#ifndef __SANITIZE_ADDRESS__
            assert_true(WIFSIGNALED(status));
            assert_int_equal(WTERMSIG(status), cases[i].killed_by);
#endif
        } else {
            assert_true(WIFEXITED(status));
            assert_int_equal(WEXITSTATUS(status), cases[i].exit_status);
        }
        assert_restored(vt, &before);
    }
}

/* A program that no longer answers still ends, and restores the terminal. */
static void test_stuck_program_ends(void **state)
{
    (void)state;
    struct termios before;
    struct vt *vt = start(&before);
    vt_write(vt, "h", 1);
    vt_wait_for(vt, "stuck");
    kill(vt_child(vt), SIGHUP);
    kill(vt_child(vt), SIGHUP);
    int status = vt_wait_exit(vt);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGHUP);
    assert_restored(vt, &before);
}

/* Stopped by a key, by a signal, and in a way that cannot be caught; back each time. */
static void test_stop_and_continue(void **state)
{
    (void)state;
    static const int ways[] = {0, SIGTSTP, SIGSTOP};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct termios before, now;
        struct vt *vt = vt_new(24, 80);
        tcgetattr(vt_fd(vt), &before);
        vt_spawn_job(vt, program, NULL);
        vt_wait_for(vt, "running");
        if (ways[i])
            kill(vt_child(vt), ways[i]);
        else
            vt_write(vt, "z", 1);
        vt_wait_stop(vt);
        if (ways[i] != SIGSTOP) {
            assert_false(vt_alternate(vt));
            tcgetattr(vt_master(vt), &now);
            assert_int_equal(now.c_lflag, before.c_lflag);
        }
        vt_mark(vt);
        kill(vt_child(vt), SIGCONT);
        vt_wait_raw(vt, "running");
        assert_true(vt_alternate(vt));
        assert_true(vt_shows(vt, "running"));
        vt_write(vt, "q", 1);
        int status = vt_wait_exit(vt);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_restored(vt, &before);
    }
}

static void test_the_line_is_lost(void **state)
{
    (void)state;
    struct termios before;
    struct vt *vt = start(&before);
    int status = vt_hang_up(vt);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 40 + SIGHUP);
    vt_free(vt);
}

static void test_size_follows_the_terminal(void **state)
{
    (void)state;
    struct termios before;
    struct vt *vt = start(&before);
    vt_resize(vt, 30, 100);
    vt_wait_for(vt, "30 x 100");
    vt_write(vt, "q", 1);
    vt_wait_exit(vt);
    assert_restored(vt, &before);
}

int main(void)
{
    locale_start("atrium", NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ending),
        cmocka_unit_test(test_stuck_program_ends),
        cmocka_unit_test(test_stop_and_continue),
        cmocka_unit_test(test_the_line_is_lost),
        cmocka_unit_test(test_size_follows_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
