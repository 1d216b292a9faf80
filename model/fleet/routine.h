/*
 * Routine commands: what is done to devices every day, by name, in one table. A command is for a
 * POSIX shell of the device (doc/device.md). Those that only look need RIGHT_DEVICES, those that
 * change something RIGHT_DEVICES_EDIT, as free commands do.
 */
#ifndef ATRIUM_FLEET_ROUTINE_H
#define ATRIUM_FLEET_ROUTINE_H

#include "model/fleet/device.h"

enum routine_deed {
    ROUTINE_LOOKS,   /* it changes nothing */
    ROUTINE_CHANGES, /* it interrupts or changes something that comes back by itself */
    ROUTINE_FINAL,   /* what it does cannot be taken back: its reach is always typed */
};

struct routine {
    const char *name;  /* "restart-app" */
    const char *kinds; /* of devices, between spaces; "": all */
    enum routine_deed deed;
    const char *title; /* marked for translation */
    const char *command;
};

const struct routine *routines_all(size_t *n);

/* NULL: there is none of that name. */
const struct routine *routine_find(const char *name);

bool routine_fits(const struct routine *routine, const char *kind);

/* Those of the devices that it is for, in their order; their number in *fit. Owned by the arena. */
const struct device *routine_devices(const struct routine *routine, struct arena *arena,
                                     const struct device *devices, size_t n, size_t *fit);

#endif
