/* Rows of a list to a file or to a command; used by list.c. */
#ifndef ATRIUM_VIEWS_LIST_EXPORT_H
#define ATRIUM_VIEWS_LIST_EXPORT_H

#include "views/list.h"

/* Asks where to (unless `argument` says it) and exports the marked rows, or all of them. The file's
 * ending says what it is: .json or CSV. It appears complete or not at all; an existing one is asked
 * about first. True: it was understood. */
bool list_export_start(struct list *list, bool pipe, const char *argument);

/* Writes a text to a new file, off the screen's thread; the outcome is said in the status line. */
void text_export(struct console *console, const char *path, const char *text);

/* Stops an export under way. */
void list_export_end(struct list *list);

#endif
