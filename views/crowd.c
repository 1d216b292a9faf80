/* The people behind a step, a cell, a label: its argument is that of views/people_of.h. */
#include "model/base/text.h"
#include "views/actions.h"
#include "views/people_keep.h"
#include "views/people_of.h"
#include "views/person_rows.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 20000 };

/* The sheet first, as sheet_view wants it. */
struct crowd_answer {
    struct sheet_answer rows;
    struct people_found found;
};

static void *crowd_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    const struct people_question *question = parameters;
    struct crowd_answer *crowd = arena_new_of(arena, struct crowd_answer);
    struct sheet_answer *answer = &crowd->rows;
    struct people_found found;
    if (people_of(reader, arena, question, &found, err) != ST_OK)
        return NULL;
    const uint32_t *people = found.people;
    size_t n = found.n;
    size_t shown = n < SHOWN ? n : SHOWN;
    uint64_t *keys = arena_array(arena, uint64_t, shown + 1);
    if (person_rows(reader, arena, &question->access, people, shown, &answer->sheet, err) != ST_OK)
        return NULL;
    answer->open = arena_array(arena, const char *, shown + 1);
    answer->screen = "member";
    answer->title = arena_printf(arena, _("%s people"), text_count(arena, (int64_t)n));
    if (*found.title)
        answer->title = arena_printf(arena, "%s · %s", found.title, answer->title);
    answer->metric = -1;
    answer->total = (int64_t)n;
    answer->keys = keys;
    for (size_t i = 0; i < shown; i++) {
        keys[i] = people[i];
        answer->open[i] = arena_printf(arena, "#%" PRIu32, people[i]);
    }
    crowd->found = found;
    return crowd;
}

static void crowd_refresh(struct view *view)
{
    struct people_question question = people_question_of(view->console, view->argument);
    view_ask(view, 0, _("people"), crowd_ask, &question, sizeof question);
}

static void crowd_open(struct view *view)
{
    sheet_view_open(view, "crowd", C_("counted", "people"));
}

/* Why the selected person came no further, where the list is of a funnel's step. */
static void why_open(struct view *view)
{
    const struct sheet_answer *answer = view_answer(view, 0);
    int64_t row = list_selected(&((struct sheet_state *)view->state)->list);
    int least, most, at = 0;
    if (sscanf(view->argument, "funnel %d %d %n", &least, &most, &at) < 2) {
        console_say(view->console, "%s",
                    _("only of a funnel's people can be said why they dropped"));
        return;
    }
    if (!answer || row < 0)
        return;
    char *argument = mem_printf("%s %s", answer->open[row], view->argument + at);
    console_open(view->console, "funnel-why", argument);
    free(argument);
}

static bool crowd_action(struct view *view, int id, const char *argument)
{
    const struct crowd_answer *answer = view_answer(view, 0);
    switch (id) {
    case ACTION_CROWD_WHY:
        why_open(view);
        return true;
    case ACTION_CROWD_SEGMENT:
        if (answer)
            people_keep(view->console, answer->found.people, answer->found.n,
                        *argument ? argument : answer->found.title);
        return true;
    default:
        return sheet_view_action(view, id, argument);
    }
}

static char *crowd_people(struct view *view)
{
    return mem_strdup(view->argument);
}

const struct view_ops view_crowd = {
    .name = "crowd",
    .title = N_("People"),
    .rights = RIGHT_PEOPLE_SEE,
    .size = sizeof(struct sheet_state),
    .open = crowd_open,
    .close = sheet_view_close,
    .refresh = crowd_refresh,
    .draw = sheet_view_draw,
    .action = crowd_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
    .people = crowd_people,
};
