/* The screens of results and simulations on a small demo mall with one measured campaign, at three
 * sizes and in two languages. */
#include "fixtures/mall/make.h"
#include "model/access/access.h"
#include "tests/support/edition.h"
#include "tests/support/screen_test.h"
#include "views/dashboard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
    screen_test_begin_at("demo.mall", 0);
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

static const struct screen_place places[] = {
    {"results", .view = "campaign-results", .argument = ""},
    {"result", .view = "campaign-result", .argument = "autumn"},
    {"result-by", .view = "campaign-result", .argument = "autumn", .keys = "b"},
    {"result-shops", .view = "campaign-result",
     .argument = "autumn\x1f"
                 "shop"},
    {"result-table", .view = "campaign-groups",
     .argument = "autumn\x1f"
                 "age"},
    {"result-report", .view = "campaign-result", .argument = "autumn", .keys = "r"},
    {"result-influenced", .view = "campaign-result", .argument = "coupons-2026-09"},
    {"simulation", .view = "campaign-simulate", .argument = "november"},
};

static void screens_in_english(void **state)
{
    (void)state;
    golden_screens("campaign", places, sizeof places / sizeof *places, "en");
}

static void screens_in_chinese(void **state)
{
    (void)state;
    golden_screens("campaign", places, sizeof places / sizeof *places, "zh_CN");
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
        cmocka_unit_test_teardown(screens_in_english, screen_test_close),
        cmocka_unit_test_teardown(screens_in_chinese, screen_test_close),
        cmocka_unit_test_teardown(counts_open_their_people, screen_test_close),
    };
    return cmocka_run_group_tests(tests, mall_make, screen_test_end);
}
