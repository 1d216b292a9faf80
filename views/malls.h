/*
 * Several malls, one console: it keeps a list of the malls that were open, and opens another one in
 * its own place. The list is a small JSON file in the person's own state folder.
 */
#ifndef ATRIUM_VIEWS_MALLS_H
#define ATRIUM_VIEWS_MALLS_H

#include "views/console.h"

/* Puts the console's mall in front of the list. */
void malls_remember(const struct console *console);

/* A list to choose from; or the mall at a path. */
void malls_pick(struct console *console);
void malls_switch(struct console *console, const char *path);

#endif
