/* What can be done with an edit of the outbox, off the screen's thread. */
#ifndef ATRIUM_VIEWS_OUTBOX_ACTS_H
#define ATRIUM_VIEWS_OUTBOX_ACTS_H

#include "model/sync/outbox_sheet.h"
#include "views/console.h"

/* Asks, then gives it up. */
void outbox_act_drop(struct console *console, const struct outbox_entry *entry);

/* Deals with a conflict: `take`, else `set` (taken over) is what is set against the hub's version.
 */
void outbox_act_resolve(struct console *console, const char *id, bool take, json_t *set);

#endif
