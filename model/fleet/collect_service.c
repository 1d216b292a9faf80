#include "model/fleet/collect_service.h"

#include "model/base/time.h"
#include "model/store/reader.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_S = 5, LOOK_S = 1 };

struct collect_service {
    struct collect_options options;
    struct access access;
    char *identity, *on;
    struct collect_numbers numbers;
    atomic_bool stop; /* of the round; also where the setting changed */
    atomic_int state;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool ending;
    char reason[200];
};

/* Waits so long, or until it is to end; true then. */
static bool pause_for(struct collect_service *service, int64_t seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    pthread_mutex_lock(&service->lock);
    int code = 0;
    while (!service->ending && code != ETIMEDOUT)
        code = pthread_cond_timedwait(&service->changed, &service->lock, &until);
    bool ending = service->ending;
    pthread_mutex_unlock(&service->lock);
    return ending;
}

static void reason_set(struct collect_service *service, const char *text)
{
    pthread_mutex_lock(&service->lock);
    snprintf(service->reason, sizeof service->reason, "%s", text);
    pthread_mutex_unlock(&service->lock);
}

/* collect and collect_every, as the mall says now. */
static bool settings_read(struct collect_service *service, int64_t *every)
{
    struct reader *reader;
    struct error err = {0};
    int64_t wanted = 1;
    *every = 0;
    enum status status = reader_open(service->options.mall, &reader, &err);
    if (status == ST_OK)
        status = reader_integer(reader,
                                "select cast(value as integer) from setting where name = 'collect'",
                                1, &wanted, &err);
    if (status == ST_OK)
        status = reader_integer(
            reader, "select cast(value as integer) from setting where name = 'collect_every'", 0,
            every, &err);
    reader_close(reader);
    error_clear(&err);
    return status == ST_OK && wanted;
}

static void round_run(struct collect_service *service, bool once)
{
    struct arena *arena = arena_new();
    struct collect_result result;
    struct error err = {0};
    struct collect_options options = service->options;
    options.once = once;
    atomic_store(&service->state, COLLECT_WORKING);
    enum status status = collect_run(&options, arena, &result, &err);
    atomic_store(&service->state, status == ST_OK         ? COLLECT_RESTING
                                  : status == ST_CONFLICT ? COLLECT_ELSEWHERE
                                                          : COLLECT_FAILED);
    reason_set(service, status == ST_OK ? "" : error_text(&err));
    error_clear(&err);
    arena_free(arena);
}

static void *service_run(void *context)
{
    struct collect_service *service = context;
    int64_t every;
    bool ending = false;
    while (!ending) {
        if (settings_read(service, &every))
            round_run(service, every > 0);
        else
            atomic_store(&service->state, COLLECT_RESTING);
        ending = pause_for(service, every > 0 ? every : AGAIN_S);
    }
    return NULL;
}

struct collect_service *collect_service_start(const struct collect_options *options)
{
    struct collect_service *service = mem_zero(1, sizeof *service);
    service->options = *options;
    service->access = *options->access;
    service->identity = options->identity ? mem_strdup(options->identity) : NULL;
    service->on = options->on ? mem_strdup(options->on) : NULL;
    service->options.access = &service->access;
    service->options.identity = service->identity;
    service->options.on = service->on;
    service->options.stop = &service->stop;
    service->options.numbers = &service->numbers;
    service->options.switched = true;
    pthread_mutex_init(&service->lock, NULL);
    pthread_cond_init(&service->changed, NULL);
    if (pthread_create(&service->thread, NULL, service_run, service) != 0) {
        service->ending = true;
        atomic_store(&service->state, COLLECT_FAILED);
    }
    return service;
}

void collect_service_stop(struct collect_service *service)
{
    if (!service)
        return;
    pthread_mutex_lock(&service->lock);
    bool runs = !service->ending;
    service->ending = true;
    atomic_store(&service->stop, true);
    pthread_cond_signal(&service->changed);
    pthread_mutex_unlock(&service->lock);
    if (runs)
        pthread_join(service->thread, NULL);
    pthread_cond_destroy(&service->changed);
    pthread_mutex_destroy(&service->lock);
    free(service->identity);
    free(service->on);
    free(service);
}

const struct collect_numbers *collect_service_numbers(const struct collect_service *service)
{
    return &service->numbers;
}

enum collect_state collect_service_state(const struct collect_service *service)
{
    return (enum collect_state)atomic_load(&service->state);
}

void collect_service_reason(struct collect_service *service, char *text, size_t size)
{
    pthread_mutex_lock(&service->lock);
    snprintf(text, size, "%s", service->reason);
    pthread_mutex_unlock(&service->lock);
}
