/*
 * Expressions over devices: `kind=pos and floor=2 and version<2.4`, `state in (failed, offline)`,
 * `not config=ab12`, `P2-0147`, `age>10m`. Fields are the columns and the status; a bare word is a
 * device's code or a kind. Versions compare number by number (2.10 > 2.9). doc/fleet.md.
 */
#ifndef ATRIUM_FLEET_SELECT_H
#define ATRIUM_FLEET_SELECT_H

#include "model/fleet/device.h"

struct device_select; /* immutable, owned by the arena */

/* ST_USAGE pointing at the word: "line:column: found …, expected …". */
enum status device_select_parse(struct arena *arena, const char *text,
                                const struct device_select **select, struct error *err);

/* `now` for ages. */
bool device_selected(const struct device_select *select, const struct device *device, int64_t now);

#endif
