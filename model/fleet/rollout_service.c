#include "model/fleet/rollout_service.h"

#include "model/base/time.h"
#include "model/base/vec.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LOOK_MS = 1000, TALK_MS = 200 };

/* What is known of one, and what was said of it. */
struct known {
    char code[32];
    struct rollout_glance glance;
};

struct rollout_service {
    struct rollout_service_options options;
    struct access access;
    struct fleet_options fleet;
    struct arena *arena; /* of the options' texts */
    int wake;            /* eventfd */
    pthread_t thread;
    bool begun;

    pthread_mutex_t lock; /* of what follows */
    VEC(struct known) list;
    bool stop, busy, looking; /* looking: something changed */
    int64_t patience_ms;

    /* The thread's own. */
    struct reader *reader;
    struct writer *writer;
    struct rollout_crew *crew;
};

static struct known *known_of(struct rollout_service *service, const char *code)
{
    for (size_t i = 0; i < service->list.n; i++)
        if (strcmp(service->list.at[i].code, code) == 0)
            return &service->list.at[i];
    vec_push(&service->list, (struct known){.glance.next = INT64_MAX});
    struct known *known = &service->list.at[service->list.n - 1];
    snprintf(known->code, sizeof known->code, "%s", code);
    return known;
}

/* ---- The thread ---- */

/* By itself what its person made; everything else where it was told to. */
static bool wanted(void *context, const struct rollout *rollout)
{
    struct rollout_service *service = context;
    pthread_mutex_lock(&service->lock);
    const struct rollout_glance *glance = &known_of(service, rollout->code)->glance;
    bool own = strcmp(rollout->author, service->access.principal) == 0;
    bool want = glance->wanted || (own && !glance->refused);
    pthread_mutex_unlock(&service->lock);
    return want;
}

static void told(void *context, const char *code, enum rollout_driving driving,
                 const struct rollout_driver *driver, const struct rollout_turn *turn,
                 const char *text)
{
    struct rollout_service *service = context;
    pthread_mutex_lock(&service->lock);
    struct rollout_glance *glance = &known_of(service, code)->glance;
    glance->driving = driving;
    glance->under_way = turn ? turn->under_way : 0;
    glance->flight = turn ? turn->flight : 0;
    glance->next = turn ? turn->next : INT64_MAX;
    glance->n = driver ? rollout_driver_contacts(driver, glance->contacts, ROLLOUT_CONTACTS) : 0;
    snprintf(glance->said, sizeof glance->said, "%s", text);
    pthread_mutex_unlock(&service->lock);
}

static bool moment(void *context, enum rollout_moment when)
{
    struct rollout_service *service = context;
    const struct rollout_service_options *options = &service->options;
    return !options->moment || options->moment(options->moment_context, when);
}

/* Is there anything to be driven, by whomever? */
static bool some_open(struct rollout_service *service, struct error *err)
{
    struct arena *arena = arena_new();
    const char *const *codes;
    size_t n = 0;
    bool some =
        (service->reader || reader_open(service->options.mall, &service->reader, err) == ST_OK) &&
        rollouts_open(service->reader, arena, &codes, &n, err) == ST_OK && n;
    arena_free(arena);
    return some;
}

/* With the first one that is open: most consoles never drive any. */
static bool crew_open(struct rollout_service *service, struct error *err)
{
    if (service->crew)
        return true;
    if (!some_open(service, err) ||
        writer_open(service->options.mall, &service->writer, err) != ST_OK)
        return false;
    struct rollout_crew_options options = {.writer = service->writer,
                                           .reader = service->reader,
                                           .access = service->access,
                                           .fleet = service->fleet,
                                           .wanted = wanted,
                                           .told = told,
                                           .moment = moment,
                                           .context = service};
    service->crew = rollout_crew_new(&options);
    return true;
}

static void crew_close(struct rollout_service *service)
{
    rollout_crew_end(service->crew, service->patience_ms);
    service->crew = NULL;
    reader_close(service->reader);
    writer_close(service->writer);
    service->reader = NULL;
    service->writer = NULL;
}

/* Until a device speaks, somebody wakes it, or so long. */
static void rest(struct rollout_service *service, int64_t ms)
{
    uint64_t drained;
    int fd = service->crew ? rollout_crew_fd(service->crew) : -1;
    struct pollfd fds[] = {{.fd = service->wake, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    poll(fds, fd >= 0 ? 2 : 1, (int)ms);
    if (fds[0].revents && read(service->wake, &drained, sizeof drained) < 0)
        return;
}

/* How long until there may be something to do. */
static int64_t pause_ms(const struct rollout_crew_turn *turn)
{
    int64_t until = turn->next == INT64_MAX ? LOOK_MS : 1000 * (turn->next - time_now());
    if (turn->drivers && turn->under_way)
        return TALK_MS;
    return until < 0 ? 0 : until < LOOK_MS ? until : LOOK_MS;
}

static void round_run(struct rollout_service *service, struct rollout_crew_turn *turn)
{
    struct error err = {0};
    *turn = (struct rollout_crew_turn){.next = INT64_MAX};
    pthread_mutex_lock(&service->lock);
    bool look = service->looking;
    service->looking = false;
    pthread_mutex_unlock(&service->lock);
    if (look && service->crew)
        rollout_crew_look(service->crew);
    if (crew_open(service, &err))
        rollout_crew_turn(service->crew, turn, &err);
    error_clear(&err); /* it is tried again */
    pthread_mutex_lock(&service->lock);
    bool busy = turn->drivers && (turn->under_way || turn->next <= time_now());
    bool settled = service->busy && !busy;
    service->busy = busy || service->looking;
    pthread_mutex_unlock(&service->lock);
    if ((turn->did || settled || look) && service->options.changed)
        service->options.changed(service->options.context);
}

static void *service_run(void *context)
{
    struct rollout_service *service = context;
    struct rollout_crew_turn turn;
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    for (bool stop = false; !stop;) {
        round_run(service, &turn);
        pthread_mutex_lock(&service->lock);
        stop = service->stop;
        bool at_once = service->looking;
        pthread_mutex_unlock(&service->lock);
        if (!stop && !at_once)
            rest(service, pause_ms(&turn));
    }
    crew_close(service);
    return NULL;
}

/* ---- From outside ---- */

static const char *copy(struct arena *arena, const char *text)
{
    return text ? arena_strdup(arena, text) : NULL;
}

static void fleet_copy(struct rollout_service *service, const struct fleet_options *fleet)
{
    struct arena *arena = service->arena;
    struct fleet_identity *own = arena_array(arena, struct fleet_identity, fleet->n_identities + 1);
    for (size_t i = 0; i < fleet->n_identities; i++)
        own[i] = (struct fleet_identity){copy(arena, fleet->identities[i].kind),
                                         copy(arena, fleet->identities[i].file)};
    service->fleet = *fleet;
    service->fleet.identity = copy(arena, fleet->identity);
    service->fleet.user = copy(arena, fleet->user);
    service->fleet.identities = own;
}

struct rollout_service *rollout_service_start(const struct rollout_service_options *options)
{
    struct rollout_service *service = mem_zero(1, sizeof *service);
    service->options = *options;
    service->access = *options->access;
    service->arena = arena_new();
    service->busy = service->looking = true;
    fleet_copy(service, options->fleet);
    service->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&service->lock, NULL);
    service->begun =
        service->wake >= 0 && pthread_create(&service->thread, NULL, service_run, service) == 0;
    if (!service->begun)
        service->busy = false;
    return service;
}

void rollout_service_wake(struct rollout_service *service)
{
    uint64_t one = 1;
    pthread_mutex_lock(&service->lock);
    service->looking = true;
    service->busy = service->begun;
    pthread_mutex_unlock(&service->lock);
    if (write(service->wake, &one, sizeof one) < 0)
        return; /* it is awake already */
}

void rollout_service_stop(struct rollout_service *service, int64_t patience_ms)
{
    if (!service)
        return;
    pthread_mutex_lock(&service->lock);
    service->stop = true;
    service->patience_ms = patience_ms;
    pthread_mutex_unlock(&service->lock);
    rollout_service_wake(service);
    if (service->begun)
        pthread_join(service->thread, NULL);
    if (service->wake >= 0)
        close(service->wake);
    pthread_mutex_destroy(&service->lock);
    vec_free(&service->list);
    arena_free(service->arena);
    free(service);
}

void rollout_service_want(struct rollout_service *service, const char *code, bool want)
{
    pthread_mutex_lock(&service->lock);
    struct rollout_glance *glance = &known_of(service, code)->glance;
    glance->wanted = want;
    glance->refused = !want;
    pthread_mutex_unlock(&service->lock);
    rollout_service_wake(service);
}

void rollout_service_glance(struct rollout_service *service, const char *code,
                            struct rollout_glance *glance)
{
    pthread_mutex_lock(&service->lock);
    *glance = known_of(service, code)->glance;
    pthread_mutex_unlock(&service->lock);
}

void rollout_service_sum(struct rollout_service *service, struct rollout_sum *sum)
{
    *sum = (struct rollout_sum){0};
    pthread_mutex_lock(&service->lock);
    for (size_t i = 0; i < service->list.n; i++) {
        const struct known *known = &service->list.at[i];
        if (known->glance.driving != DRIVING_HERE)
            continue;
        sum->driven++;
        sum->flight += known->glance.flight;
        snprintf(sum->code, sizeof sum->code, "%s", known->code);
    }
    pthread_mutex_unlock(&service->lock);
}

bool rollout_service_busy(struct rollout_service *service)
{
    pthread_mutex_lock(&service->lock);
    bool busy = service->busy;
    pthread_mutex_unlock(&service->lock);
    return busy;
}
