/*
 * A survey is one parallel pass over a period's events that counts *facts*: a visit, a person seen,
 * a receipt, a registration. A fact adds to its metric's total and to the cells of the dimensions
 * that were asked for; when a drill-down asks for exactly this metric (and cell), the fact is also
 * put on its list. So a count and the list behind it cannot differ.
 *
 * Inside model/loop: figures, dashboards, visits and drill-downs are all read from surveys.
 */
#ifndef ATRIUM_LOOP_SURVEY_H
#define ATRIUM_LOOP_SURVEY_H

#include "model/base/vec.h"
#include "model/event/event.h"
#include "model/loop/calendar.h"
#include "model/loop/drill.h"
#include "model/loop/metric.h"

/* What a fact adds up to. */
struct sum {
    int64_t n, amount;
};

/* What is known of shops, zones and devices, by number. */
struct places {
    uint32_t n_tenants, n_devices; /* highest number + 1 */
    const uint32_t *tenant_zone, *device_zone;
    const uint32_t *tenant_category; /* 0: none */
    const bool *smart_pos;
    uint32_t n_categories; /* with 0, the one of no name */
    const char *const *categories;
};

/* What was noticed of a person, one byte or two each. */
enum person_flag {
    PERSON_SEEN = 1 << 0,
    PERSON_VISITOR = 1 << 1, /* not a member when first seen */
    PERSON_ACTIVE = 1 << 2,
    PERSON_ACTED = 1 << 3, /* a post, referral, review */
    PERSON_TOGETHER = 1 << 4,
    PERSON_ADDRESSED = 1 << 5,
    PERSON_ANSWERED = 1 << 6,
    PERSON_SIGHTED = 1 << 7,
    PERSON_RELATED = 1 << 8, /* set before the pass: keep this person's visits */
};

struct relation {
    uint32_t person, other, kind;
};

/* What one question needs to know beside the events; shared by its surveys. */
struct survey_ground {
    struct reader *reader;
    struct arena *arena;
    const struct mall *mall;
    struct person_columns columns;
    struct places places;
    size_t n_relations; /* loaded when a survey includes the community stage */
    const struct relation *relations;
    size_t n_relation_kinds, n_topics;
    const char *const *relation_kinds, *const *topics;
    bool relations_known, topics_known;
    uint32_t pos, app;       /* channel numbers, 0: none */
    size_t sizes[DIM_COUNT]; /* highest key + 1 of dimensions that do not depend on the period */
};

enum status survey_ground_read(struct survey_ground *ground, struct reader *reader,
                               struct arena *arena, struct error *err);

struct survey_plan {
    int64_t from, to;
    unsigned stages; /* 1 << enum stage */
    bool wheel, points, reachable, random_devices, groups;
    bool by[DIM_COUNT][METRIC_END];
    /* What a drill-down is after; METRIC_END: none. */
    enum metric_id target;
    enum dimension target_dim;
    int64_t target_key;
    size_t limit;
    /* Share of the question's progress that this survey is: [progress_from, progress_to) of 1000.
     */
};

/* Asks for a cell table, and for what a ratio is made of. */
void survey_plan_by(struct survey_plan *plan, enum dimension dim, enum metric_id metric);

struct kept_visit {
    uint32_t person;
    int64_t start, end;
};
struct act {
    uint32_t person;
    int32_t day;
};

/* The list of a drill-down as it grows: latest rows in a heap, people in the survey's bits. */
struct catch {
    int64_t n, amount;
    VEC(struct drill_row) rows;
    VEC(uint64_t) addresses;
};

/* One thread's counts. */
struct lane {
    struct survey *survey;
    struct sum total[METRIC_END];
    struct sum *by[DIM_COUNT][METRIC_END];      /* NULL where not asked for */
    uint32_t *stamp[DIM_COUNT][METRIC_END];     /* last person counted in a cell */
    struct catch caught;
    VEC(struct kept_visit) kept;
    VEC(struct act) acts;
    uint64_t *active_days;    /* a bit a day and person of the block */
    uint32_t *zone_serial;    /* the visit that touched a zone last */
    uint32_t serial;          /* of the visit */
    int64_t *zone_dwell;      /* of the visit under way */
    VEC(uint32_t) visit_zones, person_zones;
    struct address_set *addresses;
};

struct survey {
    const struct survey_ground *ground;
    const struct survey_plan *plan;
    struct calendar calendar;
    size_t sizes[DIM_COUNT];
    size_t target_at; /* the target's key as an index of its dimension */
    uint16_t *flags;  /* by person */
    uint64_t *people; /* the target's people, a bit each */
    size_t n_lanes;
    struct lane *lanes;
    /* The answer: the lanes' sums together, in lane 0. */
    struct lane *sums;
    int64_t *wheel_delays[3]; /* seconds from step to step, for medians */
    size_t n_wheel_delays[3];
    int64_t delay_sum; /* time to convert */
    int64_t *delays;
    size_t n_delays;
    int64_t points_outstanding;
};

/* Owned by the ground's arena, but for what survey_end frees. */
enum status survey_run(struct survey_ground *ground, const struct survey_plan *plan,
                       struct survey **survey, struct error *err);
void survey_end(struct survey *survey);

/* The figures of a survey: METRIC_END of them; of the plan's stages. */
void survey_figures(const struct survey *survey, struct figure *figures);

/* One cell's value of a metric, ratios included; `dim` may be DIM_NONE. */
struct figure survey_figure(const struct survey *survey, enum metric_id metric, enum dimension dim,
                            size_t at);

/* ---- Stating facts ---- */

void lane_catch(struct lane *lane, enum metric_id metric, const struct drill_row *row);

static inline bool lane_after(const struct lane *lane, enum metric_id metric, enum dimension dim,
                              size_t at)
{
    const struct survey *survey = lane->survey;

    return survey->plan->target == metric && survey->plan->target_dim == dim &&
           survey->target_at == at;
}

/* A fact of the whole. */
static inline void fact(struct lane *lane, enum metric_id metric, const struct drill_row *row)
{
    lane->total[metric].n++;
    lane->total[metric].amount += row->amount;
    if (lane_after(lane, metric, DIM_NONE, 0))
        lane_catch(lane, metric, row);
}

/* The same fact in a cell of a dimension. */
static inline void fact_by(struct lane *lane, enum metric_id metric, enum dimension dim, size_t at,
                           const struct drill_row *row)
{
    struct sum *sums = lane->by[dim][metric];

    if (!sums)
        return;
    sums[at].n++;
    sums[at].amount += row->amount;
    if (lane_after(lane, metric, dim, at))
        lane_catch(lane, metric, row);
}

/* A person in a cell, once; all facts of one person must come one after the other. */
static inline void fact_once(struct lane *lane, enum metric_id metric, enum dimension dim,
                             size_t at, const struct drill_row *row)
{
    uint32_t *stamp = lane->stamp[dim][metric];

    if (!stamp || stamp[at] == row->person)
        return;
    stamp[at] = row->person;
    fact_by(lane, metric, dim, at, row);
}

/* A fact in the day, hour and their combinations. */
void fact_by_time(struct lane *lane, enum metric_id metric, const struct drill_row *row);
void fact_once_by_time(struct lane *lane, enum metric_id metric, const struct drill_row *row);

/* ---- The parts of the pass ---- */

void survey_visits(struct lane *lane, const struct event_block *block);
void survey_events(struct lane *lane, const struct event_block *block);
enum status survey_wheel(struct survey *survey, struct error *err);
enum status survey_points(struct survey *survey, struct error *err);
/* After the pass, from flags and columns: people, activity, groups, topics, relations. */
enum status survey_people(struct survey *survey, struct error *err);
enum status survey_community(struct survey *survey, struct error *err);

enum status relations_read(struct survey_ground *ground, struct error *err);

#endif
