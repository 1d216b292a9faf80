/* A large file to and from a real OpenSSH server, with the line cut in the middle of both: whole,
 * gone on with, in little memory. ATRIUM_FILE_MB says how large (64), and prints what it took. */
#include "model/base/hash.h"
#include "model/base/time.h"
#include "model/fleet/transfer.h"
#include "tests/support/device_farm.h"
#include "tests/support/sshd.h"
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
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { LONG_MS = 1200000, USUAL_MB = 64, BLOCK = 1 << 20, MEMORY_MB = 48 };

static int64_t file_mb(void)
{
    const char *text = getenv("ATRIUM_FILE_MB");
    return text ? strtol(text, NULL, 10) : USUAL_MB;
}

/* No block is like another, so that a wrong offset is a wrong hash. */
static void large_write(const char *path, int64_t mb)
{
    uint64_t *block = mem_zero(BLOCK, 1);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    for (int64_t i = 0; i < mb; i++) {
        for (size_t k = 0; k < BLOCK / sizeof *block; k++)
            block[k] = hash_mix((uint64_t)i << 32 | k);
        assert_int_equal(write(fd, block, BLOCK), BLOCK);
    }
    close(fd);
    free(block);
}

static int64_t memory_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* One transfer whose line is cut when half of it is there. */
static void move(struct sshd_farm *farm, const struct transfer_options *options, int64_t size,
                 const char *what)
{
    struct error err = {0};
    struct transfer *transfer;
    struct fleet_engine *engine = test_engine(farm->identity, LONG_MS, LONG_MS);
    int64_t began = time_monotonic_ns(), until = began + LONG_MS * INT64_C(1000000);
    double cpu = cpu_s();
    bool cut = false;
    assert_ok(transfer_begin(engine, farm->devices, 1, options, &transfer, &err));
    struct pollfd fds[] = {{.fd = fleet_fd(engine), .events = POLLIN},
                           {.fd = transfer_fd(transfer), .events = POLLIN}};
    while (transfer_left(transfer)) {
        assert_true(time_monotonic_ns() < until);
        poll(fds, 2, 5);
        if (!cut && transfer_moved(transfer, 0) > size / 2)
            cut = sshd_connections_kill(farm, 0) > 0;
        fleet_collect(engine);
        transfer_step(transfer);
    }
    size_t n;
    const struct transfer_result *result = transfer_results(transfer, &n);
    if (result->job.state != DEVICE_OK)
        fail_msg("%s: %s", what, result->job.reason);
    assert_true(cut);
    assert_int_equal(result->attempts, 2);
    assert_int_equal(result->bytes, size);
    double s = (double)(time_monotonic_ns() - began) / 1e9;
    if (getenv("ATRIUM_FILE_MB"))
        print_message("%s: %.1f s, %.0f MB/s, %.1f s of CPU, at most %lld MB of memory\n", what, s,
                      (double)size / 1e6 / s, cpu_s() - cpu, (long long)memory_kb() / 1024);
    transfer_free(transfer);
    fleet_free(engine);
}

static void same_files(const char *a, const char *b)
{
    const char *const words[] = {"cmp", a, b, NULL};
    sshd_run(words);
}

static void a_large_file_goes_there_and_back(void **state)
{
    struct sshd_farm farm;
    int64_t size = file_mb() * BLOCK, before;
    (void)state;
    if (!sshd_there())
        skip();
    sshd_farm_start(&farm, 1, NULL);
    char *local = temp_path(farm.folder, "local"), *back = temp_path(farm.folder, "back");
    char *there = temp_path(farm.servers[0].folder, "atrium/media/large.bin");
    large_write(local, file_mb());
    before = memory_kb();
    struct transfer_options put = {
        .kind = TRANSFER_PUT, .local = local, .remote = "media/large.bin"};
    move(&farm, &put, size, "put");
    same_files(local, there);
    struct transfer_options get = {
        .kind = TRANSFER_GET, .local = back, .remote = "media/large.bin"};
    move(&farm, &get, size, "get");
    same_files(local, back);
    /* The file is never in memory: what it took more is the same for any size. */
    assert_true(memory_kb() - before < MEMORY_MB * 1024);
    free(local);
    free(back);
    free(there);
    sshd_farm_stop(&farm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_file_goes_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
