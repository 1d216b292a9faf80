/* The engine and the script against real OpenSSH servers with a real shell: what the simulator only
 * plays is so. */
#include "fixtures/devices/tree.h"
#include "model/base/time.h"
#include "model/fleet/status.h"
#include "tests/support/device_farm.h"
#include "tests/support/fake_agent.h"
#include "tests/support/sshd.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { SERVERS = 20, LONG_MS = 60000 };

static struct sshd_farm farm;

static int farm_begin(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    if (!sshd_there())
        return -1;
    sshd_farm_start(&farm, SERVERS, NULL);
    return 0;
}

static int farm_end(void **state)
{
    (void)state;
    sshd_farm_stop(&farm);
    return 0;
}

static struct fleet_engine *engine_new(void)
{
    return test_engine(farm.identity, LONG_MS, LONG_MS);
}

static void gone_wait(const char *command)
{
    int64_t until = time_monotonic_ns() + LONG_MS * INT64_C(1000000);
    while (tree_lives(command) && time_monotonic_ns() < until)
        poll(NULL, 0, 10);
    assert_false(tree_lives(command));
}

static char *home_path(size_t i, const char *name)
{
    return temp_path(farm.servers[i].folder, name);
}

/* ---- Status and answers ---- */

static void test_all_say_how_they_are(void **state)
{
    (void)state;
    struct fleet_engine *engine = engine_new();
    struct arena *arena = arena_new();
    char *script = home_path(3, "atrium/bin/atrium-device"), *kept = home_path(3, "kept");
    assert_int_equal(rename(script, kept), 0); /* to this one it is sent along */
    struct fleet_work_options how = {.verb = "status"};
    struct fleet_work *work = fleet_work_begin(engine, farm.devices, farm.n, &how);
    assert_true(fleet_wait(engine, LONG_MS));
    for (size_t i = 0; i < farm.n; i++) {
        struct device_sight sight;
        device_sight_of(&test_results(work)[i], arena, device_now_ms(), &sight);
        if (sight.state != DEVICE_OK)
            fail_msg("%s: %s in %s: %s", farm.devices[i].code, device_condition_names[sight.state],
                     sight.phase, sight.reason);
        assert_string_equal(sight.app, "1.0");
        assert_int_equal(strlen(sight.config), 12);
        assert_true(sight.load >= 0 && sight.disk >= 0 && sight.spool == 0);
        assert_in_range(sight.clock_ms + LONG_MS, 0, 2 * LONG_MS);
    }
    assert_int_equal(rename(kept, script), 0);
    fleet_work_free(work);
    free(script);
    free(kept);
    arena_free(arena);
    fleet_free(engine);
}

static size_t groups_of(const struct fleet_work *work, struct arena *arena)
{
    struct fleet_output *outputs = arena_array(arena, struct fleet_output, farm.n);
    size_t n;
    for (size_t i = 0; i < farm.n; i++) {
        test_result_is(&test_results(work)[i], DEVICE_OK, "");
        outputs[i] = test_results(work)[i].output;
    }
    fleet_fold(arena, outputs, farm.n, &n);
    return n;
}

static void test_twenty_answers_are_folded(void **state)
{
    (void)state;
    static const struct {
        const char *command;
        size_t groups;
    } cases[] = {{"echo same; echo too >&2", 1},
                 {"basename $HOME", SERVERS},
                 {"basename $HOME | tr -d 0-9", 1}};
    struct fleet_engine *engine = engine_new();
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fleet_work_options how = {.command = cases[i].command, .guarded = true};
        struct fleet_work *work = fleet_work_begin(engine, farm.devices, farm.n, &how);
        assert_true(fleet_wait(engine, LONG_MS));
        assert_int_equal(groups_of(work, arena), cases[i].groups);
        fleet_work_free(work);
    }
    arena_free(arena);
    fleet_free(engine);
}

static void test_how_it_ended_is_told(void **state)
{
    (void)state;
    struct fleet_engine *engine = engine_new();
    struct fleet_work *work = test_command(engine, farm.devices, 1, "echo out; exit 7");
    test_result_is(test_results(work), DEVICE_OK, "");
    assert_int_equal(test_results(work)->job.exit_status, 7);
    assert_true(test_output_is(test_results(work), "out\n"));
    fleet_work_free(work);
    work = test_command(engine, farm.devices, 1, "kill -s SEGV $$");
    test_result_is(test_results(work), DEVICE_OK, "");
    assert_int_equal(test_results(work)->job.exit_status, -1);
    assert_string_equal(test_results(work)->job.exit_signal, "SEGV");
    fleet_work_free(work);
    work = test_command(engine, farm.devices, 1, "no-such-command-here");
    assert_int_equal(test_results(work)->job.exit_status, 127);
    fleet_work_free(work);
    fleet_free(engine);
}

static void test_much_output_comes_whole_or_is_cut(void **state)
{
    (void)state;
    enum { BYTES = 3000000 };
    struct fleet_engine *engine = engine_new();
    for (int whole = 0; whole < 2; whole++) {
        struct fleet_work_options how = {.command = "yes 0123456789 | head -c 3000000",
                                         .guarded = true,
                                         .most = whole ? 2 * BYTES : 0};
        struct fleet_work *work = fleet_work_begin(engine, farm.devices, 2, &how);
        assert_true(fleet_wait(engine, LONG_MS));
        for (size_t i = 0; i < 2; i++) {
            const struct fleet_result *result = &test_results(work)[i];
            test_result_is(result, DEVICE_OK, "");
            assert_int_equal(result->output.n, whole ? BYTES : 1 << 20);
            assert_int_equal(result->job.cut, !whole);
            for (size_t k = 0; k < result->output.n; k++)
                if (result->output.bytes[k] != "0123456789\n"[k % 11])
                    fail_msg("byte %zu is wrong", k);
        }
        fleet_work_free(work);
    }
    fleet_free(engine);
}

/* ---- Ending ---- */

static void test_a_cancelled_command_is_gone(void **state)
{
    (void)state;
    static const char *const commands[] = {
        "echo begun; sleep 987651",
        "echo begun; sleep 987652 & sleep 987652 & wait",
        "trap '' TERM; echo begun; sleep 987653; sleep 987653; sleep 987653",
    };
    struct fleet_engine *engine = engine_new();
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        struct fleet_work_options how = {.command = commands[i], .guarded = true};
        struct fleet_work *work = fleet_work_begin(engine, farm.devices, 3, &how);
        test_outputs_await(engine, 3);
        assert_true(tree_lives("sleep 98765"));
        fleet_work_cancel(work);
        assert_true(fleet_wait(engine, LONG_MS));
        for (size_t k = 0; k < 3; k++)
            test_result_is(&test_results(work)[k], DEVICE_CANCELLED, "killed");
        assert_false(tree_lives("sleep 98765"));
        fleet_work_free(work);
    }
    fleet_free(engine);
}

/* What the second connection sees is told as it is. The command leaves somebody dead in its group
 * whom nobody buries, as his parent has left it; on the device an awk that lies plays the group
 * that cannot be killed, or that had ended. */
static void test_what_became_of_it_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *awk;
        enum device_condition state;
        const char *words;
    } cases[] = {
        {"#!/bin/sh\nexec /usr/bin/awk \"$@\"\n", DEVICE_CANCELLED, "killed"},
        {"#!/bin/sh\ncat >/dev/null\nexit 0\n", DEVICE_UNKNOWN, "left: it could not be killed"},
        {"#!/bin/sh\ncat >/dev/null\nexit 1\n", DEVICE_UNKNOWN, "ended: it had ended"},
    };
    struct fleet_engine *engine = engine_new();
    char *awk = home_path(0, "atrium/bin/awk");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        file_write_all(awk, cases[i].awk, strlen(cases[i].awk));
        chmod(awk, 0755);
        struct fleet_work_options how = {
            .command = "trap '' TERM; sleep 987661 & echo begun; exec setsid sleep 20",
            .guarded = true};
        struct fleet_work *work = fleet_work_begin(engine, farm.devices, 1, &how);
        test_outputs_await(engine, 1);
        fleet_work_cancel(work);
        assert_true(fleet_wait(engine, LONG_MS));
        test_result_is(test_results(work), cases[i].state, cases[i].words);
        fleet_work_free(work);
    }
    unlink(awk);
    free(awk);
    fleet_free(engine);
    sshd_again(&farm, 0, false);
}

static void test_the_device_itself_ends_it_in_time(void **state)
{
    (void)state;
    struct fleet_engine *engine = engine_new();
    struct fleet_work_options how = {
        .command = "sleep 987671 & echo begun; sleep 987671", .guarded = true, .timeout_s = 1};
    struct fleet_work *work = fleet_work_begin(engine, farm.devices, 2, &how);
    assert_true(fleet_wait(engine, LONG_MS));
    for (size_t i = 0; i < 2; i++) {
        test_result_is(&test_results(work)[i], DEVICE_OK, "");
        assert_int_equal(test_results(work)[i].job.exit_status, 124);
        assert_true(test_output_is(&test_results(work)[i], "begun\n"));
    }
    gone_wait("sleep 987671");
    fleet_work_free(work);
    fleet_free(engine);
}

static void test_a_lost_line_is_unknown(void **state)
{
    (void)state;
    struct fleet_engine *engine = engine_new();
    struct fleet_work_options how = {.command = "echo begun; sleep 2"};
    struct fleet_work *work = fleet_work_begin(engine, farm.devices, 3, &how);
    test_outputs_await(engine, 3);
    assert_true(sshd_connections_kill(&farm, 1) > 0);
    assert_true(fleet_wait(engine, LONG_MS));
    test_result_is(&test_results(work)[0], DEVICE_OK, "");
    test_result_is(&test_results(work)[1], DEVICE_UNKNOWN, "the connection");
    test_result_is(&test_results(work)[2], DEVICE_OK, "");
    assert_true(test_output_is(&test_results(work)[1], "begun\n"));
    fleet_work_free(work);
    fleet_free(engine);
}

/* ---- Keys ---- */

static void test_another_key_stops_that_device_only(void **state)
{
    (void)state;
    struct fleet_engine *engine = engine_new();
    sshd_again(&farm, 2, true);
    size_t tried = sshd_log_count(&farm, 2, "publickey");
    struct fleet_work *work = test_command(engine, farm.devices, 4, "true");
    for (size_t i = 0; i < 4; i++)
        test_result_is(&test_results(work)[i], i == 2 ? DEVICE_QUARANTINED : DEVICE_OK,
                       i == 2 ? "and not the pinned one" : "");
    sshd_end(&farm, 2); /* so that its log is written */
    assert_int_equal(sshd_log_count(&farm, 2, "publickey"), tried);
    sshd_again(&farm, 2, false);
    farm.devices[2].pin = arena_strdup(farm.arena, test_results(work)[2].job.offered);
    fleet_work_free(work);
    work = test_command(engine, &farm.devices[2], 1, "true");
    test_result_is(test_results(work), DEVICE_OK, "");
    fleet_work_free(work);
    fleet_free(engine);
}

static void test_the_agent_logs_in(void **state)
{
    (void)state;
    char *socket = temp_path(farm.folder, "agent");
    real_agent_start(socket);
    setenv("SSH_AUTH_SOCK", socket, 1);
    struct fleet_engine *engine = test_engine(NULL, LONG_MS, LONG_MS);
    struct fleet_work *work = test_command(engine, farm.devices, 1, "true");
    test_result_is(test_results(work), DEVICE_FAILED, "/agent has no key");
    fleet_work_free(work);
    sshd_run((const char *[]){"/usr/bin/ssh-add", "-q", farm.identity, NULL});
    work = test_command(engine, farm.devices, 5, "true");
    for (size_t i = 0; i < 5; i++)
        test_result_is(&test_results(work)[i], DEVICE_OK, "");
    fleet_work_free(work);
    fleet_free(engine);
    unsetenv("SSH_AUTH_SOCK");
    real_agent_stop();
    free(socket);
}

static char *key_in(const char *name)
{
    char *path = temp_path(farm.folder, name);
    sshd_run(
        (const char *[]){"/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path, NULL});
    return path;
}

static void test_a_certificate_logs_in(void **state)
{
    (void)state;
    struct sshd_farm certified;
    char *authority = key_in("ca"), *plain = key_in("certified"),
         *public = temp_path(farm.folder, "certified.pub");
    char more[512];
    snprintf(more, sizeof more, "TrustedUserCAKeys %s.pub", authority);
    sshd_farm_start(&certified, 1, more);
    struct fleet_engine *engine = test_engine(plain, LONG_MS, LONG_MS);
    struct fleet_work *work = test_command(engine, certified.devices, 1, "true");
    test_result_is(test_results(work), DEVICE_FAILED, "it does not accept this key");
    fleet_work_free(work);
    fleet_free(engine);
    sshd_run((const char *[]){"/usr/bin/ssh-keygen", "-q", "-s", authority, "-I", "technician",
                              "-n", certified.user, public, NULL});
    engine = test_engine(plain, LONG_MS, LONG_MS);
    work = test_command(engine, certified.devices, 1, "true");
    test_result_is(test_results(work), DEVICE_OK, "");
    fleet_work_free(work);
    /* A device that does not trust the authority is offered the key alone after it. */
    char *allowed = home_path(6, "authorized_keys"), *before = file_read_all(allowed, NULL);
    char *key = file_read_all(public, NULL);
    file_write_all(allowed, key, strlen(key));
    work = test_command(engine, &farm.devices[6], 1, "true");
    test_result_is(test_results(work), DEVICE_OK, "");
    file_write_all(allowed, before, strlen(before));
    fleet_work_free(work);
    fleet_free(engine);
    sshd_farm_stop(&certified);
    free(allowed);
    free(before);
    free(key);
    free(authority);
    free(plain);
    free(public);
}

static void test_each_device_may_have_a_key_of_its_own(void **state)
{
    (void)state;
    char *own = key_in("own"), *public = temp_path(farm.folder, "own.pub");
    char *key = file_read_all(public, NULL), *allowed = home_path(7, "authorized_keys");
    char *before = file_read_all(allowed, NULL);
    struct device devices[3] = {farm.devices[7], farm.devices[8], farm.devices[7]};
    struct fleet_identity kinds[] = {{"probe", own}};
    struct fleet_options options = {
        .identity = farm.identity, .identities = kinds, .n_identities = 1};
    struct fleet_engine *engine;
    struct error err = {0};
    file_write_all(allowed, key, strlen(key));
    devices[0].identity = own;
    devices[2].kind = "probe";
    assert_ok(fleet_new(&options, &engine, &err));
    struct fleet_work *work = test_command(engine, devices, 3, "true");
    for (size_t i = 0; i < 3; i++)
        test_result_is(&test_results(work)[i], DEVICE_OK, "");
    fleet_work_free(work);
    devices[0].identity = "/nowhere/at/all";
    work = test_command(engine, devices, 2, "true");
    test_result_is(&test_results(work)[0], DEVICE_FAILED, "nothing was sent: /nowhere/at/all");
    test_result_is(&test_results(work)[1], DEVICE_OK, "");
    fleet_work_free(work);
    fleet_free(engine);
    file_write_all(allowed, before, strlen(before));
    free(own);
    free(public);
    free(key);
    free(allowed);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_say_how_they_are),
        cmocka_unit_test(test_twenty_answers_are_folded),
        cmocka_unit_test(test_how_it_ended_is_told),
        cmocka_unit_test(test_much_output_comes_whole_or_is_cut),
        cmocka_unit_test(test_a_cancelled_command_is_gone),
        cmocka_unit_test(test_what_became_of_it_is_said),
        cmocka_unit_test(test_the_device_itself_ends_it_in_time),
        cmocka_unit_test(test_a_lost_line_is_unknown),
        cmocka_unit_test(test_another_key_stops_that_device_only),
        cmocka_unit_test(test_the_agent_logs_in),
        cmocka_unit_test(test_a_certificate_logs_in),
        cmocka_unit_test(test_each_device_may_have_a_key_of_its_own),
    };
    return cmocka_run_group_tests(tests, farm_begin, farm_end);
}
