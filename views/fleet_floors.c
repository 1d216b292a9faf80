/* The map of the floors in the place of the list: its lines, and what keys do on it. */
#include "model/base/text.h"
#include "model/base/vec.h"
#include "tui/table_rows.h"
#include "views/fleet_parts.h"

#include <stdlib.h>

struct device *fleet_in_sight(const struct fleet_state *state, size_t *n)
{
    VEC(struct device) found = {0};
    int64_t rows = state->list.table ? table_count(state->list.table) : 0;
    for (int64_t i = 0; i < rows; i++) {
        int64_t row = table_rows_at(state->list.rows, i);
        if (row >= 0 && (size_t)row < state->n)
            vec_push(&found, state->shown[row]);
    }
    *n = found.n;
    return found.at;
}

bool fleet_map_shown(const struct fleet_state *state)
{
    return state->map.on && !state->by && state->list.table;
}

/* ---- Drawing ---- */

/* Where it is just now or what is wrong, its shop, what it runs. */
static const char *device_text(struct arena *arena, const struct fleet_state *state,
                               const struct device *device)
{
    const char *text = "", *parts[] = {"", device->shop, device->app};
    for (size_t i = 0; i < state->n; i++) {
        const struct cell *where = &sheet_row(state->sheet, i)[FLEET_COLUMN_WHERE];
        if (state->shown[i].id == device->id && where->known)
            parts[0] = where->text;
    }
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
        if (*parts[k])
            text = arena_printf(arena, "%s%s  ", text, parts[k]);
    return text;
}

/* The pattern in force, and how many are marked. */
static const char *end_text(struct arena *arena, const struct table *table)
{
    const char *filter = table_filter(table), *text = "";
    if (*filter)
        text = arena_printf(arena, " · /%s", filter);
    if (table_marked(table))
        text = arena_printf(arena, _("%s · %zu marked"), text, table_marked(table));
    return text;
}

/* The name of what is under the map's cursor, how it is, and where it stands. */
static void map_line_draw(struct fleet_state *state, struct area row)
{
    const struct map_item *item = map_view_item(&state->map);
    const char *filter = table_filter(state->list.table);
    struct arena *arena = arena_new();
    const char *text = "";
    int at = 0;
    if (item && item->kind == MAP_DEVICE) {
        const struct device *d = map_view_device(&state->map);
        if (table_is_marked(state->list.table, d->id))
            at = draw_text(row, 0, 0, ROLE_MARKED, symbol(SYMBOL_MARK));
        at += draw_printf(row, 0, at, ROLE_STRONG, "%s  ", d->code);
        at += draw_printf(row, 0, at, fleet_state_role(d->state), "%s  ",
                          fleet_state_text(arena, d->state));
        text = arena_printf(arena, "%s%s", device_text(arena, state, d),
                            map_item_text(arena, state->map.map, item));
    } else if (item) {
        text = map_item_text(arena, state->map.map, item);
    } else if (*filter) {
        text = _("no device is shown");
    }
    struct area rest = area_part(row, 0, at, 1, row.cols - at);
    const char *end = end_text(arena, state->list.table);
    int cells = text_cells(end) < rest.cols * 2 / 3 ? text_cells(end) : rest.cols * 2 / 3;
    if (cells)
        draw_field(area_cut_right(&rest, cells), 0, 0, cells, 1, ROLE_DIM, end);
    draw_field(rest, 0, 0, rest.cols, -1, ROLE_PLAIN, text);
    arena_free(arena);
}

void fleet_map_draw(struct view *view, struct area area)
{
    struct fleet_state *state = view->state;
    const struct fleet_answer *answer = view_answer(view, 0);
    struct table *table = state->list.table;
    struct area line = area_cut_bottom(&area, 1);
    struct map_data data = {.zones = answer->zones, .n_zones = answer->n_zones, .marks = table};
    struct device *devices = fleet_in_sight(state, &data.n);
    data.devices = devices;
    map_view_draw(&state->map, area, &data, !state->writing && !table_typing(table));
    if (table_typing(table))
        list_draw(&state->list, line, true); /* in one row it shows what is typed */
    else
        map_line_draw(state, line);
    free(devices);
}

/* ---- Keys ---- */

/* The list's cursor goes along, so that what is done to the selected row is done to the sign. */
static void map_follow(struct fleet_state *state)
{
    const struct device *device = map_view_device(&state->map);
    if (device)
        table_select_key(state->list.table, device->id);
}

bool fleet_map_mouse(struct fleet_state *state, const struct loop_mouse *mouse)
{
    bool moved = map_view_mouse(&state->map, mouse);
    if (moved)
        map_follow(state);
    return moved;
}

static void map_open(struct view *view)
{
    struct fleet_state *state = view->state;
    const struct map_item *item = map_view_item(&state->map);
    if (!item)
        return;
    if (item->kind == MAP_DEVICE) {
        console_open(view->console, "device", map_view_device(&state->map)->code);
        return;
    }
    struct arena *arena = arena_new();
    const char *floor = fleet_group_expression(arena, FLEET_BY_FLOOR, item->floor);
    const char *zone = fleet_group_expression(arena, FLEET_BY_ZONE, item->zone);
    if (item->kind == MAP_ZONE)
        floor = floor && zone ? arena_printf(arena, "%s and %s", floor, zone) : NULL;
    state->map.on = false;
    fleet_narrow(view, floor);
    arena_free(arena);
}

/* The device, or all those of the zone or floor: they are marked, or none of them is any more. */
static void map_mark(struct fleet_state *state)
{
    const struct map_item *item = map_view_item(&state->map);
    const struct device *devices = map_view_device(&state->map);
    bool all = true;
    for (size_t i = 0; devices && i < item->n; i++)
        all &= table_is_marked(state->list.table, devices[i].id);
    for (size_t i = 0; devices && i < item->n; i++)
        table_mark(state->list.table, devices[i].id, !all);
}

void fleet_map_turn(struct view *view)
{
    struct fleet_state *state = view->state;
    int64_t row = state->by ? -1 : list_selected(&state->list);
    state->map.on = !fleet_map_shown(state);
    if (state->map.on && row > 0 && (size_t)row < state->n)
        map_view_go(&state->map, state->shown[row].id);
    if (state->by) {
        state->by = FLEET_BY_NONE;
        fleet_rows_make(view);
    }
}

bool fleet_map_action(struct view *view, int id)
{
    struct fleet_state *state = view->state;
    if (map_view_move(&state->map, id)) {
        map_follow(state);
        return true;
    }
    switch (id) {
    case TABLE_OPEN:
        map_open(view);
        return true;
    case TABLE_MARK:
        map_mark(state);
        return true;
    case TABLE_FILTER:
    case TABLE_FILTER_CLEAR:
    case TABLE_MARK_ALL:
    case TABLE_MARK_INVERT:
    case TABLE_MARK_CLEAR:
    case TABLE_COPY:
    case TABLE_SAVE:
    case TABLE_PIPE:
        return false;
    default: /* columns and the order of rows are the list's alone */
        return id > TABLE_ACTIONS && id < TABLE_ACTIONS_END;
    }
}
