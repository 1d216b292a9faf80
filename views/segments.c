/* Segments: an expression whose people are counted while it is written, and the saved ones. */
#include "model/segment/saved.h"

#include "model/base/text.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/list.h"
#include "views/people_acts.h"
#include "views/people_of.h"
#include "views/people_prompt.h"
#include "views/screens.h"
#include "views/session.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_LIST, SLOT_COUNT, SLOT_NAMES };

struct segments_state {
    struct people_prompt prompt;
    struct list list;
};

struct segments_answer {
    struct sheet *sheet;
    const struct saved_segment *segments;
    size_t n;
};

static const struct sheet_column columns[] = {
    {"name", N_("segment"), CELL_TEXT},
    {"people", N_("people"), CELL_COUNT},
    {"kind", N_("kind"), CELL_TEXT},
    {"as_of", N_("as of"), CELL_DAY},
    {"expression", N_("expression"), CELL_TEXT},
    {"author", N_("author"), CELL_TEXT},
};

/* Live ones are counted here, all of them in as few scans as possible. */
static enum status live_count(struct reader *reader, struct arena *arena,
                              const struct access *access, const struct segments_answer *answer,
                              int64_t *people, struct error *err)
{
    const struct segment_plan **plans = arena_array(arena, const struct segment_plan *, answer->n);
    struct set **sets = arena_array(arena, struct set *, answer->n);
    size_t *rows = arena_array(arena, size_t, answer->n), n = 0;
    enum status status = ST_OK;
    for (size_t i = 0; i < answer->n; i++) {
        struct error own = {0};
        people[i] = answer->segments[i].people;
        if (answer->segments[i].frozen)
            continue;
        /* One that cannot be asked any more (its label is gone) has no number. */
        if (segment_bind(reader, arena, access, answer->segments[i].expression, &plans[n], &own) ==
            ST_OK)
            rows[n++] = i;
        error_clear(&own);
    }
    if (n)
        status = segment_evaluate(reader, arena, plans, n, NULL, 0, sets, err);
    for (size_t i = 0; i < n && status == ST_OK; i++)
        people[rows[i]] = set_count(sets[i]);
    return status;
}

static void *segments_ask(struct reader *reader, struct arena *arena, const void *parameters,
                          struct error *err)
{
    const struct access *access = parameters;
    struct segments_answer *answer = arena_new_of(arena, struct segments_answer);
    enum status status = saved_segments(reader, arena, &answer->segments, &answer->n, err);
    int64_t *people = arena_array(arena, int64_t, answer->n + 1);
    if (status == ST_OK)
        status = live_count(reader, arena, access, answer, people, err);
    if (status != ST_OK)
        return NULL;
    answer->sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    const struct clock *clock = &reader_mall(reader)->clock;
    for (size_t i = 0; i < answer->n; i++) {
        const struct saved_segment *segment = &answer->segments[i];
        struct cell *cells = sheet_row_add(answer->sheet);
        cells[0] = cell_text(segment->name);
        if (people[i] >= 0)
            cells[1] = small_group_cell(access, people[i], false, cell_integer(people[i]));
        cells[2] = cell_text(segment->frozen ? _("frozen") : _("live"));
        if (segment->frozen)
            cells[3] = cell_integer(clock_day(clock, segment->as_of));
        cells[4] = cell_text(segment->expression);
        cells[5] = cell_text(segment->author);
    }
    return answer;
}

static const struct saved_segment *selected(struct view *view)
{
    struct segments_state *state = view->state;
    const struct segments_answer *answer = view_answer(view, SLOT_LIST);
    int64_t row = state->list.table ? list_selected(&state->list) : -1;
    return answer && row >= 0 && (size_t)row < answer->n ? &answer->segments[row] : NULL;
}

static void people_open(struct view *view, const char *text)
{
    if (strlen(text) + 16 > PEOPLE_ARGUMENT) {
        console_complain(view->console, "%s",
                         _("this expression is too long to be opened: save it, and open that"));
        return;
    }
    char *argument = mem_printf("segment %s", text);
    console_open(view->console, "crowd", argument);
    free(argument);
}

static void row_open(struct view *view, int64_t row)
{
    const struct saved_segment *segment = selected(view);
    struct arena *arena = arena_new();
    (void)row;
    if (segment)
        people_open(view, arena_printf(arena, "anyone and segment:%s",
                                       segment_name_text(arena, segment->name)));
    arena_free(arena);
}

static void segments_refresh(struct view *view)
{
    struct segments_state *state = view->state;
    view_ask(view, SLOT_LIST, _("segments"), segments_ask, &view->console->access,
             sizeof view->console->access);
    people_prompt_refresh(&state->prompt);
}

static void segments_open(struct view *view)
{
    struct segments_state *state = view->state;
    people_prompt_begin(&state->prompt, view, "segment", SLOT_COUNT, SLOT_NAMES, false);
    list_begin(&state->list, view, "segments", _("segments"));
    state->list.open = row_open;
    people_prompt_edit(&state->prompt, "", view->argument);
    state->prompt.writing = *view->argument != 0;
    segments_refresh(view);
}

static void segments_close(struct view *view)
{
    struct segments_state *state = view->state;
    people_prompt_end(&state->prompt);
    list_end(&state->list);
}

static void segments_answered(struct view *view, int slot)
{
    struct segments_state *state = view->state;
    const struct segments_answer *answer = view_answer(view, SLOT_LIST);
    if (slot != SLOT_LIST || !answer)
        return;
    list_show(&state->list, answer->sheet, NULL);
}

static void segments_draw(struct view *view, struct area area)
{
    struct segments_state *state = view->state;
    const struct segments_answer *answer = view_answer(view, SLOT_LIST);
    people_prompt_draw(&state->prompt, &area);
    if (area.rows > 12)
        area_cut_top(&area, 1);
    if (view_problem(view, SLOT_LIST))
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, SLOT_LIST));
    else if (!answer)
        draw_text(area, 0, 0, ROLE_DIM, _("counting …"));
    else if (!answer->n)
        draw_wrapped(area, 0, ROLE_DIM,
                     _("Nothing is saved yet. a writes an expression, s saves it under a name, "
                       "Enter opens its people."));
    else
        list_draw(&state->list, area, !state->prompt.writing);
}

static bool segments_key(struct view *view, uint32_t key)
{
    struct segments_state *state = view->state;
    if (!state->prompt.writing)
        return state->list.table ? list_key(&state->list, key) : false;
    if (key == KEYS_ENTER) {
        const char *text = people_prompt_text(&state->prompt);
        if (*text && edit_remember(&state->prompt.edit))
            session_history_add(view->console->session, "segment", text);
        if (*text && !view_problem(view, SLOT_COUNT))
            people_open(view, text);
        return true;
    }
    return people_prompt_key(&state->prompt, key, true);
}

/* The expression being written, else that of the selected segment. */
static const char *text_at_hand(struct view *view, const char **name)
{
    struct segments_state *state = view->state;
    const struct saved_segment *segment = selected(view);
    const char *text = people_prompt_text(&state->prompt);
    *name = state->prompt.name;
    if (*text || !segment)
        return text;
    *name = segment->name;
    return segment->expression;
}

/* ---- What sets two apart: the expression at hand, and one that is chosen ---- */

struct apart {
    struct console *console;
    char *text, *title; /* of the one at hand */
    char *names;        /* those to choose from, one after another */
};

static void apart_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct apart *apart = context;
    int choice = accepted ? dialog_choice(dialog) : -1;
    const char *name = apart->names;
    for (int i = 0; i < choice; i++)
        name += strlen(name) + 1;
    if (choice >= 0) {
        struct arena *arena = arena_new();
        const char *other = choice == 0 ? "member"
                                        : arena_printf(arena, "anyone and segment:%s",
                                                       segment_name_text(arena, name));
        console_open(apart->console, "apart",
                     arena_printf(arena, "%s\n%s\n%s\n%s", apart->text, other, apart->title, name));
        arena_free(arena);
    }
    free(apart->text);
    free(apart->title);
    free(apart->names);
    free(apart);
}

static void apart_choose(struct view *view)
{
    const struct segments_answer *answer = view_answer(view, SLOT_LIST);
    const char *name, *text = text_at_hand(view, &name);
    if (!*text || !answer) {
        console_say(view->console, "%s", _("write an expression first: a"));
        return;
    }
    const char **choices = mem_zero(answer->n + 1, sizeof *choices);
    size_t size = 0, n = 0;
    choices[n++] = _("all members");
    for (size_t i = 0; i < answer->n; i++)
        if (strcmp(answer->segments[i].name, name) != 0)
            choices[n++] = answer->segments[i].name;
    for (size_t i = 0; i < n; i++)
        size += strlen(choices[i]) + 1;
    struct apart *apart = mem_zero(1, sizeof *apart);
    *apart = (struct apart){view->console, mem_strdup(text), mem_strdup(*name ? name : text),
                            mem_alloc(size)};
    char *to = apart->names;
    for (size_t i = 0; i < n; i++) {
        memcpy(to, choices[i], strlen(choices[i]) + 1);
        to += strlen(choices[i]) + 1;
    }
    console_dialog(view->console,
                   dialog_choose(_("Apart from"), choices, n, 0, apart_chosen, apart));
    free(choices);
}

static bool segments_action(struct view *view, int id, const char *argument)
{
    struct segments_state *state = view->state;
    const struct saved_segment *segment = selected(view);
    const char *name, *text;
    switch (id) {
    case ACTION_SEGMENT_WRITE:
        state->prompt.writing = true;
        return true;
    case ACTION_SEGMENT_EDIT:
        if (segment)
            people_prompt_edit(&state->prompt, segment->name, segment->expression);
        return true;
    case ACTION_SEGMENT_SAVE:
    case ACTION_SEGMENT_FREEZE:
        text = text_at_hand(view, &name);
        if (*text)
            people_act_named(view->console,
                             id == ACTION_SEGMENT_SAVE ? ACT_SEGMENT_SAVE : ACT_SEGMENT_FREEZE,
                             name, text);
        else
            console_say(view->console, "%s", _("write an expression first: a"));
        return true;
    case ACTION_SEGMENT_APART:
        apart_choose(view);
        return true;
    case ACTION_SEGMENT_DROP:
        if (segment)
            people_act_drop(view->console, ACT_SEGMENT_DROP, segment->name);
        return true;
    default:
        return state->list.table ? list_action(&state->list, id, argument) : false;
    }
}

static char *segments_people(struct view *view)
{
    const struct saved_segment *segment = selected(view);
    const char *name, *text = text_at_hand(view, &name);
    struct arena *arena = arena_new();
    if (segment && text == segment->expression)
        text =
            arena_printf(arena, "anyone and segment:%s", segment_name_text(arena, segment->name));
    char *argument =
        *text && strlen(text) + 16 < PEOPLE_ARGUMENT ? mem_printf("segment %s", text) : NULL;
    arena_free(arena);
    return argument;
}

const struct view_ops view_segments = {
    .name = "segments",
    .title = N_("Segments"),
    .about = N_("People by an expression: labels, attributes and behaviour in a span of time. How "
                "many it means is counted while it is written; Tab completes names. Enter opens "
                "the people, Esc or Down goes to the saved ones, a back to the line."),
    .number = ACTION_GO_SEGMENTS - ACTION_GO_LOOP + 1,
    .rights = RIGHT_QUESTIONS | RIGHT_PEOPLE_SEE,
    .size = sizeof(struct segments_state),
    .open = segments_open,
    .close = segments_close,
    .refresh = segments_refresh,
    .draw = segments_draw,
    .action = segments_action,
    .key = segments_key,
    .answered = segments_answered,
    .people = segments_people,
};
