/* An ssh-agent that is slow, lies or dies: who needs it is told, and nobody else waits. */
#include "model/base/time.h"
#include "tests/support/device_farm.h"
#include "tests/support/fake_agent.h"
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
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { DEVICES = 12, LIMIT_MS = 1200, LONG_MS = 60000 };

static struct test_fleet fleet;
static char *socket_path;

/* ---- The farm ---- */

static int begin(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    test_fleet_start(&fleet, DEVICES);
    socket_path = temp_path(fleet.folder, "agent");
    setenv("SSH_AUTH_SOCK", socket_path, 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unsetenv("SSH_AUTH_SOCK");
    free(socket_path);
    test_fleet_stop(&fleet);
    return 0;
}

/* The first half has the agent's keys, the other has the file. */
static bool by_agent(size_t i)
{
    return i < DEVICES / 2;
}

static struct fleet_engine *engine_new(void)
{
    struct fleet_engine *engine = test_engine(NULL, LIMIT_MS, LONG_MS);
    for (size_t i = 0; i < fleet.n; i++)
        fleet.devices[i].identity = by_agent(i) ? "" : fleet.identity;
    return engine;
}

static void result_is(const struct fleet_result *result, enum device_condition state,
                      const char *words)
{
    if (result->job.state != state || !strstr(result->job.reason, words))
        fail_msg("%s: found %s in %s: %s, expected %s: %s", result->device->code,
                 device_condition_names[result->job.state], fleet_phase_names[result->job.phase],
                 result->job.reason, device_condition_names[state], words);
    test_harmless(result->job.reason);
}

struct times {
    int64_t began, last_other; /* ns */
};

static void each(const struct fleet_result *result, void *context)
{
    struct times *times = context;
    if (!by_agent((size_t)(result->device - fleet.devices)))
        times->last_other = time_monotonic_ns() - times->began;
}

/* All devices with such an agent: half of them end with these words, the others well and before the
 * agent's time is over. */
static void try(enum agent_conduct conduct, const char *words)
{
    size_t n;
    fake_agent_start(socket_path, conduct, fleet.public_key);
    struct fleet_engine *engine = engine_new();
    struct times times = {.began = time_monotonic_ns()};
    struct fleet_work_options how = {.command = "true", .each = each, .context = &times};
    struct fleet_work *work = fleet_work_begin(engine, fleet.devices, fleet.n, &how);
    assert_true(fleet_wait(engine, LONG_MS));
    const struct fleet_result *results = fleet_work_results(work, &n);
    for (size_t i = 0; i < n; i++) {
        result_is(&results[i], by_agent(i) ? DEVICE_FAILED : DEVICE_OK, by_agent(i) ? words : "");
        assert_int_equal(results[i].job.phase, by_agent(i) ? PHASE_AUTH : PHASE_DONE);
    }
    if (conduct == ANSWERS_NOTHING || conduct == ANSWERS_BY_DRIPS || conduct == SIGNS_NOTHING)
        assert_true(times.last_other < (int64_t)LIMIT_MS / 2 * 1000000);
    fleet_work_free(work);
    fleet_free(engine);
    fake_agent_stop();
}

static void test_silent(void **state)
{
    (void)state;
    char words[256];
    snprintf(words, sizeof words, "nothing was sent: the agent %s does not answer: waited 0.6 s",
             socket_path);
    try(ANSWERS_NOTHING, words);
    try(ANSWERS_BY_DRIPS, words);
    try(SIGNS_NOTHING, words);
    assert_true(fake_agent_questions() > 1); /* it was asked to sign, too */
}

static void test_wrong(void **state)
{
    (void)state;
    try(ANSWERS_GARBAGE, "/agent says what is no answer");
    try(ANSWERS_TOO_LONG, "/agent says what is no answer");
    try(ANSWERS_CUT_KEYS, "/agent says what is no answer");
    try(ENDS_WHILE_SIGNING, "/agent ended without an answer");
}

static void test_refused(void **state)
{
    (void)state;
    try(HAS_NO_KEY, "/agent has no key");
    try(HAS_KEYS_OF_OTHERS, "it does not accept a key of the agent");
    try(REFUSES_TO_SIGN, "/agent does not sign with its key");
}

static void test_none(void **state)
{
    (void)state;
    size_t n;
    unlink(socket_path);
    for (int there = 1; there >= 0; there--) {
        if (!there)
            unsetenv("SSH_AUTH_SOCK");
        struct fleet_engine *engine = engine_new();
        struct fleet_work *work = test_command(engine, fleet.devices, 1, "true");
        result_is(fleet_work_results(work, &n), DEVICE_FAILED,
                  there ? "/agent is not there" : "there is no agent: SSH_AUTH_SOCK is not set");
        fleet_work_free(work);
        fleet_free(engine);
    }
    setenv("SSH_AUTH_SOCK", socket_path, 1);
}

/* More that wait for it than there are places: the others go past them. */
static void test_waiting_takes_no_place(void **state)
{
    (void)state;
    size_t n;
    fake_agent_start(socket_path, ANSWERS_NOTHING, fleet.public_key);
    struct error err = {0};
    struct fleet_engine *engine;
    struct fleet_options options = {.window = DEVICES / 2, .total_ms = LONG_MS};
    for (int i = 0; i < FLEET_PHASES; i++)
        options.limit_ms[i] = LIMIT_MS;
    assert_int_equal(fleet_new(&options, &engine, &err), ST_OK);
    for (size_t i = 0; i < fleet.n; i++)
        fleet.devices[i].identity = by_agent(i) ? "" : fleet.identity;
    struct times times = {.began = time_monotonic_ns()};
    struct fleet_work_options how = {.command = "true", .each = each, .context = &times};
    struct fleet_work *work = fleet_work_begin(engine, fleet.devices, fleet.n, &how);
    assert_true(fleet_wait(engine, LONG_MS));
    fleet_work_results(work, &n);
    assert_true(times.last_other < (int64_t)LIMIT_MS / 2 * 1000000);
    fleet_work_free(work);
    fleet_free(engine);
    fake_agent_stop();
}

/* Cancelled and freed while it waits. */
static void test_left(void **state)
{
    (void)state;
    size_t n;
    fake_agent_start(socket_path, SIGNS_NOTHING, fleet.public_key);
    struct fleet_engine *engine = test_engine(NULL, LONG_MS, LONG_MS);
    struct fleet_work_options how = {.command = "true"};
    struct fleet_work *work = fleet_work_begin(engine, fleet.devices, DEVICES / 2, &how);
    for (int i = 0; i < LONG_MS / 10 && fake_agent_questions() < 2; i++)
        poll(NULL, 0, 10);
    fleet_work_cancel(work);
    assert_true(fleet_wait(engine, LONG_MS));
    const struct fleet_result *results = fleet_work_results(work, &n);
    for (size_t i = 0; i < n; i++)
        result_is(&results[i], DEVICE_CANCELLED, "cancelled");
    fleet_free(engine);
    fleet_work_free(work);
    fake_agent_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silent),  cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_none),
        cmocka_unit_test(test_left),    cmocka_unit_test(test_waiting_takes_no_place),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
