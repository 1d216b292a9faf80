/* Figures of behaviour: one scan, block by block, on all threads. */
#include "model/segment/sweep.h"

#include "model/event/kind.h"

#include <stdlib.h>
#include <unistd.h>

enum { LANES_MOST = 8 };
static const int64_t never = INT64_MIN;

struct lane {
    struct job *job;
    struct stage *stage;
    int64_t *values; /* by person of the block */
    VEC(uint32_t) masks;
    const uint32_t *masks_of[EVENT_RUNS]; /* NULL: every row */
    VEC(uint32_t) shops;
    uint64_t *met;               /* by slot of a figure */
    uint64_t (*seen)[JOB_WORDS]; /* by figure: who has any event of it */
};

/* ---- Which rows ---- */

/* What the figure asks of a kind's events. */
static enum match_truth run_truth(const struct lane *lane, size_t figure, uint16_t kind)
{
    if (is_swept(lane->stage, figure, kind))
        return MATCH_NEVER;
    return matcher_truth(lane->stage->figures.at[figure]->deed->matcher, kind);
}

/* The block's runs that have events of the figure and no sweep, and which rows of them. */
static void runs_pick(struct lane *lane, size_t figure, const struct event_block *block,
                      struct event_run *picked, struct event_block *out)
{
    const struct deed *deed = lane->stage->figures.at[figure]->deed;
    size_t rows = 0, done = 0, n = 0;
    for (size_t r = 0; r < block->n_runs; r++)
        if (run_truth(lane, figure, block->runs[r].kind) == MATCH_DEPENDS)
            rows += block->runs[r].n;
    lane->masks.n = 0;
    vec_reserve(&lane->masks, rows);
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        enum match_truth truth = run_truth(lane, figure, run->kind);
        if (truth == MATCH_NEVER)
            continue;
        lane->masks_of[n] = NULL;
        if (truth == MATCH_DEPENDS) {
            uint32_t *masks = lane->masks.at + done;
            memset(masks, 0, run->n * sizeof *masks);
            matcher_mark(deed->matcher, run, 1, masks);
            lane->masks_of[n] = masks;
            done += run->n;
        }
        picked[n++] = *run;
    }
    *out = (struct event_block){
        .block = block->block, .first_person = block->first_person, .n_runs = n, .runs = picked};
}

static inline bool row_counts(const struct deed *deed, const struct event_run *run,
                              const uint32_t *masks, size_t row)
{
    return (!masks || masks[row]) && run->time[row] >= deed->from && run->time[row] < deed->to;
}

/* ---- Figures that need no order ---- */

static int64_t row_value(enum people_function_id id, const struct event_run *run, size_t row)
{
    int64_t amount = run->amount ? run->amount[row] : 0;
    switch (id) {
    case DOES_SPENT:
        return run->kind == KIND_REFUND ? -amount : amount;
    case DOES_POINTS:
        return kind_points_sign(run->kind) * amount;
    case DOES_EARNED:
    case DOES_BURNED:
        return amount;
    default:
        return 1;
    }
}

static void sums_take(struct lane *lane, const struct deed *deed, const struct event_block *block)
{
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; i < run->n; i++) {
            if (!row_counts(deed, run, lane->masks_of[r], i))
                continue;
            int64_t *value = &lane->values[run->person[i] - block->first_person];
            if (deed->id == DOES_LAST)
                *value = run->time[i] > *value ? run->time[i] : *value;
            else if (deed->id == DOES_FIRST)
                *value = *value == never || run->time[i] < *value ? run->time[i] : *value;
            else
                *value += row_value(deed->id, run, i);
        }
    }
}

/* ---- Figures of one person's events in order ---- */

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int64_t shops_count(struct lane *lane)
{
    int64_t n = 0;
    if (lane->shops.n)
        qsort(lane->shops.at, lane->shops.n, sizeof *lane->shops.at, by_number);
    for (size_t i = 0; i < lane->shops.n; i++)
        n += i == 0 || lane->shops.at[i] != lane->shops.at[i - 1];
    lane->shops.n = 0;
    return n;
}

struct walk {
    int64_t value, last, day_end;
    bool any;
};

static void event_walk(struct lane *lane, const struct deed *deed, const struct event_run *run,
                       size_t row, struct walk *walk)
{
    const struct mall *mall = reader_mall(lane->job->reader);
    int64_t time = run->time[row];
    bool near = walk->any && time - walk->last <= mall->visit_gap;
    switch (deed->id) {
    case DOES_SHOPS:
        if (run->tenant && run->tenant[row])
            vec_push(&lane->shops, run->tenant[row]);
        break;
    case DOES_DAYS:
        if (walk->any && time < walk->day_end)
            break;
        walk->day_end = clock_day_start(&mall->clock, clock_day(&mall->clock, time) + 1);
        walk->value++;
        break;
    case DOES_DWELL:
        walk->value += near ? time - walk->last : 0;
        break;
    default:
        walk->value += !near;
        break;
    }
    walk->last = time;
    walk->any = true;
}

static void orders_take(struct lane *lane, const struct deed *deed, const struct event_block *block)
{
    struct event_cursor cursor;
    uint32_t person;
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person)) {
        const struct event_run *run;
        size_t row;
        struct walk walk = {0};
        if (!set_has(lane->job->wanted, person))
            continue;
        while (event_cursor_next(&cursor, &run, &row))
            if (row_counts(deed, run, lane->masks_of[run - block->runs], row))
                event_walk(lane, deed, run, row, &walk);
        lane->values[person - block->first_person] =
            deed->id == DOES_SHOPS ? shops_count(lane) : walk.value;
    }
}

/* ---- Values ---- */

static bool is_ordered(const struct deed *deed)
{
    return !deed->simply && (deed->id == DOES_VISITS || deed->id == DOES_DWELL ||
                             deed->id == DOES_DAYS || deed->id == DOES_SHOPS);
}

int64_t value_before(const struct deed *deed)
{
    return deed->id == DOES_LAST || deed->id == DOES_FIRST ? never : 0;
}

/* What was known before stays. */
static inline uint64_t known_over(const struct slot *slot, size_t word, uint64_t bits)
{
    uint64_t known = slot->known ? slot->known->words[word] : 0;
    return (slot->yes->words[word] & known) | (bits & ~known);
}

static void values_take(struct lane *lane, size_t f, const struct event_block *block)
{
    const struct job *job = lane->job;
    const struct figure *figure = lane->stage->figures.at[f];
    struct event_run picked[EVENT_RUNS];
    struct event_block part;
    size_t first = block_word(block->block);
    for (size_t i = 0; i < EVENT_BLOCK; i++)
        lane->values[i] = value_before(figure->deed);
    runs_pick(lane, f, block, picked, &part);
    if (is_ordered(figure->deed))
        orders_take(lane, figure->deed, &part);
    else
        sums_take(lane, figure->deed, &part);
    for (size_t i = 0; i < block_words(job, (uint32_t)block->block); i++) {
        figure_meet(figure, job->wanted->words[first + i], lane->values + i * 64, lane->met);
        for (size_t s = 0; s < figure->slots.n; s++) {
            const struct slot *slot = figure->slots.at[s];
            slot->yes->words[first + i] = known_over(slot, first + i, lane->met[s]);
        }
    }
}

/* ---- Whether there was any event ---- */

static void any_mark(struct lane *lane, size_t f, const struct event_block *block)
{
    const struct deed *deed = lane->stage->figures.at[f]->deed;
    struct event_run picked[EVENT_RUNS];
    struct event_block part;
    runs_pick(lane, f, block, picked, &part);
    for (size_t r = 0; r < part.n_runs; r++) {
        const struct event_run *run = &part.runs[r];
        for (size_t i = 0; i < run->n; i++) {
            uint32_t at = run->person[i] - block->first_person;
            if (row_counts(deed, run, lane->masks_of[r], i))
                lane->seen[f][at / 64] |= UINT64_C(1) << (at % 64);
        }
    }
}

static void any_take(struct lane *lane, size_t f, const struct event_block *block)
{
    const struct job *job = lane->job;
    const struct figure *figure = lane->stage->figures.at[f];
    size_t first = block_word(block->block);
    any_mark(lane, f, block);
    for (size_t i = 0; i < block_words(job, (uint32_t)block->block); i++) {
        /* Passed: who did it in a month of which the scan told no more. */
        uint64_t seen = lane->seen[f][i] | (block->passed ? block->passed[i] : 0);
        for (size_t s = 0; s < figure->slots.n; s++) {
            const struct slot *slot = figure->slots.at[s];
            slot->yes->words[first + i] =
                known_over(slot, first + i, seen & job->wanted->words[first + i]);
        }
    }
}

/* ---- A block ---- */

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    const struct stage *stage = lane->stage;
    (void)err;
    if (block->block < 0 || (uint32_t)block->block >= lane->job->n_blocks)
        return ST_OK;
    memset(lane->seen, 0, stage->figures.n * sizeof *lane->seen);
    for (size_t r = 0; r < block->n_runs; r++)
        for (size_t i = 0; i < stage->sweeps.n; i++)
            if (stage->sweeps.at[i]->kind == block->runs[r].kind)
                sweep_take(stage->sweeps.at[i], &block->runs[r], block->first_person, lane->seen);
    for (size_t f = 0; f < stage->figures.n; f++)
        if (stage->figures.at[f]->any)
            any_take(lane, f, block);
        else
            values_take(lane, f, block);
    return ST_OK;
}

/* ---- The scan ---- */

/* Who has no event of the query is never shown to block_take. */
static void nothing_fill(const struct job *job, const struct stage *stage)
{
    for (size_t f = 0; f < stage->figures.n; f++)
        for (size_t i = 0; i < stage->figures.at[f]->slots.n; i++) {
            const struct slot *slot = stage->figures.at[f]->slots.at[i];
            bool meets = value_meets(slot->test, value_before(stage->figures.at[f]->deed));
            for (size_t w = 0; w < set_words(job->n_people); w++)
                slot->yes->words[w] = known_over(slot, w, meets ? UINT64_MAX : 0);
        }
}

int lanes_wanted(const struct job *job)
{
    long cores = job->threads > 0 ? job->threads : sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > LANES_MOST ? LANES_MOST : (int)cores;
}

/* Whether it is enough to know who has events of the stage, not which. */
static bool who_only(const struct stage *stage)
{
    const struct deed *deed = stage->figures.at[0]->deed;
    if (stage->figures.n != 1 || !deed->simply)
        return false;
    for (size_t i = 0; i < stage->query.n_kinds; i++)
        if (matcher_truth(deed->matcher, stage->query.kinds[i]) != MATCH_ALWAYS)
            return false;
    return true;
}

static size_t slots_most(const struct stage *stage)
{
    size_t most = 0;
    for (size_t f = 0; f < stage->figures.n; f++)
        most = stage->figures.at[f]->slots.n > most ? stage->figures.at[f]->slots.n : most;
    return most;
}

enum status scan_run(struct job *job, struct stage *stage, struct error *err)
{
    struct lane lanes[LANES_MOST] = {0};
    void *contexts[LANES_MOST];
    int n = lanes_wanted(job);
    nothing_fill(job, stage);
    if (stage->query.n_kinds == 0)
        return ST_OK;
    stage->query.blocks = stage->been;
    stage->query.n_blocks = job->n_blocks;
    stage->query.who = who_only(stage);
    if (set_count(job->wanted) < job->n_people / 4)
        stage->query.among = job->wanted;
    sweeps_make(job, stage);
    for (int i = 0; i < n; i++) {
        lanes[i].job = job;
        lanes[i].stage = stage;
        lanes[i].values = mem_alloc(EVENT_BLOCK * sizeof *lanes[i].values);
        lanes[i].met = arena_array(job->arena, uint64_t, slots_most(stage));
        lanes[i].seen = arena_alloc(job->arena, stage->figures.n * sizeof *lanes[i].seen);
        contexts[i] = &lanes[i];
    }
    enum status status =
        event_scan_parallel(job->reader, &stage->query, block_take, contexts, n, err);
    for (int i = 0; i < n; i++) {
        free(lanes[i].values);
        vec_free(&lanes[i].masks);
        vec_free(&lanes[i].shops);
    }
    return status;
}
