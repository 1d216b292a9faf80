/* Portraits against a plain reference over random malls, groups and periods: every row of every
 * part, the figures and the hours; one thread and two; what is kept back from an analyst; what sets
 * a group apart. */
#include "model/base/arena.h"
#include "model/insight/portrait_group.h"
#include "tests/support/people.h"
#include "tests/support/tale.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MALLS = 24, ROUNDS = 6 };

static struct error err;
static struct access everything;

static struct set *tale_group(const struct tale *t, struct arena *arena)
{
    uint32_t size;
    assert_ok(people_numbers(t->story->reader, &size, &err));
    struct set *group = set_new(arena, size);
    for (uint32_t p = 1; p <= PEOPLE; p++)
        if (t->in[p])
            set_add(group, t->number[p]);
    return group;
}

static struct portrait tale_portrait(const struct tale *t, struct arena *arena,
                                     const struct access *access, int threads)
{
    struct portrait portrait;
    const struct set *group = tale_group(t, arena);
    struct portrait_query query = {
        .group = group, .from = t->from, .to = t->to, .threads = threads};
    assert_ok(portrait_run(t->story->reader, arena, access, &query, &portrait, &err));
    return portrait;
}

/* ---- Held against each other ---- */

static const struct portrait_row *row_named(const struct portrait_facet *facet, const char *key)
{
    for (size_t i = 0; i < facet->n; i++)
        if (strcmp(facet->rows[i].key, key) == 0)
            return &facet->rows[i];
    return NULL;
}

static void assert_row(enum portrait_part part, const struct portrait_row *row,
                       const struct plain_row *want, const int64_t of[2])
{
    for (int side = 0; side < 2; side++) {
        if (row->people[side] != want->people[side] || row->of[side] != of[side])
            fail_msg("%s %s, side %d: %ld of %ld, not %ld of %ld", portrait_parts[part].name,
                     want->name, side, (long)row->people[side], (long)row->of[side],
                     (long)want->people[side], (long)of[side]);
        if (of[side])
            assert_true(row->share[side] == (double)want->people[side] / (double)of[side]);
    }
    if (of[0] && want->people[1]) {
        double index = 100.0 * (double)want->people[0] * (double)of[1] /
                       ((double)of[0] * (double)want->people[1]);
        assert_true(fabs(row->index - index) < 1e-9 * (1 + index));
        assert_true(row->low <= index * (1 + 1e-9) + 1e-9 && row->high >= index * (1 - 1e-9));
    }
}

static void assert_parts(const struct portrait *portrait, const struct plain *plain)
{
    static const enum portrait_part tried[] = {
        PART_GENDER, PART_INCOME,   PART_LABEL,   PART_INTEREST, PART_RELATION,
        PART_CROWD,  PART_CATEGORY, PART_GOODS,   PART_BRAND,    PART_COLOR,
        PART_SHOP,   PART_ZONE,     PART_WEEKDAY, PART_DAYTIME,  PART_RESPONSE};
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
        enum portrait_part part = tried[i];
        size_t there = 0;
        for (size_t k = 0; k < plain->n[part]; k++) {
            const struct plain_row *want = &plain->rows[part][k];
            const struct portrait_row *row = row_named(&portrait->facets[part], want->name);
            bool own = part == PART_RESPONSE;
            if (!want->people[1] && !(own && want->of[1])) {
                assert_true(!row || !row->people[1]);
                there += row != NULL;
                continue;
            }
            if (!row)
                fail_msg("no row %s of %s", want->name, portrait_parts[part].name);
            assert_row(part, row, want, own ? want->of : plain->of[part]);
            there++;
        }
        assert_int_equal(portrait->facets[part].n, there);
    }
}

static void assert_mean(const struct portrait *portrait, enum portrait_figure_id id,
                        const int64_t sum[2], const int64_t n[2])
{
    const struct portrait_figure *f = &portrait->figures[id];
    assert_int_equal(f->known, n[0] > 0);
    for (int side = 0; side < 2; side++)
        if (n[side] && f->value[side] != (double)sum[side] / (double)n[side])
            fail_msg("%s: %g, not %g", portrait_figures[id].name, f->value[side],
                     (double)sum[side] / (double)n[side]);
}

static void assert_same(const struct tale *t, const struct portrait *portrait,
                        const struct plain *plain)
{
    int64_t members[2] = {0, PEOPLE};
    for (uint32_t p = 1; p <= PEOPLE; p++)
        members[0] += t->in[p];
    assert_int_equal(portrait->people, members[0]);
    assert_memory_equal(portrait->members, members, sizeof members);
    assert_memory_equal(portrait->hours, plain->hours, sizeof plain->hours);
    assert_memory_equal(portrait->sales, plain->net, sizeof plain->net);
    assert_mean(portrait, FIGURE_SEEN, plain->seen, members);
    assert_mean(portrait, FIGURE_BUYERS, plain->buyers, members);
    assert_mean(portrait, FIGURE_RECEIPT, plain->gross, plain->receipts);
    assert_mean(portrait, FIGURE_DAYS, plain->days, plain->buyers);
    assert_mean(portrait, FIGURE_PIECES, plain->pieces, plain->lined);
    assert_mean(portrait, FIGURE_VISITS, plain->visits, plain->seen);
    assert_mean(portrait, FIGURE_DWELL, plain->dwell, plain->dwelt);
    assert_mean(portrait, FIGURE_RESPONDED, plain->responded, plain->addressed);
    assert_mean(portrait, FIGURE_REFUNDED, plain->refunders, plain->buyers);
    assert_parts(portrait, plain);
    for (int side = 0; side < 2; side++) {
        int64_t money = 0;
        for (size_t i = 0; i < portrait->n_spans; i++)
            money += portrait->spans[side][i];
        assert_int_equal(money, plain->net[side]);
    }
}

static void assert_equal_facets(const struct portrait *a, const struct portrait *b)
{
    for (int part = 0; part < PART_COUNT; part++) {
        assert_int_equal(a->facets[part].n, b->facets[part].n);
        for (size_t i = 0; i < a->facets[part].n; i++) {
            const struct portrait_row *x = &a->facets[part].rows[i], *y = &b->facets[part].rows[i];
            assert_string_equal(x->key, y->key);
            assert_memory_equal(x->people, y->people, sizeof x->people);
            assert_memory_equal(x->money, y->money, sizeof x->money);
            assert_true(x->price == y->price || (isnan(x->price) && isnan(y->price)));
        }
    }
    for (int id = 0; id < FIGURE_COUNT; id++)
        assert_memory_equal(&a->figures[id], &b->figures[id], sizeof a->figures[id]);
}

/* One row of each part: as many people as it says, all of the group. */
static void assert_lists(const struct tale *t, struct arena *arena, const struct portrait *portrait)
{
    struct portrait_query query = {.group = tale_group(t, arena), .from = t->from, .to = t->to};
    struct portrait listed;
    for (int part = 0; part < PART_COUNT; part++) {
        const struct portrait_facet *facet = &portrait->facets[part];
        if (!facet->n || !portrait_lists((enum portrait_part)part))
            continue;
        const struct portrait_row *row = &facet->rows[draw(t->story, facet->n)];
        query.list_part = (enum portrait_part)part;
        query.list_key = row->key;
        assert_ok(portrait_run(t->story->reader, arena, &everything, &query, &listed, &err));
        if ((int64_t)listed.n_listed != row->people[0])
            fail_msg("%s %s: %ld in the row, %zu in its list", portrait_parts[part].name, row->key,
                     (long)row->people[0], listed.n_listed);
        for (size_t i = 0; i < listed.n_listed; i++)
            assert_true(set_has(query.group, listed.listed[i]));
    }
}

static void test_everything(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= MALLS; seed++) {
        struct tale *t = tale_new(seed);
        for (int round = 0; round < ROUNDS; round++) {
            struct arena *arena = arena_new();
            tale_ask(t);
            struct plain *plain = plain_new(t);
            struct portrait one = tale_portrait(t, arena, &everything, 1);
            struct portrait two = tale_portrait(t, arena, &everything, 2);
            assert_same(t, &one, plain);
            assert_equal_facets(&one, &two);
            if (round == 0)
                assert_lists(t, arena, &one);
            free(plain);
            arena_free(arena);
        }
        tale_free(t);
    }
}

/* ---- Who may see what ---- */

static void test_kept_back(void **state)
{
    (void)state;
    struct tale *t = tale_new(3);
    struct access analyst = test_access(ACCESS_ANALYST),
                  technician = test_access(ACCESS_TECHNICIAN);
    struct arena *arena = arena_new();
    struct portrait portrait;
    analyst.least_people = 10;
    tale_ask(t);
    for (uint32_t p = 1; p <= PEOPLE; p++)
        t->in[p] = p <= 9;
    portrait = tale_portrait(t, arena, &analyst, 1);
    assert_true(portrait.withheld);
    assert_int_equal(portrait.facets[PART_GENDER].n, 0);
    t->in[10] = true;
    portrait = tale_portrait(t, arena, &analyst, 1);
    assert_false(portrait.withheld);
    for (int part = 0; part < PART_COUNT; part++)
        for (size_t i = 0; i < portrait.facets[part].n; i++) {
            const struct portrait_row *row = &portrait.facets[part].rows[i];
            if (part == PART_WEEKDAY || part == PART_DAYTIME)
                continue;
            assert_true(row->people[0] == 0 || row->people[0] >= 10);
            assert_true(row->hidden || row->of[0] == row->people[0] ||
                        row->of[0] - row->people[0] >= 10);
            if (row->hidden)
                assert_true(isnan(row->share[0]) && isnan(row->index) && row->money[0] == 0);
        }
    struct portrait_query query = {.group = set_new(arena, 64), .from = t->from, .to = t->to};
    assert_int_equal(portrait_run(t->story->reader, arena, &technician, &query, &portrait, &err),
                     ST_DENIED);
    error_clear(&err);
    arena_free(arena);
    tale_free(t);
}

/* ---- What sets a group apart ---- */

enum { CROWD = 400 };

/* 400 members, of whom the first 100 are women twice as often as the others and buy at Tea. */
static void test_apart(void **state)
{
    (void)state;
    struct temp_mall mall = temp_mall_new();
    struct arena *arena = arena_new();
    struct test_member *members = mem_zero(CROWD, sizeof *members);
    struct test_event *events = mem_zero(CROWD, sizeof *events);
    for (uint32_t i = 0; i < CROWD; i++) {
        bool first = i < 100;
        members[i] = (struct test_member){.person = i + 1,
                                          .card = arena_printf(arena, "C%u", i + 1),
                                          .name = "",
                                          .phone = "",
                                          .tier = "",
                                          .gender = (first ? i % 5 < 4 : i % 5 < 2) ? "f" : "m"};
        events[i] =
            (struct test_event){.time = test_time(2026, 1, 1 + (int)(i % 28), 12, 0),
                                .person = i + 1,
                                .kind = "purchase",
                                .tenant = (first ? i % 10 < 9 : i % 10 < 1) ? "Tea" : "Rice",
                                .amount = 1000};
    }
    test_members_add(&mall, members, CROWD);
    test_events_add(&mall, events, CROWD);
    uint32_t size;
    assert_ok(people_numbers(mall.reader, &size, &err));
    struct set *group = set_new(arena, size);
    for (uint32_t p = 1; p <= 100; p++)
        set_add(group, p);
    struct portrait_query query = {
        .group = group, .from = test_time(2026, 1, 1, 0, 0), .to = test_time(2026, 2, 1, 0, 0)};
    struct portrait portrait;
    assert_ok(portrait_run(mall.reader, arena, &everything, &query, &portrait, &err));
    assert_in_range(portrait.n_apart, 4, 24);
    /* Rice is bought by 10 % of them and by 70 % of all; Tea by 90 % and 30 %. */
    assert_string_equal(portrait.apart[0].row->key, "Rice");
    assert_true(fabs(portrait.apart[0].row->index - 100.0 / 7) < 1e-9);
    assert_string_equal(portrait.apart[1].row->key, "Tea");
    assert_true(fabs(portrait.apart[1].row->index - 300) < 1e-9);
    assert_string_equal(portrait_sentence(arena, &portrait, 3),
                        "More of these 100 people than usual buy at Tea (90%, the mall 30%); fewer "
                        "buy at Rice (10%, the mall 70%), are men (20%, the mall 50%).");
    /* Wilson's interval of 90 of 100, as published calculators give it: 82.56 % to 94.48 %. */
    assert_true(fabs(portrait.apart[1].row->low * 0.3 - 82.56) < 0.01);
    assert_true(fabs(portrait.apart[1].row->high * 0.3 - 94.48) < 0.01);
    free(members);
    free(events);
    arena_free(arena);
    temp_mall_free(&mall);
}

/* Three receipts of 100, 200 and 600: mean 300, variance 70,000 of three less one. */
static void test_interval_of_a_mean(void **state)
{
    (void)state;
    static const int64_t amounts[] = {10000, 20000, 60000, 40000};
    struct arena *arena = arena_new();
    struct temp_mall mall = temp_mall_new();
    struct test_member members[4];
    struct test_event events[4];
    uint32_t size;
    for (uint32_t i = 0; i < 4; i++) {
        members[i] = (struct test_member){.person = i + 1,
                                          .card = arena_printf(arena, "M%u", (unsigned)i),
                                          .name = "",
                                          .phone = "",
                                          .tier = "",
                                          .gender = ""};
        events[i] = (struct test_event){.time = test_time(2026, 1, 5, 12, (int)i),
                                        .person = i + 1,
                                        .kind = "purchase",
                                        .tenant = "Tea",
                                        .amount = amounts[i]};
    }
    test_members_add(&mall, members, 4);
    test_events_add(&mall, events, 4);
    assert_ok(people_numbers(mall.reader, &size, &err));
    struct set *group = set_new(arena, size);
    for (uint32_t p = 1; p <= 3; p++)
        set_add(group, p);
    struct portrait_query query = {
        .group = group, .from = test_time(2026, 1, 1, 0, 0), .to = test_time(2026, 2, 1, 0, 0)};
    struct portrait portrait;
    assert_ok(portrait_run(mall.reader, arena, &everything, &query, &portrait, &err));
    const struct portrait_figure *receipt = &portrait.figures[FIGURE_RECEIPT];
    double half = 1.959963984540054 * sqrt(7e8 / 3);
    assert_true(fabs(receipt->value[0] - 30000) < 1e-6 && fabs(receipt->value[1] - 32500) < 1e-6);
    assert_true(fabs(receipt->low - 100 * (30000 - half) / 32500) < 1e-6);
    assert_true(fabs(receipt->high - 100 * (30000 + half) / 32500) < 1e-6);
    arena_free(arena);
    temp_mall_free(&mall);
}

/* No two parts say the same of people, so that a sentence does not repeat itself. */
static void test_phrases_differ(void **state)
{
    (void)state;
    for (int a = 0; a < PART_COUNT; a++)
        for (int b = 0; b < a; b++)
            assert_string_not_equal(portrait_parts[a].phrase, portrait_parts[b].phrase);
}

int main(void)
{
    everything = test_access(ACCESS_ADMIN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything),     cmocka_unit_test(test_kept_back),
        cmocka_unit_test(test_apart),          cmocka_unit_test(test_interval_of_a_mean),
        cmocka_unit_test(test_phrases_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
