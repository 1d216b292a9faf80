/* Events in a mall file: bulk, tail and both against a plain reference. */
#include "tests/support/event_history.h"
#include "tests/support/temp.h"

#include "model/event/event.h"
#include "model/store/mall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const unsigned every_column = (1u << 11) - 1;
static const int64_t year_2024 = 1704067200, day = 86400;

struct fixture {
    struct arena *arena;
    struct temp_mall temp;
    struct mall *mall;
    struct writer *writer;
    struct error err;
};

#define OK(call) check(f, (call), #call)
static void check(struct fixture *f, enum status status, const char *what)
{
    if (status != ST_OK)
        fail_msg("%s: %s", what, error_text(&f->err));
}

static int set_up(void **state)
{
    struct fixture *f = mem_zero(1, sizeof *f);
    f->arena = arena_new();
    f->temp = temp_mall_new();
    f->mall = f->temp.mall;
    f->writer = f->temp.writer;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    temp_mall_free(&f->temp);
    arena_free(f->arena);
    error_clear(&f->err);
    free(f);
    return 0;
}

static const struct event_query everything = {
    .from = INT64_MIN, .columns = (1u << 11) - 1, .nobody = true, .people = true};

static void expect_scan(struct fixture *f, const struct history *history,
                        const struct event_query *query)
{
    struct reader *reader;
    struct scanned scanned = {0};
    OK(reader_open(f->mall, &reader, &f->err));
    OK(event_scan(reader, query, scanned_block, &scanned, &f->err));
    size_t n;
    struct event *expected = history_expected(history, &f->mall->clock, query, &n, NULL);
    const char *difference =
        events_differ(f->arena, scanned.at, scanned.n, expected, n, query->columns);
    if (difference)
        fail_msg("%s", difference);
    free(expected);
    scanned_free(&scanned);
    reader_close(reader);
}

static void append(struct fixture *f, const struct history *history, size_t from, size_t to,
                   size_t *duplicates)
{
    OK(writer_begin(f->writer, &f->err));
    OK(event_append(f->writer, history->at + from, to - from, NULL, duplicates, &f->err));
    OK(writer_commit(f->writer, &f->err));
}

static void bulk(struct fixture *f, const struct history *history, size_t from, size_t to,
                 size_t memory, struct event_bulk_counts *counts)
{
    struct event_bulk *bulk;
    struct event_bulk_options options = {.memory = memory, .threads = 2, .source = "test"};
    OK(event_bulk_begin(f->writer, &options, &bulk, &f->err));
    for (size_t at = from; at < to; at += 1000) {
        size_t n = to - at < 1000 ? to - at : 1000;
        OK(event_bulk_add(bulk, (int)((at - from) * EVENT_LANES / (to - from)), history->at + at, n,
                          &f->err));
    }
    OK(event_bulk_commit(bulk, NULL, NULL, counts, &f->err));
}

static void test_tail(void **state)
{
    struct fixture *f = *state;
    struct dice dice = {1};
    struct history history = history_new();
    struct history_shape shape = {20000, year_2024, year_2024 + 90 * day, 20, 60, 20};
    size_t duplicates, expected;
    history_add(&history, &dice, &shape, 3000);
    append(f, &history, 0, history.n, &duplicates);
    size_t n;
    free(history_expected(&history, &f->mall->clock, &everything, &n, &expected));
    assert_int_equal(duplicates, expected);
    expect_scan(f, &history, &everything);
    OK(event_fold(f->writer, 0, &f->err));
    expect_scan(f, &history, &everything);
    append(f, &history, 0, 100, &duplicates);
    history_free(&history);
}

static void test_bulk(void **state)
{
    struct fixture *f = *state;
    struct dice dice = {2};
    struct history history = history_new();
    struct history_shape shape = {40000, year_2024, year_2024 + 400 * day, 20, 60, 20};
    struct event_bulk_counts counts;
    size_t n, duplicates;
    history_add(&history, &dice, &shape, 50000);
    bulk(f, &history, 0, history.n, 0, &counts);
    free(history_expected(&history, &f->mall->clock, &everything, &n, &duplicates));
    assert_int_equal(counts.duplicates, duplicates);
    assert_int_equal(counts.added, n);
    expect_scan(f, &history, &everything);
    history_free(&history);
}

int main(void)
{
    (void)every_column;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bulk, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
