/* The last files that went to or came from devices on this console, or configurations that were
 * applied. It goes on while other screens are looked at; `files` shows it. */
#ifndef ATRIUM_VIEWS_FLEET_TRANSFER_H
#define ATRIUM_VIEWS_FLEET_TRANSFER_H

#include "model/fleet/transfer.h"
#include "views/console.h"

struct fleet_transfer;

/* Asks for the file here and there, states the reach, and begins. */
void fleet_put_ask(struct console *console, const struct device *devices, size_t n);
void fleet_get_ask(struct console *console, const struct device *devices, size_t n);

/* The same from a listing (views/folder.c): the file at `remote`, which is called `name` there,
 * gets a name here that leads nowhere and writes over nothing, and is said where it is another; a
 * file from here goes into `folder` there. */
void fleet_get_named(struct console *console, const struct device *device, const char *remote,
                     const char *name, size_t n);
void fleet_put_into(struct console *console, const struct device *device, const char *folder);

/* Applies what is desired of devices after a yes, or their number; `texts` are copied. Devices that
 * do not answer get theirs when they do, within a day. */
void fleet_apply_ask(struct console *console, const struct device *devices,
                     const struct transfer_text *texts, size_t n);

/* The same without a question, for those that waited and answer again: it was agreed to then. Does
 * nothing while something else is on its way, or where this person may not. */
void fleet_apply_waiting(struct console *console, const struct device *devices,
                         const struct transfer_text *texts, size_t n);

/* Devices that are not done; NULL: none. */
size_t fleet_transfer_left(const struct fleet_transfer *transfer);

/* Before the console's engine ends, and after it. NULL is fine. */
void fleet_transfer_end(struct fleet_transfer *transfer);
void fleet_transfer_free(struct fleet_transfer *transfer);

#endif
