/* A person's time line, whole; its argument is that of the member screen. */
#include "model/people/member_page.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <stdio.h>

enum { LATEST = 100000 };

struct timeline_question {
    struct access access;
    char who[160];
};

static void *timeline_ask(struct reader *reader, struct arena *arena, const void *parameters,
                          struct error *err)
{
    const struct timeline_question *question = parameters;
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    struct timeline_query query = {.from = INT64_MIN, .n = LATEST};
    uint32_t person;
    if (member_resolve(reader, &question->access, question->who, &person, err) != ST_OK ||
        member_timeline(reader, &question->access, person, &query, arena, &answer->sheet, err) !=
            ST_OK)
        return NULL;
    answer->screen = "shop";
    answer->open = arena_array(arena, const char *, answer->sheet->n_rows + 1);
    for (size_t i = 0; i < answer->sheet->n_rows; i++) {
        const struct cell *tenant = &sheet_row(answer->sheet, i)[TIMELINE_TENANT];
        answer->open[i] = tenant->known && *tenant->text ? tenant->text : NULL;
    }
    answer->metric = -1;
    answer->total = answer->sheet->total;
    return answer;
}

static void timeline_refresh(struct view *view)
{
    struct timeline_question question = {.access = view->console->access};
    snprintf(question.who, sizeof question.who, "%s", view->argument);
    view_ask(view, 0, _("time line"), timeline_ask, &question, sizeof question);
}

static void timeline_open(struct view *view)
{
    sheet_view_open(view, "timeline", _("events"));
}

const struct view_ops view_timeline = {
    .name = "timeline",
    .title = N_("Time line"),
    .rights = RIGHT_PEOPLE_SEE,
    .size = sizeof(struct sheet_state),
    .open = timeline_open,
    .close = sheet_view_close,
    .refresh = timeline_refresh,
    .draw = sheet_view_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
