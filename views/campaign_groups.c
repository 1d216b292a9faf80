/* A breakdown of a campaign's result as a table. Its argument is CODE \x1f BY. */
#include "views/campaign_people.h"
#include "views/screens.h"
#include "views/sheet_view.h"

static void *groups_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    const struct campaign_question *question = parameters;
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    struct campaign_result *result = arena_new_of(arena, struct campaign_result);
    const struct campaign *campaign;
    struct result_query query;
    if (campaign_question_read(reader, arena, question, &campaign, &query, err) != ST_OK ||
        campaign_result_run(reader, arena, &question->access, campaign, &query, result, err) !=
            ST_OK)
        return NULL;
    answer->sheet = result_sheet_slim(arena, result_sheet(arena, &question->access, result));
    answer->title = *campaign->name ? campaign->name : campaign->code;
    answer->screen = "crowd";
    answer->open = arena_array(arena, const char *, result->n_groups + 1);
    answer->metric = -1;
    answer->total = (int64_t)(result->n_groups + result->n_left_out);
    for (size_t i = 0; i < result->n_groups; i++)
        if (!result->groups[i].withheld)
            answer->open[i] = campaign_people_line(arena, campaign->code, question->by, ARM_TREATED,
                                                   RESULT_RESPONDED, result->groups[i].name);
    return answer;
}

static void groups_refresh(struct view *view)
{
    struct campaign_question question =
        campaign_question_of(view->argument, &view->console->access);
    view_ask(view, 0, _("result"), groups_ask, &question, sizeof question);
}

static void groups_open(struct view *view)
{
    sheet_view_open(view, "campaign-groups", _("groups"));
    groups_refresh(view);
}

const struct view_ops view_campaign_groups = {
    .name = "campaign-groups",
    .title = N_("Result by group"),
    .about = N_("The breakdown as a table, to sort, filter and export. Enter opens the treated "
                "who responded."),
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct sheet_state),
    .open = groups_open,
    .close = sheet_view_close,
    .refresh = groups_refresh,
    .draw = sheet_view_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
