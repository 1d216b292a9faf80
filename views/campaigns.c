/* Campaigns: all of them, by state, with dates, people, reach and how much of the budget is gone.
 */
#include "model/base/text.h"
#include "model/campaign/overview.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/list.h"
#include "views/screens.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_LIST };

struct campaigns_state {
    struct list list;
    unsigned states; /* shown; 0: all */
};

struct campaigns_question {
    struct access access;
    unsigned states;
};

struct campaigns_answer {
    struct sheet *sheet;
    const struct campaign_row *rows;
    uint64_t *keys;
    size_t n;
    int64_t counts[CAMPAIGN_STATES];
};

static const struct sheet_column columns[] = {
    {"name", N_("campaign"), CELL_TEXT},      {"state", N_("state"), CELL_TEXT},
    {"from", N_("first day"), CELL_DAY},      {"to", N_("last day"), CELL_DAY},
    {"audience", N_("audience"), CELL_COUNT}, {"reach", N_("reach"), CELL_COUNT},
    {"used", N_("budget used"), CELL_SHARE},  {"kind", N_("kind"), CELL_TEXT},
    {"budget", N_("budget"), CELL_MONEY},     {"given", N_("given"), CELL_MONEY},
    {"sent", N_("sent"), CELL_COUNT},         {"issued", N_("issued"), CELL_COUNT},
    {"redeemed", N_("redeemed"), CELL_COUNT}, {"id", N_("code"), CELL_TEXT},
};

static void row_fill(struct cell *cells, const struct campaign_row *row)
{
    const struct campaign *c = row->campaign;
    cells[0] = cell_text(*c->name ? c->name : c->code);
    cells[1] = cell_text(c->state ? _(campaign_state_names[c->state]) : _("events only"));
    if (c->schedule.from != INT32_MIN)
        cells[2] = cell_integer(c->schedule.from);
    if (c->schedule.to != INT32_MAX)
        cells[3] = cell_integer(c->schedule.to);
    if (row->audience >= 0)
        cells[4] = cell_integer(row->audience);
    if (row->reach >= 0)
        cells[5] = cell_integer(row->reach);
    cells[6] = cell_share((double)row->sums[SUM_GIVEN], (double)c->limits.budget);
    cells[7] = cell_text(_(campaign_kinds[c->kind].title));
    if (c->limits.budget)
        cells[8] = cell_integer(c->limits.budget);
    cells[9] = cell_integer(row->sums[SUM_GIVEN]);
    cells[10] = cell_integer(row->sums[SUM_SENT]);
    cells[11] = cell_integer(row->sums[SUM_ISSUED]);
    cells[12] = cell_integer(row->sums[SUM_REDEEMED]);
    cells[13] = cell_text(c->code);
}

static void *campaigns_ask(struct reader *reader, struct arena *arena, const void *parameters,
                           struct error *err)
{
    const struct campaigns_question *question = parameters;
    struct campaigns_answer *answer = arena_new_of(arena, struct campaigns_answer);
    if (campaign_counts(reader, answer->counts, err) != ST_OK ||
        campaign_rows(reader, arena, &question->access, question->states, &answer->rows, &answer->n,
                      err) != ST_OK)
        return NULL;
    answer->sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    answer->keys = arena_array(arena, uint64_t, answer->n + 1);
    /* What is at work first, in order of the states from running on; archived ones last. */
    static const enum campaign_state order[CAMPAIGN_STATES] = {
        STATE_RUNNING, STATE_PAUSED, STATE_REVIEW,    STATE_APPROVED, STATE_SCHEDULED,
        STATE_DRAFT,   STATE_ENDED,  STATE_CANCELLED, STATE_ARCHIVED, STATE_NONE};
    struct campaign_row *sorted = arena_array(arena, struct campaign_row, answer->n + 1);
    size_t at = 0;
    for (int s = 0; s < CAMPAIGN_STATES; s++)
        for (size_t i = answer->n; i-- > 0;) /* the newest first */
            if (answer->rows[i].campaign->state == order[s]) {
                answer->keys[at] = answer->rows[i].campaign->id;
                sorted[at++] = answer->rows[i];
            }
    answer->rows = sorted;
    for (size_t i = 0; i < answer->n; i++)
        row_fill(sheet_row_add(answer->sheet), &sorted[i]);
    return answer;
}

static void campaigns_refresh(struct view *view)
{
    const struct campaigns_state *state = view->state;
    struct campaigns_question question = {view->console->access, state->states};
    view_ask(view, SLOT_LIST, _("campaigns"), campaigns_ask, &question, sizeof question);
}

static void row_open(struct view *view, int64_t row)
{
    const struct campaigns_answer *answer = view_answer(view, SLOT_LIST);
    if (answer && row >= 0 && (size_t)row < answer->n)
        console_open(view->console, "campaign", answer->rows[row].campaign->code);
}

static void campaigns_open(struct view *view)
{
    struct campaigns_state *state = view->state;
    list_begin(&state->list, view, "campaigns", _("campaigns"));
    state->list.open = row_open;
    campaigns_refresh(view);
}

static void campaigns_close(struct view *view)
{
    list_end(&((struct campaigns_state *)view->state)->list);
}

static void campaigns_answered(struct view *view, int slot)
{
    struct campaigns_state *state = view->state;
    const struct campaigns_answer *answer = view_answer(view, slot);
    if (answer)
        list_show(&state->list, answer->sheet, answer->keys);
}

/* "2 running · 1 in review · 12 ended" */
static const char *counts_text(struct arena *arena, const int64_t counts[CAMPAIGN_STATES])
{
    const char *text = "";
    for (int s = 1; s < CAMPAIGN_STATES; s++)
        if (counts[s])
            text = arena_printf(arena, "%s%s%lld %s", text, *text ? " · " : "",
                                (long long)counts[s], _(campaign_state_names[s]));
    if (counts[STATE_NONE])
        text = arena_printf(arena, "%s%s%lld %s", text, *text ? " · " : "",
                            (long long)counts[STATE_NONE], _("events only"));
    return text;
}

static void campaigns_draw(struct view *view, struct area area)
{
    struct campaigns_state *state = view->state;
    const struct campaigns_answer *answer = view_answer(view, SLOT_LIST);
    struct arena *arena = arena_new();
    if (view_problem(view, SLOT_LIST)) {
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, SLOT_LIST));
    } else if (!answer) {
        draw_text(area, 0, 0, ROLE_DIM, _("counting …"));
    } else {
        if (area.rows > 4)
            draw_field(area_cut_top(&area, 1), 0, 0, area.cols, -1, ROLE_STRONG,
                       counts_text(arena, answer->counts));
        if (area.rows > 14)
            area_cut_top(&area, 1);
        if (answer->n)
            list_draw(&state->list, area, true);
        else
            draw_wrapped(area, 0, ROLE_DIM,
                         state->states ? _("No campaign is in this state. s shows others.")
                                       : _("There is no campaign yet. n sets one up; `atrium "
                                           "campaign new FILE` reads one from a file."));
    }
    arena_free(arena);
}

static bool campaigns_key(struct view *view, uint32_t key)
{
    struct campaigns_state *state = view->state;
    return state->list.table ? list_key(&state->list, key) : false;
}

/* ---- One state ---- */

static void state_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = context;
    struct campaigns_state *state = view->state;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice < 0)
        return;
    state->states = choice == 0 ? 0 : 1u << choice;
    campaigns_refresh(view);
}

static void state_choose(struct view *view)
{
    const struct campaigns_state *state = view->state;
    const struct campaigns_answer *answer = view_answer(view, SLOT_LIST);
    const char *choices[CAMPAIGN_STATES];
    size_t selected = 0;
    struct arena *arena = arena_new();
    choices[0] = _("all");
    for (int s = 1; s < CAMPAIGN_STATES; s++) {
        choices[s] = arena_printf(arena, "%s (%lld)", _(campaign_state_names[s]),
                                  answer ? (long long)answer->counts[s] : 0);
        if (state->states == 1u << s)
            selected = (size_t)s;
    }
    console_dialog(view->console, dialog_choose(_("State"), choices, CAMPAIGN_STATES, selected,
                                                state_chosen, view));
    arena_free(arena);
}

static bool campaigns_action(struct view *view, int id, const char *argument)
{
    struct campaigns_state *state = view->state;
    switch (id) {
    case ACTION_CAMPAIGNS_NEW:
        if (console_may(view->console, RIGHT_CAMPAIGN_EDIT))
            console_open(view->console, "campaign-form", "");
        return true;
    case ACTION_CAMPAIGNS_STATE:
        state_choose(view);
        return true;
    default:
        return state->list.table ? list_action(&state->list, id, argument) : false;
    }
}

static char *campaigns_people(struct view *view)
{
    struct campaigns_state *state = view->state;
    const struct campaigns_answer *answer = view_answer(view, SLOT_LIST);
    int64_t row = state->list.table ? list_selected(&state->list) : -1;
    return answer && row >= 0 && (size_t)row < answer->n
               ? mem_printf("campaign audience %s", answer->rows[row].campaign->code)
               : NULL;
}

const struct view_ops view_campaigns = {
    .name = "campaigns",
    .title = N_("Campaigns"),
    .about = N_("All campaigns and where each stands. Enter opens one: what it is, for whom, who "
                "did what when, and what can be done now. n sets up a new one in a form; a file "
                "does as well (atrium campaign new)."),
    .number = ACTION_GO_CAMPAIGNS - ACTION_GO_LOOP + 1,
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct campaigns_state),
    .open = campaigns_open,
    .close = campaigns_close,
    .refresh = campaigns_refresh,
    .draw = campaigns_draw,
    .action = campaigns_action,
    .key = campaigns_key,
    .answered = campaigns_answered,
    .people = campaigns_people,
};
