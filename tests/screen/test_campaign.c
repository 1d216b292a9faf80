/* The screens of campaigns by hand: a campaign set up in the form, with what it comes to counted
 * while it is written; its way through the states with what is asked before; figures that open into
 * lists of as many people; the calendar. */
#include "model/campaign/plan.h"
#include "model/people/profile.h"
#include "tests/support/people.h"
#include "tests/support/screen_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MEMBERS = 60 };

static struct error err;
static struct temp_mall temp;

static void members_fill(void)
{
    static struct test_member members[MEMBERS];
    static char cards[MEMBERS][16], names[MEMBERS][16];
    for (int i = 0; i < MEMBERS; i++) {
        snprintf(cards[i], sizeof cards[i], "M%04d", i + 1);
        snprintf(names[i], sizeof names[i], "N%d", i + 1);
        members[i] = (struct test_member){.person = (uint32_t)i + 1,
                                          .card = cards[i],
                                          .name = names[i],
                                          .tier = "gold",
                                          .gender = i % 3 ? "f" : "m"};
    }
    test_members_add(&temp, members, MEMBERS);
    test_run(&temp, "update member set app = person % 2, consent_app = person % 4 < 2,"
                    " birth = 7000 + person * 30");
    assert_ok(profile_fold(temp.writer, &err));
}

static int mall_make(void **state)
{
    (void)state;
    temp = temp_mall_new();
    screen_test_begin(&temp, 1508400000); /* 2017-10-19 16:00 in Shanghai, a Thursday */
    members_fill();
    return 0;
}

static int mall_remove(void **state)
{
    (void)state;
    temp_mall_free(&temp);
    return 0;
}

static struct campaign found(const char *code)
{
    static struct arena *arena;
    const struct campaign *campaign;
    arena_free(arena);
    arena = arena_new();
    assert_ok(campaign_find(temp.reader, arena, code, &campaign, &err));
    assert_non_null(campaign);
    return *campaign;
}

/* ---- Setting up ---- */

static void test_form(void **state)
{
    (void)state;
    open_console(30, 100);
    vt_keys(vt, "C");
    see("There is no campaign yet.");
    vt_keys(vt, "n");
    see("1 of 9");
    vt_type(vt, "Autumn");
    vt_keys(vt, "PgDn");
    vt_type(vt, "tier=gold and gendr=f");
    see("found 'gendr'");
    vt_keys(vt, "BackSpace BackSpace BackSpace BackSpace BackSpace BackSpace BackSpace");
    vt_type(vt, "gender=f");
    see("40 people");
    see("100 % women");
    vt_keys(vt, "PgDn PgDn");
    vt_type(vt, "50");
    vt_keys(vt, "PgDn");
    vt_type(vt, "app fax");
    see("expected pos, app, sms, wifi, screen or staff");
    vt_keys(vt, "BackSpace BackSpace BackSpace");
    vt_type(vt, "pos");
    vt_keys(vt, "Tab");
    vt_type(vt, "Hello {name}");
    vt_keys(vt, "PgDn PgDn PgDn");
    vt_type(vt, "1000");
    vt_keys(vt, "PgDn");
    see("9 of 9");
    see("costs 1,000.00 CNY at most");
    vt_keys(vt, "Ctrl-s");
    see("Campaign Autumn");
    see("draft");
    struct campaign c = found("autumn");
    assert_int_equal(c.state, STATE_DRAFT);
    assert_int_equal(c.offer.value, 5000);
    assert_int_equal(c.limits.budget, 100000);
    assert_int_equal(c.n_contacts, 2);
    assert_string_equal(c.audience, "tier=gold and gender=f");
}

/* ---- The way through the states ---- */

static void test_states(void **state)
{
    (void)state;
    char number[16];
    struct arena *arena = arena_new();
    struct campaign_plan plan;
    struct campaign c = found("autumn");
    assert_ok(campaign_plan_make(temp.reader, arena, NULL, &c, &plan, &err));
    open_console(30, 100);
    vt_keys(vt, "C Enter a Enter");
    see("Submit for review");
    vt_keys(vt, "y");
    see("'autumn' is in review");
    vt_keys(vt, "a Enter y");
    see("nobody approves their own work");
    struct access boss = test_access(ACCESS_MANAGER);
    snprintf(boss.principal, sizeof boss.principal, "boss");
    assert_ok(campaign_move(temp.writer, &boss, "autumn", VERB_APPROVE, NULL, NULL, &err));
    vt_keys(vt, "Ctrl-r");
    see("approved by boss");
    /* What cannot be taken back asks for the number of people. */
    vt_keys(vt, "a Enter");
    snprintf(number, sizeof number, "%u people", plan.treated);
    see(number);
    vt_type(vt, "1");
    vt_keys(vt, "Enter");
    assert_int_equal(found("autumn").state, STATE_APPROVED);
    vt_keys(vt, "Esc a Enter");
    snprintf(number, sizeof number, "%u", plan.treated);
    vt_type(vt, number);
    vt_keys(vt, "Enter");
    see("'autumn' is running");
    assert_int_equal(found("autumn").state, STATE_RUNNING);
    arena_free(arena);
}

/* ---- Figures and lists ---- */

static void test_figures_open(void **state)
{
    (void)state;
    static const char *const figures[] = {"held out", "treated", "app ", "pos "};
    open_console(30, 100);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        char people[32];
        long n = -1;
        vt_keys(vt, "C Enter");
        for (int moves = 0; moves < 30 && n < 0; moves++, vt_keys(vt, "Down")) {
            int row, col;
            if (!vt_cursor(vt, &row, &col) || !strstr(vt_row(vt, row), figures[i]))
                continue;
            const char *text = vt_row(vt, row), *first = strstr(text, ", ");
            n = strtol(first && strstr(text, "reaches") ? first + 2 : text, NULL, 10);
            vt_keys(vt, "Enter");
            break;
        }
        assert_true(n >= 0);
        snprintf(people, sizeof people, "%ld people", n);
        see(people);
    }
}

/* ---- The calendar ---- */

static void test_calendar(void **state)
{
    (void)state;
    test_run(&temp, "update campaign set from_day = 17458, to_day = 17459 where code = 'autumn'");
    open_console(30, 100);
    vt_keys(vt, "D");
    see("2017-10-19");
    see("Autumn · running");
    vt_keys(vt, "Right Right");
    see("2017-10-21  nothing is on");
    vt_keys(vt, "Left Enter");
    see("Campaign Autumn");
    vt_keys(vt, "Esc PgDn");
    see("2017-11");
    vt_keys(vt, "Tab");
    see("Women's Day");
    vt_keys(vt, "n");
    see("Set up a campaign");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_form, screen_test_close),
        cmocka_unit_test_teardown(test_states, screen_test_close),
        cmocka_unit_test_teardown(test_figures_open, screen_test_close),
        cmocka_unit_test_teardown(test_calendar, screen_test_close),
    };
    return cmocka_run_group_tests(tests, mall_make, mall_remove);
}
