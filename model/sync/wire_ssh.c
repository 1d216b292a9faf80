/* A wire over libssh: the same care as with devices (doc/fleet.md). Its host key is compared before
 * anything secret is sent, every phase has a time limit of ours, as libssh has none when it must
 * not block, and the descriptor is made non-blocking again after each of its calls. */
#include "model/base/arena.h"
#include "model/base/time.h"
#include "model/fleet/agent.h"
#include "model/fleet/clean.h"
#include "model/fleet/keyring.h"
#include "model/fleet/ssh_link.h"
#include "model/sync/wire.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 15000, LOOK_MS = 200, SAID_MOST = 1000 };

struct ssh_wire {
    struct wire wire;
    const struct wire_ssh *asked; /* while it connects */
    ssh_session ssh;
    ssh_channel channel;
    struct keyring *keyring;
    ssh_key key; /* that is offered; the keyring's */
    int fd;
    char told[SAID_MOST];
    size_t n_told;
    struct arena *arena;
};

static struct ssh_wire *ssh_of(struct wire *wire)
{
    return (struct ssh_wire *)(void *)wire;
}

static const char *library_words(struct ssh_wire *self)
{
    const char *words = ssh_link_words(self->ssh);
    return device_clean(self->arena, words, strlen(words), SAID_MOST, false, NULL);
}

/* ---- Bytes ---- */

static void errors_read(struct ssh_wire *self)
{
    char bytes[1024];
    int n;
    while ((n = ssh_channel_read_nonblocking(self->channel, bytes, sizeof bytes, 1)) > 0) {
        size_t room = sizeof self->told - self->n_told;
        size_t take = (size_t)n < room ? (size_t)n : room;
        memcpy(self->told + self->n_told, bytes, take);
        self->n_told += take;
    }
}

static enum status wire_read(struct wire *wire, void *bytes, size_t size, size_t *n, bool *ended,
                             struct error *err)
{
    struct ssh_wire *self = ssh_of(wire);
    int got = ssh_channel_read_nonblocking(self->channel, bytes, (uint32_t)size, 0);
    ssh_link_keep_nonblocking(self->fd);
    (void)err;
    *n = got > 0 ? (size_t)got : 0;
    if (got <= 0)
        errors_read(self);
    /* What libssh calls an error here is a connection that is no more. */
    *ended = got < 0 ||
             (got == 0 && (ssh_channel_is_eof(self->channel) ||
                           ssh_channel_is_closed(self->channel) || !ssh_is_connected(self->ssh)));
    if (*ended && ssh_channel_poll(self->channel, 0) > 0)
        *ended = false;
    return ST_OK;
}

static enum status wire_write(struct wire *wire, const void *bytes, size_t n, size_t *taken,
                              bool *ended, struct error *err)
{
    struct ssh_wire *self = ssh_of(wire);
    uint32_t window = ssh_channel_window_size(self->channel);
    (void)err;
    *taken = 0;
    *ended = ssh_channel_is_closed(self->channel) || !ssh_is_connected(self->ssh);
    if (*ended || window == 0 || ssh_get_poll_flags(self->ssh) & SSH_WRITE_PENDING) {
        /* The window grows by a packet from the other side, which somebody has to take in. */
        if (!*ended)
            ssh_channel_poll(self->channel, 0);
        return ST_OK;
    }
    int sent = ssh_channel_write(self->channel, bytes, n < window ? (uint32_t)n : window);
    ssh_link_keep_nonblocking(self->fd);
    *ended = sent == SSH_ERROR;
    *taken = sent > 0 ? (size_t)sent : 0;
    return ST_OK;
}

static size_t wire_polls(struct wire *wire, struct pollfd *polls, bool reading, bool writing)
{
    struct ssh_wire *self = ssh_of(wire);
    /* What libssh holds, or the end that it took in, no descriptor tells of: then nobody waits, as
     * one can write at almost any time. */
    bool held = ssh_channel_poll(self->channel, 0) != 0;
    bool pending = ssh_get_poll_flags(self->ssh) & SSH_WRITE_PENDING;
    ssh_link_keep_nonblocking(self->fd);
    /* Looking may have made room: what could not be written before it goes now. Where there is no
     * room a packet tells of it. */
    bool room = writing && ssh_channel_window_size(self->channel) > 0;
    polls[0] = (struct pollfd){
        .fd = self->fd,
        .events = (short)(POLLIN | (pending || room || (held && reading) ? POLLOUT : 0)),
    };
    return 1;
}

static const char *wire_said(struct wire *wire)
{
    struct ssh_wire *self = ssh_of(wire);
    errors_read(self);
    size_t n = self->n_told;
    while (n && (self->told[n - 1] == '\n' || self->told[n - 1] == '\r'))
        n--;
    return device_clean(self->arena, self->told, n, SAID_MOST, false, NULL);
}

static void wire_close(struct wire *wire)
{
    struct ssh_wire *self = ssh_of(wire);
    if (self->channel)
        ssh_channel_free(self->channel);
    if (self->ssh) {
        ssh_silent_disconnect(self->ssh);
        ssh_free(self->ssh);
    } else if (self->fd >= 0) {
        close(self->fd);
    }
    keyring_free(self->keyring);
    arena_free(self->arena);
    free(self);
}

static const struct wire_ops ssh_ops = {wire_read, wire_write, wire_polls, wire_said, wire_close};

/* ---- Connecting ---- */

static bool stopped(const struct ssh_wire *self)
{
    return self->asked->stop && atomic_load(self->asked->stop);
}

/* Waits for the connection; false once it took too long or nobody wants it any more. */
static bool wait_on(struct ssh_wire *self, short events, int64_t until)
{
    for (;;) {
        int64_t left = (until - time_monotonic_ns()) / 1000000;
        if (left <= 0 || stopped(self))
            return false;
        struct pollfd one = {.fd = self->fd, .events = events};
        if (poll(&one, 1, left < LOOK_MS ? (int)left : LOOK_MS) != 0)
            return true;
    }
}

static int64_t phase_ms(const struct ssh_wire *self)
{
    return self->asked->wait_ms ? self->asked->wait_ms : WAIT_MS;
}

static int64_t phase_end(const struct ssh_wire *self)
{
    return time_monotonic_ns() + phase_ms(self) * 1000000;
}

static enum status gave_up(const struct ssh_wire *self, const char *doing, struct error *err)
{
    if (stopped(self))
        return error_set(err, ST_CANCELLED, "stopped");
    return error_set(err, ST_PARTIAL, "the hub does not answer: %s", doing);
}

static enum status connect_one(struct ssh_wire *self, const struct addrinfo *to, struct error *err)
{
    int on = 1, code = 0;
    socklen_t size = sizeof code;
    self->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (self->fd < 0)
        return error_set(err, ST_PARTIAL, "no socket: %s", strerror(errno));
    setsockopt(self->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(self->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (connect(self->fd, to->ai_addr, to->ai_addrlen) == 0)
        return ST_OK;
    if (errno == EINPROGRESS && !wait_on(self, POLLOUT, phase_end(self)))
        return gave_up(self, "connecting", err);
    if (errno != EINPROGRESS || getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
        code = errno;
    return code ? error_set(err, ST_PARTIAL, "the hub cannot be reached: %s", strerror(code))
                : ST_OK;
}

static enum status connect_any(struct ssh_wire *self, struct error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char port[8];
    snprintf(port, sizeof port, "%d", self->asked->port);
    int code = getaddrinfo(self->asked->host, port, &hints, &found);
    if (code)
        return error_set(err, ST_PARTIAL, "the hub's name cannot be looked up: %s",
                         gai_strerror(code));
    enum status status = ST_PARTIAL;
    for (const struct addrinfo *to = found; to && status == ST_PARTIAL; to = to->ai_next) {
        if (self->fd >= 0)
            close(self->fd);
        status = connect_one(self, to, err);
    }
    freeaddrinfo(found);
    if (status == ST_OK)
        error_clear(err);
    return status;
}

static bool session_begin(struct ssh_wire *self)
{
    const struct wire_ssh *asked = self->asked;
    int no = 0, verbosity = SSH_LOG_NOLOG;
    unsigned port = (unsigned)asked->port;
    self->ssh = ssh_new();
    if (!self->ssh)
        return false;
    bool ok = ssh_options_set(self->ssh, SSH_OPTIONS_PROCESS_CONFIG, &no) == 0 &&
              ssh_options_set(self->ssh, SSH_OPTIONS_LOG_VERBOSITY, &verbosity) == 0 &&
              ssh_options_set(self->ssh, SSH_OPTIONS_HOST, asked->host) == 0 &&
              ssh_options_set(self->ssh, SSH_OPTIONS_PORT, &port) == 0 &&
              (!asked->user || ssh_options_set(self->ssh, SSH_OPTIONS_USER, asked->user) == 0) &&
              ssh_options_set(self->ssh, SSH_OPTIONS_COMPRESSION, "no") == 0 &&
              ssh_options_set(self->ssh, SSH_OPTIONS_FD, &self->fd) == 0;
    ssh_set_blocking(self->ssh, 0);
    return ok;
}

/* Asks again and again until it is no longer SSH_AGAIN; ST_OK with *code what it was. */
static enum status until_done(struct ssh_wire *self, int (*call)(struct ssh_wire *self),
                              const char *doing, int *code, struct error *err)
{
    int64_t until = phase_end(self);
    while ((*code = call(self)) == SSH_AGAIN) {
        ssh_link_keep_nonblocking(self->fd);
        bool pending = ssh_get_poll_flags(self->ssh) & SSH_WRITE_PENDING;
        if (!wait_on(self, (short)(POLLIN | (pending ? POLLOUT : 0)), until))
            return gave_up(self, doing, err);
    }
    ssh_link_keep_nonblocking(self->fd);
    return ST_OK;
}

static int call_connect(struct ssh_wire *self)
{
    return ssh_connect(self->ssh);
}

static int call_auth(struct ssh_wire *self)
{
    int code = ssh_userauth_publickey(self->ssh, NULL, self->key);
    return code == SSH_AUTH_AGAIN ? SSH_AGAIN : code;
}

static int call_open(struct ssh_wire *self)
{
    return ssh_channel_open_session(self->channel);
}

/* What stands here is not what runs: the hub's authorized_keys says that. */
static int call_command(struct ssh_wire *self)
{
    return ssh_channel_request_exec(self->channel, "atrium serve");
}

/* A pin is the whole truth; without one the person's known_hosts may know the key. */
static enum status host_check(struct ssh_wire *self, char offered[WIRE_FINGERPRINT], bool *unknown,
                              struct error *err)
{
    const char *pin = self->asked->pin;
    if (!ssh_link_fingerprint(self->ssh, offered, WIRE_FINGERPRINT))
        return error_set(err, ST_PARTIAL, "the hub shows no host key");
    if (pin && *pin) {
        if (strcmp(pin, offered) == 0)
            return ST_OK;
        return error_set(err, ST_DENIED,
                         "the hub's host key is %s and not the pinned %s: it was set up anew, or "
                         "somebody else answers; ask who looks after it",
                         offered, pin);
    }
    enum ssh_known_hosts_e known = ssh_session_is_known_server(self->ssh);
    if (known == SSH_KNOWN_HOSTS_OK)
        return ST_OK;
    if (known == SSH_KNOWN_HOSTS_CHANGED || known == SSH_KNOWN_HOSTS_OTHER)
        return error_set(err, ST_DENIED,
                         "the hub's host key is %s and not the one in your known_hosts; ask who "
                         "looks after it",
                         offered);
    *unknown = true;
    return error_set(err, ST_DENIED,
                     "the hub's host key is %s and nobody has said that it is the hub's", offered);
}

/* The certificate of the key goes first. */
static enum status key_log_in(struct ssh_wire *self, struct error *err)
{
    const struct login *login = NULL;
    int code = SSH_AUTH_DENIED;
    self->keyring = keyring_new();
    enum status status = keyring_login(self->keyring, self->asked->identity, &login, err);
    for (int plain = 0; plain < 2 && status == ST_OK && code == SSH_AUTH_DENIED; plain++) {
        self->key = plain ? login->plain : login->certified;
        if (self->key)
            status = until_done(self, call_auth, "logging in", &code, err);
    }
    if (status != ST_OK || code == SSH_AUTH_SUCCESS)
        return status;
    return code == SSH_AUTH_ERROR ? error_set(err, ST_PARTIAL, "no login: %s", library_words(self))
                                  : error_set(err, ST_DENIED, "the hub does not accept this key");
}

/* Only one login waits for this agent, and looks itself. */
static void agent_answered(void *context, struct agent_login *login)
{
    (void)context;
    (void)login;
}

/* The hub's time does not run while the agent is asked, which has its own. */
static enum status agent_login_run(struct ssh_wire *self, struct agent_login *login, int epoll,
                                   enum agent_outcome *outcome, struct error *err)
{
    int64_t until = phase_end(self);
    while ((*outcome = agent_login_step(login)) == AGENT_WAITS) {
        ssh_link_keep_nonblocking(self->fd);
        int64_t now = time_monotonic_ns();
        bool asks = login->state == LOGIN_WAITS;
        if (asks) {
            agent_tend(login->agent, now);
            until = phase_end(self);
        }
        if (now > until || stopped(self))
            return gave_up(self, "logging in", err);
        bool pending = ssh_get_poll_flags(self->ssh) & SSH_WRITE_PENDING;
        struct pollfd one = {.fd = asks ? epoll : self->fd,
                             .events = (short)(POLLIN | (pending && !asks ? POLLOUT : 0))};
        if (!asks || agent_waiting(login->agent))
            poll(&one, 1, LOOK_MS);
    }
    ssh_link_keep_nonblocking(self->fd);
    return ST_OK;
}

/* The agent is asked beside libssh, which would wait for it for as long as it takes. */
static enum status agent_log_in(struct ssh_wire *self, struct error *err)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        return error_set(err, ST_PARTIAL, "no login: %s", strerror(errno));
    struct agent *agent =
        agent_new(getenv("SSH_AUTH_SOCK"), &(struct agent_engine){.epoll = epoll,
                                                                  .limit_ms = phase_ms(self),
                                                                  .answered = agent_answered});
    struct agent_login *login = agent_login_new(agent, self->ssh, NULL);
    enum agent_outcome outcome = AGENT_WAITS;
    enum status status = agent_login_run(self, login, epoll, &outcome, err);
    if (outcome == AGENT_REFUSED)
        status = error_set(err, ST_DENIED, "the hub does not accept a key of the agent");
    else if (outcome == AGENT_FAILED)
        status = error_set(err, ST_PARTIAL, "no login: %s", login->trouble);
    else if (outcome == AGENT_LOST)
        status = error_set(err, ST_PARTIAL, "no login: %s", library_words(self));
    agent_login_free(login);
    agent_free(agent);
    close(epoll);
    return status;
}

static enum status channel_open(struct ssh_wire *self, struct error *err)
{
    int code = SSH_ERROR;
    self->channel = ssh_channel_new(self->ssh);
    if (!self->channel)
        return error_set(err, ST_PARTIAL, "no channel: %s", library_words(self));
    enum status status = until_done(self, call_open, "opening a channel", &code, err);
    if (status == ST_OK && code == SSH_OK)
        status = until_done(self, call_command, "starting its end", &code, err);
    if (status == ST_OK && code != SSH_OK)
        status =
            error_set(err, ST_PARTIAL, "the hub does not start its end: %s", library_words(self));
    return status;
}

static enum status session_open(struct ssh_wire *self, char offered[WIRE_FINGERPRINT],
                                bool *unknown, struct error *err)
{
    int code = SSH_ERROR;
    enum status status = connect_any(self, err);
    if (status != ST_OK)
        return status;
    if (!session_begin(self))
        return error_set(err, ST_UNUSABLE, "no SSH session can be made");
    status = until_done(self, call_connect, "agreeing on keys", &code, err);
    if (status == ST_OK && code != SSH_OK)
        status = error_set(err, ST_PARTIAL, "no connection: %s", library_words(self));
    if (status == ST_OK)
        status = host_check(self, offered, unknown, err);
    if (status == ST_OK)
        status = self->asked->identity ? key_log_in(self, err) : agent_log_in(self, err);
    return status == ST_OK ? channel_open(self, err) : status;
}

enum status wire_of_ssh(const struct wire_ssh *ssh, char offered[WIRE_FINGERPRINT], bool *unknown,
                        struct wire **wire, struct error *err)
{
    struct ssh_wire *self = mem_zero(1, sizeof *self);
    struct wire_ssh asked = *ssh;
    asked.port = asked.port ? asked.port : WIRE_SSH_PORT;
    *self = (struct ssh_wire){.wire = {&ssh_ops}, .asked = &asked, .fd = -1, .arena = arena_new()};
    *wire = NULL;
    *unknown = false;
    *offered = 0;
    enum status status = ssh_load(err);
    if (status == ST_OK)
        status = session_open(self, offered, unknown, err);
    self->asked = NULL;
    if (status == ST_OK)
        *wire = &self->wire;
    else
        wire_close(&self->wire);
    return status;
}
