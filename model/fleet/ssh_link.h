/* What the sessions of libssh's to devices and to a hub have in common. */
#ifndef ATRIUM_FLEET_SSH_LINK_H
#define ATRIUM_FLEET_SSH_LINK_H

#include "model/fleet/ssh_late.h"

#include <stdbool.h>
#include <stddef.h>

/* The host key that the other side showed, "SHA256:…", with its NUL in `size` bytes. False: it
 * showed none. */
bool ssh_link_fingerprint(ssh_session ssh, char *text, size_t size);

/* What libssh says of a connection that ended, in plain words; libssh's own are to be cleaned. */
const char *ssh_link_words(ssh_session ssh);

/* libssh makes the descriptor blocking again in places; a write to a stopped machine would hang. */
void ssh_link_keep_nonblocking(int fd);

#endif
