#include "views/locked.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "tui/draw.h"
#include "views/actions.h"
#include "views/sync_work.h"

#include <string.h>

static const char *const scopes[] = {"sync"};

bool locked_covers(const struct console *console)
{
    const struct view *top = console_top(console);
    return console->sync_known.locked && top && !top->ops->when_locked;
}

const char *const *console_scopes(const struct console *console, size_t *n)
{
    const struct view *top = console_top(console);
    bool covered = locked_covers(console);
    *n = covered ? 1 : top->n_scopes;
    return covered ? scopes : (const char *const *)top->scopes;
}

bool locked_act(struct console *console, int id, bool *own)
{
    *own = false;
    switch (id) {
    case ACTION_SYNC_NOW:
        if (console->sync)
            sync_work_now(console->sync);
        console_open(console, "sync", "");
        return true;
    case ACTION_SYNC_ACCEPT:
        console_open(console, "sync", "");
        return true;
    case ACTION_SYNC_OUTBOX:
        console_open(console, "outbox", "");
        return true;
    case ACTION_BACK:
    case ACTION_CLOSE:
    case ACTION_QUIT:
    case ACTION_PALETTE:
    case ACTION_HELP:
    case ACTION_MENU:
    case ACTION_REFRESH:
    case ACTION_CANCEL:
    case ACTION_REDRAW:
    case ACTION_SUSPEND:
    case ACTION_MALL_SWITCH:
        *own = true;
        return false;
    default:
        console_complain(console, "%s", _("this replica is locked"));
        return true;
    }
}

/* ---- Drawing ---- */

static const char *waiting_text(const struct sync_known *known, struct arena *arena)
{
    int64_t edits = known->pending + known->conflicts + known->refused;
    return edits ? arena_printf(arena,
                                ngettext("what waits: %lld edit", "what waits: %lld edits",
                                         (unsigned long)edits),
                                (long long)edits)
                 : _("what waits: nothing");
}

static int key_draw(struct console *console, struct area area, int row, int action,
                    const char *text)
{
    enum { KEY = 9 };
    if (row >= area.rows)
        return row;
    draw_field(area, row, 0, KEY - 1, -1, ROLE_ACCENT, keymap_keys(console->keymap, action));
    draw_field(area, row, KEY, area.cols - KEY, -1, ROLE_PLAIN, text);
    return row + 1;
}

void locked_draw(struct console *console, struct area area)
{
    enum { ROOMY = 14 };
    const struct sync_known *known = &console->sync_known;
    struct arena *arena = arena_new();
    int64_t now = time_now();
    int row = draw_wrapped(area, 0, ROLE_ERROR, _("This replica is locked."));
    const char *since =
        known->heard > 0 ? time_local(arena, console->mall->zone, known->heard) : "–";
    const char *age = text_duration(arena, now > known->heard ? now - known->heard : 0);
    const char *text =
        area.rows >= ROOMY
            ? arena_printf(arena,
                           _("It has not heard of its hub since %s, which is longer than the hub "
                             "allows, or the hub wants it no more. Nothing it holds is shown until "
                             "a session opens it again. Edits that wait are kept."),
                           since)
            : arena_printf(arena, _("Its hub is silent for %s; edits are kept."), age);
    row += draw_wrapped(area_part(area, row, 0, area.rows - row, area.cols), 0, ROLE_PLAIN, text);
    if (console->sync && area.rows >= ROOMY) {
        enum role role;
        const char *phase = sync_phase_text(sync_work_glance(console->sync), arena, &role);
        struct area rest = area_part(area, row + 1, 0, area.rows - row - 1, area.cols);
        row += 1 + draw_wrapped(rest, 0, role, phase);
    }
    row += area.rows >= ROOMY;
    row = key_draw(console, area, row, ACTION_SYNC_NOW, _("a session with the hub now"));
    row = key_draw(console, area, row, ACTION_GO_SYNC, _("how that goes"));
    row = key_draw(console, area, row, ACTION_SYNC_OUTBOX, waiting_text(known, arena));
    row = key_draw(console, area, row, ACTION_MALL_SWITCH, _("another mall"));
    key_draw(console, area, row, ACTION_QUIT, _("leave"));
    arena_free(arena);
}
