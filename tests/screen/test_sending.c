/* The screens of sending - tasks, and what became of each message - on a mall of its own, at three
 * sizes and in two languages; counts that open into as many people; keys that move a task. */
#include "model/campaign/task.h"
#include "tests/support/people.h"
#include "tests/support/screen_test.h"
#include "tests/support/sending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PEOPLE = 60 };
static const int64_t now = 1710468000; /* 2024-03-15 10:00 in Shanghai */

static struct temp_mall mall;

/* ---- A mall with two campaigns that were sent ---- */

static enum outcome some_fail(void *context, const struct outgoing *out)
{
    (void)context;
    return out->person % 10 == 3   ? OUTCOME_REFUSED
           : out->person % 10 == 7 ? OUTCOME_UNKNOWN
                                   : OUTCOME_SENT;
}

static int mall_make(void **state)
{
    struct fake_contact sms = {.answer = some_fail};
    struct contact_lines lines = fake_lines(NULL, &sms);
    (void)state;
    clock_set(now);
    mall = temp_mall_new();
    screen_test_begin(&mall, 0);
    sending_members(&mall, PEOPLE);
    test_run(&mall, "update member set name = '王小明', tier = 'silver' where person % 4 = 1");
    test_run(&mall, "update member set consent_sms = 0 where person % 5 = 0");
    test_run(&mall, "insert into consent (person, contact, given, time, source, actor) select"
                    " person, 'sms', 0, 1, 'sms reply', 'x' from member where person % 10 = 0");
    sending_campaign(&mall, "[campaign]\nname = Spring letter\nkind = popular\naudience = member\n"
                            "holdout = 10%\n[schedule]\nto = 2024-03-31\n[contacts]\norder = sms "
                            "pos\nmessage = {name}, spring is here.\n");
    sending_campaign(
        &mall, "[campaign]\nname = Calls\nkind = popular\naudience = member\nholdout = 50%\n"
               "[schedule]\nto = 2024-03-31\n[contacts]\norder = staff\nmessage = Call {name} "
               "({tier}) and ask how the visit was\n");
    sending_campaign(&mall,
                     "[campaign]\nname = News\nkind = popular\naudience = member\nholdout = 20%\n"
                     "[schedule]\nto = 2024-03-31\n[contacts]\norder = sms\nmessage = News, "
                     "{name}\n[limits]\nper_person = 2/7d\n");
    sending_step(&mall, &lines);
    fake_contact_free(&sms);
    return 0;
}

static int mall_remove(void **state)
{
    (void)state;
    temp_mall_free(&mall);
    return 0;
}

/* ---- The console ---- */

static void screen_open(const char *name, const char *argument)
{
    console_open(console, name, argument);
    vt_settle(vt);
    console_redraw(console);
    vt_settle(vt);
}

/* ---- Golden screens ---- */

static const struct screen_place places[] = {
    {"tasks", .view = "tasks", .argument = ""},
    {"outgoing", .view = "outgoing", .argument = ""},
    {"outgoing-one", .view = "outgoing", .argument = "spring-letter"},
};

static void test_golden_en(void **state)
{
    (void)state;
    golden_screens("sending", places, sizeof places / sizeof *places, "en");
}

static void test_golden_zh(void **state)
{
    (void)state;
    golden_screens("sending", places, sizeof places / sizeof *places, "zh_CN");
}

/* ---- Counts and lists ---- */

static int64_t ask(const char *sql)
{
    struct error err = {0};
    int64_t n;
    assert_ok(reader_integer(mall.reader, sql, -1, &n, &err));
    return n;
}

static void test_counts_open(void **state)
{
    char shows[100];
    (void)state;
    open_console(24, 100);
    screen_open("outgoing", "spring-letter");
    vt_keys(vt, "Enter"); /* by POS, for whom the SMS did not hold */
    vt_settle(vt);
    snprintf(shows, sizeof shows, "%lld people",
             (long long)ask("select count(*) from message where contact = 1 and state = 3"));
    assert_true(vt_shows(vt, shows));
    vt_keys(vt, "Esc End Enter");
    vt_settle(vt);
    snprintf(shows, sizeof shows, "%lld people",
             (long long)ask("select count(*) from message where campaign = (select id from campaign"
                            " where code = 'spring-letter') and contact = 3 and state = 5"));
    assert_true(vt_shows(vt, shows));
}

/* Screens never show what a task's text says of a person to who may not see it. */
static void test_masked(void **state)
{
    struct error err = {0};
    struct arena *arena = arena_new();
    struct task_list tasks;
    struct task_query query = {0};
    struct access access = test_access(ACCESS_OPERATOR);
    (void)state;
    assert_ok(task_list(mall.reader, &access, arena, &query, &tasks, &err));
    assert_true(tasks.sheet->n_rows > 10);
    for (size_t i = 0; i < tasks.sheet->n_rows; i++) {
        const struct cell *cells = sheet_row(tasks.sheet, i);
        assert_null(strstr(cells[TASK_TEXT].text, "王小明"));
        assert_null(strstr(cells[TASK_TEXT].text, "Person"));
        assert_non_null(strstr(cells[TASK_TEXT].text, cell_string(&cells[TASK_NAME])));
    }
    access = test_access(ACCESS_TECHNICIAN);
    assert_int_equal(task_list(mall.reader, &access, arena, &query, &tasks, &err), ST_DENIED);
    error_clear(&err);
    arena_free(arena);
}

static void test_task_moves(void **state)
{
    (void)state;
    open_console(24, 100);
    screen_open("tasks", "");
    int64_t open = ask("select count(*) from task where state = 'open'");
    vt_keys(vt, "a");
    vt_settle(vt);
    assert_true(vt_shows(vt, "taken; u undoes it"));
    assert_int_equal(ask("select count(*) from task where state = 'taken'"), 1);
    vt_keys(vt, "u");
    vt_settle(vt);
    assert_int_equal(ask("select count(*) from task where state = 'taken'"), 0);
    vt_keys(vt, "d c a l l e d Enter");
    vt_settle(vt);
    assert_int_equal(ask("select count(*) from task where state = 'done' and note = 'called'"), 1);
    vt_keys(vt, "n Enter"); /* without saying why it stays */
    vt_settle(vt);
    assert_int_equal(ask("select count(*) from task where state = 'dropped'"), 0);
    vt_keys(vt, "a w a y Enter");
    vt_settle(vt);
    assert_int_equal(ask("select count(*) from task where state = 'dropped' and note = 'away'"), 1);
    assert_int_equal(ask("select count(*) from task where state = 'open'"), open - 2);
    vt_keys(vt, "o");
    vt_settle(vt);
    assert_true(vt_shows(vt, "closed ones too"));
    test_run(&mall, "update task set state = 'open', actor = '', note = ''");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_golden_en, screen_test_close),
        cmocka_unit_test_teardown(test_golden_zh, screen_test_close),
        cmocka_unit_test_teardown(test_counts_open, screen_test_close),
        cmocka_unit_test(test_masked),
        cmocka_unit_test_teardown(test_task_moves, screen_test_close),
    };
    return cmocka_run_group_tests(tests, mall_make, mall_remove);
}
