/* States of campaigns: every verb from every state, every jump an operation may try, approvals,
 * changes after them, freezing, plans. */
#include "model/campaign/plan.h"
#include "model/campaign/schedule.h"
#include "model/campaign/state.h"
#include "model/people/people_set.h"
#include "model/people/profile.h"
#include "model/segment/segment.h"
#include "tests/support/people.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

struct world {
    struct temp_mall mall;
    struct arena *arena;
    struct access admin, author, boss;
};

enum { MEMBERS = 400 };

static void now_is(int64_t time)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)time);
    setenv("ATRIUM_NOW", text, 1);
}

static struct access access_named(enum access_role role, const char *name)
{
    struct access access = test_access(role);
    snprintf(access.principal, sizeof access.principal, "%s", name);
    return access;
}

static struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof *w);
    w->mall = temp_mall_new();
    w->arena = arena_new();
    w->admin = access_named(ACCESS_ADMIN, "root");
    w->author = access_named(ACCESS_OPERATOR, "ann");
    w->boss = access_named(ACCESS_MANAGER, "bea");
    campaign_register();
    now_is(test_time(2017, 10, 10, 12, 0));
    const char *sql =
        arena_printf(w->arena, "update counter set value = %d where name = 'person'", MEMBERS);
    test_run(&w->mall, sql);
    for (int i = 1; i <= MEMBERS; i++)
        sql = arena_printf(
            w->arena,
            "insert into member (person, card, phone, consent_sms, consent_app, "
            "consent_wifi, app) values (%d, 'M%d', '%s', %d, %d, %d, %d);"
            "insert into contact values (1, 'M%d', %d);%s",
            i, i, i % 2 ? "138" : "", i % 3 == 0, i % 5 == 0, i % 7 == 0, i % 4 == 0, i, i,
            i % 2 ? arena_printf(w->arena, "insert into contact values (4, 'w%d', %d);", i, i)
                  : ""),
        test_run(&w->mall, sql);
    assert_ok(profile_fold(w->mall.writer, &err));
    return w;
}

static void world_free(struct world *w)
{
    arena_free(w->arena);
    temp_mall_free(&w->mall);
    free(w);
    unsetenv("ATRIUM_NOW");
}

static struct campaign coupon_campaign(const char *code)
{
    struct campaign c = campaign_empty();
    c.code = code;
    c.name = "Coupons";
    c.kind = CAMPAIGN_COUPON;
    c.offer.value = 5000;
    c.audience = "member";
    c.schedule.from = date_number(2017, 10, 1);
    c.schedule.to = date_number(2017, 10, 31);
    c.limits.budget = 100000;
    return c;
}

static const struct campaign *find(struct world *w, const char *code)
{
    const struct campaign *found;
    assert_ok(campaign_find(w->mall.reader, w->arena, code, &found, &err));
    assert_non_null(found);
    return found;
}

static void force(struct world *w, const char *code, enum campaign_state state)
{
    test_run(&w->mall, arena_printf(w->arena,
                                    "update campaign set state = '%s', edition = %d, started = %d "
                                    "where code = '%s'",
                                    campaign_state_names[state], state >= STATE_RUNNING ? 77 : 0,
                                    state >= STATE_RUNNING, code));
}

/* ---- The table ---- */

/* Written down once more, by hand: what each verb leads to from each state. */
static enum campaign_state plain_move(enum campaign_state from, enum campaign_verb verb)
{
    switch (verb) {
    case VERB_SUBMIT:
        return from == STATE_DRAFT ? STATE_REVIEW : STATE_NONE;
    case VERB_APPROVE:
        return from == STATE_REVIEW ? STATE_APPROVED : STATE_NONE;
    case VERB_REJECT:
        return from == STATE_REVIEW ? STATE_DRAFT : STATE_NONE;
    case VERB_START:
        return from == STATE_APPROVED || from == STATE_SCHEDULED ? STATE_RUNNING : STATE_NONE;
    case VERB_RUN:
        return from == STATE_SCHEDULED ? STATE_RUNNING : STATE_NONE;
    case VERB_PAUSE:
        return from == STATE_RUNNING ? STATE_PAUSED : STATE_NONE;
    case VERB_RESUME:
        return from == STATE_PAUSED ? STATE_RUNNING : STATE_NONE;
    case VERB_END:
        return from == STATE_RUNNING || from == STATE_PAUSED ? STATE_ENDED : STATE_NONE;
    case VERB_CANCEL:
        return from >= STATE_DRAFT && from <= STATE_PAUSED ? STATE_CANCELLED : STATE_NONE;
    case VERB_ARCHIVE:
        return from == STATE_ENDED || from == STATE_CANCELLED ? STATE_ARCHIVED : STATE_NONE;
    default:
        return STATE_NONE;
    }
}

static void test_every_move(void **state)
{
    struct world *w = world_new();
    struct campaign c = coupon_campaign("c");
    (void)state;
    assert_ok(campaign_save(w->mall.writer, &w->author, &c, CAMPAIGN_NEW, NULL, NULL, &err));
    for (int from = STATE_NONE; from < CAMPAIGN_STATES; from++)
        for (int verb = 0; verb < VERB_REOPEN; verb++) {
            enum campaign_state expected =
                                    plain_move((enum campaign_state)from, (enum campaign_verb)verb),
                                is = STATE_NONE;
            force(w, "c", (enum campaign_state)from);
            enum status status = campaign_move(w->mall.writer, &w->boss, "c",
                                               (enum campaign_verb)verb, "because", &is, &err);
            if (status != (expected ? ST_OK : ST_CONFLICT) || is != expected)
                fail_msg("%s, verb %d: %s (%s)", campaign_state_names[from], verb,
                         status_name(status), error_text(&err));
            assert_int_equal(find(w, "c")->state, expected ? (int)expected : from);
        }
    error_clear(&err);
    world_free(w);
}

static enum status apply(struct world *w, const struct access *access, const char *code,
                         json_t *set)
{
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = "campaign",
                           .target = code,
                           .base_version = -1,
                           .set = set};
    enum status status = operation_apply(w->mall.writer, &op, NULL, &err);
    json_decref(set);
    return status;
}

/* An operation from anywhere that only names a state gets there only where a move without further
 * fields leads: the approval, and the first run, have more to say. */
static void test_no_way_around(void **state)
{
    struct world *w = world_new();
    struct campaign c = coupon_campaign("c");
    (void)state;
    assert_ok(campaign_save(w->mall.writer, &w->author, &c, CAMPAIGN_NEW, NULL, NULL, &err));
    for (int from = STATE_NONE; from < CAMPAIGN_STATES; from++)
        for (int to = STATE_NONE; to < CAMPAIGN_STATES; to++) {
            bool expected = from == to;
            for (int verb = 0; verb < VERB_REOPEN; verb++)
                if (verb != VERB_APPROVE && verb != VERB_REJECT && verb != VERB_START &&
                    verb != VERB_RUN && to != STATE_NONE)
                    expected |=
                        (int)plain_move((enum campaign_state)from, (enum campaign_verb)verb) == to;
            expected |= from == STATE_APPROVED && to == STATE_SCHEDULED;
            force(w, "c", (enum campaign_state)from);
            enum status status =
                apply(w, &w->boss, "c", json_pack("{s:s}", "state", campaign_state_names[to]));
            if ((status == ST_OK) != expected)
                fail_msg("'%s' to '%s': %s", campaign_state_names[from], campaign_state_names[to],
                         error_text(&err));
        }
    force(w, "c", STATE_REVIEW);
    static const char *const fields[] = {"author", "approved_by", "approved"};
    for (size_t i = 0; i < 3; i++)
        assert_int_not_equal(apply(w, &w->boss, "c", json_pack("{s:s}", fields[i], "bea")), ST_OK);
    assert_int_not_equal(apply(w, &w->boss, "c", json_pack("{s:i}", "edition", 3)), ST_OK);
    assert_int_not_equal(apply(w, &w->boss, "c", json_pack("{s:i}", "started", 3)), ST_OK);
    assert_ok(apply(w, &w->boss, "c", json_pack("{s:i}", "value", 3)));
    force(w, "c", STATE_APPROVED);
    assert_int_not_equal(apply(w, &w->boss, "c", json_pack("{s:i}", "value", 3)), ST_OK);
    force(w, "c", STATE_REVIEW);
    assert_int_not_equal(apply(w, &w->boss, "c",
                               json_pack("{s:s s:s s:s}", "state", "approved", "approved_by", "bea",
                                         "approved", "something else")),
                         ST_OK);
    error_clear(&err);
    world_free(w);
}

/* ---- Approving ---- */

static enum campaign_state moved(struct world *w, const struct access *access,
                                 enum campaign_verb verb)
{
    enum campaign_state state = STATE_NONE;
    assert_ok(campaign_move(w->mall.writer, access, "c", verb, "reason", &state, &err));
    return state;
}

static enum status move_status(struct world *w, const struct access *access,
                               enum campaign_verb verb, const char *reason)
{
    return campaign_move(w->mall.writer, access, "c", verb, reason, NULL, &err);
}

static void test_approval(void **state)
{
    struct world *w = world_new();
    struct campaign c = coupon_campaign("");
    const struct campaign *approved;
    char code[CAMPAIGN_CODE];
    (void)state;
    assert_ok(campaign_save(w->mall.writer, &w->admin, &c, CAMPAIGN_NEW, code, NULL, &err));
    assert_string_equal(code, "coupons");
    assert_ok(campaign_save(w->mall.writer, &w->admin, &c, CAMPAIGN_NEW, code, NULL, &err));
    assert_string_equal(code, "coupons-2");
    c.code = "c";
    assert_ok(campaign_save(w->mall.writer, &w->admin, &c, CAMPAIGN_NEW, NULL, NULL, &err));
    assert_int_equal(campaign_save(w->mall.writer, &w->admin, &c, CAMPAIGN_NEW, NULL, NULL, &err),
                     ST_CONFLICT);
    assert_int_equal(moved(w, &w->admin, VERB_SUBMIT), STATE_REVIEW);
    /* Its author is an administrator, and still the author. */
    assert_int_equal(move_status(w, &w->admin, VERB_APPROVE, NULL), ST_DENIED);
    assert_int_equal(move_status(w, &w->author, VERB_APPROVE, NULL), ST_DENIED);
    /* Who changed it has a part in it, too. */
    c.offer.value = 6000;
    assert_ok(campaign_save(w->mall.writer, &w->boss, &c, -1, NULL, NULL, &err));
    assert_int_equal(find(w, "c")->state, STATE_REVIEW);
    assert_int_equal(move_status(w, &w->boss, VERB_APPROVE, NULL), ST_DENIED);
    struct access other = access_named(ACCESS_MANAGER, "cid");
    assert_int_equal(move_status(w, &other, VERB_REJECT, NULL), ST_REFUSED);
    assert_int_equal(moved(w, &other, VERB_APPROVE), STATE_APPROVED);
    assert_string_equal(find(w, "c")->approved_by, "cid");
    /* A change takes the approval away and shows what is different. */
    c.offer.value = 7000;
    c.limits.budget = 200000;
    assert_ok(campaign_save(w->mall.writer, &w->author, &c, -1, NULL, NULL, &err));
    const struct campaign *now = find(w, "c");
    assert_int_equal(now->state, STATE_REVIEW);
    assert_string_equal(now->approved_by, "");
    assert_ok(campaign_approved(w->mall.reader, w->arena, now, &approved, &err));
    struct sheet *difference = campaign_difference(w->arena, approved, now);
    assert_int_equal(difference->n_rows, 2);
    assert_string_equal(cell_string(&sheet_row(difference, 0)[1]), "60");
    assert_string_equal(cell_string(&sheet_row(difference, 0)[2]), "70");
    const struct campaign_deed *deeds;
    size_t n;
    assert_ok(campaign_history(w->mall.reader, w->arena, "c", &deeds, &n, &err));
    assert_int_equal(n, 5);
    assert_string_equal(deeds[0].act, "change");
    assert_string_equal(deeds[0].changed, "value budget");
    assert_string_equal(deeds[1].act, "approve");
    assert_string_equal(deeds[1].actor, "cid");
    assert_string_equal(deeds[4].act, "create");
    error_clear(&err);
    world_free(w);
}

/* Below both limits nobody has to approve; above one of them somebody has to. */
static void test_without_approval(void **state)
{
    struct world *w = world_new();
    struct campaign c = coupon_campaign("c");
    (void)state;
    test_run(&w->mall, "insert into setting (name, value) values ('campaign_free_audience', '400'),"
                       " ('campaign_free_budget', '1000') on conflict (name) do update set "
                       "value = excluded.value");
    assert_ok(campaign_save(w->mall.writer, &w->author, &c, CAMPAIGN_NEW, NULL, NULL, &err));
    assert_int_equal(moved(w, &w->author, VERB_SUBMIT), STATE_APPROVED);
    assert_string_equal(find(w, "c")->approved_by, "");
    c.limits.budget = 100001;
    assert_ok(campaign_save(w->mall.writer, &w->author, &c, -1, NULL, NULL, &err));
    assert_int_equal(find(w, "c")->state, STATE_REVIEW);
    moved(w, &w->boss, VERB_REJECT);
    assert_int_equal(moved(w, &w->author, VERB_SUBMIT), STATE_REVIEW);
    moved(w, &w->boss, VERB_REJECT);
    c.limits.budget = 100000;
    assert_ok(campaign_save(w->mall.writer, &w->author, &c, -1, NULL, NULL, &err));
    test_run(&w->mall, "update setting set value = '399' where name = 'campaign_free_audience'");
    assert_int_equal(moved(w, &w->author, VERB_SUBMIT), STATE_REVIEW);
    moved(w, &w->boss, VERB_REJECT);
    c.limits.budget = 0; /* no bound */
    test_run(&w->mall, "update setting set value = '999' where name = 'campaign_free_audience'");
    assert_ok(campaign_save(w->mall.writer, &w->author, &c, -1, NULL, NULL, &err));
    assert_int_equal(moved(w, &w->author, VERB_SUBMIT), STATE_REVIEW);
    /* The operation itself cannot claim it. */
    moved(w, &w->boss, VERB_REJECT);
    c.limits.budget = 100001;
    assert_ok(campaign_save(w->mall.writer, &w->author, &c, -1, NULL, NULL, &err));
    json_t *set = json_pack("{s:s s:s s:s}", "state", "approved", "approved_by", "", "approved",
                            find(w, "c")->approved);
    assert_int_equal(apply(w, &w->author, "c", set), ST_DENIED);
    error_clear(&err);
    world_free(w);
}

/* ---- Starting ---- */

static void test_start(void **state)
{
    struct world *w = world_new();
    struct campaign c = coupon_campaign("c");
    struct campaign_plan plan;
    size_t n;
    (void)state;
    now_is(test_time(2017, 9, 20, 12, 0));
    assert_ok(campaign_save(w->mall.writer, &w->author, &c, CAMPAIGN_NEW, NULL, NULL, &err));
    moved(w, &w->author, VERB_SUBMIT);
    moved(w, &w->boss, VERB_APPROVE);
    assert_int_equal(moved(w, &w->author, VERB_START), STATE_SCHEDULED);
    assert_int_equal(find(w, "c")->edition, 0);
    assert_ok(
        campaigns_advance(w->mall.writer, &w->admin, test_time(2017, 10, 1, 3, 59), &n, &err));
    assert_int_equal(n, 0);
    now_is(test_time(2017, 10, 1, 4, 0));
    assert_ok(campaigns_advance(w->mall.writer, &w->admin, time_now(), &n, &err));
    assert_int_equal(n, 1);
    const struct campaign *running = find(w, "c");
    assert_int_equal(running->state, STATE_RUNNING);
    assert_int_not_equal(running->edition, 0);
    assert_int_equal(running->started, time_now());
    /* Who joins or leaves later changes nothing. */
    test_run(&w->mall, "delete from member where person <= 100");
    assert_ok(campaign_plan_make(w->mall.reader, w->arena, NULL, running, &plan, &err));
    assert_int_equal(plan.audience, MEMBERS);
    assert_true(plan.frozen);
    c.holdout = 2000;
    assert_int_equal(campaign_save(w->mall.writer, &w->author, &c, -1, NULL, NULL, &err),
                     ST_CONFLICT);
    moved(w, &w->author, VERB_PAUSE);
    assert_int_equal(campaign_save(w->mall.writer, &w->author, &c, -1, NULL, NULL, &err),
                     ST_CONFLICT);
    c.holdout = 1000;
    c.limits.budget = 50000;
    assert_ok(campaign_save(w->mall.writer, &w->author, &c, -1, NULL, NULL, &err));
    moved(w, &w->boss, VERB_APPROVE);
    assert_int_equal(moved(w, &w->author, VERB_START), STATE_RUNNING);
    assert_int_equal(find(w, "c")->edition, running->edition);
    now_is(test_time(2017, 11, 1, 4, 0));
    assert_ok(campaigns_advance(w->mall.writer, &w->admin, time_now(), &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(find(w, "c")->state, STATE_ENDED);
    c.code = "late";
    assert_ok(campaign_save(w->mall.writer, &w->author, &c, CAMPAIGN_NEW, NULL, NULL, &err));
    test_run(&w->mall, "update campaign set state = 'approved' where code = 'late'");
    assert_int_equal(
        campaign_move(w->mall.writer, &w->author, "late", VERB_START, NULL, NULL, &err),
        ST_CONFLICT);
    error_clear(&err);
    world_free(w);
}

/* ---- Plans ---- */

static void test_plan(void **state)
{
    struct world *w = world_new();
    struct campaign c = coupon_campaign("c");
    struct campaign_plan plan;
    uint32_t can[CONTACT_COUNT] = {0}, first[CONTACT_COUNT] = {0}, held = 0, none = 0;
    (void)state;
    c.n_contacts = 4;
    c.contacts[0] = CONTACT_APP;
    c.contacts[1] = CONTACT_SMS;
    c.contacts[2] = CONTACT_WIFI;
    c.contacts[3] = CONTACT_SCREEN;
    c.limits.budget = 0;
    c.offer.stock = 300;
    assert_ok(campaign_plan_make(w->mall.reader, w->arena, &w->author, &c, &plan, &err));
    for (int i = 1; i <= MEMBERS; i++) {
        bool reach[] = {i % 5 == 0 && i % 4 == 0, i % 3 == 0 && i % 2, i % 7 == 0 && i % 2};
        bool done = false;
        if (campaign_held_out(&c, (uint32_t)i)) {
            held++;
            assert_true(set_has(plan.held, (uint32_t)i));
            continue;
        }
        for (int k = 0; k < 3; k++) {
            can[c.contacts[k]] += reach[k];
            first[c.contacts[k]] += reach[k] && !done;
            assert_int_equal(set_has(plan.by[c.contacts[k]], (uint32_t)i), reach[k] && !done);
            done |= reach[k];
        }
        none += !done;
    }
    assert_int_equal(plan.audience, MEMBERS);
    assert_int_equal(plan.holdout, held);
    assert_int_equal(plan.treated, MEMBERS - held);
    assert_int_equal(plan.unreachable, none);
    for (int k = 0; k < CONTACT_COUNT; k++) {
        assert_int_equal(plan.can[k], can[k]);
        assert_int_equal(plan.first[k], first[k]);
    }
    assert_int_equal(plan.cost_most, 300 * 5000);
    assert_true(isnan(plan.response_expected));
    c.audience = "tier>=(";
    assert_int_equal(campaign_plan_make(w->mall.reader, w->arena, &w->author, &c, &plan, &err),
                     ST_USAGE);
    error_clear(&err);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_move), cmocka_unit_test(test_no_way_around),
        cmocka_unit_test(test_approval),   cmocka_unit_test(test_without_approval),
        cmocka_unit_test(test_start),      cmocka_unit_test(test_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
