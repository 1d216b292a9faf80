/* The ssh-agent that keys without a file are of. libssh would talk to it itself, but waits there
 * for as long as it takes: so each session's libssh is given a socket pair in its place, in which
 * the answers lie before it asks (agent_login.c), and this has the one conversation with the real
 * one, which never waits. Messages are those of the SSH agent protocol
 * (draft-ietf-sshm-ssh-agent). For one thread; the fleet's engine and the wire to a hub use it. */
#ifndef ATRIUM_FLEET_AGENT_H
#define ATRIUM_FLEET_AGENT_H

#include "model/base/vec.h"
#include "model/fleet/ssh_late.h"

#include <stdbool.h>

enum {
    AGENT_FAILURE = 5,
    AGENT_ASK_KEYS = 11,
    AGENT_KEYS = 12,
    AGENT_ASK_SIGN = 13,
    AGENT_SIGNATURE = 14,
    AGENT_MESSAGE_MOST = 256 << 10 /* bytes; what libssh takes */
};

struct agent_login;

struct agent_engine {
    int epoll;
    int64_t limit_ms; /* for one answer */
    /* The login's question was answered, or will not be. May end it. */
    void (*answered)(void *context, struct agent_login *login);
    void *context;
};

typedef VEC(char) agent_bytes;

struct agent;

void agent_bytes_add(agent_bytes *bytes, const void *more, size_t n);

/* `path` of its socket; NULL: there is none, and each question is told so. */
struct agent *agent_new(const char *path, const struct agent_engine *engine);
void agent_free(struct agent *agent); /* NULL is fine; when no login is left */
const char *agent_path(const struct agent *agent);

/* Asks for the login, one question of each at a time: `question` is a type and a body. The answer
 * or the trouble is put into it when agent_tend finds it. */
void agent_ask(struct agent *agent, struct agent_login *login, const char *question, size_t n);
/* It does not want its answer any more. */
void agent_forget(struct agent *agent, struct agent_login *login);
/* How many questions wait for it. */
size_t agent_waiting(const struct agent *agent);

/* A descriptor is ready: `waiter` as epoll gave it. False: it is not its. */
bool agent_ready(struct agent *agent, void *waiter);
/* Hands answers out and looks at the limit. After everything that epoll gave at once. */
void agent_tend(struct agent *agent, int64_t now);

/* ---- Logging in ---- */

enum agent_outcome {
    AGENT_WAITS,   /* for the agent (login->state) or for the other side */
    AGENT_IN,      /* logged in */
    AGENT_REFUSED, /* the other side accepts none of the agent's keys */
    AGENT_FAILED,  /* nothing was sent: login->trouble says why */
    AGENT_LOST,    /* libssh says why */
};

/* A login of one session with the agent's keys. */
struct agent_login {
    struct agent *agent; /* borrowed, as the session */
    ssh_session ssh;
    void *owner; /* of whoever steps it */
    enum { LOGIN_BEGINS, LOGIN_WAITS, LOGIN_OFFERS } state;
    agent_bytes answer;            /* type and body; none and no trouble: not there yet */
    char trouble[300];             /* why there is none, or no login; "" */
    agent_bytes keys;              /* those of the agent, as it lists them */
    size_t key_at;                 /* where the one that is offered begins */
    uint32_t left;                 /* keys, with it */
    agent_bytes question;          /* what it is to sign, as libssh asked */
    agent_bytes signature;         /* the answer to that; none yet: empty */
    size_t offered, unsigned_keys; /* how many of them; that it would not sign with */
    int ours, theirs;              /* the pair; -1: none */
};

struct agent_login *agent_login_new(struct agent *agent, ssh_session ssh, void *owner);
/* Goes on as far as it can without waiting. Host keys were compared before. */
enum agent_outcome agent_login_step(struct agent_login *login);
void agent_login_free(struct agent_login *login); /* NULL is fine; before the agent is freed */

#endif
