/* Changing what is desired: dialogs, and the operation that follows. */
#ifndef ATRIUM_VIEWS_FLEET_CONFIG_SET_H
#define ATRIUM_VIEWS_FLEET_CONFIG_SET_H

#include "model/fleet/config.h"
#include "views/console.h"

/* What the screen of configurations knows. */
struct config_answer {
    const struct device *all, *devices; /* devices: those of the screen */
    size_t n_all, n;
    const char *const *wanted; /* by devices; NULL: nothing is desired */
    const struct config_set *set;
};

enum config_set_how { CONFIG_SET_KEY, CONFIG_SET_FILE, CONFIG_SET_NOTHING };

/* For the kind of the selected device or, where it is the only one of the screen, its own. States
 * the reach: all devices of the kind. */
void config_set_ask(struct console *console, const struct config_answer *answer,
                    const struct device *selected, enum config_set_how how);

#endif
