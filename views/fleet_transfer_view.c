/* The screen of files and configurations on their way. */
#include "model/base/text.h"
#include "views/actions.h"
#include "views/fleet_rows.h"
#include "views/fleet_transfer_parts.h"
#include "views/list.h"
#include "views/screens.h"

#include <string.h>

struct files_state {
    struct list list;
    struct arena *arena;
    struct sheet *sheet;
};

static const struct sheet_column columns[] = {
    {"device", N_("device"), CELL_TEXT},  {"state", N_("state"), CELL_TEXT},
    {"share", N_("done"), CELL_SHARE},    {"bytes", N_("bytes"), CELL_COUNT},
    {"reason", N_("because"), CELL_TEXT}, {"local", N_("file"), CELL_TEXT},
};

static void row_fill(struct arena *arena, struct cell *cells, const struct fleet_transfer *transfer,
                     const struct transfer_result *result, size_t i)
{
    bool done = result->finished;
    int64_t moved = done ? result->bytes : transfer_moved(transfer->transfer, i);
    const char *way = transfer->cancelled ? _("being cancelled") : _("on its way");
    cells[0] = cell_text(result->device->code);
    cells[1] = cell_text(done ? fleet_state_text(arena, result->job.state) : way);
    if (result->size >= 0)
        cells[2] = cell_share(result->size ? moved : 1, result->size ? result->size : 1);
    cells[3] = cell_integer(moved);
    if (done && result->job.state != DEVICE_OK)
        cells[4] = cell_text(*result->job.reason ? arena_strdup(arena, result->job.reason) : NULL);
    cells[5] = cell_text(*result->local ? result->local : NULL);
}

static void files_show(struct view *view)
{
    struct files_state *state = view->state;
    struct fleet_transfer *transfer = view->console->transfer;
    struct arena *before = state->arena;
    size_t n;
    if (!transfer || !transfer->transfer)
        return;
    state->arena = arena_new();
    state->sheet = sheet_new(state->arena, columns, sizeof columns / sizeof *columns);
    const struct transfer_result *results = transfer_results(transfer->transfer, &n);
    uint64_t *keys = arena_array(state->arena, uint64_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        keys[i] = results[i].device->id;
        row_fill(state->arena, sheet_row_add(state->sheet), transfer, &results[i], i);
    }
    list_show(&state->list, state->sheet, keys);
    arena_free(before);
}

static void files_changed(void *context)
{
    struct view *view = context;
    files_show(view);
    console_redraw(view->console);
}

static enum role cell_role(struct view *view, int64_t row, int column)
{
    const struct fleet_transfer *transfer = view->console->transfer;
    size_t n;
    if (column != 1 || !transfer || !transfer->transfer)
        return ROLE_PLAIN;
    const struct transfer_result *results = transfer_results(transfer->transfer, &n);
    return row < 0 || (size_t)row >= n || !results[row].finished
               ? ROLE_DIM
               : fleet_state_role(results[row].job.state);
}

static void row_open(struct view *view, int64_t row)
{
    const struct fleet_transfer *transfer = view->console->transfer;
    if (transfer && row >= 0 && (size_t)row < transfer->n)
        console_open(view->console, "device", transfer->devices[row].code);
}

static void files_open(struct view *view)
{
    struct files_state *state = view->state;
    struct fleet_transfer *transfer = view->console->transfer;
    list_begin(&state->list, view, "files", _("devices"));
    state->list.role = cell_role;
    state->list.open = row_open;
    if (!transfer)
        return;
    transfer->changed = files_changed;
    transfer->context = view;
    files_show(view);
}

static void files_close(struct view *view)
{
    struct files_state *state = view->state;
    struct fleet_transfer *transfer = view->console->transfer;
    if (transfer && transfer->context == view)
        transfer->changed = NULL;
    list_end(&state->list);
    arena_free(state->arena);
}

/* "2 of 14 devices done, 1 not · 3,100,000 of 8,400,000 bytes" */
static const char *files_text(struct arena *arena, const struct fleet_transfer *transfer)
{
    int64_t moved, total;
    size_t n, done = 0, ok = 0;
    const struct transfer_result *results = transfer_results(transfer->transfer, &n);
    for (size_t i = 0; i < n; i++) {
        done += results[i].finished;
        ok += results[i].finished && results[i].job.state == DEVICE_OK;
    }
    transfer_progress(transfer->transfer, &moved, &total);
    const char *text = arena_printf(arena, _("%zu of %zu devices done"), ok, n);
    if (done > ok)
        text = arena_printf(arena, _("%s, %zu not"), text, done - ok);
    if (total)
        text = arena_printf(arena, _("%s · %s of %s bytes"), text, text_count(arena, moved),
                            text_count(arena, total));
    return transfer->cancelled ? arena_printf(arena, "%s · %s", text, _("cancelled")) : text;
}

static void files_draw(struct view *view, struct area area)
{
    struct files_state *state = view->state;
    struct fleet_transfer *transfer = view->console->transfer;
    struct arena *arena = arena_new();
    if (!transfer) {
        draw_wrapped(area, 0, ROLE_DIM,
                     _("No files are on their way. p on a device's page puts one there, d gets "
                       "one."));
    } else {
        struct area top = area_cut_top(&area, 1);
        const char *act = strcmp(transfer->act, "put") == 0   ? _("put")
                          : strcmp(transfer->act, "get") == 0 ? _("get")
                                                              : _("config");
        int at = draw_printf(top, 0, 0, ROLE_ACCENT, "%s ", act);
        if (transfer->options.kind != TRANSFER_CONFIG)
            draw_field(top, 0, at, top.cols - at, -1, ROLE_STRONG, transfer->detail);
        else
            draw_field(top, 0, at, top.cols - at, -1, ROLE_STRONG, _("what is desired of each"));
        struct area line = area_cut_top(&area, 1);
        draw_field(line, 0, 0, line.cols, -1, transfer->transfer ? ROLE_PLAIN : ROLE_DIM,
                   transfer->transfer ? files_text(arena, transfer)
                   : transfer->asked  ? _("beginning …")
                                      : _("it did not begin"));
        if (state->sheet)
            list_draw(&state->list, area, true);
    }
    arena_free(arena);
}

static bool files_key(struct view *view, uint32_t key)
{
    return list_key(&((struct files_state *)view->state)->list, key);
}

static bool files_action(struct view *view, int id, const char *argument)
{
    struct fleet_transfer *transfer = view->console->transfer;
    if (id != ACTION_FILES_CANCEL)
        return list_action(&((struct files_state *)view->state)->list, id, argument);
    if (!fleet_transfer_left(transfer)) {
        console_say(view->console, "%s", _("nothing is on its way any more"));
        return true;
    }
    transfer->cancelled = true;
    if (transfer->transfer)
        transfer_cancel(transfer->transfer);
    files_show(view);
    return true;
}

const struct view_ops view_fleet_transfer = {
    .name = "files",
    .title = N_("Files"),
    .about = N_("Files on their way to devices or from them, and configurations being applied. "
                "It goes on while other screens are looked at. What was cut is gone on with the "
                "next time; a name is given only to what has the right SHA-256. c cancels, "
                "Enter opens the device."),
    .rights = RIGHT_DEVICES | RIGHT_DEVICES_EDIT,
    .size = sizeof(struct files_state),
    .open = files_open,
    .close = files_close,
    .draw = files_draw,
    .action = files_action,
    .key = files_key,
};
