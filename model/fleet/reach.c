/* From an address to a descriptor with a libssh session on it. */
#include "model/fleet/session.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

void session_gather(struct fleet_session *session, bool on)
{
    int value = on;
    if (session->gathers == on)
        return;
    session->gathers = on;
    setsockopt(session->fd, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

static void finish_unreached(struct fleet_session *session, int code)
{
    if (code != ECONNRESET) {
        session_finish(session, DEVICE_OFFLINE, "%s", strerror(code));
        return;
    }
    /* Where nobody listens it is refused: this one was accepted, and then reset. */
    session_phase(session, PHASE_VERSION);
    session_finish(session, DEVICE_FAILED, "no connection: it reset the connection");
}

/* A line that is silent for long is asked by TCP whether it is still there. */
static void keep_alive(int fd)
{
    static const struct {
        int level, name, value;
    } options[] = {
        {SOL_SOCKET, SO_KEEPALIVE, 1},          {IPPROTO_TCP, TCP_KEEPIDLE, 15},
        {IPPROTO_TCP, TCP_KEEPINTVL, 5},        {IPPROTO_TCP, TCP_KEEPCNT, 3},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, 30000},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

void session_connect(struct fleet_session *session)
{
    int on = 1;
    session_phase(session, PHASE_CONNECT);
    session->fd = socket(session->address.at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                         IPPROTO_TCP);
    if (session->fd < 0) {
        session_finish(session, DEVICE_FAILED, "no socket: %s", strerror(errno));
        return;
    }
    setsockopt(session->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (session->job->lasting)
        keep_alive(session->fd);
    if (connect(session->fd, (struct sockaddr *)&session->address.at, session->address.size) != 0 &&
        errno != EINPROGRESS)
        finish_unreached(session, errno);
}

static bool ssh_begin(struct fleet_session *session)
{
    /* The fast ones that every sshd of the last ten years has, in one order, so that a device shows
     * the same host key each time. P-256 goes first: with libssh it takes a twentieth less of a
     * session's processor time than X25519 (doc/measured.md). */
    static const struct {
        enum ssh_options_e option;
        const char *value;
    } texts[] = {
        {SSH_OPTIONS_KEY_EXCHANGE, "ecdh-sha2-nistp256,curve25519-sha256,"
                                   "curve25519-sha256@libssh.org,diffie-hellman-group14-sha256"},
        {SSH_OPTIONS_HOSTKEYS, "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256"},
        {SSH_OPTIONS_CIPHERS_C_S, "aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
                                  "chacha20-poly1305@openssh.com,aes256-ctr,aes128-ctr"},
        {SSH_OPTIONS_CIPHERS_S_C, "aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
                                  "chacha20-poly1305@openssh.com,aes256-ctr,aes128-ctr"},
        {SSH_OPTIONS_COMPRESSION, "no"},
    };
    /* None of what a person keeps for ssh is read: keys are pinned in the mall file. Without the
     * host's name, which SSH_OPTIONS_FD makes needless, known_hosts are not even looked for. */
    static const char nowhere[] = "/dev/null/none";
    struct fleet_job *job = session->job;
    int no = 0, verbosity = SSH_LOG_NOLOG;
    const char *user = job->user && *job->user ? job->user : session->options->user;
    session->ssh = ssh_new();
    if (!session->ssh)
        return false;
    bool ok = ssh_options_set(session->ssh, SSH_OPTIONS_PROCESS_CONFIG, &no) == 0 &&
              ssh_options_set(session->ssh, SSH_OPTIONS_LOG_VERBOSITY, &verbosity) == 0 &&
              ssh_options_set(session->ssh, SSH_OPTIONS_SSH_DIR, nowhere) == 0 &&
              ssh_options_set(session->ssh, SSH_OPTIONS_KNOWNHOSTS, nowhere) == 0 &&
              ssh_options_set(session->ssh, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, nowhere) == 0 &&
              ssh_options_set(session->ssh, SSH_OPTIONS_USER, user ? user : "atrium") == 0 &&
              ssh_options_set(session->ssh, SSH_OPTIONS_FD, &session->fd) == 0;
    for (size_t i = 0; ok && i < sizeof texts / sizeof *texts; i++)
        ok = ssh_options_set(session->ssh, texts[i].option, texts[i].value) == 0;
    ssh_set_blocking(session->ssh, 0);
    return ok;
}

bool session_reach(struct fleet_session *session)
{
    int code = 0;
    socklen_t size = sizeof code;
    struct sockaddr_storage peer;
    socklen_t peer_size = sizeof peer;
    if (getsockopt(session->fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
        code = errno;
    if (code) {
        finish_unreached(session, code);
        return false;
    }
    if (getpeername(session->fd, (struct sockaddr *)&peer, &peer_size) != 0)
        return false; /* not there yet */
    session_connected(session);
    return !session->finished;
}

void session_connected(struct fleet_session *session)
{
    session_phase(session, PHASE_VERSION);
    if (!ssh_begin(session))
        session_finish(session, DEVICE_FAILED, "no session: %s",
                       session->ssh ? ssh_get_error(session->ssh) : "out of memory");
}
