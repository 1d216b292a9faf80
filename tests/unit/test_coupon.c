/* Coupons: codes and their check letter, the rules of redeeming one by one, lists of foreign codes,
 * reports of tills, people who turn out to be one or are erased. */
#include "model/base/text.h"
#include "model/campaign/coupon_list.h"
#include "model/event/event.h"
#include "model/people/erase.h"
#include "model/people/link.h"
#include "tests/support/people.h"
#include "tests/support/whole.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;
static struct access admin;

/* ---- Codes ---- */

static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

static void test_every_single_error(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        char code[COUPON_CODE];
        coupon_code_make(code);
        assert_int_equal(strlen(code), COUPON_LETTERS);
        assert_true(coupon_code_fits(code));
        for (int i = 0; i < COUPON_LETTERS; i++) {
            char right = code[i];
            for (const char *wrong = letters; *wrong; wrong++) {
                code[i] = *wrong;
                assert_int_equal(coupon_code_fits(code), *wrong == right);
            }
            code[i] = right;
        }
    }
}

/* Not of neighbours alone: any two letters that changed places. */
static void test_every_transposition(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        char code[COUPON_CODE];
        coupon_code_make(code);
        for (int i = 0; i < COUPON_LETTERS; i++)
            for (int k = i + 1; k < COUPON_LETTERS; k++) {
                char changed[COUPON_CODE];
                memcpy(changed, code, sizeof changed);
                changed[i] = code[k];
                changed[k] = code[i];
                assert_int_equal(coupon_code_fits(changed), code[i] == code[k]);
            }
    }
}

static void test_codes_differ(void **state)
{
    (void)state;
    unsigned seen[32] = {0};
    char before[COUPON_CODE] = "";
    for (int round = 0; round < 3200; round++) {
        char code[COUPON_CODE];
        coupon_code_make(code);
        assert_string_not_equal(code, before);
        memcpy(before, code, sizeof before);
        for (int i = 0; i < COUPON_LETTERS; i++)
            seen[strchr(letters, code[i]) - letters]++;
    }
    /* 1,200 of each are expected, with a deviation of 34. */
    for (int i = 0; i < 32; i++)
        assert_true(seen[i] > 1000 && seen[i] < 1400);
}

static void read_as(const char *text, const char *expected)
{
    char code[COUPON_CODE] = "";
    bool read = coupon_code_read(text, strlen(text), code);
    if (!expected)
        assert_false(read);
    else
        assert_string_equal(read ? code : "nothing", expected);
}

static void test_forgiving_reader(void **state)
{
    (void)state;
    read_as("K7QM-3XPA-9RTC", "K7QM3XPA9RTC");
    read_as(" k7qm 3xpa\t9rtc ", "K7QM3XPA9RTC");
    read_as("k7qm—3xpa–9rtc", "K7QM3XPA9RTC");
    read_as("ｋ７ｑｍ　３ＸＰＡ－９rtc", "K7QM3XPA9RTC");
    read_as("\xEF\xBB\xBF"
            "K7QM\xE2\x80\x8B"
            "3XPA9RTC",
            "K7QM3XPA9RTC");
    read_as("团购2938-4471", "团购29384471");
    read_as("abc", NULL);
    read_as("", NULL);
    read_as("---- ----", NULL);
    read_as("AB\xFF"
            "CD",
            NULL);
    read_as("123456789012345678901234567890123", NULL);
    read_as("12345678901234567890123456789012", "12345678901234567890123456789012");
}

static void test_misspelt(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const char *why;
    unsigned char values[COUPON_LETTERS - 1] = {0};
    char code[COUPON_CODE];
    coupon_code_of(values, code);
    assert_string_equal(code, "222222222222");
    assert_int_equal(coupon_code_form(arena, code, &why), COUPON_OWN);
    assert_int_equal(coupon_code_form(arena, "2222O2222222", &why), COUPON_MISSPELT);
    assert_string_equal(why, "no code has the letter 'O' (here as number 5)");
    assert_int_equal(coupon_code_form(arena, "222222", &why), COUPON_MISSPELT);
    assert_string_equal(why, "a code has 12 letters and digits, this one 6");
    assert_int_equal(coupon_code_form(arena, "222222222223", &why), COUPON_MISSPELT);
    assert_non_null(strstr(why, "check letter"));
    assert_string_equal(coupon_code_print(arena, "K7QM3XPA9RTC"), "K7QM-3XPA-9RTC");
    assert_string_equal(coupon_code_mask(arena, "K7QM3XPA9RTC"), "K7QM-****-****");
    arena_free(arena);
}

/* ---- A mall with campaigns ---- */

/* October 2017: "tue" on Tuesdays 10 to 22 in smart shops, without the 10th; "any" anywhere;
 * "stack" may be used with others; "old" ended. Shop 1 is smart, shop 2 is not. */
static struct temp_mall mall_new(void)
{
    struct temp_mall t = temp_mall_new();
    const struct test_member members[] = {{1, "M1", "Wang", "13800000001", "", "", 0},
                                          {2, "M2", "Li", "13800000002", "", "", 0},
                                          {3, "M3", "Zhao", "", "", "", 0}};
    admin = test_access(ACCESS_ADMIN);
    snprintf(admin.principal, sizeof admin.principal, "li");
    test_members_add(&t, members, 3);
    test_run(&t, "insert into tenant (id, code, smart_pos) values (1, 'T1', 1), (2, 'T2', 0);"
                 "insert into campaign (id, code, name, kind, value, minimum, shops, valid, stock,"
                 " stacking, from_day, to_day, weekdays, hour_from, hour_to, blackout, budget,"
                 " state) values"
                 " (1, 'tue', 'Tuesdays', 'coupon', 5000, 50000, 'smart_pos', 14 * 86400, 3, 0,"
                 "  17440, 17470, 2, 600, 1320, '2017-10-10', 12000, 'running'),"
                 " (2, 'any', 'Any', 'coupon', 1000, 0, '', 0, 0, 0, 17440, 17470, 0, 0, 0, '', 0,"
                 "  'running'),"
                 " (3, 'stack', 'Stack', 'coupon', 2000, 0, '', 0, 0, 1, null, null, 0, 0, 0, '',"
                 "  0, 'running'),"
                 " (4, 'old', 'Old', 'coupon', 2000, 0, '', 0, 0, 0, null, null, 0, 0, 0, '', 0,"
                 "  'ended'),"
                 " (5, 'points', 'Points', 'points-cash', 0, 0, '', 0, 0, 0, null, null, 0, 0, 0,"
                 "  '', 0, 'running')");
    return t;
}

static const struct campaign tue = {.id = 1, .code = "tue"}, any = {.id = 2, .code = "any"},
                             stack = {.id = 3, .code = "stack"}, old = {.id = 4, .code = "old"},
                             points = {.id = 5, .code = "points"};

static int64_t october(int day, int hour)
{
    return test_time(2017, 10, day, hour, 0);
}

static struct coupon issue(struct temp_mall *t, const struct campaign *campaign, uint32_t person,
                           int64_t time)
{
    struct coupon coupon;
    struct coupon_issue order = {.campaign = campaign, .person = person, .time = time};
    assert_ok(coupon_issue(t->writer, &admin, &order, &coupon, NULL, &err));
    return coupon;
}

/* The reason of a refusal, "" where it was redeemed, "repeated". */
static const char *redeem(struct temp_mall *t, const char *code, uint32_t tenant, int64_t amount,
                          int64_t time, const char *ref)
{
    struct coupon coupon;
    const char *reason = NULL, *checked = NULL;
    bool repeated;
    struct coupon_use use = {code, tenant, amount, time, ref};
    assert_ok(coupon_check(t->reader, &admin, &use, &coupon, &checked, &err));
    enum status status = coupon_redeem(t->writer, &admin, &use, &coupon, &reason, &repeated, &err);
    assert_string_equal(reason ? reason : "", checked ? checked : "");
    assert_int_equal(status == ST_OK, reason == NULL);
    if (reason && (strcmp(reason, "unknown") == 0 || strcmp(reason, "mistyped") == 0))
        assert_int_equal(status, ST_REFUSED);
    else if (reason)
        assert_int_equal(status, ST_CONFLICT);
    error_clear(&err);
    return reason ? reason : repeated ? "repeated" : "";
}

static void mall_end(struct temp_mall *t)
{
    assert_whole(t->reader);
    temp_mall_free(t);
    error_clear(&err);
}

static int64_t number(struct temp_mall *t, const char *sql)
{
    int64_t value;
    assert_ok(reader_integer(t->reader, sql, -1, &value, &err));
    return value;
}

/* ---- The rules ---- */

static void test_rules(void **state)
{
    (void)state;
    struct temp_mall t = mall_new();
    struct coupon c = issue(&t, &tue, 1, october(2, 12));
    assert_int_equal(c.expires, october(16, 12));
    assert_string_equal(redeem(&t, "K7QM", 1, 60000, october(3, 12), NULL), "mistyped");
    assert_string_equal(redeem(&t, "222222222222", 1, 60000, october(3, 12), NULL), "unknown");
    assert_string_equal(redeem(&t, c.code, 1, 60000, october(4, 12), NULL), "day");  /* Wednesday */
    assert_string_equal(redeem(&t, c.code, 1, 60000, october(10, 12), NULL), "day"); /* left out */
    assert_string_equal(redeem(&t, c.code, 1, 60000, october(3, 9), NULL), "day");
    assert_string_equal(redeem(&t, c.code, 1, 60000, october(3, 22), NULL), "day");
    assert_string_equal(redeem(&t, c.code, 2, 60000, october(3, 12), NULL), "shop");
    assert_string_equal(redeem(&t, c.code, 1, 49999, october(3, 12), NULL), "minimum");
    assert_string_equal(redeem(&t, c.code, 1, 60000, october(17, 12), NULL), "expired");
    assert_string_equal(redeem(&t, c.code, 1, 50000, october(3, 12), "R1"), "");
    assert_string_equal(redeem(&t, c.code, 1, 50000, october(3, 12), "R1"), "repeated");
    assert_string_equal(redeem(&t, c.code, 1, 50000, october(3, 12), "R2"), "used");
    assert_string_equal(redeem(&t, c.code, 2, 50000, october(3, 12), "R1"), "used");
    mall_end(&t);
}

static void test_stock_and_budget(void **state)
{
    (void)state;
    struct temp_mall t = mall_new();
    struct coupon c[3], more;
    struct coupon_issue order = {.campaign = &tue, .person = 1, .ref = "x"};
    for (int i = 0; i < 3; i++)
        c[i] = issue(&t, &tue, 1, october(2, 12));
    assert_int_equal(coupon_issue(t.writer, &admin, &order, &more, NULL, &err), ST_CONFLICT);
    assert_non_null(strstr(error_text(&err), "given out"));
    assert_string_equal(redeem(&t, c[0].code, 1, 50000, october(3, 12), NULL), "");
    assert_string_equal(redeem(&t, c[1].code, 1, 50000, october(3, 12), NULL), "");
    assert_string_equal(redeem(&t, c[2].code, 1, 50000, october(3, 12), NULL), "budget");
    order.campaign = &old;
    assert_int_equal(coupon_issue(t.writer, &admin, &order, &more, NULL, &err), ST_CONFLICT);
    order.campaign = &points;
    assert_int_equal(coupon_issue(t.writer, &admin, &order, &more, NULL, &err), ST_REFUSED);
    struct access technician = test_access(ACCESS_TECHNICIAN);
    assert_int_equal(coupon_issue(t.writer, &technician, &order, &more, NULL, &err), ST_DENIED);
    mall_end(&t);
}

static void test_issue_by_reference(void **state)
{
    (void)state;
    struct temp_mall t = mall_new();
    struct coupon first, again;
    bool repeated;
    struct coupon_issue order = {.campaign = &any, .person = 1, .ref = "order-1"};
    assert_ok(coupon_issue(t.writer, &admin, &order, &first, &repeated, &err));
    assert_false(repeated);
    assert_ok(coupon_issue(t.writer, &admin, &order, &again, &repeated, &err));
    assert_true(repeated);
    assert_string_equal(first.code, again.code);
    order.person = 2;
    assert_int_equal(coupon_issue(t.writer, &admin, &order, &again, &repeated, &err), ST_CONFLICT);
    const uint32_t people[] = {1, 2, 3};
    int64_t done, before, held;
    const struct campaign none = {.id = 2, .code = "any", .holdout = 10000};
    assert_ok(
        coupon_issue_people(t.writer, &admin, &any, people, 2, "all", &done, &before, &held, &err));
    assert_ok(
        coupon_issue_people(t.writer, &admin, &any, people, 3, "all", &done, &before, &held, &err));
    assert_int_equal(done, 1);
    assert_int_equal(before, 2);
    assert_int_equal(held, 0);
    assert_ok(coupon_issue_people(t.writer, &admin, &none, people, 3, "held", &done, &before, &held,
                                  &err));
    assert_int_equal(done, 0);
    assert_int_equal(held, 3);
    mall_end(&t);
}

static void test_stacking(void **state)
{
    (void)state;
    struct temp_mall t = mall_new();
    struct coupon alone = issue(&t, &any, 1, october(2, 12)), lone = issue(&t, &any, 1, 0);
    struct coupon a = issue(&t, &stack, 1, 0), b = issue(&t, &stack, 2, 0),
                  c = issue(&t, &stack, 0, 0);
    assert_string_equal(redeem(&t, alone.code, 1, 3000, october(3, 12), "R1"), "");
    assert_string_equal(redeem(&t, a.code, 1, 3000, october(3, 12), "R1"), "stacking");
    assert_string_equal(redeem(&t, a.code, 2, 3000, october(3, 12), "R1"), ""); /* another shop's */
    assert_string_equal(redeem(&t, b.code, 2, 3000, october(3, 12), "R1"), ""); /* the rest */
    assert_string_equal(redeem(&t, c.code, 2, 3000, october(3, 12), "R1"), "minimum");
    assert_string_equal(redeem(&t, lone.code, 2, 3000, october(3, 12), "R1"), "stacking");
    assert_int_equal(number(&t, "select sum(given) from coupon where campaign = 3"), 3000);
    assert_int_equal(number(&t, "select sum(touched) from coupon where campaign = 3"), 3000);
    mall_end(&t);
}

static void test_claim_void_expire(void **state)
{
    (void)state;
    struct temp_mall t = mall_new();
    const char *reason;
    bool repeated;
    int64_t n;
    struct coupon c = issue(&t, &any, 0, october(2, 12)), d = issue(&t, &any, 1, october(2, 12)),
                  e = issue(&t, &any, 1, october(2, 12)), got;
    assert_int_equal(c.expires, test_time(2017, 11, 1, 4, 0));
    assert_ok(
        coupon_claim(t.writer, &admin, c.code, 2, october(2, 13), &got, &reason, &repeated, &err));
    assert_int_equal(got.person, 2);
    assert_int_equal(
        coupon_claim(t.writer, &admin, c.code, 1, october(2, 13), &got, &reason, &repeated, &err),
        ST_CONFLICT);
    assert_string_equal(reason, "person");
    assert_ok(
        coupon_claim(t.writer, &admin, c.code, 2, october(2, 14), &got, &reason, &repeated, &err));
    assert_true(repeated);
    assert_int_equal(coupon_void(t.writer, &admin, d.code, "x", &got, &reason, &repeated, &err),
                     ST_REFUSED);
    assert_ok(coupon_void(t.writer, &admin, d.code, "sent to the wrong person", &got, &reason,
                          &repeated, &err));
    assert_string_equal(redeem(&t, d.code, 1, 3000, october(3, 12), NULL), "void");
    assert_int_equal(number(&t, "select count(*) from audit where act = 'void'"), 1);
    assert_ok(coupon_expire(t.writer, test_time(2017, 11, 1, 3, 59), &n, &err));
    assert_int_equal(n, 0);
    assert_ok(coupon_expire(t.writer, test_time(2017, 11, 1, 4, 0), &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(redeem(&t, e.code, 1, 3000, test_time(2017, 11, 1, 5, 0), NULL), "expired");
    /* What was used in time and entered late is good. */
    assert_string_equal(redeem(&t, e.code, 1, 3000, october(30, 12), NULL), "");
    mall_end(&t);
}

/* ---- Lists ---- */

static void test_import(void **state)
{
    (void)state;
    struct temp_mall t = mall_new();
    struct arena *arena = arena_new();
    struct coupon_imported im;
    struct coupon own = issue(&t, &any, 0, 0);
    char *bad = arena_printf(arena, "1234 5678\nab\n%s\nMT-99,50\n12345678\n\nGOOD-1\n", own.code);
    assert_int_equal(
        coupon_import(t.writer, &admin, arena, &any, bad, strlen(bad), "list", &im, &err),
        ST_REFUSED);
    assert_int_equal(im.wrong, 4);
    const int64_t lines[] = {2, 3, 4, 5};
    for (int i = 0; i < 4; i++)
        assert_int_equal(im.faults[i].line, lines[i]);
    assert_non_null(strstr(error_text(&err), "list:2: "));
    assert_int_equal(number(&t, "select count(*) from coupon"), 1);
    const char *good = "\xEF\xBB\xBF"
                       "1234 5678\r\nMT-99 50\r\n团购-8\r\n";
    assert_ok(coupon_import(t.writer, &admin, arena, &any, good, strlen(good), "list", &im, &err));
    assert_int_equal(im.added, 3);
    assert_ok(coupon_import(t.writer, &admin, arena, &any, good, strlen(good), "list", &im, &err));
    assert_int_equal(im.added, 0);
    assert_int_equal(im.repeated, 3);
    assert_int_equal(
        coupon_import(t.writer, &admin, arena, &stack, good, strlen(good), "list", &im, &err),
        ST_REFUSED);
    const char *four = "AAAA1\nAAAA2\nAAAA3\nAAAA4\n";
    assert_int_equal(
        coupon_import(t.writer, &admin, arena, &tue, four, strlen(four), "list", &im, &err),
        ST_CONFLICT);
    assert_string_equal(redeem(&t, "mt 9950", 1, 3000, october(3, 12), "R1"), "");
    assert_string_equal(redeem(&t, "团购8", 1, 3000, october(3, 12), NULL), "");
    arena_free(arena);
    mall_end(&t);
}

/* ---- Reports of tills ---- */

static void report_event(struct temp_mall *t, int64_t time, uint32_t tenant, const char *ref,
                         bool fold)
{
    struct event event = {.time = time,
                          .kind = KIND_COUPON_REDEEM,
                          .tenant = tenant,
                          .person = 2,
                          .amount = 1000,
                          .ref = ref,
                          .ref_size = (uint32_t)strlen(ref)};
    assert_ok(writer_begin(t->writer, &err));
    assert_ok(event_append(t->writer, &event, 1, NULL, NULL, &err));
    assert_ok(writer_commit(t->writer, &err));
    if (fold)
        assert_ok(event_fold(t->writer, 0, &err));
}

static struct coupon_settled settle(struct temp_mall *t)
{
    struct coupon_settled settled;
    assert_ok(coupon_settle(t->reader, t->writer, &settled, &err));
    return settled;
}

static void test_settle(void **state)
{
    (void)state;
    for (int fold = 0; fold < 2; fold++) {
        struct temp_mall t = mall_new();
        struct arena *arena = arena_new();
        struct coupon a = issue(&t, &any, 0, october(2, 12)),
                      b = issue(&t, &tue, 1, october(2, 12)), found;
        const char *reason;
        /* The later of two is reported first; then the earlier one. */
        report_event(&t, october(3, 15), 2, arena_printf(arena, "%s/R9", a.code), fold);
        struct coupon_settled s = settle(&t);
        assert_int_equal(s.redeemed, 1);
        report_event(&t, october(3, 14), 1, arena_printf(arena, "%s/R8", a.code), fold);
        report_event(&t, october(3, 14), 2, b.code, fold); /* not for this shop */
        report_event(&t, october(3, 14), 2, "OTHER-SYSTEM-77", fold);
        report_event(&t, october(3, 14), 2, "222222222222/1", fold); /* ours by its form */
        s = settle(&t);
        assert_int_equal(s.redeemed, 1);
        assert_int_equal(s.disputes, 2);
        assert_int_equal(s.strangers, 1);
        assert_ok(coupon_find(t.reader, a.code, &found, &reason, &err));
        assert_int_equal(found.tenant, 1);
        assert_int_equal(found.used, october(3, 14));
        assert_int_equal(found.person, 2);
        assert_int_equal(number(&t, "select count(*) from coupon_dispute"), 3);
        assert_int_equal(number(&t, "select count(*) from coupon_dispute where reason = 'used' and"
                                    " tenant = 2"),
                         1);
        s = settle(&t); /* each is looked at once */
        assert_int_equal(s.events, 0);
        assert_ok(event_fold(t.writer, 0, &err));
        settle(&t);
        assert_int_equal(number(&t, "select count(*) from coupon_dispute"), 3);
        assert_string_equal(redeem(&t, b.code, 1, 50000, october(3, 12), NULL), "");
        arena_free(arena);
        mall_end(&t);
    }
}

/* ---- People ---- */

static void test_link_and_erase(void **state)
{
    (void)state;
    struct temp_mall t = mall_new();
    struct arena *arena = arena_new();
    struct coupon a = issue(&t, &any, 2, october(2, 12)), b = issue(&t, &any, 2, october(2, 12));
    struct link_request request = {1, 2, "same payment", 1, false};
    struct link_result link;
    struct erasure erasure;
    assert_ok(member_link(t.writer, &admin, &request, &link, &err));
    assert_int_equal(number(&t, "select count(*) from coupon where person = 1"), 2);
    assert_string_equal(redeem(&t, a.code, 1, 3000, october(3, 12), "R1"), "");
    assert_ok(member_unlink(t.writer, &admin, link.id, "was wrong", &link, &err));
    assert_int_equal(number(&t, "select count(*) from coupon where person = 2"), 2);
    assert_int_equal(number(&t, "select count(*) from coupon where state = 3"), 1);
    assert_ok(member_erase(t.writer, &admin, 2, "asked for it", arena, &erasure, &err));
    assert_int_equal(number(&t, "select count(*) from coupon where person = 2"), 0);
    assert_int_equal(number(&t, "select count(*) from coupon"), 2);
    assert_string_equal(redeem(&t, b.code, 1, 3000, october(3, 12), "R2"), "");
    arena_free(arena);
    mall_end(&t);
}

static void test_lists(void **state)
{
    (void)state;
    struct temp_mall t = mall_new();
    struct arena *arena = arena_new();
    const struct coupon_sums *sums;
    struct coupon_sums all;
    const struct coupon *coupons;
    struct sheet *sheet;
    size_t n;
    struct coupon a = issue(&t, &any, 1, october(2, 12));
    issue(&t, &stack, 2, october(2, 12));
    issue(&t, &any, 0, october(2, 12));
    assert_string_equal(redeem(&t, a.code, 1, 3000, october(3, 12), "R1"), "");
    assert_ok(coupon_sums_read(t.reader, &admin, arena, &sums, &n, &all, &err));
    assert_int_equal(n, 2);
    assert_string_equal(sums[0].code, "stack");
    assert_int_equal(all.issued, 3);
    for (size_t i = 0; i < n; i++) {
        const int64_t counts[COUPONS_WHATS] = {sums[i].issued,  sums[i].claimed, sums[i].redeemed,
                                               sums[i].expired, sums[i].voided,  sums[i].open};
        for (int what = 0; what < COUPONS_WHATS; what++) {
            struct coupon_query query = {.campaign = sums[i].campaign,
                                         .what = (enum coupon_what)what};
            assert_ok(coupon_list(t.reader, &admin, &query, arena, &sheet, &coupons, &err));
            assert_int_equal(sheet->n_rows, counts[what]);
        }
    }
    struct access operator= test_access(ACCESS_OPERATOR), analyst = test_access(ACCESS_ANALYST);
    struct coupon_query mine = {.person = 1};
    assert_ok(coupon_list(t.reader, &operator, & mine, arena, &sheet, NULL, &err));
    const struct cell *cells = sheet_row(sheet, 0);
    assert_string_equal(cells[COUPON_COLUMN_CODE].text, coupon_code_print(arena, a.code));
    assert_string_not_equal(cells[COUPON_COLUMN_NAME].text, "Wang");
    assert_ok(coupon_list(t.reader, &analyst, &mine, arena, &sheet, NULL, &err));
    assert_string_equal(sheet_row(sheet, 0)[COUPON_COLUMN_CODE].text,
                        coupon_code_mask(arena, a.code));
    arena_free(arena);
    mall_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_single_error),
        cmocka_unit_test(test_every_transposition),
        cmocka_unit_test(test_codes_differ),
        cmocka_unit_test(test_forgiving_reader),
        cmocka_unit_test(test_misspelt),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_stock_and_budget),
        cmocka_unit_test(test_issue_by_reference),
        cmocka_unit_test(test_stacking),
        cmocka_unit_test(test_claim_void_expire),
        cmocka_unit_test(test_import),
        cmocka_unit_test(test_settle),
        cmocka_unit_test(test_link_and_erase),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
