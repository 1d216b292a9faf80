/* A command on many devices: its answers folded as they come, what each group said below. */
#include "views/fleet_run.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/act.h"
#include "views/actions.h"
#include "views/fleet_audit.h"
#include "views/fleet_desk.h"
#include "views/fleet_fold.h"
#include "views/fleet_rows.h"
#include "views/list.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FOLD_MS = 150, FOLD_REST = 10 };

struct fleet_run {
    struct console *console;
    struct arena *arena; /* of the devices and the command */
    const struct device *devices;
    size_t n;
    const char *command;
    struct desk_work *work;
    bool asked, cancelled, kept; /* asked: the audit has it, or is about to */
    void (*changed)(void *context);
    void *context;
};

/* ---- The run ---- */

static void run_tell(struct fleet_run *run)
{
    if (run->changed)
        run->changed(run->context);
}

bool fleet_run_left(const struct fleet_run *run)
{
    return run && (run->asked || (run->work && fleet_work_left(desk_work_of(run->work))));
}

void fleet_run_free(struct fleet_run *run)
{
    if (!run)
        return;
    desk_work_leave(run->work);
    arena_free(run->arena);
    free(run);
}

struct run_outcome {
    const char *command;
    struct fleet_result *results;
    size_t n;
};

static enum status outcome_write(struct writer *writer, const struct fleet_outcome *outcome,
                                 struct error *err)
{
    const struct run_outcome *o = outcome->what;
    return device_acts_keep(writer, outcome->actor, "run", o->command, o->results, o->n, err);
}

static void outcome_keep(struct fleet_run *run)
{
    struct fleet_outcome *outcome = fleet_outcome_new(run->console);
    struct run_outcome *o = arena_new_of(outcome->arena, struct run_outcome);
    const struct fleet_result *results = fleet_work_results(desk_work_of(run->work), &o->n);
    struct device *devices = devices_copy(outcome->arena, run->devices, run->n);
    o->command = arena_strdup(outcome->arena, run->command);
    o->results = arena_copy(outcome->arena, results, o->n, sizeof *results);
    for (size_t i = 0; i < o->n; i++)
        o->results[i].device = &devices[i];
    outcome->keep = outcome_write;
    outcome->what = o;
    fleet_outcome_submit(run->console, outcome);
}

static void work_changed(void *context, bool kept)
{
    struct fleet_run *run = context;
    (void)kept;
    if (run->work && !run->kept && !fleet_work_left(desk_work_of(run->work))) {
        run->kept = true;
        outcome_keep(run);
    }
    run_tell(run);
}

/* The audit has it: only now devices hear of it. */
static void run_announced(struct console *console, const void *of, bool good)
{
    struct fleet_run *run = console->run;
    if (!run || run != of)
        return;
    run->asked = false;
    if (good && !console->leaving && !run->cancelled) {
        struct fleet_work_options how = {
            .command = run->command, .guarded = true, .most = FOLDED_MOST};
        run->work = desk_work_begin(console->desk, run->devices, run->n, &how, work_changed, run);
        work_changed(run, false);
    }
    run_tell(run);
}

void fleet_run_begin(struct console *console, const struct device *devices, size_t n,
                     const char *command)
{
    struct fleet_run *run = mem_zero(1, sizeof *run);
    run->console = console;
    run->arena = arena_new();
    run->devices = devices_copy(run->arena, devices, n);
    run->n = n;
    run->command = arena_strdup(run->arena, command);
    run->asked = true;
    fleet_run_free(console->run);
    console->run = run;
    fleet_announce(console, "run", command, n, run_announced, run);
    console_open(console, "fleet-run", "");
}

/* ---- Its screen ---- */

static const struct fleet_result *run_results(const struct fleet_run *run, size_t *n)
{
    return fleet_work_results(desk_work_of(run->work), n);
}

static struct folded *run_fold(const struct fleet_run *run, struct arena *arena)
{
    size_t n;
    const struct fleet_result *results = run_results(run, &n);
    return fleet_results_fold(arena, results, n, desk_work_of(run->work));
}

struct run_state {
    struct list list;
    struct arena *arena; /* of what is folded */
    struct folded *folded;
    bool chosen; /* a row was gone to: until then the first is selected */
    int timer;
    int64_t folding_ms; /* how long the last one took */
    struct arena *below;
    struct sheet *lines; /* of the row with the key */
    uint64_t key;
};

static void view_fold(struct view *view)
{
    struct run_state *state = view->state;
    struct fleet_run *run = view->console->run;
    struct arena *before = state->arena;
    if (!run || !run->work)
        return;
    int64_t began = time_monotonic_ns();
    state->arena = arena_new();
    state->folded = run_fold(run, state->arena);
    list_show(&state->list, state->folded->sheet, state->folded->keys);
    if (!state->chosen && state->folded->n)
        table_select_row(state->list.table, 0);
    arena_free(before);
    arena_free(state->below);
    state->below = NULL;
    state->folding_ms = (time_monotonic_ns() - began) / 1000000;
    console_redraw(view->console);
}

static void fold_fire(void *context)
{
    struct view *view = context;
    ((struct run_state *)view->state)->timer = 0;
    view_fold(view);
}

/* Soon, but not for every answer: a fold looks at all of them. */
static void run_changed(void *context)
{
    struct view *view = context;
    struct run_state *state = view->state;
    const struct fleet_run *run = view->console->run;
    if (view->console->still || !fleet_run_left(run)) {
        view_fold(view);
        return;
    }
    int64_t rest = state->folding_ms * FOLD_REST;
    if (!state->timer)
        state->timer = loop_timer(view->console->loop, (int)(rest > FOLD_MS ? rest : FOLD_MS),
                                  false, fold_fire, view);
}

static void row_open(struct view *view, int64_t row)
{
    const struct run_state *state = view->state;
    if (!state->folded || row < 0 || (size_t)row >= state->folded->n)
        return;
    char key[32];
    snprintf(key, sizeof key, "%" PRIu64, state->folded->keys[row]);
    console_open(view->console, "fleet-output", key);
}

static enum role cell_role(struct view *view, int64_t row, int column)
{
    const struct run_state *state = view->state;
    const struct folded_row *at = &state->folded->rows[row];
    if (column != 1 && column != 2)
        return ROLE_PLAIN;
    if (at->output)
        return column == 2 && at->output->exit_status ? ROLE_ERROR
               : at->majority                         ? ROLE_UP
                                                      : ROLE_WARN;
    return at->running ? ROLE_DIM : fleet_state_role(at->state);
}

static void run_open(struct view *view)
{
    struct run_state *state = view->state;
    struct fleet_run *run = view->console->run;
    list_begin(&state->list, view, "fleet-run", _("answers"));
    state->list.open = row_open;
    state->list.role = cell_role;
    if (!run)
        return;
    run->changed = run_changed;
    run->context = view;
    view_fold(view);
}

static void run_close(struct view *view)
{
    struct run_state *state = view->state;
    struct fleet_run *run = view->console->run;
    if (run && run->context == view)
        run->changed = NULL;
    if (state->timer)
        loop_timer_stop(view->console->loop, state->timer);
    list_end(&state->list);
    arena_free(state->arena);
    arena_free(state->below);
}

static void line_draw(const struct sheet *lines, size_t i, struct area row)
{
    const struct cell *cells = sheet_row(lines, i);
    const char *mark = cells[0].text;
    enum role role = *mark == '-' ? ROLE_DOWN : *mark == '+' ? ROLE_UP : ROLE_PLAIN;
    draw_field(row, 0, 0, 2, -1, role, mark);
    draw_field(row, 0, 2, row.cols - 2, -1, role, cells[1].text);
}

/* What the selected row says, from its first difference on. */
static void below_draw(struct view *view, struct area area)
{
    struct run_state *state = view->state;
    int64_t row = list_selected(&state->list);
    if (row < 0 || (size_t)row >= state->folded->n)
        return;
    if (!state->below || state->key != state->folded->keys[row]) {
        arena_free(state->below);
        state->below = arena_new();
        size_t all;
        state->key = state->folded->keys[row];
        state->lines = fleet_row_lines(state->below, run_results(view->console->run, &all),
                                       state->folded, (size_t)row);
    }
    size_t n = state->lines->n_rows, first = 0;
    while (first < n && !*sheet_row(state->lines, first)[0].text)
        first++;
    if (first == n || n <= (size_t)area.rows)
        first = 0;
    else if (first)
        first--;
    for (size_t i = 0; first + i < n && i < (size_t)area.rows; i++)
        line_draw(state->lines, first + i, area_part(area, (int)i, 0, 1, area.cols));
    if (!n)
        draw_text(area, 0, 0, ROLE_DIM, _("it said nothing"));
}

static void run_draw(struct view *view, struct area area)
{
    struct run_state *state = view->state;
    struct fleet_run *run = view->console->run;
    struct arena *arena = arena_new();
    if (!run) {
        draw_wrapped(area, 0, ROLE_DIM,
                     _("No command was given here yet. r on the fleet's screen gives one."));
    } else {
        int at = draw_printf(area_part(area, 0, 0, 1, area.cols), 0, 0, ROLE_ACCENT, "$ ");
        struct area top = area_cut_top(&area, 1);
        draw_field(top, 0, at, top.cols - at, -1, ROLE_STRONG, run->command);
        struct area line = area_cut_top(&area, 1);
        if (state->folded)
            at = draw_text(line, 0, 0, ROLE_PLAIN, folded_text(arena, state->folded));
        else
            at = draw_text(line, 0, 0, ROLE_DIM, _("beginning …"));
        if (run->cancelled)
            draw_printf(line, 0, at, ROLE_WARN, "  %s",
                        fleet_run_left(run) ? _("being cancelled") : _("cancelled"));
        if (state->folded) {
            int below = area.rows > 12 ? area.rows - area.rows * 2 / 5 : area.rows > 8 ? 4 : 0;
            struct area text = area_cut_bottom(&area, below);
            if (below > 4)
                draw_rule(area_cut_top(&text, 1), 0, ROLE_RULE);
            list_draw(&state->list, area, true);
            below_draw(view, text);
        }
    }
    arena_free(arena);
}

static bool run_key(struct view *view, uint32_t key)
{
    return list_key(&((struct run_state *)view->state)->list, key);
}

static bool run_action(struct view *view, int id, const char *argument)
{
    struct run_state *state = view->state;
    struct fleet_run *run = view->console->run;
    state->chosen |= id > TABLE_ACTIONS && id < TABLE_ACTIONS_END;
    if (id != ACTION_RUN_CANCEL)
        return list_action(&state->list, id, argument);
    if (!fleet_run_left(run)) {
        console_say(view->console, "%s", _("nothing runs any more"));
        return true;
    }
    run->cancelled = true;
    if (run->work)
        fleet_work_cancel(desk_work_of(run->work));
    return true;
}

const struct view_ops view_fleet_run = {
    .name = "fleet-run",
    .title = N_("Command"),
    .about = N_("What devices said to a command. Those that said the same are one row; the others "
                "are shown as their difference from the majority. c ends the command on every "
                "device and says what became of it there. Enter shows all lines."),
    .rights = RIGHT_DEVICES,
    .size = sizeof(struct run_state),
    .open = run_open,
    .close = run_close,
    .draw = run_draw,
    .action = run_action,
    .key = run_key,
};

/* ---- All lines of one row ---- */

struct output_state {
    struct list list;
    struct arena *arena;
    struct sheet *lines;
};

static enum role line_role(struct view *view, int64_t row, int column)
{
    const struct output_state *state = view->state;
    const char *mark = sheet_row(state->lines, (size_t)row)[0].text;
    (void)column;
    return *mark == '-' ? ROLE_DOWN : *mark == '+' ? ROLE_UP : ROLE_PLAIN;
}

static void output_open(struct view *view)
{
    struct output_state *state = view->state;
    struct fleet_run *run = view->console->run;
    uint64_t key = strtoull(view->argument, NULL, 10);
    size_t n;
    list_begin(&state->list, view, "fleet-output", _("lines"));
    state->list.role = line_role;
    if (!run || !run->work)
        return;
    state->arena = arena_new();
    struct folded *folded = run_fold(run, state->arena);
    for (size_t i = 0; i < folded->n; i++)
        if (folded->keys[i] == key)
            state->lines = fleet_row_lines(state->arena, run_results(run, &n), folded, i);
    if (state->lines)
        list_show(&state->list, state->lines, NULL);
}

static void output_close(struct view *view)
{
    struct output_state *state = view->state;
    list_end(&state->list);
    arena_free(state->arena);
}

static void output_draw(struct view *view, struct area area)
{
    struct output_state *state = view->state;
    if (state->lines)
        list_draw(&state->list, area, true);
    else
        draw_wrapped(area, 0, ROLE_DIM, _("This answer is no longer there."));
}

static bool output_key(struct view *view, uint32_t key)
{
    return list_key(&((struct output_state *)view->state)->list, key);
}

static bool output_action(struct view *view, int id, const char *argument)
{
    return list_action(&((struct output_state *)view->state)->list, id, argument);
}

const struct view_ops view_fleet_output = {
    .name = "fleet-output",
    .title = N_("Lines"),
    .rights = RIGHT_DEVICES,
    .size = sizeof(struct output_state),
    .open = output_open,
    .close = output_close,
    .draw = output_draw,
    .action = output_action,
    .key = output_key,
};
