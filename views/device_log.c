/* The end of a device's log; its argument is the device's code. */
#include "model/fleet/clean.h"
#include "views/actions.h"
#include "views/device_find.h"
#include "views/fleet_desk.h"
#include "views/fleet_rows.h"
#include "views/list.h"
#include "views/screens.h"

#include <string.h>

enum { LINES = 1000, BYTES_MOST = 512 << 10 };

struct log_state {
    struct list list;
    struct desk_work *work; /* NULL: none yet */
    struct arena *arena;
    struct sheet *lines;
    bool begun;
};

static const struct sheet_column columns[] = {{"line", N_("line"), CELL_TEXT}};

static bool log_ended(const struct log_state *state)
{
    return state->work && !fleet_work_left(desk_work_of(state->work));
}

static const struct fleet_result *log_result(const struct log_state *state)
{
    size_t n;
    return fleet_work_results(desk_work_of(state->work), &n);
}

static bool log_good(const struct fleet_result *result)
{
    return result->job.state == DEVICE_OK && result->output.exit_status == 0;
}

static void log_show(struct log_state *state)
{
    const struct fleet_result *result = log_result(state);
    struct arena *before = state->arena;
    state->arena = arena_new();
    state->lines = sheet_new(state->arena, columns, 1);
    char *text =
        device_clean(state->arena, result->output.bytes, result->output.n, BYTES_MOST, true, NULL);
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        sheet_row_add(state->lines)[0] = cell_text(line);
    }
    list_show(&state->list, state->lines, NULL);
    if (state->lines->n_rows)
        table_select_row(state->list.table, (int64_t)state->lines->n_rows - 1);
    arena_free(before);
}

static void work_changed(void *context, bool kept)
{
    struct view *view = context;
    struct log_state *state = view->state;
    (void)kept;
    if (log_ended(state) && log_good(log_result(state)))
        log_show(state);
    console_redraw(view->console);
}

static void log_begin(struct view *view)
{
    struct log_state *state = view->state;
    const struct device *device = view_answer(view, 0);
    char verb[32];
    if (!device || (state->work && !log_ended(state)))
        return;
    snprintf(verb, sizeof verb, "log %d", LINES);
    desk_work_leave(state->work);
    struct fleet_work_options how = {.verb = verb, .most = BYTES_MOST};
    state->work = desk_work_begin(view->console->desk, device, 1, &how, work_changed, view);
}

static void log_open(struct view *view)
{
    struct log_state *state = view->state;
    list_begin(&state->list, view, "device-log", _("lines"));
    device_find(view);
}

static void log_close(struct view *view)
{
    struct log_state *state = view->state;
    desk_work_leave(state->work);
    list_end(&state->list);
    arena_free(state->arena);
}

static void log_answered(struct view *view, int slot)
{
    struct log_state *state = view->state;
    if (!view_answer(view, slot) || state->begun)
        return;
    state->begun = true;
    log_begin(view);
}

static void log_draw(struct view *view, struct area area)
{
    struct log_state *state = view->state;
    struct arena *arena = arena_new();
    if (view_problem(view, 0)) {
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, 0));
    } else if (log_ended(state) && !log_good(log_result(state))) {
        const struct fleet_job *job = &log_result(state)->job;
        const struct fleet_output *output = &log_result(state)->output;
        const char *said =
            output->n ? device_clean(arena, output->bytes, output->n, 1000, true, NULL) : "";
        const char *why =
            job->state == DEVICE_OK
                ? arena_printf(arena, _("exit status %d: %s"), output->exit_status, said)
                : arena_printf(arena, _("%s in %s: %s"), fleet_state_text(arena, job->state),
                               fleet_phase_text(fleet_phase_names[job->phase]), job->reason);
        area_cut_top(&area, draw_wrapped(area, 0, ROLE_ERROR, why));
    } else if (!state->lines) {
        draw_text(area, 0, 0, ROLE_DIM,
                  state->work || !state->begun ? _("asking the device …") : _("it was not asked"));
    }
    if (state->lines)
        list_draw(&state->list, area, true);
    arena_free(arena);
}

static bool log_key(struct view *view, uint32_t key)
{
    return list_key(&((struct log_state *)view->state)->list, key);
}

static bool log_action(struct view *view, int id, const char *argument)
{
    if (id == ACTION_REFRESH)
        log_begin(view);
    return id != ACTION_REFRESH &&
           list_action(&((struct log_state *)view->state)->list, id, argument);
}

static const char *log_subtitle(struct view *view)
{
    return view->argument;
}

const struct view_ops view_device_log = {
    .name = "device-log",
    .title = N_("Log"),
    .about = N_("The last 1000 lines of a device's log. / filters them by a pattern, Ctrl-r asks "
                "for them anew, e writes them to a file."),
    .rights = RIGHT_DEVICES,
    .size = sizeof(struct log_state),
    .open = log_open,
    .close = log_close,
    .draw = log_draw,
    .action = log_action,
    .key = log_key,
    .answered = log_answered,
    .subtitle = log_subtitle,
};
