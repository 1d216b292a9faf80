/*
 * Visits, by the 30-minute rule: events of presence (KIND_PRESENCE: sightings, doors, tills) of one
 * person no more than the mall's visit_gap apart are one visit; its dwell is last − first.
 *
 * A question looks at the events of its period alone: a visit that crosses the period's border is
 * cut there, and counts in the period that asks. (So three days' files give the same visits whether
 * they are kept in three malls or in one and asked for by day.) Inside the period a visit belongs
 * to the day and hour in which it starts. Randomised addresses are nobody's: they count as
 * detections and devices, never as visits.
 */
#ifndef ATRIUM_LOOP_VISITS_H
#define ATRIUM_LOOP_VISITS_H

#include "model/base/arena.h"
#include "model/base/sheet.h"
#include "model/event/event.h"

enum visit_by { VISITS_BY_NONE, VISITS_BY_ZONE, VISITS_BY_DAY, VISITS_BY_HOUR };

struct visit_query {
    int64_t from, to; /* [from, to) */
    enum visit_by by;
};

/* By zone: visits and people that touched it, and the time between an event there and the visit's
 * next event. By day and hour (of the clock): visits that start then, with all of their dwell. */
struct visit_group {
    uint32_t key; /* zone number, mall day, hour */
    const char *name;
    int64_t detections; /* in that zone, day, hour, random ones included */
    int64_t visits, people, dwell, under_10_min;
};

struct visit_answer {
    int64_t detections; /* sightings in the period, random ones included */
    int64_t devices;    /* people with a sighting in the period + random_devices */
    int64_t visits, people, dwell_total, under_10_min;
    int64_t dwelt; /* visits with dwell above 0 */
    int64_t random_detections, random_devices;
    size_t n_groups; /* in order of key */
    const struct visit_group *groups;
};

/* Exact, in one pass over the period's events of presence. Owned by the arena. */
enum status visits_run(struct reader *reader, struct arena *arena, const struct visit_query *query,
                       struct visit_answer *answer, struct error *err);

#endif
