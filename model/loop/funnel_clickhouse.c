/*
 * The rules of clickhouse's windowFunnel. Events are looked at in order of (time, step); for each
 * step the chain that began last is kept, as it has the most time left.
 */
#include "model/loop/funnel_path.h"

#include <string.h>

struct chain {
    bool there;
    int64_t first, last;       /* times of its first and last event */
    uint32_t at[FUNNEL_STEPS]; /* events */
};

struct walk {
    const struct funnel_rule *rule;
    const struct funnel_event *events;
    struct funnel_path *path;
    struct chain chain[FUNNEL_STEPS]; /* by the last step it has */
    bool begun, stopped;
    int level; /* that the answer is held to when stopped; -1: what was reached */
};

/* Only what this rule uses is set: a walk is begun for every person. */
static void walk_begin(struct walk *w, const struct funnel_rule *rule,
                       const struct funnel_event *events, struct funnel_path *path)
{
    w->rule = rule;
    w->events = events;
    w->path = path;
    w->begun = w->stopped = false;
    w->level = -1;
    for (int step = 0; step < rule->n_steps; step++)
        w->chain[step].there = false;
}

static void reach(struct walk *w, int step)
{
    if (step < w->path->level)
        return;
    w->path->level = step + 1;
    memcpy(w->path->at, w->chain[step].at, ((size_t)step + 1) * sizeof *w->path->at);
    if (w->path->level == w->rule->n_steps)
        w->stopped = true;
}

/* An event out of place under strict_order: the answer is the steps without a gap. */
static void hold(struct walk *w)
{
    int level = 0;
    while (level < w->rule->n_steps && w->chain[level].there)
        level++;
    w->level = level;
    w->stopped = true;
}

/* Whether the modes let the walk go on with this step. */
static bool admit(struct walk *w, int step)
{
    if (step == 0)
        return true;
    if ((w->rule->modes & MODE_STRICT_DEDUPLICATION) && w->chain[step].there) {
        w->stopped = true;
        return false;
    }
    if ((w->rule->modes & MODE_STRICT_ORDER) && w->begun && !w->chain[step - 1].there) {
        hold(w);
        return false;
    }
    return true;
}

static void begin_chain(struct walk *w, uint32_t at)
{
    struct chain *chain = &w->chain[0];
    chain->there = true;
    chain->first = chain->last = w->events[at].time;
    chain->at[0] = at;
    w->begun = true;
    reach(w, 0);
}

static void take(struct walk *w, int step, uint32_t at)
{
    if (!admit(w, step))
        return;
    if (step == 0) {
        begin_chain(w, at);
        return;
    }
    const struct chain *before = &w->chain[step - 1];
    int64_t time = w->events[at].time;
    if (!before->there || time - before->first > w->rule->window)
        return;
    if ((w->rule->modes & MODE_STRICT_INCREASE) && before->last >= time)
        return;
    struct chain *chain = &w->chain[step];
    bool same = chain->there && chain->first == before->first;
    chain->there = true;
    chain->first = before->first;
    chain->last = time;
    if (same) /* the path keeps the first event of each step */
        return;
    memcpy(chain->at, before->at, (size_t)step * sizeof *chain->at);
    chain->at[step] = at;
    reach(w, step);
}

static uint32_t moment_end(const struct funnel_event *events, uint32_t from, uint32_t n)
{
    uint32_t to = from + 1;
    while (to < n && events[to].time == events[from].time)
        to++;
    return to;
}

static uint32_t steps_of(const struct walk *w, uint32_t from, uint32_t to)
{
    uint32_t all = 0;
    for (uint32_t i = from; i < to; i++)
        all |= w->events[i].mask;
    return all & FUNNEL_STEP_MASK;
}

/* Under strict_order an event of no step ends the walk once it has begun. */
static bool strangers_stop(struct walk *w, uint32_t from, uint32_t to)
{
    if (!(w->rule->modes & MODE_STRICT_ORDER) || !w->begun)
        return false;
    for (uint32_t i = from; i < to; i++)
        if (!w->events[i].mask)
            return true;
    return false;
}

static void answer(struct walk *w)
{
    if (w->level >= 0 && w->level < w->path->level)
        w->path->level = w->level;
}

void funnel_follow_clickhouse(const struct funnel_rule *rule, const struct funnel_event *events,
                              uint32_t n, struct funnel_path *path)
{
    struct walk w;
    walk_begin(&w, rule, events, path);
    uint32_t to;
    for (uint32_t from = 0; from < n && !w.stopped; from = to) {
        to = moment_end(events, from, n);
        if (strangers_stop(&w, from, to))
            break;
        for (uint32_t left = steps_of(&w, from, to); left && !w.stopped; left &= left - 1) {
            int step = __builtin_ctz(left);
            for (uint32_t i = from; i < to && !w.stopped; i++)
                if (events[i].mask >> step & 1)
                    take(&w, step, i);
        }
    }
    answer(&w);
}

/* ---- strict_once ---- */

/* The best chain up to `step` whose last event is of this moment: the later it began, the better;
 * of those that began together the one with the earlier events. */
static bool chain_best(struct walk *w, const struct chain *before, uint32_t from, uint32_t to,
                       int step, uint32_t only, struct chain *best)
{
    int64_t time = w->events[from].time;
    bool increase = w->rule->modes & MODE_STRICT_INCREASE;
    uint32_t at[FUNNEL_STEPS];
    best->there = false;
    best->first = best->last = time;
    if ((!increase || step == 0) && funnel_assign(w->events, from, to, 0, step, only, best->at))
        return best->there = true;
    for (int k = step - 1; k >= (increase ? step - 1 : 0); k--) {
        if (k < 0 || !before[k].there || time - before[k].first > w->rule->window)
            continue;
        if (best->there && before[k].first <= best->first)
            continue;
        if (!funnel_assign(w->events, from, to, k + 1, step, only, at))
            continue;
        best->there = true;
        best->first = before[k].first;
        memcpy(best->at, before[k].at, ((size_t)k + 1) * sizeof *best->at);
        memcpy(best->at + k + 1, at + k + 1, (size_t)(step - k) * sizeof *best->at);
    }
    return best->there;
}

static void take_once(struct walk *w, const struct chain *before, uint32_t from, uint32_t to,
                      int step, uint32_t only)
{
    struct chain best;
    if (!admit(w, step))
        return;
    if (!chain_best(w, before, from, to, step, only, &best))
        return;
    w->begun |= step == 0;
    if (w->chain[step].there && w->chain[step].first >= best.first)
        return;
    w->chain[step] = best;
    reach(w, step);
}

/* Whether all entries are of one moment, so that every chain began then. */
static bool entry_one(const struct funnel_event *events, uint32_t n)
{
    const struct funnel_event *entry = NULL;
    for (uint32_t i = 0; i < n; i++)
        if (events[i].mask & 1) {
            if (entry && entry->time != events[i].time)
                return false;
            entry = &events[i];
        }
    return true;
}

void funnel_follow_once(const struct funnel_rule *rule, const struct funnel_event *events,
                        uint32_t n, struct funnel_path *path)
{
    struct walk w;
    if (rule->modes == MODE_STRICT_ONCE && entry_one(events, n)) {
        funnel_follow_entry(rule, events, n, path);
        return;
    }
    walk_begin(&w, rule, events, path);
    struct chain before[FUNNEL_STEPS];
    uint32_t to;
    for (uint32_t from = 0; from < n && !w.stopped; from = to) {
        to = moment_end(events, from, n);
        if (strangers_stop(&w, from, to))
            break;
        memcpy(before, w.chain, (size_t)rule->n_steps * sizeof *before);
        for (uint32_t left = steps_of(&w, from, to); left && !w.stopped; left &= left - 1) {
            int step = __builtin_ctz(left);
            for (uint32_t i = from; i < to && !w.stopped; i++)
                if (events[i].mask >> step & 1)
                    take_once(&w, before, from, to, step, i);
        }
    }
    answer(&w);
}
