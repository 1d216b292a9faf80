/* The funnel's question, whichever screen asks it. */
#include "views/funnel_view.h"

#include "model/base/text.h"
#include "model/event/sample.h"
#include "model/loop/estimate.h"
#include "model/loop/funnel_small.h"

#include <stdio.h>
#include <string.h>

bool funnel_question_make(const struct console *console, const char *line,
                          struct funnel_question *question)
{
    *question = (struct funnel_question){.from = console->period.from,
                                         .to = console->period.until,
                                         .access = console->access,
                                         .groups = true};
    int n = snprintf(question->line, sizeof question->line, "%s", line);
    return n >= 0 && (size_t)n < sizeof question->line;
}

const struct saved_funnel *funnel_built_in(const struct funnel_plan *plan)
{
    for (size_t i = 0; i < n_saved_funnels; i++) {
        const struct saved_funnel *saved = &saved_funnels[i];
        size_t same = 0;
        while (same < saved->n_steps && same < plan->query.n_steps &&
               strcmp(saved->steps[same].expr, plan->query.steps[same]) == 0)
            same++;
        if (same == saved->n_steps && same == plan->query.n_steps)
            return saved;
    }
    return NULL;
}

void *funnel_view_ask(struct reader *reader, struct arena *arena, const void *parameters,
                      struct error *err)
{
    const struct funnel_question *question = parameters;
    struct funnel_answer *answer = arena_new_of(arena, struct funnel_answer);
    struct funnel_plan *plan = &answer->plan;
    struct funnel_query *query = &plan->query;
    if (funnel_plan_parse(arena, question->line, plan, err) != ST_OK)
        return NULL;
    if (*question->within)
        plan->within = question->within;
    if (!question->groups)
        query->by = FUNNEL_BY_NONE;
    query->times = question->times;
    query->from = question->from;
    query->to = question->to;
    answer->built_in = funnel_built_in(plan);
    for (size_t i = 0; i < query->n_steps; i++)
        answer->labels[i] = answer->built_in ? answer->built_in->steps[i].title : query->steps[i];
    if (funnel_plan_bind(reader, arena, &question->access, plan, err) != ST_OK)
        return NULL;
    if (funnel_run(reader, arena, query, &answer->funnel, err) != ST_OK)
        return NULL;
    funnel_hide_small(arena, &question->access, &answer->funnel);
    funnel_estimate(arena, sample_share(reader), &answer->funnel);
    return answer;
}

const char *funnel_view_rules(struct arena *arena, const struct funnel_query *query)
{
    const char *text = funnel_dialects[query->dialect];
    if (query->order)
        text = arena_printf(arena, "%s %s", text, funnel_orders[query->order]);
    for (size_t i = 0; i < n_funnel_modes; i++)
        if (query->modes & funnel_modes[i].mode)
            text = arena_printf(arena, "%s, %s", text, funnel_modes[i].name);
    if (query->hold)
        text = arena_printf(arena, _("%s · same %s"), text, _(funnel_holds[query->hold]));
    if (query->measure)
        text = arena_printf(arena, "%s · %s", text, _(funnel_measures[query->measure]));
    return text;
}

void funnel_levels(int selected, bool drop, int *least, int *most)
{
    *least = drop ? selected : selected + 1;
    *most = drop ? selected : FUNNEL_STEPS;
}
