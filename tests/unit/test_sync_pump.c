/* The pump and the wires of descriptors and commands, with ends that only count. */
#include "model/sync/pump.h"
#include "tests/support/temp.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { FLOOD = 1 << 20 };

/* Says `total` bytes, made as they are wanted, and is over when it has heard as many. */
struct talker {
    size_t total, made, went, heard;
    size_t held_most; /* the most that waited to be written */
    unsigned char room[1 << 16];
    size_t in_room, at;
    size_t fail_at; /* of what was heard: it refuses; 0: never */
    bool ended, odd;
    size_t eats, eaten,
        fed_most; /* looks at so many bytes a step, once FLOOD lie there; 0: at all */
    bool (*meanwhile)(void *context);
    void *context;
    size_t works;      /* in its second step, until so much was heard or it was stopped; 0: never */
    atomic_bool *stop; /* set by it once it was given all it may be */
};

static unsigned char byte_at(size_t i)
{
    return (unsigned char)(i * 131 + i / 251);
}

static void talker_feed(void *machine, const void *bytes, size_t n)
{
    struct talker *talker = machine;
    const unsigned char *at = bytes;
    talker->ended = talker->ended || n == 0;
    for (size_t i = 0; i < n; i++)
        talker->odd |= at[i] != byte_at(talker->heard + i);
    talker->heard += n;
    if (talker->heard - talker->eaten > talker->fed_most)
        talker->fed_most = talker->heard - talker->eaten;
}

static size_t talker_held(const void *machine)
{
    const struct talker *talker = machine;
    return talker->heard - talker->eaten;
}

static void talker_meanwhile(void *machine, bool (*fn)(void *context), void *context)
{
    struct talker *talker = machine;
    talker->meanwhile = fn;
    talker->context = context;
}

static enum status talker_step(void *machine, bool *more, struct error *err)
{
    struct talker *talker = machine;
    while (talker->works && talker->made && talker->heard < talker->works && !talker->ended) {
        if (talker->stop && talker_held(talker) >= PUMP_AHEAD_MOST)
            atomic_store(talker->stop, true);
        if (!talker->meanwhile(talker->context))
            return error_set(err, ST_CANCELLED, "broken off");
    }
    if (talker->fail_at && talker->heard >= talker->fail_at)
        return error_set(err, ST_REFUSED, "enough");
    if (talker->at == talker->in_room) {
        size_t left = talker->total - talker->made;
        talker->in_room = left < sizeof talker->room ? left : sizeof talker->room;
        talker->at = 0;
        for (size_t i = 0; i < talker->in_room; i++)
            talker->room[i] = byte_at(talker->made + i);
        talker->made += talker->in_room;
    }
    size_t held = talker_held(talker);
    bool waits = talker->eats && talker->fed_most < FLOOD && !talker->ended;
    if (!waits)
        talker->eaten += talker->eats && talker->eats < held ? talker->eats : held;
    *more = talker->at < talker->in_room || (!waits && talker_held(talker));
    return ST_OK;
}

static const unsigned char *talker_out(const void *machine, size_t *n)
{
    const struct talker *talker = machine;
    *n = talker->in_room - talker->at;
    return talker->room + talker->at;
}

static void talker_sent(void *machine, size_t n)
{
    struct talker *talker = machine;
    talker->at += n;
    talker->went += n;
}

static bool talker_over(const void *machine)
{
    const struct talker *talker = machine;
    return talker->went == talker->total && talker->heard >= talker->total;
}

static struct pump_end end_of(struct talker *talker)
{
    return (struct pump_end){talker,      talker_feed, talker_step, talker_out,
                             talker_sent, talker_over, talker_held, talker_meanwhile};
}

struct side {
    struct talker talker;
    int fd;
    enum status status;
    struct error error;
};

static void *side_run(void *context)
{
    struct side *side = context;
    struct pump_end end = end_of(&side->talker);
    struct wire *wire = wire_of_descriptors(side->fd, side->fd);
    side->status = pump_run(wire, &end, &(struct pump_options){.wake = -1}, &side->error);
    wire->ops->close(wire);
    return NULL;
}

/* Much both ways at once: neither waits for the other to listen first. */
static void test_both_ways(void **state)
{
    (void)state;
    enum { MUCH = 40 << 20 };
    static struct side sides[2];
    int pair[2];
    pthread_t thread;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    for (int i = 0; i < 2; i++)
        sides[i] = (struct side){.talker = {.total = MUCH}, .fd = pair[i]};
    assert_int_equal(pthread_create(&thread, NULL, side_run, &sides[0]), 0);
    side_run(&sides[1]);
    pthread_join(thread, NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sides[i].status, ST_OK);
        assert_int_equal(sides[i].talker.heard, MUCH);
        assert_false(sides[i].talker.odd);
        close(pair[i]);
    }
}

/* Who says more than can be looked at fills the wire, not the memory of this side. */
static void test_flood(void **state)
{
    (void)state;
    enum { MUCH = 40 << 20 };
    static struct side sides[2];
    int pair[2];
    pthread_t thread;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    for (int i = 0; i < 2; i++)
        sides[i] = (struct side){.talker = {.total = MUCH}, .fd = pair[i]};
    sides[1].talker.eats = 20000;
    assert_int_equal(pthread_create(&thread, NULL, side_run, &sides[0]), 0);
    side_run(&sides[1]);
    pthread_join(thread, NULL);
    assert_int_equal(sides[1].status, ST_OK);
    assert_int_equal(sides[1].talker.heard, MUCH);
    assert_in_range(sides[1].talker.fed_most, FLOOD, PUMP_IN_MOST + (1 << 16));
    close(pair[0]);
    close(pair[1]);
}

/* Who works for long takes what comes meanwhile, but not without end. */
static void test_ahead(void **state)
{
    (void)state;
    enum { MUCH = 90 << 20, WORKS = 50 << 20 };
    static struct side sides[2];
    int pair[2];
    pthread_t thread;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    for (int i = 0; i < 2; i++)
        sides[i] = (struct side){.talker = {.total = MUCH}, .fd = pair[i]};
    sides[1].talker.works = WORKS;
    assert_int_equal(pthread_create(&thread, NULL, side_run, &sides[0]), 0);
    side_run(&sides[1]);
    pthread_join(thread, NULL);
    assert_int_equal(sides[1].status, ST_OK);
    assert_int_equal(sides[1].talker.heard, MUCH);
    assert_false(sides[1].talker.odd);
    assert_in_range(sides[1].talker.fed_most, WORKS - (PUMP_IN_MOST + (1 << 16)),
                    PUMP_AHEAD_MOST + (1 << 16));
    assert_null(sides[1].talker.meanwhile);
    close(pair[0]);
    close(pair[1]);
}

/* Long work that is stopped, and one whose other side says more than may be held. */
static void test_ahead_stopped(void **state)
{
    (void)state;
    static struct side sides[2];
    atomic_bool stop = false;
    struct pump_options options = {.wake = -1, .stop = &stop};
    int pair[2];
    pthread_t thread;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    sides[0] = (struct side){.talker = {.total = 90 << 20}, .fd = pair[0]};
    sides[1] = (struct side){.talker = {.total = 1 << 16, .works = SIZE_MAX, .stop = &stop},
                             .fd = pair[1]};
    assert_int_equal(pthread_create(&thread, NULL, side_run, &sides[0]), 0);
    struct pump_end end = end_of(&sides[1].talker);
    struct wire *wire = wire_of_descriptors(pair[1], pair[1]);
    assert_int_equal(pump_run(wire, &end, &options, &sides[1].error), ST_CANCELLED);
    assert_in_range(sides[1].talker.fed_most, 0, PUMP_AHEAD_MOST + (1 << 16));
    wire->ops->close(wire);
    close(pair[1]);
    pthread_join(thread, NULL);
    close(pair[0]);
    error_clear(&sides[0].error);
    error_clear(&sides[1].error);
}

static enum status talk(const char *command, struct talker *talker,
                        const struct pump_options *options, struct error *err)
{
    struct wire *wire;
    struct pump_end end = end_of(talker);
    enum status status = wire_of_command(command, &wire, err);
    if (status != ST_OK)
        return status;
    status = pump_run(wire, &end, options, err);
    wire->ops->close(wire);
    return status;
}

static void test_command(void **state)
{
    (void)state;
    static struct talker talker;
    struct error err = {0};
    struct pump_options options = {.wake = -1, .idle_ms = 20000};
    talker = (struct talker){.total = 3000000};
    assert_ok(talk("cat", &talker, &options, &err));
    assert_false(talker.odd);

    talker = (struct talker){.total = 100};
    assert_int_equal(talk("echo 'no \033[31mway' >&2; exit 3", &talker, &options, &err),
                     ST_PARTIAL);
    assert_non_null(strstr(error_text(&err), "no "));
    assert_null(strchr(error_text(&err), '\033'));

    talker = (struct talker){.total = 100}; /* it reads nothing and says nothing */
    options.idle_ms = 50;
    assert_int_equal(talk("exec sleep 100", &talker, &options, &err), ST_CANCELLED);

    talker = (struct talker){.total = 100, .fail_at = 50};
    options.idle_ms = 0;
    assert_int_equal(talk("cat", &talker, &options, &err), ST_REFUSED);
    assert_string_equal(error_text(&err), "enough");

    atomic_bool stop = true;
    talker = (struct talker){.total = 100};
    options.stop = &stop;
    assert_int_equal(talk("cat", &talker, &options, &err), ST_CANCELLED);
    error_clear(&err);
}

/* Cut after any number of bytes: said, never waited for. */
static void test_cut(void **state)
{
    (void)state;
    enum { ALL = 60 };
    for (size_t at = 0; at <= ALL; at++) {
        static struct side side;
        unsigned char said[ALL];
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        for (size_t i = 0; i < ALL; i++)
            said[i] = byte_at(i);
        assert_int_equal(write(pair[1], said, at), at);
        shutdown(pair[1], SHUT_WR);
        side = (struct side){.talker = {.total = ALL}, .fd = pair[0]};
        side_run(&side);
        assert_int_equal(side.status, at < ALL ? ST_PARTIAL : ST_OK);
        assert_int_equal(side.talker.heard, at);
        assert_true(at == ALL || side.talker.ended);
        error_clear(&side.error);
        close(pair[0]);
        close(pair[1]);
    }
}

static void test_urls(void **state)
{
    (void)state;
    static const struct {
        const char *url, *user, *host;
        int port;
    } good[] = {
        {"ssh://liu@hub.example", "liu", "hub.example", 22},
        {"ssh://liu@hub:2222", "liu", "hub", 2222},
        {"ssh://hub/", NULL, "hub", 22},
        {"ssh://liu@[::1]:22", "liu", "::1", 22},
        {"ssh://a@b@hub", "a@b", "hub", 22},
        {"ssh://liu@[fe80::1]", "liu", "fe80::1", 22},
    };
    static const char *const bad[] = {
        "",
        "hub",
        "http://hub",
        "ssh://",
        "ssh://@hub",
        "ssh://a@",
        "ssh://a@hub:",
        "ssh://hub:0",
        "ssh://hub:65536",
        "ssh://hub:2x",
        "ssh://hub/x",
        "ssh://-oProxyCommand=x",
        "ssh://-l@hub",
        "ssh://[::1",
        "ssh://[::1]x",
        "ssh://h\nub",
    };
    struct error err = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct wire_ssh ssh = {0};
        char copy[100];
        snprintf(copy, sizeof copy, "%s", good[i].url);
        assert_ok(wire_url_read(copy, &ssh, &err));
        assert_string_equal(ssh.host, good[i].host);
        assert_string_equal(ssh.user ? ssh.user : "-", good[i].user ? good[i].user : "-");
        assert_int_equal(ssh.port, good[i].port);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct wire_ssh ssh = {0};
        char copy[100];
        snprintf(copy, sizeof copy, "%s", bad[i]);
        if (wire_url_read(copy, &ssh, &err) != ST_USAGE)
            fail_msg("%s was taken", bad[i]);
    }
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways), cmocka_unit_test(test_flood),
        cmocka_unit_test(test_ahead),     cmocka_unit_test(test_ahead_stopped),
        cmocka_unit_test(test_command),   cmocka_unit_test(test_cut),
        cmocka_unit_test(test_urls),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
