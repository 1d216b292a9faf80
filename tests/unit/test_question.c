/* Expressions over events: what they say of an event, and what is said of those that cannot be
 * read. Retention and lifecycle on a few people by hand, on one thread and on two. */
#include "model/loop/retention.h"
#include "model/loop/rfm.h"
#include "model/question/marks.h"
#include "tests/support/event_history.h"
#include "tests/support/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

/* ---- Expressions ---- */

static struct temp_mall shop_mall(void)
{
    struct temp_mall mall = temp_mall_new();
    struct test_event events[] = {
        {test_time(2017, 10, 2, 12, 0), 1, "purchase", "T01", "F1-A", "pos", "P1", 12050, "r1"},
        {test_time(2017, 10, 7, 23, 0), 1, "purchase", "T02", NULL, "app", NULL, 30000, NULL},
        {test_time(2017, 10, 8, 2, 0), 2, "points_earn", "T02", NULL, "pos", NULL, 300, NULL},
        {test_time(2017, 10, 9, 9, 0), 2, "visit", NULL, "F2-B", NULL, NULL, 0, NULL},
        {test_time(2017, 10, 9, 10, 0), 3, "tasting", "T01", NULL, "pos-2", NULL, 0, NULL},
    };
    test_events_add(&mall, events, sizeof events / sizeof *events);
    test_run(&mall,
             "update tenant set name = 'Nike', category = 'sports', floor = '1' where code = "
             "'T01'; update tenant set category = 'food', floor = '2' where code = 'T02'; "
             "update zone set floor = '2' where code = 'F2-B'; "
             "update counter set value = 3 where name = 'person'");
    return mall;
}

struct counting {
    const struct matcher *matcher;
    struct marks marks;
    int n;
};

static enum status count_block(void *context, const struct event_block *block, struct error *e)
{
    struct counting *c = context;
    (void)e;
    marks_take(&c->marks, block, &c->matcher, 1);
    for (size_t r = 0; r < block->n_runs; r++)
        for (size_t i = 0; i < block->runs[r].n; i++)
            c->n += (int)c->marks.of[r][i];
    return ST_OK;
}

static int matches(struct temp_mall *mall, const char *text)
{
    struct arena *arena = arena_new();
    struct counting c = {0};
    assert_ok(reader_begin(mall->reader, &err));
    assert_ok(matcher_new(mall->reader, arena, text, &c.matcher, &err));
    struct event_query query = {.from = INT64_MIN,
                                .kinds = c.matcher->kinds,
                                .n_kinds = c.matcher->n_kinds,
                                .columns = c.matcher->columns,
                                .people = true};
    if (query.n_kinds)
        assert_ok(event_scan(mall->reader, &query, count_block, &c, &err));
    reader_end(mall->reader);
    vec_free(&c.marks.all);
    arena_free(arena);
    return c.n;
}

static void test_matching(void **state)
{
    static const struct {
        const char *text;
        int n;
    } cases[] = {
        {"purchase", 2},
        {"'purchase' or visit", 3},
        {"tasting", 1},
        {"kind in (purchase, visit)", 3},
        {"kind not in (purchase, visit)", 2},
        {"kind=purchase and tenant=T01 and amount>=120.50", 1},
        {"purchase and amount > 120.50", 1},
        {"amount >= 300", 2}, /* 300.00 in money, 300 points */
        {"channel ~ \"^pos\"", 3},
        {"channel !~ '^pos$'", 3},
        {"channel != pos", 3},
        {"category = sports", 2},
        {"shop in (Nike, T02)", 4},
        {"floor = 2", 3},
        {"zone = F1-A or device = P1", 1},
        {"ref = r1", 1},
        {"day = 2017-10-07", 2}, /* 2 in the morning belongs to the day before */
        {"day > 2017-10-07", 2},
        {"time < \"2017-10-07 23:00\"", 1},
        {"weekday in (sat, sun)", 2},
        {"hour >= 12 and hour <= 23", 2},
        {"not (purchase or visit) and not tasting", 1},
        {"not not visit", 1},
        {"nothing", 0},
        {"purchase and visit", 0},
    };
    (void)state;
    struct temp_mall mall = shop_mall();
    for (int fold = 0; fold < 2; fold++) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            if (matches(&mall, cases[i].text) != cases[i].n)
                fail_msg("%s: %d events, want %d", cases[i].text, matches(&mall, cases[i].text),
                         cases[i].n);
        assert_ok(event_fold(mall.writer, 0, &err));
    }
    temp_mall_free(&mall);
}

static void test_messages(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "1:1: found the end, expected a kind, a field, not or '('"},
        {"purchase and", "1:13: found the end"},
        {"purchase visit", "1:10: found 'visit', expected and, or, or the end"},
        {"(purchase", "1:10: found the end, expected and, or, or ')'"},
        {"kind < 3", "1:6: found '<', expected =, !=, ~, !~ or in"},
        {"amount > much", "1:10: found 'much', expected an amount"},
        {"purchase\nand tennant=T1", "2:5: found 'tennant'"},
        {"purchase\nand tennant=T1", "did you mean tenant?"},
        {"channel = \"pos", "expected a text with a quotation mark at its end"},
        {"channel ~ \"(\"", "1:11"},
        {"time > soon", "1:8: found 'soon', expected a time"},
        {"kind in (a b)", "1:12: found 'b', expected ',' or ')'"},
        {"商店 = 3", "1:1: found '商店'"},
        {"a or 商 or ?", "1:11: found '?'"},
    };
    (void)state;
    struct temp_mall mall = temp_mall_new();
    struct arena *arena = arena_new();
    const struct matcher *matcher;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(matcher_new(mall.reader, arena, cases[i].text, &matcher, &err), ST_USAGE);
        if (!strstr(error_text(&err), cases[i].message))
            fail_msg("%s: %s, want %s", cases[i].text, error_text(&err), cases[i].message);
    }
    char *deep = mem_zero(1, 4000);
    memset(deep, '(', 3000);
    assert_int_equal(matcher_new(mall.reader, arena, deep, &matcher, &err), ST_USAGE);
    free(deep);
    assert_ok(matcher_new(mall.reader, arena, "purchse", &matcher, &err));
    assert_int_equal(matcher->n_notes, 1);
    assert_non_null(strstr(matcher->notes[0], "did you mean purchase?"));
    error_clear(&err);
    arena_free(arena);
    temp_mall_free(&mall);
}

/* ---- Retention, lifecycle ---- */

enum { PEOPLE = 60, DAYS = 20, EVENTS = 400 };

/* Whether each person was there on each day, and how often. */
struct diary {
    int n[PEOPLE + 1][DAYS + 1];
};

static void diary_fill(struct temp_mall *mall, struct diary *diary)
{
    struct dice dice = {.state = 11};
    struct test_event *events = mem_zero(EVENTS, sizeof *events);
    memset(diary, 0, sizeof *diary);
    for (int i = 0; i < EVENTS; i++) {
        int person = 1 + (int)dice_below(&dice, PEOPLE), day = (int)dice_below(&dice, DAYS);
        day = i == 0 ? 0 : i == 1 ? DAYS - 1 : day;
        diary->n[person][day]++;
        events[i] =
            (struct test_event){test_time(2017, 10, 1 + day, 12, 0), (uint32_t)person, "visit"};
    }
    test_events_add(mall, events, EVENTS);
    free(events);
}

static int64_t plain_retention(const struct diary *d, const struct retention_query *q, int row,
                               int k)
{
    int64_t n = 0;
    for (int p = 1; p <= PEOPLE; p++) {
        bool earlier = false, back = k == 0;
        for (int day = 0; day < row; day++)
            earlier |= d->n[p][day] > 0;
        if (!d->n[p][row] || (q->first_time && earlier))
            continue;
        for (int day = row + k; k > 0 && day < (q->on_or_after ? DAYS : row + k + 1); day++)
            back |= day < DAYS && d->n[p][day] >= q->occurrences;
        n += back;
    }
    return n;
}

static void test_retention(void **state)
{
    (void)state;
    struct temp_mall mall = temp_mall_new();
    struct arena *arena = arena_new();
    struct diary diary;
    diary_fill(&mall, &diary);
    for (int options = 0; options < 32; options++) {
        struct retention_query query = {.start = "visit",
                                        .back = "visit",
                                        .periods = 7,
                                        .first_time = options & 1,
                                        .on_or_after = options & 2,
                                        .occurrences = options & 4 ? 2 : 1,
                                        .rolling = options & 8,
                                        .threads = options & 16 ? 2 : 1,
                                        .from = test_time(2017, 10, 1, 0, 0),
                                        .to = test_time(2017, 10, 1 + DAYS, 0, 0)};
        struct retention answer;
        assert_ok(retention_run(mall.reader, arena, &query, &answer, &err));
        assert_int_equal(answer.n_rows, DAYS);
        /* All events lie at noon, so that rolling days are calendar days. */
        for (int row = 0; row < DAYS; row++)
            for (int k = 0; k < 7; k++)
                assert_int_equal(answer.rows[row].values[k],
                                 plain_retention(&diary, &query, row, k));
        assert_int_equal(answer.rows[DAYS - 1].open, 0);
        assert_int_equal(answer.rows[DAYS - 3].open, 2 - !!query.rolling);
    }
    arena_free(arena);
    temp_mall_free(&mall);
}

static void test_lifecycle(void **state)
{
    (void)state;
    struct temp_mall mall = temp_mall_new();
    struct arena *arena = arena_new();
    struct diary d;
    diary_fill(&mall, &d);
    enum { FROM = 5 };
    struct lifecycle_query query = {.event = "visit",
                                    .from = test_time(2017, 10, 1 + FROM, 0, 0),
                                    .to = test_time(2017, 10, 1 + DAYS, 0, 0)};
    for (query.threads = 1; query.threads <= 2; query.threads++) {
        struct lifecycle answer;
        assert_ok(lifecycle_run(mall.reader, arena, &query, &answer, &err));
        assert_int_equal(answer.periods.n, DAYS - FROM);
        for (int day = FROM; day < DAYS; day++) {
            int fresh = 0, returning = 0, resurrecting = 0, dormant = 0;
            for (int p = 1; p <= PEOPLE; p++) {
                bool earlier = false, before = d.n[p][day - 1], now = d.n[p][day];
                for (int i = 0; i < day; i++)
                    earlier |= d.n[p][i] > 0;
                fresh += now && !earlier;
                returning += now && before;
                resurrecting += now && earlier && !before;
                dormant -= before && !now;
            }
            assert_int_equal(answer.fresh[day - FROM], fresh);
            assert_int_equal(answer.returning[day - FROM], returning);
            assert_int_equal(answer.resurrecting[day - FROM], resurrecting);
            assert_int_equal(answer.dormant[day - FROM], dormant);
        }
    }
    arena_free(arena);
    temp_mall_free(&mall);
}

static void test_quantiles(void **state)
{
    (void)state;
    const int64_t sorted[] = {1, 2, 3, 4, 10};
    assert_true(quantile_7(sorted, 5, 0.5) == 3);
    assert_true(quantile_7(sorted, 4, 0.5) == 2.5);
    assert_true(quantile_7(sorted, 1, 0.8) == 1);
    assert_true(quantile_7(sorted, 5, 1) == 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matching),  cmocka_unit_test(test_messages),
        cmocka_unit_test(test_retention), cmocka_unit_test(test_lifecycle),
        cmocka_unit_test(test_quantiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
