/*
 * What a role's replica must hold of a hub: a plain reference, written by hand after the roles of
 * doc/sync.md, that shares nothing with model/sync: tables are read with SQLite itself, and masks
 * are made here.
 */
#ifndef ATRIUM_TESTS_SYNC_VIEW_H
#define ATRIUM_TESTS_SYNC_VIEW_H

#include "model/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum { VIEW_PEOPLE = 1 << 16 };

/* The word that a person has for analysts, from the first time it is met; to be zeroed before, and
 * when the hub's keys may be others. */
struct view_words {
    char words[VIEW_PEOPLE][10];
};

/* NULL where the replica's tables are what the role must see of the hub's, else what differs; from
 * the arena. Both are files that nobody writes to meanwhile. */
const char *view_differ(const char *hub, const char *replica, const char *principal,
                        const char *role, struct view_words *words, struct arena *arena);

/* How a role has a column: 'f'ull, 'm'asked, 'p'seudonym, 'n'umber in its place, 'a'bsent; 0: the
 * reference does not know it. Tables that no replica gets are absent. */
char view_column(const char *role, const char *table, const char *column);

/* Whether a column is of those that tell who somebody is, or what was said to one. */
bool view_personal(const char *table, const char *column);

#endif
