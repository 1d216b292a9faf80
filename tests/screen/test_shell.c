/* Shell and Log on simulated devices: at three sizes and in two languages, what a device may not do
 * to the terminal, and that nothing it says holds up a key. */
#include "tests/support/device_farm.h"
#include "tests/support/people.h"
#include "tests/support/screen_test.h"

#include "model/base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PATIENCE_MS = 30000, DEVICES = 3 };

static struct test_fleet fleet;

static int mall_make(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    test_fleet_start(&fleet, DEVICES);
    screen_test_begin(&t, 1508400000);
    test_fleet_insert(&fleet, &t);
    screen_test_rest(&t);
    return 0;
}

static int mall_end(void **state)
{
    test_fleet_stop(&fleet);
    return screen_test_end(state);
}

static void reaching(struct console_options *options)
{
    options->sealed = false;
    options->identity = fleet.identity;
}

static void open_screen(int rows, int cols, const char *view, const char *argument)
{
    open_console_with(rows, cols, reaching);
    console_open(console, view, argument);
    vt_settle(vt);
}

/* ---- Golden screens ---- */

static void shell_screens(const char *language)
{
    locale_set_language(language);
    for (int i = 0; i < SCREEN_SIZES; i++) {
        open_screen(screen_sizes[i].rows, screen_sizes[i].cols, "shell", "D0");
        await(":~$");
        vt_type(vt, "paint");
        vt_keys(vt, "Enter");
        await("1,204");
        await(":~$");
        golden_screen("shell", "painted", i, language);
        vt_keys(vt, "~ ?");
        golden_screen("shell", "help", i, language);
        vt_keys(vt, "x");
        vt_type(vt, "exit 3");
        vt_keys(vt, "Enter");
        await(strcmp(language, "en") == 0 ? "status 3" : "状态 3");
        golden_screen("shell", "ended", i, language);
        close_console();
        locale_set_language(language);
    }
}

static const char log_text[] =
    "2017-10-19T08:00:00Z started 2.4.1\n"
    "2017-10-19T08:00:03Z sold 12.00\n"
    "{\"time\":\"2017-10-19T16:00:04+08:00\",\"level\":\"error\",\"msg\":\"no paper\",\"tray\":2}\n"
    "2017-10-19T08:00:05Z \x1B]0;owned\x07 sold 7.50 with a line that is longer than any narrow "
    "screen has room for, and than most of the wide ones, so that it is cut at the edge where all "
    "can see that it goes on beyond it\n";

static void log_screens(const char *language)
{
    locale_set_language(language);
    for (int i = 0; i < SCREEN_SIZES; i++) {
        farm_file_put(fleet.farm, "D1", "log/app.log", log_text, sizeof log_text - 1, true);
        open_screen(screen_sizes[i].rows, screen_sizes[i].cols, "device-log", "device=D1");
        await("error no");
        await("owned");
        golden_screen("shell", "log", i, language);
        vt_keys(vt, "/ s o l d Enter");
        golden_screen("shell", "find", i, language);
        vt_keys(vt, "Esc f p a p e r | [");
        golden_screen("shell", "wrong", i, language);
        vt_keys(vt, "Backspace Backspace Enter");
        golden_screen("shell", "only", i, language);
        vt_keys(vt, "Esc v Home Right");
        golden_screen("shell", "raw", i, language);
        close_console();
        locale_set_language(language);
    }
}

static void screens_in_english(void **state)
{
    (void)state;
    shell_screens("en");
    log_screens("en");
}

static void screens_in_chinese(void **state)
{
    (void)state;
    shell_screens("zh_CN");
    log_screens("zh_CN");
}

/* ---- What may reach the terminal ---- */

/* Of all that was written since vt_mark: only the sequences that atrium itself uses, and characters
 * that anybody may see. A reader of its own. */
static void written_is_harmless(void)
{
    static const char finals[] = "HABCDGJKmhlrdLMP@XcbfST";
    size_t n, from = 0;
    const unsigned char *raw = (const unsigned char *)vt_raw(vt, &n);
    char *text = malloc(n + 1);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = raw[i];
        if (c == 0x1B) {
            from = i++;
            if (raw[i] == '(' || raw[i] == ')') {
                i++;
                assert_int_equal(raw[i], 'B');
                continue;
            }
            if (strchr("M78", raw[i])) /* curses scrolls back and keeps its place so */
                continue;
            if (raw[i] != '[')
                fail_msg("ESC %c at %zu", raw[i], from);
            for (i++; raw[i] == '?' || raw[i] == '>' || raw[i] == ';' ||
                      (raw[i] >= '0' && raw[i] <= '9');)
                i++;
            if (!strchr(finals, raw[i]))
                fail_msg("CSI ends with %c at %zu", raw[i], from);
            /* Modes that a device could have asked for: titles and questions have no CSI here. */
            if (raw[i] == 'c' || (raw[i] == 'h' && strstr((const char *)raw + from, "?1003h") ==
                                                       (const char *)raw + from + 2))
                fail_msg("a device's sequence at %zu", from);
        } else if (c != '\r' && c != '\n' && c != '\b' && c != 0x0F) {
            text[used++] = (char)c;
        }
    }
    text[used] = 0;
    test_harmless(text);
    assert_null(strstr((const char *)raw, "\x1B]"));
    assert_null(strstr((const char *)raw, "\x1BP"));
    free(text);
}

static void nothing_hostile_leaves_a_shell(void **state)
{
    (void)state;
    open_screen(24, 80, "shell", "D0");
    await(":~$");
    vt_mark(vt);
    for (int i = 0; i < 3; i++) {
        vt_type(vt, "corpus");
        vt_keys(vt, "Enter");
        await("^[[?1;2c"); /* what it asked is answered, as if typed; strings of DCS are not */
        vt_keys(vt, "Ctrl-c");
        vt_resize(vt, 30 - i, 70 + i);
    }
    vt_keys(vt, "~ PgUp PgUp");
    written_is_harmless();
    assert_false(vt_shows(vt, "owned\a"));
    assert_false(vt_shows(vt, "P0$r"));
}

static void nothing_hostile_leaves_a_log(void **state)
{
    (void)state;
    test_fault(&fleet, 2, "garble");
    open_screen(60, 120, "device-log", "device=D2");
    vt_mark(vt);
    await("evil.example");
    vt_keys(vt, "Home PgDn / e v i l Enter n N f . Enter v");
    written_is_harmless();
    test_fault(&fleet, 2, "ok");
}

/* ---- Using them ---- */

static void tilde_point_leaves_and_nothing_typed_is_kept(void **state)
{
    (void)state;
    open_screen(24, 80, "shell", "D0");
    await(":~$");
    vt_type(vt, "passwd");
    vt_keys(vt, "Enter");
    await("New password:");
    vt_type(vt, "tops3cret");
    vt_keys(vt, "Enter");
    await("password of 9 characters set");
    vt_type(vt, "echo ~.");
    vt_keys(vt, "Enter"); /* not at the start of a line */
    await("~.");
    vt_type(vt, "~~");
    await("$ ~");
    vt_keys(vt, "Ctrl-u Ctrl-c ~ .");
    vt_settle(vt);
    assert_string_equal(console_top(console)->ops->name, "loop");
    close_console(); /* what is under way is kept */
    glob_t found;
    char *pattern = temp_path(folder, "atrium/shell/*-D0*.cast");
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    free(pattern);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char line[4096];
        FILE *file = fopen(found.gl_pathv[i], "r");
        assert_non_null(file);
        while (fgets(line, sizeof line, file))
            assert_null(strstr(line, "tops3cret"));
        fclose(file);
    }
    globfree(&found);
}

static void the_size_follows_the_terminal(void **state)
{
    (void)state;
    open_screen(24, 80, "shell", "D0");
    await(":~$");
    vt_resize(vt, 40, 100);
    vt_type(vt, "stty size");
    vt_keys(vt, "Enter");
    await("39 100, changed 1 times");
}

static void a_lost_line_is_said_and_called_again(void **state)
{
    (void)state;
    open_screen(24, 80, "shell", "D0");
    await(":~$");
    test_fault(&fleet, 0, "drop:output");
    vt_keys(vt, "Enter");
    await("the line is lost");
    vt_keys(vt, "Q q x"); /* still being typed: no action of the console */
    assert_string_equal(console_top(console)->ops->name, "shell");
    test_fault(&fleet, 0, "ok");
    vt_keys(vt, "Enter");
    await(":~$");
    await("recorded");
}

/* However much comes, keys and frames have their turn. */
static void endless_output_holds_up_no_key(void **state)
{
    (void)state;
    open_screen(24, 80, "shell", "D0");
    await(":~$");
    vt_type(vt, "yes");
    vt_write(vt, "\r", 1);
    int64_t began = time_monotonic_ns();
    while (!vt_shows(vt, "xxxxxxxxxx") && time_monotonic_ns() - began < PATIENCE_MS * 1000000ll) {
        loop_step(console->loop, 5);
        vt_pump(vt, 0);
    }
    assert_true(vt_shows(vt, "xxxxxxxxxx"));
    vt_write(vt, "\x03", 1);
    await("^C");
    await(":~$");
}

static void acts_are_in_the_journal(void **state)
{
    (void)state;
    open_screen(60, 100, "device", "D0");
    await("shell 20171019T080000Z-D0");
}

static void routine_commands_are_offered(void **state)
{
    (void)state;
    open_screen(24, 100, "device", "D0");
    vt_keys(vt, "m");
    see("how long it has been up");
    assert_false(vt_shows(vt, "its last five sightings")); /* of probes */
    vt_keys(vt, "Enter");
    await("load average");
    vt_keys(vt, "Esc");
    await("WHAT IT SAID");
    vt_keys(vt, "m Down Down Down Down Down Down Down Down Down Down Enter");
    see("It cannot be taken back.");
    vt_keys(vt, "Esc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(screens_in_english, screen_test_close),
        cmocka_unit_test_teardown(screens_in_chinese, screen_test_close),
        cmocka_unit_test_teardown(nothing_hostile_leaves_a_shell, screen_test_close),
        cmocka_unit_test_teardown(nothing_hostile_leaves_a_log, screen_test_close),
        cmocka_unit_test_teardown(tilde_point_leaves_and_nothing_typed_is_kept, screen_test_close),
        cmocka_unit_test_teardown(the_size_follows_the_terminal, screen_test_close),
        cmocka_unit_test_teardown(a_lost_line_is_said_and_called_again, screen_test_close),
        cmocka_unit_test_teardown(endless_output_holds_up_no_key, screen_test_close),
        cmocka_unit_test_teardown(acts_are_in_the_journal, screen_test_close),
        cmocka_unit_test_teardown(routine_commands_are_offered, screen_test_close),
    };
    return cmocka_run_group_tests(tests, mall_make, mall_end);
}
