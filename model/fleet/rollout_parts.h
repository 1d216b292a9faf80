/* What the files of roll-outs share. Inside the module. */
#ifndef ATRIUM_FLEET_ROLLOUT_PARTS_H
#define ATRIUM_FLEET_ROLLOUT_PARTS_H

#include "model/fleet/rollout.h"

/* Attempts that a device has; staged at once; seconds. */
enum { TRIES = 3, STAGINGS = 32, SALE_S = 30, GRACE_S = 30, PAUSE_MOST_S = 300 };

/* It is in that step from now on; what it waited for is over. */
void row_step(struct rollout_row *row, enum rollout_step step, int64_t now);

/* Devices (number) that are in a roll-out which is under way (code, state), and which (number). */
extern const char rollout_busy_sql[];

/* Whether a file can be an archive, by its size and beginning; ST_REFUSED with what was found. */
enum status rollout_archive_look(const char *path, int64_t *size, struct error *err);

#define BIT(state) (1u << ROLLOUT_##state)

#endif
