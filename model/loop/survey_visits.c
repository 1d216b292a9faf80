/* Visits: a person's events of presence, all kinds together in order of time, cut where more than
 * the mall's visit_gap lies between two. */
#include "model/loop/survey.h"

#include <string.h>

enum { PRESENCE_RUNS = 16 };

/* The runs of presence of a block, each with where it has come to. */
struct presence {
    size_t n;
    const struct event_run *run[PRESENCE_RUNS];
    size_t at[PRESENCE_RUNS], end[PRESENCE_RUNS]; /* `end` of the person looked at */
};

struct moment {
    int64_t time;
    uint32_t zone;
};

struct open_visit {
    bool open, detailed;
    uint32_t person, zone, first_zone; /* `zone`: of its last event */
    int64_t start, last;
};

static uint32_t zone_of(const struct places *places, const struct event_run *run, size_t i)
{
    uint32_t tenant = run->tenant ? run->tenant[i] : 0, device = run->device ? run->device[i] : 0;

    if (run->zone && run->zone[i])
        return run->zone[i] < places->n_zones ? run->zone[i] : 0;
    if (tenant && tenant < places->n_tenants && places->tenant_zone[tenant])
        return places->tenant_zone[tenant];
    return device < places->n_devices ? places->device_zone[device] : 0;
}

/* ---- Facts of one visit ---- */

static void visit_zone_note(struct lane *lane, uint32_t zone, int64_t dwell)
{
    if (lane->zone_serial[zone] != lane->serial) {
        lane->zone_serial[zone] = lane->serial;
        lane->zone_dwell[zone] = 0;
        vec_push(&lane->visit_zones, zone);
    }
    lane->zone_dwell[zone] += dwell;
}

static void visit_zones_state(struct lane *lane, const struct drill_row *visit)
{
    for (size_t i = 0; i < lane->visit_zones.n; i++) {
        uint32_t zone = lane->visit_zones.at[i];
        struct drill_row row = *visit;

        row.zone = zone;
        row.amount = lane->zone_dwell[zone];
        fact_by(lane, METRIC_VISITS, DIM_ZONE, zone, &row);
        fact_by(lane, METRIC_DWELL_TOTAL, DIM_ZONE, zone, &row);
        if (row.amount > 0)
            fact_by(lane, METRIC_VISITS_WITH_DWELL, DIM_ZONE, zone, &row);
        if (row.amount < 600)
            fact_by(lane, METRIC_VISITS_UNDER_10_MIN, DIM_ZONE, zone, &row);
        fact_once(lane, METRIC_PEOPLE_SEEN, DIM_ZONE, zone, &row);
        if (lane->zone_person[zone] != row.person) {
            lane->zone_person[zone] = row.person;
            vec_push(&lane->person_zones, zone);
        }
    }
}

static void fact_by_start(struct lane *lane, enum metric_id metric, int32_t day, int hour,
                          const struct drill_row *row)
{
    int weekday = date_weekday(lane->survey->daybook.first_day + day);

    fact_by(lane, metric, DIM_DAY, (size_t)day, row);
    fact_by(lane, metric, DIM_HOUR, (size_t)hour, row);
    fact_by(lane, metric, DIM_WEEK_HOUR, (size_t)(weekday * 24 + hour), row);
    fact_by(lane, metric, DIM_DAY_HOUR, (size_t)day * 24 + (size_t)hour, row);
}

static void visit_starts_state(struct lane *lane, const struct drill_row *row)
{
    const struct daybook *daybook = &lane->survey->daybook;
    int32_t day = daybook_at(daybook, row->time);
    int hour = daybook_hour(daybook, day, row->time);
    int weekday = date_weekday(daybook->first_day + day);

    fact_by_start(lane, METRIC_VISITS, day, hour, row);
    fact_by_start(lane, METRIC_DWELL_TOTAL, day, hour, row);
    if (row->amount > 0)
        fact_by_start(lane, METRIC_VISITS_WITH_DWELL, day, hour, row);
    if (row->amount < 600)
        fact_by_start(lane, METRIC_VISITS_UNDER_10_MIN, day, hour, row);
    fact_once(lane, METRIC_PEOPLE_SEEN, DIM_DAY, (size_t)day, row);
    fact_once(lane, METRIC_PEOPLE_SEEN, DIM_HOUR, (size_t)hour, row);
    fact_once(lane, METRIC_PEOPLE_SEEN, DIM_WEEK_HOUR, (size_t)(weekday * 24 + hour), row);
    fact_once(lane, METRIC_PEOPLE_SEEN, DIM_DAY_HOUR, (size_t)day * 24 + (size_t)hour, row);
}

/* Every hour of the clock that the visit touches. */
static void visit_hours_state(struct lane *lane, const struct drill_row *row, int64_t end)
{
    const struct daybook *daybook = &lane->survey->daybook;
    int64_t step = 900; /* zones are set to quarters of an hour */
    int64_t quarter = row->time / step - (row->time % step < 0);
    size_t before = SIZE_MAX;

    for (int64_t t = row->time;; t = ++quarter * step) {
        int64_t at_time = t < end ? t : end;
        int32_t day = daybook_at(daybook, at_time);
        int hour = daybook_hour(daybook, day, at_time);
        size_t at = (size_t)day * 24 + (size_t)hour;
        if (at != before) {
            fact_once(lane, METRIC_PRESENT, DIM_HOUR, (size_t)hour, row);
            fact_once(lane, METRIC_PRESENT, DIM_DAY_HOUR, at, row);
        }
        before = at;
        if (t >= end)
            break;
    }
}

static void visit_close(struct lane *lane, struct open_visit *visit)
{
    const struct set *related = lane->survey->ground->relations.related;
    struct drill_row row = {.time = visit->start,
                            .amount = visit->last - visit->start,
                            .person = visit->person,
                            .zone = visit->first_zone};

    if (!visit->open)
        return;
    visit->open = false;
    fact(lane, METRIC_VISITS, &row);
    fact(lane, METRIC_DWELL_TOTAL, &row);
    if (row.amount > 0)
        fact(lane, METRIC_VISITS_WITH_DWELL, &row);
    if (row.amount < 600)
        fact(lane, METRIC_VISITS_UNDER_10_MIN, &row);
    if (lane->by_time[METRIC_VISITS] || lane->by_time[METRIC_PEOPLE_SEEN])
        visit_starts_state(lane, &row);
    if (lane->by_time[METRIC_PRESENT])
        visit_hours_state(lane, &row, visit->last);
    if (visit->detailed) {
        visit_zones_state(lane, &row);
        lane->visit_zones.n = 0;
        lane->serial++;
    }
    if (lane->kept_from && set_has(related, row.person))
        vec_push(&lane->kept, (struct kept_visit){row.person, visit->start, visit->last});
}

static void visit_go_on(struct lane *lane, struct open_visit *visit, uint32_t person,
                        const struct moment *moment)
{
    int32_t gap = lane->survey->ground->mall->visit_gap;

    if (visit->open && moment->time - visit->last > gap)
        visit_close(lane, visit);
    if (!visit->open) {
        visit->open = true;
        visit->person = person;
        visit->start = visit->last = moment->time;
        visit->first_zone = moment->zone;
    } else if (visit->detailed) {
        visit_zone_note(lane, visit->zone, moment->time - visit->last);
    }
    if (visit->detailed)
        visit_zone_note(lane, moment->zone, 0);
    visit->last = moment->time;
    visit->zone = moment->zone;
}

/* ---- Facts of one person ---- */

/* What those seen in a zone bought. */
static void person_areas_state(struct lane *lane, const struct presence *presence)
{
    const struct places *places = &lane->survey->ground->places;

    for (size_t r = 0; r < presence->n; r++) {
        const struct event_run *run = presence->run[r];
        bool refund = run->kind == KIND_REFUND;
        if (run->kind != KIND_PURCHASE && !refund)
            continue;
        for (size_t i = presence->at[r]; i < presence->end[r]; i++) {
            uint32_t tenant = run->tenant ? run->tenant[i] : 0;
            int64_t amount = run->amount ? run->amount[i] : 0;
            size_t category = tenant < places->n_tenants ? places->tenant_category[tenant] : 0;
            struct drill_row row = {.time = run->time[i],
                                    .amount = refund ? -amount : amount,
                                    .person = run->person[i],
                                    .tenant = tenant,
                                    .kind = run->kind,
                                    .channel = run->channel ? run->channel[i] : 0};
            for (size_t z = 0; z < lane->person_zones.n; z++) {
                size_t at = (size_t)lane->person_zones.at[z] * places->n_categories + category;
                fact_by(lane, METRIC_SALES, DIM_AREA, at, &row);
                if (refund)
                    continue;
                fact_by(lane, METRIC_RECEIPTS, DIM_AREA, at, &row);
                fact_once(lane, METRIC_BUYERS, DIM_AREA, at, &row);
            }
        }
    }
}

static void person_state(struct lane *lane, uint32_t person, int64_t first)
{
    struct survey *survey = lane->survey;
    uint32_t place = person - lane->first_person;
    struct drill_row row = {.time = first, .person = person};

    fact(lane, METRIC_PEOPLE_SEEN, &row);
    fact(lane, METRIC_PRESENT, &row);
    fact(lane,
         lane->first_presence[place] < survey->plan->from ? METRIC_RETURNING_PEOPLE
                                                          : METRIC_NEW_PEOPLE,
         &row);
    if (lane->registered[place] <= first) {
        fact(lane, METRIC_MEMBERS_SEEN, &row);
    } else {
        fact(lane, METRIC_VISITORS, &row);
        survey->flags[person] |= PERSON_VISITOR;
    }
}

static bool is_detailed(const struct lane *lane)
{
    const struct survey_plan *plan = lane->survey->plan;

    if (plan->target < METRIC_END && metrics[plan->target].behind == BEHIND_VISITS)
        return true;
    for (size_t m = 0; m < METRIC_END; m++)
        if (m != METRIC_DETECTIONS && m != METRIC_RANDOM_DETECTIONS &&
            (plan->by[DIM_ZONE][m] || plan->by[DIM_AREA][m]))
            return true;
    return false;
}

/* All of one person's events between at and end, in order of time. */
static void person_visits(struct lane *lane, struct presence *presence, uint32_t person,
                          bool detailed)
{
    const struct places *places = &lane->survey->ground->places;
    struct open_visit visit = {.detailed = detailed};
    size_t at[PRESENCE_RUNS];
    int64_t first = INT64_MAX;

    memcpy(at, presence->at, sizeof at);
    for (;;) {
        size_t best = PRESENCE_RUNS;
        for (size_t r = 0; r < presence->n; r++)
            if (at[r] < presence->end[r] &&
                (best == PRESENCE_RUNS ||
                 presence->run[r]->time[at[r]] < presence->run[best]->time[at[best]]))
                best = r;
        if (best == PRESENCE_RUNS)
            break;
        const struct event_run *run = presence->run[best];
        struct moment moment = {run->time[at[best]], detailed ? zone_of(places, run, at[best]) : 0};
        if (first == INT64_MAX)
            first = moment.time;
        visit_go_on(lane, &visit, person, &moment);
        at[best]++;
    }
    visit_close(lane, &visit);
    person_state(lane, person, first);
    if (detailed) {
        if (lane->by[DIM_AREA][METRIC_SALES] || lane->by[DIM_AREA][METRIC_RECEIPTS] ||
            lane->by[DIM_AREA][METRIC_BUYERS])
            person_areas_state(lane, presence);
        lane->person_zones.n = 0;
    }
}

void survey_visits(struct lane *lane, const struct event_block *block)
{
    struct presence presence = {0};
    bool detailed = is_detailed(lane);

    for (size_t r = 0; r < block->n_runs && presence.n < PRESENCE_RUNS; r++)
        if (kind_flags(block->runs[r].kind) & KIND_PRESENCE)
            presence.run[presence.n++] = &block->runs[r];
    for (;;) {
        uint32_t person = UINT32_MAX;
        for (size_t r = 0; r < presence.n; r++)
            if (presence.at[r] < presence.run[r]->n &&
                presence.run[r]->person[presence.at[r]] < person)
                person = presence.run[r]->person[presence.at[r]];
        if (person == UINT32_MAX)
            break;
        for (size_t r = 0; r < presence.n; r++) {
            const struct event_run *run = presence.run[r];
            presence.end[r] = presence.at[r];
            while (presence.end[r] < run->n && run->person[presence.end[r]] == person)
                presence.end[r]++;
        }
        person_visits(lane, &presence, person, detailed);
        memcpy(presence.at, presence.end, sizeof presence.at);
    }
}
