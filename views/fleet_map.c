#include "views/fleet_map.h"

#include "model/base/vec.h"
#include "model/question/filter.h"
#include "tui/intl.h"
#include "tui/text.h"
#include "views/fleet_rows.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    COLUMN_LEAST = 14, /* cells of a zone, the gap behind it included */
    WIDE_FROM = 60,
    LABEL_MOST = 8,
    CODE_MOST = 8,
    SCREENS_MOST = 3,
    DIGITS_MOST = 4
};

/* ---- The order of floors and zones ---- */

bool floor_level(const char *name, int *level)
{
    const char *at = name;
    bool below = *at == 'B' || *at == 'b' || *at == '-';
    if ((*at == 'G' || *at == 'g') && !at[1]) {
        *level = 0;
        return true;
    }
    if (below || *at == 'F' || *at == 'f' || *at == 'L' || *at == 'l')
        at++;
    size_t digits = strspn(at, "0123456789");
    const char *rest = at + digits;
    if (!digits || digits > DIGITS_MOST ||
        (*rest && (toupper((unsigned char)*rest) != 'F' || rest[1])))
        return false;
    *level = (int)strtol(at, NULL, 10) * (below ? -1 : 1);
    return true;
}

static int floor_compare(const char *a, const char *b)
{
    int left = 0, right = 0;
    bool has_left = floor_level(a, &left), has_right = floor_level(b, &right);
    if (has_left != has_right)
        return has_left ? -1 : 1;
    if (left != right)
        return left > right ? -1 : 1;
    if (!*a != !*b)
        return *a ? -1 : 1;
    return strcmp(a, b);
}

static int place_compare(const char *floor_a, const char *zone_a, const char *floor_b,
                         const char *zone_b)
{
    int by_floor = floor_compare(floor_a, floor_b);
    if (by_floor)
        return by_floor;
    if (!*zone_a != !*zone_b)
        return *zone_a ? -1 : 1;
    int by_zone = version_compare(zone_a, zone_b);
    return by_zone ? by_zone : strcmp(zone_a, zone_b);
}

static int device_compare(const void *a, const void *b)
{
    const struct device *left = *(const struct device *const *)a;
    const struct device *right = *(const struct device *const *)b;
    int by_place = place_compare(left->floor, left->zone, right->floor, right->zone);
    return by_place ? by_place : strcmp(left->code, right->code);
}

struct place {
    const char *floor, *zone, *name;
    size_t first, n;
};

static int places_compare(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    return place_compare(left->floor, left->zone, right->floor, right->zone);
}

static const struct device *devices_sorted(struct arena *arena, const struct device *devices,
                                           size_t n)
{
    const struct device **order = arena_array(arena, const struct device *, n + 1);
    struct device *sorted = arena_array(arena, struct device, n + 1);
    for (size_t i = 0; i < n; i++)
        order[i] = &devices[i];
    if (n)
        qsort(order, n, sizeof *order, device_compare);
    for (size_t i = 0; i < n; i++)
        sorted[i] = *order[i];
    return sorted;
}

static const char *zone_title(const struct map_zone *zones, size_t n, const char *code)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(zones[i].code, code) == 0)
            return zones[i].name;
    return "";
}

/* Those that devices are in, and the empty zones of the same floors. */
static struct place *places_find(struct arena *arena, const struct device *sorted, size_t n,
                                 const struct map_zone *zones, size_t n_zones, size_t *found)
{
    struct place *places = arena_array(arena, struct place, n + n_zones + 1);
    size_t taken = 0;
    for (size_t i = 0; i < n; i++) {
        const struct device *d = &sorted[i];
        if (!taken || strcmp(places[taken - 1].floor, d->floor) != 0 ||
            strcmp(places[taken - 1].zone, d->zone) != 0)
            places[taken++] =
                (struct place){d->floor, d->zone, zone_title(zones, n_zones, d->zone), i, 0};
        places[taken - 1].n++;
    }
    size_t with = taken;
    for (size_t z = 0; z < n_zones; z++) {
        bool floor = false, there = false;
        for (size_t p = 0; p < with && !there; p++) {
            bool same = strcmp(places[p].floor, zones[z].floor) == 0;
            floor |= same;
            there = same && strcmp(places[p].zone, zones[z].code) == 0;
        }
        if (floor && !there)
            places[taken++] = (struct place){zones[z].floor, zones[z].code, zones[z].name, n, 0};
    }
    if (taken)
        qsort(places, taken, sizeof *places, places_compare);
    *found = taken;
    return places;
}

/* ---- Where things stand ---- */

struct making {
    struct arena *arena;
    const struct device *devices;
    const struct place *places;
    size_t n_places;
    enum map_form form;
    bool wide;              /* the floor's name and counts stand beside its zones, not above */
    int gap, pitch;         /* empty rows between floors; cells from sign to sign */
    int cols, left, counts; /* cells at the left and at the right end */
    int columns, width;     /* of zones */
    int code;               /* cells of a zone's code, with the gap behind it */
    VEC(struct map_item) items;
};

static size_t floor_end(const struct making *m, size_t p)
{
    const char *floor = m->places[p].floor;
    while (p < m->n_places && strcmp(m->places[p].floor, floor) == 0)
        p++;
    return p;
}

static const char *counts_of(const struct making *m, const struct place *place, size_t n)
{
    return fleet_counts_text(m->arena, m->devices + place->first, n, true);
}

/* The devices of a floor follow each other, the empty zones between them have none. */
static struct place floor_whole(const struct making *m, size_t from, size_t to)
{
    struct place whole = {.floor = m->places[from].floor, .first = SIZE_MAX};
    for (size_t p = from; p < to; p++) {
        const struct place *place = &m->places[p];
        if (place->n && place->first < whole.first)
            whole.first = place->first;
        whole.n += place->n;
    }
    return whole;
}

static int cells_most(int cells, const char *text)
{
    int its = text_cells(text);
    return its > cells ? its : cells;
}

static const char *name_or_none(const char *name)
{
    return *name ? name : _("(none)");
}

static void widths_find(struct making *m)
{
    int label = 0, zones = 1, count = 0;
    for (size_t p = 0, to; p < m->n_places; p = to) {
        to = floor_end(m, p);
        struct place whole = floor_whole(m, p, to);
        label = cells_most(label, name_or_none(whole.floor));
        m->counts = cells_most(m->counts, counts_of(m, &whole, whole.n));
        zones = to - p > (size_t)zones ? (int)(to - p) : zones;
    }
    for (size_t p = 0; p < m->n_places; p++) {
        m->code = cells_most(m->code, name_or_none(m->places[p].zone));
        count = cells_most(count, counts_of(m, &m->places[p], m->places[p].n));
    }
    m->code = (m->code > CODE_MOST ? CODE_MOST : m->code) + 1;
    m->left = m->wide ? (label > LABEL_MOST ? LABEL_MOST : label) + 2 : 1;
    int most = m->wide ? m->cols / 3 : m->cols * 3 / 4;
    m->counts = m->counts > most ? most : m->counts;
    int room = m->cols - m->left - (m->wide ? m->counts + 1 : 0);
    int least = m->form == MAP_COUNTED ? m->code + count + 2 : COLUMN_LEAST;
    m->columns = room / least < 1 ? 1 : room / least > zones ? zones : room / least;
    m->width = room / m->columns;
}

static int signs_place(struct making *m, const struct map_item *zone, int row, int col, int width)
{
    struct map_item item = *zone;
    item.kind = MAP_DEVICE;
    item.cells = 1;
    item.counts = "";
    item.n = 1;
    int a_row = (width + m->pitch - 1) / m->pitch;
    for (size_t i = 0; i < zone->n; i++) {
        item.row = row + (int)i / a_row;
        item.col = col + (int)i % a_row * m->pitch;
        item.first = zone->first + i;
        vec_push(&m->items, item);
    }
    return ((int)zone->n + a_row - 1) / a_row;
}

/* Returns how many rows it takes. */
static int zone_place(struct making *m, const struct place *place, int row, int col)
{
    bool titled = m->form == MAP_TITLED, counted = m->form == MAP_COUNTED;
    const char *code = name_or_none(place->zone);
    int inner = m->width > 2 ? m->width - 2 : 1;
    int code_cells = m->code < inner ? m->code : inner;
    struct map_item item = {
        .kind = MAP_ZONE,
        .row = row,
        .col = col,
        .floor = place->floor,
        .zone = place->zone,
        .name = place->name,
        .title = titled && *place->name ? arena_printf(m->arena, "%s %s", code, place->name) : code,
        .counts = counted ? counts_of(m, place, place->n) : "",
        .counts_col = col + code_cells,
        .counts_cells = inner - code_cells,
        .first = place->first,
        .n = place->n,
    };
    item.cells = text_cells(item.title);
    int most = titled ? inner : code_cells > 1 ? code_cells - 1 : 1;
    item.cells = item.cells > most ? most : item.cells;
    vec_push(&m->items, item);
    if (counted)
        return 1;
    if (titled)
        return 1 + signs_place(m, &item, row + 1, col, inner);
    int rows =
        signs_place(m, &item, row, col + code_cells, inner > code_cells ? inner - code_cells : 1);
    return rows ? rows : 1;
}

/* A floor and its zones, as many beside each other as there are columns. Returns the row below. */
static int floor_place(struct making *m, size_t from, size_t to, int row)
{
    struct place whole = floor_whole(m, from, to);
    const char *name = name_or_none(whole.floor);
    struct map_item item = {
        .kind = MAP_FLOOR,
        .row = row,
        .floor = whole.floor,
        .zone = "",
        .name = "",
        .title = m->wide ? name : arena_printf(m->arena, _("floor %s"), name),
        .counts = counts_of(m, &whole, whole.n),
        .counts_col = m->cols - m->counts,
        .counts_cells = m->counts,
        .first = whole.first,
        .n = whole.n,
    };
    int most = m->wide ? m->left - 2 : m->cols - m->counts - 1;
    item.cells = text_cells(item.title);
    item.cells = item.cells > most ? most : item.cells;
    vec_push(&m->items, item);
    row += !m->wide;
    for (size_t p = from; p < to; p += (size_t)m->columns) {
        int rows = 1;
        for (size_t k = p; k < to && k < p + (size_t)m->columns; k++) {
            int its = zone_place(m, &m->places[k], row, m->left + (int)(k - p) * m->width);
            rows = its > rows ? its : rows;
        }
        row += rows;
    }
    return row;
}

static int item_compare(const void *a, const void *b)
{
    const struct map_item *left = a, *right = b;
    return left->row != right->row ? left->row - right->row : left->col - right->col;
}

static const struct fleet_map *form_make(struct making m)
{
    struct fleet_map *map = arena_new_of(m.arena, struct fleet_map);
    widths_find(&m);
    for (size_t p = 0, to; p < m.n_places; p = to) {
        to = floor_end(&m, p);
        map->rows = floor_place(&m, p, to, map->rows + (p ? m.gap : 0));
    }
    struct map_item *items = arena_array(m.arena, struct map_item, m.items.n + 1);
    for (size_t i = 0; i < m.items.n; i++)
        items[i] = m.items.at[i];
    map->n = m.items.n;
    if (map->n)
        qsort(items, map->n, sizeof *items, item_compare);
    vec_free(&m.items);
    map->form = m.form;
    map->items = items;
    map->devices = m.devices;
    return map;
}

/* With the floors' names beside or above, whichever is shorter. */
static const struct fleet_map *form_best(struct making m, enum map_form form)
{
    m.form = form;
    const struct fleet_map *above = form_make(m);
    m.wide = m.cols >= WIDE_FROM;
    const struct fleet_map *beside = m.wide ? form_make(m) : above;
    return beside->rows <= above->rows ? beside : above;
}

const struct fleet_map *fleet_map_make(struct arena *arena, const struct device *devices, size_t n,
                                       const struct map_zone *zones, size_t n_zones, int cols,
                                       int height)
{
    struct making m = {.arena = arena, .cols = cols > 1 ? cols : 1, .gap = 1, .pitch = 2};
    m.devices = devices_sorted(arena, devices, n);
    m.places = places_find(arena, m.devices, n, zones, n_zones, &m.n_places);
    const struct fleet_map *signs = form_best(m, MAP_TITLED);
    if (signs->rows <= height)
        return signs;
    m.gap = 0;
    m.pitch = 1;
    signs = form_best(m, MAP_TITLED);
    if (signs->rows <= height)
        return signs;
    signs = form_best(m, MAP_BESIDE);
    if (signs->rows <= height)
        return signs;
    const struct fleet_map *counted = form_best(m, MAP_COUNTED);
    return signs->rows <= SCREENS_MOST * height || signs->rows <= counted->rows ? signs : counted;
}

/* ---- The cursor ---- */

static size_t row_step(const struct fleet_map *map, size_t at, int rows)
{
    const struct map_item *from = &map->items[at];
    size_t best = at;
    int best_row = 0, best_far = INT_MAX;
    for (size_t i = 0; i < map->n; i++) {
        const struct map_item *item = &map->items[i];
        int down = item->row - from->row, far = abs(item->col - from->col);
        if (rows < 0 ? down >= 0 : down <= 0)
            continue;
        /* The row that is nearest to the one wanted, then the column. */
        int off = abs(down - rows);
        if (best == at || off < best_row || (off == best_row && far < best_far)) {
            best = i;
            best_row = off;
            best_far = far;
        }
    }
    return best;
}

size_t fleet_map_step(const struct fleet_map *map, size_t at, int rows, int cols)
{
    if (at >= map->n)
        return at;
    if (rows)
        return row_step(map, at, rows);
    if (cols < 0)
        return at ? at - 1 : at;
    return cols > 0 && at + 1 < map->n ? at + 1 : at;
}
