/*
 * The wheel: card → purchase → points → purchase again, of the members whose first registration
 * lies in the period, each followed for 30 days from it. What follows may lie after the period.
 *
 * With the first step fixed, taking the earliest event for each next step leaves the most room for
 * the ones after it, so the earliest chain is the deepest.
 */
#include "model/loop/survey.h"

#include <string.h>

/* One person's events of a kind in a run. */
struct stretch {
    const struct event_run *run;
    size_t at, end;
};

/* The first event at or after a moment; its time, INT64_MAX where there is none until `last`. */
static int64_t next_at(const struct stretch *s, int64_t from, int64_t last, size_t *at)
{
    for (*at = s->at; *at < s->end; ++*at)
        if (s->run->time[*at] >= from)
            return s->run->time[*at] <= last ? s->run->time[*at] : INT64_MAX;
    return INT64_MAX;
}

static void rounds_state(struct lane *lane, const struct stretch *bought,
                         const struct stretch *earned, int64_t from, int64_t last)
{
    size_t e, p;

    for (;;) {
        int64_t earn = next_at(earned, from, last, &e);
        if (earn == INT64_MAX)
            return;
        int64_t again = next_at(bought, earn + 1, last, &p);
        if (again == INT64_MAX)
            return;
        struct drill_row row = {.time = again,
                                .amount = bought->run->amount ? bought->run->amount[p] : 0,
                                .person = bought->run->person[p],
                                .tenant = bought->run->tenant ? bought->run->tenant[p] : 0,
                                .kind = KIND_PURCHASE,
                                .channel = bought->run->channel ? bought->run->channel[p] : 0};
        fact(lane, METRIC_WHEEL_ROUNDS, &row);
        from = again;
    }
}

static void delay_note(struct lane *lane, size_t step, int64_t delay)
{
    if (lane->survey->plan->wheel_delays)
        vec_push(&lane->wheel[step], (uint32_t)delay); /* within WHEEL_WINDOW_S */
}

static void wheel_state(struct lane *lane, uint32_t person, int64_t registered,
                        const struct stretch *bought, const struct stretch *earned)
{
    int64_t last = registered + WHEEL_WINDOW_S;
    struct drill_row row = {.person = person};
    size_t at;

    if (!bought->run)
        return;
    if (earned->run)
        rounds_state(lane, bought, earned, registered, last);
    int64_t first = next_at(bought, registered, last, &at);
    if (first == INT64_MAX)
        return;
    row.time = first;
    fact(lane, METRIC_WHEEL_PURCHASED, &row);
    delay_note(lane, 0, first - registered);
    int64_t earn = earned->run ? next_at(earned, first, last, &at) : INT64_MAX;
    if (earn == INT64_MAX)
        return;
    row.time = earn;
    fact(lane, METRIC_WHEEL_EARNED, &row);
    delay_note(lane, 1, earn - first);
    int64_t again = next_at(bought, earn + 1, last, &at);
    if (again == INT64_MAX)
        return;
    row.time = again;
    fact(lane, METRIC_WHEEL_AGAIN, &row);
    delay_note(lane, 2, again - earn);
}

enum { WHEEL_RUNS = 16 };

/* Whether any active event lies within 30 days of the registration. */
static void activation_state(struct lane *lane, uint32_t person, int64_t registered,
                             const struct stretch *stretches, size_t n)
{
    size_t at;

    for (size_t r = 0; r < n; r++) {
        int64_t time = next_at(&stretches[r], registered, registered + WHEEL_WINDOW_S, &at);
        if (time == INT64_MAX)
            continue;
        struct drill_row row = {.time = time, .person = person};
        fact(lane, METRIC_ACTIVATED, &row);
        return;
    }
}

static enum status wheel_block(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    const struct survey_plan *plan = lane->survey->plan;
    struct stretch stretches[WHEEL_RUNS] = {0};
    size_t n = 0;
    (void)err;

    for (size_t r = 0; r < block->n_runs && n < WHEEL_RUNS; r++)
        stretches[n++].run = &block->runs[r];
    for (;;) {
        uint32_t person = UINT32_MAX;
        struct stretch bought = {0}, earned = {0};
        for (size_t r = 0; r < n; r++) {
            struct stretch *s = &stretches[r];
            s->at = s->end;
            if (s->at < s->run->n && s->run->person[s->at] < person)
                person = s->run->person[s->at];
        }
        if (person == UINT32_MAX)
            return ST_OK;
        for (size_t r = 0; r < n; r++) {
            struct stretch *s = &stretches[r];
            while (s->end < s->run->n && s->run->person[s->end] == person)
                s->end++;
            if (s->run->kind == KIND_PURCHASE)
                bought = *s;
            if (s->run->kind == KIND_POINTS_EARN)
                earned = *s;
        }
        int64_t registered = block->registered[person - block->first_person];
        if (registered < plan->from || registered >= plan->to)
            continue;
        wheel_state(lane, person, registered, &bought, &earned);
        activation_state(lane, person, registered, stretches, n);
    }
}

enum status survey_wheel(struct survey *survey, struct error *err)
{
    uint16_t wanted[KIND_BUILT_IN_END];
    size_t n_wanted = 0;
    void *contexts[LANES_MOST];

    if (!survey->first_new)
        return ST_OK;
    for (size_t k = 0; k < n_kinds; k++)
        if (kinds[k].flags & KIND_ACTIVE)
            wanted[n_wanted++] = kinds[k].id;
    struct event_query query = {.from = survey->plan->from,
                                .to = survey->plan->to + WHEEL_WINDOW_S,
                                .kinds = wanted,
                                .n_kinds = n_wanted,
                                .columns = EVENT_TIME,
                                .people = true,
                                .times = true,
                                .person_first = survey->first_new,
                                .person_last = survey->last_new};
    if (survey->plan->target == METRIC_WHEEL_ROUNDS)
        query.columns |= EVENT_AMOUNT | EVENT_TENANT | EVENT_CHANNEL;
    for (size_t i = 0; i < survey->n_lanes; i++)
        contexts[i] = &survey->lanes[i];
    return event_scan_parallel(survey->ground->reader, &query, wheel_block, contexts,
                               (int)survey->n_lanes, err);
}
