#include "tests/support/plain.h"
#include "tui/buffer.h"
#include "tui/dialog.h"
#include "tui/form.h"
#include "tui/layout.h"
#include "tui/picker.h"

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

/* --- Dialogs --- */

static int accepted, refused;

static void on_answer(void *context, struct dialog *dialog, bool yes)
{
    (void)context;
    (void)dialog;
    *(yes ? &accepted : &refused) += 1;
}

static void draw_dialog(void *context, struct area area)
{
    dialog_draw(context, area);
}

static struct dialog *fresh(struct dialog *dialog)
{
    accepted = refused = 0;
    return dialog;
}

static void test_confirm(void **state)
{
    struct dialog *dialog =
        fresh(dialog_confirm("归档", "Archive 3 labels?", "Archive", on_answer, NULL));

    (void)state;
    plain_start(12, 40, false);
    plain_frame(draw_dialog, dialog);
    assert_true(plain_has("归档"));
    assert_true(plain_has("Archive 3 labels?"));
    dialog_key(dialog, KEYS_ENTER); /* starts on No */
    assert_int_equal(refused, 1);
    assert_false(dialog_open(dialog));
    assert_false(dialog_key(dialog, 'y'));
    dialog_free(dialog);
    dialog = fresh(dialog_confirm("", "Again?", NULL, on_answer, NULL));
    dialog_key(dialog, KEYS_TAB);
    dialog_key(dialog, KEYS_ENTER);
    assert_int_equal(accepted, 1);
    dialog_free(dialog);
    plain_end();
}

static void test_no_single_key_destroys(void **state)
{
    (void)state;
    for (uint32_t key = 1; key < KEYS_END_OF_KEYS; key = key == 0x2ff ? KEYS_BASE : key + 1) {
        struct dialog *dialog = fresh(
            dialog_confirm_number("Reboot", "Reboots 14 POS terminals.", 14, on_answer, NULL));

        dialog_key(dialog, key);
        dialog_key(dialog, KEYS_ENTER);
        assert_int_equal(accepted, 0);
        dialog_free(dialog);
    }
}

static void test_confirm_number(void **state)
{
    struct dialog *dialog = fresh(dialog_confirm_number(
        "Reboot", "Reboots 1,400 POS terminals on floor 2.", 1400, on_answer, NULL));

    (void)state;
    plain_start(12, 40, false);
    dialog_paste(dialog, "1400"); /* a paste proves nothing */
    dialog_key(dialog, KEYS_ENTER);
    assert_int_equal(accepted, 0);
    plain_frame(draw_dialog, dialog);
    assert_true(plain_has("another number"));
    for (const char *c = "140"; *c; c++)
        dialog_key(dialog, (unsigned char)*c);
    dialog_key(dialog, KEYS_ENTER);
    assert_int_equal(accepted, 0);
    dialog_key(dialog, '0');
    dialog_key(dialog, KEYS_ENTER);
    assert_int_equal(accepted, 1);
    dialog_free(dialog);
    plain_end();
}

static const char *check_text(void *context, const char *text)
{
    (void)context;
    return strchr(text, '/') ? "No slash here" : NULL;
}

static void test_ask(void **state)
{
    struct dialog *dialog = fresh(dialog_ask("Save", "File", "名单", check_text, on_answer, NULL));

    (void)state;
    plain_start(12, 40, false);
    dialog_key(dialog, '/');
    dialog_key(dialog, KEYS_ENTER);
    assert_int_equal(accepted, 0);
    plain_frame(draw_dialog, dialog);
    assert_true(plain_has("No slash here"));
    dialog_key(dialog, KEYS_BACKSPACE);
    dialog_key(dialog, KEYS_ENTER);
    assert_int_equal(accepted, 1);
    assert_string_equal(dialog_text(dialog), "名单");
    dialog_free(dialog);
    plain_end();
}

static void test_choose(void **state)
{
    const char *const choices[] = {"CSV", "JSON", "表格"};
    struct dialog *dialog = fresh(dialog_choose("Format", choices, 3, 1, on_answer, NULL));

    (void)state;
    plain_start(12, 40, false);
    plain_frame(draw_dialog, dialog);
    assert_true(plain_has("▌ JSON"));
    dialog_key(dialog, 'c');
    dialog_key(dialog, KEYS_ENTER);
    assert_int_equal(accepted, 1);
    assert_int_equal(dialog_choice(dialog), 0);
    dialog_free(dialog);
    dialog = fresh(dialog_choose("Format", choices, 3, 1, on_answer, NULL));
    dialog_key(dialog, 'x');
    dialog_key(dialog, KEYS_ENTER); /* nothing matches: nothing is chosen */
    assert_int_equal(accepted, 0);
    dialog_key(dialog, KEYS_ESC);
    assert_int_equal(refused, 1);
    dialog_free(dialog);
    plain_end();
}

static void test_message_scrolls(void **state)
{
    struct buffer text = {0};
    struct dialog *dialog;

    (void)state;
    for (int i = 1; i <= 40; i++)
        buffer_printf(&text, "第 %d 行\n", i);
    dialog = fresh(dialog_message("说明", buffer_text(&text), on_answer, NULL));
    plain_start(12, 40, false);
    plain_frame(draw_dialog, dialog);
    assert_true(plain_has("第 1 行"));
    assert_false(plain_has("第 40 行"));
    for (int i = 0; i < 9; i++)
        dialog_key(dialog, KEYS_PAGE_DOWN);
    plain_frame(draw_dialog, dialog);
    assert_true(plain_has("第 40 行"));
    dialog_key(dialog, ' ');
    assert_int_equal(accepted, 1);
    for (int size = 1; size < 20; size++) {
        plain_start(size, size * 3, false);
        plain_frame(draw_dialog, dialog);
    }
    dialog_free(dialog);
    buffer_free(&text);
    plain_end();
}

/* --- Pickers --- */

static void draw_picker(void *context, struct area area)
{
    picker_draw(context, area);
}

static void test_calendar(void **state)
{
    int year, month, day;

    (void)state;
    assert_int_equal(picker_date_number(1970, 1, 1), 0);
    assert_int_equal(picker_date_number(2017, 10, 1), TODAY);
    assert_int_equal(picker_weekday(TODAY), 6); /* a Sunday */
    assert_int_equal(picker_weekday(-1), 2);    /* 1969-12-31, a Wednesday */
    for (int32_t number = -30000; number < 60000; number += 17) {
        picker_date_civil(number, &year, &month, &day);
        assert_int_equal(picker_date_number(year, month, day), number);
    }
}

static void test_dates(void **state)
{
    struct picker *picker = picker_dates("Period", TODAY, TODAY + 30, TODAY, NULL, NULL);
    int32_t from, to;

    (void)state;
    plain_start(12, 40, false);
    plain_frame(draw_picker, picker);
    assert_true(plain_has("2017-10-01 – 2017-10-31"));
    assert_true(plain_has("Mo  Tu  We  Th  Fr  Sa  Su"));
    picker_key(picker, KEYS_PAGE_DOWN);
    picker_key(picker, KEYS_RIGHT);
    picker_days(picker, &from, &to);
    assert_int_equal(from, picker_date_number(2017, 11, 2));
    picker_key(picker, KEYS_ENTER);
    picker_key(picker, KEYS_ENTER); /* the last is before the first: it stays open */
    assert_true(picker_open(picker));
    plain_frame(draw_picker, picker);
    assert_true(plain_has("the last is before the first"));
    for (const char *c = "11-3"; *c; c++)
        picker_key(picker, (unsigned char)*c);
    picker_key(picker, KEYS_ENTER);
    assert_false(picker_open(picker));
    picker_days(picker, &from, &to);
    assert_int_equal(to, picker_date_number(2017, 11, 3));
    picker_free(picker);
    /* The 31st of a month goes to the last day of a shorter one. */
    picker = picker_date("Day", picker_date_number(2016, 1, 31), TODAY, NULL, NULL);
    picker_key(picker, KEYS_PAGE_DOWN);
    assert_int_equal(picker_day(picker), picker_date_number(2016, 2, 29));
    picker_key(picker, 'x');
    picker_key(picker, KEYS_ENTER);
    assert_true(picker_open(picker));
    picker_free(picker);
    plain_end();
}

static void test_list(void **state)
{
    struct picker_item items[30];
    char names[30][24];
    struct picker *picker;

    (void)state;
    for (int i = 0; i < 30; i++) {
        snprintf(names[i], sizeof names[i], "商铺 %d", i);
        items[i] = (struct picker_item){names[i], i % 2 ? "2 F" : NULL, i == 25};
    }
    picker = picker_list("Shops", items, 30, false, NULL, NULL);
    plain_start(12, 40, false);
    plain_frame(draw_picker, picker);
    assert_true(plain_has("商铺 25")); /* the one chosen is in sight */
    for (const char *c = "1 2"; *c; c++)
        picker_key(picker, (unsigned char)*c); /* both words, in any order */
    plain_frame(draw_picker, picker);
    assert_true(plain_has("商铺 12"));
    assert_true(plain_has("商铺 21"));
    assert_false(plain_has("商铺 13"));
    picker_key(picker, KEYS_DOWN);
    picker_key(picker, KEYS_ENTER);
    assert_int_equal(picker_choice(picker), 21);
    picker_free(picker);
    plain_end();
}

/* --- Layout --- */

static void test_split(void **state)
{
    const struct layout_part parts[] = {
        {.min = 4, .preferred = 10, .importance = 2},
        {.min = 4, .preferred = 6, .weight = 1, .importance = 1},
        {.min = 8, .preferred = 8, .weight = 2, .importance = 3},
    };
    int sizes[3];

    (void)state;
    layout_split(parts, 3, 40, 1, sizes); /* 38 without gaps: 10 + 6 + 8, then 14 by weight */
    assert_int_equal(sizes[0], 10);
    assert_int_equal(sizes[1], 6 + 5);
    assert_int_equal(sizes[2], 8 + 9);
    layout_split(parts, 3, 20, 1, sizes); /* 18: least 16, two more in turn */
    assert_int_equal(sizes[0], 5);
    assert_int_equal(sizes[1], 5);
    assert_int_equal(sizes[2], 8);
    layout_split(parts, 3, 13, 1, sizes); /* the least important goes */
    assert_int_equal(sizes[1], 0);
    assert_int_equal(sizes[0], 4);
    assert_int_equal(sizes[2], 8);
    layout_split(parts, 3, 7, 1, sizes);
    assert_int_equal(sizes[0] + sizes[1] + sizes[2], 0);
    for (int space = 0; space < 80; space++) {
        int sum = 0, shown = 0;

        layout_split(parts, 3, space, 2, sizes);
        for (int i = 0; i < 3; i++) {
            sum += sizes[i];
            shown += sizes[i] > 0;
            assert_true(sizes[i] == 0 || sizes[i] >= parts[i].min);
        }
        assert_true(sum + (shown > 1 ? 2 * (shown - 1) : 0) <= space);
    }
}

static void test_tiles(void **state)
{
    struct area areas[4];
    struct area wide = {0, 0, 10, 100}, narrow = {0, 0, 10, 50}, phone = {0, 0, 8, 40};

    (void)state;
    assert_int_equal(layout_tiles(wide, 4, 22, 4, 2, areas), 4);
    assert_int_equal(areas[3].row, 0);
    assert_int_equal(areas[3].rows, 10);
    assert_int_equal(layout_tiles(narrow, 4, 16, 4, 1, areas), 2); /* 2 and 2, not 3 and 1 */
    assert_int_equal(areas[2].row, 5);
    assert_int_equal(areas[2].rows, 5);
    assert_int_equal(layout_tiles(phone, 4, 22, 4, 1, areas), 1);
    assert_int_equal(areas[1].row, 4);
    assert_int_equal(areas[2].rows, 0); /* no room: the first ones */
    assert_int_equal(layout_tiles_rows(50, 4, 16, 4, 1), 8);
    assert_int_equal(layout_tiles_rows(100, 4, 22, 4, 2), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_form_choices),
        cmocka_unit_test(test_form_sent),
        cmocka_unit_test(test_form_every_size),
        cmocka_unit_test(test_form_anything),
        cmocka_unit_test(test_confirm),
        cmocka_unit_test(test_no_single_key_destroys),
        cmocka_unit_test(test_confirm_number),
        cmocka_unit_test(test_ask),
        cmocka_unit_test(test_choose),
        cmocka_unit_test(test_message_scrolls),
        cmocka_unit_test(test_calendar),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_tiles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
