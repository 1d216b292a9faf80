/* Labels: what there are, how old, built from what; a rule is tried while it is written. */
#include "model/segment/label.h"

#include "model/base/text.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/list.h"
#include "views/people_acts.h"
#include "views/people_prompt.h"
#include "views/screens.h"
#include "views/session.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_LIST, SLOT_COUNT, SLOT_NAMES, SLOT_HISTORY };

struct labels_state {
    struct people_prompt prompt;
    struct list list;
};

struct labels_answer {
    struct sheet *sheet;
    const struct label *labels;
    size_t n, stale;
};

static const struct sheet_column columns[] = {
    {"name", N_("label"), CELL_TEXT},
    {"people", N_("people"), CELL_COUNT},
    {"state", N_("state"), CELL_TEXT},
    {"as_of", N_("as of"), CELL_DAY},
    {"built_from", N_("built from"), CELL_TEXT},
    {"author", N_("author"), CELL_TEXT},
    {"version", N_("version"), CELL_COUNT},
    {"rule", N_("rule"), CELL_TEXT},
};

static const char *state_text(const struct label *label)
{
    return !*label->rule       ? _("list")
           : *label->error     ? _("broken")
           : label->people < 0 ? _("not run")
           : label->stale      ? _("stale")
                               : _("fresh");
}

static void *labels_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    struct labels_answer *answer = arena_new_of(arena, struct labels_answer);
    const struct clock *clock = &reader_mall(reader)->clock;
    const struct access *access = parameters;
    if (labels_list(reader, arena, &answer->labels, &answer->n, err) != ST_OK)
        return NULL;
    answer->sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < answer->n; i++) {
        const struct label *label = &answer->labels[i];
        struct cell *cells = sheet_row_add(answer->sheet);
        answer->stale += label->stale;
        cells[0] = cell_text(label->name);
        if (label->people >= 0)
            cells[1] = small_group_cell(access, label->people, false, cell_integer(label->people));
        cells[2] = cell_text(state_text(label));
        if (label->as_of)
            cells[3] = cell_integer(clock_day(clock, label->as_of));
        cells[4] = cell_text(label->built_from);
        cells[5] = cell_text(label->author);
        cells[6] = cell_integer(label->version);
        cells[7] = cell_text(label->rule);
    }
    return answer;
}

static const struct label *selected(struct view *view)
{
    struct labels_state *state = view->state;
    const struct labels_answer *answer = view_answer(view, SLOT_LIST);
    int64_t row = state->list.table ? list_selected(&state->list) : -1;
    return answer && row >= 0 && (size_t)row < answer->n ? &answer->labels[row] : NULL;
}

static char *labels_people(struct view *view)
{
    const struct label *label = selected(view);
    return label ? mem_printf("label %s", label->name) : NULL;
}

static void row_open(struct view *view, int64_t row)
{
    char *argument = labels_people(view);
    (void)row;
    if (argument)
        console_open(view->console, "crowd", argument);
    free(argument);
}

static void labels_refresh(struct view *view)
{
    struct labels_state *state = view->state;
    view_ask(view, SLOT_LIST, _("labels"), labels_ask, &view->console->access,
             sizeof view->console->access);
    people_prompt_refresh(&state->prompt);
}

static void labels_open(struct view *view)
{
    struct labels_state *state = view->state;
    people_prompt_begin(&state->prompt, view, "rule", SLOT_COUNT, SLOT_NAMES, true);
    list_begin(&state->list, view, "labels", _("labels"));
    state->list.open = row_open;
    labels_refresh(view);
}

static void labels_close(struct view *view)
{
    struct labels_state *state = view->state;
    people_prompt_end(&state->prompt);
    list_end(&state->list);
}

/* ---- History ---- */

static void *history_ask(struct reader *reader, struct arena *arena, const void *parameters,
                         struct error *err)
{
    const char *name = parameters;
    const struct label_change *changes;
    size_t n;
    if (label_history(reader, arena, name, &changes, &n, err) != ST_OK)
        return NULL;
    const char *text = n ? "" : _("Nothing is known of its making: it came with an import.");
    for (size_t i = 0; i < n; i++) {
        const struct label_change *change = &changes[i];
        text =
            arena_printf(arena, "%s%s  %s", text,
                         time_local(arena, reader_mall(reader)->zone, change->time), change->actor);
        if (change->rule)
            text = arena_printf(arena, "%s\n    %s", text,
                                *change->rule ? change->rule : _("a list kept by hand"));
        if (change->added || change->removed)
            text = arena_printf(arena, _("%s\n    %lld added, %lld removed"), text,
                                (long long)change->added, (long long)change->removed);
        text = arena_printf(arena, "%s\n", text);
    }
    return (void *)text;
}

static void labels_answered(struct view *view, int slot)
{
    struct labels_state *state = view->state;
    const struct labels_answer *answer = view_answer(view, SLOT_LIST);
    if (slot == SLOT_LIST && answer)
        list_show(&state->list, answer->sheet, NULL);
    if (slot == SLOT_HISTORY && view_answer(view, SLOT_HISTORY))
        console_dialog(view->console, dialog_message(_("History of the label"),
                                                     view_answer(view, SLOT_HISTORY), NULL, NULL));
}

/* ---- Drawing ---- */

/* How the rule lies with the labels there are, most in common first. */
static void overlaps_draw(struct view *view, struct area *area)
{
    struct labels_state *state = view->state;
    const struct prompt_answer *answer = view_answer(view, SLOT_COUNT);
    const char *text = people_prompt_text(&state->prompt);
    size_t most = area->rows > 30 ? 8 : area->rows > 14 ? 4 : 1;
    if (!*text || !answer || strcmp(answer->text, text) != 0 || view_problem(view, SLOT_COUNT))
        return;
    for (size_t i = 0; i < answer->preview.n_overlaps && i < most; i++) {
        const struct label_overlap *overlap = &answer->preview.overlaps[i];
        double count = answer->preview.count, people = overlap->people;
        if (!overlap->both && !overlap->hidden)
            break;
        if (overlap->hidden)
            continue;
        struct arena *arena = arena_new();
        draw_printf(area_cut_top(area, 1), 0, 2, ROLE_DIM,
                    _("%s in both with %s: %.0f %% of the rule, %.0f %% of the label"),
                    text_count(arena, overlap->both),
                    text_quote(arena, overlap->name, strlen(overlap->name)),
                    count > 0 ? 100 * overlap->both / count : 0,
                    people > 0 ? 100 * overlap->both / people : 0);
        arena_free(arena);
    }
}

static void labels_draw(struct view *view, struct area area)
{
    struct labels_state *state = view->state;
    const struct labels_answer *answer = view_answer(view, SLOT_LIST);
    const struct label *label = selected(view);
    people_prompt_draw(&state->prompt, &area);
    overlaps_draw(view, &area);
    if (area.rows > 12)
        area_cut_top(&area, 1);
    if (view_problem(view, SLOT_LIST))
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, SLOT_LIST));
    else if (!answer)
        draw_text(area, 0, 0, ROLE_DIM, _("counting …"));
    else if (!answer->n)
        draw_wrapped(area, 0, ROLE_DIM,
                     _("There are no labels yet. a writes a rule, s saves it under a name."));
    else {
        if (label && *label->error && area.rows > 6)
            draw_wrapped(area_cut_bottom(&area, 2), 0, ROLE_ERROR, label->error);
        list_draw(&state->list, area, !state->prompt.writing);
    }
}

/* ---- Keys ---- */

static bool labels_key(struct view *view, uint32_t key)
{
    struct labels_state *state = view->state;
    if (!state->prompt.writing)
        return state->list.table ? list_key(&state->list, key) : false;
    if (key == KEYS_ENTER) {
        const char *text = people_prompt_text(&state->prompt);
        if (*text && edit_remember(&state->prompt.edit))
            session_history_add(view->console->session, "rule", text);
        state->prompt.writing = false;
        return true;
    }
    return people_prompt_key(&state->prompt, key, true);
}

static bool labels_action(struct view *view, int id, const char *argument)
{
    struct labels_state *state = view->state;
    const struct label *label = selected(view);
    const char *text = people_prompt_text(&state->prompt);
    switch (id) {
    case ACTION_LABEL_WRITE:
        state->prompt.writing = true;
        return true;
    case ACTION_LABEL_EDIT:
        if (label && *label->rule)
            people_prompt_edit(&state->prompt, label->name, label->rule);
        else if (label)
            console_say(
                view->console, "%s",
                _("a list kept by hand has no rule: atrium label add and remove change it"));
        return true;
    case ACTION_LABEL_SAVE:
        if (*text)
            people_act_named(view->console, ACT_LABEL_SAVE, state->prompt.name, text);
        else
            console_say(view->console, "%s", _("write a rule first: a"));
        return true;
    case ACTION_LABEL_RUN:
        people_act(view->console, ACT_LABEL_RUN, "", "");
        return true;
    case ACTION_LABEL_DROP:
        if (label)
            people_act_drop(view->console, ACT_LABEL_DROP, label->name);
        return true;
    case ACTION_LABEL_HISTORY:
        if (label)
            view_ask(view, SLOT_HISTORY, _("history"), history_ask, label->name,
                     strlen(label->name) + 1);
        return true;
    default:
        return state->list.table ? list_action(&state->list, id, argument) : false;
    }
}

static const char *labels_subtitle(struct view *view)
{
    const struct labels_answer *answer = view_answer(view, SLOT_LIST);
    return answer && answer->stale ? _("some are stale: r runs them") : NULL;
}

const struct view_ops view_labels = {
    .name = "labels",
    .title = N_("Labels"),
    .about =
        N_("Words that people carry: by a rule in the language of segments, or by hand. A rule "
           "being written shows how many it means and how it overlaps the labels there are. "
           "Rules are run after each import, only where something changed; a stale one is "
           "marked, r runs them."),
    .number = ACTION_GO_LABELS - ACTION_GO_LOOP + 1,
    .rights = RIGHT_QUESTIONS | RIGHT_PEOPLE_SEE,
    .size = sizeof(struct labels_state),
    .open = labels_open,
    .close = labels_close,
    .refresh = labels_refresh,
    .draw = labels_draw,
    .action = labels_action,
    .key = labels_key,
    .answered = labels_answered,
    .subtitle = labels_subtitle,
    .people = labels_people,
};
