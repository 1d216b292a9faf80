/* Moves of campaigns and roll-outs on a replica are made again on the hub, once, by the state, the
 * rights and the definition that are there then. */
#include "model/campaign/campaign.h"
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
    campaign_register();
    rollout_register();
    sync_world_people(world, 40);
    return world;
}

static void campaign_make(struct sync_world *world, const char *code)
{
    struct access author = sync_world_access(world, "operator");
    struct campaign c = campaign_empty();
    c.code = code;
    c.name = "Tea";
    c.kind = CAMPAIGN_COUPON;
    c.offer.value = 5000;
    c.audience = "member";
    c.limits.budget = 100000;
    assert_ok(campaign_save(world->writer, &author, &c, CAMPAIGN_NEW, NULL, NULL, &err));
}

static const char *state_of(struct sync_world *world, const char *code)
{
    return sync_world_text(world, "select state from campaign where code = '%s'", code);
}

static enum status desk_move(struct sync_world *world, const char *who, const char *code,
                             enum campaign_verb verb)
{
    struct desk *desk = desk_open(world, who);
    enum status status =
        campaign_move(desk->writer, &desk->access, code, verb, "because", NULL, &err);
    desk_close(desk);
    return status;
}

static void a_campaign_lives_on_replicas(void **state)
{
    struct sync_world *world = world_new();
    (void)state;
    campaign_make(world, "T1");
    sync_all(world, "operator");
    sync_all(world, "manager");
    assert_ok(desk_move(world, "operator", "T1", VERB_SUBMIT));
    assert_int_equal(sync_all(world, "operator").pushed, 1);
    assert_string_equal(state_of(world, "T1"), "in review");
    sync_all(world, "manager");
    assert_ok(desk_move(world, "manager", "T1", VERB_APPROVE));
    assert_int_equal(sync_all(world, "manager").pushed, 1);
    assert_string_equal(state_of(world, "T1"), "approved");
    assert_string_equal(sync_world_text(world, "select approved_by from campaign"), "manager");
    sync_all(world, "operator");
    /* Three moves, one after the other, before anything is sent. */
    assert_ok(desk_move(world, "operator", "T1", VERB_START));
    struct desk *desk = desk_open(world, "operator");
    assert_string_equal(desk_text(desk, "select state || edition from campaign"), "running0");
    assert_string_equal(desk_text(desk, "select count(*) from people_set"), "0");
    desk_close(desk);
    assert_ok(desk_move(world, "operator", "T1", VERB_PAUSE));
    assert_ok(desk_move(world, "operator", "T1", VERB_RESUME));
    assert_int_equal(sync_all(world, "operator").pushed, 3);
    assert_string_equal(state_of(world, "T1"), "running");
    /* Whom it is for was fixed at the hub. */
    assert_string_equal(sync_world_text(world, "select edition > 0 from campaign"), "1");
    assert_string_equal(sync_world_text(world, "select count(*) > 0 from people_set where edition ="
                                               " (select edition from campaign)"),
                        "1");
    sync_all(world, "operator");
    sync_world_agrees(world, "operator");
    sync_all(world, "manager");
    sync_world_agrees(world, "manager");
    sync_world_free(world);
}

/* The connection ends at every byte of the session in turn: the move is made once. */
static void a_move_is_made_once_wherever_the_line_ends(void **state)
{
    struct sync_world *world = world_new();
    (void)state;
    campaign_make(world, "T1");
    sync_all(world, "operator");
    assert_ok(desk_move(world, "operator", "T1", VERB_SUBMIT));
    char *path = sync_world_path(world, "operator"), *kept = sync_world_path(world, "kept");
    file_copy(path, kept);
    int64_t made = 0;
    for (int64_t cut = 200; cut < 3000; cut += 7) {
        struct session session = {.principal = "operator", .cut = cut, .damage = -1, .again = -1};
        file_copy(kept, path); /* whatever was answered is forgotten */
        enum status status = sync_session(world, &session);
        error_clear(&session.error);
        made = strtoll(sync_world_text(world, "select count(*) from operation where entity ="
                                              " 'campaign'"),
                       NULL, 10);
        assert_in_range(made, 1, 2);
        if (status == ST_OK)
            break;
    }
    assert_int_equal(made, 2); /* it was made, and submitted */
    assert_string_equal(state_of(world, "T1"), "in review");
    file_copy(kept, path);
    assert_int_equal(sync_all(world, "operator").pushed, 1);
    assert_string_equal(sync_world_text(world, "select count(*) from operation where entity ="
                                               " 'campaign'"),
                        "2");
    sync_world_agrees(world, "operator");
    free(path);
    free(kept);
    sync_world_free(world);
}

/* What was approved on the replica is not what is there any more. */
static void an_approval_is_of_what_was_seen(void **state)
{
    struct sync_world *world = world_new();
    struct access author = sync_world_access(world, "operator");
    const struct outbox_entry *entries;
    const struct campaign *c;
    struct arena *arena = arena_new();
    struct reader *reader;
    size_t n;
    (void)state;
    campaign_make(world, "T1");
    assert_ok(campaign_move(world->writer, &author, "T1", VERB_SUBMIT, NULL, NULL, &err));
    sync_all(world, "manager");
    assert_ok(desk_move(world, "manager", "T1", VERB_APPROVE));
    assert_ok(reader_open(world->hub, &reader, &err));
    assert_ok(campaign_find(reader, arena, "T1", &c, &err));
    struct campaign changed = *c;
    changed.offer.value = 90000;
    assert_ok(campaign_save(world->writer, &author, &changed, c->version, NULL, NULL, &err));
    struct sync_counts counts = sync_all(world, "manager");
    assert_int_equal(counts.conflicts, 1);
    assert_int_equal(counts.pushed, 0);
    assert_string_equal(state_of(world, "T1"), "in review");
    struct desk *desk = desk_open(world, "manager");
    assert_ok(outbox_read(desk->reader, &desk->access, arena, false, &entries, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(entries[0].state, OUTBOX_CONFLICT);
    assert_string_equal(entries[0].move, "approve");
    assert_non_null(strstr(entries[0].reason, "changed since you saw it"));
    assert_string_equal(json_string_value(json_object_get(entries[0].mine, "state")), "approved");
    assert_string_equal(json_string_value(json_object_get(entries[0].theirs, "state")),
                        "in review");
    assert_non_null(
        strstr(json_string_value(json_object_get(entries[0].mine, "definition")), "50"));
    assert_non_null(
        strstr(json_string_value(json_object_get(entries[0].theirs, "definition")), "900"));
    assert_string_equal(entries[0].by, "operator");
    /* Seen now, it is approved as it stands. */
    json_t *mine = json_deep_copy(entries[0].mine);
    assert_ok(outbox_resolve(desk->writer, &desk->access, entries[0].id, false, mine, &err));
    json_decref(mine);
    desk_close(desk);
    assert_int_equal(sync_all(world, "manager").pushed, 1);
    assert_string_equal(state_of(world, "T1"), "approved");
    assert_string_equal(sync_world_text(world, "select instr(approved, '900') > 0 from campaign"),
                        "1");
    sync_all(world, "manager");
    sync_world_agrees(world, "manager");
    reader_close(reader);
    arena_free(arena);
    sync_world_free(world);
}

/* The hub's state has no such move any more. */
static void a_move_that_came_too_late_comes_back(void **state)
{
    struct sync_world *world = world_new();
    struct access author = sync_world_access(world, "operator");
    struct access boss = sync_world_access(world, "manager");
    (void)state;
    campaign_make(world, "T1");
    assert_ok(campaign_move(world->writer, &author, "T1", VERB_SUBMIT, NULL, NULL, &err));
    assert_ok(campaign_move(world->writer, &boss, "T1", VERB_APPROVE, NULL, NULL, &err));
    assert_ok(campaign_move(world->writer, &author, "T1", VERB_START, NULL, NULL, &err));
    sync_all(world, "operator");
    assert_ok(desk_move(world, "operator", "T1", VERB_PAUSE));
    assert_ok(campaign_move(world->writer, &boss, "T1", VERB_END, NULL, NULL, &err));
    assert_int_equal(sync_all(world, "operator").conflicts, 1);
    assert_string_equal(state_of(world, "T1"), "ended");
    struct desk *desk = desk_open(world, "operator");
    const char *id = desk_text(desk, "select id from outbox where state = 'conflict'");
    assert_non_null(strstr(desk_text(desk, "select reason from outbox"), "is ended, so it cannot"));
    assert_string_equal(desk_text(desk, "select theirs ->> 'state' from outbox"), "ended");
    /* There is no way to keep it; theirs is taken. */
    json_t *mine = json_pack("{s:s}", "state", "paused");
    assert_int_equal(outbox_resolve(desk->writer, &desk->access, id, false, mine, &err),
                     ST_CONFLICT);
    json_decref(mine);
    assert_string_equal(desk_text(desk, "select state from outbox"), "conflict");
    assert_ok(outbox_resolve(desk->writer, &desk->access, id, true, NULL, &err));
    assert_string_equal(desk_text(desk, "select state from campaign"), "ended");
    desk_close(desk);
    sync_all(world, "operator");
    sync_world_agrees(world, "operator");
    error_clear(&err);
    sync_world_free(world);
}

/* An edit before it came back as a conflict: the move waits behind it. */
static void a_move_waits_for_the_change_before_it(void **state)
{
    struct sync_world *world = world_new();
    struct access author = sync_world_access(world, "operator");
    const struct campaign *c;
    struct arena *arena = arena_new();
    (void)state;
    campaign_make(world, "T1");
    sync_all(world, "operator");
    struct desk *desk = desk_open(world, "operator");
    assert_ok(campaign_find(desk->reader, arena, "T1", &c, &err));
    struct campaign changed = *c;
    changed.name = "Coffee";
    assert_ok(campaign_save(desk->writer, &desk->access, &changed, c->version, NULL, NULL, &err));
    desk_close(desk);
    assert_ok(desk_move(world, "operator", "T1", VERB_SUBMIT));
    changed.name = "Cocoa";
    assert_ok(campaign_save(world->writer, &author, &changed, c->version, NULL, NULL, &err));
    struct sync_counts counts = sync_all(world, "operator");
    assert_int_equal(counts.conflicts, 1);
    assert_int_equal(counts.pushed, 0);
    assert_string_equal(state_of(world, "T1"), "draft");
    desk = desk_open(world, "operator");
    assert_string_equal(desk_text(desk, "select group_concat(state, ' ') from (select state from"
                                        " outbox order by number)"),
                        "conflict waiting");
    const char *id = desk_text(desk, "select id from outbox where state = 'conflict'");
    json_t *mine = json_pack("{s:s}", "name", "Coffee");
    assert_ok(outbox_resolve(desk->writer, &desk->access, id, false, mine, &err));
    json_decref(mine);
    desk_close(desk);
    assert_int_equal(sync_all(world, "operator").pushed, 2);
    assert_string_equal(state_of(world, "T1"), "in review");
    assert_string_equal(sync_world_text(world, "select name from campaign"), "Coffee");
    sync_all(world, "operator");
    sync_world_agrees(world, "operator");
    arena_free(arena);
    sync_world_free(world);
}

static void rollouts_move_too(void **state)
{
    struct sync_world *world = world_new();
    enum rollout_state now;
    (void)state;
    sync_world_sql(
        world, "insert into device (id, code, kind) values (1, 'D1', 'pos');"
               "insert into rollout (id, code, app, file, size, sha256, selection, devices,"
               " canary, waves, threshold, coverage, soak, trial, expires, state, author) values"
               " (1, 'R1', '2.0', 'a.tar', 1, '0', '*', 1, 1, '', '1', 100, 0, 60, 600,"
               " 'planned', 'admin');"
               "insert into rollout_device (rollout, device, wave, step) values (1, 1, 0,"
               " 'waiting')");
    sync_all(world, "technician");
    struct desk *desk = desk_open(world, "technician");
    assert_ok(rollout_move(desk->writer, &desk->access, "R1", ROLLOUT_APPROVE, NULL, &now, &err));
    assert_ok(rollout_move(desk->writer, &desk->access, "R1", ROLLOUT_START, NULL, &now, &err));
    assert_ok(rollout_move(desk->writer, &desk->access, "R1", ROLLOUT_PAUSE, NULL, &now, &err));
    desk_close(desk);
    /* Meanwhile the device is in another one that runs. */
    sync_world_sql(world, "insert into rollout select 2, 'R2', app, file, size, sha256, selection,"
                          " devices, canary, waves, threshold, coverage, soak, trial, expires,"
                          " window_from, window_to, weekdays, back, 'running', author, approved_by,"
                          " started, ended, why, 1, wave, soaking, driver, lease from rollout;"
                          "insert into rollout_device (rollout, device, wave, step) values (2, 1,"
                          " 0, 'waiting')");
    struct sync_counts counts = sync_all(world, "technician");
    assert_int_equal(counts.pushed, 1);
    assert_int_equal(counts.conflicts, 1);
    assert_string_equal(sync_world_text(world, "select state from rollout where id = 1"),
                        "approved");
    desk = desk_open(world, "technician");
    assert_non_null(
        strstr(desk_text(desk, "select reason from outbox where state = 'conflict'"), "R2"));
    const char *id = desk_text(desk, "select id from outbox where state = 'conflict'");
    sync_world_sql(world, "update rollout set state = 'done' where id = 2");
    json_t *mine = json_pack("{s:s}", "state", "running");
    assert_ok(outbox_resolve(desk->writer, &desk->access, id, false, mine, &err));
    json_decref(mine);
    desk_close(desk);
    assert_int_equal(sync_all(world, "technician").pushed, 2);
    assert_string_equal(sync_world_text(world, "select state from rollout where id = 1"), "paused");
    sync_all(world, "technician");
    sync_world_agrees(world, "technician");
    sync_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_campaign_lives_on_replicas),
        cmocka_unit_test(a_move_is_made_once_wherever_the_line_ends),
        cmocka_unit_test(an_approval_is_of_what_was_seen),
        cmocka_unit_test(a_move_that_came_too_late_comes_back),
        cmocka_unit_test(a_move_waits_for_the_change_before_it),
        cmocka_unit_test(rollouts_move_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
