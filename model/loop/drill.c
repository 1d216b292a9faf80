#include "model/loop/drill.h"
#include "model/base/intl.h"
#include "model/loop/label.h"
#include "model/loop/survey.h"

#include <stdlib.h>
#include <string.h>

/* The metric whose list is shown: a ratio's is that of its part. */
static enum metric_id listed(enum metric_id metric)
{
    if (metric == METRIC_POINTS_LIABILITY)
        return METRIC_POINTS_OUTSTANDING;
    return metrics[metric].part != METRIC_END ? metrics[metric].part : metric;
}

static int row_compare(const void *a, const void *b)
{
    const struct drill_row *x = a, *y = b;

    if (x->time != y->time)
        return x->time > y->time ? -1 : 1;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

/* What the median of a list of people is taken of: the ids are rising, as the blocks are. */
struct delays {
    const uint32_t *ids;
    size_t n, at;
    int64_t *values;
};

static enum status delays_take(void *context, const struct person_times *times, struct error *err)
{
    struct delays *delays = context;
    (void)err;

    for (; delays->at < delays->n && delays->ids[delays->at] - times->first_person < times->n;
         delays->at++) {
        uint32_t place = delays->ids[delays->at] - times->first_person;
        delays->values[delays->at] = times->registered[place] - times->first_presence[place];
    }
    return ST_OK;
}

static enum status take_ids(struct drill *drill, const struct survey *survey, enum metric_id metric,
                            struct error *err)
{
    const struct survey_ground *ground = survey->ground;
    size_t n = survey->n_people, at = 0;

    if (n < survey->sizes[DIM_GROUP])
        n = survey->sizes[DIM_GROUP];
    if (n < survey->sizes[DIM_TENANT])
        n = survey->sizes[DIM_TENANT];
    drill->count = 0;
    for (size_t w = 0; w < bit_words(n); w++)
        drill->count += __builtin_popcountll(survey->people[w]);
    uint32_t *ids = arena_array(ground->arena, uint32_t, (size_t)drill->count);
    for (size_t w = 0; w < bit_words(n); w++)
        for (uint64_t left = survey->people[w]; left; left &= left - 1)
            ids[at++] = (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(left);
    drill->ids = ids;
    drill->n_ids = at;
    if (metric != METRIC_CONVERTED_AFTER_VISIT)
        return ST_OK;
    struct delays delays = {ids, at, 0, arena_array(ground->arena, int64_t, at)};
    drill->values = delays.values;
    return person_times_each(ground->reader, delays_take, &delays, err);
}

static void take_rows(struct drill *drill, const struct survey *survey)
{
    const struct lane *all = &survey->lanes[0];
    size_t n = all->caught.n < survey->plan->limit ? all->caught.n : survey->plan->limit;
    struct drill_row *rows = arena_array(survey->ground->arena, struct drill_row, n);

    if (all->caught.n)
        qsort(all->caught.at, all->caught.n, sizeof *all->caught.at, row_compare);
    if (n)
        memcpy(rows, all->caught.at, n * sizeof *rows);
    drill->rows = rows;
    drill->n_rows = n;
}

static void take_addresses(struct drill *drill, const struct survey *survey)
{
    size_t n = survey->listed.n;
    uint64_t *at = arena_array(survey->ground->arena, uint64_t, n);

    if (n)
        memcpy(at, survey->listed.at, n * sizeof *at);
    drill->addresses = at;
    drill->n_addresses = n;
    drill->count += survey->lanes[0].total[METRIC_RANDOM_DEVICES].n;
}

static enum status drill_take(struct drill *drill, const struct survey *survey,
                              const struct drill_query *query, struct error *err)
{
    const struct survey_plan *plan = survey->plan;
    const struct lane *all = &survey->lanes[0];
    enum status status;
    struct sum sum = {0};

    drill->behind = metrics[plan->target].behind;
    if (query->dim == DIM_NONE)
        sum = all->total[plan->target];
    else if (survey->target_at != SIZE_MAX)
        sum = all->by[query->dim][plan->target][survey->target_at];
    drill->count = sum.n;
    drill->amount = sum.amount;
    switch (drill->behind) {
    case BEHIND_VISITS:
    case BEHIND_EVENTS:
        take_rows(drill, survey);
        return ST_OK;
    case BEHIND_ADDRESSES:
        drill->count = 0;
        take_addresses(drill, survey);
        return ST_OK;
    case BEHIND_DEVICES:
        status = take_ids(drill, survey, plan->target, err);
        take_addresses(drill, survey);
        return status;
    default:
        return take_ids(drill, survey, plan->target, err);
    }
}

enum status drill_run(struct reader *reader, struct arena *arena, const struct drill_query *query,
                      struct drill *drill, struct error *err)
{
    struct survey_plan plan = survey_plan_of(query->period.from, query->period.to);
    struct survey_ground ground = {0};
    struct survey *survey = NULL;

    if (!metric_has(query->metric, query->dim))
        return error_set(err, ST_USAGE, "%s is not known by %s", metrics[query->metric].title,
                         dimension_name(query->dim));
    plan.target = listed(query->metric);
    plan.target_dim = query->dim;
    plan.target_key = query->key;
    plan.limit = query->limit ? query->limit : DRILL_LIMIT;
    survey_plan_add(&plan, plan.target, query->dim);
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    *drill = (struct drill){0};
    status = survey_ground_read(&ground, reader, arena, err);
    if (status == ST_OK)
        status = survey_run(&ground, &plan, &survey, err);
    if (status == ST_OK) {
        status = drill_take(drill, survey, query, err);
        survey_end(survey);
    }
    survey_ground_end(&ground);
    reader_end(reader);
    return status;
}

char *drill_title(struct reader *reader, struct arena *arena, const struct drill_query *query)
{
    const struct clock *clock = &reader_mall(reader)->clock;
    const char *when = period_title(arena, clock, &query->period);

    if (query->dim == DIM_NONE)
        return arena_printf(arena, _("%s, %s"), _(metrics[query->metric].title), when);
    /* xgettext: figure, "zone", "floor 2", period */
    return arena_printf(arena, _("%s, %s %s, %s"), _(metrics[query->metric].title),
                        _(dimension_name(query->dim)),
                        label_of(reader, arena, NULL, query->dim, query->key), when);
}
