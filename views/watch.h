/* The watch: looks now and then whether somebody else changed the mall file, and asks again. */
#ifndef ATRIUM_VIEWS_WATCH_H
#define ATRIUM_VIEWS_WATCH_H

#include "views/console.h"

void watch_begin(struct console *console);
/* Looks now, unless questions are under way: then with the next look. */
void watch_look(struct console *console);
void watch_end(struct console *console);

#endif
