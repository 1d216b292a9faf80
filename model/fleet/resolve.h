/* Host names to addresses, on threads of their own, as the system's resolver waits. Numeric
 * addresses are read at once. */
#ifndef ATRIUM_FLEET_RESOLVE_H
#define ATRIUM_FLEET_RESOLVE_H

#include "model/base/status.h"

#include <stdbool.h>
#include <sys/socket.h>

struct address {
    struct sockaddr_storage at;
    socklen_t size;
};

/* False for anything but an IPv4 or IPv6 address in digits. */
bool address_numeric(const char *host, int port, struct address *address);

struct resolver;
typedef void resolved_fn(void *context, void *request, const struct address *address,
                         const char *reason);

/* `wake` is called on a resolver's thread when answers wait for resolver_collect. */
struct resolver *resolver_new(void (*wake)(void *context), void *context);
/* Waits for nothing: look-ups that run end by themselves and wake nobody. NULL is fine. */
void resolver_free(struct resolver *resolver);

void resolver_ask(struct resolver *resolver, const char *host, int port, void *request);

/* Calls fn for each answer: `address` NULL where there is none, with the reason. The request may be
 * one that nobody waits for any longer: the caller must know. */
void resolver_collect(struct resolver *resolver, resolved_fn *fn, void *context);

#endif
