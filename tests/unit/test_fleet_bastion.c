/* Devices over bastions that are real OpenSSH servers. */
#include "tests/support/device_farm.h"
#include "tests/support/sshd.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
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

static struct device *behind(size_t bastion, size_t first, size_t n)
{
    struct device *devices = arena_array(farm.arena, struct device, n);
    const struct device *b = &farm.devices[bastion];
    for (size_t i = 0; i < n; i++) {
        devices[i] = farm.devices[first + i];
        devices[i].hop = (struct device_hop){.code = b->code,
                                             .host = b->host,
                                             .user = b->user,
                                             .pin = b->pin,
                                             .quarantine = b->quarantine,
                                             .identity = b->identity,
                                             .kind = b->kind,
                                             .port = b->port};
    }
    return devices;
}

static void test_devices_behind_a_bastion(void **state)
{
    (void)state;
    enum { BASTION = 10, FIRST = 11, BEHIND = 9 };
    struct fleet_engine *engine = engine_new();
    struct device *devices = behind(BASTION, FIRST, BEHIND);
    size_t logins = sshd_log_count(&farm, BASTION, "Accepted publickey");
    struct fleet_work_options how = {.command = "basename $HOME; yes | head -c 300000 | wc -c"};
    struct fleet_work *work = fleet_work_begin(engine, devices, BEHIND, &how);
    assert_true(fleet_wait(engine, LONG_MS));
    for (size_t i = 0; i < BEHIND; i++) {
        char text[64];
        snprintf(text, sizeof text, "r%zu\n300000\n", FIRST + i);
        test_result_is(&test_results(work)[i], DEVICE_OK, "");
        assert_true(test_output_is(&test_results(work)[i], text));
    }
    fleet_work_free(work);
    /* All of them over one session. */
    assert_int_equal(sshd_log_count(&farm, BASTION, "Accepted publickey") - logins, 1);
    how =
        (struct fleet_work_options){.command = "yes 0123456789 | head -c 3000000", .most = 4000000};
    work = fleet_work_begin(engine, devices, 3, &how);
    assert_true(fleet_wait(engine, LONG_MS));
    for (size_t i = 0; i < 3; i++) {
        test_result_is(&test_results(work)[i], DEVICE_OK, "");
        assert_int_equal(test_results(work)[i].output.n, 3000000);
    }
    fleet_work_free(work);
    fleet_free(engine);
}

/* R<first>, reached over `n` others: over R<n - 1> last, which is reached over the one before. */
static struct device *far_behind(size_t bastion, size_t n, size_t first, size_t devices_n)
{
    const struct device_hop *over = NULL;
    struct device *devices = NULL;
    for (size_t i = 0; i < n; i++) {
        devices = behind(bastion + i, first, devices_n);
        for (size_t k = 0; k < devices_n; k++)
            devices[k].hop.over = over;
        over = &devices[0].hop;
    }
    return devices;
}

static void test_bastions_behind_bastions(void **state)
{
    (void)state;
    enum { BASTION = 10, HOPS = 4, FIRST = 14, BEHIND = 5 };
    size_t logins[HOPS];
    for (int hops = 2; hops <= HOPS; hops += 2) {
        struct fleet_engine *engine = engine_new();
        struct device *devices = far_behind(BASTION, (size_t)hops, FIRST, BEHIND);
        for (int i = 0; i < hops; i++)
            logins[i] = sshd_log_count(&farm, BASTION + (size_t)i, "Accepted publickey");
        struct fleet_work_options how = {.command = "basename $HOME; yes | head -c 300000 | wc -c"};
        struct fleet_work *work = fleet_work_begin(engine, devices, BEHIND, &how);
        assert_true(fleet_wait(engine, LONG_MS));
        for (size_t i = 0; i < BEHIND; i++) {
            char text[64];
            snprintf(text, sizeof text, "r%zu\n300000\n", FIRST + i);
            test_result_is(&test_results(work)[i], DEVICE_OK, "");
            assert_true(test_output_is(&test_results(work)[i], text));
        }
        fleet_work_free(work);
        fleet_free(engine);
        /* Each of them carried one session more. */
        for (int i = 0; i < hops; i++)
            assert_int_equal(sshd_log_count(&farm, BASTION + (size_t)i, "Accepted publickey"),
                             logins[i] + 1);
    }
}

/* Who of them fails is named, from the device on; nobody is asked for what lies behind. */
static void test_a_bastion_fails_before_a_bastion(void **state)
{
    (void)state;
    enum { BASTION = 10, FIRST = 12, BEHIND = 3 };
    struct fleet_engine *engine = engine_new();
    struct device *devices = far_behind(BASTION, 2, FIRST, BEHIND);
    struct device_hop *outer = (struct device_hop *)devices[0].hop.over;
    const char *pin = outer->pin;
    size_t tried = sshd_log_count(&farm, BASTION + 1, "Connection from");
    outer->pin = "SHA256:another";
    struct fleet_work *work = test_command(engine, devices, BEHIND, "true");
    for (size_t i = 0; i < BEHIND; i++)
        test_result_is(&test_results(work)[i], DEVICE_OFFLINE,
                       "the bastion R11: the bastion R10: its host key is SHA256:");
    fleet_work_free(work);
    assert_int_equal(sshd_log_count(&farm, BASTION + 1, "Connection from"), tried);
    outer->pin = pin;
    struct fleet_work_options how = {.command = "echo begun; sleep 3"};
    work = fleet_work_begin(engine, devices, BEHIND, &how);
    test_outputs_await(engine, BEHIND);
    assert_true(sshd_connections_kill(&farm, BASTION) > 0);
    assert_true(fleet_wait(engine, LONG_MS));
    for (size_t i = 0; i < BEHIND; i++)
        test_result_is(&test_results(work)[i], DEVICE_UNKNOWN, "the connection");
    fleet_work_free(work);
    work = test_command(engine, devices, BEHIND, "true");
    for (size_t i = 0; i < BEHIND; i++)
        test_result_is(&test_results(work)[i], DEVICE_OK, "");
    fleet_work_free(work);
    fleet_free(engine);
}

static void test_a_bastion_that_goes(void **state)
{
    (void)state;
    enum { BASTION = 10, FIRST = 11, BEHIND = 4 };
    struct fleet_engine *engine = engine_new();
    struct device *devices = behind(BASTION, FIRST, BEHIND);
    struct fleet_work_options how = {.command = "echo begun; sleep 3"};
    struct fleet_work *work = fleet_work_begin(engine, devices, BEHIND, &how);
    test_outputs_await(engine, BEHIND);
    assert_true(sshd_connections_kill(&farm, BASTION) > 0);
    assert_true(fleet_wait(engine, LONG_MS));
    for (size_t i = 0; i < BEHIND; i++)
        test_result_is(&test_results(work)[i], DEVICE_UNKNOWN, "the connection");
    fleet_work_free(work);
    /* It comes back, and one of the devices is not there. */
    devices[1].port = 1;
    work = test_command(engine, devices, BEHIND, "true");
    for (size_t i = 0; i < BEHIND; i++)
        test_result_is(&test_results(work)[i], i == 1 ? DEVICE_OFFLINE : DEVICE_OK,
                       i == 1 ? "the bastion R10: " : "");
    fleet_work_free(work);
    fleet_free(engine);
}

static void test_a_bastion_with_another_key(void **state)
{
    (void)state;
    enum { BASTION = 10, FIRST = 11, BEHIND = 3 };
    struct fleet_engine *engine = engine_new();
    struct device *devices = behind(BASTION, FIRST, BEHIND);
    size_t tried = sshd_log_count(&farm, BASTION, "publickey");
    static const struct {
        const char *pin, *quarantine, *words;
    } cases[] = {
        {"SHA256:another", "", "the bastion R10: its host key is SHA256:"},
        {"", "", "is not pinned"},
        {NULL, "somebody put it there", "the bastion R10: in quarantine: somebody put it there"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        for (size_t i = 0; i < BEHIND; i++) {
            devices[i].hop.pin = cases[c].pin ? cases[c].pin : farm.devices[BASTION].pin;
            devices[i].hop.quarantine = cases[c].quarantine;
        }
        struct fleet_work *work = test_command(engine, devices, BEHIND, "true");
        /* The devices themselves showed no key: none of them goes into quarantine for it. */
        for (size_t i = 0; i < BEHIND; i++)
            test_result_is(&test_results(work)[i], DEVICE_OFFLINE, cases[c].words);
        fleet_work_free(work);
    }
    assert_int_equal(sshd_log_count(&farm, BASTION, "publickey"), tried);
    fleet_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_devices_behind_a_bastion),
        cmocka_unit_test(test_bastions_behind_bastions),
        cmocka_unit_test(test_a_bastion_fails_before_a_bastion),
        cmocka_unit_test(test_a_bastion_that_goes),
        cmocka_unit_test(test_a_bastion_with_another_key),
    };
    return cmocka_run_group_tests(tests, farm_begin, farm_end);
}
