#include "model/base/pipeline.h"

#include "model/base/vec.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    VEC(void *) idle, filled;
    bool ended;         /* no more jobs will be filled */
    enum status status; /* of the first failure */
    struct error error;
    const struct pipeline *pipeline;
};

struct worker {
    struct pool *pool;
    void *lane;
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

/* NULL at the end, and when somebody failed. */
static void *pool_filled(struct pool *pool)
{
    void *job = NULL;
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
static void *pool_idle(struct pool *pool)
{
    void *job = NULL;
    pthread_mutex_lock(&pool->lock);
    while (pool->idle.n == 0 && pool->status == ST_OK)
        pthread_cond_wait(&pool->changed, &pool->lock);
    if (pool->status == ST_OK)
        job = pool->idle.at[--pool->idle.n];
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void pool_give(struct pool *pool, void *job, bool filled)
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
    struct error error = {0};
    void *job;
    while ((job = pool_filled(pool))) {
        enum status status =
            pool->pipeline->work(pool->pipeline->context, worker->lane, job, &error);
        if (status != ST_OK)
            pool_fail(pool, status, &error);
        pool_give(pool, job, false);
    }
    return NULL;
}

static void pool_feed(struct pool *pool)
{
    struct error error = {0};
    void *job;
    while ((job = pool_idle(pool))) {
        bool more = false;
        enum status status = pool->pipeline->fill(pool->pipeline->context, job, &more, &error);
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
static enum status pool_run(struct pool *pool, void *const *lanes, int n, struct error *err)
{
    struct worker *workers = mem_zero((size_t)n, sizeof *workers);
    int started = 0;
    for (; started < n; started++) {
        workers[started] = (struct worker){.pool = pool, .lane = lanes[started]};
        if (pthread_create(&workers[started].thread, NULL, worker_run, &workers[started]) != 0)
            break;
    }
    if (started)
        pool_feed(pool);
    else
        pool->status =
            error_set(&pool->error, ST_UNUSABLE, "the machine has no thread left for a question");
    for (int i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    free(workers);
    if (pool->status != ST_OK && err) {
        error_clear(err);
        *err = pool->error;
    } else {
        error_clear(&pool->error);
    }
    return pool->status;
}

static enum status alone_run(const struct pipeline *pipeline, void *lane, void *job,
                             struct error *err)
{
    enum status status;
    bool more = false;
    while ((status = pipeline->fill(pipeline->context, job, &more, err)) == ST_OK && more)
        if ((status = pipeline->work(pipeline->context, lane, job, err)) != ST_OK)
            break;
    return status;
}

enum status pipeline_run(const struct pipeline *pipeline, void *const *lanes, int n_lanes,
                         void *const *jobs, int n_jobs, struct error *err)
{
    if (n_jobs == 1)
        return alone_run(pipeline, lanes[0], jobs[0], err);
    struct pool pool = {.pipeline = pipeline};
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.changed, NULL);
    for (int i = 0; i < n_jobs; i++)
        vec_push(&pool.idle, jobs[i]);
    enum status status = pool_run(&pool, lanes, n_lanes, err);
    vec_free(&pool.idle);
    vec_free(&pool.filled);
    pthread_cond_destroy(&pool.changed);
    pthread_mutex_destroy(&pool.lock);
    return status;
}
