/* Real OpenSSH servers for tests, unprivileged, on loopback: each with an Ed25519 host key, a port,
 * a HOME and the real atrium-device script of its own. They let in whoever has the user key, under
 * the name of whoever runs the tests. */
#ifndef ATRIUM_TESTS_SSHD_H
#define ATRIUM_TESTS_SSHD_H

#include "fixtures/devices/openssh.h"
#include "model/fleet/device.h"

#include <stdbool.h>
#include <stddef.h>

struct sshd_farm {
    char *folder, *identity;
    const char *user, *more;
    struct arena *arena;
    struct openssh *servers;
    struct device *devices; /* R0, R1, … with their pins */
    size_t n;
};

/* False where this machine has no sshd; tests skip then. */
bool sshd_there(void);

/* Starts `n` of them and waits until all listen. Ends the test on an error. `more` are further
 * lines of their configuration (NULL: none). */
void sshd_farm_start(struct sshd_farm *farm, size_t n, const char *more);
void sshd_farm_stop(struct sshd_farm *farm);

/* Ends the i-th with everything that it runs, and starts it again, with a new host key where it is
 * asked for. */
void sshd_end(struct sshd_farm *farm, size_t i);
void sshd_again(struct sshd_farm *farm, size_t i, bool new_key);

/* Ends the connections of the i-th, as a lost line does. Returns how many there were. */
int sshd_connections_kill(struct sshd_farm *farm, size_t i);

/* How many lines of its log hold the text. */
size_t sshd_log_count(const struct sshd_farm *farm, size_t i, const char *text);

/* Runs a program and ends the test where it fails. `words` ends with NULL. */
void sshd_run(const char *const *words);

#endif
