/* What lies in the folders of a device; the argument is its code. Files are got from here and put
 * here (views/fleet_transfer.h). */
#include "model/fleet/folder.h"
#include "model/base/hash.h"
#include "model/base/text.h"
#include "views/actions.h"
#include "views/device_find.h"
#include "views/fleet_desk.h"
#include "views/fleet_rows.h"
#include "views/fleet_transfer.h"
#include "views/list.h"
#include "views/screens.h"

#include <string.h>

struct folder_state {
    struct list list;
    struct desk_work *work; /* under way; NULL: none */
    struct arena *arena;    /* of what is shown */
    struct folder folder;   /* path NULL: none was read yet */
    struct sheet *sheet;
    char *wanted;      /* the path being asked for */
    char *problem;     /* why the last one was not read; NULL: it was */
    bool begun, again; /* again: something was put there, so it is to be read once more */
};

static const struct sheet_column columns[] = {
    {"name", N_("file"), CELL_TEXT},
    {"size", N_("bytes"), CELL_COUNT},
    {"time", N_("changed"), CELL_TIME},
    {"mode", N_("rights"), CELL_TEXT},
};

static const char *name_text(struct arena *arena, const struct folder_entry *entry)
{
    static const char *const signs[FOLDER_KINDS] = {"/", "", "@", "?"};
    return arena_printf(arena, "%s%s", entry->shown, signs[entry->kind]);
}

/* Row 0 leads to the folder above, where there is one. */
static bool has_above(const struct folder *folder)
{
    return strcmp(folder->path, "/") != 0;
}

static void folder_show(struct folder_state *state)
{
    const struct folder *folder = &state->folder;
    size_t above = has_above(folder);
    uint64_t *keys = arena_array(state->arena, uint64_t, folder->n + 2);
    state->sheet = sheet_new(state->arena, columns, sizeof columns / sizeof *columns);
    if (above)
        sheet_row_add(state->sheet)[0] = cell_text("../");
    for (size_t i = 0; i < folder->n; i++) {
        const struct folder_entry *entry = &folder->entries[i];
        struct cell *cells = sheet_row_add(state->sheet);
        cells[0] = cell_text(name_text(state->arena, entry));
        if (entry->kind != FOLDER_FOLDER)
            cells[1] = cell_integer(entry->size);
        cells[2] = cell_integer(entry->time);
        cells[3] = cell_text(arena_printf(state->arena, "%04o", (unsigned)entry->mode));
        keys[i + above] = hash64(entry->name, entry->n);
    }
    list_show(&state->list, state->sheet, keys);
}

/* Another folder is looked at from its beginning, one that was left for the folder above from where
 * one was. */
static void folder_enter_at(struct folder_state *state, struct arena *arena, const char *before)
{
    uint64_t key = 0;
    const char *slash = strrchr(before, '/');
    if (slash && strcmp(folder_above(arena, before), state->folder.path) == 0)
        key = hash64(slash + 1, strlen(slash + 1));
    table_filter_set(state->list.table, "");
    table_marks_clear(state->list.table);
    if (!key)
        table_select_row(state->list.table, 0);
    else
        table_select_key(state->list.table, key);
}

static void problem_set(struct folder_state *state, const char *text)
{
    free(state->problem);
    state->problem = text ? mem_strdup(text) : NULL;
}

/* ---- Asking ---- */

static void answer_take(struct folder_state *state, const struct fleet_result *result)
{
    const struct fleet_job *job = &result->job;
    struct arena *arena = arena_new();
    struct folder folder;
    struct error err = {0};
    if (job->state != DEVICE_OK) {
        problem_set(state,
                    arena_printf(arena, _("%s in %s: %s"), fleet_state_text(arena, job->state),
                                 fleet_phase_text(fleet_phase_names[job->phase]), job->reason));
    } else if (job->exit_status != 0) {
        problem_set(
            state, folder_refusal(arena, job->exit_status, result->output.bytes, result->output.n));
    } else if (folder_read(arena, result->output.bytes, result->output.n, &folder, &err) != ST_OK) {
        problem_set(state, error_text(&err));
    } else {
        struct arena *before = state->arena;
        const char *left = state->folder.path;
        problem_set(state, NULL);
        state->arena = arena;
        state->folder = folder;
        folder_show(state);
        if (left && strcmp(left, folder.path) != 0)
            folder_enter_at(state, arena, left);
        arena_free(before);
        return;
    }
    error_clear(&err);
    arena_free(arena);
}

static void work_changed(void *context, bool kept)
{
    struct view *view = context;
    struct folder_state *state = view->state;
    size_t n;
    (void)kept;
    if (state->work && !fleet_work_left(desk_work_of(state->work))) {
        answer_take(state, fleet_work_results(desk_work_of(state->work), &n));
        desk_work_leave(state->work);
        state->work = NULL;
    }
    console_redraw(view->console);
}

static void look(struct view *view, const char *path)
{
    struct folder_state *state = view->state;
    const struct device *device = view_answer(view, 0);
    struct arena *arena = arena_new();
    struct error err = {0};
    const char *verb;
    if (!device || folder_verb(arena, path, &verb, &err) != ST_OK) {
        if (device)
            console_complain(view->console, "%s", error_text(&err));
    } else if (*device->quarantine) {
        problem_set(state, _("it is in quarantine: it is given no credential"));
    } else {
        char *wanted = mem_strdup(path);
        free(state->wanted);
        state->wanted = wanted;
        desk_work_leave(state->work);
        state->again = false;
        state->work = desk_work_begin(
            view->console->desk, device, 1,
            &(struct fleet_work_options){.verb = verb, .most = FOLDER_ANSWER}, work_changed, view);
    }
    error_clear(&err);
    arena_free(arena);
}

/* ---- What one does with an entry ---- */

/* NULL: none is selected, or it is the way up. */
static const struct folder_entry *entry_selected(const struct folder_state *state, int64_t row)
{
    int64_t i = row - (state->folder.path && has_above(&state->folder));
    return row >= 0 && state->sheet && i >= 0 && (size_t)i < state->folder.n
               ? &state->folder.entries[i]
               : NULL;
}

static void go_up(struct view *view)
{
    struct folder_state *state = view->state;
    struct arena *arena = arena_new();
    if (state->folder.path && has_above(&state->folder))
        look(view, folder_above(arena, state->folder.path));
    arena_free(arena);
}

static void entry_open(struct view *view, const struct folder_entry *entry, bool get)
{
    struct folder_state *state = view->state;
    struct arena *arena = arena_new();
    struct error err = {0};
    const char *path;
    if (folder_enter(arena, &state->folder, entry, &path, &err) != ST_OK)
        console_complain(view->console, "%s",
                         _("its name cannot be asked for: a control character, or too long"));
    else if (!get && (entry->kind == FOLDER_FOLDER || entry->kind == FOLDER_LINK))
        look(view, path);
    else if (entry->kind == FOLDER_FOLDER)
        console_complain(view->console, "%s", _("a folder; files are got one by one"));
    else if (entry->kind == FOLDER_OTHER)
        console_complain(view->console, "%s", _("neither a file nor a folder"));
    else
        fleet_get_named(view->console, view_answer(view, 0), path, entry->name, entry->n);
    error_clear(&err);
    arena_free(arena);
}

static void row_open(struct view *view, int64_t row)
{
    struct folder_state *state = view->state;
    const struct folder_entry *entry = entry_selected(state, row);
    if (entry)
        entry_open(view, entry, false);
    else if (row == 0)
        go_up(view);
}

/* ---- The view ---- */

static enum role cell_role(struct view *view, int64_t row, int column)
{
    const struct folder_entry *entry = entry_selected(view->state, row);
    bool inside = !entry || entry->kind == FOLDER_FOLDER;
    return column != 0 ? ROLE_PLAIN : inside ? ROLE_ACCENT : ROLE_PLAIN;
}

static void folder_open(struct view *view)
{
    struct folder_state *state = view->state;
    list_begin(&state->list, view, "folder", _("files"));
    state->list.open = row_open;
    state->list.role = cell_role;
    device_find(view);
}

static void folder_close(struct view *view)
{
    struct folder_state *state = view->state;
    desk_work_leave(state->work);
    list_end(&state->list);
    arena_free(state->arena);
    free(state->wanted);
    free(state->problem);
}

static void folder_answered(struct view *view, int slot)
{
    struct folder_state *state = view->state;
    if (!view_answer(view, slot))
        return;
    if (!state->begun)
        look(view, "");
    else if (state->again && !fleet_transfer_left(view->console->transfer))
        look(view, state->folder.path);
    state->begun = true;
}

static void top_draw(const struct folder_state *state, struct area row)
{
    struct arena *arena = arena_new();
    const char *text = state->work ? _("asking the device …") : "";
    if (!state->work && state->folder.more)
        text = arena_printf(arena, _("the first %s of more"),
                            text_count(arena, (int64_t)state->folder.n));
    int at = row.cols - text_cells(text);
    draw_text(row, 0, at, state->work ? ROLE_DIM : ROLE_WARN, text);
    if (state->folder.path)
        draw_field(row, 0, 0, at - 1, -1, ROLE_STRONG, state->folder.path);
    arena_free(arena);
}

static void folder_draw(struct view *view, struct area area)
{
    struct folder_state *state = view->state;
    const char *problem = view_problem(view, 0) ? view_problem(view, 0) : state->problem;
    top_draw(state, area_cut_top(&area, 1));
    if (problem)
        area_cut_top(&area, draw_wrapped(area, 0, ROLE_ERROR, problem));
    if (state->sheet)
        list_draw(&state->list, area, true);
}

static bool folder_key(struct view *view, uint32_t key)
{
    return list_key(&((struct folder_state *)view->state)->list, key);
}

static bool folder_action(struct view *view, int id, const char *argument)
{
    struct folder_state *state = view->state;
    const struct folder_entry *entry = entry_selected(state, list_selected(&state->list));
    switch (id) {
    case ACTION_REFRESH:
        look(view, state->folder.path ? state->folder.path : "");
        return true;
    case ACTION_FOLDER_UP:
        go_up(view);
        return true;
    case ACTION_FOLDER_GO:
        if (*argument)
            look(view, argument);
        else
            console_say(view->console, "%s", _("a path behind it, such as /var/log"));
        return true;
    case ACTION_FOLDER_GET:
        if (entry)
            entry_open(view, entry, true);
        return true;
    case ACTION_FOLDER_PUT:
        if (state->folder.path && view_answer(view, 0)) {
            state->again = true;
            fleet_put_into(view->console, view_answer(view, 0), state->folder.path);
        }
        return true;
    case ACTION_FOLDER_FILES:
        console_open(view->console, "files", "");
        return true;
    default:
        return list_action(&state->list, id, argument);
    }
}

static const char *folder_subtitle(struct view *view)
{
    return view->argument;
}

const struct view_ops view_folder = {
    .name = "folder",
    .title = N_("Folder"),
    .about = N_("What lies in the folders of a device. Enter goes into a folder, - or the first "
                "row to the one above; d gets a file, p puts one here, W shows how far they are. "
                "Of a folder with more than 10,000 entries the first that it has are shown. "
                "Characters that a terminal would obey are shown as a sign, and a file whose name "
                "will not do here gets another."),
    .rights = RIGHT_DEVICES | RIGHT_DEVICES_EDIT,
    .size = sizeof(struct folder_state),
    .open = folder_open,
    .close = folder_close,
    .refresh = device_find,
    .draw = folder_draw,
    .action = folder_action,
    .key = folder_key,
    .answered = folder_answered,
    .subtitle = folder_subtitle,
};
