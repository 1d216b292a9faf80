/* The screens of coupons, at three sizes and in two languages, on a small mall with codes that are
 * the same each time: golden screens, and what is done by hand on them. */
#include "model/campaign/coupon.h"
#include "tests/support/people.h"
#include "tests/support/vterm.h"
#include "tui/locale.h"
#include "views/console.h"
#include "views/modules.h"
#include "views/screens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUPONS = 90, CAMPAIGNS = 3 };
static const int64_t now = 1508400000; /* 2017-10-19 16:00 in Shanghai, a Thursday */

static struct error err;
static char *folder, *mall_path;
static struct vt *vt;
static struct console *console;

/* ---- The mall ---- */

static void code_of(int number, char code[COUPON_CODE])
{
    unsigned char values[COUPON_LETTERS - 1];
    for (int i = 0; i < COUPON_LETTERS - 1; i++)
        values[i] = (unsigned char)((number * 7 + i * i * 5 + (number >> i)) & 31);
    coupon_code_of(values, code);
}

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sqlite3_errmsg(db), sql);
}

/* Rows as the model writes them, but for the codes. */
static void coupon_insert(sqlite3 *db, int i)
{
    char code[COUPON_CODE], sql[1000];
    int campaign = i % CAMPAIGNS + 1;
    int64_t issued = now - 86400 * (20 - i % 18) - i * 61;
    bool redeemed = i % 7 == 2, expired = i % 11 == 5 && !redeemed, claimed = i % 3 == 0;
    bool made_void = i == 40;
    int state = redeemed    ? COUPON_REDEEMED
                : expired   ? COUPON_EXPIRED
                : made_void ? COUPON_VOID
                : claimed   ? COUPON_CLAIMED
                            : COUPON_ISSUED;
    code_of(i, code);
    snprintf(sql, sizeof sql,
             "insert into coupon (code, campaign, person, state, value, minimum, issued, expires,"
             " claimed, expired, used, tenant, amount, given, touched) values ('%s', %d, %d, %d,"
             " 5000, 30000, %lld, %lld, %lld, %lld, %lld, %d, %d, %d, %d)",
             code, campaign, i % 5, state, (long long)issued,
             (long long)(now + 86400 * (expired ? -1 : 9)),
             (long long)(claimed ? issued + 3600 : 0), (long long)(expired ? now - 86400 : 0),
             (long long)(redeemed    ? issued + 7200
                         : made_void ? issued + 60
                                     : 0),
             redeemed ? 1 + i % 2 : 0, redeemed ? 30000 + 100 * i : 0, redeemed ? 5000 : 0,
             redeemed ? 30000 + 100 * i : 0);
    run(db, sql);
}

static void mall_fill(struct temp_mall *t)
{
    const struct test_member members[] = {{1, "M0001", "Wang Xiaoming", "13800000001", "", "", 0},
                                          {2, "M0002", "李小红", "13800000002", "", "", 0},
                                          {3, "M0003", "Zhao Lei", "", "", "", 0},
                                          {4, "M0004", "陈静", "", "", "", 0}};
    test_members_add(t, members, 4);
    test_run(t, "insert into tenant (id, code, name, smart_pos) values (1, 'T001', 'Uniqlo', 1),"
                " (2, 'T002', '海底捞', 0);"
                "insert into campaign (id, code, name, kind, value, minimum, state) values"
                " (1, 'october', 'Fifty off', 'coupon', 5000, 30000, 'running'),"
                " (2, 'back', 'Come again', 'win-back', 5000, 30000, 'paused'),"
                " (3, 'summer', 'Summer', 'coupon', 5000, 30000, 'ended');"
                "insert into coupon_dispute values ('X/1', '222222222222', 1, 'used', 1508300000,"
                " 2, 5000), ('Y/1', '333333333333', 1, 'shop', 1508310000, 1, 5000)");
    assert_ok(writer_begin(t->writer, &err));
    for (int i = 0; i < COUPONS; i++)
        coupon_insert(writer_db(t->writer), i);
    run(writer_db(t->writer),
        "insert into campaign_sum select campaign, 'issued', count(*) from coupon group by 1;"
        "insert into campaign_sum select campaign, 'redeemed', count(*) from coupon where"
        " state = 3 group by 1;"
        "insert into campaign_sum select campaign, 'given', sum(given) from coupon group by 1");
    assert_ok(writer_commit(t->writer, &err));
}

static int mall_make(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    modules_start();
    const char *translations = getenv("ATRIUM_LOCALE");
    locale_start("atrium", translations ? translations : "build/locale", NULL);
    locale_set_language("en");
    setenv("ATRIUM_NOW", "1508400000", 1);
    mall_fill(&t);
    folder = t.folder;
    mall_path = t.path;
    setenv("XDG_STATE_HOME", folder, 1);
    setenv("XDG_CONFIG_HOME", folder, 1);
    reader_close(t.reader);
    writer_close(t.writer);
    mall_close(t.mall);
    return 0;
}

static int mall_remove(void **state)
{
    (void)state;
    free(mall_path);
    temp_folder_remove(folder);
    return 0;
}

/* ---- Opening and closing ---- */

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
                                      .forgetful = true,
                                      .sealed = true};
    assert_ok(console_new(&options, &console, &err));
    snprintf(console->access.principal, sizeof console->access.principal, "liu");
    vt_attach(vt, console->loop, busy, NULL);
    vt_settle(vt);
    console_redraw(console);
    vt_settle(vt);
    free(login);
}

static void close_console(void)
{
    if (console)
        console_free(console);
    console = NULL;
    if (vt)
        vt_free(vt);
    vt = NULL;
}

static int after_each(void **state)
{
    (void)state;
    close_console();
    locale_set_language("en");
    return 0;
}

/* ---- Golden screens ---- */

static const struct {
    const char *name, *keys, *type;
} places[] = {
    {"campaigns", "O", ""},
    {"which", "O w", ""},
    {"list", "O Down Down Enter", ""},
    {"person", "O Down Down Enter Down Enter o", ""},
    {"disputes", "O d", ""},
    {"redeem", "O r", "k7qm 3xpa 9rt"},
    {"void", "O Enter V", "wrong"},
};

static const struct {
    const char *name;
    int rows, cols;
} sizes[] = {{"40x12", 12, 40}, {"80x24", 24, 80}, {"200x60", 60, 200}};

static void golden_screens(const char *language)
{
    int different = 0;
    locale_set_language(language);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
            char name[80];
            open_console(sizes[s].rows, sizes[s].cols);
            vt_keys(vt, places[p].keys);
            vt_type(vt, places[p].type);
            snprintf(name, sizeof name, "coupons-%s-%s-%s", places[p].name, sizes[s].name,
                     language);
            different += !vt_golden_same(vt, name);
            close_console();
        }
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
    locale_set_language("zh_CN");
    golden_screens("zh_CN");
}

/* ---- By hand ---- */

static void see(const char *text)
{
    if (!vt_shows(vt, text))
        fail_msg("'%s' is not shown:\n%s", text, vt_text(vt));
}

/* The verdict follows what is typed; then it is redeemed, once. */
static void a_coupon_is_redeemed(void **state)
{
    (void)state;
    char code[COUPON_CODE], wrong[COUPON_CODE];
    code_of(0, code); /* of "october", claimed */
    memcpy(wrong, code, sizeof wrong);
    wrong[3] = wrong[3] == '2' ? '3' : '2';
    open_console(24, 100);
    vt_keys(vt, "O r");
    vt_type(vt, "abcd");
    see("4 of 12 letters");
    vt_keys(vt, "Ctrl-u");
    vt_type(vt, wrong);
    see("the code is mistyped");
    vt_keys(vt, "Ctrl-u");
    vt_type(vt, code);
    see("worth 50.00 from 300.00 on");
    vt_keys(vt, "Tab");
    vt_type(vt, "T009");
    see("there is no such shop");
    vt_keys(vt, "Ctrl-u");
    vt_type(vt, "T001");
    vt_keys(vt, "Tab");
    vt_type(vt, "299");
    see("the receipt is too small");
    vt_keys(vt, "Ctrl-u");
    vt_type(vt, "320");
    see("good: 50.00 off, 270.00 to pay");
    vt_keys(vt, "Ctrl-s");
    see("is redeemed: 50.00 off");
    vt_keys(vt, "r");
    vt_type(vt, code);
    see("it was redeemed before");
}

/* Counts and lists agree, on the screen too. */
static void counts_open_into_lists(void **state)
{
    (void)state;
    open_console(40, 160);
    vt_keys(vt, "O w Down Down Enter");
    assert_string_equal(console_top(console)->ops->name, "coupon-list");
    assert_non_null(strstr(console_top(console)->argument, "redeemed 3"));
    vt_keys(vt, "w");
    vt_type(vt, "not used");
    vt_keys(vt, "Enter");
    assert_non_null(strstr(console_top(console)->argument, "open 3"));
    see("summer · not used");
}

static void a_coupon_is_made_void(void **state)
{
    (void)state;
    open_console(30, 120);
    vt_keys(vt, "O Down Down w");
    vt_type(vt, "not used");
    vt_keys(vt, "Enter Space Down Space V");
    vt_type(vt, "sent to the wrong people");
    vt_keys(vt, "Enter");
    see("Makes 2 coupons worthless");
    vt_keys(vt, "1 Enter"); /* not the number */
    see("Makes 2 coupons worthless");
    vt_keys(vt, "Backspace 2 Enter");
    see("2 coupons are void");
}

static void coupons_are_issued(void **state)
{
    (void)state;
    open_console(30, 120);
    vt_keys(vt, "O Down Down a");
    vt_type(vt, "M0003");
    vt_keys(vt, "Enter");
    see("issued: ");
    vt_keys(vt, "a");
    vt_type(vt, "tier=gold");
    vt_keys(vt, "Enter");
    see("the expression means nobody");
    vt_keys(vt, "a");
    vt_type(vt, "not tier=gold");
    vt_keys(vt, "Enter");
    see("Gives 4 people a coupon of october each.");
    vt_type(vt, "4");
    vt_keys(vt, "Enter");
    see("3 issued, 1 are held out");
    vt_keys(vt, "Up Up a");
    vt_type(vt, "M0003");
    vt_keys(vt, "Enter");
    see("is not running");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(screens_in_english, after_each),
        cmocka_unit_test_teardown(screens_in_chinese, after_each),
        cmocka_unit_test_teardown(a_coupon_is_redeemed, after_each),
        cmocka_unit_test_teardown(counts_open_into_lists, after_each),
        cmocka_unit_test_teardown(a_coupon_is_made_void, after_each),
        cmocka_unit_test_teardown(coupons_are_issued, after_each),
    };
    return cmocka_run_group_tests(tests, mall_make, mall_remove);
}
