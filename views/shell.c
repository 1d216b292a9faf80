/* The shell of a device on a terminal inside the screen; its argument is the device's code. */
#include "model/base/text.h"
#include "model/base/time.h"
#include "tui/emulator.h"
#include "tui/loop.h"
#include "views/actions.h"
#include "views/device_find.h"
#include "views/fleet_rows.h"
#include "views/screens.h"
#include "views/shell_work.h"

#include <stdlib.h>
#include <string.h>

enum { TAKEN_NS = 8000000, TICK_MS = 1000, SILENT_S = 5, WHEEL = 3, HELP_CELLS = 46, NARROW = 60 };

/* What `~` at the start of a line does, as in ssh. */
enum escape { LINE_BEGUN, LINE_START, LINE_TILDE };

struct shell_view {
    struct emulator *emulator;
    struct shell_work *work; /* NULL: none, or it is over */
    struct arena *arena;     /* of `after` */
    const char *after;       /* what became of the last one; NULL: none */
    enum role after_role;
    enum escape escape;
    int back; /* lines scrolled back */
    bool help, lost, asked;
    int timer;
};

static void on_send(void *context, const char *bytes, size_t n)
{
    struct shell_view *state = ((struct view *)context)->state;
    struct shell *shell = state->work ? shell_work_shell(state->work) : NULL;
    if (shell && !shell_send(shell, bytes, n))
        state->lost = true;
}

/* ---- How it goes ---- */

static void after_set(struct shell_view *state, enum role role, const char *text)
{
    state->after = arena_strdup(state->arena, text);
    state->after_role = role;
}

/* In the words of who sits before it. */
static void over_say(struct shell_view *state, struct shell *shell)
{
    const struct fleet_job *job = shell_job(shell);
    struct arena *arena = state->arena;
    if (job->state == DEVICE_OK && *job->exit_signal)
        after_set(state, ROLE_WARN, arena_printf(arena, _("it ended by %s"), job->exit_signal));
    else if (job->state == DEVICE_OK)
        after_set(state, job->exit_status ? ROLE_WARN : ROLE_PLAIN,
                  arena_printf(arena, _("it ended, exit status %d"), job->exit_status));
    else if (job->phase >= PHASE_FIRST)
        after_set(state, ROLE_ERROR, arena_printf(arena, _("the line is lost: %s"), job->reason));
    else
        after_set(state, ROLE_ERROR,
                  arena_printf(arena, _("%s in %s: %s"), fleet_state_text(arena, job->state),
                               fleet_phase_text(fleet_phase_names[job->phase]), job->reason));
}

static void output_take(struct shell_view *state, struct shell *shell)
{
    char bytes[16384];
    int64_t until = time_monotonic_ns() + TAKEN_NS;
    size_t n;
    /* Keys and frames have their turn, however much comes. */
    while ((n = shell_take(shell, bytes, sizeof bytes)) > 0) {
        emulator_take(state->emulator, bytes, n);
        if (time_monotonic_ns() > until)
            break;
    }
}

static void work_changed(void *context)
{
    struct view *view = context;
    struct shell_view *state = view->state;
    struct shell *shell = shell_work_shell(state->work);
    if (shell)
        output_take(state, shell);
    if (shell && shell_work_over(state->work))
        over_say(state, shell);
    else if (shell_work_problem(state->work))
        after_set(state, ROLE_ERROR, shell_work_problem(state->work));
    if (state->after) {
        shell_work_leave(state->work);
        state->work = NULL;
    }
    console_redraw(view->console);
}

static struct area terminal_area(void)
{
    struct area area = screen_area();
    area_cut_bottom(&area, 1);
    return area;
}

static void connect(struct view *view)
{
    struct shell_view *state = view->state;
    const struct device *device = view_answer(view, 0);
    struct area area = terminal_area();
    if (!device || state->work)
        return;
    arena_reset(state->arena);
    state->after = NULL;
    state->back = 0;
    state->escape = LINE_START;
    emulator_free(state->emulator);
    state->emulator = emulator_new(area.rows, area.cols, on_send, view);
    state->work = shell_work_begin(view->console, device, area.rows, area.cols, work_changed, view);
    if (!state->work)
        after_set(state, ROLE_ERROR,
                  view->console->message ? view->console->message : _("it could not be begun"));
}

/* ---- Keys ---- */

static void leave(struct view *view)
{
    console_back(view->console);
}

static void scroll(struct shell_view *state, int by)
{
    int past = state->emulator ? emulator_past(state->emulator) : 0;
    state->back += by;
    state->back = state->back < 0 ? 0 : state->back > past ? past : state->back;
}

/* While one looks back: true where the key was for that. */
static bool back_key(struct shell_view *state, uint32_t key)
{
    int page = terminal_area().rows - 1;
    switch (key) {
    case KEYS_PAGE_UP:
    case KEYS_PAGE_DOWN:
        scroll(state, key == KEYS_PAGE_UP ? page : -page);
        return true;
    case KEYS_UP:
    case KEYS_DOWN:
        scroll(state, key == KEYS_UP ? 1 : -1);
        return true;
    case KEYS_HOME:
        scroll(state, emulator_past(state->emulator));
        return true;
    case KEYS_MOUSE:
        return false;
    default:
        state->back = 0;
        return key == KEYS_END || key == KEYS_ESC;
    }
}

static void mouse_take(struct view *view)
{
    struct shell_view *state = view->state;
    const struct loop_mouse *mouse = loop_mouse(view->console->loop);
    struct area area = terminal_area();
    bool inside = mouse->row < area.rows && mouse->col < area.cols;
    if (!inside || (!state->back && emulator_mouse(state->emulator, mouse)) || !mouse->pressed)
        return;
    if (mouse->button == 4 || mouse->button == 5)
        scroll(state, mouse->button == 4 ? WHEEL : -WHEEL);
}

static void key_pass(struct view *view, uint32_t key)
{
    struct shell_view *state = view->state;
    if (key == KEYS_PASTE) {
        emulator_paste(state->emulator, loop_paste(view->console->loop));
        state->escape = LINE_BEGUN;
    } else {
        emulator_key(state->emulator, key);
        bool line = key == KEYS_ENTER || key == (KEYS_CTRL | 'c') || key == (KEYS_CTRL | 'j');
        state->escape = line ? LINE_START : LINE_BEGUN;
    }
}

/* After `~` at the start of a line. */
static void tilde_key(struct view *view, uint32_t key)
{
    struct shell_view *state = view->state;
    state->escape = LINE_START;
    if (key == '.') {
        leave(view);
    } else if (key == '?') {
        state->help = true;
    } else if (key == KEYS_PAGE_UP) {
        scroll(state, terminal_area().rows - 1);
    } else if (key == '~') {
        key_pass(view, '~');
    } else {
        key_pass(view, '~');
        key_pass(view, key);
    }
}

static bool live_key(struct view *view, uint32_t key)
{
    struct shell_view *state = view->state;
    if (state->help) {
        state->help = false;
        return true;
    }
    if (key == KEYS_MOUSE) {
        mouse_take(view);
        return true;
    }
    if (state->back && back_key(state, key))
        return true;
    if (state->escape == LINE_TILDE)
        tilde_key(view, key);
    else if (state->escape == LINE_START && key == '~')
        state->escape = LINE_TILDE;
    else
        key_pass(view, key);
    return true;
}

static bool shell_view_key(struct view *view, uint32_t key)
{
    struct shell_view *state = view->state;
    state->lost = false;
    if (state->work)
        return live_key(view, key);
    if (key == KEYS_ENTER && state->after) {
        connect(view);
        return true;
    }
    if (state->emulator && (state->back || key == KEYS_PAGE_UP))
        return back_key(state, key);
    if (key == KEYS_ESC)
        return false;
    /* What was still being typed when the line was lost is no action of the console. */
    if (state->escape == LINE_TILDE && key == '.')
        leave(view);
    else
        state->escape = key == '~' ? LINE_TILDE : LINE_START;
    return true;
}

/* ---- Drawing ---- */

static const char *progress_text(struct shell_view *state, struct arena *arena, enum role *role)
{
    struct shell *shell = state->work ? shell_work_shell(state->work) : NULL;
    int64_t silent = shell ? shell_silence(shell) : 0;
    *role = ROLE_DIM;
    if (state->after) {
        *role = state->after_role;
        return state->after;
    }
    if (!shell)
        return _("being begun …");
    enum fleet_phase phase = __atomic_load_n(&shell_job(shell)->phase, __ATOMIC_RELAXED);
    if (phase < PHASE_FIRST)
        return arena_printf(arena, _("connecting: %s"), fleet_phase_text(fleet_phase_names[phase]));
    if (state->lost || silent >= SILENT_S) {
        *role = ROLE_WARN;
        return state->lost
                   ? _("it takes no more: not all was sent")
                   : arena_printf(arena, _("no answer for %s"), text_duration(arena, silent));
    }
    if (state->back) {
        *role = ROLE_ACCENT;
        return arena_printf(arena, _("%d lines back; End returns"), state->back);
    }
    return _("recorded");
}

static void bar_draw(struct view *view, struct area row)
{
    struct shell_view *state = view->state;
    struct arena *arena = arena_new();
    enum role role = ROLE_ERROR;
    const char *text =
        view_problem(view, 0) ? view_problem(view, 0) : progress_text(state, arena, &role);
    bool over = state->after || view_problem(view, 0);
    bool narrow = row.cols < NARROW;
    const char *keys = over && narrow ? _("Enter · Esc")
                       : over         ? _("Enter connects again · Esc leaves")
                       : narrow       ? _("~? help")
                                      : _("~. leaves · ~? help");
    draw_clear(row, ROLE_PLAIN);
    int at = draw_text(row, 0, 0, ROLE_ACCENT, view->argument) + 1;
    int room = row.cols - at - text_cells(keys) - 1;
    if (room < 12)
        room = row.cols - at;
    else
        draw_text(row, 0, row.cols - text_cells(keys), ROLE_DIM, keys);
    draw_field(row, 0, at, room, -1, role, text);
    arena_free(arena);
}

static const char *const help_lines[] = {
    N_("At the start of a line:"), N_("~.      leaves the device"),
    N_("~~      types one ~"),     N_("~ PgUp  looks back; End returns"),
    N_("~?      these lines"),     N_("What is shown is recorded,"),
    N_("what is typed is not."),
};

static void help_draw(struct area area)
{
    int n = (int)(sizeof help_lines / sizeof *help_lines);
    int cols = area.cols < HELP_CELLS ? area.cols : HELP_CELLS;
    struct area box = area_part(area, (area.rows - n - 2) / 2, (area.cols - cols) / 2, n + 2, cols);
    draw_clear(box, ROLE_PLAIN);
    draw_frame(box, ROLE_RULE, _("Shell"));
    for (int i = 0; i < n; i++)
        draw_field(box, i + 1, 2, cols - 4, -1, ROLE_PLAIN, _(help_lines[i]));
}

static void shell_draw(struct view *view, struct area area)
{
    struct shell_view *state = view->state;
    struct area bar = area_cut_bottom(&area, 1);
    if (state->emulator) {
        emulator_resize(state->emulator, area.rows, area.cols);
        if (state->work)
            shell_work_resize(state->work, area.rows, area.cols);
        emulator_draw(state->emulator, area, state->back);
    }
    bar_draw(view, bar);
    if (state->help)
        help_draw(area);
}

/* ---- The view ---- */

static void tick(void *context)
{
    struct view *view = context;
    if (((struct shell_view *)view->state)->work)
        console_redraw(view->console);
}

static void shell_open(struct view *view)
{
    struct shell_view *state = view->state;
    state->arena = arena_new();
    if (!view->console->still)
        state->timer = loop_timer(view->console->loop, TICK_MS, true, tick, view);
    device_find(view);
}

static void shell_close(struct view *view)
{
    struct shell_view *state = view->state;
    if (state->timer)
        loop_timer_stop(view->console->loop, state->timer);
    shell_work_leave(state->work);
    emulator_free(state->emulator);
    arena_free(state->arena);
}

static void shell_answered(struct view *view, int slot)
{
    struct shell_view *state = view->state;
    if (!view_answer(view, slot) || state->asked)
        return;
    state->asked = true;
    connect(view);
}

static const char *shell_subtitle(struct view *view)
{
    return view->argument;
}

const struct view_ops view_shell = {
    .name = "shell",
    .title = N_("Shell"),
    .about =
        N_("A shell on a device. Every key goes to it; ~. at the start of a line leaves, ~? "
           "says what else there is. What the device shows is recorded, what is typed is not."),
    .whole = true,
    .rights = RIGHT_DEVICES | RIGHT_DEVICES_EDIT,
    .size = sizeof(struct shell_view),
    .open = shell_open,
    .close = shell_close,
    .draw = shell_draw,
    .key = shell_view_key,
    .answered = shell_answered,
    .subtitle = shell_subtitle,
};
