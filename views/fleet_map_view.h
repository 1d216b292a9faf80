/* The map of the floors on the Fleet screen: drawing, the cursor, and what is under it. */
#ifndef ATRIUM_VIEWS_FLEET_MAP_VIEW_H
#define ATRIUM_VIEWS_FLEET_MAP_VIEW_H

#include "model/store/reader.h"
#include "tui/draw.h"
#include "tui/table.h"
#include "views/fleet_map.h"

#include <stdint.h>

struct map_view {
    bool on;
    int top, page; /* the first row to be seen, and how many are */
    struct area area;
    /* Where the cursor is, by what is there: it stays when signs move. */
    enum map_kind kind;
    uint32_t device;
    char *floor, *zone;
    size_t at;
    bool placed; /* the cursor was somewhere before */
    /* Of the last frame. */
    struct arena *arena;
    const struct fleet_map *map;
};

/* For the reader's thread; owned by the arena. */
enum status map_zones_read(struct reader *reader, struct arena *arena,
                           const struct map_zone **zones, size_t *n, struct error *err);

void map_view_free(struct map_view *view);

/* Puts the cursor on a device. */
void map_view_go(struct map_view *view, uint32_t device);

/* What is drawn: devices that may be seen at present (copied), the zones, and the table whose marks
 * they carry. */
struct map_data {
    const struct device *devices;
    size_t n;
    const struct map_zone *zones;
    size_t n_zones;
    const struct table *marks;
};
void map_view_draw(struct map_view *view, struct area area, const struct map_data *data,
                   bool focus);

/* The item under the cursor; NULL: nothing is shown. Until the next frame. */
const struct map_item *map_view_item(const struct map_view *view);
/* Its first device. */
const struct device *map_view_device(const struct map_view *view);

/* In words: "floor 2, 2-A Floor 2 north: 14 devices  ● 14 ok"; of a device where it stands. Owned
 * by the arena. */
const char *map_item_text(struct arena *arena, const struct fleet_map *map,
                          const struct map_item *item);

/* The table's actions that move, by arrows and pages; false: not one of them. */
bool map_view_move(struct map_view *view, int action_id);
/* A click moves there, the wheel scrolls by moving; false: nothing is there. */
bool map_view_mouse(struct map_view *view, const struct loop_mouse *mouse);

#endif
