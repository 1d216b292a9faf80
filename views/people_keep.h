/* A list of people becomes a segment in one key. */
#ifndef ATRIUM_VIEWS_PEOPLE_KEEP_H
#define ATRIUM_VIEWS_PEOPLE_KEEP_H

#include "views/console.h"

/* Asks for a name and keeps these people under it as they are now: a frozen segment, which `u`
 * takes back. `suggestion` is what the name starts from and what the segment's note says. The
 * numbers are copied. */
void people_keep(struct console *console, const uint32_t *people, size_t n, const char *suggestion);

#endif
