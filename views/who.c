/* Who is who: pairs that may be one person, the most certain first, and, with Tab, contacts that
 * contradict each other. Nothing is joined without somebody who may and says why. */
#include "model/people/candidate.h"
#include "model/store/write_queue.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/change.h"
#include "views/member_identity.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 500, KEY = 512 };

struct who_state {
    struct sheet_state sheet; /* first */
    bool conflicts;
};

struct who_question {
    struct access access;
    bool conflicts;
};

static void *who_ask(struct reader *reader, struct arena *arena, const void *parameters,
                     struct error *err)
{
    const struct who_question *question = parameters;
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    enum status status =
        question->conflicts
            ? conflict_list(reader, &question->access, SHOWN, arena, &answer->sheet, err)
            : candidate_list(reader, &question->access, 0, SHOWN, arena, &answer->sheet, err);
    if (status != ST_OK)
        return NULL;
    size_t n = answer->sheet->n_rows;
    answer->screen = "member";
    answer->open = arena_array(arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        answer->open[i] = arena_printf(
            arena, "#%" PRId64,
            sheet_row(answer->sheet, i)[question->conflicts ? CONFLICT_PERSON : CANDIDATE_ONE]
                .integer);
    answer->title = question->conflicts ? _("contradictions") : _("may be one person");
    answer->metric = -1;
    return answer;
}

static void who_refresh(struct view *view)
{
    const struct who_state *state = view->state;
    struct who_question question = {view->console->access, state->conflicts};
    view_ask(view, 0, _("who is who"), who_ask, &question, sizeof question);
}

static void who_open(struct view *view)
{
    struct who_state *state = view->state;
    state->conflicts = strcmp(view->argument, "conflicts") == 0;
    sheet_view_open(view, state->conflicts ? "conflicts" : "candidates", _("rows"));
}

static const struct cell *row_selected(struct view *view)
{
    const struct who_state *state = view->state;
    const struct sheet_answer *answer = view_answer(view, 0);
    int64_t row = answer ? list_selected(&state->sheet.list) : -1;
    return row >= 0 && row < (int64_t)answer->sheet->n_rows ? sheet_row(answer->sheet, (size_t)row)
                                                            : NULL;
}

/* ---- Settling ---- */

struct settling {
    struct console *console;
    struct access access;
    char key[KEY], reason[KEY];
};

static enum status settle_run(struct writer *writer, void *arguments, struct error *err)
{
    struct settling *settling = arguments;
    return conflict_settle(writer, &settling->access, settling->key, settling->reason, err);
}

static enum status settle_undo(struct writer *writer, const struct access *access, int64_t number,
                               const char *key, struct error *err)
{
    (void)number;
    return conflict_unsettle(writer, access, key, err);
}

static void settle_done(void *context, void *arguments, enum status status,
                        const struct error *error)
{
    struct console *console = context;
    const struct settling *settling = arguments;
    if (status == ST_OK) {
        change_note_back(console, settle_undo, 0, settling->key);
        console_say(console, "%s", _("settled, it is not listed again; u undoes it"));
    } else {
        console_complain(console, "%s", error_text(error));
    }
    console_refresh(console);
}

static void settle_given(void *context, struct dialog *dialog, bool accepted)
{
    struct settling *settling = context;
    struct console *console = settling->console;
    if (accepted) {
        snprintf(settling->reason, sizeof settling->reason, "%s", dialog_text(dialog));
        struct write_request request = {.run = settle_run,
                                        .done = settle_done,
                                        .arguments = settling,
                                        .size = sizeof *settling,
                                        .context = console};
        write_queue_submit(console->writes, &request);
    }
    free(settling);
}

static void row_settle(struct view *view)
{
    const struct who_state *state = view->state;
    const struct cell *cells = row_selected(view);
    if (!cells || !console_may(view->console, RIGHT_PEOPLE_EDIT))
        return;
    struct settling *settling = mem_zero(1, sizeof *settling);
    settling->console = view->console;
    settling->access = view->console->access;
    snprintf(settling->key, sizeof settling->key, "%s",
             cell_string(&cells[state->conflicts ? CONFLICT_KEY : CANDIDATE_KEY]));
    console_dialog(view->console,
                   dialog_ask(_("This is fine as it is; why?"), _("reason, for the audit"), "",
                              NULL, settle_given, settling));
}

static void row_join(struct view *view)
{
    const struct who_state *state = view->state;
    const struct cell *cells = row_selected(view);
    if (!cells)
        return;
    if (state->conflicts)
        console_say(view->console, "%s", _("open the person to join or take apart"));
    else
        member_join_pair(view, (uint32_t)cells[CANDIDATE_ONE].integer,
                         (uint32_t)cells[CANDIDATE_OTHER].integer,
                         cell_string(&cells[CANDIDATE_EVIDENCE]), cells[CANDIDATE_CONFIDENCE].real);
}

static bool who_action(struct view *view, int id, const char *argument)
{
    const struct who_state *state = view->state;
    switch (id) {
    case ACTION_WHO_JOIN:
        row_join(view);
        return true;
    case ACTION_WHO_SETTLE:
        row_settle(view);
        return true;
    case ACTION_WHO_OTHER: {
        struct console *console = view->console;
        bool conflicts = state->conflicts;
        console_back(console);
        console_open(console, "who", conflicts ? "" : "conflicts");
        return true;
    }
    default:
        return sheet_view_action(view, id, argument);
    }
}

const struct view_ops view_who = {
    .name = "who",
    .title = N_("Who is who"),
    .about = N_("Pairs that may be one person, with what speaks for it: one phone number on two "
                "forms, or a visitor's device at the till again and again when a member paid. J "
                "joins a pair, S says that it is none, Tab goes to contacts that contradict each "
                "other."),
    .rights = RIGHT_PEOPLE_SEE,
    .size = sizeof(struct who_state),
    .open = who_open,
    .close = sheet_view_close,
    .refresh = who_refresh,
    .draw = sheet_view_draw,
    .action = who_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
