/* The screens of results and simulations on a small demo mall with one measured campaign, at three
 * sizes and in two languages. */
#include "fixtures/mall/make.h"
#include "model/access/access.h"
#include "tests/support/edition.h"
#include "tests/support/temp.h"
#include "tests/support/vterm.h"
#include "tui/locale.h"
#include "views/console.h"
#include "views/dashboard.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *folder, *mall_path;
static struct vt *vt;
static struct console *console;
static struct error err;

enum { EDITION = 77, MEMBERS = 1500 };

/* One that was started in September with a holdout, one that only is a draft. */
static const char campaigns[] =
    "insert into campaign (code, name, kind, audience, holdout, value, minimum, from_day, to_day,"
    " state, author, started, ended, edition, contacts) values"
    " ('autumn', 'Autumn coupons', 'coupon', 'member', 3000, 2000, 10000, 20712, 20740, 'ended',"
    " 'liu', 1789531200, 1792036800, 77, 'app sms');"
    "insert into campaign (code, name, kind, audience, holdout, points, weekdays, from_day, to_day,"
    " state, author, contacts, message, budget) values"
    " ('november', 'November points days', 'points-cash', 'member', 1000, 100, 18, 20759, 20785,"
    " 'draft', 'liu', 'pos app', 'Come.', 500000);";

static int mall_make(void **state)
{
    (void)state;
    struct mall *mall;
    struct writer *writer;
    modules_start();
    const char *translations = getenv("ATRIUM_LOCALE");
    locale_start("atrium", translations ? translations : "build/locale", NULL);
    locale_set_language("en");
    folder = temp_folder();
    mall_path = temp_path(folder, "demo.mall");
    setenv("XDG_STATE_HOME", folder, 1);
    setenv("XDG_CONFIG_HOME", folder, 1);
    struct demo_options options = {.recipe = demo_recipe_default(MEMBERS, 120, 7)};
    struct demo_summary summary;
    assert_ok(demo_make(mall_path, &options, &summary, &err));
    setenv("ATRIUM_NOW", "1793462400", 1);
    assert_ok(mall_open(mall_path, &mall, &err));
    assert_ok(writer_open(mall, &writer, &err));
    assert_ok(writer_begin(writer, &err));
    assert_int_equal(sqlite3_exec(writer_db(writer), campaigns, NULL, NULL, NULL), SQLITE_OK);
    test_edition_write(writer, EDITION, 1, MEMBERS);
    assert_ok(writer_commit(writer, &err));
    writer_close(writer);
    mall_close(mall);
    return 0;
}

static int mall_remove(void **state)
{
    (void)state;
    free(mall_path);
    temp_folder_remove(folder);
    return 0;
}

static size_t busy(void *context)
{
    (void)context;
    return console_busy(console);
}

static void open_console(int rows, int cols)
{
    char *login = access_login();
    vt = vt_new(rows, cols);
    struct console_options options = {.mall_path = mall_path,
                                      .principal = login,
                                      .input = vt_fd(vt),
                                      .output = vt_fd(vt),
                                      .still = true,
                                      .sealed = true};
    assert_ok(console_new(&options, &console, &err));
    snprintf(console->access.principal, sizeof console->access.principal, "liu");
    vt_attach(vt, console->loop, busy, NULL);
    vt_settle(vt);
    free(login);
}

static int close_console(void **state)
{
    (void)state;
    if (console)
        console_free(console);
    console = NULL;
    if (vt)
        vt_free(vt);
    vt = NULL;
    char *session = NULL;
    if (asprintf(&session, "rm -rf '%s/atrium'", folder) > 0 && system(session) != 0)
        fail_msg("the session could not be removed");
    free(session);
    return 0;
}

static const struct {
    const char *name, *view, *argument, *keys;
} places[] = {
    {"results", "campaign-results", "", ""},
    {"result", "campaign-result", "autumn", ""},
    {"result-by", "campaign-result", "autumn", "b"},
    {"result-shops", "campaign-result",
     "autumn\x1f"
     "shop",
     ""},
    {"result-table", "campaign-groups",
     "autumn\x1f"
     "age",
     ""},
    {"result-report", "campaign-result", "autumn", "r"},
    {"result-influenced", "campaign-result", "coupons-2026-09", ""},
    {"simulation", "campaign-simulate", "november", ""},
};
static const struct {
    const char *name;
    int rows, cols;
} sizes[] = {{"40x12", 12, 40}, {"80x24", 24, 80}, {"200x60", 60, 200}};

static void golden_screens(const char *language)
{
    int different = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
            char name[80];
            locale_set_language(language);
            open_console(sizes[s].rows, sizes[s].cols);
            console_open(console, places[p].view, places[p].argument);
            vt_settle(vt);
            vt_keys(vt, places[p].keys);
            vt_settle(vt);
            snprintf(name, sizeof name, "campaign-%s-%s-%s", places[p].name, sizes[s].name,
                     language);
            different += !vt_golden_same(vt, name);
            close_console(NULL);
        }
    locale_set_language("en");
    if (different)
        fail_msg("%d screens look different; UPDATE_GOLDEN=1 accepts them", different);
}

static void screens_in_english(void **state)
{
    (void)state;
    golden_screens("en");
}

static void screens_in_chinese(void **state)
{
    (void)state;
    golden_screens("zh_CN");
}

/* The list behind a count is as long as the count says. */
static void counts_open_their_people(void **state)
{
    (void)state;
    open_console(30, 100);
    console_open(console, "campaign-result", "autumn");
    vt_settle(vt);
    struct panels *panels = &((struct dashboard *)console_top(console)->state)->panels;
    int opened = 0;
    for (size_t p = 0; p < panels->n; p++)
        for (size_t i = 0; i < panels->at[p].n_values; i++) {
            const struct panel_value *value = &panels->at[p].values[i];
            if (!value->screen || strcmp(value->screen, "crowd") != 0 || !value->text[0])
                continue;
            char count[32];
            snprintf(count, sizeof count, "%.*s", (int)strcspn(value->text, " "), value->text);
            if (strchr(count, '%'))
                continue;
            console_open(console, value->screen, value->argument);
            vt_settle(vt);
            if (!vt_shows(vt, count))
                fail_msg("%s: the list does not say %s", value->argument, count);
            vt_keys(vt, "Esc");
            vt_settle(vt);
            panels = &((struct dashboard *)console_top(console)->state)->panels;
            opened++;
        }
    assert_true(opened >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(screens_in_english, close_console),
        cmocka_unit_test_teardown(screens_in_chinese, close_console),
        cmocka_unit_test_teardown(counts_open_their_people, close_console),
    };
    return cmocka_run_group_tests(tests, mall_make, mall_remove);
}
