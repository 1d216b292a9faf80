/*
 * The help, opened with `?`: the keys of this screen, read from the keymap, so it never says
 * anything else than what the keys do. Grouped by scope, scrollable, `/` searches. Driven like a
 * dialog.
 */
#ifndef ATRIUM_TUI_HELP_H
#define ATRIUM_TUI_HELP_H

#include "tui/action.h"
#include "tui/edit.h"

struct help;

typedef void help_done(void *context, struct help *help);

/* A group of keys: the scope and its title, translated. */
struct help_group {
    const char *scope, *title;
};

struct help_options {
    const struct keymap *keymap;
    const struct help_group *groups; /* in order; "" where the actions of everywhere shall stand */
    size_t n_groups;
    const char *title;
    const char *text; /* a paragraph about the screen above the keys; NULL: none */
    help_done *done;  /* called once, when it closes; the owner frees it after help_key returned */
    void *context;
};

struct help *help_new(const struct help_options *options); /* strings are copied */
void help_free(struct help *help);                         /* NULL is fine */

bool help_open(const struct help *help);
bool help_key(struct help *help, uint32_t key); /* always true while open */
bool help_mouse(struct help *help, const struct loop_mouse *mouse);
bool help_paste(struct help *help, const char *text);
void help_draw(struct help *help, struct area screen);

#endif
