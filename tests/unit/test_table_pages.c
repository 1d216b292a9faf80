#include "tests/support/plain.h"
#include "tui/buffer.h"
#include "tui/table_export.h"
#include "tui/table_pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Five million rows that exist only when asked for. Answers wait until the test gives them. */
enum { HUGE_ROWS = 5000000 };

static const struct table_column columns[] = {
    {.name = "name", .cells = 14},
    {.name = "n", .title = "N", .align = 1, .cells = 10},
};

struct far {
    struct table_page_request *waiting[64];
    size_t n_waiting;
    int64_t rows;
    bool counts; /* answers say how many rows there are */
    int fetched, cancelled;
    struct table_pages *pages;
    struct table *table;
};

static void far_fetch(void *context, struct table_page_request *request)
{
    struct far *far = context;

    assert_true(far->n_waiting < 64);
    far->waiting[far->n_waiting++] = request;
    far->fetched++;
}

static void far_cancel(void *context, struct table_page_request *request)
{
    (void)request;
    ((struct far *)context)->cancelled++;
}

static const struct table_pages_ops far_ops = {.fetch = far_fetch, .cancel = far_cancel};

/* Row `row` of a query: descending turns the rows round; a filter leaves every 1000th. */
static int64_t far_value(const struct far *far, const struct table_query *query, int64_t row)
{
    int64_t step = *query->filter ? 1000 : 1;

    if (query->n_orders && query->orders[0].descending)
        return (far->rows - 1) / step * step - row * step;
    return row * step;
}

static int64_t far_count(const struct far *far, const struct table_query *query)
{
    return *query->filter ? (far->rows + 999) / 1000 : far->rows;
}

static void far_answer(struct far *far)
{
    struct table_page_request *request = far->waiting[0];
    struct table_page *page = table_page_new(2);
    int64_t count = far_count(far, &request->query);

    memmove(far->waiting, far->waiting + 1, --far->n_waiting * sizeof *far->waiting);
    for (int64_t i = 0; i < request->n && request->first + i < count; i++) {
        int64_t value = far_value(far, &request->query, request->first + i);
        char text[32];

        table_page_row(page, (uint64_t)value + 1000);
        snprintf(text, sizeof text, "会员 %lld", (long long)value);
        table_page_text(page, text, ROLE_PLAIN);
        snprintf(text, sizeof text, "%lld", (long long)value);
        table_page_number(page, (double)value, text, ROLE_PLAIN);
    }
    table_page_put(far->pages, request, page, far->counts ? count : TABLE_UNKNOWN,
                   far->counts ? far->rows : TABLE_UNKNOWN);
}

static void far_answer_all(struct far *far)
{
    while (far->n_waiting)
        far_answer(far);
}

static void draw(void *context, struct area area)
{
    table_draw(((struct far *)context)->table, area, true);
}

static struct far *far_new(int64_t rows, bool counts)
{
    struct far *far = tui_zero(1, sizeof *far);

    far->rows = rows;
    far->counts = counts;
    far->pages = table_pages_new(&far_ops, far, columns, 2);
    far->table = table_new(&(struct table_options){.source = table_pages_source(far->pages)});
    plain_start(12, 50, false);
    return far;
}

static void far_free(struct far *far)
{
    table_free(far->table);
    while (far->n_waiting)
        table_page_failed(far->pages, far->waiting[--far->n_waiting], NULL);
    table_pages_free(far->pages);
    free(far);
    plain_end();
}

static void test_first_page(void **state)
{
    struct far *far = far_new(HUGE_ROWS, true);

    (void)state;
    assert_true(table_busy(far->table));
    plain_frame(draw, far); /* nothing is there yet, and nothing waits */
    assert_int_equal(far->fetched, 1);
    far_answer(far);
    plain_frame(draw, far);
    assert_true(plain_has("会员 0"));
    assert_true(plain_has("1 of 5,000,000"));
    assert_int_equal(table_count(far->table), HUGE_ROWS);
    far_answer_all(far);
    assert_false(table_busy(far->table));
    far_free(far);
}

static void test_jump(void **state)
{
    struct far *far = far_new(HUGE_ROWS, true);
    uint64_t key = 0;

    (void)state;
    far_answer_all(far);
    table_action(far->table, TABLE_BOTTOM);
    plain_frame(draw, far);
    assert_true(plain_has("…")); /* asked for, not waited for */
    assert_int_equal(table_selected(far->table, &key), -1);
    far_answer_all(far);
    plain_frame(draw, far);
    assert_true(plain_has("会员 4999999"));
    assert_int_equal(table_selected(far->table, &key), HUGE_ROWS - 1);
    assert_int_equal(key, HUGE_ROWS - 1 + 1000);
    assert_true(far->fetched < 8);
    far_free(far);
}

static void test_query_keeps_the_old_rows(void **state)
{
    struct far *far = far_new(HUGE_ROWS, true);

    (void)state;
    far_answer_all(far);
    table_filter_set(far->table, "会员");
    plain_frame(draw, far);
    assert_true(plain_has("会员 1")); /* the rows before */
    table_filter_set(far->table, "会员 ");
    assert_int_equal(far->cancelled >= 1, true);
    assert_int_equal(far->n_waiting, 2);
    far_answer(far); /* the answer to the older query is thrown away */
    plain_frame(draw, far);
    assert_true(plain_has("会员 1"));
    assert_true(table_busy(far->table));
    far_answer_all(far);
    plain_frame(draw, far);
    assert_true(plain_has("会员 1000"));
    assert_true(plain_has("matched 5,000 of 5,000,000"));
    table_sort(far->table, "n", true);
    far_answer_all(far);
    table_action(far->table, TABLE_TOP);
    plain_frame(draw, far);
    far_answer_all(far);
    plain_frame(draw, far);
    assert_true(plain_has("会员 4999000"));
    far_free(far);
}

static void test_growing(void **state)
{
    struct far *far = far_new(700, false);

    (void)state;
    far_answer(far);
    assert_int_equal(table_count(far->table), -1); /* not known yet */
    plain_frame(draw, far);
    assert_true(plain_has("1 of 257+ rows"));
    for (int i = 0; i < 4; i++) {
        table_action(far->table, TABLE_BOTTOM);
        plain_frame(draw, far);
        far_answer_all(far);
    }
    plain_frame(draw, far);
    assert_int_equal(table_count(far->table), 700);
    assert_true(plain_has("会员 699"));
    far_free(far);
}

static void test_shrunk(void **state)
{
    struct far *far = far_new(2000, false);

    (void)state;
    for (int i = 0; i < 10; i++) {
        table_action(far->table, TABLE_BOTTOM);
        plain_frame(draw, far);
        far_answer_all(far);
    }
    assert_int_equal(table_count(far->table), 2000);
    far->rows = 300; /* the page that was looked at is gone */
    table_refresh(far->table);
    far_answer_all(far);
    plain_frame(draw, far);
    far_answer_all(far);
    plain_frame(draw, far);
    assert_true(plain_has("会员"));
    far_free(far);
}

static void test_left(void **state)
{
    struct far *far = far_new(HUGE_ROWS, true);

    (void)state;
    far_answer_all(far);
    table_action(far->table, TABLE_BOTTOM);
    plain_frame(draw, far);
    table_sort(far->table, "n", true);
    assert_true(far->n_waiting >= 2);
    table_free(far->table); /* answers come after the table has gone */
    far->table = NULL;
    far_answer_all(far);
    assert_int_equal(table_pages_busy(far->pages), 0);
    far_free(far);
}

static void test_failure(void **state)
{
    struct far *far = far_new(HUGE_ROWS, true);

    (void)state;
    far_answer_all(far);
    table_sort(far->table, "n", true);
    table_page_failed(far->pages, far->waiting[--far->n_waiting], "The file is gone");
    plain_frame(draw, far);
    assert_true(plain_has("The file is gone"));
    assert_true(plain_has("会员 0")); /* what was there stays */
    assert_false(table_busy(far->table));
    assert_int_equal(far->n_waiting, 0);
    table_refresh(far->table);
    far_answer_all(far);
    plain_frame(draw, far);
    assert_false(plain_has("The file is gone"));
    far_free(far);
}

struct sink {
    size_t bytes, lines;
    struct table_export_result result;
    bool done;
};

static bool sink_write(void *context, const char *bytes, size_t n)
{
    struct sink *sink = context;

    sink->bytes += n;
    for (size_t i = 0; i < n; i++)
        sink->lines += bytes[i] == '\n';
    return true;
}

static void sink_done(void *context, const struct table_export_result *result)
{
    struct sink *sink = context;

    assert_false(sink->done);
    sink->result = *result;
    sink->done = true;
}

static void test_export_walks(void **state)
{
    struct far *far = far_new(20000, true);
    struct sink sink = {0};
    struct table_writer writer = {sink_write, sink_done, &sink};
    int64_t of;

    (void)state;
    far_answer_all(far);
    table_mark(far->table, 1000 + 15000, true);
    assert_true(table_export(far->table, TABLE_CSV, false, false, &writer));
    assert_false(sink.done);
    assert_false(table_export(far->table, TABLE_CSV, false, false, &writer)); /* one at a time */
    assert_true(table_export_progress(far->table, &of) > 0);
    assert_int_equal(of, 20000);
    plain_frame(draw, far);
    assert_true(plain_has("writing"));
    table_refresh(far->table); /* waits for the end */
    while (!sink.done)
        far_answer(far);
    assert_int_equal(sink.lines, 20001);
    assert_int_equal(sink.result.rows, 20000);
    assert_false(sink.result.stopped);
    far_answer_all(far);
    memset(&sink, 0, sizeof sink);
    assert_true(table_export(far->table, TABLE_JSON, true, false, &writer));
    far_answer_all(far);
    assert_true(sink.done);
    assert_int_equal(sink.result.rows, 1);
    memset(&sink, 0, sizeof sink);
    table_export(far->table, TABLE_CSV, false, false, &writer);
    table_filter_set(far->table, "x"); /* another question: what was begun is stopped */
    assert_true(sink.done);
    assert_true(sink.result.stopped);
    far_answer_all(far);
    far_free(far);
}

static void test_mark_all(void **state)
{
    struct far *far = far_new(5000, true);

    (void)state;
    far_answer_all(far);
    table_action(far->table, TABLE_MARK_ALL);
    assert_true(table_marked(far->table) < 5000);
    far_answer_all(far);
    assert_int_equal(table_marked(far->table), 5000);
    table_action(far->table, TABLE_MARK_INVERT);
    far_answer_all(far);
    assert_int_equal(table_marked(far->table), 0);
    table_action(far->table, TABLE_MARK_ALL);
    assert_true(table_action(far->table, TABLE_FILTER_CLEAR)); /* Esc stops it */
    far_answer_all(far);
    assert_true(table_marked(far->table) < 5000);
    far_free(far);
}

/* A source that answers inside the request: no recursion, however many rows. */
static void near_fetch(void *context, struct table_page_request *request)
{
    struct far *far = context;

    far->waiting[far->n_waiting++] = request;
    far->fetched++;
    if (far->n_waiting == 1)
        far_answer(far);
}

static void test_answers_at_once(void **state)
{
    static const struct table_pages_ops ops = {.fetch = near_fetch};
    struct far *far = tui_zero(1, sizeof *far);
    struct sink sink = {0};
    struct table_writer writer = {sink_write, sink_done, &sink};

    (void)state;
    far->rows = 200000;
    far->counts = true;
    far->pages = table_pages_new(&ops, far, columns, 2);
    far->table = table_new(&(struct table_options){.source = table_pages_source(far->pages)});
    plain_start(12, 50, false);
    plain_frame(draw, far);
    assert_true(plain_has("会员 0"));
    assert_true(table_export(far->table, TABLE_CSV, false, false, &writer));
    assert_true(sink.done);
    assert_int_equal(sink.result.rows, 200000);
    far_free(far);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_page),
        cmocka_unit_test(test_jump),
        cmocka_unit_test(test_query_keeps_the_old_rows),
        cmocka_unit_test(test_growing),
        cmocka_unit_test(test_shrunk),
        cmocka_unit_test(test_left),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_export_walks),
        cmocka_unit_test(test_mark_all),
        cmocka_unit_test(test_answers_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
