/* Making and opening mall files, and refusing what is not one. */
#include "model/store/mall.h"

#include "model/base/arena.h"
#include "model/store/migrate.h"
#include "model/store/reader.h"
#include "model/store/schema.h"
#include "model/store/sqlite.h"
#include "model/store/writer.h"
#include "tests/support/temp.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct error err;
static char *folder, *path;

static int set_up(void **state)
{
    (void)state;
    folder = temp_folder();
    path = temp_path(folder, "a.mall");
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

static void assert_message(enum status found, enum status expected, const char *part)
{
    assert_string_equal(status_name(found), status_name(expected));
    if (!strstr(error_text(&err), part))
        fail_msg("the message '%s' does not say '%s'", error_text(&err), part);
}

/* Opening must fail with this message. */
static void assert_unusable(const char *file, const char *part)
{
    struct mall *mall;
    assert_message(mall_open(file, &mall, &err), ST_UNUSABLE, part);
    assert_null(mall);
}

/* Changes bytes of the file at an offset. */
static void file_poke(const char *file, size_t at, const void *bytes, size_t n)
{
    int fd = open(file, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, bytes, n, (off_t)at), n);
    close(fd);
}

static void test_create_and_open(void **state)
{
    (void)state;
    struct mall_options options = {
        .name = "朝阳大悦城", .timezone = "Europe/Berlin", .currency = "EUR"};
    assert_ok(mall_create(path, &options, &err));
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct mall *mall;
    assert_ok(mall_open(path, &mall, &err));
    assert_string_equal(mall->name, "朝阳大悦城");
    assert_string_equal(mall->currency, "EUR");
    assert_string_equal(zone_name(mall->zone), "Europe/Berlin");
    assert_int_equal(mall->clock.boundary, 14400);
    assert_int_equal(mall->visit_gap, 1800);
    assert_int_equal(mall->small_sample, 30);
    assert_false(mall->read_only);
    mall_close(mall);
}

static void test_same_options_same_bytes(void **state)
{
    (void)state;
    char *other = temp_path(folder, "b.mall");
    struct mall_options options = {.name = "Same"};
    assert_ok(mall_create(path, &options, &err));
    setenv("ATRIUM_NOW", "1", 1);
    assert_ok(mall_create(other, &options, &err));
    unsetenv("ATRIUM_NOW");
    size_t n, m;
    char *first = file_read_all(path, &n), *second = file_read_all(other, &m);
    assert_int_equal(n, m);
    assert_memory_equal(first, second, n);
    free(first);
    free(second);
    free(other);
}

static size_t entries(const char *pattern)
{
    char *command = mem_printf("ls -A '%s' | grep -ce '%s'", folder, pattern);
    FILE *pipe = popen(command, "r");
    int n = -1;
    assert_int_equal(fscanf(pipe, "%d", &n), 1);
    pclose(pipe);
    free(command);
    return (size_t)n;
}

static void test_create_never_touches_what_is_there(void **state)
{
    (void)state;
    file_write_all(path, "mine", 4);
    assert_message(mall_create(path, NULL, &err), ST_REFUSED, "exists already");
    char *bytes = file_read_all(path, NULL);
    assert_string_equal(bytes, "mine");
    free(bytes);
    unlink(path);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_message(mall_create(path, NULL, &err), ST_REFUSED, "exists already");
    unlink(path);
    char *wal = mem_printf("%s-wal", path);
    file_write_all(wal, "old", 3);
    assert_message(mall_create(path, NULL, &err), ST_REFUSED, "left from another mall");
    assert_int_equal(entries("new"), 0);
    free(wal);
}

static void test_create_refuses_bad_options(void **state)
{
    (void)state;
    struct mall_options o = {.timezone = "Mars/Olympus"};
    assert_message(mall_create(path, &o, &err), ST_REFUSED, "found 'Mars/Olympus'");
    o = (struct mall_options){.currency = "yuan"};
    assert_message(mall_create(path, &o, &err), ST_REFUSED, "currency: found 'yuan'");
    o = (struct mall_options){.name = "a\nb"};
    assert_message(mall_create(path, &o, &err), ST_REFUSED, "name: found 'a\\x0ab'");
    assert_message(mall_create("/nowhere/x.mall", NULL, &err), ST_UNUSABLE,
                   "cannot be made in '/nowhere'");
    assert_int_equal(entries("."), 0);
}

static void test_files_that_are_no_malls(void **state)
{
    (void)state;
    assert_unusable(path, "make one with `atrium init");
    assert_unusable(folder, "is not a file");
    file_write_all(path, "", 0);
    assert_unusable(path, "is empty");
    file_write_all(path, "%PDF-1.4\x1b[2J and so on", 21);
    assert_unusable(path, "it starts with '%PDF-1.4\\x1b[2J and', expected");
    unlink(path);
    sqlite3 *db;
    sqlite3_open(path, &db);
    sqlite3_exec(db, "create table t (x)", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_unusable(path, "is an SQLite file but not a mall file");
}

static void test_newer_file(void **state)
{
    (void)state;
    assert_ok(mall_create(path, NULL, &err));
    const unsigned char version[4] = {0, 0, 0, 99};
    file_poke(path, 60, version, 4);
    assert_unusable(path, "newer atrium (version 99");
}

static void test_damaged_files(void **state)
{
    (void)state;
    assert_ok(mall_create(path, NULL, &err));
    struct stat st;
    stat(path, &st);
    assert_int_equal(truncate(path, st.st_size - SQLITE_PAGE_SIZE), 0);
    assert_unusable(path, "is cut short");
    assert_int_equal(truncate(path, st.st_size), 0);
    struct mall *mall;
    /* The last page is zeroed now: the root of some table. */
    assert_ok(mall_open(path, &mall, &err));
    assert_true(mall->read_only && mall->damaged);
    assert_non_null(strstr(mall->why_read_only, "damaged"));
    struct writer *writer;
    assert_message(writer_open(mall, &writer, &err), ST_DENIED, "damaged");
    mall_close(mall);
    file_poke(path, 0, "XXXXXXXX", 8);
    assert_unusable(path, "first bytes were overwritten");
}

/* As another user, whom permissions bind (tests may run as root). */
static void as_nobody(void (*body)(void))
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(3);
        body();
        _exit(error_text(&err) == NULL);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void check(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "read-only: %s: %s\n", what, error_text(&err));
    _exit(1);
}

static void read_only_body(void)
{
    struct mall *mall;
    struct reader *reader;
    struct writer *writer;
    int64_t events, rows;
    check(mall_open(path, &mall, &err) == ST_OK, "opening");
    check(mall->read_only && !mall->damaged && mall->guest, "kind");
    check(strstr(mall->why_read_only, "may not be written by you") != NULL, "reason");
    check(reader_open(mall, &reader, &err) == ST_OK, "reader");
    check(reader_versions(reader, &events, &rows, &err) == ST_OK, "reading");
    check(writer_open(mall, &writer, &err) == ST_DENIED, "no writer");
    reader_close(reader);
    mall_close(mall);
    char *other = mem_printf("%s/b.mall", folder);
    check(mall_create(other, NULL, &err) == ST_DENIED, "no new mall");
    check(strstr(error_text(&err), "choose a folder") != NULL, "message");
    free(other);
}

static void test_read_only_folder(void **state)
{
    (void)state;
    assert_ok(mall_create(path, NULL, &err));
    chmod(path, 0444);
    chmod(folder, 0555);
    as_nobody(read_only_body);
}

static void unsaved_body(void)
{
    struct mall *mall;
    check(mall_open(path, &mall, &err) == ST_UNUSABLE, "refused");
    check(strstr(error_text(&err), "unsaved changes beside it") != NULL, "message");
}

static void test_read_only_folder_with_a_log(void **state)
{
    (void)state;
    assert_ok(mall_create(path, NULL, &err));
    char *wal = mem_printf("%s-wal", path);
    file_write_all(wal, "something", 9);
    chmod(path, 0444);
    chmod(folder, 0555);
    as_nobody(unsaved_body);
    free(wal);
}

/* The owner has the mall open, with changes in the log. */
static void shared_body(void)
{
    struct mall *mall;
    struct reader *reader;
    int64_t kinds;
    check(mall_open(path, &mall, &err) == ST_OK, "opening");
    check(mall->read_only && mall->guest, "kind");
    check(reader_open(mall, &reader, &err) == ST_OK, "reader");
    check(reader_integer(reader, "select count(*) from kind", 0, &kinds, &err) == ST_OK, "reading");
    check(kinds == 1, "what is in the log");
    reader_close(reader);
    mall_close(mall);
}

/* As if nobody had it open: no log stays behind that would shut the owner out. */
static void alone_body(void)
{
    read_only_body();
    char *log = mem_printf("%s-wal", path);
    check(access(log, F_OK) != 0, "no log");
    free(log);
}

/* What a program that was killed leaves behind: the log may hold changes. */
static void killed_body(void)
{
    struct mall *mall;
    struct reader *reader;
    int64_t kinds;
    check(mall_open(path, &mall, &err) == ST_OK, "opening");
    check(reader_open(mall, &reader, &err) == ST_OK, "reader");
    check(reader_integer(reader, "select count(*) from kind", 0, &kinds, &err) == ST_OK, "reading");
    check(kinds == 1, "what is in the log");
    reader_close(reader);
    mall_close(mall);
}

static void test_guest_after_a_kill(void **state)
{
    (void)state;
    assert_ok(mall_create(path, NULL, &err));
    chmod(path, 0644);
    chmod(folder, 0755);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct mall *mall;
        struct writer *writer;
        check(mall_open(path, &mall, &err) == ST_OK, "opening");
        check(writer_open(mall, &writer, &err) == ST_OK, "writer");
        check(writer_begin(writer, &err) == ST_OK, "begin");
        sqlite3_exec(writer_db(writer), "insert into kind (name) values ('x')", NULL, NULL, NULL);
        check(writer_commit(writer, &err) == ST_OK, "commit");
        _exit(0); /* nothing is closed */
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    as_nobody(killed_body);
}

static void rest_remove(const char *rest)
{
    char *name = mem_printf("%s%s", path, rest);
    assert_int_equal(unlink(name), 0);
    free(name);
}

static void test_at_rest_it_is_one_file(void **state)
{
    (void)state;
    struct mall *mall, *other;
    struct reader *reader;
    assert_ok(mall_create(path, NULL, &err));
    assert_int_equal(entries("."), 1);
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(mall_open(path, &other, &err));
    assert_ok(reader_open(mall, &reader, &err));
    mall_close(other);
    assert_true(entries("-wal") == 1 && entries("-shm") == 1);
    reader_close(reader);
    mall_close(mall);
    assert_int_equal(entries("."), 2);
    assert_int_equal(entries("lock"), 1);
}

static void test_guest_notices_a_change(void **state)
{
    (void)state;
    struct mall *mall, *own;
    struct reader *reader;
    struct writer *writer;
    assert_ok(mall_create(path, NULL, &err));
    /* A file of yesterday: a clock tick may be longer than this test. */
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){{1, 0}, {1, 0}}, 0), 0);
    assert_ok(mall_open(path, &mall, &err));
    rest_remove("-wal");
    rest_remove("-shm");
    mall->guest = true;
    assert_ok(reader_open(mall, &reader, &err));
    assert_ok(reader_begin(reader, &err));
    reader_end(reader);
    assert_ok(mall_open(path, &own, &err));
    assert_ok(writer_open(own, &writer, &err));
    assert_ok(writer_begin(writer, &err));
    assert_ok(writer_touch_rows(writer, &err));
    assert_ok(writer_commit(writer, &err));
    assert_ok(writer_checkpoint(writer, &err));
    assert_message(reader_begin(reader, &err), ST_CONFLICT, "open it again");
    reader_close(reader);
    assert_ok(reader_open(mall, &reader, &err));
    assert_ok(reader_begin(reader, &err));
    reader_end(reader);
    reader_close(reader);
    writer_close(writer);
    mall_close(own);
    mall_close(mall);
}

static void test_file_of_somebody_else(void **state)
{
    (void)state;
    assert_ok(mall_create(path, NULL, &err));
    chmod(path, 0644);
    chmod(folder, 0755);
    as_nobody(alone_body);
    struct mall *mall;
    struct writer *writer;
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(writer_open(mall, &writer, &err));
    assert_ok(writer_begin(writer, &err));
    sqlite3_exec(writer_db(writer), "insert into kind (name) values ('x')", NULL, NULL, NULL);
    assert_ok(writer_commit(writer, &err));
    as_nobody(shared_body);
    writer_close(writer);
    mall_close(mall);
}

static void no_read_body(void)
{
    struct mall *mall;
    check(mall_open(path, &mall, &err) == ST_UNUSABLE, "refused");
    check(strstr(error_text(&err), "cannot be read") != NULL, "message");
}

static void test_unreadable_file(void **state)
{
    (void)state;
    assert_ok(mall_create(path, NULL, &err));
    chmod(path, 0);
    chmod(folder, 0755);
    as_nobody(no_read_body);
}

static void test_names_of_one_file_share_one_lock(void **state)
{
    (void)state;
    assert_ok(mall_create(path, NULL, &err));
    char *link = temp_path(folder, "link.mall");
    assert_int_equal(symlink("a.mall", link), 0);
    struct mall *mall, *linked;
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(mall_open(link, &linked, &err));
    assert_string_equal(mall->path, linked->path);
    mall_close(mall);
    mall_close(linked);
    free(link);
}

/* Odd characters in the name reach SQLite unharmed. */
static void test_odd_names(void **state)
{
    (void)state;
    static const char *const names[] = {"a b.mall", "50%?x=1#.mall", "店.mall", "'q\".mall"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *odd = temp_path(folder, names[i]);
        struct mall *mall;
        assert_ok(mall_create(odd, &(struct mall_options){.name = "odd"}, &err));
        assert_ok(mall_open(odd, &mall, &err));
        mall->guest = true;
        struct reader *reader;
        assert_ok(reader_open(mall, &reader, &err));
        reader_close(reader);
        mall_close(mall);
        free(odd);
    }
}

static void test_default_path(void **state)
{
    (void)state;
    setenv("XDG_DATA_HOME", folder, 1);
    char *standard = mall_default_path();
    char *expected = temp_path(folder, "atrium/atrium.mall");
    assert_string_equal(standard, expected);
    assert_ok(mall_create(standard, NULL, &err));
    free(standard);
    unsetenv("XDG_DATA_HOME");
    setenv("ATRIUM_MALL", "/x/y", 1);
    standard = mall_default_path();
    assert_string_equal(standard, "/x/y");
    unsetenv("ATRIUM_MALL");
    free(standard);
    free(expected);
}

/* ---- Migrations ---- */

static int64_t number(sqlite3 *db, const char *sql)
{
    int64_t value;
    assert_ok(sqlite_integer(db, sql, -1, &value, &err));
    return value;
}

/* A file of each older version, made from that version's own SQL, comes to the newest one. */
static void test_migration_from_every_version(void **state)
{
    (void)state;
    const char *sql[8] = {0};
    int n = 0;
    for (; n < schema_version; n++)
        sql[n] = schema_migrations[n];
    sql[n++] = "create table added (x integer not null) strict; insert into added values (41);";
    sql[n++] = "update added set x = x + 1;";
    struct migrations all = {sql, n};
    for (int from = 1; from <= n; from++) {
        char *file = mem_printf("%s/from-%d.mall", folder, from);
        sqlite3 *db;
        assert_ok(
            sqlite_connect(file, file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, &err));
        assert_ok(migrate_database(db, &all, from, &err));
        assert_int_equal(number(db, "pragma user_version"), from);
        sqlite3_close(db);
        assert_ok(migrate_file(file, &all, &err));
        assert_ok(sqlite_connect(file, file, SQLITE_OPEN_READWRITE, &db, &err));
        assert_int_equal(number(db, "pragma user_version"), n);
        assert_int_equal(number(db, "select x from added"), 42);
        sqlite3_close(db);
        free(file);
    }
    assert_int_equal(entries("before"), 0);
}

static void test_failed_migration_leaves_the_old_version(void **state)
{
    (void)state;
    assert_ok(mall_create(path, NULL, &err));
    const char *sql[] = {schema_migrations[0], "create table half (x); insert into nowhere values "
                                               "(1);"};
    struct migrations broken = {sql, 2};
    assert_message(migrate_file(path, &broken, &err), ST_REFUSED, "is kept in");
    assert_int_equal(entries("before-v2"), 1);
    struct mall *mall;
    assert_ok(mall_open(path, &mall, &err));
    assert_false(mall->read_only);
    mall_close(mall);
    char *copy = mem_printf("%s.before-v2", path);
    assert_ok(mall_open(copy, &mall, &err));
    mall_close(mall);
    free(copy);
}

static void test_opening_migrates(void **state)
{
    (void)state;
    assert_ok(mall_create(path, NULL, &err));
    const unsigned char version[4] = {0, 0, 0, 0};
    /* Version 0 has no tables: the first migration must find an empty file. */
    file_poke(path, 60, version, 4);
    struct mall *mall;
    assert_int_equal(mall_open(path, &mall, &err), ST_REFUSED);
    assert_non_null(strstr(error_text(&err), "migrating to version 1"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create_and_open),
        TEST(test_same_options_same_bytes),
        TEST(test_create_never_touches_what_is_there),
        TEST(test_create_refuses_bad_options),
        TEST(test_files_that_are_no_malls),
        TEST(test_newer_file),
        TEST(test_damaged_files),
        TEST(test_read_only_folder),
        TEST(test_read_only_folder_with_a_log),
        TEST(test_file_of_somebody_else),
        TEST(test_guest_notices_a_change),
        TEST(test_guest_after_a_kill),
        TEST(test_at_rest_it_is_one_file),
        TEST(test_unreadable_file),
        TEST(test_names_of_one_file_share_one_lock),
        TEST(test_odd_names),
        TEST(test_default_path),
        TEST(test_migration_from_every_version),
        TEST(test_failed_migration_leaves_the_old_version),
        TEST(test_opening_migrates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
