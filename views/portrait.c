/* Portrait: a person or a group beside the mall's average. Its argument names the people as
 * views/people_of.h says. */
#include "model/insight/portrait.h"

#include "model/base/text.h"
#include "model/insight/portrait_group.h"
#include "tui/chart.h"
#include "views/actions.h"
#include "views/dashboard.h"
#include "views/people_of.h"
#include "views/portrait_panels.h"
#include "views/screens.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_PORTRAIT, SLOT_EXPECT };

struct portrait_state {
    struct dashboard dashboard; /* first */
    char *title, *sentence, *brief;
};

static enum status query_of(struct reader *reader, struct arena *arena,
                            const struct people_question *question, struct portrait_query *query,
                            const char **title, struct error *err)
{
    struct people_found found;
    uint32_t size;
    enum status status = people_of(reader, arena, question, &found, err);
    if (status == ST_OK)
        status = people_numbers(reader, &size, err);
    if (status != ST_OK)
        return status;
    *query = (struct portrait_query){
        .group = set_of(arena, size, found.people, found.n),
        .from = question->period.from,
        .to = question->period.until,
        .one = strncmp(question->argument, "member ", 7) == 0,
    };
    *title = found.title;
    return ST_OK;
}

static void *portrait_ask(struct reader *reader, struct arena *arena, const void *parameters,
                          struct error *err)
{
    const struct people_question *question = parameters;
    struct portrait_answer *answer = arena_new_of(arena, struct portrait_answer);
    struct portrait_query query;
    if (query_of(reader, arena, question, &query, &answer->title, err) != ST_OK)
        return NULL;
    return portrait_run(reader, arena, &question->access, &query, &answer->portrait, err) == ST_OK
               ? answer
               : NULL;
}

/* What is to be expected takes longer, and is asked for when the portrait is there. */
struct expect_answer {
    struct portrait_figure figures[FIGURE_COUNT];
};

static void *expect_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    const struct people_question *question = parameters;
    struct expect_answer *answer = arena_new_of(arena, struct expect_answer);
    struct portrait_query query;
    const char *title;
    return query_of(reader, arena, question, &query, &title, err) == ST_OK &&
                   portrait_expect(reader, arena, &question->access, &query, answer->figures,
                                   err) == ST_OK
               ? answer
               : NULL;
}

static void portrait_refresh(struct view *view)
{
    struct people_question question = people_question_of(view->console, view->argument);
    view_cancel(view, SLOT_EXPECT);
    view_ask(view, SLOT_PORTRAIT, _("portrait"), portrait_ask, &question, sizeof question);
}

static void portrait_open(struct view *view)
{
    view->scopes[view->n_scopes++] = "panels";
    portrait_refresh(view);
}

static void texts_free(struct portrait_state *state)
{
    free(state->title);
    free(state->sentence);
    free(state->brief);
    state->title = state->sentence = state->brief = NULL;
}

static void portrait_close(struct view *view)
{
    dashboard_end(view->state);
    texts_free(view->state);
}

static void portrait_answered(struct view *view, int slot)
{
    enum { WHOLE = 6, BRIEF = 2 };
    struct portrait_state *state = view->state;
    struct portrait_answer *answer = view_answer(view, SLOT_PORTRAIT);
    const struct expect_answer *expect = view_answer(view, SLOT_EXPECT);
    if (!answer)
        return;
    struct portrait *portrait = &answer->portrait;
    if (slot == SLOT_PORTRAIT && !portrait->withheld) {
        struct people_question question = people_question_of(view->console, view->argument);
        view_ask(view, SLOT_EXPECT, _("expected value"), expect_ask, &question, sizeof question);
    }
    if (slot == SLOT_EXPECT && expect)
        for (int id = FIGURE_ALIVE; id <= FIGURE_WORTH; id++)
            portrait->figures[id] = expect->figures[id];
    struct arena *arena = arena_new();
    struct panels *panels = dashboard_begin(&state->dashboard);
    texts_free(state);
    if (!portrait->withheld) {
        portrait_fill(panels, view->console, portrait, view->argument);
        state->sentence = mem_strdup(portrait_sentence(arena, portrait, WHOLE));
        state->brief = mem_strdup(portrait_sentence(arena, portrait, BRIEF));
    }
    const char *n = text_count(arena, portrait->people);
    state->title = portrait->one ? mem_strdup(answer->title)
                                 : mem_printf(_("%s · %s people"), answer->title, n);
    arena_free(arena);
    if (slot == SLOT_PORTRAIT)
        dashboard_ready(view, slot);
}

static void portrait_draw(struct view *view, struct area area)
{
    enum { LOW = 20, NARROW = 60 };
    const struct portrait_state *state = view->state;
    const struct portrait_answer *answer = view_answer(view, SLOT_PORTRAIT);
    if (answer && answer->portrait.withheld && !view_problem(view, SLOT_PORTRAIT)) {
        draw_wrapped(area, 0, ROLE_PLAIN,
                     _("These are too few people to be told apart for an analyst. A larger group, "
                       "or a manager, can see more."));
        return;
    }
    const char *sentence = area.rows < LOW || area.cols < NARROW ? state->brief : state->sentence;
    if (sentence && *sentence && area.rows > 6)
        area_cut_top(&area, draw_wrapped(area, 0, ROLE_STRONG, sentence) + 1);
    dashboard_draw(view, area, SLOT_PORTRAIT);
}

static bool portrait_action(struct view *view, int id, const char *argument)
{
    (void)argument;
    if (id == ACTION_PORTRAIT_PEOPLE) {
        if (strncmp(view->argument, "member ", 7) == 0)
            console_open(view->console, "member", view->argument + 7);
        else
            console_open(view->console, "crowd", view->argument);
        return true;
    }
    if (id == ACTION_PANEL_INFO) {
        portrait_explain(view->console, view->state);
        return true;
    }
    return dashboard_action(view, SLOT_PORTRAIT, id);
}

static const char *portrait_subtitle(struct view *view)
{
    return ((struct portrait_state *)view->state)->title;
}

const struct view_ops view_portrait = {
    .name = "portrait",
    .title = N_("Portrait"),
    .about = N_("A person or a group beside the whole mall in this period: what sets them apart "
                "first, then who they are, what they buy, where and when they come, whom they "
                "know, what they answer to. The mark in a bar is the mall's share; the number at "
                "the right is the index, 100 being the average. What rests on fewer than 30 "
                "people is dim. l lists the people."),
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct portrait_state),
    .open = portrait_open,
    .close = portrait_close,
    .refresh = portrait_refresh,
    .draw = portrait_draw,
    .action = portrait_action,
    .answered = portrait_answered,
    .subtitle = portrait_subtitle,
};
