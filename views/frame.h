/* The frame around every view: where one is, as whom, on which period, how old the data is, what
 * runs, and what can be pressed. */
#ifndef ATRIUM_VIEWS_FRAME_H
#define ATRIUM_VIEWS_FRAME_H

#include "views/console.h"

/* Draws header and status line, and returns the area left for the view. */
struct area frame_draw(struct console *console, struct area screen);

#endif
