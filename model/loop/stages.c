#include "model/loop/stages.h"

#include <stdlib.h>

static const enum metric_id series_metrics[] = {
    METRIC_VISITS,      METRIC_PEOPLE_SEEN,   METRIC_DETECTIONS,    METRIC_REGISTRATIONS,
    METRIC_NEW_MEMBERS, METRIC_SALES,         METRIC_MEMBER_SALES,  METRIC_RECEIPTS,
    METRIC_ACTIVE,      METRIC_POINTS_EARNED, METRIC_POINTS_BURNED, METRIC_ENGAGED,
    METRIC_REFERRALS,   METRIC_MESSAGES_SENT,
};
enum { N_SERIES = sizeof series_metrics / sizeof *series_metrics };

bool metric_is_slow(enum metric_id metric)
{
    switch (metric) {
    case METRIC_DEVICES:
    case METRIC_RANDOM_DEVICES:
    case METRIC_REACHABLE:
    case METRIC_REACHABLE_SHARE:
    case METRIC_POINTS_OUTSTANDING:
    case METRIC_POINTS_LIABILITY:
    case METRIC_GROUP_MEMBERS:
    case METRIC_RELATED:
    case METRIC_INTERESTED:
        return true;
    default:
        return false;
    }
}

void plan_stages(struct survey_plan *plan, unsigned stages, bool slow)
{
    for (size_t m = 0; m < METRIC_END; m++)
        if ((stages >> metrics[m].stage & 1) && (slow || !metric_is_slow((enum metric_id)m)))
            survey_plan_add(plan, (enum metric_id)m, DIM_NONE);
    for (size_t i = 0; i < N_SERIES; i++)
        if (stages >> metrics[series_metrics[i]].stage & 1)
            survey_plan_add(plan, series_metrics[i], DIM_DAY);
}

enum status stages_make(struct reader *reader, struct arena *arena, const struct loop_query *query,
                        struct stages **out, struct error *err)
{
    const struct clock *clock = &reader_mall(reader)->clock;
    struct stages *stages = arena_new_of(arena, struct stages);
    enum status status = reader_present(reader, &stages->as_of, &stages->present, err);

    stages->period = query->period;
    stages->n_days = period_days(&query->period);
    stages->compared = query->compare != COMPARE_NONE;
    if (stages->compared) {
        stages->against = period_compare(clock, &query->period, query->compare);
        stages->n_days_before = period_days(&stages->against);
    }
    *out = stages;
    return status;
}

void survey_part(struct survey_ground *ground, bool compared, bool before)
{
    enum { NOW = 550 }; /* what is compared with counts a little less */

    ground->part_from = before ? NOW : 0;
    ground->part_to = compared && !before ? NOW : 1000;
}

static const int64_t *series_of(const struct survey *survey, enum metric_id metric)
{
    const struct sum *days = survey->lanes[0].by[DIM_DAY][metric];
    size_t n = survey->sizes[DIM_DAY];
    int64_t *values;

    if (!days)
        return NULL;
    values = arena_array(survey->ground->arena, int64_t, n);
    for (size_t i = 0; i < n; i++)
        values[i] = metrics[metric].sum == SUM_AMOUNT ? days[i].amount : days[i].n;
    return values;
}

void stages_take(struct stages *stages, const struct survey *survey, bool before)
{
    struct figure *figures = before ? stages->before : stages->now;
    const int64_t **series = before ? stages->series_before : stages->series;

    for (size_t m = 0; m < METRIC_END; m++)
        figures[m] = survey_figure(survey, (enum metric_id)m, DIM_NONE, 0);
    for (size_t i = 0; i < N_SERIES; i++)
        series[series_metrics[i]] = series_of(survey, series_metrics[i]);
}

static int channel_compare(const void *a, const void *b)
{
    const struct stage_channel *x = a, *y = b;

    if (x->registrations != y->registrations)
        return x->registrations > y->registrations ? -1 : 1;
    return (x->channel > y->channel) - (x->channel < y->channel);
}

static void channels_take(struct stages *stages, const struct survey *survey)
{
    const struct sum *sums = survey->lanes[0].by[DIM_CHANNEL][METRIC_REGISTRATIONS];
    struct arena *arena = survey->ground->arena;
    size_t size = sums ? survey->sizes[DIM_CHANNEL] : 0;
    struct stage_channel *channels = arena_array(arena, struct stage_channel, size);

    for (size_t at = 0; at < size; at++)
        if (sums[at].n)
            channels[stages->n_channels++] = (struct stage_channel){
                (uint32_t)at,
                at ? arena_strdup(arena,
                                  dict_name(survey->ground->reader, DICT_CHANNEL, (uint32_t)at))
                   : "none",
                sums[at].n};
    if (stages->n_channels)
        qsort(channels, stages->n_channels, sizeof *channels, channel_compare);
    stages->channels = channels;
}

static enum status stages_survey(struct survey_ground *ground, const struct loop_query *query,
                                 struct stages *stages, bool before, struct error *err)
{
    const struct period *period = before ? &stages->against : &stages->period;
    struct survey_plan plan = survey_plan_of(period->from, period->to);
    struct survey *survey;
    unsigned wanted = query->stages ? query->stages : (1u << STAGE_COUNT) - 1;

    plan_stages(&plan, wanted, query->slow && !before);
    survey_part(ground, stages->compared, before);
    if ((wanted >> STAGE_CONVERT & 1) && !before)
        survey_plan_add(&plan, METRIC_REGISTRATIONS, DIM_CHANNEL);
    enum status status = survey_run(ground, &plan, &survey, err);
    if (status != ST_OK)
        return status;
    stages_take(stages, survey, before);
    if (!before)
        channels_take(stages, survey);
    survey_end(survey);
    return ST_OK;
}

enum status stages_run(struct reader *reader, struct arena *arena, const struct loop_query *query,
                       struct stages **out, struct error *err)
{
    struct survey_ground ground = {0};
    struct stages *stages;

    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = stages_make(reader, arena, query, &stages, err);
    if (status == ST_OK)
        status = survey_ground_read(&ground, reader, arena, err);
    if (status == ST_OK)
        status = stages_survey(&ground, query, stages, false, err);
    if (status == ST_OK && stages->compared)
        status = stages_survey(&ground, query, stages, true, err);
    survey_ground_end(&ground);
    reader_end(reader);
    if (status != ST_OK)
        return status;
    stages->exact = true;
    *out = stages;
    return ST_OK;
}
