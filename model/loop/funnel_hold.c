/* A property held constant: the whole question is asked of the events of each value by themselves.
 */
#include "model/base/hash.h"
#include "model/base/intl.h"
#include "model/loop/funnel_ways.h"

#include <stdlib.h>
#include <string.h>

const char *const funnel_holds[FUNNEL_HOLD_COUNT] = {
    NULL, N_("shop"), N_("category"), N_("zone"), N_("channel"), N_("campaign"), N_("coupon")};
const char *const funnel_measures[FUNNEL_MEASURE_COUNT] = {N_("people"), N_("totals"),
                                                           N_("amount")};

unsigned funnel_hold_columns(enum funnel_hold hold)
{
    static const unsigned columns[FUNNEL_HOLD_COUNT] = {
        [FUNNEL_HOLD_SHOP] = EVENT_TENANT,       [FUNNEL_HOLD_CATEGORY] = EVENT_TENANT,
        [FUNNEL_HOLD_ZONE] = EVENT_ZONE,         [FUNNEL_HOLD_CHANNEL] = EVENT_CHANNEL,
        [FUNNEL_HOLD_CAMPAIGN] = EVENT_CAMPAIGN, [FUNNEL_HOLD_COUPON] = EVENT_REF,
    };
    return columns[hold];
}

uint64_t funnel_hold_value(enum funnel_hold hold, const struct event_run *run, size_t row,
                           const uint32_t *of_tenant, size_t n_tenants)
{
    uint32_t tenant = run->tenant ? run->tenant[row] : 0;
    const char *ref = run->ref ? run->ref[row] : "";
    size_t size;
    switch (hold) {
    case FUNNEL_HOLD_SHOP:
        return tenant;
    case FUNNEL_HOLD_CATEGORY:
        return tenant < n_tenants ? of_tenant[tenant] : 0;
    case FUNNEL_HOLD_ZONE:
        return run->zone ? run->zone[row] : 0;
    case FUNNEL_HOLD_CHANNEL:
        return run->channel ? run->channel[row] : 0;
    case FUNNEL_HOLD_CAMPAIGN:
        return run->campaign ? run->campaign[row] : 0;
    case FUNNEL_HOLD_COUPON:
        /* A redemption's reference may go on with the receipt's behind the code. */
        size = run->kind == KIND_COUPON_REDEEM ? strcspn(ref, "/") : strlen(ref);
        return size ? hash64(ref, size) | 1 : 0;
    default:
        return 0;
    }
}

void funnel_ways_free(struct funnel_ways *ways)
{
    vec_free(&ways->events);
    vec_free(&ways->values);
    vec_free(&ways->ways);
    vec_free(&ways->part);
    vec_free(&ways->places);
    vec_free(&ways->scratch.next);
}

void funnel_ways_begin(struct funnel_ways *ways)
{
    ways->events.n = ways->values.n = 0;
}

/* The deeper way; of two as deep the one that began first, by the order of events. */
static bool better(const struct funnel_path *a, const struct funnel_path *b)
{
    return a->level != b->level ? a->level > b->level : a->at[0] < b->at[0];
}

static void way_keep(struct funnel_ways *ways, bool best, const struct funnel_path *path)
{
    ways->excluded |= path->excluded;
    if (!path->level)
        return;
    ways->level = path->level > ways->level ? path->level : ways->level;
    if (!best || !ways->ways.n)
        vec_push(&ways->ways, *path);
    else if (better(path, &ways->ways.at[0]))
        ways->ways.at[0] = *path;
}

/* One history: all events, or those of a value, whose places are given then. */
static void history_follow(const struct funnel_rule *rule, enum funnel_measure measure,
                           struct funnel_ways *ways, const struct funnel_event *events, size_t n,
                           const uint32_t *places)
{
    struct funnel_path path;
    size_t at = 0;
    bool people = measure == FUNNEL_PEOPLE, more = true;
    while (more) {
        if (people) {
            funnel_follow(rule, events, n, &ways->scratch, &path);
            more = false;
        } else if (!funnel_turn_next(rule, events, n, &ways->scratch, &at, &path)) {
            return;
        }
        for (int step = 0; places && step < path.level; step++)
            path.at[step] = places[path.at[step]];
        way_keep(ways, people, &path);
    }
}

struct held {
    uint64_t value;
    uint32_t place;
};

static int held_compare(const void *a, const void *b)
{
    const struct held *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

static void values_follow(const struct funnel_rule *rule, enum funnel_measure measure,
                          struct funnel_ways *ways)
{
    size_t n = ways->events.n;
    struct held *held = mem_zero(n + 1, sizeof *held);
    for (size_t i = 0; i < n; i++)
        held[i] = (struct held){ways->values.at[i], (uint32_t)i};
    qsort(held, n, sizeof *held, held_compare);
    for (size_t from = 0, to; from < n; from = to) {
        ways->part.n = ways->places.n = 0;
        for (to = from; to < n && held[to].value == held[from].value; to++) {
            vec_push(&ways->part, ways->events.at[held[to].place]);
            vec_push(&ways->places, held[to].place);
        }
        if (held[from].value)
            history_follow(rule, measure, ways, ways->part.at, ways->part.n, ways->places.at);
    }
    free(held);
}

void funnel_ways_follow(const struct funnel_rule *rule, enum funnel_measure measure,
                        struct funnel_ways *ways)
{
    ways->ways.n = 0;
    ways->level = 0;
    ways->excluded = false;
    if (ways->values.n)
        values_follow(rule, measure, ways);
    else
        history_follow(rule, measure, ways, ways->events.at, ways->events.n, NULL);
    ways->excluded &= !ways->ways.n;
}
