#include "model/event/scan.h"

#include <pthread.h>
#include <stdlib.h>

/*
 * The calling thread reads chunks on the reader's connection, so that all see one state of the
 * file; workers put blocks together and hand them to the caller's function. Jobs go round between
 * them: a free one is filled, a filled one worked on.
 */
struct pool {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    VEC(struct scan_job *) idle, filled;
    bool ended;         /* no more jobs will be filled */
    enum status status; /* of the first failure */
    struct error error;
    const struct event_query *query;
    const struct scan *scan;
    event_block_fn *fn;
};

struct worker {
    struct pool *pool;
    void *context;
    pthread_t thread;
};

static void pool_fail(struct pool *pool, enum status status, struct error *error)
{
    pthread_mutex_lock(&pool->lock);
    if (pool->status == ST_OK) {
        pool->status = status;
        pool->error = *error;
        *error = (struct error){0};
    }
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    error_clear(error);
}

static struct scan_job *pool_filled(struct pool *pool)
{
    struct scan_job *job = NULL;
    pthread_mutex_lock(&pool->lock);
    while (pool->filled.n == 0 && !pool->ended && pool->status == ST_OK)
        pthread_cond_wait(&pool->changed, &pool->lock);
    if (pool->filled.n && pool->status == ST_OK) {
        job = pool->filled.at[0];
        pool->filled.n--;
        memmove(pool->filled.at, pool->filled.at + 1, pool->filled.n * sizeof *pool->filled.at);
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

/* A job to fill; NULL when somebody failed. */
static struct scan_job *pool_idle(struct pool *pool)
{
    struct scan_job *job = NULL;
    pthread_mutex_lock(&pool->lock);
    while (pool->idle.n == 0 && pool->status == ST_OK)
        pthread_cond_wait(&pool->changed, &pool->lock);
    if (pool->status == ST_OK)
        job = pool->idle.at[--pool->idle.n];
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void pool_give(struct pool *pool, struct scan_job *job, bool filled)
{
    pthread_mutex_lock(&pool->lock);
    if (filled)
        vec_push(&pool->filled, job);
    else
        vec_push(&pool->idle, job);
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

static void *worker_run(void *of)
{
    struct worker *worker = of;
    struct pool *pool = worker->pool;
    struct assembler *assembler = assembler_new(pool->query);
    struct error error = {0};
    struct scan_job *job;
    while ((job = pool_filled(pool))) {
        const struct event_block *block;
        enum status status = scan_assemble(pool->scan, job, assembler, &block, &error);
        if (status == ST_OK && block)
            status = pool->fn(worker->context, block, &error);
        if (status != ST_OK)
            pool_fail(pool, status, &error);
        pool_give(pool, job, false);
    }
    assembler_free(assembler);
    return NULL;
}

static void pool_feed(struct pool *pool, struct scan *scan)
{
    struct error error = {0};
    struct scan_job *job;
    while ((job = pool_idle(pool))) {
        bool more;
        enum status status = scan_fetch(scan, job, &more, &error);
        if (status != ST_OK)
            pool_fail(pool, status, &error);
        if (status != ST_OK || !more) {
            pool_give(pool, job, false);
            break;
        }
        pool_give(pool, job, true);
    }
    pthread_mutex_lock(&pool->lock);
    pool->ended = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

/* Runs with as many workers as there are threads to be had. */
static enum status pool_run(struct pool *pool, struct scan *scan, void **contexts, int n,
                            struct error *err)
{
    struct worker *workers = mem_zero((size_t)n, sizeof *workers);
    struct scan_job *jobs = mem_zero((size_t)n + 2, sizeof *jobs);
    for (int i = 0; i < n + 2; i++)
        vec_push(&pool->idle, &jobs[i]);
    int started = 0;
    for (; started < n; started++) {
        workers[started] = (struct worker){.pool = pool, .context = contexts[started]};
        if (pthread_create(&workers[started].thread, NULL, worker_run, &workers[started]) != 0)
            break;
    }
    if (started)
        pool_feed(pool, scan);
    else
        pool->status =
            error_set(&pool->error, ST_UNUSABLE, "the machine has no thread left for a question");
    for (int i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < n + 2; i++)
        scan_job_free(&jobs[i]);
    free(jobs);
    free(workers);
    if (pool->status != ST_OK && err) {
        error_clear(err);
        *err = pool->error;
    } else {
        error_clear(&pool->error);
    }
    return pool->status;
}

enum status event_scan_parallel(struct reader *reader, const struct event_query *query,
                                event_block_fn *fn, void **contexts, int n_contexts,
                                struct error *err)
{
    if (n_contexts == 1)
        return event_scan(reader, query, fn, contexts[0], err);
    struct scan scan;
    enum status status = scan_begin(&scan, reader, query, err);
    if (status == ST_OK) {
        struct pool pool = {.query = query, .scan = &scan, .fn = fn};
        pthread_mutex_init(&pool.lock, NULL);
        pthread_cond_init(&pool.changed, NULL);
        status = pool_run(&pool, &scan, contexts, n_contexts, err);
        vec_free(&pool.idle);
        vec_free(&pool.filled);
        pthread_cond_destroy(&pool.changed);
        pthread_mutex_destroy(&pool.lock);
    }
    scan_end(&scan);
    return status;
}
