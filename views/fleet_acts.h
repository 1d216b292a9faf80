/* What a person asks for on devices: dialogs, and the changes that follow. */
#ifndef ATRIUM_VIEWS_FLEET_ACTS_H
#define ATRIUM_VIEWS_FLEET_ACTS_H

#include "model/fleet/device.h"
#include "views/console.h"

enum { FLEET_TYPED_FROM = 10 }; /* on more devices than so many the number is typed */

/* Asks for a command, states its reach, and runs it; views/fleet_run.h shows what comes of it. */
void fleet_run_ask(struct console *console, const struct device *devices, size_t n);

/* Into quarantine, or out of it, with a reason. */
void device_quarantine_ask(struct console *console, const struct device *device);

/* Keeps a key that was shown as the pin: a changed one only against the device's code. */
void device_pin_ask(struct console *console, const struct device *device, const char *shown);

#endif
