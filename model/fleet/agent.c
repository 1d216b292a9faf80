/* One connection to the agent, one question on it at a time, the others in a row behind it. */
#include "model/fleet/agent.h"

#include "model/base/time.h"
#include "model/fleet/session.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PIECE = 4096, HEAD = 4, REST_MS = 10000, MS = 1000000 };

struct ask {
    struct ask *next;
    struct agent_login *login; /* NULL: forgotten, the answer is still to come */
    agent_bytes question;      /* with its length before it */
};

struct agent {
    enum waiter waiter; /* first: epoll hands it back */
    struct agent_engine engine;
    char *path; /* NULL: none */
    int fd;     /* -1: not connected */
    unsigned waits;
    struct ask *first, **last; /* the first is the one that is being answered */
    size_t n;
    size_t sent;         /* bytes of its question */
    int64_t since;       /* when it began */
    agent_bytes answer;  /* what came of it */
    char trouble[200];   /* of the conversation; "" */
    char hung[200];      /* why nothing is asked … */
    int64_t rests_until; /* … before that time */
};

struct agent *agent_new(const char *path, const struct agent_engine *engine)
{
    struct agent *agent = mem_zero(1, sizeof *agent);
    agent->waiter = WAITER_AGENT;
    agent->engine = *engine;
    agent->path = path && *path ? mem_strdup(path) : NULL;
    agent->fd = -1;
    agent->last = &agent->first;
    return agent;
}

const char *agent_path(const struct agent *agent)
{
    return agent->path ? agent->path : "";
}

size_t agent_waiting(const struct agent *agent)
{
    return agent->n;
}

static void agent_close(struct agent *agent)
{
    if (agent->fd >= 0)
        close(agent->fd);
    agent->fd = -1;
    agent->waits = 0;
    agent->sent = 0;
    agent->answer.n = 0;
}

static struct ask *ask_take(struct agent *agent)
{
    struct ask *ask = agent->first;
    agent->first = ask->next;
    if (!agent->first)
        agent->last = &agent->first;
    agent->n--;
    agent->since = 0;
    return ask;
}

static void ask_free(struct ask *ask)
{
    vec_free(&ask->question);
    free(ask);
}

void agent_free(struct agent *agent)
{
    if (!agent)
        return;
    while (agent->first)
        ask_free(ask_take(agent));
    agent_close(agent);
    vec_free(&agent->answer);
    free(agent->path);
    free(agent);
}

void agent_bytes_add(agent_bytes *bytes, const void *more, size_t n)
{
    vec_reserve(bytes, n);
    if (n)
        memcpy(bytes->at + bytes->n, more, n);
    bytes->n += n;
}

void agent_ask(struct agent *agent, struct agent_login *login, const char *question, size_t n)
{
    struct ask *ask = mem_zero(1, sizeof *ask);
    unsigned char head[HEAD] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
                                (unsigned char)(n >> 8), (unsigned char)n};
    ask->login = login;
    agent_bytes_add(&ask->question, head, HEAD);
    agent_bytes_add(&ask->question, question, n);
    *agent->last = ask;
    agent->last = &ask->next;
    agent->n++;
}

void agent_forget(struct agent *agent, struct agent_login *login)
{
    for (struct ask *ask = agent->first; ask; ask = ask->next)
        if (ask->login == login)
            ask->login = NULL;
}

/* ---- The conversation ---- */

static void trouble_set(struct agent *agent, const char *what)
{
    if (!*agent->trouble)
        snprintf(agent->trouble, sizeof agent->trouble, "the agent %.100s %.80s", agent->path,
                 what);
}

static void agent_connect(struct agent *agent)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(agent->path) >= sizeof at.sun_path) {
        trouble_set(agent, "has too long a name");
        return;
    }
    memcpy(at.sun_path, agent->path, strlen(agent->path) + 1);
    agent->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (agent->fd >= 0 && connect(agent->fd, (struct sockaddr *)&at, sizeof at) == 0)
        return;
    int code = errno;
    agent_close(agent);
    if (code != EAGAIN) /* it takes nobody just now: the limit tells for how long */
        trouble_set(agent, code == ENOENT ? "is not there" : strerror(code));
}

static void question_send(struct agent *agent)
{
    const agent_bytes *question = &agent->first->question;
    while (agent->sent < question->n) {
        ssize_t n = send(agent->fd, question->at + agent->sent, question->n - agent->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            trouble_set(agent, "ended in the middle of a question");
        if (n <= 0)
            return;
        agent->sent += (size_t)n;
    }
}

/* Bytes of the answer with its head; 0: not known yet. */
static size_t answer_size(const agent_bytes *answer)
{
    const unsigned char *at = (const unsigned char *)answer->at;
    if (answer->n < HEAD)
        return 0;
    return HEAD + ((size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3]);
}

static bool answer_whole(const struct agent *agent)
{
    return answer_size(&agent->answer) && agent->answer.n >= answer_size(&agent->answer);
}

static void answer_read(struct agent *agent)
{
    char bytes[PIECE];
    while (agent->fd >= 0 && !*agent->trouble && !answer_whole(agent)) {
        ssize_t n = recv(agent->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            trouble_set(agent, "ended without an answer");
            return;
        }
        agent_bytes_add(&agent->answer, bytes, (size_t)n);
        size_t size = answer_size(&agent->answer);
        /* One question, one answer: more than that is none. */
        if (size == HEAD || size > AGENT_MESSAGE_MOST || (size && agent->answer.n > size))
            trouble_set(agent, "says what is no answer");
    }
}

bool agent_ready(struct agent *agent, void *waiter)
{
    return waiter == agent; /* agent_tend looks in any case */
}

/* ---- Answers to whom they are for ---- */

static void ask_end(struct agent *agent, const char *trouble)
{
    struct ask *ask = ask_take(agent);
    struct agent_login *login = ask->login;
    if (login) {
        login->answer.n = 0;
        snprintf(login->trouble, sizeof login->trouble, "%s", trouble);
        if (!*trouble)
            agent_bytes_add(&login->answer, agent->answer.at + HEAD, agent->answer.n - HEAD);
    }
    agent->sent = 0;
    agent->answer.n = 0;
    ask_free(ask);
    if (login)
        agent->engine.answered(agent->engine.context, login);
}

/* All that wait now: those that ask because of it wait for the next turn. */
static void asks_end(struct agent *agent, const char *trouble)
{
    char words[sizeof agent->trouble];
    snprintf(words, sizeof words, "%s", trouble);
    for (size_t n = agent->n; n > 0; n--)
        ask_end(agent, words);
}

static void agent_arm(struct agent *agent)
{
    bool unsent = agent->first && agent->sent < agent->first->question.n;
    struct epoll_event event = {.events = EPOLLIN | (unsent ? (unsigned)EPOLLOUT : 0u),
                                .data.ptr = agent};
    if (agent->fd < 0 || agent->waits == event.events)
        return;
    epoll_ctl(agent->engine.epoll, agent->waits ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, agent->fd, &event);
    agent->waits = event.events;
}

/* True: one question was answered or given up, and the next can be asked. */
static bool agent_go_on(struct agent *agent, int64_t now)
{
    if (!agent->since)
        agent->since = now;
    if (agent->fd < 0)
        agent_connect(agent);
    if (agent->fd >= 0)
        question_send(agent);
    answer_read(agent);
    if (answer_whole(agent) && !*agent->trouble) {
        ask_end(agent, "");
        return true;
    }
    if (now - agent->since > agent->engine.limit_ms * MS) {
        snprintf(agent->trouble, sizeof agent->trouble,
                 "the agent %.100s does not answer: waited %.3g s", agent->path,
                 (double)agent->engine.limit_ms / 1000);
        snprintf(agent->hung, sizeof agent->hung, "%s", agent->trouble);
        agent->rests_until = now + (int64_t)REST_MS * MS;
        agent_close(agent);
        asks_end(agent, agent->hung); /* the same would become of those behind it */
    } else if (*agent->trouble) {
        agent_close(agent);
        ask_end(agent, agent->trouble);
    } else {
        return false;
    }
    agent->trouble[0] = '\0';
    return true;
}

void agent_tend(struct agent *agent, int64_t now)
{
    if (agent->first && !agent->path)
        asks_end(agent, "there is no agent: SSH_AUTH_SOCK is not set");
    else if (agent->first && now < agent->rests_until)
        asks_end(agent, agent->hung);
    while (agent->first && agent_go_on(agent, now))
        ;
    /* Nobody asks: it is left alone, and what it says unasked is not heard. */
    if (!agent->first)
        agent_close(agent);
    agent_arm(agent);
}
