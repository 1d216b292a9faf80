/* What campaigns sent, what is on its way and what was not sent and why, as counts that open into
 * their people. Its argument is a campaign's code; "": all campaigns. */
#include "model/campaign/message.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "views/actions.h"
#include "views/people_of.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct outgoing_question {
    struct access access;
    char campaign[CAMPAIGN_CODE];
};

/* The first only where there are several campaigns. */
static const struct sheet_column columns[] = {
    {"campaign", N_("campaign"), CELL_TEXT}, {"contact", N_("contact"), CELL_TEXT},
    {"state", N_("state"), CELL_TEXT},       {"people", N_("people"), CELL_COUNT},
    {"reason", N_("reason"), CELL_TEXT},     {"share", N_("share"), CELL_SHARE},
    {"last", N_("last"), CELL_TIME},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* "treated 3,878, of them 590 still to come" */
static const char *title_of(struct reader *reader, struct arena *arena,
                            const struct campaign *campaign, struct error *err)
{
    uint32_t treated, untouched;
    if (message_untouched(reader, arena, campaign, &treated, &untouched, err) != ST_OK)
        return NULL;
    return untouched ? arena_printf(arena, _("%s · %s treated, %s still to come"), campaign->code,
                                    text_count(arena, treated), text_count(arena, untouched))
                     : arena_printf(arena, _("%s · %s treated, all looked at"), campaign->code,
                                    text_count(arena, treated));
}

/* Of all rows of its campaign. */
static double people_of_campaign(const struct sheet *all, const char *campaign)
{
    double people = 0;
    for (size_t i = 0; i < all->n_rows; i++)
        if (strcmp(cell_string(&sheet_row(all, i)[MESSAGE_OF]), campaign) == 0)
            people += (double)sheet_row(all, i)[MESSAGE_PEOPLE].integer;
    return people;
}

static void row_fill(struct sheet_answer *answer, struct arena *arena, const struct sheet *all,
                     size_t row)
{
    const struct cell *from = sheet_row(all, row);
    const char *campaign = cell_string(&from[MESSAGE_OF]);
    const char *reason = cell_string(&from[MESSAGE_WHY]);
    int why = suppression_named(reason);
    const struct cell people = from[MESSAGE_PEOPLE];
    const struct cell made[COLUMNS] = {
        from[MESSAGE_OF],
        cell_text(word_translated("contact", cell_string(&from[MESSAGE_BY]))),
        cell_text(_(cell_string(&from[MESSAGE_HOW]))),
        people,
        cell_text(why > 0 ? _(suppression_titles[why]) : NULL),
        people.known ? cell_share((double)people.integer, people_of_campaign(all, campaign))
                     : (struct cell){0},
        from[MESSAGE_LAST],
    };
    size_t first = COLUMNS - answer->sheet->n_columns;
    memcpy(sheet_row_add(answer->sheet), made + first, (COLUMNS - first) * sizeof *made);
    answer->open[row] =
        arena_printf(arena, "message %s\t%s\t%s\t%s", campaign, cell_string(&from[MESSAGE_BY]),
                     cell_string(&from[MESSAGE_HOW]), reason);
}

static void *outgoing_ask(struct reader *reader, struct arena *arena, const void *parameters,
                          struct error *err)
{
    const struct outgoing_question *question = parameters;
    const struct campaign *campaign = NULL;
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    struct sheet *all;
    if (*question->campaign &&
        campaign_find(reader, arena, question->campaign, &campaign, err) != ST_OK)
        return NULL;
    if (*question->campaign && !campaign) {
        error_set(err, ST_REFUSED, "there is no such campaign");
        return NULL;
    }
    if (message_summary(reader, arena, &question->access, campaign ? campaign->id : 0, &all, err) !=
        ST_OK)
        return NULL;
    answer->title = campaign ? title_of(reader, arena, campaign, err) : _("all campaigns");
    if (!answer->title)
        return NULL;
    answer->sheet =
        campaign ? sheet_new(arena, columns + 1, COLUMNS - 1) : sheet_new(arena, columns, COLUMNS);
    answer->open = arena_array(arena, const char *, all->n_rows + 1);
    answer->screen = "crowd";
    answer->metric = -1;
    for (size_t i = 0; i < all->n_rows; i++)
        row_fill(answer, arena, all, i);
    return answer;
}

static void outgoing_refresh(struct view *view)
{
    struct outgoing_question question = {.access = view->console->access};
    snprintf(question.campaign, sizeof question.campaign, "%s", view->argument);
    view_ask(view, 0, _("messages"), outgoing_ask, &question, sizeof question);
}

static void outgoing_open(struct view *view)
{
    sheet_view_open(view, "outgoing", _("counts"));
}

static void outgoing_draw(struct view *view, struct area area)
{
    const struct sheet_answer *answer = view_answer(view, 0);
    if (answer && !answer->sheet->n_rows && !view_problem(view, 0))
        draw_wrapped(area, 0, ROLE_DIM,
                     _("Nothing was sent yet. Messages leave while `atrium run` is at work and a "
                       "campaign runs."));
    else
        sheet_view_draw(view, area);
}

static char *outgoing_people(struct view *view)
{
    struct sheet_state *state = view->state;
    const struct sheet_answer *answer = view_answer(view, 0);
    int64_t row = answer && state->list.table ? list_selected(&state->list) : -1;
    return row >= 0 && row < (int64_t)answer->sheet->n_rows ? mem_strdup(answer->open[row]) : NULL;
}

const struct view_ops view_outgoing = {
    .name = "outgoing",
    .title = N_("Messages"),
    .about = N_("What became of each person's message, campaign by campaign: sent, on its way, "
                "failed, unknown where nobody can say whether it left, or suppressed, with the "
                "reason. Enter lists the people of a row."),
    .number = ACTION_GO_OUTGOING - ACTION_GO_LOOP + 1,
    .rights = RIGHT_QUESTIONS | RIGHT_PEOPLE_SEE,
    .size = sizeof(struct sheet_state),
    .open = outgoing_open,
    .close = sheet_view_close,
    .refresh = outgoing_refresh,
    .draw = outgoing_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
    .people = outgoing_people,
};
