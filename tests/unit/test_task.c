/* The pool of threads: order, hand-over, cancelling, and that nothing is lost at its end. */
#include "model/base/task.h"

#include "model/base/arena.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MANY = 2000 };

struct sum_task {
    struct task task;
    int64_t upto, sum;
    int *collected;
};

static enum status sum_run(struct task *task, void *thread_state)
{
    struct sum_task *sum = (struct sum_task *)task;
    atomic_int *used = thread_state;
    if (used)
        atomic_fetch_add(used, 1);
    for (int64_t i = 1; i <= sum->upto; i++)
        sum->sum += i;
    atomic_store(&task->progress, 1000);
    return ST_OK;
}

static void sum_done(struct task *task)
{
    struct sum_task *sum = (struct sum_task *)task;
    assert_int_equal(sum->sum, sum->upto * (sum->upto + 1) / 2);
    assert_int_equal(atomic_load(&task->progress), 1000);
    ++*sum->collected;
}

static atomic_int begun, ended, used;

static void *state_begin(void *context, struct error *err)
{
    (void)err;
    atomic_fetch_add(&begun, 1);
    return context;
}

static void state_end(void *state)
{
    (void)state;
    atomic_fetch_add(&ended, 1);
}

static void test_every_task_is_run_and_collected(void **state)
{
    (void)state;
    struct task_pool_ops ops = {state_begin, state_end, 1};
    struct task_pool *pool = task_pool_new(3, &ops, &used);
    struct sum_task *tasks = mem_zero(MANY, sizeof *tasks);
    int collected = 0;
    for (int i = 0; i < MANY; i++) {
        tasks[i] = (struct sum_task){
            .task = {.run = sum_run, .done = sum_done}, .upto = i, .collected = &collected};
        task_submit(pool, &tasks[i].task);
    }
    task_pool_drain(pool);
    assert_int_equal(collected, MANY);
    assert_int_equal(task_pool_busy(pool), 0);
    assert_int_equal(tasks[MANY - 1].task.generation, MANY);
    task_pool_free(pool);
    assert_int_equal(atomic_load(&used), MANY);
    assert_int_equal(atomic_load(&begun), atomic_load(&ended));
    free(tasks);
}

/* A task that runs until somebody cancels it. */
static enum status wait_run(struct task *task, void *thread_state)
{
    (void)thread_state;
    while (!atomic_load(&task->cancel))
        poll(NULL, 0, 1);
    return error_set(&task->error, ST_CANCELLED, "as asked");
}

static void wait_done(struct task *task)
{
    assert_true(task->cancelled);
    assert_int_equal(task->status, ST_CANCELLED);
    error_clear(&task->error);
    task->title = "done";
}

static void test_cancel(void **state)
{
    (void)state;
    struct task_pool *pool = task_pool_new(1, NULL, NULL);
    struct task tasks[3] = {{0}};
    for (int i = 0; i < 3; i++) {
        tasks[i].run = wait_run;
        tasks[i].done = wait_done;
        task_submit(pool, tasks + i);
    }
    assert_int_equal(task_pool_busy(pool), 3);
    task_cancel(tasks + 1);
    task_cancel(tasks);
    task_cancel_all(pool);
    task_pool_drain(pool);
    for (int i = 0; i < 3; i++)
        assert_string_equal(tasks[i].title, "done");
    task_pool_free(pool);
}

static enum status never_run(struct task *task, void *thread_state)
{
    (void)thread_state;
    task->title = "run";
    return ST_OK;
}

static void test_cancelled_before_it_begins(void **state)
{
    (void)state;
    struct task_pool *pool = task_pool_new(1, NULL, NULL);
    struct task first = {.run = wait_run}, second = {.run = never_run};
    task_submit(pool, &first);
    task_submit(pool, &second);
    task_cancel(&second);
    task_cancel(&first);
    task_pool_drain(pool);
    assert_null(second.title);
    assert_true(second.cancelled);
    assert_int_equal(second.status, ST_CANCELLED);
    error_clear(&first.error);
    task_pool_free(pool);
}

static void test_free_collects_what_is_left(void **state)
{
    (void)state;
    struct task_pool *pool = task_pool_new(2, NULL, NULL);
    struct task tasks[20] = {{0}};
    for (int i = 0; i < 20; i++) {
        tasks[i].run = wait_run;
        tasks[i].done = wait_done;
        task_submit(pool, tasks + i);
    }
    task_pool_free(pool);
    for (int i = 0; i < 20; i++)
        assert_string_equal(tasks[i].title, "done");
}

static void test_descriptor_says_when_to_collect(void **state)
{
    (void)state;
    struct task_pool *pool = task_pool_new(1, NULL, NULL);
    struct pollfd fd = {.fd = task_pool_fd(pool), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 0), 0);
    int collected = 0;
    struct sum_task sum = {
        .task = {.run = sum_run, .done = sum_done}, .upto = 10, .collected = &collected};
    task_submit(pool, &sum.task);
    assert_int_equal(poll(&fd, 1, 10000), 1);
    assert_int_equal(collected, 0);
    assert_int_equal(task_collect(pool), 1);
    assert_int_equal(collected, 1);
    assert_int_equal(poll(&fd, 1, 0), 0);
    assert_int_equal(task_collect(pool), 0);
    task_pool_free(pool);
}

/* The first state cannot be made; the next task tries again. */
static atomic_int tries;

static void *state_begin_late(void *context, struct error *err)
{
    if (atomic_fetch_add(&tries, 1) == 0) {
        error_set(err, ST_UNUSABLE, "no mall file");
        return NULL;
    }
    return context;
}

static enum status state_run(struct task *task, void *thread_state)
{
    if (!thread_state)
        return task->error.status;
    return ST_OK;
}

static void test_thread_without_state(void **state)
{
    (void)state;
    struct task_pool_ops ops = {state_begin_late, NULL};
    struct task_pool *pool = task_pool_new(1, &ops, &tries);
    struct task first = {.run = state_run}, second = {.run = state_run};
    task_submit(pool, &first);
    task_submit(pool, &second);
    task_pool_drain(pool);
    assert_int_equal(first.status, ST_UNUSABLE);
    assert_string_equal(error_text(&first.error), "no mall file");
    assert_int_equal(second.status, ST_OK);
    error_clear(&first.error);
    task_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_task_is_run_and_collected),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_cancelled_before_it_begins),
        cmocka_unit_test(test_free_collects_what_is_left),
        cmocka_unit_test(test_descriptor_says_when_to_collect),
        cmocka_unit_test(test_thread_without_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
