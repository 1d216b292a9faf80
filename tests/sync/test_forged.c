/* A client of the hub that is not atrium: it sends what its role may not, in others' names and at
 * times of its own. The hub believes nothing of it. */
#include "model/campaign/campaign.h"
#include "model/campaign/points_outbox.h"
#include "model/campaign/state.h"
#include "model/fleet/rollout.h"
#include "tests/support/sync_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static struct sync_world *world_new(void)
{
    struct sync_world *world = sync_world_new();
    struct access author;
    struct campaign c = campaign_empty();
    campaign_register();
    rollout_register();
    points_outbox_register();
    sync_world_sql(
        world,
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 9)"
        " insert into member (person, card, name, phone, tier) select i, 'C' || (10000 + i),"
        " 'Wang ' || i, '1380000' || (1000 + i), 'gold' from n;"
        "insert into contact select 1, card, person from member;"
        "insert into label (id, name) values (1, 'coffee');"
        "insert into segment (id, name, expression, author) values (1, 'all', 'gold', 'admin');"
        "insert into device (id, code, kind, host) values (1, 'D1', 'pos', 'h');"
        "insert into tenant (id, code, name) values (1, 'T1', 'Tea');"
        "insert into setting (name, value) values ('pseudonym_key', 'k');"
        "insert into rollout (id, code, app, file, size, sha256, selection, devices, canary, waves,"
        " threshold, coverage, soak, trial, expires, state, author) values (1, 'R1', '2.0', 'a', 1,"
        " '0', '*', 1, 1, '', '1', 100, 0, 60, 600, 'planned', 'technician');"
        "update counter set value = 9 where name = 'person'");
    author = sync_world_access(world, "operator");
    c.code = "T1";
    c.name = "Tea";
    c.kind = CAMPAIGN_COUPON;
    c.offer.value = 5000;
    c.audience = "member";
    assert_ok(campaign_save(world->writer, &author, &c, CAMPAIGN_NEW, NULL, NULL, &err));
    assert_ok(campaign_move(world->writer, &author, "T1", VERB_SUBMIT, NULL, NULL, &err));
    return world;
}

/* "operation" with verb and fields, or another verb with its detail. */
static json_t *edit(const char *id, const char *verb, const char *entity, const char *target,
                    const char *detail)
{
    json_t *json = json_loads(detail, 0, NULL);
    assert_non_null(json);
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:s, s:s, s:I}", "id", id, "verb", verb,
                     "entity", entity, "target", target, "base", -1, "detail", json, "after", "",
                     "actor", "admin", "made", (json_int_t)1);
}

#define SET(fields) "{\"verb\":\"set\",\"reason\":\"because\",\"fields\":" fields "}"
#define CREATE(fields) "{\"verb\":\"create\",\"reason\":\"\",\"fields\":" fields "}"

static const struct {
    const char *who, *verb, *entity, *target, *detail;
} wrong[] = {
    /* What the role has no right to. */
    {"operator", "operation", "member", "C10001", SET("{\"tier\":\"x\"}")},
    {"operator", "operation", "member", "*****001#1", SET("{\"tier\":\"x\"}")},
    {"operator", "consent", "member", "C10001", SET("{\"consent_sms\":true}")},
    {"operator", "operation", "label", "coffee", SET("{\"note\":\"x\"}")},
    {"operator", "operation", "setting", "small_group", SET("{\"value\":\"1\"}")},
    {"operator", "operation", "principal", "operator", SET("{\"role\":\"admin\"}")},
    {"operator", "operation", "device", "D1", SET("{\"host\":\"x\"}")},
    {"operator", "operation", "tenant", "T1", SET("{\"name\":\"x\"}")},
    {"operator", "operation", "points_rule", "r", CREATE("{\"per_yuan\":100}")},
    {"operator", "rollout", "rollout", "R1", "{\"move\":\"start\",\"fields\":{}}"},
    {"manager", "operation", "principal", "manager", SET("{\"role\":\"admin\"}")},
    {"manager", "operation", "device", "D1", SET("{\"model\":\"x\"}")},
    {"manager", "operation", "setting", "sync_lock", SET("{\"value\":\"0\"}")},
    {"analyst", "operation", "label", "coffee", SET("{\"note\":\"x\"}")},
    {"analyst", "operation", "member", "C10001", SET("{\"tier\":\"x\"}")},
    {"analyst", "campaign", "campaign", "T1", "{\"move\":\"cancel\",\"fields\":{}}"},
    {"analyst", "points", "", "C10001", "{\"points\":100,\"time\":0}"},
    {"technician", "points", "", "#1", "{\"points\":100,\"time\":0}"},
    {"technician", "operation", "segment", "x", CREATE("{\"expression\":\"gold\"}")},
    /* What its replica has not: tables, columns, rows. */
    {"technician", "operation", "member", "C10001", SET("{\"tier\":\"x\"}")},
    {"technician", "operation", "campaign", "T1", SET("{\"name\":\"x\"}")},
    {"admin", "operation", "setting", "pseudonym_key", SET("{\"value\":\"x\"}")},
    {"manager", "operation", "member", "C10001", SET("{\"name\":\"W***\"}")},
    {"manager", "operation", "member", "C10001", SET("{\"phone\":\"138****1001\"}")},
    /* What follows from moves alone. */
    {"operator", "operation", "campaign", "T1", SET("{\"state\":\"draft\"}")},
    {"manager", "operation", "campaign", "T1", SET("{\"state\":\"approved\"}")},
    {"manager", "operation", "campaign", "T1",
     SET("{\"state\":\"running\",\"started\":1,\"edition\":1}")},
    {"manager", "operation", "campaign", "T1", SET("{\"name\":\"x\",\"state\":\"running\"}")},
    {"manager", "operation", "campaign", "T1", SET("{\"name\":\"x\",\"author\":\"manager\"}")},
    {"operator", "operation", "campaign", "T9",
     CREATE("{\"state\":\"draft\",\"author\":\"manager\"}")},
    {"operator", "operation", "campaign", "T9",
     CREATE("{\"state\":\"approved\",\"author\":\"operator\"}")},
    {"technician", "operation", "rollout", "R1", SET("{\"state\":\"running\"}")},
    {"technician", "operation", "rollout", "R1", SET("{\"devices\":1}")},
    {"admin", "operation", "rollout", "R2", CREATE("{\"state\":\"planned\",\"author\":\"admin\"}")},
    {"admin", "operation", "member", "C1", CREATE("{\"name\":\"x\"}")},
    /* Moves that are nobody's, or not this one's. */
    {"manager", "campaign", "campaign", "T1", "{\"move\":\"run\",\"fields\":{}}"},
    {"manager", "campaign", "campaign", "T1", "{\"move\":\"change\",\"fields\":{}}"},
    {"manager", "campaign", "campaign", "T1", "{\"move\":\"start\",\"fields\":{}}"},
    {"manager", "campaign", "campaign", "T1", "{\"move\":\"approve\",\"fields\":{}}"},
    {"manager", "campaign", "campaign", "T1", "{}"},
    {"manager", "campaign", "campaign", "T8", "{\"move\":\"cancel\"}"},
    {"operator", "campaign", "campaign", "T1", "{\"move\":\"approve\",\"fields\":{}}"},
    {"operator", "campaign", "campaign", "T1",
     "{\"move\":\"reject\",\"reason\":\"because\",\"fields\":{}}"},
    {"technician", "rollout", "rollout", "R1", "{\"move\":\"approve\",\"fields\":{}}"},
    {"technician", "rollout", "rollout", "R1", "{\"move\":\"finish\",\"fields\":{}}"},
    {"technician", "rollout", "rollout", "R1", "{\"move\":\"arrive\",\"fields\":{}}"},
    {"admin", "rollout", "rollout", "R9", "{\"move\":\"start\",\"fields\":{}}"},
    /* In somebody else's name. */
    {"analyst", "operation", "segment", "mine",
     CREATE("{\"expression\":\"gold\",\"author\":\"admin\"}")},
    {"manager", "operation", "label", "coffee", SET("{\"author\":\"admin\"}")},
    {"analyst", "operation", "funnel", "f", CREATE("{\"definition\":\"x\",\"author\":\"boss\"}")},
    /* People that are another edition's, of which the edit says nothing. */
    {"analyst", "operation", "segment", "mine",
     CREATE("{\"expression\":\"gold\",\"kind\":\"frozen\",\"edition\":1,\"as_of\":1}")},
    {"analyst", "operation", "segment", "all", SET("{\"edition\":7}")},
    /* Verbs that there are not, or not of that. */
    {"admin", "erase", "", "C10001", "{}"},
    {"admin", "reveal", "", "C10001", "{}"},
    {"admin", "redeem", "", "K1", "{}"},
    {"admin", "points", "member", "C10001", "{\"points\":100,\"time\":0}"},
    {"admin", "campaign", "member", "C10001", "{\"move\":\"cancel\"}"},
    {"admin", "consent", "campaign", "T1", "{\"move\":\"cancel\"}"},
    {"admin", "consent", "member", "C10001", SET("{\"tier\":\"x\"}")},
    {"admin", "consent", "member", "C10001", SET("{}")},
    {"admin", "operation", "sync", "epoch", SET("{\"value\":\"x\"}")},
    {"admin", "operation", "member", "C10001", "{\"verb\":\"drop\"}"},
    {"admin", "operation", "member", "C10001", "{}"},
    {"admin", "points", "", "#77", "{\"points\":100,\"time\":0}"},
    {"admin", "points", "", "C10001", "{\"points\":0,\"time\":0}"},
    {"admin", "points", "", "C10001", "{\"points\":1e300,\"time\":\"x\"}"},
};

static const char *everything(struct sync_world *world)
{
    return sync_world_text(
        world, "select (select count(*) from audit) || ' ' || (select count(*) from operation) ||"
               " ' ' || (select count(*) from tail) || ' ' || (select group_concat(state) from"
               " campaign) || (select group_concat(state) from rollout) || (select"
               " group_concat(role) from principal) || (select group_concat(tier || name || phone)"
               " from member) || (select count(*) from segment)");
}

static void nothing_that_is_not_ones_own_is_done(void **state)
{
    struct sync_world *world = world_new();
    (void)state;
    const char *before = everything(world);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char id[16];
        snprintf(id, sizeof id, "forged-%zu", i);
        json_t *answer =
            sync_forge(world, wrong[i].who,
                       edit(id, wrong[i].verb, wrong[i].entity, wrong[i].target, wrong[i].detail));
        const char *said = json_string_value(json_object_get(answer, "state"));
        const char *what = wrong[i].detail;
        if (!said || (strcmp(said, "refused") != 0 && strcmp(said, "conflict") != 0))
            fail_msg("%s %s %s %s: %s", wrong[i].who, wrong[i].verb, wrong[i].target, what,
                     said ? said : "(no answer)");
        const char *reason = json_string_value(json_object_get(answer, "reason"));
        if (!reason || strlen(reason) < 10)
            fail_msg("%s %s: no reason", wrong[i].who, what);
        if (strcmp(before, everything(world)) != 0)
            fail_msg("%s %s %s %s changed the hub: %s", wrong[i].who, wrong[i].verb,
                     wrong[i].target, what, everything(world));
        json_decref(answer);
    }
    sync_world_free(world);
}

/* The state that the hub answered; "" where it ended the session. */
static const char *came_to(struct sync_world *world, const char *who, const char *id,
                           const char *verb, const char *entity, const char *target,
                           const char *detail)
{
    static char text[200];
    json_t *answer = sync_forge(world, who, edit(id, verb, entity, target, detail));
    const char *said = json_string_value(json_object_get(answer, "state"));
    snprintf(text, sizeof text, "%s", said ? said : "");
    json_decref(answer);
    return text;
}

/* Names and times that an edit states are not who made it and when. */
static void who_and_when_are_the_hubs_to_say(void **state)
{
    struct sync_world *world = world_new();
    (void)state;
    assert_string_equal(came_to(world, "manager", "a1", "operation", "label", "coffee",
                                SET("{\"note\":\"hello\"}")),
                        "done");
    assert_string_equal(sync_world_text(world, "select actor || ' ' || time from audit order by seq"
                                               " desc limit 1"),
                        "manager 1735689600");
    assert_string_equal(came_to(world, "manager", "a2", "points", "", "C10001",
                                "{\"points\":100,\"time\":4000000000,\"reason\":\"kind\"}"),
                        "done");
    assert_string_equal(sync_world_text(world, "select max(time) from tail"), "1735689600");
    assert_string_equal(sync_world_text(world, "select actor from audit order by seq desc limit 1"),
                        "manager");
    sync_world_free(world);
}

/* An id stands for one edit: the same again is the same, another under it is nothing. */
static void an_id_is_one_edits(void **state)
{
    struct sync_world *world = world_new();
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_string_equal(came_to(world, "manager", "a1", "operation", "label", "coffee",
                                    SET("{\"note\":\"1\"}")),
                            "done");
        assert_string_equal(
            came_to(world, "manager", "p1", "points", "", "C10001", "{\"points\":100,\"time\":0}"),
            "done");
    }
    assert_string_equal(sync_world_text(world, "select count(*) from tail"), "1");
    assert_string_equal(sync_world_text(world, "select version from label"), "2");
    const char *before = everything(world);
    assert_string_not_equal(
        came_to(world, "manager", "a1", "operation", "tenant", "T1", SET("{\"note\":\"x\"}")),
        "done");
    assert_string_not_equal(
        came_to(world, "manager", "p1", "points", "", "C10001", "{\"points\":200,\"time\":0}"),
        "done");
    assert_string_not_equal(
        came_to(world, "manager", "p1", "points", "", "C10002", "{\"points\":100,\"time\":0}"),
        "done");
    assert_string_equal(before, everything(world));
    sync_world_free(world);
}

/* What the role may do is done, in the same words. */
static void what_is_ones_own_is_done(void **state)
{
    static const struct {
        const char *who, *verb, *entity, *target, *detail;
    } right[] = {
        {"technician", "operation", "device", "D1", SET("{\"host\":\"10.0.0.1\"}")},
        {"analyst", "operation", "segment", "mine",
         CREATE("{\"expression\":\"gold\",\"author\":\"analyst\"}")},
        {"manager", "operation", "member", "*****001#1", SET("{\"phone\":\"13911112222\"}")},
        {"manager", "operation", "segment", "all", SET("{\"note\":\"x\",\"author\":\"admin\"}")},
        {"manager", "consent", "member", "*****001#1", SET("{\"consent_sms\":true}")},
        {"operator", "campaign", "campaign", "T1",
         "{\"move\":\"cancel\",\"reason\":\"no\",\"fields\":{}}"},
        {"admin", "rollout", "rollout", "R1", "{\"move\":\"approve\",\"fields\":{}}"},
    };
    struct sync_world *world = world_new();
    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        char id[16];
        snprintf(id, sizeof id, "right-%zu", i);
        json_t *answer =
            sync_forge(world, right[i].who,
                       edit(id, right[i].verb, right[i].entity, right[i].target, right[i].detail));
        const char *said = json_string_value(json_object_get(answer, "state"));
        if (!said || strcmp(said, "done") != 0)
            fail_msg("%s %s: %s", right[i].who, right[i].detail,
                     json_string_value(json_object_get(answer, "reason")));
        json_decref(answer);
    }
    assert_string_equal(sync_world_text(world, "select phone from member where person = 1"),
                        "13911112222");
    sync_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_is_not_ones_own_is_done),
        cmocka_unit_test(who_and_when_are_the_hubs_to_say),
        cmocka_unit_test(an_id_is_one_edits),
        cmocka_unit_test(what_is_ones_own_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
