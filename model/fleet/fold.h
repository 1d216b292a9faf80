/* Many devices, few different answers: those that said the same are one group. */
#ifndef ATRIUM_FLEET_FOLD_H
#define ATRIUM_FLEET_FOLD_H

#include "model/base/arena.h"

#include <stddef.h>

/* What a device answered: bytes as they came, stdout and stderr in their order. */
struct fleet_output {
    const char *bytes;
    size_t n;
    int exit_status;
};

struct fleet_group {
    const struct fleet_output *output; /* of its first device */
    size_t n;
    const size_t *members; /* indices of the outputs, rising */
};

/* Groups of equal output and exit status, the largest first, then by first member. Owned by the
 * arena. */
const struct fleet_group *fleet_fold(struct arena *arena, const struct fleet_output *outputs,
                                     size_t n, size_t *n_groups);

#endif
