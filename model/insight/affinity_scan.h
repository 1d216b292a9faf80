/* Inside of insight: units with the things they have, from a mall's events. */
#ifndef ATRIUM_INSIGHT_AFFINITY_SCAN_H
#define ATRIUM_INSIGHT_AFFINITY_SCAN_H

#include "model/base/set.h"
#include "model/base/vec.h"
#include "model/event/event.h"
#include "model/insight/affinity.h"

/* Which thing stands behind a shop's or an item's number; 0: none. */
struct thing_map {
    size_t n_numbers;
    const uint32_t *thing;
    size_t n_things; /* highest + 1; 0 is none */
    const struct affinity_thing *things;
};
enum status thing_map_read(struct reader *reader, struct arena *arena, enum affinity_of of,
                           struct thing_map *map, struct error *err);

/* What is done with a unit: its things without doubles, unordered, perhaps none that is known;
 * person 0: nobody. */
typedef void unit_fn(void *context, uint32_t person, const uint32_t *things, size_t n);

/* One thread's scan. `context` is handed to fn. */
struct unit_lane {
    const struct affinity_query *query;
    const struct thing_map *map;
    const struct set *among;
    int64_t gap; /* of visits, seconds */
    unit_fn *fn;
    void *context;
    uint32_t serial, *seen; /* by thing: the unit that had it last */
    VEC(uint32_t) things;   /* of the unit */
    bool any;               /* something was bought in the unit */
    VEC(struct basket_line) lines;
};
struct basket_line {
    uint64_t basket;
    uint32_t thing, place;
};

/* Scans with as many threads as there are contexts. */
enum status units_scan(struct reader *reader, struct arena *arena,
                       const struct affinity_query *query, const struct thing_map *map, unit_fn *fn,
                       void **contexts, int n, struct error *err);

#endif
