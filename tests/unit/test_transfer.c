/* Files to and from simulated devices: whole, cut anywhere, refused, hostile. */
#include "tests/support/device_farm.h"

#include "model/fleet/transfer.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { BYTES = 300000, LIMIT_MS = 3000 * TEST_SLOW, MANY = 200 };

static char *content_make(size_t n, uint64_t seed)
{
    char *bytes = mem_zero(n + 1, 1);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(hash_mix(seed + i / 8) >> (i % 8 * 8));
    return bytes;
}

static void file_write(const char *path, const char *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

static bool file_is(const char *path, const char *bytes, size_t n)
{
    char *found = mem_zero(n + 2, 1);
    FILE *file = fopen(path, "rb");
    size_t have = file ? fread(found, 1, n + 1, file) : 0;
    bool same = file && have == n && memcmp(found, bytes, n) == 0;
    if (file)
        fclose(file);
    free(found);
    return same;
}

static void transfer_run(struct fleet_engine *engine, struct transfer *transfer)
{
    struct pollfd fds[] = {{.fd = fleet_fd(engine), .events = POLLIN},
                           {.fd = transfer_fd(transfer), .events = POLLIN}};
    for (int i = 0; transfer_left(transfer) && i < 6000 * TEST_SLOW; i++) {
        poll(fds, 2, 10);
        fleet_collect(engine);
        transfer_step(transfer);
    }
    assert_int_equal(transfer_left(transfer), 0);
}

/* What is being tried: an engine, a folder with the file "local", devices. */
struct trial {
    struct test_fleet fleet;
    struct fleet_engine *engine;
    char *local, *target;
    char *bytes;
    size_t n;
};

static void trial_begin(struct trial *trial, size_t devices, size_t n)
{
    test_fleet_start(&trial->fleet, devices);
    trial->engine = test_engine(trial->fleet.identity, LIMIT_MS, 10000 * TEST_SLOW);
    trial->local = temp_path(trial->fleet.folder, "local");
    trial->target = temp_path(trial->fleet.folder, "target");
    trial->bytes = content_make(n, 1);
    trial->n = n;
    file_write(trial->local, trial->bytes, n);
}

static void trial_end(struct trial *trial)
{
    fleet_free(trial->engine);
    free(trial->local);
    free(trial->target);
    free(trial->bytes);
    test_fleet_stop(&trial->fleet);
}

static struct transfer_options put_options(const struct trial *trial)
{
    return (struct transfer_options){
        .local = trial->local, .remote = "media/menu.bin", .idle_ms = LIMIT_MS};
}

static struct transfer_options get_options(const struct trial *trial)
{
    return (struct transfer_options){.kind = TRANSFER_GET,
                                     .local = trial->target,
                                     .remote = "media/menu.bin",
                                     .idle_ms = LIMIT_MS};
}

static struct transfer *transfer_to_end(struct trial *trial, const struct transfer_options *options,
                                        size_t n)
{
    struct error err = {0};
    struct transfer *transfer;
    assert_ok(transfer_begin(trial->engine, trial->fleet.devices, n, options, &transfer, &err));
    transfer_run(trial->engine, transfer);
    return transfer;
}

static bool device_has(struct trial *trial, size_t i, const char *name)
{
    size_t n;
    char *found = farm_file(trial->fleet.farm, trial->fleet.devices[i].code, name, &n);
    bool same = found && n == trial->n && memcmp(found, trial->bytes, n) == 0;
    free(found);
    return same;
}

static bool device_lacks(struct trial *trial, size_t i, const char *name)
{
    size_t n;
    char *found = farm_file(trial->fleet.farm, trial->fleet.devices[i].code, name, &n);
    bool none = !found;
    free(found);
    return none;
}

static void ends_as(const struct transfer *transfer, size_t i, enum device_condition state,
                    const char *reason)
{
    size_t n;
    const struct transfer_result *result = &transfer_results(transfer, &n)[i];
    test_harmless(result->job.reason);
    if (result->job.state != state || !strstr(result->job.reason, reason))
        fail_msg("%s: %s (%s), expected %s (%s)", result->device->code,
                 device_condition_names[result->job.state], result->job.reason,
                 device_condition_names[state], reason);
}

static void test_many(void **state)
{
    struct trial trial;
    (void)state;
    trial_begin(&trial, MANY, BYTES);
    struct transfer_options options = put_options(&trial);
    struct transfer *transfer = transfer_to_end(&trial, &options, MANY);
    int64_t moved, total;
    for (size_t i = 0; i < MANY; i++) {
        ends_as(transfer, i, DEVICE_OK, "");
        assert_true(device_has(&trial, i, "media/menu.bin"));
    }
    transfer_progress(transfer, &moved, &total);
    assert_int_equal(moved, (int64_t)MANY * BYTES);
    assert_int_equal(total, (int64_t)MANY * BYTES);
    transfer_free(transfer);
    options = get_options(&trial);
    options.folder = true;
    transfer = transfer_to_end(&trial, &options, MANY);
    for (size_t i = 0; i < MANY; i++) {
        char *path = temp_path(trial.target, trial.fleet.devices[i].code);
        ends_as(transfer, i, DEVICE_OK, "");
        assert_true(file_is(path, trial.bytes, trial.n));
        free(path);
    }
    transfer_free(transfer);
    trial_end(&trial);
}

/* Wherever it is cut, this attempt or the next one goes on, and no cut file has the name. */
static void test_cut(void **state)
{
    struct trial trial;
    (void)state;
    trial_begin(&trial, 1, BYTES);
    for (int round = 0; round < 40; round++) {
        char fault[32];
        int64_t at = (int64_t)(hash_mix((uint64_t)round) % BYTES);
        free(trial.bytes);
        trial.bytes = content_make(BYTES, (uint64_t)round + 100);
        file_write(trial.local, trial.bytes, trial.n);
        unlink(trial.target);
        for (int way = 0; way < 2; way++) {
            snprintf(fault, sizeof fault, "cut:%lld", (long long)at);
            test_fault(&trial.fleet, 0, fault);
            struct transfer_options options = way ? get_options(&trial) : put_options(&trial);
            struct transfer *transfer = transfer_to_end(&trial, &options, 1);
            size_t n;
            ends_as(transfer, 0, DEVICE_OK, "");
            assert_int_equal(transfer_results(transfer, &n)[0].attempts, 2);
            transfer_free(transfer);
        }
        assert_true(device_has(&trial, 0, "media/menu.bin"));
        assert_true(file_is(trial.target, trial.bytes, trial.n));
    }
    trial_end(&trial);
}

/* Cut again and again it gives up; the next transfer goes on where it ended. */
static void test_resume(void **state)
{
    struct trial trial;
    size_t n;
    (void)state;
    trial_begin(&trial, 1, BYTES);
    for (int i = 0; i < 8; i++)
        test_fault(&trial.fleet, 0, "cut:20000");
    struct transfer_options options = put_options(&trial);
    struct transfer *transfer = transfer_to_end(&trial, &options, 1);
    int64_t bytes = transfer_results(transfer, &n)->bytes;
    assert_int_equal(transfer_results(transfer, &n)->job.state, DEVICE_UNKNOWN);
    assert_true(bytes > 0 && bytes < BYTES);
    assert_true(device_lacks(&trial, 0, "media/menu.bin"));
    transfer_free(transfer);
    test_fault(&trial.fleet, 0, "ok");
    struct farm_seen before = farm_seen_of(trial.fleet.farm, "D0");
    transfer = transfer_to_end(&trial, &options, 1);
    ends_as(transfer, 0, DEVICE_OK, "");
    assert_int_equal(farm_seen_of(trial.fleet.farm, "D0").connections, before.connections + 1);
    transfer_free(transfer);
    /* What is there already is not sent again. */
    transfer = transfer_to_end(&trial, &options, 1);
    ends_as(transfer, 0, DEVICE_OK, "");
    transfer_free(transfer);

    for (int i = 0; i < 8; i++)
        test_fault(&trial.fleet, 0, "cut:20000");
    options = get_options(&trial);
    transfer = transfer_to_end(&trial, &options, 1);
    ends_as(transfer, 0, DEVICE_FAILED, "");
    assert_int_not_equal(access(trial.target, F_OK), 0);
    transfer_free(transfer);
    test_fault(&trial.fleet, 0, "ok");
    transfer = transfer_to_end(&trial, &options, 1);
    ends_as(transfer, 0, DEVICE_OK, "");
    assert_true(file_is(trial.target, trial.bytes, trial.n));
    transfer_free(transfer);
    trial_end(&trial);
}

/* What lies here as `.part` may be anything: it is gone on with only where it is the beginning. */
static void test_other_part(void **state)
{
    struct trial trial;
    (void)state;
    trial_begin(&trial, 1, BYTES);
    struct transfer_options options = put_options(&trial);
    transfer_free(transfer_to_end(&trial, &options, 1));
    char *part = temp_path(trial.fleet.folder, "target.part");
    file_write(part, "something else", 14);
    options = get_options(&trial);
    struct transfer *transfer = transfer_to_end(&trial, &options, 1);
    ends_as(transfer, 0, DEVICE_OK, "");
    assert_true(file_is(trial.target, trial.bytes, trial.n));
    transfer_free(transfer);
    /* A link is not followed. */
    char *victim = temp_path(trial.fleet.folder, "victim");
    file_write(victim, "mine", 4);
    assert_int_equal(symlink(victim, part), 0);
    transfer = transfer_to_end(&trial, &options, 1);
    ends_as(transfer, 0, DEVICE_FAILED, "cannot be written");
    assert_true(file_is(victim, "mine", 4));
    transfer_free(transfer);
    free(victim);
    free(part);
    trial_end(&trial);
}

static void test_faults(void **state)
{
    static const struct {
        const char *fault;
        enum device_condition put, get;
        const char *put_reason, *get_reason;
    } rows[] = {
        {"disk", DEVICE_FAILED, DEVICE_OK, "no room", ""},
        {"off", DEVICE_OFFLINE, DEVICE_OFFLINE, "", ""},
        {"wrongkey", DEVICE_QUARANTINED, DEVICE_QUARANTINED, "", ""},
        {"refuse", DEVICE_FAILED, DEVICE_FAILED, "accept", "accept"},
        {"nochannel", DEVICE_FAILED, DEVICE_FAILED, "channel", "channel"},
        {"noexec", DEVICE_FAILED, DEVICE_FAILED, "command", "command"},
        {"garble", DEVICE_FAILED, DEVICE_FAILED, "", ""},
        {"longline", DEVICE_FAILED, DEVICE_FAILED, "atrium-device", "atrium-device"},
        {"endless", DEVICE_FAILED, DEVICE_FAILED, "atrium-device", "atrium-device"},
        {"stall:auth", DEVICE_FAILED, DEVICE_FAILED, "no answer", "no answer"},
        {"stall:first", DEVICE_UNKNOWN, DEVICE_FAILED, "", ""},
        {"drop:first", DEVICE_UNKNOWN, DEVICE_FAILED, "", ""},
        {"reset:command", DEVICE_UNKNOWN, DEVICE_FAILED, "", ""},
        {"drop:end", DEVICE_OK, DEVICE_OK, "", ""},
    };
    struct trial trial;
    size_t n = sizeof rows / sizeof *rows;
    (void)state;
    trial_begin(&trial, n, 5000);
    struct transfer_options options = put_options(&trial);
    options.idle_ms = 500;
    options.remote = "media/old.bin";
    transfer_free(transfer_to_end(&trial, &options, n));
    for (size_t i = 0; i < n; i++)
        test_fault(&trial.fleet, i, rows[i].fault);
    options.remote = "media/menu.bin";
    struct transfer *transfer = transfer_to_end(&trial, &options, n);
    for (size_t i = 0; i < n; i++) {
        ends_as(transfer, i, rows[i].put, rows[i].put_reason);
        assert_true(device_has(&trial, i, "media/menu.bin") ||
                    device_lacks(&trial, i, "media/menu.bin"));
    }
    transfer_free(transfer);
    options = get_options(&trial);
    options.idle_ms = 500;
    options.folder = true;
    options.remote = "media/old.bin";
    transfer = transfer_to_end(&trial, &options, n);
    for (size_t i = 0; i < n; i++) {
        char *path = temp_path(trial.target, trial.fleet.devices[i].code);
        ends_as(transfer, i, rows[i].get, rows[i].get_reason);
        assert_true(rows[i].get == DEVICE_OK ? file_is(path, trial.bytes, trial.n)
                                             : access(path, F_OK) != 0);
        free(path);
    }
    transfer_free(transfer);
    trial_end(&trial);
}

/* The power goes after each step on the device: another attempt brings it about. */
static void test_death(void **state)
{
    struct trial trial;
    (void)state;
    trial_begin(&trial, 1, 50000);
    for (int step = 1; step <= 3; step++) {
        char fault[32];
        free(trial.bytes);
        trial.bytes = content_make(trial.n, (uint64_t)step);
        file_write(trial.local, trial.bytes, trial.n);
        snprintf(fault, sizeof fault, "die:receive:%d", step);
        test_fault(&trial.fleet, 0, fault);
        struct transfer_options options = put_options(&trial);
        /* It is off for a moment; until it is there again, nobody answers. */
        for (int i = 0; i < 1000; i++) {
            size_t n;
            struct transfer *transfer = transfer_to_end(&trial, &options, 1);
            bool ok = transfer_results(transfer, &n)->job.state == DEVICE_OK;
            transfer_free(transfer);
            if (ok)
                break;
            poll(NULL, 0, 5);
        }
        assert_true(device_has(&trial, 0, "media/menu.bin"));
    }
    trial_end(&trial);
}

static void test_refused(void **state)
{
    static const char *const paths[] = {"../x", "a/../b", "/",    "",          "a//b",      "./a/.",
                                        "a/",   "-x",     "a\nb", "a\x1B[2Jb", "/etc/../x", "."};
    struct arena *arena = arena_new();
    struct error err = {0};
    const char *remote;
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (transfer_remote(arena, paths[i], &remote, &err) != ST_USAGE)
            fail_msg("%s was not refused", paths[i]);
        test_harmless(error_text(&err));
    }
    assert_ok(transfer_remote(arena, "menu.png", &remote, &err));
    assert_string_equal(remote, "./menu.png");
    assert_ok(transfer_remote(arena, "/var/log/a b.log", &remote, &err));
    arena_free(arena);
    struct trial trial;
    trial_begin(&trial, 1, 100);
    static const char *const own[] = {"config", "rollout", "app/1/program", "spool/receipts"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        struct transfer_options options = put_options(&trial);
        options.remote = own[i];
        struct transfer *transfer = transfer_to_end(&trial, &options, 1);
        ends_as(transfer, 0, DEVICE_FAILED, "verb of its own");
        transfer_free(transfer);
    }
    struct transfer_options options = get_options(&trial);
    struct transfer *transfer = transfer_to_end(&trial, &options, 1);
    ends_as(transfer, 0, DEVICE_FAILED, "no such file");
    transfer_free(transfer);
    options = put_options(&trial);
    options.local = trial.fleet.folder;
    assert_int_equal(
        transfer_begin(trial.engine, trial.fleet.devices, 1, &options, &transfer, &err),
        ST_REFUSED);
    error_clear(&err);
    trial_end(&trial);
}

/* It is written to between two looks: that is said, and nothing has the name. */
static void test_changed(void **state)
{
    struct trial trial;
    struct error err = {0};
    (void)state;
    trial_begin(&trial, 1, 8 << 20);
    struct transfer_options options = put_options(&trial);
    struct transfer *transfer;
    assert_ok(transfer_begin(trial.engine, trial.fleet.devices, 1, &options, &transfer, &err));
    while (transfer_moved(transfer, 0) == 0) {
        struct pollfd fd = {.fd = transfer_fd(transfer), .events = POLLIN};
        poll(&fd, 1, 1);
        fleet_collect(trial.engine);
        transfer_step(transfer);
    }
    int fd = open(trial.local, O_WRONLY);
    assert_int_equal(pwrite(fd, "changed", 7, (8 << 20) - 7), 7);
    close(fd);
    transfer_run(trial.engine, transfer);
    ends_as(transfer, 0, DEVICE_FAILED, "changed while it was read");
    assert_true(device_lacks(&trial, 0, "media/menu.bin"));
    transfer_free(transfer);
    trial_end(&trial);
}

static void test_cancel(void **state)
{
    struct trial trial;
    struct error err = {0};
    (void)state;
    trial_begin(&trial, 3, 8 << 20);
    for (int way = 0; way < 2; way++) {
        struct transfer_options options = way ? get_options(&trial) : put_options(&trial);
        options.folder = way;
        struct transfer *transfer;
        if (way) {
            struct transfer_options put = put_options(&trial);
            transfer_free(transfer_to_end(&trial, &put, 3));
        }
        assert_ok(transfer_begin(trial.engine, trial.fleet.devices, 3, &options, &transfer, &err));
        while (transfer_moved(transfer, 0) == 0) {
            struct pollfd fd = {.fd = transfer_fd(transfer), .events = POLLIN};
            poll(&fd, 1, 1);
            fleet_collect(trial.engine);
            transfer_step(transfer);
        }
        transfer_cancel(transfer);
        transfer_run(trial.engine, transfer);
        transfer_free(transfer);
        char *path = temp_path(trial.target, "D0");
        assert_true(access(path, F_OK) != 0 || file_is(path, trial.bytes, trial.n));
        free(path);
        assert_true(device_lacks(&trial, 0, "media/menu.bin") ||
                    device_has(&trial, 0, "media/menu.bin"));
    }
    trial_end(&trial);
}

static void test_install(void **state)
{
    struct trial trial;
    size_t n;
    (void)state;
    trial_begin(&trial, 2, 10);
    struct transfer_options options = {.kind = TRANSFER_INSTALL};
    struct transfer *transfer = transfer_to_end(&trial, &options, 2);
    ends_as(transfer, 1, DEVICE_OK, "");
    char *found = farm_file(trial.fleet.farm, "D1", "bin/atrium-device", &n);
    assert_int_equal(n, strlen(device_script));
    assert_memory_equal(found, device_script, n);
    free(found);
    transfer_free(transfer);
    trial_end(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),    cmocka_unit_test(test_cut),
        cmocka_unit_test(test_resume),  cmocka_unit_test(test_other_part),
        cmocka_unit_test(test_faults),  cmocka_unit_test(test_death),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_changed),
        cmocka_unit_test(test_cancel),  cmocka_unit_test(test_install),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
