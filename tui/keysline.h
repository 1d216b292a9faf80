/*
 * The line of keys at the bottom: what can be done here, from the actions flagged ACTION_LINE.
 */
#ifndef ATRIUM_TUI_KEYSLINE_H
#define ATRIUM_TUI_KEYSLINE_H

#include "tui/action.h"

/* Draws into the first row of the area: the actions of the innermost scope first, then those of "",
 * in the table's order, as many as fit; one whose key means something else here is left out. */
void keysline_draw(struct area area, const struct keymap *keymap, const char *const *scopes,
                   size_t n_scopes);

/* A key as the line shows it: "⏎", "→", "Ctrl-r"; plain names in ASCII. */
const char *keysline_key(uint32_t key, char name[32]);

#endif
