/* Lists of members and their pages: a small mall whose right answers were worked out by hand, and a
 * random one against naive counting. */
#include "model/people/member_page.h"
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

/* ---- Figures and lists ---- */

static void test_figures(void **state)
{
    (void)state;
    struct temp_mall t = two_days_mall();
    struct people_cache *cache = people_cache_new();
    const struct member_numbers *numbers, *again;
    assert_ok(member_numbers_get(cache, t.reader, &numbers, &err));
    struct member_figures f = member_figures_of(numbers, 1);
    assert_int_equal(f.spent, 24500);
    assert_int_equal(f.purchases, 4);
    assert_int_equal(f.purchase_days, 3);
    assert_int_equal(f.visits, 3);
    assert_int_equal(f.points, 70);
    assert_int_equal(f.last_visit, B(12, 10));
    assert_int_equal(f.last_purchase, date_number(2024, 10, 18));
    f = member_figures_of(numbers, 3);
    assert_int_equal(f.visits, 3); /* 30 minutes are no gap, 31 are */
    assert_int_equal(f.spent, 4000);
    f = member_figures_of(numbers, 4);
    assert_int_equal(f.visits, 0);
    assert_int_equal(f.last_purchase, INT32_MIN);
    f = member_figures_of(numbers, 99);
    assert_int_equal(f.purchases, 0);
    assert_ok(member_numbers_get(cache, t.reader, &again, &err));
    assert_ptr_equal(numbers, again); /* the same events: counted once */
    member_numbers_release(cache, again);
    const struct test_event more = {B(21, 0), 4, "purchase", "T1", .amount = 5000000000000};
    test_events_add(&t, &more, 1);
    assert_ok(member_numbers_get(cache, t.reader, &again, &err));
    assert_int_equal(member_figures_of(again, 4).spent,
                     5000000000000);                          /* more than a column holds */
    assert_int_equal(member_figures_of(numbers, 4).spent, 0); /* the old ones still stand */
    member_numbers_release(cache, again);
    member_numbers_release(cache, numbers);
    people_cache_free(cache);
    temp_mall_free(&t);
}

static void expect_list(struct temp_mall *t, enum access_role role, struct member_query query,
                        const char *expected)
{
    struct arena *arena = arena_new();
    struct people_cache *cache = people_cache_new();
    struct access access = test_access(role);
    struct member_list *list;
    char *got = arena_strdup(arena, "");
    assert_ok(member_list_run(cache, t->reader, &access, &query, &list, &err));
    for (size_t i = 0; i < list->n; i++)
        got = arena_printf(arena, "%s%s%u", got, i ? " " : "", list->people[i]);
    if (strcmp(got, expected) != 0)
        fail_msg("list by %d '%s': got '%s', expected '%s'", (int)query.order,
                 query.pattern ? query.pattern : "", got, expected);
    member_list_free(list);
    people_cache_free(cache);
    arena_free(arena);
}

#define UNORDERED .order = MEMBER_COLUMN_COUNT

static void test_lists(void **state)
{
    (void)state;
    struct temp_mall t = two_days_mall();
    const uint32_t among[] = {3, 1, 1, 77};
    expect_list(&t, ACCESS_ADMIN, (struct member_query){UNORDERED}, "1 2 4");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){UNORDERED, .descending = true}, "4 2 1");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){UNORDERED, .limit = 2}, "1 2");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){.order = MEMBER_SPENT}, "4 2 1");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){.order = MEMBER_SPENT, .descending = true},
                "1 2 4");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){.order = MEMBER_TIER}, "1 4 2");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){.order = MEMBER_TIER, .descending = true},
                "2 1 4");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){.order = MEMBER_NAME}, "2 4 1");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){.order = MEMBER_JOINED}, "4 1 2");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){.order = MEMBER_CARD, .descending = true},
                "4 2 1");
    /* Unknown values are last in both directions. */
    expect_list(&t, ACCESS_ADMIN, (struct member_query){.order = MEMBER_PHONE}, "1 2 4");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){.order = MEMBER_PHONE, .descending = true},
                "2 1 4");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){.order = MEMBER_LAST_VISIT}, "1 2 4");
    /* A visitor is listed where people are named; nobody is twice. */
    expect_list(&t, ACCESS_ADMIN, (struct member_query){UNORDERED, .among = among, .n_among = 3},
                "1 3");
    expect_list(&t, ACCESS_ADMIN,
                (struct member_query){.order = MEMBER_VISITS, .among = among, .n_among = 3}, "1 3");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){UNORDERED, .search = "wang"}, "2");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){UNORDERED, .pattern = "gold"}, "1 4");
    expect_list(&t, ACCESS_ADMIN,
                (struct member_query){UNORDERED, .pattern = "gold", .inverse = true}, "2");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){UNORDERED, .pattern = "anna"}, "2");
    expect_list(&t, ACCESS_ADMIN, (struct member_query){UNORDERED, .pattern = "ANNA"}, "");
    expect_list(&t, ACCESS_ADMIN,
                (struct member_query){UNORDERED, .pattern = "^m$", .columns = 1 << MEMBER_GENDER},
                "1");
    expect_list(&t, ACCESS_ADMIN,
                (struct member_query){UNORDERED, .pattern = "gold", .among = among, .n_among = 3},
                "1");
    /* What is masked cannot be found by trying. */
    expect_list(&t, ACCESS_OPERATOR, (struct member_query){UNORDERED, .pattern = "小明"}, "");
    expect_list(&t, ACCESS_OPERATOR, (struct member_query){UNORDERED, .pattern = "^王"}, "1");
    expect_list(&t, ACCESS_OPERATOR, (struct member_query){UNORDERED, .pattern = "12341234"}, "");
    expect_list(&t, ACCESS_ANALYST, (struct member_query){UNORDERED, .pattern = "王|C000|138"}, "");
    expect_list(&t, ACCESS_ANALYST, (struct member_query){.order = MEMBER_NAME}, "1 2 4");
    temp_mall_free(&t);
}

static void test_list_refusals(void **state)
{
    (void)state;
    struct temp_mall t = two_days_mall();
    struct access access = test_access(ACCESS_TECHNICIAN);
    struct member_list *list;
    struct member_query query = {UNORDERED};
    assert_int_equal(member_list_run(NULL, t.reader, &access, &query, &list, &err), ST_DENIED);
    error_clear(&err);
    access = test_access(ACCESS_ADMIN);
    query.pattern = "a(b";
    assert_int_equal(member_list_run(NULL, t.reader, &access, &query, &list, &err), ST_USAGE);
    assert_non_null(strstr(error_text(&err), "character 4"));
    error_clear(&err);
    atomic_bool flag = true;
    reader_watch(t.reader, &flag, NULL);
    query = (struct member_query){.order = MEMBER_SPENT};
    struct people_cache *cache = people_cache_new();
    assert_int_equal(member_list_run(cache, t.reader, &access, &query, &list, &err), ST_CANCELLED);
    error_clear(&err);
    reader_watch(t.reader, NULL, NULL);
    people_cache_free(cache);
    temp_mall_free(&t);
}

static void test_rows(void **state)
{
    (void)state;
    struct temp_mall t = two_days_mall();
    struct arena *arena = arena_new();
    struct people_cache *cache = people_cache_new();
    struct access access = test_access(ACCESS_OPERATOR);
    uint32_t numbers[] = {1, 3, 99, 4};
    struct member_list list = {.n = 4, .people = numbers};
    struct sheet *sheet;
    assert_ok(member_list_rows(cache, t.reader, &access, &list, 0, 10, false, arena, &sheet, &err));
    assert_int_equal(sheet->n_rows, 4);
    assert_int_equal(sheet->total, 4);
    assert_string_equal(sheet_row(sheet, 0)[MEMBER_CARD].text, "*****001");
    assert_string_equal(sheet_row(sheet, 0)[MEMBER_NAME].text, "王*");
    assert_false(sheet_row(sheet, 0)[MEMBER_SPENT].known); /* not counted yet, not waited for */
    assert_ok(member_list_rows(cache, t.reader, &access, &list, 1, 2, true, arena, &sheet, &err));
    assert_int_equal(sheet->n_rows, 2);
    assert_int_equal(sheet_row(sheet, 0)[MEMBER_SPENT].integer, 4000);
    assert_false(sheet_row(sheet, 0)[MEMBER_TIER].known); /* a visitor */
    assert_false(sheet_row(sheet, 1)[MEMBER_CARD].known); /* nobody */
    assert_ok(member_list_rows(cache, t.reader, &access, &list, 9, 2, true, arena, &sheet, &err));
    assert_int_equal(sheet->n_rows, 0);
    people_cache_free(cache);
    arena_free(arena);
    temp_mall_free(&t);
}

/* ---- The page ---- */

static const char *pair_value(const struct sheet *sheet, const char *name)
{
    for (size_t i = 0; i < sheet->n_rows; i++)
        if (strcmp(sheet_row(sheet, i)[0].text, name) == 0)
            return sheet_row(sheet, i)[1].known ? sheet_row(sheet, i)[1].text : NULL;
    return NULL;
}

static void test_page(void **state)
{
    (void)state;
    struct temp_mall t = two_days_mall();
    struct arena *arena = arena_new();
    struct access access = test_access(ACCESS_ADMIN);
    struct member_page page;
    assert_ok(member_page_read(t.reader, &access, 1, arena, &page, &err));
    assert_string_equal(page.name, "王小明");
    assert_string_equal(page.target, "C0000001");
    assert_true(page.member && !page.revealed);
    assert_int_equal(page.figures.spent, 24500);
    assert_int_equal(page.figures.visits, 3);
    assert_int_equal(page.first_visit, test_time(2023, 10, 17, 12, 0));
    assert_int_equal(page.events, 8);
    /* 367 days from the first to the last of three purchase days. */
    assert_int_equal(page.mean_interval, 367 * 86400 / 2);
    const struct sheet *shops = page.sections[SECTION_SHOPS];
    assert_int_equal(shops->n_rows, 2);
    assert_string_equal(sheet_row(shops, 0)[0].text, "T1");
    assert_int_equal(sheet_row(shops, 0)[3].integer, 3);     /* days */
    assert_int_equal(sheet_row(shops, 0)[4].integer, 3);     /* receipts */
    assert_int_equal(sheet_row(shops, 0)[5].integer, 19500); /* spent */
    assert_string_equal(pair_value(page.sections[SECTION_ATTRIBUTES], "e_mail"),
                        "wang@example.com");
    assert_string_equal(sheet_row(page.sections[SECTION_RELATIONS], 0)[4].text, "Anna Wang");
    assert_string_equal(sheet_row(page.sections[SECTION_GROUPS], 0)[1].text, "Runners");
    assert_string_equal(sheet_row(page.sections[SECTION_INTERESTS], 0)[0].text, "coffee");
    assert_string_equal(sheet_row(page.sections[SECTION_LABELS], 0)[0].text, "vip");
    assert_int_equal(page.sections[SECTION_CONSENTS]->n_rows, 3);
    assert_ok(member_page_read(t.reader, &access, 3, arena, &page, &err));
    assert_false(page.member);
    const struct sheet *areas = page.sections[SECTION_AREAS];
    assert_int_equal(areas->n_rows, 2);
    assert_string_equal(sheet_row(areas, 0)[0].text, "Z2");
    assert_int_equal(sheet_row(areas, 0)[2].integer, 1800);
    assert_true(fabs(sheet_row(areas, 0)[3].real - 0.6) < 1e-9);
    assert_int_equal(sheet_row(areas, 1)[2].integer, 1200);
    assert_int_equal(sheet_row(areas, 1)[6].integer, 1); /* 60 % are not yet 80 % */
    assert_int_equal(page.sections[SECTION_DEVICES]->n_rows, 2);
    assert_int_equal(member_page_read(t.reader, &access, 55, arena, &page, &err), ST_REFUSED);
    error_clear(&err);
    arena_free(arena);
    temp_mall_free(&t);
}

static void test_timeline(void **state)
{
    (void)state;
    struct temp_mall t = two_days_mall();
    struct arena *arena = arena_new();
    struct access access = test_access(ACCESS_ADMIN), analyst = test_access(ACCESS_ANALYST);
    struct timeline_query query = {.from = INT64_MIN, .n = 3};
    struct sheet *sheet;
    assert_ok(member_timeline(t.reader, &access, 1, &query, arena, &sheet, &err));
    assert_int_equal(sheet->total, 8);
    assert_int_equal(sheet->n_rows, 3);
    assert_int_equal(sheet_row(sheet, 0)[TIMELINE_TIME].integer, B(12, 10));
    assert_string_equal(sheet_row(sheet, 0)[TIMELINE_KIND].text, "refund");
    assert_string_equal(sheet_row(sheet, 0)[TIMELINE_SHOP].text, "Muji");
    assert_int_equal(sheet_row(sheet, 0)[TIMELINE_AMOUNT].integer, 500);
    assert_false(sheet_row(sheet, 0)[TIMELINE_POINTS].known);
    query = (struct timeline_query){.from = A(10, 30), .to = A(11, 20), .n = 10};
    assert_ok(member_timeline(t.reader, &access, 1, &query, arena, &sheet, &err));
    assert_int_equal(sheet->n_rows, 2);
    bool seen = false;
    for (size_t i = 0; i < 2; i++)
        seen = seen || (sheet_row(sheet, i)[TIMELINE_REF].known &&
                        strcmp(sheet_row(sheet, i)[TIMELINE_REF].text, "R-secret-1") == 0);
    assert_true(seen);
    assert_ok(member_timeline(t.reader, &analyst, 1, &query, arena, &sheet, &err));
    for (size_t i = 0; i < 2; i++)
        assert_false(sheet_row(sheet, i)[TIMELINE_REF].known);
    const uint16_t kind = 5; /* purchase */
    query = (struct timeline_query){.from = INT64_MIN, .kinds = &kind, .n_kinds = 1};
    assert_ok(member_timeline(t.reader, &access, 1, &query, arena, &sheet, &err));
    assert_int_equal(sheet->total, 4);
    arena_free(arena);
    temp_mall_free(&t);
}

static void test_resolve(void **state)
{
    (void)state;
    struct temp_mall t = two_days_mall();
    struct access admin = test_access(ACCESS_ADMIN), analyst = test_access(ACCESS_ANALYST);
    char pseudonym[PSEUDONYM_SIZE];
    uint32_t person;
    const struct {
        const char *text;
        uint32_t person;
    } known[] = {{"C0000002", 2}, {"13812341234", 1}, {"a4:83:e7:01:02:03", 3}, {"#4", 4}};
    for (size_t i = 0; i < 4; i++) {
        assert_ok(member_resolve(t.reader, &admin, known[i].text, &person, &err));
        assert_int_equal(person, known[i].person);
        assert_int_equal(member_resolve(t.reader, &analyst, known[i].text, &person, &err),
                         ST_REFUSED);
        error_clear(&err);
    }
    pseudonym_write(analyst.key, 2, pseudonym);
    assert_ok(member_resolve(t.reader, &analyst, pseudonym, &person, &err));
    assert_int_equal(person, 2);
    assert_int_equal(member_resolve(t.reader, &admin, "nobody", &person, &err), ST_REFUSED);
    assert_non_null(strstr(error_text(&err), "'nobody'"));
    error_clear(&err);
    temp_mall_free(&t);
}

/* ---- Masks in everything ---- */

static void look_for(const struct sheet *sheet, const char *where)
{
    static const char *const secrets[] = {"小明",         "Anna",        "李芳",
                                          "13812341234",  "13900005678", "C00000",
                                          "wang@example", "01:02:03",    "secret"};
    for (size_t i = 0; i < sheet->n_rows * sheet->n_columns; i++) {
        const struct cell *cell = &sheet->cells[i];
        if (!cell->known || sheet->columns[i % sheet->n_columns].type != CELL_TEXT)
            continue;
        for (size_t k = 0; k < sizeof secrets / sizeof *secrets; k++)
            if (strstr(cell->text, secrets[k]))
                fail_msg("%s shows %s in '%s'", where, secrets[k], cell->text);
    }
}

static void test_nothing_personal(void **state)
{
    (void)state;
    struct temp_mall t = two_days_mall();
    struct arena *arena = arena_new();
    struct access analyst = test_access(ACCESS_ANALYST);
    struct access technician = test_access(ACCESS_TECHNICIAN);
    uint32_t everyone[] = {1, 2, 3, 4};
    struct member_list list = {.n = 4, .people = everyone};
    struct shop_query query = {.from = A(4, 0), .to = B(4, 0) + 86400};
    struct timeline_query all = {.from = INT64_MIN};
    struct shop_card card;
    struct sheet *sheet;
    assert_ok(member_list_rows(NULL, t.reader, &analyst, &list, 0, 4, false, arena, &sheet, &err));
    look_for(sheet, "the list");
    for (size_t p = 0; p < 4; p++) {
        struct member_page page;
        assert_ok(member_page_read(t.reader, &analyst, everyone[p], arena, &page, &err));
        for (int i = 0; i < SECTION_COUNT; i++)
            look_for(page.sections[i], member_sections[i].name);
        assert_ok(member_timeline(t.reader, &analyst, everyone[p], &all, arena, &sheet, &err));
        look_for(sheet, "the time line");
        assert_string_equal(page.name, "");
        assert_string_equal(page.phone, "");
        assert_int_equal(strncmp(page.card, "P-", 2), 0);
        assert_int_equal(member_page_read(t.reader, &technician, everyone[p], arena, &page, &err),
                         ST_DENIED);
        error_clear(&err);
        assert_int_equal(
            member_timeline(t.reader, &technician, everyone[p], &all, arena, &sheet, &err),
            ST_DENIED);
        error_clear(&err);
    }
    assert_ok(shop_card_read(t.reader, &analyst, 1, &query, arena, &card, &err));
    look_for(card.members, "the score card");
    assert_ok(shop_card_read(t.reader, &technician, 1, &query, arena, &card, &err));
    assert_int_equal(card.members->n_rows, 0);
    assert_int_equal(
        member_list_rows(NULL, t.reader, &technician, &list, 0, 4, false, arena, &sheet, &err),
        ST_DENIED);
    error_clear(&err);
    arena_free(arena);
    temp_mall_free(&t);
}

/* ---- A random mall ---- */

enum { PEOPLE = 60, EVENTS = 1500 };

static int64_t cell_key(const struct sheet *sheet, size_t row, enum member_column column)
{
    const struct cell *cell = &sheet_row(sheet, row)[column];
    return cell->known ? cell->integer : INT64_MAX;
}

static void test_random(void **state)
{
    (void)state;
    static const char *const names[] = {"purchase",    "refund",      "sighting",
                                        "points_earn", "points_burn", "app_open"};
    static const char *const codes[] = {"T1", "T2", "T3", NULL};
    struct temp_mall t = temp_mall_new();
    struct arena *arena = arena_new();
    struct access access = test_access(ACCESS_ADMIN);
    struct test_member *members = arena_array(arena, struct test_member, PEOPLE);
    struct test_event *events = arena_array(arena, struct test_event, EVENTS);
    unsigned seed = 11;
    for (uint32_t i = 0; i < PEOPLE; i++)
        members[i] = (struct test_member){.person = i + 1,
                                          .card = arena_printf(arena, "C%04u", (i * 37) % 1000),
                                          .name = i % 2 ? "王" : "B",
                                          .joined = 1 + rand_r(&seed) % 5};
    for (size_t i = 0; i < EVENTS; i++)
        events[i] = (struct test_event){
            A(0, 0) + rand_r(&seed) % (6 * 86400), (uint32_t)(rand_r(&seed) % (PEOPLE + 1)),
            names[rand_r(&seed) % 6], codes[rand_r(&seed) % 4], .amount = rand_r(&seed) % 1000};
    test_members_add(&t, members, PEOPLE);
    test_events_add(&t, events, EVENTS);
    struct people_cache *cache = people_cache_new();
    for (int column = 0; column < MEMBER_COLUMN_COUNT; column++)
        for (int down = 0; down < 2; down++) {
            struct member_query query = {.order = (enum member_column)column, .descending = down};
            struct member_list *list;
            struct sheet *sheet;
            assert_ok(member_list_run(cache, t.reader, &access, &query, &list, &err));
            assert_int_equal(list->n, PEOPLE);
            assert_ok(member_list_rows(cache, t.reader, &access, list, 0, PEOPLE, true, arena,
                                       &sheet, &err));
            for (size_t i = 1; i < PEOPLE && member_columns[column].type != CELL_TEXT; i++) {
                int64_t a = cell_key(sheet, i - 1, (enum member_column)column);
                int64_t b = cell_key(sheet, i, (enum member_column)column);
                bool unknown = b == INT64_MAX;
                assert_true(unknown || (a != INT64_MAX && (down ? a >= b : a <= b)));
                if (a == b)
                    assert_true(list->people[i - 1] < list->people[i]);
            }
            member_list_free(list);
        }
    const struct member_numbers *numbers;
    assert_ok(member_numbers_get(cache, t.reader, &numbers, &err));
    int64_t spent = 0, sold = 0, anonymous = 0;
    for (uint32_t p = 1; p <= PEOPLE; p++) {
        struct member_page page;
        struct member_figures f = member_figures_of(numbers, p);
        assert_ok(member_page_read(t.reader, &access, p, arena, &page, &err));
        assert_memory_equal(&f, &page.figures, sizeof f); /* list and page count alike */
        spent += f.spent;
    }
    for (size_t i = 0; i < EVENTS; i++) {
        int64_t sign = strcmp(events[i].kind, "purchase") == 0 ? 1
                       : strcmp(events[i].kind, "refund") == 0 ? -1
                                                               : 0;
        sold += sign * events[i].amount;
        anonymous += events[i].person ? 0 : sign * events[i].amount;
    }
    assert_int_equal(spent, sold - anonymous);
    struct shop_query query = {.from = A(0, 0), .to = A(0, 0) + 6 * 86400};
    struct shop_totals totals;
    struct sheet *shops;
    assert_ok(shop_list(t.reader, &access, &query, arena, &shops, &totals, &err));
    assert_int_equal(totals.sales, sold);
    member_numbers_release(cache, numbers);
    people_cache_free(cache);
    arena_free(arena);
    temp_mall_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures),       cmocka_unit_test(test_lists),
        cmocka_unit_test(test_list_refusals), cmocka_unit_test(test_rows),
        cmocka_unit_test(test_page),          cmocka_unit_test(test_timeline),
        cmocka_unit_test(test_resolve),       cmocka_unit_test(test_nothing_personal),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
