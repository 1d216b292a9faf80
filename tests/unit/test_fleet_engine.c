/* The engine against simulated devices: every fault at every phase gives the right state, phase and
 * words, delays nobody, and leaves nothing behind. */
#include "model/base/time.h"
#include "model/fleet/clean.h"
#include "model/fleet/status.h"
#include "tests/support/device_farm.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { LIMIT_MS = 1500, LONG_MS = 30000, HEALTHY = 20 };

static const struct fleet_result *first(const struct fleet_work *work)
{
    size_t n;
    return fleet_work_results(work, &n);
}

static char *output_text(const struct fleet_result *result)
{
    return mem_strndup(result->output.bytes, result->output.n);
}

/* ---- Every fault at every phase ---- */

static const struct expected {
    const char *fault;
    enum device_condition state;
    enum fleet_phase phase;
    const char *words; /* in the reason */
} expected[] = {
    {"off", DEVICE_OFFLINE, PHASE_CONNECT, "Connection refused"},
    {"stall:connect", DEVICE_OFFLINE, PHASE_CONNECT, "no answer for 1.5 s"},
    {"stall:version", DEVICE_FAILED, PHASE_VERSION, "no answer for 1.5 s"},
    {"stall:keys", DEVICE_FAILED, PHASE_KEYS, "no answer for 1.5 s"},
    {"stall:auth", DEVICE_FAILED, PHASE_AUTH, "no answer for 1.5 s"},
    {"stall:open", DEVICE_FAILED, PHASE_OPEN, "no answer for 1.5 s"},
    {"stall:command", DEVICE_UNKNOWN, PHASE_COMMAND, "no answer for 1.5 s"},
    {"stall:first", DEVICE_UNKNOWN, PHASE_FIRST, "no answer for 1.5 s"},
    {"stall:output", DEVICE_UNKNOWN, PHASE_OUTPUT, "no answer for 1.5 s"},
    {"stall:end", DEVICE_UNKNOWN, PHASE_END, "no answer for 1.5 s"},
    {"drop:connect", DEVICE_FAILED, PHASE_VERSION, "it closed the connection"},
    {"drop:version", DEVICE_FAILED, PHASE_VERSION, "it closed the connection"},
    {"drop:keys", DEVICE_FAILED, PHASE_KEYS, "it closed the connection"},
    {"drop:auth", DEVICE_FAILED, PHASE_AUTH, "it closed the connection"},
    {"drop:open", DEVICE_FAILED, PHASE_OPEN, "it closed the connection"},
    {"drop:command", DEVICE_UNKNOWN, PHASE_COMMAND, "it closed the connection"},
    {"drop:first", DEVICE_UNKNOWN, PHASE_FIRST, "it closed the connection"},
    {"drop:output", DEVICE_UNKNOWN, PHASE_OUTPUT, "it closed the connection"},
    {"drop:end", DEVICE_UNKNOWN, PHASE_END, "it closed the connection"},
    {"reset:connect", DEVICE_FAILED, PHASE_VERSION, "it reset the connection"},
    {"reset:version", DEVICE_FAILED, PHASE_VERSION, "it reset the connection"},
    {"reset:keys", DEVICE_FAILED, PHASE_KEYS, "it reset the connection"},
    {"reset:auth", DEVICE_FAILED, PHASE_AUTH, "it reset the connection"},
    {"reset:open", DEVICE_FAILED, PHASE_OPEN, "it reset the connection"},
    {"reset:command", DEVICE_UNKNOWN, PHASE_COMMAND, "it reset the connection"},
    {"reset:first", DEVICE_UNKNOWN, PHASE_FIRST, "it reset the connection"},
    {"reset:output", DEVICE_UNKNOWN, PHASE_OUTPUT, "it reset the connection"},
    {"reset:end", DEVICE_UNKNOWN, PHASE_END, "it reset the connection"},
    {"wrongkey", DEVICE_QUARANTINED, PHASE_PIN, "and not the pinned one"},
    {"refuse", DEVICE_FAILED, PHASE_AUTH, "it does not accept this key"},
    {"disconnect", DEVICE_FAILED, PHASE_AUTH, "no login"},
    {"banner", DEVICE_FAILED, PHASE_KEYS, "no answer for 1.5 s"},
    {"nochannel", DEVICE_FAILED, PHASE_OPEN, "it opens no channel"},
    {"noexec", DEVICE_FAILED, PHASE_COMMAND, "it does not run the command"},
    {"noeof", DEVICE_OK, PHASE_DONE, ""},
    {"signal:SEGV", DEVICE_OK, PHASE_DONE, ""},
    {"endless", DEVICE_UNKNOWN, PHASE_OUTPUT, "not done after"},
    {"longline", DEVICE_OK, PHASE_DONE, ""},
    {"garble", DEVICE_OK, PHASE_DONE, ""},
};
enum { CASES = sizeof expected / sizeof *expected };

struct order {
    int healthy_left;
    int late; /* healthy ones that came after a device that stalled */
    bool stalled;
};

static void each(const struct fleet_result *result, void *context)
{
    struct order *order = context;
    bool healthy = result->device->id > CASES;
    order->healthy_left -= healthy;
    order->late += healthy && order->stalled;
    order->stalled = order->stalled || strstr(result->job.reason, "no answer for");
}

static bool expected_is(const struct expected *e, const struct fleet_result *result)
{
    const struct fleet_job *job = &result->job;
    bool same = job->state == e->state && job->phase == e->phase && strstr(job->reason, e->words);
    /* A reset takes with it what was said just before and not read yet. */
    if (!same && strncmp(e->fault, "reset:", 6) == 0)
        same = job->phase < e->phase && job->phase >= PHASE_VERSION &&
               job->state == (job->phase >= PHASE_COMMAND ? DEVICE_UNKNOWN : DEVICE_FAILED) &&
               (strstr(job->reason, "the connection") || strstr(job->reason, "closed"));
    if (!same)
        print_error("%s: found %s in %s: %s\n    expected %s in %s: %s\n", e->fault,
                    device_condition_names[job->state], fleet_phase_names[job->phase], job->reason,
                    device_condition_names[e->state], fleet_phase_names[e->phase], e->words);
    test_harmless(job->reason);
    test_harmless(job->exit_signal);
    return same;
}

static void test_every_fault_at_every_phase(void **state)
{
    (void)state;
    struct test_fleet fleet;
    test_fleet_start(&fleet, CASES + HEALTHY);
    for (size_t i = 0; i < CASES; i++)
        test_fault(&fleet, i, expected[i].fault);
    struct fleet_engine *engine = test_engine(fleet.identity, LIMIT_MS, 4 * LIMIT_MS);
    struct order order = {.healthy_left = HEALTHY};
    struct fleet_work_options options = {
        .command = DEVICE_TOOL "status", .each = each, .context = &order};
    struct fleet_work *work = fleet_work_begin(engine, fleet.devices, fleet.n, &options);
    assert_true(fleet_wait(engine, LONG_MS));
    size_t n, wrong = 0;
    const struct fleet_result *results = fleet_work_results(work, &n);
    for (size_t i = 0; i < CASES; i++)
        wrong += !expected_is(&expected[i], &results[i]);
    assert_int_equal(wrong, 0);
    for (size_t i = CASES; i < n; i++) {
        assert_int_equal(results[i].job.state, DEVICE_OK);
        assert_int_equal(results[i].job.exit_status, 0);
    }
    assert_int_equal(order.healthy_left, 0);
    assert_int_equal(order.late, 0);
    fleet_work_free(work);
    fleet_free(engine);
    test_fleet_stop(&fleet);
}

/* ---- Credentials ---- */

static void test_only_a_pinned_key_is_given_a_credential(void **state)
{
    (void)state;
    struct test_fleet fleet;
    test_fleet_start(&fleet, 3);
    fleet.devices[0].pin = "";
    test_fault(&fleet, 1, "wrongkey");
    struct fleet_engine *engine = test_engine(fleet.identity, LONG_MS, LONG_MS);
    struct fleet_work *work = test_command(engine, fleet.devices, 3, "true");
    size_t n;
    const struct fleet_result *results = fleet_work_results(work, &n);
    assert_int_equal(results[0].job.state, DEVICE_UNPINNED);
    assert_int_equal(results[1].job.state, DEVICE_QUARANTINED);
    assert_int_equal(results[2].job.state, DEVICE_OK);
    char pin[FARM_PIN];
    farm_pin(7, "D0", pin);
    assert_string_equal(results[0].job.offered, pin);
    fleet_work_free(work);
    for (size_t i = 0; i < 3; i++) {
        struct farm_seen seen = farm_seen_of(fleet.farm, fleet.devices[i].code);
        assert_int_equal(seen.connections, 1);
        assert_int_equal(seen.signatures, i == 2);
        assert_int_equal(seen.offers > 0, i == 2);
    }
    /* A scan gives none to anybody. */
    struct fleet_work_options options = {.scan = true};
    work = fleet_work_begin(engine, fleet.devices, 3, &options);
    assert_true(fleet_wait(engine, LONG_MS));
    results = fleet_work_results(work, &n);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(results[i].job.state, DEVICE_OK);
        assert_int_equal(strcmp(results[i].job.offered, fleet.devices[i].pin) == 0, i == 2);
        assert_int_equal(farm_seen_of(fleet.farm, fleet.devices[i].code).signatures, i == 2);
    }
    fleet_work_free(work);
    fleet_free(engine);
    test_fleet_stop(&fleet);
}

static void test_another_users_key_is_refused(void **state)
{
    (void)state;
    struct test_fleet fleet;
    test_fleet_start(&fleet, 1);
    test_key_write(fleet.folder, "other");
    char *other = temp_path(fleet.folder, "other");
    struct fleet_engine *engine = test_engine(other, LONG_MS, LONG_MS);
    struct fleet_work *work = test_command(engine, fleet.devices, 1, "true");
    assert_int_equal(first(work)->job.state, DEVICE_FAILED);
    assert_int_equal(first(work)->job.phase, PHASE_AUTH);
    assert_int_equal(farm_seen_of(fleet.farm, "D0").commands, 0);
    fleet_work_free(work);
    fleet_free(engine);
    free(other);
    test_fleet_stop(&fleet);
}

/* ---- Cancelling ---- */

/* Until a session is in the phase; a look at the clock of the engine is 20 ms apart. */
static void phase_wait(struct fleet_engine *engine, enum fleet_phase phase)
{
    int64_t until = time_monotonic_ns() + LONG_MS * INT64_C(1000000);
    struct fleet_numbers numbers;
    do {
        struct pollfd fd = {.fd = fleet_fd(engine), .events = POLLIN};
        poll(&fd, 1, 5);
        fleet_numbers(engine, &numbers);
    } while (!numbers.in_phase[phase] && time_monotonic_ns() < until);
    assert_true(numbers.in_phase[phase] >= 1);
}

static void test_cancel_in_every_phase(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *command;
        enum fleet_phase phase;
        enum device_condition state;
        const char *words;
    } cases[] = {
        {"stall:connect", "true", PHASE_CONNECT, DEVICE_CANCELLED, "before the command was given"},
        {"stall:version", "true", PHASE_VERSION, DEVICE_CANCELLED, "before the command was given"},
        {"stall:keys", "true", PHASE_KEYS, DEVICE_CANCELLED, "before the command was given"},
        {"stall:auth", "true", PHASE_AUTH, DEVICE_CANCELLED, "before the command was given"},
        {"stall:open", "true", PHASE_OPEN, DEVICE_CANCELLED, "before the command was given"},
        {"stall:command", "true", PHASE_COMMAND, DEVICE_UNKNOWN, "may be left running"},
        {"stall:first", "true", PHASE_FIRST, DEVICE_UNKNOWN, "may be left running"},
        {"stall:output", "echo x", PHASE_OUTPUT, DEVICE_UNKNOWN, "may be left running"},
        {"stall:end", "true", PHASE_END, DEVICE_UNKNOWN, "may be left running"},
        {"ok", "sleep 1000", PHASE_FIRST, DEVICE_CANCELLED, "killed"},
        {"ok", "echo x; sleep 1000", PHASE_OUTPUT, DEVICE_CANCELLED, "killed"},
        {"ok", "yes", PHASE_OUTPUT, DEVICE_CANCELLED, "killed"},
    };
    struct test_fleet fleet;
    test_fleet_start(&fleet, 1);
    struct fleet_engine *engine = test_engine(fleet.identity, LONG_MS, LONG_MS);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_fault(&fleet, 0, "ok");
        test_fault(&fleet, 0, cases[i].fault);
        struct fleet_work_options options = {.command = cases[i].command};
        struct fleet_work *work = fleet_work_begin(engine, fleet.devices, 1, &options);
        phase_wait(engine, cases[i].phase);
        fleet_work_cancel(work);
        assert_true(fleet_wait(engine, LONG_MS));
        const struct fleet_job *job = &first(work)->job;
        if (job->state != cases[i].state ||
            job->phase != (job->state == DEVICE_CANCELLED && cases[i].phase >= PHASE_FIRST
                               ? PHASE_END
                               : cases[i].phase) ||
            !strstr(job->reason, cases[i].words))
            fail_msg("%s, %s: found %s in %s: %s", cases[i].fault, cases[i].command,
                     device_condition_names[job->state], fleet_phase_names[job->phase],
                     job->reason);
        fleet_work_free(work);
    }
    fleet_free(engine);
    test_fleet_stop(&fleet);
}

static void test_a_guarded_command_is_killed_over_a_second_connection(void **state)
{
    (void)state;
    struct test_fleet fleet;
    test_fleet_start(&fleet, 1);
    struct fleet_engine *engine = test_engine(fleet.identity, LONG_MS, LONG_MS);
    struct fleet_work_options options = {.command = "echo begun; sleep 1000", .guarded = true};
    struct fleet_work *work = fleet_work_begin(engine, fleet.devices, 1, &options);
    phase_wait(engine, PHASE_OUTPUT);
    fleet_work_cancel(work);
    assert_true(fleet_wait(engine, LONG_MS));
    assert_int_equal(first(work)->job.state, DEVICE_CANCELLED);
    assert_string_equal(first(work)->job.reason, "killed");
    char *text = output_text(first(work));
    assert_string_equal(text, "begun\n"); /* without the guard's own line */
    free(text);
    struct farm_seen seen = farm_seen_of(fleet.farm, "D0");
    assert_int_equal(seen.killed, 1);
    assert_int_equal(seen.connections, 2);
    fleet_work_free(work);
    fleet_free(engine);
    test_fleet_stop(&fleet);
}

static void test_an_engine_that_goes_takes_everything_with_it(void **state)
{
    (void)state;
    static const char *const faults[] = {"stall:connect", "stall:keys", "stall:auth",
                                         "stall:first",   "endless",    "ok"};
    struct test_fleet fleet;
    test_fleet_start(&fleet, sizeof faults / sizeof *faults);
    for (size_t i = 0; i < fleet.n; i++)
        test_fault(&fleet, i, faults[i]);
    struct fleet_engine *engine = test_engine(fleet.identity, LONG_MS, LONG_MS);
    struct fleet_work_options options = {.command = "sleep 1000"};
    struct fleet_work *work = fleet_work_begin(engine, fleet.devices, fleet.n, &options);
    phase_wait(engine, PHASE_AUTH);
    fleet_free(engine);
    assert_int_equal(fleet_work_left(work), 0);
    fleet_work_free(work);
    test_fleet_stop(&fleet);
}

/* ---- Output and input ---- */

static void test_output_has_an_end(void **state)
{
    (void)state;
    struct test_fleet fleet;
    test_fleet_start(&fleet, 2);
    test_fault(&fleet, 0, "longline");
    struct fleet_engine *engine = test_engine(fleet.identity, LONG_MS, LONG_MS);
    struct fleet_work_options options = {.command = "true", .most = 100000};
    struct fleet_work *work = fleet_work_begin(engine, fleet.devices, 1, &options);
    assert_true(fleet_wait(engine, LONG_MS));
    assert_int_equal(first(work)->job.state, DEVICE_OK);
    assert_int_equal(first(work)->output.n, 100000);
    assert_true(first(work)->job.cut);
    fleet_work_free(work);
    options.most = 0;
    work = fleet_work_begin(engine, fleet.devices, 1, &options);
    assert_true(fleet_wait(engine, LONG_MS));
    assert_int_equal(first(work)->output.n, 1 << 20);
    fleet_work_free(work);
    work = test_command(engine, &fleet.devices[1], 1, "echo out; echo err >&2; exit 7");
    char *text = output_text(first(work));
    assert_non_null(strstr(text, "out\n"));
    assert_non_null(strstr(text, "err\n"));
    assert_int_equal(first(work)->job.exit_status, 7);
    assert_false(first(work)->job.cut);
    free(text);
    fleet_work_free(work);
    fleet_free(engine);
    test_fleet_stop(&fleet);
}

struct piped {
    size_t sent, size, came;
    uint64_t sum, expected;
    bool finished;
};

static int64_t pipe_input(struct fleet_job *job, char *buffer, size_t size)
{
    struct piped *piped = job->context;
    size_t n = piped->size - piped->sent < size ? piped->size - piped->sent : size;
    for (size_t i = 0; i < n; i++) {
        buffer[i] = (char)((piped->sent + i) * 31 % 251);
        piped->expected = piped->expected * 31 + (unsigned char)buffer[i];
    }
    piped->sent += n;
    return (int64_t)n;
}

static bool pipe_output(struct fleet_job *job, bool is_stderr, const char *bytes, size_t n)
{
    struct piped *piped = job->context;
    assert_false(is_stderr);
    for (size_t i = 0; i < n; i++)
        piped->sum = piped->sum * 31 + (unsigned char)bytes[i];
    piped->came += n;
    return true;
}

static void pipe_done(struct fleet_job *job)
{
    ((struct piped *)job->context)->finished = true;
}

static void test_input_goes_and_comes_back(void **state)
{
    (void)state;
    struct test_fleet fleet;
    test_fleet_start(&fleet, 1);
    struct fleet_engine *engine = test_engine(fleet.identity, LONG_MS, LONG_MS);
    struct piped piped = {.size = 6000000};
    struct fleet_job job = {.code = "D0",
                            .host = "127.0.0.1",
                            .pin = fleet.devices[0].pin,
                            .port = fleet.devices[0].port,
                            .command = "cat",
                            .most = 10000000,
                            .output = pipe_output,
                            .input = pipe_input,
                            .done = pipe_done,
                            .context = &piped};
    fleet_submit(engine, &job);
    assert_true(fleet_wait(engine, LONG_MS));
    assert_true(piped.finished);
    assert_int_equal(job.state, DEVICE_OK);
    assert_int_equal(piped.came, piped.size);
    assert_true(piped.sum == piped.expected);
    fleet_free(engine);
    test_fleet_stop(&fleet);
}

static void test_a_signal_is_told(void **state)
{
    (void)state;
    struct test_fleet fleet;
    test_fleet_start(&fleet, 1);
    test_fault(&fleet, 0, "signal:SEGV");
    struct fleet_engine *engine = test_engine(fleet.identity, LONG_MS, LONG_MS);
    struct fleet_work *work = test_command(engine, fleet.devices, 1, "true");
    assert_int_equal(first(work)->job.state, DEVICE_OK);
    assert_int_equal(first(work)->job.exit_status, -1);
    assert_string_equal(first(work)->job.exit_signal, "SEGV");
    fleet_work_free(work);
    fleet_free(engine);
    test_fleet_stop(&fleet);
}

/* ---- Injection ---- */

static void test_nothing_hostile_comes_through(void **state)
{
    (void)state;
    static const char *const faults[] = {"garble", "banner", "disconnect", "signal:corpus"};
    struct test_fleet fleet;
    test_fleet_start(&fleet, 4);
    for (size_t i = 0; i < 4; i++)
        test_fault(&fleet, i, faults[i]);
    struct fleet_engine *engine = test_engine(fleet.identity, LIMIT_MS, LONG_MS);
    struct fleet_work *work = test_command(engine, fleet.devices, 4, DEVICE_TOOL "status");
    struct arena *arena = arena_new();
    size_t n;
    const struct fleet_result *results = fleet_work_results(work, &n);
    for (size_t i = 0; i < n; i++) {
        struct device_sight sight;
        bool cut;
        test_harmless(results[i].job.reason);
        test_harmless(results[i].job.exit_signal);
        test_harmless(
            device_clean(arena, results[i].output.bytes, results[i].output.n, 1 << 20, true, &cut));
        device_sight_of(&results[i], arena, 0, &sight);
        test_harmless(sight.reason);
        test_harmless(sight.app);
        assert_int_not_equal(sight.state, DEVICE_OK);
    }
    /* It was there, so the check can fail. */
    assert_non_null(memchr(results[0].output.bytes, 0x1B, results[0].output.n));
    assert_true(*results[3].job.exit_signal);
    fleet_work_free(work);
    for (const struct farm_text *text = farm_corpus; text->name; text++)
        for (int lines = 0; lines < 2; lines++) {
            bool cut;
            const char *clean = device_clean(arena, text->bytes, text->n, 1000, lines == 1, &cut);
            test_harmless(clean);
            assert_true(*clean == 'a');
        }
    arena_free(arena);
    fleet_free(engine);
    test_fleet_stop(&fleet);
}

/* ---- Many ---- */

static void test_a_thousand_devices(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    struct test_fleet fleet;
    test_fleet_start(&fleet, MANY);
    struct fleet_engine *engine = test_engine(fleet.identity, LONG_MS, 2 * LONG_MS);
    int64_t began = time_monotonic_ns();
    struct fleet_work *work = test_command(engine, fleet.devices, MANY, DEVICE_TOOL "status");
    print_message("1,000 devices: %.2f s\n", (double)(time_monotonic_ns() - began) / 1e9);
    struct arena *arena = arena_new();
    size_t n;
    const struct fleet_result *results = fleet_work_results(work, &n);
    for (size_t i = 0; i < n; i++) {
        struct device_sight sight;
        device_sight_of(&results[i], arena, device_now_ms(), &sight);
        if (sight.state != DEVICE_OK)
            fail_msg("%s: %s in %s: %s", results[i].device->code,
                     device_condition_names[sight.state], sight.phase, sight.reason);
        assert_true(strncmp(sight.app, "2.3.", 4) == 0);
        assert_int_equal(strlen(sight.config), 12);
    }
    arena_free(arena);
    fleet_work_free(work);
    fleet_free(engine);
    test_fleet_stop(&fleet);
}

static void test_a_name_that_is_none_is_offline(void **state)
{
    (void)state;
    struct test_fleet fleet;
    test_fleet_start(&fleet, 2);
    fleet.devices[0].host = "no-such-device.invalid";
    struct fleet_engine *engine = test_engine(fleet.identity, LONG_MS, LONG_MS);
    struct fleet_work *work = test_command(engine, fleet.devices, 2, "true");
    assert_int_equal(first(work)[0].job.state, DEVICE_OFFLINE);
    assert_int_equal(first(work)[0].job.phase, PHASE_RESOLVE);
    assert_int_equal(first(work)[1].job.state, DEVICE_OK);
    fleet_work_free(work);
    fleet_free(engine);
    test_fleet_stop(&fleet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_fault_at_every_phase),
        cmocka_unit_test(test_only_a_pinned_key_is_given_a_credential),
        cmocka_unit_test(test_another_users_key_is_refused),
        cmocka_unit_test(test_cancel_in_every_phase),
        cmocka_unit_test(test_a_guarded_command_is_killed_over_a_second_connection),
        cmocka_unit_test(test_an_engine_that_goes_takes_everything_with_it),
        cmocka_unit_test(test_output_has_an_end),
        cmocka_unit_test(test_input_goes_and_comes_back),
        cmocka_unit_test(test_a_signal_is_told),
        cmocka_unit_test(test_nothing_hostile_comes_through),
        cmocka_unit_test(test_a_thousand_devices),
        cmocka_unit_test(test_a_name_that_is_none_is_offline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
