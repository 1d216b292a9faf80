/* The screen of configurations: devices that are alike in what they have and should have are one
 * row, what differs stands below. */
#include "views/fleet_config.h"

#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/fleet/clean.h"
#include "model/fleet/config.h"
#include "model/fleet/ini.h"
#include "tui/table_rows.h"
#include "views/actions.h"
#include "views/fleet_config_rows.h"
#include "views/fleet_config_set.h"
#include "views/fleet_desk.h"
#include "views/fleet_rows.h"
#include "views/fleet_transfer.h"
#include "views/list.h"
#include "views/screens.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_MOST = INI_MOST + 1024 };

struct config_state {
    struct list list;
    struct desk_work *work; /* NULL: nothing is asked */
    struct arena *told_arena;
    struct config_told *told; /* by device */
    size_t n_told;
    struct arena *arena; /* of the rows */
    struct config_rows *rows;
    struct arena *below;
    struct sheet *lines;
    uint64_t key; /* of the row they are of */
};

void config_open(struct console *console, const struct device *devices, size_t n)
{
    struct arena *arena = arena_new();
    VEC(char) text = {0};
    for (size_t i = 0; i < n; i++)
        for (const char *at = arena_printf(arena, i ? " %u" : "%u", devices[i].id); *at; at++)
            vec_push(&text, *at);
    vec_push(&text, '\0');
    console_open(console, "config", text.at);
    vec_free(&text);
    arena_free(arena);
}

/* ---- The question ---- */

struct config_question {
    struct access access;
    size_t n;
    uint32_t ids[]; /* rising */
};

static int id_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void *config_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    const struct config_question *question = parameters;
    struct config_answer *answer = arena_new_of(arena, struct config_answer);
    if (device_list(reader, &question->access, arena, NULL, &answer->all, &answer->n_all, err) !=
            ST_OK ||
        config_set_read(reader, &question->access, arena, &answer->set, err) != ST_OK)
        return NULL;
    struct device *devices = arena_array(arena, struct device, answer->n_all + 1);
    const char **wanted = arena_array(arena, const char *, answer->n_all + 1);
    for (size_t i = 0; i < answer->n_all; i++) {
        if (!bsearch(&answer->all[i].id, question->ids, question->n, sizeof *question->ids,
                     id_compare))
            continue;
        devices[answer->n] = answer->all[i];
        wanted[answer->n++] = config_desired(arena, answer->set, &answer->all[i]);
    }
    answer->devices = devices;
    answer->wanted = wanted;
    return answer;
}

static void config_refresh(struct view *view)
{
    size_t most = strlen(view->argument) / 2 + 1, size;
    struct config_question *question =
        mem_zero(1, size = sizeof *question + most * sizeof *question->ids);
    question->access = view->console->access;
    for (char *at = view->argument, *end; question->n < most; at = end) {
        unsigned long id = strtoul(at, &end, 10);
        if (end == at)
            break;
        question->ids[question->n++] = (uint32_t)id;
    }
    qsort(question->ids, question->n, sizeof *question->ids, id_compare);
    view_ask(view, 0, _("configurations"), config_ask, question, size);
    free(question);
}

/* ---- Rows ---- */

static void rows_make(struct view *view)
{
    struct config_state *state = view->state;
    const struct config_answer *answer = view_answer(view, 0);
    struct arena *before = state->arena;
    if (!answer)
        return;
    state->arena = arena_new();
    state->rows = config_rows_make(state->arena, answer->devices, answer->n, answer->wanted,
                                   state->told, state->n_told);
    list_show(&state->list, state->rows->sheet, state->rows->keys);
    arena_free(before);
    arena_free(state->below);
    state->below = NULL;
    console_redraw(view->console);
}

static int told_compare(const void *a, const void *b)
{
    const struct config_told *x = a, *y = b;
    return x->device < y->device ? -1 : x->device > y->device;
}

static void told_take(struct config_state *state)
{
    size_t n;
    const struct fleet_result *results = fleet_work_results(desk_work_of(state->work), &n);
    arena_free(state->told_arena);
    state->told_arena = arena_new();
    state->told = arena_array(state->told_arena, struct config_told, n + 1);
    state->n_told = 0;
    for (size_t i = 0; i < n; i++) {
        struct config_told one = {.device = results[i].device->id};
        const char *text, *reason;
        if (!results[i].finished)
            continue;
        one.good = config_of_answer(state->told_arena, &results[i], &text, &one.n, &reason);
        one.text = one.good ? arena_strndup(state->told_arena, text, one.n) : reason;
        state->told[state->n_told++] = one;
    }
    if (state->n_told)
        qsort(state->told, state->n_told, sizeof *state->told, told_compare);
}

static void work_changed(void *context, bool kept)
{
    struct view *view = context;
    struct config_state *state = view->state;
    (void)kept;
    if (!state->work || fleet_work_left(desk_work_of(state->work))) {
        console_redraw(view->console);
        return;
    }
    told_take(state);
    rows_make(view);
}

static void devices_ask(struct view *view)
{
    struct config_state *state = view->state;
    const struct config_answer *answer = view_answer(view, 0);
    if (!answer || (state->work && fleet_work_left(desk_work_of(state->work))))
        return;
    desk_work_leave(state->work);
    struct fleet_work_options how = {.verb = config_verb, .most = ANSWER_MOST};
    state->work =
        desk_work_begin(view->console->desk, answer->devices, answer->n, &how, work_changed, view);
}

static void desk_changed_here(void *context, bool kept)
{
    if (kept)
        config_refresh(context);
}

/* ---- Acts ---- */

/* The devices of the marked rows, or of all, of which something is desired. */
static void apply(struct view *view)
{
    struct config_state *state = view->state;
    const struct config_answer *answer = view_answer(view, 0);
    struct table *table = state->list.table;
    VEC(struct device) devices = {0};
    VEC(struct transfer_text) texts = {0};
    bool marked = table && table_marked(table) > 0;
    for (size_t r = 0; state->rows && r < state->rows->n; r++) {
        const struct config_row *row = &state->rows->rows[r];
        if (marked && !table_is_marked(table, state->rows->keys[r]))
            continue;
        for (size_t i = 0; i < row->n; i++) {
            const char *text = answer->wanted[row->members[i]];
            if (!text)
                continue;
            vec_push(&devices, answer->devices[row->members[i]]);
            vec_push(&texts, (struct transfer_text){text, strlen(text)});
        }
    }
    if (devices.n)
        fleet_apply_ask(view->console, devices.at, texts.at, devices.n);
    else
        console_say(view->console, "%s",
                    _("nothing is desired of these devices yet: s sets a key"));
    vec_free(&devices);
    vec_free(&texts);
}

static void history(struct view *view)
{
    const struct config_answer *answer = view_answer(view, 0);
    struct arena *arena = arena_new();
    int64_t row = list_selected(&((struct config_state *)view->state)->list);
    const struct config_state *state = view->state;
    if (answer && state->rows && row >= 0 && (size_t)row < state->rows->n) {
        const struct device *d = state->rows->rows[row].first;
        bool own = answer->n == 1 && config_of_device(answer->set, d->code);
        console_open(view->console, "config-history",
                     own ? config_key_of_device(arena, d->code)
                         : config_key_of_kind(arena, d->kind));
    }
    arena_free(arena);
}

static void row_open(struct view *view, int64_t row)
{
    const struct config_state *state = view->state;
    if (state->rows && row >= 0 && (size_t)row < state->rows->n)
        console_open(view->console, "config-text", state->rows->rows[row].first->code);
}

/* ---- The view ---- */

static enum role cell_role(struct view *view, int64_t row, int column)
{
    const struct config_state *state = view->state;
    if (column != 2 || !state->rows || row < 0 || (size_t)row >= state->rows->n)
        return ROLE_PLAIN;
    const struct cell *cell = &sheet_row(state->rows->sheet, (size_t)row)[2];
    return cell->known && strcmp(cell->text, "=") == 0 ? ROLE_DIM : ROLE_WARN;
}

static void config_begin(struct view *view)
{
    struct config_state *state = view->state;
    list_begin(&state->list, view, "config", _("configurations"));
    state->list.open = row_open;
    state->list.role = cell_role;
    desk_listen(view->console->desk, desk_changed_here, view);
    config_refresh(view);
}

static void config_close(struct view *view)
{
    struct config_state *state = view->state;
    desk_unlisten(view->console->desk, view);
    desk_work_leave(state->work);
    list_end(&state->list);
    arena_free(state->told_arena);
    arena_free(state->arena);
    arena_free(state->below);
}

static void config_answered(struct view *view, int slot)
{
    if (view_answer(view, slot) && !view_problem(view, slot))
        rows_make(view);
}

/* "40 devices: 28 drift, 1 queued, 11 without" */
static const char *counts_text(struct view *view, struct arena *arena)
{
    static const struct {
        enum device_drift drift;
        const char *text;
    } parts[] = {
        {DRIFT_SAME, N_("%zu as desired")},     {DRIFT_OTHER, N_("%zu drift")},
        {DRIFT_QUEUED, N_("%zu queued")},       {DRIFT_UNKNOWN, N_("%zu not known")},
        {DRIFT_NONE, N_("%zu without a wish")},
    };
    const struct config_state *state = view->state;
    const struct config_answer *answer = view_answer(view, 0);
    size_t drifts[DEVICE_DRIFTS] = {0};
    bool first = true;
    for (size_t i = 0; i < answer->n; i++)
        drifts[answer->devices[i].drift]++;
    const char *text =
        arena_printf(arena, ngettext("%zu device", "%zu devices", answer->n), answer->n);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!drifts[parts[i].drift])
            continue;
        const char *part = arena_printf(arena, _(parts[i].text), drifts[parts[i].drift]);
        text = arena_printf(arena, first ? _("%s: %s") : _("%s, %s"), text, part);
        first = false;
    }
    size_t left = state->work ? fleet_work_left(desk_work_of(state->work)) : 0;
    return left ? arena_printf(arena, _("%s  %zu being asked"), text, left) : text;
}

static void line_draw(const struct sheet *lines, size_t i, struct area row)
{
    const struct cell *cells = sheet_row(lines, i);
    const char *mark = cells[0].text;
    enum role role = *mark == '-'   ? ROLE_DOWN
                     : *mark == '+' ? ROLE_UP
                     : *mark == '!' ? ROLE_ERROR
                                    : ROLE_PLAIN;
    draw_field(row, 0, 0, 2, -1, role, mark);
    draw_field(row, 0, 2, row.cols - 2, -1, role, cells[1].text);
}

static const char *below_title(const struct config_row *row, struct arena *arena)
{
    if (row->difference && *row->difference)
        return _("- is only what it has, + only what is desired");
    if (!row->wanted)
        return _("nothing is desired yet: s sets a key, t takes a file");
    return arena_printf(arena,
                        row->difference ? _("%s has what is desired:")
                                        : _("desired of %s (a asks them and compares):"),
                        row->first->code);
}

static void below_draw(struct view *view, struct area area)
{
    struct config_state *state = view->state;
    int64_t at = list_selected(&state->list);
    if (!state->rows || at < 0 || (size_t)at >= state->rows->n || area.rows < 2)
        return;
    const struct config_row *row = &state->rows->rows[at];
    if (!state->below || state->key != state->rows->keys[at]) {
        arena_free(state->below);
        state->below = arena_new();
        state->key = state->rows->keys[at];
        state->lines = config_row_lines(state->below, row);
    }
    draw_rule(area_cut_top(&area, 1), 0, ROLE_RULE);
    draw_field(area_cut_top(&area, 1), 0, 0, area.cols, -1, ROLE_DIM,
               below_title(row, state->below));
    for (size_t i = 0; i < state->lines->n_rows && i < (size_t)area.rows; i++)
        line_draw(state->lines, i, area_part(area, (int)i, 0, 1, area.cols));
}

static void config_draw(struct view *view, struct area area)
{
    struct config_state *state = view->state;
    struct arena *arena = arena_new();
    if (view_problem(view, 0)) {
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, 0));
    } else if (view_answer(view, 0)) {
        area_cut_top(&area, draw_wrapped(area, 0, ROLE_STRONG, counts_text(view, arena)));
        int rows = state->rows ? (int)state->rows->n : 0, half = area.rows / 2;
        struct area list = area_cut_top(&area, rows + 2 < half ? rows + 2 : half);
        list_draw(&state->list, list, true);
        below_draw(view, area);
    }
    arena_free(arena);
}

static bool config_key(struct view *view, uint32_t key)
{
    return list_key(&((struct config_state *)view->state)->list, key);
}

static bool config_action(struct view *view, int id, const char *argument)
{
    struct config_state *state = view->state;
    const struct config_answer *answer = view_answer(view, 0);
    int64_t row = list_selected(&state->list);
    const struct device *selected = state->rows && row >= 0 && (size_t)row < state->rows->n
                                        ? state->rows->rows[row].first
                                        : NULL;
    switch (id) {
    case ACTION_CONFIG_ASK:
        devices_ask(view);
        return true;
    case ACTION_CONFIG_SET:
    case ACTION_CONFIG_LOAD:
    case ACTION_CONFIG_DROP:
        if (answer && selected)
            config_set_ask(view->console, answer, selected,
                           id == ACTION_CONFIG_SET    ? CONFIG_SET_KEY
                           : id == ACTION_CONFIG_LOAD ? CONFIG_SET_FILE
                                                      : CONFIG_SET_NOTHING);
        return true;
    case ACTION_CONFIG_APPLY:
        if (answer)
            apply(view);
        return true;
    case ACTION_CONFIG_HISTORY:
        history(view);
        return true;
    default:
        return list_action(&state->list, id, argument);
    }
}

static const char *config_subtitle(struct view *view)
{
    const struct config_answer *answer = view_answer(view, 0);
    return answer && answer->n == 1 ? answer->devices[0].code : NULL;
}

const struct view_ops view_config = {
    .name = "config",
    .title = N_("Configuration"),
    .about = N_("What devices should have, and what they have. A kind has a text; a device may "
                "have keys of its own, which are laid over it. a asks the devices and folds what "
                "differs, s sets a key, t takes a text from a file, p brings it to the devices of "
                "the marked rows (or all), after each one's application agreed. h shows who "
                "changed what is desired, u undoes."),
    .rights = RIGHT_DEVICES,
    .size = sizeof(struct config_state),
    .open = config_begin,
    .close = config_close,
    .refresh = config_refresh,
    .draw = config_draw,
    .action = config_action,
    .key = config_key,
    .answered = config_answered,
    .subtitle = config_subtitle,
};
