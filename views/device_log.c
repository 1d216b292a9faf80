/* The logs of devices, followed and merged; the argument is an expression over devices. */
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/follow.h"
#include "tui/edit.h"
#include "tui/loop.h"
#include "views/actions.h"
#include "views/fleet_desk.h"
#include "views/log_rows.h"
#include "views/screens.h"

#include <stdlib.h>
#include <string.h>

enum { LINES = 200, TICK_MS = 500, SHIFT = 16, WHEEL = 3, PATTERN_MOST = 1000 };

enum writing { WRITING_NOTHING, WRITING_FILTER, WRITING_FIND };

struct log_state {
    struct follow *follow; /* NULL: not begun */
    struct log_rows rows;
    enum writing writing;
    struct edit edits[3]; /* by what is written */
    char *problem;        /* of the pattern being written; NULL: none */
    int tick, look;       /* timers; 0: not running */
    int height;           /* rows of lines, when they were last drawn */
    bool begun;
};

struct log_question {
    struct access access;
    char on[8192];
};

struct log_answer {
    const struct device *devices;
    size_t n;
};

static void *log_ask(struct reader *reader, struct arena *arena, const void *parameters,
                     struct error *err)
{
    const struct log_question *question = parameters;
    struct log_answer *answer = arena_new_of(arena, struct log_answer);
    return device_list(reader, &question->access, arena, question->on, &answer->devices, &answer->n,
                       err) == ST_OK
               ? answer
               : NULL;
}

/* ---- What comes ---- */

static void look(struct view *view);

static void look_fire(void *context)
{
    struct view *view = context;
    ((struct log_state *)view->state)->look = 0;
    look(view);
}

/* In slices, with keys and frames between them. */
static void look(struct view *view)
{
    struct log_state *state = view->state;
    if (!log_rows_look(&state->rows) && !state->look)
        state->look = loop_timer(view->console->loop, 1, false, look_fire, view);
    console_redraw(view->console);
}

static void follow_ready(void *context)
{
    struct view *view = context;
    struct log_state *state = view->state;
    if (follow_collect(state->follow))
        look(view);
}

static void tick_fire(void *context)
{
    struct view *view = context;
    struct log_state *state = view->state;
    if (follow_tick(state->follow))
        look(view);
}

static void follow_start(struct view *view)
{
    struct log_state *state = view->state;
    const struct log_answer *answer = view_answer(view, 0);
    struct console *console = view->console;
    struct fleet_engine *engine = NULL;
    if (!answer->n)
        console_complain(console, "%s", _("no device is selected"));
    else if (answer->n > FOLLOW_DEVICES_MOST)
        console_complain(console, _("%zu devices are too many at once: at most %d"), answer->n,
                         FOLLOW_DEVICES_MOST);
    else
        engine = desk_engine(console->desk);
    if (!engine)
        return;
    struct follow_options options = {.lines = LINES, .follow = true, .zone = console->mall->zone};
    state->follow = follow_begin(engine, answer->devices, answer->n, &options);
    state->rows = (struct log_rows){.follow = state->follow, .live = true};
    loop_watch(console->loop, follow_fd(state->follow), follow_ready, view);
    state->tick = loop_timer(console->loop, TICK_MS, true, tick_fire, view);
    look(view);
}

static void follow_stop(struct view *view)
{
    struct log_state *state = view->state;
    if (state->tick)
        loop_timer_stop(view->console->loop, state->tick);
    if (state->look)
        loop_timer_stop(view->console->loop, state->look);
    state->tick = state->look = 0;
    if (state->follow)
        loop_unwatch(view->console->loop, follow_fd(state->follow));
    log_rows_free(&state->rows);
    state->rows = (struct log_rows){0};
    follow_leave(state->follow);
    state->follow = NULL;
}

/* ---- Patterns ---- */

static void pattern_use(struct view *view, enum writing what, const char *text)
{
    struct log_state *state = view->state;
    char *error = NULL;
    size_t at = 0;
    struct pattern *pattern = *text ? table_pattern_new(text, &error, &at) : NULL;
    free(state->problem);
    state->problem = NULL;
    if (*text && !pattern) {
        state->problem = mem_printf("%s", error);
        free(error);
        return;
    }
    if (what == WRITING_FILTER) {
        log_rows_filter(&state->rows, pattern);
        look(view);
    } else {
        log_rows_find(&state->rows, pattern);
    }
}

static void writing_end(struct view *view, bool keep)
{
    struct log_state *state = view->state;
    enum writing what = state->writing;
    state->writing = WRITING_NOTHING;
    if (!keep || state->problem) {
        edit_set(&state->edits[what], "");
        pattern_use(view, what, "");
    } else if (what == WRITING_FIND && *edit_text(&state->edits[what]) &&
               !log_rows_next(&state->rows, -1)) {
        console_say(view->console, "%s", _("nothing before here; n looks further on"));
    }
}

static bool writing_key(struct view *view, uint32_t key)
{
    struct log_state *state = view->state;
    struct edit *edit = &state->edits[state->writing];
    if (key == KEYS_ENTER || key == KEYS_ESC) {
        writing_end(view, key == KEYS_ENTER);
        return true;
    }
    enum edit_result result = edit_key(edit, view->console->loop, key);
    if (result == EDIT_CHANGED)
        pattern_use(view, state->writing, edit_text(edit));
    return result != EDIT_IGNORED;
}

/* ---- Going to a time ---- */

/* The dialog may outlive the screen: the console's top is asked again. */
static void time_given(void *context, struct dialog *dialog, bool accepted)
{
    struct console *console = context;
    struct view *view = console_top(console);
    const char *text = accepted ? dialog_text(dialog) : "";
    int64_t time;
    if (!accepted || view->ops != &view_device_log)
        return;
    struct log_state *state = view->state;
    char today[64];
    struct civil now = zone_civil(console->mall->zone, time_now());
    snprintf(today, sizeof today, "%04d-%02d-%02d %.40s", now.year, now.month, now.day, text);
    const char *whole = strlen(text) <= 8 ? today : text;
    if (time_parse(console->mall->zone, whole, strlen(whole), &time) &&
        !log_rows_time(&state->rows, time))
        console_say(console, "%s", _("nothing is that late"));
}

static const char *time_check(void *context, const char *text)
{
    struct console *console = context;
    char whole[64];
    int64_t time;
    snprintf(whole, sizeof whole, "%s%.40s", strlen(text) <= 8 ? "2000-01-01 " : "", text);
    return time_parse(console->mall->zone, whole, strlen(whole), &time)
               ? NULL
               : _("a time, such as 14:30 or 2026-10-17 14:30:05");
}

/* ---- The view ---- */

static void log_open(struct view *view)
{
    struct log_question question = {.access = view->console->access};
    snprintf(question.on, sizeof question.on, "%s", view->argument);
    for (int i = 1; i < 3; i++)
        ((struct log_state *)view->state)->edits[i].most = PATTERN_MOST;
    view_ask(view, 0, _("devices"), log_ask, &question, sizeof question);
}

static void log_close(struct view *view)
{
    struct log_state *state = view->state;
    follow_stop(view);
    for (int i = 0; i < 3; i++)
        edit_free(&state->edits[i]);
    free(state->problem);
}

static void log_answered(struct view *view, int slot)
{
    struct log_state *state = view->state;
    if (!view_answer(view, slot) || state->begun)
        return;
    state->begun = true;
    follow_start(view);
}

static const char *states_text(const struct log_state *state, struct arena *arena)
{
    size_t states[FOLLOW_ENDED + 1], n = log_rows_n(&state->rows);
    follow_count(state->follow, states);
    const char *text = arena_printf(arena, _("%zu live"), states[FOLLOW_LIVE]);
    if (states[FOLLOW_CALLING])
        text = arena_printf(arena, _("%s, %zu being called"), text, states[FOLLOW_CALLING]);
    if (states[FOLLOW_WAITING])
        text = arena_printf(arena, _("%s, %zu lost"), text, states[FOLLOW_WAITING]);
    if (states[FOLLOW_ENDED])
        text = arena_printf(arena, _("%s, %zu not followed"), text, states[FOLLOW_ENDED]);
    return arena_printf(arena, ngettext("%s · %s line", "%s · %s lines", n), text,
                        text_count(arena, (int64_t)n));
}

static void state_draw(const struct log_state *state, struct area row)
{
    struct arena *arena = arena_new();
    const struct log_rows *rows = &state->rows;
    size_t hard = (rows->filter ? pattern_given_up(rows->filter) : 0) +
                  (rows->find ? pattern_given_up(rows->find) : 0);
    const char *how = rows->live ? _("following") : _("paused");
    int at = row.cols - text_cells(how);
    draw_text(row, 0, at, rows->live ? ROLE_UP : ROLE_WARN, how);
    row.cols = at - 1;
    const char *text = states_text(state, arena);
    if (hard)
        text = arena_printf(arena, _("%s · %zu lines too hard for the pattern"), text, hard);
    draw_field(row, 0, 0, row.cols, -1, ROLE_STRONG, text);
    arena_free(arena);
}

static void edits_draw(struct log_state *state, struct area *area)
{
    static const char *const titles[] = {"", N_("only"), N_("find")};
    for (int i = WRITING_FILTER; i <= WRITING_FIND; i++) {
        bool here = state->writing == (enum writing)i;
        if (!here && !*edit_text(&state->edits[i]))
            continue;
        struct area row = area_cut_top(area, 1);
        int at = draw_printf(row, 0, 0, ROLE_ACCENT, "%s>", _(titles[i])) + 1;
        edit_draw(&state->edits[i], row, 0, at, row.cols - at, ROLE_INPUT, here);
        if (here && state->problem)
            area_cut_top(area, draw_wrapped(*area, 0, ROLE_ERROR, state->problem));
    }
}

static void log_draw(struct view *view, struct area area)
{
    struct log_state *state = view->state;
    if (view_problem(view, 0)) {
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, 0));
        return;
    }
    if (!state->follow) {
        draw_text(area, 0, 0, ROLE_DIM,
                  state->begun ? _("it was not asked") : _("asking the device …"));
        return;
    }
    state_draw(state, area_cut_top(&area, 1));
    edits_draw(state, &area);
    state->height = area.rows;
    if (log_rows_n(&state->rows))
        log_rows_draw(&state->rows, area);
    else
        draw_text(area, 0, 0, ROLE_DIM,
                  state->rows.filter ? _("no line matches") : _("no line yet"));
}

static bool log_key(struct view *view, uint32_t key)
{
    struct log_state *state = view->state;
    if (!state->follow)
        return false;
    if (state->writing)
        return writing_key(view, key);
    if (key != KEYS_MOUSE)
        return false;
    int button = loop_mouse(view->console->loop)->button;
    if (button == 4 || button == 5)
        log_rows_move(&state->rows, button == 4 ? -WHEEL : WHEEL);
    return true;
}

/* Esc takes a search and a filter away before it leaves. */
static bool patterns_leave(struct view *view)
{
    struct log_state *state = view->state;
    for (int i = WRITING_FIND; i >= WRITING_FILTER; i--)
        if (*edit_text(&state->edits[i])) {
            edit_set(&state->edits[i], "");
            pattern_use(view, (enum writing)i, "");
            return true;
        }
    return false;
}

static void next_go(struct view *view, int by)
{
    struct log_state *state = view->state;
    if (!state->rows.find)
        console_say(view->console, "%s", _("nothing is looked for yet: / does"));
    else if (!log_rows_next(&state->rows, by))
        console_say(view->console, "%s",
                    by > 0 ? _("nothing after here") : _("nothing before here"));
}

static bool log_move(struct log_state *state, int id)
{
    struct log_rows *rows = &state->rows;
    int page = state->height > 1 ? state->height - 1 : 1;
    switch (id) {
    case ACTION_LOG_UP:
    case ACTION_LOG_DOWN:
        log_rows_move(rows, id == ACTION_LOG_UP ? -1 : 1);
        return true;
    case ACTION_LOG_PAGE_UP:
    case ACTION_LOG_PAGE_DOWN:
        log_rows_move(rows, id == ACTION_LOG_PAGE_UP ? -page : page);
        return true;
    case ACTION_LOG_FIRST:
    case ACTION_LOG_LAST:
        log_rows_ends(rows, id == ACTION_LOG_LAST);
        return true;
    case ACTION_LOG_LEFT:
    case ACTION_LOG_RIGHT:
        rows->shift += id == ACTION_LOG_LEFT ? -SHIFT : SHIFT;
        rows->shift = rows->shift < 0 ? 0 : rows->shift;
        return true;
    case ACTION_LOG_PAUSE:
        if (rows->live)
            rows->live = false;
        else
            log_rows_ends(rows, true);
        return true;
    case ACTION_LOG_RAW:
        rows->raw = !rows->raw;
        return true;
    default:
        return false;
    }
}

static bool log_action(struct view *view, int id, const char *argument)
{
    struct log_state *state = view->state;
    if (!state->follow)
        return false;
    if (log_move(state, id))
        return true;
    switch (id) {
    case ACTION_LOG_FILTER:
    case ACTION_LOG_FIND:
        state->writing = id == ACTION_LOG_FILTER ? WRITING_FILTER : WRITING_FIND;
        if (*argument) {
            edit_set(&state->edits[state->writing], argument);
            pattern_use(view, state->writing, argument);
            writing_end(view, true);
        }
        return true;
    case ACTION_LOG_NEXT:
    case ACTION_LOG_PREVIOUS:
        next_go(view, id == ACTION_LOG_NEXT ? 1 : -1);
        return true;
    case ACTION_LOG_TIME:
        console_dialog(view->console,
                       dialog_ask(_("Go to a time"), _("The first line from then on"), "",
                                  time_check, time_given, view->console));
        return true;
    case ACTION_BACK:
        return patterns_leave(view);
    default:
        return false;
    }
}

static const char *log_subtitle(struct view *view)
{
    const struct log_answer *answer = view_answer(view, 0);
    return answer && answer->n == 1 ? answer->devices->code : NULL;
}

const struct view_ops view_device_log = {
    .name = "device-log",
    .title = N_("Log"),
    .about =
        N_("The logs of one or many devices as they come. f shows only what a pattern finds, / "
           "marks it and n and N go from one to the next, Space pauses, End follows again, t "
           "goes to a time, v shows lines of JSON as they are. The last 20,000 lines are kept; "
           "a device whose line is lost is called again, and the log goes on where it stopped."),
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
