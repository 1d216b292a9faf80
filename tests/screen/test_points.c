/* The screens of points, at three sizes and in two languages, on a small mall: golden screens, and
 * what is done by hand on them. */
#include "model/campaign/ledger.h"
#include "tests/support/people.h"
#include "tests/support/screen_test.h"
#include "views/screens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PEOPLE = 6, MONTHS = 20 };
static const int64_t now = 1508400000; /* 2017-10-19 16:00 in Shanghai, a Thursday */

static struct error err;

/* ---- The mall ---- */

static void post(struct temp_mall *t, enum points_act act, uint32_t person, int64_t points,
                 int64_t time, const char *ref)
{
    struct access access = test_access(ACCESS_ADMIN);
    struct points_posted posted;
    struct points_entry entry = {
        .act = act, .person = person, .points = points, .time = time, .tenant = 1, .ref = ref};
    assert_ok(points_post(t->writer, &access, &entry, &posted, &err));
}

static void mall_fill(struct temp_mall *t)
{
    struct access access = test_access(ACCESS_ADMIN);
    struct points_posted posted;
    for (uint32_t p = 1; p <= PEOPLE; p++) {
        char card[16];
        snprintf(card, sizeof card, "M%04u", p);
        struct test_member member = {p, card, p % 2 ? "Wang Xiaoming" : "李小红", "", "", "", 0};
        test_members_add(t, &member, 1);
    }
    test_run(t, "insert into tenant (id, code, name, smart_pos) values (1, 'T001', 'Uniqlo', 1);"
                "insert into campaign (id, code, name, kind) values (1, 'october', 'October', '');"
                "insert into points_terms (since, months) values ('2015-01-01', 12);"
                "insert into points_rule (name, per_yuan) values ('base', 100);"
                "insert into points_rule (name, per_yuan, factor, weekdays, shops) values"
                " ('Tuesdays', 0, 200, 2, 'smart_pos')");
    for (int m = 0; m < MONTHS; m++)
        for (uint32_t p = 1; p <= PEOPLE; p++) {
            char ref[32];
            int64_t time = now - (int64_t)(MONTHS - m) * 30 * 86400 + p * 3600;
            snprintf(ref, sizeof ref, "R%d-%u", m, p);
            post(t, POINTS_EARN, p, 100 * (1 + (m * 7 + (int)p) % 5), time, ref);
            if ((m + (int)p) % 3 == 0)
                post(t, POINTS_BURN, p, 120, time + 60, ref);
        }
    struct points_hold hold = {.person = 1, .points = 50, .expires = now + 3600, .ref = "H"};
    assert_ok(points_reserve(t->writer, &access, &hold, &posted, &err));
    struct event burn = {.time = now - 40 * 86400,
                         .person = 2,
                         .kind = KIND_POINTS_BURN,
                         .amount = 90,
                         .campaign = 1,
                         .ref = "imported",
                         .ref_size = 8};
    assert_ok(writer_begin(t->writer, &err));
    assert_ok(event_append(t->writer, &burn, 1, NULL, NULL, &err));
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
    {"mall", "E"},
    {"holders", "E Enter"},
    {"rules", "E r"},
    {"rule", "E r Enter"},
    {"terms", "E r m"},
    {"member", "6 Down Enter l"},
    {"burn", "6 Down Enter l b 5 0 0 0"},
    {"reverse", "6 Down Enter l Down Down R 5 0 0"},
    {"review", "6 Down Enter l e 5 Tab Tab Tab t e a PgDn"},
};

static void screens_in_english(void **state)
{
    (void)state;
    golden_screens("points", places, sizeof places / sizeof *places, "en");
}

static void screens_in_chinese(void **state)
{
    (void)state;
    golden_screens("points", places, sizeof places / sizeof *places, "zh_CN");
}

/* ---- By hand ---- */

static int64_t balance_of(uint32_t person)
{
    struct mall *mall;
    struct reader *reader;
    struct points_account account;
    struct arena *arena = arena_new();
    assert_ok(mall_open(mall_path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_ok(points_account(reader, arena, person, INT64_MAX, &account, &err));
    reader_close(reader);
    mall_close(mall);
    arena_free(arena);
    return account.sums.balance;
}

static void entries_by_hand(void **state)
{
    (void)state;
    int64_t before = balance_of(2);
    open_console(30, 100);
    vt_keys(vt, "6 Down Enter l e 7 Tab Tab Tab");
    vt_type(vt, "a gift");
    vt_keys(vt, "PgDn");
    assert_true(vt_shows(vt, "a gift"));
    assert_int_equal(balance_of(2), before); /* nothing before it is sent */
    vt_keys(vt, "Ctrl-s");
    assert_true(vt_shows(vt, "is posted"));
    assert_int_equal(balance_of(2), before + 7);
    vt_keys(vt, "b 9 9 9 9 9");
    assert_true(vt_shows(vt, "it would be refused"));
    vt_keys(vt, "Esc");
    close_console();
}

static int row_of(const char *text)
{
    for (int row = 0; row < 30; row++)
        if (strstr(vt_row(vt, row), text))
            return row;
    print_error("no row has %s:\n%s\n", text, vt_text(vt));
    fail();
    return -1;
}

/* A click goes to a field, and typing then is that field's. */
static void form_by_mouse(void **state)
{
    (void)state;
    open_console(30, 100);
    vt_keys(vt, "6 Down Enter l e 7");
    vt_click(vt, row_of(" reason"), 20, 1);
    vt_type(vt, "a gift");
    vt_click(vt, row_of(" points *"), 20, 1);
    vt_type(vt, "5");
    assert_non_null(strstr(vt_row(vt, row_of(" reason")), "a gift"));
    assert_non_null(strstr(vt_row(vt, row_of(" points *")), "75"));
    vt_keys(vt, "Esc");
    close_console();
}

static void rules_by_hand(void **state)
{
    (void)state;
    open_console(30, 100);
    vt_keys(vt, "E r a");
    vt_type(vt, "gold");
    vt_keys(vt, "Tab Tab Tab Tab");
    vt_type(vt, "gold");
    vt_keys(vt, "PgDn Ctrl-s");
    assert_true(vt_shows(vt, "of 4 rules"));
    vt_keys(vt, "u");
    assert_true(vt_shows(vt, "of 3 rules"));
    close_console();
}

/* What cannot be undone asks for the number it is about. */
static void expiring_by_hand(void **state)
{
    (void)state;
    open_console(30, 100);
    vt_keys(vt, "E X");
    assert_true(vt_shows(vt, "past their time"));
    vt_keys(vt, "1 Enter");
    assert_true(vt_shows(vt, "Type the number"));
    vt_keys(vt, "Esc");
    close_console();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(screens_in_english, screen_test_close),
        cmocka_unit_test_teardown(screens_in_chinese, screen_test_close),
        cmocka_unit_test_teardown(expiring_by_hand, screen_test_close),
        cmocka_unit_test_teardown(entries_by_hand, screen_test_close),
        cmocka_unit_test_teardown(form_by_mouse, screen_test_close),
        cmocka_unit_test_teardown(rules_by_hand, screen_test_close),
    };
    return cmocka_run_group_tests(tests, mall_make, screen_test_end);
}
