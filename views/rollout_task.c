#include "views/rollout_task.h"

#include "views/config.h"
#include "views/watch.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { REST_MS = 1000, LEAVE_MS = 8000 };

struct rollout_task {
    struct console *console;
    struct rollout_service *service; /* NULL: it rests */
    struct config config;            /* with the keys */
    int news;                        /* eventfd: something was written */
};

struct leaving {
    struct console *console;
    void (*leave)(struct console *console);
};

/* On the service's thread. */
static void changed(void *context)
{
    struct rollout_task *task = context;
    uint64_t one = 1;
    ssize_t n = write(task->news, &one, sizeof one);
    (void)n; /* full means that it is readable already */
}

static void news_ready(void *context)
{
    struct rollout_task *task = context;
    uint64_t count;
    ssize_t n = read(task->news, &count, sizeof count);
    (void)n;
    watch_look(task->console);
    console_redraw(task->console);
}

static void service_start(struct rollout_task *task)
{
    struct console *console = task->console;
    struct fleet_options fleet = {.identity =
                                      console->identity ? console->identity : task->config.identity,
                                  .identities = task->config.identities,
                                  .n_identities = task->config.n_identities};
    struct rollout_service_options options = {.mall = console->mall,
                                              .access = &console->access,
                                              .fleet = &fleet,
                                              .changed = changed,
                                              .context = task,
                                              .moment = console->rollout_moment};
    task->service = rollout_service_start(&options);
}

struct rollout_task *rollout_task_new(struct console *console)
{
    struct error err = {0};
    bool may = access_may(&console->access, RIGHT_DEVICES | RIGHT_DEVICES_EDIT);
    if (!may || console->mall->read_only || console->mall->replica)
        return NULL;
    struct rollout_task *task = mem_zero(1, sizeof *task);
    task->console = console;
    task->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    /* Without keys of its own it has the agent's. */
    config_read(&task->config, &err);
    error_clear(&err);
    if (task->news < 0) {
        config_free(&task->config);
        free(task);
        return NULL;
    }
    loop_watch(console->loop, task->news, news_ready, task);
    service_start(task);
    return task;
}

void rollout_task_free(struct rollout_task *task)
{
    if (!task)
        return;
    rollout_service_stop(task->service, LEAVE_MS);
    loop_unwatch(task->console->loop, task->news);
    close(task->news);
    config_free(&task->config);
    free(task);
}

void rollout_task_rest(struct rollout_task *task, bool resting)
{
    if (!task)
        return;
    if (resting) {
        rollout_service_stop(task->service, REST_MS);
        task->service = NULL;
    } else if (!task->service) {
        service_start(task);
    }
}

void rollout_task_want(struct rollout_task *task, const char *code, bool want)
{
    if (task && task->service)
        rollout_service_want(task->service, code, want);
}

void rollout_task_wake(struct rollout_task *task)
{
    if (task && task->service)
        rollout_service_wake(task->service);
}

void rollout_task_glance(struct rollout_task *task, const char *code, struct rollout_glance *glance)
{
    *glance = (struct rollout_glance){.driving = DRIVING_NOBODY, .next = INT64_MAX};
    if (task && task->service)
        rollout_service_glance(task->service, code, glance);
}

size_t rollout_task_busy(struct rollout_task *task)
{
    return task && task->service && rollout_service_busy(task->service);
}

const char *rollout_task_text(const struct console *console, struct arena *arena)
{
    const struct rollout_task *task = console->rollouts;
    struct rollout_sum sum;
    if (!task || !task->service)
        return NULL;
    rollout_service_sum(task->service, &sum);
    if (!sum.driven)
        return NULL;
    return sum.driven == 1 ? arena_printf(arena, _("driving %s"), sum.code)
                           : arena_printf(arena,
                                          ngettext("driving %zu roll-out", "driving %zu roll-outs",
                                                   (unsigned long)sum.driven),
                                          sum.driven);
}

/* ---- Leaving ---- */

static void leave_agreed(void *context, struct dialog *dialog, bool accepted)
{
    struct leaving *leaving = context;
    (void)dialog;
    if (accepted)
        leaving->leave(leaving->console);
    free(leaving);
}

bool rollout_task_may_leave(struct console *console, void (*leave)(struct console *console))
{
    struct rollout_task *task = console->rollouts;
    struct rollout_sum sum;
    if (!task || !task->service)
        return true;
    rollout_service_sum(task->service, &sum);
    if (!sum.flight)
        return true;
    struct leaving *leaving = mem_zero(1, sizeof *leaving);
    struct arena *arena = arena_new();
    *leaving = (struct leaving){console, leave};
    const char *text = arena_printf(
        arena,
        ngettext("%s is driven from here, and %zu device is on trial. Leaving waits some seconds "
                 "for it; what does not answer by then goes back by itself when its trial is "
                 "over, unless another console or `atrium run` drives on.",
                 "%s is driven from here, and %zu devices are on trial. Leaving waits some seconds "
                 "for them; what does not answer by then goes back by itself when its trial is "
                 "over, unless another console or `atrium run` drives on.",
                 (unsigned long)sum.flight),
        sum.code, sum.flight);
    console_dialog(console, dialog_confirm(_("Leave"), text, _("Leave"), leave_agreed, leaving));
    arena_free(arena);
    return false;
}
