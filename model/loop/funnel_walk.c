/*
 * A block's people, one after another: what their events match, from the first entry to the end of
 * the last window, and how far that goes.
 */
#include "model/loop/funnel_walk.h"

#include <string.h>

/* ---- What can be passed over ---- */

void funnel_walk_prepare(struct funnel_job *job)
{
    const struct funnel_query *query = job->query;
    job->end = job->longer ? query->to : INT64_MAX;
    /* Events of no step and repeated ones end a walk even outside of every window. */
    job->entered = job->longer && !job->strangers && !(query->modes & MODE_STRICT_DEDUPLICATION);
    job->direct = query->dialect == DIALECT_CLICKHOUSE
                      ? (query->modes | MODE_STRICT_ONCE) == MODE_STRICT_ONCE
                      : query->dialect == DIALECT_MIXPANEL && !query->n_exclusions;
    for (size_t i = 0; i < query->n_steps; i++)
        job->direct &= job->steps[i]->n_kinds == 1 &&
                       matcher_truth(job->steps[i], job->steps[i]->kinds[0]) == MATCH_ALWAYS;
}

/* Kinds whose every event is one of a step: who has one is a subject. */
static const uint16_t *kinds_sure(struct arena *arena, const struct funnel_job *job,
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
bool funnel_walk_lead(struct arena *arena, const struct funnel_job *job,
                      const struct event_query *scan, struct event_lead *lead)
{
    if (!job->entered)
        return false;
    *lead = (struct event_lead){.kinds = job->steps[0]->kinds,
                                .n_kinds = job->steps[0]->n_kinds,
                                .columns = job->split.columns,
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

static struct glance slices_glance(const struct funnel_lane *lane, const struct event_block *block,
                                   const struct slice *slices, size_t n)
{
    struct glance glance = {.from = INT64_MAX, .to = INT64_MIN};
    for (size_t s = 0; s < n; s++) {
        const struct funnel_marks *marks = &lane->marks[slices[s].run];
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
static void event_push(struct funnel_lane *lane, uint32_t run, uint32_t row, int64_t time)
{
    const struct funnel_marks *marks = &lane->marks[run];
    uint32_t mask = marks->by_row ? marks->by_row[row] : marks->all;
    if ((mask & 1) && time >= lane->job->end)
        mask = (mask & ~UINT32_C(1)) | UINT32_C(1) << 31;
    if (mask || lane->job->strangers)
        lane->events.at[lane->events.n++] = (struct funnel_event){time, mask, run, row};
}

/* The person's events by time; of one moment in order of runs. */
static void slices_merge(struct funnel_lane *lane, const struct event_block *block,
                         struct slice *slices, size_t n, const struct glance *glance)
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

/* Counts a path through lane->events. */
static void path_count(struct funnel_lane *lane, const struct event_block *block, uint32_t person,
                       const struct funnel_path *path)
{
    const struct funnel_job *job = lane->job;
    lane->excluded += path->excluded;
    if (person < job->n_people)
        job->levels[person] = (uint8_t)path->level;
    if (!path->level)
        return;
    const struct funnel_event *entry = &lane->events.at[path->at[0]];
    size_t group = job->split.by == FUNNEL_BY_NONE
                       ? 0
                       : funnel_split_of(&job->split, &block->runs[entry->run], entry->row);
    tally_add(lane->tallies + group * (size_t)job->rule.n_steps, lane->events.at, path);
}

static void subject_count(struct funnel_lane *lane, const struct event_block *block,
                          uint32_t person)
{
    uint32_t number = person - block->first_person;
    lane->subjects++;
    lane->passed[number / 64] &= ~(UINT64_C(1) << number % 64);
    if (person < lane->job->n_people)
        lane->job->levels[person] = 0;
}

static void person_take(struct funnel_lane *lane, const struct event_block *block,
                        struct slice *slices, size_t n, uint32_t person)
{
    const struct funnel_job *job = lane->job;
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
    struct funnel_path path;
    funnel_follow(&job->rule, lane->events.at, lane->events.n, &lane->scratch, &path);
    path_count(lane, block, person, &path);
}

/* ---- One person, where each step is all of one kind ---- */

/* Each step takes the next row of its kind: rows of a kind serve alike, so the first that is not
 * too early is as good as any. False for a person without an entry or with several. */
static bool person_direct(struct funnel_lane *lane, const struct event_block *block,
                          uint32_t number)
{
    const struct funnel_job *job = lane->job;
    bool mixpanel = job->rule.dialect == DIALECT_MIXPANEL, once = mixpanel || job->rule.modes;
    uint32_t next[EVENT_RUNS], entry = lane->run_of[0];
    struct funnel_path path = {.level = 0};
    if (entry == UINT32_MAX)
        return false;
    const struct event_run *run = &block->runs[entry];
    uint32_t row = run->starts[number], end = run->starts[number + 1];
    if (row == end || run->time[row] >= job->end ||
        (row + 1 < end && run->time[row + 1] < (mixpanel ? run->time[row] + 1 : job->end)))
        return false;
    int64_t time = run->time[row], last = time + job->rule.window;
    for (int step = 0; step < job->rule.n_steps && lane->run_of[step] != UINT32_MAX; step++)
        next[lane->run_of[step]] = block->runs[lane->run_of[step]].starts[number];
    for (int step = 0; step < job->rule.n_steps && lane->run_of[step] != UINT32_MAX; step++) {
        uint32_t r = lane->run_of[step];
        run = &block->runs[r];
        end = run->starts[number + 1];
        for (row = next[r]; row < end && run->time[row] < time;)
            row++;
        if (row == end || run->time[row] > last)
            break;
        time = run->time[row];
        next[r] = row + once;
        lane->events.at[step] = (struct funnel_event){.time = time, .run = r, .row = row};
        path.at[path.level++] = (uint32_t)step;
    }
    subject_count(lane, block, block->first_person + number);
    path_count(lane, block, block->first_person + number, &path);
    return true;
}

static void direct_begin(struct funnel_lane *lane, const struct event_block *block)
{
    for (int step = 0; step < lane->job->rule.n_steps; step++) {
        lane->run_of[step] = UINT32_MAX;
        for (uint32_t r = 0; r < block->n_runs; r++)
            if (block->runs[r].kind == lane->job->steps[step]->kinds[0])
                lane->run_of[step] = r;
    }
    lane->events.n = 0;
    vec_reserve(&lane->events, FUNNEL_STEPS);
}

/* ---- One block ---- */

/* Step i as bit i, exclusion e as bit FUNNEL_STEPS + e. */
static const struct matcher *matcher_of(const struct funnel_job *job, size_t i, uint32_t *bit)
{
    size_t steps = (size_t)job->rule.n_steps;
    *bit = UINT32_C(1) << (i < steps ? i : FUNNEL_STEPS + i - steps);
    return i < steps ? job->steps[i] : job->exclusions[i - steps];
}

/* What every row of the kind matches; false where that depends on the row. */
static bool kind_mark(const struct funnel_job *job, uint16_t kind, uint32_t *all)
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

static void block_mark(struct funnel_lane *lane, const struct event_block *block)
{
    const struct funnel_job *job = lane->job;
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
static void passed_count(struct funnel_lane *lane, const struct event_block *block)
{
    for (uint32_t i = 0; i < EVENT_BLOCK / 64; i++)
        while (lane->passed[i])
            subject_count(lane, block,
                          block->first_person + 64 * i +
                              (uint32_t)__builtin_ctzll(lane->passed[i]));
}

enum status funnel_walk_block(void *context, const struct event_block *block, struct error *err)
{
    struct funnel_lane *lane = context;
    struct slice slices[EVENT_RUNS];
    (void)err;

    block_mark(lane, block);
    if (lane->job->direct)
        direct_begin(lane, block);
    if (block->passed)
        memcpy(lane->passed, block->passed, sizeof lane->passed);
    for (uint32_t number = 0; number < EVENT_BLOCK; number++) {
        size_t n = 0;
        if (lane->job->direct && person_direct(lane, block, number))
            continue;
        for (uint32_t r = 0; r < block->n_runs; r++) {
            const uint32_t *starts = block->runs[r].starts + number;
            if (starts[1] > starts[0])
                slices[n++] = (struct slice){r, starts[0], starts[1]};
        }
        if (n)
            person_take(lane, block, slices, n, block->first_person + number);
    }
    passed_count(lane, block);
    return ST_OK;
}
