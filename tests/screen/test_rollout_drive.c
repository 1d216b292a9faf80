/* Roll-outs that are planned, started and brought to their end wholly by keys in a console, on
 * simulated devices: the console drives them on a thread of its own. */
#include "model/base/time.h"
#include "tests/support/rollout_farm.h"
#include "tests/support/screen_test.h"
#include "views/rollout_task.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DEVICES = 4, ROWS = 30, COLS = 110 };

static struct rollout_world world;
static struct error err;
static int64_t shift; /* of the clock */

static void with_devices(struct console_options *options)
{
    options->sealed = false;
    options->drives = true;
    options->identity = world.fleet.identity;
}

/* The console's mall is the world's; up to so many devices one person rolls out alone. */
static int world_begin(void **state)
{
    (void)state;
    rollout_world_start(&world, DEVICES);
    time_fix(0); /* the console's threads have a clock that goes */
    test_run(&world.mall, "insert or replace into setting (name, value) values"
                          " ('rollout_free_devices', '10')");
    screen_test_begin(&world.mall, 0);
    return 0;
}

static int world_end(void **state)
{
    screen_test_close(state);
    rollout_world_stop(&world);
    time_shift_set(0);
    shift = 0;
    return 0;
}

/* From the list of roll-outs to the page of a new one, which waits to be started. */
static void plan(const char *version)
{
    vt_keys(vt, "N R n");
    vt_type(vt, world.archive);
    vt_keys(vt, "Tab");
    vt_type(vt, version);
    vt_keys(vt, "PgDn");
    vt_type(vt, "pos");
    vt_keys(vt, "PgDn Tab Ctrl-u");
    vt_type(vt, "100%");
    vt_keys(vt, "Tab Ctrl-u");
    vt_type(vt, "1");
    vt_keys(vt, "Tab Ctrl-u");
    vt_type(vt, "100");
    vt_keys(vt, "Tab Ctrl-u");
    vt_type(vt, "0s");
    vt_keys(vt, "Ctrl-s");
    see("Enter plans it");
    see("4 devices: 4 pos");
    vt_keys(vt, "Enter");
    see("goes to 4 devices: 4 pos");
    /* Another number plans nothing. */
    vt_keys(vt, "3 Enter");
    see("goes to 4 devices: 4 pos");
    vt_keys(vt, "Backspace 4 Enter");
    see("is planned");
    see("s starts it");
}

static void start(void)
{
    vt_keys(vt, "s");
    see("changes 4 devices: 4 pos");
    vt_keys(vt, "4 Enter");
    vt_settle(vt);
    console_refresh(console);
    vt_settle(vt);
}

/* Time goes on for all threads, and the console looks. */
static void later(int64_t seconds)
{
    shift += seconds;
    time_shift_set(shift);
    rollout_task_wake(console->rollouts);
    vt_settle(vt);
    console_refresh(console);
    vt_settle(vt);
}

static void from_plan_to_end(void **state)
{
    (void)state;
    struct rollout_row *rows;
    size_t n;
    open_console_with(ROWS, COLS, with_devices);
    plan("2.4.2");
    start();
    see("2.4.2 done");
    see("3/3");
    rollout_world_check(&world, "R1");
    const struct rollout *r = rollout_world_read(&world, "R1", &rows, &n);
    assert_int_equal(r->ok, DEVICES);
    assert_string_equal(r->driver, ""); /* the lease was given back */
    /* And back, which also wants the number. */
    vt_keys(vt, "a Enter 4 Enter");
    vt_settle(vt);
    console_refresh(console);
    vt_settle(vt);
    see("2.4.2 rolled back");
    rollout_world_check(&world, "R1");
    char *app = rollout_world_app(&world, 0);
    assert_string_not_equal(app, "2.4.2");
    free(app);
}

static void a_bad_version_stops_and_says_why(void **state)
{
    (void)state;
    open_console_with(ROWS, COLS, with_devices);
    plan("2.4.3-unwell");
    start();
    see("2.4.3-unwell stopped");
    see("canary: 1 of 1 failed, the limit is 1");
    vt_keys(vt, "f");
    see("is not well");
    rollout_world_check(&world, "R1");
}

static void it_is_paused_and_goes_on(void **state)
{
    (void)state;
    open_console_with(ROWS, COLS, with_devices);
    for (size_t i = 0; i < DEVICES; i++)
        test_fault(&world.fleet, i, "off");
    plan("2.4.2");
    start();
    see("driven from here");
    see("offline-queued");
    vt_keys(vt, "P y");
    see("2.4.2 paused");
    for (size_t i = 0; i < DEVICES; i++)
        test_fault(&world.fleet, i, "ok");
    rollout_world_up(&world);
    later(400);
    see("0/3"); /* nothing is begun while it pauses */
    vt_keys(vt, "P y");
    later(400);
    later(400);
    see("2.4.2 done");
    rollout_world_check(&world, "R1");
}

/* ---- Two drivers ---- */

static void another_one_drives(void **state)
{
    (void)state;
    struct rollout_driver *driver;
    struct rollout_turn turn;
    struct rollout_row *rows;
    char code[16];
    size_t n;
    struct rollout_draft draft = rollout_world_draft(&world, "2.4.2");
    rollout_world_begin(&world, &draft, code);
    struct fleet_engine *engine = test_engine(world.fleet.identity, 2000, 8000);
    struct rollout_drive_options options = {.engine = engine, .name = "engine, process 7 on till"};
    assert_ok(rollout_driver_open(world.mall.writer, world.mall.reader, &world.author, code,
                                  &options, &driver, &err));
    assert_ok(rollout_driver_turn(driver, &turn, &err));
    open_console_with(ROWS, COLS, with_devices);
    vt_keys(vt, "N R Enter");
    see("driven by engine, process 7 on till");
    vt_keys(vt, "d");
    see("this console goes on when that ends");
    later(10);
    assert_string_equal(rollout_world_read(&world, code, &rows, &n)->driver,
                        "engine, process 7 on till");
    for (size_t i = 0; i < n; i++)
        assert_true(rows[i].step < STEP_SWITCHING);
    rollout_driver_close(driver);
    fleet_free(engine);
    later(10);
    see("2.4.2 done");
    rollout_world_check(&world, code);
}

/* What others made is not driven from here before somebody says so. */
static void it_is_taken_up_and_left(void **state)
{
    (void)state;
    struct rollout_row *rows;
    char code[16];
    size_t n;
    struct rollout_draft draft = rollout_world_draft(&world, "2.4.2");
    for (size_t i = 0; i < DEVICES; i++)
        test_fault(&world.fleet, i, "off");
    rollout_world_begin(&world, &draft, code);
    open_console_with(ROWS, COLS, with_devices);
    vt_keys(vt, "N R Enter");
    see("nobody drives it: d drives it from here");
    assert_string_equal(rollout_world_read(&world, code, &rows, &n)->driver, "");
    vt_keys(vt, "d");
    vt_settle(vt);
    see("driven from here");
    see("driving R1");
    vt_keys(vt, "d");
    see("is left to others");
    later(2);
    assert_string_equal(rollout_world_read(&world, code, &rows, &n)->driver, "");
    see("nobody drives it");
}

/* ---- Leaving ---- */

static void device_goes(void)
{
    struct rollout_row *rows;
    size_t n;
    rollout_world_read(&world, "R1", &rows, &n);
    for (size_t i = 0; i < n; i++)
        if (rows[i].step == STEP_PROVING)
            test_fault(&world.fleet, rows[i].device - 1, "off");
}

/* On the service's thread; the test's reader is nobody else's meanwhile. */
static bool gone_on_trial(void *context, enum rollout_moment moment)
{
    (void)context;
    if (moment == MOMENT_AFTER)
        device_goes();
    return true;
}

static void with_a_loss(struct console_options *options)
{
    with_devices(options);
    options->rollout_moment = gone_on_trial;
}

static void who_leaves_is_asked_first(void **state)
{
    (void)state;
    open_console_with(ROWS, COLS, with_a_loss);
    plan("2.4.2");
    start();
    see("1 on trial");
    vt_keys(vt, "Q");
    see("1 device is on trial");
    vt_keys(vt, "Esc");
    see("2.4.2 running");
    assert_false(console->leaving);
    vt_keys(vt, "Q y");
    assert_true(console->leaving);
    close_console();
    for (size_t i = 0; i < DEVICES; i++)
        test_fault(&world.fleet, i, "ok");
    rollout_world_up(&world);
    /* Another one goes on where it was. */
    struct rollout_turn turn;
    assert_true(rollout_world_drive(&world, "R1", 86400, NULL, NULL, &turn));
    rollout_world_check(&world, "R1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(from_plan_to_end, world_begin, world_end),
        cmocka_unit_test_setup_teardown(a_bad_version_stops_and_says_why, world_begin, world_end),
        cmocka_unit_test_setup_teardown(it_is_paused_and_goes_on, world_begin, world_end),
        cmocka_unit_test_setup_teardown(another_one_drives, world_begin, world_end),
        cmocka_unit_test_setup_teardown(it_is_taken_up_and_left, world_begin, world_end),
        cmocka_unit_test_setup_teardown(who_leaves_is_asked_first, world_begin, world_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
