/* What staff are asked to do for people: taken, done or dropped with a note; those due first. */
#include "model/campaign/task.h"

#include "model/store/write_queue.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 5000, NOTE = 500 };

struct tasks_state {
    struct sheet_state sheet; /* first */
    bool closed;              /* also those done and dropped */
};

struct tasks_question {
    struct access access;
    bool closed;
};

struct tasks_answer {
    struct sheet_answer sheet; /* first */
    struct task_list tasks;
};

/* The columns of the list, as a screen shows them. */
static const struct {
    enum task_column from;
    struct sheet_column column;
} shown[] = {
    {TASK_DUE, {"due", N_("due"), CELL_DAY}},
    {TASK_NAME, {"name", N_("name"), CELL_TEXT}},
    {TASK_TEXT, {"text", N_("what to do"), CELL_TEXT}},
    {TASK_STATE, {"state", N_("state"), CELL_TEXT}},
    {TASK_ACTOR, {"actor", N_("who"), CELL_TEXT}},
    {TASK_SHOP, {"shop", N_("shop"), CELL_TEXT}},
    {TASK_CAMPAIGN, {"campaign", N_("campaign"), CELL_TEXT}},
    {TASK_CARD, {"card", N_("card"), CELL_TEXT}},
    {TASK_NOTE, {"note", N_("note"), CELL_TEXT}},
    {TASK_ID, {"task", N_("task"), CELL_COUNT}},
};
enum { COLUMNS = sizeof shown / sizeof *shown };

static struct sheet *shown_sheet(struct arena *arena, const struct clock *clock,
                                 const struct sheet *tasks)
{
    struct sheet_column *columns = arena_array(arena, struct sheet_column, COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = shown[i].column;
    struct sheet *sheet = sheet_new(arena, columns, COLUMNS);
    for (size_t row = 0; row < tasks->n_rows; row++) {
        const struct cell *from = sheet_row(tasks, row);
        struct cell *cells = sheet_row_add(sheet);
        for (size_t i = 0; i < COLUMNS; i++)
            cells[i] = from[shown[i].from];
        if (from[TASK_DUE].known)
            cells[0] = cell_integer(clock_day(clock, from[TASK_DUE].integer));
        int state = task_state_named(cell_string(&from[TASK_STATE]));
        if (state >= 0)
            cells[3] = cell_text(_(task_state_titles[state]));
    }
    sheet->total = tasks->total;
    return sheet;
}

static void *tasks_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    const struct tasks_question *question = parameters;
    struct tasks_answer *answer = arena_new_of(arena, struct tasks_answer);
    struct task_query query = {.limit = SHOWN,
                               .states = question->closed ? (1u << TASK_STATES) - 1 : 0};
    if (task_list(reader, &question->access, arena, &query, &answer->tasks, err) != ST_OK)
        return NULL;
    const struct sheet *tasks = answer->tasks.sheet;
    uint64_t *keys = arena_array(arena, uint64_t, tasks->n_rows);
    answer->sheet.sheet = shown_sheet(arena, &reader_mall(reader)->clock, tasks);
    answer->sheet.screen = "member";
    answer->sheet.open = arena_array(arena, const char *, tasks->n_rows + 1);
    for (size_t i = 0; i < tasks->n_rows; i++) {
        keys[i] = (uint64_t)sheet_row(tasks, i)[TASK_ID].integer;
        answer->sheet.open[i] = arena_printf(arena, "#%" PRIu32, answer->tasks.people[i]);
    }
    answer->sheet.keys = keys;
    answer->sheet.metric = -1;
    answer->sheet.title = question->closed ? _("all, closed ones too") : NULL;
    answer->sheet.total = tasks->truncated ? tasks->total : 0;
    return answer;
}

static void tasks_refresh(struct view *view)
{
    const struct tasks_state *state = view->state;
    struct tasks_question question = {view->console->access, state->closed};
    view_ask(view, 0, _("tasks"), tasks_ask, &question, sizeof question);
}

static void tasks_open(struct view *view)
{
    sheet_view_open(view, "tasks", _("tasks"));
}

static int64_t row_selected(struct view *view, const struct tasks_answer **answer)
{
    struct tasks_state *state = view->state;
    *answer = view_answer(view, 0);
    int64_t row = *answer && state->sheet.list.table ? list_selected(&state->sheet.list) : -1;
    return *answer && row < (int64_t)(*answer)->tasks.sheet->n_rows ? row : -1;
}

static char *tasks_people(struct view *view)
{
    const struct tasks_answer *answer;
    int64_t row = row_selected(view, &answer);
    return row >= 0 ? mem_printf("member #%" PRIu32, answer->tasks.people[row]) : NULL;
}

static void tasks_draw(struct view *view, struct area area)
{
    const struct tasks_answer *answer = view_answer(view, 0);
    if (answer && !answer->tasks.sheet->n_rows && !view_problem(view, 0))
        draw_wrapped(
            area, 0, ROLE_DIM,
            _("Nothing is to be done. A campaign with the contact \"staff\" makes tasks; o "
              "shows closed ones."));
    else
        sheet_view_draw(view, area);
}

/* ---- Moving ---- */

struct moving {
    struct console *console;
    struct access access;
    int64_t task, version;
    enum task_state to;
    char note[NOTE];
    struct operation_result result;
};

static enum status move_run(struct writer *writer, void *arguments, struct error *err)
{
    struct moving *moving = arguments;
    return task_move(writer, &moving->access, moving->task, moving->to, moving->note,
                     moving->version, &moving->result, err);
}

static void move_done(void *context, void *arguments, enum status status, const struct error *error)
{
    struct console *console = context;
    const struct moving *moving = arguments;
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
    } else {
        snprintf(console->last_change, sizeof console->last_change, "%s", moving->result.id);
        console_say(console, _("task %lld: %s; u undoes it"), (long long)moving->task,
                    _(task_state_titles[moving->to]));
    }
    console_refresh(console);
}

static void move_submit(struct moving *moving)
{
    struct write_request request = {.run = move_run,
                                    .done = move_done,
                                    .arguments = moving,
                                    .size = sizeof *moving,
                                    .context = moving->console};
    if (moving->console->mall->read_only)
        console_complain(moving->console, "%s", moving->console->mall->why_read_only);
    else
        write_queue_submit(moving->console->writes, &request);
}

static void note_given(void *context, struct dialog *dialog, bool accepted)
{
    struct moving *moving = context;
    if (accepted) {
        snprintf(moving->note, sizeof moving->note, "%s", dialog_text(dialog));
        move_submit(moving);
    }
    free(moving);
}

static const char *note_check(void *context, const char *text)
{
    const struct moving *moving = context;
    return moving->to == TASK_DROPPED && !*text ? _("say why") : NULL;
}

static void row_move(struct view *view, enum task_state to)
{
    const struct tasks_answer *answer;
    int64_t row = row_selected(view, &answer);
    if (row < 0 || !console_may(view->console, RIGHT_CAMPAIGN_EDIT))
        return;
    struct moving *moving = mem_zero(1, sizeof *moving);
    *moving = (struct moving){
        .console = view->console,
        .access = view->console->access,
        .task = sheet_row(answer->tasks.sheet, (size_t)row)[TASK_ID].integer,
        .version = answer->tasks.versions[row],
        .to = to,
    };
    if (to == TASK_DONE || to == TASK_DROPPED) {
        console_dialog(view->console,
                       dialog_ask(to == TASK_DONE ? _("Done") : _("Drop the task"), _("note"), "",
                                  to == TASK_DROPPED ? note_check : NULL, note_given, moving));
        return;
    }
    move_submit(moving);
    free(moving);
}

static bool tasks_action(struct view *view, int id, const char *argument)
{
    struct tasks_state *state = view->state;
    switch (id) {
    case ACTION_TASK_TAKE:
        row_move(view, TASK_TAKEN);
        return true;
    case ACTION_TASK_DONE:
        row_move(view, TASK_DONE);
        return true;
    case ACTION_TASK_DROP:
        row_move(view, TASK_DROPPED);
        return true;
    case ACTION_TASK_BACK:
        row_move(view, TASK_OPEN);
        return true;
    case ACTION_TASK_ALL:
        state->closed = !state->closed;
        tasks_refresh(view);
        return true;
    default:
        return sheet_view_action(view, id, argument);
    }
}

const struct view_ops view_tasks = {
    .name = "tasks",
    .title = N_("Tasks"),
    .about = N_("What campaigns ask members of staff to do for a person, those due first. a takes "
                "one, d says that it is done, n drops it with a note, b gives it back; Enter opens "
                "the person, / filters."),
    .number = ACTION_GO_TASKS - ACTION_GO_LOOP + 1,
    .rights = RIGHT_PEOPLE_SEE,
    .size = sizeof(struct tasks_state),
    .open = tasks_open,
    .close = sheet_view_close,
    .refresh = tasks_refresh,
    .draw = tasks_draw,
    .action = tasks_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
    .people = tasks_people,
};
