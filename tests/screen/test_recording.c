/* Recordings on the screen: the list and the player, at three sizes and in two languages, and that
 * nothing of a hostile file reaches the terminal. */
#include "tests/support/device_farm.h"
#include "tests/support/people.h"
#include "tests/support/screen_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static char *shells;

/* "1234.cast" of what a device showed, so many seconds apart. */
static char *cast_write(const char *name, const char *const *shown, size_t n, const char *more)
{
    char *path = temp_path(shells, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("{\"version\": 2, \"width\": 60, \"height\": 16, \"timestamp\": 1508300000,"
          " \"title\": \"P1\"}\n",
          file);
    for (size_t i = 0; i < n; i++) {
        json_t *text = json_string(shown[i]);
        char *json = json_dumps(text, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
        fprintf(file, "[%zu.5, \"o\", %s]\n", 2 * i, json);
        free(json);
        json_decref(text);
    }
    fputs(more, file);
    fclose(file);
    return path;
}

static const char *const story[] = {
    "P1:~$ ",
    "df -h /",
    "\r\nFilesystem  Size  Used Avail Use% Mounted on\r\n/dev/sda1    28G   26G  1.2G  96% "
    "/\r\nP1:~$ ",
    "tail -2 atrium/log/app.log",
    "\r\n\x1b[31merror: no paper\x1b[0m\r\n价目表 was put\r\nP1:~$ ",
    "exit\r\n",
};

static int mall_make(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    screen_test_begin(&t, 1508400000);
    test_run(&t, "insert into device (id, code, kind, host) values (1, 'P1', 'pos', 'h'),"
                 " (2, 'P2', 'pos', 'h');"
                 "insert into device_act (device, time, act, actor, detail, state, milliseconds)"
                 " values (1, 1508300000, 'shell', 'wang', '20171018T041320Z-P1.cast, 812 bytes,"
                 " 0a1b2c', 'ok', 754000),"
                 " (1, 1508200000, 'shell', 'zhao', '20171017T002640Z-P1.cast, 99 bytes, ff',"
                 " 'unknown', 61000),"
                 " (1, 1508100000, 'shell', 'zhao', 'nothing was shown', 'offline', 1000),"
                 " (2, 1508300000, 'shell', 'wang', '20171018T041320Z-P2.cast, 9 bytes, ee',"
                 " 'ok', 1000)");
    screen_test_rest(&t);
    char *atrium = temp_path(folder, "atrium");
    mkdir(atrium, 0755);
    shells = temp_path(atrium, "shell");
    mkdir(shells, 0755);
    free(atrium);
    free(cast_write("20171018T041320Z-P1.cast", story, sizeof story / sizeof *story, ""));
    free(cast_write("20171018T050000Z-P1.cast", story, 2, "[9, \"o\", \"cut in the mi"));
    return 0;
}

static int mall_end(void **state)
{
    free(shells);
    return screen_test_end(state);
}

static void screens(const char *language)
{
    locale_set_language(language);
    for (int i = 0; i < SCREEN_SIZES; i++) {
        open_console(screen_sizes[i].rows, screen_sizes[i].cols);
        console_open(console, "recordings", "P1");
        vt_settle(vt);
        golden_screen("recording", "list", i, language);
        vt_keys(vt, "Down Enter");
        vt_settle(vt);
        golden_screen("recording", "begin", i, language);
        vt_keys(vt, "/ p a p e r Enter");
        vt_settle(vt);
        golden_screen("recording", "found", i, language);
        vt_keys(vt, "n");
        vt_settle(vt);
        golden_screen("recording", "nothing", i, language);
        vt_keys(vt, "Esc Esc Up Enter End");
        vt_settle(vt);
        golden_screen("recording", "cut", i, language);
        close_console();
        locale_set_language(language);
    }
}

static void screens_in_english(void **state)
{
    (void)state;
    screens("en");
}

static void screens_in_chinese(void **state)
{
    (void)state;
    screens("zh_CN");
}

static void keys_go_where_they_say(void **state)
{
    (void)state;
    char *path = temp_path(shells, "20171018T041320Z-P1.cast");
    open_console(24, 80);
    console_open(console, "recording", path);
    vt_settle(vt);
    vt_keys(vt, ". .");
    see("df -h /");
    vt_keys(vt, ",");
    assert_false(vt_shows(vt, "df -h"));
    vt_keys(vt, "Right");
    see("0:05.5");
    see("sda1");
    vt_keys(vt, "t");
    vt_type(vt, "0:09");
    vt_keys(vt, "Enter");
    see("no paper");
    vt_keys(vt, "Left");
    assert_false(vt_shows(vt, "no paper"));
    vt_keys(vt, "+ + i");
    see("4×");
    see("no pauses");
    vt_keys(vt, "End");
    see("exit");
    vt_keys(vt, "/ s d a 1 Enter");
    see("nothing more of that");
    vt_keys(vt, "N");
    see("0:04.5");
    vt_keys(vt, "q");
    assert_string_equal(console_top(console)->ops->name, "loop");
    free(path);
}

static void what_cannot_be_played_is_said(void **state)
{
    (void)state;
    char *path = temp_path(shells, "none.cast");
    file_write_all(path, "hello\n", 6);
    open_console(24, 80);
    console_open(console, "recording", path);
    vt_settle(vt);
    see("none.cast':1: found no header");
    vt_keys(vt, "Space End / n");
    remove(path);
    free(path);
}

static void nothing_of_the_file_reaches_the_terminal(void **state)
{
    (void)state;
    char *path = temp_path(shells, "hostile.cast");
    FILE *file = fopen(path, "w");
    fputs("{\"version\": 2, \"width\": 70, \"height\": 20,"
          " \"title\": \"a\\u001b]0;owned\\u0007b\\u202ec\"}\n",
          file);
    for (size_t i = 0; farm_corpus[i].name; i++) {
        json_t *text = json_stringn(farm_corpus[i].bytes, farm_corpus[i].n);
        char *json = text ? json_dumps(text, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;
        if (json)
            fprintf(file, "[%zu, \"o\", %s]\n", i, json);
        free(json);
        json_decref(text);
    }
    fputs("[99, \"\\u001b]0;owned\\u0007\", 1]\n[99, \"o\", \x1b]0;owned\x07]\n", file);
    fclose(file);
    open_console(24, 80);
    vt_mark(vt);
    console_open(console, "recording", path);
    vt_settle(vt);
    for (int i = 0; i < 32; i++)
        vt_keys(vt, ".");
    vt_keys(vt, "/ o w n Enter End");
    vt_settle(vt);
    size_t n;
    const char *raw = vt_raw(vt, &n);
    assert_null(memmem(raw, n, "\x1b]", 2));
    assert_null(memmem(raw, n, "\x1bP", 2));
    assert_null(memmem(raw, n, "?1003h", 6));
    assert_null(memmem(raw, n, "\x1b[6n", 4));
    assert_null(memmem(raw, n, "\xe2\x80\xae", 3));
    assert_null(memmem(raw, n, "\xc2\x9b", 2));
    see("not further: line");
    remove(path);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(screens_in_english, screen_test_close),
        cmocka_unit_test_teardown(screens_in_chinese, screen_test_close),
        cmocka_unit_test_teardown(keys_go_where_they_say, screen_test_close),
        cmocka_unit_test_teardown(what_cannot_be_played_is_said, screen_test_close),
        cmocka_unit_test_teardown(nothing_of_the_file_reaches_the_terminal, screen_test_close),
    };
    return cmocka_run_group_tests(tests, mall_make, mall_end);
}
