/* All roll-outs and how far each is. */
#include "views/actions.h"
#include "views/fleet_acts.h"
#include "views/rollout_text.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include "tui/intl.h"

#include <string.h>

static const struct sheet_column columns[] = {
    {"id", N_("roll-out"), CELL_TEXT},     {"version", N_("version"), CELL_TEXT},
    {"state", N_("state"), CELL_TEXT},     {"devices", N_("devices"), CELL_COUNT},
    {"ok", N_("ok"), CELL_COUNT},          {"failed", N_("failed"), CELL_COUNT},
    {"on", N_("on"), CELL_TEXT},           {"author", N_("author"), CELL_TEXT},
    {"started", N_("started"), CELL_TIME}, {"why", N_("why"), CELL_TEXT},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void row_fill(struct sheet *sheet, const struct rollout *r)
{
    struct cell *cells = sheet_row_add(sheet);
    cells[0] = cell_text(r->code);
    cells[1] = cell_text(r->app);
    cells[2] = cell_text(_(rollout_state_names[r->state]));
    cells[3] = cell_integer(r->devices);
    cells[4] = cell_integer(r->ok);
    cells[5] = cell_integer(r->faults);
    cells[6] = cell_text(*r->selection ? r->selection : _("all"));
    cells[7] = cell_text(r->author);
    if (r->started)
        cells[8] = cell_integer(r->started);
    cells[9] = cell_text(*r->why ? r->why : NULL);
}

static void *rollouts_ask(struct reader *reader, struct arena *arena, const void *parameters,
                          struct error *err)
{
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    const struct rollout *rollouts;
    size_t n;
    if (rollout_list(reader, parameters, arena, &rollouts, &n, err) != ST_OK)
        return NULL;
    uint64_t *keys = arena_array(arena, uint64_t, n + 1);
    answer->sheet = sheet_new(arena, columns, COLUMNS);
    answer->open = arena_array(arena, const char *, n + 1);
    answer->screen = "rollout";
    answer->metric = -1;
    answer->keys = keys;
    for (size_t i = 0; i < n; i++) {
        row_fill(answer->sheet, &rollouts[i]);
        answer->open[i] = rollouts[i].code;
        keys[i] = (uint64_t)rollouts[i].id;
    }
    return answer;
}

static void rollouts_refresh(struct view *view)
{
    view_ask(view, 0, _("roll-outs"), rollouts_ask, &view->console->access,
             sizeof view->console->access);
}

static void rollouts_open_view(struct view *view)
{
    sheet_view_open(view, "rollouts", _("roll-outs"));
}

static void rollouts_draw(struct view *view, struct area area)
{
    const struct sheet_answer *answer = view_answer(view, 0);
    if (answer && !answer->sheet->n_rows && !view_problem(view, 0))
        draw_wrapped(area, 0, ROLE_DIM,
                     _("Nothing was rolled out yet. n plans a roll-out: an archive with a version "
                       "of the application, the devices, the waves. v on Fleet does it for the "
                       "devices that are marked or shown there. Then it is approved and started "
                       "on its page."));
    else
        sheet_view_draw(view, area);
}

static bool rollouts_action(struct view *view, int id, const char *argument)
{
    if (id != ACTION_ROLLOUTS_NEW)
        return sheet_view_action(view, id, argument);
    if (fleet_may_change(view->console))
        console_open(view->console, "rollout-form", argument);
    return true;
}

const struct view_ops view_rollouts = {
    .name = "rollouts",
    .title = N_("Roll-outs"),
    .about = N_("Versions of the application that go to devices in waves: what waits for an "
                "approval, what runs, what stopped and why. Enter opens one, n plans one."),
    .rights = RIGHT_DEVICES,
    .size = sizeof(struct sheet_state),
    .open = rollouts_open_view,
    .close = sheet_view_close,
    .refresh = rollouts_refresh,
    .draw = rollouts_draw,
    .action = rollouts_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
};
