/* The screens of coupons, at three sizes and in two languages, on a small mall with codes that are
 * the same each time: golden screens, and what is done by hand on them. */
#include "model/campaign/coupon.h"
#include "tests/support/people.h"
#include "tests/support/screen_test.h"
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
    screen_test_begin(&t, now);
    mall_fill(&t);
    screen_test_rest(&t);
    return 0;
}

/* ---- Opening and closing ---- */

/* ---- Golden screens ---- */

static const struct screen_place places[] = {
    {"campaigns", "O", ""},
    {"which", "O w", ""},
    {"list", "O Down Down Enter", ""},
    {"person", "O Down Down Enter Down Enter o", ""},
    {"disputes", "O d", ""},
    {"redeem", "O r", "k7qm 3xpa 9rt"},
    {"void", "O Enter V", "wrong"},
};

static void screens_in_english(void **state)
{
    (void)state;
    golden_screens("coupons", places, sizeof places / sizeof *places, "en");
}

static void screens_in_chinese(void **state)
{
    (void)state;
    locale_set_language("zh_CN");
    golden_screens("coupons", places, sizeof places / sizeof *places, "zh_CN");
}

/* ---- By hand ---- */

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
        cmocka_unit_test_teardown(screens_in_english, screen_test_close),
        cmocka_unit_test_teardown(screens_in_chinese, screen_test_close),
        cmocka_unit_test_teardown(a_coupon_is_redeemed, screen_test_close),
        cmocka_unit_test_teardown(counts_open_into_lists, screen_test_close),
        cmocka_unit_test_teardown(a_coupon_is_made_void, screen_test_close),
        cmocka_unit_test_teardown(coupons_are_issued, screen_test_close),
    };
    return cmocka_run_group_tests(tests, mall_make, screen_test_end);
}
