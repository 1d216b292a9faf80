#include "tests/support/plain.h"
#include "tui/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TODAY = 17440 }; /* 2017-10-01 */

/* --- Fields --- */

static void parses(const struct field *field, const char *typed, const char *expected)
{
    const char *sentence = NULL;
    char *value = field_parse(field, typed, TODAY, &sentence);

    if (expected) {
        assert_null(sentence);
        assert_string_equal(value, expected);
    } else {
        assert_null(value);
        assert_non_null(sentence);
    }
    free(value);
}

static const struct field_choice kinds[] = {
    {"coupon", "Coupon"}, {"points-cash", "积分抵现"}, {NULL, NULL}};
static const struct field_choice days[] = {
    {"mon", NULL}, {"tue", NULL}, {"fri", NULL}, {NULL, NULL}};

static void test_types(void **state)
{
    const struct field number = {.type = FIELD_NUMBER, .min = 1, .max = 5000};
    const struct field money = {.type = FIELD_MONEY};
    const struct field text = {.type = FIELD_TEXT, .max = 4, .flags = FIELD_REQUIRED};
    const struct field choice = {.type = FIELD_CHOICE, .choices = kinds};
    const struct field flags = {.type = FIELD_FLAGS, .choices = days};
    const struct field date = {.type = FIELD_DATE};
    const struct field time = {.type = FIELD_TIME};
    const struct field duration = {.type = FIELD_DURATION, .max = 30 * 86400};

    (void)state;
    parses(&number, " 1,200 ", "1200");
    parses(&number, "0", NULL);
    parses(&number, "5001", NULL);
    parses(&number, "12.5", NULL);
    parses(&number, "99999999999999999999", NULL);
    parses(&number, "", "");
    parses(&money, "12", "12.00");
    parses(&money, "-1,234.5", "-1234.50");
    parses(&money, "12.345", NULL);
    parses(&money, "-", NULL);
    parses(&text, "王小明", "王小明");
    parses(&text, "王小明王小", NULL);
    parses(&text, "  ", NULL);
    parses(&choice, "COUPON", "coupon");
    parses(&choice, "积分抵现", "points-cash");
    parses(&choice, "other", NULL);
    parses(&flags, "fri, mon", "mon fri");
    parses(&flags, "fri sun", NULL);
    parses(&date, "2017-10-31", "2017-10-31");
    parses(&date, "today", "2017-10-01");
    parses(&date, "-7", "2017-09-24");
    parses(&date, "10-08", "2017-10-08");
    parses(&date, "2017-02-29", NULL);
    parses(&date, "2016-02-29", "2016-02-29");
    parses(&time, "2017-10-01 09:30", "2017-10-01 09:30");
    parses(&time, "9:05", "2017-10-01 09:05");
    parses(&time, "2017-10-01 24:00", NULL);
    parses(&duration, "90m", "1h 30m");
    parses(&duration, "2w", "14d");
    parses(&duration, "31d", NULL);
    parses(&duration, "5", NULL);
}

static void test_numbers(void **state)
{
    const struct field money = {.type = FIELD_MONEY}, duration = {.type = FIELD_DURATION};
    const struct field date = {.type = FIELD_DATE}, time = {.type = FIELD_TIME};
    int64_t value;

    (void)state;
    assert_true(field_number(&money, "12.50", &value));
    assert_int_equal(value, 1250);
    assert_true(field_number(&duration, "1h 30m", &value));
    assert_int_equal(value, 5400);
    assert_true(field_number(&date, "2017-10-01", &value));
    assert_int_equal(value, TODAY);
    assert_true(field_number(&time, "1970-01-02 00:01", &value));
    assert_int_equal(value, 86460);
    assert_false(field_number(&money, "", &value));
}

/* --- A form --- */

static const char *check_name(void *context, const struct form *form, const char *value)
{
    (void)context;
    (void)form;
    return strstr(value, "taken") ? "This name is taken" : NULL;
}

static const char *check_to(void *context, const struct form *form, const char *value)
{
    (void)context;
    return strcmp(value, form_value(form, "from")) < 0 ? "Ends before it starts" : NULL;
}

static const struct field first[] = {
    {.name = "name",
     .label = "Name",
     .hint = "as people read it",
     .type = FIELD_TEXT,
     .flags = FIELD_REQUIRED,
     .check = check_name},
    {.name = "kind", .label = "种类", .type = FIELD_CHOICE, .choices = kinds, .value = "coupon"},
    {.name = "id", .label = "Number", .type = FIELD_NUMBER, .flags = FIELD_READ_ONLY, .value = "7"},
    {.name = "days", .label = "Weekdays", .type = FIELD_FLAGS, .choices = days, .value = "fri tue"},
};
static const struct field second[] = {
    {.name = "from", .label = "From", .type = FIELD_DATE, .value = "2017-10-01"},
    {.name = "to", .label = "To", .type = FIELD_DATE, .check = check_to},
    {.name = "message", .label = "Message", .type = FIELD_LINES},
};
static const struct form_page pages[] = {{"What", first, 4}, {"When", second, 3}};

static int sent, left;

static void on_done(void *context, struct form *form, bool accepted)
{
    (void)context;
    (void)form;
    *(accepted ? &sent : &left) += 1;
}

static struct form *form_start(void)
{
    sent = left = 0;
    return form_new(&(struct form_options){.title = "活动 campaign",
                                           .pages = pages,
                                           .n_pages = 2,
                                           .review = true,
                                           .today = TODAY,
                                           .done = on_done});
}

static void draw(void *context, struct area area)
{
    form_draw(context, area);
}

static void type(struct form *form, const char *text)
{
    while (*text) {
        int32_t rune;

        text += rune_next(text, text + strlen(text), &rune);
        assert_true(form_key(form, (uint32_t)rune));
    }
}

static void test_form(void **state)
{
    struct form *form = form_start();
    int row, col;

    (void)state;
    plain_start(14, 70, false);
    plain_frame(draw, form);
    assert_true(plain_has("活动 campaign"));
    assert_true(plain_has("1 of 3 · What"));
    assert_true(plain_has("Name *"));
    assert_true(plain_has("as people read it"));
    assert_false(plain_has("This is needed")); /* not before it was left */
    assert_string_equal(form_value(form, "days"), "tue fri");
    type(form, "taken 金");
    plain_frame(draw, form);
    assert_true(plain_has("This name is taken")); /* as typed */
    for (int i = 0; i < 7; i++)
        form_key(form, KEYS_BACKSPACE);
    type(form, "国庆");
    assert_string_equal(form_value(form, "name"), "国庆");
    assert_null(form_error(form, "name"));
    plain_frame(draw, form);
    assert_true(plain_cursor(&row, &col));
    assert_true(form_changed(form));
    form_key(form, KEYS_TAB);
    assert_string_equal(form_field(form), "kind");
    form_key(form, KEYS_RIGHT);
    assert_string_equal(form_value(form, "kind"), "points-cash");
    form_key(form, KEYS_DOWN); /* the read-only field is passed over */
    assert_string_equal(form_field(form), "days");
    form_free(form);
    plain_end();
}

static void test_form_choices(void **state)
{
    struct form *form = form_start();

    (void)state;
    plain_start(16, 70, false);
    form_key(form, KEYS_DOWN);
    form_key(form, KEYS_DOWN);
    form_key(form, ' '); /* opens the list of weekdays */
    plain_frame(draw, form);
    assert_true(plain_has("[x] tue"));
    assert_true(plain_has("[ ] mon"));
    form_key(form, ' ');
    form_key(form, KEYS_ENTER);
    assert_string_equal(form_value(form, "days"), "mon tue fri");
    assert_true(form_flag(form, "days", "mon"));
    assert_false(form_flag(form, "days", "mo"));
    form_key(form, KEYS_UP);
    assert_string_equal(form_field(form), "kind");
    form_action(form, FORM_CHOOSE);
    form_key(form, KEYS_DOWN);
    form_key(form, KEYS_ENTER);
    assert_string_equal(form_value(form, "kind"), "points-cash");
    form_free(form);
    plain_end();
}

static void test_form_sent(void **state)
{
    struct form *form = form_start();

    (void)state;
    plain_start(12, 40, true);
    form_action(form, FORM_SEND); /* a name is needed */
    assert_int_equal(sent, 0);
    assert_string_equal(form_field(form), "name");
    plain_frame(draw, form);
    assert_true(plain_has("This is needed"));
    type(form, "Points day");
    form_action(form, FORM_PAGE_NEXT);
    assert_int_equal(form_page_number(form), 1);
    assert_string_equal(form_field(form), "from");
    form_key(form, KEYS_ENTER);
    type(form, "2017-09-30");
    assert_string_equal(form_error(form, "to"), "Ends before it starts");
    form_key(form, KEYS_CTRL | 'u');
    type(form, "10-31");
    form_key(form, KEYS_TAB);
    assert_string_equal(form_value(form, "to"), "2017-10-31");
    type(form, "一行");
    form_key(form, KEYS_ENTER);
    type(form, "two");
    assert_string_equal(form_value(form, "message"), "一行\ntwo");
    form_key(form, KEYS_HOME);
    form_key(form, KEYS_BACKSPACE);
    assert_string_equal(form_value(form, "message"), "一行two");
    plain_frame(draw, form);
    form_action(form, FORM_SEND);
    assert_int_equal(form_page_number(form), 2); /* the review */
    assert_int_equal(sent, 0);
    plain_frame(draw, form);
    assert_true(plain_has("Points day"));
    assert_true(plain_has("Coupon"));
    form_key(form, KEYS_ENTER);
    assert_int_equal(sent, 1);
    assert_false(form_key(form, 'x'));
    form_refuse(form, "name", "Somebody has it"); /* the program says no: the form goes on */
    assert_string_equal(form_error(form, "name"), "Somebody has it");
    assert_string_equal(form_field(form), "name");
    type(form, "2");
    assert_null(form_error(form, "name"));
    form_key(form, KEYS_ESC);
    assert_int_equal(left, 1);
    form_free(form);
    plain_end();
}

static void test_form_every_size(void **state)
{
    struct form *form = form_start();

    (void)state;
    for (int rows = 1; rows < 30; rows += 2)
        for (int cols = 1; cols < 110; cols += 4) {
            plain_start(rows, cols, cols % 3 == 0);
            plain_frame(draw, form);
            form_key(form, cols % 5 ? KEYS_TAB : KEYS_PAGE_UP);
        }
    /* On a telephone the field with the cursor is always on the screen. */
    plain_start(12, 40, false);
    form_action(form, FORM_PAGE_BACK);
    form_action(form, FORM_PAGE_BACK);
    for (int i = 0; i < 7; i++) {
        int row, col;

        plain_frame(draw, form);
        if (form_field(form))
            assert_true(plain_cursor(&row, &col));
        form_key(form, KEYS_TAB);
    }
    form_free(form);
    plain_end();
}

static void test_form_anything(void **state)
{
    static const uint32_t keys[] = {KEYS_ENTER,
                                    KEYS_TAB,
                                    KEYS_BACK_TAB,
                                    KEYS_BACKSPACE,
                                    KEYS_DOWN,
                                    KEYS_UP,
                                    KEYS_LEFT,
                                    KEYS_RIGHT,
                                    KEYS_HOME,
                                    KEYS_F4,
                                    KEYS_PAGE_DOWN,
                                    KEYS_PAGE_UP,
                                    ' ',
                                    '1',
                                    'x',
                                    '-',
                                    0x738b,
                                    KEYS_DELETE,
                                    KEYS_ESC,
                                    KEYS_CTRL | 's'};
    struct form *form = form_start();
    unsigned seed = 7;

    (void)state;
    plain_start(12, 40, false);
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1103515245u + 12345u;
        if (!form_key(form, keys[(seed >> 16) % (sizeof keys / sizeof *keys)]) && sent + left) {
            form_free(form); /* it was sent or left: another one */
            form = form_start();
        }
        if (i % 5 == 0)
            plain_frame(draw, form);
        if (i % 50 == 0)
            form_paste(form, "粘贴\nof several\nlines");
    }
    form_free(form);
    plain_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),         cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_form),          cmocka_unit_test(test_form_choices),
        cmocka_unit_test(test_form_sent),     cmocka_unit_test(test_form_every_size),
        cmocka_unit_test(test_form_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
