/* One mall file, many programs: two consoles with people at their keys, imports of events and of
 * members, questions and checks, all at once. Each does what it was asked, the consoles show what
 * the others wrote, and the file is whole. */
#include "fixtures/mall/make.h"
#include "tests/support/temp.h"
#include "tests/support/vterm.h"
#include "tui/locale.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONSOLES = 2, WORKERS = 4, FILES = 6, ROWS = 400, QUESTIONS = 12 };

static char *folder, *mall_path;
static const char *program;
static struct vt *consoles[CONSOLES];
static pid_t workers[WORKERS];

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
    struct demo_options options = {.recipe = demo_recipe_default(500, 60, 11)};
    struct demo_summary summary;
    assert_ok(demo_make(mall_path, &options, &summary, &err));
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (int i = 0; i < CONSOLES; i++)
        if (consoles[i])
            vt_free(consoles[i]);
    for (int i = 0; i < WORKERS; i++)
        if (workers[i] > 0) {
            kill(workers[i], SIGKILL);
            waitpid(workers[i], NULL, 0);
        }
    return 0;
}

static int mall_remove(void **state)
{
    (void)state;
    free(mall_path);
    temp_folder_remove(folder);
    return 0;
}

/* ---- Commands, each in a process of its own ---- */

static bool command(const char *const *words, const char *input)
{
    const char *argv[12] = {program, "-m", mall_path};
    for (int i = 0; words[i]; i++)
        argv[3 + i] = words[i];
    struct run_result result = run_program(argv, input);
    bool good = result.status == 0;
    if (!good)
        fprintf(stderr, "%s %s: status %d: %s%s\n", words[0], words[1] ? words[1] : "",
                result.status, result.out, result.err);
    run_result_free(&result);
    return good;
}

/* Rows `FILES` times `ROWS`; each file twice, as imports may be repeated. */
static bool import(const char *kind, const char *header, const char *row)
{
    const char *words[] = {"import", kind, "-", NULL};
    bool good = true;
    for (int file = 0; file < FILES && good; file++) {
        char *text = NULL;
        size_t n;
        FILE *out = open_memstream(&text, &n);
        fprintf(out, "%s\n", header);
        for (int i = 0; i < ROWS; i++)
            fprintf(out, row, file * ROWS + i, i % 28 + 1, i % 24, file * ROWS + i);
        fclose(out);
        good = command(words, text) && command(words, text);
        free(text);
    }
    return good;
}

static bool work(int number)
{
    static const char *const questions[][6] = {
        {"status", "--json"}, {"loop", "--json"},       {"sql", "select count(*) from v_event"},
        {"verify"},           {"member", "find", "王"}, {"tenant", "list"},
    };
    if (number == 0)
        return import("events", "time,subject,kind,amount,ref",
                      "2026-09-%2$02d %3$02d:00:00,X%1$d,purchase,12.50,T%4$d\n");
    if (number == 1)
        return import("members", "member,name", "MX%1$d,Wang %1$d\n");
    bool good = true;
    for (int i = 0; i < QUESTIONS && good; i++)
        good =
            command(questions[(size_t)(i + number) % (sizeof questions / sizeof *questions)], NULL);
    return good;
}

static void workers_begin(void)
{
    fflush(NULL);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        assert_true(workers[i] >= 0);
        if (workers[i] == 0)
            _exit(work(i) ? 0 : 1);
    }
}

/* How many are still at it; fails the test when one of them failed. */
static int workers_left(void)
{
    int left = 0;
    for (int i = 0; i < WORKERS; i++) {
        int status = 0;
        if (workers[i] <= 0)
            continue;
        if (waitpid(workers[i], &status, WNOHANG) != workers[i]) {
            left++;
            continue;
        }
        workers[i] = 0;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("worker %d ended with %d", i, status);
    }
    return left;
}

/* ---- Consoles ---- */

static int run_console(int fd, void *context)
{
    (void)fd;
    (void)context;
    execl(program, program, "-m", mall_path, (char *)NULL);
    return 127;
}

static void press(struct vt *vt, const char *keys, const char *shown)
{
    vt_write(vt, keys, strlen(keys));
    vt_wait_for(vt, shown);
}

/* Looks around; the second console also records a member's consent. */
static void look_around(int round)
{
    static const struct {
        const char *keys, *shown;
    } places[] = {
        {"2", "Perceive"}, {"6", "Members"}, {"7", "Shops"}, {"8", "Data"}, {"1", "Loop"}};
    size_t place = (size_t)round % (sizeof places / sizeof *places);
    for (int i = 0; i < CONSOLES; i++)
        press(consoles[i], places[place].keys, places[place].shown);
    if (place != 1)
        return;
    vt_wait_for(consoles[1], "▌");
    press(consoles[1], "\r", "Members ›");
    vt_wait_for(consoles[1], "Consents");
    press(consoles[1], "c", "consent withdrawn");
    vt_write(consoles[1], "\r", 1);
}

static void everything_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < CONSOLES; i++) {
        consoles[i] = vt_new(30, 100);
        vt_spawn(consoles[i], run_console, NULL);
        vt_wait_for(consoles[i], "Loop");
    }
    workers_begin();
    for (int round = 0; workers_left() > 0 || round < 5; round++)
        look_around(round);
    for (int i = 0; i < CONSOLES; i++) {
        press(consoles[i], "8", "Data");
        vt_wait_for(consoles[i], "2,900"); /* members: what others wrote */
        vt_write(consoles[i], "Q", 1);
        int status = vt_wait_exit(consoles[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

static void nothing_is_lost(void **state)
{
    (void)state;
    static const char count[] = "select (select count(*) from v_event where ref like 'T%'),"
                                " (select count(*) from v_member where card like 'MX%')";
    const char *argv[] = {program, "-m", mall_path, "sql", count, "--csv", NULL};
    struct run_result result = run_program(argv, NULL);
    char expected[40];
    snprintf(expected, sizeof expected, "\n%d,%d\n", FILES * ROWS, FILES * ROWS);
    if (!strstr(result.out, expected))
        fail_msg("expected %s, found %s%s", expected, result.out, result.err);
    run_result_free(&result);
    static const char *const verify[] = {"verify", NULL};
    assert_true(command(verify, NULL));
}

int main(void)
{
    locale_start("atrium", NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(everything_at_once, end),
        cmocka_unit_test(nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, mall_make, mall_remove);
}
