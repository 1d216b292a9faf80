/* Evaluating bound expressions: what is cheap first, then only what can still matter. */
#include "model/segment/job.h"

#include "model/event/sample.h"

#include <stdlib.h>

/* ---- Each test once ---- */

static struct slot *slot_of(struct job *job, const struct test *test)
{
    for (size_t i = 0; i < job->slots.n; i++)
        if (strcmp(job->slots.at[i]->test->key, test->key) == 0)
            return job->slots.at[i];
    struct slot *slot = arena_new_of(job->arena, struct slot);
    slot->test = test;
    if (test->type != TEST_LIST) /* which is a set of its own */
        slot->yes = set_room_take(&job->sets);
    vec_push(&job->slots, slot);
    if (test->type != TEST_DEED)
        return slot;
    struct figure *figure = NULL;
    for (size_t i = 0; i < job->figures.n && !figure; i++)
        if (strcmp(job->figures.at[i]->deed->key, test->deed->key) == 0)
            figure = job->figures.at[i];
    if (!figure) {
        figure = arena_new_of(job->arena, struct figure);
        figure->deed = test->deed;
        vec_push(&job->figures, figure);
    }
    vec_push(&figure->slots, slot);
    return slot;
}

static struct live_node *node_of(struct job *job, const struct plan_node *plan)
{
    struct live_node *node = arena_new_of(job->arena, struct live_node);
    node->type = plan->type;
    node->n_parts = plan->n_parts;
    node->parts = arena_array(job->arena, struct live_node *, plan->n_parts);
    if (plan->type == PLAN_TEST)
        node->slot = slot_of(job, plan->test);
    for (size_t i = 0; i < plan->n_parts; i++)
        node->parts[i] = node_of(job, plan->parts[i]);
    return node;
}

static void uses_mark(const struct live_node *node, uint32_t *uses)
{
    if (node->type == PLAN_TEST)
        uses[node->slot->stage] = 1;
    if (node->type == PLAN_TEST && node->slot->known)
        uses[STAGE_LATELY] = 1;
    for (size_t i = 0; i < node->n_parts; i++)
        uses_mark(node->parts[i], uses);
}

/* ---- What is known of a block: who is in for certain, who may be ---- */

/* All loops but the last block's go over whole blocks, which the compiler makes wide. */
static void words_and(uint64_t *words, const uint64_t *with)
{
    for (size_t i = 0; i < JOB_WORDS; i++)
        words[i] &= with[i];
}

static void words_or(uint64_t *words, const uint64_t *with)
{
    for (size_t i = 0; i < JOB_WORDS; i++)
        words[i] |= with[i];
}

static void test_look(const struct job *job, const struct slot *slot, uint32_t block,
                      uint64_t *must, uint64_t *may)
{
    size_t first = block_word((int32_t)block), n = block_words(job, block);
    const uint64_t *yes = slot->yes->words + first;
    if (job->stages.at[slot->stage]->been[block]) {
        memcpy(must, yes, n * sizeof *must);
        memcpy(may, yes, n * sizeof *may);
    } else if (slot->known) {
        const uint64_t *known = slot->known->words + first;
        for (size_t i = 0; i < n; i++) {
            must[i] = yes[i] & known[i];
            may[i] = yes[i] | ~known[i];
        }
    } else {
        memset(must, 0, n * sizeof *must);
        memset(may, 0xFF, n * sizeof *may);
    }
    memset(must + n, 0, (JOB_WORDS - n) * sizeof *must);
    memset(may + n, 0, (JOB_WORDS - n) * sizeof *may);
}

static void node_look(const struct job *job, const struct live_node *node, uint32_t block,
                      uint64_t *must, uint64_t *may)
{
    uint64_t part_must[JOB_WORDS], part_may[JOB_WORDS];
    if (node->type == PLAN_TEST) {
        test_look(job, node->slot, block, must, may);
        return;
    }
    node_look(job, node->parts[0], block, must, may);
    for (size_t i = 0; i < JOB_WORDS && node->type == PLAN_NONE; i++) {
        uint64_t was = must[i];
        must[i] = ~may[i];
        may[i] = ~was;
    }
    for (size_t k = 1; k < node->n_parts; k++) {
        node_look(job, node->parts[k], block, part_must, part_may);
        if (node->type == PLAN_ALL) {
            words_and(must, part_must);
            words_and(may, part_may);
        } else {
            words_or(must, part_must);
            words_or(may, part_may);
        }
    }
}

/* Nothing can change who is in the block any more. */
static void settle(const struct job *job, size_t plan, uint32_t block, const uint64_t *must)
{
    size_t first = block_word((int32_t)block);
    job->settled[plan * job->n_blocks + block] = 1;
    for (size_t i = 0; i < block_words(job, block); i++)
        job->people[plan]->words[first + i] = must[i] & job->universe->words[first + i];
}

bool block_want(const struct job *job, size_t stage, uint32_t block, uint64_t *want)
{
    uint64_t must[JOB_WORDS], may[JOB_WORDS], any = 0;
    const uint64_t *universe = job->universe->words + block_word((int32_t)block);
    memset(want, 0, block_words(job, block) * sizeof *want);
    for (size_t p = 0; p < job->n_plans; p++) {
        if (!job->uses[p * job->stages.n + stage] || job->settled[p * job->n_blocks + block] ||
            (job->again && !job->again[p].dirty[block]))
            continue;
        uint64_t open = 0;
        node_look(job, job->roots[p], block, must, may);
        for (size_t i = 0; i < block_words(job, block); i++) {
            uint64_t here = may[i] & ~must[i] & universe[i];
            want[i] |= here;
            open |= here;
        }
        if (open == 0)
            settle(job, p, block, must);
        any |= open;
    }
    return any != 0;
}

/* Marks the blocks and people of whom a test of the stage can still say whether they are in. */
static void stage_want(struct job *job, size_t stage)
{
    uint8_t *wanted = arena_alloc(job->arena, job->n_blocks);
    for (uint32_t block = 0; block < job->n_blocks; block++)
        wanted[block] =
            block_want(job, stage, block, job->wanted->words + block_word((int32_t)block));
    job->stages.at[stage]->been = wanted;
}

static enum status stage_run(struct job *job, size_t at, struct error *err)
{
    struct stage *stage = job->stages.at[at];
    if (stage->type == STAGE_COLUMNS) {
        memset(stage->been, 1, job->n_blocks);
        return columns_run(job, err);
    }
    uint8_t *nowhere = stage->been;
    stage_want(job, at);
    uint8_t *there = stage->been;
    stage->been = nowhere;
    if (!memchr(there, 1, job->n_blocks))
        return ST_OK;
    stage->been = there;
    switch (stage->type) {
    case STAGE_LATELY:
        return lately_run(job, stage, err);
    case STAGE_ROWS:
        return rows_run(job, stage, err);
    default:
        return scan_run(job, stage, err);
    }
}

/* ---- All of it ---- */

static struct set *answer_new(const struct job *job)
{
    struct set *set = set_new(job->answers, job->n_people);
    mem_ready(set->words, set_words(set->n) * sizeof *set->words);
    return set;
}

static enum status job_start(struct job *job, const struct segment_plan *const *plans,
                             const struct set *among, struct error *err)
{
    int64_t highest;
    enum status status = reader_present(job->reader, &job->as_of, &job->present, err);
    if (status == ST_OK)
        status = reader_integer(job->reader, "select value from counter where name = 'person'", 0,
                                &highest, err);
    if (status != ST_OK)
        return status;
    if (highest < 0 || highest > INT32_MAX)
        return error_set(err, ST_UNUSABLE,
                         "the highest number of a person is damaged: atrium verify says more");
    job->today = clock_day(&reader_mall(job->reader)->clock, job->present);
    job->n_people = (uint32_t)highest + 1;
    job->n_blocks = (job->n_people + EVENT_BLOCK - 1) / EVENT_BLOCK;
    set_room_begin(&job->sets, job->arena, job->n_people);
    job->universe = set_room_take(&job->sets);
    job->wanted = set_room_take(&job->sets);
    set_flip(job->universe, 1, job->n_people);
    if (among)
        set_and(job->universe, among);
    job->roots = arena_array(job->arena, struct live_node *, job->n_plans);
    job->people = arena_array(job->arena, struct set *, job->n_plans);
    for (size_t i = 0; i < job->n_plans; i++) {
        job->roots[i] = node_of(job, plans[i]->root);
        if (!job->look)
            job->people[i] = answer_new(job);
    }
    status = scans_part(job, err);
    if (status != ST_OK)
        return status;
    job->settled = arena_alloc(job->arena, job->n_plans * job->n_blocks);
    job->uses = arena_array(job->arena, uint32_t, job->n_plans * job->stages.n);
    for (size_t i = 0; i < job->n_plans; i++)
        uses_mark(job->roots[i], job->uses + i * job->stages.n);
    return ST_OK;
}

/* The answer of a plan, in the blocks that no stage has settled too. */
static struct set *plan_take(const struct job *job, size_t plan)
{
    uint64_t must[JOB_WORDS], may[JOB_WORDS];
    for (uint32_t block = 0; block < job->n_blocks; block++) {
        if (job->settled[plan * job->n_blocks + block])
            continue;
        node_look(job, job->roots[plan], block, must, may);
        settle(job, plan, block, must);
    }
    return job->people[plan];
}

static void job_free(struct job *job)
{
    for (size_t i = 0; i < job->figures.n; i++)
        vec_free(&job->figures.at[i]->slots);
    for (size_t i = 0; i < job->stages.n; i++) {
        vec_free(&job->stages.at[i]->figures);
        vec_free(&job->stages.at[i]->sweeps);
    }
    vec_free(&job->figures);
    vec_free(&job->stages);
    vec_free(&job->slots);
    set_room_end(&job->sets);
    arena_free(job->arena);
}

static enum status job_run(struct job *job, const struct segment_plan *const *plans,
                           const struct set *among, struct error *err)
{
    enum status status = reader_begin(job->reader, err);
    if (status != ST_OK)
        return status;
    reader_pass_begin(job->reader);
    status = job_start(job, plans, among, err);
    for (size_t i = 0; i < job->stages.n && status == ST_OK && !(i && job->look); i++) {
        status = stage_run(job, i, err);
        if (i == 0 && status == ST_OK && job->again)
            status = again_compare(job, err);
    }
    reader_pass_end(job->reader);
    reader_end(job->reader);
    return status;
}

enum status segment_evaluate(struct reader *reader, struct arena *arena,
                             const struct segment_plan *const *plans, size_t n,
                             const struct set *among, int threads, struct set **sets,
                             struct error *err)
{
    struct job job = {
        .reader = reader, .arena = arena_new(), .answers = arena, .n_plans = n, .threads = threads};
    enum status status =
        job_run(&job, plans, among ? among : sample_people(reader, job.arena), err);
    for (size_t i = 0; i < n && status == ST_OK; i++)
        sets[i] = plan_take(&job, i);
    job_free(&job);
    return status;
}

enum status evaluate_again(struct reader *reader, struct arena *arena, struct again *plans,
                           size_t n, bool look, uint32_t *n_blocks, struct error *err)
{
    struct job job = {.reader = reader,
                      .arena = arena_new(),
                      .answers = arena,
                      .n_plans = n,
                      .look = look,
                      .again = plans};
    const struct segment_plan **bound = arena_array(job.arena, const struct segment_plan *, n);
    for (size_t i = 0; i < n; i++)
        bound[i] = plans[i].plan;
    enum status status = job_run(&job, bound, NULL, err);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        uint64_t *seen = arena_array(arena, uint64_t, job.n_blocks);
        uint8_t *dirty = arena_alloc(arena, job.n_blocks);
        memcpy(seen, plans[i].seen_now, job.n_blocks * sizeof *seen);
        memcpy(dirty, plans[i].dirty, job.n_blocks);
        plans[i].seen_now = seen;
        plans[i].dirty = dirty;
        plans[i].people = look ? NULL : plan_take(&job, i);
    }
    *n_blocks = job.n_blocks;
    job_free(&job);
    return status;
}

enum status segment_run(struct reader *reader, struct arena *arena, const struct access *access,
                        const char *text, struct segment_answer *answer, struct error *err)
{
    const struct segment_plan *plan;
    struct set *set;
    *answer = (struct segment_answer){0};
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = segment_bind(reader, arena, access, text, &plan, err);
    if (status == ST_OK)
        status = segment_evaluate(reader, arena, &plan, 1, NULL, 0, &set, err);
    if (status == ST_OK)
        status = reader_present(reader, &answer->as_of, &answer->present, err);
    reader_end(reader);
    if (status != ST_OK)
        return status;
    answer->people = set;
    answer->count = set_count(set);
    answer->notes = segment_notes(plan, &answer->n_notes);
    return ST_OK;
}
