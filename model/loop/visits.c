#include "model/loop/visits.h"
#include "model/loop/label.h"
#include "model/loop/survey.h"

static const enum dimension dims[] = {
    [VISITS_BY_NONE] = DIM_NONE,
    [VISITS_BY_ZONE] = DIM_ZONE,
    [VISITS_BY_DAY] = DIM_DAY,
    [VISITS_BY_HOUR] = DIM_HOUR,
};

static const enum metric_id counted[] = {METRIC_DETECTIONS, METRIC_VISITS, METRIC_PEOPLE_SEEN,
                                         METRIC_DWELL_TOTAL, METRIC_VISITS_UNDER_10_MIN};

static const struct sum *cell(const struct survey *survey, enum metric_id metric,
                              enum dimension dim, size_t at)
{
    return &survey->lanes[0].by[dim][metric][at];
}

static void groups_take(struct visit_answer *answer, const struct survey *survey,
                        enum dimension dim)
{
    struct arena *arena = survey->ground->arena;
    size_t n = survey->sizes[dim];
    struct visit_group *groups = arena_array(arena, struct visit_group, n);

    for (size_t at = 0; at < n; at++) {
        if (!cell(survey, METRIC_VISITS, dim, at)->n &&
            !cell(survey, METRIC_DETECTIONS, dim, at)->n)
            continue;
        int64_t key = (int64_t)at + (dim == DIM_DAY ? survey->daybook.first_day : 0);
        groups[answer->n_groups++] = (struct visit_group){
            .key = (uint32_t)key,
            .name = dim == DIM_ZONE && at == 0
                        ? ""
                        : label_of(survey->ground->reader, arena, survey->ground, dim, key),
            .detections = cell(survey, METRIC_DETECTIONS, dim, at)->n,
            .visits = cell(survey, METRIC_VISITS, dim, at)->n,
            .people = cell(survey, METRIC_PEOPLE_SEEN, dim, at)->n,
            .dwell = cell(survey, METRIC_DWELL_TOTAL, dim, at)->amount,
            .under_10_min = cell(survey, METRIC_VISITS_UNDER_10_MIN, dim, at)->n,
        };
    }
    answer->groups = groups;
}

static void answer_take(struct visit_answer *answer, const struct survey *survey)
{
    const struct sum *total = survey->lanes[0].total;

    *answer = (struct visit_answer){
        .detections = total[METRIC_DETECTIONS].n,
        .devices = total[METRIC_DEVICES].n,
        .visits = total[METRIC_VISITS].n,
        .people = total[METRIC_PEOPLE_SEEN].n,
        .dwell_total = total[METRIC_DWELL_TOTAL].amount,
        .under_10_min = total[METRIC_VISITS_UNDER_10_MIN].n,
        .dwelt = total[METRIC_VISITS_WITH_DWELL].n,
        .random_detections = total[METRIC_RANDOM_DETECTIONS].n,
        .random_devices = total[METRIC_RANDOM_DEVICES].n,
    };
}

enum status visits_run(struct reader *reader, struct arena *arena, const struct visit_query *query,
                       struct visit_answer *answer, struct error *err)
{
    struct survey_plan plan = survey_plan_of(query->from, query->to);
    enum dimension dim = dims[query->by];
    struct survey_ground ground = {0};
    struct survey *survey = NULL;

    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
        survey_plan_add(&plan, counted[i], dim);
    survey_plan_add(&plan, METRIC_DEVICES, DIM_NONE);
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = survey_ground_read(&ground, reader, arena, err);
    if (status == ST_OK)
        status = survey_run(&ground, &plan, &survey, err);
    if (status == ST_OK) {
        answer_take(answer, survey);
        if (dim != DIM_NONE)
            groups_take(answer, survey, dim);
        survey_end(survey);
    }
    survey_ground_end(&ground);
    reader_end(reader);
    return status;
}
