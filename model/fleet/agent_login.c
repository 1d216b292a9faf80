/* Logging in with the agent's keys, one after the other. libssh's side of the socket pair ends
 * after the answers that lie in it, so it never waits there: where it asks for a signature and has
 * come to the end, it gives up before anything was sent, and its question is found in the pair. It
 * is put to the agent, and the same key offered again with the answer, as the same bytes are to be
 * signed then. */
#include "model/fleet/agent.h"

#include <fcntl.h>
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
static bool pair_open(struct fleet_session *session)
{
    struct agent_login *login = session->agent_login;
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
    return ssh_set_agent_socket(session->ssh, pair[1]) == SSH_OK && ok;
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

static void nonsense(struct fleet_session *session)
{
    session_finish(session, DEVICE_FAILED,
                   "nothing was sent: the agent %.100s says what is no answer",
                   agent_path(session->agent));
}

/* Ends it where no key is left. */
static bool key_next(struct fleet_session *session, bool past)
{
    struct agent_login *login = session->agent_login;
    login->signature.n = 0;
    if (past) {
        login->key_at = key_end(&login->keys, login->key_at);
        login->left--;
    }
    while (login->left && number_at(login->keys.at + login->key_at) > PART_MOST) {
        login->key_at = key_end(&login->keys, login->key_at);
        login->left--;
    }
    if (login->left && pair_open(session)) {
        login->offered++;
        return true;
    }
    if (login->left)
        session_finish(session, DEVICE_FAILED, "no room for another descriptor");
    else if (login->unsigned_keys)
        session_finish(session, DEVICE_FAILED, "the agent %.100s does not sign with its key",
                       agent_path(session->agent));
    else if (login->offered)
        session_finish(session, DEVICE_FAILED, "it does not accept a key of the agent");
    else
        session_finish(session, DEVICE_FAILED, "nothing was sent: the agent %.100s has no key",
                       agent_path(session->agent));
    return false;
}

static bool keys_heard(struct fleet_session *session)
{
    struct agent_login *login = session->agent_login;
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
    if (!ok) {
        nonsense(session);
        return false;
    }
    login->left = n < KEYS_MOST ? (uint32_t)n : KEYS_MOST;
    login->key_at = 0;
    return key_next(session, false);
}

static bool signature_heard(struct fleet_session *session)
{
    struct agent_login *login = session->agent_login;
    const agent_bytes *answer = &login->answer;
    int type = answer->n ? answer->at[0] : 0;
    if (type == AGENT_FAILURE) {
        login->unsigned_keys++;
        return key_next(session, true);
    }
    if (type != AGENT_SIGNATURE || answer->n > PART_MOST) {
        nonsense(session);
        return false;
    }
    login->signature.n = 0;
    agent_bytes_add(&login->signature, answer->at, answer->n);
    if (pair_open(session))
        return true;
    session_finish(session, DEVICE_FAILED, "no room for another descriptor");
    return false;
}

/* ---- The login ---- */

static bool ask(struct fleet_session *session, const char *question, size_t n)
{
    struct agent_login *login = session->agent_login;
    login->state = LOGIN_WAITS;
    login->answer.n = 0;
    login->trouble[0] = '\0';
    agent_ask(session->agent, session, question, n);
    return false;
}

static bool begin(struct fleet_session *session)
{
    char question = AGENT_ASK_KEYS;
    struct agent_login *login = session->agent_login = mem_zero(1, sizeof *login);
    login->ours = login->theirs = -1;
    return ask(session, &question, 1);
}

/* The answer may be there by now. */
static bool heard(struct fleet_session *session)
{
    struct agent_login *login = session->agent_login;
    if (*login->trouble) {
        session_finish(session, DEVICE_FAILED, "nothing was sent: %s", login->trouble);
        return false;
    }
    if (!login->answer.n)
        return false;
    login->state = LOGIN_OFFERS;
    return login->question.n ? signature_heard(session) : keys_heard(session);
}

static bool offer(struct fleet_session *session)
{
    struct agent_login *login = session->agent_login;
    int code = ssh_userauth_agent(session->ssh, NULL);
    session_gather(session, false);
    if (code == SSH_AUTH_AGAIN)
        return false;
    if (code == SSH_AUTH_SUCCESS) {
        pair_close(login);
        session_phase(session, PHASE_OPEN);
        return true;
    }
    if (code == SSH_AUTH_ERROR) {
        bool asks = !login->signature.n && ssh_is_connected(session->ssh) && question_take(login);
        if (asks)
            return ask(session, login->question.at, login->question.n);
        session_finish_lost(session, "no login");
        return false;
    }
    login->question.n = 0;
    return key_next(session, true);
}

bool agent_log_in(struct fleet_session *session)
{
    if (!session->agent_login)
        return begin(session);
    if (session->agent_login->state == LOGIN_WAITS && !heard(session))
        return false;
    return offer(session);
}

void agent_login_end(struct fleet_session *session)
{
    struct agent_login *login = session->agent_login;
    if (!login)
        return;
    agent_forget(session->agent, session);
    pair_close(login);
    vec_free(&login->answer);
    vec_free(&login->keys);
    vec_free(&login->question);
    vec_free(&login->signature);
    free(login);
    session->agent_login = NULL;
}
