/* The screen of a replica that is locked: it has not heard of its hub for too long, or its hub
 * wants it no more. It covers every screen that shows what the replica holds; what is left to do is
 * to have a session, to see what waits, to go to another mall, or to leave. */
#ifndef ATRIUM_VIEWS_LOCKED_H
#define ATRIUM_VIEWS_LOCKED_H

#include "views/console.h"

/* Whether it covers what is on top. */
bool locked_covers(const struct console *console);
void locked_draw(struct console *console, struct area area);

/* An action while it covers: true where it was done; what is neither its own nor the console's is
 * refused with a sentence. *own: it is the console's to do. */
bool locked_act(struct console *console, int id, bool *own);

/* The scopes whose keys hold now: the view's on top, or the covering screen's. */
const char *const *console_scopes(const struct console *console, size_t *n);

#endif
