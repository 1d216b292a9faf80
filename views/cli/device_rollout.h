/* What the commands of roll-outs and the engine's step share. */
#ifndef ATRIUM_CLI_DEVICE_ROLLOUT_H
#define ATRIUM_CLI_DEVICE_ROLLOUT_H

#include "model/fleet/rollout.h"
#include "model/fleet/rollout_drive.h"
#include "views/cli/device.h"

enum status device_rollout(struct device_request *request, struct error *err);

/* `device rollout run [ID]`. */
enum status device_rollout_run(struct device_request *request, const char *code, struct error *err);

/* One roll-out as JSON, with its waves and, where `steps`, its devices. */
enum status rollout_json(struct device_request *request, const char *code, bool steps,
                         json_t **document, struct error *err);

/* `plan`: the waves of a draft with their devices, who is left out and why. Makes nothing. */
enum status device_rollout_plan(struct device_request *request, const struct rollout_draft *draft,
                                struct error *err);

#endif
