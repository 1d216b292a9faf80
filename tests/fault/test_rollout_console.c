/*
 * A console that drives a roll-out is killed (SIGKILL) just before and just after every one of the
 * commits of its steps; `atrium run`, the real program, finishes. Every device wholly runs the old
 * or the new version, and no wave passes its limit.
 */
#include "model/base/time.h"
#include "tests/support/rollout_farm.h"
#include "views/console.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { DEVICES = 3, ROUNDS = 20, PATIENCE_S = 60, STEP_MS = 5, LEAST_KILLS = 10 };

static struct error err;
static const char *program;
static char self[4096];

/* ---- The console that is killed ---- */

static struct {
    int at, count;
    enum rollout_moment moment;
} killing;

static bool kill_at(void *context, enum rollout_moment moment)
{
    (void)context;
    if (moment == killing.moment && ++killing.count == killing.at)
        raise(SIGKILL);
    return true;
}

/* console MALL IDENTITY AT MOMENT: ann's console is opened, drives what she made, and is left when
 * nothing can be done any more. */
static int console_main(char **argv)
{
    struct console *console;
    struct console_options options = {.mall_path = argv[2],
                                      .principal = "ann",
                                      .rows = 24,
                                      .cols = 80,
                                      .still = true,
                                      .forgetful = true,
                                      .drives = true,
                                      .identity = argv[3],
                                      .rollout_moment = kill_at};
    killing.at = (int)strtol(argv[4], NULL, 10);
    killing.moment = (enum rollout_moment)strtol(argv[5], NULL, 10);
    modules_start();
    if (console_new(&options, &console, &err) != ST_OK) {
        fprintf(stderr, "%s\n", error_text(&err));
        return 2;
    }
    int64_t until = time_monotonic_ns() + PATIENCE_S * INT64_C(1000000000);
    while (console_busy(console) && time_monotonic_ns() < until)
        loop_step(console->loop, STEP_MS);
    console_free(console);
    return 0;
}

/* Waits for a child; true when it was killed. */
static bool child_ended(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        return true;
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

static bool console_killed_at(struct rollout_world *w, int at, int moment)
{
    char numbers[2][24];
    snprintf(numbers[0], sizeof *numbers, "%d", at);
    snprintf(numbers[1], sizeof *numbers, "%d", moment);
    pid_t child = fork();
    if (child == 0) {
        execl(self, "test_rollout_console", "console", w->mall.path, w->fleet.identity, numbers[0],
              numbers[1], (char *)NULL);
        _exit(127);
    }
    return child_ended(child);
}

/* ---- The engine that finishes ---- */

static void engine_round(struct rollout_world *w, int64_t now)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)now);
    pid_t child = fork();
    if (child == 0) {
        setenv("ATRIUM_NOW", text, 1);
        setenv("ATRIUM_IDENTITY", w->fleet.identity, 1);
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
            _exit(126);
        execl(program, "atrium", "-m", w->mall.path, "run", "--once", "--steps", "rollouts",
              (char *)NULL);
        _exit(127);
    }
    assert_false(child_ended(child));
}

static bool is_over(const struct rollout *r)
{
    return r->state == ROLLOUT_DONE || r->state == ROLLOUT_STOPPED || r->state == ROLLOUT_RETURNED;
}

/* Rounds whose clock goes on, until it is over and every device is settled. */
static const struct rollout *engine_finishes(struct rollout_world *w, const char *code)
{
    struct rollout_row *rows;
    size_t n, open = 1;
    const struct rollout *r = rollout_world_read(w, code, &rows, &n);
    int64_t now = r->lease > time_now() ? r->lease : time_now();
    for (int i = 0; i < ROUNDS && (open || !is_over(r)); i++) {
        rollout_world_up(w);
        engine_round(w, now += 61);
        r = rollout_world_read(w, code, &rows, &n);
        open = 0;
        for (size_t k = 0; k < n; k++)
            open += !step_settled(rows[k].step);
    }
    for (size_t k = 0; open && k < n; k++)
        print_message(
            "%s: %s %s %s, wait %s, %d attempts, app %s, due in %lld s, lease %lld of '%s'\n", code,
            w->fleet.devices[rows[k].device - 1].code, rollout_step_names[rows[k].step],
            rows[k].reason, rollout_wait_names[rows[k].wait], rows[k].attempts, rows[k].app,
            (long long)(rows[k].due - now), (long long)(r->lease - now), r->driver);
    if (open || !is_over(r))
        fail_msg("%s is %s, %zu devices are open", code, rollout_state_names[r->state], open);
    time_fix(now + 61);
    return r;
}

/* ---- Everywhere ---- */

static void killed_at_every_commit(const char *suffix, bool back)
{
    struct rollout_world w;
    int version = 0, kills = 0;
    rollout_world_start(&w, DEVICES);
    test_run(&w.mall, "insert into principal (name, role) values ('ann', 'technician')");
    time_fix(time_now());
    for (int moment = MOMENT_BEFORE; moment <= MOMENT_AFTER; moment++)
        for (int at = 1;; at++) {
            char code[16], app[32], now[24];
            snprintf(app, sizeof app, "5.%d%s", ++version, suffix);
            struct rollout_draft draft = rollout_world_draft(&w, app);
            draft.back = back;
            rollout_world_begin(&w, &draft, code);
            snprintf(now, sizeof now, "%lld", (long long)time_now());
            setenv("ATRIUM_NOW", now, 1);
            bool killed = console_killed_at(&w, at, moment);
            kills += killed;
            const struct rollout *r = engine_finishes(&w, code);
            rollout_world_check(&w, code);
            assert_true(r->faults <= 1);
            assert_int_equal(r->ok, *suffix ? 0 : DEVICES);
            if (!killed)
                break;
        }
    print_message("consoles killed%s: %d\n", suffix, kills);
    assert_true(kills >= LEAST_KILLS);
    unsetenv("ATRIUM_NOW");
    rollout_world_stop(&w);
}

static void the_engine_finishes(void **state)
{
    (void)state;
    killed_at_every_commit("", false);
}

static void the_engine_brings_them_back(void **state)
{
    (void)state;
    killed_at_every_commit("-unwell", true);
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "console") == 0)
        return console_main(argv);
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    program = getenv("ATRIUM") ? getenv("ATRIUM") : "build/atrium";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_engine_finishes),
        cmocka_unit_test(the_engine_brings_them_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
