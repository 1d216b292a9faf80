#include "views/fleet_config_rows.h"

#include "model/base/hash.h"
#include "model/base/text.h"
#include "model/fleet/config.h"
#include "tui/intl.h"
#include "views/fleet_rows.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { CODES_SHOWN = 12 };

static const struct sheet_column columns[] = {
    {"devices", N_("devices"), CELL_COUNT},   {"kind", N_("kind"), CELL_TEXT},
    {"config", N_("config"), CELL_TEXT},      {"has", N_("has"), CELL_TEXT},
    {"desired", N_("desired"), CELL_TEXT},    {"which", N_("which"), CELL_TEXT},
    {"differs", N_("differs in"), CELL_TEXT},
};

static const struct sheet_column line_columns[] = {{"mark", N_("±"), CELL_TEXT},
                                                   {"line", N_("line"), CELL_TEXT}};

struct slot {
    const struct device *device;
    const char *wanted, *difference, *reason;
    size_t index;
};

static int text_order(const char *a, const char *b)
{
    return !a || !b ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

static int alike(const struct slot *a, const struct slot *b)
{
    int order = strcmp(a->device->kind, b->device->kind);
    if (!order)
        order = (int)a->device->drift - (int)b->device->drift;
    if (!order)
        order = text_order(a->difference, b->difference);
    if (!order)
        order = strcmp(a->reason, b->reason);
    /* Hashes are all different where words are filled in: they say something of drift alone. */
    if (!order && !a->difference && a->device->drift == DRIFT_OTHER)
        order = strcmp(a->device->config, b->device->config);
    return order;
}

static int slot_compare(const void *x, const void *y)
{
    const struct slot *a = x, *b = y;
    int order = alike(a, b);
    return order ? order : a->index < b->index ? -1 : a->index > b->index;
}

/* What wants a look first. */
static int rank(const struct config_row *row)
{
    static const int ranks[DEVICE_DRIFTS] = {[DRIFT_OTHER] = 0,
                                             [DRIFT_QUEUED] = 1,
                                             [DRIFT_UNKNOWN] = 2,
                                             [DRIFT_SAME] = 3,
                                             [DRIFT_NONE] = 4};
    return row->difference && *row->difference ? 0 : ranks[row->first->drift];
}

static int row_compare(const void *x, const void *y)
{
    const struct config_row *a = x, *b = y;
    if (rank(a) != rank(b))
        return rank(a) - rank(b);
    if (a->n != b->n)
        return a->n > b->n ? -1 : 1;
    return a->members[0] < b->members[0] ? -1 : 1;
}

static const struct config_told *told_find(const struct config_told *told, size_t n, uint32_t id)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (told[middle].device == id)
            return &told[middle];
        if (told[middle].device < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const char *first_line(struct arena *arena, const char *difference)
{
    size_t lines = 0, n = strcspn(difference, "\n");
    for (const char *at = difference; *at; at++)
        lines += *at == '\n';
    return lines > 1 ? arena_printf(arena, _("%.*s and %zu more"), (int)n, difference, lines - 1)
                     : arena_printf(arena, "%.*s", (int)n, difference);
}

static const char *which(struct arena *arena, const struct device *devices,
                         const struct config_row *row)
{
    const char *text = "";
    for (size_t i = 0; i < row->n && i < CODES_SHOWN; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? " " : "", devices[row->members[i]].code);
    return row->n > CODES_SHOWN ? arena_printf(arena, "%s …", text) : text;
}

/* What was just compared is newer than what was kept. */
static const char *sign(const struct config_row *row)
{
    if (row->difference && row->first->drift != DRIFT_NONE && row->first->drift != DRIFT_QUEUED)
        return *row->difference ? fleet_drift_text(DRIFT_OTHER) : fleet_drift_text(DRIFT_SAME);
    return fleet_drift_text(row->first->drift);
}

static struct cell known(const char *text)
{
    return cell_text(text && *text ? text : NULL);
}

/* The beginning of a hash that all of them share. */
static const char *hash_text(struct arena *arena, const struct device *devices,
                             const struct config_row *row, size_t field)
{
    const char *first = *(const char *const *)((const char *)row->first + field);
    for (size_t i = 0; i < row->n; i++)
        if (strcmp(*(const char *const *)((const char *)&devices[row->members[i]] + field),
                   first) != 0)
            return _("several");
    return arena_printf(arena, "%.6s", first);
}

static void row_show(struct arena *arena, struct cell *cells, const struct device *devices,
                     const struct config_row *row)
{
    cells[0] = cell_integer((int64_t)row->n);
    cells[1] = known(row->first->kind);
    cells[2] = known(sign(row));
    cells[3] = known(hash_text(arena, devices, row, offsetof(struct device, config)));
    cells[4] = known(hash_text(arena, devices, row, offsetof(struct device, wanted)));
    cells[5] = known(which(arena, devices, row));
    cells[6] = known(row->difference ? first_line(arena, row->difference) : row->reason);
}

static struct slot *slots_make(struct arena *arena, const struct device *devices, size_t n,
                               const char *const *wanted, const struct config_told *told,
                               size_t n_told)
{
    struct slot *slots = arena_array(arena, struct slot, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct config_told *one = told_find(told, n_told, devices[i].id);
        bool compared = one && one->good && wanted[i];
        slots[i] = (struct slot){
            .device = &devices[i],
            .wanted = wanted[i],
            .difference = compared ? config_difference(arena, one->text, one->n, wanted[i]) : NULL,
            .reason = one && !one->good ? one->text : "",
            .index = i};
    }
    if (n)
        qsort(slots, n, sizeof *slots, slot_compare);
    return slots;
}

struct config_rows *config_rows_make(struct arena *arena, const struct device *devices, size_t n,
                                     const char *const *wanted, const struct config_told *told,
                                     size_t n_told)
{
    struct config_rows *made = arena_new_of(arena, struct config_rows);
    struct slot *slots = slots_make(arena, devices, n, wanted, told, n_told);
    struct config_row *rows = arena_array(arena, struct config_row, n + 1);
    size_t *members = arena_array(arena, size_t, n + 1), found = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || alike(&slots[i - 1], &slots[i]) != 0)
            rows[found++] = (struct config_row){
                slots[i].device, slots[i].wanted, slots[i].difference, slots[i].reason, 0,
                members + i};
        members[i] = slots[i].index;
        rows[found - 1].n++;
    }
    if (found)
        qsort(rows, found, sizeof *rows, row_compare);
    made->sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    made->keys = arena_array(arena, uint64_t, found + 1);
    made->rows = rows;
    made->n = found;
    for (size_t i = 0; i < found; i++) {
        made->keys[i] = devices[rows[i].members[0]].id;
        row_show(arena, sheet_row_add(made->sheet), devices, &rows[i]);
    }
    return made;
}

struct sheet *config_row_lines(struct arena *arena, const struct config_row *row)
{
    struct sheet *sheet = sheet_new(arena, line_columns, 2);
    bool difference = row->difference && *row->difference;
    const char *text = difference ? row->difference : row->wanted ? row->wanted : "";
    if (*row->reason) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text("!");
        cells[1] = cell_text(row->reason);
    }
    while (*text) {
        size_t n = strcspn(text, "\n");
        struct cell *cells = sheet_row_add(sheet);
        bool marked = difference && n > 0;
        cells[0] = cell_text(marked ? arena_strndup(arena, text, 1) : "");
        cells[1] = cell_text(arena_strndup(arena, text + marked, n - marked));
        text += n + (text[n] == '\n');
    }
    return sheet;
}
