/* Answers from a sample of the people, before the exact ones: shown first, marked, replaced or left
 * with their mark, never listed, and no different in the end. */
#include "fixtures/mall/make.h"
#include "model/event/sample.h"
#include "model/loop/estimate.h"
#include "model/loop/funnel_small.h"
#include "model/store/setting.h"
#include "tests/support/temp.h"
#include "tests/support/vterm.h"
#include "tui/locale.h"
#include "views/actions.h"
#include "views/console.h"
#include "views/funnel_view.h"
#include "views/modules.h"
#include "views/screens.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <math.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS = 130000, DAYS = 40, HELD = 2 };

static char *folder, *mall_path;
static struct vt *vt;
static struct console *console;

static int mall_make(void **state)
{
    (void)state;
    struct error err = {0};
    modules_start();
    const char *translations = getenv("ATRIUM_LOCALE");
    locale_start("atrium", translations ? translations : "build/locale", NULL);
    locale_set_language("en");
    folder = temp_folder();
    mall_path = temp_path(folder, "demo.mall");
    setenv("XDG_STATE_HOME", folder, 1);
    setenv("XDG_CONFIG_HOME", folder, 1);
    struct demo_options options = {.recipe = demo_recipe_default(MEMBERS, DAYS, 7)};
    struct demo_summary summary;
    assert_ok(demo_make(mall_path, &options, &summary, &err));
    setenv("ATRIUM_NOW", "1793462400", 1); /* 2026-10-31 16:00 UTC: midnight after its last day */
    return 0;
}

static int mall_remove(void **state)
{
    (void)state;
    free(mall_path);
    temp_folder_remove(folder);
    return 0;
}

/* ---- Readers that are held back: what answers exactly waits until it is let go ---- */

static sem_t hold, held;
static struct task holders[HELD];
static bool holding;

static enum status holder_run(struct task *task, void *thread_state)
{
    (void)task;
    (void)thread_state;
    sem_post(&held);
    sem_wait(&hold);
    return ST_OK;
}

static void exact_hold(void)
{
    sem_init(&hold, 0, 0);
    sem_init(&held, 0, 0);
    for (int i = 0; i < HELD; i++) {
        holders[i] = (struct task){.run = holder_run};
        task_submit(console->pool, &holders[i]);
    }
    for (int i = 0; i < HELD; i++)
        sem_wait(&held);
    holding = true;
}

static void exact_let_go(void)
{
    for (int i = 0; holding && i < HELD; i++)
        sem_post(&hold);
    holding = false;
    vt_settle(vt);
}

/* While the readers are held, only the early ones are waited for. */
static size_t busy(void *context)
{
    (void)context;
    return holding ? task_pool_busy(console->early) : console_busy(console);
}

static void open_console(uint32_t early_blocks)
{
    struct error err = {0};
    char *login = access_login();
    vt = vt_new(30, 100);
    struct console_options options = {
        .mall_path = mall_path,
        .principal = login,
        .input = vt_fd(vt),
        .output = vt_fd(vt),
        .still = true,
        .sealed = true,
        .early_blocks = early_blocks,
    };
    assert_ok(console_new(&options, &console, &err));
    vt_attach(vt, console->loop, busy, NULL);
    vt_settle(vt);
    free(login);
}

static int after_each(void **state)
{
    (void)state;
    for (int i = 0; holding && i < HELD; i++)
        sem_post(&hold);
    holding = false;
    if (console)
        console_free(console);
    console = NULL;
    if (vt)
        vt_free(vt);
    vt = NULL;
    locale_set_language("en");
    return 0;
}

static void act(int id)
{
    console_act(console, id, "");
    vt_settle(vt);
}

/* ---- Every screen that has them ---- */

static const struct {
    const char *name, *argument;
} screens_early[] = {
    {"funnel", ""},
    {"funnel", "register > purchase by tier"},
};

static void test_look(void **state)
{
    (void)state;
    open_console(2);
    exact_hold();
    const char *names = getenv("LOOK") ? getenv("LOOK") : "funnel retention lifecycle rfm affinity value";
    char *copy = strdup(names);
    for (char *name = strtok(copy, " "); name; name = strtok(NULL, " ")) {
        console_open(console, name, "");
        vt_settle(vt);
        printf("%s\n", vt_text(vt));
    }
    free(copy);
    (void)screens_early;
    act(ACTION_BACK);
    printf("%s\n", vt_text(vt));
    exact_let_go();
    printf("%s\n", vt_text(vt));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_look, after_each),
    };
    return cmocka_run_group_tests(tests, mall_make, mall_remove);
}
