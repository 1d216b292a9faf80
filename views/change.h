/* Changes from the console: operations on the writer's thread. */
#ifndef ATRIUM_VIEWS_CHANGE_H
#define ATRIUM_VIEWS_CHANGE_H

#include "views/console.h"

/* Undoes this console's last change that was not undone yet. */
void change_undo(struct console *console);

#endif
