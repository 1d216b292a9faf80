/* Devices behind a bastion: one session to it carries a forward channel for each device that is
 * reached over it. Every channel ends in a socket pair, whose other end the device's own session
 * has for its descriptor. Inside the module, on the engine's thread. */
#ifndef ATRIUM_FLEET_BASTION_H
#define ATRIUM_FLEET_BASTION_H

#include "model/fleet/session.h"

struct bastions;

/* What they need of the engine that they are of. */
struct bastion_engine {
    int epoll;
    const struct fleet_options *options;
    const int64_t *limit_ms;
    struct resolver *resolver;
    struct keyring *keyring;
    struct agent *agent;
    uint64_t *serials;
    /* A device's session has its descriptor now (or has ended). */
    void (*reached)(void *context, struct fleet_session *session);
    void *context;
};

struct bastions *bastions_new(const struct bastion_engine *engine);
void bastions_free(struct bastions *bastions); /* NULL is fine; when no session is left */

/* Asks for the way to the session's device. A bastion that cannot be used ends the session: it is
 * offline, and the reason names the bastion. */
void bastion_ask(struct bastions *bastions, struct fleet_session *session);
/* Its bastion, or one before that, is not reached yet: the limits are that bastion's. */
bool bastion_awaited(const struct fleet_session *session);
/* Nobody waits at its end any more. */
void bastion_leave(struct fleet_session *session);

/* A descriptor is ready: `waiter` as epoll gave it. False: it is none of theirs. */
bool bastion_ready(struct bastions *bastions, void *waiter);
/* An answer of the resolver. False: for none of theirs. */
bool bastion_resolved(struct bastions *bastions, uint64_t serial, const struct address *address,
                      const char *reason);
/* Looks at the limits; sessions may end. */
void bastions_check_time(struct bastions *bastions, int64_t now);
/* Frees what ended, and bastions that nobody needs. After everything that epoll gave at once. */
void bastions_tidy(struct bastions *bastions);

#endif
