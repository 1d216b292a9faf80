/* The last command that devices were given on this console. It goes on while other screens are
 * looked at; its outcome is kept in the mall file when the last device has ended. */
#ifndef ATRIUM_VIEWS_FLEET_RUN_H
#define ATRIUM_VIEWS_FLEET_RUN_H

#include "model/fleet/work.h"
#include "views/console.h"

struct fleet_run;

/* Notes in the audit who does what to how many, then begins; opens the screen of it. */
void fleet_run_begin(struct console *console, const struct device *devices, size_t n,
                     const char *command);
/* NULL is fine. */
void fleet_run_free(struct fleet_run *run);

bool fleet_run_left(const struct fleet_run *run); /* something of it still runs; NULL: nothing */

#endif
