/* Members: all of them, or those behind a figure. `f` finds by name, card or phone as one types. */
#include "model/loop/drill.h"
#include "tui/edit.h"
#include "views/actions.h"
#include "views/dashboard.h"
#include "views/figures.h"
#include "views/list.h"
#include "views/member_source.h"
#include "views/screens.h"

#include <inttypes.h>
#include <stdlib.h>

struct members_state {
    struct list list;
    struct member_source *source; /* NULL while the people behind a figure are counted */
    struct edit search;
    bool searching; /* the search line has the keys */
    bool behind;    /* the argument names a figure */
};

struct people_answer {
    struct drill drill;
    const char *title;
};

static void *people_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    struct people_answer *answer = arena_new_of(arena, struct people_answer);
    if (drill_run(reader, arena, parameters, &answer->drill, err) != ST_OK)
        return NULL;
    answer->title = drill_title(reader, arena, parameters);
    return answer;
}

static void people_count(struct view *view)
{
    struct drill_query query = {.period = view->console->period};
    if (figure_behind_parse(view->argument, &query.metric, &query.dim, &query.key))
        view_ask(view, 0, _("people"), people_ask, &query, sizeof query);
    else
        console_complain(view->console, _("'%s' names no figure"), view->argument);
}

static void figures_ready(void *context)
{
    struct view *view = context;
    const struct members_state *state = view->state;
    if (state->list.table)
        table_refresh(state->list.table);
}

static void source_show(struct view *view, const uint32_t *among, size_t n)
{
    struct members_state *state = view->state;
    static const uint32_t nobody[1];
    struct member_source *before = state->source;
    struct member_source_options options = {
        .console = view->console,
        .among = state->behind ? (n ? among : nobody) : NULL,
        .n_among = n,
    };
    state->source = member_source_new(&options);
    if (state->search.n)
        member_source_search(state->source, edit_text(&state->search));
    struct table_source table = member_source_table(state->source);
    list_source(&state->list, &table, false);
    member_source_release(before);
    member_source_figures(state->source, figures_ready, view);
}

static void members_refresh(struct view *view)
{
    struct members_state *state = view->state;
    if (state->behind) {
        people_count(view);
    } else if (state->source) {
        member_source_changed(state->source);
        member_source_figures(state->source, figures_ready, view);
        table_refresh(state->list.table);
    }
}

static void row_open(struct view *view, int64_t row)
{
    const struct members_state *state = view->state;
    uint64_t person;
    (void)row;
    if (table_selected(state->list.table, &person) < 0)
        return;
    char *argument = mem_printf("#%" PRIu64, person);
    console_open(view->console, "member", argument);
    free(argument);
}

static void members_open(struct view *view)
{
    struct members_state *state = view->state;
    list_begin(&state->list, view, "members", _("members"));
    state->list.open = row_open;
    state->behind = *view->argument != 0;
    if (state->behind)
        people_count(view);
    else
        source_show(view, NULL, 0);
}

static void members_close(struct view *view)
{
    struct members_state *state = view->state;
    list_end(&state->list);
    member_source_release(state->source);
    edit_free(&state->search);
}

static void members_answered(struct view *view, int slot)
{
    const struct people_answer *answer = view_answer(view, slot);
    if (answer)
        source_show(view, answer->drill.ids, (size_t)answer->drill.count);
}

static void members_draw(struct view *view, struct area area)
{
    struct members_state *state = view->state;
    if (state->searching || state->search.n) {
        struct area row = area_cut_top(&area, 1);
        int at = draw_text(row, 0, 0, ROLE_ACCENT, _("find")) + 1;
        edit_draw(&state->search, row, 0, at, row.cols - at, ROLE_INPUT, state->searching);
    }
    const char *problem = view_problem(view, 0);
    if (problem)
        draw_wrapped(area, 0, ROLE_ERROR, problem);
    else
        list_draw(&state->list, area, !state->searching);
}

static void search_changed(struct view *view)
{
    struct members_state *state = view->state;
    if (!state->source)
        return;
    member_source_search(state->source, edit_text(&state->search));
    table_refresh(state->list.table);
}

/* The search line: letters go in, Enter and the arrows go to what was found. */
static bool search_key(struct view *view, uint32_t key)
{
    struct members_state *state = view->state;
    if (key == KEYS_ESC) {
        state->searching = false;
        edit_set(&state->search, "");
        search_changed(view);
        return true;
    }
    if (key == KEYS_ENTER || key == KEYS_DOWN || key == KEYS_UP || key == KEYS_TAB) {
        state->searching = false;
        return true;
    }
    enum edit_result result = edit_key(&state->search, view->console->loop, key);
    if (result == EDIT_CHANGED)
        search_changed(view);
    return result != EDIT_IGNORED;
}

static bool members_key(struct view *view, uint32_t key)
{
    struct members_state *state = view->state;
    return state->searching ? search_key(view, key) : list_key(&state->list, key);
}

static bool members_action(struct view *view, int id, const char *argument)
{
    struct members_state *state = view->state;
    if (id == ACTION_MEMBERS_FIND) {
        state->searching = true;
        if (*argument) {
            edit_set(&state->search, argument);
            state->searching = false;
            search_changed(view);
        }
        return true;
    }
    if (id == ACTION_BACK && state->search.n) {
        edit_set(&state->search, "");
        search_changed(view);
        return true;
    }
    if (id == ACTION_LIST_INFO && state->behind) {
        struct drill_query query;
        const struct people_answer *answer = view_answer(view, 0);
        if (figure_behind_parse(view->argument, &query.metric, &query.dim, &query.key))
            dashboard_explain(view->console, (int)query.metric, answer ? answer->title : NULL,
                              NULL);
        return true;
    }
    return list_action(&state->list, id, argument);
}

static const char *members_subtitle(struct view *view)
{
    const struct people_answer *answer = view_answer(view, 0);
    return answer ? answer->title : NULL;
}

static char *members_people(struct view *view)
{
    const struct members_state *state = view->state;
    return state->behind ? mem_printf("behind %s", view->argument) : mem_strdup("everyone");
}

const struct view_ops view_members = {
    .name = "members",
    .title = N_("Members"),
    .number = 6,
    .rights = RIGHT_PEOPLE_SEE,
    .size = sizeof(struct members_state),
    .open = members_open,
    .close = members_close,
    .refresh = members_refresh,
    .draw = members_draw,
    .action = members_action,
    .key = members_key,
    .answered = members_answered,
    .subtitle = members_subtitle,
    .people = members_people,
};
