/* An ssh-agent that is slow, lies or dies: who needs it is told, and nobody else waits. */
#include "model/base/time.h"
#include "tests/support/device_farm.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { DEVICES = 12, LIMIT_MS = 1200, LONG_MS = 60000, DRIP_MS = 100 };

/* What it does with a question. */
enum conduct {
    ANSWERS_NOTHING,
    ANSWERS_BY_DRIPS,
    ANSWERS_GARBAGE,
    ANSWERS_TOO_LONG,
    ANSWERS_CUT_KEYS,
    HAS_NO_KEY,
    HAS_KEYS_OF_OTHERS,
    SIGNS_NOTHING,      /* lists its key, and is silent then */
    ENDS_WHILE_SIGNING, /* lists its key, and is gone then */
    REFUSES_TO_SIGN,
};

struct fake {
    enum conduct conduct;
    int listener, stop[2];
    pthread_t thread;
    unsigned char key[512]; /* of the farm's user key, as the protocol has it */
    size_t key_n;
    atomic_int questions;
};

static struct test_fleet fleet;
static struct fake fake;
static char *socket_path;

/* ---- The agent ---- */

/* False: the test ends, or the other side is gone. */
static bool wait_for(int fd, int ms)
{
    struct pollfd fds[2] = {{.fd = fake.stop[0], .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    poll(fds, fd < 0 ? 1 : 2, ms);
    return !(fds[0].revents & POLLIN);
}

static bool take(int fd, unsigned char *bytes, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = wait_for(fd, -1) ? recv(fd, bytes + at, n - at, 0) : -1;
        if (got <= 0)
            return false;
        at += (size_t)got;
    }
    return true;
}

static size_t put_number(unsigned char *to, size_t number)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(number >> (24 - 8 * i));
    return 4;
}

static size_t put_text(unsigned char *to, const void *text, size_t n)
{
    memcpy(to + put_number(to, n), text, n);
    return n + 4;
}

/* The list of its keys, with the type and the length before it. */
static size_t list_put(unsigned char *to, bool other)
{
    size_t at = 4, n = fake.conduct == HAS_NO_KEY ? 0 : 1;
    to[at++] = 12;
    at += put_number(to + at, n);
    if (n)
        at += put_text(to + at, fake.key, fake.key_n);
    if (n && other)
        to[at - 1] ^= 1; /* another point: another key, or none */
    if (n)
        at += put_text(to + at, "test", 4);
    put_number(to, at - 4);
    return at;
}

static void drip(int fd, const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n && wait_for(-1, DRIP_MS); i++)
        send(fd, bytes + i, 1, MSG_NOSIGNAL);
}

/* False: the conversation ends. */
static bool answer(int fd, int type)
{
    unsigned char bytes[1024] = {0};
    bool keys = type == 11;
    size_t n = 0;
    atomic_fetch_add(&fake.questions, 1);
    switch (fake.conduct) {
    case ANSWERS_NOTHING:
        return true;
    case ANSWERS_BY_DRIPS:
        drip(fd, bytes, list_put(bytes, false));
        return true;
    case ANSWERS_GARBAGE:
        n = put_number(bytes, 3) + 3;
        memcpy(bytes + 4, "\x63\x1b]", 3);
        break;
    case ANSWERS_TOO_LONG:
        n = put_number(bytes, 0x7FFFFFFF);
        break;
    case ANSWERS_CUT_KEYS:
        n = list_put(bytes, false);
        put_number(bytes + 5, 2); /* a second one that is not there */
        break;
    case SIGNS_NOTHING:
    case ENDS_WHILE_SIGNING:
    case REFUSES_TO_SIGN:
        if (keys) {
            n = list_put(bytes, false);
            break;
        }
        if (fake.conduct == SIGNS_NOTHING)
            return true;
        if (fake.conduct == ENDS_WHILE_SIGNING)
            return false;
        n = put_number(bytes, 1) + 1;
        bytes[4] = 5;
        break;
    default:
        n = list_put(bytes, fake.conduct == HAS_KEYS_OF_OTHERS);
    }
    send(fd, bytes, n, MSG_NOSIGNAL);
    return true;
}

static void *fake_run(void *context)
{
    (void)context;
    while (wait_for(fake.listener, -1)) {
        int fd = accept(fake.listener, NULL, NULL);
        unsigned char head[5], rest[4096];
        bool more = fd >= 0;
        while (more && take(fd, head, 5)) {
            size_t n = ((size_t)head[2] << 8 | head[3]) - 1;
            more = n < sizeof rest && take(fd, rest, n) && answer(fd, head[4]);
        }
        if (fd >= 0)
            close(fd);
    }
    return NULL;
}

static void fake_start(enum conduct conduct)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", socket_path);
    unlink(socket_path);
    fake.conduct = conduct;
    atomic_store(&fake.questions, 0);
    fake.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fake.listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fake.listener, 4), 0);
    assert_int_equal(pipe(fake.stop), 0);
    assert_int_equal(pthread_create(&fake.thread, NULL, fake_run, NULL), 0);
}

static void fake_stop(void)
{
    assert_int_equal(write(fake.stop[1], "x", 1), 1);
    pthread_join(fake.thread, NULL);
    close(fake.listener);
    close(fake.stop[0]);
    close(fake.stop[1]);
}

/* ---- The farm ---- */

static int letter_value(int c)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(letters, c) : NULL;
    return at ? (int)(at - letters) : -1;
}

static void key_read(void)
{
    char line[512] = "";
    FILE *file = fopen(fleet.public_key, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    uint32_t bits = 0;
    int n = 0;
    for (const char *at = strchr(line, ' ') + 1; letter_value(*at) >= 0; at++) {
        bits = bits << 6 | (uint32_t)letter_value(*at);
        n += 6;
        if (n >= 8)
            fake.key[fake.key_n++] = (unsigned char)(bits >> (n -= 8));
    }
}

static int begin(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    test_fleet_start(&fleet, DEVICES);
    key_read();
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
static void try(enum conduct conduct, const char *words)
{
    size_t n;
    fake_start(conduct);
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
    fake_stop();
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
    assert_true(atomic_load(&fake.questions) > 1); /* it was asked to sign, too */
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
    fake_start(ANSWERS_NOTHING);
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
    fake_stop();
}

/* Cancelled and freed while it waits. */
static void test_left(void **state)
{
    (void)state;
    size_t n;
    fake_start(SIGNS_NOTHING);
    struct fleet_engine *engine = test_engine(NULL, LONG_MS, LONG_MS);
    struct fleet_work_options how = {.command = "true"};
    struct fleet_work *work = fleet_work_begin(engine, fleet.devices, DEVICES / 2, &how);
    for (int i = 0; i < LONG_MS / 10 && atomic_load(&fake.questions) < 2; i++)
        poll(NULL, 0, 10);
    fleet_work_cancel(work);
    assert_true(fleet_wait(engine, LONG_MS));
    const struct fleet_result *results = fleet_work_results(work, &n);
    for (size_t i = 0; i < n; i++)
        result_is(&results[i], DEVICE_CANCELLED, "cancelled");
    fleet_free(engine);
    fleet_work_free(work);
    fake_stop();
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
