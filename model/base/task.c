#include "model/base/task.h"

#include "model/base/arena.h"
#include "model/base/time.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LONG_NS = 100 * 1000 * 1000 };

struct queue {
    struct task *first, *last;
};

struct worker {
    struct task_pool *pool;
    pthread_t thread;
    struct task *running;
};

struct task_pool {
    struct task_pool_ops ops;
    void *context;
    pthread_mutex_t lock; /* guards everything below */
    pthread_cond_t wake;  /* there is work, or the pool ends */
    struct queue waiting, finished;
    size_t busy;
    uint64_t submitted;
    bool ending;
    int fd;
    int n_workers;
    struct worker *workers;
};

static void queue_put(struct queue *queue, struct task *task)
{
    task->next = NULL;
    if (queue->last)
        queue->last->next = task;
    else
        queue->first = task;
    queue->last = task;
}

static struct task *queue_take(struct queue *queue)
{
    struct task *task = queue->first;
    if (task) {
        queue->first = task->next;
        if (!queue->first)
            queue->last = NULL;
        task->next = NULL;
    }
    return task;
}

/* ---- The threads ---- */

static void task_finish(struct task_pool *pool, struct worker *worker, struct task *task)
{
    pthread_mutex_lock(&pool->lock);
    worker->running = NULL;
    bool first = !pool->finished.first;
    queue_put(&pool->finished, task);
    pthread_mutex_unlock(&pool->lock);
    uint64_t one = 1;
    /* The counter cannot overflow: it is read whenever tasks are collected. */
    while (first && write(pool->fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void task_execute(struct task *task, void *thread_state, const struct error *trouble)
{
    int64_t start = time_monotonic_ns();
    if (atomic_load(&task->cancel)) {
        task->status = ST_CANCELLED;
    } else {
        if (trouble->status != ST_OK)
            error_set(&task->error, trouble->status, "%s", error_text(trouble));
        task->status = task->run(task, thread_state);
    }
    task->elapsed_ns = time_monotonic_ns() - start;
}

static struct task *task_wait(struct task_pool *pool, struct worker *worker)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->waiting.first && !pool->ending)
        pthread_cond_wait(&pool->wake, &pool->lock);
    struct task *task = queue_take(&pool->waiting);
    worker->running = task;
    pthread_mutex_unlock(&pool->lock);
    return task;
}

/* Threads that this one starts inherit it. Linux has priorities by thread; where that fails the
 * work is done as it is. */
static void priority_lower(int by)
{
    if (by)
        setpriority(PRIO_PROCESS, (id_t)gettid(), getpriority(PRIO_PROCESS, (id_t)gettid()) + by);
}

static void *worker_main(void *context)
{
    struct worker *worker = context;
    struct task_pool *pool = worker->pool;
    struct error trouble = {0};
    void *thread_state = NULL;
    bool began = false;
    struct task *task;
    priority_lower(pool->ops.nice);
    while ((task = task_wait(pool, worker))) {
        /* Made with the first task, and again after a failure: a mall file may come back. */
        if (!began && pool->ops.thread_begin) {
            error_clear(&trouble);
            thread_state = pool->ops.thread_begin(pool->context, &trouble);
            began = thread_state != NULL;
        }
        task_execute(task, thread_state, &trouble);
        bool long_one = task->elapsed_ns > LONG_NS;
        task_finish(pool, worker, task);
        if (long_one)
            mem_give_back();
    }
    if (thread_state && pool->ops.thread_end)
        pool->ops.thread_end(thread_state);
    error_clear(&trouble);
    return NULL;
}

struct task_pool *task_pool_new(int threads, const struct task_pool_ops *ops, void *context)
{
    struct task_pool *pool = mem_zero(1, sizeof *pool);
    if (ops)
        pool->ops = *ops;
    pool->context = context;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pool->workers = mem_zero((size_t)threads, sizeof *pool->workers);
    if (pool->fd < 0)
        abort();
    for (int i = 0; i < threads; i++) {
        struct worker *worker = pool->workers + i;
        worker->pool = pool;
        if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0)
            break;
        pool->n_workers++;
    }
    if (pool->n_workers == 0)
        abort();
    return pool;
}

void task_pool_free(struct task_pool *pool)
{
    if (!pool)
        return;
    task_cancel_all(pool);
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->n_workers; i++)
        pthread_join(pool->workers[i].thread, NULL);
    task_collect(pool);
    close(pool->fd);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

/* ---- The owner's side ---- */

void task_submit(struct task_pool *pool, struct task *task)
{
    task->status = ST_OK;
    task->cancelled = false;
    task->elapsed_ns = 0;
    pthread_mutex_lock(&pool->lock);
    task->generation = ++pool->submitted;
    queue_put(&pool->waiting, task);
    pool->busy++;
    pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

void task_cancel(struct task *task)
{
    atomic_store(&task->cancel, true);
}

void task_cancel_all(struct task_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    for (struct task *task = pool->waiting.first; task; task = task->next)
        task_cancel(task);
    for (struct task *task = pool->finished.first; task; task = task->next)
        task_cancel(task);
    for (int i = 0; i < pool->n_workers; i++)
        if (pool->workers[i].running)
            task_cancel(pool->workers[i].running);
    pthread_mutex_unlock(&pool->lock);
}

size_t task_collect(struct task_pool *pool)
{
    uint64_t count;
    while (read(pool->fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
    pthread_mutex_lock(&pool->lock);
    struct task *task = pool->finished.first;
    pool->finished = (struct queue){0};
    pthread_mutex_unlock(&pool->lock);
    size_t collected = 0;
    for (struct task *next; task; task = next, collected++) {
        next = task->next;
        task->next = NULL;
        task->cancelled = atomic_load(&task->cancel);
        pthread_mutex_lock(&pool->lock);
        pool->busy--;
        pthread_mutex_unlock(&pool->lock);
        /* May submit further tasks, this one too, or free it. */
        if (task->done)
            task->done(task);
    }
    return collected;
}

int task_pool_fd(const struct task_pool *pool)
{
    return pool->fd;
}

size_t task_pool_busy(const struct task_pool *pool)
{
    struct task_pool *locked = (struct task_pool *)pool;
    pthread_mutex_lock(&locked->lock);
    size_t busy = pool->busy;
    pthread_mutex_unlock(&locked->lock);
    return busy;
}

void task_pool_drain(struct task_pool *pool)
{
    while (task_pool_busy(pool) > 0) {
        struct pollfd wait = {.fd = pool->fd, .events = POLLIN};
        poll(&wait, 1, -1);
        task_collect(pool);
    }
}
