/* What the screens of one device ask: the device that the argument names. */
#ifndef ATRIUM_VIEWS_DEVICE_FIND_H
#define ATRIUM_VIEWS_DEVICE_FIND_H

#include "model/fleet/device.h"
#include "views/console.h"

/* Asks in slot 0; the answer is the struct device. */
void device_find(struct view *view);

#endif
