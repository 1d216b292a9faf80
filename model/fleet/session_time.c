/* How long a session may take: the limits of its phases, and the time that one is given to end
 * which was cancelled. */
#include "model/fleet/session.h"

#include "model/base/time.h"
#include "model/fleet/agent.h"
#include "model/fleet/bastion.h"

enum { MS = 1000000 };

static void check_cancelled(struct fleet_session *session, int64_t now)
{
    if (!session->kill_sent && now - session->term_sent > (int64_t)FLEET_KILL_MS * MS) {
        ssh_channel_request_send_signal(session->channel, "KILL");
        ssh_blocking_flush(session->ssh, 0); /* nothing waits for this one to be writable */
        session->kill_sent = now;
    }
    if (session->kill_sent && now - session->kill_sent > (int64_t)FLEET_KILL_MS * MS)
        session_finish(session, DEVICE_UNKNOWN,
                       "cancelled; it did not say that it ended, and may be left running");
}

static void check_end(struct fleet_session *session, int64_t now)
{
    /* It said how it ended, and something of it keeps the output open: that is not waited for. */
    if (session->exited && now - session->phase_since > (int64_t)FLEET_LINGER_MS * MS)
        session_finish_ended(session);
}

void session_check_time(struct fleet_session *session, int64_t now)
{
    struct fleet_job *job = session->job;
    int64_t limit = session->limit_ms[job->phase] * MS;
    int64_t since = job->phase == PHASE_OUTPUT ? session->active : session->phase_since;
    bool streams = job->idle_ms && (job->phase == PHASE_FIRST || job->phase == PHASE_OUTPUT);
    if (streams) {
        limit = job->idle_ms * MS;
        since = session->active;
    }
    enum device_condition unanswered = session_unanswered(session);
    if (job->lasting && (job->phase == PHASE_FIRST || job->phase == PHASE_OUTPUT))
        return;
    if (session->term_sent) {
        check_cancelled(session, now);
        return;
    }
    if (job->phase == PHASE_END)
        check_end(session, now);
    if (session->finished)
        return;
    bool asks = session->agent_login && session->agent_login->state == LOGIN_WAITS;
    if (bastion_awaited(session))
        limit = 0;
    if (limit && now - since > limit && asks)
        session_finish(session, unanswered,
                       "nothing was sent: the agent %.100s has not answered "
                       "for it yet",
                       agent_path(session->agent));
    else if (limit && now - since > limit)
        session_finish(session, job->phase <= PHASE_CONNECT ? DEVICE_OFFLINE : unanswered,
                       "no answer for %.3g s", (double)limit / 1e9);
    else if (!job->lasting && !job->idle_ms &&
             now - session->started > session->options->total_ms * MS)
        session_finish(session, unanswered, "not done after %.3g s",
                       (double)session->options->total_ms / 1000);
}

void session_cancel(struct fleet_session *session)
{
    if (session->finished || session->term_sent)
        return;
    if (session->job->phase < PHASE_COMMAND) {
        session_finish(session, DEVICE_CANCELLED, "cancelled before the command was given");
        return;
    }
    if (session->job->lasting) {
        session_finish(session, DEVICE_CANCELLED, "left");
        return;
    }
    session->term_sent = time_monotonic_ns();
    if (ssh_channel_request_send_signal(session->channel, "TERM") == SSH_ERROR)
        session_finish(session, DEVICE_UNKNOWN, "cancelled; whether it still runs is unknown");
}
