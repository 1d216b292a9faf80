/* Evaluating: what one run of segment_evaluate works with. Inside the module. */
#ifndef ATRIUM_SEGMENT_JOB_H
#define ATRIUM_SEGMENT_JOB_H

#include "model/base/set_room.h"
#include "model/segment/again.h"

/* A test, once for all plans, and who meets it. */
struct slot {
    const struct test *test;
    struct set *yes;
    int stage;         /* known where that stage has been */
    struct set *known; /* and before it of these people; NULL: of nobody */
    int bound;  /* of the figure's bounds the one it compares with, from 1; 0: another test */
    bool below; /* it is met by values below that */
};

enum { BOUNDS_MOST = 31 };

/* A deed, once for all tests. */
struct figure {
    const struct deed *deed;
    int stage;
    VEC(struct slot *) slots;
    size_t n_bounds;
    int64_t bounds[BOUNDS_MOST]; /* rising: what values its tests compare with */
    bool any;                    /* all that is asked is whether there was any event */
};

/* Work in order of what it costs: lists and columns (everywhere), what people did lately, rows of
 * members, scans of events; the later ones only go where somebody is still undecided. The first
 * three are stages 0, 1 and 2. */
struct stage {
    enum { STAGE_COLUMNS, STAGE_LATELY, STAGE_ROWS, STAGE_SCAN } type;
    uint8_t *been; /* by block */
    struct event_query query;
    VEC(struct figure *) figures;
    VEC(struct sweep *) sweeps; /* model/segment/sweep.h */
    double cost;
};

/* A plan's tree over slots. */
struct live_node {
    enum plan_type type;
    size_t n_parts;
    struct live_node **parts;
    struct slot *slot;
};

struct job {
    struct reader *reader;
    struct arena *arena;
    int64_t as_of, present;
    int32_t today;
    uint32_t n_people, n_blocks;
    size_t n_plans;
    struct live_node **roots;
    uint8_t *settled; /* by plan and block: nobody is undecided; n_blocks each */
    uint32_t *uses;   /* by plan and stage: whether a test of that stage is in it; n_stages each */
    struct set_room sets; /* all but the answers */
    struct set *universe, *wanted;
    struct arena *answers;
    struct set **people; /* by plan: the answer, of the answers' arena; right where settled */
    VEC(struct slot *) slots;
    VEC(struct figure *) figures;
    VEC(struct stage *) stages;
    int threads;
    bool look;           /* with `again`: no further than what must be looked at */
    struct again *again; /* NULL: everything is looked at; else by plan */
};

enum { JOB_WORDS = EVENT_BLOCK / 64 };

static inline size_t block_word(int32_t block)
{
    return (size_t)block * JOB_WORDS;
}

/* How many words the block has: fewer in the last one. */
static inline size_t block_words(const struct job *job, uint32_t block)
{
    size_t all = set_words(job->n_people), first = block_word((int32_t)block);
    return all - first < JOB_WORDS ? all - first : JOB_WORDS;
}

/* Of whom in the block a test of the stage can still say whether they are in; false: of nobody. On
 * any thread that alone works on the block. */
bool block_want(const struct job *job, size_t stage, uint32_t block, uint64_t *want);

/* Every slot of lists and columns, everywhere. */
enum status columns_run(struct job *job, struct error *err);

/* Texts of rows, for the people of job->wanted in the blocks that stage->been marks. */
enum status rows_run(struct job *job, struct stage *stage, struct error *err);

/* What lists, columns and rows do not tell, of the people of job->wanted in the blocks that
 * stage->been marks, as far as what they did lately tells it: into slot->yes and slot->known.
 * lately_part gives room for that to the slots that can be known so. */
void lately_part(struct job *job);
enum status lately_run(struct job *job, struct stage *stage, struct error *err);

/* One parallel scan, for the same. */
enum status scan_run(struct job *job, struct stage *stage, struct error *err);

/* With job->again: after the columns, what each plan must look at. */
enum status again_compare(struct job *job, struct error *err);

/* What a figure is for who did nothing, INT64_MIN for never; whether it meets the test. */
int64_t value_before(const struct deed *deed);
bool value_meets(const struct test *test, int64_t value);

/* Once the slots are there: what they compare with. */
void figure_bounds(struct figure *figure);

/* Of 64 people those of `some`: whose values meet the test, a word for each slot. */
void figure_meet(const struct figure *figure, uint64_t some, const int64_t *values, uint64_t *met);

/* How many threads work, 8 at most. */
int lanes_wanted(const struct job *job);

/* Parts figures into scans. */
enum status scans_part(struct job *job, struct error *err);

#endif
