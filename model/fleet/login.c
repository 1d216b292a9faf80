/* Which key a device is offered, and what it says to it. */
#include "model/fleet/agent.h"
#include "model/fleet/session.h"

#include <string.h>

static const char *identity_of(const struct fleet_session *session)
{
    const struct fleet_options *options = session->options;
    const struct fleet_job *job = session->job;
    if (job->identity && *job->identity)
        return job->identity;
    for (size_t i = 0; job->kind && i < options->n_identities; i++)
        if (strcmp(options->identities[i].kind, job->kind) == 0)
            return options->identities[i].file;
    return options->identity;
}

static bool login_find(struct fleet_session *session)
{
    struct error err = {0};
    const char *identity = identity_of(session);
    session->login_known = true;
    if (identity && keyring_login(session->keyring, identity, &session->login, &err) != ST_OK)
        session_finish(session, DEVICE_FAILED, "nothing was sent: %s", error_text(&err));
    error_clear(&err);
    return !session->finished;
}

static ssh_key key_next(const struct fleet_session *session)
{
    bool certified = session->login->certified && !session->certified_refused;
    return certified ? session->login->certified : session->login->plain;
}

static int offer(struct fleet_session *session)
{
    int code = ssh_userauth_publickey(session->ssh, NULL, key_next(session));
    session_gather(session, false);
    return code;
}

/* False: it waits, or has ended. */
static bool agent_log_in(struct fleet_session *session)
{
    if (!session->agent_login)
        session->agent_login = agent_login_new(session->agent, session->ssh, session);
    struct agent_login *login = session->agent_login;
    enum agent_outcome outcome = agent_login_step(login);
    if (login->state != LOGIN_WAITS)
        session_gather(session, false);
    if (outcome == AGENT_IN)
        session_phase(session, PHASE_OPEN);
    else if (outcome == AGENT_REFUSED)
        session_finish(session, DEVICE_FAILED, "it does not accept a key of the agent");
    else if (outcome == AGENT_FAILED)
        session_finish(session, DEVICE_FAILED, "nothing was sent: %s", login->trouble);
    else if (outcome == AGENT_LOST)
        session_finish_lost(session, "no login");
    return outcome == AGENT_IN;
}

bool session_login(struct fleet_session *session)
{
    if (!session->login_known && !login_find(session))
        return false;
    if (!session->login)
        return agent_log_in(session);
    int code = offer(session);
    if (code == SSH_AUTH_AGAIN)
        return false;
    if (code == SSH_AUTH_SUCCESS) {
        session_phase(session, PHASE_OPEN);
        return true;
    }
    bool more = session->login->certified && !session->certified_refused;
    if (code == SSH_AUTH_ERROR) {
        session_finish_lost(session, "no login");
    } else if (more) {
        session->certified_refused = true;
        return true;
    } else {
        session_finish(session, DEVICE_FAILED, "it does not accept this key");
    }
    return false;
}
