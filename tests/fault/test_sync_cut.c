/*
 * A session cut after every number of bytes, in either direction, between a hub that changed and a
 * replica with edits that wait: what was acknowledged is there, nothing is there twice, and the
 * next session makes both the same. ATRIUM_SOAK=1 tries every place; otherwise every so many-th.
 */
#include "model/store/operation.h"
#include "model/sync/hub.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/temp.h"
#include "tests/support/whole.h"
#include "tests/support/wireless.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEP = 97, EDITS = 3 };

static struct error err;
static char *folder, *hub, *replica, *hub_now, *replica_now;

/* Sets a field of a thing, in a mall of its own connection. */
static enum status change(const char *path, const char *actor, const char *entity,
                          const char *target, enum operation_verb verb, const char *field,
                          const char *value)
{
    struct mall *mall = NULL;
    struct writer *writer = NULL;
    json_t *set = json_pack("{s:s}", field, value);
    struct operation op = {.actor = actor,
                           .rights = ~0u,
                           .entity = entity,
                           .target = target,
                           .verb = verb,
                           .base_version = -1,
                           .set = set};
    enum status status = mall_open(path, &mall, &err);
    if (status == ST_OK)
        status = writer_open(mall, &writer, &err);
    if (status == ST_OK)
        status = operation_apply(writer, &op, NULL, &err);
    json_decref(set);
    writer_close(writer);
    mall_close(mall);
    return status;
}

/* One integer of a file, by a connection of its own. */
static int64_t asked(const char *path, const char *sql)
{
    struct mall *mall;
    struct reader *reader;
    int64_t value;
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_ok(reader_integer(reader, sql, -1, &value, &err));
    reader_close(reader);
    mall_close(mall);
    return value;
}

static enum status talk_once(long cut_up, long cut_down, struct wireless *talk)
{
    *talk = (struct wireless){.hub = hub_now,
                              .replica = replica_now,
                              .principal = "pat",
                              .cut_up = cut_up,
                              .cut_down = cut_down};
    return wireless_talk(talk, &err);
}

static void hub_make(void)
{
    struct mall *mall;
    struct writer *writer;
    assert_ok(mall_create(hub, NULL, &err));
    assert_ok(mall_open(hub, &mall, &err));
    assert_ok(writer_open(mall, &writer, &err));
    assert_ok(writer_begin(writer, &err));
    assert_ok(sync_hub_make(writer, &err));
    assert_ok(writer_commit(writer, &err));
    writer_close(writer);
    mall_close(mall);
}

/* A replica that is level, then changes on both sides. */
static int set_up(void **state)
{
    char name[20];
    struct wireless talk;
    (void)state;
    modules_start();
    fault_vfs_install();
    folder = temp_folder();
    hub = temp_path(folder, "hub");
    replica = temp_path(folder, "replica");
    hub_now = temp_path(folder, "hub-now");
    replica_now = temp_path(folder, "replica-now");
    hub_make();
    assert_ok(change(hub, "root", "principal", "pat", OPERATION_CREATE, "role", "admin"));
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "T%d", i);
        assert_ok(change(hub, "root", "tenant", name, OPERATION_CREATE, "note", "first"));
    }
    talk = (struct wireless){hub, replica, "pat", NEVER, NEVER, 0, 0, ST_OK};
    assert_ok(wireless_talk(&talk, &err));
    for (int i = 0; i < EDITS; i++) {
        snprintf(name, sizeof name, "s%d", i);
        assert_ok(change(replica, "pat", "segment", name, OPERATION_CREATE, "expression",
                         "spent(90d)>=300"));
    }
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "T%d", i);
        assert_ok(change(hub, "root", "tenant", name, OPERATION_SET, "note", "second"));
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fault_vfs_disarm();
    free(hub);
    free(replica);
    free(hub_now);
    free(replica_now);
    temp_folder_remove(folder);
    error_clear(&err);
    return 0;
}

static void begin_again(void)
{
    wireless_copy(hub, hub_now);
    wireless_copy(replica, replica_now);
    error_clear(&err);
}

/* After whatever happened the next session makes both the same, each edit once. */
static void both_level(void)
{
    struct wireless talk;
    error_clear(&err);
    assert_ok(talk_once(NEVER, NEVER, &talk));
    for (int i = 0; i < 2; i++) {
        const char *path = i ? replica_now : hub_now;
        assert_int_equal(asked(path, "select count(*) from segment"), EDITS);
        assert_int_equal(asked(path, "select sum(version) from segment"), EDITS);
        assert_int_equal(asked(path, "select count(*) from tenant where note = 'second'"), 5);
    }
    assert_int_equal(asked(hub_now, "select count(*) from audit where entity = 'segment'"), EDITS);
    assert_int_equal(asked(replica_now, "select count(*) from outbox where state <> 'done'"), 0);
}

static void cut_everywhere(bool up)
{
    struct wireless whole, talk;
    long step = getenv("ATRIUM_SOAK") ? 1 : STEP, done = 0;
    begin_again();
    assert_ok(talk_once(NEVER, NEVER, &whole));
    long all = up ? whole.up : whole.down;
    assert_true(all > 300);
    for (long at = 0; at < all; at += step, done++) {
        begin_again();
        enum status status = talk_once(up ? at : NEVER, up ? NEVER : at, &talk);
        /* The very last bytes are goodbyes. */
        if (status == ST_OK)
            assert_true(at > all - 200);
        both_level();
    }
    assert_file_whole(hub_now);
    assert_file_whole(replica_now);
    print_message("%ld bytes, cut at %ld places\n", all, done);
}

static void test_cut_up(void **state)
{
    (void)state;
    cut_everywhere(true);
}

static void test_cut_down(void **state)
{
    (void)state;
    cut_everywhere(false);
}

/* ---- Disks that fail and are full, on both sides at once ---- */

static void every_call_fails(enum fault_kind kind, bool lasting)
{
    struct wireless talk;
    int step = getenv("ATRIUM_SOAK") ? 1 : 7, tried = 0;
    for (int nth = 1;; nth += step, tried++) {
        assert_true(nth < 20000);
        begin_again();
        fault_vfs_arm(kind, nth, lasting);
        enum status status = talk_once(NEVER, NEVER, &talk);
        bool hit = fault_vfs_hit();
        fault_vfs_disarm();
        if (!hit) {
            assert_int_equal(status, ST_OK);
            break;
        }
        both_level();
    }
    assert_file_whole(hub_now);
    assert_file_whole(replica_now);
    print_message("%d calls failed\n", tried);
}

static void test_io(void **state)
{
    (void)state;
    every_call_fails(FAULT_IO, false);
}

static void test_io_lasting(void **state)
{
    (void)state;
    every_call_fails(FAULT_IO, true);
}

static void test_full(void **state)
{
    (void)state;
    every_call_fails(FAULT_FULL, true);
}

/* The first copy, cut as well: it goes on where it was, and is never opened before it is whole. */
static void test_first_copy(void **state)
{
    (void)state;
    struct wireless whole, talk;
    begin_again();
    wireless_remove(replica_now);
    assert_ok(talk_once(NEVER, NEVER, &whole));
    long step = getenv("ATRIUM_SOAK") ? 7 : 491;
    for (long at = 0; at < whole.down; at += step) {
        begin_again();
        wireless_remove(replica_now);
        if (talk_once(NEVER, at, &talk) == ST_OK)
            assert_true(at > whole.down - 200);
        error_clear(&err);
        assert_ok(talk_once(NEVER, NEVER, &talk));
        assert_int_equal(asked(replica_now, "select count(*) from tenant where note = 'second'"),
                         5);
    }
    assert_file_whole(replica_now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_up),     cmocka_unit_test(test_cut_down),
        cmocka_unit_test(test_first_copy), cmocka_unit_test(test_io),
        cmocka_unit_test(test_io_lasting), cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
