/* A list of people becomes one that has a name. */
#ifndef ATRIUM_VIEWS_PEOPLE_KEEP_H
#define ATRIUM_VIEWS_PEOPLE_KEEP_H

#include "views/console.h"

/* Asks for a name, starting from `suggestion`, and keeps these people under it as they are now: a
 * hand-kept label, by operations, which `u` undoes. The numbers are copied. */
void people_keep(struct console *console, const uint32_t *people, size_t n, const char *suggestion);

#endif
