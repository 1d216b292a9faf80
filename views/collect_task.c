#include "views/collect_task.h"

#include "model/base/time.h"
#include "views/config.h"
#include "views/watch.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LOOK_MS = 1000 }; /* from one look at what came to the next */

struct collect_task {
    struct console *console;
    struct collect_service *service;
    char *identity;
    int news; /* eventfd: something was committed */
    int timer;
    int64_t looked_ms;
};

/* On the collecting thread. */
static void committed(void *context)
{
    struct collect_task *task = context;
    uint64_t one = 1;
    ssize_t n = write(task->news, &one, sizeof one);
    (void)n; /* full means that it is readable already */
}

static void look(void *context)
{
    struct collect_task *task = context;
    task->timer = 0;
    task->looked_ms = time_monotonic_ns() / 1000000;
    watch_look(task->console);
}

/* At once where a while has passed, else when it has. */
static void news_ready(void *context)
{
    struct collect_task *task = context;
    uint64_t count;
    ssize_t n = read(task->news, &count, sizeof count);
    (void)n;
    int64_t left = task->looked_ms + LOOK_MS - time_monotonic_ns() / 1000000;
    if (task->timer)
        return;
    if (left <= 0)
        look(task);
    else
        task->timer = loop_timer(task->console->loop, (int)left, false, look, task);
}

static void service_start(struct collect_task *task)
{
    struct collect_options options = {.mall = task->console->mall,
                                      .access = &task->console->access,
                                      .identity = task->identity,
                                      .committed = committed,
                                      .context = task};
    task->service = collect_service_start(&options);
}

struct collect_task *collect_task_new(struct console *console)
{
    struct config config;
    struct error err = {0};
    if (console->still || console->sealed || console->mall->read_only ||
        !access_may(&console->access, RIGHT_DEVICES | RIGHT_DEVICES_EDIT))
        return NULL;
    struct collect_task *task = mem_zero(1, sizeof *task);
    task->console = console;
    if (config_read(&config, &err) == ST_OK && config.identity)
        task->identity = mem_strdup(config.identity);
    config_free(&config);
    error_clear(&err);
    task->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (task->news < 0) {
        free(task->identity);
        free(task);
        return NULL;
    }
    loop_watch(console->loop, task->news, news_ready, task);
    service_start(task);
    return task;
}

void collect_task_free(struct collect_task *task)
{
    if (!task)
        return;
    collect_service_stop(task->service);
    if (task->timer)
        loop_timer_stop(task->console->loop, task->timer);
    loop_unwatch(task->console->loop, task->news);
    close(task->news);
    free(task->identity);
    free(task);
}

void collect_task_rest(struct collect_task *task, bool resting)
{
    if (!task)
        return;
    if (resting) {
        collect_service_stop(task->service);
        task->service = NULL;
    } else if (!task->service) {
        service_start(task);
    }
}

const char *collect_task_text(const struct console *console, struct arena *arena)
{
    const struct collect_task *task = console->collects;
    if (!task || !task->service)
        return NULL;
    const struct collect_numbers *numbers = collect_service_numbers(task->service);
    int devices = atomic_load(&numbers->devices), live = atomic_load(&numbers->live);
    switch (collect_service_state(task->service)) {
    case COLLECT_ELSEWHERE:
        return _("collected elsewhere");
    case COLLECT_FAILED:
        return _("not collecting");
    case COLLECT_WORKING:
        return devices ? arena_printf(arena, _("collecting %d/%d"), live, devices) : NULL;
    default:
        return NULL;
    }
}
