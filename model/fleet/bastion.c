#include "model/fleet/bastion.h"

#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/ssh_link.h"
#include "model/fleet/way.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 16384, CODE_MOST = 100 };

struct bastion {
    struct fleet_session session; /* first: epoll hands it back */
    struct fleet_job job;
    struct bastions *all;
    struct arena *arena;          /* of the way's texts, which are the job's */
    const struct device_hop *way; /* which bastion, and how it is reached */
    VEC(struct pipe *) pipes;
    struct ssh_counter_struct packets; /* as libssh counts them */
    bool ready, dead;
};

enum pipe_state { PIPE_WAITS, PIPE_OPENING, PIPE_OPEN, PIPE_DONE };

struct pipe {
    enum waiter waiter; /* first: epoll hands it back */
    enum pipe_state state;
    struct bastion *bastion;
    struct fleet_session *session; /* NULL: it was left */
    ssh_channel channel;
    struct ssh_channel_callbacks_struct callbacks;
    int fd;         /* our end of the pair; -1: none */
    VEC(char) rest; /* read from the channel, not taken by the session yet */
    size_t rest_at;
    unsigned waits; /* what epoll waits for */
    bool ended, closed, input_ended;
};

struct bastions {
    struct bastion_engine engine;
    VEC(struct bastion *) list;
};

struct bastions *bastions_new(const struct bastion_engine *engine)
{
    struct bastions *bastions = mem_zero(1, sizeof *bastions);
    bastions->engine = *engine;
    return bastions;
}

/* A session that waited for its way has it, or has ended. */
static void session_go_on(const struct bastions *all, struct fleet_session *session);

/* ---- Pipes ---- */

static void pipe_free(struct pipe *pipe)
{
    if (pipe->session)
        pipe->session->pipe = NULL;
    if (pipe->channel) {
        ssh_remove_channel_callbacks(pipe->channel, &pipe->callbacks);
        ssh_channel_free(pipe->channel);
    }
    if (pipe->fd >= 0)
        close(pipe->fd);
    vec_free(&pipe->rest);
    free(pipe);
}

static void pipe_wait_for(struct pipe *pipe, unsigned events)
{
    struct epoll_event event = {.events = events, .data.ptr = pipe};
    if (pipe->fd < 0 || pipe->waits == events)
        return;
    epoll_ctl(pipe->bastion->all->engine.epoll, EPOLL_CTL_MOD, pipe->fd, &event);
    pipe->waits = events;
}

/* Ends the session that waits at it, which never saw its device. */
static void pipe_refuse(struct pipe *pipe, const char *reason)
{
    struct fleet_session *session = pipe->session;
    const struct bastions *all = pipe->bastion->all;
    pipe->state = PIPE_DONE;
    pipe->session = NULL;
    if (!session)
        return;
    session->pipe = NULL;
    session_finish(session, DEVICE_OFFLINE, "the bastion %.*s: %s", CODE_MOST,
                   pipe->bastion->job.code, reason);
    session_go_on(all, session);
}

/* From the channel to the session, as much as it takes. */
static size_t pipe_give(struct pipe *pipe, const char *bytes, size_t n)
{
    size_t given = 0;
    while (given < n) {
        ssize_t sent = send(pipe->fd, bytes + given, n - given, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            pipe->state = PIPE_DONE; /* the session is gone */
        if (sent <= 0)
            break;
        given += (size_t)sent;
    }
    return given;
}

/* What libssh holds for the session, and what was read and not taken. */
static void pipe_drain(struct pipe *pipe)
{
    char bytes[PIECE];
    int n = 0;
    do {
        size_t left = pipe->rest.n - pipe->rest_at;
        pipe->rest_at += left ? pipe_give(pipe, pipe->rest.at + pipe->rest_at, left) : 0;
        if (pipe->rest_at < pipe->rest.n || pipe->state != PIPE_OPEN)
            return;
        pipe->rest.n = pipe->rest_at = 0;
        n = ssh_channel_read_nonblocking(pipe->channel, bytes, sizeof bytes, 0);
        for (int i = 0; i < n; i++)
            vec_push(&pipe->rest, bytes[i]);
    } while (n > 0);
}

static int on_data(ssh_session ssh, ssh_channel channel, void *data, uint32_t n, int is_stderr,
                   void *context)
{
    struct pipe *pipe = context;
    (void)ssh;
    (void)channel;
    if (is_stderr || pipe->state == PIPE_DONE)
        return (int)n;
    /* What is not taken libssh holds, and the window with it. */
    return pipe->state < PIPE_OPEN || pipe->rest.n ? 0 : (int)pipe_give(pipe, data, n);
}

static void on_end(ssh_session ssh, ssh_channel channel, void *context)
{
    (void)ssh;
    (void)channel;
    ((struct pipe *)context)->ended = true;
}

static void on_closed(ssh_session ssh, ssh_channel channel, void *context)
{
    struct pipe *pipe = context;
    (void)ssh;
    (void)channel;
    pipe->ended = pipe->closed = true;
}

/* From the session to the channel, as much as its window has room for. */
static void pipe_take(struct pipe *pipe)
{
    struct fleet_session *carrier = &pipe->bastion->session;
    char bytes[PIECE];
    while (pipe->state == PIPE_OPEN && !pipe->input_ended && !pipe->closed) {
        uint32_t room = ssh_channel_window_size(pipe->channel);
        if (!room || session_unsent(carrier))
            return;
        ssize_t n = recv(pipe->fd, bytes, room < PIECE ? room : PIECE, MSG_DONTWAIT);
        if (n < 0)
            return;
        pipe->input_ended = n == 0;
        if (n > 0 && ssh_channel_write(pipe->channel, bytes, (uint32_t)n) != n)
            pipe->state = PIPE_DONE; /* bytes of a stream were lost: it is none any more */
    }
}

static unsigned pipe_wishes(const struct pipe *pipe)
{
    bool room =
        ssh_channel_window_size(pipe->channel) > 0 && !session_unsent(&pipe->bastion->session);
    bool held = pipe->rest.n > 0 || ssh_channel_poll(pipe->channel, 0) > 0;
    return (room && !pipe->input_ended ? (unsigned)EPOLLIN : 0u) | (held ? (unsigned)EPOLLOUT : 0u);
}

static void pipe_pump(struct pipe *pipe)
{
    if (pipe->state != PIPE_OPEN)
        return;
    pipe_drain(pipe);
    pipe_take(pipe);
    bool held = pipe->state == PIPE_OPEN && pipe->rest.n > 0;
    if (pipe->input_ended || (pipe->ended && !held))
        pipe->state = PIPE_DONE; /* its end is told by freeing it: both sides see it */
    if (pipe->state == PIPE_OPEN)
        pipe_wait_for(pipe, pipe_wishes(pipe));
}

static bool pipe_connect(struct pipe *pipe)
{
    int pair[2];
    const struct bastions *all = pipe->bastion->all;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    pipe->fd = pair[0];
    pipe->waits = EPOLLIN;
    struct epoll_event event = {.events = pipe->waits, .data.ptr = pipe};
    pipe->session->fd = pair[1]; /* libssh's from now on, which closes it */
    return epoll_ctl(all->engine.epoll, EPOLL_CTL_ADD, pipe->fd, &event) == 0;
}

static void pipe_opened(struct pipe *pipe)
{
    const struct bastions *all = pipe->bastion->all;
    pipe->state = PIPE_OPEN;
    if (!pipe->session) {
        pipe->state = PIPE_DONE;
        return;
    }
    if (pipe_connect(pipe))
        session_connected(pipe->session);
    else
        session_finish(pipe->session, DEVICE_FAILED, "no way over the bastion: %s",
                       strerror(errno));
    session_go_on(all, pipe->session);
}

static void pipe_open(struct pipe *pipe)
{
    struct fleet_session *carrier = &pipe->bastion->session;
    if (pipe->state == PIPE_WAITS && !pipe->session)
        pipe->state = PIPE_DONE;
    if (pipe->state != PIPE_WAITS && pipe->state != PIPE_OPENING)
        return;
    if (!pipe->channel) {
        pipe->channel = ssh_channel_new(carrier->ssh);
        if (!pipe->channel) {
            pipe_refuse(pipe, "it has no room for another channel");
            return;
        }
        pipe->callbacks = (struct ssh_channel_callbacks_struct){
            .userdata = pipe,
            .channel_data_function = on_data,
            .channel_eof_function = on_end,
            .channel_close_function = on_closed,
        };
        ssh_callbacks_init(&pipe->callbacks);
        ssh_set_channel_callbacks(pipe->channel, &pipe->callbacks);
    }
    const struct fleet_job *job = pipe->session ? pipe->session->job : NULL;
    /* A channel that is on its way is asked for by its state alone: the address is not read. */
    int code = ssh_channel_open_forward(pipe->channel, job ? job->host : "-", job ? job->port : 1,
                                        "127.0.0.1", 0);
    pipe->state = PIPE_OPENING;
    if (code == SSH_OK)
        pipe_opened(pipe);
    else if (code != SSH_AGAIN)
        pipe_refuse(pipe, ssh_get_error(carrier->ssh));
}

/* ---- A bastion ---- */

static void bastion_end(struct bastion *bastion)
{
    if (bastion->dead)
        return;
    bastion->dead = true;
    const char *reason = *bastion->job.reason ? bastion->job.reason : "the connection ended";
    for (size_t i = 0; i < bastion->pipes.n; i++) {
        struct pipe *pipe = bastion->pipes.at[i];
        if (pipe->state < PIPE_OPEN)
            pipe_refuse(pipe, reason);
        pipe->state = PIPE_DONE;
    }
}

static void bastion_arm(struct bastion *bastion, bool fresh)
{
    struct fleet_session *session = &bastion->session;
    if (session->finished) {
        bastion_end(bastion);
        return;
    }
    struct epoll_event event = {.events = session_waits_for(session), .data.ptr = session};
    if (session->fd >= 0)
        epoll_ctl(bastion->all->engine.epoll, fresh ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, session->fd,
                  &event);
}

/* Takes packets in, which goes to the pipes by their callbacks, then lets every pipe go on. */
static void bastion_carry(struct bastion *bastion)
{
    struct fleet_session *session = &bastion->session;
    uint64_t seen;
    ssh_execute_message_callbacks(session->ssh);
    ssh_link_keep_nonblocking(session->fd);
    /* Whatever one of them does may take packets in that are of another, which had its turn. */
    do {
        seen = bastion->packets.in_packets;
        for (size_t i = 0; i < bastion->pipes.n && ssh_is_connected(session->ssh); i++) {
            pipe_open(bastion->pipes.at[i]);
            pipe_pump(bastion->pipes.at[i]);
        }
    } while (bastion->packets.in_packets != seen && ssh_is_connected(session->ssh));
    if (!ssh_is_connected(session->ssh))
        session_finish_lost(session, "the connection ended");
}

/* The time of those that waited for it begins now. */
static void bastion_is_ready(struct bastion *bastion)
{
    ssh_set_counters(bastion->session.ssh, NULL, &bastion->packets);
    for (size_t i = 0; i < bastion->pipes.n; i++)
        if (bastion->pipes.at[i]->session)
            session_phase(bastion->pipes.at[i]->session, PHASE_CONNECT);
}

static void bastion_step(struct bastion *bastion)
{
    struct fleet_session *session = &bastion->session;
    if (bastion->dead)
        return;
    if (!bastion->ready) {
        session_step(session);
        bastion->ready = !session->finished && session->job->phase == PHASE_OPEN;
        if (bastion->ready)
            bastion_is_ready(bastion);
    }
    if (bastion->ready)
        bastion_carry(bastion);
    bastion_arm(bastion, false);
}

/* The way to it is there, or is not. */
static void bastion_reached(struct bastion *bastion)
{
    bastion_arm(bastion, true);
    bastion_step(bastion);
}

static void session_go_on(const struct bastions *all, struct fleet_session *session)
{
    if (session->bastion)
        bastion_reached((struct bastion *)session);
    else
        all->engine.reached(all->engine.context, session);
}

static void bastion_begin(struct bastion *bastion)
{
    const struct bastion_engine *engine = &bastion->all->engine;
    struct fleet_session *session = &bastion->session;
    session_phase(session, PHASE_RESOLVE);
    if (*bastion->job.reason) {
        session_finish(session, DEVICE_QUARANTINED, "%s", bastion->job.reason);
    } else if (bastion->job.hop) {
        bastion_ask(bastion->all, session);
    } else if (address_numeric(bastion->job.host, bastion->job.port, &session->address)) {
        session_connect(session);
        bastion_arm(bastion, true);
    } else {
        resolver_ask(engine->resolver, bastion->job.host, bastion->job.port,
                     (void *)(uintptr_t)session->serial);
    }
}

static struct bastion *bastion_new(struct bastions *all, const struct device_hop *way)
{
    struct bastion *bastion = mem_zero(1, sizeof *bastion);
    bastion->arena = arena_new();
    bastion->all = all;
    const struct device_hop *hop = bastion->way = way_copy(bastion->arena, way);
    bastion->job = (struct fleet_job){.code = hop->code,
                                      .host = hop->host,
                                      .user = hop->user,
                                      .pin = hop->pin,
                                      .kind = hop->kind,
                                      .identity = hop->identity,
                                      .port = hop->port,
                                      .hop = hop->over};
    if (*hop->quarantine)
        snprintf(bastion->job.reason, sizeof bastion->job.reason, "in quarantine: %.150s",
                 hop->quarantine);
    bastion->session = (struct fleet_session){.job = &bastion->job,
                                              .options = all->engine.options,
                                              .limit_ms = all->engine.limit_ms,
                                              .keyring = all->engine.keyring,
                                              .agent = all->engine.agent,
                                              .fd = -1,
                                              .bastion = true,
                                              .serial = ++*all->engine.serials};
    bastion->session.started = bastion->session.phase_since = time_monotonic_ns();
    vec_push(&all->list, bastion);
    bastion_begin(bastion);
    return bastion;
}

static void bastion_free(struct bastion *bastion)
{
    bastion_leave(&bastion->session);
    for (size_t i = 0; i < bastion->pipes.n; i++)
        pipe_free(bastion->pipes.at[i]);
    vec_free(&bastion->pipes);
    session_end(&bastion->session);
    arena_free(bastion->arena);
    free(bastion);
}

void bastions_free(struct bastions *bastions)
{
    if (!bastions)
        return;
    for (size_t i = 0; i < bastions->list.n; i++)
        bastion_free(bastions->list.at[i]);
    vec_free(&bastions->list);
    free(bastions);
}

void bastion_ask(struct bastions *bastions, struct fleet_session *session)
{
    const struct device_hop *hop = session->job->hop;
    struct bastion *bastion = NULL;
    session_phase(session, PHASE_CONNECT);
    for (size_t i = 0; i < bastions->list.n && !bastion; i++)
        if (!bastions->list.at[i]->dead && way_same(bastions->list.at[i]->way, hop))
            bastion = bastions->list.at[i];
    if (!bastion)
        bastion = bastion_new(bastions, hop);
    struct pipe *pipe = mem_zero(1, sizeof *pipe);
    *pipe = (struct pipe){.waiter = WAITER_PIPE, .bastion = bastion, .session = session, .fd = -1};
    session->pipe = pipe;
    vec_push(&bastion->pipes, pipe);
    if (bastion->session.finished || bastion->dead) {
        bastion->dead = true;
        pipe_refuse(pipe, *bastion->job.reason ? bastion->job.reason : "it cannot be reached");
    } else if (bastion->ready) {
        bastion_step(bastion);
    }
}

bool bastion_awaited(const struct fleet_session *session)
{
    return session->pipe && !session->pipe->bastion->ready && !session->pipe->bastion->dead;
}

void bastion_leave(struct fleet_session *session)
{
    struct pipe *pipe = session->pipe;
    if (!pipe)
        return;
    session->pipe = NULL;
    pipe->session = NULL;
    /* One that is still opening is closed when it has opened: libssh would forget its number. */
    if (pipe->state == PIPE_OPEN)
        pipe->state = PIPE_DONE;
}

/* ---- The loop ---- */

bool bastion_ready(struct bastions *bastions, void *waiter)
{
    if (*(enum waiter *)waiter == WAITER_PIPE) {
        struct pipe *pipe = waiter;
        uint64_t seen = pipe->bastion->packets.in_packets;
        if (pipe->state != PIPE_OPEN || pipe->bastion->dead)
            return true;
        pipe_pump(pipe);
        if (pipe->bastion->packets.in_packets != seen)
            bastion_carry(pipe->bastion);
        bastion_arm(pipe->bastion, false); /* it may have more to send now */
        return true;
    }
    if (!((struct fleet_session *)waiter)->bastion)
        return false;
    for (size_t i = 0; i < bastions->list.n; i++)
        if (waiter == &bastions->list.at[i]->session)
            bastion_step(bastions->list.at[i]);
    return true;
}

bool bastion_resolved(struct bastions *bastions, uint64_t serial, const struct address *address,
                      const char *reason)
{
    for (size_t i = 0; i < bastions->list.n; i++) {
        struct bastion *bastion = bastions->list.at[i];
        if (bastion->session.serial != serial)
            continue;
        if (bastion->dead)
            return true;
        if (address) {
            bastion->session.address = *address;
            session_connect(&bastion->session);
        } else {
            session_finish(&bastion->session, DEVICE_OFFLINE, "%s", reason);
        }
        bastion_arm(bastion, true);
        return true;
    }
    return false;
}

void bastions_check_time(struct bastions *bastions, int64_t now)
{
    for (size_t i = 0; i < bastions->list.n; i++) {
        struct bastion *bastion = bastions->list.at[i];
        if (!bastion->ready && !bastion->dead)
            session_check_time(&bastion->session, now);
        if (bastion->session.finished)
            bastion_end(bastion);
    }
}

static void pipes_tidy(struct bastion *bastion)
{
    for (size_t i = bastion->pipes.n; i-- > 0;) {
        if (bastion->pipes.at[i]->state != PIPE_DONE)
            continue;
        pipe_free(bastion->pipes.at[i]);
        bastion->pipes.at[i] = bastion->pipes.at[--bastion->pipes.n];
    }
}

/* Whether somebody still needs it: those that are opening and were left do not. */
static bool bastion_needed(const struct bastion *bastion)
{
    for (size_t i = 0; i < bastion->pipes.n; i++)
        if (bastion->pipes.at[i]->session)
            return true;
    return false;
}

/* False: nothing was freed. */
static bool bastions_sweep(struct bastions *bastions)
{
    size_t all = bastions->list.n;
    for (size_t i = bastions->list.n; i-- > 0;) {
        struct bastion *bastion = bastions->list.at[i];
        size_t before = bastion->pipes.n;
        pipes_tidy(bastion);
        if (bastion->dead || !bastion_needed(bastion)) {
            bastion_free(bastion);
            bastions->list.at[i] = bastions->list.at[--bastions->list.n];
        } else if (bastion->pipes.n != before) {
            bastion_arm(bastion, false); /* goodbyes may wait to be sent */
        }
    }
    return bastions->list.n < all;
}

/* One that carried only another is not needed without it. */
void bastions_tidy(struct bastions *bastions)
{
    while (bastions_sweep(bastions))
        ;
}
