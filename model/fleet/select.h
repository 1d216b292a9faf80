/*
 * Expressions over devices: `kind=pos and floor=2 and version<2.4`, `state in (failed, offline)`,
 * `not config=ab12`, `P2-0147`, `age>10m` (model/question/filter.h). Fields are the columns and the
 * status; a bare word is a device's code or a kind. doc/fleet.md.
 */
#ifndef ATRIUM_FLEET_SELECT_H
#define ATRIUM_FLEET_SELECT_H

#include "model/fleet/device.h"

struct device_select;

/* ST_USAGE pointing at the word: "line:column: found …, expected …". "" and NULL select all. Free
 * with device_select_free (NULL is fine). */
enum status device_select_new(const char *text, struct device_select **select, struct error *err);
void device_select_free(struct device_select *select);

/* `now` for ages. For one thread at a time. */
enum status device_selected(struct device_select *select, const struct device *device, int64_t now,
                            bool *selected, struct error *err);

#endif
