/* After the pass: one look at everybody, from the columns kept by person and what the pass noted;
 * and what only the members' rows or their whole ledger can say. */
#include "model/loop/survey.h"

#include <stdlib.h>

/* ---- Everybody ---- */

static size_t delay_band_of(int64_t delay)
{
    size_t band = 0;

    while (band + 1 < n_delay_bands && delay >= delay_bands[band].end)
        band++;
    return band;
}

/* Somebody whose first registration lies in the period. */
static void new_member_state(struct survey *survey, struct drill_row *row, int64_t first_visit)
{
    struct lane *lane = survey->lanes;
    int64_t registered = row->time;

    survey->first_new = survey->first_new ? survey->first_new : row->person;
    survey->last_new = row->person;
    fact(lane, METRIC_NEW_MEMBERS, row);
    fact(lane, METRIC_WHEEL_STARTED, row);
    if (lane->by_time[METRIC_NEW_MEMBERS])
        fact_by(lane, METRIC_NEW_MEMBERS, DIM_DAY, (size_t)daybook_at(&survey->daybook, registered),
                row);
    if (survey->flags[row->person] & PERSON_VISITOR)
        fact(lane, METRIC_VISITORS_CONVERTED, row);
    if (first_visit > registered)
        return;
    row->amount = registered - first_visit;
    fact(lane, METRIC_CONVERTED_AFTER_VISIT, row);
    fact(lane, METRIC_TIME_TO_CONVERT_MEAN, row);
    fact_by(lane, METRIC_CONVERTED_AFTER_VISIT, DIM_DELAY, delay_band_of(row->amount), row);
    if (survey->plan->wanted[METRIC_TIME_TO_CONVERT_MEDIAN])
        vec_push(&survey->delays, row->amount);
    row->amount = 0;
}

static void flags_state(struct lane *lane, unsigned flags, const struct drill_row *row)
{
    if (flags & PERSON_ACTIVE)
        fact(lane, METRIC_ACTIVE, row);
    if (is_engaged(flags))
        fact(lane, METRIC_ENGAGED, row);
    if (flags & PERSON_TOGETHER)
        fact(lane, METRIC_TOGETHER, row);
    if (flags & PERSON_SIGHTED)
        fact(lane, METRIC_DEVICES, row);
    if (flags & PERSON_ADDRESSED) {
        fact(lane, METRIC_ADDRESSED, row);
        if (flags & PERSON_ANSWERED)
            fact(lane, METRIC_RESPONDED, row);
    }
}

/* ---- Reachable members ---- */

/* Members with consent and an address. The expression is that of the index member_reachable, so
 * that only the index is read. */
#define REACH                                                                                      \
    "case when consent_sms <> 0 and phone <> '' or consent_app <> 0 and app <> 0 then 2"           \
    " when consent_wifi <> 0 then 1 else 0 end"
static const char *const reachable_sql[] = {
    "select person from member where (" REACH ") = 2",
    "select person from member where (" REACH ") = 1"
    " and exists (select 1 from contact i where i.person = member.person and i.kind = 4)",
};

static enum status reachable_read(struct survey *survey, const char *sql, struct error *err)
{
    struct reader *reader = survey->ground->reader;
    sqlite3_stmt *stmt;
    bool row;

    enum status status = reader_prepare(reader, sql, &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct drill_row one = {.person = (uint32_t)sqlite3_column_int64(stmt, 0)};
        if (set_has(survey->members, one.person))
            fact(survey->lanes, METRIC_REACHABLE, &one);
    }
    return status;
}

static enum status people_state(void *context, const struct person_times *times, struct error *err)
{
    struct survey *survey = context;
    const struct survey_plan *plan = survey->plan;
    (void)err;

    for (uint32_t i = times->first_person == 0; i < times->n; i++) {
        uint32_t person = times->first_person + i;
        struct drill_row row = {.time = times->registered[i], .person = person};
        if (survey->flags[person])
            flags_state(survey->lanes, survey->flags[person], &row);
        if (row.time >= plan->to)
            continue;
        fact(survey->lanes, METRIC_MEMBERS, &row);
        if (survey->members)
            set_add(survey->members, person);
        if (row.time >= plan->from)
            new_member_state(survey, &row, times->first_presence[i]);
    }
    return ST_OK;
}

enum status survey_people(struct survey *survey, struct error *err)
{
    const struct survey_ground *ground = survey->ground;
    bool reachable = survey->plan->needs & NEED_REACHABLE;

    if (reachable)
        survey->members = set_new(ground->scratch, (uint32_t)survey->n_people);
    enum status status = person_times_each(ground->reader, people_state, survey, err);
    for (size_t i = 0; status == ST_OK && reachable && i < 2; i++)
        status = reachable_read(survey, reachable_sql[i], err);
    return status;
}

/* ---- Points outstanding ---- */

static enum status balance_block(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    int64_t *balance = mem_zero(EVENT_BLOCK, sizeof *balance);
    bool nobody = block->block == EVENT_NOBODY;
    (void)err;

    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        int sign = kind_points_sign(run->kind);
        for (size_t i = 0; run->amount && i < run->n; i++)
            balance[nobody ? 0 : run->person[i] - block->first_person] += sign * run->amount[i];
    }
    for (uint32_t i = 0; i < EVENT_BLOCK; i++)
        if (balance[i]) {
            struct drill_row row = {.person = nobody ? 0 : block->first_person + i,
                                    .amount = balance[i]};
            fact(lane, METRIC_POINTS_OUTSTANDING, &row);
            fact(lane, METRIC_POINTS_LIABILITY, &row);
        }
    free(balance);
    return ST_OK;
}

enum status survey_balances(struct survey *survey, struct error *err)
{
    struct event_query query = {.from = INT64_MIN,
                                .to = survey->plan->to,
                                .kinds = points_kinds,
                                .n_kinds = POINTS_KINDS,
                                .columns = EVENT_TIME | EVENT_AMOUNT,
                                .people = true};
    void *contexts[LANES_MOST];

    for (size_t i = 0; i < survey->n_lanes; i++)
        contexts[i] = &survey->lanes[i];
    return event_scan_parallel(survey->ground->reader, &query, balance_block, contexts,
                               (int)survey->n_lanes, err);
}
