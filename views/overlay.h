/* What may stand over the views: a dialog, a picker, the palette, the help; one at a time. */
#ifndef ATRIUM_VIEWS_OVERLAY_H
#define ATRIUM_VIEWS_OVERLAY_H

#include "views/console.h"

/* The key went to what is open; false: nothing is. */
bool overlay_key(struct console *console, uint32_t key);
void overlay_draw(struct console *console, struct area screen);
void overlay_close(struct console *console);

void overlay_palette(struct console *console);
void overlay_help(struct console *console);
void overlay_period(struct console *console);

/* What can be done on this screen, to choose from. */
void overlay_menu(struct console *console);

#endif
