/* A replica's way to its hub with keys of an ssh-agent, also of one that is silent, lies or dies:
 * said within a limit, and a stop is obeyed meanwhile. The hub is a simulated device, which shows a
 * host key and takes a key as a hub does. */
#include "model/base/time.h"
#include "model/sync/wire.h"
#include "tests/support/device_farm.h"
#include "tests/support/fake_agent.h"
#include "tests/support/sshd.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { LIMIT_MS = 600, LONG_MS = 30000, SLACK_MS = 5000 };

static struct test_fleet fleet;
static char *socket_path;

static int begin(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    test_fleet_start(&fleet, 1);
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

struct attempt {
    enum status status;
    char words[400];
    int64_t took_ms;
};

static struct attempt attempt(const char *identity, int64_t wait_ms, const atomic_bool *stop)
{
    struct attempt result = {0};
    struct error err = {0};
    struct wire *wire;
    char offered[WIRE_FINGERPRINT];
    bool unknown;
    const struct device *hub = &fleet.devices[0];
    struct wire_ssh ssh = {.user = "atrium",
                           .host = hub->host,
                           .port = hub->port,
                           .identity = identity,
                           .pin = hub->pin,
                           .stop = stop,
                           .wait_ms = wait_ms};
    int64_t began = time_monotonic_ns();
    result.status = wire_of_ssh(&ssh, offered, &unknown, &wire, &err);
    result.took_ms = (time_monotonic_ns() - began) / 1000000;
    if (result.status == ST_OK)
        wire->ops->close(wire);
    else
        snprintf(result.words, sizeof result.words, "%s", error_text(&err));
    error_clear(&err);
    return result;
}

static void is(const struct attempt *result, enum status status, const char *words)
{
    if (result->status != status || !strstr(result->words, words))
        fail_msg("found %d: %s, expected %d: %s", result->status, result->words, status, words);
    test_harmless(result->words);
}

static void try(enum agent_conduct conduct, enum status status, const char *words)
{
    fake_agent_start(socket_path, conduct, fleet.public_key);
    struct attempt result = attempt(NULL, LIMIT_MS, NULL);
    is(&result, status, words);
    assert_true(result.took_ms < LIMIT_MS + SLACK_MS);
    fake_agent_stop();
}

static void test_silent(void **state)
{
    (void)state;
    char words[256];
    snprintf(words, sizeof words, "no login: the agent %s does not answer: waited 0.6 s",
             socket_path);
    try(ANSWERS_NOTHING, ST_PARTIAL, words);
    try(ANSWERS_BY_DRIPS, ST_PARTIAL, words);
    try(SIGNS_NOTHING, ST_PARTIAL, words);
}

static void test_wrong(void **state)
{
    (void)state;
    try(ANSWERS_GARBAGE, ST_PARTIAL, "/agent says what is no answer");
    try(ANSWERS_TOO_LONG, ST_PARTIAL, "/agent says what is no answer");
    try(ANSWERS_CUT_KEYS, ST_PARTIAL, "/agent says what is no answer");
    try(ENDS_WHILE_SIGNING, ST_PARTIAL, "/agent ended without an answer");
}

static void test_refused(void **state)
{
    (void)state;
    try(HAS_NO_KEY, ST_PARTIAL, "/agent has no key");
    try(HAS_KEYS_OF_OTHERS, ST_DENIED, "the hub does not accept a key of the agent");
    try(REFUSES_TO_SIGN, ST_PARTIAL, "/agent does not sign with its key");
}

static void test_none(void **state)
{
    (void)state;
    unlink(socket_path);
    struct attempt gone = attempt(NULL, LIMIT_MS, NULL);
    is(&gone, ST_PARTIAL, "/agent is not there");
    unsetenv("SSH_AUTH_SOCK");
    struct attempt none = attempt(NULL, LIMIT_MS, NULL);
    is(&none, ST_PARTIAL, "there is no agent: SSH_AUTH_SOCK is not set");
    setenv("SSH_AUTH_SOCK", socket_path, 1);
}

static void *stop_when_asked(void *context)
{
    for (int i = 0; i < LONG_MS / 10 && fake_agent_questions() < 2; i++)
        poll(NULL, 0, 10);
    atomic_store((atomic_bool *)context, true);
    return NULL;
}

static void test_stopped(void **state)
{
    (void)state;
    pthread_t thread;
    atomic_bool stop = false;
    fake_agent_start(socket_path, SIGNS_NOTHING, fleet.public_key);
    assert_int_equal(pthread_create(&thread, NULL, stop_when_asked, &stop), 0);
    struct attempt result = attempt(NULL, LONG_MS, &stop);
    pthread_join(thread, NULL);
    is(&result, ST_CANCELLED, "stopped");
    assert_true(result.took_ms < LONG_MS / 2);
    fake_agent_stop();
}

static void test_real(void **state)
{
    (void)state;
    if (!real_agent_there())
        skip();
    real_agent_start(socket_path);
    struct attempt empty = attempt(NULL, LONG_MS, NULL);
    is(&empty, ST_PARTIAL, "/agent has no key");
    char *other = temp_path(fleet.folder, "other");
    test_key_write(fleet.folder, "other");
    sshd_run((const char *[]){"/usr/bin/ssh-add", "-q", other, NULL});
    struct attempt refused = attempt(NULL, LONG_MS, NULL);
    is(&refused, ST_DENIED, "the hub does not accept a key of the agent");
    sshd_run((const char *[]){"/usr/bin/ssh-add", "-q", fleet.identity, NULL});
    struct attempt second = attempt(NULL, LONG_MS, NULL);
    is(&second, ST_OK, "");
    real_agent_stop();
    free(other);
}

static void test_file(void **state)
{
    (void)state;
    struct attempt good = attempt(fleet.identity, LONG_MS, NULL);
    is(&good, ST_OK, "");
    struct attempt none = attempt("/nowhere/key", LONG_MS, NULL);
    is(&none, ST_USAGE, "/nowhere/key: cannot be read as a private key without a passphrase");
    test_key_write(fleet.folder, "stranger");
    char *stranger = temp_path(fleet.folder, "stranger");
    struct attempt refused = attempt(stranger, LONG_MS, NULL);
    is(&refused, ST_DENIED, "the hub does not accept this key");
    free(stranger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silent),  cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_none),
        cmocka_unit_test(test_real),    cmocka_unit_test(test_file),
        cmocka_unit_test(test_stopped),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
