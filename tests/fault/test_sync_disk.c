/*
 * A disk that fails under one side of a session, the hub's or the replica's, at every call in turn:
 * while an edit is pushed, while a replica pulls rows, events and an erasure, while a first copy is
 * made, while another role makes it anew, and while the hub takes away what no replica needs. There
 * is a reason that names the disk; with the disk well again the next session makes both the same,
 * nothing is lost or there twice, and both files are whole.
 *
 *     build/tests/fault/test_sync_disk                  a few calls of each, about 20 s
 *     ATRIUM_SOAK=1 build/tests/fault/test_sync_disk    every call
 *     ONLY="rebuild, hub" TALK=1 …                      one of them, and what is said
 */
#include "model/event/event.h"
#include "model/people/erase.h"
#include "model/sync/upkeep.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/sync_desk.h"
#include "tests/support/whole.h"
#include "tests/support/wireless.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { EDITS = 3, PEOPLE = 40, ERASED = 7 };

static const struct fault {
    const char *name;
    enum fault_kind kind;
    bool lasting;
} faults[] = {
    {"a write fails", FAULT_WRITE, false},
    {"every write fails", FAULT_WRITE, true},
    {"a write is cut short", FAULT_SHORT, false},
    {"the disk is full once", FAULT_FULL, false},
    {"the disk is full", FAULT_FULL, true},
    {"a sync fails", FAULT_SYNC, false},
    {"an open, truncate, delete or rename fails", FAULT_OPEN, false},
};

/* What is done, and from which files. */
struct scenario {
    const char *name, *hub, *replica; /* NULL: none yet */
    bool other_policy, upkeep;
    int edits; /* of the replica, at the hub in the end */
    int step;  /* every so many-th call, unless it is a soak */
};

static struct error err;
static struct sync_world *world;
static char *hub, *replica; /* what is played with; what it begins with lies beside */
static char *hub_level, *hub_ahead, *replica_level, *replica_edited;

/* ---- What it begins with ---- */

static void people_make(void)
{
    sync_world_people(world, PEOPLE);
    sync_world_sql(world, "insert into attribute select person, 'home address', 'lives at ' || card"
                          " || ' ' || hex(zeroblob(300)) from member");
}

static void hub_goes_on(void)
{
    struct access engine = access_engine();
    struct arena *arena = arena_new();
    struct erasure erasure;
    sync_world_sql(world, "update member set tier = 'silver' where person < 20;"
                          "delete from attribute where person = 9");
    sync_world_purchases(world, PEOPLE, 20, false);
    assert_ok(event_fold(world->writer, 1, &err));
    sync_world_purchases(world, PEOPLE, 20, false);
    sync_world_purchases(world, PEOPLE, 40, true);
    assert_ok(member_erase(world->writer, &engine, ERASED, "asked for it", arena, &erasure, &err));
    arena_free(arena);
}

static void replica_edits(void)
{
    char name[20];
    for (int i = 0; i < EDITS; i++) {
        snprintf(name, sizeof name, "s%d", i);
        wireless_change(replica, "manager", NULL, "segment", name, OPERATION_CREATE,
                        json_pack("{s:s}", "expression", "spent(90d)>=300"));
    }
}

static int set_up(void **state)
{
    (void)state;
    if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    modules_start();
    fault_vfs_install();
    world = sync_world_new();
    hub = world->hub_path;
    replica = sync_world_path(world, "manager");
    hub_level = temp_path(world->folder, "level-hub");
    hub_ahead = temp_path(world->folder, "ahead-hub");
    replica_level = temp_path(world->folder, "level-replica");
    replica_edited = temp_path(world->folder, "edited-replica");
    people_make();
    sync_world_purchases(world, PEOPLE, 40, true);
    sync_world_purchases(world, PEOPLE, 20, false);
    sync_all(world, "manager");
    sync_world_close(world);
    wireless_copy(hub, hub_level);
    wireless_copy(replica, replica_level);
    replica_edits();
    wireless_copy(replica, replica_edited);
    sync_world_open(world);
    hub_goes_on();
    sync_world_close(world);
    wireless_copy(hub, hub_ahead);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fault_vfs_disarm();
    sync_world_open(world);
    free(replica);
    free(hub_level);
    free(hub_ahead);
    free(replica_level);
    free(replica_edited);
    sync_world_free(world);
    error_clear(&err);
    return 0;
}

static void begin_again(const struct scenario *scenario)
{
    error_clear(&err);
    wireless_copy(scenario->hub, hub);
    if (!scenario->replica) {
        wireless_remove(replica);
        return;
    }
    wireless_copy(scenario->replica, replica);
    if (!scenario->other_policy)
        return;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(replica, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "update sync set value = 'x' where name = 'policy'", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
}

/* ---- What is done, and what holds after it ---- */

static enum status talk(enum status *hub_status)
{
    struct wireless one = {hub, replica, "manager", NEVER, NEVER, 0, 0, ST_OK};
    enum status status = wireless_talk(&one, &err);
    *hub_status = one.hub_status;
    return status;
}

static enum status upkeep(enum status *hub_status)
{
    struct mall *mall = NULL;
    struct writer *writer = NULL;
    int64_t removed;
    enum status status = mall_open(hub, &mall, &err);
    if (status == ST_OK)
        status = writer_open(mall, &writer, &err);
    if (status == ST_OK) /* everybody has been silent for too long */
        status = upkeep_run(writer, world->clock + 400 * 86400, &removed, &err);
    writer_close(writer);
    mall_close(mall);
    *hub_status = status;
    return status;
}

static const char *doing; /* for the message of a failure */

/* One row of numbers, each what it must be. */
static void numbers_must(const char *path, const char *sql, const int *must, int n)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    for (int i = 0; i < n; i++)
        if (sqlite3_column_int(stmt, i) != must[i])
            fail_msg("%s: number %d of %s in %s: %d and not %d", doing, i, sql, path,
                     sqlite3_column_int(stmt, i), must[i]);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

static void both_level(const struct scenario *scenario)
{
    enum status status, hub_status;
    struct arena *arena = arena_new();
    error_clear(&err);
    status = talk(&hub_status);
    if (status != ST_OK || hub_status != ST_OK)
        fail_msg("%s: the next session: %s", doing, error_text(&err));
    sync_world_open(world);
    const char *differ = sync_differ(world, "manager", arena);
    if (differ)
        fail_msg("%s: %s", doing, differ);
    sync_world_close(world);
    numbers_must(hub,
                 "select (select count(*) from segment), (select total(version) from segment),"
                 " (select count(*) from audit where entity = 'segment'),"
                 " (select count(*) from operation where entity = 'segment')",
                 (const int[]){scenario->edits, scenario->edits, scenario->edits, scenario->edits},
                 4);
    numbers_must(replica,
                 "select (select count(*) from segment),"
                 " (select count(*) from outbox where state <> 'done')",
                 (const int[]){scenario->edits, 0}, 2);
    assert_file_whole(hub);
    assert_file_whole(replica);
    arena_free(arena);
}

/* Whoever reads it knows where to look: at a file, or at the disk. */
static void reason_good(bool at_hub, enum status status, enum status hub_status)
{
    const char *text = error_text(&err);
    if (getenv("TALK"))
        print_message("%s: %s / %s: %s\n", doing, status_name(status), status_name(hub_status),
                      text);
    if (status == ST_OK)
        return;
    if (!strstr(text, "disk") && !strstr(text, "file") && !strstr(text, "'/"))
        fail_msg("%s: this says nothing: %s", doing, text);
    if (status != ST_UNUSABLE)
        fail_msg("%s: %s: %s", doing, status_name(status), text);
    if (at_hub && hub_status != ST_OK && hub_status != ST_UNUSABLE)
        fail_msg("%s: the hub: %s: %s", doing, status_name(hub_status), text);
}

static int one_kind(const struct scenario *scenario, bool at_hub, const struct fault *kind,
                    int first, int step)
{
    int tried = 0;
    enum status hub_status;
    char what[200];
    doing = what;
    for (int nth = first;; nth += step, tried++) {
        assert_true(nth < 20000);
        snprintf(what, sizeof what, "%s, %s at call %d of the %s", scenario->name, kind->name, nth,
                 at_hub ? "hub" : "replica");
        begin_again(scenario);
        fault_vfs_only(at_hub ? hub : replica);
        fault_vfs_arm(kind->kind, nth, kind->lasting);
        enum status status = scenario->upkeep ? upkeep(&hub_status) : talk(&hub_status);
        bool hit = fault_vfs_hit();
        fault_vfs_disarm();
        fault_vfs_only(NULL);
        if (!hit && status != ST_OK)
            fail_msg("%s: nothing failed, and yet: %s", what, error_text(&err));
        if (hit)
            reason_good(at_hub, status, hub_status);
        both_level(scenario);
        if (!hit)
            return tried;
    }
}

static void every_call(const struct scenario *scenario)
{
    const char *wanted = getenv("ONLY");
    bool soak = getenv("ATRIUM_SOAK");
    for (int side = 0; side < (scenario->upkeep ? 1 : 2); side++) {
        int tried = 0;
        for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
            char name[200];
            snprintf(name, sizeof name, "%s, %s: %s", scenario->name, side ? "replica" : "hub",
                     faults[i].name);
            if (wanted && !strstr(name, wanted))
                continue;
            int n = one_kind(scenario, side == 0, &faults[i], soak ? 1 : 1 + (int)i * 7,
                             soak ? 1 : scenario->step);
            tried += n;
            if (soak)
                print_message("%s: %d calls\n", name, n);
        }
        if (!wanted)
            assert_true(tried > 0);
        print_message("%s: %d calls of the %s failed\n", scenario->name, tried,
                      side ? "replica" : "hub");
    }
}

static void an_edit(void **state)
{
    (void)state;
    every_call(&(struct scenario){"edit", hub_level, replica_edited, .edits = EDITS, .step = 31});
}

static void a_pull(void **state)
{
    (void)state;
    every_call(&(struct scenario){"pull", hub_ahead, replica_level, .step = 41});
}

static void a_first_copy(void **state)
{
    (void)state;
    every_call(&(struct scenario){"first copy", hub_ahead, NULL, .step = 83});
}

static void a_rebuild(void **state)
{
    (void)state;
    every_call(&(struct scenario){"rebuild", hub_ahead, replica_edited, .other_policy = true,
                                  .edits = EDITS, .step = 83});
}

static void an_upkeep(void **state)
{
    (void)state;
    every_call(&(struct scenario){"upkeep", hub_ahead, replica_edited, .upkeep = true,
                                  .edits = EDITS, .step = 31});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edit),   cmocka_unit_test(a_pull),    cmocka_unit_test(a_first_copy),
        cmocka_unit_test(a_rebuild), cmocka_unit_test(an_upkeep),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
