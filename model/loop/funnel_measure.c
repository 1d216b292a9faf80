/* Turns: a person's history cut into the times that the way was begun. */
#include "model/loop/funnel_ways.h"

/* Which events open a turn: first steps, or any step where the order does not matter. */
static uint32_t mask_opening(const struct funnel_rule *rule)
{
    return rule->order == ORDER_UNORDERED ? FUNNEL_STEP_MASK : 1;
}

/* The end of the turn that begins at `from`: the last window opened in it. Only mixpanel lets no
 * later first step open another one. */
static size_t turn_end(const struct funnel_rule *rule, const struct funnel_event *events, size_t n,
                       size_t from, size_t opened)
{
    uint32_t opening = mask_opening(rule);
    int64_t last = events[opened].time + rule->window;
    size_t to = from;
    for (; to < n && events[to].time <= last; to++)
        if (rule->dialect != DIALECT_MIXPANEL && (events[to].mask & opening))
            last = events[to].time + rule->window;
    return to;
}

/* The first event that removes the turn: the shortest history up to an exclusion's event that is
 * removed already. */
static size_t excluding(const struct funnel_rule *rule, const struct funnel_event *events, size_t n,
                        struct funnel_scratch *scratch)
{
    struct funnel_path path;
    for (size_t i = 0; i + 1 < n; i++) {
        if (!(events[i].mask & ~(uint32_t)FUNNEL_STEP_MASK))
            continue;
        funnel_follow(rule, events, i + 1, scratch, &path);
        if (path.excluded)
            return i;
    }
    return n - 1;
}

static size_t later_than(const struct funnel_event *events, size_t n, size_t i)
{
    int64_t time = events[i].time;
    while (i < n && events[i].time <= time)
        i++;
    return i;
}

bool funnel_turn_next(const struct funnel_rule *rule, const struct funnel_event *events, size_t n,
                      struct funnel_scratch *scratch, size_t *at, struct funnel_path *turn)
{
    uint32_t opening = mask_opening(rule);
    size_t opened = *at;
    while (opened < n && !(events[opened].mask & opening))
        opened++;
    if (opened >= n)
        return false;
    size_t from = opened;
    while (from > *at && events[from - 1].time == events[opened].time)
        from--;
    size_t to = turn_end(rule, events, n, from, opened);
    funnel_follow(rule, events + from, to - from, scratch, turn);
    for (int step = 0; step < turn->level; step++)
        turn->at[step] += (uint32_t)from;
    if (turn->excluded)
        *at = later_than(events, n, from + excluding(rule, events + from, to - from, scratch));
    else if (turn->level == rule->n_steps)
        *at = later_than(events, n, turn->at[turn->level - 1]);
    else
        *at = to;
    return true;
}
