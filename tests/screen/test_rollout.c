/* The screens of roll-outs at three sizes and in two languages, and what is done on them: no device
 * is reached here. */
#include "tests/support/people.h"
#include "tests/support/screen_test.h"
#include "views/screens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* R1 is done, R2 stopped, R3 runs and soaks, R4 goes on in its second wave, R5 waits. */
static void mall_fill(struct temp_mall *t)
{
    test_run(
        t,
        "insert into tenant (id, code, name) values (1, 'T001', 'Uniqlo'), (2, 'T002', '海底捞');"
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 40)"
        "insert into device (id, code, kind, host, port, tenant, floor, pin) select i,"
        " printf('%s%d-%04d', iif(i % 4, 'P', 'S'), 1 + i % 3, i), iif(i % 4, 'pos', 'screen'),"
        " '127.0.0.' || i, 2222, iif(i % 4, 1 + i % 2, 0), 1 + i % 3, 'SHA256:a' from n;"
        "insert into rollout (id, code, app, file, size, sha256, selection, devices, canary, waves,"
        " threshold, coverage, soak, trial, expires, window_from, window_to, weekdays, back, state,"
        " author, approved_by, started, ended, why, wave, soaking, driver, lease) values"
        " (1, 'R1', '2.4.0', 'a.tar', 9, 'x', 'kind=pos', 30, 2, '100%', '5%', 90, 600, 120,"
        " 604800, 0, 0, 0, 0, 'done', 'ann', 'liu', 1508300000, 1508310000, '', 1, 1508309000, '',"
        " 0), (2, 'R2', '2.4.1', 'b.tar', 9, 'x', 'kind=screen', 10, 1, '50%,100%', '2', 90, 600,"
        " 120, 604800, 0, 0, 0, 0, 'stopped', 'ann', 'liu', 1508320000, 1508330000,"
        " 'wave 1: 2 of 4 failed, the limit is 2', 1, 0, '', 0), (3, 'R3', '2.4.2', 'c.tar', 9,"
        " 'x', 'kind=pos and floor=2', 10, 2, '50%,100%', '20%', 80, 600, 120, 604800, 120, 300,"
        " 31, 1, 'running', 'ann', 'liu', 1508399000, null, '', 0, 1508399892,"
        " 'engine, process 7 on till', 1508400050), (4, 'R4', '2.4.3', 'd.tar', 9, 'x', '', 40, 5,"
        " '50%,100%', '10%', 90, 300, 120, 604800, 0, 0, 0, 0, 'running', 'ann', 'liu', 1508390000,"
        " null, '', 1, 0, '', 0), (5, 'R5', '2.5.0', 'e.tar', 9, 'x', 'kind=pos', 30, 1, '100%',"
        " '5%', 90, 600, 120, 604800, 0, 0, 0, 0, 'planned', 'ann', '', null, null, '', 0, 0, '',"
        " 0);"
        "insert into rollout_device (rollout, device, wave, step, old, app, since) select 1, id,"
        " iif(id < 3, 0, 1), 'ok', '2.3.1', '2.4.0', 1508301000 + id from device where id % 4;"
        "insert into rollout_device (rollout, device, wave, step, fault, old, app, reason, since)"
        " select 2, id, iif(id = 4, 0, iif(id < 21, 1, 2)), case when id = 4 then 'ok' when id in"
        " (8, 12) then 'rolled back' when id = 16 then 'ok' when id = 20 then 'failed' else"
        " 'skipped' end, id in (8, 12), '2.3.1', iif(id in (4, 16), '2.4.1', '2.3.1'),"
        " case when id in (8, 12) then 'it went back by itself: it restarted during the trial' when"
        " id = 20 then 'send: 2.4.1: no room, or it cannot be unpacked' else '' end, 1508321000"
        " from device where id % 4 = 0;"
        "insert into rollout_device (rollout, device, wave, step, wait, attempts, old, app, reason,"
        " since) select 3, id, iif(id < 8, 0, iif(id < 20, 1, 2)), case when id < 8 then 'ok' when"
        " id = 19 then 'staging' else 'staged' end, iif(id = 19, 'offline', ''), iif(id = 19, 4,"
        " 0), '2.3.1', iif(id < 8, '2.4.2', '2.3.1'), iif(id = 19,"
        " 'probe: offline in connect: Connection refused', ''), 1508399500 from device where id % 4"
        " and floor = '2';"
        "insert into rollout_device (rollout, device, wave, step, wait, fault, old, app, reason,"
        " since) select 4, id, iif(id < 6, 0, iif(id < 21, 1, 2)), case when id < 14 then 'ok' when"
        " id = 14 then 'proving' when id = 15 then 'switching' when id = 16 then 'proving' when"
        " id = 17 then 'staged' else 'staged' end, case id when 16 then 'silent' when 17 then"
        " 'sale' else '' end, id = 16, '2.3.1', iif(id < 15, '2.4.3', '2.3.1'), iif(id = 16,"
        " 'look: offline in connect: no answer for 3 s', ''), 1508399700 from device;"
        "insert into rollout_device (rollout, device, wave) select 5, id, iif(id = 1, 0, 1) from"
        " device where id % 4;");
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
    {"fleet", "N", ""},
    {"all", "N R", ""},
    {"planned", "N R Enter", ""},
    {"approve", "N R Enter a Enter", ""},
    {"wave", "N R Down Enter", ""},
    {"rest", "N R Down Enter f", ""},
    {"soak", "N R Down Down Enter", ""},
    {"stopped", "N R Down Down Down Enter", ""},
    {"choose", "N R Down Enter a", ""},
    {"reach", "N R Down Enter a Down Down Enter", ""},
    {"done", "N R End Enter", ""},
};

static void screens_in_english(void **state)
{
    (void)state;
    golden_screens("rollout", places, sizeof places / sizeof *places, "en");
}

static void screens_in_chinese(void **state)
{
    (void)state;
    golden_screens("rollout", places, sizeof places / sizeof *places, "zh_CN");
}

/* ---- What is done on them ---- */

/* What changes devices says how many, of which kind and where, and wants the number typed. */
static void a_rollback_wants_the_number_of_devices(void **state)
{
    (void)state;
    open_console(24, 100);
    vt_keys(vt, "N R Down Enter a Down Down Enter");
    assert_true(vt_shows(vt, "R4 changes 16 devices: 12 pos, 4 screen; floors 1, 2, 3."));
    vt_keys(vt, "1 5 Enter");
    assert_true(vt_shows(vt, "R4 changes 16 devices"));
    vt_keys(vt, "Esc");
    assert_true(vt_shows(vt, "2.4.3 running"));
}

static void it_is_approved_started_and_paused(void **state)
{
    (void)state;
    open_console(24, 100);
    vt_keys(vt, "N R Enter a Enter y");
    assert_true(vt_shows(vt, "R5 is approved"));
    vt_keys(vt, "a Down Enter");
    assert_true(vt_shows(vt, "R5 changes 30 devices: 30 pos; floors 1, 2, 3."));
    vt_keys(vt, "3 0 Enter");
    /* Its devices are in R4, which runs. */
    assert_true(vt_shows(vt, "is in the roll-out"));
    assert_true(vt_shows(vt, "2.5.0 approved"));
    vt_keys(vt, "Esc Esc N R Down Enter P y");
    assert_true(vt_shows(vt, "R4 is paused"));
    vt_keys(vt, "P y");
    assert_true(vt_shows(vt, "R4 is running"));
}

static void only_what_is_not_ok(void **state)
{
    (void)state;
    open_console(24, 100);
    vt_keys(vt, "N R Down Enter");
    see("of 40 devices");
    vt_keys(vt, "f");
    see("of 27 devices");
    vt_keys(vt, "f");
    see("of 40 devices");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(screens_in_english, screen_test_close),
        cmocka_unit_test_teardown(screens_in_chinese, screen_test_close),
        cmocka_unit_test_teardown(a_rollback_wants_the_number_of_devices, screen_test_close),
        cmocka_unit_test_teardown(only_what_is_not_ok, screen_test_close),
        cmocka_unit_test_teardown(it_is_approved_started_and_paused, screen_test_close),
    };
    return cmocka_run_group_tests(tests, mall_make, screen_test_end);
}
