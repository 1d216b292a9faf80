/* A session's way through its phases. libssh is asked again after every readiness and answers
 * SSH_AGAIN until a phase is done (doc/fleet.md). */
#include "model/fleet/session.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/agent.h"
#include "model/fleet/clean.h"
#include "model/fleet/ssh_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT_SIZE = 16384 };

void session_phase(struct fleet_session *session, enum fleet_phase phase)
{
    int64_t now = time_monotonic_ns();
    session->job->phase_ns[session->job->phase] += now - session->phase_since;
    __atomic_store_n(&session->job->phase, phase, __ATOMIC_RELAXED); /* fleet_work_phase looks */
    session->phase_since = session->active = now;
}

void session_finish(struct fleet_session *session, enum device_condition state, const char *format,
                    ...)
{
    struct fleet_job *job = session->job;
    char text[1024];
    va_list args;
    if (session->finished)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct arena *arena = arena_new();
    const char *clean =
        device_clean(arena, text, strlen(text), sizeof job->reason - 1, false, NULL);
    memcpy(job->reason, clean, strlen(clean) + 1);
    arena_free(arena);
    int64_t now = time_monotonic_ns();
    job->phase_ns[job->phase] += now - session->phase_since;
    job->total_ns = now - session->started;
    job->state = state;
    if (state == DEVICE_OK)
        __atomic_store_n(&job->phase, PHASE_DONE, __ATOMIC_RELAXED);
    session->finished = true;
}

/* ---- Who it is ---- */

enum device_condition session_unanswered(const struct fleet_session *session)
{
    return session->job->phase >= PHASE_COMMAND ? DEVICE_UNKNOWN : DEVICE_FAILED;
}

void session_finish_lost(struct fleet_session *session, const char *doing)
{
    session_finish(session, session_unanswered(session), "%s: %s", doing,
                   ssh_link_words(session->ssh));
}

/* What ends the key exchange goes out with what asks for the login. */
static bool step_keys(struct fleet_session *session)
{
    bool keys = session->job->phase == PHASE_KEYS;
    if (keys)
        session_gather(session, true);
    int code = ssh_connect(session->ssh);
    if (keys && code == SSH_AGAIN)
        session_gather(session, false);
    else if (!keys)
        ssh_link_keep_nonblocking(session->fd);
    if (session->job->phase == PHASE_VERSION && ssh_get_serverbanner(session->ssh))
        session_phase(session, PHASE_KEYS);
    if (code == SSH_AGAIN)
        return false;
    if (code != SSH_OK) {
        session_finish_lost(session, "no connection");
        return false;
    }
    session_phase(session, PHASE_PIN);
    return true;
}

/* Nothing secret was sent before this, and nothing is unless the key is the device's own. */
static bool step_pin(struct fleet_session *session)
{
    struct fleet_job *job = session->job;
    if (!ssh_link_fingerprint(session->ssh, job->offered, sizeof job->offered))
        session_finish_lost(session, "no host key");
    else if (job->scan)
        session_finish(session, DEVICE_OK, "%s", "");
    else if (!job->pin || !*job->pin)
        session_finish(session, DEVICE_UNPINNED, "its host key %s is not pinned", job->offered);
    else if (strcmp(job->pin, job->offered) != 0)
        session_finish(session, DEVICE_QUARANTINED, "its host key is %s and not the pinned one",
                       job->offered);
    else
        session_phase(session, PHASE_AUTH);
    return !session->finished;
}

/* ---- The command ---- */

/* Called while libssh takes packets in, which every look at a channel and every write to one does,
 * and no event tells of afterwards. The bytes stay where they are until they are read. */
static int on_data(ssh_session ssh, ssh_channel channel, void *bytes, uint32_t n, int is_stderr,
                   void *context)
{
    (void)ssh;
    (void)channel;
    (void)bytes;
    (void)n;
    ((struct fleet_session *)context)->unread[is_stderr != 0] = true;
    return 0;
}

static void on_exit_status(ssh_session ssh, ssh_channel channel, int status, void *context)
{
    (void)ssh;
    (void)channel;
    struct fleet_session *session = context;
    session->job->exit_status = status;
    session->exited = true;
}

static void on_exit_signal(ssh_session ssh, ssh_channel channel, const char *signal, int core,
                           const char *message, const char *language, void *context)
{
    (void)ssh;
    (void)channel;
    (void)core;
    (void)message;
    (void)language;
    struct fleet_session *session = context;
    struct arena *arena = arena_new();
    size_t most = sizeof session->job->exit_signal - 1;
    const char *clean =
        device_clean(arena, signal ? signal : "", strlen(signal ? signal : ""), most, false, NULL);
    memcpy(session->job->exit_signal, clean, strlen(clean) + 1);
    arena_free(arena);
    session->exited = true;
}

static void on_eof(ssh_session ssh, ssh_channel channel, void *context)
{
    (void)ssh;
    (void)channel;
    ((struct fleet_session *)context)->ended = true;
}

static void on_close(ssh_session ssh, ssh_channel channel, void *context)
{
    (void)ssh;
    (void)channel;
    ((struct fleet_session *)context)->closed = true;
}

static bool step_open(struct fleet_session *session)
{
    if (!session->channel) {
        session->channel = ssh_channel_new(session->ssh);
        if (!session->channel) {
            session_finish_lost(session, "no channel");
            return false;
        }
        session->callbacks = (struct ssh_channel_callbacks_struct){
            .userdata = session,
            .channel_data_function = on_data,
            .channel_exit_status_function = on_exit_status,
            .channel_exit_signal_function = on_exit_signal,
            .channel_eof_function = on_eof,
            .channel_close_function = on_close,
        };
        ssh_callbacks_init(&session->callbacks);
        ssh_set_channel_callbacks(session->channel, &session->callbacks);
    }
    int code = ssh_channel_open_session(session->channel);
    if (code == SSH_AGAIN)
        return false;
    if (code != SSH_OK) {
        session_finish_lost(session, "it opens no channel");
        return false;
    }
    session_phase(session, PHASE_COMMAND);
    return true;
}

/* SSH_AGAIN until it is granted. */
static int terminal_request(struct fleet_session *session)
{
    if (session->terminal || !session->job->term)
        return SSH_OK;
    if (!session->terminal_size)
        session->terminal_size = __atomic_load_n(&session->job->size, __ATOMIC_RELAXED);
    int size = session->terminal_size;
    int code = ssh_channel_request_pty_size(session->channel, session->job->term, size >> 16,
                                            size & 0xFFFF);
    session->terminal = code == SSH_OK;
    return code;
}

static void terminal_follow(struct fleet_session *session)
{
    int size = __atomic_load_n(&session->job->size, __ATOMIC_RELAXED);
    if (!session->terminal || size == session->terminal_size)
        return;
    session->terminal_size = size;
    ssh_channel_change_pty_size(session->channel, size >> 16, size & 0xFFFF);
}

/* A command without input is told at once that none comes, in one segment with the command. */
static int command_request(struct fleet_session *session)
{
    const struct fleet_job *job = session->job;
    bool silent = !job->input && !job->term && !session->input_ended;
    if (!job->command)
        return ssh_channel_request_shell(session->channel);
    if (silent)
        session_gather(session, true);
    int code = ssh_channel_request_exec(session->channel, job->command);
    if (silent && code == SSH_AGAIN)
        session->input_ended = ssh_channel_send_eof(session->channel) == SSH_OK;
    if (silent)
        session_gather(session, false);
    return code;
}

static bool step_command(struct fleet_session *session)
{
    int code = terminal_request(session);
    if (code != SSH_OK && code != SSH_AGAIN && ssh_is_connected(session->ssh)) {
        session_finish(session, DEVICE_FAILED, "it gives no terminal: %s",
                       ssh_get_error(session->ssh));
        return false;
    }
    if (code == SSH_OK)
        code = command_request(session);
    if (code == SSH_AGAIN)
        return false;
    if (code != SSH_OK && ssh_is_connected(session->ssh)) {
        session_finish(session, DEVICE_FAILED, "it does not run the command: %s",
                       ssh_get_error(session->ssh));
        return false;
    }
    if (code != SSH_OK) {
        session_finish_lost(session, "no answer to the command");
        return false;
    }
    session->input_open = !session->input_ended;
    session_phase(session, PHASE_FIRST);
    return true;
}

/* ---- Bytes ---- */

static void output_give(struct fleet_session *session, bool is_stderr, const char *bytes, size_t n)
{
    struct fleet_job *job = session->job;
    size_t most = job->most ? job->most : FLEET_MOST;
    size_t room = session->given < most ? most - session->given : 0;
    size_t take = n < room ? n : room;
    session->given += take;
    if (take < n)
        job->cut = true;
    if (take && job->output && !job->output(job, is_stderr, bytes, take))
        session_cancel(session);
}

/* libssh has bytes that no event tells of. */
static bool output_unread(const struct fleet_session *session)
{
    return session->unread[0] || session->unread[1];
}

/* A lost connection holds nobody back: what came over it is all that there is. */
static bool output_unwanted(const struct fleet_session *session)
{
    return __atomic_load_n(&session->job->hold, __ATOMIC_ACQUIRE) && ssh_is_connected(session->ssh);
}

static void output_read(struct fleet_session *session, bool is_stderr, bool *ended)
{
    char bytes[16384];
    /* The look at the first has taken packets in: the second needs none of its own. */
    if (is_stderr && !session->unread[true]) {
        *ended = session->closed || ssh_channel_is_eof(session->channel);
        return;
    }
    int n = ssh_channel_read_nonblocking(session->channel, bytes, sizeof bytes, is_stderr);
    session->unread[is_stderr] = n == (int)sizeof bytes; /* fewer were all of them */
    if (n > 0) {
        session->active = time_monotonic_ns();
        if (session->job->phase == PHASE_FIRST)
            session_phase(session, PHASE_OUTPUT);
        output_give(session, is_stderr, bytes, (size_t)n);
        return;
    }
    if (n == SSH_ERROR && !session->closed && !ssh_channel_is_eof(session->channel))
        session_finish_lost(session, "the connection ended");
    *ended = n == SSH_EOF || session->closed || ssh_channel_is_eof(session->channel);
}

/* What is given at once, so that one device with endless output does not hold up the others. */
enum { READS_AT_ONCE = 16 };

static void outputs_read(struct fleet_session *session)
{
    int reads = 0;
    do {
        output_read(session, false, &session->out_ended);
        if (!session->finished)
            output_read(session, true, &session->err_ended);
    } while (!session->finished && output_unread(session) && ++reads < READS_AT_ONCE &&
             !output_unwanted(session));
}

bool session_unsent(const struct fleet_session *session)
{
    return ssh_get_status(session->ssh) & SSH_WRITE_PENDING;
}

static void input_write(struct fleet_session *session)
{
    while (session->input_open && !session->finished) {
        if (session->input_at == session->input_n) {
            if (!session->input && session->job->input)
                session->input = mem_alloc(INPUT_SIZE);
            int64_t n = session->job->input
                            ? session->job->input(session->job, session->input, INPUT_SIZE)
                            : 0;
            if (n < 0)
                return;
            session->input_at = 0;
            session->input_n = (size_t)n;
            if (n == 0) {
                session->input_open = false;
                ssh_channel_send_eof(session->channel);
                return;
            }
        }
        uint32_t left = (uint32_t)(session->input_n - session->input_at);
        uint32_t window = ssh_channel_window_size(session->channel);
        if (window == 0 || session_unsent(session))
            return;
        int n = ssh_channel_write(session->channel, session->input + session->input_at,
                                  left < window ? left : window);
        if (n == SSH_ERROR) {
            session_finish_lost(session, "it takes no more input");
            return;
        }
        if (n == 0)
            return;
        session->input_at += (size_t)n;
        session->active = time_monotonic_ns();
    }
}

void session_finish_ended(struct fleet_session *session)
{
    struct fleet_job *job = session->job;
    if (session->term_sent)
        session_finish(session, session->exited ? DEVICE_CANCELLED : DEVICE_UNKNOWN,
                       session->exited ? "killed" : "cancelled; whether it still runs is unknown");
    else if (session->exited)
        session_finish(session, DEVICE_OK, "%s", "");
    else if (!ssh_is_connected(session->ssh))
        session_finish_lost(session, "the connection ended");
    else
        session_finish(session, DEVICE_UNKNOWN, "it closed without saying how %s ended",
                       job->phase == PHASE_FIRST ? "the command" : "it");
}

/* Once the output has ended libssh's reading looks at no packet any more, so that the exit status
 * would never come: this does. */
static void packets_take(struct fleet_session *session)
{
    ssh_execute_message_callbacks(session->ssh);
    if (session->exited || session->closed || ssh_is_connected(session->ssh))
        return;
    session_finish_lost(session, "the connection ended");
}

/* What was left unread stays where it is, and the device has to wait. What is typed goes out, and
 * nothing but this sends it on its way then. */
static bool step_held(struct fleet_session *session)
{
    session->held = output_unwanted(session);
    if (session->held && session_unsent(session))
        ssh_blocking_flush(session->ssh, 0);
    if (session->held && !session->closed)
        input_write(session);
    session->held = session->held && ssh_is_connected(session->ssh); /* it may have been lost */
    return session->held || session->finished;
}

static bool step_output(struct fleet_session *session)
{
    terminal_follow(session);
    if (step_held(session))
        return false;
    outputs_read(session);
    if (!session->finished && !session->closed && !session->exited)
        input_write(session);
    bool ended = session->out_ended && session->err_ended;
    if (session->finished)
        return false;
    if (session->ended && session->job->phase != PHASE_END)
        session_phase(session, PHASE_END);
    if (ended && !session->exited && !session->closed)
        packets_take(session);
    if (session->finished)
        return false;
    bool more = output_unread(session);
    /* Closed is not empty: what came before is still to be read. */
    if ((ended && session->exited && !more) || (session->closed && !more)) {
        session_finish_ended(session);
        return false;
    }
    if (session->exited && session->job->phase != PHASE_END)
        session_phase(session, PHASE_END);
    session->more = more;
    return false;
}

void session_step(struct fleet_session *session)
{
    bool more = true;
    session->more = false;
    while (more && !session->finished) {
        switch (session->job->phase) {
        case PHASE_CONNECT:
            more = session_reach(session);
            break;
        case PHASE_VERSION:
        case PHASE_KEYS:
            more = step_keys(session);
            break;
        case PHASE_PIN:
            more = step_pin(session);
            break;
        case PHASE_AUTH:
            more = session_login(session);
            break;
        case PHASE_OPEN:
            if (session->bastion)
                return; /* it is there: the rest is bastion.c's */
            more = step_open(session);
            break;
        case PHASE_COMMAND:
            more = step_command(session);
            break;
        case PHASE_FIRST:
        case PHASE_OUTPUT:
        case PHASE_END:
            more = step_output(session);
            break;
        default:
            return;
        }
    }
    /* libssh has closed the descriptor, which nobody may wait for now: its number may be another's.
     */
    if (!session->finished && !session->more && !session->held && session->ssh &&
        session->job->phase > PHASE_VERSION && !ssh_is_connected(session->ssh))
        session_finish_lost(session, "the connection ended");
}

unsigned session_waits_for(const struct fleet_session *session)
{
    if (session->job->phase == PHASE_CONNECT)
        return EPOLLOUT;
    bool write = session->ssh && session_unsent(session);
    bool asks = session->agent_login && session->agent_login->state == LOGIN_WAITS;
    if (!session->held && !asks)
        return (unsigned)EPOLLIN | (write ? (unsigned)EPOLLOUT : 0u);
    /* That such a one was lost is told once: it is not read before it goes on. */
    return write ? (unsigned)EPOLLOUT : (unsigned)EPOLLET;
}

/* ---- The end ---- */

void session_end(struct fleet_session *session)
{
    /* The channel goes with its session: freed alone it would send a goodbye, which nobody reads.
     */
    if (session->ssh) {
        ssh_silent_disconnect(session->ssh);
        ssh_free(session->ssh);
    } else if (session->fd >= 0) {
        close(session->fd);
    }
    agent_login_free(session->agent_login);
    session->agent_login = NULL;
    free(session->input);
    session->input = NULL;
    session->ssh = NULL;
    session->channel = NULL;
    session->fd = -1;
}
