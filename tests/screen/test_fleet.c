/* The screens of the fleet at three sizes and in two languages, on rows that are the same each
 * time: no device is reached here. */
#include "tests/support/people.h"
#include "tests/support/screen_test.h"
#include "views/screens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void mall_fill(struct temp_mall *t)
{
    test_run(
        t,
        "insert into tenant (id, code, name) values (1, 'T001', 'Uniqlo'), (2, 'T002', '海底捞');"
        "insert into zone (id, code, name, floor) values (1, '1-A', 'north', '1');"
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 40)"
        "insert into device (id, code, kind, host, port, model, tenant, zone, floor, pin) select i,"
        " printf('%s%d-%04d', iif(i % 4, 'P', 'S'), 1 + i % 3, i), iif(i % 4, 'pos', 'screen'),"
        " '127.0.0.' || i, 2222, iif(i % 4, 'smart-pos 3', 'screen 55'), iif(i % 4, 1 + i % 2, 0),"
        " iif(i % 4, 0, 1), 1 + i % 3,"
        " 'SHA256:' || substr('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', 1 + i % 9, "
        "43)"
        " from n;"
        "update device set pin = '' where id in (9, 21);"
        "update device set quarantine = 'it showed another host key' where id = 5;"
        "update device set note = 'left of the door' where id = 3;"
        "insert into device_state (device, time, seen, state, phase, reason, milliseconds, app,"
        " config, load, disk, clock, spool, offered) select id, 1508399980,"
        " iif(id % 13 = 6, 1508300000, 1508399981 - id % 5),"
        " case when id % 13 = 6 then 'failed' when id = 11 then 'offline' when id = 14 then"
        " 'unknown' else 'ok' end,"
        " case when id % 13 = 6 then 'auth' when id = 11 then 'connect' when id = 14 then 'output'"
        " else '' end,"
        " case when id % 13 = 6 then 'permission denied' when id = 11 then 'no answer for 3 s'"
        " when id = 14 then 'the connection ended' else '' end, 40 + id,"
        " iif(id % 5, '2.4.1', '2.3.9'), iif(id = 7, 'ffee00112233', '0a1b2c3d4e5f'), id * 7,"
        " id % 95, id % 7 * 100 - 300, id % 4 * 512, case id when 5 then 'SHA256:other' when 9"
        " then 'SHA256:nine' when 21 then 'SHA256:twentyone' else '' end from device"
        " where id <> 17;"
        "insert into config (key, text) values ('kind:pos', '# tills\nkind={kind}\nhub=10.20.0.1\n"
        "beat=5\n\n[screen]\nfloor={floor}\n'), ('device:P1-0003', 'beat=9\n[screen]\nlight=3\n');"
        "insert into config_queue (device, actor, time, expires) values (11, 'liu', 1508399000,"
        " 1508486400);"
        "with recursive n(i) as (select 0 union all select i + 1 from n where i < 20)"
        "insert into device_sample (device, hour, asked, answered, load, disk, clock) select 3,"
        " 1508400000 / 3600 - i, 4, iif(i = 9, 0, 4), iif(i = 9, -1, 20 + i * i % 90),"
        " iif(i = 9, -1, 60 - i), iif(i = 9, 0, i * 40 - 300) from n where i not in (3, 4);"
        "insert into device_act (device, time, act, actor, detail, state, exit, milliseconds)"
        " values (3, 1508390000, 'run', 'liu', 'uptime', 'ok', 0, 210),"
        " (3, 1508391000, 'run', 'liu', 'systemctl restart till', 'unknown', null, 60210)");
}

static int mall_make(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    screen_test_begin(&t, 1508400000);
    mall_fill(&t);
    screen_test_rest(&t);
    return 0;
}

/* ---- Golden screens ---- */

static const struct screen_place places[] = {
    {"all", "N", ""},
    {"select", "N f", "kind=pos and floor=2 and version<2.4"},
    {"wrong", "N f", "kind=pos and flor=2"},
    {"groups", "N b b", ""},
    {"group", "N b b b Down Enter", ""},
    {"map", "N M", ""},
    {"map-device", "N M Down Down Right Space Right", ""},
    {"map-select", "N M f", "kind=screen"},
    {"map-pattern", "N M / 0 0 1", ""},
    {"device", "N / 0 0 0 3 Enter Enter", ""},
    {"key", "N / 0 0 0 5 Enter Enter y", ""},
    {"edit", "N Enter e", ""},
    {"quarantine", "N Enter z", "no"},
    {"run", "N r", "uptime"},
    {"reach", "N r u p t i m e Enter", ""},
    {"nothing-run", "N w", ""},
    {"keys", "N y Down Down", ""},
    {"config", "N c", ""},
    {"config-one", "N / 0 0 0 3 Enter Enter c", ""},
    {"config-whose", "N / 0 0 0 3 Enter Enter c s", ""},
    {"config-key", "N / 0 0 0 3 Enter Enter c s Enter", "[screen] light = 4"},
    {"config-reach", "N c s b = 1 Enter", ""},
    {"config-apply", "N c p", ""},
    {"config-text", "N / 0 0 0 3 Enter Enter c Enter", ""},
    {"config-history", "N c h", ""},
    {"files", "N W", ""},
    {"put", "N Enter p", ""},
    {"get", "N d", "media/../x"},
};

static void screens_in_english(void **state)
{
    (void)state;
    golden_screens("fleet", places, sizeof places / sizeof *places, "en");
}

static void screens_in_chinese(void **state)
{
    (void)state;
    golden_screens("fleet", places, sizeof places / sizeof *places, "zh_CN");
}

/* ---- What is done on them ---- */

static void escape_brings_back_the_filter_before(void **state)
{
    (void)state;
    open_console(24, 100);
    vt_keys(vt, "N f");
    vt_type(vt, "kind=screen");
    vt_keys(vt, "Enter");
    assert_true(vt_shows(vt, "10 of 40 devices"));
    vt_keys(vt, "f");
    vt_type(vt, " and floor=1 and nothing<");
    assert_true(vt_shows(vt, "found 'nothing'"));
    vt_keys(vt, "Esc");
    assert_true(vt_shows(vt, "10 of 40 devices"));
    vt_keys(vt, "Esc");
    assert_true(vt_shows(vt, "40 devices"));
    assert_true(vt_shows(vt, "Fleet"));
}

/* The reach is that of the marked, else of what is to be seen, the table's own filter included. */
static void a_command_states_its_reach(void **state)
{
    (void)state;
    open_console(24, 100);
    vt_keys(vt, "N r");
    assert_true(vt_shows(vt, "Runs on 40 devices: 30 pos, 10 screen."));
    vt_keys(vt, "Esc / S 1 Enter r");
    assert_true(vt_shows(vt, "Runs on 3 devices: 3 screen."));
    vt_keys(vt, "Esc Space Down Space r");
    assert_true(vt_shows(vt, "Runs on 2 devices: 2 screen."));
    vt_keys(vt, "u Enter");
    assert_true(vt_shows(vt, "Run a command"));
    assert_false(vt_shows(vt, "Type"));
    vt_keys(vt, "Esc Ctrl-u r u Enter");
    assert_false(vt_shows(vt, "Type 40"));
    vt_keys(vt, "Esc Esc r u Enter");
    assert_true(vt_shows(vt, "Type 40 to go on"));
}

/* New keys by their number; one that is another than its pin is not among them. */
static void new_keys_are_accepted_many_at_once(void **state)
{
    (void)state;
    open_console(24, 100);
    vt_keys(vt, "N y");
    assert_true(vt_shows(vt, "2 new keys  1 other than the pin"));
    vt_keys(vt, "Space Space Space a");
    assert_true(vt_shows(vt, "From now on 2 devices are known by the keys they showed."));
    assert_true(vt_shows(vt, "1 that shows another key than its pin is left out."));
    assert_true(vt_shows(vt, "Type 2 to go on"));
    vt_keys(vt, "2 Enter");
    assert_true(vt_shows(vt, "2 keys accepted"));
    assert_true(vt_shows(vt, "0 new keys  1 other than the pin"));
    vt_keys(vt, "Ctrl-u a");
    assert_true(vt_shows(vt, "another key than the pin is accepted on its own page"));
    vt_keys(vt, "Enter");
    assert_true(vt_shows(vt, "Host key"));
}

static void a_device_goes_into_quarantine_and_out(void **state)
{
    (void)state;
    open_console(24, 100);
    vt_keys(vt, "N Enter z");
    vt_type(vt, "stolen last night");
    vt_keys(vt, "Enter");
    assert_true(vt_shows(vt, "! quarantined"));
    assert_true(vt_shows(vt, "stolen last night"));
    vt_keys(vt, "z");
    vt_type(vt, "found again");
    vt_keys(vt, "Enter");
    assert_false(vt_shows(vt, "! quarantined"));
    vt_keys(vt, "u");
    assert_true(vt_shows(vt, "! quarantined"));
    vt_keys(vt, "u");
}

static void a_device_is_edited(void **state)
{
    (void)state;
    open_console(40, 100);
    vt_keys(vt, "N Enter e Tab Tab Ctrl-u");
    vt_type(vt, "B1");
    vt_keys(vt, "Ctrl-s");
    assert_true(vt_shows(vt, "changed; u undoes it"));
    assert_true(vt_shows(vt, "B1"));
    vt_keys(vt, "u");
    assert_true(vt_shows(vt, "undone"));
}

/* Set, seen, undone: each a version. */
static void what_is_desired_changes_and_comes_back(void **state)
{
    (void)state;
    open_console(30, 110);
    vt_keys(vt, "N / S 1 Enter c");
    assert_true(vt_shows(vt, "nothing is desired yet"));
    vt_keys(vt, "s");
    vt_type(vt, "beat=7");
    vt_keys(vt, "Enter");
    assert_true(vt_shows(vt, "This reaches 10 devices: 10 screen."));
    vt_keys(vt, "y");
    assert_true(vt_shows(vt, "changed; u undoes it"));
    assert_true(vt_shows(vt, "beat=7"));
    vt_keys(vt, "h");
    assert_true(vt_shows(vt, "+beat=7"));
    vt_keys(vt, "Esc u");
    assert_true(vt_shows(vt, "nothing is desired yet"));
    vt_keys(vt, "s");
    vt_type(vt, "no key");
    vt_keys(vt, "Enter");
    assert_true(vt_shows(vt, "key = value, or [section] key = value"));
    vt_keys(vt, "Esc Esc Esc /");
    vt_keys(vt, "Ctrl-u P 1 Enter c s");
    vt_type(vt, "x={nobody}");
    vt_keys(vt, "Enter 3 0 Enter");
    assert_true(vt_shows(vt, "found '{nobody}'"));
}

/* The map shows what the expression and the pattern leave; Enter narrows it by what is under the
 * cursor, or opens the device. */
static void the_map_is_walked(void **state)
{
    (void)state;
    open_console(30, 110);
    vt_keys(vt, "N M");
    assert_true(vt_shows(vt, "floor 3: 13 devices"));
    vt_keys(vt, "End");
    assert_true(vt_shows(vt, "P1-0039  ● ok  海底捞"));
    vt_keys(vt, "Enter");
    assert_true(vt_shows(vt, "Loop › Fleet › "));
    vt_keys(vt, "Esc");
    assert_true(vt_shows(vt, "P1-0039  ● ok  海底捞"));
    vt_keys(vt, "Home / S Enter");
    assert_true(vt_shows(vt, "floor 3: 3 devices"));
    vt_keys(vt, "Right");
    assert_true(vt_shows(vt, "1-A north, floor 3: 3 devices"));
    vt_keys(vt, "Space r");
    assert_true(vt_shows(vt, "Runs on 3 devices: 3 screen."));
    vt_keys(vt, "Esc Space r");
    assert_true(vt_shows(vt, "Runs on 10 devices: 10 screen."));
    vt_keys(vt, "Esc Esc Enter");
    assert_true(vt_shows(vt, "floor=\"3\" and zone=\"1-A\""));
    assert_true(vt_shows(vt, "3 of 40 devices"));
    vt_keys(vt, "M");
    assert_true(vt_shows(vt, "floor 3: 3 devices"));
    vt_keys(vt, "Esc");
    assert_true(vt_shows(vt, "1-A north, floor 3: 3 devices"));
    vt_keys(vt, "Left");
    assert_true(vt_shows(vt, "floor 3: 13 devices"));
    vt_keys(vt, "b");
    assert_true(vt_shows(vt, "by floor"));
    vt_keys(vt, "M");
    assert_true(vt_shows(vt, "floor 3: 13 devices"));
    vt_keys(vt, "M");
    assert_true(vt_shows(vt, "device "));
}

/* A sealed console reaches nothing and says so. */
static void nothing_is_reached_from_a_sealed_console(void **state)
{
    (void)state;
    open_console(24, 100);
    vt_keys(vt, "N a");
    assert_true(vt_shows(vt, "this console reaches no devices"));
    vt_keys(vt, "r u p Enter 4 0 Enter");
    assert_true(vt_shows(vt, "this console reaches no devices"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(screens_in_english, screen_test_close),
        cmocka_unit_test_teardown(screens_in_chinese, screen_test_close),
        cmocka_unit_test_teardown(escape_brings_back_the_filter_before, screen_test_close),
        cmocka_unit_test_teardown(a_command_states_its_reach, screen_test_close),
        cmocka_unit_test_teardown(new_keys_are_accepted_many_at_once, screen_test_close),
        cmocka_unit_test_teardown(a_device_goes_into_quarantine_and_out, screen_test_close),
        cmocka_unit_test_teardown(a_device_is_edited, screen_test_close),
        cmocka_unit_test_teardown(what_is_desired_changes_and_comes_back, screen_test_close),
        cmocka_unit_test_teardown(the_map_is_walked, screen_test_close),
        cmocka_unit_test_teardown(nothing_is_reached_from_a_sealed_console, screen_test_close),
    };
    return cmocka_run_group_tests(tests, mall_make, screen_test_end);
}
