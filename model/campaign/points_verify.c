#include "model/campaign/points_verify.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/campaign/points_mall.h"
#include "model/campaign/points_scan.h"
#include "model/store/verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What one lane found. `excused`: who was taken apart from another again, which can leave one of
 * the two with what the other spent. */
struct lane {
    const struct set *excused;
    const struct points_holds *holds;
    struct points_sums sums;
    int64_t people, ours, overdrawn;
    uint32_t unbalanced, below, overheld; /* the first person of whom that is so; 0: nobody */
    int64_t n_below, n_overheld;          /* how many there are */
};

static void person_check(void *context, const struct points_seen *seen)
{
    struct lane *lane = context;
    const struct points_fold *fold = seen->fold;
    int64_t left = 0, balance = 0, least = 0;
    bool ours = true;
    for (size_t i = 0; i < seen->n; i++) {
        balance += kind_points_sign(seen->events[i].kind) * seen->events[i].amount;
        least = balance < least ? balance : least;
        ours = ours && seen->events[i].ours;
    }
    bool listed = true; /* the list of open lots is in order and has all of them */
    size_t open = 0;
    for (size_t i = 0; i < fold->lots.n; i++) {
        left += fold->lots.at[i].left;
        open += fold->lots.at[i].left > 0;
        listed = listed && fold->lots.at[i].left >= 0;
    }
    lane->people++;
    lane->ours += ours;
    lane->overdrawn += fold->shortage > 0;
    lane->sums.earned += fold->sums.earned;
    lane->sums.burned += fold->sums.burned;
    lane->sums.expired += fold->sums.expired;
    lane->sums.reversed += fold->sums.reversed;
    lane->sums.adjusted += fold->sums.adjusted;
    lane->sums.balance += fold->sums.balance;
    bool balanced = balance == fold->sums.balance && left - fold->shortage == balance && listed &&
                    open == fold->open.n && fold->sums.owed >= 0;
    bool excused = set_has(lane->excused, seen->person);
    if (!balanced && !lane->unbalanced)
        lane->unbalanced = seen->person;
    if (ours && least < 0 && !excused) {
        lane->below = seen->person;
        lane->n_below++;
    }
    if (ours && !excused && points_held_of(lane->holds, seen->person) > balance) {
        lane->overheld = seen->person;
        lane->n_overheld++;
    }
}

static enum status excused_read(struct reader *reader, struct set *set, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status =
        reader_prepare(reader, "select person, target from link where undone <> 0", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        for (int i = 0; i < 2; i++) {
            int64_t person = sqlite3_column_int64(stmt, i);
            if (person > 0 && person < set->n)
                set_add(set, (uint32_t)person);
        }
    return status;
}

/* Links that were taken back and went with an erasure: the record of the act is all that is left,
 * so one person each may be excused for it. */
static enum status lost_links(struct reader *reader, int64_t *n, struct error *err)
{
    return reader_integer(reader,
                          "select (select count(*) from audit where act = 'unlink') -"
                          " (select count(*) from link where undone <> 0)",
                          0, n, err);
}

static void lane_add(struct lane *all, const struct lane *lane)
{
    all->people += lane->people;
    all->ours += lane->ours;
    all->overdrawn += lane->overdrawn;
    all->sums.earned += lane->sums.earned;
    all->sums.burned += lane->sums.burned;
    all->sums.expired += lane->sums.expired;
    all->sums.reversed += lane->sums.reversed;
    all->sums.adjusted += lane->sums.adjusted;
    all->sums.balance += lane->sums.balance;
    all->unbalanced = all->unbalanced ? all->unbalanced : lane->unbalanced;
    all->below = all->below ? all->below : lane->below;
    all->overheld = all->overheld ? all->overheld : lane->overheld;
    all->n_below += lane->n_below;
    all->n_overheld += lane->n_overheld;
}

static enum status everybody(struct verify *verify, struct lane *all, struct error *err)
{
    struct lane lanes[POINTS_LANES];
    void *contexts[POINTS_LANES];
    struct points_holds holds;
    uint32_t end = 0;
    struct points_scan scan = {
        .at = INT64_MAX, .fn = person_check, .lanes = contexts, .n_lanes = points_lanes()};
    *all = (struct lane){0};
    enum status status = people_end(verify->reader, &end, err);
    struct set *excused = set_new(verify->arena, end);
    if (status == ST_OK)
        status = excused_read(verify->reader, excused, err);
    if (status == ST_OK)
        status = points_holds_read(verify->reader, verify->arena, time_now(), &holds, err);
    if (status != ST_OK)
        return status;
    for (int i = 0; i < scan.n_lanes; i++) {
        lanes[i] = (struct lane){.excused = excused, .holds = &holds};
        contexts[i] = &lanes[i];
    }
    status = points_scan_run(verify->reader, &scan, err);
    for (int i = 0; i < scan.n_lanes; i++)
        lane_add(all, &lanes[i]);
    return status;
}

static enum status ledger_check(struct verify *verify, struct error *err)
{
    struct lane all;
    struct points_history history;
    enum status status = everybody(verify, &all, err);
    if (status == ST_OK)
        status = points_history_read(verify->reader, verify->arena, &history, err);
    if (status != ST_OK)
        return status;
    const struct points_month *sums = &history.all;
    const int64_t pairs[][2] = {
        {all.sums.earned, sums->earned},     {all.sums.burned, sums->burned},
        {all.sums.expired, sums->expired},   {all.sums.reversed, sums->reversed},
        {all.sums.adjusted, sums->adjusted}, {all.sums.balance, points_month_balance(sums)}};
    static const char *const names[] = {"earned",   "burned",   "expired",
                                        "reversed", "adjusted", "balance"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (pairs[i][0] != pairs[i][1])
            return verify_bad(verify,
                              "points %s are %" PRId64 " by person and %" PRId64 " in the roll-ups",
                              names[i], pairs[i][0], pairs[i][1]);
    if (all.unbalanced)
        return verify_bad(verify, "the lots of person #%" PRIu32 " are not the balance",
                          all.unbalanced);
    int64_t lost = 0;
    status = lost_links(verify->reader, &lost, err);
    if (status != ST_OK)
        return status;
    if (all.n_below > lost)
        return verify_bad(verify, "an entry posted here took person #%" PRIu32 " below 0",
                          all.below);
    if (all.overdrawn)
        return verify_good(verify, _("%s accounts; imports overdrew %s of them"),
                           text_count(verify->arena, all.people),
                           text_count(verify->arena, all.overdrawn));
    return verify_good(verify, _("%s accounts balance"), text_count(verify->arena, all.people));
}

static enum status holds_check(struct verify *verify, struct error *err)
{
    struct lane all;
    int64_t n = 0;
    int64_t lost = 0;
    enum status status = reader_integer(
        verify->reader, "select count(*) from points_hold where state = 'held'", 0, &n, err);
    if (status != ST_OK || n == 0)
        return status == ST_OK ? verify_good(verify, _("%s holds"), "0") : status;
    status = everybody(verify, &all, err);
    if (status == ST_OK)
        status = lost_links(verify->reader, &lost, err);
    if (status == ST_OK && all.n_overheld > lost)
        return verify_bad(verify, "more is reserved of person #%" PRIu32 " than there is",
                          all.overheld);
    return status == ST_OK ? verify_good(verify, _("%s holds"), text_count(verify->arena, n))
                           : status;
}

/* What the sums of campaigns say was burned is what the entries posted here say. */
static enum status campaigns_check(struct verify *verify, struct error *err)
{
    struct points_survey survey;
    sqlite3_stmt *stmt;
    bool row = false;
    size_t n = 0;
    enum status status = points_survey(verify->reader, 0, verify->arena, &survey, err);
    if (status == ST_OK)
        status = reader_prepare(verify->reader,
                                "select campaign, value from campaign_sum where name = 'points'"
                                " order by campaign",
                                &stmt, err);
    size_t at = 0;
    while (status == ST_OK && (status = reader_step(verify->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t campaign = sqlite3_column_int64(stmt, 0), value = sqlite3_column_int64(stmt, 1);
        for (; at < survey.n_campaigns && survey.campaigns[at].campaign < campaign; at++)
            if (survey.campaigns[at].ours)
                break;
        bool same = at < survey.n_campaigns && survey.campaigns[at].campaign == campaign;
        int64_t ours = same ? survey.campaigns[at].ours : 0;
        if (ours != value) {
            sqlite3_reset(stmt);
            return verify_bad(verify,
                              "campaign %" PRId64 " burned %" PRId64 " points by its sum and "
                              "%" PRId64 " by its entries",
                              campaign, value, ours);
        }
        at += same;
        n++;
    }
    for (; status == ST_OK && at < survey.n_campaigns; at++)
        if (survey.campaigns[at].ours)
            return verify_bad(verify, "campaign %" PRIu32 " burned points that no sum has",
                              survey.campaigns[at].campaign);
    return status == ST_OK
               ? verify_good(verify, _("%s campaigns"), text_count(verify->arena, (int64_t)n))
               : status;
}

/* A check's own failure is a finding, but not that nobody wants the answer any more. */
static enum status guarded(struct verify *verify,
                           enum status (*check)(struct verify *, struct error *), struct error *err)
{
    struct error own = {0};
    enum status status = check(verify, &own);
    if (status == ST_OK)
        return ST_OK;
    if (status == ST_CANCELLED && err) {
        *err = own;
        return status;
    }
    status = verify_bad(verify, "%s", error_text(&own));
    error_clear(&own);
    return status;
}

static enum status ledger(struct verify *verify, struct error *err)
{
    return guarded(verify, ledger_check, err);
}

static enum status holds(struct verify *verify, struct error *err)
{
    return guarded(verify, holds_check, err);
}

static enum status campaigns(struct verify *verify, struct error *err)
{
    return guarded(verify, campaigns_check, err);
}

void points_verify_register(void)
{
    verify_register(N_("points ledger"), ledger);
    verify_register(N_("points reserved"), holds);
    verify_register(N_("points of campaigns"), campaigns);
}
