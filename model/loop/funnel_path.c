/* The rules of posthog and mixpanel, and what all three share. */
#include "model/loop/funnel_path.h"

#include <string.h>

/* ---- Events of one moment, each for one step ---- */

struct assignment {
    const struct funnel_event *events;
    uint32_t from, to;
    int last;
    uint32_t only;
    uint32_t *at;
    int first;
};

static bool serves(const struct assignment *a, int step, uint32_t i)
{
    return (a->events[i].mask >> step & 1) &&
           (step != a->last || a->only == UINT32_MAX || a->only == i);
}

/* The step that has the event, -1: none. */
static int holder(const struct assignment *a, int steps, uint32_t i)
{
    for (int step = a->first; step < steps; step++)
        if (a->at[step] == i)
            return step;
    return -1;
}

/* Finds an event for `step`, moving earlier steps to others where that helps: a search for an
 * augmenting path, where `seen` holds the steps already asked to move. */
static bool place(struct assignment *a, int steps, int step, uint32_t *seen)
{
    for (uint32_t i = a->from; i < a->to; i++)
        if (serves(a, step, i) && holder(a, steps, i) < 0) {
            a->at[step] = i;
            return true;
        }
    for (uint32_t i = a->from; i < a->to; i++) {
        int other = serves(a, step, i) ? holder(a, steps, i) : -1;
        if (other < 0 || other == step || (*seen >> other & 1))
            continue;
        *seen |= UINT32_C(1) << other;
        if (place(a, steps, other, seen)) {
            a->at[step] = i;
            return true;
        }
    }
    return false;
}

bool funnel_assign(const struct funnel_event *events, uint32_t from, uint32_t to, int first,
                   int last, uint32_t only, uint32_t *at)
{
    struct assignment a = {events, from, to, last, only, at, first};
    if (to - from < (uint32_t)(last - first + 1))
        return false;
    for (int step = first; step <= last; step++) {
        uint32_t seen = UINT32_C(1) << step;
        at[step] = UINT32_MAX;
        if (!place(&a, step, step, &seen))
            return false;
    }
    return true;
}

/* ---- mixpanel: the first entry ---- */

static bool mixpanel_excluded(const struct funnel_rule *rule, const struct funnel_event *events,
                              uint32_t n, const struct funnel_path *path)
{
    for (size_t e = 0; e < rule->n_exclusions; e++) {
        int from = rule->exclusions[e].from, to = rule->exclusions[e].to;
        if (path->level <= from)
            continue;
        int64_t after = events[path->at[from]].time;
        int64_t before = path->level > to ? events[path->at[to]].time
                                          : events[path->at[0]].time + rule->window + 1;
        for (uint32_t i = path->at[from]; i < n && events[i].time < before; i++)
            if ((events[i].mask >> (FUNNEL_STEPS + e) & 1) && events[i].time > after)
                return true;
    }
    return false;
}

void funnel_follow_entry(const struct funnel_rule *rule, const struct funnel_event *events,
                         uint32_t n, struct funnel_path *path)
{
    uint32_t from = 0, to;
    while (from < n && !(events[from].mask & 1))
        from++;
    if (from == n)
        return;
    int64_t last = events[from].time + rule->window;
    while (from > 0 && events[from - 1].time == events[from].time)
        from--;
    for (; from < n && events[from].time <= last && path->level < rule->n_steps; from = to) {
        int first = path->level;
        uint32_t at[FUNNEL_STEPS];
        for (to = from + 1; to < n && events[to].time == events[from].time;)
            to++;
        if (to == from + 1) { /* the one event of a moment serves the next step or none */
            if (events[from].mask >> first & 1)
                path->at[path->level++] = from;
            continue;
        }
        while (path->level < rule->n_steps &&
               funnel_assign(events, from, to, first, path->level, UINT32_MAX, at))
            memcpy(path->at + first, at + first, (size_t)(++path->level - first) * sizeof *at);
    }
}

static void follow_mixpanel(const struct funnel_rule *rule, const struct funnel_event *events,
                            uint32_t n, struct funnel_path *path)
{
    funnel_follow_entry(rule, events, n, path);
    path->excluded = path->level && mixpanel_excluded(rule, events, n, path);
}

/* ---- posthog: the first conversion ---- */

struct entered {
    bool there, excluded;
    int64_t first; /* time of the chain's first step */
    uint32_t at[FUNNEL_STEPS];
};

struct posthog {
    const struct funnel_rule *rule;
    const struct funnel_event *events;
    struct entered entered[FUNNEL_STEPS + 1]; /* by steps made; [0] is the present moment */
    struct entered deepest;
    int level;
};

static bool posthog_open(const struct posthog *p, int step, int64_t time)
{
    const struct entered *before = &p->entered[step - 1];
    bool made = p->entered[step].there && before->there && p->entered[step].first == before->first;
    return before->there && time - before->first <= p->rule->window && !made;
}

static void posthog_exclude(struct posthog *p, int step, int64_t time)
{
    struct entered *before = &p->entered[step - 1];
    if (!posthog_open(p, step, time) || before->excluded)
        return;
    before->excluded = true;
    if (p->level == step - 1 && time - p->deepest.first <= p->rule->window)
        p->deepest.excluded = true;
}

static void posthog_step(struct posthog *p, int step, uint32_t at, bool several)
{
    struct entered *before = &p->entered[step - 1];
    if (!posthog_open(p, step, p->events[at].time))
        return;
    for (int i = 0; several && i < step - 1; i++)
        if (before->at[i] == at)
            return;
    struct entered next;
    next.there = true;
    next.excluded = before->excluded;
    next.first = before->first;
    memcpy(next.at, before->at, (size_t)(step - 1) * sizeof *next.at);
    next.at[step - 1] = at;
    if (!before->excluded)
        p->entered[step] = next;
    if (step > p->level || (step == p->level && p->deepest.excluded)) {
        p->level = step;
        p->deepest = next;
    }
}

static void posthog_event(struct posthog *p, uint32_t at)
{
    const struct funnel_rule *rule = p->rule;
    uint32_t mask = p->events[at].mask;
    for (size_t e = 0; e < rule->n_exclusions; e++)
        for (int step = rule->exclusions[e].from + 2;
             (mask >> (FUNNEL_STEPS + e) & 1) && step <= rule->exclusions[e].to + 1; step++)
            posthog_exclude(p, step, p->events[at].time);
    for (int step = rule->n_steps; step > 0; step--)
        if (mask >> (step - 1) & 1)
            posthog_step(p, step, at, false);
    for (int step = 1; rule->order == ORDER_STRICT && step <= rule->n_steps; step++)
        if (!(mask >> (step - 1) & 1))
            p->entered[step].there = p->entered[step].excluded = false;
}

/* Events of one moment: different ones are tried in the order of steps. */
static void posthog_moment(struct posthog *p, uint32_t from, uint32_t to)
{
    bool alike = true;
    p->entered[0].there = true;
    p->entered[0].excluded = false;
    p->entered[0].first = p->events[from].time;
    for (uint32_t i = from + 1; i < to; i++)
        alike &= p->events[i].mask == p->events[from].mask;
    for (uint32_t i = from; alike && i < to; i++)
        posthog_event(p, i);
    for (int step = 1; !alike && step <= p->rule->n_steps; step++)
        for (uint32_t i = from; i < to; i++)
            if (p->events[i].mask >> (step - 1) & 1)
                posthog_step(p, step, i, true);
}

static void follow_posthog(const struct funnel_rule *rule, const struct funnel_event *events,
                           uint32_t n, struct funnel_path *path)
{
    struct posthog p;
    uint32_t to;
    p.rule = rule;
    p.events = events;
    p.level = 0;
    p.deepest.excluded = false;
    for (int step = 0; step <= rule->n_steps; step++)
        p.entered[step].there = p.entered[step].excluded = false;
    for (uint32_t from = 0; from < n && !p.entered[rule->n_steps].there; from = to) {
        for (to = from + 1; to < n && events[to].time == events[from].time;)
            to++;
        posthog_moment(&p, from, to);
    }
    path->level = p.level;
    path->excluded = p.deepest.excluded;
    memcpy(path->at, p.deepest.at, (size_t)p.level * sizeof *path->at);
}

/* ---- posthog, unordered: all steps within one window, in whatever order ---- */

struct unordered {
    const struct funnel_event *events;
    uint32_t *next;                                  /* event + 1 of the same step; 0: last */
    uint32_t head[FUNNEL_STEPS], tail[FUNNEL_STEPS]; /* event + 1; 0: none */
    int made;
};

/* An event serves the step that has waited longest for one. */
static int step_waiting(const struct unordered *u, uint32_t mask)
{
    int best = -1;
    int64_t oldest = 0;
    for (uint32_t left = mask & FUNNEL_STEP_MASK; left; left &= left - 1) {
        int step = __builtin_ctz(left);
        if (!u->head[step])
            return step;
        int64_t time = u->events[u->tail[step] - 1].time;
        if (best < 0 || time < oldest) {
            best = step;
            oldest = time;
        }
    }
    return best;
}

static void unordered_take(struct unordered *u, int step, uint32_t at)
{
    u->next[at] = 0;
    if (u->head[step])
        u->next[u->tail[step] - 1] = at + 1;
    else
        u->head[step] = at + 1;
    u->tail[step] = at + 1;
}

static void unordered_path(const struct funnel_rule *rule, const struct unordered *u,
                           struct funnel_path *path)
{
    path->level = 0;
    for (int step = 0; step < rule->n_steps; step++) {
        int k = path->level;
        if (!u->head[step])
            continue;
        uint32_t at = u->head[step] - 1;
        for (; k > 0 && path->at[k - 1] > at; k--)
            path->at[k] = path->at[k - 1];
        path->at[k] = at;
        path->level++;
    }
}

static bool unordered_excluded(const struct funnel_rule *rule, const struct funnel_event *events,
                               uint32_t n, const struct funnel_path *path)
{
    if (!path->level)
        return false;
    int64_t after = events[path->at[0]].time;
    int64_t before = path->level == rule->n_steps ? events[path->at[path->level - 1]].time
                                                  : after + rule->window + 1;
    for (uint32_t i = path->at[0]; i < n && events[i].time < before; i++)
        if ((events[i].mask & ~(uint32_t)FUNNEL_STEP_MASK) && events[i].time > after)
            return true;
    return false;
}

static void follow_unordered(const struct funnel_rule *rule, const struct funnel_event *events,
                             uint32_t n, uint32_t *next, struct funnel_path *path)
{
    struct unordered u = {.events = events, .next = next};
    for (uint32_t i = 0; i < n && path->level < rule->n_steps; i++) {
        int step = step_waiting(&u, events[i].mask), made = 0;
        if (step < 0)
            continue;
        unordered_take(&u, step, i);
        for (int s = 0; s < rule->n_steps; s++) {
            while (u.head[s] && events[i].time - events[u.head[s] - 1].time > rule->window)
                u.head[s] = u.next[u.head[s] - 1];
            made += u.head[s] != 0;
        }
        if (made > path->level)
            unordered_path(rule, &u, path);
    }
    path->excluded = unordered_excluded(rule, events, n, path);
}

void funnel_follow(const struct funnel_rule *rule, const struct funnel_event *events, size_t n,
                   struct funnel_scratch *scratch, struct funnel_path *path)
{
    path->level = 0;
    path->excluded = false;
    if (rule->dialect == DIALECT_MIXPANEL) {
        follow_mixpanel(rule, events, (uint32_t)n, path);
    } else if (rule->dialect == DIALECT_POSTHOG && rule->order == ORDER_UNORDERED) {
        scratch->next.n = 0;
        vec_reserve(&scratch->next, n);
        follow_unordered(rule, events, (uint32_t)n, scratch->next.at, path);
    } else if (rule->dialect == DIALECT_POSTHOG) {
        follow_posthog(rule, events, (uint32_t)n, path);
    } else if (rule->modes & MODE_STRICT_ONCE) {
        funnel_follow_once(rule, events, (uint32_t)n, path);
    } else {
        funnel_follow_clickhouse(rule, events, (uint32_t)n, path);
    }
    if (path->excluded)
        path->level = 0;
}
