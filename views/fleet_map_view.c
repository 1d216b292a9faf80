#include "views/fleet_map_view.h"

#include "model/base/vec.h"
#include "model/fleet/clean.h"
#include "tui/intl.h"
#include "views/fleet_rows.h"

#include <stdlib.h>
#include <string.h>

enum { WHEEL_ROWS = 3, ZONE_MOST = 400 };

enum status map_zones_read(struct reader *reader, struct arena *arena, const struct map_zone **out,
                           size_t *n, struct error *err)
{
    VEC(struct map_zone) zones = {0};
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status =
        reader_prepare(reader, "select code, name, floor from zone order by code", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        const char *texts[3];
        for (int k = 0; k < 3; k++)
            texts[k] = device_clean(arena, (const char *)sqlite3_column_text(stmt, k),
                                    (size_t)sqlite3_column_bytes(stmt, k), ZONE_MOST, false, NULL);
        vec_push(&zones, ((struct map_zone){texts[0], texts[1], texts[2]}));
    }
    struct map_zone *kept = arena_array(arena, struct map_zone, zones.n + 1);
    for (size_t i = 0; i < zones.n; i++)
        kept[i] = zones.at[i];
    *out = kept;
    *n = zones.n;
    vec_free(&zones);
    return status;
}

void map_view_free(struct map_view *view)
{
    arena_free(view->arena);
    free(view->floor);
    free(view->zone);
}

/* ---- The cursor ---- */

static void keep(struct map_view *view, size_t at)
{
    const struct map_item *item = &view->map->items[at];
    view->at = at;
    view->placed = true;
    view->kind = item->kind;
    view->device = item->kind == MAP_DEVICE ? view->map->devices[item->first].id : 0;
    free(view->floor);
    free(view->zone);
    view->floor = mem_strdup(item->floor);
    view->zone = mem_strdup(item->zone);
}

void map_view_go(struct map_view *view, uint32_t device)
{
    view->kind = MAP_DEVICE;
    view->device = device;
    view->placed = true;
}

static bool is_here(const struct map_view *view, const struct map_item *item)
{
    if (item->kind != view->kind)
        return false;
    if (item->kind == MAP_DEVICE)
        return view->map->devices[item->first].id == view->device;
    return view->floor && strcmp(item->floor, view->floor) == 0 &&
           (item->kind == MAP_FLOOR || strcmp(item->zone, view->zone) == 0);
}

/* Where a device has no sign of its own, its zone is meant. */
static bool holds(const struct map_view *view, const struct map_item *item)
{
    for (size_t i = 0; i < item->n && item->kind == MAP_ZONE; i++)
        if (view->map->devices[item->first + i].id == view->device)
            return true;
    return false;
}

static void cursor_find(struct map_view *view)
{
    const struct fleet_map *map = view->map;
    size_t at = view->at < map->n ? view->at : map->n ? map->n - 1 : 0;
    bool found = false;
    if (!map->n)
        return;
    for (size_t i = 0; i < map->n && !found && view->placed; i++)
        if ((found = is_here(view, &map->items[i])))
            at = i;
    for (size_t i = 0; i < map->n && !found && view->placed && view->kind == MAP_DEVICE; i++)
        if ((found = holds(view, &map->items[i])))
            at = i;
    if (!found && !view->placed)
        at = 0;
    if (found && view->kind == map->items[at].kind)
        view->at = at;
    else if (!found)
        keep(view, at);
    else
        view->at = at; /* the device stays meant: its sign may come back */
}

const struct map_item *map_view_item(const struct map_view *view)
{
    return view->map && view->at < view->map->n ? &view->map->items[view->at] : NULL;
}

const struct device *map_view_device(const struct map_view *view)
{
    const struct map_item *item = map_view_item(view);
    return item && item->n ? &view->map->devices[item->first] : NULL;
}

bool map_view_move(struct map_view *view, int id)
{
    int rows = 0, cols = 0, page = view->page > 1 ? view->page - 1 : 1;
    switch (id) {
    case TABLE_UP:
    case TABLE_DOWN:
        rows = id == TABLE_UP ? -1 : 1;
        break;
    case TABLE_PAGE_UP:
    case TABLE_PAGE_DOWN:
        rows = id == TABLE_PAGE_UP ? -page : page;
        break;
    case TABLE_LEFT:
    case TABLE_RIGHT:
        cols = id == TABLE_LEFT ? -1 : 1;
        break;
    case TABLE_TOP:
    case TABLE_BOTTOM:
        break;
    default:
        return false;
    }
    if (!map_view_item(view))
        return true;
    if (id == TABLE_TOP || id == TABLE_BOTTOM)
        keep(view, id == TABLE_TOP ? 0 : view->map->n - 1);
    else
        keep(view, fleet_map_step(view->map, view->at, rows, cols));
    return true;
}

bool map_view_mouse(struct map_view *view, const struct loop_mouse *mouse)
{
    int row = mouse->row - view->area.row, col = mouse->col - view->area.col;
    if (!map_view_item(view) || !mouse->pressed)
        return false;
    if (mouse->button == 4 || mouse->button == 5) {
        keep(view,
             fleet_map_step(view->map, view->at, mouse->button == 4 ? -WHEEL_ROWS : WHEEL_ROWS, 0));
        return true;
    }
    if (row < 0 || row >= view->page || col < 0)
        return false;
    for (size_t i = 0; i < view->map->n; i++) {
        const struct map_item *item = &view->map->items[i];
        if (item->row == view->top + row && col >= item->col && col < item->col + item->cells) {
            keep(view, i);
            return true;
        }
    }
    return false;
}

/* ---- Drawing ---- */

/* That of the worst state there is. */
static enum role counts_role(const struct fleet_map *map, const struct map_item *item)
{
    static const enum role by_weight[] = {ROLE_ERROR, ROLE_WARN, ROLE_DIM, ROLE_UP};
    enum { WEIGHTS = sizeof by_weight / sizeof *by_weight };
    size_t worst = WEIGHTS - 1;
    for (size_t i = 0; i < item->n; i++)
        for (size_t k = 0; k < worst; k++)
            if (fleet_state_role(map->devices[item->first + i].state) == by_weight[k])
                worst = k;
    return by_weight[worst];
}

static void item_draw(const struct map_view *view, struct area area, const struct map_data *data,
                      const struct map_item *item)
{
    int row = item->row - view->top;
    if (item->kind == MAP_DEVICE) {
        const struct device *d = &view->map->devices[item->first];
        draw_text(area, row, item->col, fleet_state_role(d->state), fleet_state_sign(d->state));
        if (data->marks && table_is_marked(data->marks, d->id))
            draw_mark(area, row, item->col, 1, ROLE_MARKED);
        return;
    }
    draw_field(area, row, item->col, item->cells, -1,
               item->kind == MAP_FLOOR ? ROLE_ACCENT
               : item->n               ? ROLE_TITLE
                                       : ROLE_DIM,
               item->title);
    if (*item->counts)
        draw_field(area, row, item->counts_col, item->counts_cells,
                   item->kind == MAP_FLOOR ? 1 : -1, counts_role(view->map, item), item->counts);
}

/* The cursor stays in sight, and as little as possible moves. */
static void scroll(struct map_view *view)
{
    const struct map_item *item = map_view_item(view);
    int most = view->map->rows > view->page ? view->map->rows - view->page : 0;
    if (item && item->row < view->top)
        view->top = item->row;
    if (item && item->row >= view->top + view->page)
        view->top = item->row - view->page + 1;
    view->top = view->top > most ? most : view->top;
    view->top = view->top < 0 ? 0 : view->top;
}

void map_view_draw(struct map_view *view, struct area area, const struct map_data *data, bool focus)
{
    struct arena *before = view->arena;
    struct area inner = area_part(area, 0, 0, area.rows, area.cols - 1);
    view->arena = arena_new();
    view->area = inner;
    view->page = inner.rows > 0 ? inner.rows : 1;
    view->map = fleet_map_make(view->arena, data->devices, data->n, data->zones, data->n_zones,
                               inner.cols, view->page);
    arena_free(before);
    cursor_find(view);
    scroll(view);
    for (size_t i = 0; i < view->map->n; i++) {
        const struct map_item *item = &view->map->items[i];
        if (item->row >= view->top && item->row < view->top + view->page)
            item_draw(view, inner, data, item);
    }
    const struct map_item *here = map_view_item(view);
    if (here) {
        draw_mark(inner, here->row - view->top, here->col, here->cells, ROLE_SELECTED);
        if (focus)
            draw_cursor(inner, here->row - view->top, here->col);
    }
    if (view->top + view->page < view->map->rows)
        draw_below(inner, ROLE_DIM);
}

const char *map_item_text(struct arena *arena, const struct fleet_map *map,
                          const struct map_item *item)
{
    const char *floor = *item->floor ? arena_printf(arena, _("floor %s"), item->floor) : "";
    const char *zone =
        arena_printf(arena, "%s%s%s", item->zone, *item->name ? " " : "", item->name);
    const char *place = arena_printf(arena, "%s%s%s", zone, *zone && *floor ? ", " : "", floor);
    if (item->kind == MAP_DEVICE)
        return place;
    if (!*place)
        place = _("(none)");
    const char *count =
        arena_printf(arena, ngettext("%zu device", "%zu devices", item->n), item->n);
    return arena_printf(arena, "%s: %s  %s", place, count,
                        fleet_counts_text(arena, map->devices + item->first, item->n, false));
}
