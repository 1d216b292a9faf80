/* The engine's thread: what is queued becomes sessions, epoll tells which of them can go on, and a
 * look at the clock which of them have waited too long. */
#include "model/fleet/engine.h"

#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/agent.h"
#include "model/fleet/bastion.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { WINDOW = 256, TOTAL_MS = 60000, TICK_MS = 20, EVENTS_AT_ONCE = 128 };

const char *const fleet_phase_names[FLEET_PHASES] = {
    [PHASE_QUEUED] = "queued",   [PHASE_RESOLVE] = "resolve", [PHASE_CONNECT] = "connect",
    [PHASE_VERSION] = "version", [PHASE_KEYS] = "keys",       [PHASE_PIN] = "pin",
    [PHASE_AUTH] = "auth",       [PHASE_OPEN] = "open",       [PHASE_COMMAND] = "command",
    [PHASE_FIRST] = "first",     [PHASE_OUTPUT] = "output",   [PHASE_END] = "end",
    [PHASE_DONE] = "done",
};

/* 0: only the job's own limit. Of PHASE_OUTPUT it is the time without a byte. */
static const int64_t limits[FLEET_PHASES] = {
    [PHASE_RESOLVE] = 5000, [PHASE_CONNECT] = 3000, [PHASE_VERSION] = 5000, [PHASE_KEYS] = 10000,
    [PHASE_AUTH] = 10000,   [PHASE_OPEN] = 5000,    [PHASE_COMMAND] = 5000, [PHASE_END] = 10000,
};

struct fleet_engine {
    struct fleet_options options;
    struct fleet_identity *identities;
    int64_t limit_ms[FLEET_PHASES];
    struct keyring *keyring;
    struct agent *agent;
    struct bastions *bastions;
    pthread_t thread;
    int epoll, wake, done; /* descriptors; wake and done are eventfds */
    struct resolver *resolver;
    pthread_mutex_t lock; /* of what follows, up to the next comment */
    struct fleet_job *queue, **queue_end, *finished, **finished_end;
    int queued, pending; /* pending: not yet collected */
    int in_phase[FLEET_PHASES];
    bool ending;
    /* The thread's own. */
    VEC(struct fleet_session *) sessions;
    bool hungry; /* some session has more */
    bool news;   /* jobs ended in this turn */
    uint64_t serials;
};

static void ring(int fd)
{
    uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof one);
    (void)written; /* full means that it is readable already */
}

static void quiet(int fd)
{
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof count);
    (void)n; /* none: it was quiet */
}

static void wake_engine(void *context)
{
    ring(((struct fleet_engine *)context)->wake);
}

/* ---- Sessions come and go ---- */

static void job_finished(struct fleet_engine *engine, struct fleet_job *job)
{
    pthread_mutex_lock(&engine->lock);
    job->session = NULL;
    job->next = NULL;
    *engine->finished_end = job;
    engine->finished_end = &job->next;
    if (!engine->sessions.n) /* nobody looks at the phases of none */
        memset(engine->in_phase, 0, sizeof engine->in_phase);
    pthread_mutex_unlock(&engine->lock);
    engine->news = true;
}

static void session_drop(struct fleet_engine *engine, struct fleet_session *session)
{
    struct fleet_session *last = engine->sessions.at[engine->sessions.n - 1];
    struct fleet_job *job = session->job;
    engine->sessions.at[session->place] = last;
    last->place = session->place;
    engine->sessions.n--;
    bastion_leave(session);
    session_end(session);
    free(session);
    job_finished(engine, job);
}

/* Waits for what it waits for now, or takes it away when it has ended. */
static void session_arm(struct fleet_engine *engine, struct fleet_session *session, bool fresh)
{
    if (session->finished) {
        session_drop(engine, session);
        return;
    }
    engine->hungry = engine->hungry || session->more;
    if (session->fd < 0)
        return;
    struct epoll_event event = {.events = session_waits_for(session), .data.ptr = session};
    if (event.events == session->armed)
        return;
    session->armed = event.events;
    if (epoll_ctl(engine->epoll, fresh ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, session->fd, &event) != 0) {
        session_finish(session, DEVICE_FAILED, "cannot be waited for: %s", strerror(errno));
        session_drop(engine, session);
    }
}

/* A bastion has the way for it, or has not. */
static void session_reached(void *context, struct fleet_session *session)
{
    session_step(session);
    session_arm(context, session, true);
}

static void session_start(struct fleet_engine *engine, struct fleet_session *session)
{
    session_connect(session);
    session_arm(engine, session, true);
}

static void session_begin(struct fleet_engine *engine, struct fleet_job *job)
{
    struct fleet_session *session = mem_zero(1, sizeof *session);
    session->job = job;
    session->options = &engine->options;
    session->limit_ms = engine->limit_ms;
    session->keyring = engine->keyring;
    session->agent = engine->agent;
    session->fd = -1;
    session->serial = ++engine->serials;
    session->started = session->phase_since = time_monotonic_ns();
    session->place = engine->sessions.n;
    vec_push(&engine->sessions, session);
    pthread_mutex_lock(&engine->lock);
    job->session = session;
    pthread_mutex_unlock(&engine->lock);
    job->exit_status = -1;
    session_phase(session, PHASE_RESOLVE);
    if (!job->host || !*job->host) {
        session_finish(session, DEVICE_FAILED, "it has no host");
        session_drop(engine, session);
    } else if (job->hop && job->hop->trouble && *job->hop->trouble) {
        session_finish(session, DEVICE_FAILED, "nothing was sent: %s", job->hop->trouble);
        session_drop(engine, session);
    } else if (job->hop && job->hop->code && *job->hop->code) {
        bastion_ask(engine->bastions, session);
    } else if (address_numeric(job->host, job->port, &session->address)) {
        session_start(engine, session);
    } else {
        resolver_ask(engine->resolver, job->host, job->port, (void *)(uintptr_t)session->serial);
    }
}

static void resolved(void *context, void *request, const struct address *address,
                     const char *reason)
{
    struct fleet_engine *engine = context;
    if (bastion_resolved(engine->bastions, (uint64_t)(uintptr_t)request, address, reason))
        return;
    for (size_t i = 0; i < engine->sessions.n; i++) {
        struct fleet_session *session = engine->sessions.at[i];
        if (session->serial != (uint64_t)(uintptr_t)request)
            continue;
        if (address) {
            session->address = *address;
            session_start(engine, session);
        } else {
            session_finish(session, DEVICE_OFFLINE, "%s", reason);
            session_drop(engine, session);
        }
        return;
    }
}

static struct fleet_job *queue_take(struct fleet_engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    struct fleet_job *job = engine->queue;
    if (job) {
        engine->queue = job->next;
        engine->queued--;
        if (!engine->queue)
            engine->queue_end = &engine->queue;
    }
    pthread_mutex_unlock(&engine->lock);
    return job;
}

/* Those that wait for the agent keep nobody out, up to as many as there may be in all. */
static size_t sessions_working(const struct fleet_engine *engine)
{
    size_t waiting = agent_waiting(engine->agent), most = (size_t)engine->options.window;
    size_t all = engine->sessions.n, out = waiting < most ? waiting : most;
    return out < all ? all - out : 0;
}

static void queue_serve(struct fleet_engine *engine)
{
    struct fleet_job *job;
    while (sessions_working(engine) < (size_t)engine->options.window &&
           (job = queue_take(engine))) {
        if (job->cancel) {
            job->state = DEVICE_CANCELLED;
            snprintf(job->reason, sizeof job->reason, "cancelled before it was begun");
            job_finished(engine, job);
        } else {
            session_begin(engine, job);
        }
    }
}

/* ---- The loop ---- */

static void wishes_look(struct fleet_engine *engine, bool ending)
{
    for (size_t i = engine->sessions.n; i-- > 0;) {
        struct fleet_session *session = engine->sessions.at[i];
        pthread_mutex_lock(&engine->lock);
        bool cancel = session->job->cancel || ending;
        pthread_mutex_unlock(&engine->lock);
        if (cancel)
            session_cancel(session);
        bool typed = session->input_open && (session->job->input || session->job->term);
        if (!session->finished && (typed || session->held))
            session_step(session); /* there may be more to send, or room for output */
        session_arm(engine, session, false);
    }
}

static void times_look(struct fleet_engine *engine)
{
    int64_t now = time_monotonic_ns();
    int in_phase[FLEET_PHASES] = {0};
    bastions_check_time(engine->bastions, now);
    for (size_t i = engine->sessions.n; i-- > 0;) {
        struct fleet_session *session = engine->sessions.at[i];
        session_check_time(session, now);
        if (session->finished)
            session_drop(engine, session);
        else
            in_phase[session->job->phase]++;
    }
    pthread_mutex_lock(&engine->lock);
    memcpy(engine->in_phase, in_phase, sizeof in_phase);
    pthread_mutex_unlock(&engine->lock);
}

static void engine_woken(struct fleet_engine *engine)
{
    quiet(engine->wake);
    pthread_mutex_lock(&engine->lock);
    bool ending = engine->ending;
    for (struct fleet_job *job = engine->queue; ending && job; job = job->next)
        job->cancel = 1;
    pthread_mutex_unlock(&engine->lock);
    resolver_collect(engine->resolver, resolved, engine);
    wishes_look(engine, ending);
}

/* Those that can go on without waiting. */
static void hungry_feed(struct fleet_engine *engine)
{
    engine->hungry = false;
    for (size_t i = engine->sessions.n; i-- > 0;) {
        struct fleet_session *session = engine->sessions.at[i];
        if (!session->more)
            continue;
        session_step(session);
        session_arm(engine, session, false);
    }
}

static bool engine_ended(struct fleet_engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    bool ended = engine->ending && !engine->queue && engine->sessions.n == 0;
    pthread_mutex_unlock(&engine->lock);
    return ended;
}

static void waiter_ready(struct fleet_engine *engine, void *waiter)
{
    struct fleet_session *session = waiter;
    if (agent_ready(engine->agent, waiter))
        return;
    if (bastion_ready(engine->bastions, waiter))
        return;
    session_step(session);
    session_arm(engine, session, false);
}

static void *engine_run(void *context)
{
    struct fleet_engine *engine = context;
    struct epoll_event events[EVENTS_AT_ONCE];
    sigset_t broken;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE); /* a connection or an agent that is gone is an error, no end */
    pthread_sigmask(SIG_BLOCK, &broken, NULL);
    int64_t ticked = 0;
    while (!engine_ended(engine)) {
        int n = epoll_wait(engine->epoll, events, EVENTS_AT_ONCE,
                           engine->hungry       ? 0
                           : engine->sessions.n ? TICK_MS
                                                : -1);
        bool woken = false;
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr)
                waiter_ready(engine, events[i].data.ptr);
            else
                woken = true;
        }
        if (engine->hungry)
            hungry_feed(engine);
        if (woken)
            engine_woken(engine);
        queue_serve(engine);
        int64_t now = time_monotonic_ns();
        agent_tend(engine->agent, now);
        if (now - ticked > TICK_MS * INT64_C(1000000) / 2) {
            ticked = now;
            times_look(engine);
            queue_serve(engine);
        }
        bastions_tidy(engine->bastions);
        if (engine->news)
            ring(engine->done); /* once for all that ended in this turn */
        engine->news = false;
    }
    return NULL;
}

/* ---- From outside ---- */

static void engine_release(struct fleet_engine *engine)
{
    bastions_free(engine->bastions);
    agent_free(engine->agent);
    resolver_free(engine->resolver);
    if (engine->epoll >= 0)
        close(engine->epoll);
    if (engine->wake >= 0)
        close(engine->wake);
    if (engine->done >= 0)
        close(engine->done);
    keyring_free(engine->keyring);
    for (size_t i = 0; i < engine->options.n_identities; i++) {
        free((char *)engine->identities[i].kind);
        free((char *)engine->identities[i].file);
    }
    free(engine->identities);
    free((char *)engine->options.identity);
    pthread_mutex_destroy(&engine->lock);
    vec_free(&engine->sessions);
    free(engine);
}

static bool descriptors_open(struct fleet_engine *engine)
{
    engine->epoll = epoll_create1(EPOLL_CLOEXEC);
    engine->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    engine->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    return engine->epoll >= 0 && engine->wake >= 0 && engine->done >= 0 &&
           epoll_ctl(engine->epoll, EPOLL_CTL_ADD, engine->wake, &event) == 0;
}

/* The file of everybody's identity is read at once, so that a mistake is told before any device. */
static enum status identities_take(struct fleet_engine *engine, const struct fleet_options *options,
                                   struct error *err)
{
    const struct login *login;
    engine->keyring = keyring_new();
    engine->options.identity = options->identity ? mem_strdup(options->identity) : NULL;
    engine->identities = mem_zero(options->n_identities + 1, sizeof *engine->identities);
    for (size_t i = 0; i < options->n_identities; i++)
        engine->identities[i] = (struct fleet_identity){mem_strdup(options->identities[i].kind),
                                                        mem_strdup(options->identities[i].file)};
    engine->options.identities = engine->identities;
    return options->identity ? keyring_login(engine->keyring, options->identity, &login, err)
                             : ST_OK;
}

static void agent_answered(void *context, struct agent_login *login)
{
    waiter_ready(context, login->owner);
}

/* It has half of the time of the phase that it is asked in. */
static void agent_start(struct fleet_engine *engine)
{
    engine->agent = agent_new(getenv("SSH_AUTH_SOCK"),
                              &(struct agent_engine){.epoll = engine->epoll,
                                                     .limit_ms = engine->limit_ms[PHASE_AUTH] / 2,
                                                     .answered = agent_answered,
                                                     .context = engine});
}

static void bastions_start(struct fleet_engine *engine)
{
    engine->bastions = bastions_new(&(struct bastion_engine){.epoll = engine->epoll,
                                                             .options = &engine->options,
                                                             .limit_ms = engine->limit_ms,
                                                             .resolver = engine->resolver,
                                                             .keyring = engine->keyring,
                                                             .agent = engine->agent,
                                                             .serials = &engine->serials,
                                                             .reached = session_reached,
                                                             .context = engine});
}

enum status fleet_new(const struct fleet_options *options, struct fleet_engine **out,
                      struct error *err)
{
    *out = NULL;
    enum status status = ssh_load(err);
    if (status != ST_OK)
        return status;
    struct fleet_engine *engine = mem_zero(1, sizeof *engine);
    engine->options = *options;
    engine->options.window = options->window > 0 ? options->window : WINDOW;
    engine->options.total_ms = options->total_ms > 0 ? options->total_ms : TOTAL_MS;
    for (int i = 0; i < FLEET_PHASES; i++)
        engine->limit_ms[i] = options->limit_ms[i] ? options->limit_ms[i] : limits[i];
    engine->queue_end = &engine->queue;
    engine->finished_end = &engine->finished;
    pthread_mutex_init(&engine->lock, NULL);
    status = identities_take(engine, options, err);
    if (status == ST_OK && !descriptors_open(engine))
        status =
            error_set(err, ST_UNUSABLE, "the fleet's engine cannot start: %s", strerror(errno));
    if (status == ST_OK) {
        engine->resolver = resolver_new(wake_engine, engine);
        agent_start(engine);
        bastions_start(engine);
    }
    if (status == ST_OK && pthread_create(&engine->thread, NULL, engine_run, engine) != 0)
        status = error_set(err, ST_UNUSABLE, "the fleet's engine cannot start a thread");
    if (status != ST_OK)
        engine_release(engine);
    else
        *out = engine;
    return status;
}

void fleet_free(struct fleet_engine *engine)
{
    if (!engine)
        return;
    pthread_mutex_lock(&engine->lock);
    engine->ending = true;
    pthread_mutex_unlock(&engine->lock);
    ring(engine->wake);
    pthread_join(engine->thread, NULL);
    fleet_collect(engine);
    engine_release(engine);
}

void fleet_submit(struct fleet_engine *engine, struct fleet_job *job)
{
    job->session = NULL;
    job->next = NULL;
    job->cancel = 0;
    __atomic_store_n(&job->phase, PHASE_QUEUED, __ATOMIC_RELAXED);
    job->exit_status = -1;
    pthread_mutex_lock(&engine->lock);
    *engine->queue_end = job;
    engine->queue_end = &job->next;
    engine->queued++;
    engine->pending++;
    pthread_mutex_unlock(&engine->lock);
    ring(engine->wake);
}

void fleet_cancel(struct fleet_engine *engine, struct fleet_job *job)
{
    pthread_mutex_lock(&engine->lock);
    job->cancel = 1;
    pthread_mutex_unlock(&engine->lock);
    ring(engine->wake);
}

void fleet_wake(struct fleet_engine *engine)
{
    ring(engine->wake);
}

void fleet_resize(struct fleet_engine *engine, struct fleet_job *job, int rows, int cols)
{
    __atomic_store_n(&job->size, cols << 16 | rows, __ATOMIC_RELAXED);
    ring(engine->wake);
}

void fleet_hold(struct fleet_engine *engine, struct fleet_job *job, bool on)
{
    if (__atomic_exchange_n(&job->hold, on, __ATOMIC_ACQ_REL) && !on)
        ring(engine->wake);
}

int fleet_fd(const struct fleet_engine *engine)
{
    return engine->done;
}

int fleet_collect(struct fleet_engine *engine)
{
    int n = 0;
    quiet(engine->done);
    pthread_mutex_lock(&engine->lock);
    struct fleet_job *job = engine->finished;
    engine->finished = NULL;
    engine->finished_end = &engine->finished;
    pthread_mutex_unlock(&engine->lock);
    while (job) {
        struct fleet_job *next = job->next;
        if (job->done)
            job->done(job);
        n++;
        job = next;
    }
    pthread_mutex_lock(&engine->lock);
    engine->pending -= n;
    pthread_mutex_unlock(&engine->lock);
    return n;
}

bool fleet_wait(struct fleet_engine *engine, int64_t ms)
{
    int64_t until = time_monotonic_ns() + ms * 1000000;
    for (;;) {
        fleet_collect(engine);
        pthread_mutex_lock(&engine->lock);
        bool idle = engine->pending == 0;
        pthread_mutex_unlock(&engine->lock);
        int64_t left = (until - time_monotonic_ns()) / 1000000;
        if (idle || left <= 0)
            return idle;
        struct pollfd fd = {.fd = engine->done, .events = POLLIN};
        poll(&fd, 1, (int)left);
    }
}

void fleet_numbers(struct fleet_engine *engine, struct fleet_numbers *numbers)
{
    pthread_mutex_lock(&engine->lock);
    numbers->queued = engine->queued;
    numbers->running = engine->pending - engine->queued;
    memcpy(numbers->in_phase, engine->in_phase, sizeof numbers->in_phase);
    pthread_mutex_unlock(&engine->lock);
}
