/*
 * Disks that fail and disks that are full. Each call to the disk fails once, in turn, until a run
 * meets no failure; after each the mall opens, verify finds nothing wrong, and what was
 * acknowledged is there.
 */
#include "model/store/migrate.h"
#include "model/store/operation.h"
#include "model/store/schema.h"
#include "model/store/sqlite.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/temp.h"
#include "tests/support/whole.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST_CALLS = 3000 };

static struct error err;
static char *folder, *path;

static int set_up(void **state)
{
    (void)state;
    fault_vfs_install();
    folder = temp_folder();
    path = temp_path(folder, "a.mall");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fault_vfs_disarm();
    free(path);
    temp_folder_remove(folder);
    error_clear(&err);
    return 0;
}

static void files_remove(void)
{
    static const char *const rests[] = {"", "-wal", "-shm", "-journal", ".lock", ".before-v2"};
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        char *name = mem_printf("%s%s", path, rests[i]);
        unlink(name);
        free(name);
    }
}

/* Sets the note of shop T1 to `n`, as big as makes SQLite use several pages. */
static enum status note_set(struct writer *writer, int n, bool create)
{
    char note[1500];
    memset(note, 'a' + n, sizeof note - 1);
    note[sizeof note - 1] = 0;
    json_t *set = json_pack("{s:s}", "note", note);
    struct operation op = {.actor = "test",
                           .rights = ~0u,
                           .entity = "tenant",
                           .target = "T1",
                           .verb = create ? OPERATION_CREATE : OPERATION_SET,
                           .base_version = -1,
                           .set = set};
    enum status status = operation_apply(writer, &op, NULL, &err);
    json_decref(set);
    return status;
}

/* A day's work with the mall; *saved counts the operations that were acknowledged. */
static enum status day(int *saved)
{
    struct mall *mall = NULL;
    struct writer *writer = NULL;
    struct reader *reader = NULL;
    int64_t value;
    *saved = 0;
    enum status status = mall_open(path, &mall, &err);
    if (status == ST_OK)
        status = writer_open(mall, &writer, &err);
    if (status == ST_OK)
        status = reader_open(mall, &reader, &err);
    for (int n = 0; status == ST_OK && n < 6; n++) {
        status = note_set(writer, n, n == 0);
        *saved += status == ST_OK;
        if (status == ST_OK && n == 2)
            status = writer_checkpoint(writer, &err);
        if (status == ST_OK && n == 4)
            status =
                reader_integer(reader, "select sum(length(note)) from tenant", 0, &value, &err);
    }
    reader_close(reader);
    writer_close(writer);
    mall_close(mall);
    return status;
}

static void assert_saved(int saved)
{
    struct mall *mall;
    struct reader *reader;
    int64_t version, notes;
    assert_ok(mall_open(path, &mall, &err));
    assert_false(mall->read_only);
    assert_ok(reader_open(mall, &reader, &err));
    assert_whole(reader);
    assert_ok(reader_integer(reader, "select version from tenant", 0, &version, &err));
    /* A commit whose answer was lost may have been saved. */
    assert_true(version == saved || version == saved + 1);
    assert_ok(reader_integer(reader, "select count(*) from audit", 0, &notes, &err));
    assert_int_equal(notes, version);
    reader_close(reader);
    mall_close(mall);
}

static void every_call_fails(enum fault_kind kind, bool lasting)
{
    int nth = 1;
    for (;; nth++) {
        int saved;
        assert_true(nth < MOST_CALLS);
        files_remove();
        assert_ok(mall_create(path, NULL, &err));
        error_clear(&err);
        fault_vfs_arm(kind, nth, lasting);
        enum status status = day(&saved);
        bool hit = fault_vfs_hit();
        fault_vfs_disarm();
        if (status != ST_OK)
            assert_true(error_text(&err)[0] && hit);
        assert_saved(saved);
        if (!hit)
            break;
    }
    print_message("%d calls failed in turn\n", nth - 1);
    assert_true(nth > 20);
}

static void test_each_call_fails_once(void **state)
{
    (void)state;
    every_call_fails(FAULT_IO, false);
}

static void test_each_call_and_all_after_it_fail(void **state)
{
    (void)state;
    every_call_fails(FAULT_IO, true);
}

static void test_disk_full_from_each_write_on(void **state)
{
    (void)state;
    every_call_fails(FAULT_FULL, true);
}

/* A mall is made whole or not at all. */
static void test_create_fails_whole(void **state)
{
    (void)state;
    for (int nth = 1;; nth++) {
        assert_true(nth < MOST_CALLS);
        fault_vfs_arm(FAULT_IO, nth, true);
        enum status status = mall_create(path, NULL, &err);
        bool hit = fault_vfs_hit();
        fault_vfs_disarm();
        if (status != ST_OK) {
            char *command = mem_printf("test -z \"$(ls -A '%s')\"", folder);
            assert_int_equal(system(command), 0);
            free(command);
            continue;
        }
        struct mall *mall;
        assert_ok(mall_open(path, &mall, &err));
        mall_close(mall);
        files_remove();
        if (!hit)
            break;
    }
}

/* A migration that meets a failure leaves a file of the old version or of the new one. */
static void test_migration_fails_whole(void **state)
{
    (void)state;
    const char *sql[] = {schema_migrations[0],
                         "create table added (x integer) strict; insert into added values (1);"};
    struct migrations two = {sql, 2};
    for (int nth = 1;; nth++) {
        assert_true(nth < MOST_CALLS);
        files_remove();
        assert_ok(mall_create(path, NULL, &err));
        fault_vfs_arm(FAULT_IO, nth, true);
        enum status status = migrate_file(path, &two, &err);
        bool hit = fault_vfs_hit();
        fault_vfs_disarm();
        sqlite3 *db;
        int64_t version, tables;
        assert_ok(sqlite_connect(path, path, SQLITE_OPEN_READWRITE, &db, &err));
        assert_ok(sqlite_integer(db, "pragma user_version", 0, &version, &err));
        assert_ok(sqlite_integer(db, "select count(*) from sqlite_schema where name = 'added'", 0,
                                 &tables, &err));
        sqlite3_close(db);
        assert_true(version == 1 || version == 2);
        assert_int_equal(tables, version - 1);
        assert_true(status != ST_OK || version == 2);
        if (!hit)
            break;
    }
}

/* When a commit is acknowledged nothing of it waits in a cache. */
static void test_commit_survives_power_loss(void **state)
{
    (void)state;
    struct mall *mall;
    struct writer *writer;
    assert_ok(mall_create(path, NULL, &err));
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(writer_open(mall, &writer, &err));
    for (int n = 0; n < 10; n++) {
        assert_ok(note_set(writer, n, n == 0));
        assert_int_equal(fault_vfs_unsynced(), 0);
    }
    assert_ok(writer_checkpoint(writer, &err));
    assert_int_equal(fault_vfs_unsynced(), 0);
    writer_close(writer);
    mall_close(mall);
}

static void full_sentence(int pipe)
{
    int saved;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){600000, 600000});
    struct mall *mall;
    struct writer *writer;
    enum status status = mall_open(path, &mall, &err);
    if (status == ST_OK)
        status = writer_open(mall, &writer, &err);
    for (saved = 0; status == ST_OK && saved < 500; saved++)
        status = note_set(writer, saved % 20, saved == 0);
    dprintf(pipe, "%d %d %s", (int)status, saved - 1, error_text(&err));
    _exit(0);
}

static void test_full_disk_says_so(void **state)
{
    (void)state;
    assert_ok(mall_create(path, NULL, &err));
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        full_sentence(ends[1]);
    close(ends[1]);
    char answer[1000] = {0};
    assert_true(read(ends[0], answer, sizeof answer - 1) > 0);
    close(ends[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    int status, saved;
    assert_int_equal(sscanf(answer, "%d %d", &status, &saved), 2);
    assert_int_equal(status, ST_UNUSABLE);
    assert_true(saved > 3);
    if (!strstr(answer, "the disk is full: nothing of this was saved"))
        fail_msg("the message is: %s", answer);
    assert_saved(saved);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_call_fails_once),
        TEST(test_each_call_and_all_after_it_fail),
        TEST(test_disk_full_from_each_write_on),
        TEST(test_create_fails_whole),
        TEST(test_migration_fails_whole),
        TEST(test_commit_survives_power_loss),
        TEST(test_full_disk_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
