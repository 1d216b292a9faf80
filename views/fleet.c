/* The fleet: every device with its state, asked anew while one looks. */
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/config.h"
#include "model/fleet/follow.h"
#include "model/fleet/select.h"
#include "model/segment/language.h"
#include "tui/table_rows.h"
#include "views/actions.h"
#include "views/fleet_acts.h"
#include "views/fleet_config.h"
#include "views/fleet_desk.h"
#include "views/fleet_parts.h"
#include "views/fleet_rows.h"
#include "views/fleet_transfer.h"
#include "views/rollout_line.h"
#include "views/screens.h"
#include "views/session.h"

#include <stdlib.h>
#include <string.h>

enum { POLL_MS = 30000, HISTORY = 100, LONGEST = 4096, ROLLOUT_ON_MOST = 8000 };

static void *fleet_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    struct fleet_answer *answer = arena_new_of(arena, struct fleet_answer);
    const struct config_set *set;
    if (device_list(reader, parameters, arena, NULL, &answer->devices, &answer->n, err) != ST_OK ||
        config_set_read(reader, parameters, arena, &set, err) != ST_OK ||
        rollout_line_read(reader, parameters, arena, &answer->line, err) != ST_OK ||
        map_zones_read(reader, arena, &answer->zones, &answer->n_zones, err) != ST_OK)
        return NULL;
    answer->waiting = config_waiting_of(arena, set, answer->devices, answer->n, true);
    return answer;
}

static void fleet_refresh(struct view *view)
{
    view_ask(view, 0, _("devices"), fleet_ask, &view->console->access,
             sizeof view->console->access);
}

/* ---- Rows ---- */

/* The phase a device is in while it is asked; one that stays in it is named. */
static const char *asking_text(struct arena *arena, void *context, uint32_t device)
{
    struct view *view = context;
    enum fleet_phase phase;
    int64_t seconds;
    if (!desk_asking(view->console->desk, device, &phase, &seconds))
        return NULL;
    if (seconds >= FLEET_HUNG_S && phase != PHASE_QUEUED)
        return arena_printf(arena, _("hung in %s, %s"), fleet_phase_text(fleet_phase_names[phase]),
                            text_duration(arena, seconds));
    return arena_printf(arena, _("asking: %s"), fleet_phase_text(fleet_phase_names[phase]));
}

/* Those that the filter in force selects. A pattern that takes too long selects nothing more. */
static size_t devices_select(const char *filter, const struct fleet_answer *answer,
                             struct device *shown)
{
    struct device_select *select;
    struct error err = {0};
    size_t n = 0;
    bool selected = false;
    if (device_select_new(filter, &select, &err) == ST_OK) {
        int64_t now = time_now();
        for (size_t i = 0; i < answer->n; i++) {
            if (device_selected(select, &answer->devices[i], now, &selected, &err) != ST_OK)
                break;
            if (selected)
                shown[n++] = answer->devices[i];
        }
        device_select_free(select);
    }
    error_clear(&err);
    return n;
}

void fleet_rows_make(struct view *view)
{
    struct fleet_state *state = view->state;
    const struct fleet_answer *answer = view_answer(view, 0);
    struct arena *before = state->rows, *arena;
    if (!answer)
        return;
    state->rows = arena = arena_new();
    struct device *shown = arena_array(arena, struct device, answer->n + 1);
    state->n = devices_select(state->filter, answer, shown);
    state->shown = shown;
    state->keys = NULL;
    if (state->by) {
        state->sheet = fleet_group_sheet(arena, shown, state->n, state->by, &state->groups);
    } else {
        state->sheet = fleet_device_sheet(arena, answer->devices, answer->n, shown, state->n,
                                          time_now(), asking_text, view);
        state->keys = arena_array(arena, uint64_t, state->n + 1);
        for (size_t i = 0; i < state->n; i++)
            state->keys[i] = shown[i].id;
    }
    state->list.name = state->by ? "fleet-groups" : "fleet";
    state->list.noun = state->by ? _("device groups") : _("devices");
    list_show(&state->list, state->sheet, state->keys);
    arena_free(before);
    console_redraw(view->console);
}

static enum role cell_role(struct view *view, int64_t row, int column)
{
    const struct fleet_state *state = view->state;
    if (state->by || row < 0 || (size_t)row >= state->n)
        return ROLE_PLAIN;
    const struct cell *cells = sheet_row(state->sheet, (size_t)row);
    if (column == FLEET_COLUMN_STATE)
        return fleet_state_role(state->shown[row].state);
    if (column == FLEET_COLUMN_CONFIG && cells[column].known)
        return strcmp(cells[column].text, "=") == 0 ? ROLE_DIM : ROLE_WARN;
    return ROLE_PLAIN;
}

/* ---- The filter ---- */

static void filter_check(struct view *view)
{
    struct fleet_state *state = view->state;
    struct device_select *select;
    struct error err = {0};
    free(state->problem);
    state->problem = NULL;
    if (device_select_new(edit_text(&state->edit), &select, &err) == ST_OK) {
        device_select_free(select);
        free(state->filter);
        state->filter = mem_strdup(edit_text(&state->edit));
        fleet_rows_make(view);
    } else {
        state->problem = mem_strdup(error_text(&err));
    }
    error_clear(&err);
}

static void filter_set(struct view *view, const char *text)
{
    struct fleet_state *state = view->state;
    edit_set(&state->edit, text);
    filter_check(view);
}

/* A mark under the word that the message points at. */
static void place_draw(const struct edit *edit, struct area row, int from, size_t column)
{
    const char *text = edit_text(edit);
    size_t at = 0, n = strlen(text);
    uint32_t rune;
    for (size_t i = 1; i < column && at < n; i++)
        at += text_rune(text + at, n - at, &rune);
    if (at < edit->first)
        return;
    char *before = mem_strndup(text + edit->first, at - edit->first);
    draw_text(row, 0, from + text_cells(before), ROLE_ERROR, "^");
    free(before);
}

static void filter_draw(struct fleet_state *state, struct area *area)
{
    size_t line, column;
    if (!state->writing && !*edit_text(&state->edit))
        return;
    struct area row = area_cut_top(area, 1);
    int at = draw_printf(row, 0, 0, ROLE_ACCENT, "%s>", _("devices")) + 1;
    edit_draw(&state->edit, row, 0, at, row.cols - at, ROLE_INPUT, state->writing);
    if (state->problem) {
        if (people_error_place(state->problem, &line, &column))
            place_draw(&state->edit, area_cut_top(area, 1), at, column);
        area_cut_top(area, draw_wrapped(*area, 0, ROLE_ERROR, state->problem));
    } else if (!*edit_text(&state->edit)) {
        draw_text(area_cut_top(area, 1), 0, 0, ROLE_DIM,
                  _("for example: kind=pos and floor=2 and version<2.4"));
    }
}

/* ---- Asking ---- */

static void shown_ask(struct view *view, bool quiet)
{
    struct fleet_state *state = view->state;
    state->asked = true;
    desk_ask(view->console->desk, state->shown, state->n, quiet);
    fleet_rows_make(view);
}

/* Only while one looks at it, and not in consoles whose screens are compared. */
static void poll_fire(void *context)
{
    struct view *view = context;
    if (console_top(view->console) == view)
        shown_ask(view, true);
}

static void desk_changed_here(void *context, bool kept)
{
    struct view *view = context;
    if (kept)
        fleet_refresh(view);
    else
        fleet_rows_make(view);
}

/* ---- The view ---- */

void fleet_narrow(struct view *view, const char *one)
{
    struct fleet_state *state = view->state;
    struct arena *arena = arena_new();
    if (!one)
        console_complain(view->console, "%s", _("this name cannot be written in an expression"));
    else if (*state->filter)
        one = arena_printf(arena, "(%s) and %s", state->filter, one);
    filter_set(view, one ? one : state->filter);
    arena_free(arena);
}

static void row_open(struct view *view, int64_t row)
{
    struct fleet_state *state = view->state;
    if (row < 0 || (size_t)row >= state->sheet->n_rows)
        return;
    if (!state->by) {
        console_open(view->console, "device", state->shown[row].code);
        return;
    }
    struct arena *arena = arena_new();
    enum fleet_by by = state->by;
    state->by = FLEET_BY_NONE;
    fleet_narrow(view, fleet_group_expression(arena, by, state->groups[row].name));
    arena_free(arena);
}

static void fleet_open(struct view *view)
{
    struct fleet_state *state = view->state;
    const char *lines[HISTORY];
    size_t n = session_history(view->console->session, "fleet", lines, HISTORY);
    list_begin(&state->list, view, "fleet", _("devices"));
    state->list.open = row_open;
    state->list.role = cell_role;
    while (n-- > 0)
        edit_history_add(&state->history, lines[n]);
    state->edit.history = &state->history;
    state->edit.most = LONGEST;
    state->filter = mem_strdup("");
    filter_set(view, view->argument);
    desk_listen(view->console->desk, desk_changed_here, view);
    if (!view->console->still)
        state->timer = loop_timer(view->console->loop, POLL_MS, true, poll_fire, view);
    fleet_refresh(view);
}

static void fleet_close(struct view *view)
{
    struct fleet_state *state = view->state;
    desk_unlisten(view->console->desk, view);
    if (state->timer)
        loop_timer_stop(view->console->loop, state->timer);
    list_end(&state->list);
    map_view_free(&state->map);
    edit_free(&state->edit);
    edit_history_free(&state->history);
    arena_free(state->rows);
    free(state->filter);
    free(state->before);
    free(state->problem);
}

static void fleet_answered(struct view *view, int slot)
{
    struct fleet_state *state = view->state;
    if (!view_answer(view, slot) || view_problem(view, slot))
        return;
    const struct fleet_answer *answer = view_answer(view, slot);
    fleet_rows_make(view);
    if (view->console->still)
        return;
    fleet_apply_waiting(view->console, answer->waiting.devices, answer->waiting.texts,
                        answer->waiting.n);
    if (!state->asked)
        shown_ask(view, true);
}

static const char *counts_text(struct view *view, struct arena *arena, bool brief)
{
    struct fleet_state *state = view->state;
    const struct fleet_answer *answer = view_answer(view, 0);
    size_t asking = desk_asking_n(view->console->desk);
    const char *text =
        *state->filter
            ? arena_printf(arena, _("%zu of %zu devices"), state->n, answer->n)
            : arena_printf(arena, ngettext("%zu device", "%zu devices", answer->n), answer->n);
    text = arena_printf(arena, brief ? "%s %s" : "%s  %s", text,
                        fleet_counts_text(arena, state->shown, state->n, brief));
    if (asking)
        text = arena_printf(arena, _("%s  %zu being asked"), text, asking);
    return text;
}

/* In words where they fit. */
static void counts_draw(struct view *view, struct area row)
{
    struct fleet_state *state = view->state;
    struct arena *arena = arena_new();
    const char *by =
        state->by ? arena_printf(arena, _("  by %s"), _(fleet_by_titles[state->by])) : "";
    const char *text = counts_text(view, arena, false);
    if (text_cells(text) + text_cells(by) > row.cols)
        text = counts_text(view, arena, true);
    int at = draw_text(row, 0, 0, ROLE_STRONG, text);
    draw_text(row, 0, at, ROLE_ACCENT, by);
    arena_free(arena);
}

static void fleet_draw(struct view *view, struct area area)
{
    struct fleet_state *state = view->state;
    const struct fleet_answer *answer = view_answer(view, 0);
    if (view_problem(view, 0))
        draw_field(area_cut_top(&area, 1), 0, 0, area.cols, -1, ROLE_ERROR, view_problem(view, 0));
    else if (answer)
        counts_draw(view, area_cut_top(&area, 1));
    filter_draw(state, &area);
    if (answer && answer->line && area.rows > 4)
        rollout_line_draw(area_cut_bottom(&area, 1), answer->line);
    if (answer && !answer->n)
        draw_wrapped(area, 0, ROLE_DIM, _("There is no device in this mall yet."));
    else if (answer && fleet_map_shown(state))
        fleet_map_draw(view, area);
    else
        list_draw(&state->list, area, !state->writing);
}

static bool fleet_key(struct view *view, uint32_t key)
{
    struct fleet_state *state = view->state;
    if (!state->writing && key == KEYS_MOUSE && fleet_map_shown(state))
        return fleet_map_mouse(state, loop_mouse(view->console->loop));
    if (!state->writing)
        return list_key(&state->list, key);
    if (key == KEYS_ENTER || key == KEYS_DOWN) {
        state->writing = state->problem != NULL;
        if (!state->problem && edit_remember(&state->edit))
            session_history_add(view->console->session, "fleet", edit_text(&state->edit));
        return true;
    }
    if (key == KEYS_ESC) {
        state->writing = false;
        filter_set(view, state->before);
        return true;
    }
    enum edit_result result = edit_key(&state->edit, view->console->loop, key);
    if (result == EDIT_CHANGED)
        filter_check(view);
    return result != EDIT_IGNORED;
}

/* ---- Acts ---- */

/* The marked devices; where none is marked, those that are to be seen. Free the result. */
static struct device *targets(struct fleet_state *state, size_t *n)
{
    struct table *table = state->list.table;
    VEC(struct device) found = {0};
    if (!table || !table_marked(table))
        return fleet_in_sight(state, n);
    for (size_t i = 0; i < state->n; i++)
        if (table_is_marked(table, state->shown[i].id))
            vec_push(&found, state->shown[i]);
    *n = found.n;
    return found.at;
}

/* "device in (P1-0001, P1-0002)"; "": none of them can be written. */
static const char *codes_expression(struct arena *arena, const struct device *devices, size_t n)
{
    VEC(char) text = {0};
    for (size_t i = 0; i < n; i++) {
        const char *one = fleet_group_expression(arena, FLEET_BY_NONE, devices[i].code);
        const char *code = one ? one + strlen("device=") : "";
        for (const char *at = text.n && *code ? ", " : ""; *at; at++)
            vec_push(&text, *at);
        for (; *code; code++)
            vec_push(&text, *code);
    }
    vec_push(&text, '\0');
    const char *on = *text.at ? arena_printf(arena, "device in (%s)", text.at) : "";
    vec_free(&text);
    return on;
}

static void logs_open(struct view *view, const struct device *devices, size_t n)
{
    struct arena *arena = arena_new();
    if (n > FOLLOW_DEVICES_MOST) {
        console_complain(view->console, _("%zu devices are too many at once: at most %d"), n,
                         FOLLOW_DEVICES_MOST);
        n = 0;
    }
    const char *on = codes_expression(arena, devices, n);
    if (*on)
        console_open(view->console, "device-log", on);
    arena_free(arena);
}

/* The expression where that is what is chosen; else the devices one by one. */
static void rollout_plan(struct view *view, const struct device *devices, size_t n)
{
    struct fleet_state *state = view->state;
    struct table *table = state->list.table;
    struct arena *arena = arena_new();
    bool one_by_one = (table && table_marked(table)) || n != state->n;
    const char *on = one_by_one ? codes_expression(arena, devices, n) : state->filter;
    if (strlen(on) > ROLLOUT_ON_MOST)
        console_complain(view->console, "%s",
                         _("too many to be named one by one: select them by an expression (f)"));
    else
        console_open(view->console, "rollout-form", on);
    arena_free(arena);
}

static void targets_act(struct view *view, int id)
{
    struct fleet_state *state = view->state;
    size_t n = 0;
    if (state->by) {
        console_say(view->console, "%s", _("Enter opens a group; then its devices can be chosen"));
        return;
    }
    struct device *devices = targets(state, &n);
    if (!n)
        console_say(view->console, "%s", _("no device is shown"));
    else if (id == ACTION_FLEET_LOG)
        logs_open(view, devices, n);
    else if (id == ACTION_FLEET_ROUTINE)
        fleet_routine_ask(view->console, devices, n);
    else if (id == ACTION_FLEET_RUN)
        fleet_run_ask(view->console, devices, n);
    else if (id == ACTION_FLEET_PUT)
        fleet_put_ask(view->console, devices, n);
    else if (id == ACTION_FLEET_GET)
        fleet_get_ask(view->console, devices, n);
    else if (id == ACTION_FLEET_ROLLOUT)
        rollout_plan(view, devices, n);
    else if (id == ACTION_FLEET_CONFIG)
        config_open(view->console, devices, n);
    else if (desk_ask(view->console->desk, devices, n, false))
        fleet_rows_make(view);
    free(devices);
}

/* Esc takes the filter away before it leaves. */
static bool filter_leave(struct view *view)
{
    struct fleet_state *state = view->state;
    if (!*state->filter)
        return false;
    filter_set(view, "");
    return true;
}

static bool fleet_action(struct view *view, int id, const char *argument)
{
    struct fleet_state *state = view->state;
    if (fleet_map_shown(state) && fleet_map_action(view, id))
        return true;
    switch (id) {
    case ACTION_FLEET_MAP:
        fleet_map_turn(view);
        return true;
    case ACTION_FLEET_FILTER:
        state->writing = !*argument;
        free(state->before);
        state->before = mem_strdup(state->filter);
        if (*argument)
            filter_set(view, argument);
        return true;
    case ACTION_FLEET_BY:
        state->by = (enum fleet_by)((state->by + 1) % FLEET_BYS);
        state->map.on = false;
        fleet_rows_make(view);
        return true;
    case ACTION_FLEET_ASK:
    case ACTION_FLEET_LOG:
    case ACTION_FLEET_ROUTINE:
    case ACTION_FLEET_RUN:
    case ACTION_FLEET_PUT:
    case ACTION_FLEET_GET:
    case ACTION_FLEET_CONFIG:
    case ACTION_FLEET_ROLLOUT:
        targets_act(view, id);
        return true;
    case ACTION_FLEET_ROLLOUTS:
        console_open(view->console, "rollouts", "");
        return true;
    case ACTION_FLEET_LAST:
        console_open(view->console, "fleet-run", "");
        return true;
    case ACTION_RECORDINGS:
        console_open(view->console, "recordings", "");
        return true;
    case ACTION_FLEET_FILES:
        console_open(view->console, "files", "");
        return true;
    case ACTION_FLEET_KEYS:
        console_open(view->console, "fleet-keys", "");
        return true;
    case ACTION_REFRESH:
        shown_ask(view, false);
        return false;
    case ACTION_BACK:
        return filter_leave(view);
    default:
        return list_action(&state->list, id, argument);
    }
}

const struct view_ops view_fleet = {
    .name = "fleet",
    .title = N_("Fleet"),
    .about = N_("Every device and how it is. While the screen is open the devices shown are asked "
                "every 30 seconds, and at once with Ctrl-r; a row changes as its answer comes. "
                "f selects by an expression, b groups, M shows a map of the floors, Space marks, r "
                "runs a command, v plans a roll-out. A "
                "configuration is \"=\" as desired; where nothing is desired, as most of the kind "
                "have it."),
    .number = ACTION_GO_FLEET - ACTION_GO_LOOP + 1,
    .rights = RIGHT_DEVICES,
    .size = sizeof(struct fleet_state),
    .open = fleet_open,
    .close = fleet_close,
    .refresh = fleet_refresh,
    .draw = fleet_draw,
    .action = fleet_action,
    .key = fleet_key,
    .answered = fleet_answered,
};
