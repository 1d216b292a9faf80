/*
 * Actions: everything a person can do has one row in one table, and keys, palette, help, manual,
 * completion and tests are read from it. The toolkit knows the table's shape; the program owns its
 * rows.
 */
#ifndef ATRIUM_TUI_ACTION_H
#define ATRIUM_TUI_ACTION_H

#include "tui/loop.h"

enum action_flag {
    ACTION_HIDDEN = 1 << 0,  /* not in the palette (moving the cursor) */
    ACTION_LINE = 1 << 1,    /* shown in the line of keys at the bottom */
    ACTION_CHANGES = 1 << 2, /* changes data: needs a right */
    ACTION_FIRST = 1 << 3,   /* in the line of keys before all others, so that it is always there */
};

struct action {
    int id;
    const char *name;  /* for `:`, the config file and scripts: "member-open" */
    const char *scope; /* the screen or widget it belongs to; "" = everywhere */
    const char *keys;  /* default keys, separated by spaces: "Enter l Right" */
    unsigned flags;
    const char *summary; /* one line, marked for translation */
    const char *word;    /* what the line of keys says, marked; NULL: the summary */
};

/* The keys in force: defaults of the table, changed by the config file. The table is borrowed. */
struct keymap;
struct keymap *keymap_new(const struct action *actions, size_t n);
void keymap_free(struct keymap *keymap);

/* Binds `keys` (as in struct action; "" = none) to every action of that name, or, where the name is
 * "scope.name", to that of one scope. NULL on success, else a sentence and nothing is changed:
 * unknown action, not a key, or a conflict with another action of the same scope. Owned by the
 * keymap until the next call. */
const char *keymap_bind(struct keymap *keymap, const char *action, const char *keys);

/* The action of a key in the first of these scopes that has it ("" is looked at last, without being
 * named); NULL: none. */
const struct action *keymap_find(const struct keymap *keymap, uint32_t key,
                                 const char *const *scopes, size_t n_scopes);

/* The keys of an action as text for people: "Enter l". Never NULL; "": none. */
const char *keymap_keys(const struct keymap *keymap, int action_id);
/* The first of them, 0: none. */
uint32_t keymap_first_key(const struct keymap *keymap, int action_id);

const struct action *keymap_actions(const struct keymap *keymap, size_t *n);
/* By name, in the first of the scopes (then "") that has it; NULL: none. */
const struct action *keymap_action(const struct keymap *keymap, const char *name,
                                   const char *const *scopes, size_t n_scopes);
/* True for "" and the scopes named. */
bool keymap_in_scopes(const struct action *action, const char *const *scopes, size_t n_scopes);

/* What is wrong with the rows and bindings: keys that are none, and keys that two actions of the
 * same scope share. One sentence each, for tests and `atrium keys`. Returns their number;
 * *sentences belongs to the keymap until the next call. */
size_t keymap_conflicts(struct keymap *keymap, const char *const **sentences);

#endif
