/* The ways to devices that are reached over bastions, which may be reached over bastions
 * themselves. Inside the module. */
#ifndef ATRIUM_FLEET_WAY_H
#define ATRIUM_FLEET_WAY_H

#include "model/fleet/device.h"

enum { DEVICE_PORT = 22 }; /* where none is set */

struct ways;

/* All bastions of the mall, owned by the arena. */
enum status ways_read(struct reader *reader, struct arena *arena, const struct ways **ways,
                      struct error *err);

/* The way over the device with this id; 0, or one that is not there: none. Where its bastions are a
 * circle, or more than DEVICE_HOPS_MOST, its trouble names them. */
struct device_hop way_over(const struct ways *ways, int64_t bastion);

/* A copy with its texts and the way to it, owned by the arena. */
const struct device_hop *way_copy(struct arena *arena, const struct device_hop *from);

bool way_same(const struct device_hop *a, const struct device_hop *b);

/* A text of the inventory, cleaned; never NULL. */
const char *way_text_read(sqlite3_stmt *stmt, int column, struct arena *arena);

#endif
