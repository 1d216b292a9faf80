/* Data: what is in the mall file, imports with progress and the rows they refused, and checks. */
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/loop/overview.h"
#include "model/store/verify.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/cells.h"
#include "views/dashboard.h"
#include "views/import_task.h"
#include "views/screens.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_OVERVIEW, SLOT_HISTORY, SLOT_CHECKS };

struct data_state {
    struct dashboard dashboard;       /* first */
    int timer;                        /* of the progress line, 0: none */
    const struct import_table *table; /* being asked for */
};

struct history_answer {
    struct sheet *imports, *refused; /* refused: of the newest import with any; may be NULL */
};

struct checks_answer {
    struct verify_result *at;
    size_t n;
    int bad;
};

/* ---- Questions ---- */

static void *overview_ask(struct reader *reader, struct arena *arena, const void *parameters,
                          struct error *err)
{
    (void)parameters;
    struct overview *overview = arena_new_of(arena, struct overview);
    return overview_read(reader, arena, overview, err) == ST_OK ? overview : NULL;
}

static size_t column_of(const struct sheet *sheet, const char *name)
{
    size_t k = 0;
    while (k < sheet->n_columns && strcmp(sheet->columns[k].name, name) != 0)
        k++;
    return k;
}

static void *history_ask(struct reader *reader, struct arena *arena, const void *parameters,
                         struct error *err)
{
    enum { IMPORTS = 100, ROWS = 100 };
    (void)parameters;
    struct history_answer *answer = arena_new_of(arena, struct history_answer);
    if (import_history(reader, arena, IMPORTS, &answer->imports, err) != ST_OK)
        return NULL;
    size_t refused = column_of(answer->imports, "refused"), id = column_of(answer->imports, "id");
    for (size_t i = 0; i < answer->imports->n_rows && !answer->refused; i++) {
        const struct cell *cells = sheet_row(answer->imports, i);
        if (refused < answer->imports->n_columns && cells[refused].integer > 0 &&
            import_refused(reader, arena, cells[id].integer, ROWS, &answer->refused, err) != ST_OK)
            return NULL;
    }
    return answer;
}

struct checks_collect {
    struct arena *arena;
    struct checks_answer *answer;
    size_t cap;
};

static void check_take(void *context, const struct verify_result *result)
{
    struct checks_collect *collect = context;
    struct checks_answer *answer = collect->answer;
    if (answer->n == collect->cap) {
        size_t cap = collect->cap ? collect->cap * 2 : 16;
        struct verify_result *at = arena_array(collect->arena, struct verify_result, cap);
        if (answer->n)
            memcpy(at, answer->at, answer->n * sizeof *at);
        answer->at = at;
        collect->cap = cap;
    }
    answer->at[answer->n++] = *result;
}

static void *checks_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    (void)parameters;
    struct checks_answer *answer = arena_new_of(arena, struct checks_answer);
    struct checks_collect collect = {.arena = arena, .answer = answer};
    return verify_run(reader, arena, check_take, &collect, &answer->bad, err) == ST_OK ? answer
                                                                                       : NULL;
}

static void data_refresh(struct view *view)
{
    view_ask(view, SLOT_OVERVIEW, _("what is in the file"), overview_ask, NULL, 0);
    view_ask(view, SLOT_HISTORY, _("imports"), history_ask, NULL, 0);
}

/* ---- Panels ---- */

static void fact(struct panel *panel, const char *label, const char *text)
{
    struct panel_value *value = &panel->values[panel->n_values++];
    value->label = label;
    value->text = text;
}

static const char *bytes_text(struct arena *arena, int64_t bytes)
{
    return bytes < 10 << 20 ? arena_printf(arena, "%lld kB", (long long)(bytes / 1024))
                            : arena_printf(arena, "%lld MB", (long long)(bytes >> 20));
}

static void overview_fill(struct panels *panels, const struct console *console,
                          const struct overview *o)
{
    enum { MOST = 12 };
    struct arena *arena = panels->arena;
    const struct zone *zone = console->mall->zone;
    struct panel *people = panels_add(panels, PANEL_FACTS, _("Who and where"), MOST);
    people->n_values = 0;
    fact(people, _("members"), text_count(arena, o->members));
    fact(people, _("people known"), text_count(arena, o->subjects));
    fact(people, _("shops"), text_count(arena, o->tenants));
    fact(people, _("zones"), text_count(arena, o->zones));
    fact(people, _("devices"), text_count(arena, o->devices));
    fact(people, _("groups"), text_count(arena, o->groups));
    struct panel *events = panels_add(panels, PANEL_FACTS, _("What happened"), MOST);
    events->n_values = 0;
    fact(events, _("events"), text_count(arena, o->events));
    fact(events, _("receipt lines"), text_count(arena, o->receipt_lines));
    if (o->events) {
        fact(events, _("first"), time_local(arena, zone, o->first));
        fact(events, _("last"), time_local(arena, zone, o->last));
    }
    fact(events, _("not folded yet"), text_count(arena, o->tail));
    struct panel *file = panels_add(panels, PANEL_FACTS, _("The file"), MOST);
    file->n_values = 0;
    fact(file, _("size"), bytes_text(arena, o->bytes));
    fact(file, _("time zone"), zone_name(zone));
    fact(file, _("currency"), console->mall->currency);
    fact(file, _("pending edits"), text_count(arena, o->pending));
    fact(file, _("can be changed"), o->read_only ? _("no, read-only") : _("yes"));
    for (size_t i = panels->n - 3; i < panels->n; i++) {
        panels->at[i].span = 4;
        panels->at[i].span_medium = 6;
    }
}

static void checks_fill(struct panels *panels, const struct checks_answer *checks)
{
    struct panel *panel = panels_add(panels, PANEL_ALERTS, _("Checks"), checks ? checks->n : 0);
    panel->note = !checks       ? _("v runs them")
                  : checks->bad ? arena_printf(panels->arena, _("%d failed"), checks->bad)
                                : _("all good");
    panel->span = 6;
    panel->span_medium = 12;
    for (size_t i = 0; checks && i < checks->n; i++) {
        const struct verify_result *result = &checks->at[i];
        struct panel_value *value = &panel->values[i];
        value->change = symbol(result->good ? SYMBOL_CHECK : SYMBOL_ALERT);
        value->change_role = result->good ? ROLE_UP : ROLE_ERROR;
        value->label = arena_printf(panels->arena, _("%s: %s"), text_translated(result->check),
                                    result->finding);
    }
}

static const char *named_cell(struct arena *arena, const struct console *console,
                              const struct sheet *sheet, size_t row, const char *name)
{
    size_t k = column_of(sheet, name);
    if (k == sheet->n_columns)
        return "";
    const char *text =
        cell_for_people(arena, console->mall->zone, &sheet->columns[k], &sheet_row(sheet, row)[k]);
    return word_translated(name, text);
}

static void history_fill(struct panels *panels, const struct console *console,
                         const struct history_answer *history)
{
    struct arena *arena = panels->arena;
    const struct sheet *imports = history->imports;
    struct panel *panel = panels_add(panels, PANEL_LIST, _("Imports"), imports->n_rows);
    panel->note = _("I imports a file");
    panel->empty = _("none yet");
    for (size_t i = 0; i < imports->n_rows; i++) {
        struct panel_value *value = &panel->values[i];
        value->label =
            arena_printf(arena, "%.16s %s %s", named_cell(arena, console, imports, i, "time"),
                         named_cell(arena, console, imports, i, "kind"),
                         named_cell(arena, console, imports, i, "source"));
        value->text = named_cell(arena, console, imports, i, "imported");
        const char *refused = named_cell(arena, console, imports, i, "refused");
        if (strcmp(refused, "0") != 0) {
            value->change = arena_printf(arena, _("%s refused"), refused);
            value->change_role = ROLE_WARN;
        }
    }
    panel->span = 6;
    panel->span_medium = 12;
    panel->rows = 5;
    if (!history->refused)
        return;
    struct panel *bad = panels_add(panels, PANEL_ALERTS, _("Refused rows of the latest import"),
                                   history->refused->n_rows);
    for (size_t i = 0; i < history->refused->n_rows; i++)
        bad->values[i].label =
            arena_printf(arena, "%s: %s", named_cell(arena, console, history->refused, i, "line"),
                         named_cell(arena, console, history->refused, i, "message"));
    bad->rows = 6;
}

static void data_answered(struct view *view, int slot)
{
    struct data_state *state = view->state;
    const struct overview *overview = view_answer(view, SLOT_OVERVIEW);
    const struct history_answer *history = view_answer(view, SLOT_HISTORY);
    const struct checks_answer *checks = view_answer(view, SLOT_CHECKS);
    if (slot == SLOT_CHECKS && checks && checks->bad)
        console_complain(view->console, _("%d of %zu checks failed"), checks->bad, checks->n);
    else if (slot == SLOT_CHECKS && checks)
        console_say(view->console, _("all %zu checks are good"), checks->n);
    if (!overview)
        return;
    struct panels *panels = dashboard_begin(&state->dashboard);
    overview_fill(panels, view->console, overview);
    checks_fill(panels, view_answer(view, SLOT_CHECKS));
    if (history)
        history_fill(panels, view->console, history);
}

/* ---- Importing ---- */

static void progress_tick(void *context)
{
    struct view *view = context;
    struct data_state *state = view->state;
    int64_t done, total;
    if (!import_work_progress(view->console->imports, &done, &total)) {
        loop_timer_stop(view->console->loop, state->timer);
        state->timer = 0;
    }
    console_redraw(view->console);
}

static void progress_watch(struct view *view)
{
    enum { TICK_MS = 100 };
    struct data_state *state = view->state;
    int64_t done, total;
    if (!state->timer && import_work_progress(view->console->imports, &done, &total))
        state->timer = loop_timer(view->console->loop, TICK_MS, true, progress_tick, view);
}

/* The first word, or what stands between quotes; the rest is left in *rest. */
static char *word_take(char **rest)
{
    bool quoted = **rest == '"';
    char *word = *rest + (quoted ? 1 : 0), *end = strchr(word, quoted ? '"' : ' ');
    *rest = end ? end + 1 : NULL;
    if (end)
        *end = 0;
    while (*rest && **rest == ' ')
        ++*rest;
    if (*rest && !**rest)
        *rest = NULL;
    return word;
}

/* "FILE", "FILE MAP" or "FILE MAP skip": what is typed behind the kind; a FILE with blanks stands
 * between quotes. */
static void import_go(struct view *view, const struct import_table *table, const char *text)
{
    char *copy = mem_strdup(text), *rest = copy;
    const char *path = word_take(&rest), *map = rest ? strsep(&rest, " ") : "";
    bool skip = rest && strcmp(rest, "skip") == 0;
    if (strcmp(map, "skip") == 0 && !rest) {
        map = "";
        skip = true;
    }
    import_work_start(view->console->imports, table, path, map, skip);
    progress_watch(view);
    free(copy);
}

static void file_given(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = context;
    const struct data_state *state = view->state;
    if (accepted && *dialog_text(dialog))
        import_go(view, state->table, dialog_text(dialog));
}

static void kind_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = context;
    struct data_state *state = view->state;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice < 0)
        return;
    state->table = &import_tables[choice];
    console_dialog(view->console,
                   dialog_ask(_("Import"), _("FILE [MAP] [skip]: skip leaves bad rows out"), "",
                              NULL, file_given, view));
}

static void import_ask(struct view *view, const char *argument)
{
    if (!console_may(view->console, RIGHT_IMPORT))
        return;
    const char *titles[IMPORT_KINDS];
    for (int i = 0; i < IMPORT_KINDS; i++) {
        size_t n = strlen(import_tables[i].name);
        titles[i] = text_translated(import_tables[i].name);
        if (strncmp(argument, import_tables[i].name, n) == 0 && argument[n] == ' ') {
            import_go(view, &import_tables[i], argument + n + 1);
            return;
        }
    }
    console_dialog(view->console, dialog_choose(_("What does the file hold?"), titles, IMPORT_KINDS,
                                                IMPORT_EVENTS, kind_chosen, view));
}

/* ---- The view ---- */

static void data_open(struct view *view)
{
    view->scopes[view->n_scopes++] = "panels";
    data_refresh(view);
    progress_watch(view);
}

static void data_close(struct view *view)
{
    struct data_state *state = view->state;
    if (state->timer)
        loop_timer_stop(view->console->loop, state->timer);
    dashboard_end(&state->dashboard);
}

static void progress_draw(const struct console *console, struct area row)
{
    int64_t done, total;
    if (!import_work_progress(console->imports, &done, &total))
        return;
    int at =
        draw_printf(row, 0, 0, ROLE_ACCENT, _("importing %s"), import_work_path(console->imports));
    if (total > 0)
        draw_printf(row, 0, at + 2, ROLE_STRONG, "%3d%%", (int)(100 * done / total));
}

static void data_draw(struct view *view, struct area area)
{
    int64_t done, total;
    const char *problem = import_work_problem(view->console->imports);
    if (import_work_progress(view->console->imports, &done, &total))
        progress_draw(view->console, area_cut_top(&area, 1));
    else if (problem)
        area_cut_top(&area, draw_wrapped(area, 0, ROLE_ERROR, problem) + 1);
    dashboard_draw(view, area, SLOT_OVERVIEW);
}

static bool data_action(struct view *view, int id, const char *argument)
{
    int64_t done, total;
    switch (id) {
    case ACTION_DATA_IMPORT:
        import_ask(view, argument);
        return true;
    case ACTION_DATA_VERIFY:
        view_ask(view, SLOT_CHECKS, _("checking"), checks_ask, NULL, 0);
        return true;
    case ACTION_CANCEL:
        if (!import_work_progress(view->console->imports, &done, &total))
            return false;
        import_work_cancel(view->console->imports);
        return true;
    default:
        return dashboard_action(view, SLOT_OVERVIEW, id);
    }
}

const struct view_ops view_data = {
    .name = "data",
    .title = N_("Data"),
    .number = 8,
    .size = sizeof(struct data_state),
    .open = data_open,
    .close = data_close,
    .refresh = data_refresh,
    .draw = data_draw,
    .action = data_action,
    .answered = data_answered,
};
