/* The engine's step for roll-outs: drives all that run, as long as nobody else does. */
#ifndef ATRIUM_CLI_ROLLOUT_STEP_H
#define ATRIUM_CLI_ROLLOUT_STEP_H

#include "views/cli/engine.h"

struct rollout_step_state;

enum status rollouts_begin(struct engine *engine, struct error *err);
enum status rollouts_run(struct engine *engine, json_t *report, struct error *err);
void rollouts_end(struct engine *engine);

#endif
