#include "model/loop/funnel.h"

#include "model/base/intl.h"
#include "model/loop/funnel_parts.h"

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

struct job {
    const struct funnel_query *query;
    struct funnel_rule rule;
    const struct matcher *steps[FUNNEL_STEPS], *exclusions[FUNNEL_EXCLUSIONS];
    struct funnel_split split;
    bool strangers; /* events of no step matter */
    bool longer;    /* the scan goes past the period's end */
    bool entered;   /* only events from an entry to the end of its window matter */
    int64_t end;    /* entries lie before it */
    uint8_t *levels;
    uint32_t n_people;
};

/* What the rows of a run match: one mask for all where that is known from the kind. */
struct run_marks {
    const uint32_t *by_row; /* NULL: `all` */
    uint32_t all;
};

struct lane {
    const struct job *job;
    struct run_marks marks[EVENT_RUNS];
    uint64_t passed[EVENT_BLOCK / 64]; /* who is not counted yet: see struct event_block */
    int64_t subjects, excluded;
    struct funnel_tally *tallies; /* by step; then by group and step, where there are groups */
    VEC(uint32_t) masks;
    VEC(struct funnel_event) events;
    struct funnel_scratch scratch;
};

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
    if (!query->sets && (query->by == FUNNEL_BY_LABEL || query->by == FUNNEL_BY_SEGMENT))
        return error_set(err, ST_USAGE, "by %s: there is none yet", funnel_by_names[query->by]);
    for (size_t i = 0; i < query->n_exclusions; i++)
        if (exclusion_check(query, i, err) != ST_OK)
            return ST_USAGE;
    return ST_OK;
}

/* ---- One person ---- */

/* The person's rows of one run. */
struct slice {
    uint32_t run, from, to;
};

/* What the person's rows say together. */
struct glance {
    bool subject;     /* a step lies in the period */
    int64_t from, to; /* of the entries: time of the first and the last */
};

static void glance_row(struct glance *glance, uint32_t mask, int64_t time, int64_t end)
{
    if (!(mask & FUNNEL_STEP_MASK) || time >= end)
        return;
    glance->subject = true;
    if (mask & 1) {
        glance->from = time < glance->from ? time : glance->from;
        glance->to = time > glance->to ? time : glance->to;
    }
}

static struct glance slices_glance(const struct lane *lane, const struct event_block *block,
                                   const struct slice *slices, size_t n)
{
    struct glance glance = {.from = INT64_MAX, .to = INT64_MIN};
    for (size_t s = 0; s < n; s++) {
        const struct run_marks *marks = &lane->marks[slices[s].run];
        const int64_t *time = block->runs[slices[s].run].time;
        if (!marks->by_row && !(marks->all & 1))
            glance_row(&glance, marks->all, time[slices[s].from], lane->job->end);
        else
            for (uint32_t i = slices[s].from; i < slices[s].to; i++)
                glance_row(&glance, marks->by_row ? marks->by_row[i] : marks->all, time[i],
                           lane->job->end);
    }
    return glance;
}

/* The rows of a slice from the first entry to the end of the last window. */
static void slice_trim(const struct event_block *block, struct slice *slice,
                       const struct glance *glance)
{
    const int64_t *time = block->runs[slice->run].time;
    while (slice->from < slice->to && time[slice->from] < glance->from)
        slice->from++;
    while (slice->from < slice->to && time[slice->to - 1] > glance->to)
        slice->to--;
}

/* A first step after the period is no entry, and no stranger either. */
static void event_push(struct lane *lane, uint32_t run, uint32_t row, int64_t time)
{
    const struct run_marks *marks = &lane->marks[run];
    uint32_t mask = marks->by_row ? marks->by_row[row] : marks->all;
    if ((mask & 1) && time >= lane->job->end)
        mask = (mask & ~UINT32_C(1)) | UINT32_C(1) << 31;
    if (mask || lane->job->strangers)
        lane->events.at[lane->events.n++] = (struct funnel_event){time, mask, run, row};
}

/* The person's events by time; of one moment in order of runs. */
static void slices_merge(struct lane *lane, const struct event_block *block, struct slice *slices,
                         size_t n, const struct glance *glance)
{
    size_t rows = 0, left = 0;
    for (size_t s = 0; s < n; s++) {
        slice_trim(block, &slices[s], glance);
        rows += slices[s].to - slices[s].from;
        if (slices[s].from < slices[s].to)
            slices[left++] = slices[s];
    }
    lane->events.n = 0;
    vec_reserve(&lane->events, rows);
    for (; rows > 0; rows--) {
        struct slice *first = NULL;
        int64_t time = 0;
        for (size_t s = 0; s < left; s++) {
            if (slices[s].from == slices[s].to)
                continue;
            int64_t here = block->runs[slices[s].run].time[slices[s].from];
            if (!first || here < time) {
                first = &slices[s];
                time = here;
            }
        }
        event_push(lane, first->run, first->from++, time);
    }
}

static void tally_add(struct funnel_tally *tallies, const struct funnel_event *events,
                      const struct funnel_path *path)
{
    for (int step = 0; step < path->level; step++) {
        tallies[step].count++;
        if (step == 0)
            continue;
        int64_t seconds = events[path->at[step]].time - events[path->at[step - 1]].time;
        tallies[step].sum += seconds;
        vec_push(&tallies[step].times, (uint32_t)seconds);
    }
}

static void person_follow(struct lane *lane, const struct event_block *block, uint32_t person)
{
    const struct job *job = lane->job;
    struct funnel_path path;
    funnel_follow(&job->rule, lane->events.at, lane->events.n, &lane->scratch, &path);
    lane->excluded += path.excluded;
    if (person < job->n_people)
        job->levels[person] = (uint8_t)path.level;
    if (!path.level)
        return;
    tally_add(lane->tallies, lane->events.at, &path);
    if (job->split.by == FUNNEL_BY_NONE)
        return;
    const struct funnel_event *entry = &lane->events.at[path.at[0]];
    size_t group = funnel_split_of(&job->split, &block->runs[entry->run], entry->row);
    tally_add(lane->tallies + (group + 1) * (size_t)job->rule.n_steps, lane->events.at, &path);
}

static void subject_count(struct lane *lane, const struct event_block *block, uint32_t person)
{
    uint32_t number = person - block->first_person;
    lane->subjects++;
    lane->passed[number / 64] &= ~(UINT64_C(1) << number % 64);
    if (person < lane->job->n_people)
        lane->job->levels[person] = 0;
}

static void person_take(struct lane *lane, const struct event_block *block, struct slice *slices,
                        size_t n, uint32_t person)
{
    const struct job *job = lane->job;
    struct glance glance = slices_glance(lane, block, slices, n);
    if (!glance.subject)
        return;
    subject_count(lane, block, person);
    if (glance.from > glance.to && job->rule.order != ORDER_UNORDERED)
        return;
    if (job->entered) {
        int64_t last = job->rule.dialect == DIALECT_MIXPANEL ? glance.from : glance.to;
        glance.to = last > INT64_MAX - job->rule.window ? INT64_MAX : last + job->rule.window;
    } else {
        glance.from = INT64_MIN;
        glance.to = INT64_MAX;
    }
    slices_merge(lane, block, slices, n, &glance);
    person_follow(lane, block, person);
}

/* ---- One block ---- */

/* Step i as bit i, exclusion e as bit FUNNEL_STEPS + e. */
static const struct matcher *matcher_of(const struct job *job, size_t i, uint32_t *bit)
{
    size_t steps = (size_t)job->rule.n_steps;
    *bit = UINT32_C(1) << (i < steps ? i : FUNNEL_STEPS + i - steps);
    return i < steps ? job->steps[i] : job->exclusions[i - steps];
}

/* What every row of the kind matches; false where that depends on the row. */
static bool kind_mark(const struct job *job, uint16_t kind, uint32_t *all)
{
    size_t n = (size_t)job->rule.n_steps + job->rule.n_exclusions;
    *all = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bit;
        enum match_truth truth = matcher_truth(matcher_of(job, i, &bit), kind);
        if (truth == MATCH_DEPENDS)
            return false;
        *all |= truth == MATCH_ALWAYS ? bit : 0;
    }
    return true;
}

static void block_mark(struct lane *lane, const struct event_block *block)
{
    const struct job *job = lane->job;
    size_t rows = 0, n = (size_t)job->rule.n_steps + job->rule.n_exclusions;
    for (size_t r = 0; r < block->n_runs; r++)
        if (!kind_mark(job, block->runs[r].kind, &lane->marks[r].all))
            rows += block->runs[r].n;
    lane->masks.n = 0;
    vec_reserve(&lane->masks, rows);
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        lane->marks[r].by_row = NULL;
        if (kind_mark(job, run->kind, &lane->marks[r].all))
            continue;
        uint32_t *masks = lane->masks.at + lane->masks.n;
        lane->marks[r].by_row = masks;
        lane->masks.n += run->n;
        memset(masks, 0, run->n * sizeof *masks);
        for (size_t i = 0; i < n; i++) {
            uint32_t bit;
            const struct matcher *matcher = matcher_of(job, i, &bit);
            matcher_mark(matcher, run, bit, masks);
        }
    }
}

/* Who has events of steps that the scan passed over has not entered, but is a subject. */
static void passed_count(struct lane *lane, const struct event_block *block)
{
    for (uint32_t i = 0; i < EVENT_BLOCK / 64; i++)
        while (lane->passed[i])
            subject_count(lane, block,
                          block->first_person + 64 * i +
                              (uint32_t)__builtin_ctzll(lane->passed[i]));
}

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    struct slice slices[EVENT_RUNS];
    uint32_t at[EVENT_RUNS] = {0};
    (void)err;

    block_mark(lane, block);
    if (block->passed)
        memcpy(lane->passed, block->passed, sizeof lane->passed);
    for (;;) {
        uint32_t person = UINT32_MAX;
        size_t n = 0;
        for (size_t r = 0; r < block->n_runs; r++)
            if (at[r] < block->runs[r].n && block->runs[r].person[at[r]] < person)
                person = block->runs[r].person[at[r]];
        if (person == UINT32_MAX)
            break;
        for (uint32_t r = 0; r < block->n_runs; r++) {
            const struct event_run *run = &block->runs[r];
            uint32_t from = at[r];
            while (at[r] < run->n && run->person[at[r]] == person)
                at[r]++;
            if (at[r] > from)
                slices[n++] = (struct slice){r, from, at[r]};
        }
        person_take(lane, block, slices, n, person);
    }
    passed_count(lane, block);
    return ST_OK;
}

/* ---- All of it ---- */

static enum status matchers_make(struct reader *reader, struct arena *arena, struct job *job,
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

/* Kinds whose every event is one of a step: who has one is a subject. */
static const uint16_t *kinds_sure(struct arena *arena, const struct job *job,
                                  const struct event_query *scan, size_t *n)
{
    uint16_t *sure = arena_array(arena, uint16_t, scan->n_kinds + 1);
    *n = 0;
    for (size_t i = 0; i < scan->n_kinds; i++)
        for (size_t step = 0; step < job->query->n_steps; step++)
            if (matcher_truth(job->steps[step], scan->kinds[i]) == MATCH_ALWAYS) {
                sure[(*n)++] = scan->kinds[i];
                break;
            }
    return sure;
}

/* What the scan may pass over: false where that is nothing. Who has events of a kind of which only
 * some are of a step would have to be looked at one by one. */
static bool lead_make(struct arena *arena, const struct job *job, const struct event_query *scan,
                      struct event_lead *lead)
{
    if (!job->entered)
        return false;
    *lead = (struct event_lead){.kinds = job->steps[0]->kinds,
                                .n_kinds = job->steps[0]->n_kinds,
                                .to = job->query->to,
                                .window = job->query->window};
    lead->noted = kinds_sure(arena, job, scan, &lead->n_noted);
    for (size_t i = 0; i < scan->n_kinds; i++) {
        bool sure = false, step = false;
        for (size_t k = 0; k < lead->n_noted; k++)
            sure |= lead->noted[k] == scan->kinds[i];
        for (size_t s = 0; s < job->query->n_steps; s++)
            step |= matcher_truth(job->steps[s], scan->kinds[i]) != MATCH_NEVER;
        if (step && !sure)
            return false;
    }
    return true;
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

static enum status job_scan(struct reader *reader, struct arena *arena, const struct job *job,
                            struct lane *lanes, int n_lanes, struct error *err)
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
                               .columns = EVENT_TIME | job->split.columns,
                               .people = true};
    for (size_t i = 0; i < query->n_steps; i++)
        scan.columns |= job->steps[i]->columns;
    for (size_t i = 0; i < query->n_exclusions; i++)
        scan.columns |= job->exclusions[i]->columns;
    if (lead_make(arena, job, &scan, &lead))
        scan.lead = &lead;
    for (int i = 0; i < n_lanes; i++)
        contexts[i] = &lanes[i];
    return event_scan_parallel(reader, &scan, block_take, contexts, n_lanes, err);
}

static struct funnel_step *steps_sum(struct arena *arena, const struct job *job, struct lane *lanes,
                                     int n_lanes, size_t group)
{
    size_t n = (size_t)job->rule.n_steps;
    struct funnel_step *steps = arena_array(arena, struct funnel_step, n);
    struct funnel_tally *tallies[LANES];
    for (size_t step = 0; step < n; step++) {
        for (int i = 0; i < n_lanes; i++)
            tallies[i] = &lanes[i].tallies[group * n + step];
        steps[step] = funnel_step_of(tallies, (size_t)n_lanes);
    }
    return steps;
}

static void funnel_sum(struct arena *arena, const struct job *job, struct lane *lanes, int n_lanes,
                       struct funnel *funnel)
{
    const struct funnel_split *split = &job->split;
    for (int i = 0; i < n_lanes; i++) {
        funnel->subjects += lanes[i].subjects;
        funnel->excluded += lanes[i].excluded;
    }
    funnel->n_steps = (size_t)job->rule.n_steps;
    funnel->steps = steps_sum(arena, job, lanes, n_lanes, 0);
    funnel->levels = job->levels;
    funnel->n_people = job->n_people;
    if (split->by == FUNNEL_BY_NONE)
        return;
    struct funnel_group *groups = arena_array(arena, struct funnel_group, split->n);
    for (size_t g = 0; g < split->n; g++) {
        const struct funnel_step *steps = steps_sum(arena, job, lanes, n_lanes, g + 1);
        int64_t key = (int64_t)g + (split->by == FUNNEL_BY_MONTH ? split->first_month : 0);
        if (steps[0].count)
            groups[funnel->n_groups++] = (struct funnel_group){key, split->names[g], steps};
    }
    funnel->groups = groups;
}

static int lanes_make(struct lane *lanes, const struct job *job)
{
    long threads = job->query->threads ? job->query->threads : sysconf(_SC_NPROCESSORS_ONLN);
    int n = threads < 1 ? 1 : threads > LANES ? LANES : (int)threads;
    size_t groups = job->split.by == FUNNEL_BY_NONE ? 0 : job->split.n;
    for (int i = 0; i < n; i++) {
        lanes[i] = (struct lane){.job = job};
        lanes[i].tallies =
            mem_zero((groups + 1) * (size_t)job->rule.n_steps, sizeof *lanes[i].tallies);
    }
    return n;
}

static void lanes_free(struct lane *lanes, int n, const struct job *job)
{
    size_t groups = job->split.by == FUNNEL_BY_NONE ? 0 : job->split.n;
    for (int i = 0; i < n; i++) {
        for (size_t t = 0; t < (groups + 1) * (size_t)job->rule.n_steps; t++)
            vec_free(&lanes[i].tallies[t].times);
        free(lanes[i].tallies);
        vec_free(&lanes[i].masks);
        vec_free(&lanes[i].events);
        vec_free(&lanes[i].scratch.next);
    }
}

static enum status funnel_ask(struct reader *reader, struct arena *arena, struct job *job,
                              struct funnel *funnel, struct error *err)
{
    struct lane lanes[LANES];
    enum status status = matchers_make(reader, arena, job, funnel, err);
    if (status == ST_OK)
        status = funnel_people_number(reader, &job->n_people, err);
    if (status == ST_OK)
        status = funnel_split_make(reader, arena, job->query, job->n_people, &job->split, err);
    if (status != ST_OK)
        return status;
    funnel_rule_of(job->query, &job->rule, &job->strangers);
    job->longer = job->query->order != ORDER_UNORDERED;
    job->end = job->longer ? job->query->to : INT64_MAX;
    /* Events of no step and repeated ones end a walk even outside of every window. */
    job->entered =
        job->longer && !job->strangers && !(job->query->modes & MODE_STRICT_DEDUPLICATION);
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
    struct job job = {.query = query};
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
