/*
 * A survey is one parallel pass over a period's events that counts *facts*: a visit, a person seen,
 * a receipt, a registration. A fact adds to its metric's total and to the cells of the dimensions
 * that were asked for; when a drill-down is after exactly this metric (and cell), the fact is also
 * put on its list. So a count and the list behind it cannot differ.
 *
 * Inside model/loop: figures, dashboards, visits and drill-downs are all read from surveys.
 */
#ifndef ATRIUM_LOOP_SURVEY_H
#define ATRIUM_LOOP_SURVEY_H

#include "model/base/set.h"
#include "model/base/vec.h"
#include "model/event/bytes.h"
#include "model/event/event.h"
#include "model/loop/addresses.h"
#include "model/loop/daybook.h"
#include "model/loop/drill.h"
#include "model/loop/metric.h"
#include "model/loop/names.h"

/* What a fact adds up to. */
struct sum {
    int64_t n, amount;
};

/* What is known of shops and devices, by number. */
struct places {
    uint32_t n_tenants, n_devices, n_zones; /* highest number + 1 */
    const uint32_t *tenant_zone, *device_zone;
    const uint32_t *tenant_category; /* 0: none */
    const bool *smart_pos;
    uint32_t n_categories; /* with 0, the one of no name */
    const char *const *categories;
};

/* What was noticed of a person in the period. */
enum person_flag {
    PERSON_VISITOR = 1 << 0, /* seen, and not a member when first seen */
    PERSON_ACTIVE = 1 << 1,
    PERSON_ACTED = 1 << 2, /* a post, a referral, a review */
    PERSON_TOGETHER = 1 << 3,
    PERSON_ADDRESSED = 1 << 4,
    PERSON_ANSWERED = 1 << 5,
    PERSON_SIGHTED = 1 << 6,
};

/* Two people who are related, from either side or both. `since`: UTC seconds, 0: not known. Those
 * of one block are stated by their places in it: their visits are compared while the block is at
 * hand. */
struct near_relation {
    uint16_t person, other; /* person < other */
    uint32_t kind, since;
};
struct far_relation {
    uint32_t person, other; /* of different blocks */
    uint32_t kind, since;
};

struct relations {
    VEC(struct near_relation) near; /* by block; in it by person, other, kind, each once */
    VEC(size_t) near_from;          /* where a block's begin; one more at the end */
    VEC(struct far_relation) far;   /* as the rows are: by person */
    struct set *related, *far_people;
};

/* Whether a relation began before a period's end. */
static inline bool began_before(uint32_t since, int64_t to)
{
    return since == 0 || since < to;
}

/* What a question needs to know beside the events; shared by its surveys. */
struct survey_ground {
    struct reader *reader;
    struct arena *arena;   /* of the answer: names stay with it */
    struct arena *scratch; /* of what is as long as the people; gone with survey_ground_end */
    const struct mall *mall;
    uint32_t n_people; /* highest person + 1 */
    struct places places;
    struct names relation_kinds, topics;
    bool relations_known, topics_known;
    struct relations relations;
    struct bytes
        interests; /* in order of person: how much higher the person is, the topic's number */
    const uint32_t *topic_place; /* of a topic's number among the topics in order */
    uint32_t pos, app;           /* channel numbers, 0: none */
    int part_from, part_to;      /* of the progress that the next survey is, thousandths */
    size_t sizes[DIM_COUNT];     /* highest key + 1, of the dimensions that no period changes */
};

/* Ends with survey_ground_end whether it succeeds or not, which is fine for a zeroed one, too. */
enum status survey_ground_read(struct survey_ground *ground, struct reader *reader,
                               struct arena *arena, struct error *err);
void survey_ground_end(struct survey_ground *ground);
/* Places, channels and sizes alone, which need no end. */
enum status survey_places_read(struct survey_ground *ground, struct reader *reader,
                               struct arena *arena, struct error *err);
/* Relations, with their kinds or all of one kind of no name, which is quicker. */
enum status survey_relations_read(struct survey_ground *ground, bool by_kind, struct error *err);
enum status survey_topics_read(struct survey_ground *ground, struct error *err);

/* What has to be looked at for a metric. */
enum survey_need {
    NEED_VISITS = 1 << 0,
    NEED_SIGHTINGS = 1 << 1,
    NEED_REGISTERS = 1 << 2,
    NEED_SALES = 1 << 3,
    NEED_ACTIVITY = 1 << 4, /* active kinds, points earned and burned among them */
    NEED_ACTS = 1 << 5,     /* engaged kinds */
    NEED_MESSAGES = 1 << 6, /* messages, coupons, benefits */
    NEED_PEOPLE = 1 << 7,   /* a look at everybody after the pass */
    NEED_TOGETHER = 1 << 8,
    NEED_RELATIONS = 1 << 9,
    NEED_GROUPS = 1 << 10,
    NEED_GROUP_COUNT = 1 << 11,
    NEED_TOPICS = 1 << 12,
    NEED_WHEEL = 1 << 13,
    NEED_BALANCES = 1 << 14,
    NEED_REACHABLE = 1 << 15,
    NEED_ADDRESSES = 1 << 16,
    NEED_SHOPS = 1 << 17,
};

struct survey_plan {
    int64_t from, to;
    unsigned needs;
    bool wanted[METRIC_END];
    bool by[DIM_COUNT][METRIC_END];
    bool wheel_delays; /* the times from step to step of the wheel, too */
    /* What a drill-down is after; METRIC_END: nothing. */
    enum metric_id target;
    enum dimension target_dim;
    int64_t target_key;
    size_t limit;
    size_t addresses_most; /* random addresses that a thread keeps at a time */
};

/* An empty plan for [from, to). */
struct survey_plan survey_plan_of(int64_t from, int64_t to);

/* Adds a metric, in all (DIM_NONE) or by a dimension; ratios bring their part and whole. */
void survey_plan_add(struct survey_plan *plan, enum metric_id metric, enum dimension dim);

struct kept_visit {
    uint32_t person;
    int64_t start, end;
};

/* Small facts about a person, side by side in a word, so that they sort by person: an act's day, or
 * the kind of a relation of whom one met. */
static inline uint64_t note_of(uint32_t person, uint32_t what)
{
    return (uint64_t)person << 32 | what;
}
static inline uint32_t note_person(uint64_t note)
{
    return (uint32_t)(note >> 32);
}
static inline uint32_t note_what(uint64_t note)
{
    return (uint32_t)note;
}
typedef VEC(uint64_t) note_list;

/* The visits of a block's people who are related to somebody of another block, until all blocks
 * were seen: `at` says where in `bytes` a person's begin (number, then each as its distance from
 * the end of the one before and its length). */
struct late_person {
    uint32_t person, at;
};
struct late_visits {
    size_t n;
    struct late_person *people; /* rising */
    unsigned char *bytes;
    size_t size;
};

enum {
    WHEEL_DELAYS = 3,
    LANES_MOST = 8, /* threads of a survey */
    ADDRESSES_MOST = 1 << 20,
};

/* One thread's counts. */
struct lane {
    struct survey *survey;
    struct sum total[METRIC_END];
    struct sum *by[DIM_COUNT][METRIC_END];  /* NULL where not asked for */
    uint32_t *stamp[DIM_COUNT][METRIC_END]; /* last person counted in a cell */
    bool by_time[METRIC_END];               /* a day or hour was asked for */
    VEC(struct drill_row) caught;           /* a heap, the earliest on top */
    /* Of the block under way. */
    uint32_t first_person;
    const int64_t *first_presence, *registered; /* by person - first_person */
    VEC(struct kept_visit) kept;                /* of related people, in order of person and time */
    uint32_t *kept_from;                        /* by place in the block: in `kept`, + 1 */
    note_list acts, met;
    struct bytes packed;
    VEC(struct late_person) packed_people;
    /* What can be stated only when all blocks were seen. */
    note_list late_acts, late_met;
    VEC(uint32_t) wheel[WHEEL_DELAYS]; /* seconds from step to step */
    struct addresses addresses;
    uint64_t *active_days; /* a bit a day and person of the block */
    /* Of the visit under way: who touched a zone last, and how long it lasted there. */
    uint32_t serial, *zone_serial;
    int64_t *zone_dwell;
    VEC(uint32_t) visit_zones, person_zones;
    uint32_t *zone_person; /* the person that has a zone on person_zones */
};

struct survey {
    const struct survey_ground *ground;
    const struct survey_plan *plan;
    struct daybook daybook;
    size_t sizes[DIM_COUNT];
    size_t target_at; /* the target's key as an index of its dimension */
    uint8_t *flags;   /* by person */
    uint64_t *people; /* the target's ids: people, shops or groups, a bit each */
    size_t n_people;
    size_t n_lanes;
    struct lane *lanes;           /* the first holds the sums of all in the end */
    struct late_visits *late;     /* by block; NULL where no visits are kept */
    VEC(int64_t) delays;          /* time to convert, where its median is wanted */
    struct set *members;          /* at the period's end, where reachable ones are wanted */
    VEC(uint64_t) listed;         /* random addresses, rising, where they are the target */
    uint32_t first_new, last_new; /* people who registered in the period lie between; 0: none */
};

/* The pass. What is found stays valid until survey_end, which frees what grew; the ground's scratch
 * has the rest. */
enum status survey_run(struct survey_ground *ground, const struct survey_plan *plan,
                       struct survey **survey, struct error *err);
void survey_end(struct survey *survey);

/* A metric's value, ratios included, in all or in one cell. */
struct figure survey_figure(const struct survey *survey, enum metric_id metric, enum dimension dim,
                            size_t at);

/* The median of n values (moves them): the mean of the two in the middle, rounded down, where n is
 * even; 0 where n is 0. */
int64_t median_of(int64_t *values, size_t n);

/* What outstanding points will cost, in fen: × (1 − expected breakage) × the value of a point, as
 * model/loop/points.h has them. False: they cannot be valued. */
bool points_value(struct reader *reader, int64_t points, int64_t *fen);

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

    if (!sums || at >= lane->survey->sizes[dim]) /* a number that no dictionary knows: damage */
        return;
    sums[at].n++;
    sums[at].amount += row->amount;
    if (lane_after(lane, metric, dim, at))
        lane_catch(lane, metric, row);
}

/* A person in a cell, once: all facts of one person must come one after the other. */
static inline void fact_once(struct lane *lane, enum metric_id metric, enum dimension dim,
                             size_t at, const struct drill_row *row)
{
    uint32_t *stamp = lane->stamp[dim][metric];

    if (!stamp || at >= lane->survey->sizes[dim] || stamp[at] == row->person)
        return;
    stamp[at] = row->person;
    fact_by(lane, metric, dim, at, row);
}

/* ---- The parts of the pass, in this order ---- */

void survey_visits(struct lane *lane, const struct event_block *block);
void survey_events(struct lane *lane, const struct event_block *block);
void survey_block_together(struct lane *lane, const struct event_block *block);
void survey_block_acts(struct lane *lane);
void survey_together(struct survey *survey);
void survey_acts(struct survey *survey);
enum status survey_people(struct survey *survey, struct error *err);
enum status survey_wheel(struct survey *survey, struct error *err);
enum status survey_balances(struct survey *survey, struct error *err);
enum status survey_addresses(struct survey *survey, struct error *err);
enum status survey_community(struct survey *survey, struct error *err);
void survey_shops(struct survey *survey);

/* A bit set of `n` ids in the arena. */
static inline size_t bit_words(size_t n)
{
    return (n + 63) / 64;
}
static inline bool bit_get(const uint64_t *bits, size_t at)
{
    return bits[at / 64] >> (at % 64) & 1;
}
/* The target is a list of random addresses, alone or behind people. */
static inline bool lists_addresses(const struct survey_plan *plan)
{
    return plan->target == METRIC_RANDOM_DEVICES || plan->target == METRIC_DEVICES;
}
static inline bool is_engaged(unsigned flags)
{
    return (flags & PERSON_ACTIVE) && (flags & (PERSON_ACTED | PERSON_TOGETHER));
}
static inline void bit_set(uint64_t *bits, size_t at)
{
    bits[at / 64] |= (uint64_t)1 << (at % 64);
}

#endif
