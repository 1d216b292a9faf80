/* The keys of devices that have no pin, or show another one than theirs: reviewed and accepted many
 * at once. */
#include "model/base/vec.h"
#include "model/store/operation.h"
#include "model/store/write_queue.h"
#include "tui/dialog.h"
#include "tui/table_rows.h"
#include "views/actions.h"
#include "views/change.h"
#include "views/fleet_desk.h"
#include "views/list.h"
#include "views/screens.h"

#include <stdlib.h>
#include <string.h>

struct keys_state {
    struct list list;
    struct desk_work *work; /* NULL: none yet */
    bool looked;            /* since the screen was opened */
    /* What is shown. */
    struct arena *rows;
    const struct device *shown;
    size_t n;
    uint64_t *keys;
    struct sheet *sheet;
};

struct keys_answer {
    const struct device *devices; /* those with something to decide */
    size_t n;
};

enum { COLUMN_VERDICT = 1, COLUMN_KEY, COLUMN_PIN, COLUMN_SHOP, COLUMN_HOST, COLUMN_KIND };
enum { DETAILS = 3, LIST_LEAST = 6 };

static const struct sheet_column columns[] = {
    {"device", N_("device"), CELL_TEXT}, {"key", N_("its key"), CELL_TEXT},
    {"shown", N_("shown"), CELL_TEXT},   {"pin", N_("pin"), CELL_TEXT},
    {"shop", N_("shop"), CELL_TEXT},     {"address", N_("address"), CELL_TEXT},
    {"kind", N_("kind"), CELL_TEXT},
};

static bool is_other(const struct device *d)
{
    return *d->pin && *d->offered && strcmp(d->pin, d->offered) != 0;
}

/* New ones first, and those that changed apart below them. */
static void *keys_ask(struct reader *reader, struct arena *arena, const void *parameters,
                      struct error *err)
{
    struct keys_answer *answer = arena_new_of(arena, struct keys_answer);
    const struct device *all;
    size_t n;
    if (device_list(reader, parameters, arena, NULL, &all, &n, err) != ST_OK)
        return NULL;
    struct device *found = arena_array(arena, struct device, n + 1);
    for (int others = 0; others < 2; others++)
        for (size_t i = 0; i < n; i++)
            if (others ? is_other(&all[i]) : !*all[i].pin)
                found[answer->n++] = all[i];
    answer->devices = found;
    return answer;
}

static void keys_refresh(struct view *view)
{
    view_ask(view, 0, _("host keys"), keys_ask, &view->console->access,
             sizeof view->console->access);
}

/* ---- Looking ---- */

/* What the i-th device has shown since the screen was opened, by its number; NULL: nothing. */
static const struct fleet_job *look_of(const struct keys_state *state, uint32_t device)
{
    size_t n = 0;
    const struct fleet_result *results =
        state->work ? fleet_work_results(desk_work_of(state->work), &n) : NULL;
    for (size_t i = 0; i < n; i++)
        if (results[i].job.device == device)
            return results[i].finished ? &results[i].job : NULL;
    return NULL;
}

static bool looking(const struct keys_state *state)
{
    return state->work && fleet_work_left(desk_work_of(state->work));
}

/* The key that is to be decided on: just seen, or kept when it was asked. */
static const char *key_of(const struct keys_state *state, const struct device *d)
{
    const struct fleet_job *job = look_of(state, d->id);
    return job && *job->offered ? job->offered : job ? "" : d->offered;
}

static const char *verdict_text(const struct keys_state *state, const struct device *d)
{
    const struct fleet_job *job = look_of(state, d->id);
    const char *key = key_of(state, d);
    if (job && !*key)
        return job->reason;
    if (!*key)
        return looking(state) ? _("asking …") : _("not asked yet");
    if (!*d->pin)
        return _("new");
    return strcmp(d->pin, key) == 0 ? _("the pin's again") : _("another than its pin");
}

/* ---- Rows ---- */

static void rows_make(struct view *view)
{
    struct keys_state *state = view->state;
    const struct keys_answer *answer = view_answer(view, 0);
    struct arena *before = state->rows, *arena;
    if (!answer)
        return;
    state->rows = arena = arena_new();
    state->shown = answer->devices;
    state->n = answer->n;
    state->keys = arena_array(arena, uint64_t, answer->n + 1);
    state->sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < answer->n; i++) {
        const struct device *d = &answer->devices[i];
        const char *key = key_of(state, d);
        struct cell *cells = sheet_row_add(state->sheet);
        state->keys[i] = d->id;
        cells[0] = cell_text(d->code);
        cells[COLUMN_SHOP] = cell_text(*d->shop ? d->shop : *d->zone ? d->zone : NULL);
        cells[COLUMN_VERDICT] = cell_text(arena_strdup(arena, verdict_text(state, d)));
        cells[COLUMN_KEY] = cell_text(*key ? arena_strdup(arena, key) : NULL);
        cells[COLUMN_PIN] = cell_text(*d->pin ? d->pin : NULL);
        cells[COLUMN_HOST] = cell_text(*d->host ? d->host : NULL);
        cells[COLUMN_KIND] = cell_text(*d->kind ? d->kind : NULL);
    }
    list_show(&state->list, state->sheet, state->keys);
    arena_free(before);
    console_redraw(view->console);
}

static void work_changed(void *context, bool kept)
{
    (void)kept;
    rows_make(context);
}

static void look_begin(struct view *view)
{
    struct keys_state *state = view->state;
    const struct keys_answer *answer = view_answer(view, 0);
    if (!answer || !answer->n || looking(state))
        return;
    state->looked = true;
    desk_work_leave(state->work);
    struct fleet_work_options how = {.scan = true};
    state->work =
        desk_work_begin(view->console->desk, answer->devices, answer->n, &how, work_changed, view);
    rows_make(view);
}

static enum role cell_role(struct view *view, int64_t row, int column)
{
    const struct keys_state *state = view->state;
    if (row < 0 || (size_t)row >= state->n || column != COLUMN_VERDICT)
        return ROLE_PLAIN;
    const struct device *d = &state->shown[row];
    const char *key = key_of(state, d);
    return !*key                      ? ROLE_DIM
           : !*d->pin                 ? ROLE_WARN
           : strcmp(d->pin, key) == 0 ? ROLE_UP
                                      : ROLE_ERROR;
}

static void row_open(struct view *view, int64_t row)
{
    struct keys_state *state = view->state;
    if (row >= 0 && (size_t)row < state->n)
        console_open(view->console, "device-key", state->shown[row].code);
}

/* ---- Accepting ---- */

struct accepted {
    char *code, *key;
    int64_t version;
};

struct batch {
    struct console *console;
    char actor[64];
    unsigned rights;
    VEC(struct accepted) list;
};

static void batch_free(struct batch *batch)
{
    for (size_t i = 0; i < batch->list.n; i++) {
        free(batch->list.at[i].code);
        free(batch->list.at[i].key);
    }
    vec_free(&batch->list);
    free(batch);
}

static enum status pins_apply(struct writer *writer, const struct batch *batch, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < batch->list.n && status == ST_OK; i++) {
        const struct accepted *one = &batch->list.at[i];
        json_t *set = json_pack("{s:s}", "pin", one->key);
        struct operation op = {.actor = batch->actor,
                               .rights = batch->rights,
                               .entity = "device",
                               .target = one->code,
                               .base_version = one->version,
                               .set = set,
                               .reason = "host key accepted"};
        status = operation_apply(writer, &op, NULL, err);
        json_decref(set);
    }
    return status;
}

/* All or none. */
static enum status batch_run(struct writer *writer, void *arguments, struct error *err)
{
    const struct batch *batch = *(struct batch **)arguments;
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = pins_apply(writer, batch, err);
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

static void batch_done(void *context, void *arguments, enum status status,
                       const struct error *error)
{
    struct console *console = context;
    const struct batch *batch = *(struct batch **)arguments;
    if (status != ST_OK)
        console_complain(console, "%s", error_text(error));
    else
        console_say(console, ngettext("%zu key accepted", "%zu keys accepted", batch->list.n),
                    batch->list.n);
    console_refresh(console);
}

static void batch_release(void *arguments)
{
    batch_free(*(struct batch **)arguments);
}

static void batch_agreed(void *context, struct dialog *dialog, bool agreed)
{
    struct batch *batch = context;
    (void)dialog;
    if (!agreed) {
        batch_free(batch);
        return;
    }
    struct write_request request = {.run = batch_run,
                                    .done = batch_done,
                                    .release = batch_release,
                                    .arguments = &batch,
                                    .size = sizeof batch,
                                    .context = batch->console};
    write_queue_submit(batch->console->writes, &request);
}

static void batch_add(struct batch *batch, const struct device *d, const char *key, size_t *others,
                      size_t *silent)
{
    if (!*key)
        (*silent)++;
    else if (*d->pin)
        *others += strcmp(d->pin, key) != 0;
    else
        vec_push(&batch->list,
                 ((struct accepted){mem_strdup(d->code), mem_strdup(key), d->version}));
}

/* The marked rows, or the one under the cursor. */
static void batch_fill(struct view *view, struct batch *batch, size_t *others, size_t *silent)
{
    struct keys_state *state = view->state;
    struct table *table = state->list.table;
    bool marked = table && table_marked(table) > 0;
    int64_t under = list_selected(&state->list);
    for (size_t i = 0; i < state->n; i++)
        if (marked ? table_is_marked(table, state->shown[i].id) : (int64_t)i == under)
            batch_add(batch, &state->shown[i], key_of(state, &state->shown[i]), others, silent);
}

static void accept_ask(struct view *view)
{
    struct console *console = view->console;
    size_t others = 0, silent = 0;
    if (!console_may(console, RIGHT_DEVICES | RIGHT_DEVICES_EDIT))
        return;
    if (console->mall->read_only) {
        console_complain(console, "%s", console->mall->why_read_only);
        return;
    }
    struct batch *batch = mem_zero(1, sizeof *batch);
    batch->console = console;
    batch->rights = console->access.rights;
    snprintf(batch->actor, sizeof batch->actor, "%s", console->access.principal);
    batch_fill(view, batch, &others, &silent);
    size_t n = batch->list.n;
    if (!n) {
        console_say(console, "%s",
                    others   ? _("another key than the pin is accepted on its own page: Enter")
                    : silent ? _("no key was shown yet")
                             : _("nothing is marked"));
        batch_free(batch);
        return;
    }
    struct arena *arena = arena_new();
    const char *text =
        arena_printf(arena,
                     ngettext("From now on %zu device is known by the key it showed.",
                              "From now on %zu devices are known by the keys they showed.", n),
                     n);
    text = arena_printf(arena, "%s\n%s", text,
                        _("Were they compared with what the devices say on their own screens?"));
    if (others)
        text = arena_printf(arena,
                            ngettext("%s\n\n%zu that shows another key than its pin is left out.",
                                     "%s\n\n%zu that show another key than their pin are left out.",
                                     others),
                            text, others);
    console_dialog(console,
                   dialog_confirm_number(_("Accept keys"), text, (int64_t)n, batch_agreed, batch));
    arena_free(arena);
}

/* ---- The view ---- */

static void keys_open(struct view *view)
{
    struct keys_state *state = view->state;
    list_begin(&state->list, view, "fleet-keys", _("host keys"));
    state->list.open = row_open;
    state->list.role = cell_role;
    keys_refresh(view);
}

static void keys_close(struct view *view)
{
    struct keys_state *state = view->state;
    desk_work_leave(state->work);
    list_end(&state->list);
    arena_free(state->rows);
}

static void keys_answered(struct view *view, int slot)
{
    struct keys_state *state = view->state;
    if (!view_answer(view, slot) || view_problem(view, slot))
        return;
    rows_make(view);
    if (!state->looked && !view->console->still)
        look_begin(view);
}

static void counts_draw(struct view *view, struct area row)
{
    const struct keys_state *state = view->state;
    size_t fresh = 0, others = 0;
    struct arena *arena = arena_new();
    for (size_t i = 0; i < state->n; i++) {
        const char *key = key_of(state, &state->shown[i]);
        fresh += *key && !*state->shown[i].pin;
        others += *key && *state->shown[i].pin && strcmp(state->shown[i].pin, key) != 0;
    }
    const char *text = arena_printf(arena, ngettext("%zu new key", "%zu new keys", fresh), fresh);
    int at = draw_text(row, 0, 0, ROLE_STRONG, text);
    if (others)
        at += draw_text(row, 0, at, ROLE_ERROR,
                        arena_printf(arena, _("  %zu other than the pin"), others));
    if (looking(state))
        draw_text(row, 0, at, ROLE_DIM,
                  arena_printf(arena, _("  %zu being asked"),
                               fleet_work_left(desk_work_of(state->work))));
    arena_free(arena);
}

/* A fingerprint is compared letter by letter: of the row under the cursor it is shown whole. */
static void details_draw(struct keys_state *state, struct area area)
{
    int64_t row = list_selected(&state->list);
    if (row < 0 || (size_t)row >= state->n)
        return;
    const struct device *d = &state->shown[row];
    const char *key = key_of(state, d);
    area_cut_top(&area, draw_wrapped(area, 0, ROLE_STRONG, *key ? key : verdict_text(state, d)));
    if (*d->pin && area.rows > 0)
        draw_wrapped(area, 0, ROLE_DIM, d->pin);
}

static void keys_draw(struct view *view, struct area area)
{
    struct keys_state *state = view->state;
    const struct keys_answer *answer = view_answer(view, 0);
    if (view_problem(view, 0)) {
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, 0));
        return;
    }
    if (!answer)
        return;
    if (!answer->n) {
        draw_wrapped(area, 0, ROLE_DIM,
                     _("Every device has a pin, and none has shown another key."));
        return;
    }
    counts_draw(view, area_cut_top(&area, 1));
    struct area details = {0};
    if (area.rows >= LIST_LEAST + DETAILS)
        details = area_cut_bottom(&area, area.cols < 52 ? DETAILS + 1 : DETAILS);
    list_draw(&state->list, area, true);
    if (details.rows)
        details_draw(state, details);
}

static bool keys_key(struct view *view, uint32_t key)
{
    return list_key(&((struct keys_state *)view->state)->list, key);
}

static bool keys_action(struct view *view, int id, const char *argument)
{
    if (id == ACTION_REFRESH)
        look_begin(view);
    if (id == ACTION_KEYS_ACCEPT) {
        accept_ask(view);
        return true;
    }
    return id != ACTION_REFRESH &&
           list_action(&((struct keys_state *)view->state)->list, id, argument);
}

const struct view_ops view_fleet_keys = {
    .name = "fleet-keys",
    .title = N_("Host keys"),
    .about = N_("Devices without a pin, with the key that each shows, and below them those that "
                "show another key than their pin. None is given a credential before. Space marks, "
                "a accepts the new keys that are marked; a changed one only on its own page: "
                "Enter. Ctrl-r looks again."),
    .rights = RIGHT_DEVICES | RIGHT_DEVICES_EDIT,
    .size = sizeof(struct keys_state),
    .open = keys_open,
    .close = keys_close,
    .refresh = keys_refresh,
    .draw = keys_draw,
    .action = keys_action,
    .key = keys_key,
    .answered = keys_answered,
};
