/* The stack of views, and the way from a key to an action. */
#include "views/console.h"

#include "tui/table.h"
#include "views/actions.h"
#include "views/change.h"
#include "views/frame.h"
#include "views/locked.h"
#include "views/malls.h"
#include "views/overlay.h"
#include "views/question.h"
#include "views/rollout_task.h"
#include "views/screens.h"
#include "views/session.h"

#include <stdlib.h>
#include <string.h>

/* ---- Messages ---- */

static void message_set(struct console *console, bool bad, const char *format, va_list args)
{
    free(console->message);
    console->message = NULL;
    if (vasprintf(&console->message, format, args) < 0)
        console->message = NULL;
    console->message_bad = bad;
    console_redraw(console);
}

void console_say(struct console *console, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    message_set(console, false, format, args);
    va_end(args);
}

void console_complain(struct console *console, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    message_set(console, true, format, args);
    va_end(args);
}

void console_redraw(struct console *console)
{
    loop_redraw(console->loop);
}

bool console_may(struct console *console, unsigned rights)
{
    struct error err = {0};
    if (access_require(&console->access, rights, "do that", &err) == ST_OK)
        return true;
    console_complain(console, "%s", error_text(&err));
    error_clear(&err);
    return false;
}

/* ---- Views ---- */

struct view *console_top(const struct console *console)
{
    return console->stack[console->depth - 1];
}

static struct view *view_new(struct console *console, const struct view_ops *ops,
                             const char *argument)
{
    struct view *view = mem_zero(1, sizeof *view);
    view->ops = ops;
    view->console = console;
    view->argument = mem_strdup(argument);
    view->state = mem_zero(1, ops->size);
    view->scopes[view->n_scopes++] = ops->name;
    return view;
}

static void view_free(struct view *view)
{
    if (view->ops->close)
        view->ops->close(view);
    view_questions_end(view);
    free(view->state);
    free(view->argument);
    free(view);
}

static void stack_cut(struct console *console, size_t depth)
{
    while (console->depth > depth)
        view_free(console->stack[--console->depth]);
}

/* From a member to a shop to a member … for ever: of so many the oldest goes, but not the loop. */
enum { STACK_MOST = 40 };

static void stack_push(struct console *console, struct view *view)
{
    if (console->depth == STACK_MOST) {
        view_free(console->stack[1]);
        memmove(&console->stack[1], &console->stack[2],
                (--console->depth - 1) * sizeof *console->stack);
    }
    if (console->depth == console->cap) {
        console->cap = console->cap ? console->cap * 2 : 8;
        console->stack = mem_resize(console->stack, console->cap, sizeof *console->stack);
    }
    console->stack[console->depth++] = view;
    view->ops->open(view);
}

/* A main screen stands on the loop, which is always at the bottom; opened for something, such as
 * the people behind a figure, it stands on what it was opened from. */
void console_open(struct console *console, const char *name, const char *argument)
{
    const struct view_ops *ops = screen_find(name);
    if (!ops) {
        console_complain(console, _("there is no screen '%s'"), name);
        return;
    }
    if (ops->rights && !console_may(console, ops->rights))
        return;
    const struct view *top = console->depth ? console_top(console) : NULL;
    if (top && top->ops == ops && strcmp(top->argument, argument) == 0)
        return;
    struct view *view =
        view_new(console, ops, argument); /* before a view that owns the argument goes */
    if (ops->number && !*argument)
        stack_cut(console, ops->number == 1 ? 0 : console->depth ? 1 : 0);
    stack_push(console, view);
    session_save(console->session, console);
    console_redraw(console);
}

static void leave_now(struct console *console)
{
    console->leaving = true;
    loop_stop(console->loop);
}

static void leave(struct console *console)
{
    if (rollout_task_may_leave(console, leave_now))
        leave_now(console);
}

void console_back(struct console *console)
{
    if (console->depth <= 1)
        return;
    if (console->alone && console->depth == 2) {
        leave(console);
        return;
    }
    stack_cut(console, console->depth - 1);
    session_save(console->session, console);
    console_redraw(console);
}

static void ask_again(struct console *console)
{
    for (size_t i = 0; i < console->depth; i++)
        if (console->stack[i]->ops->refresh)
            console->stack[i]->ops->refresh(console->stack[i]);
    console_redraw(console);
}

void console_refresh(struct console *console)
{
    console->refreshing = true;
    ask_again(console);
    console->refreshing = false;
}

/* ---- Period ---- */

static void period_update(struct console *console)
{
    if (console->compare != COMPARE_NONE)
        console->against =
            period_compare(&console->mall->clock, &console->period, console->compare);
    session_save(console->session, console);
    ask_again(console);
}

void console_period(struct console *console, const char *text)
{
    struct error err = {0};
    struct period period;
    if (period_parse(&console->mall->clock, console->present, text, &period, &err) != ST_OK) {
        console_complain(console, "%s", error_text(&err));
        error_clear(&err);
        return;
    }
    console->period = period;
    char *id = mem_strdup(text);
    free(console->period_id);
    console->period_id = id;
    period_update(console);
}

static void period_move(struct console *console, int by)
{
    struct arena *arena = arena_new();
    console->period = period_shift(&console->mall->clock, console->present, &console->period, by);
    char *id = period_id(arena, &console->mall->clock, &console->period);
    free(console->period_id);
    console->period_id = mem_strdup(id);
    arena_free(arena);
    period_update(console);
}

void console_compare(struct console *console, enum compare compare)
{
    console->compare = compare;
    period_update(console);
    console_say(console, _("compared with: %s"), _(compare_choices[compare].title));
}

static void compare_next(struct console *console, const char *argument)
{
    for (size_t i = 0; i < n_compare_choices; i++)
        if (strcmp(argument, compare_choices[i].id) == 0) {
            console_compare(console, compare_choices[i].compare);
            return;
        }
    if (*argument)
        console_complain(console, _("'%s' is no comparison: before, year, …"), argument);
    else
        console_compare(console, (enum compare)((console->compare + 1) % (int)n_compare_choices));
}

/* ---- Actions ---- */

static void resume(struct console *console)
{
    const char *view, *argument;
    size_t at = 0;
    struct session *session = console->session;
    if (!session_place(session, 0, &view, &argument)) {
        console_say(console, "%s", _("there is nowhere to go back to"));
        return;
    }
    for (; session_place(session, at, &view, &argument); at++)
        if (screen_find(view))
            console_open(console, view, argument);
    session_forget(session);
}

static void cancel_all(struct console *console)
{
    for (size_t i = 0; i < console->depth; i++)
        for (int slot = 0; slot < VIEW_SLOTS; slot++)
            view_cancel(console->stack[i], slot);
    console_say(console, "%s", _("stopped; Ctrl-r asks again"));
}

double console_share(const struct console *console)
{
    const struct view *top = console_top(console);
    double share = 1;
    for (int slot = 0; slot < VIEW_SLOTS; slot++)
        if (view_is_partial(top, slot) && view_share(top, slot) < share)
            share = view_share(top, slot);
    return share;
}

bool console_exact(struct console *console)
{
    bool exact = console_share(console) >= 1;
    if (!exact)
        console_say(console, "%s", _("not all are counted yet: there is no list"));
    return exact;
}

/* Esc on a partial answer stops counting and leaves it, marked; the next one goes back. */
static bool partial_stop(struct console *console)
{
    struct view *top = console_top(console);
    bool partial = false;
    for (int slot = 0; slot < VIEW_SLOTS; slot++)
        partial |= view_is_partial(top, slot) && view_asking(top, slot);
    for (int slot = 0; partial && slot < VIEW_SLOTS; slot++)
        view_cancel(top, slot);
    if (partial)
        console_say(console, "%s", _("stopped; Ctrl-r asks again"));
    return partial;
}

/* Of the people named, or of those the screen stands for. */
static void portrait_open(struct console *console, const char *argument)
{
    struct view *top = console_top(console);
    char *people = *argument          ? mem_strdup(argument)
                   : top->ops->people ? top->ops->people(top)
                                      : NULL;
    if (people)
        console_open(console, "portrait", people);
    else
        console_say(console, "%s", _("no people are chosen here"));
    free(people);
}

static void step_back(struct console *console)
{
    if (!partial_stop(console))
        console_back(console);
}

static void view_close(struct console *console)
{
    if (console->depth > 1)
        console_back(console);
    else
        leave(console);
}

static void period_choose(struct console *console, const char *argument)
{
    if (*argument)
        console_period(console, argument);
    else
        overlay_period(console);
}

static void period_earlier(struct console *console)
{
    period_move(console, -1);
}

static void period_later(struct console *console)
{
    period_move(console, 1);
}

static void redraw(struct console *console)
{
    (void)console;
    screen_redraw();
}

static void suspend(struct console *console)
{
    loop_suspend(console->loop);
}

static void mall_choose(struct console *console, const char *argument)
{
    if (*argument)
        malls_switch(console, argument);
    else
        malls_pick(console);
}

static void results_open(struct console *console, const char *argument)
{
    console_open(console, *argument ? "campaign-result" : "campaign-results", argument);
}

static void simulation_open(struct console *console, const char *argument)
{
    if (*argument)
        console_open(console, "campaign-simulate", argument);
    else
        console_complain(console, "%s", _("which campaign? Write its code behind the word"));
}

/* What the console itself does, on every screen. */
static bool console_own(struct console *console, int id, const char *argument)
{
    static const struct {
        int id;
        void (*plain)(struct console *console);
        void (*with)(struct console *console, const char *argument);
    } acts[] = {
        {ACTION_BACK, .plain = step_back},
        {ACTION_CLOSE, .plain = view_close},
        {ACTION_QUIT, .plain = leave},
        {ACTION_RESUME, .plain = resume},
        {ACTION_PALETTE, .plain = overlay_palette},
        {ACTION_HELP, .plain = overlay_help},
        {ACTION_MENU, .plain = overlay_menu},
        {ACTION_PERIOD, .with = period_choose},
        {ACTION_PERIOD_EARLIER, .plain = period_earlier},
        {ACTION_PERIOD_LATER, .plain = period_later},
        {ACTION_COMPARE, .with = compare_next},
        {ACTION_REFRESH, .plain = console_refresh},
        {ACTION_CANCEL, .plain = cancel_all},
        {ACTION_REDRAW, .plain = redraw},
        {ACTION_SUSPEND, .plain = suspend},
        {ACTION_MALL_SWITCH, .with = mall_choose},
        {ACTION_UNDO, .plain = change_undo},
        {ACTION_PORTRAIT, .with = portrait_open},
        {ACTION_RESULTS, .with = results_open},
        {ACTION_SIMULATE, .with = simulation_open},
    };
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        if (acts[i].id != id)
            continue;
        if (acts[i].with)
            acts[i].with(console, argument);
        else
            acts[i].plain(console);
        return true;
    }
    return false;
}

/* The view first, then the console; false: nobody had anything to do for it. */
static bool act(struct console *console, int id, const char *argument)
{
    struct view *top = console_top(console);
    console_redraw(console);
    for (const struct view_ops *const *screen = screens; *screen; screen++)
        if ((*screen)->number && id == ACTION_GO_LOOP + (*screen)->number - 1) {
            console_open(console, (*screen)->name, argument);
            return true;
        }
    bool own;
    if (locked_covers(console))
        return locked_act(console, id, &own) || (own && console_own(console, id, argument));
    return (top->ops->action && top->ops->action(top, id, argument)) ||
           console_own(console, id, argument);
}

void console_act(struct console *console, int id, const char *argument)
{
    if (!act(console, id, argument))
        console_say(console, "%s", _("not on this screen"));
}

/* ---- Keys and frames ---- */

static void message_clear(struct console *console)
{
    if (!console->message)
        return;
    free(console->message);
    console->message = NULL;
    console_redraw(console);
}

/* The innermost scope that has something to do for the key gets it: Esc clears a filter where there
 * is one, and goes back otherwise. */
static void key_act(struct console *console, uint32_t key)
{
    const char *scopes[VIEW_SCOPES];
    size_t n;
    const struct action *before = NULL;
    const char *const *hold = console_scopes(console, &n);
    memcpy(scopes, hold, n * sizeof *scopes);
    for (size_t from = 0; from <= n; from++) {
        const struct action *action = keymap_find(console->keymap, key, scopes + from, n - from);
        if (action && action != before && act(console, action->id, ""))
            return;
        before = action;
    }
}

void console_key(void *context, uint32_t key)
{
    struct console *console = context;
    message_clear(console);
    if (overlay_key(console, key)) {
        console_redraw(console);
        return;
    }
    struct view *top = console_top(console);
    if (!locked_covers(console) && top->ops->key && top->ops->key(top, key)) {
        console_redraw(console);
        return;
    }
    key_act(console, key);
}

void console_draw(void *context)
{
    struct console *console = context;
    struct view *top = console_top(console);
    struct area rest = top->ops->whole ? screen_area() : frame_draw(console, screen_area());
    if (locked_covers(console))
        locked_draw(console, rest);
    else
        top->ops->draw(top, rest);
    overlay_draw(console, screen_area());
}

void console_end_views(struct console *console)
{
    stack_cut(console, 0);
    free(console->stack);
    console->stack = NULL;
}
