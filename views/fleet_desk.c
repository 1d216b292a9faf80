#include "views/fleet_desk.h"

#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/status.h"
#include "model/store/write_queue.h"
#include "views/config.h"

#include <string.h>

enum { TICK_MS = 1000, KEEP_MS = 200, SECOND_NS = 1000000000 };

struct desk_work {
    struct fleet_desk *desk;
    struct arena *arena; /* of the devices and texts */
    struct fleet_work *work;
    struct device *devices;
    size_t n;
    bool status, left, news, listed; /* listed: among the desk's works */
    desk_changed *changed;
    void *context;
};

/* A device that is being asked how it is. */
struct asked {
    uint32_t device;
    const struct desk_work *work;
    size_t index;
    enum fleet_phase phase;
    int64_t since; /* monotonic ns */
};

struct guest {
    void (*end)(void *context);
    void *context;
};

struct listener {
    desk_changed *changed;
    void *context;
};

/* Answers on their way to the file. */
struct sights {
    struct fleet_desk *desk;
    struct arena *arena;
    char actor[64];
    VEC(struct device_sight) list;
};

struct fleet_desk {
    struct console *console;
    struct fleet_engine *engine; /* NULL: not needed yet */
    VEC(struct desk_work *) works;
    VEC(struct asked) asked; /* by device */
    VEC(struct listener) listeners;
    VEC(struct guest) guests;
    void (*after)(void *context); /* of collecting; NULL: none */
    void *after_context;
    struct sights *sights; /* NULL: none */
    size_t keeping;        /* batches with the writer */
    int tick, keep;        /* timers; 0: not running */
    bool ending, handing;  /* handing: results are being handed out */
};

struct fleet_desk *fleet_desk_new(struct console *console)
{
    struct fleet_desk *desk = mem_zero(1, sizeof *desk);
    desk->console = console;
    return desk;
}

size_t fleet_desk_busy(const struct fleet_desk *desk)
{
    return desk->works.n + desk->keeping + (desk->sights != NULL);
}

/* ---- Who listens ---- */

void desk_unlisten(struct fleet_desk *desk, void *context)
{
    for (size_t i = desk->listeners.n; i-- > 0;)
        if (desk->listeners.at[i].context == context)
            desk->listeners.at[i] = desk->listeners.at[--desk->listeners.n];
}

void desk_listen(struct fleet_desk *desk, desk_changed *changed, void *context)
{
    desk_unlisten(desk, context);
    vec_push(&desk->listeners, (struct listener){changed, context});
}

static void changed_tell(struct fleet_desk *desk, bool kept)
{
    for (size_t i = 0; i < desk->listeners.n && !desk->ending; i++)
        desk->listeners.at[i].changed(desk->listeners.at[i].context, kept);
}

/* ---- Keeping answers ---- */

static enum status sights_run(struct writer *writer, void *arguments, struct error *err)
{
    struct sights *sights = *(struct sights **)arguments;
    return device_sights_keep(writer, sights->actor, sights->list.at, sights->list.n, err);
}

static void sights_done(void *context, void *arguments, enum status status,
                        const struct error *error)
{
    struct fleet_desk *desk = context;
    (void)arguments;
    desk->keeping--;
    if (desk->ending)
        return;
    if (status != ST_OK)
        console_complain(desk->console, "%s", error_text(error));
    changed_tell(desk, true);
}

static void sights_release(void *arguments)
{
    struct sights *sights = *(struct sights **)arguments;
    vec_free(&sights->list);
    arena_free(sights->arena);
    free(sights);
}

static void sights_send(void *context)
{
    struct fleet_desk *desk = context;
    struct sights *sights = desk->sights;
    desk->keep = 0;
    desk->sights = NULL;
    if (!sights)
        return;
    desk->keeping++;
    struct write_request request = {.run = sights_run,
                                    .done = sights_done,
                                    .release = sights_release,
                                    .arguments = &sights,
                                    .size = sizeof sights,
                                    .context = desk};
    write_queue_submit(desk->console->writes, &request);
}

static void sight_add(struct fleet_desk *desk, const struct fleet_result *result)
{
    struct device_sight sight;
    if (!desk->sights) {
        desk->sights = mem_zero(1, sizeof *desk->sights);
        desk->sights->arena = arena_new();
        snprintf(desk->sights->actor, sizeof desk->sights->actor, "%s",
                 desk->console->access.principal);
    }
    /* It may have stood in the queue for long: the time is that of its own connection. */
    int64_t began = device_now_ms() - result->job.total_ns / 1000000;
    device_sight_of(result, desk->sights->arena, began, &sight);
    vec_push(&desk->sights->list, sight);
    if (!desk->keep && !desk->ending)
        desk->keep = loop_timer(desk->console->loop, KEEP_MS, false, sights_send, desk);
}

/* ---- Who is being asked ---- */

static int asked_compare(const void *a, const void *b)
{
    const struct asked *left = a, *right = b;
    return left->device < right->device ? -1 : left->device > right->device;
}

static struct asked *asked_find(const struct fleet_desk *desk, uint32_t device)
{
    const struct asked key = {.device = device};
    return desk->asked.n ? bsearch(&key, desk->asked.at, desk->asked.n, sizeof key, asked_compare)
                         : NULL;
}

static void asked_remove(struct fleet_desk *desk, uint32_t device)
{
    struct asked *at = asked_find(desk, device);
    if (!at)
        return;
    size_t after = (size_t)(desk->asked.at + desk->asked.n - at) - 1;
    memmove(at, at + 1, after * sizeof *at);
    desk->asked.n--;
}

size_t desk_asking_n(const struct fleet_desk *desk)
{
    return desk->asked.n;
}

bool desk_asking(const struct fleet_desk *desk, uint32_t device, enum fleet_phase *phase,
                 int64_t *seconds)
{
    const struct asked *asked = asked_find(desk, device);
    if (!asked)
        return false;
    *phase = asked->phase;
    *seconds = (time_monotonic_ns() - asked->since) / SECOND_NS;
    return true;
}

static void tick(void *context)
{
    struct fleet_desk *desk = context;
    int64_t now = time_monotonic_ns();
    for (size_t i = 0; i < desk->asked.n; i++) {
        struct asked *asked = &desk->asked.at[i];
        enum fleet_phase phase = fleet_work_phase(asked->work->work, asked->index);
        if (phase == asked->phase)
            continue;
        asked->phase = phase;
        asked->since = now;
    }
    if (!desk->asked.n) {
        loop_timer_stop(desk->console->loop, desk->tick);
        desk->tick = 0;
    }
    changed_tell(desk, false);
}

/* ---- Works ---- */

static void each(const struct fleet_result *result, void *context)
{
    struct desk_work *work = context;
    work->news = true;
    if (!work->status)
        return;
    asked_remove(work->desk, result->device->id);
    sight_add(work->desk, result);
}

static void work_free(struct desk_work *work)
{
    fleet_work_free(work->work);
    arena_free(work->arena);
    free(work);
}

/* Those that have ended and that nobody waits for go; not while results are handed out. */
static void works_tidy(struct fleet_desk *desk)
{
    size_t kept = 0;
    for (size_t i = 0; i < desk->works.n; i++) {
        struct desk_work *work = desk->works.at[i];
        if (fleet_work_left(work->work))
            desk->works.at[kept++] = work;
        else if (work->left)
            work_free(work);
        else
            work->listed = false;
    }
    desk->works.n = kept;
}

static void answers_ready(void *context)
{
    struct fleet_desk *desk = context;
    desk->handing = true;
    fleet_collect(desk->engine);
    for (size_t i = 0; i < desk->works.n; i++) {
        struct desk_work *work = desk->works.at[i];
        bool tell = work->news && !work->left && work->changed;
        work->news = false;
        if (tell)
            work->changed(work->context, false);
    }
    desk->handing = false;
    works_tidy(desk);
    if (desk->after)
        desk->after(desk->after_context);
}

static bool engine_ready(struct fleet_desk *desk, bool quiet)
{
    struct error err = {0};
    struct config config;
    if (desk->engine)
        return true;
    enum status status = config_read(&config, &err);
    if (status == ST_OK) {
        const char *identity = desk->console->identity;
        struct fleet_options options = {.identity = identity ? identity : config.identity,
                                        .identities = config.identities,
                                        .n_identities = config.n_identities};
        status = fleet_new(&options, &desk->engine, &err);
    }
    config_free(&config);
    if (status == ST_OK)
        loop_watch(desk->console->loop, fleet_fd(desk->engine), answers_ready, desk);
    else if (!quiet)
        console_complain(desk->console, "%s", error_text(&err));
    error_clear(&err);
    return status == ST_OK;
}

/* Whether devices can be reached from here at all; outcomes must be kept. */
static bool may_reach(struct fleet_desk *desk, bool quiet)
{
    struct console *console = desk->console;
    if (console->sealed || console->mall->read_only) {
        if (!quiet)
            console_complain(console, "%s",
                             console->sealed ? _("this console reaches no devices")
                                             : console->mall->why_read_only);
        return false;
    }
    return engine_ready(desk, quiet);
}

void desk_after_collect(struct fleet_desk *desk, void (*after)(void *context), void *context)
{
    desk->after = after;
    desk->after_context = context;
}

static const char *copy(struct arena *arena, const char *text)
{
    return text ? arena_strdup(arena, text) : NULL;
}

struct device *devices_copy(struct arena *arena, const struct device *devices, size_t n)
{
    struct device *copies = arena_array(arena, struct device, n + 1);
    for (size_t i = 0; i < n; i++)
        device_copy(arena, &copies[i], &devices[i]);
    return copies;
}

static struct desk_work *work_new(struct fleet_desk *desk, const struct device *devices, size_t n)
{
    struct desk_work *work = mem_zero(1, sizeof *work);
    work->desk = desk;
    work->arena = arena_new();
    work->devices = devices_copy(work->arena, devices, n);
    work->n = n;
    return work;
}

/* Some may end at once: who asked hears of them in the next round, like of the others. */
static void work_start(struct desk_work *work, const struct fleet_work_options *options)
{
    struct fleet_desk *desk = work->desk;
    struct fleet_work_options own = *options;
    own.command = copy(work->arena, options->command);
    own.verb = copy(work->arena, options->verb);
    own.each = each;
    own.context = work;
    work->listed = true;
    vec_push(&desk->works, work);
    work->work = fleet_work_begin(desk->engine, work->devices, work->n, &own);
}

struct desk_work *desk_work_begin(struct fleet_desk *desk, const struct device *devices, size_t n,
                                  const struct fleet_work_options *options, desk_changed *changed,
                                  void *context)
{
    if (!may_reach(desk, false))
        return NULL;
    struct desk_work *work = work_new(desk, devices, n);
    work->changed = changed;
    work->context = context;
    work_start(work, options);
    return work;
}

struct fleet_work *desk_work_of(const struct desk_work *work)
{
    return work->work;
}

void desk_work_leave(struct desk_work *work)
{
    if (!work)
        return;
    work->left = true;
    if (!work->listed) {
        work_free(work);
        return;
    }
    fleet_work_cancel(work->work);
    if (!work->desk->handing)
        works_tidy(work->desk);
}

size_t desk_ask(struct fleet_desk *desk, const struct device *devices, size_t n, bool quiet)
{
    if (!n || !may_reach(desk, quiet))
        return 0;
    struct device *fresh = mem_zero(n, sizeof *fresh);
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        if (!*devices[i].quarantine && !asked_find(desk, devices[i].id))
            fresh[found++] = devices[i];
    if (found) {
        struct desk_work *work = work_new(desk, fresh, found);
        int64_t now = time_monotonic_ns();
        work->status = work->left = true;
        for (size_t i = 0; i < found; i++)
            vec_push(&desk->asked, (struct asked){fresh[i].id, work, i, PHASE_QUEUED, now});
        qsort(desk->asked.at, desk->asked.n, sizeof *desk->asked.at, asked_compare);
        work_start(work, &(struct fleet_work_options){.verb = "status"});
        works_tidy(desk);
        if (!desk->tick)
            desk->tick = loop_timer(desk->console->loop, TICK_MS, true, tick, desk);
    }
    free(fresh);
    return found;
}

/* ---- Guests ---- */

struct fleet_engine *desk_engine(struct fleet_desk *desk)
{
    return may_reach(desk, false) ? desk->engine : NULL;
}

void desk_guest_add(struct fleet_desk *desk, void (*end)(void *context), void *context)
{
    vec_push(&desk->guests, (struct guest){end, context});
}

void desk_guest_remove(struct fleet_desk *desk, void *context)
{
    for (size_t i = desk->guests.n; i-- > 0;)
        if (desk->guests.at[i].context == context)
            desk->guests.at[i] = desk->guests.at[--desk->guests.n];
}

static void guests_end(struct fleet_desk *desk)
{
    while (desk->guests.n) {
        struct guest guest = desk->guests.at[--desk->guests.n];
        guest.end(guest.context);
    }
    vec_free(&desk->guests);
}

/* The engine's end hands back everything that it still had. */
void fleet_desk_free(struct fleet_desk *desk)
{
    if (!desk)
        return;
    desk->ending = true;
    if (desk->tick)
        loop_timer_stop(desk->console->loop, desk->tick);
    if (desk->keep)
        loop_timer_stop(desk->console->loop, desk->keep);
    if (desk->engine) {
        loop_unwatch(desk->console->loop, fleet_fd(desk->engine));
        sights_send(desk);
        for (size_t i = 0; i < desk->works.n; i++)
            desk->works.at[i]->left = true;
        fleet_free(desk->engine);
    }
    guests_end(desk);
    for (size_t i = 0; i < desk->works.n; i++)
        work_free(desk->works.at[i]);
    if (desk->sights) /* of those that were only broken off */
        sights_release(&desk->sights);
    write_queue_drain(desk->console->writes);
    vec_free(&desk->works);
    vec_free(&desk->asked);
    vec_free(&desk->listeners);
    free(desk);
}
