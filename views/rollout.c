/* One roll-out: what it is, its waves, and where each device is. */
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/rollout_preview.h"
#include "tui/table.h"
#include "views/actions.h"
#include "views/fleet_acts.h"
#include "views/fleet_rows.h"
#include "views/list.h"
#include "views/rollout_acts.h"
#include "views/rollout_task.h"
#include "views/screens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 1000, ASK_EVERY = 3, BAR = 20, ROOMY = 100, SMALL_ROWS = 16 };

struct rollout_question {
    struct access access;
    char code[32];
    bool rest; /* without those that are ok */
};

struct rollout_answer {
    struct rollout_subject subject;
    struct rollout_wave waves[ROLLOUT_WAVES];
    int n_waves;
    struct sheet *sheet;
    bool approval;                 /* it needs somebody's before it can be started */
    const char **open;             /* codes by row */
    const struct rollout_row **at; /* rows by row of the sheet */
    const enum role *looks;
    uint64_t *keys;
};

struct rollout_page {
    struct list list;
    bool rest;
    int timer, ticks;
};

/* ---- The question ---- */

static const struct sheet_column columns[] = {
    {"device", N_("device"), CELL_TEXT},     {"state", N_("state"), CELL_TEXT, 0, 14},
    {"wave", N_("wave"), CELL_TEXT},         {"version", N_("version"), CELL_TEXT, 0, 7},
    {"for", N_("for"), CELL_DURATION, 0, 6}, {"reason", N_("reason"), CELL_TEXT, 0, 24},
    {"floor", N_("floor"), CELL_TEXT},       {"shop", N_("shop"), CELL_TEXT},
};
enum { COLUMNS = sizeof columns / sizeof *columns, COLUMN_STATE = 1 };

static enum role row_role(const struct rollout_row *row)
{
    if (row->step == STEP_OK)
        return ROLE_UP;
    if (row->fault || row->step == STEP_FAILED)
        return ROLE_ERROR;
    if (row->wait == WAIT_OFFLINE || row->step == STEP_EXPIRED || row->step == STEP_SKIPPED ||
        row->step == STEP_WAITING)
        return ROLE_DIM;
    return step_in_flight(row->step) ? ROLE_WARN : ROLE_PLAIN;
}

static void row_fill(struct rollout_answer *answer, struct arena *arena,
                     const struct rollout_row *row)
{
    const struct rollout_subject *s = &answer->subject;
    const struct device *device = rollout_device_of(s->devices, s->n_devices, row->device);
    struct cell *cells = sheet_row_add(answer->sheet);
    int64_t now = time_now();
    cells[0] = cell_text(device ? device->code : "?");
    cells[1] = cell_text(_(rollout_row_word(row)));
    cells[2] = cell_text(rollout_wave_name(arena, s->rollout, row->wave));
    cells[3] = cell_text(*row->app ? row->app : NULL);
    if (row->since)
        cells[4] = cell_integer(now > row->since ? now - row->since : 0);
    cells[5] = cell_text(*row->reason ? row->reason : NULL);
    cells[6] = cell_text(device && *device->floor ? device->floor : NULL);
    cells[7] = cell_text(device && *device->shop ? device->shop : NULL);
}

static void rows_fill(struct rollout_answer *answer, struct arena *arena, bool rest)
{
    const struct rollout_subject *s = &answer->subject;
    enum role *looks = arena_array(arena, enum role, s->n + 1);
    size_t shown = 0;
    answer->sheet = sheet_new(arena, columns, COLUMNS);
    answer->open = arena_array(arena, const char *, s->n + 1);
    answer->keys = arena_array(arena, uint64_t, s->n + 1);
    answer->at = arena_array(arena, const struct rollout_row *, s->n + 1);
    for (size_t i = 0; i < s->n; i++) {
        if (rest && s->rows[i].step == STEP_OK)
            continue;
        row_fill(answer, arena, &s->rows[i]);
        looks[shown] = row_role(&s->rows[i]);
        answer->keys[shown] = s->rows[i].device;
        answer->at[shown] = &s->rows[i];
        answer->open[shown] = cell_string(&sheet_row(answer->sheet, shown)[0]);
        shown++;
    }
    answer->looks = looks;
}

static void *rollout_ask(struct reader *reader, struct arena *arena, const void *parameters,
                         struct error *err)
{
    const struct rollout_question *question = parameters;
    struct rollout_answer *answer = arena_new_of(arena, struct rollout_answer);
    struct rollout *rollout;
    struct rollout_row *rows;
    int64_t free_devices;
    struct rollout_subject *s = &answer->subject;
    enum status status =
        rollout_find(reader, &question->access, arena, question->code, &rollout, err);
    if (status == ST_OK)
        status = rollout_rows(reader, arena, rollout->id, &rows, &s->n, err);
    if (status == ST_OK)
        status =
            device_list(reader, &question->access, arena, NULL, &s->devices, &s->n_devices, err);
    if (status != ST_OK)
        return NULL;
    if (rollout_free_devices(reader, &free_devices, err) != ST_OK)
        return NULL;
    answer->approval = rollout->devices > free_devices;
    s->rollout = rollout;
    s->rows = rows;
    answer->n_waves = rollout_waves(rollout, rows, s->n, answer->waves);
    rows_fill(answer, arena, question->rest);
    return answer;
}

static void rollout_refresh(struct view *view)
{
    struct rollout_page *page = view->state;
    struct rollout_question question = {.access = view->console->access, .rest = page->rest};
    snprintf(question.code, sizeof question.code, "%s", view->argument);
    view_ask(view, 0, _("roll-out"), rollout_ask, &question, sizeof question);
}

/* ---- Drawing ---- */

static enum role state_role(enum rollout_state state)
{
    switch (state) {
    case ROLLOUT_RUNNING:
    case ROLLOUT_DONE:
        return ROLE_UP;
    case ROLLOUT_STOPPED:
        return ROLE_ERROR;
    case ROLLOUT_PAUSED:
    case ROLLOUT_RETURNING:
    case ROLLOUT_RETURNED:
        return ROLE_WARN;
    default:
        return ROLE_STRONG;
    }
}

static void head_draw(struct area row, const struct rollout *r)
{
    int at = draw_printf(row, 0, 0, ROLE_STRONG, "%s ", r->app);
    at += draw_printf(row, 0, at, state_role(r->state), "%s", _(rollout_state_names[r->state]));
    at += draw_printf(row, 0, at, ROLE_PLAIN,
                      ngettext("  %lld device", "  %lld devices", (unsigned long)r->devices),
                      (long long)r->devices);
    draw_printf(row, 0, at, ROLE_DIM, "  %s", *r->selection ? r->selection : _("all"));
}

/* "by ann, approved by bob · window 02:00-05:00 · trial 2 min" */
static const char *terms_text(struct arena *arena, const struct rollout *r)
{
    const char *text = arena_printf(arena, _("by %s"), r->author);
    const char *window = rollout_window_text(arena, r);
    if (*r->approved_by)
        text = arena_printf(arena, _("%s, approved by %s"), text, r->approved_by);
    if (*window)
        text = arena_printf(arena, _("%s · only %s"), text, window);
    text = arena_printf(arena, _("%s · trial %s · soak %s · coverage %lld%%"), text,
                        text_duration(arena, r->trial), text_duration(arena, r->soak),
                        (long long)r->coverage);
    return r->back ? arena_printf(arena, _("%s · goes back where it stops"), text) : text;
}

/* "8:12" until its time is over. */
static const char *countdown(struct arena *arena, int64_t seconds)
{
    if (seconds >= 3600)
        return text_duration(arena, seconds);
    return arena_printf(arena, "%lld:%02lld", (long long)(seconds / 60), (long long)(seconds % 60));
}

/* What it waits for; a tick where it is through. */
static const char *wave_says(struct arena *arena, const struct rollout_answer *answer, int wave)
{
    const struct rollout *r = answer->subject.rollout;
    const struct rollout_wave *w = &answer->waves[wave];
    bool current = wave == r->wave && r->state == ROLLOUT_RUNNING;
    if (current && r->soaking + r->soak > time_now() && r->soaking)
        return arena_printf(arena, _("soak %s"),
                            countdown(arena, r->soaking + r->soak - time_now()));
    if (!current)
        return (wave < r->wave || r->state == ROLLOUT_DONE) && w->ok >= w->need ? "✓" : "";
    size_t sales = 0;
    for (size_t i = 0; i < answer->subject.n; i++)
        sales += answer->subject.rows[i].wave == wave &&
                 answer->subject.rows[i].wait == WAIT_SALE &&
                 !step_settled(answer->subject.rows[i].step);
    const struct {
        size_t n;
        const char *text;
    } parts[] = {{w->flight, ngettext("%zu on trial", "%zu on trial", w->flight)},
                 {sales, ngettext("%zu in a sale", "%zu in a sale", sales)},
                 {w->offline, ngettext("%zu offline", "%zu offline", w->offline)}};
    const char *text = "";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].n)
            text = arena_printf(arena, "%s%s%s", text, *text ? " · " : "",
                                arena_printf(arena, parts[i].text, parts[i].n));
    return text;
}

/* "canary   5/5  ████████  failed 0 (limit 1)  ✓" */
static void wave_draw(struct area row, struct arena *arena, const struct rollout_answer *answer,
                      int wave)
{
    const struct rollout *r = answer->subject.rollout;
    const struct rollout_wave *w = &answer->waves[wave];
    bool current = wave == r->wave && r->started && !r->ended, narrow = row.cols < 70;
    const char *name = rollout_wave_name(arena, r, wave);
    int cells = narrow             ? 6
                : row.cols < ROOMY ? BAR / 2
                                   : BAR,
        full = w->size ? (int)(w->ok * (size_t)cells / w->size) : 0;
    draw_field(row, 0, 0, 8, -1, current ? ROLE_ACCENT : ROLE_PLAIN, name);
    int at = 9 + draw_printf(row, 0, 9, ROLE_STRONG, "%zu/%zu", w->ok, w->size);
    at = at < 17 ? 17 : at + 1;
    for (int i = 0; i < cells; i++)
        draw_text(row, 0, at + i, i < full ? ROLE_BAR : ROLE_DIM, i < full ? "█" : "·");
    at += cells + 1;
    const char *says = wave_says(arena, answer, wave);
    if (narrow) {
        if (w->faults)
            at += draw_printf(row, 0, at, ROLE_ERROR, "!%zu/%zu ", w->faults, w->limit);
        draw_text(row, 0, at, current ? ROLE_ACCENT : ROLE_DIM, says);
        return;
    }
    at += draw_printf(row, 0, at, ROLE_DIM, _("needs %zu"), w->need) + 2;
    at += draw_printf(row, 0, at, w->faults ? ROLE_ERROR : ROLE_PLAIN, _("failed %zu"), w->faults);
    at += draw_printf(row, 0, at, ROLE_DIM, _(" (limit %zu)"), w->limit) + 2;
    draw_text(row, 0, at, current ? ROLE_ACCENT : ROLE_DIM, says);
}

/* Who drives it, or why nobody does. */
static const char *driver_text(struct console *console, struct arena *arena,
                               const struct rollout *r, enum role *role)
{
    struct rollout_glance glance;
    rollout_task_glance(console->rollouts, r->code, &glance);
    *role = ROLE_DIM;
    if (glance.driving == DRIVING_HERE && glance.under_way)
        return arena_printf(arena,
                            ngettext("driven from here: %zu device is being talked to",
                                     "driven from here: %zu devices are being talked to",
                                     (unsigned long)glance.under_way),
                            glance.under_way);
    if (glance.driving == DRIVING_HERE)
        return _("driven from here");
    if (r->lease > time_now() && *r->driver)
        return arena_printf(arena, _("driven by %s"), r->driver);
    *role = ROLE_WARN;
    if (glance.driving == DRIVING_FAILED)
        return arena_printf(arena, _("it cannot be driven from here: %s"), glance.said);
    if (console->rollouts && glance.wanted)
        return _("it is taken up from here");
    if (console->rollouts)
        return _("nobody drives it: d drives it from here, `atrium run` from anywhere");
    return arena_printf(
        arena, _("nobody drives it: `atrium run`, or `atrium device rollout run %s`"), r->code);
}

/* What a person should know before anything else, and what to press; "": nothing. */
static const char *notice_text(struct console *console, struct arena *arena,
                               const struct rollout_answer *answer, enum role *role)
{
    const struct rollout *r = answer->subject.rollout;
    bool own = strcmp(r->author, console->access.principal) == 0;
    *role = ROLE_WARN;
    if (*r->why)
        return r->why;
    *role = ROLE_ACCENT;
    switch (r->state) {
    case ROLLOUT_PLANNED:
        return !answer->approval ? _("s starts it: so few devices need no approval")
               : own             ? _("it waits for the approval of somebody else, who presses a")
                                 : _("a approves it, if you agree");
    case ROLLOUT_APPROVED:
        return _("s starts it");
    case ROLLOUT_PAUSED:
        return _("P lets it go on, a offers what else can be done");
    case ROLLOUT_RUNNING:
    case ROLLOUT_RETURNING:
        return driver_text(console, arena, r, role);
    default:
        return "";
    }
}

static void waves_draw(struct area *area, struct arena *arena, const struct rollout_answer *answer)
{
    const struct rollout *r = answer->subject.rollout;
    int room = area->rows / 3 > 2 ? area->rows / 3 : 2, first = 0;
    /* Where there is no room for all, those around the one that is being switched. */
    if (answer->n_waves > room && r->wave > room / 2)
        first = r->wave - room / 2 + room > answer->n_waves ? answer->n_waves - room
                                                            : r->wave - room / 2;
    for (int i = first; i < answer->n_waves && i < first + room; i++)
        wave_draw(area_cut_top(area, 1), arena, answer, i);
}

/* "auth, 7 s": where the talk with a device is just now; "": it is not talked to from here. */
static const char *contact_text(struct arena *arena, const struct rollout_glance *glance,
                                uint32_t device)
{
    for (size_t i = 0; i < glance->n; i++) {
        const struct rollout_contact *c = &glance->contacts[i];
        int64_t seconds = (time_monotonic_ns() - c->since) / 1000000000;
        if (c->device != device)
            continue;
        const char *phase = fleet_phase_text(fleet_phase_names[c->phase]);
        return seconds >= FLEET_HUNG_S
                   ? arena_printf(arena, _("hung in %s, %s"), phase, text_duration(arena, seconds))
                   : arena_printf(arena, _("asking: %s"), phase);
    }
    return "";
}

/* Of the device under the cursor all that the list has no room for. */
static void selected_draw(struct view *view, struct area *area, struct arena *arena,
                          const struct rollout_answer *answer)
{
    struct rollout_page *page = view->state;
    struct rollout_glance glance;
    int64_t at = list_selected(&page->list);
    if (at < 0 || (size_t)at >= answer->sheet->n_rows)
        return;
    const struct rollout_row *row = answer->at[at];
    rollout_task_glance(view->console->rollouts, answer->subject.rollout->code, &glance);
    const char *parts[] = {contact_text(arena, &glance, row->device), row->reason};
    const char *text = arena_printf(arena, "%s  %s", answer->open[at], _(rollout_row_word(row)));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (*parts[i])
            text = arena_printf(arena, "%s · %s", text, parts[i]);
    if (row->attempts && !step_settled(row->step))
        text = arena_printf(
            arena, ngettext("%s · %d attempt", "%s · %d attempts", (unsigned long)row->attempts),
            text, row->attempts);
    struct area line = area_cut_bottom(area, 1);
    draw_field(line, 0, 0, line.cols, -1, answer->looks[at], text);
}

static void rollout_draw(struct view *view, struct area area)
{
    struct rollout_page *page = view->state;
    const struct rollout_answer *answer = view_answer(view, 0);
    if (view_problem(view, 0)) {
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, 0));
        return;
    }
    if (!answer)
        return;
    struct arena *arena = arena_new();
    const struct rollout *r = answer->subject.rollout;
    enum role role;
    const char *notice = notice_text(view->console, arena, answer, &role);
    bool small = area.rows < SMALL_ROWS;
    head_draw(area_cut_top(&area, 1), r);
    if (!small)
        area_cut_top(&area, draw_wrapped(area, 0, ROLE_DIM, terms_text(arena, r)));
    if (*notice && small)
        draw_field(area_cut_top(&area, 1), 0, 0, area.cols, -1, role, notice);
    else if (*notice)
        area_cut_top(&area, draw_wrapped(area, 0, role, notice));
    waves_draw(&area, arena, answer);
    if (!small)
        draw_rule(area_cut_top(&area, 1), 0, ROLE_RULE);
    if (area.rows > 4)
        selected_draw(view, &area, arena, answer);
    list_draw(&page->list, area, true);
    arena_free(arena);
}

/* ---- The view ---- */

static enum role cell_role(struct view *view, int64_t row, int column)
{
    const struct rollout_answer *answer = view_answer(view, 0);
    if (!answer || row < 0 || (size_t)row >= answer->sheet->n_rows || column != COLUMN_STATE)
        return ROLE_PLAIN;
    return answer->looks[row];
}

static void row_open(struct view *view, int64_t row)
{
    const struct rollout_answer *answer = view_answer(view, 0);
    if (answer && row >= 0 && (size_t)row < answer->sheet->n_rows)
        console_open(view->console, "device", answer->open[row]);
}

/* The countdown goes on by itself; what others wrote is asked for now and then. */
static void tick(void *context)
{
    struct view *view = context;
    struct rollout_page *page = view->state;
    const struct rollout_answer *answer = view_answer(view, 0);
    if (console_top(view->console) != view || !answer)
        return;
    enum rollout_state state = answer->subject.rollout->state;
    if (state != ROLLOUT_RUNNING && state != ROLLOUT_RETURNING)
        return;
    if (++page->ticks % ASK_EVERY == 0)
        rollout_refresh(view);
    console_redraw(view->console);
}

static void rollout_open(struct view *view)
{
    struct rollout_page *page = view->state;
    list_begin(&page->list, view, "rollout", _("devices"));
    page->list.open = row_open;
    page->list.role = cell_role;
    if (!view->console->still)
        page->timer = loop_timer(view->console->loop, TICK_MS, true, tick, view);
    rollout_refresh(view);
}

static void rollout_close(struct view *view)
{
    struct rollout_page *page = view->state;
    if (page->timer)
        loop_timer_stop(view->console->loop, page->timer);
    list_end(&page->list);
}

static void rollout_answered(struct view *view, int slot)
{
    struct rollout_page *page = view->state;
    const struct rollout_answer *answer = view_answer(view, slot);
    if (answer && !view_problem(view, slot))
        list_show(&page->list, answer->sheet, answer->keys);
}

static bool rollout_key(struct view *view, uint32_t key)
{
    struct rollout_page *page = view->state;
    return page->list.table ? list_key(&page->list, key) : false;
}

static void pause_or_go_on(struct view *view, const struct rollout_answer *answer)
{
    bool paused = answer->subject.rollout->state == ROLLOUT_PAUSED;
    rollout_act(view->console, &answer->subject, paused ? ROLLOUT_RESUME : ROLLOUT_PAUSE);
}

/* Drives it from here from now on, or leaves it to others. */
static void drive_or_leave(struct view *view, const struct rollout_answer *answer)
{
    struct console *console = view->console;
    const struct rollout *r = answer->subject.rollout;
    struct rollout_glance glance;
    if (!fleet_may_change(console))
        return;
    rollout_task_glance(console->rollouts, r->code, &glance);
    bool here = glance.driving == DRIVING_HERE;
    if (!console->rollouts)
        console_complain(console, "%s", _("this console drives no roll-outs"));
    else if (here)
        console_say(console, _("%s is left to others; what is on trial is finished"), r->code);
    else if (r->lease > time_now() && *r->driver)
        console_say(console, _("%s is driven by %s; this console goes on when that ends"), r->code,
                    r->driver);
    else
        console_say(console, _("%s is driven from here"), r->code);
    rollout_task_want(console->rollouts, r->code, !here);
    console_redraw(console);
}

static bool rollout_action(struct view *view, int id, const char *argument)
{
    struct rollout_page *page = view->state;
    const struct rollout_answer *answer = view_answer(view, 0);
    switch (id) {
    case ACTION_ROLLOUT_ACT:
        if (answer)
            rollout_act_choose(view->console, &answer->subject);
        return true;
    case ACTION_ROLLOUT_PAUSE:
        if (answer)
            pause_or_go_on(view, answer);
        return true;
    case ACTION_ROLLOUT_START:
        if (answer)
            rollout_act(view->console, &answer->subject, ROLLOUT_START);
        return true;
    case ACTION_ROLLOUT_DRIVE:
        if (answer)
            drive_or_leave(view, answer);
        return true;
    case ACTION_ROLLOUT_REST:
        page->rest = !page->rest;
        rollout_refresh(view);
        return true;
    default:
        return page->list.table ? list_action(&page->list, id, argument) : false;
    }
}

static const char *rollout_subtitle(struct view *view)
{
    return view->argument;
}

const struct view_ops view_rollout = {
    .name = "rollout",
    .title = N_("Roll-out"),
    .about = N_("One roll-out: its waves with what each needs and how many failures stop it, and "
                "where every device is. What is ok, failed, rolled back, unknown or waits offline "
                "is named with the step and the reason. a approves, starts, pauses or rolls back; "
                "what changes devices asks for their number. The console of whoever made or "
                "started it drives it while it is open, or any other with d; one at a time."),
    .rights = RIGHT_DEVICES,
    .size = sizeof(struct rollout_page),
    .open = rollout_open,
    .close = rollout_close,
    .refresh = rollout_refresh,
    .draw = rollout_draw,
    .action = rollout_action,
    .key = rollout_key,
    .answered = rollout_answered,
    .subtitle = rollout_subtitle,
};
