/*
 * Expressions over shops: `smart_pos`, `category=Fashion and floor in (2, 3)`, `brand~"^Uni"`,
 * `T012`, `not smart_pos`; a bare word is a flag or a shop's code.
 */
#ifndef ATRIUM_CAMPAIGN_SHOPS_H
#define ATRIUM_CAMPAIGN_SHOPS_H

#include "model/base/set.h"
#include "model/store/reader.h"

/* The tenant numbers it means; "" means all. ST_USAGE pointing at the word: "line:column: found …,
 * expected …". Owned by the arena. */
enum status shops_of(sqlite3 *db, struct arena *arena, const char *text, struct set **shops,
                     struct error *err);

#endif
