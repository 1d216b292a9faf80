/* What a person asks for on devices: dialogs, and the changes that follow. */
#ifndef ATRIUM_VIEWS_FLEET_ACTS_H
#define ATRIUM_VIEWS_FLEET_ACTS_H

#include "model/fleet/device.h"
#include "tui/dialog.h"
#include "views/console.h"

enum { FLEET_TYPED_FROM = 10 }; /* on more devices than so many the number is typed */

/* May this person change devices, and can this file be written? Complains where not. */
bool fleet_may_change(struct console *console);

/* States what is about to be done on how many devices, and asks: a yes, or on more than
 * FLEET_TYPED_FROM of them their number typed. `deed`: what stands above the reach; `yes`: the
 * word to agree with. `done` has its `accepted` as of any dialog. */
void fleet_reach_ask(struct console *console, const char *title, const char *deed,
                     const struct device *devices, size_t n, const char *yes, dialog_done *done,
                     void *context);

/* Asks for a command, states its reach, and runs it; views/fleet_run.h shows what comes of it. */
void fleet_run_ask(struct console *console, const struct device *devices, size_t n);

/* Offers the routine commands for them (model/fleet/routine.h); each runs on those it is for. */
void fleet_routine_ask(struct console *console, const struct device *devices, size_t n);

/* Into quarantine, or out of it, with a reason. */
void device_quarantine_ask(struct console *console, const struct device *device);

/* Keeps a key that was shown as the pin: a changed one only against the device's code. */
void device_pin_ask(struct console *console, const struct device *device, const char *shown);

#endif
