/* What a roll-out tells a device, and what it says to it. Inside the module. */
#ifndef ATRIUM_FLEET_ROLLOUT_TALK_H
#define ATRIUM_FLEET_ROLLOUT_TALK_H

#include "model/fleet/rollout_plan.h"
#include "model/fleet/work.h"

/* The command line. Owned by the arena. */
const char *rollout_talk(struct arena *arena, const struct rollout *rollout,
                         const struct rollout_row *row, enum rollout_command command);

/* Whether the rest of the archive goes with it as its input. */
bool rollout_talk_sends(const struct rollout *rollout, const struct rollout_row *row,
                        enum rollout_command command);

/* What came of it; cleaned. */
void rollout_talk_read(struct arena *arena, enum rollout_command command,
                       const struct fleet_job *job, const struct fleet_output *output,
                       struct rollout_heard *heard);

#endif
