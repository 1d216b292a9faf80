#include "model/loop/funnel_why.h"

#include "model/loop/funnel_parts.h"
#include "model/loop/funnel_ways.h"
#include "model/question/marks.h"

#include <string.h>

const char *const funnel_reasons[] = {
    "counts",    "other-chain",    "before-period",    "after-period", "before-entry",
    "too-early", "outside-window", "already-made",     "second-entry", "after-way",
    "used",      "same-moment",    "between",          "after-end",    "other-value",
    "no-value",  "excludes",       "excludes-nothing",
};

enum { AFTER_PERIOD_BIT = 31 };

/* All events shown, and of them those of the period that are followed. */
struct work {
    struct reader *reader;
    const struct funnel_query *query;
    struct funnel_rule rule;
    bool strangers;
    const struct matcher *matchers[FUNNEL_STEPS + FUNNEL_EXCLUSIONS];
    size_t n_matchers;
    const uint32_t *of_tenant;
    size_t n_tenants;
    uint32_t person;
    struct marks marks;
    VEC(struct funnel_why_event) shown;
    VEC(struct funnel_event) events; /* by shown: the mask that is followed */
    VEC(uint64_t) values;            /* by shown: of the property that is held */
    /* Those of the way's value in the period, and where they stand in shown. */
    VEC(struct funnel_event) part, alone;
    VEC(uint32_t) places;
    VEC(struct funnel_chain) chains;
    VEC(struct funnel_path) paths; /* of the chains */
    struct funnel_scratch scratch;
};

/* ---- Gathering ---- */

static uint32_t followed_mask(const struct work *w, uint32_t steps, uint32_t exclusions,
                              int64_t time)
{
    uint32_t mask = steps | exclusions << FUNNEL_STEPS;
    if (w->rule.order != ORDER_UNORDERED && time >= w->query->to && (mask & 1))
        mask = (mask & ~UINT32_C(1)) | UINT32_C(1) << AFTER_PERIOD_BIT;
    return mask;
}

static void event_show(struct work *w, const struct event_run *run, size_t row, uint32_t marks)
{
    uint32_t steps = marks & ((UINT32_C(1) << w->rule.n_steps) - 1);
    uint32_t exclusions = marks >> w->rule.n_steps;
    int64_t time = run->time[row];
    if (!marks && (!w->strangers || time < w->query->from))
        return;
    struct funnel_why_event event = {.time = time,
                                     .amount = run->amount ? run->amount[row] : 0,
                                     .tenant = run->tenant ? run->tenant[row] : 0,
                                     .zone = run->zone ? run->zone[row] : 0,
                                     .campaign = run->campaign ? run->campaign[row] : 0,
                                     .kind = run->kind,
                                     .channel = run->channel ? run->channel[row] : 0,
                                     .steps = steps,
                                     .exclusions = exclusions};
    vec_push(&w->shown, event);
    vec_push(&w->values, funnel_hold_value(w->query->hold, run, row, w->of_tenant, w->n_tenants));
    vec_push(&w->events, (struct funnel_event){time, followed_mask(w, steps, exclusions, time), 0,
                                               (uint32_t)w->shown.n - 1});
}

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct work *w = context;
    struct event_cursor cursor;
    const struct event_run *run;
    uint32_t person;
    size_t row;
    (void)err;
    marks_take(&w->marks, block, w->matchers, w->n_matchers);
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person))
        while (person == w->person && event_cursor_next(&cursor, &run, &row))
            event_show(w, run, row, w->marks.of[run - block->runs][row]);
    return ST_OK;
}

static enum status gather(struct work *w, struct arena *arena, struct error *err)
{
    const struct funnel_query *query = w->query;
    size_t n;
    const uint16_t *wanted =
        funnel_kinds(w->reader, arena, w->matchers, w->n_matchers, w->strangers, &n);
    if (!n || query->from >= query->to)
        return ST_OK;
    struct event_query scan = {
        .from = query->from < INT64_MIN + query->window ? INT64_MIN : query->from - query->window,
        .to = funnel_scan_end(query),
        .kinds = wanted,
        .n_kinds = n,
        .columns = EVENT_TIME | EVENT_TENANT | EVENT_ZONE | EVENT_CHANNEL | EVENT_AMOUNT |
                   EVENT_CAMPAIGN | funnel_hold_columns(query->hold),
        .people = true,
        .person_first = w->person,
        .person_last = w->person};
    for (size_t i = 0; i < w->n_matchers; i++)
        scan.columns |= w->matchers[i]->columns;
    return event_scan(w->reader, &scan, block_take, w, err);
}

/* ---- The way that counts ---- */

/* The events of the period with this value (0: of any) become the part. */
static void part_make(struct work *w, uint64_t value)
{
    w->part.n = w->places.n = 0;
    for (size_t i = 0; i < w->shown.n; i++) {
        if (w->shown.at[i].time < w->query->from || (value && w->values.at[i] != value))
            continue;
        vec_push(&w->part, w->events.at[i]);
        vec_push(&w->places, (uint32_t)i);
    }
}

/* The value whose way counts: as funnel_ways_follow has it. Where nobody entered, that of the first
 * event with one. */
static uint64_t value_found(struct work *w)
{
    struct funnel_ways ways = {0};
    uint64_t value = 0;
    part_make(w, 0);
    for (size_t i = 0; i < w->part.n; i++) {
        vec_push(&ways.events, w->part.at[i]);
        vec_push(&ways.values, w->values.at[w->places.at[i]]);
    }
    if (ways.events.n)
        funnel_ways_follow(&w->rule, FUNNEL_PEOPLE, &ways);
    if (ways.ways.n)
        value = ways.values.at[ways.ways.at[0].at[0]];
    for (int entry = 1; entry >= 0; entry--)
        for (size_t i = 0; i < ways.events.n && !value; i++)
            if (!entry || (ways.events.at[i].mask & 1))
                value = ways.values.at[i];
    funnel_ways_free(&ways);
    return value;
}

static struct funnel_rule without_exclusions(const struct funnel_rule *rule)
{
    struct funnel_rule plain = *rule;
    plain.n_exclusions = 0;
    return plain;
}

/* A copy of the part in `alone` whose only entry is `entry` (UINT32_MAX: all of them stay). */
static void alone_make(struct work *w, uint32_t entry)
{
    w->alone.n = 0;
    for (uint32_t i = 0; i < w->part.n; i++) {
        struct funnel_event event = w->part.at[i];
        bool first = event.mask & 1;
        event.mask &= FUNNEL_STEP_MASK | UINT32_C(1) << AFTER_PERIOD_BIT;
        if (w->part.at[i].mask && !event.mask)
            event.mask = UINT32_C(1) << AFTER_PERIOD_BIT; /* no stranger */
        if (first && entry != UINT32_MAX && i != entry)
            event.mask = (event.mask & ~UINT32_C(1)) | UINT32_C(1) << AFTER_PERIOD_BIT;
        vec_push(&w->alone, event);
    }
}

/* The way each first step goes by itself; mixpanel knows the first one only. */
static enum status chains_make(struct work *w, const struct funnel_path *way, struct error *err)
{
    struct funnel_rule rule = without_exclusions(&w->rule);
    struct funnel_path path;
    if (rule.order == ORDER_UNORDERED)
        return ST_OK;
    for (uint32_t i = 0; i < w->part.n; i++) {
        if (!(w->part.at[i].mask & 1))
            continue;
        if (reader_cancelled(w->reader))
            return error_set(err, ST_CANCELLED, "the question was cancelled");
        alone_make(w, i);
        funnel_follow(&rule, w->alone.at, w->alone.n, &w->scratch, &path);
        bool counts = way->level && way->at[0] == i;
        if (counts)
            path = *way;
        vec_push(&w->paths, path);
        vec_push(&w->chains,
                 (struct funnel_chain){w->part.at[i].time, w->part.at[i].time + rule.window,
                                       path.level, counts});
        if (rule.dialect == DIALECT_MIXPANEL)
            break;
    }
    return ST_OK;
}

/* ---- Reasons ---- */

static int step_in(const struct funnel_path *path, uint32_t i)
{
    for (int step = 0; step < path->level; step++)
        if (path->at[step] == i)
            return step + 1;
    return 0;
}

/* Steps that the path had made before event i. */
static int made_before(const struct funnel_path *path, uint32_t i)
{
    int made = 0;
    while (made < path->level && path->at[made] < i)
        made++;
    return made;
}

static void reason_set(struct funnel_why_event *event, enum funnel_reason reason, int about)
{
    event->reason = reason;
    event->about = about;
}

/* An event of a step in the window of a chain that it does not serve. */
static void reason_in_chain(const struct work *w, struct funnel_why_event *event, size_t chain,
                            uint32_t i)
{
    const struct funnel_path *path = &w->paths.at[chain];
    int made = made_before(path, i);
    bool strict = w->rule.modes & MODE_STRICT_ORDER;
    if (made == w->rule.n_steps) {
        reason_set(event, WHY_AFTER_WAY, 0);
    } else if (event->steps >> made & 1) {
        bool together = made && w->part.at[path->at[made - 1]].time == event->time;
        bool rises = (w->rule.modes & MODE_STRICT_INCREASE) && together;
        reason_set(event, rises ? WHY_SAME_MOMENT : WHY_USED, made + 1);
    } else if (!(event->steps & ((UINT32_C(1) << made) - 1))) {
        reason_set(event, WHY_TOO_EARLY, made + 1);
        event->ends = strict;
    } else if (event->steps == 1) {
        reason_set(event, WHY_SECOND_ENTRY, 1);
    } else {
        reason_set(event, WHY_ALREADY_MADE, __builtin_ctz(event->steps) + 1);
        event->ends = (w->rule.modes & MODE_STRICT_DEDUPLICATION) && !(event->steps & 1);
    }
}

/* In any order there is one way; what is not of it comes again or too late. */
static void reason_unordered(const struct work *w, struct funnel_why_event *event,
                             const struct funnel_path *way)
{
    int64_t first = way->level ? w->part.at[way->at[0]].time : event->time;
    bool out = event->time > first + w->rule.window || event->time < first;
    reason_set(event, out ? WHY_OUTSIDE_WINDOW : WHY_ALREADY_MADE, __builtin_ctz(event->steps) + 1);
    event->until = first + w->rule.window;
}

static void reason_of_step(const struct work *w, struct funnel_why_event *event, uint32_t i,
                           const struct funnel_path *way)
{
    if (w->rule.order == ORDER_UNORDERED) {
        reason_unordered(w, event, way);
        return;
    }
    size_t latest = w->chains.n;
    for (size_t c = 0; c < w->chains.n; c++)
        if (w->paths.at[c].at[0] < i)
            latest = c;
    if (w->events.at[w->places.at[i]].mask >> AFTER_PERIOD_BIT && !(event->steps & ~UINT32_C(1)))
        reason_set(event, WHY_AFTER_PERIOD, 1);
    else if (latest == w->chains.n)
        reason_set(event, WHY_BEFORE_ENTRY, __builtin_ctz(event->steps) + 1);
    else if (event->time > w->chains.at[latest].ends) {
        reason_set(event, WHY_OUTSIDE_WINDOW, __builtin_ctz(event->steps) + 1);
        event->until = w->chains.at[latest].ends;
    } else {
        reason_in_chain(w, event, latest, i);
    }
}

static void part_reason(struct work *w, uint32_t i, const struct funnel_path *way, bool *ended)
{
    struct funnel_why_event *event = &w->shown.at[w->places.at[i]];
    int step = step_in(way, i), n_chains = (int)w->chains.n;
    bool begun = n_chains && w->paths.at[0].at[0] < i;
    for (int c = 0; c < n_chains; c++) {
        int of = step_in(&w->paths.at[c], i);
        if (of && (!event->chain || w->chains.at[c].counts)) {
            event->chain = c + 1;
            event->chain_step = of;
        }
    }
    if (step) {
        reason_set(event, WHY_COUNTS, step);
    } else if (*ended) {
        reason_set(event, WHY_AFTER_END, 0);
    } else if (way->level == w->rule.n_steps && i > way->at[way->level - 1]) {
        reason_set(event, WHY_AFTER_WAY, 0);
    } else if (event->chain) {
        reason_set(event, WHY_OTHER_CHAIN, event->chain_step);
    } else if (event->steps) {
        reason_of_step(w, event, i, way);
    } else if (event->exclusions) {
        reason_set(event, WHY_EXCLUDES_NOTHING, __builtin_ctz(event->exclusions) + 1);
    } else {
        reason_set(event, begun ? WHY_BETWEEN : WHY_BEFORE_ENTRY, 0);
        event->ends = begun && (w->rule.modes & MODE_STRICT_ORDER);
    }
    *ended |= event->ends;
}

/* Which exclusions' events remove the person: each tried by itself. */
static enum status excluders_find(struct work *w, struct error *err)
{
    struct funnel_path path;
    for (uint32_t i = 0; i < w->part.n; i++) {
        struct funnel_why_event *event = &w->shown.at[w->places.at[i]];
        if (!event->exclusions)
            continue;
        if (reader_cancelled(w->reader))
            return error_set(err, ST_CANCELLED, "the question was cancelled");
        alone_make(w, UINT32_MAX);
        for (size_t e = 0; e < w->rule.n_exclusions; e++) {
            if (!(event->exclusions >> e & 1))
                continue;
            w->alone.at[i].mask |= UINT32_C(1) << (FUNNEL_STEPS + e);
            funnel_follow(&w->rule, w->alone.at, w->alone.n, &w->scratch, &path);
            if (path.excluded) {
                reason_set(event, WHY_EXCLUDES, (int)e + 1);
                break;
            }
        }
    }
    return ST_OK;
}

static void others_reason(struct work *w, uint64_t value)
{
    for (size_t i = 0; i < w->shown.n; i++) {
        struct funnel_why_event *event = &w->shown.at[i];
        if (event->time < w->query->from)
            reason_set(event, WHY_BEFORE_PERIOD, 0);
        else if (value && !w->values.at[i])
            reason_set(event, WHY_NO_VALUE, 0);
        else if (value && w->values.at[i] != value)
            reason_set(event, WHY_OTHER_VALUE, 0);
    }
}

/* ---- All of it ---- */

static void missing_set(const struct work *w, const struct funnel_path *way, struct funnel_why *why)
{
    why->level = way->level;
    why->n_steps = (size_t)w->rule.n_steps;
    if (way->level == w->rule.n_steps)
        return;
    why->missing = way->level + 1;
    why->until = way->level ? w->part.at[way->at[0]].time + w->rule.window : w->query->to - 1;
}

static enum status explain(struct work *w, struct arena *arena, struct funnel_why *why,
                           struct error *err)
{
    struct funnel_rule plain = without_exclusions(&w->rule);
    struct funnel_path way, real;
    bool ended = false;
    why->held = w->query->hold ? value_found(w) : 0;
    part_make(w, why->held);
    if (w->query->hold && !why->held) /* nothing has the property */
        w->part.n = 0;
    funnel_follow(&w->rule, w->part.at, w->part.n, &w->scratch, &real);
    alone_make(w, UINT32_MAX);
    funnel_follow(&plain, w->alone.at, w->alone.n, &w->scratch, &way);
    why->excluded = real.excluded;
    if (!real.excluded)
        way = real;
    others_reason(w, why->held ? why->held : w->query->hold ? UINT64_MAX : 0);
    missing_set(w, &way, why);
    enum status status = chains_make(w, &way, err);
    for (uint32_t i = 0; status == ST_OK && i < w->part.n; i++)
        part_reason(w, i, &way, &ended);
    if (status == ST_OK && real.excluded)
        status = excluders_find(w, err);
    struct funnel_why_event *events = arena_array(arena, struct funnel_why_event, w->shown.n + 1);
    struct funnel_chain *chains = arena_array(arena, struct funnel_chain, w->chains.n + 1);
    if (w->shown.n)
        memcpy(events, w->shown.at, w->shown.n * sizeof *events);
    if (w->chains.n)
        memcpy(chains, w->chains.at, w->chains.n * sizeof *chains);
    why->events = events;
    why->n = w->shown.n;
    why->chains = chains;
    why->n_chains = w->chains.n;
    return status;
}

static enum status matchers_make(struct work *w, struct arena *arena, struct error *err)
{
    const struct funnel_query *query = w->query;
    enum status status = ST_OK;
    w->n_matchers = query->n_steps + query->n_exclusions;
    for (size_t i = 0; i < w->n_matchers && status == ST_OK; i++)
        status = matcher_new(w->reader, arena,
                             i < query->n_steps ? query->steps[i]
                                                : query->exclusions[i - query->n_steps].expr,
                             &w->matchers[i], err);
    return status;
}

static void work_free(struct work *w)
{
    vec_free(&w->marks.all);
    vec_free(&w->shown);
    vec_free(&w->events);
    vec_free(&w->values);
    vec_free(&w->part);
    vec_free(&w->alone);
    vec_free(&w->places);
    vec_free(&w->chains);
    vec_free(&w->paths);
    vec_free(&w->scratch.next);
}

enum status funnel_why_run(struct reader *reader, struct arena *arena,
                           const struct funnel_query *query, uint32_t person,
                           struct funnel_why *why, struct error *err)
{
    struct work w = {.reader = reader, .query = query, .person = person};
    *why = (struct funnel_why){.person = person,
                               .within = !query->within || set_has(query->within, person)};
    enum status status = funnel_query_check(query, err);
    if (status == ST_OK)
        status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    funnel_rule_of(query, &w.rule, &w.strangers);
    w.n_tenants = (size_t)dict_size(reader, DICT_TENANT) + 1;
    status = matchers_make(&w, arena, err);
    if (status == ST_OK && query->hold == FUNNEL_HOLD_CATEGORY)
        status = funnel_categories(reader, arena, w.n_tenants, &w.of_tenant, err);
    if (status == ST_OK)
        status = gather(&w, arena, err);
    if (status == ST_OK)
        status = explain(&w, arena, why, err);
    work_free(&w);
    reader_end(reader);
    return status;
}
