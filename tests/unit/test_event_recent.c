/* The columns of what people did lately: codes of one width, columns asked without decoding them,
 * blocks of another clock. Histories are compared in event_expect.c. */
#include "model/event/coded.h"
#include "model/event/column.h"
#include "model/event/recent.h"
#include "tests/support/event_history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 3000 };

static int64_t random_value(struct dice *dice, int shape)
{
    switch (shape) {
    case 0:
        return 7;
    case 1:
        return (int64_t)dice_below(dice, 130);
    case 2:
        return (int64_t)dice_below(dice, 4000) * 100 - 5000;
    case 3: /* prices, some given back, some odd, a few very large */
        return dice_below(dice, 20)  ? (int64_t)dice_below(dice, 900) * 100
               : dice_below(dice, 2) ? -(int64_t)dice_below(dice, 90000)
                                     : (int64_t)dice_below(dice, UINT64_C(1) << 45);
    case 4:
        return (int64_t)dice_next(dice);
    case 5:
        return dice_below(dice, 2) ? INT64_MAX : INT64_MIN;
    default:
        return dice_below(dice, 50) ? 1 : (int64_t)dice_below(dice, 5);
    }
}

static void test_coded(void **state)
{
    struct dice dice = {11};
    int64_t *values = mem_alloc(MOST * sizeof *values);
    (void)state;
    for (int round = 0; round < 400; round++) {
        size_t n = dice_below(&dice, round % 4 ? MOST : 5);
        struct bytes bytes = {0};
        struct coded coded;
        for (size_t i = 0; i < n; i++)
            values[i] = random_value(&dice, round % 7);
        coded_put(&bytes, values, n);
        struct view in = view_of(bytes.at, bytes.n);
        coded_open(&in, n, &coded);
        assert_false(in.bad);
        assert_int_equal(view_left(&in), 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(coded_at(&coded, i), values[i]);
        if (round % 7 == 3 && n > 1000) /* 900 prices need ten bits */
            assert_true(bytes.n < n * 2);
        vec_free(&bytes);
    }
    free(values);
}

/* Bytes that were cut short are damage, others at least harm nobody. */
static void test_coded_damage(void **state)
{
    struct dice dice = {12};
    int64_t values[200];
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct bytes bytes = {0};
        struct coded coded;
        for (size_t i = 0; i < 200; i++)
            values[i] = random_value(&dice, 3);
        coded_put(&bytes, values, 200);
        struct view in = view_of(bytes.at, dice_below(&dice, bytes.n));
        coded_open(&in, 200, &coded);
        assert_true(in.bad);
        bytes.at[dice_below(&dice, bytes.n)] ^= (unsigned char)(1 + dice_below(&dice, 255));
        in = view_of(bytes.at, bytes.n);
        coded_open(&in, 200, &coded);
        for (size_t i = 0; !in.bad && i < 200; i++)
            coded_at(&coded, i);
        vec_free(&bytes);
    }
}

/* ---- Asking a column ---- */

static uint64_t random_word(struct dice *dice, int shape, size_t i, uint64_t wide)
{
    switch (shape) {
    case 0:
        return wide;
    case 1:
        return dice_below(dice, wide);
    case 2: /* mostly small, some larger: patched */
        return dice_below(dice, 12) ? dice_below(dice, 3) : dice_below(dice, 60);
    case 3: /* long runs */
        return i / 97 % (wide % 7 + 1);
    case 4:
        return i * 3;
    default:
        return dice_below(dice, 2) ? 1000003 * dice_below(dice, 6) : 5;
    }
}

static void test_column_test(void **state)
{
    struct dice dice = {13};
    uint64_t values[MOST], words[MOST / 64 + 1];
    uint8_t table[300];
    (void)state;
    for (int round = 0; round < 1500; round++) {
        size_t n = 1 + dice_below(&dice, MOST - 1);
        uint64_t wide = 1 + dice_below(&dice, UINT64_C(1) << dice_below(&dice, 14));
        struct column_tester tester = {.table = table, .n_table = dice_below(&dice, 300)};
        for (size_t i = 0; i < sizeof table; i++)
            table[i] = dice_below(&dice, 3) == 0;
        for (int again = 0; again < 3; again++) { /* one tester, several columns */
            struct bytes bytes = {0};
            for (size_t i = 0; i < n; i++)
                values[i] = random_word(&dice, round % 6, i, wide + (again == 2));
            column_encode(&bytes, values, n);
            struct view in = view_of(bytes.at, bytes.n);
            assert_true(column_test(&tester, &in, n, words));
            assert_int_equal(view_left(&in), 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(words[i / 64] >> (i % 64) & 1,
                                 values[i] < tester.n_table && table[values[i]]);
            if (n % 64)
                assert_int_equal(words[n / 64] >> (n % 64), 0);
            /* What a checksum let through harms nobody. */
            bytes.at[dice_below(&dice, bytes.n)] ^= (unsigned char)(1 + dice_below(&dice, 255));
            in = view_of(bytes.at, dice_below(&dice, bytes.n + 1));
            column_test(&tester, &in, n, words);
            vec_free(&bytes);
        }
    }
}

/* ---- Another clock ---- */

static void test_other_clock(void **state)
{
    struct zone *here, *there;
    struct error err = {0};
    (void)state;
    assert_int_equal(zone_load("Asia/Shanghai", &here, &err), ST_OK);
    assert_int_equal(zone_load("Europe/Madrid", &there, &err), ST_OK);
    const struct clock clocks[] = {{here, 4 * 3600}, {there, 4 * 3600}, {here, 5 * 3600}};
    struct recent *recent = mem_zero(1, sizeof *recent), *back = mem_zero(1, sizeof *back);
    struct chunk_calendar days = chunk_calendar_make(&clocks[0], true);
    struct event event = {.time = 1700000000, .person = 5, .kind = KIND_PURCHASE, .amount = 1250};
    struct recent_bytes bytes = {0};
    recent_clear(recent);
    recent_add(recent, &event, 1800000000);
    recent_move_on(recent, &days);
    recent_close(recent, &days);
    recent_encode(recent, &clocks[0], &bytes);
    for (int i = 0; i < 3; i++) {
        recent_clear(back);
        struct view presence = view_of(bytes.presence.at + 4, bytes.presence.n - 4);
        struct view tills = view_of(bytes.tills.at + 4, bytes.tills.n - 4);
        assert_true(recent_decode(presence, tills, &clocks[i], back));
        assert_int_equal(back->other_clock, i > 0);
        assert_int_equal(back->tills.n, 1);
        assert_int_equal(back->tills.at[0].money, 1250);
        assert_int_equal(back->last_day[5], clock_day(&clocks[0], event.time));
        assert_int_equal(back->since, date_number(2023, 8, 1));
    }
    recent_bytes_free(&bytes);
    recent_free(recent);
    recent_free(back);
    free(recent);
    free(back);
    chunk_calendar_free(&days);
    zone_free(here);
    zone_free(there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coded),
        cmocka_unit_test(test_coded_damage),
        cmocka_unit_test(test_column_test),
        cmocka_unit_test(test_other_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
