#include "views/rollout_text.h"

#include "tui/intl.h"
#include "views/fleet_rows.h"

#include <stdlib.h>
#include <string.h>

enum { FLOORS_SHOWN = 12 };

static int floor_compare(const void *a, const void *b)
{
    const char *left = *(const char *const *)a, *right = *(const char *const *)b;
    size_t short_n = strlen(left), long_n = strlen(right);
    if (short_n != long_n)
        return short_n < long_n ? -1 : 1;
    return strcmp(left, right);
}

/* "1, 2, B1"; "" where no device has one. */
static const char *floors_text(struct arena *arena, const struct device *devices, size_t n)
{
    const char **floors = arena_array(arena, const char *, n + 1);
    size_t found = 0, shown = 0;
    const char *text = "", *last = "";
    for (size_t i = 0; i < n; i++)
        if (*devices[i].floor)
            floors[found++] = devices[i].floor;
    qsort(floors, found, sizeof *floors, floor_compare);
    for (size_t i = 0; i < found; i++) {
        if (strcmp(floors[i], last) == 0)
            continue;
        last = floors[i];
        if (++shown > FLOORS_SHOWN)
            return arena_printf(arena, "%s, …", text);
        text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", last);
    }
    return text;
}

const char *rollout_reach_text(struct arena *arena, const struct device *devices, size_t n)
{
    const char *floors = floors_text(arena, devices, n);
    const char *text = arena_printf(arena, ngettext("%zu device: %s", "%zu devices: %s", n), n,
                                    fleet_kinds_text(arena, devices, n));
    return *floors ? arena_printf(arena, _("%s; floors %s"), text, floors) : text;
}

const struct device *rollout_device_of(const struct device *all, size_t n, uint32_t id)
{
    for (size_t i = 0; i < n; i++)
        if (all[i].id == id)
            return &all[i];
    return NULL;
}

const struct device *rollout_reach_devices(struct arena *arena, enum rollout_verb verb,
                                           const struct rollout_row *rows, size_t n,
                                           const struct device *all, size_t n_all, size_t *reach)
{
    struct device *devices = arena_array(arena, struct device, n + 1);
    *reach = 0;
    for (size_t i = 0; i < n; i++) {
        const struct device *device = rollout_device_of(all, n_all, rows[i].device);
        if (device && rollout_reach(verb, &rows[i], 1))
            devices[(*reach)++] = *device;
    }
    return devices;
}

const char *rollout_wave_name(struct arena *arena, const struct rollout *rollout, int wave)
{
    if (wave == 0 && rollout->canary > 0)
        return _("canary");
    return arena_printf(arena, _("wave %d"), wave + (rollout->canary > 0 ? 0 : 1));
}
