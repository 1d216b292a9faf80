/* Affinity on random malls against counting every pair of every unit by hand, on one thread and on
 * two; and the people of a pair, who are as many as the pair says. */
#include "model/event/event.h"
#include "model/insight/affinity.h"
#include "model/insight/kmeans.h"
#include "tests/support/people.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

enum { PEOPLE = 30, SHOPS = 9, ITEMS = 8, RECEIPTS = 260, LINES = 4, GAP = 1800 };

struct plain_receipt {
    int64_t time;
    uint32_t person; /* 0: nobody */
    int shop, n_lines, items[LINES];
};

struct plain {
    struct plain_receipt receipts[RECEIPTS]; /* in order of person, time */
    int n;
};

static const char *shop_code(int shop)
{
    static char codes[SHOPS][8];
    snprintf(codes[shop], sizeof codes[shop], "S%d", shop);
    return codes[shop];
}

static int receipt_compare(const void *a, const void *b)
{
    const struct plain_receipt *x = a, *y = b;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    return x->time < y->time ? -1 : x->time > y->time;
}

/* Times differ, so that the order of events is that of the receipts. */
static void plain_make(struct plain *plain, struct chance *chance)
{
    plain->n = RECEIPTS;
    for (int i = 0; i < RECEIPTS; i++) {
        struct plain_receipt *r = &plain->receipts[i];
        r->time = test_time(2017, 5, 1, 10, 0) + (int64_t)chance_below(chance, 40) * 7200 + i * 3;
        r->person = (uint32_t)chance_below(chance, PEOPLE + 1);
        r->shop = (int)(chance_share(chance) * chance_share(chance) * SHOPS);
        r->n_lines = 1 + (int)chance_below(chance, LINES);
        for (int k = 0; k < r->n_lines; k++)
            r->items[k] = (int)chance_below(chance, ITEMS);
    }
    qsort(plain->receipts, RECEIPTS, sizeof *plain->receipts, receipt_compare);
}

static void receipt_append(struct temp_mall *mall, const struct plain_receipt *r, int number)
{
    char ref[32];
    uint32_t tenant;
    snprintf(ref, sizeof ref, "r%d", number);
    assert_ok(dict_intern(mall->writer, DICT_TENANT, shop_code(r->shop), 2, &tenant, &err));
    struct event e = {.time = r->time,
                      .amount = 100,
                      .person = r->person,
                      .tenant = tenant,
                      .kind = KIND_PURCHASE,
                      .ref = ref,
                      .ref_size = (uint32_t)strlen(ref)};
    assert_ok(event_append(mall->writer, &e, 1, NULL, NULL, &err));
    for (int k = 0; k < r->n_lines; k++) {
        snprintf(ref, sizeof ref, "r%d#%d", number, k);
        e.kind = KIND_LINE;
        e.item = (uint32_t)r->items[k] + 1;
        e.ref_size = (uint32_t)strlen(ref);
        assert_ok(event_append(mall->writer, &e, 1, NULL, NULL, &err));
    }
}

static struct temp_mall mall_make(const struct plain *plain)
{
    struct temp_mall mall = temp_mall_new();
    char sql[256];
    for (int i = 0; i < ITEMS; i++) {
        snprintf(sql, sizeof sql,
                 "insert into item (id, name, brand, category) values (%d, 'I%d', 'B%d', 'C%d')",
                 i + 1, i, i % 5, i % 3);
        test_run(&mall, sql);
    }
    assert_ok(writer_begin(mall.writer, &err));
    for (int i = 0; i < plain->n; i++)
        receipt_append(&mall, &plain->receipts[i], i);
    assert_ok(writer_commit(mall.writer, &err));
    for (int s = 0; s < SHOPS; s++) {
        snprintf(sql, sizeof sql,
                 "update tenant set category = 'C%d', brand = 'B%d' where code = 'S%d'", s % 4,
                 s % 6, s);
        test_run(&mall, sql);
    }
    test_run(&mall, "update counter set value = 60 where name = 'person'");
    return mall;
}

/* ---- By hand ---- */

struct unit {
    uint32_t person;
    bool has[16];
};

static void thing_set(struct unit *unit, enum affinity_of of, const struct plain_receipt *r)
{
    if (of == AFFINITY_SHOP)
        unit->has[r->shop] = true;
    else if (of == AFFINITY_BRAND)
        unit->has[r->shop % 6] = true;
    else if (of == AFFINITY_CATEGORY)
        unit->has[r->shop % 4] = true;
    for (int k = 0; k < r->n_lines && of >= AFFINITY_ITEM; k++)
        unit->has[of == AFFINITY_ITEM         ? r->items[k]
                  : of == AFFINITY_ITEM_BRAND ? r->items[k] % 5
                                              : r->items[k] % 3] = true;
}

static int units_make(const struct plain *plain, enum affinity_of of, enum affinity_by by,
                      struct unit *units)
{
    int n = 0;
    for (int i = 0; i < plain->n; i++) {
        const struct plain_receipt *r = &plain->receipts[i], *before = r - 1;
        if (!r->person && by != AFFINITY_BASKET)
            continue;
        bool same = n && i && by != AFFINITY_BASKET && before->person == r->person &&
                    (by == AFFINITY_PERSON || r->time - before->time <= GAP);
        if (!same)
            units[n++] = (struct unit){.person = r->person};
        thing_set(&units[n - 1], of, r);
    }
    return n;
}

static int thing_number(enum affinity_of of, const char *code)
{
    (void)of;
    return code[1] - '0';
}

/* ---- Held against each other ---- */

static void people_check(struct temp_mall *mall, struct arena *arena,
                         const struct affinity_query *query, const struct affinity *a,
                         const struct affinity_pair *pair, const struct unit *units, int n)
{
    struct affinity_people people;
    int x = thing_number(query->of, a->things[pair->a].code);
    int y = thing_number(query->of, a->things[pair->b].code);
    assert_ok(affinity_people_run(mall->reader, arena, query, a->things[pair->a].code,
                                  a->things[pair->b].code, &people, &err));
    assert_int_equal(people.all, pair->both);
    int64_t sum = people.nobody;
    for (size_t i = 0; i < people.n; i++) {
        uint32_t own = 0;
        for (int u = 0; u < n; u++)
            own += units[u].person == people.people[i] && units[u].has[x] && units[u].has[y];
        assert_int_equal(people.units[i], own);
        assert_true(i == 0 || people.people[i] > people.people[i - 1]);
        sum += own;
    }
    assert_int_equal(sum, pair->both);
}

static void answer_check(struct temp_mall *mall, const struct plain *plain, enum affinity_of of,
                         enum affinity_by by)
{
    struct unit units[RECEIPTS];
    struct arena *arena = arena_new();
    struct affinity a, two;
    struct affinity_query query = {.of = of, .by = by, .from = INT64_MIN, .threads = 1};
    int n = units_make(plain, of, by, units);
    assert_ok(affinity_run(mall->reader, arena, &query, &a, &err));
    query.threads = 2;
    assert_ok(affinity_run(mall->reader, arena, &query, &two, &err));
    assert_int_equal(a.units, n);
    assert_int_equal(a.n_pairs, two.n_pairs);
    assert_memory_equal(a.pairs, two.pairs, a.n_pairs * sizeof *a.pairs);
    size_t pairs = 0;
    for (size_t i = 0; i < a.n_things; i++)
        for (size_t j = 0; j < a.n_things; j++) {
            int x = thing_number(of, a.things[i].code), y = thing_number(of, a.things[j].code);
            uint32_t both = 0;
            for (int u = 0; u < n; u++)
                both += units[u].has[x] && units[u].has[y];
            assert_int_equal(a.counts[i * a.n_things + j], both);
            pairs += j > i && both > 0;
        }
    assert_int_equal(a.n_pairs, pairs);
    for (size_t i = 0; i < a.n_pairs; i++) {
        const struct affinity_pair *p = &a.pairs[i];
        double one = (double)a.things[p->a].units, other = (double)a.things[p->b].units;
        double lift = (double)p->both / n / (one / n * (other / n));
        assert_true(fabs(p->lift - lift) < 1e-9 * lift);
        assert_true(p->interval.low <= lift && lift <= p->interval.high);
        assert_true(i == 0 || (p[-1].both < a.small) >= (p->both < a.small) ||
                    p[-1].both >= a.small);
    }
    if (a.n_pairs)
        people_check(mall, arena, &query, &a, &a.pairs[a.n_pairs / 2], units, n);
    arena_free(arena);
}

static void random_malls_are_counted_as_by_hand(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct plain plain;
        struct chance chance = {seed};
        plain_make(&plain, &chance);
        struct temp_mall mall = mall_make(&plain);
        for (int of = 0; of < AFFINITY_OF_COUNT; of++)
            for (int by = 0; by < AFFINITY_BY_COUNT; by++)
                if (by != AFFINITY_BASKET || of >= AFFINITY_ITEM)
                    answer_check(&mall, &plain, (enum affinity_of)of, (enum affinity_by)by);
        temp_mall_free(&mall);
    }
}

static void choices_are_kept(void **state)
{
    (void)state;
    struct plain plain;
    struct chance chance = {99};
    struct arena *arena = arena_new();
    struct affinity all, some;
    plain_make(&plain, &chance);
    struct temp_mall mall = mall_make(&plain);
    struct affinity_query query = {.of = AFFINITY_SHOP, .from = INT64_MIN};
    assert_ok(affinity_run(mall.reader, arena, &query, &all, &err));
    query.with = "S1";
    query.least = 3;
    query.order = AFFINITY_BY_SUPPORT;
    assert_ok(affinity_run(mall.reader, arena, &query, &some, &err));
    assert_true(some.n_pairs > 0 && some.n_pairs < all.n_pairs);
    for (size_t i = 0; i < some.n_pairs; i++) {
        assert_true(some.pairs[i].both >= 3);
        assert_true(i == 0 || some.pairs[i - 1].both >= some.pairs[i].both);
        assert_true(strcmp(some.things[some.pairs[i].a].code, "S1") == 0 ||
                    strcmp(some.things[some.pairs[i].b].code, "S1") == 0);
    }
    const uint32_t among[] = {3, 4, 7};
    query = (struct affinity_query){
        .of = AFFINITY_SHOP, .from = INT64_MIN, .among = among, .n_among = 3};
    assert_ok(affinity_run(mall.reader, arena, &query, &some, &err));
    assert_in_range(some.units, 1, 3);
    query = (struct affinity_query){.of = AFFINITY_SHOP, .by = AFFINITY_BASKET};
    assert_int_equal(affinity_run(mall.reader, arena, &query, &some, &err), ST_USAGE);
    query = (struct affinity_query){.of = AFFINITY_SHOP, .from = INT64_MIN, .with = "nothing"};
    assert_int_equal(affinity_run(mall.reader, arena, &query, &some, &err), ST_USAGE);
    error_clear(&err);
    temp_mall_free(&mall);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_malls_are_counted_as_by_hand),
        cmocka_unit_test(choices_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
