/* Host keys that somebody wrote down elsewhere: OpenSSH's known_hosts, or lines of a device and a
 * fingerprint. Reading them sends nothing to anybody. */
#ifndef ATRIUM_FLEET_PINS_H
#define ATRIUM_FLEET_PINS_H

#include "model/fleet/device.h"

/* The fingerprints of one file. */
struct pins;

/* Reads a file's text: lines `HOST[,HOST] TYPE KEY` with `[HOST]:PORT` for other ports than 22, and
 * lines `DEVICE SHA256:…` (or with a comma); `#` and empty lines are skipped. Hashed hosts,
 * patterns, certificate authorities and revoked keys are counted in *skipped. ST_REFUSED names
 * `name` and the line that is none of these. Owned by the arena. */
enum status pins_read(struct arena *arena, const char *name, const char *text, size_t n,
                      const struct pins **pins, size_t *skipped, struct error *err);

/* The fingerprint for a device: by its code, else by host and port; of several keys that one which
 * the engine is shown (Ed25519, ECDSA, RSA). NULL: none. */
const char *pins_of(const struct pins *pins, const struct device *device);

#endif
