/* A recording played on a terminal inside the screen; the argument is its path. */
#include "model/base/text.h"
#include "model/base/time.h"
#include "tui/edit.h"
#include "tui/loop.h"
#include "views/actions.h"
#include "views/console.h"
#include "views/player.h"
#include "views/screens.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_MS = 40, SLICE_NS = 8000000, JUMP_US = 5000000, PATTERN_MOST = 1000, BAR_LEAST = 10 };

/* The reading of the file, which may outlive the screen. */
struct load {
    struct task task;
    struct view *view; /* NULL: it has gone */
    struct replay *replay;
    char *path;
};

struct recording_state {
    struct load *load;     /* under way; NULL: no more */
    struct player *player; /* NULL: not read yet, or it cannot be */
    struct replay_head head;
    char *problem;
    struct edit edit;
    bool writing;
    struct pattern *pattern;
    char *wrong; /* of the pattern being written */
    bool searched;
    int timer, work;    /* 0: not running */
    int back, row, col; /* looked back; of the part that is shown where it is larger */
    bool moved;         /* a person chose the part; else it follows the cursor */
    int rows, cols;     /* of the area it was drawn in */
};

/* ---- Reading the file ---- */

static enum status load_run(struct task *task, void *state)
{
    struct load *load = (struct load *)task;
    (void)state;
    return replay_open(load->path, &task->cancel, &load->replay, &task->error);
}

static void load_free(struct load *load)
{
    replay_free(load->replay);
    free(load->path);
    free(load);
}

static void load_done(struct task *task)
{
    struct load *load = (struct load *)task;
    struct view *view = load->view;
    if (view) {
        struct recording_state *state = view->state;
        state->load = NULL;
        if (load->replay) {
            state->head = *replay_head(load->replay);
            state->player = player_new(load->replay);
            load->replay = NULL;
        } else {
            state->problem = mem_strdup(error_text(&task->error));
        }
        console_redraw(view->console);
    }
    load_free(load);
}

static void load_begin(struct view *view)
{
    struct recording_state *state = view->state;
    struct load *load = mem_zero(1, sizeof *load);
    load->task = (struct task){.run = load_run, .done = load_done, .title = _("recording")};
    load->view = view;
    load->path = mem_strdup(view->argument);
    state->load = load;
    task_submit(view->console->pool, &load->task);
}

/* ---- Its time ---- */

static void work_on(struct view *view);

static void work_fire(void *context)
{
    struct view *view = context;
    ((struct recording_state *)view->state)->work = 0;
    work_on(view);
}

static void found_say(struct view *view)
{
    struct recording_state *state = view->state;
    enum player_found found = player_found(state->player);
    if (!state->searched || found == FOUND_SEARCHING)
        return;
    state->searched = false;
    if (found == FOUND_NOTHING)
        console_say(view->console, "%s", _("nothing more of that is shown"));
}

static void work_on(struct view *view)
{
    struct recording_state *state = view->state;
    bool more = player_work(state->player, time_monotonic_ns() + SLICE_NS);
    if (more && !state->work)
        state->work = loop_timer(view->console->loop, 1, false, work_fire, view);
    found_say(view);
    console_redraw(view->console);
}

static void tick(void *context)
{
    struct view *view = context;
    struct recording_state *state = view->state;
    player_tick(state->player, time_monotonic_ns());
    if (!player_plays(state->player)) {
        loop_timer_stop(view->console->loop, state->timer);
        state->timer = 0;
    }
    if (!state->work)
        work_on(view);
}

static void play(struct view *view, bool on)
{
    struct recording_state *state = view->state;
    state->back = 0;
    player_play(state->player, on, time_monotonic_ns());
    if (on && !state->timer)
        state->timer = loop_timer(view->console->loop, FRAME_MS, true, tick, view);
    work_on(view);
}

static void seek(struct view *view, int64_t us)
{
    struct recording_state *state = view->state;
    state->back = 0;
    player_seek(state->player, us);
    work_on(view);
}

static void step(struct view *view, int by)
{
    struct recording_state *state = view->state;
    state->back = 0;
    player_step(state->player, by);
    work_on(view);
}

/* "0:12.3", "1:04:07" */
static const char *moment_text(struct arena *arena, int64_t us)
{
    int64_t tenths = us / 100000, s = tenths / 10;
    return s < 3600 ? arena_printf(arena, "%lld:%02lld.%lld", (long long)(s / 60),
                                   (long long)(s % 60), (long long)(tenths % 10))
                    : arena_printf(arena, "%lld:%02lld:%02lld", (long long)(s / 3600),
                                   (long long)(s / 60 % 60), (long long)(s % 60));
}

/* "90", "1:30", "1:02:03" */
static bool moment_read(const char *text, int64_t *us)
{
    double all = 0, part;
    const char *at = text;
    for (int parts = 0; parts < 3; parts++) {
        size_t n = strcspn(at, ":");
        if (!n || !text_to_double(at, n, &part) || !isfinite(part) || part < 0 || part > 1e7)
            return false;
        all = all * 60 + part;
        at += n;
        if (!*at) {
            *us = (int64_t)(all * 1e6);
            return true;
        }
        at++;
    }
    return false;
}

static const char *moment_check(void *context, const char *text)
{
    int64_t us;
    (void)context;
    return moment_read(text, &us) ? NULL : _("seconds, or a time such as 1:30");
}

/* The dialog may outlive the screen: the console's top is asked again. */
static void moment_given(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = console_top(context);
    int64_t us;
    if (accepted && view->ops == &view_recording && moment_read(dialog_text(dialog), &us) &&
        ((struct recording_state *)view->state)->player)
        seek(view, us);
}

/* ---- Looking for text ---- */

static void pattern_use(struct recording_state *state, const char *text)
{
    char *error = NULL;
    size_t at = 0;
    struct pattern *pattern = *text ? table_pattern_new(text, &error, &at) : NULL;
    free(state->wrong);
    state->wrong = *text && !pattern ? mem_strdup(error) : NULL;
    free(error);
    if (state->wrong)
        return;
    if (player_found(state->player) == FOUND_SEARCHING)
        player_step(state->player, 0);
    table_pattern_free(state->pattern);
    state->pattern = pattern;
}

static void find(struct view *view, int by)
{
    struct recording_state *state = view->state;
    if (!state->pattern) {
        console_say(view->console, "%s", _("nothing is looked for yet: / does"));
        return;
    }
    state->back = 0;
    state->searched = true;
    player_find(state->player, state->pattern, by);
    work_on(view);
}

static bool writing_key(struct view *view, uint32_t key)
{
    struct recording_state *state = view->state;
    if (key == KEYS_ESC || key == KEYS_ENTER) {
        state->writing = false;
        if (key == KEYS_ESC || state->wrong) {
            edit_set(&state->edit, "");
            pattern_use(state, "");
        } else if (state->pattern) {
            find(view, 1);
        }
        return true;
    }
    enum edit_result result = edit_key(&state->edit, view->console->loop, key);
    if (result == EDIT_CHANGED)
        pattern_use(state, edit_text(&state->edit));
    return result != EDIT_IGNORED;
}

/* ---- Drawing ---- */

/* The part that is shown of a screen larger than this one: around the cursor, or as was chosen. */
static void part_find(struct recording_state *state, struct area area)
{
    struct emulator *screen = player_screen(state->player);
    int row, col, rows = emulator_rows(screen), cols = emulator_cols(screen);
    emulator_cursor(screen, &row, &col);
    if (!state->moved) {
        state->row = row >= area.rows ? row - area.rows + 1 : 0;
        state->col = col >= area.cols ? col - area.cols + 1 : 0;
    }
    int last_row = rows > area.rows ? rows - area.rows : 0;
    int last_col = cols > area.cols ? cols - area.cols : 0;
    state->row = state->row < 0 ? 0 : state->row > last_row ? last_row : state->row;
    state->col = state->col < 0 ? 0 : state->col > last_col ? last_col : state->col;
}

static void matches_mark(struct recording_state *state, struct area area)
{
    char *text = emulator_text(player_screen(state->player)), *line = text;
    struct draw_match found[8];
    for (int row = 0; line && *line; row++) {
        char *next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        size_t n = pattern_ranges(state->pattern, line, found, 8);
        for (size_t i = 0; i < n; i++) {
            char *part = mem_strndup(line, found[i].to);
            int to = text_cells(part) - state->col;
            part[found[i].from] = '\0';
            int from = text_cells(part) - state->col;
            free(part);
            from = from < 0 ? 0 : from;
            if (row >= state->row && row - state->row < area.rows && to > from)
                draw_mark(area, row - state->row, from, to - from, ROLE_MATCH);
        }
        line = next;
    }
    free(text);
}

static void bar_draw(struct recording_state *state, struct area row)
{
    struct arena *arena = arena_new();
    int64_t length = state->head.length_us, now = player_time(state->player);
    bool plain = theme_ascii();
    const char *sign = player_plays(state->player) ? (plain ? ">" : "▶") : (plain ? "=" : "‖");
    int at = draw_printf(row, 0, 0, ROLE_ACCENT, "%s ", sign);
    at += draw_text(row, 0, at, ROLE_STRONG, moment_text(arena, now)) + 1;
    double speed = player_speed(state->player);
    const char *end = arena_printf(arena, " %s%s%s", moment_text(arena, length),
                                   speed == 1 ? "" : arena_printf(arena, "  %g×", speed),
                                   player_hurries(state->player) ? _("  no pauses") : "");
    int cells = row.cols - at - text_cells(end);
    draw_text(row, 0, row.cols - text_cells(end), ROLE_DIM, end);
    int mark = length > 0 ? (int)((double)now / (double)length * (cells - 1)) : 0;
    for (int i = 0; cells >= BAR_LEAST && i < cells; i++)
        draw_text(row, 0, at + i, i <= mark ? ROLE_ACCENT : ROLE_RULE,
                  i == mark  ? (plain ? "o" : "●")
                  : i < mark ? (plain ? "=" : "━")
                             : (plain ? "-" : "─"));
    arena_free(arena);
}

static const char *state_text(struct view *view, struct arena *arena, enum role *role)
{
    struct recording_state *state = view->state;
    *role = ROLE_WARN;
    if (view->console->message) {
        *role = view->console->message_bad ? ROLE_ERROR : ROLE_PLAIN;
        return view->console->message;
    }
    if (player_lost(state->player))
        return _("the file changed while it was played");
    if (player_found(state->player) == FOUND_SEARCHING)
        return _("looking for it …");
    if (player_busy(state->player))
        return arena_printf(arena, _("going there, %zu of %zu"), player_at(state->player),
                            state->head.events);
    if (state->back) {
        *role = ROLE_ACCENT;
        return arena_printf(arena, _("%d lines back; End returns"), state->back);
    }
    if (state->head.problem && player_at(state->player) == state->head.events)
        return arena_printf(arena, _("not further: %s"), state->head.problem);
    *role = ROLE_DIM;
    const char *when = state->head.started
                           ? time_local(arena, view->console->mall->zone, state->head.started)
                           : "";
    return arena_printf(arena, "%s  %s  %d×%d", state->head.title, when,
                        emulator_cols(player_screen(state->player)),
                        emulator_rows(player_screen(state->player)));
}

static void line_draw(struct view *view, struct area row)
{
    struct recording_state *state = view->state;
    struct arena *arena = arena_new();
    enum role role;
    if (state->writing) {
        int at = draw_printf(row, 0, 0, ROLE_ACCENT, "%s>", _("find")) + 1;
        int room = row.cols - at;
        edit_draw(&state->edit, row, 0, at, state->wrong ? room / 2 : room, ROLE_INPUT, true);
        if (state->wrong)
            draw_field(row, 0, at + room / 2 + 1, room - room / 2 - 1, -1, ROLE_ERROR,
                       state->wrong);
    } else {
        const char *keys = row.cols < 60 ? _("? keys") : _("Space plays · / finds · ? keys · Esc");
        int room = row.cols - text_cells(keys) - 1;
        draw_text(row, 0, room + 1, ROLE_DIM, keys);
        const char *text = state_text(view, arena, &role);
        draw_field(row, 0, 0, room, -1, role, text);
    }
    arena_free(arena);
}

static void recording_draw(struct view *view, struct area area)
{
    struct recording_state *state = view->state;
    if (!state->player) {
        draw_wrapped(area, 0, state->problem ? ROLE_ERROR : ROLE_DIM,
                     state->problem ? state->problem : _("reading the recording …"));
        return;
    }
    struct area line = area_cut_bottom(&area, 1), bar = area_cut_bottom(&area, 1);
    state->rows = area.rows;
    state->cols = area.cols;
    part_find(state, area);
    emulator_draw_part(player_screen(state->player), area, state->back, state->row, state->col);
    if (state->pattern && !state->back && !player_busy(state->player))
        matches_mark(state, area);
    bar_draw(state, bar);
    line_draw(view, line);
}

/* ---- The view ---- */

static void recording_open(struct view *view)
{
    ((struct recording_state *)view->state)->edit.most = PATTERN_MOST;
    load_begin(view);
}

static void recording_close(struct view *view)
{
    struct recording_state *state = view->state;
    if (state->load) {
        state->load->view = NULL;
        atomic_store(&state->load->task.cancel, true);
    }
    if (state->timer)
        loop_timer_stop(view->console->loop, state->timer);
    if (state->work)
        loop_timer_stop(view->console->loop, state->work);
    player_free(state->player);
    table_pattern_free(state->pattern);
    edit_free(&state->edit);
    free(state->problem);
    free(state->wrong);
}

static bool recording_key(struct view *view, uint32_t key)
{
    struct recording_state *state = view->state;
    return state->player && state->writing && writing_key(view, key);
}

static void back_move(struct recording_state *state, int by)
{
    int past = emulator_past(player_screen(state->player));
    state->back += by;
    state->back = state->back < 0 ? 0 : state->back > past ? past : state->back;
}

static void part_move(struct recording_state *state, int rows, int cols)
{
    state->moved = true;
    state->row += rows;
    state->col += cols;
}

static bool position_action(struct view *view, int id)
{
    struct recording_state *state = view->state;
    int64_t now = player_time(state->player);
    switch (id) {
    case ACTION_RECORDING_EARLIER:
        seek(view, now - JUMP_US < 0 ? 0 : now - JUMP_US);
        return true;
    case ACTION_RECORDING_LATER:
        seek(view, now + JUMP_US);
        return true;
    case ACTION_RECORDING_NEXT:
    case ACTION_RECORDING_BEFORE:
        step(view, id == ACTION_RECORDING_NEXT ? 1 : -1);
        return true;
    case ACTION_RECORDING_FIRST:
        seek(view, -1);
        return true;
    case ACTION_RECORDING_LAST:
        if (state->back)
            state->back = 0;
        else
            seek(view, state->head.length_us);
        return true;
    case ACTION_RECORDING_TIME:
        console_dialog(view->console, dialog_ask(_("Go to a time"), _("From its beginning"), "",
                                                 moment_check, moment_given, view->console));
        return true;
    default:
        return false;
    }
}

static bool look_action(struct view *view, int id)
{
    struct recording_state *state = view->state;
    int page = state->rows > 2 ? state->rows - 1 : 1;
    switch (id) {
    case ACTION_RECORDING_BACK:
    case ACTION_RECORDING_FORTH:
        back_move(state, id == ACTION_RECORDING_BACK ? page : -page);
        return true;
    case ACTION_RECORDING_PART_UP:
    case ACTION_RECORDING_PART_DOWN:
        part_move(state, id == ACTION_RECORDING_PART_UP ? -page / 2 - 1 : page / 2 + 1, 0);
        return true;
    case ACTION_RECORDING_PART_LEFT:
    case ACTION_RECORDING_PART_RIGHT:
        part_move(state, 0, id == ACTION_RECORDING_PART_LEFT ? -state->cols / 2 : state->cols / 2);
        return true;
    default:
        return false;
    }
}

static bool recording_action(struct view *view, int id, const char *argument)
{
    struct recording_state *state = view->state;
    if (!state->player)
        return false;
    if (position_action(view, id) || look_action(view, id))
        return true;
    switch (id) {
    case ACTION_RECORDING_PLAY:
        play(view, !player_plays(state->player));
        return true;
    case ACTION_RECORDING_FASTER:
    case ACTION_RECORDING_SLOWER:
        player_faster(state->player, id == ACTION_RECORDING_FASTER ? 1 : -1);
        return true;
    case ACTION_RECORDING_HURRY:
        player_hurry(state->player, !player_hurries(state->player));
        return true;
    case ACTION_RECORDING_FIND:
        state->writing = !*argument;
        if (*argument) {
            edit_set(&state->edit, argument);
            pattern_use(state, argument);
            find(view, 1);
        }
        return true;
    case ACTION_RECORDING_FIND_NEXT:
    case ACTION_RECORDING_FIND_BEFORE:
        find(view, id == ACTION_RECORDING_FIND_NEXT ? 1 : -1);
        return true;
    case ACTION_BACK:
        if (!state->pattern)
            return false;
        pattern_use(state, "");
        edit_set(&state->edit, "");
        return true;
    default:
        return false;
    }
}

static const char *recording_subtitle(struct view *view)
{
    const struct recording_state *state = view->state;
    return state->player ? state->head.title : NULL;
}

const struct view_ops view_recording = {
    .name = "recording",
    .title = N_("Recording"),
    .about = N_("A recorded shell, played on a terminal inside this screen: nothing of the file "
                "reaches the terminal it is looked at with. Space plays and stands still, Left "
                "and Right go five seconds, , and . event by event, + and - change the speed, t "
                "goes to a time, i shortens pauses; / looks for what the screen showed, n and N "
                "go on from there. PgUp looks back, H J K L show another part of a larger "
                "screen."),
    .whole = true,
    .rights = RIGHT_DEVICES | RIGHT_DEVICES_EDIT,
    .size = sizeof(struct recording_state),
    .open = recording_open,
    .close = recording_close,
    .draw = recording_draw,
    .action = recording_action,
    .key = recording_key,
    .subtitle = recording_subtitle,
};
