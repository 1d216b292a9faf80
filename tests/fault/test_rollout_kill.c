/*
 * A program that drives a roll-out is killed (SIGKILL) just before and just after every one of its
 * commits, alone and while a device dies in the middle of a step: the next program finishes or
 * rolls back, and every device wholly runs the old or the new version.
 */
#include "model/base/time.h"
#include "tests/support/rollout_farm.h"

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

enum { DEVICES = 3, WEEK = 7 * 86400 };

static struct error err;

/* ---- The program that is killed ---- */

struct killing {
    int at, count;
    enum rollout_moment moment;
};

static bool kill_at(void *context, enum rollout_moment moment)
{
    struct killing *killing = context;
    if (moment == killing->moment && ++killing->count == killing->at)
        raise(SIGKILL);
    return true;
}

/* drive MALL IDENTITY CODE AT MOMENT NOW */
static int drive(char **argv)
{
    struct rollout_world w = {.limit_ms = 2000, .fleet.identity = argv[3]};
    struct rollout_turn turn;
    struct killing killing = {.at = (int)strtol(argv[5], NULL, 10),
                              .moment = (enum rollout_moment)strtol(argv[6], NULL, 10)};
    time_fix(strtoll(argv[7], NULL, 10));
    rollout_register();
    w.author = test_access(ACCESS_TECHNICIAN);
    if (mall_open(argv[2], &w.mall.mall, &err) != ST_OK ||
        reader_open(w.mall.mall, &w.mall.reader, &err) != ST_OK ||
        writer_open(w.mall.mall, &w.mall.writer, &err) != ST_OK) {
        fprintf(stderr, "%s\n", error_text(&err));
        return 2;
    }
    rollout_world_drive(&w, argv[4], 60, kill_at, &killing, &turn);
    reader_close(w.mall.reader);
    writer_close(w.mall.writer);
    mall_close(w.mall.mall);
    return 0;
}

/* True when it was killed; false when it ended before. */
static bool killed_at(struct rollout_world *w, const char *code, int at, int moment)
{
    char numbers[3][24];
    snprintf(numbers[0], sizeof *numbers, "%d", at);
    snprintf(numbers[1], sizeof *numbers, "%d", moment);
    snprintf(numbers[2], sizeof *numbers, "%lld", (long long)time_now());
    pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", "test_rollout_kill", "drive", w->mall.path, w->fleet.identity, code,
              numbers[0], numbers[1], numbers[2], (char *)NULL);
        _exit(127);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        return true;
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

/* ---- The one that goes on ---- */

static void killed_at_every_commit(const char *death, const char *suffix, bool back)
{
    struct rollout_world w;
    struct rollout_turn turn;
    struct rollout_row *rows;
    size_t n, oks = 0;
    int version = 0, kills = 0;
    rollout_world_start(&w, DEVICES);
    for (int moment = MOMENT_BEFORE; moment <= MOMENT_AFTER; moment++)
        for (int at = 1;; at++) {
            char code[16], app[32];
            snprintf(app, sizeof app, "5.%d%s", ++version, suffix);
            struct rollout_draft draft = rollout_world_draft(&w, app);
            draft.back = back;
            rollout_world_begin(&w, &draft, code);
            if (*death)
                test_fault(&w.fleet, 0, death);
            bool killed = killed_at(&w, code, at, moment);
            kills += killed;
            rollout_world_up(&w);
            /* The clock of the one that was killed may have gone further. */
            int64_t lease = rollout_world_read(&w, code, &rows, &n)->lease;
            time_fix((lease > time_now() ? lease : time_now()) + 1);
            assert_true(rollout_world_drive(&w, code, WEEK, NULL, NULL, &turn));
            assert_true(turn.over);
            test_fault(&w.fleet, 0, "ok");
            rollout_world_up(&w);
            rollout_world_check(&w, code);
            const struct rollout *r = rollout_world_read(&w, code, &rows, &n);
            assert_true(r->faults <= 1);
            oks += (size_t)r->ok;
            if (!*death && !*suffix)
                assert_int_equal(r->ok, DEVICES);
            if (*suffix)
                assert_int_equal(r->ok, 0);
            if (!killed)
                break;
        }
    print_message("%s%s: killed %d times, %zu devices ok\n", *death ? death : "no death", suffix,
                  kills, oks);
    assert_true(kills >= 10);
    rollout_world_stop(&w);
}

static void killed_and_nothing_else(void **state)
{
    (void)state;
    killed_at_every_commit("", "", false);
}

static void killed_while_a_device_dies(void **state)
{
    (void)state;
    killed_at_every_commit("die:switch:1", "", false);
    killed_at_every_commit("die:switch:2", "", false);
    killed_at_every_commit("die:confirm:1", "", false);
    killed_at_every_commit("die:confirm:2", "", false);
}

static void killed_while_it_goes_back(void **state)
{
    (void)state;
    killed_at_every_commit("", "-unwell", true);
}

int main(int argc, char **argv)
{
    if (argc == 8 && strcmp(argv[1], "drive") == 0)
        return drive(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_and_nothing_else),
        cmocka_unit_test(killed_while_a_device_dies),
        cmocka_unit_test(killed_while_it_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
