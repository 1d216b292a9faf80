#include "model/insight/portrait.h"

#include "model/insight/portrait_group.h"
#include "model/insight/portrait_parts.h"

#include <stdlib.h>

/* Who may see none of it, and who only groups that are large enough. */
static enum status access_check(const struct access *access, struct portrait *portrait,
                                struct error *err)
{
    enum status status = access_require(access, RIGHT_QUESTIONS, "see portraits of people", err);
    if (status == ST_OK && portrait->one)
        status = access_require(access, RIGHT_PEOPLE_SEE, "see members", err);
    if (status != ST_OK)
        return status;
    portrait->withheld = !portrait->one && small_group(access, portrait->people);
    portrait->withheld_below = access->least_people;
    return ST_OK;
}

/* The period inside of what has events, so that its days can be laid out. */
static enum status period_clamp(struct portrait_job *job, struct portrait *portrait,
                                struct error *err)
{
    const struct portrait_query *query = job->query;
    const struct clock *clock = &reader_mall(job->reader)->clock;
    struct event_totals totals;
    enum status status = event_totals(job->reader, &totals, err);
    if (status != ST_OK)
        return status;
    int64_t first = totals.first, last = totals.last + 1;
    job->from = query->from > first ? query->from : first;
    job->to = query->to < last ? query->to : last;
    if (job->to <= job->from) { /* nothing happened in it */
        job->from = query->from < query->to - 1 ? query->to - 1 : query->from;
        job->to = job->from + 1;
    }
    int32_t end = clock_day(clock, query->to - 1) + 1;
    job->area_from = clock_day_start(clock, end - PORTRAIT_AREA_DAYS);
    job->daybook = daybook_make(job->scratch, clock, job->from, job->to);
    job->n_spans = job->daybook.n < 48 ? (size_t)job->daybook.n : 48;
    portrait->from = query->from;
    portrait->to = query->to;
    portrait->area_from = job->area_from;
    return ST_OK;
}

static enum status portrait_count(struct portrait_job *job, struct portrait *portrait,
                                  struct error *err)
{
    uint32_t n = 0;
    enum status status = survey_places_read(&job->ground, job->reader, job->arena, err);
    if (status == ST_OK)
        status = people_numbers(job->reader, &n, err);
    if (status == ST_OK)
        status = period_clamp(job, portrait, err);
    if (status != ST_OK)
        return status;
    job->members = set_new(job->scratch, n);
    status = portrait_rows(job, err);
    if (status == ST_OK)
        status = portrait_dictionaries(job, err);
    if (status == ST_OK)
        status = portrait_events(job, err);
    if (status != ST_OK)
        return status;
    portrait_state(job, portrait);
    portrait_rank(job->arena, portrait);
    return ST_OK;
}

enum status portrait_run(struct reader *reader, struct arena *arena, const struct access *access,
                         const struct portrait_query *query, struct portrait *portrait,
                         struct error *err)
{
    struct portrait_job job = {
        .reader = reader, .arena = arena, .access = access, .query = query, .group = query->group};
    *portrait = (struct portrait){.one = query->one, .people = set_count(query->group)};
    if (query->from >= query->to)
        return error_set(err, ST_USAGE, "the period of a portrait ends before it begins");
    enum status status = access_check(access, portrait, err);
    if (status != ST_OK || portrait->withheld)
        return status;
    status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    job.scratch = arena_new();
    status = portrait_count(&job, portrait, err);
    arena_free(job.scratch);
    reader_end(reader);
    return status;
}
