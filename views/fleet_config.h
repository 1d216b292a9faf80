/* What devices should have, what they have, and bringing both together: the screen. */
#ifndef ATRIUM_VIEWS_FLEET_CONFIG_H
#define ATRIUM_VIEWS_FLEET_CONFIG_H

#include "model/fleet/device.h"
#include "views/console.h"

/* Opens it for these devices. */
void config_open(struct console *console, const struct device *devices, size_t n);

#endif
