/* Devices as a map of the floors: where each sign stands. Nothing here draws, asks or waits. */
#ifndef ATRIUM_VIEWS_FLEET_MAP_H
#define ATRIUM_VIEWS_FLEET_MAP_H

#include "model/base/arena.h"
#include "model/fleet/device.h"

struct map_zone {
    const char *code, *name, *floor;
};

enum map_kind { MAP_FLOOR, MAP_ZONE, MAP_DEVICE };

/* What the cursor can stand on. */
struct map_item {
    enum map_kind kind;
    int row, col, cells;             /* rows are counted from the top of the map */
    const char *floor, *zone, *name; /* zone: its code, "" for none; name: of the zone */
    const char *title;               /* of floors and zones; a device is one sign */
    const char *counts;              /* "● 14 ! 1"; "": none are shown here */
    int counts_col, counts_cells;    /* flush right for floors */
    size_t first, n;                 /* its devices, among those of the map */
};

enum map_form {
    MAP_TITLED, /* a line with the zone's name, its signs below */
    MAP_BESIDE, /* the zone's code and its signs beside it */
    MAP_COUNTED /* the zone's code and how many are in each state */
};

struct fleet_map {
    enum map_form form;
    int rows;
    const struct map_item *items; /* by row, then by column */
    size_t n;
    const struct device *devices; /* by floor, zone and code */
};

/* Floors as a lift counts them: "3", "F3" and "3F" are 3, "B1" and "-1" are -1, "G" is 0. False
 * where the name tells no level. */
bool floor_level(const char *name, int *level);

/* The floors that have devices, from the top down, those whose names tell no level and "" last,
 * each with all its zones. The roomiest form that fits into `height` rows; where none does, signs
 * while they are at most three screens, then whatever is shorter. Owned by the arena; texts are
 * the devices' and the zones'. */
const struct fleet_map *fleet_map_make(struct arena *arena, const struct device *devices, size_t n,
                                       const struct map_zone *zones, size_t n_zones, int cols,
                                       int height);

/* Where a step by so many rows and columns leads from an item; `at` where there is nothing. A step
 * to the left or right goes on in the row before or after. */
size_t fleet_map_step(const struct fleet_map *map, size_t at, int rows, int cols);

#endif
