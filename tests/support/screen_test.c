#include "tests/support/screen_test.h"

#include "model/access/access.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

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

/* ---- Golden screens ---- */

static const struct {
    const char *name;
    int rows, cols;
} sizes[] = {{"40x12", 12, 40}, {"80x24", 24, 80}, {"200x60", 60, 200}};

static bool place_same(const char *prefix, const struct screen_place *place, size_t size,
                       const char *language)
{
    char name[120];
    open_console(sizes[size].rows, sizes[size].cols);
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
    snprintf(name, sizeof name, "%s-%s-%s-%s", prefix, place->name, sizes[size].name, language);
    bool same = vt_golden_same(vt, name);
    close_console();
    return same;
}

void golden_screens(const char *prefix, const struct screen_place *places, size_t n,
                    const char *language)
{
    int different = 0;
    locale_set_language(language);
    for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++)
        for (size_t i = 0; i < n; i++)
            different += !place_same(prefix, &places[i], size, language);
    locale_set_language("en");
    if (different)
        fail_msg("%d screens look different; UPDATE_GOLDEN=1 accepts them", different);
}
