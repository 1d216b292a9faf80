/* Folders of simulated devices on the screen: at three sizes and in two languages, hostile names,
 * and files got and put from there. */
#include "tests/support/device_farm.h"
#include "tests/support/people.h"
#include "tests/support/screen_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { DEVICES = 3 };

static struct test_fleet fleet;
static char *here, *before;

static int mall_make(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    test_fleet_start(&fleet, DEVICES);
    screen_test_begin(&t, 1508400000);
    test_fleet_insert(&fleet, &t);
    screen_test_rest(&t);
    /* Files that are got land where the console was started. */
    before = getcwd(NULL, 0);
    here = temp_folder();
    return 0;
}

static int mall_end(void **state)
{
    temp_folder_remove(here);
    free(before);
    test_fleet_stop(&fleet);
    return screen_test_end(state);
}

static void reaching(struct console_options *options)
{
    options->sealed = false;
    options->identity = fleet.identity;
}

static void open_folder(int rows, int cols, const char *device)
{
    open_console_with(rows, cols, reaching);
    console_open(console, "folder", device);
    await("../");
}

/* ---- Golden screens ---- */

static void folder_screens(const char *language)
{
    locale_set_language(language);
    farm_file_put(fleet.farm, "D0", "media/menu.png", "12345", 5, true);
    farm_file_put(fleet.farm, "D0", "media/价目表.pdf", "1234567890", 10, true);
    farm_file_put(fleet.farm, "D0", "media/\x1B]0;owned\x07.png", "1", 1, true);
    for (int i = 0; i < SCREEN_SIZES; i++) {
        open_folder(screen_sizes[i].rows, screen_sizes[i].cols, "D0");
        golden_screen("folder", "home", i, language);
        vt_type(vt, "/media");
        vt_keys(vt, "Enter Enter");
        await("menu.png");
        golden_screen("folder", "inside", i, language);
        vt_keys(vt, "Down Down d");
        golden_screen("folder", "get", i, language);
        vt_keys(vt, "Esc");
        vt_keys(vt, "Home Down d");
        golden_screen("folder", "hostile", i, language);
        close_console();
        locale_set_language(language);
    }
}

static void screens_in_english(void **state)
{
    (void)state;
    folder_screens("en");
}

static void screens_in_chinese(void **state)
{
    (void)state;
    folder_screens("zh_CN");
}

/* ---- Hostile names ---- */

static void nothing_hostile_is_written(void **state)
{
    (void)state;
    test_fault(&fleet, 1, "names");
    open_folder(60, 120, "D1");
    vt_mark(vt);
    size_t n;
    for (int i = 0; i < 40; i++) {
        vt_keys(vt, "d");
        if (console->dialog)
            vt_keys(vt, "Esc");
        vt_keys(vt, "Down");
    }
    const char *raw = vt_raw(vt, &n);
    for (const struct farm_text *text = farm_corpus; text->name; text++)
        if (text->n > 4 && memmem(raw, n, text->bytes + 1, text->n - 1) &&
            strchr("\x1B\xC2\xE2\xF3\xF4\x9B", text->bytes[1]))
            fail_msg("%s was written", text->name);
    assert_null(memmem(raw, n, "\x1B]", 2));
    assert_null(memmem(raw, n, "\x1BP", 2));
    test_fault(&fleet, 1, "ok");
}

static void a_device_of_nonsense_is_said(void **state)
{
    (void)state;
    test_fault(&fleet, 1, "garble");
    open_console_with(24, 80, reaching);
    console_open(console, "folder", "D1");
    await("did not answer as atrium-device");
    test_fault(&fleet, 1, "ok");
    vt_keys(vt, "Ctrl-r");
    await("log/");
}

/* ---- Files from there, and there ---- */

static void into_here(void)
{
    assert_int_equal(chdir(here), 0);
}

static bool here_is(const char *name, const char *content)
{
    size_t size;
    if (access(name, F_OK) != 0)
        return false;
    char *found = file_read_all(name, &size);
    bool same = size == strlen(content) && memcmp(found, content, size) == 0;
    free(found);
    return same;
}

static void files_are_got_under_names_that_are_free(void **state)
{
    (void)state;
    into_here();
    file_write_all("menu.png", "mine", 4);
    farm_file_put(fleet.farm, "D2", "media/menu.png", "theirs", 6, true);
    farm_file_put(fleet.farm, "D2", "media/-rf", "option", 6, true);
    open_folder(24, 80, "D2");
    vt_type(vt, "/media");
    vt_keys(vt, "Enter Enter");
    await("menu.png");
    vt_keys(vt, "Down Down d");
    see("menu.png-2");
    vt_keys(vt, "Enter");
    vt_keys(vt, "y");
    await("1 of 1 devices done");
    assert_true(here_is("menu.png", "mine"));
    assert_true(here_is("menu.png-2", "theirs"));
    vt_keys(vt, "Esc Home Down d");
    see("its own will not do");
    vt_keys(vt, "Enter");
    vt_keys(vt, "y");
    await("1 of 1 devices done");
    assert_true(here_is("_-rf", "option"));
    assert_int_equal(chdir(before), 0);
}

static void a_file_is_put_into_the_folder_shown(void **state)
{
    (void)state;
    into_here();
    file_write_all("price.txt", "12.50", 5);
    farm_file_put(fleet.farm, "D2", "media/menu.png", "theirs", 6, true);
    open_folder(24, 80, "D2");
    vt_type(vt, "/media");
    vt_keys(vt, "Enter Enter");
    await("menu.png");
    vt_keys(vt, "p");
    vt_type(vt, "price.txt");
    vt_keys(vt, "Enter");
    see("atrium/media/price.txt");
    vt_keys(vt, "Enter");
    vt_keys(vt, "y");
    await("1 of 1 devices done");
    vt_keys(vt, "Esc");
    await("price.txt");
    size_t n;
    char *there = farm_file(fleet.farm, "D2", "media/price.txt", &n);
    assert_non_null(there);
    assert_int_equal(n, 5);
    free(there);
    vt_keys(vt, "-");
    await("log/");
    assert_int_equal(chdir(before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(screens_in_english, screen_test_close),
        cmocka_unit_test_teardown(screens_in_chinese, screen_test_close),
        cmocka_unit_test_teardown(nothing_hostile_is_written, screen_test_close),
        cmocka_unit_test_teardown(a_device_of_nonsense_is_said, screen_test_close),
        cmocka_unit_test_teardown(files_are_got_under_names_that_are_free, screen_test_close),
        cmocka_unit_test_teardown(a_file_is_put_into_the_folder_shown, screen_test_close),
    };
    return cmocka_run_group_tests(tests, mall_make, mall_end);
}
