/* Readers and the writer: one state at a time, turns by the lock, cancelling, caches. */
#include "model/store/reader.h"
#include "model/store/writer.h"

#include "model/base/arena.h"
#include "model/base/time.h"
#include "model/store/lock.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct error err;
static struct temp_mall t;

static int set_up(void **state)
{
    (void)state;
    t = temp_mall_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_mall_free(&t);
    error_clear(&err);
    return 0;
}

static void assert_message(enum status found, enum status expected, const char *part)
{
    assert_string_equal(status_name(found), status_name(expected));
    if (!strstr(error_text(&err), part))
        fail_msg("the message '%s' does not say '%s'", error_text(&err), part);
}

static void write_one(struct writer *writer, const char *sql)
{
    sqlite3_stmt *stmt;
    assert_ok(writer_begin(writer, &err));
    assert_ok(writer_prepare(writer, sql, &stmt, &err));
    assert_ok(writer_run(writer, stmt, &err));
    assert_ok(writer_touch_rows(writer, &err));
    assert_ok(writer_commit(writer, &err));
}

static int64_t count(struct reader *reader, const char *sql)
{
    int64_t value;
    assert_ok(reader_integer(reader, sql, -1, &value, &err));
    return value;
}

static const char insert_kind[] = "insert into kind (name) values (hex(randomblob(8)))";
static const char count_kinds[] = "select count(*) from kind";

static void test_reader_sees_one_state(void **state)
{
    (void)state;
    int64_t events, rows, rows_after;
    assert_ok(reader_begin(t.reader, &err));
    assert_ok(reader_begin(t.reader, &err));
    write_one(t.writer, insert_kind);
    assert_int_equal(count(t.reader, count_kinds), 0);
    reader_end(t.reader);
    assert_int_equal(count(t.reader, count_kinds), 0);
    assert_ok(reader_versions(t.reader, &events, &rows, &err));
    assert_int_equal(rows, 0);
    reader_end(t.reader);
    assert_int_equal(count(t.reader, count_kinds), 1);
    assert_ok(reader_versions(t.reader, &events, &rows_after, &err));
    assert_int_equal(rows_after, 1);
    reader_end(t.reader); /* one too many does no harm */
}

static void test_reader_cannot_write(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        insert_kind,
        "delete from counter",
        "create table x (y)",
        "attach ':memory:' as other",
        "pragma wal_checkpoint(truncate)",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *message = NULL;
        int code = sqlite3_exec(reader_db(t.reader), wrong[i], NULL, NULL, &message);
        if (code == SQLITE_OK && i < 4)
            fail_msg("a reader could run: %s", wrong[i]);
        sqlite3_free(message);
    }
    assert_int_equal(count(t.reader, "select count(*) from counter where name = 'rows'"), 1);
}

static void test_rollback_and_epoch(void **state)
{
    (void)state;
    sqlite3_stmt *stmt;
    assert_ok(writer_begin(t.writer, &err));
    assert_ok(writer_prepare(t.writer, insert_kind, &stmt, &err));
    assert_ok(writer_run(t.writer, stmt, &err));
    uint64_t before = writer_epoch(t.writer);
    assert_message(writer_begin(t.writer, &err), ST_REFUSED, "already being written");
    writer_rollback(t.writer);
    writer_rollback(t.writer);
    assert_int_equal(count(t.reader, count_kinds), 0);
    assert_int_not_equal(writer_epoch(t.writer), before);
    assert_message(writer_commit(t.writer, &err), ST_REFUSED, "no change to save");
    /* Another connection's change is seen; an own one is not a reason to forget. */
    write_one(t.writer, insert_kind);
    before = writer_epoch(t.writer);
    write_one(t.writer, insert_kind);
    assert_int_equal(writer_epoch(t.writer), before);
    struct writer *other;
    assert_ok(writer_open(t.mall, &other, &err));
    write_one(other, insert_kind);
    write_one(t.writer, insert_kind);
    assert_int_not_equal(writer_epoch(t.writer), before);
    writer_close(other);
}

static void test_statement_cache(void **state)
{
    (void)state;
    sqlite3_stmt *first, *again;
    bool row;
    assert_ok(reader_prepare(t.reader, "select ?1", &first, &err));
    sqlite3_bind_int(first, 1, 7);
    assert_ok(reader_step(t.reader, first, &row, &err));
    assert_int_equal(sqlite3_column_int(first, 0), 7);
    assert_ok(reader_prepare(t.reader, "select ?1", &again, &err));
    assert_ptr_equal(first, again);
    assert_ok(reader_step(t.reader, again, &row, &err));
    assert_int_equal(sqlite3_column_type(again, 0), SQLITE_NULL);
    assert_message(reader_prepare(t.reader, "selec 1", &first, &err), ST_REFUSED, "syntax error");
    assert_message(reader_prepare(t.reader, " -- nothing", &first, &err), ST_REFUSED,
                   "there is none");
    /* Far more texts than are kept. */
    for (int i = 0; i < 1000; i++) {
        char *sql = mem_printf("select %d", i);
        assert_int_equal(count(t.reader, sql), i);
        free(sql);
    }
}

static void test_cancel(void **state)
{
    (void)state;
    atomic_bool cancel = false;
    atomic_int progress = 0;
    int64_t value;
    static const char endless[] =
        "with recursive c(x) as (select 1 union all select x + 1 from c) select sum(x) from c";
    assert_ok(reader_begin(t.reader, &err));
    reader_watch(t.reader, &cancel, &progress);
    assert_false(reader_cancelled(t.reader));
    reader_progress(t.reader, 1, 4);
    assert_int_equal(atomic_load(&progress), 250);
    atomic_store(&cancel, true);
    assert_true(reader_cancelled(t.reader));
    assert_message(reader_integer(t.reader, endless, 0, &value, &err), ST_CANCELLED, "cancelled");
    reader_end(t.reader);
    reader_watch(t.reader, NULL, NULL);
    assert_false(reader_cancelled(t.reader));
    write_one(t.writer, insert_kind);
    assert_int_equal(count(t.reader, count_kinds), 1);
}

static void test_present(void **state)
{
    (void)state;
    int64_t as_of, present;
    setenv("ATRIUM_NOW", "5000", 1);
    assert_ok(reader_present(t.reader, &as_of, &present, &err));
    assert_int_equal(as_of, 0);
    assert_int_equal(present, 5000);
    assert_ok(writer_begin(t.writer, &err));
    assert_int_equal(
        sqlite3_exec(
            writer_db(t.writer),
            "insert into batch (id, state) values (1, 'done'), (2, 'staged');"
            "insert into chunk (batch, block, month, events, lines, first, last, head, data)"
            " values (1, 0, 0, 1, 0, 1, 3000, x'', x''), (2, 0, 0, 1, 0, 1, 4000, x'', x'');"
            "insert into tail (time, person, kind) values (2000, 1, 1)",
            NULL, NULL, NULL),
        SQLITE_OK);
    assert_ok(writer_touch_events(t.writer, &err));
    assert_ok(writer_commit(t.writer, &err));
    assert_ok(reader_present(t.reader, &as_of, &present, &err));
    assert_int_equal(as_of, 3000);
    assert_int_equal(present, 3000);
    write_one(t.writer, "insert into tail (time, person, kind) values (9000, 1, 1)");
    assert_ok(reader_present(t.reader, &as_of, &present, &err));
    assert_int_equal(as_of, 3000); /* kept until events are said to have changed */
    assert_ok(writer_begin(t.writer, &err));
    assert_ok(writer_touch_events(t.writer, &err));
    assert_ok(writer_commit(t.writer, &err));
    assert_ok(reader_present(t.reader, &as_of, &present, &err));
    assert_int_equal(as_of, 9000);
    assert_int_equal(present, 5000); /* an event of the future does not move the present */
    unsetenv("ATRIUM_NOW");
}

static int released;

static void release(void *value)
{
    released += *(int *)value;
}

static enum status hook(struct reader *reader, sqlite3 *db, struct error *e)
{
    static int key, one = 1;
    (void)e;
    assert_ptr_equal(reader_db(reader), db);
    reader_keep(reader, &key, &one, release);
    assert_ptr_equal(reader_kept(reader, &key), &one);
    return ST_OK;
}

static void test_hooks_and_kept_things(void **state)
{
    (void)state;
    static int key, ten = 10;
    reader_on_open(hook);
    reader_on_open(hook);
    struct reader *reader;
    assert_ok(reader_open(t.mall, &reader, &err));
    assert_null(reader_kept(reader, &key));
    reader_keep(reader, &key, &ten, release);
    reader_keep(reader, &key, &ten, release);
    reader_close(reader);
    assert_int_equal(released, 11);
    writer_keep(t.writer, &key, &ten, release);
    assert_ptr_equal(writer_kept(t.writer, &key), &ten);
    writer_keep(t.writer, &key, NULL, NULL);
    assert_int_equal(released, 21);
}

static void test_locks(void **state)
{
    (void)state;
    struct file_lock lock;
    assert_ok(lock_open(&lock, t.mall->path, &err));
    assert_ok(writer_begin(t.writer, &err));
    assert_message(lock_take(&lock, LOCK_WRITER, 30, &err), ST_CONFLICT, "(process ");
    assert_non_null(strstr(error_text(&err), "test_store_conn"));
    assert_non_null(strstr(error_text(&err), "did not finish in time"));
    writer_rollback(t.writer);
    assert_ok(lock_take(&lock, LOCK_WRITER, 0, &err));
    lock_release(&lock, LOCK_WRITER);
    assert_ok(writer_bulk_begin(t.writer, &err));
    assert_message(lock_take(&lock, LOCK_BULK, 0, &err), ST_CONFLICT, "long work");
    assert_ok(lock_take(&lock, LOCK_WRITER, 0, &err)); /* the two are independent */
    lock_release(&lock, LOCK_WRITER);
    writer_bulk_end(t.writer);
    assert_ok(lock_take(&lock, LOCK_BULK, 0, &err));
    lock_close(&lock);
    assert_ok(writer_bulk_begin(t.writer, &err)); /* closing released it */
    struct stat mall, file;
    stat(t.path, &mall);
    char *name = mem_printf("%s.lock", t.path);
    stat(name, &file);
    assert_int_equal(mall.st_mode & 0777, file.st_mode & 0777);
    free(name);
}

static off_t size_of(const char *rest)
{
    char *name = mem_printf("%s%s", t.path, rest);
    struct stat st;
    off_t size = stat(name, &st) == 0 ? st.st_size : -1;
    free(name);
    return size;
}

static void test_checkpoint_and_rest(void **state)
{
    (void)state;
    static const char fill[] =
        "with recursive c(x) as (select 1 union all select x + 1 from c where x < 400)"
        " insert into kind (name) select hex(randomblob(4000)) from c";
    write_one(t.writer, fill);
    assert_true(size_of("-wal") > 1000000);
    assert_ok(writer_checkpoint(t.writer, &err));
    assert_int_equal(size_of("-wal"), 0);
    /* A reader in an old state keeps the log, and nobody waits for it. */
    assert_ok(reader_begin(t.reader, &err));
    for (int i = 0; i < 8; i++)
        write_one(t.writer, fill);
    assert_ok(writer_checkpoint(t.writer, &err));
    assert_int_equal(count(t.reader, count_kinds), 400);
    assert_true(size_of("-wal") > 1000000);
    reader_end(t.reader);
    assert_int_equal(count(t.reader, count_kinds), 3600);
    /* The last one to close leaves one file. */
    reader_close(t.reader);
    writer_close(t.writer);
    t.reader = NULL;
    t.writer = NULL;
    assert_int_equal(size_of("-wal"), -1);
    assert_int_equal(size_of("-shm"), -1);
    assert_true(size_of("") > 1000000);
}

/* A statement that was left in the middle does not keep the old state alive. */
static void test_end_lets_the_state_go(void **state)
{
    (void)state;
    sqlite3_stmt *stmt;
    bool row;
    assert_ok(reader_begin(t.reader, &err));
    assert_ok(reader_prepare(t.reader, "select name from counter", &stmt, &err));
    assert_ok(reader_step(t.reader, stmt, &row, &err));
    assert_true(row);
    reader_end(t.reader);
    write_one(t.writer, insert_kind);
    assert_int_equal(count(t.reader, count_kinds), 1);
}

/* Only who holds the lock moves the log, whoever closes last. */
static void test_log_is_never_moved_without_the_lock(void **state)
{
    (void)state;
    struct file_lock lock;
    write_one(t.writer, insert_kind);
    assert_ok(lock_open(&lock, t.mall->path, &err));
    assert_ok(lock_take(&lock, LOCK_WRITER, 0, &err));
    off_t log = size_of("-wal");
    assert_true(log > 0);
    reader_close(t.reader);
    writer_close(t.writer); /* cannot have the lock */
    t.writer = NULL;
    assert_int_equal(size_of("-wal"), log);
    assert_ok(reader_open(t.mall, &t.reader, &err));
    assert_int_equal(count(t.reader, count_kinds), 1);
    reader_close(t.reader);
    t.reader = NULL;
    assert_int_equal(size_of("-wal"), log);
    lock_close(&lock);
}

static void test_replaced_file_is_noticed(void **state)
{
    (void)state;
    char *away = mem_printf("%s.away", t.path);
    assert_int_equal(rename(t.path, away), 0);
    assert_message(writer_begin(t.writer, &err), ST_UNUSABLE, "moved, removed or replaced");
    assert_int_equal(rename(away, t.path), 0);
    write_one(t.writer, insert_kind);
    free(away);
}

static void test_opening_is_quick(void **state)
{
    (void)state;
    int64_t start = time_monotonic_ns();
    enum { ROUNDS = 20 };
    for (int i = 0; i < ROUNDS; i++) {
        struct mall *mall;
        struct reader *reader;
        assert_ok(mall_open(t.path, &mall, &err));
        assert_ok(reader_open(mall, &reader, &err));
        reader_close(reader);
        mall_close(mall);
    }
    double ms = (double)(time_monotonic_ns() - start) / 1e6 / ROUNDS;
    print_message("opening a mall and a reader: %.2f ms\n", ms);
    assert_true(ms < 100);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reader_sees_one_state),
        TEST(test_reader_cannot_write),
        TEST(test_rollback_and_epoch),
        TEST(test_statement_cache),
        TEST(test_cancel),
        TEST(test_present),
        TEST(test_hooks_and_kept_things),
        TEST(test_locks),
        TEST(test_checkpoint_and_rest),
        TEST(test_end_lets_the_state_go),
        TEST(test_log_is_never_moved_without_the_lock),
        TEST(test_replaced_file_is_noticed),
        TEST(test_opening_is_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
