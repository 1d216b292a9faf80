#include "model/fleet/engine.h"

struct fleet_job fleet_job_of(const struct device *device)
{
    return (struct fleet_job){.device = device->id,
                              .code = device->code,
                              .host = device->host,
                              .user = device->user,
                              .pin = device->pin,
                              .port = device->port,
                              .kind = device->kind,
                              .identity = device->identity,
                              .hop = &device->hop,
                              .exit_status = -1};
}
