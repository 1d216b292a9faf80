#include "tests/support/plain.h"
#include "tui/buffer.h"
#include "tui/dialog.h"
#include "tui/layout.h"
#include "tui/picker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TODAY = 17440 }; /* 2017-10-01 */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confirm),        cmocka_unit_test(test_no_single_key_destroys),
        cmocka_unit_test(test_confirm_number), cmocka_unit_test(test_ask),
        cmocka_unit_test(test_choose),         cmocka_unit_test(test_message_scrolls),
        cmocka_unit_test(test_calendar),       cmocka_unit_test(test_dates),
        cmocka_unit_test(test_list),           cmocka_unit_test(test_split),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
