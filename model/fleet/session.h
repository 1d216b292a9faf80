/* One SSH session of the engine: a state machine over libssh. Inside the module; everything here
 * runs on the engine's thread. */
#ifndef ATRIUM_FLEET_SESSION_H
#define ATRIUM_FLEET_SESSION_H

#include "model/fleet/engine.h"
#include "model/fleet/keyring.h"
#include "model/fleet/resolve.h"
#include "model/fleet/ssh_late.h"

enum { FLEET_MOST = 1 << 20, FLEET_KILL_MS = 500, FLEET_LINGER_MS = 500 };

/* What epoll hands back begins with it. */
enum waiter { WAITER_SESSION, WAITER_PIPE, WAITER_AGENT };

struct pipe;
struct agent;
struct agent_login;

struct fleet_session {
    enum waiter waiter;
    struct fleet_job *job;
    const struct fleet_options *options;
    const int64_t *limit_ms;   /* by phase, none 0 but those without a limit */
    struct keyring *keyring;   /* borrowed */
    const struct login *login; /* what is offered; NULL: the agent's keys */
    bool login_known, certified_refused;
    struct agent *agent;             /* borrowed */
    struct agent_login *agent_login; /* NULL: it did not need the agent so far */
    bool bastion;                    /* it carries others: there is no command of its own */
    struct pipe *pipe;               /* over a bastion; NULL: directly */
    struct address address;
    int fd;         /* -1: none */
    unsigned armed; /* what epoll waits for; 0: not yet */
    ssh_session ssh;
    ssh_channel channel;
    struct ssh_channel_callbacks_struct callbacks;
    int64_t started, phase_since, active; /* monotonic ns: of the job, the phase, the last byte */
    size_t given;                         /* bytes of output */
    bool gathers;                         /* session_gather */
    bool input_ended;                     /* told together with the command */
    bool input_open, out_ended, err_ended, closed, exited;
    bool ended;  /* it said that its output ended, which a lost connection does not */
    char *input; /* stdin that did not go yet; NULL: there was none so far */
    size_t input_at, input_n;
    int64_t term_sent, kill_sent; /* while it is being cancelled */
    bool more;         /* it can go on at once: libssh holds bytes that no descriptor tells of */
    bool unread[2];    /* by stderr: libssh may hold bytes of it */
    bool held;         /* its output is not wanted just now */
    bool terminal;     /* the device gave one */
    int terminal_size; /* that it was told: columns << 16 | rows */
    bool finished;
    uint64_t serial; /* of the engine: which one a look-up was for */
    size_t place;    /* in the engine's list */
};

/* The phases that come before a descriptor is there are the engine's. */
void session_phase(struct fleet_session *session, enum fleet_phase phase);

/* Begins to connect to session->address; the descriptor is in session->fd. */
void session_connect(struct fleet_session *session);

/* PHASE_CONNECT: looks whether it is connected by now. False: it waits, or has ended. */
bool session_reach(struct fleet_session *session);

/* It is connected by the descriptor that somebody else put into session->fd. */
void session_connected(struct fleet_session *session);

/* On: what is sent waits for more, so that a few small packets are one segment; off: it goes. */
void session_gather(struct fleet_session *session, bool on);

/* Logs in with what login.c finds; PHASE_AUTH. False: it waits, or has ended. */
bool session_login(struct fleet_session *session);

/* What it is when no answer came: the command is on its way as soon as its phase begins, and
 * whether it was taken is not known before the answer. */
enum device_condition session_unanswered(const struct fleet_session *session);

/* Ends it as the device said that the command ended, or did not say. */
void session_finish_ended(struct fleet_session *session);

/* Ends it with what libssh says of the connection. */
void session_finish_lost(struct fleet_session *session, const char *doing);

/* Goes on as far as it can without waiting: after readiness, a timer, or a wake-up. Sets
 * session->finished and the job's outcome at the end. */
void session_step(struct fleet_session *session);

/* Looks at the limits (session_time.c). */
void session_check_time(struct fleet_session *session, int64_t now);

/* Asks the device to end the command; what becomes of it is waited for, for a while. */
void session_cancel(struct fleet_session *session);

/* libssh took bytes that it could not send yet: no more are given to it. Its poll flags do not
 * tell: after a write they stay up for as long as every look finds something to read, which in a
 * flood is for ever. */
bool session_unsent(const struct fleet_session *session);

/* What epoll is to wait for: EPOLLIN, EPOLLOUT. */
unsigned session_waits_for(const struct fleet_session *session);

/* Ends it with this outcome. `format` is for people; what the device said goes in cleaned. */
void session_finish(struct fleet_session *session, enum device_condition state, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));

/* Closes and frees what it holds. */
void session_end(struct fleet_session *session);

#endif
