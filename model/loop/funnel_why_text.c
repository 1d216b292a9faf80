/* What an event did in a funnel, in words. */
#include "model/base/intl.h"
#include "model/loop/funnel_why.h"

static const char *moment(struct arena *arena, const struct clock *clock, int64_t time)
{
    return time_local(arena, clock->zone, time);
}

static const char *held_word(const struct funnel_query *query)
{
    return query->hold ? _(funnel_holds[query->hold]) : "";
}

static char *reason_sentence(struct arena *arena, const struct clock *clock,
                             const struct funnel_query *query, const struct funnel_why_event *e)
{
    switch (e->reason) {
    case WHY_COUNTS:
        return arena_printf(arena, _("made step %d"), e->about);
    case WHY_OTHER_CHAIN:
        return arena_printf(arena, _("step %d of chain %d, which does not count"), e->about,
                            e->chain);
    case WHY_BEFORE_PERIOD:
        return arena_strdup(arena, _("before the period"));
    case WHY_AFTER_PERIOD:
        return arena_strdup(arena, _("after the period: enters no more"));
    case WHY_BEFORE_ENTRY:
        return arena_strdup(arena, _("before the first step"));
    case WHY_TOO_EARLY:
        return arena_printf(arena, _("wrong order: step %d was missing"), e->about);
    case WHY_OUTSIDE_WINDOW:
        return arena_printf(arena, _("outside the window, which ended %s"),
                            moment(arena, clock, e->until));
    case WHY_ALREADY_MADE:
        return arena_printf(arena, _("step %d had been made"), e->about);
    case WHY_SECOND_ENTRY:
        return arena_strdup(arena, _("a second first step begins nothing"));
    case WHY_AFTER_WAY:
        return arena_strdup(arena, _("after the whole way"));
    case WHY_USED:
        return arena_strdup(arena, _("an event serves one step only"));
    case WHY_SAME_MOMENT:
        return arena_strdup(arena, _("not later than the step before"));
    case WHY_BETWEEN:
        return arena_strdup(arena, _("of no step, and between steps"));
    case WHY_AFTER_END:
        return arena_strdup(arena, _("after the search had ended"));
    case WHY_OTHER_VALUE:
        return arena_printf(arena, _("another %s"), held_word(query));
    case WHY_NO_VALUE:
        return arena_printf(arena, _("has no %s"), held_word(query));
    case WHY_EXCLUDES:
        return arena_printf(arena, _("removes the person: exclusion %d"), e->about);
    case WHY_EXCLUDES_NOTHING:
        return arena_strdup(arena, _("exclusion, but not between its steps"));
    }
    return arena_strdup(arena, "");
}

char *funnel_why_sentence(struct arena *arena, const struct clock *clock,
                          const struct funnel_query *query, const struct funnel_why_event *event)
{
    char *sentence = reason_sentence(arena, clock, query, event);
    return event->ends ? arena_printf(arena, _("%s; the search ends"), sentence) : sentence;
}

char *funnel_why_summary(struct arena *arena, const struct clock *clock,
                         const struct funnel_query *query, const struct funnel_why *why)
{
    char *text;
    if (!why->missing)
        text = arena_printf(arena, _("made the whole way of %zu steps"), why->n_steps);
    else if (why->level)
        text = arena_printf(arena, _("came to step %d of %zu; step %d (%s) was missing until %s"),
                            why->level, why->n_steps, why->missing, query->steps[why->level],
                            moment(arena, clock, why->until));
    else
        text = arena_printf(arena, _("did not enter; step 1 (%s) was missing until %s"),
                            query->steps[0], moment(arena, clock, why->until));
    if (why->excluded)
        text = arena_printf(arena, _("removed by an exclusion; without it: %s"), text);
    if (!why->within)
        text = arena_printf(arena, _("not among the people asked about; otherwise: %s"), text);
    return text;
}
