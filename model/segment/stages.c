/* Which figures share a scan: a scan reads all of its kinds in all of its span, so two figures
 * share one where that reads hardly more than both apart would. */
#include "model/segment/job.h"

#include "model/event/kind.h"

#include <stdlib.h>

/* How many events of a kind there are beside others, roughly: only for choosing. */
static double kind_weight(uint16_t kind)
{
    switch (kind) {
    case KIND_SIGHTING:
        return 40;
    case KIND_LINE:
        return 30;
    case KIND_PURCHASE:
    case KIND_POINTS_EARN:
        return 15;
    default:
        return 3;
    }
}

/* When there were events, to the day. */
struct life {
    int64_t from, to;
};

struct need {
    bool kinds[UINT8_MAX + 1];
    int64_t from, to;
    unsigned columns;
};

static double need_cost(const struct need *need, const struct life *life)
{
    double weight = 0;
    int64_t from = need->from > life->from ? need->from : life->from;
    int64_t to = need->to < life->to ? need->to : life->to;
    for (size_t kind = 0; kind <= UINT8_MAX; kind++)
        weight += need->kinds[kind] ? kind_weight((uint16_t)kind) : 0;
    return to > from ? weight * ((double)(to - from) + 31 * 86400.0) : weight;
}

static struct need need_of(const struct figure *figure)
{
    const struct deed *deed = figure->deed;
    struct need need = {.from = deed->from, .to = deed->to, .columns = deed->matcher->columns};
    for (size_t i = 0; i < deed->matcher->n_kinds; i++)
        if (deed->matcher->kinds[i] <= UINT8_MAX)
            need.kinds[deed->matcher->kinds[i]] = true;
    switch (deed->id) {
    case DOES_SPENT:
    case DOES_EARNED:
    case DOES_BURNED:
    case DOES_POINTS:
        need.columns |= EVENT_AMOUNT;
        break;
    case DOES_SHOPS:
        need.columns |= EVENT_TENANT;
        break;
    default:
        break;
    }
    return need;
}

static struct need need_join(const struct need *a, const struct need *b)
{
    struct need both = *a;
    for (size_t kind = 0; kind <= UINT8_MAX; kind++)
        both.kinds[kind] = a->kinds[kind] || b->kinds[kind];
    both.from = a->from < b->from ? a->from : b->from;
    both.to = a->to > b->to ? a->to : b->to;
    both.columns = a->columns | b->columns;
    return both;
}

static struct stage *stage_new(struct job *job)
{
    struct stage *stage = arena_new_of(job->arena, struct stage);
    stage->been = arena_alloc(job->arena, job->n_blocks);
    return stage;
}

static void query_fill(struct job *job, struct stage *stage, const struct need *need)
{
    uint16_t *wanted = arena_array(job->arena, uint16_t, UINT8_MAX + 1);
    size_t n = 0;
    for (size_t kind = 0; kind <= UINT8_MAX; kind++)
        if (need->kinds[kind])
            wanted[n++] = (uint16_t)kind;
    stage->query = (struct event_query){.from = need->from,
                                        .to = need->to,
                                        .kinds = wanted,
                                        .n_kinds = n,
                                        .columns = need->columns,
                                        .people = true};
}

static int by_cost(const void *a, const void *b)
{
    const struct stage *x = *(struct stage *const *)a, *y = *(struct stage *const *)b;
    return (x->cost > y->cost) - (x->cost < y->cost);
}

static void figures_part(struct job *job, const struct life *life)
{
    struct need *needs = arena_array(job->arena, struct need, job->figures.n);
    VEC(struct stage *) scans = {0};
    for (size_t i = 0; i < job->figures.n; i++) {
        struct need need = need_of(job->figures.at[i]);
        double alone = need_cost(&need, life), least = alone;
        size_t best = scans.n;
        for (size_t s = 0; s < scans.n; s++) {
            struct need both = need_join(&needs[s], &need);
            double more = need_cost(&both, life) - scans.at[s]->cost;
            if (more <= least) {
                least = more;
                best = s;
            }
        }
        if (best == scans.n) {
            struct stage *stage = stage_new(job);
            stage->type = STAGE_SCAN;
            needs[best] = need;
            vec_push(&scans, stage);
        } else {
            needs[best] = need_join(&needs[best], &need);
        }
        scans.at[best]->cost = need_cost(&needs[best], life);
        vec_push(&scans.at[best]->figures, job->figures.at[i]);
    }
    for (size_t s = 0; s < scans.n; s++)
        query_fill(job, scans.at[s], &needs[s]);
    if (scans.n)
        qsort(scans.at, scans.n, sizeof *scans.at, by_cost);
    for (size_t s = 0; s < scans.n; s++)
        vec_push(&job->stages, scans.at[s]);
    vec_free(&scans);
}

/* The list of chunks would tell it exactly, and takes a millisecond to read. */
static enum status life_read(struct job *job, struct life *life, struct error *err)
{
    const struct clock *clock = &reader_mall(job->reader)->clock;
    int64_t first, last = clock_day(clock, job->as_of);
    enum status status =
        reader_integer(job->reader, "select min(day) from rollup_day", last, &first, err);
    first = first < 0 || first > last ? last : first; /* before 1970 there were no malls */
    *life = (struct life){clock_day_start(clock, (int32_t)first), job->as_of + 1};
    return status;
}

enum status scans_part(struct job *job, struct error *err)
{
    struct life life = {0};
    enum status status = job->figures.n > 1 ? life_read(job, &life, err) : ST_OK;
    if (status != ST_OK)
        return status;
    for (int type = STAGE_COLUMNS; type < STAGE_SCAN; type++) {
        struct stage *stage = stage_new(job);
        stage->type = type;
        vec_push(&job->stages, stage);
    }
    for (size_t f = 0; f < job->figures.n; f++)
        figure_bounds(job->figures.at[f]);
    lately_part(job);
    figures_part(job, &life);
    for (size_t s = STAGE_SCAN; s < job->stages.n; s++)
        for (size_t f = 0; f < job->stages.at[s]->figures.n; f++)
            for (size_t i = 0; i < job->stages.at[s]->figures.at[f]->slots.n; i++)
                job->stages.at[s]->figures.at[f]->slots.at[i]->stage = (int)s;
    for (size_t i = 0; i < job->slots.n; i++)
        if (job->slots.at[i]->test->type == TEST_ROWS)
            job->slots.at[i]->stage = STAGE_ROWS;
    return ST_OK;
}
