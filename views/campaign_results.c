/* What all campaigns did, one row each; those that only events name too. */
#include "model/base/text.h"
#include "views/campaign_people.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <math.h>

static void *results_ask(struct reader *reader, struct arena *arena, const void *parameters,
                         struct error *err)
{
    const struct access *access = parameters;
    const struct result_query query = {.margin = NAN, .name = ""};
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    struct result_totals totals;
    if (campaign_results_all(reader, arena, access, &query, &totals, err) != ST_OK)
        return NULL;
    const struct result_sums *t = &totals.sums[ARM_TREATED];
    bool hidden = totals.hidden[ARM_TREATED][0] || totals.hidden[ARM_TREATED][1];
    answer->sheet = result_sheet_slim(arena, results_sheet(arena, access, &totals));
    answer->screen = "campaign-result";
    answer->metric = -1;
    answer->open = arena_array(arena, const char *, totals.n + 1);
    for (size_t i = 0; i < totals.n; i++)
        answer->open[i] = totals.results[i].campaign->code;
    if (!hidden && t->people)
        answer->title = arena_printf(arena, _("%s of %s responded, %.2f%%"),
                                     text_count(arena, t->responded), text_count(arena, t->people),
                                     100 * (double)t->responded / (double)t->people);
    return answer;
}

static void results_refresh(struct view *view)
{
    view_ask(view, 0, _("results"), results_ask, &view->console->access,
             sizeof view->console->access);
}

static void results_open(struct view *view)
{
    sheet_view_open(view, "campaign-results", _("campaigns"));
    results_refresh(view);
}

const struct view_ops view_campaign_results = {
    .name = "campaign-results",
    .title = N_("Results"),
    .about = N_("What each campaign did. Measured are those with a holdout; the others influenced "
                "perhaps, and nothing is claimed. Enter opens the result of one."),
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct sheet_state),
    .open = results_open,
    .close = sheet_view_close,
    .refresh = results_refresh,
    .draw = sheet_view_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
