/* Inside of a portrait: what the pass over the rows and the pass over the events leave. */
#ifndef ATRIUM_INSIGHT_PORTRAIT_PARTS_H
#define ATRIUM_INSIGHT_PORTRAIT_PARTS_H

#include "model/insight/portrait.h"
#include "model/loop/daybook.h"
#include "model/loop/survey.h"

#include <string.h>

enum { GROUP, MALL, SIDES };

/* What was counted of one shop, one brand, one income … */
struct tally {
    int64_t people[SIDES]; /* visits for PART_WEEKDAY and PART_DAYTIME */
    int64_t of[SIDES];     /* where a row has a base of its own: PART_ATTRIBUTE, PART_RESPONSE */
    int64_t money[SIDES];
    int64_t gross[SIDES], n[SIDES]; /* for prices: money without refunds, receipts or pieces */
    uint64_t squares[SIDES];        /* of prices in tenths of a currency unit */
};

/* The things of one part, numbered from 0. */
struct part_keys {
    size_t n;
    const char **key, **name;
    const char **more; /* for the name: PART_ATTRIBUTE's attribute; NULL */
};

/* Sums over people; all by side. */
struct sums {
    int64_t seen[SIDES], members_seen[SIDES], buyers[SIDES], members_buying[SIDES];
    int64_t refunders[SIDES], addressed[SIDES], responded[SIDES], dwellers[SIDES];
    int64_t net[SIDES], gross[SIDES], receipts[SIDES], days[SIDES], visits[SIDES];
    int64_t dwell[SIDES], dwelt[SIDES], pieces[SIDES], lined[SIDES], line_people[SIDES];
    uint64_t net_squares[SIDES], receipt_squares[SIDES], day_squares[SIDES];
    uint64_t visit_squares[SIDES], dwell_squares[SIDES], piece_squares[SIDES];
};

struct portrait_job {
    struct reader *reader;
    struct arena *arena;   /* of the answer */
    struct arena *scratch; /* of the pass */
    const struct access *access;
    const struct portrait_query *query;
    const struct set *group;
    struct set *members;
    int64_t n_members[SIDES];
    int64_t from, to, area_from; /* the period, inside of what has events */
    struct survey_ground ground;
    struct daybook daybook;
    size_t n_spans;
    struct part_keys keys[PART_COUNT];
    struct tally *counts[PART_COUNT];
    int64_t of[PART_COUNT][SIDES]; /* bases of parts of members */
    struct sums sums;
    int64_t hours[SIDES][7][24];
    int64_t *spans[SIDES];
    int64_t related_inside;
    uint32_t n_items;
    const uint32_t *item_brand, *item_goods, *item_color; /* key + 1; 0: none */
    const uint32_t *tenant_brand;
    struct set *listed; /* who is behind the row asked for; NULL: nobody is asked for */
};

/* A person of the group has what stands behind this key. */
static inline void portrait_list_add(const struct portrait_job *job, enum portrait_part part,
                                     const char *key, uint32_t person)
{
    if (job->listed && part == job->query->list_part && set_has(job->group, person) &&
        person < job->listed->n && strcmp(key, job->query->list_key) == 0)
        set_add(job->listed, person);
}

/* Members, attributes, labels, interests, relations, groups, contacts. */
enum status portrait_rows(struct portrait_job *job, struct error *err);

/* Shops, zones, items: what events refer to by number. */
enum status portrait_dictionaries(struct portrait_job *job, struct error *err);

/* The pass over the events. */
enum status portrait_events(struct portrait_job *job, struct error *err);

/* Figures and facets from the counts. */
void portrait_state(const struct portrait_job *job, struct portrait *portrait);

/* What sets the group apart. */
void portrait_rank(struct arena *arena, struct portrait *portrait);

enum { AGE_STAGES = 7, DAYTIMES = 6, CONTACTS = 3 };
extern const char *const age_names[AGE_STAGES], *const weekday_keys[7];
extern const char *const weekday_titles[7], *const daytime_keys[DAYTIMES];
extern const char *const daytime_titles[DAYTIMES], *const portrait_contact_names[CONTACTS];
int age_stage(int years);
int daytime_of_hour(int hour);

#endif
