/*
 * Hub and replica killed at every write in turn, also in the middle of one: while a replica catches
 * up and pushes its edits, while it takes a first copy, and while another role makes it anew. What
 * was acknowledged is there, nothing is there twice, who was erased is in no byte, and the next
 * session makes both the same. ATRIUM_SOAK=1 tries every write; otherwise every so many-th.
 */
#include "model/base/arena.h"
#include "model/event/event.h"
#include "model/people/erase.h"
#include "model/store/lock.h"
#include "model/store/verify.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/sync_desk.h"
#include "tests/support/wireless.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { STEP = 11, EDITS = 3, PEOPLE = 40, ERASED = 7 };

static struct error err;
static struct sync_world *world;
static char *hub, *replica, *fresh, *hub_now, *replica_now;

static void replica_edits(void)
{
    struct mall *mall;
    struct writer *writer;
    char name[20];
    assert_ok(mall_open(replica, &mall, &err));
    assert_ok(writer_open(mall, &writer, &err));
    for (int i = 0; i < EDITS; i++) {
        snprintf(name, sizeof name, "s%d", i);
        json_t *set = json_pack("{s:s}", "expression", "spent(90d)>=300");
        struct operation op = {.actor = "admin",
                               .rights = ~0u,
                               .entity = "segment",
                               .target = name,
                               .verb = OPERATION_CREATE,
                               .base_version = -1,
                               .set = set};
        assert_ok(operation_apply(writer, &op, NULL, &err));
        json_decref(set);
    }
    writer_close(writer);
    mall_close(mall);
}

/* A replica that is level, then edits there, and at the hub events, a fold and an erasure. */
static int set_up(void **state)
{
    struct access engine = access_engine();
    struct arena *arena = arena_new();
    struct erasure erasure;
    (void)state;
    modules_start();
    fault_vfs_install();
    world = sync_world_new();
    time_fix(0);
    sync_world_people(world, PEOPLE);
    sync_world_sql(world, "insert into attribute select person, 'home address', 'lives at ' || card"
                          " || ' ' || hex(zeroblob(4000)) from member");
    sync_world_purchases(world, PEOPLE, 40, true);
    sync_world_purchases(world, PEOPLE, 20, false);
    hub = world->hub_path;
    replica = sync_world_path(world, "admin");
    fresh = temp_path(world->folder, "nowhere");
    hub_now = temp_path(world->folder, "hub-now");
    replica_now = temp_path(world->folder, "replica-now");
    sync_all(world, "admin");
    /* So that the replica's log has pages with everybody on them. */
    sync_world_sql(world, "update member set tier = 'silver'; update contact set person = person;"
                          "update attribute set value = value || '!'");
    sync_all(world, "admin");
    replica_edits();
    sync_world_purchases(world, PEOPLE, 20, false);
    assert_ok(event_fold(world->writer, 1, &err));
    sync_world_purchases(world, PEOPLE, 20, false);
    sync_world_purchases(world, PEOPLE, 40, true);
    assert_ok(member_erase(world->writer, &engine, ERASED, "asked for it", arena, &erasure, &err));
    sync_world_close(world);
    arena_free(arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sync_world_open(world);
    free(replica);
    free(fresh);
    free(hub_now);
    free(replica_now);
    sync_world_free(world);
    error_clear(&err);
    return 0;
}

static enum status talk(void)
{
    struct wireless one = {.hub = hub_now,
                           .replica = replica_now,
                           .principal = "admin",
                           .cut_up = NEVER,
                           .cut_down = NEVER};
    return wireless_talk(&one, &err);
}

static int64_t asked(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return value;
}

static void verify_whole(const char *path)
{
    struct mall *mall;
    struct reader *reader;
    struct arena *arena = arena_new();
    int bad;
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_ok(verify_run(reader, arena, NULL, NULL, &bad, &err));
    assert_int_equal(bad, 0);
    reader_close(reader);
    mall_close(mall);
    arena_free(arena);
}

/* In the file, its log, and a copy that was left. */
static void erased_nowhere(int nth)
{
    static const char *const rests[] = {"", "-wal", ".making", ".making-wal"};
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        char *path = mem_printf("%s%s", replica_now, rests[i]);
        size_t n;
        char *bytes = access(path, F_OK) == 0 ? file_read_all(path, &n) : NULL;
        if (bytes && (memmem(bytes, n, "C10007", 6) || memmem(bytes, n, "13800001007", 11)))
            fail_msg("killed at write %d: who was erased is in %s", nth, path);
        free(bytes);
        free(path);
    }
}

static void both_level(int nth, int edits)
{
    error_clear(&err);
    enum status status = talk();
    if (status != ST_OK)
        fail_msg("after write %d: %s", nth, error_text(&err));
    static const char *const same[] = {
        "select count(*) from member", "select sum(person) from contact",
        "select max(seq) from tail", "select sum(version) from segment"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_int_equal(asked(hub_now, same[i]), asked(replica_now, same[i]));
    assert_int_equal(asked(hub_now, "select count(*) from segment"), edits);
    assert_int_equal(asked(hub_now, "select coalesce(sum(version), 0) from segment"), edits);
    assert_int_equal(asked(replica_now, "select count(*) from outbox where state <> 'done'"), 0);
    erased_nowhere(nth);
}

/* What the session begins with. */
static void begin_again(const char *from, bool other_policy)
{
    wireless_copy(hub, hub_now);
    wireless_remove(replica_now);
    if (from)
        wireless_copy(from, replica_now);
    if (other_policy) {
        sqlite3 *db;
        assert_int_equal(sqlite3_open(replica_now, &db), SQLITE_OK);
        assert_int_equal(
            sqlite3_exec(db, "update sync set value = 'x' where name = 'policy'", NULL, NULL, NULL),
            SQLITE_OK);
        sqlite3_close(db);
    }
    error_clear(&err);
}

static bool killed_at(const char *side, int nth)
{
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        fault_vfs_only(side);
        fault_vfs_arm(FAULT_KILL, nth, false);
        enum status came = talk();
        _exit(came == ST_OK ? 0 : 1);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    if (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != FAULT_KILL_STATUS)
        fail_msg("write %d: the session failed with %d", nth, WEXITSTATUS(status));
    return WEXITSTATUS(status) == FAULT_KILL_STATUS;
}

static void every_write(const char *from, bool other_policy, int edits)
{
    int step = getenv("ATRIUM_SOAK") ? 1 : STEP;
    const char *const sides[] = {hub_now, replica_now};
    for (int i = 0; i < 2; i++) {
        int tried = 0, nth = 1;
        for (;; nth += step, tried++) {
            assert_true(nth < 20000);
            begin_again(from, other_policy);
            if (!killed_at(sides[i], nth))
                break;
            both_level(nth, edits);
            if (tried % 16 == 0)
                verify_whole(replica_now);
        }
        verify_whole(hub_now);
        verify_whole(replica_now);
        assert_true(tried > 0);
        print_message("killed at %d writes of the %s\n", tried, i ? "replica" : "hub");
    }
}

static void test_catching_up(void **state)
{
    (void)state;
    every_write(replica, false, EDITS);
}

static void test_first_copy(void **state)
{
    (void)state;
    every_write(NULL, false, 0);
}

static void test_made_anew(void **state)
{
    (void)state;
    every_write(replica, true, EDITS);
}

/* ---- Nobody edits a file that is about to be replaced ---- */

static int renames, open_to_others;

static void look_at_rename(const char *from, const char *to)
{
    struct file_lock lock;
    (void)from;
    if (strcmp(to, replica_now) != 0)
        return;
    renames++;
    assert_ok(lock_open(&lock, replica_now, &err));
    open_to_others += lock_take(&lock, LOCK_WRITER, 0, NULL) == ST_OK;
    lock_close(&lock);
}

static void test_place_is_taken_alone(void **state)
{
    (void)state;
    begin_again(replica, true);
    fault_vfs_before_rename(look_at_rename);
    assert_ok(talk());
    fault_vfs_before_rename(NULL);
    assert_int_equal(renames, 1);
    assert_int_equal(open_to_others, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place_is_taken_alone),
        cmocka_unit_test(test_catching_up),
        cmocka_unit_test(test_first_copy),
        cmocka_unit_test(test_made_anew),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
