/*
 * Tasks: work off the screen's thread.
 *
 * A pool has a fixed number of threads, each with a state of its own (a reader). A task is queued,
 * run on one of them, and handed back on the thread that collects. The pool's descriptor becomes
 * readable when finished tasks wait to be collected, so that an event loop can sleep on it. Work in
 * flight is counted: the console shows the number, Esc cancels it, tests wait for zero.
 *
 * A question that has been replaced by a newer one is cancelled; its answer is still collected,
 * with `cancelled` set, so that its owner can free it.
 */
#ifndef ATRIUM_BASE_TASK_H
#define ATRIUM_BASE_TASK_H

#include "model/base/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct task {
    /* Set by the owner before task_submit. `run` is called on a pool thread with that thread's
     * state; it looks at `cancel` now and then. `done` is called by task_collect, on its thread. */
    enum status (*run)(struct task *task, void *thread_state);
    void (*done)(struct task *task);
    const char *title; /* for the status line, translated, must outlive the task */

    /* For run(): the flag to look at, progress to report (0..1000), its outcome. */
    atomic_bool cancel;
    atomic_int progress;
    struct error error;

    /* Set by the pool. */
    enum status status;
    bool cancelled;      /* the answer is no longer wanted */
    uint64_t generation; /* counts submissions of the pool */
    int64_t elapsed_ns;  /* how long run() took */
    struct task *next;
};

struct task_pool;

/* How a thread makes and ends its state; both may be NULL. A thread that cannot make its state runs
 * tasks with a NULL state, and `error` of the task says why. */
struct task_pool_ops {
    void *(*thread_begin)(void *context, struct error *err);
    void (*thread_end)(void *thread_state);
    int nice; /* of the threads, and of those they start: 0 as the process, more gives way to it */
};

struct task_pool *task_pool_new(int threads, const struct task_pool_ops *ops, void *context);

/* Cancels what is queued and running, waits for the threads, collects what is left. */
void task_pool_free(struct task_pool *pool);

/* Queues a task. The task is the caller's memory and must stay until done() was called. */
void task_submit(struct task_pool *pool, struct task *task);

/* Asks a task to stop; done() is still called. Fine for a task that has finished. */
void task_cancel(struct task *task);
void task_cancel_all(struct task_pool *pool);

/* Calls done() for every finished task; returns how many. Never waits. */
size_t task_collect(struct task_pool *pool);

/* An eventfd, readable while finished tasks wait. Owned by the pool. */
int task_pool_fd(const struct task_pool *pool);

/* Tasks queued, running or not yet collected. */
size_t task_pool_busy(const struct task_pool *pool);

/* Waits until nothing is in flight, collecting on this thread; for commands and tests. */
void task_pool_drain(struct task_pool *pool);

#endif
