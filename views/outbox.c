/* Outbox: edits made here that the hub has not taken, and why. */
#include "model/sync/outbox_sheet.h"

#include "model/base/hash.h"
#include "model/base/time.h"
#include "views/actions.h"
#include "views/outbox_acts.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <stdlib.h>
#include <string.h>

struct outbox_view {
    struct sheet_state sheet; /* first */
    bool all;                 /* also those that are done */
};

struct outbox_question {
    struct access access;
    bool all;
};

struct outbox_answer {
    struct sheet_answer sheet; /* first */
    const struct outbox_entry *entries;
    size_t n;
};

static void *outbox_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    const struct outbox_question *question = parameters;
    struct outbox_answer *answer = arena_new_of(arena, struct outbox_answer);
    if (outbox_read(reader, &question->access, arena, question->all, &answer->entries, &answer->n,
                    err) != ST_OK)
        return NULL;
    uint64_t *keys = arena_array(arena, uint64_t, answer->n + 1);
    answer->sheet.sheet = outbox_sheet(arena, answer->entries, answer->n, time_now(), true);
    answer->sheet.screen = "conflict";
    answer->sheet.open = arena_array(arena, const char *, answer->n + 1);
    for (size_t i = 0; i < answer->n; i++) {
        keys[i] = hash64(answer->entries[i].id, strlen(answer->entries[i].id));
        answer->sheet.open[i] = answer->entries[i].id;
    }
    answer->sheet.keys = keys;
    answer->sheet.metric = -1;
    answer->sheet.title = question->all ? _("all, those that are done too") : NULL;
    return answer;
}

static void outbox_refresh(struct view *view)
{
    const struct outbox_view *state = view->state;
    struct outbox_question question = {view->console->access, state->all};
    view_ask(view, 0, _("edits"), outbox_ask, &question, sizeof question);
}

static void outbox_open(struct view *view)
{
    sheet_view_open(view, "outbox", _("edits"));
}

static void outbox_draw(struct view *view, struct area area)
{
    const struct outbox_answer *answer = view_answer(view, 0);
    if (answer && !answer->n && !view_problem(view, 0))
        draw_wrapped(area, 0, ROLE_DIM,
                     view->console->sync_known.replica
                         ? _("Nothing waits: the hub has all edits that were made here. o shows "
                             "them.")
                         : _("Nothing waits: this mall file is nobody's replica."));
    else
        sheet_view_draw(view, area);
}

static const struct outbox_entry *entry_selected(struct view *view)
{
    struct outbox_view *state = view->state;
    const struct outbox_answer *answer = view_answer(view, 0);
    int64_t row = answer && state->sheet.list.table ? list_selected(&state->sheet.list) : -1;
    return row >= 0 && (size_t)row < answer->n ? answer->entries + row : NULL;
}

static bool outbox_action(struct view *view, int id, const char *argument)
{
    struct outbox_view *state = view->state;
    const struct outbox_entry *entry = entry_selected(view);
    switch (id) {
    case ACTION_OUTBOX_DROP:
        if (entry)
            outbox_act_drop(view->console, entry);
        return true;
    case ACTION_OUTBOX_ALL:
        state->all = !state->all;
        outbox_refresh(view);
        return true;
    default:
        return sheet_view_action(view, id, argument);
    }
}

const struct view_ops view_outbox = {
    .name = "outbox",
    .title = N_("Outbox"),
    .about = N_("Edits made on this replica that the hub has not taken: to be sent, behind a "
                "conflict, come back as a conflict, refused and why. Enter shows one; d gives one "
                "up; o shows those that are done, too."),
    .number = ACTION_GO_OUTBOX - ACTION_GO_LOOP + 1,
    .when_locked = true,
    .size = sizeof(struct outbox_view),
    .open = outbox_open,
    .close = sheet_view_close,
    .refresh = outbox_refresh,
    .draw = outbox_draw,
    .action = outbox_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
