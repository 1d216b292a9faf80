/* A line of JSON as a person reads it: "12:00:03 error no paper  tray=2 tries=3". */
#ifndef ATRIUM_FLEET_LOG_PRETTY_H
#define ATRIUM_FLEET_LOG_PRETTY_H

#include "model/base/arena.h"

/* NULL where the text is no object of JSON on one line: it is shown as it is then. `text` is clean
 * and so is what comes back. Owned by the arena. */
const char *log_pretty(struct arena *arena, const char *text);

#endif
