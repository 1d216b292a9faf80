/* Conflict: an edit made here beside the hub's version, field by field, for a person to decide. */
#include "model/sync/outbox_sheet.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "views/actions.h"
#include "views/outbox_acts.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <stdlib.h>
#include <string.h>

enum { FIELDS_MOST = 64 };

struct conflict_view {
    struct sheet_state sheet; /* first */
    uint64_t theirs;          /* by field: the hub's is chosen; mine otherwise */
    struct sheet *shown;      /* the answer's with what is chosen now */
    struct arena *arena;
};

struct conflict_question {
    struct access access;
    char id[80];
};

struct conflict_answer {
    const struct outbox_entry *entry; /* NULL: it is not in the outbox any more */
    const struct outbox_field *fields;
    size_t n;
};

static const struct sheet_column columns[] = {
    {"field", N_("field"), CELL_TEXT},      {"use", N_("use"), CELL_TEXT},
    {"mine", N_("mine"), CELL_TEXT},        {"theirs", N_("the hub's"), CELL_TEXT},
    {"before", N_("as it was"), CELL_TEXT},
};

static void *conflict_ask(struct reader *reader, struct arena *arena, const void *parameters,
                          struct error *err)
{
    const struct conflict_question *question = parameters;
    struct conflict_answer *answer = arena_new_of(arena, struct conflict_answer);
    const struct outbox_entry *entries;
    size_t n;
    if (outbox_read(reader, &question->access, arena, true, &entries, &n, err) != ST_OK)
        return NULL;
    answer->entry = outbox_find(entries, n, question->id);
    if (answer->entry)
        answer->n = outbox_fields(arena, answer->entry, &answer->fields);
    answer->n = answer->n < FIELDS_MOST ? answer->n : FIELDS_MOST;
    return answer;
}

static void conflict_refresh(struct view *view)
{
    struct conflict_question question = {.access = view->console->access};
    snprintf(question.id, sizeof question.id, "%s", view->argument);
    view_ask(view, 0, _("the edit"), conflict_ask, &question, sizeof question);
}

static void conflict_open(struct view *view)
{
    struct conflict_view *state = view->state;
    list_begin(&state->sheet.list, view, "conflict", _("fields"));
    conflict_refresh(view);
}

static void conflict_close(struct view *view)
{
    struct conflict_view *state = view->state;
    sheet_view_close(view);
    arena_free(state->arena);
}

static bool is_conflict(const struct conflict_answer *answer)
{
    return answer && answer->entry && answer->entry->state == OUTBOX_CONFLICT;
}

/* One of two words, as wide as the wider one: the column keeps its width when a field is turned. */
static const char *word_of_two(struct arena *arena, const char *word, const char *other)
{
    int less = text_cells(other) - text_cells(word);
    return less > 0 ? arena_printf(arena, "%s%*s", word, less, "") : word;
}

static void fields_show(struct view *view)
{
    struct conflict_view *state = view->state;
    const struct conflict_answer *answer = view_answer(view, 0);
    struct arena *before = state->arena;
    state->arena = arena_new();
    state->shown = sheet_new(state->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; answer && i < answer->n; i++) {
        const struct outbox_field *field = &answer->fields[i];
        struct cell *cells = sheet_row_add(state->shown);
        const char *use = !is_conflict(answer) ? ""
                          : !field->differs    ? "="
                          : state->theirs >> i & 1
                              ? word_of_two(state->arena, _("theirs"), _("mine"))
                              : word_of_two(state->arena, _("mine"), _("theirs"));
        cells[0] = cell_text(arena_strdup(state->arena, field->name));
        cells[1] = cell_text(use);
        cells[2] = cell_text(arena_strdup(state->arena, field->mine));
        cells[3] = cell_text(arena_strdup(state->arena, field->theirs));
        cells[4] = cell_text(arena_strdup(state->arena, field->before));
    }
    list_show(&state->sheet.list, state->shown, NULL);
    arena_free(before);
}

static void conflict_answered(struct view *view, int slot)
{
    (void)slot;
    if (!view_problem(view, 0))
        fields_show(view);
}

/* ---- Drawing ---- */

static void head_draw(struct view *view, const struct conflict_answer *answer, struct area *area)
{
    const struct outbox_entry *entry = answer->entry;
    struct arena *arena = arena_new();
    const char *kind = *entry->entity ? entry->entity : entry->verb;
    int64_t now = time_now();
    char *what = arena_printf(arena, "%s %s", word_translated("thing", kind), entry->target);
    char *state = arena_printf(arena, _("%s · made %s ago"), _(outbox_state_titles[entry->state]),
                               text_duration(arena, now > entry->made ? now - entry->made : 0));
    draw_field(area_cut_top(area, 1), 0, 0, area->cols, -1, ROLE_STRONG, what);
    draw_field(area_cut_top(area, 1), 0, 0, area->cols, -1, ROLE_DIM, state);
    if (is_conflict(answer)) {
        char *by =
            arena_printf(arena, _("the hub's version is by %s, %s"), *entry->by ? entry->by : "?",
                         entry->at ? time_local(arena, view->console->mall->zone, entry->at) : "?");
        draw_field(area_cut_top(area, 1), 0, 0, area->cols, -1, ROLE_WARN, by);
    }
    if (*entry->reason) {
        int rows = draw_wrapped(area_part(*area, 0, 0, area->rows > 3 ? 3 : 1, area->cols), 0,
                                ROLE_DIM, entry->reason);
        area_cut_top(area, rows > 3 ? 3 : rows);
    }
    arena_free(arena);
}

static void conflict_draw(struct view *view, struct area area)
{
    struct conflict_view *state = view->state;
    const struct conflict_answer *answer = view_answer(view, 0);
    if (view_problem(view, 0)) {
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, 0));
        return;
    }
    if (!answer)
        return;
    if (!answer->entry) {
        draw_wrapped(area, 0, ROLE_DIM, _("This edit is settled and not in the outbox any more."));
        return;
    }
    head_draw(view, answer, &area);
    if (area.rows > 8)
        area_cut_top(&area, 1);
    list_draw(&state->sheet.list, area, true);
}

/* ---- Deciding ---- */

static void choose_turn(struct view *view)
{
    struct conflict_view *state = view->state;
    const struct conflict_answer *answer = view_answer(view, 0);
    int64_t row = state->sheet.list.table ? list_selected(&state->sheet.list) : -1;
    if (!is_conflict(answer) || row < 0 || (size_t)row >= answer->n)
        return;
    if (!answer->fields[row].differs) {
        console_say(view->console, "%s", _("both are the same here"));
        return;
    }
    state->theirs ^= (uint64_t)1 << row;
    fields_show(view);
}

static void merge(struct view *view)
{
    const struct conflict_view *state = view->state;
    const struct conflict_answer *answer = view_answer(view, 0);
    bool mine[FIELDS_MOST], any = false;
    for (size_t i = 0; i < answer->n; i++) {
        mine[i] = !(state->theirs >> i & 1);
        any |= mine[i] && answer->fields[i].differs;
    }
    outbox_act_resolve(view->console, answer->entry->id, !any,
                       any ? outbox_choice(answer->entry, answer->fields, answer->n, mine) : NULL);
}

static bool decide(struct view *view, int id)
{
    const struct conflict_answer *answer = view_answer(view, 0);
    if (!is_conflict(answer)) {
        console_say(view->console, "%s", _("nothing is to be decided about this edit"));
        return true;
    }
    if (id == ACTION_CONFLICT_TAKE)
        outbox_act_resolve(view->console, answer->entry->id, true, NULL);
    else if (id == ACTION_CONFLICT_KEEP)
        outbox_act_resolve(view->console, answer->entry->id, false, outbox_mine(answer->entry));
    else
        merge(view);
    return true;
}

static bool conflict_action(struct view *view, int id, const char *argument)
{
    switch (id) {
    case ACTION_CONFLICT_TURN:
        choose_turn(view);
        return true;
    case ACTION_CONFLICT_TAKE:
    case ACTION_CONFLICT_KEEP:
    case ACTION_CONFLICT_MERGE:
        return decide(view, id);
    default:
        return list_action(&((struct conflict_view *)view->state)->sheet.list, id, argument);
    }
}

const struct view_ops view_conflict = {
    .name = "conflict",
    .title = N_("One edit"),
    .about = N_("An edit made here, field by field; where it came back as a conflict, beside the "
                "hub's version. t takes the hub's and gives yours up, k keeps yours over it, v "
                "turns the selected field to the other side and m sets what is chosen."),
    .when_locked = true,
    .size = sizeof(struct conflict_view),
    .open = conflict_open,
    .close = conflict_close,
    .refresh = conflict_refresh,
    .draw = conflict_draw,
    .action = conflict_action,
    .key = sheet_view_key,
    .answered = conflict_answered,
};
