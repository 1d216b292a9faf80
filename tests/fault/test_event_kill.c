/*
 * A program killed while it appends and folds: a batch is there whole or not at all, what was
 * acknowledged is there, and every check of verify holds.
 */
#include "model/event/event.h"
#include "tests/support/event_history.h"
#include "tests/support/kill.h"
#include "tests/support/temp.h"
#include "tests/support/whole.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 700, ROUNDS = 40, MOST_US = 200000 };
static const int64_t year_2024 = 1704067200, days_100 = 100 * 86400;

/* Batch number n: the same events whenever it is made, none with the reference of another. */
static struct history batch_make(int64_t n)
{
    struct history history = history_new();
    struct dice dice = {(uint64_t)n + 1};
    struct history_shape shape = {40000, year_2024, year_2024 + days_100, 20, 0, 0};
    history_add(&history, &dice, &shape, BATCH);
    for (size_t i = 0; i < BATCH; i += 2) {
        history.at[i].ref =
            arena_printf(history.arena, i % 4 ? "B%lld-%zu" : "batch/%lld/%zu/x", (long long)n, i);
        history.at[i].ref_size = (uint32_t)strlen(history.at[i].ref);
    }
    return history;
}

static void batch_append(struct writer *writer, int64_t n)
{
    struct error err = {0};
    struct history history = batch_make(n);
    if (n % 3 == 0) {
        if (writer_begin(writer, &err) != ST_OK ||
            event_append(writer, history.at, history.n, NULL, NULL, &err) != ST_OK ||
            writer_commit(writer, &err) != ST_OK)
            exit(9);
        if (n % 2 && event_fold(writer, 0, &err) != ST_OK)
            exit(9);
    } else {
        struct event_bulk *bulk;
        struct event_bulk_options options = {.threads = 2};
        if (event_bulk_begin(writer, &options, &bulk, &err) != ST_OK ||
            event_bulk_add(bulk, 0, history.at, history.n, &err) != ST_OK ||
            event_bulk_commit(bulk, NULL, NULL, NULL, &err) != ST_OK)
            exit(9);
    }
    history_free(&history);
}

struct task {
    const char *path;
    int64_t next; /* the first batch that is not known to be there */
};

static void work(void *context, int pipe)
{
    struct task *task = context;
    struct error err = {0};
    struct mall *mall;
    struct writer *writer;
    if (mall_open(task->path, &mall, &err) != ST_OK || writer_open(mall, &writer, &err) != ST_OK)
        exit(8);
    for (int64_t n = task->next;; n++) {
        batch_append(writer, n);
        kill_acknowledge(pipe, n);
    }
}

/* How many batches there are: all of the events of each. */
static int64_t batches_there(const char *path)
{
    struct error err = {0};
    struct mall *mall;
    struct reader *reader;
    struct event_totals totals;
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_ok(event_totals(reader, &totals, &err));
    assert_int_equal((totals.events + totals.lines) % BATCH, 0);
    assert_whole(reader);
    reader_close(reader);
    mall_close(mall);
    return (totals.events + totals.lines) / BATCH;
}

static void test_kill(void **state)
{
    (void)state;
    struct temp_mall temp = temp_mall_new();
    struct task task = {.path = temp.path};
    /* Only the child writes. */
    writer_close(temp.writer);
    temp.writer = NULL;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        int64_t highest = kill_at_random(work, &task, MOST_US, 0, round, NULL);
        int64_t there = batches_there(temp.path);
        assert_true(there >= task.next);
        assert_true(there > highest);
        task.next = there;
    }
    assert_true(task.next > 0); /* some were killed after, not before, a commit */
    temp_mall_free(&temp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
