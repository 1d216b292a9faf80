#include "model/base/text.h"
#include "model/base/time.h"
#include "model/campaign/coupon_desk.h"
#include "model/campaign/coupon_rows.h"
#include "model/campaign/plan.h"
#include "model/campaign/schedule.h"
#include "model/store/column.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static enum status right_check(const struct access *access, struct error *err)
{
    return access ? access_require(access, RIGHT_CAMPAIGN_EDIT, "issue coupons", err) : ST_OK;
}

/* The coupon that a reference stands for. */
static enum status issued_find(struct desk *desk, const char *ref, struct coupon *coupon,
                               bool *found, struct error *err)
{
    sqlite3_stmt *stmt;
    *found = false;
    enum status status = desk_prepare(
        desk, "select " COUPON_COLUMNS " from coupon where issue_ref = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, ref, -1, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        *found = true;
        coupon_row_take(stmt, 0, coupon);
    } else if (code != SQLITE_DONE) {
        status = sqlite_status(desk->db, "reading a coupon", err);
    }
    sqlite3_reset(stmt);
    return status;
}

/* NULL: one more may be issued. A budget counts what was given; so a coupon that could not be paid
 * any more is not issued, but more may be out than the budget would pay at once. */
static const char *issue_judge(const struct coupon_terms *terms)
{
    const struct campaign *c = &terms->campaign;
    if (c->state != STATE_RUNNING)
        return "campaign";
    if (c->offer.stock && terms->sums[SUM_ISSUED] >= c->offer.stock)
        return "stock";
    if (c->limits.budget && terms->sums[SUM_GIVEN] + c->offer.value > c->limits.budget)
        return "budget";
    return NULL;
}

int64_t coupon_runs_out(const struct campaign *campaign, const struct clock *clock, int64_t issued)
{
    if (campaign->offer.valid)
        return issued + campaign->offer.valid;
    int64_t end = schedule_end(campaign, clock);
    return end == INT64_MAX ? 0 : end;
}

static enum status issue_new(struct desk *desk, struct coupon_terms *terms,
                             const struct coupon_issue *issue, struct coupon *coupon,
                             struct error *err)
{
    const struct campaign *c = &terms->campaign;
    int64_t time = issue->time ? issue->time : time_now();
    *coupon = (struct coupon){.own = true,
                              .campaign = c->id,
                              .person = issue->person,
                              .state = COUPON_ISSUED,
                              .value = c->offer.value,
                              .minimum = c->offer.minimum,
                              .issued = time,
                              .expires = coupon_runs_out(c, &desk->mall->clock, time)};
    enum status status = coupon_row_add(desk, coupon, issue->ref, err);
    if (status != ST_OK)
        return status;
    terms_add(terms, SUM_ISSUED, 1);
    desk_event(desk, KIND_COUPON_ISSUE, coupon, time, coupon->value,
               arena_strdup(desk->arena, coupon->code));
    return ST_OK;
}

/* A refusal is in the result; an error ends everything. */
static enum status issue_one(struct desk *desk, const struct coupon_issue *issue,
                             struct coupon_result *result, struct error *err)
{
    struct coupon_terms *terms;
    bool found = false;
    *result = (struct coupon_result){0};
    enum status status = ref_check(issue->ref, err);
    if (status == ST_OK && issue->ref)
        status = issued_find(desk, issue->ref, &result->coupon, &found, err);
    if (status == ST_OK && found) {
        result->repeated = result->coupon.campaign == issue->campaign->id &&
                           result->coupon.person == issue->person;
        if (!result->repeated)
            result->reason = "ref";
    } else if (status == ST_OK) {
        status = desk_terms(desk, issue->campaign->id, &terms, err);
        if (status == ST_OK && (!terms || !campaign_gives_coupons(&terms->campaign)))
            status = error_set(err, ST_REFUSED,
                               "campaign %s gives no coupons: its offer needs a "
                               "kind with coupons and a value",
                               issue->campaign->code);
        if (status == ST_OK)
            result->reason = issue_judge(terms);
        if (status == ST_OK && !result->reason)
            status = issue_new(desk, terms, issue, &result->coupon, err);
    }
    result->status = result->reason ? ST_CONFLICT : status;
    return status;
}

enum status coupon_issue_many(struct writer *writer, const struct access *access,
                              const struct coupon_issue *issues, size_t n,
                              struct coupon_result *results, struct error *err)
{
    struct desk desk;
    enum status status = right_check(access, err);
    if (status == ST_OK)
        status = desk_begin(&desk, writer, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = issue_one(&desk, &issues[i], &results[i], err);
    return desk_end(&desk, status, err);
}

static enum status issue_refused(const struct campaign *campaign, const char *reason,
                                 struct error *err)
{
    if (strcmp(reason, "campaign") == 0)
        return error_set(err, ST_CONFLICT,
                         "campaign %s is not running; coupons are issued while it runs",
                         campaign->code);
    if (strcmp(reason, "ref") == 0)
        return error_set(err, ST_CONFLICT,
                         "this reference stands for a coupon of another campaign or person");
    return error_set(err, ST_CONFLICT, "campaign %s: %s", campaign->code,
                     coupon_reason_text(reason));
}

enum status coupon_issue(struct writer *writer, const struct access *access,
                         const struct coupon_issue *issue, struct coupon *coupon, bool *repeated,
                         struct error *err)
{
    struct coupon_result result;
    enum status status = coupon_issue_many(writer, access, issue, 1, &result, err);
    if (status != ST_OK)
        return status;
    *coupon = result.coupon;
    if (repeated)
        *repeated = result.repeated;
    return result.reason ? issue_refused(issue->campaign, result.reason, err) : ST_OK;
}

enum status coupon_issue_people(struct writer *writer, const struct access *access,
                                const struct campaign *campaign, const uint32_t *people, size_t n,
                                const char *ref, int64_t *done, int64_t *repeated, int64_t *held,
                                struct error *err)
{
    struct coupon_issue issues[COUPON_BATCH];
    struct coupon_result results[COUPON_BATCH];
    enum status status = ref_check(ref, err);
    *done = *repeated = *held = 0;
    for (size_t from = 0; from < n && status == ST_OK;) {
        struct arena *arena = arena_new();
        size_t some = 0;
        for (; from < n && some < COUPON_BATCH; from++) {
            if (campaign_held_out(campaign, people[from]))
                ++*held;
            else
                issues[some++] = (struct coupon_issue){
                    .campaign = campaign,
                    .person = people[from],
                    .ref = arena_printf(arena, "%s-%" PRIu32, ref, people[from])};
        }
        status = coupon_issue_many(writer, access, issues, some, results, err);
        for (size_t i = 0; i < some && status == ST_OK; i++) {
            if (results[i].reason)
                status = issue_refused(campaign, results[i].reason, err);
            else
                ++*(results[i].repeated ? repeated : done);
        }
        arena_free(arena);
    }
    return status;
}
