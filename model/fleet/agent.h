/* The ssh-agent that keys without a file are of, asked in the engine's loop. libssh talks to it
 * itself, but waits there for as long as it takes, with everybody: so each session's libssh is
 * given a socket pair in its place, in which the answers lie before it asks (agent_login.c), and
 * this has the one conversation with the real one. Messages are those of the SSH agent protocol
 * (draft-ietf-sshm-ssh-agent). Inside the module, on the engine's thread. */
#ifndef ATRIUM_FLEET_AGENT_H
#define ATRIUM_FLEET_AGENT_H

#include "model/base/vec.h"
#include "model/fleet/session.h"

enum {
    AGENT_FAILURE = 5,
    AGENT_ASK_KEYS = 11,
    AGENT_KEYS = 12,
    AGENT_ASK_SIGN = 13,
    AGENT_SIGNATURE = 14,
    AGENT_MESSAGE_MOST = 256 << 10 /* bytes; what libssh takes */
};

struct agent_engine {
    int epoll;
    int64_t limit_ms; /* for one answer */
    /* The session's question was answered, or will not be. */
    void (*answered)(void *context, struct fleet_session *session);
    void *context;
};

typedef VEC(char) agent_bytes;

/* A login of one session with the agent's keys. */
struct agent_login {
    enum { LOGIN_BEGINS, LOGIN_WAITS, LOGIN_OFFERS } state;
    agent_bytes answer;            /* type and body; none and no trouble: not there yet */
    char trouble[200];             /* why there is none; "" */
    agent_bytes keys;              /* those of the agent, as it lists them */
    size_t key_at;                 /* where the one that is offered begins */
    uint32_t left;                 /* keys, with it */
    agent_bytes question;          /* what it is to sign, as libssh asked */
    agent_bytes signature;         /* the answer to that; none yet: empty */
    size_t offered, unsigned_keys; /* how many of them; that it would not sign with */
    int ours, theirs;              /* the pair; -1: none */
};

struct agent;

void agent_bytes_add(agent_bytes *bytes, const void *more, size_t n);

/* `path` of its socket; NULL: there is none, and each question is told so. */
struct agent *agent_new(const char *path, const struct agent_engine *engine);
void agent_free(struct agent *agent); /* NULL is fine; when no session is left */
const char *agent_path(const struct agent *agent);

/* Asks for the session, one question of each at a time: `question` is a type and a body. The answer
 * or the trouble is put into its login when agent_tend finds it. */
void agent_ask(struct agent *agent, struct fleet_session *session, const char *question, size_t n);
/* It does not want its answer any more. */
void agent_forget(struct agent *agent, struct fleet_session *session);
/* How many sessions wait for it. */
size_t agent_waiting(const struct agent *agent);

/* A descriptor is ready: `waiter` as epoll gave it. False: it is not its. */
bool agent_ready(struct agent *agent, void *waiter);
/* Hands answers out and looks at the limit; sessions may end. After everything that epoll gave at
 * once. */
void agent_tend(struct agent *agent, int64_t now);

/* Logs the session in, PHASE_AUTH. False: it waits, or has ended. */
bool agent_log_in(struct fleet_session *session);
/* Frees session->agent_login. */
void agent_login_end(struct fleet_session *session);

#endif
