/*
 * An import is all there or not at all. A child imports file after file, small ones and large ones,
 * events, receipts and members, and says after each that it is in; it is killed at a random moment,
 * 250 times and more. Each file that was acknowledged must be there whole, the one under way whole
 * or not at all, and verify must find nothing wrong.
 */
#include "model/event/event.h"
#include "model/import/import.h"
#include "tests/support/kill.h"
#include "tests/support/temp.h"
#include "tests/support/whole.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { KILLS = 260, FRESH_EVERY = 20, VERIFY_EVERY = 10, MOST_FILES = 400 };

/* The files in turn: what they are, their rows, and the events or members these make. */
static const struct {
    const char *kind;
    int rows, makes;
} files[] = {
    {"events", 300, 300}, {"events", 7000, 7000}, {"receipts", 400, 500}, {"members", 500, 500}};
enum { FILES = sizeof files / sizeof *files };

static struct error err;
static char *folder, *path, *csv;

static int set_up(void **state)
{
    (void)state;
    folder = temp_folder();
    path = temp_path(folder, "a.mall");
    csv = temp_path(folder, "a.csv");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(path);
    free(csv);
    temp_folder_remove(folder);
    error_clear(&err);
    return 0;
}

/* ---- The child ---- */

static void must(enum status status)
{
    if (status == ST_OK)
        return;
    fprintf(stderr, "child: %s\n", error_text(&err));
    _exit(1);
}

/* File n of a round: its shop (or tier) is "F<round>-<n>", so that its rows can be counted. */
static void file_make(int round, int64_t n)
{
    int what = (int)(n % FILES);
    FILE *file = fopen(csv, "w");
    if (!file)
        _exit(1);
    fputs(what == 3   ? "member,tier\n"
          : what == 2 ? "receipt,time,tenant,amount,member,item\n"
                      : "time,subject,kind,tenant,amount,ref\n",
          file);
    for (int i = 0; i < files[what].rows; i++) {
        if (what == 3)
            fprintf(file, "N%d-%d-%d,F%d-%d\n", round, (int)n, i, round, (int)n);
        else if (what == 2)
            fprintf(file, "%d-%d-%d,%d,F%d-%d,1.25,M%d,tea\n", round, (int)n, i / 4,
                    1700000000 + i / 4, round, (int)n, i / 4 % 70);
        else
            fprintf(file, "%d,M%d,purchase,F%d-%d,1.50,%d-%d-%d\n", 1700000000 + i * 600,
                    (i * 7 + (int)n) % 3000, round, (int)n, round, (int)n, i);
    }
    fclose(file);
}

static void work(void *context, int pipe)
{
    int round = *(int *)context;
    struct mall *mall;
    struct writer *writer;
    must(mall_open(path, &mall, &err));
    must(writer_open(mall, &writer, &err));
    for (int64_t n = 0; n < MOST_FILES; n++) {
        struct import_options options = {
            .table = import_table_find(files[n % FILES].kind), .actor = "child", .threads = 2};
        struct import_result result;
        file_make(round, n);
        must(import_run(writer, csv, &options, &result, &err));
        import_result_free(&result);
        kill_acknowledge(pipe, n);
        if (n % 5 == 4)
            must(event_fold(writer, 1, &err));
    }
}

/* ---- Looking at what is left ---- */

struct counting {
    struct reader *reader;
    int round;
    int64_t events[MOST_FILES];
};

static enum status on_block(void *context, const struct event_block *block, struct error *error)
{
    struct counting *counting = context;
    (void)error;
    for (size_t r = 0; r < block->n_runs; r++)
        for (size_t i = 0; i < block->runs[r].n; i++) {
            int round, n;
            uint32_t tenant = block->runs[r].tenant ? block->runs[r].tenant[i] : 0;
            const char *name = dict_name(counting->reader, DICT_TENANT, tenant);
            assert_int_equal(sscanf(name, "F%d-%d", &round, &n), 2);
            if (round == counting->round)
                counting->events[n]++;
        }
    return ST_OK;
}

static void members_count(struct counting *counting)
{
    for (int64_t n = 3; n < MOST_FILES; n += FILES) {
        char sql[200];
        snprintf(sql, sizeof sql, "select count(*) from member where tier = 'F%d-%d'",
                 counting->round, (int)n);
        assert_ok(reader_integer(counting->reader, sql, -1, &counting->events[n], &err));
    }
}

static void assert_all_or_nothing(int round, int64_t acknowledged, bool verify)
{
    static struct counting counting;
    struct mall *mall;
    assert_ok(mall_open(path, &mall, &err));
    assert_false(mall->read_only);
    memset(&counting, 0, sizeof counting);
    counting.round = round;
    assert_ok(reader_open(mall, &counting.reader, &err));
    assert_ok(reader_begin(counting.reader, &err));
    struct event_query query = {
        .from = INT64_MIN, .nobody = true, .people = true, .columns = EVENT_TIME | EVENT_TENANT};
    assert_ok(event_scan(counting.reader, &query, on_block, &counting, &err));
    members_count(&counting);
    for (int64_t n = 0; n < MOST_FILES; n++) {
        int64_t whole = files[n % FILES].makes, found = counting.events[n];
        if (n <= acknowledged)
            assert_int_equal(found, whole);
        else if (n == acknowledged + 1)
            assert_true(found == 0 || found == whole);
        else
            assert_int_equal(found, 0);
    }
    if (verify)
        assert_whole(counting.reader);
    reader_end(counting.reader);
    reader_close(counting.reader);
    mall_close(mall);
}

static void mall_fresh(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *name = mem_printf("%s%s", path, ends[i]);
        unlink(name);
        free(name);
    }
    assert_ok(mall_create(path, NULL, &err));
}

static void test_kill_while_importing(void **state)
{
    (void)state;
    int64_t acknowledged = 0;
    for (int i = 0; i < KILLS; i++) {
        int64_t n;
        if (i % FRESH_EVERY == 0)
            mall_fresh();
        int64_t last = kill_at_random(work, &i, 80000, i % 4 != 0, (uint64_t)i + 1, &n);
        assert_int_equal(n, last + 1);
        acknowledged += n;
        assert_all_or_nothing(i, last, i % VERIFY_EVERY == VERIFY_EVERY - 1);
    }
    print_message("%d kills, %lld imports acknowledged\n", KILLS, (long long)acknowledged);
    assert_true(acknowledged > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kill_while_importing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
