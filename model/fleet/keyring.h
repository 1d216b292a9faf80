/* The private keys that devices are logged in to with, read once each. Inside the module; for one
 * thread at a time. */
#ifndef ATRIUM_FLEET_KEYRING_H
#define ATRIUM_FLEET_KEYRING_H

#include "model/base/status.h"

#include "model/fleet/ssh_late.h"

/* What one identity file offers, in this order. */
struct login {
    ssh_key certified; /* with the certificate FILE-cert.pub; NULL: there is none */
    ssh_key plain;
};

struct keyring;

struct keyring *keyring_new(void);
void keyring_free(struct keyring *keyring); /* NULL is fine */

/* The identity of that file, which "~/" and a bare name (in ~/.ssh) may begin. Owned by the
 * keyring. ST_USAGE where it cannot be read, each time it is asked for. */
enum status keyring_login(struct keyring *keyring, const char *path, const struct login **login,
                          struct error *err);

#endif
