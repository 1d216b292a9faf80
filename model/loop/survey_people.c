/* After the pass: one look at everybody, from the columns kept by person and what the pass noted;
 * and what only the members' rows or their whole ledger can say. */
#include "model/loop/survey.h"

#include <stdlib.h>
#include <string.h>

/* ---- Everybody ---- */

static size_t delay_band_of(int64_t delay)
{
    size_t band = 0;

    while (band + 1 < n_delay_bands && delay >= delay_bands[band].end)
        band++;
    return band;
}

/* Somebody whose first registration lies in the period. */
static void new_member_state(struct survey *survey, struct drill_row *row)
{
    struct lane *lane = survey->lanes;
    int64_t registered = row->time;
    int64_t first_visit = survey->ground->columns.first_presence[row->person];

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
    survey->delays[survey->n_delays++] = row->amount;
    row->amount = 0;
}

static bool is_engaged(unsigned flags)
{
    return (flags & PERSON_ACTIVE) && (flags & (PERSON_ACTED | PERSON_TOGETHER));
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

static int act_compare(const void *a, const void *b)
{
    const struct act *x = a, *y = b;

    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    return (x->day > y->day) - (x->day < y->day);
}

/* Engaged members by the days on which they were. */
static void acts_state(struct survey *survey)
{
    struct lane *lane = survey->lanes;

    if (!lane->by[DIM_DAY][METRIC_ENGAGED])
        return;
    for (size_t l = 1; l < survey->n_lanes; l++) {
        for (size_t i = 0; i < survey->lanes[l].acts.n; i++)
            vec_push(&lane->acts, survey->lanes[l].acts.at[i]);
        vec_free(&survey->lanes[l].acts);
    }
    if (lane->acts.n)
        qsort(lane->acts.at, lane->acts.n, sizeof *lane->acts.at, act_compare);
    for (size_t i = 0; i < lane->acts.n; i++) {
        struct act act = lane->acts.at[i];
        if (i && act_compare(&act, &lane->acts.at[i - 1]) == 0)
            continue;
        struct drill_row row = {.time = survey->daybook.days[act.day].start, .person = act.person};
        if (is_engaged(survey->flags[act.person]))
            fact_by(lane, METRIC_ENGAGED, DIM_DAY, (size_t)act.day, &row);
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
    const struct survey_ground *ground = survey->ground;
    const struct person_columns *columns = &ground->columns;
    struct lane *lane = survey->lanes;
    sqlite3_stmt *stmt;
    bool row;

    enum status status = reader_prepare(ground->reader, sql, &stmt, err);
    while (status == ST_OK && (status = reader_step(ground->reader, stmt, &row, err)) == ST_OK &&
           row) {
        uint32_t person = (uint32_t)sqlite3_column_int64(stmt, 0);
        struct drill_row one = {.person = person};
        if (person < columns->n && columns->registered[person] < survey->plan->to) {
            one.time = columns->registered[person];
            fact(lane, METRIC_REACHABLE, &one);
        }
    }
    return status;
}

enum status survey_people(struct survey *survey, struct error *err)
{
    const struct person_columns *columns = &survey->ground->columns;
    const struct survey_plan *plan = survey->plan;
    enum status status = ST_OK;
    int64_t n_new = 0;

    for (uint32_t person = 1; person < columns->n; person++)
        n_new +=
            columns->registered[person] >= plan->from && columns->registered[person] < plan->to;
    survey->delays = mem_alloc(((size_t)n_new + 1) * sizeof *survey->delays);
    for (uint32_t person = 1; person < columns->n; person++) {
        struct drill_row row = {.time = columns->registered[person], .person = person};
        if (survey->flags[person] & ~PERSON_RELATED)
            flags_state(survey->lanes, survey->flags[person], &row);
        if (row.time >= plan->to)
            continue;
        fact(survey->lanes, METRIC_MEMBERS, &row);
        if (row.time >= plan->from)
            new_member_state(survey, &row);
    }
    acts_state(survey);
    for (size_t i = 0; status == ST_OK && (plan->needs & NEED_REACHABLE) && i < 2; i++)
        status = reachable_read(survey, reachable_sql[i], err);
    return status;
}

/* ---- Points outstanding ---- */

static const uint16_t ledger_kinds[] = {KIND_POINTS_EARN, KIND_POINTS_BURN, KIND_POINTS_EXPIRE,
                                        KIND_POINTS_ADJUST};

static enum status balance_block(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    int64_t *balance = mem_zero(EVENT_BLOCK, sizeof *balance);
    bool nobody = block->block == EVENT_NOBODY;
    (void)err;

    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        bool less = run->kind == KIND_POINTS_BURN || run->kind == KIND_POINTS_EXPIRE;
        for (size_t i = 0; run->amount && i < run->n; i++)
            balance[nobody ? 0 : run->person[i] - block->first_person] +=
                less ? -run->amount[i] : run->amount[i];
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
                                .kinds = ledger_kinds,
                                .n_kinds = sizeof ledger_kinds / sizeof *ledger_kinds,
                                .columns = EVENT_TIME | EVENT_AMOUNT,
                                .people = true};
    void *contexts[16];

    for (size_t i = 0; i < survey->n_lanes; i++)
        contexts[i] = &survey->lanes[i];
    return event_scan_parallel(survey->ground->reader, &query, balance_block, contexts,
                               (int)survey->n_lanes, err);
}
