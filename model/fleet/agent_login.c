/* Logging in with the agent's keys, one after the other. libssh's side of the socket pair ends
 * after the answers that lie in it, so it never waits there: where it asks for a signature and has
 * come to the end, it gives up before anything was sent, and its question is found in the pair. It
 * is put to the agent, and the same key offered again with the answer, as the same bytes are to be
 * signed then. */
#include "model/fleet/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A key or a signature of more is none; two of them fit into what a socket holds. */
enum { PART_MOST = 32 << 10, KEYS_MOST = 64, HEAD = 4 };

static uint32_t number_at(const char *bytes)
{
    const unsigned char *at = (const unsigned char *)bytes;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void number_add(agent_bytes *bytes, size_t number)
{
    unsigned char text[HEAD] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                                (unsigned char)(number >> 8), (unsigned char)number};
    agent_bytes_add(bytes, text, HEAD);
}

/* ---- The pair ---- */

static void pair_close(struct agent_login *login)
{
    if (login->ours >= 0)
        close(login->ours);
    login->ours = -1;
}

static bool pair_write(struct agent_login *login, const agent_bytes *message)
{
    agent_bytes whole = {0};
    number_add(&whole, message->n);
    agent_bytes_add(&whole, message->at, message->n);
    bool ok = send(login->ours, whole.at, whole.n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)whole.n;
    vec_free(&whole);
    return ok;
}

/* Where the part at `at` ends; 0: it is not whole. */
static size_t part_end(const agent_bytes *keys, size_t at)
{
    if (at > keys->n || keys->n - at < HEAD || keys->n - at - HEAD < number_at(keys->at + at))
        return 0;
    return at + HEAD + number_at(keys->at + at);
}

/* Where the key at `at` ends, with its comment; 0: it is not whole. */
static size_t key_end(const agent_bytes *keys, size_t at)
{
    size_t comment = part_end(keys, at);
    return comment ? part_end(keys, comment) : 0;
}

/* The list that libssh is to find: the key that is offered, without a comment. */
static void list_make(const struct agent_login *login, agent_bytes *list)
{
    char type = AGENT_KEYS;
    size_t end = part_end(&login->keys, login->key_at);
    agent_bytes_add(list, &type, 1);
    number_add(list, 1);
    agent_bytes_add(list, login->keys.at + login->key_at, end - login->key_at);
    number_add(list, 0);
}

/* A new pair with the answers in it. libssh closes the end that it was given last; the one before
 * is closed here. */
static bool pair_open(struct agent_login *login)
{
    int pair[2];
    pair_close(login);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    login->ours = pair[0];
    agent_bytes list = {0};
    list_make(login, &list);
    bool ok = pair_write(login, &list) &&
              (!login->signature.n || pair_write(login, &login->signature)) &&
              shutdown(login->ours, SHUT_WR) == 0;
    vec_free(&list);
    if (login->theirs >= 0)
        close(login->theirs);
    login->theirs = pair[1];
    return ssh_set_agent_socket(login->ssh, pair[1]) == SSH_OK && ok;
}

/* The signature that libssh asked for and did not get; false: it asked for none. */
static bool question_take(struct agent_login *login)
{
    char bytes[4096];
    ssize_t n;
    agent_bytes asked = {0};
    while ((n = recv(login->ours, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        agent_bytes_add(&asked, bytes, (size_t)n);
    login->question.n = 0;
    size_t at = 0, end;
    while (!login->question.n && (end = part_end(&asked, at))) {
        if (end - at > HEAD && asked.at[at + HEAD] == AGENT_ASK_SIGN)
            agent_bytes_add(&login->question, asked.at + at + HEAD, end - at - HEAD);
        at = end;
    }
    vec_free(&asked);
    return login->question.n > 0;
}

/* ---- What the agent says ---- */

/* What it has done: "the agent PATH …". */
static enum agent_outcome failed(struct agent_login *login, const char *what)
{
    snprintf(login->trouble, sizeof login->trouble, "the agent %.100s %.180s",
             agent_path(login->agent), what);
    return AGENT_FAILED;
}

static enum agent_outcome no_room(struct agent_login *login)
{
    snprintf(login->trouble, sizeof login->trouble, "no room for another descriptor");
    return AGENT_FAILED;
}

static void key_skip(struct agent_login *login)
{
    login->key_at = key_end(&login->keys, login->key_at);
    login->left--;
}

/* Ends it where no key is left; else the next one can be offered: AGENT_WAITS. */
static enum agent_outcome key_next(struct agent_login *login, bool past)
{
    login->signature.n = 0;
    if (past)
        key_skip(login);
    while (login->left && number_at(login->keys.at + login->key_at) > PART_MOST)
        key_skip(login);
    if (login->left && !pair_open(login))
        return no_room(login);
    if (login->left) {
        login->offered++;
        return AGENT_WAITS;
    }
    if (login->unsigned_keys)
        return failed(login, "does not sign with its key");
    return login->offered ? AGENT_REFUSED : failed(login, "has no key");
}

static enum agent_outcome keys_heard(struct agent_login *login)
{
    const agent_bytes *answer = &login->answer;
    login->keys.n = 0;
    bool ok = answer->n >= 1 + HEAD && answer->at[0] == AGENT_KEYS;
    size_t n = ok ? number_at(answer->at + 1) : 0, at = 0;
    if (ok)
        agent_bytes_add(&login->keys, answer->at + 1 + HEAD, answer->n - 1 - HEAD);
    for (size_t i = 0; ok && i < n; i++) {
        at = key_end(&login->keys, at);
        ok = at > 0;
    }
    if (!ok)
        return failed(login, "says what is no answer");
    login->left = n < KEYS_MOST ? (uint32_t)n : KEYS_MOST;
    login->key_at = 0;
    return key_next(login, false);
}

static enum agent_outcome signature_heard(struct agent_login *login)
{
    const agent_bytes *answer = &login->answer;
    int type = answer->n ? answer->at[0] : 0;
    if (type == AGENT_FAILURE) {
        login->unsigned_keys++;
        return key_next(login, true);
    }
    if (type != AGENT_SIGNATURE || answer->n > PART_MOST)
        return failed(login, "says what is no answer");
    login->signature.n = 0;
    agent_bytes_add(&login->signature, answer->at, answer->n);
    return pair_open(login) ? AGENT_WAITS : no_room(login);
}

/* ---- The login ---- */

struct agent_login *agent_login_new(struct agent *agent, ssh_session ssh, void *owner)
{
    struct agent_login *login = mem_zero(1, sizeof *login);
    login->agent = agent;
    login->ssh = ssh;
    login->owner = owner;
    login->ours = login->theirs = -1;
    return login;
}

static enum agent_outcome ask(struct agent_login *login, const char *question, size_t n)
{
    login->state = LOGIN_WAITS;
    login->answer.n = 0;
    login->trouble[0] = '\0';
    agent_ask(login->agent, login, question, n);
    return AGENT_WAITS;
}

/* The answer may be there by now. */
static enum agent_outcome heard(struct agent_login *login)
{
    if (*login->trouble)
        return AGENT_FAILED;
    if (!login->answer.n)
        return AGENT_WAITS;
    login->state = LOGIN_OFFERS;
    return login->question.n ? signature_heard(login) : keys_heard(login);
}

/* What libssh says of the key that is offered; AGENT_WAITS also where there is another one. */
static enum agent_outcome answered(struct agent_login *login, int code)
{
    if (code == SSH_AUTH_SUCCESS) {
        pair_close(login);
        return AGENT_IN;
    }
    if (code == SSH_AUTH_ERROR) {
        bool asks = !login->signature.n && ssh_is_connected(login->ssh) && question_take(login);
        return asks ? ask(login, login->question.at, login->question.n) : AGENT_LOST;
    }
    login->question.n = 0;
    return key_next(login, true);
}

enum agent_outcome agent_login_step(struct agent_login *login)
{
    static const char keys = AGENT_ASK_KEYS;
    if (login->state == LOGIN_BEGINS)
        return ask(login, &keys, 1);
    enum agent_outcome outcome = login->state == LOGIN_WAITS ? heard(login) : AGENT_WAITS;
    while (outcome == AGENT_WAITS && login->state == LOGIN_OFFERS) {
        int code = ssh_userauth_agent(login->ssh, NULL);
        if (code == SSH_AUTH_AGAIN)
            break;
        outcome = answered(login, code);
    }
    return outcome;
}

void agent_login_free(struct agent_login *login)
{
    if (!login)
        return;
    agent_forget(login->agent, login);
    pair_close(login);
    vec_free(&login->answer);
    vec_free(&login->keys);
    vec_free(&login->question);
    vec_free(&login->signature);
    free(login);
}
