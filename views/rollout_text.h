/* What roll-outs are called for people: on screens and on the command line. */
#ifndef ATRIUM_VIEWS_ROLLOUT_TEXT_H
#define ATRIUM_VIEWS_ROLLOUT_TEXT_H

#include "model/fleet/rollout_plan.h"

/* "14 devices: 12 pos, 2 screen; floors 1, 2": what a move reaches. Owned by the arena. */
const char *rollout_reach_text(struct arena *arena, const struct device *devices, size_t n);

/* Those devices whose rows the move reaches, as the inventory has them. */
const struct device *rollout_reach_devices(struct arena *arena, enum rollout_verb verb,
                                           const struct rollout_row *rows, size_t n,
                                           const struct device *all, size_t n_all, size_t *reach);

/* "canary", "wave 2". */
const char *rollout_wave_name(struct arena *arena, const struct rollout *rollout, int wave);

/* The device with this number; NULL: none. `all` in any order. */
const struct device *rollout_device_of(const struct device *all, size_t n, uint32_t id);

#endif
