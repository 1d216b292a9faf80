/* The map of the floors as a layout: every device has its place, nothing lies over another, and
 * the form follows the room there is. */
#include "views/fleet_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t seed;
static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static void floors_are_levels(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool known;
        int level;
    } cases[] = {
        {"3", true, 3},   {"F3", true, 3},   {"3F", true, 3},      {"L12", true, 12},
        {"B1", true, -1}, {"b2", true, -2},  {"-1", true, -1},     {"G", true, 0},
        {"", false, 0},   {"M", false, 0},   {"3rd", false, 0},    {"一层", false, 0},
        {"B", false, 0},  {"3FF", false, 0}, {"123456", false, 0}, {"G1", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int level = 0;
        assert_int_equal(floor_level(cases[i].name, &level), cases[i].known);
        if (cases[i].known)
            assert_int_equal(level, cases[i].level);
    }
}

static struct device device_at(struct arena *arena, uint32_t id, const char *floor,
                               const char *zone)
{
    return (struct device){.id = id,
                           .code = arena_printf(arena, "D%05u", id),
                           .floor = floor,
                           .zone = zone,
                           .state = (enum device_condition)(id % DEVICE_CONDITIONS)};
}

static void floors_go_from_the_top_down(void **state)
{
    (void)state;
    static const char *const order[] = {"10", "2F", "1", "G", "B1", "B2", "Mezzanine", ""};
    enum { FLOORS = sizeof order / sizeof *order };
    struct arena *arena = arena_new();
    struct device devices[FLOORS];
    for (size_t i = 0; i < FLOORS; i++)
        devices[i] = device_at(arena, (uint32_t)i, order[(i * 3) % FLOORS], "");
    const struct fleet_map *map = fleet_map_make(arena, devices, FLOORS, NULL, 0, 80, 100);
    size_t floors = 0;
    for (size_t i = 0; i < map->n; i++)
        if (map->items[i].kind == MAP_FLOOR)
            assert_string_equal(map->items[i].floor, order[floors++]);
    assert_int_equal(floors, FLOORS);
    arena_free(arena);
}

/* Zones without a device stand where they are, on floors that are shown. */
static void zones_keep_their_place(void **state)
{
    (void)state;
    static const struct map_zone zones[] = {
        {"2-A", "north", "2"}, {"2-B", "south", "2"}, {"3-A", "north", "3"}};
    struct arena *arena = arena_new();
    struct device devices[] = {device_at(arena, 1, "2", "2-B"), device_at(arena, 2, "2", "2-C")};
    const struct fleet_map *map = fleet_map_make(arena, devices, 2, zones, 3, 100, 40);
    static const char *const shown[] = {"2-A north", "2-B south", "2-C"};
    size_t n = 0;
    for (size_t i = 0; i < map->n; i++)
        if (map->items[i].kind == MAP_ZONE)
            assert_string_equal(map->items[i].title, shown[n++]);
    assert_int_equal(n, 3);
    arena_free(arena);
}

/* ---- Any fleet in any room ---- */

static void place_take(char *cells, int cols, int row, int col, int n)
{
    assert_true(row >= 0 && col >= 0 && n > 0);
    assert_true(col + n <= cols);
    for (int c = col; c < col + n; c++) {
        assert_int_equal(cells[row * cols + c], 0);
        cells[row * cols + c] = 1;
    }
}

static void map_check(const struct fleet_map *map, const struct device *given, size_t n, int cols)
{
    char *cells = calloc((size_t)(map->rows + 1) * (size_t)cols, 1);
    size_t signs = 0, by_zone = 0, by_floor = 0;
    unsigned *seen = calloc(n + 1, sizeof *seen);
    for (size_t i = 0; i < map->n; i++) {
        const struct map_item *item = &map->items[i];
        assert_true(item->row < map->rows);
        place_take(cells, cols, item->row, item->col, item->cells);
        if (*item->counts)
            place_take(cells, cols, item->row, item->counts_col, item->counts_cells);
        signs += item->kind == MAP_DEVICE;
        by_zone += item->kind == MAP_ZONE ? item->n : 0;
        by_floor += item->kind == MAP_FLOOR ? item->n : 0;
        for (size_t k = 0; k < item->n; k++) {
            const struct device *d = &map->devices[item->first + k];
            seen[d->id] += item->kind == MAP_ZONE;
            assert_string_equal(d->floor, item->floor);
            if (item->kind != MAP_FLOOR)
                assert_string_equal(d->zone, item->zone);
        }
    }
    assert_int_equal(by_zone, n);
    assert_int_equal(by_floor, n);
    assert_int_equal(signs, map->form == MAP_COUNTED ? 0 : n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(seen[given[i].id], 1);
    free(seen);
    free(cells);
}

/* Down reaches the last row and right the last item, whatever is between. */
static void steps_check(const struct fleet_map *map)
{
    size_t at = 0, next, steps = 0;
    while ((next = fleet_map_step(map, at, 1, 0)) != at) {
        assert_true(map->items[next].row > map->items[at].row);
        at = next;
    }
    assert_int_equal(map->items[at].row, map->items[map->n - 1].row);
    for (at = 0; (next = fleet_map_step(map, at, 0, 1)) != at; at = next)
        steps++;
    assert_int_equal(steps, map->n - 1);
    for (at = map->n - 1; (next = fleet_map_step(map, at, -3, 0)) != at; at = next)
        assert_true(map->items[next].row < map->items[at].row);
    assert_int_equal(map->items[at].row, 0);
}

static void nothing_lies_over_another(void **state)
{
    (void)state;
    static const char *const floors[] = {
        "B1", "1", "2F", "三层", "", "G", "a floor of a long name"};
    static const char *const zones[] = {"A", "2-B", "", "the north wing", "中庭", "10", "9"};
    static const struct map_zone named[] = {
        {"A", "atrium", "1"}, {"2-B", "中央大厅东侧", "2F"}, {"empty", "", "1"}};
    for (uint32_t run = 1; run <= 300; run++) {
        seed = run * 7919;
        struct arena *arena = arena_new();
        size_t n = 1 + random_below(run % 10 ? 120 : 1500);
        int cols = 24 + (int)random_below(180), height = 3 + (int)random_below(60);
        struct device *devices = arena_array(arena, struct device, n);
        for (size_t i = 0; i < n; i++)
            devices[i] =
                device_at(arena, (uint32_t)i, floors[random_below(7)], zones[random_below(7)]);
        const struct fleet_map *map = fleet_map_make(arena, devices, n, named, 3, cols, height);
        map_check(map, devices, n, cols);
        steps_check(map);
        arena_free(arena);
    }
}

static void the_form_follows_the_room(void **state)
{
    (void)state;
    static const char *const floors[] = {"1", "2", "3", "4"};
    static const char *const zones[] = {"A", "B", "C", "D"};
    struct arena *arena = arena_new();
    enum { MOST = 2000 };
    struct device *devices = arena_array(arena, struct device, MOST);
    for (uint32_t i = 0; i < MOST; i++)
        devices[i] = device_at(arena, i, floors[i % 4], zones[i / 4 % 4]);
    assert_int_equal(fleet_map_make(arena, devices, 200, NULL, 0, 199, 50)->form, MAP_TITLED);
    assert_int_equal(fleet_map_make(arena, devices, 200, NULL, 0, 79, 7)->form, MAP_BESIDE);
    assert_int_equal(fleet_map_make(arena, devices, MOST, NULL, 0, 39, 7)->form, MAP_COUNTED);
    const struct fleet_map *none = fleet_map_make(arena, devices, 0, NULL, 0, 80, 20);
    assert_int_equal(none->n, 0);
    assert_int_equal(fleet_map_step(none, 0, 1, 0), 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floors_are_levels),         cmocka_unit_test(floors_go_from_the_top_down),
        cmocka_unit_test(zones_keep_their_place),    cmocka_unit_test(nothing_lies_over_another),
        cmocka_unit_test(the_form_follows_the_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
