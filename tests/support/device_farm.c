#include "tests/support/device_farm.h"

#include "model/base/time.h"
#include "tests/support/people.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <libssh/libssh.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { SEED = 7 };
static const int64_t patience_ns = INT64_C(60000000000);

void test_key_write(const char *folder, const char *name)
{
    ssh_key key = NULL;
    char *private = temp_path(folder, name), public[512];
    snprintf(public, sizeof public, "%s.pub", private);
    bool ok = ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) == SSH_OK &&
              ssh_pki_export_privkey_file(key, NULL, NULL, NULL, private) == SSH_OK &&
              ssh_pki_export_pubkey_file(key, public) == SSH_OK;
    ssh_key_free(key);
    if (!ok)
        fail_msg("%s: a key could not be written", private);
    chmod(private, 0600);
    free(private);
}

static void devices_make(struct test_fleet *fleet, const struct farm_spec *specs)
{
    fleet->devices = arena_array(fleet->arena, struct device, fleet->n);
    for (size_t i = 0; i < fleet->n; i++) {
        char *pin = arena_alloc(fleet->arena, FARM_PIN);
        farm_pin(SEED, specs[i].code, pin);
        fleet->devices[i] = (struct device){
            .id = (uint32_t)i + 1,
            .code = specs[i].code,
            .kind = "pos",
            .host = "127.0.0.1",
            .user = "",
            .pin = pin,
            .quarantine = "",
            .app = "",
            .floor = "",
            .port = farm_port(fleet->farm, specs[i].code),
        };
    }
}

void test_fleet_start(struct test_fleet *fleet, size_t n)
{
    struct error err = {0};
    signal(SIGPIPE, SIG_IGN);
    *fleet = (struct test_fleet){.folder = temp_folder(), .arena = arena_new(), .n = n};
    test_key_write(fleet->folder, "id");
    fleet->identity = temp_path(fleet->folder, "id");
    fleet->public_key = temp_path(fleet->folder, "id.pub");
    struct farm_spec *specs = arena_array(fleet->arena, struct farm_spec, n);
    for (size_t i = 0; i < n; i++)
        specs[i] = (struct farm_spec){.code = arena_printf(fleet->arena, "D%zu", i),
                                      .kind = "pos",
                                      .host = "127.0.0.1",
                                      .tenant = "T1",
                                      .item = "tea",
                                      .price = 3000};
    struct farm_options options = {
        .specs = specs, .n = n, .user_key = fleet->public_key, .seed = SEED};
    assert_ok(farm_start(&options, &fleet->farm, &err));
    devices_make(fleet, specs);
}

void test_fleet_stop(struct test_fleet *fleet)
{
    farm_stop(fleet->farm);
    free(fleet->identity);
    free(fleet->public_key);
    temp_folder_remove(fleet->folder);
    arena_free(fleet->arena);
}

void test_fleet_insert(const struct test_fleet *fleet, struct temp_mall *t)
{
    for (size_t i = 0; i < fleet->n; i++) {
        const struct device *d = &fleet->devices[i];
        char sql[512];
        snprintf(sql, sizeof sql,
                 "insert into device (id, code, kind, host, port, pin) values (%u, '%s', 'pos',"
                 " '%s', %d, '%s')",
                 d->id, d->code, d->host, d->port, d->pin);
        test_run(t, sql);
    }
}

void test_fault(struct test_fleet *fleet, size_t i, const char *fault)
{
    struct error err = {0};
    assert_ok(farm_fault(fleet->farm, fleet->devices[i].code, fault, &err));
}

struct fleet_engine *test_engine(const char *identity, int64_t limit_ms, int64_t total_ms)
{
    struct error err = {0};
    struct fleet_engine *engine;
    struct fleet_options options = {.total_ms = total_ms, .identity = identity};
    for (int i = PHASE_RESOLVE; i < FLEET_PHASES; i++)
        options.limit_ms[i] = limit_ms;
    assert_ok(fleet_new(&options, &engine, &err));
    return engine;
}

struct fleet_work *test_command(struct fleet_engine *engine, const struct device *devices, size_t n,
                                const char *command)
{
    struct fleet_work_options options = {.command = command};
    struct fleet_work *work = fleet_work_begin(engine, devices, n, &options);
    assert_true(fleet_wait(engine, 60000));
    assert_int_equal(fleet_work_left(work), 0);
    return work;
}

/* ---- What may be shown ---- */

/* Reads UTF-8 in a way of its own, so that it does not share a mistake with what it checks. */
static uint32_t rune_read(const unsigned char **at)
{
    const unsigned char *p = *at;
    int more = *p < 0x80 ? 0 : *p >= 0xF0 ? 3 : *p >= 0xE0 ? 2 : *p >= 0xC2 ? 1 : -1;
    if (more < 0)
        fail_msg("byte 0x%02x begins nothing", *p);
    uint32_t rune = more == 0 ? *p : *p & (0x3Fu >> more);
    for (int i = 1; i <= more; i++) {
        if ((p[i] & 0xC0) != 0x80)
            fail_msg("byte 0x%02x follows wrongly", p[i]);
        rune = rune << 6 | (p[i] & 0x3F);
    }
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (rune < least[more] || rune > 0x10FFFF || (rune >= 0xD800 && rune < 0xE000))
        fail_msg("U+%04X may not be written so", rune);
    *at = p + more + 1;
    return rune;
}

const struct fleet_result *test_results(const struct fleet_work *work)
{
    size_t n;
    return fleet_work_results(work, &n);
}

void test_result_is(const struct fleet_result *result, enum device_condition state,
                    const char *words)
{
    if (result->job.state != state || !strstr(result->job.reason, words))
        fail_msg("%s: found %s in %s: %s, expected %s: %s", result->device->code,
                 device_condition_names[result->job.state], fleet_phase_names[result->job.phase],
                 result->job.reason, device_condition_names[state], words);
}

bool test_output_is(const struct fleet_result *result, const char *text)
{
    return result->output.n == strlen(text) &&
           memcmp(result->output.bytes, text, result->output.n) == 0;
}

void test_outputs_await(struct fleet_engine *engine, int n)
{
    int64_t until = time_monotonic_ns() + patience_ns;
    struct fleet_numbers numbers;
    do {
        struct pollfd fd = {.fd = fleet_fd(engine), .events = POLLIN};
        poll(&fd, 1, 5);
        fleet_numbers(engine, &numbers);
    } while (numbers.in_phase[PHASE_OUTPUT] < n && time_monotonic_ns() < until);
    assert_int_equal(numbers.in_phase[PHASE_OUTPUT], n);
}

void test_harmless(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        uint32_t rune = rune_read(&at);
        bool control =
            (rune < 0x20 && rune != '\n' && rune != '\t') || (rune >= 0x7F && rune < 0xA0);
        bool hidden = (rune >= 0x200B && rune <= 0x200F) || (rune >= 0x2028 && rune <= 0x202E) ||
                      (rune >= 0x2060 && rune <= 0x206F) || rune == 0xFEFF || rune == 0x61C ||
                      (rune >= 0xE0000 && rune <= 0xE0FFF);
        if (control || hidden)
            fail_msg("U+%04X came through in: %s", rune, text);
    }
}
