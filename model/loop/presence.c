#include "model/loop/survey.h"

enum { USUAL_WEEKS = 8 };

/* The same weekday in the weeks before, on days on which anybody was seen. */
static void hours_take(struct presence_hours *hours, const struct survey *survey)
{
    const struct sum *cells = survey->lanes[0].by[DIM_DAY_HOUR][METRIC_PRESENT];
    int32_t today = survey->daybook.n - 1;

    for (int hour = 0; hour < 24; hour++)
        hours->today[hour] = cells[today * 24 + hour].n;
    for (int32_t day = today - 7; day >= 0; day -= 7) {
        int64_t seen = 0;
        for (int hour = 0; hour < 24; hour++)
            seen += cells[day * 24 + hour].n;
        if (!seen)
            continue;
        hours->usual_days++;
        for (int hour = 0; hour < 24; hour++)
            hours->usual[hour] += (double)cells[day * 24 + hour].n;
    }
    for (int hour = 0; hour < 24 && hours->usual_days; hour++)
        hours->usual[hour] /= hours->usual_days;
}

enum status presence_run(struct reader *reader, struct arena *arena, struct presence_hours *hours,
                         struct error *err)
{
    const struct clock *clock = &reader_mall(reader)->clock;
    struct survey_ground ground = {0};
    struct survey *survey = NULL;
    int64_t as_of, present;

    *hours = (struct presence_hours){0};
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = reader_present(reader, &as_of, &present, err);
    if (status == ST_OK)
        status = survey_ground_read(&ground, reader, arena, err);
    if (status == ST_OK) {
        int32_t today = clock_day(clock, present);
        struct survey_plan plan =
            survey_plan_of(clock_day_start(clock, today - USUAL_WEEKS * 7), present + 1);
        hours->day = today;
        hours->last_hour = clock_hour(clock, present);
        hours->first_hour = clock_hour(clock, clock_day_start(clock, today));
        survey_plan_add(&plan, METRIC_PRESENT, DIM_DAY_HOUR);
        status = survey_run(&ground, &plan, &survey, err);
        if (status == ST_OK) {
            hours_take(hours, survey);
            survey_end(survey);
        }
    }
    survey_ground_end(&ground);
    reader_end(reader);
    return status;
}
