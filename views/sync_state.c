/* Sync: how a replica and its hub stand, and how the last sessions went. */
#include "model/sync/uplink.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/screens.h"
#include "views/sheet_view.h"
#include "views/sync_work.h"

#include <stdlib.h>
#include <string.h>

struct sync_view {
    struct sheet_state sheet; /* first */
};

struct sync_answer {
    struct sheet_answer sheet; /* first */
    struct sync_known known;
    const char *pin; /* NULL: none */
};

static const struct sheet_column columns[] = {
    {"began", N_("session"), CELL_TIME},        {"seconds", N_("took"), CELL_DURATION},
    {"pulled", N_("pulled"), CELL_COUNT},       {"pushed", N_("pushed"), CELL_COUNT},
    {"conflicts", N_("conflicts"), CELL_COUNT}, {"refused", N_("refused"), CELL_COUNT},
    {"bytes_in", N_("bytes in"), CELL_COUNT},   {"bytes_out", N_("bytes out"), CELL_COUNT},
    {"said", N_("why it ended"), CELL_TEXT},
};

static struct sheet *sessions_sheet(struct arena *arena, const struct uplink *uplink)
{
    struct uplink_session sessions[UPLINK_SESSIONS];
    size_t n = uplink_sessions(uplink, sessions, UPLINK_SESSIONS);
    struct sheet *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        const struct sync_counts *counts = &sessions[i].counts;
        const int64_t numbers[] = {sessions[i].began, sessions[i].seconds, counts->pulled,
                                   counts->pushed,    counts->conflicts,   counts->refused,
                                   counts->bytes_in,  counts->bytes_out};
        struct cell *cells = sheet_row_add(sheet);
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
            cells[k] = cell_integer(numbers[k]);
        cells[8] = cell_text(arena_strdup(arena, sessions[i].said));
    }
    return sheet;
}

static void *sync_ask(struct reader *reader, struct arena *arena, const void *parameters,
                      struct error *err)
{
    struct sync_answer *answer = arena_new_of(arena, struct sync_answer);
    struct uplink *uplink = NULL;
    (void)parameters;
    enum status status = sync_known_read(reader, &answer->known, err);
    if (status == ST_OK)
        status = uplink_open(reader_mall(reader)->path, &uplink, err);
    if (status != ST_OK)
        return NULL;
    const char *pin = uplink_pinned(uplink);
    answer->sheet.sheet = sessions_sheet(arena, uplink);
    answer->sheet.metric = -1;
    answer->pin = pin ? arena_strdup(arena, pin) : NULL;
    if (!*answer->known.hub && (uplink_hub(uplink) || uplink_via(uplink)))
        snprintf(answer->known.hub, sizeof answer->known.hub, "%s",
                 uplink_hub(uplink) ? uplink_hub(uplink) : uplink_via(uplink));
    uplink_free(uplink);
    return answer;
}

static void sync_refresh(struct view *view)
{
    view_ask(view, 0, _("sessions"), sync_ask, NULL, 0);
}

static void sync_open(struct view *view)
{
    sheet_view_open(view, "sync", _("sessions"));
}

/* ---- Drawing ---- */

static int64_t heard_last(const struct console *console)
{
    int64_t live = console->sync ? sync_work_glance(console->sync)->heard : 0;
    return live > console->sync_known.heard ? live : console->sync_known.heard;
}

const char *sync_phase_text(const struct sync_glance *glance, struct arena *arena, enum role *role)
{
    int64_t wait = glance->next_try - time_now();
    *role = ROLE_PLAIN;
    if (glance->counts.share < 1 && glance->phase == SYNC_WORKS)
        return arena_printf(arena, _("the whole replica is made anew: %.0f%%"),
                            100 * glance->counts.share);
    switch (glance->phase) {
    case SYNC_REACHES:
        return _("reaching the hub …");
    case SYNC_WORKS:
        return arena_printf(arena, _("%s pulled, %s pushed …"),
                            text_count(arena, glance->counts.pulled),
                            text_count(arena, glance->counts.pushed));
    case SYNC_LEVEL:
        *role = ROLE_UP;
        return _("connected, and level with the hub");
    case SYNC_ASKS:
        *role = ROLE_WARN;
        return arena_printf(arena, _("the hub shows the host key %s; is it the hub's? a says so"),
                            glance->offered);
    case SYNC_PAUSES:
        if (!*glance->said)
            return _("level with the hub");
        *role = ROLE_WARN;
        return arena_printf(arena, _("%s (again in %s)"), glance->said,
                            text_duration(arena, wait > 0 ? wait : 0));
    default:
        *role = *glance->said ? ROLE_WARN : ROLE_DIM;
        return *glance->said ? glance->said : _("no session in this console yet; s begins one");
    }
}

static const char *waiting_text(const struct sync_known *known, struct arena *arena)
{
    if (!known->pending && !known->conflicts && !known->refused)
        return _("nothing");
    const char *text = arena_printf(
        arena,
        ngettext("%lld edit to be sent", "%lld edits to be sent", (unsigned long)known->pending),
        (long long)known->pending);
    if (known->conflicts)
        text = arena_printf(
            arena,
            ngettext("%s · %lld conflict", "%s · %lld conflicts", (unsigned long)known->conflicts),
            text, (long long)known->conflicts);
    if (known->refused)
        text = arena_printf(arena, _("%s · %lld refused"), text, (long long)known->refused);
    return text;
}

static void line_draw(struct area *area, const char *label, enum role role, const char *text)
{
    enum { LABEL = 12, NARROW = 60 };
    if (area->rows < 1)
        return;
    int at = area->cols < NARROW ? 9 : LABEL;
    struct area value = area_part(*area, 0, at, area->rows, area->cols - at);
    draw_field(*area, 0, 0, at - 1, -1, ROLE_DIM, label);
    int rows = value.cols > 0 ? draw_wrapped(value, 0, role, text) : 1;
    area_cut_top(area, rows > 0 ? rows : 1);
}

static void state_draw(struct view *view, const struct sync_answer *answer, struct area *area)
{
    struct console *console = view->console;
    const struct sync_known *known = &console->sync_known;
    struct arena *arena = arena_new();
    enum role role = ROLE_DIM;
    int64_t heard = heard_last(console), now = time_now();
    bool conflicts = known->conflicts || known->refused;
    char *hub = arena_printf(arena, "%s%s%s", *answer->known.hub ? answer->known.hub : "–",
                             answer->pin ? " · " : "", answer->pin ? answer->pin : "");
    char *who = arena_printf(arena, "%s · %s",
                             *known->principal ? known->principal : console->access.principal,
                             word_translated("role", console->role));
    const char *age = heard ? arena_printf(arena, _("%s old"),
                                           text_duration(arena, now > heard ? now - heard : 0))
                            : _("never heard of the hub");
    const char *phase =
        console->sync ? sync_phase_text(sync_work_glance(console->sync), arena, &role) : "–";
    line_draw(area, _("Hub"), ROLE_PLAIN, hub);
    line_draw(area, _("As"), ROLE_PLAIN, who);
    line_draw(area, _("Data"), known->locked ? ROLE_ERROR : ROLE_STRONG, age);
    line_draw(area, _("Now"), role, phase);
    line_draw(area, _("Waiting"), conflicts ? ROLE_WARN : ROLE_PLAIN, waiting_text(known, arena));
    if (known->lock_at && area->cols >= 60)
        line_draw(area, _("Locks"), known->locked ? ROLE_ERROR : ROLE_DIM,
                  known->locked ? _("it is locked until it has heard of its hub")
                                : arena_printf(arena, _("in %s without its hub"),
                                               text_duration(arena, known->lock_at - now)));
    arena_free(arena);
}

static void sync_draw(struct view *view, struct area area)
{
    const struct sync_answer *answer = view_answer(view, 0);
    if (view_problem(view, 0)) {
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, 0));
        return;
    }
    if (answer && !answer->known.replica) {
        draw_wrapped(area, 0, ROLE_DIM,
                     _("This mall file is nobody's replica. Who may have a replica of it is on the "
                       "screen \"people-roles\"; a replica is made by atrium -m FILE sync --hub "
                       "ssh://USER@HOST."));
        return;
    }
    if (!answer)
        return;
    state_draw(view, answer, &area);
    if (area.rows > 6)
        area_cut_top(&area, 1);
    if (area.rows > 2 && answer->sheet.sheet->n_rows)
        sheet_view_draw(view, area);
}

/* ---- Acting ---- */

static void accepted_key(void *context, struct dialog *dialog, bool accepted)
{
    struct console *console = context;
    (void)dialog;
    if (accepted && console->sync)
        sync_work_accept(console->sync);
}

static void accept_ask(struct console *console)
{
    const struct sync_glance *glance = console->sync ? sync_work_glance(console->sync) : NULL;
    if (!glance || glance->phase != SYNC_ASKS) {
        console_say(console, "%s", _("the hub's key is not in question"));
        return;
    }
    struct arena *arena = arena_new();
    char *text = arena_printf(arena,
                              _("%s shows the host key\n\n%s\n\nCompare it with what the hub's "
                                "administrator says. From now on only this key is the hub's."),
                              glance->hub, glance->offered);
    console_dialog(console,
                   dialog_confirm(_("The hub's key"), text, _("It is"), accepted_key, console));
    arena_free(arena);
}

static bool sync_action(struct view *view, int id, const char *argument)
{
    struct console *console = view->console;
    switch (id) {
    case ACTION_SYNC_NOW:
        if (console->sync)
            sync_work_now(console->sync);
        else
            console_say(console, "%s", _("this mall file is nobody's replica"));
        return true;
    case ACTION_SYNC_ACCEPT:
        accept_ask(console);
        return true;
    case ACTION_SYNC_OUTBOX:
        console_open(console, "outbox", "");
        return true;
    default:
        return sheet_view_action(view, id, argument);
    }
}

const struct view_ops view_sync = {
    .name = "sync",
    .title = N_("Sync"),
    .about =
        N_("How this replica and its hub stand: how old the data is, what goes on, what waits, "
           "and how the last sessions went. s begins a session now, o lists what waits."),
    .number = ACTION_GO_SYNC - ACTION_GO_LOOP + 1,
    .when_locked = true,
    .size = sizeof(struct sync_view),
    .open = sync_open,
    .close = sheet_view_close,
    .refresh = sync_refresh,
    .draw = sync_draw,
    .action = sync_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
};
