/* Funnels by trying everything: how far a history comes by the rules of each house. */
#include "tests/support/funnel_plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* The deepest step that can follow `step` steps made, the last of them by entry (time, step) of
 * event `at`. */
static int plain_deepest(const struct plain *p, int step, int at, int64_t first, unsigned used)
{
    int best = step;
    for (int i = 0; step < p->rule->n_steps && i < p->n; i++) {
        int64_t time = p->e[i].time;
        if (!(p->e[i].mask >> step & 1) || time < p->e[at].time || time - first > p->rule->window)
            continue;
        if ((p->own && (used >> i & 1)) || (p->increase && time <= p->e[at].time))
            continue;
        int deep = plain_deepest(p, step + 1, i, first, used | 1u << i);
        best = deep > best ? deep : best;
    }
    return best;
}

int plain_level(const struct plain *p)
{
    int best = 0;
    for (int i = 0; i < p->n; i++)
        if (p->e[i].mask & 1) {
            int deep = plain_deepest(p, 1, i, p->e[i].time, 1u << i);
            best = deep > best ? deep : best;
        }
    return best;
}

/* The entries (time, step, event) that clickhouse looks at, in its order. */
struct entry {
    int64_t time;
    int step, event; /* step 0: none, else from 1 */
};

static int entry_compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->step != y->step ? x->step - y->step : x->event - y->event;
}

static int entries_make(const struct plain *p, struct entry *entries)
{
    int n = 0;
    for (int i = 0; i < p->n; i++) {
        for (int s = 0; s < p->rule->n_steps; s++)
            if (p->e[i].mask >> s & 1)
                entries[n++] = (struct entry){p->e[i].time, s + 1, i};
        if (!p->e[i].mask)
            entries[n++] = (struct entry){p->e[i].time, 0, i};
    }
    qsort(entries, (size_t)n, sizeof *entries, entry_compare);
    return n;
}

/* All chains kept, as the strict modes with strict_once need; `last` and `first` by chain. */
struct plain_chain {
    int length;
    int64_t first, last;
    unsigned used;
};
enum { CHAINS = 100000 };

static bool chain_of_length(const struct plain_chain *chains, size_t n, int length)
{
    for (size_t i = 0; i < n; i++)
        if (chains[i].length == length)
            return true;
    return false;
}

static int chains_longest(const struct plain_chain *chains, size_t n)
{
    int best = 0;
    for (size_t i = 0; i < n; i++)
        best = chains[i].length > best ? chains[i].length : best;
    return best;
}

/* Without strict_once only the last chain of each length lives. */
static size_t chain_keep(struct plain_chain *chains, size_t n, bool once, struct plain_chain chain)
{
    for (size_t i = 0; !once && i < n; i++)
        if (chains[i].length == chain.length) {
            chains[i] = chain;
            return n;
        }
    assert_true(n < CHAINS);
    chains[n] = chain;
    return n + 1;
}

int plain_clickhouse(const struct plain *p)
{
    static struct plain_chain chains[CHAINS];
    struct entry entries[MOST * 8];
    size_t n = 0;
    int n_entries = entries_make(p, entries);
    unsigned modes = p->rule->modes;
    for (int i = 0; i < n_entries; i++) {
        struct entry *e = &entries[i];
        bool begun = chain_of_length(chains, n, 1);
        if (e->step == 0) {
            if ((modes & MODE_STRICT_ORDER) && begun)
                break;
            continue;
        }
        if (e->step > 1 && (modes & MODE_STRICT_DEDUPLICATION) &&
            chain_of_length(chains, n, e->step))
            break;
        if (e->step > 1 && (modes & MODE_STRICT_ORDER) && begun &&
            !chain_of_length(chains, n, e->step - 1))
            break;
        if (e->step == 1) {
            n = chain_keep(chains, n, p->own,
                           (struct plain_chain){1, e->time, e->time, 1u << e->event});
            continue;
        }
        for (size_t c = 0, all = n; c < all; c++) {
            struct plain_chain next = chains[c];
            if (next.length != e->step - 1 || e->time - next.first > p->rule->window ||
                (p->own && (next.used >> e->event & 1)) || (p->increase && next.last >= e->time))
                continue;
            next = (struct plain_chain){e->step, next.first, e->time, next.used | 1u << e->event};
            n = chain_keep(chains, n, p->own, next);
        }
        if (chain_of_length(chains, n, p->rule->n_steps))
            return p->rule->n_steps;
    }
    return chains_longest(chains, n);
}

/* The first entry, then the best way from it. */
int plain_mixpanel(const struct plain *p)
{
    int best = 0;
    int64_t first = INT64_MAX;
    for (int i = 0; i < p->n; i++)
        if ((p->e[i].mask & 1) && p->e[i].time < first)
            first = p->e[i].time;
    for (int i = 0; i < p->n; i++)
        if ((p->e[i].mask & 1) && p->e[i].time == first) {
            int deep = plain_deepest(p, 1, i, first, 1u << i);
            best = deep > best ? deep : best;
        }
    return best;
}

/* Neighbouring events only: each is the next step, or the same one again. */
static int plain_neighbours(const struct plain *p, int i, int made, int64_t first)
{
    int best = made, deep;
    if (made == p->rule->n_steps || i == p->n)
        return best;
    if ((p->e[i].mask >> made & 1) && p->e[i].time - first <= p->rule->window) {
        deep = plain_neighbours(p, i + 1, made + 1, first);
        best = deep > best ? deep : best;
    }
    if (p->e[i].mask >> (made - 1) & 1) {
        deep = plain_neighbours(p, i + 1, made, first);
        best = deep > best ? deep : best;
    }
    return best;
}

int plain_strict(const struct plain *p)
{
    int best = 0;
    for (int i = 0; i < p->n; i++) {
        int deep = p->e[i].mask & 1 ? plain_neighbours(p, i + 1, 1, p->e[i].time) : 0;
        best = deep > best ? deep : best;
    }
    return best;
}

/* Most steps that have an event each inside any window; of events that match one step alone. */
int plain_unordered(const struct plain *p)
{
    int best = 0;
    for (int i = 0; i < p->n; i++) {
        uint32_t made = 0;
        for (int k = i; k < p->n && p->e[k].time - p->e[i].time <= p->rule->window; k++)
            made |= p->e[k].mask;
        int n = __builtin_popcount(made & FUNNEL_STEP_MASK);
        best = n > best ? n : best;
    }
    return best;
}

int history_make(struct dice *dice, const struct funnel_rule *rule, const struct shape *shape,
                 struct funnel_event *e)
{
    int n = (int)dice_below(dice, MOST - 4);
    int64_t time = 1000;
    for (int i = 0; i < n; i++) {
        time += shape->distinct + (int64_t)dice_below(dice, 3);
        uint32_t mask = 0;
        for (int k = 0; k < shape->kinds; k++)
            mask |= UINT32_C(1) << dice_below(dice, (uint64_t)rule->n_steps);
        if (shape->strangers && dice_below(dice, 6) == 0)
            mask = 0;
        e[i] = (struct funnel_event){.time = time, .mask = mask, .row = (uint32_t)i};
    }
    return n;
}

int house_level(const struct house *house, const struct funnel_rule *rule,
                const struct funnel_event *e, int n)
{
    struct plain p = {rule, e, n, house->own, rule->modes & MODE_STRICT_INCREASE};
    return house->level(&p);
}

void house_turns(const struct house *house, const struct funnel_rule *rule,
                 const struct funnel_event *e, int n, int64_t counts[FUNNEL_STEPS])
{
    uint32_t opening = rule->order == ORDER_UNORDERED ? FUNNEL_STEP_MASK : 1;
    int64_t behind = INT64_MIN;
    for (;;) {
        struct funnel_event turn[MOST];
        int m = 0, first = 0, level;
        while (first < n && (e[first].time <= behind || !(e[first].mask & opening)))
            first++;
        if (first == n)
            return;
        int64_t last = e[first].time + rule->window;
        for (int round = 0; round < n && rule->dialect != DIALECT_MIXPANEL; round++)
            for (int i = first; i < n; i++)
                if ((e[i].mask & opening) && e[i].time <= last && e[i].time + rule->window > last)
                    last = e[i].time + rule->window;
        for (int i = 0; i < n; i++)
            if (e[i].time >= e[first].time && e[i].time <= last)
                turn[m++] = e[i];
        level = house_level(house, rule, turn, m);
        behind = last;
        /* The turn ends with the first moment at which the whole way has been made. */
        for (int i = m; i-- > 0 && level == rule->n_steps;) {
            int k = 0;
            while (k < m && turn[k].time <= turn[i].time)
                k++;
            if (house_level(house, rule, turn, k) < rule->n_steps)
                break;
            behind = turn[i].time;
        }
        for (int step = 0; step < level; step++)
            counts[step]++;
    }
}
