/*
 * The wide question: people within a set, a property held, turns and their money, distributions of
 * time, groups that overlap. All events of a person are gathered and followed; what asks for none
 * of these is answered quicker in funnel.c, with the same answer.
 */
#include "model/loop/funnel_parts.h"
#include "model/loop/funnel_ways.h"
#include "model/question/marks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LANES = 16, MATCHERS = FUNNEL_STEPS + FUNNEL_EXCLUSIONS };

/* Ways that came to a step. */
struct tally {
    int64_t count, amount, sum;
    VEC(uint32_t) times; /* since the step before; of step 0 the whole way */
};

struct wide {
    const struct funnel_query *query;
    struct funnel_rule rule;
    const struct matcher *matchers[MATCHERS]; /* steps, then exclusions */
    size_t n_matchers, n_steps;
    struct funnel_split split;
    const uint32_t *of_tenant; /* categories, where they are held */
    size_t n_tenants;
    bool strangers;
    uint8_t *levels;
    uint32_t n_people;
};

struct lane {
    const struct wide *wide;
    int64_t subjects, excluded;
    struct tally *tallies; /* by step; then by group and step */
    struct marks marks;
    struct funnel_ways ways;
};

bool funnel_is_wide(const struct funnel_query *query)
{
    return query->within || query->hold || query->measure || query->times ||
           query->by == FUNNEL_BY_LABEL || query->by == FUNNEL_BY_SEGMENT;
}

/* ---- One person ---- */

/* Matchers are marked side by side; exclusions have places of their own in a mask. */
static uint32_t mask_of(const struct wide *wide, uint32_t marks, int64_t time)
{
    uint32_t steps = marks & ((UINT32_C(1) << wide->n_steps) - 1);
    uint32_t mask = steps | (marks >> wide->n_steps) << FUNNEL_STEPS;
    /* An entry lies in the period; a first step after it is no stranger either. */
    if (wide->rule.order != ORDER_UNORDERED && time >= wide->query->to && (mask & 1))
        mask = (mask & ~UINT32_C(1)) | UINT32_C(1) << 31;
    return mask;
}

/* Gathers the events that matter; false where none of a step lies in the period. */
static bool person_gather(struct lane *lane, const struct event_block *block,
                          struct event_cursor *cursor)
{
    const struct wide *wide = lane->wide;
    struct funnel_ways *ways = &lane->ways;
    const struct event_run *run;
    bool subject = false;
    size_t row;
    funnel_ways_begin(ways);
    while (event_cursor_next(cursor, &run, &row)) {
        uint32_t r = (uint32_t)(run - block->runs);
        uint32_t mask = mask_of(wide, lane->marks.of[r][row], run->time[row]);
        subject |= (mask & FUNNEL_STEP_MASK) && run->time[row] < wide->query->to;
        if (!mask && !wide->strangers)
            continue;
        vec_push(&ways->events, (struct funnel_event){run->time[row], mask, r, (uint32_t)row});
        if (wide->query->hold)
            vec_push(&ways->values, funnel_hold_value(wide->query->hold, run, row, wide->of_tenant,
                                                      wide->n_tenants));
    }
    return subject;
}

/* Money of an event, refunds negative; what is not money has none. */
static int64_t money_of(const struct event_run *run, size_t row)
{
    if (!run->amount || kind_unit(run->kind) != UNIT_MONEY)
        return 0;
    return run->kind == KIND_REFUND ? -run->amount[row] : run->amount[row];
}

static void way_tally(const struct lane *lane, const struct event_block *block,
                      const struct funnel_path *way, struct tally *tallies)
{
    const struct funnel_event *events = lane->ways.events.at;
    bool money = lane->wide->query->measure == FUNNEL_AMOUNT;
    for (int step = 0; step < way->level; step++) {
        const struct funnel_event *event = &events[way->at[step]];
        tallies[step].count++;
        if (money)
            tallies[step].amount += money_of(&block->runs[event->run], event->row);
        if (step == 0)
            continue;
        int64_t seconds = event->time - events[way->at[step - 1]].time;
        tallies[step].sum += seconds;
        vec_push(&tallies[step].times, (uint32_t)seconds);
    }
    if (way->level == lane->wide->rule.n_steps)
        vec_push(&tallies[0].times,
                 (uint32_t)(events[way->at[way->level - 1]].time - events[way->at[0]].time));
}

static void way_take(const struct lane *lane, const struct event_block *block, uint32_t person,
                     const struct funnel_path *way)
{
    const struct wide *wide = lane->wide;
    const struct funnel_split *split = &wide->split;
    way_tally(lane, block, way, lane->tallies);
    if (split->by == FUNNEL_BY_NONE)
        return;
    if (split->sets) {
        for (size_t g = 0; g < split->n; g++)
            if (funnel_split_has(split, person, g))
                way_tally(lane, block, way, lane->tallies + (g + 1) * wide->n_steps);
        return;
    }
    const struct funnel_event *entry = &lane->ways.events.at[way->at[0]];
    size_t g = funnel_split_of(split, &block->runs[entry->run], entry->row);
    way_tally(lane, block, way, lane->tallies + (g + 1) * wide->n_steps);
}

static void person_take(struct lane *lane, const struct event_block *block, uint32_t person)
{
    const struct wide *wide = lane->wide;
    struct funnel_ways *ways = &lane->ways;
    lane->subjects++;
    funnel_ways_follow(&wide->rule, wide->query->measure, ways);
    lane->excluded += ways->excluded;
    if (person < wide->n_people)
        wide->levels[person] = (uint8_t)ways->level;
    for (size_t i = 0; i < ways->ways.n; i++)
        way_take(lane, block, person, &ways->ways.at[i]);
}

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    const struct set *within = lane->wide->query->within;
    struct event_cursor cursor;
    uint32_t person;
    (void)err;
    marks_take(&lane->marks, block, lane->wide->matchers, lane->wide->n_matchers);
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person))
        if ((!within || set_has(within, person)) && person_gather(lane, block, &cursor))
            person_take(lane, block, person);
    return ST_OK;
}

/* ---- All of it ---- */

static enum status matchers_make(struct reader *reader, struct arena *arena, struct wide *wide,
                                 struct error *err)
{
    const struct funnel_query *query = wide->query;
    wide->n_steps = query->n_steps;
    wide->n_matchers = query->n_steps + query->n_exclusions;
    for (size_t i = 0; i < wide->n_matchers; i++) {
        bool step = i < query->n_steps;
        size_t e = i - query->n_steps;
        enum status status =
            matcher_new(reader, arena, step ? query->steps[i] : query->exclusions[e].expr,
                        &wide->matchers[i], err);
        if (status != ST_OK)
            return error_wrap(err, step ? "step %zu" : "exclusion %zu", step ? i + 1 : e + 1);
    }
    return ST_OK;
}

static enum status wide_scan(struct reader *reader, struct arena *arena, const struct wide *wide,
                             struct lane *lanes, int n_lanes, struct error *err)
{
    const struct funnel_query *query = wide->query;
    void *contexts[LANES];
    size_t n;
    const uint16_t *wanted =
        funnel_kinds(reader, arena, wide->matchers, wide->n_matchers, wide->strangers, &n);
    if (!n || query->from >= query->to)
        return ST_OK;
    struct event_query scan = {.from = query->from,
                               .to = funnel_scan_end(query),
                               .kinds = wanted,
                               .n_kinds = n,
                               .columns = EVENT_TIME | wide->split.columns |
                                          funnel_hold_columns(query->hold),
                               .people = true};
    if (query->measure == FUNNEL_AMOUNT)
        scan.columns |= EVENT_AMOUNT;
    for (size_t i = 0; i < wide->n_matchers; i++)
        scan.columns |= wide->matchers[i]->columns;
    for (int i = 0; i < n_lanes; i++)
        contexts[i] = &lanes[i];
    return event_scan_parallel(reader, &scan, block_take, contexts, n_lanes, err);
}

/* One step's seconds of all lanes. */
static struct funnel_times times_sum(const struct lane *lanes, int n_lanes, size_t at)
{
    size_t n = 0;
    for (int i = 0; i < n_lanes; i++)
        n += lanes[i].tallies[at].times.n;
    uint32_t *all = mem_zero(n + 1, sizeof *all);
    n = 0;
    for (int i = 0; i < n_lanes; i++) {
        const struct tally *tally = &lanes[i].tallies[at];
        if (tally->times.n)
            memcpy(all + n, tally->times.at, tally->times.n * sizeof *all);
        n += tally->times.n;
    }
    struct funnel_times times = funnel_times_of(all, n);
    free(all);
    return times;
}

static struct funnel_step *steps_sum(struct arena *arena, const struct wide *wide,
                                     const struct lane *lanes, int n_lanes, size_t group,
                                     struct funnel_times *times)
{
    struct funnel_step *steps = arena_array(arena, struct funnel_step, wide->n_steps);
    for (size_t step = 0; step < wide->n_steps; step++) {
        size_t at = group * wide->n_steps + step;
        int64_t sum = 0;
        for (int i = 0; i < n_lanes; i++) {
            steps[step].count += lanes[i].tallies[at].count;
            steps[step].amount += lanes[i].tallies[at].amount;
            sum += lanes[i].tallies[at].sum;
        }
        struct funnel_times found = times_sum(lanes, n_lanes, at);
        if (times)
            times[step] = found;
        if (step == 0 || !found.n)
            continue;
        steps[step].timed = true;
        steps[step].mean_s = (double)sum / (double)found.n;
        steps[step].median_s = found.quartiles[2];
    }
    return steps;
}

static void wide_sum(struct arena *arena, const struct wide *wide, const struct lane *lanes,
                     int n_lanes, struct funnel *funnel)
{
    const struct funnel_split *split = &wide->split;
    struct funnel_times *times = arena_array(arena, struct funnel_times, wide->n_steps);
    for (int i = 0; i < n_lanes; i++) {
        funnel->subjects += lanes[i].subjects;
        funnel->excluded += lanes[i].excluded;
    }
    funnel->n_steps = wide->n_steps;
    funnel->steps = steps_sum(arena, wide, lanes, n_lanes, 0, times);
    funnel->times = wide->query->times ? times : NULL;
    funnel->levels = wide->levels;
    funnel->n_people = wide->n_people;
    if (split->by == FUNNEL_BY_NONE)
        return;
    struct funnel_group *groups = arena_array(arena, struct funnel_group, split->n);
    for (size_t g = 0; g < split->n; g++) {
        const struct funnel_step *steps = steps_sum(arena, wide, lanes, n_lanes, g + 1, NULL);
        int64_t key = (int64_t)g + (split->by == FUNNEL_BY_MONTH ? split->first_month : 0);
        if (steps[0].count)
            groups[funnel->n_groups++] = (struct funnel_group){key, split->names[g], steps};
    }
    funnel->groups = groups;
}

static size_t tallies_number(const struct wide *wide)
{
    return ((wide->split.by == FUNNEL_BY_NONE ? 0 : wide->split.n) + 1) * wide->n_steps;
}

static int lanes_make(struct lane *lanes, const struct wide *wide)
{
    long threads = wide->query->threads ? wide->query->threads : sysconf(_SC_NPROCESSORS_ONLN);
    int n = threads < 1 ? 1 : threads > LANES ? LANES : (int)threads;
    for (int i = 0; i < n; i++) {
        lanes[i] = (struct lane){.wide = wide};
        lanes[i].tallies = mem_zero(tallies_number(wide), sizeof *lanes[i].tallies);
    }
    return n;
}

static void lanes_free(struct lane *lanes, int n, const struct wide *wide)
{
    for (int i = 0; i < n; i++) {
        for (size_t t = 0; t < tallies_number(wide); t++)
            vec_free(&lanes[i].tallies[t].times);
        free(lanes[i].tallies);
        vec_free(&lanes[i].marks.all);
        funnel_ways_free(&lanes[i].ways);
    }
}

enum status funnel_wide_run(struct reader *reader, struct arena *arena,
                            const struct funnel_query *query, struct funnel *funnel,
                            struct error *err)
{
    struct wide wide = {.query = query};
    struct lane lanes[LANES];
    bool by_sets = query->by == FUNNEL_BY_LABEL || query->by == FUNNEL_BY_SEGMENT;
    if (by_sets && !query->sets)
        return error_set(err, ST_REFUSED, "by %s: this mall has none yet",
                         funnel_by_names[query->by]);
    enum status status = matchers_make(reader, arena, &wide, err);
    if (status == ST_OK)
        status = funnel_people_number(reader, &wide.n_people, err);
    if (status == ST_OK)
        status = funnel_split_make(reader, arena, query, wide.n_people, &wide.split, err);
    wide.n_tenants = (size_t)dict_size(reader, DICT_TENANT) + 1;
    if (status == ST_OK && query->hold == FUNNEL_HOLD_CATEGORY)
        status = funnel_categories(reader, arena, wide.n_tenants, &wide.of_tenant, err);
    if (status != ST_OK)
        return status;
    funnel->notes = matchers_notes(arena, wide.matchers, wide.n_matchers, &funnel->n_notes);
    funnel_rule_of(query, &wide.rule, &wide.strangers);
    wide.levels = arena_alloc(arena, wide.n_people);
    memset(wide.levels, FUNNEL_NOBODY, wide.n_people);
    int n_lanes = lanes_make(lanes, &wide);
    status = wide_scan(reader, arena, &wide, lanes, n_lanes, err);
    if (status == ST_OK)
        wide_sum(arena, &wide, lanes, n_lanes, funnel);
    lanes_free(lanes, n_lanes, &wide);
    return status;
}
