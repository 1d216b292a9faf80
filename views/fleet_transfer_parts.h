/* Inside files on their way (views/fleet_transfer.h): what the work and its screen share. */
#ifndef ATRIUM_VIEWS_FLEET_TRANSFER_PARTS_H
#define ATRIUM_VIEWS_FLEET_TRANSFER_PARTS_H

#include "views/fleet_transfer.h"

struct fleet_transfer {
    struct console *console;
    struct arena *arena; /* of the devices and texts */
    const struct device *devices;
    size_t n;
    struct transfer_options options;
    const char *act, *detail;
    const char *name; /* get: what the file is called in a folder here; NULL: its device's code */
    const char *into; /* put: the folder there; NULL: it is asked for */
    struct transfer *transfer; /* NULL: it has not begun */
    bool renamed;              /* the name is not the one there */
    bool asked, cancelled, kept;
    bool waited; /* it was agreed to earlier: who does not answer now keeps the time it has */
    int timer;
    void (*changed)(void *context);
    void *context;
};

#endif
