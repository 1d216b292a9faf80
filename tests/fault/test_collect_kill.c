/*
 * What devices sold comes into the mall once, whenever the collector is killed. Simulated tills
 * sell and probes hear while a program that collects is killed at a random moment, again and again;
 * and once after each commit, before the device can be told. In the end the events are what the
 * spools hold, to the fen, and offers lie where they belong.
 */
#include "model/base/time.h"
#include "tests/support/collect_farm.h"
#include "tests/support/kill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { KILLS = 60, WINDOW_US = 700000, COMMITS = 25, TILLS = 6, PROBES = 3, SALE_MS = 12 };

static struct error err;
static const char *own; /* this program */

/* ---- The program that is killed: this one, called with `collect MALL KEY COMMITS` ---- */

struct work {
    int commits, done; /* 0: it is killed from outside */
};

static void committed(void *context)
{
    struct work *work = context;
    printf("%d\n", ++work->done);
    fflush(stdout);
    if (work->commits && work->done >= work->commits)
        raise(SIGKILL); /* the device was not told of the last one */
}

static int collect(char **words)
{
    struct mall *mall;
    struct collect_result result;
    struct access access = access_engine();
    struct arena *arena = arena_new();
    struct work work = {.commits = (int)strtol(words[2], NULL, 10)};
    signal(SIGPIPE, SIG_IGN);
    alarm(60);
    if (mall_open(words[0], &mall, &err) != ST_OK)
        return 1;
    struct collect_options options = {.mall = mall,
                                      .access = &access,
                                      .identity = words[1],
                                      .committed = committed,
                                      .context = &work};
    enum status status = collect_run(&options, arena, &result, &err);
    fprintf(stderr, "the collector ended: %s: %s\n", status_name(status), error_text(&err));
    return 1;
}

/* ---- Who starts and kills it ----
 * A process of its own, made before there are simulated devices: between a fork and an exec a copy
 * of their descriptors would keep connections open that they have closed. */

struct order {
    char mall[512], key[512];
    int commits; /* 0: at a random moment */
    uint64_t seed;
};
static int orders = -1, outcomes = -1;

static void orders_serve(int in, int out)
{
    struct order order;
    while (read(in, &order, sizeof order) == sizeof order) {
        char commits[16];
        int status = 128 + SIGKILL;
        snprintf(commits, sizeof commits, "%d", order.commits);
        const char *const words[] = {own, "collect", order.mall, order.key, commits, NULL};
        if (order.commits) {
            struct run_result result = run_program(words, NULL);
            status = result.status;
            run_result_free(&result);
        } else {
            kill_program_at_random(words, WINDOW_US, order.seed, NULL);
        }
        if (write(out, &status, sizeof status) != sizeof status)
            break;
    }
    _exit(0);
}

static void orders_begin(void)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        abort();
    pid_t pid = fork();
    if (pid < 0)
        abort();
    if (pid == 0) {
        close(in[1]);
        close(out[0]);
        orders_serve(in[0], out[1]);
    }
    close(in[0]);
    close(out[1]);
    orders = in[1];
    outcomes = out[0];
}

static int collector_kill(struct collect_farm *c, int commits, uint64_t seed)
{
    struct order order = {.commits = commits, .seed = seed};
    int status = -1;
    snprintf(order.mall, sizeof order.mall, "%s", c->mall.path);
    snprintf(order.key, sizeof order.key, "%s", c->identity);
    assert_int_equal(write(orders, &order, sizeof order), sizeof order);
    assert_int_equal(read(outcomes, &status, sizeof status), sizeof status);
    return status;
}

/* ---- The tests ---- */

static void offers_put(struct collect_farm *c, int round)
{
    collect_farm_sql(c, arena_printf(c->arena,
                                     "insert into device_queue (kind, tenant, key, payload,"
                                     " expires, time) values ('pos', %d, 'K%d', 'offer %d', %lld,"
                                     " %lld)",
                                     round % TILLS + 1, round, round, (long long)time_now() + 3600,
                                     (long long)time_now()));
}

static void offers_check(struct collect_farm *c, int n)
{
    for (int i = 0; i < n; i++) {
        char device[8], path[32], text[32];
        size_t size;
        snprintf(device, sizeof device, "P%d", i % TILLS);
        snprintf(path, sizeof path, "offers/K%d", i);
        snprintf(text, sizeof text, "offer %d", i);
        char *bytes = farm_file(c->farm, device, path, &size);
        if (!bytes)
            fail_msg("%s has no %s", device, path);
        assert_string_equal(bytes, text);
        free(bytes);
    }
    assert_int_equal(
        collect_farm_number(c, "select count(*) from device_queue where state <> 'done'"), 0);
}

static void test_killed_at_any_moment(void **state)
{
    struct collect_farm c;
    (void)state;
    collect_farm_start(&c, TILLS, PROBES, 0, SALE_MS);
    for (int i = 0; i < KILLS; i++) {
        offers_put(&c, i);
        collector_kill(&c, 0, (uint64_t)i + 1);
    }
    collect_farm_rest(&c);
    collect_farm_once(&c);
    collect_farm_once(&c);
    collect_farm_check(&c);
    offers_check(&c, KILLS);
    collect_farm_stop(&c);
}

static void test_killed_after_commits(void **state)
{
    struct collect_farm c;
    (void)state;
    collect_farm_start(&c, TILLS, PROBES, 0, SALE_MS);
    for (int i = 1; i <= COMMITS; i++) {
        assert_int_equal(collector_kill(&c, 1 + i % 4, 0), 128 + SIGKILL);
    }
    collect_farm_rest(&c);
    collect_farm_once(&c);
    collect_farm_check(&c);
    collect_farm_stop(&c);
}

int main(int argc, char **argv)
{
    own = argv[0];
    if (argc == 5 && strcmp(argv[1], "collect") == 0)
        return collect(argv + 2);
    orders_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_at_any_moment),
        cmocka_unit_test(test_killed_after_commits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
