/*
 * Nothing acknowledged is lost. A child edits (operations) and appends in a loop and says after
 * each commit what is saved; it is killed at a random moment, 250 times. What it had said must be
 * there, whole, and verify must find nothing wrong. Then two programs write at once while a third
 * one reads and verifies.
 */
#include "model/base/hash.h"
#include "model/store/operation.h"
#include "tests/support/kill.h"
#include "tests/support/temp.h"
#include "tests/support/whole.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { KILLS = 260, VERIFY_EVERY = 20, BATCH = 40, PER_WRITER = 120 };

static struct error err;
static char *folder, *path;

static int set_up(void **state)
{
    (void)state;
    folder = temp_folder();
    path = temp_path(folder, "a.mall");
    assert_ok(mall_create(path, NULL, &err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(path);
    temp_folder_remove(folder);
    error_clear(&err);
    return 0;
}

/* ---- The child ---- */

struct round {
    int number;
};

static void must(enum status status)
{
    if (status == ST_OK)
        return;
    fprintf(stderr, "child: %s\n", error_text(&err));
    _exit(1);
}

/* Shop "T<round>" is made, then its note counts the operations. */
static void edit(struct writer *writer, int round, int64_t n)
{
    char id[64], target[32], note[32];
    snprintf(id, sizeof id, "op-%d-%lld", round, (long long)n);
    snprintf(target, sizeof target, "T%d", round);
    snprintf(note, sizeof note, "%lld", (long long)n);
    json_t *set = json_pack("{s:s}", "note", note);
    struct operation op = {.id = id,
                           .actor = "child",
                           .rights = ~0u,
                           .entity = "tenant",
                           .target = target,
                           .verb = n == 0 ? OPERATION_CREATE : OPERATION_SET,
                           .base_version = n == 0 ? -1 : n,
                           .set = set};
    must(operation_apply(writer, &op, NULL, &err));
    json_decref(set);
}

/* A batch of rows, all or nothing: BATCH of them carry the number n. */
static void append(struct writer *writer, int round, int64_t n)
{
    sqlite3_stmt *stmt;
    must(writer_begin(writer, &err));
    must(writer_prepare(writer, "insert into refused (import, line, message) values (0, ?1, ?2)",
                        &stmt, &err));
    for (int i = 0; i < BATCH; i++) {
        char message[64];
        snprintf(message, sizeof message, "%d-%lld", round, (long long)n);
        sqlite3_reset(stmt);
        sqlite3_bind_int64(stmt, 1, ((int64_t)round << 32) + n * BATCH + i);
        sqlite3_bind_text(stmt, 2, message, -1, SQLITE_TRANSIENT);
        must(writer_run(writer, stmt, &err));
    }
    must(writer_touch_rows(writer, &err));
    must(writer_commit(writer, &err));
}

static void work(void *context, int pipe)
{
    const struct round *round = context;
    struct mall *mall;
    struct writer *writer;
    must(mall_open(path, &mall, &err));
    must(writer_open(mall, &writer, &err));
    for (int64_t n = 0;; n++) {
        edit(writer, round->number, n);
        append(writer, round->number, n);
        if (n % 7 == 3)
            must(writer_checkpoint(writer, &err));
        if (n % 11 == 5) {
            writer_close(writer);
            must(writer_open(mall, &writer, &err));
        }
        kill_acknowledge(pipe, n);
    }
}

/* ---- Looking at what is left ---- */

static int64_t number(struct reader *reader, const char *format, int round, int64_t n)
{
    char sql[400];
    int64_t value;
    snprintf(sql, sizeof sql, format, round, (long long)n);
    assert_ok(reader_integer(reader, sql, -1, &value, &err));
    return value;
}

static void assert_all_there(int round, int64_t acknowledged, bool verify)
{
    struct mall *mall;
    struct reader *reader;
    assert_ok(mall_open(path, &mall, &err));
    assert_false(mall->read_only);
    assert_ok(reader_open(mall, &reader, &err));
    int64_t operations =
        number(reader, "select count(*) from operation where entity = 'tenant' and target = 'T%d'",
               round, 0);
    assert_true(operations >= acknowledged + 1);
    /* An operation is there with its effect or not at all. */
    if (operations > 0) {
        assert_int_equal(number(reader, "select note from tenant where code = 'T%d'", round, 0),
                         operations - 1);
        assert_int_equal(number(reader, "select version from tenant where code = 'T%d'", round, 0),
                         operations);
    }
    int64_t rows =
        number(reader, "select count(*) from refused where import = 0 and line >= %d * 4294967296",
               round, 0);
    assert_int_equal(rows % BATCH, 0);
    assert_true(rows / BATCH >= acknowledged + 1);
    assert_true(rows / BATCH == operations || rows / BATCH == operations - 1);
    if (verify)
        assert_whole(reader);
    reader_close(reader);
    mall_close(mall);
}

/* The rows stand in no import: taken away before verify asks whose they are. */
static void rows_clear(void)
{
    struct mall *mall;
    struct writer *writer;
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(writer_open(mall, &writer, &err));
    assert_ok(writer_begin(writer, &err));
    assert_int_equal(sqlite3_exec(writer_db(writer), "delete from refused", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_ok(writer_commit(writer, &err));
    writer_close(writer);
    mall_close(mall);
}

static void test_kill_while_editing(void **state)
{
    (void)state;
    int64_t acknowledged = 0;
    for (int i = 1; i <= KILLS; i++) {
        struct round round = {i};
        int64_t n;
        int64_t last = kill_at_random(work, &round, 60000, i % 4 != 0, (uint64_t)i, &n);
        assert_int_equal(n, last + 1);
        acknowledged += n;
        assert_all_there(i, last, false);
        if (i % VERIFY_EVERY == 0 || i == KILLS) {
            rows_clear();
            struct mall *mall;
            struct reader *reader;
            assert_ok(mall_open(path, &mall, &err));
            assert_ok(reader_open(mall, &reader, &err));
            assert_whole(reader);
            reader_close(reader);
            mall_close(mall);
        }
    }
    print_message("%d kills, %lld acknowledged rounds of one edit and one append\n", KILLS,
                  (long long)acknowledged);
    assert_true(acknowledged >= KILLS * 3 / 4); /* those that were given time for one */
}

/* ---- Two writers and a reader at once ---- */

static void write_in_turn(int writer_number)
{
    struct mall *mall;
    struct writer *writer;
    must(mall_open(path, &mall, &err));
    must(writer_open(mall, &writer, &err));
    for (int64_t n = 0; n < PER_WRITER; n++) {
        edit(writer, writer_number, n);
        if (n % 20 == 10)
            must(writer_checkpoint(writer, &err));
    }
    writer_close(writer);
    mall_close(mall);
    _exit(0);
}

static pid_t writer_start(int writer_number)
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        write_in_turn(writer_number);
    return pid;
}

static int ended(pid_t pid, int flags)
{
    int status;
    pid_t found = waitpid(pid, &status, flags);
    if (found == 0)
        return 0;
    assert_int_equal(found, pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return 1;
}

static void test_two_writers_and_a_reader(void **state)
{
    (void)state;
    pid_t first = writer_start(1), second = writer_start(2);
    struct mall *mall;
    struct reader *reader;
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    int64_t rows = -1, rounds = 0;
    bool first_ended = false, second_ended = false;
    while (!first_ended || !second_ended) {
        int64_t events, now;
        assert_whole(reader);
        assert_ok(reader_versions(reader, &events, &now, &err));
        assert_true(now >= rows);
        rows = now;
        rounds++;
        first_ended = first_ended || ended(first, WNOHANG);
        second_ended = second_ended || ended(second, WNOHANG);
    }
    assert_int_equal(number(reader, "select count(*) from operation", 0, 0), 2 * PER_WRITER);
    assert_int_equal(number(reader, "select sum(version) from tenant", 0, 0), 2 * PER_WRITER);
    assert_whole(reader);
    print_message("two writers, %d operations each; verified %lld times meanwhile\n", PER_WRITER,
                  (long long)rounds);
    reader_close(reader);
    mall_close(mall);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_kill_while_editing),
        TEST(test_two_writers_and_a_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
