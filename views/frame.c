#include "views/frame.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "tui/keysline.h"
#include "views/actions.h"
#include "views/collect_task.h"
#include "views/locked.h"
#include "views/rollout_task.h"

#include <stdlib.h>
#include <string.h>

enum { NARROW = 60, ROOM_TO_TELL = 80 };

/* "Loop › Shops › Uniqlo"; where that is too long, "… › Uniqlo": where one is matters most. */
static char *path_text(const struct console *console, struct arena *arena, int cells)
{
    char *path = NULL;
    for (size_t from = 0; from < console->depth; from++) {
        path = arena_strdup(arena, from ? "…" : "");
        for (size_t i = from; i < console->depth; i++) {
            struct view *view = console->stack[i];
            const char *sub = view->ops->subtitle ? view->ops->subtitle(view) : NULL;
            path = arena_printf(arena, "%s%s%s%s%s", path, i ? " › " : "", _(view->ops->title),
                                sub ? " " : "", sub ? sub : "");
        }
        if (text_cells(path) <= cells)
            break;
    }
    return path;
}

/* On a replica it is as old as what was last heard of the hub, and edits may wait here. */
static char *replica_text(const struct console *console, struct arena *arena, bool narrow)
{
    const struct sync_known *known = &console->sync_known;
    int64_t live = console->sync ? sync_work_glance(console->sync)->heard : 0, now = time_now();
    int64_t heard = live > known->heard ? live : known->heard;
    char *text = heard ? arena_printf(arena, narrow ? "%s" : _("data %s old"),
                                      text_duration(arena, now > heard ? now - heard : 0))
                       : arena_strdup(arena, narrow ? "–" : _("no data yet"));
    if (known->pending)
        text = arena_printf(arena,
                            narrow ? "%s +%lld"
                                   : ngettext("%s · %lld pending", "%s · %lld pending",
                                              (unsigned long)known->pending),
                            text, (long long)known->pending);
    if (known->conflicts)
        text = arena_printf(arena,
                            narrow ? "%s !%lld"
                                   : ngettext("%s · %lld conflict", "%s · %lld conflicts",
                                              (unsigned long)known->conflicts),
                            text, (long long)known->conflicts);
    return text;
}

/* "data 14 s old", or "data to 31 Oct 2026" when it is older than two days. */
static char *age_text(const struct console *console, struct arena *arena, bool narrow)
{
    if (console->sync_known.replica)
        return replica_text(console, arena, narrow);
    if (!console->as_of)
        return arena_strdup(arena, _("no events yet"));
    int64_t age = time_now() - console->as_of;
    if (age < 2 * 86400)
        return arena_printf(arena, narrow ? "%s" : _("data %s old"),
                            text_duration(arena, age > 0 ? age : 0));
    int32_t day = clock_day(&console->mall->clock, console->as_of);
    return arena_printf(arena, narrow ? "%s" : _("data to %s"), date_text(arena, day));
}

/* "last 30 days vs the period before"; `brief`: what was typed, such as "30d". */
static char *period_text(const struct console *console, struct arena *arena, bool brief)
{
    if (brief)
        return arena_strdup(arena, console->period_id);
    const char *title = NULL;
    for (size_t i = 0; i < n_period_choices; i++)
        if (strcmp(period_choices[i].id, console->period_id) == 0)
            title = _(period_choices[i].title);
    if (!title)
        title = period_title(arena, &console->mall->clock, &console->period);
    if (console->compare == COMPARE_NONE)
        return arena_strdup(arena, title);
    return arena_printf(arena, _("%s vs %s"), title, _(compare_choices[console->compare].title));
}

static void draw_right(struct area row, enum role role, const char *text)
{
    draw_text(row, 0, row.cols - text_cells(text), role, text);
}

/* One line: where, period, age. */
static void header_narrow(struct console *console, struct area row, struct arena *arena)
{
    char *right = arena_printf(arena, "%s %s %s", period_text(console, arena, true),
                               symbol(SYMBOL_BULLET), age_text(console, arena, true));
    int cells = text_cells(right);
    draw_right(row, ROLE_DIM, right);
    const struct view *top = console_top(console);
    const char *sub = top->ops->subtitle ? top->ops->subtitle(console_top(console)) : NULL;
    char *title = arena_printf(arena, "%s%s%s", _(top->ops->title), sub ? " " : "", sub ? sub : "");
    draw_field(row, 0, 0, row.cols - cells - 1, -1, ROLE_ACCENT, title);
}

static void header_wide(struct console *console, struct area rows, struct arena *arena)
{
    struct area top = area_part(rows, 0, 0, 1, rows.cols);
    struct area under = area_part(rows, 1, 0, 1, rows.cols);
    int at = 1 + draw_text(top, 0, 1, ROLE_ACCENT, "atrium");
    at += 2 + draw_text(top, 0, at + 2, ROLE_STRONG, console->mall->name);
    char *who = arena_printf(arena, "%s · %s", console->access.principal,
                             word_translated("role", console->role));
    draw_right(top, ROLE_DIM, who);
    const char *collects = under.cols >= ROOM_TO_TELL ? collect_task_text(console, arena) : NULL;
    const char *drives = under.cols >= ROOM_TO_TELL ? rollout_task_text(console, arena) : NULL;
    char *age = age_text(console, arena, false);
    if (collects)
        age = arena_printf(arena, "%s %s %s", collects, symbol(SYMBOL_BULLET), age);
    if (drives)
        age = arena_printf(arena, "%s %s %s", drives, symbol(SYMBOL_BULLET), age);
    draw_right(under, ROLE_DIM, age);
    int left = under.cols - text_cells(age) - 2;
    char *period = period_text(console, arena, false);
    int room = top.cols - at - text_cells(who) - 6, cells = text_cells(period);
    if (cells <= room)
        draw_text(top, 0, at + 3 + (room - cells) / 2, ROLE_PLAIN, period);
    else
        draw_field(top, 0, at + 3, room, 0, ROLE_PLAIN, period);
    char *path = path_text(console, arena, left - 1);
    draw_field(under, 0, 1, left - 1, -1, ROLE_STRONG, path);
}

/* The view on top waits for an answer. */
static bool is_asking(const struct console *console)
{
    const struct view *view = console_top(console);
    for (int slot = 0; slot < VIEW_SLOTS; slot++)
        if (view_asking(view, slot))
            return true;
    return false;
}

/* "≈ 7% of people", where an answer is from a sample. */
static const char *share_text(const struct console *console, struct arena *arena)
{
    double percent = 100 * console_share(console);
    return percent >= 100 ? ""
                          : arena_printf(arena, _("%s %.*f%% of people"), theme_ascii() ? "~" : "≈",
                                         percent < 9.5, percent);
}

/* "2 questions · 41%", what the view asked for last, or nothing. */
static char *work_text(const struct console *console, struct arena *arena)
{
    const struct view *view = console_top(console);
    int asking = 0, progress = 1000;
    int64_t took = 0;
    for (int slot = 0; slot < VIEW_SLOTS; slot++) {
        if (view_asking(view, slot)) {
            int done = view_asking_progress(view, slot);
            asking++;
            progress = done < progress ? done : progress;
        }
        int64_t ns = view_answer_ns(view, slot);
        took = ns > took ? ns : took;
    }
    if (asking && progress == 0)
        return arena_printf(arena, ngettext("%d question", "%d questions", (unsigned long)asking),
                            asking);
    if (asking)
        return arena_printf(
            arena, ngettext("%d question · %d%%", "%d questions · %d%%", (unsigned long)asking),
            asking, progress / 10);
    return took && !console->still ? arena_printf(arena, "%.2f s", (double)took / 1e9)
                                   : arena_strdup(arena, "");
}

static void status_draw(struct console *console, struct area row, struct arena *arena)
{
    char *work = work_text(console, arena);
    const char *stop = keymap_keys(console->keymap, ACTION_CANCEL);
    const char *share = share_text(console, arena);
    if (*share && !is_asking(console))
        work = arena_strdup(arena, _("stopped"));
    else if (is_asking(console) && *stop && row.cols >= ROOM_TO_TELL)
        work = arena_printf(arena, _("%s · %s stops"), work, *share ? _("Esc") : stop);
    if (*share)
        work = arena_printf(arena, " · %s", work);
    int cells = text_cells(work) + text_cells(share);
    draw_right(row, ROLE_DIM, work);
    draw_text(row, 0, row.cols - cells, ROLE_WARN, share);
    row.cols -= cells ? cells + 2 : 0;
    if (console->message) {
        draw_field(row, 0, 1, row.cols - 1, -1, console->message_bad ? ROLE_ERROR : ROLE_ACCENT,
                   console->message);
        return;
    }
    size_t n;
    const char *const *scopes = console_scopes(console, &n);
    row.col++;
    row.cols--;
    keysline_draw(row, console->keymap, scopes, n);
}

struct area frame_draw(struct console *console, struct area screen)
{
    struct arena *arena = arena_new();
    bool narrow = screen.cols < NARROW || screen.rows < 16;
    struct area header = area_cut_top(&screen, narrow ? 1 : 2);
    struct area status = area_cut_bottom(&screen, 1);
    if (narrow) {
        header_narrow(console, header, arena);
    } else {
        header_wide(console, header, arena);
        draw_rule(area_cut_top(&screen, 1), 0, ROLE_RULE);
        draw_rule(area_cut_bottom(&screen, 1), 0, ROLE_RULE);
        screen.col++;
        screen.cols -= 2;
    }
    status_draw(console, status, arena);
    arena_free(arena);
    return screen;
}
