#include "tests/support/screen_test.h"

#include "model/access/access.h"
#include "model/base/time.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PATIENCE_MS = 30000 };

struct vt *vt;
struct console *console;
char *folder, *mall_path;

static struct error err;

/* ---- The mall ---- */

static void world_begin(int64_t now)
{
    const char *translations = getenv("ATRIUM_LOCALE");
    modules_start();
    locale_start("atrium", translations ? translations : "build/locale", NULL);
    locale_set_language("en");
    if (now) {
        char text[32];
        snprintf(text, sizeof text, "%lld", (long long)now);
        setenv("ATRIUM_NOW", text, 1);
    }
    setenv("XDG_STATE_HOME", folder, 1);
    setenv("XDG_CONFIG_HOME", folder, 1);
}

void screen_test_begin(const struct temp_mall *mall, int64_t now)
{
    folder = mall->folder;
    mall_path = mall->path;
    world_begin(now);
}

void screen_test_begin_at(const char *file, int64_t now)
{
    folder = temp_folder();
    mall_path = temp_path(folder, file);
    world_begin(now);
}

void screen_test_rest(struct temp_mall *mall)
{
    reader_close(mall->reader);
    writer_close(mall->writer);
    mall_close(mall->mall);
}

int screen_test_end(void **state)
{
    (void)state;
    free(mall_path);
    temp_folder_remove(folder);
    return 0;
}

/* ---- The console ---- */

static size_t busy(void *context)
{
    (void)context;
    return console_busy(console);
}

void open_console_with(int rows, int cols, void (*changed)(struct console_options *options))
{
    char *login = access_login();
    vt = vt_new(rows, cols);
    struct console_options options = {.mall_path = mall_path,
                                      .principal = login,
                                      .input = vt_fd(vt),
                                      .output = vt_fd(vt),
                                      .still = true,
                                      .sealed = true,
                                      .forgetful = true};
    if (changed)
        changed(&options);
    assert_ok(console_new(&options, &console, &err));
    /* The name of who runs the tests is not part of a golden screen. */
    snprintf(console->access.principal, sizeof console->access.principal, "liu");
    vt_attach(vt, console->loop, busy, NULL);
    vt_settle(vt);
    console_redraw(console);
    vt_settle(vt);
    free(login);
}

void open_console(int rows, int cols)
{
    open_console_with(rows, cols, NULL);
}

void close_console(void)
{
    if (console)
        console_free(console);
    console = NULL;
    if (vt)
        vt_free(vt);
    vt = NULL;
}

int screen_test_close(void **state)
{
    (void)state;
    close_console();
    locale_set_language("en");
    return 0;
}

void see(const char *text)
{
    if (!vt_shows(vt, text))
        fail_msg("'%s' is not shown:\n%s", text, vt_text(vt));
}

void await(const char *text)
{
    int64_t until = time_monotonic_ns() + PATIENCE_MS * INT64_C(1000000);
    vt_settle(vt);
    while (!vt_shows(vt, text)) {
        if (time_monotonic_ns() > until)
            fail_msg("%s did not come:\n%s", text, vt_text(vt));
        loop_step(console->loop, 20);
        vt_settle(vt);
    }
}

/* ---- Golden screens ---- */

const struct screen_size screen_sizes[SCREEN_SIZES] = {
    {"40x12", 12, 40}, {"80x24", 24, 80}, {"200x60", 60, 200}};

static bool screen_same(const char *prefix, const char *name, int size, const char *language)
{
    char whole[160];
    snprintf(whole, sizeof whole, "%s-%s-%s-%s", prefix, name, screen_sizes[size].name, language);
    return vt_golden_same(vt, whole);
}

void golden_screen(const char *prefix, const char *name, int size, const char *language)
{
    if (!screen_same(prefix, name, size, language))
        fail_msg("%s-%s looks different; UPDATE_GOLDEN=1 accepts it", prefix, name);
}

static bool place_same(const char *prefix, const struct screen_place *place, int size,
                       const char *language)
{
    open_console(screen_sizes[size].rows, screen_sizes[size].cols);
    if (place->view) {
        console_open(console, place->view, place->argument);
        vt_settle(vt);
        console_redraw(console);
        vt_settle(vt);
    }
    if (place->keys)
        vt_keys(vt, place->keys);
    if (place->type)
        vt_type(vt, place->type);
    bool same = screen_same(prefix, place->name, size, language);
    close_console();
    return same;
}

void golden_screens(const char *prefix, const struct screen_place *places, size_t n,
                    const char *language)
{
    int different = 0;
    locale_set_language(language);
    for (int size = 0; size < SCREEN_SIZES; size++)
        for (size_t i = 0; i < n; i++)
            different += !place_same(prefix, &places[i], size, language);
    locale_set_language("en");
    if (different)
        fail_msg("%d screens look different; UPDATE_GOLDEN=1 accepts them", different);
}
