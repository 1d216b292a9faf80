/* Simulated devices for tests: a user key, a farm (fixtures/devices/farm.h), the devices as the
 * inventory has them, an engine with short limits. */
#ifndef ATRIUM_TESTS_DEVICE_FARM_H
#define ATRIUM_TESTS_DEVICE_FARM_H

#include "fixtures/devices/farm.h"
#include "model/fleet/work.h"
#include "tests/support/temp.h"

struct test_fleet {
    char *folder, *identity, *public_key;
    struct arena *arena;
    struct farm *farm;
    struct device *devices; /* D0, D1, … with their pins */
    size_t n;
};

/* Writes an Ed25519 key into folder/NAME and folder/NAME.pub. */
void test_key_write(const char *folder, const char *name);

/* `n` simulated devices. Ends the test on an error. */
void test_fleet_start(struct test_fleet *fleet, size_t n);
void test_fleet_stop(struct test_fleet *fleet);

/* Puts them into a mall's inventory as tills, with their pins. */
void test_fleet_insert(const struct test_fleet *fleet, struct temp_mall *t);

/* A fault of device `i`. Ends the test on one that is none. */
void test_fault(struct test_fleet *fleet, size_t i, const char *fault);

/* An engine with this limit for every phase and this total. */
struct fleet_engine *test_engine(const char *identity, int64_t limit_ms, int64_t total_ms);

/* One command on some devices, to its end. Free with fleet_work_free. */
struct fleet_work *test_command(struct fleet_engine *engine, const struct device *devices, size_t n,
                                const char *command);

const struct fleet_result *test_results(const struct fleet_work *work);

/* Ends the test unless it ended so, with a reason that has these words. */
void test_result_is(const struct fleet_result *result, enum device_condition state,
                    const char *words);

/* Whether that is all it said. */
bool test_output_is(const struct fleet_result *result, const char *text);

/* Waits until each of n devices has said something; they run on. */
void test_outputs_await(struct fleet_engine *engine, int n);

/* Ends the test where the text holds what a terminal would obey or nobody would see. */
void test_harmless(const char *text);

#endif
