/* The engine's step for configurations that wait: devices that did not answer when theirs was
 * applied are asked now and then, and get it when they answer. It was agreed to when it was told to
 * wait; who says no, or whose time is over, does not wait any more. */
#ifndef ATRIUM_CLI_CONFIG_STEP_H
#define ATRIUM_CLI_CONFIG_STEP_H

#include "views/cli/engine.h"

struct config_step_state;

enum status configs_begin(struct engine *engine, struct error *err);
enum status configs_run(struct engine *engine, json_t *report, struct error *err);
void configs_end(struct engine *engine);

#endif
