#include "model/loop/funnel.h"

#include "model/base/intl.h"
#include "model/loop/funnel_walk.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const funnel_dialects[DIALECT_COUNT] = {"clickhouse", "posthog", "mixpanel"};
const char *const funnel_orders[ORDER_COUNT] = {"ordered", "strict", "unordered"};
const struct funnel_mode_name funnel_modes[] = {
    {"strict_order", MODE_STRICT_ORDER},
    {"strict_deduplication", MODE_STRICT_DEDUPLICATION},
    {"strict_increase", MODE_STRICT_INCREASE},
    {"strict_once", MODE_STRICT_ONCE},
};
const size_t n_funnel_modes = sizeof funnel_modes / sizeof *funnel_modes;

const struct saved_funnel saved_funnels[] = {
    {"wheel",
     N_("The wheel"),
     4,
     {{"register", N_("card")},
      {"purchase", N_("purchase")},
      {"points_earn", N_("points")},
      {"purchase", N_("purchase again")}},
     30 * 86400},
    {"loop",
     N_("The loop"),
     4,
     {{"kind in (sighting, door, visit)", N_("perceive")},
      {"register", N_("convert")},
      {"kind in (purchase, points_burn, coupon_redeem, app_open)", N_("activate")},
      {"kind in (group_post, group_event, referral, review)", N_("community")}},
     30 * 86400},
};
const size_t n_saved_funnels = sizeof saved_funnels / sizeof *saved_funnels;

enum { LANES = 16 };

/* ---- Checking what is asked ---- */

static enum status exclusion_check(const struct funnel_query *query, size_t i, struct error *err)
{
    const struct funnel_exclusion *x = &query->exclusions[i];
    int last = (int)query->n_steps - 1;
    if (query->dialect == DIALECT_CLICKHOUSE)
        return error_set(err, ST_USAGE,
                         "the clickhouse dialect has no exclusions; posthog and "
                         "mixpanel have");
    if (x->from < 0 || x->from >= x->to || x->to > last)
        return error_set(err, ST_USAGE,
                         "exclusion %zu: found steps %d to %d, expected two of 0 to %d, the first "
                         "one lower",
                         i + 1, x->from, x->to, last);
    if (query->order == ORDER_UNORDERED && (x->from != 0 || x->to != last))
        return error_set(err, ST_USAGE,
                         "exclusion %zu: steps in any order have no between; expected 0 to %d",
                         i + 1, last);
    return ST_OK;
}

enum status funnel_query_check(const struct funnel_query *query, struct error *err)
{
    if (query->n_steps < 1 || query->n_steps > FUNNEL_STEPS)
        return error_set(err, ST_USAGE, "a funnel has 1 to %d steps, this one has %zu",
                         FUNNEL_STEPS, query->n_steps);
    if (query->n_exclusions > FUNNEL_EXCLUSIONS)
        return error_set(err, ST_USAGE, "a funnel has at most %d exclusions", FUNNEL_EXCLUSIONS);
    if (query->window < 0 || query->window > UINT32_MAX)
        return error_set(err, ST_USAGE, "a window has 0 to %u seconds", UINT32_MAX);
    if (query->modes && query->dialect != DIALECT_CLICKHOUSE)
        return error_set(err, ST_USAGE, "modes belong to the clickhouse dialect");
    if (query->order != ORDER_ORDERED && query->dialect != DIALECT_POSTHOG)
        return error_set(err, ST_USAGE, "the order '%s' belongs to the posthog dialect",
                         funnel_orders[query->order]);
    for (size_t i = 0; i < query->n_exclusions; i++)
        if (exclusion_check(query, i, err) != ST_OK)
            return ST_USAGE;
    return ST_OK;
}

/* ---- All of it ---- */

static enum status matchers_make(struct reader *reader, struct arena *arena, struct funnel_job *job,
                                 struct funnel *funnel, struct error *err)
{
    const struct funnel_query *query = job->query;
    VEC(const char *) notes = {0};
    enum status status = ST_OK;
    for (size_t i = 0; i < query->n_steps + query->n_exclusions && status == ST_OK; i++) {
        bool step = i < query->n_steps;
        size_t e = i - query->n_steps;
        const struct matcher **matcher = step ? &job->steps[i] : &job->exclusions[e];
        status = matcher_new(reader, arena, step ? query->steps[i] : query->exclusions[e].expr,
                             matcher, err);
        if (status != ST_OK)
            error_wrap(err, step ? "step %zu" : "exclusion %zu", step ? i + 1 : e + 1);
        for (size_t k = 0; status == ST_OK && k < (*matcher)->n_notes; k++)
            vec_push(&notes, (*matcher)->notes[k]);
    }
    const char **kept = arena_array(arena, const char *, notes.n + 1);
    for (size_t i = 0; i < notes.n; i++)
        kept[i] = notes.at[i];
    funnel->notes = kept;
    funnel->n_notes = notes.n;
    vec_free(&notes);
    return status;
}

void funnel_rule_of(const struct funnel_query *query, struct funnel_rule *rule, bool *strangers)
{
    *rule = (struct funnel_rule){.dialect = query->dialect,
                                 .modes = query->modes,
                                 .order = query->order,
                                 .n_steps = (int)query->n_steps,
                                 .window = query->window,
                                 .n_exclusions = query->n_exclusions};
    for (size_t i = 0; i < query->n_exclusions; i++) {
        rule->exclusions[i].from = query->exclusions[i].from;
        rule->exclusions[i].to = query->exclusions[i].to;
    }
    *strangers = (query->modes & MODE_STRICT_ORDER) || query->order == ORDER_STRICT;
}

/* Where events of no step matter these are all, but lines are parts of their receipt and never
 * come between. */
const uint16_t *funnel_kinds(struct reader *reader, struct arena *arena,
                             const struct matcher *const *matchers, size_t n_matchers,
                             bool strangers, size_t *n)
{
    const uint16_t *named = matchers_kinds(arena, matchers, n_matchers, n);
    if (!strangers)
        return named;
    bool lines = false;
    for (size_t i = 0; i < *n; i++)
        lines |= named[i] == KIND_LINE;
    uint32_t size = dict_size(reader, DICT_KIND);
    uint16_t *wanted = arena_array(arena, uint16_t, (size_t)size + 1);
    *n = 0;
    for (uint32_t kind = 1; kind <= size; kind++)
        if (kind != KIND_LINE || lines)
            wanted[(*n)++] = (uint16_t)kind;
    return wanted;
}

enum status funnel_people_number(struct reader *reader, uint32_t *n, struct error *err)
{
    int64_t counter = 0, tail = 0;
    enum status status =
        reader_integer(reader, "select value from counter where name = 'person'", 0, &counter, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select max(person) from tail", 0, &tail, err);
    *n = (uint32_t)(counter > tail ? counter : tail) + 1;
    return status;
}

int64_t funnel_scan_end(const struct funnel_query *query)
{
    if (query->order == ORDER_UNORDERED)
        return query->to;
    return query->to > INT64_MAX - query->window - 1 ? INT64_MAX : query->to + query->window;
}

static enum status job_scan(struct reader *reader, struct arena *arena,
                            const struct funnel_job *job, struct funnel_lane *lanes, int n_lanes,
                            struct error *err)
{
    const struct funnel_query *query = job->query;
    void *contexts[LANES];
    struct event_lead lead;
    const struct matcher *all[FUNNEL_STEPS + FUNNEL_EXCLUSIONS];
    size_t n_kinds_wanted, n_all = 0;
    for (size_t i = 0; i < query->n_steps; i++)
        all[n_all++] = job->steps[i];
    for (size_t i = 0; i < query->n_exclusions; i++)
        all[n_all++] = job->exclusions[i];
    const uint16_t *wanted =
        funnel_kinds(reader, arena, all, n_all, job->strangers, &n_kinds_wanted);
    if (!n_kinds_wanted || query->from >= query->to)
        return ST_OK;
    struct event_query scan = {.from = query->from,
                               .to = funnel_scan_end(query),
                               .kinds = wanted,
                               .n_kinds = n_kinds_wanted,
                               .columns = EVENT_TIME,
                               .people = true};
    for (size_t i = 0; i < query->n_steps; i++)
        scan.columns |= job->steps[i]->columns;
    for (size_t i = 0; i < query->n_exclusions; i++)
        scan.columns |= job->exclusions[i]->columns;
    if (funnel_walk_lead(arena, job, &scan, &lead))
        scan.lead = &lead;
    else
        scan.columns |= job->split.columns;
    for (int i = 0; i < n_lanes; i++)
        contexts[i] = &lanes[i];
    return event_scan_parallel(reader, &scan, funnel_walk_block, contexts, n_lanes, err);
}

/* Of the groups [from, to) together. */
static struct funnel_step *steps_sum(struct arena *arena, const struct funnel_job *job,
                                     struct funnel_lane *lanes, int n_lanes, size_t from, size_t to)
{
    size_t n = (size_t)job->rule.n_steps;
    struct funnel_step *steps = arena_array(arena, struct funnel_step, n);
    VEC(struct funnel_tally *) tallies = {0};
    for (size_t step = 0; step < n; step++) {
        tallies.n = 0;
        for (size_t group = from; group < to; group++)
            for (int i = 0; i < n_lanes; i++)
                vec_push(&tallies, &lanes[i].tallies[group * n + step]);
        steps[step] = funnel_step_of(tallies.at, tallies.n);
    }
    vec_free(&tallies);
    return steps;
}

static void funnel_sum(struct arena *arena, const struct funnel_job *job, struct funnel_lane *lanes,
                       int n_lanes, struct funnel *funnel)
{
    const struct funnel_split *split = &job->split;
    for (int i = 0; i < n_lanes; i++) {
        funnel->subjects += lanes[i].subjects;
        funnel->excluded += lanes[i].excluded;
    }
    funnel->n_steps = (size_t)job->rule.n_steps;
    funnel->steps = steps_sum(arena, job, lanes, n_lanes, 0, split->n);
    funnel->levels = job->levels;
    funnel->n_people = job->n_people;
    if (split->by == FUNNEL_BY_NONE)
        return;
    struct funnel_group *groups = arena_array(arena, struct funnel_group, split->n);
    for (size_t g = 0; g < split->n; g++) {
        const struct funnel_step *steps = steps_sum(arena, job, lanes, n_lanes, g, g + 1);
        int64_t key = (int64_t)g + (split->by == FUNNEL_BY_MONTH ? split->first_month : 0);
        if (steps[0].count)
            groups[funnel->n_groups++] = (struct funnel_group){key, split->names[g], steps};
    }
    funnel->groups = groups;
}

static int lanes_make(struct funnel_lane *lanes, const struct funnel_job *job)
{
    long threads = job->query->threads ? job->query->threads : sysconf(_SC_NPROCESSORS_ONLN);
    int n = threads < 1 ? 1 : threads > LANES ? LANES : (int)threads;
    for (int i = 0; i < n; i++) {
        lanes[i] = (struct funnel_lane){.job = job};
        lanes[i].tallies =
            mem_zero(job->split.n * (size_t)job->rule.n_steps, sizeof *lanes[i].tallies);
    }
    return n;
}

static void lanes_free(struct funnel_lane *lanes, int n, const struct funnel_job *job)
{
    for (int i = 0; i < n; i++) {
        for (size_t t = 0; t < job->split.n * (size_t)job->rule.n_steps; t++)
            vec_free(&lanes[i].tallies[t].times);
        free(lanes[i].tallies);
        vec_free(&lanes[i].masks);
        vec_free(&lanes[i].events);
        vec_free(&lanes[i].scratch.next);
    }
}

static enum status funnel_ask(struct reader *reader, struct arena *arena, struct funnel_job *job,
                              struct funnel *funnel, struct error *err)
{
    struct funnel_lane lanes[LANES];
    enum status status = matchers_make(reader, arena, job, funnel, err);
    if (status == ST_OK)
        status = funnel_people_number(reader, &job->n_people, err);
    if (status == ST_OK)
        status = funnel_split_make(reader, arena, job->query, job->n_people, &job->split, err);
    if (status != ST_OK)
        return status;
    funnel_rule_of(job->query, &job->rule, &job->strangers);
    job->longer = job->query->order != ORDER_UNORDERED;
    funnel_walk_prepare(job);
    job->levels = arena_alloc(arena, job->n_people);
    memset(job->levels, FUNNEL_NOBODY, job->n_people);
    int n_lanes = lanes_make(lanes, job);
    status = job_scan(reader, arena, job, lanes, n_lanes, err);
    if (status == ST_OK)
        funnel_sum(arena, job, lanes, n_lanes, funnel);
    lanes_free(lanes, n_lanes, job);
    return status;
}

enum status funnel_run(struct reader *reader, struct arena *arena, const struct funnel_query *query,
                       struct funnel *funnel, struct error *err)
{
    struct funnel_job job = {.query = query};
    *funnel = (struct funnel){0};
    enum status status = funnel_query_check(query, err);
    if (status == ST_OK)
        status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = funnel_is_wide(query) ? funnel_wide_run(reader, arena, query, funnel, err)
                                   : funnel_ask(reader, arena, &job, funnel, err);
    reader_end(reader);
    return status;
}

const uint32_t *funnel_people(struct arena *arena, const struct funnel *funnel, int least, int most,
                              size_t *n)
{
    size_t count = 0;
    for (uint32_t p = 0; p < funnel->n_people; p++)
        count += funnel->levels[p] >= least && funnel->levels[p] <= most;
    uint32_t *people = arena_array(arena, uint32_t, count + 1);
    *n = 0;
    for (uint32_t p = 0; p < funnel->n_people; p++)
        if (funnel->levels[p] >= least && funnel->levels[p] <= most)
            people[(*n)++] = p;
    return people;
}
