/* What the files of the Fleet screen share. */
#ifndef ATRIUM_VIEWS_FLEET_PARTS_H
#define ATRIUM_VIEWS_FLEET_PARTS_H

#include "model/fleet/config.h"
#include "tui/edit.h"
#include "views/fleet_map_view.h"
#include "views/fleet_rows.h"
#include "views/list.h"
#include "views/rollout_line.h"

struct fleet_state {
    struct list list;
    struct edit edit;
    struct edit_history history;
    bool writing;
    char *filter;  /* in force */
    char *before;  /* in force when one began to write */
    char *problem; /* of what is being written; NULL: none */
    enum fleet_by by;
    struct map_view map;
    int timer;
    bool asked; /* since the screen was opened */
    /* What is shown. */
    struct arena *rows;
    const struct device *shown;
    size_t n;
    uint64_t *keys;
    const struct fleet_group_row *groups;
    struct sheet *sheet;
};

struct fleet_answer {
    const struct device *devices;
    size_t n;
    /* Those that wait for their configuration and answer again. */
    struct config_waiting waiting;
    const struct rollout_line *line; /* NULL: none is under way */
    const struct map_zone *zones;
    size_t n_zones;
};

/* Rows, or groups, from the answer at hand and the expression in force. */
void fleet_rows_make(struct view *view);

/* The expression in force, narrowed by one more; NULL: it cannot be written, which is said. */
void fleet_narrow(struct view *view, const char *one);

/* Those that are to be seen, the table's own filter included. Free the result. */
struct device *fleet_in_sight(const struct fleet_state *state, size_t *n);

/* ---- The map of the floors ---- */

bool fleet_map_shown(const struct fleet_state *state);
void fleet_map_draw(struct view *view, struct area area);
/* To the map with the cursor on the device that was selected, or back to the list. */
void fleet_map_turn(struct view *view);
/* For the action and key slots while the map is shown. */
bool fleet_map_action(struct view *view, int id);
bool fleet_map_mouse(struct fleet_state *state, const struct loop_mouse *mouse);

#endif
