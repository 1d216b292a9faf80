/* The program itself on a terminal of its own: however it ends or stops, the terminal is as it was,
 * the mall file is whole and free, and the place where one stopped is offered again. */
#include "fixtures/mall/make.h"
#include "model/store/verify.h"
#include "tests/support/temp.h"
#include "tests/support/vterm.h"
#include "tui/locale.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static char *folder, *mall_path;
static const char *program;
static struct vt *vt;
static struct termios before;

static int mall_make(void **state)
{
    (void)state;
    struct error err = {0};
    modules_start();
    folder = temp_folder();
    mall_path = temp_path(folder, "demo.mall");
    static const char *const homes[] = {"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME",
                                        "XDG_DATA_HOME"};
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
        setenv(homes[i], folder, 1);
    setenv("ATRIUM_LANG", "en", 1);
    program = getenv("ATRIUM") ? getenv("ATRIUM") : "build/atrium";
    struct demo_options options = {.recipe = demo_recipe_default(300, 60, 5)};
    struct demo_summary summary;
    assert_ok(demo_make(mall_path, &options, &summary, &err));
    return 0;
}

static int mall_remove(void **state)
{
    (void)state;
    free(mall_path);
    temp_folder_remove(folder);
    return 0;
}

static int after_each(void **state)
{
    (void)state;
    if (vt)
        vt_free(vt);
    vt = NULL;
    return 0;
}

static int run_console(int fd, void *context)
{
    (void)fd;
    (void)context;
    execl(program, program, "-m", mall_path, (char *)NULL);
    return 127;
}

static void start(bool job)
{
    vt = vt_new(24, 80);
    tcgetattr(vt_fd(vt), &before);
    if (job)
        vt_spawn_job(vt, run_console, NULL);
    else
        vt_spawn(vt, run_console, NULL);
    vt_wait_for(vt, "Loop");
    assert_true(vt_alternate(vt));
}

static void assert_restored(void)
{
    struct termios now;
    int row, col;
    size_t n;
    const char *raw = vt_raw(vt, &n);
    assert_false(vt_alternate(vt));
    assert_true(vt_cursor(vt, &row, &col));
    assert_non_null(memmem(raw, n, "\033[?2004l", 8)); /* pastes */
    tcgetattr(vt_master(vt), &now);
    assert_int_equal(now.c_lflag, before.c_lflag);
    assert_int_equal(now.c_iflag, before.c_iflag);
    assert_int_equal(now.c_oflag, before.c_oflag);
}

/* A change from outside is made at once: nobody holds the file. */
static void assert_file_free(void)
{
    const char *argv[] = {program, "-m", mall_path, "import", "members", "-", NULL};
    struct run_result result = run_program(argv, "member,name\nM-outside,Wang\n");
    if (result.status != 0)
        fail_msg("import: status %d: %s", result.status, result.err);
    run_result_free(&result);
}

static void assert_whole(void)
{
    const char *argv[] = {program, "-m", mall_path, "verify", NULL};
    struct run_result result = run_program(argv, NULL);
    if (result.status != 0)
        fail_msg("verify: status %d: %s%s", result.status, result.out, result.err);
    run_result_free(&result);
}

static void every_way_out_restores_the_terminal(void **state)
{
    (void)state;
    static const struct {
        const char *keys; /* typed; NULL: a signal is sent */
        int number;       /* 0: it ends by itself, with status 0 */
        bool fault;
    } ways[] = {
        {"Q", 0, false},       {"1\033[A7Q", 0, false}, {NULL, SIGTERM, false},
        {NULL, SIGHUP, false}, {NULL, SIGINT, false},   {NULL, SIGSEGV, true},
        {NULL, SIGBUS, true},  {NULL, SIGABRT, true},   {NULL, SIGFPE, true},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        start(false);
        if (ways[i].keys)
            vt_write(vt, ways[i].keys, strlen(ways[i].keys));
        else
            kill(vt_child(vt), ways[i].number);
        int status = vt_wait_exit(vt);
        if (!ways[i].fault)
            assert_true(WIFEXITED(status) || WTERMSIG(status) == ways[i].number);
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__ /* which report it themselves */
        else
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == ways[i].number);
#endif
        assert_restored();
        assert_file_free();
        after_each(NULL);
    }
    assert_whole();
}

/* Stopped by its key, by a signal, and in a way that cannot be caught: while it stands, the file is
 * free; when it goes on, everything is there again. */
static void stop_and_continue(void **state)
{
    (void)state;
    static const int ways[] = {0, SIGTSTP, SIGSTOP};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        start(true);
        vt_write(vt, "7", 1);
        vt_wait_for(vt, "Shops");
        /* Who is stopped without notice while taking a lock of the file keeps it: not meant here.
         */
        if (ways[i] == SIGSTOP)
            vt_wait_for(vt, "1 of ");
        if (ways[i])
            kill(vt_child(vt), ways[i]);
        else
            vt_write(vt, "\032", 1);
        vt_wait_stop(vt);
        if (ways[i] != SIGSTOP)
            assert_restored();
        assert_file_free();
        vt_mark(vt);
        kill(vt_child(vt), SIGCONT);
        vt_wait_for(vt, "Shops");
        vt_write(vt, "6", 1);
        vt_wait_for(vt, "Members");
        assert_true(vt_alternate(vt));
        vt_write(vt, "Q", 1);
        int status = vt_wait_exit(vt);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_restored();
        after_each(NULL);
    }
}

static void a_lost_line_is_offered_again(void **state)
{
    (void)state;
    start(false);
    vt_write(vt, "7", 1);
    vt_wait_for(vt, "▌"); /* the first row */
    vt_write(vt, "\r", 1);
    vt_wait_for(vt, "Shops › ");
    vt_hang_up(vt);
    after_each(NULL);
    start(false);
    vt_wait_for(vt, "you stopped at");
    vt_write(vt, ".", 1);
    vt_wait_for(vt, "Shops › ");
    vt_write(vt, "Q", 1);
    vt_wait_exit(vt);
    assert_restored();
    assert_whole();
}

int main(void)
{
    locale_start("atrium", NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_way_out_restores_the_terminal, after_each),
        cmocka_unit_test_teardown(stop_and_continue, after_each),
        cmocka_unit_test_teardown(a_lost_line_is_offered_again, after_each),
    };
    return cmocka_run_group_tests(tests, mall_make, mall_remove);
}
