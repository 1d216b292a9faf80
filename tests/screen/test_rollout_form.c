/* The screens on which a roll-out is planned, at three sizes and in two languages, and what the
 * form finds wrong: no device is reached here. */
#include "tests/support/people.h"
#include "tests/support/screen_test.h"
#include "views/screens.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { TAR = 1024 };

/* 30 tills and 10 screens; one in quarantine, two without a pin, one away, one in R1, which runs,
 * one that has the version. */
static void mall_fill(struct temp_mall *t)
{
    test_run(
        t,
        "insert into tenant (id, code, name) values (1, 'T001', 'Uniqlo'), (2, 'T002', '海底捞');"
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 40)"
        "insert into device (id, code, kind, host, port, tenant, floor, pin) select i,"
        " printf('%s%d-%04d', iif(i % 4, 'P', 'S'), 1 + i % 3, i), iif(i % 4, 'pos', 'screen'),"
        " '127.0.0.' || i, 2222, iif(i % 4, 1 + i % 2, 0), 1 + i % 3, 'SHA256:a' from n;"
        "update device set pin = '' where id in (9, 21);"
        "update device set quarantine = 'it showed another host key' where id = 5;"
        "insert into device_state (device, time, seen, state, app) select id, 1508399980,"
        " 1508399981, iif(id = 11, 'offline', 'ok'), iif(id = 7, '2.4.2', '2.3.1') from device"
        " where id not in (9, 21);"
        "insert or replace into setting (name, value) values ('rollout_free_devices', '20');"
        "insert into rollout (id, code, app, file, size, sha256, selection, devices, canary, waves,"
        " threshold, coverage, soak, trial, expires, window_from, window_to, weekdays, back, state,"
        " author, approved_by, started, ended, why, wave, soaking, driver, lease) values"
        " (1, 'R1', '2.4.1', 'd.tar', 9, 'x', '', 1, 0, '100%', '10%', 90, 300, 120, 604800, 0, 0,"
        " 0, 0, 'running', 'ann', 'liu', 1508390000, null, '', 0, 0, '', 0);"
        "insert into rollout_device (rollout, device, wave) values (1, 13, 0)");
}

/* FILE.packages with two archives, of which one is older, and something that is none. */
static void packages_write(const char *mall)
{
    static const char *const names[] = {"pos-2.4.2.tar", "pos-2.4.0.tar", "notes.txt"};
    char bytes[TAR] = "VERSION", path[4096];
    memcpy(bytes + 257, "ustar", 6);
    snprintf(path, sizeof path, "%s.packages", mall);
    assert_int_equal(mkdir(path, 0700), 0);
    for (int i = 0; i < 3; i++) {
        const struct timespec times[2] = {{.tv_sec = 1508400000 - i}, {.tv_sec = 1508400000 - i}};
        snprintf(path, sizeof path, "%s.packages/%s", mall, names[i]);
        file_write_all(path, bytes, sizeof bytes);
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    }
}

static int mall_make(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    screen_test_begin(&t, 1508400000);
    mall_fill(&t);
    packages_write(mall_path);
    screen_test_rest(&t);
    return 0;
}

/* ---- Golden screens ---- */

static const struct screen_place places[] = {
    {"begin", "N R n", ""},
    {"devices", "N R n PgDn Tab", "floor=2"},
    {"wrong", "N R n PgDn Tab", "flor=2"},
    {"waves", "N R n PgDn PgDn", ""},
    {"when", "N R n PgDn PgDn PgDn", ""},
    {"review", "N R n Ctrl-s", ""},
    {"number", "N R n Ctrl-s Enter", ""},
    {"marked", "N Space Down Down Space v", ""},
};

static void screens_in_english(void **state)
{
    (void)state;
    golden_screens("rollout-form", places, sizeof places / sizeof *places, "en");
}

static void screens_in_chinese(void **state)
{
    (void)state;
    golden_screens("rollout-form", places, sizeof places / sizeof *places, "zh_CN");
}

/* ---- What it says ---- */

static void with_files(struct console_options *options)
{
    options->sealed = false;
}

static void who_is_left_out_is_named(void **state)
{
    (void)state;
    open_console(40, 160);
    vt_keys(vt, "N R n");
    see("27 devices: 27 pos");
    see("left out: 1, in quarantine");
    see("left out: 2, without a pin");
    see("1 in another roll-out");
    see("1 did not answer last time");
    see("1 runs it already");
    see("Somebody else approves it");
    vt_keys(vt, "PgDn Tab");
    vt_type(vt, "floor=2");
    see("as up to 20 devices do not");
}

/* What cannot be planned is not asked about, and what was written stays. */
static void a_bad_draft_stays_in_the_form(void **state)
{
    (void)state;
    open_console_with(40, 160, with_files);
    vt_keys(vt, "N R n PgDn PgDn Tab Ctrl-u");
    vt_type(vt, "many");
    see("waves: found 'many'");
    vt_keys(vt, "Ctrl-s Enter");
    see("it cannot be planned so");
    see("many");
    vt_keys(vt, "PgUp PgUp PgUp PgUp Ctrl-u");
    vt_type(vt, "/nothing/here.tar");
    see("/nothing/here.tar");
    see("No such file");
    vt_keys(vt, "Esc");
    see("roll-out");
}

/* It is kept with the number only, by an operation, and the devices of the preview are its own. */
static void what_is_shown_is_what_is_made(void **state)
{
    (void)state;
    open_console_with(40, 160, with_files);
    vt_keys(vt, "N R n PgDn Tab");
    vt_type(vt, "floor=2");
    see("canary: 1 device");
    char *before = mem_strdup(vt_text(vt));
    vt_keys(vt, "Ctrl-s Enter Esc");
    see("Enter plans it");
    vt_keys(vt, "Enter 1 0 Enter");
    if (!vt_shows(vt, "R2 is planned"))
        fail_msg("%s\n%s", before, vt_text(vt));
    see("2.4.2 planned");
    see("s starts it: so few devices need no approval");
    /* The canary stands first. */
    const char *canary = strstr(before, "canary: 1 device");
    canary = strchr(canary, '\n');
    canary += strcspn(canary, "P");
    char code[8];
    snprintf(code, sizeof code, "%.7s", canary);
    vt_keys(vt, "Home Enter");
    see(code);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(screens_in_english, screen_test_close),
        cmocka_unit_test_teardown(screens_in_chinese, screen_test_close),
        cmocka_unit_test_teardown(who_is_left_out_is_named, screen_test_close),
        cmocka_unit_test_teardown(a_bad_draft_stays_in_the_form, screen_test_close),
        cmocka_unit_test_teardown(what_is_shown_is_what_is_made, screen_test_close),
    };
    return cmocka_run_group_tests(tests, mall_make, screen_test_end);
}
