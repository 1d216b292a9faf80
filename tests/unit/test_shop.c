/* Shops: the list, a card and who is behind its figures, in a mall worked out by hand. */
#include "model/people/shop.h"
#include "tests/support/two_days.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static struct shop_query two_days(struct temp_mall *t)
{
    struct shop_query query = {.from = A(4, 0), .to = B(4, 0) + 86400};
    shop_year_before(t->mall, query.from, query.to, false, &query.year_from, &query.year_to);
    query.before_from = query.from - 172800;
    query.before_to = query.from;
    return query;
}

static void test_shop_list(void **state)
{
    (void)state;
    struct temp_mall t = two_days_mall();
    struct arena *arena = arena_new();
    struct access access = test_access(ACCESS_TECHNICIAN); /* shops are no secret */
    struct shop_query query = two_days(&t);
    struct shop_totals totals;
    struct sheet *sheet;
    assert_int_equal(query.year_from, test_time(2023, 10, 17, 4, 0));
    assert_ok(shop_list(t.reader, &access, &query, arena, &sheet, &totals, &err));
    assert_int_equal(sheet->n_rows, 3);
    const struct cell *muji = sheet_row(sheet, 0), *uniqlo = sheet_row(sheet, 1);
    assert_string_equal(muji[SHOP_TENANT].text, "T1");
    assert_int_equal(muji[SHOP_SALES].integer, 20500);
    assert_int_equal(muji[SHOP_RECEIPTS].integer, 4);
    assert_int_equal(muji[SHOP_BUYERS].integer, 2);
    assert_int_equal(muji[SHOP_MEMBER_SALES].integer, 11500); /* Anna was no member yet */
    assert_true(fabs(muji[SHOP_MEMBER_SHARE].real - 11500.0 / 20500) < 1e-9);
    assert_int_equal(muji[SHOP_REGISTRATIONS].integer, 1);
    assert_int_equal(muji[SHOP_POS_CARDS].integer, 1);
    assert_true(fabs(muji[SHOP_REPEAT].real - 0.5) < 1e-9);
    assert_int_equal(muji[SHOP_YEAR].integer, 8000);
    assert_true(fabs(muji[SHOP_ON_YEAR].real - 1.5625) < 1e-9);
    assert_int_equal(muji[SHOP_BEFORE].integer, 0);
    assert_false(muji[SHOP_CHANGE].known); /* divided by zero is nothing, not 0 */
    assert_int_equal(uniqlo[SHOP_SALES].integer, 12000);
    assert_int_equal(uniqlo[SHOP_MEMBER_SALES].integer, 12000);
    assert_int_equal(uniqlo[SHOP_POS_CARDS].integer, 0);
    assert_false(uniqlo[SHOP_ON_YEAR].known);
    assert_int_equal(totals.sales, 36500);
    assert_int_equal(totals.buyers, 3);
    assert_int_equal(totals.registrations, 2);
    assert_int_equal(totals.on_year_shops, 1);
    assert_int_equal(totals.left_out, 2);
    assert_true(fabs(totals.on_year - 1.5625) < 1e-9);
    assert_int_equal(totals.smart, 1);
    /* Not whole days: by scan instead of roll-ups, with the same answer. */
    query.year_from++;
    assert_ok(shop_list(t.reader, &access, &query, arena, &sheet, &totals, &err));
    assert_int_equal(totals.year, 8000);
    arena_free(arena);
    temp_mall_free(&t);
}

static void test_shop_card(void **state)
{
    (void)state;
    struct temp_mall t = two_days_mall();
    struct arena *arena = arena_new();
    struct access access = test_access(ACCESS_ADMIN);
    struct shop_query query = two_days(&t);
    struct shop_card card;
    uint32_t tenant;
    assert_ok(shop_resolve(t.reader, "Muji", &tenant, &err));
    assert_int_equal(tenant, 1);
    assert_int_equal(shop_resolve(t.reader, "Mujj", &tenant, &err), ST_REFUSED);
    assert_non_null(strstr(error_text(&err), "Muji"));
    error_clear(&err);
    assert_ok(shop_card_read(t.reader, &access, 1, &query, arena, &card, &err));
    assert_int_equal(card.by_day->n_rows, 2);
    assert_int_equal(sheet_row(card.by_day, 0)[1].integer, 19000);
    assert_int_equal(sheet_row(card.by_day, 1)[1].integer, 1500);
    assert_int_equal(card.by_hour->n_rows, 24);
    assert_int_equal(sheet_row(card.by_hour, 11)[1].integer, 10000);
    assert_int_equal(sheet_row(card.by_hour, 10)[4].integer, 1);
    assert_int_equal(card.members->n_rows, 2);
    assert_string_equal(sheet_row(card.members, 0)[2].text, "王小明");
    assert_int_equal(sheet_row(card.members, 0)[5].integer, 11500);
    assert_int_equal(card.members_known, 2);
    assert_int_equal(card.neighbours->n_rows, 1);
    const struct cell *near = sheet_row(card.neighbours, 0);
    assert_string_equal(near[0].text, "T2");
    assert_int_equal(near[3].integer, 2);
    assert_true(fabs(near[4].real - 2.0 / 3) < 1e-9);
    assert_true(fabs(near[5].real - 1) < 1e-9);
    assert_true(fabs(near[6].real - 1.5) < 1e-9);
    assert_int_equal(card.rank, 1);
    assert_int_equal(card.shops, 3);
    assert_int_equal(card.categories->n_rows, 2);
    assert_string_equal(sheet_row(card.categories, 0)[0].text, "home");
    assert_ok(shop_card_read(t.reader, &access, 3, &query, arena, &card, &err));
    assert_int_equal(card.category_rank, 2);
    assert_int_equal(card.category_shops, 2);
    arena_free(arena);
    temp_mall_free(&t);
}

static void test_shop_people(void **state)
{
    (void)state;
    struct temp_mall t = two_days_mall();
    struct arena *arena = arena_new();
    struct access access = test_access(ACCESS_ADMIN);
    struct shop_query query = two_days(&t);
    struct sheet *sheet;
    assert_ok(shop_list(t.reader, &access, &query, arena, &sheet, NULL, &err));
    for (size_t i = 0; i < sheet->n_rows; i++) {
        const struct cell *row = sheet_row(sheet, i);
        const int64_t figures[] = {row[SHOP_BUYERS].integer, row[SHOP_REGISTRATIONS].integer,
                                   row[SHOP_POS_CARDS].integer};
        uint32_t tenant;
        assert_ok(shop_resolve(t.reader, row[SHOP_TENANT].text, &tenant, &err));
        for (int which = 0; which < 3; which++) {
            const uint32_t *list;
            size_t n;
            assert_ok(shop_people_list(t.reader, &access, tenant, (enum shop_people)which,
                                       query.from, query.to, arena, &list, &n, &err));
            assert_int_equal(n, figures[which]); /* the count equals the list */
        }
    }
    arena_free(arena);
    temp_mall_free(&t);
}

static void test_year_before(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    int64_t from, to;
    shop_year_before(t.mall, test_time(2024, 2, 29, 4, 0), test_time(2024, 3, 1, 4, 0), false,
                     &from, &to);
    assert_int_equal(from, test_time(2023, 2, 28, 4, 0));
    assert_int_equal(to, test_time(2023, 3, 1, 4, 0));
    shop_year_before(t.mall, test_time(2024, 3, 1, 4, 0), test_time(2024, 3, 2, 4, 0), true, &from,
                     &to);
    assert_int_equal(from, test_time(2023, 3, 3, 4, 0));
    temp_mall_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shop_list),
        cmocka_unit_test(test_shop_card),
        cmocka_unit_test(test_shop_people),
        cmocka_unit_test(test_year_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
