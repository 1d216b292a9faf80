/* What an expression must look at again: where what it is built from is not what it was. */
#include "model/segment/job.h"

#include "model/base/hash.h"
#include "model/event/catalog.h"

#include <stdlib.h>

/* The slots of a plan, each once. */
static void slots_collect(const struct live_node *node, struct slot ***slots, size_t *n,
                          struct arena *arena, size_t most)
{
    if (!*slots)
        *slots = arena_array(arena, struct slot *, most);
    if (node->type == PLAN_TEST) {
        for (size_t i = 0; i < *n; i++)
            if ((*slots)[i] == node->slot)
                return;
        (*slots)[(*n)++] = node->slot;
    }
    for (size_t i = 0; i < node->n_parts; i++)
        slots_collect(node->parts[i], slots, n, arena, most);
}

static uint64_t key_hash(const char *key)
{
    return hash64(key, strlen(key));
}

static uint64_t words_hash(const struct job *job, const struct set *set, uint32_t block)
{
    return hash64(set->words + block_word((int32_t)block),
                  block_words(job, block) * sizeof *set->words);
}

/* Of one plan: lists and columns in every block. */
static void plan_see(struct job *job, struct again *again, struct slot **slots, size_t n)
{
    again->seen_now = arena_array(job->arena, uint64_t, job->n_blocks);
    again->dirty = arena_alloc(job->arena, job->n_blocks);
    for (size_t i = 0; i < n; i++) {
        const struct test *test = slots[i]->test;
        /* Texts of rows leave no trace: such a rule is run everywhere each time. */
        again->all = again->all || test->type == TEST_ROWS;
    }
    for (uint32_t block = 0; block < job->n_blocks; block++) {
        uint64_t seen = words_hash(job, job->universe, block);
        for (size_t i = 0; i < n; i++)
            if (slots[i]->stage == 0)
                seen = hash_mix(seen ^ key_hash(slots[i]->test->key)) ^
                       words_hash(job, slots[i]->yes, block);
        again->seen_now[block] = seen;
    }
}

/* Spans and the meaning of names. `upto` as in matcher_meaning. */
static uint64_t spans_of(struct slot **slots, size_t n, const uint32_t upto[MATCHER_TABLES],
                         uint32_t sizes[MATCHER_TABLES])
{
    uint64_t hash = 1;
    for (size_t i = 0; i < n; i++)
        if (slots[i]->test->type == TEST_DEED)
            hash = hash_mix(hash ^ key_hash(slots[i]->test->key) ^
                            matcher_meaning(slots[i]->test->deed->matcher, upto, sizes));
    return hash;
}

/* ---- Events ---- */

/* Some events of a block, all of them in [from, to): a chunk, which is never changed but replaced
 * by one with another number, or one of the tail. */
struct mark {
    uint32_t block;
    int64_t from, to;
    uint64_t hash;
};
typedef VEC(struct mark) mark_list;

static enum status chunks_mark(struct job *job, mark_list *marks, struct error *err)
{
    const struct clock *clock = &reader_mall(job->reader)->clock;
    const struct catalog *catalog;
    enum status status = catalog_read(job->reader, &catalog, err);
    for (size_t i = 0; status == ST_OK && i < catalog->n; i++) {
        const struct chunk_entry *entry = &catalog->at[i];
        if (entry->block < 0 || (uint32_t)entry->block >= job->n_blocks)
            continue;
        struct mark mark = {.block = (uint32_t)entry->block,
                            .from = clock_day_start(clock, month_first_day(entry->month)),
                            .to = clock_day_start(clock, month_first_day(entry->month + 1)),
                            .hash =
                                hash_mix((uint64_t)entry->id * 2) ^
                                hash_mix((uint64_t)entry->events ^ (uint64_t)entry->last << 20)};
        vec_push(marks, mark);
    }
    return status;
}

static enum status tail_mark(struct job *job, mark_list *marks, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status =
        reader_prepare(job->reader, "select seq, time, person from tail order by seq", &stmt, err);
    while (status == ST_OK && (status = reader_step(job->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t time = sqlite3_column_int64(stmt, 1), person = sqlite3_column_int64(stmt, 2);
        if (person <= 0 || person >= job->n_people)
            continue;
        struct mark mark = {.block = (uint32_t)person / EVENT_BLOCK,
                            .from = time,
                            .to = time + 1,
                            .hash = hash_mix((uint64_t)sqlite3_column_int64(stmt, 0) * 2 + 1)};
        vec_push(marks, mark);
    }
    return status;
}

static void marks_see(struct again *again, struct slot **slots, size_t n, const mark_list *marks)
{
    for (size_t m = 0; m < marks->n; m++) {
        const struct mark *mark = &marks->at[m];
        bool touched = false;
        for (size_t i = 0; i < n && !touched; i++)
            touched = slots[i]->test->type == TEST_DEED && mark->from < slots[i]->test->deed->to &&
                      mark->to > slots[i]->test->deed->from;
        if (touched)
            again->seen_now[mark->block] = hash_mix(again->seen_now[mark->block] ^ mark->hash);
    }
}

/* ---- All plans ---- */

static void plan_compare(struct job *job, struct again *again, struct live_node *root,
                         const mark_list *marks)
{
    struct slot **slots = NULL;
    size_t n = 0;
    uint32_t whole[MATCHER_TABLES], sizes[MATCHER_TABLES] = {0};
    slots_collect(root, &slots, &n, job->arena, job->slots.n);
    plan_see(job, again, slots, n);
    marks_see(again, slots, n, marks);
    memset(whole, 0xFF, sizeof whole);
    memset(again->tables_now, 0, sizeof again->tables_now);
    again->spans_now = spans_of(slots, n, whole, again->tables_now);
    bool all = again->all || again->spans != spans_of(slots, n, again->tables, sizes);
    for (uint32_t block = 0; block < job->n_blocks; block++) {
        again->dirty[block] =
            all || block >= again->n_seen || again->seen[block] != again->seen_now[block];
        again->n_dirty += again->dirty[block];
    }
}

enum status again_compare(struct job *job, struct error *err)
{
    mark_list marks = {0};
    enum status status = chunks_mark(job, &marks, err);
    if (status == ST_OK)
        status = tail_mark(job, &marks, err);
    for (size_t p = 0; p < job->n_plans && status == ST_OK; p++)
        plan_compare(job, &job->again[p], job->roots[p], &marks);
    vec_free(&marks);
    return status;
}
