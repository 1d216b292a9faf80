/* What the files of roll-outs share. Inside the module. */
#ifndef ATRIUM_FLEET_ROLLOUT_PARTS_H
#define ATRIUM_FLEET_ROLLOUT_PARTS_H

#include "model/fleet/rollout.h"

/* Attempts that a device has; staged at once; seconds. */
enum { TRIES = 3, STAGINGS = 32, SALE_S = 30, GRACE_S = 30, PAUSE_MOST_S = 300 };

/* It is in that step from now on; what it waited for is over. */
void row_step(struct rollout_row *row, enum rollout_step step, int64_t now);

#define BIT(state) (1u << ROLLOUT_##state)

#endif
